import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.addresses import Guard, is_public, parse_guard, unmapped

NEVER = [
    "127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "0.1.2.3", "::",  # this machine
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1",  # private, ULA
    "169.254.0.1", "fe80::1", "fe80::1%eth0", "fec0::1", "feff::1",  # link-local, site-local
    "100.64.0.1", "100.127.255.255",  # carrier-grade NAT
    "169.254.169.254", "168.63.129.16", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254",  # metadata
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",  # NAT64
    "2002:7f00:1::", "2002:808:808::1", "192.88.99.1",  # 6to4
    "2001::1", "2001:0:53aa:64c:0:0:0:1", "2001:db8::1", "3fff::1",  # Teredo, documentation
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",  # mapped, translated
    "::127.0.0.1", "::10.0.0.1", "::169.254.169.254", "::2",  # compatible
    "224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1",  # multicast
    "240.0.0.1", "255.255.255.255", "4000::1", "8000::1", "e000::1", "100::1", "5f00::1",  # reserved
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",  # benchmarks, examples
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "168.63.129.17",
    "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "::ffff:8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", NEVER)
def test_no_webhook_goes_to_an_address_that_is_not_global_unicast(address: str) -> None:
    assert not Guard().allows("example.test", address)


@pytest.mark.parametrize("address", PUBLIC)
def test_webhooks_go_to_public_addresses(address: str) -> None:
    assert Guard().allows("example.test", address)


@given(st.ip_addresses(v=4))
def test_every_way_to_write_an_ipv4_address_in_ipv6_is_judged_as_that_address(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")

    assert unmapped(mapped) == address
    assert is_public(mapped) == is_public(address)
    for prefix in (0x64FF9B << 96, 0x2002 << 112):
        assert not is_public(ipaddress.IPv6Address(prefix | int(address)))
    assert not is_public(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)))


@given(st.ip_addresses())
def test_nothing_is_public_that_python_calls_private_or_special(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address):
        plain = unmapped(address)
        special = (plain.is_private, plain.is_loopback, plain.is_link_local, plain.is_multicast)
        assert not any((*special, plain.is_reserved, plain.is_unspecified))


def test_networks_and_hosts_are_the_administrators_exceptions() -> None:
    guard = parse_guard("10.1.0.0/16, fd00::/8, 192.168.7.7, Hook.Internal., ", allow_loopback=False)

    assert guard.allows("any.test", "10.1.2.3")
    assert guard.allows("any.test", "::ffff:10.1.2.3")
    assert guard.allows("any.test", "fd00::5")
    assert guard.allows("any.test", "192.168.7.7")
    assert guard.allows("hook.internal", "172.16.0.9")
    assert guard.allows("HOOK.internal.", "127.0.0.1")
    assert not guard.allows("any.test", "10.2.0.1")
    assert not guard.allows("any.test", "192.168.7.8")
    assert not guard.allows("evil-hook.internal", "172.16.0.9")
    assert not guard.allows("any.test", "127.0.0.1")


def test_loopback_is_open_only_when_asked() -> None:
    assert parse_guard("", allow_loopback=True).allows("localhost", "127.0.0.1")
    assert parse_guard("", allow_loopback=True).allows("localhost", "::1")
    assert not parse_guard("", allow_loopback=True).allows("localhost", "10.0.0.1")
    assert not parse_guard("", allow_loopback=False).allows("localhost", "127.0.0.1")


@pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16", "100.100.100.200", "::ffff:169.254.169.254"])
def test_a_metadata_service_needs_an_exception_of_its_own(address: str) -> None:
    wide = parse_guard("0.0.0.0/0, ::/0, metadata.internal", allow_loopback=True)
    exact = parse_guard(address.removeprefix("::ffff:"), allow_loopback=False)

    assert not wide.allows("metadata.internal", address)
    assert exact.allows("metadata.internal", address)


@pytest.mark.parametrize("text", ["10.0.0.0/33", "fd00::/200", "host:80", "a/b"])
def test_what_is_neither_network_nor_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a network nor a host name"):
        parse_guard(text, allow_loopback=False)
