"""`docs/metrics.md`: the metric dictionary, written from the definitions and from nothing else."""

from __future__ import annotations

from pathlib import Path

from metrics.catalogue import Catalogue, Metric, slice_name
from settings import ROOT

PAGE = ROOT / "docs" / "metrics.md"
UNITS = {
    "percent": "percent (stored as a fraction: 0.034 is 3.4 %)",
    "money": "money, in the reporting currency",
    "fte": "full-time equivalents",
    "per_item": "per item",
    "per_person": "per person",
    "per_hour": "per hour",
    "index": "an index, 100 is its base",
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
    domains: dict[str, list[Metric]] = {}
    for name in sorted(catalogue.metrics):
        metric = catalogue.metrics[name]
        domains.setdefault(metric.meta.domain, []).append(metric)
    lines = [
        "# Metrics",
        "",
        "Written by `python -m metrics dictionary` from `metrics/definitions`; do not edit. How to",
        "add one: [how_to_add_a_metric.md](how_to_add_a_metric.md). Values are in",
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
                f"| [{metric.name}](#{metric.name}) | {metric.spec.label} | {metric.meta.unit} "
                f"| {metric.meta.better} | {metric.meta.amec} |"
            )
    for domain in sorted(domains):
        lines += ["", f"## {domain}"]
        for metric in domains[domain]:
            lines += ["", *_entry(metric, catalogue)]
    return "\n".join(lines) + "\n"


def _entry(metric: Metric, catalogue: Catalogue) -> list[str]:
    meta = metric.meta
    slices = ", ".join(f"`{slice_name(s)}` (`{s}`)" for s in meta.slices) or "none"
    tables = sorted({model.table for model, _ in catalogue.measures_of(metric.name)})
    grain = "month" if "month" in meta.grains else meta.grains[-1]
    by = f"metric_time__{grain}" + ("" if meta.total else f",{meta.slices[0]}")
    facts = [
        f"{UNITS.get(meta.unit, meta.unit)}; {DIRECTIONS[meta.better]}",
        ADDITIVITY[meta.additivity],
        f"{meta.amec} · {meta.objective.replace('_', ' ')} · owner `{meta.owner}`",
        f"`{catalogue.formula(metric.name)}`",
        f"from {', '.join(f'`{table}`' for table in tables)}; by {', '.join(meta.grains)}; "
        f"slices: {slices}" + ("" if meta.total else "; no total"),
        f"`mf query --metrics {metric.name} --group-by {by}`",
        f"Source: {meta.source}. Defined in `{metric.file.name}`.",
    ]
    return [
        f"### {metric.name}",
        "",
        f"**{metric.spec.label}.** {metric.spec.description} *{meta.caveat}*",
        "",
        *(f"- {fact}" for fact in facts),
    ]


def write(catalogue: Catalogue, path: Path = PAGE) -> Path:
    path.write_text(page(catalogue), encoding="utf-8")
    return path
