"""One piece of work on a server: what is read, what would change, and, when it is meant, sent.

`plan` and `apply` are the same code. A plan sends nothing that writes; where it would have got an
id it carries a stand-in.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import typing
from collections.abc import Callable
from pathlib import Path

from metrics.cards import Dashboard
from metrics.metabase.memory import Memory
from metrics.metabase.shape import Json, New
from metrics.metabase.transport import Server
from settings import Metabase, Paths

Verb = typing.Literal["create", "change", "restore", "archive", "leave", "keep", "note"]


@dataclasses.dataclass(frozen=True)
class Change:
    """One line of a plan. `leave`: a change of ours is withheld, because a person changed the
    same by hand; `keep`: what a person changed stays, and we want nothing else; `note`: a word."""

    verb: Verb
    kind: str
    name: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        sign = {
            "create": "+", "change": "~", "restore": "+", "archive": "-", "leave": "!", "keep": "="
        }  # fmt: skip
        lines = [f"{sign.get(self.verb, ' ')} {self.verb} {self.kind} “{self.name}”"]
        return "\n".join([*lines, *(f"      {detail}" for detail in self.details)])


@dataclasses.dataclass
class Work:
    """The server, what should stand on it, and what was found and done so far."""

    server: Server
    settings: Metabase
    paths: Paths
    boards: tuple[Dashboard, ...]
    collections: dict[str, typing.Any]
    """Of `metrics.boards`: title, text, parent and groups that may read, by key."""
    is_applied: bool
    prune: bool = False
    overwrite: bool = False
    say: Callable[[str], None] = lambda text: None
    changes: list[Change] = dataclasses.field(default_factory=list)
    memory: Memory = dataclasses.field(init=False)
    me: int | None = None
    """Our own number on the server."""

    def __post_init__(self) -> None:
        self.memory = Memory(self.paths, self.settings.url)

    def note(self, verb: Verb, kind: str, name: str, details: typing.Iterable[str] = ()) -> None:
        self.changes.append(Change(verb, kind, name, tuple(details)))

    def create(self, kind: str, name: str, path: str, body: Json) -> dict[str, Json]:
        """POST, or a stand-in with an id that is not known yet."""
        self.note("create", kind, name)
        if not self.is_applied:
            return {**body, "id": New(name)}
        return self.server.post(path, body)

    def change(
        self, kind: str, name: str, path: str, body: Json, details: typing.Iterable[str] = (),
        verb: Verb = "change",
    ) -> Json:  # fmt: skip
        self.note(verb, kind, name, details)
        return self.server.put(path, body) if self.is_applied else None

    @property
    def served(self) -> Path:
        """The publication that is served, by its real path: a link is not followed elsewhere."""
        return self.paths.served.resolve()

    @functools.cached_property
    def as_of(self) -> dt.date:
        """The publication's day."""
        import duckdb

        with duckdb.connect(str(self.served / "plumbline.duckdb"), read_only=True) as connection:
            return connection.execute("select as_of from ops.publication").fetchone()[0]

    @property
    def writes(self) -> list[Change]:
        return [change for change in self.changes if change.verb not in ("leave", "keep", "note")]

    @property
    def left(self) -> list[Change]:
        return [change for change in self.changes if change.verb == "leave"]


def listed(answer: Json) -> list[dict[str, Json]]:
    """The rows of a listing: some come bare, some as {data, total}."""
    if isinstance(answer, dict):
        return answer.get("data") or []
    return answer or []
