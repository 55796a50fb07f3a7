"""Letters, as they are written and as they are sent."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from pbtornado.mail.message import Message, NotSent, letter
from pbtornado.schema.collection import Collection
from pbtornado.schema.options import Letter
from pbtornado.schema.record import Record
from pbtornado.schema.system import first_collections
from tests.mail.conftest import HTML, a_letter

META = {"appName": "Acme & Co", "appURL": "http://acme.test", "senderName": "Support", "senderAddress": "support@acme.test"}


def users() -> Collection:
    """The collection `users`."""
    return next(collection for collection in first_collections() if collection.name == "users")


def written(subject: str, body: str, *, values: dict[str, Any] | None = None, **placeholders: str) -> Message:
    """A letter to an account with these values."""
    record = Record.new(users())
    record.values.update(values or {})
    return letter(Letter(subject, body), "ann@example.com", META, record, **placeholders)


# ---- placeholders


def test_placeholders() -> None:
    """Every placeholder stands for its value, in the subject and in the body, as often as it is there."""
    template = "{APP_NAME} {APP_URL} {TOKEN} {TOKEN} {OTP} {OTP_ID} {ALERT_INFO} {RECORD:name}"
    made = written(template, template, values={"name": "Ann"}, TOKEN="t", OTP="123", OTP_ID="id", ALERT_INFO="here")
    assert made.subject == "Acme & Co http://acme.test t t 123 id here Ann"
    assert made.subject in made.html


@pytest.mark.parametrize("name", ["{TOKEN}", "{OTP}", "{RECORD:tokenKey}", "{RECORD:password}", "{RECORD:nothing}", "{app_name}"])
def test_placeholders_without_a_value(name: str) -> None:
    """What has no value, or one nobody may see, stays as it is written."""
    made = written(name, name, values={"tokenKey": "secret", "password": "secret"})
    assert made.subject == name
    assert f"\n{name}\n" in made.html


def test_values_are_no_html() -> None:
    """What an account's owner or a client has chosen is shown, not interpreted; a subject is no HTML anyway."""
    made = written("{RECORD:name}", "{RECORD:name} {ALERT_INFO}", values={"name": "<b>&"}, ALERT_INFO="<i>")
    assert made.subject == "<b>&"
    assert "&lt;b&gt;&amp; &lt;i&gt;" in made.html


def test_values_are_no_templates() -> None:
    """A value that looks like a placeholder is not filled in."""
    assert "{TOKEN}" in written("s", "{RECORD:name}", values={"name": "{TOKEN}"}, TOKEN="secret").html


@pytest.mark.parametrize(
    ("field", "value", "text"), [("verified", True, "true"), ("avatar", "a.png", "a.png"), ("created", "2024", "2024")]
)
def test_values_of_all_types(field: str, value: Any, text: str) -> None:
    """Truth values, files and dates are told as texts."""
    assert written("{RECORD:%s}" % field, "b", values={field: value}).subject == text  # noqa: UP031


# ---- on the wire


def parsed(message: Message) -> Any:
    """The letter as its reader gets it."""
    return message_from_bytes(message.rendered().as_bytes(), policy=default)


def test_parts_and_headers() -> None:
    """A letter has sender, recipient, subject, date and id, and comes as text and as HTML."""
    mail = parsed(a_letter())
    assert (mail["From"], mail["To"], mail["Subject"]) == ("Support <support@example.com>", "ann@example.com", "Hello")
    assert mail["Date"].datetime
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail.get_body(("plain",)).get_content().split() == ["Hello", "Ann,", "[Click](http://x.test/?a=1&b=2)"]
    assert mail.get_body(("html",)).get_content().strip() == HTML


@pytest.mark.parametrize("text", ["Grüße aus Köln", "日本語" * 40, "x" * 500, "a \ud800 b"])
def test_any_text(text: str) -> None:
    """Subjects, names and bodies may be in any script and of any length; what cannot be encoded is replaced."""
    mail = parsed(a_letter(subject=text, sender_name=text[:15], html=f"<p>{text}</p>"))
    seen = text.encode(errors="replace").decode()
    assert (mail["Subject"], mail["From"].addresses[0].display_name) == (seen, seen[:15])
    assert mail.get_body(("plain",)).get_content().strip() == seen
    assert all(len(line) < 999 for line in a_letter(html=text).rendered().as_bytes().split(b"\r\n"))


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028"])
def test_no_header_can_be_brought_in(break_: str) -> None:
    """A line break in subject or name is a space."""
    mail = parsed(a_letter(subject=f"a{break_}Bcc: b@x.test", sender_name=f"c{break_}Bcc: d@x.test"))
    assert mail["Subject"] == "a Bcc: b@x.test"
    assert mail["Bcc"] is None
    assert len(mail["From"].addresses) == 1


@pytest.mark.parametrize(
    "address", ["", "ann", "@x.test", "ann@", "a b@x.test", "ann@x.test\r\nBcc: b@x.test", "ann\n@x.test", "a@é\u0300..x"]
)
def test_addresses_that_are_none(address: str) -> None:
    """A letter goes to one address of a plain form, or nowhere."""
    with pytest.raises(NotSent, match="no mail address"):
        a_letter(to=address).rendered()
    with pytest.raises(NotSent, match="no mail address"):
        a_letter(sender=address).rendered()


@pytest.mark.parametrize("address", ["a,b@x.test", "<a>@x.test", '"a"@x.test', "a:b;@x.test"])
def test_odd_addresses_stay_one(address: str) -> None:
    """Signs that mean something in a list of addresses are part of the one address."""
    (found,) = parsed(a_letter(to=address))["To"].addresses
    assert (found.username, found.domain) == (address.rpartition("@")[0], "x.test")


def test_addresses_of_other_scripts() -> None:
    """A domain is written in ASCII; a name before it that is not is sent as it is."""
    assert parsed(a_letter(to="ann@köln.test"))["To"].addresses[0].domain == "xn--kln-sna.test"
    assert "jürgen@x.test".encode() in a_letter(to="jürgen@x.test").rendered().as_bytes()
