"""Settings as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pbtornado.schema.bootstrap import prepare
from pbtornado.schema.fields.base import BadShape
from pbtornado.schema.settings import DEFAULTS, UnreadableSettings, laid_over, load_settings, rename_limits, save_settings, shown
from pbtornado.store.protocol import UnusableDirectory, Writer
from pbtornado.store.sqlite.store import SqliteStore

TREE = {"a": {"n": 1, "s": "x", "b": True}, "list": ["x"]}


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (None, TREE),
        ({}, TREE),
        ({"a": {"S": "y"}}, {"a": {"n": 1, "s": "y", "b": True}, "list": ["x"]}),
        ({"a": None, "list": None, "other": 1}, {**TREE, "list": []}),
        ({"list": ["y", None]}, {**TREE, "list": ["y", ""]}),
    ],
)
def test_laid_over(given: Any, result: dict[str, Any]) -> None:
    """What is given replaces what was there, deep down; null changes nothing but lists."""
    assert laid_over(TREE, given) == result


@pytest.mark.parametrize(
    "given", [[], {"a": []}, {"a": {"n": 1.5}}, {"a": {"n": True}}, {"a": {"b": 1}}, {"a": {"n": 2**63}}, {"list": "x"}]
)
def test_wrong_types(given: Any) -> None:
    """A value of another type is refused."""
    with pytest.raises(BadShape):
        laid_over(TREE, given)


def test_shown() -> None:
    """Secrets are left out at any depth."""
    tree = shown(DEFAULTS)
    assert [sorted(set(section) & {"password", "secret"}) for section in (tree["smtp"], tree["s3"], tree["backups"]["s3"])] == [[], [], []]


async def test_rates_follow_a_new_name(tmp_path: Path) -> None:
    """Limits of a collection are named as it is."""
    store = SqliteStore(tmp_path / "data.db")
    await store.open()
    await prepare(store)

    def work(writer: Writer) -> list[str]:
        rule = {**DEFAULTS["rateLimits"]["rules"][0]}
        labels = [{**rule, "label": label} for label in ("users:list", "users2:list", "*:list")]
        save_settings(writer, {**DEFAULTS, "rateLimits": {**DEFAULTS["rateLimits"], "rules": labels}})
        rename_limits(writer, "users", "people")
        return [rule["label"] for rule in load_settings(writer)["rateLimits"]["rules"]]

    assert await store.write(work) == ["people:list", "users2:list", "*:list"]
    await store.close()


async def test_what_nobody_can_read(tmp_path: Path) -> None:
    """Encrypted or damaged settings are never taken for none, nor overwritten: the directory is not served."""
    store = SqliteStore(tmp_path / "data.db")
    await store.open()
    await prepare(store)
    await store.write(lambda writer: writer.update("_params", "settings", {"value": "AbC="}))
    with pytest.raises(UnusableDirectory, match="encrypted or damaged"):
        await prepare(store)
    with pytest.raises(UnreadableSettings):
        await store.write(lambda writer: save_settings(writer, DEFAULTS))
    await store.close()
