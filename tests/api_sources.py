"""What the tests of API sources share: a context, and extract's pages gathered by table."""

import datetime as dt
import importlib

from ingestion.load import Context

AS_OF = dt.date(2026, 9, 30)
TOKEN = "a-token-that-only-tests-use"


def context(source, base_url, **given):
    """What a source module gets; anything may be given otherwise."""
    fields = {
        "source": source, "base_url": base_url, "token": TOKEN, "accounts": (), "company": None,
        "start": dt.date(2024, 1, 1), "as_of": AS_OF, "cursors": {}, "say": lambda text: None,
    }  # fmt: skip
    return Context(**{**fields, **given})


def extract(asked):
    """{table: rows} of one load, through the module that the pipeline would load."""
    found = {}
    for name, rows in importlib.import_module(f"ingestion.sources.{asked.source}").extract(asked):
        assert rows, f"{name}: an empty page was given on"
        found.setdefault(name, []).extend(rows)
    return found


def by(rows, *columns):
    """Rows by key; a key that comes twice is an error."""
    found = {tuple(row[c] for c in columns) if len(columns) > 1 else row[columns[0]]: row
             for row in rows}  # fmt: skip
    assert len(found) == len(rows), "a key came twice"
    return found
