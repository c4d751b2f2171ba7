"""Numbers, words and tables as people read them, as HTML: what of a card is no drawing.

A number is written as the settings of its column say (`boards.number_format`), everywhere alike;
a status is a sign and a word, and its colour stands beside them, never for them.
"""

from __future__ import annotations

import datetime as dt
import re
import typing

from markupsafe import Markup, escape

from metrics.board_lint import Result
from metrics.boards import DATES, WORDS, column_key
from metrics.cards import STATUS_COLORS, Card
from metrics.views import missing_words

NARROW = "\u202f"
STATUS_WORDS = {
    "off_track": "Off track",
    "missed": "Missed",
    "at_risk": "At risk",
    "data_late": "Data late",
    "no_source": "No source",
    "too_early": "Too early",
    "on_track": "On track",
    "reached": "Reached",
}  # in the order in which they want attention
SIGNS = {word: name for name, word in STATUS_WORDS.items()}
LEVEL_SIGNS = {"good": "on_track", "warn": "at_risk", "bad": "off_track", "none": "too_early"}
NOTHING = "Unknown: there is no number to draw."
LONG = 40  # characters from which a table cell is text
SCORES = (" points",)  # units of which a change is a difference, as for percent
SHORT = 11  # characters up to which an amount stays on one line
AMOUNT = re.compile(r"[+−-]?[\d,.]+( %| [A-Za-z]{1,6})?")  # a number that a view wrote as text

Form = dict[str, typing.Any]


def marked(text: str | None) -> Markup | None:
    """`**bold**` and `*emphasis*`; Metabase reads the same."""
    if not text:
        return None
    safe = str(escape(text))
    safe = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", safe)
    return Markup(re.sub(r"\*(.+?)\*", r"<em>\1</em>", safe))


def day_text(day: dt.date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else "never"


def form_of(card: Card, name: str) -> Form:
    return card.settings.get("column_settings", {}).get(column_key(name), {})


def title_of(card: Card, name: str) -> str:
    return form_of(card, name).get("column_title") or name.replace("_", " ").capitalize()


def said(value: typing.Any, form: Form, short: bool = False) -> str:
    """A value as its column's settings write it; `short` for marks. Nothing known: nothing."""
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
            return f"{plain(100 * number, 0 if whole else places)}{NARROW}%"
        tail = form.get("suffix", "")
        if form.get("number_style") == "currency":
            tail = "" if short else f"{NARROW}{form.get('currency', '')}"
        if short or (form.get("number_style") == "currency" and abs(number) >= 1e6):
            for scale, letters in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
                if abs(number) >= scale and (short or scale > 1e3):
                    size = number / scale
                    rest = 0 if abs(size - round(size)) < 0.05 and short else 1 if short else 2
                    return f"{plain(size, rest)}{NARROW}{letters}{tail if not short else ''}"
            places = 0 if number == round(number) else min(places, 1) or 1
        return f"{plain(number, places)}{tail}"
    return value


def span(low: typing.Any, high: typing.Any, form: Form) -> str:
    """`low to high`, the unit once."""
    a, b = said(low, form), said(high, form)
    return f"{a.removesuffix(b.lstrip('−0123456789,.'))} to {b}"


def plain(value: float, places: int) -> str:
    return f"{round(value, places) + 0.0:,.{places}f}".replace("-", "−")


def sign(name: str) -> Markup:
    return Markup('<svg aria-hidden="true" viewBox="0 0 16 16"><use href="#i-{}"/></svg>').format(
        name
    )


def status(word: str, column: str) -> Markup:
    """A status word with its sign; the colour stands beside the word, never for it."""
    level = next((k for k, some in WORDS[column].items() if word in some), "none")
    if column == "trust":
        name = word.replace(" ", "_")
        return Markup('<span class="trust {0}">{1}{2}</span>').format(name, sign(f"t-{name}"), word)
    if column == "verdict":
        return Markup('<span class="{}">{}</span>').format(word if level != "none" else "", word)
    name = SIGNS.get(word, LEVEL_SIGNS[level])
    return Markup('<span class="tag {}">{}{}</span>').format(name, sign(name), word)


def unknown(card: Card, name: str) -> Markup:
    """What stands for a number that nobody knows, or that privacy withholds."""
    word = missing_words().get(name, "unknown") if card.database == "main" else "not shown"
    return Markup('<span class="unknown">{}</span>').format(word)


def table(card: Card, result: Result) -> Markup:
    """The rows as Metabase's table shows them: its columns, words with signs, bars and heat."""
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
            Markup(' class="num"') if result.columns[name] == "number" else "", title_of(card, name)
        )
        for name in names
    )
    rows = []
    for row in result.rows:
        cells = []
        for k, (name, place) in enumerate(zip(names, places, strict=True)):
            value, form = row[place], form_of(card, name)
            text: typing.Any = said(value, form)
            kind, style = "", ""
            if name in worded and value is not None:
                text = status(value, name)
            elif result.columns[name] == "number":
                kind = ' class="num"'
                text = unknown(card, name) if value is None else text
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
    return whole(head, rows, card.title)


def whole(head: Markup, rows: list[Markup], caption: str) -> Markup:
    """A table of a head and rows; its caption is for those who do not see where it stands."""
    return Markup(
        '<table><caption class="skip">{}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table>"
    ).format(caption, head, Markup("").join(rows))


def numbers(card: Card, result: Result) -> Markup:
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
            for k, text in enumerate([title_of(card, dimensions[0]), *heads])
        )
        rows = [
            Markup('<tr><th scope="row">{}</th>{}</tr>').format(
                said(at, form_of(card, dimensions[0])),
                Markup("").join(
                    Markup('<td class="num">{}</td>').format(_told(found, (at, one), card, number))
                    for one in heads
                ),
            )
            for at in dict.fromkeys(row[x] for row in result.rows)
        ]
        return whole(head, rows, f"{card.title}: {title_of(card, number)}")
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(
            Markup(' class="num"') if kind == "number" else "", title_of(card, name)
        )
        for name, kind in result.columns.items()
    )
    rows = [
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<th scope="row">{}</th>' if k == 0 else
                       f'<td{" class=num" if result.columns[name] == "number" else ""}>{{}}</td>')
                .format(unknown(card, name) if value is None and result.columns[name] == "number"
                        else said(value, form_of(card, name)))
                for k, (name, value) in enumerate(zip(names, row, strict=True))
            )
        )
        for row in result.rows
    ]  # fmt: skip
    return whole(head, rows, card.title)


def _told(found: dict, key: tuple, card: Card, number: str) -> str:
    """A cell of two dimensions: a row without a number is unknown, no row is no more than that."""
    if key in found and found[key] is None:
        return unknown(card, number)
    return said(found.get(key), form_of(card, number))


def scalar(card: Card, result: Result) -> Markup:
    """One number, with the word of the stretch that it falls into."""
    name = card.settings.get("scalar.field") or next(iter(result.columns))
    value = result.rows[0][list(result.columns).index(name)]
    text = said(value, form_of(card, name)) or "unknown"
    note: typing.Any = ""
    for segment in card.settings.get("scalar.segments", []):
        if value is not None and segment["min"] <= value <= segment["max"]:
            level = next(k for k, v in STATUS_COLORS.items() if v == segment["color"])
            note = Markup('<p class="versus"><span class="tag {0}">{1}{2}</span></p>').format(
                LEVEL_SIGNS[level], sign(LEVEL_SIGNS[level]), segment["label"]
            )
            break
    long = " long" if len(text) > 16 else ""
    return Markup('<p class="big{}">{}</p>{}').format(long, text, note)


def smartscalar(card: Card, result: Result) -> Markup:
    """The last period, with its changes; words say which way is better."""
    names = list(result.columns)
    at = names.index(card.settings["scalar.field"])
    form = form_of(card, card.settings["scalar.field"])
    last = result.rows[-1]
    lines = []
    for compared in card.settings.get("scalar.comparisons", []):
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
            told = f"{plain(100 * change, 1)}{NARROW}pp"
        elif float(before) <= 0 or form.get("suffix") in SCORES:
            told = said(change, form)  # a share of a score says nothing
        else:
            share = 100 * change / float(before)
            told = f"{plain(share, 1 if abs(share) < 100 else 0)}{NARROW}%"
        told = told if told.startswith("−") else f"+{told}"
        mark = "better" if better else "worse"
        line = Markup('<p class="versus"><span class="{0}">{1} {2}, {0}</span> than {3} ({4})</p>')
        arrow = "↑" if change > 0 else "↓"
        lines.append(line.format(mark, arrow, told, label, said(before, form)))
    when = said(last[0], form_of(card, names[0]))
    value = said(last[at], form) or "unknown"
    return Markup('<p class="big">{}</p><p class="versus">{}</p>{}').format(
        value, when, Markup("").join(lines)
    )


def _began(text: str) -> str:
    return text[:1].upper() + text[1:]


def progress(card: Card, result: Result) -> Markup:
    """A number as a share of its aim."""
    names, goal = list(result.columns), card.settings["progress.goal"]
    value = result.rows[0][names.index(card.settings["progress.value"])]
    aim = result.rows[0][names.index(goal)] if isinstance(goal, str) else goal
    if value is None or not aim:
        return Markup('<p class="none">{}</p>').format(NOTHING)
    share = float(value) / float(aim)
    form = form_of(card, card.settings["progress.value"])
    told = f"{said(value, form)} of {said(aim, form)} ({plain(100 * share, 1)}{NARROW}%)"
    return Markup(
        '<div class="done" role="img" aria-label="{}"><i class="good" style="width:{:.1f}%"></i>'
        '</div><p class="versus">{}</p>'
    ).format(told, min(100.0, 100 * share), told)


KINDS: dict[str, typing.Callable[[Card, Result], Markup]] = {
    "table": table, "scalar": scalar, "smartscalar": smartscalar, "progress": progress,
}  # fmt: skip
