"""What became of collections' fields, read from the log."""

from __future__ import annotations

from pbtornado.schema.collection import Collection
from pbtornado.schema.fields import TextField
from pbtornado.schema.history import _MOVES, History
from pbtornado.store.protocol import Change, Writer
from pbtornado.store.sqlite.store import SqliteStore
from pbtornado.values import json_text

OLD, NEW = TextField(id="f1", name="title"), TextField(id="f1", name="name")
ADDED = TextField(id="f2", name="extra")


def a_change(seq: int) -> Change:
    """A change of a record that has a title."""
    return Change(seq, "", "", "", "update", "posts", "p1", {"title": "one"}, {"title": "two"})


def renaming(writer: Writer) -> None:
    """The title becomes a name."""
    writer.append("update", "_collections", "posts", {}, {"fields": json_text([OLD.to_json()])})


async def test_whole_images_and_parts(store: SqliteStore) -> None:
    """Newer fields have their zeros in a whole image, and are left out of one that is to be told from today's."""
    seq = store.position().seq
    await store.write(renaming)
    now = Collection(id="posts", name="posts", fields=(NEW, ADDED))
    whole = store.read_now(lambda reader: History().translated(reader, now, a_change(seq)))
    part = store.read_now(lambda reader: History().translated(reader, now, a_change(seq), whole=False))
    assert whole
    assert part
    assert (whole.image, part.image) == ({"name": "one", "extra": ""}, {"name": "one"})
    assert whole.old == part.old == {"name": "two"}


async def test_up_to_a_change(store: SqliteStore) -> None:
    """What was done to a collection later does not count."""
    seq = store.position().seq
    await store.write(renaming)
    then = Collection(id="posts", name="posts", fields=(OLD,))
    change = store.read_now(lambda reader: History(upto=seq).translated(reader, then, a_change(seq)))
    assert change == a_change(seq)


async def test_the_log_is_not_looked_through(store: SqliteStore) -> None:
    """Changes of a collection are found by an index, however long the log is."""
    statement = store.dialect.render(_MOVES)
    bound = statement.bind({"collection": "posts", "seq": 0, "upto": 100})
    reader = store.private_reader()
    plan = [row[3] for row in reader.connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", bound)]
    reader.close()
    assert plan == ["SEARCH r USING INDEX idx__changes_schema (record=? AND rowid>? AND rowid<?)"]
