"""The vendors of the sample organization, simulated on 127.0.0.1 in the vendors' own shapes."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from pathlib import Path

from ingestion.sample.vendors.server import Tables, running

NOT_VENDORS = {"__init__", "server"}


def names() -> list[str]:
    """The vendors that can be simulated: the modules of this folder."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem not in NOT_VENDORS)


@contextlib.contextmanager
def serve(data: dict[str, Tables]) -> Iterator[dict[str, str]]:
    """Serve {vendor: {table: rows}} until the block ends; gives {vendor: base_url}.

    Rows have the columns of `ingestion/tables/<vendor>/<table>.yml` in clear, dates and times in
    ISO. Raises ValueError for a vendor that nobody simulates and for ids that no vendor makes.
    """
    unknown = sorted(data.keys() - set(names()))
    if unknown:
        raise ValueError(f"no simulated vendor {', '.join(unknown)}; known: {', '.join(names())}.")
    with contextlib.ExitStack() as stack:
        yield {
            vendor: stack.enter_context(
                running(importlib.import_module(f"{__name__}.{vendor}").build, rows)
            ).base_url
            for vendor, rows in data.items()
        }
