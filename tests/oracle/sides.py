"""PocketBase and pbtornado side by side: the same question to both, and where their answers and tables differ."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.process import Answer, Server

HASH = re.compile(r"^\$(2[aby]|argon2id)\$.*$")
"""A password, also where its column was renamed."""
DRIVER = re.compile(r"constraint failed: (?=\w+ constraint failed)|SQL logic error: |(?<=no such table: )main\.| \(\d+\)(?=\.)")
"""What PocketBase's driver puts around SQLite's own sentence."""
PATTERN = re.compile(r"(?<=rror parsing regexp: )[^\"\\]*|(?<=field values, ex\.: )\\\"[^\"\\]*\\\"")
"""What either's engine says of a pattern, and what it makes of one."""
SHAPE = re.compile(r"(?:failed to unmarshal field(?: type)?: )?(?:json: |missing or unknown field type in )(?:[^\"\\]|\\.)*")
"""What either says of JSON of a wrong shape."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z")
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
STORED_NAME = re.compile(r"\b(?!pbc_)\w+_[A-Za-z0-9]{10}(?:\.\w+)*(?=\"|$)")
SUFFIX = re.compile(r"(?<!pbc)(?:_[A-Za-z0-9]{10})+(?=(?:\.\w+)*(?:[`\"\\\\\]\s]|$))")
"""Of which PocketBase gives an upload in a batch two."""
PART = re.compile(rb"--\w+(?:--)?\r\n(?:Content-Disposition: form-data; )?(?:name=)?|Content-Type: application/octet-stream|\r\n")
CLONE = re.compile(r"_clone_\w{4}\b")
"""Ids that fields of views get."""
COMPARED_HEADERS = ("content-type", "content-disposition", "content-security-policy", "cache-control", "accept-ranges")
GUEST, ROOT, STRANGER = "guest", "root", "stranger"


@dataclass(frozen=True, slots=True)
class Question:
    """A request; `actor` names who asks: guest, root, stranger (a token nobody gave), or `collection/id`."""

    method: str
    target: str
    actor: str = GUEST
    payload: bytes | None = None
    kind: str = "application/json"
    anonymous: bool = False
    """The server gives the new record its id."""
    unordered: bool = False
    """A list sorted by several values of each record, of which either database takes whichever its plan comes to first."""

    @property
    def writes(self) -> bool:
        """May it change anything?"""
        return self.method not in ("GET", "HEAD")

    def __str__(self) -> str:
        payload = PART.sub(b" ", self.payload) if self.payload and self.kind.startswith("multipart") else self.payload
        body = "" if payload is None else f" {self.kind[:33]} {payload!r}"
        return f"[{self.actor}] {self.method} {self.target}{body}"


@dataclass
class Both:
    """The two servers, who is signed in at them, and what PocketBase's random names are called by pbtornado."""

    theirs: Server
    ours: Server
    threads: ThreadPoolExecutor
    asked: int = 0
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def running(cls, directory: Path, command: str) -> Iterator[Both]:
        """New servers on new directories, ended when the block is."""
        servers = Server(directory / "theirs", command=[command]), Server(directory / "ours")
        with servers[0] as theirs, servers[1] as ours, ThreadPoolExecutor(2) as threads:
            yield cls(theirs, ours, threads)

    def __post_init__(self) -> None:
        self.tokens[ROOT] = self._twice(Server.sign_in, (self.theirs, self.ours))
        self.tokens[STRANGER] = ("nonsense", "nonsense")

    def _twice(self, work: Any, arguments: tuple[Any, Any]) -> Any:
        """Runs it for both at the same time."""
        return tuple(self.threads.map(work, arguments))

    # ---- asking

    def ask(self, question: Question) -> tuple[Answer, Answer]:
        """PocketBase's answer and ours."""
        self.asked += 1
        theirs, ours = self._twice(lambda one: self._ask(question, *one), ((self.theirs, 0), (self.ours, 1)))
        self._learn(question, theirs, ours)
        return theirs, ours

    def _ask(self, question: Question, server: Server, side: int) -> Answer:
        token = self.tokens.get(question.actor, ("", ""))[side]
        target, payload = question.target, question.payload
        if side:
            target, payload = self.translated(target), self.translated(payload.decode("latin-1")).encode("latin-1") if payload else payload
        headers = {"Content-Type": question.kind, "X-Token": "a", "X-Forwarded-For": f"10.0.{self.asked >> 8}.{self.asked & 255}"}
        return server.ask(question.method, target, payload, token, headers)

    def translated(self, text: str) -> str:
        """A text with PocketBase's random names as one with ours."""
        for theirs, ours in self.names.items():
            text = text.replace(theirs, ours)
        return text

    def _learn(self, question: Question, theirs: Answer, ours: Answer) -> None:
        """Remembers what both made of the same uploads, and who is signed in now."""
        if theirs.status != 200 or ours.status != 200 or "json" not in theirs.headers.get("content-type", ""):
            return
        pairs = zip(STORED_NAME.findall(text_of(theirs)), STORED_NAME.findall(text_of(ours)), strict=False)
        self.names.update({one: other for one, other in pairs if one != other and SUFFIX.sub("", one) == SUFFIX.sub("", other)})
        if question.anonymous:
            self.names[theirs.json()["id"]] = ours.json()["id"]

    # ---- comparing

    def differences(self, question: Question) -> tuple[Answer, list[str]]:
        """Asks both; PocketBase's answer, and where ours differs."""
        theirs, ours = self.ask(question)
        if question.anonymous and theirs.status == ours.status == 200:
            ours = Answer(ours.status, ours.headers, ours.body.replace(ours.json()["id"].encode(), theirs.json()["id"].encode()))
        if question.unordered:
            theirs, ours = in_order(theirs), in_order(ours)
        return theirs, list(between(theirs, ours))

    def tables(self, names: Sequence[str]) -> list[str]:
        """Where the stored rows of these collections differ: values, their types in SQLite, and the order of rows."""
        found: list[str] = []
        for name in names:
            theirs, ours = (rows(server.directory / "data.db", name) for server in (self.theirs, self.ours))
            found += [f"{name}: {one}" for one in walk(theirs, ours, "")]
        return found

    def files(self) -> list[str]:
        """Where the stored files differ, when all that is done in the background has been."""
        end = time.monotonic() + 10
        while (theirs := stored(self.theirs.directory)) != (ours := stored(self.ours.directory)) and time.monotonic() < end:
            time.sleep(0.1)
        return [f"only PocketBase stores {one}" for one in theirs - ours] + [f"only pbtornado stores {one}" for one in ours - theirs]


def in_order(answer: Answer) -> Answer:
    """A list with its records sorted by their ids."""
    if answer.status != 200:
        return answer
    data = answer.json()
    data["items"].sort(key=lambda record: str(record.get("id")))
    return Answer(answer.status, answer.headers, json.dumps(data).encode())


def text_of(answer: Answer) -> str:
    """The body as text."""
    return answer.body.decode("utf-8", "replace")


def settled(text: str) -> str:
    """The text without what is each server's own: moments around now, tokens, hashes, the driver's words, random parts of file names."""
    plain = HASH.sub("(hash)", DRIVER.sub("", PATTERN.sub("*", SHAPE.sub("(shape)", text))))
    return CLONE.sub("_clone_*", SUFFIX.sub("_*", TOKEN.sub("(token)", MOMENT.sub(_moment, plain))))


def _moment(found: re.Match[str]) -> str:
    try:
        moment = datetime.fromisoformat(found[0])
    except ValueError:
        return found[0]
    return "(now)" if abs(moment - datetime.now(UTC)) < timedelta(days=2) else found[0]


def between(theirs: Answer, ours: Answer) -> Iterator[str]:
    """Where two answers differ."""
    yield from walk(theirs.status, ours.status, "status")
    for name in COMPARED_HEADERS:
        one, other = (settled(answer.headers.get(name, "")) for answer in (theirs, ours))
        yield from walk(one, other, name)
    if "json" in theirs.headers.get("content-type", "") and "json" in ours.headers.get("content-type", ""):
        one, other = (json.loads(settled(text_of(answer)) or "null") for answer in (theirs, ours))
        yield from walk(one, other, "")
    elif theirs.body != ours.body:
        yield f"body: {theirs.body[:300]!r} there, {ours.body[:300]!r} here"


def walk(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    """Where two JSON values differ; keys must come in the same order."""
    if type(theirs) is type(ours) is dict and list(theirs) == list(ours):
        for key in theirs:
            yield from walk(theirs[key], ours[key], f"{path}.{key}")
    elif type(theirs) is type(ours) is list and len(theirs) == len(ours):
        for index, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            yield from walk(one, other, f"{path}[{index}]")
    elif type(theirs) in (int, float) and type(ours) in (int, float):  # what a client makes of a number is a double
        yield from () if float(theirs) == float(ours) else [f"{path}: {theirs} there, {ours} here"]
    elif theirs != ours or type(theirs) is not type(ours):
        yield f"{path}: {shortened(theirs)} there, {shortened(ours)} here"


def shortened(value: Any) -> str:
    """A value as it is reported; of a list of records only their ids."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and "id" in one for one in value):
        return f"records {[one['id'] for one in value]}"
    return repr(value)[:600]


# ---- what is stored


def rows(path: Path, table: str) -> list[list[Any]]:
    """The rows of a table as (type, value), secrets left out."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        columns = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?) ORDER BY name", (table,))]
        shown = [name for name in columns if name not in ("password", "tokenKey", "secret")]
        if not shown:
            return [["no table"]]
        listed = ", ".join(f'typeof("{name}"), "{name}"' for name in shown)
        found = connection.execute(f'SELECT {listed} FROM "{table}" ORDER BY rowid')
        return [[_settled_value(*pair) for pair in zip(row[::2], row[1::2], strict=True)] for row in found]


def _settled_value(type: str, value: Any) -> Any:
    """JSON as data: PocketBase keeps the white space of a text it was sent, and null as a text or as nothing."""
    if isinstance(value, str) and (value == "null" or value[:1] in ("{", "[")):
        with suppress(ValueError):
            return ["text", json.loads(settled(value))] if value != "null" else ["null", None]
    return [type, settled(value) if isinstance(value, str) else value]


def stored(directory: Path) -> set[str]:
    """Stored files without their thumbs and sidecars."""
    paths = (path for path in (directory / "storage").rglob("*") if path.is_file() and path.suffix != ".attrs")
    return {settled(str(path.relative_to(directory))) for path in paths if "thumbs_" not in str(path)}
