"""What an account may be set to."""

import re
from typing import Any

from inboxd.domain.errors import Invalid
from inboxd.domain.text import check_name

COLUMNS = ("name", "locale", "domain", "support_email")
SETTINGS = (
    "auto_resolve_after", "auto_resolve_message", "auto_resolve_ignore_waiting", "auto_resolve_label",
    "audio_transcriptions", "keep_pending_on_bot_failure",
)  # fmt: skip
ATTRIBUTES = ("industry", "company_size", "timezone", "referral_source", "user_role", "website")
_LOCALE = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?")
_RESOLVE_AFTER = (10, 1_439_856)


def check(values: dict[str, Any]) -> None:
    """Raises Invalid for a name, locale or setting that breaks a rule."""
    if "name" in values:
        check_name(values["name"] or "")
    if "locale" in values and not _LOCALE.fullmatch(values["locale"] or ""):
        raise Invalid("Locale is not a locale", "locale")
    minutes = values.get("auto_resolve_after")
    least, most = _RESOLVE_AFTER
    if minutes is not None and minutes < least:
        raise Invalid(f"Auto resolve after must be greater than or equal to {least}", "auto_resolve_after")
    if minutes is not None and minutes > most:
        raise Invalid(f"Auto resolve after must be less than or equal to {most}", "auto_resolve_after")
