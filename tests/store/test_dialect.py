"""Questions as data give the rows PocketBase's SQL would give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pbtornado.store.query import (
    Aggregate,
    And,
    Bindable,
    Call,
    Coalesce,
    Column,
    Compare,
    Concat,
    Count,
    Exists,
    Expr,
    Image,
    In,
    Join,
    JsonEach,
    JsonItem,
    JsonLength,
    Like,
    Not,
    Or,
    Order,
    Param,
    Scalar,
    Select,
    Source,
    Table,
    TableWith,
    Value,
)
from pbtornado.store.sqlite.connection import Budget, connect
from pbtornado.store.sqlite.dialect import SqliteDialect
from pbtornado.store.sqlite.reader import SqliteReader, Statements

X = Param("x")
ONE = Image(())
T = Table("t")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[SqliteReader]:
    """A database with a table `t` of ids, titles (text) and numbers."""
    connection = connect(tmp_path / "data.db", write=True)
    connection.execute("CREATE TABLE t (id TEXT PRIMARY KEY, title TEXT, n NUMERIC)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [("a", "Alpha", 1), ("b", "beta", 2), ("c", None, 3)])
    yield SqliteReader(connection, Budget(), Statements())
    connection.close()


def value(reader: SqliteReader, expr: Expr, **params: Bindable) -> Any:
    """What an expression comes to."""
    row = reader.one(Select((expr,), ONE), params)
    assert row is not None
    return row[0]


def ids(reader: SqliteReader, where: Expr | None, source: Source = T, **params: Bindable) -> str:
    """The ids of the rows where a condition holds, in one word."""
    question = Select((Column("r", "id"),), source, where=where, order=(Order(Column("r", "id")),))
    return "".join([row[0] for row in reader.rows(question, params)])


def test_a_param_used_twice_is_bound_once() -> None:
    """Placeholders are numbered; equal constants share one too."""
    where = Or((Compare("=", X, Value("it's")), Compare("<>", X, Value("it's"))))
    statement = SqliteDialect().render(Select((X,), Table('we"ird'), where=where))
    assert statement.text == 'SELECT ?1 FROM "we""ird" "r" WHERE ((?1 = ?2) OR (?1 <> ?2))'
    assert statement.bind({"x": 5}) == (5, "it's")


def test_a_missing_param_is_named() -> None:
    """Forgetting a param is an error, not a null."""
    with pytest.raises(KeyError, match="x"):
        SqliteDialect().render(Select((X,), ONE)).bind({})


@pytest.mark.parametrize(("op", "found"), [("=", "a"), ("<>", "bc"), ("<", ""), ("<=", "a"), (">", "bc"), (">=", "abc")])
def test_comparisons(reader: SqliteReader, op: Any, found: str) -> None:
    """Every comparison on a number."""
    assert ids(reader, Compare(op, Column("r", "n"), X), x=1) == found


def test_null_is_a_value_only_for_is(reader: SqliteReader) -> None:
    """`is` finds nulls, `=` does not."""
    title = Column("r", "title")
    assert ids(reader, Compare("is", title, Value(None))) == "c"
    assert ids(reader, Compare("is not", title, X), x="beta") == "ac"
    assert ids(reader, Compare("=", title, X), x=None) == ""


def test_and_or_not(reader: SqliteReader) -> None:
    """Empty conjunctions hold, empty disjunctions do not."""
    one, two = (Compare("=", Column("r", "n"), Value(n)) for n in (1, 2))
    assert ids(reader, Or((one, two))) == "ab"
    assert ids(reader, Not(Or((one, two)))) == "c"
    assert ids(reader, And((one, two))) == ""
    assert (ids(reader, And(())), ids(reader, Or(()))) == ("abc", "")


def test_like_ignores_ascii_case_and_knows_escapes(reader: SqliteReader) -> None:
    r"""`\` makes a wildcard plain."""
    assert ids(reader, Like(Column("r", "title"), X), x="ALP%") == "a"
    assert ids(reader, Like(Column("r", "title"), X, negated=True), x="ALP%") == "b"
    assert value(reader, Like(Value("50%"), X), x=r"50\%") == 1
    assert value(reader, Like(Value("501"), X), x=r"50\%") == 0


def test_functions(reader: SqliteReader) -> None:
    """lower, text, strftime and the distance of Sofia and Berlin."""
    assert value(reader, Call("lower", (Value("ABC"),))) == "abc"
    assert value(reader, Call("text", (Value(5),))) == "5"
    assert value(reader, Call("strftime", (Value("%Y"), Value("2020-01-02 03:04:05.000Z")))) == "2020"
    assert isinstance(value(reader, Call("random")), int)
    sofia_berlin = Call("geo_distance", (Value(23.32), Value(42.69), Value(13.4), Value(52.52)))
    assert value(reader, sofia_berlin) == pytest.approx(1318, abs=3)


def test_a_bare_column_converts_nothing(reader: SqliteReader) -> None:
    """The type of a column applies to what it is compared with, unless it is taken bare."""
    number = Column("r", "n")
    for column, found in ((number, [("a",)]), (Call("bare", (number,)), [])):
        assert reader.rows(Select((Column("r", "id"),), T, where=Compare("=", column, Value("1")))) == found


def test_the_distance_of_what_is_no_number_is_null(reader: SqliteReader) -> None:
    """Numeric texts count as numbers."""
    assert value(reader, Call("geo_distance", (Value(None), Value(1), Value(2), Value(3)))) is None
    assert value(reader, Call("geo_distance", (Value("abc"), Value(1), Value(2), Value(3)))) is None
    assert value(reader, Call("geo_distance", (Value("1"), Value(0), Value("2"), Value(0)))) == pytest.approx(111.19, abs=0.01)


def test_small_expressions(reader: SqliteReader) -> None:
    """Concatenation, defaults, constants that are spelled out."""
    assert value(reader, Concat((Value("a"), X, Value(""))), x="b") == "ab"
    assert value(reader, Coalesce(Value(None), X), x=3) == 3
    assert value(reader, Value(True)) == 1
    assert value(reader, Value(2**60)) == 2**60


JSON = '{"a":{"b":[1,{"c":"deep"}]},"t":true,"n":null}'


@pytest.mark.parametrize(
    ("stored", "path", "found"),
    [
        (JSON, "a.b[0]", 1),
        (JSON, "a.b[1].c", "deep"),
        (JSON, "t", 1),
        (JSON, "n", None),
        (JSON, "missing", None),
        (JSON, "a.b", '[1,{"c":"deep"}]'),
        ("[1,2]", "[1]", 2),
        ("plain text", "", "plain text"),
        ("plain text", "a", None),
        ('"quoted"', "", "quoted"),
        ("12", "", 12),
        ("", "", ""),
        (None, "", None),
    ],
)
def test_json_items(reader: SqliteReader, stored: str | None, path: str, found: Any) -> None:
    """What stands at a path, also where the column holds no JSON."""
    assert value(reader, JsonItem(X, path), x=stored) == found


@pytest.mark.parametrize(("stored", "length"), [("[1,2,3]", 3), ("[]", 0), ("", 0), (None, 0), ("abc", 1), ('{"a":1}', 1), (5, 1)])
def test_json_length(reader: SqliteReader, stored: Bindable, length: int) -> None:
    """Arrays by their items, plain values as one, nothing as none."""
    assert value(reader, JsonLength(X), x=stored) == length


@pytest.mark.parametrize(("stored", "items"), [('["a","b"]', ["a", "b"]), ("a", ["a"]), ("[]", []), ("", [""]), ('{"a":1}', ['{"a":1}'])])
def test_json_each(reader: SqliteReader, stored: str, items: list[Any]) -> None:
    """An array gives its items, anything else itself."""
    question = Select((Column("e", "value"),), ONE, joins=(Join(JsonEach(X), "e", left=False),))
    assert [row[0] for row in reader.rows(question, {"x": stored})] == items


def test_in_a_list_and_in_a_select(reader: SqliteReader) -> None:
    """Membership in a JSON list of params and in another question's rows."""
    assert ids(reader, In(Column("r", "id"), X), x='["a","c","z"]') == "ac"
    assert ids(reader, In(Column("r", "id"), X, negated=True), x='["a","c","z"]') == "b"
    big = Select((Column("s", "id"),), Table("t"), "s", where=Compare(">", Column("s", "n"), Value(1)))
    assert ids(reader, In(Column("r", "id"), big)) == "bc"


def test_sub_questions_see_the_outer_row(reader: SqliteReader) -> None:
    """Exists and Scalar may name columns of the row that asks."""
    n = Column("s", "n")
    bigger = Select((n,), T, "s", where=Compare(">", n, Column("r", "n")), order=(Order(n),))
    assert ids(reader, Exists(bigger)) == "ab"
    assert ids(reader, Exists(bigger, negated=True)) == "c"
    assert ids(reader, Compare("=", Scalar(bigger), Value(3))) == "b"


def test_joins(reader: SqliteReader) -> None:
    """A left join keeps rows without a partner, an inner one does not."""
    partner = Compare("=", Column("p", "n"), Column("r", "n"))
    only_b = And((partner, Compare("=", Column("p", "id"), Value("b"))))
    for left, found in ((True, [None, "b", None]), (False, ["b"])):
        joins = (Join(Table("t"), "p", only_b, left),)
        question = Select((Column("p", "id"),), Table("t"), joins=joins, order=(Order(Column("r", "id")),))
        assert [row[0] for row in reader.rows(question)] == found


def test_order_page_and_count(reader: SqliteReader) -> None:
    """Rows sorted downwards, cut, counted."""
    page = Select((Column("r", "id"),), Table("t"), order=(Order(Column("r", "n"), descending=True),), limit=X, offset=Param("o"))
    assert reader.rows(page, {"x": 1, "o": 1}) == [("b",)]
    assert reader.rows(Select((Column("r", "id"),), Table("t"), offset=Value(2))) == [("c",)]
    assert reader.one(Select((Count(), Count(Column("r", "title"))), Table("t"))) == (3, 2)


def test_aggregates(reader: SqliteReader) -> None:
    """Nulls don't count; of nothing a sum is 0, and the rest null."""
    n, title = Column("r", "n"), Column("r", "title")
    every = (Aggregate("sum", n), Aggregate("avg", n), Aggregate("min", title), Aggregate("max", title))
    assert reader.one(Select(every, Table("t"))) == (6, 2, "Alpha", "beta")
    assert reader.one(Select(every, Table("t"), where=Compare("=", n, Value(9)))) == (0, None, None, None)


def test_groups_and_named_columns(reader: SqliteReader) -> None:
    """A select may be a source, its columns by name."""
    inner = Select((Call("lower", (Column("r", "title"),)), Count()), Table("t"), group=(Column("r", "title"),), names=("low", "many"))
    outer = Select((Column("q", "low"), Column("q", "many")), inner, "q", where=Compare("=", Column("q", "low"), Value("beta")))
    assert reader.rows(outer) == [("beta", 1)]
    assert reader.rows(Select((Value(1),), Table("t"), distinct=True)) == [(1,)]


def test_an_image_stands_for_a_row(reader: SqliteReader) -> None:
    """The columns of a row that is not stored are params."""
    image = Image(("id", "n"))
    assert ids(reader, Compare(">", Column("r", "n"), Value(4)), image, image_id="new", image_n=5) == "new"
    assert ids(reader, Compare(">", Column("r", "n"), Value(4)), image, image_id="new", image_n=3) == ""


@pytest.mark.parametrize(("stored", "asked"), [("5", 5), ("5", "5"), ("5.0", 5), ("abc", 0), ("", 0), ("", None)])
def test_an_image_compares_as_the_stored_row_does(reader: SqliteReader, stored: str, asked: Bindable) -> None:
    """With its kinds given, texts and numbers meet as they do on columns."""
    reader.connection.execute("INSERT INTO t VALUES ('i', ?, ?)", (stored, 7))
    image = Image(("id", "title", "n"), kinds=("id", "text", "number"))
    params: dict[str, Bindable] = {"x": asked, "image_id": "i", "image_title": stored, "image_n": 7}
    for where in (Compare("=", Column("r", "title"), X), Compare("<", X, Column("r", "title")), Compare("=", Column("r", "n"), Value("7"))):
        on_table = ids(reader, And((where, Compare("=", Column("r", "id"), Value("i")))), x=asked)
        assert ids(reader, where, image, **params) == on_table


def test_a_table_with_rows_that_are_gone(reader: SqliteReader) -> None:
    """The rows of a param stand beside the stored ones."""
    source = TableWith("t", ("id", "n"), "ghosts")
    ghosts = json.dumps([{"id": "g", "n": 9, "other": 1}, {"id": "h"}])
    assert ids(reader, Compare(">=", Column("r", "n"), Value(3)), source, ghosts=ghosts) == "cg"
    assert ids(reader, None, source, ghosts="[]") == "abc"


def test_a_partial_index_serves_constants(reader: SqliteReader) -> None:
    """The empty text is spelled out, so that SQLite sees the index's own condition."""
    reader.connection.execute("CREATE INDEX part ON t (title) WHERE title != ''")
    where = And((Compare("=", Column("r", "title"), X), Compare("<>", Column("r", "title"), Value(""))))
    text = SqliteDialect().render(Select((Column("r", "id"),), Table("t"), where=where)).text
    plan = reader.connection.execute(f"EXPLAIN QUERY PLAN {text}", ("x",)).fetchall()
    assert "USING INDEX part" in plan[0][3]
