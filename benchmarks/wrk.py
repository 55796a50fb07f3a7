"""The load generator wrk: one request over and over, or another each time."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SAME = """wrk.method, wrk.path, wrk.body = {method}, {path}, {body}
{headers}"""
DIFFERENT = """{headers}local n, choices = 0, {{}}
for choice in io.lines({choices}) do choices[#choices + 1] = choice end
math.randomseed(os.time())
request = function()
  n = n + 1
  local choice = choices[math.random(#choices)]
  return wrk.format({method}, {path}, nil, {body})
end
"""
"""wrk's scripts are in Lua."""


@dataclass(frozen=True)
class Request:
    """What a client sends. `{n}` in path and body is a number that grows, `{choice}` one of the choices."""

    path: str
    method: str = "GET"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    choices: Sequence[str] = ("",)

    @property
    def differs(self) -> bool:
        """Whether each request is another."""
        return any(slot in self.path + self.body for slot in ("{n}", "{choice}"))

    def first(self, text: str) -> str:
        """The path or body of one such request."""
        return text.replace("{n}", "1").replace("{choice}", self.choices[0])


@dataclass(frozen=True)
class Report:
    """What wrk counted: requests a second, p50 and p99 in ms."""

    requests: int
    refused: int
    failed: int
    rate: float
    p50: float | None
    p99: float | None


def require() -> None:
    """Exits with a message where wrk is not installed."""
    if not shutil.which("wrk"):
        sys.exit("The load generator wrk is not installed (Debian: apt-get install wrk).")


def drive(url: str, request: Request, clients: int, seconds: float) -> Report:
    """So many clients for so many seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-wrk-") as folder:
        lua = Path(folder) / "request.lua"
        lua.write_text(script(request, Path(folder)))
        command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}", "--latency", "--timeout", "30", "-s", str(lua), url]
        return report(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def script(request: Request, folder: Path) -> str:
    """The request in Lua."""
    named = {"Content-Type": "application/json", **request.headers}
    headers = "".join(f"wrk.headers[{quoted(name)}] = {quoted(value)}\n" for name, value in named.items())
    choices = folder / "choices"
    choices.write_text("".join(f"{choice}\n" for choice in request.choices))
    spelled = {what: quoted(text) for what, text in (("method", request.method), ("path", request.path), ("body", request.body))}
    return (DIFFERENT if request.differs else SAME).format(headers=headers, choices=quoted(str(choices)), **spelled)


def quoted(text: str) -> str:
    """An expression of Lua that is this text, with its slots filled."""
    plain = text.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "\\'")
    return "'" + plain.replace("{n}", "' .. n .. '").replace("{choice}", "' .. choice .. '") + "'"


def report(text: str) -> Report:
    """What wrk printed."""
    failed = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Report(
        requests=int(found(r"(\d+) requests in", text)),
        refused=int(found(r"Non-2xx or 3xx responses: (\d+)", text)),
        failed=sum(map(int, failed.groups())) if failed else 0,
        rate=float(found(r"Requests/sec:\s+([\d.]+)", text)),
        p50=milliseconds(found(r"^ +50% +(\S+)", text)),
        p99=milliseconds(found(r"^ +99% +(\S+)", text)),
    )


def found(pattern: str, text: str) -> str:
    """The group of the pattern in the text."""
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else "0"


def milliseconds(text: str) -> float | None:
    """`1.20ms`, `85.00us` or `1.10s` in ms; None where nothing was answered in time."""
    match = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text)
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[match[2]] or None if match else None
