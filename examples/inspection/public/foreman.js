// The foreman's page: sign in, send reports with photos, see one's own.
import { pb, $, onSubmit, reason, watchSession } from "./session.js";
import { enqueue, flush, waiting } from "./outbox.js";
import { showReports } from "./reports.js";

const form = $("#report");
let stop = null;

async function fillSites() {
  const sites = await pb.collection("sites").getFullList({ sort: "name", fields: "id,name" });
  form.site.replaceChildren(...sites.map((s) => new Option(s.name, s.id)));
}

async function tellWaiting() {
  const count = await waiting(pb.authStore.record?.id);
  $("#waiting").textContent = count ? `${count} waiting for a connection. Keep working, they will go out.` : "";
}

async function push() {
  if (!pb.authStore.isValid) return;
  try {
    await flush(pb.authStore.record.id);
  } catch (error) {
    if (error.status === 400) throw error;
  } finally {
    await tellWaiting();
  }
}

form.photos.addEventListener("change", () => {
  $("#preview").replaceChildren(...[...form.photos.files].map((file) =>
    Object.assign(new Image(), { src: URL.createObjectURL(file), alt: file.name })));
});

onSubmit(form, async (data) => {
  const photos = data.getAll("photos").filter((f) => f.size);
  const { site, title, severity, notes } = Object.fromEntries(data);
  await enqueue({ site, title, severity, notes, photos, author: pb.authStore.record.id });
  await push();
  form.reset();
  $("#preview").replaceChildren();
});

addEventListener("online", () => push().catch((error) => ($("#waiting").textContent = reason(error))));
setInterval(() => push().catch(() => {}), 15_000);

watchSession(async (user) => {
  $("#compose").hidden = $("#own").hidden = !user;
  await stop?.();
  stop = null;
  if (!user) return;
  stop = showReports($("#reports"), { live: $("#live") });
  await fillSites();
  await push().catch(() => {});
});
