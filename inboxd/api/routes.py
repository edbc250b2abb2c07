"""The whole API on one screen: method, path, handler, and what each takes."""

from inboxd.api import events, files, health, public
from inboxd.api.accounts import (
    agent_bots,
    agents,
    contacts,
    conversations,
    deliveries,
    inboxes,
    messages,
    profile,
    webhooks,
)
from inboxd.api.params import (
    Boolean,
    Files,
    Integer,
    Integers,
    Moment,
    Nested,
    Object,
    Objects,
    Text,
    Texts,
    Value,
    Word,
)
from inboxd.api.web import Handler, Route
from inboxd.domain import messages as message_words
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.links import PREFIX
from inboxd.domain.webhooks import ORDERINGS

P = "/public/api/v1/inboxes/{identifier}"
C = P + "/contacts/{source_id}"
V = C + "/conversations/{id}"
A = "/api/v1/accounts/{account_id}"

IDENTITY = (Text("identifier"), Text("identifier_hash"))
PERSON = (Text("email"), Text("name", limit=255), Text("phone_number"), Text("avatar_url"), Object("custom_attributes"))
CONTACT = (
    Text("name"), Text("identifier"), Text("email"), Text("phone_number"), Text("avatar_url"), Boolean("blocked"),
    Object("additional_attributes"), Object("custom_attributes"),
)  # fmt: skip
CHANNEL = Nested(
    "channel",
    params=(Text("type"), Text("webhook_url"), Boolean("hmac_mandatory"), Object("additional_attributes")),
)
_SETTINGS = (
    Text("name"), CHANNEL, Boolean("greeting_enabled"), Text("greeting_message"), Boolean("working_hours_enabled"),
    Objects("working_hours"), Text("out_of_office_message"), Text("timezone"), Boolean("enable_auto_assignment"),
    Object("auto_assignment_config"), Boolean("csat_survey_enabled"), Object("csat_config"),
    Boolean("allow_messages_after_resolved"), Boolean("lock_to_single_conversation"), Boolean("enable_email_collect"),
    Word("sender_name_type", words=("friendly", "professional")), Text("business_name", limit=255),
)  # fmt: skip
INBOX = tuple(inboxes.OrNull(param.name, inner=param) for param in _SETTINGS)
MESSAGE = (
    Text("content"), Word("message_type", words=message_words.MESSAGE_TYPES), Boolean("private"),
    Word("content_type", words=message_words.CONTENT_TYPES), Object("content_attributes", lenient=True),
    Text("source_id"), Text("echo_id"), Value("external_created_at"), Value("campaign_id"), Object("template_params"),
)  # fmt: skip
LIST = (
    Text("status"), Text("assignee_type"), Integer("inbox_id"), Integer("team_id"), Texts("labels"), Text("q"),
    Text("source_id"), Text("conversation_type"), Text("sort_by"), Integer("updated_within", least=0),
    Integer("page"),
)  # fmt: skip
PAGE = (Integer("page"), Text("sort"), Text("include_contact_inboxes"))
OPTIONS = (Word("ordering", words=ORDERINGS), Boolean("exclude_own"), Object("headers"))
WEBHOOK = (Text("url"), Text("name", limit=255), Integer("inbox_id"), Texts("subscriptions"), *OPTIONS)
BOT = (
    Text("name"),
    Text("description"),
    Text("outgoing_url"),
    Word("bot_type", words=("webhook",)),
    Object("bot_config"),
)
ROTATE = (Integer("overlap_s", least=0),)
RECOVER = (Moment("since"), Boolean("missing"))
ENABLE = (Word("pending", words=("resume", "skip")),)
DELIVERIES = (
    Word("state", words=deliveries.STATES), Integer("webhook_id"), Integer("inbox_id"), Integer("conversation_id"),
    Integer("message_id"), Text("event"), Moment("since"), Text("before"), Integer("limit", least=1),
)  # fmt: skip
MEMBERS = (Integer("inbox_id", required=True), Integers("user_ids"))
ADMIN = "administrator"


# fmt: off
def _steering(webhook: str, find: Handler) -> tuple[Route, ...]:
    """What people can do about a webhook, whosever it is."""
    return (
        Route("POST", webhook + "/test", webhooks.test, (), find, ADMIN, detached=True, about="send a test event now, and see what comes of it"),
        Route("POST", webhook + "/recover", webhooks.recover, RECOVER, find, ADMIN, detached=True, about="send what failed since a time again; with missing also what it was never owed"),
        Route("POST", webhook + "/enable", webhooks.enable, ENABLE, find, ADMIN, about="deliver to a disabled webhook again, or skip what is pending"),
        Route("POST", webhook + "/rotate_secret", webhooks.rotate_secret, ROTATE, find, ADMIN, shown_once="payload.webhook.secret", about="a new signing secret; the old one signs too for a day"),
    )


ROUTES = (
    # The client API: no token, the identifier and the source_id are the credential.
    Route("GET", P, public.show_inbox, record=public.find_inbox, role="public", about="the inbox"),
    Route("POST", P + "/contacts", public.create_contact, (Text("source_id"), *IDENTITY, *PERSON), public.find_inbox, "public", about="create or identify a contact"),
    Route("GET", C, public.show_contact, IDENTITY, public.find_place, "public", writes=True, about="a contact; with a valid hash it becomes verified"),
    Route("PATCH", C, public.update_contact, (*IDENTITY, *PERSON), public.find_place, "public", about="change a contact; merges with the owner of its e-mail or phone"),
    Route("GET", C + "/conversations", public.list_conversations, (), public.find_verified_place, "public", about="the contact's conversations"),
    Route("POST", C + "/conversations", public.create_conversation, (Object("custom_attributes"),), public.find_verified_place, "public", about="open a conversation"),
    Route("GET", V, public.show_conversation, (), public.find_conversation, "public", about="a conversation"),
    Route("POST", V + "/toggle_status", public.resolve_conversation, (), public.find_conversation, "public", about="resolve"),
    Route("POST", V + "/toggle_typing", public.toggle_typing, (Text("typing_status"),), public.find_conversation, "public", about="typing on or off"),
    Route("POST", V + "/update_last_seen", public.update_last_seen, (), public.find_conversation, "public", about="the contact has read everything"),
    Route("GET", V + "/messages", public.list_messages, (Text("before"),), public.find_conversation, "public", about="the latest 20 messages"),
    Route("POST", V + "/messages", public.create_message, (Text("content"), Text("echo_id"), Files("attachments")), public.find_conversation, "public", about="send a message"),
    Route("PATCH", V + "/messages/{message_id}", public.update_message, (Value("submitted_values"),), public.find_conversation, "public", about="answer a form"),

    Route("GET", "/api/v1/profile", profile.show, writes=True, about="who this token is"),
    Route("POST", "/api/v1/accounts", profile.create_account, (Text("name", required=True),), role="superadmin", about="create an account"),
    Route("GET", A, profile.show_account, hidden=True, about="the account"),

    Route("GET", A + "/agents", agents.index, about="people of the account"),
    Route("POST", A + "/agents", agents.create, (Text("name"), Text("email", required=True), Word("role", words=("agent", ADMIN)), Word("availability", words=("online", "busy", "offline")), Boolean("auto_offline")), role=ADMIN, wrapper="agent", about="add somebody"),
    Route("GET", A + "/access_tokens", agents.list_tokens, role=ADMIN, about="tokens of the account's people, without the tokens"),
    Route("POST", A + "/access_tokens", agents.create_token, (Text("name", limit=255), Integer("user_id"), Text("email")), role=ADMIN, shown_once="access_token", about="a new token, shown once"),
    Route("DELETE", A + "/access_tokens/{id}", agents.revoke_token, role=ADMIN, about="revoke a token"),

    Route("GET", A + "/inboxes", inboxes.index, about="inboxes the caller may see"),
    Route("POST", A + "/inboxes", inboxes.create, INBOX, role=ADMIN, shown_once="secret", about="create an API inbox; the secret is shown once"),
    Route("GET", A + "/inboxes/{id}", inboxes.show, (), inboxes.find, about="an inbox"),
    Route("PATCH", A + "/inboxes/{id}", inboxes.update, INBOX, inboxes.find, ADMIN, about="change an inbox"),
    Route("DELETE", A + "/inboxes/{id}", inboxes.delete, (), inboxes.find, ADMIN, about="delete an inbox with all in it"),
    Route("POST", A + "/inboxes/{id}/reset_secret", inboxes.reset_secret, (), inboxes.find, ADMIN, shown_once="secret", about="a new signing secret, shown once; the old one signs too for a day"),
    Route("GET", A + "/inboxes/{id}/health", health.inbox, (), inboxes.find, ADMIN, about="does it get messages, do its events arrive, what was refused"),
    Route("GET", A + "/inbox_members/{inbox_id}", inboxes.show_members, (), inboxes.find_in_body, about="members of an inbox"),
    Route("POST", A + "/inbox_members", inboxes.add_members, MEMBERS, inboxes.find_in_body, ADMIN, about="add members"),
    Route("PATCH", A + "/inbox_members", inboxes.set_members, MEMBERS, inboxes.find_in_body, ADMIN, about="set the members"),
    Route("DELETE", A + "/inbox_members", inboxes.remove_members, MEMBERS, inboxes.find_in_body, ADMIN, about="remove members"),

    Route("GET", A + "/inboxes/{id}/agent_bot", agent_bots.of_inbox, (), inboxes.find, about="the bot that answers first"),
    Route("POST", A + "/inboxes/{id}/set_agent_bot", agent_bots.connect, (Integer("agent_bot"),), inboxes.find, ADMIN, about="let a bot answer first, or nobody with null"),

    Route("GET", A + "/agent_bots", agent_bots.index, about="agent bots"),
    Route("POST", A + "/agent_bots", agent_bots.create, BOT, role=ADMIN, shown_once="secret", about="create a bot; the secret is shown once"),
    Route("GET", A + "/agent_bots/{id}", agent_bots.show, (), agent_bots.find, about="a bot"),
    Route("PATCH", A + "/agent_bots/{id}", agent_bots.update, BOT, agent_bots.find, ADMIN, about="change a bot"),
    Route("DELETE", A + "/agent_bots/{id}", agent_bots.delete, (), agent_bots.find, ADMIN, about="delete a bot"),
    Route("POST", A + "/agent_bots/{id}/reset_secret", agent_bots.reset_secret, (), agent_bots.find, ADMIN, shown_once="secret", about="a new signing secret, shown once"),

    Route("GET", A + "/contacts", contacts.index, (*PAGE, Texts("labels")), about="contacts that can be reached"),
    Route("GET", A + "/contacts/search", contacts.search, (*PAGE, Text("q")), about="search contacts"),
    Route("POST", A + "/contacts", contacts.create, (*CONTACT, Integer("inbox_id"), Text("source_id")), about="create a contact"),
    Route("GET", A + "/contacts/{id}", contacts.show, (), contacts.find, about="a contact"),
    Route("PATCH", A + "/contacts/{id}", contacts.update, CONTACT, contacts.find, about="change a contact"),

    Route("GET", A + "/conversations", conversations.index, LIST, about="a page of conversations, with counts"),
    Route("GET", A + "/conversations/meta", conversations.meta, LIST, about="the counts alone"),
    Route("POST", A + "/conversations", conversations.create, (Integer("inbox_id"), Integer("contact_id"), Text("source_id"), Word("status", words=STATUSES), Integer("assignee_id"), Integer("team_id"), Moment("snoozed_until"), Boolean("hmac_verified"), Object("custom_attributes"), Object("additional_attributes"), Nested("message", params=MESSAGE)), about="open a conversation"),
    Route("GET", A + "/conversations/{id}", conversations.show, (), conversations.find, about="a conversation"),
    Route("PATCH", A + "/conversations/{id}", conversations.update, (Word("priority", words=PRIORITIES, nothing=("none",)),), conversations.find, about="change the priority"),
    Route("POST", A + "/conversations/{id}/toggle_status", conversations.toggle_status, (Word("status", words=STATUSES), Moment("snoozed_until")), conversations.find, about="open, resolve, snooze"),
    Route("POST", A + "/conversations/{id}/toggle_priority", conversations.toggle_priority, (Word("priority", words=PRIORITIES, nothing=("none",)),), conversations.find, about="set or clear the priority"),
    Route("POST", A + "/conversations/{id}/toggle_typing_status", conversations.toggle_typing, (Text("typing_status"), Boolean("is_private")), conversations.find, about="typing on or off"),
    Route("POST", A + "/conversations/{id}/assignments", conversations.assign, (Integer("assignee_id"), Text("assignee_type"), Integer("team_id")), conversations.find, about="assign or unassign"),
    Route("GET", A + "/conversations/{id}/labels", conversations.list_labels, (), conversations.find, about="labels"),
    Route("POST", A + "/conversations/{id}/labels", conversations.set_labels, (Texts("labels"),), conversations.find, about="replace the labels"),
    Route("POST", A + "/conversations/{id}/custom_attributes", conversations.set_custom_attributes, (Object("custom_attributes"),), conversations.find, about="replace the custom attributes"),
    Route("POST", A + "/conversations/{id}/update_last_seen", conversations.update_last_seen, (), conversations.find, about="the agent has read everything"),

    Route("GET", A + "/conversations/{id}/messages", messages.index, (Integer("before"), Integer("after"), Text("filter_internal_messages")), conversations.find, about="a window of messages"),
    Route("POST", A + "/conversations/{id}/messages", messages.create, (*MESSAGE, Files("attachments")), conversations.find, about="reply, write a private message, or inject an incoming one"),
    Route("PATCH", A + "/conversations/{id}/messages/{message_id}", messages.update, (Text("status"), Text("external_error")), messages.find, about="report delivered, read or failed"),
    Route("DELETE", A + "/conversations/{id}/messages/{message_id}", messages.delete, (), messages.find, about="take a message back"),

    Route("POST", A + "/conversations/{id}/messages/{message_id}/retry", messages.retry, (), messages.find, about="send a failed message again"),

    Route("GET", A + "/webhooks", webhooks.index, role=ADMIN, about="account webhooks"),
    Route("POST", A + "/webhooks", webhooks.create, WEBHOOK, role=ADMIN, wrapper="webhook", shown_once="payload.webhook.secret", about="subscribe a URL; the secret is shown once"),
    Route("GET", A + "/webhooks/{id}", webhooks.show, (), webhooks.find, ADMIN, about="a webhook and how it does"),
    Route("PATCH", A + "/webhooks/{id}", webhooks.update, WEBHOOK, webhooks.find, ADMIN, "webhook", about="change a webhook"),
    Route("DELETE", A + "/webhooks/{id}", webhooks.delete, (), webhooks.find, ADMIN, about="delete a webhook"),
    *_steering(A + "/webhooks/{id}", webhooks.find),
    Route("GET", A + "/inboxes/{id}/webhook", webhooks.show, (), webhooks.find_of_inbox, ADMIN, about="the inbox's own webhook and how it does"),
    Route("PATCH", A + "/inboxes/{id}/webhook", webhooks.update, OPTIONS, webhooks.find_of_inbox, ADMIN, "webhook", about="change its options; its URL is the inbox's webhook_url"),
    Route("POST", A + "/inboxes/{id}/test_webhook", webhooks.test, (), webhooks.find_of_inbox, ADMIN, detached=True, about="send a test event now, and see what comes of it"),
    *_steering(A + "/inboxes/{id}/webhook", webhooks.find_of_inbox),
    Route("GET", A + "/agent_bots/{id}/webhook", webhooks.show, (), webhooks.find_of_bot, ADMIN, about="a bot's webhook and how it does"),
    Route("PATCH", A + "/agent_bots/{id}/webhook", webhooks.update, OPTIONS, webhooks.find_of_bot, ADMIN, "webhook", about="change its options; its URL is the bot's outgoing_url"),
    *_steering(A + "/agent_bots/{id}/webhook", webhooks.find_of_bot),

    Route("GET", A + "/deliveries", deliveries.index, DELIVERIES, role=ADMIN, about="deliveries, the newest first"),
    Route("GET", A + "/deliveries/{delivery_id}", deliveries.show, (), deliveries.find, ADMIN, about="a delivery with its attempts and its payload"),
    Route("POST", A + "/deliveries/{delivery_id}/resend", deliveries.resend, (), deliveries.find, ADMIN, about="send it again, under the same id"),
    Route("POST", A + "/deliveries/{delivery_id}/cancel", deliveries.cancel, (), deliveries.find, ADMIN, about="try it no more"),

    Route("GET", A + "/events", events.poll, (Integer("after", least=0), Integer("wait", least=0), Texts("types"), Integer("inbox_id"), Integer("limit", least=1)), about="every event behind a seq; waits for the next one"),

    Route("GET", PREFIX + "{signed}/{filename}", files.download, role="public", about="an attachment, by its signed link"),
    Route("GET", "/livez", health.livez, role="public", about="the process answers"),
    Route("GET", "/readyz", health.readyz, role="public", about="the store answers"),
    Route("GET", "/health", health.health, role="public", about="version and the state of the queue"),
)
# fmt: on
