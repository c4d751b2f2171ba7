"""How far each kind of evidence is from the sample's planted truth, and how often its interval
holds it: the tables of docs/evidence.md."""

from __future__ import annotations

import concurrent.futures
import csv
import datetime as dt
import json
import math
import multiprocessing
import os
import typing
from pathlib import Path

import numpy as np

from bench.marked import put
from settings import ROOT

PAGE = ROOT / "docs" / "evidence.md"
YEAR = 2025  # the sample's last whole year
REDRAWN_TESTS, REDRAWN_MIXES, MIX_DRAWS = 200, 16, 60
TRUTH = {"leads_created": "leads", "orders": "direct_orders"}


class Line(typing.NamedTuple):
    """One estimate against the truth; shares are fractions, everything else counts or EUR."""

    what: str
    truth: float
    estimate: float | None
    low: float | None
    high: float | None

    @property
    def is_covered(self) -> bool | None:
        if self.low is None or self.high is None:
            return None
        return self.low <= self.truth <= self.high

    def row(self, form: str) -> str:
        def shown(value: float | None) -> str:
            return "" if value is None else format(value, form)

        bias = "" if self.estimate is None or not self.truth else (
            f"{100 * (self.estimate / self.truth - 1):+.0f} %"
        )  # fmt: skip
        covered = {True: "yes", False: "**no**", None: ""}[self.is_covered]
        inside = "" if self.low is None else f"{shown(self.low)} to {shown(self.high)}"
        return (
            f"| {self.what} | {shown(self.truth)} | {shown(self.estimate)} | {inside} | {bias} "
            f"| {covered} |"
        )


HEAD = "| {} | truth | estimate | interval | bias | holds the truth |\n|---|---|---|---|---|---|"


def tests(data: Path) -> list[Line]:
    """The register's tests, by our own estimate."""
    known = {
        (t["experiment_id"], t["outcome"]): t["incremental"]
        for t in json.loads((data / "sample/truth/experiments.json").read_text(encoding="utf-8"))
    }
    rows = _asked(
        data,
        "select experiment_id, outcome, kind, method, incremental, incremental_low, "
        "incremental_high from metrics.experiment_estimates where status = 'estimated' "
        "order by kind, experiment_id, outcome",
    )
    return [
        Line(f"{key}, {outcome} ({kind.replace('_', '-')}, {method})", known[key, outcome], *ends)
        for key, outcome, kind, method, *ends in rows
    ]


def mixes(data: Path, outcome: str) -> list[Line]:
    """The mix model by channel over all its weeks; revenue over the last whole year."""
    if outcome == "revenue_reporting":
        truth = {c: r["direct_revenue_eur"] + r["deal_revenue_eur"] for c, r in _year(data).items()}
        where = f"grain = 'year' and period_start = date '{YEAR}-01-01'"
    else:
        [(first, last)] = _asked(
            data, f"select first_week, last_week from metrics.mix_model_runs "
            f"where outcome = '{outcome}'",
        )  # fmt: skip
        truth = _weeks(data, TRUTH[outcome], first, last)
        where = "grain = 'all'"
    rows = _asked(
        data,
        "select channel_id, caused_mid, caused_low, caused_high from metrics.mix_model_estimates "
        f"where outcome = '{outcome}' and status = 'estimated' and {where} order by channel_id",
    )
    return [Line(channel, truth[channel], *ends) for channel, *ends in rows]


def marks(data: Path) -> list[Line]:
    """Codes, vanity addresses and tracked calls of the last whole year: lower bounds, so `high`
    stands for nothing and is unknown. What the truth does not name caused nothing."""
    truth, found = _year(data), []
    rows = _asked(
        data,
        "select channel_id, outcome, sum(low) from marts.fct_evidence "
        "where kind = 'direct_response' and unit in ('leads', 'orders') "
        f"and year(period_start) = {YEAR} group by all order by all",
    )
    for channel, outcome, least in rows:
        column = "leads" if outcome.startswith("leads") else "direct_orders"
        found.append(Line(f"{channel}, {outcome}", truth.get(channel, {}).get(column, 0.0),
                          least, least, math.inf))  # fmt: skip
    return found


def answers(data: Path) -> list[Line]:
    """Shares of answers of the last whole year, against shares of leads that a channel caused."""
    truth = {c: r["leads"] for c, r in _year(data).items() if c != "none"}
    total = sum(truth.values())
    rows = _asked(
        data,
        "select channel_id, sum(round(estimate * n)), sum(n) from marts.fct_evidence "
        f"where kind = 'self_report' and year(period_start) = {YEAR} and channel_id <> 'unknown' "
        "and outcome = 'named as the source' "
        "group by all order by all",
    )
    found = []
    for channel, hits, n in rows:
        share, z = hits / n, 1.96
        middle = (share + z**2 / 2 / n) / (1 + z**2 / n)
        half = z * math.sqrt(share * (1 - share) / n + z**2 / 4 / n**2) / (1 + z**2 / n)
        if channel in truth:
            found.append(Line(channel, truth[channel] / total, share, middle - half, middle + half))
    return found


def lists(data: Path) -> list[str]:
    """Those on a list and those who were not, over all quarters; and how far codes leak."""
    rows = _asked(
        data,
        "select channel_id, outcome, sum(reached), sum(matched), "
        "sum(others_share * reached) / sum(case when others_share is not null then reached end) "
        "from marts.fct_match_backs group by all order by all",
    )
    leaks = _asked(
        data, "select channel_id, sum(redeemed_by_known), sum(leaked) from marts.fct_code_leaks "
        "group by 1 order by 1",
    )  # fmt: skip
    return [
        "### Lists matched back, all quarters",
        "| list | reached | answered within 28 days | of 1,000 | of 1,000 not reached |",
        "|---|---|---|---|---|",
        *(
            f"| {channel}, {outcome.replace('_', ' ')} | {reached:,} | {matched:,} | "
            f"{1000 * matched / reached:.1f} | {1000 * others:.1f} |"
            for channel, outcome, reached, matched, others in rows
        ),
        "",
        *(
            f"Codes of {channel}: {leaked} of {redeemed} known redeemers had been sent none."
            for channel, redeemed, leaked in leaks
        ),
    ]


def credits(data: Path) -> list[Line]:
    """Least and most credit of the last whole year over all attribution models, against shares of
    the revenue of won deals that a channel caused (`none`: nobody did)."""
    truth = {c: r["deal_revenue_eur"] for c, r in _year(data).items()}
    total = sum(truth.values())
    rows = _asked(
        data,
        "with shares as (select channel_id, outcome, sum(estimate * n) as credit from "
        f"marts.fct_evidence where kind = 'attribution' and outcome like 'won deals%' "
        f"and year(period_start) = {YEAR} "
        "group by all), totals as (select outcome, sum(credit) as total from shares group by all) "
        "select channel_id, min(credit / total), max(credit / total) from shares "
        "join totals using (outcome) where channel_id <> 'unattributed' group by all order by all",
    )
    seen = {channel: (low, high) for channel, low, high in rows}
    return [
        Line(channel, truth[channel] / total, None, *seen.get(channel, (0.0, 0.0)))
        for channel in sorted(truth)
        if channel != "none"
    ]


# What is not of one test is the same in the rows of several.
ONCE = (
    "select distinct on (channel_id, quarter_start, outcome) * from metrics.channel_triangulation"
)
ASKED = ("tv", "paid_social", "organic_social", "employee_advocacy")


def comparisons(data: Path) -> list[str]:
    """How many rows of the triangulation have a verdict, why the others have none, and which kinds
    stand beside each other."""
    import duckdb

    from metrics import evidence

    with duckdb.connect(str(_file(data)), read_only=True) as connection:
        found = evidence.compared(connection)
        pairs = connection.execute(
            "select count(*) filter (mix_mid is not null and credit_high is not null), "
            "count(*) filter (credit_high is not null and said_share is not null), "
            "count(*) filter (mix_mid is not null and said_share is not null), "
            "count(*) filter (mix_mid is not null and at_least is not null), "
            f"count(*) filter (at_least > mix_high) from ({ONCE})"
        ).fetchall()[0]
    named = (
        ("all", found.rows),
        ("compared: test and mix model agree", found.agree),
        ("compared: test and mix model conflict", found.conflict),
        ("not compared: no test in the quarter", found.untested),
        ("not compared: the mix model says no more than was assumed", found.prior),
        ("not compared: the test is contaminated", found.contaminated),
        ("not compared: the test cannot be checked here", found.not_checked),
        ("not compared: the mix model does not cover whom the test was on", found.uncovered),
        ("not compared: the test could not tell", found.untold),
        *zip(
            ("side by side: mix model and credit", "side by side: credit and answers",
             "side by side: mix model and answers",
             "side by side: mix model and codes, addresses or calls",
             "of these, above the model's upper end"),
            pairs, strict=True,
        ),
    )  # fmt: skip
    return ["### Which rows of the triangulation are compared", "| rows | how many |", "|---|---|",
            *(f"| {what} | {count:,} |" for what, count in named)]  # fmt: skip


def asked(data: Path) -> list[str]:
    """What stands on television and on the channels that LinkedIn is part of, for qualified leads
    of the last whole year; mix and codes are counts, answers and credit shares of a quarter."""
    models = {
        channel: f"{low:,.0f} to {high:,.0f}" + ("; " + verdict if verdict != "stands" else "")
        for channel, low, high, verdict in _asked(
            data,
            "select channel_id, caused_low, caused_high, verdict from metrics.mix_model_estimates "
            "where outcome = 'leads_qualified' and status = 'estimated' and grain = 'year' "
            f"and year(period_start) = {YEAR}",
        )
    }
    rows = _asked(
        data,
        "select channel_id, sum(at_least), min(said_share), max(said_share), max(decoy_share), "
        f"min(credit_low), max(credit_high) from ({ONCE}) "
        f"where outcome = 'leads_qualified' and year(quarter_start) = {YEAR} group by 1",
    )
    told = {channel: rest for channel, *rest in rows}

    def shares(low: float | None, high: float | None) -> str:
        return "" if low is None else f"{100 * low:.0f} to {100 * high:.0f} %"

    lines = [
        f"### Mix model and the rest on qualified leads, {YEAR}",
        "| channel | mix model, 90 % | codes, addresses or calls, at least | answers, by quarter | "
        "decoy, at most | credit, by quarter |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for channel in ASKED:
        least, said_low, said_high, decoy, credit_low, credit_high = told[channel]
        lines.append(
            f"| {channel} | {models.get(channel, 'not modelled')} | "
            f"{'' if least is None else format(least, ',.0f')} | {shares(said_low, said_high)} | "
            f"{'' if decoy is None else f'{100 * decoy:.0f} %'} | "
            f"{shares(credit_low, credit_high)} |"
        )
    return lines


def redrawn_tests(seed: int = 1) -> list[tuple[str, float, float, float, int]]:
    """(test, truth, mean estimate, share of intervals that hold the truth, refused) of the
    sample's tests of places when the same demand is drawn anew."""
    from ingestion.sample import demand, timeline
    from metrics import experiments

    rng, wanted, found = np.random.default_rng(seed), demand.demand(7), []
    names = [market.geography for market in demand.MARKETS]
    for name, (starts, ends, places), means in (
        ("radio hold-out, leads", demand.HOLDOUT, wanted.leads),
        ("radio hold-out, orders", demand.HOLDOUT, wanted.orders),
        ("radio flight, orders", demand.FLIGHT, wanted.orders),
    ):
        first, last = timeline.day(starts) // 7, timeline.day(ends) // 7
        rows = [names.index(place) for place in places]
        truth = means[demand.CHANNELS.index("radio")][rows, first : last + 1].sum()
        mask = (np.arange(means.shape[2]) >= first) & (np.arange(means.shape[2]) <= last)
        estimates, refused = [], 0
        for _ in range(REDRAWN_TESTS):
            try:
                drawn = rng.poisson(means.sum(axis=0)).T
                estimates.append(experiments.estimate(drawn, rows, mask))
            except experiments.Refused:
                refused += 1
        covered = np.mean([e.low <= truth <= e.high for e in estimates])
        middle = np.mean([e.incremental for e in estimates])
        found.append((name, float(truth), float(middle), float(covered), refused))
    return found


def redrawn_mixes(data: Path, outcome: str) -> list[tuple[str, float, float, float]]:
    """(channel, truth, mean estimate, share of intervals that hold the truth) of the mix model
    when the same demand is drawn anew over the same spend."""
    import duckdb

    from metrics import mix_model, mix_runs

    with duckdb.connect(str(_file(data)), read_only=True) as connection:
        rows = connection.execute("select * from marts.mmm_weeks order by 3, 2")
        names = [column[0] for column in rows.description]
        weeks = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    panel = mix_model.gate(mix_runs.read(weeks, outcome)).panel
    truth = _weeks(data, TRUTH[outcome], panel.weeks[0], panel.weeks[-1])
    before = {name: os.environ.get(name) for name in mix_runs.THREADS}
    os.environ.update(dict.fromkeys(mix_runs.THREADS, "1"))
    try:
        with concurrent.futures.ProcessPoolExecutor(
            os.cpu_count(), multiprocessing.get_context("spawn")
        ) as pool:
            waiting = [
                pool.submit(_redrawn, panel, TRUTH[outcome], seed) for seed in range(REDRAWN_MIXES)
            ]
            found = np.array([future.result() for future in waiting])
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return [
        (
            channel, truth[channel], float(found[:, c, 1].mean()),
            float(((found[:, c, 0] <= truth[channel]) & (truth[channel] <= found[:, c, 2])).mean()),
        )
        for c, channel in enumerate(panel.spends)
    ]  # fmt: skip


def _redrawn(panel: typing.Any, column: str, seed: int) -> np.ndarray:
    """5, 50 and 95 % of what each channel caused (channels, 3), for one drawing of demand."""
    import dataclasses

    from ingestion.sample import demand
    from metrics import mix_model

    means = demand.demand(7)
    means = (means.leads if column == "leads" else means.orders).sum(axis=0)
    names = [market.geography for market in demand.MARKETS]
    week = (panel.weeks - np.datetime64("2024-01-01")).astype("timedelta64[D]").astype(int) // 7
    rows = [names.index(place) for place in panel.places]
    drawn = np.random.default_rng(seed).poisson(means[np.ix_(rows, week)]).astype(float)
    drawn[~np.isfinite(panel.outcome)] = np.nan
    draws = mix_model.fit(dataclasses.replace(panel, outcome=drawn), MIX_DRAWS, seed)
    return np.quantile(draws.caused.sum(axis=(2, 3)), (0.05, 0.5, 0.95), axis=0).T


def of_this_world(data: Path) -> str:
    """The tables of the sample as it is, as Markdown. `data` holds a finished build of the sample
    (seed 7, scale 1)."""
    parts = ["### Tests", HEAD.format("test"), *(line.row(",.1f") for line in tests(data))]
    for outcome, form in (("leads_created", ",.0f"), ("orders", ",.0f"),
                          ("revenue_reporting", ",.0f")):  # fmt: skip
        title = f"revenue {YEAR}" if outcome == "revenue_reporting" else outcome.replace("_", " ")
        found = mixes(data, outcome)
        held = sum(bool(line.is_covered) for line in found)
        parts += ["", f"### Mix model, {title} ({held} of {len(found)} held)",
                  HEAD.format("channel"), *(line.row(form) for line in found)]  # fmt: skip
    parts += ["", f"### Codes, vanity addresses and tracked calls, {YEAR}",
              "A lower bound: what is seen, of what was caused.", ""]  # fmt: skip
    parts += ["| channel | caused | seen | seen of caused | bound holds |", "|---|---|---|---|---|"]
    parts += [
        f"| {line.what} | {line.truth:,.0f} | {line.low:,.0f} | "
        f"{f'{100 * line.low / line.truth:.0f} %' if line.truth else ''} | "
        f"{'yes' if line.is_covered else '**no**'} |"
        for line in marks(data)
    ]
    for title, found in (
        (f"What customers say, {YEAR} (shares of answers, of leads caused)", answers(data)),
        (f"Click-path credit, {YEAR} (least to most of all models, of deal revenue caused)",
         credits(data)),
    ):  # fmt: skip
        held = sum(bool(line.is_covered) for line in found)
        parts += ["", f"### {title}: {held} of {len(found)} held", HEAD.format("channel")]
        parts += [line.row(".3f") for line in found]
    return "\n".join([*parts, "", *lists(data), "", *comparisons(data), "", *asked(data)])


def redrawn(data: Path) -> str:
    """The tables of worlds drawn anew: minutes, where `of_this_world` takes a second."""
    parts = [f"### The same world drawn {REDRAWN_TESTS} times: tests",
             "| test | truth | mean estimate | 90 % intervals that hold it | refused |",
             "|---|---|---|---|---|"]  # fmt: skip
    parts += [
        f"| {name} | {truth:.1f} | {mean:.1f} | {100 * held:.0f} % | {refused} |"
        for name, truth, mean, held, refused in redrawn_tests()
    ]
    for outcome in TRUTH:
        parts += ["", f"### The same world drawn {REDRAWN_MIXES} times: mix model, "
                  + outcome.replace("_", " "),
                  "| channel | truth | mean estimate | 90 % intervals that hold it |",
                  "|---|---|---|---|"]  # fmt: skip
        parts += [
            f"| {name} | {truth:,.0f} | {mean:,.0f} | {100 * held:.0f} % |"
            for name, truth, mean, held in redrawn_mixes(data, outcome)
        ]
    return "\n".join(parts)


def page(data: Path) -> str:
    return f"{of_this_world(data)}\n\n{redrawn(data)}"


def write(data: Path) -> str:
    """Put the tables between the marks of docs/evidence.md; gives them."""
    tables = page(data)
    put(PAGE, "evidence", tables)
    return tables


def _file(data: Path) -> Path:
    return (data / "served" / "plumbline.duckdb").resolve()


def _asked(data: Path, sql: str) -> list[tuple]:
    import duckdb

    with duckdb.connect(str(_file(data)), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def _weeks(data: Path, column: str, first: typing.Any, last: typing.Any) -> dict[str, float]:
    found: dict[str, float] = {}
    span = str(first)[:10], str(last)[:10]
    with (data / "sample/truth/channel_weeks.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if span[0] <= dt.date.fromisoformat(row["week_start"]).isoformat() <= span[1]:
                found[row["channel"]] = found.get(row["channel"], 0.0) + float(row[column])
    return found


def _year(data: Path) -> dict[str, dict[str, float]]:
    with (data / "sample/truth/channel_totals.csv").open(encoding="utf-8") as file:
        return {
            row["channel"]: {k: float(v) for k, v in row.items() if k not in ("channel", "year")}
            for row in csv.DictReader(file)
            if row["year"] == str(YEAR)
        }
