"""The same dashboard in a browser, through textual-serve.

It asks nobody who they are, so it listens on this machine only; from elsewhere it is reached through SSH. The
token travels to the children in the environment: their command line can be read by everybody here.
"""

import importlib
import ipaddress
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_FLAGS = ("open", "theme", "settings")
_SWITCHES = ("read_only", "ascii")


class Refused(Exception):
    """It cannot be served like that; the text says what to do."""


def passed_on(given: Mapping[str, Any]) -> list[str]:
    """The flags of `inboxd tui` that the dashboard in the browser gets too."""
    flags = [f"--{name}={given[name]}" for name in _FLAGS if given.get(name)]
    flags += [f"--{name.replace('_', '-')}" for name in _SWITCHES if given.get(name)]
    return [*flags, f"--account={given.get('account', 1)}"]


def address(where: str) -> tuple[str, int]:
    """Host and port. Raises Refused for whatever others could reach."""
    host, _, port = where.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    try:
        is_ours = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_ours = False
    if not is_ours:
        raise Refused(
            f"--web serves 127.0.0.1 only, not {host}: it has no login. From elsewhere: "
            f"ssh -L {port or 8765}:127.0.0.1:{port or 8765} THIS-HOST, then open http://127.0.0.1:{port or 8765}"
        )
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Refused(f"--web takes HOST:PORT, not {where!r}")
    return host, int(port)


def command(url: str, flags: Sequence[str]) -> str:
    """What each browser tab runs; nothing in it is secret."""
    script = Path(__file__).parent.parent / "inboxd.py"
    program = [sys.executable, str(script)] if script.exists() else [sys.executable, "-m", "inboxd"]
    return shlex.join([*program, "tui", f"--url={url}", *flags])


def serve(url: str, token: str, where: str, flags: Sequence[str]) -> int:
    """Until it is interrupted."""
    host, port = address(where)
    try:
        serving: Any = importlib.import_module("textual_serve.server")
    except ImportError:
        raise Refused("--web needs textual-serve: pip install 'inboxd[web]'") from None
    os.environ["INBOXD_TOKEN"] = token
    print(f"The dashboard is at http://{host}:{port} for whoever is on this machine; Ctrl-C ends it.")
    print(f"From elsewhere: ssh -L {port}:{host}:{port} THIS-HOST, then open that address there.", flush=True)
    serving.Server(command(url, flags), host=host, port=port, title="inboxd").serve()
    return 0
