"""Values that must be there."""

from typing import Any

from inboxd.domain.errors import Invalid


def check_present(values: dict[str, Any], *names: str) -> None:
    """Raises Invalid for those of these texts that are given and blank, naming them all."""
    blank = [name for name in names if name in values and not (values[name] or "").strip()]
    if blank:
        raise Invalid(", ".join(f"{name.replace('_', ' ').capitalize()} can't be blank" for name in blank), *blank)
