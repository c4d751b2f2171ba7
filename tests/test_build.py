"""A whole build as a scheduled job runs it: what it leaves, and what no fault may take away."""

import hashlib
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import CLEAN, build

from settings import ROOT, Paths

READ_AT = {
    "marts.fct_restatements": ("restatement_key", "said_at", "corrected_at"),
    "metrics.metric_values": ("model_run_id",),
    "metrics.mix_model_runs": ("run_id", "seconds"),
    **dict.fromkeys(
        (
            "metrics.evidence", "metrics.experiment_estimates", "metrics.experiment_periods",
            "metrics.mix_model_estimates", "metrics.mix_model_tests",
        ),
        ("run_id",),
    ),
}  # fmt: skip
"""What says when a house read its input or first made an estimate of it: two houses do that at
different times."""


def content(
    database: Path, schemas: tuple[str, ...], but: dict[str, tuple[str, ...]] | None = None
) -> dict[str, tuple]:
    """Every table of the schemas: rows and a sum over row hashes, whatever their order; `but`
    leaves out columns of tables."""

    def exclude(name: str) -> str:
        columns = (but or {}).get(name)
        return f"exclude ({', '.join(columns)})" if columns else ""

    with duckdb.connect(str(database), read_only=True) as warehouse:
        names = warehouse.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where schema_name in (select unnest(?)) order by 1",
            [list(schemas)],
        ).fetchall()
        return {
            name: warehouse.execute(
                f"select count(*), sum(hash(t)::hugeint) from "
                f"(select * {exclude(name)} from {name}) as t"
            ).fetchone()
            for (name,) in names
        }


def published(data: Path, but: dict[str, tuple[str, ...]] | None = None) -> dict[str, tuple]:
    served = Paths(data).served
    return content(served / "plumbline.duckdb", ("marts", "metrics"), but) | content(
        served / "people.duckdb", ("main",)
    )


def fingerprints(folder: Path) -> dict[str, str]:
    """Every file behind `data/served`, byte for byte."""
    real = folder.resolve()
    return {
        str(path.relative_to(real)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(real.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def another(built, tmp_path_factory):
    """A copy of the finished build that a test may work in; publications keep their names."""
    data = tmp_path_factory.mktemp("another") / "data"
    shutil.copytree(built.data, data, symlinks=True)
    return data


def test_a_build_serves_a_scorecard_and_two_databases(built):
    served = built.served
    assert {"plumbline.duckdb", "people.duckdb", "scorecard.html"} <= {
        path.name for path in served.iterdir()
    }
    tables = content(served / "plumbline.duckdb", ("marts", "metrics", "quality", "ops"))
    assert all(rows > 0 for rows, _ in (tables["metrics.goal_status"], tables["marts.fct_deals"]))
    assert not content(served / "plumbline.duckdb", ("people", "raw_feeds", "staging"))
    assert content(served / "people.duckdb", ("main",))


def test_fetched_rows_are_loaded_or_quarantined_and_none_is_lost(built):
    with duckdb.connect(str(built.warehouse), read_only=True) as warehouse:
        wrong, fetched, kept_out = warehouse.execute(
            "select count(*) filter (where rows_fetched <> rows_loaded + rows_quarantined), "
            "sum(rows_fetched), sum(rows_quarantined) from ingest.loads"
        ).fetchone()
    assert wrong == 0 and fetched > 50_000 and kept_out > 0


def test_every_goal_has_an_owner_a_status_and_a_trust_mark(built):
    with duckdb.connect(str(built.served / "plumbline.duckdb"), read_only=True) as served:
        rows = served.execute(
            "select goal_id, owner_role, status, trust, owner_name from metrics.goal_status"
        ).fetchall()
    assert len(rows) >= 8
    for goal, *marks in rows:
        assert all(marks), (goal, marks)
    assert len({status for _, _, status, _, _ in rows}) >= 3


def test_nothing_personal_is_served(built):
    """The sample's e-mail addresses and employees' handles, looked for in every served byte."""
    clear = [b"@harbourvale", b"@harbour-vale", b"@example."]
    for path in built.served.resolve().rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert not any(word in text for word in clear), path


def test_a_second_build_with_nothing_new_keeps_what_is_served(another):
    before = (another / "served").resolve()
    done = build(another)
    assert done.returncode == 0, done.stderr
    assert "nothing new" in done.stdout
    assert (another / "served").resolve() == before


def test_an_earlier_day_is_refused_where_a_later_one_was_loaded(another):
    before = fingerprints(another / "served")
    done = build(another, AS_OF="2026-06-30")
    assert done.returncode == 1
    assert "2026-06-30 is earlier than 2026-09-30" in done.stderr
    assert "PLUMBLINE_DATA" in done.stderr
    assert fingerprints(another / "served") == before


def test_a_reader_is_not_disturbed_and_the_same_input_gives_the_same_marts(another, built):
    """Forced: every step runs again, over the same input and clock, while a reader reads."""
    file = (another / "served").resolve() / "plumbline.duckdb"
    before = fingerprints(another / "served")
    with duckdb.connect(str(file), read_only=True) as reader:
        count = "select count(*) from marts.fct_channel_days"
        rows = reader.execute(count).fetchone()
        done = build(another, "--force")
        assert done.returncode == 0, done.stdout + done.stderr
        assert reader.execute(count).fetchone() == rows
    assert fingerprints(file.parent) == before
    assert (another / "served").resolve() != file.parent
    assert published(another) == published(built.data)


def test_two_builds_at_once_end_as_one_build_and_one_refusal(another):
    environment = {name: value for name, value in os.environ.items() if name not in CLEAN}
    both = [
        subprocess.Popen(
            [sys.executable, str(ROOT / "pipeline.py"), "build"],
            env={**environment, "PLUMBLINE_DATA": str(another)},
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    told = [process.communicate(timeout=300) for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes == [0, 1], told
    refused = next(err for process, (_, err) in zip(both, told, strict=True) if process.returncode)
    assert "another build holds" in refused and "process" in refused


def test_a_full_disk_leaves_the_publication_and_says_so(another):
    before = fingerprints(another / "served")
    environment = {name: value for name, value in os.environ.items() if name not in CLEAN}

    def little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    done = subprocess.run(
        [sys.executable, str(ROOT / "pipeline.py"), "build", "--force"],
        env={**environment, "PLUMBLINE_DATA": str(another)},
        cwd=ROOT, capture_output=True, text=True, timeout=300, preexec_fn=little_room,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert done.stderr.strip() and "Traceback" not in done.stderr
    assert fingerprints(another / "served") == before
    after = build(another, "--force")
    assert after.returncode == 0, after.stdout + after.stderr


def step(data: Path, name: str, seconds: float = 600, **environment: str) -> bool:
    """One step as `make <step>` runs it; True when it had to be killed with SIGKILL."""
    env = {key: value for key, value in os.environ.items() if key not in CLEAN}
    process = subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "pipeline.py"), name],
        env={**env, "PLUMBLINE_DATA": str(data), **environment},
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    begun = process.stdout.readline()  # the lock is held and the run is noted
    try:
        told, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, f"{name} ended: {begun}{told}"
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True


def test_a_kill_in_any_step_leaves_the_publication_and_the_next_build_ends_right(tmp_path_factory):
    """An earlier day is published; then every step of the sample's day is killed in turn. What is
    served stays byte for byte, and the build after them equals that of a twin, a copy of the house
    as it was on the earlier day, in which the sample's day was never killed.
    """
    data = tmp_path_factory.mktemp("killed")
    first = build(data, AS_OF="2026-06-30")
    assert first.returncode == 0, first.stdout + first.stderr
    twin = tmp_path_factory.mktemp("twin") / "data"
    shutil.copytree(data, twin, symlinks=True)
    undisturbed = build(twin)
    assert undisturbed.returncode == 0, undisturbed.stdout + undisturbed.stderr
    before = fingerprints(data / "served")
    kills = [("ingest", 2.0), ("ingest", 4.0), ("gate-raw", 2.0), ("transform", 4.0),
             ("transform", 9.0), ("measure", 3.0), ("gate-marts", 1.5),
             ("publish", 0.2)]  # fmt: skip
    killed = 0
    for number, (name, seconds) in enumerate(kills):
        while not step(data, name, seconds):  # a faster machine was done before the kill
            assert name != "publish", "publish was done within a fifth of a second"
            seconds /= 2
        killed += 1
        assert fingerprints(data / "served") == before, name
        following = kills[number + 1][0] if number + 1 < len(kills) else name
        if following != name:  # the steps after it need it done
            assert not step(data, name)
            assert fingerprints(data / "served") == before, name
    last = build(data)
    assert last.returncode == 0, last.stdout + last.stderr
    ours, theirs = published(data, READ_AT), published(twin, READ_AT)
    assert len(ours) > 50
    assert {name for name in theirs if ours.get(name) != theirs[name]} == set()
    assert ours.keys() == theirs.keys()
    with duckdb.connect(str(Paths(data).warehouse), read_only=True) as warehouse:
        noted = warehouse.execute("select count(*) from ops.runs where status = 'killed'")
        assert noted.fetchone() == (killed,)
        doubled, left_over = warehouse.execute(
            "select count(*) - count(distinct (_row_key, _row_hash)), "
            "count(*) filter (where _row_key is null) from raw_feeds.account_days"
        ).fetchone()
    assert (doubled, left_over) == (0, 0)
