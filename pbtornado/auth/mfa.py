"""Accounts that need a second way to sign in."""

from __future__ import annotations

from ..errors import BadRequest, Forbidden
from ..records.access import holds, question_of
from ..rules.request import RequestInfo
from ..rules.rule import RuleError
from ..schema.catalog import Catalog
from ..schema.record import Record
from ..store.protocol import Reader


def refuse_single_factor(reader: Reader, catalog: Catalog, record: Record, info: RequestInfo) -> None:
    """Raises Forbidden for an account that must prove itself in two ways: there is no second one to offer."""
    options = record.collection.auth
    if options is not None and options.mfa.enabled and wanted(reader, catalog, record, info):
        raise Forbidden("The account requires multi-factor authentication, which this server does not offer.")


def wanted(reader: Reader, catalog: Catalog, record: Record, info: RequestInfo) -> bool:
    """Does the collection's rule ask this account for a second way? Raises BadRequest where the rule is broken."""
    assert record.collection.auth is not None
    rule = record.collection.auth.mfa.rule
    try:
        return not rule or holds(reader, question_of(catalog, record.collection, rule, info), info, record_id=record.id)
    except RuleError:
        raise BadRequest("Failed to authenticate.") from None
