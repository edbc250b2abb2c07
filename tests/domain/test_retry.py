import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.retry import SCHEDULE_S, Outcome, next_delay_ms, parse_schedule

_chances = st.floats(0, 1, exclude_max=True)
_schedules = st.lists(st.integers(0, 10**6), max_size=20).map(tuple)


@given(_schedules, st.data(), _chances)
def test_every_delay_is_within_a_fifth_of_its_schedule(
    schedule: tuple[int, ...], data: st.DataObject, chance: float
) -> None:
    number = data.draw(st.integers(1, len(schedule) + 3))

    delay = next_delay_ms(number, schedule, chance)

    if number > len(schedule):
        assert delay is None
    else:
        assert delay is not None
        assert 800 * schedule[number - 1] - 1 <= delay <= 1200 * schedule[number - 1] + 1


@given(_chances, _chances)
def test_more_chance_is_never_less_delay(one: float, other: float) -> None:
    low, high = sorted((one, other))

    assert (next_delay_ms(1, SCHEDULE_S, low) or 0) <= (next_delay_ms(1, SCHEDULE_S, high) or 0)


def test_the_middle_of_the_jitter_is_the_schedule_itself() -> None:
    assert [next_delay_ms(number, SCHEDULE_S, 0.5) for number in range(1, 11)] == [
        *(seconds * 1000 for seconds in SCHEDULE_S),
        None,
    ]


def test_the_schedule_is_ten_attempts_over_three_days() -> None:
    assert len(SCHEDULE_S) + 1 == 10
    assert sum(SCHEDULE_S) == 5 + 5 * 60 + 30 * 60 + (2 + 5 + 10 + 14 + 20 + 24) * 3600


@given(st.lists(st.tuples(st.integers(0, 999_999), st.sampled_from(["", "s", "m", "h", "d"])), max_size=50))
def test_a_schedule_is_read_as_it_is_written(parts: list[tuple[int, str]]) -> None:
    unit = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

    assert parse_schedule(" , ".join(f"{count}{name}" for count, name in parts)) == tuple(
        count * unit[name] for count, name in parts
    )


@pytest.mark.parametrize("text", ["5x", "-1s", "1.5h", "five", "5s;5m", "1s 2s", "9999999"])
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_schedule(text)


def test_more_than_fifty_retries_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 50"):
        parse_schedule(",".join(["1s"] * 51))


def test_an_outcome_without_an_error_is_delivered() -> None:
    assert Outcome(204, None).delivered
    assert not Outcome(500, "500 Internal Server Error").delivered
