"""One-time passwords by mail."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.auth.identity import sign
from pbtornado.auth.otp import MOST_LIVE, TRIES, new_code
from pbtornado.errors import BadRequest, Forbidden, TooManyRequests
from pbtornado.records import companions
from pbtornado.rules.request import RequestInfo
from pbtornado.schema.record import Record
from tests.auth.conftest import text_of

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.auth.conftest import People
    from tests.conftest import ExpectLog
    from tests.post import PostOffice

GUEST = RequestInfo(ip="10.0.0.1")
ANN = "ann@example.com"


@pytest.mark.parametrize("length", [4, 6, 8, 11, 71])
def test_codes(length: int) -> None:
    """A code is so many digits, another one each time."""
    made = {new_code(length) for _ in range(50)}
    assert all(re.fullmatch(r"\d{%d}" % length, code) for code in made)  # noqa: UP031
    assert len(made) > 45


def test_codes_that_nobody_could_send() -> None:
    """A code is not longer than what may be sent back."""
    assert len(new_code(10**9)) == 71


async def switched_on(people: People, **otp: Any) -> Record:
    """An account of a collection with one-time passwords."""
    await people.change("users", otp={"enabled": True, **otp})
    return await people.add(ANN)


async def requested(backend: Backend, email: str = ANN) -> str:
    """The id of a one-time password."""
    return await backend.auth.otp.request(backend.auth.collection("users"), email, GUEST)


async def sent_code(post: PostOffice, count: int = 1) -> str:
    """The code of the last letter."""
    found = re.search(r"<strong>(\d+)</strong>", text_of(await post.next(count)))
    assert found
    return found[1]


async def live(backend: Backend, record: Record) -> list[Record]:
    """The one-time passwords of an account."""
    catalog = backend.catalogs.current
    return await backend.store.read(lambda reader: list(companions.of(reader, catalog, record, ("_otps",))))


async def with_otp(backend: Backend, otp_id: str, code: str, info: RequestInfo = GUEST) -> Any:
    """Signs in."""
    return await backend.auth.with_otp("users", otp_id, code, info)


async def test_sign_in(backend: Backend, people: People, post: PostOffice) -> None:
    """The code of the letter signs in, once; its length is the collection's."""
    ann = await switched_on(people, length=6)
    otp_id = await requested(backend)
    code = await sent_code(post)
    answer = await with_otp(backend, otp_id, code)
    assert (answer["record"]["id"], len(code)) == (ann.id, 6)
    assert (await backend.auth.identify(answer["token"])).record
    with pytest.raises(BadRequest, match="Invalid or expired OTP"):
        await with_otp(backend, otp_id, code)


async def test_only_one_is_fast_enough(backend: Backend, people: People, post: PostOffice) -> None:
    """Of several who use a code at the same time one gets in."""
    await switched_on(people)
    otp_id = await requested(backend)
    code = await sent_code(post)
    results = await asyncio.gather(*(with_otp(backend, otp_id, code) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(result, dict) for result in results) == 1


async def test_where_it_was_sent_to(backend: Backend, people: People, post: PostOffice) -> None:
    """That the letter went out, and where to, is noted."""
    ann = await switched_on(people)
    await requested(backend)
    await backend.mailer.stop()
    (otp,) = await live(backend, ann)
    assert otp.get("sentTo") == ANN
    assert (await sent_code(post)) not in str(otp.get("password"))


async def test_a_code_verifies(backend: Backend, people: People, post: PostOffice) -> None:
    """Who has the address is verified; a password set before that ends, and so do sessions."""
    ann = await switched_on(people)
    session = sign(ann, "auth")
    otp_id = await requested(backend)
    code = await sent_code(post)
    await backend.mailer.stop()
    answer = await with_otp(backend, otp_id, code)
    changed = await people.stored("users", ann.id)
    assert answer["record"]["verified"] is True
    assert changed.get("password") != ann.get("password")
    assert (await backend.auth.identify(session)).record is None
    assert (await backend.auth.identify(answer["token"])).record


async def test_password_stays_for_two_ways(backend: Backend, people: People, post: PostOffice) -> None:
    """Where two ways are wanted the password is one of them, and stays."""
    ann = await switched_on(people)
    await people.change("users", mfa={"enabled": True, "rule": "name = 'other'"})
    otp_id = await requested(backend)
    code = await sent_code(post)
    await backend.mailer.stop()
    assert (await with_otp(backend, otp_id, code))["record"]["verified"] is True
    assert (await people.stored("users", ann.id)).get("password") == ann.get("password")


async def test_nobody(backend: Backend, people: People, post: PostOffice) -> None:
    """An address of nobody gets an id that looks like any other, and no letter."""
    await switched_on(people)
    assert re.fullmatch(r"[a-z0-9]{15}", await requested(backend, "nobody@example.com"))
    await backend.mailer.stop()
    assert not post.letters


async def test_letter_that_does_not_go_out(backend: Backend, people: People, post: PostOffice, expect_log: ExpectLog) -> None:
    """A password that nobody was told is gone."""
    ann = await switched_on(people)
    post.refuses = "554 no"
    with expect_log("a letter did not go out"):
        await requested(backend)
        await backend.mailer.stop()
    assert not await live(backend, ann)


async def test_so_many_at_a_time(backend: Backend, people: People, post: PostOffice) -> None:
    """Who asks too often is told the last one's id and gets no further letter."""
    ann = await switched_on(people)
    made = [await requested(backend) for _ in range(MOST_LIVE)]
    assert await requested(backend) in made
    await backend.mailer.stop()
    assert (len(await live(backend, ann)), len(post.letters)) == (MOST_LIVE, MOST_LIVE)


async def test_over(backend: Backend, people: People, post: PostOffice) -> None:
    """A code is good for the collection's time."""
    await switched_on(people)
    otp_id = await requested(backend)
    code = await sent_code(post)
    await backend.store.write(lambda writer: writer.update("_otps", otp_id, {"created": "2020-01-01 00:00:00.000Z"}))
    with pytest.raises(BadRequest, match="Invalid or expired OTP"):
        await with_otp(backend, otp_id, code)


async def test_guessing(backend: Backend, people: People, post: PostOffice) -> None:
    """Who guesses is stopped after a few tries, also with the right code and another id; others are not."""
    await switched_on(people)
    first = await requested(backend)
    await post.next()
    second = await requested(backend)
    code = await sent_code(post, 2)
    for _ in range(TRIES):
        with pytest.raises(BadRequest):
            await with_otp(backend, first, "0")
    with pytest.raises(TooManyRequests, match="Too many attempts"):
        await with_otp(backend, second, code)
    assert await with_otp(backend, second, code, RequestInfo(ip="10.0.0.2"))


async def test_new_credentials_end_it(backend: Backend, people: People, post: PostOffice) -> None:
    """A code does not outlive the password that was there when it was sent."""
    ann = await switched_on(people)
    otp_id = await requested(backend)
    code = await sent_code(post)
    await backend.auth.account.confirm_password_reset(
        backend.auth.collection("users"), sign(ann, "passwordReset"), "new-password", "new-password", GUEST
    )
    with pytest.raises(BadRequest, match="Invalid or expired OTP"):
        await with_otp(backend, otp_id, code)


async def test_code_of_another_collection(backend: Backend, people: People, post: PostOffice) -> None:
    """A code is good where it was asked for."""
    await switched_on(people)
    otp_id = await requested(backend)
    code = await sent_code(post)
    await people.change("_superusers", otp={"enabled": True}, mfa={"enabled": True})
    with pytest.raises(BadRequest, match="Invalid or expired OTP"):
        await backend.auth.with_otp("_superusers", otp_id, code, GUEST)


async def test_switched_off(backend: Backend) -> None:
    """A collection offers them or does not."""
    with pytest.raises(Forbidden, match="not configured to allow OTP"):
        await with_otp(backend, "x", "y")


async def test_two_letters_two_codes(backend: Backend, people: People, post: PostOffice) -> None:
    """Several codes may be good at the same time, each with its id."""
    await switched_on(people)
    ids = []
    for count in (1, 2):
        ids.append((await requested(backend), await sent_code(post, count)))
    with pytest.raises(BadRequest):
        await with_otp(backend, ids[0][0], ids[1][1])
    assert await with_otp(backend, *ids[0])
