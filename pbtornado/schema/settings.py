"""The settings of a data directory as data: their defaults, how they are read, changed, stored and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..store.protocol import Reader, Writer
from ..store.query import Column, Compare, Row, Select, Table, Value
from ..values import json_text, now, parse_json
from .fields.base import BadShape, typed

Tree = Mapping[str, Any]

_S3: Tree = {
    "enabled": False,
    "bucket": "",
    "region": "",
    "endpoint": "",
    "accessKey": "",
    "secret": "",
    "forcePathStyle": False,
}
_SMTP: Tree = {
    "enabled": False,
    "port": 587,
    "host": "smtp.example.com",
    "username": "",
    "password": "",
    "authMethod": "",
    "tls": False,
    "localName": "",
}
_META: Tree = {
    "accentColor": "#1055c9",
    "appName": "Acme",
    "appURL": "http://localhost:8090",
    "senderName": "Support",
    "senderAddress": "support@example.com",
    "hideControls": False,
}


def _limit(label: str = "", seconds: int = 0, requests: int = 0) -> dict[str, Any]:
    return {"label": label, "audience": "", "duration": seconds, "maxRequests": requests}


DEFAULTS: Tree = {
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
"""What a new directory starts with; all keys there are, in PocketBase's order, and their types."""

SECRETS = ("password", "secret")
"""Keys, at any depth, whose values nobody is shown."""
LARGEST = 2**63 - 1
_ITEMS: Tree = {"rules": _limit()}
"""What a list's items are laid over; items of the other lists are texts."""
_PARAMS, _SETTINGS = "_params", "settings"
_STORED = Select((Column("r", "value"), Column("r", "created")), Table(_PARAMS), where=Compare("=", Column("r", "id"), Value(_SETTINGS)))


class UnreadableSettings(ValueError):
    """The stored settings are no JSON of settings: they are encrypted or damaged."""


# ---- a tree laid over another


def laid_over(tree: Tree, given: Any) -> dict[str, Any]:
    """The tree with what JSON gives for its keys, in any case of letters; other keys are ignored.

    Null changes nothing, except that it empties a list; a list replaces the former one as a whole.
    BadShape where a value's type is another than the tree's.
    """
    if given is None:
        return dict(tree)
    if not isinstance(given, Mapping):
        raise BadShape("settings must be an object")
    spelled = {key.lower(): key for key in tree}
    result = dict(tree)
    for name, value in given.items():
        if key := spelled.get(name.lower()):
            result[key] = _taken(key, result[key], value)
    return result


def _taken(key: str, present: Any, value: Any) -> Any:
    if isinstance(present, Mapping):
        return laid_over(present, value)
    if isinstance(present, list):
        return _items(key, value)
    if value is None:
        return present
    if type(value) is int and not -LARGEST <= value <= LARGEST:
        raise BadShape(f"{key} is too large a number")
    return typed(key, value, present)


def _items(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list | None):
        raise BadShape(f"{key} must be a list")
    return [_taken(key, _ITEMS.get(key, ""), item) for item in value or ()]


# ---- to be seen and to be stored


def shown(tree: Tree) -> dict[str, Any]:
    """The tree without its secrets."""
    return {key: shown(value) if isinstance(value, Mapping) else value for key, value in tree.items() if key not in SECRETS}


def _without_blanks(tree: Tree) -> dict[str, Any]:
    """The tree as PocketBase stores it: a `secret` only where there is one."""
    kept = ((key, value) for key, value in tree.items() if key != "secret" or value)
    return {key: _without_blanks(value) if isinstance(value, Mapping) else value for key, value in kept}


def load_settings(reader: Reader) -> dict[str, Any]:
    """The stored settings over the defaults; the defaults alone where none are stored. Raises UnreadableSettings."""
    return _loaded(reader.one(_STORED, {}))


def _loaded(row: Row | None) -> dict[str, Any]:
    try:
        return laid_over(DEFAULTS, parse_json(row[0]) if row else None)
    except (ValueError, TypeError) as error:
        raise UnreadableSettings("the settings are encrypted or damaged") from error


def save_settings(writer: Writer, settings: Tree) -> None:
    """Stores settings and logs the change, without secrets. Raises UnreadableSettings rather than overwrite what nobody can read."""
    row = writer.one(_STORED, {})
    before, moment = _loaded(row), now()
    changed = {"value": json_text(_without_blanks(settings)), "updated": moment}
    image = {"id": _SETTINGS, "value": json_text(shown(settings)), "created": row[1] if row else moment, "updated": moment}
    if row is None:
        writer.insert(_PARAMS, {"id": _SETTINGS, "created": moment, **changed})
        writer.append("create", _PARAMS, _SETTINGS, image)
    else:
        writer.update(_PARAMS, _SETTINGS, changed)
        writer.append("update", _PARAMS, _SETTINGS, image, {"value": json_text(shown(before))})


def store_first_settings(writer: Writer) -> None:
    """Stores the defaults as the settings of a new directory."""
    moment = now()
    value = json_text(_without_blanks(DEFAULTS))
    writer.insert(_PARAMS, {"id": _SETTINGS, "value": value, "created": moment, "updated": moment})


def rename_limits(writer: Writer, old: str, new: str) -> None:
    """Rate limits of a collection (`name:action`) follow it to its new name."""
    settings = load_settings(writer)
    limits = settings["rateLimits"]
    rules = [{**rule, "label": _renamed(rule["label"], old, new)} for rule in limits["rules"]]
    if rules != limits["rules"]:
        save_settings(writer, {**settings, "rateLimits": {**limits, "rules": rules}})


def _renamed(label: str, old: str, new: str) -> str:
    return new + label[len(old) :] if label.startswith(f"{old}:") else label
