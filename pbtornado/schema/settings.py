"""The settings of a data directory as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..store.protocol import Reader, Writer
from ..store.query import Column, Compare, Select, Table, Value
from ..values import json_text, now, parse_json
from .catalog import CatalogStore

_S3: Mapping[str, Any] = {"enabled": False, "bucket": "", "region": "", "endpoint": "", "accessKey": "", "forcePathStyle": False}
_SMTP: Mapping[str, Any] = {
    "enabled": False,
    "port": 587,
    "host": "smtp.example.com",
    "username": "",
    "password": "",
    "authMethod": "",
    "tls": False,
    "localName": "",
}
_META: Mapping[str, Any] = {
    "accentColor": "#1055c9",
    "appName": "Acme",
    "appURL": "http://localhost:8090",
    "senderName": "Support",
    "senderAddress": "support@example.com",
    "hideControls": False,
}


def _limit(label: str, seconds: int, requests: int) -> dict[str, Any]:
    return {"label": label, "audience": "", "duration": seconds, "maxRequests": requests}


DEFAULTS: Mapping[str, Any] = {
    "superuserIPs": [],
    "smtp": _SMTP,
    "backups": {"cron": "", "cronMaxKeep": 3, "s3": _S3},
    "s3": _S3,
    "meta": _META,
    "rateLimits": {
        "rules": [_limit("*:auth", 3, 2), _limit("*:create", 5, 20), _limit("/api/batch", 1, 3), _limit("/api/", 10, 300)],
        "excludedIPs": [],
        "enabled": False,
    },
    "trustedProxy": {"headers": [], "useLeftmostIP": False},
    "batch": {"enabled": False, "maxRequests": 50, "timeout": 3, "maxBodySize": 0},
    "logs": {"maxDays": 5, "minLevel": 0, "logIP": True, "logAuthId": False},
}
"""What a new directory starts with."""

_STORED = Select((Column("r", "value"),), Table("_params"), where=Compare("=", Column("r", "id"), Value("settings")))


def load_settings(reader: Reader) -> dict[str, Any]:
    """The stored settings over the defaults; the defaults alone where none are stored or they are encrypted."""
    row = reader.one(_STORED, {})
    return _over(DEFAULTS, _parsed(row[0]) if row else {})


class Settings:
    """The settings of a store, always the committed ones."""

    def __init__(self, store: CatalogStore) -> None:
        self._store = store
        self._mark: int | None = None
        self._current: Mapping[str, Any] = DEFAULTS

    @property
    def current(self) -> Mapping[str, Any]:
        """The settings as committed by whatever process; read again only when something moved."""
        mark = self._store.schema_mark
        if mark != self._mark:
            self._current = self._store.read_now(load_settings)
            self._mark = mark
        return self._current


def store_first_settings(writer: Writer) -> None:
    """Stores the defaults as the settings of a new directory."""
    moment = now()
    writer.insert("_params", {"id": "settings", "value": json_text(DEFAULTS), "created": moment, "updated": moment})


def rename_limits(writer: Writer, old: str, new: str) -> None:
    """Rate limits of a collection (`name:action`) follow it to its new name; encrypted settings stay as they are."""
    row = writer.one(_STORED, {})
    stored = _parsed(row[0]) if row else {}
    rules = stored.get("rateLimits", {}).get("rules") or []
    if not any(str(rule.get("label")).startswith(f"{old}:") for rule in rules):
        return
    renamed = [{**rule, "label": _renamed(str(rule.get("label")), old, new)} for rule in rules]
    value = json_text({**stored, "rateLimits": {**stored["rateLimits"], "rules": renamed}})
    writer.update("_params", "settings", {"value": value, "updated": now()})
    writer.append("update", "_params", "settings", {})


def _renamed(label: str, old: str, new: str) -> str:
    return new + label[len(old) :] if label.startswith(f"{old}:") else label


def _parsed(value: Any) -> dict[str, Any]:
    """A stored value as data, nothing where it is encrypted."""
    try:
        data = parse_json(value)
    except (ValueError, TypeError):
        data = None
    return data if isinstance(data, dict) else {}


def _over(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**defaults, **given}
    both = [key for key, value in merged.items() if isinstance(value, Mapping) and isinstance(defaults.get(key), Mapping)]
    return merged | {key: _over(defaults[key], merged[key]) for key in both}
