"""Whole builds of the sample organization: first, second, and a hundred times the size."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.measuring import Figures, measured, settings_file
from settings import ROOT

IMPORTS = {
    "dlt": "import dlt, dlt.destinations",
    "great_expectations": "import great_expectations",
    "dbt": "import dbt.cli.main, dbt.adapters.duckdb",
    "metricflow": "import metricflow.engine.metricflow_engine",
}


def build(folder: Path, scale: int = 1, *arguments: str) -> tuple[Figures, list[tuple]]:
    """(the whole process, [(step, seconds)] of this build)."""
    text = (ROOT / "plumbline.toml").read_text(encoding="utf-8")
    config = settings_file(folder / f"scale{scale}", _scaled(text, scale))
    data = folder / f"data{scale}"
    figures = measured(
        ["pipeline.py", "build", "-q", *arguments],
        PLUMBLINE_CONFIG=str(config), PLUMBLINE_DATA=str(data),
    )  # fmt: skip
    with duckdb.connect(str(data / "build/plumbline.duckdb"), read_only=True) as found:
        steps = found.execute(
            "select step, seconds from ops.steps where run_id = "
            "(select max_by(run_id, started_at) from ops.runs) order by started_at"
        ).fetchall()
    return figures, steps


def rows(folder: Path, scale: int) -> int:
    """Rows of all raw tables after a build."""
    with duckdb.connect(str(folder / f"data{scale}/build/plumbline.duckdb"), read_only=True) as db:
        return db.execute(
            "select sum(estimated_size) from duckdb_tables() where schema_name like 'raw%' "
            "and table_name not like '%dlt%' and schema_name not like '%staging'"
        ).fetchone()[0]


def imports() -> dict[str, float]:
    """Processor seconds to import each library, less Python's own start."""
    empty = measured(["-c", ""]).processor
    return {name: measured(["-c", code]).processor - empty for name, code in IMPORTS.items()}


def _scaled(text: str, scale: int) -> str:
    import re

    scaled, count = re.subn(r"(?m)^scale\s*=\s*\d+", f"scale = {scale}", text)
    if count != 1:
        raise RuntimeError("plumbline.toml has no line 'scale = ...' under [sample].")
    return scaled
