"""Signing in: which ways there are, and what whoever has proved himself is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

from .. import tokens
from ..errors import Forbidden, NotFound, Unauthorized
from ..passwords import Passwords
from ..records import questions
from ..records.access import allows
from ..records.export import show
from ..records.records import Records
from ..rules.request import Actor, RequestInfo
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Origin, Reader, Store
from ..system.settings import Settings
from ..tokens import TokenType
from .identity import Identity, actor_of, sign
from .mfa import refuse_single_factor
from .password import Attempt, PasswordSignIn, refuse_disabled
from .superusers import Superusers

Answer = dict[str, Any]


class Auth:
    """Everything about who somebody is. Verbs raise ApiError to refuse."""

    def __init__(self, store: Store, catalogs: Catalogs, records: Records, passwords: Passwords, settings: Settings) -> None:
        self.store, self.catalogs, self.records, self.settings = store, catalogs, records, settings
        self.identity = Identity(catalogs)
        self.password = PasswordSignIn(catalogs, records, passwords)

    async def identify(self, token: str, kind: TokenType = "auth") -> Actor:
        """The actor a token belongs to; a guest where it is none of this kind or no longer good."""
        return await self.identity.identify(token, kind)

    # ---- signing in

    def methods(self, name: str) -> Answer:
        """The ways to sign in that a collection offers, as PocketBase lists them."""
        options = self.collection(name).auth
        assert options is not None
        fields = list(options.password_auth.identity_fields) if options.password_auth.enabled else []
        return {
            "password": {"identityFields": fields, "enabled": options.password_auth.enabled},
            "oauth2": {"providers": [], "enabled": False},
            "mfa": {"enabled": options.mfa.enabled, "duration": options.mfa.duration if options.mfa.enabled else 0},
            "otp": {"enabled": False, "duration": 0},
            "authProviders": None,
            "usernamePassword": "username" in fields,
            "emailPassword": "email" in fields,
        }

    async def with_password(self, name: str, attempt: Attempt, info: RequestInfo, expand: str = "") -> Answer:
        """`{"record", "token"}` for an identity and its password; the stored hash is brought up to date."""
        collection = self.collection(name)
        refuse_disabled(collection)
        record = await self.password.record(collection, attempt)
        answer = await self.finish(record, sign(record, "auth", refreshable=True), info.within("password"), expand, method="password")
        await self.password.renew(record, attempt.password, Origin(info.request_id, actor_of(record).label))
        return answer

    async def refresh(self, name: str, token: str, info: RequestInfo, expand: str = "") -> Answer:
        """`{"record", "token"}` with a new token for one that is good; a token that may not be refreshed comes back as it is."""
        collection, actor = self.known(name), info.actor.record
        if actor is None:
            raise Unauthorized("The request requires valid record authorization token.")
        if actor.collection.id != collection.id:
            raise Forbidden(f"The request requires auth record from {actor.collection.name} collection.")
        claims = tokens.peek(token)
        renewed = sign(actor, "auth", refreshable=True) if claims and claims.get("refreshable") is True else token
        return await self.finish(actor, renewed, info, expand)

    async def finish(self, record: Record, token: str, info: RequestInfo, expand: str, method: str = "") -> Answer:
        """What whoever proved to be this record is given, if `authRule` lets him in; a superuser only at an address for them."""
        if actor_of(record).superuser and not self.settings.admits_superuser(info.ip):
            raise Forbidden

        def question(catalog: Catalog) -> Callable[[Reader], Answer]:
            own = as_known(catalog, record)

            def answer(reader: Reader) -> Answer:
                refuse_unruly(reader, catalog, own, info)
                if method:
                    refuse_single_factor(reader, catalog, own, info)
                return {"record": seen_by_himself(reader, catalog, own, info, expand), "token": token}

            return answer

        return await self.catalogs.read(question)

    def file_token(self, info: RequestInfo) -> Answer:
        """`{"token"}`, short-lived, for the URLs of protected files. Raises Unauthorized for a guest."""
        if info.actor.record is None:
            raise Unauthorized("The request requires valid record authorization token.")
        return {"token": sign(info.actor.record, "file")}

    @cached_property
    def superusers(self) -> Superusers:
        """The accounts that may do anything, for the program itself to make and change."""
        return Superusers(self.catalogs, self.records)

    # ---- which collection

    def known(self, name: str) -> Collection:
        """The collection of that name or id. Raises NotFound."""
        collection = self.catalogs.current.find(name)
        if collection is None:
            raise NotFound("Missing or invalid collection context.")
        return collection

    def collection(self, name: str) -> Collection:
        """The auth collection of that name or id. Raises NotFound."""
        collection = self.known(name)
        if collection.auth is None:
            raise NotFound("Missing or invalid auth collection context.")
        return collection


def refuse_unruly(reader: Reader, catalog: Catalog, record: Record, info: RequestInfo) -> None:
    """Raises Forbidden where the collection's `authRule` does not hold for the record."""
    options = record.collection.auth
    rule = options.auth_rule if options else None
    if not allows(reader, catalog, record.collection, rule, info, record_id=record.id):
        raise Forbidden("The request doesn't satisfy the collection requirements to authenticate.")


def as_known(catalog: Catalog, record: Record) -> Record:
    """The account under its collection as it is in the catalog. Raises NotFound."""
    collection = catalog.by_id.get(record.collection.id)
    if collection is None or not collection.is_auth:
        raise NotFound("Missing or invalid auth collection context.")
    return replace(record, collection=collection)


def seen_by_himself(reader: Reader, catalog: Catalog, record: Record, info: RequestInfo, expand: str) -> Answer:
    """The record as it sees itself: with its email, and with what its hidden fields hide where it is a superuser."""
    row = reader.one(questions.row_by_id(record.collection), {questions.RECORD_ID: record.id})
    if row is None:
        raise NotFound("Missing auth record context.")
    own = Record.from_row(record.collection, row)
    return show(reader, catalog, [own], replace(info, actor=actor_of(own)), expand)[0]
