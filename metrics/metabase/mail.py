"""What goes out by itself: dashboards by e-mail, alerts on bad news, and the home page.

An alert is sent when its card has a row. Such a card knows the goals' own targets; Metabase's
alerts on a goal line only know a constant.
"""

from __future__ import annotations

from metrics.cards import Dashboard, Subscription
from metrics.metabase import shape
from metrics.metabase.shape import Json, New
from metrics.metabase.work import Work, listed

PREFIX = "Plumbline: "
ALERT_AT = "0 0 8 * * ? *"
"""Every day at eight, in Quartz's seven fields."""


def subscriptions(work: Work, ids: dict[str, Json]) -> None:
    """One a dashboard and group that has addresses in the settings. One of ours that nobody wants
    any more, or that nobody is to get, ends; people's own stay."""
    if not can_send(work):
        told = ["the server has no mail server: what follows is taken and never sent"]
        work.note("note", "mail", work.settings.url, told)
    wanted: dict[tuple[Json, str], tuple[Dashboard, Subscription, list[str]]] = {}
    for board in work.boards:
        for one in board.subscriptions:
            if board.key not in ids:
                continue
            addresses = list(work.settings.recipients.get(one.to, ()))
            if not addresses:
                told = [f"nobody in [metabase.recipients] {one.to}"]
                work.note("note", "subscription", f"{board.title} → {one.to}", told)
                continue
            wanted[ids[board.key], one.to] = (board, one, addresses)
    there: dict[tuple[Json, str], dict[str, Json]] = {}
    for row in listed(work.server.get("/api/pulse")):
        if is_mine(work, row) and row["name"].startswith(PREFIX) and not row.get("archived"):
            there[row.get("dashboard_id"), row["name"].rpartition(" → ")[2]] = row
    for place, (board, one, addresses) in wanted.items():
        name = f"{PREFIX}{board.title} → {one.to}"
        if isinstance(place[0], New):
            work.note("create", "subscription", name)
        else:
            found = there.pop(place, None)
            _subscription(work, one, place[0], name, addresses, found)
    for row in there.values():
        path = f"/api/pulse/{row['id']}"
        work.change("subscription", row["name"], path, {"archived": True}, verb="archive")


def is_mine(work: Work, row: dict[str, Json]) -> bool:
    """Made by the key that we use, not by a person."""
    return work.me is not None and row.get("creator_id") == work.me


def _subscription(
    work: Work,
    one: Subscription,
    number: Json,
    name: str,
    to: list[str],
    found: dict[str, Json] | None,
) -> None:
    live = work.server.get(f"/api/dashboard/{number}")
    body = {
        "name": name,
        "dashboard_id": number,
        "cards": [
            {
                "id": tile["card_id"],
                "dashboard_card_id": tile["id"],
                "include_csv": False,
                "include_xls": False,
            }
            for tile in live.get("dashcards") or []
            if tile.get("card_id") and shape.is_ours(tile)
        ],
        "channels": [
            {
                "channel_type": "email",
                "enabled": True,
                "schedule_type": one.schedule,
                "schedule_hour": one.hour,
                "schedule_day": (one.day or "mon") if one.schedule == "weekly" else one.day,
                "schedule_frame": "first" if one.schedule == "monthly" else None,
                "recipients": [{"email": address} for address in to],
                "details": {},
            }
        ],
        "skip_if_empty": one.skip_if_empty,
    }
    if found is None:
        work.create("subscription", name, "/api/pulse", body)
        return
    changed = shape.differences(_pulse_form(body), _pulse_form(found))
    if changed:
        work.change("subscription", name, f"/api/pulse/{found['id']}", body, changed)


def _pulse_form(pulse: dict[str, Json]) -> Json:
    keys = ("channel_type", "schedule_type", "schedule_hour", "schedule_day", "schedule_frame")
    return {
        "name": pulse["name"],
        "cards": sorted(
            (str(card["id"]), str(card.get("dashboard_card_id"))) for card in pulse["cards"]
        ),
        "channels": [
            {key: channel.get(key) for key in keys}
            | {"to": sorted(r.get("email", "") for r in channel.get("recipients") or [])}
            for channel in pulse["channels"]
            if channel.get("enabled", True)
        ],
        "skip_if_empty": bool(pulse.get("skip_if_empty")),
    }


def alerts(work: Work, card_ids: dict[str, Json]) -> None:
    """One for every card that has an alert's text, to the groups that get its dashboard. Ours that
    nobody is to get is switched off; people's own on the same card stay."""
    rows: list[dict[str, Json]] | None = None
    for board in work.boards:
        for card in board.cards:
            if card.alert is None or card.key not in card_ids:
                continue
            addresses = list(dict.fromkeys(
                address
                for one in board.subscriptions
                for address in work.settings.recipients.get(one.to, ())
            ))  # fmt: skip
            name = f"{PREFIX}{card.alert}"
            number = card_ids[card.key]
            if rows is None:
                rows = listed(work.server.get("/api/notification"))
            found = next((row for row in rows if _is_ours(work, row, number)), None)
            if not addresses:
                work.note("note", "alert", name, ["nobody in [metabase.recipients]"])
                if found is not None and found.get("active", True):
                    path = f"/api/notification/{found['id']}"
                    work.change("alert", name, path, {**found, "active": False}, verb="archive")
            elif isinstance(number, New):
                work.note("create", "alert", name)
            else:
                _alert(work, number, name, addresses, found)


def _is_ours(work: Work, row: dict[str, Json], card_id: Json) -> bool:
    return (
        is_mine(work, row)
        and row.get("payload_type") == "notification/card"
        and (row.get("payload") or {}).get("card_id") == card_id
    )


def _alert(
    work: Work, number: Json, name: str, to: list[str], found: dict[str, Json] | None
) -> None:
    body = {
        "payload_type": "notification/card",
        "active": True,
        "payload": {"card_id": number, "send_condition": "has_result", "send_once": False},
        "subscriptions": [
            {"type": "notification-subscription/cron", "cron_schedule": ALERT_AT}
        ],
        "handlers": [
            {
                "channel_type": "channel/email",
                "recipients": [
                    {"type": "notification-recipient/raw-value", "details": {"value": address}}
                    for address in to
                ],
            }
        ],
    }  # fmt: skip
    if found is None:
        work.create("alert", name, "/api/notification", body)
        return
    changed = shape.differences(_alert_form(body), _alert_form(found))
    if changed:
        # Lists are replaced whole; a part with an id that the server does not know is made anew.
        path = f"/api/notification/{found['id']}"
        work.change("alert", name, path, {**body, "id": found["id"]}, changed)


def _alert_form(one: dict[str, Json]) -> Json:
    return {
        "condition": (one.get("payload") or {}).get("send_condition"),
        "active": bool(one.get("active", True)),
        "when": [s.get("cron_schedule") for s in one.get("subscriptions") or []],
        "to": sorted(
            (recipient.get("details") or {}).get("value", "")
            for handler in one.get("handlers") or []
            for recipient in handler.get("recipients") or []
        ),
    }


def home(work: Work, ids: dict[str, Json]) -> None:
    """The dashboard that says so opens when somebody comes in, unless a person chose another."""
    board = next((one for one in work.boards if one.is_home and one.key in ids), None)
    if board is None or not work.settings.home:
        return
    number = ids[board.key]
    there = work.server.get("/api/setting/custom-homepage-dashboard")
    is_on = work.server.get("/api/setting/custom-homepage")
    before = work.memory.get("home", "dashboard")
    if there not in (None, number, before) and not work.overwrite:
        work.note("keep", "home page", board.title, [f"dashboard {there} was chosen by hand"])
        return
    for key, now, value in (
        ("custom-homepage", is_on, True), ("custom-homepage-dashboard", there, number)
    ):  # fmt: skip
        if now != value:
            path = f"/api/setting/{key}"
            work.change("setting", key, path, {"value": value}, [f"{now} → {value}"])
    if work.is_applied:
        work.memory.put("home", "dashboard", number)


def can_send(work: Work) -> bool:
    """Whether the server has a mail server; without one it takes orders and sends nothing."""
    properties = work.server.get("/api/session/properties") or {}
    return bool(properties.get("email-configured?", True))
