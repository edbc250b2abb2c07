import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from inboxd.delivery.sender import Sender
from tests.delivery.raw import LOCAL, RawReceiver, Talk


@pytest.fixture
def sender() -> Iterator[Sender]:
    made = Sender(LOCAL)
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Sender]:
    """A sender whose deadline a test can wait for."""
    made = Sender(LOCAL, connect_s=0.4, deadline_s=0.5)
    yield made
    made.close()


@pytest.fixture
def raw() -> Iterator[Callable[..., RawReceiver]]:
    made: list[RawReceiver] = []

    def make(*talks: Talk, tls: ssl.SSLContext | None = None) -> RawReceiver:
        made.append(RawReceiver(*talks, tls=tls))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS; its certificate is trusted for this test."""
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(certificate / "certificate.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    return context
