"""What the text of a view's SELECT tells of its columns."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from pbtornado.store import BadQuestion
from pbtornado.store.sqlite.outline import LONGEST, outline, tidied


def told(query: str) -> str:
    """The columns in one line: `name`, with `=table.column` where it is taken from one, `:kind` where its type is known."""
    columns = outline(query)
    words = [f"={one.table}.{one.column}" if one.kind == "taken" else "" if one.kind == "any" else f":{one.kind}" for one in columns]
    return " ".join(one.name + word for one, word in zip(columns, words, strict=True))


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("select id, title from notes", "id=notes.id title=notes.title"),
        ("select n.id, u.id as uid, u.name from notes n join users as u on u.id = n.by", "id=notes.id uid=users.id name=users.name"),
        ("select a.id, b.id bid, c.id cid from x a, y b left join z c", "id=x.id bid=y.id cid=z.id"),
        ("select a.id, b.id bid from x a full outer join y b join z", "id=x.id bid=y.id"),
        ('select "id", [title] t, `n`.x from "notes" as n', "id=notes.id t=notes.title x=notes.x"),
        ("SELECT id\nFROM notes\nWHERE x = 1\nGROUP BY id\nORDER BY id\nLIMIT 1", "id=notes.id"),
        ("select distinct title as id from notes", "id=notes.title"),
        ("with x as (select id from notes) select id from x", "id=x.id"),
        ("select id, 'a, (b' as t from notes", "id=notes.id t=notes.'a, (b'"),
        ("select id /* c, d */, -- it's\n title from notes -- end\n", "id=notes.id title=notes.title"),
        ("select id, lower(title) as l, (a || b) c from notes", "id=notes.id l=notes.lower(title) c=notes.(a || b)"),
        ("select id, n.x from notes", "id=notes.id x"),
        ("select id, title from main.notes", "id=main.notes.id title=main.notes.title"),
        ("select id, x from (select * from notes)", "id x"),
        ("select 1 as id", "id"),
    ],
)
def test_columns_are_taken_from_tables(query: str, columns: str) -> None:
    """By the name a table goes by, from the first table where none is named."""
    assert told(query) == columns


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("count(*)", "whole"),
        ("COUNT(distinct x)", "whole"),
        ("total(x)", "number"),
        ("cast(x as real)", "number"),
        ("CaSt( x\n aS iNt )", "whole"),
        ("cast(case when x then 1 else 0 end as bool)", "bool"),
        ("cast(x as text)", "text"),
    ],
)
def test_some_expressions_tell_their_type(expression: str, kind: str) -> None:
    """Counts, totals and casts."""
    assert told(f"select {expression} as x from notes") == f"x:{kind}"


@pytest.mark.parametrize("expression", ["sum(x)", "cast(x as blob)", "(count(*))", "cast(x as int)+1"])
def test_most_expressions_do_not(expression: str) -> None:
    """They may give anything, null too."""
    assert outline(f"select {expression} as x")[0].kind == "any"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select * from notes", "wildcard"),
        ("select a.*, 1 as id from notes a", "wildcard"),
        ("select id from a; select id from b", "multiple statements"),
        ("select (id from notes", r'unbalanced parenthesis or quoted expression: "\(id from notes"'),
        ("select 'id from notes", "unbalanced"),
        ("select a || b as id from notes", r"invalid identifier parts \[a || b as id\]"),
        ("select id from x a natural join y", 'expected "as", got a'),
        ("select id from a union select id from b", 'expected "as"'),
        ("x" * (LONGEST + 1), "no longer than"),
    ],
)
def test_what_is_refused_by_its_text(query: str, reason: str) -> None:
    """The reason is for the superuser who wrote it."""
    with pytest.raises(BadQuestion, match=reason):
        outline(query)


def test_what_stands_around_is_left_out() -> None:
    """Blanks and semicolons."""
    assert tidied(" ; select 1 as id;; ") == " select 1 as id"


@pytest.mark.parametrize("text", ["/*", "(", "cast(", " where ", "a as ", "'", " left ", " as int", "--\n", "\t"])
def test_long_texts_take_no_long_time(text: str) -> None:
    """Whatever a superuser pastes."""
    start = time.perf_counter()
    with suppress(BadQuestion):
        outline("select cast(" + text * ((LONGEST - 20) // len(text)))
    assert time.perf_counter() - start < 2
