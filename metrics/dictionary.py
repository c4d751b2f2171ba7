"""`docs/metrics.md`: the metric dictionary, written from the definitions and from nothing else."""

from __future__ import annotations

import functools
import re
import typing
from pathlib import Path

import yaml

from metrics import computed
from metrics.catalogue import REFUSED_IDS, Catalogue, Metric, slice_name
from metrics.computed import Computed
from settings import ROOT

Entry = Metric | Computed
PAGE = ROOT / "docs" / "metrics.md"
MODELS = ROOT / "dbt_project" / "models"
DASHBOARDS = ROOT / "metrics" / "dashboards"
LEVELS = ("input", "activity", "output", "outtake", "outcome", "impact")
DOMAINS = {
    "social": "Social",
    "social+traditional": "Social and traditional",
    "traditional": "Traditional",
    "traditional+social": "Search for the brand",
    "crm": "Customers and revenue",
    "cx": "Answering and service",
    "hr": "People",
    "hr+ip": "People and what hangs on them",
    "ip": "Accounts and rights",
    "internal_comms": "Internal communication",
    "content": "Content",
    "tech": "Tools and data",
    "goal": "Goals",
}
UNITS = {
    "percent": "percent (stored as a fraction: 0.034 is 3.4 %)",
    "money": "money, in the reporting currency",
    "fte": "full-time equivalents",
    "per_item": "per item",
    "per_person": "per person",
    "goal": "each goal's own unit",
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
    "survey": "a survey: with answers and response rate",
    "model": "modelled: read it with its assumptions",
}


def page(catalogue: Catalogue) -> str:
    """The whole page as Markdown: contents by domain and by level, an entry a metric."""
    domains: dict[str, list[Entry]] = {}
    known = {**catalogue.metrics, **computed.load()}
    for name in sorted(known):
        domains.setdefault(known[name].meta.domain, []).append(known[name])
    order = sorted(domains, key=lambda d: [*DOMAINS, d].index(d))
    titles = {domain: DOMAINS.get(domain, domain) for domain in order}
    lines = [
        "# Metrics",
        "",
        "Written by `python -m metrics dictionary` from `metrics/definitions` and",
        "`metrics/computed`; do not edit. How to add one:",
        "[how_to_add_a_metric.md](how_to_add_a_metric.md). Values are in",
        "`metrics.metric_values` ([by fiscal period](money_and_days.md#fiscal-calendars) in",
        "`metrics.metric_fiscal_values`), these texts in `metrics.dim_metrics`, trust in",
        "`metrics.metric_trust`.",
        "",
        "By domain: "
        + " · ".join(f"[{t}](#{_anchor(t)}) ({len(domains[d])})" for d, t in titles.items())
        + " · [Refused](#refused)",
        "",
        "By level of the AMEC framework, from what goes in to what comes of it:",
        "",
        *(f"- **{level}**: {_links(level, domains)}" for level in LEVELS),
        "",
        "| metric | what it is | unit | better | level |",
        "|---|---|---|---|---|",
    ]
    for domain in order:
        for metric in domains[domain]:
            lines.append(
                f"| [{metric.spec.name}](#{metric.spec.name}) | {metric.spec.label} "
                f"| {metric.meta.unit} "
                f"| {metric.meta.better} | {metric.meta.amec} |"
            )
    shown = _shown()
    for domain in order:
        lines += ["", f"## {titles[domain]}"]
        for metric in domains[domain]:
            lines += ["", *_entry(metric, catalogue, shown)]
    lines += ["", "## Refused", "", "Whatever they are called; a feed, a mart, a metric or a card"]
    lines += ["that holds one fails.", ""]
    lines += [f"- `{name}`: {why}." for name, why in REFUSED_IDS.items()]
    return "\n".join(lines) + "\n"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _links(level: str, domains: dict[str, list[Entry]]) -> str:
    names = sorted(
        m.spec.name for metrics in domains.values() for m in metrics if m.meta.amec == level
    )
    return ", ".join(f"[{name}](#{name})" for name in names) or "none"


def _shown() -> dict[str, list[str]]:
    """Metric -> titles of the dashboards with a card of it."""
    found: dict[str, list[str]] = {}
    for path in sorted(DASHBOARDS.glob("*.yml")):
        board = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name in dict.fromkeys(_named(board)):
            found.setdefault(name, []).append(board["title"])
    return found


def _named(part: typing.Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["metric"]] if isinstance(part.get("metric"), str) else []
        own += part["metrics"] if isinstance(part.get("metrics"), list) else []
        return [n for n in own if isinstance(n, str)] + [
            name for value in part.values() for name in _named(value)
        ]
    return [name for one in part for name in _named(one)] if isinstance(part, list) else []


@functools.cache
def _models() -> tuple[dict[str, str], frozenset[str]]:
    """The SQL of every model by name, and the models behind which no source is looked for."""
    stops = {
        model["name"]
        for path in MODELS.rglob("*.yml")
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models") or []
        if model.get("config", {}).get("meta", {}).get("lineage") == "stops"
    }
    sql = {path.stem: path.read_text(encoding="utf-8") for path in MODELS.rglob("*.sql")}
    return sql, frozenset(stops)


def needed(tables: list[str]) -> list[str]:
    """The raw tables (`feeds.orders`) that marts are made of, by the refs in their SQL."""
    sql, stops = _models()
    waiting, seen, found = list(tables), set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in sql or name in stops:
            continue
        seen.add(name)
        waiting += re.findall(r"ref\('(\w+)'\)", sql[name])
        found |= {".".join(pair) for pair in re.findall(r"source\('(\w+)', '(\w+)'\)", sql[name])}
    return sorted(found - {"ingest.settings"})


def _entry(metric: Entry, catalogue: Catalogue, shown: dict[str, list[str]]) -> list[str]:
    meta, level = metric.meta, metric.meta.interval_level
    facts = [
        f"{UNITS.get(meta.unit, meta.unit)}; {DIRECTIONS[meta.better]}",
        ADDITIVITY[meta.additivity] + (f"; with {100 * level:.0f} % interval" if level else ""),
        f"{meta.amec} · {meta.objective.replace('_', ' ')} · owner `{meta.owner}`",
        *(_computed(metric) if isinstance(metric, Computed) else _told(metric, catalogue)),
        f"on dashboards: {', '.join(shown.get(metric.spec.name, ())) or 'none of its own'}",
        f"Source: {meta.source}. Defined in `{metric.file.name}`.",
    ]
    return [
        f"### {metric.spec.name}",
        "",
        f"**{metric.spec.label}.** {metric.spec.description} *{meta.caveat}*",
        "",
        *(f"- {fact}" for fact in facts),
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
        f"data needed: {', '.join(f'`{table}`' for table in needed(tables))}",
        f"`mf query --metrics {metric.name} --group-by {by}`",
    ]


def _computed(metric: Computed) -> list[str]:
    meta, spec = metric.meta, metric.spec
    how = f"computed by `{spec.by}` from other metrics' results"
    if spec.rows:
        table = re.search(r"from (metrics\.\w+)", spec.rows)
        how = f"estimated after all others, with interval and run: `{table and table[1]}`"
    needs = "that of the metrics it is computed from"
    if spec.upstream:
        how += f", from {', '.join(f'`{mart}`' for mart in spec.upstream)}"
        needs = ", ".join(f"`{table}`" for table in needed(list(spec.upstream)))
    return [
        f"`{spec.formula}`",
        f"{how}; by {', '.join(meta.grains)}; "
        f"slices: {', '.join(f'`{s}`' for s in meta.slices) or 'none'}"
        + ("" if meta.total else "; no total"),
        f"data needed: {needs}",
        "`mf query` cannot answer it: MetricFlow reads marts, and this comes after them",
    ]


def write(catalogue: Catalogue, path: Path = PAGE) -> Path:
    path.write_text(page(catalogue), encoding="utf-8")
    return path
