"""What every field is: common options, its column, and how values of its type are read, checked and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from ...errors import FieldError
from ...store.query import Bindable
from . import checks

if TYPE_CHECKING:
    from ..collection import Collection

Kind = Literal["id", "text", "number", "bool", "json", "multiple", "geo"]
Modifier = Literal["append", "prepend", "subtract"]
MAX_SAFE_INT = 2**53 - 1


class BadShape(ValueError):
    """Data whose JSON types are not those of a collection; the sentence says where."""


@dataclass(frozen=True)
class Surroundings:
    """What the options of a field are checked against: its collection, the stored one (None when new), and all others."""

    collection: Collection
    old: Collection | None
    find: Callable[[str], Collection | None]


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a collection. `id` follows it through renames; `type` is PocketBase's name of its class."""

    type: ClassVar[str]
    modifiers: ClassVar[frozenset[Modifier]] = frozenset()
    optional: ClassVar[tuple[str, ...]] = ("presentable", "help", "required")

    id: str = ""
    name: str = ""
    system: bool = False
    hidden: bool = False
    presentable: bool = False
    help: str = ""
    required: bool = False
    nulls: frozenset[str] = frozenset()
    """List options that were never given: PocketBase writes them as null."""

    # ---- options as JSON

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The field its JSON describes; unknown keys are ignored. BadShape where an option has the wrong JSON type."""
        given: dict[str, Any] = {}
        nulls = set()
        for attribute, key, default in cls._options():
            if isinstance(default, tuple) and data.get(key) is None:
                nulls.add(key)
            elif data.get(key) is not None:
                given[attribute] = typed(key, data[key], default)
        return cls(**given, nulls=frozenset(nulls))

    def to_json(self) -> dict[str, Any]:
        """PocketBase's keys, in alphabetical order."""
        data = {key: self._json_option(attribute, key) for attribute, key, _ in self._options()}
        return dict(sorted({**data, "type": self.type}.items()))

    def _json_option(self, attribute: str, key: str) -> Any:
        value = getattr(self, attribute)
        if isinstance(value, tuple):
            return None if key in self.nulls and not value else list(value)
        return value

    @classmethod
    def _options(cls) -> list[tuple[str, str, Any]]:
        """(attribute, JSON key, default) of each option the type has."""
        left_out = {"nulls", *({"presentable", "help", "required"} - set(cls.optional))}
        return [
            (option.name, camel(option.name), None if option.default is MISSING else option.default)
            for option in fields(cls)
            if option.name not in left_out
        ]

    # ---- the column

    @property
    def kind(self) -> Kind:
        """Which column holds it."""
        return "text"

    @property
    def multiple(self) -> bool:
        """Its value is a list."""
        return False

    @property
    def body_limit(self) -> int:
        """Roughly how many bytes a value may take in a request; 0 where that needs no say."""
        return 0

    # ---- values

    def zero(self) -> Any:
        """The value of a record that was given none."""
        return ""

    def coerce(self, raw: Any) -> Any:
        """The value nearest to what a client sent; never raises."""
        raise NotImplementedError

    @cached_property
    def decode(self) -> Callable[[Any], Any] | None:
        """`from_store`, or None where a stored value is the value."""
        return None if type(self).from_store is Field.from_store else self.from_store

    def from_store(self, stored: Any) -> Any:
        """The value a stored one stands for."""
        return stored

    def to_store(self, value: Any) -> Bindable:
        """What is stored for a value."""
        stored: Bindable = value
        return stored

    def export(self, value: Any) -> Any:
        """The value as JSON data for clients."""
        return value

    def modify(self, how: Modifier, current: Any, operand: Any) -> Any:
        """The value after `field+`, `+field` or `field-`; only for `modifiers` of the type."""
        raise NotImplementedError

    def check(self, value: Any) -> FieldError | None:
        """Why a value is refused, as far as the value alone tells."""
        raise NotImplementedError

    # ---- options

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """Errors of the options by JSON key."""
        return checks.gather(
            id=checks.required(self.id) or checks.length(self.id, 1, 100),
            name=checks.field_name(self.name),
            help=checks.length(self.help, 1, 300),
        )


def camel(attribute: str) -> str:
    """A Python name as PocketBase spells it in JSON: `auth_url` is `authURL`."""
    head, *rest = attribute.split("_")
    return head + "".join(_SPELLED.get(part) or part.capitalize() for part in rest)


_SPELLED = {"url": "URL", "urls": "URLs"}


def typed(key: str, value: Any, default: Any) -> Any:
    """An option's value as its attribute; `default` names the type, None a number that may be absent. BadShape else."""
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
    elif isinstance(default, bool | str):
        if isinstance(value, type(default)):
            return value
    elif isinstance(value, int if default is not None else int | float) and not isinstance(value, bool):
        return value
    raise BadShape(f"{key} has a value of the wrong type")
