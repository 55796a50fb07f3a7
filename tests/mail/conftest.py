"""Letters for the tests of mail."""

from __future__ import annotations

from pbtornado.mail.message import Message

HTML = '<p>Hello <b>Ann</b>,</p><p><a href="http://x.test/?a=1&amp;b=2">Click</a></p>'


def a_letter(**changes: str) -> Message:
    """A letter; `changes` say what is different."""
    usual = {"sender_name": "Support", "sender": "support@example.com", "to": "ann@example.com", "subject": "Hello", "html": HTML}
    return Message(**{**usual, **changes})
