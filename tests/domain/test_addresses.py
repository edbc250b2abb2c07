import ipaddress
import socket
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inboxd.domain.addresses import Guard, is_public, literal, parse_guard, parse_proxy, unmapped

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
    "::127.0.0.1", "::10.0.0.1", "::169.254.169.254", "::8.8.8.8", "::2",  # compatible
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


# The special-purpose registries of IANA, multicast and what was withdrawn: name, block, and the addresses beside
# it that are public (not where a block borders on another one).
BLOCKS = [
    ("this network", "0.0.0.0/8", "1.0.0.0"),
    ("private", "10.0.0.0/8", "9.255.255.255 11.0.0.0"),
    ("carrier-grade NAT", "100.64.0.0/10", "100.63.255.255 100.128.0.0"),
    ("loopback", "127.0.0.0/8", "126.255.255.255 128.0.0.0"),
    ("link-local", "169.254.0.0/16", "169.253.255.255 169.255.0.0"),
    ("private", "172.16.0.0/12", "172.15.255.255 172.32.0.0"),
    ("protocol assignments", "192.0.0.0/24", "191.255.255.255 192.0.1.0"),
    ("TEST-NET-1", "192.0.2.0/24", "192.0.1.255 192.0.3.0"),
    ("6to4 relays", "192.88.99.0/24", "192.88.98.255 192.88.100.0"),
    ("private", "192.168.0.0/16", "192.167.255.255 192.169.0.0"),
    ("benchmarks", "198.18.0.0/15", "198.17.255.255 198.20.0.0"),
    ("TEST-NET-2", "198.51.100.0/24", "198.51.99.255 198.51.101.0"),
    ("TEST-NET-3", "203.0.113.0/24", "203.0.112.255 203.0.114.0"),
    ("multicast", "224.0.0.0/4", "223.255.255.255"),
    ("reserved", "240.0.0.0/4", ""),
    ("broadcast", "255.255.255.255/32", ""),
    ("Azure's own", "168.63.129.16/32", "168.63.129.15 168.63.129.17"),
    ("unspecified", "::/128", ""),
    ("loopback", "::1/128", ""),
    ("compatible", "::/96", ""),
    ("translated", "::ffff:0:0:0/96", ""),
    ("NAT64", "64:ff9b::/96", ""),
    ("local NAT64", "64:ff9b:1::/48", ""),
    ("discard", "100::/64", ""),
    ("dummy", "100:0:0:1::/64", ""),
    ("below global unicast", "::2:0:0:0/79", ""),
    ("protocol assignments", "2001::/23", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200::"),
    ("Teredo", "2001::/32", ""),
    ("port control anycast", "2001:1::1/128", ""),
    ("benchmarks", "2001:2::/48", ""),
    ("AMT", "2001:3::/32", ""),
    ("AS112", "2001:4:112::/48", ""),
    ("ORCHID", "2001:10::/28", ""),
    ("ORCHIDv2", "2001:20::/28", ""),
    ("drone ids", "2001:30::/28", ""),
    ("documentation", "2001:db8::/32", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9::"),
    ("6to4", "2002::/16", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003::"),
    ("documentation", "3fff::/20", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000::"),
    ("never given out", "4000::/2", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("segment routing", "5f00::/16", ""),
    ("unique local", "fc00::/7", ""),
    ("link-local", "fe80::/10", ""),
    ("site-local", "fec0::/10", ""),
    ("multicast", "ff00::/8", ""),
]


@pytest.mark.parametrize(("name", "block", "public"), BLOCKS)
def test_every_special_block_is_closed_from_its_first_address_to_its_last(name: str, block: str, public: str) -> None:
    network = ipaddress.ip_network(block)

    for address in (network[0], network[-1], network[network.num_addresses // 2]):
        assert not is_public(address), name
        assert not Guard().allows("example.test", str(address))
        if address.version == 4:
            assert not is_public(ipaddress.IPv6Address(f"::ffff:{address}"))
    for outside in public.split():
        assert is_public(ipaddress.ip_address(outside)), name
        assert ipaddress.ip_address(outside) + 1 == network[0] or ipaddress.ip_address(outside) - 1 == network[-1]


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "0", "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "017700000001",
    "0x7f.0.0.1", "127.0.0.1.", "127.0.0.1...", "[::1]", "::1", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]", "[fe80::1%eth0]", "[fe80::1%25eth0]", "[0:0:0:0:0:0:0:1]", "１２７.０.０.１",
    "127。0。0。1", "127．0．0．1", "127｡1", "①②⑦.0.0.1", "１２７。１。", "%31%32%37.0.0.1", "127%2e0%2E0%2e1",
    "%2531%2532%2537.1", "%5B::1%5D", "127.0.0.\u00ad1", "127.0.0.1 ", "\t10.1", "localhost", "LocalHost",
    "localhost.", "a.b.localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback",
    "ｌｏｃａｌｈｏｓｔ", "local%68ost", "ⓛocalhost", "169.254.169.254", "0xa9fea9fe", "[fd00:ec2::254]",
    "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "255.255.255.255", "100.64.1", "168.63.33040",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_a_forbidden_address_is_taken(host: str) -> None:
    assert Guard().refuses_literal(host)


@pytest.mark.parametrize(
    "host",
    [
        "8.8.8.8", "134744072", "[2606:4700::1111]", "[::ffff:8.8.8.8]", "example.test", "localhost.example.test",
        "mylocalhost", "127.0.0.1.example.test", "0x7f.example", "127.0.0.256", "08.0.0.1", "face", "", ".", "a..b",
        "1.2.3.4.5", "xn--mgba3gch31f060k.test", "müller.test", "[::g]", "4294967296", "0x", "x" * 300,
    ],
)  # fmt: skip
def test_names_and_public_addresses_are_left_to_the_connection(host: str) -> None:
    assert not Guard().refuses_literal(host)


def test_what_the_administrator_allows_is_taken_in_every_spelling() -> None:
    local = parse_guard("", allow_loopback=True)
    named = parse_guard("localhost, ::1, 169.254.169.254", allow_loopback=False)

    assert not any(local.refuses_literal(host) for host in ("127.1", "[::1]", "localhost", "a.localhost", "0x7f000001"))
    assert all(local.refuses_literal(host) for host in ("0", "10.1", "[fe80::1%lo]"))
    assert not any(named.refuses_literal(host) for host in ("LOCALHOST.", "[::1]", "2852039166"))
    assert named.refuses_literal("127.0.0.1")


def _resolved(host: str) -> str | None:
    """What the system's resolver makes of `host` without asking anybody."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError, ValueError):
        return None
    return str(found[0][4][0])


_parts = st.builds(
    lambda number, form: form.format(number),
    st.sampled_from([0, 1, 8, 10, 127, 128, 169, 254, 255, 256, 65535, 65536, 2**24, 2130706433, 2**32 - 1, 2**32]),
    st.sampled_from(["{}", "0x{:x}", "0X{:X}", "0{:o}", "0{}", "00{:o}", "0x0{:x}", "{}x", "0x", "{:x}"]),
)
_spellings = st.lists(_parts, min_size=1, max_size=5).map(".".join)
_wide = str.maketrans("0123456789abcdefx.", "０１２３４５６７８９ａｂｃｄｅｆｘ．")
_sixes = st.builds(
    lambda address, form: {"exploded": address.exploded, "mapped": f"::ffff:{address.exploded[:4]}:1"}.get(
        form, str(address)
    ),
    st.ip_addresses(v=6),
    st.sampled_from(["exploded", "short", "mapped"]),
)


@given(_spellings | _sixes)
@example("127.0.0.1 x")
@example("1.2.3.4\n")
def test_a_literal_is_what_the_resolver_reads(host: str) -> None:
    resolved = _resolved(host)
    read = literal(host)

    assert (read is None) == (resolved is None)
    assert read is None or resolved is None or ipaddress.ip_address(read) == ipaddress.ip_address(resolved)


@given(
    _spellings | _sixes | st.text("0123456789abcdefx.:%[]０１。①", max_size=20),
    st.sampled_from([str, quote, str.upper, lambda host: host.translate(_wide), lambda host: f"[{host}]"]),
)
def test_what_the_resolver_reads_as_forbidden_is_refused_in_every_disguise(host: str, disguise: object) -> None:
    assert callable(disguise)
    resolved = _resolved(host)
    if resolved is None:
        return
    forbidden = not Guard().allows(host, resolved)

    assert Guard().refuses_literal(disguise(host)) == forbidden
    assert Guard().refuses_literal(unicodedata.normalize("NFKC", host)) == forbidden


def test_a_proxy_is_known_without_its_userinfo() -> None:
    proxy = parse_proxy("http://ann:s3cret%40@[fd00::1]:3128/")

    assert proxy.url == "http://[fd00::1]:3128"
    assert proxy.authorization == "Basic YW5uOnMzY3JldEA="
    assert "Basic" not in repr(proxy)
    assert parse_proxy("http://proxy.test").url == "http://proxy.test:80"
    assert parse_proxy("http://proxy.test").authorization is None


@pytest.mark.parametrize("text", ["", "proxy:3128", "https://proxy", "http://", "http://a:pa/ss@b", "http://a:b#c@d"])
def test_a_proxy_that_is_none_is_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^the proxy is not http://.user:password@.host:port$"):
        parse_proxy(text)


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


@pytest.mark.parametrize(
    "address", ["64:ff9b::a9fe:a9fe", "::a9fe:a9fe", "2002:a9fe:a9fe::1", "fd00:ec2::254", "fe80::a9fe:a9fe"]
)
def test_no_network_reaches_a_metadata_service_by_a_detour(address: str) -> None:
    assert not parse_guard("::/0, 64:ff9b::/96, 169.254.169.254", allow_loopback=True).allows("any.test", address)
    assert parse_guard(address, allow_loopback=False).allows("any.test", address)


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
