"""From a vendor's pages to rows in the warehouse: all three sources through the whole ingestion."""

import datetime as dt
import os

import duckdb
import pytest
from api_sources import AS_OF, TOKEN
from test_source_bamboohr import company, employee
from test_source_hubspot import NEW, deal, portal, replace, stages
from test_source_mastodon import rows as accounts_and
from test_source_mastodon import status

from ingestion import session
from ingestion.privacy import digest
from ingestion.sample.vendors import bamboohr, hubspot, mastodon
from ingestion.sample.vendors.server import running
from settings import SAMPLE_KEY, Organization, Paths, Privacy, Run, Settings, Source

STATUSES = [status(1000 - days, days, likes=days) for days in range(60)]
COUNTS = {
    ("mastodon", "accounts"): 1, ("mastodon", "statuses"): 60, ("hubspot", "contacts"): 230,
    ("hubspot", "companies"): 2, ("hubspot", "deals"): 120, ("hubspot", "deal_stages"): 240,
    ("hubspot", "owners"): 2, ("hubspot", "pipeline_stages"): 3, ("bamboohr", "employees"): 7,
    ("bamboohr", "job_info"): 2, ("bamboohr", "employment_status"): 2, ("bamboohr", "time_off"): 4,
    ("bamboohr", "trainings"): 4,
}  # fmt: skip


class House:
    """Three vendors and a data folder; `ingest(day)` runs the step as the pipeline does."""

    def __init__(self, folder, servers):
        self.paths, self.servers, self.turn = Paths(folder), servers, 0

    def ingest(self, day=AS_OF):
        from ingestion.run import ingest

        self.turn += 1
        sources = {
            name: Source(base_url=server.base_url, owner="data_lead", start=dt.date(2024, 1, 1),
                         accounts=("harbour",), company="harbour")
            for name, server in self.servers.items()
        }  # fmt: skip
        settings = Settings(Organization("Test"), Privacy(key="sample"), sources=sources)
        started = dt.datetime.combine(day, dt.time(5), dt.UTC) + dt.timedelta(minutes=self.turn)
        return ingest(Run(settings, self.paths, f"run{self.turn}", day, started))

    def ask(self, query):
        with duckdb.connect(str(self.paths.warehouse), read_only=True) as con:
            return con.execute(query).fetchall()

    def counts(self):
        return {(source, table): self.ask(f"select count(*) from raw_{source}.{table}")[0][0]
                for source, table in COUNTS}  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """After its first load."""
    patch = pytest.MonkeyPatch()
    patch.setattr(session, "pause", lambda seconds: None)
    for name in ("MASTODON", "HUBSPOT", "BAMBOOHR"):
        patch.setenv(f"{name}_TOKEN", TOKEN)
    with (
        running(mastodon.build, accounts_and(*STATUSES)) as m,
        running(hubspot.build, portal()) as h,
        running(bamboohr.build, company()) as b,
    ):
        made = House(tmp_path_factory.mktemp("house"), {"mastodon": m, "hubspot": h, "bamboohr": b})
        m.fault("malformed", path_regex="statuses", skip=1)
        h.fault("ratelimit", path_regex="deals$", skip=1, count=2)
        b.fault("truncated", path_regex="employee/data")
        made.outcome = made.ingest()
        yield made
    patch.undo()


def test_every_row_is_there_once_in_spite_of_faults(house):
    assert house.counts() == COUNTS, house.outcome
    booked = house.ask(
        "select source, table_name, rows_fetched, rows_loaded, rows_new, rows_quarantined "
        "from ingest.loads where run_id = 'run1' and rows_fetched > 0"
    )
    assert {(s, t): (f, n, new, q) for s, t, f, n, new, q in booked} == {
        key: (count, count, count, 0) for key, count in COUNTS.items()
    }


def test_values_arrive_in_their_types(house):
    (row,) = house.ask(
        "select amount, currency, created_at, is_closed, company_id, contact_id, is_archived "
        "from raw_hubspot.deals where deal_id = '501'"
    )
    assert str(row[0]) == "1250.5000" and row[1:] == (
        "EUR", dt.datetime(2025, 6, 1, 8), False, "70", "105", False,  # noqa: DTZ001
    )  # fmt: skip
    assert house.ask(
        "select fte, contract_hours_week, hired_on, left_on from raw_bamboohr.employees "
        "where status = 'Inactive' order by left_on"
    )[0] == (0.8, 31.0, dt.date(2021, 3, 1), dt.date(2024, 5, 31))
    assert house.ask(
        "select favourites_count, quotes_count, is_reblog, captured_on from raw_mastodon.statuses "
        "where status_id = '990'"
    ) == [(10, None, False, AS_OF)]
    assert house.ask(
        "select probability, is_closed, position from raw_hubspot.pipeline_stages order by 3"
    ) == [(0.1, False, 0), (0.4, False, 1), (1.0, True, 2)]


def test_no_person_stands_in_clear_in_any_file(house):
    key = SAMPLE_KEY.encode()
    assert house.ask(
        "select company_id from raw_hubspot.contacts where email_hash = "
        f"'{digest(key, 'Person101@example.org ')}'"
    ) == [("70",)]
    assert house.ask(
        "select count(*) from raw_bamboohr.trainings t join raw_bamboohr.employees e "
        "using (employee_id_hash)"
    ) == [(4,)]
    files = [path for path in house.paths.data.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        content = path.read_bytes()
        for clear in (b"person101@example.org", b"e4001@harbour.example", TOKEN.encode()):
            assert clear not in content, path


def test_later_loads_add_only_what_is_new(house):
    """In one test, because each load builds on the one before."""
    house.ingest()
    assert house.counts() == COUNTS  # the same day again

    # The next day: a deal is won, HR corrects a title and lets somebody go, a status is liked.
    def corrected():
        held = portal()
        replace(held["deals"], "deal_id", deal(577, "won", NEW, is_closed=True))
        held["deal_stages"] += stages(577, "-", "-", "won")[2:]
        return held

    people = company()
    people["job_info"][1] = {**people["job_info"][1], "job_title": "Key account manager"}
    people["employees"][2] = employee(4003, status="Inactive", left_on="2026-10-01")
    house.servers["hubspot"].load(corrected())
    house.servers["bamboohr"].load(people)
    house.servers["mastodon"].load(
        accounts_and(*[{**row, "favourites_count": 500} for row in STATUSES])
    )
    house.ingest(AS_OF + dt.timedelta(days=1))
    now = house.counts()
    assert now == {
        **COUNTS,
        ("mastodon", "accounts"): 2,
        ("mastodon", "statuses"): 60 + 31,  # those that were at most 30 days old
        ("hubspot", "deal_stages"): 241,
        ("bamboohr", "employees"): 8,
        ("bamboohr", "job_info"): 3,
    }
    assert house.ask(
        "select captured_on, favourites_count from raw_mastodon.statuses "
        "where status_id = '990' order by 1"
    ) == [(AS_OF, 10), (AS_OF + dt.timedelta(days=1), 500)]
    assert house.ask("select stage_id, is_closed from raw_hubspot.deals where deal_id = '577'") == [
        ("won", True)
    ]
    assert house.ask(
        "select job_title from raw_bamboohr.job_info where _valid_to is null order by effective_on"
    ) == [("Trainee",), ("Key account manager",)]
    assert house.ask(
        "select count(*), count(_valid_to) from raw_bamboohr.employees where employee_id_hash = "
        f"'{digest(SAMPLE_KEY.encode(), '4003')}'"
    ) == [(2, 1)]

    # A vendor that refuses the token: named, nothing lost, the others go on.
    os.environ["HUBSPOT_TOKEN"] = ""
    outcome = house.ingest(AS_OF + dt.timedelta(days=2))
    os.environ["HUBSPOT_TOKEN"] = TOKEN
    assert outcome.status == "degraded"
    assert any("set $HUBSPOT_TOKEN" in line for line in outcome.lines), outcome.lines
    assert house.counts()["hubspot", "deals"] == 120
    assert house.counts()["mastodon", "accounts"] == 3

    # A value that is none is kept apart, and said.
    spoiled = corrected()
    replace(spoiled["deals"], "deal_id", deal(501, modified=NEW, amount="a lot"))
    house.servers["hubspot"].load(spoiled)
    house.ingest(AS_OF + dt.timedelta(days=3))
    assert house.ask(
        "select table_name, field, reason from ingest.quarantine where source = 'hubspot'"
    ) == [("deals", "amount", "amount: not an amount")]
    assert (
        str(house.ask("select amount from raw_hubspot.deals where deal_id = '501'")[0][0])
        == "1250.5000"
    )
