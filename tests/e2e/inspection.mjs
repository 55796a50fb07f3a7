// What the tests of the inspection app share: the people, their photos and how to wait.
import { EventSource } from "eventsource";
import PocketBase from "pocketbase";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

globalThis.EventSource = EventSource; // the SDK expects the browser's

export const server = process.env.SERVER;
export const photoPaths = process.env.PHOTOS.split(":");

export async function photos() {
  return Promise.all(photoPaths.map(async (path) => new File([await readFile(path)], basename(path), { type: "image/jpeg" })));
}

/** A client of its own, signed in as the person of that name, or a guest. */
export async function client(name) {
  const pb = new PocketBase(server);
  pb.autoCancellation(false);
  if (name) await pb.collection("users").authWithPassword(`${name}@example.com`, `${name}-password`);
  return pb;
}

/** Signs a new foreman up, as the app's page does, and in. */
export async function newForeman(name) {
  const pb = await client();
  const password = `${name}-password`;
  await pb.collection("users").create({ email: `${name}@example.com`, password, passwordConfirm: password, name, role: "foreman" });
  await pb.collection("users").authWithPassword(`${name}@example.com`, password);
  return pb;
}

/** A report of this foreman's, sent. */
export async function report(pb, title, files = []) {
  const site = await pb.collection("sites").getFirstListItem("", { sort: "name" });
  return pb.collection("reports").create({
    title, severity: "danger", status: "open", site: site.id, author: pb.authStore.record.id, photos: files,
  });
}

/** Collects what a subscription hears; `until(n)` waits for the nth message. */
export async function listen(pb, topic, options) {
  const heard = [];
  let wake = () => {};
  const off = await pb.collection("reports").subscribe(topic, (message) => (heard.push(message), wake()), options);
  async function until(count, milliseconds = 5000) {
    const timeout = AbortSignal.timeout(milliseconds);
    while (heard.length < count) {
      if (timeout.aborted) throw new Error(`heard ${heard.length} of ${count} messages: ${JSON.stringify(heard)}`);
      await Promise.race([new Promise((r) => (wake = r)), new Promise((r) => setTimeout(r, 100))]);
    }
    return heard;
  }
  return { heard, until, off };
}
