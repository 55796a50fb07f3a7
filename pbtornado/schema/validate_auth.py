"""Whether the options of an auth collection may be stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from ..errors import FieldError
from .collection import Collection
from .fields import checks
from .fields.checks import gather
from .options import AuthOptions, Letter, OAuth2, Provider, Token

PROVIDERS = (
    *("apple", "bitbucket", "box", "discord", "facebook", "gitea", "gitee", "github"),
    *("gitlab", "google", "instagram2", "kakao", "lark", "linear", "livechat", "mailcow"),
    *("microsoft", "monday", "notion", "oidc", "oidc2", "oidc3", "patreon", "planningcenter"),
    *("spotify", "strava", "trakt", "twitch", "twitter", "vk", "wakatime", "yandex"),
)
"""The names OAuth2 providers go by."""
_LONGEST = 94_670_856
_LONGEST_CODE = 86_400


class RuleChecks(Protocol):
    """What is asked about a rule's text."""

    def check_rule(self, rule: str | None) -> FieldError | None:
        """A rule that can be understood."""

    def system_rule(self, rule: str | None, old: str | None) -> FieldError | None:
        """A rule of a system collection that stays as it is."""


def auth_errors(new: Collection, old: Collection | None, rules: RuleChecks) -> dict[str, Any]:
    """Errors of an auth collection's options by JSON key."""
    auth = new.auth or AuthOptions()
    before = old.auth if old and old.auth else AuthOptions(auth_rule=None)
    manage_empty = auth.manage_rule == ""
    errors = gather(
        authRule=rules.check_rule(auth.auth_rule) or rules.system_rule(auth.auth_rule, before.auth_rule),
        manageRule=(FieldError("validation_nil_or_not_empty_required", "cannot be blank") if manage_empty else None)
        or rules.check_rule(auth.manage_rule)
        or rules.system_rule(auth.manage_rule, before.manage_rule),
        authAlert=gather(emailTemplate=_letter(auth.auth_alert.email_template)),
        passwordAuth=_password_auth(auth),
        oauth2=_oauth2(auth.oauth2),
        otp=_otp(auth),
        mfa=gather(duration=_seconds(auth.mfa.duration)) if auth.mfa.enabled else None,
        **_tokens(auth),
        verificationTemplate=_letter(auth.verification_template),
        resetPasswordTemplate=_letter(auth.reset_password_template),
        confirmEmailChangeTemplate=_letter(auth.confirm_email_change_template),
    )
    return errors or _mfa(auth, before, rules) or _identity_fields(new, auth)


def _letter(letter: Letter) -> dict[str, Any]:
    return gather(subject=checks.required(letter.subject), body=checks.required(letter.body))


def _token(token: Token) -> dict[str, Any]:
    return gather(
        secret=checks.required(token.secret) or checks.length(token.secret, 30, 255),
        duration=checks.required(token.duration) or checks.within(token.duration, 10, _LONGEST),
    )


def _tokens(auth: AuthOptions) -> dict[str, Any]:
    return {
        "authToken": _token(auth.auth_token),
        "passwordResetToken": _token(auth.password_reset_token),
        "emailChangeToken": _token(auth.email_change_token),
        "verificationToken": _token(auth.verification_token),
        "fileToken": _token(auth.file_token),
    }


def _seconds(duration: int) -> FieldError | None:
    return checks.required(duration) or checks.within(duration, 10, _LONGEST_CODE)


def _otp(auth: AuthOptions) -> dict[str, Any]:
    on = auth.otp.enabled
    return gather(
        duration=_seconds(auth.otp.duration) if on else None,
        length=checks.required(auth.otp.length) or checks.at_least(auth.otp.length, 4) if on else None,
        emailTemplate=_letter(auth.otp.email_template),
    )


def _password_auth(auth: AuthOptions) -> dict[str, Any]:
    named = [name for name in auth.password_auth.identity_fields if name]
    return gather(identityFields=checks.required(named)) if auth.password_auth.enabled else {}


def _oauth2(oauth2: OAuth2) -> dict[str, Any]:
    if not oauth2.enabled:
        return {}
    each = {str(position): _provider(provider) for position, provider in enumerate(oauth2.providers)}
    return gather(providers={position: errors for position, errors in each.items() if errors} or _repeated(oauth2.providers))


def _provider(provider: Provider) -> dict[str, Any]:
    message = f"Invalid or missing provider with name {provider.name}."
    unknown = FieldError("validation_missing_provider", message, {"name": provider.name})
    return gather(
        name=checks.required(provider.name) or (None if provider.name in PROVIDERS else unknown),
        clientId=checks.required(provider.client_id),
        clientSecret=checks.required(provider.client_secret),
        authURL=checks.url(provider.auth_url),
        tokenURL=checks.url(provider.token_url),
        userInfoURL=checks.url(provider.user_info_url),
    )


def _repeated(providers: Iterable[Provider]) -> dict[str, Any] | None:
    seen: set[str] = set()
    for position, provider in enumerate(providers):
        if provider.name in seen:
            message = f"The provider {provider.name} is already registered."
            return {str(position): {"name": FieldError("validation_duplicated_provider", message, {"name": provider.name})}}
        seen.add(provider.name)
    return None


def _mfa(auth: AuthOptions, before: AuthOptions, rules: RuleChecks) -> dict[str, Any]:
    if not auth.mfa.enabled:
        return {}
    if [auth.password_auth.enabled, auth.oauth2.enabled, auth.otp.enabled].count(True) < 2:
        message = "MFA requires at least 2 auth methods to be enabled."
        return {"mfa": {"enabled": FieldError("validation_mfa_not_enough_auths", message)}}
    rule = auth.mfa.rule
    error = rules.check_rule(rule) or rules.system_rule(rule, before.mfa.rule) if rule else None
    return {"mfa": {"rule": error}} if error else {}


def _identity_fields(new: Collection, auth: AuthOptions) -> dict[str, Any]:
    names = auth.password_auth.identity_fields if auth.password_auth.enabled else ()
    error = next(filter(None, (_identity_field(new, name) for name in names)), None)
    return {"passwordAuth": {"identityFields": error}} if error else {}


def _identity_field(new: Collection, name: str) -> FieldError | None:
    if new.field(name) is None:
        return FieldError("validation_missing_field", f"Invalid or missing field {name}", {"fieldName": name})
    if new.unique_index(name) is None:
        message = f"The field {name} doesn't have a UNIQUE constraint."
        return FieldError("validation_missing_unique_constraint", message, {"fieldName": name})
    return None
