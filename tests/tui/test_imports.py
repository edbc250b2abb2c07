import subprocess
import sys

import pytest

from tests.tui.pty import ROOT

PLAIN = (
    "net.pool net.feed state.conversations state.drafts state.undo state.directory keys glyphs config text clipboard"
)


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip()


@pytest.mark.parametrize("name", [*PLAIN.split(), "crash", "web"])
def test_what_needs_no_screen_imports_no_textual(name: str) -> None:
    assert python(f"import sys, admin_tui.{name}; print('textual' in sys.modules)") == "False"


def test_the_network_imports_requests_only_when_it_talks() -> None:
    code = "import sys, admin_tui.net.pool, admin_tui.net.feed; print('requests' in sys.modules)"
    assert python(code) == "False"


def test_the_start_imports_no_screen_but_the_one_it_shows() -> None:
    code = (
        "import sys, admin_tui.run, admin_tui.app\n"
        "print(*(name for name in sys.modules if name.startswith('admin_tui.screens.')), 'requests' in sys.modules)"
    )
    assert python(code) == "admin_tui.screens.base False"


@pytest.mark.parametrize(
    "command", [["--version"], ["tui", "--help"], ["tui", "--dump-keys"], ["tui", "--dump-config"]]
)
def test_no_command_but_the_dashboard_pays_for_it(command: list[str]) -> None:
    code = (
        "import sys\nfrom inboxd.cli import main\n"
        f"try: main({command!r})\nexcept SystemExit: pass\n"
        "print('textual' in sys.modules)"
    )
    assert python(code).splitlines()[-1] == "False"
