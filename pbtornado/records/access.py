"""May this actor do this? Rules, asked about a stored record or about one that is not stored yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import BadRequest, Forbidden, NotFound
from ..rules.constants import NONE, Constants
from ..rules.request import RequestInfo
from ..rules.rule import Part, Question, RuleError, ask
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..store.protocol import Reader
from ..store.query import Bindable
from . import questions
from .remembered import remembered

LOCKED = "Only superusers can perform this action."


def found(catalog: Catalog, name_or_id: str) -> Collection:
    """The collection of that name or id. Raises NotFound."""
    collection = catalog.find(name_or_id)
    if collection is None:
        raise NotFound("Missing collection context.")
    return collection


def writable(catalog: Catalog, name_or_id: str) -> Collection:
    """The collection, if its records can be written. Raises NotFound, and BadRequest for a view."""
    collection = found(catalog, name_or_id)
    if collection.is_view:
        raise BadRequest("Unsupported collection type.")
    return collection


def refuse_locked(rule: str | None, info: RequestInfo) -> None:
    """Raises Forbidden where only superusers may, and the actor is none."""
    if rule is None and not info.actor.superuser:
        raise Forbidden(LOCKED)


def question_of(
    catalog: Catalog,
    collection: Collection,
    rule: str,
    info: RequestInfo,
    *,
    draft: bool = False,
    filter: str = "",
    constants: Constants = NONE,
    sort: str = "",
) -> Question:
    """The compiled question of a rule and a client's filter; superusers are not asked the rule. Raises RuleError.

    With `draft` it is about values that are not stored yet. With the filter's `constants` it is that of all filters of their form.
    """
    superuser = info.actor.superuser
    parts = [Part(rule, True)] if rule and not superuser else []
    if filter:
        parts.append(Part(filter, False, constants))
    return ask(
        catalog,
        unborn(collection) if draft else collection,
        tuple(parts),
        sort=sort,
        actor=info.actor.record.collection if info.actor.record else None,
        superuser=superuser,
        record="draft" if draft else "table",
    )


@remembered
def unborn(collection: Collection) -> Collection:
    """The collection as the rule of a record that is yet to be sees it: no relation leads back to such a record."""
    return replace(collection, id=f"{collection.id} (draft)", name=f"{collection.name} (draft)")


def allows(
    reader: Reader,
    catalog: Catalog,
    collection: Collection,
    rule: str | None,
    info: RequestInfo,
    *,
    record_id: str = "",
    image: Mapping[str, Bindable] | None = None,
) -> bool:
    """Does the rule hold for the stored record `record_id`, or for `image` (column -> stored value), which is not stored yet?

    None is for superusers only, "" for everyone. A rule that cannot be compiled holds for nobody.
    """
    if info.actor.superuser or not rule:
        return info.actor.superuser or rule is not None
    try:
        question = question_of(catalog, collection, rule, info, draft=image is not None)
    except RuleError:
        return False
    return holds(reader, question, info, record_id=record_id, image=image)


def holds(
    reader: Reader, question: Question, info: RequestInfo, *, record_id: str = "", image: Mapping[str, Bindable] | None = None
) -> bool:
    """Does a compiled question hold for the stored record, or for the image?"""
    if image is not None:
        return reader.exists(questions.verdict(question), question.bind(info, image))
    params = bound(question, info, {questions.RECORD_ID: record_id})
    return reader.exists(questions.verdict_by_id(question), params)


def bound(question: Question, info: RequestInfo, more: Mapping[str, Any]) -> dict[str, Bindable]:
    """The params of one asking: those of the question and those of the select around it."""
    params = question.bind(info)
    params.update(more)
    return params


def manages(
    reader: Reader,
    catalog: Catalog,
    collection: Collection,
    info: RequestInfo,
    *,
    record_id: str = "",
    image: Mapping[str, Bindable] | None = None,
) -> bool:
    """May the actor write the guarded fields of this auth record (superuser, or somebody signed in whom `manageRule` allows)?"""
    if info.actor.superuser:
        return True
    rule = collection.auth.manage_rule if collection.auth else None
    if not rule or info.actor.record is None:
        return False
    return allows(reader, catalog, collection, rule, info, record_id=record_id, image=image)


def settled(question: Question) -> bool:
    """Does the answer depend on nothing but what is bound, so that asking again gives the same?"""
    reads = question.reads
    return not (reads.tables or reads.clock or reads.random)


@remembered
def reads_body(question: Question) -> bool:
    """Does the answer depend on the body of the request?"""
    return any(path.startswith("body.") for path in question.reads.request)
