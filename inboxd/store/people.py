"""The people of an account: who they are, and what is theirs."""

from inboxd.store import blobs, macros
from inboxd.store.db import Tx
from inboxd.store.models import (
    AccessToken,
    AccountUser,
    Assignment,
    Conversation,
    CustomFilter,
    Departure,
    InboxMember,
    Macro,
    Mention,
    Note,
    Notification,
    NotificationSetting,
    Participant,
    TeamMember,
    User,
)
from inboxd.store.removal import release


def administrators(tx: Tx, account_id: int) -> set[int]:
    return {one.user_id for one in tx.filter(AccountUser, account_id=account_id, role="administrator")}


def by_email(tx: Tx, email: str) -> User | None:
    return tx.find(User, email=email.strip().lower())


def leave_inboxes(tx: Tx, account_id: int, user_id: int) -> None:
    for model in (InboxMember, TeamMember):
        tx.delete(model, account_id=account_id, user_id=user_id)


def leave(tx: Tx, account_id: int, user_id: int) -> bool:
    """One step of taking a user out of an account: no conversation there is theirs any more, and the tokens that
    open it alone are gone. It is no change of those conversations. Returns whether it was the last."""
    assigned = (Conversation.account_id == account_id) & (Conversation.assignee_id == user_id)
    if release(tx, assigned, assignee_id=None):
        return False
    for model in (Participant, Mention, Notification, NotificationSetting, Assignment, Departure, AccountUser):
        tx.delete(model, account_id=account_id, user_id=user_id)
    tx.delete(AccessToken, owner_type="User", owner_id=user_id, account_id=account_id)
    return True


def forget(tx: Tx, user_id: int) -> None:
    """Remove a user who is in no account; what they wrote stays without a writer."""
    tx.delete(AccessToken, owner_type="User", owner_id=user_id)
    tx.delete(CustomFilter, user_id=user_id)
    for macro in macros.personal(tx, user_id):
        macros.drop(tx, macro)
    tx.execute(Macro.update(created_by_id=None).where(Macro.created_by_id == user_id))
    tx.execute(Macro.update(updated_by_id=None).where(Macro.updated_by_id == user_id))
    tx.execute(Note.update(user_id=None).where(Note.user_id == user_id))
    blobs.drop(tx, "User", user_id)
    tx.delete(User, id=user_id)
