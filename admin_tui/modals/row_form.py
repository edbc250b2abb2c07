"""A form with its labels beside its fields, for many short ones."""

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from admin_tui.modals.form import Form


class RowForm(Form):
    DEFAULT_CSS = """
    RowForm Horizontal.line { height: 1; align-horizontal: left; }
    RowForm Horizontal.line Static { width: 24; }
    RowForm Horizontal.line Input { width: 1fr; }
    RowForm Horizontal.line Static.shows { width: 26; padding-left: 1; }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box"):
            yield Static(self.title_text, markup=False, classes="row")
            for one in self.fields:
                with Horizontal(classes="line"):
                    yield Static(f"{one.label}{' *' if one.required else ''}", markup=False, classes="dim")
                    yield self._widget(one)
                    yield from self._shown(one)
                yield self._error(one.name)
            yield from self._foot()
