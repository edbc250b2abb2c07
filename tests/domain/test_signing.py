import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from inboxd.domain import signing
from inboxd.services import tokens

SECRET = "Zk4hVt9sQe2NwUy6BjRxGf8M"
BODY = rb'{"event":"message_created","id":7,"content":"a \u003c b \u0026 c"}'
_base58 = st.text("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", min_size=24, max_size=24)


def test_chatwoots_vector_of_a_signature() -> None:
    assert (
        signing.chatwoot_signature(SECRET, 1_700_000_000, BODY)
        == "sha256=6b17588b332a09dcbf3a79583cdd6d8b0a460083d4f409c9370be116367cac1a"
    )


def test_chatwoots_vector_of_an_identity() -> None:
    assert (
        signing.identity_hash("nTJ8x1Qm3vKc5RzWbY7aLpEd", "user-42")
        == "ad33c38821c5c5abc18c505072fc39c2de7212a7b0b849c5d12c37bba0cff122"
    )


@given(_base58, st.uuids().map(str), st.dictionaries(st.text(), st.text() | st.integers()))
def test_the_official_verifier_accepts_what_we_sign(secret: str, delivery_id: str, payload: dict[str, object]) -> None:
    body = json.dumps(payload).encode()
    headers = signing.headers([secret], delivery_id, int(time.time()), body)

    for spelled in (secret, "whsec_" + secret):
        assert Webhook(spelled).verify(body, headers) == payload
        assert signing.standard_signature(spelled, delivery_id, 1, body) == signing.standard_signature(
            secret, delivery_id, 1, body
        )


def test_the_official_verifier_refuses_another_body() -> None:
    headers = signing.headers([SECRET], "id", int(time.time()), BODY)

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", headers)


def test_every_secret_we_make_is_a_key_of_both_schemes() -> None:
    for _ in range(100):
        secret = tokens.new()
        assert len(secret) == 24
        assert len(base64.b64decode(secret, validate=True)) == 18


def test_our_own_verifier_accepts_what_is_genuine_and_fresh() -> None:
    headers = signing.headers([SECRET], "id", 1000, BODY)

    assert signing.verify(SECRET, headers, BODY, 1000) is None
    assert signing.verify(SECRET, {name.upper(): value for name, value in headers.items()}, BODY, 1300) is None
    rotated = headers | {"webhook-signature": "v1,old " + headers["webhook-signature"]}
    assert signing.verify(SECRET, rotated, BODY, 1000) is None


@pytest.mark.parametrize(
    ("headers", "now_s", "sentence"),
    [
        ({"webhook-id": "other"}, 1000, "webhook-signature does not match"),
        ({"webhook-timestamp": "1001"}, 1000, "webhook-signature does not match"),
        ({"webhook-signature": "v1,\u00e9"}, 1000, "webhook-signature does not match"),
        ({"X-Chatwoot-Signature": "sha256=\u00e9"}, 1000, "X-Chatwoot-Signature does not match"),
        ({"webhook-timestamp": "soon"}, 1000, "the webhook-id or webhook-timestamp header is missing"),
        ({}, 1301, "the timestamp is too old or in the future"),
        ({}, 699, "the timestamp is too old or in the future"),
    ],
)
def test_our_own_verifier_says_what_is_wrong(headers: dict[str, str], now_s: int, sentence: str) -> None:
    assert signing.verify(SECRET, signing.headers([SECRET], "id", 1000, BODY) | headers, BODY, now_s) == sentence


def test_a_changed_body_or_another_secret_is_not_genuine() -> None:
    headers = signing.headers([SECRET], "id", 1000, BODY)

    assert signing.verify(SECRET, headers, BODY + b"\n", 1000) == "webhook-signature does not match"
    assert signing.verify(SECRET[::-1], headers, BODY, 1000) == "webhook-signature does not match"


def test_the_id_stays_and_only_the_time_moves_between_attempts() -> None:
    first, second = (signing.headers([SECRET], "id", at, BODY) for at in (1000, 1005))

    assert {name for name in first if first[name] != second[name]} == {
        "X-Chatwoot-Timestamp", "X-Chatwoot-Signature", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip
    assert first["webhook-id"] == first["X-Chatwoot-Delivery"] == "id"


def test_an_identity_is_proven_by_its_hash_alone() -> None:
    assert signing.is_identity("key", "user-42", signing.identity_hash("key", "user-42"))
    assert not signing.is_identity("key", "user-43", signing.identity_hash("key", "user-42"))
    assert not signing.is_identity("key", "user-42", "\u00fc")
