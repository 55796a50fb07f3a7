"""Is the server there? GET /api/health."""

from __future__ import annotations

from .handler import ApiHandler

PROXY_HEADERS = ("CF-Connecting-IP", "Fly-Client-IP", "X-Forwarded-For")


class Health(ApiHandler):
    """Answers 200; a superuser learns what the server sees of a proxy in front of it."""

    def get(self) -> None:
        self.answer({"message": "API is healthy.", "code": 200, "data": self._details() if self.actor.superuser else {}})

    def _details(self) -> dict[str, object]:
        likely = (*self.backend.settings.current["trustedProxy"]["headers"], *PROXY_HEADERS)
        proxy = next((name for name in likely if self.request.headers.get(name)), "")
        return {"canBackup": True, "possibleProxyHeader": proxy, "realIP": self.ip}
