// Reports that were not answered yet. They outlive a lost connection and a closed page:
// each has its id from the start, so sending one twice makes it once.
import { pb } from "./session.js";

const store = new Promise((resolve, reject) => {
  const request = indexedDB.open("inspection", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("outbox", { keyPath: "id" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function inStore(mode, work) {
  const outbox = (await store).transaction("outbox", mode).objectStore("outbox");
  return new Promise((resolve, reject) => {
    const request = work(outbox);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function newId() {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from(crypto.getRandomValues(new Uint8Array(15)), (n) => letters[n % 36]).join("");
}

/** Puts a report (plain values, `photos` a list of files) into the outbox. */
export const enqueue = (report) => inStore("readwrite", (s) => s.put({ ...report, id: newId(), status: "open" }));

/** How many of this author's reports still wait. */
export const waiting = async (author) => (await pending(author)).length;

const pending = async (author) => (await inStore("readonly", (s) => s.getAll())).filter((r) => r.author === author);

async function send(report) {
  try {
    await pb.collection("reports").create(report);
  } catch (error) {
    const arrivedBefore = error.response?.data?.id;
    if (!arrivedBefore && error.status !== 400) throw error;
    if (!arrivedBefore) {
      await inStore("readwrite", (s) => s.delete(report.id));
      throw error;
    }
  }
  await inStore("readwrite", (s) => s.delete(report.id));
}

let sending = null;

/** Sends all that waits, oldest first; stops at the first that can't go out and says why by raising. */
export function flush(author) {
  sending ??= (async () => {
    for (const report of await pending(author)) await send(report);
  })().finally(() => (sending = null));
  return sending;
}
