"""Signing in: which ways there are, and what whoever has proved himself is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

from .. import tokens
from ..errors import Forbidden, NotFound, Unauthorized
from ..mail.mailer import Mailer
from ..rates import Rates
from ..records import questions
from ..records.access import allows
from ..records.export import show
from ..records.records import Records
from ..rules.request import Actor, RequestInfo
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Origin, Reader
from ..store.recent import Recent
from ..system.settings import Settings
from ..tokens import TokenType
from .account import Account
from .identity import Identity, actor_of, sign
from .letters import Letters
from .mfa import SecondFactors, wanted
from .origins import Origins
from .otp import OneTimePasswords
from .otp import refuse_disabled as refuse_without_otp
from .password import Attempt, PasswordSignIn, refuse_disabled
from .superusers import Superusers

Answer = dict[str, Any]


class Auth:
    """Everything about who somebody is. Verbs raise ApiError to refuse."""

    def __init__(self, catalogs: Catalogs, recent: Recent, records: Records, settings: Settings, mailer: Mailer, rates: Rates) -> None:
        self.catalogs, self.records, self.settings = catalogs, records, settings
        self.identity = Identity(catalogs, recent)
        self.letters = Letters(mailer, settings)
        self.password = PasswordSignIn(catalogs, records)
        self.otp = OneTimePasswords(catalogs, records, self.identity, self.letters, rates)
        self.account = Account(self.identity, records, self.letters, rates)
        self.origins = Origins(records, self.letters)
        self.second_factors = SecondFactors(records)

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
            "otp": {"enabled": options.otp.enabled, "duration": options.otp.duration if options.otp.enabled else 0},
            "authProviders": None,
            "usernamePassword": "username" in fields,
            "emailPassword": "email" in fields,
        }

    async def with_password(self, name: str, attempt: Attempt, info: RequestInfo, expand: str = "") -> Answer:
        """`{"record", "token"}` for an identity and its password; the stored hash is brought up to date."""
        collection = self.collection(name)
        refuse_disabled(collection)
        record = await self.password.record(collection, attempt)
        await self.password.renew(record, attempt.password, Origin(info.request_id, actor_of(record).label))
        return await self.finish(record, sign(record, "auth", refreshable=True), info.within("password"), expand, method="password")

    async def with_otp(self, name: str, otp_id: str, code: str, info: RequestInfo, expand: str = "") -> Answer:
        """`{"record", "token"}` for a one-time password that came by mail."""
        collection = self.collection(name)
        refuse_without_otp(collection)
        record = await self.otp.record(collection, otp_id, code, info)
        return await self.finish(record, sign(record, "auth", refreshable=True), info.within("otp"), expand, method="otp")

    async def impersonate(self, record: Record, seconds: int, info: RequestInfo, expand: str = "") -> Answer:
        """`{"record", "token"}` of any account for a superuser; the token cannot be refreshed, `seconds` 0 is as long as usual."""
        return await self.finish(record, sign(record, "auth", seconds, refreshable=False), info, expand)

    async def refresh(self, name: str, token: str, info: RequestInfo, expand: str = "") -> Answer:
        """`{"record", "token"}` with a new token for one that is good; a token that may not be refreshed comes back as it is."""
        actor = self.own(name, info.actor)
        claims = tokens.peek(token)
        renewed = sign(actor, "auth", refreshable=True) if claims and claims.get("refreshable") is True else token
        return await self.finish(actor, renewed, info, expand)

    async def finish(self, record: Record, token: str, info: RequestInfo, expand: str, method: str = "") -> Answer:
        """What whoever proved to be this record is given, if `authRule` lets him in; a superuser only at an address for them.

        `method` is the way he proved it now; then a second one may be wanted (SecondFactor), and his place is noted.
        """
        if actor_of(record).superuser and not self.settings.admits_superuser(info.ip):
            raise Forbidden

        def question(catalog: Catalog) -> Callable[[Reader], tuple[bool, Answer]]:
            own = as_known(catalog, record)

            def answer(reader: Reader) -> tuple[bool, Answer]:
                refuse_unruly(reader, catalog, own, info)
                one_of_two = bool(method) and wanted(reader, catalog, own, info)
                return one_of_two, {"record": seen_by_himself(reader, catalog, own, info, expand), "token": token}

            return answer

        one_of_two, answer = await self.catalogs.read(question)
        if one_of_two:
            await self.second_factors.pass_on(record, method, info)
        if method:
            await self.origins.note(record, info)
        return answer

    def own(self, name: str, actor: Actor) -> Record:
        """The one who asks, who must be of that collection. Raises NotFound, Unauthorized, Forbidden."""
        collection = self.known(name)
        if actor.record is None:
            raise Unauthorized("The request requires valid record authorization token.")
        if actor.record.collection.id != collection.id:
            raise Forbidden(f"The request requires auth record from {actor.record.collection.name} collection.")
        return actor.record

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
