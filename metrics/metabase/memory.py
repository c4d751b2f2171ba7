"""What we remember of a server between applies: ids and what was sent, in `data/metabase.json`.

It only makes an apply surer of itself. Without the file, things are found by their marks, and
what a person changed that carries no mark of ours cannot be told from what we sent.
"""

from __future__ import annotations

import json
import os

from metrics.metabase.shape import Json
from settings import Paths


class Memory:
    """Kept by server address; `names` are kinds such as "dashboards" and "tables"."""

    def __init__(self, paths: Paths, url: str) -> None:
        self.file, self.url = paths.data / "metabase.json", url.rstrip("/")
        try:
            self.all: dict[str, Json] = json.loads(self.file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            self.all = {}
        self.here: dict[str, dict[str, Json]] = self.all.setdefault(self.url, {})

    def get(self, kind: str, key: Json) -> Json:
        return self.here.get(kind, {}).get(str(key))

    def put(self, kind: str, key: Json, value: Json) -> None:
        self.here.setdefault(kind, {})[str(key)] = value

    def save(self) -> None:
        """Whole or not at all."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(self.all, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(draft, self.file)
