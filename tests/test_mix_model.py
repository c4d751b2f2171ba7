"""The mix model: planted and published truths, the gate's words, and what a build keeps."""

import csv
import dataclasses
import datetime as dt
import importlib.util
import json

import duckdb
import numpy as np
import pytest

from metrics import mix_model, mix_runs
from metrics.mix_model import Panel, Refused, fit, gate
from settings import ROOT, ConfigError, MixModel, Organization, Paths, Run, Settings

REFERENCE = ROOT.parent / "shared" / "reference" / "refdata"
needs_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="../shared/reference/refdata is not here"
)


def columns(path):
    """{column: [text]} of a CSV."""
    with (REFERENCE / path).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


def national(table, date, outcome, spends, controls):
    one = {name: np.array([list(map(float, table[name]))]) for name in (outcome, *spends.values())}
    return Panel(
        np.array(table[date], dtype="datetime64[D]"), ("all",), one[outcome],
        {name: one[column] for name, column in spends.items()}, controls,
    )  # fmt: skip


def pymc_example():
    told = columns("pymc_marketing/mmm_example_regenerated.csv")
    events = {name: np.array([list(map(float, told[name]))]) for name in ("event_1", "event_2")}
    return national(told, "date_week", "y", {"x1": "x1", "x2": "x2"}, events)


def returns(panel, draws):
    """{channel: 5, 50, 95 % of outcomes per unit of spend}"""
    return {
        name: np.quantile(
            draws.caused[:, c].sum(axis=(1, 2)) / panel.spends[name].sum(), (0.05, 0.5, 0.95)
        )
        for c, name in enumerate(draws.channels)
    }


def holds_the_truth(panel, draws):
    told = json.loads((REFERENCE / "pymc_marketing/expected.json").read_text(encoding="utf-8"))
    found = returns(panel, draws)
    for c, name in enumerate(draws.channels):
        assert found[name][0] < told["true_roas"][name] < found[name][2], name
        low, high = draws.adstock_ends[:, c]
        assert low < told["true"]["alpha"][name] < high, name
        assert low < draws.adstock[c] < high < low + 0.2, name  # and it says something
    return found


@needs_reference
def test_true_parameters_of_the_pymc_example_lie_inside_the_intervals():
    panel = gate(pymc_example()).panel
    draws = fit(panel, 120, seed=1)
    found = holds_the_truth(panel, draws)
    sampled = json.loads((REFERENCE / "pymc_marketing/expected.json").read_text(encoding="utf-8"))
    posterior = sampled["our_fits"]["pymc-marketing 0.19.2 nutpie 4x1000"]
    for name, middle, ends in zip(
        found, posterior["roas_mean"], posterior["roas_5_95"], strict=True
    ):
        assert found[name][1] == pytest.approx(middle, rel=0.03)
        assert found[name][2] - found[name][0] == pytest.approx(ends[1] - ends[0], rel=0.35)
    missed = panel.outcome - draws.fitted
    assert 1 - missed.var() / panel.outcome.var() > 0.94


@needs_reference
def test_robyns_data_give_what_pymc_marketing_says_of_them():
    """5 to 95 % of PyMC-Marketing 0.19 with nutpie, 4 x 1000, on the same weeks."""
    told = columns("robyn/dt_simulated_weekly.csv")
    numbers = {name: np.array([list(map(float, told[name]))])
               for name in ("competitor_sales_B", "newsletter")}  # fmt: skip
    events = {e: np.array([[float(x == e) for x in told["events"]]]) for e in ("event1", "event2")}
    channels = ("tv", "ooh", "print", "facebook", "search")
    panel = national(
        told, "DATE", "revenue", {name: f"{name}_S" for name in channels}, numbers | events
    )
    panel = gate(panel).panel
    found = returns(panel, fit(panel, 80, seed=1))
    reference = {"tv": (5.8, 4.1, 7.7), "ooh": (0.7, 0.1, 1.5), "print": (8.3, 3.1, 14.0),
                 "facebook": (14.3, 3.4, 26.4), "search": (14.9, 2.3, 33.9)}  # fmt: skip
    for name, (middle, low, high) in reference.items():
        assert low < found[name][1] < high, name
        assert found[name][1] == pytest.approx(middle, rel=0.35), name
        assert max(low, found[name][0]) < min(high, found[name][2]), name


@needs_reference
@pytest.mark.skipif(
    importlib.util.find_spec("pymc_marketing") is None, reason="the extra `mmm` is not installed"
)
def test_pymc_marketing_gives_the_same_draws():
    from metrics import mix_pymc

    panel = gate(pymc_example()).panel
    holds_the_truth(panel, mix_pymc.fit(panel, 200, seed=1))


@pytest.mark.skipif(
    importlib.util.find_spec("pymc_marketing") is not None, reason="the extra `mmm` is installed"
)
def test_without_the_extra_the_error_says_what_to_install():
    from metrics import mix_pymc

    with pytest.raises(ConfigError, match="install the extra `mmm`"):
        mix_pymc.fit(made(), 20, seed=1)


def made(places=3, weeks=110, seed=5, effect=0.5):
    """Places of which `tv` causes part of the outcome in bursts, `mail` nothing."""
    rng = np.random.default_rng(seed)
    tv = np.where(rng.random((places, weeks)) < 0.3, rng.uniform(50, 150, (places, weeks)), 0.0)
    mail = rng.uniform(0, 100, (places, weeks))
    stock = tv.copy()
    for week in range(1, weeks):
        stock[:, week] += 0.4 * stock[:, week - 1]
    outcome = 100 + effect * stock * 0.6 + rng.normal(0, 6, (places, weeks))
    monday = np.datetime64("2024-01-01") + 7 * np.arange(weeks)
    return Panel(monday, tuple("ABC"[:places]), outcome, {"tv": tv, "mail": mail}, {})


def test_a_planted_effect_is_found_and_none_is_not():
    panel = gate(made()).panel
    draws = fit(panel, 60, seed=2)
    low, _, high = returns(panel, draws)["tv"]
    truth = 0.5  # each unit of spend carries 0.6 * (1 + 0.4 + ...) * 0.5
    assert low < truth < high
    assert returns(panel, draws)["mail"][0] < 0.02


def test_the_memory_of_spend_lies_inside_nine_intervals_of_ten_and_of_no_effect_nothing_is_known():
    """Forty worlds: 36 of the 90 % intervals should hold the 0.4 that was planted; 34 do."""
    held = 0
    for seed in range(40):
        draws = fit(gate(made(seed=seed)).panel, 60, seed)
        low, high = draws.adstock_ends[:, draws.channels.index("tv")]
        held += low < 0.4 < high < low + 0.15
        low, high = draws.adstock_ends[:, draws.channels.index("mail")]
        assert high - low > 0.5
    assert held >= 32


def test_the_same_seed_gives_the_same_draws_and_another_does_not():
    panel = gate(made()).panel
    one, same, other = fit(panel, 4, 1), fit(panel, 4, 1), fit(panel, 4, 2)
    assert (one.caused == same.caused).all() and (one.more == same.more).all()
    assert (one.adstock_ends == same.adstock_ends).all()
    assert (one.caused != other.caused).any()


def test_one_percent_more_spend_never_causes_more_than_one_percent_more():
    panel = gate(made()).panel
    draws = fit(panel, 10, 1)
    brought, more = draws.returned.sum(axis=(2, 3)), draws.more.sum(axis=(2, 3))
    assert (more >= brought).all() and (more <= 1.01 * brought + 1e-9).all()


def test_what_spend_brings_belongs_to_the_weeks_of_the_spend():
    """What still comes while nothing is spent is the earlier spend's."""
    panel = gate(made()).panel
    draws = fit(panel, 10, 1)
    tv, lags = panel.spends["tv"], mix_model.LAGS
    assert (draws.returned[:, 0][:, tv == 0] == 0).all() and (draws.caused[:, 0] > 0).any()
    # Together they are what came, and what comes of the last weeks after the end.
    late = draws.returned.sum(axis=3) - draws.caused.sum(axis=3)
    assert (late >= -1e-9).all()
    quiet = np.where(np.arange(tv.shape[1]) < tv.shape[1] - lags + 1, tv, 0.0)
    once = mix_model.by_spend(quiet, 0.6, 1.5)[0]
    weights = mix_model._weights(0.6)[0]
    came = np.tanh(0.75 * (mix_model._lags(quiet) @ weights))
    assert once.sum(axis=1) == pytest.approx(came.sum(axis=1), rel=1e-12)
    one = np.zeros((1, 30))
    one[0, 3] = 2.0
    assert np.flatnonzero(mix_model.by_spend(one, 0.6, 1.5)[0]).tolist() == [3]
    assert mix_model.by_spend(one, 0.6, 1.5)[0].sum() == pytest.approx(
        np.tanh(0.75 * 2.0 * weights).sum()
    )


def test_a_quarter_with_little_spend_does_not_get_the_return_of_the_one_before():
    """A burst at the end of March, hardly anything in April: the same return a unit, or more."""
    panel = made(places=1, weeks=120)
    spend = np.full((1, 120), 1.0)
    spend[0, ::8] = 120.0
    spend[0, 11:13], spend[0, 13:26] = 150.0, 1.0  # to 31 March 2024, and the quarter after
    panel = dataclasses.replace(panel, spends={"tv": spend})
    draws = fit(panel, 10, 1)
    told = {"outcome": "orders", "estimator": "built_in", "run_id": "r"}
    rows = {
        (row["grain"], row["period_start"]): row
        for row in mix_runs._estimates(mix_model.Gate(panel, {}, (), 120, 20), draws, told)
    }
    quiet = rows["quarter", dt.date(2024, 4, 1)]
    assert quiet["caused_mid"] / quiet["spend_reporting"] > 3 * quiet["return_mid"]
    # A unit brings at most what it would without any other beside it.
    problem = mix_model._Problem(panel)
    alone = draws.returned[:, 0] / spend
    assert quiet["return_high"] <= alone.max() + 1e-9 and problem.channels == ("tv",)


def test_a_channel_of_which_the_data_say_little_nearly_gets_its_prior_back():
    """Spend that is the season itself, against bursts."""
    panel = made(places=1, weeks=160)
    season = 1.2 + np.cos(2 * np.pi * np.arange(160) * 7 / 365.25)[None]
    panel = dataclasses.replace(panel, spends={**panel.spends, "search": 40 * season})
    draws = fit(gate(panel).panel, 60, seed=3)
    widths = {
        name: mix_runs._width(draws.caused[:, c].sum(axis=(1, 2))) / mix_runs._prior_width(panel)
        for c, name in enumerate(draws.channels)
    }
    assert widths["tv"] < 0.25 < 0.6 < widths["search"]


def spoiled(**changes):
    panel = made()
    return dataclasses.replace(panel, **{name: change(panel) for name, change in changes.items()})


def with_tv(change):
    return lambda panel: {**panel.spends, "tv": change(panel.spends["tv"].copy())}


def holes(values, weeks):
    values[:, weeks] = np.nan
    return values


@pytest.mark.parametrize(
    ("change", "word"),
    [(lambda tv: holes(tv, slice(0, 30)), "spend is unknown in 27 % of the weeks"),
     (lambda tv: np.where(np.arange(tv.shape[1]) < 5, 100.0, 0.0) + 0 * tv, "it ran in 5 %"),
     (lambda tv: 0 * tv + 100.0, "hardly varies")],
)  # fmt: skip
def test_a_channel_that_cannot_be_told_is_refused_and_the_others_are_not(change, word):
    judged = gate(spoiled(spends=with_tv(change)))
    assert word in judged.refused["tv"] and list(judged.panel.spends) == ["mail"]
    assert any("tv is left out" in warning for warning in judged.warnings)


def test_too_few_weeks_and_too_few_observations_are_refused():
    with pytest.raises(Refused, match="103 weeks .* at least 104"):
        gate(made(places=1, weeks=103))
    gate(made(places=1, weeks=104))
    with pytest.raises(Refused, match="51 weeks .* at least 52"):
        gate(made(weeks=51))
    panel = made(places=1, weeks=110)
    many = {f"c{n}": np.random.default_rng(n).random((1, 110)) for n in range(20)}
    with pytest.raises(Refused, match="observations for 26 effects are 4.2 each"):
        gate(dataclasses.replace(panel, spends=many))
    few = {name: many[name] for name in list(many)[:8]}
    warned = gate(dataclasses.replace(panel, spends=few)).warnings
    assert any("7.9 observations per effect" in text for text in warned)


def test_channels_that_run_together_are_warned_of():
    panel = made()
    twin = {**panel.spends, "radio": panel.spends["tv"] * 0.5 + 1}
    warned = gate(dataclasses.replace(panel, spends=twin)).warnings
    assert any("tv and radio run together (r = 1.00)" in text for text in warned)


def test_the_longest_run_is_the_last_of_equals():
    panel = made(weeks=60)
    for gaps, first, count in (([10], 11, 49), ([20, 41], 21, 20), ([25, 50], 0, 25), ([], 0, 60)):
        spend = holes(panel.spends["tv"].copy(), gaps)
        run = mix_model.longest_run(dataclasses.replace(panel, spends={"tv": spend}))
        assert (run.weeks[0], len(run.weeks)) == (panel.weeks[first], count), gaps
    with pytest.raises(Refused, match="no week"):
        mix_model.longest_run(dataclasses.replace(panel, outcome=panel.outcome * np.nan))


def test_a_week_of_unknown_spend_is_neither_zero_nor_read():
    """Outcomes are left out while that week is remembered; a zero there would change the fit."""
    panel = gate(spoiled(spends=with_tv(lambda tv: holes(tv, slice(50, 51))))).panel
    known = mix_model.usable(panel)
    assert (~known).sum() == 3 * mix_model.LAGS and not known[:, 50:58].any()
    wild = panel.outcome.copy()
    wild[:, 50:58] = 9999.0
    one = fit(panel, 3, 1)
    other = fit(dataclasses.replace(panel, outcome=np.where(known, panel.outcome, np.nan)), 3, 1)
    assert np.allclose(one.adstock, other.adstock, atol=0.05)
    assert np.isfinite(one.caused).all()


# --- what a build keeps ---------------------------------------------------------------------------


WEEKS = """
create schema marts;
create table marts.mmm_weeks as
    select p.geography || w as mmm_week_key, p.geography,
        cast(timestamp '2024-01-01' + to_days(7 * w) as date) as week_start_date,
        null::double as revenue_reporting,
        cast(40 + case when (w + p.n) % 5 = 0 then 25 else 0 end + hash(w, p.n) % 7 as bigint)
            as leads_created,
        null::bigint as orders,
        case when (w + p.n) % 5 = 0 then 100 else 0 end::decimal(18, 4) as spend_tv,
        case when w > 60 then 5 + hash(w, p.n, 1) % 40 end::decimal(18, 4) as spend_radio,
        null::bigint as impressions_organic_social, null::bigint as impressions_employee_advocacy,
        cast(hash(w, p.n, 2) % 5 as bigint) as media_clips
    from (values ('A', 1), ('B', 2), ('C', 3)) as p(geography, n), range(110) as r(w);
create table marts.fct_experiments as select 'x' as experiment_id, 'tv' as channel_id,
    'leads_created' as outcome, date '2024-09-02' as starts_on, date '2024-10-06' as ends_on,
    'A; B' as treated, 'geo_holdout' as design;
"""


@pytest.fixture(scope="module")
def warehouse():
    with duckdb.connect() as connection:
        connection.execute(WEEKS)
        yield connection


def a_run(name, **settings):
    asked = MixModel(**{"outcomes": ("leads_created",), "draws": 20, **settings})
    return Run(Settings(Organization("Plumb"), mix_model=asked), Paths(ROOT / "data"), name,
               dt.date(2026, 9, 30), dt.datetime.fromisoformat("2026-09-30 06:00"))  # fmt: skip


def rows(connection, query):
    return connection.execute(query).fetchall()


def test_a_build_fits_once_and_keeps_the_fit_until_something_changes(warehouse):
    [first] = mix_runs.write(a_run("r1"), warehouse)
    assert "1 channels in 110 weeks" in first and "radio is left out" in first
    before = rows(warehouse, "select * from metrics.mix_model_estimates order by all")
    [again] = mix_runs.write(a_run("r2"), warehouse)
    assert again == "mix model of leads_created: nothing new since run r1"
    assert rows(warehouse, "select * from metrics.mix_model_estimates order by all") == before
    mix_runs.write(a_run("r3", seed=8), warehouse)
    assert rows(warehouse, "select distinct run_id from metrics.mix_model_runs") == [("r3",)]
    changed = rows(warehouse, "select * from metrics.mix_model_estimates order by all")
    assert len(changed) == len(before) and changed != before


def test_estimates_add_up_within_a_channel_and_say_what_was_refused(warehouse):
    mix_runs.write(a_run("r4"), warehouse)
    [(spend, quarters)] = rows(
        warehouse,
        "select sum(spend_reporting) filter (grain = 'all'), sum(spend_reporting) "
        "filter (grain = 'quarter') from metrics.mix_model_estimates where channel_id = 'tv'",
    )
    assert spend == quarters == 110 * 3 / 5 * 100
    [(status, reason, caused)] = rows(
        warehouse,
        "select status, reason, caused_mid from metrics.mix_model_estimates "
        "where channel_id = 'radio'",
    )
    assert (status, caused) == ("refused", None)
    assert reason.startswith("spend is unknown in 55 % of the weeks")
    [(low, mid, high)] = rows(
        warehouse, "select caused_low, caused_mid, caused_high from metrics.mix_model_tests"
    )
    assert low < mid < high and mid == pytest.approx(2 * 25, rel=0.15)  # a burst in A, one in B
    partial = rows(
        warehouse, "select period_start, is_complete from metrics.mix_model_estimates "
        "where grain = 'quarter' order by 1",
    )  # fmt: skip
    assert partial[0] == (dt.date(2024, 1, 1), True) and partial[-1][1] is False
    # 110 weeks from Monday 1 January 2024 on: of the 13 Mondays of the ninth quarter they hold 5.
    assert rows(
        warehouse, "select distinct period_start, round(covered_share * 13, 9) "
        "from metrics.mix_model_estimates where grain = 'quarter' and covered_share < 1",
    ) == [(dt.date(2026, 1, 1), 5)]  # fmt: skip


@pytest.mark.parametrize(("most", "verdict"), [(-1.0, "unknown: prior"), (1e9, "stands")])
def test_a_channel_of_which_the_prior_alone_speaks_is_unknown_in_every_period(
    warehouse, monkeypatch, most, verdict
):
    monkeypatch.setattr(mix_runs, "SILENT", most)
    mix_runs.write(a_run("r10", seed=90 + int(most > 0)), warehouse)
    assert rows(
        warehouse, "select verdict, min(prior_dominance) = max(prior_dominance), count(*) > 1 "
        "from metrics.mix_model_estimates where status = 'estimated' and channel_id = 'tv' "
        "group by all",
    ) == [(verdict, True, True)]  # fmt: skip


def test_a_week_of_unknown_spend_is_not_covered(warehouse):
    warehouse.execute(
        "update marts.mmm_weeks set spend_tv = null "
        "where week_start_date = '2024-02-05' and geography = 'A'"
    )
    mix_runs.write(a_run("r7"), warehouse)
    [(share, places)] = rows(
        warehouse, "select covered_share, (select count(distinct geography) from marts.mmm_weeks) "
        "from metrics.mix_model_estimates where channel_id = 'tv' "
        "and grain = 'quarter' and period_start = '2024-01-01'",
    )  # fmt: skip
    assert share == pytest.approx(1 - 1 / 13 / places)


def test_tables_of_an_earlier_shape_are_made_anew(warehouse):
    mix_runs.write(a_run("r8"), warehouse)
    warehouse.execute("alter table metrics.mix_model_estimates drop column covered_share")
    mix_runs.write(a_run("r9"), warehouse)
    assert rows(warehouse, "select distinct run_id from metrics.mix_model_estimates") == [("r9",)]


@pytest.mark.parametrize(
    ("first", "last", "mondays"),
    [("2024-01-01", "2024-01-01", 1), ("2024-01-02", "2024-01-07", 0),
     ("2024-01-02", "2024-01-08", 1), ("2024-01-01", "2024-03-31", 13)],
)  # fmt: skip
def test_mondays_are_counted(first, last, mondays):
    days = (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert mix_runs._mondays(*days) == mondays


def test_a_refused_model_leaves_words_and_no_numbers(warehouse):
    said = mix_runs.write(a_run("r5", outcomes=("orders",)), warehouse)
    assert "refused: no week has a known outcome" in said[0]
    assert rows(warehouse, "select status, run_id from metrics.mix_model_runs") == [
        ("refused", "r5")
    ]
    assert rows(warehouse, "select count(*) from metrics.mix_model_estimates") == [(0,)]
    assert mix_runs.write(a_run("r6", outcomes=()), warehouse) == ()
    assert rows(warehouse, "select count(*) from metrics.mix_model_runs") == [(0,)]


def test_what_is_told_for_all_places_is_given_to_them_by_their_outcomes():
    weeks = [
        {"geography": place, "week_start_date": dt.date(2024, 1, 1), "leads_created": leads,
         "spend_tv": spend, "spend_radio": None, "impressions_organic_social": None,
         "impressions_employee_advocacy": None, "media_clips": 0}
        for place, leads, spend in (("A", 30, 5), ("B", 10, 7), ("all", None, 40))
    ]  # fmt: skip
    panel = mix_runs.read(weeks, "leads_created")
    assert panel.places == ("A", "B")
    assert panel.spends["tv"].tolist() == [[5 + 30], [7 + 10]]
    whole = mix_runs.read([week | {"leads_created": 9} for week in weeks[2:]], "leads_created")
    assert (len(whole.places), whole.spends["tv"].tolist()) == (1, [[40]])
    assert np.isnan(panel.spends["radio"]).all()
