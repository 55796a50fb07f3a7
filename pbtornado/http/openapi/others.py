"""What belongs to no collection: files, live updates, batches, tools of superusers; and what all have in common."""

from __future__ import annotations

from collections.abc import Iterator

from ...rules.request import Context
from .accounts import METHODS
from .pieces import (
    ANY,
    ANYBODY,
    BOOL,
    FORM,
    JSON,
    NOBODY_ASKED,
    SIGNED_IN,
    TEXT,
    WHOLE,
    Json,
    Operation,
    array,
    described,
    obj,
    parameter,
    ref,
)
from .values import BINARY

SERVER, FILES, LIVE, BATCH, TRANSFER, RULE_TEST = "the-server", "stored-files", "live-updates", "batch-writes", "import-export", "rule-test"
CHANGE_LOG = "change-log"
TAGS = (FILES, LIVE, CHANGE_LOG, BATCH, TRANSFER, RULE_TEST, SERVER)
"""No collection can have such a name."""
SUPERUSERS = "For superusers only."
NAME = parameter("collection", "path", TEXT, "The name or id of a collection.")
FORMAT: Json = {"type": "string", "enum": ["csv", "json", "ndjson"]}
OBJECT: Json = {"type": "object", "additionalProperties": True}


def schemas() -> dict[str, Json]:
    """The components that all share."""
    degrees: Json = {"type": "number"}
    return {
        "Error": obj(
            {"status": WHOLE, "message": TEXT, "data": described(OBJECT, "What is wrong with which value: a FieldError by name.")},
            ["status", "message", "data"],
            "An answer of failure.",
        ),
        "FieldError": obj({"code": TEXT, "message": TEXT, "params": OBJECT}, ["code", "message"], "Why a value was refused."),
        "GeoPoint": obj({"lon": degrees, "lat": degrees}, ["lon", "lat"], "A place in degrees; 0, 0 stands for none."),
        "AuthMethods": METHODS,
        "Many": obj({"count": WHOLE, "more": BOOL}, ["count", "more"], "How many records were written, and whether any are left."),
    }


def parameters() -> dict[str, Json]:
    """The parameters that several operations take."""
    listed = [
        parameter("page", "query", {**WHOLE, "minimum": 1, "default": 1}, "Which page, from 1 on."),
        parameter("perPage", "query", {**WHOLE, "minimum": 1, "maximum": 1000, "default": 30}, "Records of a page."),
        parameter("after", "query", TEXT, "Instead of `page`: the cursor `next` of the page before, empty for the first page."),
        parameter("sort", "query", TEXT, "Fields with commas, `-` in front for descending; also `@random`, `@rowid`."),
        parameter("filter", "query", TEXT, "An expression such as `title ~ 'a' && created > '2024-01-01'`."),
        parameter("expand", "query", TEXT, "Relations to follow, with commas, such as `author,comments_via_post.author`."),
        parameter("fields", "query", TEXT, "What the answer shall have, with commas; without it everything."),
        parameter("skipTotal", "query", BOOL, "Leaves out the totals, which makes long lists quicker."),
        parameter("minSeq", "query", TEXT, "The number or position of a change that the answer must not be older than."),
    ]
    found: dict[str, Json] = {one["name"]: one for one in listed}
    said = "Which records; an empty filter is refused."
    found["filterOfMany"] = parameter("filter", "query", TEXT, said, required=True)
    found["limit"] = parameter("limit", "query", {**WHOLE, "minimum": 1, "maximum": 10_000}, "The first ones only.")
    found["ifMatch"] = parameter("If-Match", "header", TEXT, "The `ETag` of the version that is meant; another one is left alone.")
    found["ifNoneMatch"] = parameter("If-None-Match", "header", TEXT, "The `ETag` of the version that is known already.")
    return found


def operations(*, batch: bool) -> Iterator[Operation]:
    """Each thing that can be asked; batches where they are switched on."""
    yield _health()
    yield from _files()
    yield from _realtime()
    yield from _clients()
    if batch:
        yield _batch()
    yield from _tools()


def _health() -> Operation:
    answer = obj({"code": WHOLE, "message": TEXT, "data": OBJECT})
    return Operation("get", "/api/health", "health", "Is the server up", SERVER, NOBODY_ASKED, answer=answer, failures=())


def _files() -> Iterator[Operation]:
    sizes = "A smaller size of an image, such as `100x100`, `0x300`, `200x200f`."
    asked = [
        NAME,
        parameter("record", "path", TEXT, "The record's id."),
        parameter("name", "path", TEXT, "The file's name, as the record has it."),
        parameter("thumb", "query", TEXT, sizes),
        parameter("download", "query", BOOL, "To be saved instead of shown."),
        parameter("token", "query", TEXT, "A file token, for protected files."),
    ]
    path, binary = "/api/files/{collection}/{record}/{name}", "application/octet-stream"
    yield Operation("get", path, "file", "Get a file", FILES, ANYBODY, "", asked, answer=BINARY, answer_type=binary, failures=(404,))
    token = obj({"token": TEXT}, ["token"])
    yield Operation(
        "post", "/api/files/token", "fileToken", "Get a token for protected files", FILES, SIGNED_IN, answer=token, failures=(401,)
    )


def _realtime() -> Iterator[Operation]:
    stream = "A stream of server-sent events: first `PB_CONNECT` with the client's id, then `{action, record}` under each topic's name."
    since = [parameter("Last-Event-ID", "header", TEXT, "A position to go on from."), parameter("since", "query", TEXT, "The same.")]
    events = "text/event-stream"
    yield Operation(
        "get", "/api/realtime", "listen", "Listen to changes", LIVE, NOBODY_ASKED, stream, since, answer=TEXT, answer_type=events
    )
    topics = array({**TEXT, "maxLength": 2500}, maxItems=1000)
    takes = obj({"clientId": TEXT, "subscriptions": topics}, ["clientId", "subscriptions"])
    said = "Replaces all topics of a stream: `collection/*` or `collection/id`, each with `?options=` if need be."
    path, failures = "/api/realtime", (400, 403, 404)
    yield Operation("post", path, "subscribe", "Say what to listen to", LIVE, ANYBODY, said, bodies={JSON: takes}, failures=failures)


def _clients() -> Iterator[Operation]:
    actor = {**obj(dict.fromkeys(("id", "collectionId", "collectionName", "label"), TEXT)), "type": ["object", "null"]}
    topic = obj({"topic": TEXT, "collectionId": TEXT, "query": OBJECT, "headers": array(TEXT)})
    state: Json = {"type": "string", "enum": ["live", "catchingUp"]}
    texts, counts = ("id", "ip", "since", "userAgent", "position"), ("worker", "lag", "outboxBytes", "events", "bytes", "topicCount")
    transport: Json = {"type": "string", "enum": ["sse", "websocket"]}
    of_kinds: Json = {"state": state, "transport": transport}
    client = obj({**dict.fromkeys(texts, TEXT), **dict.fromkeys(counts, WHOLE), "actor": actor, **of_kinds, "topics": array(topic)})
    worker = obj({**dict.fromkeys(("worker", "streams", "topics", "lag", "writes", "commits"), WHOLE), "position": TEXT})
    answer = obj({"total": WHOLE, "workers": array(worker), "silent": array(WHOLE), "items": array(client)})
    most: Json = {**WHOLE, "minimum": 0, "maximum": 1000, "default": 1000}
    asked = [parameter("limit", "query", most, "Streams to tell of, the newest first.")]
    path = "/api/realtime/clients"
    yield Operation(
        "get", path, "clients", "List open streams", LIVE, SIGNED_IN, SUPERUSERS, asked, answer=answer, failures=(400, 401, 403)
    )
    one = [parameter("id", "path", TEXT, "The client's id.")]
    ended = (401, 403, 404, 503)
    yield Operation("delete", f"{path}/{{id}}", "disconnect", "End a stream", LIVE, SIGNED_IN, SUPERUSERS, one, failures=ended)


def _batch() -> Operation:
    request = obj(
        {"method": {"type": "string", "enum": ["POST", "PATCH", "PUT", "DELETE"]}, "url": TEXT, "headers": OBJECT, "body": OBJECT},
        ["method", "url"],
    )
    takes = obj({"requests": array(request)}, ["requests"])
    answer = array(obj({"status": WHOLE, "body": ANY}))
    said = "All writes or none. Each `url` is that of a create, update, delete, or with PUT of an update or create by the body's `id`."
    path, failures = "/api/batch", (400, 403)
    return Operation(
        "post", path, "batch", "Many writes as one", BATCH, ANYBODY, said, bodies={JSON: takes}, answer=answer, failures=failures
    )


# ---- tools of superusers


def _tools() -> Iterator[Operation]:
    yield _export()
    yield _import()
    yield _rule_test()
    said, failures = f"{SUPERUSERS} What all workers count, in the text format of Prometheus.", (401, 403)
    yield Operation(
        "get", "/api/metrics", "metrics", "Get metrics", SERVER, SIGNED_IN, said, answer=TEXT, answer_type="text/plain", failures=failures
    )
    said, path = f"{SUPERUSERS} It names every collection and field.", "/api/openapi.json"
    yield Operation("get", path, "openapi", "This document", SERVER, SIGNED_IN, said, answer=OBJECT, failures=failures)


def _export() -> Operation:
    asked = [NAME, parameter("format", "query", {**FORMAT, "default": "json"}), ref("filter", "parameters")]
    path, kind = "/api/collections/{collection}/export", "application/octet-stream"
    return Operation(
        "get",
        path,
        "exportRecords",
        "Get all records as a file",
        TRANSFER,
        SIGNED_IN,
        SUPERUSERS,
        asked,
        answer=BINARY,
        answer_type=kind,
        failures=(400, 401, 403, 404),
    )


def _import() -> Operation:
    asked = [
        NAME,
        parameter("format", "query", FORMAT, "By default what the file's name says."),
        parameter("map", "query", TEXT, 'Columns and the fields they fill as JSON: `{"Full name": "name", "remark": ""}`.'),
        parameter("upsert", "query", BOOL, "Rows whose id exists change that record."),
        parameter("dryRun", "query", BOOL, "Says what would come of it and stores nothing."),
    ]
    wrong = obj({"row": WHOLE, "line": {"type": ["integer", "null"]}, "message": TEXT, "errors": OBJECT}, ["row"])
    counts = dict.fromkeys(("rows", "created", "updated", "readBytes"), WHOLE)
    told = {"complete": BOOL, "done": BOOL, "dryRun": BOOL, "problem": TEXT, "leftOut": array(TEXT), "errors": array(wrong)}
    return Operation(
        "post",
        "/api/collections/{collection}/import",
        "importRecords",
        "Store the records of a file",
        TRANSFER,
        SIGNED_IN,
        f"{SUPERUSERS} The file may also be the body itself.",
        asked,
        {FORM: obj({"file": BINARY}, ["file"])},
        obj({**counts, **told}, ["complete", "rows", "created", "updated", "errors"]),
        failures=(400, 401, 403, 404),
    )


def _rule_test() -> Operation:
    identity = obj({"superuser": BOOL, "collection": TEXT, "id": TEXT}, description="Left out: a guest.")
    contexts: Json = {"type": "string", "enum": list(Context.__args__)}  # type: ignore[attr-defined]
    request = obj({"method": TEXT, "context": contexts, "query": OBJECT, "headers": OBJECT, "body": OBJECT})
    record = obj({"id": TEXT, "values": OBJECT}, description="A stored record, or values of one that is not stored.")
    takes = obj(
        {"collection": TEXT, "rule": TEXT, "ruleName": TEXT, "filter": TEXT, "identity": identity, "request": request, "record": record},
        ["collection"],
    )
    told = {"allowed": BOOL, "reason": TEXT, "rule": {"type": ["string", "null"]}, "rows": WHOLE, "parts": array(OBJECT)}
    answer = obj({**told, "error": {"type": ["object", "null"], "additionalProperties": True}}, ["allowed", "reason"])
    path, failures = "/api/rules/test", (400, 401, 403)
    said = f"{SUPERUSERS} The verdict, and which comparison decided it."
    return Operation(
        "post", path, "testRule", "Try out a rule", RULE_TEST, SIGNED_IN, said, bodies={JSON: takes}, answer=answer, failures=failures
    )
