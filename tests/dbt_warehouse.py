"""A warehouse with nothing but the tables of ingestion, in a folder of its own, and dbt on it."""

import dataclasses
import typing

import duckdb

from ingestion import ledger
from ingestion.specs import table
from settings import ROOT, Identity, Organization, Paths


@dataclasses.dataclass
class Warehouse:
    """Rows are said as ingestion would append them; `$PLUMBLINE_DATA` must name the folder."""

    paths: Paths
    load: int = 0
    manifest: typing.Any = None

    def make(
        self, as_of: str, organization: Organization, identity: Identity | None = None
    ) -> None:
        """Every raw table, empty, and the settings; made again, only the settings change."""
        self.paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
        told = {"as_of": as_of, **organization.rows(), **(identity or Identity()).rows()}
        with duckdb.connect(str(self.paths.warehouse)) as con:
            ledger.prepare(con)
            ledger.write_settings(con, told)

    def execute(self, statement: str, *values: object) -> list[tuple]:
        with duckdb.connect(str(self.paths.warehouse)) as connection:
            return connection.execute(statement, list(values)).fetchall()

    def say(self, feed: str, **row: object) -> None:
        """One more version of a feed's row."""
        self.load += 1
        key = "|".join(str(row.get(name)) for name in table("feeds", feed).spec.key)
        row |= {
            "_row_key": key, "_row_hash": self.load, "_file": "test.csv", "_file_row": 1,
            "_loaded_at": f"2026-01-31 00:{self.load:02d}:00", "_dlt_load_id": str(self.load),
        }  # fmt: skip
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        self.execute(f"insert into raw_feeds.{feed} ({names}) values ({marks})", *row.values())

    def dbt(self, *arguments: str) -> list[tuple[str, str]]:
        """Run dbt; (node, status) of all that it ran."""
        from dbt.cli.main import dbtRunner

        project = str(ROOT / "dbt_project")
        options = ["--project-dir", project, "--profiles-dir", project, "--quiet"]
        options += ["--target-path", str(self.paths.target), "--log-path", str(self.paths.data)]
        if self.manifest is None:  # read once: the models do not change under a test
            self.manifest = dbtRunner().invoke(["parse", *options]).result
        result = dbtRunner(self.manifest).invoke([*arguments, *options])
        assert result.exception is None, result.exception
        return [(node.node.name, str(node.status)) for node in result.result]

    def run(self, *selected: str) -> None:
        nodes = self.dbt("run", "--select", *selected)
        assert {status for _, status in nodes} == {"success"}, nodes
