"""The error envelopes: Chatwoot has several, and clients depend on which comes where."""

from typing import Any

from inboxd.domain.errors import Failure, Gone, Invalid, NotFound, Unauthenticated


def body(failure: Failure, *, public: bool, show_existing: bool) -> dict[str, Any]:
    """`public`: the client API. `show_existing`: the caller may learn which record is in the way."""
    if isinstance(failure, NotFound) and public:
        return {"status": 404, "error": "Not Found"}
    if isinstance(failure, Unauthenticated) and not failure.given:
        # A list, and only when no token was sent: an SDK crashes on it otherwise.
        return {"errors": [failure.message]}
    if isinstance(failure, Invalid):
        envelope: dict[str, Any] = {"message": failure.message, "attributes": list(failure.fields)}
        if failure.existing_id is not None and show_existing:
            envelope["existing_id"] = failure.existing_id
        return envelope
    if isinstance(failure, Gone):
        return {"error": failure.message, "oldest_seq": failure.oldest_seq}
    return {"error": failure.message}
