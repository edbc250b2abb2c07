from email.headerregistry import Address

import pytest

from inboxd.domain.mailing import SmtpServer, is_address, parse_sender, parse_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mx.test", SmtpServer("mx.test", 587, "offered")),
        ("smtp://u:p@mx.test:25", SmtpServer("mx.test", 25, "required", "u", "p")),
        ("smtp://u%40x:p%2F%3A%23%20@mx.test", SmtpServer("mx.test", 587, "required", "u@x", "p/:# ")),
        ("smtps://u:p@mx.test", SmtpServer("mx.test", 465, "tls", "u", "p")),
        ("smtp://u:p@127.0.0.1:25", SmtpServer("127.0.0.1", 25, "never", "u", "p")),
        ("smtp://[::1]:25?starttls=required", SmtpServer("::1", 25, "required")),
        ("smtp://u:p@10.0.0.1/?starttls=never", SmtpServer("10.0.0.1", 587, "never", "u", "p")),
    ],
)
def test_a_server_is_read_from_its_url(url: str, server: SmtpServer) -> None:
    assert parse_server(url) == server
    assert "password" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mx.test", "http://u:s3cret@mx.test", "smtp://u:s3cret@", "smtp://u:s3cret@mx.test:0", "smtp://u:s3cret@mx.test:x",
        "smtp://u:s3c/s3cret@mx.test", "smtp://u:s3c#s3cret@mx.test", "smtp://u:s3cret@mx.test/path", "smtp://u@mx.test",
        "smtp://:s3cret@mx.test", "smtp://u:s3cret%0d%0a@mx.test", "smtp://u:s3cret%ff@mx.test", "smtp://u:s3cret%C3%A9@mx.test",
        "smtp://u:s3cret@mx.test?starttls=maybe", "smtp://u:s3cret@mx.test?tls=1", "smtp://u:s3cret@mx.test?s3cret",
        "smtps://u:s3cret@mx.test?starttls=never", "smtp://[u:s3cret@mx.test",
    ],
)  # fmt: skip
def test_a_bad_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not|the only option|user and password|starttls is)") as refused:
        parse_server(url)
    assert "s3c" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_sender_is_an_address_with_or_without_a_name() -> None:
    assert parse_sender("desk@acme.test") == Address("", addr_spec="desk@acme.test")
    assert parse_sender('"Acme, Inc." <desk@acme.test>') == Address("Acme, Inc.", addr_spec="desk@acme.test")
    assert parse_sender("Dösk <desk@bücher.test>").addr_spec == "desk@xn--bcher-kva.test"
    for bad in ("", "desk", "a@b.test, c@d.test", "X <a@b.test>\r\nBcc: c@d.test", "a@b.test x", "<@b.test>"):
        with pytest.raises(ValueError, match="is neither an address"):
            parse_sender(bad)


def test_addresses_that_mail_can_be_sent_to() -> None:
    for good in ("a@b.test", "o'neil+x.y@mail.b-c.test", "a@bücher.test", "root@localhost"):
        assert is_address(good), good
    for bad in (
        "", "a", "@b.test", "a@", "a b@c.test", "a@b.test\r\nX: y", "a@b..test", ".a@b.test", "a@-b.test", "a@b.test>",
        "<a@b.test", "a@b@c.test", "é@b.test", "a@b_c.test", "x" * 65 + "@b.test", f"a@{'b' * 64}.test", '"a b"@c.test',
        "a@b.test.",
    ):  # fmt: skip
        assert not is_address(bad), bad
