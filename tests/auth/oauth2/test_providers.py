"""The table of services to sign in through."""

from __future__ import annotations

from pbtornado.auth.oauth2.providers import LOGOS, PROVIDERS, listed
from pbtornado.schema.validate_auth import PROVIDERS as CONFIGURABLE


def test_every_service_that_can_be_configured_has_its_row() -> None:
    """And no other."""
    assert sorted(PROVIDERS) == sorted(CONFIGURABLE)


def test_lists_say_how_to_show_a_service() -> None:
    """Name, display name and an SVG; apple first, the nameless ones last."""
    rows = listed()
    assert [row["name"] for row in rows[:2] + rows[-1:]] == ["apple", "google", "oidc3"]
    assert all(row["logo"].startswith("<svg ") and row["logo"].endswith("</svg>") for row in rows)


def test_no_logo_is_left_over() -> None:
    """Each file is somebody's."""
    assert {path.stem for path in LOGOS.iterdir()} == {name.rstrip("0123456789") for name in PROVIDERS}


def test_only_three_kinds_wait_for_their_urls() -> None:
    """What runs at one's own place, and Apple, which has no place to ask for accounts."""
    assert [one.name for one in PROVIDERS.values() if not one.user_info_url] == ["apple", "mailcow", "oidc", "oidc2", "oidc3"]
    assert all(one.auth_url.startswith("https://") for one in PROVIDERS.values() if one.token_url)
