"""The table: a figure, its range over the rounds, the target beside it; and what did not add up."""

import operator
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

_COLUMNS = ("measure", "figure", "min–max", "target", "", "beside it")


@dataclass(frozen=True)
class Target:
    """`least`: the figure must reach the bound; otherwise it must not pass it."""

    bound: float
    least: bool

    def is_met(self, figure: float) -> bool:
        compare: Callable[[float, float], bool] = operator.ge if self.least else operator.le
        return compare(figure, self.bound)

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"


def at_least(bound: float) -> Target:
    return Target(bound, least=True)


def at_most(bound: float) -> Target:
    return Target(bound, least=False)


@dataclass
class Report:
    rows: list[tuple[str, ...]] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)

    def add(
        self, measure: str, rounds: Sequence[float], target: Target | None, beside: str = "", unit: str = ""
    ) -> None:
        """A line: the median of the rounds, judged by its target."""
        figure = median(rounds)
        span = f"{_short(min(rounds))}–{_short(max(rounds))}" if len(rounds) > 1 else ""
        verdict = "" if target is None else "met" if target.is_met(figure) else "MISSED"
        wanted = "" if target is None else f"{target}{unit}"
        self.rows.append((measure, f"{_short(figure)}{unit}", span, wanted, verdict, beside))

    def check(self, what: str, *, holds: bool) -> None:
        (self.checks if holds else self.mismatches).append(what)

    def write(self) -> None:
        rows = [_COLUMNS, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
        for row in rows:
            sys.stdout.write(
                "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
            )
        sys.stdout.write("\n")
        for what in self.checks:
            sys.stdout.write(f"checked: {what}\n")
        for what in self.mismatches:
            sys.stdout.write(f"MISMATCH: {what}\n")


def _short(number: float) -> str:
    """Three figures that count, whole thousands with a comma."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def middle(values: Sequence[float]) -> str:
    """The median, for the remarks beside a figure."""
    return _short(median(values))
