"""Pictures of contacts, people, inboxes and bots. A row's `avatar` names the blob: `17.png`."""

from dataclasses import replace

from inboxd.domain import images
from inboxd.domain.errors import Invalid
from inboxd.domain.messages import Upload
from inboxd.store import blobs
from inboxd.store.db import Tx
from inboxd.store.models import AgentBot, Contact, Inbox, User

LIMIT = 15 << 20
Owner = AgentBot | Contact | Inbox | User


def stored(tx: Tx, account_id: int | None, upload: Upload) -> str:
    """What an owner's `avatar` becomes with this picture; `adopt` has to follow. Raises Invalid."""
    if not upload.image:
        raise Invalid("Avatar must be a JPEG, PNG, GIF or WebP image", "avatar")
    if upload.size > LIMIT:
        raise Invalid(f"Avatar is larger than {LIMIT} bytes", "avatar")
    name = f"avatar.{upload.image}"
    blob = blobs.add(tx, account_id, replace(upload, filename=name, content_type=images.TYPES[upload.image]))
    return f"{blob.id}.{upload.image}"


def adopt(tx: Tx, owner: Owner) -> None:
    """The picture that the row names is its owner's from now on; what that one had before goes."""
    blobs.adopt(tx, type(owner).__name__, owner.id, int(owner.avatar.partition(".")[0] or 0))
