"""The cast of the tests: a clock that moves when told, a receiver that answers as scripted, HTTP
without sockets, and one small named world."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict

from inboxd.app import App
from inboxd.local import session
from tests import described

EPOCH = 1_781_090_096_789
"""2026-06-10T11:14:56.789Z, where every test clock begins."""


class Clock:
    def __init__(self, now: int = EPOCH) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, *, ms: int = 0, s: float = 0) -> None:
        self.now += ms + round(s * 1000)


_PLAIN = re.compile(r"(?!.*/\.)[\w/?&=.:@+,~-]*", re.ASCII)
"""Paths in which there is nothing to be quoted."""


class Http:
    """The application as a WSGI callable behind the interface of `requests`, each of its answers held
    against its description."""

    def __init__(self, app: App) -> None:
        self._session = session(app.wsgi, trusted=False)
        self._transport = self._session.get_adapter("http://")
        self._usual: dict[str, Any] = dict(self._session.headers)

    def request(self, method: str, path: str, *, token: str | None = None, **kwargs: Any) -> requests.Response:
        headers = dict(kwargs.pop("headers", None) or {})
        if token is not None:
            headers["api_access_token"] = token
        if kwargs.keys() <= {"json"} and _PLAIN.fullmatch(path):
            response = self._plain(method, path, headers, kwargs.get("json"))
        else:
            response = self._session.request(method, "http://inboxd.test" + path, headers=headers, **kwargs)
        described.check(method, path, response)
        return response

    def _plain(self, method: str, path: str, headers: dict[str, str], body: Any) -> requests.Response:
        """What most requests are, without the half millisecond that `requests` thinks about each."""
        made = requests.PreparedRequest()
        made.method, made.url = method, "http://inboxd.test" + path
        made.headers = CaseInsensitiveDict(self._usual)
        if body is not None:
            made.body = json.dumps(body, allow_nan=False)
            made.headers["Content-Type"] = "application/json"
        made.headers.update(headers)
        response = self._transport.send(made)
        if response.is_redirect:
            made._cookies = self._session.cookies  # type: ignore[attr-defined]
            *_, response = self._session.resolve_redirects(response, made)
        return response

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> requests.Response:
        return self.request("POST", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> requests.Response:
        return self.request("PATCH", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> requests.Response:
        return self.request("PUT", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> requests.Response:
        return self.request("DELETE", path, **kwargs)


@dataclass(frozen=True)
class Received:
    """One request as a receiver saw it. `at` is monotonic seconds."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[BaseHTTPRequestHandler, Received], None]


def status(code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, _: Received) -> None:
        handler.send_response(code)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@dataclass
class Receiver:
    """A real HTTP server. `script` holds the answers to come; then `default` answers."""

    script: list[Answer] = field(default_factory=list)
    default: Answer = field(default_factory=lambda: status(200))
    received: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got = Received(self.path, dict(self.headers), body, time.monotonic())
                with receiver._news:
                    receiver.received.append(got)
                    answer = receiver.script.pop(0) if receiver.script else receiver.default
                    receiver._news.notify_all()
                answer(self, got)

            def log_message(self, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                pass  # scripted answers break connections on purpose

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def wait_for(self, count: int, timeout_s: float = 10) -> list[Received]:
        """The first `count` requests, once they are here."""
        with self._news:
            if not self._news.wait_for(lambda: len(self.received) >= count, timeout_s):
                raise AssertionError(f"{len(self.received)} of {count} requests arrived: {self.events()}")
            return self.received[:count]

    def events(self) -> list[str]:
        return [got.json["event"] for got in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass(frozen=True)
class World:
    """Acme: an administrator, agent Ada in the inbox, agent Olga outside it, contact Carl writing."""

    http: Http
    admin: str
    ada: str
    ada_id: int
    olga: str
    olga_id: int
    inbox: dict[str, Any]
    carl: dict[str, Any]
    account: str = "/api/v1/accounts/1"

    @property
    def public(self) -> str:
        return f"/public/api/v1/inboxes/{self.inbox['inbox_identifier']}"

    @property
    def contact(self) -> str:
        return f"{self.public}/contacts/{self.carl['source_id']}"

    def by_hand(self) -> None:
        """From now on nobody is given the inbox's conversations unasked."""
        path = f"{self.account}/inboxes/{self.inbox['id']}"
        self.http.patch(path, json={"enable_auto_assignment": False}, token=self.admin)

    def conversation(self) -> int:
        """A new conversation of Carl's; returns its display id."""
        number: int = self.http.post(f"{self.contact}/conversations").json()["id"]
        return number

    def incoming(self, conversation: int, content: str = "hello") -> Any:
        return self.http.post(f"{self.contact}/conversations/{conversation}/messages", json={"content": content}).json()

    def reply(self, conversation: int, content: str = "hi", **values: Any) -> Any:
        path = f"{self.account}/conversations/{conversation}/messages"
        return self.http.post(path, json={"content": content, **values}, token=self.ada).json()

    def events(self) -> list[Any]:
        """Every event so far, oldest first, as webhooks carry them."""
        path = f"{self.account}/events?limit=500"
        return [entry["payload"] for entry in self.http.get(path, token=self.admin).json()["payload"]]


def build_world(http: Http, admin: str, webhook_url: str | None = None) -> World:
    account = "/api/v1/accounts/1"

    def agent(name: str) -> tuple[int, str]:
        email = f"{name.lower()}@acme.test"
        made = http.post(f"{account}/agents", json={"name": name, "email": email, "role": "agent"}, token=admin).json()
        token = http.post(f"{account}/access_tokens", json={"user_id": made["id"]}, token=admin).json()
        return made["id"], token["access_token"]

    ada_id, ada = agent("Ada")
    olga_id, olga = agent("Olga")
    channel = {"type": "api", "webhook_url": webhook_url}
    inbox = http.post(f"{account}/inboxes", json={"name": "Acme API", "channel": channel}, token=admin).json()
    http.post(f"{account}/inbox_members", json={"inbox_id": inbox["id"], "user_ids": [ada_id]}, token=admin)
    public = f"/public/api/v1/inboxes/{inbox['inbox_identifier']}/contacts"
    carl = http.post(public, json={"source_id": "carl-1", "name": "Carl", "email": "carl@example.test"}).json()
    return World(http, admin, ada, ada_id, olga, olga_id, inbox, carl)
