// The inspection app's scenario with the official SDK, unchanged.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, listen, newForeman, photos, report, server } from "./inspection.mjs";

let office, foreman, other, guest;
const everybody = () => [office, foreman, other, guest];

before(async () => {
  [office, foreman, guest] = await Promise.all([client("olga"), client("frank"), client()]);
  other = await newForeman("fiona");
});
after(() => Promise.all(everybody().map((pb) => pb.realtime.unsubscribe())));

test("a report with two photos is heard live by the office, expanded", async () => {
  const board = await listen(office, "*", { expand: "author,site" });
  const sent = await report(foreman, "Loose railing", await photos());
  const [message] = await board.until(1);
  assert.equal(message.action, "create");
  assert.equal(message.record.id, sent.id);
  assert.equal(message.record.photos.length, 2);
  assert.equal(message.record.expand.author.name, "Frank");
  assert.equal(message.record.expand.site.name, "Harbour bridge");
  await board.off();
});

test("a guest and another foreman hear nothing of it and list nothing", async () => {
  const ears = await Promise.all([listen(guest, "*"), listen(other, "*"), listen(office, "*")]);
  await report(foreman, "Cracked step");
  await ears[2].until(1);
  const own = await report(other, "Fresh paint");
  await ears[1].until(1);
  assert.deepEqual(ears[1].heard.map((m) => m.record.id), [own.id]);
  assert.deepEqual(ears[0].heard, []);
  assert.equal((await guest.collection("reports").getList()).totalItems, 0);
  assert.deepEqual((await other.collection("reports").getFullList()).map((r) => r.id), [own.id]);
  await Promise.all(ears.map((e) => e.off()));
});

test("thumbs of a photo are smaller images of the listed size", async () => {
  const sent = await report(foreman, "Thumb check", await photos());
  const url = foreman.files.getURL(sent, sent.photos[0], { thumb: "160x160" });
  const [thumb, original] = await Promise.all([fetch(url), fetch(foreman.files.getURL(sent, sent.photos[0]))]);
  assert.equal(thumb.status, 200);
  assert.equal(thumb.headers.get("content-type"), "image/jpeg");
  const [small, big] = await Promise.all([thumb.arrayBuffer(), original.arrayBuffer()]);
  assert.ok(small.byteLength > 200 && small.byteLength < big.byteLength / 4);
});

test("lists sort, filter and expand", async () => {
  const page = await office.collection("reports").getList(1, 2, {
    sort: "-title", filter: office.filter("severity = {:s}", { s: "danger" }), expand: "author",
  });
  assert.deepEqual(page.items.map((r) => r.title), ["Thumb check", "Loose railing"]);
  assert.equal(page.items[0].expand.author.name, "Frank");
  assert.equal(page.totalItems, 4);
});

test("create, update and delete of one report are heard in that order", async () => {
  const board = await listen(office, "*");
  const sent = await report(foreman, "Wet floor");
  await office.collection("reports").update(sent.id, { status: "done" });
  await foreman.collection("reports").delete(sent.id);
  const heard = await board.until(3);
  assert.deepEqual(heard.map((m) => m.action), ["create", "update", "delete"]);
  await board.off();
});

test("a subscription to one report hears only that one", async () => {
  const [watched, unwatched] = [await report(foreman, "Watched"), await report(foreman, "Unwatched")];
  const ear = await listen(office, watched.id);
  await office.collection("reports").update(unwatched.id, { notes: "b" });
  await office.collection("reports").update(watched.id, { notes: "a" });
  assert.deepEqual((await ear.until(1)).map((m) => m.record.id), [watched.id]);
  await ear.off();
});

test("a foreman can't report in another's name, nor hand his report over", async () => {
  const site = await foreman.collection("sites").getFirstListItem("");
  const forged = { title: "x", severity: "note", status: "open", site: site.id, author: other.authStore.record.id };
  await assert.rejects(foreman.collection("reports").create(forged), { status: 400 });
  const sent = await report(foreman, "Mine");
  await assert.rejects(foreman.collection("reports").update(sent.id, { author: other.authStore.record.id }), { status: 404 });
});

test("nobody makes himself a member of the office", async () => {
  await assert.rejects(guest.collection("users").create({
    email: "eve@example.com", password: "eve-password", passwordConfirm: "eve-password", role: "office",
  }), { status: 400 });
  await assert.rejects(foreman.collection("users").update(foreman.authStore.record.id, { role: "office" }), { status: 404 });
});

test("a sign-in is refreshed, and a wrong password refused", async () => {
  const { record, token } = await foreman.collection("users").authRefresh();
  assert.equal(record.email, "frank@example.com");
  assert.ok(token.split(".").length === 3);
  await assert.rejects(guest.collection("users").authWithPassword("frank@example.com", "wrong-password"), { status: 400 });
});

test("a photo that is none is refused at its field", async () => {
  const site = await foreman.collection("sites").getFirstListItem("");
  const body = {
    title: "x", severity: "note", status: "open", site: site.id, author: foreman.authStore.record.id,
    photos: [new File(["no image at all"], "photo.jpg", { type: "image/jpeg" })],
  };
  await assert.rejects(foreman.collection("reports").create(body), (error) => {
    assert.equal(error.response.data.photos.code, "validation_invalid_mime_type");
    return true;
  });
});

test("the server says it is healthy", async () => {
  const health = await (await client()).health.check();
  assert.equal(health.code, 200, server);
});
