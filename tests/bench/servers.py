"""The processes under test and beside it: `python -m tests.bench.servers inboxd DIR | echo | receiver`.

Each prints its port once it answers and ends on SIGTERM. Imports wait inside the functions: the
start-up of one must not pay for the libraries of another.
"""

import signal
import sys
from pathlib import Path
from typing import Any

TOKEN_FILE = "bench-token"


def _ready(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def inboxd(directory: Path) -> None:
    """The real server over a data directory, which is initialised when it is not yet."""
    import logging

    from inboxd.app import App
    from inboxd.config import Config

    # Far above what one run posts into a conversation: the flood guard looks but never refuses.
    config = Config(data_dir=str(directory), listen="127.0.0.1:0", messages_per_minute=100_000)
    logging.basicConfig(level=config.log_level.upper())
    app = App(config)
    if not app.is_initialised:
        made = app.initialise("admin@bench.test")
        (directory / TOKEN_FILE).write_text(made["admin"]["access_token"])
    server = app.serve()
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    _ready(server.port)
    server.run()
    app.close()


def echo() -> None:
    """The baseline: Bottle parses the same JSON and answers as much of it as inboxd does."""
    import json

    import bottle
    from waitress.server import create_server

    app = bottle.Bottle()

    def answer(path: str) -> bytes:
        content = bottle.request.json["content"]
        bottle.response.content_type = "application/json"
        return json.dumps({"content": content, "path": path, "filler": "x" * 480}).encode()

    app.route("/<path:path>", "POST", answer)
    server: Any = create_server(app, host="127.0.0.1", port=0, threads=16, asyncore_use_poll=True)
    server.adj.send_bytes = 65_536
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _ready(int(server.effective_port))
    server.run()


def receiver() -> None:
    from tests.bench import receiver as module

    module.run(_ready)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "inboxd":
        inboxd(Path(rest[0]))
    else:
        {"echo": echo, "receiver": receiver}[role]()
