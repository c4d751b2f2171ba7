"""Mix models of this warehouse: read `marts.mmm_weeks`, judge, fit, write, keep.

A fit takes seconds, so it is kept as long as weeks, experiments, settings and code are the same;
`run_id` names the build that fitted it. Spend told for all places together is given to them by
their share of outcomes.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime as dt
import hashlib
import json
import multiprocessing
import os
import time
import typing
from pathlib import Path

import numpy as np

from metrics import mix_model
from metrics.mix_model import PRIOR_WIDTH, SILENT, Draws, Gate, Panel
from metrics.storing import insert_named
from settings import MixModel, Run

if typing.TYPE_CHECKING:
    import duckdb

CONTROLS = {
    "organic_social": "impressions_organic_social",
    "employee_advocacy": "impressions_employee_advocacy",
    "pr": "media_clips",
}
ENDS = (0.05, 0.5, 0.95)
STANDS, PRIOR = "stands", "unknown: prior"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

# mix_model_runs: one row per outcome. mix_model_estimates: one row per outcome, channel, grain
# (all, year, quarter) and period; `caused` in the period, in units of the outcome; `return` and
# `marginal` are what the period's own spend brought, when ever it came, per unit of it in the
# reporting currency; each as 5, 50 and 95 %; covered_share: of the period's
# weeks in all places, those in which the channel's spend is known; prior_dominance: of all weeks,
# the interval's width over the prior's; verdict: STANDS, or PRIOR where that is above SILENT; a
# channel that the gate refused has one row without numbers. mix_model_tests: one row per outcome
# and experiment of the register on a modelled channel: what the model says of the test's own places
# and days.
TABLES = """
create schema if not exists metrics;
create table if not exists metrics.mix_model_runs (
    outcome varchar, estimator varchar, status varchar, reason varchar, warnings varchar,
    first_week date, last_week date, weeks bigint, places bigint, observations bigint,
    effects bigint, observations_per_effect double, r_squared double, draws bigint, seed bigint,
    seconds double, fingerprint varchar, run_id varchar);
create table if not exists metrics.mix_model_estimates (
    outcome varchar, estimator varchar, channel_id varchar, grain varchar, period_start date,
    period_end date, is_complete boolean, covered_share double, status varchar, reason varchar,
    spend_reporting double,
    caused_low double, caused_mid double, caused_high double,
    return_low double, return_mid double, return_high double,
    marginal_low double, marginal_mid double, marginal_high double,
    adstock double, prior_dominance double, verdict varchar, run_id varchar);
create table if not exists metrics.mix_model_tests (
    outcome varchar, experiment_id varchar, caused_low double, caused_mid double,
    caused_high double, run_id varchar);
"""
NAMES = ("mix_model_runs", "mix_model_estimates", "mix_model_tests")


def write(run: Run, connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Bring the three tables up to date with marts.mmm_weeks and marts.fct_experiments; gives a
    sentence per outcome. Raises ConfigError when the estimator of the settings is not installed."""
    asked = run.settings.mix_model
    _make_tables(connection)
    tests = connection.execute(
        "select experiment_id, channel_id, outcome, starts_on, ends_on, treated, design "
        "from marts.fct_experiments where starts_on is not null and ends_on is not null "
        "order by 1, 3"
    ).fetchall()
    rows = connection.execute(
        "select * from marts.mmm_weeks where geography is not null and week_start_date is not null "
        "order by week_start_date, geography"
    )
    names = [column[0] for column in rows.description]
    weeks = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    said, wanted = {}, {}
    for outcome in asked.outcomes:
        panel = read(weeks, outcome)
        made_from = fingerprint(panel, tests, asked, outcome)
        kept = connection.execute(
            "select run_id from metrics.mix_model_runs where outcome = ? and fingerprint = ?",
            [outcome, made_from],
        ).fetchall()
        if kept:
            said[outcome] = f"mix model of {outcome}: nothing new since run {kept[0][0]}"
            continue
        for name in NAMES:
            connection.execute(f"delete from metrics.{name} where outcome = ?", [outcome])
        told = {
            "outcome": outcome, "estimator": asked.estimator, "seed": asked.seed,
            "fingerprint": made_from, "run_id": run.run_id,
        }  # fmt: skip
        try:
            judged = mix_model.gate(panel)
            if asked.estimator == "pymc":
                whole = mix_model.gate(mix_model.longest_run(judged.panel))
                judged = dataclasses.replace(
                    whole,
                    refused=judged.refused | whole.refused,
                    warnings=tuple(dict.fromkeys(judged.warnings + whole.warnings)),
                )
            wanted[outcome] = (told, judged)
        except mix_model.Refused as why:
            refused = told | {"status": "refused", "reason": str(why)}
            insert_named(connection, "metrics.mix_model_runs", [refused])
            said[outcome] = f"mix model of {outcome} refused: {why}"
    if wanted:
        run.say(f"mix models of {', '.join(wanted)}")
    for outcome, (draws, seconds) in _fitted(asked, wanted).items():
        told, judged = wanted[outcome]
        said[outcome] = _keep(connection, told, judged, draws, seconds, tests)
    marks = ", ".join("?" * len(asked.outcomes)) or "''"
    for name in NAMES:
        connection.execute(
            f"delete from metrics.{name} where outcome not in ({marks})", list(asked.outcomes)
        )
    return tuple(said[outcome] for outcome in asked.outcomes)


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables of an earlier shape hold what nobody fits so any more: they are made anew."""
    import duckdb

    with duckdb.connect() as empty:
        empty.execute(TABLES)
        wanted = _columns(empty)
    if any(_columns(connection).get(name, shape) != shape for name, shape in wanted.items()):
        for name in NAMES:
            connection.execute(f"drop table if exists metrics.{name}")
    connection.execute(TABLES)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name || ' ' || data_type from information_schema.columns "
        "where table_schema = 'metrics' order by table_name, ordinal_position"
    ).fetchall():
        if table in NAMES:
            found.setdefault(table, []).append(column)
    return found


def read(weeks: list[dict[str, typing.Any]], outcome: str) -> Panel:
    """The rows of marts.mmm_weeks as a Panel for one outcome."""
    places = tuple(sorted({w["geography"] for w in weeks if w["geography"] != "all"}))
    if not places and weeks:  # nothing is told by place: the whole is the one place
        weeks, places = [w | {"geography": "everywhere"} for w in weeks], ("everywhere",)
    mondays = sorted({w["week_start_date"] for w in weeks})
    at = {monday: number for number, monday in enumerate(mondays)}
    row = {place: number for number, place in enumerate((*places, "all"))}

    def matrix(column: str) -> np.ndarray:
        found = np.full((len(row), len(at)), np.nan)
        for week in weeks:
            if week.get(column) is not None:
                found[row[week["geography"]], at[week["week_start_date"]]] = float(week[column])
        return found

    outcomes = matrix(outcome)[:-1]
    totals = np.nansum(outcomes, axis=1, keepdims=True)
    share = totals / (totals.sum() or 1.0)

    def series(column: str) -> np.ndarray:
        found = matrix(column)
        by_place, whole = found[:-1], found[-1:]
        if not np.isfinite(whole).any():
            return by_place
        if not np.isfinite(by_place).any():
            return whole * share
        return by_place + whole * share

    spends = [name for name in weeks[0] if name.startswith("spend_")] if weeks else []
    return Panel(
        np.array(mondays, dtype="datetime64[D]"), places, outcomes,
        {name.removeprefix("spend_"): series(name) for name in spends},
        {name: series(column) for name, column in CONTROLS.items()} if weeks else {},
    )  # fmt: skip


def fingerprint(panel: Panel, tests: list[tuple], asked: MixModel, outcome: str) -> str:
    """What a fit depends on."""
    digest = hashlib.sha256(f"{outcome} {asked} {tests} {panel.places}".encode())
    for name, values in {**panel.spends, **panel.controls}.items():
        digest.update(name.encode() + np.ascontiguousarray(values).tobytes())
    digest.update(panel.weeks.tobytes() + np.ascontiguousarray(panel.outcome).tobytes())
    for module in ("mix_model.py", "mix_runs.py", "mix_pymc.py"):
        digest.update((Path(__file__).parent / module).read_bytes())
    return digest.hexdigest()


def _fitted(
    asked: MixModel, wanted: dict[str, tuple[dict[str, typing.Any], Gate]]
) -> dict[str, tuple[Draws, float]]:
    """(draws, seconds) by outcome. Each model in a process of its own with one thread of linear
    algebra: on matrices this small more threads wait for each other, on a busy machine five times
    as long."""
    if not wanted:
        return {}
    if asked.estimator == "pymc":
        from metrics import mix_pymc

        return {name: _timed(mix_pymc.fit, judged.panel, asked.draws, asked.seed)
                for name, (_, judged) in wanted.items()}  # fmt: skip
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        with concurrent.futures.ProcessPoolExecutor(
            min(len(wanted), os.cpu_count() or 1), multiprocessing.get_context("spawn")
        ) as pool:
            waiting = {
                name: pool.submit(_timed, mix_model.fit, judged.panel, asked.draws, asked.seed)
                for name, (_, judged) in wanted.items()
            }
            return {name: future.result() for name, future in waiting.items()}
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _timed(
    fit: typing.Callable[[Panel, int, int], Draws], panel: Panel, draws: int, seed: int
) -> tuple[Draws, float]:
    began = time.monotonic()
    return fit(panel, draws, seed), time.monotonic() - began


def _keep(
    connection: duckdb.DuckDBPyConnection, told: dict[str, typing.Any], judged: Gate,
    draws: Draws, seconds: float, tests: list[tuple],
) -> str:  # fmt: skip
    known = mix_model.usable(judged.panel)
    actual = judged.panel.outcome[known]
    missed = actual - draws.fitted[known]
    weeks = judged.panel.weeks.astype(object)
    insert_named(
        connection, "metrics.mix_model_runs",
        [told | {
            "status": "fitted", "warnings": json.dumps(judged.warnings), "first_week": weeks[0],
            "last_week": weeks[-1], "weeks": len(weeks), "places": len(judged.panel.places),
            "observations": judged.observations, "effects": judged.effects,
            "observations_per_effect": judged.per_effect,
            "r_squared": float(1 - missed.var() / actual.var()), "draws": len(draws.caused),
            "seconds": round(seconds, 2),
        }],
    )  # fmt: skip
    estimates = list(_estimates(judged, draws, told))
    insert_named(connection, "metrics.mix_model_estimates", estimates)
    outcome = told["outcome"]
    found = [(test[0], _in_test(judged.panel, draws, outcome, test)) for test in tests]
    insert_named(
        connection, "metrics.mix_model_tests",
        [{"outcome": outcome, "experiment_id": test, "run_id": told["run_id"],
          **dict(zip(("caused_low", "caused_mid", "caused_high"), ends, strict=True))}
         for test, ends in found if ends is not None],
    )  # fmt: skip
    silent = sum(
        _width(draws.caused[:, c].sum(axis=(1, 2))) / _prior_width(judged.panel) > SILENT
        for c in range(len(draws.channels))
    )
    return (
        f"mix model of {outcome}: {len(draws.channels)} channels in {len(weeks)} weeks, "
        f"{judged.per_effect:.0f} observations per effect; of {silent} the data say nothing; "
        + (" ".join(judged.warnings) or "no warning.")
    )


def _estimates(
    judged: Gate, draws: Draws, told: dict[str, typing.Any]
) -> typing.Iterator[dict[str, typing.Any]]:
    panel = judged.panel
    same = {name: told[name] for name in ("outcome", "estimator", "run_id")}
    mondays = panel.weeks.astype("datetime64[D]").astype(object)
    for c, channel in enumerate(draws.channels):
        dominance = _width(draws.caused[:, c].sum(axis=(1, 2))) / _prior_width(panel)
        for grain, start, end, mask in _stretches(mondays):
            spent = float(np.nansum(panel.spends[channel][:, mask]))
            caused = draws.caused[:, c][:, :, mask].sum(axis=(1, 2))
            paid = mask & np.isfinite(panel.spends[channel])
            returned = draws.returned[:, c][:, paid].sum(axis=1)
            more = draws.more[:, c][:, paid].sum(axis=1)
            row = {
                **same, "channel_id": channel, "grain": grain, "period_start": start,
                "period_end": end, "status": "estimated", "spend_reporting": spent,
                "is_complete": bool(
                    start >= mondays[0] - dt.timedelta(days=6)
                    and end <= mondays[-1] + dt.timedelta(days=6)
                ),
                "covered_share": float(
                    np.isfinite(panel.spends[channel][:, mask]).mean(axis=0).sum()
                    / _mondays(start, end)
                ),
                "adstock": float(draws.adstock[c]), "prior_dominance": dominance,
                "verdict": PRIOR if dominance > SILENT else STANDS, **_ends("caused", caused),
            }  # fmt: skip
            if spent > 0:
                row |= _ends("return", returned / spent)
                row |= _ends("marginal", (more - returned) / (0.01 * spent))
            yield row
    for channel, why in judged.refused.items():
        yield {
            **same, "channel_id": channel, "grain": "all", "period_start": mondays[0],
            "period_end": mondays[-1] + dt.timedelta(days=6), "is_complete": True,
            "status": "refused", "reason": why,
        }  # fmt: skip


def _stretches(
    mondays: np.ndarray,
) -> typing.Iterator[tuple[str, dt.date, dt.date, np.ndarray]]:
    """(grain, first day, last day, weeks that begin in it) of all weeks, each year and quarter."""
    yield "all", mondays[0], mondays[-1] + dt.timedelta(days=6), np.ones(len(mondays), dtype=bool)
    for grain, months in (("year", 12), ("quarter", 3)):
        starts = [dt.date(d.year, (d.month - 1) // months * months + 1, 1) for d in mondays]
        for start in sorted(set(starts)):
            later = start.month - 1 + months
            end = dt.date(start.year + later // 12, later % 12 + 1, 1) - dt.timedelta(days=1)
            yield grain, start, end, np.array([s == start for s in starts])


def _mondays(first: dt.date, last: dt.date) -> int:
    """How many weeks begin from the first day to the last."""
    return ((last - first).days - -first.weekday() % 7) // 7 + 1


def _in_test(
    panel: Panel, draws: Draws, outcome: str, test: tuple
) -> tuple[float, float, float] | None:
    """What the model says the channel caused in a test's places and days; None when the test is
    of something else, of people, or not within the modelled weeks."""
    _, channel, read_on, starts, ends, treated, design = test
    places = [p.strip() for p in (treated or "").split(";")]
    mondays = panel.weeks.astype("datetime64[D]").astype(object)
    if (
        read_on != outcome or channel not in draws.channels or design == "audience_holdout"
        or not set(places) <= set(panel.places) or starts < mondays[0]
        or ends > mondays[-1] + dt.timedelta(days=6)
    ):  # fmt: skip
        return None
    share = np.array(
        [
            max((min(ends, d + dt.timedelta(days=6)) - max(starts, d)).days + 1, 0) / 7
            for d in mondays
        ]
    )
    some = [panel.places.index(place) for place in places]
    caused = draws.caused[:, draws.channels.index(channel)][:, some]
    return tuple(float(x) for x in np.quantile((caused * share).sum(axis=(1, 2)), ENDS))


def _ends(name: str, values: np.ndarray) -> dict[str, float]:
    found = np.quantile(values, ENDS)
    return {f"{name}_{end}": float(x) for end, x in zip(("low", "mid", "high"), found, strict=True)}


def _width(caused: np.ndarray) -> float:
    low, _, high = np.quantile(caused, ENDS)
    return float(high - low)


def _prior_width(panel: Panel) -> float:
    return PRIOR_WIDTH * float(np.nansum(panel.outcome))
