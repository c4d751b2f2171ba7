"""Published answers beside ours: the table of docs/reference_cases.md.

References that this checkout may not ship are read from `../shared/reference/refdata`; where they
are absent the figures of the page are kept as they stand, and the run says which. Every file there
is read by a section, or NOT_RUN says why none does.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import tempfile
import typing
from pathlib import Path

import numpy as np

from bench import credit
from bench.marked import put, within
from settings import ROOT

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = ROOT / "docs" / "reference_cases.md"
SHARED = ROOT.parent / "shared" / "reference" / "refdata"
# Box, Jenkins and Reinsel: monthly airline passengers 1949 to 1960, in thousands.
AIR_PASSENGERS = [
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
    115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
    145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166,
    171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
    196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201,
    204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
    242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278,
    284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
    315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336,
    340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337,
    360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405,
    417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
]  # fmt: skip
# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 (public domain).
FLOW = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]


class Case(typing.NamedTuple):
    """One published number and ours, `digits` of which are printed; None: a largest error, of
    which the size is."""

    what: str
    quantity: str
    published: float
    ours: float
    digits: int | None


class Section(typing.NamedTuple):
    """`source`: whose answers; `needs`: files of SHARED; `is_slow`: a minute rather than a
    second."""

    name: str
    source: str
    cases: Callable[[], Iterator[Case]]
    needs: tuple[str, ...] = ()
    is_slow: bool = False


def absent(section: Section) -> list[str]:
    return [name for name in section.needs if not (SHARED / name).exists()]


def page(sections: typing.Sequence[Section] | None = None, stored: str = "") -> str:
    """The table as Markdown, one row a case; a section whose data are absent has the rows of
    `stored`, an earlier table, or if it has none there, one row that says so."""
    lines = ["| case | quantity | published | ours | deviation |", "|---|---|---|---|---|"]
    before = by_section(stored)
    for section in sections or SECTIONS:
        gone = absent(section)
        missing = f"| | not run: {', '.join(gone)} is not here | | | |"
        lines.append(head(section))
        if gone:
            lines += before.get(head(section)) or [missing]
        else:
            lines += [row(case) for case in section.cases()]
    return "\n".join(lines)


def head(section: Section) -> str:
    return f"| **{section.name}** ({section.source}) | | | | |"


def by_section(table: str) -> dict[str, list[str]]:
    """{first row of a section: its other rows}."""
    found: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line.startswith("| **"):
            rows = found[line] = []
        elif found:
            rows.append(line)
    return found


def kept(sections: typing.Sequence[Section] | None = None) -> list[str]:
    """A sentence for each section that cannot be run here."""
    return [
        f"{section.name} ({section.source}) was not rerun, what the page says of it is kept: "
        f"{', '.join(gone)} is not in ../shared/reference/refdata."
        for section in sections or SECTIONS
        if (gone := absent(section))
    ]


def left_out() -> str:
    """Files of the reference that no section reads, as a Markdown list."""
    return "\n".join(f"- `{name}`: {why}" for name, why in sorted(NOT_RUN.items()))


def row(case: Case) -> str:
    """What is equal in all printed digits deviates by 0; below that the deviation is rounding."""
    if case.digits is None:
        size = f"{case.ours:.0e}" if case.ours else "0"
        return f"| {case.what} | {case.quantity} | 0 | {size} | {size} |"
    off = round(case.ours, case.digits) - round(case.published, case.digits)
    share = f" ({100 * off / case.published:+.1f} %)" if off and case.published else ""
    form = f",.{case.digits}f"
    shown = "0" if not round(off, case.digits) else f"{off:+{form}}{share}"
    return (
        f"| {case.what} | {case.quantity} | {case.published:{form}} | {case.ours:{form}} "
        f"| {shown} |"
    )


def write() -> str:
    """Put the table between the marks of the page; gives it, and what was not rerun."""
    tables = page(stored=within(PAGE, "reference"))
    tables = f"{tables}\n\nNot run, because:\n{left_out()}"
    put(PAGE, "reference", tables)
    return "\n".join([tables, "", *kept()])


# --- tests of places and people ------------------------------------------------------------------


def geolift() -> Iterator[Case]:
    from metrics.experiments import estimate, synthetic_control

    told = _json("geolift/expected.json")
    rows = _rows("geolift/GeoLift_Test.csv")
    places = sorted({row["location"] for row in rows})
    days = sorted({row["date"] for row in rows})
    outcomes = np.zeros((len(days), len(places)))
    for each in rows:
        outcomes[days.index(each["date"]), places.index(each["location"])] += float(each["Y"])
    treated = [places.index(name) for name in told["test_locations"]]
    others = [n for n in range(len(places)) if n not in treated]
    after = np.arange(len(days)) >= 90
    found, known = estimate(outcomes, treated, after), told["published_model_None"]
    weights = {places[n]: w for n, w in zip(others, found.fit.weights, strict=True)}
    name = "walkthrough, 2 of 40 places"
    yield Case(name, "ATT", known["ATT"], found.att, 3)
    yield Case(name, "additional outcomes", known["incremental_Y"], found.incremental, 0)
    yield Case(name, "lift, %", known["percent_lift"], 100 * found.lift, 1)
    yield Case(name, "L2 imbalance", known["L2_imbalance"], found.l2, 3)
    yield Case(name, "scaled L2", known["scaled_L2"], found.l2_scaled, 4)
    worst = max(abs(weights[place] - w) for place, w in known["weights"].items())
    yield Case(name, "largest error of 13 weights", 0, worst, None)
    target, controls = outcomes[:, treated].mean(axis=1), outcomes[:, others]
    plain = synthetic_control(target, controls, ~after, own_means=False)
    yield Case("without places' means", "ATT", 122.726, (target - plain.expected)[after].mean(), 3)
    gap = target - controls.mean(axis=1)
    yield Case("plain differences", "ATT", 255.08, gap[after].mean() - gap[~after].mean(), 2)


def causal_impact() -> Iterator[Case]:
    from metrics.experiments import synthetic_control

    told = _json("causalimpact/r_reference_covariates.json")
    series = np.array(told["data"]["y"])
    controls = np.array(list(told["data"]["x"].values())).T
    before = np.arange(told["n"]) < told["n_pre"]
    found = (series - synthetic_control(series, controls, before).expected)[~before].mean()
    yield Case("with covariates (another model of the same data)", "mean effect; planted: 3",
               told["r_output"]["point_effect_mean"], found, 2)  # fmt: skip
    rows = _rows("causalimpact/comparison_data.csv")
    series = np.array([float(each["CHANGED"]) for each in rows])
    controls = np.array([[float(each[f"NOT_CHANGED_{n}"]) for n in (1, 2, 3)] for each in rows])
    before = np.array([each["DATE"] < "2019-07-15" for each in rows])
    found = (series - synthetic_control(series, controls, before).expected)[~before].mean()
    yield Case("comparison_data, controls that run together; R: p = 0.20", "mean effect",
               -657, found, 0)  # fmt: skip


def newcombe() -> Iterator[Case]:
    from unittest import mock

    from metrics import experiments

    with mock.patch.object(experiments, "CONFIDENCE", 0.95):
        _, low, high, _, _ = experiments.rate_difference(56, 70, 48, 80)
    yield Case("56 of 70 against 48 of 80", "lower end", 0.0524, low / 70, 4)
    yield Case("56 of 70 against 48 of 80", "upper end", 0.3339, high / 70, 4)


def wilson() -> Iterator[Case]:
    import duckdb

    from metrics.values import wilson

    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                               (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        ends = wilson(f"({hits} / {n})", f"{n}.0")
        [found] = duckdb.sql(f"select {ends[0]}, {ends[1]}").fetchall()
        yield Case(f"{hits} of {n}", "lower end", low, found[0], 4)
        yield Case(f"{hits} of {n}", "upper end", high, found[1], 4)


# --- attribution ---------------------------------------------------------------------------------


def chains() -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as folder:
        ask = _credited(Path(folder))
        for number, case in enumerate(_json("markov_small/published_small_cases.json"), 1):
            ask(paths=[(path.split(" > "), won, lost, 0) for path, won, lost in case["paths"]])
            name = f"published chain {number}"
            if "removal_effects" in case:
                effects = dict(ask("select channel_id, removal_effect from effects"))
                whole = sum(effects.values())
                yield Case(name, "P(conversion)", case["p_conversion"], ask(
                    "select min(conversion_probability) from effects")[0][0], 6)  # fmt: skip
                yield Case(name, "largest error of removal effects", 0,
                           _worst(effects, case["removal_effects"]), None)  # fmt: skip
                shares = {channel: effect / whole for channel, effect in effects.items()}
                yield Case(name, "largest error of shares", 0,
                           _worst(shares, case["attribution"]), None)  # fmt: skip
            if "transitions" in case:
                found = dict(ask("select from_state || '->' || to_state, "
                                 "weight / sum(weight) over (partition by from_state) "
                                 "from transitions"))  # fmt: skip
                yield Case(name, "largest error of transitions", 0,
                           _worst(found, case["transitions"]), None)  # fmt: skip


def shapley() -> Iterator[Case]:
    told = _json("shapley/published_cases.json")
    with tempfile.TemporaryDirectory() as folder:
        ask = _credited(Path(folder))
        for number, case in enumerate(told["sum_of_subsets_games"], 1):
            ask(paths=[([c.strip() for c in path.split(">")], worth, 0, 0)
                       for path, worth in case["paths"].items()])  # fmt: skip
            yield Case(f"sums over subsets {number}", "largest error", 0,
                       _worst(_by_rule(ask, "shapley"), case["expected"]), None)  # fmt: skip
        for number, case in enumerate(told["general_games_bitmask_or_listed"], 1):
            value = case["v"] if isinstance(case["v"], dict) else dict(
                zip(case["v_order"], case["v"], strict=True)
            )  # fmt: skip
            dividends: dict[str, float] = {}
            for players in sorted(value, key=len):
                dividends[players] = value[players] - sum(
                    worth for part, worth in dividends.items() if set(part) < set(players)
                )
            ask(paths=[(list(players), worth, 0, 0) for players, worth in dividends.items()])
            expected = {str(i): x for i, x in enumerate(case["expected"], 1)}
            yield Case(f"general game {number}, printed with five decimals", "largest error", 0,
                       _worst(_by_rule(ask, "shapley"), expected), None)  # fmt: skip


def path_data() -> Iterator[Case]:
    with tempfile.TemporaryDirectory() as folder:
        ask = _credited(Path(folder))
        ask(paths=[
            (row["path"].split(" > "), int(row["total_conversions"]), int(row["total_null"]),
             row["total_conversion_value"])
            for row in _rows("channel_attribution/PathData.csv", ";")
        ])  # fmt: skip
        yield Case("10,000 paths", "P(conversion)", 0.223845,
                   ask("select min(conversion_probability) from effects")[0][0], 6)  # fmt: skip
        told = {r["channel_name"]: r for r in _rows("channel_attribution/heuristics.csv")}
        for model in ("first", "last", "linear"):
            theirs = {c: float(row[f"{model}_touch_conversions"]) for c, row in told.items()}
            yield Case("10,000 paths", f"largest error of {model}", 0,
                       _worst(_by_rule(ask, model), theirs), None)  # fmt: skip
        moves = {
            f"{r['channel_from']}->{r['channel_to']}": float(r["transition_probability"])
            for r in _rows("channel_attribution/transitions.csv")
        }
        found = dict(ask("select from_state || '->' || to_state, weight / sum(weight) over "
                         "(partition by from_state) from transitions"))  # fmt: skip
        yield Case("10,000 paths", "largest error of transitions", 0, _worst(found, moves), None)


# --- mix models ----------------------------------------------------------------------------------


def pymc_example() -> Iterator[Case]:
    from metrics import mix_model

    told = _columns("pymc_marketing/mmm_example_regenerated.csv")
    known = _json("pymc_marketing/expected.json")
    events = {name: told[name] for name in ("event_1", "event_2")}
    panel = mix_model.gate(_panel(told, "date_week", "y", {"x1": "x1", "x2": "x2"}, events)).panel
    draws = mix_model.fit(panel, 120, seed=1)
    for c, name in enumerate(draws.channels):
        low, middle, high = _return(panel, draws, c)
        yield Case(f"built-in estimator, {name}", "adstock, against the planted one",
                   known["true"]["alpha"][name], float(draws.adstock[c]), 3)  # fmt: skip
        yield Case(f"built-in estimator, {name}",
                   f"return, against the planted one; 90 %: {low:,.0f} to {high:,.0f}",
                   known["true_roas"][name], middle, 0)  # fmt: skip
    theirs = known["our_fits"]["pymc-marketing 0.19.2 nutpie 4x1000"]["roas_mean"]
    for c, name in enumerate(draws.channels):
        yield Case(f"built-in estimator, {name}", "return, against PyMC-Marketing's",
                   theirs[c], _return(panel, draws, c)[1], 0)  # fmt: skip


# PyMC-Marketing 0.19 with nutpie, 4 x 1000, on Robyn's weeks: middles of the returns.
ROBYN = {"tv": 5.8, "ooh": 0.7, "print": 8.3, "facebook": 14.3, "search": 14.9}


def robyn() -> Iterator[Case]:
    from metrics import mix_model

    told = _columns("robyn/dt_simulated_weekly.csv", numeric=False)
    controls = {name: list(map(float, told[name])) for name in ("competitor_sales_B", "newsletter")}
    controls |= {e: [float(x == e) for x in told["events"]] for e in ("event1", "event2")}
    panel = _panel(told, "DATE", "revenue", {name: f"{name}_S" for name in ROBYN}, controls)
    panel = mix_model.gate(panel).panel
    draws = mix_model.fit(panel, 80, seed=1)
    for c, name in enumerate(draws.channels):
        low, middle, high = _return(panel, draws, c)
        yield Case(f"built-in estimator, {name}",
                   f"return, against PyMC-Marketing's; 90 %: {low:.1f} to {high:.1f}",
                   ROBYN[name], middle, 1)  # fmt: skip


MERIDIAN_DRAWS = 20


def meridian() -> Iterator[Case]:
    from metrics import mix_model

    panel = mix_model.gate(meridian_panel()).panel
    draws = mix_model.fit(panel, MERIDIAN_DRAWS, seed=1)
    told = _json("meridian/expected_getting_started_geo_all_channels.json")
    theirs = {each["channel"]: each for each in told["ROI by channel with 90% credible interval"]}
    for c, name in enumerate(draws.channels):
        low, middle, high = _return(panel, draws, c)
        known = theirs[name]
        yield Case(f"built-in estimator, {MERIDIAN_DRAWS} draws, {name}",
                   f"return, 90 %: {low:.2f} to {high:.2f}; Meridian's: {known['ci_lo']:.2f} to "
                   f"{known['ci_hi']:.2f}", known["roi"], middle, 2)  # fmt: skip


def meridian_panel() -> typing.Any:
    """Meridian's simulated weeks of 40 places; the outcome is revenue."""
    from metrics.mix_model import Panel

    rows = _rows("meridian/geo_all_channels.csv")
    places = sorted({row["geo"] for row in rows})
    weeks = sorted({row["time"] for row in rows})

    def matrix(column: str) -> np.ndarray:
        found = np.full((len(places), len(weeks)), np.nan)
        for row in rows:
            found[places.index(row["geo"]), weeks.index(row["time"])] = float(row[column])
        return found

    return Panel(
        np.array(weeks, dtype="datetime64[D]"), tuple(places),
        matrix("conversions") * matrix("revenue_per_conversion"),
        {f"Channel{n}": matrix(f"Channel{n}_spend") for n in range(5)},
        {name: matrix(name) for name in ("competitor_sales_control", "sentiment_score_control",
                                         "Organic_channel0_impression", "Promo")},
    )  # fmt: skip


# --- signals, goals, reach -----------------------------------------------------------------------


def nist() -> Iterator[Case]:
    import datetime as dt

    from metrics import signals

    found = signals.limits([
        signals.Point(dt.date(2024, 1, 1) + dt.timedelta(weeks=k), v, v, 0.0, 1.0)
        for k, v in enumerate(FLOW)
    ])  # fmt: skip
    yield Case("flow rates", "centre", 50.81, found.centre, 2)
    yield Case("flow rates", "mean moving range", 1.8778, found.moving_range, 4)
    yield Case("flow rates", "upper limit, 3 / 1.128", 55.8041, found.centre + found.half_width, 4)
    yield Case("flow rates", "lower limit, 3 / 1.128", 45.8159, found.centre - found.half_width, 4)


def discoveries() -> Iterator[Case]:
    from metrics.influences import adjusted

    told = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
            0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    found = sum(q <= 0.05 for q in adjusted(told))
    yield Case("fifteen hypotheses", "rejected at 0.05", 4, found, 0)


def air_passengers() -> Iterator[Case]:
    import datetime as dt

    from metrics import calibration, goals, periods

    starts = [dt.date(1949 + k // 12, k % 12 + 1, 1) for k in range(len(AIR_PASSENGERS))]
    points = [
        goals.Point(day, periods.last_day(day, "month"), value, None, None)
        for day, value in zip(starts, AIR_PASSENGERS, strict=True)
    ]
    known = calibration.past(goals.Series("month", points, starts[0]), False, "count")
    metric = goals.Metric(
        "x", "X", "count", "higher", "additive", "outcome", "o", "fresh", "", None, True
    )
    errors: dict[str, list[float]] = {"seasonal": [], "linear": []}
    covered = 0
    for year in range(1952, 1961):
        final = sum(AIR_PASSENGERS[12 * (year - 1949) : 12 * (year - 1948)])
        period = goals.Period(**{"from": dt.date(year, 1, 1), "to": dt.date(year, 12, 31)})
        goal = goals.Goal("x", "X.", "x", "o", period, "cumulative", 0.0, final, "Why.")
        for month in range(1, 12):
            day = periods.last_day(dt.date(year, month, 1), "month")
            reading = goals.read_on(goal, metric, known, day, day)
            ends = reading.forecast
            errors["seasonal"].append(abs(ends.value / final - 1))
            errors["linear"].append(abs(reading.actual / (month / 12) / final - 1))
            covered += ends.low <= final <= ends.high
    name = "nine years by month"
    yield Case(name, "mean error of seasonal pacing, %", 1.34,
               100 * statistics.mean(errors["seasonal"]), 2)  # fmt: skip
    yield Case(name, "mean error of linear pacing, %", 6.62,
               100 * statistics.mean(errors["linear"]), 2)  # fmt: skip
    yield Case(f"{name}; another interval than the reference's", "80 % intervals that hold, %",
               79.8, 100 * covered / len(errors["linear"]), 1)  # fmt: skip


def reach() -> Iterator[Case]:
    rows = _rows("reach/audience_overlap_matrix.csv")
    names = [row["campaign"] for row in rows]
    overlaps = [
        (each["campaign"], other, int(each[other]))
        for number, each in enumerate(rows)
        for other in names[number + 1 :]
    ]
    people = {each["campaign"]: int(each[each["campaign"]]) for each in rows}
    with tempfile.TemporaryDirectory() as folder:
        found = reach_bounds(Path(folder), overlaps, people)
    yield Case("seven campaigns, 21 overlaps", "at most", 316_757, found["reach_at_most"], 0)
    yield Case("seven campaigns, 21 overlaps", "at least", 129_868, found["reach_at_least"], 0)


REACHED = "28, date '2026-03-01'"


def reach_bounds(
    data: Path, overlaps: list[tuple[str, str, int]], reach: dict[str, int]
) -> dict[str, typing.Any]:
    """The row of fct_campaign_reach as dbt builds it from one campaign, its channels' reach and
    their overlaps. `data`: an empty folder."""
    import duckdb
    from dbt.cli.main import dbtRunner

    from ingestion.specs import tables

    warehouse = data / "build" / "plumbline.duckdb"
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        for table in tables():
            connection.execute(f"create schema if not exists {table.schema}")
            connection.execute(table.ddl())
        connection.execute(
            "create schema ingest; create table ingest.settings as select * from (values "
            "('as_of', '2026-03-31'), ('reporting_currency', 'EUR'), ('time_zone', 'UTC'), "
            "('fiscal_year_start_month', '1')) as s(key, value);"
            "create table ingest.sources (source varchar, table_name varchar, owner varchar,"
            " is_configured boolean, freshness_days bigint, last_event_date date,"
            " last_loaded_at timestamp, status varchar, reason varchar);"
            "insert into raw_feeds.campaigns (campaign, name, system, system_id, _row_key, "
            "_loaded_at) values ('c', 'C', 's', 'c', 'k', '2026-03-31')"
        )
        for name, people in reach.items():
            connection.execute(
                "insert into raw_feeds.reach_windows (network, campaign, window_days, window_end, "
                f"reach_people, _row_key, _loaded_at) values (?, 'c', {REACHED}, ?, ?, "
                "'2026-03-31')",
                [name, people, name],
            )
        for one, other, people in overlaps:
            connection.execute(
                "insert into raw_feeds.reach_overlaps (campaign, window_days, window_end, "
                "network_a, network_b, overlap_people, _row_key, _loaded_at) values "
                f"('c', {REACHED}, ?, ?, ?, ?, '2026-03-31')",
                [one, other, people, f"{one} {other}"],
            )
    before = os.environ.get("PLUMBLINE_DATA")
    os.environ["PLUMBLINE_DATA"] = str(data)
    project = str(ROOT / "dbt_project")
    try:
        done = dbtRunner().invoke(
            ["run", "--quiet", "--select", "+fct_campaign_reach", "--project-dir", project,
             "--profiles-dir", project, "--target-path", str(data / "target"),
             "--log-path", str(data / "logs")]
        )  # fmt: skip
    finally:
        del os.environ["PLUMBLINE_DATA"]
        if before is not None:
            os.environ["PLUMBLINE_DATA"] = before
    if not done.success:
        failed = [result.message for result in done.result if result.status == "error"]
        raise RuntimeError(f"dbt could not build fct_campaign_reach: {done.exception or failed}")
    with duckdb.connect(str(warehouse)) as connection:
        cursor = connection.execute("select * from marts.fct_campaign_reach")
        [found] = cursor.fetchall()
        return dict(zip([column[0] for column in cursor.description], found, strict=True))


SECTIONS = (
    Section("Hold-out of places", "GeoLift, Meta", geolift,
            ("geolift/expected.json", "geolift/GeoLift_Test.csv")),
    Section("Event", "CausalImpact 1.4.1, R", causal_impact,
            ("causalimpact/r_reference_covariates.json", "causalimpact/comparison_data.csv")),
    Section("Difference of two rates", "Newcombe 1998, Stat Med 17:873, table II", newcombe),
    Section("Interval of a share", "Newcombe 1998, Stat Med 17:857, table I", wilson),
    Section("Markov chains", "ChannelAttribution and analyzecore.com", chains,
            ("markov_small/published_small_cases.json",)),
    Section("Shapley values", "published games", shapley, ("shapley/published_cases.json",)),
    Section("PathData", "ChannelAttribution 2.2.5, GPL-3, not shipped", path_data,
            ("channel_attribution/PathData.csv", "channel_attribution/heuristics.csv",
             "channel_attribution/transitions.csv")),
    Section("Mix model", "PyMC-Marketing's example", pymc_example,
            ("pymc_marketing/expected.json", "pymc_marketing/mmm_example_regenerated.csv"),
            is_slow=True),
    Section("Mix model", "Robyn's simulated weeks", robyn,
            ("robyn/dt_simulated_weekly.csv",), is_slow=True),
    Section("Mix model", "Meridian's Getting Started, 40 places", meridian,
            ("meridian/expected_getting_started_geo_all_channels.json",
             "meridian/geo_all_channels.csv"), is_slow=True),
    Section("Process limits", "NIST/SEMATECH 6.3.2.2", nist),
    Section("False discoveries", "Benjamini and Hochberg 1995, section 4.1", discoveries),
    Section("Pacing", "AirPassengers; figures of the project's own reference", air_passengers),
    Section("Reach of several channels", "a published overlap matrix", reach,
            ("reach/audience_overlap_matrix.csv",), is_slow=True),
)  # fmt: skip


ALONE = "no control series, and our estimator of events compares with places or series not touched"
NO_ANSWER = "data without a published answer"
NOT_RUN = {
    "causalimpact/google_data.csv": NO_ANSWER,
    "causalimpact/r_reference_basic.json": ALONE,
    "causalimpact/r_reference_dtw.json": "dynamic time warping, which nothing here computes",
    "causalimpact/r_reference_no_effect.json": ALONE,
    "causalimpact/r_reference_seasonal.json": ALONE,
    "causalimpact/r_reference_strong_effect.json": ALONE,
    "geolift/GeoLift_PreTest.csv": "the days before the walkthrough's test, to choose places with; "
    "we read tests and choose none",
    "meridian/geo_media.csv": NO_ANSWER,
    "meridian/geo_media_rf.csv": NO_ANSWER + "; our mix model reads spend, not reach and frequency",
    "meridian/national_all_channels.csv": NO_ANSWER,
    "meridian/national_media.csv": NO_ANSWER,
    "meridian/national_media_rf.csv": NO_ANSWER
    + "; our mix model reads spend, not reach and frequency",
    "reach/robyn_reach_frequency_curve.csv": "reach by frequency and budget: we project no reach",
    "robyn/df_curve_reach_freq.csv": "reach by frequency and budget: we project no reach",
    "spc/nist_imr.json": "its numbers stand in the table (Process limits), where nothing need be "
    "read; `tests/test_signals.py` holds them against this file",
}


# --- reading -------------------------------------------------------------------------------------


def _json(name: str) -> typing.Any:
    return json.loads((SHARED / name).read_text(encoding="utf-8"))


def _rows(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    with (SHARED / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def _columns(name: str, numeric: bool = True) -> dict[str, list]:
    rows = _rows(name)
    found: dict[str, list] = {column: [row[column] for row in rows] for column in rows[0]}
    if numeric:
        for column, values in found.items():
            if column not in ("date_week", ""):
                found[column] = list(map(float, values))
    return found


def _panel(
    told: dict[str, list], date: str, outcome: str, spends: dict[str, str],
    controls: dict[str, list[float]],
) -> typing.Any:  # fmt: skip
    from metrics.mix_model import Panel

    def one(values: list) -> np.ndarray:
        return np.array([list(map(float, values))])

    return Panel(
        np.array(told[date], dtype="datetime64[D]"), ("all",), one(told[outcome]),
        {name: one(told[column]) for name, column in spends.items()},
        {name: one(values) for name, values in controls.items()},
    )  # fmt: skip


def _return(panel: typing.Any, draws: typing.Any, channel: int) -> list[float]:
    """5, 50 and 95 % of outcomes per unit of spend."""
    spend = panel.spends[draws.channels[channel]].sum()
    caused = draws.caused[:, channel].sum(axis=(1, 2))
    return [float(x) for x in np.quantile(caused / spend, (0.05, 0.5, 0.95))]


def _worst(ours: dict[str, float], theirs: dict[str, float]) -> float:
    if ours.keys() != theirs.keys():
        raise RuntimeError(f"ours has {sorted(ours)}, the reference {sorted(theirs)}")
    return max(abs(ours[name] - theirs[name]) for name in theirs)


def _by_rule(ask: Callable, model: str) -> dict[str, float]:
    return dict(ask(f"select channel_id, sum({model}_credit * conversions) from credits "
                    "group by channel_id"))  # fmt: skip


def _credited(folder: Path) -> Callable[..., list]:
    """ask(paths=[(channels, conversions, nulls, revenue)]) runs every rule of macros/credit.sql on
    paths; ask(query) asks the tables that come out."""
    import duckdb
    import pyarrow as pa

    statements = credit.compiled(folder)
    connection = duckdb.connect()

    def ask(query: str = "", paths: list[tuple] | None = None) -> list:
        if paths is not None:
            rows = [
                (f"j{number}", pos, channel, 0, float(won), float(lost), float(revenue))
                for number, (channels, won, lost, revenue) in enumerate(paths)
                for pos, channel in enumerate(channels, 1)
            ]
            names = ("journey_id", "pos", "channel_id", "days_before", "conversions",
                     "nonconversions", "revenue")  # fmt: skip
            given = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
            connection.register("given", given)
            connection.execute(
                "create or replace table touches as select * replace "
                "(cast(revenue as decimal(18, 4)) as revenue) from given"
            )
            for name in credit.PARTS:
                connection.execute(f"create or replace table {name} as {statements[name]}")
        return connection.execute(query).fetchall() if query else []

    return ask
