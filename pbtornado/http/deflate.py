"""permessage-deflate (RFC 7692) for WebSockets: what is agreed on, and how a client's message is read. `realtime/forms.py` writes ours.

Both sides forget after each message what went before: so one compressed message can be sent to many, and no connection costs memory for it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import NoReturn

from tornado.iostream import StreamClosedError

from ..realtime.forms import TAIL, WINDOW_BITS

NAME = "permessage-deflate"
_BITS = re.compile(r'"?([89]|1[0-5])"?')
_FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
_LAST = TAIL + b"\x03\x00"
"""What a message is completed with: the end that is not sent, and a block that says it is the last."""

Close = Callable[[int, str], None]


def agreed(offers: str) -> str:
    """The answer to the header `Sec-WebSocket-Extensions` of a client; empty where no offer can be taken."""
    return next((answer for offer in offers.split(",") if (answer := _answer(offer))), "")


def _answer(offer: str) -> str:
    """The answer to one offer; empty where it is another extension's, says what is not known, or asks for less than we send."""
    name, *given = (part.strip() for part in offer.split(";"))
    pairs = [(key.strip(), value.strip()) for key, _, value in (part.partition("=") for part in given)]
    parameters = dict(pairs)
    if name != NAME or len(parameters) < len(pairs) or not all(_valid(*pair) for pair in zip(parameters, given, strict=True)):
        return ""
    asked = parameters.get("server_max_window_bits", "")
    if not asked:
        return "; ".join((NAME, *_FLAGS))
    return "; ".join((NAME, *_FLAGS, f"server_max_window_bits={WINDOW_BITS}")) if int(asked.strip('"')) >= WINDOW_BITS else ""


def _valid(key: str, part: str) -> bool:
    """Is the parameter one of the standard's, with a value only where it has one?"""
    _, equals, value = part.partition("=")
    if key in _FLAGS:
        return not equals
    fits = _BITS.fullmatch(value.strip()) is not None
    return fits if key == "server_max_window_bits" else key == "client_max_window_bits" and (fits or not equals)


class Inflater:
    """Reads a client's compressed messages in the place of Tornado's reader, which breaks at what is none."""

    def __init__(self, most: int, close: Close) -> None:
        self._most, self._close = most, close

    def decompress(self, data: bytes) -> bytes:
        """The message. One that is no compressed data (1007) or longer than it may be (1009) ends the connection."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            text = inflater.decompress(data + _LAST, self._most + 1)
        except zlib.error:
            self._end(1007, "no compressed data")
        if len(text) > self._most:
            self._end(1009, "message too big")
        if not inflater.eof:
            self._end(1007, "compressed data is cut off")
        return text

    def _end(self, code: int, reason: str) -> NoReturn:
        self._close(code, reason)
        raise StreamClosedError  # whoever reads messages reads no more
