import pytest

from inboxd.domain import fetching, images


@pytest.mark.parametrize(
    ("head", "extension"),
    [
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"\xff\xd8\xff\xe1........", "jpg"),
        (b"GIF87a......", "gif"),
        (b"GIF89a......", "gif"),
        (b"RIFF....WEBP", "webp"),
        (b"RIFF....WAVE", ""),
        (b"<svg xmlns=", ""),
        (b"\x89PNG", ""),
        (b"BM", ""),
        (b"", ""),
    ],
)
def test_an_image_is_what_its_first_bytes_say(head: bytes, extension: str) -> None:
    assert images.extension(head) == extension
    assert not extension or extension in images.TYPES


def test_of_a_url_only_what_is_no_secret_is_logged() -> None:
    assert fetching.without_query("https://me:pw@a.test:8/b/c.png?k=v#d") == "https://a.test:8/b/c.png"
    assert fetching.filename("https://a.test/b/c%20d.png?k=v") == "c d.png"
    assert fetching.filename("https://a.test") == ""
