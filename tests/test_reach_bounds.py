"""Cross-channel reach against a published overlap matrix: bounds, and how far a sum would be off.

The matrix (seven campaigns of one brand, whom each pair reached together) is read from the shared
reference data; here each of its campaigns is a channel of one campaign.
"""

import csv
import os

import duckdb
import pytest

from ingestion.specs import tables
from settings import ROOT

MATRIX = ROOT.parent / "shared/reference/refdata/reach/audience_overlap_matrix.csv"
WINDOW = "28, date '2026-03-01'"


def raw(warehouse, overlaps: list[tuple[str, str, int]], reach: dict[str, int]) -> None:
    """Raw tables of a warehouse with one campaign, its channels' reach and their overlaps."""
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(warehouse)) as connection:
        for table in tables():
            connection.execute(f"create schema if not exists {table.schema}")
            connection.execute(table.ddl())
        connection.execute(
            "create schema ingest; create table ingest.settings as select * from (values "
            "('as_of', '2026-03-31'), ('reporting_currency', 'EUR'), ('time_zone', 'UTC'), "
            "('fiscal_year_start_month', '1')) as s(key, value);"
            "create table ingest.sources (source varchar, table_name varchar, owner varchar,"
            " is_configured boolean, freshness_days bigint, last_event_date date,"
            " last_loaded_at timestamp, status varchar, reason varchar);"
            "insert into raw_feeds.campaigns (campaign, name, system, system_id, _row_key, "
            "_loaded_at) values ('c', 'C', 's', 'c', 'k', '2026-03-31')"
        )
        for name, people in reach.items():
            connection.execute(
                "insert into raw_feeds.reach_windows (network, campaign, window_days, window_end, "
                f"reach_people, _row_key, _loaded_at) values (?, 'c', {WINDOW}, ?, ?, "
                "'2026-03-31')",
                [name, people, name],
            )
        for one, other, people in overlaps:
            connection.execute(
                "insert into raw_feeds.reach_overlaps (campaign, window_days, window_end, "
                "network_a, network_b, overlap_people, _row_key, _loaded_at) values "
                f"('c', {WINDOW}, ?, ?, ?, ?, '2026-03-31')",
                [one, other, people, f"{one} {other}"],
            )


def bounds(data) -> dict:
    """fct_campaign_reach as dbt builds it."""
    from dbt.cli.main import dbtRunner

    before = os.environ.get("PLUMBLINE_DATA")
    os.environ["PLUMBLINE_DATA"] = str(data)
    project = str(ROOT / "dbt_project")
    try:
        done = dbtRunner().invoke(
            ["run", "--quiet", "--select", "+fct_campaign_reach", "--project-dir", project,
             "--profiles-dir", project, "--target-path", str(data / "target"),
             "--log-path", str(data / "logs")]
        )  # fmt: skip
    finally:
        del os.environ["PLUMBLINE_DATA"]
        if before is not None:
            os.environ["PLUMBLINE_DATA"] = before
    assert done.success, done.exception or [r.message for r in done.result if r.status == "error"]
    with duckdb.connect(str(data / "build" / "plumbline.duckdb")) as connection:
        cursor = connection.execute("select * from marts.fct_campaign_reach")
        [row] = cursor.fetchall()
        return dict(zip([column[0] for column in cursor.description], row, strict=True))


def test_the_published_matrix_gives_its_published_bounds(tmp_path):
    if not MATRIX.exists():
        pytest.skip("the shared overlap matrix is not here")
    with MATRIX.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    names = [row["campaign"] for row in rows]
    reach = {row["campaign"]: int(row[row["campaign"]]) for row in rows}
    overlaps = [
        (row["campaign"], other, int(row[other]))
        for number, row in enumerate(rows)
        for other in names[number + 1 :]
    ]
    raw(tmp_path / "build" / "plumbline.duckdb", overlaps, reach)
    found = bounds(tmp_path)
    assert sum(reach.values()) == found["reach_at_most"] == 316_757
    assert max(reach.values()) == 81_992
    assert found["reach_at_least"] == 129_868
    assert (found["channels"], found["pairs"], found["pairs_measured"]) == (7, 21, 21)
