// A live list of reports: what the server lets this account see, newest first.
import { pb } from "./session.js";

const order = (a, b) => (a.created < b.created ? 1 : -1);
const expand = "author,site";

function element(tag, attributes = {}, ...children) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...children);
  return node;
}

function photos(report) {
  const links = report.photos.map((name) =>
    element("a", { href: pb.files.getURL(report, name), target: "_blank" },
      element("img", { src: pb.files.getURL(report, name, { thumb: "160x160" }), alt: `Photo of ${report.title}`, loading: "lazy" })));
  return element("div", { className: "photos" }, ...links);
}

function card(report, actions) {
  const { site, author } = report.expand ?? {};
  const when = new Date(report.created.replace(" ", "T")).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  const node = element("li", { className: `report ${report.severity} ${report.status}`, id: report.id },
    element("h2", { textContent: report.title }),
    element("p", { className: "quiet", textContent: [site?.name, author?.name, when].filter(Boolean).join(" · ") }));
  if (report.notes) node.append(element("p", { textContent: report.notes }));
  if (report.photos.length) node.append(photos(report));
  node.append(...actions(report));
  return node;
}

/** Keeps `list` in step with the server until the returned function is called. */
export function showReports(list, { actions = () => [], onCount = () => {}, live }) {
  const known = new Map();
  let ended = false;

  function draw(freshId) {
    list.replaceChildren(...[...known.values()].sort(order).map((r) => card(r, actions)));
    if (freshId) document.getElementById(freshId)?.classList.add("fresh");
    onCount(known.size);
  }
  function heard({ action, record }) {
    if (action === "delete" || action === "leave") known.delete(record.id);
    else known.set(record.id, record);
    draw(action === "create" ? record.id : "");
  }
  // Read again after every (re)connect: what happened meanwhile is in the list, what happens from now on is heard.
  async function read() {
    const page = await pb.collection("reports").getList(1, 200, { sort: "-created", expand, skipTotal: true });
    if (ended) return;
    known.clear();
    page.items.forEach((r) => known.set(r.id, r));
    draw();
    live.textContent = "live";
    live.classList.add("on");
  }
  function lost() {
    live.textContent = "reconnecting";
    live.classList.remove("on");
  }

  pb.realtime.onDisconnect = (topics) => topics.length && lost();
  const subscriptions = [
    pb.collection("reports").subscribe("*", heard, { expand, query: { leave: "1" } }).then((off) => (read().catch(lost), off)),
    pb.realtime.subscribe("PB_CONNECT", () => known.size && read().catch(lost)),
  ];
  return async () => {
    ended = true;
    list.replaceChildren();
    for (const off of subscriptions) await (await off.catch(() => () => {}))();
  };
}
