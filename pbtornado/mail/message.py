"""A letter: made from a template and what its placeholders stand for, and as the bytes that go over the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

from ..schema.options import Letter
from ..schema.record import Record
from ..values import random_text, text_of
from .plain import plain_text

if TYPE_CHECKING:  # much to load before the first letter
    from email.headerregistry import Address
    from email.message import EmailMessage

_PLACEHOLDER = re.compile(r"\{(APP_NAME|APP_URL|TOKEN|OTP_ID|OTP|ALERT_INFO|RECORD:(\w+))\}", re.ASCII)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LAYOUT = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<style>
body { margin: 0; padding: 20px 30px; background: #fff; color: #16161a; font: 14px/20px sans-serif; }
p { margin: 10px 0; }
a { color: inherit; }
hr { border: 0; border-top: 1px solid #e1e6ea; }
.hidden { display: none !important; }
.btn { display: inline-block; min-width: 150px; margin: 5px 0; padding: 0 20px; border-radius: 6px; text-align: center;
  line-height: 40px; font-weight: bold; text-decoration: none !important; color: #fff !important; background: #16161a !important; }
</style>
</head>
<body>
%s
</body>
</html>
"""


class NotSent(Exception):
    """A letter did not go out; the message says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Message:
    """A letter to one address. Neither subject nor names can bring in headers of their own."""

    sender_name: str
    sender: str
    to: str
    subject: str
    html: str

    def rendered(self) -> EmailMessage:
        """The letter with its headers, as HTML and as plain text. Raises NotSent for an address that is none."""
        from email.message import EmailMessage
        from email.policy import SMTP, SMTPUTF8

        sender, to = address_of(self.sender, self.sender_name), address_of(self.to)
        policy = SMTP if (sender.addr_spec + to.addr_spec).isascii() else SMTPUTF8
        mail = EmailMessage(policy=policy.clone(cte_type="7bit"))
        mail["From"], mail["To"] = sender, to
        mail["Subject"] = one_line(self.subject)
        mail["Date"] = datetime.now(UTC)
        mail["Message-ID"] = f"<{random_text(15)}@{sender.domain}>"
        mail.set_content(plain_text(encodable(self.html)))
        mail.add_alternative(encodable(self.html), subtype="html")
        return mail


def letter(template: Letter, to: str, meta: Mapping[str, Any], record: Record, **placeholders: str) -> Message:
    """The letter of a template to an address: `meta` are the settings of that name, the other placeholders are given by name.

    What an account's owner or a client could have chosen is harmless as HTML; a placeholder without a value stays as it is.
    """
    given = {"APP_NAME": meta["appName"], "APP_URL": meta["appURL"], **placeholders}

    def raw(match: re.Match[str]) -> str:
        value = of_record(record, match[2]) if match[2] else given.get(match[1])
        return match[0] if value is None else value

    def harmless(match: re.Match[str]) -> str:
        return escape(raw(match)) if match[2] or match[1] == "ALERT_INFO" else raw(match)

    body = _LAYOUT % _PLACEHOLDER.sub(harmless, template.body)
    return Message(meta["senderName"], meta["senderAddress"], to, _PLACEHOLDER.sub(raw, template.subject), body)


def of_record(record: Record, name: str) -> str | None:
    """The value of a field as text, None for one that is hidden or not there."""
    field = record.collection.field(name)
    return None if field is None or field.hidden else text_of(field.export(record.get(name)))


def address_of(text: str, name: str = "") -> Address:
    """A mail address with the name before it, its domain in ASCII. Raises NotSent where it is none."""
    from email.headerregistry import Address

    local, _, domain = text.rpartition("@")
    if not local or not domain or one_line(text) != text or " " in text:
        raise NotSent("an address of the letter is no mail address")
    try:
        return Address(one_line(name), local, domain if domain.isascii() else domain.encode("idna").decode())
    except ValueError as error:
        raise NotSent("an address of the letter is no mail address") from error


def one_line(text: str) -> str:
    """The text without line breaks and other control characters."""
    return _BREAKS.sub(" ", encodable(text)).strip()


def encodable(text: str) -> str:
    """The text, halves of surrogate pairs replaced."""
    return text.encode("utf-8", "replace").decode()
