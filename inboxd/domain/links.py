"""Links to files: signed, so that knowing one tells nothing about the next."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote

from inboxd.domain.messages import IMAGES, VIDEOS

PREFIX = "/rails/active_storage/blobs/redirect/"
DIRECT = "/rails/active_storage/disk/"
_SIGNED = re.compile(r"([0-9]{1,18})--([0-9a-f]{64})")
_SIGNED_BLOB = re.compile(r"b([0-9]{1,18})--([0-9a-f]{64})")
_SIGNED_DIRECT = re.compile(r"u([0-9]{1,18})--([0-9a-f]{64})")
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
        signed = f"{attachment_id}--{self._mac(b'attachment', attachment_id)}"
        return f"{self.base_url}{PREFIX}{signed}/{quote(filename, safe='')}"

    def attachment_id(self, signed: str) -> int | None:
        """The id a link was made for, or None when we did not make it."""
        return self._checked(_SIGNED, b"attachment", signed)

    def blob(self, blob_id: int, filename: str) -> str:
        return f"{self.base_url}{PREFIX}{self.signed_blob(blob_id)}/{quote(filename, safe='')}"

    def signed_blob(self, blob_id: int) -> str:
        """What stands for an uploaded file in later requests."""
        return f"b{blob_id}--{self._mac(b'blob', blob_id)}"

    def blob_id(self, signed: str) -> int | None:
        """The blob that `signed_blob` was asked for, or None when we did not make it."""
        return self._checked(_SIGNED_BLOB, b"blob", signed)

    def avatar(self, avatar: str) -> str:
        """The link to an `avatar` column such as `17.png`, or nothing for none."""
        number, _, tail = avatar.partition(".")
        return self.blob(int(number), f"avatar.{tail}") if avatar else ""

    def survey(self, uuid: str) -> str:
        """Where a contact rates the conversation with this uuid."""
        return f"{self.base_url}/survey/responses/{uuid}"

    def direct(self, blob_id: int, md5: str) -> str:
        """Where the bytes with this MD5, in hexadecimal, are put that a blob was announced for."""
        return f"{self.base_url}{DIRECT}u{blob_id}--{self._mac(b'direct:' + md5.encode(), blob_id)}--{md5}"

    def direct_target(self, signed: str) -> tuple[int, str] | None:
        """The blob and the MD5 that `direct` was asked for, or None when we did not make it."""
        unsigned, _, md5 = signed.rpartition("--")
        blob_id = self._checked(_SIGNED_DIRECT, b"direct:" + md5.encode(), unsigned)
        return (blob_id, md5) if blob_id is not None else None

    def _checked(self, form: re.Pattern[str], kind: bytes, signed: str) -> int | None:
        match = form.fullmatch(signed)
        if match and hmac.compare_digest(self._mac(kind, int(match[1])).encode(), match[2].encode()):
            return int(match[1])
        return None

    def _mac(self, kind: bytes, number: int) -> str:
        return hmac.new(self.key, b"%s:%d" % (kind, number), hashlib.sha256).hexdigest()


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
