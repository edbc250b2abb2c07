"""Who called, where reverse proxies stand between."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from inboxd.domain.addresses import Network, unmapped

_LENGTH = 300
"""Of X-Forwarded-For, from its end: more than any chain of proxies writes."""


@dataclass(frozen=True)
class Proxies:
    """The networks that reverse proxies call from; what they say of their callers is believed."""

    networks: tuple[Network, ...]

    def caller(self, peer: str, forwarded: str) -> str:
        """The address that the request of `peer` came from. `forwarded` is X-Forwarded-For, to which each
        proxy appended whom it saw: from its end on everything holds that a trusted one wrote."""
        if not forwarded:
            return peer
        return _caller(self.networks, peer, forwarded[-_LENGTH:])


def parse_proxies(text: str) -> Proxies:
    """Proxies from a comma-separated list of CIDRs and addresses. Raises ValueError."""
    parts = filter(None, (piece.strip() for piece in text.split(",")))
    return Proxies(tuple(ipaddress.ip_network(part, strict=False) for part in parts))


def is_loopback(address: str) -> bool:
    return address == "::1" or address.removeprefix("::ffff:").startswith("127.")


def neighbourhood(address: str) -> str:
    """An address of IPv4, or the network of one of IPv6: who has one of these has 2**64."""
    if ":" not in address:
        return address
    found = unmapped(ipaddress.ip_address(address.partition("%")[0]))
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((int(found), 64), strict=False).network_address)


@lru_cache(maxsize=1024)
def _caller(networks: tuple[Network, ...], peer: str, forwarded: str) -> str:
    caller = peer
    for piece in reversed(forwarded.split(",")):
        address = unmapped(ipaddress.ip_address(caller.partition("%")[0]))
        if not any(address.version == block.version and address in block for block in networks):
            break
        said = _said(piece.strip())
        if said is None:
            break
        caller = said
    return caller


def _said(piece: str) -> str | None:
    """An address as proxies write it: plain, in brackets, or with a port."""
    host = piece.partition("]")[0].lstrip("[") if piece.startswith("[") else piece
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(unmapped(ipaddress.ip_address(host.partition("%")[0])))
    except ValueError:
        return None
