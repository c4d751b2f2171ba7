"""API pages into raw: contacts of the simulated HubSpot, in pages of 100, by the real module.

The vendor runs in a process of its own; a first load lets it keep its pages ready, so that the
second, measured, into an empty warehouse, costs what reading costs and not what simulating costs.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from bench.measuring import Figures, measured, settings_file
from settings import ROOT

ROWS = 400_000
TOML = """
[organization]
name = "Bench"
as_of = 2026-09-30
[privacy]
key = "public"
[sources.hubspot]
base_url = "{url}"
owner = "crm_lead"
start = 2024-01-01
"""


def contacts(rows: int) -> list[dict]:
    """Contacts with every column that the declared table has."""
    return [
        {
            "contact_id": str(1000 + i),
            "email": f"person{i}@example.org",
            "phone": f"+49 30 {i:07d}",
            "handle": None,
            "company_id": str(1 + i % 900),
            "owner_id": str(1 + i % 30),
            "lifecycle_stage": ("lead", "customer", "subscriber")[i % 3],
            "lead_status": "NEW",
            "analytics_source": ("SOCIAL_MEDIA", "ORGANIC_SEARCH", "OFFLINE")[i % 3],
            "analytics_source_data_1": "linkedin",
            "analytics_source_data_2": f"cmp-{i % 40}",
            "self_reported_source": "a colleague told me",
            "country": ("DE", "GB", "US")[i % 3],
            "created_at": f"2025-{1 + i % 12:02d}-{1 + i % 28:02d}T08:00:00Z",
            "modified_at": f"2026-{1 + i % 9:02d}-{1 + i % 28:02d}T08:00:00Z",
            "is_archived": False,
        }
        for i in range(rows)
    ]


def serve(rows: int) -> None:
    """Say the address, then serve until the standard input ends."""
    from ingestion.sample.vendors import serve as served

    tables = {"companies": [], "deals": [], "deal_stages": [], "owners": [], "pipeline_stages": []}
    with served({"hubspot": {**tables, "contacts": contacts(rows)}}) as urls:
        print(urls["hubspot"], flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def vendor(rows: int) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"from bench.pages import serve; serve({rows})"], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(timeout=30)


def run(folder: Path) -> tuple[Figures, float, int]:
    """(the whole process, seconds of its ingest step, rows that arrived)."""
    with vendor(ROWS) as url:
        config = settings_file(folder, TOML.format(url=url))
        for turn in ("ready", "measured"):
            figures = measured(
                ["pipeline.py", "ingest", "-q"], HUBSPOT_TOKEN="bench",
                PLUMBLINE_CONFIG=str(config), PLUMBLINE_DATA=str(folder / turn),
            )  # fmt: skip
    with duckdb.connect(str(folder / "measured/build/plumbline.duckdb"), read_only=True) as found:
        arrived = found.execute("select count(*) from raw_hubspot.contacts").fetchone()[0]
        seconds = found.execute("select seconds from ops.steps").fetchone()[0]
    return figures, seconds, arrived
