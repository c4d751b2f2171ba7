"""What a dashboard is once it is compiled: cards with their SQL, tiles on a grid of 24, filters.

`metrics.boards` makes these from `metrics/dashboards/*.yml`; the lint, the scorecard and Metabase
read them. Nothing here knows a server: databases, tables and fields are named, not numbered.
"""

from __future__ import annotations

import dataclasses
import typing

GRID = 24
"""Columns of the grid; a tile is `width` of them wide and `height` rows tall."""

DATABASES = ("main", "people")
"""`plumbline.duckdb` (or its Postgres copy) and `people.duckdb`, which only HR may read."""

STATUS_COLORS = {"good": "#84BB4C", "warn": "#F9CF48", "bad": "#ED6E6E", "none": "#949AAB"}


@dataclasses.dataclass(frozen=True)
class Filter:
    """A filter of a dashboard. The same key means the same on every dashboard, so that a click can
    carry it on. `kind` is Metabase's parameter type; `default` in its own words or None."""

    key: str
    label: str
    kind: typing.Literal["date/all-options", "string/="]
    default: str | None = None
    values: tuple[str, ...] = ()
    """A fixed list of values to offer; empty: those of the field."""


@dataclasses.dataclass(frozen=True)
class Tag:
    """A field filter in a card's SQL, `{{name}}`: it becomes a condition on schema.table.column."""

    name: str
    filter: str
    schema: str
    table: str
    column: str


@dataclasses.dataclass(frozen=True)
class Column:
    """A column that a card's SQL must give. `kind`: date, timestamp, number, text, boolean."""

    name: str
    kind: str


@dataclasses.dataclass(frozen=True)
class Card:
    """A question. `key` is unique over all dashboards (`<dashboard>.<card>`) and never changes.

    `sql` runs on DuckDB and Postgres alike and holds `[[and {{tag}}]]` for each tag. `settings`
    are Metabase's `visualization_settings`, but for `date_style`, which says how long a period is
    (`boards.DATES`); `metabase.shape` writes it in Metabase's words. `display` is one of
    Metabase's names. `description` holds definition, unit, caveat and owner. `empty` is what an
    empty result means.
    """

    key: str
    title: str
    description: str
    display: str
    sql: str
    columns: tuple[Column, ...]
    database: str = "main"
    tags: tuple[Tag, ...] = ()
    settings: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    unit: str | None = None
    metrics: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    """Roles that answer for what it shows."""
    empty: str = "Nothing to show for these filters."
    alert: str | None = None
    """Send an alert when the card has a row: the text of what it means."""


@dataclasses.dataclass(frozen=True)
class Click:
    """Clicking goes to a dashboard; `passes` names filters that go along, each from a column of
    the result or (None) as it stands now. `column` limits it to one column of a table."""

    to: str
    passes: dict[str, str | None]
    column: str | None = None


@dataclasses.dataclass(frozen=True)
class Tile:
    """A place on a tab: a card, or (without one) a heading or text in Markdown. `key` is unique
    in its dashboard and never changes."""

    key: str
    tab: str | None
    column: int
    row: int
    width: int
    height: int
    card: Card | None = None
    heading: str | None = None
    text: str | None = None
    click: Click | None = None


@dataclasses.dataclass(frozen=True)
class Subscription:
    """A dashboard by e-mail: who (a group's name) and when."""

    to: str
    schedule: typing.Literal["daily", "weekly", "monthly"]
    hour: int = 8
    day: str | None = None
    skip_if_empty: bool = False


@dataclasses.dataclass(frozen=True)
class Dashboard:
    """`collection` is a key of `boards.COLLECTIONS`; `groups` may read it."""

    key: str
    title: str
    description: str
    collection: str
    filters: tuple[Filter, ...]
    tiles: tuple[Tile, ...]
    tabs: tuple[str, ...] = ()
    is_home: bool = False
    subscriptions: tuple[Subscription, ...] = ()
    file: str = ""
    meant: dict[str | None, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Tab: the filters that work on it; each is then mapped to at least one of its cards."""

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(tile.card for tile in self.tiles if tile.card is not None)
