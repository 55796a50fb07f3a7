"""Every URL of the program, in one table."""

from __future__ import annotations

from typing import Any

from ..config import Options
from . import accounts, auth, changes, crons, files, logs, metrics, realtime, rules, settings, sql, transfer, websocket
from .admin import dashboard
from .batch import Batch
from .collections import Collections, DryRunView, Import, OAuth2Providers, OneCollection, Scaffolds, Truncation
from .health import Health
from .openapi import handler as openapi
from .public import public_files
from .records import OneRecord, Records

Route = tuple[Any, ...]

API: list[Route] = [
    (r"/api/collections/([^/]+)/records", Records),
    (r"/api/collections/([^/]+)/records/([^/]+)", OneRecord),
    (r"/api/batch", Batch),
    *realtime.ROUTES,
    *websocket.ROUTES,
    *metrics.ROUTES,
    *auth.ROUTES,
    *accounts.ROUTES,
    *files.ROUTES,
    *settings.ROUTES,
    *crons.ROUTES,
    *sql.ROUTES,
    *logs.ROUTES,
    *rules.ROUTES,
    *changes.ROUTES,
    (r"/api/health", Health),
    (r"/api/collections", Collections),
    (r"/api/collections/meta/scaffolds", Scaffolds),
    (r"/api/collections/meta/oauth2-providers", OAuth2Providers),
    (r"/api/collections/meta/dry-run-view", DryRunView),
    (r"/api/collections/import", Import),
    (r"/api/collections/([^/]+)/truncate", Truncation),
    *transfer.ROUTES,
    *openapi.ROUTES,
    (r"/api/collections/([^/]+)", OneCollection),
]


def routes(options: Options) -> list[Route]:
    """The table of one server; what stands first wins."""
    return [*API, *dashboard(), public_files(options.public_dir)]
