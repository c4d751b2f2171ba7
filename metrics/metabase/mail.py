"""What goes out by itself: dashboards by e-mail, alerts on bad news, and the home page.

An alert is sent when its card has a row. Such a card knows the goals' own targets; Metabase's
alerts on a goal line only know a constant.
"""

from __future__ import annotations

from metrics.cards import Card, Dashboard, Subscription
from metrics.metabase import shape
from metrics.metabase.shape import Json, New
from metrics.metabase.work import Work, listed

PREFIX = "Plumbline: "
ALERT_AT = "0 0 8 * * ? *"
"""Every day at eight, in Quartz's seven fields."""


def subscriptions(work: Work, ids: dict[str, Json]) -> None:
    """One a dashboard and group that has addresses in the settings; others are told of."""
    for board in work.boards:
        for one in board.subscriptions:
            number = ids.get(board.key)
            if number is None:
                continue
            addresses = work.settings.recipients.get(one.to, ())
            name = f"{PREFIX}{board.title} ({one.schedule}, {one.to})"
            if not addresses:
                told = [f"nobody in [metabase.recipients] {one.to}: not set up"]
                work.note("note", "subscription", name, told)
                continue
            if isinstance(number, New):
                work.note("create", "subscription", name)
                continue
            _subscription(work, board, one, number, name, list(addresses))


def _subscription(
    work: Work, board: Dashboard, one: Subscription, number: Json, name: str, to: list[str]
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
                "schedule_day": one.day if one.schedule != "daily" else None,
                "schedule_frame": "first" if one.schedule == "monthly" else None,
                "recipients": [{"email": address} for address in to],
                "details": {},
            }
        ],
        "skip_if_empty": one.skip_if_empty,
    }
    rows = listed(work.server.get("/api/pulse", dashboard_id=number))
    found = next((row for row in rows if row["name"] == name and not row.get("archived")), None)
    if found is None:
        work.create("subscription", name, "/api/pulse", body)
        return
    changed = shape.differences(_pulse_form(body), _pulse_form(found))
    if changed:
        path = f"/api/pulse/{found['id']}"
        work.change("subscription", name, path, body, changed)


def _pulse_form(pulse: dict[str, Json]) -> Json:
    keys = ("channel_type", "schedule_type", "schedule_hour", "schedule_day", "schedule_frame")
    return {
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
    """One for every card that has an alert's text, to the group that reads its dashboard."""
    rows: list[dict[str, Json]] | None = None
    for board in work.boards:
        for card in board.cards:
            if card.alert is None or card.key not in card_ids:
                continue
            addresses = [a for s in board.subscriptions for a in _of(work, s.to)]
            addresses = list(dict.fromkeys(addresses))
            name = f"{PREFIX}{card.alert}"
            if not addresses:
                told = ["nobody in [metabase.recipients]: not set up"]
                work.note("note", "alert", name, told)
                continue
            if isinstance(card_ids[card.key], New):
                work.note("create", "alert", name)
                continue
            if rows is None:
                rows = listed(work.server.get("/api/notification"))
            _alert(work, card, card_ids[card.key], name, addresses, rows)


def _of(work: Work, group: str) -> tuple[str, ...]:
    return work.settings.recipients.get(group, ())


def _alert(
    work: Work, card: Card, number: Json, name: str, to: list[str], rows: list[dict[str, Json]]
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
    found = next(
        (
            row
            for row in rows
            if (row.get("payload") or {}).get("card_id") == number
            and row.get("payload_type") == "notification/card"
        ),
        None,
    )
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
    """The first dashboard that says so opens when somebody comes in."""
    board = next((one for one in work.boards if one.is_home and one.key in ids), None)
    if board is None:
        return
    wanted = {"custom-homepage": True, "custom-homepage-dashboard": ids[board.key]}
    for key, value in wanted.items():
        path = f"/api/setting/{key}"
        now = None if isinstance(value, New) else work.server.get(path)
        if now != value:
            work.change("setting", key, path, {"value": value}, [f"{now} → {value}"])


def can_send(work: Work) -> bool:
    """Whether the server has a mail server; without one it takes orders and sends nothing."""
    properties = work.server.get("/api/session/properties") or {}
    return bool(properties.get("email-configured?", True))
