"""The document: what it says is what the server does."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from pbtornado.backend import Backend
from pbtornado.http.openapi.document import made
from pbtornado.http.openapi.handler import served
from tests import data
from tests.client import Client
from tests.http.openapi.described import FIELDS, RULES, SAMPLES

PATH = "/api/openapi.json"


async def described(client: Client, backend: Backend) -> dict[str, Any]:
    """The document of a server with every kind of field; the client is a superuser from now on."""
    client.token = await data.superuser(backend)
    await data.collection(backend, "posts", *FIELDS, **RULES)
    await data.collection(backend, "all_posts", type="view", viewQuery="select id, title from posts", **dict.fromkeys(RULES))
    found: dict[str, Any] = (await client.get(PATH)).json
    return found


def checker(document: dict[str, Any], name: str) -> Draft202012Validator:
    """Validates data by a component."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


async def test_validators_accept_it(client: Client, backend: Backend) -> None:
    """With collections of all types, and batches on and off."""
    document = await described(client, backend)
    validate(document)
    assert (document["openapi"], "/api/batch" in document["paths"]) == ("3.1.0", False)
    await data.change_settings(backend, batch={"enabled": True, "maxRequests": 50, "timeout": 3, "maxBodySize": 0})
    document = (await client.get(PATH)).json
    validate(document)
    assert "/api/batch" in document["paths"]


async def test_for_superusers_only(client: Client, backend: Backend) -> None:
    """It says so itself."""
    _, token = await data.account(backend, "ann@example.com")
    assert [(await client.get(PATH, token=who)).status for who in ("", token)] == [401, 403]
    document = await described(client, backend)
    assert "for superusers" in document["info"]["description"]
    assert document["paths"][PATH]["get"]["security"] == [{"token": []}]


async def test_only_what_is_served_is_part_of_it(client: Client, backend: Backend) -> None:
    """Each operation has a handler; one that has none is left out."""
    document = await described(client, backend)
    operations = [(path, method) for path, item in document["paths"].items() for method in item]
    assert all(served(path, method) for path, method in operations)
    assert len({document["paths"][path][method]["operationId"] for path, method in operations}) == len(operations)
    assert not served("/api/nothing", "get")
    assert not served("/api/health", "post")
    fewer = made(backend.catalogs.current, "Acme", batch=True, served=lambda path, method: path == PATH)
    assert list(fewer["paths"]) == [PATH]


async def test_records_are_as_described(client: Client, backend: Backend) -> None:
    """What is answered validates, for superusers and guests, alone and in lists; what is sent, too."""
    document = await described(client, backend)
    for sample in SAMPLES:
        checker(document, "posts_create").validate(sample)
        made = await client.post("/api/collections/posts/records", sample)
        assert made.status == 200, made.body
        for who in ("", client.token):
            shown = await client.get(f"/api/collections/posts/records/{made.json['id']}", token=who)
            checker(document, "posts_record").validate(shown.json)
    for query in ("", "?after=", "?skipTotal=1"):
        checker(document, "posts_list").validate((await client.get(f"/api/collections/posts/records{query}")).json)
    checker(document, "all_posts_list").validate((await client.get("/api/collections/all_posts/records")).json)


async def test_many_writes_are_as_described(client: Client, backend: Backend) -> None:
    """Updates and deletes by a filter, on the path of the list."""
    document = await described(client, backend)
    path = "/api/collections/posts/records"
    assert document["paths"][path]["patch"]["operationId"] == "updateMany_posts"
    await data.records(backend, "posts", *SAMPLES)
    found = await client.patch(f"{path}?filter=n%3D0", {"title": "new"})
    checker(document, "Many").validate(found.json)
    assert found.json["count"] == 1


async def test_values_that_are_refused_are_described(client: Client, backend: Backend) -> None:
    """The schema of a write knows limits and options."""
    document = await described(client, backend)
    check = checker(document, "posts_create")
    wrong: list[dict[str, Any]] = [{}, {"title": ""}, {"title": "a" * 101}, {"title": "a", "n": 101}, {"title": "a", "kind": "z"}]
    for body in wrong:
        assert not check.is_valid(body)
        assert (await client.post("/api/collections/posts/records", body)).status == 400, body
    for body in ({"title": "a", "n": 0}, {"title": "a", "kind": ""}):
        assert check.is_valid(body)
        assert (await client.post("/api/collections/posts/records", body)).status == 200, body


async def test_errors_are_as_described(client: Client, backend: Backend) -> None:
    """All failures have one shape."""
    document = await described(client, backend)
    error = await client.post("/api/collections/posts/records", {})
    checker(document, "Error").validate(error.json)
    checker(document, "FieldError").validate(error.json["data"]["title"])


async def test_signing_in_is_as_described(client: Client, backend: Backend) -> None:
    """Methods, and a token with its record."""
    document = await described(client, backend)
    await data.account(backend, "ann@example.com")
    checker(document, "AuthMethods").validate((await client.get("/api/collections/users/auth-methods")).json)
    body = {"identity": "ann@example.com", "password": data.PASSWORD}
    checker(document, "users_auth").validate((await client.post("/api/collections/users/auth-with-password", body)).json)


async def test_secrets_and_hidden_fields(client: Client, backend: Backend) -> None:
    """Passwords are only written, token keys not even that; of hidden fields it is said whose they are."""
    schemas = (await described(client, backend))["components"]["schemas"]
    assert {"password", "tokenKey"}.isdisjoint(schemas["users_record"]["properties"])
    assert "tokenKey" not in schemas["users_create"]["properties"]
    assert schemas["users_create"]["properties"]["password"]["writeOnly"]
    assert "Only superusers" in schemas["posts_record"]["properties"]["secret"]["description"]
    assert schemas["posts_record"]["properties"]["html"]["description"] == "What is shown. HTML."


async def test_forms_and_modifiers(client: Client, backend: Backend) -> None:
    """Files are sent as a form; keys that change values are told."""
    document = await described(client, backend)
    bodies = document["paths"]["/api/collections/posts/records"]["post"]["requestBody"]["content"]
    assert list(bodies) == ["application/json", "multipart/form-data"]
    schemas = document["components"]["schemas"]
    assert schemas["posts_create_form"]["properties"]["cover"]["format"] == "binary"
    assert all(key in schemas["posts_update"]["description"] for key in ("`n+`", "`+tags`", "`cover-`"))


async def test_rules_say_who_may(client: Client, backend: Backend) -> None:
    """Locked ones need a token, others don't."""
    paths = (await described(client, backend))["paths"]
    one = paths["/api/collections/posts/records/{id}"]
    assert [one[method]["security"] for method in ("get", "patch", "delete")] == [[{}, {"token": []}], [{}, {"token": []}], [{"token": []}]]
    assert [one[method]["description"] for method in ("get", "patch", "delete")] == [
        "For everybody.",
        "For whom the collection's rule allows it.",
        "For superusers only.",
    ]


async def test_it_is_made_once_for_each_state(client: Client, backend: Backend) -> None:
    """And made anew when a collection changes; who has it already is told so."""
    await described(client, backend)
    first = await client.get(PATH)
    again = await client.get(PATH, headers={"If-None-Match": first.headers["Etag"]})
    assert (again.status, again.body) == (304, b"")
    await data.collection(backend, "more")
    assert "/api/collections/more/records" in (await client.get(PATH, headers={"If-None-Match": first.headers["Etag"]})).json["paths"]


async def test_the_change_log_is_as_described(client: Client, backend: Backend) -> None:
    """Its pages, single changes, counts, restored records, and who listens."""
    document = await described(client, backend)
    record = (await client.post("/api/collections/posts/records", SAMPLES[0])).json["id"]
    path = f"/api/collections/posts/records/{record}"
    await client.patch(path, {"title": "new"})
    page = await client.get("/api/changes")
    create = page.json["items"][1]
    asked = {
        ("/api/changes", "get"): page,
        ("/api/changes/{seq}", "get"): await client.get(f"/api/changes/{create['seq']}"),
        ("/api/changes/stats", "get"): await client.get("/api/changes/stats"),
        ("/api/collections/{collection}/records/{id}/restore", "post"): await client.post(f"{path}/restore", {"seq": create["seq"]}),
        ("/api/realtime/clients", "get"): await client.get("/api/realtime/clients"),
    }
    for (described_path, method), answer in asked.items():
        schema = document["paths"][described_path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json)
        assert set(schema["properties"]) == set(answer.json)
