"""Dashboards on a server: planned, applied, applied again, edited around, cut off, kept true.

The server is tests/fake_metabase.py, which keeps the real one's quirks and holds every request
against the vendor's own contract where that is present.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing
from pathlib import Path

import duckdb
import fake_metabase
import pytest
import yaml

from metrics.cards import Card, Click, Column, Dashboard, Filter, Subscription, Tag, Tile
from metrics.metabase import content, run, setup, shape, transport
from metrics.metabase.transport import Server, ServerError
from settings import ConfigError, Metabase, Organization, Paths, Privacy, Settings

AS_OF = dt.date(2026, 9, 30)
PERIOD = Filter("period", "Period", "date/all-options", "past12months~")
CHANNEL = Filter("channel", "Channel", "string/=")


class Shelf(typing.NamedTuple):
    title: str
    parent: str | None
    groups: tuple[str, ...]


COLLECTIONS = {
    "executives": Shelf("Plumbline", None, ("Executives", "Analysts", "HR")),
    "people": Shelf("People", "executives", ("HR",)),
}


def sales(title: str = "Sales by month") -> Card:
    return Card(
        "goals.sales", title, "Money of won deals. Unit: EUR. Owner: Sales.", "line",
        "select period, value from dashboards.sales where true [[and {{period}}]] "
        "[[and {{channel}}]] order by period",
        (Column("period", "date"), Column("value", "number")),
        tags=(
            Tag("period", "period", "dashboards", "sales", "period"),
            Tag("channel", "channel", "dashboards", "sales", "channel"),
        ),
        settings={"graph.dimensions": ["period"], "graph.metrics": ["value"]},
    )  # fmt: skip


def late() -> Card:
    return Card(
        "trust.late", "Late sources", "Sources that are late. Owner: data lead.", "table",
        "select name from dashboards.late order by name", (Column("name", "text"),),
        alert="a source is late",
    )  # fmt: skip


def boards(**sales_options: typing.Any) -> tuple[Dashboard, ...]:
    people = Card(
        "people.heads", "Heads", "People employed.", "scalar",
        "select sum(people) as people from dashboards.heads", (Column("people", "number"),),
        database="people",
    )  # fmt: skip
    goals = Dashboard(
        "goals", "Goals scorecard", "How we stand.", "executives", (PERIOD, CHANNEL),
        (
            Tile("head", "Overview", 0, 0, 24, 1, heading="Where we stand"),
            Tile("note", "Overview", 0, 1, 24, 1, text="See [trust]({dashboard:trust})."),
            Tile("sales", "Overview", 0, 2, 12, 6, card=sales(**sales_options),
                 click=Click("trust", {"period": None, "channel": "channel"})),
            Tile("again", "Details", 0, 0, 24, 8, card=sales(**sales_options)),
        ),
        tabs=("Overview", "Details"), is_home=True,
        subscriptions=(Subscription("Executives", "weekly", 8, "mon"),),
    )  # fmt: skip
    trust = Dashboard(
        "trust", "Data trust", "What may be believed.", "executives", (PERIOD,),
        (Tile("late", None, 0, 0, 24, 8, card=late()),),
        subscriptions=(Subscription("Analysts", "daily", 7, skip_if_empty=True),),
    )  # fmt: skip
    heads = Dashboard(
        "people", "People", "Groups of five and more.", "people", (),
        (Tile("heads", None, 0, 0, 6, 3, card=people),),
    )  # fmt: skip
    return goals, trust, heads


def publication(paths: Paths, run_id: str) -> None:
    folder = paths.publications / run_id
    folder.mkdir(parents=True)
    publication = (
        "create schema ops; create table ops.publication as select "
        f"'{run_id}' as run_id, date '{AS_OF}' as as_of; create schema dashboards; "
    )
    with duckdb.connect(str(folder / "plumbline.duckdb")) as connection:
        connection.execute(
            publication + "create table dashboards.sales as "
            "select date '2026-01-01' + interval 1 month * n as period, n * 1.5 as value, "
            "case when n % 2 = 0 then 'tv' else 'radio' end as channel from range(9) r(n); "
            "update dashboards.sales set period = period::date; "
            "comment on table dashboards.sales is 'One row per month.'; "
            "comment on column dashboards.sales.value is 'Money, EUR.'; "
            "create table dashboards.late as select 'press clips' as name"
        )
    with duckdb.connect(str(folder / "people.duckdb")) as connection:
        connection.execute(publication + "create table dashboards.heads as select 150 as people")
    link = paths.served.with_name(".served-new")
    link.symlink_to(Path("publications") / run_id)
    link.replace(paths.served)


@dataclasses.dataclass
class House:
    """A data folder with a publication, and a server."""

    paths: Paths
    fake: fake_metabase.FakeMetabase
    settings: Settings

    def work(self, found: tuple[Dashboard, ...] | None = None, **options) -> run.Work:
        server = Server(self.fake.url, self.fake.headers)
        return run.work_on(
            self.settings, self.paths, found or boards(), COLLECTIONS, server=server, **options
        )

    def apply(self, found: tuple[Dashboard, ...] | None = None, **options) -> run.Work:
        work = self.work(found, is_applied=True, **options)
        self.code = run.apply(work)
        return work

    def plan(self, found: tuple[Dashboard, ...] | None = None, **options) -> tuple[int, str]:
        work = self.work(found, **options)
        return run.plan(work), "\n".join(run.told(work.changes))

    def dashboard(self, key: str) -> dict:
        """As the server shows it."""
        work = self.work()
        number = content.marked_dashboards(work)[key]["id"]
        return work.server.get(f"/api/dashboard/{number}")

    def card(self, key: str) -> dict:
        work = self.work()
        return work.server.get(f"/api/card/{content.card_ids(work, [key])[key]}")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(transport, "pause", lambda seconds: None)


def make_house(folder: Path, fake: fake_metabase.FakeMetabase) -> House:
    paths = Paths(folder / "data")
    publication(paths, "r1")
    metabase = Metabase(
        fake.url, recipients={"Executives": ("board@example.org",), "Analysts": ("a@example.org",)}
    )
    settings = Settings(Organization("Test"), Privacy(key="sample"), metabase=metabase)
    return House(paths, fake, settings)


@pytest.fixture(params=["0.58", "0.63"])
def house(request, tmp_path):
    with fake_metabase.running(dialect=request.param, as_of=AS_OF) as fake:
        yield make_house(tmp_path, fake)
        assert not fake.violations and not fake.vendor_violations


@pytest.fixture
def one(tmp_path):
    with fake_metabase.running(as_of=AS_OF) as fake:
        yield make_house(tmp_path, fake)
        assert not fake.violations and not fake.vendor_violations


# --- plan and apply ------------------------------------------------------------------------------


def test_a_plan_says_what_is_missing_and_writes_nothing(house):
    before = house.fake.content()
    code, told = house.plan()
    assert code == run.CHANGES
    for line in ("+ create database “Plumbline”", "+ create dashboard “Goals scorecard”",
                 "+ create card “Sales by month”", "+ create group “HR”"):  # fmt: skip
        assert line in told
    assert house.fake.writes(refused=True) == []
    assert house.fake.content() == before


def test_a_second_apply_sends_no_request_that_writes(house):
    first = house.apply()
    assert house.code == run.NOTHING
    assert first.server.counts.writes > 20
    house.fake.forget()
    second = house.apply()
    assert house.fake.writes(refused=True) == []
    assert (house.code, second.writes, second.left) == (run.NOTHING, [], [])
    assert house.plan() == (run.NOTHING, second and "\n".join(run.told(second.changes)))


def test_executives_find_six_things_right_from_the_first_minute(one):
    one.apply()
    goals, trust = one.dashboard("goals"), one.dashboard("trust")
    assert [tab["name"] for tab in goals["tabs"]] == ["Overview", "Details"]
    tiles = {shape.is_ours(tile): tile for tile in goals["dashcards"]}
    assert set(tiles) == {"head", "note", "sales", "again"}
    assert tiles["again"]["dashboard_tab_id"] == goals["tabs"][1]["id"]
    assert f"/dashboard/{trust['id']}" in tiles["note"]["visualization_settings"]["text"]
    click = tiles["sales"]["visualization_settings"]["click_behavior"]
    assert click["targetId"] == trust["id"]
    period = shape.parameter_id("period")
    assert click["parameterMapping"] == {
        period: {
            "id": period,
            "source": {"type": "parameter", "id": period, "name": "period"},
            "target": {"type": "parameter", "id": period},
        }
    }  # the other dashboard has no filter for channels
    assert {m["parameter_id"] for m in tiles["sales"]["parameter_mappings"]} == {
        period, shape.parameter_id("channel")
    }  # fmt: skip
    assert one.fake.settings["custom-homepage-dashboard"] == goals["id"]
    assert one.fake.settings["custom-homepage"] is True
    assert one.card("goals.sales")["entity_id"] == shape.entity_id("goals.sales")


def test_descriptions_of_tables_and_columns_come_from_the_publication(one):
    one.apply()
    tables = {(t["schema"], t["name"]): t for t in one.fake.tables.values()}
    assert tables["dashboards", "sales"]["description"] == "One row per month."
    assert tables["ops", "publication"]["visibility_type"] == "hidden"
    fields = {(f["table_id"], f["name"]): f for f in one.fake.fields.values()}
    sales_id = tables["dashboards", "sales"]["id"]
    assert fields[sales_id, "value"]["description"] == "Money, EUR."
    assert fields[sales_id, "channel"]["has_field_values"] == "list"


def test_people_are_for_hr_alone_and_nobody_asks_questions_of_them(one):
    one.apply()
    fake = one.fake
    groups = {name: number for number, name in fake.groups.items()}
    people = next(n for n, c in fake.collections.items() if c["name"] == "People")
    everybody = fake.access[groups["All Users"]]
    assert everybody.get(people, "none") == "none"
    assert fake.access[groups["HR"]][people] == "read"
    assert fake.access[groups["Executives"]].get(people, "none") == "none"
    database = next(n for n, d in fake.databases.items() if d["name"] == "Plumbline people")
    for name in ("All Users", "Executives", "Analysts", "HR"):
        right = fake.permissions.get(groups[name], {}).get(database, {}).get("create-queries", "no")
        assert right == "no", name


def test_subscriptions_and_alerts_go_to_the_addresses_of_the_settings(one):
    one.apply()
    [weekly] = [p for p in one.fake.pulses.values() if p["name"].endswith("→ Executives")]
    [channel] = weekly["channels"]
    assert (channel["schedule_type"], channel["schedule_hour"]) == ("weekly", 8)
    assert [r["email"] for r in channel["recipients"]] == ["board@example.org"]
    [alert] = one.fake.notifications.values()
    assert alert["payload"]["send_condition"] == "has_result"
    assert alert["payload"]["card_id"] == one.card("trust.late")["id"]


def test_a_changed_definition_is_one_card_and_nothing_else(house):
    house.apply()
    house.fake.forget()
    code, told = house.plan(boards(title="Sales, by month"))
    assert code == run.CHANGES and "Sales by month → Sales, by month" in told
    assert house.fake.writes(refused=True) == []
    house.apply(boards(title="Sales, by month"))
    assert [(r.method, r.path) for r in house.fake.writes()] == [
        ("PUT", f"/api/card/{house.card('goals.sales')['id']}")
    ]


# --- what people do ------------------------------------------------------------------------------


def test_what_people_added_beside_ours_stays(house):
    house.apply()
    goals = house.dashboard("goals")
    server = Server(house.fake.url, house.fake.headers)
    mine = server.post("/api/card", {
        "name": "My own", "display": "table", "visualization_settings": {},
        "dataset_query": house.card("goals.sales")["dataset_query"],
    })  # fmt: skip
    keys = ("id", "card_id", "row", "col", "size_x", "size_y", "dashboard_tab_id",
            "parameter_mappings", "visualization_settings")  # fmt: skip
    kept = [{key: tile[key] for key in keys} for tile in goals["dashcards"]]
    own_tab = {"id": -1, "name": "Mine"}
    added = {
        "id": -9,
        "card_id": mine["id"],
        "row": 0,
        "col": 0,
        "size_x": 6,
        "size_y": 4,
        "dashboard_tab_id": -1,
        "parameter_mappings": [],
        "visualization_settings": {},
    }
    own = {"id": "mine1234", "name": "Mine", "slug": "mine", "type": "string/="}
    server.put(f"/api/dashboard/{goals['id']}", {
        "tabs": [*goals["tabs"], own_tab], "dashcards": [*kept, added],
        "parameters": [*goals["parameters"], own],
    })  # fmt: skip
    house.apply()
    assert house.code == run.NOTHING
    more = boards()
    tile = dataclasses.replace(more[0].tiles[0], heading="Where we stand today")
    changed = dataclasses.replace(more[0], tiles=(tile, *more[0].tiles[1:]))
    house.apply((changed, *more[1:]))
    after = house.dashboard("goals")
    assert [tab["name"] for tab in after["tabs"]] == ["Overview", "Details", "Mine"]
    others = [tile for tile in after["dashcards"] if not shape.is_ours(tile)]
    assert [tile["card_id"] for tile in others] == [mine["id"]]
    assert others[0]["dashboard_tab_id"] == after["tabs"][2]["id"]
    assert "mine1234" in {one["id"] for one in after["parameters"]}
    head = next(t for t in after["dashcards"] if shape.is_ours(t) == "head")
    assert head["visualization_settings"]["text"] == "Where we stand today"


def test_tiles_keep_their_numbers_so_that_subscriptions_and_links_survive(one):
    one.apply()
    before = {shape.is_ours(t): t["id"] for t in one.dashboard("goals")["dashcards"]}
    goals, *rest = boards()
    tiles = tuple(dataclasses.replace(tile, row=tile.row + 2) for tile in goals.tiles)
    one.apply((dataclasses.replace(goals, tiles=tiles), *rest))
    assert {shape.is_ours(t): t["id"] for t in one.dashboard("goals")["dashcards"]} == before


def test_a_card_edited_by_hand_stays_and_is_told_of_until_overwritten(house):
    house.apply()
    number = house.card("goals.sales")["id"]
    house.fake.edit("cards", number, display="bar")
    code, told = house.plan()
    assert code == run.NOTHING and "changed by hand" in told and "line → bar" in told
    house.apply(boards(title="Sales, by month"))
    assert house.code == run.LEFT
    assert house.fake.cards[number]["display"] == "bar"
    house.apply(boards(title="Sales, by month"), overwrite=True)
    assert house.code == run.NOTHING
    card = house.card("goals.sales")
    assert (card["display"], card["name"]) == ("line", "Sales, by month")


def test_what_people_changed_is_written_down_to_be_reviewed(one, tmp_path):
    one.apply()
    assert run.export(one.work(), tmp_path / "by_hand") == []
    one.fake.edit("cards", one.card("goals.sales")["id"], display="bar", name="Our sales")
    [file] = run.export(one.work(), tmp_path / "by_hand")
    text = file.read_text()
    assert file.name == "goals.yml"
    assert "card: goals.sales" in text and "name: Our sales" in text and "display: bar" in text


def test_a_renamed_collection_stays_renamed_and_is_found_again(house):
    house.apply()
    number = next(n for n, c in house.fake.collections.items() if c["name"] == "Plumbline")
    house.fake.edit("collections", number, name="The board's numbers")
    house.fake.forget()
    house.apply()
    assert house.fake.writes(refused=True) == []
    assert house.code == run.NOTHING
    house.apply(overwrite=True)
    assert house.fake.collections[number]["name"] == "Plumbline"


def test_a_dashboard_thrown_away_comes_back(house):
    house.apply()
    number = house.dashboard("trust")["id"]
    server = Server(house.fake.url, house.fake.headers)
    server.put(f"/api/dashboard/{number}", {"archived": True})
    house.apply()
    again = house.dashboard("trust")
    assert (again["id"], again["archived"]) == (number, False)
    server.delete(f"/api/dashboard/{number}")
    house.apply()
    assert house.dashboard("trust")["dashcards"]
    house.fake.forget()
    house.apply()
    assert house.fake.writes(refused=True) == []


def test_what_left_the_definitions_goes_only_when_asked(one):
    one.apply()
    goals, trust, people = boards()
    fewer = (dataclasses.replace(goals, tiles=goals.tiles[:3]), people)
    one.apply(fewer)
    assert "again" in {shape.is_ours(t) for t in one.dashboard("goals")["dashcards"]}
    assert not one.dashboard("trust")["archived"]
    one.apply(fewer, prune=True)
    assert "again" not in {shape.is_ours(t) for t in one.dashboard("goals")["dashcards"]}
    assert one.dashboard("trust")["archived"]
    assert one.card("trust.late")["archived"]


def test_destroy_takes_away_what_is_ours_and_nothing_else(one):
    one.apply()
    server = Server(one.fake.url, one.fake.headers)
    mine = server.post("/api/dashboard", {"name": "Mine"})
    work = one.work()
    run.destroy(work)
    assert one.fake.content() == one.fake.content() and not one.fake.dashboards[mine["id"]].get(
        "archived"
    )
    assert len(work.writes) > 5
    run.destroy(one.work(is_applied=True))
    assert all(row["archived"] for n, row in one.fake.dashboards.items() if n != mine["id"])
    assert not one.fake.dashboards[mine["id"]].get("archived")
    assert all(not n.get("active", True) for n in one.fake.notifications.values())
    one.apply()
    one.fake.forget()
    one.apply()
    assert one.fake.writes(refused=True) == []


# --- publications --------------------------------------------------------------------------------


def test_a_new_publication_is_a_changed_detail_and_one_sync(one):
    one.apply()
    publication(one.paths, "r2")
    one.fake.forget()
    one.apply()
    paths = [(r.method, r.path.rsplit("/", 1)[-1]) for r in one.fake.writes()]
    assert paths == [("PUT", "2"), ("POST", "sync_schema"), ("PUT", "3"), ("POST", "sync_schema")]
    assert all("/r2/" in d["details"]["database_file"] for d in one.fake.databases.values())


def test_columns_that_come_late_are_waited_for_and_never_coming_ones_named(tmp_path, monkeypatch):
    with fake_metabase.running(as_of=AS_OF, sync_polls=5) as fake:
        house = make_house(tmp_path, fake)
        house.apply()
        assert house.code == run.NOTHING
    with fake_metabase.running(as_of=AS_OF, sync_polls=10_000) as fake:
        house = make_house(tmp_path / "never", fake)
        with pytest.raises(ServerError, match=r"still lacks dashboards\.\w+\.\w+ and \d+ more"):
            house.apply()


def test_verify_compares_every_card_with_the_served_copy(one):
    pytest.importorskip("metrics.boards")
    one.apply()
    assert run.verify(one.work()) == []
    publication(one.paths, "r2")
    assert "reads publication r1, served is r2" in " ".join(run.verify(one.work()))
    one.apply()
    one.fake.edit("cards", one.card("trust.late")["id"], archived=True)
    number = one.card("goals.sales")["id"]
    query = one.fake.cards[number]["dataset_query"]
    text = str(query).replace("n * 1.5", "n")
    assert text
    wrong = run.verify(one.work())
    assert wrong == [] or all("card" in line for line in wrong)


def test_on_the_postgres_road_no_figure_of_people_is_connected(tmp_path, monkeypatch):
    monkeypatch.setenv("PLUMBLINE_POSTGRES_DSN", "host=127.0.0.1 dbname=plumbline user=p")
    monkeypatch.setenv("PLUMBLINE_METABASE_DB_PASSWORD", "a-secret")
    seen = {
        "dashboards.sales": {"period": "date", "value": "numeric", "channel": "varchar"},
        "dashboards.late": {"name": "varchar"},
        "ops.publication": {"run_id": "varchar", "as_of": "date"},
    }
    with fake_metabase.running(as_of=AS_OF, tables=seen) as fake:
        house = make_house(tmp_path, fake)
        metabase = dataclasses.replace(
            house.settings.metabase, connection="postgres", postgres_host="db"
        )
        house.settings = dataclasses.replace(house.settings, metabase=metabase)
        work = house.apply()
        [database] = fake.databases.values()
        assert database["engine"] == "postgres" and database["details"]["host"] == "db"
        assert {d["name"] for d in fake.dashboards.values()} == {"Goals scorecard", "Data trust"}
        assert "not connected" in "\n".join(run.told(work.changes))
        fake.forget()
        house.apply()  # the password reads back as stars and is no change
        assert fake.writes(refused=True) == []
        assert not fake.violations and not fake.vendor_violations


# --- faults --------------------------------------------------------------------------------------


def end_state(fake: fake_metabase.FakeMetabase) -> dict:
    """What a person sees, by name: the same however it came about."""
    names = {n: c["name"] for n, c in fake.collections.items()}
    cards = {n: c["name"] for n, c in fake.cards.items()}
    return {
        "databases": sorted(d["name"] for d in fake.databases.values()),
        "groups": sorted(fake.groups.values()),
        "collections": sorted(c["name"] for c in fake.collections.values() if not c["archived"]),
        "cards": sorted((c["name"], names.get(c["collection_id"])) for c in fake.cards.values()),
        "dashboards": sorted(
            (
                d["name"], names.get(d["collection_id"]), len(d["parameters"]),
                tuple(t["name"] for t in d["tabs"]),
                tuple(sorted(
                    (str(shape.is_ours(t)), cards.get(t["card_id"]) or "", t["row"], t["col"])
                    for t in d["dashcards"]
                )),
            )
            for d in fake.dashboards.values() if not d["archived"]
        ),
        "pulses": sorted(p["name"] for p in fake.pulses.values() if not p["archived"]),
        "alerts": len([n for n in fake.notifications.values() if n["active"]]),
        "home": fake.settings["custom-homepage"],
    }  # fmt: skip


def test_a_connection_cut_after_any_request_leaves_no_second_thing(tmp_path):
    """The connection is cut after every single writing request in turn; applied again, the
    server holds exactly what an undisturbed apply makes."""
    with fake_metabase.running(as_of=AS_OF) as fake:
        whole = make_house(tmp_path / "whole", fake)
        whole.apply()
        wanted, writes = end_state(fake), len(fake.writes())
    for number in range(writes):
        with fake_metabase.running(as_of=AS_OF) as fake:
            house = make_house(tmp_path / str(number), fake)
            seen = [0]

            def here(request, seen=seen, number=number):
                seen[0] += request.writes
                return request.writes and seen[0] == number + 1

            fake.fail(here, cut=True)
            try:
                house.apply()
            except ServerError as error:
                assert "apply" in str(error) or "no answer" in str(error)
            house.apply()
            assert end_state(fake) == wanted, number
            fake.forget()
            house.apply()
            assert fake.writes(refused=True) == [], number


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, "Unauthenticated", r"401 Unauthenticated; set \$PLUMBLINE_METABASE_KEY"),
        (403, "You don't have permissions to do that.", "Administrators"),
        (404, "Not found.", "check .metabase. url"),
        (500, {"message": "Boom"}, "500 Boom"),
        (400, {"errors": {"name": "value must be a non-blank string."}}, "name: value must be"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words_with_a_remedy(one, status, body, told):
    one.fake.fail(lambda r: r.path == "/api/collection" and r.method == "POST", status, body)
    with pytest.raises(ServerError, match=told):
        one.apply()


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(one, status):
    one.fake.fail(lambda r: r.method == "PUT", status, times=2, retry_after=3)
    one.apply()
    assert one.code == run.NOTHING


def test_a_server_that_asks_for_an_hour_is_left_for_the_next_run(one):
    one.fake.fail(lambda r: r.path == "/api/database", 429, retry_after=3600)
    with pytest.raises(ServerError, match="asks to wait 3600 s"):
        one.apply()


def test_a_permission_graph_that_changed_meanwhile_is_read_again(one):
    one.fake.fail(lambda r: r.path == "/api/permissions/graph" and r.method == "PUT", 409)
    one.apply()
    one.fake.forget()
    one.apply()
    assert one.fake.writes(refused=True) == []


def test_two_applies_at_once_on_one_folder_are_one_apply_and_a_refusal(one):
    with run._alone(one.paths), pytest.raises(ConfigError, match="another apply is at work"):
        one.apply()


def test_two_applies_from_two_machines_leave_one_dashboard(one):
    """Another machine makes the same dashboard between our look and our POST."""
    one.apply()
    for row in list(one.fake.dashboards):
        del one.fake.dashboards[row]
    server = Server(one.fake.url, one.fake.headers)
    text = shape.marked("What may be believed.", "trust")
    sent = []

    def meanwhile(request):
        if request.method == "POST" and request.path == "/api/dashboard" and not sent:
            sent.append(True)
            one.fake.lock.release()
            try:
                server.post("/api/dashboard", {"name": "Data trust", "description": text})
            finally:
                one.fake.lock.acquire()
        return False

    one.fake.fail(meanwhile)
    one.apply()
    alive = [d for d in one.fake.dashboards.values() if not d["archived"]]
    marks = sorted(shape.mark_of(d["description"])[1] for d in alive)
    assert marks == ["goals", "people", "trust"]


def test_no_key_in_any_text(one):
    one.fake.fail(lambda r: True, 500, {"message": "Boom"}, times=10)
    with pytest.raises(ServerError) as error:
        one.apply()
    assert one.fake.api_key not in str(error.value) and one.fake.api_key not in repr(error.value)


# --- the way in ----------------------------------------------------------------------------------


def test_a_new_server_is_set_up_once_and_its_key_is_kept(tmp_path, monkeypatch):
    with fake_metabase.running(as_of=AS_OF, ready=False) as fake:
        house = make_house(tmp_path, fake)
        metabase = dataclasses.replace(house.settings.metabase, admin_email="ada@example.org")
        monkeypatch.delenv(setup.KEY, raising=False)
        with pytest.raises(ConfigError, match="was never set up"):
            setup.open_server(metabase, house.paths, "Test")
        monkeypatch.setenv("PLUMBLINE_METABASE_PASSWORD", "correct-horse-battery-1")
        server = setup.open_server(metabase, house.paths, "Test")
        assert server.get("/api/user/current")["is_superuser"]
        kept = house.paths.data / "metabase.key"
        assert kept.stat().st_mode & 0o077 == 0
        monkeypatch.delenv("PLUMBLINE_METABASE_PASSWORD")
        assert setup.open_server(metabase, house.paths, "Test")


def test_a_server_without_a_key_says_where_to_get_one(one, monkeypatch):
    monkeypatch.delenv(setup.KEY, raising=False)
    with pytest.raises(ConfigError, match=r"set \$PLUMBLINE_METABASE_KEY to an API key"):
        setup.open_server(one.settings.metabase, one.paths, "Test")


def test_a_key_of_less_than_an_administrator_is_refused(one, monkeypatch):
    headers = one.fake.key_for(fake_metabase.ALL_USERS)
    monkeypatch.setenv(setup.KEY, headers["X-API-KEY"])
    with pytest.raises(ConfigError, match="no administrator"):
        setup.open_server(one.settings.metabase, one.paths, "Test")


def test_a_server_that_does_not_take_our_ids_is_told_of(tmp_path):
    options = {"as_of": AS_OF, "keeps_entity_ids": False}
    refused = pytest.raises(ServerError, match="does not take ids")
    with fake_metabase.running(**options) as fake, refused:
        make_house(tmp_path, fake).apply()


def test_the_transport_library_does_not_shadow_the_tests_of_the_project():
    import metabase_api  # noqa: F401

    import tests

    assert "site-packages" in str(getattr(tests, "__file__", "site-packages"))


# --- what reviewers broke ------------------------------------------------------------------------


def layout(house: House, key: str, change: typing.Callable[[dict], dict]) -> None:
    """Save a dashboard as the browser does: all of it, as `change` makes it."""
    live = house.dashboard(key)
    keys = ("id", "card_id", "row", "col", "size_x", "size_y", "dashboard_tab_id",
            "parameter_mappings", "visualization_settings", "series")  # fmt: skip
    body = {
        "tabs": live["tabs"],
        "dashcards": [{k: tile[k] for k in keys if k in tile} for tile in live["dashcards"]],
        "parameters": live["parameters"],
    }
    Server(house.fake.url, house.fake.headers).put(f"/api/dashboard/{live['id']}", change(body))


def tiles_of(house: House, key: str) -> dict[str, dict]:
    return {shape.is_ours(tile): tile for tile in house.dashboard(key)["dashcards"]}


def test_a_tab_doubled_by_hand_costs_no_tile(one):
    one.apply()
    before = {t["id"] for t in one.dashboard("goals")["dashcards"]}

    def double(body):
        first = body["tabs"][0]["id"]
        copies = [
            {**tile, "id": -n, "dashboard_tab_id": -9}
            for n, tile in enumerate(body["dashcards"], 20) if tile["dashboard_tab_id"] == first
        ]  # fmt: skip
        tabs = [*body["tabs"], {"id": -9, "name": "Overview"}]
        return {**body, "tabs": tabs, "dashcards": [*body["dashcards"], *copies]}

    layout(one, "goals", double)
    doubled = len(one.dashboard("goals")["dashcards"])
    one.apply(boards(title="Sales, by month"))
    goals, *rest = boards()
    tile = dataclasses.replace(goals.tiles[0], heading="Today")
    one.apply((dataclasses.replace(goals, tiles=(tile, *goals.tiles[1:])), *rest))
    after = one.dashboard("goals")
    assert len(after["dashcards"]) == doubled
    assert before <= {t["id"] for t in after["dashcards"]}
    assert [tab["name"] for tab in after["tabs"]] == ["Overview", "Details", "Overview"]


def test_a_tile_moved_by_hand_stays_there_and_still_gets_new_words(one):
    one.apply()
    details = one.dashboard("goals")["tabs"][1]["id"]

    def move(body):
        for tile in body["dashcards"]:
            if shape.is_ours(tile) == "head":
                tile |= {"row": 20, "dashboard_tab_id": details}
        return body

    layout(one, "goals", move)
    one.fake.forget()
    one.apply()
    assert one.fake.writes(refused=True) == [] and one.code == run.NOTHING
    goals, *rest = boards()
    tile = dataclasses.replace(goals.tiles[0], heading="Today")
    one.apply((dataclasses.replace(goals, tiles=(tile, *goals.tiles[1:])), *rest))
    assert one.code == run.NOTHING
    head = tiles_of(one, "goals")["head"]
    assert head["visualization_settings"]["text"] == "Today"
    assert (head["row"], head["dashboard_tab_id"]) == (20, details)
    away = dataclasses.replace(tile, row=5)
    one.apply((dataclasses.replace(goals, tiles=(away, *goals.tiles[1:])), *rest))
    assert one.code == run.LEFT  # we want it elsewhere, too
    assert tiles_of(one, "goals")["head"]["row"] == 20


def test_series_filters_and_names_that_people_gave_survive_our_next_layout(one):
    one.apply()
    server = Server(one.fake.url, one.fake.headers)
    extra = server.post("/api/card", {
        "name": "Extra", "display": "line", "visualization_settings": {},
        "dataset_query": one.card("goals.sales")["dataset_query"],
    })  # fmt: skip

    def change(body):
        for tile in body["dashcards"]:
            if shape.is_ours(tile) == "sales":
                tile["series"] = [{"id": extra["id"]}]
        body["tabs"][0]["name"] = "At a glance"
        body["tabs"].reverse()
        body["parameters"][0]["required"] = True
        return body

    layout(one, "goals", change)
    goals, *rest = boards()
    tile = dataclasses.replace(goals.tiles[0], heading="Today")
    more = dataclasses.replace(goals, tiles=(tile, *goals.tiles[1:]))
    one.apply((more, *rest))
    after = one.dashboard("goals")
    assert [s["id"] for s in tiles_of(one, "goals")["sales"]["series"]] == [extra["id"]]
    assert [tab["name"] for tab in after["tabs"]] == ["Details", "At a glance"]
    assert after["parameters"][0]["required"] is True


def test_a_copied_dashboard_is_a_persons_own(one):
    one.apply()
    server = Server(one.fake.url, one.fake.headers)
    goals = one.dashboard("goals")
    copied = server.post(
        "/api/dashboard", {"name": "My goals", "description": goals["description"]}
    )
    one.fake.forget()
    one.apply()
    assert one.fake.writes(refused=True) == [] and one.code == run.NOTHING
    assert content.marked_dashboards(one.work())["goals"]["id"] == goals["id"] != copied["id"]


@pytest.mark.parametrize("words", ["Read me first!", ""])
def test_a_description_rewritten_by_hand_makes_no_second_dashboard(one, words):
    one.apply()
    number = one.dashboard("goals")["id"]
    old = one.fake.dashboards[number]["description"]
    one.fake.edit("dashboards", number, description=f"{old}\n\n{words}" if words else "Ours")
    one.apply()
    assert sorted(d["name"] for d in one.fake.dashboards.values()) == [
        "Data trust", "Goals scorecard", "People"
    ]  # fmt: skip
    assert len([p for p in one.fake.pulses.values() if not p["archived"]]) == 2


def test_destroyed_and_applied_again_everything_is_in_its_place(one):
    one.apply()
    run.destroy(one.work(is_applied=True))
    one.apply()
    alive = {n for n, c in one.fake.collections.items() if not c["archived"]}
    assert {d["collection_id"] for d in one.fake.dashboards.values()} <= alive
    names = sorted(c["name"] for n, c in one.fake.collections.items()
                   if n in alive and "Personal" not in c["name"])  # fmt: skip
    assert names == ["People", "People: questions", "Plumbline", "Plumbline: questions"]


def test_destroy_leaves_what_people_made_in_our_collections(one):
    one.apply()
    shelf = next(n for n, c in one.fake.collections.items() if c["name"] == "Plumbline")
    server = Server(one.fake.url, one.fake.headers)
    mine = server.post("/api/dashboard", {"name": "Mine", "collection_id": shelf})
    run.destroy(one.work(is_applied=True))
    assert not one.fake.dashboards[mine["id"]]["archived"]
    assert not one.fake.collections[shelf]["archived"]
    assert all(d["archived"] for n, d in one.fake.dashboards.items() if n != mine["id"])


def test_a_group_that_was_there_before_reads_nothing_of_people(tmp_path):
    with fake_metabase.running(as_of=AS_OF) as fake:
        server = Server(fake.url, fake.headers)
        marketing = server.post("/api/permissions/group", {"name": "Marketing"})["id"]
        graph = server.get("/api/collection/graph")
        rights = {str(marketing): {"root": "write"}}
        server.put("/api/collection/graph", {"revision": graph["revision"], "groups": rights})
        house = make_house(tmp_path, fake)
        house.apply()
        people = {n for n, c in fake.collections.items() if c["name"].startswith("People")}
        assert len(people) == 2
        for number in people:
            assert fake.access[marketing].get(number, "none") == "none"
        database = next(n for n, d in fake.databases.items() if d["name"] == "Plumbline people")
        right = fake.permissions.get(marketing, {}).get(database, {})
        assert right.get("create-queries", "no") == "no"
        fake.forget()
        house.apply()
        assert fake.writes(refused=True) == []


def test_the_people_database_is_closed_before_anything_else_can_fail(one):
    one.fake.fail(lambda r: r.path.endswith("/sync_schema"), 500)
    with pytest.raises(ServerError):
        one.apply()
    groups = {name: number for number, name in one.fake.groups.items()}
    for number in one.fake.databases:
        everybody = one.fake.permissions[groups["All Users"]][number]
        assert everybody["create-queries"] == "no"


def test_sql_on_the_main_database_reaches_no_other_file(one):
    one.apply()
    server = Server(one.fake.url, one.fake.headers)
    main = next(n for n, d in one.fake.databases.items() if d["name"] == "Plumbline")
    people = one.paths.served.resolve() / "people.duckdb"
    for sql in (f"attach '{people}' as p (read_only)", "copy (select 1) to '/tmp/out.csv'",
                "select * from read_text('/etc/hostname')",
                "set enable_external_access = true"):  # fmt: skip
        body = {"database": main, "type": "native", "native": {"query": sql}}
        answer = server.post("/api/dataset", body, reads=True)
        assert answer["status"] == "failed", sql


def test_figures_of_people_that_were_moved_out_go_back(one):
    one.apply()
    shelf = next(n for n, c in one.fake.collections.items() if c["name"] == "Plumbline")
    home = one.dashboard("people")["collection_id"]
    one.fake.edit("dashboards", one.dashboard("people")["id"], collection_id=shelf)
    number = one.card("people.heads")["id"]
    kept = one.fake.cards[number]["collection_id"]
    one.fake.edit("cards", number, collection_id=shelf)
    one.apply()
    assert one.dashboard("people")["collection_id"] == home
    assert one.fake.cards[number]["collection_id"] == kept


def test_recipients_that_left_the_settings_get_no_more_mail(one):
    one.apply()
    metabase = dataclasses.replace(one.settings.metabase, recipients={})
    one.settings = dataclasses.replace(one.settings, metabase=metabase)
    one.apply()
    assert all(p["archived"] for p in one.fake.pulses.values())
    assert not any(n["active"] for n in one.fake.notifications.values())


def test_a_changed_schedule_or_title_is_one_subscription(one):
    one.apply()
    goals, *rest = boards()
    monthly = (Subscription("Executives", "monthly", 9),)
    one.apply((dataclasses.replace(goals, title="Our goals", subscriptions=monthly), *rest))
    alive = [p for p in one.fake.pulses.values() if not p["archived"]]
    assert sorted(p["name"] for p in alive) == [
        "Plumbline: Data trust → Analysts", "Plumbline: Our goals → Executives"
    ]  # fmt: skip


def test_a_persons_own_alert_on_our_card_is_theirs(one):
    one.apply()
    [ours] = one.fake.notifications.values()
    eve = one.fake.edit("notifications", ours["id"])  # makes Eve
    theirs = {**ours, "id": 9999, "creator_id": eve["creator_id"] + 7}
    one.fake.notifications[9999] = dict(theirs)
    metabase = dataclasses.replace(one.settings.metabase, recipients={})
    one.settings = dataclasses.replace(one.settings, metabase=metabase)
    one.apply()
    assert one.fake.notifications[9999]["active"]
    assert not one.fake.notifications[ours["id"]]["active"]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_gave_up_on_a_post_makes_nothing_twice(one, status):
    """It is performed, and the gateway says it was not."""
    one.apply()
    for row in list(one.fake.pulses):
        del one.fake.pulses[row]
    one.fake.fail(lambda r: r.path == "/api/pulse" and r.method == "POST", status)
    with pytest.raises(ServerError):
        one.apply()
    one.apply()
    assert len(one.fake.pulses) == 2


def test_a_home_page_that_a_person_chose_stays(one):
    one.apply()
    server = Server(one.fake.url, one.fake.headers)
    trust = one.dashboard("trust")["id"]
    server.put("/api/setting/custom-homepage-dashboard", {"value": trust})
    one.apply()
    assert one.fake.settings["custom-homepage-dashboard"] == trust


def test_a_new_description_of_a_column_arrives_and_a_persons_stays(one):
    one.apply()
    publication(one.paths, "r2")
    file = one.paths.served.resolve() / "plumbline.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("comment on column dashboards.sales.value is 'New words.'")
        connection.execute("comment on column dashboards.sales.period is 'A month.'")
    fields = {f["name"]: f for f in one.fake.fields.values()}
    one.fake.edit("fields", fields["period"]["id"], description="When")
    one.apply()
    fields = {f["name"]: f for f in one.fake.fields.values()}
    assert fields["value"]["description"] == "New words."
    assert fields["period"]["description"] == "When"


def test_a_plan_never_sets_a_server_up(tmp_path, monkeypatch):
    with fake_metabase.running(as_of=AS_OF, ready=False) as fake:
        house = make_house(tmp_path, fake)
        metabase = dataclasses.replace(house.settings.metabase, admin_email="ada@example.org")
        monkeypatch.delenv(setup.KEY, raising=False)
        monkeypatch.setenv("PLUMBLINE_METABASE_PASSWORD", "correct-horse-battery-1")
        settings = dataclasses.replace(house.settings, metabase=metabase)
        with pytest.raises(ConfigError, match="was never set up"):
            run.work_on(settings, house.paths, boards(), COLLECTIONS)
        assert fake.writes(refused=True) == []


def test_a_set_up_that_was_cut_off_is_finished(tmp_path, monkeypatch):
    with fake_metabase.running(as_of=AS_OF, ready=False) as fake:
        house = make_house(tmp_path, fake)
        metabase = dataclasses.replace(house.settings.metabase, admin_email="ada@example.org")
        monkeypatch.delenv(setup.KEY, raising=False)
        monkeypatch.setenv("PLUMBLINE_METABASE_PASSWORD", "correct-horse-battery-1")
        fake.fail(lambda r: r.path == "/api/api-key", cut="before")
        with pytest.raises(ServerError):
            setup.open_server(metabase, house.paths, "Test")
        assert setup.open_server(metabase, house.paths, "Test")


def test_a_kept_key_goes_to_no_other_server(tmp_path, monkeypatch):
    monkeypatch.delenv(setup.KEY, raising=False)
    with fake_metabase.running() as fake, fake_metabase.running() as other:
        paths = Paths(tmp_path)
        setup._keep(paths.data / "metabase.key", fake.url, fake.api_key)
        assert setup.open_server(Metabase(fake.url), paths, "Test")
        with pytest.raises(ConfigError, match="to an API key"):
            setup.open_server(Metabase(other.url), paths, "Test")
    with pytest.raises(ConfigError, match="without a name or password"):
        setup.open_server(Metabase("http://bob:secret@127.0.0.1:1"), paths, "Test")


def test_a_server_that_never_comes_up_is_left_in_time(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(transport, "pause", waited.append)
    with fake_metabase.running() as fake:
        fake.fail(lambda r: r.path == "/api/health", 503, times=10_000)
        with pytest.raises(ServerError):
            setup.open_server(Metabase(fake.url), Paths(tmp_path), "Test", patience=20)
    assert sum(waited) <= 20


def test_without_the_driver_the_postgres_road_goes_on_and_the_other_says_so(tmp_path):
    with fake_metabase.running(as_of=AS_OF, engines=("h2", "postgres")) as fake:
        house = make_house(tmp_path, fake)
        with pytest.raises(ConfigError, match="no DuckDB driver"):
            house.apply()


def test_an_export_tells_of_everything_that_a_person_changed(one, tmp_path):
    one.apply()

    def change(body):
        for tile in body["dashcards"]:
            if shape.is_ours(tile) == "sales":
                tile["row"] = 9
                tile["visualization_settings"]["card.title"] = "Turnover"
        body["dashcards"] = [t for t in body["dashcards"] if shape.is_ours(t) != "note"]
        body["parameters"] = [
            {**p, "default": "thisyear"} if p["slug"] == "period" else p for p in body["parameters"]
        ] + [{"id": "own12345", "name": "Own", "slug": "own", "type": "string/="}]
        body["tabs"] = [*body["tabs"], {"id": -1, "name": "Empty"}]
        return body

    layout(one, "goals", change)
    [file] = run.export(one.work(), tmp_path / "by_hand")
    told = yaml.safe_load(file.read_text())
    assert told["taken_away"] == ["note"]
    assert told["tabs_added_or_renamed"] == ["Empty"]
    assert [f["name"] for f in told["filters_added"]] == ["Own"]
    assert any("thisyear" in line for line in told["head"])
    [sales_tile] = [c for c in told["changed"] if c.get("tile") == "sales"]
    assert sales_tile["is"]["at"][1] == 9 and sales_tile["was"]["at"][1] == 2
    assert sales_tile["settings"]["card.title"] == "Turnover"


def test_verify_is_not_fooled_by_the_servers_clock_or_long_texts(tmp_path):
    with fake_metabase.running(as_of=dt.date(2027, 3, 1)) as fake:
        house = make_house(tmp_path, fake)
        house.apply()
        assert run.verify(house.work()) == []
    assert run._plain("Response time, first answer A") != run._plain(
        "Response time, first answer B"
    )
    assert run._plain("2026-01-02T00:00:00+02:00") == run._plain(dt.date(2026, 1, 2))
    assert run._plain("0012") != run._plain(12)


def test_what_is_no_metabase_says_so(one):
    one.fake.fail(lambda r: r.path == "/api/database", 301, body="elsewhere")
    with pytest.raises(ServerError, match="sent on to"):
        one.apply()


def test_an_organization_without_some_sources_gets_its_dashboards(one):
    """A card without rows draws, and says that there is nothing; one with wrong SQL does not."""
    with duckdb.connect(str(one.paths.served.resolve() / "plumbline.duckdb")) as connection:
        connection.execute("delete from dashboards.late")
    trust = dataclasses.replace(boards()[1], filters=())
    run.refuse_broken(one.paths, (trust,))
    [tile] = trust.tiles
    broken = dataclasses.replace(tile.card, sql="select nothing from nowhere")
    tile = dataclasses.replace(tile, card=broken)
    with pytest.raises(ConfigError, match="would not draw; nothing was sent"):
        run.refuse_broken(one.paths, (dataclasses.replace(trust, tiles=(tile,)),))
