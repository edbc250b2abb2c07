"""What is known of one thing, a line each."""

from collections.abc import Callable
from dataclasses import dataclass

Tip = Callable[[str, str, str], str]
"""(id of an action, what it does, what stands before) in words; nothing for who may not do it."""


@dataclass(frozen=True)
class Fact:
    """`copy` is what is copied, where that is not what is shown: the whole of a masked value. Without a value the
    label is a heading."""

    label: str
    value: str = ""
    copy: str = ""

    @property
    def to_copy(self) -> str:
        return self.copy or self.value
