"""One name for each webhook, which is also how commands address it: `inbox 1`, `bot 2`, `webhook 3`."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from inboxd.client import ApiError, Client
from inboxd.commands.common import Stop

Json = dict[str, Any]


@dataclass(frozen=True)
class Address:
    """One of the three is given."""

    webhook_id: int | None = None
    inbox_id: int | None = None
    bot_id: int | None = None

    @property
    def name(self) -> str:
        if self.inbox_id is not None:
            return f"inbox {self.inbox_id}"
        return f"bot {self.bot_id}" if self.bot_id is not None else f"webhook {self.webhook_id}"

    @property
    def flag(self) -> str:
        """What to write behind `webhook test` and its like."""
        return str(self.webhook_id) if self.webhook_id is not None else f"--{self.name}"

    @property
    def where(self) -> Json:
        """The same for the methods of the client."""
        return asdict(self)


def add_address(parser: argparse.ArgumentParser, *, named: bool = False) -> None:
    """The three ways to address a webhook; `named`: the plain id is a flag too."""
    group = parser.add_mutually_exclusive_group(required=True)
    about = "an account webhook"
    if named:
        group.add_argument("--webhook", dest="id", type=int, metavar="ID", help=about)
    else:
        group.add_argument("id", type=int, nargs="?", metavar="ID", help=about)
    group.add_argument("--inbox", type=int, metavar="ID", help="the webhook of an inbox")
    group.add_argument("--bot", type=int, metavar="ID", help="the webhook of an agent bot")


def addressed(given: argparse.Namespace) -> Address:
    """What was given for the arguments of `add_address`."""
    return Address(given.id, given.inbox, given.bot)


def everyone(desk: Client) -> Iterator[tuple[Address, Json]]:
    """Every webhook that has a URL: the account's, its inboxes', its bots'."""
    for one in desk.webhooks():
        yield Address(one["id"]), {"kind": "account", **one}
    for inbox in desk.inboxes():
        if inbox["webhook_url"]:
            address = Address(inbox_id=inbox["id"])
            yield address, {"kind": "inbox", **desk.webhook(**address.where)}
    for bot in desk.agent_bots():
        if bot["outgoing_url"]:
            address = Address(bot_id=bot["id"])
            shape = {
                "kind": "bot",
                **desk.webhook(**address.where),
                "agent_bot": {"id": bot["id"], "name": bot["name"]},
            }
            yield address, shape


@contextmanager
def present(desk: Client, address: Address) -> Iterator[None]:
    """A 404 in the words of the command."""
    try:
        yield
    except ApiError as error:
        if error.status == 404:
            raise unknown(desk, address) from None
        raise


def unknown(desk: Client, address: Address) -> Stop:
    """Says that it is not there; of a number that is another's, by which flag that goes."""
    if address.webhook_id is None:
        return Stop(f"no {address.name} (see `webhook list`)", 1)
    for other, webhook in everyone(desk):
        if webhook["id"] == address.webhook_id and other != address:
            return Stop(f"no {address.name}: that is the webhook of {other.name}, which goes by {other.flag}", 1)
    return Stop(f"no {address.name} (see `webhook list`)", 1)


class Book:
    """The addresses and the health of the webhooks that deliveries name, each asked for once."""

    def __init__(self, desk: Client) -> None:
        self._desk = desk
        self._health: dict[Address, Json] = {}

    def name(self, delivery: Json) -> str:
        """`inbox 1`; for a webhook that is gone its old number."""
        address = self.address(delivery)
        return address.name if address else f"webhook {delivery['webhook_id']}, deleted"

    def address(self, delivery: Json) -> Address | None:
        """None when its webhook is gone."""
        webhook = delivery["webhook"]
        if webhook is None:
            return None
        if webhook["kind"] == "bot":
            return Address(bot_id=self._bots[webhook["id"]]) if webhook["id"] in self._bots else None
        return Address(inbox_id=webhook["inbox_id"]) if webhook["kind"] == "inbox" else Address(webhook["id"])

    def health(self, delivery: Json) -> Json:
        """How the webhook of a delivery does; empty when it is gone."""
        address = self.address(delivery)
        if address is None:
            return {}
        if address not in self._health:
            self._health[address] = self._desk.webhook(**address.where)["health"]
        return self._health[address]

    @cached_property
    def _bots(self) -> dict[int, int]:
        """By the number of their webhook."""
        return {self._desk.webhook(bot_id=bot["id"])["id"]: bot["id"] for bot in self._desk.agent_bots()}
