"""Letters over real SMTP: in the clear, with STARTTLS, with TLS, with and without an account."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from pbtornado.mail.message import NotSent
from pbtornado.mail.smtp import Server
from tests.mail.conftest import a_letter
from tests.post import PostOffice, opened

if TYPE_CHECKING:
    from tornado.ioloop import IOLoop

# aiosmtpd advises against what these tests look at: passwords without TLS, TLS that is only offered
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:aiosmtpd")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for servers."""
    return trustme.CA()


@pytest.fixture
def certified(authority: trustme.CA) -> ssl.SSLContext:
    """A server that can show who it is."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.fixture
def guarded(io_loop: IOLoop) -> Iterator[PostOffice]:
    """A server that wants a password."""
    with opened(io_loop, accounts=True) as office:
        yield office


@pytest.fixture
def offering_tls(io_loop: IOLoop, certified: ssl.SSLContext) -> Iterator[PostOffice]:
    """A server that offers STARTTLS."""
    with opened(io_loop, tls=certified) as office:
        yield office


@pytest.fixture
def wrapped(io_loop: IOLoop, certified: ssl.SSLContext) -> Iterator[PostOffice]:
    """A server that speaks TLS from the start."""
    with opened(io_loop, tls=certified, wrapped=True) as office:
        yield office


def server(office: PostOffice, **settings: Any) -> Server:
    """The server as the settings describe it."""
    return Server.of({**office.settings, **settings})


async def test_delivered(post_office: PostOffice) -> None:
    """A letter arrives as it was sent, from the sender's and to the recipient's address."""
    await server(post_office).send(a_letter())
    (envelope,) = post_office.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("support@example.com", ["ann@example.com"])
    assert post_office.letters[0]["Subject"] == "Hello"


@pytest.mark.parametrize(("name", "said"), [("", "localhost"), ("me.example.com", "me.example.com")])
async def test_local_name(post_office: PostOffice, name: str, said: str) -> None:
    """Who we say we are is set, or `localhost`."""
    await server(post_office, localName=name).send(a_letter())
    assert post_office.sessions[0].host_name == said


async def test_addresses_in_other_scripts(post_office: PostOffice) -> None:
    """An address that is not ASCII is sent as such to a server that can take it."""
    await server(post_office).send(a_letter(to="jürgen@example.com"))
    assert post_office.envelopes[0].rcpt_tos == ["jürgen@example.com"]


@pytest.mark.parametrize(("method", "used"), [("", "PLAIN"), ("PLAIN", "PLAIN"), ("LOGIN", "LOGIN")])
async def test_account(guarded: PostOffice, method: str, used: str) -> None:
    """The password is shown in the way that is set."""
    await server(guarded, username="me", password="secret", authMethod=method).send(a_letter())
    assert (guarded.logins, len(guarded.letters)) == ([(used, b"me", b"secret")], 1)


async def test_wrong_password(guarded: PostOffice, caplog: pytest.LogCaptureFixture) -> None:
    """A server that refuses us gets no letter; the password is neither in the reason nor in the log."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NotSent, match=r"refused user name or password \(535\)"):
        await server(guarded, username="me", password="wrongpass").send(a_letter())
    assert not guarded.letters
    assert "wrongpass" not in caplog.text
    assert "wrongpass" not in repr(server(guarded, password="wrongpass"))


async def test_no_accounts_there(post_office: PostOffice) -> None:
    """A password is for a server that asks for one."""
    with pytest.raises(NotSent, match="doesn't support AUTH"):
        await server(post_office, username="me", password="secret").send(a_letter())


async def test_password_in_the_clear(guarded: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password goes to another machine over an encrypted connection or not at all."""
    monkeypatch.setattr("pbtornado.mail.smtp.NEARBY", ())
    with pytest.raises(NotSent, match="not encrypted"):
        await server(guarded, username="me", password="secret").send(a_letter())
    assert not guarded.logins


@pytest.mark.usefixtures("trusting")
async def test_tls_where_it_is_offered(offering_tls: PostOffice) -> None:
    """STARTTLS is used by itself."""
    await server(offering_tls).send(a_letter())
    assert offering_tls.sessions[0].ssl is not None


@pytest.mark.usefixtures("trusting")
async def test_tls_from_the_start(wrapped: PostOffice) -> None:
    """With `tls` the connection is encrypted before anything is said."""
    await server(wrapped, tls=True).send(a_letter())
    assert len(wrapped.letters) == 1


async def test_unknown_certificates(offering_tls: PostOffice, wrapped: PostOffice) -> None:
    """A server that nobody vouches for gets no letter."""
    for office, tls in ((offering_tls, False), (wrapped, True)):
        with pytest.raises(NotSent, match=r"(?i)certificate"):
            await server(office, tls=tls).send(a_letter())
        assert not office.letters


async def test_refused(post_office: PostOffice) -> None:
    """What the server says is the reason."""
    post_office.refuses = "554 no thanks"
    with pytest.raises(NotSent, match="554 no thanks"):
        await server(post_office).send(a_letter())


async def test_nobody_there() -> None:
    """A host that does not answer is a reason."""
    with pytest.raises(NotSent, match="Error connecting"):
        await Server("127.0.0.1", 1).send(a_letter())


async def test_too_slow(post_office: PostOffice) -> None:
    """A server has only so much time."""
    post_office.pause = 5
    with pytest.raises(NotSent, match="took too long"):
        await server(post_office).send(a_letter(), seconds=0.2)


@pytest.mark.parametrize("name", ["a b", "a\r\nRCPT TO:<b@x.test>"])
async def test_no_command_can_be_brought_in(post_office: PostOffice, name: str) -> None:
    """A local name that is none is refused."""
    with pytest.raises(NotSent, match="local_hostname"):
        await server(post_office, localName=name).send(a_letter())
    assert not post_office.letters


async def test_refused_recipient(post_office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not know the recipient says so."""

    async def handle_rcpt(*_: object) -> str:
        return "550 nobody of that name"

    monkeypatch.setattr(PostOffice, "handle_RCPT", handle_rcpt, raising=False)
    with pytest.raises(NotSent, match="550 nobody of that name"):
        await server(post_office).send(a_letter())
