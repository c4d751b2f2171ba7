"""Evidence side by side, exports to other tools, and what the docs claim."""

import csv
import datetime as dt
import re

import duckdb
import pytest

from bench import evidence as bench
from bench.marked import differing, within
from metrics import evidence, experiments, mix_model, mix_runs
from settings import ROOT, MixModel

REAL = ROOT.parent / "shared" / "real"
RUN = type("Run", (), {"as_of": dt.date(2026, 9, 30), "run_id": "r"})

MARTS = """
create schema marts; create schema metrics;
create table marts.fct_evidence (channel_id varchar, period_start date, period_end date,
    covered_share double, kind varchar, outcome varchar, estimate double, low double, high double,
    n bigint, unit varchar, caveat varchar, evidence_source varchar);
insert into marts.fct_evidence values
    ('tv', '2026-01-01', '2026-03-31', 1, 'direct_response', 'leads with a code', null, 7, null, 7,
     'leads', 'At least.', 'codes'),
    ('tv', '2026-01-01', '2026-03-31', 1, 'self_report', 'named as the source', .2, .1, .3, 90,
     'share of answers', 'Memory.', 'asked'),
    ('unknown', '2026-01-01', '2026-03-31', 1, 'self_report', 'named the decoy', .05, .02, .1, 95,
     'share of answers', 'Noise.', 'asked'),
    ('tv', '2026-01-01', '2026-03-31', 1, 'attribution', 'won deals, first', .1, null, null, 9,
     'share of credit', 'Credit, not cause.', 'first'),
    ('tv', '2026-01-01', '2026-03-31', 1, 'attribution', 'won deals, last', .4, null, null, 9,
     'share of credit', 'Credit, not cause.', 'last'),
    ('tv', '2026-01-01', '2026-03-31', 1, 'attribution', 'qualified leads, first', .2, null, null,
     40, 'share of credit', 'Credit, not cause.', 'first'),
    ('tv', '2026-01-01', '2026-03-31', 1, 'attribution', 'qualified leads, last', .3, null, null,
     40, 'share of credit', 'Credit, not cause.', 'last'),
    ('tv', '2026-01-01', '2026-03-31', 1, 'direct_response', 'qualified leads with a code', null, 3,
     null, 3, 'qualified leads', 'At least.', 'codes'),
    ('tv', '2026-01-01', '2026-03-31', 1, 'self_report', 'qualified leads, named as the source',
     .25, .1, .4, 30, 'share of answers', 'Memory.', 'asked'),
    ('unknown', '2026-01-01', '2026-03-31', 1, 'self_report', 'qualified leads, named the decoy',
     .03, .01, .1, 31, 'share of answers', 'Noise.', 'asked');
create table metrics.experiment_estimates (experiment_id varchar, channel_id varchar,
    kind varchar, design varchar, outcome varchar, starts_on date, ends_on date,
    registered varchar, method varchar, status varchar, reason varchar, incremental double,
    incremental_low double, incremental_high double, p_value double, window_mape double,
    detectable_lift double, contamination varchar, misstated_low double, misstated_high double,
    verdict varchar, reported_incremental double, reported_low double, reported_high double,
    run_id varchar);
create table metrics.mix_model_runs (outcome varchar, observations bigint,
    observations_per_effect double, last_week date);
insert into metrics.mix_model_runs values ('leads_created', 600, 20, '2026-03-23'),
    ('leads_qualified', 600, 20, '2026-03-23');
create table metrics.mix_model_estimates (outcome varchar, estimator varchar, channel_id varchar,
    grain varchar, period_start date, period_end date, covered_share double, status varchar,
    caused_low double, caused_mid double, caused_high double, verdict varchar,
    run_id varchar);
insert into metrics.mix_model_estimates
    select 'leads_created', 'built_in', 'tv', grain, '2026-01-01', '2026-03-31', 0.75,
        'estimated', 10, 40, 60, 'stands', 'r'
    from (values ('all'), ('quarter')) as g(grain);
create table metrics.mix_model_tests (outcome varchar, experiment_id varchar, caused_low double,
    caused_mid double, caused_high double, run_id varchar);
"""


@pytest.fixture
def small():
    """small(low, high, (low, high) of the model on it): tables for a test of tv."""
    with duckdb.connect() as connection:
        connection.execute(MARTS)

        def told(low, high, on_test=None, verdict=experiments.STANDS, mix=mix_runs.STANDS):
            connection.execute(
                "insert into metrics.experiment_estimates values ('x', 'tv', 'experiment', "
                "'geo_holdout', 'leads_created', '2026-01-05', '2026-02-01', "
                "'registered beforehand', 'synthetic control', 'estimated', null, ?, ?, ?, "
                ".04, .1, .2, "
                "'Nothing known against it.', .7, 1.2, ?, 12, 5, 19, 'r')",
                [(low + high) / 2, low, high, verdict],
            )  # fmt: skip
            connection.execute("update metrics.mix_model_estimates set verdict = ?", [mix])
            if on_test:
                connection.execute(
                    "insert into metrics.mix_model_tests values ('leads_created', 'x', ?, ?, ?, "
                    "'r')", [on_test[0], sum(on_test) / 2, on_test[1]],
                )  # fmt: skip
            said = evidence.write(RUN, connection)
            rows = connection.execute("select * from metrics.channel_triangulation")
            names = [column[0] for column in rows.description]
            found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
            [row] = [r for r in found if r["outcome"] == "leads_created"]
            return row, said, connection

        yield told


@pytest.mark.parametrize(
    ("on_test", "verdict"),
    [((15, 25), "agree"), ((30, 50), "agree"), ((31, 50), "conflict"), ((2, 9), "conflict"),
     (None, "unknown")],
)  # fmt: skip
def test_test_and_model_agree_when_their_intervals_overlap(small, on_test, verdict):
    row, said, _ = small(10, 30, on_test)
    assert row["verdict"] == verdict
    assert len(said) == 1 + (verdict == "conflict")


@pytest.mark.parametrize("on_test", [(15, 25), (31, 50), (2, 9)])
@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [({"verdict": experiments.CONTAMINATED}, "unknown: contaminated", "0.70 to 1.20 times"),
     ({"mix": mix_runs.PRIOR}, "unknown: prior", "no more of the channel than was assumed")],
)  # fmt: skip
def test_what_is_contaminated_or_prior_alone_neither_agrees_nor_conflicts(
    small, on_test, changes, verdict, reason
):
    row, said, connection = small(10, 30, on_test, **changes)
    assert row["verdict"] == verdict and reason in row["verdict_reason"] and len(said) == 1
    assert row["experiment_estimate"] == 20 and row["mix_mid"] == 40  # shown all the same
    kind = "experiment" if "contaminated" in verdict else "mix_model"
    assert connection.execute(
        "select kind, verdict from metrics.evidence where verdict like 'unknown%'"
    ).fetchall() == [(kind, verdict)]


def test_two_tests_of_a_quarter_that_disagree_are_two_rows_with_a_verdict_each(small):
    *_, connection = small(10, 30, (15, 25))
    connection.execute(
        "insert into metrics.experiment_estimates select 'other', * exclude (experiment_id) "
        "replace (-2 as incremental, -8 as incremental_low, 4 as incremental_high) "
        "from metrics.experiment_estimates"
    )
    connection.execute(
        "insert into metrics.mix_model_tests values ('leads_created', 'other', 5, 7, 9, 'r')"
    )
    said = evidence.write(RUN, connection)
    rows = connection.execute(
        "select experiment_id, experiment_estimate, mix_in_test_mid, verdict, mix_mid, at_least, "
        "said_share, triangulation_key from metrics.channel_triangulation "
        "where outcome = 'leads_created' order by 1"
    ).fetchall()
    assert [row[:-1] for row in rows] == [
        ("other", -2, 7, "conflict", 40, 7, 0.2), ("x", 20, 20, "agree", 40, 7, 0.2),
    ]  # fmt: skip
    assert len({row[-1] for row in rows}) == 2
    found = evidence.compared(connection)
    assert (found.rows, found.agree, found.conflict) == (4, 1, 1)
    assert said[1:] == (
        "tv: experiment other and the mix model of leads_created contradict each other",
    )


def test_a_test_of_which_nobody_has_a_figure_is_named(small):
    *_, connection = small(10, 30)
    connection.execute(
        "update metrics.experiment_estimates set status = 'refused', reason = 'It is not over.', "
        "incremental = null, incremental_low = null, incremental_high = null, "
        "reported_incremental = null, reported_low = null, reported_high = null"
    )
    said = evidence.write(RUN, connection)
    assert said[1:] == (
        "triangulation: 1 tests in no row, because neither we nor their tool give a figure: "
        "x (leads_created)",
    )
    assert connection.execute(
        "select count(*), count(experiment_id) from metrics.channel_triangulation "
        "where outcome = 'leads_created'"
    ).fetchall() == [(1, 0)]


def test_what_spoils_a_test_spoils_what_its_tool_reported_too(small):
    *_, connection = small(10, 30, verdict=experiments.CONTAMINATED)
    connection.execute(
        "insert into marts.fct_evidence values "
        "('tv', '2026-01-05', '2026-02-01', 1, 'experiment', 'leads_created', 12, 5, 19, null, "
        "'additional leads_created', 'One test.', 'x'), "
        "('tv', '2026-01-05', '2026-02-01', 1, 'experiment', 'orders', 12, 5, 19, null, "
        "'additional orders', 'One test.', 'x')"
    )
    evidence.write(RUN, connection)
    assert connection.execute(
        "select outcome, verdict, caveat from metrics.evidence "
        "where kind = 'experiment' and run_id is null order by 1"
    ).fetchall() == [
        ("leads_created", "unknown: contaminated", "One test. Nothing known against it."),
        ("orders", experiments.NOT_ESTIMATED, "One test."),
    ]


def test_a_test_that_we_cannot_read_is_shown_as_reported_and_stands_for_nothing(small):
    *_, connection = small(10, 30, (15, 25))
    connection.execute(
        "update metrics.experiment_estimates set status = 'refused', reason = 'no controls.', "
        "incremental = null, incremental_low = null, incremental_high = null, method = null, "
        "contamination = null, verdict = ?", [experiments.NOT_ESTIMATED],
    )  # fmt: skip
    connection.execute(
        "insert into marts.fct_evidence values "
        "('tv', '2026-01-05', '2026-02-01', 1, 'experiment', 'leads_created (lift)', .2, .1, .3, "
        "null, 'share of the expected', 'One test.', 'x')"
    )
    said = evidence.write(RUN, connection)
    assert connection.execute(
        "select verdict, caveat from metrics.evidence where kind = 'experiment'"
    ).fetchall() == [
        ("unknown: not checked", "One test. It cannot be checked here: no controls."),
    ]
    assert connection.execute(
        "select experiment_id, experiment_estimate, reported_estimate, verdict, verdict_reason "
        "from metrics.channel_triangulation where outcome = 'leads_created'"
    ).fetchall() == [
        ("x", None, 12, "unknown: not checked",
         "what the tool of the experiment reported cannot be checked here: no controls"),
    ]  # fmt: skip
    assert evidence.compared(connection).not_checked == 1
    assert "1 whose test cannot be checked" in said[0]


def test_all_kinds_stand_beside_each_other_and_none_is_averaged(small):
    row, _, connection = small(10, 30, (20, 40))
    assert (row["experiment_low"], row["experiment_high"]) == (10, 30)
    assert (row["mix_low"], row["mix_mid"], row["mix_high"]) == (10, 40, 60)
    assert (row["reported_estimate"], row["reported_low"], row["reported_high"]) == (12, 5, 19)
    assert row["mix_covered_share"] == 0.75 and not row["is_mix_silent"]
    assert (row["at_least"], row["said_share"], row["decoy_share"]) == (7, 0.2, 0.05)
    # Credit is of won deals and of qualified leads, which no test and no model here speaks of.
    assert connection.execute(
        "select outcome, credit_low, credit_high, experiment_estimate, mix_mid "
        "from metrics.channel_triangulation where credit_high is not null order by 1"
    ).fetchall() == [("deals_won", 0.1, 0.4, None, None), ("leads_qualified", 0.2, 0.3, None, None)]
    assert row["credit_high"] is None
    columns = {name for (name,) in connection.execute(
        "select column_name from (describe metrics.channel_triangulation)").fetchall()}  # fmt: skip
    assert not [name for name in columns if re.search("average|mean|combined|score", name)]


def test_the_largest_lower_bound_is_the_least_and_none_is_added(small):
    *_, connection = small(10, 30)
    connection.execute(
        "insert into marts.fct_evidence values "
        "('tv', date '2026-01-01', date '2026-03-31', 1, 'direct_response', "
        "'leads after a visit to a vanity address', null, 9, null, 9, 'leads', 'At least.', "
        "'vanity addresses'), "
        "('tv', '2026-01-01', '2026-03-31', 1, 'direct_response', "
        "'leads after a qualified tracked call', null, 4, null, 4, 'leads', 'At least.', "
        "'tracked calls'), "
        "('tv', '2026-01-01', '2026-03-31', 1, 'direct_response', 'qualified tracked calls', "
        "null, 99, null, 99, 'calls', 'At least.', 'tracked calls'), "
        "('radio', '2026-01-01', '2026-03-31', 1, 'direct_response', "
        "'qualified leads after a visit to a vanity address', null, 2, null, 2, "
        "'qualified leads', 'At least.', 'vanity addresses')"
    )
    evidence.write(RUN, connection)
    assert connection.execute(
        "select channel_id, outcome, codes_at_least, vanity_at_least, calls_at_least, at_least, "
        "at_least_source from metrics.channel_triangulation where at_least is not null order by all"
    ).fetchall() == [
        ("radio", "leads_qualified", None, 2, None, 2, "vanity addresses"),
        ("tv", "leads_created", 7, 9, 4, 9, "vanity addresses"),
        ("tv", "leads_qualified", 3, None, None, 3, "codes"),
    ]  # fmt: skip


def test_credit_stands_beside_the_model_and_the_answers_of_its_own_outcome_alone(small):
    *_, connection = small(10, 30)
    connection.execute(
        "insert into metrics.mix_model_estimates select * replace ('leads_qualified' as outcome, "
        "5 as caused_low, 9 as caused_mid, 12 as caused_high) from metrics.mix_model_estimates"
    )
    evidence.write(RUN, connection)
    names = ("mix_low", "mix_mid", "at_least", "said_share", "decoy_share", "credit_low",
             "credit_high", "verdict")  # fmt: skip
    found = {
        outcome: rest
        for outcome, *rest in connection.execute(
            f"select outcome, {', '.join(names)} from metrics.channel_triangulation"
        ).fetchall()
    }
    assert found["leads_qualified"] == [5, 9, 3, 0.25, 0.03, 0.2, 0.3, "unknown"]
    assert found["leads_created"][:5] == [10, 40, 7, 0.2, 0.05]
    assert found["leads_created"][5:7] == [None, None]
    assert found["deals_won"][:5] == [None] * 5 and found["deals_won"][5:7] == [0.1, 0.4]
    [(reason,)] = connection.execute(
        "select verdict_reason from metrics.channel_triangulation where outcome = 'leads_qualified'"
    ).fetchall()
    assert "do not count what the mix model estimates" in reason


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"on_test": (15, 25)}, "agree"),
        ({"on_test": (31, 50)}, "conflict"),
        ({"on_test": (15, 25), "verdict": experiments.CONTAMINATED}, "contaminated"),
        ({"on_test": (15, 25), "mix": mix_runs.PRIOR}, "prior"),
        ({}, "uncovered"),
        ({"low": -10, "on_test": (15, 25)}, "untold"),
    ],
)
def test_a_build_says_of_how_many_rows_there_is_a_verdict_and_what_the_others_lack(
    small, given, field
):
    """Two rows are without a test: won deals and qualified leads."""
    _, said, connection = small(**{"low": 10, "high": 30} | given)
    found = evidence.compared(connection)
    assert found._asdict() == dict.fromkeys(found._fields, 0) | {
        "rows": 3, "untested": 2, field: 1,
    }  # fmt: skip
    assert said[0] == found.sentence() and said[0].startswith("triangulation: of 3 rows")


def test_a_share_of_answers_is_the_same_number_in_evidence_and_as_a_metric(built):
    with duckdb.connect(str(built.served / "plumbline.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select count(*), count(*) filter (abs(e.estimate - v.value) < 1e-6 and e.n = v.n "
            "and abs(e.low - v.low) < 1e-6 and abs(e.high - v.high) < 1e-6) "
            "from marts.fct_evidence as e join metrics.metric_values as v "
            "on v.metric_id = 'self_reported_source_share' and v.grain = 'quarter' "
            "and v.period_start = e.period_start and v.slice_value = "
            "case when e.outcome = 'named the decoy' then 'decoy' else e.channel_id end "
            "where e.outcome in ('named as the source', 'named the decoy')"
        ).fetchall()
    assert rows[0][0] > 100 and rows[0][0] == rows[0][1]


def test_a_rule_that_gives_a_channel_nothing_is_the_least(small):
    *_, connection = small(10, 30)
    connection.execute(
        "insert into marts.fct_evidence select * replace ('radio' as channel_id, 0.3 as estimate) "
        "from marts.fct_evidence where outcome = 'won deals, last'"
    )
    evidence.write(RUN, connection)
    assert connection.execute(
        "select credit_low, credit_high from metrics.channel_triangulation "
        "where channel_id = 'radio' and outcome = 'deals_won'"
    ).fetchall() == [(0, 0.3)]


def test_a_test_that_found_nothing_agrees_with_nobody(small):
    row, said, _ = small(-10, 30, (20, 40))
    assert row["verdict"] == "unknown" and "could not tell" in row["verdict_reason"]
    assert len(said) == 1


def test_a_test_that_found_nothing_can_still_contradict(small):
    row, *_ = small(-10, 15, (20, 40))
    assert row["verdict"] == "conflict"


def test_evidence_holds_what_was_reported_and_what_we_estimate(small):
    *_, connection = small(10, 30, mix=mix_runs.PRIOR)
    rows = connection.execute(
        "select kind, count(*), count(distinct evidence_key), count(caveat) "
        "from metrics.evidence group by kind order by kind"
    ).fetchall()
    kinds = {"attribution": 4, "direct_response": 2, "experiment": 1, "mix_model": 1,
             "self_report": 4}  # fmt: skip
    assert rows == [(kind, count, count, count) for kind, count in kinds.items()]
    [(caveat,)] = connection.execute(
        "select caveat from metrics.evidence where kind = 'mix_model'"
    ).fetchall()
    assert "The data say nothing that was not assumed before." in caveat
    assert "Knows 75 % of the quarter." in caveat


@pytest.mark.parametrize(("low", "is_said"), [(0, True), (0.5, True), (0.7, False)])
def test_an_interval_of_the_model_that_begins_at_nothing_says_so(small, low, is_said):
    *_, connection = small(10, 30)
    connection.execute("update metrics.mix_model_estimates set caused_low = ?", [low])
    evidence.write(RUN, connection)
    [(verdict, caveat)] = connection.execute(
        "select verdict, caveat from metrics.evidence where kind = 'mix_model'"
    ).fetchall()
    assert verdict == mix_runs.STANDS and ("Begins at nothing" in caveat) == is_said


def test_the_page_says_how_wide_the_prior_is():
    share = round(100 * mix_model.PRIOR_WIDTH)
    assert f"0 to {share} % of all outcomes" in bench.PAGE.read_text(encoding="utf-8")


# --- exports --------------------------------------------------------------------------------------


def exported(built, table):
    with duckdb.connect(str((built.served / "plumbline.duckdb").resolve()), read_only=True) as db:
        found = db.execute(f"select * from marts.{table} order by 2, 3")
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}


def real(path):
    if not REAL.exists():
        pytest.skip("../shared/real is not here")
    with (REAL / path).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


def is_whole(columns):
    """No tool takes a null in a column that it is given: all or nothing."""
    for name, values in columns.items():
        unknown = sum(value is None for value in values)
        assert unknown in (0, len(values)), name
    return [name for name, values in columns.items() if values[0] is None]


def test_meridians_export_has_the_columns_of_meridians_own_data(built):
    theirs, ours = real("meridian_mmm/geo_all_channels.csv"), exported(built, "mmm_weeks_meridian")
    fixed = {"geo", "time", "conversions", "revenue_per_conversion", "population"}
    assert fixed <= theirs.keys() and fixed <= ours.keys()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", theirs["time"][0])
    for columns in (theirs, ours):
        paid = {name.rsplit("_", 1)[0] for name in columns if name.endswith("_spend")}
        shown = {name.rsplit("_", 1)[0] for name in columns if name.endswith("_impression")}
        assert paid and {n for n in shown if not n.lower().startswith("organic_")} <= paid
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", str(day)) for day in columns["time"])
        assert len(set(zip(columns["geo"], columns["time"], strict=True))) == len(columns["geo"])
    left_out = is_whole(ours)
    assert left_out == ["display_spend", "display_impression"]  # stopped in March; not known since
    assert min(ours["population"]) > 0 and min(ours["conversions"]) >= 0
    # What its loader makes of a conversion is revenue: in every row, so in the sum.
    worth = [n * each for n, each in zip(ours["conversions"], ours["revenue_per_conversion"],
                                         strict=True)]  # fmt: skip
    assert worth == pytest.approx(ours["revenue"]) and min(ours["revenue_per_conversion"]) > 0


def test_robyns_export_has_the_columns_of_robyns_own_data(built):
    theirs, ours = real("robyn_mmm/dt_simulated_weekly.csv"), exported(built, "mmm_weeks_robyn")
    for columns in (theirs, ours):
        days = [dt.date.fromisoformat(day) for day in columns["DATE"]]
        assert {(b - a).days for a, b in zip(sorted(days), sorted(days)[1:], strict=False)} == {7}
        assert {day.weekday() for day in days} == {0}
        paid = {name[:-2] for name in columns if name.endswith("_S")}
        assert {name[:-2] for name in columns if name.endswith("_I")} <= paid
    assert "revenue" in theirs  # the dependent variable of its own data
    assert min(ours["revenue"]) > 0
    assert is_whole(ours) == ["display_S", "display_I"]
    numbers = [v for name, values in ours.items() if name not in ("DATE", "mmm_week_key")
               for v in values if v is not None]  # fmt: skip
    assert min(numbers) >= 0


def test_pymcs_export_is_rectangular_and_its_control_is_scaled(built):
    ours = exported(built, "mmm_weeks_pymc")
    geos, weeks = set(ours["geo"]), set(ours["date_week"])
    assert len(ours["geo"]) == len(geos) * len(weeks) >= 104 * len(geos)
    assert (min(ours["t"]), max(ours["t"])) == (0, 1)
    assert is_whole(ours) == ["display"]


OUTCOMES = {  # of mmm_weeks: the column in each export
    "leads_created": ("leads_created", "leads_created", "leads_created"),
    "leads_qualified": ("leads_qualified", "leads_qualified", "leads_qualified"),
    "orders": ("conversions", "orders", "orders"),
    "revenue_reporting": ("revenue", "y", "revenue"),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_that_a_model_can_explain_is_in_every_export(built, outcome):
    assert OUTCOMES.keys() == set(MixModel().outcomes)
    with duckdb.connect(str((built.served / "plumbline.duckdb").resolve()), read_only=True) as db:
        [(known, rows, total)] = db.execute(
            f"select count({outcome}), count(*), sum({outcome}) from marts.mmm_weeks "
            "where geography <> 'all' and week_start_date between "
            "(select min(date_week) from marts.mmm_weeks_pymc) and "
            "(select max(date_week) from marts.mmm_weeks_pymc)"
        ).fetchall()
    assert known == rows > 600
    for tool, column in zip(("meridian", "pymc", "robyn"), OUTCOMES[outcome], strict=True):
        values = exported(built, f"mmm_weeks_{tool}")[column]
        assert sum(values) == pytest.approx(float(total)), (tool, column)


def test_the_exports_say_the_same(built):
    meridian, pymc, robyn = (
        exported(built, f"mmm_weeks_{tool}") for tool in ("meridian", "pymc", "robyn")
    )
    assert sum(meridian["tv_spend"]) == pytest.approx(sum(pymc["tv"]))
    assert sum(robyn["tv_S"]) == pytest.approx(sum(pymc["tv"]))


# --- what the docs claim --------------------------------------------------------------------------


def sections(text):
    """{title without figures: lines} of Markdown with titles of the third level."""
    parts = ("\n" + text.strip()).split("\n### ")[1:]
    return {re.sub(r" \(.*|\d+", "", part.splitlines()[0]): part.strip() for part in parts}


def test_the_tables_of_the_page_are_those_of_this_sample(built):
    """Mix models are compared to a twentieth, because refits differ between machines."""
    stored = sections(within(bench.PAGE, "evidence"))
    made = sections(bench.of_this_world(built.data))
    for title, text in made.items():
        near = {"share": 0.05, "least": 8} if title.startswith("Mix model") else {}
        found = differing(stored[title], text, **near)
        assert not found, (found, "run `python -m bench --only evidence`")
    assert len(stored) == len(made) + 3  # and three of the same world drawn anew


def test_prose_about_the_reference_gives_no_figures_but_their_page():
    """Figures by hand drift from those that a bench writes."""
    [line] = [part for part in bench.PAGE.read_text(encoding="utf-8").split("\n- ")
              if part.startswith("**PyMC-Marketing**")]  # fmt: skip
    assert "(reference_cases.md)" in line and not re.search(r"\d,\d{3}|\.\d{2}", line)


def test_the_mix_model_of_the_sample_finds_the_channels_that_burst(built):
    """Refits differ in the last digits between machines, so ends are compared with the truth."""
    for outcome in ("leads_created", "orders"):
        found = {line.what: line for line in bench.mixes(built.data, outcome)}
        assert "display" not in found
        for channel in ("tv", "radio", "out_of_home", "direct_mail", "print"):
            assert found[channel].is_covered, (outcome, channel)
        assert 0.5 < found["tv"].estimate / found["tv"].truth < 1.5


def test_redrawn_tests_cover_as_often_as_they_say(monkeypatch):
    monkeypatch.setattr(bench, "REDRAWN_TESTS", 40)
    for name, _, _, covered, _ in bench.redrawn_tests():
        assert covered > 0.75, name
