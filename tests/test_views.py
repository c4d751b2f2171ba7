"""The views of the dashboards: what they hold, that they agree with the metrics and refuse."""

import datetime as dt
import re
import shutil

import duckdb
import pytest
from test_layout import REFUSED

from metrics import views
from metrics.postgres import SCHEMAS
from settings import ConfigError

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


def test_attainment_is_turned_round_where_lower_is_better(main):
    rows = ask(main, "select better, value, target, attainment from dashboards.goals")
    assert {"lower", "higher"} <= {row[0] for row in rows}
    for better, value, target, attainment in rows:
        assert attainment == pytest.approx(target / value if better == "lower" else value / target)


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
