"""The way out for letters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.errors import Busy
from pbtornado.mail import sendmail
from pbtornado.mail.mailer import Mailer
from pbtornado.mail.message import NotSent
from tests.mail.conftest import a_letter

if TYPE_CHECKING:
    from tests.conftest import ExpectLog
    from tests.post import PostOffice


@dataclass
class Settings:
    """Settings that hold nothing but `smtp`."""

    current: dict[str, Any] = field(default_factory=dict)


def to(office: PostOffice, **limits: int) -> Mailer:
    """A way to this server."""
    return Mailer(Settings({"smtp": office.settings}), **limits)


async def test_sent(post_office: PostOffice) -> None:
    """A letter sent has arrived."""
    await to(post_office).send(a_letter())
    assert len(post_office.letters) == 1


async def test_posted(post_office: PostOffice) -> None:
    """A letter posted arrives by and by, and what is to follow follows."""
    done = asyncio.Event()

    async def sent() -> None:
        done.set()

    mailer = to(post_office)
    mailer.post(a_letter, sent=sent)
    assert not post_office.letters
    await done.wait()
    assert len(post_office.letters) == 1


async def test_failed(post_office: PostOffice, expect_log: ExpectLog) -> None:
    """A posted letter that does not go out is in the log, but for what it says, and what follows a failure follows."""
    post_office.refuses = "554 no thanks"
    done = asyncio.Event()

    async def failed() -> None:
        done.set()

    with expect_log("a letter did not go out: 554 no thanks"):
        to(post_office).post(a_letter, failed=failed)
        await done.wait()
    with pytest.raises(NotSent, match="554 no thanks"):
        await to(post_office).send(a_letter())


async def test_what_follows_may_fail(post_office: PostOffice, expect_log: ExpectLog) -> None:
    """What goes wrong after a letter is in the log."""

    async def sent() -> None:
        raise ValueError("oh")

    with expect_log("what follows a letter failed"):
        mailer = to(post_office)
        mailer.post(a_letter, sent=sent)
        await mailer.stop()


async def test_settings_that_change(post_office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each letter goes the way that is set at that moment; without SMTP it is `sendmail`'s."""
    monkeypatch.setattr(sendmail, "PLACES", ())
    mailer = to(post_office)
    await mailer.send(a_letter())
    mailer.settings.current["smtp"]["enabled"] = False
    with pytest.raises(NotSent, match="sendmail"):
        await mailer.send(a_letter())


async def test_a_few_at_a_time(post_office: PostOffice) -> None:
    """The others wait."""
    post_office.pause = 0.02
    mailer = to(post_office, at_a_time=2)
    for _ in range(5):
        mailer.post(a_letter)
    await mailer.stop()
    assert (post_office.busiest, len(post_office.letters)) == (2, 5)


async def test_too_many(post_office: PostOffice) -> None:
    """More than so many may not wait."""
    mailer = to(post_office, waiting=2)
    mailer.post(a_letter)
    mailer.post(a_letter)
    with pytest.raises(Busy):
        mailer.refuse_full()
    with pytest.raises(Busy):
        mailer.post(a_letter)
    with pytest.raises(Busy):
        await mailer.send(a_letter())
    await mailer.stop()
    assert len(post_office.letters) == 2


async def test_stop(post_office: PostOffice, expect_log: ExpectLog) -> None:
    """At the end letters under way have a little time, and no more."""
    mailer = to(post_office)
    await mailer.stop()
    post_office.pause = 5
    mailer.post(a_letter)
    with expect_log("1 letters did not go out before the end"):
        await mailer.stop(0.05)
