"""Tables: columns and keys, nothing clever. Times are integer milliseconds since 1970 UTC."""

import json
from typing import TYPE_CHECKING, Any

from peewee import SQL, AutoField, BigIntegerField, BooleanField, Field, IntegerField, Model, NodeList, TextField, fn

if TYPE_CHECKING:
    _Object = Field[dict[str, Any]]
    _List = Field[list[Any]]
else:
    _Object = _List = Field


class ObjectField(_Object):
    """A JSON object as text. Own class because Peewee's JSONField binds to one global database."""

    field_type = "TEXT"

    def __init__(self) -> None:
        super().__init__(default=dict)

    def db_value(self, value: Any) -> Any:
        return "{}" if not value else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def python_value(self, value: Any) -> dict[str, Any]:
        return {} if value == "{}" else json.loads(value)


class ListField(_List):
    """A JSON array as text."""

    field_type = "TEXT"

    def __init__(self) -> None:
        super().__init__(default=list)

    def db_value(self, value: Any) -> Any:
        return "[]" if not value else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def python_value(self, value: Any) -> list[Any]:
        return [] if value == "[]" else json.loads(value)


class Record(Model):
    """A row is a plain value: services read it, the transaction alone writes it."""

    id = AutoField()
    created_at = BigIntegerField()


class Table(Record):
    """A record that also changes."""

    updated_at = BigIntegerField()


class Setting(Record):
    """Facts of this installation, such as the key that signs attachment links."""

    name = TextField()
    value = TextField()

    class Meta:
        table_name = "settings"
        indexes = ((("name",), True),)


class Account(Table):
    name = TextField()
    locale = TextField(default="en")
    domain = TextField(null=True)
    support_email = TextField(null=True)
    status = TextField(default="active")
    settings = ObjectField()
    custom_attributes = ObjectField()

    class Meta:
        table_name = "accounts"


class Counter(Record):
    """Numbers that must have no gaps: the display ids and event seqs of an account."""

    account_id = IntegerField()
    name = TextField()
    value = BigIntegerField(default=0)

    class Meta:
        table_name = "counters"
        indexes = ((("account_id", "name"), True),)


class User(Table):
    name = TextField()
    display_name = TextField(null=True)
    email = TextField()
    uid = TextField()
    kind = TextField(null=True)
    confirmed = BooleanField(default=True)
    message_signature = TextField(null=True)
    pubsub_token = TextField()
    ui_settings = ObjectField()
    custom_attributes = ObjectField()
    avatar = TextField(default="")

    class Meta:
        table_name = "users"
        indexes = ((("email",), True),)


class AccountUser(Table):
    account_id = IntegerField()
    user_id = IntegerField()
    role = TextField(default="agent")
    availability = TextField(default="online")
    auto_offline = BooleanField(default=True)
    inviter_id = IntegerField(null=True)
    active_at = BigIntegerField(null=True)

    class Meta:
        table_name = "account_users"
        indexes = ((("account_id", "user_id"), True), (("user_id",), False))


class AccessToken(Table):
    """`digest` is the SHA-256 of the token; the token itself is nowhere. With an `account_id` it
    opens that account alone: its administrator made it, maybe for somebody who is elsewhere too."""

    owner_type = TextField(default="User")
    account_id = IntegerField(null=True)
    owner_id = IntegerField()
    name = TextField(default="")
    digest = TextField()

    class Meta:
        table_name = "access_tokens"
        indexes = ((("digest",), True), (("owner_type", "owner_id"), False))


class Inbox(Table):
    account_id = IntegerField()
    name = TextField()
    identifier = TextField()
    hmac_token = TextField()
    hmac_mandatory = BooleanField(default=False)
    additional_attributes = ObjectField()
    greeting_enabled = BooleanField(default=False)
    greeting_message = TextField(null=True)
    working_hours_enabled = BooleanField(default=False)
    working_hours = ListField()
    out_of_office_message = TextField(null=True)
    timezone = TextField(default="UTC")
    enable_email_collect = BooleanField(default=True)
    csat_survey_enabled = BooleanField(default=False)
    csat_config = ObjectField()
    enable_auto_assignment = BooleanField(default=True)
    auto_assignment_config = ObjectField()
    allow_messages_after_resolved = BooleanField(default=True)
    lock_to_single_conversation = BooleanField(default=False)
    sender_name_type = TextField(default="friendly")
    business_name = TextField(null=True)
    portal_id = IntegerField(null=True)
    avatar = TextField(default="")

    class Meta:
        table_name = "inboxes"
        indexes = ((("identifier",), True), (("account_id",), False))


class InboxMember(Record):
    account_id = IntegerField()
    inbox_id = IntegerField()
    user_id = IntegerField()

    class Meta:
        table_name = "inbox_members"
        indexes = ((("inbox_id", "user_id"), True), (("user_id",), False))


class Webhook(Table):
    """Who wants to hear: `kind` is account, inbox for the webhook an API inbox carries, or bot for
    an agent bot's.

    `previous_secret` signs too until `previous_secret_until`. `token_id` is the access token that
    owns the webhook: what is written with it is left out when `exclude_own` says so.
    """

    account_id = IntegerField()
    kind = TextField()
    inbox_id = IntegerField(null=True)
    agent_bot_id = IntegerField(null=True)
    name = TextField(null=True)
    url = TextField(default="")
    secret = TextField()
    previous_secret = TextField(null=True)
    previous_secret_until = BigIntegerField(null=True)
    subscriptions = ListField()
    ordering = TextField(default="conversation")
    headers = ObjectField()
    exclude_own = BooleanField(default=False)
    token_id = IntegerField(null=True)

    class Meta:
        table_name = "webhooks"
        indexes = ((("account_id",), False), (("inbox_id",), False), (("agent_bot_id",), False))


class Trouble(Table):
    """What is wrong with a webhook at present; without a row nothing is. Apart from the webhook, which
    is remembered between transactions: a receiver that fails must not make everybody forget.

    `failed_count` counts failed attempts since `failing_since`, with no success between.
    `flagged_at`: when it was told that the webhook is failing.
    """

    webhook_id = IntegerField()
    account_id = IntegerField()
    failing_since = BigIntegerField(null=True)
    failed_count = IntegerField(default=0)
    flagged_at = BigIntegerField(null=True)
    paused_until = BigIntegerField(null=True)
    disabled_at = BigIntegerField(null=True)
    reason = TextField(null=True)

    class Meta:
        table_name = "troubles"
        indexes = ((("webhook_id",), True),)


class AgentBot(Table):
    """A program that answers. Its URL and secret are those of its webhook, of kind bot."""

    account_id = IntegerField()
    name = TextField(default="")
    description = TextField(null=True)
    bot_config = ObjectField()
    avatar = TextField(default="")

    class Meta:
        table_name = "agent_bots"
        indexes = ((("account_id",), False),)


class AgentBotInbox(Record):
    """The bot that answers first in an inbox."""

    account_id = IntegerField()
    inbox_id = IntegerField()
    agent_bot_id = IntegerField()

    class Meta:
        table_name = "agent_bot_inboxes"
        indexes = ((("inbox_id",), True), (("agent_bot_id",), False))


class Team(Table):
    account_id = IntegerField()
    name = TextField()
    description = TextField(null=True)
    allow_auto_assign = BooleanField(default=True)

    class Meta:
        table_name = "teams"
        indexes = ((("account_id", "name"), True),)


class TeamMember(Record):
    account_id = IntegerField()
    team_id = IntegerField()
    user_id = IntegerField()

    class Meta:
        table_name = "team_members"
        indexes = ((("team_id", "user_id"), True), (("user_id",), False))


class Label(Table):
    """What people choose from; records carry free words, whether or not a row says what they mean."""

    account_id = IntegerField()
    title = TextField()
    description = TextField(null=True)
    color = TextField(default="#1f93ff")
    show_on_sidebar = BooleanField(null=True)

    class Meta:
        table_name = "labels"
        indexes = ((("account_id", "title"), True),)


class CannedResponse(Table):
    account_id = IntegerField()
    short_code = TextField()
    content = TextField()

    class Meta:
        table_name = "canned_responses"
        indexes = ((("account_id", "short_code"), True),)


class CustomAttributeDefinition(Table):
    account_id = IntegerField()
    attribute_display_name = TextField()
    attribute_display_type = TextField(default="text")
    attribute_description = TextField(null=True)
    attribute_key = TextField()
    attribute_model = TextField(default="conversation_attribute")
    attribute_values = ListField()
    regex_pattern = TextField(null=True)
    regex_cue = TextField(null=True)
    default_value = TextField(null=True)

    class Meta:
        table_name = "custom_attribute_definitions"


CustomAttributeDefinition.add_index(
    CustomAttributeDefinition.index(
        CustomAttributeDefinition.account_id,
        CustomAttributeDefinition.attribute_model,
        CustomAttributeDefinition.attribute_key,
        unique=True,
        name="custom_attribute_key",
    )
)


class CustomFilter(Table):
    """A view that a user saved; its query is theirs, unread."""

    account_id = IntegerField()
    user_id = IntegerField()
    name = TextField()
    filter_type = TextField(default="conversation")
    query = ObjectField()

    class Meta:
        table_name = "custom_filters"
        indexes = ((("account_id", "user_id"), False),)


class Note(Table):
    """What people write about a contact."""

    account_id = IntegerField()
    contact_id = IntegerField()
    user_id = IntegerField(null=True)
    content = TextField()

    class Meta:
        table_name = "notes"
        indexes = ((("contact_id", "id"), False),)


class ContactTagging(Record):
    """One label on one contact: the index behind `label_list`."""

    account_id = IntegerField()
    contact_id = IntegerField()
    label = TextField()

    class Meta:
        table_name = "contact_taggings"
        indexes = ((("account_id", "label", "contact_id"), True), (("contact_id",), False))


class Participant(Record):
    """Somebody who follows a conversation besides its assignee."""

    account_id = IntegerField()
    conversation_id = IntegerField()
    user_id = IntegerField()

    class Meta:
        table_name = "participants"
        indexes = ((("conversation_id", "user_id"), True), (("user_id",), False))


class DraftMessage(Table):
    """The one unsent reply that the people of a conversation share."""

    account_id = IntegerField()
    conversation_id = IntegerField()
    message = TextField(default="")

    class Meta:
        table_name = "draft_messages"
        indexes = ((("conversation_id",), True),)


class Contact(Table):
    account_id = IntegerField()
    name = TextField(default="")
    middle_name = TextField(default="")
    last_name = TextField(default="")
    email = TextField(null=True)
    phone_number = TextField(null=True)
    identifier = TextField(null=True)
    additional_attributes = ObjectField()
    custom_attributes = ObjectField()
    label_list = ListField()
    last_activity_at = BigIntegerField(null=True)
    contact_type = TextField(default="visitor")
    blocked = BooleanField(default=False)
    company_id = IntegerField(null=True)
    avatar = TextField(default="")

    class Meta:
        table_name = "contacts"
        indexes = (
            (("account_id", "email"), True),
            (("account_id", "identifier"), True),
            (("account_id", "phone_number"), True),
            (("account_id", "id"), False),
            (("account_id", "last_activity_at", "id"), False),
            (("account_id", "created_at", "id"), False),
        )


Contact.add_index(Contact.account_id, fn.LOWER(Contact.name), Contact.id, name="contacts_by_name")


class ContactInbox(Table):
    account_id = IntegerField()
    contact_id = IntegerField()
    inbox_id = IntegerField()
    source_id = TextField()
    hmac_verified = BooleanField(default=False)
    pubsub_token = TextField()

    class Meta:
        table_name = "contact_inboxes"
        indexes = ((("inbox_id", "source_id"), True), (("contact_id",), False), (("account_id", "source_id"), False))


class Conversation(Table):
    """`unread_count` counts incoming messages after `agent_last_seen_at`, without a cap."""

    account_id = IntegerField()
    display_id = IntegerField()
    uuid = TextField()
    inbox_id = IntegerField()
    contact_id = IntegerField()
    contact_inbox_id = IntegerField()
    status = TextField(default="open")
    priority = TextField(null=True)
    assignee_id = IntegerField(null=True)
    assignee_agent_bot_id = IntegerField(null=True)
    team_id = IntegerField(null=True)
    additional_attributes = ObjectField()
    custom_attributes = ObjectField()
    label_list = ListField()
    snoozed_until = BigIntegerField(null=True)
    waiting_since = BigIntegerField(null=True)
    first_reply_created_at = BigIntegerField(null=True)
    agent_last_seen_at = BigIntegerField(null=True)
    assignee_last_seen_at = BigIntegerField(null=True)
    contact_last_seen_at = BigIntegerField(null=True)
    last_activity_at = BigIntegerField()
    unread_count = IntegerField(default=0)

    class Meta:
        table_name = "conversations"
        indexes = (
            (("account_id", "display_id"), True),
            # Every message moves `last_activity_at`, so one index alone begins a list's order with it; behind
            # the order it holds what lists filter by. Among 100,000 conversations that reads a page of a rare
            # status or an idle inbox in the 15 ms that the counts beside it take anyway.
            (("account_id", "last_activity_at", "id", "status", "inbox_id"), False),
            # All that the counts ask; a message moves none of it.
            (("account_id", "assignee_id", "status", "inbox_id"), False),
            (("inbox_id",), False),
            (("contact_inbox_id",), False),
            (("contact_id", "inbox_id"), False),
            (("account_id", "created_at"), False),
            (("uuid",), True),
        )


Conversation.add_index(
    Conversation.index(
        Conversation.assignee_agent_bot_id,
        name="conversations_agent_bot",
        where=SQL("assignee_agent_bot_id IS NOT NULL"),
    )
)
Conversation.add_index(
    Conversation.index(
        Conversation.snoozed_until,
        name="conversations_snoozed",
        where=SQL("status = 'snoozed' AND snoozed_until IS NOT NULL"),
    )
)
Conversation.add_index(
    Conversation.index(
        Conversation.account_id,
        Conversation.waiting_since,
        name="conversations_waiting",
        where=SQL("status = 'open' AND waiting_since IS NOT NULL"),
    )
)
Conversation.add_index(
    Conversation.index(
        Conversation.account_id, Conversation.team_id, name="conversations_team", where=SQL("team_id IS NOT NULL")
    )
)


class Tagging(Record):
    """One label on one conversation: the index behind `label_list`."""

    account_id = IntegerField()
    conversation_id = IntegerField()
    label = TextField()

    class Meta:
        table_name = "taggings"
        indexes = ((("account_id", "label", "conversation_id"), True), (("conversation_id",), False))


class Message(Table):
    account_id = IntegerField()
    inbox_id = IntegerField()
    conversation_id = IntegerField()
    message_type = IntegerField()
    content = TextField(null=True)
    content_type = TextField(default="text")
    content_attributes = ObjectField()
    additional_attributes = ObjectField()
    private = BooleanField(default=False)
    status = TextField(default="sent")
    source_id = TextField(null=True)
    sender_type = TextField(null=True)
    sender_id = IntegerField(null=True)
    fingerprint = TextField(null=True)

    class Meta:
        table_name = "messages"


# Declared apart: the hot table. One index for lists, one for reports, which ask for times, and three only
# over rows that have a source_id or are surveys.
Message.add_index(Message.conversation_id, Message.id, name="messages_conversation_id_id")
Message.add_index(Message.account_id, Message.created_at, name="messages_account_id_created_at")
Message.add_index(
    Message.index(
        Message.account_id, Message.created_at, name="messages_surveys", where=SQL("content_type = 'input_csat'")
    )
)
Message.add_index(
    Message.index(Message.conversation_id, name="messages_survey_of", where=SQL("content_type = 'input_csat'"))
)
Message.add_index(
    Message.index(
        Message.conversation_id,
        Message.source_id,
        name="messages_conversation_id_source_id",
        where=Message.source_id.is_null(False),
    )
)


class Attachment(Table):
    """`digest` is the SHA-256 of the file, which lies under that name in the data directory."""

    account_id = IntegerField()
    message_id = IntegerField()
    file_type = TextField()
    filename = TextField()
    content_type = TextField()
    file_size = BigIntegerField()
    digest = TextField()

    class Meta:
        table_name = "attachments"
        indexes = ((("message_id",), False), (("digest",), False))


class Orphan(Record):
    """A file whose row was deleted: upkeep removes it unless another row has the same content."""

    digest = TextField()

    class Meta:
        table_name = "orphans"


class Event(Record):
    """`payload` is the exact body that every webhook receives; `seq` has no gaps in an account. `token_id`
    is the access token that caused it, `rule_id` the automation rule: what one did, none looks at."""

    account_id = IntegerField()
    seq = BigIntegerField()
    name = TextField()
    inbox_id = IntegerField(null=True)
    conversation_id = IntegerField(null=True)
    message_id = IntegerField(null=True)
    token_id = IntegerField(null=True)
    rule_id = IntegerField(null=True)
    payload = TextField()

    class Meta:
        table_name = "events"
        indexes = ((("account_id", "seq"), True),)


Event.add_index(Event.index(Event.message_id, name="events_message", where=Event.message_id.is_null(False)))


class Delivery(Table):
    """One event owed to one webhook.

    `next_attempt_at` is null while an earlier delivery of the same webhook and conversation is
    unfinished: only the head of each such line is ever due, however long the line is.
    `failed_count` is its place in the schedule: attempts that a stop or a crash interrupted use
    nothing up. `redelivery`: somebody asked for a message that was delivered before.
    """

    account_id = IntegerField()
    webhook_id = IntegerField()
    event_id = IntegerField()
    conversation_id = IntegerField(null=True)
    uuid = TextField()
    state = TextField(default="pending")
    attempt_count = IntegerField(default=0)
    failed_count = IntegerField(default=0)
    next_attempt_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)
    last_error = TextField(null=True)
    redelivery = BooleanField(default=False)

    class Meta:
        table_name = "deliveries"
        indexes = (
            (("uuid",), True),
            (("event_id",), False),
            # With the account in front it serves lists alone: what asks for the unfinished of a webhook
            # has to find the small partial index, and would take this one.
            (("account_id", "webhook_id", "id"), False),
            (("conversation_id", "id"), False),
        )


_UNFINISHED = SQL("state IN ('pending', 'sending')")
Delivery.add_index(
    Delivery.index(
        Delivery.webhook_id,
        Delivery.next_attempt_at,
        Delivery.id,
        name="deliveries_due",
        where=SQL("state = 'pending' AND next_attempt_at IS NOT NULL"),
    )
)
# A crash leaves a handful under way, beside what may be a backlog of days.
Delivery.add_index(Delivery.index(Delivery.state, name="deliveries_sending", where=SQL("state = 'sending'")))
Delivery.add_index(Delivery.index(Delivery.finished_at, name="deliveries_exhausted", where=SQL("state = 'exhausted'")))
Delivery.add_index(
    Delivery.index(
        Delivery.account_id, Delivery.id, name="deliveries_given_up", where=SQL("state IN ('exhausted', 'cancelled')")
    )
)
Delivery.add_index(
    Delivery.index(
        Delivery.webhook_id,
        Delivery.conversation_id,
        Delivery.event_id,
        Delivery.id,
        name="deliveries_line",
        where=_UNFINISHED,
    )
)


class Attempt(Record):
    """One HTTP try. Without a status code and an error it was interrupted by a stop or a crash."""

    delivery_id = IntegerField()
    number = IntegerField()
    started_at = BigIntegerField()
    duration_ms = IntegerField(null=True)
    status_code = IntegerField(null=True)
    error = TextField(null=True)
    error_class = TextField(null=True)
    excerpt = TextField(default="")
    address = TextField(null=True)
    next_attempt_at = BigIntegerField(null=True)

    class Meta:
        table_name = "attempts"
        indexes = ((("delivery_id", "number"), True),)


Attempt.add_index(Attempt.index(Attempt.started_at, name="attempts_failed", where=Attempt.error.is_null(False)))


class Blob(Record):
    """A file that is no attachment of a message: uploaded and not used yet, while `owner_type` is null, or
    the avatar of a User, Contact, Inbox or AgentBot, or what a Macro, AutomationRule or Job carries.

    `digest` as with attachments, and empty until the bytes of an announced upload are here. Avatars are
    also named in their owner's `avatar`: `17.png` is the blob 17, so that payloads show them without
    asking here.
    """

    account_id = IntegerField(null=True)
    owner_type = TextField(null=True)
    owner_id = IntegerField(null=True)
    filename = TextField()
    content_type = TextField()
    file_size = BigIntegerField()
    digest = TextField()

    class Meta:
        table_name = "blobs"
        indexes = ((("owner_type", "owner_id"), False), (("digest",), False))


class Job(Table):
    """Work that outlasts its request: upkeep does it in batches and writes down how far it is.

    `position` is where the next batch begins. `problems` are the first of what `failed` counts.
    """

    account_id = IntegerField()
    user_id = IntegerField(null=True)
    kind = TextField()
    state = TextField(default="pending")
    params = ObjectField()
    position = BigIntegerField(default=0)
    total = IntegerField(null=True)
    done = IntegerField(default=0)
    failed = IntegerField(default=0)
    problems = ListField()
    error = TextField(null=True)

    class Meta:
        table_name = "jobs"
        indexes = ((("account_id", "id"), False),)


Job.add_index(Job.index(Job.state, name="jobs_unfinished", where=SQL("state IN ('pending', 'running')")))


class ImportedRecord(Record):
    """What a line of an import became, so that the same line again becomes nothing new."""

    account_id = IntegerField()
    kind = TextField()
    source_id = TextField()
    record_id = IntegerField()

    class Meta:
        table_name = "imported_records"
        indexes = ((("account_id", "kind", "source_id"), True), (("record_id", "kind"), False))


class Macro(Table):
    """Actions that people run on conversations; `visibility` is personal, global or nothing."""

    account_id = IntegerField()
    name = TextField()
    visibility = TextField(null=True)
    actions = ListField()
    created_by_id = IntegerField(null=True)
    updated_by_id = IntegerField(null=True)

    class Meta:
        table_name = "macros"
        indexes = ((("account_id",), False),)


class AutomationRule(Table):
    account_id = IntegerField()
    name = TextField()
    description = TextField(null=True)
    event_name = TextField()
    conditions = ListField()
    actions = ListField()
    active = BooleanField(default=True)
    failed_checks = IntegerField(default=0)

    class Meta:
        table_name = "automation_rules"
        indexes = ((("account_id",), False),)


class AutomationRun(Table):
    """A rule that applied, and how many of its actions are done. It is gone when all are."""

    account_id = IntegerField()
    rule_id = IntegerField()
    event_id = IntegerField()
    conversation_id = IntegerField()
    event_name = TextField()
    actions = ListField()
    step = IntegerField(default=0)

    class Meta:
        table_name = "automation_runs"
        indexes = ((("event_id", "rule_id"), True),)


class Notification(Table):
    """Something that a user is told of; its primary actor is a conversation."""

    account_id = IntegerField()
    user_id = IntegerField()
    notification_type = TextField()
    primary_actor_id = IntegerField()
    secondary_actor_type = TextField(null=True)
    secondary_actor_id = IntegerField(null=True)
    read_at = BigIntegerField(null=True)
    snoozed_until = BigIntegerField(null=True)
    last_activity_at = BigIntegerField()
    meta = ObjectField()

    class Meta:
        table_name = "notifications"
        indexes = ((("user_id", "account_id", "last_activity_at"), False), (("primary_actor_id",), False))


class NotificationSetting(Table):
    """What a user of an account wants to be told of; without a row it is the default."""

    account_id = IntegerField()
    user_id = IntegerField()
    selected_email_flags = ListField()
    selected_push_flags = ListField()

    class Meta:
        table_name = "notification_settings"
        indexes = ((("account_id", "user_id"), True),)


class Mention(Record):
    """Somebody who was mentioned in a private message; `created_at` is the latest time."""

    account_id = IntegerField()
    conversation_id = IntegerField()
    user_id = IntegerField()

    class Meta:
        table_name = "mentions"
        indexes = ((("conversation_id", "user_id"), True), (("user_id",), False))


class AuditLog(Record):
    """Who changed what of an account. `audited_changes` never hold a secret."""

    account_id = IntegerField()
    auditable_type = TextField()
    auditable_id = IntegerField()
    user_id = IntegerField(null=True)
    username = TextField(null=True)
    action = TextField()
    audited_changes = ObjectField()
    version = IntegerField(default=1)
    comment = TextField(null=True)
    request_uuid = TextField(null=True)
    remote_address = TextField(null=True)

    class Meta:
        table_name = "audit_logs"
        indexes = ((("account_id", "id"), False), (("auditable_type", "auditable_id"), False))


class CsatSurveyResponse(Table):
    account_id = IntegerField()
    conversation_id = IntegerField()
    message_id = IntegerField()
    contact_id = IntegerField()
    assigned_agent_id = IntegerField(null=True)
    rating = IntegerField()
    feedback_message = TextField(null=True)
    csat_review_notes = TextField(null=True)
    review_notes_updated_at = BigIntegerField(null=True)
    review_notes_updated_by_id = IntegerField(null=True)

    class Meta:
        table_name = "csat_survey_responses"
        indexes = ((("message_id",), True), (("account_id", "created_at"), False), (("conversation_id",), False))


class ReportingEvent(Record):
    """Something that reports count or average, with how long it took; both values are milliseconds.
    `created_at` is when it happened."""

    account_id = IntegerField()
    name = TextField()
    value = BigIntegerField(default=0)
    value_in_business_hours = BigIntegerField(default=0)
    inbox_id = IntegerField()
    user_id = IntegerField(null=True)
    conversation_id = IntegerField()
    event_start_time = BigIntegerField()

    class Meta:
        table_name = "reporting_events"
        indexes = ((("account_id", "name", "created_at"), False), (("conversation_id",), False))


class AssignmentPolicy(Table):
    """How the conversations of inboxes are handed out. `fair_distribution_window` is in seconds."""

    account_id = IntegerField()
    name = TextField()
    description = TextField(null=True)
    assignment_order = TextField(default="round_robin")
    conversation_priority = TextField(default="earliest_created")
    fair_distribution_limit = IntegerField(default=100)
    fair_distribution_window = IntegerField(default=3600)
    enabled = BooleanField(default=True)

    class Meta:
        table_name = "assignment_policies"
        indexes = ((("account_id", "name"), True),)


class InboxAssignmentPolicy(Record):
    account_id = IntegerField()
    inbox_id = IntegerField()
    assignment_policy_id = IntegerField()

    class Meta:
        table_name = "inbox_assignment_policies"


InboxAssignmentPolicy.add_index(
    InboxAssignmentPolicy.index(InboxAssignmentPolicy.inbox_id, unique=True, name="inbox_assignment_policies_inbox")
)
InboxAssignmentPolicy.add_index(
    InboxAssignmentPolicy.index(InboxAssignmentPolicy.assignment_policy_id, name="inbox_assignment_policies_policy")
)


class AssignmentQueue(Table):
    """The members of an inbox in the order of their turns: the last is next."""

    account_id = IntegerField()
    inbox_id = IntegerField()
    user_ids = ListField()

    class Meta:
        table_name = "assignment_queues"
        indexes = ((("inbox_id",), True),)


class Assignment(Record):
    """Somebody was handed a conversation of an inbox whose policy limits how many in how long."""

    account_id = IntegerField()
    inbox_id = IntegerField()
    user_id = IntegerField()

    class Meta:
        table_name = "assignments"
        indexes = ((("inbox_id", "created_at"), False),)


class Departure(Table):
    """Somebody left an inbox, and their open conversations there are being handed to others: so far those up to
    the id `after`."""

    account_id = IntegerField()
    inbox_id = IntegerField()
    user_id = IntegerField()
    after = IntegerField(default=0)

    class Meta:
        table_name = "departures"


class Mail(Table):
    """An e-mail to one address. `kind` says what was its cause: a transcript has no text, but is made of the
    conversation's messages up to `message_id` when it is sent. `state` is pending, sent or failed. `uuid`
    makes its Message-ID. Ids are not given out twice: what becomes of a mail is noted after it was sent."""

    account_id = IntegerField()
    conversation_id = IntegerField(null=True)
    message_id = IntegerField(null=True)
    kind = TextField()
    uuid = TextField()
    recipient = TextField()
    subject = TextField()
    text = TextField()
    state = TextField(default="pending")
    attempts = IntegerField(default=0)
    due_at = BigIntegerField()
    error = TextField(null=True)

    class Meta:
        table_name = "mails"
        indexes = ((("state", "due_at"), False), (("account_id", "created_at"), False), (("conversation_id",), False))


class ConversationCount(Record):
    """How many conversations there are of a kind, kept by triggers of the database: what lists count
    costs the same however many there are. `assignee_id` is 0 for none."""

    account_id = IntegerField()
    inbox_id = IntegerField()
    status = TextField()
    assignee_id = IntegerField()
    amount = IntegerField()

    class Meta:
        table_name = "conversation_counts"
        indexes = ((("account_id", "inbox_id", "status", "assignee_id"), True),)


class IdempotencyKey(Record):
    """The first answer to a key, stored in the transaction that had the effect."""

    scope = TextField()
    key = TextField()
    fingerprint = TextField()
    status = IntegerField()
    body = TextField()

    class Meta:
        table_name = "idempotency_keys"
        indexes = ((("scope", "key"), True), (("created_at",), False))


_PATTERN_LIMIT = 5_000
"""Characters; SQLite refuses patterns of more than 50,000 bytes, and nothing searched is that long."""


def containing(column: "Field[Any]", text: str) -> NodeList:
    """Whether a column contains the text, in any case of ASCII letters. Peewee's own `contains` and
    `like` are not the same in every database."""
    if len(text) > _PATTERN_LIMIT:
        return NodeList((SQL("1 = 0"),))
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return NodeList((column, SQL("LIKE ? ESCAPE '\\'", [pattern])))


TABLES: tuple[type[Record], ...] = (
    Setting, Account, Counter, User, AccountUser, AccessToken, Inbox, InboxMember, Webhook, Trouble, AgentBot,
    AgentBotInbox, Team, TeamMember, Label, CannedResponse, CustomAttributeDefinition, CustomFilter, Note,
    ContactTagging, Participant, DraftMessage, Contact, ContactInbox, Conversation, Tagging, Message, Attachment,
    Orphan, Event, Delivery, Attempt, Blob, Job, ImportedRecord, Macro, AutomationRule, AutomationRun, Notification,
    NotificationSetting, Mention, AuditLog, CsatSurveyResponse, ReportingEvent, AssignmentPolicy,
    InboxAssignmentPolicy, AssignmentQueue, Assignment, Departure, Mail, ConversationCount, IdempotencyKey,
)  # fmt: skip


class _Column:
    """A field on the class, and nothing on a row: a row's own `__dict__` holds its values, so that
    reading one is a plain attribute. Peewee's accessor, a function call each, adds up to a tenth
    of a message's cost."""

    def __init__(self, field: Any) -> None:
        self._field = field

    def __get__(self, row: object, model: object = None) -> Any:
        if row is not None:
            raise AttributeError(self._field.name)
        return self._field


for _table in TABLES:
    for _field in _table._meta.sorted_fields:
        setattr(_table, _field.name, _Column(_field))
