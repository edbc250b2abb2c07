import pytest

from admin_tui.state.directory import Directory
from admin_tui.state.filters import parse
from admin_tui.state.tokens import Wrong

HERE = Directory(
    inboxes=[{"id": 1, "name": "Shop"}, {"id": 2, "name": "Shop North"}],
    agents=[{"id": 7, "name": "Zoe"}],
    teams=[{"id": 3, "name": "night"}],
)


def test_words_and_names_become_a_query() -> None:
    found = parse('broken pump status:pend inbox:"shop north" team:ni label:a label:b assignee:none', HERE)
    assert found.query("All", "latest", 2) == {
        "status": "pending", "sort_by": "latest", "page": 2, "assignee_type": "unassigned", "q": "broken pump",
        "inbox_id": 2, "team_id": 3, "labels[]": ["a", "b"],
    }  # fmt: skip


def test_what_the_plain_list_cannot_is_asked_by_conditions() -> None:
    found = parse("assignee:zoe priority:high label:a", HERE)
    assert found.needs_conditions
    asked = {one["attribute_key"]: one["values"] for one in found.conditions("Pending", me=1)}
    assert asked == {"status": ["pending"], "assignee_id": [7], "labels": ["a"], "priority": ["high"]}
    assert [one["query_operator"] for one in found.conditions("All", me=1)] == ["and", "and", "and", None]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("status:opne", "status:opne is none of open"),
        ("inbox:sho", "could be 2"),
        ("inbox:x", "inbox:x is unknown; there is Shop"),
        ("team:", "team: nothing is behind it"),
        ('label:"a', 'a " has no end'),
        ("pump priority:low", "cannot be combined with words"),
    ],
)
def test_what_is_wrong_is_named(text: str, why: str) -> None:
    with pytest.raises(Wrong, match=why):
        parse(text, HERE)


def test_a_word_with_a_colon_is_a_word() -> None:
    assert parse("http://shop.example", HERE).words == "http://shop.example"
