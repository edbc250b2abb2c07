import re

from inboxd.domain.events import DEFAULT_SUBSCRIPTIONS, EVENT_TYPES, EVENTS


def test_names_are_unique_and_say_noun_verbed() -> None:
    assert len(EVENTS) == len(EVENT_TYPES)
    # What macros and rules post has a dot on Chatwoot's wire too.
    others = {kind.name for kind in EVENT_TYPES if not kind.operational}
    others = {name for name in others if not name.startswith(("macro.", "automation_event."))}
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in others)
    # Ours have a dot, so that they never collide with a name of Chatwoot's.
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", kind.name) for kind in EVENT_TYPES if kind.operational)


def test_every_event_says_when_it_happens_and_what_about() -> None:
    assert all(kind.when for kind in EVENT_TYPES)
    assert {kind.about for kind in EVENT_TYPES} == {"conversation", "contact", "message", "inbox", "typing", "webhook"}


def test_a_webhook_without_subscriptions_hears_what_chatwoots_does() -> None:
    assert DEFAULT_SUBSCRIPTIONS == (
        "conversation_status_changed", "conversation_updated", "conversation_created", "contact_created",
        "contact_updated", "message_created", "message_updated", "webwidget_triggered",
    )  # fmt: skip


def test_an_inboxs_own_webhook_hears_of_its_conversations_alone() -> None:
    assert {kind.name for kind in EVENT_TYPES if kind.inbox} == {
        "conversation_status_changed", "conversation_updated", "conversation_created", "message_created",
        "message_updated", "conversation_typing_on", "conversation_typing_off",
    }  # fmt: skip


def test_only_changes_carry_changed_attributes() -> None:
    assert {kind.name for kind in EVENT_TYPES if kind.changes} == {
        "conversation_status_changed", "conversation_updated", "contact_updated", "message_updated", "inbox_updated",
    }  # fmt: skip
