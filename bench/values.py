"""Values of all metrics: compiled and run apart, on the sample and on 50 million fact rows."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import time
import typing
from pathlib import Path

from bench.measuring import measured

FACTS = ("fct_post_days", "fct_channel_days")  # most of the metrics that grow come from these
LARGE = 50_000_000
CELLS = 100 * 5 * 4  # metrics x grains x slices, to which the seconds are scaled


class Values(typing.NamedTuple):
    """`cells`: metrics by grain and slice that were asked for; seconds of the clock, MB."""

    facts: int
    cells: int
    queries: int
    compile: float
    run: float
    memory: float

    def scaled(self, seconds: float) -> float:
        return seconds / self.cells * CELLS


def on(data: Path, folder: Path, rows: int | None = None) -> Values:
    """Over a copy of the build in `data`, its FACTS grown to `rows` by saying each row again."""
    import duckdb

    copy = folder / f"values{rows or 0}"
    (copy / "build").mkdir(parents=True)
    shutil.copyfile(data / "build/plumbline.duckdb", copy / "build/plumbline.duckdb")
    shutil.copytree(data / "build/target", copy / "build/target")
    with duckdb.connect(str(copy / "build/plumbline.duckdb")) as warehouse:
        sizes = "select " + " + ".join(f"(select count(*) from marts.{name})" for name in FACTS)
        [(facts,)] = warehouse.execute(sizes).fetchall()
        if rows:
            for name in FACTS:
                warehouse.execute(
                    f"insert into marts.{name} select fact.* from marts.{name} as fact, "
                    f"range({rows // facts}) as again"
                )
            [(facts,)] = warehouse.execute(sizes).fetchall()
    told = measured(["-m", "bench.values"], PLUMBLINE_DATA=str(copy))
    found = json.loads(told.printed.splitlines()[-1])
    shutil.rmtree(copy)
    return Values(facts, **found, memory=told.memory)


def main() -> None:
    """One process: compile, then run, of the warehouse in $PLUMBLINE_DATA."""
    import duckdb

    import settings as house
    from metrics import catalogue as definitions
    from metrics import queries, values

    settings, now = house.load_settings(), dt.datetime.now(dt.UTC).replace(tzinfo=None)
    run = house.Run(settings, house.load_paths(), "", house.clock(settings), now)
    catalogue = definitions.load()
    found = queries.manifests(run, catalogue)
    begun = time.perf_counter()
    asked = queries.compiled(catalogue, found, run.paths.data / "none.json")
    compiled = time.perf_counter()
    with duckdb.connect(str(run.paths.warehouse)) as connection:
        values.write(run, connection, catalogue, asked)
    done = time.perf_counter()
    cells = sum(len(query.wanted) for query in asked if query.slice_name != queries.ORIGIN)
    json.dump({"cells": cells, "queries": len(asked), "compile": compiled - begun,
               "run": done - compiled}, sys.stdout)  # fmt: skip


if __name__ == "__main__":
    main()
