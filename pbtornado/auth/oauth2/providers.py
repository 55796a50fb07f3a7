"""The services one may sign in through, as data: names, where to ask them, what for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LOGOS = Path(__file__).parent / "logos"
"""One SVG for each service."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A service as it is before anybody configures it; a URL is "" where only the configuration knows it.

    `scopes` are what is asked for at sign-in, `pkce` whether the service understands a code challenge.
    """

    name: str
    display_name: str
    auth_url: str = ""
    token_url: str = ""
    user_info_url: str = ""
    scopes: tuple[str, ...] = ()
    pkce: bool = True

    @property
    def logo(self) -> str:
        """Its sign as SVG text."""
        return _logo(self.name.rstrip("0123456789"))


@cache
def _logo(name: str) -> str:
    return (LOGOS / f"{name}.svg").read_text().strip()


_INSTAGRAM = "https://graph.instagram.com/me?fields=id,username,account_type,user_id,name,profile_picture_url,followers_count,follows_count,media_count"
_PATREON = "https://www.patreon.com/api/oauth2/v2/identity?fields%5Buser%5D=full_name,email,vanity,image_url,is_email_verified"
_FOR_OIDC = ("openid", "email", "profile")

_ALL = (
    Provider("apple", "Apple", "https://appleid.apple.com/auth/authorize", "https://appleid.apple.com/auth/token", "", ("name", "email")),
    Provider(
        "google",
        "Google",
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        "https://www.googleapis.com/oauth2/v3/userinfo",
        ("https://www.googleapis.com/auth/userinfo.profile", "https://www.googleapis.com/auth/userinfo.email"),
    ),
    Provider(
        "microsoft",
        "Microsoft",
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "https://graph.microsoft.com/v1.0/me",
        ("User.Read",),
    ),
    Provider(
        "yandex",
        "Yandex",
        "https://oauth.yandex.com/authorize",
        "https://oauth.yandex.com/token",
        "https://login.yandex.ru/info",
        ("login:email", "login:avatar", "login:info"),
    ),
    Provider(
        "facebook",
        "Facebook",
        "https://www.facebook.com/v3.2/dialog/oauth",
        "https://graph.facebook.com/v3.2/oauth/access_token",
        "https://graph.facebook.com/me?fields=name,email,picture.type(large)",
        ("email",),
    ),
    Provider(
        "instagram2",
        "Instagram",
        "https://www.instagram.com/oauth/authorize",
        "https://api.instagram.com/oauth/access_token",
        _INSTAGRAM,
        ("instagram_business_basic",),
    ),
    Provider(
        "github",
        "GitHub",
        "https://github.com/login/oauth/authorize",
        "https://github.com/login/oauth/access_token",
        "https://api.github.com/user",
        ("read:user", "user:email"),
    ),
    Provider(
        "gitlab",
        "GitLab",
        "https://gitlab.com/oauth/authorize",
        "https://gitlab.com/oauth/token",
        "https://gitlab.com/api/v4/user",
        ("read_user",),
    ),
    Provider(
        "bitbucket",
        "Bitbucket",
        "https://bitbucket.org/site/oauth2/authorize",
        "https://bitbucket.org/site/oauth2/access_token",
        "https://api.bitbucket.org/2.0/user",
        ("account",),
        pkce=False,
    ),
    Provider(
        "gitee",
        "Gitee",
        "https://gitee.com/oauth/authorize",
        "https://gitee.com/oauth/token",
        "https://gitee.com/api/v5/user",
        ("user_info", "emails"),
    ),
    Provider(
        "gitea",
        "Gitea/Forgejo",
        "https://gitea.com/login/oauth/authorize",
        "https://gitea.com/login/oauth/access_token",
        "https://gitea.com/api/v1/user",
        ("read:user", "user:email"),
    ),
    Provider(
        "discord",
        "Discord",
        "https://discord.com/api/oauth2/authorize",
        "https://discord.com/api/oauth2/token",
        "https://discord.com/api/users/@me",
        ("identify", "email"),
    ),
    Provider(
        "twitter",
        "X/Twitter",
        "https://x.com/i/oauth2/authorize",
        "https://api.x.com/2/oauth2/token",
        "https://api.x.com/2/users/me?user.fields=id,name,username,profile_image_url,confirmed_email",
        ("users.read", "users.email", "tweet.read"),  # without the last one `/2/users/me` answers 403
    ),
    Provider(
        "kakao",
        "Kakao",
        "https://kauth.kakao.com/oauth/authorize",
        "https://kauth.kakao.com/oauth/token",
        "https://kapi.kakao.com/v2/user/me",
        ("account_email", "profile_nickname", "profile_image"),
    ),
    Provider(
        "vk",
        "ВКонтакте",
        "https://oauth.vk.com/authorize",
        "https://oauth.vk.com/access_token",
        "https://api.vk.com/method/users.get?fields=photo_max,screen_name&v=5.131",
        ("email",),
        pkce=False,
    ),
    Provider(
        "linear",
        "Linear",
        "https://linear.app/oauth/authorize",
        "https://api.linear.app/oauth/token",
        "https://api.linear.app/graphql",
        ("read",),
        pkce=False,
    ),
    Provider(
        "notion",
        "Notion",
        "https://api.notion.com/v1/oauth/authorize",
        "https://api.notion.com/v1/oauth/token",
        "https://api.notion.com/v1/users/me",
    ),
    Provider(
        "monday",
        "monday.com",
        "https://auth.monday.com/oauth2/authorize",
        "https://auth.monday.com/oauth2/token",
        "https://api.monday.com/v2",
        ("me:read",),
    ),
    Provider(
        "lark",
        "Lark",
        "https://accounts.feishu.cn/open-apis/authen/v1/authorize",
        "https://open.feishu.cn/open-apis/authen/v2/oauth/token",
        "https://open.feishu.cn/open-apis/authen/v1/user_info",
    ),
    Provider(
        "box",
        "Box",
        "https://account.box.com/api/oauth2/authorize",
        "https://api.box.com/oauth2/token",
        "https://api.box.com/2.0/users/me",
        ("root_readonly",),
    ),
    Provider(
        "spotify",
        "Spotify",
        "https://accounts.spotify.com/authorize",
        "https://accounts.spotify.com/api/token",
        "https://api.spotify.com/v1/me",
        ("user-read-private",),
    ),
    Provider(
        "trakt", "Trakt", "https://trakt.tv/oauth/authorize", "https://api.trakt.tv/oauth/token", "https://api.trakt.tv/users/settings"
    ),
    Provider(
        "twitch",
        "Twitch",
        "https://id.twitch.tv/oauth2/authorize",
        "https://id.twitch.tv/oauth2/token",
        "https://api.twitch.tv/helix/users",
        ("user:read:email",),
    ),
    Provider(
        "patreon",
        "Patreon",
        "https://www.patreon.com/oauth2/authorize",
        "https://www.patreon.com/api/oauth2/token",
        _PATREON,
        ("identity", "identity[email]"),
    ),
    Provider(
        "strava",
        "Strava",
        "https://www.strava.com/oauth/authorize",
        "https://www.strava.com/api/v3/oauth/token",
        "https://www.strava.com/api/v3/athlete",
        ("profile:read_all",),
    ),
    Provider(
        "wakatime",
        "WakaTime",
        "https://wakatime.com/oauth/authorize",
        "https://wakatime.com/oauth/token",
        "https://wakatime.com/api/v1/users/current",
        ("email",),
    ),
    Provider(
        "livechat",
        "LiveChat",
        "https://accounts.livechat.com/",
        "https://accounts.livechat.com/token",
        "https://accounts.livechat.com/v2/accounts/me",
    ),
    Provider("mailcow", "mailcow", scopes=("profile",)),
    Provider(
        "planningcenter",
        "Planning Center",
        "https://api.planningcenteronline.com/oauth/authorize",
        "https://api.planningcenteronline.com/oauth/token",
        "https://api.planningcenteronline.com/people/v2/me",
        ("people",),
    ),
    Provider("oidc", "OIDC", scopes=_FOR_OIDC),
    Provider("oidc2", "OIDC", scopes=_FOR_OIDC),
    Provider("oidc3", "OIDC", scopes=_FOR_OIDC),
)

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in _ALL}
"""Every service by its name in configurations, in the order lists of them are shown."""


def listed() -> list[dict[str, str]]:
    """Every service as `{"name", "displayName", "logo"}`."""
    return [{"name": one.name, "displayName": one.display_name, "logo": one.logo} for one in PROVIDERS.values()]
