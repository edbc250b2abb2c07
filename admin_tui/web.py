"""The same dashboard in a browser, through textual-serve.

It asks nobody who they are, so it listens on this machine only; from elsewhere it is reached through SSH. Pages of
other sites in the same browser are turned away: a websocket asks no leave of its own. The token travels to the
children in the environment: their command line can be read by everybody here.
"""

import importlib
import ipaddress
import logging
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_FLAGS = ("open", "theme", "settings")
_SWITCHES = ("read_only", "ascii")
_POLICY = "default-src 'self' 'unsafe-inline' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
"""The page asks a host of others for a font; a dashboard tells nobody that it was opened."""


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
    if not is_this_machine(host):
        raise Refused(
            f"--web serves 127.0.0.1 only, not {host}: it has no login. From elsewhere: "
            f"ssh -L {port or 8765}:127.0.0.1:{port or 8765} THIS-HOST, then open http://127.0.0.1:{port or 8765}"
        )
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Refused(f"--web takes HOST:PORT, not {where!r}")
    return host, int(port)


def is_this_machine(host: str) -> bool:
    """Whether what goes there meets no network."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a page that we served: another site may name us, and a name of its own may lead
    here. The port may be another one, of an SSH tunnel."""
    host, origin = headers.get("Host", ""), headers.get("Origin")
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return is_this_machine(name) and (origin is None or origin == f"http://{host}")


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
        raise Refused(f"--web needs textual-serve: {sys.executable} -m pip install 'textual-serve>=1.1,<2'") from None
    os.environ["INBOXD_TOKEN"] = token
    print(f"The dashboard is at http://{where} for whoever is on this machine; Ctrl-C ends it.")
    print(f"From elsewhere: ssh -L {port}:{where} THIS-HOST, then open http://127.0.0.1:{port}", flush=True)
    _guarded(serving.Server)(command(url, flags), host=host, port=port, title="inboxd").serve()
    return 0


def _guarded(server: Any) -> Any:
    """The server of textual-serve that answers nobody but its own pages, and is quiet about it."""
    http = importlib.import_module("aiohttp.web")

    asked: ContextVar[str] = ContextVar("asked")

    async def guard(request: Any, handler: Any) -> Any:
        if not is_from_here(request.headers):
            raise http.HTTPForbidden(text="this dashboard answers its own page only")
        asked.set(request.host)
        return await handler(request)

    async def close_off(request: Any, response: Any) -> None:
        response.headers["Content-Security-Policy"] = _POLICY

    class Guarded(server):  # type: ignore[misc]
        # The page finds the rest where it was found itself: as localhost, through a tunnel with another port.
        public_url = property(lambda self: f"http://{asked.get()}", lambda self, value: None)

        def initialize_logging(self) -> None:
            logging.basicConfig(level="WARNING", format="inboxd: %(message)s")

        async def on_startup(self, app: Any) -> None:
            """No banner: what there is to say was said."""

        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(http.middleware(guard))
            app.on_response_prepare.append(close_off)
            return app

    return Guarded
