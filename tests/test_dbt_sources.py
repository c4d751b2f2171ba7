"""dbt's sources are exactly the raw tables that ingestion declares, columns and types in order."""

from pathlib import Path

import pytest
import yaml

from ingestion.specs import SQL, tables

ROOT = Path(__file__).resolve().parent.parent
STAGING = ROOT / "dbt_project" / "models" / "staging"
SOURCES = sorted({table.source for table in tables()})


def declared(source: str) -> dict[str, dict[str, str]]:
    """{table: {column: SQL type}} as ingestion stores them, system columns last."""
    return {
        table.name: {n: SQL[c.type].replace(" ", "") for n, c in table.stored.items()}
        | table.system
        for table in tables()
        if table.source == source
    }


def known_to_dbt(source: str) -> dict[str, dict[str, str]]:
    text = (STAGING / source / f"_{source}__sources.yml").read_text(encoding="utf-8")
    (found,) = yaml.safe_load(text)["sources"]
    assert (found["name"], found["schema"]) == (source, f"raw_{source}")
    return {
        table["name"]: {column["name"]: column["data_type"] for column in table["columns"]}
        for table in found["tables"]
    }


@pytest.mark.parametrize("source", SOURCES)
def test_dbt_knows_every_declared_table_and_column_with_its_type(source: str) -> None:
    ours, theirs = declared(source), known_to_dbt(source)
    assert sorted(theirs) == sorted(ours)
    for name, columns in ours.items():
        assert list(theirs[name].items()) == list(columns.items()), f"{source}.{name}"


def test_dbt_has_no_raw_source_that_nothing_fills() -> None:
    described = {path.parent.name for path in STAGING.glob("*/_*__sources.yml")}
    assert described == {*SOURCES, "ingest"}
