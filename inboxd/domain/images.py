"""Which image a file is, by its first bytes: names and declared types are what somebody says."""

HEAD = 12
TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
"""The media types of images that avatars may be, by the extension of their links."""


def extension(head: bytes) -> str:
    """A key of TYPES, or nothing; `head` is at least the first HEAD bytes, or all there is."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else ""
