"""Everything behind one number: asked of the published sample, and of it alone."""

import dataclasses
import datetime as dt
import math
import re
import subprocess
import sys

import duckdb
import pytest

from metrics import __main__ as command
from metrics import computed, drivers, trees
from metrics import explain as explain_
from metrics.explain import DOUBTS, explain, parse_period, period_text
from settings import ROOT, ConfigError, Paths, Run, load_settings


@pytest.fixture(scope="module")
def ask(built):
    """ask(metric, slice, period) -> the lines as one text."""
    settings = load_settings()
    run = Run(settings, built, "", dt.date(2026, 9, 30), dt.datetime(2026, 9, 30))  # noqa: DTZ001

    def asked(metric, slice_=None, period=None):
        return "\n".join(explain(run, metric, slice_, period))

    return asked


def published(built, sql):
    with duckdb.connect(str(built.served / "plumbline.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_metric_that_has_a_value_explains_itself_and_its_sql_gives_the_published_value(
    ask, built
):
    metrics = published(
        built,
        "select metric_id, max(slice_name), max(slice_value) from (select distinct on (metric_id) "
        "metric_id, slice_name, slice_value from metrics.metric_values where value is not null "
        "and grain = 'quarter' order by metric_id, slice_name = 'all', slice_name, slice_value, "
        "period_start) group by 1 order by 1",
    )
    assert len(metrics) > 50
    for metric, name, value in metrics:
        told = ask(metric, None if name == "all" else f"{name}={value}", "quarter")
        assert f"{metric}: " in told and "\nOwner: " in told and "\nTrust: " in told
        if "SQL (" not in told:
            assert "\nComputed by " in told
            continue
        ran = told.split("SQL (")[1].splitlines()[0]
        if "restricted" in ran:
            assert "\n  people: " in told
        else:
            assert "as published" in ran or "none is published" in ran, told


def test_a_change_is_told_in_parts_that_add_up(ask, built):
    told = ask("revenue_booked", None, "2026-08")
    [(value,)] = published(
        built, "select value from metrics.metric_values where metric_id = 'revenue_booked' and "
        "grain = 'month' and slice_name = 'all' and period_start = date '2026-08-01'"
    )  # fmt: skip
    assert re.search(r"^2026-08: ([\d,]+)\sEUR", told, re.M)[1] == f"{value:,.0f}"
    assert "before, 2026-07: " in told and "a year before, 2025-08: " in told
    assert "Goal revenue_2026: " in told
    assert re.search(r"ends between .* and .* \(80 %; \d+% of \d+ past intervals held", told)
    assert "raw_hubspot.deals (" in told and "fct_deals" in told


def test_a_survey_shows_answers_rate_and_interval_and_a_ratio_its_parts(ask):
    told = ask("nps", None, "quarter")
    assert "n " in told and "response rate " in told and "(95 %)" in told
    assert " / " in ask("response_rate", None, "month")


def test_people_are_told_as_published_and_their_tables_are_not_read(ask):
    told = ask("turnover_rate")
    assert "restricted, so it is not run here" in told


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("revenue_boked",), "no metric 'revenue_boked'; did you mean 'revenue_booked'"),
        (("net_promoter_score",), "did you mean 'nps' (Net promoter score)?"),
        (("Net Promotor Score",), "did you mean 'nps' (Net promoter score)?"),
        (("ave",), "Barcelona"),
        (("influence_score",), "no single score"),
        (("revenue_booked", "colour=red"), "its slices: campaign_id, pipeline"),
        (("revenue_booked", "pipeline=Deeler"), "did you mean 'Dealer'"),
        (("revenue_booked", None, "1999-01"), "there are some from 20"),
        (("revenue_booked", None, "2026-13"), "is no period"),
        (("revenue_booked", None, "soon"), "is no period"),
        (("turnover_rate", None, "day"), "not told by day; there are quarter, year"),
        (("mmm_roi", None, None), "mmm_roi has no total; ask for a slice, as channel_id="),
    ],
)
def test_what_is_not_there_is_said_with_what_is(ask, asked, says):
    with pytest.raises(ConfigError) as error:
        ask(*asked)
    assert says in str(error.value)


def test_an_interval_says_how_sure_it_is(ask):
    assert re.search(r"between \S+ and \S+ \(90 %\)", ask("mmm_roi", "channel_id=tv"))
    assert re.search(r"between .* and .* \(95 %\)", ask("enps"))
    forecast = ask("forecast_at_completion", "goal_id=win_rate_2026")
    assert re.search(r"between .* and .* \(80 %\)", forecast)
    assert "are 95" not in forecast
    assert "(bounds, not a matter of chance)" in ask(
        "cross_channel_reach_interval", "campaign_window=cmp-2024-01-precision 28 d"
    )


def test_unless_asked_the_finest_grain_of_months_that_has_a_complete_value_is_told(ask, built):
    grains = published(
        built, "select metric_id, max(slice_name || '=' || slice_value), min(case grain "
        "when 'month' then 1 when 'quarter' then 2 when 'year' then 3 when 'week' then 4 "
        "else 5 end) from metrics.metric_values where is_complete "
        "and value is not null and metric_id in ('nps', 'turnover_rate', 'mmm_roi', "
        "'goal_attainment') and slice_value = case metric_id when 'mmm_roi' then 'tv' "
        "when 'goal_attainment' then 'win_rate_2026' else 'all' end "
        "group by 1 order by 1",
    )  # fmt: skip
    forms = (None, r"\d{4}-\d\d", r"\d{4}-Q\d", r"\d{4}", r"\d{4}-W\d\d")
    assert [place for *_, place in grains] == [4, 2, 1, 2]
    for metric, slice_, place in grains:
        told = ask(metric, None if slice_ == "all=all" else slice_)
        assert re.search(rf"^{forms[place]}(, .*)?: ", told, re.M), told
        assert ": unknown" not in told.split("\nTrust: ")[0].split("\nOwner: ")[1]


def test_trust_is_told_in_words_and_its_sources_once(ask, built):
    doubted = published(
        built, "select distinct split_part(trust_reason, '.', 1) from metrics.metric_values "
        "where trust_reason like '%unknown: %'",
    )  # fmt: skip
    assert {reason for (reason,) in doubted} == set(DOUBTS)
    latest = {
        "unknown: prior": ("mmm_roi", "channel_id=email", "quarter"),
        "unknown: contaminated": (
            "incremental_conversions", "experiment=ex-2025-radio, leads_created", "quarter"),
    }  # fmt: skip
    for reason, asked in latest.items():
        told = ask(*asked)
        assert re.search(rf"^Trust: \w+: {DOUBTS[reason]}\.", told, re.M), told
    told = ask("revenue_booked")
    assert "\n  from " not in told and "raw_hubspot.deals (" in told


def test_a_goal_is_told_with_its_reason_and_an_owner_who_left(ask, built):
    reasons = dict(published(built, "select goal_id, status_reason from metrics.goal_status"))
    assert "9 of 18 backtested intervals held. This reading alone" in reasons["nps_2026"]
    for goal, metric in published(built, "select goal_id, metric_id from metrics.goal_status"):
        told = ask(metric).split(f"\nGoal {goal}")[1].splitlines()
        assert told[1] == f"  {reasons[goal]}" and "probability" not in told[0]
    assert "Goal ownership_clarity_2026: off track, " in ask("account_ownership_clarity")
    assert "Under 1" in reasons["ownership_clarity_2026"]
    told = ask("leads_created")
    assert "Rebecca Stone (left), events_lead" in told and "Helen Okafor, demand_lead" in told


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("first_response_time",), "medians of parts do not add up"),
        (("event_attended_contacts",), "who is in two slices is counted once"),
        (("mmm_roi", "channel_id=tv"), "estimates do not add up"),
        (("account_ownership_clarity",), "it has no slices and is in no tree"),
        (("leads_created", None, "2024-01"), "nothing complete is known before"),
        (("leads_created", None, "2026"), "the period is not complete on 2026-09-30"),
        (("goal_attainment", "goal_id=revenue_2026"), "computed of other metrics' results"),
    ],
)
def test_a_change_that_is_not_taken_apart_says_why(ask, asked, why):
    told = ask(*asked)
    assert re.search(rf"^Its change .*is not taken apart: .*{why}", told, re.M), told
    assert "What the change since" not in told


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        (("leads_created", None, "2024-02"), "channel_id"),
        (("leads_created", None, "2026-W38"), "channel_id"),
        (("revenue_booked", None, "2025"), "tree"),
        (("revenue_booked", None, "2025-W40"), "sales_team"),
        (("revenue_booked", "pipeline=Dealer", "2026-Q2"), "tree"),
        (("leads_created", "geography=DE-North", "2026-08"), "channel_id"),
        (("win_rate", "sales_team=Sales Berlin", "2026-Q2"), "product"),
        (("social_followers", None, "2026-09-14"), "network"),
    ],
)
def test_any_period_and_slice_is_taken_apart_to_the_change_beside_it(ask, asked, by):
    told = ask(*asked)
    found = {}
    for block in told.split("\nWhat the change since ")[1:]:
        since, *lines = block.split("\n\n")[0].splitlines()
        found[since.split(" ")[0]] = dict(
            match.groups() for line in lines if (match := re.match(r"  by (\w+) \((.*)\):", line))
        )
    assert found
    for since, slicings in found.items():
        [change] = re.findall(rf", {since}: .* \(changed by (.*)\)", told)
        assert by in slicings
        assert {text.lstrip("+−") for text in slicings.values()} == {change.lstrip("+−")}
    if asked[1]:
        assert f"  by {asked[1].split('=')[0]} " not in told


def test_why_a_tree_does_not_take_a_period_apart_is_said(ask):
    told = ask("revenue_booked", None, "2025-W40")
    assert re.search(
        r"\n  Not by its tree: [a-z_, ]*average_deal_value not known in both weeks", told
    )


def test_the_parts_of_every_metrics_slice_add_up_to_its_change(built):
    """One slice of each sum and ratio, in the last quarter or month that was known twice."""
    run = Run(load_settings(), built, "", dt.date(2026, 9, 30), dt.datetime(2026, 9, 30))  # noqa: DTZ001
    taken_apart = set()
    with duckdb.connect(str(built.served / "plumbline.duckdb"), read_only=True) as connection:
        [publication] = explain_._rows(connection, "from ops.publication")
        for metric, additivity, name, value, start in connection.execute(
            """
            select v.metric_id, m.additivity, v.slice_name, v.slice_value, v.period_start
            from metrics.metric_values as v
            join metrics.dim_metrics as m on v.metric_id = m.metric_id
            join metrics.metric_values as b on v.metric_id = b.metric_id and v.grain = b.grain
                and v.slice_name = b.slice_name and v.slice_value = b.slice_value
                and b.period_start = v.period_start - interval 3 month
            where v.grain = 'quarter' and v.is_complete and v.value <> b.value
                and v.slice_name <> 'all' and v.slice_value not like '(%'
                and m.additivity in ('additive', 'semi', 'ratio', 'survey')
            qualify row_number() over (partition by v.metric_id
                order by v.period_start desc, abs(v.value) desc, v.slice_name, v.slice_value) = 1
            order by 1
            """
        ).fetchall():
            asked = explain_.Asked(metric, name, value, "quarter", start)
            then = trees.before(start, "quarter")
            cells, _ = explain_._cells(run, connection, asked, (then, start), publication)
            before, after = ({d: v for d, n, _, v, *_ in cells if n == "all"}[d]
                             for d in (then, start))  # fmt: skip
            parts = drivers.parts_of(
                connection, metric, additivity, "quarter", (then, start), cells
            )
            for slicing, found in parts.items():
                total = math.fsum(part.contribution for part in found)
                size = max(1.0, abs(before), abs(after))
                assert total == pytest.approx(after - before, abs=1e-9 * size), (metric, slicing)
                taken_apart.add(metric)
    assert len(taken_apart) > 20


def test_what_computes_a_number_is_told_with_the_sources_it_comes_from(ask, built):
    """Point for point, for every metric: definition, what computes it, lineage down to sources."""
    kept = published(
        built, "select metric_id, min(slice_name || '=' || slice_value), max(slice_name = 'all') "
        "from metrics.metric_values where value is not null group by 1"
    )  # fmt: skip
    derived = computed.load()
    assert {metric for metric, *_ in kept} >= derived.keys() - {"signal_response_days"}
    for metric, slice_, has_total in kept:
        if metric not in derived:
            continue
        told = ask(metric, None if has_total else slice_)
        assert "\nWhere it comes from:\n  raw:\n    raw_" in told
        assert "from computed" not in told
        if derived[metric].spec.rows:
            assert "\nSQL (evidence.yml; run now it gives " in told and "as published" in told
        else:
            file, function = derived[metric].spec.by.split(":")
            assert f"\nComputed by {function} in {file}:\n  Lay " in told
    sources = re.findall(r"raw_\w+\.\w+ \(", ask("revenue_booked"))
    told = ask("goal_attainment", "goal_id=revenue_2026")
    assert "\nComputed from revenue_booked.\n" in told
    assert re.findall(r"raw_\w+\.\w+ \(", told) == sources != []
    assert "raw_feeds.decisions" in ask("signal_response_days")


def test_a_computed_numbers_last_day_is_that_of_its_sources_and_no_periods_start(built):
    rows = published(
        built, "select metric_id, sources, last_event_date from metrics.metric_trust "
        "where metric_id in ('goals_measurable_share', 'pacing_index', 'revenue_booked')"
    )  # fmt: skip
    found = {metric: (sources.split(", "), last) for metric, sources, last in rows}
    [(oldest,)] = published(
        built, "select min(last_event_date) from metrics.metric_trust "
        "where metric_id in (select metric_id from metrics.dim_goals)"
    )  # fmt: skip
    for metric in ("goals_measurable_share", "pacing_index"):
        assert set(found["revenue_booked"][0]) < set(found[metric][0])
        assert found[metric][1] == oldest


def test_weeks_are_held_against_the_week_of_their_number():
    asked = explain_.Asked("leads_created", "all", "all", "week", dt.date(2027, 1, 4))  # W01
    assert dict(explain_._others(asked))["a year before"] == dt.date(2025, 12, 29)
    longest = dataclasses.replace(asked, start=dt.date(2026, 12, 28))  # 2025 had no W53
    assert [words for words, _ in explain_._others(longest)] == ["before"]


def test_every_published_interval_has_a_level_or_bounds(built):
    levels = dict(published(
        built, "select distinct metric_id, interval_level from metrics.metric_values "
        "join metrics.dim_metrics using (metric_id) where low is not null"
    ))  # fmt: skip
    assert levels.pop("cross_channel_reach_interval") is None
    assert (levels["nps"], levels["mmm_roi"], levels["forecast_at_completion"]) == (0.95, 0.9, 0.8)
    assert set(levels.values()) == {0.95, 0.9, 0.8}
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name, level in levels.items():
        entry = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
        assert f"with {100 * level:.0f} % interval" in entry


def test_periods_are_read_as_they_are_written():
    for text, grain, start in [
        ("2026", "year", dt.date(2026, 1, 1)),
        ("2026-Q3", "quarter", dt.date(2026, 7, 1)),
        ("2026-09", "month", dt.date(2026, 9, 1)),
        ("2026-W53", "week", dt.date(2026, 12, 28)),
        ("2026-09-14", "day", dt.date(2026, 9, 14)),
    ]:
        assert parse_period(text) == (grain, start)
        assert period_text(start, grain) == text
    with pytest.raises(ConfigError):
        parse_period("2025-W53")  # 2025 has 52


def test_nothing_published_says_what_to_do(tmp_path):
    settings = load_settings()
    run = Run(settings, Paths(tmp_path), "", dt.date(2026, 9, 30), dt.datetime(2026, 9, 30))  # noqa: DTZ001
    with pytest.raises(ConfigError, match="make build"):
        list(explain(run, "revenue_booked", None, None))


def test_the_command_prints_and_fails_as_a_script_expects(built, monkeypatch, capsys):
    monkeypatch.setenv("PLUMBLINE_DATA", str(built.data))
    assert command.main(["explain", "revenue_booked", "pipeline=Dealer", "2026-Q2"]) == 0
    assert "2026-Q2, pipeline=Dealer: " in capsys.readouterr().out
    assert command.main(["explain", "revenue_booked", "2026", "2025"]) == 1
    assert "one period" in capsys.readouterr().err


def test_a_reader_that_stops_early_is_no_error(built):
    done = subprocess.run(
        f"{sys.executable} -m metrics explain revenue_booked | head -1",
        shell=True, cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PLUMBLINE_DATA": str(built.data), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.startswith("revenue_booked: ")
    assert "Traceback" not in done.stderr
