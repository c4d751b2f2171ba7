"""Mastodon: the configured accounts as they stand on the day of the load, and their statuses.

Endpoints (https://docs.joinmastodon.org/methods/accounts/): `accounts/lookup`,
`accounts/{id}/statuses`. A server only knows now, so every load is a dated snapshot. Statuses are
read anew while they are younger than `window_days` before `as_of`, because their counters still
move: `since_id` is the newest status that was older than that, so one walk brings new statuses
and due counters alike. (`min_id` would page forwards and lose what lies between.) Texts are HTML
written by people and are not kept.
"""

from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Iterator

from ingestion.specs import table
from settings import ConfigError

if typing.TYPE_CHECKING:
    from ingestion.load import Context

PAGE = 40  # the largest a server gives


def extract(context: Context) -> Iterator[tuple[str, list[dict[str, typing.Any]]]]:
    """Rows of `accounts` and `statuses`, captured on `context.as_of`; times are UTC.

    Reads back to `context.start` the first time, keeps `context.cursors["since_id"]` by account.
    Raises ConfigError without accounts, SourceError when the server cannot be read.
    """
    from ingestion.session import connect

    if not context.accounts:
        raise ConfigError(
            f"plumbline.toml: [sources.{context.source}] names no accounts; "
            'add accounts = ["name"] as the server spells them.'
        )
    headers = {"Authorization": f"Bearer {context.token}"} if context.token else {}
    client = connect(context, headers=headers)
    captured_on = context.as_of.isoformat()
    anchors = context.cursors.setdefault("since_id", {})
    for name in context.accounts:
        account = _account(client, context, name)
        yield "accounts", [_account_row(account, captured_on)]
        yield from _statuses(client, context, account, anchors)


def _account(client: typing.Any, context: Context, name: str) -> dict[str, typing.Any]:
    from ingestion.session import SourceError

    try:
        answer = client.get("api/v1/accounts/lookup", params={"acct": name.lstrip("@")})
    except SourceError as error:
        if error.status != 404:
            raise
        raise SourceError(
            f"{context.source}: the server has no account {name!r}; correct accounts in "
            f"[sources.{context.source}] of plumbline.toml.",
            404,
        ) from None
    return answer.json()


def _statuses(
    client: typing.Any, context: Context, account: dict[str, typing.Any], anchors: dict[str, str]
) -> Iterator[tuple[str, list[dict[str, typing.Any]]]]:
    from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator

    from ingestion.session import pages

    captured_on = context.as_of.isoformat()
    # ISO texts of one form compare as times do.
    start = context.start.isoformat()
    days = table("mastodon", "statuses").spec.window_days
    settled = (context.as_of - dt.timedelta(days=days)).isoformat()
    anchor = anchors.get(account["id"])
    since = int(anchor or -1)
    params = {"limit": PAGE} | ({"since_id": anchor} if anchor else {})
    path = f"api/v1/accounts/{account['id']}/statuses"
    seen: set[str] = set()
    for page in pages(
        client, context.source, path, HeaderLinkPaginator(), params=params, selector="$"
    ):
        fresh = [s for s in page if s["id"] not in seen and int(s["id"]) > since]
        seen.update(status["id"] for status in fresh)
        rows = [
            _status_row(status, account, captured_on)
            for status in fresh
            if status["created_at"] >= start
        ]
        for row in rows:
            if row["created_at"] < settled and int(row["status_id"]) > int(anchor or -1):
                anchor = row["status_id"]
        if rows:
            yield "statuses", rows
        # Newest first: what follows is older still. The link to it has forgotten since_id.
        if page and (page[-1]["created_at"] < start or int(page[-1]["id"]) <= since):
            break
    if anchor:
        anchors[account["id"]] = anchor


def _account_row(account: dict[str, typing.Any], captured_on: str) -> dict[str, typing.Any]:
    return {
        "account_id": account["id"],
        "captured_on": captured_on,
        "acct": account["acct"],
        "url": account.get("url"),
        "created_at": account.get("created_at"),
        "followers_count": account.get("followers_count"),
        "following_count": account.get("following_count"),
        "statuses_count": account.get("statuses_count"),
        "is_bot": account.get("bot"),
    }


def _status_row(
    status: dict[str, typing.Any], account: dict[str, typing.Any], captured_on: str
) -> dict[str, typing.Any]:
    media = status.get("media_attachments")
    return {
        "status_id": status["id"],
        "captured_on": captured_on,
        "account_id": account["id"],
        "acct": account["acct"],
        "created_at": status["created_at"],
        "edited_at": status.get("edited_at"),
        "url": status.get("url"),
        "language": status.get("language"),
        "visibility": status.get("visibility"),
        "is_reblog": status.get("reblog") is not None,
        "in_reply_to_id": status.get("in_reply_to_id"),
        "media_type": media[0].get("type") if media else None,
        "favourites_count": status.get("favourites_count"),
        "reblogs_count": status.get("reblogs_count"),
        "replies_count": status.get("replies_count"),
        "quotes_count": status.get("quotes_count"),
        "tags": " ".join(tag["name"] for tag in status.get("tags") or ()) or None,
    }
