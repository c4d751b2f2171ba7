"""MetricFlow compiles, we execute: from the catalogue to SQL, many metrics a query, in-process.

A query costs some 15 ms to compile, so what is compiled once is kept beside the warehouse, under
the hash of all it was made from. The SQL holds no day: `getvariable('as_of')` is set on the
connection that runs it. (MetricFlow's own time constraint is no use for this: it widens to the
end of the period, so that a month in progress would count days after `as_of`.)
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import typing
from collections.abc import Iterator
from pathlib import Path

from metrics.catalogue import DEFINITIONS, GRAINS, Catalogue, slice_name
from settings import ROOT, ConfigError, Run

PROJECT = ROOT / "dbt_project"
PRIVATE = "people"  # the restricted schema: nothing of it is sliced or shown by week
PRIVATE_GRAINS = {"month", "quarter", "year"}
STRETCH = "stretch"  # in place of a grain: no periods
FISCAL = ("fiscal_quarter", "fiscal_year")
# Grain of rows -> the time spine that knows their fiscal periods; MetricFlow derives a period of
# one's own only from that grain, and knows each by a name of its own.
SPINES = {"day": "dates", "week": "weeks", "month": "months", "quarter": "quarters"}
ORIGIN = "source_table"  # a dimension of this name says from which raw table a row comes


class Manifests(typing.NamedTuple):
    """What dbt's parser wrote: the semantic manifest for MetricFlow, the graph for lineage."""

    semantic: dict[str, typing.Any]
    graph: dict[str, typing.Any]


class Query(typing.NamedTuple):
    """SQL that gives `metric_time__<grain>`, the slice's column if any, and `columns`: what the
    metrics `wanted` are told from."""

    grain: str
    slice: str | None
    wanted: tuple[str, ...]
    columns: tuple[str, ...]
    sql: str

    @property
    def period(self) -> str:
        """What metric_values calls the grain, whatever rows it is told from."""
        return self.grain.split("_of_")[0]

    @property
    def slice_name(self) -> str:
        return slice_name(self.slice) if self.slice else "all"


def manifests(
    run: Run, catalogue: Catalogue, project: Path = PROJECT, definitions: Path = DEFINITIONS
) -> Manifests:
    """dbt's manifests for this build, parsed anew when a definition is younger than they are or
    gone. Raises ConfigError with dbt's own words when the project does not parse."""
    young = max((p.stat().st_mtime for p in definitions.rglob("*.yml")), default=0.0)
    files = [run.paths.target / name for name in ("semantic_manifest.json", "manifest.json")]
    if all(file.exists() and file.stat().st_mtime > young for file in files):
        found = Manifests(*(json.loads(file.read_bytes()) for file in files))
        created = {n for n, (_, measure) in catalogue.measures.items() if measure.create_metric}
        if {m["name"] for m in found.semantic["metrics"]} == catalogue.files.keys() | created:
            return found
    _parse(run, project)
    return Manifests(*(json.loads(file.read_bytes()) for file in files))


def _parse(run: Run, project: Path) -> None:
    os.environ["PLUMBLINE_DATA"] = str(run.paths.data)
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    from dbt.cli.main import dbtRunner

    result = dbtRunner().invoke(
        ["parse", "--project-dir", str(project), "--profiles-dir", str(project),
         "--target-path", str(run.paths.target), "--log-path", str(run.paths.logs),
         "--quiet", "--no-use-colors", "--log-level-file", "none", "--no-version-check"]
    )  # fmt: skip
    if not result.success:
        raise ConfigError(
            f"{project}: dbt cannot read the definitions: {str(result.exception).strip()} "
            "Run `dbt parse` in dbt_project for the whole message."
        )


def check(catalogue: Catalogue, found: Manifests) -> None:
    """The files and dbt's manifest say the same, and nothing about people is sliced. Raises
    ConfigError naming metric, file and remedy."""
    problems = []
    known = {metric["name"] for metric in found.semantic["metrics"]}
    missing = sorted(catalogue.files.keys() - known)
    if missing:
        problems.append(
            f"{DEFINITIONS}: dbt does not know {', '.join(missing)}: the metric or its model is "
            "disabled, or model-paths in dbt_project.yml leaves the folder out."
        )
    people = private(catalogue, found)
    for name, metric in catalogue.metrics.items():
        if name in people and (metric.meta.slices or not set(metric.meta.grains) <= PRIVATE_GRAINS):
            problems.append(
                f"{metric.place}: metric '{name}' is about people ({people[name]}): "
                "only the organization by month, quarter and year; empty its slices and grains."
            )
    if problems:
        raise ConfigError("\n".join(problems))


def private(catalogue: Catalogue, found: Manifests) -> dict[str, str]:
    """{metric: semantic model} of those that come from the restricted schema."""
    schemas = {
        model["name"]: model["node_relation"]["schema_name"]
        for model in found.semantic["semantic_models"]
    }
    return {
        name: model.name
        for name in catalogue.metrics
        for model, _ in reversed(catalogue.measures_of(name))
        if schemas.get(model.name) == PRIVATE
    }


def sql_cache(run: Run) -> Path:
    return run.paths.warehouse.parent / "metric_queries.json"


def fiscal_cache(run: Run) -> Path:
    return run.paths.warehouse.parent / "metric_fiscal_queries.json"


def compiled(catalogue: Catalogue, found: Manifests, cache: Path) -> list[Query]:
    """Every query that metric_values is made of, one per group of models, slice and grain, and
    one per model that knows the raw table of its rows, for trust.

    Raises ConfigError naming the metrics that MetricFlow cannot answer together."""
    return _compiled([*_plan(catalogue, GRAINS), *_origins(catalogue)], catalogue, found, cache)


def stretches(catalogue: Catalogue, found: Manifests, cache: Path) -> list[Query]:
    """The same for every metric with a total, from day `since` to day `as_of` in one row, whatever
    periods these lie in; kept beside `cache`."""
    beside = cache.with_stem(f"{cache.stem}_of_stretches")
    return _compiled(list(_stretches(catalogue)), catalogue, found, beside)


def compiled_fiscal(catalogue: Catalogue, found: Manifests, cache: Path) -> list[Query]:
    """Every query that metric_fiscal_values is made of: fiscal quarters of what is told by quarter,
    fiscal years of what is told by year. Raises ConfigError as `compiled` does."""
    return _compiled(list(_plan(catalogue, FISCAL)), catalogue, found, cache)


def fiscal_grain(period: str, rows: str) -> str:
    """MetricFlow's name of a fiscal period of rows by day, week, month or quarter:
    `fiscal_quarter`, `fiscal_quarter_of_months`."""
    return period if rows == "day" else f"{period}_of_{SPINES[rows]}"


def _compiled(
    plan: list[Request], catalogue: Catalogue, found: Manifests, cache: Path
) -> list[Query]:
    made_from = json.dumps([found.semantic, plan], sort_keys=True, default=list)
    versions = [importlib.metadata.version(name) for name in ("metricflow", "duckdb")]
    seal = hashlib.sha256("\n".join([*versions, made_from]).encode()).hexdigest()
    kept = _kept(cache, seal)
    if kept is None:
        kept = [_explain(*request) for request in _with_engines(plan, catalogue, found)]
        cache.parent.mkdir(parents=True, exist_ok=True)
        draft = cache.with_suffix(".draft")
        draft.write_text(json.dumps({"seal": seal, "sql": kept}), encoding="utf-8")
        draft.replace(cache)
    return [
        Query(ask.grain, ask.slice, ask.wanted, ask.columns, sql)
        for ask, sql in zip(plan, kept, strict=True)
    ]


def _kept(cache: Path, seal: str) -> list[str] | None:
    try:
        stored = json.loads(cache.read_bytes())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return stored["sql"] if stored.get("seal") == seal else None


class Request(typing.NamedTuple):
    grain: str
    rows: str
    slice: str | None
    wanted: tuple[str, ...]
    columns: tuple[str, ...]


def columns_of(name: str, catalogue: Catalogue) -> tuple[str, ...]:
    """What MetricFlow is asked for: a metric and its parts, or of a ratio the parts alone. A ratio
    beside its own parts would be a second scan of the same rows."""
    metric = catalogue.metrics[name]
    own = () if metric.spec.type == "ratio" else (name,)
    return (*own, *metric.parts.values())


def _plan(catalogue: Catalogue, periods: tuple[str, ...]) -> Iterator[Request]:
    """Metrics that can share a query: same models, same grain of rows, same slice."""
    together = groups(catalogue)
    for period in periods:
        batches: dict[tuple[str, str, str], list[str]] = {}
        for name, metric in catalogue.metrics.items():
            if period.removeprefix("fiscal_") not in metric.meta.grains:
                continue
            root = together[catalogue.measures_of(name)[0][0].name]
            for slice_ in (*([""] if metric.meta.total else []), *metric.meta.slices):
                batches.setdefault((root, catalogue.grain_of(name), slice_), []).append(name)
        for (_, rows, slice_), names in batches.items():
            if period in FISCAL and rows not in SPINES:
                continue
            grain = fiscal_grain(period, rows) if period in FISCAL else period
            yield _request(grain, rows, slice_ or None, names, catalogue)


def _origins(catalogue: Catalogue) -> Iterator[Request]:
    """By year, from which raw table the rows of a model come."""
    for model in catalogue.models.values():
        names = [n for n in catalogue.metrics if _only_from(n, catalogue) == model.name]
        if names and any(dimension.name == ORIGIN for dimension in model.dimensions):
            rows = max((catalogue.grain_of(name) for name in names), key=GRAINS.index)
            yield _request("year", rows, f"{model.key}__{ORIGIN}", names, catalogue)


def _stretches(catalogue: Catalogue) -> Iterator[Request]:
    together = groups(catalogue)
    batches: dict[tuple[str, str], list[str]] = {}
    for name, metric in catalogue.metrics.items():
        if metric.meta.total and {"month", "quarter", "year"}.intersection(metric.meta.grains):
            root = together[catalogue.measures_of(name)[0][0].name]
            batches.setdefault((root, catalogue.grain_of(name)), []).append(name)
    for (_, rows), names in batches.items():
        yield _request(STRETCH, rows, None, names, catalogue)


def _request(
    grain: str, rows: str, slice_: str | None, names: list[str], catalogue: Catalogue
) -> Request:
    columns = dict.fromkeys(c for name in names for c in columns_of(name, catalogue))
    return Request(grain, rows, slice_, tuple(names), tuple(columns))


def _only_from(name: str, catalogue: Catalogue) -> str | None:
    models = {model.name for model, _ in catalogue.measures_of(name)}
    return models.pop() if len(models) == 1 else None


def groups(catalogue: Catalogue) -> dict[str, str]:
    """Semantic model -> the first of those it shares a metric or an entity with. MetricFlow looks
    through every model it was given, so it is given only those that can matter."""
    root = {name: name for name in catalogue.models}

    def find(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    def join(names: list[str]) -> None:
        for other in names[1:]:
            root[find(other)] = find(names[0])

    for name, metric in catalogue.metrics.items():
        parts = [name, *metric.parts.values()]
        join([m.name for part in parts for m, _ in catalogue.measures_of(part)])
    entities: dict[str, list[str]] = {}
    for model in catalogue.models.values():
        for entity in model.entities:
            entities.setdefault(entity.name, []).append(model.name)
    for names in entities.values():
        join(names)
    return {name: find(name) for name in root}


def engine_of(catalogue: Catalogue, found: Manifests, name: str) -> typing.Any:
    """MetricFlow's engine over what a metric's answers come from."""
    together = groups(catalogue)
    root = together[catalogue.measures_of(name)[0][0].name]
    members = {model for model, first in together.items() if first == root}
    return engine(found.semantic, members, catalogue)


def one(made: typing.Any, catalogue: Catalogue, name: str, grain: str, *slices: str) -> str:
    """MetricFlow's SQL for one metric by one grain and, given their keys, slices in combination.
    Raises ConfigError when MetricFlow cannot answer that."""
    request = _request(grain, catalogue.grain_of(name), None, [name], catalogue)
    return _explain(made, request, *slices)


def _with_engines(plan: list[Request], catalogue: Catalogue, found: Manifests) -> Iterator[tuple]:
    together = groups(catalogue)
    engines: dict[str, typing.Any] = {}
    for request in plan:
        root = together[catalogue.measures_of(request.wanted[0])[0][0].name]
        if root not in engines:
            members = {name for name, first in together.items() if first == root}
            engines[root] = engine(found.semantic, members, catalogue)
        yield engines[root], request


def engine(
    semantic: dict[str, typing.Any], models: set[str] | None, catalogue: Catalogue
) -> typing.Any:
    """MetricFlow's engine over some semantic models (None: all) for DuckDB. It only explains:
    there is no connection behind it."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
    from metricflow_semantics.model.dbt_manifest_parser import (
        parse_manifest_from_dbt_generated_manifest,
    )
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    class Explainer:
        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

    if models is not None:
        chosen = [model for model in semantic["semantic_models"] if model["name"] in models]
        metrics = [
            metric
            for metric in semantic["metrics"]
            if {model.name for model, _ in catalogue.measures_of(metric["name"])} <= models
        ]
        semantic = {**semantic, "semantic_models": chosen, "metrics": metrics}
    read = parse_manifest_from_dbt_generated_manifest(json.dumps(semantic))
    return MetricFlowEngine(SemanticManifestLookup(read), Explainer())


def _explain(made: typing.Any, request: Request, *slices: str) -> str:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
    from metricflow_semantics.errors.error_classes import MetricFlowException

    by = [f"metric_time__{request.grain}", *([request.slice] if request.slice else []), *slices]
    rows = f"{{{{ TimeDimension('metric_time', '{request.rows}') }}}}"
    where = [f"{rows} <= getvariable('as_of')"]
    if request.grain == STRETCH:
        by, where = [], [f"{rows} >= getvariable('since')", *where]
    try:
        answer = made.explain(
            MetricFlowQueryRequest.create(
                metric_names=list(request.columns), group_by_names=by, where_constraints=where
            )
        )
    except MetricFlowException as error:
        raise ConfigError(
            f"{DEFINITIONS}: MetricFlow cannot answer {', '.join(request.wanted)} by "
            f"{', '.join(by)}: {' '.join(str(error).split())}"
        ) from None
    return answer.sql_statement.sql
