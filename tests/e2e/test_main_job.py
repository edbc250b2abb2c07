import time
from typing import Any

import requests

from inboxd.domain import signing
from tests.cast import Receiver


def test_a_message_is_posted_answered_and_comes_back_by_signed_webhooks(
    live: tuple[str, str], receiver: Receiver
) -> None:
    url, token = live
    admin: dict[str, Any] = {"headers": {"api_access_token": token}, "timeout": 10}
    account = f"{url}/api/v1/accounts/1"
    channel = {"type": "api", "webhook_url": receiver.url}
    inbox = requests.post(f"{account}/inboxes", json={"name": "Shop", "channel": channel}, **admin).json()
    public = f"{url}/public/api/v1/inboxes/{inbox['inbox_identifier']}"
    requests.post(f"{public}/contacts", json={"source_id": "u1", "name": "Ann"}, timeout=10)
    conversation = requests.post(f"{public}/contacts/u1/conversations", timeout=10).json()["id"]
    messages = f"{public}/contacts/u1/conversations/{conversation}/messages"
    requests.post(messages, json={"content": "hello"}, timeout=10)
    requests.post(f"{account}/conversations/{conversation}/messages", json={"content": "hi Ann"}, **admin)
    requests.post(f"{account}/conversations/{conversation}/toggle_status", **admin)

    received = receiver.wait_for(6)

    assert [got.json["event"] for got in received] == [
        "conversation_created",
        "message_created",
        "message_created",
        "conversation_updated",
        "conversation_status_changed",
        "conversation_updated",
    ]
    assert [got.json["event_seq"] for got in received] == sorted(got.json["event_seq"] for got in received)
    for got in received:
        assert signing.verify(inbox["secret"], got.headers, got.body, int(time.time())) is None
    shown = requests.get(messages, timeout=10).json()
    assert [message["content"] for message in shown] == ["hello", "hi Ann"]
