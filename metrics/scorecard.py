"""The scorecard: one HTML file that works offline, and its goals as lines for a terminal.

Every dashboard is drawn from its definition and the served copy: the grid, the kinds of chart and
the default filters are Metabase's, so that the page is the picture of what is there and all there
is for those who have no Metabase. What Metabase has no chart for stands on the page alone: each
goal's way with the fan of its forecast, and what needs a decision in prose. Only `dashboards.*`,
the publication's facts and the names of owners are read; nothing is computed that a view does not
say. Charts are `metrics/charts.py`, numbers and tables `metrics/figures.py`. Restricted dashboards
go into a file of their own, and never into the page of a publication.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import typing
from pathlib import Path

from markupsafe import Markup

from metrics import catalogue, charts, figures, views
from metrics.board_lint import Databases, defaults
from metrics.boards import number_format
from metrics.cards import Card, Dashboard, Tile
from metrics.figures import STATUS_WORDS, day_text, said
from metrics.goals import chance_text
from metrics.periods import shift
from metrics.trust import RANK

if typing.TYPE_CHECKING:
    import duckdb

TEMPLATES = Path(__file__).parent / "templates"
LABELS = {"past11months~": "the past 11 months and this one"}
FEW = 8  # rows that a table tile shows without a word on how many there are
PRINTED = 25  # rows of a table that paper shows; the style sheet cuts there
ROW, COLUMN, GAP = 46, 43.75, 10  # of the grid of 24 on a page of 1,280 pixels; see the style sheet
INSIDE, CAP, FOOT = 30, 42, 34  # what a tile's edges, title and foot take
FAN = (388, 170)  # width and height of a goal's drawing; phone and page show it nearly as it is
NAMED = 4  # of several things in a sentence; the rest is counted
ENDED = ("Reached", "Missed")
TRUST = (*RANK, "no source")  # the worst last
Rows = list[dict[str, typing.Any]]


def render(
    boards: typing.Sequence[Dashboard], plumbline: Path, people: Path | None, out: Path
) -> list[Path]:
    """Write the page of all dashboards but those of the people collection to `out`, and these,
    where the people database is given, to `<out>_people.html` beside it. Gives the files.

    Each file is written whole or not at all. Raises duckdb.Error when a card's SQL fails."""
    public = [board for board in boards if board.collection != "people"]
    hidden = [board for board in boards if board.collection == "people"]
    written = [_write(public, plumbline, None, out)] if public else []
    if hidden and people is not None:
        beside = out.with_name(f"{out.stem}_people{out.suffix}")
        written.append(_write(hidden, plumbline, people, beside))
    return written


def summary(database: Path) -> list[str]:
    """The goals of a published database as lines for a terminal, and what needs attention."""
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        [about] = _rows(connection, "select * from ops.publication")
        goals = _goals(connection, about["reporting_currency"])
        findings = _findings(connection)
    head = ("status", "goal", "now", "target", "forecast (80 %)", "chance", "owner", "data")
    rows = [head]
    for goal in goals:
        owner = goal["owner"] if goal["owner_status"] != "vacant" else f"no {_role(goal)}"
        forecast = goal["figures"]["forecast"] or "unknown"
        if goal["interval"]:
            forecast += f" ({goal['interval']})"
        rows.append(
            (goal["status"], goal["goal"], goal["figures"]["value"] or "unknown",
             goal["figures"]["target"], forecast, goal["chance_text"] or "-",
             f"{owner} (!)" if goal["flag"] else owner, goal["trust"])
        )  # fmt: skip
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    counts = ", ".join(f"{n} {word.lower()}" for _, word, n in _counts(goals)) or "no goals"
    title = f"{about['organization_name']}, as of {day_text(about['as_of'])}: {counts}"
    attention = [f"! {text}" for text in findings]
    return [title, "", *table, *([""] if attention else []), *attention]


def _write(
    boards: typing.Sequence[Dashboard], plumbline: Path, people: Path | None, out: Path
) -> Path:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {"sign": figures.sign, "status": figures.status, "day": day_text,
                            "status_words": STATUS_WORDS, "printed": PRINTED}  # fmt: skip
    wanted: charts.Wanted = {}
    with Databases(plumbline, people) as databases:
        main = databases.open["main"]
        known = _known(main)
        shown = {board.key: board.title for board in boards}
        drawn = [_board(board, databases, shown, known, wanted) for board in boards]
        is_home = any(board.is_home for board in boards)
        goals = _goals(main, known.currency) if is_home else []
        for goal in goals:
            goal["fan"] = _fan(main, goal, known.currency, wanted)
        page = {
            "about": _about(main),
            "boards": drawn,
            "goals": goals,
            "counts": _counts(goals),
            "findings": _findings(main) if is_home else [],
            "marks": _marks(main) if is_home else None,
        }
    text = charts.place(environment.get_template("scorecard.html").render(page), wanted)
    draft = out.with_name(f".{out.name}.draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, out)
    return out


# --- the head ------------------------------------------------------------------------------------


def _about(connection: duckdb.DuckDBPyConnection) -> dict[str, typing.Any]:
    [found] = _rows(connection, "select * from ops.publication")
    month, as_of = found["fiscal_year_start_month"], found["as_of"]
    start = dt.date(as_of.year - (as_of.month < month), month, 1)
    end = shift(start, 1) - dt.timedelta(days=1)
    return found | {
        "fiscal_start": start,
        "fiscal_end": end,
        "fiscal_name": str(start.year) if start.year == end.year else f"{start.year}/{end.year}",
        "fiscal_month": (as_of.year - start.year) * 12 + as_of.month - start.month + 1,
    }


def _marks(connection: duckdb.DuckDBPyConnection) -> dict[str, typing.Any]:
    """How many sources, checks and metrics stand how."""
    [state] = _rows(connection, "select * from dashboards.data_state")
    trusts = dict(
        connection.execute(
            "select coalesce(trust, 'failed'), count(*) from dashboards.metric_latest group by 1"
        ).fetchall()
    )
    return state | {"trusts": [(mark, trusts[mark]) for mark in TRUST if mark in trusts]}


def _counts(goals: Rows) -> list[tuple[str, str, int]]:
    """(status, word, number of goals), only those that occur. Never an average."""
    found = [(s, w, sum(goal["status"] == w for goal in goals)) for s, w in STATUS_WORDS.items()]
    return [row for row in found if row[2]]


def _findings(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What somebody has to decide, in sentences: owners who are gone, goals without an outcome,
    late data. Of many things without an owner, and of many late sources, a few are named."""
    rows = _rows(connection, "select * from dashboards.findings order by kind, finding, why")
    found = [f"Goal “{r['finding']}”: {r['why'].rstrip('.')}." for r in rows if r["kind"] == "Goal"]
    for kind in ("Metric", "Account", "Tool"):
        names = [row["finding"] for row in rows if row["kind"] == kind]
        if names:
            more = f" and {len(names) - NAMED} more" if names[NAMED:] else ""
            some = f"{len(names)} {kind.lower()}{'s' if names[1:] else ''}"
            found.append(f"{some} without an owner who is here: {', '.join(names[:NAMED])}{more}.")
    late = [row for row in rows if row["kind"] == "Source"]
    found += [f"{row['finding']} {row['why']}" for row in late[:NAMED]]
    if late[NAMED:]:
        found.append(f"{len(late) - NAMED} more sources are late or failed; see data trust.")
    return found


# --- goals ---------------------------------------------------------------------------------------


def _goals(connection: duckdb.DuckDBPyConnection, currency: str) -> Rows:
    """Every goal as its view says it, with its numbers as people read them."""
    goals = _rows(connection, "select * from dashboards.goals order by status_order, goal")
    for goal in goals:
        form = number_format(goal["unit"], currency)
        names = ("value", "expected", "target", "baseline", "forecast")
        goal["figures"] = {name: said(goal[name], form) for name in names}
        goal["interval"] = ""
        if goal["forecast_low"] is not None:
            goal["interval"] = figures.span(goal["forecast_low"], goal["forecast_high"], form)
        goal["chance_text"] = chance_text(goal["chance"])
        goal["is_over"] = goal["status"] in ENDED
        goal["flag"] = _flag(goal["owner"], goal["owner_role"], goal["owner_status"])
    return goals


def _fan(
    connection: duckdb.DuckDBPyConnection, goal: dict[str, typing.Any], currency: str,
    wanted: charts.Wanted,
) -> Markup:  # fmt: skip
    rows = _rows(
        connection,
        "select * from dashboards.goal_fans where goal_id = ? order by course_date",
        [goal["goal_id"]],
    )
    told = goal["figures"]
    label = (f"{goal['goal']}: now {told['value'] or 'unknown'}, expected by now "
             f"{told['expected'] or 'unknown'}, target {told['target']}")  # fmt: skip
    if told["forecast"] and not goal["is_over"]:
        label += f", forecast {told['forecast']}"
        label += f" ({goal['interval']})" if goal["interval"] else ""
    spec = charts.fan(rows, number_format(goal["unit"], currency), *FAN)
    return charts.figure(spec, f"{label}.", "any", wanted)


def _flag(owner: str | None, role: str, status: str) -> str | None:
    """What is wrong with an owner, if anything."""
    if status == "left":
        return f"{owner or 'its owner'} has left the organization"
    if status == "vacant" or owner in (None, "nobody"):
        return f"nobody holds the role {role.replace('_', ' ')}"
    return None


def _role(row: dict[str, typing.Any]) -> str:
    return row["owner_role"].replace("_", " ")


# --- dashboards ----------------------------------------------------------------------------------


class Known(typing.NamedTuple):
    """What a card's definition cannot say: `metrics` by id as `dashboards.metric_latest` has
    them, `owners` by role (name, status), metrics by the mart they are measured on, and those that
    have a goal."""

    currency: str
    metrics: dict[str, dict[str, typing.Any]]
    owners: dict[str, tuple[str, str]]
    measured: dict[str, set[str]]
    aimed: set[str]


def _known(connection: duckdb.DuckDBPyConnection) -> Known:
    [about] = _rows(connection, "select reporting_currency from ops.publication")
    latest = _rows(connection, "select * from dashboards.metric_latest")
    owners = {
        role: (name or "nobody", status)
        for role, name, status in connection.execute(
            "select role, display_name, owner_status from marts.dim_owners where is_current"
        ).fetchall()
    }
    goals = connection.execute("select metric_id from dashboards.goals").fetchall()
    defined = catalogue.load()
    measured: dict[str, set[str]] = {}
    for name in defined.metrics:
        for model, _ in defined.measures_of(name):
            measured.setdefault(model.table, set()).add(name)
    return Known(
        about["reporting_currency"],
        {metric["metric_id"]: metric for metric in latest},
        owners,
        measured,
        {name for (name,) in goals},
    )


def behind(card: Card, known: Known) -> set[str]:
    """The metrics whose trust is the card's: those that it shows, else those that its view names
    or that are measured on the marts that it reads. None where its rows carry their own, where it
    shows no number, or where it tells of the data."""
    named = set(card.metrics) | set(re.findall(r"\bmetric_id = '(\w+)'", card.sql))
    if named:
        return named
    [view] = re.findall(r'from "dashboards"\."(\w+)"', card.sql)
    shown = {column.name: column.kind for column in card.columns}
    if "trust" in shown or not any(k == "number" or n.endswith("_text") for n, k in shown.items()):
        return set()
    tables = _read(view)
    found = set(re.findall(r"\bmetric_id = '(\w+)'", views.load()[view].select))
    found |= {name for table in tables for name in known.measured.get(table, ())}
    return found | (known.aimed if {"goal_status", "goal_forecasts"} & tables else set())


def _read(view: str) -> set[str]:
    """Names of the tables that a view reads, through the views that it reads. The lists of data
    about data (sources, checks, publication) are not followed: they are what trust is made of."""
    text = re.sub(r"--[^\n]*", "", views.load()[view].select)
    tables = set(re.findall(r"\b(?:marts|main|metrics)\.(\w+)", text))
    for other in re.findall(r"\bdashboards\.(\w+)", text):
        if view != "data_state" and other != "metric_series":
            tables |= _read(other)
    return tables


def _board(
    board: Dashboard, databases: Databases, shown: dict[str, str], known: Known,
    wanted: charts.Wanted,
) -> dict[str, typing.Any]:  # fmt: skip
    return {
        "key": board.key,
        "title": board.title,
        "description": board.description,
        "is_home": board.is_home,
        "filters": [
            (f.label, LABELS.get(f.default or "", f.default or "all")) for f in board.filters
        ],
        "tabs": [
            {"title": tab, "tiles": [_tile(t, board, databases, shown, known, wanted)
                                     for t in sorted(board.tiles, key=lambda t: (t.row, t.column))
                                     if t.tab == tab]}
            for tab in board.tabs or (None,)
        ],
    }  # fmt: skip


def _tile(
    tile: Tile, board: Dashboard, databases: Databases, shown: dict[str, str], known: Known,
    wanted: charts.Wanted,
) -> dict[str, typing.Any]:  # fmt: skip
    place = (
        f"grid-column: {tile.column + 1} / span {tile.width}; "
        f"grid-row: {tile.row + 1} / span {tile.height}"
    )
    told = {"place": place, "heading": tile.heading, "text": figures.marked(tile.text)}
    if tile.card is None:
        return told
    card = tile.card
    result = databases.run(card, defaults(board))
    link = None
    if tile.click and tile.click.to in shown and tile.click.to != board.key:
        link = (tile.click.to, shown[tile.click.to])
    is_table = card.display == "table"
    body: Markup | str = ""
    if result.rows and card.display in figures.KINDS:
        body = figures.KINDS[card.display](card, result)
    elif result.rows and not charts.is_known(card, result):
        body = Markup('<p class="none">{}</p>').format(figures.NOTHING)
    elif result.rows:
        width = int(tile.width * COLUMN + (tile.width - 1) * GAP - INSIDE)
        height = tile.height * (ROW + GAP) - GAP - CAP - FOOT
        body = charts.draw(card, result, width, height, wanted)
    return {
        **told,
        "id": f"{board.key}-{tile.key}",
        "title": card.title,
        "display": card.display,
        "about": card.description,
        "empty": card.empty,
        "link": link,
        "rows": len(result.rows),
        "count": f"{len(result.rows):,} rows" if is_table and len(result.rows) > FEW else "",
        "body": body,
        "table": figures.numbers(card, result) if card.display not in ("table", "scalar") else "",
        "owners": [known.owners.get(role, ("nobody", "vacant")) for role in card.owners],
        "trust": _trust(card, known),
    }  # fmt: skip


def _trust(card: Card, known: Known) -> tuple[str, list[str]] | None:
    """The worst mark of the metrics behind a card, and why; None where its rows say it."""
    names = sorted(behind(card, known) & known.metrics.keys())
    if not names:
        return None
    marks = {name: known.metrics[name]["trust"] or "failed" for name in names}
    worst = max(marks.values(), key=TRUST.index)
    reasons = [known.metrics[name]["trust_reason"] for name in names if marks[name] == worst]
    return worst, [text for text in dict.fromkeys(reasons) if text][:NAMED]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, given: list | None = None) -> Rows:
    found = connection.execute(sql, given or [])
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
