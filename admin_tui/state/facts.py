"""What is known of one thing, a line each."""

from dataclasses import dataclass


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
