"""The definitions as their files say them: read strictly, checked, never queried.

`metrics/definitions/*.yml` is MetricFlow's own YAML (dbt's documentation, "Semantic models" and
"Metrics"), which dbt reads through its model-paths. Here the same files are read for what
MetricFlow has no word for, `config.meta`, and for the laws that a definition can break on paper:
its additivity, its slices, the numbers that are refused. A metric without `config.meta` is a part
of another one (a numerator, say) and is never reported by itself.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import typing
from pathlib import Path

from pydantic import BeforeValidator, Field

from settings import ROOT, ConfigError, read_yaml, strict, yaml_line

DEFINITIONS = ROOT / "metrics" / "definitions"
GRAINS = ("day", "week", "month", "quarter", "year")
SUMS = ("sum", "count", "sum_boolean")
LEVEL = 0.95  # of every interval that is computed from observations
# Parts that config.meta names.
ROLES = ("n", "low", "high", "squares", "asked", "suppressed", "known", "due")
MONTHS = "months"  # in place of a metric that says what is due: the months of the period
REFUSED = (
    (
        r"\baves?\b|\bad(vertising)?[ -]+(value|cost)[ -]+equivalen\w+|\bmedia value\b",
        "advertising value equivalents are not the value of communication (AMEC Barcelona "
        "Principles, principle 5); report items, message pull-through or outcomes",
    ),
    (
        r"\b(influence|influencer|klout|social success|social performance|composite|health)"
        r"[ -]+(score|index)\b",
        "no single score stands for influence or success (Conclave 2013); report its parts",
    ),
    (
        r"\b(total|sum(med)?|cumulated|combined|aggregate) reach\b|\breach (sum|total)\b",
        "reach does not add over days, accounts or networks; report social_reach by window",
    ),
)
# What the catalogue refuses, by name: {id: why}.
REFUSED_IDS = dict(
    zip(("ave", "influence_score", "reach_sum"), (w for _, w in REFUSED), strict=True)
)

Words = typing.Annotated[str, Field(min_length=1)]
Name = typing.Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Grain = typing.Literal["day", "week", "month", "quarter", "year"]
Text = typing.Annotated[str, BeforeValidator(lambda v: str(v) if isinstance(v, int) else v)]


@strict
class TimeParameters:
    time_granularity: Grain


@strict
class Dimension:
    name: Name
    type: typing.Literal["time", "categorical"]
    type_params: TimeParameters | None = None
    expr: Text | None = None
    description: Words | None = None
    label: Words | None = None


@strict
class Entity:
    name: Name
    type: typing.Literal["primary", "unique", "foreign", "natural"]
    expr: Text | None = None
    description: Words | None = None


@strict
class LastValue:
    """MetricFlow's word for a stock: which dimension it must not be summed over."""

    name: Name
    window_choice: typing.Literal["min", "max"]
    window_groupings: tuple[Name, ...] = ()


@strict
class Aggregation:
    percentile: float | None = None
    use_discrete_percentile: bool = False
    use_approximate_percentile: bool = False


@strict
class Measure:
    name: Name
    description: Words
    agg: typing.Literal[
        "sum", "count", "count_distinct", "sum_boolean", "median", "percentile", "max", "min",
        "average",
    ]  # fmt: skip
    expr: Text | None = None
    create_metric: bool = False
    non_additive_dimension: LastValue | None = None
    agg_params: Aggregation | None = None
    agg_time_dimension: Name | None = None


@strict
class Defaults:
    agg_time_dimension: Name


@strict
class SemanticModel:
    name: Name
    description: Words
    model: typing.Annotated[str, Field(pattern=r"^ref\('\w+'\)$")]
    defaults: Defaults | None = None
    primary_entity: Name | None = None
    entities: tuple[Entity, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    measures: tuple[Measure, ...] = ()

    @property
    def table(self) -> str:
        return self.model[5:-2]

    @property
    def key(self) -> str | None:
        """The entity by which its dimensions are called."""
        return self.primary_entity or next(
            (e.name for e in self.entities if e.type == "primary"), None
        )

    def granularity(self, measure: Measure) -> str:
        """The grain of the measure's time: no period finer than it can be asked for."""
        name = measure.agg_time_dimension or (self.defaults and self.defaults.agg_time_dimension)
        return next(
            (d.type_params.time_granularity for d in self.dimensions
             if d.name == name and d.type_params), "day",
        )  # fmt: skip


@strict
class Input:
    """A measure or metric that goes into another; `fill_nulls_with` is known so as to refuse it."""

    name: Name
    filter: Words | None = None
    alias: Name | None = None
    offset_window: Words | None = None
    offset_to_grain: Grain | None = None
    fill_nulls_with: int | None = None
    join_to_timespine: bool = False


AnInput = typing.Annotated[
    Input, BeforeValidator(lambda v: {"name": v} if isinstance(v, str) else v)
]


@strict
class TypeParameters:
    measure: AnInput | None = None
    numerator: AnInput | None = None
    denominator: AnInput | None = None
    expr: Text | None = None
    metrics: tuple[AnInput, ...] = ()


Days = typing.Annotated[int, Field(ge=0)]


@strict
class Meta:
    """What a reader must know of a metric. The first fourteen are required, without defaults.

    `slices` are names as in `mf query --group-by` (`post_day__network`); in `metric_values` a
    slice is called by what follows the last `__`. `total: false` keeps no value for all slices
    together. `n`, `squares`, `asked` and `suppressed` name parts: the number of observations, the
    sum of squares behind a mean, the questionnaires sent, and what is withheld for privacy (where
    it is above zero and the metric has no value, the row says so). `interval` is 95 %: wilson for
    a share of counts (Wilson 1927), mean for a mean (for NPS the usual formula); bounds are no
    matter of chance and have no level. `level` is for the intervals of metrics/computed.
    `matures_after_days`: a period is complete so long after its end; `slices_mature_after_days`:
    of a slice whose values are decided later than its rows are made. `known` names how many rows
    or months the number rests on, `due` how many there should be (a metric, or `months`: those of
    the period): where some are missing the number is partial, and where months are, not complete.
    """

    unit: typing.Literal[
        "count", "people", "accounts", "percent", "points", "money", "minutes", "hours", "days",
        "score", "fte", "ratio", "per_item", "per_person", "per_hour", "index", "goal",
    ]  # fmt: skip
    better: typing.Literal["higher", "lower", "target", "neutral"]
    additivity: typing.Literal[
        "additive", "semi", "ratio", "distinct", "percentile", "survey", "model"
    ]
    amec: typing.Literal["input", "activity", "output", "outtake", "outcome", "impact"]
    objective: typing.Literal[
        "brand_health", "marketing_optimization", "revenue_generation", "operational_efficiency",
        "customer_experience", "innovation",
    ]  # fmt: skip
    domain: Words
    owner: Name
    source: Words
    caveat: Words
    slices: tuple[typing.Annotated[str, Field(pattern=r"^\w+$")], ...]
    grains: tuple[Grain, ...]
    total: bool = True
    n: Name | None = None
    interval: typing.Literal["wilson", "mean", "bounds"] | None = None
    low: Name | None = None
    high: Name | None = None
    squares: Name | None = None
    asked: Name | None = None
    suppressed: Name | None = None
    known: Name | None = None
    due: Name | None = None
    matures_after_days: Days = 0
    slices_mature_after_days: dict[str, Days] = dataclasses.field(default_factory=dict)
    level: typing.Annotated[float, Field(gt=0, lt=1)] | None = None

    @property
    def interval_level(self) -> float | None:
        """How sure its interval is, 0..1; None where it has none, or has bounds."""
        return LEVEL if self.interval in ("wilson", "mean") else self.level

    def slice_wait(self, name: str) -> int:
        """How many days after its end a period of the slice (as metric_values calls it) is
        decided."""
        mine = {slice_name(each): days for each, days in self.slices_mature_after_days.items()}
        return mine.get(name, 0)


@strict
class Config:
    meta: Meta


@strict
class MetricFile:
    """A metric as its YAML says it."""

    name: Name
    label: Words
    description: Words
    type: typing.Literal["simple", "ratio", "derived"]
    type_params: TypeParameters
    filter: Words | None = None
    config: Config | None = None

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The metrics it is made of; none for a simple one."""
        given = self.type_params
        pair = (given.numerator, given.denominator)
        return tuple(i for i in pair if i) + given.metrics


@strict
class Definitions:
    semantic_models: tuple[SemanticModel, ...] = ()
    metrics: tuple[MetricFile, ...] = ()


class Metric(typing.NamedTuple):
    """A reported metric: its file, its place in it, its definition and what it is made of."""

    file: Path
    position: int
    spec: MetricFile
    meta: Meta

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def place(self) -> str:
        """file:line, for errors; the file is read again for it."""
        return _place(self.file, "metrics", self.position)

    @property
    def parts(self) -> dict[str, str]:
        """role -> metric to ask for beside it: numerator, denominator, n, squares, ..."""
        given = self.spec.type_params
        named = {
            "numerator": given.numerator and given.numerator.name,
            "denominator": given.denominator and given.denominator.name,
            **{role: getattr(self.meta, role) for role in ROLES},
        }
        if self.meta.due == MONTHS:
            named["due"] = None
        return {role: name for role, name in named.items() if name}


class Catalogue(typing.NamedTuple):
    """All definitions: reported metrics, every metric file by name, measures with their model."""

    metrics: dict[str, Metric]
    files: dict[str, MetricFile]
    measures: dict[str, tuple[SemanticModel, Measure]]
    models: dict[str, SemanticModel]

    def measures_of(self, name: str) -> list[tuple[SemanticModel, Measure]]:
        """The measures that a metric, a part or a created metric comes down to."""
        spec = self.files.get(name)
        if spec is None:
            return [self.measures[name]]
        if spec.type_params.measure:
            return [self.measures[spec.type_params.measure.name]]
        return [found for part in spec.inputs for found in self.measures_of(part.name)]

    def grain_of(self, name: str) -> str:
        """The coarsest grain among its measures."""
        found = [model.granularity(measure) for model, measure in self.measures_of(name)]
        return max(found, key=GRAINS.index)

    def formula(self, name: str) -> str:
        """The metric as one line that an analyst can check: `sum(clicks) / sum(impressions)`."""
        spec = self.files.get(name)
        if spec is None:
            return _measure_formula(self.measures[name][1], None)
        given = spec.type_params
        if given.measure:
            measure = self.measures[given.measure.name][1]
            return _measure_formula(measure, given.measure.filter or spec.filter)
        named = {i.alias or i.name: self.formula(i.name) for i in spec.inputs}
        if spec.type == "ratio":
            top, bottom = (
                f"({text})" if re.search(r" where | [-+*/] (?![^(]*\))", text) else text
                for text in named.values()
            )
            return f"{top} / {bottom}"
        return re.sub(
            r"\b(" + "|".join(map(re.escape, named)) + r")\b",
            lambda m: named[m[0]], given.expr or "",
        )  # fmt: skip


def slice_name(slice_: str) -> str:
    """`post_day__network` is called `network` in metric_values."""
    return slice_.rsplit("__", 1)[-1]


def load(folder: Path = DEFINITIONS) -> Catalogue:
    """Every definition under `folder`. Raises ConfigError naming file, line, metric and remedy,
    one line a problem."""
    problems: list[str] = []
    files: dict[str, MetricFile] = {}
    metrics: dict[str, Metric] = {}
    measures: dict[str, tuple[SemanticModel, Measure]] = {}
    models: dict[str, SemanticModel] = {}
    places: dict[str, tuple] = {}
    for path in sorted(folder.rglob("*.yml")):
        try:
            read = read_yaml(path, Definitions)
        except ConfigError as error:
            problems.append(str(error))
            continue
        for at, model in enumerate(read.semantic_models):
            models[model.name] = model
            for position, measure in enumerate(model.measures):
                place = (path, "semantic_models", at, "measures", position)
                if measure.name in measures:
                    problems.append(f"{_place(*place)}: measure '{measure.name}' stands twice.")
                measures[measure.name] = (model, measure)
                places.setdefault(measure.name, place)
        for at, spec in enumerate(read.metrics):
            if spec.name in files:
                problems.append(
                    f"{_place(path, 'metrics', at)}: metric '{spec.name}' stands twice, also at "
                    f"{_place(*places[spec.name])}: a number is defined once."
                )
            files[spec.name] = spec
            places[spec.name] = (path, "metrics", at)
            if spec.config:
                metrics[spec.name] = Metric(path, at, spec, spec.config.meta)
    catalogue = Catalogue(metrics, files, measures, models)
    if not problems:
        for name in [*files, *(name for name in measures if name not in files)]:
            problems += [f"{_place(*places[name])}: {text}" for text in wrong(name, catalogue)]
    if problems:
        raise ConfigError("\n".join(problems))
    return catalogue


def _place(path: Path, *loc: str | int) -> str:
    return f"{path}:{yaml_line(path, (*loc, 'name'))}"


def wrong(name: str, catalogue: Catalogue) -> list[str]:
    """What is wrong with a metric or measure on paper; every sentence names a remedy."""
    model, measure = catalogue.measures.get(name, (None, None))
    if measure and name not in catalogue.files:
        return refused("measure", name, measure.description, measure)
    spec = catalogue.files[name]
    unknown = _unknown(spec, catalogue)
    if unknown:
        return unknown
    found = refused("metric", name, f"{spec.label} {spec.description}")
    for part in (spec.type_params.measure, *spec.inputs):
        if part and (part.fill_nulls_with is not None or part.join_to_timespine):
            found.append(
                f"metric '{name}': fill_nulls_with and join_to_timespine make a number where "
                "nothing is known; leave them out."
            )
        if part and (part.offset_window or part.offset_to_grain):
            found.append(
                f"metric '{name}': an input of another period cannot be checked against its "
                "slices; compare periods where the number is read."
            )
    if spec.type != "simple" and (spec.filter or any(part.filter for part in spec.inputs)):
        found.append(
            f"metric '{name}': a filter here is not a filter of its parts, and they are shown "
            "beside it; put the condition into the measures or into simple metrics of their own."
        )
    if spec.config is None:
        used = {i.name for other in catalogue.files.values() for i in other.inputs} | {
            part for metric in catalogue.metrics.values() for part in metric.parts.values()
        }
        if name not in used:
            found.append(
                f"metric '{name}' has no config.meta and no other metric is made of it; "
                "add config.meta (docs/how_to_add_a_metric.md) or remove it."
            )
        return found
    return found + _meta_wrong(catalogue.metrics[name], catalogue)


def _unknown(spec: MetricFile, catalogue: Catalogue) -> list[str]:
    given, found = spec.type_params, []
    if (spec.type == "simple") != bool(given.measure):
        found.append(f"metric '{spec.name}': a simple metric, and only that, has a measure.")
    if (spec.type == "ratio") != bool(given.numerator and given.denominator):
        found.append(f"metric '{spec.name}': a ratio has a numerator and a denominator.")
    if (spec.type == "derived") != bool(given.metrics and given.expr):
        found.append(f"metric '{spec.name}': a derived metric has expr and metrics.")
    if given.measure and given.measure.name not in catalogue.measures:
        found.append(f"metric '{spec.name}': no measure '{given.measure.name}'; define it.")
    parts = spec.config.meta if spec.config else None
    names = [part.name for part in spec.inputs] + [
        name for role in ROLES
        if parts and (name := getattr(parts, role)) and (role, name) != ("due", MONTHS)
    ]  # fmt: skip
    for name in names:
        made = name in catalogue.measures and catalogue.measures[name][1].create_metric
        if name not in catalogue.files and not made:
            found.append(
                f"metric '{spec.name}': no metric '{name}'; define it, or give the measure of "
                "that name create_metric: true."
            )
    return found


def _meta_wrong(metric: Metric, catalogue: Catalogue) -> list[str]:
    meta, spec, name = metric.meta, metric.spec, metric.name
    says = f"metric '{name}': "
    found = []
    measures = [measure for _, measure in catalogue.measures_of(name)]
    stocks = [m for m in measures if m.non_additive_dimension]
    plain = all(m.agg in SUMS for m in measures)
    if meta.additivity == "additive" and (spec.type == "ratio" or stocks or not plain):
        found.append(f"{says}only a plain sum is additive; say what it is.")
    mean_over_time = spec.type == "ratio" and any(
        m.agg == "count_distinct" for _, m in catalogue.measures_of(metric.parts["denominator"])
    )
    if meta.additivity == "semi" and not (
        (spec.type == "simple" and stocks and plain) or mean_over_time
    ):
        found.append(
            f"{says}a semi-additive metric sums with a non_additive_dimension, or is a ratio to "
            "the number of periods."
        )
    if meta.additivity in ("ratio", "survey") and spec.type != "ratio":
        found.append(f"{says}a {meta.additivity} has type ratio: sums over sums.")
    if meta.additivity in ("ratio", "survey") and any(m.agg == "average" for m in measures):
        found.append(f"{says}a mean of rows is not a ratio of sums; sum both sides.")
    if meta.additivity == "percentile" and not all(
        m.agg in ("median", "percentile") for m in measures
    ):
        found.append(f"{says}a percentile has agg median or percentile.")
    if meta.additivity == "distinct" and spec.type == "derived" and meta.interval != "bounds":
        found.append(
            f"{says}different people are counted or taken as reported, or stand between bounds: "
            "say interval: bounds, or make it simple."
        )
    counted = spec.type == "ratio" or measures[0].agg == "count_distinct"
    if meta.additivity == "distinct" and meta.total and not counted:
        found.append(f"{says}what is not counted here has no total; say total: false.")
    if meta.additivity in ("percentile", "survey") and not meta.n:
        found.append(f"{says}a {meta.additivity} shows how many stand behind it; name n.")
    if meta.additivity == "survey" and not (meta.asked and meta.interval):
        found.append(f"{says}a survey shows response rate and interval; name asked and interval.")
    if meta.interval == "bounds" and not (meta.low and meta.high):
        found.append(f"{says}bounds are metrics of their own; name low and high.")
    if meta.interval != "bounds" and (meta.low or meta.high):
        found.append(f"{says}low and high are for interval: bounds; others are computed.")
    if meta.level is not None:
        found.append(f"{says}level is for metrics/computed; what `interval` names is 95 %.")
    if meta.interval in ("wilson", "mean") and spec.type != "ratio":
        found.append(f"{says}an interval needs a numerator and a denominator: type ratio.")
    if (meta.interval == "mean") != bool(meta.squares):
        found.append(f"{says}interval mean, and only that, needs squares.")
    if bool(meta.known) != bool(meta.due):
        found.append(f"{says}what is known is told beside what is due; name known and due.")
    if not meta.grains:
        found.append(f"{says}no grains; name at least one of {', '.join(GRAINS)}.")
    finest = GRAINS.index(catalogue.grain_of(name))
    for grain in meta.grains:
        if GRAINS.index(grain) < finest:
            found.append(f"{says}its rows are by {GRAINS[finest]}; take {grain} out of grains.")
    if not meta.total and not meta.slices:
        found.append(f"{says}without a total and without slices it has no value.")
    names = [slice_name(s) for s in meta.slices]
    if len({*names, "all"}) <= len(names):
        found.append(f"{says}two slices share a last name, or one is called 'all'.")
    known = {
        f"{model.key}__{dimension.name}"
        for model in catalogue.models.values()
        for dimension in model.dimensions
        if dimension.type == "categorical"
    }
    for slice_ in meta.slices:
        if slice_ not in known:
            found.append(f"{says}no dimension '{slice_}'; known: {', '.join(sorted(known))}.")
    found += [
        f"{says}'{slice_}' of slices_mature_after_days is none of its slices: "
        f"{', '.join(meta.slices) or 'it has none'}."
        for slice_ in meta.slices_mature_after_days
        if slice_ not in meta.slices
    ]
    return found


def refused(kind: str, name: str, about: str, measure: Measure | None = None) -> list[str]:
    """Law 13: refused by name, by meaning and, for reach, by what is summed."""
    text = f"{name.replace('_', ' ')} | {about}".lower()
    found = [
        f"{kind} '{name}' is refused: {why}."
        for pattern, why in REFUSED
        if re.search(pattern, text)
    ]
    if measure and measure.agg in ("sum", "average") and re.search(
        r"reach_people|\breach\b", measure.expr or measure.name
    ):  # fmt: skip
        found.append(f"{kind} '{name}' is refused: {REFUSED[2][1]}.")
    return found


def _measure_formula(measure: Measure, condition: str | None) -> str:
    expr = measure.expr or measure.name
    percentile = measure.agg_params.percentile if measure.agg_params else None
    called = {
        "count_distinct": f"count(distinct {expr})",
        "sum_boolean": f"sum({expr} as 0 or 1)",
        "percentile": f"percentile({expr}, {percentile})",
    }.get(measure.agg, f"{measure.agg}({expr})")
    if measure.agg == "sum" and expr == "1":
        called = "count(rows)"
    stock = measure.non_additive_dimension
    if stock:
        each = "".join(f" of each {name}" for name in stock.window_groupings)
        when = "last" if stock.window_choice == "max" else "first"
        called += f" on the {when} {stock.name}{each}"
    return f"{called} where {_plain(condition)}" if condition else called


def _plain(condition: str) -> str:
    """A filter without MetricFlow's brackets."""
    return re.sub(r"\{\{\s*\w+\('(?:\w+__)?(\w+?)'[^)]*\)\s*\}\}", r"\1", condition).strip()


def unknown(asked: str, labels: dict[str, str]) -> str:
    """What to say of a metric that is none of `labels` (metric -> label): why it is refused, or
    which of them, by name or label, is nearest."""
    for problem in refused("metric", asked, asked.replace("_", " ")):
        return problem
    names = {_spelt(label): name for name, label in labels.items()} | {n: n for n in labels}
    near = difflib.get_close_matches(_spelt(asked), names, n=1, cutoff=0.5)
    hint = "docs/metrics.md lists them."
    if near:
        name = names[near[0]]
        hint = f"did you mean '{name}' ({labels[name]})?"
    return f"there is no metric '{asked}'; {hint}"


def _spelt(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")
