"""What the tests of feeds share: a folder of files with a mapping, and a warehouse to load into."""

import datetime as dt
import shutil

import duckdb
import yaml

from settings import Feeds, Organization, Paths, Privacy, Run, Settings

AS_OF = dt.date(2026, 9, 30)


class FeedFolder:
    """`put` files, `map` them, `ingest` as the pipeline does, `ask` the warehouse."""

    def __init__(self, folder):
        self.folder = folder / "files"
        self.folder.mkdir()
        self.paths = Paths(folder / "data")
        self.turn = 0
        self.entries = []

    def put(self, name, text, encoding="utf-8"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    def map(self, **entry):
        """Add an entry to the mapping."""
        self.entries.append(entry)
        self.put("mapping.yml", yaml.safe_dump(self.entries, allow_unicode=True))

    def clear(self):
        """No file, no mapping; the warehouse stays."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        self.entries = []

    @property
    def settings(self):
        return Settings(
            Organization("Test"), Privacy(key="sample"), feeds=Feeds(folders=(str(self.folder),))
        )

    def ingest(self, as_of=AS_OF):
        from ingestion.run import ingest

        self.turn += 1
        started = dt.datetime(2026, 9, 30, 5, self.turn, tzinfo=dt.UTC)
        return ingest(Run(self.settings, self.paths, f"run{self.turn}", as_of, started))

    def ask(self, query):
        with duckdb.connect(str(self.paths.warehouse), read_only=True) as con:
            return con.execute(query).fetchall()

    def load(self, table):
        """(status, fetched, loaded, new, quarantined) of a feed's latest load."""
        return self.ask(
            "select status, rows_fetched, rows_loaded, rows_new, rows_quarantined "
            f"from ingest.loads where table_name = '{table}' and source = 'feeds' "
            "order by loaded_at desc limit 1"
        )[0]

    def error(self, table):
        return self.ask(
            f"select error from ingest.loads where table_name = '{table}' "
            "order by loaded_at desc limit 1"
        )[0][0]
