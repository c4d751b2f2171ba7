"""`docs/metrics.md`: the metric dictionary, written from the definitions and from nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from metrics import computed, modelled
from metrics.catalogue import Catalogue, Metric, slice_name
from metrics.computed import Computed
from metrics.modelled import Modelled
from settings import ROOT

PAGE = ROOT / "docs" / "metrics.md"
UNITS = {
    "percent": "percent (stored as a fraction: 0.034 is 3.4 %)",
    "money": "money, in the reporting currency",
    "fte": "full-time equivalents",
    "per_item": "per item",
    "per_person": "per person",
    "goal": "each goal's own unit",
}
DIRECTIONS = {
    "higher": "higher is better",
    "lower": "lower is better",
    "target": "best near its target",
    "neutral": "neither direction is better",
}
ADDITIVITY = {
    "additive": "additive: slices and periods add up",
    "semi": "semi-additive: adds over slices, never over time",
    "ratio": "a ratio of sums: never averaged",
    "distinct": "distinct: counted anew for every window, never added",
    "percentile": "a percentile: from rows, never averaged",
    "survey": "a survey: with answers, response rate and 95 % interval",
    "model": "modelled: read it with its assumptions",
}


def page(catalogue: Catalogue) -> str:
    """The whole page as Markdown, metrics by domain and name."""
    domains: dict[str, list[Metric | Modelled | Computed]] = {}
    known = {**catalogue.metrics, **modelled.load(taken=catalogue.files), **computed.load()}
    for name in sorted(known):
        domains.setdefault(known[name].meta.domain, []).append(known[name])
    lines = [
        "# Metrics",
        "",
        "Written by `python -m metrics dictionary` from `metrics/definitions` and",
        "`metrics/modelled` and `metrics/computed`; do not edit. How to add one:",
        "[how_to_add_a_metric.md](how_to_add_a_metric.md). Values are in",
        "`metrics.metric_values`, these texts in `metrics.dim_metrics`, trust in",
        "`metrics.metric_trust`. Refused, whatever they are called: advertising value equivalents,",
        "a single influence or success score, a sum of reach.",
        "",
        "| metric | what it is | unit | better | level |",
        "|---|---|---|---|---|",
    ]
    for domain in sorted(domains):
        for metric in domains[domain]:
            lines.append(
                f"| [{metric.spec.name}](#{metric.spec.name}) | {metric.spec.label} "
                f"| {metric.meta.unit} "
                f"| {metric.meta.better} | {metric.meta.amec} |"
            )
    for domain in sorted(domains):
        lines += ["", f"## {domain}"]
        for metric in domains[domain]:
            lines += ["", *_entry(metric, catalogue)]
    return "\n".join(lines) + "\n"


def _entry(metric: Metric | Modelled | Computed, catalogue: Catalogue) -> list[str]:
    meta = metric.meta
    facts = [
        f"{UNITS.get(meta.unit, meta.unit)}; {DIRECTIONS[meta.better]}",
        ADDITIVITY[meta.additivity],
        f"{meta.amec} · {meta.objective.replace('_', ' ')} · owner `{meta.owner}`",
        *(
            _computed(metric)
            if isinstance(metric, Computed)
            else _estimated(metric)
            if isinstance(metric, Modelled)
            else _told(metric, catalogue)
        ),
        f"Source: {meta.source}. Defined in `{metric.file.name}`.",
    ]
    return [
        f"### {metric.spec.name}",
        "",
        f"**{metric.spec.label}.** {metric.spec.description} *{meta.caveat}*",
        "",
        *(f"- {fact}" for fact in facts),
    ]


def _estimated(metric: Modelled) -> list[str]:
    meta = metric.meta
    table = re.search(r"from (metrics\.\w+)", metric.spec.rows)
    return [
        f"estimated after all others, with 90 % interval and run: `{table and table[1]}`, "
        f"from {', '.join(f'`{mart}`' for mart in metric.spec.upstream)}; "
        f"by {', '.join(meta.grains)}; slices: {', '.join(f'`{s}`' for s in meta.slices)}; "
        "no total",
        "`mf query` cannot answer it: MetricFlow reads marts, and no model has run there",
    ]


def _told(metric: Metric, catalogue: Catalogue) -> list[str]:
    meta = metric.meta
    slices = ", ".join(f"`{slice_name(s)}` (`{s}`)" for s in meta.slices) or "none"
    tables = sorted({model.table for model, _ in catalogue.measures_of(metric.name)})
    grain = "month" if "month" in meta.grains else meta.grains[-1]
    by = f"metric_time__{grain}" + ("" if meta.total else f",{meta.slices[0]}")
    return [
        f"`{catalogue.formula(metric.name)}`",
        f"from {', '.join(f'`{table}`' for table in tables)}; by {', '.join(meta.grains)}; "
        f"slices: {slices}" + ("" if meta.total else "; no total"),
        f"`mf query --metrics {metric.name} --group-by {by}`",
    ]


def _computed(metric: Computed) -> list[str]:
    meta, spec = metric.meta, metric.spec
    return [
        f"`{spec.formula}`",
        f"computed by `{spec.by}` from other metrics' results, so `mf query` does not know it; by "
        f"{', '.join(meta.grains)}; slices: {', '.join(f'`{s}`' for s in meta.slices) or 'none'}"
        + ("" if meta.total else "; no total"),
    ]


def write(catalogue: Catalogue, path: Path = PAGE) -> Path:
    path.write_text(page(catalogue), encoding="utf-8")
    return path
