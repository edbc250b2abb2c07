"""A checkout without its dependencies makes itself a `.venv` once, then goes on in it.

Standard library only: this runs before anything is installed. An installed `inboxd` starts at
`inboxd.cli` and never comes here.
"""

import configparser
import fcntl
import importlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

_SCRIPT = "inboxd.py"
_SHOWN = 4096


def run(root: Path) -> int:
    """The command line, in an interpreter that has what setup.cfg asks for."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever python3 is
        return _fail(f"needs Python 3.11 or newer, this is {'.'.join(map(str, sys.version_info[:3]))}")
    wanted = requirements(root / "setup.cfg")
    missing = unmet(wanted)
    if missing:
        if os.environ.get("INBOXD_NO_BOOTSTRAP") == "1":
            names = ", ".join(missing)
            return _fail(f"missing: {names} (INBOXD_NO_BOOTSTRAP=1 forbids to install; pip install -e .)")
        home = root / ".venv"
        if Path(sys.prefix).resolve() != home.resolve():
            return _continue_in(home, root)
        if not _install(home, wanted) or unmet(wanted):
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
    return [one for one in wanted if not _is_met(one)]


def _is_met(requirement: str) -> bool:
    name = re.split(r"[<>=!~]", requirement)[0].strip()
    try:
        installed = _numbers(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False
    for operator, bound in re.findall(r"(>=|<|==)\s*([\d.]+)", requirement):
        if operator == "==" and installed != _numbers(bound):
            return False
        if operator != "==" and (installed < _numbers(bound)) != (operator == "<"):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:4])


def _continue_in(home: Path, root: Path) -> int:
    python = home / "bin" / "python"
    if not python.exists():
        print(f"inboxd: making {home} for what inboxd needs (once)", file=sys.stderr, flush=True)
        try:
            venv.create(home, with_pip=True, symlinks=True)
        except BaseException as error:
            # Half an environment would be taken for a whole one at the next start.
            shutil.rmtree(home, ignore_errors=True)
            if not isinstance(error, OSError | subprocess.CalledProcessError):
                raise
            return _fail(f"cannot make {home}: {error} (on Debian: apt install python3-venv)")
    return os.execv(python, [str(python), str(root / _SCRIPT), *sys.argv[1:]])  # noqa: S606 - our own interpreter


def _install(home: Path, wanted: Sequence[str]) -> bool:
    """pip, with a line that shows that it is alive. Two starts at once take turns."""
    with (home / ".inboxd-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        importlib.invalidate_caches()
        if not unmet(wanted):
            return True
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *wanted]
        began = time.monotonic()
        # A file takes any amount; a pipe that nobody reads yet would stop pip when it is full.
        with (
            tempfile.TemporaryFile() as output,
            subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as pip,  # noqa: S603
        ):
            while pip.poll() is None:
                _progress(f"inboxd: installing {len(wanted)} packages with pip … {time.monotonic() - began:.0f} s")
                try:
                    pip.wait(1)
                except subprocess.TimeoutExpired:
                    continue
            output.seek(max(0, output.seek(0, os.SEEK_END) - _SHOWN))
            said = output.read().decode(errors="replace")
        _progress(f"inboxd: installed in {time.monotonic() - began:.0f} s\n" if pip.returncode == 0 else "\n")
        if pip.returncode != 0:
            last = "\n".join(said.strip().splitlines()[-8:])
            _fail(f"pip failed:\n{last}\ninboxd: check the network, or remove {home}, and start again")
            return False
        importlib.invalidate_caches()
        return True


def _progress(text: str) -> None:
    """The same line again on a terminal; elsewhere only how it ended."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[2K{text}")
    elif text.endswith("\n"):
        sys.stderr.write(text)
    sys.stderr.flush()


def _fail(text: str) -> int:
    print(f"inboxd: {text}", file=sys.stderr)
    return 2
