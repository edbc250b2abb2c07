"""The types of what the application API answers."""

from typing import Any, Literal, NotRequired, TypedDict

from inboxd.wire import agent_bots
from inboxd.wire.shapes import Attachment, BotSender, ContactSender, Sender, UserSender, WorkingDay


class Agent(TypedDict):
    """Role and status are null once they left the account."""

    id: int
    account_id: int | None
    availability_status: str | None
    auto_offline: bool | None
    confirmed: bool
    email: str
    provider: str
    available_name: str
    name: str
    role: str | None
    thumbnail: str
    custom_attributes: NotRequired[dict[str, Any]]


class ProfileAccount(TypedDict):
    id: int
    name: str
    status: str
    onboarding_step: None
    active_at: str | None
    role: str
    permissions: list[str]
    availability: str
    availability_status: str
    auto_offline: bool


class Profile(TypedDict):
    """`access_token` is null where the answer to an earlier request is given again."""

    access_token: str | None
    account_id: int | None
    available_name: str
    avatar_url: str
    confirmed: bool
    display_name: str | None
    message_signature: str | None
    email: str
    id: int
    inviter_id: int | None
    name: str
    provider: str
    pubsub_token: str
    role: str | None
    ui_settings: dict[str, Any]
    uid: str
    type: str | None
    custom_attributes: NotRequired[dict[str, Any]]
    accounts: list[ProfileAccount]


class CacheKeys(TypedDict):
    label: str | None
    inbox: str | None
    team: str | None


class OfCacheKeys(TypedDict):
    cache_keys: CacheKeys


class Account(TypedDict):
    settings: dict[str, Any]
    created_at: str
    custom_attributes: dict[str, Any]
    domain: str | None
    features: dict[str, Any]
    id: int
    locale: str
    name: str
    support_email: str | None
    status: str
    cache_keys: CacheKeys
    latest_chatwoot_version: None


class TokenOwner(TypedDict):
    id: int
    email: str


class AccessToken(TypedDict):
    """`access_token` comes once, right after it was made."""

    id: int
    name: str
    user: TokenOwner | None
    created_at: str
    access_token: NotRequired[str | None]


class Inbox(TypedDict):
    """The keys of administrators are left out for everybody else; `secret` is shown once, right after
    it was made. Null keys in the middle belong to other channels."""

    id: int
    avatar_url: str
    channel_id: int
    name: str
    channel_type: str
    greeting_enabled: bool
    greeting_message: str | None
    working_hours_enabled: bool
    enable_email_collect: bool
    csat_survey_enabled: bool
    csat_config: dict[str, Any]
    enable_auto_assignment: bool
    auto_assignment_config: dict[str, Any]
    out_of_office_message: str | None
    working_hours: list[WorkingDay]
    timezone: str
    allow_messages_after_resolved: bool
    lock_to_single_conversation: bool
    sender_name_type: str
    business_name: str | None
    hmac_mandatory: bool
    callback_webhook_url: None
    allowed_domains: None
    widget_color: None
    website_url: None
    welcome_title: None
    welcome_tagline: None
    web_widget_script: None
    website_token: None
    selected_feature_flags: None
    reply_time: None
    messaging_service_sid: None
    phone_number: None
    provider: None
    webhook_url: str | None
    inbox_identifier: str
    additional_attributes: dict[str, Any]
    hmac_token: NotRequired[str]
    secret: NotRequired[str | None]


class InboxSlim(TypedDict):
    id: int
    avatar_url: str
    channel_id: int
    name: str
    channel_type: str
    provider: None


class InboxRow(TypedDict):
    id: int
    channel_id: int
    account_id: int
    name: str
    created_at: str
    updated_at: str
    channel_type: str
    enable_auto_assignment: bool
    greeting_enabled: bool
    greeting_message: str | None
    email_address: None
    working_hours_enabled: bool
    out_of_office_message: str | None
    timezone: str
    enable_email_collect: bool
    csat_survey_enabled: bool
    csat_config: dict[str, Any]
    allow_messages_after_resolved: bool
    auto_assignment_config: dict[str, Any]
    lock_to_single_conversation: bool
    portal_id: int | None
    sender_name_type: str
    business_name: str | None


class Notice(TypedDict):
    message: str


class InboxBot(TypedDict):
    """Empty where no bot answers."""

    agent_bot: NotRequired[agent_bots.Bot]


class Team(TypedDict):
    """`is_member`: whether the caller is in it."""

    id: int
    name: str
    description: str | None
    allow_auto_assign: bool
    account_id: int
    is_member: bool


class TeamRow(TypedDict):
    id: int
    name: str
    description: str | None
    allow_auto_assign: bool
    account_id: int
    created_at: str
    updated_at: str


class Label(TypedDict):
    id: int
    title: str
    description: str | None
    color: str
    show_on_sidebar: bool | None


class ContactInbox(TypedDict):
    source_id: str
    inbox: InboxSlim


class Contact(TypedDict):
    additional_attributes: dict[str, Any]
    availability_status: str
    email: str | None
    id: int
    name: str
    phone_number: str | None
    blocked: bool
    identifier: str | None
    thumbnail: str
    custom_attributes: dict[str, Any]
    last_activity_at: NotRequired[int]
    created_at: int
    contact_inboxes: NotRequired[list[ContactInbox]]


class ContactsMeta(TypedDict):
    """`current_page` echoes the query as it came: text when it was text."""

    count: int
    current_page: float | str


class FoundMeta(TypedDict):
    count: int | None
    current_page: float | str
    has_more: bool | None


class MadeInbox(TypedDict):
    inbox: InboxRow | None
    source_id: str | None


class MadeContact(TypedDict):
    contact: Contact
    contact_inbox: MadeInbox


class TotalMeta(TypedDict):
    total_count: int


class ListedAttachment(TypedDict):
    id: int
    message_id: int
    thumb_url: str
    data_url: str
    file_size: int
    file_type: str
    extension: str | None
    width: int | None
    height: int | None
    created_at: int
    sender: NotRequired[Sender]


class ContactAttachment(ListedAttachment):
    conversation_id: int


class Note(TypedDict):
    """`user` is left out once they are gone."""

    id: int
    content: str
    account_id: int
    contact_id: int
    user: NotRequired[Agent]
    created_at: int
    updated_at: int


class NestedContactInbox(TypedDict):
    source_id: str


class NestedConversation(TypedDict):
    assignee_id: int | None
    unread_count: int
    last_activity_at: int
    contact_inbox: NestedContactInbox


class NestedMessage(TypedDict):
    """A message inside a conversation."""

    id: int
    content: str | None
    account_id: int
    inbox_id: int
    conversation_id: int
    message_type: int
    created_at: int
    updated_at: str
    private: bool
    status: str
    source_id: str | None
    content_type: str
    content_attributes: dict[str, Any]
    sender_type: str | None
    sender_id: int | None
    external_source_ids: dict[str, Any]
    additional_attributes: dict[str, Any]
    processed_message_content: str | None
    sentiment: dict[str, Any]
    conversation: NestedConversation
    attachments: NotRequired[list[Attachment]]
    sender: NotRequired[Sender]


class ConversationMeta(TypedDict):
    sender: Contact
    channel: str
    assignee: NotRequired[Agent | agent_bots.Slim]
    assignee_type: NotRequired[Literal["User", "AgentBot"]]
    team: NotRequired[Team]
    hmac_verified: bool


class Conversation(TypedDict):
    meta: ConversationMeta
    id: int
    messages: list[NestedMessage]
    account_id: int
    uuid: str
    additional_attributes: dict[str, Any]
    agent_last_seen_at: int
    assignee_last_seen_at: int
    can_reply: bool
    contact_last_seen_at: int
    custom_attributes: dict[str, Any]
    inbox_id: int
    labels: list[str]
    muted: bool
    snoozed_until: str | None
    status: str
    created_at: int
    updated_at: float
    timestamp: int
    first_reply_created_at: int
    unread_count: int
    last_non_activity_message: NestedMessage | None
    last_activity_at: int
    priority: str | None
    waiting_since: int
    sla_policy_id: None


class Counts(TypedDict):
    mine_count: int
    assigned_count: int
    unassigned_count: int
    all_count: int


class OfCounts(TypedDict):
    meta: Counts


class ListedConversations(TypedDict):
    meta: Counts
    payload: list[Conversation]


class ConversationsPage(TypedDict):
    data: ListedConversations


class ToggledStatus(TypedDict):
    success: bool | None
    conversation_id: int
    current_status: str
    snoozed_until: str | None


class OfCustomAttributes(TypedDict):
    custom_attributes: dict[str, Any]


class Draft(TypedDict):
    has_draft: bool
    message: NotRequired[str]


class Message(TypedDict):
    """`echo_id` comes back to who sent one, at once."""

    id: int
    content: str | None
    inbox_id: int
    echo_id: NotRequired[str]
    conversation_id: int
    message_type: int
    content_type: str
    status: str
    content_attributes: dict[str, Any]
    created_at: int
    private: bool
    source_id: str | None
    sender: NotRequired[Sender]
    attachments: NotRequired[list[Attachment]]


class MessagesMeta(TypedDict):
    labels: list[str]
    additional_attributes: dict[str, Any]
    contact: ContactSender
    assignee: NotRequired[UserSender | BotSender]
    agent_last_seen_at: str | None
    assignee_last_seen_at: str | None


class CannedResponse(TypedDict):
    id: int
    account_id: int
    short_code: str
    content: str
    created_at: str
    updated_at: str


class CustomAttributeDefinition(TypedDict):
    id: int
    attribute_display_name: str
    attribute_display_type: str
    attribute_description: str | None
    attribute_key: str
    regex_pattern: str | None
    regex_cue: str | None
    attribute_values: list[str]
    attribute_model: str
    default_value: str | None
    created_at: str
    updated_at: str


class CustomFilter(TypedDict):
    id: int
    name: str
    filter_type: str
    query: dict[str, Any]
    created_at: str
    updated_at: str
