"""Data directories as tests begin with them, made once a process and copied from then on: the schema and the
small world are most of what a short test would wait for."""

import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from inboxd.app import App, wall_clock
from inboxd.config import Config
from tests.cast import Clock, Http, World, build_world

_DATABASE = "inboxd.sqlite3"
LINKS = "http://inboxd.test"


def config(directory: Path) -> Config:
    return Config(data_dir=str(directory), listen="127.0.0.1:0")


def _copy(origin: Path, directory: Path) -> None:
    directory.mkdir(mode=0o700)
    shutil.copyfile(origin / _DATABASE, directory / _DATABASE)


class Beginnings:
    """Each begins in a directory that is not there yet."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def empty(self, directory: Path) -> None:
        """The schema and nothing else."""
        _copy(self._empty, directory)

    def initialised(self, directory: Path) -> str:
        """Account 1, at the time of the tests' clock. Returns its administrator's token."""
        origin, token = self._initialised
        _copy(origin, directory)
        return token

    def initialised_now(self, directory: Path) -> str:
        """The same by the wall clock."""
        origin, token = self._initialised_now
        _copy(origin, directory)
        return token

    def furnished(self, directory: Path) -> World:
        """All of the world, whose application is closed: `replace` its http."""
        origin, found = self._world
        _copy(origin, directory)
        return found

    @cached_property
    def _empty(self) -> Path:
        App(config(self._root / "empty")).close()
        return self._root / "empty"

    @cached_property
    def _initialised(self) -> tuple[Path, str]:
        return self._initialise("initialised", Clock())

    @cached_property
    def _initialised_now(self) -> tuple[Path, str]:
        return self._initialise("initialised_now", wall_clock)

    def _initialise(self, name: str, clock: Callable[[], int]) -> tuple[Path, str]:
        directory = self._root / name
        self.empty(directory)
        app = App(config(directory), clock)
        token: str = app.initialise("admin@acme.test")["admin"]["access_token"]
        app.close()
        return directory, token

    @cached_property
    def _world(self) -> tuple[Path, World]:
        directory = self._root / "world"
        token = self.initialised(directory)
        app = App(config(directory), Clock())
        app.open_links(LINKS)
        found = build_world(Http(app), token)
        app.close()
        return directory, found
