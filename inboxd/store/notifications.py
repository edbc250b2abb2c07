"""What people were told of, and what they want to be told of."""

from dataclasses import dataclass, replace
from typing import Any

from peewee import SQL, Case, fn

from inboxd.domain.notifications import chosen
from inboxd.domain.retry import DAY_MS
from inboxd.store import accounts, details
from inboxd.store.db import Tx
from inboxd.store.details import ConversationDetails, MessageDetails
from inboxd.store.models import Conversation, Message, Notification, NotificationSetting, User
from inboxd.store.rows import Prepared, arg

PAGE = 15
KEPT = 300
KEPT_MS = 30 * DAY_MS


def setting(tx: Tx, account_id: int, user_id: int) -> NotificationSetting | None:
    return tx.find(NotificationSetting, account_id=account_id, user_id=user_id)


def choices(tx: Tx, account_id: int) -> dict[int, frozenset[str]]:
    """What the users of an account want to be told of, by user id; who chose nothing is not in it."""
    return tx.remember(
        ("choices", account_id),
        lambda: {
            row.user_id: chosen([*row.selected_email_flags, *row.selected_push_flags])
            for row in tx.filter(NotificationSetting, account_id=account_id)
        },
    )


_LIVE = Prepared(
    Notification,
    lambda: (
        Notification.select()
        .where(
            Notification.primary_actor_id == arg("conversation_id"),
            Notification.user_id == arg("user_id"),
            Notification.notification_type == arg("kind"),
            Notification.read_at.is_null(),
        )
        .limit(1)
    ),
)


def live(tx: Tx, conversation_id: int, user_id: int, kind: str) -> Notification | None:
    """The unread notification of this kind, if there is one."""
    found = tx.run(_LIVE, conversation_id=conversation_id, user_id=user_id, kind=kind)
    return found[0] if found else None


@dataclass(frozen=True)
class Own:
    """The notifications of one user, about conversations that this user may still see. `inbox_ids` None:
    all of the account."""

    account_id: int
    user_id: int
    inbox_ids: frozenset[int] | None
    team_ids: frozenset[int]

    def where(self) -> list[Any]:
        clauses: list[Any] = [Notification.user_id == self.user_id, Notification.account_id == self.account_id]
        if self.inbox_ids is not None:
            inside = Conversation.inbox_id.in_(sorted(self.inbox_ids))
            given = Conversation.team_id.in_(sorted(self.team_ids))
            about = Conversation.select(SQL("1")).where(
                Conversation.id == Notification.primary_actor_id, inside | given
            )
            clauses.append(fn.EXISTS(about))
        return clauses


def _awake(now: int) -> Any:
    return Notification.snoozed_until.is_null() | (Notification.snoozed_until <= now)


def one(tx: Tx, own: Own, notification_id: int) -> Notification | None:
    found = tx.all(Notification.select().where(*own.where(), Notification.id == notification_id))
    return found[0] if found else None


def page(
    tx: Tx, own: Own, *, read: bool, snoozed: bool, oldest_first: bool, page: int
) -> tuple[int, list[Notification]]:
    """How many there are, and those of a page; unread and awake ones, and others as asked for. What was
    snoozed counts from when it came back."""
    where = own.where()
    if not read:
        where.append(Notification.read_at.is_null())
    if not snoozed:
        where.append(_awake(tx.now))
    back = (Notification.snoozed_until <= tx.now) & (Notification.snoozed_until > Notification.last_activity_at)
    moment = Case(None, ((back, Notification.snoozed_until),), Notification.last_activity_at)
    order = (moment.asc(), Notification.id.asc()) if oldest_first else (moment.desc(), Notification.id.desc())
    query = Notification.select().where(*where).order_by(*order).limit(PAGE).offset((page - 1) * PAGE)
    count: int = tx.tuples(Notification.select(fn.COUNT(Notification.id)).where(*where))[0][0]
    return count, tx.all(query)


def unread_count(tx: Tx, own: Own) -> int:
    where = (*own.where(), Notification.read_at.is_null(), _awake(tx.now))
    count: int = tx.tuples(Notification.select(fn.COUNT(Notification.id)).where(*where))[0][0]
    return count


def mark_read(tx: Tx, account_id: int, user_id: int, conversation_id: int | None = None) -> None:
    """All of a user's, or those about one conversation."""
    where: list[Any] = [
        Notification.user_id == user_id,
        Notification.account_id == account_id,
        Notification.read_at.is_null(),
    ]
    if conversation_id is not None:
        where.append(Notification.primary_actor_id == conversation_id)
    tx.execute(Notification.update(read_at=tx.now, updated_at=tx.now).where(*where))


def drop_read(tx: Tx, account_id: int, user_id: int) -> None:
    tx.execute(
        Notification.delete().where(
            Notification.user_id == user_id, Notification.account_id == account_id, Notification.read_at.is_null(False)
        )
    )


@dataclass(frozen=True)
class Told:
    """A notification with what is shown of it. `message` is the one it is about, `cause` who else caused it."""

    row: Notification
    conversation: ConversationDetails
    message: MessageDetails | None
    cause: User | None


def told(tx: Tx, rows: list[Notification]) -> list[Told]:
    """However many they are, it takes the same few queries."""
    talks = tx.all(Conversation.select().where(Conversation.id.in_([row.primary_actor_id for row in rows])))
    newest = details.messages_of_conversations(tx, talks, 1)
    wholes = {whole.conversation.id: whole for whole, _ in details.of_conversations(tx, talks)}
    about = [row.secondary_actor_id for row in rows if row.secondary_actor_type == "Message"]
    messages = details.messages_details(tx, tx.all(Message.select().where(Message.id.in_(about)))) if about else []
    by_id = {shown.message.id: shown for shown in messages}
    found = []
    for row in rows:
        number = row.secondary_actor_id or 0
        whole = replace(wholes[row.primary_actor_id], messages=newest[row.primary_actor_id])
        cause = accounts.user(tx, number) if row.secondary_actor_type == "User" else None
        message = by_id.get(number) if row.secondary_actor_type == "Message" else None
        found.append(Told(row, whole, message, cause))
    return found


def surplus(tx: Tx, limit: int) -> list[int]:
    """Some of those that are older than a month, or more than a user looks through."""
    place = fn.ROW_NUMBER().over(
        partition_by=[Notification.user_id, Notification.account_id],
        order_by=[Notification.last_activity_at.desc(), Notification.id.desc()],
    )
    ranked = Notification.select(
        Notification.id.alias("id"), Notification.last_activity_at.alias("moved_at"), place.alias("place")
    ).alias("ranked")
    query = (
        Notification.select(ranked.c.id)
        .from_(ranked)
        .where((ranked.c.place > KEPT) | (ranked.c.moved_at < tx.now - KEPT_MS))
        .limit(limit)
    )
    return [number for (number,) in tx.tuples(query)]
