"""Letters handed to a mail server."""

from __future__ import annotations

from asyncio import timeout
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from .message import Message, NotSent

if TYPE_CHECKING:
    from aiosmtplib import SMTP

SECONDS = 30.0
"""How long a server may take for one letter."""
GOODBYE_SECONDS = 1.0
NEARBY = ("localhost", "127.0.0.1", "::1")
"""Hosts that a password may go to in the clear."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and our account there; `tls` from the start, else as soon as the server offers it."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    method: str = ""
    tls: bool = False
    local_name: str = ""

    @classmethod
    def of(cls, smtp: Mapping[str, Any]) -> Self:
        """The server that the settings `smtp` describe."""
        account = (smtp["username"], smtp["password"], smtp["authMethod"])
        return cls(smtp["host"], smtp["port"], *account, smtp["tls"], smtp["localName"])

    async def send(self, message: Message, seconds: float = SECONDS) -> None:
        """Hands a letter over. Raises NotSent where the server does not take it within `seconds`."""
        from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException  # only who sends mail needs it

        try:
            async with timeout(seconds):
                await self._exchange(message)
        except TimeoutError as error:
            raise NotSent("the mail server took too long") from error
        except SMTPResponseException as error:
            raise NotSent(f"{error.code} {error.message}") from error
        except SMTPRecipientsRefused as error:
            raise NotSent(" ".join(f"{refusal.code} {refusal.message}" for refusal in error.recipients)) from error
        except (SMTPException, OSError, ValueError) as error:
            raise NotSent(str(error) or type(error).__name__) from error

    async def _exchange(self, message: Message) -> None:
        from aiosmtplib import SMTP

        mail = message.rendered()
        client = SMTP(hostname=self.host, port=self.port, use_tls=self.tls, local_hostname=self.local_name or "localhost", timeout=None)
        try:
            await client.connect()
            if self.username or self.password:
                await self._sign_in(client)
            await client.send_message(mail)
            await _part(client)
        finally:
            client.close()

    async def _sign_in(self, client: SMTP) -> None:
        from aiosmtplib import SMTPAuthenticationError

        if client.get_transport_info("sslcontext") is None and self.host not in NEARBY:
            raise NotSent("the connection to the mail server is not encrypted, the password stays here")
        await client.ehlo()
        if not client.supports_extension("auth"):
            raise NotSent("the mail server doesn't support AUTH")
        prove = client.auth_login if self.method == "LOGIN" else client.auth_plain
        try:
            await prove(self.username, self.password)
        except SMTPAuthenticationError as error:  # what the server says might repeat what it was sent
            raise NotSent(f"the mail server refused user name or password ({error.code})") from None


async def _part(client: SMTP) -> None:
    """Says goodbye; the letter is gone, whatever comes of it."""
    from aiosmtplib import SMTPException

    with suppress(SMTPException, OSError):
        async with timeout(GOODBYE_SECONDS):
            await client.quit()
