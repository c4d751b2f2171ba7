"""The core: rows of an API become typed tables, and the books say what became of every row."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from ingestion import fetching, ledger, load, rows, run, specs
from ingestion.sample import VENDORS
from settings import ConfigError, Organization, Paths, Privacy, Run, Settings, Source

KEY = b"a key of sixteen or more"
AS_OF = dt.date(2026, 9, 30)


def columns(**kinds):
    """A table with these columns, named for what they hold."""
    made = {name: specs.Column(type=kind, about="") for name, kind in kinds.items()}
    spec = specs.TableFile("", "", (next(iter(made)),), "data_lead", made)
    return specs.Table("test", "things", specs.HERE / "things.yml", spec)


def taken(table, found):
    good, refused = rows.to_arrow(table, rows.turned(table, found), rows.hasher(KEY))
    return good.to_pylist(), [(each.number, each.reason) for each in refused]


@pytest.mark.parametrize(
    ("kind", "values", "meant"),
    [
        ("integer", [1, None, 3], [1, None, 3]),
        ("integer", [1, 3.0, "5"], [1, 3, 5]),
        ("integer", [3.7, True, "x", 2**63], "not a whole number"),
        ("number", [1, 2.5], [1.0, 2.5]),
        ("number", ["2.5", 1], [2.5, 1.0]),
        ("number", [float("nan"), float("inf"), "1_0", True], "not a number"),
        ("money", ["12.5", None], [Decimal("12.5000"), None]),
        ("money", [12.1, 3], [Decimal("12.1000"), Decimal("3.0000")]),
        ("money", ["12.34567"], [Decimal("12.3457")]),
        ("money", [10**14, "1,5", {}], "not an amount"),
        ("date", ["2026-09-30", ""], [AS_OF, None]),
        ("date", ["30.09.2026", "2026-02-30", 5], "not a date"),
        ("timestamp", ["2026-09-30T12:00:00Z"], ["2026-09-30 12:00"]),
        ("timestamp", ["2026-09-30T12:00:00.5+02:00"], ["2026-09-30 10:00:00.500"]),
        ("timestamp", ["2026-09-30T12:00:00", "2026-09-30T12:00:00Z"], ["2026-09-30 12:00"] * 2),
        ("timestamp", ["2026-09-30", "soon", 0], "not a time"),
        ("boolean", [True, None], [True, None]),
        ("boolean", ["true", "False"], [True, False]),
        ("boolean", [1, "yes"], "not true or false"),
        ("text", ["a", ""], ["a", None]),
        ("text", ["a", 5], ["a", "5"]),
        ("text", [{"a": 1}, ["b"], True, "\ud83d"], "not text"),
    ],
)
def test_values_are_taken_as_they_are_or_refused_never_bent(kind, values, meant):
    good, refused = taken(columns(value=kind), [{"value": value} for value in values])
    if isinstance(meant, str):
        assert (good, refused) == ([], [(n, f"value: {meant}") for n in range(len(values))])
    else:
        as_time = dt.datetime.fromisoformat if kind == "timestamp" else lambda value: value
        assert [row["value"] for row in good] == [as_time(value) for value in meant]
        assert not refused


def test_one_bad_value_costs_one_row():
    good, refused = taken(columns(value="integer"), [{"value": 1}, {"value": "x"}, {"value": 3}])
    assert [row["value"] for row in good] == [1, 3]
    assert refused == [(1, "value: not a whole number")]


def test_required_range_and_words_are_checked_and_each_fault_is_said():
    table = specs.table("bamboohr", "time_off")
    row = {"request_id": "1", "employee_id": "2", "starts_on": "2026-09-01",
           "ends_on": "2026-09-02", "amount": 1, "unit": "days"}  # fmt: skip
    good, refused = taken(table, [row, {**row, "request_id": None, "amount": -1, "unit": "weeks"}])
    assert len(good) == 1
    assert refused == [
        (1, "request_id: missing; amount: less than 0; unit: not one of days, hours")
    ]


def test_a_name_that_the_table_does_not_declare_is_a_fault_of_the_module():
    with pytest.raises(ValueError, match="has no column 'colour'; see things.yml"):
        taken(columns(value="text"), [{"colour": "red"}])


def test_every_key_of_a_merged_table_is_required():
    # A key that is null equals nothing: its row would be there twice after two loads.
    for table in specs.tables():
        if table.spec.disposition != "versions":
            for name in table.spec.key:
                assert table.spec.columns[name].required, f"{table.name}.{name}"


class House:
    """Sources that yield what a test says, and a warehouse."""

    def __init__(self, folder, monkeypatch):
        self.paths, self.turn, self.extracts = Paths(folder), 0, {}
        monkeypatch.setattr(fetching, "extractor", self.extracts.__getitem__)

    def says(self, vendor, *pages, cursor=None):
        def extract(context):
            yield from pages
            if cursor is not None:
                context.cursors["at"] = cursor

        self.extracts[vendor] = extract

    def ingest(self, as_of=AS_OF):
        self.turn += 1
        sources = {name: Source("http://127.0.0.1:1", "data_lead") for name in self.extracts}
        settings = Settings(Organization("Test"), Privacy(key="sample"), sources=sources)
        started = dt.datetime(2026, 9, 30, 5, self.turn, tzinfo=dt.UTC)
        return run.ingest(Run(settings, self.paths, f"run{self.turn}", as_of, started))

    def ask(self, query):
        with duckdb.connect(str(self.paths.warehouse), read_only=True) as con:
            return con.execute(query).fetchall()

    def load(self, table):
        return self.ask(
            "select status, rows_fetched, rows_loaded, rows_new, rows_quarantined, error "
            f"from ingest.loads where table_name = '{table}' order by loaded_at desc limit 1"
        )[0]


@pytest.fixture
def house(tmp_path, monkeypatch):
    return House(tmp_path / "data", monkeypatch)


def contact(number, country="DE", **more):
    return {"contact_id": str(number), "country": country, **more}


def test_rows_merge_by_key_and_the_last_of_a_key_counts(house):
    house.says("hubspot", ("contacts", [contact(1), contact(2), contact(1, "IT")]))
    house.ingest()
    assert house.load("contacts") == ("loaded", 3, 3, 2, 0, None)
    house.says("hubspot", ("contacts", [contact(2, "FR"), contact(3), {"country": "DE"}]))
    house.ingest()
    assert house.load("contacts") == ("loaded", 3, 2, 1, 1, None)
    assert house.ask("select contact_id, country from raw_hubspot.contacts order by 1") == [
        ("1", "IT"), ("2", "FR"), ("3", "DE"),
    ]  # fmt: skip


def test_the_last_of_a_key_counts_over_many_batches(house, monkeypatch):
    monkeypatch.setattr(fetching, "BATCH", 2)
    pages = [("contacts", [contact(1, code), contact(2, code)]) for code in ("DE", "FR", "IT")]
    house.says("hubspot", *pages)
    house.ingest()
    assert house.load("contacts") == ("loaded", 6, 6, 2, 0, None)
    assert house.ask("select distinct country from raw_hubspot.contacts") == [("IT",)]


def test_records_keep_their_versions_and_those_that_are_gone_retire(house):
    def person(number, department):
        return {"employee_id": str(number), "department": department}

    days = [
        [person(1, "Sales"), person(2, "Legal"), person(3, "Sales")],
        [person(1, "Sales"), person(2, "Sales"), {**person(3, "Sales"), "fte": 9}],
        [person(1, "Sales"), person(3, "Sales")],
        [],
    ]
    for people in days:
        house.says("bamboohr", ("employees", people))
        house.ingest()
    assert house.ask(
        "select department, strftime(_valid_from, '%H:%M'), strftime(_valid_to, '%H:%M'), count(*) "
        "from raw_bamboohr.employees group by all order by all"
    ) == [
        ("Legal", "05:01", "05:02", 1),
        ("Sales", "05:01", None, 2),  # one was refused on the second day: refused is not gone
        ("Sales", "05:02", "05:03", 1),
    ]  # fmt: skip
    assert house.ask(
        "select rows_fetched, rows_loaded, rows_new, rows_quarantined from ingest.loads "
        "where table_name = 'employees' order by loaded_at"
    ) == [(3, 3, 3, 0), (3, 2, 1, 1), (2, 2, 0, 0), (0, 0, 0, 0)]


def test_a_source_that_fails_is_named_and_the_others_go_on(house):
    good = ("trainings", [{"record_id": "1", "employee_id": "1", "completed_on": "2026-09-29"}])
    house.says("bamboohr", good)
    house.says("hubspot", ("contacts", [contact(1)]), cursor="Monday")
    assert house.ingest().status == "degraded"

    def broken(context):
        assert context.cursors == {"at": "Monday"}
        context.cursors["at"] = "Tuesday"
        yield "contacts", [contact(2)]
        raise ConnectionError("the vendor hung up")

    house.extracts["hubspot"] = broken
    house.says("bamboohr", good)
    outcome = house.ingest()
    assert outcome.status == "degraded"
    assert any(
        "hubspot.contacts is failed: ConnectionError: the vendor hung up" in line
        or "hubspot.contacts is failed: the vendor hung up" in line
        for line in outcome.lines
    )
    assert house.load("contacts")[:5] == ("failed", 0, 0, 0, 0)
    assert house.load("trainings") == ("loaded", 1, 1, 0, 0, None)
    assert house.ask("select contact_id from raw_hubspot.contacts") == [("1",)]
    assert house.ask("select cursors from ingest.cursors where source = 'hubspot'") == [
        ('{"at": "Monday"}',)
    ]
    status = dict(house.ask("select source || '.' || table_name, status from ingest.sources"))
    assert status["hubspot.contacts"] == "failed"
    assert status["bamboohr.trainings"] == "fresh"
    assert status["mastodon.accounts"] == status["feeds.posts"] == "not_configured"


def test_a_row_that_gets_lost_on_the_way_is_a_failure(house, monkeypatch):
    def lossy(batches, original=run.load._gathered):
        for table, found in original(*batches):
            yield table, found.slice(1)

    monkeypatch.setattr(run.load, "_gathered", lambda *batches: lossy(batches))
    house.says("hubspot", ("contacts", [contact(1), contact(2)]), cursor="Monday")
    outcome = house.ingest()
    assert outcome.status == "degraded"
    status, *_, error = house.load("contacts")
    assert (status, error) == ("failed", "2 keys were taken, but 1 rows are in the warehouse")
    assert house.ask("select count(*) from ingest.cursors") == [(0,)]


def test_an_account_that_does_not_balance_is_a_failure():
    account = ledger.Account(specs.table("feeds", "posts"), fetched=3, loaded=1, quarantined=1)
    account.balance()
    assert account.status == "failed"
    assert account.error == "3 rows fetched, but 1 loaded and 1 quarantined"


def test_every_declared_table_exists_with_every_column_though_nothing_is_configured(house):
    assert house.ingest().status == "passed"
    there = {}
    for schema, table, column, kind in house.ask(
        "select table_schema, table_name, column_name, lower(data_type) "
        "from information_schema.columns order by ordinal_position"
    ):
        there.setdefault((schema, table), {})[column] = kind.replace(",", ", ")
    for table in specs.tables():
        assert there[table.schema, table.name] == table.sql_columns
    assert house.ask("select distinct status, is_configured from ingest.sources") == [
        ("not_configured", False)
    ]
    assert len(house.ask("from ingest.sources")) == len(specs.tables())


def test_a_load_changes_no_declared_column(house):
    house.says("hubspot", ("contacts", [contact(1, email="a@b.c", created_at="2026-01-01T00:00Z")]))
    house.says("bamboohr", ("employees", [{"employee_id": "1"}]))
    house.ingest()
    for source, name in (("hubspot", "contacts"), ("bamboohr", "employees")):
        found = house.ask(f"describe raw_{source}.{name}")
        declared = specs.table(source, name).sql_columns
        assert {row[0]: row[1].lower().replace(",", ", ") for row in found} == declared


def test_a_contract_that_gained_a_column_gains_it_in_the_warehouse(house):
    house.ingest()
    with duckdb.connect(str(house.paths.warehouse)) as con:
        con.execute("alter table raw_feeds.posts drop column saves")
    house.ingest()
    assert "saves" in {row[0] for row in house.ask("describe raw_feeds.posts")}


def test_a_column_of_another_type_than_declared_stops_the_step_and_says_what_to_do(house):
    house.ingest()
    with duckdb.connect(str(house.paths.warehouse)) as con:
        con.execute("alter table raw_feeds.posts alter saves type varchar")
    outcome = house.ingest()
    assert outcome.status == "failed"
    assert "raw_feeds.posts.saves is varchar in the warehouse, but posts.yml" in outcome.lines[0]


def test_a_warehouse_that_somebody_holds_fails_the_step_and_says_so(house):
    house.ingest()
    import subprocess
    import sys

    holder = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys; c = duckdb.connect(sys.argv[1]); "
         "print('held', flush=True); sys.stdin.read()", str(house.paths.warehouse)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout.readline() == "held\n"
        outcome = house.ingest()
    finally:
        holder.communicate("")
    assert outcome.status == "failed"
    assert "lock" in outcome.lines[0]


def test_wrong_settings_stop_the_step(tmp_path, monkeypatch):
    def step(**given):
        settings = Settings(Organization("Test"), **given)
        paths = Paths(tmp_path / "data")
        return run.ingest(Run(settings, paths, "run1", AS_OF, dt.datetime.now(dt.UTC)))

    monkeypatch.delenv("PLUMBLINE_KEY", raising=False)
    with pytest.raises(ConfigError, match="PLUMBLINE_KEY is not set"):
        step()
    sample = Privacy(key="sample")
    with pytest.raises(ConfigError, match=r"\[sources.hubspt\]: no module"):
        step(privacy=sample, sources={"hubspt": Source("http://127.0.0.1:1", "x")})
    with pytest.raises(ConfigError, match=r"base_url = \"sample\" wants a \[sample\]"):
        step(privacy=sample, sources={"hubspot": Source("sample", "x")})


def test_the_settings_reach_the_models_as_data(house):
    house.ingest()
    assert dict(house.ask("from ingest.settings")) == {
        "as_of": "2026-09-30",
        "organization_name": "Test",
        "reporting_currency": "EUR",
        "time_zone": "UTC",
        "fiscal_year_start_month": "1",
        "fiscal_calendar": "months",
        "fiscal_week_start": "1",
        "fiscal_year_end": "nearest",
        "identity_most_records_per_key": "5",
        "identity_splink": "off",
        "identity_apply_from": "0.999",
        "attribution_look_back_days": "90",
        "attribution_half_life_days": "7.0",
        "attribution_repeats": "keep",
        "attribution_windows:all": "all",
        "attribution_windows:year": "year",
    }


@pytest.mark.parametrize(
    ("day", "status", "reason"),
    [
        ("2026-10-02", "fresh", None),
        ("2026-10-03", "stale", "the newest event is 4 days old (2026-09-29); 3 are allowed"),
        ("2026-09-28", "stale", "no row with a date so far"),
    ],
)
def test_freshness_is_told_by_the_newest_event_that_has_happened(house, day, status, reason):
    house.says("hubspot", ("contacts", [contact(1, modified_at="2026-09-29T23:00:00Z")]))
    house.ingest(as_of=dt.date.fromisoformat(day))
    assert house.ask(
        "select status, reason from ingest.sources where table_name = 'contacts' "
        "and source = 'hubspot'"
    ) == [(status, reason)]


def test_the_sources_are_found_by_listing_the_folder():
    assert set(VENDORS) <= set(fetching.vendors())
    for vendor in fetching.vendors():
        assert callable(fetching.extractor(vendor))
        assert fetching.tables_of(vendor), f"{vendor} has no table in ingestion/tables"


def changed(monkeypatch, source, name, **columns):
    """The declared tables, with columns of one changed."""
    import dataclasses

    def other(table):
        if (table.source, table.name) != (source, name):
            return table
        spec = table.spec
        told = {n: dataclasses.replace(spec.columns[n], **c) for n, c in columns.items()}
        return table._replace(spec=dataclasses.replace(spec, columns=spec.columns | told))

    declared = tuple(map(other, specs.tables()))
    monkeypatch.setattr(specs, "tables", lambda: declared)
    for module in (fetching, ledger, load, run):
        if hasattr(module, "tables"):
            monkeypatch.setattr(module, "tables", lambda: declared)


@pytest.mark.parametrize("was", [False, True])
def test_a_column_that_becomes_required_or_no_longer_is_loads_on(house, monkeypatch, was):
    for required, number in ((was, 1), (not was, 2)):
        changed(monkeypatch, "hubspot", "contacts", email={"required": required})
        house.says("hubspot", ("contacts", [contact(number, email="a@b.c")]))
        house.ingest()
        assert house.load("contacts") == ("loaded", 1, 1, 1, 0, None)
    assert house.ask("select count(email_hash) from raw_hubspot.contacts") == [(2,)]


def test_a_column_that_is_hashed_from_now_on_is_hashed_and_its_clear_values_are_gone(
    house, monkeypatch
):
    house.says("hubspot", ("contacts", [contact(1, country="DE")]))
    house.ingest()
    changed(monkeypatch, "hubspot", "contacts", country={"personal": "hash"})
    house.says("hubspot", ("contacts", [contact(2, country="FR")]))
    house.ingest()
    assert house.load("contacts") == ("loaded", 1, 1, 1, 0, None)
    columns = [row[0] for row in house.ask("describe raw_hubspot.contacts")]
    assert "country_hash" in columns
    assert "country" not in columns
    assert house.ask("select count(country_hash) from raw_hubspot.contacts") == [(1,)]


def test_a_contract_that_stayed_as_it_is_keeps_what_dlt_remembers(house, monkeypatch):
    import dlt

    def never(line):
        raise AssertionError(f"{line.pipeline_name} was dropped")

    for turn in (1, 2):
        house.says("hubspot", ("contacts", [contact(turn)]))
        house.says("bamboohr", ("employees", [{"employee_id": str(turn)}]))
        house.ingest()
        assert house.load("contacts")[0] == house.load("employees")[0] == "loaded"
        monkeypatch.setattr(dlt.Pipeline, "drop", never)
