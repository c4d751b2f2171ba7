"""`make bench`: run every measurement and write the figures into the docs, between their marks."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import (
    attribution,
    builds,
    bulk,
    credit,
    dashboards,
    evidence,
    files,
    goals,
    identity,
    pages,
    reference,
    values,
)
from bench.marked import put
from bench.measuring import Figures
from settings import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("--only", choices=PARTS, action="append")
    options.add_argument("--scale", type=int, default=100, help="size of the scaled sample")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        for part in chosen.only or PARTS:
            folder = Path(name) / part
            print(f"{part} ...", file=sys.stderr)
            text = PARTS[part](folder, chosen.scale) if part == "scale" else PARTS[part](folder)
            print(text, flush=True)
            if part not in ELSEWHERE:
                put(PAGE, part, f"{text.strip()}\n\n{_machine()}")
            shutil.rmtree(folder, ignore_errors=True)


def _machine() -> str:
    import platform

    import duckdb

    today = dt.datetime.now(dt.UTC).date()
    python = platform.python_version()
    return f"*{today}: {os.cpu_count()} cores, Python {python}, DuckDB {duckdb.__version__}.*"


def _evidence(folder: Path) -> str:
    builds.build(folder)
    return f"{evidence.write(folder / 'data1')}\n\n{attribution.write(folder / 'data1')}"


def _goals(folder: Path) -> str:
    builds.build(folder)
    return goals.write(folder / "data1")


def _identity(folder: Path) -> str:
    builds.build(folder)
    return identity.write(folder / "data1")


def _reference(folder: Path) -> str:
    return reference.write()


def _row(name: str, figures: Figures, rows: int) -> str:
    speed = f"{rows / figures.wall:,.0f}"
    cells = (f"{figures.wall:.1f}", f"{figures.processor:.1f}", speed, f"{figures.memory:.0f}")
    return f"| {name} | {' | '.join(cells)} |"


def _bulk(folder: Path) -> str:
    ours, alone, arrived = bulk.run(folder)
    assert arrived == bulk.ROWS, arrived
    return f"""| | wall s | processor s | rows/s | peak MB |
|---|---|---|---|---|
{_row("`make ingest`", ours, arrived)}
{_row("DuckDB alone", alone, arrived)}
| ratio | {ours.wall / alone.wall:.1f} | {ours.processor / alone.processor:.1f} | | |
"""


def _pages(folder: Path) -> str:
    figures, seconds, arrived = pages.run(folder)
    assert arrived == pages.ROWS, arrived
    return f"""| | wall s | processor s | rows/s | peak MB |
|---|---|---|---|---|
| ingest step | {seconds:.1f} | | {arrived / seconds:,.0f} | |
{_row("whole process", figures, arrived)}
"""


def _builds(folder: Path) -> str:
    first, first_steps = builds.build(folder)
    second, second_steps = builds.build(folder)
    forced, forced_steps = builds.build(folder, 1, "--force")
    imports = builds.imports()
    share = sum(imports.values()) / first.processor
    words = ", ".join(f"{name} {value:.1f}" for name, value in imports.items())
    columns = [("first build", first, first_steps), ("second, nothing new", second, second_steps),
               ("second, forced", forced, forced_steps)]  # fmt: skip
    return f"""{_steps(columns)}

Imports, each in a process of its own, processor seconds: {words}. Together at most
{share:.0%} of the first build (they share parts).
{_values(folder)}{_dashboards(folder)}"""


def _scale(folder: Path, scale: int) -> str:
    one, one_steps = builds.build(folder)
    big, big_steps = builds.build(folder, scale)
    few, many = builds.rows(folder, 1), builds.rows(folder, scale)
    count, p95, slowest, name = dashboards.cards(folder / f"data{scale}")
    return f"""{_steps([("x1", one, one_steps), (f"x{scale}", big, big_steps)])}

x1 has {few:,.0f} raw rows; x{scale} has {many:,.0f} ({many / few:.0f} times). It takes
{big.wall / one.wall:.1f} times as long and {big.memory / one.memory:.1f} times the memory. Of
its {count} cards' queries the 95th percentile is {p95:.0f} ms, the slowest {slowest:.0f} ms
({name})."""


def _steps(columns: list[tuple[str, Figures, list[tuple]]]) -> str:
    """A table of builds by step."""
    lines = ["| seconds | " + " | ".join(name for name, _, _ in columns) + " |",
             "|---|" + "---|" * len(columns)]  # fmt: skip
    for step, _ in columns[0][2]:
        cells = [f"{dict(told)[step]:.1f}" if step in dict(told) else "" for _, _, told in columns]
        lines.append(f"| {step} | " + " | ".join(cells) + " |")
    walls = " | ".join(f"**{figures.wall:.1f}**" for _, figures, _ in columns)
    lines.append(f"| **total wall** | {walls} |")
    lines.append("| processor | " + " | ".join(f"{f.processor:.1f}" for _, f, _ in columns) + " |")
    lines.append("| peak MB | " + " | ".join(f"{f.memory:.0f}" for _, f, _ in columns) + " |")
    return "\n".join(lines)


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
    return f"""
### Values of metrics
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
    return f"""{touches:,} touches in {credit.JOURNEYS:,} journeys. dbt compiles the statements,
with the whole project, in {compiling:.0f} s of processor, the same at any size.

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


def _dashboards(folder: Path) -> str:
    """Over the build that is there already."""
    rows = [
        f"| {name} | {told.requests} | {told.writes} | {told.seconds:.1f} |"
        for name, told in dashboards.applies(folder / "data1").items()
    ]
    count, p95, slowest, name = dashboards.cards(folder / "data1")
    return f"""
### Dashboards
Six dashboards applied to a server on loopback that answers at once, so the seconds are the client's
own; a real one adds its time a request. A second apply writes nothing.

| apply | requests | that write | seconds |
|---|---|---|---|
{chr(10).join(rows)}

Every card's query on the served copy, filters at their defaults: of {count} the 95th percentile is
{p95:.0f} ms (aim: 300), the slowest {slowest:.0f} ms ({name})."""


PARTS: dict[str, Callable[..., str]] = {
    "bulk": _bulk, "files": files.write_page, "pages": _pages, "builds": _builds, "scale": _scale,
    "credit": _credit, "evidence": _evidence, "goals": _goals, "identity": _identity,
    "reference": _reference,
}  # fmt: skip
ELSEWHERE = ("files", "evidence", "goals", "identity", "reference")  # pages of their own


if __name__ == "__main__":
    main()
