"""`make bench`: run every measurement and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from bench import (
    attribution,
    builds,
    bulk,
    credit,
    dashboards,
    evidence,
    files,
    identity,
    pages,
    reference,
    values,
)
from bench.measuring import Figures
from settings import ROOT

PARTS = ("bulk", "files", "pages", "builds", "scale", "credit", "evidence", "identity",
         "reference")  # fmt: skip
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`; run it again on your machine. Whole processes, imports included, by the
operating system's own account. Machines differ and may be busy, so read the ratios, which come from
one run, before the seconds. This run: {cores} cores, Python {python}, DuckDB {duckdb}.
"""

NOTES = """
## What stands in the way
- **Files, 4 times the processor**: nearest to it. Of 5.6 s libraries start in 1.2; reading, typing,
  checking and two md5 take 2.0, Parquet between us and dlt 0.5, telling repeated keys 0.2, the load
  1.7. Machines that are busy show up to a tenth more.
- **Pages, 40,000 rows/s**: HubSpot's pages end at 100 rows, and a request costs the HTTP client
  0.8 ms of processor; objects into rows and columns take 6 microseconds a row.
- **Memory at x100**: DuckDB takes what the machine has before it spills, and the simulated HubSpot
  holds its rows in the build's process.
"""


def main() -> None:
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("--only", choices=PARTS, action="append")
    options.add_argument("--scale", type=int, default=100, help="size of the scaled sample")
    chosen = options.parse_args()
    wanted = chosen.only or PARTS
    import platform

    import duckdb

    parts = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "bulk" in wanted:
            parts["bulk"] = _bulk(folder / "bulk")
        if "files" in wanted:
            print(files.write_page(folder / "files"))
        if "pages" in wanted:
            parts["pages"] = _pages(folder / "pages")
        if "builds" in wanted or "scale" in wanted:
            parts["builds"] = _builds(folder / "builds", chosen.scale if "scale" in wanted else 0)
        if "evidence" in wanted or "identity" in wanted:
            builds.build(folder / "sample")
            sample = folder / "sample" / "data1"
            if "evidence" in wanted:
                print(evidence.write(sample), attribution.write(sample), sep="\n\n")
            if "identity" in wanted:
                print(identity.write(sample))
        if "reference" in wanted:
            print(reference.write())
        if "credit" in wanted:
            parts["credit"] = _credit(folder / "credit")
    head = HEAD.format(
        cores=os.cpu_count(), python=platform.python_version(), duckdb=duckdb.__version__
    )
    text = "\n".join([head, *parts.values()]) + NOTES
    print(text)
    if not chosen.only:
        PAGE.write_text(text, encoding="utf-8")


def _row(name: str, figures: Figures, rows: int) -> str:
    speed = f"{rows / figures.wall:,.0f}"
    cells = (f"{figures.wall:.1f}", f"{figures.processor:.1f}", speed, f"{figures.memory:.0f}")
    return f"| {name} | {' | '.join(cells)} |"


def _bulk(folder: Path) -> str:
    ours, alone, arrived = bulk.run(folder)
    assert arrived == bulk.ROWS, arrived
    return f"""## Files into raw
{bulk.ROWS:,} rows x 15 columns of CSV through a feed (read, parsed, checked, versioned, loaded by
dlt), against DuckDB reading the same file into a table. Aims: 100,000 rows/s, 4 times the
processor, 700 MB.

| | wall s | processor s | rows/s | peak MB |
|---|---|---|---|---|
{_row("`make ingest`", ours, arrived)}
{_row("DuckDB alone", alone, arrived)}
| ratio | {ours.wall / alone.wall:.1f} | {ours.processor / alone.processor:.1f} | | |
"""


def _pages(folder: Path) -> str:
    figures, seconds, arrived = pages.run(folder)
    assert arrived == pages.ROWS, arrived
    return f"""## API pages into raw
{pages.ROWS:,} HubSpot contacts in pages of 100 from a vendor on loopback (a process of its own),
through the source module: parsed, flattened, hashed, checked, loaded. Aim: 40,000 rows/s.

| | wall s | processor s | rows/s | peak MB |
|---|---|---|---|---|
| ingest step | {seconds:.1f} | | {arrived / seconds:,.0f} | |
{_row("whole process", figures, arrived)}
"""


def _builds(folder: Path, scale: int) -> str:
    first, first_steps = builds.build(folder)
    second, second_steps = builds.build(folder)
    forced, forced_steps = builds.build(folder, 1, "--force")
    names = [step for step, _ in first_steps]
    columns = [("first build", first, first_steps), ("second, nothing new", second, second_steps),
               ("second, forced", forced, forced_steps)]  # fmt: skip
    raw = {1: builds.rows(folder, 1)}
    if scale:
        big, big_steps = builds.build(folder, scale)
        raw[scale] = builds.rows(folder, scale)
        columns.append((f"sample x{scale}", big, big_steps))
    lines = ["| seconds | " + " | ".join(name for name, _, _ in columns) + " |",
             "|---|" + "---|" * len(columns)]  # fmt: skip
    for step in names:
        cells = [
            f"{dict(steps)[step]:.1f}" if step in dict(steps) else "" for _, _, steps in columns
        ]
        lines.append(f"| {step} | " + " | ".join(cells) + " |")
    lines.append(
        "| **total wall** | " + " | ".join(f"**{f.wall:.1f}**" for _, f, _ in columns) + " |"
    )
    lines.append("| processor | " + " | ".join(f"{f.processor:.1f}" for _, f, _ in columns) + " |")
    lines.append("| peak MB | " + " | ".join(f"{f.memory:.0f}" for _, f, _ in columns) + " |")
    shown = _values(folder) + "\n" + _dashboards(folder, scale)
    imports = builds.imports()
    share = sum(imports.values()) / first.processor
    words = ", ".join(f"{name} {value:.1f}" for name, value in imports.items())
    more = ""
    if scale:
        more = (
            f"\nThe sample has {raw[1]:,.0f} raw rows; x{scale} it has {raw[scale]:,.0f} "
            f"({raw[scale] / raw[1]:.0f} times). It takes {big.wall / first.wall:.1f} times as "
            f"long and {big.memory / first.memory:.1f} times the memory.\n"
        )
    return f"""## Builds of the sample organization
Environment installed. Aims on two idle cores: 60 s, and 30 s for a second build. The second
build finds the same raw rows, clock, settings and code, and ends there; "forced" runs every step
again.

{chr(10).join(lines)}

Imports, each in a process of its own, processor seconds: {words}. Together at most
{share:.0%} of the first build (they share parts).
{more}
{shown}"""


def _values(folder: Path) -> str:
    """Over the build that is there already."""
    lines = []
    for rows in (None, values.LARGE):
        told = values.on(folder / "data1", folder, rows)
        lines.append(
            f"| {told.facts:,} | {told.cells:,} | {told.queries} | {told.compile:.1f} "
            f"| {told.run:.1f} | {told.scaled(told.compile):.1f} | {told.scaled(told.run):.1f} "
            f"| {told.memory:.0f} |"
        )
    return f"""## Values of metrics
All metrics by their grains and slices (a cell each): MetricFlow compiles, DuckDB runs. A build
keeps what was compiled until a definition changes. The last seconds are scaled to 100 metrics x 5
grains x 4 slices. Fact rows are those of {" and ".join(f"`{name}`" for name in values.FACTS)}.

| fact rows | cells | queries | compile s | run s | of 2,000 cells: compile s | run s | peak MB |
|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


def _credit(folder: Path) -> str:
    figures, compiling, touches, seconds = credit.run(folder)
    rows = [f"| `{name}` | {seconds[name]:.1f} |" for name in credit.SCALE]
    return f"""## Credit
{touches:,} touches in {credit.JOURNEYS:,} journeys through the statements of `macros/credit.sql`:
eight rules, and 200 bootstrap draws of 256 groups of journeys. Two threads, no path written out.
Aims: 3 minutes, 8 GB. dbt compiles the statements, with the whole project, in {compiling:.0f} s of
processor, the same at any size.

| statement | seconds |
|---|---|
{chr(10).join(rows)}
| **together** | **{sum(seconds.values()):.1f}** |

With making the data: {figures.wall:.0f} s wall, {figures.processor:.0f} s processor, peak
{figures.memory:,.0f} MB. Transitions take {seconds["steps"] + seconds["transitions"]:.0f} s
(`steps` and `transitions`), and Shapley, with the five other rules that go by one path each,
{seconds["credits"]:.0f} s more (`credits`; converting journeys only). The reference measured 81 s
and 42 s for each alone, from the touches, at 27.6 M.
"""


def _dashboards(folder: Path, scale: int) -> str:
    """Over the builds that are there already."""
    rows = [
        f"| {name} | {told.requests} | {told.writes} | {told.seconds:.1f} |"
        for name, told in dashboards.applies(folder / "data1").items()
    ]
    times = []
    for size in (1, scale) if scale else (1,):
        count, p95, slowest, name = dashboards.cards(folder / f"data{size}")
        times.append(f"| x{size} | {count} | {p95:.0f} | {slowest:.0f} ({name}) |")
    return f"""## Dashboards
Six dashboards applied to a server on loopback that answers at once, so the seconds are the client's
own; a real one adds its time a request. A second apply writes nothing.

| apply | requests | that write | seconds |
|---|---|---|---|
{chr(10).join(rows)}

Every card's query on the served copy, filters at their defaults. Aim: p95 under 300 ms.

| sample | cards | p95 ms | slowest ms |
|---|---|---|---|
{chr(10).join(times)}
"""


if __name__ == "__main__":
    main()
