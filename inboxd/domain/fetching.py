"""What getting a file from a URL comes to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urlsplit

TOO_LARGE = "too_large"


@dataclass(frozen=True)
class Fetched:
    content_type: str
    size: int


class FetchFailed(Exception):
    """`error_class` as with deliveries, or TOO_LARGE; `sentence` names neither address nor URL."""

    def __init__(self, error_class: str, sentence: str) -> None:
        super().__init__(sentence)
        self.error_class = error_class
        self.sentence = sentence


Fetch = Callable[[str, IO[bytes], int], Fetched]
"""Writes what a URL gives into a file, at most so many bytes. Raises FetchFailed."""


def filename(url: str) -> str:
    """The last part of the URL's path."""
    return unquote(urlsplit(url).path.rpartition("/")[2])


def without_query(url: str) -> str:
    """What a log may say of a URL: userinfo, query and fragment hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
