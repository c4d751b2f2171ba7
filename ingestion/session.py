"""How every API source speaks to its vendor: one client, bounded patience, clear errors.

dlt's `RESTClient` and paginators do the paging; its retries know 429 and 5xx, but not an answer
that was cut off, nor a throttle that says 200 or 400. The session here does. What it raises never
holds a query, a token or a value, because those hold personal data.
"""

from __future__ import annotations

import collections
import datetime as dt
import email.utils
import os
import re
import time
import typing
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

if typing.TYPE_CHECKING:
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import BasePaginator
    from requests import PreparedRequest, Response

    from ingestion.load import Context

TRIES = 6
TIMEOUT = (10, 120)  # seconds to connect, seconds between bytes
LONGEST_WAIT = 300.0  # seconds; a vendor that asks for more is left for the next run
WHOLE = 1 << 20  # bytes to read at a time
SAME_PAGE = 3  # times a page may be asked for: a duplicate is harmless, a circle is not
REMEDIES = {
    400: "the vendor no longer takes this request; see its change log and the source module",
    401: "set ${token} to a valid token",
    403: "give the token in ${token} the right to read this",
    404: "check base_url and the names in [sources.{source}] of plumbline.toml",
}

pause = time.sleep


class SourceError(RuntimeError):
    """A vendor cannot be read; the text names source, path and remedy. `status` if it answered."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


def connect(
    context: Context,
    auth: typing.Any = None,
    headers: dict[str, str] | None = None,
    throttled: Callable[[int, typing.Any], bool] = lambda status, body: False,
) -> RESTClient:
    """A client for `context.base_url` that tries again up to `TRIES` times.

    Tried again, after what `Retry-After` or `X-RateLimit-Reset` say, else 1, 2, 4… seconds: no or
    half an answer, 429, 5xx, JSON that is cut off, and what `throttled(status, body)` knows as a
    throttle though its status does not say so. Everything else raises SourceError at once. The
    client only ever talks to the host of `base_url`, because every request carries the token.
    `{company}` in `base_url` is filled in.
    """
    import requests
    from dlt.sources.helpers.rest_client import RESTClient

    base_url = context.base_url.replace("{company}", context.company or "")
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "User-Agent": "plumbline"})
    # requests asks the environment at every request, and lets ~/.netrc replace our token.
    session.proxies = requests.utils.get_environ_proxies(base_url)
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.trust_env = False
    session.send = _patient(  # type: ignore[method-assign]
        session.send, context.source, urlsplit(base_url).netloc, throttled
    )
    client = RESTClient(base_url, headers=headers, auth=auth, session=session)
    # dlt writes each URL into a log, and a query may hold an e-mail address.
    client._log_request = lambda request, url: None  # type: ignore[method-assign]
    return client


def pages(
    client: RESTClient,
    source: str,
    path: str,
    paginator: BasePaginator,
    selector: str,
    **request: typing.Any,
) -> Iterator[typing.Any]:
    """The pages of one listing, each a list of the vendor's objects with its `response`.

    `selector` is the JSON path of the list in an answer. Raises SourceError when the vendor sends
    the client in a circle.
    """
    from dlt.common.jsonpath import compile_path

    asked: collections.Counter[int] = collections.Counter()
    # The session has judged the answer already; dlt's own judge would put the query into its text.
    quiet: dict[str, list] = {"response": []}
    # Compiled here, because dlt would compile a text anew for every page.
    request["data_selector"] = compile_path(selector)
    for page in client.paginate(path, paginator=paginator, hooks=quiet, **request):
        yield page
        if paginator.has_next_page:
            following = hash((page.request.url, str(page.request.params), str(page.request.json)))
            asked[following] += 1
            if asked[following] > SAME_PAGE:
                raise SourceError(
                    f"{source}: {_path(page.request.url)} names the same next page again and "
                    "again; run again later, and report it to the vendor if it stays."
                )


def _patient(send: Callable, source: str, host: str, throttled: Callable) -> Callable:
    from requests.exceptions import (
        ChunkedEncodingError,
        ConnectionError,
        ContentDecodingError,
        Timeout,
    )

    lost = (ChunkedEncodingError, ConnectionError, ContentDecodingError, Timeout)

    def patient(request: PreparedRequest, **options: typing.Any) -> Response:
        where = f"{source}: {request.method} {_path(request.url)}"
        if urlsplit(request.url).netloc != host:
            raise SourceError(
                f"{where}: the vendor points to another host than {host}; the token is not sent "
                f"there. Set base_url in [sources.{source}] to the vendor's present address."
            )
        if options.get("timeout") is None:
            options["timeout"] = TIMEOUT
        for attempt in range(1, TRIES + 1):
            status, wait = None, None
            try:
                response = send(request, **options | {"stream": True})
                # requests reads in pieces of 10 KB; a page of 100 records has 70.
                response._content = b"".join(response.iter_content(WHOLE))
            except lost as error:
                fault = f"no whole answer ({type(error).__name__})"
            else:
                status = response.status_code
                fault = _fault(response, throttled)
                if fault is None:
                    return response
                wait = _asked_wait(response)
            if wait is not None and wait > LONGEST_WAIT:
                raise SourceError(
                    f"{where}: {fault}; the vendor asks to wait {wait:.0f} s. Run again then.",
                    status,
                )
            if attempt < TRIES:
                pause(wait if wait is not None else float(2 ** (attempt - 1)))
        raise SourceError(
            f"{where}: {fault}, {TRIES} times in a row. What was loaded before stays; run again "
            "later, and see the vendor's status page if it stays.",
            status,
        )

    def _fault(response: Response, throttled: Callable) -> str | None:
        import orjson

        status = response.status_code
        if status == 429 or status >= 500:
            return f"answered {status}"
        try:
            body = orjson.loads(response.content) if response.content else None
        except orjson.JSONDecodeError:
            if status < 300:
                return "answered JSON that is cut off"
            body = None
        if throttled(status, body):
            return f"answered {status} with a throttle"
        if status >= 400:
            remedy = REMEDIES.get(status, "see the vendor's documentation of this status")
            raise SourceError(
                f"{source}: {response.request.method} {_path(response.url)}: answered "
                f"{status}{_said(body)}; "
                + remedy.format(token=f"{source.upper()}_TOKEN", source=source)
                + ".",
                status,
            )
        response.json = lambda **options: body  # parsed once, and faster than requests does
        return None

    return patient


def _path(url: str) -> str:
    """The path without what stands for one person or record."""
    return re.sub(r"/\d+(?=/|$)", "/{id}", urlsplit(url).path)


def _said(body: typing.Any) -> str:
    """The vendor's own words, without what may be a person's address or a token."""
    if not isinstance(body, dict):
        return ""
    text = next(
        (body[k] for k in ("message", "error", "detail", "title") if isinstance(body.get(k), str)),
        "",
    )
    words = [w for w in text.split() if "@" not in w and not w.isdigit() and len(w) < 30]
    return f" ({' '.join(words)[:160].rstrip('. ')})" if words else ""


def _asked_wait(response: Response) -> float | None:
    """Seconds that the vendor asks for, or None. Mastodon names a moment instead of seconds."""
    text = response.headers.get("Retry-After")
    if text is None and response.status_code == 429:
        text = response.headers.get("X-RateLimit-Reset")
        if text and text.strip().isdigit():
            return max(0.0, int(text) - time.time())
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = (
            dt.datetime.fromisoformat(text)
            if text[:4].isdigit()
            else email.utils.parsedate_to_datetime(text)
        )
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0.0, moment.timestamp() - time.time())
