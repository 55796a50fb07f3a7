"""A client generated from the document, at work with a running server."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.http.openapi.described import POSTS
from tests.process import EMAIL, PASSWORD, Server

NAME = "generated_from_openapi"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a collection of every kind of field."""
    with Server(tmp_path_factory.mktemp("openapi") / "pb_data", "--workers", "1") as server:
        server.sign_in()
        server.create("/api/collections", POSTS)
        yield server


@pytest.fixture(scope="module")
def package(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The generated package's name; it can be imported."""
    directory = tmp_path_factory.mktemp("client")
    (directory / "openapi.json").write_bytes(server.ask("GET", "/api/openapi.json").body)
    arguments = ["generate", "--path", "openapi.json", "--output-path", NAME, "--meta", "none", "--fail-on-warning"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", *arguments],
        cwd=directory,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(directory))
    yield NAME
    sys.path.remove(str(directory))


def module(path: str) -> ModuleType:
    """A module of the generated package."""
    return importlib.import_module(f"{NAME}.{path}")


@pytest.fixture
def client(server: Server, package: str) -> Iterator[Any]:
    """A generated client that has signed in through itself."""
    with module("client").Client(server.url) as stranger:
        body = module("models").AuthWithPasswordSuperusersBody(identity=EMAIL, password=PASSWORD)
        signed_in = module("api.tagsuperusers.auth_with_password_superusers").sync(client=stranger, body=body)
    assert signed_in.record.email == EMAIL
    with module("client").AuthenticatedClient(server.url, signed_in.token) as client:
        yield client


def test_records(client: Any) -> None:
    """Created, viewed, listed, updated and deleted, with types."""
    models = module("models")
    new = models.PostsCreate(title="one", n=2.5, tags=[models.PostsCreateTagsItem.A], place=models.GeoPoint(lon=1.5, lat=2.0))
    made = module("api.posts.create_posts").sync(client=client, body=new)
    assert (made.title, made.n, made.tags, made.place.lon, made.collection_name) == ("one", 2.5, ["a"], 1.5, "posts")
    assert module("api.posts.view_posts").sync(made.id, client=client) == made
    changes = models.PostsUpdate(title="uno")
    changes["n+"] = 1
    changed = module("api.posts.update_posts").sync(made.id, client=client, body=changes)
    assert (changed.title, changed.n) == ("uno", 3.5)
    listed = module("api.posts.list_posts").sync(client=client, sort="-title", filter_="title = 'uno'")
    assert (listed.total_items, [one.id for one in listed.items]) == (1, [made.id])
    assert module("api.posts.delete_posts").sync_detailed(made.id, client=client).status_code == 204


def test_uploads(client: Any) -> None:
    """A form with a file."""
    upload = module("types").File(payload=BytesIO(b"hello"), file_name="hello_world.txt", mime_type="text/plain")
    made = module("api.posts.create_posts").sync(client=client, body=module("models").PostsCreateForm(title="two", cover=upload))
    assert made.cover.startswith("hello_world_")


def test_failures(client: Any) -> None:
    """An error is data, too."""
    failed = module("api.posts.create_posts").sync(client=client, body=module("models").PostsCreate(title=""))
    assert (failed.status, failed.data["title"]["code"]) == (400, "validation_required")
