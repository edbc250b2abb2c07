import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain import pace
from inboxd.domain.pace import LIMIT, MINUTE_MS, SPACING_MS, Brake


def braked(brake: Brake, count: int, now: int = 0, every: int = 0) -> list[int]:
    """The numbers of the events at which a conversation became too much."""
    return [number for number in range(1, count + 1) if brake.count(1, now + number * every)]


def test_the_event_after_the_limit_brakes_and_that_is_told_once() -> None:
    assert braked(Brake(), 3 * LIMIT) == [LIMIT + 1]


def test_what_is_below_the_limit_is_never_braked() -> None:
    brake = Brake()

    assert braked(brake, 10 * LIMIT, every=SPACING_MS + 5) == []
    assert brake.delay_ms(1, 1, 10 * LIMIT * (SPACING_MS + 5)) == 0


def test_a_braked_loop_that_goes_on_close_to_the_limit_is_told_once() -> None:
    brake = Brake()
    braked(brake, LIMIT + 1)

    assert braked(brake, 10 * LIMIT, every=SPACING_MS) == []


def test_a_braked_conversation_waits_between_deliveries_and_others_do_not() -> None:
    brake = Brake()
    braked(brake, LIMIT + 1)

    assert [brake.delay_ms(1, conversation, 1) for conversation in (1, 2, None)] == [SPACING_MS, 0, 0]


def test_a_loop_that_ended_is_forgotten_within_two_minutes() -> None:
    brake = Brake()
    braked(brake, LIMIT + 1)

    assert brake.delay_ms(1, 1, MINUTE_MS - 1) == SPACING_MS
    assert brake.delay_ms(1, 1, MINUTE_MS + MINUTE_MS // 100) == 0
    assert not brake.count(1, 3 * MINUTE_MS)


def test_a_conversation_that_loops_again_is_told_again() -> None:
    brake = Brake()
    braked(brake, LIMIT + 1)

    assert braked(brake, LIMIT + 1, now=5 * MINUTE_MS) == [LIMIT + 1]


@given(st.lists(st.integers(-(10**9), 10**9), max_size=30))
def test_a_clock_that_is_set_brakes_nobody(times: list[int]) -> None:
    brake = Brake()

    assert not any(brake.count(1, now) for now in times)
    assert not any(brake.delay_ms(1, 1, now) for now in times)


def test_what_was_counted_before_the_clock_was_set_back_does_not_stay_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_KEPT", 10)
    brake = Brake()
    for conversation in range(10):
        brake.count(conversation, 10**9)
    for conversation in range(200, 230):
        brake.count(conversation, 0)

    assert {minute.began for minute in brake._minutes.values()} == {0}


def test_many_conversations_in_one_minute_are_not_looked_through_at_each_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "_KEPT", 10)
    brake = Brake()
    for conversation in range(1000):
        brake.count(conversation, 0)

    assert len(brake._minutes) == 1000
    assert brake._room == 1280


def test_conversations_of_older_minutes_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_KEPT", 10)
    brake = Brake()
    for conversation in range(1000):
        brake.count(conversation, conversation * MINUTE_MS)

    assert len(brake._minutes) <= 11
