import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.retry import (
    DAY_MS,
    HOUR_MS,
    PAUSING,
    SCHEDULE_S,
    Outcome,
    Verdict,
    decide,
    decide_for_bot,
    is_hopeless,
    next_delay_ms,
    parse_schedule,
    told,
)

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


def fails(code: int | None, asked: float | None = None) -> Outcome:
    return Outcome(code, "it failed", retry_after_s=asked)


_codes = st.one_of(st.none(), st.integers(300, 599))
_asked = st.one_of(st.none(), st.floats(0, 30 * 86_400))


@pytest.mark.parametrize(
    ("outcome", "failed_count", "expected"),
    [
        (Outcome(204, None), 3, Verdict("delivered")),
        (fails(500), 0, Verdict("pending", 5_000)),
        (fails(None), 1, Verdict("pending", 300_000)),
        (fails(404), 8, Verdict("pending", 86_400_000)),
        (fails(500), 9, Verdict("exhausted")),
        (fails(500, 60), 0, Verdict("pending", 5_000)),  # only who is overloaded may say when
        (fails(503), 0, Verdict("pending", 5_000, 5_000)),
        (fails(503), 8, Verdict("pending", 86_400_000, HOUR_MS)),
        (fails(429, 60), 0, Verdict("pending", 60_000, 60_000)),
        (fails(429, 1), 0, Verdict("pending", 5_000, 5_000)),
        (fails(502, 7_200), 0, Verdict("pending", HOUR_MS, HOUR_MS)),
        (fails(504, 10_800), 3, Verdict("pending", 10_800_000, 10_800_000)),
        (fails(503, 99_999), 3, Verdict("pending", 14_400_000, 14_400_000)),
        (fails(503), 9, Verdict("exhausted", None, HOUR_MS)),
        (fails(503, 60), 9, Verdict("exhausted", None, HOUR_MS)),
        (fails(410), 0, Verdict("pending", 5_000, disables=True)),
        (fails(410), 9, Verdict("exhausted", disables=True)),
    ],
)
def test_what_an_outcome_means(outcome: Outcome, failed_count: int, expected: Verdict) -> None:
    assert decide(outcome, failed_count, SCHEDULE_S, 0.5) == expected


@given(_codes, st.integers(0, 12), _schedules, _chances, _asked)
def test_a_failure_is_pending_exactly_while_the_schedule_goes_on(
    code: int | None, failed_count: int, schedule: tuple[int, ...], chance: float, asked: float | None
) -> None:
    verdict = decide(fails(code, asked), failed_count, schedule, chance)

    assert verdict.state == ("pending" if failed_count < len(schedule) else "exhausted")
    assert (verdict.delay_ms is None) == (verdict.state == "exhausted")
    assert verdict.disables == (code == 410)
    assert (verdict.pause_ms is None) == (code not in PAUSING)


@given(st.integers(0, 12), _schedules, _chances, _asked)
def test_what_the_receiver_asks_for_is_kept_between_the_schedule_and_twice_that_or_an_hour(
    failed_count: int, schedule: tuple[int, ...], chance: float, asked: float | None
) -> None:
    base = next_delay_ms(failed_count + 1, schedule, chance)
    verdict = decide(fails(503, asked), failed_count, schedule, chance)
    assert verdict.pause_ms is not None

    if base is not None:
        assert verdict.delay_ms is not None
        assert base <= verdict.delay_ms <= max(2 * base, HOUR_MS)
        if asked is not None and base <= asked * 1000 <= max(2 * base, HOUR_MS):
            assert abs(verdict.delay_ms - asked * 1000) <= 1
        assert verdict.pause_ms <= verdict.delay_ms
    assert verdict.pause_ms <= max(HOUR_MS, (asked or 0) * 1000 + 1)


@pytest.mark.parametrize("code", sorted(PAUSING))
def test_without_a_schedule_one_failure_exhausts_and_a_webhook_rests_only_when_asked(code: int) -> None:
    assert decide(fails(500), 0, (), 0.5) == Verdict("exhausted")
    assert decide(fails(code), 0, (), 0.5) == Verdict("exhausted", None, 0)
    assert decide(fails(code, 60), 0, (), 0.5) == Verdict("exhausted", None, 60_000)
    assert decide(fails(code, 10**6), 0, (), 0.5) == Verdict("exhausted", None, HOUR_MS)


@given(_codes, st.integers(0, 5), _asked)
def test_a_bot_gets_three_attempts_three_seconds_apart_for_429_and_500_alone(
    code: int | None, failed_count: int, asked: float | None
) -> None:
    again = code in (429, 500) and failed_count < 2

    assert decide_for_bot(fails(code, asked), failed_count) == (
        Verdict("pending", 3_000) if again else Verdict("exhausted")
    )
    assert decide_for_bot(Outcome(200, None), failed_count) == Verdict("delivered")


@pytest.mark.parametrize(
    ("days", "attempts", "expected"),
    [(5, 10, True), (5, 9, False), (4.999, 10, False), (4.999, 10_000, False), (100, 9, False), (100, 10, True)],
)
def test_a_webhook_is_hopeless_only_after_both_five_days_and_ten_attempts(
    days: float, attempts: int, expected: bool
) -> None:
    since = 1_781_090_096_789

    assert is_hopeless(since, attempts, since + round(days * DAY_MS)) is expected


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("302 Found: redirects are not followed, update the URL to https://new.test/?token=s3cret to the end",
         "302 Found: redirects are not followed, update the URL"),
        ("304 Not Modified: redirects are not followed, update the URL",
         "304 Not Modified: redirects are not followed, update the URL"),
        ("refused to connect (403 Forbidden)", "refused to connect (403 Forbidden)"),
        ("", ""),
    ],
)  # fmt: skip
def test_where_a_redirect_points_is_told_to_nobody_and_other_errors_are_told_whole(error: str, words: str) -> None:
    assert told(error) == words
