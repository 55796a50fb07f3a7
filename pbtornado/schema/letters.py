"""The letters a new auth collection starts with: (subject, body) each, as PocketBase words them."""

from __future__ import annotations

_CLOSING = """<p>
  Thanks,<br/>
  {APP_NAME} team
</p>"""


def _button(path: str, label: str) -> str:
    link = f'<a class="btn" href="{{APP_URL}}/_/#/auth/{path}/{{TOKEN}}" target="_blank" rel="noopener">{label}</a>'
    return f"<p>\n  {link}\n</p>"


def _body(*parts: str) -> str:
    return "\n".join(("<p>Hello,</p>", *parts, _CLOSING))


VERIFICATION = (
    "Verify your {APP_NAME} email",
    _body(
        "<p>Thank you for joining us at {APP_NAME}.</p>",
        "<p>Click on the button below to verify your email address.</p>",
        _button("confirm-verification", "Verify"),
        "<p><i>If you didn't recently register, please ignore this email.</i></p>",
    ),
)
PASSWORD_RESET = (
    "Reset your {APP_NAME} password",
    _body(
        "<p>Click on the button below to reset your password.</p>",
        _button("confirm-password-reset", "Reset password"),
        "<p><i>If you didn't ask to reset your password, please ignore this email.</i></p>",
    ),
)
EMAIL_CHANGE = (
    "Confirm your {APP_NAME} new email address",
    _body(
        "<p>Click on the button below to confirm your new email address.</p>",
        _button("confirm-email-change", "Confirm new email"),
        "<p><i>If you didn't ask to change your email address, please ignore this email.</i></p>",
    ),
)
OTP = (
    "OTP for {APP_NAME}",
    _body(
        "<p>Your one-time password is: <strong>{OTP}</strong></p>",
        "<p><i>If you didn't ask for the one-time password, you can ignore this email.</i></p>",
    ),
)
AUTH_ALERT = (
    "Login from a new location",
    _body(
        "<p>We noticed a login to your {APP_NAME} account from a new location:</p>",
        "<p><em>{ALERT_INFO}</em></p>",
        "<p><strong>If this wasn't you, you should immediately change your {APP_NAME} account password"
        " to revoke access from all other locations.</strong></p>",
        "<p>If this was you, you may disregard this email.</p>",
    ),
)
