"""Fiscal quarters and years of every metric, with years that are no calendar years."""

import datetime as dt
import re

import duckdb
import filled_marts
import metricflow_answers
import pytest
from dbt_warehouse import Warehouse

from metrics import catalogue as definitions
from metrics import laws, measure, queries, trust, values
from settings import ROOT, ConfigError, Metrics, Organization, Paths, Run, Settings

AS_OF = dt.date(2026, 6, 10)
CALENDARS = {
    "april": {"fiscal_year_start_month": 4},
    "february": {"fiscal_year_start_month": 2},
    "retail": {"fiscal_year_start_month": 2, "fiscal_calendar": "4-5-4", "fiscal_week_start": 7},
}
# Rows that no fiscal period of the calendar is made of.
UNFIT = {"april": set(), "february": {"quarter"}, "retail": {"month", "quarter"}}
SPINES = ("dim_dates", "dim_weeks", "dim_months", "dim_quarters")


@pytest.fixture(scope="module")
def catalogue():
    return definitions.load()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory):
    """dbt on an empty house whose data begin in August 2025, as the made-up rows do."""
    monkeypatch = pytest.MonkeyPatch()
    made = Warehouse(Paths(tmp_path_factory.mktemp("fiscal")))
    monkeypatch.setenv("PLUMBLINE_DATA", str(made.paths.data))
    made.make(AS_OF.isoformat(), Organization("Small"))
    made.say("media_clips", outlet="Post", clip_id="1", published_on="2025-08-01")
    made.run("+dim_dates")
    yield made
    monkeypatch.undo()


@pytest.fixture(scope="module", params=CALENDARS)
def fiscal(request, warehouse, catalogue, tmp_path_factory):
    """(calendar, run, connection, manifests, queries, sentences): made-up rows measured by calendar
    and by fiscal periods of the organization's calendar."""
    organization = Organization("Small", **CALENDARS[request.param])
    warehouse.make(AS_OF.isoformat(), organization)
    warehouse.run(*SPINES)
    none = str(tmp_path_factory.mktemp("none"))
    run = Run(Settings(organization, metrics=Metrics(goals=none, trees=none)), warehouse.paths,
              "run-1", AS_OF, dt.datetime.fromisoformat("2026-06-10 06:00"))  # fmt: skip
    found = queries.manifests(run, catalogue)
    marts = filled_marts.columns_of(found.graph)
    with duckdb.connect(str(run.paths.warehouse)) as connection:
        tables = {key: columns for key, columns in marts.items() if key[1] not in SPINES}
        filled_marts.fill(connection, tables, catalogue)
        asked = queries.compiled(catalogue, found, queries.sql_cache(run))
        values.write(run, connection, catalogue, asked)
        asked = queries.compiled_fiscal(catalogue, found, queries.fiscal_cache(run))
        said = values.write_fiscal(run, connection, catalogue, asked)
        yield request.param, run, connection, found, asked, said


def test_every_metric_answers_by_fiscal_quarter_and_year_or_says_why_not(fiscal, catalogue):
    calendar, _, connection, _, _, said = fiscal
    told = set(connection.execute(
        "select distinct metric_id, grain, slice_name from metrics.metric_fiscal_values"
    ).fetchall())  # fmt: skip
    declared = metricflow_answers.asked_for(catalogue, queries.FISCAL)
    unfit = {one for one in declared if catalogue.grain_of(one[0]) in UNFIT[calendar]}
    assert told == declared - unfit
    assert len({name for name, *_ in told}) > 50
    missing = {(period, name) for name, period, _ in unfit}
    named = {
        (sentence.split()[1] + "_" + sentence.split()[2], name)
        for sentence in said
        for name in sentence.split(": ")[1].split(", ")
    }
    assert named == missing
    assert all(re.search(r"told by (month|quarter), of which it is not made", s) for s in said)
    # What has no quarter of the calendar has none of the fiscal year: it stands in its grains.
    for name, metric in catalogue.metrics.items():
        assert ("quarter" in metric.meta.grains) == any(one == name for one, *_ in declared)


def test_metric_fiscal_values_are_what_metricflow_answers(fiscal, catalogue):
    _, _, connection, found, asked, _ = fiscal
    whole = queries.engine(found.semantic, None, catalogue)
    checked = set()
    for query in asked:
        differ = metricflow_answers.differences(connection, catalogue, whole, query)
        assert differ == [], (query.grain, query.slice, differ)
        checked |= {(name, query.period, query.slice_name) for name in query.wanted}
    assert checked == metricflow_answers.asked_for(catalogue, queries.FISCAL)


def test_the_laws_hold_for_fiscal_periods_and_catch_what_breaks_them(fiscal, catalogue):
    _, _, connection, *_ = fiscal
    assert laws.broken(connection, catalogue) == []
    connection.execute("begin")
    connection.execute("update metrics.metric_fiscal_values set value = value + 1 "
                       "where slice_name = 'all'")  # fmt: skip
    said = laws.broken(connection, catalogue)
    connection.execute("rollback")
    assert any("breaks 'slices add up to the total'" in sentence for sentence in said)
    assert any("breaks 'a ratio is its numerator over its denominator'" in s for s in said)


def months_of(start: dt.date, count: int) -> list[dt.date]:
    places = (start.year * 12 + start.month - 1 + n for n in range(count))
    return [dt.date(place // 12, place % 12 + 1, 1) for place in places]


@pytest.mark.parametrize("fiscal", ["april", "february"], indirect=True)
def test_a_fiscal_period_is_the_sum_of_its_months_and_a_stock_that_of_its_last(fiscal, catalogue):
    """Counted in Python from the values by calendar month, without the tables of periods."""
    calendar, _, connection, *_ = fiscal
    month = CALENDARS[calendar]["fiscal_year_start_month"]
    kinds = {}
    for name, metric in catalogue.metrics.items():
        grouped = [
            measure.non_additive_dimension and measure.non_additive_dimension.window_groupings
            for _, measure in catalogue.measures_of(name)
        ]
        if metric.meta.additivity in ("additive", "semi") and not any(grouped):
            kinds[name] = metric.meta.additivity
    monthly = {
        (name, start): value
        for name, start, value in connection.execute(
            "select metric_id, period_start, value from metrics.metric_values "
            "where grain = 'month' and slice_name = 'all' and value is not null"
        ).fetchall()
    }
    rows = connection.execute(
        "select metric_id, grain, period_start, period_end, fiscal_year, fiscal_quarter, value "
        "from metrics.metric_fiscal_values where slice_name = 'all' and value is not null"
    ).fetchall()
    checked = set()
    for name, grain, start, end, year, quarter, value in rows:
        count = 3 if grain == "fiscal_quarter" else 12
        assert (start.month - month) % count == 0
        assert end + dt.timedelta(days=1) == months_of(start, count + 1)[-1]
        assert year == (start.year + 1 if start.month >= month else start.year)
        assert quarter == (None if count == 12 else (start.month - month) % 12 // 3 + 1)
        known = [monthly[name, m] for m in months_of(start, count) if (name, m) in monthly]
        stock = catalogue.metrics[name].spec.type == "simple"
        if kinds.get(name) == "additive" and known:
            assert value == pytest.approx(sum(known)), (name, grain, start)
        elif kinds.get(name) == "semi" and known and stock:
            assert value == pytest.approx(known[-1]), (name, grain, start)
        else:
            continue
        checked.add((kinds[name], grain))
    assert checked == {(kind, grain) for kind in ("additive", "semi") for grain in queries.FISCAL}


def test_a_fiscal_period_is_complete_when_it_ended_and_had_its_days(fiscal, catalogue):
    _, _, connection, *_ = fiscal
    rows = connection.execute(
        "select metric_id, period_end, is_complete, covered_share from metrics.metric_fiscal_values"
    ).fetchall()
    for name, end, complete, share in rows:
        meta = catalogue.metrics[name].meta
        over = end + dt.timedelta(days=meta.matures_after_days) <= AS_OF
        whole = meta.due != "months" or share is None or share >= 1
        assert complete == (over and whole), (name, end)
    assert {complete for _, _, complete, _ in rows} == {True, False}


def test_trust_reaches_fiscal_values(fiscal):
    """A late source leaves trusted what ended before its last day."""
    _, _, connection, *_ = fiscal
    connection.execute("begin")
    connection.execute(trust.TABLE)
    connection.execute("insert into metrics.metric_trust select distinct metric_id, 'stale', "
                       "'late', 'x', date '2026-01-31' from metrics.metric_values")  # fmt: skip
    for table, over in trust.OVER.items():
        connection.execute(trust.APPLY.format(table=table, over=over))
    found = connection.execute(
        "select trust, period_end <= date '2026-01-31', "
        "coalesce(trust_reason like '%late', false), count(*) "
        "from metrics.metric_fiscal_values group by all"
    ).fetchall()
    connection.execute("rollback")
    assert {(state, before) for state, before, _, _ in found} <= {
        ("fresh", True), ("degraded", True), ("stale", False), ("degraded", False),
    }  # fmt: skip
    assert {("fresh", True), ("stale", False)} <= {(state, before) for state, before, *_ in found}
    assert all(late != before for _, before, late, _ in found)


@pytest.mark.parametrize("fiscal", ["april"], indirect=True)
def test_the_step_writes_them_for_a_fiscal_year_and_none_for_the_calendars(
    fiscal, catalogue, monkeypatch
):
    """Quarters will do for the calendar's."""
    _, run, connection, found, _, said = fiscal
    kept = connection.execute("select count(*) from metrics.metric_fiscal_values").fetchone()
    quarters = [query for query in queries.compiled(catalogue, found, queries.sql_cache(run))
                if query.grain == "quarter"]  # fmt: skip
    monkeypatch.setattr(queries, "compiled", lambda catalogue, found, cache: quarters)
    connection.execute(filled_marts.INGEST)
    connection.execute(filled_marts.AVAILABILITY)
    outcome = measure.measure(run)
    assert outcome.status == "passed", outcome.lines
    assert [line for line in outcome.lines if line.startswith("no fiscal")] == said
    with duckdb.connect(str(run.paths.warehouse)) as again:
        rows = again.execute("select count(*), count(trust) from metrics.metric_fiscal_values")
        assert rows.fetchone() == kept * 2
    plain = Run(Settings(Organization("Small"), metrics=run.settings.metrics), run.paths, "run-2",
                AS_OF, run.started_at)  # fmt: skip
    assert measure.measure(plain).status == "passed"
    with duckdb.connect(str(run.paths.warehouse)) as again:
        rows = again.execute("select count(*) from metrics.metric_fiscal_values")
        assert rows.fetchone() == (0,)


# --- what the pages say --------------------------------------------------------------------------


def words(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("fiscal", ["april"], indirect=True)
def test_the_filter_of_the_page_works_with_the_grain_of_the_rows_and_with_no_finer(
    fiscal, catalogue
):
    """docs/how_to_add_a_metric.md: for one metric told by each grain."""
    *_, found, _, _ = fiscal
    where = re.search(r'--where "(.*?)"', words("how_to_add_a_metric.md"))[1]
    assert "'day'" in where
    first = {catalogue.grain_of(name): name for name in reversed(catalogue.metrics)}
    assert set(first) == {"day", "week", "month", "quarter"}
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    whole = queries.engine(found.semantic, None, catalogue)
    for rows, name in first.items():
        for grain in queries.SPINES:
            request = MetricFlowQueryRequest.create(
                metric_names=[name], group_by_names=["metric_time__quarter"],
                where_constraints=[where.replace("'day'", f"'{grain}'")],
            )  # fmt: skip
            finer = definitions.GRAINS.index(grain) < definitions.GRAINS.index(rows)
            if finer:
                with pytest.raises(Exception, match="(?i)where filter|does not match"):
                    whole.explain(request)
            else:
                assert "WHERE" in whole.explain(request).sql_statement.sql


def test_the_page_names_every_fiscal_grain():
    text = words("money_and_days.md")
    for rows in queries.SPINES:
        assert f"`metric_time__{queries.fiscal_grain('fiscal_quarter', rows)}`" in text


@pytest.mark.parametrize("fiscal", ["april"], indirect=True)
def test_a_fiscal_query_that_cannot_run_names_metric_and_remedy(fiscal, catalogue):
    _, run, _, _, asked, _ = fiscal
    with duckdb.connect() as empty:
        empty.execute("create schema marts; create table marts.dim_dates (date_day date, "
                      "fiscal_year bigint, fiscal_quarter bigint, fiscal_quarter_start_date date, "
                      "fiscal_year_start_date date)")  # fmt: skip
        with pytest.raises(ConfigError, match="by fiscal_quarter.* cannot be computed; correct"):
            values.write_fiscal(run, empty, catalogue, asked)
