"""A rule or macro that somebody is changing."""

from copy import deepcopy
from typing import Any

Json = dict[str, Any]
RULE = ("name", "description", "event_name", "conditions", "actions")
MACRO = ("name", "visibility", "actions")


class Draft:
    """`found` is what the server has of it, with an id, or how a new one begins. `is_kept` while nobody writes it."""

    def __init__(self, found: Json, *, macro: bool) -> None:
        self.macro = macro
        self.id: int | None = found.get("id")
        self.values: Json = deepcopy({name: found[name] for name in (MACRO if macro else RULE)})
        self.files = {str(one["blob_id"]): str(one["filename"]) for one in found.get("files") or []}
        self.is_kept = False
        self._before = deepcopy(self.values)
        self._past: list[Json] = []

    @property
    def title(self) -> str:
        kind = "macro" if self.macro else "rule"
        return f"Edit {self._before['name']}" if self.id is not None else f"New {kind}"

    def changed(self) -> Json:
        """What is not as the server has it, as it takes it."""
        values = self.wire()
        return {name: value for name, value in values.items() if value != self._before[name] or self.id is None}

    @property
    def is_changed(self) -> bool:
        return self.values != self._before

    def wire(self) -> Json:
        """Each condition with the word that joins it to the next, the last with none."""
        values = deepcopy(self.values)
        conditions = values.get("conditions") or []
        for one in conditions[:-1]:
            one["query_operator"] = one.get("query_operator") or "AND"
        if conditions and self.values["conditions"] != self._before["conditions"]:
            conditions[-1]["query_operator"] = None
        return values

    # Changes, each of which can be taken back.

    def set(self, **values: Any) -> None:
        self._keep()
        self.values.update(values)

    def put(self, section: str, place: int, one: Json) -> None:
        """In the place of another, or behind the last one."""
        self._keep()
        found = self.values[section]
        if place < len(found):
            joiner = {"query_operator": found[place].get("query_operator")} if section == "conditions" else {}
            found[place] = {**one, **joiner}
        else:
            found.append(one)

    def remove(self, section: str, place: int) -> None:
        self._keep()
        del self.values[section][place]

    def move(self, section: str, place: int, by: int) -> int:
        """Its new place. What joins conditions stays where it is."""
        found, other = self.values[section], place + by
        if not 0 <= other < len(found):
            return place
        self._keep()
        found[place], found[other] = found[other], found[place]
        if section == "conditions":
            one, two = found[place], found[other]
            words = one.get("query_operator"), two.get("query_operator")
            two["query_operator"], one["query_operator"] = words
        return other

    def undo(self) -> bool:
        """Whether there was anything to take back."""
        if self._past:
            self.values = self._past.pop()
            return True
        return False

    def _keep(self) -> None:
        self._past.append(deepcopy(self.values))
