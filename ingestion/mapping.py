"""What a mapping says: which files feed which contract, and how their columns become its columns.

Mappings stand in a `mapping.yml` beside the files (paths relative to it) or in `plumbline.toml`
(`[[feeds.mappings]]`, paths relative to the repository). Nothing here opens a data file.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import fnmatch
import functools
import hashlib
import json
import os
import re
import typing
import zoneinfo
from collections.abc import Iterable
from pathlib import Path

import pydantic

import settings as house
from ingestion import months
from ingestion.specs import Table, tables
from settings import ROOT, ConfigError, Settings, strict

DETECTED = (".json", ".zip", ".xlsb")
"""Suffixes that only `layout: detect` reads."""
FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
REFUSED = {
    r"ave|aves|advertis(ing|ement)_(value|equivalen)\w*|ad(vertising)?_value\w*|\w*_ave": (
        "advertising value equivalents are not the value of communication "
        "(AMEC Barcelona Principles 4.0, principle 5)"
    ),
    r"(influence|klout|social_success|social_media|engagement_quality)_(score|index)": (
        "a single composite score hides what it is made of "
        "(Conclave social-media measurement standards, influence)"
    ),
}
"""Columns that no contract takes: pattern of the normalised heading, and why."""

Texts = str | tuple[str, ...]
Scalar = str | int | float | bool | dt.date


@strict
class From:
    """How one canonical column is filled, where a heading alone does not say it."""

    heading: str | None = pydantic.Field(
        default=None, validation_alias=pydantic.AliasChoices("from", "heading")
    )
    template: str | None = None
    words: dict[str, str] = dataclasses.field(default_factory=dict)
    dates: Texts = ()
    missing: Texts = ()
    decimal: str | None = None
    thousands: str | None = None
    time_zone: str | None = None
    multiply: float | None = None
    round: bool = False
    percent: bool = False
    strip: Texts = ""
    negative: typing.Literal["minus", "parentheses", "trailing"] | None = None
    duration: typing.Literal["h:m", "m:s", "h:m:s", "words"] | None = None
    language: str | None = None
    sentinels: typing.Literal["keep"] | None = None
    until: str | None = None
    blank: typing.Literal["above", "keep"] | None = None
    """An empty cell says what the one above it says (a pivot's labels), or nothing."""
    hashed: bool = False


@strict
class Unpivot:
    """Wide to long. Every group becomes a row: its name under the heading `name`, its cells
    under the headings of the group. `columns` (globs) with `value` is one cell a group, and so is
    `dates`: every heading that is a day or month in this form, which next year's are, too."""

    name: str
    columns: Texts = ()
    dates: str | None = None
    value: str | None = None
    groups: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)


@strict
class Entry:
    """One entry of a mapping: files of one shape onto one feed."""

    feed: str
    files: Texts
    format: typing.Literal["csv", "xlsx", "jsonl", "parquet"] | None = None
    layout: typing.Literal["stated", "detect"] = "stated"
    export: str | None = None
    taken_by: typing.Literal["name", "headings"] = "name"
    content: str | None = None
    headings: typing.Literal["own", "named"] = "own"
    """Whether a heading that is called as a column fills it (own), or only what the entry names
    does. What `feed` writes is named, and so is every entry with an `export`."""
    member: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | None = None
    report: str | int | None = None
    records: str | None = None
    explode: str | None = None
    header_row: int | None = pydantic.Field(default=None, ge=-1)
    header_rows: int = pydantic.Field(default=1, ge=1)
    skip_footer: int = pydantic.Field(default=0, ge=0)
    ragged: typing.Literal["refuse", "pad"] = "refuse"
    totals: typing.Literal["refuse", "keep", "drop"] = "refuse"
    merged: typing.Literal["refuse", "first", "each"] = "refuse"
    pages: typing.Literal["refuse", "keep"] = "refuse"
    repeated: typing.Literal["sum", "last"] | None = None
    language: str | None = None
    decimal: str = "."
    thousands: str = ""
    dates: Texts = ()
    missing: Texts = ()
    time_zone: str = "UTC"
    currency: str | None = None
    constants: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    columns: dict[str, str | From] = dataclasses.field(default_factory=dict)
    hash: tuple[str, ...] = ()
    unpivot: Unpivot | None = None
    exclude: dict[str, Scalar | tuple[Scalar, ...]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Mapping:
    """An entry, its feed's table, the file and the folder that it came from."""

    entry: Entry
    table: Table
    told_in: str
    folder: Path

    @property
    def names_all(self) -> bool:
        """Whether the entry uses no heading that it does not name."""
        return self.entry.headings == "named" or self.entry.export is not None

    @functools.cached_property
    def fingerprint(self) -> str:
        """Changes when the entry or the contract does: then its files are read again."""
        # What stands at its default says nothing, so a key that is new here reads no file again.
        said = {
            field.name: value
            for field in dataclasses.fields(self.entry)
            if (value := getattr(self.entry, field.name)) != field.default
        }
        contract = dataclasses.asdict(self.table.spec)
        # What adds up is asked for by `repeated: sum` only.
        if self.entry.repeated != "sum":
            del contract["adds"], contract["finer"]
        said["contract"] = contract
        text = json.dumps(said, sort_keys=True, default=str)
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    def files(self) -> list[Path]:
        """The files there are, in the order of their names (numbers as numbers): what comes
        later corrects what came earlier."""
        found: set[Path] = set()
        for pattern in texts(self.entry.files):
            if pattern.startswith("/"):
                found.update(Path("/").glob(pattern[1:]))
            else:
                ups = re.match(r"(\.\./)*", pattern)[0]  # type: ignore[index]
                found.update((self.folder / ups).resolve().glob(pattern[len(ups) :]))
        return sorted((path for path in found if _is_data(path)), key=natural)

    def label(self, path: Path) -> str:
        """The file's name in the warehouse: relative, the same on every machine."""
        relative = os.path.relpath(path, self.folder)
        return re.sub(r"^(\.\./)+", "", Path(relative).as_posix())

    def format(self, path: Path) -> str:
        """How the file is written. Raises ConfigError for a suffix that says nothing."""
        name = path.name.removesuffix(".gz").lower()
        if Path(name).suffix in DETECTED and self.entry.format is None:
            raise ConfigError(
                f"{self.told_in}: '{path.name}' is read with 'layout: detect' only; add it."
            )
        found = self.entry.format or FORMATS.get(Path(name).suffix)
        if found is None:
            raise ConfigError(
                f"{self.told_in}: '{path.name}' does not say how it is written; "
                "add format: csv, xlsx, jsonl or parquet."
            )
        return found


class Source(typing.NamedTuple):
    """How one canonical column of one file is filled: by headings, or by a constant."""

    how: From
    headings: tuple[str, ...]
    constant: str | None = None


class Plan(typing.NamedTuple):
    """An entry applied to the headings of one file: canonical column -> source, and the rest."""

    columns: dict[str, Source]
    unused: tuple[str, ...]
    refused: dict[str, str]
    respelled: dict[str, str]
    """A heading that the mapping names -> another spelling of it by the same export, as here."""
    own: dict[str, str]
    """Column -> the heading that fills it by its name alone."""


class MappingError(ValueError):
    """This file does not fit its mapping; the text names file, column and remedy."""


def texts(value: Texts) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def natural(path: Path) -> list:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", str(path))]


def feeds() -> dict[str, Table]:
    return {table.name: table for table in tables() if table.source == "feeds"}


def read_mappings(settings: Settings, folders: Iterable[Path] = ()) -> list[Mapping]:
    """Every mapping the settings and the folders (plus `folders`) hold, in their order.

    Raises ConfigError for an unknown key, feed or column, and for a folder that is not there or
    holds no mapping: a silent folder would be a feed that silently does not load.
    """
    found: list[Mapping] = []
    if settings.feeds.mappings:
        told_in = Path(os.environ.get("PLUMBLINE_CONFIG") or "plumbline.toml")
        for entry in house.checked(settings.feeds.mappings, tuple[Entry, ...], told_in):
            found.append(made(entry, ROOT, str(told_in)))
    named = [folder for pattern in settings.feeds.folders for folder in _folders(pattern)]
    for folder in dict.fromkeys([*named, *folders]):  # one that is named twice is one
        found += read_folder(folder)
    return found


def read_folder(folder: Path) -> list[Mapping]:
    """The mappings of a feeds folder. Raises ConfigError as `read_mappings`."""
    path = folder / "mapping.yml"
    if not path.exists():
        raise ConfigError(
            f"{folder}: no mapping.yml in this feeds folder. Write one (docs/"
            "how_to_add_a_feed.md), or take the folder out of [feeds] folders."
        )
    found = []
    for number, entry in enumerate(house.read_yaml(path, tuple[Entry, ...])):
        line = house.yaml_line(path, (number,))
        found.append(made(entry, folder, f"{path}:{line}"))
    return found


def unmapped(
    settings: Settings, mappings: list[Mapping], folders: Iterable[Path] = ()
) -> list[Path]:
    """Data files in the feeds folders that no mapping names."""
    taken = {path for mapping in mappings for path in mapping.files()}
    named = [folder for pattern in settings.feeds.folders for folder in _folders(pattern)]
    inside = {path.resolve() for folder in [*named, *folders] for path in folder.rglob("*")}
    suffixes = {*FORMATS, *DETECTED}
    data = {path for path in inside if path.suffix.lower() in suffixes and _is_data(path)}
    return sorted(data - {path.resolve() for path in taken})


def plan(mapping: Mapping, headings: tuple[str, ...], file: str) -> Plan:
    """Decide how each canonical column is filled from a file with these headings.

    A heading that equals a canonical name (spaces, hyphens and case apart) maps by itself, unless
    the entry names all that it uses.
    Raises MappingError, naming file, column and remedy, for a mapped heading that is not there,
    a required column that nothing fills, two headings for one column and a refused column.
    """
    entry, spec = mapping.entry, mapping.table.spec
    virtual = _virtual(entry)
    there = (*headings, *virtual)
    columns: dict[str, Source] = {}
    respelled: dict[str, str] = {}
    for name, said in entry.columns.items():
        how = From(heading=said) if isinstance(said, str) else said  # type: ignore[call-arg]
        if not how.heading and how.template is None:
            how = dataclasses.replace(how, heading=_own(name, there, file))
        wanted = (how.heading,) if how.heading else tuple(slots(how.template or ""))
        for heading in wanted:
            why = _why_refused(name) or _why_refused(heading)
            if why:
                raise MappingError(
                    f"{file}: column '{heading}' is not taken as '{name}': {why}. "
                    f"Take it out of {mapping.told_in}."
                )
        if how.heading and entry.export and how.heading not in there:
            from ingestion import vocabulary

            same = vocabulary.respelled(entry.export, name, how.heading, there)
            if same is not None and same.strip() != how.heading.strip():
                respelled[how.heading] = same
                wanted = (same,)
        columns[name] = Source(how, tuple(find(each, there, file, name) for each in wanted))
    for name, value in _constants(mapping).items():
        columns.setdefault(name, Source(From(), (), value))
    own: dict[str, str] = {}
    for name in spec.columns if not mapping.names_all else ():
        if name not in columns and any(normal(heading) == name for heading in there):
            own[name] = _own(name, there, file)
            columns[name] = Source(From(), (own[name],))
    missing = [
        name for name, column in spec.columns.items() if column.required and name not in columns
    ]
    if missing:
        raise MappingError(
            f"{file}: nothing fills the required column{'s' if len(missing) > 1 else ''} "
            f"{', '.join(missing)} of feed '{mapping.table.name}'. Map a heading to it under "
            f"'columns' or set it under 'constants' in {mapping.told_in}; the file has: "
            f"{', '.join(headings) or 'no heading'}."
        )
    read = {heading for source in columns.values() for heading in source.headings}
    read |= {source.how.until for source in columns.values() if source.how.until}
    read |= set(entry.exclude) | set(virtual.values() if virtual else ())
    read |= {cell for cells in groups(mapping, headings, file).values() for cell in cells.values()}
    unused = tuple(heading for heading in headings if heading not in read)
    return Plan(
        {name: columns[name] for name in spec.columns if name in columns},
        unused,
        {heading: why for heading in unused if (why := _why_refused(heading))},
        respelled,
        own,
    )


def told_days(entry: Entry, table: Table) -> dict[str, Scalar]:
    """Days, and a survey's wave, that are said for a whole file and tell its rows from those of
    another export: constants of the key, or of the event by which a feed is fresh."""
    spec = table.spec
    return {
        name: value for name, value in entry.constants.items()
        if (spec.columns[name].type in ("date", "timestamp") or name == "wave")
        and (name in spec.key or name == spec.event)
    }  # fmt: skip


def hold(mapping: Mapping, file: str, content: str) -> None:
    """Raises MappingError for a file that is another one than that of which the entry speaks."""
    if mapping.entry.content in (None, content):
        return
    days = told_days(mapping.entry, mapping.table)
    said = ", ".join(f"'{name}' is {text_of(value)}" for name, value in days.items())
    stem, dot, suffix = file.partition(".")
    raise MappingError(
        f"{file}: it is another file than that of which {mapping.told_in} says {said or 'more'}: "
        f"the name is the same, the content is not. Put the day (or wave) of the export into its "
        f"name ({stem}_2026-10-31{dot}{suffix}, say) and feed it, so that both exports are kept."
    )


def groups(mapping: Mapping, headings: tuple[str, ...], file: str) -> dict[str, dict[str, str]]:
    """The groups of a wide file: group's name -> virtual heading -> heading of the file."""
    wide = mapping.entry.unpivot
    if wide is None:
        return {}
    found = {name: dict(cells) for name, cells in wide.groups.items()}
    for pattern in texts(wide.columns):
        matching = [heading for heading in headings if fnmatch.fnmatchcase(heading, pattern)]
        if not matching:
            raise MappingError(_no_heading(pattern, headings, file, "unpivot"))
        for heading in matching:
            found.setdefault(heading, {})[str(wide.value)] = heading
    if wide.dates is not None:
        dated = [each for each in headings if day_of(each, wide.dates, mapping.entry.language)]
        if not dated:
            raise MappingError(_no_heading(wide.dates, headings, file, "unpivot"))
        for heading in dated:
            found.setdefault(heading, {})[str(wide.value)] = heading
    for cells in found.values():
        for heading in cells.values():
            find(heading, headings, file, "unpivot")
    return found


def measures(mapping: Mapping, headings: tuple[str, ...]) -> set[str]:
    """The headings whose cells become amounts or numbers of the contract."""
    planned = plan(mapping, headings, "the table").columns
    kinds = ("integer", "number", "money")
    columns = mapping.table.spec.columns
    found = {h for n, s in planned.items() if columns[n].type in kinds for h in s.headings}
    wide = groups(mapping, headings, "the table").values()
    return found | {h for cells in wide for virtual, h in cells.items() if virtual in found}


def day_of(heading: str, form: str, language: str | None) -> dt.date | None:
    """The day that a heading names in this form (of strptime), or None."""
    try:
        return dt.datetime.strptime(months.in_english(heading, language or "en"), form).date()  # noqa: DTZ007
    except ValueError:
        return None


def normal(heading: str) -> str:
    """A heading as a canonical name would be written."""
    return re.sub(r"[^a-z0-9]+", "_", heading.strip().lower()).strip("_")


def _virtual(entry: Entry) -> dict[str, str]:
    if entry.unpivot is None:
        return {}
    cells = {cell for group in entry.unpivot.groups.values() for cell in group}
    cells |= {entry.unpivot.value} if entry.unpivot.value else set()
    return {name: name for name in (entry.unpivot.name, *sorted(cells))}


def made(entry: Entry, folder: Path, told_in: str) -> Mapping:
    """The entry with its table; every name in it must be one that the feed knows, or ConfigError
    says which is not."""
    known = feeds()
    if entry.feed not in known:
        raise ConfigError(f"{told_in}: no feed '{entry.feed}'; {_nearest(entry.feed, known)}")
    table = known[entry.feed]
    for name in (*entry.columns, *entry.constants, *entry.hash):
        if name not in table.spec.columns and not _why_refused(name):
            near = _nearest(name, table.spec.columns)
            raise ConfigError(f"{told_in}: feed '{entry.feed}' has no column '{name}'; {near}")
    for name in entry.hash:
        if table.spec.columns[name].type != "text" or table.spec.columns[name].personal != "keep":
            raise ConfigError(f"{told_in}: 'hash' takes text columns kept in clear; not '{name}'.")
    for name, said in entry.columns.items():
        if isinstance(said, From) and said.heading and said.template:
            raise ConfigError(f"{told_in}: '{name}' has both 'from' and 'template'; keep one.")
    _check_layout(entry, told_in)
    if entry.repeated == "sum" and not table.spec.adds:
        raise ConfigError(
            f"{told_in}: 'repeated: sum' wants measures that add up, and feed '{entry.feed}' names "
            "none ('adds'). Say 'repeated: last', or make the rows one at the source."
        )
    wide = entry.unpivot
    if wide and sum(map(bool, (texts(wide.columns), wide.groups, wide.dates))) != 1:
        raise ConfigError(
            f"{told_in}: 'unpivot' wants 'columns' or 'dates' with 'value', or 'groups'."
        )
    if wide and not wide.groups and not wide.value:
        raise ConfigError(
            f"{told_in}: 'unpivot' with 'columns' or 'dates' wants 'value': a heading for them."
        )
    for language in {entry.language, *_languages(entry)} - {None}:
        if language not in months.LANGUAGES:
            raise ConfigError(
                f"{told_in}: no language '{language}' here; known: {', '.join(months.LANGUAGES)}."
            )
    for marks in (entry, *(how for how in entry.columns.values() if isinstance(how, From))):
        decimal = marks.decimal or entry.decimal
        thousands = entry.thousands if marks.thousands is None else marks.thousands
        if decimal not in (".", ",") or len(thousands) > 1 or thousands == decimal:
            raise ConfigError(
                f"{told_in}: 'decimal' is '.' or ',', 'thousands' one other character or none."
            )
    for zone in sorted({entry.time_zone, *_zones(entry)}):
        if re.fullmatch(r"(UTC|GMT)?[+-](0?\d|1[0-4])(:?[0-5]\d)?", zone):
            continue
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            near = _nearest(zone, zoneinfo.available_timezones())
            raise ConfigError(f"{told_in}: no time zone '{zone}'; {near}") from None
    return Mapping(entry, table, told_in, folder)


def _check_layout(entry: Entry, told_in: str) -> None:
    """A key that the entry's layout does not read would silently not hold."""
    only = ("member", "quote", "report", "records", "explode")
    told = [key for key in only if getattr(entry, key) is not None]
    told += ["header_rows"] if entry.header_rows != 1 else []
    told += ["ragged"] if entry.ragged != "refuse" else []
    told += [key for key in ("totals", "merged", "pages") if getattr(entry, key) != "refuse"]
    told += ["blank"] if any(
        isinstance(how, From) and how.blank for how in entry.columns.values()
    ) else []  # fmt: skip
    told += ["header_row"] if entry.header_row is not None and entry.header_row < 1 else []
    if entry.layout == "stated" and told:
        raise ConfigError(f"{told_in}: '{told[0]}' wants 'layout: detect', too.")
    if entry.layout == "detect" and entry.skip_footer:
        raise ConfigError(
            f"{told_in}: 'layout: detect' finds the last row itself; take 'skip_footer' out."
        )


def _zones(entry: Entry) -> set[str]:
    own = [how.time_zone for how in entry.columns.values() if isinstance(how, From)]
    return {zone for zone in own if zone}


def _languages(entry: Entry) -> set[str]:
    own = [how.language for how in entry.columns.values() if isinstance(how, From)]
    return {language for language in own if language}


def _constants(mapping: Mapping) -> dict[str, str]:
    entry = mapping.entry
    said = {name: text_of(value) for name, value in entry.constants.items()}
    if entry.currency and "currency" in mapping.table.spec.columns:
        said.setdefault("currency", entry.currency)
    return said


def text_of(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _own(name: str, headings: tuple[str, ...], file: str) -> str:
    same = [heading for heading in headings if normal(heading) == name]
    if len(same) > 1:
        raise MappingError(
            f"{file}: {', '.join(repr(each) for each in same)} could all be '{name}'. "
            f"Say which under 'columns'."
        )
    if not same:
        raise MappingError(_no_heading(name, headings, file, name))
    return same[0]


def find(wanted: str, headings: tuple[str, ...], file: str, column: str) -> str:
    """The heading that is wanted, blanks around it apart. Raises MappingError."""
    if wanted in headings or wanted in (ROW_NUMBER, CONTENT_KEY):
        return wanted
    if wanted == FILE_DATE:
        if date_in_name(file) is None:
            raise MappingError(
                f"{file}: its name holds no day, or several, and '{column}' wants one. Put the day "
                "of the export into the file's name (posts_2026-09-30.csv), or set the column "
                "under 'constants'."
            )
        return wanted
    same = [heading for heading in headings if heading.strip() == wanted.strip()]
    if len(same) == 1:
        return same[0]
    raise MappingError(_no_heading(wanted, headings, file, column))


def _no_heading(wanted: str, headings: tuple[str, ...], file: str, column: str) -> str:
    from ingestion import vocabulary

    near = [each for each in headings if not vocabulary.of_another(column, each)]
    told = _nearest(wanted, near)
    if told.startswith("known"):
        told = f"the file has: {', '.join(headings[:40]) or 'no heading'}."
    return (
        f"{file}: no heading '{wanted}', which the mapping wants for '{column}'; "
        f"{told} Correct the mapping, or ask for the column again."
    )


def identifying(table: Table, columns: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Of the headings that fill the contract's columns (column -> headings) those that say which
    row it is, in their order: days, texts, links, names, ids. Left out is what may be another
    number or word in the next export of the same row: measures, truth values, words of state, and
    a day of the key itself, which is the day of the export."""
    found: set[str] = set()
    for name, headings in columns.items():
        column = table.spec.columns[name]
        is_day = column.type in ("date", "timestamp")
        if (
            (is_day or column.type == "text")
            and column.personal != "drop"
            and not column.words
            and not _STATE.fullmatch(name)
            and not (is_day and name in table.spec.key)
        ):
            found |= {each for each in headings if each not in (ROW_NUMBER, CONTENT_KEY, FILE_DATE)}
    return tuple(sorted(found))


_STATE = re.compile(
    r"status|\w*stage|outcome|priority|topic|category|sentiment\w*|loss_reason|team|owner|manager"
    r"|(closed|updated|resolved|solved|answered|qualified|left|ends)_(on|at)|first_reply_\w+"
    r"|converted_\w+|\w*valid_until|licence\w*"
)
"""Columns that say how a thing stands, not which it is."""
ROW_NUMBER = "row_number"
FILE_DATE = "file_date"
CONTENT_KEY = "content_key"
_DIVIDED = (
    (r"(?<!\d)(20\d\d)([-_.])([01]?\d)\2([0-3]?\d)(?!\d)", (1, 3, 4)),
    (r"(?<!\d)([0-3]?\d)(\.)([01]?\d)\2(20\d\d)(?!\d)", (4, 3, 1)),
)
_MONTH_DAY = r"([A-Z][a-z]{2})-([0-3]\d)-(20\d\d)"
_RUN_TOGETHER = r"(?<![\dvV])(20\d\d)([01]\d)([0-3]\d)(?!\d)"
_INSTANT = r"(?<!\d)(1[5-9]\d{8})(\d{3})?(?!\d)"


def date_in_name(file: str) -> dt.date | None:
    """The day in a file's name on which an export was made: 2026-09-30, 30.09.2026, Sep-30-2026
    (Meta), else 20260930, milliseconds since 1970 (LinkedIn). Of a time, its last day.

    A day whose parts are divided is one; a row of digits may be an id, and counts only where no
    divided one stands. None where there is no day, or several that are not a time from and to.
    """
    divided: list[tuple[int, dt.date]] = []
    for pattern, parts in _DIVIDED:
        for match in re.finditer(pattern, file):
            divided += _found(match, *(match[part] for part in parts))
    for match in re.finditer(_MONTH_DAY, file):
        if match[1] in months.ENGLISH:
            divided += _found(match, match[3], str(months.ENGLISH.index(match[1]) + 1), match[2])
    digits: list[tuple[int, dt.date]] = []
    for match in re.finditer(_RUN_TOGETHER, file):
        digits += _found(match, *match.groups())
    for match in re.finditer(_INSTANT, file):
        at = dt.datetime.fromtimestamp(int(match[1]), dt.UTC).date()
        digits.append((match.start(), at))
    days = list(dict.fromkeys(day for _, day in sorted(divided or digits)))
    if not days or len(days) > 2 or days != sorted(days):
        return None
    if len(days) == 2 and not divided and re.search(_INSTANT, file):
        return None
    return days[-1]


def _found(match: re.Match, year: str, month: str, day: str) -> list[tuple[int, dt.date]]:
    try:
        return [(match.start(), dt.date(int(year), int(month), int(day)))]
    except ValueError:
        return []


def pieces(template: str) -> list[tuple[str, int | None]]:
    """A template as (literal text, width of the slot after it): 0 without padding, None at the
    end. `{heading:02}` pads with zeros."""
    parts = re.split(r"\{([^{}]+)\}", template)
    literals, slots = parts[::2], parts[1::2]
    widths = [int(found[1]) if (found := re.search(r":0(\d)$", slot)) else 0 for slot in slots]
    return list(zip(literals, [*widths, None], strict=True))


def slots(template: str) -> list[str]:
    return [re.sub(r":0\d$", "", slot) for slot in re.findall(r"\{([^{}]+)\}", template)]


def _why_refused(name: str) -> str | None:
    for pattern, why in REFUSED.items():
        if re.fullmatch(pattern, normal(name)):
            return why
    return None


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    lower = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.5)
    if near:
        return f"did you mean '{lower[near[0]]}'?"
    more = f" and {len(names) - 40} more" if len(names) > 40 else ""
    return f"known: {', '.join(names[:40])}{more}."


def _folders(pattern: str) -> list[Path]:
    root, pattern = (Path("/"), pattern[1:]) if pattern.startswith("/") else (ROOT, pattern)
    found = sorted(path.resolve() for path in root.glob(pattern) if path.is_dir())
    if not found:
        raise ConfigError(f"[feeds] folders: '{pattern}' names no folder below {root}.")
    return found


def _is_data(path: Path) -> bool:
    return path.is_file() and not path.name.startswith((".", "~$"))
