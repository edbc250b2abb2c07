"""REST shapes of the client API and the application API."""

from collections.abc import Collection
from typing import Any

from inboxd.domain.links import Links
from inboxd.store.details import ConversationDetails, MessageDetails
from inboxd.store.models import (
    AccessToken,
    Account,
    AccountUser,
    Contact,
    ContactInbox,
    Conversation,
    Event,
    Inbox,
    Trouble,
    User,
    Webhook,
)
from inboxd.wire import agent_bots, deliveries, push, shapes_public, teams
from inboxd.wire import shapes_accounts as shapes
from inboxd.wire.times import float_seconds, iso, iso_or_none, seconds

Json = dict[str, Any]


def public_inbox(row: Inbox) -> shapes_public.PublicInbox:
    return {
        "identifier": row.identifier,
        "identity_validation_enabled": row.hmac_mandatory,
        "name": row.name,
        "timezone": row.timezone,
        "working_hours": row.working_hours,
        "working_hours_enabled": row.working_hours_enabled,
        "csat_survey_enabled": row.csat_survey_enabled,
        "greeting_enabled": row.greeting_enabled,
    }


def public_contact(row: Contact, contact_inbox: ContactInbox) -> shapes_public.PublicContact:
    return {
        "source_id": contact_inbox.source_id,
        "pubsub_token": contact_inbox.pubsub_token,
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "phone_number": row.phone_number,
    }


def contact_record(row: Contact) -> shapes_public.ContactRecord:
    """Every column, as the client API shows a contact after an update and inside a conversation."""
    return {
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "phone_number": row.phone_number,
        "account_id": row.account_id,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "additional_attributes": row.additional_attributes,
        "identifier": row.identifier,
        "custom_attributes": row.custom_attributes,
        "last_activity_at": iso_or_none(row.last_activity_at),
        "contact_type": row.contact_type,
        "middle_name": row.middle_name,
        "last_name": row.last_name,
        "location": row.additional_attributes.get("city"),
        "country_code": row.additional_attributes.get("country"),
        "blocked": row.blocked,
        "company_id": row.company_id,
        "label_list": row.label_list,
    }


def public_conversation(
    row: Conversation, contact: Contact, messages: list[MessageDetails], links: Links, now: int
) -> Json:
    return {
        "id": row.display_id,
        "uuid": row.uuid,
        "inbox_id": row.inbox_id,
        "contact_last_seen_at": seconds(row.contact_last_seen_at),
        "status": row.status,
        "agent_last_seen_at": seconds(row.agent_last_seen_at),
        "messages": [public_message(shown, row.display_id, links, now) for shown in messages],
        "contact": contact_record(contact),
    }


def public_message(shown: MessageDetails, display_id: int, links: Links, now: int) -> Json:
    row = shown.message
    shape: Json = {
        "id": row.id,
        "content": row.content,
        "message_type": row.message_type,
        "content_type": row.content_type,
        "content_attributes": row.content_attributes,
        "created_at": seconds(row.created_at),
        "conversation_id": display_id,
    }
    if shown.attachments:
        shape["attachments"] = [push.attachment(one, links) for one in shown.attachments]
    if shown.sender is not None:
        shape["sender"] = push.sender(shown.sender, links, push.availability_status(shown.membership, now))
    return shape


def message(shown: MessageDetails, display_id: int, links: Links, now: int, echo_id: str | None = None) -> Json:
    row = shown.message
    shape: Json = {"id": row.id, "content": row.content, "inbox_id": row.inbox_id}
    if echo_id is not None:
        shape["echo_id"] = echo_id
    shape |= {
        "conversation_id": display_id,
        "message_type": row.message_type,
        "content_type": row.content_type,
        "status": row.status,
        "content_attributes": row.content_attributes,
        "created_at": seconds(row.created_at),
        "private": row.private,
        "source_id": row.source_id,
    }
    if shown.sender is not None:
        shape["sender"] = push.sender(shown.sender, links, push.availability_status(shown.membership, now))
    if shown.attachments:
        shape["attachments"] = [push.attachment(one, links) for one in shown.attachments]
    return shape


def agent(row: User, membership: AccountUser | None, now: int, links: Links) -> Json:
    """A user as every list of people shows it; role and status are null once they left the account."""
    shape: Json = {
        "id": row.id,
        "account_id": membership.account_id if membership else None,
        "availability_status": push.availability_status(membership, now),
        "auto_offline": membership.auto_offline if membership else None,
        "confirmed": row.confirmed,
        "email": row.email,
        "provider": "email",
        "available_name": row.display_name or row.name,
        "name": row.name,
        "role": membership.role if membership else None,
        "thumbnail": links.avatar(row.avatar),
    }
    if row.custom_attributes:
        shape["custom_attributes"] = row.custom_attributes
    return shape


def profile(row: User, memberships: list[tuple[AccountUser, Account]], token: str, now: int, links: Links) -> Json:
    """`token` is the one that authenticated this very request; no other is known."""
    latest = max(memberships, key=lambda pair: pair[0].active_at or 0, default=None)
    shape: Json = {
        "access_token": token,
        "account_id": latest[1].id if latest else None,
        "available_name": row.display_name or row.name,
        "avatar_url": links.avatar(row.avatar),
        "confirmed": row.confirmed,
        "display_name": row.display_name,
        "message_signature": row.message_signature,
        "email": row.email,
        "id": row.id,
        "inviter_id": latest[0].inviter_id if latest else None,
        "name": row.name,
        "provider": "email",
        "pubsub_token": row.pubsub_token,
        "role": latest[0].role if latest else None,
        "ui_settings": row.ui_settings,
        "uid": row.uid,
        "type": row.kind,
    }
    if row.custom_attributes:
        shape["custom_attributes"] = row.custom_attributes
    shape["accounts"] = [
        {
            "id": account.id,
            "name": account.name,
            "status": account.status,
            "onboarding_step": None,
            "active_at": iso_or_none(membership.active_at),
            "role": membership.role,
            "permissions": [membership.role],
            "availability": membership.availability,
            "availability_status": push.availability_status(membership, now),
            "auto_offline": membership.auto_offline,
        }
        for membership, account in memberships
    ]
    return shape


def account(row: Account) -> shapes.Account:
    return {
        "settings": row.settings,
        "created_at": iso(row.created_at),
        "custom_attributes": row.custom_attributes,
        "domain": row.domain,
        "features": {},
        "id": row.id,
        "locale": row.locale,
        "name": row.name,
        "support_email": row.support_email,
        "status": row.status,
        "cache_keys": {"label": None, "inbox": None, "team": None},
        "latest_chatwoot_version": None,
    }


# Keys of other channels: clients generated from Chatwoot's description expect them to be there.
_OTHER_CHANNELS = dict.fromkeys((
    "callback_webhook_url", "allowed_domains", "widget_color", "website_url", "welcome_title", "welcome_tagline",
    "web_widget_script", "website_token", "selected_feature_flags", "reply_time", "messaging_service_sid",
    "phone_number", "provider",
))  # fmt: skip


def inbox(row: Inbox, webhook: Webhook, links: Links, *, admin: bool, secret: str | None = None) -> Json:
    """`admin`: whether the caller may see the key of identity hashes. `secret` only right after it was
    made: it is not shown again."""
    shape: Json = {
        "id": row.id,
        "avatar_url": links.avatar(row.avatar),
        "channel_id": row.id,
        "name": row.name,
        "channel_type": "Channel::Api",
        "greeting_enabled": row.greeting_enabled,
        "greeting_message": row.greeting_message,
        "working_hours_enabled": row.working_hours_enabled,
        "enable_email_collect": row.enable_email_collect,
        "csat_survey_enabled": row.csat_survey_enabled,
        "csat_config": row.csat_config,
        "enable_auto_assignment": row.enable_auto_assignment,
        "auto_assignment_config": row.auto_assignment_config,
        "out_of_office_message": row.out_of_office_message,
        "working_hours": row.working_hours,
        "timezone": row.timezone,
        "allow_messages_after_resolved": row.allow_messages_after_resolved,
        "lock_to_single_conversation": row.lock_to_single_conversation,
        "sender_name_type": row.sender_name_type,
        "business_name": row.business_name,
        "hmac_mandatory": row.hmac_mandatory,
        **_OTHER_CHANNELS,
        "webhook_url": webhook.url or None,
        "inbox_identifier": row.identifier,
        "additional_attributes": row.additional_attributes,
    }
    if admin:
        shape |= {"hmac_token": row.hmac_token, "secret": secret}
    return shape


def inbox_slim(row: Inbox, links: Links) -> shapes.InboxSlim:
    return {
        "id": row.id,
        "avatar_url": links.avatar(row.avatar),
        "channel_id": row.id,
        "name": row.name,
        "channel_type": "Channel::Api",
        "provider": None,
    }


def inbox_row(row: Inbox) -> shapes.InboxRow:
    """The plain column dump that contact creation answers with."""
    return {
        "id": row.id,
        "channel_id": row.id,
        "account_id": row.account_id,
        "name": row.name,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "channel_type": "Channel::Api",
        "enable_auto_assignment": row.enable_auto_assignment,
        "greeting_enabled": row.greeting_enabled,
        "greeting_message": row.greeting_message,
        "email_address": None,
        "working_hours_enabled": row.working_hours_enabled,
        "out_of_office_message": row.out_of_office_message,
        "timezone": row.timezone,
        "enable_email_collect": row.enable_email_collect,
        "csat_survey_enabled": row.csat_survey_enabled,
        "csat_config": row.csat_config,
        "allow_messages_after_resolved": row.allow_messages_after_resolved,
        "auto_assignment_config": row.auto_assignment_config,
        "lock_to_single_conversation": row.lock_to_single_conversation,
        "portal_id": row.portal_id,
        "sender_name_type": row.sender_name_type,
        "business_name": row.business_name,
    }


def contact(row: Contact, links: Links, contact_inboxes: list[tuple[ContactInbox, Inbox]] | None = None) -> Json:
    """`contact_inboxes` None leaves the key out."""
    shape: Json = {
        "additional_attributes": row.additional_attributes,
        "availability_status": "offline",
        "email": row.email,
        "id": row.id,
        "name": row.name,
        "phone_number": row.phone_number,
        "blocked": row.blocked,
        "identifier": row.identifier,
        "thumbnail": links.avatar(row.avatar),
        "custom_attributes": row.custom_attributes,
    }
    if row.last_activity_at is not None:
        shape["last_activity_at"] = seconds(row.last_activity_at)
    shape["created_at"] = seconds(row.created_at)
    if contact_inboxes is not None:
        shape["contact_inboxes"] = [contact_inbox(one, inbox_of, links) for one, inbox_of in contact_inboxes]
    return shape


def contact_inbox(row: ContactInbox, inbox_of: Inbox, links: Links) -> shapes.ContactInbox:
    return {"source_id": row.source_id, "inbox": inbox_slim(inbox_of, links)}


def conversation(
    details: ConversationDetails,
    last_non_activity: MessageDetails | None,
    links: Links,
    now: int,
    own_teams: Collection[int] = (),
) -> Json:
    """`details.messages` holds the newest message of any type, or nothing; `own_teams` are the caller's."""
    row, place = details.conversation, details.place
    meta: Json = {"sender": contact(place.contact, links), "channel": "Channel::Api"}
    if details.assignee is not None and details.assignee_membership is not None:
        meta |= {"assignee": agent(details.assignee, details.assignee_membership, now, links), "assignee_type": "User"}
    elif details.bot is not None:
        meta |= {"assignee": agent_bots.slim(*details.bot, links), "assignee_type": "AgentBot"}
    if details.team is not None:
        meta["team"] = teams.team(details.team, is_member=details.team.id in own_teams)
    meta["hmac_verified"] = place.contact_inbox.hmac_verified

    def pushed(shown: MessageDetails) -> Json:
        return push.message(
            shown.message,
            row,
            source_id=place.contact_inbox.source_id,
            unread_count=details.unread_count,
            sender_row=shown.sender,
            availability=push.availability_status(shown.membership, now),
            attachments=shown.attachments,
            links=links,
            webhook=False,
        )

    return {
        "meta": meta,
        "id": row.display_id,
        "messages": [pushed(shown) for shown in details.messages],
        "account_id": row.account_id,
        "uuid": row.uuid,
        "additional_attributes": row.additional_attributes,
        "agent_last_seen_at": seconds(row.agent_last_seen_at),
        "assignee_last_seen_at": seconds(row.assignee_last_seen_at),
        "can_reply": details.can_reply,
        "contact_last_seen_at": seconds(row.contact_last_seen_at),
        "custom_attributes": row.custom_attributes,
        "inbox_id": row.inbox_id,
        "labels": row.label_list,
        "muted": place.contact.blocked,
        "snoozed_until": iso_or_none(row.snoozed_until),
        "status": row.status,
        "created_at": seconds(row.created_at),
        "updated_at": float_seconds(row.updated_at),
        "timestamp": seconds(row.last_activity_at),
        "first_reply_created_at": seconds(row.first_reply_created_at),
        "unread_count": details.unread_count,
        "last_non_activity_message": pushed(last_non_activity) if last_non_activity else None,
        "last_activity_at": seconds(row.last_activity_at),
        "priority": row.priority,
        "waiting_since": seconds(row.waiting_since),
        "sla_policy_id": None,
    }


def messages_meta(details: ConversationDetails, links: Links, now: int) -> Json:
    row = details.conversation
    meta: Json = {
        "labels": row.label_list,
        "additional_attributes": row.additional_attributes,
        "contact": push.contact(details.place.contact, links),
    }
    if details.assignee is not None:
        availability = push.availability_status(details.assignee_membership, now)
        meta["assignee"] = push.user(details.assignee, links, availability)
    return meta | {
        "agent_last_seen_at": iso_or_none(row.agent_last_seen_at),
        "assignee_last_seen_at": iso_or_none(row.assignee_last_seen_at),
    }


def webhook(row: Webhook, inbox_of: Inbox | None, trouble: Trouble | None, now: int, secret: str | None = None) -> Json:
    """`secret` only right after it was made: it is not shown again."""
    shape: Json = {
        "id": row.id,
        "name": row.name,
        "url": row.url,
        "account_id": row.account_id,
        "subscriptions": row.subscriptions,
        "secret": secret,
        **deliveries.options(row, now),
        "health": deliveries.health(row, trouble, now),
    }
    if inbox_of is not None:
        shape["inbox"] = {"id": inbox_of.id, "name": inbox_of.name}
    return shape


def access_token(row: AccessToken, owner: User | None, token: str | None = None) -> Json:
    """`token` only right after it was made: nobody can show it later."""
    shape: Json = {
        "id": row.id,
        "name": row.name,
        "user": {"id": owner.id, "email": owner.email} if owner else None,
        "created_at": iso(row.created_at),
    }
    if token is not None:
        shape["access_token"] = token
    return shape


def event(row: Event) -> str:
    """One entry of the feed as JSON text: the payload is already JSON and goes in as it is."""
    return f'{{"seq":{row.seq},"created_at":"{iso(row.created_at)}","payload":{row.payload}}}'
