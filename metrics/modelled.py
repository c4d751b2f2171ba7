"""Metrics that a model estimates: `metrics/modelled/*.yml`, laid into metric_values.

MetricFlow answers from marts before any model has run, so these cannot be its metrics and
`mf query` does not know them. They have the same meta, owner, trust and page in the dictionary as
all others, an interval always, and `model_run_id`: the build whose estimate it is.
"""

from __future__ import annotations

import re
import typing
from pathlib import Path

from pydantic import Field

from metrics.catalogue import Config, Meta, Name, Words, refused
from settings import ROOT, ConfigError, Run, read_yaml, strict, yaml_line

if typing.TYPE_CHECKING:
    import duckdb

FOLDER = ROOT / "metrics" / "modelled"
COLUMNS = ("grain", "period_start", "slice_name", "slice_value", "value", "low", "high", "n",
           "is_complete", "doubt", "run_id")  # fmt: skip


@strict
class Entry:
    """`rows`: a select from schema metrics of COLUMNS (doubt: null, or `unknown: ` and why the
    value is no evidence, without a full stop); `upstream`: the marts it all comes from, for
    trust."""

    name: Name
    label: Words
    description: Words
    upstream: typing.Annotated[tuple[Name, ...], Field(min_length=1)]
    rows: Words
    config: Config


@strict
class File:
    metrics: tuple[Entry, ...] = ()


class Modelled(typing.NamedTuple):
    """A modelled metric and where it stands."""

    file: Path
    line: int
    spec: Entry

    @property
    def meta(self) -> Meta:
        return self.spec.config.meta


def load(folder: Path = FOLDER, taken: typing.Collection[str] = ()) -> dict[str, Modelled]:
    """Every modelled metric by name; `taken` are names that MetricFlow's metrics have. Raises
    ConfigError naming file, line, metric and remedy, one line a problem."""
    found: dict[str, Modelled] = {}
    problems = []
    for path in sorted(folder.glob("*.yml")):
        for at, spec in enumerate(read_yaml(path, File).metrics):
            one = Modelled(path, yaml_line(path, ("metrics", at, "name")), spec)
            said = _wrong(one)
            if spec.name in taken or spec.name in found:
                said.append("stands twice: a number is defined once.")
            problems += [f"{path}:{one.line}: metric '{spec.name}' {text}" for text in said]
            found[spec.name] = one
    if problems:
        raise ConfigError("\n".join(problems))
    return found


def _wrong(one: Modelled) -> list[str]:
    meta, said = one.meta, []
    if meta.additivity != "model":
        said.append("is estimated: additivity is model.")
    if meta.total or not meta.slices:
        said.append("has no total (estimates do not add up); say total: false and name slices.")
    schemas = set(re.findall(r"\b(?:from|join)\s+(\w+)\.", one.spec.rows))
    if schemas != {"metrics"}:
        said.append(f"selects from {', '.join(sorted(schemas)) or 'nothing'}; only from metrics.")
    return said + refused("metric", one.spec.name, f"{one.spec.label} {one.spec.description}")


def check(known: dict[str, Modelled], graph: dict[str, typing.Any]) -> None:
    """Every mart of `upstream` is a model of dbt's graph. Raises ConfigError naming the metric."""
    problems = [
        f"{one.file}:{one.line}: metric '{name}': no model '{mart}'; name the marts it comes from."
        for name, one in known.items()
        for mart in one.spec.upstream
        if f"model.plumbline.{mart}" not in graph["nodes"]
    ]
    if problems:
        raise ConfigError("\n".join(problems))


def write(run: Run, connection: duckdb.DuckDBPyConnection, known: dict[str, Modelled]) -> int:
    """Add the rows of all modelled metrics to metric_values; gives their number. Raises
    ConfigError when `rows` does not run, has other columns, or a row lacks its interval."""
    import duckdb

    total = 0
    for name, one in known.items():
        meta = one.meta
        place = f"{one.file}:{one.line}: metric '{name}'"
        try:
            connection.execute(f"create or replace temp table modelled as {one.spec.rows}")
            made = connection.execute("select * from modelled")
        except duckdb.Error as error:
            raise ConfigError(f"{place}: {error}; correct `rows`.") from error
        columns = tuple(column[0] for column in made.description)
        if columns != COLUMNS:
            raise ConfigError(
                f"{place}: rows gives {', '.join(columns)}; give {', '.join(COLUMNS)}."
            )
        bad = connection.execute(
            "select grain, period_start, slice_value from modelled where value is null or "
            "run_id is null or not coalesce(low <= value and value <= high, false) "
            "or not list_contains(?, grain) or not list_contains(?, slice_name) "
            "or doubt not like 'unknown: %' or contains(doubt, '.') "
            "or period_start > ? order by all limit 1",
            [list(meta.grains), list(meta.slices), run.as_of],
        ).fetchall()
        if bad:
            raise ConfigError(
                f"{place}: {' '.join(map(str, bad[0]))} has no value inside an interval, no run, "
                "a doubt that is none, or a grain or slice that its meta does not name; correct "
                "`rows` or meta."
            )
        connection.execute(
            "insert into metrics.metric_values (metric_id, grain, period_start, slice_name, "
            "slice_value, value, n, low, high, is_complete, trust_reason, model_run_id) select ?, "
            "grain, period_start, slice_name, slice_value, value, n, low, high, is_complete, "
            "doubt || '.', run_id from modelled order by all", [name],
        )  # fmt: skip
        total += connection.execute("select count(*) from modelled").fetchall()[0][0]
        connection.execute("drop table modelled")
    return total
