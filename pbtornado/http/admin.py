"""The dashboard at /_/, or where it is not built a page that says where things are and makes the first superuser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.web import RedirectHandler

from ..config import asset
from .headers import DASHBOARD_CSP
from .public import INDEX, StaticFiles

CACHED = "max-age=1209600, stale-while-revalidate=86400"


class Dashboard(StaticFiles):
    """Files of the dashboard; everything but its page may be kept by browsers."""

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Content-Security-Policy", DASHBOARD_CSP)
        self.set_header("Cache-Control", CACHED if path and path != INDEX and self._built else "no-cache")

    @property
    def _built(self) -> bool:
        return Path(self.root).name == "dist"


def dashboard() -> list[tuple[Any, ...]]:
    """The routes of the dashboard."""
    built = asset("admin") / "dist"
    pages = built if (built / INDEX).is_file() else asset("admin") / "welcome"
    return [
        (r"/_", RedirectHandler, {"url": "/_/", "permanent": False}),
        (r"/_/(.*)", Dashboard, {"path": str(pages), "default_filename": INDEX}),
    ]
