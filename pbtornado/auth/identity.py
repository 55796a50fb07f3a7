"""Who a token belongs to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from .. import tokens
from ..records import questions
from ..records.remembered import remembered
from ..rules.request import GUEST, Actor
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.options import AuthOptions, Token
from ..schema.record import Record
from ..schema.system import SUPERUSERS
from ..store.protocol import Position, Reader
from ..store.query import And, Call, Column, Compare, Param, Row, Select, Table, Value
from ..store.recent import Recent
from ..tokens import TokenType

REMEMBERED = 4096
"""Actors kept, the least recently seen go first."""
IDENTITY = "identity"
"""The param that is looked for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An actor and exactly what he was made from; while that is unchanged, so is he. `at`: how far the log was known then."""

    collection: Collection
    row: Row
    actor: Actor
    at: Position | None


class Identity:
    """Finds actors. An account is read again when the log may tell of it; else he is who he was a moment ago."""

    def __init__(self, catalogs: Catalogs, recent: Recent) -> None:
        self.catalogs, self.recent = catalogs, recent
        self.seen: OrderedDict[str, Seen] = OrderedDict()

    async def identify(self, token: str, kind: TokenType = "auth") -> Actor:
        """The actor whose token of this kind it is; a guest where it is none, over, revoked or its record gone."""
        claims = tokens.peek(token) if token else None
        if not claims or claims.get("type") != kind:
            return GUEST
        collection_id, record_id = claims.get("collectionId"), claims.get("id")
        if not isinstance(collection_id, str) or not isinstance(record_id, str):
            return GUEST
        seen = self.seen.get(token)
        if seen and self._unchanged(seen, record_id):
            return seen.actor
        at = self.recent.now()
        found = await self.catalogs.read(lambda catalog: _account(catalog.find(collection_id), record_id))
        return self.actor(token, kind, *found, at) if found else GUEST

    def _unchanged(self, seen: Seen, record_id: str) -> bool:
        collection = seen.collection
        if seen.at is None or self.catalogs.current.by_id.get(collection.id) is not collection:
            return False
        return self.recent.unchanged(seen.at, (), ((collection.id, record_id),))

    async def by_id(self, collection: Collection, record_id: str) -> Record | None:
        """The account of an id."""
        found = await self.catalogs.read(lambda catalog: _account(catalog.by_id.get(collection.id), record_id))
        return Record.from_row(*found) if found else None

    async def by_email(self, collection: Collection, email: str) -> Record | None:
        """The account of an email address."""

        def asked(catalog: Catalog) -> Callable[[Reader], Record | None]:
            known = catalog.by_id.get(collection.id)
            return lambda reader: of_email(reader, known, email) if known and known.is_auth else None

        return await self.catalogs.read(asked)

    def actor(self, token: str, kind: TokenType, collection: Collection, row: Row, at: Position | None = None) -> Actor:
        """The actor of a stored row, if his key made the token; `at`: what `Recent.now` gave before it was read."""
        seen = self.seen.get(token)
        if seen and seen.collection is collection and seen.row == row:
            self._remember(token, Seen(collection, row, seen.actor, at))
            return seen.actor
        record = Record.from_row(collection, row)
        if tokens.claims(token, token_key(record, kind)) is None:
            return GUEST
        actor = actor_of(record)
        self._remember(token, Seen(collection, row, actor, at))
        return actor

    def _remember(self, token: str, seen: Seen) -> None:
        self.seen[token] = seen
        self.seen.move_to_end(token)
        if len(self.seen) > REMEMBERED:
            self.seen.popitem(last=False)


def _account(collection: Collection | None, record_id: str) -> Callable[[Reader], tuple[Collection, Row] | None]:
    if collection is None or not collection.is_auth:
        return lambda reader: None
    question, params = questions.row_by_id(collection), {questions.RECORD_ID: record_id}

    def found(reader: Reader) -> tuple[Collection, Row] | None:
        row = reader.one(question, params)
        return (collection, row) if row else None

    return found


def of_email(reader: Reader, collection: Collection, email: str) -> Record | None:
    """The account of an email address, whose letters may differ in case where the collection's index says so."""
    row = reader.one(row_by_identity(collection, "email"), {IDENTITY: email}) if email else None
    return Record.from_row(collection, row) if row else None


@remembered
def row_by_identity(collection: Collection, name: str) -> Select:
    """The row whose unique field `name` is the param `identity`, compared as its unique index compares."""
    index, column = collection.unique_index(name), Column("r", name)
    nocase = index is not None and index.columns[0].collate.lower() == "nocase"
    same = Compare("=", Call("nocase", (column,)) if nocase else column, Param(IDENTITY))
    # The second condition says nothing new: it lets the database use an index `WHERE email != ''`.
    return Select(
        questions.columns_of(collection), Table(collection.name), where=And((same, Compare("<>", column, Value("")))), limit=Value(1)
    )


def actor_of(record: Record) -> Actor:
    """An auth record as the one who asks."""
    return Actor(record, superuser=record.collection.name == SUPERUSERS)


def token_key(record: Record, kind: TokenType) -> str:
    """What the record's tokens of a kind are signed with; "" where it cannot have any."""
    options, own = record.collection.auth, record.get("tokenKey")
    if options is None or not isinstance(own, str) or not own:
        return ""
    secret = token_options(options, kind).secret
    return own + secret if secret else ""


def token_options(options: AuthOptions, kind: TokenType) -> Token:
    """What a collection says about its tokens of a kind."""
    return {
        "auth": options.auth_token,
        "file": options.file_token,
        "verification": options.verification_token,
        "passwordReset": options.password_reset_token,
        "emailChange": options.email_change_token,
    }[kind]


def sign(record: Record, kind: TokenType, seconds: int = 0, *, refreshable: bool | None = None, **more: str) -> str:
    """A token of the record with `more` claims; `seconds` 0 is as long as its collection says."""
    options = record.collection.auth
    assert options is not None
    claims: dict[str, object] = {"id": record.id, "type": kind, "collectionId": record.collection.id, **more}
    if refreshable is not None:
        claims["refreshable"] = refreshable
    return tokens.sign(claims, token_key(record, kind), seconds or token_options(options, kind).duration)
