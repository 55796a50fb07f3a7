"""Compressed messages over the WebSocket: what is agreed on, what is shared, and what a client may send."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterator

import pytest
from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

from pbtornado.backend import Backend
from pbtornado.http.deflate import agreed
from pbtornado.http.websocket import LONGEST_MESSAGE
from pbtornado.realtime import forms
from tests import data
from tests.client import Client
from tests.talk import HANDSHAKE, PATH, Bytes, Talk, close_all

BOTH = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
BROWSER = (*HANDSHAKE, OFFER)


@pytest.fixture(autouse=True)
def hanging_up(io_loop: IOLoop) -> Iterator[None]:
    """Whoever has connected hangs up in the end."""
    yield
    io_loop.run_sync(close_all)


def packed(text: bytes) -> bytes:
    """A message as a client compresses it."""
    deflater = zlib.compressobj(wbits=-15)
    return (deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]


def unpacked(first: int, payload: bytes) -> bytes:
    """What a frame says."""
    return zlib.decompressobj(-15).decompress(payload + forms.TAIL) if first == forms.DEFLATED_TEXT else payload


async def deflating(base: str) -> Talk:
    """A connection of Tornado's own client that compresses."""
    return await Talk.greeted(await websocket_connect(HTTPRequest(base.replace("http", "ws", 1) + PATH), compression_options={}))


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        ("permessage-deflate", BOTH),
        ("permessage-deflate; client_max_window_bits", BOTH),
        ("permessage-deflate;client_max_window_bits=10 ; client_no_context_takeover", BOTH),
        ("x-other, permessage-deflate; server_no_context_takeover", BOTH),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", BOTH),
        ('permessage-deflate; server_max_window_bits="15"', f"{BOTH}; server_max_window_bits=12"),
    ],
)
def test_an_offer_is_taken(offers: str, answer: str) -> None:
    """The first offer that can be taken is, and nobody keeps anything between two messages."""
    assert agreed(offers) == answer


@pytest.mark.parametrize(
    "offers",
    [
        "",
        ",;=",
        "x-webkit-deflate-frame",
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover=",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=09",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=9",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate;",
    ],
)
def test_an_offer_is_not_taken(offers: str) -> None:
    """What the standard does not know, says twice or values otherwise, and a window smaller than ours, is passed over."""
    assert agreed(offers) == ""


async def test_the_handshake_says_what_is_agreed_on(each: Client) -> None:
    """Who offers compression is told so in the header, who does not or offers nonsense is served without."""
    _, head = await Bytes.open(each, BROWSER)
    assert f"\r\nSec-Websocket-Extensions: {BOTH}\r\n".lower() in head.lower()
    for lines in (HANDSHAKE, (*HANDSHAKE, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99")):
        _, head = await Bytes.open(each, lines)
        assert head.startswith("HTTP/1.1 101 ")
        assert "Extensions" not in head


async def test_the_same_events_with_and_without(each: Client, backend: Backend) -> None:
    """Compressed or not, a client reads the same."""
    await data.collection(backend, "posts", {"name": "text"})
    talks = [await Talk.open(each.base), await deflating(each.base)]
    for talk in talks:
        await talk.subscribe("posts/*")
    for text in ("short", "long " * 900, 'é"\n'):
        await data.records(backend, "posts", {"text": text})
        plain, compressed = [await talk.event() for talk in talks]
        assert plain["record"]["text"] == text
        assert compressed == plain


async def test_large_frames_are_compressed_small_ones_not(client: Client, backend: Backend) -> None:
    """A greeting goes out as it is, an event of some size in a third of its bytes."""
    await data.collection(backend, "posts", {"name": "text"})
    one, _ = await Bytes.open(client, BROWSER)
    first, payload = await one.frame()
    assert (first, json.loads(payload)["type"]) == (forms.TEXT, "connected")
    one.send(forms.DEFLATED_TEXT, packed(b'{"type":"subscribe","topics":["posts/*"]}'))
    assert (await one.frame())[0] == forms.TEXT
    await data.records(backend, "posts", {"text": "again and " * 100})
    first, payload = await one.frame()
    assert first == forms.DEFLATED_TEXT
    assert len(payload) < len(unpacked(first, payload)) / 3
    assert json.loads(unpacked(first, payload))["type"] == "event"


async def test_an_event_is_compressed_once_for_all(client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are told the same, it is compressed once."""
    texts: list[bytes] = []

    def counted(text: bytes) -> bytes:
        texts.append(text)
        return deflated(text)

    deflated = forms.deflated
    monkeypatch.setattr(forms, "deflated", counted)
    await data.collection(backend, "posts", {"name": "text"})
    talks = [await deflating(client.base) for _ in range(5)]
    for talk in talks:
        await talk.subscribe("posts/*")
    await data.records(backend, "posts", {"text": "again and " * 100})
    assert len({str(await talk.event()) for talk in talks}) == 1
    assert len([text for text in texts if b'"event"' in text]) == 1


async def test_fragments_of_a_compressed_message(each: Client) -> None:
    """A compressed message in several frames is one message."""
    one, _ = await Bytes.open(each, BROWSER)
    await one.frame()
    message = packed(b'{"type":"ping","id":7}')
    one.send(0x41, message[:5])
    one.send(0x80, message[5:])
    assert json.loads((await one.frame())[1]) == {"type": "pong", "id": 7}


async def test_a_message_that_names_its_last_block(each: Client) -> None:
    """A client may end its compressed data for good, as the standard allows."""
    one, _ = await Bytes.open(each, BROWSER)
    await one.frame()
    one.send(forms.DEFLATED_TEXT, zlib.compress(b'{"type":"ping"}', wbits=-15) + b"\x00")
    assert json.loads((await one.frame())[1]) == {"type": "pong"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (packed(b" " * (LONGEST_MESSAGE + 1)), 1009),
        (packed(b" " * (200 * LONGEST_MESSAGE)), 1009),
        (packed(b'{"type":"ping","id":"a text of some length"}')[:-9], 1007),
        (b"\xff\xff\xff", 1007),
        (b"", 1007),
    ],
    ids=["too long", "bomb", "cut off", "no compressed data", "nothing"],
)
async def test_what_cannot_be_inflated_ends_the_connection(each: Client, sent: bytes, code: int) -> None:
    """It is told why, its stream is forgotten, and others are served as before."""
    one, _ = await Bytes.open(each, BROWSER)
    await one.frame()
    one.send(forms.DEFLATED_TEXT, sent)
    first, payload = await one.frame()
    assert (first, int.from_bytes(payload[:2])) == (0x88, code)
    assert await asyncio.wait_for(one.reader.read(), 5) == b""
    assert each.backend.report(0)["streams"] == 0
    assert (await (await deflating(each.base)).ask("ping"))["type"] == "pong"


async def test_as_long_as_a_message_may_be(each: Client) -> None:
    """The limit is that of messages as they are, which may be reached."""
    talk = await deflating(each.base)
    said = json.dumps({"id": 1, "type": "ping", "more": ""})
    await talk.connection.write_message(said[:-2] + "x" * (LONGEST_MESSAGE - len(said)) + '"}')
    assert await talk.hear() == {"type": "pong", "id": 1}
