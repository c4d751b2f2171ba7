"""Metrics that are computed from other metrics' results: declared like all others, not queried.

MetricFlow has no word for a forecast or for the days from a signal to a decision. Such a number is
declared in `metrics/computed/*.yml` with the same required `config.meta`, the step `measure`
computes its rows, and here they get what every metric has: an entry in dim_metrics, rows in
metric_values, trust.
"""

from __future__ import annotations

import functools
import typing
from collections.abc import Sequence
from pathlib import Path

from metrics.catalogue import Catalogue, Config, Meta, Name, Words, refused
from metrics.storing import insert
from settings import ROOT, ConfigError, read_yaml, strict, yaml_line

if typing.TYPE_CHECKING:
    import duckdb

FOLDER = ROOT / "metrics" / "computed"


@strict
class Spec:
    name: Name
    label: Words
    description: Words
    formula: Words
    by: Words
    config: Config


@strict
class Specs:
    metrics: tuple[Spec, ...]


class Computed(typing.NamedTuple):
    file: Path
    spec: Spec

    @property
    def meta(self) -> Meta:
        return self.spec.config.meta


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
    trust: str = "fresh"
    trust_reason: str | None = None
    response_rate: float | None = None


@functools.lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> dict[str, Computed]:
    """Every computed metric by name. Raises ConfigError with file, line and remedy for a name that
    stands twice and for numbers that are refused."""
    found: dict[str, Computed] = {}
    for file in sorted(folder.glob("*.yml")):
        for k, spec in enumerate(read_yaml(file, Specs).metrics):
            place = f"{file}:{yaml_line(file, ('metrics', k, 'name'))}"
            if spec.name in found:
                raise ConfigError(f"{place}: metric '{spec.name}' stands twice.")
            problems = refused("metric", spec.name, f"{spec.label} {spec.description}", None)
            if problems:
                raise ConfigError("\n".join(f"{place}: {text}" for text in problems))
            found[spec.name] = Computed(file, spec)
    return found


def check(catalogue: Catalogue, computed: dict[str, Computed]) -> None:
    """A number is defined once: not here and in metrics/definitions. Raises ConfigError."""
    for name in catalogue.files.keys() & computed.keys():
        raise ConfigError(
            f"{computed[name].file}: metric '{name}' is also in metrics/definitions; a number is "
            "defined once."
        )


def describe(computed: dict[str, Computed]) -> list[tuple]:
    """Rows of dim_metrics less the owner's name and status, in its order."""
    return [
        (name, c.spec.label, c.spec.description, c.meta.unit, c.meta.better, c.meta.additivity,
         c.meta.amec, c.meta.objective, c.meta.domain, c.meta.owner, c.meta.source, c.meta.caveat,
         c.spec.formula)
        for name, c in computed.items()
    ]  # fmt: skip


def lay(connection: duckdb.DuckDBPyConnection, metric_id: str, rows: Sequence[Row]) -> None:
    """Rows of a computed metric into metric_values, in place of those it had. Raises ConfigError
    when they are of a grain or slice that its definition does not name."""
    told = load()[metric_id]
    for row in rows:
        slices = {*told.meta.slices, *(("all",) if told.meta.total else ())}
        if row.grain not in told.meta.grains or row.slice_name not in slices:
            raise ConfigError(
                f"{told.file}: metric '{metric_id}' has a row by {row.grain} and {row.slice_name}; "
                "name them under grains and slices."
            )
    connection.execute("delete from metrics.metric_values where metric_id = ?", [metric_id])
    columns = ("metric_id", *Row._fields)
    insert(connection, "metrics.metric_values", [(metric_id, *row) for row in rows], columns)


def judge(connection: duckdb.DuckDBPyConnection) -> None:
    """Trust of the computed metrics from their rows: as bad as all of them, degraded if some."""
    names = ", ".join(f"'{name}'" for name in load()) or "''"
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
            'computed', max(case when v.trust = 'fresh' then v.period_start end)
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
