"""Files into raw: a million rows of fifteen columns through a feed, against DuckDB alone."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.measuring import Figures, measured, settings_file

ROWS = 1_000_000
FILE = """
copy (select 'paid_social' as channel, 'account ' || (i % 50) as account,
    'cmp-' || (i // 50 % 400) as campaign, 'market ' || (i % 20) as geography,
    date '2020-01-01' + cast(i // 20000 as integer) as date, 'day' as period,
    'EUR' as currency, round(random() * 1000, 2) as spend, 'cpm' as cost_type,
    cast(random() * 100000 as bigint) as impressions, cast(random() * 500 as bigint) as clicks,
    cast(random() * 300 as bigint) as sessions, cast(random() * 20 as bigint) as responses,
    round(random() * 10, 1) as conversions, 'booking ' || i as booking_number
  from range({rows}) as r(i))
to '{file}' (header)
"""
ALONE = (
    "import duckdb, sys; c = duckdb.connect(sys.argv[2]); "
    'c.execute("create table t as select * from read_csv(\'" + sys.argv[1] + "\')"); c.close()'
)
TOML = """
[organization]
name = "Bench"
as_of = 2026-09-30
[privacy]
key = "public"
[feeds]
folders = ["{folder}"]
"""


def run(folder: Path) -> tuple[Figures, Figures, int]:
    """(through the feed, DuckDB alone, rows that arrived)."""
    files = folder / "files"
    files.mkdir(parents=True)
    file = files / "media.csv"
    # 50 accounts x 400 campaigns x 50 days: every row has a key of its own.
    duckdb.sql("select setseed(0.5)")
    duckdb.execute(FILE.format(rows=ROWS, file=file))
    (files / "mapping.yml").write_text("- feed: channel_days\n  files: media.csv\n")
    config = settings_file(folder, TOML.format(folder=files))
    alone = measured(["-c", ALONE, str(file), str(folder / "alone.duckdb")])
    ours = measured(
        ["pipeline.py", "ingest", "-q"],
        PLUMBLINE_CONFIG=str(config), PLUMBLINE_DATA=str(folder / "data"),
    )  # fmt: skip
    with duckdb.connect(str(folder / "data/build/plumbline.duckdb"), read_only=True) as warehouse:
        arrived = warehouse.execute("select count(*) from raw_feeds.channel_days").fetchone()[0]
    return ours, alone, arrived
