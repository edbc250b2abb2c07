"""Where webhooks may go. `ipaddress` alone is no filter: see the comments."""

import ipaddress
import re
import socket
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What is_global does not say, or says wrongly, for some Python that we support.
_NEVER = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4",
        "240.0.0.0/4", "168.63.129.16/32",
        "2001::/23", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
# Everything else is reserved, local, multicast or translated: 2000::/3 is all that was ever given out.
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
# Whoever reaches these as this machine may get its credentials.
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254", "fe80::a9fe:a9fe",  # nearly every cloud
        "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23",  # Amazon
        "168.63.129.16", "fd20:ce::254", "100.100.100.200", "169.254.0.23",  # Azure, Google, Alibaba, Tencent
        "192.0.0.192", "fd00:c1::a9fe:a9fe", "169.254.42.42", "fd00:42::42",  # Oracle, Scaleway
    )
)  # fmt: skip
# ::a.b.c.d, translated ::ffff:0:a.b.c.d and NAT64 carry an IPv4 address in their last 32 bits.
_CARRIERS = tuple(ipaddress.IPv6Network(block) for block in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
_LOCAL_NAMES = frozenset(
    (
        "localhost", "localhost.localdomain", "localhost4", "localhost6", "localhost4.localdomain4",
        "localhost6.localdomain6", "ip6-localhost", "ip6-loopback",
    )
)  # fmt: skip
_NUMERIC_V4 = re.compile(r"[0-9a-fA-FxX.]+")


def unmapped(address: Address) -> Address:
    """::ffff:127.0.0.1 is 127.0.0.1 to the kernel, so it is to us."""
    return (address.version == 6 and address.ipv4_mapped) or address


def is_public(address: Address) -> bool:
    """Whether this is global unicast that is no way around to somewhere else."""
    address = unmapped(address)
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST_V6:
        return False
    return address.is_global and not any(address.version == block.version and address in block for block in _NEVER)


def literal(host: str) -> str | None:
    """The address that `host` spells, as the system's resolver would read it; None for names."""
    plain, _, zone = host.strip("[]").partition("%")
    try:
        if ":" in plain:
            ipaddress.IPv6Address(plain)
            return f"{plain}%{zone}" if zone else plain
        # inet_aton knows 127.1, 0x7f000001 and 0177.0.0.1, and would take "127.0.0.1 anything" too.
        return socket.inet_ntoa(socket.inet_aton(plain)) if _NUMERIC_V4.fullmatch(plain) and not zone else None
    except (ValueError, OSError):
        return None


def _spoken(host: str) -> str:
    """`host` after all that URL libraries and resolvers do to it on the way."""
    for _ in range(3):
        host = unquote(host)
    host = host.strip().strip("[]").rstrip(".\u3002\uff0e\uff61")
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.lower()
    return host.lower().rstrip(".")


def _is_metadata(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.sixtofour in _METADATA or (low in _METADATA and any(address in block for block in _CARRIERS)):
            return True
    return address in _METADATA


@dataclass(frozen=True)
class Guard:
    """Decides on the address that was really connected to, whatever the name said before.

    `networks` and `hosts` are the administrator's exceptions (INBOXD_ALLOW_PRIVATE). A metadata
    service needs an exception of its own: its exact address, not a network or a host around it.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    def allows(self, host: str, peer: str) -> bool:
        """Whether a connection that `host` led to `peer` may be used."""
        address = unmapped(ipaddress.ip_address(peer.partition("%")[0]))
        if _is_metadata(address):
            return any(block.num_addresses == 1 and address in block for block in self.networks)
        if is_public(address) or host.lower().rstrip(".") in self.hosts:
            return True
        return any(address.version == block.version and address in block for block in self.networks)

    def refuses_literal(self, host: str) -> bool:
        """Whether the host of a URL is a forbidden address in any spelling, or a name of this machine.

        Asks nobody. Every other name is decided when it is connected to.
        """
        name = _spoken(host)
        address = literal(name)
        if address is not None:
            return not self.allows(name, address)
        if name in _LOCAL_NAMES or name.endswith(".localhost"):
            return not any(self.allows(name, loopback) for loopback in ("127.0.0.1", "::1"))
        return False


@dataclass(frozen=True)
class Proxy:
    """The egress proxy, without its userinfo; `authorization` is the header made of that."""

    url: str
    authorization: str | None = field(default=None, repr=False)


def parse_guard(text: str, *, allow_loopback: bool) -> Guard:
    """A Guard from a comma-separated list of CIDRs, addresses and host names."""
    networks: list[Network] = []
    hosts: set[str] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            if "/" in part or ":" in part:
                raise ValueError(f"{part!r} is neither a network nor a host name") from None
            hosts.add(part.lower().rstrip("."))
    if allow_loopback:
        networks += [ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")]
    return Guard(tuple(networks), frozenset(hosts))


def parse_proxy(text: str) -> Proxy:
    """A Proxy from http://[user:password@]host:port. The ValueError repeats nothing of a bad one: it has a password."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host = None
    if not host or parts.scheme != "http" or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("the proxy is not http://[user:password@]host:port")
    userinfo = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    authorization = (
        None if userinfo == ":" else "Basic " + b64encode(userinfo.encode(errors="surrogateescape")).decode()
    )
    return Proxy(f"http://{f'[{host}]' if ':' in host else host}:{port}", authorization)
