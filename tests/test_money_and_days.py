"""Days of time zones and of fiscal calendars, against sources that nobody here wrote; what was
reported when."""

import datetime as dt
import itertools
import types
import zoneinfo
from pathlib import Path

import duckdb
import jinja2
import pytest
from dbt_warehouse import Warehouse

from metrics import __main__ as command
from metrics import reported, views
from settings import ROOT, ConfigError, Organization, Paths

DAY = dt.timedelta(days=1)
CHECK = "fiscal_years_begin_with_their_first_month"

# --- time zones ----------------------------------------------------------------------------------

ZONES = ("Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata",
         "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Chatham", "America/Santiago",
         "Pacific/Apia", "UTC")  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_every_quarter_of_an_hour_of_a_year_is_on_the_day_that_python_says(zone):
    """The same rules from another hand: DuckDB asks ICU, Python the tz database."""
    text = (ROOT / "dbt_project" / "macros" / "days.sql").read_text(encoding="utf-8")
    macros = jinja2.Environment(autoescape=False).from_string(text).module
    local = macros.default__to_local_timestamp("moment", f"'{zone}'")
    with duckdb.connect() as con:
        said = con.execute(
            f"select moment, cast({local} as date) from generate_series(timestamp '2026-01-01', "
            "timestamp '2026-12-31', interval 15 minute) as t(moment)"
        ).fetchall()
    place = zoneinfo.ZoneInfo(zone)
    wrong = [moment for moment, day in said
             if moment.replace(tzinfo=dt.UTC).astimezone(place).date() != day]  # fmt: skip
    assert len(said) > 34_000
    assert wrong == []


# --- fiscal calendars ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory):
    monkeypatch = pytest.MonkeyPatch()
    made = Warehouse(Paths(tmp_path_factory.mktemp("calendar")))
    monkeypatch.setenv("PLUMBLINE_DATA", str(made.paths.data))
    made.make("2026-09-30", Organization("Small"))
    made.say("media_clips", outlet="Post", clip_id="1", published_on="2018-06-01")
    made.run("+dim_dates")
    yield made
    monkeypatch.undo()


def years(warehouse: Warehouse, **organization: object) -> dict[int, tuple[dt.date, int]]:
    """{fiscal year: (first day, weeks)} of the years that dim_dates holds whole."""
    warehouse.make("2026-09-30", Organization("Small", **organization))
    warehouse.run("dim_dates")
    rows = warehouse.execute(
        "select fiscal_year, min(date_day), count(*) / 7 from marts.dim_dates group by all "
        "having min(date_day) = min(fiscal_year_start_date) order by 1"
    )
    return {year: (first, int(weeks)) for year, first, weeks in rows[:-1]}


def test_the_retail_calendar_is_that_of_the_national_retail_federation(warehouse):
    """Its 4-5-4 calendar: fiscal 2017 and 2023 (ours are named by the year of their end) have 53
    weeks."""
    found = years(warehouse, fiscal_year_start_month=2, fiscal_calendar="4-5-4",
                  fiscal_week_start=7)  # fmt: skip
    assert {year: str(first) for year, (first, _) in found.items()} == {
        2018: "2017-01-29", 2019: "2018-02-04", 2020: "2019-02-03", 2021: "2020-02-02",
        2022: "2021-01-31", 2023: "2022-01-30", 2024: "2023-01-29", 2025: "2024-02-04",
        2026: "2025-02-02", 2027: "2026-02-01",
    }  # fmt: skip
    assert [year for year, (_, weeks) in found.items() if weeks == 53] == [2018, 2024]
    months = warehouse.execute(
        "select fiscal_month, count(*) / 7 from marts.dim_dates where fiscal_year = 2024 "
        "group by all order by 1"
    )
    assert [int(weeks) for _, weeks in months] == [4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 5]


def test_a_year_may_end_on_the_last_saturday_of_september(warehouse):
    """As Apple's annual reports date theirs: 2017 and 2023 had 53 weeks."""
    found = years(warehouse, fiscal_year_start_month=10, fiscal_calendar="4-4-5",
                  fiscal_week_start=7, fiscal_year_end="last")  # fmt: skip
    ends = {year: str(first + dt.timedelta(weeks=weeks) - DAY)
            for year, (first, weeks) in found.items()}  # fmt: skip
    assert {year: ends[year] for year in range(2018, 2025)} == {
        2018: "2018-09-29", 2019: "2019-09-28", 2020: "2020-09-26", 2021: "2021-09-25",
        2022: "2022-09-24", 2023: "2023-09-30", 2024: "2024-09-28",
    }  # fmt: skip
    assert found[2023][1] == 53


@pytest.mark.parametrize("month", range(1, 13))
def test_a_fiscal_year_may_begin_with_any_month(warehouse, month):
    found = years(warehouse, fiscal_year_start_month=month)
    assert {(first.month, first.day) for first, _ in found.values()} == {(month, 1)}
    assert all(first.year == year - (month > 1) for year, (first, _) in found.items())
    assert warehouse.dbt("test", "--select", CHECK) == [(CHECK, "pass")]


def test_a_fiscal_year_that_begins_with_another_month_than_the_settings_say_is_found(warehouse):
    years(warehouse, fiscal_year_start_month=4)
    warehouse.make("2026-09-30", Organization("Small", fiscal_year_start_month=5))
    assert warehouse.dbt("test", "--select", CHECK) == [(CHECK, "fail")]


@pytest.mark.parametrize("pattern", ["4-4-5", "4-5-4", "5-4-4"])
def test_a_retail_quarter_has_thirteen_weeks_in_the_pattern(warehouse, pattern):
    found = years(warehouse, fiscal_calendar=pattern)
    months = warehouse.execute(
        "select fiscal_year, fiscal_month, count(*), min(fiscal_month_start_date) = min(date_day), "
        "min(fiscal_quarter) from marts.dim_dates group by all order by 1, 2"
    )
    whole = [int(n) for n in pattern.split("-")] * 4
    for year, (_, weeks) in found.items():
        told = [(days // 7, starts) for one, _, days, starts, _ in months if one == year]
        assert [n for n, _ in told] == whole[:-1] + [whole[-1] + weeks - 52]
        assert all(starts for _, starts in told)
    assert {weeks for _, weeks in found.values()} == {52, 53}
    assert warehouse.dbt("test", "--select", CHECK) == [(CHECK, "pass")]


def test_weeks_a_year_apart_have_one_number_and_are_fifty_two_or_fifty_three_apart(warehouse):
    pairs = warehouse.execute(
        "select distinct week_start_date, iso_week, year_before_week_start_date "
        "from marts.dim_dates order by 1"
    )
    assert len(pairs) > 500
    for week, number, before in pairs:
        year = week.isocalendar().year
        if number == 53 and dt.date(year - 1, 12, 28).isocalendar().week == 52:
            assert before is None
        else:
            assert before == dt.date.fromisocalendar(year - 1, number, 1)
    assert {(w - b).days // 7 for w, _, b in pairs if b} == {52, 53}


# --- what was reported ---------------------------------------------------------------------------


@pytest.fixture
def publishing(tmp_path: Path):
    """A build and a publication of nothing but values; `publish(day, {period: value})`."""
    paths = Paths(tmp_path)
    paths.warehouse.parent.mkdir(parents=True)
    served = paths.served / "plumbline.duckdb"
    served.parent.mkdir()
    numbers = itertools.count(1)

    def publish(day: str, values: dict[str, float], status: str = "passed", complete=True) -> int:
        run = types.SimpleNamespace(
            run_id=f"r{next(numbers)}", paths=paths, as_of=dt.date.fromisoformat(day),
            started_at=dt.datetime.fromisoformat(f"{day} 06:00"),
        )  # fmt: skip
        with duckdb.connect(str(paths.warehouse)) as con:
            con.execute("create schema if not exists ops; create schema if not exists metrics")
            con.execute("create table if not exists ops.runs (run_id varchar, status varchar)")
            con.execute("create or replace table metrics.metric_values (metric_id varchar, grain "
                        "varchar, period_start date, slice_name varchar, slice_value varchar, "
                        "value double, is_complete boolean)")  # fmt: skip
            for period, value in values.items():
                cell = (
                    period if isinstance(period, tuple) else ("leads", "month", period, "all=all")
                )
                con.execute("insert into metrics.metric_values values (?, ?, ?, split_part(?, '=', "
                            "1), split_part(?, '=', 2), ?, ?)",
                            [*cell, cell[-1], value, complete])  # fmt: skip
        rows = reported.note(run)
        with duckdb.connect(str(paths.warehouse)) as con:
            con.execute("insert into ops.runs values (?, ?)", [run.run_id, status])
            if status == "passed":
                served.unlink(missing_ok=True)
                con.execute(f"attach '{served}' as s; create schema s.ops; create table "
                            "s.ops.reported_values as from ops.reported_values; create table "
                            "s.ops.publication as select 'Europe/Berlin' as time_zone; create "
                            "schema s.metrics; create table s.metrics.dim_metrics as from (values "
                            "('leads', 'Leads created', 'count'), ('pace', 'Pacing', 'ratio'))"
                            " as t(metric_id, label, unit)")  # fmt: skip
        return rows

    publish.served = served
    publish.paths = paths
    return publish


TODAY = dt.date(2026, 6, 1)


def ask(publishing, on: str, period: str | None = "2026-04-15"):
    """(first day of the month, what was said, what is said now)."""
    return reported.reported(
        publishing.served, "leads", dt.date.fromisoformat(on), TODAY, "month",
        dt.date.fromisoformat(period) if period else None, "all",
    )[1:]  # fmt: skip


def test_a_late_correction_does_not_change_what_was_reported(publishing):
    assert publishing("2026-04-30", {"2026-04-01": 90}, complete=False) == 1
    assert publishing("2026-05-01", {"2026-04-01": 100}) == 1
    assert publishing("2026-05-02", {"2026-04-01": 100}) == 0  # nothing new is no row
    assert publishing("2026-06-01", {"2026-04-01": 97}) == 1
    period, then, now = ask(publishing, "2026-05-01")
    assert (period, then.value, then.run_id, now.value) == (dt.date(2026, 4, 1), 100, "r2", 97)
    assert ask(publishing, "2026-04-30")[1].value == 90
    assert ask(publishing, "2026-05-31")[1].value == 100
    assert ask(publishing, "2026-06-01")[1].value == 97
    assert ask(publishing, "2026-04-29")[1] is None
    assert ask(publishing, "2026-05-20", period=None)[0] == dt.date(2026, 4, 1)
    answer = ("month", *ask(publishing, "2026-05-01"))
    text = reported.told("leads", dt.date(2026, 5, 1), answer)
    assert "reported on 2026-05-01: 100" in text
    assert "difference: -3" in text


def test_a_build_that_published_nothing_reported_nothing(publishing):
    publishing("2026-05-01", {"2026-04-01": 100})
    publishing("2026-05-02", {"2026-04-01": 500}, status="failed")
    publishing("2026-05-03", {"2026-04-01": 101})
    assert ask(publishing, "2026-05-02")[1].value == 100
    assert ask(publishing, "2026-05-03")[1].value == 101


def test_a_publication_that_failed_takes_back_what_it_noted(publishing):
    publishing("2026-05-01", {"2026-04-01": 100})
    publishing("2026-05-02", {"2026-04-01": 500}, status="running")
    reported.forget(types.SimpleNamespace(run_id="r2", paths=publishing.paths))
    with duckdb.connect(str(publishing.paths.warehouse)) as con:
        assert con.execute("select run_id, value from ops.reported_values").fetchall() == [
            ("r1", 100)
        ]


def test_a_value_that_is_gone_is_told_as_none_and_a_new_house_takes_the_log_over(publishing):
    publishing("2026-05-01", {"2026-04-01": 100, "2026-03-01": 7})
    publishing.paths.warehouse.unlink()
    publishing("2026-05-02", {"2026-03-01": 7})
    assert ask(publishing, "2026-05-01")[1].value == 100
    assert ask(publishing, "2026-05-02")[1].value is None
    with duckdb.connect(str(publishing.served), read_only=True) as con:
        assert con.execute("select count(*) from ops.reported_values").fetchone() == (3,)


def test_what_was_never_reported_is_an_error_that_names_what_was(publishing):
    publishing("2026-05-01", {"2026-04-01": 100})
    for asked, said in (
        (("laeds", "month", None, "all"), "did you mean 'leads' (Leads created)?"),
        (("Leads craeted", "month", None, "all"), "did you mean 'leads'"),
        (("ave", None, None, "all"), "Barcelona"),
        (("pace", None, None, "all"), "no value of it was ever published"),
        (("leads", "week", None, "all"), "no week of slice all was reported; it is told by month"),
        (
            ("leads", None, None, "colour=red"),
            "nothing of slice colour=red was reported; there are all",
        ),
    ):
        name, *others = asked
        with pytest.raises(ConfigError) as error:
            reported.reported(publishing.served, name, dt.date(2026, 5, 1), TODAY, *others)
        assert said in str(error.value)
    with pytest.raises(ConfigError, match="is in no month that was reported"):
        ask(publishing, "2026-05-01", period="2026-05-15")


def test_a_day_that_is_yet_to_come_is_refused_and_the_last_publications_is_not(publishing):
    publishing("2026-06-20", {"2026-04-01": 100})  # after TODAY: the sample's clock stands still
    assert ask(publishing, "2026-06-20")[1].value == 100
    with pytest.raises(ConfigError, match="2026-06-21 is yet to come: .* known up to 2026-06-20"):
        ask(publishing, "2026-06-21")


def test_what_is_published_by_nothing_coarser_is_noted_too(publishing):
    goal, total = "goal_id=leads_2026", "all=all"
    publishing("2026-05-01", {
        ("pace", "week", "2026-04-20", goal): 0.9,
        ("pace", "day", "2026-04-20", goal): 0.8,
        ("reach", "day", "2026-04-20", "reach_window=28 d"): 500,
        ("leads", "month", "2026-04-01", "network=x"): 30,
        ("leads", "week", "2026-04-20", "network=x"): 7,
        ("leads", "week", "2026-04-20", total): 8,
        ("leads", "day", "2026-04-20", total): 1,
    })  # fmt: skip
    with duckdb.connect(str(publishing.served), read_only=True) as con:
        assert con.sql("select metric_id, grain, slice_name, value from ops.reported_values "
                       "order by all").fetchall() == [
            ("leads", "month", "network", 30), ("leads", "week", "all", 8),
            ("pace", "week", "goal_id", 0.9), ("reach", "day", "reach_window", 500),
        ]  # fmt: skip
    on = dt.date(2026, 5, 1)
    answer = reported.reported(publishing.served, "pace", on, TODAY, slice_=goal)
    assert reported.told("pace", on, answer).startswith(
        "pace, week of 2026-04-20: reported on 2026-05-01: 0.9"
    )
    with pytest.raises(ConfigError, match="there are goal_id=leads_2026"):
        reported.reported(publishing.served, "pace", on, TODAY)


def test_every_metric_that_the_sample_publishes_is_in_the_log(built):
    with duckdb.connect(str(built.served / "plumbline.duckdb"), read_only=True) as con:
        missing = con.sql(
            "select distinct metric_id, slice_name from metrics.metric_values as v "
            "where value is not null and not exists (select 1 from ops.reported_values as r "
            "where r.metric_id = v.metric_id and r.slice_name = v.slice_name)"
        ).fetchall()
    assert not missing


def test_the_command_answers_from_the_served_publication(publishing, monkeypatch, capsys):
    publishing("2026-05-01", {"2026-04-01": 100})
    monkeypatch.setenv("PLUMBLINE_DATA", str(publishing.paths.data))
    assert command.main(["reported", "leads", "--on", "2026-05-01"]) == 0
    assert "leads, month of 2026-04-01: reported on 2026-05-01: 100" in capsys.readouterr().out
    assert command.main(["reported", "nothing", "--on", "2026-05-01"]) == 1
    assert command.main(["reported", "ave", "--on", "2026-05-01"]) == 1
    assert "Barcelona" in capsys.readouterr().err


def test_the_view_sets_what_was_said_of_a_whole_period_beside_what_is_said_now(publishing):
    publishing("2026-04-30", {"2026-04-01": 90, "2026-03-01": 7}, complete=False)
    publishing("2026-05-01", {"2026-04-01": 100, "2026-03-01": 7})
    publishing("2026-06-01", {"2026-04-01": 97, "2026-03-01": 7})
    select = views.load()["reported_values"].select
    with duckdb.connect(str(publishing.served)) as con:
        found = con.sql(select).project(
            "period_start, first_value, first_reported, value, difference, restatements"
        )
        assert found.fetchall() == [
            (dt.date(2026, 3, 1), 7, dt.date(2026, 5, 1), 7, 0, 0),
            (dt.date(2026, 4, 1), 100, dt.date(2026, 5, 1), 97, -3, 1),
        ]
