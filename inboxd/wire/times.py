"""Chatwoot's four ways to write a moment. Input is milliseconds since 1970, or None."""

from datetime import UTC, datetime
from functools import lru_cache


def seconds(moment: int | None) -> int:
    """Unix seconds; 0 when there is no moment."""
    return moment // 1000 if moment else 0


def seconds_or_none(moment: int | None) -> int | None:
    return None if moment is None else moment // 1000


def float_seconds(moment: int) -> float:
    return moment / 1000


def iso(moment: int) -> str:
    """`2026-06-10T12:34:56.789Z`."""
    whole, rest = divmod(moment, 1000)
    return f"{_to_the_second(whole)}.{rest:03d}Z"


@lru_cache(maxsize=256)
def _to_the_second(whole: int) -> str:
    # One event spells a handful of moments, most of them this very second.
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}"


def plain(moment: int) -> str:
    """`2026-06-10 12:34:56`, in UTC."""
    return _to_the_second(moment // 1000).replace("T", " ")


def iso_or_none(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)
