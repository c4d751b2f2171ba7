"""Publishing: a whole folder, one switch, what is served never changes; also in Postgres."""

import dataclasses
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import types
from pathlib import Path

import duckdb
import pytest
from small_warehouse import AS_OF, fill

from metrics import boards, publish
from metrics.publish import PublishError, rollback
from settings import ROOT, ConfigError, Organization, Paths, Publish

MAIN = ("marts", "metrics", "quality", "ops", "ingest", "dashboards")


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A build file, made once; every test works on a copy."""
    folder = tmp_path_factory.mktemp("template")
    with duckdb.connect(str(folder / "plumbline.duckdb")) as connection:
        fill(connection, folder / "goals")
    return folder / "plumbline.duckdb"


@pytest.fixture
def house(template, tmp_path):
    """Paths of a build, and publish(run id) of it."""
    paths = Paths(tmp_path / "data")
    paths.warehouse.parent.mkdir(parents=True)
    shutil.copy(template, paths.warehouse)
    (paths.docs / "static").mkdir(parents=True)
    (paths.docs / "index.html").write_text("<p>docs</p>")

    def run(run_id, keep=5, postgres=False):
        given = types.SimpleNamespace(
            paths=paths, run_id=run_id, as_of=AS_OF, say=lambda text: None,
            started_at=dt.datetime.fromisoformat(f"2026-09-30T06:{run_id[1:]:0>2}"),
            settings=types.SimpleNamespace(
                organization=Organization("Ting & <Sons>"), publish=Publish(keep, postgres)
            ),
        )  # fmt: skip
        return publish.publish(given)

    return paths, run


def bytes_of(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def read(file, sql):
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_publication_is_whole_and_served_by_a_relative_link(house):
    paths, run = house
    outcome = run("r1")
    assert outcome.status == "passed" and outcome.rows > 1000
    assert os.readlink(paths.served) == "publications/r1"
    assert {p.name for p in paths.served.iterdir()} == {
        "plumbline.duckdb", "people.duckdb", "scorecard.html", "data_docs", "publication.json",
    }  # fmt: skip
    assert (paths.served / "data_docs" / "index.html").read_text() == "<p>docs</p>"
    facts = read(paths.served / "plumbline.duckdb",
                 "select run_id, previous_run_id, organization_name, as_of "
                 "from ops.publication")  # fmt: skip
    assert facts == [("r1", None, "Ting & <Sons>", AS_OF)]
    assert read(paths.served / "plumbline.duckdb", "select status from ops.runs") == [
        ("publishing",)
    ]
    modes = {p.stat().st_mode & 0o222 for p in (paths.served).resolve().rglob("*") if p.is_file()}
    assert modes == {0}  # nobody may write what is published


def test_every_row_is_there_with_its_description_and_nothing_raw_or_of_people(house):
    paths, run = house
    run("r1")
    file = paths.served / "plumbline.duckdb"
    schemas = {row[0] for row in read(file, "select distinct schema_name from duckdb_tables()")}
    assert schemas == set(MAIN)
    for (table,) in read(file, "select table_name from duckdb_tables() where schema_name='marts'"):
        count = f"select count(*) from marts.{table}"
        assert read(file, count) == read(paths.warehouse, count), table
    assert read(file, "select comment from duckdb_tables() where table_name = 'fct_leads'") == [
        ("One row per lead.",)
    ]
    assert read(
        file, "select comment from duckdb_columns() where column_name = 'is_qualified'"
    ) == [("Sales accepted it.",)]
    people = paths.served / "people.duckdb"
    assert read(people, "select distinct schema_name from duckdb_tables() order by 1") == [
        ("dashboards",), ("main",), ("ops",),
    ]  # fmt: skip
    assert read(people, "select people from people.fct_moves order by 1 nulls last") == [
        (7,), (None,),
    ]  # fmt: skip
    everything = b"".join(p.read_bytes() for p in paths.served.resolve().rglob("*") if p.is_file())
    assert b"raw-secret" not in everything and b"ida@example.org" not in everything


def test_quarantine_is_counted_without_the_values_that_were_refused(house):
    paths, run = house
    run("r1")
    rows = read(paths.served / "plumbline.duckdb",
                "select source, table_name, field, reason, rows_quarantined "
                "from ingest.quarantine_counts")  # fmt: skip
    assert rows == [("feeds", "posts", "impressions", "… is not a number.", 1)]


def test_older_readers_can_open_what_is_published(house):
    """The storage version stands in the file's header; 64 to 67 are those of DuckDB up to 1.4."""
    paths, run = house
    run("r1")
    for name in ("plumbline.duckdb", "people.duckdb"):
        header = (paths.served / name).read_bytes()[:20]
        assert header[8:12] == b"DUCK" and int.from_bytes(header[12:20], "little") <= 67


def test_a_publication_is_never_written_again(house):
    paths, run = house
    run("r1")
    before = bytes_of(paths.served.resolve())
    with pytest.raises(PublishError, match="never written again"):
        run("r1")
    run("r2")
    assert bytes_of(paths.publications / "r1") == before


def test_the_same_build_is_published_the_same(house):
    paths, run = house
    run("r1")
    run("r2")
    for table in [
        f"{schema}.{table}"
        for schema, table in read(
            paths.served / "plumbline.duckdb",
            "select schema_name, table_name from duckdb_tables() "
            "where schema_name in ('marts', 'metrics') order by 1, 2",
        )
    ]:
        both = [read(paths.publications / r / "plumbline.duckdb", f"from {table}")
                for r in ("r1", "r2")]  # fmt: skip
        assert both[0] == both[1], table
    pages = [(paths.publications / r / "scorecard.html").read_text() for r in ("r1", "r2")]
    assert re.sub(r"\br1\b", "r2", pages[0]) == pages[1]


def test_a_reader_keeps_the_copy_it_opened(house):
    paths, run = house
    run("r1", keep=1)
    with duckdb.connect(str(paths.served.resolve() / "plumbline.duckdb"), read_only=True) as reader:
        for name in ("r2", "r3", "r4"):
            run(name, keep=1)
            assert reader.execute("select run_id from ops.publication").fetchall() == [("r1",)]
            assert reader.execute("select count(*) from marts.fct_leads").fetchone() == (200,)
        assert not (paths.publications / "r1").exists()  # dropped, and still readable above
    assert read(paths.served / "plumbline.duckdb", "select run_id from ops.publication") == [
        ("r4",)
    ]


KILLED = """
import os, signal, sys
sys.path[:0] = [{root!r}, {tests!r}]
import datetime as dt, types
from pathlib import Path
from metrics import boards, publish
from settings import Organization, Paths, Publish

real = publish.{point}
def dies(*given, **named):
    if {after}:
        real(*given, **named)
    os.kill(os.getpid(), signal.SIGKILL)
publish.{point} = dies
publish.publish(types.SimpleNamespace(
    paths=Paths(Path({data!r})), run_id="r2", as_of=dt.date(2026, 9, 30),
    started_at=dt.datetime(2026, 9, 30, 6, 2), say=lambda text: None,
    settings=types.SimpleNamespace(organization=Organization("Ting & <Sons>"), publish=Publish())))
"""


@pytest.mark.parametrize(
    ("point", "after"),
    [("copy_database", True), ("seal", False), ("seal", True), ("switch", False)],
    ids=["databases half written", "written, not synced", "synced, not named", "named, not served"],
)
def test_killed_on_the_way_what_is_served_is_untouched_and_the_next_ends_right(house, point, after):
    paths, run = house
    run("r1")
    before = bytes_of(paths.served.resolve())
    code = KILLED.format(root=str(ROOT), tests=str(ROOT / "tests"), point=point, after=after,
                         data=str(paths.data))  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert os.readlink(paths.served) == "publications/r1"
    assert bytes_of(paths.served.resolve()) == before
    run("r3")
    assert os.readlink(paths.served) == "publications/r3"
    assert read(paths.served / "plumbline.duckdb", "select count(*) from marts.fct_leads") == [
        (200,)
    ]
    assert not [p for p in paths.publications.iterdir() if p.name.startswith(".")]
    assert rollback(paths).startswith("serving r1 ")


def test_a_copy_that_is_not_the_build_is_not_served(house, monkeypatch):
    paths, run = house
    run("r1")
    real = publish._copy_comments

    def loses_a_row(connection, schema, to):
        real(connection, schema, to)
        if schema == "marts":
            connection.execute("delete from published.marts.fct_leads where lead_id = 'l7'")

    monkeypatch.setattr(publish, "_copy_comments", loses_a_row)
    with pytest.raises(PublishError, match="marts.fct_leads 200 in the build, 199 copied"):
        run("r2")
    assert os.readlink(paths.served) == "publications/r1"
    assert [p.name for p in paths.publications.iterdir()] == ["r1"]


def test_a_scorecard_that_fails_publishes_nothing(house, monkeypatch):
    paths, run = house
    run("r1")
    real = boards.load

    def with_a_card_that_fails(**given):
        board, *others = real(**given)
        at = next(k for k, tile in enumerate(board.tiles) if tile.card)
        card = dataclasses.replace(board.tiles[at].card, sql="select gone from nowhere")
        tile = dataclasses.replace(board.tiles[at], card=card)
        tiles = (*board.tiles[:at], tile, *board.tiles[at + 1 :])
        return (dataclasses.replace(board, tiles=tiles), *others)

    monkeypatch.setattr(boards, "load", with_a_card_that_fails)
    with pytest.raises(duckdb.Error, match="nowhere"):
        run("r2")
    assert os.readlink(paths.served) == "publications/r1"
    assert [p.name for p in paths.publications.iterdir()] == ["r1"]


def test_a_view_that_fails_publishes_nothing_and_names_its_file(house):
    paths, run = house
    run("r1")
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("drop table marts.fct_mentions")
    with pytest.raises(ConfigError, match=r"mention_months\.sql.*fct_mentions"):
        run("r2")
    assert os.readlink(paths.served) == "publications/r1"
    assert [p.name for p in paths.publications.iterdir()] == ["r1"]


def test_an_empty_build_is_not_published(house):
    paths, run = house
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("drop schema people cascade")
    with pytest.raises(PublishError, match="no table in people"):
        run("r1")
    assert not paths.served.is_symlink()


def test_the_newest_are_kept_and_never_less_than_the_served_and_the_one_before(house):
    paths, run = house
    for name in ("r1", "r2", "r3", "r4"):
        run(name, keep=3)
    assert publish.publications(paths) == ["r2", "r3", "r4"]
    rollback(paths, "r2")
    outcome = run("r5", keep=1)
    assert publish.publications(paths) == ["r2", "r5"]  # r2 was served before r5
    assert "dropped, being old: r3, r4" in outcome.lines[1]


def test_rollback_goes_to_what_was_served_before_and_says_so(house):
    paths, run = house
    for name in ("r1", "r2", "r3"):
        run(name)
    before = bytes_of(paths.publications / "r2")
    assert rollback(paths) == "serving r2 (as of 2026-09-30); before: r3."
    assert os.readlink(paths.served) == "publications/r2"
    assert bytes_of(paths.served.resolve()) == before
    run("r4")  # after r2, not after the r3 that was rolled back
    assert rollback(paths).startswith("serving r2 ")
    assert rollback(paths).startswith("serving r1 ")
    with pytest.raises(PublishError, match="before it is gone. Kept are r2, r3, r4"):
        rollback(paths)
    assert rollback(paths, "r4").startswith("serving r4 ")


def test_rollback_refuses_what_it_cannot_serve(house):
    paths, run = house
    with pytest.raises(PublishError, match="nothing is published yet"):
        rollback(paths)
    run("r1")
    run("r2")
    with pytest.raises(PublishError, match="r11 is no publication .* did you mean r1"):
        rollback(paths, "r11")
    with pytest.raises(PublishError, match="r2 is served already"):
        rollback(paths, "r2")
    (paths.publications / "r1" / "people.duckdb").unlink()
    with pytest.raises(PublishError, match="r1 lacks people.duckdb"):
        rollback(paths)
    assert os.readlink(paths.served) == "publications/r2"
    assert issubclass(PublishError, ConfigError)  # which the runner prints as one sentence


def test_a_folder_in_the_way_of_the_link_is_left_alone(house):
    paths, run = house
    paths.served.mkdir()
    (paths.served / "mine.txt").write_text("keep")
    with pytest.raises(PublishError, match="is not a link of ours"):
        run("r1")
    assert (paths.served / "mine.txt").read_text() == "keep"


# --- Postgres ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A PostgreSQL of our own on a socket, as another user when we are root (it refuses root)."""
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed (extra 'postgres')")
    found = {name: shutil.which(name) for name in ("initdb", "pg_ctl")}
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        found = {name: path or shutil.which(name, path=folder) for name, path in found.items()}
    if not all(found.values()):
        pytest.skip("no PostgreSQL server is installed: initdb and pg_ctl were not found")
    user = {}
    if os.geteuid() == 0:
        import pwd

        names = [n for n in ("postgres", "nobody") if any(p.pw_name == n for p in pwd.getpwall())]
        if not names:
            pytest.skip("PostgreSQL refuses to run as root, and there is no user to run it as")
        user = {"user": names[0]}
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-", dir="/tmp"))  # a socket's path is short
    if user:
        shutil.chown(folder, user["user"])

    def call(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder,
                              timeout=120, **user)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    data = str(folder / "data")
    call(found["initdb"], "-D", data, "-U", "plumbline", "-A", "trust", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    call(found["pg_ctl"], "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield f"host={folder} user=plumbline dbname=postgres"
    call(found["pg_ctl"], "-D", data, "-w", "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def postgres(server, monkeypatch):
    import psycopg2

    monkeypatch.setenv("PLUMBLINE_POSTGRES_DSN", server)
    connection = psycopg2.connect(server)
    connection.autocommit = True

    def ask(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None

    for schema in MAIN:
        ask(f"drop schema if exists {schema} cascade")
    yield ask
    connection.close()


def test_postgres_holds_the_same_rows_types_and_descriptions(house, postgres):
    paths, run = house
    run("r1", postgres=True)
    assert postgres("select run_id, as_of from ops.publication") == [("r1", AS_OF)]
    tables = read(paths.served / "plumbline.duckdb",
                  "select schema_name, table_name from duckdb_tables()")  # fmt: skip
    for schema, table in tables:
        count = f'select count(*) from {schema}."{table}"'
        assert postgres(count) == read(paths.served / "plumbline.duckdb", count), table
    for sql in (
        "select goal_id, why, actual, probability, as_of from metrics.goal_status order by 1",
        "select sum(spend_reporting), count(clicks), min(date_day) from marts.fct_channel_days",
        "select trust_reason, count(*) from metrics.metric_values group by 1 order by 1",
    ):
        assert postgres(sql) == read(paths.served / "plumbline.duckdb", sql)
    assert postgres("select obj_description('marts.fct_leads'::regclass)") == [
        ("One row per lead.",)
    ]
    assert postgres("select count(*) from pg_namespace where nspname ~ '_next$|people'") == [(0,)]


def test_readers_in_postgres_keep_their_rights_and_see_whole_publications(house, postgres):
    paths, run = house
    run("r1", postgres=True)
    postgres("drop role if exists metabase")
    postgres("create role metabase login")
    for schema in ("marts", "ops"):
        postgres(f"grant usage on schema {schema} to metabase")
    run("r2", postgres=True)
    rights = "select has_table_privilege('metabase', '{}', 'select')"
    assert postgres(rights.format("marts.fct_leads")) == [(True,)]
    assert postgres("select has_schema_privilege('metabase', 'metrics', 'usage')") == [(False,)]
    assert postgres("select run_id from ops.publication") == [("r2",)]
    rollback(paths)
    assert postgres(
        "select run_id, (select count(*) from marts.fct_leads) from ops.publication"
    ) == [("r1", 200)]
    postgres("drop owned by metabase")
    postgres("drop role metabase")


def test_a_reader_who_holds_the_tables_stops_the_publication_and_not_the_reader(
    house, postgres, server, monkeypatch
):
    import psycopg2

    from metrics import postgres as sending

    paths, run = house
    run("r1", postgres=True)
    monkeypatch.setattr(sending, "PATIENCE", 0.2)
    reader = psycopg2.connect(server)
    with reader.cursor() as cursor:
        cursor.execute("select count(*) from marts.fct_leads")
        with pytest.raises(ConfigError, match="readers held the old tables"):
            run("r2", postgres=True)
        assert os.readlink(paths.served) == "publications/r1"
        assert publish.publications(paths) == ["r1"]
        cursor.execute("select run_id from ops.publication")
        assert cursor.fetchall() == [("r1",)]
    reader.close()
    run("r3", postgres=True)  # what was left half-way is cleared
    assert postgres("select run_id from ops.publication") == [("r3",)]


def test_postgres_without_a_name_or_a_server_is_a_sentence(house, monkeypatch):
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed (extra 'postgres')")
    paths, run = house
    monkeypatch.delenv("PLUMBLINE_POSTGRES_DSN", raising=False)
    with pytest.raises(ConfigError, match="PLUMBLINE_POSTGRES_DSN is not set"):
        run("r1", postgres=True)
    monkeypatch.setenv("PLUMBLINE_POSTGRES_DSN", f"host={paths.data} connect_timeout=1")
    with pytest.raises(ConfigError, match="Postgres does not answer"):
        run("r2", postgres=True)
    assert not paths.served.is_symlink() and publish.publications(paths) == []


def test_what_is_published_is_said_in_a_file_that_scripts_can_read(house):
    paths, run = house
    run("r1")
    run("r2")
    said = json.loads((paths.served / "publication.json").read_text())
    assert (said["run_id"], said["previous"], said["as_of"]) == ("r2", "r1", "2026-09-30")
    assert said["rows"]["marts.fct_leads"] == 200 and said["rows"]["people.fct_moves"] == 2


def marked(paths, run_id):
    """The build's goals say which run they are of."""
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute("update metrics.goal_status set why = ?", [run_id])


WHOLE = "select run_id, (select string_agg(distinct why, ',') from metrics.goal_status) from "


def test_readers_in_postgres_see_only_whole_versions_during_twenty_publications(
    house, postgres, server
):
    import threading

    import psycopg2

    paths, run = house
    marked(paths, "r1")
    run("r1", postgres=True)
    seen, done = [], threading.Event()

    def read_on():
        connection = psycopg2.connect(server)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not done.is_set():
                cursor.execute(WHOLE + "ops.publication")
                seen.extend(cursor.fetchall())
                done.wait(0.01)
        connection.close()

    readers = [threading.Thread(target=read_on) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, 22):
            marked(paths, f"r{number}")
            run(f"r{number}", postgres=True)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert [pair for pair in seen if pair[0] != pair[1]] == []
    assert len(set(seen)) > 10 and seen[-1][0] == "r21"


@pytest.mark.parametrize(
    ("point", "there"),
    [("before the copy's commit", "r1"), ("before the swap's commit", "r1"),
     ("after the swap's commit", "r2")],
)  # fmt: skip
def test_a_killed_publisher_leaves_a_whole_version_and_the_next_one_agrees(
    house, postgres, point, there
):
    import signal

    import psycopg2

    paths, run = house
    marked(paths, "r1")
    run("r1", postgres=True)
    before = bytes_of(paths.served.resolve())
    marked(paths, "r2")
    child = os.fork()
    if not child:
        left = {"before the copy's commit": 1, "before the swap's commit": 2}.get(point, 0)

        class Dying(psycopg2.extensions.connection):
            commits = 0

            def __exit__(self, *error):
                Dying.commits += 1
                if Dying.commits == left:
                    os.kill(os.getpid(), signal.SIGKILL)
                return super().__exit__(*error)

        original = psycopg2.connect
        psycopg2.connect = lambda dsn: original(dsn, connection_factory=Dying)
        publish.switch = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        run("r2", postgres=True)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert postgres(WHOLE + "ops.publication") == [(there, there)]
    assert os.readlink(paths.served) == "publications/r1"
    assert bytes_of(paths.served.resolve()) == before
    marked(paths, "r3")
    run("r3", postgres=True)
    assert postgres(WHOLE + "ops.publication") == [("r3", "r3")]
    assert os.readlink(paths.served) == "publications/r3"
