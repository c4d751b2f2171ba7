"""Credit in the sample: it is conserved, always the same, and wrong where truth says it must be."""

import os
import shutil
import subprocess
import sys

import duckdb
import pytest

from bench import attribution as bench
from bench.credit import MODELS
from bench.marked import differing, within
from settings import ROOT


@pytest.fixture(scope="module")
def marts(built):
    with duckdb.connect(str(built.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def bias(built, marts):
    if not (built.data / "sample" / "truth" / "lead_causes.csv").exists():
        pytest.skip("this build has no sample with its truth")
    return bench.bias(marts, built.data)


def test_totals_are_conserved_in_every_kind_window_and_model(marts):
    rows = marts.execute(
        "select conversion_kind, window_kind, window_start_date, model, sum(conversions), "
        "sum(revenue_reporting), min(all_conversions), count(*) "
        "filter (where channel_id = 'unattributed') "
        "from marts.fct_channel_credit group by 1, 2, 3, 4"
    ).fetchall()
    assert {row[3] for row in rows} == set(MODELS)
    totals = {}
    for kind, window, start, _, conversions, revenue, everything, unattributed in rows:
        assert conversions == pytest.approx(everything, abs=1e-6)
        assert unattributed == 1
        totals.setdefault((kind, window, start), set()).add(revenue)
    assert all(len(revenues) == 1 for revenues in totals.values()), "models differ in revenue"
    [(won,)] = marts.execute("select sum(amount_reporting) from marts.fct_deals where is_won"
                             ).fetchall()  # fmt: skip
    [(of_all,)] = [v for (kind, window, _), v in totals.items()
                   if (kind, window) == ("deal_won", "all")]  # fmt: skip
    assert of_all == won
    assert totals.keys() >= {k for k in totals if k[1] == "year"} and len(totals) >= 8
    assert {v for (kind, *_), v in ((k, next(iter(v))) for k, v in totals.items())
            if kind == "lead_qualified"} == {None}  # fmt: skip


def test_a_figure_lies_in_its_interval_and_a_small_channel_has_a_wide_one(marts):
    rows = marts.execute(
        "select conversions, conversions_low, conversions_high, converted_journeys "
        "from marts.fct_channel_credit where window_kind = 'all' and channel_id <> 'unattributed'"
    ).fetchall()
    inside = [low <= value <= high for value, low, high, _ in rows]
    assert sum(inside) / len(inside) > 0.97
    wide = [(h - low) / v for v, low, h, n in rows if v and 0 < n <= 10]
    narrow = [(h - low) / v for v, low, h, n in rows if v and n >= 100]
    assert min(len(wide), len(narrow)) >= 5
    assert sorted(wide)[len(wide) // 2] > 3 * sorted(narrow)[len(narrow) // 2]


def test_journeys_hold_every_conversion_and_no_touch_twice_in_one(marts):
    assert marts.execute(
        "select count(*) from (select journey_id from marts.fct_journey_touches "
        "group by journey_id, touchpoint_id having count(*) > 1)"
    ).fetchone() == (0,)
    for kind, table, what in (
        ("deal_won", "fct_deals", "is_won and closed_date is not null"),
        ("lead_qualified", "fct_leads", "is_qualified and qualified_date is not null"),
    ):
        assert (
            marts.execute(f"select count(*) from marts.{table} where {what}").fetchone()
            == marts.execute(
                "select count(*) from marts.fct_journeys where outcome = 'converted' "
                f"and conversion_kind = '{kind}'"
            ).fetchone()
        )
    # Nobody's touch is lost: it stands in a journey of each kind.
    assert marts.execute(
        "select count(*) from marts.fct_touchpoints as t cross join "
        "(values ('deal_won'), ('lead_qualified')) as k(kind) where contact_id is not null and "
        "not exists (select 1 from marts.fct_journey_touches as j where j.touchpoint_id = "
        "t.touchpoint_id and j.conversion_kind = k.kind)"
    ).fetchone() == (0,)


def test_neither_threads_nor_the_order_of_rows_change_a_digit(built, marts, tmp_path):
    compiled = built.target / "compiled/plumbline/models/marts/fct_channel_credit.sql"
    if not compiled.exists():
        pytest.skip("this build has no compiled models")
    shutil.copy(built.warehouse, tmp_path / "plumbline.duckdb")
    with duckdb.connect(str(tmp_path / "plumbline.duckdb")) as connection:
        connection.execute("set threads = 1")
        for table in ("fct_journeys", "fct_journey_touches", "fct_attribution"):
            mixed = f"from marts.{table} as t order by hash(t)"
            connection.execute(f"create temp table mixed as {mixed}")
            connection.execute(f"delete from marts.{table}")
            connection.execute(f"insert into marts.{table} from mixed")
            connection.execute("drop table mixed")
        connection.execute(f"create temp table again as {compiled.read_text(encoding='utf-8')}")
        digest = "select count(*), sum(hash(t)) from {} as t"
        assert (
            connection.execute(digest.format("again")).fetchall()
            == marts.execute(digest.format("marts.fct_channel_credit")).fetchall()
        )


def test_the_table_of_the_page_is_that_of_this_sample(built, bias):
    stored = within(bench.PAGE, "evidence")
    assert not differing(stored, bench.page(built.data)), "run `python -m bench --only evidence`"


def test_no_rule_finds_what_leaves_no_touch_and_every_rule_credits_what_causes_nothing(bias):
    for unseen in ("tv", "radio", "out_of_home"):
        assert bias[unseen][0] > 10 and bias[unseen][1] == {}
    caused, credited = bias["display"]
    assert caused <= 5
    for model in MODELS:
        assert credited[model][1] > 3 * caused, f"{model} gives display no more than it caused"
    # Where the lead came in is not what brought it: the web site caused nothing.
    assert bias["website"][0] == 0
    assert all(bias["website"][1][model][0] > 300 for model in MODELS)
    [none] = [count for channel, (count, _) in bias.items() if channel == "none"]
    assert none > 400, "what would have come anyway is credited to somebody too"


def test_intervals_tell_of_chance_and_not_of_bias(bias):
    """Few of the 5 to 95 % intervals hold what was caused: the page says how many."""
    inside, everything = bench.held(bias)
    assert 0 < inside < 0.5 * everything


# --- failures that must be seen ------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied(built, tmp_path_factory):
    """A copy of the warehouse to spoil, and dbt's tests on it: {name: status}."""
    data = tmp_path_factory.mktemp("spoiled")
    (data / "build").mkdir()
    shutil.copy(built.warehouse, data / "build" / "plumbline.duckdb")

    def tested(*statements):
        with duckdb.connect(str(data / "build" / "plumbline.duckdb")) as connection:
            for statement in statements:
                assert connection.execute(statement).fetchall() != [(0,)], statement
        done = subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", "test", "--select",
             "fct_attribution_is_conserved", "fct_channel_credit_is_conserved",
             "fct_credit_days_is_conserved", "attribution_settings_name_known_channels",
             "--target-path", str(data / "target"), "--log-path", str(data / "logs"),
             "--no-use-colors"],
            cwd=ROOT / "dbt_project", env={**os.environ, "PLUMBLINE_DATA": str(data)},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        return {line.split(" FAIL ")[1].split()[1] for line in done.stdout.splitlines()
                if " FAIL " in line and "[" in line}  # fmt: skip

    return tested


def test_what_is_not_conserved_or_not_known_fails_the_build(copied):
    assert copied() == set()
    assert copied(
        "update marts.fct_attribution set revenue_reporting = revenue_reporting + 0.0001 "
        "where attribution_key = (select min(attribution_key) from marts.fct_attribution "
        "where revenue_reporting > 0)",
        "delete from marts.fct_channel_credit where channel_id = 'unattributed' "
        "and model = 'markov' and window_kind = 'all'",
        "delete from marts.fct_credit_days where model = 'path_removal' and converted_date = "
        "(select max(converted_date) from marts.fct_credit_days)",
        "insert into ingest.settings values "
        "('attribution_excluded_channels:dispay', 'dispay')",
    ) == {
        "fct_attribution_is_conserved",
        "fct_channel_credit_is_conserved",
        "fct_credit_days_is_conserved",
        "attribution_settings_name_known_channels",
    }  # fmt: skip


def test_metrics_and_evidence_hold_all_eight_rules(built, marts):
    """By year they say what all paths of the year say."""
    said = dict(marts.execute(
        "select slice_value, value from metrics.metric_values where metric_id = "
        "'attributed_revenue' and slice_name = 'model_channel' and grain = 'year' "
        "and period_start = '2025-01-01'"
    ).fetchall())  # fmt: skip
    whole = marts.execute(
        "select model || ': ' || channel_id, revenue_reporting from marts.fct_channel_credit "
        "where window_kind = 'year' and window_start_date = '2025-01-01' and conversion_kind = "
        "'deal_won' and channel_id <> 'unattributed'"
    ).fetchall()
    assert {name.split(":")[0] for name, _ in whole} == set(MODELS)
    for name, revenue in whole:
        assert said.pop(name) == pytest.approx(float(revenue), abs=0.01), name
    assert not said
    assert {source for (source,) in marts.execute(
        "select distinct evidence_source from marts.fct_evidence where kind = 'attribution'"
    ).fetchall()} == set(MODELS)  # fmt: skip
