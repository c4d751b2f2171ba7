"""Facts that grow rebuild exactly the days that changed, and end as a full refresh would."""

import dataclasses
import datetime as dt

import duckdb
import pytest

from ingestion.specs import table, tables
from settings import ROOT, Paths

FACTS = ("fct_post_days", "fct_channel_days")
PUBLISHED = "2026-01-05 09:00:00"
SETTINGS = {
    "as_of": "2026-01-31",
    "organization_name": "Small",
    "reporting_currency": "EUR",
    "time_zone": "Europe/Berlin",
    "fiscal_year_start_month": "1",
}


@dataclasses.dataclass
class Warehouse:
    """A warehouse of a few rows in a folder of its own, and dbt on it."""

    paths: Paths
    load: int = 0

    def execute(self, statement: str, *values: object) -> list[tuple]:
        with duckdb.connect(str(self.paths.warehouse)) as connection:
            return connection.execute(statement, list(values)).fetchall()

    def say(self, feed: str, **row: object) -> None:
        """One more version of a feed's row, as ingestion would append it."""
        self.load += 1
        key = "|".join(str(row.get(name)) for name in table("feeds", feed).spec.key)
        row |= {
            "_row_key": key,
            "_row_hash": self.load,
            "_file": "test.csv",
            "_file_row": 1,
            "_loaded_at": f"2026-01-31 00:{self.load:02d}:00",
            "_dlt_load_id": str(self.load),
        }
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        self.execute(f"insert into raw_feeds.{feed} ({names}) values ({marks})", *row.values())

    def dbt(self, *arguments: str) -> None:
        from dbt.cli.main import dbtRunner

        project = str(ROOT / "dbt_project")
        result = dbtRunner().invoke(
            [*arguments, "--project-dir", project, "--profiles-dir", project, "--quiet",
             "--target-path", str(self.paths.target), "--log-path", str(self.paths.data)]
        )  # fmt: skip
        assert result.success, result.exception or [
            (n.node.name, n.message) for n in result.result if str(n.status) == "error"
        ]

    def rebuild(self, *arguments: str) -> None:
        self.dbt("run", "--select", *FACTS, *arguments)

    def content(self) -> dict[str, list[tuple]]:
        return {f: self.execute(f"select * from marts.{f} order by all") for f in FACTS}

    def places(self) -> dict[tuple[str, dt.date], tuple]:
        """Where the rows of a fact's day lie in its table: others after a rebuild of the day."""
        return {
            (fact, day): tuple(rows)
            for fact in FACTS
            for day, rows in self.execute(
                f"select date_day, list(rowid order by rowid) from marts.{fact} group by date_day"
            )
        }


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    monkeypatch = pytest.MonkeyPatch()
    made = Warehouse(Paths(tmp_path_factory.mktemp("incremental")))
    monkeypatch.setenv("PLUMBLINE_DATA", str(made.paths.data))
    made.paths.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(made.paths.warehouse)) as connection:
        for found in tables():
            connection.execute(f"create schema if not exists {found.schema}")
            connection.execute(found.ddl())
        connection.execute("create schema ingest")
        connection.execute("create table ingest.settings (key varchar, value varchar)")
        connection.executemany("insert into ingest.settings values (?, ?)", list(SETTINGS.items()))
    for day, likes in ((5, 10), (6, 12), (7, 15)):
        made.say("posts", network="linkedin", account="a", post_id="p", captured_on=date(day),
                 published_at=PUBLISHED, reactions=likes)  # fmt: skip
    made.say("channel_days", channel="tv", date=date(12), period="week", currency="EUR", spend=70)
    made.say("channel_days", channel="radio", date=date(20), currency="USD", spend=100)
    made.say("media_clips", outlet="Post", clip_id="1", published_on=date(25))
    selected = [f"+{fact}" for fact in FACTS]
    made.dbt("build", "--select", *selected, "--exclude-resource-type", "test",
             "--exclude-resource-type", "unit_test")  # fmt: skip
    yield made
    monkeypatch.undo()


def date(day: int) -> dt.date:
    return dt.date(2026, 1, day)


def changes(warehouse: Warehouse, *arguments: str) -> set[tuple[str, int]]:
    """Rebuild; the (fact, day of January) whose rows are new, other or gone."""
    before = warehouse.places()
    warehouse.rebuild(*arguments)
    after = warehouse.places()
    return {(f, d.day) for f, d in before.keys() | after.keys()
            if before.get((f, d)) != after.get((f, d))}  # fmt: skip


def test_nothing_new_rebuilds_no_day(warehouse: Warehouse) -> None:
    before = warehouse.content()
    assert [len(before[fact]) for fact in FACTS] == [3, 3 + 7 + 1 + 1]
    assert changes(warehouse) == set()
    assert warehouse.content() == before


def test_late_corrections_rebuild_their_days_and_end_like_a_full_refresh(
    warehouse: Warehouse,
) -> None:
    # An earlier version of the model had a column more.
    warehouse.execute("alter table marts.fct_post_days add column outworn bigint")
    # A capture of the 6th is corrected: its own day and the next difference change.
    warehouse.say("posts", network="linkedin", account="a", post_id="p", captured_on=date(6),
                  published_at=PUBLISHED, reactions=14)  # fmt: skip
    # The week's spend is corrected by a cent, which falls on some of its days only.
    warehouse.say("channel_days", channel="tv", date=date(12), period="week", currency="EUR",
                  spend="70.0001")  # fmt: skip
    # A rate arrives late, a clip is deleted, and a day comes that was not there.
    warehouse.say("fx_rates", currency="USD", reporting_currency="EUR", date=date(19), rate=0.9)
    warehouse.execute("delete from raw_feeds.media_clips")
    warehouse.say("channel_days", channel="print", date=date(28), currency="EUR", spend=5)

    changed = changes(warehouse)

    week = {day for fact, day in changed if 12 <= day <= 18}
    assert len(week) == 1
    assert changed - {("fct_channel_days", day) for day in week} == {
        ("fct_post_days", 6), ("fct_post_days", 7),
        ("fct_channel_days", 6), ("fct_channel_days", 7),
        ("fct_channel_days", 20), ("fct_channel_days", 25), ("fct_channel_days", 28),
    }  # fmt: skip
    incremental = warehouse.content()
    assert warehouse.execute("select date_day, reactions from marts.fct_post_days order by 1") == [
        (date(5), 10), (date(6), 4), (date(7), 1)]  # fmt: skip
    (reported,) = warehouse.execute(
        "select spend_reporting from marts.fct_channel_days where channel_id = 'radio'"
    )
    assert float(reported[0]) == 90
    warehouse.rebuild("--full-refresh")
    assert warehouse.content() == incremental
