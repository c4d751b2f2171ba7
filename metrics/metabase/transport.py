"""One wrapper around `metabase-api`: time limits, patience, and the server's own words on errors.

Only its raw calls are used. Its helpers swallow errors and build requests with `eval`, and its
constructor asks the server without a time limit, so it is not called.
"""

from __future__ import annotations

import dataclasses
import json
import time
import typing
from collections.abc import Iterator

from settings import ConfigError

TRIES = 5
TIMEOUT = (10, 120)  # seconds to connect, seconds between bytes
LONGEST_WAIT = 60.0  # seconds; a server that asks for more is left for the next run
BUSY = (429, 502, 503, 504)
REMEDIES = {
    401: "set $PLUMBLINE_METABASE_KEY to an API key of the server",
    403: "give the API key's group the right to this (it must be in Administrators)",
    404: "check [metabase] url in the settings; Metabase 0.58 to 0.63 are supported",
}

pause = time.sleep


class ServerError(ConfigError):
    """The server refused, or gave no answer. `status` if it answered; `is_unsure` when a request
    that writes was sent and nothing came back: apply again, which finds what was done."""

    def __init__(self, text: str, status: int | None = None, is_unsure: bool = False) -> None:
        super().__init__(text)
        self.status, self.is_unsure = status, is_unsure


@dataclasses.dataclass
class Counts:
    """Requests sent: all of them, and those that write."""

    all: int = 0
    writes: int = 0


class Server:
    """A Metabase at `url`. `header` holds the API key or the session; it never enters a text."""

    def __init__(self, url: str, header: dict[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        self.counts = Counts()
        self._client = _client(self.url, header or {})

    def get(self, path: str, **query: typing.Any) -> typing.Any:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: typing.Any = None, *, reads: bool = False) -> typing.Any:
        """`reads` says that the call changes nothing, so that it may be tried again."""
        return self.send("POST", path, body, reads=reads)

    def put(self, path: str, body: typing.Any) -> typing.Any:
        return self.send("PUT", path, body)

    def delete(self, path: str) -> typing.Any:
        return self.send("DELETE", path)

    def send(
        self,
        method: str,
        path: str,
        body: typing.Any = None,
        *,
        query: dict[str, typing.Any] | None = None,
        reads: bool = False,
        tries: int = TRIES,
    ) -> typing.Any:
        """The answer's JSON, or None when it has none. Raises ServerError with the server's words.

        Tried again up to `tries` times: what the server was too busy for (429, 502, 503, 504),
        and a lost connection when the call reads or puts, which does no harm twice. A POST that
        writes is sent again after 429 alone: with a gateway's word, or none, it may be done.
        """
        import requests

        options: dict[str, typing.Any] = {"timeout": TIMEOUT, "allow_redirects": False}
        if query:
            options["params"] = query
        if body is not None:
            options["json"] = body
        call = getattr(self._client, method.lower())
        writes = method != "GET" and not reads
        makes = method == "POST" and not reads
        for attempt in range(1, tries + 1):
            self.counts.all += 1
            self.counts.writes += writes
            wait, status, unsure = None, None, False
            try:
                answer = call(path, "raw", **options)
            except requests.exceptions.RequestException as error:
                fault = f"no answer ({type(error).__name__})"
                never_sent = isinstance(error, requests.exceptions.ConnectTimeout)
                unsure = makes and not never_sent
                again = not unsure
            else:
                status = answer.status_code
                if status < 300:
                    return _json(answer, f"{method} {path}", self.url)
                fault, wait = _words(answer), _asked_wait(answer)
                unsure = makes and status in BUSY and status != 429
                again = status in BUSY and not unsure
            if wait is not None and wait > LONGEST_WAIT:
                fault, again = f"{fault}; it asks to wait {wait:.0f} s", False
            if not again or attempt == tries:
                break
            pause(wait if wait is not None else 2.0 ** (attempt - 1))
        raise ServerError(_told(method, path, self.url, status, fault), status, unsure)


def _client(url: str, header: dict[str, str]) -> typing.Any:
    from metabase_api import Metabase_API

    client = Metabase_API.__new__(Metabase_API)
    client.domain, client.email, client.auth = url, None, None
    client.header = header
    return client


def _told(method: str, path: str, url: str, status: int | None, fault: str) -> str:
    remedy = REMEDIES.get(status or 0)
    if status is None:
        remedy = f"check that {url} is a Metabase that this machine reaches"
    tail = f"; {remedy}." if remedy else "."
    return f"Metabase: {method} {path}: {status or ''} {fault}{tail}".replace(":  ", ": ")


def _json(answer: typing.Any, what: str, url: str) -> typing.Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        if "html" not in answer.headers.get("Content-Type", ""):
            return answer.text
        raise ServerError(
            f"Metabase: {what}: {url} answers with a page, not with data; set [metabase] url to "
            "the server's own address, without a path of a proxy's sign-in."
        ) from None


def _words(answer: typing.Any) -> str:
    """What the server says is wrong: its `specific-errors`, `errors`, `message` or text."""
    if answer.status_code < 400:
        return f"sent on to {answer.headers.get('Location', 'nowhere')}; set [metabase] url to that"
    try:
        body = answer.json()
    except ValueError:
        return " ".join(answer.text.split())[:300] or "refused"
    if isinstance(body, dict):
        for key in ("specific-errors", "errors"):
            if body.get(key):
                found = body[key]
                if isinstance(found, dict):
                    return "; ".join(f"{name}: {_plain(why)}" for name, why in found.items())[:500]
                return _plain(found)[:500]
        body = body.get("message") or body.get("error") or body
    return _plain(body)[:500]


def _plain(value: typing.Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _asked_wait(answer: typing.Any) -> float | None:
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.replace(".", "", 1).isdigit() else None


def patiently(seconds: float, step: float = 1.0) -> Iterator[None]:
    """`for _ in patiently(60):` at once, then every `step` seconds until they are over."""
    yield
    for _ in range(int(seconds / step)):
        pause(step)
        yield
