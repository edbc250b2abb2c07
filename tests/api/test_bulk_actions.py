from typing import Any

import pytest

from inboxd.domain.text import LABELS_LIMIT
from inboxd.services import bulk_actions
from inboxd.store.db import StoreClosed, Tx
from tests.cast import World


def bulk(world: World, token: str | None = None, **values: Any) -> Any:
    return world.http.post(f"{world.account}/bulk_actions", json=values, token=token or world.ada)


def talk(world: World, number: int) -> Any:
    return world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()


def conversations(world: World, *numbers: int, token: str | None = None, **values: Any) -> Any:
    answer = bulk(world, token, type="Conversation", ids=list(numbers), **values)
    assert (answer.status_code, answer.text) == (200, ""), answer.text


def labels(world: World, contact: int) -> Any:
    return world.http.get(f"{world.account}/contacts/{contact}/labels", token=world.admin).json()["payload"]


@pytest.mark.parametrize("kind", [None, "", "conversation", "Inbox", "Macro"])
def test_other_types_are_refused(world: World, kind: str | None) -> None:
    answer = bulk(world, type=kind, ids=[1])
    assert (answer.status_code, answer.json()) == (422, {"success": False})


def test_many_conversations_change_at_once_as_if_the_caller_did_it(world: World) -> None:
    numbers = [world.conversation() for _ in range(23)]
    conversations(world, *numbers, 999, fields={"status": "resolved"}, labels={"add": ["vip"]})
    for number in numbers:
        assert (talk(world, number)["status"], talk(world, number)["labels"]) == ("resolved", ["vip"])
    path = f"{world.account}/conversations/{numbers[-1]}/messages"
    lines = [one["content"] for one in world.http.get(path, token=world.ada).json()["payload"]]
    assert lines == ["Ada added vip", "Conversation was marked resolved by Ada"]
    changed = [one for one in world.events() if one["event"] == "conversation_status_changed"]
    assert [(one["id"], one["origin"]) for one in changed] == [(number, "agent") for number in numbers]


def test_the_answer_comes_when_all_is_done_and_what_was_interrupted_is_finished_by_asking_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [world.conversation() for _ in range(bulk_actions.BATCH + 1)]
    body = {"type": "Conversation", "ids": numbers, "labels": {"add": ["vip"]}}
    change, path = bulk_actions.change_conversations, f"{world.account}/bulk_actions"

    def stop(tx: Tx, ids: list[int], **kwargs: Any) -> None:
        change(tx, ids, **kwargs)
        if len(ids) == 1:
            raise StoreClosed

    with monkeypatch.context() as stopped:
        stopped.setattr(bulk_actions, "change_conversations", stop)
        answer = world.http.post(path, json=body, headers={"Idempotency-Key": "k"}, token=world.ada)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert [talk(world, number)["labels"] for number in numbers] == [["vip"]] * bulk_actions.BATCH + [[]]
    answer = world.http.post(path, json=body, headers={"Idempotency-Key": "k"}, token=world.ada)
    assert (answer.status_code, answer.text) == (200, "")
    assert [talk(world, number)["labels"] for number in numbers] == [["vip"]] * len(numbers)
    path = f"{world.account}/conversations/{numbers[0]}/messages"
    assert len(world.http.get(path, token=world.ada).json()["payload"]) == 1


def test_labels_are_removed_before_others_are_added(world: World) -> None:
    number = world.conversation()
    conversations(world, number, labels={"add": ["a", "b"]})
    conversations(world, number, labels={"add": ["c", "b"], "remove": ["a,b", "x"]})
    assert talk(world, number)["labels"] == ["c", "b"]


def test_people_and_teams_are_assigned_as_one_by_one(world: World) -> None:
    number = world.conversation()
    team = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]
    conversations(world, number, fields={"assignee_id": world.olga_id})
    assert talk(world, number)["meta"]["assignee"]["id"] == world.olga_id
    conversations(world, number, fields={"team_id": team})
    assert talk(world, number)["meta"]["team"]["id"] == team
    assert talk(world, number)["meta"].get("assignee") is None, "she is not in the team"
    conversations(world, number, fields={"team_id": 0, "status": None})
    assert talk(world, number)["meta"].get("team") is None
    for stranger in (None, 999):
        conversations(world, number, fields={"assignee_id": world.ada_id})
        conversations(world, number, fields={"assignee_id": stranger})
        assert talk(world, number)["meta"].get("assignee") is None
    conversations(world, number, fields={"team_id": team})
    conversations(world, number, fields={"team_id": 999})
    assert talk(world, number)["meta"].get("team") is None
    assert talk(world, number)["status"] == "open"


def test_conversations_are_snoozed_until_a_time(world: World) -> None:
    number = world.conversation()
    conversations(world, number, snoozed_until=1_900_000_000)
    assert talk(world, number)["snoozed_until"] is None, "it is not snoozed"
    conversations(world, number, fields={"status": "snoozed"}, snoozed_until=1_900_000_000)
    assert talk(world, number)["snoozed_until"] == "2030-03-17T17:46:40.000Z"
    conversations(world, number, snoozed_until="1900000001")
    assert talk(world, number)["snoozed_until"] == "2030-03-17T17:46:41.000Z"
    conversations(world, number, fields={"status": "open"}, snoozed_until=1_900_000_000)
    assert (talk(world, number)["status"], talk(world, number)["snoozed_until"]) == ("open", None)


def test_conversations_outside_the_callers_inboxes_stay_as_they_are(world: World) -> None:
    number = world.conversation()
    conversations(world, number, token=world.olga, fields={"status": "resolved"})
    assert talk(world, number)["status"] == "open"


def test_unknown_words_are_refused_and_nothing_changes(world: World) -> None:
    number = world.conversation()
    answer = bulk(world, type="Conversation", ids=[number], fields={"status": "closed"})
    assert (answer.status_code, answer.json()["attributes"]) == (422, ["status"])
    assert bulk(world, type="Conversation", ids=["x"]).status_code == 422
    assert talk(world, number)["status"] == "open"


def test_contacts_get_labels_or_lose_them(world: World) -> None:
    carl = world.carl["id"]
    assert bulk(world, type="Contact", ids=[carl, 999], labels={"add": ["a", "b"], "remove": ["a"]}).text == ""
    assert labels(world, carl) == ["a", "b"]
    bulk(world, type="Contact", ids=[carl], labels={"remove": ["a"]})
    assert labels(world, carl) == ["b"]
    bulk(world, type="Contact", ids=[carl])
    assert labels(world, carl) == ["b"]


def test_one_that_can_carry_no_more_labels_does_not_keep_the_others_waiting(world: World) -> None:
    number, full, carl = world.conversation(), world.conversation(), world.carl["id"]
    most = [str(place) for place in range(LABELS_LIMIT)]
    conversations(world, full, labels={"add": most})
    other = world.http.post(f"{world.account}/contacts", json={"name": "Dora"}, token=world.admin).json()
    dora = other["payload"]["contact"]["id"]
    assert bulk(world, type="Contact", ids=[dora], labels={"add": most}).status_code == 200
    conversations(world, full, number, labels={"add": ["vip"]}, fields={"status": "resolved"})
    assert [talk(world, one)["status"] for one in (full, number)] == ["resolved"] * 2
    assert [talk(world, one)["labels"] for one in (full, number)] == [most, ["vip"]]
    assert bulk(world, type="Contact", ids=[dora, carl], labels={"add": ["vip"]}).status_code == 200
    assert (labels(world, dora), labels(world, carl)) == (most, ["vip"])
    for deed in ("add", "remove"):
        answer = bulk(world, type="Conversation", ids=[number], labels={deed: [*most, "x"]})
        assert (answer.status_code, answer.json()["attributes"]) == (422, ["labels"])


def test_empty_lists_are_empty_objects_as_php_spells_them(world: World) -> None:
    number = world.conversation()
    conversations(world, number, fields=[], labels={"add": ["vip"]})
    conversations(world, number, fields={"status": "resolved"}, labels=[])
    assert (talk(world, number)["labels"], talk(world, number)["status"]) == (["vip"], "resolved")
    assert bulk(world, type="Conversation", ids=[number], labels=["x"]).status_code == 422


def test_contacts_are_deleted_by_administrators_alone(world: World) -> None:
    carl = world.carl["id"]
    values: dict[str, Any] = {"type": "Contact", "ids": [carl], "action_name": "delete", "labels": {"add": ["a"]}}
    answer = bulk(world, **values)
    assert (answer.status_code, answer.json()["error"]) == (401, "You are not authorized to do this action")
    assert labels(world, carl) == []
    assert bulk(world, world.admin, **values).status_code == 200
    assert world.http.get(f"{world.account}/contacts/{carl}", token=world.admin).status_code == 404


def test_another_accounts_contacts_stay_as_they_are(world: World) -> None:
    other = world.http.post("/api/v1/accounts", json={"name": "Other"}, token=world.admin).json()["id"]
    path = f"/api/v1/accounts/{other}/bulk_actions"
    values = {"type": "Contact", "ids": [world.carl["id"]], "action_name": "delete"}
    assert world.http.post(path, json=values, token=world.admin).status_code == 200
    assert labels(world, world.carl["id"]) == []


def test_the_same_key_does_it_once(world: World) -> None:
    number = world.conversation()
    path, headers = f"{world.account}/bulk_actions", {"Idempotency-Key": "k"}
    values = {"type": "Conversation", "ids": [number], "fields": {"status": "resolved"}}
    assert world.http.post(path, json=values, token=world.ada, headers=headers).status_code == 200
    conversations(world, number, fields={"status": "open"})
    again = world.http.post(path, json=values, token=world.ada, headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert talk(world, number)["status"] == "open"
