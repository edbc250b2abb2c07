"""E-mail from its cause to a real SMTP server."""

import logging
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inboxd.app import App
from inboxd.automation.engine import Engine
from inboxd.config import Config
from inboxd.delivery.mailer import Mailer
from inboxd.domain import mailing
from inboxd.domain.errors import StorageFull
from inboxd.domain.retry import DAY_MS
from inboxd.services.messages import Limits
from inboxd.store.models import AutomationRule, Mail
from inboxd.upkeep.keeper import Keeper
from tests.cast import Clock, World
from tests.smtp import Smtp


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    made = Smtp()
    yield made
    made.close()


@pytest.fixture
def app_config(tmp_path: Path, smtp: Smtp) -> Config:
    """With a server for its mail, which no proxy of webhooks stands before."""
    return Config(
        data_dir=str(tmp_path / "data"),
        listen="127.0.0.1:0",
        smtp_url=f"smtp://127.0.0.1:{smtp.port}",
        mail_from="Acme Desk <desk@acme.test>",
        egress_proxy="http://127.0.0.1:9",
    )


@pytest.fixture
def mailer(app: App) -> Mailer:
    return mailer_for(app, app.config.smtp_url)


def mailer_for(app: App, url: str, timeout_s: float = 5) -> Mailer:
    return Mailer(app.store, mailing.parse_server(url), mailing.parse_sender("Acme Desk <desk@acme.test>"), timeout_s)


def ask(world: World, number: int, email: str, status: int = 200) -> Any:
    path = f"{world.account}/conversations/{number}/transcript"
    answer = world.http.post(path, json={"email": email}, token=world.ada)
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.content == b""
    return answer


def kept(app: App) -> list[Mail]:
    with app.store.read() as tx:
        return tx.filter(Mail)


def states(app: App) -> list[tuple[str, str, int]]:
    return [(mail.recipient, mail.state, mail.attempts) for mail in kept(app)]


def test_a_transcript_is_what_the_contact_may_see_and_nothing_in_it_is_markup(
    world: World, app: App, smtp: Smtp, mailer: Mailer, clock: Clock
) -> None:
    evil = "<script>alert(1)</script> & \x1b[2J\n.\nBcc: x@y.test"
    public = f"{world.account}/inboxes/{world.inbox['id']}"
    world.http.patch(public, json={"name": "Acme\r\nBcc: spy@evil.test"}, token=world.admin)
    contact = f"{world.account}/contacts/{world.carl['id']}"
    world.http.patch(contact, json={"name": "<b>Carl</b>\nBcc: spy@evil.test"}, token=world.admin)
    number = world.conversation()
    world.incoming(number, evil)
    clock.advance(s=60)
    world.reply(number, "only for us", private=True)
    world.reply(number, "for you, Zoë")
    world.http.post(
        f"{world.account}/conversations/{number}/messages",
        files=[("attachments[]", ('a"<b>.txt', b"x", "text/plain"))],
        token=world.ada,
    )
    world.http.post(
        f"{world.account}/conversations/{number}/toggle_priority", json={"priority": "high"}, token=world.ada
    )
    ask(world, number, "carl@example.test, boss@bücher.test")
    world.reply(number, "said after the transcript was asked for")
    assert mailer.step() == 30

    first, second = smtp.got
    assert (first.sender, first.recipients, second.recipients) == (
        "desk@acme.test", ["carl@example.test"], ["boss@xn--bcher-kva.test"],
    )  # fmt: skip
    assert smtp.connections == 1
    mail = first.mail
    assert [mail["From"], mail["To"], mail["Bcc"]] == ["Acme Desk <desk@acme.test>", "carl@example.test", None]
    assert mail["Subject"].startswith(f"[#{number}] Your conversation with Acme")
    assert (mail["Auto-Submitted"], mail["Date"]) == ("auto-generated", "Wed, 10 Jun 2026 11:15:56 +0000")
    assert mail["Message-ID"].endswith("@acme.test>")
    assert mail["Message-ID"] != second.mail["Message-ID"]
    assert all(len(line) <= 998 and line.isascii() for line in first.raw.splitlines())

    text, html = first.part("plain").replace("\r\n", "\n"), first.part("html")
    assert "<script>alert(1)</script> & �[2J\n.\nBcc: x@y.test" in text
    assert "2026-06-10 11:14:56" in text
    assert "Ada, 2026-06-10 11:15:56\nfor you, Zoë" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; �[2J<br>.<br>Bcc: x@y.test" in html
    assert "<script" not in html
    assert "<b>Carl</b>" not in html
    assert "&lt;b&gt;Carl&lt;/b&gt; Bcc: spy@evil.test" in html
    assert 'href="http://inboxd.test/rails/active_storage/blobs/redirect/' in html
    assert "http://inboxd.test/rails/active_storage/blobs/redirect/" in text
    for unsaid in ("only for us", "priority", "said after"):
        assert unsaid not in text + html
    assert states(app) == [("carl@example.test", "sent", 1), ("boss@bücher.test", "sent", 1)]


def test_a_transcript_goes_only_to_addresses_and_is_no_spam_cannon(
    world: World, app: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.conversation()
    assert ask(world, number, " ", 422).json() == {"error": "email param missing"}
    for bad in ("carl", "a@b.test\nBcc: c@d.test", "a@b.test,,x", ",", "a@b.test; c@d.test"):
        assert ask(world, number, bad, 422).json()["attributes"] == ["email"]
    many = ",".join(f"p{count}@x.test" for count in range(mailing.ADDRESSES + 1))
    told = ask(world, number, many, 422).json()["message"]
    assert told == f"Email has too many addresses (maximum is {mailing.ADDRESSES})"
    for _ in range(mailing.PER_ADDRESS):
        ask(world, number, "carl@example.test")
    refused = ask(world, number, "Carl@example.test", 429)
    assert refused.json() == {"error": "Too many transcripts to this address within an hour"}
    assert refused.headers["Retry-After"] == "3600"
    monkeypatch.setattr(mailing, "PER_HOUR", mailing.PER_ADDRESS + 1)
    refused = ask(world, number, "a@x.test,b@x.test", 429)
    assert refused.json() == {"error": "An account sends at most 21 e-mails within an hour"}
    ask(world, number, "a@x.test")
    assert len(kept(app)) == mailing.PER_ADDRESS + 1
    clock.advance(s=3601)
    ask(world, number, "carl@example.test,a@x.test")


def test_a_refused_address_fails_at_once_and_others_go_on(
    world: World, app: App, smtp: Smtp, mailer: Mailer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    number = world.conversation()
    world.incoming(number)
    smtp.answers |= {
        "gone@x.test": "550 <gone@x.test> has left\x1b[2J the house",
        "busy@x.test": "451 busy@x.test later",
    }
    ask(world, number, "gone@x.test,busy@x.test,fine@x.test")
    with caplog.at_level(logging.WARNING):
        assert mailer.step() == 30
    assert states(app) == [("gone@x.test", "failed", 1), ("busy@x.test", "pending", 1), ("fine@x.test", "sent", 1)]
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == (
        "mail 1 (transcript, account 1) is given up: the recipient is refused: 550 <…> has left�[2J the house"
    )
    assert "x.test" not in "".join(said)

    first_id = kept(app)[1].uuid
    for _ in mailing.RETRIES_S[1:]:
        clock.advance(s=86_400)
        mailer.step()
    assert (states(app)[1], len(smtp.got)) == (("busy@x.test", "pending", 7), 1)
    del smtp.answers["busy@x.test"]
    clock.advance(s=86_400)
    mailer.step()
    assert states(app)[1] == ("busy@x.test", "sent", 8)
    assert smtp.got[1].mail["Message-ID"] == f"<{first_id}@acme.test>"


def test_a_day_of_failures_is_the_end(
    world: World, app: App, smtp: Smtp, mailer: Mailer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    number = world.conversation()
    ask(world, number, "a@x.test,b@x.test")
    smtp.answers["MAIL"] = "550 not from you"  # a wrong setting: somebody may mend it
    began = clock.now
    while any(mail.state == "pending" for mail in kept(app)):
        assert clock.now < began + 3 * DAY_MS
        clock.advance(s=600)
        mailer.step()
    assert states(app) == [("a@x.test", "failed", 8), ("b@x.test", "failed", 8)]
    assert 0.7 * DAY_MS < clock.now - began < 1.3 * DAY_MS
    assert kept(app)[0].error == "mail_from is refused: 550 not from you"
    assert mailer.step() == 30

    keeper = Keeper(app.store, app.blobs.let_go, 1)
    keeper.step()
    assert len(kept(app)) == 2, "failed ones are kept for a while"
    clock.advance(ms=3 * DAY_MS)
    keeper.step()
    assert kept(app) == []


@pytest.mark.parametrize(
    ("where", "answer", "state"),
    [(".", "554 looks like spam", "failed"), (".", "452 no room", "pending"), ("DATA", "hang up", "pending"),
     ("RCPT", "421 going down", "pending"), ("EHLO", "hang up", "pending")],
)  # fmt: skip
def test_what_the_server_says_decides(
    world: World, app: App, smtp: Smtp, mailer: Mailer, where: str, answer: str, state: str
) -> None:
    number = world.conversation()
    smtp.answers[where] = answer
    ask(world, number, "a@x.test,b@x.test")
    mailer.step()
    assert states(app) == [("a@x.test", state, 1), ("b@x.test", state, 1)]


def test_a_crash_between_sending_and_noting_sends_the_same_mail_again(world: World, app: App, smtp: Smtp) -> None:
    number = world.conversation()
    world.incoming(number)
    smtp.answers["."] = "hang up"  # taken, and nobody is told
    ask(world, number, "a@x.test")
    mailer_for(app, app.config.smtp_url).step()
    smtp.answers.clear()
    app.store.write(lambda tx: tx.update(tx.filter(Mail)[0], due_at=tx.now))
    mailer_for(app, app.config.smtp_url).step()
    once, again = smtp.got
    assert once.mail["Message-ID"] == again.mail["Message-ID"]
    assert once.part("plain") == again.part("plain")


def test_a_full_disk_does_not_send_a_mail_every_minute(
    world: World, app: App, smtp: Smtp, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.conversation()
    ask(world, number, "a@x.test")

    def full(*_: Any, **__: Any) -> None:
        raise StorageFull

    with monkeypatch.context() as patched:
        patched.setattr(app.store, "write", full)
        for _ in range(2):
            with pytest.raises(StorageFull):
                mailer.step()
    mailer.step()
    assert (states(app), len(smtp.got)) == ([("a@x.test", "sent", 1)], 1)


def test_a_stop_waits_for_no_server(world: World, app: App, smtp: Smtp) -> None:
    number = world.conversation()
    ask(world, number, "a@x.test")
    smtp.answers["DATA"] = ""
    mailer = mailer_for(app, app.config.smtp_url, timeout_s=0.3)
    mailer.start()
    assert smtp.silent.wait(10)
    began = time.monotonic()
    mailer.stop()
    assert time.monotonic() - began < 8
    assert states(app) == [("a@x.test", "pending", 1)]


def test_a_stop_lets_what_became_of_a_mail_be_noted(
    world: World, app: App, smtp: Smtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = world.conversation()
    ask(world, number, "a@x.test")
    smtp.answers["DATA"] = "hang up"  # there is no session left to cut off
    mailer = mailer_for(app, app.config.smtp_url, timeout_s=0.05)
    write, noting, tried = app.store.write, threading.Event(), mailer._thread.join

    def slowly(work: Any) -> Any:
        noting.set()
        assert patient.wait(10)
        return write(work)

    def join(timeout: float) -> None:
        tried(timeout)
        patient.set()

    patient = threading.Event()
    monkeypatch.setattr(app.store, "write", slowly)
    monkeypatch.setattr(mailer._thread, "join", join)
    mailer.start()
    assert noting.wait(10)
    mailer.stop()
    assert states(app) == [("a@x.test", "pending", 1)]


def test_a_conversation_that_is_gone_takes_its_mails_along(world: World, app: App, smtp: Smtp, mailer: Mailer) -> None:
    number = world.conversation()
    ask(world, number, "a@x.test")
    world.http.delete(f"{world.account}/conversations/{number}", token=world.admin)
    mailer.step()
    assert (kept(app), smtp.got) == ([], [])


def test_mail_goes_out_by_itself_in_a_running_server(world: World, app: App, smtp: Smtp) -> None:
    app.start_work()
    number = world.conversation()
    ask(world, number, "a@x.test")
    (got,) = smtp.wait_for(1)
    assert got.recipients == ["a@x.test"]
    meta = world.http.get(f"{world.account}/meta", token=world.ada).json()
    assert (meta["features"]["mail"], meta["limits"]["mails_per_hour"]) == (True, mailing.PER_HOUR)


@pytest.mark.parametrize("implicit", [False, True])
def test_a_password_is_told_only_over_tls(
    world: World,
    app: App,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    implicit: bool,
) -> None:
    number = world.conversation()
    world.incoming(number)
    server = Smtp(tls=tls, implicit=implicit, login=("u@x", "s3c/ret"))
    scheme, option = ("smtps", "") if implicit else ("smtp", "?starttls=required")

    def tried(password: str) -> tuple[str, str, int]:
        app.store.write(lambda tx: tx.delete(Mail, account_id=1))
        ask(world, number, "a@x.test")
        mailer_for(app, f"{scheme}://u%40x:{password}@127.0.0.1:{server.port}{option}").step()
        return states(app)[0]

    try:
        assert tried("s3c%2Fret") == ("a@x.test", "pending", 1)
        assert "its certificate is not trusted" in caplog.text
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
        assert tried("s3c%2Fret") == ("a@x.test", "sent", 1)
        assert [(one.secure, one.user) for one in server.got] == [(True, "u@x")]
        assert tried("wrong-s3c") == ("a@x.test", "pending", 1)
        assert "the server refuses user and password of smtp_url (535)" in caplog.text
        server.tls = None if not implicit else tls
        if not implicit:
            assert tried("s3c%2Fret") == ("a@x.test", "pending", 1)
            assert "no STARTTLS, which smtp_url asks for" in caplog.text
    finally:
        server.close()
    assert tried("s3c%2Fret") == ("a@x.test", "pending", 1)
    assert "Connection refused" in caplog.text
    assert "s3c" not in caplog.text


def rule(world: World, *actions: dict[str, Any], **more: Any) -> Any:
    body = {"name": "r", "event_name": "message_created", "conditions": [], "actions": list(actions), **more}
    return world.http.post(f"{world.account}/automation_rules", json=body, token=world.admin)


def test_starttls_is_used_where_it_is_offered(
    world: World, app: App, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
    server = Smtp(tls=tls)
    mx = mailing.SmtpServer("127.0.0.1", server.port, "offered")
    number = world.conversation()
    try:
        for _ in range(2):
            ask(world, number, "a@x.test")
            Mailer(app.store, mx, mailing.parse_sender("desk@acme.test")).step()
            server.tls = None
    finally:
        server.close()
    assert [got.secure for got in server.got] == [True, False]


def act(name: str, *params: Any) -> dict[str, Any]:
    return {"action_name": name, "action_params": list(params)}


def settle(app: App, mailer: Mailer, *, mail: bool = True) -> None:
    engine = Engine(app.store, Limits(), mail=mail)
    while engine.step():
        pass
    mailer.step()


def test_rules_and_macros_mail_teams_and_transcripts(
    world: World, app: App, smtp: Smtp, mailer: Mailer, caplog: pytest.LogCaptureFixture
) -> None:
    team = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]
    members = f"{world.account}/teams/{team}/team_members"
    world.http.post(members, json={"user_ids": [world.ada_id, world.olga_id]}, token=world.admin)
    told = act("send_email_to_team", {"team_ids": [team, 99], "message": "<Look> at {{contact.name}}"})
    shown = act("send_email_transcript", "{{contact.email}}, {{contact.phone_number}}, boss@x.test")
    made = rule(world, told, shown)
    assert made.status_code == 200, made.text
    assert made.json()["actions"] == [told, shown]
    number = world.conversation()
    world.incoming(number, "help me")
    settle(app, mailer)
    assert [got.recipients[0] for got in smtp.got] == [
        "ada@acme.test", "olga@acme.test", "carl@example.test", "boss@x.test",
    ]  # fmt: skip
    assert "<Look> at {{contact.name}}\r\n\r\nAbout conversation #1 with Carl in Acme API." in smtp.got[0].raw.decode()
    assert "&lt;Look&gt; at {{contact.name}}<br><br>About" in smtp.got[0].part("html")
    assert "help me" in smtp.got[2].part("plain")

    macro = {"name": "m", "actions": [shown]}
    made = world.http.post(f"{world.account}/macros", json=macro, token=world.ada)
    assert made.status_code == 200, made.text
    where = f"{world.account}/macros/{made.json()['payload']['id']}/execute"
    world.http.post(where, json={"conversation_ids": [number]}, token=world.ada)
    mailer.step()
    assert [got.recipients[0] for got in smtp.got[4:]] == ["carl@example.test", "boss@x.test"]

    # A server that lost its smtp_url says so, and goes on with what else is to be done.
    world.incoming(number, "again")
    settle(app, mailer, mail=False)
    assert len(smtp.got) == 6
    assert "send_email_to_team cannot be done: this server has no SMTP configured" in caplog.text


@pytest.mark.parametrize(
    ("action", "needed"),
    [
        (act("send_email_transcript"), "at most 10 addresses"),
        (act("send_email_transcript", "carl"), "at most 10 addresses"),
        (act("send_email_transcript", 7), "at most 10 addresses"),
        (act("send_email_transcript", ",".join(f"p{n}@x.test" for n in range(11))), "at most 10 addresses"),
        (act("send_email_to_team"), "team_ids and a message"),
        (act("send_email_to_team", {"team_ids": [], "message": "x"}), "team_ids and a message"),
        (act("send_email_to_team", {"team_ids": ["1"], "message": "x"}), "team_ids and a message"),
        (act("send_email_to_team", {"team_ids": [1], "message": " "}), "team_ids and a message"),
    ],
)
def test_mail_actions_that_cannot_be_done_are_refused(world: World, action: dict[str, Any], needed: str) -> None:
    answer = rule(world, action)
    assert (answer.status_code, answer.json()) == (
        422, {"error": {"actions": [f"{action['action_name']} needs {needed}"]}},
    )  # fmt: skip


def test_an_address_that_a_contact_gave_for_harm_is_mailed_a_few_times_only(
    world: World, app: App, smtp: Smtp, mailer: Mailer
) -> None:
    rule(world, act("send_email_transcript", "archive@acme.test,{{contact.email}}"))
    number = world.conversation()
    for _ in range(mailing.PER_ADDRESS + 5):
        world.incoming(number, "buy")
    settle(app, mailer)
    recipients = [mail.recipient for mail in kept(app)]
    assert recipients.count("carl@example.test") == mailing.PER_ADDRESS
    assert recipients.count("archive@acme.test") == mailing.PER_ADDRESS + 5


def test_administrators_are_mailed_when_a_rule_is_switched_off(
    world: World, app: App, smtp: Smtp, mailer: Mailer
) -> None:
    definition = {"attribute_display_name": "Tier", "attribute_key": "tier", "attribute_model": 1,
                  "attribute_display_type": 0}  # fmt: skip
    made = world.http.post(f"{world.account}/custom_attribute_definitions", json=definition, token=world.admin).json()
    asked = {"attribute_key": "tier", "filter_operator": "equal_to", "values": ["a"], "query_operator": None}
    assert rule(world, act("add_label", "x"), conditions=[asked], name="Tiers\nBcc: x").status_code == 200
    world.http.delete(f"{world.account}/custom_attribute_definitions/{made['id']}", token=world.admin)
    number = world.conversation()
    for _ in range(3):
        world.incoming(number)
    settle(app, mailer)
    with app.store.read() as tx:
        assert [one.active for one in tx.filter(AutomationRule)] == [False]
    (got,) = smtp.got
    assert got.recipients == ["admin@acme.test"]
    assert got.mail["Subject"] == "Automation rule “Tiers Bcc: x” was switched off"
    assert "tier" in got.part("plain")
