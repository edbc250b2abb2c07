"""The settings of an inbox in groups, each a form that fits 80x24."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from admin_tui.modals.form import Field, Form
from admin_tui.modals.row_form import RowForm
from admin_tui.state import inboxes as model
from admin_tui.state.hooks import wrong_url

Json = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """`fields(inbox)`, and `settings(values, inbox)` as the server takes them."""

    title: str
    about: str
    fields: Callable[[Json], list[Field]]
    settings: Callable[[Json, Json], Json]
    form: type[Form] = Form


def webhook_url(value: str = "") -> Field:
    return Field(
        "webhook_url", "Webhook URL", value, hint="where its events go; may be empty",
        check=lambda url: wrong_url(url, scheme=False),
    )  # fmt: skip


def name(value: str = "") -> Field:
    return Field("name", "Name", value, required=True)


def _channel(values: Json, inbox: Json) -> Json:
    window = values["agent_reply_time_window"]
    more = {**(inbox["additional_attributes"] or {}), "agent_reply_time_window": int(window) if window else None}
    return {
        "webhook_url": values["webhook_url"],
        "hmac_mandatory": values["hmac_mandatory"],
        "additional_attributes": more,
    }


def _basic_fields(inbox: Json) -> list[Field]:
    window = (inbox["additional_attributes"] or {}).get("agent_reply_time_window")
    return [
        name(inbox["name"]),
        webhook_url(inbox["webhook_url"] or ""),
        Field("hmac_mandatory", "Contacts must prove who they are", inbox["hmac_mandatory"], "flag"),
        Field("lock_to_single_conversation", "One conversation each", inbox["lock_to_single_conversation"], "flag"),
        Field("allow_messages_after_resolved", "Contacts may write when it is resolved",
              inbox["allow_messages_after_resolved"], "flag"),
        Field("agent_reply_time_window", "Hours in which agents can answer", window, "number", "empty: for ever"),
    ]  # fmt: skip


def _basics(values: Json, inbox: Json) -> Json:
    own = ("name", "lock_to_single_conversation", "allow_messages_after_resolved")
    return {"channel": _channel(values, inbox), **{key: values[key] for key in own}}


def _message_fields(inbox: Json) -> list[Field]:
    return [
        Field("greeting_enabled", "Greet who writes for the first time", inbox["greeting_enabled"], "flag"),
        Field("greeting_message", "Greeting", inbox["greeting_message"], "long"),
        Field("out_of_office_message", "Out of office", inbox["out_of_office_message"], "long",
              "sent outside working hours"),
    ]  # fmt: skip


def _sender_fields(inbox: Json) -> list[Field]:
    kinds = [("friendly: agent and business", "friendly"), ("professional: business alone", "professional")]
    return [
        Field("sender_name_type", "Sender name", inbox["sender_name_type"], "choice", choices=kinds, required=True),
        Field("business_name", "Business name", inbox["business_name"]),
        Field("enable_email_collect", "Ask for an e-mail address", inbox["enable_email_collect"], "flag"),
    ]


def _assignment_fields(inbox: Json) -> list[Field]:
    limit = (inbox["auto_assignment_config"] or {}).get("max_assignment_limit")
    return [
        Field("enable_auto_assignment", "Assign new conversations to members in turn",
              inbox["enable_auto_assignment"], "flag"),
        Field("auto_assignment_config", "Open conversations each, at most", limit, "number", "empty: no limit"),
    ]  # fmt: skip


def _assignment(values: Json, inbox: Json) -> Json:
    limit = values["auto_assignment_config"]
    config = {**(inbox["auto_assignment_config"] or {}), "max_assignment_limit": int(limit) if limit else None}
    return {"enable_auto_assignment": values["enable_auto_assignment"], "auto_assignment_config": config}


def _csat_fields(inbox: Json) -> list[Field]:
    config = inbox["csat_config"] or {}
    rules = config.get("survey_rules") or {}
    return [
        Field("csat_survey_enabled", "Ask when a conversation is resolved", inbox["csat_survey_enabled"], "flag"),
        Field("display_type", "As", config.get("display_type") or "emoji", "choice",
              choices=[("faces", "emoji"), ("stars", "star")], required=True),
        Field("message", "Question", config.get("message")),
        Field("button_text", "Button", config.get("button_text") or "Please rate us"),
        Field("language", "Language", config.get("language") or "en"),
        Field("operator", "Only when its labels", rules.get("operator") or "contains", "choice",
              choices=[("contain one of", "contains"), ("contain none of", "does_not_contain")], required=True),
        Field("labels", "These labels", ", ".join(rules.get("values") or []), hint="with commas; empty: always"),
    ]  # fmt: skip


def _csat(values: Json, inbox: Json) -> Json:
    labels = [one.strip() for one in values["labels"].split(",") if one.strip()]
    kept = ("display_type", "message", "button_text", "language")
    config = {
        **(inbox["csat_config"] or {}),
        **{key: values[key] for key in kept},
        "survey_rules": {"operator": values["operator"], "values": labels},
    }
    return {"csat_survey_enabled": values["csat_survey_enabled"], "csat_config": config}


def _hours_fields(inbox: Json) -> list[Field]:
    week = zip(model.DAYS, model.monday_first(inbox["working_hours"]), strict=True)
    return [
        Field("working_hours_enabled", "Has working hours", inbox["working_hours_enabled"], "flag"),
        *(Field(day, day, model.hours_word(row), check=model.wrong_hours, required=True) for day, row in week),
        Field("timezone", "Time zone", inbox["timezone"], check=_wrong_zone, required=True),
    ]


def _hours(values: Json, inbox: Json) -> Json:
    rows = [model.hours_row(place, values[day]) for place, day in enumerate(model.DAYS)]
    kept = ("working_hours_enabled", "timezone")
    return {"working_hours": rows, **{key: values[key] for key in kept}}


def _wrong_zone(zone: str) -> str | None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return "no such time zone; such as Europe/Berlin"
    return None


def _as_they_are(values: Json, inbox: Json) -> Json:
    return values


GROUPS = (
    Group("Basics", "name, webhook, identity, one conversation", _basic_fields, _basics),
    Group("Messages", "greeting, out of office", _message_fields, _as_they_are),
    Group("Sender", "names, e-mail address", _sender_fields, _as_they_are),
    Group("Assignment", "in turn, at most", _assignment_fields, _assignment),
    Group("CSAT survey", "what is asked, and when", _csat_fields, _csat),
    Group("Working hours", "seven days, time zone", _hours_fields, _hours, RowForm),
)
