"""What several tests share: one true build of the sample organization, made once a session."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from settings import ROOT, Paths

sys.path.insert(0, str(ROOT))
CLEAN = ("AS_OF", "STRICT", "FORCE", "WAIT", "FULL_REFRESH", "PLUMBLINE_CONFIG",
         "PLUMBLINE_WEBHOOK", "PLUMBLINE_KEY", "PLUMBLINE_POSTGRES_DSN")  # fmt: skip


def build(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """`pipeline.py build` in a process of its own, as a scheduled job would run it."""
    env = {name: value for name, value in os.environ.items() if name not in CLEAN}
    return subprocess.run(
        [sys.executable, str(ROOT / "pipeline.py"), "build", *arguments],
        env={**env, "PLUMBLINE_DATA": str(data), **environment},
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Paths of a finished build of the sample; read it, never write to it.

    `$PLUMBLINE_TEST_BUILD` names a folder with one already made, to save the time by hand.
    """
    given = os.environ.get("PLUMBLINE_TEST_BUILD")
    data = Path(given) if given else of_all_workers(tmp_path_factory) / "built"
    data.parent.mkdir(parents=True, exist_ok=True)
    with data.with_name(data.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (data / "served").exists():
            done = build(data)
            assert done.returncode == 0, done.stdout + done.stderr
            (data / "build.log").write_text(done.stdout, encoding="utf-8")
    return Paths(data)


def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run of the tests, which its parallel workers share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def served(built: Paths, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the served plumbline.duckdb and people.duckdb, with the tables of
    the dashboards, made anew where the build is older than the views. Read it only."""
    import duckdb

    from metrics.views import make_views

    folder = tmp_path_factory.mktemp("served")
    for name, database in (("plumbline", "main"), ("people", "people")):
        file = folder / f"{name}.duckdb"
        shutil.copyfile(built.served / file.name, file)
        with duckdb.connect(str(file)) as connection:
            connection.execute("drop schema if exists dashboards cascade")
        make_views(file, database)
    return folder


@pytest.fixture(scope="module", params=["held in memory", "set aside as Parquet"])
def size(request: pytest.FixtureRequest):
    """What holds for small files of feeds holds for large ones, which go another way."""
    from ingestion import feeding

    with pytest.MonkeyPatch.context() as patched:
        if request.param == "set aside as Parquet":
            patched.setattr(feeding, "SMALL", 0)
        yield
