"""Killed at any point, the next run ends right: no row twice, none lost, every row in the books."""

import subprocess
import sys
from pathlib import Path

import duckdb
import interrupted
import pytest
import yaml

RIGHT = {
    "feeds.fx_rates": [("USD", 0.5), ("USD", 0.9)],
    "hubspot.contacts": [("1", "IT"), ("2", "FR")],
    "hubspot.companies": [("9", None)],
    "bamboohr.employees": [("Legal", None), ("Sales", None)],
}
COLUMNS = {
    "feeds.fx_rates": "currency, rate",
    "hubspot.contacts": "contact_id, country",
    "hubspot.companies": "company_id, name",
    "bamboohr.employees": "department, _valid_to",
}


def made(folder):
    """A feed with a good file, a refused row and a correction, to go with the two sources."""
    files = folder / "files"
    files.mkdir(parents=True)
    entry = {"feed": "fx_rates", "files": "*.csv", "constants": {"reporting_currency": "EUR"}}
    (files / "mapping.yml").write_text(yaml.safe_dump([entry]))
    (files / "a.csv").write_text("currency,date,rate\nUSD,2026-09-28,0.9\nUSD,2026-09-29,x\n")
    (files / "b.csv").write_text("currency,date,rate\nUSD,2026-09-28,0.5\n")
    return folder


@pytest.fixture
def folder(tmp_path):
    return made(tmp_path)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """For every point, the folder of an ingestion that was killed there."""
    base = tmp_path_factory.mktemp("killed")
    folders = {point: made(base / str(number)) for number, point in enumerate(interrupted.POINTS)}
    done = subprocess.run(
        [sys.executable, interrupted.__file__, *map(str, folders.values())],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folders


def ask(folder, query):
    with duckdb.connect(str(folder / "data/build/plumbline.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.mark.parametrize("point", interrupted.POINTS)
def test_killed_and_run_again_everything_is_there_once(killed, point):
    folder = killed[point]
    for turn in (2, 3) if point == interrupted.POINTS[-1] else (2,):
        outcome = interrupted.ingest(folder, turn)
        assert not any("failed" in line for line in outcome.lines)
        for table, rows in RIGHT.items():
            found = ask(folder, f"select {COLUMNS[table]} from raw_{table} order by all")
            assert found == rows, (turn, table)
    # The books: every load balances, and what the feeds brought is new exactly once.
    assert ask(
        folder, "select count(*) from ingest.loads where rows_fetched <> rows_loaded + "
        "rows_quarantined or status = 'failed'",
    ) == [(0,)]  # fmt: skip
    assert ask(folder, "select sum(rows_new) from ingest.loads where source = 'feeds'") == [(2,)]
    assert ask(
        folder, "select source, table_name, reason from ingest.quarantine order by source"
    ) == [("feeds", "fx_rates", "rate: not a number"),
          ("hubspot", "contacts", "contact_id: missing")]  # fmt: skip
    # The cursor moved once with each load that was read and booked, not with one made good.
    booked = ask(
        folder,
        "select count(*) from ingest.loads where source = 'hubspot' and table_name = 'contacts' "
        "and error is null",
    )[0][0]
    cursor = ask(folder, "select cursors from ingest.cursors where source = 'hubspot'")
    assert cursor == [(f'{{"turn": {booked}}}',)]
    left = list((folder / "data/build/dlt").rglob("*.parquet"))
    assert not left, "a package was left behind"


def test_a_package_that_cannot_be_loaded_is_given_up_and_its_rows_are_read_again(
    folder, monkeypatch
):
    from dlt.destinations.impl.duckdb import duck

    def poisoned(job):
        raise duckdb.ConversionException("this package never loads")

    with monkeypatch.context() as patch:
        patch.setattr(duck.DuckDbCopyJob, "run", poisoned)
        outcome = interrupted.ingest(folder, 1)
    assert outcome.status == "degraded"
    assert any("feeds.fx_rates is failed: this package never loads" in x for x in outcome.lines)
    assert ask(folder, "select count(*) from raw_feeds.fx_rates") == [(0,)]
    assert ask(folder, "select count(*) from ingest.files") == [(0,)]
    interrupted.ingest(folder, 2)
    for table, rows in RIGHT.items():
        found = ask(folder, f"select {COLUMNS[table]} from raw_{table} order by all")
        assert found == rows, table


LIMITED = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
import interrupted
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writing beyond the limit fails as on a full disk
import dlt, pandas, duckdb
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
outcome = interrupted.ingest(interrupted.Path(sys.argv[1]), 2)
print(outcome.status, *outcome.lines, sep="\\n")
"""


@pytest.mark.parametrize("room", [0, 900_000])
def test_a_full_disk_fails_cleanly_and_old_rows_stay(folder, room):
    interrupted.ingest(folder, 1)
    lines = "\n".join(f"U{number:07},2026-09-28,0.{number:09}" for number in range(200_000))
    (folder / "files" / "c.csv").write_text(f"currency,date,rate\n{lines}\n")
    size = (folder / "data/build/plumbline.duckdb").stat().st_size
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder), str(Path(interrupted.__file__).parent),
         str(size + room)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "large" in done.stdout or "write" in done.stdout, done.stdout
    assert done.stdout.splitlines()[0] in ("failed", "degraded")
    for table, rows in RIGHT.items():
        found = ask(folder, f"select {COLUMNS[table]} from raw_{table} order by all")
        assert found == rows, table
    interrupted.ingest(folder, 3)
    assert ask(folder, "select count(*), count(distinct _row_key) from raw_feeds.fx_rates") == [
        (200_002, 200_001)
    ]
