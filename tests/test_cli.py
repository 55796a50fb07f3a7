"""The command line: what it understands, what it says, and its exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pbtornado import __version__
from pbtornado.cli import main, options, parser
from pbtornado.commands.refusal import Refusal
from pbtornado.config import Options


def parsed(*arguments: str) -> Options:
    """The options `serve` would start with."""
    return options(parser().parse_args(["serve", *arguments]))


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The program as a user starts it."""
    return subprocess.run(
        [sys.executable, "-m", "pbtornado", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=60
    )


# ---- what is understood


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without options `serve` is what Options says."""
    monkeypatch.chdir(tmp_path)
    assert parsed() == Options()


def test_options_of_serve(tmp_path: Path) -> None:
    """Every option of `serve` arrives."""
    chosen = parsed(
        "--http",
        "0.0.0.0:80",
        "--dir=/data",
        "--workers=3",
        f"--publicDir={tmp_path}",
        "--indexFallback=false",
        "--origins",
        "a, b",
        "--keepBcrypt",
    )
    assert chosen == Options(
        data_dir=Path("/data"),
        host="0.0.0.0",
        port=80,
        workers=3,
        public_dir=tmp_path,
        index_fallback=False,
        origins=("a", "b"),
        keep_bcrypt=True,
    )


@pytest.mark.parametrize(("text", "host", "port"), [(":8090", "", 8090), ("[::1]:80", "::1", 80), ("localhost:0", "localhost", 0)])
def test_addresses(text: str, host: str, port: int) -> None:
    """An address is host:port, the host of all addresses may be left out."""
    chosen = parsed("--http", text)
    assert (chosen.host, chosen.port) == (host, port)


def test_dir_before_the_command() -> None:
    """The data directory may be named before the command, as with PocketBase."""
    assert options(parser().parse_args(["--dir", "x", "serve"])).data_dir == Path("x")


def test_public_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory pb_public beside is served without being named; one that is named must exist."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refusal, match="does not exist"):
        parsed("--publicDir", "pb_public")
    (tmp_path / "pb_public").mkdir()
    assert parsed().public_dir == Path("pb_public")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["serve", "--http", "8090"], "'8090' is no address"),
        (["serve", "--http", "::1:80"], "is no address"),
        (["serve", "--http", "x:99999"], "is no address"),
        (["serve", "--workers", "0"], "is no number from 1"),
        (["serve", "--keepBcrypt=maybe"], "is neither true nor false"),
        (["serve", "--bogus"], "unrecognized arguments: --bogus"),
        (["serve", "example.com"], "unrecognized arguments: example.com"),
        (["bogus"], "invalid choice"),
        (["superuser", "create", "nobody"], "'nobody' is no email address"),
        (["superuser"], "the following arguments are required"),
    ],
)
def test_what_is_not_understood(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake is answered with one line that says it and where to read on, exit code 2."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert says in said
    assert said.count("\n") == 1
    assert "--help" in said


# ---- what is said


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["superuser", "--help"]])
def test_help_teaches(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Help shows examples."""
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "examples:\n  pbtornado " in capsys.readouterr().out


def test_nothing_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """The bare name shows the help."""
    assert main([]) == 2
    assert "COMMAND" in capsys.readouterr().out


def test_version() -> None:
    """--version says name and version, and imports nothing that takes time."""
    answer = run("--version")
    assert (answer.returncode, answer.stdout) == (0, f"pbtornado {__version__}\n")
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pbtornado", "--version"], capture_output=True, text=True, check=True
    )
    assert not [
        name for name in ("tornado.", "asyncio", "argon2", "lark", "PIL", "sqlite3") if f"| {name}" in loaded.stderr.replace("|   ", "| ")
    ]


# ---- superusers


def test_superusers(tmp_path: Path) -> None:
    """On a new directory superusers are made, changed and removed; each command says what it did."""
    directory = str(tmp_path / "new")
    made = run("superuser", "create", "a@example.com", "1234567890", "--dir", directory)
    assert (made.returncode, made.stdout, made.stderr) == (0, "Superuser a@example.com was made.\n", "")
    again = run("superuser", "create", "a@example.com", "1234567890", "--dir", directory)
    assert (again.returncode, again.stderr) == (1, "pbtornado: email: Value must be unique.\n")
    piped = run("superuser", "upsert", "b@example.com", "--dir", directory, stdin="1234567890\n")
    assert (piped.returncode, piped.stdout) == (0, "Superuser b@example.com was made.\n")
    assert run("superuser", "delete", "a@example.com", "--dir", directory).stdout == "Superuser a@example.com was removed.\n"
    last = run("superuser", "delete", "b@example.com", "--dir", directory)
    assert (last.returncode, last.stderr) == (1, "pbtornado: You can't delete the only existing superuser.\n")


def test_superuser_refusals(tmp_path: Path) -> None:
    """A password that is too short, an account that is not there, a directory that is none: one sentence, exit code 1."""
    directory = str(tmp_path / "new")
    short = run("superuser", "create", "a@example.com", "short", "--dir", directory)
    assert (short.returncode, short.stderr) == (1, "pbtornado: password: Must be at least 8 character(s).\n")
    missing = run("superuser", "update", "a@example.com", "1234567890", "--dir", directory)
    assert (missing.returncode, missing.stderr) == (1, "pbtornado: There is no superuser a@example.com.\n")
    (tmp_path / "file").write_text("")
    wrong = run("superuser", "create", "a@example.com", "1234567890", "--dir", str(tmp_path / "file"))
    assert (wrong.returncode, wrong.stderr.count("\n"), wrong.stderr[:11]) == (1, 1, "pbtornado: ")
