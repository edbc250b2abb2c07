"""The settings of an inbox in groups, each a form that fits 80x24."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from admin_tui.modals.form import Field, Form
from admin_tui.modals.row_form import RowForm
from admin_tui.state import hours, spans
from admin_tui.state import inboxes as model
from admin_tui.state.directory import Directory
from admin_tui.state.hooks import wrong_url

Json = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """`fields(inbox, directory)`, and `settings(values, inbox)` as the server takes them."""

    title: str
    about: str
    fields: Callable[[Json, Directory], list[Field]]
    settings: Callable[[Json, Json], Json]
    form: type[Form] = Form


def webhook_url(value: str = "") -> Field:
    return Field(
        "webhook_url", "Webhook URL", value, hint="where its events go; may be empty",
        check=lambda url: wrong_url(url, scheme=False),
    )  # fmt: skip


def name(value: str = "") -> Field:
    return Field("name", "Name", value, required=True)


def _basic_fields(inbox: Json, directory: Directory) -> list[Field]:
    return [
        name(inbox["name"]),
        webhook_url(inbox["webhook_url"] or ""),
        Field("hmac_mandatory", "Contacts must prove who they are", inbox["hmac_mandatory"], "flag"),
        Field("lock_to_single_conversation", "One conversation each", inbox["lock_to_single_conversation"], "flag"),
        Field("allow_messages_after_resolved", "Contacts may write when it is resolved",
              inbox["allow_messages_after_resolved"], "flag"),
    ]  # fmt: skip


def _basics(values: Json, inbox: Json) -> Json:
    own = ("name", "lock_to_single_conversation", "allow_messages_after_resolved")
    channel = {key: value for key, value in values.items() if key not in own}
    return {"channel": channel, **{key: values[key] for key in own}}


def _text_fields(inbox: Json, directory: Directory) -> list[Field]:
    account = str(directory.meta.get("account", {}).get("name", ""))

    def preview(text: str) -> str:
        return model.preview(text, inbox["name"], account)

    return [
        Field("greeting_enabled", "Greet who writes for the first time", inbox["greeting_enabled"], "flag"),
        Field("greeting_message", "Greeting", inbox["greeting_message"], "long", shows=preview),
        Field("working_hours_enabled", "Outside working hours, say that nobody is there",
              inbox["working_hours_enabled"], "flag", "switches the hours too"),
        Field("out_of_office_message", "Out of office", inbox["out_of_office_message"], "long", shows=preview),
    ]  # fmt: skip


def _window_fields(inbox: Json, directory: Directory) -> list[Field]:
    more = inbox["additional_attributes"] or {}
    return [
        Field("agent_reply_time_window", "Agents can answer for", model.window(inbox),
              hint="so long after the customer wrote: 24h, 7d; empty: for ever",
              check=lambda text: spans.wrong(text, "h", "1h", "99999h")),
        Field("agent_reply_time_window_message", "What agents read when it is over",
              more.get("agent_reply_time_window_message"), hint="such as: send a template instead"),
    ]  # fmt: skip


def _window(values: Json, inbox: Json) -> Json:
    length = spans.seconds(values["agent_reply_time_window"], "h")
    given = {
        "agent_reply_time_window": length // 3600 if length else None,
        "agent_reply_time_window_message": values["agent_reply_time_window_message"] or None,
    }
    return {"channel": {"additional_attributes": {**(inbox["additional_attributes"] or {}), **given}}}


def _sender_fields(inbox: Json, directory: Directory) -> list[Field]:
    kinds = [("friendly: agent and business", "friendly"), ("professional: business alone", "professional")]
    return [
        Field("sender_name_type", "Sender name", inbox["sender_name_type"], "choice", choices=kinds, required=True),
        Field("business_name", "Business name", inbox["business_name"]),
        Field("enable_email_collect", "Ask for an e-mail address", inbox["enable_email_collect"], "flag"),
    ]


def _assignment_fields(inbox: Json, directory: Directory) -> list[Field]:
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


def _csat_fields(inbox: Json, directory: Directory) -> list[Field]:
    config = inbox["csat_config"] or {}
    rules = config.get("survey_rules") or {}
    titles = [str(one["title"]) for one in directory.labels]
    return [
        Field("csat_survey_enabled", "Ask when a conversation is resolved", inbox["csat_survey_enabled"], "flag"),
        Field("display_type", "As", config.get("display_type") or "emoji", "choice",
              choices=[("faces", "emoji"), ("stars", "star")], required=True),
        Field("message", "Question", config.get("message"), hint="empty: the usual one"),
        Field("button_text", "Button", config.get("button_text") or "Please rate us"),
        Field("language", "Language", config.get("language") or "en", hint="de en es fr it nl pt; others are English"),
        Field("operator", "Only when its labels", rules.get("operator") or "contains", "choice",
              choices=[("contain one of", "contains"), ("contain none of", "does_not_contain")], required=True),
        Field("labels", "These labels", ", ".join(rules.get("values") or []), hint="with commas; empty: always",
              complete=lambda text: model.label_completed(text, titles)),
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


def _hours_fields(inbox: Json, directory: Directory) -> list[Field]:
    week = zip(hours.DAYS, hours.monday_first(inbox["working_hours"]), strict=True)
    return [
        Field("working_hours_enabled", "Has working hours", inbox["working_hours_enabled"], "flag",
              shows=lambda _: hours.SCALE),
        *(Field(day, day, hours.hours_word(row), check=hours.wrong_hours, required=True, shows=hours.hours_shown)
          for day, row in week),
        Field("timezone", "Time zone (→ completes)", inbox["timezone"], check=hours.wrong_zone, required=True,
              complete=hours.zone_completed, shows=_there),
    ]  # fmt: skip


def _there(zone: str) -> str:
    return "" if hours.wrong_zone(zone) else f"{hours.clock_there(zone, time.time())} there now"


def _hours(values: Json, inbox: Json) -> Json:
    rows = [hours.hours_row(place, values[day]) for place, day in enumerate(hours.DAYS)]
    kept = ("working_hours_enabled", "timezone")
    return {"working_hours": rows, **{key: values[key] for key in kept}}


def _as_they_are(values: Json, inbox: Json) -> Json:
    return values


GROUPS = (
    Group("Basics", "name, webhook, identity, one conversation", _basic_fields, _basics),
    Group("Working hours", "seven days, time zone", _hours_fields, _hours, RowForm),
    Group("Texts", "greeting, out of office", _text_fields, _as_they_are),
    Group("Reply window", "how long agents can answer, and what they read then", _window_fields, _window),
    Group("Assignment", "in turn, at most", _assignment_fields, _assignment),
    Group("CSAT survey", "what is asked, and when", _csat_fields, _csat),
    Group("Sender", "names, e-mail address", _sender_fields, _as_they_are),
)
