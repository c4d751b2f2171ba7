"""Text into typed values, as SQL: what a cell means under the marks and formats of its mapping.

Every expression is null where the text is not such a value, never a guess: '1.5' is no whole
number, '1.500' is no amount when the decimal mark is a comma, '31.02.2026' is no day. The caller
tells null from unreadable by the text beside it.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import re
import typing
import zoneinfo

from ingestion import months
from ingestion.privacy import sql_digest
from ingestion.specs import SQL, Column

_BLANKS = " \u00a0\u202f"
_APOSTROPHES = "'\u2019"
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_ISO_DAY = r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_NAIVE_TIME = r"[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$"
_ZONED_TIME = (
    r"[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?| ?(UTC|GMT)([+-][0-9]{1,2}(:[0-9]{2})?)?"
    r"| [A-Z][A-Za-z]+/[A-Za-z_/]+)$"
)
"""An abbreviation (EST, IST) is none: it names a zone in several countries, and no summer time."""
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?")
_SEPARATOR = "chr(31)"
_EDGES = "' ' || chr(9) || chr(10) || chr(13)"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


class Marks(typing.NamedTuple):
    """How values are written in one column of one file."""

    decimal: str = "."
    thousands: str = ""
    dates: tuple[str, ...] = ()
    time_zone: str = "UTC"
    multiply: float | None = None
    round: bool = False
    percent: bool = False
    strip: str | tuple[str, ...] = ""
    """Signs, each taken off once, before or after the number; a stop at its end may lack."""
    negative: str | None = None
    duration: str | None = None
    language: str | None = None
    own_decimal: bool = False
    """The column itself states its decimal mark: 5.000 may then be a whole number."""

    @property
    def signs(self) -> tuple[str, ...]:
        told = (self.strip,) if isinstance(self.strip, str) else self.strip
        return (*filter(None, told), *(("%",) if self.percent else ()))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def cleaned(cell: str, missing: tuple[str, ...]) -> str:
    """The cell without blanks around it; null when it is empty or a word for missing."""
    # Most cells want no trimming, and asking is four times cheaper than doing it.
    blank = f"{cell} < '!' or suffix({cell}, ' ')"
    text = f"case when {blank} then nullif(trim({cell}, {_EDGES}), '') else {cell} end"
    if not missing:
        return text
    words = ", ".join(quoted(word.strip().lower()) for word in missing)
    return f"case when lower(trim({cell})) not in ({words}) then {text} end"


def plainly(cell: str, kind: str) -> str:
    """A typed cell as text: a whole number without a decimal point."""
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{cell} = round({cell}) and abs({cell}) < 1e15"
        return f"case when {whole} then {cell}::bigint::varchar else {cell}::varchar end"
    return f"{cell}::varchar"


def reworded(text: str, words: dict[str, str]) -> str:
    """The mapping's own words for a value, whatever their case."""
    if not words:
        return text
    cases = " ".join(
        f"when {quoted(said.strip().lower())} then nullif({quoted(meant)}, '')"
        for said, meant in words.items()
    )
    return f"case lower({text}) {cases} else {text} end"


def typed(text: str, column: Column, marks: Marks) -> str:
    """SQL of the column's type from a cleaned text expression; null where it is no such value."""
    parse = {
        "text": _text,
        "integer": _integer,
        "number": _number,
        "money": _money,
        "date": _date,
        "timestamp": _timestamp,
        "boolean": _boolean,
    }[column.type]
    return f"({parse(text, column, marks)})::{SQL[column.type]}"


def native(cell: str, kind: str, column: Column, marks: Marks) -> str | None:
    """SQL of the column's type from a cell that has a type already; None to go through text."""
    scaled = marks.multiply is not None or marks.percent
    numeric = kind in (*_INTEGERS, "DOUBLE", "FLOAT") or kind.startswith("DECIMAL")
    if column.type == "integer" and kind in _INTEGERS and not scaled:
        return f"{cell}::bigint"
    if column.type == "number" and numeric and not scaled:
        return f"case when isfinite({cell}::double) then {cell}::double end"
    if column.type == "money" and numeric and not scaled:
        return f"try_cast({cell} as decimal(18, 4))"
    if column.type == "date" and kind == "DATE":
        return cell
    if column.type == "date" and kind == "TIMESTAMP WITH TIME ZONE":
        return f"{_in_zone(cell, marks.time_zone)}::date"
    if column.type == "timestamp" and kind == "TIMESTAMP WITH TIME ZONE":
        return f"({cell} at time zone 'UTC')"
    if column.type == "timestamp" and kind.startswith("TIMESTAMP"):
        return _in_utc(f"{cell}::timestamp", marks.time_zone)
    if column.type == "boolean" and kind == "BOOLEAN":
        return cell
    return None


def row_key(names: typing.Iterable[str]) -> str:
    """md5 over the key's values; what is unknown counts as empty."""
    parts = ", ".join(f"coalesce({name}::varchar, '')" for name in names)
    return f"md5(concat_ws({_SEPARATOR}, {parts}))"


def row_hash(columns: dict[str, str]) -> str:
    """md5 over all known values, each after a mark for its column (column name -> SQL).

    What is unknown leaves no trace, so that a column which a contract gains later changes no hash
    of a row that does not fill it.
    """
    parts = ", ".join(
        f"case when {sql} is not null then {quoted(column_mark(name))} end, {sql}"
        for name, sql in columns.items()
    )
    return f"md5(concat({parts}))" if parts else "md5('')"


def row_number(columns: dict[str, str]) -> str:
    """63 bits of the row's hash: enough to tell a key's versions apart, a third cheaper to keep."""
    number = f"md5_number{row_hash(columns).removeprefix('md5')}"  # its _lower twin is slower
    return f"({number} & {2**63 - 1})::bigint"


def column_mark(name: str) -> str:
    """A short mark for a column: md5 costs by the letter. Unique within each table, by a test."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
    return "\x1f" + base64.b64encode(digest).decode()[:3]


def hashed(text: str) -> str:
    return sql_digest(text)


def outside(value: str, column: Column) -> list[tuple[str, str]]:
    """(condition, reason) for values out of the contract's range or words; false when null."""
    found = []
    if column.type in ("date", "timestamp"):
        found.append((f"({value} < date '1900-01-01' or {value} >= date '2200-01-01')", FAR))
    if column.minimum is not None:
        found.append((f"{value} < {column.minimum:g}", f"less than {column.minimum:g}"))
    if column.maximum is not None:
        found.append((f"{value} > {column.maximum:g}", f"more than {column.maximum:g}"))
    if column.words:
        words = ", ".join(quoted(word) for word in column.words)
        found.append((f"{value} not in ({words})", "not one of " + ", ".join(column.words)))
    return found


FAR = "a day before 1900 or after 2199"
_AS_TEXT = "Send the column as text: what it said cannot be told from what is left."
LOST = {
    "an error of a spreadsheet": "Correct the formula at the source, or leave the cell empty.",
    "an id in scientific notation; its digits are lost": _AS_TEXT,
    "a range or code that a spreadsheet made a date": _AS_TEXT + " Or map 'words'.",
    FAR: "Write years with four digits, or name the form with two ('dates': %y for %Y). If the day "
    "stands for no end, say so under 'missing'.",
}
"""Remedies for `damaged` and for days that nobody means."""


def damaged(text: str, name: str) -> list[tuple[str, str]]:
    """(condition, reason) for text that a spreadsheet spoilt: what it said cannot be had back."""
    found = [(
        f"regexp_full_match({text}, '#([A-Z/0]+[!?]|N/A|ERROR|NOT CALCULATED)')",
        "an error of a spreadsheet",
    )]  # fmt: skip
    if name.endswith("_id") or name in ("account", "campaign", "booking_number", "url"):
        found.append((
            f"regexp_full_match({text}, '[0-9]([.,][0-9]+)?[eE][+]?[0-9]{{2}}')",
            "an id in scientific notation; its digits are lost",
        ))  # fmt: skip
    if name not in ("wave", "period", "valid_from", "month"):
        named = "|".join(months.ENGLISH) + "|Mär|Mrz|Mai|Okt|Dez"
        found.append((
            f"regexp_full_match({text}, '[0-9]{{1,2}}[-. ]+({named})\\.?|({named})-[0-9]{{2}}')",
            "a range or code that a spreadsheet made a date",
        ))  # fmt: skip
    return found


def _text(text: str, column: Column, marks: Marks) -> str:
    if column.words and all(word == word.lower() for word in column.words):
        words = ", ".join(quoted(word) for word in column.words)
        return f"case when lower({text}) in ({words}) then lower({text}) else {text} end"
    return text


def _integer(text: str, column: Column, marks: Marks) -> str:
    if marks.duration:
        number = _duration(text, column, marks)
        return f"case when {number} = round({number}) then try_cast({number} as bigint) end"
    if marks.round:
        number = _scaled(f"try_cast({_numeral(text, marks)} as double)", marks)
        return f"try_cast(round({number}) as bigint)"
    if marks.multiply is not None or marks.percent:
        number = _scaled(f"try_cast({_numeral(text, marks)} as double)", marks)
        return f"case when {number} = round({number}) then try_cast({number} as bigint) end"
    # 5.000 is five to one writer and five thousand to the next.
    fraction = "0*" if marks.own_decimal else "(0{0,2}|0{4,})"
    general = f"try_cast(try_cast({_numeral(text, marks, fraction)} as double) as bigint)"
    if marks.strip or marks.negative:
        return general
    whole = f"try_cast({text} as bigint)"  # takes 1_000 and 12.7 too, so it must read back alike
    return f"case when {whole}::varchar = {text} then {whole} else {general} end"


def _number(text: str, column: Column, marks: Marks) -> str:
    if marks.duration:
        return _duration(text, column, marks)
    return _scaled(f"try_cast({_numeral(text, marks)} as double)", marks)


def _money(text: str, column: Column, marks: Marks) -> str:
    if marks.multiply is not None or marks.percent:
        return f"try_cast(round({_number(text, column, marks)}, 4) as decimal(18, 4))"
    return f"try_cast({_numeral(text, marks)} as decimal(18, 4))"


def _duration(text: str, column: Column, marks: Marks) -> str:
    """A length of time in the column's unit (seconds where it has none)."""
    if marks.duration == "words":
        parts = {"h": 3600, "m": 60, "s": 1}
        seconds = " + ".join(
            f"coalesce(try_cast(nullif(regexp_extract(lower({text}), '([0-9]+) ?{letter}', 1), '') "
            f"as double), 0) * {factor}"
            for letter, factor in parts.items()
        )
        pattern = "(PT)?([0-9]+ ?h)? ?([0-9]+ ?m(in)?)? ?([0-9]+ ?s(ec)?)?"
    else:
        factors = {"h:m": (3600, 60), "m:s": (60, 1), "h:m:s": (3600, 60, 1)}[str(marks.duration)]
        seconds = " + ".join(
            f"try_cast(split_part({text}, ':', {place}) as double) * {factor}"
            for place, factor in enumerate(factors, start=1)
        )
        pattern = "[0-9]+" + ":[0-5][0-9]" * (len(factors) - 1)
    unit = {"minutes": 60, "hours": 3600, "days": 86400}.get(column.unit or "", 1)
    fits = f"regexp_full_match({text}, {quoted(pattern)}, 'i') and {text} <> ''"
    return f"case when {fits} then ({seconds}) / {unit} end"


def _scaled(number: str, marks: Marks) -> str:
    if marks.percent:
        number = f"({number} / 100)"
    return number if marks.multiply is None else f"({number} * {marks.multiply!r}::double)"


def _numeral(text: str, marks: Marks, fraction: str = "[0-9]*") -> str:
    """The text as SQL writes numbers, null unless it is one under exactly these marks: groups of
    three or none, so that a thousands mark never passes for a decimal one. `fraction` is the
    pattern of what may stand after the decimal mark."""
    if marks.signs:
        text = _without(text, marks.signs)
    if marks.negative:
        text = _with_minus(text, marks.negative)
    point = re.escape(marks.decimal)
    decimals = f"({point}{fraction})?"
    if fraction == "[0-9]*":
        pattern = f"([0-9]+{decimals}|{point}[0-9]+)([eE][+-]?[0-9]+)?"
    else:
        pattern = f"[0-9]+{decimals}"
    alike = next((set_ for set_ in (_BLANKS, _APOSTROPHES) if marks.thousands in set_), None)
    between = tuple(alike or marks.thousands) if marks.thousands else ()
    if between:
        mark = "(" + "|".join(re.escape(letter) for letter in between) + ")"
        pattern = f"({pattern}|[1-9][0-9]{{0,2}}({mark}[0-9]{{3}})+{decimals})"
    plain = text
    for letter in between:
        plain = f"replace({plain}, {quoted(letter)}, '')"
    if marks.decimal != ".":
        plain = f"replace({plain}, {quoted(marks.decimal)}, '.')"
    return f"case when regexp_full_match({text}, {quoted('[+-]?' + pattern)}) then {plain} end"


def _without(text: str, signs: tuple[str, ...]) -> str:
    """The text without a sign at its beginning (after a minus or parenthesis) and at its end. Never
    letter by letter: the stop of 'Fr.' is not that of 12.50."""
    told = sorted(signs, key=len, reverse=True)
    any_ = "|".join(re.escape(s[:-1]) + r"\.?" if s.endswith(".") else re.escape(s) for s in told)
    blank = f"[{_BLANKS}]*"
    begins = quoted(rf"^([+(−–-]?{blank})({any_}){blank}")
    ends = quoted(rf"{blank}({any_})({blank}[)-]?)$")
    text = f"regexp_replace({text}, {begins}, '\\1', 'i')"
    return f"trim(regexp_replace({text}, {ends}, '\\2', 'i'))"


def _with_minus(text: str, negative: str) -> str:
    if negative == "parentheses":
        inner = f"trim(substr({text}, 2, length({text}) - 2))"
        return f"case when {text} like '(%)' then '-' || {inner} else {text} end"
    if negative == "trailing":
        return f"case when {text} like '_%-' then '-' || rtrim({text}, '- ') else {text} end"
    return f"regexp_replace({text}, '^[−–] ?', '-')"


def _date(text: str, column: Column, marks: Marks) -> str:
    iso_day = quoted(_ISO_DAY + "([ T][0-9].*)?")
    day = f"try_cast({text} as date)"
    # Most days are written as SQL writes them, and reading back costs half of the pattern.
    alike = f"length({text}) = 10 and {text} between '0' and ':' and {day}::varchar = {text}"
    # A time with its offset is of the day that it was in the zone, not where it was written.
    there = _in_zone(f"try_cast({text} as timestamptz)", marks.time_zone)
    zoned = f"length({text}) > 15 and regexp_matches({text}, {quoted(_ZONED_TIME)})"
    iso = (
        f"case when {alike} then {day} when not regexp_full_match({text}, {iso_day}) then null "
        f"when {zoned} then {there}::date else {day} end"
    )
    found = []
    for kind in ("%z", "UTC", ""):
        formats = ", ".join(quoted(each) for each in marks.dates if zone_told(each) == kind)
        if formats:
            named = months.in_english_sql(text, marks.language) if marks.language else text
            parsed = f"try_strptime({named}, [{formats}])"
            parsed = f"timezone('UTC', {parsed})" if kind == "UTC" else parsed
            found.append(f"{_in_zone(parsed, marks.time_zone) if kind else parsed}::date")
    return f"coalesce({', '.join([*found, iso])})"


def _timestamp(text: str, column: Column, marks: Marks) -> str:
    iso_day = quoted(_ISO_DAY + "([ T].*)?")
    naive = _in_utc(f"try_cast({text} as timestamp)", marks.time_zone)
    aware = f"(try_cast({text} as timestamptz) at time zone 'UTC')"
    iso = (
        f"case when not regexp_full_match({text}, {iso_day}) then null "
        f"when length({text}) <= 10 or regexp_matches({text}, {quoted(_NAIVE_TIME)}) "
        f"then {naive} when regexp_matches({text}, {quoted(_ZONED_TIME)}) then {aware} end"
    )
    found = []
    for kind, zone in (("%z", None), ("UTC", "UTC"), ("", marks.time_zone)):
        formats = ", ".join(quoted(form) for form in marks.dates if zone_told(form) == kind)
        if formats:
            named = months.in_english_sql(text, marks.language) if marks.language else text
            parsed = f"try_strptime({named}, [{formats}])"
            found.append(
                f"({parsed} at time zone 'UTC')" if zone is None else _in_utc(parsed, zone)
            )
    return f"coalesce({', '.join([*found, iso])})"


def zone_told(form: str) -> str:
    """'%z', 'UTC' or '' of a form of strptime."""
    if "%z" in form:
        return "%z"
    return "UTC" if re.search(r"%[MSfp] ?(UTC|GMT|Z)$", form) else ""


def minutes_of(zone: str) -> int | None:
    """Minutes east of UTC of a fixed offset (UTC+05:30, GMT+8, -03:00); None for a place's name."""
    match = _OFFSET.fullmatch(zone)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return -minutes if match[1] == "-" else minutes


def _in_zone(instant: str, zone: str) -> str:
    """The time that the clocks of a zone show at an instant."""
    minutes = minutes_of(zone)
    if minutes is not None:
        return f"(timezone('UTC', {instant}) + to_minutes({minutes}))"
    return f"timezone({quoted(zone)}, {instant})"


def _in_utc(timestamp: str, zone: str) -> str:
    """Null for a time that the clocks of the zone leapt over."""
    if zone == "UTC":
        return timestamp
    minutes = minutes_of(zone)
    if minutes is not None:
        return f"({timestamp} - to_minutes({minutes}))"
    there = f"timezone({quoted(zone)}, {timestamp})"
    # No clock is changed by day, and asking back costs as much as asking.
    sound = f"hour({timestamp}) between 5 and 21 or timezone({quoted(zone)}, {there}) = {timestamp}"
    return f"case when {sound} then ({there} at time zone 'UTC') end"


def twice(utc: str, zone: str) -> str | None:
    """Whether the clocks of the zone showed this time (in UTC) twice; None where they never do."""
    if zone == "UTC" or minutes_of(zone) is not None or not _falls(zone):
        return None
    listed = ", ".join(map(str, _falls(zone)))

    def local(shift: str) -> str:
        return f"timezone({quoted(zone)}, timezone('UTC', {utc}{shift}))"

    again = f"{local('')} in ({local(' - to_minutes(60)')}, {local(' + to_minutes(60)')})"
    return f"case when month({utc}) in ({listed}) then {again} else false end"


@functools.cache
def _falls(zone: str) -> tuple[int, ...]:
    """The months in which the clocks of a zone went back in any year from 1990."""
    told, found = zoneinfo.ZoneInfo(zone), set()
    for year in range(1990, 2038):
        firsts = [dt.datetime(year + n // 12, n % 12 + 1, 1, 12, tzinfo=told) for n in range(13)]
        offsets = [each.utcoffset() for each in firsts]
        for month in range(12):
            if offsets[month + 1] < offsets[month]:  # type: ignore[operator]
                found |= {month + 1, (month + 1) % 12 + 1}
    return tuple(sorted(found))


def _boolean(text: str, column: Column, marks: Marks) -> str:
    yes, no = (", ".join(quoted(word) for word in words) for words in (_TRUE, _FALSE))
    return (
        f"case when lower({text}) in ({yes}) then true when lower({text}) in ({no}) then false end"
    )
