"""What a call came to."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """Why a call failed, for people. `status` is 0 when there was no answer; `field` names what was refused."""

    message: str
    status: int = 0
    field: str | None = None

    @property
    def is_offline(self) -> bool:
        return self.status == 0

    @property
    def is_denied(self) -> bool:
        """The token opens nothing, as opposed to a role that may not."""
        return self.status == 401 and "Invalid Access Token" in self.message


@dataclass(frozen=True)
class Outcome:
    """`value` is the answer with every text in it cleaned; None and a problem when there is none."""

    value: Any = None
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        return self.problem is None
