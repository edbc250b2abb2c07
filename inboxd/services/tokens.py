"""Random strings that are hard to guess, and how they are remembered."""

import hashlib
import secrets

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def new() -> str:
    """24 base58 characters, 140 bits: the form of every token and secret on Chatwoot's wire."""
    return "".join(secrets.choice(_BASE58) for _ in range(24))


def digest(token: str) -> str:
    """What is stored of an access token. Unsalted is right: the token is random, not chosen."""
    return hashlib.sha256(token.encode()).hexdigest()
