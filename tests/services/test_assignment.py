from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from inboxd.app import App
from inboxd.store import assignments as store
from inboxd.store.models import Assignment, AssignmentQueue, Conversation, Departure, Inbox
from inboxd.upkeep import assigner
from inboxd.upkeep.assigner import Assigner
from tests.cast import Clock, World
from tests.store.plans import plans


def agent(world: World, name: str, *, always: bool = True) -> int:
    """A member of the inbox, who is always online if wanted."""
    body = {"name": name, "email": f"{name}@acme.test", "role": "agent", "auto_offline": not always}
    user_id: int = world.http.post(f"{world.account}/agents", json=body, token=world.admin).json()["id"]
    join(world, user_id)
    return user_id


def join(world: World, *user_ids: int, exact: bool = False) -> None:
    body = {"inbox_id": world.inbox["id"], "user_ids": user_ids}
    call = world.http.patch if exact else world.http.post
    assert call(f"{world.account}/inbox_members", json=body, token=world.admin).status_code == 200


def setting(world: World, **values: Any) -> None:
    path = f"{world.account}/inboxes/{world.inbox['id']}"
    assert world.http.patch(path, json=values, token=world.admin).status_code == 200


def act(world: World, number: int, what: str, token: str | None = None, **body: Any) -> None:
    path = f"{world.account}/conversations/{number}/{what}"
    assert world.http.post(path, json=body, token=token or world.admin).status_code == 200


def shown(world: World, number: int) -> Any:
    return world.http.get(f"{world.account}/conversations/{number}", token=world.admin).json()


def whose(world: World, number: int) -> int | None:
    assignee = shown(world, number)["meta"].get("assignee")
    return assignee["id"] if assignee else None


def lines(world: World, number: int) -> list[str]:
    found = world.http.get(f"{world.account}/conversations/{number}/messages", token=world.admin).json()["payload"]
    return [one["content"] for one in found if one["message_type"] == 2]


def policy(world: World, **values: Any) -> int:
    body = {"name": "fair", "fair_distribution_limit": 100, "fair_distribution_window": 3600, **values}
    made: int = world.http.post(f"{world.account}/assignment_policies", json=body, token=world.admin).json()["id"]
    path = f"{world.account}/inboxes/{world.inbox['id']}/assignment_policy"
    assert world.http.post(path, json={"assignment_policy_id": made}, token=world.admin).status_code == 200
    return made


def is_here(world: World) -> None:
    """Ada shows signs of life."""
    assert world.http.get(f"{world.account}/conversations", token=world.ada).status_code == 200


@pytest.fixture(autouse=True)
def ada_is_here(world: World) -> None:
    is_here(world)


@pytest.fixture
def team(world: World) -> int:
    """Of Ada and Olga; only Ada is in the inbox."""
    made: int = world.http.post(f"{world.account}/teams", json={"name": "sales"}, token=world.admin).json()["id"]
    path = f"{world.account}/teams/{made}/team_members"
    world.http.post(path, json={"user_ids": [world.ada_id, world.olga_id]}, token=world.admin)
    return made


def test_members_who_are_online_take_turns(world: World, clock: Clock) -> None:
    bea, cy = agent(world, "bea"), agent(world, "cy")
    before = len(world.events())
    assert [whose(world, world.conversation()) for _ in range(4)] == [world.ada_id, bea, cy, world.ada_id]
    events = world.events()[before:]
    assert [one["event"] for one in events] == ["conversation_created"] * 4
    assert events[0]["meta"]["assignee"]["id"] == world.ada_id
    assert lines(world, 1) == []
    clock.advance(s=301)  # nobody heard of Ada since
    assert [whose(world, world.conversation()) for _ in range(3)] == [bea, cy, bea]


def test_the_assignee_follows_and_is_told(world: World) -> None:
    number = world.conversation()
    path = f"{world.account}/conversations/{number}/participants"
    assert [one["id"] for one in world.http.get(path, token=world.admin).json()] == [world.ada_id]
    told = world.http.get(f"{world.account}/notifications", token=world.ada).json()["data"]["payload"]
    assert "conversation_assignment" in {one["notification_type"] for one in told}


def test_busy_and_offline_ones_get_none_and_nobody_means_nobody(world: World) -> None:
    world.http.post(
        "/api/v1/profile/availability",
        json={"profile": {"account_id": 1, "availability": "busy"}},
        token=world.ada,
    )
    assert whose(world, world.conversation()) is None


def test_an_inbox_that_hands_out_nothing_is_left_alone_and_so_is_what_a_bot_has(world: World) -> None:
    setting(world, enable_auto_assignment=False)
    number = world.conversation()
    assert whose(world, number) is None
    setting(world, enable_auto_assignment=True)
    act(world, number, "toggle_status", status="pending")
    assert whose(world, number) is None
    act(world, number, "toggle_status", status="open")
    assert whose(world, number) == world.ada_id
    assert lines(world, number)[-2:] == [
        "Conversation was reopened by Administrator", "Assigned to Ada by Administrator",
    ]  # fmt: skip


def test_who_leaves_the_inbox_or_never_was_in_it_is_replaced_when_it_opens_again(world: World) -> None:
    number = world.conversation()
    act(world, number, "assignments", assignee_id=world.olga_id)
    act(world, number, "toggle_status", status="resolved")
    before = len(world.events())
    world.incoming(number)
    assert whose(world, number) == world.ada_id
    changed = [one for one in world.events()[before:] if one["event"] == "conversation_updated"]
    names = [name for one in changed[0]["changed_attributes"] for name in one]
    assert {"status", "assignee_id"} <= set(names)
    assert "conversation_status_changed" in [one["event"] for one in world.events()[before:]]


def test_a_member_keeps_what_opens_again(world: World) -> None:
    agent(world, "bea")
    number = world.conversation()
    for _ in range(2):
        act(world, number, "toggle_status", status="snoozed")
        world.incoming(number)
        assert whose(world, number) == world.ada_id


def test_who_opens_it_again_takes_it_whosever_turn_it_is(world: World) -> None:
    bea = agent(world, "bea")
    world.conversation()
    number = world.conversation()
    assert whose(world, number) == bea
    act(world, number, "toggle_status", status="resolved")
    act(world, number, "toggle_status", token=world.ada, status="open")
    assert whose(world, number) == world.ada_id


def test_nobody_has_more_open_ones_than_the_inbox_allows(world: World) -> None:
    setting(world, auto_assignment_config={"max_assignment_limit": 2})
    numbers = [world.conversation() for _ in range(3)]
    assert [whose(world, number) for number in numbers] == [world.ada_id, world.ada_id, None]
    act(world, numbers[0], "toggle_status", status="resolved")
    assert whose(world, world.conversation()) == world.ada_id


def test_a_team_gets_its_own_members_who_are_in_the_inbox(world: World, team: int) -> None:
    bea = agent(world, "bea")
    numbers = [world.conversation() for _ in range(2)]
    assert [whose(world, number) for number in numbers] == [world.ada_id, bea]
    setting(world, enable_auto_assignment=False)
    for number in numbers:
        act(world, number, "assignments", team_id=team)
        assert whose(world, number) == world.ada_id, "whatever the inbox says"
    assert lines(world, numbers[1])[-1] == "Assigned to Ada via sales by Administrator"
    act(world, numbers[1], "assignments", team_id=0)
    assert whose(world, numbers[1]) == world.ada_id


def test_a_team_that_hands_out_nothing_takes_it_from_a_stranger_and_gives_it_to_nobody(world: World, team: int) -> None:
    world.http.patch(f"{world.account}/teams/{team}", json={"allow_auto_assign": False}, token=world.admin)
    bea = agent(world, "bea")
    world.conversation()
    number = world.conversation()
    assert whose(world, number) == bea
    act(world, number, "assignments", team_id=team)
    assert whose(world, number) is None
    act(world, number, "toggle_status", status="resolved")
    world.incoming(number)
    assert whose(world, number) is None


def test_what_somebody_has_open_is_handed_to_others_when_they_leave_the_inbox(world: World, app: App) -> None:
    numbers = [world.conversation() for _ in range(60)]
    act(world, numbers[0], "toggle_status", status="resolved")
    bea, cy = agent(world, "bea"), agent(world, "cy")
    join(world, bea, cy, exact=True)
    Assigner(app.store).step()
    assert whose(world, numbers[0]) == world.ada_id, "it is over"
    assert Counter(whose(world, number) for number in numbers[1:]) in ({bea: 30, cy: 29}, {bea: 29, cy: 30})
    updated = world.events()[-1]
    assert (updated["event"], updated["meta"]["assignee"]["id"]) == ("conversation_updated", bea)
    with app.store.read() as tx:
        assert tx.filter(Departure) == []


def test_where_nobody_can_take_it_it_stays_until_it_opens_again(world: World, app: App) -> None:
    number = world.conversation()
    join(world, exact=True)
    Assigner(app.store).step()
    assert whose(world, number) == world.ada_id


def test_what_somebody_has_open_is_handed_to_others_when_they_leave_the_account(world: World, app: App) -> None:
    numbers = [world.conversation() for _ in range(55)]
    act(world, numbers[0], "toggle_status", status="resolved")
    bea = agent(world, "bea")
    assert world.http.delete(f"{world.account}/agents/{world.ada_id}", token=world.admin).status_code == 200
    assert [whose(world, number) for number in numbers] == [None] + [bea] * 54
    world.http.delete(f"{world.account}/agents/{bea}", token=world.admin)
    assert {whose(world, number) for number in numbers} == {None}
    with app.store.read() as tx:
        assert tx.filter(Departure) == []


def test_a_policy_hands_out_the_oldest_first_within_its_limit_as_time_passes(
    world: World, app: App, clock: Clock
) -> None:
    made = policy(world, fair_distribution_limit=2, fair_distribution_window=600)
    loop = Assigner(app.store)
    numbers = []
    for _ in range(5):
        numbers.append(world.conversation())
        clock.advance(s=1)
    assert {whose(world, number) for number in numbers} == {None}, "a moment later, in its order"
    loop.step()
    assert [whose(world, number) for number in numbers] == [world.ada_id] * 2 + [None] * 3
    assert lines(world, numbers[0]) == ["Assigned to Ada by Automation System via fair"]
    clock.advance(s=601)
    is_here(world)
    assert loop.turn() <= 60, "who comes back waits no longer"
    assert [whose(world, number) for number in numbers] == [world.ada_id] * 4 + [None]
    with app.store.read() as tx:
        assert len(tx.filter(Assignment)) == 2, "older ones count no more"
    world.http.patch(f"{world.account}/assignment_policies/{made}", json={"enabled": False}, token=world.admin)
    assert whose(world, world.conversation()) == world.ada_id, "at once again"
    loop.step()
    assert whose(world, numbers[-1]) is None


def test_a_policy_can_take_who_waits_longest_first(world: World, app: App, clock: Clock) -> None:
    policy(world, fair_distribution_limit=1, conversation_priority="longest_waiting")
    first = world.conversation()
    clock.advance(s=1)
    second = world.conversation()
    clock.advance(s=1)
    world.incoming(first)
    Assigner(app.store).step()
    assert (whose(world, first), whose(world, second)) == (None, world.ada_id)


def test_a_thousand_conversations_from_eight_threads_are_shared_evenly(world: World, app: App) -> None:
    people = [agent(world, name) for name in ("a", "b", "c", "d", "e")]
    join(world, *people, exact=True)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: world.conversation(), range(1000)))
    with app.store.read() as tx:
        shares = Counter(conversation.assignee_id for conversation in tx.filter(Conversation))
        assert len(tx.filter(AssignmentQueue)) == 1
    assert shares == dict.fromkeys(people, 200)


def test_what_waits_for_a_team_that_is_away_stands_in_nobodys_way(
    world: World, app: App, team: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assigner, "AT_ONCE", 2)
    path = f"{world.account}/teams/{team}/team_members"
    world.http.patch(path, json={"user_ids": [world.olga_id]}, token=world.admin)
    policy(world)
    numbers = [world.conversation() for _ in range(4)]
    for number in numbers[:3]:
        act(world, number, "assignments", team_id=team)
    Assigner(app.store).step()
    assert [whose(world, number) for number in numbers] == [None, None, None, world.ada_id]
    with app.store.read() as tx:
        inbox = tx.filter(Inbox)[0]
    found = plans(app.store, lambda tx: store.waiting(tx, inbox, [0], longest_waiting=False, limit=9))
    assert "(account_id=? AND assignee_id=? AND status=? AND inbox_id=?)" in found[0], "not all that was ever resolved"


def test_who_comes_back_at_once_keeps_what_they_had(world: World, app: App) -> None:
    bea = agent(world, "bea")
    join(world, bea)
    numbers = [world.conversation(), world.conversation()]
    assert {whose(world, number) for number in numbers} == {world.ada_id, bea}
    join(world, exact=True)
    join(world, world.ada_id)
    Assigner(app.store).step()
    assert [whose(world, number) for number in numbers] == [world.ada_id] * 2, "who stays away keeps nothing"


def test_who_gets_what_a_contact_reopens_takes_it_from_a_bot(world: World, app: App) -> None:
    world.by_hand()
    number = world.conversation()
    bot = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin).json()["id"]
    act(world, number, "assignments", assignee_id=bot, assignee_type="AgentBot")
    act(world, number, "toggle_status", status="snoozed")
    setting(world, enable_auto_assignment=True)
    is_here(world)
    world.incoming(number)
    assert (shown(world, number)["meta"]["assignee_type"], whose(world, number)) == ("User", world.ada_id)
    with app.store.read() as tx:
        assert [one.assignee_agent_bot_id for one in tx.filter(Conversation)] == [None]


def test_a_policy_leaves_what_somebody_gave_to_a_bot(world: World, app: App) -> None:
    policy(world)
    number = world.conversation()
    bot = world.http.post(f"{world.account}/agent_bots", json={"name": "Bo"}, token=world.admin).json()["id"]
    act(world, number, "assignments", assignee_id=bot, assignee_type="AgentBot")
    Assigner(app.store).step()
    assert shown(world, number)["meta"]["assignee_type"] == "AgentBot"
