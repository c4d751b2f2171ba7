"""The named views of `metrics/views/`, made into tables `dashboards.<name>` of a publication.

`<name>.sql` goes into plumbline.duckdb, `people/<name>.sql` into people.duckdb. A file is one
select behind a comment that begins with the grain; `columns.yml` says of every column what kind
it is, in which unit and what it means, so that a dashboard can be compiled without a warehouse.
Tables, not views: Postgres gets the rows, and a card reads a few thousand of them instead of
joining marts. They run on DuckDB only; their clock is ops.publication.as_of.
"""

from __future__ import annotations

import functools
import graphlib
import re
import typing
from pathlib import Path

from pydantic import Field

from settings import ROOT, ConfigError, read_yaml, strict

if typing.TYPE_CHECKING:
    import duckdb

FOLDER = ROOT / "metrics" / "views"
SCHEMA = "dashboards"
OF_METRIC = "of_metric"
"""The unit of a column that is in the unit of the row's metric."""
Kind = typing.Literal["date", "timestamp", "number", "text", "boolean"]
Name = typing.Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

# Numbers as people read them, for columns that hold several units: text for tables. Percent is a
# share; a change of a share is told in points of percent. A week is held against the week of its
# ISO number a year before (`same_iso_week` of its Monday); a week 53 may have none.
MACROS = """
create or replace temp macro said(v, unit, currency) as case
    when v is null then null
    when unit = 'percent' then format('{:,.1f} %', 100 * cast(v as double))
    when unit = 'money' then format('{:,.0f} ', cast(v as double)) || currency
    else format(case when abs(v) >= 100 or v = round(v) then '{:,.0f}'
                     when abs(v) >= 1 then '{:,.1f}' else '{:,.2f}' end, cast(v as double))
        || case unit when 'minutes' then ' min' when 'hours' then ' h' when 'days' then ' days'
               when 'points' then ' points' when 'fte' then ' FTE' else '' end
end;
create or replace temp macro plainly(v, unit, currency) as case unit
    when 'percent' then format('{:,.1f} pp', 100 * cast(v as double)) else said(v, unit, currency)
end;
create or replace temp macro signed(v, unit, currency) as
    case when v is null then null
        when not regexp_matches(plainly(v, unit, currency), '[1-9]')
            then replace(plainly(v, unit, currency), '-', '')
        when v < 0 then replace(plainly(v, unit, currency), '-', '−')
        else '+' || plainly(v, unit, currency)
    end;
create or replace temp macro changed(v, before, unit, currency) as case
    when v is null or before is null then null
    when v = before then 'no change'
    else case when v >= before then '+' else '' end || case
        when unit = 'percent' then format('{:,.1f} pp', 100 * cast(v - before as double))
        when unit in ('points', 'score', 'ratio') or before <= 0
            then said(v - before, unit, currency)
        else format('{:,.1f} %', 100 * cast((v - before) / before as double))
    end
end;
create or replace temp macro iso_week(iso_year, week) as cast(
    date_trunc('week', make_date(iso_year, 1, 4)) + to_days(cast(7 * (week - 1) as integer))
    as date);
create or replace temp macro same_iso_week(monday) as case
    when isoyear(iso_week(isoyear(monday) - 1, weekofyear(monday))) = isoyear(monday) - 1
        then iso_week(isoyear(monday) - 1, weekofyear(monday))
end;
"""
KINDS = {
    "DATE": "date", "TIMESTAMP": "timestamp", "VARCHAR": "text", "BOOLEAN": "boolean",
    "BIGINT": "number", "INTEGER": "number", "DOUBLE": "number", "DECIMAL": "number",
}  # fmt: skip


@strict
class Column:
    """What a column is, in every view that has it. `unit` is a metric's unit; `adds` says over
    what rows it may be summed: all, those of one period, or none (law 6)."""

    kind: Kind
    about: str
    title: str | None = None
    unit: str | None = None
    adds: typing.Literal["always", "period", "never"] | None = None
    missing: str = "unknown"

    @property
    def sums(self) -> str:
        return self.adds or ("always" if self.unit in ("count", "money") else "never")


@strict
class Shape:
    """The columns of a view, in order; `period` names the one that the filter period is for, and
    `grain` says how long a period it begins."""

    columns: tuple[Name, ...]
    period: Name | None = None
    grain: typing.Literal["day", "week", "month", "quarter"] = "day"


@strict
class Dictionary:
    columns: dict[Name, Column]
    views: dict[Name, Shape]
    people: dict[Name, Shape]


class View(typing.NamedTuple):
    """A file, its description (grain first), its select, and what its columns are."""

    name: str
    file: Path
    about: str
    select: str
    period: str | None
    columns: dict[str, Column]
    database: str
    grain: str


@functools.lru_cache(maxsize=4)
def missing_words(folder: Path = FOLDER) -> dict[str, str]:
    """Column -> what a page says where it has no number."""
    columns = read_yaml(folder / "columns.yml", Dictionary).columns
    return {name: column.missing for name, column in columns.items()}


@functools.lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> dict[str, View]:
    """Every view by name. Raises ConfigError when a file and columns.yml do not agree."""
    path = folder / "columns.yml"
    told = read_yaml(path, Dictionary)
    found: dict[str, View] = {}
    for database, shapes, files in (
        ("main", told.views, sorted(folder.glob("*.sql"))),
        ("people", told.people, sorted((folder / "people").glob("*.sql"))),
    ):
        missing = {file.stem for file in files} ^ shapes.keys()
        if missing:
            raise ConfigError(
                f"{path}: {', '.join(sorted(missing))}: a view is a file and an entry; add the "
                "one that is missing."
            )
        for file in files:
            if file.stem in found:
                raise ConfigError(f"{file}: a view of that name stands in main; take another.")
            shape = shapes[file.stem]
            unknown = [n for n in (*shape.columns, shape.period) if n and n not in told.columns]
            if unknown:
                raise ConfigError(
                    f"{path}: view '{file.stem}': {', '.join(unknown)} is not under `columns`; "
                    "say there what it is."
                )
            text = file.read_text(encoding="utf-8").strip()
            about, _, select = text.partition("\n")
            if not re.match(r"-- One row\b", about):
                raise ConfigError(f"{file}:1: begins with `-- One row per …`: the grain first.")
            found[file.stem] = View(
                file.stem, file, about.removeprefix("-- "), select, shape.period,
                {name: told.columns[name] for name in shape.columns}, database, shape.grain,
            )  # fmt: skip
    return found


def make_views(file: Path, database: str = "main", folder: Path = FOLDER) -> dict[str, int]:
    """Make the tables in a publication's file that nobody reads yet; gives {schema.table: rows}.

    Rows are counted again once the file is closed and opened. Raises ConfigError naming file and
    remedy when a select fails, gives other columns than columns.yml says, or a count differs.
    """
    import duckdb

    views = {name: view for name, view in load(folder).items() if view.database == database}
    needs = {
        name: set(re.findall(rf"\b{SCHEMA}\.(\w+)", view.select)) for name, view in views.items()
    }
    expected: dict[str, int] = {}
    with duckdb.connect(str(file)) as connection:
        connection.execute(MACROS)
        connection.begin()
        connection.execute(f"create schema {SCHEMA}")
        for name in graphlib.TopologicalSorter(needs).static_order():
            try:
                connection.execute(f"create table {SCHEMA}.{name} as\n{views[name].select}")
            except (duckdb.Error, KeyError) as error:
                raise ConfigError(
                    f"{views[name].file if name in views else name}: {error}; correct the view, "
                    "or build the tables it reads first."
                ) from None
            _describe(connection, views[name])
            [(rows,)] = connection.execute(f"select count(*) from {SCHEMA}.{name}").fetchall()
            expected[f"{SCHEMA}.{name}"] = rows
        connection.commit()
    if Path(f"{file}.wal").exists():
        raise ConfigError(f"{file.name} was left with a log beside it; nothing is published.")
    with duckdb.connect(str(file), read_only=True) as connection:
        found = {
            name: connection.execute(f"select count(*) from {name}").fetchall()[0][0]
            for name in expected
        }
    if found != expected:
        raise ConfigError(f"{file.name}: views were written otherwise than made: {found}.")
    return found


def _describe(connection: duckdb.DuckDBPyConnection, view: View) -> None:
    """Comments, and the columns held against columns.yml."""
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? "
        "and table_name = ? order by column_index", [SCHEMA, view.name],
    ).fetchall()  # fmt: skip
    made = {name: KINDS.get(kind.split("(")[0], kind) for name, kind in rows}
    told = {name: column.kind for name, column in view.columns.items()}
    if list(made.items()) != list(told.items()):
        raise ConfigError(
            f"{view.file}: gives {', '.join(f'{n} {k}' for n, k in made.items())}; "
            f"columns.yml says {', '.join(f'{n} {k}' for n, k in told.items())}. Make them agree."
        )
    for what, text in (
        (f"table {SCHEMA}.{view.name}", view.about),
        *((f'column {SCHEMA}.{view.name}."{n}"', c.about) for n, c in view.columns.items()),
    ):
        connection.execute(f"comment on {what} is '{text.replace(chr(39), chr(39) * 2)}'")
