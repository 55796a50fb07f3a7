"""Addresses, networks, and lists of them."""

from __future__ import annotations

import pytest

from pbtornado.system.addresses import among, is_address, plain_ip


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("127.0.0.1", "127.0.0.1"),
        (" ::1", "0000:0000:0000:0000:0000:0000:0000:0001"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("x", ""),
        ("1" * 99, ""),
    ],
)
def test_one_spelling(text: str, plain: str) -> None:
    """An address has one spelling, whichever way it came; what is none has none."""
    assert plain_ip(text) == plain


@pytest.mark.parametrize(
    ("allowed", "held"), [(["127.0.0.1"], True), (["127.0.0.0/8"], True), (["10.0.0.0/8"], False), (["x"], False), (["::1"], False)]
)
def test_lists_of_addresses(allowed: list[str], held: bool) -> None:
    """An address is among itself and among its networks; what is no address allows nobody."""
    assert among("127.0.0.1", allowed) is held


def test_nobody_is_nowhere() -> None:
    """No address is among none."""
    assert not among("", ["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize(
    ("text", "good"), [("1.2.3.4", True), ("1.2.3.4/8", True), ("::/0", True), ("1.2.3.4/33", False), ("1.2.3.4/08", False), ("", False)]
)
def test_what_a_list_may_hold(text: str, good: bool) -> None:
    """Addresses, and networks with their number of bits."""
    assert is_address(text) is good
