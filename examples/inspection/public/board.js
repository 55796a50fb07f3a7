// The office's page: every report, live, and a way to close it.
import { pb, $, reason, watchSession } from "./session.js";
import { showReports } from "./reports.js";

let stop = null;

function closing(report) {
  if (report.status === "done") return [];
  const button = Object.assign(document.createElement("button"), { textContent: "Mark done" });
  button.addEventListener("click", () =>
    pb.collection("reports").update(report.id, { status: "done" }).catch((error) => alert(reason(error))));
  return [button];
}

watchSession(async (user) => {
  $("#live").hidden = !user;
  $("#empty").hidden = true;
  await stop?.();
  stop = null;
  if (user) {
    stop = showReports($("#reports"), {
      live: $("#live"), actions: closing, onCount: (count) => ($("#empty").hidden = count > 0),
    });
  }
});
