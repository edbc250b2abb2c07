"""A checkout without its dependencies makes itself a `.venv` once, then goes on in it.

Standard library only: this runs before anything is installed. An installed `inboxd` starts at
`inboxd.cli` and never comes here.
"""

import configparser
import importlib
import operator
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path


def run(root: Path) -> int:
    """The command line, in an interpreter that has what setup.cfg asks for."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever python3 is
        return fail(f"needs Python 3.11 or newer, this is {'.'.join(map(str, sys.version_info[:3]))}")
    wanted = requirements(root / "setup.cfg")
    missing = unmet(wanted)
    if missing:
        from inboxd import installation

        if os.environ.get("INBOXD_NO_BOOTSTRAP") == "1":
            names = ", ".join(missing)
            return fail(f"missing: {names} (INBOXD_NO_BOOTSTRAP=1 forbids to install; pip install -e .)")
        home = root / ".venv"
        if Path(sys.prefix).resolve() != home.resolve():
            return installation.continue_in(home, root)
        if not installation.install(home, wanted) or unmet(wanted):
            return 1
    return int(importlib.import_module("inboxd.cli").main())


def requirements(setup_cfg: Path) -> list[str]:
    """What setup.cfg lists under install_requires, without its comments."""
    parser = configparser.ConfigParser()
    parser.read(setup_cfg)
    lines = parser.get("options", "install_requires").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def unmet(wanted: Sequence[str]) -> list[str]:
    """The requirements that this interpreter does not meet."""
    versions = _versions()
    return [one for one in wanted if not _is_met(one, versions)]


def _versions() -> dict[str, str]:
    """What is installed, by the names of the folders that tell of it: importlib.metadata takes longer to import than
    most commands take altogether."""
    found: dict[str, str] = {}
    for folder in reversed(sys.path):
        names = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
        told = [name.rpartition(".")[0].split("-") for name in names if name.endswith((".dist-info", ".egg-info"))]
        found |= {_plain(parts[0]): parts[1] for parts in told if len(parts) > 1}
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _is_met(requirement: str, versions: dict[str, str]) -> bool:
    name = re.split(r"[<>=!~]", requirement)[0].strip()
    installed = versions.get(_plain(name))
    if installed is None:
        return False
    meets = {"==": operator.eq, ">=": operator.ge, "<": operator.lt}
    asked = re.findall(r"(==|>=|<)\s*([\d.]+)", requirement)
    return all(meets[sign](_numbers(installed), _numbers(bound)) for sign, bound in asked)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:4])


def fail(text: str) -> int:
    """One line for the terminal. Returns the exit code."""
    print(f"inboxd: {text}", file=sys.stderr)
    return 2
