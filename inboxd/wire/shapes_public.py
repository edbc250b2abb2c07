"""The types of what the client API answers."""

from typing import Any, NotRequired, TypedDict

from inboxd.wire.shapes import Attachment, Sender, WorkingDay


class PublicInbox(TypedDict):
    identifier: str
    identity_validation_enabled: bool
    name: str
    timezone: str
    working_hours: list[WorkingDay]
    working_hours_enabled: bool
    csat_survey_enabled: bool
    greeting_enabled: bool


class PublicContact(TypedDict):
    source_id: str
    pubsub_token: str
    id: int
    name: str
    email: str | None
    phone_number: str | None


class ContactRecord(TypedDict):
    """Every column. `location` and `country_code` are whatever the additional attributes say."""

    id: int
    name: str
    email: str | None
    phone_number: str | None
    account_id: int
    created_at: str
    updated_at: str
    additional_attributes: dict[str, Any]
    identifier: str | None
    custom_attributes: dict[str, Any]
    last_activity_at: str | None
    contact_type: str
    middle_name: str
    last_name: str
    location: Any
    country_code: Any
    blocked: bool
    company_id: int | None
    label_list: list[str]


class PublicMessage(TypedDict):
    id: int
    content: str | None
    message_type: int
    content_type: str
    content_attributes: dict[str, Any]
    created_at: int
    conversation_id: int
    attachments: NotRequired[list[Attachment]]
    sender: NotRequired[Sender]


class PublicConversation(TypedDict):
    id: int
    uuid: str
    inbox_id: int
    contact_last_seen_at: int
    status: str
    agent_last_seen_at: int
    messages: list[PublicMessage]
    contact: ContactRecord
