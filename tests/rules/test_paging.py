"""Which page of a list is asked for."""

from __future__ import annotations

import pytest

from pbtornado.errors import BadRequest
from pbtornado.rules.paging import Page


def test_pages_have_limits() -> None:
    """Sizes go up to 1000, numbers start at 1, what isn't said is PocketBase's default."""
    assert Page.parse("", "", "") == Page(1, 30, True)
    assert Page.parse("-3", "5000", "1") == Page(1, 1000, False)
    assert Page.parse("2", "0", "false") == Page(2, 30, True)


@pytest.mark.parametrize("wanted", [("x", "", ""), ("", "1.5", ""), ("", "", "maybe"), ("9" * 19, "", "")])
def test_pages_that_are_no_pages(wanted: tuple[str, str, str]) -> None:
    """Numbers must be numbers."""
    with pytest.raises(BadRequest):
        Page.parse(*wanted)
