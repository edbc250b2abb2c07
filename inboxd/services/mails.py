"""E-mail: what is owed to whom, written in the transaction of its cause and sent by delivery/mailer.py."""

import uuid
from collections import Counter
from collections.abc import Iterable

from inboxd.domain import mailing
from inboxd.domain.errors import Invalid, TooMany
from inboxd.domain.mailing import Content
from inboxd.domain.retry import HOUR_MS
from inboxd.store import accounts, details, messages, people, teams
from inboxd.store import mails as store
from inboxd.store.db import Tx
from inboxd.store.models import AutomationRule, Conversation, Mail
from inboxd.wire import mails as wire

TRANSCRIPT, TO_TEAM, RULE_OFF = "transcript", "team", "rule_off"
NO_SMTP = "this server has no SMTP configured (smtp_url, mail_from)"
_MESSAGES = 500


def addresses(text: str) -> list[str]:
    """The addresses of a comma-separated list. Raises Invalid."""
    found = mailing.split_addresses(text)
    if not found or not all(mailing.is_address(one) for one in found):
        raise Invalid("Email is no address that mail can be sent to", "email")
    if len(found) > mailing.ADDRESSES:
        raise Invalid(f"Email has too many addresses (maximum is {mailing.ADDRESSES})", "email")
    return found


def send_transcript(tx: Tx, conversation: Conversation, recipients: list[str]) -> None:
    """What the contact may see of the conversation so far, to each address. Raises TooMany."""
    last = messages.last_chat(tx, conversation.id)
    subject = wire.transcript_subject(conversation, details.place(tx, conversation))
    _owe(tx, conversation.account_id, TRANSCRIPT, recipients, subject, "", conversation, last.id if last else 0)


def without_flooded(tx: Tx, account_id: int, recipients: list[str]) -> list[str]:
    """Those of the addresses that did not get too many transcripts within an hour."""
    got = Counter(one.lower() for one in store.recipients(tx, account_id, tx.now - HOUR_MS, TRANSCRIPT))
    return [one for one in recipients if got[one.lower()] < mailing.PER_ADDRESS]


def send_to_teams(tx: Tx, conversation: Conversation, team_ids: Iterable[int], message: str) -> int:
    """A message to the members of teams; returns to how many. Raises TooMany."""
    account_id = conversation.account_id
    found = [team for team_id in dict.fromkeys(team_ids) if (team := teams.team(tx, account_id, team_id))]
    recipients = _of_users(tx, account_id, [user_id for team in found for user_id in teams.members(tx, team.id)])
    subject, text = wire.to_team(conversation, details.place(tx, conversation), message)
    _owe(tx, account_id, TO_TEAM, recipients, subject, text, conversation)
    return len(recipients)


def tell_of_rule_off(tx: Tx, rule: AutomationRule, why: str) -> None:
    """To the administrators. Raises TooMany."""
    recipients = _of_users(tx, rule.account_id, sorted(people.administrators(tx, rule.account_id)))
    _owe(tx, rule.account_id, RULE_OFF, recipients, *wire.rule_off(rule, why))


def _of_users(tx: Tx, account_id: int, user_ids: list[int]) -> list[str]:
    """The addresses of those who are in the account."""
    users = [accounts.user(tx, one) for one in user_ids if accounts.membership(tx, account_id, one) is not None]
    found = dict.fromkeys(user.email for user in users if user is not None)
    return [one for one in found if mailing.is_address(one) and not one.endswith(mailing.NOWHERE)]


def _owe(
    tx: Tx,
    account_id: int,
    kind: str,
    recipients: list[str],
    subject: str,
    text: str,
    conversation: Conversation | None = None,
    message_id: int | None = None,
) -> None:
    """One mail an address: what becomes of one is nothing to the others, and none sees who else got it."""
    if len(store.recipients(tx, account_id, tx.now - HOUR_MS)) + len(recipients) > mailing.PER_HOUR:
        raise TooMany(f"An account sends at most {mailing.PER_HOUR} e-mails within an hour")
    for recipient in recipients:
        tx.insert(
            Mail,
            account_id=account_id,
            conversation_id=conversation.id if conversation is not None else None,
            message_id=message_id,
            kind=kind,
            uuid=str(uuid.uuid4()),
            recipient=recipient,
            subject=subject,
            text=text,
            due_at=tx.now,
        )
    tx.signals.add("mails")


def content(tx: Tx, mail: Mail) -> Content | None:
    """What a mail says; None when its conversation is gone."""
    if mail.kind != TRANSCRIPT:
        return wire.plain(mail.subject, mail.text)
    conversation = tx.get(Conversation, mail.conversation_id or 0)
    if conversation is None:
        return None
    before = (mail.message_id or 0) + 1
    found = messages.latest(tx, conversation.id, before=before, chat_only=True, limit=_MESSAGES + 1)
    # Windows are cut by id: the lowest id is what is too much.
    surplus = min(found, key=lambda one: one.id) if len(found) > _MESSAGES else None
    shown = details.messages_details(tx, [one for one in found if one is not surplus])
    place = details.place(tx, conversation)
    return wire.transcript(mail.subject, conversation, place, shown, tx.links, is_cut=surplus is not None)


def sent(tx: Tx, mail_id: int) -> None:
    """Its text is nobody's business any more."""
    mail = tx.get(Mail, mail_id)
    if mail is not None:
        tx.update(mail, state="sent", attempts=mail.attempts + 1, text="", error=None)


def failed(tx: Tx, mail_id: int, error: str, delay_ms: int | None) -> None:
    """An attempt came to nothing; the next comes after a delay, None is for good."""
    mail = tx.get(Mail, mail_id)
    if mail is None:
        return
    if delay_ms is None:
        tx.update(mail, state="failed", attempts=mail.attempts + 1, error=error)
    else:
        tx.update(mail, attempts=mail.attempts + 1, error=error, due_at=tx.now + delay_ms)
