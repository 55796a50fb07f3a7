"""The client secret Apple wants: a token the app signs itself, good for half a year at most."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest
from ..schema.fields import checks
from ..schema.fields.checks import gather
from ..schema.settings import Tree
from ..system.trials import filled
from ..system.validate import bytes_within

FORM: Tree = {"clientId": "", "teamId": "", "keyId": "", "privateKey": "", "duration": 0}
"""The app's id, its team's and its key's, the key itself as PEM, and seconds."""
LONGEST = 15_777_000
AUDIENCE = "https://appleid.apple.com"
_PEM = re.compile(r"-----BEGIN PRIVATE KEY----[\s\S]+-----END PRIVATE KEY-----")


def client_secret(given: Mapping[str, Any]) -> str:
    """A client secret made of what the JSON object gives for `FORM`. BadRequest says what is wrong with it."""
    form = filled(FORM, given)
    if errors := _errors(form):
        raise BadRequest("Invalid client secret data.", errors)
    try:
        return _signed(form)
    except Exception as error:  # there is no end to what keys can be; also where `cryptography` is not installed
        raise BadRequest(f"Failed to generate client secret. Raw error: \n{error}") from error


def _errors(form: Tree) -> dict[str, Any]:
    key, duration = form["privateKey"], form["duration"]
    return gather(
        clientId=checks.required(form["clientId"]),
        teamId=checks.required(form["teamId"]) or bytes_within(form["teamId"], 10, 10),
        keyId=checks.required(form["keyId"]) or bytes_within(form["keyId"], 10, 10),
        privateKey=checks.required(key) or (None if _PEM.search(key) else checks.matches(key, _PEM)),
        duration=checks.required(duration) or checks.within(duration, 1, LONGEST),
    )


def _signed(form: Tree) -> str:
    import jwt  # loads all of `cryptography`

    now = int(time.time())
    claims = {"iss": form["teamId"], "sub": form["clientId"], "aud": [AUDIENCE], "exp": now + form["duration"], "iat": now}
    return jwt.encode(claims, form["privateKey"].strip(), algorithm="ES256", headers={"kid": form["keyId"]})
