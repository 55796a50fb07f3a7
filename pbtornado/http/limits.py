"""Who somebody is to the network: his address behind a proxy, and whether superusers may come from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from tornado.httputil import HTTPHeaders


def real_ip(headers: HTTPHeaders, peer: str, trusted: Mapping[str, Any]) -> str:
    """The address that asks: what a trusted proxy's header says, else `peer`, the one the connection comes from.

    `trusted`: the setting `trustedProxy`. Of a header that is repeated only the last one is the proxy's own.
    """
    for name in trusted["headers"]:
        values = headers.get_list(name)
        found = [ip for text in (values[-1].split(",") if values else ()) if (ip := plain_ip(text))]
        if found:
            return found[0 if trusted["useLeftmostIP"] else -1]
    return plain_ip(peer)


def plain_ip(text: str) -> str:
    """An address in its one long spelling, "" where it is none."""
    try:
        return ip_address(text.strip()).exploded
    except ValueError:
        return ""


def among(ip: str, allowed: Sequence[str]) -> bool:
    """Is the address one of these addresses or networks?"""
    if not ip:
        return False
    address = ip_address(ip)
    return any(address in network for network in map(_network, allowed) if network)


@lru_cache(maxsize=256)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
