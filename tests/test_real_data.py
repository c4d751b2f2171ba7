"""A warehouse from public data that none of us wrote; sums are taken from the files by themselves.

The oracles read the files with Python's csv module (pyarrow for Parquet), never with our readers.
"""

import csv
import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from conftest import build

from settings import ROOT, Paths

REAL = ROOT.parent / "shared" / "real"
pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="the public data sets are not beside the repository (../shared/real)"
)


def rows(name: str, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
    with (REAL / name).open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    data = tmp_path_factory.mktemp("real")
    done = build(data, PLUMBLINE_CONFIG="examples/real/plumbline.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    return Paths(data)


@pytest.fixture(scope="module")
def ask(real):
    """One row of the build's warehouse."""
    with duckdb.connect(str(real.warehouse), read_only=True) as warehouse:
        yield lambda sql: warehouse.execute(sql).fetchone()


def test_it_ends_published(real):
    assert (real.served / "scorecard.html").stat().st_size > 10_000


def test_maven_won_deals_total_10_005_534(ask, real):
    won = sum(
        int(row["close_value"])
        for row in rows("maven_crm_sales/original/CRM+Sales+Opportunities/sales_pipeline.csv")
        if row["deal_stage"] == "Won"
    )
    assert won == 10_005_534
    assert ask("select sum(amount_reporting) from marts.fct_deals where is_won") == (won,)
    with duckdb.connect(str(real.served / "plumbline.duckdb"), read_only=True) as served:
        values = served.execute(
            "select sum(value) from metrics.metric_values where metric_id = 'revenue_booked' "
            "and grain = 'year' and slice_name = 'all'"
        ).fetchone()
    assert values == (won,)


def test_maven_deals_keep_their_gaps(ask):
    pipeline = rows("maven_crm_sales/original/CRM+Sales+Opportunities/sales_pipeline.csv")
    assert ask(
        "select count(*), count(*) filter (where company_id is null), "
        "count(*) filter (where created_on is null) from raw_feeds.deals"
    ) == (
        len(pipeline),
        sum(row["account"] == "" for row in pipeline),
        sum(row["engage_date"] == "" for row in pipeline),
    )


def test_every_row_of_every_file_is_loaded_or_quarantined_with_a_reason(ask):
    wrong, total = ask(
        "select count(*) filter (where rows_fetched <> rows_loaded + rows_quarantined "
        "or status = 'failed'), sum(rows_fetched) from ingest.loads"
    )
    nyc = rows("nyc_social_media_usage/NYC_Social_Media_Usage.csv")
    expected = (
        2 * 500  # UCI, twice
        + len(nyc)
        + 7 * len(rows("robyn_mmm/dt_simulated_weekly.csv"))  # seven entries read the file
        + sum(
            len(rows(f"maven_crm_sales/original/CRM+Sales+Opportunities/{name}.csv"))
            for name in ("accounts", "sales_pipeline", "sales_teams")
        )
        + 6 * len(rows("ibm_hr_attrition/emp_attrition.csv"))  # employees, five questions
        + len(rows("absenteeism_at_work/Absenteeism_at_work.csv"))
        + 151_495
    )
    assert (wrong, total) == (0, expected)
    assert ask("select count(*) from ingest.quarantine where reason is null or remedy is null") == (
        0,
    )


def test_totals_of_new_york_are_left_out_and_counted(ask):
    nyc = rows("nyc_social_media_usage/NYC_Social_Media_Usage.csv")
    column = "Likes/Followers/Visits/Downloads"
    kept = [row for row in nyc if row["Platform"] != "TOTAL"]
    assert ask("select count(*), sum(followers) from raw_feeds.account_days") == (
        len(kept),
        sum(int(row[column]) for row in kept if row[column]),
    )
    assert ask("select count(*) from ingest.quarantine where reason ilike '%excluded%'") == (
        len(nyc) - len(kept),
    )


def test_a_second_copy_in_another_language_adds_nothing(ask):
    uci = rows("uci_facebook_metrics/dataset_Facebook_en.csv", delimiter=";")
    assert ask(
        "select count(*), sum(impressions), sum(reactions), sum(shares), "
        "count(*) filter (where shares is null) from raw_feeds.posts"
    ) == (
        len(uci),
        sum(int(row["T_Impression"]) for row in uci),
        sum(int(float(row["like"])) for row in uci if row["like"]),
        sum(int(float(row["share"])) for row in uci if row["share"]),
        sum(row["share"] == "" for row in uci),
    )


@pytest.mark.parametrize(
    ("channel", "column"),
    [("tv", "tv_S"), ("out_of_home", "ooh_S"), ("print", "print_S"), ("paid_search", "search_S"),
     ("paid_social", "facebook_S")],
)  # fmt: skip
def test_robyns_weeks_become_days_that_add_up(ask, channel, column):
    weeks = rows("robyn_mmm/dt_simulated_weekly.csv")
    total = sum(Decimal(row[column]).quantize(Decimal("0.0001")) for row in weeks)
    days, spend = ask(
        "select count(distinct date_day), sum(spend_reporting) from marts.fct_channel_days "
        f"where channel_id = '{channel}' and source_table = 'channel_days'"
    )
    assert days == 7 * len(weeks)
    assert abs(spend - total) <= Decimal("0.0001") * len(weeks)


def test_promoted_posts_without_an_ads_system_are_paid_social(ask):
    uci = rows("uci_facebook_metrics/dataset_Facebook_en.csv", delimiter=";")
    told = ask(
        "select sum(impressions) filter (where channel_id = 'paid_social'), "
        "sum(impressions) filter (where channel_id = 'organic_social') "
        "from marts.fct_channel_days where source_table = 'posts'"
    )
    paid = sum(int(row["T_Impression"]) for row in uci if row["Paid"] == "1")
    free = sum(int(row["T_Impression"]) for row in uci if row["Paid"] != "1")
    assert told == (paid, free)


def test_robyns_revenue_arrives(ask):
    weeks = rows("robyn_mmm/dt_simulated_weekly.csv")
    total = sum(Decimal(row["revenue"]).quantize(Decimal("0.0001")) for row in weeks)
    found, first = ask("select sum(amount), min(ordered_on) from raw_feeds.orders")
    assert abs(found - total) <= Decimal("0.0001") * len(weeks)
    assert first == dt.date(2015, 11, 23)


def test_employees_answers_and_absences_are_whole(ask):
    ibm = rows("ibm_hr_attrition/emp_attrition.csv")
    assert ask(
        "select count(*), count(*) filter (where status = 'left') from raw_feeds.employees "
        "where system = 'ibm'"
    ) == (len(ibm), sum(row["Attrition"] == "Yes" for row in ibm))
    assert ask(
        "select count(*), sum(answer) from raw_feeds.survey_answers where question = "
        "'JobSatisfaction'"
    ) == (len(ibm), sum(int(row["JobSatisfaction"]) for row in ibm))
    absences = rows("absenteeism_at_work/Absenteeism_at_work.csv")
    assert ask("select count(*), sum(hours) from raw_feeds.absences") == (
        len(absences),
        sum(int(row["Absenteeism time in hours"]) for row in absences),
    )


def test_impossible_survey_scores_are_kept_aside(ask):
    import pyarrow.parquet as parquet

    table = parquet.read_table(
        REAL / "uk_civil_service_people_survey/proc/04_02-raw_tbl_org_data.parquet",
        columns=["value"],
    )
    values = [value for value in table["value"].to_pylist() if value is not None]
    possible = [value for value in values if value <= 100]
    count, total = ask("select count(*), sum(favourable_share) from raw_feeds.survey_scores")
    assert count == len(possible) == len(values) - 3
    assert total == pytest.approx(sum(possible) / 100, rel=1e-9)
    assert ask("select count(*) from ingest.quarantine where table_name = 'survey_scores'") == (3,)


def test_old_data_is_never_shown_green(real):
    with duckdb.connect(str(real.served / "plumbline.duckdb"), read_only=True) as served:
        found = served.execute(
            "select goal_id, actual, status from metrics.goal_status order by 1"
        ).fetchall()
    assert found[0] == ("revenue_2017", 10_005_534.0, "data_late")
    assert {status for _, _, status in found} == {"data_late"}
