from typing import Any

import pytest

from tests.api.test_conversations import emitted
from tests.cast import World


@pytest.fixture
def draft(world: World) -> str:
    return f"{world.account}/conversations/{world.conversation()}/draft_messages"


def shown(world: World, draft: str, token: str = "") -> Any:
    answer = world.http.get(draft, token=token or world.ada)
    assert answer.status_code == 200
    return answer.json()


def test_there_is_no_draft_at_first(world: World, draft: str) -> None:
    assert shown(world, draft) == {"has_draft": False}


def test_a_draft_is_shared_and_replaced(world: World, draft: str) -> None:
    before = len(world.events())
    for method, text in (("PATCH", "Dear Carl"), ("PUT", "Hello")):
        body = {"draft_message": {"message": text}}
        answer = world.http.request(method, draft, json=body, token=world.ada)
        assert (answer.status_code, answer.content) == (200, b"")
        assert shown(world, draft, world.admin) == {"has_draft": True, "message": text}
    assert emitted(world, before) == []


@pytest.mark.parametrize("body", [{}, {"draft_message": {}}, {"draft_message": {"message": None}}])
def test_a_missing_text_is_a_blank_draft(world: World, draft: str, body: dict[str, Any]) -> None:
    assert world.http.patch(draft, json=body, token=world.ada).status_code == 200
    assert shown(world, draft) == {"has_draft": True, "message": ""}


def test_a_draft_is_discarded_once_or_twice(world: World, draft: str) -> None:
    world.http.patch(draft, json={"draft_message": {"message": "x"}}, token=world.ada)
    for _ in range(2):
        answer = world.http.delete(draft, token=world.ada)
        assert (answer.status_code, answer.content) == (200, b"")
        assert shown(world, draft) == {"has_draft": False}


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"draft_message": "x"}, "draft_message"),
        ({"draft_message": {"message": ["x"]}}, "message"),
        ({"draft_message": {"message": "x" * 150_001}}, "message"),
    ],
)
def test_what_is_no_draft_is_422(world: World, draft: str, body: dict[str, Any], attribute: str) -> None:
    answer = world.http.patch(draft, json=body, token=world.ada)
    assert (answer.status_code, answer.json()["attributes"]) == (422, [attribute])
    assert shown(world, draft) == {"has_draft": False}


def test_each_conversation_has_its_own(world: World, draft: str) -> None:
    world.http.patch(draft, json={"draft_message": {"message": "x"}}, token=world.ada)
    other = f"{world.account}/conversations/{world.conversation()}/draft_messages"
    assert shown(world, other) == {"has_draft": False}
