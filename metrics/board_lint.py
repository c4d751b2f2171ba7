"""What would not draw, before it is sent: every card run on the served copy, every rule checked.

Metabase takes a dashboard whose cards name columns that are not there, whose tiles overlap or
whose filters lead nowhere, and shows an empty tile or a wrong one. Here each is a finding with
file, card and remedy.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import typing
from pathlib import Path

from metrics.boards import COLLECTIONS, COMPARED, HEAT, WORDS, number_format, run_sql
from metrics.cards import GRID, STATUS_COLORS, Card, Dashboard, Tile
from metrics.catalogue import REFUSED

if typing.TYPE_CHECKING:
    import duckdb

DISPLAYS = (
    "scalar", "smartscalar", "progress", "gauge", "bar", "line", "area", "combo", "row", "scatter",
    "waterfall", "pie", "funnel", "sankey", "table",
)  # fmt: skip  # Metabase's names for what we draw
SMALLEST = {"table": (4, 3), "scalar": (2, 2), "smartscalar": (2, 2)}  # (width, height)
SLICES = 5
NODES = 150
SERIES = 20
HEADLINES = 8
KINDS = {
    "DATE": "date", "TIMESTAMP": "timestamp", "VARCHAR": "text", "BOOLEAN": "boolean",
}  # fmt: skip
NAMED = ("graph.dimensions", "graph.metrics", "scalar.field", "pie.dimension", "pie.metric",
         "funnel.dimension", "funnel.metric", "sankey.source", "sankey.target", "sankey.value",
         "progress.value", "scatter.bubble")  # fmt: skip
EVERY = "(all)"

Rows = list[tuple]
Problem = tuple[str, str] | tuple[str, str, bool]


class Finding(typing.NamedTuple):
    """One reason why a dashboard would not draw, and what to do about it. `is_data` where the
    definition is right and this organization's rows are too few or too many for the chart: the
    card is empty or crowded there, and the dashboard draws."""

    file: str
    dashboard: str
    card: str
    problem: str
    remedy: str
    is_data: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {self.dashboard}, {self.card}: {self.problem}; {self.remedy}."


class Result(typing.NamedTuple):
    """What a card's SQL gives: columns with their kinds, rows, and how long it took."""

    columns: dict[str, str]
    rows: Rows
    seconds: float


class Databases:
    """The served files, open for reading, and the clock that stands in them."""

    def __init__(self, plumbline: Path, people: Path | None) -> None:
        import duckdb

        self.open: dict[str, duckdb.DuckDBPyConnection] = {}
        for name, file in (("main", plumbline), ("people", people)):
            if file is not None:
                self.open[name] = duckdb.connect(str(file.resolve()), read_only=True)
        [(self.as_of,)] = self.open["main"].execute("select as_of from ops.publication").fetchall()

    def __enter__(self) -> Databases:
        return self

    def __exit__(self, *_: typing.Any) -> None:
        for connection in self.open.values():
            connection.close()

    def run(self, card: Card, filters: dict[str, typing.Any]) -> Result:
        """The card as a reader with these filters sees it. Raises duckdb.Error."""
        began = time.perf_counter()
        cursor = self.open[card.database].execute(run_sql(card, filters, self.as_of))
        rows = cursor.fetchall()
        took = time.perf_counter() - began
        columns = {name: _kind(str(kind)) for name, kind, *_ in cursor.description}
        return Result(columns, rows, took)


def _kind(kind: str) -> str:
    return KINDS.get(kind.split("(")[0].strip("'"), "number")


def defaults(board: Dashboard) -> dict[str, typing.Any]:
    """The filters as a reader finds them."""
    return {f.key: f.default for f in board.filters if f.default}


def lint(boards: typing.Sequence[Dashboard], plumbline: Path, people: Path | None) -> list[Finding]:
    """Every finding over all dashboards; none: all of them draw. Cards of the people database are
    run where its file is given."""
    found: list[Finding] = []
    by_key = {board.key: board for board in boards}
    cards: dict[str, str] = {}
    with Databases(plumbline, people) as databases:
        for board in boards:

            def add(card: str, problem: Problem, board: Dashboard = board) -> None:
                found.append(Finding(board.file or f"{board.key}.yml", board.key, card, *problem))

            for problem in [*_board(board), *_grid(board), *_filters(board)]:
                add(EVERY, problem)
            for tile in board.tiles:
                for problem in [*_words(tile), *_click(tile, by_key)]:
                    add(tile.key, problem)
                if tile.card is None:
                    continue
                if tile.card.key in cards:
                    add(tile.key, (f"card {tile.card.key} stands in {cards[tile.card.key]} too",
                                   "give it a key of its own; ids are made of keys"))  # fmt: skip
                cards[tile.card.key] = board.key
                for problem in _card(tile.card, board, databases):
                    add(tile.key, problem)
    homes = [board.key for board in boards if board.is_home]
    if len(homes) > 1:
        found.append(Finding(by_key[homes[1]].file, homes[1], EVERY, f"{homes[0]} is home too",
                             "keep one home page"))  # fmt: skip
    return found


def card_times(
    boards: typing.Sequence[Dashboard], plumbline: Path, people: Path | None, repeat: int = 3
) -> list[tuple[str, float]]:
    """(card key, median seconds of its SQL with the default filters), the slowest first."""
    with Databases(plumbline, people) as databases:
        times = [
            (card.key, sorted(databases.run(card, defaults(board)).seconds
                              for _ in range(repeat))[repeat // 2])
            for board in boards for card in board.cards if card.database in databases.open
        ]  # fmt: skip
    return sorted(times, key=lambda pair: -pair[1])


def percentile(times: typing.Sequence[tuple[str, float]], share: float = 0.95) -> float:
    """The time that `share` of the cards stay under."""
    values = sorted(seconds for _, seconds in times)
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


# --- the page ------------------------------------------------------------------------------------


def _board(board: Dashboard) -> typing.Iterator[Problem]:
    if board.collection not in COLLECTIONS:
        yield (f"collection {board.collection} is not known", "name one of boards.COLLECTIONS")
    keys = [tile.key for tile in board.tiles]
    for key in {key for key in keys if keys.count(key) > 1}:
        yield f"key {key} stands twice", "give every tile a key of its own"
    for key in keys:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
            yield f"key {key!r} is no stable name", "use lower-case words joined by _"
    for tab in _tabs(board):
        tiles = [tile for tile in board.tiles if tile.tab == tab]
        if not tiles:
            yield f"tab {tab} is empty", "put a tile on it or remove it"
        heads = sum(bool(t.card and t.card.display == "smartscalar") for t in tiles)
        if heads > HEADLINES:
            yield f"{heads} headline numbers on {tab}", f"keep at most {HEADLINES}"
    for tile in board.tiles:
        if (tile.tab is not None or board.tabs) and tile.tab not in board.tabs:
            yield f"tile {tile.key} is on tab {tile.tab}", "put it on a tab that exists"


def _tabs(board: Dashboard) -> tuple[str | None, ...]:
    return board.tabs or (None,)


def _grid(board: Dashboard) -> typing.Iterator[Problem]:
    for tab in _tabs(board):
        taken: dict[tuple[int, int], str] = {}
        for tile in (t for t in board.tiles if t.tab == tab):
            if tile.column < 0 or tile.row < 0 or tile.width < 1 or tile.height < 1:
                yield f"{tile.key} has no place", "give it columns and rows from 0 on"
                continue
            if tile.column + tile.width > GRID:
                yield (f"{tile.key} ends in column {tile.column + tile.width} of {GRID}",
                       "make it narrower")  # fmt: skip
            least = SMALLEST.get(tile.card.display, (3, 3)) if tile.card else (1, 1)
            if tile.width < least[0] or tile.height < least[1]:
                yield (f"{tile.key} is {tile.width}x{tile.height}, a {tile.card.display} needs "
                       f"{least[0]}x{least[1]}", "make it larger")  # fmt: skip
            cells = {
                (x, y)
                for x in range(tile.column, tile.column + tile.width)
                for y in range(tile.row, tile.row + tile.height)
            }
            for other in sorted({taken[cell] for cell in cells & taken.keys()}):
                yield f"{tile.key} lies over {other}", "move one of them"
            taken |= dict.fromkeys(cells, tile.key)


def _filters(board: Dashboard) -> typing.Iterator[Problem]:
    keys = [f.key for f in board.filters]
    for name in {key for key in keys if keys.count(key) > 1}:
        yield f"filter {name} stands twice", "keep one"
    for tab, meant in board.meant.items():
        used = {tag.filter for t in board.tiles if t.tab == tab and t.card for tag in t.card.tags}
        for name in meant:
            if name not in keys:
                yield f"tab {tab or ''} means filter {name}, which is not there", "add the filter"
            elif name not in used:
                yield (f"filter {name} moves no card on tab {tab or ''}",
                       "map it to a card, or leave it out of the tab's `filters`")  # fmt: skip
        for name in used - set(meant):
            yield f"filter {name} is mapped on tab {tab or ''} and not meant there", "name it"


def _words(tile: Tile) -> typing.Iterator[Problem]:
    texts = [tile.key, tile.heading, tile.text]
    if tile.card:
        texts += [tile.card.key, tile.card.title, *(c.name for c in tile.card.columns)]
        if not tile.card.description:
            yield "it has no description", "say definition, unit, caveat and owner"
        elif len(tile.card.description) > 500:
            yield "its description is over 500 characters", "shorten it"
        elif "Owner: " not in tile.card.description:
            yield "its description names no owner", "say who answers for the number"
    elif bool(tile.heading) == bool(tile.text):
        yield "it is no card, no heading and no text", "give it one of them"
    for text in texts:
        for pattern, why in REFUSED:
            if re.search(pattern, (text or "").replace("_", " "), flags=re.I):
                yield f"'{text}' is refused", why


def _click(tile: Tile, boards: dict[str, Dashboard]) -> typing.Iterator[Problem]:
    if tile.click is None:
        return
    if tile.card is None:
        yield "a click without a card", "clicks belong to cards"
        return
    columns = {column.name for column in tile.card.columns}
    target = boards.get(tile.click.to)
    if target is None:
        yield f"a click goes to {tile.click.to}, which is not there", "name a dashboard"
        return
    theirs = {f.key for f in target.filters}
    for name, column in tile.click.passes.items():
        if name not in theirs:
            yield f"a click passes {name}, which {target.key} has not", "leave it out"
        if column is not None and column not in columns:
            yield f"a click passes column {column}, which is not there", "name a column of the card"
    if tile.click.column is not None and tile.click.column not in columns:
        yield f"a click is on column {tile.click.column}", "name a column of the card"


# --- a card --------------------------------------------------------------------------------------


def _card(card: Card, board: Dashboard, databases: Databases) -> typing.Iterator[Problem]:
    import duckdb

    if card.display not in DISPLAYS:
        yield f"display {card.display} is not Metabase's", f"take one of {', '.join(DISPLAYS)}"
        return
    named = set(re.findall(r"\{\{(\w+)\}\}", card.sql))
    tags = {tag.name: tag for tag in card.tags}
    for name in named ^ tags.keys():
        yield f"tag {name} is in its SQL or in its tags, not in both", "make them agree"
    for tag in card.tags:
        if tag.filter not in {f.key for f in board.filters}:
            yield f"tag {tag.name} is for filter {tag.filter}, which is not there", "add the filter"
        if f'"{tag.schema}"."{tag.table}"' not in card.sql:
            yield f"tag {tag.name} is on {tag.table}, which it does not read", "tag its own table"
    if databases.open.get(card.database) is None:
        return
    if named ^ tags.keys():
        return
    for tag in card.tags:
        try:
            databases.open[card.database].execute(
                f'select "{tag.column}" from "{tag.schema}"."{tag.table}" limit 0'
            )
        except duckdb.Error:
            yield f"tag {tag.name} is on a column {tag.column} that is not there", "correct it"
            return
    yield from _settings(card)
    for filters, when in ((defaults(board), "with the default filters"), ({}, "without filters")):
        try:
            result = databases.run(card, filters)
        except duckdb.Error as error:
            yield f"its SQL fails {when}: {str(error).splitlines()[0]}", "correct the definition"
            return
        told = {column.name: column.kind for column in card.columns}
        if result.columns != told:
            yield (f"its SQL gives {_said(result.columns)}, it says {_said(told)}",
                   "make them agree")  # fmt: skip
            return
        for problem, remedy, *is_data in _shape(card, result, databases.as_of):
            yield f"{problem} {when}", remedy, *is_data


def _said(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _settings(card: Card) -> typing.Iterator[Problem]:
    columns = {column.name: column.kind for column in card.columns}
    named = [name for key in NAMED for name in _names(card.settings.get(key))]
    goal = card.settings.get("progress.goal")
    named += [goal] if isinstance(goal, str) else []
    named += [entry["name"] for entry in card.settings.get("table.columns", ())]
    for rule in card.settings.get("table.column_formatting", ()):
        named += rule["columns"]
    named += [
        comparison["column"]
        for comparison in card.settings.get("scalar.comparisons", ())
        if "column" in comparison
    ]
    for key in card.settings.get("column_settings", {}):
        match = re.fullmatch(r'\["name","(\w+)"\]', key)
        if not match:
            yield f"column_settings has the key {key}", 'write ["name","<column>"] without spaces'
        else:
            named.append(match[1])
    if card.display in ("bar", "line", "area", "combo", "row", "waterfall"):
        for key in ("graph.dimensions", "graph.metrics"):
            if not card.settings.get(key):
                yield f"{key} is empty", "name the columns that are drawn"
        # series_settings are keyed by the series' name; for one dimension that is the column
        if len(card.settings.get("graph.dimensions", ())) == 1:
            named += list(card.settings.get("series_settings", {}))
    for name in sorted({name for name in named if name not in columns}):
        yield f"its settings name a column {name} that is not there", "name a column of its SQL"
    for name in _names(card.settings.get("graph.metrics")):
        if columns.get(name, "number") != "number":
            yield f"{name} is drawn as a number and is {columns[name]}", "draw a number"
    yield from _colours(card)
    yield from _formats(card)


def _names(value: typing.Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _colours(card: Card) -> typing.Iterator[Problem]:
    """A colour stands on a word, or has a word beside it."""
    for rule in card.settings.get("table.column_formatting", ()):
        if rule["type"] == "single":
            for name in rule["columns"]:
                levels = WORDS.get(name, {})
                level = next((k for k, words in levels.items() if rule["value"] in words), None)
                if level is None:
                    yield (f"the colour of {rule['value']} in {name} stands without a word",
                           f"colour a status word in {', '.join(WORDS)}")  # fmt: skip
                elif rule["color"] != STATUS_COLORS[level]:
                    yield f"{rule['value']} has the colour of another status", "correct it"
        if rule["type"] == "range" and not set(rule["colors"]) <= set(HEAT):
            yield "a range is coloured like a status", "use the one colour for amounts"
    for key in ("gauge.segments", "scalar.segments"):
        segments = card.settings.get(key, [])
        for segment in segments:
            if not segment.get("label"):
                yield f"{key}: a segment has a colour and no word", "label every segment"
            if segment["color"] not in STATUS_COLORS.values():
                yield f"{key}: {segment['color']} is no status colour", "use cards.STATUS_COLORS"
        for one, two in zip(segments, segments[1:], strict=False):
            if one["max"] != two["min"]:
                yield f"{key}: segments leave a gap or overlap", "let each begin where one ends"
    if card.display == "gauge" and not card.settings.get("gauge.segments"):
        yield "a gauge without segments", "say what is good and what is not"


def _formats(card: Card) -> typing.Iterator[Problem]:
    """Numbers of a metric are written as its unit asks."""
    for name in (*card.metrics, *(COMPARED if card.metrics and card.unit else ())):
        form = card.settings.get("column_settings", {}).get(f'["name","{name}"]')
        if form is None:
            continue
        if card.unit:
            asked = number_format(card.unit, form.get("currency", ""))
            wrong = {k for k, value in asked.items() if k != "currency" and form.get(k) != value}
            if wrong or (card.unit == "money" and not form.get("currency")):
                yield f"{name} is not written as {card.unit}", "format it by its unit"


def _shape(card: Card, result: Result, as_of: dt.date) -> typing.Iterator[Problem]:
    """Rows as the chart needs them."""
    rows, names = result.rows, list(result.columns)
    if not rows:
        if card.empty == Card.empty:
            yield "it is empty", "say in `empty` what that means, or widen it", True
        return
    display, settings = card.display, card.settings

    def column(name: str) -> list[typing.Any]:
        return [row[names.index(name)] for row in rows]

    if display in ("gauge", "progress", "scalar") and len(rows) != 1:
        yield f"{len(rows)} rows in a {display}", "give it one row"
    if display == "gauge" and names and result.columns[names[0]] != "number":
        yield "a gauge reads the first column, which is no number", "put the number first"
    if display in ("gauge", "progress", "scalar") and rows[0][0] is None:
        yield "its number is not known", "show it where it is known", True
    if display == "smartscalar":
        if result.columns[names[0]] not in ("date", "timestamp"):
            yield "a trend reads time from the first column", "put the date first"
        elif len(rows) < 2:
            yield f"{len(rows)} row in a trend", "show at least two periods", True
        elif column(names[0]) != sorted(set(column(names[0]))):
            yield "a trend has a period twice or out of order", "one row a period, by time"
        elif max(column(names[0])) > as_of:
            yield "a trend ends in the future", "show complete periods"
    if display == "pie" and len(rows) > SLICES:
        yield f"{len(rows)} slices in a pie", f"keep {SLICES}, or draw a row chart", True
    if display == "funnel":
        steps = column(settings["funnel.metric"])
        if any(step is None for step in steps) or steps != sorted(steps, reverse=True):
            yield ("a step of the funnel is larger than the one before", "order it by its steps",
                   True)  # fmt: skip
    if display == "sankey":
        yield from _sankey(
            column(settings["sankey.source"]), column(settings["sankey.target"])
        )  # fmt: skip
    dimensions = settings.get("graph.dimensions", ())
    if display in ("bar", "line", "area", "combo") and len(dimensions) > 1:
        series = set(column(dimensions[1]))
        if len(series) > SERIES:
            yield f"{len(series)} series in a {display}", f"keep {SERIES}, or draw a table", True
    if display == "waterfall" and len(settings.get("graph.metrics", ())) != 1:
        yield "a waterfall has one number", "draw one"


def _sankey(sources: list[str], targets: list[str]) -> typing.Iterator[Problem]:
    import graphlib

    nodes = {*sources, *targets}
    if len(nodes) > NODES:
        yield f"{len(nodes)} nodes in a sankey", f"keep {NODES}"
    paths: dict[str, set[str]] = {}
    for source, target in zip(sources, targets, strict=True):
        paths.setdefault(target, set()).add(source)
    try:
        graphlib.TopologicalSorter(paths).prepare()
    except graphlib.CycleError:
        yield "a sankey turns back on itself", "name the ends apart, as First: and Last:"
