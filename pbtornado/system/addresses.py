"""Internet addresses and networks as texts: in one spelling, in lists of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

LONGEST = 64
"""Characters; what is longer is no address."""
_BITS = re.compile(r"[^/%]+/(0|[1-9]\d{0,2})", re.ASCII)


@lru_cache(maxsize=1024)
def _exploded(text: str) -> str:
    address = _parsed(text)
    return address.exploded if address else ""


def plain_ip(text: str) -> str:
    """An address in its one long spelling, "" where it is none; an IPv4 address that came over IPv6 is an IPv4 address."""
    text = text.strip()
    return _exploded(text) if len(text) <= LONGEST else ""


def is_address(text: str) -> bool:
    """Is it an address, or a network as `address/bits`?"""
    return _address(text) is not None or (_BITS.fullmatch(text) is not None and _network(text) is not None)


def among(ip: str, allowed: Sequence[str]) -> bool:
    """Is the address one of these addresses or networks? What is none of both allows nobody."""
    address = _address(ip)
    return address is not None and any(address in network for network in map(_network, allowed) if network)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    return _parsed(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=1024)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(_address(text) or text, strict=False)
    except ValueError:
        return None
