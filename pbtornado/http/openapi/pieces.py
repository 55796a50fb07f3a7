"""The pieces a document is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ANY: Json = {}
TEXT: Json = {"type": "string"}
BOOL: Json = {"type": "boolean"}
WHOLE: Json = {"type": "integer"}

JSON = "application/json"
FORM = "multipart/form-data"
GUESTS: Json = {}
TOKEN: Json = {"token": []}

Security = Sequence[Json]
NOBODY_ASKED: Security = ()
"""No token is looked at."""
ANYBODY: Security = (GUESTS, TOKEN)
"""With a token or without."""
SIGNED_IN: Security = (TOKEN,)


def ref(name: str, kind: str = "schemas") -> Json:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def obj(properties: Mapping[str, Json], required: Iterable[str] = (), description: str = "", **more: Any) -> Json:
    """An object's schema."""
    schema: Json = {"type": "object", "properties": dict(properties)}
    if needed := list(required):
        schema["required"] = needed
    return {**described(schema, description), **more}


def array(items: Json, **more: Any) -> Json:
    """A list's schema."""
    return {"type": "array", "items": items, **more}


def described(schema: Json, *sentences: str) -> Json:
    """The schema with a description of those sentences that are not empty."""
    text = " ".join(filter(None, sentences))
    return {**schema, "description": text} if text else dict(schema)


def parameter(name: str, where: str, schema: Json, description: str = "", *, required: bool = False) -> Json:
    """A parameter in `path`, `query` or `header`."""
    found = described({"name": name, "in": where, "schema": schema}, description)
    return {**found, "required": True} if required or where == "path" else found


def content(schema: Json, media_type: str = JSON) -> Json:
    """A body of one media type."""
    return {media_type: {"schema": schema}}


EXPAND = ref("expand", "parameters")
FIELDS = ref("fields", "parameters")
ID = parameter("id", "path", TEXT, "The record's id.")

FAILURES = {
    304: "The client has it already.",
    400: "The request cannot be carried out as it stands; `data` says what is wrong with which value.",
    401: "Only somebody signed in may ask this.",
    403: "This actor may not.",
    404: "There is no such thing, or not for this actor.",
    412: "The record is not in the version that `If-Match` names; nothing was changed.",
    429: "The caller has used up a limit.",
    503: "The server has enough to do; `Retry-After` says when to come again.",
}


def failure(status: int) -> Json:
    """The answer of failure with this status."""
    if status == 304:
        return {"description": FAILURES[status]}
    return {"description": FAILURES[status], "content": content(ref("Error"))}


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked. `bodies` are schemas by media type; `answer` is a schema, None for an empty 204."""

    method: str
    path: str
    id: str
    summary: str
    tag: str
    security: Security
    description: str = ""
    parameters: Sequence[Json] = ()
    bodies: Mapping[str, Json] = field(default_factory=dict)
    answer: Json | None = None
    answer_type: str = JSON
    answer_headers: Mapping[str, Json] = field(default_factory=dict)
    failures: Sequence[int] = (400,)

    def to_json(self) -> Json:
        """As it stands in the document."""
        said: Json = {"operationId": self.id, "summary": self.summary, "tags": [self.tag]}
        if self.description:
            said["description"] = self.description
        if self.parameters:
            said["parameters"] = list(self.parameters)
        if self.bodies:
            bodies = {media_type: {"schema": schema} for media_type, schema in self.bodies.items()}
            said["requestBody"] = {"required": True, "content": bodies}
        return {**said, "responses": self._responses(), "security": list(self.security)}

    def _responses(self) -> Json:
        failures = {str(status): failure(status) for status in sorted({*self.failures, 429})}
        if self.answer is None:
            return {"204": {"description": "Done."}, **failures}
        answer: Json = {"description": "The answer.", "content": content(self.answer, self.answer_type)}
        if self.answer_headers:
            answer["headers"] = dict(self.answer_headers)
        return {"200": answer, **failures}
