from datetime import datetime

from inboxd.domain.messages import MessageType
from inboxd.domain.templates import QUIET_MS, is_addressed, keeps_quiet


def at(text: str) -> int:
    return round(datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def test_only_what_a_contact_wrote_who_is_no_machine_and_not_blocked_is_answered() -> None:
    assert is_addressed(MessageType.INCOMING, blocked=False, conversation_attributes={"auto_reply": False})
    assert not is_addressed(MessageType.INCOMING, blocked=True, conversation_attributes={})
    assert not is_addressed(MessageType.INCOMING, blocked=False, conversation_attributes={"auto_reply": True})
    for kind in set(MessageType) - {MessageType.INCOMING}:
        assert not is_addressed(kind, blocked=False, conversation_attributes={})


def test_a_template_message_keeps_the_rest_of_its_day_of_utc_quiet() -> None:
    kind, now = MessageType.TEMPLATE, at("2026-06-10T23:59:59.999")
    assert keeps_quiet(kind, at("2026-06-10T00:00"), now)
    assert not keeps_quiet(kind, at("2026-06-09T23:59:59.999"), now)
    assert not keeps_quiet(kind, now, now + 1)


def test_a_reply_keeps_five_minutes_quiet() -> None:
    now = at("2026-06-10T00:02")
    assert keeps_quiet(MessageType.OUTGOING, now - QUIET_MS + 1, now), "also over midnight"
    assert not keeps_quiet(MessageType.OUTGOING, now - QUIET_MS, now)
