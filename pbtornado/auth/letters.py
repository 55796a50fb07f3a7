"""The letters to accounts: what is in them, and whom they go to."""

from __future__ import annotations

from ..mail.mailer import Mailer
from ..mail.message import Message, letter
from ..schema.options import AuthOptions, Letter
from ..schema.record import Record
from ..system.settings import Settings
from .identity import sign


class Letters:
    """Writes letters as the templates of an account's collection have them; `mailer` sends them."""

    def __init__(self, mailer: Mailer, settings: Settings) -> None:
        self.mailer, self.settings = mailer, settings

    def verification(self, record: Record) -> Message:
        """Asks whoever has the account's address to confirm it."""
        token = sign(record, "verification", email=email_of(record))
        return self._to(record, options_of(record).verification_template, TOKEN=token)

    def password_reset(self, record: Record) -> Message:
        """Lets the owner set a new password."""
        token = sign(record, "passwordReset", email=email_of(record))
        return self._to(record, options_of(record).reset_password_template, TOKEN=token)

    def email_change(self, record: Record, email: str) -> Message:
        """Asks whoever has the new address to confirm it."""
        token = sign(record, "emailChange", email=email_of(record), newEmail=email)
        template = options_of(record).confirm_email_change_template
        return letter(template, email, self.settings.current["meta"], record, TOKEN=token)

    def otp(self, record: Record, otp_id: str, code: str) -> Message:
        """Tells a one-time password."""
        return self._to(record, options_of(record).otp.email_template, OTP=code, OTP_ID=otp_id)

    def alert(self, record: Record, info: str) -> Message:
        """Warns of a sign-in from a new place, which `info` describes."""
        return self._to(record, options_of(record).auth_alert.email_template, ALERT_INFO=info)

    def _to(self, record: Record, template: Letter, **placeholders: str) -> Message:
        return letter(template, email_of(record), self.settings.current["meta"], record, **placeholders)


def email_of(record: Record) -> str:
    """The address of an account, "" where it has none."""
    email: str = record.get("email") or ""
    return email


def options_of(record: Record) -> AuthOptions:
    """The options of an account's collection."""
    options = record.collection.auth
    assert options is not None
    return options
