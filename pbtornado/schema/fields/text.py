"""Fields that hold one text: text, email, url, editor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ...errors import FieldError
from ...values import text_of
from . import checks
from .base import MAX_SAFE_INT, Field, Kind, Surroundings
from .patterns import found, generate, generate_many

LOWERCASE_ID = "^[a-z0-9]+$"
_LOWERCASE = re.compile("[a-z0-9]+")  # the pattern of nearly every key
_FORBIDDEN_IN_KEY = "./\\|\"'`<>:?*%$\0\t\n\r "
WRONG_FORM = FieldError("validation_invalid_format", "Invalid value format.")
_RESERVED_KEYS = ("CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)))


@dataclass(frozen=True, kw_only=True)
class OneText(Field):
    """What fields of one text have in common."""

    def coerce(self, raw: Any) -> str:
        """A scalar as text."""
        return text_of(raw)


@dataclass(frozen=True, kw_only=True)
class TextField(OneText):
    """Text within lengths and a pattern; the collection's key when `primary_key`."""

    type = "text"

    min: int = 0
    max: int = 0
    pattern: str = ""
    autogenerate_pattern: str = ""
    primary_key: bool = False

    @property
    def kind(self) -> Kind:
        """The key has a column of its own kind."""
        return "id" if self.primary_key else "text"

    def autogenerate(self, prefix: str = "") -> str:
        """The prefix followed by random text of the field's pattern, if it has one."""
        return prefix + (generate(self.autogenerate_pattern) if self.autogenerate_pattern else "")

    def autogenerate_many(self, count: int) -> list[str]:
        """So many random texts of the field's pattern; keys lie beside each other, so that fewer pages of an index are written."""
        return generate_many(self.autogenerate_pattern, count, near=self.primary_key)

    def check(self, value: Any) -> FieldError | None:
        """Required, lengths, pattern; for a key also the characters file systems dislike."""
        if not value:
            return checks.REQUIRED if self.required or self.primary_key else None
        return self._check_length(len(value)) or (self._check_form(value) if self.pattern or self.primary_key else None)

    def _check_length(self, length: int) -> FieldError | None:
        longest = self.max if self.max > 0 else 5000
        if length < self.min:
            return FieldError("validation_min_text_constraint", f"Must be at least {self.min} character(s).", {"min": self.min})
        if length > longest:
            return FieldError("validation_max_text_constraint", f"Must be no more than {longest} character(s).", {"max": longest})
        return None

    def _check_form(self, value: str) -> FieldError | None:
        if self.pattern == LOWERCASE_ID:
            return None if _LOWERCASE.fullmatch(value) else WRONG_FORM
        if self.pattern and not found(self.pattern, value):
            return WRONG_FORM
        return self._check_key(value) if self.primary_key else None

    def _check_key(self, value: str) -> FieldError | None:
        for character in _FORBIDDEN_IN_KEY:
            if character in value:
                message = f"'{character}' is not a valid primary key character."
                return FieldError("validation_forbidden_pk_character", message, {"ch": character})
        if value.upper() in _RESERVED_KEYS:
            reserved = value.upper()
            message = f"The primary key '{reserved}' is reserved and cannot be used."
            return FieldError("validation_reserved_pk", message, {"reserved": reserved})
        return None

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """Lengths in order, patterns that compile, one key per collection."""
        errors = super().check_options(around)
        if self.primary_key:
            errors = checks.joined(errors, self._key_errors(around))
        own = checks.gather(
            min=checks.within(self.min, 0, MAX_SAFE_INT),
            max=checks.within(self.max, self.min, MAX_SAFE_INT),
            pattern=checks.regex(self.pattern),
            autogeneratePattern=checks.regex(self.autogenerate_pattern) or self._check_autogenerate(),
        )
        return checks.joined(errors, own)

    def _key_errors(self, around: Surroundings) -> dict[str, Any]:
        keys = [field for field in around.collection.fields if isinstance(field, TextField) and field.primary_key]
        message = "Composite PKs are not supported and the collection must have only 1 PK."
        return checks.gather(
            name=None if self.name == "id" else FieldError("validation_in_invalid", 'The primary key must be named "id".'),
            primaryKey=FieldError("validation_unsupported_composite_pk", message) if len(keys) > 1 else None,
            pattern=checks.required(self.pattern),
            hidden=checks.empty(self.hidden),
            required=checks.required(self.required),
        )

    def _check_autogenerate(self) -> FieldError | None:
        """Ten texts are made of the pattern; each must be a value of the field."""
        for _ in range(10 if self.autogenerate_pattern else 0):
            try:
                value = generate(self.autogenerate_pattern)
            except ValueError as error:
                return FieldError("validation_invalid_autogenerate_pattern", str(error))
            if self.check(value):
                message = f'The provided autogenerate pattern could produce invalid field values, ex.: "{value}"'
                return FieldError("validation_invalid_autogenerate_pattern_value", message)
        return None


@dataclass(frozen=True, kw_only=True)
class DomainField(OneText):
    """What email and url have in common: lists of domains that are refused, or the only ones allowed."""

    label: ClassVar[str]

    except_domains: tuple[str, ...] = ()
    only_domains: tuple[str, ...] = ()

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """At most one of the lists, and domains in it."""
        own = checks.gather(
            exceptDomains=self._check_domains(self.except_domains, self.only_domains),
            onlyDomains=self._check_domains(self.only_domains, self.except_domains),
        )
        return checks.joined(super().check_options(around), own)

    def _check_domains(self, domains: tuple[str, ...], others: tuple[str, ...]) -> Any:
        return checks.empty(domains) if others else checks.each(domains, [checks.domain(domain) for domain in domains])

    def _check_domain(self, domain: str) -> FieldError | None:
        allowed = domain in self.only_domains if self.only_domains else domain not in self.except_domains
        code = f"validation_{self.type}_domain_not_allowed"
        return None if allowed else FieldError(code, f"{self.label} domain is not allowed")


@dataclass(frozen=True, kw_only=True)
class EmailField(DomainField):
    """An email address."""

    type = "email"
    label = "Email"

    def check(self, value: Any) -> FieldError | None:
        """Required, form, domain."""
        if not value:
            return checks.REQUIRED if self.required else None
        return checks.email(value) or self._check_domain(value.rpartition("@")[2])


@dataclass(frozen=True, kw_only=True)
class URLField(DomainField):
    """A URL; domains are compared with its host and port."""

    type = "url"
    label = "Url"

    def check(self, value: Any) -> FieldError | None:
        """Required, form, domain."""
        if not value:
            return checks.REQUIRED if self.required else None
        if not checks.is_url(value):
            return FieldError("validation_invalid_url", "Must be a valid url")
        return self._check_domain(urlsplit(value).netloc.rpartition("@")[2])


@dataclass(frozen=True, kw_only=True)
class EditorField(OneText):
    """HTML as it came; nobody cleans it."""

    type = "editor"

    max_size: int = 0
    convert_urls: bool = False

    @property
    def body_limit(self) -> int:
        """Bytes of UTF-8; 5 MB unless said otherwise."""
        return self.max_size if self.max_size > 0 else 5 << 20

    def check(self, value: Any) -> FieldError | None:
        """Required, size."""
        if self.required and (missing := checks.required(value)):
            return missing
        if len(value.encode("utf-8", "replace")) <= self.body_limit:
            return None
        message = f"The maximum allowed content size is {self.body_limit} bytes"
        return FieldError("validation_content_size_limit", message, {"maxSize": self.body_limit})

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """A size that fits."""
        own = checks.gather(maxSize=checks.within(self.max_size, 0, MAX_SAFE_INT))
        return checks.joined(super().check_options(around), own)
