"""The change log as superusers read it."""

from __future__ import annotations

from collections.abc import Iterator

from .others import CHANGE_LOG, NAME, OBJECT, SUPERUSERS
from .pieces import ANY, BOOL, ID, JSON, SIGNED_IN, TEXT, WHOLE, Json, Operation, array, obj, parameter

ACTION: Json = {"type": "string", "enum": ["create", "update", "delete"]}
NUMBER_OR_NULL: Json = {"type": ["integer", "null"]}
ACTOR = obj(dict.fromkeys(("id", "collectionId", "collectionName", "label"), TEXT))
LOG = {"epoch": TEXT, "head": WHOLE, "oldest": WHOLE}
CHANGE = obj(
    {
        "seq": WHOLE,
        **dict.fromkeys(("position", "at", "request", "collectionId", "collectionName", "recordId"), TEXT),
        "actor": {**ACTOR, "type": ["object", "null"]},
        "action": ACTION,
        "record": OBJECT,
        "old": OBJECT,
        "changed": array(TEXT),
    },
    ["seq", "action", "collectionId", "recordId", "record"],
)
COUNTED = obj({"collectionId": TEXT, "collectionName": TEXT, "action": ACTION, "count": WHOLE})
REFUSED = (400, 401, 403)


def operations() -> Iterator[Operation]:
    """What can be asked about the log."""
    yield _list()
    yield _restore()
    missing = (401, 403, 404)
    asked = [parameter("seq", "path", WHOLE, "Its number.")]
    yield Operation(
        "get", "/api/changes/{seq}", "change", "Get a change", CHANGE_LOG, SIGNED_IN, SUPERUSERS, asked, answer=CHANGE, failures=missing
    )
    minute = obj({"at": TEXT, "total": WHOLE, "counts": array(COUNTED)})
    counts = obj({**LOG, "from": TEXT, "minutes": array(minute)})
    said, path = f"{SUPERUSERS} Minute by minute, for an hour.", "/api/changes/stats"
    yield Operation("get", path, "changeStats", "Count changes", CHANGE_LOG, SIGNED_IN, said, answer=counts, failures=(401, 403))


def _restore() -> Operation:
    takes = obj({"seq": WHOLE, "state": {"type": "string", "enum": ["after", "before"]}}, ["seq"])
    difference, missing = obj({"field": TEXT, "now": ANY, "then": ANY}), obj({"field": TEXT, "name": TEXT})
    answer = obj(
        {
            "action": {"type": "string", "enum": ["create", "update", "none"]},
            "dryRun": BOOL,
            "seq": WHOLE,
            "state": TEXT,
            "differences": array(difference),
            "missingFiles": array(missing),
            "reset": array(TEXT),
            "problem": TEXT,
            "errors": OBJECT,
            "record": {"type": ["object", "null"], "additionalProperties": True},
        },
        ["action", "differences", "record"],
    )
    asked = [NAME, ID, parameter("dryRun", "query", BOOL, "Says what would change and stores nothing.")]
    path, failures = "/api/collections/{collection}/records/{id}/restore", (*REFUSED, 404)
    said = f"{SUPERUSERS} As it was after a change, or before it."
    return Operation(
        "post", path, "restoreRecord", "Bring a record back", CHANGE_LOG, SIGNED_IN, said, asked, {JSON: takes}, answer, failures=failures
    )


def _list() -> Operation:
    asked = [
        parameter("collection", "query", TEXT, "Names or ids, with commas."),
        parameter("record", "query", TEXT, "A record's id."),
        parameter("action", "query", TEXT, "`create`, `update`, `delete`, with commas."),
        parameter("actor", "query", TEXT, "`guest`, `superuser`, a collection of accounts, or `collection:id`."),
        parameter("request", "query", TEXT, "The id of a request."),
        parameter("before", "query", WHOLE, "Older than this seq, newest first."),
        parameter("after", "query", WHOLE, "Newer than this seq, oldest first."),
        parameter("limit", "query", {**WHOLE, "minimum": 1, "maximum": 500, "default": 50}, "Changes of a page."),
        parameter("wait", "query", {**WHOLE, "maximum": 30, "default": 0}, "Seconds to wait for a change, with `after`."),
    ]
    page = obj({**LOG, "next": NUMBER_OR_NULL, "items": array(CHANGE)}, ["epoch", "head", "oldest", "next", "items"])
    said = f"{SUPERUSERS} What was written, newest first."
    return Operation(
        "get", "/api/changes", "changes", "List changes", CHANGE_LOG, SIGNED_IN, said, asked, answer=page, failures=(*REFUSED, 503)
    )
