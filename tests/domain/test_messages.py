from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.errors import Invalid
from inboxd.domain.messages import (
    ATTACHMENTS_LIMIT,
    CONTENT_LIMIT,
    SOURCE_ID_LIMIT,
    STATUSES,
    Draft,
    MessageType,
    Upload,
    file_type,
    status_change,
)

_statuses = st.sampled_from(STATUSES)
_attributes = st.dictionaries(
    st.sampled_from(["items", "external_error", "in_reply_to"]), st.none() | st.text(max_size=3)
)


@given(_statuses, _attributes, _statuses, st.none() | st.text(max_size=3))
def test_only_read_to_delivered_is_refused(
    current: str, attributes: dict[str, Any], wanted: str, error: str | None
) -> None:
    before = dict(attributes)

    values = status_change(current, attributes, wanted, error)

    assert attributes == before
    if current == "read" and wanted == "delivered":
        assert values == {}
    else:
        assert values.get("status", current) == wanted
    assert values.get("status") != current


@given(_statuses, _attributes, _statuses, st.none() | st.text(max_size=3))
def test_an_external_error_lives_exactly_while_the_status_is_failed(
    current: str, attributes: dict[str, Any], wanted: str, error: str | None
) -> None:
    values = status_change(current, attributes, wanted, error)
    after = values.get("content_attributes", attributes)
    moved = not (current == "read" and wanted == "delivered")

    if moved and wanted == "failed":
        assert after["external_error"] == error
    elif moved:
        assert after.get("external_error") is None
    if "external_error" not in attributes and wanted != "failed":
        assert "external_error" not in after


@given(_statuses, _attributes, _statuses, st.none() | st.text(max_size=3))
def test_telling_the_same_status_twice_changes_nothing_the_second_time(
    current: str, attributes: dict[str, Any], wanted: str, error: str | None
) -> None:
    first = status_change(current, attributes, wanted, error)

    assert status_change(first.get("status", current), first.get("content_attributes", attributes), wanted, error) == {}


def test_an_unknown_status_moves_nothing() -> None:
    assert status_change("sent", {}, "exploded", "no") == {}


def test_the_types_are_the_numbers_of_the_wire() -> None:
    assert [(kind.word, int(kind)) for kind in MessageType] == [
        ("incoming", 0), ("outgoing", 1), ("activity", 2), ("template", 3),
    ]  # fmt: skip


def test_limits_are_the_last_values_that_pass() -> None:
    upload = Upload("d", "f", "image/png", 1)
    Draft("x" * CONTENT_LIMIT, source_id="s" * SOURCE_ID_LIMIT, uploads=(upload,) * ATTACHMENTS_LIMIT)

    for values, field in (
        ({"content": "x" * (CONTENT_LIMIT + 1)}, "content"),
        ({"content": "x", "source_id": "s" * (SOURCE_ID_LIMIT + 1)}, "source_id"),
        ({"content": "x", "uploads": (upload,) * (ATTACHMENTS_LIMIT + 1)}, "attachments"),
    ):
        with pytest.raises(Invalid) as raised:
            Draft(**values)
        assert raised.value.fields == (field,)


@pytest.mark.parametrize("content", [None, "", " \n\t"])
def test_a_message_without_words_or_files_is_blank(content: str | None) -> None:
    assert Draft(content).is_blank
    assert not Draft(content, uploads=(Upload("d", "f", "image/png", 1),)).is_blank


@pytest.mark.parametrize(
    ("content_type", "items"),
    [
        ("input_select", [{"title": "A", "value": "a"}]),
        ("cards", [{"title": "A", "actions": [{"type": "link", "text": "go", "uri": "http://x.test"}]}]),
        ("form", [{"name": "email", "type": "email", "label": "E-mail", "placeholder": "you@x.test"}]),
        ("article", [{"title": "A", "description": "b", "link": "http://x.test"}]),
    ],
)
def test_items_of_every_kind_are_taken(content_type: str, items: list[Any]) -> None:
    assert Draft("x", content_type=content_type, content_attributes={"items": items}).content_type == content_type


@pytest.mark.parametrize("content_type", ["input_select", "cards", "form", "article"])
@pytest.mark.parametrize(
    "items", [None, [], "x", {}, ["x"], [None], [{"title": "A", "evil": 1, "actions": [{"text": "go"}]}]]
)
def test_items_that_break_a_rule_are_named(content_type: str, items: Any) -> None:
    with pytest.raises(Invalid) as raised:
        Draft("x", content_type=content_type, content_attributes={"items": items})

    assert raised.value.fields == ("content_attributes",)


@pytest.mark.parametrize("actions", [None, [], "x", ["x"], [{"text": "go", "evil": 1}]])
def test_a_card_needs_actions_with_known_keys(actions: Any) -> None:
    with pytest.raises(Invalid):
        Draft("x", content_type="cards", content_attributes={"items": [{"title": "A", "actions": actions}]})


def test_items_of_other_content_types_are_nobodys_business() -> None:
    assert Draft("x", content_type="text", content_attributes={"items": "anything"}).content_attributes


@pytest.mark.parametrize(
    ("content_type", "word"),
    [
        ("image/png", "image"), ("IMAGE/JPEG; q=1", "image"), ("image/svg+xml", "file"), ("video/mp4", "video"),
        ("video/x-flv", "file"), ("audio/anything", "audio"), ("application/pdf", "file"), ("", "file"),
    ],
)  # fmt: skip
def test_a_file_type_follows_from_the_media_type(content_type: str, word: str) -> None:
    assert file_type(content_type) == word
