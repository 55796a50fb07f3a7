"""Whether settings may be stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..errors import FieldError
from ..schema.fields import checks
from ..schema.fields.checks import gather
from ..schema.settings import Tree
from .addresses import is_address
from .schedule import Schedule

MOST_ITEMS = 1000
"""Rules or addresses a list may have: every request is held against them."""
AUDIENCES = ("", "@guest", "@auth")
METHODS = ("LOGIN", "PLAIN")
_LABEL = re.compile(r"\w+ /[\w/-]*|/[\w/-]*|\w+:\w+|\*:\w+|\w+", re.ASCII)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_DNS = re.compile(r"\w[\w-]{0,62}(\.\w[\w-]{0,62})*[._]?", re.ASCII)


def errors_of(settings: Tree) -> dict[str, Any]:
    """What is wrong with settings, by JSON key; their types are right."""
    return gather(
        superuserIPs=_addresses(settings["superuserIPs"]),
        meta=_meta(settings["meta"]),
        logs=gather(maxDays=checks.at_least(settings["logs"]["maxDays"], 0)),
        smtp=_smtp(settings["smtp"]),
        s3=_s3(settings["s3"]),
        backups=_backups(settings["backups"]),
        batch=_batch(settings["batch"]),
        rateLimits=_rate_limits(settings["rateLimits"]),
        trustedProxy=gather(headers=_not_too_many(settings["trustedProxy"]["headers"])),
    )


def _required_if(condition: object, value: object) -> FieldError | None:
    return checks.required(value) if condition else None


def _meta(meta: Tree) -> dict[str, Any]:
    return gather(
        accentColor=_color(meta["accentColor"]),
        appName=checks.required(meta["appName"]) or bytes_within(meta["appName"], 1, 255),
        appURL=checks.required(meta["appURL"]) or checks.url(meta["appURL"]),
        senderName=checks.required(meta["senderName"]) or bytes_within(meta["senderName"], 1, 255),
        senderAddress=checks.required(meta["senderAddress"]) or checks.email(meta["senderAddress"]),
    )


def _color(text: str) -> FieldError | None:
    if not text or _COLOR.fullmatch(text):
        return None
    return bytes_within(text, 7, 7) or FieldError("validation_is_hex_color", "must be a valid hexadecimal color code")


def bytes_within(text: str, least: int, most: int) -> FieldError | None:
    """A non-empty text, by the bytes of its UTF-8."""
    if not text or least <= len(text.encode("utf-8", "replace")) <= most:
        return None
    if least == most:
        return FieldError("validation_length_invalid", f"the length must be exactly {most}", {"max": most, "min": least})
    return FieldError("validation_length_out_of_range", f"the length must be between {least} and {most}", {"max": most, "min": least})


def _smtp(smtp: Tree) -> dict[str, Any]:
    return gather(
        host=_required_if(smtp["enabled"], smtp["host"]) or _host(smtp["host"]),
        port=_required_if(smtp["enabled"], smtp["port"]) or checks.at_least(smtp["port"], 0),
        authMethod=checks.one_of(smtp["authMethod"], METHODS),
        localName=_host(smtp["localName"]),
    )


def _host(text: str) -> FieldError | None:
    named = _DNS.fullmatch(text) and len(text.replace(".", "")) <= 255
    if not text or named or ("/" not in text and "%" not in text and is_address(text)):
        return None
    return FieldError("validation_is_host", "must be a valid IP address or DNS name")


def _s3(s3: Tree) -> dict[str, Any]:
    missing = {key: _required_if(s3["enabled"], s3[key]) for key in ("bucket", "region", "accessKey", "secret")}
    return gather(endpoint=_required_if(s3["enabled"], s3["endpoint"]) or checks.url(s3["endpoint"]), **missing)


def _backups(backups: Tree) -> dict[str, Any]:
    keep = backups["cronMaxKeep"]
    return gather(
        s3=_s3(backups["s3"]),
        cron=_cron(backups["cron"]),
        cronMaxKeep=_required_if(backups["cron"], keep) or checks.at_least(keep, 1),
    )


def _cron(text: str) -> FieldError | None:
    try:
        if text:
            Schedule.parse(text)
    except ValueError as error:
        return FieldError("validation_invalid_cron", str(error))
    return None


def _batch(batch: Tree) -> dict[str, Any]:
    return gather(
        maxRequests=_required_if(batch["enabled"], batch["maxRequests"]) or checks.at_least(batch["maxRequests"], 0),
        timeout=_required_if(batch["enabled"], batch["timeout"]) or checks.at_least(batch["timeout"], 0),
        maxBodySize=checks.at_least(batch["maxBodySize"], 0),
    )


def _rate_limits(limits: Tree) -> dict[str, Any]:
    rules = limits["rules"]
    return gather(
        rules=_required_if(limits["enabled"], rules) or _not_too_many(rules) or _rules(rules),
        excludedIPs=_addresses(limits["excludedIPs"]),
    )


def _rules(rules: Sequence[Tree]) -> dict[str, Any]:
    return {str(index): errors for index, rule in enumerate(rules) if (errors := _rule(rule))} or _conflict(rules)


def _rule(rule: Tree) -> dict[str, Any]:
    return gather(
        label=checks.required(rule["label"]) or checks.matches(rule["label"], _LABEL),
        maxRequests=checks.required(rule["maxRequests"]) or checks.at_least(rule["maxRequests"], 1),
        duration=checks.required(rule["duration"]) or checks.at_least(rule["duration"], 1),
        audience=checks.one_of(rule["audience"], AUDIENCES),
    )


def _conflict(rules: Sequence[Tree]) -> dict[str, Any]:
    """The first rule for requests that a rule before it is already for."""
    keys = [f"{rule['label']}@@{rule['audience']}" for rule in rules]
    for index, (rule, key) in enumerate(zip(rules, keys, strict=True)):
        if any(key.startswith(before) or before.startswith(key) for before in keys[:index]):
            label = rule["label"]
            message = f"Rate limit rule configuration with label {label} already exists or conflicts with another rule."
            return {str(index): {"label": FieldError("validation_conflicting_rate_limit_rule", message, {"label": label})}}
    return {}


def _addresses(texts: Sequence[str]) -> FieldError | dict[str, FieldError] | None:
    return _not_too_many(texts) or {str(index): error for index, text in enumerate(texts) if (error := _address(text))} or None


def _address(text: str) -> FieldError | None:
    known = FieldError("validation_invlaid_ip_or_subnet", "invalid IP or CIDR subnet")
    return checks.required(text) or (None if is_address(text) else known)


def _not_too_many(items: Sequence[Any]) -> FieldError | None:
    if len(items) <= MOST_ITEMS:
        return None
    return FieldError("validation_length_too_long", f"the length must be no more than {MOST_ITEMS}", {"max": MOST_ITEMS, "min": 0})
