"""A vendor's API on loopback, for the sample and for tests: HTTP/1.1, and faults on demand.

A vendor's module turns rows into a function from request to answer; here is what all share.
Faults are given in the JSON of mastodon-mock's `POST /api/v1/_mock/faults`
(`{"match": {"methods", "path", "path_regex"}, "effect": {"type", "status", "body", "headers",
"delay_ms"}, "count"}`), by `Server.fault` or by the same POST; `"skip"` lets so many matching
requests pass first. Effects: `status`, `ratelimit`
(429), `malformed` (200 with JSON that is cut off), `truncated` (the connection ends before the
body does), `drop` (no answer at all), `duplicate` (the answer of the request before this one, as
a cache in between might), `latency` (at most 0.2 s).
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import http.server
import itertools
import re
import threading
import time
import typing
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import orjson

FAULTS = "/api/v1/_mock/faults"
EFFECTS = {"status", "ratelimit", "malformed", "truncated", "drop", "duplicate", "latency"}
Tables = dict[str, list[dict[str, typing.Any]]]


@dataclasses.dataclass(frozen=True)
class Request:
    """What the client asked: `query` by name (repeated: joined by commas), `body` from JSON."""

    method: str
    path: str
    query: dict[str, str]
    headers: typing.Mapping[str, str]
    body: typing.Any = None


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the vendor says: `body` is anything orjson writes, or bytes as they are."""

    body: typing.Any
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    kind: str = "application/json"


Build = Callable[[Tables], Callable[[Request], Answer]]


class Server:
    """A running vendor: `base_url`, `requests` (method and path of each), `fault`, `load`."""

    def __init__(self, build: Build, rows: Tables):
        self.build = build
        self.requests: list[tuple[str, str]] = []
        self.faults: list[dict[str, typing.Any]] = []
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.load(rows)
        self.http = _Listener(("127.0.0.1", 0), _handler(self))
        self.base_url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def load(self, rows: Tables) -> None:
        """Serve these rows from now on."""
        self.answer = self.build(rows)
        self.before: Answer | None = None

    def fault(
        self,
        type: str,
        path_regex: str = "",
        count: int | None = 1,
        skip: int = 0,
        **effect: typing.Any,
    ) -> None:
        """Let `count` requests (None: all) whose path matches go wrong, the first `skip` not."""
        self.add_fault(
            {
                "match": {"path_regex": path_regex},
                "effect": {"type": type, **effect},
                "count": count,
                "skip": skip,
            }
        )

    def add_fault(self, rule: dict[str, typing.Any]) -> str:
        """A fault in mastodon-mock's words; its id. Raises ValueError for an unknown effect."""
        kind = (rule.get("effect") or {}).get("type", "status")
        if kind not in EFFECTS:
            raise ValueError(f"unknown effect {kind!r}; known: {', '.join(sorted(EFFECTS))}")
        number = f"r{next(self.numbers)}"
        with self.lock:
            self.faults.append({"skip": 0, **rule, "id": number, "remaining": rule.get("count")})
        return number

    def take_fault(self, method: str, path: str) -> dict[str, typing.Any] | None:
        """The effect of the first rule that matches, counted down."""
        if not self.faults:
            return None
        with self.lock:
            for rule in self.faults:
                match = rule.get("match") or {}
                if method not in (match.get("methods") or [method]):
                    continue
                if path != (match.get("path") or path):
                    continue
                if not re.search(match.get("path_regex") or "", path):
                    continue
                if rule["skip"] > 0:
                    rule["skip"] -= 1
                    continue
                if rule["remaining"] is not None:
                    rule["remaining"] -= 1
                    if rule["remaining"] <= 0:
                        self.faults.remove(rule)
                return rule["effect"]
        return None


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # A test that ends must not wait for a client that keeps its connection.
    block_on_close = False


@contextlib.contextmanager
def running(build: Build, rows: Tables) -> Iterator[Server]:
    """The vendor that `build` makes of `rows`, on a free port of 127.0.0.1, for the block."""
    server = Server(build, rows)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


def _handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(size) if size else b""
            if parts.path.startswith(FAULTS):
                return self.send(_control(server, self.command, content))
            server.requests.append((self.command, parts.path))
            effect = server.take_fault(self.command, parts.path)
            kind = effect["type"] if effect else None
            if kind == "drop":
                self.close_connection = True
                return None
            if kind in ("status", "ratelimit"):
                status = int(effect.get("status", 429 if kind == "ratelimit" else 500))
                body = effect.get("body", {"error": f"simulated {status}"})
                return self.send(Answer(body, status, effect.get("headers") or {}))
            if kind == "malformed":
                return self.send(Answer(b'{"error": "truncated'))
            if kind == "latency":
                time.sleep(min(float(effect.get("delay_ms", 20)), 200.0) / 1000)
            if kind == "duplicate" and server.before is not None:
                return self.send(server.before)
            answer = self.ask(parts.path, parts.query, content)
            server.before = answer
            return self.send(answer, cut=kind == "truncated")

        def ask(self, path: str, query: str, content: bytes) -> Answer:
            try:
                body = orjson.loads(content) if content else None
            except orjson.JSONDecodeError:
                return Answer({"error": "the request is not JSON"}, 400)
            asked: dict[str, str] = {}
            for name, value in parse_qsl(query, keep_blank_values=True):
                asked[name] = f"{asked[name]},{value}" if name in asked else value
            return server.answer(Request(self.command, path, asked, self.headers, body))

        def send(self, answer: Answer, cut: bool = False) -> None:
            body = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
            reason = self.responses.get(answer.status, ("",))[0]
            head = [
                f"HTTP/1.1 {answer.status} {reason}",
                f"Content-Type: {answer.kind}",
                f"Content-Length: {len(body)}",
                *(f"{name}: {value}" for name, value in answer.headers.items()),
            ]
            if cut:
                body = body[: len(body) // 2]
                self.close_connection = True
            # One write: two would wait for each other (Nagle and delayed acknowledgement).
            self.wfile.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)

        do_GET = do_POST = do_PUT = do_DELETE = do

        def log_message(self, *parts: typing.Any) -> None:
            """Says nothing: a request line may hold personal data."""

    return Handler


def _control(server: Server, method: str, content: bytes) -> Answer:
    if method == "POST":
        try:
            return Answer({"id": server.add_fault(orjson.loads(content))})
        except ValueError as error:
            return Answer({"error": str(error)}, 422)
    if method == "DELETE":
        server.faults.clear()
    return Answer(server.faults)


def moment(value: typing.Any) -> str | None:
    """A date or timestamp of the sample (ISO, UTC if it does not say) as vendors write it."""
    if value in (None, ""):
        return None
    when = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    if when.tzinfo:
        when = when.astimezone(dt.UTC).replace(tzinfo=None)
    return when.isoformat(timespec="milliseconds") + "Z"


def text(value: typing.Any) -> str | None:
    """A value as an API that knows only strings says it; null and blank are null."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def numbered(rows: list[dict], column: str, vendor: str) -> None:
    """Raises ValueError when an id is not a number, which these vendors' ids are."""
    for place, row in enumerate(rows, start=1):
        if not str(row[column]).isdigit():
            raise ValueError(
                f"{vendor}: row {place}: {column} {row[column]!r} is not a number; "
                "give the sample ids as the vendor makes them."
            )
