"""GET /api/openapi.json"""

from __future__ import annotations

import re
from functools import lru_cache

from tornado.web import RequestHandler

from ..handler import ApiHandler


class OpenAPI(ApiHandler):
    """The document, for superusers."""

    only = "superuser"

    def compute_etag(self) -> str | None:
        """Clients may keep it until it changes."""
        return RequestHandler.compute_etag(self)

    def get(self) -> None:
        from .document import document  # seldom asked for, and much to load

        settings = self.backend.settings.current
        self.finish(document(self.backend.catalogs.current, settings["meta"]["appName"], bool(settings["batch"]["enabled"]), served))


@lru_cache(maxsize=1000)
def served(path: str, method: str) -> bool:
    """Does the server have this path, and take this method there?"""
    from ..routes import API  # which has this module in it

    example = re.sub(r"\{\w+\}", "x", path)
    handler = next((route[1] for route in API if re.fullmatch(route[0], example)), None)
    return handler is not None and getattr(handler, method) is not getattr(RequestHandler, method)


ROUTES = [(r"/api/openapi\.json", OpenAPI)]
