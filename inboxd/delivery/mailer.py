"""Sends the e-mails that are owed, one at a time over one connection."""

import logging
import random
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from email.headerregistry import Address
from functools import partial

from inboxd.domain import mailing, retry
from inboxd.domain.mailing import SmtpServer
from inboxd.domain.text import clean_line
from inboxd.services import mails
from inboxd.store import mails as store
from inboxd.store.db import Store, StoreClosed
from inboxd.store.models import Mail
from inboxd.upkeep.loop import AGAIN_S, Loop

BATCH = 50
LOOK_S = 30.0
"""The longest wait: a clock that was set meanwhile moves every moment that was waited for."""
TIMEOUT_S = 10.0
"""For every single answer of the server, and for what is under way at a stop."""
_CUT_S = 1.0
_log = logging.getLogger("inboxd.mail")


class _Failed(Exception):
    """An attempt came to nothing. `final`: no later one will do better."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class _Unreachable(_Failed):
    """The server takes no mail at all: what waits for it need not try."""


class _Session(smtplib.SMTP):
    """Known to who may have to cut it off before it is made: that takes time."""

    def __init__(self, known: Callable[["_Session"], None], server: SmtpServer, name: str, timeout_s: float) -> None:
        known(self)
        super().__init__(server.host, server.port, name, timeout_s)


class _TlsSession(smtplib.SMTP_SSL, _Session):
    def __init__(self, known: Callable[[_Session], None], server: SmtpServer, name: str, timeout_s: float) -> None:
        known(self)
        context = ssl.create_default_context()
        smtplib.SMTP_SSL.__init__(self, server.host, server.port, name, timeout=timeout_s, context=context)


class Mailer(Loop):
    """`wake` when there is new mail. A mail is noted as sent after the server took it: a crash in between
    sends it once more, under the same Message-ID."""

    name = "mailer"

    def __init__(self, database: Store, server: SmtpServer, sender: Address, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__()
        self._store = database
        self._server = server
        self._sender = sender
        self._timeout_s = timeout_s
        self._session: smtplib.SMTP | None = None
        self._unnoted: set[int] = set()
        """What was sent, and could not be noted: a full disk must not send it every minute."""

    def stop(self) -> None:
        """What is being sent may end; what takes longer than one answer may take is cut off and sent again."""
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join(self._timeout_s)
        if self._thread.is_alive():
            session = self._session
            sock = session.sock if session is not None else None
            if sock is not None:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            # Where the session is over by itself, what became of the mail is just being noted.
            self._thread.join(_CUT_S)

    def turn(self) -> float:
        return self.step()

    def step(self) -> float:
        """Send what is due. Returns the seconds until it is worth coming back."""
        with self._store.read() as tx:
            due = store.due(tx, BATCH)
        try:
            for place, mail in enumerate(due):
                if self._stopping:
                    break
                try:
                    self._attempt(mail)
                except _Unreachable as failure:
                    _log.warning("no e-mail can be sent: %s", failure.reason)
                    for one in due[place:]:
                        self._note_failure(one, failure)
                    return AGAIN_S
        finally:
            self._hang_up()
        with self._store.read() as tx:
            return store.next_due_s(tx, LOOK_S)

    def _attempt(self, mail: Mail) -> None:
        try:
            if mail.id not in self._unnoted:
                self._send(mail)
                self._unnoted.add(mail.id)
        except (_Unreachable, StoreClosed):
            raise
        except _Failed as failure:
            self._note_failure(mail, failure)
        except Exception as error:
            # A defect of ours, on one mail: it must not stand in front of others.
            _log.exception("mail %d stumbled", mail.id)
            self._note_failure(mail, _Failed(type(error).__name__))
        else:
            self._store.write(partial(mails.sent, mail_id=mail.id))
            self._unnoted.discard(mail.id)

    def _note_failure(self, mail: Mail, failure: _Failed) -> None:
        delay_ms = None
        if not failure.final:
            delay_ms = retry.next_delay_ms(mail.attempts + 1, mailing.RETRIES_S, random.random())  # noqa: S311
        reason = failure.reason
        self._store.write(lambda tx: mails.failed(tx, mail.id, reason, delay_ms))
        what = "is given up" if delay_ms is None else f"is tried again in {delay_ms // 1000} s"
        _log.warning("mail %d (%s, account %d) %s: %s", mail.id, mail.kind, mail.account_id, what, reason)

    def _send(self, mail: Mail) -> None:
        with self._store.read() as tx:
            content = mails.content(tx, mail)
        if content is None:
            raise _Failed("its conversation is gone", final=True)
        message = mailing.compose(self._sender, mail.recipient, content, mail.uuid, mail.created_at)
        session = self._session or self._open()
        try:
            session.sendmail(self._sender.addr_spec, [mailing.spelled(mail.recipient)], message)
        except smtplib.SMTPRecipientsRefused as error:
            [(code, said)] = error.recipients.values()
            raise _Failed(_told("the recipient is refused", code, said, mail), final=_is_final(code)) from None
        except smtplib.SMTPSenderRefused as error:
            # A wrong setting, which a person may mend before the last attempt.
            raise _Failed(_told("mail_from is refused", error.smtp_code, error.smtp_error, mail)) from None
        except smtplib.SMTPResponseException as error:
            code = error.smtp_code
            raise _Failed(_told("the mail is refused", code, error.smtp_error, mail), final=_is_final(code)) from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise _Failed(f"the connection broke: {_in_words(error)}") from None
        finally:
            # smtplib hangs up when the server does, or says 421.
            if session.sock is None:
                self._session = None

    def _open(self) -> smtplib.SMTP:
        """A session that takes mail. Raises _Unreachable."""
        server = self._server
        make = _TlsSession if server.security == "tls" else _Session
        try:
            # Our own name is that of the sender's domain: asking for this machine's may take long.
            session = make(self._begun, server, self._sender.domain, self._timeout_s)
            session.ehlo_or_helo_if_needed()
            if server.security in ("required", "offered"):
                self._encrypt(session)
            if server.user:
                self._log_in(session)
        except _Unreachable:
            self._hang_up()
            raise
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._hang_up()
            raise _Unreachable(f"{server.host}:{server.port}: {_in_words(error)}") from None
        return session

    def _begun(self, session: smtplib.SMTP) -> None:
        self._session = session

    def _encrypt(self, session: smtplib.SMTP) -> None:
        if session.has_extn("starttls"):
            code, _ = session.starttls(context=ssl.create_default_context())
            if code == 220:
                session.ehlo()
                return
        elif self._server.security == "offered":
            return
        raise _Unreachable("the server does no STARTTLS, which smtp_url asks for")

    def _log_in(self, session: smtplib.SMTP) -> None:
        try:
            session.login(self._server.user, self._server.password)
        except smtplib.SMTPResponseException as error:
            # Nothing of what the server says: it may repeat what it was told.
            raise _Unreachable(f"the server refuses user and password of smtp_url ({error.smtp_code})") from None

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None and session.sock is not None:
            with suppress(smtplib.SMTPException, OSError, ValueError):
                session.quit()
            session.close()


def _is_final(code: int) -> bool:
    return 500 <= code < 600


def _told(what: str, code: int, said: bytes | str, mail: Mail) -> str:
    """A refusal for the log, which is no place for addresses of customers."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    for address in (mail.recipient, mailing.spelled(mail.recipient)):
        text = re.sub(re.escape(address), "…", text, flags=re.IGNORECASE)
    return clean_line(f"{what}: {code} {text}", 300)


def _in_words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPResponseException):
        return clean_line(f"it answered {error.smtp_code}", 300)
    if isinstance(error, OSError) and error.strerror:
        return clean_line(error.strerror, 300)
    return clean_line(str(error) or type(error).__name__, 300)
