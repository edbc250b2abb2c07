"""E-mail: addresses that mail can go to, the server that takes it, and what a message looks like."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from inboxd.domain.text import STRING_LIMIT, clean_line

RETRIES_S = (60, 300, 900, 3_600, 10_800, 21_600, 46_800)
"""Seconds from one failed attempt to the next: eight attempts over a day."""
ADDRESSES = 10
"""Addresses that one transcript goes to."""
PER_HOUR = 1_000
"""Mails that an account makes within an hour, as Chatwoot has it."""
PER_ADDRESS = 20
"""Transcripts that one address gets from an account within an hour, unless a rule itself names it: what a
contact gives as address need not be theirs."""
SUBJECT_LIMIT = 200
NOWHERE = "@inboxd.local"
"""Where the administrator has an address who was made without one."""
# What a server needs no quotes or extensions for. The domain may be in any script.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"smtp": 587, "smtps": 465}

Security = Literal["tls", "required", "offered", "never"]
"""TLS from the first byte; STARTTLS or nothing; STARTTLS where it is offered; as it is."""


@dataclass(frozen=True)
class SmtpServer:
    """Who takes our mail."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


def parse_server(text: str) -> SmtpServer:
    """An SmtpServer from smtp[s]://[user:password@]host[:port][?starttls=required|never]. The ValueError
    repeats nothing of a bad one: it has a password."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        user, password = (unquote(one or "", errors="strict") for one in (parts.username, parts.password))
    except ValueError:
        host = None
    if not host or port == 0 or parts.scheme not in _PORTS or parts.path not in ("", "/") or parts.fragment:
        raise ValueError(
            "is not smtp[s]://[user:password@]host[:port] (special characters in user and password are percent-encoded)"
        )
    starttls = options.pop("starttls", None)
    if options or starttls not in (None, "required", "never"):
        raise ValueError("the only option is starttls=required or starttls=never")
    if bool(user) != bool(password) or not (user + password).isprintable() or not (user + password).isascii():
        raise ValueError("user and password come together, and in ASCII")
    security: Security = "never" if starttls == "never" or (starttls is None and host in _LOOPBACK) else "offered"
    if starttls == "required":
        security = "required"
    elif security == "offered" and user:
        # Whoever stands in between could leave the offer out, and would be told the password.
        security = "required"
    if parts.scheme == "smtps":
        if starttls is not None:
            raise ValueError("starttls is for smtp://; smtps:// is encrypted from the start")
        security = "tls"
    return SmtpServer(host, port or _PORTS[parts.scheme], security, user, password)


def parse_sender(text: str) -> Address:
    """`a@b.test` or `Name <a@b.test>`. Raises ValueError."""
    name, address = parseaddr(text)
    if not is_address(address) or not text.isprintable() or not text.rstrip(" >").endswith(address):
        raise ValueError(f"{text!r} is neither an address nor Name <address>")
    return Address(name, addr_spec=spelled(address))


def is_address(text: str) -> bool:
    """Whether mail can be sent there."""
    local, at, domain = text.rpartition("@")
    if not at or len(text) > STRING_LIMIT or len(local) > 64 or not _LOCAL.fullmatch(local):
        return False
    return _DOMAIN.fullmatch(_ascii(domain)) is not None


def spelled(address: str) -> str:
    """The address as servers are told it: its domain in ASCII."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii(domain)}"


def split_addresses(text: str) -> list[str]:
    """The parts of a comma-separated list, each once."""
    return list(dict.fromkeys(part for part in (piece.strip() for piece in text.split(",")) if part))


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


@dataclass(frozen=True)
class Content:
    subject: str
    text: str
    html: str


def compose(sender: Address, recipient: str, content: Content, uuid: str, sent_at: int) -> bytes:
    """The message as it goes over the wire. `uuid` names it, and `sent_at` is in milliseconds: a mail that
    is sent again is the same mail."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = Address(addr_spec=spelled(recipient))
    mail["Subject"] = clean_line(content.subject.replace("\r", " "), SUBJECT_LIMIT)
    mail["Date"] = format_datetime(datetime.fromtimestamp(sent_at // 1000, UTC))
    mail["Message-ID"] = f"<{uuid}@{sender.domain}>"
    # Nobody's holiday note is to answer.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(content.text, cte="quoted-printable")
    mail.add_alternative(content.html, subtype="html", cte="quoted-printable")
    return mail.as_bytes()
