"""The fake Metabase has the real one's quirks, and the vendor's own client takes it for real."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import time

import duckdb
import pytest
import requests
from fake_metabase import ADMIN_KEY, SECRET, TOP, begin, contract, period, running, shift

AS_OF = dt.date(2026, 9, 30)
CLI = "@metabase/cli@0.3.1"
SYNC = "metabase-sync==0.3.1"
BOARD = "/api/dashboard/{}"


class Client:
    """Plain requests; `ok` asks for a success and gives what came."""

    def __init__(self, fake, headers=None):
        self.url = fake.url
        self.session = requests.Session()
        self.session.headers.update(fake.headers if headers is None else headers)

    def __call__(self, method, path, body=None, **query):
        return self.session.request(
            method, self.url + path, json=body, params=query or None, timeout=10
        )

    def ok(self, method, path, body=None, **query):
        answer = self(method, path, body, **query)
        assert answer.ok, (answer.status_code, answer.text)
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A small warehouse: one fact of a row a day from 2026-07-01 to 2026-09-30, one of names."""
    path = tmp_path_factory.mktemp("served") / "served.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.fct_reach as select d::date as date_day,"
            " case when day(d) % 2 = 0 then 'email' else 'social' end as channel,"
            " day(d)::integer as reach, now()::timestamp as seen_at, 1.5::decimal(9,2) as spend"
            " from generate_series(date '2026-07-01', date '2026-09-30', interval 1 day) t(d)"
        )
        con.execute("create table marts.dim_odd as select 'O''Neil' as name, 1 as big")
    return path


@pytest.fixture
def fake(file):
    with running() as fake:
        yield fake
        assert not [v for v in fake.violations if "the fake broke" in v]


@pytest.fixture
def client(fake):
    return Client(fake)


@pytest.fixture
def synced(client, file):
    """The id of a database whose tables are known."""
    number = connect(client, file)
    settle(client, number)
    return number


def package(command, folder, what):
    """Install a client nobody here wrote, from its registry; skip where that cannot be had."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not here: {what} cannot be had")
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip(f"the registry of {what} did not answer within a minute")
    if done.returncode:
        pytest.skip(f"{what} could not be installed: {done.stderr[-300:]}")


def connect(client, file, **more):
    body = {"name": "Warehouse", "engine": "duckdb", "details": {"database_file": str(file)}}
    return client.ok("POST", "/api/database", {**body, **more})["id"]


def settle(client, number):
    for _ in range(5):
        tables = client.ok("GET", f"/api/database/{number}/metadata")["tables"]
        if tables and all(table["fields"] for table in tables):
            return tables
    raise AssertionError("the sync does not end")


def field(fake, name):
    return next(number for number, row in fake.fields.items() if row["name"] == name)


def native(database, sql, **tags):
    named = {name: {"id": f"id-{name}", "name": name, "display-name": name.title(), **tag}
             for name, tag in tags.items()}  # fmt: skip
    return {"type": "native", "database": database,
            "native": {"query": sql, "template-tags": named}}  # fmt: skip


def card(client, database, sql="select 1 as one", name="Question", tags=None, **more):
    body = {"name": name, "display": "table", "visualization_settings": {},
            "dataset_query": native(database, sql, **(tags or {}))}  # fmt: skip
    return client.ok("POST", "/api/card", {**body, **more})


def board(client, name="Board", **more):
    return client.ok("POST", "/api/dashboard", {"name": name, **more})["id"]


def place(number, card_id, **more):
    return {"id": number, "card_id": card_id, "row": 0, "col": 0, "size_x": 6, "size_y": 3, **more}


def ask(client, number, *parameters):
    answer = client("POST", f"/api/card/{number}/query", {"parameters": list(parameters)})
    assert answer.status_code == 202
    return answer.json()


def by_tag(tag, kind, value, how="dimension"):
    return {"id": tag, "type": kind, "target": [how, ["template-tag", tag]], "value": value}


# Coming up, signing in.


def test_it_is_up_at_once_and_gone_afterwards():
    started = time.perf_counter()
    with running() as fake:
        assert Client(fake).ok("GET", "/api/health") == {"status": "ok"}
        assert time.perf_counter() - started < 0.3
        url = fake.url
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/api/health", timeout=1)


@pytest.mark.parametrize("dialect", ["0.58", "0.63"])
def test_setup_is_done_once(dialect):
    with running(ready=False, dialect=dialect) as fake:
        client = Client(fake, {})
        properties = client.ok("GET", "/api/session/properties")
        assert not properties["has-user-setup"]
        assert properties["version"]["tag"].startswith(f"v{dialect}.")
        assert {"duckdb", "postgres"} <= properties["engines"].keys()
        person = {"email": "ada@example.test", "password": "12345"}
        body = {"token": properties["setup-token"], "user": person, "prefs": {"site_name": "S"}}
        weak = client("POST", "/api/setup", body)
        assert weak.status_code == 400 and "password" in weak.json()["errors"]
        person["password"] = "correct-horse-1"
        session = client.ok("POST", "/api/setup", body)["id"]
        assert client("POST", "/api/setup", body).status_code == 403
        assert client.ok("GET", "/api/session/properties")["setup-token"] is None
        user = Client(fake, {"X-Metabase-Session": session}).ok("GET", "/api/user/current")
        assert user["is_superuser"] and user["email"] == "ada@example.test"


def test_nobody_comes_in_without_a_key_and_a_key_is_shown_once(fake, client):
    assert Client(fake, {})("GET", "/api/user/current").status_code == 401
    assert Client(fake, {"X-API-KEY": "wrong"})("GET", "/api/card").status_code == 401
    made = client.ok("POST", "/api/api-key", {"name": "ci", "group_id": 2})
    again = Client(fake, {"X-API-KEY": made["unmasked_key"]})
    assert again.ok("GET", "/api/user/current")["is_superuser"]
    listed = client.ok("GET", "/api/api-key")
    assert made["unmasked_key"] not in json.dumps(listed)
    twice = client("POST", "/api/api-key", {"name": "ci", "group_id": 2})
    assert twice.status_code == 400


def test_a_session_is_had_with_the_right_password_only(fake):
    client = Client(fake, {})
    who = {"username": "admin@example.test", "password": "wrong-1"}
    assert client("POST", "/api/session", who).status_code == 401
    who["password"] = "correct-horse-1"
    session = client.ok("POST", "/api/session", who)["id"]
    assert Client(fake, {"X-Metabase-Session": session}).ok("GET", "/api/user/current")["id"] == 1


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("GET", "/api/permissions/graph", None),
        ("GET", "/api/collection/graph", None),
        ("GET", "/api/api-key", None),
        ("PUT", "/api/setting/site-name", {"value": "mine"}),
        ("POST", "/api/permissions/group", {"name": "mine"}),
        ("POST", "/api/database", {"name": "d", "engine": "duckdb", "details": {}}),
    ],
)
def test_a_key_of_another_group_does_not_administer(fake, method, path, body):
    answer = Client(fake, fake.key_for(1))(method, path, body)
    assert (answer.status_code, answer.text) == (403, "You don't have permissions to do that.")


# Databases and their metadata.


def test_a_database_is_tried_before_it_is_taken(fake, client, tmp_path):
    body = {"name": "d", "engine": "duckdb", "details": {"database_file": str(tmp_path / "no")}}
    refused = client("POST", "/api/database", body)
    assert refused.status_code == 400 and "database_file" in refused.json()["errors"]
    assert client("POST", "/api/database", {**body, "engine": "oracle"}).status_code == 400
    lacking = client("POST", "/api/database", {**body, "engine": "postgres"})
    assert lacking.json()["errors"].keys() == {"host", "dbname", "user"}
    assert not fake.databases and client.ok("GET", "/api/database") == {"data": [], "total": 0}


def test_a_sync_takes_its_time_and_columns_come_after_tables(client, file):
    number = connect(client, file)
    seen = []
    for _ in range(3):
        found = client.ok("GET", f"/api/database/{number}/metadata")
        seen.append((len(found["tables"]), sum(len(t["fields"]) for t in found["tables"])))
    assert seen == [(0, 0), (2, 0), (2, 7)]
    assert client.ok("GET", f"/api/database/{number}")["initial_sync_status"] == "complete"


def test_new_columns_wait_for_a_sync_and_the_file_for_changed_details(client, tmp_path):
    first, second = tmp_path / "1.duckdb", tmp_path / "2.duckdb"
    for path, columns in ((first, "1 as a"), (second, "1 as a, 2 as b")):
        with duckdb.connect(str(path)) as con:
            con.execute(f"create table t as select {columns}")
    number = connect(client, first)
    settle(client, number)
    known = client.ok("GET", "/api/table")[0]
    details = {"database_file": str(second)}
    client.ok("PUT", f"/api/database/{number}", {"details": details})

    def columns():
        found = client.ok("GET", f"/api/table/{known['id']}/query_metadata")
        return [one["name"] for one in found["fields"]]

    assert columns() == columns() == ["a"]  # the database is the new one, the metadata is not
    assert client.ok("POST", f"/api/database/{number}/sync_schema") == {"status": "ok"}
    assert [columns() for _ in range(3)] == [["a"], ["a"], ["a", "b"]]
    with duckdb.connect(str(first)):  # and the old file is let go
        pass


def test_a_pool_keeps_the_file_that_was_replaced_under_it(client, tmp_path):
    path = tmp_path / "served.duckdb"
    for value, at in ((1, path), (2, tmp_path / "next.duckdb")):
        with duckdb.connect(str(at)) as con:
            con.execute(f"create table t as select {value} as a")
    number = connect(client, path)
    made = card(client, number, "select a from t")["id"]
    assert ask(client, made)["data"]["rows"] == [[1]]
    os.replace(tmp_path / "next.duckdb", path)
    assert ask(client, made)["data"]["rows"] == [[1]]
    details = {"database_file": str(path), "run": "2"}
    client.ok("PUT", f"/api/database/{number}", {"details": details})
    assert ask(client, made)["data"]["rows"] == [[2]]


def test_a_secret_is_not_read_back_nor_overwritten_by_its_mask(fake, client):
    details = {"host": "h", "dbname": "d", "user": "u", "password": "hush"}
    body = {"name": "pg", "engine": "postgres", "details": details}
    number = client.ok("POST", "/api/database", body)["id"]
    found = client.ok("GET", f"/api/database/{number}")["details"]
    assert found["password"] == SECRET
    client.ok("PUT", f"/api/database/{number}", {"details": {**found, "host": "other"}})
    assert fake.databases[number]["details"] == {**details, "host": "other"}


def test_a_postgres_database_holds_what_it_is_told_or_its_schemas_of_a_file(file):
    details = {"host": "h", "dbname": "d", "user": "u", "schema-filters-type": "inclusion"}
    with running(tables={"marts.a": {"x": "INTEGER"}}) as fake:
        client = Client(fake)
        body = {"name": "pg", "engine": "postgres", "details": details}
        tables = settle(client, client.ok("POST", "/api/database", body)["id"])
        assert [(t["schema"], t["name"], t["fields"][0]["base_type"]) for t in tables] == [
            ("marts", "a", "type/Integer")
        ]
    with running(database=file) as fake:
        client = Client(fake)
        body["details"]["schema-filters-patterns"] = "marts, main"
        number = client.ok("POST", "/api/database", body)["id"]
        assert {table["name"] for table in settle(client, number)} == {"fct_reach", "dim_odd"}
        made = card(client, number, "select count(*) from marts.fct_reach")
        assert ask(client, made["id"])["data"]["rows"] == [[92]]


def test_tables_and_fields_are_described_and_hidden(fake, client, synced):
    numbers = [table["id"] for table in client.ok("GET", "/api/table")]
    client.ok("PUT", "/api/table", {"ids": numbers[:1], "visibility_type": "hidden"})
    shown = client.ok("GET", f"/api/database/{synced}/metadata")["tables"]
    assert [table["id"] for table in shown] == numbers[1:]
    every = client.ok("GET", f"/api/database/{synced}/metadata", include_hidden="true")["tables"]
    assert {table["id"] for table in every} == set(numbers)
    path = f"/api/field/{field(fake, 'channel')}"
    empty = client("PUT", path, {"description": ""})
    assert empty.status_code == 400 and "description" in empty.json()["errors"]
    client.ok("PUT", path, {"description": "How", "has_field_values": "list"})
    assert client.ok("GET", path)["description"] == "How"
    assert client.ok("GET", path + "/values")["values"] == [["email"], ["social"]]
    client.ok("PUT", path, {"description": None})
    table = numbers[1]
    changed = client.ok("PUT", f"/api/table/{table}", {"description": "", "display_name": "Reach"})
    assert (changed["description"], changed["display_name"]) == ("", "Reach")


# Collections.


def test_collections_are_made_moved_and_put_in_the_trash_with_what_they_hold(fake, client, synced):
    top = client.ok("POST", "/api/collection", {"name": "Top"})
    low = client.ok("POST", "/api/collection", {"name": "Low", "parent_id": top["id"]})
    assert low["location"] == f"/{top['id']}/" and len(low["entity_id"]) == 21
    made = card(client, synced, collection_id=low["id"])
    inside = board(client, collection_id=low["id"])
    items = client.ok("GET", f"/api/collection/{low['id']}/items")
    assert [(i["model"], i["id"]) for i in items["data"]] == [
        ("dashboard", inside), ("card", made["id"]),
    ]  # fmt: skip
    assert all(len(item["entity_id"]) == 21 for item in items["data"])
    only = client.ok("GET", f"/api/collection/{low['id']}/items", models="card")
    assert (only["total"], only["data"][0]["id"]) == (1, made["id"])
    both = client.ok("GET", f"/api/collection/{low['id']}/items", models=["card", "dashboard"])
    assert both["total"] == 2
    other = client.ok("POST", "/api/collection", {"name": "Other"})
    client.ok("PUT", f"/api/collection/{low['id']}", {"parent_id": other["id"], "name": "Lower"})
    root = client.ok("GET", f"/api/collection/{TOP}/items", models="collection")
    assert [item["name"] for item in root["data"]] == ["Other", "Top"]
    tree = client.ok("GET", "/api/collection/tree")
    assert [[c["name"] for c in t["children"]] for t in tree if t["name"] == "Other"] == [["Lower"]]
    inward = client("PUT", f"/api/collection/{other['id']}", {"parent_id": low["id"]})
    assert inward.status_code == 400
    client.ok("PUT", f"/api/collection/{other['id']}", {"archived": True})
    assert fake.cards[made["id"]]["archived"] and fake.dashboards[inside]["archived"]
    assert low["id"] not in [row["id"] for row in client.ok("GET", "/api/collection")]
    client.ok("PUT", f"/api/collection/{other['id']}", {"archived": False})
    assert not fake.cards[made["id"]]["archived"]


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "c", "description": ""}, {}])
def test_a_collection_needs_its_texts_filled(client, body):
    refused = client("POST", "/api/collection", body).json()
    assert refused["errors"].keys() == refused["specific-errors"].keys() != set()


# Cards.


def test_a_card_keeps_the_entity_id_it_is_given(fake, client, synced):
    given = "plumbline_card-0000001"[:21]
    made = card(client, synced, entity_id=given)
    assert made["entity_id"] == given
    again = client("POST", "/api/card", {
        "name": "x", "display": "table", "visualization_settings": {}, "entity_id": given,
        "dataset_query": native(synced, "select 1"),
    })  # fmt: skip
    assert again.status_code == 400 and "entity_id" in again.json()["errors"]
    absent = "z" * 21
    asked = {"entity_ids": {"card": [given, absent, "short"]}}
    found = client.ok("POST", "/api/eid-translation/translate", asked)["entity_ids"]
    assert found[given] == {"id": made["id"], "type": "card", "status": "ok"}
    assert (found[absent]["status"], found["short"]["status"]) == ("not-found", "invalid-format")
    client.ok("PUT", f"/api/card/{made['id']}", {"archived": True})
    found = client.ok("POST", "/api/eid-translation/translate", asked)["entity_ids"]
    assert found[given]["id"] == made["id"]
    fake.keeps_entity_ids = False
    assert card(client, synced, entity_id="a" * 21)["entity_id"] != "a" * 21


def test_an_empty_description_and_an_empty_query_are_refused(client, synced):
    body = {"name": "x", "display": "table", "visualization_settings": {},
            "dataset_query": native(synced, "select 1")}  # fmt: skip
    for change in ({"description": ""}, {"dataset_query": {}}, {"name": ""}):
        refused = client("POST", "/api/card", {**body, **change})
        assert refused.status_code == 400
        assert refused.json()["errors"].keys() == change.keys()
    assert client("POST", "/api/card", {**body, "description": None}).ok


@pytest.mark.parametrize("dialect, kind", [("0.58", dict), ("0.63", list)])
def test_a_query_comes_back_in_another_shape_than_it_was_written(dialect, kind, file):
    with running(dialect=dialect) as fake:
        client = Client(fake)
        number = connect(client, file)
        settle(client, number)
        day = field(fake, "date_day")
        tag = {"type": "dimension", "widget-type": "date/all-options"}
        tags = {"period": {**tag, "dimension": ["field", day, None]}}
        sql = "select 1 from marts.fct_reach where {{period}}"
        made = card(client, number, sql, tags=tags)
        query = client.ok("GET", f"/api/card/{made['id']}")["dataset_query"]
        (stage,) = query["stages"]
        assert (query["lib/type"], stage["native"]) == ("mbql/query", sql)
        assert isinstance(stage["template-tags"], kind)
        listed = stage["template-tags"]
        held = listed[0] if kind is list else listed["period"]
        assert held["dimension"][0] == "field" and held["dimension"][2] == day
        again = client.ok("GET", f"/api/card/{made['id']}")["dataset_query"]
        assert again != query  # the ids within are new each time
        old = client.ok("GET", f"/api/card/{made['id']}", **{"legacy-mbql": "true"})
        assert old["dataset_query"] == native(number, sql, **tags)
        client.ok("PUT", f"/api/card/{made['id']}", {"dataset_query": again})  # and either is taken
        assert fake.cards[made["id"]]["dataset_query"] == native(number, sql, **tags)


def test_a_query_in_the_builders_words_is_turned_into_stages_and_run(fake, client, synced):
    reach, channel = field(fake, "reach"), field(fake, "channel")
    inner = {"source-table": fake.fields[reach]["table_id"],
             "aggregation": [["sum", ["field", reach, None]]],
             "breakout": [["field", channel, None]]}  # fmt: skip
    body = {"name": "m", "display": "bar", "visualization_settings": {},
            "dataset_query": {"type": "query", "database": synced, "query": inner}}  # fmt: skip
    made = client.ok("POST", "/api/card", body)
    (stage,) = made["dataset_query"]["stages"]
    assert stage["aggregation"][0][2][2] == reach and made["query_type"] == "query"
    assert ask(client, made["id"])["data"]["rows"] == [["email", 720], ["social", 737]]


# Queries run.


def tagged(fake, client, synced, sql, **more):
    day, channel = field(fake, "date_day"), field(fake, "channel")
    tags = {
        "period": {"type": "dimension", "widget-type": "date/all-options",
                   "dimension": ["field", day, None]},
        "channel": {"type": "dimension", "widget-type": "string/=",
                    "dimension": ["field", channel, None]},
        "word": {"type": "text"}, "limit": {"type": "number"}, "since": {"type": "date"},
    }  # fmt: skip
    for name, change in more.items():
        tags[name] = {**tags[name], **change}
    return card(client, synced, sql, tags=tags)["id"]


@pytest.mark.parametrize(
    "value, first, last",
    [
        ("2026-09-30", "2026-09-30", "2026-09-30"),
        ("2026-08-30~2026-09-02", "2026-08-30", "2026-09-02"),
        ("2026-09-29~", "2026-09-29", None),
        ("~2026-07-02", None, "2026-07-02"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("Q3-2026", "2026-07-01", "2026-09-30"),
        ("today", "2026-09-30", "2026-09-30"),
        ("yesterday", "2026-09-29", "2026-09-29"),
        ("thisweek", "2026-09-27", "2026-10-03"),
        ("thismonth", "2026-09-01", "2026-09-30"),
        ("thisquarter", "2026-07-01", "2026-09-30"),
        ("thisyear", "2026-01-01", "2026-12-31"),
        ("lastmonth", "2026-08-01", "2026-08-31"),
        ("past7days", "2026-09-23", "2026-09-29"),
        ("past7days~", "2026-09-23", "2026-09-30"),
        ("past1weeks", "2026-09-20", "2026-09-26"),
        ("past12months", "2025-09-01", "2026-08-31"),
        ("past12months~", "2025-09-01", "2026-09-30"),
        ("past2quarters", "2026-01-01", "2026-06-30"),
        ("past1months-from-1years", "2025-08-01", "2025-08-31"),
        ("next2days", "2026-10-01", "2026-10-02"),
        ("next1months~", "2026-09-01", "2026-10-31"),
    ],
)
def test_a_date_filter_means_what_it_means_in_metabase(value, first, last):
    assert tuple(str(day) if day else None for day in period(value, AS_OF)) == (
        str(first) if first else None,
        str(last) if last else None,
    )


def test_weeks_start_when_the_setting_says_and_months_are_not_overrun(client, fake, synced):
    assert begin("week", AS_OF, 0) == dt.date(2026, 9, 28)
    assert shift("month", dt.date(2024, 3, 31), -1) == dt.date(2024, 2, 29)
    for bad in ("", "~", "past-3days", "soon", "2026-13-01"):
        with pytest.raises(ValueError):
            period(bad, AS_OF)
    number = tagged(fake, client, synced, "select count(*) from marts.fct_reach where {{period}}")
    week = by_tag("period", "date/all-options", "thisweek")
    assert ask(client, number, week)["data"]["rows"] == [[4]]
    assert client("PUT", "/api/setting/start-of-week", {"value": "monday"}).status_code == 204
    assert ask(client, number, week)["data"]["rows"] == [[3]]


@pytest.mark.parametrize(
    "parameters, count",
    [
        ([], 92),
        ([by_tag("period", "date/all-options", "past1months~")], 61),
        ([by_tag("period", "date/all-options", "exclude-months-Jul-Aug")], 30),
        ([by_tag("period", "date/range", "2026-07-01~2026-07-03")], 3),
        ([by_tag("channel", "string/=", ["email"])], 45),
        ([by_tag("channel", "string/=", ["email", "social"])], 92),
        ([by_tag("channel", "string/!=", ["email"])], 47),
        ([by_tag("channel", "string/contains", ["oci"])], 47),
        ([by_tag("channel", "string/=", ["it's; drop table x"])], 0),
        ([by_tag("channel", "string/=", [])], 92),
        ([by_tag("channel", "string/=", None)], 92),
        ([by_tag("period", "date/all-options", "Q3-2026"),
          by_tag("channel", "category", "email")], 45),
        # the other kind of target is passed over without a word
        ([by_tag("channel", "string/=", ["email"], how="variable")], 92),
    ],
)  # fmt: skip
def test_field_filters_filter(fake, client, synced, parameters, count):
    sql = "select count(*) as n from marts.fct_reach where {{period}} [[and {{channel}}]]"
    done = ask(client, tagged(fake, client, synced, sql), *parameters)
    assert (done["status"], done["data"]["rows"]) == ("completed", [[count]])
    assert "error" not in done


def test_a_field_filter_names_the_table_so_an_alias_in_the_sql_breaks_it(fake, client, synced):
    sql = "select count(*) from marts.fct_reach r where {{channel}}"
    number = tagged(fake, client, synced, sql)
    done = ask(client, number, by_tag("channel", "string/=", ["email"]))
    assert done["status"] == "failed" and "Referenced table" in done["error"]
    number = tagged(fake, client, synced, sql, channel={"alias": "r.channel"})
    done = ask(client, number, by_tag("channel", "string/=", ["email"]))
    assert done["data"]["rows"] == [[45]]


def test_variables_are_literals_options_fall_away_and_defaults_stand_in(fake, client, synced):
    sql = (
        "select {{word}} as w, count(*) as n from (select * from marts.fct_reach where 1 = 1"
        " [[and date_day >= {{since}}]] [[limit {{limit}}]]) -- {{nothing}} [[here]]\n"
    )
    number = tagged(fake, client, synced, sql, word={"default": "dflt"})
    assert ask(client, number)["data"]["rows"] == [["dflt", 92]]
    word = by_tag("word", "string/=", "O'Neil", how="variable")
    since = by_tag("since", "date/single", "2026-09-21", how="variable")
    limit = by_tag("limit", "number/=", "7", how="variable")
    assert ask(client, number, word, since)["data"]["rows"] == [["O'Neil", 10]]
    assert ask(client, number, since, limit)["data"]["rows"] == [["dflt", 7]]
    bad = ask(client, number, by_tag("limit", "number/=", "seven", how="variable"))
    assert (bad["status"], bad["error"]) == ("failed", 'For input string: "seven"')


@pytest.mark.parametrize(
    "sql, more, error, kind",
    [
        ("select {{word}}", {}, "You'll need to pick a value for 'Word' before this query can run.",
         "missing-required-parameter"),
        ("select 1 from marts.fct_reach where {{period}}", {"period": {"required": True}},
         "You'll need to pick a value for 'Period'", "missing-required-parameter"),
        ("select {{unknown}}", {}, "missing required parameters", "missing-required-parameter"),
        ("select [[1]]", {}, "must contain at least one", "invalid-query"),
        ("select [[ {{word}}", {}, "no matching", "invalid-query"),
        ("select nothing from nowhere", {}, "nowhere", "db"),
        ("create table t (a int)", {}, "read-only", "db"),
        ("select 1 where {{period}}", {"period": {"dimension": ["field", 1, None]}},
         "Field 1 does not exist", "invalid-query"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_run_says_so_with_202(fake, client, synced, sql, more, error, kind):
    done = ask(client, tagged(fake, client, synced, sql, **more))
    assert (done["status"], done["error_type"], done["row_count"]) == ("failed", kind, 0)
    assert error in done["error"] and done["data"] == {"rows": [], "cols": []}


def test_parameters_are_held_against_the_tags(fake, client, synced):
    number = tagged(fake, client, synced, "select 1 from marts.fct_reach where {{period}}")
    path = f"/api/card/{number}/query"
    for wrong in (by_tag("no", "string/=", "x"), by_tag("period", "string/=", "2026-01-01")):
        answer = client("POST", path, {"parameters": [wrong]})
        assert answer.status_code == 400 and "Invalid parameter" in answer.text


def test_values_and_columns_come_as_metabase_gives_them(client, synced):
    sql = (
        "select date '2026-01-02' as d, timestamp '2026-01-02 03:04:05' as t, 1.5::decimal(9,2)"
        " as m, 2::bigint ** 60::bigint as f, 9007199254740993 as big, 'nan'::double as none,"
        " true as yes, 1 as a, 2 as a, [1, 2] as many"
    )
    body = {"database": synced, "type": "native", "native": {"query": sql}}
    done = client.ok("POST", "/api/dataset", body)
    (row,) = done["data"]["rows"]
    assert row == ["2026-01-02T00:00:00Z", "2026-01-02T03:04:05Z", 1.5, 2.0**60,
                   "9007199254740993", None, True, 1, 2, "[1, 2]"]  # fmt: skip
    cols = {column["name"]: column["base_type"] for column in done["data"]["cols"]}
    assert (cols["d"], cols["t"], cols["m"]) == ("type/Date", "type/DateTime", "type/Decimal")
    assert list(cols)[-3:] == ["a", "a_2", "many"]
    body["native"]["query"] = "select range from range(5000)"
    done = client.ok("POST", "/api/dataset", body)
    assert (done["row_count"], done["data"]["rows_truncated"]) == (2000, 2000)


# Dashboards.


def test_a_new_dashboard_drops_its_cards_and_says_nothing(client, synced):
    made = card(client, synced)["id"]
    body = {"name": "b", "dashcards": [place(-1, made)], "tabs": [{"id": -1, "name": "t"}]}
    number = client.ok("POST", "/api/dashboard", body)["id"]
    found = client.ok("GET", BOARD.format(number))
    assert (found["dashcards"], found["tabs"]) == ([], [])


def test_the_layout_is_replaced_whole_and_new_ids_are_given(fake, client, synced):
    one, two = (card(client, synced, name=name)["id"] for name in "ab")
    number = board(client)
    sent = {
        "tabs": [{"id": -1, "name": "First"}, {"id": -2, "name": "Second"}],
        "dashcards": [
            place(-1, one, dashboard_tab_id=-1), place(-2, two, dashboard_tab_id=-2, col=20),
            place(-3, None, dashboard_tab_id=-1, visualization_settings={"text": "Hello"}),
        ],
    }  # fmt: skip
    found = client.ok("PUT", BOARD.format(number), sent)
    tabs = [tab["id"] for tab in found["tabs"]]
    assert min(tabs) > 0 and min(c["id"] for c in found["dashcards"]) > 0
    assert [c["dashboard_tab_id"] for c in found["dashcards"]] == [tabs[0], tabs[1], tabs[0]]
    assert found["dashcards"][1]["col"] == 20  # beyond the grid, and on the first: as sent
    assert found["dashcards"][0]["card"]["name"] == "a"
    kept = found["dashcards"][0]["id"]
    first = [c for c in found["dashcards"] if c["dashboard_tab_id"] == tabs[0]]
    again = client.ok(
        "PUT", BOARD.format(number), {"tabs": found["tabs"][:1], "dashcards": first[:1]}
    )
    assert [c["id"] for c in again["dashcards"]] == [kept]
    assert fake.cards[two]["archived"] is False  # it lives in a collection, so it stays
    client.ok("PUT", BOARD.format(number), {"name": "only the name"})
    assert len(client.ok("GET", BOARD.format(number))["dashcards"]) == 1


def test_cards_without_tabs_on_a_dashboard_with_tabs(client, synced):
    one, number = card(client, synced)["id"], board(client)
    tabs = {"tabs": [{"id": -1, "name": "First"}]}
    found = client.ok(
        "PUT", BOARD.format(number), {**tabs, "dashcards": [place(-1, one, dashboard_tab_id=-1)]}
    )
    refused = client("PUT", BOARD.format(number), {"dashcards": [place(-1, one)]})
    assert refused.status_code == 400 and "every card has a tab" in refused.text
    wiped = client.ok("PUT", BOARD.format(number), {"dashcards": found["dashcards"]})
    assert (wiped["tabs"], wiped["dashcards"]) == ([], [])  # what happens to those who send one


def test_a_dashcard_without_its_card_becomes_an_empty_one(client, synced):
    one, number = card(client, synced)["id"], board(client)
    found = client.ok("PUT", BOARD.format(number), {"dashcards": [place(-1, one)], "tabs": []})
    (sent,) = found["dashcards"]
    del sent["card_id"]
    found = client.ok("PUT", BOARD.format(number), {"dashcards": [sent], "tabs": []})
    (after,) = found["dashcards"]
    assert (after["id"], after["card_id"], after["card"]) == (sent["id"], None, None)


def test_a_question_of_a_dashboard_comes_and_goes_with_its_place(fake, client, synced):
    number = board(client)
    own = card(client, synced, dashboard_id=number)["id"]
    found = client.ok("GET", BOARD.format(number))
    assert [c["card_id"] for c in found["dashcards"]] == [own]  # put there by itself
    assert client.ok("GET", f"/api/collection/{TOP}/items", models="card")["total"] == 0
    client.ok("PUT", BOARD.format(number), {"dashcards": [], "tabs": []})
    assert fake.cards[own]["archived"]
    client.ok("PUT", BOARD.format(number), {"dashcards": [place(-1, own)], "tabs": []})
    assert not fake.cards[own]["archived"]


def test_a_card_in_the_trash_keeps_its_place_unseen(fake, client, synced):
    one, number = card(client, synced)["id"], board(client)
    client.ok("PUT", BOARD.format(number), {"dashcards": [place(-1, one)], "tabs": []})
    client.ok("PUT", f"/api/card/{one}", {"archived": True})
    assert client.ok("GET", BOARD.format(number))["dashcards"] == []
    client.ok("PUT", BOARD.format(number), {"dashcards": [], "tabs": []})
    client.ok("PUT", f"/api/card/{one}", {"archived": False})
    assert len(client.ok("GET", BOARD.format(number))["dashcards"]) == 1
    assert client("DELETE", f"/api/card/{one}").status_code == 204
    assert client.ok("GET", BOARD.format(number))["dashcards"] == []


def test_old_and_mistaken_ways_to_change_a_dashboard(fake, client, synced):
    one, number = card(client, synced)["id"], board(client)
    gone = client("POST", f"/api/dashboard/{number}/cards", {"cardId": one})
    assert gone.status_code == 404
    twice = {"dashcards": [place(-1, one), place(-1, one)], "tabs": []}
    assert client("PUT", BOARD.format(number), twice).status_code == 400
    absent = {"dashcards": [place(-1, 99)], "tabs": []}
    assert client("PUT", BOARD.format(number), absent).status_code == 404
    client.ok("PUT", BOARD.format(number), {"archived": True})
    shut = client("PUT", BOARD.format(number), {"dashcards": [], "tabs": []})
    assert (shut.status_code, shut.text) == (404, "The object has been archived.")
    assert client.ok("GET", BOARD.format(number))["archived"]
    assert client("DELETE", BOARD.format(number)).status_code == 204
    assert client("GET", BOARD.format(number)).status_code == 404


def test_a_dashboards_parameters_reach_its_cards(fake, client, synced):
    sql = "select count(*) from marts.fct_reach where {{period}} [[and {{channel}}]]"
    made, number = tagged(fake, client, synced, sql), board(client)
    parameters = [
        {"id": "p1", "name": "Period", "slug": "period", "type": "date/all-options",
         "default": "past1months"},
        {"id": "c1", "name": "Channel", "slug": "channel", "type": "string/="},
    ]  # fmt: skip
    mappings = [
        {"parameter_id": "p1", "card_id": made, "target": ["dimension", ["template-tag", "period"]]}
    ]
    client.ok("PUT", BOARD.format(number), {
        "parameters": parameters, "tabs": [],
        "dashcards": [place(-1, made, parameter_mappings=mappings)],
    })  # fmt: skip
    (spot,) = client.ok("GET", BOARD.format(number))["dashcards"]
    path = f"/api/dashboard/{number}/dashcard/{spot['id']}/card/{made}/query"

    def count(*given):
        answer = client("POST", path, {"parameters": list(given)})
        assert answer.status_code == 202
        return answer.json()["data"]["rows"][0][0]

    assert count() == 31  # August, by the default
    assert count({"id": "p1", "value": "2026-09-01~"}) == 30
    assert count({"id": "p1", "value": None}) == 92  # asked for: all
    assert count({"id": "c1", "value": ["email"]}) == 31  # mapped nowhere: no effect
    unknown = client("POST", path, {"parameters": [{"id": "x", "value": 1}]})
    assert unknown.status_code == 400
    assert client("POST", path.replace(f"/card/{made}", "/card/99"), {}).status_code == 404


def test_an_edit_by_hand_is_seen_in_time_and_editor(fake, client, synced):
    number = board(client)
    before = client.ok("GET", BOARD.format(number))
    fake.edit("dashboards", number, name="By hand")
    after = client.ok("GET", BOARD.format(number))
    assert (after["name"], after["last-edit-info"]["email"]) == ("By hand", "eve@example.test")
    assert after["updated_at"] > before["updated_at"]
    held = fake.content()
    client.ok("PUT", BOARD.format(number), {"name": "By hand"})
    assert fake.content() == held


# Search, settings, permissions.


def test_the_search_index_is_one_write_behind(client, synced):
    made = card(client, synced, name="Reach")
    assert client.ok("GET", "/api/search", q="reach")["total"] == 0
    board(client, name="Other")
    found = client.ok("GET", "/api/search", q="reach", models="card")
    assert [(row["id"], row["model"]) for row in found["data"]] == [(made["id"], "card")]


def test_settings_are_set_one_by_one(client):
    assert client.ok("GET", "/api/setting/custom-homepage") is False
    assert client("PUT", "/api/setting/custom-homepage", {"value": True}).status_code == 204
    assert client("PUT", "/api/setting/custom-homepage-dashboard", {"value": 7}).status_code == 204
    listed = {row["key"]: row["value"] for row in client.ok("GET", "/api/setting")}
    assert (listed["custom-homepage"], listed["custom-homepage-dashboard"]) == (True, 7)
    assert client("GET", "/api/setting/site-url").status_code == 204
    assert client("PUT", "/api/setting/no-such", {"value": 1}).status_code == 404
    assert client("PUT", "/api/setting/email-configured%3F", {"value": 1}).status_code == 400


@pytest.mark.parametrize("dialect, shown", [("0.56", True), ("0.58", False), ("0.63", False)])
def test_who_may_see_a_collection(dialect, shown):
    with running(dialect=dialect) as fake:
        client = Client(fake)
        group = client.ok("POST", "/api/permissions/group", {"name": "HR"})["id"]
        people = client.ok("POST", "/api/collection", {"name": "People"})["id"]
        graph = client.ok("GET", "/api/collection/graph")
        assert graph["groups"]["1"] == {"root": "write", str(people): "write"}  # from above
        change = {"1": {"root": "none", str(people): "none"}, str(group): {str(people): "read"}}
        body = {"revision": graph["revision"], "groups": change}
        after = client.ok("PUT", "/api/collection/graph", body)
        assert after["revision"] == graph["revision"] + 1
        assert ("root" in after["groups"]["1"]) is shown
        assert client("PUT", "/api/collection/graph", body).status_code == 409
        same = client.ok("PUT", "/api/collection/graph", {**body, "revision": after["revision"]})
        assert same["revision"] == after["revision"]  # nothing changed
        hr, other = (Client(fake, fake.key_for(number)) for number in (group, 1))
        path = f"/api/collection/{people}/items"
        assert hr("GET", path).ok and other("GET", path).status_code == 403
        assert (
            hr("POST", "/api/dashboard", {"name": "x", "collection_id": people}).status_code == 403
        )
        names = [row["name"] for row in other.ok("GET", "/api/collection")]
        assert names == ["Our analytics"]


def test_who_may_query_a_database(fake, client, synced):
    group = client.ok("POST", "/api/permissions/group", {"name": "Analysts"})["id"]
    twice = client("POST", "/api/permissions/group", {"name": "analysts"})
    assert twice.status_code == 400
    graph = client.ok("GET", "/api/permissions/graph")
    assert graph["groups"]["1"][str(synced)]["create-queries"] == "query-builder-and-native"

    def put(groups, revision=graph["revision"], **query):
        body = {"revision": revision, "groups": groups}
        return client("PUT", "/api/permissions/graph", body, **query)

    none = {str(synced): {"view-data": "unrestricted", "create-queries": "no"}}
    assert put({"1": none}).json()["groups"]["1"] == none | {
        str(synced): {**none[str(synced)], "download": {"schemas": "full"}}
    }
    assert put({"1": none}).status_code == 409
    assert put({str(group): none}, **{"skip-graph": "true", "force": "true"}).ok
    revision = client.ok("GET", "/api/permissions/graph")["revision"]
    blocked = put({"1": {str(synced): {"view-data": "blocked"}}}, revision)
    assert blocked.status_code == 402  # a feature of Pro
    assert put({"2": none}, revision).status_code == 400
    assert put({"77": none}, revision).status_code == 404


def test_users_join_groups(fake, client):
    group = client.ok("POST", "/api/permissions/group", {"name": "Executives"})["id"]
    user = client.ok("POST", "/api/user", {"email": "ceo@example.test", "first_name": "C"})
    members = client.ok(
        "POST", "/api/permissions/membership", {"group_id": group, "user_id": user["id"]}
    )
    assert [m["email"] for m in members] == ["ceo@example.test"]
    held = client.ok("GET", "/api/permissions/membership")[str(user["id"])]
    assert [m["group_id"] for m in held] == [group]
    assert client.ok("GET", f"/api/permissions/group/{group}")["members"] == members
    number = held[0]["membership_id"]
    assert client("DELETE", f"/api/permissions/membership/{number}").status_code == 204
    listed = client.ok("GET", "/api/user")
    assert {row["email"] for row in listed["data"]} == {"admin@example.test", "ceo@example.test"}
    assert client("DELETE", f"/api/permissions/group/{group}").status_code == 204
    assert client("DELETE", "/api/permissions/group/1").status_code == 400


# Subscriptions and alerts.


def test_a_subscription_is_kept_and_its_lists_are_replaced(fake, client, synced):
    one, number = card(client, synced)["id"], board(client)
    found = client.ok("PUT", BOARD.format(number), {"dashcards": [place(-1, one)], "tabs": []})
    spot = found["dashcards"][0]["id"]
    channel = {"channel_type": "email", "enabled": True, "schedule_type": "weekly",
               "schedule_hour": 8, "schedule_day": "mon", "schedule_frame": None,
               "recipients": [{"id": 1}, {"email": "x@example.test"}]}  # fmt: skip
    body = {"name": "Weekly", "dashboard_id": number, "channels": [channel],
            "cards": [{"id": one, "dashboard_card_id": spot, "include_csv": False,
                       "include_xls": False}]}  # fmt: skip
    made = client.ok("POST", "/api/pulse", body)
    assert [p["email"] for p in made["channels"][0]["recipients"]] == [
        "admin@example.test", "x@example.test",
    ]  # fmt: skip
    path = f"/api/pulse/{made['id']}"
    later = client.ok("PUT", path, {"channels": [{**channel, "schedule_hour": 9}]})
    assert [c["schedule_hour"] for c in later["channels"]] == [9]
    assert later["channels"][0]["id"] != made["channels"][0]["id"]  # sent without its id: anew
    assert [p["id"] for p in client.ok("GET", "/api/pulse", dashboard_id=number)] == [made["id"]]
    client.ok("PUT", path, {"archived": True})
    assert client.ok("GET", "/api/pulse", dashboard_id=number) == []
    assert client.ok("GET", "/api/pulse", archived="true")[0]["id"] == made["id"]
    assert client("POST", "/api/pulse", {**body, "channels": []}).status_code == 400


def test_an_alert_is_kept_and_its_lists_are_replaced(fake, client, synced):
    one = card(client, synced)["id"]
    body = {
        "payload_type": "notification/card",
        "payload": {"card_id": one, "send_condition": "has_result", "send_once": False},
        "subscriptions": [
            {"type": "notification-subscription/cron", "cron_schedule": "0 0 8 * * ? *"}
        ],
        "handlers": [{
            "channel_type": "channel/email", "channel_id": None,
            "recipients": [{"type": "notification-recipient/raw-value",
                            "details": {"value": "x@example.test"}}],
        }],
    }  # fmt: skip
    made = client.ok("POST", "/api/notification", body)
    assert made["payload"]["card_id"] == one and made["active"]
    path = f"/api/notification/{made['id']}"
    same = client.ok("PUT", path, made)
    assert [s["id"] for s in same["subscriptions"]] == [s["id"] for s in made["subscriptions"]]
    anew = client.ok("PUT", path, body)
    assert anew["handlers"][0]["id"] != made["handlers"][0]["id"]
    assert client.ok("GET", "/api/notification", card_id=one)[0]["id"] == made["id"]
    assert client.ok("GET", "/api/notification", card_id=one + 1) == []
    assert client("PUT", path, {"active": False}).status_code == 400  # all of it, or nothing
    client.ok("PUT", path, {**body, "active": False})
    assert client.ok("GET", "/api/notification") == []
    assert len(client.ok("GET", "/api/notification", include_inactive="true")) == 1
    bad = {**body, "subscriptions": [{"type": "notification-subscription/cron",
                                      "cron_schedule": "daily"}]}  # fmt: skip
    assert client("POST", "/api/notification", bad).status_code == 400


# Faults, and what was received.


def test_faults_come_when_told_and_as_often(fake, client):
    fake.fail(lambda r: r.path == "/api/card", status=503, times=2, retry_after=0)
    first = client("GET", "/api/card")
    assert (first.status_code, first.headers["Retry-After"]) == (503, "0")
    assert [client("GET", "/api/card").status_code for _ in range(2)] == [503, 200]
    fake.fail(len(fake.requests) + 1, status=429)
    assert [client("GET", "/api/health").status_code for _ in range(3)] == [200, 429, 200]


@pytest.mark.parametrize("cut, made", [(True, 1), ("before", 0)])
def test_a_connection_is_cut_after_the_work_or_before_it(fake, cut, made):
    fake.fail(lambda r: r.method == "POST", cut=cut)
    with pytest.raises(requests.ConnectionError):
        Client(fake)("POST", "/api/dashboard", {"name": "lost"})
    assert len(fake.dashboards) == len(fake.writes()) == made
    assert fake.requests[-1].status == 0


def test_writes_are_what_changed_something(fake, client, synced):
    fake.forget()
    made = card(client, synced)["id"]
    ask(client, made)
    client("POST", "/api/dataset", native(synced, "select 1"))
    client("POST", "/api/eid-translation/translate", {"entity_ids": {"card": ["a" * 21]}})
    client("POST", "/api/session", {"username": "a", "password": "b"})
    client("POST", "/api/card", {})
    client("GET", "/api/card")
    assert [(r.method, r.path, r.status) for r in fake.writes()] == [("POST", "/api/card", 200)]
    assert len(fake.writes(refused=True)) == 2 and len(fake.requests) == 7


# The contract, and clients nobody here wrote.


def needs_contract(fake):
    if not fake.validates:
        pytest.skip("Metabase's OpenAPI document is not beside the repository: nothing judges")


def test_requests_are_held_against_metabases_own_document(fake, client, synced):
    needs_contract(fake)
    fake.forget()
    number = board(client)
    assert not fake.violations
    cases = [
        ("GET", "/api/no-such-thing", None, 404),
        ("POST", "/api/dashboard/1/cards", {}, 404),
        ("PUT", BOARD.format(number), {"dashcards": [{"id": -1, "card_id": None}]}, 400),
        ("PUT", BOARD.format(number), {"width": "wide"}, 400),
        ("POST", "/api/dashboard", {"name": "x", "collection_id": "root"}, 400),
        ("POST", "/api/permissions/membership", {"group_id": 1}, 400),
        ("PUT", "/api/table", {"ids": ["one"]}, 400),  # only the full document has it
        ("GET", "/api/card/seven", None, 400),
    ]
    for method, path, body, status in cases:
        before = len(fake.violations)
        assert client(method, path, body).status_code == status, path
        assert len(fake.violations) > before, path
    client.ok("GET", "/api/card", limit="5", surprise="1")  # passed over by the server, noted here
    assert fake.violations[-1] == "GET /api/card: query: unknown parameter surprise"


def test_what_the_vendors_client_would_not_send_is_noted(fake, client, synced):
    needs_contract(fake)
    if not contract().strict:
        pytest.skip("the schemas of the vendor's command line are not beside the repository")
    made, number = card(client, synced)["id"], board(client)
    fine = {"dashcards": [place(-1, made)], "tabs": []}
    client.ok("PUT", BOARD.format(number), fine)
    assert fake.vendor_violations == []
    del fine["dashcards"][0]["card_id"]
    client.ok("PUT", BOARD.format(number), fine)
    assert fake.vendor_violations == [
        f"PUT /api/dashboard/{number}: body: dashcards.0: 'card_id' is a required property"
    ]
    assert not fake.violations  # the document lets it pass


def test_judging_a_request_is_quick(fake, client, synced):
    needs_contract(fake)
    made = card(client, synced)["id"]
    number = board(client)
    mapping = {"parameter_id": "p", "card_id": made, "target": ["variable", ["template-tag", "x"]]}
    sent = {"tabs": [], "dashcards": [
        place(-n, made, parameter_mappings=[mapping, mapping]) for n in range(1, 31)]}  # fmt: skip
    client.ok("PUT", BOARD.format(number), sent)
    judge, request = contract().judge, fake.requests[-1]
    started = time.perf_counter()
    for _ in range(5):
        assert judge(request) == ([], None)
    assert (time.perf_counter() - started) / 5 < 0.02


def test_metabase_api_works_on_it(fake, client, synced):
    api = pytest.importorskip("metabase_api").Metabase_API(fake.url, api_key=ADMIN_KEY)
    made = card(client, synced, "select 1 as one", name="By name")
    answer = api.get(f"/api/card/{made['id']}", "raw", timeout=5)
    assert (answer.status_code, answer.json()["name"]) == (200, "By name")
    refused = api.post("/api/card", "raw", json={"name": ""}, timeout=5)
    assert refused.status_code == 400 and "name" in refused.json()["errors"]
    assert api.get_card_data(card_id=made["id"]) == [{"one": 1}]
    number = board(client)
    assert api.add_card_to_dashboard(made["id"], number) is None  # its endpoint is long gone
    assert not fake.dashboards[number]["dashcards"]


@pytest.fixture(scope="session")
def mb(tmp_path_factory):
    """The vendor's own command line, from npm."""
    folder = tmp_path_factory.mktemp("mb")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", CLI]
    package(command, folder, CLI)
    return folder / "node_modules" / ".bin" / "mb"


@pytest.mark.parametrize("dialect", ["0.58", "0.63"])
def test_the_vendors_command_line_reads_it(mb, file, tmp_path, dialect):
    with running(dialect=dialect) as fake:
        client = Client(fake)
        database = connect(client, file)
        settle(client, database)
        folder = client.ok("POST", "/api/collection", {"name": "Executive"})["id"]
        sql = "select channel, sum(reach) as reach from marts.fct_reach where {{period}} group by 1"
        tag = {"type": "dimension", "widget-type": "date/all-options",
               "dimension": ["field", field(fake, "date_day"), None]}  # fmt: skip
        made = card(client, database, sql, "Reach", {"period": tag}, collection_id=folder)["id"]
        asked = {"id": "p1", "type": "date/all-options", "name": "Period", "slug": "period"}
        number = board(client, "Channels", collection_id=folder, parameters=[asked])
        target = {"parameter_id": "p1", "card_id": made,
                  "target": ["dimension", ["template-tag", "period"]]}  # fmt: skip
        client.ok("PUT", BOARD.format(number), {
            "tabs": [{"id": -1, "name": "All"}],
            "dashcards": [place(-1, made, dashboard_tab_id=-1, parameter_mappings=[target])],
        })  # fmt: skip
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "MB_URL": fake.url,
               "MB_API_KEY": ADMIN_KEY, "CI": "1"}  # fmt: skip

        def run(*arguments):
            done = subprocess.run(
                [str(mb), *arguments, "--json", "--full"], env=env, cwd=tmp_path,
                capture_output=True, text=True, timeout=30,
            )  # fmt: skip
            assert done.returncode == 0, (arguments, done.stdout, done.stderr)
            return json.loads(done.stdout)

        assert [row["id"] for row in run("db", "list")["data"]] == [database]
        assert run("card", "get", str(made))["name"] == "Reach"
        found = run("dashboard", "get", str(number))
        assert [c["card_id"] for c in found["dashcards"]] == [made]
        items = run("collection", "items", str(folder))["data"]
        assert {row["id"]: row["model"] for row in items} == {made: "card", number: "dashboard"}
        given = json.dumps([by_tag("period", "date/all-options", "past1months~")])
        result = run("card", "query", str(made), "--parameters", given)
        assert result["row_count"] == 2
        assert [row["id"] for row in run("search", "reach")["data"]] == [made]
        assert not [v for v in fake.violations if "unknown parameter" not in v]


def test_another_provisioner_carries_what_it_holds_to_a_second_one(file, tmp_path):
    """metabase-sync: exported from one server and applied to another, nothing is left to do."""
    library, state = tmp_path / "library", tmp_path / "state"
    state.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    package([*pip, "--target", str(library), SYNC], tmp_path, SYNC)
    with running(dialect="0.62") as fake, running(dialect="0.62") as other:

        def run(server, command):
            code = "from metabase_sync.cli import app; app()"
            env = {"PYTHONPATH": str(library), "PATH": os.environ["PATH"], "HOME": str(tmp_path),
                   "METABASE_URL": server.url, "METABASE_API_KEY": ADMIN_KEY}  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-c", code, command, "-s", str(state)], env=env, cwd=state,
                capture_output=True, text=True, timeout=30,
            )  # fmt: skip
            assert done.returncode in (0, 2), done.stdout + done.stderr
            return done.returncode

        for server in (fake, other):
            settle(Client(server), connect(Client(server), file))
        client = Client(fake)
        folder = client.ok("POST", "/api/collection", {"name": "Executive"})["id"]
        made = card(client, 2, collection_id=folder)["id"]
        number = board(client, collection_id=folder)
        client.ok("PUT", BOARD.format(number), {
            "tabs": [{"id": -1, "name": "All"}],
            "dashcards": [place(-1, made, dashboard_tab_id=-1)],
        })  # fmt: skip
        fake.forget()
        assert [run(fake, "export"), run(fake, "plan"), run(fake, "apply")] == [0, 0, 0]
        assert not fake.writes()
        assert [run(other, "plan"), run(other, "apply"), run(other, "plan")] == [2, 0, 0]
        (copied,) = other.dashboards.values()
        assert [len(copied["tabs"]), len(copied["dashcards"])] == [1, 1]
        assert not other.vendor_violations
