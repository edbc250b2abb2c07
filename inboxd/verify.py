"""A captured request, and what its two signatures are worth."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from inboxd.domain import signing

FILE_LIMIT = 16 * 1024 * 1024
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(rb"[A-Z]+ \S+ HTTP/\d(\.\d)?\r?$")
_MISSING = "is missing"
_MISMATCH = "does not match: another secret, or the request was changed on the way"


class Unreadable(Exception):
    """The bytes are no captured request."""


class BadSecret(Exception):
    """The secret cannot be the key of both signatures."""


@dataclass(frozen=True)
class Capture:
    """One request as it came: its first line, its headers in their order, the exact bytes of its body."""

    line: str
    fields: Sequence[tuple[str, str]]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name."""
        return {name.lower(): value for name, value in self.fields}

    def raw(self) -> bytes:
        """The form of a capture file."""
        head = [self.line, *(f"{name}: {value}" for name, value in self.fields), "", ""]
        return "\r\n".join(head).encode("latin-1", "replace") + self.body


def parse(raw: bytes) -> Capture:
    """A capture from its file; an editor may have changed the line endings of the header part.

    Raises Unreadable, saying what is missing.
    """
    if len(raw) > FILE_LIMIT:
        raise Unreadable("too large for a webhook")
    blank = _BLANK_LINE.search(raw)
    if blank is None:
        raise Unreadable("no blank line between headers and body")
    first, *lines = raw[: blank.start()].split(b"\n")
    if not _REQUEST_LINE.match(first):
        raise Unreadable("the first line is not a request line like `POST /hook HTTP/1.1`")
    fields = []
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name.strip():
            raise Unreadable("a header line has no colon")
        fields.append((name.strip(), value.strip()))
    capture = Capture(first.decode("latin-1").rstrip("\r"), fields, raw[blank.end() :])
    if capture.headers.get("transfer-encoding", "identity").lower() != "identity":
        raise Unreadable("the body is in chunks, as it was on the wire: capture the assembled bytes")
    return capture


@dataclass(frozen=True)
class Verdict:
    """What is wrong with each signature and with the age; None is right."""

    standard: str | None
    chatwoot: str | None
    age: str | None
    sent_at: int | None

    @property
    def genuine(self) -> bool:
        return not self.problems

    @property
    def is_old_secret(self) -> bool:
        """X-Chatwoot-Signature has room for the new secret's alone; webhook-signature holds both."""
        return self.standard is None and self.chatwoot == _MISMATCH

    @property
    def problems(self) -> list[str]:
        """X-Chatwoot-Signature decides only where webhook-signature is absent."""
        is_signed = self.standard is None or (self.standard == _MISSING and self.chatwoot is None)
        signatures = [("webhook-signature", self.standard), ("X-Chatwoot-Signature", self.chatwoot)]
        named = [*([] if is_signed else signatures), ("the request", self.age)]
        return [f"{name} {problem}" for name, problem in named if problem]


def check_secret(secret: str) -> None:
    """Raises BadSecret unless both signatures can be made with it."""
    try:
        signing.standard_signature(secret, "", 0, b"")
    except ValueError:
        raise BadSecret("the secret is not base64, so webhook-signature cannot be made with it") from None
    if not secret:
        raise BadSecret("the secret is empty")


def judge(secret: str, capture: Capture, now_s: float, *, any_age: bool = False) -> Verdict:
    """`signing.verify`, asked about each signature alone and about the age. `secret`: with `whsec_` or without."""
    secret = secret.removeprefix("whsec_")
    got, body = capture.headers, capture.body
    sent = got.get("webhook-timestamp") or got.get("x-chatwoot-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,15}", sent):
        problem = "cannot be checked: no webhook-timestamp" if not sent else "cannot be checked: no number as timestamp"
        return Verdict(problem, problem, None, None)
    at, delivery_id = int(sent), got.get("webhook-id", "")
    right = {name.lower(): value for name, value in signing.headers([secret], delivery_id, at, body).items()}

    def asked(name: str, now: int) -> str | None:
        alone = right if name not in right else right | {name: got.get(name, "")}
        return signing.verify(secret, alone, body, now)

    standard = _MISSING if "webhook-signature" not in got else None
    if standard is None and "webhook-id" not in got:
        standard = "cannot be checked: no webhook-id"
    if standard is None and asked("webhook-signature", at):
        standard = _MISMATCH
    chatwoot = _MISSING if "x-chatwoot-signature" not in got else None
    if chatwoot is None and got.get("x-chatwoot-timestamp", sent) != sent:
        chatwoot = "cannot be checked: X-Chatwoot-Timestamp is not webhook-timestamp"
    if chatwoot is None and asked("x-chatwoot-signature", at):
        chatwoot = _MISMATCH
    stale = None if any_age or asked("", int(now_s)) is None else _stale(at, now_s)
    return Verdict(standard, chatwoot, stale, at)


def _stale(at: int, now_s: float) -> str:
    way = "too old" if at < now_s else "from the future"
    return f"is {way}: its timestamp is {when(at, now_s)}"


def when(at: int, now_s: float) -> str:
    """`2026-06-10 11:14:56 UTC, 12 s ago`."""
    try:
        moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return str(at)
    gap = round(now_s) - at
    size = abs(gap)
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if size >= 2 * length:
            size, word = size // length, unit
            break
    else:
        word = "s"
    return f"{moment}, {size} {word} ago" if gap >= 0 else f"{moment}, in {size} {word}"


def report(capture: Capture, verdict: Verdict, now_s: float) -> list[tuple[str, str]]:
    """What `verify` shows, as rows."""
    got = capture.headers
    body = f"{len(capture.body)} bytes"
    length = got.get("content-length", "")
    if length.isdecimal() and int(length[:15]) != len(capture.body):
        body += f", but Content-Length says {length[:15]}: an editor adds a newline, a cut takes bytes away"
    sent = when(verdict.sent_at, now_s) if verdict.sent_at is not None else "no timestamp"
    chatwoot = verdict.chatwoot or "right"
    if verdict.is_old_secret:
        chatwoot = "made with another secret: the new one, if yours was rotated out"
    return [
        ("webhook-id", got.get("webhook-id") or got.get("x-chatwoot-delivery") or "none"),
        ("sent", sent),
        ("body", body),
        ("webhook-signature", verdict.standard or "right"),
        ("X-Chatwoot-Signature", chatwoot),
        ("age", verdict.age or "fine"),
        ("verdict", "genuine" if verdict.genuine else "not genuine"),
    ]
