// The link printed at the first start carries a token that may make one superuser: #/pbinstall/TOKEN
const token = location.hash.match(/^#\/pbinstall\/([\w.-]+)/)?.[1];
const install = document.querySelector("#install");
const form = install.querySelector("form");
const alert = form.querySelector("[role=alert]");

function sentence(answer) {
    const field = Object.entries(answer.data ?? {})[0];
    return field ? `${field[0]}: ${field[1].message}` : answer.message ?? "The server did not say why.";
}

async function create(event) {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    alert.textContent = "";
    try {
        const answer = await fetch("../api/collections/_superusers/records", {
            method: "POST",
            headers: { "Content-Type": "application/json", Authorization: token },
            body: JSON.stringify(Object.fromEntries(new FormData(form))),
        });
        if (!answer.ok) throw new Error(sentence(await answer.json()));
        history.replaceState(null, "", location.pathname);
        install.hidden = true;
        document.querySelector("#done").hidden = false;
    } catch (error) {
        alert.textContent = error.message;
    } finally {
        button.disabled = false;
    }
}

if (token) {
    install.hidden = false;
    form.addEventListener("submit", create);
}
