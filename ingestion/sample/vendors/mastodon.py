"""A Mastodon server on loopback: lookup, account, statuses with `Link` paging.

Shapes: Mastodon's API as in abraham/mastodon-openapi (MIT), entities Account and Status. Reading
needs a bearer token here, as on servers in limited-federation mode.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from urllib.parse import urlencode

from ingestion.sample.vendors.server import Answer, Request, Tables, moment, numbered

LIMIT, LARGEST = 20, 40  # more is cut down to the largest, without a word
SITE = "https://social.example"


def build(tables: Tables) -> Callable[[Request], Answer]:
    """The server that shows `accounts` and `statuses` (columns of ingestion/tables/mastodon)."""
    accounts = {str(row["account_id"]): row for row in tables.get("accounts", [])}
    statuses = {str(row["status_id"]): row for row in tables.get("statuses", [])}
    numbered(list(accounts.values()), "account_id", "mastodon.accounts")
    numbered(list(statuses.values()), "status_id", "mastodon.statuses")
    by_name = {row["acct"].lower(): row for row in accounts.values()}
    by_author: dict[str, list[dict]] = {key: [] for key in accounts}
    for row in sorted(statuses.values(), key=lambda row: -int(row["status_id"])):
        by_author.setdefault(str(row["account_id"]), []).append(row)

    def answer(request: Request) -> Answer:
        if not request.headers.get("Authorization", "").removeprefix("Bearer ").strip():
            return Answer({"error": "This method requires an authenticated user"}, 401)
        match request.path.removeprefix("/api/v1/accounts").split("/"):
            case ["", "lookup"]:
                name = request.query.get("acct", "").lstrip("@").lower()
                row = by_name.get(name) or by_name.get(name.partition("@")[0])
                return Answer(_account(row)) if row else _missing()
            case ["", number] if number in accounts:
                return Answer(_account(accounts[number]))
            case ["", number, "statuses"] if number in accounts:
                return _page(request, by_author[number], accounts[number])
        return _missing()

    return answer


def _missing() -> Answer:
    return Answer({"error": "Record not found"}, 404)


def _page(request: Request, rows: list[dict], author: dict) -> Answer:
    """Newest first. `since_id` leaves out what is older; `min_id` pages from the oldest up."""
    asked = request.query
    limit = min(int(asked.get("limit") or LIMIT), LARGEST)
    found = [row for row in rows if _wanted(row, asked)]
    page = found[-limit:] if asked.get("min_id") else found[:limit]
    links = []
    if page:
        # Like the real one, a link to another page drops since_id.
        kept = {k: v for k, v in asked.items() if k not in ("max_id", "min_id", "since_id")}
        here = f"http://{request.headers['Host']}{request.path}"
        if len(page) == limit:
            older = urlencode({**kept, "max_id": page[-1]["status_id"]})
            links.append(f'<{here}?{older}>; rel="next"')
        newer = urlencode({**kept, "min_id": page[0]["status_id"]})
        links.append(f'<{here}?{newer}>; rel="prev"')
    headers = {"Link": ", ".join(links)} if links else {}
    who = _account(author)
    return Answer([_status(row, who) for row in page], headers=headers)


def _wanted(row: dict, asked: dict[str, str]) -> bool:
    number = int(row["status_id"])
    return (
        number < int(asked.get("max_id") or number + 1)
        and number > int(asked.get("since_id") or -1)
        and number > int(asked.get("min_id") or -1)
        and not (asked.get("exclude_reblogs") == "true" and row.get("is_reblog"))
        and not (asked.get("exclude_replies") == "true" and row.get("in_reply_to_id"))
    )


def _account(row: dict) -> dict[str, typing.Any]:
    acct = row["acct"]
    url = row.get("url") or f"{SITE}/@{acct}"
    return {
        "id": str(row["account_id"]),
        "username": acct.partition("@")[0],
        "acct": acct,
        "display_name": acct,
        "locked": False,
        "bot": bool(row.get("is_bot")),
        "group": False,
        "discoverable": True,
        "indexable": True,
        "created_at": moment(row.get("created_at")) or "2016-01-01T00:00:00.000Z",
        "note": "<p>Precision for those who measure.</p>",
        "url": url,
        "uri": f"{SITE}/users/{acct}",
        "avatar": f"{SITE}/avatars/original/missing.png",
        "avatar_static": f"{SITE}/avatars/original/missing.png",
        "header": f"{SITE}/headers/original/missing.png",
        "header_static": f"{SITE}/headers/original/missing.png",
        "followers_count": int(row.get("followers_count") or 0),
        "following_count": int(row.get("following_count") or 0),
        "statuses_count": int(row.get("statuses_count") or 0),
        "last_status_at": None,
        "emojis": [],
        "fields": [],
        "roles": [],
    }


def _status(row: dict, author: dict[str, typing.Any]) -> dict[str, typing.Any]:
    number = str(row["status_id"])
    media = row.get("media_type")
    words = (row.get("tags") or "").split()
    shown = {
        "id": number,
        "created_at": moment(row["created_at"]),
        "edited_at": moment(row.get("edited_at")),
        "in_reply_to_id": row.get("in_reply_to_id") or None,
        "in_reply_to_account_id": author["id"] if row.get("in_reply_to_id") else None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": row.get("visibility") or "public",
        "language": row.get("language"),
        "uri": f"{author['uri']}/statuses/{number}",
        "url": row.get("url") or f"{author['url']}/{number}",
        "replies_count": int(row.get("replies_count") or 0),
        "reblogs_count": int(row.get("reblogs_count") or 0),
        "favourites_count": int(row.get("favourites_count") or 0),
        "content": "<p>What this says is nobody's business here.</p>",
        "reblog": None,
        "application": {"name": "Web", "website": None},
        "account": author,
        "media_attachments": [_attachment(number, media)] if media else [],
        "mentions": [],
        "tags": [{"name": word, "url": f"{SITE}/tags/{word}"} for word in words],
        "emojis": [],
        "card": None,
        "poll": None,
    }
    if row.get("quotes_count") is not None:  # servers before 4.5 do not count quotes
        shown["quotes_count"] = int(row["quotes_count"])
    if row.get("is_reblog"):
        shown["reblog"] = {**shown, "id": str(int(number) - 1), "reblog": None}
    return shown


def _attachment(number: str, kind: str) -> dict[str, typing.Any]:
    return {
        "id": number,
        "type": kind,
        "url": f"{SITE}/media/{number}",
        "preview_url": f"{SITE}/media/{number}/small",
        "remote_url": None,
        "meta": {},
        "description": None,
        "blurhash": None,
    }
