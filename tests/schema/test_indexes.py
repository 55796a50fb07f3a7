"""CREATE INDEX statements, taken apart and put together."""

from __future__ import annotations

import pytest

from pbtornado.schema.indexes import parse_index, unique_index


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("create index a on b (c)", "CREATE INDEX `a` ON `b` (`c`)"),
        (
            'CREATE UNIQUE INDEX "a" ON [b] ("c" collate nocase desc) WHERE c != \'\'',
            "CREATE UNIQUE INDEX `a` ON `b` (`c` COLLATE nocase DESC) WHERE c != ''",
        ),
        ("create index if not exists x.a on b (c, lower(d, 1))", "CREATE INDEX IF NOT EXISTS `x`.`a` ON `b` (\n  `c`,\n  lower(d, 1)\n)"),
    ],
)
def test_a_statement_has_one_spelling(statement: str, text: str) -> None:
    """Quotes, case and line breaks of PocketBase."""
    assert parse_index(statement).text() == text


@pytest.mark.parametrize("statement", ["", "x", "create index on b (c)", "create index a on b ()", "drop index a"])
def test_what_is_no_index_is_not_valid(statement: str) -> None:
    """A name, a table and columns are needed."""
    assert not parse_index(statement).valid


def test_unique_indexes_of_one_column_are_found() -> None:
    """In any case, whatever their condition; not composite ones."""
    indexes = [
        "create unique index a on t (x, y)",
        "create index b on t (x)",
        "create unique index c on t (`X` collate nocase) where x != ''",
    ]
    index = unique_index(indexes, "x")
    assert index
    assert (index.name, index.columns[0].collate) == ("c", "nocase")
    assert unique_index(indexes, "y") is None
