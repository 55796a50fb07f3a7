"""Makes the inspection app's collections and rules on a running server, over its REST API.

    python setup.py http://127.0.0.1:8090 you@example.com your-password [--demo]

Safe to run again: what exists is brought to the state below, records stay. With --demo it also
makes two sites, an office account and a foreman (their sign-in is printed).
Needs nothing but Python's standard library.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

SIGNED_IN = '@request.auth.id != ""'
OFFICE = '@request.auth.role = "office"'
OWN_REPORT = "author = @request.auth.id"

ROLE = {"name": "role", "type": "select", "values": ["foreman", "office"], "maxSelect": 1}
STAMPS = [
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
]

SITES: dict[str, Any] = {
    "name": "sites",
    "type": "base",
    "listRule": SIGNED_IN,
    "viewRule": SIGNED_IN,
    "createRule": OFFICE,
    "updateRule": OFFICE,
    "deleteRule": OFFICE,
    "fields": [{"name": "name", "type": "text", "required": True, "max": 200, "presentable": True}, *STAMPS],
    "indexes": ["CREATE UNIQUE INDEX `idx_sites_name` ON `sites` (`name`)"],
}

USER_RULES: dict[str, Any] = {
    "listRule": f"id = @request.auth.id || {OFFICE}",
    "viewRule": f"id = @request.auth.id || {OFFICE}",
    "createRule": '@request.body.role:isset = false || @request.body.role = "foreman"',
    "updateRule": "id = @request.auth.id && @request.body.role:changed = false",
}


def reports(users: str, sites: str) -> dict[str, Any]:
    """The reports collection: a foreman makes and sees his own, the office sees all and closes them."""
    mine_or_office = f"{SIGNED_IN} && ({OWN_REPORT} || {OFFICE})"
    return {
        "name": "reports",
        "type": "base",
        "listRule": mine_or_office,
        "viewRule": mine_or_office,
        "createRule": f'{SIGNED_IN} && {OWN_REPORT} && status = "open"',
        "updateRule": f"{mine_or_office} && @request.body.author:changed = false",
        "deleteRule": f"{SIGNED_IN} && {OWN_REPORT}",
        "fields": [
            {"name": "title", "type": "text", "required": True, "max": 200, "presentable": True},
            {"name": "notes", "type": "text", "max": 5000},
            {"name": "severity", "type": "select", "values": ["note", "defect", "danger"], "required": True, "maxSelect": 1},
            {"name": "status", "type": "select", "values": ["open", "done"], "required": True, "maxSelect": 1},
            {
                "name": "photos",
                "type": "file",
                "maxSelect": 10,
                "maxSize": 20 * 1024 * 1024,
                "mimeTypes": ["image/jpeg", "image/png", "image/webp"],
                "thumbs": ["160x160", "1200x0"],
            },
            {"name": "location", "type": "geoPoint"},
            {"name": "site", "type": "relation", "collectionId": sites, "required": True, "maxSelect": 1},
            {"name": "author", "type": "relation", "collectionId": users, "required": True, "maxSelect": 1, "cascadeDelete": True},
            *STAMPS,
        ],
        "indexes": [
            "CREATE INDEX `idx_reports_created` ON `reports` (`created`)",
            "CREATE INDEX `idx_reports_author` ON `reports` (`author`, `created`)",
        ],
    }


class Server:
    """The few REST calls this script needs, as a superuser."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self.url = url.rstrip("/")
        self.token = ""
        answer = self.ask("POST", "/api/collections/_superusers/auth-with-password", {"identity": email, "password": password})
        self.token = answer["token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; exits with the server's own words when it is refused."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **({"Authorization": self.token} if self.token else {})}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path} was refused: {error.read().decode()}")
        except urllib.error.URLError as error:
            sys.exit(f"No server at {self.url}: {error.reason}. Start one with: pbtornado serve")

    def collections(self) -> dict[str, Any]:
        """All collections by name."""
        return {c["name"]: c for c in self.ask("GET", "/api/collections?perPage=500")["items"]}

    def ensure(self, wanted: dict[str, Any]) -> str:
        """Makes the collection, or brings the one of that name to this state; answers its id."""
        found = self.collections().get(wanted["name"])
        if found is None:
            return str(self.ask("POST", "/api/collections", wanted)["id"])
        ids = {f["name"]: f["id"] for f in found["fields"]}
        fields = [{**f, "id": ids[f["name"]]} if f["name"] in ids else f for f in wanted["fields"]]
        kept = [f for f in found["fields"] if f["name"] == "id"]
        return str(self.ask("PATCH", f"/api/collections/{found['id']}", {**wanted, "fields": kept + fields})["id"])

    def ensure_record(self, collection: str, key: str, record: dict[str, Any]) -> None:
        """Makes the record unless one with the same `key` is there."""
        filter_ = urllib.parse.quote(f'{key} = "{record[key]}"')
        if not self.ask("GET", f"/api/collections/{collection}/records?filter={filter_}")["items"]:
            self.ask("POST", f"/api/collections/{collection}/records", record)


def make_collections(server: Server) -> None:
    """The users' role and rules, then sites, then reports."""
    users = server.collections()["users"]
    fields = users["fields"] if any(f["name"] == "role" for f in users["fields"]) else [*users["fields"], ROLE]
    server.ask("PATCH", f"/api/collections/{users['id']}", {**USER_RULES, "fields": fields})
    sites = server.ensure(SITES)
    server.ensure(reports(users["id"], sites))


def make_demo(server: Server) -> None:
    """Two sites and two people to try the app with."""
    for site in ("Harbour bridge", "Town hall"):
        server.ensure_record("sites", "name", {"name": site})
    for name, role in (("Olga", "office"), ("Frank", "foreman")):
        email, password = f"{name.lower()}@example.com", f"{name.lower()}-password"
        person = {"email": email, "password": password, "passwordConfirm": password, "name": name, "role": role}
        server.ensure_record("users", "email", person)
        print(f"  {role:8} {email} / {password}")


def main() -> None:
    """Reads the command line and makes everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("email", help="a superuser's email")
    parser.add_argument("password")
    parser.add_argument("--demo", action="store_true", help="also make two sites and two accounts")
    options = parser.parse_args()
    server = Server(options.url, options.email, options.password)
    make_collections(server)
    print("Collections users, sites and reports are ready.")
    if options.demo:
        make_demo(server)
    print(f"Foremen: {server.url}/    Office: {server.url}/board.html")


if __name__ == "__main__":
    main()
