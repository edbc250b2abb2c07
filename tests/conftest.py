import gc
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from inboxd.app import App
from inboxd.config import Config
from tests.beginnings import LINKS, Beginnings, config
from tests.cast import Clock, Http, Receiver, World
from tests.delivery.bench import Bench, FakeSender

# Real files, but where an fsync costs nothing: a third of the suite's time waits for disks otherwise.
if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")

# Each program that a test starts would compile all of its modules again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A busy machine is not a slow rule.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


# Nothing of what is collected becomes garbage: looking through it again and again is a second of each process.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Tests wait for sockets, terminals and processes so often that two share a core."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def beginnings(tmp_path_factory: pytest.TempPathFactory) -> Beginnings:
    return Beginnings(tmp_path_factory.mktemp("beginnings"))


@pytest.fixture
def begun(request: pytest.FixtureRequest, beginnings: Beginnings, tmp_path: Path) -> World | str | None:
    """The data directory of `app`, with as much in it as the test asks for: its world, its administrator's token."""
    directory = tmp_path / "data"
    if "world" in request.fixturenames:
        return beginnings.furnished(directory)
    if "admin" in request.fixturenames:
        return beginnings.initialised(directory)
    beginnings.empty(directory)
    return None


@pytest.fixture
def app_config(tmp_path: Path) -> Config:
    return config(tmp_path / "data")


@pytest.fixture
def app(begun: World | str | None, app_config: Config, clock: Clock) -> Iterator[App]:
    """An inboxd on a real file, without sockets and without a dispatcher; initialised for who asks for `admin`."""
    made = App(app_config, clock)
    if begun:
        made.open_links(LINKS)
    yield made
    made.close()


@pytest.fixture
def admin(app: App, begun: World | str) -> str:
    return begun if isinstance(begun, str) else begun.admin


@pytest.fixture
def http(app: App) -> Http:
    return Http(app)


@pytest.fixture
def world(http: Http, begun: World) -> World:
    return replace(begun, http=http)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def live(beginnings: Beginnings, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A real server on a real socket, with the wall clock and deliveries: (url, administrator's token)."""
    token = beginnings.initialised_now(tmp_path / "live")
    made = App(config(tmp_path / "live"))
    server = made.serve()
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.url, token
    server.stop()
    thread.join()
    made.close()


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
def bench(app: App, clock: Clock, sender: FakeSender) -> Iterator[Bench]:
    """Deliveries of the world's own store, worked off when a test says so."""
    made = Bench(app.store, clock, sender)
    yield made
    made.dispatcher.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificate.pem of 127.0.0.1 and receiver.test, and its key.pem."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", "key.pem", "-out", "certificate.pem", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1,DNS:receiver.test"],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    return folder
