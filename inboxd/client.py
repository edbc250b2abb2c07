"""Typed clients of the two APIs, for scripts, the command line and the dashboard.

Every POST carries an Idempotency-Key that stays the same over its retries: a send whose answer
was lost on the way is sent again and still happens once.

    desk = Client("http://127.0.0.1:8080", token)
    inbox = desk.create_inbox("Shop", webhook_url="https://shop.example/hook")
    shop = InboxClient("http://127.0.0.1:8080", inbox["inbox_identifier"])
    ann = shop.identify(identifier="user-42", name="Ann")
    conversation = shop.open_conversation(ann["source_id"])
    shop.send(ann["source_id"], conversation["id"], "hello")
"""

import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from inboxd.domain.text import clean_line
from inboxd.version import __version__

if TYPE_CHECKING:
    # It takes a tenth of a second to import, which whoever makes a client pays, and nobody else.
    import requests

Json = dict[str, Any]
_RETRIED = (409, 429, 502, 503, 504)
# Less than this for an empty page means that the server had no seat for a waiting poll.
LEAST_WAIT_S = 1.0
_TEST_S = 60
_RECOVER_S = 600
_IMPORT_S = 600
_AUTHORITIES = "REQUESTS_CA_BUNDLE"
"""Names the file of those who sign certificates, where it is not one that every machine knows."""
_UNTRUSTED = {
    "ostname mismatch": "the certificate is of another host; use the name that it was made for",
    "IP address mismatch": "the certificate is of another host; use the name that it was made for",
    "certificate has expired": "the certificate has expired; it has to be renewed on the server",
    "CERTIFICATE_VERIFY_FAILED": "the certificate is not trusted; if it is yours, name the file of who signed it in "
    + _AUTHORITIES,
}


class ApiError(Exception):
    """The server refused. `status` is the HTTP status, `body` what it said."""

    def __init__(self, status: int, message: str, body: Any) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.body = body

    @property
    def oldest_seq(self) -> int | None:
        """Where the feed begins, when the refusal is that `after` is older than what is kept."""
        found = self.body.get("oldest_seq") if self.status == 410 and isinstance(self.body, dict) else None
        return found if isinstance(found, int) else None


class Unreachable(Exception):
    """No answer, after all retries."""


def _session() -> "requests.Session":
    """One that talks to the server it was given and nobody else, with the headers it was given and no others."""
    import requests

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> None:
            # Even when it does not follow, `requests` parses the target, and raises for a malformed one.
            return None

    made = Session()
    # A proxy of the environment would be handed the token; a netrc would replace headers.
    made.trust_env = False
    made.verify = os.environ.get(_AUTHORITIES) or True
    return made


class _Transport:
    """`retries` more tries after the first, with pauses that double from 0.2 s to 10 s."""

    def __init__(
        self,
        url: str,
        headers: dict[str, str],
        *,
        timeout_s: float,
        retries: int,
        session: "requests.Session | None",
        sleep: Callable[[float], None],
    ) -> None:
        self._url = url.rstrip("/")
        self._session = session or _session()
        self._session.headers.update({"User-Agent": f"inboxd-client/{__version__}", **headers})
        self._timeout_s = timeout_s
        self._retries = retries
        self._sleep = sleep

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Json | None = None,
        json: Any = None,
        files: Sequence[Path | str] = (),
        file_field: str = "attachments[]",
        lines: bytes | None = None,
        extra_s: float = 0,
        once: bool = False,
        key: str | None = None,
    ) -> Any:
        """The JSON answer, None for an empty one. Raises ApiError and Unreachable.

        With files, sent as `file_field`, the fields of `json` travel as form fields; `lines` are one JSON object each.
        `extra_s` is added to the timeout, for requests that wait on purpose. What is done `once` is not tried
        again, whatever happens. `key` is the Idempotency-Key of a POST, where somebody may ask for the same
        one again later.
        """
        import requests

        headers = {"Idempotency-Key": key or str(uuid.uuid4())} if method == "POST" else {}
        headers |= {"Content-Type": "application/x-ndjson"} if lines is not None else {}
        failure = "no answer"
        retries = 0 if once else self._retries
        for tried in range(retries + 1):
            pause_s = min(10.0, 0.2 * 2**tried) * random.uniform(0.5, 1)  # noqa: S311
            try:
                response = self._send(method, path, headers, params, json, files, file_field, lines, extra_s)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                failure = _why(error)
            else:
                if response.status_code not in _RETRIED or tried == retries:
                    return _answer(response)
                failure = f"{response.status_code} {response.reason}"
                after = response.headers.get("Retry-After", "")
                pause_s = max(pause_s, min(60.0, float(after))) if after.isdigit() else pause_s
            if tried < retries:
                self._sleep(pause_s)
        raise Unreachable(f"{method} {self._url}{path}: {failure}")

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        params: Json | None,
        json: Any,
        files: Sequence[Path | str],
        file_field: str,
        lines: bytes | None,
        extra_s: float,
    ) -> "requests.Response":
        timeout = (min(10.0, self._timeout_s), self._timeout_s + extra_s)
        url = self._url + path
        if not files:
            return self._session.request(
                method,
                url,
                params=params,
                json=json,
                data=lines,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            )
        with ExitStack() as opened:
            return self._session.request(
                method,
                url,
                data={key: _field(value) for key, value in (json or {}).items()},
                files=[(file_field, (Path(file).name, opened.enter_context(Path(file).open("rb")))) for file in files],
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            )

    def save(self, path: str, target: Path) -> None:
        """The answer to a GET as a new file, whole or not at all. Raises ApiError, Unreachable and FileExistsError."""
        import requests

        try:
            with target.open("xb") as file:
                try:
                    self._fetch(path, file)
                except BaseException:
                    target.unlink()
                    raise
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise Unreachable(f"GET {self._url}{path}: {_why(error)}") from None

    def _fetch(self, path: str, file: IO[bytes]) -> None:
        timeout = (min(10.0, self._timeout_s), self._timeout_s)
        url = self._url + path
        with self._session.get(url, stream=True, timeout=timeout, allow_redirects=False) as response:
            if response.status_code != 200:
                _answer(response)
                raise ApiError(response.status_code, "the answer is no file", None)
            for chunk in response.iter_content(1 << 16):
                file.write(chunk)

    def close(self) -> None:
        self._session.close()


def _why(error: Exception) -> str:
    """What went wrong, in words; `requests` tells it in the names of classes within classes."""
    import requests

    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return next((why for said, why in _UNTRUSTED.items() if said in text), "the TLS connection failed")
    if isinstance(error, requests.Timeout) or "timed out" in text:
        return "no answer"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer broke off"
    if "NameResolutionError" in text:
        return "the host name cannot be resolved"
    return "connection refused" if "refused" in text else "no connection"


def _field(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _answer(response: "requests.Response") -> Any:
    try:
        body = response.json() if response.content else None
    except ValueError:
        body = response.text
    if response.status_code < 300:
        return body
    said: Any = None
    if response.status_code < 400 and "Location" in response.headers:
        said = f"redirects to {clean_line(response.headers['Location'])}"
    elif isinstance(body, dict):
        said = body.get("error") or body.get("message") or body.get("errors")
    raise ApiError(response.status_code, str(said or response.reason), body)


def _given(**values: Any) -> Json:
    return {key: value for key, value in values.items() if value is not None}


def _webhook(webhook_id: int | None, inbox_id: int | None, bot_id: int | None) -> str:
    """Where an account webhook is found, or the one that an inbox or an agent bot carries."""
    places = (
        (webhook_id, f"/webhooks/{webhook_id}"),
        (inbox_id, f"/inboxes/{inbox_id}/webhook"),
        (bot_id, f"/agent_bots/{bot_id}/webhook"),
    )
    given = [path for number, path in places if number is not None]
    if len(given) != 1:
        raise ValueError("one of webhook_id, inbox_id and bot_id is needed, and no other")
    return given[0]


class InboxClient:
    """The client API: the system behind one inbox, known by the inbox's identifier."""

    def __init__(
        self,
        url: str,
        identifier: str,
        *,
        timeout_s: float = 30,
        retries: int = 5,
        session: "requests.Session | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = _Transport(url, {}, timeout_s=timeout_s, retries=retries, session=session, sleep=sleep)
        self._base = f"/public/api/v1/inboxes/{quote(identifier, safe='')}"

    def inbox(self) -> Json:
        found: Json = self._http.call("GET", self._base)
        return found

    def identify(
        self,
        *,
        source_id: str | None = None,
        identifier: str | None = None,
        identifier_hash: str | None = None,
        name: str | None = None,
        email: str | None = None,
        phone_number: str | None = None,
        custom_attributes: Json | None = None,
    ) -> Json:
        """The contact behind this identity, created when it is new; its `source_id` is its key here."""
        values = _given(
            source_id=source_id, identifier=identifier, identifier_hash=identifier_hash, name=name, email=email,
            phone_number=phone_number, custom_attributes=custom_attributes,
        )  # fmt: skip
        found: Json = self._http.call("POST", f"{self._base}/contacts", json=values)
        return found

    def update_contact(self, source_id: str, **values: Any) -> Json:
        found: Json = self._http.call("PATCH", self._contact(source_id), json=values)
        return found

    def conversations(self, source_id: str) -> list[Json]:
        found: list[Json] = self._http.call("GET", f"{self._contact(source_id)}/conversations")
        return found

    def open_conversation(self, source_id: str, *, custom_attributes: Json | None = None) -> Json:
        values = _given(custom_attributes=custom_attributes)
        made: Json = self._http.call("POST", f"{self._contact(source_id)}/conversations", json=values)
        return made

    def conversation(self, source_id: str, conversation_id: int) -> Json:
        found: Json = self._http.call("GET", self._conversation(source_id, conversation_id))
        return found

    def send(
        self,
        source_id: str,
        conversation_id: int,
        content: str | None = None,
        *,
        files: Sequence[Path | str] = (),
        echo_id: str | None = None,
    ) -> Json:
        """A message from the contact. Survives a lost connection without doubling."""
        path = f"{self._conversation(source_id, conversation_id)}/messages"
        sent: Json = self._http.call("POST", path, json=_given(content=content, echo_id=echo_id), files=files)
        return sent

    def messages(self, source_id: str, conversation_id: int, *, before: int | None = None) -> list[Json]:
        """The latest 20, or the 20 before a message id; oldest first."""
        path = f"{self._conversation(source_id, conversation_id)}/messages"
        found: list[Json] = self._http.call("GET", path, params=_given(before=before))
        return found

    def submit(self, source_id: str, conversation_id: int, message_id: int, values: Any) -> Json:
        """The contact's answer to a form message."""
        path = f"{self._conversation(source_id, conversation_id)}/messages/{message_id}"
        found: Json = self._http.call("PATCH", path, json={"submitted_values": values})
        return found

    def survey(self, uuid: str) -> Json:
        """The satisfaction survey of a conversation, by the conversation's uuid, and its answer so far."""
        found: Json = self._http.call("GET", f"/public/api/v1/csat_survey/{quote(uuid, safe='')}")
        return found

    def rate(self, uuid: str, rating: int, feedback: str | None = None) -> Json:
        """Answer the survey, or change the answer within its 14 days. `rating` is from 1 to 5."""
        answer = {"csat_survey_response": _given(rating=rating, feedback_message=feedback)}
        path, body = f"/public/api/v1/csat_survey/{quote(uuid, safe='')}", {"message": {"submitted_values": answer}}
        found: Json = self._http.call("PATCH", path, json=body)
        return found

    def resolve(self, source_id: str, conversation_id: int) -> Json:
        path = f"{self._conversation(source_id, conversation_id)}/toggle_status"
        found: Json = self._http.call("POST", path)
        return found

    def typing(self, source_id: str, conversation_id: int, *, on: bool) -> None:
        path = f"{self._conversation(source_id, conversation_id)}/toggle_typing"
        self._http.call("POST", path, json={"typing_status": "on" if on else "off"})

    def seen(self, source_id: str, conversation_id: int) -> None:
        """The contact has read everything up to now."""
        self._http.call("POST", f"{self._conversation(source_id, conversation_id)}/update_last_seen")

    def close(self) -> None:
        self._http.close()

    def _contact(self, source_id: str) -> str:
        return f"{self._base}/contacts/{quote(source_id, safe='')}"

    def _conversation(self, source_id: str, conversation_id: int) -> str:
        return f"{self._contact(source_id)}/conversations/{conversation_id}"


class Client:
    """The application API: an agent or administrator of one account."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        account_id: int = 1,
        timeout_s: float = 30,
        retries: int = 5,
        session: "requests.Session | None" = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url.rstrip("/")
        headers = {"Api-Access-Token": token} if token else {}
        self._http = _Transport(url, headers, timeout_s=timeout_s, retries=retries, session=session, sleep=sleep)
        self._account_id = account_id
        self._base = f"/api/v1/accounts/{account_id}"
        self._sleep = sleep

    def call(self, method: str, path: str, **values: Any) -> Any:
        """Any endpoint of the account: `call("POST", "/inboxes", name="Shop")`."""
        if method == "GET":
            return self._http.call(method, self._base + path, params=values)
        return self._http.call(method, self._base + path, json=values)

    def profile(self) -> Json:
        found: Json = self._http.call("GET", "/api/v1/profile")
        return found

    def set_availability(self, availability: str) -> Json:
        """The caller's own in this account: online, busy or offline. The profile."""
        values = {"account_id": self._account_id, "availability": availability}
        found: Json = self._http.call("POST", "/api/v1/profile/availability", json={"profile": values})
        return found

    def set_avatar(
        self,
        file: Path | str | None,
        *,
        inbox_id: int | None = None,
        contact_id: int | None = None,
        bot_id: int | None = None,
    ) -> None:
        """The picture of an inbox, of a contact, of an agent bot, or one's own; without a file there is none."""
        path, field = "/api/v1/profile", "profile[avatar]"
        if inbox_id is not None:
            path, field = f"{self._base}/inboxes/{inbox_id}", "avatar"
        elif contact_id is not None:
            path, field = f"{self._base}/contacts/{contact_id}", "avatar"
        elif bot_id is not None:
            path, field = f"{self._base}/agent_bots/{bot_id}", "avatar"
        if file is None:
            self._http.call("DELETE", f"{path}/avatar")
        else:
            self._http.call("PATCH", path, files=[file], file_field=field)

    def upload(self, file: Path | str) -> Json:
        """A file for a message, macro or rule to come, under its `blob_id`."""
        made: Json = self._http.call("POST", f"{self._base}/upload", files=[file], file_field="attachment")
        return made

    def create_account(self, name: str) -> Json:
        made: Json = self._http.call("POST", "/api/v1/accounts", json={"name": name})
        return made

    def agents(self) -> list[Json]:
        found: list[Json] = self.call("GET", "/agents")
        return found

    def create_agent(self, email: str, *, name: str | None = None, role: str = "agent") -> Json:
        made: Json = self.call("POST", "/agents", **_given(email=email, name=name, role=role))
        return made

    def tokens(self) -> list[Json]:
        found: list[Json] = self.call("GET", "/access_tokens")["payload"]
        return found

    def create_token(self, *, name: str = "", email: str | None = None) -> Json:
        """A further token, by default for the caller; `access_token` is in this answer only."""
        made: Json = self.call("POST", "/access_tokens", **_given(name=name, email=email))
        return made

    def revoke_token(self, token_id: int) -> None:
        self.call("DELETE", f"/access_tokens/{token_id}")

    def inboxes(self) -> list[Json]:
        found: list[Json] = self.call("GET", "/inboxes")["payload"]
        return found

    def create_inbox(self, name: str, *, webhook_url: str | None = None, **settings: Any) -> Json:
        channel = {"type": "api", **_given(webhook_url=webhook_url)}
        made: Json = self.call("POST", "/inboxes", name=name, channel=channel, **settings)
        return made

    def update_inbox(self, inbox_id: int, **settings: Any) -> Json:
        """Settings that are not named stay; `channel` holds webhook_url, hmac_mandatory and additional_attributes."""
        found: Json = self.call("PATCH", f"/inboxes/{inbox_id}", **settings)
        return found

    def delete_inbox(self, inbox_id: int) -> None:
        self.call("DELETE", f"/inboxes/{inbox_id}")

    def test_message(self, inbox_id: int, *, name: str = "", content: str = "") -> Json:
        """A message as a customer's system would send it: `conversation_id` and `message`."""
        sent: Json = self.call("POST", f"/inboxes/{inbox_id}/test_message", name=name, content=content)
        return sent

    def contacts(self, *, page: int = 1) -> list[Json]:
        found: list[Json] = self.call("GET", "/contacts", page=page)["payload"]
        return found

    def search_contacts(self, text: str) -> list[Json]:
        found: list[Json] = self.call("GET", "/contacts/search", q=text)["payload"]
        return found

    def import_contacts(self, path: Path | str) -> Json | None:
        """Contacts of a CSV file. The job that does it."""
        return self._begun("contact_import", "/contacts/import", files=[path], file_field="import_file")

    def export_contacts(self, *, label: str | None = None) -> Json | None:
        """Contacts, or those with a label, as a CSV file. The job; its `file_url` is the file when it is done."""
        return self._begun("contact_export", "/contacts/export", json=_given(label=label))

    def _begun(self, kind: str, path: str, **sent: Any) -> Json | None:
        # The answer is Chatwoot's, which names no job: it is the newest of its kind behind those there were.
        before = max((job["id"] for job in self.call("GET", "/jobs")["payload"]), default=0)
        self._http.call("POST", self._base + path, **sent)
        jobs = self.call("GET", "/jobs")["payload"]
        return next((job for job in jobs if job["kind"] == kind and job["id"] > before), None)

    def job(self, job_id: int) -> Json:
        found: Json = self.call("GET", f"/jobs/{job_id}")
        return found

    def conversations(self, *, status: str = "open", page: int = 1, **filters: Any) -> list[Json]:
        found: list[Json] = self.call("GET", "/conversations", status=status, page=page, **filters)["data"]["payload"]
        return found

    def conversation(self, conversation_id: int) -> Json:
        found: Json = self.call("GET", f"/conversations/{conversation_id}")
        return found

    def messages(self, conversation_id: int, *, before: int | None = None, after: int | None = None) -> list[Json]:
        path = f"/conversations/{conversation_id}/messages"
        found: list[Json] = self.call("GET", path, **_given(before=before, after=after))["payload"]
        return found

    def reply(
        self,
        conversation_id: int,
        content: str,
        *,
        private: bool = False,
        echo_id: str | None = None,
        files: Sequence[Path | str] = (),
        key: str | None = None,
    ) -> Json:
        """A public reply, or with `private` a private message. Survives a lost connection without doubling; with
        the same `key` also when it is called again."""
        path = f"{self._base}/conversations/{conversation_id}/messages"
        values = _given(content=content, private=private, echo_id=echo_id)
        sent: Json = self._http.call("POST", path, json=values, files=files, key=key)
        return sent

    def import_lines(self, lines: bytes) -> Json:
        """History of another system, one JSON object a line: how many records are new, and what is wrong
        with which line. The same lines again make nothing new."""
        done: Json = self._http.call("POST", f"{self._base}/import", lines=lines, extra_s=_IMPORT_S)
        return done

    def save_file(self, url: str, path: Path) -> None:
        """What a link of an attachment or an export leads to, as a new file. It is asked of the server that we talk
        to, whatever name it goes by in the link. Raises FileExistsError."""
        parts = urlsplit(url)
        self._http.save(f"{parts.path}?{parts.query}" if parts.query else parts.path, path)

    def set_status(self, conversation_id: int, status: str, *, snoozed_until: int | None = None) -> Json:
        """`snoozed_until` in unix seconds."""
        path = f"/conversations/{conversation_id}/toggle_status"
        found: Json = self.call("POST", path, **_given(status=status, snoozed_until=snoozed_until))
        return found

    def assign(self, conversation_id: int, assignee_id: int | None) -> Json | None:
        path = f"/conversations/{conversation_id}/assignments"
        found: Json | None = self.call("POST", path, assignee_id=assignee_id)
        return found

    def webhooks(self) -> list[Json]:
        found: list[Json] = self.call("GET", "/webhooks")["payload"]["webhooks"]
        return found

    def create_webhook(
        self,
        url: str,
        *,
        subscriptions: Sequence[str] | None = None,
        name: str | None = None,
        ordering: str | None = None,
        exclude_own: bool | None = None,
        headers: dict[str, str] | None = None,
    ) -> Json:
        """An account webhook; `secret` is in this answer only."""
        values = _given(
            url=url, subscriptions=subscriptions, name=name, ordering=ordering, exclude_own=exclude_own, headers=headers
        )
        made: Json = self.call("POST", "/webhooks", webhook=values)["payload"]["webhook"]
        return made

    def delete_webhook(self, webhook_id: int) -> None:
        self.call("DELETE", f"/webhooks/{webhook_id}")

    def agent_bots(self) -> list[Json]:
        found: list[Json] = self.call("GET", "/agent_bots")
        return found

    def webhook(self, webhook_id: int | None = None, *, inbox_id: int | None = None, bot_id: int | None = None) -> Json:
        """An account webhook; with `inbox_id` or `bot_id` the one that an inbox or agent bot carries
        itself, here and in the methods below."""
        found: Json = self.call("GET", _webhook(webhook_id, inbox_id, bot_id))["payload"]["webhook"]
        return found

    def update_webhook(
        self,
        webhook_id: int | None = None,
        *,
        inbox_id: int | None = None,
        bot_id: int | None = None,
        **values: Any,
    ) -> Json:
        """Its ordering, exclude_own and headers; of an account webhook url, name and subscriptions too."""
        path = _webhook(webhook_id, inbox_id, bot_id)
        found: Json = self.call("PATCH", path, webhook=values)["payload"]["webhook"]
        return found

    def inbox_health(self, inbox_id: int) -> Json:
        found: Json = self.call("GET", f"/inboxes/{inbox_id}/health")
        return found

    def test_webhook(
        self, webhook_id: int | None = None, *, inbox_id: int | None = None, bot_id: int | None = None
    ) -> Json:
        """Send a test event now: the delivery with its attempt, `delivered` or not. Never retried."""
        path = f"{self._base}{_webhook(webhook_id, inbox_id, bot_id)}/test"
        outcome: Json = self._http.call("POST", path, extra_s=_TEST_S, once=True)
        return outcome

    def enable_webhook(
        self,
        webhook_id: int | None = None,
        *,
        inbox_id: int | None = None,
        bot_id: int | None = None,
        skip: bool = False,
    ) -> Json:
        """Deliver again to a disabled or resting webhook; `skip` cancels what is pending. The webhook,
        with how many deliveries that is as `owed`."""
        path = f"{_webhook(webhook_id, inbox_id, bot_id)}/enable"
        found: Json = self.call("POST", path, pending="skip" if skip else "resume")["payload"]
        return {**found["webhook"], "owed": found["owed"]}

    def rotate_secret(
        self,
        webhook_id: int | None = None,
        *,
        inbox_id: int | None = None,
        bot_id: int | None = None,
        overlap_s: int | None = None,
    ) -> Json:
        """The webhook with its new `secret`, which is in this answer only. The old one signs too
        for `overlap_s`, by default a day."""
        path = f"{_webhook(webhook_id, inbox_id, bot_id)}/rotate_secret"
        found: Json = self.call("POST", path, **_given(overlap_s=overlap_s))["payload"]["webhook"]
        return found

    def recover(
        self,
        webhook_id: int | None = None,
        *,
        inbox_id: int | None = None,
        bot_id: int | None = None,
        since: float | None = None,
        missing: bool = False,
    ) -> Json:
        """Send again what was given up since then (unix seconds; default: ever), with `missing` also
        what it was never owed: `resent` and `replayed` count. Done twice it adds nothing."""
        path = f"{self._base}{_webhook(webhook_id, inbox_id, bot_id)}/recover"
        done: Json = self._http.call("POST", path, json=_given(since=since, missing=missing), extra_s=_RECOVER_S)
        return done

    def deliveries(
        self, *, before: str | None = None, limit: int = 50, **filters: Any
    ) -> tuple[list[Json], str | None]:
        """A page of deliveries, the newest first, and the id to give as `before` for the next one.

        Filters: state, webhook_id, inbox_id, conversation_id, message_id, event, since (unix seconds).
        """
        page = self.call("GET", "/deliveries", **_given(before=before, limit=limit, **filters))
        return page["payload"], page["meta"]["next_before"]

    def delivery(self, delivery_id: str) -> Json:
        """A delivery with its attempts and its payload."""
        found: Json = self.call("GET", f"/deliveries/{quote(delivery_id, safe='')}")
        return found

    def resend(self, delivery_id: str) -> Json:
        """Send a delivery again, under the same id."""
        found: Json = self.call("POST", f"/deliveries/{quote(delivery_id, safe='')}/resend")
        return found

    def cancel(self, delivery_id: str) -> Json:
        """Try a delivery no more; a finished one stays as it is."""
        found: Json = self.call("POST", f"/deliveries/{quote(delivery_id, safe='')}/cancel")
        return found

    def health(self) -> Json:
        """Version of the server and the state of its queue; needs no token."""
        found: Json = self._http.call("GET", "/health")
        return found

    def report(self, path: str, **asked: Any) -> Any:
        """A report, for administrators: `report("/summary_reports/agent", since=…, until=…)` in unix seconds."""
        return self._http.call("GET", self._base.replace("/v1/", "/v2/", 1) + path, params=asked)

    def open_load(self) -> list[Json]:
        """How many open conversations each `assignee_id` has; for administrators."""
        found: list[Json] = self.report("/live_reports/grouped_conversation_metrics", group_by="assignee_id")
        return found

    def save_survey_answers(self, path: Path, **asked: Any) -> None:
        """Answers to satisfaction surveys as a new CSV file; `since` and `until` are needed. Raises FileExistsError."""
        self._http.save(f"{self._base}/csat_survey_responses/download?{urlencode(asked, doseq=True)}", path)

    def events(
        self, *, after: int = 0, wait_s: int = 0, types: Sequence[str] = (), inbox_id: int | None = None
    ) -> tuple[list[Json], int]:
        """Events behind a seq, waiting up to `wait_s` for the first, and the seq to go on from.

        Raises ApiError with `oldest_seq` when what is behind `after` is no longer kept.
        """
        params = _given(after=after, wait=wait_s, types=",".join(types) or None, inbox_id=inbox_id)
        page = self._http.call("GET", f"{self._base}/events", params=params, extra_s=wait_s)
        try:
            return page["payload"], page["meta"]["next_after"]
        except (KeyError, TypeError):
            raise ApiError(200, "the answer is no event feed", page) from None

    def newest_seq(self) -> int:
        """The seq of the newest event: what comes behind it is still to happen."""
        after = 0
        while True:
            try:
                # No inbox has this number: the answer is where the search ended, without the events.
                return self.events(after=after, inbox_id=0)[1]
            except ApiError as error:
                if error.oldest_seq is None or error.oldest_seq <= after + 1:
                    raise
                after = error.oldest_seq - 1

    def follow(self, *, after: int = 0, types: Sequence[str] = (), inbox_id: int | None = None) -> Iterator[Json]:
        """Every event from here on, for ever."""
        while True:
            began = time.monotonic()
            found, after = self.events(after=after, wait_s=30, types=types, inbox_id=inbox_id)
            yield from found
            if not found and time.monotonic() - began < LEAST_WAIT_S:
                self._sleep(LEAST_WAIT_S)

    def close(self) -> None:
        self._http.close()
