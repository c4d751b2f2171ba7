"""Ingestions that kill their own process, one at each point: `python tests/interrupted.py ...`.

The points are patched in here, from outside; what is killed is the code that always runs.
"""

import datetime as dt
import os
import signal
import sys
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from settings import Feeds, Organization, Paths, Privacy, Run, Settings, Source

POINTS = [
    "while extracting",
    "while a large file is set aside",
    "before a large file is loaded",
    "before normalizing",
    "before loading",
    "after a feed's rows were committed",
    "after a merge was staged",
    "after a merge was committed",
    "after a new version was committed",
    "before keeping book",
    "while keeping book",
]


def contacts(context):
    """Two contacts, one of them twice, one that cannot be taken; a cursor that moves on."""
    context.cursors["turn"] = context.cursors.get("turn", 0) + 1
    yield "contacts", [{"contact_id": "1", "country": "DE"}, {"contact_id": "2", "country": "FR"}]
    yield "contacts", [{"contact_id": "1", "country": "IT"}, {"contact_id": None}]
    yield "companies", [{"company_id": "9"}]


def employees(context):
    yield "employees", [{"employee_id": "1", "department": "Sales"},
                        {"employee_id": "2", "department": "Legal"}]  # fmt: skip


EXTRACTS = {"hubspot": contacts, "bamboohr": employees}


def ingest(folder, turn):
    """One run over the files in `folder/files` and the two sources above."""
    from ingestion import fetching
    from ingestion.run import ingest as step

    sources = {name: Source("http://127.0.0.1:1", "data_lead") for name in EXTRACTS}
    settings = Settings(Organization("Test"), Privacy(key="sample"), sources=sources,
                        feeds=Feeds(folders=(str(folder / "files"),)))  # fmt: skip
    started = dt.datetime(2026, 9, 30, 5, turn, tzinfo=dt.UTC)
    run = Run(settings, Paths(folder / "data"), f"run{turn}", dt.date(2026, 9, 30), started)
    with mock.patch.object(fetching, "extractor", EXTRACTS.get):
        return step(run)


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(owner, name, when=lambda *args: True):
    """`owner.name` does its work and then the process is gone."""
    original = getattr(owner, name)

    def wrapped(*args, **kwargs):
        result = original(*args, **kwargs)
        if when(*args):
            die()
        return result

    setattr(owner, name, wrapped)


def arrange(point):
    from dlt.destinations.impl.duckdb import duck
    from dlt.destinations.job_client_impl import SqlLoadJob
    from dlt.pipeline.pipeline import Pipeline

    from ingestion import feeding, ledger

    source = {"after a merge was staged": "contacts", "after a merge was committed": "contacts",
              "after a new version was committed": "employees"}.get(point, "fx_rates")  # fmt: skip

    def of_source(job, *_):
        return f"/{source}." in job._file_path

    if point == "while extracting":
        original = feeding._stream

        def stream(*args):
            yield from original(*args)
            die()

        feeding._stream = stream
    elif point == "while a large file is set aside":
        feeding.SMALL = 0
        dying_after(feeding._Said, "new", lambda *_: True)
    elif point == "before normalizing":
        original = Pipeline.normalize
        Pipeline.normalize = lambda line, *a, **k: (
            die() if line.pipeline_name == "feeds" else original(line, *a, **k)
        )
    elif point in ("before loading", "before a large file is loaded"):
        feeding.SMALL = 0 if "large" in point else feeding.SMALL
        original = Pipeline.load
        Pipeline.load = lambda line, *a, **k: (
            die() if line.pipeline_name == "feeds" else original(line, *a, **k)
        )
    elif point in ("after a feed's rows were committed", "after a merge was staged"):
        dying_after(duck.DuckDbCopyJob, "run", of_source)
    elif point in ("after a merge was committed", "after a new version was committed"):
        dying_after(SqlLoadJob, "run", of_source)
    elif point == "before keeping book":
        ledger.record = lambda con, run, load: die() if load.source == "feeds" else None
    elif point == "while keeping book":
        dying_after(ledger, "_record_account", lambda con, run, load, account: True)


def main(folders):
    """Each point in a child of its own; all children share the imports of this process."""
    import dlt.destinations.impl.duckdb.duck  # noqa: F401
    import pandas  # noqa: F401

    for point, folder in zip(POINTS, folders, strict=True):
        child = os.fork()
        if not child:
            arrange(point)
            ingest(Path(folder), 1)
            os._exit(3)  # the point was never reached
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status):
            sys.exit(f"{point}: the child ended with status {status}")


if __name__ == "__main__":
    main(sys.argv[1:])
