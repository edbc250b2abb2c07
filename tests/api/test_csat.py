import csv
import io
from typing import Any

import pytest

from tests.cast import EPOCH, Clock, World

TOO_BAD = {"message": "Rating must be a whole number from 1 to 5", "attributes": ["rating"]}


@pytest.fixture
def number(world: World) -> int:
    made = world.conversation()
    body = {"assignee_id": world.ada_id}
    world.http.post(f"{world.account}/conversations/{made}/assignments", json=body, token=world.admin)
    return made


def survey(world: World, number: int) -> int:
    message: int = world.reply(number, "How was it?", content_type="input_csat")["id"]
    return message


def answer(world: World, number: int, message_id: int, rating: Any, feedback: Any = None) -> Any:
    path = f"{world.contact}/conversations/{number}/messages/{message_id}"
    given = {"csat_survey_response": {"rating": rating, "feedback_message": feedback}}
    return world.http.patch(path, json={"submitted_values": given})


def ask(world: World, tail: str = "") -> Any:
    response = world.http.get(f"{world.account}/csat_survey_responses{tail}", token=world.admin)
    assert response.status_code == 200, response.text
    return response.json()


def test_an_answer_becomes_a_response(world: World, number: int) -> None:
    message = survey(world, number)
    assert answer(world, number, message, 5, "great").status_code == 200
    [one] = ask(world)
    contact, agent = one.pop("contact"), one.pop("assigned_agent")
    assert (contact["id"], contact["email"], agent["id"]) == (world.carl["id"], "carl@example.test", world.ada_id)
    assert "contact_inboxes" not in contact
    assert one == {
        "id": 1, "rating": 5, "feedback_message": "great", "csat_review_notes": None, "review_notes_updated_at": None,
        "review_notes_updated_by": None, "account_id": 1, "message_id": message, "conversation_id": number,
        "created_at": EPOCH // 1000,
    }  # fmt: skip


def test_a_changed_answer_changes_the_response(world: World, number: int) -> None:
    message = survey(world, number)
    answer(world, number, message, "4")
    answer(world, number, message, 2, "hm")
    [one] = ask(world)
    assert (one["id"], one["rating"], one["feedback_message"]) == (1, 2, "hm")


@pytest.mark.parametrize("rating", [0, 6, -1, 2.5, True, "five", [1], {"a": 1}])
def test_what_is_no_rating_is_refused_and_not_stored(world: World, number: int, rating: Any) -> None:
    message = survey(world, number)
    refused = answer(world, number, message, rating)
    assert (refused.status_code, refused.json()) == (422, TOO_BAD)
    assert ask(world) == []
    path = f"{world.account}/conversations/{number}/messages"
    shown = world.http.get(path, token=world.ada).json()["payload"][-1]
    assert "submitted_values" not in shown["content_attributes"]


def test_feedback_is_text(world: World, number: int) -> None:
    message = survey(world, number)
    for feedback in (5, ["x"], "x" * 20_001):
        refused = answer(world, number, message, 5, feedback)
        assert (refused.status_code, refused.json()["attributes"]) == (422, ["feedback_message"])


def test_an_answer_without_a_rating_and_one_to_another_message_are_no_responses(world: World, number: int) -> None:
    answer(world, number, survey(world, number), None, "no rating")
    assert answer(world, number, world.reply(number, "plain")["id"], 9).status_code == 200
    assert ask(world) == []


def test_a_survey_that_is_posted_with_its_answer_is_answered(world: World, number: int) -> None:
    given = {"submitted_values": {"csat_survey_response": {"rating": 3}}}
    world.reply(number, "How was it?", content_type="input_csat", content_attributes=given)
    assert [one["rating"] for one in ask(world)] == [3]


def test_filters_sorting_and_pages(world: World, clock: Clock, number: int) -> None:
    other = world.conversation()
    for talk, rating in ((number, 5), (other, 1), (number, 5)):
        answer(world, talk, survey(world, talk), rating)
        clock.advance(s=60)
    start = EPOCH // 1000

    def found(tail: str) -> list[int]:
        return [one["id"] for one in ask(world, tail)]

    assert found("") == found("?sort=created_at") == [1, 2, 3]
    assert found("?sort=-created_at") == [3, 2, 1]
    assert found("?rating=1") == [2]
    assert found(f"?user_ids[]={world.ada_id}&user_ids[]=99") == [1, 3]
    assert found("?user_ids[]=99") == found("?inbox_id=99") == found("?team_id=99") == found("?page=2") == []
    assert found(f"?inbox_id={world.inbox['id']}") == [1, 2, 3]
    assert found(f"?since={start + 1}&until={start + 121}") == [2, 3]
    # The end is no part of it, and one of the two alone means nothing.
    assert found(f"?since={start}&until={start}") == []
    assert found(f"?since={start + 100}") == found(f"?until={start}") == [1, 2, 3]
    assert ask(world, "/metrics") == {
        "total_count": 3, "ratings_count": {"1": 1, "5": 2}, "total_sent_messages_count": 3,
    }  # fmt: skip
    assert ask(world, "/metrics?rating=1") == {
        "total_count": 1, "ratings_count": {"1": 1}, "total_sent_messages_count": 3,
    }  # fmt: skip
    assert ask(world, "/metrics?inbox_id=99") == {
        "total_count": 0, "ratings_count": {}, "total_sent_messages_count": 0,
    }  # fmt: skip
    team = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]
    path = f"{world.account}/conversations/{other}/assignments"
    world.http.post(path, json={"team_id": team}, token=world.admin)
    assert found(f"?team_id={team}") == [2]


def test_a_table_for_spreadsheets_that_computes_nothing(world: World, number: int) -> None:
    answer(world, number, survey(world, number), 4, '=HYPERLINK("http://evil.test")')
    path = f"{world.account}/csat_survey_responses/download"
    refused = world.http.get(path, token=world.admin)
    assert (refused.status_code, refused.json()["attributes"]) == (422, ["since", "until"])
    start = EPOCH // 1000
    response = world.http.get(f"{path}?since={start - 10}&until={start + 10}", token=world.admin)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "csat_report.csv" in response.headers["Content-Disposition"]
    head, line, period = csv.reader(io.StringIO(response.text))
    assert len(head) == len(line) == 9
    assert line == [
        "Ada", "4", '\'=HYPERLINK("http://evil.test")', "Carl", "carl@example.test", "",
        f"http://inboxd.test/api/v1/accounts/1/conversations/{number}", "2026-06-10T11:14:56.789Z", "",
    ]  # fmt: skip
    assert period == ["Reporting period 2026-06-10T11:14:46.000Z to 2026-06-10T11:15:06.000Z"]


def test_notes_are_kept_on_a_response(world: World, number: int) -> None:
    answer(world, number, survey(world, number), 1)
    path = f"{world.account}/csat_survey_responses/1"
    shown = world.http.patch(path, json={"csat_review_notes": "called back"}, token=world.admin).json()
    assert shown == ask(world)[0]
    assert (shown["csat_review_notes"], shown["review_notes_updated_at"]) == ("called back", EPOCH // 1000)
    assert shown["review_notes_updated_by"] == {"id": 1, "name": "Administrator"}
    assert shown["rating"] == 1
    assert world.http.patch(f"{world.account}/csat_survey_responses/9", json={}, token=world.admin).status_code == 404


def test_responses_are_for_administrators(world: World, number: int) -> None:
    answer(world, number, survey(world, number), 1)
    path = f"{world.account}/csat_survey_responses"
    for tail in ("", "/metrics", "/download"):
        assert world.http.get(path + tail, token=world.ada).status_code == 401
        assert world.http.get(path + tail).status_code == 401
    for response_id in (1, 99):
        notes = {"csat_review_notes": "x"}
        assert world.http.patch(f"{path}/{response_id}", json=notes, token=world.ada).status_code == 401


def test_a_response_follows_its_contact_and_goes_with_it(world: World, number: int) -> None:
    answer(world, number, survey(world, number), 1)
    base = world.http.post(f"{world.account}/contacts", json={"name": "Dora"}, token=world.admin).json()
    dora = base["payload"]["contact"]["id"]
    body = {"base_contact_id": dora, "mergee_contact_id": world.carl["id"]}
    world.http.post(f"{world.account}/actions/contact_merge", json=body, token=world.admin)
    assert [one["contact"]["id"] for one in ask(world)] == [dora]
    world.http.delete(f"{world.account}/agents/{world.ada_id}", token=world.admin)
    assert [one["assigned_agent"] for one in ask(world)] == [None]
    world.http.delete(f"{world.account}/contacts/{dora}", token=world.admin)
    assert ask(world) == []
