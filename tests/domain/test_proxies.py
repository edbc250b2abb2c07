import pytest

from inboxd.domain.proxies import is_loopback, neighbourhood, parse_proxies

NEAR = parse_proxies("127.0.0.0/8,::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("::ffff:127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        # A stranger says what they like, and only what a proxy appended counts.
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7, 127.0.0.5", "203.0.113.7"),
        ("127.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"),
        # As some proxies write it.
        ("127.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
        ("127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("127.0.0.1", "fe80::1%eth0", "fe80::1"),
        # What nobody can read is where it ends.
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7, _hidden", "127.0.0.1"),
        ("127.0.0.1", ",", "127.0.0.1"),
        ("127.0.0.1", "9" * 1_000 + ", 203.0.113.7", "203.0.113.7"),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_caller(peer: str, forwarded: str, caller: str) -> None:
    assert NEAR.caller(peer, forwarded) == caller


def test_proxies_elsewhere_are_believed_when_they_are_named() -> None:
    assert parse_proxies("").caller("127.0.0.1", "203.0.113.7") == "127.0.0.1"
    assert parse_proxies("172.16.0.0/12").caller("172.18.0.5", "203.0.113.7") == "203.0.113.7"
    assert parse_proxies("10.0.0.1").caller("10.0.0.2", "203.0.113.7") == "10.0.0.2"


def test_a_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"proxy\.test"):
        parse_proxies("127.0.0.1,proxy.test")


def test_this_machine_has_several_addresses() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("12.7.0.1", "203.0.113.7", "::2", "2001:db8::127.0.0.1")))


def test_a_network_of_version_6_is_one_neighbourhood() -> None:
    assert neighbourhood("203.0.113.7") == neighbourhood("::ffff:203.0.113.7") == "203.0.113.7"
    assert neighbourhood("2001:db8:1:2:3::4%eth0") == neighbourhood("2001:db8:1:2::") == "2001:db8:1:2::"
    assert neighbourhood("2001:db8:1:3::") != neighbourhood("2001:db8:1:2::")
