"""Who somebody is to the network: his address behind a proxy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tornado.httputil import HTTPHeaders

from ..system.addresses import plain_ip


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
