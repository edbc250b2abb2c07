"""The whole API on one screen: method, path, handler, and what each takes."""

from typing import Any

from inboxd.api import docs, events, files, health, public, survey
from inboxd.api.accounts import (
    agent_bots,
    agents,
    assignment_policies,
    audit_logs,
    automation_rules,
    bulk_actions,
    canned_responses,
    contacts,
    conversation_actions,
    conversations,
    csat,
    custom_attribute_definitions,
    custom_filters,
    deliveries,
    drafts,
    filters,
    imports,
    inboxes,
    jobs,
    labels,
    macros,
    messages,
    notes,
    notifications,
    overview,
    participants,
    profile,
    reports,
    reports_csv,
    reports_live,
    search,
    teams,
    uploads,
    webhooks,
)
from inboxd.api.params import (
    Boolean,
    Files,
    Integer,
    Integers,
    Moment,
    Nested,
    NumberedWord,
    Object,
    Objects,
    Text,
    Texts,
    Value,
    Word,
)
from inboxd.api.web import Handler, Route
from inboxd.domain import accounts as account_words
from inboxd.domain import messages as message_words
from inboxd.domain.conversations import PRIORITIES, STATUSES
from inboxd.domain.deliveries import SOUGHT
from inboxd.domain.links import DIRECT, PREFIX
from inboxd.domain.periods import UNITS
from inboxd.domain.webhooks import ORDERINGS
from inboxd.services import assignment_policies as policy_words
from inboxd.services.custom_filters import TYPES as FILTER_TYPES
from inboxd.services.macros import VISIBILITIES
from inboxd.wire import agent_bots as bot_wire
from inboxd.wire import audit_logs as audit_shapes
from inboxd.wire import automation_rules as rule_shapes
from inboxd.wire import csat as csat_shapes
from inboxd.wire import notifications as notification_shapes
from inboxd.wire import overview as overview_wire
from inboxd.wire import reports as report_shapes
from inboxd.wire import search as found
from inboxd.wire import shapes_accounts as shown
from inboxd.wire import shapes_operations as ops
from inboxd.wire import shapes_public as client
from inboxd.wire import survey as survey_shapes
from inboxd.wire import uploads as upload_shapes
from inboxd.wire.assignment_policies import AssignmentPolicyShape, Inboxes
from inboxd.wire.jobs import Imported, JobShape
from inboxd.wire.macros import MacroShape
from inboxd.wire.shapes import NO_CONTENT, Answer, Error, Nothing, Page, Payload

P = "/public/api/v1/inboxes/{identifier}"
C = P + "/contacts/{source_id}"
V = C + "/conversations/{id}"
S = "/public/api/v1/csat_survey/{uuid}"
A = "/api/v1/accounts/{account_id}"
A2 = "/api/v2/accounts/{account_id}"

IDENTITY = (Text("identifier"), Text("identifier_hash"))
PERSON = (Text("email"), Text("name", limit=255), Text("phone_number"), Text("avatar_url"), Object("custom_attributes"))
CONTACT = (
    Text("name"), Text("identifier"), Text("email"), Text("phone_number"), Text("avatar_url"), Boolean("blocked"),
    Object("additional_attributes"), Object("custom_attributes"), Files("avatar"),
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
INBOX = (*(inboxes.OrNull(param.name, inner=param) for param in _SETTINGS), Files("avatar"))
MESSAGE = (
    Text("content"), NumberedWord("message_type", words=message_words.MESSAGE_TYPES), Boolean("private"),
    Word("content_type", words=message_words.CONTENT_TYPES), Object("content_attributes", lenient=True),
    Text("source_id"), Text("echo_id"), Value("external_created_at"), Value("campaign_id"), Object("template_params"),
    Text("sender_type"), Integer("sender_id"), Files("attachments", many=True, or_ids=True),
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
    NumberedWord("bot_type", words=("webhook",)),
    Object("bot_config"),
    Files("avatar"),
    Text("avatar_url"),
)
ROTATE = (Integer("overlap_s", least=0),)
RECOVER = (Moment("since"), Boolean("missing"))
ENABLE = (Word("pending", words=("resume", "skip")),)
DELIVERIES = (
    Word("state", words=SOUGHT), Integer("webhook_id"), Integer("inbox_id"), Integer("conversation_id"),
    Integer("message_id"), Text("event"), Moment("since"), Text("before"), Integer("limit", least=1),
)  # fmt: skip
CANNED_RESPONSE = (Text("short_code", limit=255), Text("content", limit=20_000))
ATTRIBUTE_DEFINITION = (
    Text("attribute_display_name", limit=255), custom_attribute_definitions.DISPLAY_TYPE,
    Text("attribute_description", limit=20_000), Text("attribute_key", limit=255), custom_attribute_definitions.MODEL,
    Texts("attribute_values"), Text("regex_pattern", limit=255), Text("regex_cue", limit=255),
)  # fmt: skip
FILTER_TYPE = NumberedWord("filter_type", words=FILTER_TYPES)
CUSTOM_FILTER = (Text("name"), FILTER_TYPE, Object("query"))
NOTE = (Text("content", limit=20_000),)
FOLLOWERS = (Integers("user_ids"),)
DRAFT = (Nested("draft_message", params=(Text("message", limit=message_words.CONTENT_LIMIT),)),)
AVAILABILITY = Word("availability", words=("online", "busy", "offline"))
AGENT = (Text("name", limit=255), Word("role", words=("agent", "administrator")), AVAILABILITY, Boolean("auto_offline"))
PROFILE = (
    Text("name", limit=255), Text("email"), Text("display_name", limit=255), Text("message_signature", limit=20_000),
    Object("ui_settings"), Text("phone_number", limit=255), Text("current_password"), Text("password"),
    Text("password_confirmation"), Files("avatar"),
)  # fmt: skip
ACCOUNT = (
    Text("name"), Text("locale"), Text("domain", limit=255), Text("support_email", limit=255),
    Integer("auto_resolve_after"), Text("auto_resolve_message", limit=20_000), Boolean("auto_resolve_ignore_waiting"),
    Text("auto_resolve_label", limit=255), Boolean("audio_transcriptions"),
    Boolean("keep_pending_on_bot_failure"), *(Text(name, limit=255) for name in account_words.ATTRIBUTES),
)  # fmt: skip
SEARCH = (Text("q"), Integer("page"))
MEMBERS = (Integer("inbox_id", required=True), Integers("user_ids"))
TEAM = (Text("name"), Text("description", limit=20_000), Boolean("allow_auto_assign"))
PEOPLE = (Integers("user_ids"),)
LABEL = (Text("title"), Text("description", limit=20_000), Text("color", limit=255), Boolean("show_on_sidebar"))
RULE = (
    Text("name"), Text("description", limit=20_000), Text("event_name"), Objects("conditions"), Objects("actions"),
    Boolean("active"),
)  # fmt: skip
MACRO = (Text("name"), Word("visibility", words=VISIBILITIES), Objects("actions"))
BULK = (
    Text("type"), Integers("ids"), Text("action_name"), Moment("snoozed_until"),
    Nested("fields", params=(Word("status", words=STATUSES), Integer("assignee_id"), Integer("team_id"))),
    Nested("labels", params=(Texts("add"), Texts("remove"))),
)  # fmt: skip
POLICY = (
    Text("name", limit=255), Text("description", limit=20_000), Word("assignment_order", words=policy_words.ORDERS),
    Word("conversation_priority", words=policy_words.PRIORITIES), Integer("fair_distribution_limit"),
    Integer("fair_distribution_window"), Boolean("enabled"),
)  # fmt: skip
RANGE = (Moment("since"), Moment("until"), Boolean("business_hours"))
SUBJECT = (Word("type", words=reports.TYPES, required=True), Integer("id"))
OFFSET = reports.Offset("timezone_offset")
SERIES = (Text("metric"), *RANGE, *SUBJECT, Word("group_by", words=UNITS), OFFSET)
TOLD = (Integer("page"), Texts("includes"), Text("sort_order"))
FLAGS = (Nested("notification_settings", params=(Texts("selected_email_flags"), Texts("selected_push_flags"))),)
SURVEYS = (
    Moment("since"), Moment("until"), Integers("user_ids"), Integer("inbox_id"), Integer("team_id"), Integer("rating"),
)  # fmt: skip
ADMIN = "administrator"


# fmt: off
def _steering(webhook: str, find: Handler) -> tuple[Route, ...]:
    """What people can do about a webhook, whosever it is."""
    return (
        Route("POST", webhook + "/test", webhooks.test, (), find, ADMIN, detached=True, answer=ops.DeliveryDetails, about="send a test event now, and see what comes of it"),
        Route("POST", webhook + "/recover", webhooks.recover, RECOVER, find, ADMIN, detached=True, answer=ops.Recovered, about="send what failed since a time again; with missing also what it was never owed"),
        Route("POST", webhook + "/enable", webhooks.enable, ENABLE, find, ADMIN, detached=True, answer=Payload[ops.EnabledWebhook], about="deliver to a disabled webhook again, or skip what is pending"),
        Route("POST", webhook + "/rotate_secret", webhooks.rotate_secret, ROTATE, find, ADMIN, shown_once="payload.webhook.secret", answer=Payload[ops.OneWebhook], about="a new signing secret; the old one signs too for a day"),
    )


ROUTES = (
    # The client API: no token, the identifier and the source_id are the credential.
    Route("GET", P, public.show_inbox, record=public.find_inbox, role="public", answer=client.PublicInbox, about="the inbox"),
    Route("POST", P + "/contacts", public.create_contact, (Text("source_id"), *IDENTITY, *PERSON), public.find_inbox, "public", answer=client.PublicContact, about="create or identify a contact"),
    Route("GET", C, public.show_contact, IDENTITY, public.find_place, "public", writes=True, answer=client.PublicContact, about="a contact; with a valid hash it becomes verified"),
    Route("PATCH", C, public.update_contact, (*IDENTITY, *PERSON), public.find_place, "public", detached=True, answer=client.ContactRecord, about="change a contact; merges with the owner of its e-mail or phone"),
    Route("GET", C + "/conversations", public.list_conversations, (), public.find_verified_place, "public", answer=list[client.PublicConversation], about="the contact's conversations"),
    Route("POST", C + "/conversations", public.create_conversation, (Object("custom_attributes"),), public.find_verified_place, "public", answer=client.PublicConversation, about="open a conversation"),
    Route("GET", V, public.show_conversation, (), public.find_conversation, "public", answer=client.PublicConversation, about="a conversation"),
    Route("POST", V + "/toggle_status", public.resolve_conversation, (), public.find_conversation, "public", answer=client.PublicConversation, about="resolve"),
    Route("POST", V + "/toggle_typing", public.toggle_typing, (Text("typing_status"),), public.find_conversation, "public", about="typing on or off"),
    Route("POST", V + "/update_last_seen", public.update_last_seen, (), public.find_conversation, "public", about="the contact has read everything"),
    Route("GET", V + "/messages", public.list_messages, (Text("before"),), public.find_conversation, "public", answer=list[client.PublicMessage], about="the latest 20 messages"),
    Route("POST", V + "/messages", public.create_message, (Text("content"), Text("echo_id"), Files("attachments", many=True)), public.find_conversation, "public", answer=client.PublicMessage, about="send a message"),
    Route("PATCH", V + "/messages/{message_id}", public.update_message, (Value("submitted_values"),), public.find_conversation, "public", answer=client.PublicMessage, about="answer a form"),

    Route("GET", "/api/v1/profile", profile.show, writes=True, answer=shown.Profile, about="who this token is"),
    Route("PATCH", "/api/v1/profile", profile.update, PROFILE, wrapper="profile", answer=shown.Profile, about="change who this token is"),
    Route("POST", "/api/v1/profile/availability", profile.set_availability, (Integer("account_id"), AVAILABILITY), wrapper="profile", answer=shown.Profile, about="online, busy or offline in an account"),
    Route("POST", "/api/v1/profile/auto_offline", profile.set_auto_offline, (Integer("account_id"), Boolean("auto_offline")), wrapper="profile", answer=shown.Profile, about="whether silence means offline"),
    Route("PATCH", "/api/v1/profile/set_active_account", profile.set_active_account, (Integer("account_id"),), wrapper="profile", about="the account that is used now"),
    Route("POST", "/api/v1/profile/reset_access_token", profile.reset_access_token, shown_once="access_token", answer=shown.Profile, about="a new token in place of this one, shown once"),
    Route("DELETE", "/api/v1/profile/avatar", profile.delete_avatar, answer=shown.Profile, about="take one's avatar away"),
    Route("POST", "/api/v1/profile/resend_confirmation", profile.resend_confirmation, about="nothing: there is no mail to confirm"),
    Route("POST", "/api/v1/profile/presence", profile.presence, about="the caller is here, for five minutes more"),
    Route("POST", "/api/v1/accounts", profile.create_account, (Text("name", required=True),), role="superadmin", answer=shown.Account, about="create an account"),
    Route("GET", A, profile.show_account, hidden=True, answer=shown.Account, about="the account"),
    Route("PATCH", A, profile.update_account, ACCOUNT, role=ADMIN, hidden=True, answer=shown.Account, about="change the account"),
    Route("GET", A + "/cache_keys", profile.show_cache_keys, hidden=True, answer=shown.OfCacheKeys, about="what changes when labels, inboxes or teams do"),
    Route("POST", A + "/update_active_at", profile.update_active_at, hidden=True, about="the caller is here"),

    Route("GET", A + "/meta", overview.meta, answer=overview_wire.Meta, about="version, who the caller is, features and limits"),
    Route("GET", A + "/counts", overview.counts, answer=overview_wire.Counts, about="the numbers of a dashboard"),
    Route("GET", A + "/attention", overview.attention, answer=Payload[list[overview_wire.Concern]], about="what wants a person, the worst first"),
    Route("POST", A + "/inboxes/{id}/test_message", overview.send_test_message, (Text("name", limit=255), Text("content", limit=message_words.CONTENT_LIMIT)), inboxes.find, ADMIN, answer=overview_wire.TestMessage, about="a message as a customer's system would send it"),

    Route("GET", A + "/audit_logs", audit_logs.index, (Integer("page"),), role=ADMIN, about="who changed what, the newest first", answer=audit_shapes.Page),

    Route("POST", A + "/import", imports.import_history, role=ADMIN, detached=True, lines=imports.LINE, answer=Imported, about="contacts, conversations and messages of another system, one JSON object a line"),
    Route("GET", A + "/jobs", jobs.index, (Integer("before"),), role=ADMIN, answer=Payload[list[JobShape]], about="imports and exports, the newest first"),
    Route("GET", A + "/jobs/{id}", jobs.show, (), jobs.find, ADMIN, answer=JobShape, about="how far a job is, what it could not do, and its file"),
    Route("POST", A + "/jobs/{id}/cancel", jobs.cancel, (), jobs.find, ADMIN, answer=JobShape, about="stop a job; what is done stays done"),

    Route("GET", A + "/agents", agents.index, answer=list[shown.Agent], about="people of the account"),
    Route("POST", A + "/agents", agents.create, (Text("name"), Text("email", required=True), Word("role", words=("agent", ADMIN)), Word("availability", words=("online", "busy", "offline")), Boolean("auto_offline")), role=ADMIN, wrapper="agent", answer=shown.Agent, about="add somebody"),
    Route("POST", A + "/agents/bulk_create", agents.create_many, (Texts("emails"),), role=ADMIN, about="add several by e-mail"),
    Route("PATCH", A + "/agents/{id}", agents.update, AGENT, agents.find, ADMIN, "agent", answer=shown.Agent, about="change somebody"),
    Route("DELETE", A + "/agents/{id}", agents.delete, (), agents.find, ADMIN, detached=True, about="take somebody out of the account"),
    Route("GET", A + "/assignable_agents", agents.assignable, (Integers("inbox_ids"),), answer=Payload[list[shown.Agent]], about="who may be assigned in all of these inboxes"),
    Route("GET", A + "/access_tokens", agents.list_tokens, role=ADMIN, answer=Payload[list[shown.AccessToken]], about="tokens of the account's people, without the tokens"),
    Route("POST", A + "/access_tokens", agents.create_token, (Text("name", limit=255), Integer("user_id"), Text("email")), role=ADMIN, shown_once="access_token", answer=shown.AccessToken, about="a new token, shown once"),
    Route("DELETE", A + "/access_tokens/{id}", agents.revoke_token, role=ADMIN, about="revoke a token"),
    Route("GET", A + "/inboxes/{id}/assignable_agents", agents.assignable_in_inbox, (), inboxes.find, answer=Payload[list[shown.Agent]], about="who may be assigned in an inbox"),

    Route("GET", A + "/inboxes", inboxes.index, answer=Payload[list[shown.Inbox]], about="inboxes the caller may see"),
    Route("POST", A + "/inboxes", inboxes.create, INBOX, role=ADMIN, shown_once="secret", answer=shown.Inbox, about="create an API inbox; the secret is shown once"),
    Route("GET", A + "/inboxes/{id}", inboxes.show, (), inboxes.find, answer=shown.Inbox, about="an inbox"),
    Route("PATCH", A + "/inboxes/{id}", inboxes.update, INBOX, inboxes.find, ADMIN, answer=shown.Inbox, about="change an inbox"),
    Route("DELETE", A + "/inboxes/{id}", inboxes.delete, (), inboxes.find, ADMIN, detached=True, answer=shown.Notice, about="delete an inbox with all in it"),
    Route("DELETE", A + "/inboxes/{id}/avatar", inboxes.delete_avatar, (), inboxes.find, ADMIN, about="take an inbox's avatar away"),
    Route("POST", A + "/inboxes/{id}/reset_secret", inboxes.reset_secret, (), inboxes.find, ADMIN, shown_once="secret", answer=shown.Inbox, about="a new signing secret, shown once; the old one signs too for a day"),
    Route("GET", A + "/inboxes/{id}/health", health.inbox, (), inboxes.find, ADMIN, answer=ops.InboxHealth, about="does it get messages, do its events arrive, what was refused"),
    Route("GET", A + "/inbox_members/{inbox_id}", inboxes.show_members, (), inboxes.find_in_body, answer=Payload[list[shown.Agent]], about="members of an inbox"),
    Route("POST", A + "/inbox_members", inboxes.add_members, MEMBERS, inboxes.find_in_body, ADMIN, answer=Payload[list[shown.Agent]], about="add members"),
    Route("PATCH", A + "/inbox_members", inboxes.set_members, MEMBERS, inboxes.find_in_body, ADMIN, answer=Payload[list[shown.Agent]], about="set the members"),
    Route("DELETE", A + "/inbox_members", inboxes.remove_members, MEMBERS, inboxes.find_in_body, ADMIN, about="remove members"),

    Route("GET", A + "/inboxes/{id}/agent_bot", agent_bots.of_inbox, (), inboxes.find, answer=shown.InboxBot, about="the bot that answers first"),
    Route("POST", A + "/inboxes/{id}/set_agent_bot", agent_bots.connect, (Integer("agent_bot"),), inboxes.find, ADMIN, about="let a bot answer first, or nobody with null"),
    Route("GET", A + "/agent_bots", agent_bots.index, answer=list[bot_wire.Bot], about="agent bots"),
    Route("POST", A + "/agent_bots", agent_bots.create, BOT, role=ADMIN, shown_once=("access_token", "secret"), answer=bot_wire.Bot, about="create a bot; its token and secret are shown once"),
    Route("GET", A + "/agent_bots/{id}", agent_bots.show, (), agent_bots.find, answer=bot_wire.Bot, about="a bot"),
    Route("PATCH", A + "/agent_bots/{id}", agent_bots.update, BOT, agent_bots.find, ADMIN, answer=bot_wire.Bot, about="change a bot"),
    Route("DELETE", A + "/agent_bots/{id}", agent_bots.delete, (), agent_bots.find, ADMIN, detached=True, about="delete a bot"),
    Route("POST", A + "/agent_bots/{id}/reset_access_token", agent_bots.reset_access_token, (), agent_bots.find, ADMIN, shown_once="access_token", answer=bot_wire.Bot, about="a new access token, shown once; the old one dies"),
    Route("DELETE", A + "/agent_bots/{id}/avatar", agent_bots.delete_avatar, (), agent_bots.find, ADMIN, answer=bot_wire.Bot, about="take a bot's avatar away"),
    Route("POST", A + "/agent_bots/{id}/reset_secret", agent_bots.reset_secret, (), agent_bots.find, ADMIN, shown_once="secret", answer=bot_wire.Bot, about="a new signing secret, shown once"),

    Route("GET", A + "/assignment_policies", assignment_policies.index, role=ADMIN, answer=list[AssignmentPolicyShape], about="assignment policies"),
    Route("POST", A + "/assignment_policies", assignment_policies.create, POLICY, role=ADMIN, wrapper="assignment_policy", answer=AssignmentPolicyShape, about="create an assignment policy"),
    Route("GET", A + "/assignment_policies/{id}", assignment_policies.show, (), assignment_policies.find, ADMIN, answer=AssignmentPolicyShape, about="an assignment policy"),
    Route("PATCH", A + "/assignment_policies/{id}", assignment_policies.update, POLICY, assignment_policies.find, ADMIN, "assignment_policy", answer=AssignmentPolicyShape, about="change an assignment policy"),
    Route("DELETE", A + "/assignment_policies/{id}", assignment_policies.delete, (), assignment_policies.find, ADMIN, about="delete an assignment policy"),
    Route("GET", A + "/assignment_policies/{id}/inboxes", assignment_policies.list_inboxes, (), assignment_policies.find, ADMIN, answer=Inboxes, about="inboxes that follow a policy"),
    Route("GET", A + "/inboxes/{id}/assignment_policy", assignment_policies.of_inbox, (), inboxes.find, ADMIN, answer=AssignmentPolicyShape, about="the policy that an inbox follows"),
    Route("POST", A + "/inboxes/{id}/assignment_policy", assignment_policies.connect, (Integer("assignment_policy_id"),), inboxes.find, ADMIN, answer=AssignmentPolicyShape, about="let an inbox follow a policy in place of another"),
    Route("DELETE", A + "/inboxes/{id}/assignment_policy", assignment_policies.disconnect, (), inboxes.find, ADMIN, about="let an inbox follow no policy"),

    Route("GET", A + "/teams", teams.index, answer=list[shown.Team], about="teams of the account"),
    Route("POST", A + "/teams", teams.create, TEAM, role=ADMIN, wrapper="team", answer=shown.Team, about="create a team"),
    Route("GET", A + "/teams/{id}", teams.show, (), teams.find, answer=shown.Team, about="a team"),
    Route("PATCH", A + "/teams/{id}", teams.update, TEAM, teams.find, ADMIN, "team", answer=shown.Team, about="change a team"),
    Route("DELETE", A + "/teams/{id}", teams.delete, (), teams.find, ADMIN, detached=True, about="delete a team; its conversations have none then"),
    Route("GET", A + "/teams/{id}/team_members", teams.show_members, (), teams.find, answer=list[shown.Agent], about="members of a team"),
    Route("POST", A + "/teams/{id}/team_members", teams.add_members, PEOPLE, teams.find, ADMIN, answer=list[shown.Agent], about="add members"),
    Route("PATCH", A + "/teams/{id}/team_members", teams.set_members, PEOPLE, teams.find, ADMIN, answer=list[shown.Agent], about="set the members"),
    Route("DELETE", A + "/teams/{id}/team_members", teams.remove_members, PEOPLE, teams.find, ADMIN, about="remove members"),

    Route("GET", A + "/labels", labels.index, answer=Payload[list[shown.Label]], about="labels of the account"),
    Route("POST", A + "/labels", labels.create, LABEL, role=ADMIN, wrapper="label", answer=shown.Label, about="create a label"),
    Route("GET", A + "/labels/{id}", labels.show, (), labels.find, ADMIN, answer=shown.Label, about="a label"),
    Route("PATCH", A + "/labels/{id}", labels.update, LABEL, labels.find, ADMIN, "label", detached=True, answer=shown.Label, about="change a label; conversations and contacts follow a new title"),
    Route("DELETE", A + "/labels/{id}", labels.delete, (), labels.find, ADMIN, detached=True, about="delete a label; conversations and contacts lose it"),

    Route("GET", A + "/canned_responses", canned_responses.index, (Text("search"),), answer=list[shown.CannedResponse], about="canned responses, the best match first"),
    Route("POST", A + "/canned_responses", canned_responses.create, CANNED_RESPONSE, wrapper="canned_response", answer=shown.CannedResponse, about="keep a text ready"),
    Route("PATCH", A + "/canned_responses/{id}", canned_responses.update, CANNED_RESPONSE, canned_responses.find, wrapper="canned_response", answer=shown.CannedResponse, about="change a canned response"),
    Route("DELETE", A + "/canned_responses/{id}", canned_responses.delete, (), canned_responses.find, about="delete a canned response"),

    Route("GET", A + "/custom_attribute_definitions", custom_attribute_definitions.index, (custom_attribute_definitions.MODEL,), answer=list[shown.CustomAttributeDefinition], about="what custom attributes mean, of one model or of all"),
    Route("POST", A + "/custom_attribute_definitions", custom_attribute_definitions.create, ATTRIBUTE_DEFINITION, role=ADMIN, wrapper="custom_attribute_definition", answer=shown.CustomAttributeDefinition, about="define a custom attribute"),
    Route("GET", A + "/custom_attribute_definitions/{id}", custom_attribute_definitions.show, (), custom_attribute_definitions.find, answer=shown.CustomAttributeDefinition, about="a custom attribute definition"),
    Route("PATCH", A + "/custom_attribute_definitions/{id}", custom_attribute_definitions.update, ATTRIBUTE_DEFINITION, custom_attribute_definitions.find, ADMIN, "custom_attribute_definition", answer=shown.CustomAttributeDefinition, about="change a definition"),
    Route("DELETE", A + "/custom_attribute_definitions/{id}", custom_attribute_definitions.delete, (), custom_attribute_definitions.find, ADMIN, answer=NO_CONTENT, about="delete a definition; values stay on their records"),

    Route("GET", A + "/custom_filters", custom_filters.index, (FILTER_TYPE,), answer=list[shown.CustomFilter], about="the caller's saved views of a type"),
    Route("POST", A + "/custom_filters", custom_filters.create, CUSTOM_FILTER, wrapper="custom_filter", answer=shown.CustomFilter, about="save a view"),
    Route("GET", A + "/custom_filters/{id}", custom_filters.show, (), custom_filters.find, answer=shown.CustomFilter, about="a saved view"),
    Route("PATCH", A + "/custom_filters/{id}", custom_filters.update, CUSTOM_FILTER, custom_filters.find, wrapper="custom_filter", answer=shown.CustomFilter, about="change a saved view"),
    Route("DELETE", A + "/custom_filters/{id}", custom_filters.delete, (), custom_filters.find, answer=NO_CONTENT, about="delete a saved view"),

    Route("GET", A + "/contacts", contacts.index, (*PAGE, Texts("labels")), answer=Page[list[shown.Contact], shown.ContactsMeta], about="contacts that can be reached"),
    Route("GET", A + "/contacts/search", contacts.search, (*PAGE, Text("q")), answer=Page[list[shown.Contact], shown.FoundMeta], about="search contacts"),
    Route("GET", A + "/contacts/active", contacts.active, PAGE, answer=Page[list[shown.Contact], shown.ContactsMeta], about="contacts that are online: none, for API inboxes cannot tell"),
    Route("POST", A + "/contacts", contacts.create, (*CONTACT, Integer("inbox_id"), Text("source_id")), answer=Payload[shown.MadeContact], about="create a contact"),
    Route("POST", A + "/contacts/import", imports.import_contacts, (Files("import_file"),), role=ADMIN, about="create and update contacts from a CSV file, as a job"),
    Route("POST", A + "/contacts/export", imports.export_contacts, (Texts("column_names"), filters.CONDITIONS, Text("label")), role=ADMIN, about="contacts as a CSV file, as a job"),
    Route("GET", A + "/contacts/{id}", contacts.show, (), contacts.find, answer=Payload[shown.Contact], about="a contact"),
    Route("PATCH", A + "/contacts/{id}", contacts.update, CONTACT, contacts.find, answer=Payload[shown.Contact], about="change a contact"),
    Route("DELETE", A + "/contacts/{id}", contacts.delete, (), contacts.find, ADMIN, detached=True, about="delete a contact with its conversations"),
    Route("DELETE", A + "/contacts/{id}/avatar", contacts.delete_avatar, (), contacts.find, answer=Payload[shown.Contact], about="take a contact's avatar away"),
    Route("POST", A + "/contacts/{id}/destroy_custom_attributes", contacts.destroy_custom_attributes, (Texts("custom_attributes"),), contacts.find, answer=Payload[shown.Contact], about="remove custom attributes by their keys"),
    Route("GET", A + "/contacts/{id}/labels", contacts.list_labels, (), contacts.find, answer=Payload[list[str]], about="labels"),
    Route("POST", A + "/contacts/{id}/labels", contacts.set_labels, (Texts("labels"),), contacts.find, answer=Payload[list[str]], about="replace the labels"),
    Route("GET", A + "/contacts/{id}/conversations", contacts.list_conversations, (), contacts.find, answer=Payload[list[shown.Conversation]], about="the latest 20 conversations of a contact"),
    Route("GET", A + "/contacts/{id}/attachments", contacts.list_attachments, (Integer("page"),), contacts.find, answer=Page[list[shown.ContactAttachment], shown.TotalMeta], about="files of a contact's conversations, the newest first"),
    Route("GET", A + "/contacts/{id}/contactable_inboxes", contacts.contactable_inboxes, (), contacts.find, answer=Payload[list[shown.ContactInbox]], about="inboxes to write to a contact from"),
    Route("POST", A + "/contacts/{id}/contact_inboxes", contacts.create_contact_inbox, (Integer("inbox_id"), Text("source_id"), Boolean("hmac_verified")), contacts.find, answer=shown.ContactInbox, about="give a contact a source_id in an inbox"),
    Route("GET", A + "/contacts/{id}/notes", notes.index, (), contacts.find, answer=list[shown.Note], about="what people wrote about the contact, the newest first"),
    Route("POST", A + "/contacts/{id}/notes", notes.create, NOTE, contacts.find, wrapper="note", answer=shown.Note, about="write a note"),
    Route("GET", A + "/contacts/{id}/notes/{note_id}", notes.show, (), notes.find, answer=shown.Note, about="a note"),
    Route("PATCH", A + "/contacts/{id}/notes/{note_id}", notes.update, NOTE, notes.find, wrapper="note", answer=shown.Note, about="change a note, and become its author"),
    Route("DELETE", A + "/contacts/{id}/notes/{note_id}", notes.delete, (), notes.find, about="delete a note"),
    Route("POST", A + "/contact_inboxes/filter", contacts.by_source, (Integer("inbox_id"), Text("source_id")), inboxes.find_in_body, answer=shown.Contact, about="the contact with a source_id in an inbox"),
    Route("POST", A + "/actions/contact_merge", contacts.merge, (Integer("base_contact_id"), Integer("mergee_contact_id")), detached=True, answer=shown.Contact, about="make two contacts one; the base's values win"),
    # A filter changes nothing: detached, it reads a snapshot and keeps nobody from writing.
    Route("POST", A + "/contacts/filter", filters.contacts, (*PAGE, filters.CONDITIONS), detached=True, answer=Page[list[shown.Contact], shown.ContactsMeta], about="contacts that meet conditions"),

    Route("GET", A + "/conversations", conversations.index, LIST, answer=shown.ConversationsPage, about="a page of conversations, with counts"),
    Route("GET", A + "/conversations/meta", conversations.meta, LIST, answer=shown.OfCounts, about="the counts alone"),
    Route("POST", A + "/conversations", conversations.create, (Integer("inbox_id"), Integer("contact_id"), Text("source_id"), Word("status", words=STATUSES), Integer("assignee_id"), Integer("team_id"), Moment("snoozed_until"), Boolean("hmac_verified"), Object("custom_attributes"), Object("additional_attributes"), Nested("message", params=MESSAGE)), bots=True, answer=shown.Conversation, about="open a conversation"),
    Route("GET", A + "/conversations/{id}", conversations.show, (), conversations.find, bots=True, answer=shown.Conversation, about="a conversation"),
    Route("PATCH", A + "/conversations/{id}", conversations.update, (Word("priority", words=PRIORITIES, nothing=("none",)),), conversations.find, bots=True, answer=shown.Conversation, about="change the priority"),
    Route("POST", A + "/conversations/{id}/toggle_status", conversations.toggle_status, (Word("status", words=STATUSES), Moment("snoozed_until")), conversations.find, bots=True, answer=Payload[shown.ToggledStatus], about="open, resolve, snooze"),
    Route("POST", A + "/conversations/{id}/toggle_priority", conversations.toggle_priority, (Word("priority", words=PRIORITIES, nothing=("none",)),), conversations.find, bots=True, about="set or clear the priority"),
    Route("POST", A + "/conversations/{id}/toggle_typing_status", conversations.toggle_typing, (Text("typing_status"), Boolean("is_private")), conversations.find, bots=True, about="typing on or off"),
    Route("POST", A + "/conversations/{id}/assignments", conversations.assign, (Integer("assignee_id"), Text("assignee_type"), Integer("team_id")), conversations.find, bots=True, answer=shown.Agent | bot_wire.Slim | shown.TeamRow | None, about="assign or unassign"),
    Route("GET", A + "/conversations/{id}/labels", conversations.list_labels, (), conversations.find, bots=True, answer=Payload[list[str]], about="labels"),
    Route("POST", A + "/conversations/{id}/labels", conversations.set_labels, (Texts("labels"),), conversations.find, bots=True, answer=Payload[list[str]], about="replace the labels"),
    Route("POST", A + "/conversations/{id}/custom_attributes", conversations.set_custom_attributes, (Object("custom_attributes"),), conversations.find, bots=True, answer=shown.OfCustomAttributes, about="replace the custom attributes"),
    Route("POST", A + "/conversations/{id}/update_last_seen", conversations.update_last_seen, (), conversations.find, answer=shown.Conversation, about="the agent has read everything"),
    Route("GET", A + "/conversations/unread_counts", conversation_actions.unread_counts, answer=Answer(Error, 403), about="403: no account has this feature"),
    Route("POST", A + "/conversations/{id}/unread", conversation_actions.mark_unread, (), conversations.find, answer=shown.Conversation, about="mark the contact's last message unread"),
    Route("POST", A + "/conversations/{id}/mute", conversation_actions.mute, (), conversations.find, about="resolve and block the contact"),
    Route("POST", A + "/conversations/{id}/unmute", conversation_actions.unmute, (), conversations.find, about="unblock the contact"),
    Route("POST", A + "/conversations/{id}/transcript", conversation_actions.send_transcript, (Text("email"),), conversations.find, about="mail it to addresses, separated by commas; refused where no smtp_url is set"),
    Route("GET", A + "/conversations/{id}/attachments", conversation_actions.list_attachments, (Integer("page"),), conversations.find, answer=Page[list[shown.ListedAttachment], shown.TotalMeta], about="files, the newest first"),
    Route("DELETE", A + "/conversations/{id}", conversation_actions.delete, (), conversations.find, ADMIN, detached=True, about="delete a conversation with all in it"),
    Route("GET", A + "/conversations/{id}/participants", participants.index, (), conversations.find, answer=list[shown.Agent], about="who follows a conversation"),
    Route("POST", A + "/conversations/{id}/participants", participants.add, FOLLOWERS, conversations.find, answer=list[shown.Agent], about="let people follow"),
    Route("PATCH", A + "/conversations/{id}/participants", participants.replace, FOLLOWERS, conversations.find, answer=list[shown.Agent], about="set who follows"),
    Route("DELETE", A + "/conversations/{id}/participants", participants.remove, FOLLOWERS, conversations.find, about="let people follow no more"),
    Route("GET", A + "/conversations/{id}/draft_messages", drafts.show, (), conversations.find, answer=shown.Draft, about="the draft that its people share"),
    Route("PATCH", A + "/conversations/{id}/draft_messages", drafts.update, DRAFT, conversations.find, about="keep a draft"),
    Route("DELETE", A + "/conversations/{id}/draft_messages", drafts.delete, (), conversations.find, about="discard the draft"),
    Route("POST", A + "/conversations/filter", filters.conversations, (Integer("page"), filters.CONDITIONS), detached=True, answer=Page[list[shown.Conversation], found.Counts], about="conversations that meet conditions"),
    Route("GET", A + "/conversations/search", search.of_conversations, SEARCH, answer=found.Conversations, about="conversations in which people wrote a text, with those messages"),

    Route("POST", A + "/conversations/{id}/direct_uploads", uploads.announce, (Text("filename", required=True), Text("content_type"), Integer("byte_size", required=True, least=0), Text("checksum", required=True)), conversations.find, wrapper="blob", answer=upload_shapes.Announced, about="announce a file; the answer says where to PUT it"),
    Route("PUT", DIRECT + "{signed}", uploads.put, (Files("body"),), uploads.find_target, "public", raw=True, detached=True, answer=NO_CONTENT, about="the bytes of an announced file"),
    Route("POST", A + "/upload", uploads.create, (Files("attachment"), Text("external_url")), detached=True, answer=upload_shapes.Uploaded, about="upload a file, or have one fetched, for a message to come"),
    Route("GET", A + "/conversations/{id}/messages", messages.index, (Integer("before"), Integer("after"), Text("filter_internal_messages")), conversations.find, answer=Page[list[shown.Message], shown.MessagesMeta], about="a window of messages"),
    Route("POST", A + "/conversations/{id}/messages", messages.create, (*MESSAGE, Boolean("import")), conversations.find, bots=True, answer=shown.Message, about="reply, write a private message, or inject an incoming one"),
    Route("PATCH", A + "/conversations/{id}/messages/{message_id}", messages.update, (Text("status"), Text("external_error")), messages.find, answer=shown.Message, about="report delivered, read or failed"),
    Route("DELETE", A + "/conversations/{id}/messages/{message_id}", messages.delete, (), messages.find, answer=shown.Message, about="take a message back"),
    Route("POST", A + "/conversations/{id}/messages/{message_id}/retry", messages.retry, (), messages.find, answer=shown.Message, about="send a failed message again"),

    Route("GET", A + "/search", search.everything, SEARCH, answer=Payload[found.Everything], about="conversations, contacts and messages that match a text"),
    Route("GET", A + "/search/conversations", search.conversations, SEARCH, answer=Payload[found.FoundConversations], about="conversations by their number, or by whom they are with"),
    Route("GET", A + "/search/contacts", search.contacts, SEARCH, answer=Payload[found.FoundContacts], about="contacts that can be reached, by a text"),
    Route("GET", A + "/search/messages", search.messages, SEARCH, answer=Payload[found.FoundMessages], about="messages of the last three months that contain a text"),
    Route("GET", A + "/search/articles", search.articles, SEARCH, answer=Payload[found.FoundArticles], about="none: there is no help centre"),

    Route("GET", A + "/automation_rules", automation_rules.index, role=ADMIN, answer=Payload[list[rule_shapes.Rule]], about="what happens by itself"),
    Route("POST", A + "/automation_rules", automation_rules.create, RULE, role=ADMIN, answer=rule_shapes.Rule, about="let something happen by itself"),
    Route("GET", A + "/automation_rules/{id}", automation_rules.show, (), automation_rules.find, ADMIN, answer=Payload[rule_shapes.Rule], about="a rule"),
    Route("PATCH", A + "/automation_rules/{id}", automation_rules.update, RULE, automation_rules.find, ADMIN, answer=Payload[rule_shapes.Rule], about="change a rule, or switch it on or off"),
    Route("DELETE", A + "/automation_rules/{id}", automation_rules.delete, (), automation_rules.find, ADMIN, about="delete a rule"),
    Route("POST", A + "/automation_rules/{id}/clone", automation_rules.clone, (), automation_rules.find, ADMIN, answer=Payload[rule_shapes.Rule], about="copy a rule; the copy is switched off"),
    Route("POST", A + "/automation_rules/{id}/dry_run", automation_rules.dry_run, (Integer("conversation_id", required=True),), automation_rules.find, ADMIN, answer=rule_shapes.DryRun, about="what a rule would do to a conversation, without doing it"),
    Route("POST", A + "/automation_rules/dry_run", automation_rules.dry_run_draft, (*RULE, Integer("conversation_id", required=True)), role=ADMIN, answer=rule_shapes.DryRun, about="what a rule that is not kept yet would do to a conversation"),
    Route("GET", A + "/automation_rules/vocabulary", automation_rules.vocabulary, answer=Payload[rule_shapes.Vocabulary], about="the events, conditions and actions that rules may have, and the values of each"),

    Route("GET", A + "/macros", macros.index, answer=Payload[list[MacroShape]], about="global macros and the caller's own"),
    Route("POST", A + "/macros", macros.create, MACRO, answer=Payload[MacroShape], about="keep actions under a name"),
    Route("GET", A + "/macros/{id}", macros.show, answer=Answer(Payload[MacroShape], silent=(404,)), about="a macro"),
    Route("PATCH", A + "/macros/{id}", macros.update, MACRO, macros.find_to_change, answer=Payload[MacroShape], about="change a macro"),
    Route("DELETE", A + "/macros/{id}", macros.delete, (), macros.find_to_change, about="delete a macro"),
    Route("POST", A + "/macros/{id}/execute", macros.execute, (Integers("conversation_ids"),), macros.find_to_run, detached=True, about="run a macro on conversations"),

    Route("POST", A + "/bulk_actions", bulk_actions.create, BULK, detached=True, about="change many conversations or contacts"),

    Route("GET", A + "/notifications", notifications.index, TOLD, about="what the caller was told of: unread and not snoozed, with includes[] also read and snoozed", answer=notification_shapes.Data),
    Route("GET", A + "/notifications/unread_count", notifications.unread_count, about="how many are unread, as a bare number", answer=int),
    Route("POST", A + "/notifications/read_all", notifications.read_all, (Word("primary_actor_type", words=("Conversation",)), Integer("primary_actor_id")), about="mark all read, or those about one conversation"),
    Route("POST", A + "/notifications/destroy_all", notifications.delete_all, (Word("type", words=("read", "all")),), about="delete all of the caller's, or those that are read"),
    Route("PATCH", A + "/notifications/{id}", notifications.mark_read, (), notifications.find, about="mark a notification read", answer=notification_shapes.Notification),
    Route("DELETE", A + "/notifications/{id}", notifications.delete, (), notifications.find, about="delete a notification"),
    Route("POST", A + "/notifications/{id}/unread", notifications.mark_unread, (), notifications.find, about="mark a notification unread", answer=notification_shapes.Notification),
    Route("POST", A + "/notifications/{id}/snooze", notifications.snooze, (Moment("snoozed_until"),), notifications.find, about="let a notification come back later, unread", answer=notification_shapes.Notification),
    Route("GET", A + "/notification_settings", notifications.show_settings, about="what the caller wants to be told of", answer=notification_shapes.Settings),
    Route("PATCH", A + "/notification_settings", notifications.update_settings, FLAGS, about="choose what to be told of", answer=notification_shapes.Settings),

    Route("GET", A + "/csat_survey_responses", csat.index, (*SURVEYS, Text("sort"), Integer("page")), role=ADMIN, about="answers to satisfaction surveys", answer=list[csat_shapes.Response]),
    Route("GET", A + "/csat_survey_responses/metrics", csat.metrics, SURVEYS, role=ADMIN, about="how often each rating was given", answer=csat_shapes.Metrics),
    Route("GET", A + "/csat_survey_responses/download", csat.download, SURVEYS, role=ADMIN, answer=Answer(str, media="text/csv"), about="the answers of a time as CSV"),
    Route("PATCH", A + "/csat_survey_responses/{id}", csat.update, (Text("csat_review_notes", limit=20_000),), csat.find, ADMIN, about="keep notes on an answer", answer=csat_shapes.Response),

    Route("GET", A2 + "/reports", reports.index, SERIES, role=ADMIN, answer=list[report_shapes.Point] | Nothing, about="a metric by hour, day, week, month or year"),
    Route("GET", A2 + "/reports/summary", reports.summary, (*RANGE, *SUBJECT), role=ADMIN, answer=report_shapes.Summary, about="the metrics of a time, and of the time before it"),
    Route("GET", A2 + "/reports/bot_summary", reports.bot_summary, (*RANGE, Word("type", words=reports.TYPES), Integer("id")), role=ADMIN, answer=report_shapes.BotSummary, about="what bots resolved and handed off, and in the time before"),
    Route("GET", A2 + "/reports/bot_metrics", reports.bot_metrics, RANGE, role=ADMIN, answer=report_shapes.BotMetrics, about="how much bots do in inboxes that have one"),
    Route("GET", A2 + "/reports/inbox_label_matrix", reports.inbox_label_matrix, (*RANGE, Integers("inbox_ids"), Integers("label_ids")), role=ADMIN, answer=report_shapes.Matrix, about="conversations by inbox and label"),
    Route("GET", A2 + "/reports/first_response_time_distribution", reports.first_response_times, RANGE, role=ADMIN, answer=dict[str, report_shapes.Distribution], about="first responses by how long they took"),
    Route("GET", A2 + "/reports/outgoing_messages_count", reports.outgoing_messages_count, (*RANGE, Text("group_by")), role=ADMIN, answer=Answer(list[report_shapes.Outgoing], silent=(422,)), about="outgoing messages by agent, team, inbox or label"),
    Route("GET", A2 + "/reports/conversations", reports_live.conversations, (Text("type"), Integer("user_id"), Integer("page")), role=ADMIN, answer=Answer(report_shapes.Live | list[report_shapes.AgentLoad], silent=(422,)), about="what is open now, of the account or of its agents"),
    Route("GET", A2 + "/reports/agents", reports_csv.comparison("agent", "agents"), RANGE, role=ADMIN, answer=Answer(str, media="text/csv"), about="agents compared, as CSV"),
    Route("GET", A2 + "/reports/inboxes", reports_csv.comparison("inbox", "inboxes"), RANGE, role=ADMIN, answer=Answer(str, media="text/csv"), about="inboxes compared, as CSV"),
    Route("GET", A2 + "/reports/labels", reports_csv.comparison("label", "labels"), RANGE, role=ADMIN, answer=Answer(str, media="text/csv"), about="labels compared, as CSV"),
    Route("GET", A2 + "/reports/teams", reports_csv.comparison("team", "teams"), RANGE, role=ADMIN, answer=Answer(str, media="text/csv"), about="teams compared, as CSV"),
    Route("GET", A2 + "/reports/conversations_summary", reports_csv.summary, RANGE, role=ADMIN, answer=Answer(str, media="text/csv"), about="the metrics of a time, as CSV"),
    Route("GET", A2 + "/reports/conversation_traffic", reports_csv.traffic, (*RANGE, OFFSET), role=ADMIN, answer=Answer(str, media="text/csv"), about="new conversations by day and hour, as CSV"),
    Route("GET", A2 + "/summary_reports/agent", reports.comparison("agent"), RANGE, role=ADMIN, answer=list[report_shapes.Performance], about="agents compared"),
    Route("GET", A2 + "/summary_reports/inbox", reports.comparison("inbox"), RANGE, role=ADMIN, answer=list[report_shapes.Performance], about="inboxes compared"),
    Route("GET", A2 + "/summary_reports/team", reports.comparison("team"), RANGE, role=ADMIN, answer=list[report_shapes.Performance], about="teams compared"),
    Route("GET", A2 + "/summary_reports/label", reports.label_comparison, RANGE, role=ADMIN, answer=list[report_shapes.Performance], about="labels compared"),
    Route("GET", A2 + "/summary_reports/channel", reports.channels, RANGE, role=ADMIN, answer=dict[str, report_shapes.Statuses], about="new conversations by channel and status, of six months at most"),
    Route("GET", A2 + "/live_reports/conversation_metrics", reports_live.metrics, (Integer("team_id"),), role=ADMIN, answer=report_shapes.Live, about="what is open now, of the account or a team"),
    Route("GET", A2 + "/live_reports/grouped_conversation_metrics", reports_live.grouped, (Text("group_by"), Integer("team_id")), role=ADMIN, answer=list[report_shapes.Group], about="what is open now, by team or assignee"),

    Route("GET", A + "/webhooks", webhooks.index, role=ADMIN, answer=Payload[ops.ManyWebhooks], about="account webhooks"),
    Route("POST", A + "/webhooks", webhooks.create, WEBHOOK, role=ADMIN, wrapper="webhook", shown_once="payload.webhook.secret", answer=Payload[ops.OneWebhook], about="subscribe a URL; the secret is shown once"),
    Route("GET", A + "/webhooks/{id}", webhooks.show, (), webhooks.find, ADMIN, answer=Payload[ops.OneWebhook], about="a webhook and how it does"),
    Route("PATCH", A + "/webhooks/{id}", webhooks.update, WEBHOOK, webhooks.find, ADMIN, "webhook", detached=True, answer=Payload[ops.OneWebhook], about="change a webhook"),
    Route("DELETE", A + "/webhooks/{id}", webhooks.delete, (), webhooks.find, ADMIN, detached=True, about="delete a webhook"),
    *_steering(A + "/webhooks/{id}", webhooks.find),
    Route("GET", A + "/inboxes/{id}/webhook", webhooks.show, (), webhooks.find_of_inbox, ADMIN, answer=Payload[ops.OneWebhook], about="the inbox's own webhook and how it does"),
    Route("PATCH", A + "/inboxes/{id}/webhook", webhooks.update, OPTIONS, webhooks.find_of_inbox, ADMIN, "webhook", detached=True, answer=Payload[ops.OneWebhook], about="change its options; its URL is the inbox's webhook_url"),
    Route("POST", A + "/inboxes/{id}/test_webhook", webhooks.test, (), webhooks.find_of_inbox, ADMIN, detached=True, answer=ops.DeliveryDetails, about="send a test event now, and see what comes of it"),
    *_steering(A + "/inboxes/{id}/webhook", webhooks.find_of_inbox),
    Route("GET", A + "/agent_bots/{id}/webhook", webhooks.show, (), webhooks.find_of_bot, ADMIN, answer=Payload[ops.OneWebhook], about="a bot's webhook and how it does"),
    Route("PATCH", A + "/agent_bots/{id}/webhook", webhooks.update, OPTIONS, webhooks.find_of_bot, ADMIN, "webhook", detached=True, answer=Payload[ops.OneWebhook], about="change its options; its URL is the bot's outgoing_url"),
    *_steering(A + "/agent_bots/{id}/webhook", webhooks.find_of_bot),

    Route("GET", A + "/deliveries", deliveries.index, DELIVERIES, role=ADMIN, answer=Page[list[ops.Delivery], ops.DeliveriesMeta], about="deliveries, the newest first"),
    Route("GET", A + "/deliveries/{delivery_id}", deliveries.show, (), deliveries.find, ADMIN, answer=ops.DeliveryDetails, about="a delivery with its attempts and its payload"),
    Route("POST", A + "/deliveries/{delivery_id}/resend", deliveries.resend, (), deliveries.find, ADMIN, answer=ops.DeliveryDetails, about="send it again, under the same id"),
    Route("POST", A + "/deliveries/{delivery_id}/cancel", deliveries.cancel, (), deliveries.find, ADMIN, answer=ops.DeliveryDetails, about="try it no more"),

    Route("GET", A + "/events", events.poll, (Integer("after", least=0), Integer("wait", least=0), Texts("types"), Integer("inbox_id"), Integer("limit", least=1)), answer=Answer(Page[list[ops.Event], ops.EventsMeta], refuses=(410,)), about="every event behind a seq; waits for the next one"),

    Route("GET", S, survey.show, (), survey.find, "public", answer=survey_shapes.Survey, about="the satisfaction survey of a conversation, by its uuid"),
    Route("PATCH", S, survey.update, (Nested("message", params=(Value("submitted_values"),)),), survey.find, "public", answer=survey_shapes.Survey, about="answer it, or change the answer within 14 days"),
    Route("GET", "/survey/responses/{uuid}", survey.page, role="public", answer=Answer(str, media="text/html", pages=(404,)), about="the survey as a page for the contact"),
    Route("POST", "/survey/responses/{uuid}", survey.answer, (Text("rating"), Text("feedback")), role="public", repeatable=True, answer=Answer(str, media="text/html", pages=(404, 422)), about="what the page's form sends"),

    Route("GET", PREFIX + "{signed}/{filename}", files.download, role="public", answer=Answer(media="*/*"), about="a file, by its signed link"),
    Route("GET", "/openapi.json", docs.description, role="public", answer=dict[str, Any], about="this description, as OpenAPI"),
    Route("GET", "/docs", docs.page, role="public", answer=Answer(str, media="text/html"), about="this description, as a page"),
    Route("GET", "/api", health.api, role="public", answer=ops.Api, about="which Chatwoot's API this is"),
    Route("GET", "/livez", health.livez, role="public", answer=ops.Alive, about="the process answers"),
    Route("GET", "/readyz", health.readyz, role="public", answer=ops.Alive, about="the store answers"),
    Route("GET", "/health", health.health, role="public", answer=ops.ServerHealth, about="version and the state of the queue"),
)
# fmt: on
