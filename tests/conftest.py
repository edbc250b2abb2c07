import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from inboxd.app import App
from inboxd.config import Config
from tests.cast import Clock, Http, Receiver, World, build_world
from tests.delivery.bench import Bench, FakeSender

# Real files, but where an fsync costs nothing: a third of the suite's time waits for disks otherwise.
if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", "/dev/shm")

# A busy machine is not a slow rule.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> Iterator[App]:
    """An initialised inboxd on a real file, without sockets and without a dispatcher."""
    made = App(Config(data_dir=str(tmp_path / "data"), listen="127.0.0.1:0"), clock)
    yield made
    made.close()


@pytest.fixture
def admin(app: App) -> str:
    token: str = app.initialise("admin@acme.test")["admin"]["access_token"]
    app.open_links("http://inboxd.test")
    return token


@pytest.fixture
def http(app: App) -> Http:
    return Http(app)


@pytest.fixture
def world(http: Http, admin: str) -> World:
    return build_world(http, admin)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A real server on a real socket, with the wall clock and deliveries: (url, administrator's token)."""
    made = App(Config(data_dir=str(tmp_path / "live"), listen="127.0.0.1:0"))
    token: str = made.initialise("admin@acme.test")["admin"]["access_token"]
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
