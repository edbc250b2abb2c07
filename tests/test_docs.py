import itertools
import re
from pathlib import Path

import inboxd
from inboxd.api.routes import ROUTES
from inboxd.config import SETTINGS, flag
from tests import docs

ROOT = Path(__file__).parent.parent


def test_the_readme_tables_of_routes_events_and_settings_are_what_the_code_does() -> None:
    text = docs.README.read_text()
    assert text == docs.written(text), "run `python -m tests.docs`"
    for name in docs.TABLES:
        assert f"<!-- {name} -->\n| " in text


def test_no_two_routes_share_a_method_and_a_path() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_every_route_says_what_it_does() -> None:
    assert all(route.about for route in ROUTES)


def test_ci_runs_the_line_that_the_readme_gives() -> None:
    line = re.search(r"^python3 -m venv .*$", docs.README.read_text(), re.MULTILINE)
    assert line is not None
    assert line[0] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_package_wins_over_the_script_of_the_same_name() -> None:
    assert hasattr(inboxd, "__path__")


def test_every_dependency_says_why_it_is_there() -> None:
    block = (ROOT / "setup.cfg").read_text().split("install_requires =\n")[1].split("\n\n")[0]
    lines = [line.strip() for line in block.splitlines()]
    for before, line in itertools.pairwise(lines):
        if not line.startswith("#"):
            assert before.startswith("#"), f"{line} has no reason beside it"


def test_settings_have_a_flag_and_a_reason_each() -> None:
    assert all(setting.metadata["about"] for setting in SETTINGS)
    assert flag("webhook_threads") == "--webhook-threads"
