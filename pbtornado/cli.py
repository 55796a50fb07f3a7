"""The command line. Whatever a command needs is imported when it runs, so that help comes at once."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import __version__
from .commands.records import add_records, records
from .commands.refusal import Refusal
from .config import Options

if TYPE_CHECKING:
    from .app import App
    from .auth.superusers import Superusers

ABOUT = "A self-hosted realtime backend: PocketBase's API, with a change log as its spine."
EXAMPLES = """\
examples:
  pbtornado serve                                       serve ./pb_data at http://127.0.0.1:8090
  pbtornado serve --http 0.0.0.0:80 --dir /var/lib/app  for everybody, on another directory
  pbtornado superuser create me@example.com             make the first superuser; asks for the password
  pbtornado records export posts --output posts.csv     the records of a collection, as a file
  pbtornado serve --help                                all options of a command
"""
SERVE_EXAMPLES = """\
examples:
  pbtornado serve --http :8090                 on all addresses of this machine
  pbtornado serve --workers 1                  one process, as much as a small machine needs
  pbtornado serve --publicDir ./site           the files of ./site at /, unknown paths show its index.html
  pbtornado serve --origins https://example.com,https://www.example.com
  pbtornado serve --dir ./pb_data --keepBcrypt  on a directory that PocketBase shall be able to use again

Ctrl-C or SIGTERM ends it: open requests get their answers first.
"""
SUPERUSER_EXAMPLES = """\
examples:
  pbtornado superuser create me@example.com 'a long password'
  pbtornado superuser create me@example.com             asks for the password, so that no shell remembers it
  echo 'a long password' | pbtornado superuser upsert me@example.com
  pbtornado superuser delete me@example.com --dir /var/lib/app

They may be run while the server runs on the same directory.
"""
SUPERUSER_VERBS = {
    "create": "make a superuser",
    "update": "give a superuser another password",
    "upsert": "make a superuser, or give the one there is another password",
    "delete": "remove a superuser",
}


class Parser(ArgumentParser):
    """Says what is wrong in one line, and where to read on."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": RawDescriptionHelpFormatter, "allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. See `{self.prog} --help`.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; the exit code: 0 done, 1 refused, 2 not understood."""
    known = parser()
    asked = known.parse_args(arguments)
    if asked.command is None:
        known.print_help()
        return 2
    try:
        return {"serve": serve, "superuser": superuser, "records": records}[asked.command](asked)
    except Refusal as refusal:
        print(f"pbtornado: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


# ---- what may be said


def parser() -> ArgumentParser:
    """Everything that can be said on the command line."""
    everywhere = Parser(add_help=False)
    everywhere.add_argument(
        "--dir", metavar="DIR", type=Path, default=SUPPRESS, help="the data directory (default ./pb_data); made where it is missing"
    )
    top = Parser("pbtornado", description=ABOUT, epilog=EXAMPLES, parents=[everywhere])
    top.add_argument("-v", "--version", action="version", version=f"pbtornado {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    add_serve(commands.add_parser("serve", help="start the server", epilog=SERVE_EXAMPLES, parents=[everywhere]))
    people = commands.add_parser("superuser", help="manage superusers", epilog=SUPERUSER_EXAMPLES, parents=[everywhere])
    verbs = people.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    for verb, about in SUPERUSER_VERBS.items():
        add_superuser(verbs.add_parser(verb, help=about, description=about.capitalize() + ".", parents=[everywhere]), verb)
    add_records(commands.add_parser("records", help="export and import records", parents=[everywhere]), [everywhere])
    return top


def add_serve(command: ArgumentParser) -> None:
    """The options of `serve`."""
    add = command.add_argument
    command.description = "Starts the server."
    add("--http", metavar="ADDR", type=address, default=("127.0.0.1", 8090), help="host:port to listen on (default 127.0.0.1:8090)")
    add("--workers", metavar="N", type=count, default=0, help="processes that serve (default one per core)")
    add("--publicDir", metavar="DIR", type=Path, help="static files served at / (default ./pb_public where that exists)")
    switch(command, "--indexFallback", True, "unknown static paths show index.html (default true)")
    add("--origins", metavar="LIST", type=origins, default=("*",), help="origins that browsers may call from, with commas (default *)")
    switch(command, "--keepBcrypt", False, "keep password hashes such as PocketBase can check (default false: argon2id)")


def switch(command: ArgumentParser, name: str, default: bool, help: str) -> None:
    """An option that is true where it is just named."""
    command.add_argument(name, metavar="true|false", nargs="?", const=True, default=default, type=truth, help=help)


def add_superuser(command: ArgumentParser, verb: str) -> None:
    """The arguments of a verb of `superuser`."""
    command.add_argument("email", metavar="EMAIL", type=email)
    if verb != "delete":
        command.add_argument("password", metavar="PASSWORD", nargs="?", help="where it is left out it is asked for, or read from a pipe")
        switch(command, "--keepBcrypt", False, "hash it such that PocketBase can check it")


def address(text: str) -> tuple[str, int]:
    """`host:port`, `:port` for all addresses, `[::1]:port`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65535 or (":" in host and not host.startswith("[")):
        raise ArgumentTypeError(f"{text!r} is no address; write host:port, such as 127.0.0.1:8090")
    return host.strip("[]"), int(port)


def count(text: str) -> int:
    """A number of processes."""
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 1296:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to 1296")
    return int(text)


def origins(text: str) -> tuple[str, ...]:
    """A list with commas."""
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def truth(text: str) -> bool:
    """`true` or `false`."""
    if text.lower() not in ("true", "false"):
        raise ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def email(text: str) -> str:
    """An email address, roughly; whether it is one is said by the collection's field."""
    name, at, domain = text.rpartition("@")
    if not (at and name and domain):
        raise ArgumentTypeError(f"{text!r} is no email address")
    return text


def options(asked: Namespace) -> Options:
    """What `serve` was asked for. Raises Refusal."""
    host, port = asked.http
    public: Path | None = asked.publicDir or (Path("pb_public") if Path("pb_public").is_dir() else None)
    if public and not public.is_dir():
        raise Refusal(f"The public directory {public} does not exist.")
    return Options(
        data_dir=data_dir(asked),
        host=host,
        port=port,
        workers=asked.workers,
        public_dir=public,
        index_fallback=asked.indexFallback,
        origins=asked.origins,
        keep_bcrypt=asked.keepBcrypt,
    )


def data_dir(asked: Namespace) -> Path:
    """The data directory, ./pb_data where none was named."""
    return Path(getattr(asked, "dir", "pb_data"))


# ---- serve


def serve(asked: Namespace) -> int:
    """Serves until it is told to stop. Raises Refusal."""
    chosen = options(asked)
    import gc
    import logging

    gc.disable()  # nothing of all that is imported now is garbage; workers begin to look for it when they serve
    from . import workers
    from .store.protocol import UnusableDirectory

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("tornado.general").setLevel(logging.WARNING)  # it quotes malformed requests, their secrets too
    try:
        return workers.serve(chosen, announce)
    except (workers.CannotListen, UnusableDirectory) as refusal:
        raise Refusal(str(refusal)) from None


async def announce(app: App, url: str) -> None:
    """Says where the server is, and how to make the first superuser where there is none."""
    print(f"Server started at {url}\n  REST API:  {url}/api/\n  Dashboard: {url}/_/", flush=True)
    token = await app.backend.auth.superusers.installer_token()
    if token:
        print(
            "\nThere is no superuser yet. Make one within the next 30 minutes at\n"
            f"  {url}/_/#/pbinstall/{token}\n"
            f"or at any time with\n"
            f"  {program()} superuser create EMAIL --dir {app.backend.options.data_dir}\n",
            flush=True,
        )


def program() -> str:
    """How this program was called."""
    name = Path(sys.argv[0]).name
    return "python -m pbtornado" if name == "__main__.py" else name or "pbtornado"


# ---- superuser


def superuser(asked: Namespace) -> int:
    """Makes, changes or removes a superuser. Raises Refusal."""
    asked.password = "" if asked.verb == "delete" else asked.password if asked.password is not None else ask_password()
    import asyncio

    from .auth.superusers import Missing
    from .errors import ApiError
    from .store.protocol import StoreBusy, UnusableDirectory

    try:
        print(asyncio.run(changed(asked)))
    except (Missing, UnusableDirectory, StoreBusy) as refusal:
        raise Refusal(str(refusal)) from None
    except ApiError as error:
        raise Refusal(reasons(error.body())) from None
    return 0


async def changed(asked: Namespace) -> str:
    """Carries out a verb of `superuser` and says in a sentence what came of it."""
    from .backend import Backend
    from .schema.bootstrap import prepare

    backend = Backend(Options(data_dir=data_dir(asked), readers=1, password_threads=1, keep_bcrypt=getattr(asked, "keepBcrypt", False)))
    await backend.store.open()
    try:
        await prepare(backend.store)
        return await done(backend.auth.superusers, asked)
    finally:
        backend.passwords.stop()
        await backend.store.close()


async def done(superusers: Superusers, asked: Namespace) -> str:
    """The verb, carried out."""
    match asked.verb:
        case "create":
            await superusers.create(asked.email, asked.password)
            return f"Superuser {asked.email} was made."
        case "update":
            await superusers.update(asked.email, asked.password)
            return f"Superuser {asked.email} has a new password; all earlier tokens are void."
        case "upsert":
            made = await superusers.upsert(asked.email, asked.password)
            return (
                f"Superuser {asked.email} was made."
                if made
                else f"Superuser {asked.email} has a new password; all earlier tokens are void."
            )
        case _:
            found = await superusers.delete(asked.email)
            return f"Superuser {asked.email} was removed." if found else f"There is no superuser {asked.email}."


def ask_password() -> str:
    """The password from the terminal, not shown, or the first line of a pipe."""
    if sys.stdin.isatty():
        import getpass

        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def reasons(body: dict[str, object]) -> str:
    """An answer of failure in one line: what is wrong with which value, or else the message."""
    data = body["data"]
    found = [f"{name}: {error['message']}" for name, error in data.items()] if isinstance(data, dict) else []
    return " ".join(found) or str(body["message"])
