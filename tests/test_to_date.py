"""The weekly review's stretches: asked anew from day to day, of this year and of the one before."""

import datetime as dt
import shutil

import duckdb
import pytest

from metrics import catalogue, queries, to_date
from metrics.values import number
from settings import ConfigError, Run, load_settings

JANUARY, JULY = dt.date(2025, 1, 1), dt.date(2025, 7, 1)


def run_of(paths, as_of):
    return Run(load_settings(), paths, "", as_of, dt.datetime(2026, 9, 30))  # noqa: DTZ001


@pytest.fixture(scope="module")
def asked(built):
    """(catalogue, manifests, queries of stretches, queries of periods)"""
    run, known = run_of(built, dt.date(2026, 9, 30)), catalogue.load()
    found, cache = queries.manifests(run, known), queries.sql_cache(run)
    return known, found, queries.stretches(known, found, cache), queries.compiled(
        known, found, cache
    )  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(built, tmp_path_factory):
    """A copy of the sample's warehouse, to write to."""
    file = tmp_path_factory.mktemp("warehouse") / "plumbline.duckdb"
    shutil.copyfile(built.warehouse, file)
    with duckdb.connect(str(file)) as connection:
        yield connection


def write(asked, built, connection, as_of):
    known, found, stretches, _ = asked
    private = queries.private(known, found)
    to_date.write(run_of(built, as_of), connection, known, stretches, private)
    return {
        row[:3]: row[3]
        for row in connection.execute(
            "select metric_id, grain, is_now, value from metrics.metric_stretches"
        ).fetchall()
    }


@pytest.mark.parametrize("as_of", [dt.date(2026, 9, 30), dt.date(2026, 8, 15)])
def test_a_stretch_of_the_year_before_is_what_was_to_be_said_on_its_last_day(
    asked, built, warehouse, as_of
):
    """The year as it stood a year before `as_of` is another query of MetricFlow's: of periods."""
    known, found, _, periods = asked
    written = write(asked, built, warehouse, as_of)
    last = as_of.replace(year=2025)
    warehouse.execute(f"set variable as_of = date '{last}'")
    private, checked = queries.private(known, found), set()
    for query in periods:
        if query.grain != "year" or query.slice_name != "all":
            continue
        for name in query.wanted:
            if not to_date.fits(known.grain_of(name), JANUARY, last) or name in private:
                continue
            answer = warehouse.execute(
                f"select {number(known.metrics[name])} from ({query.sql}) as answer "
                "where cast(metric_time__year as date) = ?", [JANUARY],
            ).fetchone()  # fmt: skip
            value = written.get((name, "year", False))
            if answer is None or answer[0] is None:
                assert value is None, name
            else:
                assert value == pytest.approx(answer[0], rel=1e-12), name
                checked.add(known.metrics[name].meta.additivity)
    assert checked >= {"additive", "semi", "ratio", "distinct", "percentile", "survey"}


def test_what_comes_by_months_is_not_told_of_a_part_of_one_nor_people_of_a_part_of_a_quarter(
    asked, built, warehouse
):
    known, found, *_ = asked
    whole, part, month = (
        {name for name, grain, now in write(asked, built, warehouse, day) if not now}
        for day in (dt.date(2026, 9, 30), dt.date(2026, 8, 15), dt.date(2026, 8, 31))
    )
    by_month = "net_revenue_retention"
    assert by_month in whole & month and by_month not in part
    people = {name for name in queries.private(known, found) if name in whole}
    assert "turnover_rate" in people  # by quarter: January to August would tell two months of one
    assert "turnover_rate" not in part | month
    assert {name for name in queries.private(known, found) if name in part} == set()
    assert {"win_rate", "first_response_time"} <= part


def test_only_what_no_period_holds_is_asked(asked, built, warehouse):
    found = write(asked, built, warehouse, dt.date(2026, 9, 30))
    assert {key[1:] for key in found} == {("year", False)}  # month and quarter ended
    found = write(asked, built, warehouse, dt.date(2026, 8, 15))
    assert {key[1:] for key in found} == {(g, False) for g in ("month", "quarter", "year")}
    quarter = warehouse.execute("from metrics.stretches where grain = 'quarter'").fetchall()
    last, before = dt.date(2026, 8, 15), dt.date(2025, 8, 15)
    assert quarter == [("quarter", dt.date(2026, 7, 1), last, JULY, before, False, True)]


def test_sql_that_does_not_run_names_its_metrics(asked, built, warehouse):
    known, _, stretches, _ = asked
    broken = [q._replace(sql="select nothing") for q in stretches if "win_rate" in q.wanted]
    with pytest.raises(ConfigError, match=r"win_rate.* from 2025-01-01 to 2025-09-30 cannot be"):
        to_date.write(run_of(built, dt.date(2026, 9, 30)), warehouse, known, broken, ())
