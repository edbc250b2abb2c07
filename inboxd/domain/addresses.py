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
        "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16", "fc00::/7", "fe80::/9", "ff00::/8",
    )
)  # fmt: skip


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
    return address.is_global and not any(address.version == block.version and address in block for block in _NEVER)


@dataclass(frozen=True)
class Guard:
    """Decides on the address that was really connected to, whatever the name said before.

    `networks` and `hosts` are the administrator's exceptions (INBOXD_ALLOW_PRIVATE).
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    def allows(self, host: str, peer: str) -> bool:
        address = unmapped(ipaddress.ip_address(peer.partition("%")[0]))
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
