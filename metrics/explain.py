"""`python -m metrics explain METRIC [SLICE] [PERIOD]`: everything that stands behind one number.

Read from the served copy, so that it explains the number that people see: what it is, the value
with what is known of its certainty, trust, what its change came from, which goals hang on it, who
answers for it, the tables behind it down to the sources, and the SQL, run again on the spot.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import textwrap
import typing
from collections.abc import Iterator

from metrics import catalogue as definitions
from metrics import queries
from metrics.boards import number_format
from metrics.drivers import LEVELS, MONTHS, RATIOS, REST, SUMS
from metrics.figures import said
from metrics.goals import holder, nearest
from metrics.periods import shift
from metrics.values import NO_SLICE_VALUE
from settings import ConfigError, Run

if typing.TYPE_CHECKING:
    import duckdb

ALL = "all"
GRAINS = definitions.GRAINS
PERIODS = (
    (r"(\d{4})-(\d{2})-(\d{2})", "day"),
    (r"(\d{4})-W(\d{1,2})", "week"),
    (r"(\d{4})-(\d{2})", "month"),
    (r"(\d{4})-Q([1-4])", "quarter"),
    (r"(\d{4})", "year"),
)
MOST = 8  # parts of a change that are shown; the others as a sum
USUAL = ("month", "quarter", "year", "week", "day")  # grains, by which is shown unless asked
DOUBTS = {
    "unknown: prior": "the data say no more than was assumed",
    "unknown: contaminated": "other spend makes it wrong by more than a tenth",
}
WHOLE = {  # why a change is not taken apart
    "percentile": "medians of parts do not add up to the median of the whole",
    "distinct": "who is in two slices is counted once, so that parts do not add up",
    "model": "estimates do not add up",
}
LAYERS = ("raw", "staging", "intermediate", "marts and seeds", "people")
Row = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Asked:
    """One number: `slice_name` and `slice_value` are 'all' for the total."""

    metric: str
    slice_name: str
    slice_value: str
    grain: str
    start: dt.date


def explain(run: Run, metric: str, slice_: str | None, period: str | None) -> Iterator[str]:
    """The explanation, line by line. `slice_` is `name=value`, `period` one of 2026, 2026-Q3,
    2026-09, 2026-W38 and 2026-09-14, or a grain for its last complete period; unless said the last
    complete one that has a value, by the finest of month, quarter and year.

    Raises ConfigError naming what is asked for and what there is, when nothing is published, and
    with the reason for a number that is refused."""
    import duckdb

    file = run.paths.served / "plumbline.duckdb"
    if not file.exists():
        raise ConfigError(f"{run.paths.served}: nothing is published yet; run `make build` first.")
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        about = _about(connection, metric)
        asked = _asked(connection, metric, slice_, period)
        [publication] = _rows(connection, "select * from ops.publication")
        form = number_format(about["unit"], publication["reporting_currency"])
        yield from _definition(about)
        yield from _value(connection, asked, about, form, publication)
        yield from _trust(connection, asked)
        yield from _drivers(connection, asked, about, form)
        yield from _goals(connection, metric, form)
        yield from _behind(run, connection, asked, publication)


def _about(connection: duckdb.DuckDBPyConnection, metric: str) -> Row:
    found = _rows(connection, "select * from metrics.dim_metrics where metric_id = ?", metric)
    if found:
        return found[0]
    for problem in definitions.refused("metric", metric, metric.replace("_", " ")):
        raise ConfigError(problem)
    known = _rows(connection, "from metrics.dim_metrics order by metric_id")
    raise ConfigError(f"there is no metric '{metric}'; {_meant(metric, known)}")


def _meant(asked: str, known: list[Row]) -> str:
    """The metric whose id or label is nearest to what was asked for."""
    names = {_plain(row["label"]): row for row in known}
    names |= {row["metric_id"]: row for row in known}
    near = difflib.get_close_matches(_plain(asked), names, n=1, cutoff=0.5)
    if not near:
        return nearest(asked, (row["metric_id"] for row in known))
    row = names[near[0]]
    return f"did you mean '{row['metric_id']}' ({row['label']})?"


def _plain(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")


def _asked(
    connection: duckdb.DuckDBPyConnection, metric: str, slice_: str | None, period: str | None
) -> Asked:
    name, value = _slice(connection, metric, slice_)
    cells = _rows(
        connection,
        "select grain, period_start, is_complete, value from metrics.metric_values "
        "where metric_id = ? and slice_name = ? and slice_value = ?",
        metric, name, value,
    )  # fmt: skip
    if not cells:
        raise ConfigError(f"{metric} has no value for {name}={value}: nothing is known of it.")
    grains = sorted({cell["grain"] for cell in cells}, key=GRAINS.index)
    if period is None:
        known = [cell for cell in cells if cell["is_complete"] and cell["value"] is not None]
        grain = next(g for g in USUAL if g in {cell["grain"] for cell in known or cells})
        mine = [cell for cell in known or cells if cell["grain"] == grain]
        return Asked(metric, name, value, grain, max(cell["period_start"] for cell in mine))
    if period in GRAINS:
        grain = period
        mine = [cell for cell in cells if cell["grain"] == grain]
        if not mine:
            raise ConfigError(f"{metric} is not told by {grain}; there are {', '.join(grains)}.")
        whole = [cell for cell in mine if cell["is_complete"]] or mine
        return Asked(metric, name, value, grain, max(cell["period_start"] for cell in whole))
    grain, start = parse_period(period)
    if grain not in grains:
        raise ConfigError(f"{metric} is not told by {grain}; there are {', '.join(grains)}.")
    starts = [cell["period_start"] for cell in cells if cell["grain"] == grain]
    if start not in starts:
        raise ConfigError(
            f"{metric} has no value for {period}; there are some from "
            f"{period_text(min(starts), grain)} to {period_text(max(starts), grain)}."
        )
    return Asked(metric, name, value, grain, start)


def _slice(
    connection: duckdb.DuckDBPyConnection, metric: str, slice_: str | None
) -> tuple[str, str]:
    known: dict[str, set[str]] = {}
    for row in _rows(
        connection,
        "select distinct slice_name, slice_value from metrics.metric_values where metric_id = ?",
        metric,
    ):
        known.setdefault(row["slice_name"], set()).add(row["slice_value"])
    if slice_ in (None, ALL):
        if known and ALL not in known:
            ways = [f"{name}={min(values)}" for name, values in sorted(known.items())]
            raise ConfigError(f"{metric} has no total; ask for a slice, as {' or '.join(ways)}.")
        return ALL, ALL
    known.pop(ALL, None)
    name, _, value = slice_.partition("=")
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise ConfigError(f"{metric} has no slice '{name}'; its slices: {there}.")
    if value not in known[name]:
        raise ConfigError(f"{name} is never '{value}'; {nearest(value, known[name])}")
    return name, value


def parse_period(text: str) -> tuple[str, dt.date]:
    """(grain, first day) of 2026, 2026-Q3, 2026-09, 2026-W38 (ISO 8601) or 2026-09-14."""
    for pattern, grain in PERIODS:
        match = re.fullmatch(pattern, text)
        if match is None:
            continue
        numbers = [int(number) for number in match.groups()]
        try:
            if grain == "week":
                return grain, dt.date.fromisocalendar(*numbers, 1)
            if grain == "quarter":
                return grain, dt.date(numbers[0], 3 * numbers[1] - 2, 1)
            return grain, dt.date(*numbers, *[1] * (3 - len(numbers)))
        except ValueError:
            break
    raise ConfigError(
        f"'{text}' is no period: write 2026, 2026-Q3, 2026-09, 2026-W38, 2026-09-14, or a grain "
        f"({', '.join(GRAINS)})."
    )


def period_text(start: dt.date, grain: str) -> str:
    """The period as `parse_period` reads it."""
    if grain == "week":
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02d}"
    if grain == "quarter":
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return {"day": f"{start}", "month": f"{start:%Y-%m}"}.get(grain, str(start.year))


def _definition(about: Row) -> Iterator[str]:
    yield f"{about['metric_id']}: {about['label']}"
    yield f"  {about['description']}"
    yield f"  Caveat: {about['caveat']}"
    yield (
        f"  {about['unit']}, {about['better']} is better, {about['additivity']}; "
        f"{about['amec']}, {str(about['objective']).replace('_', ' ')}"
    )
    yield f"  Formula: {about['formula']}"
    yield f"  Source of the definition: {about['definition_source']}"
    name = about["owner_name"] or "nobody"
    yield f"Owner: {name} ({about['owner_role']}; {about['owner_status']})"


def _value(
    connection: duckdb.DuckDBPyConnection, asked: Asked, about: Row, form: dict, publication: Row
) -> Iterator[str]:
    sliced = "" if asked.slice_name == ALL else f", {asked.slice_name}={asked.slice_value}"
    cell = _cell(connection, asked, asked.start)
    yield ""
    when = period_text(asked.start, asked.grain)
    value = said(cell["value"], form) if cell["value"] is not None else "unknown"
    open_ = "" if cell["is_complete"] else f" (not complete on {publication['as_of']})"
    yield f"{when}{sliced}: {value}{open_}"
    if cell["denominator"] is not None:
        yield f"  {cell['numerator']:,.10g} / {cell['denominator']:,.10g}"
    if cell["low"] is not None:
        level = about["interval_level"]
        sure = "bounds, not a matter of chance" if level is None else f"{100 * level:.0f} %"
        yield f"  between {said(cell['low'], form)} and {said(cell['high'], form)} ({sure})"
    if cell["n"] is not None:
        rate = cell["response_rate"]
        yield f"  n {cell['n']:,}" + (f", response rate {rate:.0%}" if rate is not None else "")
    for words, start in _others(asked):
        other = _cell(connection, asked, start)
        if other and other["value"] is not None:
            told = f"  {words}, {period_text(start, asked.grain)}: {said(other['value'], form)}"
            if other["is_complete"] and cell["is_complete"] and cell["value"] is not None:
                told += f" (changed by {_signed(cell['value'] - other['value'], form)})"
            yield told


def _others(asked: Asked) -> list[tuple[str, dt.date]]:
    """The period before and the same a year before (weeks: the same ISO number)."""
    if asked.grain in ("day", "week"):
        days = 1 if asked.grain == "day" else 7
        before, year = asked.start - dt.timedelta(days=days), asked.start - dt.timedelta(days=364)
        return [("before", before), ("a year before", year)]
    months = {"month": 1, "quarter": 3, "year": 12}[asked.grain]
    place = asked.start.year * 12 + asked.start.month - 1 - months
    found = [("before", dt.date(place // 12, place % 12 + 1, 1))]
    return found if months == 12 else [*found, ("a year before", shift(asked.start, -1))]


def _cell(connection: duckdb.DuckDBPyConnection, asked: Asked, start: dt.date) -> Row:
    found = _rows(
        connection,
        "select * from metrics.metric_values where metric_id = ? and slice_name = ? "
        "and slice_value = ? and grain = ? and period_start = ?",
        asked.metric, asked.slice_name, asked.slice_value, asked.grain, start,
    )  # fmt: skip
    return found[0] if found else {}


def _trust(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Iterator[str]:
    cell = _cell(connection, asked, asked.start)
    reason = cell["trust_reason"] or ""
    for doubt, words in DOUBTS.items():
        reason = reason.replace(doubt, words)
    yield f"Trust: {cell['trust']}" + (f": {reason}" if reason else "")
    if asked.metric in definitions.load().metrics:
        return  # its sources are listed below, each with its state
    for row in _rows(
        connection, "select * from metrics.metric_trust where metric_id = ?", asked.metric
    ):
        until = f", rows up to {row['last_event_date']}" if row["last_event_date"] else ""
        yield f"  from {row['sources'] or 'no source'}{until}"


def _drivers(
    connection: duckdb.DuckDBPyConnection, asked: Asked, about: Row, form: dict
) -> Iterator[str]:
    """Where the change came from, slice by slice: parts that add up to the change; or why not."""
    why = _whole(connection, asked, about)
    if why:
        yield ""
        yield f"Its change is not taken apart: {why}."
        return
    for _, start in _others(asked):
        parts = _rows(
            connection,
            "select slice_name, slice_value, kind, contribution from metrics.metric_drivers "
            "where metric_id = ? and grain = ? and period_from = ? and period_to = ? "
            "order by slice_name, abs(contribution) desc, slice_value, kind",
            asked.metric, asked.grain, start, asked.start,
        )  # fmt: skip
        if not parts:
            if (_cell(connection, asked, start) or {"value": None})["value"] is not None:
                yield ""
                yield (
                    f"Its change since {period_text(start, asked.grain)} is not taken apart: its "
                    "slices overlap, or what they are made of is not known in both periods."
                )
            continue
        yield ""
        yield f"What the change since {period_text(start, asked.grain)} came from:"
        for name in dict.fromkeys(part["slice_name"] for part in parts):
            mine = [part for part in parts if part["slice_name"] == name]
            total = sum(part["contribution"] for part in mine)
            yield f"  by {name} ({_signed(total, form)}):"
            for part in mine[:MOST]:
                kind = "" if part["kind"] == "change" else f", {part['kind']}"
                label = part["slice_value"]
                label = {NO_SLICE_VALUE: "not known", REST: "in no slice"}.get(label, label)
                yield f"    {_signed(part['contribution'], form):>16}  {label}{kind}"
            if mine[MOST:]:
                rest = sum(part["contribution"] for part in mine[MOST:])
                yield f"    {_signed(rest, form):>16}  {len(mine) - MOST} more"


def _whole(connection: duckdb.DuckDBPyConnection, asked: Asked, about: Row) -> str | None:
    """Why no change of this number is taken apart (`metrics/drivers.py`); None: some may be."""
    if about["additivity"] not in SUMS + RATIOS:
        return WHOLE[about["additivity"]]
    if asked.slice_name != ALL:
        return "only changes of the total are"
    if asked.grain not in MONTHS:
        return f"only changes of months and quarters are, not those of a {asked.grain}"
    named = "select 1 from metrics.dim_goals where metric_id = ? union all "
    named += "select 1 from metrics.goal_leading where metric_id = ?"
    if about["amec"] not in LEVELS and not _rows(connection, named, *[asked.metric] * 2):
        return "only outcomes, impacts, and what goals name are"
    [there] = _rows(
        connection,
        "select count(distinct slice_name) as slices, max(case when slice_name = ? and is_complete "
        "and value is not null then period_start end) as newest from metrics.metric_values "
        "where metric_id = ? and grain = ?",
        ALL, asked.metric, asked.grain,
    )  # fmt: skip
    if there["slices"] < 2:
        return "it has no slices"
    if there["newest"] != asked.start:
        return f"only the last complete {asked.grain} is held against earlier ones"
    return None


def _goals(connection: duckdb.DuckDBPyConnection, metric: str, form: dict) -> Iterator[str]:
    goals = _rows(
        connection, "select * from metrics.goal_status where metric_id = ? order by goal_id", metric
    )
    if goals:
        yield ""
    for goal in goals:
        sliced = "" if goal["slice"] == ALL else f" ({goal['slice']})"
        yield (
            f"Goal {goal['goal_id']}{sliced}: {str(goal['status']).replace('_', ' ')}, "
            f"target {said(goal['target'], form)} by {goal['period_to']}, "
            f"{holder(goal['owner_name'], goal['owner_status'])}, {goal['owner_role']}"
        )
        yield f"  {goal['status_reason']}"
        if goal["interval_basis"]:
            low, high = (said(goal[f"forecast_{end}"], form) for end in ("low", "high"))
            held = "not backtested: too little history"
            if goal["interval_basis"] == "backtested":
                held = (
                    f"{goal['backtest_covered_share']:.0%} of {goal['backtest_readings']} past "
                    "intervals held the result"
                )
            yield f"  ends between {low} and {high} (80 %; {held})"


def _behind(
    run: Run, connection: duckdb.DuckDBPyConnection, asked: Asked, publication: Row
) -> Iterator[str]:
    found = definitions.load()
    if asked.metric not in found.metrics:
        return
    from metrics.trust import lineage

    manifests = queries.manifests(run, found)
    tables = lineage(asked.metric, manifests)
    states = {
        (f"raw_{row['source']}", row["table_name"]): row
        for row in _rows(connection, "from ingest.sources")
    }
    yield ""
    yield "Where it comes from:"
    for layer in LAYERS:
        names = sorted((s, t) for s, t in tables if _layer(s) == layer)
        names = [key for key in names if layer != "raw" or states.get(key, {}).get("is_configured")]
        if not names:
            continue
        if layer == "raw":
            yield "  raw:"
            yield from (f"    {'.'.join(key)}{_state(states.get(key))}" for key in names)
        else:
            listed = ", ".join(table for _, table in names)
            yield from textwrap.wrap(f"{layer}: {listed}", 98, initial_indent="  ",
                                     subsequent_indent="    ")  # fmt: skip
    slices = found.metrics[asked.metric].meta.slices
    key = next((s for s in slices if definitions.slice_name(s) == asked.slice_name), None)
    sql = queries.one(found, manifests, asked.metric, asked.grain, key)
    yield ""
    yield f"SQL (MetricFlow's; {_again(connection, found, asked, key, sql, publication)}):"
    yield f"  set variable as_of = date '{publication['as_of']}';"
    yield from (f"  {line}" for line in sql.splitlines())
    by = f"metric_time__{asked.grain}" + (f",{key}" if key else "")
    yield f"  -- mf query --metrics {asked.metric} --group-by {by}"


def _layer(schema: str) -> str:
    if schema.startswith("raw_"):
        return "raw"
    return schema if schema in LAYERS else "marts and seeds"


def _state(row: Row | None) -> str:
    if row is None:
        return ""
    until = f", rows up to {row['last_event_date']}" if row["last_event_date"] else ""
    return f" ({row['status']}{until})"


def _again(
    connection: duckdb.DuckDBPyConnection,
    found: definitions.Catalogue,
    asked: Asked,
    key: str | None,
    sql: str,
    publication: Row,
) -> str:
    """The SQL run on the served marts and held against the published value, in words."""
    import duckdb

    metric = found.metrics[asked.metric]
    connection.execute(f"set variable as_of = date '{publication['as_of']}'")
    test = f"cast(metric_time__{asked.grain} as date) = date '{asked.start}'"
    if key:
        test += f" and coalesce(cast({key} as varchar), '{NO_SLICE_VALUE}') = ?"
    columns = queries.columns_of(asked.metric, found)
    try:
        rows = connection.execute(
            f"select {', '.join(columns)} from ({sql}) where {test}",
            [asked.slice_value] if key else [],
        ).fetchall()
    except duckdb.CatalogException:
        return "its tables are restricted, so it is not run here"
    told = dict(zip(columns, rows[0], strict=True)) if rows else {}
    if metric.spec.type == "ratio":
        top, bottom = (told.get(metric.parts[role]) for role in ("numerator", "denominator"))
        value = None if top is None or not bottom else float(top) / float(bottom)
    else:
        value = told.get(asked.metric)
    published = _cell(connection, asked, asked.start)["value"]
    if published is None or value is None:
        return "run now it gives no value, and none is published" if published is value else (
            f"run now it gives {value}, but {published} is published"
        )  # fmt: skip
    alike = abs(float(value) - published) <= 1e-9 * max(1.0, abs(published))
    return f"run now it gives {float(value):,.10g}, " + (
        "as published" if alike else f"but {published:,.10g} is published"
    )


def _signed(value: float, form: dict) -> str:
    """A difference; of shares in points of percent."""
    text = said(value, form)
    if form.get("number_style") == "percent":
        text = text.replace("%", "pp")
    return text if value < 0 or not value else f"+{text}"


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, *given: typing.Any) -> list[Row]:
    answer = connection.execute(sql, list(given))
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
