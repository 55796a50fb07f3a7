"""Which of the settings' rate limits is for a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Rule = Mapping[str, Any]


def rule_for(rules: Sequence[Rule], labels: Sequence[str], *, signed_in: bool) -> Rule | None:
    """The rule for a request: the first label that a rule has, or that begins with a rule's `/prefix/`, most telling label first.

    A rule of another audience than who asks (`@guest`, `@auth`) does not count.
    """
    audience = ("", "@auth" if signed_in else "@guest")
    meant = [rule for rule in rules if rule.get("audience", "") in audience]
    prefixes = [rule for rule in meant if str(rule.get("label", "")).endswith("/")]
    for label in labels:
        exact = (rule for rule in meant if rule.get("label") == label)
        prefixed = (rule for rule in prefixes if f"{label}/".startswith(rule["label"]))
        if found := next(exact, None) or next(prefixed, None):
            return found
    return None


def tag_labels(collection: str, tags: Sequence[str]) -> list[str]:
    """The labels of what is done to a collection, the collection's own before everybody's."""
    return [*(f"{collection}:{tag}" for tag in tags), *(f"*:{tag}" for tag in tags)]
