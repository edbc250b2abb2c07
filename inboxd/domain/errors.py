"""The words of failure. api/web.py holds the one table that turns them into statuses.

Failure
├── Malformed         the request cannot be read
├── Unauthenticated   nobody known is calling
├── Unauthorized      somebody known may not do this
├── NotFound          not there, or not inside the caller's scope
├── Gone              it was there once
├── TooLarge          more than the limit
├── Invalid           values that break a rule, with the fields they came in
├── UnderWay          the same request is being answered at this moment
├── Refused           a rule that belongs to no single field
├── TooMany           more of it than within a time is allowed
│   └── Throttled     more requests than within a minute are allowed
└── StorageFull       the disk is full; reading goes on
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class Failure(Exception):
    """Something the caller can be told about. Its text is safe to show."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Malformed(Failure):
    pass


class Unauthenticated(Failure):
    """`given` tells whether credentials came at all: Chatwoot words the two cases differently."""

    def __init__(self, message: str, *, given: bool = True) -> None:
        super().__init__(message)
        self.given = given


class Unauthorized(Failure):
    def __init__(self, message: str = "You are not authorized to do this action") -> None:
        super().__init__(message)


class NotFound(Failure):
    def __init__(self, message: str = "Resource could not be found") -> None:
        super().__init__(message)


class Gone(Failure):
    """`oldest_seq` is the first event that can still be had."""

    def __init__(self, message: str, *, oldest_seq: int) -> None:
        super().__init__(message)
        self.oldest_seq = oldest_seq


class TooLarge(Failure):
    pass


class Invalid(Failure):
    """`fields` names the parameters at fault; `existing_id` a record that is in the way."""

    def __init__(self, message: str, *fields: str, existing_id: int | None = None) -> None:
        super().__init__(message)
        self.fields = fields
        self.existing_id = existing_id


class UnderWay(Failure):
    def __init__(self, message: str = "This request is under way: ask again in a moment") -> None:
        super().__init__(message)


class Refused(Failure):
    pass


class TooMany(Failure):
    retry_after_s = 3600


class Throttled(TooMany):
    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Retry later")
        self.retry_after_s = retry_after_s


class StorageFull(Failure):
    def __init__(self, message: str = "The disk is full: nothing was stored") -> None:
        super().__init__(message)


@contextmanager
def disk_full_in_words() -> Iterator[None]:
    """Around writing files: a full disk is a StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from None
        raise
