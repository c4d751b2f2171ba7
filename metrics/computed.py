"""Metrics that come of other metrics' results: declared like all others, not queried.

MetricFlow answers from marts, before a goal has a forecast, a signal a decision or a channel a
mix model. Such a number is declared in `metrics/computed/*.yml` with the same required
`config.meta`; the step `measure` gets its rows from the Python that `by` names or from the select
that `rows` is, and here they get what every metric has: an entry in dim_metrics, rows in
metric_values, trust. `mf query` does not know them.
"""

from __future__ import annotations

import functools
import re
import typing
from collections.abc import Collection, Sequence
from pathlib import Path

from pydantic import Field

from metrics.catalogue import Catalogue, Config, Meta, Name, Words, refused
from metrics.storing import insert
from settings import ROOT, ConfigError, Run, read_yaml, strict, yaml_line

if typing.TYPE_CHECKING:
    import duckdb

FOLDER = ROOT / "metrics" / "computed"
FOLLOWED = {  # selects of the metrics that `of` says
    "goals": "select metric_id from metrics.dim_goals",
    "signals": "select metric_id from metrics.metric_signals where is_signal and slice_name = "
    "'all'",
}


@strict
class Spec:
    """`formula`: what it is, for readers. `by`: the function whose rows `lay` takes
    (`metrics/goal_metrics.py:write`), or `rows`: a select from schema metrics of COLUMNS (doubt:
    null, or `unknown: ` and why the value is no evidence, without a full stop). `upstream`: the
    marts it all comes from; trust then follows them, else the rows' own. Without them, for
    lineage: `of`, whose metrics' results it is computed from, and `reads`, marts besides."""

    name: Name
    label: Words
    description: Words
    formula: Words
    config: Config
    by: typing.Annotated[str, Field(pattern=r"^metrics/\w+\.py:\w+$")] | None = None
    rows: Words | None = None
    upstream: tuple[Name, ...] = ()
    of: typing.Literal["goals", "signals"] | None = None
    reads: tuple[Name, ...] = ()


@strict
class Specs:
    metrics: tuple[Spec, ...]


class Computed(typing.NamedTuple):
    """A computed metric and where it stands."""

    file: Path
    line: int
    spec: Spec

    @property
    def meta(self) -> Meta:
        return self.spec.config.meta

    def wrong(self, text: str) -> str:
        return f"{self.file}:{self.line}: metric '{self.spec.name}' {text}"


class Row(typing.NamedTuple):
    """One row of metric_values, less the metric's name."""

    grain: str
    period_start: typing.Any
    slice_name: str
    slice_value: str
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    is_complete: bool = True
    trust: str | None = "fresh"
    trust_reason: str | None = None
    response_rate: float | None = None
    model_run_id: str | None = None


COLUMNS = ("grain", "period_start", "slice_name", "slice_value", "value", "low", "high", "n",
           "is_complete", "doubt", "model_run_id")  # fmt: skip


@functools.lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> dict[str, Computed]:
    """Every computed metric by name. Raises ConfigError naming file, line, metric and remedy, one
    line a problem."""
    found: dict[str, Computed] = {}
    problems = []
    for file in sorted(folder.glob("*.yml")):
        for at, spec in enumerate(read_yaml(file, Specs).metrics):
            one = Computed(file, yaml_line(file, ("metrics", at, "name")), spec)
            said = _wrong(one)
            if spec.name in found:
                said.append("stands twice: a number is defined once.")
            problems += [one.wrong(text) for text in said]
            found[spec.name] = one
    if problems:
        raise ConfigError("\n".join(problems))
    return found


def _wrong(one: Computed) -> list[str]:
    spec, meta = one.spec, one.meta
    said = [
        f"is refused: {text.split(' is refused: ', 1)[1]}"
        for text in refused("metric", spec.name, f"{spec.label} {spec.description}")
    ]
    if (spec.by is None) == (spec.rows is None):
        said.append("is computed by Python or by a select: name `by` or `rows`, and not both.")
    if meta.additivity == "model" and (meta.total or not meta.slices):
        said.append("has no total (estimates do not add up); say total: false and name slices.")
    if not spec.upstream and spec.of is None:
        said.append("has no lineage; name its marts under upstream, or say `of: goals` or signals.")
    if (meta.additivity == "model") != (meta.level is not None):
        said.append("says how sure its interval is (level: 0.9) if it is a model, and else not.")
    if meta.interval is not None:
        said.append("brings its own interval; say its level and leave `interval` out.")
    if spec.rows is None:
        return said
    if meta.additivity != "model":
        said.append("is laid by a select with an interval: additivity is model.")
    if not spec.upstream:
        said.append("says not what it rests on; name its marts under upstream.")
    schemas = set(re.findall(r"\b(?:from|join)\s+(\w+)\.", spec.rows))
    if schemas != {"metrics"}:
        said.append(f"selects from {', '.join(sorted(schemas)) or 'nothing'}; only from metrics.")
    return said


def check(
    catalogue: Catalogue, computed: dict[str, Computed], models: Collection[str] | None = None
) -> None:
    """A number is defined once: not here and in metrics/definitions; every mart of `upstream` is a
    model of dbt's (`models`: ids of its graph; None: not asked). Raises ConfigError, one line a
    problem."""
    problems = [
        one.wrong("is also in metrics/definitions; a number is defined once.")
        for name, one in computed.items()
        if name in catalogue.files
    ]
    problems += [
        one.wrong(f"comes from '{mart}', and dbt has no such model; name the marts it comes from.")
        for one in computed.values()
        for mart in (*one.spec.upstream, *one.spec.reads)
        if models is not None and f"model.plumbline.{mart}" not in models
    ]
    if problems:
        raise ConfigError("\n".join(problems))


def describe(computed: dict[str, Computed]) -> list[tuple]:
    """Rows of dim_metrics less the owner's name and status, in its order."""
    return [
        (name, c.spec.label, c.spec.description, c.meta.unit, c.meta.better, c.meta.additivity,
         c.meta.amec, c.meta.objective, c.meta.domain, c.meta.owner, c.meta.source, c.meta.caveat,
         c.spec.formula, c.meta.interval_level)
        for name, c in computed.items()
    ]  # fmt: skip


def select(run: Run, connection: duckdb.DuckDBPyConnection, computed: dict[str, Computed]) -> int:
    """Lay the metrics that a select gives into metric_values; gives the number of rows. Raises
    ConfigError when `rows` does not run, has other columns, lies after `run.as_of`, or a row lacks
    its interval or its run."""
    import duckdb

    total = 0
    for name, one in computed.items():
        if one.spec.rows is None:
            continue
        try:
            made = connection.execute(one.spec.rows)
            columns, rows = tuple(c[0] for c in made.description), made.fetchall()
        except duckdb.Error as error:
            raise ConfigError(one.wrong(f"{error}; correct `rows`.")) from error
        if columns != COLUMNS:
            raise ConfigError(
                one.wrong(f"rows gives {', '.join(columns)}; give {', '.join(COLUMNS)}.")
            )
        found = []
        for told in rows:
            given = dict(zip(COLUMNS, told, strict=True))
            doubt = given.pop("doubt")
            row = Row(**given, trust=None, trust_reason=doubt and f"{doubt}.")
            found.append(row)
            if doubt is not None and (not doubt.startswith("unknown: ") or "." in doubt):
                raise ConfigError(
                    one.wrong(
                        f"{row.grain} {row.period_start} {row.slice_value} has a doubt that is "
                        f"none ('{doubt}'); say `unknown: ` and why, without a full stop."
                    )
                )
            known = (row.low, row.value, row.high, row.model_run_id)
            inside = None not in known and row.low <= row.value <= row.high
            if not inside or row.period_start > run.as_of:
                raise ConfigError(
                    one.wrong(
                        f"{row.grain} {row.period_start} {row.slice_value} has no value inside an "
                        "interval, no run, or lies ahead; correct `rows`."
                    )
                )
        lay(connection, name, sorted(found), computed)
        total += len(found)
    return total


def lay(
    connection: duckdb.DuckDBPyConnection,
    metric_id: str,
    rows: Sequence[Row],
    computed: dict[str, Computed] | None = None,
) -> None:
    """Rows of a computed metric into metric_values, in place of those it had. Raises ConfigError
    when they are of a grain or slice that its definition does not name."""
    told = (computed or load())[metric_id]
    for row in rows:
        slices = {*told.meta.slices, *(("all",) if told.meta.total else ())}
        if row.grain not in told.meta.grains or row.slice_name not in slices:
            raise ConfigError(
                told.wrong(
                    f"has a row by {row.grain} and {row.slice_name}; name them under grains and "
                    "slices."
                )
            )
    connection.execute("delete from metrics.metric_values where metric_id = ?", [metric_id])
    columns = ("metric_id", *Row._fields)
    insert(connection, "metrics.metric_values", [(metric_id, *row) for row in rows], columns)


def judge(connection: duckdb.DuckDBPyConnection) -> None:
    """Trust, from their rows, of the computed metrics that name no marts: as bad as all of them,
    degraded if some. Sources and the last day that all have rows for are those of the metrics they
    are computed from."""
    mine = [name for name, one in load().items() if not one.spec.upstream]
    names = ", ".join(f"'{name}'" for name in mine) or "''"
    connection.execute(
        f"""
        delete from metrics.metric_trust where metric_id in ({names});
        insert into metrics.metric_trust
        select
            m.metric_id,
            case when count(v.metric_id) = 0 then 'failed'
                when count(case when v.trust <> 'fresh' then 1 end) = 0 then 'fresh'
                when count(case when v.trust = 'fresh' then 1 end) = 0 then max(v.trust)
                else 'degraded' end,
            case when count(v.metric_id) = 0 then 'no value: what it is computed from has none'
                when count(case when v.trust <> 'fresh' then 1 end) = 0 then ''
                else count(distinct case when v.trust <> 'fresh' then v.slice_value end)
                    || ' of ' || count(distinct v.slice_value) || ' rest on data that are late or '
                    || 'doubtful.' end,
            '', null
        from metrics.dim_metrics as m
        left join metrics.metric_values as v
            on m.metric_id = v.metric_id and v.period_start = (
                select max(latest.period_start) from metrics.metric_values as latest
                where latest.metric_id = m.metric_id)
        where m.metric_id in ({names})
        group by m.metric_id
        order by m.metric_id
        """
    )
    for name in mine:
        connection.execute(
            f"""
            with followed as (
                select sources, last_event_date from metrics.metric_trust
                where metric_id in ({FOLLOWED[load()[name].spec.of]})
            )
            update metrics.metric_trust set
                sources = coalesce((
                    select string_agg(distinct source, ', ' order by source)
                    from (select unnest(string_split(sources, ', ')) as source from followed)
                    where source <> ''), ''),
                last_event_date = (select min(last_event_date) from followed)
            where metric_id = ?
            """,
            [name],
        )
