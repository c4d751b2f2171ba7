"""The laws of additivity over every metric of a built sample, computed again from the marts.

`metrics/laws.py` holds them within metric_values; here the marts are asked beside it, so that a
number which agrees with itself and is wrong is found too.
"""

import datetime

import duckdb
import pytest

from metrics import catalogue as definitions
from metrics import laws

CATALOGUE = definitions.load()
OF = {
    kind: sorted(n for n, m in CATALOGUE.metrics.items() if m.meta.additivity == kind)
    for kind in ("additive", "semi", "ratio", "distinct", "percentile", "survey", "model")
}


@pytest.fixture(scope="module")
def build(built, tmp_path_factory):
    copy = tmp_path_factory.mktemp("laws") / "copy.duckdb"
    copy.write_bytes(built.warehouse.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute("set variable as_of = (select max(value)::date from ingest.settings "
                           "where key = 'as_of')")  # fmt: skip
        yield connection


def asked_again(metric, measure, model, aggregate, slice_, grain):
    """SQL for a simple metric straight from its mart."""
    name = measure.agg_time_dimension or model.defaults.agg_time_dimension
    day = next(d.expr or d.name for d in model.dimensions if d.name == name)
    by = "'all'"
    if slice_:
        one = next(d for d in model.dimensions if d.name == definitions.slice_name(slice_))
        by = f"coalesce(cast({one.expr or one.name} as varchar), '(unknown)')"
    schema = "people" if model.table in PEOPLE else "marts"
    return (
        f"select date_trunc('{grain}', {day})::date, {by}, {aggregate} as found "
        f"from {schema}.{model.table} where {day} <= getvariable('as_of') group by all "
        "having found is not null"
    )


PEOPLE = {
    model.table
    for model in CATALOGUE.models.values()
    if (definitions.ROOT / "dbt_project/models/people" / f"{model.table}.sql").exists()
}


def kept(metric, slice_, grain):
    name = definitions.slice_name(slice_) if slice_ else "all"
    return (
        "select period_start, slice_value, value from metrics.metric_values where metric_id = "
        f"'{metric.name}' and grain = '{grain}' and slice_name = '{name}' and value is not null"
    )


def same(build, one, other):
    """Rows that only one of two queries knows, values compared to six digits."""
    rounded = "select period, slice, round(value, 6 - ceil(log10(1 + abs(value)))::int) from ({})"
    one, other = (rounded.format(f"from ({q}) as t(period, slice, value)") for q in (one, other))
    return build.execute(f"({one} except {other}) union all ({other} except {one})").fetchall()


def simple(name):
    metric = CATALOGUE.metrics[name]
    model, measure = CATALOGUE.measures_of(name)[0]
    slices = [*([None] if metric.meta.total else []), *metric.meta.slices]
    own = f"{model.key}__"
    return metric, model, measure, [s for s in slices if s is None or s.startswith(own)]


def test_the_laws_hold_in_the_sample(build):
    assert laws.broken(build, CATALOGUE) == []


@pytest.mark.parametrize("name", OF["percentile"])
def test_a_percentile_is_computed_from_rows(build, name):
    metric, model, measure, slices = simple(name)
    share = measure.agg_params.percentile if measure.agg_params else 0.5
    checked = 0
    for grain in metric.meta.grains:
        for slice_ in slices:
            again = f"quantile_cont(cast({measure.expr} as double), {share})"
            sql = asked_again(metric, measure, model, again, slice_, grain)
            assert same(build, sql, kept(metric, slice_, grain)) == [], (grain, slice_)
            checked += len(build.execute(kept(metric, slice_, grain)).fetchall())
    assert checked, f"{name} has no value in the sample"


@pytest.mark.parametrize(
    "name", [n for n in OF["additive"] if not CATALOGUE.metrics[n].spec.filter
             and CATALOGUE.metrics[n].spec.type == "simple"]
)  # fmt: skip
def test_an_additive_metric_is_the_sum_of_its_rows(build, name):
    metric, model, measure, slices = simple(name)
    for grain in metric.meta.grains:
        for slice_ in slices:
            sql = asked_again(metric, measure, model, f"sum({measure.expr})", slice_, grain)
            sql = sql.replace("as found", "::double as found")
            assert same(build, sql, kept(metric, slice_, grain)) == [], (grain, slice_)


@pytest.mark.parametrize("name", OF["distinct"])
def test_people_are_told_for_a_window_and_nowhere_else(build, name):
    """Different people are never told by a longer period than that of which they were counted."""
    metric = CATALOGUE.metrics[name]
    grains = {
        grain for (grain,) in build.execute(
            "select distinct grain from metrics.metric_values where metric_id = ?", [name]
        ).fetchall()
    }  # fmt: skip
    assert grains and grains <= set(metric.meta.grains)
    measures = [measure for _, measure in CATALOGUE.measures_of(name)]
    if metric.spec.type != "ratio":
        assert all(measure.agg in ("max", "count_distinct") for measure in measures)
    if not metric.meta.total:
        assert build.execute(
            "select count(*) from metrics.metric_values where metric_id = ? and slice_name = 'all'",
            [name],
        ).fetchall() == [(0,)]


@pytest.mark.parametrize("name", OF["survey"])
def test_a_survey_says_how_many_answered_of_how_many_and_how_sure_it_is(build, name):
    rows = build.execute(
        "select n, low, value, high, response_rate from metrics.metric_values "
        "where metric_id = ? and value is not null", [name],
    ).fetchall()  # fmt: skip
    assert rows, f"{name} has no value in the sample"
    about_people = any(model.table in PEOPLE for model, _ in CATALOGUE.measures_of(name))
    for n, low, value, high, rate in rows:
        assert n >= (10 if about_people else 1)
        assert low - 1e-9 <= value <= high + 1e-9
        assert rate is None or 0 < rate <= 1
    assert any(rate is not None for *_, rate in rows)


@pytest.mark.parametrize("name", OF["semi"])
def test_a_stock_is_never_the_sum_of_its_days(build, name):
    """Its yearly value is no more than the largest of its finest periods, but for accounts that
    were last read on different days."""
    metric = CATALOGUE.metrics[name]
    finest = metric.meta.grains[0]
    worse = build.execute(
        "select year.period_start, year.slice_value, year.value, max(fine.value) "
        "from metrics.metric_values as year join metrics.metric_values as fine "
        "on fine.metric_id = year.metric_id and fine.slice_name = year.slice_name "
        "and fine.slice_value = year.slice_value and fine.grain = ? "
        "and date_trunc('year', fine.period_start) = year.period_start "
        "where year.metric_id = ? and year.grain = 'year' group by all "
        "having year.value > max(fine.value) * 1.05", [finest, name],
    ).fetchall()  # fmt: skip
    assert worse == []


def test_an_account_that_ended_leaves_the_stock_and_the_change_with_its_followers(build):
    """In the sample an employee's account ends with May 2026. Quarter and year are as their last
    day, and what followers changed by is end less start."""
    [(account, last)] = build.execute(
        "select account_id, max_by(followers, date_day) from intermediate.int_account_days_unioned "
        "group by account_id having max(date_day) = date '2026-05-31'"
    ).fetchall()
    assert last > 0
    assert build.execute(
        "select date_day, followers, followers_net_change from marts.fct_account_days "
        "where account_id = ? and date_day > date '2026-05-31'", [account]
    ).fetchall() == [(datetime.date(2026, 6, 1), 0, -last)]  # fmt: skip
    day = dict(build.execute(
        "select period_start, value from metrics.metric_values where metric_id = "
        "'social_followers' and grain = 'day' and slice_name = 'all'").fetchall())  # fmt: skip
    for grain, start, end in (
        ("month", (2026, 6, 1), (2026, 6, 30)),
        ("quarter", (2026, 4, 1), (2026, 6, 30)),
        ("quarter", (2026, 7, 1), (2026, 9, 30)),
        ("year", (2026, 1, 1), (2026, 9, 30)),
    ):
        first, end = datetime.date(*start), datetime.date(*end)
        found = dict(build.execute(
            "select metric_id, value from metrics.metric_values where grain = ? and "
            "period_start = ? and slice_name = 'all' and metric_id in ('social_followers', "
            "'net_follower_change')", [grain, first]).fetchall())  # fmt: skip
        before = day[first - datetime.timedelta(days=1)]
        assert found == {
            "social_followers": day[end], "net_follower_change": day[end] - before
        }, (grain, first)  # fmt: skip
    doubts = "select reason from metrics.metric_trust where metric_id = 'social_followers'"
    assert "jump" not in build.execute(doubts).fetchall()[0][0]  # an end is no purge


def test_no_share_is_sliced_by_what_decides_it(build):
    """A query finds us or a competitor: by query, share of voice is always all or nothing."""
    assert build.execute(
        "with slices as (select metric_id, slice_name, slice_value, min(value) as low, "
        "max(value) as high from metrics.metric_values join metrics.dim_metrics using (metric_id) "
        "where unit = 'percent' and additivity in ('ratio', 'survey') and slice_name <> 'all' "
        "and grain = 'month' and value is not null group by all) "
        "select metric_id, slice_name from slices group by all "
        "having min(low) = 0 and max(high) = 1 and bool_and(low = high and low in (0, 1))"
    ).fetchall() == []  # fmt: skip
