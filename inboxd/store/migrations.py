"""The schema, step by step: the version of a database is the number of steps it took.

A step that has been released is never edited: the models say what the schema is today, the
steps say how every database gets there, and a test holds the two together.
"""

import sqlite3
from collections.abc import Callable

from inboxd.domain.errors import Failure


class SchemaTooNew(Failure):
    """The database was written by a newer inboxd."""


def _statements(connection: sqlite3.Connection, script: str) -> None:
    # executescript would commit what is open before it begins.
    for statement in filter(None, (part.strip() for part in script.split(";"))):
        connection.execute(statement)


def _one(connection: sqlite3.Connection) -> None:
    # AUTOINCREMENT where ids are shown: one that a client ever saw is never given out again.
    _statements(connection, _FIRST_SCHEMA)


_FIRST_SCHEMA = """
CREATE TABLE settings (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE UNIQUE INDEX setting_name ON settings (name);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    domain TEXT,
    support_email TEXT,
    status TEXT NOT NULL,
    settings TEXT NOT NULL,
    custom_attributes TEXT NOT NULL
);

CREATE TABLE counters (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL
);
CREATE UNIQUE INDEX counter_account_id_name ON counters (account_id, name);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT,
    email TEXT NOT NULL,
    uid TEXT NOT NULL,
    kind TEXT,
    confirmed INTEGER NOT NULL,
    message_signature TEXT,
    pubsub_token TEXT NOT NULL,
    ui_settings TEXT NOT NULL,
    custom_attributes TEXT NOT NULL
);
CREATE UNIQUE INDEX user_email ON users (email);

CREATE TABLE account_users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    availability TEXT NOT NULL,
    auto_offline INTEGER NOT NULL,
    inviter_id INTEGER,
    active_at INTEGER
);
CREATE UNIQUE INDEX accountuser_account_id_user_id ON account_users (account_id, user_id);
CREATE INDEX accountuser_user_id ON account_users (user_id);

CREATE TABLE access_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    owner_type TEXT NOT NULL,
    account_id INTEGER,
    owner_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL
);
CREATE UNIQUE INDEX accesstoken_digest ON access_tokens (digest);
CREATE INDEX accesstoken_owner_type_owner_id ON access_tokens (owner_type, owner_id);

CREATE TABLE inboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    identifier TEXT NOT NULL,
    hmac_token TEXT NOT NULL,
    hmac_mandatory INTEGER NOT NULL,
    additional_attributes TEXT NOT NULL,
    greeting_enabled INTEGER NOT NULL,
    greeting_message TEXT,
    working_hours_enabled INTEGER NOT NULL,
    working_hours TEXT NOT NULL,
    out_of_office_message TEXT,
    timezone TEXT NOT NULL,
    enable_email_collect INTEGER NOT NULL,
    csat_survey_enabled INTEGER NOT NULL,
    csat_config TEXT NOT NULL,
    enable_auto_assignment INTEGER NOT NULL,
    auto_assignment_config TEXT NOT NULL,
    allow_messages_after_resolved INTEGER NOT NULL,
    lock_to_single_conversation INTEGER NOT NULL,
    sender_name_type TEXT NOT NULL,
    business_name TEXT,
    portal_id INTEGER
);
CREATE UNIQUE INDEX inbox_identifier ON inboxes (identifier);
CREATE INDEX inbox_account_id ON inboxes (account_id);

CREATE TABLE inbox_members (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX inboxmember_inbox_id_user_id ON inbox_members (inbox_id, user_id);
CREATE INDEX inboxmember_user_id ON inbox_members (user_id);

CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    inbox_id INTEGER,
    name TEXT,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    subscriptions TEXT NOT NULL
);
CREATE INDEX webhook_account_id ON webhooks (account_id);
CREATE INDEX webhook_inbox_id ON webhooks (inbox_id);

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    middle_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    email TEXT,
    phone_number TEXT,
    identifier TEXT,
    additional_attributes TEXT NOT NULL,
    custom_attributes TEXT NOT NULL,
    label_list TEXT NOT NULL,
    last_activity_at INTEGER,
    contact_type TEXT NOT NULL,
    blocked INTEGER NOT NULL,
    company_id INTEGER
);
CREATE UNIQUE INDEX contact_account_id_email ON contacts (account_id, email);
CREATE UNIQUE INDEX contact_account_id_identifier ON contacts (account_id, identifier);
CREATE UNIQUE INDEX contact_account_id_phone_number ON contacts (account_id, phone_number);
CREATE INDEX contact_account_id_id ON contacts (account_id, id);

CREATE TABLE contact_inboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    source_id TEXT NOT NULL,
    hmac_verified INTEGER NOT NULL,
    pubsub_token TEXT NOT NULL
);
CREATE UNIQUE INDEX contactinbox_inbox_id_source_id ON contact_inboxes (inbox_id, source_id);
CREATE INDEX contactinbox_contact_id ON contact_inboxes (contact_id);
CREATE INDEX contactinbox_account_id_source_id ON contact_inboxes (account_id, source_id);

CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    display_id INTEGER NOT NULL,
    uuid TEXT NOT NULL,
    inbox_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    contact_inbox_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    priority TEXT,
    assignee_id INTEGER,
    assignee_agent_bot_id INTEGER,
    team_id INTEGER,
    additional_attributes TEXT NOT NULL,
    custom_attributes TEXT NOT NULL,
    label_list TEXT NOT NULL,
    snoozed_until INTEGER,
    waiting_since INTEGER,
    first_reply_created_at INTEGER,
    agent_last_seen_at INTEGER,
    assignee_last_seen_at INTEGER,
    contact_last_seen_at INTEGER,
    last_activity_at INTEGER NOT NULL,
    unread_count INTEGER NOT NULL
);
CREATE UNIQUE INDEX conversation_account_id_display_id ON conversations (account_id, display_id);
CREATE INDEX conversation_account_id_last_activity_at_id_status_inbox_id ON conversations (account_id, last_activity_at, id, status, inbox_id);
CREATE INDEX conversation_account_id_assignee_id_status_inbox_id ON conversations (account_id, assignee_id, status, inbox_id);
CREATE INDEX conversation_inbox_id ON conversations (inbox_id);
CREATE INDEX conversation_contact_inbox_id ON conversations (contact_inbox_id);
CREATE INDEX conversation_contact_id_inbox_id ON conversations (contact_id, inbox_id);

CREATE TABLE taggings (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    label TEXT NOT NULL
);
CREATE UNIQUE INDEX tagging_account_id_label_conversation_id ON taggings (account_id, label, conversation_id);
CREATE INDEX tagging_conversation_id ON taggings (conversation_id);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    message_type INTEGER NOT NULL,
    content TEXT,
    content_type TEXT NOT NULL,
    content_attributes TEXT NOT NULL,
    additional_attributes TEXT NOT NULL,
    private INTEGER NOT NULL,
    status TEXT NOT NULL,
    source_id TEXT,
    sender_type TEXT,
    sender_id INTEGER,
    fingerprint TEXT
);
CREATE INDEX messages_conversation_id_id ON messages (conversation_id, id);
CREATE INDEX messages_conversation_id_source_id ON messages (conversation_id, source_id) WHERE (source_id IS NOT NULL);

CREATE TABLE attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    file_type TEXT NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    file_size INTEGER NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX attachment_message_id ON attachments (message_id);
CREATE INDEX attachment_digest ON attachments (digest);

CREATE TABLE orphans (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    digest TEXT NOT NULL
);

CREATE TABLE events (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    name TEXT NOT NULL,
    inbox_id INTEGER,
    conversation_id INTEGER,
    message_id INTEGER,
    payload TEXT NOT NULL
);
CREATE UNIQUE INDEX event_account_id_seq ON events (account_id, seq);

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    webhook_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    conversation_id INTEGER,
    uuid TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt_count INTEGER NOT NULL,
    failed_count INTEGER NOT NULL,
    next_attempt_at INTEGER,
    finished_at INTEGER,
    last_error TEXT
);
CREATE UNIQUE INDEX delivery_uuid ON deliveries (uuid);
CREATE INDEX delivery_event_id ON deliveries (event_id);
CREATE INDEX deliveries_due ON deliveries (webhook_id, next_attempt_at, id) WHERE state = 'pending' AND next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_sending ON deliveries (state) WHERE state = 'sending';
CREATE INDEX deliveries_exhausted ON deliveries (finished_at) WHERE state = 'exhausted';
CREATE INDEX deliveries_line ON deliveries (webhook_id, conversation_id, id) WHERE state IN ('pending', 'sending');

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration_ms INTEGER,
    status_code INTEGER,
    error TEXT,
    excerpt TEXT NOT NULL,
    address TEXT
);
CREATE UNIQUE INDEX attempt_delivery_id_number ON attempts (delivery_id, number);

CREATE TABLE idempotency_keys (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX idempotencykey_scope_key ON idempotency_keys (scope, key);
CREATE INDEX idempotencykey_created_at ON idempotency_keys (created_at);
"""


def _two(connection: sqlite3.Connection) -> None:
    _statements(connection, _DELIVERY_ENGINE)


_DELIVERY_ENGINE = """
ALTER TABLE webhooks ADD COLUMN agent_bot_id INTEGER;
ALTER TABLE webhooks ADD COLUMN previous_secret TEXT;
ALTER TABLE webhooks ADD COLUMN previous_secret_until INTEGER;
ALTER TABLE webhooks ADD COLUMN ordering TEXT NOT NULL DEFAULT 'conversation';
ALTER TABLE webhooks ADD COLUMN headers TEXT NOT NULL DEFAULT '{}';
ALTER TABLE webhooks ADD COLUMN exclude_own INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN token_id INTEGER;
CREATE INDEX webhook_agent_bot_id ON webhooks (agent_bot_id);

CREATE TABLE troubles (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    webhook_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    failing_since INTEGER,
    failed_count INTEGER NOT NULL,
    flagged_at INTEGER,
    paused_until INTEGER,
    disabled_at INTEGER,
    reason TEXT
);
CREATE UNIQUE INDEX trouble_webhook_id ON troubles (webhook_id);

CREATE TABLE agent_bots (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    bot_config TEXT NOT NULL
);
CREATE INDEX agentbot_account_id ON agent_bots (account_id);

CREATE TABLE agent_bot_inboxes (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    agent_bot_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX agentbotinbox_inbox_id ON agent_bot_inboxes (inbox_id);
CREATE INDEX agentbotinbox_agent_bot_id ON agent_bot_inboxes (agent_bot_id);

ALTER TABLE events ADD COLUMN token_id INTEGER;
CREATE INDEX events_message ON events (message_id) WHERE message_id IS NOT NULL;

ALTER TABLE deliveries ADD COLUMN redelivery INTEGER NOT NULL DEFAULT 0;
DROP INDEX deliveries_line;
CREATE INDEX deliveries_line ON deliveries (webhook_id, conversation_id, event_id, id) WHERE state IN ('pending', 'sending');
CREATE INDEX delivery_account_id_webhook_id_id ON deliveries (account_id, webhook_id, id);
CREATE INDEX delivery_conversation_id_id ON deliveries (conversation_id, id);
CREATE INDEX deliveries_given_up ON deliveries (account_id, id) WHERE state IN ('exhausted', 'cancelled');

ALTER TABLE attempts ADD COLUMN error_class TEXT;
ALTER TABLE attempts ADD COLUMN next_attempt_at INTEGER;
"""


def _three(connection: sqlite3.Connection) -> None:
    _statements(connection, _PEOPLE_AND_WORDS)


_PEOPLE_AND_WORDS = """
CREATE TABLE teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    allow_auto_assign INTEGER NOT NULL
);
CREATE UNIQUE INDEX team_account_id_name ON teams (account_id, name);

CREATE TABLE team_members (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    team_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX teammember_team_id_user_id ON team_members (team_id, user_id);
CREATE INDEX teammember_user_id ON team_members (user_id);

CREATE TABLE labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    color TEXT NOT NULL,
    show_on_sidebar INTEGER
);
CREATE UNIQUE INDEX label_account_id_title ON labels (account_id, title);

CREATE TABLE canned_responses (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    short_code TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE UNIQUE INDEX cannedresponse_account_id_short_code ON canned_responses (account_id, short_code);

CREATE TABLE custom_attribute_definitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    attribute_display_name TEXT NOT NULL,
    attribute_display_type TEXT NOT NULL,
    attribute_description TEXT,
    attribute_key TEXT NOT NULL,
    attribute_model TEXT NOT NULL,
    attribute_values TEXT NOT NULL,
    regex_pattern TEXT,
    regex_cue TEXT,
    default_value TEXT
);
CREATE UNIQUE INDEX custom_attribute_key
    ON custom_attribute_definitions (account_id, attribute_model, attribute_key);

CREATE TABLE custom_filters (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    filter_type TEXT NOT NULL,
    query TEXT NOT NULL
);
CREATE INDEX customfilter_account_id_user_id ON custom_filters (account_id, user_id);

CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    user_id INTEGER,
    content TEXT NOT NULL
);
CREATE INDEX note_contact_id_id ON notes (contact_id, id);

CREATE TABLE contact_taggings (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    label TEXT NOT NULL
);
CREATE UNIQUE INDEX contacttagging_account_id_label_contact_id ON contact_taggings (account_id, label, contact_id);
CREATE INDEX contacttagging_contact_id ON contact_taggings (contact_id);

CREATE TABLE participants (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX participant_conversation_id_user_id ON participants (conversation_id, user_id);
CREATE INDEX participant_user_id ON participants (user_id);

CREATE TABLE draft_messages (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    message TEXT NOT NULL
);
CREATE UNIQUE INDEX draftmessage_conversation_id ON draft_messages (conversation_id);
"""


def _four(connection: sqlite3.Connection) -> None:
    for table in ("users", "contacts", "inboxes", "agent_bots"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN avatar TEXT NOT NULL DEFAULT ''")
    _statements(connection, _WORK_AND_REPORTS)
    for trigger in _COUNTING:
        connection.execute(trigger)
    connection.execute(_COUNT_CONVERSATIONS)
    connection.execute(_COUNT_CONTACTS)


_WORK_AND_REPORTS = """
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE status = 'snoozed' AND snoozed_until IS NOT NULL;
CREATE INDEX conversations_waiting ON conversations (account_id, waiting_since)
    WHERE status = 'open' AND waiting_since IS NOT NULL;
CREATE INDEX attempts_failed ON attempts (started_at) WHERE error IS NOT NULL;
CREATE INDEX conversations_team ON conversations (account_id, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX messages_account_id_created_at ON messages (account_id, created_at);

CREATE TABLE blobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER,
    owner_type TEXT,
    owner_id INTEGER,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    file_size INTEGER NOT NULL,
    digest TEXT NOT NULL
);
CREATE INDEX blob_owner_type_owner_id ON blobs (owner_type, owner_id);
CREATE INDEX blob_digest ON blobs (digest);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    user_id INTEGER,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    params TEXT NOT NULL,
    position INTEGER NOT NULL,
    total INTEGER,
    done INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    problems TEXT NOT NULL,
    error TEXT
);
CREATE INDEX job_account_id_id ON jobs (account_id, id);
CREATE INDEX jobs_unfinished ON jobs (state) WHERE state IN ('pending', 'running');

CREATE TABLE imported_records (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    source_id TEXT NOT NULL,
    record_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX importedrecord_account_id_kind_source_id ON imported_records (account_id, kind, source_id);
CREATE INDEX importedrecord_record_id_kind ON imported_records (record_id, kind);

CREATE TABLE macros (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    visibility TEXT,
    actions TEXT NOT NULL,
    created_by_id INTEGER,
    updated_by_id INTEGER
);
CREATE INDEX macro_account_id ON macros (account_id);

CREATE TABLE automation_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    event_name TEXT NOT NULL,
    conditions TEXT NOT NULL,
    actions TEXT NOT NULL,
    active INTEGER NOT NULL,
    failed_checks INTEGER NOT NULL
);
CREATE INDEX automationrule_account_id ON automation_rules (account_id);

CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    notification_type TEXT NOT NULL,
    primary_actor_id INTEGER NOT NULL,
    secondary_actor_type TEXT,
    secondary_actor_id INTEGER,
    read_at INTEGER,
    snoozed_until INTEGER,
    last_activity_at INTEGER NOT NULL,
    meta TEXT NOT NULL
);
CREATE INDEX notification_user_id_account_id_last_activity_at ON notifications (user_id, account_id, last_activity_at);
CREATE INDEX notification_primary_actor_id ON notifications (primary_actor_id);

CREATE TABLE notification_settings (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    selected_email_flags TEXT NOT NULL,
    selected_push_flags TEXT NOT NULL
);
CREATE UNIQUE INDEX notificationsetting_account_id_user_id ON notification_settings (account_id, user_id);

CREATE TABLE mentions (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX mention_conversation_id_user_id ON mentions (conversation_id, user_id);
CREATE INDEX mention_user_id ON mentions (user_id);

CREATE TABLE audit_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    auditable_type TEXT NOT NULL,
    auditable_id INTEGER NOT NULL,
    user_id INTEGER,
    username TEXT,
    action TEXT NOT NULL,
    audited_changes TEXT NOT NULL,
    version INTEGER NOT NULL,
    comment TEXT,
    request_uuid TEXT,
    remote_address TEXT
);
CREATE INDEX auditlog_account_id_id ON audit_logs (account_id, id);
CREATE INDEX auditlog_auditable_type_auditable_id ON audit_logs (auditable_type, auditable_id);

CREATE TABLE csat_survey_responses (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL,
    assigned_agent_id INTEGER,
    rating INTEGER NOT NULL,
    feedback_message TEXT,
    csat_review_notes TEXT,
    review_notes_updated_at INTEGER,
    review_notes_updated_by_id INTEGER
);
CREATE UNIQUE INDEX csatsurveyresponse_message_id ON csat_survey_responses (message_id);
CREATE INDEX csatsurveyresponse_account_id_created_at ON csat_survey_responses (account_id, created_at);
CREATE INDEX csatsurveyresponse_conversation_id ON csat_survey_responses (conversation_id);

CREATE TABLE reporting_events (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    value_in_business_hours INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    user_id INTEGER,
    conversation_id INTEGER NOT NULL,
    event_start_time INTEGER NOT NULL
);
CREATE INDEX reportingevent_account_id_name_created_at ON reporting_events (account_id, name, created_at);
CREATE INDEX reportingevent_conversation_id ON reporting_events (conversation_id);

CREATE TABLE assignment_policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    assignment_order TEXT NOT NULL,
    conversation_priority TEXT NOT NULL,
    fair_distribution_limit INTEGER NOT NULL,
    fair_distribution_window INTEGER NOT NULL,
    enabled INTEGER NOT NULL
);
CREATE UNIQUE INDEX assignmentpolicy_account_id_name ON assignment_policies (account_id, name);

CREATE TABLE inbox_assignment_policies (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    assignment_policy_id INTEGER NOT NULL
);
CREATE UNIQUE INDEX inbox_assignment_policies_inbox ON inbox_assignment_policies (inbox_id);
CREATE INDEX inbox_assignment_policies_policy ON inbox_assignment_policies (assignment_policy_id);

CREATE TABLE conversation_counts (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    assignee_id INTEGER NOT NULL,
    amount INTEGER NOT NULL
);
CREATE UNIQUE INDEX conversationcount_account_id_inbox_id_status_assignee_id ON conversation_counts (account_id, inbox_id, status, assignee_id);
"""

_ONE_MORE = """
INSERT INTO conversation_counts (created_at, account_id, inbox_id, status, assignee_id, amount)
VALUES (NEW.updated_at, NEW.account_id, NEW.inbox_id, NEW.status, coalesce(NEW.assignee_id, 0), 1)
ON CONFLICT (account_id, inbox_id, status, assignee_id) DO UPDATE SET amount = amount + 1;
"""
_SAME_KIND = """
account_id = OLD.account_id AND inbox_id = OLD.inbox_id AND status = OLD.status
AND assignee_id = coalesce(OLD.assignee_id, 0)
"""
_ONE_LESS = f"""
UPDATE conversation_counts SET amount = amount - 1 WHERE {_SAME_KIND};
DELETE FROM conversation_counts WHERE amount = 0 AND {_SAME_KIND};
"""
_REACHABLE = "({0}.email IS NOT NULL OR {0}.phone_number IS NOT NULL OR {0}.identifier IS NOT NULL)"
_NEW_REACHABLE, _OLD_REACHABLE = _REACHABLE.format("NEW"), _REACHABLE.format("OLD")
_COUNT_CONTACT = """
INSERT INTO counters (created_at, account_id, name, value) VALUES (NEW.updated_at, NEW.account_id, 'contacts', {0})
ON CONFLICT (account_id, name) DO UPDATE SET value = value + {0};
"""
_COUNTING = (
    f"CREATE TRIGGER conversation_counted AFTER INSERT ON conversations BEGIN {_ONE_MORE} END",
    f"CREATE TRIGGER conversation_uncounted AFTER DELETE ON conversations BEGIN {_ONE_LESS} END",
    f"""CREATE TRIGGER conversation_recounted AFTER UPDATE OF inbox_id, status, assignee_id ON conversations
    WHEN (OLD.inbox_id, OLD.status, coalesce(OLD.assignee_id, 0)) IS NOT
        (NEW.inbox_id, NEW.status, coalesce(NEW.assignee_id, 0))
    BEGIN {_ONE_LESS} {_ONE_MORE} END""",
    f"""CREATE TRIGGER contact_counted AFTER INSERT ON contacts WHEN {_NEW_REACHABLE}
    BEGIN {_COUNT_CONTACT.format("1")} END""",
    f"""CREATE TRIGGER contact_uncounted AFTER DELETE ON contacts WHEN {_OLD_REACHABLE}
    BEGIN UPDATE counters SET value = value - 1 WHERE account_id = OLD.account_id AND name = 'contacts'; END""",
    f"""CREATE TRIGGER contact_recounted AFTER UPDATE OF email, phone_number, identifier ON contacts
    WHEN {_OLD_REACHABLE} <> {_NEW_REACHABLE}
    BEGIN {_COUNT_CONTACT.format(f"({_NEW_REACHABLE} - {_OLD_REACHABLE})")} END""",
)
_COUNT_CONVERSATIONS = """
INSERT INTO conversation_counts (created_at, account_id, inbox_id, status, assignee_id, amount)
SELECT max(updated_at), account_id, inbox_id, status, coalesce(assignee_id, 0), count(*)
FROM conversations GROUP BY account_id, inbox_id, status, coalesce(assignee_id, 0)
"""
_COUNT_CONTACTS = f"""
INSERT INTO counters (created_at, account_id, name, value)
SELECT max(updated_at), account_id, 'contacts', count(*) FROM contacts
WHERE {_REACHABLE.format("contacts")} GROUP BY account_id
"""


def _five(connection: sqlite3.Connection) -> None:
    # Substrings are found by their trigrams. Neither index holds the texts again: these triggers are
    # what keeps them true. Messages are put in by upkeep, in batches, and never by who posts them.
    for statement in (*_SEARCH, *_INDEXES):
        connection.execute(statement)


_INDEXES = (
    "CREATE INDEX conversation_account_id_created_at ON conversations (account_id, created_at)",
    """CREATE INDEX conversations_agent_bot ON conversations (assignee_agent_bot_id)
    WHERE assignee_agent_bot_id IS NOT NULL""",
    "CREATE INDEX messages_surveys ON messages (account_id, created_at) WHERE content_type = 'input_csat'",
)

# A number as one trigram of a private range, which is one term of the index.
_TERM = "char(57344 + {0} / 40960000 % 6400, 57344 + {0} / 6400 % 6400, 57344 + {0} % 6400)"
_MESSAGE_COLUMNS = "(rowid, account, inbox, content)"
_MESSAGE = f"{{0}}.id, {_TERM.format('{0}.account_id')}, {_TERM.format('{0}.inbox_id')}, {{0}}.content"
_CONTACT_COLUMNS = "(rowid, account, name, email, phone_number, identifier)"
_CONTACT = f"{{0}}.id, {_TERM.format('{0}.account_id')}, {{0}}.name, {{0}}.email, {{0}}.phone_number, {{0}}.identifier"
_INDEXED = "OLD.id <= (SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'messages_indexed')"
_MESSAGE_OUT = f"""
INSERT INTO message_search (message_search, {_MESSAGE_COLUMNS[1:]}
SELECT 'delete', {_MESSAGE.format("OLD")} WHERE OLD.content IS NOT NULL;
"""
_MESSAGE_IN = f"""
INSERT INTO message_search {_MESSAGE_COLUMNS} SELECT {_MESSAGE.format("NEW")} WHERE NEW.content IS NOT NULL;
"""
_CONTACT_OUT = (
    f"INSERT INTO contact_search (contact_search, {_CONTACT_COLUMNS[1:]} VALUES ('delete', {_CONTACT.format('OLD')});"
)
_CONTACT_IN = f"INSERT INTO contact_search {_CONTACT_COLUMNS} VALUES ({_CONTACT.format('NEW')});"
_SEARCH = (
    """CREATE VIRTUAL TABLE message_search
    USING fts5(account, inbox, content, content='', columnsize=0, tokenize='trigram')""",
    # Merging is upkeep's, in its own small units: left to itself it comes all at once, in front of others.
    "INSERT INTO message_search (message_search, rank) VALUES ('automerge', 0)",
    """CREATE VIRTUAL TABLE contact_search
    USING fts5(account, name, email, phone_number, identifier, content='', columnsize=0, tokenize='trigram')""",
    f"CREATE TRIGGER message_unsearched AFTER DELETE ON messages WHEN {_INDEXED} BEGIN {_MESSAGE_OUT} END",
    f"""CREATE TRIGGER message_researched AFTER UPDATE OF content ON messages WHEN {_INDEXED}
    BEGIN {_MESSAGE_OUT} {_MESSAGE_IN} END""",
    f"CREATE TRIGGER contact_searched AFTER INSERT ON contacts BEGIN {_CONTACT_IN} END",
    f"CREATE TRIGGER contact_unsearched AFTER DELETE ON contacts BEGIN {_CONTACT_OUT} END",
    f"""CREATE TRIGGER contact_researched AFTER UPDATE OF name, email, phone_number, identifier ON contacts
    BEGIN {_CONTACT_OUT} {_CONTACT_IN} END""",
    f"INSERT INTO contact_search {_CONTACT_COLUMNS} SELECT {_CONTACT.format('contacts')} FROM contacts",
)


def _six(connection: sqlite3.Connection) -> None:
    _statements(connection, _RULES_AT_WORK)


_RULES_AT_WORK = """
ALTER TABLE events ADD COLUMN rule_id INTEGER;
CREATE TABLE automation_runs (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    rule_id INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    event_name TEXT NOT NULL,
    actions TEXT NOT NULL,
    step INTEGER NOT NULL
);
CREATE UNIQUE INDEX automationrun_event_id_rule_id ON automation_runs (event_id, rule_id);
"""


def _seven(connection: sqlite3.Connection) -> None:
    try:
        connection.execute(_ONE_UUID)
    except sqlite3.IntegrityError:  # rows that somebody copied by hand: the later ones are called anew
        connection.execute(_OTHER_UUIDS)
        connection.execute(_ONE_UUID)
    _statements(connection, _HANDING_OUT)


_ONE_UUID = "CREATE UNIQUE INDEX conversation_uuid ON conversations (uuid)"
_OTHER_UUIDS = """
UPDATE conversations SET uuid = lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
    || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
)
WHERE id NOT IN (SELECT min(id) FROM conversations GROUP BY uuid)
"""


_HANDING_OUT = """
CREATE TABLE assignment_queues (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    user_ids TEXT NOT NULL
);
CREATE UNIQUE INDEX assignmentqueue_inbox_id ON assignment_queues (inbox_id);
CREATE TABLE assignments (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL
);
CREATE INDEX assignment_inbox_id_created_at ON assignments (inbox_id, created_at);
CREATE TABLE departures (
    id INTEGER PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    inbox_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    after INTEGER NOT NULL
);
CREATE INDEX messages_survey_of ON messages (conversation_id) WHERE content_type = 'input_csat';
CREATE TABLE mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    conversation_id INTEGER,
    message_id INTEGER,
    kind TEXT NOT NULL,
    uuid TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    error TEXT
);
CREATE INDEX mail_state_due_at ON mails (state, due_at);
CREATE INDEX mail_account_id_created_at ON mails (account_id, created_at);
CREATE INDEX mail_conversation_id ON mails (conversation_id);
"""


def _eight(connection: sqlite3.Connection) -> None:
    """Lists of contacts by what people sort them by."""
    _statements(connection, _SORTED_CONTACTS)


_SORTED_CONTACTS = """
CREATE INDEX contacts_by_name ON contacts (account_id, LOWER(name), id);
CREATE INDEX contact_account_id_last_activity_at_id ON contacts (account_id, last_activity_at, id);
CREATE INDEX contact_account_id_created_at_id ON contacts (account_id, created_at, id);
"""

MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _one, _two, _three, _four, _five, _six, _seven, _eight,
)  # fmt: skip


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are missing, each in a transaction with its record.

    Raises SchemaTooNew when the database knows more steps than we do.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise SchemaTooNew(
            f"the database has schema {version}, this inboxd knows {len(MIGRATIONS)}: update inboxd, or restore a backup"
        )
    for number, step in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            step(connection)
            connection.execute(f"PRAGMA user_version={number}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
