import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.links import DIRECT, PREFIX, Links, extension, is_inline, safe_filename
from inboxd.domain.text import clean

LINKS = Links("http://inboxd.test", b"k" * 32)
_any = st.text(st.characters(codec=None))


def _signed(url: str) -> str:
    return url.removeprefix(LINKS.base_url + PREFIX).split("/")[0]


@given(st.integers(0, 10**18 - 1), _any)
def test_a_link_leads_back_to_its_attachment(attachment_id: int, filename: str) -> None:
    url = LINKS.attachment(attachment_id, safe_filename(filename))

    assert url.isascii()
    assert LINKS.attachment_id(_signed(url)) == attachment_id
    assert url.count("/") == (LINKS.base_url + PREFIX).count("/") + 1


def test_a_link_to_a_blob_is_no_link_to_the_attachment_of_that_number() -> None:
    signed = LINKS.signed_blob(7)

    assert LINKS.blob_id(signed) == 7
    assert _signed(LINKS.blob(7, "a.csv")) == signed
    assert LINKS.attachment_id(signed) is None
    assert LINKS.attachment_id(signed.removeprefix("b")) is None
    assert LINKS.blob_id("b" + _signed(LINKS.attachment(7, "a.png"))) is None


def test_where_bytes_are_put_names_their_blob_and_their_checksum() -> None:
    md5, other = "0" * 32, "1" * 32
    signed = LINKS.direct(7, md5).removeprefix(LINKS.base_url + DIRECT)

    assert LINKS.direct_target(signed) == (7, md5)
    for forged in (signed.replace(md5, other), "u8" + signed[2:], signed[:-1], LINKS.signed_blob(7), "", "--", "ü--ü"):
        assert LINKS.direct_target(forged) is None
    assert LINKS.blob_id(signed.rpartition("--")[0].replace("u", "b")) is None


def test_an_avatar_is_the_blob_that_its_column_names() -> None:
    url = LINKS.avatar("17.png")

    assert url.endswith("/avatar.png")
    assert LINKS.blob_id(_signed(url)) == 17
    assert LINKS.avatar("") == ""


def test_a_link_tells_nothing_about_the_next() -> None:
    signed = _signed(LINKS.attachment(7, "a.png"))
    mac = signed.split("--")[1]

    assert LINKS.attachment_id(f"8--{mac}") is None
    assert LINKS.attachment_id(f"7--{mac[::-1]}") is None
    assert Links(LINKS.base_url, b"other").attachment_id(signed) is None


@pytest.mark.parametrize("signed", ["", "7", "7--", "--" + "a" * 64, "٧--" + "a" * 64, "7--" + "é" * 64, "x" * 9999])
def test_what_we_did_not_make_is_no_link(signed: str) -> None:
    assert LINKS.attachment_id(signed) is None


@given(_any | st.none())
def test_a_filename_is_only_a_name(name: str | None) -> None:
    safe = safe_filename(name)

    assert 1 <= len(safe) <= 120
    assert not set(safe) & set('/\\"\n\t')
    assert clean(safe) == safe
    assert safe not in (".", "..")
    safe.encode()


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\evil.exe", "evil.exe"),
        ("..", "file"),
        (None, "file"),
        ('a"b\r\nSet-Cookie: x.png', "abSet-Cookie: x.png"),
        ("gnp\u202efdp.exe", "gnpfdp.exe"),
        ("n" * 200 + ".jpeg", "n" * 100 + ".jpeg"),
        ("\ud800.txt", "txt"),
    ],
)
def test_filenames_lose_folders_controls_and_length(given_name: str | None, safe: str) -> None:
    assert safe_filename(given_name) == safe


@pytest.mark.parametrize(
    ("filename", "expected"), [("a.PNG", "png"), ("a", None), (".env", None), ("a.", None), ("a.tar.gz", "gz")]
)
def test_the_extension_is_what_follows_the_last_dot(filename: str, expected: str | None) -> None:
    assert extension(filename) == expected


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/pdf", "text/plain", ""])
def test_a_browser_never_runs_an_attachment(content_type: str) -> None:
    assert not is_inline(content_type)


def test_images_sounds_and_films_are_shown() -> None:
    assert is_inline("IMAGE/PNG; charset=binary")
    assert is_inline("audio/ogg")
