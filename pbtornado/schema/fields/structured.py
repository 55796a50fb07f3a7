"""Fields that hold JSON: json and geoPoint."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...errors import FieldError
from ...store.query import Bindable
from ...values import has_infinite, json_text, parse_json, plain_number
from . import checks
from .base import MAX_SAFE_INT, Field, Kind, Surroundings

CONTROLS = re.compile(r"[\x00-\x07\x0b\x0e-\x1f\x7f]")
"""Control characters but those that have a letter of their own in JSON."""


class Garbled(str):
    """A text that is no JSON and has control characters: refused, as PocketBase does."""


@dataclass(frozen=True, kw_only=True)
class JSONField(Field):
    """Any JSON data, null where there is none."""

    type = "json"

    max_size: int = 0

    @property
    def kind(self) -> Kind:
        """A JSON column, null by default."""
        return "json"

    @property
    def body_limit(self) -> int:
        """Bytes of compact JSON; 1 MB unless said otherwise."""
        return self.max_size if self.max_size > 0 else 1 << 20

    def zero(self) -> Any:
        """Null."""
        return None

    def coerce(self, raw: Any) -> Any:
        """Data as it is with the keys of objects in order; a text that is a JSON value other than a bare word is read as one."""
        if not isinstance(raw, str):
            return _ordered(raw)
        if raw in ("null", "true", "false"):
            return parse_json(raw)
        if raw[:1] in tuple('0123456789-"[{'):
            with suppress(ValueError):
                return parse_json(raw)
        return Garbled(raw) if CONTROLS.search(raw) else raw

    def from_store(self, stored: Any) -> Any:
        """The data of a stored JSON text; a text that is none is itself."""
        if not isinstance(stored, str):
            return stored
        try:
            return parse_json(stored) if stored else None
        except ValueError:
            return stored

    def to_store(self, value: Any) -> Bindable:
        """JSON text, null for null."""
        return None if value is None else json_text(value)

    def check(self, value: Any) -> FieldError | None:
        """Size; required refuses null and empty values."""
        encoded = json_text(value) if value is not None else ""
        if isinstance(value, Garbled) or ("null" in encoded and has_infinite(value)):
            return FieldError("validation_invalid_json", "Must be a valid json value")
        size = len(encoded.encode())
        if size > self.body_limit:
            message = f"The maximum allowed JSON size is {self.body_limit} bytes"
            return FieldError("validation_json_size_limit", message, {"maxSize": self.body_limit})
        return checks.REQUIRED if self.required and (value is None or value in ("", [], {})) else None

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """A size that fits."""
        own = checks.gather(maxSize=checks.within(self.max_size, 0, MAX_SAFE_INT))
        return checks.joined(super().check_options(around), own)


def _ordered(data: Any) -> Any:
    """Objects with their keys in order, so that equal data are stored as equal texts."""
    if isinstance(data, dict):
        return {key: _ordered(data[key]) for key in sorted(data)}
    return [_ordered(item) for item in data] if isinstance(data, list) else data


@dataclass(frozen=True, kw_only=True)
class GeoPointField(Field):
    """`{"lon", "lat"}` in degrees; 0, 0 stands for no value."""

    type = "geoPoint"

    @property
    def kind(self) -> Kind:
        """A JSON column."""
        return "geo"

    def zero(self) -> Any:
        """0, 0."""
        return {"lon": 0, "lat": 0}

    def coerce(self, raw: Any) -> dict[str, float]:
        """The numbers `lon` and `lat` (in any case) of an object or of its JSON text, 0 for what is none."""
        if isinstance(raw, str):
            try:
                raw = parse_json(raw)
            except ValueError:
                raw = None
        data = {key.lower(): value for key, value in raw.items()} if isinstance(raw, dict) else {}
        return {"lon": _degrees(data.get("lon")), "lat": _degrees(data.get("lat"))}

    def from_store(self, stored: Any) -> dict[str, float]:
        """A point is stored as JSON text."""
        return self.coerce(stored)

    def to_store(self, value: Any) -> Bindable:
        """JSON text, lon first."""
        return json_text({"lon": value["lon"], "lat": value["lat"]})

    def check(self, value: Any) -> FieldError | None:
        """On the globe; required means not 0, 0."""
        if not value["lat"] and not value["lon"]:
            return checks.REQUIRED if self.required else None
        if not -90 <= value["lat"] <= 90:
            return FieldError("validation_invalid_latitude", "Latitude must be between -90 and 90 degrees.")
        if not -180 <= value["lon"] <= 180:
            return FieldError("validation_invalid_longitude", "Longitude must be between -180 and 180 degrees.")
        return None


def _degrees(raw: Any) -> int | float:
    return plain_number(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else 0
