"""What Metabase's own makers, and a recorded server, say of what an apply leaves behind.

Neither was written here: `@metabase/representations` judges the vendor's file format, into which
these tests bring the answers of the fake; recordings of a real server say what an answer holds.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import typing
from pathlib import Path

import fake_metabase
import pytest
import yaml
from test_fake_metabase import package

from metrics import boards
from metrics.cards import Card, Dashboard, Tile
from metrics.metabase import access, content, databases, run, shape
from metrics.metabase.transport import Server, ServerError
from settings import Metabase, Organization, Paths, Privacy, Settings

Json = typing.Any
REPRESENTATIONS = "@metabase/representations@1.2.0"


class Left(typing.NamedTuple):
    """What an apply of the six dashboards left, as the server answers it."""

    cards: dict[int, dict[str, Json]]
    dashboards: dict[int, dict[str, Json]]
    collections: dict[int, dict[str, Json]]
    names: dict[int, str]
    """Databases."""
    fields: dict[int, list[str]]
    """Field: database, schema, table, column."""
    read: dict[str, dict[str, set[str]]]
    """What a plan over all of it read: {route: {place in the answer: JSON types}}."""


def kind(value: Json) -> str:
    """The JSON type."""
    kinds = ((bool, "boolean"), ((int, float), "number"), (str, "string"), (dict, "object"),
             (list, "array"))  # fmt: skip
    return next((name for types, name in kinds if isinstance(value, types)), "null")


class Seen(dict):
    """An object of an answer that notes which of its keys are asked for, and what stood there.
    An absent key is noted as `absent`."""

    def __init__(self, given: dict[str, Json], note: dict[str, set[str]], place: str = "") -> None:
        super().__init__({k: seen(v, note, f"{place}.{k}") for k, v in given.items()})
        self.note, self.place = note, place

    def _asked(self, key: str) -> None:
        found = kind(super().get(key)) if key in self else "absent"
        self.note.setdefault(f"{self.place}.{key}", set()).add(found)

    def __getitem__(self, key: str) -> Json:
        self._asked(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Json = None) -> Json:
        self._asked(key)
        return super().get(key, default)


def seen(value: Json, note: dict[str, set[str]], place: str) -> Json:
    if isinstance(value, dict):
        return Seen(value, note, place)
    if isinstance(value, list):
        return [seen(one, note, f"{place}[]") for one in value]
    return value


class Listening(Server):
    """A server whose answers note what is read of them."""

    read: dict[str, dict[str, set[str]]]

    def get(self, path: str, **query: Json) -> Json:
        if not hasattr(self, "read"):
            self.read = {}
        note = self.read.setdefault(re.sub(r"/\d+", "/0", path), {})
        answer = super().get(path, **query)
        rows = answer.get("data", answer) if isinstance(answer, dict) else answer
        return seen(rows, note, "")  # the recordings hold the rows of {data, total}


@pytest.fixture(scope="module")
def left(served, tmp_path_factory):
    paths = Paths(tmp_path_factory.mktemp("applied") / "data")
    paths.publications.mkdir(parents=True)
    paths.served.symlink_to(served)
    with fake_metabase.running(dialect="0.63") as fake:
        settings = Settings(
            Organization("Test"), Privacy(key="sample"), metabase=Metabase(fake.url)
        )
        server = Server(fake.url, fake.headers)
        found = boards.load(currency="EUR")
        work = run.work_on(
            settings, paths, found, boards.COLLECTIONS, is_applied=True, server=server
        )
        run.apply(work)
        listening = Listening(fake.url, fake.headers)
        again = run.work_on(
            settings, paths, found, boards.COLLECTIONS, prune=True, server=listening
        )
        assert run.plan(again) == run.NOTHING
        yield Left(
            {n: server.get(f"/api/card/{n}") for n in fake.cards},
            {n: server.get(f"/api/dashboard/{n}") for n in fake.dashboards},
            {n: server.get(f"/api/collection/{n}") for n in fake.collections},
            {n: row["name"] for n, row in fake.databases.items()},
            {
                n: [
                    fake.databases[table["db_id"]]["name"], table["schema"], table["name"],
                    row["name"],
                ]
                for n, row in fake.fields.items()
                for table in [fake.tables[row["table_id"]]]
            },
            listening.read,
        )  # fmt: skip


# --- the vendor's file format --------------------------------------------------------------------


def representations(left: Left) -> dict[str, dict[str, Json]]:
    """{path: content} in the vendor's format: numbers become names and entity ids, and nothing
    else is touched."""
    eids = {
        kind: {n: row["entity_id"] for n, row in rows.items()}
        for kind, rows in (
            ("card", left.cards), ("dashboard", left.dashboards), ("collection", left.collections)
        )
    }  # fmt: skip
    collections, cards, dashboards = eids["collection"], eids["card"], eids["dashboard"]

    def entity(model: str, row: dict[str, Json], *names: str) -> dict[str, Json]:
        meta = [{"id": row["entity_id"], "label": "x", "model": model}]
        return {**{name: row[name] for name in names}, "serdes/meta": meta}

    def clicks(settings: Json) -> Json:
        if isinstance(settings, list):
            return [clicks(one) for one in settings]
        if not isinstance(settings, dict):
            return settings
        plain = {key: clicks(value) for key, value in settings.items()}
        if plain.get("linkType") == "dashboard":
            plain["targetId"] = dashboards[plain["targetId"]]
        return plain

    def query(row: dict[str, Json]) -> dict[str, Json]:
        found = copy.deepcopy(row["dataset_query"])
        for stage in found["stages"]:
            for tag in stage.get("template-tags") or []:
                kind, options, number = tag["dimension"]
                tag["dimension"] = [kind, options, left.fields[number]]
        return {**found, "database": left.names[found["database"]]}

    files: dict[str, dict[str, Json]] = {}
    for number, row in left.collections.items():
        above = row["location"].strip("/").rpartition("/")[2]
        files[f"collection_{number}"] = {
            **entity("Collection", row, "name", "entity_id", "description", "slug", "archived",
                     "type", "namespace", "authority_level", "created_at"),
            "parent_id": collections[int(above)] if above else None,
        }  # fmt: skip
    for number, row in left.cards.items():
        files[f"card_{number}"] = {
            **entity("Card", row, "name", "entity_id", "description", "display", "type",
                     "parameters", "parameter_mappings", "archived", "query_type", "created_at",
                     "visualization_settings"),
            "creator_id": "ada@example.test",
            "collection_id": collections[row["collection_id"]],
            "database_id": left.names[row["dataset_query"]["database"]],
            "dataset_query": query(row),
        }  # fmt: skip
    for number, row in left.dashboards.items():
        tabs = {tab["id"]: tab["entity_id"] for tab in row["tabs"]}
        files[f"dashboard_{number}"] = {
            **entity("Dashboard", row, "name", "entity_id", "description", "parameters", "width",
                     "auto_apply_filters", "archived", "created_at"),
            "creator_id": "ada@example.test",
            "collection_id": collections[row["collection_id"]],
            "tabs": [{name: tab[name] for name in ("entity_id", "name", "position")}
                     for tab in row["tabs"]],
            "dashcards": [
                {
                    **{name: one[name] for name in ("entity_id", "row", "col", "size_x", "size_y")},
                    "card_id": cards.get(one["card_id"]),
                    "dashboard_tab_id": one["dashboard_tab_id"]
                    and [row["entity_id"], tabs[one["dashboard_tab_id"]]],
                    "parameter_mappings": [
                        {**mapping, "card_id": cards[mapping["card_id"]]}
                        for mapping in one["parameter_mappings"]
                    ],
                    "visualization_settings": clicks(one["visualization_settings"]),
                    "serdes/meta": [
                        {"id": row["entity_id"], "model": "Dashboard"},
                        {"id": one["entity_id"], "model": "DashboardCard"},
                    ],
                }
                for one in row["dashcards"]
            ],
        }  # fmt: skip
    return files


@pytest.fixture(scope="module")
def vendor(tmp_path_factory):
    """The folder of the vendor's validator, from npm."""
    folder = tmp_path_factory.mktemp("representations")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", REPRESENTATIONS]
    package(command, folder, REPRESENTATIONS)
    return folder


def judged(vendor: Path, folder: Path, files: dict[str, dict[str, Json]]) -> tuple[int, str]:
    """(exit code, words) of `representations validate-schema` on these files."""
    place = folder / "collections" / "main"
    place.mkdir(parents=True)
    for name, told in files.items():
        (place / f"{name}.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    done = subprocess.run(
        [vendor / "node_modules" / ".bin" / "representations", "validate-schema", "--folder",
         str(folder)], capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_the_vendors_validator_takes_all_that_an_apply_leaves(vendor, left, tmp_path):
    files = representations(left)
    assert len(left.dashboards) == 6 and len(left.cards) > 100
    code, told = judged(vendor, tmp_path, files)
    assert (code, f"{len(files)} passed, 0 failed" in told) == (0, True), told[:2000]


SPOILED = {
    "display": ("card", lambda c: c.update(display="bargraph"), "/display must be equal"),
    "widget": (
        "card",
        lambda c: c["dataset_query"]["stages"][0]["template-tags"][0].pop("widget-type"),
        "must have required property 'widget-type'",
    ),
    "settings": ("card", lambda c: c.update(visualization_settings=[]), "must be object"),
    "grid": ("dashboard", lambda d: d["dashcards"][0].update(col=24), "/col must be <= 23"),
    "section": (
        "dashboard", lambda d: d["parameters"][0].update(sectionId="period"), "/sectionId must"
    ),
    "target": (
        "dashboard",
        lambda d: next(c for c in d["dashcards"] if c["parameter_mappings"])["parameter_mappings"][
            0
        ].update(target=["dimension", ["template-tag"]]),
        "/target",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "spoil", "said"), SPOILED.values(), ids=SPOILED)
def test_the_vendors_validator_refuses_a_spoiled_one(vendor, left, tmp_path, kind, spoil, said):
    files = representations(left)
    name = next(
        name for name, content in files.items()
        if name.startswith(kind) and (kind != "card" or "template-tags" in
           content["dataset_query"]["stages"][0] and content["dataset_query"]["stages"][0]
           ["template-tags"])
    )  # fmt: skip
    spoil(files[name])
    code, told = judged(vendor, tmp_path, files)
    assert code == 1 and said in told and f"{name}.yaml" in told
    assert f"{len(files) - 1} passed, 1 failed" in told


def test_every_setting_is_one_that_the_vendor_names(vendor, left):
    """The validator passes over any setting, as Metabase does: a word that it does not know
    changes nothing and says nothing. So words are held against the vendor's own specification,
    and against what only its front end defines (frontend/src/metabase/visualizations)."""
    spec = vendor / "node_modules" / REPRESENTATIONS.rpartition("@")[0] / "core-spec/v1/spec.md"
    text = spec.read_text(encoding="utf-8")
    text = text[text.index("\n## Visualization Settings\n") : text.index("\n## Parameter\n")]
    named = {*re.findall(r"^\| `\"?([\w.]+)\"?` \|", text, flags=re.M),
             *re.findall(r"^[ -]*\"?([\w.]+)\"?:", text, flags=re.M)}  # fmt: skip
    beyond = {
        "progress.value", "progress.goal", "progress.color", "scatter.bubble", "scalar.segments",
        "show_mini_bar", "currency_in_header", "title", "enabled", "column", "min", "max", "label",
        "min_type", "max_type", "colors", "highlight_row",
    } - named  # fmt: skip
    used: dict[str, str] = {}
    for row in left.cards.values():
        told = row["visualization_settings"]
        nested = [
            *(told.get("column_settings") or {}).values(),
            *(told.get("series_settings") or {}).values(),
            *(one for name in LISTS for one in told.get(name, ())),
        ]
        used |= {name: row["name"] for one in (told, *nested) for name in one}
    assert len(used) > 40
    assert not {n: at for n, at in used.items() if n not in named | beyond | {*shape.OURS}}
    assert beyond <= used.keys()  # no word is excused that nobody uses


LISTS = ("table.column_formatting", "table.columns", "gauge.segments", "scalar.segments",
         "scalar.comparisons")  # fmt: skip
STYLES = ("MMMM D, YYYY", "D MMMM, YYYY", "dddd, MMMM D, YYYY", "M/D/YYYY", "D/M/YYYY", "YYYY/M/D")


def test_dates_have_a_style_that_metabase_knows(left):
    """getDateStyleOptionsForUnit of its front end; any other is passed over."""
    found = {
        form["date_style"]
        for row in left.cards.values()
        for form in (row["visualization_settings"].get("column_settings") or {}).values()
        if "date_style" in form
    }
    assert found and found <= set(STYLES)


# --- a real server, recorded ---------------------------------------------------------------------

RECORDED = json.loads((Path(__file__).parent / "recorded_metabase.json").read_text("utf-8"))
"""Real answers, from the tests of dbt-metabase (MIT): one server in both query forms."""
FORMS = ("mbql4", "mbql5")
ROUTES: dict[str, list[str]] = {}
for known_path in RECORDED["mbql5"]:
    ROUTES.setdefault(re.sub(r"/\d+", "/0", known_path), []).append(known_path)
OWN = re.compile(
    r"visualization_settings\.|details\.|\.parameters\[\]|\.tabs\[\]|parameter_mappings\[\]|"
    r"template-tags"
)
"""What the recorded server has none of: our own settings, filters, tabs, tags; DuckDB's details."""


def kinds_at(value: Json, place: str) -> set[str]:
    """The JSON types at a place such as `[].tables[].name` of an answer."""
    steps = re.findall(r"\[\]|[^.\[\]]+", place)
    here = [value]
    for step in steps:
        here = [
            inner
            for one in here
            for inner in (
                one if step == "[]" and isinstance(one, list)
                else [one[step]] if isinstance(one, dict) and step in one
                else []
            )
        ]  # fmt: skip
    return {kind(one) for one in here} or {"absent"}


def strange(read: dict[str, dict[str, set[str]]], form: str) -> tuple[int, list[tuple]]:
    """(places compared, those that no recording of the same route has with the same types). The
    older server answers queries in a form that the newer ones, and the fake, no longer do."""
    compared, found = 0, []
    for route, paths in ROUTES.items():
        for place, ours in read[route].items():
            if OWN.search(place) or (form == "mbql4" and ".dataset_query." in place):
                continue
            theirs = set().union(*(kinds_at(RECORDED[form][path], place) for path in paths))
            compared += 1
            if not (ours - {"null"} <= theirs or (theirs <= {"null"} and "absent" not in ours)):
                found.append((route, place, ours, theirs))
    return compared, found


@pytest.mark.parametrize("form", FORMS)
def test_what_we_read_of_the_fake_is_there_in_a_real_answer(left, form):
    """Every key that a plan over everything asks for, with the same JSON type; what is absent
    there is absent in the fake, too."""
    assert all(left.read.get(route) for route in ROUTES), "a plan reads nothing of some route"
    compared, found = strange(left.read, form)
    assert not found
    assert compared > 40


def test_what_no_real_answer_has_is_found():
    read = {route: {} for route in ROUTES}
    read["/api/card/0"] = {".entity_id": {"number"}, ".cards": {"array"}, ".name": {"string"}}
    read["/api/database"] = {"[].id": {"number"}, "[].engine": {"absent"}}
    compared, found = strange(read, "mbql5")
    assert (compared, [row[:2] for row in found]) == (5, [
        ("/api/card/0", ".entity_id"), ("/api/card/0", ".cards"), ("/api/database", "[].engine"),
    ])  # fmt: skip
    assert kinds_at({"a": [{"b": 1}, {"b": None}]}, ".a[].b") == {"number", "null"}


class Recorded:
    """A server that answers with the recordings and takes what is sent."""

    def __init__(self, form: str) -> None:
        self.answers, self.sent = RECORDED[form], {}

    def get(self, path: str, **query: Json) -> Json:
        if path not in self.answers:
            raise ServerError(f"Metabase: GET {path}: 404 not recorded.", 404)
        return copy.deepcopy(self.answers[path])

    def put(self, path: str, body: Json) -> Json:
        self.sent[path] = body
        return body


@pytest.fixture(params=FORMS)
def recorded(request, tmp_path):
    """A piece of work on the recorded server: one dashboard of ours to be laid onto theirs."""
    card = Card("one.two", "Two", "Two. Owner: me.", "scalar", "select 2 as two", ())
    board = Dashboard(
        "one", "One", "One.", "executives", (), (Tile("two", None, 0, 0, 4, 3, card),)
    )
    settings = Metabase("http://recorded.test")
    paths = Paths(tmp_path / "data")
    paths.data.mkdir()
    collections = {"executives": boards.COLLECTIONS["plumbline"]}
    return run.Work(Recorded(request.param), settings, paths, (board,), collections, True)


def test_our_readers_take_the_answers_of_a_real_server(recorded):
    server = recorded.server
    known = databases.Known()
    wanted = {("public", "customers"): (None, {"customer_id": None, "nothing": None})}
    assert databases._missing(recorded, known, "main", 2, wanted) == ["public.customers.nothing"]
    known.ids["main"], known.is_applied = 2, True
    assert known.field("main", "public", "customers", "customer_id") == 94
    with pytest.raises(ServerError, match=r"has no public\.customers\.nothing"):
        known.field("main", "public", "customers", "nothing")
    [database] = run.listed(server.get("/api/database"))
    assert database["name"] == "dbtmetabase"
    assert databases._changed(database, {
        "engine": "postgres", "details": {"host": "postgres", "port": 5432, "password": "new"}
    }) == []  # fmt: skip
    assert databases._changed(database, {"engine": "postgres", "details": {"port": 5433}}) == [
        "details.port: 5432 → 5433"
    ]
    sql = shape.card_form(server.get("/api/card/29"))
    assert sql["sql"].startswith("select") and "count(*)" in sql["sql"]
    assert (sql["database"], sql["tags"], sql["display"]) == (2, {}, "scalar")
    assert shape.card_form(server.get("/api/card/33"))["sql"] is None  # a question without SQL
    assert shape.applied(server.get("/api/card/29"), shape.KEY) is None


def test_nothing_of_a_real_servers_people_is_taken_for_ours(recorded):
    """Their collections, questions and tiles stay, and go back as they came."""
    recorded.is_applied, recorded.prune = False, True
    ids = access.collections(recorded)
    assert all(isinstance(number, shape.New) for number in ids.values())
    content.prune_cards(recorded, {"executives.cards": 3})
    assert not [change for change in recorded.changes if change.verb == "archive"]
    recorded.is_applied = True
    [board] = recorded.boards
    content.Layout(
        recorded, board, 2, {"one.two": 77}, {"one": 2}, {"one": ()}, None
    ).bring()  # fmt: skip
    sent = recorded.server.sent["/api/dashboard/2"]
    live = recorded.server.get("/api/dashboard/2")
    theirs, [mine] = (
        [one for one in sent["dashcards"] if (one["id"] < 0) == is_new] for is_new in (False, True)
    )
    assert mine["card_id"] == 77 and sent["tabs"] == []
    for one, came in zip(theirs, live["dashcards"], strict=True):
        for name in ("id", "card_id", "row", "col", "size_x", "size_y", "parameter_mappings"):
            assert one[name] == came[name], name
        assert one["visualization_settings"] == came["visualization_settings"]
    found = run._by_hand(recorded, board, live, {})
    assert [one["name"] for one in found["added"]] == ["Returned Order Count SQL"]
    assert found["added"][0]["sql"].startswith("select")
