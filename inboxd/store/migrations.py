"""The schema, step by step: the version of a database is the number of steps it took.

A step that has been released is never edited: the models say what the schema is today, the
steps say how every database gets there, and a test holds the two together.
"""

import sqlite3
from collections.abc import Callable


class SchemaTooNew(Exception):
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

MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_one, _two, _three)


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
