"""The settings of a server: what is in force now, and the one verb that changes it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from ..errors import BadRequest
from ..schema.catalog import CatalogStore
from ..schema.fields.base import BadShape
from ..schema.settings import DEFAULTS, Tree, UnreadableSettings, laid_over, load_settings, save_settings, shown
from ..store.protocol import Origin, Store, Writer
from . import addresses
from .validate import errors_of

log = logging.getLogger("pbtornado.settings")

UNREADABLE = "An error occurred while loading the submitted data."
NOT_SAVED = "An error occurred while saving the new settings."


class SettingsStore(CatalogStore, Store, Protocol):
    """A store that tells cheaply whether settings may have moved."""


class Settings:
    """The settings of a store, always the committed ones, whichever process changed them."""

    def __init__(self, store: SettingsStore) -> None:
        self._store = store
        self._mark: int | None = None
        self._current: Tree = DEFAULTS
        self.on_change: list[Callable[[Tree, Tree], Awaitable[None]]] = []
        """Told of each update, before and after, before it is answered."""

    @property
    def current(self) -> Tree:
        """All settings with their secrets; read again only when something moved. Who holds them sees no later change."""
        mark = self._store.schema_mark
        if mark != self._mark:
            self._load()
            self._mark = mark
        return self._current

    def _load(self) -> None:
        try:
            self._current = self._store.read_now(load_settings)
        except UnreadableSettings:
            log.exception("the stored settings cannot be read, the former ones stay in force")

    def admits_superuser(self, ip: str) -> bool:
        """May somebody at this address act as a superuser?"""
        allowed = self.current["superuserIPs"]
        return not allowed or addresses.among(ip, allowed)

    def view(self) -> dict[str, Any]:
        """All settings but their secrets."""
        return shown(self.current)

    async def update(self, given: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """Changes what the JSON object gives; the answer is all settings but their secrets. BadRequest says which keys are wrong."""

        def work(writer: Writer) -> tuple[Tree, Tree]:
            old = load_settings(writer)
            new = changed(old, given)
            save_settings(writer, new)
            return old, new

        try:
            old, new = await self._store.write(work, origin)
        except UnreadableSettings as error:
            raise BadRequest(NOT_SAVED) from error
        for tell in self.on_change:
            await tell(old, new)
        return shown(new)


def changed(settings: Tree, given: Any) -> Tree:
    """The settings with the JSON object laid over. BadRequest where its types or values are wrong."""
    try:
        new = laid_over(settings, given)
    except BadShape as error:
        raise BadRequest(UNREADABLE) from error
    if errors := errors_of(new):
        raise BadRequest(NOT_SAVED, errors)
    return new
