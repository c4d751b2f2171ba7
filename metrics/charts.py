"""Every chart of a card as a Vega-Lite specification, and specifications as SVG.

The kinds are Metabase's: what a card's `display` says there is what is drawn here. Colours are
the CSS variables of the page, so that one drawing serves light, dark and paper; legends are HTML,
because they wrap. A chart is drawn twice, for a tile of the grid and for a phone, where a
shrunken tile could not be read. The grammar is Vega-Lite's (https://vega.github.io/vega-lite);
vl-convert draws it without a browser, a server or a network.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
import math
import re
import textwrap
import typing

from markupsafe import Markup

from metrics.board_lint import Result
from metrics.boards import DATES
from metrics.cards import STATUS_COLORS, Card
from metrics.figures import NARROW, Form, form_of, plain, said, title_of

Spec = dict[str, typing.Any]
Wanted = dict[str, str]  # by name: the JSON of what is still to be drawn

COLOURS = 16  # of the style sheet, --s0 to --s15
TONES = {"positive": 2, "neutral": 7, "negative": 6}  # green, grey and red wherever tone is drawn
LETTER = 6.4  # width of a letter of a label, about
PHONE = 330  # width of a drawing on a phone
SAME = 430  # a tile as narrow as this is drawn once: a phone shows it nearly as it is
LEGEND = 18  # height of a line of a legend
VEGALITE = "6.1"
INK, SOFT, RULE, HAIR = "var(--ink)", "var(--soft)", "var(--rule)", "var(--hair)"

CONFIG: Spec = {
    "aria": False,  # what a drawing says stands once, in its label
    "font": "Arial, Helvetica, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT, "titleColor": SOFT, "gridColor": HAIR, "labelFontSize": 11.5,
        "titleFontSize": 11.5, "titleFontWeight": "normal", "domain": False, "ticks": False,
        "labelPadding": 5,
    },
    "axisX": {"grid": False, "labelFlush": True},
    "line": {"strokeWidth": 2, "strokeJoin": "round"},
    "text": {"color": INK, "fontSize": 11.5},
    "area": {"fillOpacity": 0.85},
    "rule": {"color": INK},
}  # fmt: skip
AIM = {"type": "rule", "color": INK, "strokeDash": [2, 3], "strokeWidth": 1.3}


class Series(typing.NamedTuple):
    """A line or a set of bars: its name, {place: number}, how it is drawn and its colour."""

    name: str
    points: dict[typing.Any, float]
    form: Form
    display: str
    is_dashed: bool
    colour: int


def draw(card: Card, result: Result, width: int, height: int, wanted: Wanted) -> Markup:
    """The chart of a card in a tile whose inside is `width` by `height` pixels, as HTML in which
    `place` puts the drawings; their specifications go to `wanted`."""
    legend, narrow_height = _legend_of(card, result), _phone_height(card, result)
    room = height - _legend_height(legend, width)
    label, specification = _label(card, result), KINDS[card.display]
    sizes = [("any", width, room)]
    if width > SAME:
        sizes = [("wide", width, room), ("narrow", PHONE, narrow_height)]
    drawn = [
        figure(specification(card, result, across, down), label, kind, wanted)
        for kind, across, down in sizes
    ]
    return Markup("").join([_written(legend), *drawn, _beneath(card, result)])


def is_known(card: Card, result: Result) -> bool:
    """Whether there is anything to draw: rows of which no number is known draw nothing."""
    columns = list(result.columns.values())
    numbers = [row[k] for row in result.rows for k, kind in enumerate(columns) if kind == "number"]
    if card.display in ("pie", "sankey"):
        return any(numbers)
    if card.display == "scatter":
        [x], [y] = card.settings["graph.dimensions"][:1], card.settings["graph.metrics"][:1]
        places = [list(result.columns).index(name) for name in (x, y)]
        return any(all(row[k] is not None for k in places) for row in result.rows)
    return any(number is not None for number in numbers)


def figure(spec: Spec, label: str, kind: str, wanted: Wanted) -> Markup:
    """Where the drawing of a specification will stand; `kind`: wide, narrow or any."""
    text = json.dumps(spec, sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    wanted[name] = text
    return Markup('<div class="drawing {}" role="img" aria-label="{}"><!--draw {}--></div>').format(
        kind, label, name
    )


def place(page: str, wanted: Wanted) -> str:
    """The page with every drawing in its place. Raises ValueError for a wrong specification."""
    drawn = {name: svg(text) for name, text in wanted.items()}
    return re.sub(r"<!--draw (\w+)-->", lambda found: drawn[found[1]], page)


@functools.lru_cache(maxsize=512)
def svg(specification: str) -> str:
    """A specification as JSON drawn as SVG; the same one is drawn once a process."""
    import vl_convert

    return _tidied(vl_convert.vegalite_to_svg(specification, VEGALITE))


SPARE = re.compile(
    r" (?:xmlns(?::xlink)?|version|class|role|pointer-events|stroke-miterlimit|font-family"
    r'|aria-\w+)="[^"]*"| opacity="1"| (?:font-weight|font-style)="normal"'
)  # what a page says once, or not at all


def _tidied(drawn: str) -> str:
    """What a page needs of a drawing: no name spaces, no size but its proportions, no words for
    what its label says, no more decimals than a screen has."""
    drawn = re.sub(r'<path[^>]*class="(?:background|foreground)"[^>]*/>', "", drawn)

    def shorter(tag: re.Match[str]) -> str:
        bare = SPARE.sub("", tag[0])
        return re.sub(r"-?\d+\.\d{2,}", lambda found: f"{float(found[0]):.1f}", bare)

    drawn = re.sub(r"<[^>]+>", shorter, drawn)
    drawn = re.sub(r'<svg [^>]*(viewBox="[^"]*")[^>]*>', r'<svg aria-hidden="true" \1>', drawn)
    while (bare := re.sub(r"<g[^>]*></g>", "", drawn)) != drawn:
        drawn = bare
    return drawn


def _chart(width: int, height: int, **parts: typing.Any) -> Spec:
    return {
        "width": width, "height": max(60, height), "background": "transparent", "config": CONFIG,
        "autosize": {"type": "fit", "contains": "padding"}, "padding": 2, **parts,
    }  # fmt: skip


def _values(rows: list[Form]) -> Spec:
    return {"values": rows}


def colour(at: int) -> str:
    return f"var(--s{at % COLOURS})"


# --- what a card's settings say ------------------------------------------------------------------


def _apart(values: typing.Iterable[typing.Any]) -> list[typing.Any]:
    """The values with invisible spaces behind words that come again: rows that read alike stay."""
    seen: dict[typing.Any, int] = {}
    found = []
    for value in values:
        again = seen[value] = seen.get(value, -1) + 1
        found.append(value + "\u200b" * again if isinstance(value, str) else value)
    return found


def series_of(card: Card, result: Result) -> tuple[list[typing.Any], list[Series]]:
    """The places of the first dimension in order, and the series that stand on them."""
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
            found.append(Series(str(name), points, form_of(card, numbers[0]), usual, False,
                                TONES.get(str(name).lower(), k)))  # fmt: skip
    else:
        places = _apart(row[x] for row in result.rows)
        for k, number in enumerate(numbers):
            y, own = names.index(number), told.get(number, {})
            points = {
                place: float(row[y])
                for place, row in zip(places, result.rows, strict=True) if row[y] is not None
            }  # fmt: skip
            found.append(
                Series(title_of(card, number), points, form_of(card, number),
                       own.get("display", usual), own.get("line.style") == "dashed", k)
            )  # fmt: skip
    return places, found


def _aim(card: Card) -> float | None:
    return card.settings["graph.goal_value"] if card.settings.get("graph.show_goal") else None


def _columns(card: Card, result: Result, *keys: str) -> list[int]:
    return [list(result.columns).index(card.settings[key]) for key in keys]


def _unit_of(form: Form) -> tuple:
    return form.get("number_style"), form.get("suffix")


def _second(card: Card, series: list[Series]) -> list[Series]:
    """The series of a combo that have an axis of their own: lines in another unit than its bars
    or, where there are none, than its first line."""
    if card.display != "combo" or not series:
        return []
    first = next((s for s in series if s.display == "bar"), series[0])
    unit = _unit_of(first.form)
    return [s for s in series if s.display != "bar" and _unit_of(s.form) != unit]


# --- axes ----------------------------------------------------------------------------------------


def _ticks(form: Form) -> str:
    """How an axis writes a number, as an expression of Vega's."""
    value = "datum.value"
    if form.get("number_style") == "percent":
        return f"replace(format({value}, '~%'), '%', '{NARROW}%')"
    scaled = " : ".join(
        f"abs({value}) >= {size:.0f} ? format({value} / {size:.0f}, ',~r') + '{NARROW}{letters}'"
        for size, letters in ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
    )
    return f"{scaled} : format({value}, '~r')"


def _axis_y(form: Form, **more: typing.Any) -> Spec:
    unit = form.get("currency", "") if form.get("number_style") == "currency" else ""
    unit = unit or form.get("suffix", "").strip()
    title = {"title": unit, "titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom",
             "titleX": 0, "titleY": -9} if unit else {"title": None}  # fmt: skip
    if more.get("orient") == "right" and unit:
        title |= {"titleAlign": "right"}
    return {"tickCount": 4, "labelExpr": _ticks(form), **title, **more}


def _lines(text: str, width: float, most: int = 3) -> str:
    """A label in lines no longer than `width` pixels; the last one says that there is more."""
    return "\n".join(
        textwrap.wrap(text, max(6, int(width / LETTER)), max_lines=most, placeholder=" …")
    )


def _words_axis(**more: typing.Any) -> Spec:
    """An axis of `_keyed` words."""
    bare = "slice(datum.label, indexof(datum.label, '\\t') + 1)"
    return {"title": None, "labelExpr": f"split({bare}, '\\n')", "labelLimit": 0, **more}


def _beside(**more: typing.Any) -> Spec:
    """`_words_axis` up and down: words of several lines stand with their middle at the mark."""
    lines = "length(split(datum.label, '\\n'))"
    moved = [{"test": f"{lines} == {n}", "value": -6.5 * (n - 1)} for n in (2, 3)]
    return _words_axis(labelOffset={"condition": moved, "value": 0}, **more)


def _keyed(texts: typing.Iterable[str]) -> list[str]:
    """Words behind their place, so that two that read alike stay two."""
    return [f"{k}\t{text}" for k, text in enumerate(texts)]


def _longest(texts: typing.Iterable[str]) -> float:
    return LETTER * max((len(line) for text in texts for line in text.split("\n")), default=0)


def moment(day: dt.date) -> int:
    """A day as Vega reads it: milliseconds since 1970 in UTC."""
    at = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
    return int(at.timestamp() * 1000)


def _axis_time(places: list[dt.date], form: Form, width: int) -> Spec:
    style = form.get("date_style", "")
    pattern = {DATES["month"]: "%b %y", DATES["quarter"]: "Q%q %Y", DATES["year"]: "%Y"}
    every = max(1, math.ceil(len(places) * 74 / width))
    return {"title": None, "format": pattern.get(style, "%-d %b %y"), "labelOverlap": True,
            "values": [moment(p) for k, p in enumerate(places) if k % every == 0]}  # fmt: skip


def _short_day(day: dt.date, form: Form) -> str:
    style = form.get("date_style", "")
    if style in (DATES["quarter"], DATES["year"]):
        return said(day, form)
    return f"{day:%b %y}" if style == DATES["month"] else f"{day.day} {day:%b %y}"


# --- drawings ------------------------------------------------------------------------------------


def _plot(card: Card, result: Result, width: int, height: int) -> Spec:
    """Line, area, bar and combo: time or words along, numbers up."""
    places, series = series_of(card, result)
    form = form_of(card, card.settings["graph.dimensions"][0])
    is_time = isinstance(places[0], dt.date)
    has_bars = card.display in ("bar", "combo")
    x: Spec
    if is_time and not has_bars:
        keys: dict[typing.Any, typing.Any] = {p: moment(p) for p in places}
        x = {"field": "x", "type": "temporal", "scale": {"type": "utc"},
             "axis": _axis_time(places, form, width)}  # fmt: skip
    else:
        slot = width / len(places)
        words = [_short_day(p, form) if is_time else _lines(said(p, form), slot) for p in places]
        keys = dict(zip(places, _keyed(words), strict=True))
        every = max(1, math.ceil((_longest(words) + 8) / slot))
        shown = [label for k, label in enumerate(keys.values()) if k % every == 0]
        x = {"field": "x", "type": "ordinal", "sort": None, "scale": {"paddingInner": 0.25},
             "axis": _words_axis(values=shown, labelAngle=0, labelFlush=False)}  # fmt: skip
    right = _second(card, series)
    left = [s for s in series if s not in right]
    shades = _shades(series)
    layers = [_marks(card, left, keys, x, shades, {})]
    if right:
        layers.append(_marks(card, right, keys, x, shades, {"orient": "right", "grid": False}))
    if _aim(card) is not None:
        y = {"field": "aim", "type": "quantitative"}
        data = _values([{"aim": _aim(card)}])
        layers[0]["layer"].append({"mark": AIM, "data": data, "encoding": {"y": y}})
    resolve = {"resolve": {"scale": {"y": "independent"}}} if right else {}
    return _chart(width, height, layer=layers, **resolve)


def _marks(
    card: Card, series: list[Series], keys: dict[typing.Any, typing.Any], x: Spec, shades: Spec,
    side: Spec,
) -> Spec:  # fmt: skip
    """Series that share an axis, as a layer. In a stack what is not there adds nothing; a line
    has a gap where nothing is known, and a point that stands alone is drawn as a point."""
    stack = card.settings.get("stackable.stack_type")
    is_stacked = bool(stack) or card.display == "area"
    form: Form = series[0].form
    if stack == "normalized":
        form = {"number_style": "percent"}
    rows = []
    for at, s in enumerate(series):
        known = [s.points.get(place) for place in keys]
        for k, (place, value) in enumerate(zip(keys, known, strict=True)):
            around = [known[j] for j in (k - 1, k + 1) if 0 <= j < len(known)]
            is_alone = value is not None and all(v is None for v in around)
            rows.append({"x": keys[place], "series": s.name, "alone": is_alone, "place": at,
                         "y": 0 if is_stacked and value is None else value})  # fmt: skip
    low, high = _range(series, keys, is_stacked, card)
    is_from_zero = is_stacked or any(s.display == "bar" for s in series)
    zero = is_from_zero or 0 < low < 0.6 * high
    y = {"field": "y", "type": "quantitative", "axis": _axis_y(form, **side),
         "scale": {"zero": zero, "nice": 4}}  # fmt: skip
    if is_stacked:
        y["stack"] = "normalize" if stack == "normalized" else "zero"
    bars = [s.name for s in series if s.display == "bar"]
    lines = [s.name for s in series if s.display != "bar"]
    both = {"x": x, "y": y, "color": shades}
    if is_stacked:  # the first series lies at the bottom, as in Metabase
        both["order"] = {"field": "place", "type": "ordinal"}
    layers: list[Spec] = []
    if bars:
        is_beside = len(bars) > 1 and not stack
        beside = {"xOffset": {"field": "series", "sort": None}} if is_beside else {}
        layers.append({"mark": "bar", "encoding": {**both, **beside}, **_only(bars)})
    if lines and card.display == "area":
        layers.append({"mark": "area", "encoding": both, **_only(lines)})
    elif lines:
        dashes = {"strokeDash": {"field": "series", "legend": None, "scale": {
            "domain": lines, "range": [[5, 4] if s.is_dashed else [1, 0]
                                       for s in series if s.name in lines]}}}  # fmt: skip
        dashes = dashes if any(s.is_dashed for s in series) else {}
        layers.append({"mark": "line", "encoding": {**both, **dashes}, **_only(lines)})
        if any(row["alone"] for row in rows if row["series"] in lines):
            layers.append({"mark": {"type": "point", "filled": True, "size": 30, "opacity": 1},
                           "encoding": both, "transform": [
                               *_only(lines)["transform"], {"filter": "datum.alone"}]})  # fmt: skip
    return {"data": _values(rows), "layer": layers}


def _shades(series: list[Series]) -> Spec:
    """The colour of each series; all of them, so that two axes agree."""
    return {"field": "series", "type": "nominal", "legend": None, "sort": None,
            "scale": {"domain": [s.name for s in series],
                      "range": [colour(s.colour) for s in series]}}  # fmt: skip


def _only(names: list[str]) -> Spec:
    return {"transform": [{"filter": {"field": "series", "oneOf": names}}]}


def _range(
    series: list[Series], places: typing.Iterable, is_stacked: bool, card: Card
) -> tuple[float, float]:
    values = [v for s in series for v in s.points.values()] or [0.0]
    if is_stacked:
        values += [sum(s.points.get(p, 0.0) for s in series) for p in places]
    if _aim(card) is not None:
        values.append(_aim(card))
    return min(values), max(values)


def _bars(card: Card, result: Result, width: int, height: int) -> Spec:
    """Row chart: a word, a bar for each number, and the number."""
    places, series = series_of(card, result)
    form = form_of(card, card.settings["graph.dimensions"][0])
    words = [_lines(said(p, form), 0.4 * width) for p in places]
    labels = dict(zip(places, _keyed(words), strict=True))
    rows = [
        {"place": labels[p], "series": s.name, "value": s.points.get(p), "end": max(
            0.0, s.points.get(p, 0.0)), "text": said(s.points.get(p), s.form) or "unknown"}
        for p in places for s in series
    ]  # fmt: skip
    aim = _aim(card)
    values = [v for s in series for v in s.points.values()]
    low, high = min([0.0, *values]), max([aim or 0.0, *values]) or 1.0
    room = width - min(0.42 * width, _longest(words)) - 8
    text = _longest(row["text"] for row in rows) + 8
    end = low + (high - low) / max(0.3, 1 - text / room)
    y = {"field": "place", "type": "ordinal", "sort": None, "axis": _beside(),
         "scale": {"paddingInner": 0.3, "paddingOuter": 0.1}}  # fmt: skip
    beside = {"yOffset": {"field": "series", "sort": None}} if len(series) > 1 else {}
    shades = _shades(series)
    x = {"type": "quantitative", "axis": None, "scale": {"domain": [low, end], "nice": False}}
    layers: list[Spec] = [
        {"mark": "bar",
         "encoding": {"y": y, **beside, "x": {"field": "value", **x}, "color": shades}},
        {"mark": {"type": "text", "align": "left", "dx": 5},
         "encoding": {"y": y, **beside, "x": {"field": "end", **x}, "text": {"field": "text"}}},
    ]  # fmt: skip
    if aim is not None:  # beneath the numbers, which stand on paper of their own
        along, (bars, numbers) = {"x": {"field": "aim", **x}}, layers
        paper = {**numbers["mark"], "stroke": "var(--card)", "strokeWidth": 4}
        layers = [
            bars,
            {"mark": AIM, "data": _values([{"aim": aim}]), "encoding": along},
            {**numbers, "mark": paper},
            numbers,
        ]
    return _chart(width, height, data=_values(rows), layer=layers)


def _waterfall(card: Card, result: Result, width: int, height: int) -> Spec:
    """Each part from where the one before ended, and the whole; on a phone from left to right."""
    places, [series] = series_of(card, result)
    is_flat = width <= SAME
    slot = 0.36 * width if is_flat else (width - 50) / (len(places) + 1)
    steps: list[tuple[str, float, float, float, int]] = []
    total = 0.0
    for p in places:
        value = series.points.get(p, 0.0)
        steps.append((said(p, {}), total, total + value, value, 0 if value >= 0 else 1))
        total += value
    steps.append(("Total", 0.0, total, total, 7))
    is_tilted = not is_flat and slot < 66
    names = _keyed(step[0] if is_tilted else _lines(step[0], slot - 6) for step in steps)
    rows = [
        {"place": name, "start": start, "end": end, "top": max(start, end),
         "color": colour(shade), "text": said(value, series.form, short=slot < 90)}
        for name, (_, start, end, value, shade) in zip(names, steps, strict=True)
    ]  # fmt: skip
    turned = {"labelAngle": -35, "labelLimit": 120} if is_tilted else {"labelAngle": 0}
    axis = _beside() if is_flat else _words_axis(labelFlush=False, **turned)
    words = {"field": "place", "type": "ordinal", "sort": None, "scale": {"paddingInner": 0.3},
             "axis": axis}  # fmt: skip
    low, high = min(row["start"] for row in rows), max(row["top"] for row in rows)
    low = min(low, *(row["end"] for row in rows))
    spare = (high - low) * (0.45 if is_flat else 0.08)
    scale = {"domain": [low, high + spare], "nice": False}
    if is_flat:
        amount = {"type": "quantitative", "axis": None, "scale": scale}
        at, along, edge = {"align": "left", "dx": 5}, "y", "x"
    else:
        amount = {"type": "quantitative", "axis": _axis_y(series.form), "scale": scale}
        at, along, edge = {"baseline": "bottom", "dy": -4}, "x", "y"
    shades = {"field": "color", "type": "nominal", "scale": None}
    return _chart(width, height, data=_values(rows), layer=[
        {"mark": "bar", "encoding": {along: words, edge: {"field": "start", **amount},
                                     f"{edge}2": {"field": "end"}, "color": shades}},
        {"mark": {"type": "text", **at}, "encoding": {
            along: words, edge: {"field": "top", **amount}, "text": {"field": "text"}}},
    ])  # fmt: skip


def _funnel(card: Card, result: Result, width: int, height: int) -> Spec:
    """Steps under each other, centred, each as wide as its number, with its share of the first."""
    word, number = _columns(card, result, "funnel.dimension", "funnel.metric")
    form = form_of(card, card.settings["funnel.metric"])
    first = float(result.rows[0][number] or 0) or 1.0
    words, rows = [_lines(str(row[word]), 0.26 * width) for row in result.rows], []
    for k, (name, row) in enumerate(zip(_keyed(words), result.rows, strict=True)):
        half = float(row[number] or 0) / 2
        share = f"{plain(200 * half / first, 1)}{NARROW}%"
        rows.append({"step": name, "from": -half, "to": half, "strength": 1 - 0.16 * min(k, 3),
                     "text": f"{said(row[number], form)} ({share})"})  # fmt: skip
    text, room = _longest(row["text"] for row in rows) + 10, width - _longest(words) - 10
    end = first / 2 + first * text / max(60, room - text)
    y = {"field": "step", "type": "ordinal", "sort": None, "axis": _beside(),
         "scale": {"paddingInner": 0.12}}  # fmt: skip
    scale = {"domain": [-first / 2, end], "nice": False}
    x = {"type": "quantitative", "axis": None, "scale": scale}
    return _chart(width, height, data=_values(rows), layer=[
        {"mark": {"type": "bar", "color": colour(0)}, "encoding": {
            "y": y, "x": {"field": "from", **x}, "x2": {"field": "to"},
            "opacity": {"field": "strength", "type": "quantitative", "scale": None}}},
        {"mark": {"type": "text", "align": "left", "dx": 6}, "encoding": {
            "y": y, "x": {"field": "to", **x}, "text": {"field": "text"}}},
    ])  # fmt: skip


def _pie(card: Card, result: Result, width: int, height: int) -> Spec:
    """A ring, the whole in its middle; its parts stand beside it in words."""
    parts = _parts(card, result)
    total = said(sum(value for _, value in parts), form_of(card, card.settings["pie.metric"]),
                 short=True)  # fmt: skip
    size = min(width, height)
    return _chart(width, height, layer=[
        {"data": _values([{"name": name, "value": value, "place": k}
                          for k, (name, value) in enumerate(parts)]),
         "mark": {"type": "arc", "outerRadius": size / 2 - 4, "innerRadius": size / 3.2,
                  "stroke": "var(--card)"},
         "encoding": {"theta": {"field": "value", "type": "quantitative", "stack": True},
                      "order": {"field": "place"},
                      "color": {"field": "name", "type": "nominal", "legend": None, "scale": {
                          "domain": [name for name, _ in parts],
                          "range": [colour(k) for k in range(len(parts))]}}}},
        {"data": _values([{"text": total}]), "encoding": {"text": {"field": "text"}},
         "mark": {"type": "text", "fontSize": 17}},
    ])  # fmt: skip


def _parts(card: Card, result: Result) -> list[tuple[str, float]]:
    word, number = _columns(card, result, "pie.dimension", "pie.metric")
    return [(str(row[word]), float(row[number])) for row in result.rows if row[number]]


def _scatter(card: Card, result: Result, width: int, height: int) -> Spec:
    """Marks by two numbers, as large as a third; those that have both."""
    names = list(result.columns)
    x, y = (names.index(card.settings[key][0]) for key in ("graph.dimensions", "graph.metrics"))
    bubble = card.settings.get("scatter.bubble")
    word = next((k for k, kind in enumerate(result.columns.values()) if kind == "text"), None)
    rows = [
        {"x": float(row[x]), "y": float(row[y]), "name": str(row[word]) if word is not None else "",
         "size": float(row[names.index(bubble)] or 0) if bubble else 1.0}
        for row in result.rows if row[x] is not None and row[y] is not None
    ]  # fmt: skip
    most_x = max((row["x"] for row in rows), default=1.0)
    for row in rows:  # a name on the side that has room
        row["side"] = "right" if row["x"] > 0.6 * most_x else "left"

    def numeric(field: str, at: int, **more: typing.Any) -> Spec:
        form = form_of(card, names[at])
        axis = _axis_y(form) | {"title": title_of(card, names[at]), **more}
        return {"field": field, "type": "quantitative", "axis": axis,
                "scale": {"zero": True, "nice": 4}}  # fmt: skip

    along = numeric("x", x, titleAnchor="middle", grid=False)
    for key in ("titleAngle", "titleAlign", "titleBaseline", "titleX", "titleY"):
        along["axis"].pop(key, None)
    up = numeric("y", y, titleAngle=0, titleAlign="left", titleBaseline="bottom", titleX=0,
                 titleY=-9)  # fmt: skip
    both = {"x": along, "y": up}
    size = {"field": "size", "type": "quantitative", "legend": None,
            "scale": {"range": [40, 500] if bubble else [80, 80]}}  # fmt: skip
    return _chart(width, height, data=_values(rows), layer=[
        {"mark": {"type": "circle", "color": colour(0), "opacity": 0.5},
         "encoding": {**both, "size": size}},
        *({"mark": {"type": "text", "align": side, "dx": 12 if side == "left" else -12,
                    "fontSize": 11},
           "transform": [{"filter": f"datum.side === '{side}'"}],
           "encoding": {**both, "text": {"field": "name"}}} for side in ("left", "right")),
    ])  # fmt: skip


def _gauge(card: Card, result: Result, width: int, height: int) -> Spec:
    """A half circle of stretches and a needle; the number and its word stand beneath."""
    value, segments = float(result.rows[0][0]), card.settings["gauge.segments"]
    low, high = segments[0]["min"], segments[-1]["max"]
    levels = {shade: level for level, shade in STATUS_COLORS.items()}
    shades = {"good": "var(--good)", "warn": "var(--warn)", "bad": "var(--bad)",
              "none": "var(--grey)"}  # fmt: skip
    radius = min(width / 2 - 4, height - 10)

    half = math.pi / 2
    scale = {"domain": [low, high], "range": [-half, half], "clamp": True}
    spot = {"outerRadius": radius, "x": width / 2, "y": height - 8}
    thin = 0.008 * (high - low)

    def arcs(rows: list[Form], inner: float) -> Spec:
        return {"data": _values(rows), "mark": {
            "type": "arc", "innerRadius": inner * radius, "padAngle": 0.012, **spot}, "encoding": {
            "theta": {"field": "from", "type": "quantitative", "scale": scale},
            "theta2": {"field": "to"},
            "color": {"field": "color", "type": "nominal", "scale": None}}}  # fmt: skip

    stretches = [
        {"from": s["min"], "to": s["max"], "color": shades[levels[s["color"]]]} for s in segments
    ]
    at = min(high - thin, max(low + thin, value))
    needle = {"from": at - thin, "to": at + thin, "color": INK}
    return _chart(width, height, layer=[arcs(stretches, 0.74), arcs([needle], 0.2)])


def _sankey(card: Card, result: Result, width: int, height: int) -> Spec:
    """Two columns of words and ribbons between them as broad as their number. Vega-Lite has no
    such mark; a ribbon is an area between two curves."""
    rows = _flows(card, result)
    form = form_of(card, card.settings["sankey.value"])
    total = sum(value for *_, value in rows) or 1.0
    sides: list[dict[str, float]] = [{}, {}]
    for row in rows:
        for side, name in zip(sides, row, strict=False):
            side[name] = side.get(name, 0.0) + row[2]
    gap = min(0.03, 0.3 / max(map(len, sides)))
    tops: list[dict[str, float]] = []
    scales = []
    for side in sides:
        scale, top, at = (1 - gap * (len(side) - 1)) / total, 0.0, {}
        for name in sorted(side, key=lambda name: -side[name]):
            at[name] = top
            top += side[name] * scale + gap
        tops.append(at)
        scales.append(scale)
    order = [list(at) for at in tops]
    boxes = [
        {"left": 0.985 * k, "right": 0.985 * k + 0.015, "top": tops[k][name],
         "bottom": tops[k][name] + size * scales[k], "middle": tops[k][name] + size * scales[k] / 2,
         "color": colour(order[0].index(name) if k == 0 else 7),
         "text": f"{name.split(': ')[-1]} {said(size, form)}"}
        for k, side in enumerate(sides) for name, size in side.items()
    ]  # fmt: skip
    ribbons, filled = [], [dict(at) for at in tops]
    ordered = sorted(rows, key=lambda row: (order[0].index(row[0]), order[1].index(row[1])))
    for number, (a, b, value) in enumerate(ordered):
        y, z, (one, two) = filled[0][a], filled[1][b], (value * scale for scale in scales)
        filled[0][a], filled[1][b] = y + one, z + two
        for step in range(13):
            t = step / 12
            bent = t * t * (3 - 2 * t)
            ribbons.append({"path": number, "x": 0.015 + 0.97 * t, "y": y + (z - y) * bent,
                            "y2": y + one + (z + two - y - one) * bent,
                            "color": colour(order[0].index(a))})  # fmt: skip
    unit = {"type": "quantitative", "axis": None, "scale": {"domain": [0, 1], "nice": False}}
    down = {**unit, "scale": {**unit["scale"], "reverse": True}}
    shades = {"field": "color", "type": "nominal", "scale": None}
    return _chart(width, height, layer=[
        {"data": _values(ribbons), "mark": {"type": "area", "fillOpacity": 0.4}, "encoding": {
            "x": {"field": "x", **unit}, "y": {"field": "y", **down}, "y2": {"field": "y2"},
            "detail": {"field": "path", "type": "nominal"}, "color": shades}},
        {"data": _values(boxes), "mark": "rect", "encoding": {
            "x": {"field": "left", **unit}, "x2": {"field": "right"},
            "y": {"field": "top", **down}, "y2": {"field": "bottom"}, "color": shades}},
        *({"data": _values([box for box in boxes if (box["left"] == 0) == (align == "left")]),
           "mark": {"type": "text", "align": align, "dx": 7 if align == "left" else -7},
           "encoding": {"x": {"field": edge, **unit}, "y": {"field": "middle", **down},
                        "text": {"field": "text"}}}
          for align, edge in (("left", "right"), ("right", "left"))),
    ])  # fmt: skip


def _flows(card: Card, result: Result) -> list[tuple[str, str, float]]:
    source, target, value = _columns(card, result, "sankey.source", "sankey.target", "sankey.value")
    return [(row[source], row[target], float(row[value])) for row in result.rows if row[value]]


def fan(rows: list[Form], form: Form, width: int, height: int) -> Spec:
    """A goal's way: what was (line), what was expected (dashes) on to the target (rule), and the
    forecast with its 80 % interval. `rows` are those of one goal in `dashboards.goal_fans`."""
    values = [
        {"x": moment(row["course_date"]), **{
            name: None if row[name] is None else float(row[name])
            for name in ("actual", "expected", "target", "forecast", "forecast_low",
                         "forecast_high")}}
        for row in rows
    ]  # fmt: skip
    known = [v for v in values if v["actual"] is not None]
    ends = [values[0]["x"], values[-1]["x"]]
    x = {"field": "x", "type": "temporal", "scale": {"type": "utc"},
         "axis": {"title": None, "format": "%-d %b %y", "values": ends}}  # fmt: skip

    def layer(mark: Spec, field: str, data: list[Form], **more: typing.Any) -> Spec:
        y = {"field": field, "type": "quantitative", "scale": {"zero": False, "nice": 3},
             "axis": _axis_y(form, tickCount=3)}  # fmt: skip
        there = [v for v in data if v[field] is not None]
        return {"data": _values(there), "mark": mark, "encoding": {"x": x, "y": y, **more}}

    ahead = {"type": "line", "color": colour(0), "strokeWidth": 1.4, "strokeDash": [2, 3]}
    layers = [
        layer({"type": "line", "color": INK, "strokeWidth": 1, "opacity": 0.5}, "target", values),
        layer({"type": "area", "color": "var(--fan)", "fillOpacity": 1}, "forecast_low", values,
              y2={"field": "forecast_high"}),
        layer({"type": "line", "color": SOFT, "strokeWidth": 1.3, "strokeDash": [4, 3]},
              "expected", values),
        layer(ahead, "forecast", values),
        layer({"type": "rule", "color": colour(0), "strokeWidth": 2}, "forecast_low",
              values[-1:], y2={"field": "forecast_high"}),
        layer({"type": "point", "color": colour(0), "fill": "var(--card)", "opacity": 1,
               "size": 42}, "forecast", values[-1:]),
        layer({"type": "line", "color": colour(0)}, "actual", known),
        layer({"type": "point", "filled": True, "color": colour(0), "opacity": 1, "size": 44},
              "actual", known[-1:]),
    ]  # fmt: skip
    drawn = [one for one in layers if one["data"]["values"]]
    return _chart(width, height, layer=drawn)


KINDS: dict[str, typing.Callable[[Card, Result, int, int], Spec]] = {
    "line": _plot, "area": _plot, "bar": _plot, "combo": _plot, "row": _bars,
    "waterfall": _waterfall, "funnel": _funnel, "pie": _pie, "scatter": _scatter,
    "gauge": _gauge, "sankey": _sankey,
}  # fmt: skip


def _phone_height(card: Card, result: Result) -> int:
    """How tall a drawing is on a phone: as its rows need, else as a hand holds it."""
    if card.display in ("row", "waterfall", "funnel"):
        is_funnel = card.display == "funnel"
        places, series = (result.rows, []) if is_funnel else series_of(card, result)
        return 40 + 30 * len(places) + 14 * len(places) * max(0, len(series) - 1)
    if card.display == "sankey":
        return max(300, 22 * len({row[0] for row in _flows(card, result)}))
    return {"gauge": 150, "pie": 190, "scatter": 300}.get(card.display, 210)


# --- words ---------------------------------------------------------------------------------------


def _legend_of(card: Card, result: Result) -> list[tuple[str, str]]:
    """[(class of the swatch, words)]. Series without a number stand in words, so that nobody
    looks for them."""
    if card.display == "pie":
        parts, form = _parts(card, result), form_of(card, card.settings["pie.metric"])
        total = sum(value for _, value in parts) or 1.0
        return [
            (f"s{k}", f"{name}: {said(value, form)} ({plain(100 * value / total, 1)}{NARROW}%)")
            for k, (name, value) in enumerate(parts)
        ]
    if card.display not in ("line", "area", "bar", "combo", "row"):
        return []
    _, series = series_of(card, result)
    right = _second(card, series)
    items = []
    if len(series) > 1:
        items = [
            (f"s{s.colour % COLOURS}", s.name + (" (right axis)" if s in right else ""))
            for s in series if any(s.points.values())
        ]  # fmt: skip
    if _aim(card) is not None:
        form = form_of(card, card.settings["graph.metrics"][0])
        text = f"{card.settings.get('graph.goal_label', 'Target')}: {said(_aim(card), form, True)}"
        items.append(("goal" if card.display == "row" else "goal flat", text))
    if len(series) > 1:
        nothing = [s.name for s in series if s.points and not any(s.points.values())]
        missing = [s.name for s in series if not s.points]
        items += [("", f"{word}: {', '.join(names)}")
                  for word, names in (("Always 0", nothing), ("No number", missing))
                  if names]  # fmt: skip
    return items


def _legend_height(items: list[tuple[str, str]], width: int) -> int:
    lines, at = 0, width + 1.0
    for _, text in items:
        size = LETTER * len(text) + 28
        lines, at = (lines, at + size) if at + size <= width else (lines + 1, size)
    return LEGEND * lines


def _written(items: list[tuple[str, str]]) -> Markup:
    if not items:
        return Markup("")
    swatch = '<i class="{}"></i>'
    return Markup('<ul class="legend">{}</ul>').format(
        Markup("").join(
            Markup("<li>{}{}</li>").format(Markup(swatch).format(kind) if kind else "", text)
            for kind, text in items
        )
    )


def _beneath(card: Card, result: Result) -> Markup:
    """What a gauge reads, in words: colours and a needle are not enough."""
    if card.display != "gauge":
        return Markup("")
    value, form = float(result.rows[0][0]), form_of(card, next(iter(result.columns)))
    segments = card.settings["gauge.segments"]
    word = next((s["label"] for s in segments if s["min"] <= value <= s["max"]), "")
    ranges = "; ".join(
        f"{s['label']} {said(s['min'], form, True)} to {said(s['max'], form, True)}"
        for s in segments
    )
    return Markup(
        '<p class="reading"><strong class="big">{}</strong> {}</p><p class="versus">{}</p>'
    ).format(said(value, form), word, ranges)


def _label(card: Card, result: Result) -> str:
    """The drawing in one sentence: what, from when to when, and where each series ends."""
    tail = "Numbers under About."
    if card.display == "gauge":
        return f"{card.title}: what it reads is said below."
    if card.display not in ("line", "area", "bar", "combo", "row", "waterfall"):
        return f"{card.title}, {len(result.rows)} rows drawn. {tail}"
    places, series = series_of(card, result)
    form = form_of(card, card.settings["graph.dimensions"][0])
    ends = []
    for s in series[:6]:
        if s.points:
            at = list(s.points)[-1]
            ends.append(f"{s.name} {said(s.points[at], s.form)} in {said(at, form)}")
    more = f" and {len(series) - 6} more" if len(series) > 6 else ""
    span = f"{said(places[0], form)} to {said(places[-1], form)}"
    return f"{card.title}, {span}: {'; '.join(ends)}{more}. {tail}"
