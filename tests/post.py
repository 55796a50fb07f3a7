"""A mail server for tests: takes letters over real SMTP on 127.0.0.1 and keeps them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tornado.ioloop import IOLoop

logging.getLogger("mail.log").disabled = True  # it warns of what the tests do on purpose


class PostOffice:
    """What has come in so far. `refuses`, when set, is the answer to whoever brings a letter; `pause` is how long each takes."""

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.sessions: list[Session] = []
        self.logins: list[tuple[str, bytes, bytes]] = []
        self.refuses = ""
        self.pause = 0.0
        self.at_once = self.busiest = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.at_once += 1
        self.busiest = max(self.busiest, self.at_once)
        await asyncio.sleep(self.pause)
        self.at_once -= 1
        if self.refuses:
            return self.refuses
        assert isinstance(envelope.original_content, bytes)
        letter = message_from_bytes(envelope.original_content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Lets in who knows the password `secret`."""
        assert isinstance(data, LoginPassword)
        self.logins.append((mechanism, data.login, data.password))
        return AuthResult(success=data.password == b"secret", handled=False)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings `smtp` that send mail here."""
        account = {"username": "", "password": "", "authMethod": "", "tls": False, "localName": ""}
        return {"enabled": True, "host": "127.0.0.1", "port": self.port, **account}

    async def next(self, count: int = 1, seconds: float = 5.0) -> EmailMessage:
        """The last letter, as soon as so many have come."""
        async with asyncio.timeout(seconds):
            while len(self.letters) < count:
                await asyncio.sleep(0.005)
        return self.letters[-1]


@contextmanager
def opened(io_loop: IOLoop, *, accounts: bool = False, tls: ssl.SSLContext | None = None, wrapped: bool = False) -> Iterator[PostOffice]:
    """An open post office. With `accounts` it wants a password, with `tls` it offers STARTTLS or, `wrapped`, speaks TLS from the start."""
    office = PostOffice()
    loop: asyncio.AbstractEventLoop = io_loop.asyncio_loop  # type: ignore[attr-defined]
    more: dict[str, Any] = {"authenticator": office.authenticate, "auth_required": True, "auth_require_tls": False} if accounts else {}
    offered = None if wrapped else tls

    def speaker() -> SMTP:
        return SMTP(office, loop=loop, hostname="post.test", enable_SMTPUTF8=True, tls_context=offered, **more)

    server = loop.run_until_complete(loop.create_server(speaker, "127.0.0.1", 0, ssl=tls if wrapped else None))
    office.port = server.sockets[0].getsockname()[1]
    yield office
    server.close()
    loop.run_until_complete(server.wait_closed())
