"""The verbs of collections: tables follow them with their values, secrets stay, every change is logged."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.errors import BadRequest, NotFound
from pbtornado.schema.fields import Field
from pbtornado.schema.settings import load_settings
from pbtornado.store.protocol import Change
from tests.records.world import SUPERUSER, World

TITLE = {"type": "text", "name": "title"}
SELECT = {"type": "select", "name": "tags", "values": ["a", "b", "c"]}


def _json(field: Field | None, **changes: Any) -> dict[str, Any]:
    assert field
    return {**field.to_json(), **changes}


async def _log(world: World) -> list[Change]:
    """The log as far as it speaks of collections."""
    log = await world.store.read(lambda reader: world.store.changes.read_after(reader, 0, 1000))
    return [change for change in log if change.collection == "_collections"]


async def _one(world: World, name: str) -> dict[str, Any]:
    return dict((await world.records.list(name, SUPERUSER))["items"][0])


async def test_values_follow_a_renamed_field(world: World) -> None:
    """A field is known by its id: another name renames the column."""
    notes = await world.make("notes", TITLE)
    await world.add("notes", title="kept")
    await world.collections.update("notes", {"fields": [_json(notes.field("title"), name="heading")]})
    assert (await _one(world, "notes"))["heading"] == "kept"


async def test_two_fields_may_swap_names(world: World) -> None:
    """Values go with the ids."""
    notes = await world.make("notes", TITLE, {"type": "text", "name": "body"})
    await world.add("notes", title="1", body="2")
    swapped = [_json(notes.field("title"), name="body"), _json(notes.field("body"), name="title")]
    await world.collections.update("notes", {"fields": swapped})
    record = await _one(world, "notes")
    assert (record["title"], record["body"]) == ("2", "1")


async def test_a_field_without_its_id_is_a_new_one(world: World) -> None:
    """The former column goes with its values."""
    await world.make("notes", TITLE)
    await world.add("notes", title="lost")
    await world.collections.update("notes", {"fields": [{"type": "number", "name": "count"}]})
    record = await _one(world, "notes")
    assert record["count"] == 0
    assert "title" not in record


@pytest.mark.parametrize(
    ("before", "given", "after", "kept"), [(1, "b", 3, ["b"]), (1, "", 3, []), (3, ["a", "b"], 1, "b"), (3, [], 1, "")]
)
async def test_values_follow_between_one_and_many(world: World, before: int, given: Any, after: int, kept: Any) -> None:
    """One becomes a list of one, a list its last item."""
    notes = await world.make("notes", {**SELECT, "maxSelect": before})
    await world.add("notes", tags=given)
    await world.collections.update("notes", {"fields": [_json(notes.field("tags"), maxSelect=after)]})
    assert (await _one(world, "notes"))["tags"] == kept


async def test_a_renamed_collection_keeps_its_records(world: World) -> None:
    """Found under the new name, with its indexes; no longer under the old one."""
    await world.make("notes", TITLE, indexes=["CREATE UNIQUE INDEX `idx_title` ON `notes` (`title`)"])
    await world.add("notes", title="x")
    changed = await world.collections.update("notes", {"name": "papers"})
    assert changed["indexes"] == ["CREATE UNIQUE INDEX `idx_title` ON `papers` (`title`)"]
    assert (await _one(world, "papers"))["title"] == "x"
    assert world.catalogs.current.find("notes") is None
    with pytest.raises(BadRequest):
        await world.add("papers", title="x")


async def test_an_index_the_values_forbid_changes_nothing(world: World) -> None:
    """The error names the index; the collection is as before."""
    await world.make("notes", TITLE)
    await world.add("notes", title="same")
    await world.add("notes", title="same")
    with pytest.raises(BadRequest) as refused:
        await world.collections.update("notes", {"name": "papers", "indexes": ["CREATE UNIQUE INDEX i ON notes (title)"]})
    assert refused.value.body()["data"]["indexes"]["0"]["code"] == "validation_invalid_index_expression"
    assert world.collection("notes").indexes == ()
    assert len(await world.ids("notes")) == 2


async def test_a_deleted_collection_is_gone_with_its_table(world: World) -> None:
    """The name is free again."""
    await world.make("notes", TITLE)
    await world.add("notes", title="x")
    await world.collections.delete("notes")
    with pytest.raises(NotFound):
        world.collections.view("notes")
    await world.make("notes", TITLE)
    assert await world.ids("notes") == []


async def test_what_is_known_about_accounts_goes_with_their_collection(world: World) -> None:
    """Linked providers and known origins of its records."""
    people = await world.make("people", type="auth")
    account = (await world.user("ann", "people")).actor.record
    assert account
    origin = {"collectionRef": people.id, "recordRef": account.id, "fingerprint": "f"}
    await world.add("_authOrigins", **origin)
    await world.collections.delete("people")
    assert await world.ids("_authOrigins") == []


async def test_rate_limits_follow_a_renamed_collection(world: World) -> None:
    """Labels of the form `name:action`."""
    await world.make("notes", TITLE)
    limits = '{"rateLimits":{"rules":[{"label":"notes:create"},{"label":"*:create"}]},"meta":{"appName":"kept"}}'
    await world.store.write(lambda writer: writer.update("_params", "settings", {"value": limits}))
    await world.collections.update("notes", {"name": "papers"})
    settings = await world.store.read(load_settings)
    assert [rule["label"] for rule in settings["rateLimits"]["rules"]] == ["papers:create", "*:create"]
    assert settings["meta"]["appName"] == "kept"


async def test_truncation_deletes_record_by_record(world: World) -> None:
    """Each deletion is logged, and what refers lets go."""
    notes = await world.make("notes", TITLE)
    await world.make("stars", {"type": "relation", "name": "note", "collectionId": notes.id})
    note = await world.add("notes", title="x")
    await world.add("stars", note=note["id"])
    await world.collections.truncate("notes")
    assert (await _one(world, "stars"))["note"] == ""
    assert [change.action for change in await world.changes("notes")] == ["create", "delete"]


async def test_truncation_is_all_or_nothing(world: World) -> None:
    """A required reference keeps every record."""
    notes = await world.make("notes", TITLE)
    await world.make("stars", {"type": "relation", "name": "note", "collectionId": notes.id, "required": True})
    await world.add("notes", title="free")
    await world.add("stars", note=(await world.add("notes", title="held"))["id"])
    with pytest.raises(BadRequest, match="most likely due to required cascade"):
        await world.collections.truncate("notes")
    assert len(await world.ids("notes")) == 2


async def test_secrets_are_neither_answered_nor_logged_nor_lost(world: World) -> None:
    """A change that does not name them keeps them."""
    users = world.collection("users")
    answer = await world.collections.update("users", {"authToken": {"duration": 100}})
    assert answer["authToken"] == {"duration": 100}
    after = world.collection("users")
    assert after.auth
    assert users.auth
    assert after.auth.auth_token.secret == users.auth.auth_token.secret
    assert after.auth.auth_token.secret not in str(await _log(world))


async def test_another_auth_rule_ends_all_sign_ins(world: World) -> None:
    """The key of the collection's tokens is a new one."""
    before = world.collection("users").auth
    await world.collections.update("users", {"authRule": "verified = true"})
    after = world.collection("users").auth
    assert before
    assert after
    assert after.auth_token.secret != before.auth_token.secret
    assert after.file_token.secret == before.file_token.secret


async def test_a_provider_keeps_its_secret(world: World) -> None:
    """Also when another one comes before it."""
    google = {"name": "google", "clientId": "g", "clientSecret": "secret"}
    await world.collections.update("users", {"oauth2": {"enabled": True, "providers": [google]}})
    others = [{"name": "github", "clientId": "h", "clientSecret": "other"}, {"name": "google", "clientId": "new"}]
    await world.collections.update("users", {"oauth2": {"providers": others}})
    auth = world.collection("users").auth
    assert auth
    assert [(one.client_id, one.client_secret) for one in auth.oauth2.providers] == [("h", "other"), ("new", "secret")]


async def test_changes_of_collections_are_logged(world: World) -> None:
    """Create, update and delete, with what was before."""
    made = await world.make("notes", TITLE)
    await world.collections.update("notes", {"listRule": "id != ''"})
    await world.collections.delete("notes")
    log = [change for change in await _log(world) if change.record == made.id]
    assert [change.action for change in log] == ["create", "update", "delete"]
    assert log[1].old["listRule"] == ""
    assert log[1].image["listRule"] == "id != ''"


async def test_every_index_that_cannot_be_made_is_named(world: World) -> None:
    """With its reason."""
    await world.make("notes", TITLE)
    indexes = ["CREATE INDEX i1 ON notes (nope)", "CREATE INDEX i2 ON notes (title)", "CREATE INDEX i3 ON notes (other)"]
    with pytest.raises(BadRequest) as refused:
        await world.collections.update("notes", {"indexes": indexes})
    assert list(refused.value.body()["data"]["indexes"]) == ["0", "2"]


async def test_a_rule_may_speak_of_the_collection_by_its_former_name(world: World) -> None:
    """Or by its new one, in the update that renames it."""
    await world.make("notes", TITLE, listRule="@collection.notes.id = id")
    await world.collections.update("notes", {"name": "papers", "viewRule": "@collection.papers.id = id"})
    assert world.collection("papers").list_rule == "@collection.notes.id = id"


async def test_options_of_another_type_have_the_right_json_types(world: World) -> None:
    """Though nothing comes of them."""
    with pytest.raises(BadRequest, match="invalid formatting"):
        await world.collections.create({"name": "notes", "type": "base", "authToken": {"duration": "a"}})
    made = await world.collections.create({"id": "", "name": "notes", "type": "base", "authToken": {"duration": 100}})
    assert made["id"].startswith("pbc_")


@pytest.mark.parametrize("filter", ["@request.auth.id != ''", "@collection._superusers.id != ''", "name:lower = 'users'"])
async def test_collections_are_found_by_their_own_keys_alone(world: World, filter: str) -> None:
    """Neither requests nor records have names there, nor are there modifiers."""
    with pytest.raises(BadRequest):
        await world.collections.list(filter=filter)


async def test_a_page_of_collections(world: World) -> None:
    """Filter, sort and page as records have them."""
    page = await world.collections.list(filter="type = 'auth'", sort="-name", per_page=1)
    assert [item["name"] for item in page["items"]] == ["users"]
    assert (page["page"], page["perPage"], page["totalItems"], page["totalPages"]) == (1, 1, 2, 2)
    assert [item["name"] for item in (await world.collections.list())["items"]][:2] == ["_mfas", "_otps"]
    assert (await world.collections.list(skip_total=True))["totalItems"] == -1


@pytest.mark.parametrize(("filter", "sort"), [("fields = 1", ""), ("", "indexes"), ("name = ", "")])
async def test_only_some_keys_can_be_asked_for(world: World, filter: str, sort: str) -> None:
    """An unknown key is a bad request."""
    with pytest.raises(BadRequest):
        await world.collections.list(filter=filter, sort=sort)


async def test_an_import_makes_changes_and_keeps(world: World) -> None:
    """Fields the import does not speak of stay, relations may point to what comes later."""
    await world.make("notes", TITLE)
    pointing = {"name": "stars", "type": "base", "fields": [{"type": "relation", "name": "note", "collectionId": "later"}]}
    body = {"type": "text", "name": "body"}
    await world.collections.import_all({"collections": [pointing, {"id": "later", "name": "moments"}, {"name": "notes", "fields": [body]}]})
    assert set(world.collection("notes").names) == {"id", "title", "body"}
    assert world.collection("stars").relation_fields[0].collection_id == "later"


async def test_an_import_may_delete_what_it_does_not_name(world: World) -> None:
    """Collections and fields; system ones stay."""
    await world.make("notes", TITLE)
    await world.make("gone", TITLE)
    await world.collections.import_all({"deleteMissing": True, "collections": [{"name": "notes"}]})
    assert world.collection("notes").names == ("id",)
    assert [one.name for one in world.catalogs.current.all if not one.system] == ["notes"]


async def test_an_import_is_all_or_nothing(world: World) -> None:
    """One wrong collection, and none is made."""
    with pytest.raises(BadRequest) as refused:
        await world.collections.import_all({"collections": [{"name": "fine"}, {"name": "wrong", "listRule": "bad ="}]})
    assert refused.value.body()["data"]["collections"]["code"] == "validation_collections_import_failure"
    assert world.catalogs.current.find("fine") is None


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"name": "stars", "viewRule": 5}, "json: viewRule has a value of the wrong type"),
        ({"id": "other", "name": "notes"}, "UNIQUE constraint failed: _collections.name"),
        ({"name": "notes", "fields": [{"name": "title", "type": "number"}]}, "duplicate column name: title"),
    ],
)
async def test_an_import_says_why_it_is_refused(world: World, wanted: dict[str, Any], reason: str) -> None:
    """Whatever is wrong, the client is told."""
    await world.make("notes", TITLE)
    with pytest.raises(BadRequest) as refused:
        await world.collections.import_all({"collections": [wanted]})
    assert reason in refused.value.body()["data"]["collections"]["message"]


async def test_whole_numbers_of_an_import_are_integers(world: World) -> None:
    """However they are written."""
    await world.collections.import_all({"collections": [{"name": "notes", "fields": [{"name": "n", "type": "text", "max": 5.0}]}]})
    assert _json(world.collection("notes").field("n"))["max"] == 5


async def test_an_import_of_nothing_is_refused(world: World) -> None:
    """`collections` is required and a list of objects."""
    payloads: list[dict[str, Any]] = [{}, {"collections": []}, {"collections": ["x"]}, {"collections": {}}]
    for payload in [*payloads, {"collections": [{}], "deleteMissing": 1}]:
        with pytest.raises(BadRequest, match="submitted data"):
            await world.collections.import_all(payload)
