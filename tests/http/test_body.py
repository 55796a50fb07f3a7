"""Bodies: JSON, forms, streamed multipart, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from pbtornado.errors import ApiError, BadRequest, TooLarge
from pbtornado.http.body import MOST_VALUES, Body, BodyReader, infer
from pbtornado.values import ReceivedFile
from tests.http.forms import END, MULTIPART, part


def reader(tmp_path: Path, content_type: str, limit: int = 1 << 20, in_memory: int = 1 << 20, length: int | None = None) -> BodyReader:
    """A reader of a body whose uploads lie in `tmp_path`; `length` is what its headers announce."""
    headers = HTTPHeaders({"Content-Type": content_type})
    if length is not None:
        headers["Content-Length"] = str(length)
    return BodyReader(headers, limit=limit, temporary=tmp_path, in_memory=in_memory)


def read(tmp_path: Path, content_type: str, body: bytes, step: int = 0, **limits: int) -> Body:
    """The body, fed in chunks of `step` bytes."""
    taking = reader(tmp_path, content_type, **limits)
    for start in range(0, len(body), step or len(body) or 1):
        taking.feed(body[start : start + (step or len(body))])
    return taking.finish()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("0", 0),
        ("12", 12),
        ("-3.5", -3.5),
        ("0.0", "0.0"),
        ("1.50", "1.50"),
        ("007", "007"),
        ("+1", "+1"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("1.", "1."),
        ("--1", "--1"),
        ("0.00001", 0.00001),
        ("12345678901234567890", "12345678901234567890"),
        ("Infinity", "Infinity"),
        ("9" * 400, "9" * 400),
    ],
)
def test_form_texts_become_values_only_in_canonical_spelling(text: str, value: Any) -> None:
    """A form's text is a number or truth value only where it is spelled as JSON would print it."""
    inferred = infer(text)
    assert inferred == value
    assert type(inferred) is type(value)


def test_json_body(tmp_path: Path) -> None:
    """A JSON object is its fields, null is none."""
    assert read(tmp_path, "application/json; charset=utf-8", b'{"a": [1, "\xc3\xa9"]}').fields == {"a": [1, "é"]}
    assert read(tmp_path, "application/json", b"null").fields == {}


@pytest.mark.parametrize("text", [b"{", b"[1]", b'"x"', b"\xff", b'{"a": NaN}', b'{"a": [1e400]}', b"[" * 100_000])
def test_malformed_json_is_refused(tmp_path: Path, text: bytes) -> None:
    """What is no JSON object is 400 in PocketBase's words."""
    with pytest.raises(BadRequest, match="Something went wrong"):
        read(tmp_path, "application/json", text)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/octet-stream"])
def test_unknown_content_type_is_refused(tmp_path: Path, kind: str) -> None:
    """A body of another content type is 400, saying so."""
    with pytest.raises(BadRequest, match="Unsupported Content-Type"):
        read(tmp_path, kind, b"x")


def test_no_body_needs_no_content_type(tmp_path: Path) -> None:
    """Where nothing was sent there are no fields and no complaint."""
    assert read(tmp_path, "", b"") == Body()


def test_urlencoded_form(tmp_path: Path) -> None:
    """Repeated keys make a list; values are inferred."""
    body = read(tmp_path, "application/x-www-form-urlencoded", b"a=1&b=x+y&b=%C3%A9&c=")
    assert body.fields == {"a": 1, "b": ["x y", "é"], "c": ""}


@pytest.mark.parametrize("text", [b"a=%zz", b"a=100%", b"a=x;y"])
def test_misspelled_form_is_refused(tmp_path: Path, text: bytes) -> None:
    """Percent signs start an escape, and semicolons are written as one."""
    with pytest.raises(BadRequest):
        read(tmp_path, "application/x-www-form-urlencoded", text)


@pytest.mark.parametrize("step", [0, 1, 7])
def test_multipart_in_any_slices(tmp_path: Path, step: int) -> None:
    """Texts and files arrive the same however the body is cut into chunks."""
    body = part("title", b"12") + part("docs", b"one\r\n--x\r\n", "a.txt") + part("docs", b"", "b.bin") + END
    got = read(tmp_path, MULTIPART, body, step)
    assert got.fields == {"title": 12}
    assert [(file.name, file.path.read_bytes(), file.size) for file in got.files["docs"]] == [
        ("a.txt", b"one\r\n--x\r\n", 10),
        ("b.bin", b"", 0),
    ]


def test_json_payload_is_laid_over_the_form(tmp_path: Path) -> None:
    """`@jsonPayload` carries raw JSON that wins over the form's own values."""
    body = part("a", b"1") + part("b", b"2") + part("@jsonPayload", b'{"a": "007", "c": [1]}') + END
    assert read(tmp_path, MULTIPART, body).fields == {"a": "007", "b": 2, "c": [1]}


@pytest.mark.parametrize("payload", [b"{", b"[1]"])
def test_malformed_json_payload_is_refused(tmp_path: Path, payload: bytes) -> None:
    """A `@jsonPayload` that is no object is 400."""
    with pytest.raises(BadRequest):
        read(tmp_path, MULTIPART, part("@jsonPayload", payload) + END)


@pytest.mark.parametrize(
    ("sent", "name"),
    [("../../etc/passwd", "passwd"), ("/a/b.txt", "b.txt"), ("é b.png", "é b.png"), ("a;b.txt", "a;b.txt"), ("", "")],
)
def test_of_a_sent_path_only_the_last_step_is_the_name(tmp_path: Path, sent: str, name: str) -> None:
    """Directories in a client's file name are dropped; without a name the part is a text."""
    files = read(tmp_path, MULTIPART, part("f", b"x", sent) + END).files
    assert [file.name for file in files.get("f", [])] == ([name] if name else [])


def test_extended_file_name(tmp_path: Path) -> None:
    """`filename*` is read where it stands alone."""
    head = b"--xx\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''h%C3%A9.txt\r\n\r\nx\r\n"
    assert read(tmp_path, MULTIPART, head + END).files["f"][0].name == "hé.txt"


@pytest.mark.parametrize("strange", [b"filename*=idna\0''a", b"filename*'utf-8;filename*1*;\0utf-7;filename*"])
def test_a_file_name_nobody_can_read_is_none(tmp_path: Path, strange: bytes) -> None:
    """A part whose extended file name cannot be read is a text."""
    body = b'--xx\r\nContent-Disposition: form-data; name="f"; ' + strange + b"\r\n\r\nx\r\n" + END
    assert read(tmp_path, MULTIPART, body).fields == {"f": "x"}


@pytest.mark.parametrize(
    "body",
    [
        b"abc",
        part("f", b"x", "a.txt"),
        (part("f", b"x" * 99, "a.txt") + END)[:-40],
        part("a", b"1") + part("f", b"x", "a.txt") + b"--xx",
        b"--xx\r\n" + b"X: y\r\n" * 40 + b"\r\n\r\n" + END,
        b"--xx\r\nX: " + b"y" * 20_000 + b"\r\n\r\n\r\n" + END,
        b"".join(part(str(number), b"") for number in range(1001)) + END,
    ],
)
def test_broken_multipart_is_refused_and_leaves_nothing(tmp_path: Path, body: bytes) -> None:
    """A multipart body that is cut off or over a limit is 400, and none of its files stays."""
    with pytest.raises(BadRequest):
        read(tmp_path, MULTIPART, body)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 500}"])
def test_unusable_boundary_is_refused(tmp_path: Path, kind: str) -> None:
    """Without a boundary, or with one that is too long, the body is 400."""
    with pytest.raises(BadRequest):
        read(tmp_path, kind, END)


def test_announced_length_is_refused_at_once(tmp_path: Path) -> None:
    """A body whose announced length is over the limit is 413 before a byte of it."""
    with pytest.raises(TooLarge):
        reader(tmp_path, MULTIPART, limit=10, length=11)
    with pytest.raises(TooLarge):
        BodyReader(HTTPHeaders({"Content-Length": "9" * 5000}), limit=10, temporary=tmp_path)


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (part("f", b"x" * 1000, "a.txt") + END, {"limit": 500}),
        (part("t", b"x" * 600) + part("u", b"x" * 600) + END, {"in_memory": 1000}),
    ],
)
def test_too_much_is_refused_and_leaves_nothing(tmp_path: Path, body: bytes, limits: dict[str, int]) -> None:
    """More bytes than the limit, or more text than may be in memory, is 413 with nothing left behind."""
    with pytest.raises(TooLarge):
        read(tmp_path, MULTIPART, body, 100, **limits)
    assert not list(tmp_path.iterdir())


def test_json_has_the_limit_of_memory(tmp_path: Path) -> None:
    """JSON is held in memory, so its limit holds even where files may be larger."""
    with pytest.raises(TooLarge):
        read(tmp_path, "application/json", b'"' + b"x" * 200 + b'"', 10, in_memory=100)


@pytest.mark.parametrize("item", [b"[],", b"1,", b'{"":{}},'])
def test_json_of_too_many_values_is_refused(tmp_path: Path, item: bytes) -> None:
    """A body within its limit can still be millions of objects."""
    body = b'{"a":[' + item * (MOST_VALUES + 1) + b"0]}"
    with pytest.raises(TooLarge):
        read(tmp_path, "application/json", body, limit=len(body), in_memory=len(body))


def test_files_are_not_in_memory(tmp_path: Path) -> None:
    """A file larger than what may be in memory is received."""
    got = read(tmp_path, MULTIPART, part("f", b"x" * 5000, "a.txt") + END, 100, in_memory=10)
    assert got.files["f"][0].size == 5000


def test_cut_connection_leaves_nothing(tmp_path: Path) -> None:
    """Uploads of a body that never became whole go with its connection."""
    taking = reader(tmp_path, MULTIPART)
    taking.feed(part("f", b"x" * 100, "a.txt") + part("g", b"y", "b.txt")[:-3])
    assert len(list(tmp_path.iterdir())) == 2
    taking.cut()
    assert not list(tmp_path.iterdir())


def test_whole_body_outlives_its_connection(tmp_path: Path) -> None:
    """Uploads that arrived whole stay until the request is over, also when nobody waits for the answer."""
    taking = reader(tmp_path, MULTIPART)
    taking.feed(part("f", b"x", "a.txt") + END)
    file = taking.finish().files["f"][0]
    taking.cut()
    assert file.path.exists()
    taking.discard()
    assert not file.path.exists()


def test_failure_is_told_at_every_asking(tmp_path: Path) -> None:
    """A body that was refused stays refused."""
    taking = reader(tmp_path, "application/json")
    taking.feed(b"{")
    for _ in range(2):
        with pytest.raises(ApiError):
            taking.finish()


def test_payload_joins_kept_names_and_uploads(tmp_path: Path) -> None:
    """Uploads follow the names sent under their key, stand alone under a modifier, and other fields get none."""
    one = ReceivedFile("a", tmp_path, 1)
    body = Body({"docs": ["old", "old"], "docs+": "x", "title": "t"}, {"docs": [one], "docs+": [one], "title": [one], "docs-": [one]})
    assert body.payload({"docs"}) == {"docs": ["old", one], "docs+": [one], "title": "t"}


def test_uploads_under_the_plain_name_are_the_last_word(tmp_path: Path) -> None:
    """What texts would put before them, behind them, or take away is of no account."""
    one = ReceivedFile("a", tmp_path, 1)
    body = Body({"docs+": "x", "+docs": "y", "docs-": "z", "other+": "x"}, {"docs": [one]})
    assert body.payload({"docs", "other"}) == {"docs": [one], "other+": "x"}
