"""The command line. Exit codes: 0 done, 1 it failed, 2 it was asked wrongly.

While a server runs on the data directory commands go through it; otherwise they run the same
application in this process. Never both: the directory has one owner.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from inboxd import config as settings
from inboxd.client import ApiError, Unreachable
from inboxd.commands import dashboard, deliveries, developer, imports, inboxes, people, server, webhooks
from inboxd.commands.common import TOKEN_FILE, Commands, Parser, Stop
from inboxd.config import BadConfig, Config
from inboxd.domain.errors import Failure
from inboxd.domain.text import clean_line
from inboxd.store.directory import NotInitialised, StoreInUse
from inboxd.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.run is None:
        parser.print_help()
        return 2
    try:
        config = Config()
        if given.has_settings:
            file = given.config or os.environ.get("INBOXD_CONFIG")
            config, given.origins = settings.load(vars(given), path=Path(file) if file else None)
        return int(given.run(config, given) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing may be flushed into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        known = _in_words(error)
        if known is None:
            raise
        print(f"inboxd: {clean_line(known[0])}", file=sys.stderr)
        return known[1]


def _in_words(error: Exception) -> tuple[str, int] | None:
    """The one line and the exit code for what can go wrong; None for a defect of ours."""
    if isinstance(error, Stop):
        return str(error), error.code
    if isinstance(error, BadConfig | NotInitialised | StoreInUse):
        return str(error), 2
    if isinstance(error, ApiError) and error.status == 401:
        return f"{error.message}: is the token in INBOXD_TOKEN or {TOKEN_FILE} revoked? (see README, Lost token)", 1
    if isinstance(error, OSError):
        return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part), 1
    return (str(error), 1) if isinstance(error, Failure | ApiError | Unreachable) else None


def _parser() -> argparse.ArgumentParser:
    parser = Parser(description="The API channel of a support desk, alone.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"inboxd {__version__}")
    parser.set_defaults(run=None)
    commands = Commands(parser.add_subparsers(metavar="COMMAND"))
    for module in (server, dashboard, inboxes, people, deliveries, webhooks, imports, developer):
        module.add(commands)
    return parser
