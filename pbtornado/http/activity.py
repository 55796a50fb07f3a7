"""A line of the logs for each request."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tornado.web import RequestHandler

from ..errors import ApiError, raw_errors
from ..system.addresses import plain_ip
from ..system.logs import ERROR, INFO
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
    """Tells the logs of a request that has been answered."""
    if not isinstance(handler, Answers) or handler.passed_on:
        return
    request, error, status = handler.request, handler.refused, handler.get_status()
    failed = error is not None or status >= 400
    if request.method == "OPTIONS" or (not failed and request.method in handler.unlogged):
        return
    logs, level = handler.backend.logs, ERROR if failed else INFO
    if logs.wants(level):
        method, url = (request.method or "")[:LONGEST_METHOD], without_secrets(request.uri or "")[:LONGEST_URL]
        logs.add(level, f"{method} {unquote(url) if '%' in url else url}", _data(handler, method, url, error))


def _data(handler: Answers, method: str, url: str, error: ApiError | None) -> dict[str, Any]:
    """The keys PocketBase has, in its order."""
    request, settings, record = handler.request, handler.backend.settings.current["logs"], handler.actor.record
    headers = request.headers
    data: dict[str, Any] = {"auth": record.collection.name if record else ""}
    if record and settings["logAuthId"]:
        data["authId"] = record.id
    if error:
        data |= {"details": raw_errors(error.errors) or None, "error": error.message}
    data |= {
        "execTime": round(request.request_time() * 1000, 6),
        "method": method,
        "referer": without_secrets(headers.get("Referer", ""))[:LONGEST_HEADER],
    }
    if settings["logIP"]:
        data["remoteIP"] = plain_ip(peer(request))
    data |= {"status": handler.get_status(), "type": "request", "url": url, "userAgent": headers.get("User-Agent", "")[:LONGEST_HEADER]}
    if settings["logIP"]:
        data["userIP"] = handler.ip
    return data


def without_secrets(url: str) -> str:
    """The URL with `***` for the values of query keys that open something."""
    path, mark, query = url.partition("?")
    if not mark:
        return url
    return path + mark + "&".join([_without_secret(pair) for pair in query.split("&")])


def _without_secret(pair: str) -> str:
    key, mark, _ = pair.partition("=")
    plain = unquote(key) if "%" in key else key
    return f"{key}{mark}{HIDDEN}" if mark and plain.lower() in SECRETS else pair
