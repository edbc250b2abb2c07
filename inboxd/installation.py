"""Making the `.venv` of a checkout. Standard library only, as inboxd/bootstrap.py, which comes here when something is
missing."""

import fcntl
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

from inboxd.bootstrap import fail, unmet

_SCRIPT = "inboxd.py"
_SHOWN = 4096


def continue_in(home: Path, root: Path) -> int:
    """The same command in the environment, which is made if it is not there."""
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
            return fail(f"cannot make {home}: {error} (on Debian: apt install python3-venv)")
    return os.execv(python, [str(python), str(root / _SCRIPT), *sys.argv[1:]])  # noqa: S606 - our own interpreter


def install(home: Path, wanted: Sequence[str]) -> bool:
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
            fail(f"pip failed:\n{last}\ninboxd: check the network, or remove {home}, and start again")
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
