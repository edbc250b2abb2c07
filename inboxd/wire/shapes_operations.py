"""The types of what is told about webhooks, deliveries, events and the server itself."""

from typing import Any, Literal, NotRequired, TypedDict


class Health(TypedDict):
    """How a webhook does. All but `state` is left out while nothing ever went wrong."""

    state: Literal["off", "ok", "failing", "paused", "disabled"]
    reason: NotRequired[str | None]
    failing_since: NotRequired[str | None]
    failed_attempts: NotRequired[int]
    paused_until: NotRequired[str | None]
    disabled_at: NotRequired[str | None]


class Options(TypedDict):
    """What every kind of webhook can be told. The values of its headers are never shown."""

    ordering: str
    exclude_own: bool
    headers: dict[str, str]
    previous_secret_until: str | None


class WebhookInbox(TypedDict):
    id: int
    name: str


class Webhook(Options):
    """`secret` is shown once, right after it was made."""

    id: int
    name: str | None
    url: str
    account_id: int
    subscriptions: list[str]
    secret: str | None
    health: Health
    inbox: NotRequired[WebhookInbox]


class OneWebhook(TypedDict):
    webhook: Webhook


class ManyWebhooks(TypedDict):
    webhooks: list[Webhook]


class EnabledWebhook(OneWebhook):
    owed: int


class Recovered(TypedDict):
    resent: int
    replayed: int


class WebhookSlim(TypedDict):
    id: int
    kind: str
    inbox_id: int | None
    agent_bot_id: int | None
    name: str | None
    url: str


class Delivery(TypedDict):
    id: str
    state: str
    event: str
    event_seq: int
    webhook_id: int
    webhook: WebhookSlim | None
    inbox_id: int | None
    conversation_id: int | None
    message_id: int | None
    attempt_count: int
    next_attempt_at: str | None
    last_error: str | None
    redelivery: bool
    created_at: str
    finished_at: str | None


class Attempt(TypedDict):
    number: int
    started_at: str
    duration_ms: int | None
    address: str | None
    status_code: int | None
    error_class: str | None
    error: str | None
    excerpt: str
    next_attempt_at: str | None


class DeliveryDetails(Delivery):
    attempts: list[Attempt]
    payload: dict[str, Any]


class DeliveriesMeta(TypedDict):
    next_before: str | None


class Event(TypedDict):
    """`payload` is what webhooks get: which keys it has depends on its `event`."""

    seq: int
    created_at: str
    payload: dict[str, Any]


class EventsMeta(TypedDict):
    next_after: int
    oldest_seq: int


class HealthInbox(TypedDict):
    id: int
    name: str
    identifier: str


class HealthWebhook(WebhookSlim, Health):
    pass


class LastMessage(TypedDict):
    id: int
    at: str


class LastDelivery(TypedDict):
    id: str
    event: str | None
    at: str | None


class LastError(TypedDict):
    id: str
    event: str | None
    state: str
    error: str | None
    at: str


class Refused(TypedDict):
    at: str
    method: str
    route: str
    reason: str


class InboxHealth(TypedDict):
    inbox: HealthInbox
    webhook: HealthWebhook
    last_message_in: LastMessage | None
    last_delivery: LastDelivery | None
    last_error: LastError | None
    pending_deliveries: int
    oldest_pending_s: int
    refused: list[Refused]


class Alive(TypedDict):
    status: Literal["ok"]


class Api(TypedDict):
    version: str
    timestamp: str
    queue_services: Literal["ok"]
    data_services: Literal["ok"]


class ServerHealth(Alive):
    version: str
    pending_deliveries: int
    oldest_pending_s: int
    exhausted_24h: int
    paused_webhooks: int
    disabled_webhooks: int
