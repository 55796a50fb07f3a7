"""A line of the logs for each request."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tornado.web import RequestHandler

from ..errors import ApiError, raw_errors
from ..schema.settings import Tree
from ..system.addresses import plain_ip
from ..system.logs import ERROR, INFO, wanted
from .handler import Answers
from .info import peer

LONGEST_METHOD, LONGEST_URL, LONGEST_HEADER = 50, 3000, 2000
SECRETS = frozenset(
    (
        *("token", "access_token", "refresh_token", "secret", "authorization", "code", "state", "codeverifier", "mfaid"),
        *("password", "passwordconfirm", "oldpassword"),
    )
)
"""Query keys whose values open something."""
HIDDEN = "***"


def log_activity(handler: RequestHandler) -> None:
    """Tells the logs and the counts of a request that has been answered."""
    if not isinstance(handler, Answers) or handler.passed_on:
        return
    request, error, status = handler.request, handler.refused, handler.get_status()
    handler.settings["traffic"].note(handler, status)
    failed = error is not None or status >= 400
    if request.method == "OPTIONS" or (not failed and request.method in handler.unlogged):
        return
    backend, level = handler.backend, ERROR if failed else INFO
    settings = backend.settings.current
    if wanted(settings["logs"], level):
        method, url = (request.method or "")[:LONGEST_METHOD], without_secrets(request.uri or "")[:LONGEST_URL]
        data = _data(handler, settings, status, error)
        data["method"], data["url"] = method, url
        backend.logs.put(level, f"{method} {unquote(url) if '%' in url else url}", data)


def _data(handler: Answers, settings: Tree, status: int, error: ApiError | None) -> dict[str, Any]:
    """The values under PocketBase's keys, but for what is asked."""
    request, record, logs = handler.request, handler.actor.record, settings["logs"]
    referer, agent = (request.headers.get_list(name) for name in ("Referer", "User-Agent"))  # `get` is slow where there is none
    data: dict[str, Any] = {
        "type": "request",
        "execTime": round(request.request_time() * 1000, 3),
        "status": status,
        "referer": without_secrets(referer[0])[:LONGEST_HEADER] if referer else "",
        "userAgent": agent[0][:LONGEST_HEADER] if agent else "",
        "auth": record.collection.name if record else "",
    }
    if record and logs["logAuthId"]:
        data["authId"] = record.id
    if logs["logIP"]:
        data["userIP"] = ip = handler.ip
        data["remoteIP"] = plain_ip(peer(request)) if settings["trustedProxy"]["headers"] else ip
    if error:
        data["error"], data["details"] = error.message, raw_errors(error.errors) or None
    return data


def without_secrets(url: str) -> str:
    """The URL with `***` for the values of query keys that open something."""
    if "?" not in url:
        return url
    path, mark, query = url.partition("?")
    return path + mark + "&".join([_without_secret(pair) for pair in query.split("&")])


def _without_secret(pair: str) -> str:
    key, mark, _ = pair.partition("=")
    plain = unquote(key) if "%" in key else key
    return f"{key}{mark}{HIDDEN}" if mark and plain.lower() in SECRETS else pair
