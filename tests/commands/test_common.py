import argparse
import time
from datetime import UTC, datetime, timedelta

import pytest

from inboxd.commands.common import ago, between, duration_s, moment_s, span, table, wrapped


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1781090096", 1_781_090_096),
        ("1781090096.5", 1_781_090_096.5),
        ("2026-06-10T11:14:56Z", 1_781_090_096),
        ("2026-06-10T11:14:56", 1_781_090_096),
        ("2026-06-10T13:14:56+02:00", 1_781_090_096),
        ("2026-06-10", 1_781_049_600),
    ],
)
def test_a_moment_is_unix_seconds_or_an_iso_time_in_utc(text: str, moment: float) -> None:
    assert moment_s(text) == moment


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("2h", 7200), ("3d", 259_200)])
def test_a_moment_is_also_an_age(text: str, seconds: int) -> None:
    assert duration_s(text) == seconds
    assert abs(time.time() - seconds - moment_s(text)) < 5


@pytest.mark.parametrize("text", ["", "yesterday", "2w", "-5", "2h,3h", "2026-13-01", "1e9", "nan"])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="3d, 2026-06-10T12:30"):
        moment_s(text)


def test_times_are_told_in_their_biggest_unit() -> None:
    now = datetime.now(UTC)
    assert [span(seconds) for seconds in (0, 119, 120, 7_199, 7_200, 172_800)] == [
        "0s",
        "119s",
        "2m",
        "119m",
        "2h",
        "2d",
    ]
    assert ago((now - timedelta(hours=3, minutes=1)).isoformat()) == "3h ago"
    assert ago((now + timedelta(hours=3, minutes=1)).isoformat()) == "in 3h"
    assert (ago(now.isoformat()), ago(None)) == ("just now", "-")
    assert between("2026-06-10T11:14:56.789Z", "2026-06-10T11:20:00.000Z") == "5m"


def test_a_table_ends_where_the_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    rows = [("id", "what"), (1, "x" * 80)]
    assert [len(line) for line in table(rows, 90, fit=True, indent="  ")] == [10, 50]
    assert [len(line) for line in table(rows, 90)] == [8, 84]
    assert table([]) == []


def test_the_reason_has_what_the_other_columns_leave_of_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rows = [("url", "state", "reason"), ("https://" + "x" * 80, "disabled", "410 Gone: " + "y" * 80)]
    lines = table(rows, 200, fit=True)
    assert len(lines[1]) == 60
    assert lines[1].index("410 Gone") == 30


def test_a_sentence_is_wrapped_where_the_terminal_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert wrapped("say it all, now with `inbox health 1`") == ["say it all, now with `inbox health 1`"]
    assert wrapped("say it all, and now with `inbox health 1`") == ["say it all, and now with", "`inbox health 1`"]
    assert wrapped("word " * 10, "  ") == ["word " * 7 + "word", "  word word"]
