"""Every dashboard drawn from its definition and the served copy, into one page that works offline.

The page is what a reader of Metabase sees first: the same grid of 24, the same kinds of chart, the
default filters. Charts are HTML and SVG made here, without a script: they print, follow light and
dark, stay sharp on a phone and carry their numbers as a table. It is the picture for reviewers,
and for those who have no Metabase. Restricted dashboards go into a file of their own.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import os
import re
import typing
from pathlib import Path

from markupsafe import Markup, escape

from metrics.board_lint import Databases, Result, defaults
from metrics.boards import DATES, WORDS, column_key, number_format
from metrics.cards import STATUS_COLORS, Card, Dashboard, Tile
from metrics.scorecard import NARROW, STATUS_WORDS, TEMPLATES, day_text

COLOURS = 16
LABELS = {"past11months~": "the past 11 months and this one"}
SIGNS = {word: name for name, word in STATUS_WORDS.items()}
LEVEL_SIGNS = {"good": "on_track", "warn": "at_risk", "bad": "off_track", "none": "too_early"}
LONG = 40  # characters from which a table cell is text
FEW = 8  # rows that a table tile shows without a word on how many there are
TONES = {"positive": 2, "neutral": 7, "negative": 6}  # green, grey and red wherever tone is drawn
SCORES = (" points",)  # units of which a change is a difference, as for percent
PRINTED = 25  # rows of a table that paper shows; the style sheet cuts there
SHORT = 11  # characters up to which an amount stays on one line
AMOUNT = re.compile(r"[+-]?[\d,.]+( %| [A-Za-z]{1,6})?")  # a number that a view wrote as text

Form = dict[str, typing.Any]


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


def _write(
    boards: typing.Sequence[Dashboard], plumbline: Path, people: Path | None, out: Path
) -> Path:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    with Databases(plumbline, people) as databases:
        [(name, run_id)] = (
            databases.open["main"]
            .execute("select organization_name, run_id from ops.publication")
            .fetchall()
        )
        shown = {board.key: board.title for board in boards}
        facts = _facts(databases)
        page = {
            "organization": name,
            "run_id": run_id,
            "as_of": day_text(databases.as_of),
            "boards": [_board(board, databases, shown, facts) for board in boards],
        }
    draft = out.with_name(f".{out.name}.draft")
    text = environment.get_template("dashboards.html").render(page)
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, out)
    return out


def _facts(databases: Databases) -> dict[str, Form]:
    """How each metric's numbers are written, and whether one of its ends is the better one."""
    rows = databases.open["main"].execute(
        "select metric_id, unit, better, reporting_currency "
        "from metrics.dim_metrics cross join ops.publication"
    )
    return {
        name: {"form": number_format(unit, currency), "better": better}
        for name, unit, better, currency in rows.fetchall()
    }


def _known(card: Card, facts: dict[str, Form]) -> Card:
    """The card with what its settings cannot say: that more of a metric is neither better nor
    worse, and in which unit the parts of a metric's change are."""
    settings = dict(card.settings)
    if card.display == "smartscalar":
        known = [facts[name]["better"] for name in card.metrics if name in facts]
        settings["is_neutral"] = any(better not in ("higher", "lower") for better in known)
    if card.display == "waterfall" and card.unit is None:
        [number] = settings["graph.metrics"]
        of = re.search(r"\bmetric_id = '(\w+)'", card.sql)
        if of and of[1] in facts:
            form = _form(card, number) | facts[of[1]]["form"]
            settings["column_settings"] = settings["column_settings"] | {column_key(number): form}
    return dataclasses.replace(card, settings=settings)


def _board(
    board: Dashboard, databases: Databases, shown: dict[str, str], facts: dict[str, Form]
) -> Form:
    tabs = board.tabs or (None,)
    return {
        "key": board.key,
        "title": board.title,
        "description": board.description,
        "filters": [
            (f.label, LABELS.get(f.default or "", f.default or "all")) for f in board.filters
        ],
        "tabs": [
            {"title": tab, "tiles": [_tile(t, board, databases, shown, facts)
                                     for t in sorted(board.tiles, key=lambda t: (t.row, t.column))
                                     if t.tab == tab]}
            for tab in tabs
        ],
    }  # fmt: skip


def _tile(
    tile: Tile, board: Dashboard, databases: Databases, shown: dict[str, str],
    facts: dict[str, Form],
) -> Form:  # fmt: skip
    place = (
        f"grid-column: {tile.column + 1} / span {tile.width}; "
        f"grid-row: {tile.row + 1} / span {tile.height}"
    )
    told: Form = {"place": place, "heading": tile.heading, "text": _marked(tile.text)}
    card = tile.card
    if card is None:
        return told
    result = databases.run(card, defaults(board))
    card = _known(card, facts)
    link = None
    if tile.click and tile.click.to in shown and tile.click.to != board.key:
        link = (tile.click.to, shown[tile.click.to])
    return {
        **told,
        "id": f"{board.key}-{tile.key}",
        "title": card.title,
        "display": card.display,
        "about": card.description,
        "empty": card.empty,
        "link": link,
        "rows": result.rows,
        "count": f"{len(result.rows):,} rows"
                 if card.display == "table" and len(result.rows) > FEW else "",
        "printed": PRINTED if len(result.rows) > PRINTED else 0,
        "body": DRAWN[card.display](card, result) if result.rows else "",
        "table": _numbers(card, result) if card.display not in ("table", "scalar") else "",
    }  # fmt: skip


def _marked(text: str | None) -> Markup | None:
    """`**bold**` and `*emphasis*`; Metabase reads the same."""
    if not text:
        return None
    safe = str(escape(text))
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe)
    return Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", safe))


# --- values --------------------------------------------------------------------------------------


def _form(card: Card, name: str) -> Form:
    return card.settings.get("column_settings", {}).get(column_key(name), {})


def _title(card: Card, name: str) -> str:
    return _form(card, name).get("column_title") or name.replace("_", " ").capitalize()


def said(value: typing.Any, form: Form, short: bool = False) -> str:
    """A value as its column's settings write it; `short` for axes and marks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return f"{day_text(value.date())}, {value:%H:%M}"
    if isinstance(value, dt.date):
        return {
            DATES["month"]: f"{value:%b %Y}",
            DATES["quarter"]: f"Q{(value.month + 2) // 3} {value.year}",
            DATES["year"]: f"{value.year}",
        }.get(form.get("date_style", ""), day_text(value))
    if not isinstance(value, str):
        number, places = float(value), form.get("decimals", 2)
        if form.get("number_style") == "percent":
            whole = short and abs(100 * number - round(100 * number)) < 0.05
            return f"{_plain(100 * number, 0 if whole else places)}{NARROW}%"
        tail = form.get("suffix", "")
        if form.get("number_style") == "currency":
            tail = "" if short else f"{NARROW}{form.get('currency', '')}"
        if short or (form.get("number_style") == "currency" and abs(number) >= 1e6):
            for scale, sign in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
                if abs(number) >= scale and (short or scale > 1e3):
                    size = number / scale
                    rest = 0 if abs(size - round(size)) < 0.05 and short else 1 if short else 2
                    return f"{_plain(size, rest)}{NARROW}{sign}{tail if not short else ''}"
            places = 0 if number == round(number) else min(places, 1) or 1
        return f"{_plain(number, places)}{tail}"
    return value


def _plain(value: float, places: int) -> str:
    return f"{round(value, places) + 0.0:,.{places}f}".replace("-", "−")


def _sign(name: str) -> Markup:
    return Markup('<svg aria-hidden="true" viewBox="0 0 16 16"><use href="#i-{}"/></svg>').format(
        name
    )


def _word(word: str, column: str) -> Markup:
    """A status word with its sign; the colour stands beside the word, never for it."""
    level = next((k for k, some in WORDS[column].items() if word in some), "none")
    if column == "trust":
        return Markup('<span class="trust {0}">{1}{2}</span>').format(
            word, _sign(f"t-{word}"), word
        )
    if column == "verdict":
        return Markup('<span class="{}">{}</span>').format(word if level != "none" else "", word)
    sign = SIGNS.get(word, LEVEL_SIGNS[level])
    return Markup('<span class="tag {}">{}{}</span>').format(
        SIGNS.get(word, LEVEL_SIGNS[level]), _sign(sign), word
    )


# --- tables and single numbers -------------------------------------------------------------------


def _table(card: Card, result: Result) -> Markup:
    names = [entry["name"] for entry in card.settings.get("table.columns", [])
             if entry["enabled"]]  # fmt: skip
    names = names or list(result.columns)
    places = [list(result.columns).index(name) for name in names]
    rules = card.settings.get("table.column_formatting", [])
    worded = {name for rule in rules if rule["type"] == "single" for name in rule["columns"]}
    heat = [name for rule in rules if rule["type"] == "range" for name in rule["columns"]]
    hottest = max(
        (float(row[list(result.columns).index(n)] or 0) for row in result.rows for n in heat),
        default=0.0,
    )
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(
            Markup(' class="num"') if result.columns[name] == "number" else "", _title(card, name)
        )
        for name in names
    )
    rows = []
    for row in result.rows:
        cells = []
        for k, (name, place) in enumerate(zip(names, places, strict=True)):
            value, form = row[place], _form(card, name)
            text: typing.Any = said(value, form)
            kind, style = "", ""
            if name in worded and value is not None:
                text = _word(value, name)
            elif result.columns[name] == "number":
                kind = ' class="num"'
                if form.get("show_mini_bar") and value is not None:
                    most = max(abs(float(r[place] or 0)) for r in result.rows) or 1.0
                    share = 100 * max(0.0, float(value)) / most
                    text += Markup(
                        '<span class="mini"><i style="width:{:.0f}%"></i></span>'
                    ).format(share)
                if name in heat and hottest:
                    part = float(value or 0) / hottest
                    kind = ' class="num hot"'
                    style = f' style="background:rgba(var(--heat),{0.5 * part:.2f})"'
            elif result.columns[name] in ("date", "timestamp"):
                kind = ' class="day"'
            elif AMOUNT.fullmatch(text):
                text = text.replace("-", "−")
                if len(text) <= SHORT:
                    text, kind = text.replace(" ", NARROW), ' class="day"'
            elif len(text) > LONG:
                kind = ' class="long"'
            tag = "th" if k == 0 else "td"
            scope = ' scope="row"' if k == 0 else ""
            cells.append(
                Markup(f"<{tag}{scope}{kind}{style}>") + escape(text) + Markup(f"</{tag}>")
            )
        rows.append(Markup("<tr>") + Markup("").join(cells) + Markup("</tr>"))
    return _whole(head, rows, card.title)


def _whole(head: Markup, rows: list[Markup], caption: str) -> Markup:
    return Markup(
        '<table><caption class="skip">{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>"
    ).format(caption, head, Markup("").join(rows))


def _numbers(card: Card, result: Result) -> Markup:
    """What a chart draws, as a table: series side by side where there are two dimensions."""
    names = list(result.columns)
    dimensions = card.settings.get("graph.dimensions", [])
    if len(dimensions) == 2 and card.display != "scatter":
        [number] = card.settings["graph.metrics"][:1]
        x, series = (names.index(name) for name in dimensions)
        y = names.index(number)
        found = {(row[x], row[series]): row[y] for row in result.rows}
        heads = list(dict.fromkeys(row[series] for row in result.rows))
        head = Markup("").join(
            Markup('<th scope="col"{}>{}</th>').format(Markup(' class="num"') if k else "", text)
            for k, text in enumerate([_title(card, dimensions[0]), *heads])
        )
        rows = [
            Markup('<tr><th scope="row">{}</th>{}</tr>').format(
                said(at, _form(card, dimensions[0])),
                Markup("").join(
                    Markup('<td class="num">{}</td>').format(
                        said(found.get((at, one)), _form(card, number))
                    )
                    for one in heads
                ),
            )
            for at in dict.fromkeys(row[x] for row in result.rows)
        ]
        return _whole(head, rows, f"{card.title}: {_title(card, number)}")
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(
            Markup(' class="num"') if kind == "number" else "", _title(card, name)
        )
        for name, kind in result.columns.items()
    )
    rows = [
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<th scope="row">{}</th>' if k == 0 else
                       f'<td{" class=num" if result.columns[name] == "number" else ""}>{{}}</td>')
                .format(said(value, _form(card, name)))
                for k, (name, value) in enumerate(zip(names, row, strict=True))
            )
        )
        for row in result.rows
    ]  # fmt: skip
    return _whole(head, rows, card.title)


def _scalar(card: Card, result: Result) -> Markup:
    name = card.settings.get("scalar.field") or next(iter(result.columns))
    value = result.rows[0][list(result.columns).index(name)]
    text = said(value, _form(card, name)) or "unknown"
    note: typing.Any = ""
    for segment in card.settings.get("scalar.segments", []):
        if value is not None and segment["min"] <= value <= segment["max"]:
            level = next(k for k, v in STATUS_COLORS.items() if v == segment["color"])
            note = Markup('<p class="versus"><span class="tag {0}">{1}{2}</span></p>').format(
                LEVEL_SIGNS[level], _sign(LEVEL_SIGNS[level]), segment["label"]
            )
            break
    long = " long" if len(text) > 16 else ""
    return Markup('<p class="big{}">{}</p>{}').format(long, text, note)


def _smartscalar(card: Card, result: Result) -> Markup:
    """The last period, with its changes; words say which way is better."""
    names = list(result.columns)
    at = names.index(card.settings["scalar.field"])
    form = _form(card, card.settings["scalar.field"])
    last = result.rows[-1]
    lines = []
    for compared in card.settings.get("scalar.comparisons", []):
        if compared["type"] == "previousPeriod":
            before = result.rows[-2][at] if len(result.rows) > 1 else None
            label = said(result.rows[-2][0], _form(card, names[0])) if len(result.rows) > 1 else ""
        else:
            before, label = last[names.index(compared["column"])], compared["label"].lower()
        if before is None or last[at] is None:
            lines.append(Markup('<p class="versus">{}: unknown</p>').format(_began(label)))
            continue
        change = float(last[at]) - float(before)
        if change == 0:
            lines.append(
                Markup('<p class="versus">→ as {} ({})</p>').format(label, said(before, form))
            )
            continue
        better = (change < 0) == bool(card.settings.get("scalar.switch_positive_negative"))
        if form.get("number_style") == "percent":
            told = f"{_plain(100 * change, 1)}{NARROW}pp"
        elif float(before) <= 0 or form.get("suffix") in SCORES:
            told = said(change, form)  # a share of a score says nothing
        else:
            share = 100 * change / float(before)
            told = f"{_plain(share, 1 if abs(share) < 100 else 0)}{NARROW}%"
        told = told if told.startswith("−") else f"+{told}"
        mark = "better" if better else "worse"
        if card.settings.get("is_neutral"):
            mark = ""
        lines.append(
            Markup('<p class="versus"><span class="{}">{} {}{}</span> {} {} ({})</p>').format(
                mark, "↑" if change > 0 else "↓", told, f", {mark}" if mark else "",
                "than" if mark else "on", label, said(before, form),
            )
        )  # fmt: skip
    when = said(last[0], _form(card, names[0]))
    value = said(last[at], form) or "unknown"
    return Markup('<p class="big">{}</p><p class="versus">{}</p>{}').format(
        value, when, Markup("").join(lines)
    )


def _began(text: str) -> str:
    return text[:1].upper() + text[1:]


def _progress(card: Card, result: Result) -> Markup:
    names, goal = list(result.columns), card.settings["progress.goal"]
    value = float(result.rows[0][names.index(card.settings["progress.value"])] or 0)
    aim = float(result.rows[0][names.index(goal)] if isinstance(goal, str) else goal)
    share = value / aim if aim else 0.0
    form = _form(card, card.settings["progress.value"])
    told = f"{said(value, form)} of {said(aim, form)} ({_plain(100 * share, 1)}{NARROW}%)"
    return Markup(
        '<div class="done" role="img" aria-label="{}"><i class="good" style="width:{:.1f}%"></i>'
        '</div><p class="versus">{}</p>'
    ).format(told, min(100.0, 100 * share), told)


def _gauge(card: Card, result: Result) -> Markup:
    value = float(result.rows[0][0])
    segments = card.settings["gauge.segments"]
    low, high = segments[0]["min"], segments[-1]["max"]
    levels = {colour: level for level, colour in STATUS_COLORS.items()}

    def at(share: float, radius: float) -> str:
        angle = math.pi * (1 - min(1.0, max(0.0, share)))
        return f"{100 + radius * math.cos(angle):.1f} {100 - radius * math.sin(angle):.1f}"

    parts, word = [], ""
    for segment in segments:
        a, b = ((segment[end] - low) / (high - low) for end in ("min", "max"))
        parts.append(
            f'<path class="{levels[segment["color"]]}" d="M{at(a, 90)}A90 90 0 0 1 {at(b, 90)}'
            f'L{at(b, 68)}A68 68 0 0 0 {at(a, 68)}Z"/>'
        )
        if segment["min"] <= value <= segment["max"]:
            word = segment["label"]
    share = (value - low) / (high - low)
    angle = math.pi * (1 - min(1.0, max(0.0, share)))
    x, y = 3 * math.sin(angle), 3 * math.cos(angle)
    parts.append(
        f'<path class="needle" d="M{at(share, 62)}L{100 + x:.1f} {100 + y:.1f}'
        f'L{100 - x:.1f} {100 - y:.1f}Z"/>'
    )
    text = said(value, _form(card, next(iter(result.columns))))
    ranges = "; ".join(
        f"{s['label']} {said(s['min'], _form(card, next(iter(result.columns))), True)} to "
        f"{said(s['max'], _form(card, next(iter(result.columns))), True)}" for s in segments
    )  # fmt: skip
    return Markup(
        '<div class="dial"><svg viewBox="0 0 200 104" role="img" aria-label="{0}: {1}, {2}">{3}'
        "</svg>"
        '<p><strong class="big">{1}</strong> {2}</p><p class="versus">{4}</p></div>'
    ).format(card.title, text, word, Markup("".join(parts)), ranges)


# --- drawings ------------------------------------------------------------------------------------


class Series(typing.NamedTuple):
    """A line or a set of bars: its name, {x: number}, how it is drawn and its colour."""

    name: str
    points: dict[typing.Any, float]
    form: Form
    display: str
    is_dashed: bool
    colour: int


def _series(card: Card, result: Result) -> tuple[list[typing.Any], list[Series]]:
    """The places of the x axis in order, and the series that stand on them."""
    names = list(result.columns)
    dimensions, numbers = card.settings["graph.dimensions"], card.settings["graph.metrics"]
    told = card.settings.get("series_settings", {})
    x = names.index(dimensions[0])
    places = list(dict.fromkeys(row[x] for row in result.rows))
    usual = "bar" if card.display in ("bar", "row") else "line"
    found = []
    if len(dimensions) > 1:
        by, y = names.index(dimensions[1]), names.index(numbers[0])
        for k, name in enumerate(dict.fromkeys(row[by] for row in result.rows)):
            points = {row[x]: float(row[y]) for row in result.rows
                      if row[by] == name and row[y] is not None}  # fmt: skip
            colour = TONES.get(str(name).lower(), k)
            found.append(Series(str(name), points, _form(card, numbers[0]), usual, False, colour))
    else:
        for k, number in enumerate(numbers):
            y, own = names.index(number), told.get(number, {})
            points = {row[x]: float(row[y]) for row in result.rows if row[y] is not None}
            found.append(
                Series(_title(card, number), points, _form(card, number),
                       own.get("display", usual), own.get("line.style") == "dashed", k)
            )  # fmt: skip
    return places, [s._replace(colour=s.colour % COLOURS) for s in found]


def _ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers from at most `low` to at least `high`."""
    if low == high:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / count
    scale = 10 ** math.floor(math.log10(rough))
    step = next(scale * k for k in (1, 2, 2.5, 5, 10) if rough <= scale * k * 1.0001)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(k * step, 10) for k in range(first, last + 1)]


def _plot(card: Card, result: Result) -> Markup:
    """Line, area, bar and combo: time or words along, numbers up."""
    places, series = _series(card, result)
    stack = card.settings.get("stackable.stack_type")
    is_time = isinstance(places[0], dt.date)
    if stack == "normalized":
        totals = {p: sum(s.points.get(p, 0.0) for s in series) or 1.0 for p in places}
        share = {"number_style": "percent", "decimals": 0}
        series = [
            s._replace(points={p: v / totals[p] for p, v in s.points.items()}, form=share)
            for s in series
        ]
    other = card.display == "combo" and len({_unit_of(s.form) for s in series}) > 1
    left = [s for s in series if not other or s.display == "bar"]
    right = [s for s in series if s not in left]
    drawn, axes = [], []
    for group in filter(None, (left, right)):
        low, high = _range(group, places, stack, card)
        ticks = _ticks(low, high)
        axes.append((ticks, group[0].form))
        drawn += _marks(group, places, ticks, stack, card.display, is_time, bool(axes[1:]))
    ticks = axes[0][0]
    lines = [
        f'<path class="{"zero" if t == 0 else "gridline"}" d="M0 {_up(t, ticks):.2f}H100"/>'
        for t in ticks
    ]
    if card.settings.get("graph.show_goal"):
        lines.append(
            f'<path class="aim" d="M0 {_up(card.settings["graph.goal_value"], ticks):.2f}H100"/>'
        )
    legend = _legend(card, series, right) if len(series) > 1 else ""
    if not legend and card.settings.get("graph.show_goal"):
        legend = _legend(card, [], [])
    return Markup(
        '{legend}<div class="plot{right}">{ys}<div class="canvas"><svg viewBox="0 0 100 100" '
        'preserveAspectRatio="none" role="img" aria-label="{label}">{drawn}</svg></div>{other}'
        '<div class="xs" aria-hidden="true">{xs}</div></div>'
    ).format(
        legend=legend,
        right=" right" if right else "",
        ys=_axis(*axes[0]),
        label=_summary(card, places, series),
        drawn=Markup("".join(lines + drawn)),
        other=_axis(*axes[1], "other") if right else "",
        xs=_along(places, card, is_time),
    )


def _legend(card: Card, series: list[Series], right: typing.Sequence[Series] = ()) -> Markup:
    """What each colour is; series without a number in words, so that nobody looks for them."""
    items = [
        Markup('<li><i class="s{}"></i>{}{}</li>').format(
            s.colour, s.name, " (right axis)" if s in right else ""
        )
        for s in series if any(s.points.values())
    ]  # fmt: skip
    if card.settings.get("graph.show_goal"):
        form = _form(card, card.settings["graph.metrics"][0])
        items.append(
            Markup('<li><i class="goal {}"></i>{}: {}</li>').format(
                "" if card.display == "row" else "flat",
                card.settings.get("graph.goal_label", "Target"),
                said(card.settings["graph.goal_value"], form, short=True),
            )
        )
    nothing = [s.name for s in series if s.points and not any(s.points.values())]
    missing = [s.name for s in series if not s.points]
    for word, names in (("Always 0", nothing), ("No number", missing)):
        if names:
            items.append(Markup("<li>{}: {}</li>").format(word, ", ".join(names)))
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(items))


def _unit_of(form: Form) -> tuple:
    return form.get("number_style"), form.get("suffix")


def _range(group: list[Series], places: list, stack: str | None, card: Card) -> tuple[float, float]:
    values = [v for s in group for v in s.points.values()] or [0.0]
    if stack:
        values += [sum(s.points.get(p, 0.0) for s in group) for p in places]
    low, high = min(values), max(values)
    if card.settings.get("graph.show_goal"):
        aim = card.settings["graph.goal_value"]
        low, high = min(low, aim), max(high, aim)
    if stack == "normalized":
        return 0.0, 1.0
    bars = any(s.display == "bar" for s in group) or stack or card.display == "area"
    if bars or low > 0 and low < 0.6 * high:
        low = min(low, 0.0)
    return low, high


def _up(value: float, ticks: list[float]) -> float:
    """A height as a place from the top, 0 to 100."""
    return 100 - 100 * (value - ticks[0]) / (ticks[-1] - ticks[0])


def _across(places: list, is_time: bool, bars: bool) -> dict[typing.Any, float]:
    if is_time and not bars and len(places) > 1:
        first, size = places[0], (places[-1] - places[0]).days or 1
        return {p: 100 * (p - first).days / size for p in places}
    return {p: 100 * (k + 0.5) / len(places) for k, p in enumerate(places)}


def _marks(
    group: list[Series], places: list, ticks: list[float], stack: str | None, display: str,
    is_time: bool, is_other: bool,
) -> list[str]:  # fmt: skip
    has_bars = display in ("bar", "combo")
    across = _across(places, is_time, has_bars)
    base = dict.fromkeys(places, 0.0)
    bars = [s for s in group if s.display == "bar"]
    found = []
    for s in group:
        if s.display == "bar":
            slot = 74 / len(places)
            width = slot if stack else slot / max(1, len(bars))
            for p, value in s.points.items():
                start = across[p] - slot / 2 + (0 if stack else bars.index(s) * width)
                low = base[p] if stack else max(0.0, ticks[0])
                top, bottom = _up(low + value if stack else value, ticks), _up(low, ticks)
                y, height = min(top, bottom), abs(bottom - top)
                found.append(f'<rect class="s{s.colour}" x="{start:.2f}" y="{y:.2f}" '
                             f'width="{width:.2f}" height="{height:.2f}"/>')  # fmt: skip
                if stack:
                    base[p] += value
        elif display == "area":
            points = [p for p in places if p in s.points or stack]
            tops = [(across[p], _up(base[p] + s.points.get(p, 0.0), ticks)) for p in points]
            floor = [(across[p], _up(base[p], ticks)) for p in reversed(points)]
            path = "L".join(f"{x:.2f} {y:.2f}" for x, y in tops + floor)
            found.append(f'<path class="s{s.colour}" fill-opacity=".82" d="M{path}Z"/>')
            if stack:
                for p in points:
                    base[p] += s.points.get(p, 0.0)
        else:
            dashed = " dashed" if s.is_dashed else ""
            runs: list[list[str]] = [[]]
            for p in places:  # a gap stays a gap: unknown is not nothing
                if p in s.points:
                    runs[-1].append(f"{across[p]:.2f} {_up(s.points[p], ticks):.2f}")
                elif runs[-1]:
                    runs.append([])
            for run in filter(None, runs):
                line = "L".join(run if len(run) > 1 else run * 2)
                alone = "" if len(run) > 1 else " alone"
                found.append(f'<path class="l{s.colour}{dashed}{alone}" d="M{line}"/>')
    return found


def _axis(ticks: list[float], form: Form, name: str = "") -> Markup:
    unit = form.get("currency", "") if form.get("number_style") == "currency" else ""
    unit = unit or form.get("suffix", "").strip()
    form = {key: value for key, value in form.items() if key != "suffix"}
    labels = [said(tick, form, short=True) for tick in ticks]
    widest = max(labels, key=len)
    marks = Markup("").join(
        Markup('<b style="bottom:{:.1f}%">{}</b>').format(100 - _up(tick, ticks), label)
        for tick, label in zip(ticks, labels, strict=True)
    )
    return Markup('<div class="ys {}" aria-hidden="true"><span>{}</span>{}{}</div>').format(
        name, widest, marks, Markup("<em>{}</em>").format(unit) if unit else ""
    )


def _along(places: list, card: Card, is_time: bool) -> Markup:
    has_bars = card.display in ("bar", "combo")
    across = _across(places, is_time, has_bars)
    every = max(1, math.ceil(len(places) / (4 if is_time else 8)))
    form = _form(card, card.settings["graph.dimensions"][0])
    shown = [p for k, p in enumerate(places) if k % every == 0]
    return Markup("").join(
        Markup('<span class="{}" style="left:{:.1f}%">{}</span>').format(
            "" if has_bars else "first" if across[p] < 4 else "last" if across[p] > 96 else "",
            across[p], _moment(p, form) if is_time else said(p, form),
        )
        for p in shown
    )  # fmt: skip


def _moment(day: dt.date, form: Form) -> str:
    """A day as short as an axis needs it."""
    style = form.get("date_style", "")
    if style in (DATES["quarter"], DATES["year"]):
        return said(day, form)
    return f"{day:%b %y}" if style == DATES["month"] else f"{day.day} {day:%b %y}"


def _summary(card: Card, places: list, series: list[Series]) -> str:
    """The drawing in one sentence: what, from when to when, and where each series ends."""
    form = _form(card, card.settings["graph.dimensions"][0])
    ends = []
    for s in series[:6]:
        if s.points:
            at = list(s.points)[-1]
            ends.append(f"{s.name} {said(s.points[at], s.form)} in {said(at, form)}")
    more = f" and {len(series) - 6} more" if len(series) > 6 else ""
    span = f"{said(places[0], form)} to {said(places[-1], form)}"
    return f"{card.title}, {span}: {'; '.join(ends)}{more}. Numbers under About."


def _wide(share: float) -> str:
    """A part of the room that bars have beside their numbers; a phone leaves them less of it."""
    return f"calc({100 * share:.1f}% * var(--room))"


def _bars(card: Card, result: Result) -> Markup:
    """Row chart: a word, a bar and its number."""
    places, series = _series(card, result)
    values = [v for s in series for v in s.points.values()]
    most = max([abs(v) for v in values] + [card.settings.get("graph.goal_value", 0.0)]) or 1.0
    line = ""
    if card.settings.get("graph.show_goal"):
        share = card.settings["graph.goal_value"] / most
        line = Markup('<b class="line" style="left:{}"></b>').format(_wide(share))
    rows = []
    form = _form(card, card.settings["graph.dimensions"][0])
    for place in places:
        marks = Markup("").join(
            Markup('<div><i class="s{}" style="width:{}"></i><small>{}</small></div>').format(
                s.colour, _wide(max(0.0, s.points.get(place, 0.0)) / most),
                said(s.points.get(place), s.form) or "unknown",
            )
            for s in series
        )  # fmt: skip
        rows.append(Markup('<span title="{0}">{0}</span><div class="track">{1}{2}</div>').format(
            said(place, form), marks, line))  # fmt: skip
    legend = ""
    if len(series) > 1 or line:
        legend = _legend(card, series if len(series) > 1 else [])
    return Markup('{}<div class="bars">{}</div>').format(legend, Markup("").join(rows))


def _waterfall(card: Card, result: Result) -> Markup:
    """Each part from where the one before ended, and the whole."""
    places, [series] = _series(card, result)
    values = [series.points.get(p, 0.0) for p in places]
    ends, total = [], 0.0
    for value in values:
        ends.append((min(total, total + value), max(total, total + value)))
        total += value
    low, high = min(0.0, *(a for a, _ in ends)), max(0.0, *(b for _, b in ends))
    size = (high - low) or 1.0
    rows = []
    whole = ("Total", total, (min(0.0, total), max(0.0, total)))
    for place, value, (a, b) in [*zip(places, values, ends, strict=True), whole]:
        colour = 7 if place == "Total" else 0 if value >= 0 else 1
        rows.append(
            Markup('<span title="{0}">{0}</span><div class="track"><div><i class="s{1}" style='
                   '"margin-left:{2};width:{3}"></i><small>{4}</small></div></div>').format(
                said(place, {}), colour, _wide((a - low) / size), _wide((b - a) / size),
                said(value, series.form))
        )  # fmt: skip
    return Markup('<div class="bars">{}</div>').format(Markup("").join(rows))


def _funnel(card: Card, result: Result) -> Markup:
    names = list(result.columns)
    word, number = (names.index(card.settings[f"funnel.{k}"]) for k in ("dimension", "metric"))
    form = _form(card, card.settings["funnel.metric"])
    first = float(result.rows[0][number] or 0) or 1.0
    rows = []
    for row in result.rows:
        value = float(row[number] or 0)
        rows.append(
            Markup('<span>{}</span><div class="track"><div><i class="s0" style="width:{}">'
                   "</i><small>{} ({})</small></div></div>").format(
                row[word], _wide(value / first), said(row[number], form),
                f"{_plain(100 * value / first, 1)}{NARROW}%")
        )  # fmt: skip
    return Markup('<div class="bars">{}</div>').format(Markup("").join(rows))


def _pie(card: Card, result: Result) -> Markup:
    names = list(result.columns)
    word, number = (names.index(card.settings[f"pie.{k}"]) for k in ("dimension", "metric"))
    form = _form(card, card.settings["pie.metric"])
    parts = [(str(row[word]), float(row[number])) for row in result.rows if row[number]]
    total = sum(value for _, value in parts) or 1.0
    drawn, items, start = [], [], 0.0
    for k, (name, value) in enumerate(parts):
        end = start + value / total
        (x1, y1), (x2, y2) = (
            (50 + 48 * math.sin(2 * math.pi * t), 50 - 48 * math.cos(2 * math.pi * t))
            for t in (start, min(end, start + 0.9999))
        )
        large = int(end - start > 0.5)
        drawn.append(f'<path class="s{k}" d="M50 50L{x1:.2f} {y1:.2f}A48 48 0 {large} 1 '
                     f'{x2:.2f} {y2:.2f}Z"/>')  # fmt: skip
        items.append(Markup('<li><i class="s{}"></i>{}: {} ({})</li>').format(
            k, name, said(value, form), f"{_plain(100 * value / total, 1)}{NARROW}%"))  # fmt: skip
        start = end
    return Markup(
        '<div class="round"><svg viewBox="0 0 100 100" role="img" aria-label="{}">{}</svg>'
        '<ul class="legend">{}</ul></div>'
    ).format(f"{card.title}: its parts are listed beside it.", Markup("".join(drawn)),
             Markup("").join(items))  # fmt: skip


def _scatter(card: Card, result: Result) -> Markup:
    names = list(result.columns)
    x, y = (names.index(card.settings[k][0]) for k in ("graph.dimensions", "graph.metrics"))
    bubble = card.settings.get("scatter.bubble")
    size = names.index(bubble) if bubble else None
    word = next((k for k, kind in enumerate(result.columns.values()) if kind == "text"), None)
    rows = [row for row in result.rows if row[x] is not None and row[y] is not None]
    if not rows:
        return Markup('<p class="none">{}</p>').format(card.empty)
    xs = _ticks(0.0, max(float(row[x]) for row in rows))
    ys = _ticks(0.0, max(float(row[y]) for row in rows))
    most = max((float(row[size] or 0) for row in rows), default=1.0) if size else 1.0
    dots = []
    for row in rows:
        left = 100 * float(row[x]) / xs[-1]
        bottom = 100 * float(row[y]) / ys[-1]
        wide = 10 + 34 * math.sqrt(float(row[size] or 0) / most) if size and most else 12
        name = row[word] if word is not None else ""
        side = "before" if left > 70 else "after"
        dots.append(Markup(
            '<i class="s0" style="left:{0:.1f}%;bottom:{1:.1f}%;width:{2:.0f}px;height:{2:.0f}px">'
            '</i><span class="{4}" style="left:{0:.1f}%;bottom:{1:.1f}%;--half:{5:.0f}px">{3}'
            "</span>"
        ).format(left, bottom, wide, name, side, wide / 2))  # fmt: skip
    lines = [f'<path class="gridline" d="M0 {_up(t, ys):.2f}H100"/>' for t in ys]
    form = _form(card, names[x])
    along = Markup("").join(
        Markup('<span style="left:{:.1f}%">{}</span>').format(100 * t / xs[-1], said(t, form, True))
        for t in xs
    )
    return Markup(
        '<p class="versus">{7} up, {6} along</p><div class="plot">{0}<div class="canvas"><svg '
        'viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{1}">{2}</svg>'
        '<div class="dots" aria-hidden="true">{3}</div></div>'
        '<div class="xs" aria-hidden="true">{4}{5}</div></div>'
    ).format(
        _axis(ys, _form(card, names[y])), f"{card.title}: {len(rows)} marks. Numbers under About.",
        Markup("".join(lines)), Markup("").join(dots), along, "",
        _title(card, names[x]), _title(card, names[y]),
    )  # fmt: skip


def _sankey(card: Card, result: Result) -> Markup:
    names = list(result.columns)
    source, target, value = (
        names.index(card.settings[f"sankey.{k}"]) for k in ("source", "target", "value")
    )
    form = _form(card, card.settings["sankey.value"])
    rows = [(r[source], r[target], float(r[value])) for r in result.rows if r[value]]
    total = sum(v for *_, v in rows) or 1.0
    sides = []
    for side in (0, 1):
        sums: dict[str, float] = {}
        for row in rows:
            sums[row[side]] = sums.get(row[side], 0.0) + row[2]
        order = sorted(sums, key=lambda name: -sums[name])
        gap = min(3.0, 30 / max(1, len(order)))
        scale = (100 - gap * (len(order) - 1)) / total
        tops, top = {}, 0.0
        for name in order:
            tops[name] = top
            top += sums[name] * scale + gap
        sides.append((sums, order, scale, tops))
    drawn, labels = [], []
    filled: list[dict[str, float]] = [dict(side[3]) for side in sides]
    for a, b, v in sorted(rows, key=lambda r: (sides[0][1].index(r[0]), sides[1][1].index(r[1]))):
        y, z = filled[0][a], filled[1][b]
        high, far = v * sides[0][2], v * sides[1][2]
        filled[0][a], filled[1][b] = y + high, z + far
        colour = sides[0][1].index(a) % COLOURS
        drawn.append(
            f'<path class="s{colour}" fill-opacity=".4" d="M1 {y:.2f}C50 {y:.2f} 50 {z:.2f} 99 '
            f'{z:.2f}V{z + far:.2f}C50 {z + far:.2f} 50 {y + high:.2f} 1 {y + high:.2f}Z"/>'
        )
    for k, (sums, order, scale, tops) in enumerate(sides):
        for at, name in enumerate(order):
            high = sums[name] * scale
            colour = at % COLOURS if k == 0 else 7
            drawn.append(f'<rect class="s{colour}" x="{98.6 * k + 0.2:.1f}" y="{tops[name]:.2f}" '
                         f'width="1.2" height="{high:.2f}"/>')  # fmt: skip
            labels.append(Markup('<span class="{}" style="top:{:.1f}%">{} {}</span>').format(
                "lr"[k], tops[name] + high / 2, name, said(sums[name], form)))  # fmt: skip
    return Markup(
        '<div class="flow"><svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg><div aria-hidden="true">{}</div></div>'
    ).format(f"{card.title}: {len(rows)} paths. Numbers under About.", Markup("".join(drawn)),
             Markup("").join(labels))  # fmt: skip


DRAWN: dict[str, typing.Callable[[Card, Result], Markup]] = {
    "table": _table, "scalar": _scalar, "smartscalar": _smartscalar, "progress": _progress,
    "gauge": _gauge, "line": _plot, "area": _plot, "bar": _plot, "combo": _plot, "row": _bars,
    "waterfall": _waterfall, "funnel": _funnel, "pie": _pie, "scatter": _scatter,
    "sankey": _sankey,
}  # fmt: skip
