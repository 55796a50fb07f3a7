"""Many writes in one request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import data
from tests.client import Answer, Client
from tests.http.forms import END, MULTIPART, part

POSTS = "/api/collections/posts/records"
WENT_WRONG = "Something went wrong while processing your request."


async def posts(client: Client, **settings: Any) -> None:
    """A collection `posts` (title, count, files), and batches switched on."""
    fields = {"name": "title", "required": True}, {"name": "count", "type": "number"}, {"name": "files", "type": "file", "maxSelect": 3}
    await data.collection(client.backend, "posts", *fields)
    on = {"enabled": True, "maxRequests": 4, "timeout": 3, "maxBodySize": 0}
    await data.change_settings(client.backend, batch={**on, **settings})


def request(method: str, url: str, **body: Any) -> dict[str, Any]:
    """One of the requests."""
    return {"method": method, "url": url, "body": body}


async def send(client: Client, *requests: dict[str, Any], **more: Any) -> Answer:
    """A batch of these requests."""
    return await client.post("/api/batch", {"requests": list(requests)}, **more)


async def test_off(client: Client) -> None:
    """Nobody may ask while batches are switched off, whatever he sends."""
    answer = await client.send("POST", "/api/batch", body=b"{", headers={"Content-Type": "application/json"})
    assert answer.json == {"data": {}, "message": "Batch requests are not allowed.", "status": 403}


async def test_a_batch(client: Client) -> None:
    """One answer for each request, with what its own query asks for."""
    await posts(client)
    key = "a" * 15
    made = await send(
        client,
        request("POST", f"{POSTS}?fields=title", title="one"),
        request("PUT", POSTS, id=key, title="two"),
        request("PATCH", f"{POSTS}/{key}", **{"count+": 2}),
        request("DELETE", f"{POSTS}/{key}"),
    )
    one, two, three, four = made.json
    assert (made.status, one) == (200, {"body": {"title": "one"}, "status": 200})
    assert (two["body"]["title"], three["body"]["count"]) == ("two", 2)
    assert four == {"body": None, "status": 204}


async def test_a_failure(client: Client) -> None:
    """The answer says which request failed and what its own answer would have been; nothing is stored."""
    await posts(client)
    answer = await send(client, request("POST", POSTS, title="x"), request("POST", POSTS))
    error = {"code": "validation_required", "message": "Cannot be blank."}
    response = {"data": {"title": error}, "message": "Failed to create record.", "status": 400}
    failure = {"code": "batch_request_failed", "message": "Batch request failed.", "response": response}
    assert answer.json == {"data": {"requests": {"1": failure}}, "message": "Batch transaction failed.", "status": 400}
    assert (await client.get(POSTS)).json["totalItems"] == 0


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", POSTS),
        ("POST", "/api/settings"),
        ("POST", f"{POSTS}/abc"),
        ("PATCH", POSTS),
        ("POST", f"{POSTS}#x"),
        ("POST", f"http://host{POSTS}"),
        ("POST", f"{POSTS}?a=%zz"),
        ("POST", f"{POSTS}?a;b"),
        ("POST", f"{POSTS}?{'&' * 1900}"),
        ("POST", f"{POSTS}\n"),
    ],
)
async def test_only_writes_of_records(client: Client, method: str, url: str) -> None:
    """Anything else fails the batch."""
    await posts(client)
    answer = await send(client, request(method, url, title="x"))
    assert answer.error["requests"]["0"]["response"] == {"data": {}, "message": WENT_WRONG, "status": 400}


@pytest.mark.parametrize("body", ["[]", "{", "{}x", '{"requests":1}', '{"requests":[1]}', '{"requests":[{"url":1}]}'])
async def test_unreadable_bodies(client: Client, body: str) -> None:
    """What is no list of requests is refused as a whole."""
    await posts(client)
    answer = await client.send("POST", "/api/batch", body=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.json == {"data": {}, "message": "Failed to read the submitted batch data.", "status": 400}


async def test_malformed_requests(client: Client) -> None:
    """None, too many, no method, a URL that is too long: each says so under `requests`."""
    await posts(client)
    none = (await send(client)).error["requests"]
    many = (await send(client, *[request("POST", POSTS)] * 5)).error["requests"]
    wrong = (await send(client, request("", ""), request("post", "/x"), request("GET", "/" * 2001))).error["requests"]
    assert none == {"code": "validation_required", "message": "Cannot be blank."}
    assert (many["code"], many["params"]) == ("validation_length_too_long", {"max": 4, "min": 0})
    assert {place: {key: error["code"] for key, error in found.items()} for place, found in wrong.items()} == {
        "0": {"method": "validation_required", "url": "validation_required"},
        "1": {"method": "validation_in_invalid"},
        "2": {"url": "validation_length_too_long"},
    }


async def test_bodies_have_a_limit(client: Client) -> None:
    """A body over `maxBodySize` is 413."""
    await posts(client, maxBodySize=100)
    assert (await send(client, request("POST", POSTS, title="x" * 100))).status == 413


async def test_files(client: Client) -> None:
    """Files belong to the request that their part's name says, in either spelling."""
    await posts(client)
    payload = json.dumps({"requests": [request("POST", POSTS, title="one"), request("POST", POSTS, title="two", files=["gone.txt"])]})
    parts = part("@jsonPayload", payload.encode()) + part("requests.0.files", b"a", "a.txt")
    parts += part("requests[1].files", b"b", "b.txt") + part("requests.1.files", b"c", "c.txt")
    parts += part("requests.1.title", b"d", "d.txt") + part("requests.7.files", b"e", "e.txt")
    answer = await client.send("POST", "/api/batch", body=parts + END, headers={"Content-Type": MULTIPART})
    assert answer.status == 400, "an upload takes the place of the title"
    parts = parts.replace(b"requests.1.title", b"requests.1.other")
    answer = await client.send("POST", "/api/batch", body=parts + END, headers={"Content-Type": MULTIPART})
    names = [one["body"]["files"] for one in answer.json]
    assert [[name[:1] for name in some] for some in names] == [["a"], ["b", "c"]]
    one = answer.json[1]["body"]
    assert (await client.get(f"/api/files/posts/{one['id']}/{one['files'][1]}")).body == b"c"


async def test_headers_and_actor(client: Client) -> None:
    """A request has its own headers over those of all, but the actor is who sends the batch."""
    rule = "@request.auth.id != '' && @request.headers.x_one = 'own' && @request.headers.x_two = 'all' && @request.context = 'batch'"
    await posts(client)
    await data.collection(client.backend, "notes", {"name": "title"}, createRule=rule)
    id, token = await data.account(client.backend, "ann@example.com")
    note = {**request("POST", "/api/collections/notes/records"), "headers": {"X-One": "own", "Authorization": "nobody"}}
    headers = {"X-One": "all", "X-Two": "all"}
    assert (await send(client, note, token=token, headers=headers)).status == 200
    assert (await send(client, {**note, "headers": {}}, token=token, headers=headers)).status == 400
    other = {**note, "headers": {"X-One": "own", "Authorization": token}}
    assert (await send(client, other, headers=headers)).status == 400
    assert id


async def test_queries_for_rules(client: Client) -> None:
    """Rules read the query and method of the request itself."""
    await posts(client)
    await data.collection(client.backend, "notes", {"name": "title"}, createRule="@request.query.k = 'v' && @request.method = 'POST'")
    url = "/api/collections/notes/records?k=v"
    assert (await client.send("POST", "/api/batch?k=v", {"requests": [request("POST", url[:-4])]})).status == 400
    assert (await send(client, request("POST", url), request("PUT", url))).status == 200


async def test_fields_that_cannot_be_read(client: Client) -> None:
    """They fail the batch before anything is written."""
    await posts(client)
    assert (await send(client, request("POST", f"{POSTS}?fields=title:nothing()", title="x"))).status == 400
    assert (await client.get(POSTS)).json["totalItems"] == 0


async def test_rate_limits(client: Client) -> None:
    """The writes of a batch count one by one."""
    await posts(client)
    rule = {"label": "posts:create", "audience": "", "duration": 60, "maxRequests": 3}
    await data.change_settings(client.backend, rateLimits={"enabled": True, "rules": [rule], "excludedIPs": []})
    create = request("POST", POSTS, title="x")
    assert (await send(client, create, create)).status == 200
    failed = (await send(client, create, create)).error["requests"]
    assert failed["1"]["response"]["status"] == 429
