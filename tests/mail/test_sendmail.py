"""Letters handed to the program `sendmail`."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from pbtornado.mail import sendmail
from pbtornado.mail.message import NotSent
from pbtornado.mail.sendmail import hand_over
from tests.mail.conftest import a_letter


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the only `sendmail` of this machine would be."""
    monkeypatch.setattr(sendmail, "PLACES", ("sendmail",))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def program(place: Path, lines: str) -> None:
    """Makes a `sendmail` that does this."""
    path = place / "sendmail"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


async def test_handed_over(place: Path) -> None:
    """The program gets the whole letter, and reads from it where it is to go."""
    program(place, f"echo $@ > {place}/asked; cat > {place}/letter")
    await hand_over(a_letter())
    mail = message_from_bytes((place / "letter").read_bytes(), policy=default)
    assert ((place / "asked").read_text(), mail["To"], mail["Subject"]) == ("-i -t\n", "ann@example.com", "Hello")
    assert b"\r" not in (place / "letter").read_bytes()


async def test_no_program(place: Path) -> None:
    """Where there is none, nothing goes out."""
    with pytest.raises(NotSent, match="failed to locate a sendmail executable path"):
        await hand_over(a_letter())


async def test_program_that_fails(place: Path) -> None:
    """Its exit code is the reason."""
    program(place, "exit 75")
    with pytest.raises(NotSent, match="exit code 75"):
        await hand_over(a_letter())


async def test_program_that_hangs(place: Path) -> None:
    """It has only so much time."""
    program(place, "exec sleep 5")
    with pytest.raises(NotSent, match="took too long"):
        await hand_over(a_letter(), seconds=0.1)
