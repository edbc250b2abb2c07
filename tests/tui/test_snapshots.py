"""The screens that people see first, as text: a change that moves anything there is looked at before it is kept.

`SNAPSHOTS=write .venv/bin/pytest tests/tui/test_snapshots.py` writes them anew; `git diff` shows what moved.
"""

import os
import re
from pathlib import Path

import pytest

from tests.tui.cast import Desk, Seat, run, seated

KEPT = Path(__file__).parent / "snapshots"
_MASKS = (
    (r"\b\d\d:\d\d(:\d\d)?\b", lambda found: re.sub(r"\d", "0", found[0])),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ \w{3}\b", "Day 00 Mon"),
    (r" +\d+(ms|[smhd])\b", " ~"),
    (r"\b(now|peak) \d+", r"\1 #"),
    (r"[▁▂▃▄▅▆▇█]+", "█"),
    (r"─{5,}", "─────"),
    (r"(?<=inboxes/)\w+(?=…)", "xxx"),
    (r"\b[A-Za-z0-9]{24}\b", "x" * 24),
    (r"(?<=••••)\w{4}", "xxxx"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:port"),
)


def masked(seat: Seat) -> str:
    """What does not depend on when it is looked at."""
    text = "\n".join(line.rstrip() for line in seat.lines)
    for pattern, instead in _MASKS:
        text = re.sub(pattern, instead, text)
    return "\n".join(line.rstrip() for line in text.split("\n")) + "\n"


async def kept(seat: Seat, name: str) -> None:
    path = KEPT / f"{name}.txt"
    if os.environ.get("SNAPSHOTS") == "write":
        await seat.pilot.pause(0.5)
        path.write_text(masked(seat))
    expected = path.read_text()
    try:
        await seat.until(lambda: masked(seat) == expected)
    except AssertionError:
        assert masked(seat) == expected


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_what_people_see_first_is_as_it_was_kept(desk: Desk, size: tuple[int, int]) -> None:
    desk.talk("Ann Lee", "Hello", "Where is my order?")
    number = desk.talk("Bob", "Thanks, that was quick!")
    desk.client.call("POST", f"/conversations/{number}/messages", content="You are welcome.")
    desk.talk("Carla Núñez", "¿Hola?", "日本語も大丈夫ですか")

    async def story() -> None:
        async with seated(desk, at="dashboard", size=size) as seat:
            await seat.sees("conversations unassigned")
            await kept(seat, f"dashboard-{size[0]}x{size[1]}")
            for key, place, sees in (("3", "conversations", "大丈夫"), ("2", "inboxes", "shop")):
                await seat.press(key)
                await seat.sees(sees)
                await kept(seat, f"{place}-{size[0]}x{size[1]}")

    run(story())
