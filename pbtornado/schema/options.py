"""What an auth collection has beside fields and rules: ways to sign in, tokens, letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from ..values import random_text
from . import letters
from .fields.base import BadShape, camel, typed


@dataclass(frozen=True, slots=True)
class Options:
    """Options that are read from and written to PocketBase's JSON, key by key."""

    def merged(self, data: Any) -> Self:
        """These options with the ones the JSON object gives; null empties lists only. BadShape for wrong types."""
        if not isinstance(data, Mapping):
            raise BadShape("options must be an object")
        given = {item.name: camel(item.name) for item in fields(self)}
        return replace(self, **{name: self._merge(name, key, data[key]) for name, key in given.items() if key in data})

    def _merge(self, name: str, key: str, value: Any) -> Any:
        current = getattr(self, name)
        if name in _NULLABLE:
            return _nullable(key, value, _NULLABLE[name])
        if value is None:
            return () if isinstance(current, tuple) else current
        return current.merged(value) if isinstance(current, Options) else typed(key, value, current)

    def to_json(self, *, secrets: bool = False) -> dict[str, Any]:
        """PocketBase's keys in its order; `secrets` for what is stored, never for answers."""
        data = {camel(item.name): _plain(getattr(self, item.name), secrets) for item in fields(self)}
        return data if secrets else {key: value for key, value in data.items() if key not in ("secret", "clientSecret")}


_NULLABLE: Mapping[str, type | tuple[type, ...]] = {"auth_rule": str, "manage_rule": str, "pkce": bool, "extra": dict}


def _nullable(key: str, value: Any, kind: type | tuple[type, ...]) -> Any:
    if value is None or isinstance(value, kind):
        return value
    raise BadShape(f"{key} has a value of the wrong type")


def _plain(value: Any, secrets: bool) -> Any:
    if isinstance(value, Options):
        return value.to_json(secrets=secrets)
    return [_plain(item, secrets) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Token(Options):
    """How long a kind of token lives, in seconds, and the collection's part of its key."""

    secret: str = ""
    duration: int = 0


@dataclass(frozen=True, slots=True)
class Letter(Options):
    """A letter with placeholders such as `{APP_NAME}`."""

    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class AuthAlert(Options):
    """The letter about a sign-in from a new place."""

    enabled: bool = False
    email_template: Letter = Letter()


@dataclass(frozen=True, slots=True)
class PasswordAuth(Options):
    """Sign-in with a password; `identity_fields` say which values name an account."""

    enabled: bool = False
    identity_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MFA(Options):
    """A second way to sign in; `duration` in seconds, `rule` says whose accounts."""

    enabled: bool = False
    duration: int = 0
    rule: str = ""


@dataclass(frozen=True, slots=True)
class OTP(Options):
    """Sign-in with a code by mail: `length` digits, valid for `duration` seconds."""

    enabled: bool = False
    duration: int = 0
    length: int = 0
    email_template: Letter = Letter()


@dataclass(frozen=True, slots=True)
class Provider(Options):
    """An OAuth2 provider and our account with it."""

    pkce: bool | None = None
    name: str = ""
    client_id: str = ""
    client_secret: str = ""
    auth_url: str = ""
    token_url: str = ""
    user_info_url: str = ""
    display_name: str = ""
    extra: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MappedFields(Options):
    """Which fields a provider's account fills in."""

    id: str = ""
    name: str = ""
    username: str = ""
    avatar_url: str = ""


@dataclass(frozen=True, slots=True)
class OAuth2(Options):
    """Sign-in through providers."""

    providers: tuple[Provider, ...] = ()
    mapped_fields: MappedFields = MappedFields()
    enabled: bool = False

    def _merge(self, name: str, key: str, value: Any) -> Any:
        return self._merge_providers(value) if name == "providers" else Options._merge(self, name, key, value)

    def to_json(self, *, secrets: bool = False) -> dict[str, Any]:
        """PocketBase stores null for no providers and answers with an empty list."""
        data = Options.to_json(self, secrets=secrets)
        return {**data, "providers": data["providers"] or None} if secrets else data

    def _merge_providers(self, value: Any) -> tuple[Provider, ...]:
        """A provider that is named again keeps what is not said, its secret above all."""
        if not isinstance(value, list | None):
            raise BadShape("providers must be a list")
        known = {provider.name: provider for provider in self.providers}
        names = [item.get("name") if isinstance(item, Mapping) else None for item in value or []]
        return tuple(known.get(str(name), Provider()).merged(item) for name, item in zip(names, value or [], strict=True))


@dataclass(frozen=True, slots=True)
class AuthOptions(Options):
    """All options of an auth collection."""

    auth_rule: str | None = ""
    manage_rule: str | None = None
    auth_alert: AuthAlert = AuthAlert()
    oauth2: OAuth2 = OAuth2()
    password_auth: PasswordAuth = PasswordAuth()
    mfa: MFA = MFA()
    otp: OTP = OTP()
    auth_token: Token = field(default=Token(), repr=False)
    password_reset_token: Token = field(default=Token(), repr=False)
    email_change_token: Token = field(default=Token(), repr=False)
    verification_token: Token = field(default=Token(), repr=False)
    file_token: Token = field(default=Token(), repr=False)
    verification_template: Letter = Letter()
    reset_password_template: Letter = Letter()
    confirm_email_change_template: Letter = Letter()

    @classmethod
    def new(cls) -> AuthOptions:
        """What a new auth collection has, with secrets of its own."""
        return cls(
            auth_alert=AuthAlert(True, Letter(*letters.AUTH_ALERT)),
            password_auth=PasswordAuth(True, ("email",)),
            mfa=MFA(duration=600),
            otp=OTP(duration=180, length=8, email_template=Letter(*letters.OTP)),
            auth_token=new_token(432000),
            password_reset_token=new_token(1800),
            email_change_token=new_token(1800),
            verification_token=new_token(86400),
            file_token=new_token(180),
            verification_template=Letter(*letters.VERIFICATION),
            reset_password_template=Letter(*letters.PASSWORD_RESET),
            confirm_email_change_template=Letter(*letters.EMAIL_CHANGE),
        )


def new_token(duration: int) -> Token:
    """Token options with a fresh secret."""
    return Token(random_text(50), duration)
