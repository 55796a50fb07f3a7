"""`pbtornado records` beside a running server and without one."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path

import pytest

from pbtornado.commands.records import pair
from tests.process import Server

POSTS = {"name": "posts", "type": "base", "listRule": "", "fields": [{"name": "title", "type": "text"}, {"name": "n", "type": "number"}]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a collection."""
    with Server(tmp_path_factory.mktemp("records") / "pb_data", "--workers", "1") as server:
        server.sign_in()
        server.create("/api/collections", POSTS)
        yield server


def numbers(server: Server, title: str) -> list[int]:
    """The numbers of the records of this title, as the server lists them."""
    answer = server.ask("GET", f"/api/collections/posts/records?sort=n&filter=title%3D%22{title}%22", token="")
    return [item["n"] for item in answer.json()["items"]]


def test_import_beside_a_running_server(server: Server, tmp_path: Path) -> None:
    """What the command stores is listed at once."""
    path = tmp_path / "rows.csv"
    path.write_text("Titel,n,x\nin,2,\nin,1,\n")
    done = server.run("records", "import", "posts", str(path), "--map", "Titel=title", "--map", "x=")
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 of 2 rows stored in posts: 2 new, 0 changed.\n", "")
    assert numbers(server, "in") == [1, 2]


def test_dry_run(server: Server, tmp_path: Path) -> None:
    """Nothing is stored, what is wrong is said."""
    path = tmp_path / "rows.ndjson"
    path.write_text('{"title": "dry", "n": 1}\n{"title": "dry", "n": "x"}\n')
    done = server.run("records", "import", "posts", str(path), "--dry-run")
    assert (done.returncode, done.stdout) == (1, "1 of 2 rows would be stored in posts: 1 new, 0 changed.\n")
    assert done.stderr == "row 2 (line 2): n: This is no number.\n"
    assert numbers(server, "dry") == []


def test_wrong_rows(server: Server, tmp_path: Path) -> None:
    """Some are told; where the rest begins is said."""
    path = tmp_path / "rows.csv"
    path.write_text("title,n\n" + "wrong,x\n" * 30)
    done = server.run("records", "import", "posts", str(path))
    assert done.returncode == 1
    assert done.stdout.endswith("Nothing is stored from row 1 on.\n")
    assert (len(done.stderr.splitlines()), done.stderr.endswith("and 10 more wrong rows.\n")) == (21, True)


def test_out_and_in_again(server: Server, tmp_path: Path) -> None:
    """An export to a file, and an upsert of it from a pipe."""
    server.create("/api/collections/posts/records", {"title": "again", "n": 7})
    path = tmp_path / "out.json"
    done = server.run("records", "export", "posts", "--filter", "title = 'again'", "--output", str(path))
    assert (done.returncode, done.stdout) == (0, f"1 records of posts are in {path}.\n")
    assert [one["n"] for one in json.loads(path.read_text())] == [7]
    assert list(tmp_path.iterdir()) == [path]
    piped = path.read_text().replace('"n":7', '"n":8')
    command = ["records", "import", "posts", "-", "--format", "json", "--upsert", "--dir", str(server.directory)]
    done = subprocess.run(
        [sys.executable, "-m", "pbtornado", *command], input=piped, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "1 of 1 rows stored in posts: 0 new, 1 changed.\n")
    assert numbers(server, "again") == [8]


def test_printed_exports(server: Server) -> None:
    """Without a file they are printed, as NDJSON unless another format is asked for."""
    server.create("/api/collections/posts/records", {"title": "print", "n": 1})
    done = server.run("records", "export", "posts", "--filter", "title = 'print'")
    assert json.loads(done.stdout)["title"] == "print"
    assert server.run("records", "export", "posts", "--format", "csv").stdout.startswith("id,title,n\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export", "gone"), "There is no collection 'gone'."),
        (("export", "posts", "--filter", "gone = 1"), "unknown field"),
        (("import", "posts", "rows.txt"), "does not say what format it has"),
        (("import", "posts", "/nowhere/rows.csv"), "No such file"),
    ],
)
def test_refusals(server: Server, arguments: tuple[str, ...], says: str) -> None:
    """A sentence and 1."""
    done = server.run("records", *arguments)
    assert (done.returncode, says in done.stderr, len(done.stderr.splitlines())) == (1, True, 1)


def test_no_directory(tmp_path: Path) -> None:
    """None is made by looking for records in it."""
    done = Server(tmp_path / "gone").run("records", "export", "posts")
    assert (done.returncode, "There is no data directory" in done.stderr, (tmp_path / "gone").exists()) == (1, True, False)


def test_pairs() -> None:
    """A column and a field, or nothing."""
    assert [pair("a=b"), pair("a=")] == [("a", "b"), ("a", "")]
    for text in ("a", "=b"):
        with pytest.raises(ArgumentTypeError):
            pair(text)
