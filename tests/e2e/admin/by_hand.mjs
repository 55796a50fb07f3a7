// The inspection app's collections, rules and people, set up by hand: from the link of the first start, in the dashboard alone.
import { after, test } from "node:test";
import { close, leave, open, shot } from "./browser.mjs";

after(close);

const SIGNED_IN = '@request.auth.id != ""';
const OFFICE = '@request.auth.role = "office"';
const MINE = "author = @request.auth.id";
const MINE_OR_OFFICE = `${SIGNED_IN} && (${MINE} || ${OFFICE})`;

const editor = (page) => page.getByRole("dialog").first();
const fieldRow = (page, name) => editor(page).getByRole("list", { name: "Fields" }).getByRole("listitem", { name, exact: true });

/** Adds a field of a type; `fill` sets what is particular to it. */
async function addField(page, type, name, fill = async () => {}) {
    await editor(page).getByRole("button", { name: "New field" }).click();
    await editor(page).getByRole("group", { name: "Types of fields" }).getByRole("button", { name: type }).click();
    const added = fieldRow(page, "Field without a name");
    await added.getByLabel("Name of the field").fill(name);
    await added.getByLabel("Name of the field").press("Tab");
    await fill(fieldRow(page, name));
}

const required = (row) => row.getByLabel("Required").click();
const presentable = (row) => row.getByLabel("Presentable").click();
const choices = (...values) => async (row) => {
    await row.getByLabel("Choices").fill(values.join(", "));
};

const pointsTo = (page, collection) => async (row) => {
    await row.getByLabel("Points to").click();
    await page.getByRole("option", { name: new RegExp(`^${collection}`) }).click();
};

const all = (...steps) => async (row) => {
    for (const step of steps) await step(row);
};

async function rules(page, wanted) {
    await editor(page).getByRole("tab", { name: "API rules" }).click();
    for (const [label, text] of Object.entries(wanted)) {
        const rule = editor(page).getByRole("group", { name: label, exact: true });
        await rule.getByText("By a rule").click();
        await rule.getByRole("textbox", { name: `${label} rule` }).fill(text);
    }
}

async function index(page, columns, unique = false) {
    await editor(page).getByRole("tab", { name: "Fields" }).click();
    await editor(page).getByRole("button", { name: "New index" }).click();
    const asked = page.getByRole("dialog", { name: "New index" });
    for (const column of columns) await asked.getByRole("button", { name: column, exact: true }).click();
    if (unique) await asked.getByLabel("Unique").click();
    await asked.getByRole("button", { name: "Add" }).click();
}

async function newCollection(page, name) {
    await page.getByRole("button", { name: /New collection|Create your first collection/ }).click();
    await editor(page).getByLabel("Name", { exact: true }).or(editor(page).locator("[data-collection-name]")).first().fill(name);
}

async function create(page, name) {
    await editor(page).getByRole("button", { name: "Create", exact: true }).click();
    await page.getByText(`Collection ${name} saved.`).waitFor();
}

test("the first superuser", async () => {
    const page = await open(process.env.LINK.split("#")[1], { signedIn: false });
    await page.getByLabel("Email").fill(process.env.EMAIL);
    await page.getByLabel("Password", { exact: true }).fill(process.env.PASSWORD);
    await page.getByRole("button", { name: "Create superuser and sign in" }).click();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    await leave(page);
});

test("accounts have a role that they cannot give themselves", async () => {
    const page = await open("/collections?collection=users");
    await page.getByRole("button", { name: "Settings of the collection" }).or(page.getByRole("button", { name: /settings/i })).first().click();
    await addField(page, "Choice", "role", choices("foreman", "office"));
    await rules(page, {
        "List and search": `id = @request.auth.id || ${OFFICE}`,
        View: `id = @request.auth.id || ${OFFICE}`,
        Create: '@request.body.role:isset = false || @request.body.role = "foreman"',
        Update: "id = @request.auth.id && @request.body.role:changed = false",
    });
    await shot(page, "by-hand-rules");
    await editor(page).getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog", { name: /change/i }).last().getByRole("button", { name: /save/i }).click();
    await page.getByText("Collection users saved.").waitFor();
    await leave(page);
});

test("the sites", async () => {
    const page = await open("/collections");
    await newCollection(page, "sites");
    await addField(page, /^Text/, "name", all(required, presentable));
    await rules(page, { "List and search": SIGNED_IN, View: SIGNED_IN, Create: OFFICE, Update: OFFICE, Delete: OFFICE });
    await index(page, ["name"], true);
    await create(page, "sites");
    await leave(page);
});

test("the reports", async () => {
    const page = await open("/collections");
    await newCollection(page, "reports");
    await addField(page, /^Text/, "title", all(required, presentable));
    await addField(page, /^Text/, "notes");
    await addField(page, "Choice", "severity", all(choices("note", "defect", "danger"), required));
    await addField(page, "Choice", "status", all(choices("open", "done"), required));
    await addField(page, "Files", "photos", async (row) => {
        await row.getByLabel("How many").click();
        await page.getByRole("option", { name: "Several" }).click();
        await row.getByLabel("Largest size").fill(String(20 * 1024 * 1024));
        await row.getByRole("button", { name: "Images" }).click();
        await row.getByLabel("Sizes of small pictures").fill("160x160, 1200x0");
    });
    await addField(page, "Place", "location");
    await addField(page, "Relation", "site", all(pointsTo(page, "sites"), required));
    await addField(page, "Relation", "author", all(pointsTo(page, "users"), required, (row) => row.getByLabel("Delete with it").click()));
    await rules(page, {
        "List and search": MINE_OR_OFFICE,
        View: MINE_OR_OFFICE,
        Create: `${SIGNED_IN} && ${MINE} && status = "open"`,
        Update: `${MINE_OR_OFFICE} && @request.body.author:changed = false`,
        Delete: `${SIGNED_IN} && ${MINE}`,
    });
    await index(page, ["created"]);
    await index(page, ["author", "created"]);
    await shot(page, "by-hand-fields");
    await create(page, "reports");
    await leave(page);
});

async function newRecord(page, fill) {
    await page.getByRole("button", { name: /New record|Create the first record/ }).first().click();
    await fill(editor(page));
    await editor(page).getByRole("button", { name: /^(Create|Save)$/ }).click();
    await page.getByRole("dialog").first().waitFor({ state: "detached" });
}

test("two sites", async () => {
    const page = await open("/collections?collection=sites");
    for (const name of ["Harbour bridge", "Town hall"]) {
        await newRecord(page, (form) => form.getByRole("textbox", { name: "name", exact: true }).fill(name));
        await page.getByRole("gridcell", { name }).or(page.getByRole("cell", { name })).first().waitFor();
    }
    await leave(page);
});

test("two accounts", async () => {
    const page = await open("/collections?collection=users");
    for (const [name, role] of [["Olga", "office"], ["Frank", "foreman"]]) {
        await newRecord(page, async (form) => {
            await form.getByRole("textbox", { name: "email", exact: true }).fill(`${name.toLowerCase()}@example.com`);
            await form.getByLabel(/^password/).first().fill(`${name.toLowerCase()}-password`);
            await form.getByRole("textbox", { name: "name", exact: true }).fill(name);
            await form.getByRole("combobox", { name: "role" }).click();
            await page.getByRole("option", { name: role }).click();
        });
    }
    await shot(page, "by-hand-accounts");
    await leave(page);
});
