"""Dashboards as their YAML says them, compiled: the SQL of every card is derived here.

`metrics/dashboards/<key>.yml` names metrics, slices, goals and the named views of
`metrics/views/`; titles, texts and the order of tiles are data. No SQL stands there, and none but
`dashboards.*` is read here. What may be added up is what the definition of the metric or the
column says (law 6): a card that would add up reach, shares or stocks over time does not compile.
Grammar: docs/how_to_add_a_card.md.
"""

from __future__ import annotations

import calendar
import datetime as dt
import difflib
import json
import re
import typing
from pathlib import Path

from pydantic import Field

from metrics import catalogue as definitions
from metrics import views
from metrics.cards import (
    GRID,
    STATUS_COLORS,
    Card,
    Click,
    Column,
    Dashboard,
    Filter,
    Subscription,
    Tag,
    Tile,
)
from metrics.catalogue import REFUSED, SUMS, Catalogue, Grain, Metric, Name, Words, slice_name
from metrics.views import SCHEMA, View
from settings import ROOT, ConfigError, load_settings, read_yaml, strict, yaml_line

FOLDER = ROOT / "metrics" / "dashboards"
DESCRIPTION = 500  # characters that a reader of a tooltip still reads


class Collection(typing.NamedTuple):
    """A folder on the server, and the groups that may read it."""

    title: str
    parent: str | None
    groups: tuple[str, ...]


COLLECTIONS = {
    "plumbline": Collection("Plumbline", None, ("Executives", "Analysts", "HR")),
    "executives": Collection("Performance", "plumbline", ("Executives", "Analysts", "HR")),
    "trust": Collection("Data trust", "plumbline", ("Executives", "Analysts", "HR")),
    "people": Collection("People (restricted)", None, ("HR",)),
}
FILTERS = (
    Filter("period", "Period", "date/all-options", "past11months~"),
    Filter("channel", "Channel or network", "string/="),
    Filter("business_unit", "Business unit (market, team or department)", "string/="),
)
# Which slices of a metric a filter is for. A metric has one slice at a time, so that a card
# follows the channel or the business unit, never both; views hold both.
FOLLOWS = {
    "channel_id": "channel", "channel": "channel", "network": "channel",
    "geography": "business_unit", "sales_team": "business_unit", "team": "business_unit",
    "pipeline": "business_unit",
}  # fmt: skip
WORDS = {
    "status": {
        "good": ("On track", "Reached", "Fresh", "Passed"),
        "warn": ("At risk", "Stale", "Degraded", "Warned", "Noted"),
        "bad": ("Off track", "Missed", "Failed"),
        "none": ("Data late", "No source", "Too early", "Not configured", "Not evaluated"),
    },
    "trust": {
        "good": ("fresh",), "warn": ("stale", "degraded"), "bad": ("failed",),
        "none": ("no source",),
    },
    "verdict": {"good": ("better",), "bad": ("worse",)},
}  # fmt: skip  # the words of columns that have a colour, so that a colour never stands alone
TONES = {"Positive": STATUS_COLORS["good"], "Mixed": STATUS_COLORS["warn"],
         "Negative": STATUS_COLORS["bad"], "Neutral": STATUS_COLORS["none"],
         "Not judged": "#DCDFE0"}  # fmt: skip
SERIES = {"tone": TONES, "sentiment": TONES}
"""Columns whose words, in a legend, have a colour of their own."""
STEPS = ("#509EE3", STATUS_COLORS["none"])
"""Rises and falls of a waterfall where nobody says which way is better."""
DATES = {"day": "D MMM YYYY", "week": "D MMM YYYY", "month": "MMM YYYY", "quarter": "[Q]Q YYYY",
         "year": "YYYY"}  # fmt: skip
HEAT = ("#FFFFFF", "#509EE3")
COMPARED = {"previous": "the {} before", "year_before": "a year before"}
"""What a trend is held against, and its words."""
TIME_CHARTS = ("smartscalar", "line", "area", "combo", "bar")

Chart = typing.Literal[
    "scalar", "smartscalar", "progress", "gauge", "bar", "line", "area", "combo", "row",
    "scatter", "waterfall", "pie", "funnel", "sankey", "table",
]  # fmt: skip
Scalar = bool | int | str


@strict
class ClickFile:
    """Where a click goes; `channel` and `business_unit` name columns of the row that go along,
    the other filters go as they stand. `column` limits it to one column of a table."""

    to: Name
    column: Name | None = None
    channel: Name | None = None
    business_unit: Name | None = None


@strict
class Segment:
    """A stretch of a gauge: its ends, its status and the word for it."""

    low: float
    high: float
    status: typing.Literal["good", "warn", "bad", "none"]
    word: Words


@strict
class TileFile:
    """A tile: a heading, a text, a card of metrics or a card of a view.

    Of metrics: `metric` or `metrics`, `grain`, and either nothing (all together), `slice` (a series
    or a row each) or `follow` (all together, made of that slice's parts so that its filter
    works). Of a view: `view` with `columns`, or `by` with `sum` and `share` (name: [part, whole]).
    `over: slice` compares slices over the chosen period instead of drawing time.
    """

    key: Name
    width: typing.Annotated[int, Field(ge=1, le=GRID)] | None = None
    heading: Words | None = None
    text: Words | None = None
    title: Words | None = None
    chart: Chart | None = None
    metric: Name | None = None
    metrics: tuple[Name, ...] = ()
    grain: Grain = "month"
    slice: Name | None = None
    follow: Name | None = None
    over: typing.Literal["time", "slice"] = "time"
    view: Name | None = None
    columns: tuple[Name, ...] = ()
    by: tuple[Name, ...] = ()
    sum: tuple[Name, ...] = ()
    share: dict[Name, tuple[Name, Name]] = Field(default_factory=dict)
    where: dict[Name, Scalar | tuple[Scalar, ...]] = Field(default_factory=dict)
    order: tuple[typing.Annotated[str, Field(pattern=r"^-?[a-z][a-z0-9_]*$")], ...] = ()
    limit: typing.Annotated[int, Field(ge=1, le=2000)] | None = None
    bars: tuple[Name, ...] = ()
    dashed: tuple[Name, ...] = ()
    goal: Name | float | None = None
    segments: tuple[Segment, ...] = ()
    stack: typing.Literal["stacked", "normalized"] | None = None
    heat: tuple[Name, ...] = ()
    about: Words | None = None
    owner: Name | None = None
    empty: Words = "Nothing to show for these filters."
    alert: Words | None = None
    click: ClickFile | None = None

    @property
    def measured(self) -> tuple[str, ...]:
        return self.metrics or ((self.metric,) if self.metric else ())


@strict
class RowFile:
    """Tiles beside each other; those without a width share what is left."""

    height: typing.Annotated[int, Field(ge=1, le=40)]
    tiles: tuple[TileFile, ...]


@strict
class TabFile:
    """Rows of tiles; `filters` are those that work here. A dashboard with one tab names none."""

    rows: tuple[RowFile, ...]
    title: Words | None = None
    filters: tuple[typing.Literal["period", "channel", "business_unit"], ...] = (
        "period", "channel", "business_unit",
    )  # fmt: skip


@strict
class SubscriptionFile:
    to: typing.Literal["Executives", "Analysts", "HR"]
    schedule: typing.Literal["daily", "weekly", "monthly"]
    hour: typing.Annotated[int, Field(ge=0, le=23)] = 8
    day: typing.Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None = None
    skip_if_empty: bool = False


@strict
class BoardFile:
    title: Words
    description: Words
    collection: Name
    tabs: tuple[TabFile, ...]
    place: int = 100
    home: bool = False
    subscriptions: tuple[SubscriptionFile, ...] = ()


class Problem(ValueError):
    """What is wrong with a tile, before the place in its file is known; `field` is the key."""

    def __init__(self, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field


def load(
    folder: Path = FOLDER, catalogue: Catalogue | None = None, currency: str | None = None
) -> tuple[Dashboard, ...]:
    """Every dashboard of the folder, compiled, in the order of their `place`.

    Raises ConfigError with a line a problem, each naming file, line, entry and remedy."""
    known = catalogue or definitions.load()
    currency = currency or load_settings().organization.currency
    problems: list[str] = []
    read: dict[Path, BoardFile] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            read[path] = read_yaml(path, BoardFile)
        except ConfigError as error:
            problems.append(str(error))
    targets = {path.stem: _filters(board) for path, board in read.items()}
    made = [_board(path, board, known, targets, currency, problems) for path, board in read.items()]
    homes = [path for path, board in read.items() if board.home]
    if len(homes) > 1:
        problems.append(f"{homes[1]}: {homes[0].stem} is the home page; keep one `home: true`.")
    if problems:
        raise ConfigError("\n".join(problems))
    order = {path.stem: board.place for path, board in read.items()}
    return tuple(sorted(made, key=lambda board: (order[board.key], board.key)))


def _filters(board: BoardFile) -> tuple[str, ...]:
    used = {name for tab in board.tabs for name in tab.filters}
    return tuple(f.key for f in FILTERS if f.key in used)


def _board(
    path: Path, board: BoardFile, known: Catalogue, targets: dict[str, tuple[str, ...]],
    currency: str, problems: list[str],
) -> Dashboard:  # fmt: skip
    """One dashboard; what is wrong with it goes to `problems`."""

    def wrong(text: str, *loc: str | int) -> None:
        problems.append(f"{path}:{yaml_line(path, loc)}: {text}")

    if board.collection not in COLLECTIONS:
        hint = near(board.collection, COLLECTIONS)
        wrong(f"collection '{board.collection}' is not known; {hint}", "collection")
    groups = COLLECTIONS.get(board.collection, Collection("", None, ())).groups
    tiles: list[Tile] = []
    seen: set[str] = set()
    several = len(board.tabs) > 1
    for at, tab in enumerate(board.tabs):
        if several != bool(tab.title):
            wrong("tabs have titles where there are several, and only there.", "tabs", at)
        top = 0
        for line, row in enumerate(tab.rows):
            left = 0
            try:
                widths = _widths(row)
            except Problem as error:
                wrong(str(error), "tabs", at, "rows", line)
                continue
            for k, (told, width) in enumerate(zip(row.tiles, widths, strict=True)):
                loc = ("tabs", at, "rows", line, "tiles", k)
                if told.key in seen:
                    wrong(f"key '{told.key}' stands twice; keys are never shared.", *loc, "key")
                seen.add(told.key)
                try:
                    tile = _tile(path.stem, told, tab, groups, known, targets, currency)
                except Problem as error:
                    wrong(f"tile '{told.key}': {error}", *loc, *filter(None, [error.field]))
                else:
                    card, click = tile
                    tiles.append(
                        Tile(told.key, tab.title, left, top, width, row.height, card,
                             told.heading, told.text, click)
                    )  # fmt: skip
                left += width
            top += row.height
    return Dashboard(
        key=path.stem,
        title=board.title,
        description=board.description,
        collection=board.collection,
        filters=tuple(f for f in FILTERS if f.key in targets[path.stem]),
        tiles=tuple(tiles),
        tabs=tuple(tab.title for tab in board.tabs if tab.title),
        is_home=board.home,
        subscriptions=tuple(
            Subscription(s.to, s.schedule, s.hour, s.day, s.skip_if_empty)
            for s in board.subscriptions
        ),
        file=str(path),
        meant={tab.title: tab.filters for tab in board.tabs},
    )


def _widths(row: RowFile) -> list[int]:
    """Widths of a row's tiles; those that are not told share the rest of 24 equally."""
    told = sum(tile.width or 0 for tile in row.tiles)
    free = [tile for tile in row.tiles if tile.width is None]
    rest = GRID - told
    if rest < len(free) or (free and rest % len(free)):
        raise Problem(
            f"the row's tiles take {told} of {GRID} columns and leave {rest} for {len(free)} "
            "others; give widths that add up."
        )
    return [tile.width or rest // len(free) for tile in row.tiles]


def _tile(
    board: str, told: TileFile, tab: TabFile, groups: tuple[str, ...], known: Catalogue,
    targets: dict[str, tuple[str, ...]], currency: str,
) -> tuple[Card | None, Click | None]:  # fmt: skip
    kinds = [bool(told.heading), bool(told.text), bool(told.measured), bool(told.view)]
    if sum(kinds) != 1:
        raise Problem("a tile is one of heading, text, metric(s) or view.")
    for text in (told.key, told.title, told.about, told.heading, told.text):
        for pattern, why in REFUSED:
            found = re.search(pattern, (text or "").replace("_", " "), flags=re.I)
            if found:
                raise Problem(f"'{found[0]}' is refused: {why}.")
    if told.heading or told.text:
        return None, None
    for name in ("title", "chart"):
        if not getattr(told, name):
            raise Problem(f"a card has a {name}; add it.")
    card = (
        _metric_card(board, told, tab, known, currency)
        if told.measured
        else _view_card(board, told, tab, known, currency)
    )
    if card.database == "people" and groups != ("HR",):
        raise Problem(f"view '{told.view}' is for HR alone; use it in collection people.", "view")
    return card, _click(told, card, targets)


def _click(told: TileFile, card: Card, targets: dict[str, tuple[str, ...]]) -> Click | None:
    if told.click is None:
        return None
    if told.click.to not in targets:
        raise Problem(f"no dashboard '{told.click.to}'; {near(told.click.to, targets)}", "click")
    passes: dict[str, str | None] = dict.fromkeys(targets[told.click.to])
    columns = [column.name for column in card.columns]
    for name in ("channel", "business_unit"):
        column = getattr(told.click, name)
        if column:
            if name not in passes:
                raise Problem(f"{told.click.to} has no filter {name}; leave it out.", "click")
            passes[name] = column
    for column in filter(None, (*passes.values(), told.click.column)):
        if column not in columns:
            raise Problem(f"no column '{column}' to click on; {near(column, columns)}", "click")
    return Click(told.click.to, passes, told.click.column)


# --- cards of metrics ----------------------------------------------------------------------------


def sums_over_time(metric: Metric, catalogue: Catalogue) -> str | None:
    """How periods of a metric make a longer one: `sum`, `ratio`, or None where they do not."""
    measures = [measure for _, measure in catalogue.measures_of(metric.name)]
    plain = all(m.agg in SUMS and not m.non_additive_dimension for m in measures)
    if metric.meta.additivity == "additive":
        return "sum"
    return "ratio" if metric.spec.type == "ratio" and plain else None


def sums_over_slices(metric: Metric, catalogue: Catalogue) -> str | None:
    """How the slices of a metric make all together: `sum`, `ratio`, or None where they do not."""
    measures = [measure for _, measure in catalogue.measures_of(metric.name)]
    plain = all(measure.agg in SUMS for measure in measures)
    if not metric.meta.total:
        return None
    if metric.meta.additivity == "additive" or (metric.meta.additivity == "semi" and plain):
        return "sum"
    return "ratio" if metric.spec.type == "ratio" and plain else None


def of_networks(metric: Metric, catalogue: Catalogue) -> bool:
    """Whether networks report what a metric counts, each by its own definition."""
    return any(
        dimension.name == "network"
        for model, _ in catalogue.measures_of(metric.name)
        for dimension in model.dimensions
    )


def _metric_card(board: str, told: TileFile, tab: TabFile, known: Catalogue, currency: str) -> Card:
    metrics = [_metric(name, told, known) for name in told.measured]
    for field in ("view", "columns", "by", "sum", "share", "where"):
        if getattr(told, field):
            raise Problem(f"'{field}' is for cards of a view; leave it out.", field)
    if told.slice and told.follow:
        raise Problem("`slice` draws each, `follow` adds them up: keep one.", "follow")
    if told.slice and len(metrics) > 1 and told.over == "time":
        raise Problem("several metrics by slice over time are too much for one card.", "slice")
    sliced = told.slice or told.follow
    in_time = told.over == "time" and told.chart in (*TIME_CHARTS, "table")
    ways: dict[str, str | None] = {}
    for metric in metrics:
        way: str | None = "max"  # one row a period and slice: nothing to add up
        if told.follow:
            way = sums_over_slices(metric, known)
            if way is None:
                raise Problem(f"{metric.name} by {told.follow} does not add up; use `slice`.",
                              "follow")  # fmt: skip
        if not in_time:
            over = sums_over_time(metric, known)
            way = over if told.follow is None or over == way else None
        ways[metric.name] = way
    latest = not in_time and any(way is None for way in ways.values())
    if latest and told.follow:
        raise Problem(f"{told.measured[0]} does not add up over time; leave `follow` out, it then "
                      "shows the last complete period.", "follow")  # fmt: skip
    if told.chart == "smartscalar":
        _may_compare(told, metrics)
    source = "metric_comparisons" if told.chart == "smartscalar" else "metric_series"
    filters = [] if latest else ["period"]
    if sliced and FOLLOWS.get(sliced):
        filters.append(FOLLOWS[sliced])
    where = [
        f"metric_id in ({', '.join(map(literal, told.measured))})"
        if len(metrics) > 1
        else f"metric_id = {literal(metrics[0].name)}",
        f"grain = {literal(told.grain)}",
        f"slice_name = {literal(sliced or 'all')}",
        "is_latest" if latest else "is_complete",
    ]
    kept, tags = _tags(filters, tab, source, "period_start")
    alias = (told.slice or "").removesuffix("_id")
    select, columns, formats = [], [], {}
    if in_time:
        select.append("period_start")
        columns.append(Column("period_start", "date"))
        formats["period_start"] = {
            "column_title": told.grain.capitalize(),
            "date_style": DATES[told.grain],
        }
    if told.slice:
        select.append(f"slice_label as {alias}")
        columns.append(Column(alias, "text"))
        formats[alias] = {"column_title": alias.replace("_", " ").capitalize()}
    keys = len(select)
    for metric in metrics:
        own = f"metric_id = {literal(metric.name)}" if len(metrics) > 1 else None
        select.append(f"{_measured('max' if latest else ways[metric.name], own)} as {metric.name}")
        columns.append(Column(metric.name, "number"))
        formats[metric.name] = {"column_title": metric.spec.label,
                                **number_format(metric.meta.unit, currency)}  # fmt: skip
    compared: list[dict[str, str]] = []
    for name, words in COMPARED.items() if told.chart == "smartscalar" else ():
        if name == "year_before" and told.grain == "year":
            continue  # that is the one before
        # Null where a changed definition lies between, also for one of several slices.
        measured = _measured(ways[metrics[0].name], None, f"{name}_")
        select.append(f"case when count({name}_break) = 0 then {measured} end as {name}")
        columns.append(Column(name, "number"))
        label = words.format(told.grain)
        formats[name] = {"column_title": label.capitalize(),
                         **number_format(metrics[0].meta.unit, currency)}  # fmt: skip
        compared.append({"id": name, "type": "anotherColumn", "column": name, "label": label})
    group = [name.split(" as ")[0] for name in select[:keys]]
    order = told.order or tuple(group if in_time else [f"-{metrics[0].name}", *group][: 2 * keys])
    sql = _sql(select, f'"{SCHEMA}"."{source}"', where, kept, group, order, told.limit)
    settings = _settings(told, [c.name for c in columns[:keys]],
                         [metric.name for metric in metrics], formats, metrics[0])  # fmt: skip
    if compared:
        settings |= {
            "scalar.field": metrics[0].name, "scalar.comparisons": compared,
            "scalar.switch_positive_negative": metrics[0].meta.better == "lower",
        }  # fmt: skip
    return Card(
        key=f"{board}.{told.key}",
        title=told.title,
        description=_about_metrics(told, metrics, in_time, latest, filters, tab, known),
        display=told.chart,
        sql=sql,
        columns=tuple(columns),
        tags=tags,
        settings=settings,
        unit=metrics[0].meta.unit if len({m.meta.unit for m in metrics}) == 1 else None,
        metrics=told.measured,
        owners=tuple(dict.fromkeys(metric.meta.owner for metric in metrics)),
        empty=told.empty,
        alert=told.alert,
    )


def _metric(name: str, told: TileFile, known: Catalogue) -> Metric:
    if name not in known.metrics:
        raise Problem(f"no metric '{name}'; {near(name, known.metrics)}",
                      "metrics" if told.metrics else "metric")  # fmt: skip
    metric = known.metrics[name]
    slices = {slice_name(s) for s in metric.meta.slices}
    for field in ("slice", "follow"):
        asked = getattr(told, field)
        if asked and asked not in slices:
            raise Problem(f"{name} has no slice '{asked}'; {near(asked, slices)}", field)
    if told.follow and told.follow not in FOLLOWS:
        raise Problem(f"no filter is for '{told.follow}'; {near(told.follow, FOLLOWS)}", "follow")
    if told.grain not in metric.meta.grains or told.grain == "day":
        grains = [grain for grain in metric.meta.grains if grain != "day"]
        raise Problem(f"{name} is shown by {', '.join(grains) or 'no period'}, not by "
                      f"{told.grain}.", "grain")  # fmt: skip
    if not metric.meta.total and not told.slice:
        raise Problem(f"{name} has no value for all together; give a slice.", "metric")
    return metric


def _may_compare(told: TileFile, metrics: list[Metric]) -> None:
    """Metabase colours every rise and fall of a trend green or red, and has no third."""
    if len(metrics) > 1:
        raise Problem("a smartscalar shows one metric; give each a tile.", "metrics")
    if metrics[0].meta.better not in ("higher", "lower"):
        raise Problem(
            f"{metrics[0].name} is better neither higher nor lower, and Metabase would colour its "
            "rise green; use scalar, line or bar.", "chart",
        )  # fmt: skip


def _measured(way: str | None, own: str | None, of_period: str = "") -> str:
    """The aggregate of a metric's rows; `own` picks them where several metrics are read,
    `of_period` the columns of a period that it is compared with."""

    def of(column: str) -> str:
        column = f"{of_period}{column}"
        return f"case when {own} then {column} end" if own else column

    if way == "ratio":
        return f"sum({of('numerator')}) / nullif(sum({of('denominator')}), 0)"
    return f"{way}({of('value')})"


def _about_metrics(
    told: TileFile, metrics: list[Metric], in_time: bool, latest: bool, filters: list[str],
    tab: TabFile, known: Catalogue,
) -> str:  # fmt: skip
    when = "Complete periods only."
    if not in_time:
        when = f"Last complete {told.grain}." if latest else f"All complete {told.grain}s together."
    if told.chart == "smartscalar" and of_networks(metrics[0], known):
        when += " Not compared across a network's changed definition."
    tail = " ".join([*([told.about] if told.about else []), when, unfiltered(filters, tab)])
    if len(metrics) == 1:
        meta = metrics[0].meta
        says = [metrics[0].spec.description, f"Unit: {meta.unit.replace('_', ' ')}.",
                f"Owner: {meta.owner.replace('_', ' ')}.", meta.caveat]  # fmt: skip
    else:
        says = [f"{m.spec.label} ({m.meta.unit.replace('_', ' ')}): {m.spec.description} "
                f"Owner: {m.meta.owner.replace('_', ' ')}." for m in metrics]  # fmt: skip
        says.append(f"Caveat: {metrics[0].meta.caveat}")
    return shortened(" ".join(says), tail)


def unfiltered(filters: list[str], tab: TabFile) -> str:
    """Which filters of the page do not work on a card."""
    labels = {"period": "period", "channel": "channel", "business_unit": "business unit"}
    rest = [labels[name] for name in tab.filters if name not in filters]
    return f"Not filtered by {' or '.join(rest)}." if rest else ""


def shortened(text: str, tail: str = "", size: int = DESCRIPTION) -> str:
    """`text` and `tail` in `size` characters: the text is cut at a word, the tail is whole."""
    text, room = " ".join(text.split()), size - len(tail) - 1
    if len(text) > room:
        text = text[: room - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    return f"{text} {tail}".strip()


# --- cards of views ------------------------------------------------------------------------------


def _view_card(board: str, told: TileFile, tab: TabFile, known: Catalogue, currency: str) -> Card:
    found = views.load()
    if told.view not in found:
        raise Problem(f"no view '{told.view}'; {near(told.view, found)}", "view")
    view = found[told.view]
    metric = _only_metric(told, known)
    units = {
        name: metric.meta.unit if column.unit == views.OF_METRIC and metric else column.unit
        for name, column in view.columns.items()
    }
    for field in ("slice", "follow"):
        if getattr(told, field):
            raise Problem(f"'{field}' is for cards of metrics; leave it out.", field)
    if bool(told.columns) == bool(told.by or told.sum or told.share):
        raise Problem("a card of a view has `columns`, or `by` with `sum` and `share`.", "view")
    if not told.about or not told.owner:
        raise Problem("a card of a view says `about` (definition, unit, caveat) and `owner`.")
    for field in ("columns", "by", "sum", "where", "heat"):
        for name in getattr(told, field):
            if name not in view.columns:
                raise Problem(f"{told.view} has no '{name}'; {near(name, view.columns)}", field)
    for name in (*told.sum, *(part for pair in told.share.values() for part in pair)):
        _may_sum(view, name, told)
    select = [*told.columns, *told.by]
    columns = [Column(name, view.columns[name].kind) for name in select]
    formats = {name: _column_format(view.columns[name], units[name], currency) for name in select}
    if view.period in formats:
        formats[view.period]["date_style"] = DATES[view.grain]
    measured = [name for name in select if view.columns[name].kind == "number"]
    dimensions = [name for name in select if name not in measured]
    if told.by:
        measured, dimensions = [], list(told.by)
    for name in told.sum:
        select.append(f"sum({name}) as {name}")
        columns.append(Column(name, "number"))
        formats[name] = _column_format(view.columns[name], units[name], currency)
        measured.append(name)
    for name, (part, whole) in told.share.items():
        unit = _share_unit(view, part, whole)
        select.append(f"1.0 * sum({part}) / nullif(sum({whole}), 0) as {name}")
        columns.append(Column(name, "number"))
        formats[name] = {"column_title": name.replace("_", " ").capitalize(),
                         **number_format(unit, currency)}  # fmt: skip
        measured.append(name)
    for name in told.order:
        if name.lstrip("-") not in [*(c.name for c in columns), *view.columns]:
            raise Problem(f"no column '{name}' to order by; {near(name, view.columns)}", "order")
    has = [("period", view.period), *((n, n) for n in ("channel", "business_unit"))]
    filters = [name for name, column in has if column in view.columns]
    kept, tags = _tags(filters, tab, view.name, view.period)
    where = [_condition(name, value) for name, value in told.where.items()]
    group = list(told.by)
    ordered = [name.lstrip("-") for name in told.order]
    hidden = [name for name in ordered if name not in {c.name for c in columns}]
    if told.by or told.sum or told.share:
        group += hidden  # an order by a column that is not shown, such as a step's place
    order = (*told.order, *(name for name in told.by if name not in ordered))  # no ties
    sql = _sql(select, f'"{SCHEMA}"."{view.name}"', where, kept, group, order, told.limit)
    settings = _settings(told, dimensions, measured, formats, metric)
    unit = units.get(measured[0]) if measured else None
    return Card(
        key=f"{board}.{told.key}",
        title=told.title,
        description=shortened(
            f"{told.about} Owner: {told.owner.replace('_', ' ')}.", unfiltered(filters, tab)
        ),
        display=told.chart,
        sql=sql,
        columns=tuple(columns),
        database=view.database,
        tags=tags,
        settings=settings,
        unit=None if unit == views.OF_METRIC else unit,
        owners=(told.owner,),
        empty=told.empty,
        alert=told.alert,
    )


def _only_metric(told: TileFile, known: Catalogue) -> Metric | None:
    """The metric that a card of a view is limited to, whose unit its numbers have."""
    name = told.where.get("metric_id")
    if not isinstance(name, str):
        return None
    if name not in known.metrics:
        raise Problem(f"no metric '{name}'; {near(name, known.metrics)}", "where")
    return known.metrics[name]


def _may_sum(view: View, name: str, told: TileFile) -> None:
    if name not in view.columns:
        raise Problem(f"{view.name} has no '{name}'; {near(name, view.columns)}", "sum")
    sums = view.columns[name].sums
    if sums == "never":
        raise Problem(f"{name} is never added up (law 6); show it as it is.", "sum")
    if sums == "period" and view.period not in told.by:
        raise Problem(f"{name} is a stock: add it up within one {view.period} only, and put "
                      f"{view.period} into `by`.", "sum")  # fmt: skip


def _share_unit(view: View, part: str, whole: str) -> str:
    units = view.columns[part].unit, view.columns[whole].unit
    if units[0] == units[1]:
        return "percent"
    return "money" if units[0] == "money" else "per_item"


def _condition(name: str, value: typing.Any) -> str:
    if isinstance(value, tuple):
        return f"{name} in ({', '.join(map(literal, value))})"
    if isinstance(value, bool):
        return name if value else f"not {name}"
    return f"{name} = {literal(value)}"


def _column_format(
    column: views.Column, unit: str | None, currency: str
) -> dict[str, typing.Any]:  # fmt: skip
    titled = {"column_title": column.title} if column.title else {}
    if column.kind == "number":
        return {**titled, **number_format(unit, currency)}
    if column.kind in ("date", "timestamp"):
        return {**titled, "date_style": DATES["day"]}
    return titled


# --- SQL -----------------------------------------------------------------------------------------


def _tags(
    filters: list[str], tab: TabFile, table: str, period: str | None
) -> tuple[list[str], tuple[Tag, ...]]:
    kept = [name for name in filters if name in tab.filters]
    columns = {"period": period, "channel": "channel", "business_unit": "business_unit"}
    return kept, tuple(Tag(name, name, SCHEMA, table, columns[name]) for name in kept)


def _sql(
    select: list[str], table: str, where: list[str], tags: list[str], group: list[str],
    order: typing.Sequence[str], limit: int | None,
) -> str:  # fmt: skip
    """One select that DuckDB and Postgres read alike. Tables are not aliased: Metabase names them
    in full in the condition that takes a tag's place."""
    lines = ["select", ",\n".join(f"    {name}" for name in select), f"from {table}"]
    lines.append("where " + "\n    and ".join(where or ["1 = 1"]))
    lines += [f"    [[and {{{{{name}}}}}]]" for name in tags]
    if group:
        lines.append(f"group by {', '.join(group)}")
    if order:
        lines.append("order by " + ", ".join(
            f"{name[1:]} desc nulls last" if name.startswith("-") else name for name in order
        ))  # fmt: skip
    if limit:
        lines.append(f"limit {limit}")
    return "\n".join(lines)


def literal(value: typing.Any) -> str:
    """A SQL literal; dates as such."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dt.date):
        return f"date '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def run_sql(card: Card, filters: dict[str, typing.Any], as_of: dt.date) -> str:
    """The card's SQL with its tags as a reader's filters fill them, as Metabase would.

    `filters` maps filter keys to a period (`past12months~`, `thisyear`, `2026-01-01~2026-03-31`)
    or to a value or list of values; a filter that is empty or missing leaves its condition out.
    Raises ConfigError for a period that is not understood."""
    found = {tag.name: tag for tag in card.tags}

    def fill(match: re.Match[str]) -> str:
        tag = found[match[1]]
        value = filters.get(tag.filter)
        if value is None or value in ("", [], ()):
            return ""
        column = f'"{tag.schema}"."{tag.table}"."{tag.column}"'
        if tag.filter == "period":
            first, last = period(value, as_of)
            told = [f"{column} >= {literal(first)}"] if first else []
            told += [f"{column} < {literal(last + dt.timedelta(days=1))}"] if last else []
            return f"and {' and '.join(told)}" if told else ""
        values = [value] if isinstance(value, str) else list(value)
        return f"and {column} in ({', '.join(map(literal, values))})"

    return re.sub(r"\[\[and \{\{(\w+)\}\}\]\]", fill, card.sql)


def period(text: str, as_of: dt.date) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of a period in Metabase's words, held against `as_of`: both included,
    None where it is open. `past12months` is the twelve whole months before this one; a `~` at its
    end takes this one in too."""
    relative = re.fullmatch(r"(past|next)(\d+)(day|week|month|quarter|year)s?(~?)", text)
    if relative:
        size, unit = int(relative[2]), relative[3]
        here = _start(as_of, unit)
        if relative[1] == "past":
            last = _shift(here, unit, 1) if relative[4] else here
            return _shift(here, unit, -size), last - dt.timedelta(days=1)
        first = here if relative[4] else _shift(here, unit, 1)
        return first, _shift(here, unit, size + 1) - dt.timedelta(days=1)
    this = re.fullmatch(r"(this|last)(day|week|month|quarter|year)", text)
    if this:
        first = _shift(_start(as_of, this[2]), this[2], 0 if this[1] == "this" else -1)
        return first, _shift(first, this[2], 1) - dt.timedelta(days=1)
    quarter = re.fullmatch(r"Q([1-4])-(\d{4})", text)
    if quarter:
        first = dt.date(int(quarter[2]), 3 * int(quarter[1]) - 2, 1)
        return first, _shift(first, "quarter", 1) - dt.timedelta(days=1)
    try:
        if re.fullmatch(r"\d{4}-\d{2}", text):
            first = dt.date.fromisoformat(f"{text}-01")
            return first, _shift(first, "month", 1) - dt.timedelta(days=1)
        if "~" in text:
            first, last = (dt.date.fromisoformat(end) if end else None for end in text.split("~"))
            return first, last
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"'{text}' is no period; say for example past12months~, thisyear, 2026-01 or "
            "2026-01-01~2026-03-31."
        ) from None
    return day, day


def _start(day: dt.date, unit: str) -> dt.date:
    if unit == "week":
        return day - dt.timedelta(days=day.weekday())
    month = {"quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}.get(unit, day.month)
    return day if unit == "day" else dt.date(day.year, month, 1)


def _shift(day: dt.date, unit: str, count: int) -> dt.date:
    if unit in ("day", "week"):
        return day + dt.timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * {"month": 1, "quarter": 3, "year": 12}[unit]
    year, month = divmod(months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# --- settings ------------------------------------------------------------------------------------


def number_format(unit: str | None, currency: str) -> dict[str, typing.Any]:
    """How a number of a unit is written. Percent is stored as a share."""
    if unit == "percent":
        return {"number_style": "percent", "decimals": 1}
    if unit == "money":
        return {"number_style": "currency", "currency": currency, "currency_style": "code",
                "currency_in_header": False, "decimals": 0}  # fmt: skip
    if unit in ("count", "people", "accounts"):
        return {"number_style": "decimal", "decimals": 0}
    suffix = {"minutes": " min", "hours": " h", "days": " days", "points": " points",
              "fte": " FTE"}.get(unit or "")  # fmt: skip
    decimals = {"minutes": 0, "days": 0, "hours": 1, "points": 1, "fte": 1}.get(unit or "", 2)
    return {
        "number_style": "decimal",
        "decimals": decimals,
        **({"suffix": suffix} if suffix else {}),
    }


def column_key(name: str) -> str:
    """The key of a column in Metabase's column_settings."""
    return json.dumps(["name", name], separators=(",", ":"))


def _settings(
    told: TileFile, dimensions: list[str], measured: list[str],
    formats: dict[str, dict[str, typing.Any]], metric: Metric | None,
) -> dict[str, typing.Any]:  # fmt: skip
    """visualization_settings of a chart, from what its columns are for; `metric` is the one that
    it shows, where it is one."""
    settings: dict[str, typing.Any] = {
        "column_settings": {column_key(name): form for name, form in formats.items()}
    }
    chart = told.chart
    for field in ("bars", "dashed"):
        for name in getattr(told, field):
            if name not in measured:
                raise Problem(f"no number '{name}'; {near(name, measured)}", field)
    if chart == "table":
        settings["table.columns"] = (
            [{"name": name, "enabled": True} for name in (*dimensions, *measured)]
            if told.by or told.measured
            else [{"name": n, "enabled": True} for n in told.columns]
        )
        rules = [
            {"columns": [name], "type": "single", "operator": "=", "value": word,
             "color": STATUS_COLORS[status], "highlight_row": False}
            for name in dimensions
            for status, words in WORDS.get(name, {}).items()
            for word in words
        ]  # fmt: skip
        if told.heat:
            rules.append({"columns": list(told.heat), "type": "range", "colors": list(HEAT),
                          "min_type": "all", "max_type": "all"})  # fmt: skip
        settings["table.column_formatting"] = rules
        for name in told.bars:
            settings["column_settings"][column_key(name)] |= {"show_mini_bar": True}
    elif chart in ("line", "area", "bar", "combo", "row", "scatter", "waterfall"):
        settings |= {"graph.dimensions": dimensions, "graph.metrics": measured}
        if chart == "scatter" and len(measured) > 2:
            settings |= {
                "graph.dimensions": [measured[0], *dimensions],
                "graph.metrics": measured[1:2],
                "scatter.bubble": measured[2],
            }
        if told.stack:
            settings["stackable.stack_type"] = told.stack
        series = {name: {"display": "bar"} for name in told.bars}
        if chart == "combo":
            series |= {n: {"display": "line"} for n in measured if n not in told.bars}
        for name in told.dashed:
            series[name] = {**series.get(name, {"display": "line"}), "line.style": "dashed"}
        for name in measured:
            title = formats.get(name, {}).get("column_title")
            if title and len(measured) > 1:
                series[name] = {**series.get(name, {}), "title": title}
        if len(dimensions) > 1 and chart != "scatter":
            colours = SERIES.get(dimensions[1], {})
            series |= {word: {"color": colour} for word, colour in colours.items()}
        if series:
            settings["series_settings"] = series
        if isinstance(told.goal, float):
            settings |= {"graph.show_goal": True, "graph.goal_value": told.goal,
                         "graph.goal_label": "Target"}  # fmt: skip
        if chart == "row":
            settings["graph.show_values"] = True
        if chart == "waterfall":
            verdict = (STATUS_COLORS["good"], STATUS_COLORS["bad"])
            better = metric.meta.better if metric else "neutral"
            rise, fall = {"higher": verdict, "lower": verdict[::-1]}.get(better, STEPS)
            settings |= {"waterfall.increase_color": rise, "waterfall.decrease_color": fall}
    elif chart == "pie":
        settings |= {"pie.dimension": dimensions[0], "pie.metric": measured[0],
                     "pie.show_legend": True}  # fmt: skip
    elif chart == "funnel":
        settings |= {"funnel.dimension": dimensions[0], "funnel.metric": measured[0],
                     "funnel.type": "funnel"}  # fmt: skip
    elif chart == "sankey":
        settings |= {"sankey.source": dimensions[0], "sankey.target": dimensions[1],
                     "sankey.value": measured[0]}  # fmt: skip
    elif chart == "progress":
        settings |= {"progress.value": measured[0], "progress.goal": told.goal,
                     "progress.color": STATUS_COLORS["good"]}  # fmt: skip
    elif chart == "gauge":
        settings["gauge.segments"] = _segments(told)
    elif chart in ("scalar", "smartscalar"):
        settings["scalar.field"] = (measured or dimensions)[0]
        if told.segments:
            settings["scalar.segments"] = _segments(told)
    return settings


def _segments(told: TileFile) -> list[dict[str, typing.Any]]:
    return [
        {"min": s.low, "max": s.high, "color": STATUS_COLORS[s.status], "label": s.word}
        for s in told.segments
    ]


def near(name: str, known: typing.Iterable[str]) -> str:
    """`did you mean …?`, or what is known."""
    names = sorted(known)
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean '{found[0]}'?" if found else f"known: {', '.join(names)}."
