"""Conditional requests: the `ETag` of a record that is read, the `If-Match` of one that is written.

A tag is `"version"`, with expands or a choice of fields `"version.digest"`: what comes before the dot names the record's
state alone, so that a tag of any answer will do for a write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tornado.httputil import HTTPHeaders

from ..records.versions import ANY, digest, version
from ..values import json_bytes

_TAG = re.compile(r'(W/)?"([^"]*)"')


def tag_of(shown: Mapping[str, Any], fields: str) -> str:
    """The strong tag of an answer: a record as shown, of which `fields` are picked."""
    name = version(shown)
    if fields or "expand" in shown:
        name += "." + digest(json_bytes([fields, shown.get("expand")]))
    return f'"{name}"'


def expected(headers: HTTPHeaders) -> frozenset[str] | None:
    """The versions that a write is meant for, None where it doesn't say."""
    values = headers.get_list("If-Match")
    return expected_by(",".join(values)) if values else None


def expected_by(header: str) -> frozenset[str]:
    """The versions in an `If-Match` header; weak tags are none."""
    if header.strip() == ANY:
        return frozenset({ANY})
    return frozenset(match[2].partition(".")[0] for match in _TAG.finditer(header) if not match[1])
