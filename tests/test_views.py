"""The views of the dashboards: what they hold, that they agree with the metrics and refuse."""

import datetime as dt
import re
import shutil

import duckdb
import pytest
from test_layout import REFUSED

from metrics import catalogue, queries, to_date, views
from metrics.boards import WORDS
from metrics.postgres import SCHEMAS
from settings import ConfigError, Run, load_settings

ALL = views.load()
DIGEST = "select md5(string_agg(t::varchar, '|')) from dashboards.{} as t"


@pytest.fixture(scope="module")
def main(served):
    with duckdb.connect(str(served / "plumbline.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def people(served):
    with duckdb.connect(str(served / "people.duckdb"), read_only=True) as connection:
        yield connection


def ask(connection, sql, given=()):
    return connection.execute(sql, list(given)).fetchall()


@pytest.mark.parametrize("view", ALL.values(), ids=ALL)
def test_a_view_says_its_grain_has_no_clock_and_no_refused_number(view):
    assert re.match(r"One row\b", view.about) and view.about.endswith(".")
    code = re.sub(r"--[^\n]*", "", view.select)
    assert not re.search(r"\b(now|current_date|current_timestamp|today)\b", code)
    for name in view.columns:
        assert not REFUSED.search(name), name
    read = set(re.findall(r"(?:from|join) (\w+)\.\w+", code))
    allowed = {"main", "ops"} if view.database == "people" else {*SCHEMAS}
    assert read <= allowed, read - allowed


@pytest.mark.parametrize("view", ALL.values(), ids=ALL)
def test_a_view_is_a_table_with_rows_and_descriptions(view, main, people):
    connection = main if view.database == "main" else people
    [(rows,)] = ask(connection, f"select count(*) from dashboards.{view.name}")
    assert rows > 0
    [(comment,)] = ask(
        connection,
        "select comment from duckdb_tables() where schema_name = 'dashboards' and table_name = ?",
        [view.name],
    )
    assert comment == view.about
    told = dict(
        ask(
            connection,
            "select column_name, comment from duckdb_columns() where schema_name = 'dashboards' "
            "and table_name = ?",
            [view.name],
        )
    )
    assert told == {name: column.about for name, column in view.columns.items()}


def test_people_stay_out_of_the_public_file(main):
    tables = {row[0] for row in ask(main, "select table_name from duckdb_tables() "
                                          "where schema_name = 'dashboards'")}  # fmt: skip
    assert tables == {name for name, view in ALL.items() if view.database == "main"}


def test_keys_of_the_series_are_unique(main):
    assert ask(main, "select count(*) from dashboards.metric_series") == ask(
        main,
        "select count(*) from (select distinct metric_id, grain, period_start, slice_name, "
        "slice_value from dashboards.metric_series)",
    )
    assert ask(main, "select count(*) from dashboards.goals") == ask(
        main, "select count(*) from metrics.goal_status"
    )


def test_the_series_carries_the_period_before_and_the_year_before(main):
    rows = {
        start: (value, before, year)
        for start, value, before, year in ask(
            main,
            "select period_start, value, previous_value, year_before_value from "
            "dashboards.metric_series where metric_id = 'leads_created' and grain = 'month' "
            "and slice_name = 'all'",
        )
    }
    march, february, march_before = (rows[dt.date(y, m, 1)][0]
                                     for y, m in ((2026, 3), (2026, 2), (2025, 3)))  # fmt: skip
    assert rows[dt.date(2026, 3, 1)] == (march, february, march_before)
    assert rows[dt.date(2024, 1, 1)][1:] == (None, None)  # nothing before is unknown, not 0


def test_sums_of_what_was_are_what_the_sums_were(main):
    """A slice that is gone by now, or new, is missing from no total."""
    gone = ask(
        main,
        "select count(*) from dashboards.metric_comparisons where value is null "
        "and year_before_value is not null",
    )
    assert gone[0][0] > 100
    for back, name in (("1 month", "previous"), ("1 year", "year_before")):
        rows = ask(
            main,
            f"""
            with sums as (
                select metric_id, slice_name, period_start, sum(value) as value,
                    sum(numerator) as top, sum({name}_value) as then_value,
                    sum({name}_numerator) as then_top, count({name}_break) as broken
                from dashboards.metric_comparisons where grain = 'month' group by 1, 2, 3
            )
            select s.then_value, o.value, s.then_top, o.top, s.broken
            from sums as s join sums as o
                on s.metric_id = o.metric_id and s.slice_name = o.slice_name
                and o.period_start = s.period_start - interval {back}
            """,
        )
        whole = [row for row in rows if not row[4]]
        assert len(whole) > 500 and len(rows) - len(whole) in range(10, 200)
        for then, was, then_top, top, _ in whole:
            assert (then is None) == (was is None) and (then_top is None) == (top is None)
            assert then is None or then == pytest.approx(was)
            assert then_top is None or then_top == pytest.approx(top)


def test_nothing_is_compared_across_a_changed_definition(main):
    """Facebook gave no impressions any more from 15 November 2025 on."""
    told = {
        (start, name): row
        for start, name, *row in ask(
            main,
            "select period_start, slice_value, value is null, previous_value is null, "
            "previous_break, year_before_value is null, year_before_break "
            "from dashboards.metric_series where metric_id = 'social_impressions' "
            "and grain = 'month' and slice_name in ('all', 'network')",
        )
    }
    why = "Facebook changed impressions on 15 Nov 2025"
    both = f"{why}, Instagram changed impressions on 21 Apr 2025"
    # Before and after within one definition, the month of the change, and the month after it,
    # whose month before is of both definitions.
    assert told[dt.date(2025, 10, 1), "all"][1:3] == [False, None]
    assert told[dt.date(2025, 11, 1), "all"][1:] == [True, why, True, both]
    assert told[dt.date(2025, 12, 1), "all"][1:] == [True, why, True, both]
    assert told[dt.date(2026, 1, 1), "all"][1:] == [False, None, True, both]
    assert told[dt.date(2026, 5, 1), "all"][1:] == [False, None, True, why]
    assert told[dt.date(2026, 8, 1), "linkedin"] == [False, False, None, False, None]
    assert told[dt.date(2025, 11, 1), "facebook"][1:3] == [True, why]
    sums = ask(  # what a trend adds up: nothing while one of its slices is broken
        main,
        "select period_start, count(year_before_break) = 0, count(year_before_value) > 0, "
        "bool_and(year_before_break is null or year_before_value is null) "
        "from dashboards.metric_comparisons where metric_id = 'social_impressions' "
        "and grain = 'month' and slice_name = 'network' and channel <> 'Instagram' group by 1",
    )
    whole = {start: (is_whole, some, alone) for start, is_whole, some, alone in sums}
    assert whole[dt.date(2025, 10, 1)] == (True, True, True)
    assert whole[dt.date(2025, 12, 1)] == (False, True, True)
    latest = ask(
        main,
        "select year_before_value, year_before_text, change_text, verdict "
        "from dashboards.metric_latest where metric_id = 'social_impressions'",
    )
    assert latest == [(None, "not comparable", f"withheld: {why}", "no verdict")]
    assert ask(  # nobody's definition changed: compared as ever
        main,
        "select count(*) from dashboards.metric_series where metric_id = 'leads_created' "
        "and (previous_break is not null or year_before_break is not null)",
    ) == [(0,)]


@pytest.fixture
def remade(served, tmp_path):
    """Make the views anew after a change of the tables behind them."""

    def make(*changes):
        file = tmp_path / "plumbline.duckdb"
        shutil.copyfile(served / "plumbline.duckdb", file)
        with duckdb.connect(str(file)) as connection:
            connection.execute("drop schema dashboards cascade")
            for change in changes:
                connection.execute(change)
        views.make_views(file)
        return duckdb.connect(str(file), read_only=True)

    return make


def test_a_goal_on_a_network_that_changed_its_words_is_not_compared(remade):
    network = "'cumulative', slice = 'network=facebook'"
    with remade(
        "update metrics.goal_status set profile = 'level' where goal_id = 'nps_2026'",
        "update metrics.goal_status set metric_id = 'social_impressions', profile = "
        f"{network} where goal_id = 'qualified_leads_2026'",
        "update metrics.goal_status set metric_id = 'social_impressions', profile = "
        f"{network.replace('facebook', 'linkedin')} where goal_id = 'event_leads_2026'",
    ) as connection:
        told = dict(ask(connection, "select goal_id, change_text from dashboards.goals"))
    assert told["qualified_leads_2026"] == "withheld: Facebook changed impressions on 15 Nov 2025"
    assert not told["event_leads_2026"].startswith("withheld")
    assert not told["nps_2026"].startswith("withheld")


def test_a_change_across_a_changed_definition_is_not_taken_apart(main, remade):
    parts = "select metric_id, count(*) from dashboards.drivers group by 1"
    before = dict(ask(main, parts))
    changed = "insert into metrics.metric_breaks values ('leads_created', 'linkedin', 'x', {}, 'x')"
    with remade(changed.format("date '2026-05-01'")) as connection:
        after = dict(ask(connection, parts))
    assert before["leads_created"] > 0 and "leads_created" not in after
    assert after == {name: n for name, n in before.items() if name != "leads_created"}
    with remade(changed.format("date '2024-05-01'")) as connection:  # both quarters after it
        assert dict(ask(connection, parts)) == before


def test_an_interval_that_nobody_tried_says_so_on_every_card(remade):
    untried = (
        "update metrics.goal_status set interval_basis = 'not_backtested', backtest_readings = 0, "
        "backtest_covered_share = null where goal_id = 'revenue_2026'"
    )
    told = "select forecast_text, backtest_text from dashboards.goals where goal_id = '{}'"
    with remade(untried) as connection:
        [(forecast, tried)] = ask(connection, told.format("revenue_2026"))
        assert "; not backtested)" in forecast and "interval not backtested" in tried
        [(forecast, tried)] = ask(connection, told.format("qualified_leads_2026"))
        assert "backtested" not in forecast and "intervals held the result (80 % should)" in tried


def test_a_source_that_nobody_named_is_not_late(remade):
    """Grey, with words of its own, and counted neither as good nor as bad."""
    late = "update metrics.goal_status set status = 'data_late', actual = null, trust = 'failed' "
    goals = "where goal_id in ('win_rate_2026', 'revenue_2026')"
    with remade(
        late + goals,
        "update metrics.goal_status set status = 'no_source' where goal_id = 'win_rate_2026'",
        "update metrics.metric_trust set trust = 'failed', sources = '', reason = 'no source "
        "configured (hubspot.deals).' where metric_id = 'win_rate'",
    ) as connection:
        told = {
            row[0]: row[1:]
            for row in ask(
                connection,
                f"select goal_id, status, status_order, trust from dashboards.goals {goals}",
            )
        }
        trust = ask(
            connection, "select trust from dashboards.metric_latest where metric_id = 'win_rate'"
        )
        [counted] = ask(
            connection, "select goals_on_track, goals_off_track from dashboards.data_state"
        )
        words = dict(ask(connection, "select status, count(*) from dashboards.goals group by 1"))
    assert told["win_rate_2026"] == ("No source", 5, "no source")
    assert told["revenue_2026"][:2] == ("Data late", 4)
    assert trust == [("no source",)]
    assert counted == (
        words.get("On track", 0) + words.get("Reached", 0),
        words.get("Off track", 0) + words.get("Missed", 0),
    )
    assert {"No source", "Data late"} <= set(WORDS["status"]["none"])
    assert "no source" in WORDS["trust"]["none"]


def test_the_latest_period_of_a_slice_is_that_of_its_metric(main):
    """A channel without leads this month shows no older month as if it were the latest."""
    assert ask(
        main,
        "select count(*) from (select metric_id, grain, slice_name from dashboards.metric_series "
        "where is_latest group by 1, 2, 3 having count(distinct period_start) > 1)",
    ) == [(0,)]
    assert ask(
        main, "select count(*) from dashboards.metric_series where is_latest and not is_complete"
    ) == [(0,)]


def test_channels_add_up_to_the_metrics(main):
    """A number is defined once: what a view counts at a finer grain agrees with metric_values."""
    assert ask(main, "select sum(leads) from dashboards.channel_months") == ask(
        main,
        "select cast(sum(value) as bigint) from metrics.metric_values where metric_id = "
        "'leads_created' and grain = 'month' and slice_name = 'channel_id'",
    )
    [(qualified,)] = ask(main, "select sum(qualified_leads) from dashboards.channel_months")
    assert [(qualified,)] == ask(
        main,
        "select cast(sum(value) as bigint) from metrics.metric_values where metric_id = "
        "'leads_created' and grain = 'month' and slice_name = 'is_qualified' "
        "and slice_value = 'true'",
    )
    for model, column in (("first", "first_touch_revenue"), ("linear", "linear_revenue")):
        [(ours,)] = ask(
            main, f"select sum({column}) from dashboards.attribution_months where is_attributed"
        )
        [(theirs,)] = ask(
            main,
            "select sum(value) from metrics.metric_values where metric_id = 'attributed_revenue' "
            "and grain = 'month' and slice_name = 'model' and slice_value = ?",
            [model],
        )
        assert ours == pytest.approx(theirs)


def test_every_attribution_model_adds_up_to_the_same_with_what_is_not_traced(main):
    [sums] = ask(
        main,
        "select sum(first_touch_revenue), sum(last_touch_revenue), sum(linear_revenue), "
        "sum(position_revenue), sum(time_decay_revenue) from dashboards.attribution_months",
    )
    assert all(value == pytest.approx(sums[0]) for value in sums)
    assert ask(main, "select count(*) from dashboards.attribution_months "
                     "where not is_attributed")[0][0] > 0  # fmt: skip


def test_the_share_of_a_target_is_turned_round_where_lower_is_better(main):
    rows = ask(main, "select better, value, target, target_share from dashboards.goals")
    assert {"lower", "higher"} <= {row[0] for row in rows}
    for better, value, target, share in rows:
        assert share == pytest.approx(target / value if better == "lower" else value / target)


def test_a_goal_says_its_numbers_with_their_unit(main):
    rows = dict(ask(main, "select unit, value_text from dashboards.goals"))
    assert rows["percent"].endswith(" %") and rows["money"].endswith(" EUR")
    assert rows["minutes"].endswith(" min")


def test_unknown_is_null_and_never_nought(main):
    [(spend,)] = ask(
        main, "select sum(spend) from dashboards.channel_months where channel = 'Organic search'"
    )
    assert spend is None


def test_the_funnel_never_widens(main):
    steps = ask(
        main,
        "select sum(leads) from dashboards.funnel_steps group by step_order order by step_order",
    )
    assert steps == sorted(steps, reverse=True)


def test_paths_of_touches_never_turn_back(main):
    rows = ask(main, "select first_touch, last_touch from dashboards.touch_paths")
    assert all(a.startswith("First: ") and b.startswith("Last: ") for a, b in rows)


def test_what_is_withheld_stays_withheld(people):
    for table, number, original in (
        ("moves", "people", "main.fct_moves"),
        ("advocacy", "participants", "main.fct_advocacy"),
        ("workload", "inbound", "main.fct_workload_weeks"),
        ("surveys", "respondents", "main.fct_survey_results"),
    ):
        assert ask(
            people,
            f"select count(*) from dashboards.{table} "
            f"where privacy = 'withheld' and {number} is not null",
        ) == [(0,)], table
        assert ask(people, f"select count(*) from {original} where is_suppressed")[0][0] > 0
    [(least,)] = ask(people, "select min(respondents) from dashboards.surveys")
    assert least >= 10
    columns = {c for v in ALL.values() if v.database == "people" for c in v.columns}
    assert not columns & {"largest_person_share", "promoters", "detractors"}


def test_posts_of_employees_are_not_shown_one_by_one(main):
    assert ask(
        main,
        "select count(*) from dashboards.posts as p join marts.fct_posts as f "
        "on p.post_id = f.post_id where f.ownership <> 'brand'",
    ) == [(0,)]


# --- what is refused -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """A folder of views with one view, and a database to make it in."""
    made = tmp_path / "views"
    (made / "people").mkdir(parents=True)
    (made / "few.sql").write_text("-- One row per number.\nselect 1 as leads\n")
    (made / "columns.yml").write_text(
        "columns:\n  leads: {kind: number, about: Leads.}\n"
        "views:\n  few: {columns: [leads]}\npeople: {}\n"
    )
    views.load.cache_clear()
    yield made
    views.load.cache_clear()


def test_a_folder_of_views_is_made(folder, tmp_path):
    assert views.make_views(tmp_path / "x.duckdb", folder=folder) == {"dashboards.few": 1}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-- One row per number.", "-- Numbers.", "the grain first"),
        ("select 1 as leads", "select 1 as lead", "gives lead number; columns.yml says leads"),
        ("select 1 as leads", "select '1' as leads", "gives leads text"),
        ("select 1 as leads", "select * from nowhere", "correct the view"),
        ("select 1 as leads", "select * from dashboards.missing", "missing"),
    ],
)
def test_a_view_that_does_not_hold_names_its_file(folder, tmp_path, old, new, said):
    file = folder / "few.sql"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=said):
        views.make_views(tmp_path / "x.duckdb", folder=folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("few: {columns: [leads]}", "fewer: {columns: [leads]}", "a file and an entry"),
        ("columns: [leads]}", "columns: [leads, clicks]}", "clicks is not under `columns`"),
        ("kind: number", "knd: number", r"columns.yml:2: unknown key .*did you mean 'kind'"),
    ],
)
def test_a_dictionary_that_does_not_hold_says_where(folder, old, new, said):
    file = folder / "columns.yml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=said):
        views.load(folder)


def test_views_are_made_the_same_every_time(served, tmp_path):
    file = tmp_path / "plumbline.duckdb"
    shutil.copyfile(served / "plumbline.duckdb", file)
    with duckdb.connect(str(file)) as connection:
        before = {
            name: ask(connection, DIGEST.format(name))
            for name, view in ALL.items() if view.database == "main"
        }  # fmt: skip
        connection.execute("drop schema dashboards cascade")
    views.make_views(file)
    with duckdb.connect(str(file), read_only=True) as connection:
        for name, digest in before.items():
            assert digest == ask(connection, DIGEST.format(name)), name


def test_what_the_mix_model_cannot_say_is_said_and_credit_stands_with_its_outcome(main):
    rows = ask(main, "select t.is_mix_silent, t.verdict, v.agreement, v.test_says, "
                     "t.experiment_verdict, v.mix_says, v.credit_says, t.outcome "
                     "from dashboards.triangulation as v "
                     "join marts.dim_channels as d on v.channel = d.channel_label "
                     "join metrics.channel_triangulation as t on t.channel_id = d.channel_id "
                     "and t.quarter_start = v.period_start and v.outcome = case t.outcome "
                     "when 'revenue_reporting' then 'order revenue' when 'deals_won' then "
                     "'won deals' else replace(t.outcome, '_', ' ') end "
                     "and v.test_id is not distinct from t.experiment_id")  # fmt: skip
    assert {row[-1] for row in rows} >= {"deals_won", "leads_created", "revenue_reporting"}
    # The model and credit stand beside each other on qualified leads and nowhere else.
    assert {row[-1] for row in rows if row[5] and row[6]} == {"leads_qualified"}
    for is_silent, verdict, agreement, test, test_verdict, mix, credit, outcome in rows:
        assert credit is None or outcome in ("deals_won", "leads_qualified")
        assert agreement == verdict
        if mix:
            assert ("unknown: prior" in mix) == is_silent
        if is_silent or test_verdict == "unknown: contaminated":
            assert agreement.startswith("unknown: ")
        if test and test_verdict == "unknown: contaminated":
            assert "unknown: contaminated" in test


def test_a_contaminated_test_is_shown_with_both_estimates_and_how_wrong_it_may_be(main):
    [[text]] = ask(main, "select experiment from dashboards.channel_evidence "
                         "where channel_id = 'radio'")  # fmt: skip
    for part in text.split("; leads"):
        assert "by its tool" in part and "unknown: contaminated" in part
        assert re.search(r"\d\.\d\d to \d\.\d\d times the effect", part)


def test_lower_bounds_are_shown_by_name_and_never_added(remade):
    with remade(
        "update metrics.channel_triangulation set codes_at_least = 7, vanity_at_least = 9, "
        "calls_at_least = null, at_least = 9 where channel_id = 'radio' and outcome = "
        "'leads_created' and quarter_start = date '2025-10-01'",
    ) as main:
        assert ask(
            main, "select marks_say from dashboards.triangulation where channel = 'Radio' "
                  "and outcome = 'leads created' and period_start = date '2025-10-01'"
        ) == [("at least 7 by codes, 9 by vanity addresses",)]  # fmt: skip
        [[text]] = ask(main, "select codes_and_calls from dashboards.channel_evidence "
                             "where channel_id = 'phone'")  # fmt: skip
    assert re.fullmatch(
        r"at least \d+ leads after a qualified tracked call, \d+ qualified tracked calls", text
    )


def test_every_test_of_a_channel_is_shown(remade):
    """Two of the same channel, kind, outcome and quarter, of which one found nothing."""
    radio = "where experiment_id = 'ex-2025-radio' and outcome = 'orders'"
    with remade(
        "insert into metrics.experiment_estimates by name select * replace ('ex-again' as "
        f"experiment_id, -2.0 as incremental) from metrics.experiment_estimates {radio}",
        "insert into metrics.channel_triangulation by name select * replace ('again' as "
        "triangulation_key, 'ex-again' as experiment_id) "
        f"from metrics.channel_triangulation {radio}",
    ) as main:
        [[text]] = ask(main, "select experiment from dashboards.channel_evidence "
                             "where channel_id = 'radio'")  # fmt: skip
        assert text.count("orders ") == 2 and "orders −2 (" in text
        assert ask(
            main, "select test_id from dashboards.triangulation where channel = 'Radio' "
                  "and outcome = 'orders' and test_id is not null and year(period_start) = 2025 "
                  "order by 1"
        ) == [("ex-2025-radio",), ("ex-again",)]  # fmt: skip


def test_every_kind_of_evidence_has_its_column_and_a_test_nobody_can_check_says_so(main):
    rows = {row[0]: row[1:] for row in ask(
        main, "select channel_id, experiment, quasi_experiment, mix_model "
              "from dashboards.channel_evidence")}  # fmt: skip
    assert "unknown: not checked" in rows["display"][1] and "by its tool" in rows["display"][1]
    _, _, mix = rows["tv"]
    assert re.search(r"order revenue \+[\d,.]+ .*\([\d,.]+ .* to [\d,.]+ .*\), 1 Jan 2026 to", mix)
    assert "leads qualified +" in mix and "unknown" not in mix
    assert "unknown: prior" in rows["paid_search"][2]
    says = dict(ask(main, "select channel, test_says from dashboards.triangulation "
                          "where agreement = 'unknown: not checked'"))  # fmt: skip
    assert list(says) == ["Display"] and says["Display"].endswith(
        "by the tool of the quasi-experiment; unknown: not checked"
    )


# --- why it changed, signals, the weekly review --------------------------------------------------


def test_the_steps_below_a_step_add_up_to_it_and_the_leaves_to_the_change(main):
    rows = ask(main, "select metric_id, round(sum(contribution) filter (where is_leaf), 2), "
                     "round(sum(contribution) filter (where depth = 1), 2), "
                     "round(max(contribution) filter (where depth = 0), 2) "
                     "from dashboards.tree_steps group by 1 order by 1")  # fmt: skip
    assert {row[0] for row in rows} == {"customers_active", "revenue_booked"}
    for _, leaves, first, whole in rows:
        assert leaves == first == whole != 0
    [(change,)] = ask(main, "select round(value - year_before_value, 2) from "
                            "dashboards.metric_series where metric_id = 'revenue_booked' and "
                            "grain = 'quarter' and slice_name = 'all' and is_latest")  # fmt: skip
    assert change == rows[1][3]


def test_the_cards_of_change_show_the_last_complete_quarter_alone(main):
    [(kept,)] = ask(main, "select count(distinct period_to) from metrics.metric_drivers "
                          "where grain = 'quarter'")  # fmt: skip
    assert kept > 8
    for view in ("drivers", "tree_steps"):
        compared = ask(main, f"select distinct metric_id, period_from, period_to from dashboards."
                             f"{view}")  # fmt: skip
        assert len(compared) == len({metric for metric, *_ in compared}) > 0
        found = {row[0]: row[1:] for row in compared}
        assert found["revenue_booked"] == (dt.date(2025, 7, 1), dt.date(2026, 7, 1))
    told = ask(main, "select metric_id, count(*), count(distinct quarter_name), "
                     "count(distinct compared_with) from dashboards.changes "
                     "group by 1")  # fmt: skip
    assert told and all(row[2] == 1 and row[1] == row[3] <= 2 for row in told)
    assert ("revenue_booked", 2, 1, 2) in told


def test_every_series_is_judged_or_says_why_not(main):
    rows = ask(main, "select signal, says, limit_low, value, limit_high, signal_since, verdict "
                     "from dashboards.signals")  # fmt: skip
    assert {row[0] for row in rows} == {"Signal", "Quiet", "No limits"}
    for signal, says, low, value, high, since, verdict in rows:
        assert says and (since is not None) == (signal == "Signal") == (verdict is not None)
        assert (low is None) == (signal == "No limits")
        if signal == "Quiet":
            assert low <= value <= high


def test_late_and_partial_weeks_are_not_in_the_review(main):
    rows = ask(main, "select grain, place, max(period_start), min(period_start), count(value) "
                     "from dashboards.review_points group by 1, 2 order by 2")  # fmt: skip
    assert [row[:2] for row in rows] == [("week", k) for k in range(1, 7)] + [
        ("month", k) for k in range(7, 19)
    ]
    assert rows[5][2] == rows[5][3] == dt.date(2026, 9, 21)  # the 28th begins a week in progress
    assert rows[17][2] == dt.date(2026, 9, 1)
    [(late,)] = ask(main, "select count(value) from dashboards.review_points where metric_id = "
                          "'earned_media_items' and period_start > '2026-09-09'")  # fmt: skip
    assert late == 0


def test_the_reviews_lines_are_the_metrics_own_numbers(main):
    [row] = ask(main, "select value, previous_value, year_before_value, month_value, month_before, "
                      "quarter_value, year_value, year_before, year_plan from "
                      "dashboards.review_lines where metric_id = 'revenue_booked'")  # fmt: skip

    def stored(grain, day):
        found = ask(main, "select value from metrics.metric_values where metric_id = "
                          "'revenue_booked' and slice_name = 'all' and grain = ? and "
                          "period_start = ?", [grain, day])  # fmt: skip
        return found[0][0] if found else None

    assert row[:7] == (
        stored("week", "2026-09-21"), stored("week", "2026-09-14"), stored("week", "2025-09-22"),
        stored("month", "2026-09-01"), stored("month", "2025-09-01"),
        stored("quarter", "2026-07-01"), stored("year", "2026-01-01"),
    )  # fmt: skip
    [(until,)] = ask(main, "select sum(value) from metrics.metric_values where metric_id = "
                           "'revenue_booked' and slice_name = 'all' and grain = 'day' and "
                           "period_start between '2025-01-01' and '2025-09-30'")  # fmt: skip
    assert row[7] == pytest.approx(until)
    [(expected,)] = ask(main, "select expected from dashboards.goals where goal_id = "
                              "'revenue_2026'")  # fmt: skip
    assert row[8] == pytest.approx(expected)
    # Shares, medians, surveys: what is told of this year is told of the same stretch of the last.
    lone = ask(main, "select metric_id from dashboards.review_lines "
                     "where (year_value is null) <> (year_before is null)")  # fmt: skip
    assert lone == []
    told = ask(main, "select metric_id from dashboards.review_lines where year_before is not null")
    assert {("win_rate",), ("csat",), ("nps",), ("gross_margin",), ("first_response_time",),
            ("signal_response_days",)} <= set(told)  # fmt: skip


@pytest.mark.parametrize(
    ("shift", "first", "before", "until"),
    # A year that begins in April, and one of weeks that begins on Sunday 29 March 2026.
    [("date_day - interval 3 month", "2026-04-01", "2025-04-01", "2025-09-30"),
     ("case when date_day < '2025-03-30' then date '2024-01-01' + "
      "cast(date_day - date '2024-03-31' as integer) when date_day < '2026-03-29' then "
      "date '2025-01-01' + cast(date_day - date '2025-03-30' as integer) "
      "else date '2026-01-01' + cast(date_day - date '2026-03-29' as integer) end",
      "2026-03-29", "2025-03-30", "2025-10-01")],
)  # fmt: skip
def test_the_review_and_the_evidence_follow_the_fiscal_year(
    built, served, tmp_path, shift, first, before, until
):
    file = tmp_path / "plumbline.duckdb"
    shutil.copyfile(served / "plumbline.duckdb", file)
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop schema dashboards cascade")
        connection.execute(f"update marts.dim_dates set fiscal_year = year({shift}), "
                           f"fiscal_quarter = quarter({shift})")  # fmt: skip
        for part in ("year", "quarter"):
            by = "fiscal_year" + (", fiscal_quarter" if part == "quarter" else "")
            connection.execute(
                f"update marts.dim_dates as d set fiscal_{part}_start_date = f.first from (select "
                f"{by}, min(date_day) as first from marts.dim_dates group by {by}) as f "
                f"where d.fiscal_year = f.fiscal_year"
                + (" and d.fiscal_quarter = f.fiscal_quarter" if part == "quarter" else "")
            )
        run = Run(load_settings(), built, "", dt.date(2026, 9, 30), dt.datetime(2026, 9, 30))  # noqa: DTZ001
        known = catalogue.load()
        found = queries.manifests(run, known)
        private = queries.private(known, found)  # their tables are not served
        wanted = [
            query
            for query in queries.stretches(known, found, queries.sql_cache(run))
            if not private.keys() & set(query.wanted)
        ]
        to_date.write(run, connection, known, wanted, private)
    views.make_views(file)
    with duckdb.connect(str(file), read_only=True) as connection:

        def days(since, to):
            return ask(connection, "select sum(value) from metrics.metric_values where metric_id = "
                       "'leads_created' and slice_name = 'all' and grain = 'day' and period_start "
                       "between ? and ?", [since, to])[0][0]  # fmt: skip

        [(year, year_before)] = ask(
            connection, "select year_value, year_before from dashboards.review_lines "
            "where metric_id = 'leads_created'")  # fmt: skip
        assert (year, year_before) == (days(first, "2026-09-30"), days(before, until))
        # No fiscal year of a median is stored, and days of one make none: it is asked.
        [(median, then)] = ask(
            connection, "select year_value, year_before from dashboards.review_lines "
            "where metric_id = 'first_response_time'")  # fmt: skip
        assert median is not None and then is not None
        assert ask(connection, "select count(*) from metrics.metric_values where metric_id = "
                               "'first_response_time' and grain = 'year' and value = ?",
                               [median]) == [(0,)]  # fmt: skip
        [(paid,)] = ask(connection, "select credit_high from dashboards.channel_evidence "
                                    "where channel_id = 'paid_search'")  # fmt: skip
        [(most,)] = ask(
            connection, "select max(revenue) from (select sum(value) as revenue from "
            "metrics.metric_values where metric_id = 'attributed_revenue' and grain = 'month' and "
            "slice_value in ('first: paid_search', 'last: paid_search', 'linear: paid_search') "
            "and period_start between ? and '2026-09-30' group by slice_value)", [first],
        )  # fmt: skip
        assert paid == pytest.approx(most)


@pytest.mark.parametrize(
    ("monday", "before"),
    [
        ("2026-12-28", None),  # W53: 2025 had 52 weeks
        ("2027-01-04", "2025-12-29"),  # W01 against W01, which began in December
        ("2027-01-11", "2026-01-05"),
        ("2026-09-21", "2025-09-22"),
        ("2021-01-04", "2019-12-30"),  # after the 53 weeks of 2020
        ("2020-12-28", None),
    ],
)
def test_a_week_is_held_against_the_week_of_its_number(monday, before):
    with duckdb.connect() as connection:
        connection.execute(views.MACROS)
        [(found,)] = ask(connection, f"select same_iso_week(date '{monday}')")
    assert found == (before and dt.date.fromisoformat(before))


def test_who_has_no_owner_is_listed_once_and_is_a_finding(main):
    rows = ask(main, "select kind, finding, owner_status from dashboards.orphans")
    assert len(rows) == len(set(rows)) and {row[0] for row in rows} == {
        "Goal", "Metric", "Tree node",
    }  # fmt: skip
    assert {row[2] for row in rows} <= {"left", "vacant"}
    [(signals,)] = ask(main, "select count(*) from dashboards.findings where kind = 'Signal'")
    assert [(signals,)] == ask(
        main, "select count(*) from dashboards.signals where verdict = 'worse'"
    )


def test_parts_of_a_change_add_up_to_it_as_they_are_written(main):
    """Rounded like the change itself: amounts to one, so that n parts are off by n/2 at most."""
    looked = 0
    for unit, told, parts in ask(
        main, "select unit, difference_text, parts from dashboards.changes "
        "where unit in ('count', 'accounts', 'money') and parts not like '%.'"
    ):  # fmt: skip
        numbers = [
            float(text.replace("−", "-").replace(",", ""))
            for text in re.findall(r" ([+−]?[\d,]+(?:\.\d+)?)(?: EUR)?(?:;|$)", parts)
        ]
        assert len(numbers) == parts.count(";") + 1, parts
        if told != "no change":
            whole = float(re.match(r"[+−]?[\d,.]+", told)[0].replace("−", "-").replace(",", ""))
            assert sum(numbers) == pytest.approx(whole, abs=0.5 * len(numbers) + 0.5), (unit, parts)
            looked += 1
    assert looked >= 6


def test_the_way_of_a_goal_ends_with_its_forecast_and_its_target(main):
    rows = ask(
        main,
        "select f.expected, f.forecast, f.forecast_low, f.forecast_high, g.target, g.forecast, "
        "g.forecast_low, g.forecast_high from dashboards.goals as g left join dashboards.goal_fans "
        "as f on g.goal_id = f.goal_id and g.period_to = f.course_date",
    )
    assert rows and all(row[:4] == row[4:] for row in rows)
    assert ask(main, "select count(*) - count(distinct goal_id || course_date) "
                     "from dashboards.goal_fans") == [(0,)]  # fmt: skip
    # a fan opens from what is: its first day has one number, and it is the actual
    assert ask(
        main,
        "select count(*) from dashboards.goal_fans as f join dashboards.goals as g "
        "on f.goal_id = g.goal_id where f.forecast is not null and f.course_date < g.period_to "
        "and (f.actual <> f.forecast_low or f.actual <> f.forecast_high)",
    ) == [(0,)]


def test_a_channel_whose_owner_left_says_so(main):
    rows = ask(
        main,
        "select e.owner, o.display_name, o.owner_status from dashboards.channel_evidence as e "
        "join marts.dim_channels as c using (channel_id) "
        "join marts.dim_owners as o on c.owner_role = o.role and o.is_current",
    )
    assert {status for _, _, status in rows} >= {"active", "left"}
    for shown, name, status in rows:
        told = name if status == "active" else f"{name} ({status})"
        assert shown == (told if name else "nobody")


def test_credit_of_a_channel_is_a_range_over_rules_and_never_their_mean(main):
    rows = ask(
        main,
        "select credit_low, credit_high, credit_text from dashboards.channel_evidence "
        "where credit_low < credit_high",
    )
    assert rows
    for low, high, told in rows:
        assert told.startswith(f"{low:,.0f} EUR to {high:,.0f} EUR (")
        assert not re.search("mean|average", told)
