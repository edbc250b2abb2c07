"""Links to attachments: signed, so that knowing one tells nothing about the next."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote

from inboxd.domain.messages import IMAGES, VIDEOS

PREFIX = "/rails/active_storage/blobs/redirect/"
_SIGNED = re.compile(r"([0-9]{1,18})--([0-9a-f]{64})")
# What `text.clean` replaces, newline and tab, and the quote that would end a header's value.
_UNFIT = re.compile('[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"]')
# What a browser may show by itself; everything else is handed over as a download.
_INLINE = IMAGES | VIDEOS | {
    "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/webm", "audio/aac", "audio/amr", "audio/opus",
}  # fmt: skip


@dataclass(frozen=True)
class Links:
    """`base_url` is where clients reach this server, without a trailing slash."""

    base_url: str
    key: bytes

    def attachment(self, attachment_id: int, filename: str) -> str:
        return f"{self.base_url}{PREFIX}{attachment_id}--{self._mac(attachment_id)}/{quote(filename, safe='')}"

    def attachment_id(self, signed: str) -> int | None:
        """The id a link was made for, or None when we did not make it."""
        match = _SIGNED.fullmatch(signed)
        if match and hmac.compare_digest(self._mac(int(match[1])).encode(), match[2].encode()):
            return int(match[1])
        return None

    def _mac(self, attachment_id: int) -> str:
        return hmac.new(self.key, b"attachment:%d" % attachment_id, hashlib.sha256).hexdigest()


def is_inline(content_type: str) -> bool:
    return content_type.split(";", maxsplit=1)[0].strip().lower() in _INLINE


def extension(filename: str) -> str | None:
    """The lower-case part after the last dot."""
    stem, dot, last = filename.rpartition(".")
    return last.lower() if dot and stem and last else None


def safe_filename(name: str | None) -> str:
    """A name that is only a name: no folders, no control characters, at most 120 characters."""
    last = re.split(r"[\\/]", name or "")[-1]
    kept = _UNFIT.sub("", last).strip(" .")
    if len(kept) > 120:
        tail = extension(kept)
        kept = kept[:100] + (f".{tail[:15]}" if tail else "")
    return kept or "file"
