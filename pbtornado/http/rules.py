"""Rules and filters on trial, for superusers."""

from __future__ import annotations

from ..errors import BadRequest, FieldError
from .handler import ApiHandler
from .info import snake_case


class RuleTest(ApiHandler):
    """POST /api/rules/test"""

    only = "superuser"

    async def post(self) -> None:
        data = self.body().fields
        self.answer(await self.backend.records.test_rule(data, _headers(data.get("request"))))


def _headers(request: object) -> dict[str, str]:
    """The headers of the request that is described, by their names in rules. Raises BadRequest."""
    given = request.get("headers") if isinstance(request, dict) else None
    if not isinstance(given, dict | None) or not all(isinstance(value, str) for value in (given or {}).values()):
        raise BadRequest("", {"request": FieldError("validation_invalid_value", "headers must be an object of texts.")})
    return {snake_case(name): value for name, value in (given or {}).items()}


ROUTES = [(r"/api/rules/test", RuleTest)]
