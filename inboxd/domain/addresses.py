"""Where webhooks may go. `ipaddress` alone is no filter: see the comments."""

import ipaddress
from dataclasses import dataclass

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
        "169.254.169.254",
        "169.254.170.2",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
    )
)


def unmapped(address: Address) -> Address:
    """::ffff:127.0.0.1 is 127.0.0.1 to the kernel, so it is to us."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if int(address) < 2**32 and int(address) > 1:  # ::a.b.c.d, deprecated but routable on some stacks
            return ipaddress.IPv4Address(int(address))
    return address


def is_public(address: Address) -> bool:
    address = unmapped(address)
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST_V6:
        return False
    return address.is_global and not any(address.version == block.version and address in block for block in _NEVER)


@dataclass(frozen=True)
class Guard:
    """Decides on the address that was really connected to, whatever the name said before.

    `networks` and `hosts` are the administrator's exceptions (INBOXD_ALLOW_PRIVATE). A metadata
    service needs an exception of its own: its exact address, not a network or a host around it.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    def allows(self, host: str, peer: str) -> bool:
        address = unmapped(ipaddress.ip_address(peer.partition("%")[0]))
        if address in _METADATA:
            return any(block.num_addresses == 1 and address in block for block in self.networks)
        if is_public(address) or host.lower().rstrip(".") in self.hosts:
            return True
        return any(address.version == block.version and address in block for block in self.networks)


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
