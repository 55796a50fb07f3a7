"""Who asks from where, and how often: addresses behind proxies, the addresses of superusers, rate limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import unquote

from tornado.httputil import HTTPHeaders
from tornado.web import RequestHandler

from ..backend import Backend
from ..errors import Forbidden, TooManyRequests
from ..rules.request import GUEST, Actor
from ..system.addresses import among, plain_ip
from .info import from_sibling, peer
from .rates import rule_for, tag_labels


class Limited(RequestHandler):
    """A request that the settings may limit."""

    tags: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """By method, what it does to the collection that the first path parameter names: words for the rules of rate limits."""

    actor: Actor = GUEST

    @property
    def backend(self) -> Backend:
        """The program behind."""
        backend: Backend = self.settings["backend"]
        return backend

    @property
    def ip(self) -> str:
        """The address that asks."""
        return real_ip(self.request.headers, peer(self.request), self.backend.settings.current["trustedProxy"])

    def refuse_outsider(self) -> None:
        """Raises Forbidden where superusers may not come from this address."""
        if not self.backend.settings.admits_superuser(self.ip):
            raise Forbidden

    def count(self) -> None:
        """Counts this request, once even where a sibling hands it over. Raises TooManyRequests."""
        if not self.backend.settings.current["rateLimits"]["enabled"] or from_sibling(self.request):
            return
        method = self.request.method or ""
        tags = self.tags.get(method.replace("HEAD", "GET"), ())
        self.refuse_too_many(method, unquote(self.request.path), tags, self.path_args[0] if tags else "")

    def refuse_too_many(self, method: str, path: str, tags: Sequence[str] = (), name: str = "") -> None:
        """Counts a request that does `tags` to the collection `name`. TooManyRequests where the settings' rate limits are used up."""
        limits = self.backend.settings.current["rateLimits"]
        if not limits["enabled"] or self.actor.superuser or among(self.ip, limits["excludedIPs"]):
            return
        collection = self.backend.catalogs.current.find(name) if tags else None
        labels = [*(tag_labels(collection.name, tags) if collection else ()), f"{method} {path}", path]
        rule = rule_for(limits["rules"], labels, signed_in=self.actor.record is not None)
        if rule is None:
            return
        counted = (collection.id, method.replace("HEAD", "GET"), *tags) if collection else (rule["label"],)
        most, seconds = rule["maxRequests"], rule["duration"]
        if not self.backend.rates.allows("|".join((*counted, rule["audience"], f"{most}/{seconds}", self.ip)), most, seconds):
            raise TooManyRequests


def real_ip(headers: HTTPHeaders, peer: str, trusted: Mapping[str, Any]) -> str:
    """The address that asks: what a trusted proxy's header says, else `peer`, the one the connection comes from.

    `trusted`: the setting `trustedProxy`. Of a header that is repeated only the last one is the proxy's own.
    """
    for name in trusted["headers"]:
        texts = (headers.get_list(name) or [""])[-1].split(",")
        outermost = texts if trusted["useLeftmostIP"] else reversed(texts)
        if found := next(filter(None, map(plain_ip, outermost)), ""):
            return found
    return plain_ip(peer)
