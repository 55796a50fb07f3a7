"""Jobs over HTTP, for superusers."""

from __future__ import annotations

from ..errors import NotFound
from .handler import ApiHandler
from .siblings import Siblings

TIMEKEEPER = 0
"""The worker that runs jobs."""


class Crons(ApiHandler):
    """GET /api/crons"""

    only = "superuser"

    def get(self) -> None:
        self.answer([{"id": job.id, "expression": job.expression} for job in self.backend.crons.jobs])


class CronRun(ApiHandler):
    """POST /api/crons/{id}: begins a job, and does not wait for its end."""

    only = "superuser"

    async def post(self, id: str) -> None:
        siblings: Siblings = self.settings["siblings"]
        if siblings.elsewhere(TIMEKEEPER, self.request):
            await siblings.hand_over(TIMEKEEPER, self)
            return
        if not self.backend.crons.run(id):
            raise NotFound("Missing or invalid cron job.")
        self.answer_nothing()


ROUTES = [(r"/api/crons", Crons), (r"/api/crons/([^/]+)", CronRun)]
