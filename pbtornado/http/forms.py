"""Forms as trees of typed values: `meta.appName=Shop` is `{"meta": {"appName": "Shop"}}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest
from ..schema.settings import Tree
from ..values import text_of

_YES, _NO = ("1", "t", "T", "TRUE", "true", "True"), ("", "0", "f", "F", "FALSE", "false", "False")
TRUTHS = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)


def tree_of(shape: Tree, fields: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """What a form's fields say for the keys of a shape, whose values tell the types; lists of texts repeat their name.

    What came as `@jsonPayload` is laid over. BadRequest where a text is none of its type.
    """
    tree: dict[str, Any] = {}
    for key, present in shape.items():
        value = fields.get(path + key)
        if isinstance(present, Mapping):
            tree[key] = tree_of(present, fields, f"{path}{key}.") | dict(value if isinstance(value, Mapping) else {})
        elif value is not None and key != "rules":
            tree[key] = _read(present, value)
        elif isinstance(value, list):
            tree[key] = value
    return tree


def _read(present: Any, value: Any) -> Any:
    if isinstance(present, list):
        return [text_of(item) for item in (value if isinstance(value, list) else [value])]
    text = text_of(value[0] if isinstance(value, list) else value)
    try:
        return TRUTHS[text] if isinstance(present, bool) else int(text or "0", 0) if isinstance(present, int) else text
    except (KeyError, ValueError):
        raise BadRequest from None
