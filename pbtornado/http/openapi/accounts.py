"""Signing in and what belongs to it, for a collection of accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...schema.collection import Collection
from .pieces import ANY, BOOL, EXPAND, FIELDS, ID, JSON, NOBODY_ASKED, SIGNED_IN, TEXT, WHOLE, Json, Operation, Security, array, obj, ref

PASSWORD: Json = {**TEXT, "format": "password", "writeOnly": True}
EMAIL: Json = {**TEXT, "format": "email"}


@dataclass(frozen=True, slots=True)
class Form:
    """A POST to `/api/collections/{collection}/{suffix}`: what it takes and gives; `signs_in` answers with a token and the record."""

    suffix: str
    verb: str
    summary: str
    takes: Mapping[str, Json]
    needs: tuple[str, ...] = ()
    signs_in: bool = False
    gives: Json | None = None
    security: Security = NOBODY_ASKED
    description: str = ""
    failures: tuple[int, ...] = (400, 404)


MFA: Json = {**TEXT, "description": "Where signing in takes two ways: the id that the first one was answered with."}
FORMS = (
    Form(
        "auth-with-password",
        "authWithPassword",
        "Sign in with a password",
        {"identity": TEXT, "password": PASSWORD, "identityField": TEXT, "mfaId": MFA},
        ("identity", "password"),
        signs_in=True,
        failures=(400, 401, 403, 404),
    ),
    Form("auth-refresh", "authRefresh", "Renew the token", {}, signs_in=True, security=SIGNED_IN, failures=(401, 403, 404)),
    Form(
        "request-otp",
        "requestOTP",
        "Ask for a one-time password by mail",
        {"email": EMAIL},
        ("email",),
        gives=obj({"otpId": TEXT}, ["otpId"]),
    ),
    Form(
        "auth-with-otp",
        "authWithOTP",
        "Sign in with a one-time password",
        {"otpId": TEXT, "password": PASSWORD, "mfaId": MFA},
        ("otpId", "password"),
        signs_in=True,
        failures=(400, 401, 403, 404),
    ),
    Form(
        "auth-with-oauth2",
        "authWithOAuth2",
        "Sign in through a provider",
        {"provider": TEXT, "code": TEXT, "codeVerifier": TEXT, "redirectURL": TEXT, "createData": obj({}, additionalProperties=True)},
        ("provider", "code", "redirectURL"),
        signs_in=True,
        failures=(400, 401, 403, 404),
    ),
    Form("request-verification", "requestVerification", "Ask for a letter that confirms the address", {"email": EMAIL}, ("email",)),
    Form("confirm-verification", "confirmVerification", "Confirm the address", {"token": TEXT}, ("token",)),
    Form("request-password-reset", "requestPasswordReset", "Ask for a letter to set a new password", {"email": EMAIL}, ("email",)),
    Form(
        "confirm-password-reset",
        "confirmPasswordReset",
        "Set a new password",
        {"token": TEXT, "password": PASSWORD, "passwordConfirm": PASSWORD},
        ("token", "password", "passwordConfirm"),
    ),
    Form(
        "request-email-change",
        "requestEmailChange",
        "Ask for a letter to another address",
        {"newEmail": EMAIL},
        ("newEmail",),
        security=SIGNED_IN,
        failures=(400, 401, 403, 404),
    ),
    Form(
        "confirm-email-change",
        "confirmEmailChange",
        "Change the address",
        {"token": TEXT, "password": PASSWORD},
        ("token", "password"),
    ),
)
IMPERSONATION = Form(
    "impersonate/{id}",
    "impersonate",
    "Get a token of somebody else",
    {"duration": {**WHOLE, "minimum": 0, "description": "Seconds; 0 for as long as the collection's tokens live."}},
    signs_in=True,
    security=SIGNED_IN,
    description="For superusers only. The token cannot be renewed.",
    failures=(400, 401, 403, 404),
)
METHODS: Json = obj(
    {
        "password": obj({"enabled": BOOL, "identityFields": array(TEXT)}),
        "oauth2": obj({"enabled": BOOL, "providers": array(obj({"name": TEXT, "displayName": TEXT, "authURL": TEXT, "state": TEXT}))}),
        "mfa": obj({"enabled": BOOL, "duration": WHOLE}),
        "otp": obj({"enabled": BOOL, "duration": WHOLE}),
    },
    ["password", "oauth2", "mfa", "otp"],
    "The ways to sign in that a collection offers.",
)


class AccountPaths:
    """What the document says of the accounts of one collection."""

    def __init__(self, collection: Collection) -> None:
        self.name = collection.name
        self._path = f"/api/collections/{self.name}"

    def schemas(self) -> dict[str, Json]:
        """By name of component."""
        properties = {"token": TEXT, "record": ref(f"{self.name}_record"), "meta": ANY}
        return {f"{self.name}_auth": obj(properties, ["token", "record"], f"A token, and the record of `{self.name}` it belongs to.")}

    def operations(self) -> Iterator[Operation]:
        """Each thing that can be asked."""
        yield Operation(
            "get",
            f"{self._path}/auth-methods",
            f"listAuthMethods_{self.name}",
            "The ways to sign in",
            self.name,
            NOBODY_ASKED,
            parameters=[FIELDS],
            answer=ref("AuthMethods"),
            failures=(404,),
        )
        for form in (*FORMS, IMPERSONATION):
            yield self._operation(form)

    def _operation(self, form: Form) -> Operation:
        path = [ID] if "{id}" in form.suffix else []
        return Operation(
            "post",
            f"{self._path}/{form.suffix}",
            f"{form.verb}_{self.name}",
            form.summary,
            self.name,
            form.security,
            form.description,
            [*path, *((EXPAND, FIELDS) if form.signs_in else ())],
            {JSON: obj(form.takes, form.needs)} if form.takes else {},
            ref(f"{self.name}_auth") if form.signs_in else form.gives,
            failures=form.failures,
        )
