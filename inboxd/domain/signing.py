"""Both signatures of a webhook, and the identity hash of a contact.

One secret serves both: Chatwoot's scheme takes its characters as the key, Standard Webhooks
takes the bytes it spells in base64. 24 base58 characters are valid base64, so the string that
a Chatwoot client verifies with is the one the Standard Webhooks libraries accept as it is.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence


def chatwoot_signature(secret: str, timestamp: int, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def standard_signature(secret: str, delivery_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>` over `id.timestamp.body`, https://www.standardwebhooks.com."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secrets: Sequence[str], delivery_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Every header a receiver needs to verify and deduplicate this delivery.

    `secrets`: the newest first, behind it one that was rotated out and still counts. Chatwoot's
    header has room for one signature, so it is the newest's.
    """
    return {
        "X-Chatwoot-Delivery": delivery_id,
        "X-Chatwoot-Timestamp": str(timestamp),
        "X-Chatwoot-Signature": chatwoot_signature(secrets[0], timestamp, body),
        "webhook-id": delivery_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(standard_signature(one, delivery_id, timestamp, body) for one in secrets),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now_s: int, tolerance_s: int = 300) -> str | None:
    """None when a received delivery is genuine and fresh, else the sentence that says what is wrong."""
    got = {name.lower(): value for name, value in headers.items()}
    try:
        delivery_id, timestamp = got["webhook-id"], int(got["webhook-timestamp"])
    except (KeyError, ValueError):
        return "the webhook-id or webhook-timestamp header is missing"
    if abs(now_s - timestamp) > tolerance_s:
        return "the timestamp is too old or in the future"
    expected = standard_signature(secret, delivery_id, timestamp, body).encode()
    given = got.get("webhook-signature", "").split(" ")
    # compare_digest refuses non-ASCII str: bytes only.
    if not any(hmac.compare_digest(expected, one.encode()) for one in given):
        return "webhook-signature does not match"
    chatwoot = got.get("x-chatwoot-signature", "").encode()
    if not hmac.compare_digest(chatwoot_signature(secret, timestamp, body).encode(), chatwoot):
        return "X-Chatwoot-Signature does not match"
    return None


def identity_hash(hmac_token: str, identifier: str) -> str:
    return hmac.new(hmac_token.encode(), identifier.encode(), hashlib.sha256).hexdigest()


def is_identity(hmac_token: str, identifier: str, given: str) -> bool:
    return hmac.compare_digest(identity_hash(hmac_token, identifier).encode(), given.encode())
