// Who is signed in, and the forms that change it.
import PocketBase, { ClientResponseError } from "./pocketbase.es.mjs";

export const pb = new PocketBase(location.origin);
pb.autoCancellation(false);

export const $ = (selector, root = document) => root.querySelector(selector);

/** The server's own words for what it refused: the first field's message, else the general one. */
export function reason(error) {
  if (!(error instanceof ClientResponseError)) return String(error.message ?? error);
  if (!error.status) return "No connection to the server.";
  const [field, detail] = Object.entries(error.response.data ?? {})[0] ?? [];
  return field ? `${field}: ${detail.message}` : error.response.message;
}

/** Runs a form's work, its buttons locked meanwhile, and shows what was refused inside the form. */
export function onSubmit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = $(".error", form);
    problem.hidden = true;
    form.querySelectorAll("button").forEach((b) => (b.disabled = true));
    try {
      await work(new FormData(form), event.submitter);
    } catch (error) {
      problem.textContent = reason(error);
      problem.hidden = false;
    }
    form.querySelectorAll("button").forEach((b) => (b.disabled = false));
  });
}

async function signUp(data) {
  const [email, password] = [data.get("email"), data.get("password")];
  await pb.collection("users").create({
    email, password, passwordConfirm: password, name: data.get("name"), role: "foreman",
  });
}

/** Wires the sign-in form and the sign-out button; calls back whenever who is signed in changes. */
export function watchSession(callback) {
  onSubmit($("#account"), async (data, button) => {
    if (button?.name === "signup") await signUp(data);
    await pb.collection("users").authWithPassword(data.get("email"), data.get("password"));
  });
  $("#signout").addEventListener("click", () => pb.authStore.clear());
  pb.authStore.onChange(() => {
    const user = pb.authStore.isValid ? pb.authStore.record : null;
    $("#welcome").hidden = !!user;
    $("#signout").hidden = !user;
    callback(user);
  }, true);
}
