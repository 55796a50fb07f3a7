"""A storage of its own for each test."""

from pathlib import Path

import pytest

from pbtornado.files.local import LocalStorage


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """An empty storage."""
    return LocalStorage(tmp_path / "storage")
