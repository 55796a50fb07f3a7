import type { Collection } from "../../api/collections.svelte";
import { curl, literal } from "./languages";
import type { Operation } from "./operations";
import { fileFields, sampleBody, sampleRecord } from "./sample";

const FIELDS: [string, string, string] = [
    "fields",
    "text",
    "Which keys the answer has: id,title,expand.author.name; description:excerpt(200,true) shortens.",
];
const EXPAND: [string, string, string] = [
    "expand",
    "text",
    "Relations whose records come along: author,comments_via_post.author; up to 6 deep.",
];
const NOT_FOUND = {
    status: 404,
    body: { data: {}, message: "The requested resource wasn't found.", status: 404 },
    text: "There is no such record, or the rule keeps it from you.",
};

/** Reading and writing records, listening to them, and what goes beyond. */
export function records(collection: Collection, root: string): Operation[] {
    const found = [list(collection, root), view(collection, root)];
    if (collection.type === "view") return [...found, cursor(collection, root), aggregate(collection, root)];
    return [
        ...found,
        create(collection, root),
        update(collection, root),
        remove(collection, root),
        batch(collection, root),
        listen(collection, root),
        cursor(collection, root),
        aggregate(collection, root),
        bulk(collection, root),
        resume(collection, root),
    ];
}

const path = (collection: Collection, id = false): string => `/api/collections/${collection.name}/records${id ? "/RECORD_ID" : ""}`;

/** A filter that makes sense for the collection. */
function someFilter(collection: Collection): string {
    const field =
        collection.fields.find((one) => ["autodate", "date"].includes(one.type)) ?? collection.fields.find((one) => one.type === "number");
    return field ? `${field.name} > ${field.type === "number" ? "10" : "@monthStart"}` : "id != ''";
}

const someSort = (collection: Collection): string => (collection.fields.some((one) => one.name === "created") ? "-created" : "-id");

function list(collection: Collection, root: string): Operation {
    const { name } = collection;
    const [filter, sort] = [someFilter(collection), someSort(collection)];
    return {
        id: "list",
        label: "List and search",
        group: "Records",
        method: "GET",
        path: path(collection),
        rule: "listRule",
        text: "A page of the records you may list. What the rule keeps from you is left out, without an error.",
        parameters: [
            ["page, perPage", "number", "From 1; 30 a page unless said otherwise, 1,000 at the most."],
            ["sort", "text", "Fields, - in front for descending: -created,title. @random and @rowid too."],
            ["filter", "text", "As a rule is written: status = 'open' && author.name ~ 'ann'."],
            EXPAND,
            FIELDS,
            ["skipTotal", "bool", "Leaves out the count, which is the slow part of large lists."],
        ],
        snippets: {
            javascript: `// a page\nconst page = await pb.collection("${name}").getList(1, 50, {\n    filter: ${JSON.stringify(filter)},\n    sort: "${sort}",\n});\n\n// all of them\nconst all = await pb.collection("${name}").getFullList({ sort: "${sort}" });\n\n// the first that fits; values are put in safely\nconst one = await pb.collection("${name}").getFirstListItem(pb.filter("id = {:id}", { id: "RECORD_ID" }));`,
            python: `page = pb.collection("${name}").get_list(1, 50, {"filter": ${JSON.stringify(filter)}, "sort": "${sort}"})\n\nevery = pb.collection("${name}").get_full_list()`,
            dart: `final page = await pb.collection('${name}').getList(\n    page: 1,\n    perPage: 50,\n    filter: ${JSON.stringify(filter)},\n    sort: '${sort}',\n);\n\nfinal all = await pb.collection('${name}').getFullList(sort: '${sort}');`,
            curl: curl("GET", root + path(collection), { token: true, query: { perPage: "50", filter, sort } }),
        },
        answers: [
            { status: 200, body: { items: [sampleRecord(collection)], page: 1, perPage: 50, totalItems: 1, totalPages: 1 } },
            {
                status: 400,
                body: { data: {}, message: "Something went wrong while processing your request. Invalid filter.", status: 400 },
                text: "The filter or sort cannot be understood.",
            },
        ],
    };
}

function view(collection: Collection, root: string): Operation {
    return {
        id: "view",
        label: "View one",
        group: "Records",
        method: "GET",
        path: path(collection, true),
        rule: "viewRule",
        text: "One record by its id. The answer's ETag says which state it is: send it as If-None-Match to be told whether it changed.",
        parameters: [EXPAND, FIELDS],
        snippets: {
            javascript: `const record = await pb.collection("${collection.name}").getOne("RECORD_ID", { expand: "" });`,
            python: `record = pb.collection("${collection.name}").get_one("RECORD_ID")`,
            dart: `final record = await pb.collection('${collection.name}').getOne('RECORD_ID');`,
            curl: curl("GET", root + path(collection, true), { token: true }),
        },
        answers: [{ status: 200, body: sampleRecord(collection) }, NOT_FOUND],
    };
}

function create(collection: Collection, root: string): Operation {
    const body = sampleBody(collection);
    const files = fileFields(collection);
    const upload = files[0]
        ? `\n\n// with a file: a File, Blob or FormData is sent as a form\nawait pb.collection("${collection.name}").create({ ...data, ${files[0].name}: input.files[0] });`
        : "";
    return {
        id: "create",
        label: "Create",
        group: "Records",
        method: "POST",
        path: path(collection),
        rule: "createRule",
        text: "JSON, or a form (multipart) where files are sent. An id of your own may come along: 15 of a-z and 0-9.",
        parameters: [EXPAND, FIELDS],
        snippets: {
            javascript: `const data = ${literal(body, "javascript")};\n\nconst record = await pb.collection("${collection.name}").create(data);${upload}`,
            python: `record = pb.collection("${collection.name}").create(${literal(body, "python")})`,
            dart: `final record = await pb.collection('${collection.name}').create(\n    body: <String, dynamic>${literal(body, "dart", 1)},\n);`,
            curl:
                curl("POST", root + path(collection), { token: true, body }) +
                (files[0]
                    ? `\n\n# with a file\ncurl -X POST '${root}${path(collection)}' \\\n  -H 'Authorization: TOKEN' -F '${files[0].name}=@photo.jpg'`
                    : ""),
        },
        answers: [{ status: 200, body: sampleRecord(collection) }, refused(collection, "create")],
    };
}

function refused(collection: Collection, verb: "create" | "update"): { status: number; body: unknown; text: string } {
    const field = Object.keys(sampleBody(collection))[0] ?? "id";
    return {
        status: 400,
        body: {
            data: { [field]: { code: "validation_required", message: "Cannot be blank." } },
            message: `Failed to ${verb} record.`,
            status: 400,
        },
        text: "data says which field and why. A rule that says no to a create is 400 with empty data.",
    };
}

function update(collection: Collection, root: string): Operation {
    const body = Object.fromEntries(
        Object.entries(sampleBody(collection))
            .filter(([key]) => !["email", "password", "passwordConfirm"].includes(key))
            .slice(0, 3),
    );
    const number = collection.fields.find((field) => field.type === "number");
    const step = number
        ? `\n\n// added where it is stored: nothing is lost when many do it at once\nawait pb.collection("${collection.name}").update("RECORD_ID", { "${number.name}+": 1 });`
        : "";
    return {
        id: "update",
        label: "Update",
        group: "Records",
        method: "PATCH",
        path: path(collection, true),
        rule: "updateRule",
        text: "Changes the fields that are sent. field+ and field- add to and take from numbers, selects, relations and files. If-Match with an ETag refuses (412) where somebody else was faster.",
        parameters: [EXPAND, FIELDS],
        snippets: {
            javascript: `const record = await pb.collection("${collection.name}").update("RECORD_ID", ${literal(body, "javascript")});${step}`,
            python: `record = pb.collection("${collection.name}").update("RECORD_ID", ${literal(body, "python")})`,
            dart: `final record = await pb.collection('${collection.name}').update('RECORD_ID',\n    body: <String, dynamic>${literal(body, "dart", 1)},\n);`,
            curl: curl("PATCH", root + path(collection, true), { token: true, body }),
        },
        answers: [{ status: 200, body: sampleRecord(collection) }, refused(collection, "update"), NOT_FOUND],
    };
}

function remove(collection: Collection, root: string): Operation {
    return {
        id: "delete",
        label: "Delete",
        group: "Records",
        method: "DELETE",
        path: path(collection, true),
        rule: "deleteRule",
        text: "Deletes one record, its files, and what refers to it with cascade delete.",
        snippets: {
            javascript: `await pb.collection("${collection.name}").delete("RECORD_ID");`,
            python: `pb.collection("${collection.name}").delete("RECORD_ID")`,
            dart: `await pb.collection('${collection.name}').delete('RECORD_ID');`,
            curl: curl("DELETE", root + path(collection, true), { token: true }),
        },
        answers: [{ status: 204, body: null }, NOT_FOUND],
    };
}

function batch(collection: Collection, root: string): Operation {
    const { name } = collection;
    const body = {
        requests: [
            { method: "POST", url: path(collection), body: sampleBody(collection) },
            { method: "DELETE", url: path(collection, true) },
        ],
    };
    return {
        id: "batch",
        label: "Batch",
        group: "Records",
        method: "POST",
        path: "/api/batch",
        text: "Many writes in one transaction: all of them or none. Switched on in the settings.",
        snippets: {
            javascript: `const batch = pb.createBatch();\n\nbatch.collection("${name}").create(${literal(sampleBody(collection), "javascript")});\nbatch.collection("${name}").upsert({ id: "RECORD_ID" });\nbatch.collection("${name}").delete("RECORD_ID");\n\nconst results = await batch.send();`,
            python: `batch = pb.create_batch()\n\nbatch.collection("${name}").create(${literal(sampleBody(collection), "python")})\nbatch.collection("${name}").delete("RECORD_ID")\n\nresults = batch.send()`,
            dart: `final batch = pb.createBatch();\n\nbatch.collection('${name}').create(body: <String, dynamic>${literal(sampleBody(collection), "dart")});\nbatch.collection('${name}').delete('RECORD_ID');\n\nfinal results = await batch.send();`,
            curl: curl("POST", `${root}/api/batch`, { token: true, body }),
        },
        answers: [
            {
                status: 200,
                body: [
                    { status: 200, body: sampleRecord(collection) },
                    { status: 204, body: null },
                ],
            },
            {
                status: 400,
                body: {
                    data: {
                        requests: {
                            0: {
                                code: "batch_request_failed",
                                message: "Batch request failed.",
                                response: { data: {}, message: "Failed to create record.", status: 400 },
                            },
                        },
                    },
                    message: "Batch transaction failed.",
                    status: 400,
                },
                text: "One failed, so nothing was written.",
            },
        ],
    };
}

function listen(collection: Collection, root: string): Operation {
    const { name } = collection;
    return {
        id: "realtime",
        label: "Listen",
        group: "Live",
        method: "GET",
        path: "/api/realtime",
        rule: "listRule",
        text: "Server-sent events of every change that you may see, in the order of the commits. * is asked of the list rule, a single record of the view rule.",
        parameters: [["filter, expand, fields", "text", "As in a list, in the options of a topic."]],
        snippets: {
            javascript: `// every record\nconst stop = await pb.collection("${name}").subscribe("*", ({ action, record }) => {\n    console.log(action, record);\n}, { filter: ${JSON.stringify(someFilter(collection))} });\n\n// one record\nawait pb.collection("${name}").subscribe("RECORD_ID", ({ record }) => console.log(record));\n\nawait stop();`,
            python: `def told(event):\n    print(event.action, event.record)\n\npb.collection("${name}").subscribe(told)\npb.collection("${name}").subscribe_one("RECORD_ID", told)`,
            dart: `await pb.collection('${name}').subscribe('*', (e) {\n    print(e.action);\n    print(e.record);\n});\n\nawait pb.collection('${name}').unsubscribe('*');`,
            curl: `curl -N '${root}/api/realtime'\n\n# the first event tells the client id; then say what is to be heard\n${curl("POST", `${root}/api/realtime`, { token: true, body: { clientId: "CLIENT_ID", subscriptions: [`${name}/*`] } })}`,
        },
        answers: [{ status: 200, body: { action: "create", record: sampleRecord(collection) }, text: "The data of an event." }],
    };
}

function resume(collection: Collection, root: string): Operation {
    const topic = `${collection.name}/*`;
    return {
        id: "resume",
        label: "Miss nothing",
        group: "Beyond PocketBase",
        method: "GET",
        path: "/api/realtime?since=POSITION",
        text: "Every event carries its position in the change log as its id. Who comes back with the last one hears exactly what followed, in order, nothing twice. leave=1 also tells of records that went out of sight.",
        parameters: [
            ["since", "text", "The position after which the stream goes on; Last-Event-ID works too."],
            ["leave", "1", "An event leave for records that no longer match rule or filter."],
        ],
        snippets: {
            javascript: `let position = localStorage.getItem("position") ?? "";\nconst events = new EventSource(\`${root}/api/realtime?leave=1&since=\${position}\`);\n\nevents.addEventListener("PB_CONNECT", (event) =>\n    fetch("${root}/api/realtime", {\n        method: "POST",\n        headers: { "Content-Type": "application/json", Authorization: pb.authStore.token },\n        body: JSON.stringify({ clientId: event.lastEventId, subscriptions: ["${topic}"] }),\n    }),\n);\nevents.addEventListener("${topic}", (event) => {\n    localStorage.setItem("position", event.lastEventId);\n    console.log(JSON.parse(event.data));\n});`,
            python: `# the SDK asks for no positions; a stream of your own does, with the last id you got\nimport httpx\n\nwith httpx.stream("GET", "${root}/api/realtime?leave=1&since=" + position, timeout=None) as stream:\n    for line in stream.iter_lines():\n        print(line)`,
            dart: `// per topic, in its options; with position=1 it also comes in the event's data\nawait pb.collection('${collection.name}').subscribe('*', (e) {\n    print(e.record);\n}, query: {'since': position, 'position': '1', 'leave': '1'});`,
            curl: `curl -N '${root}/api/realtime?since=POSITION&leave=1'`,
        },
        answers: [
            {
                status: 200,
                body: { action: "leave", record: { collectionId: collection.id, collectionName: collection.name, id: "RECORD_ID" } },
                text: "A record went out of sight.",
            },
        ],
    };
}

function cursor(collection: Collection, root: string): Operation {
    const sort = someSort(collection);
    return {
        id: "cursor",
        label: "Deep lists",
        group: "Beyond PocketBase",
        method: "GET",
        path: `${path(collection)}?after=`,
        rule: "listRule",
        text: "Pages by cursor: the first with an empty after, each next one with the cursor the last answered, until next is null. A page costs the same however deep it lies, and nothing is skipped while others write.",
        snippets: {
            javascript: `let after = "";\ndo {\n    const page = await pb.send("${path(collection)}", { query: { after, sort: "${sort}", perPage: 200 } });\n    console.log(page.items);\n    after = page.next;\n} while (after);`,
            python: `after = ""\nwhile after is not None:\n    page = pb.send("${path(collection)}", {"method": "GET", "params": {"after": after, "sort": "${sort}"}})\n    print(page["items"])\n    after = page["next"]`,
            dart: `var after = '';\nwhile (true) {\n    final page = await pb.send('${path(collection)}', query: {'after': after, 'sort': '${sort}'});\n    print(page['items']);\n    if (page['next'] == null) break;\n    after = page['next'];\n}`,
            curl: curl("GET", root + path(collection), { token: true, query: { after: "", sort } }),
        },
        answers: [
            {
                status: 200,
                body: { items: [sampleRecord(collection)], next: "CURSOR", page: -1, perPage: 30, totalItems: -1, totalPages: -1 },
            },
        ],
    };
}

function aggregate(collection: Collection, root: string): Operation {
    const number = collection.fields.find((field) => field.type === "number")?.name;
    const group = collection.fields.find((field) => ["select", "bool", "relation"].includes(field.type))?.name;
    const wanted = ["count", ...(number ? [`sum:${number}`, `avg:${number}`] : [])].join(",");
    const query = { aggregate: wanted, ...(group ? { group } : {}) };
    const item = {
        ...(group ? { group: { [group]: "…" } } : {}),
        count: 12,
        ...(number ? { sum: { [number]: 310.5 }, avg: { [number]: 25.9 } } : {}),
    };
    return {
        id: "aggregate",
        label: "Counts and sums",
        group: "Beyond PocketBase",
        method: "GET",
        path: `${path(collection)}?aggregate=`,
        rule: "listRule",
        text: "Counts, sums, averages, least and greatest values of the records you may list, grouped by fields.",
        parameters: [
            ["aggregate", "text", "count, sum:, avg:, min:, max: with a field."],
            ["group", "text", "Fields or paths."],
            ["filter", "text", "As in a list."],
        ],
        snippets: {
            javascript: `const { items } = await pb.send("${path(collection)}", { query: ${literal(query, "javascript")} });`,
            python: `items = pb.send("${path(collection)}", {"method": "GET", "params": ${literal(query, "python")}})["items"]`,
            dart: `final answer = await pb.send('${path(collection)}', query: ${literal(query, "dart")});`,
            curl: curl("GET", root + path(collection), { token: true, query }),
        },
        answers: [{ status: 200, body: { items: [item], page: 1, perPage: 30, totalItems: 1, totalPages: 1 } }],
    };
}

function bulk(collection: Collection, root: string): Operation {
    const filter = someFilter(collection);
    return {
        id: "bulk",
        label: "Many at once",
        group: "Beyond PocketBase",
        method: "DELETE",
        path: `${path(collection)}?filter=`,
        rule: "deleteRule",
        text: "PATCH changes, DELETE deletes all records that a filter finds and your rules allow, in one transaction.",
        parameters: [
            ["filter", "text", "Required."],
            ["limit", "number", "The first so many; more in the answer says whether any are left."],
        ],
        snippets: {
            javascript: `const { count } = await pb.send("${path(collection)}", {\n    method: "DELETE",\n    query: { filter: ${JSON.stringify(filter)} },\n});`,
            python: `count = pb.send("${path(collection)}", {"method": "DELETE", "params": {"filter": ${JSON.stringify(filter)}}})["count"]`,
            dart: `final answer = await pb.send('${path(collection)}', method: 'DELETE', query: {'filter': ${JSON.stringify(filter)}});`,
            curl: `curl -X DELETE '${root}${path(collection)}?filter=${encodeURIComponent(filter)}' \\\n  -H 'Authorization: TOKEN'`,
        },
        answers: [{ status: 200, body: { count: 3, more: false } }],
    };
}
