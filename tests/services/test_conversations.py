from inboxd.app import App
from inboxd.services import conversations
from inboxd.store.db import Tx
from inboxd.store.models import Conversation, Event, Message
from tests.cast import World
from tests.store.plans import statements


def test_a_look_of_the_contact_reads_at_most_the_newest_five_hundred(world: World, app: App) -> None:
    world.conversation()
    asked: list[str] = []

    def conversation(tx: Tx) -> Conversation:
        [found] = tx.filter(Conversation)
        return found

    def send(tx: Tx) -> None:
        for number in range(502):
            tx.insert(
                Message, account_id=1, inbox_id=world.inbox["id"], conversation_id=conversation(tx).id, message_type=1,
                sender_type="User", sender_id=world.ada_id, content=str(number),
            )  # fmt: skip

    def look(tx: Tx) -> None:
        with statements(tx._connection) as seen:
            conversations.seen_by_contact(tx, conversation(tx))
        asked.extend(seen)

    def unread() -> list[str | None]:
        with app.store.read() as tx:
            return [message.content for message in tx.filter(Message, status="sent")]

    app.store.write(send)
    app.store.write(look)
    assert unread() == ["0", "1"]
    # Those of the five hundred, and those of the newest message, which every event shows.
    assert len([sql for sql in asked if "attachments" in sql]) == 2
    with app.store.read() as tx:
        assert len(tx.filter(Event, name="message_updated")) == 500

    app.store.write(look)
    assert unread() == []
