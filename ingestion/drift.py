"""A file that is written otherwise than its mapping says is refused whole, not read cell by cell.

Under the wrong marks some cells cannot be read, which quarantine would show; the others would be
read as something else: 1.500 as 1500, 3 September as 9 March. One witness is enough, wherever it
stands: cells that cannot be read are looked at as they come, and what only all cells together tell
(every amount has three digits after its mark) is gathered while they stream by.
"""

from __future__ import annotations

import datetime as dt
import re
import typing
from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from ingestion import profiles, values
from ingestion.mapping import From, Mapping, MappingError, texts
from ingestion.specs import Column
from ingestion.values import Marks

_SWAPPED = {"%d": "%m", "%m": "%d"}
# What a number shows ...
EITHER, DECIDED, SIGNED, UNSIGNED, PART_OF_ONE = 1, 2, 4, 8, 16
# ... and what a day or time does: typed or written as ISO, with a day up to 12 or after it; in
# numbers with a part over 12, or none; a time that stood twice on the clock.
ISO_EARLY, ISO_LATE, PART_OVER, PART_UNDER, TWICE = 1, 2, 4, 8, 16
_DAY_NUMBERS = "^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}"
_OFFSET = r"(Z|UTC|GMT|:[0-9]{2}(\.[0-9]+)? ?[+-][0-9]{2}(:?[0-9]{2})?)$"
_OVER_TWELVE = "^(1[3-9]|[23][0-9])[-/.]|^[0-9]{1,2}[-/.](1[3-9]|[23][0-9])[-/.]"


class Watched(typing.NamedTuple):
    """A column whose cells people wrote: how it is read, its heading, and what its cells show."""

    column: Column
    how: From
    marks: Marks
    heading: str
    stored: str


class Witnesses:
    """What the cells of one file say about its mapping, gathered batch by batch."""

    def __init__(self, mapping: Mapping, file: str, watched: dict[str, Watched]) -> None:
        self.mapping, self.file, self.watched = mapping, file, watched
        self.seen = dict.fromkeys(watched, 0)
        self.twice: Counter[str] = Counter()
        self.asked: set[tuple[str, str]] = set()
        self.apart = {
            name: profiles.Apart(each.column.type == "integer") for name, each in watched.items()
            if each.column.type in profiles.NUMERIC and each.how.sentinels is None
            and each.column.unit != "percent" and not each.marks.percent
            and each.marks.multiply is None and each.marks.duration is None
        }  # fmt: skip

    def columns(self) -> dict[str, str]:
        """SQL of what each cell shows, from `t_<name>` and `v_<name>`; named `_shown_<name>`."""
        found = {}
        for name, each in self.watched.items():
            sql = _shows(f"t_{name}", f"v_{name}", each)
            if sql is not None:
                found[f"_shown_{name}"] = f"({sql})::utinyint"
        return found

    def doubt(self, bad: pa.Table, unreadable: Iterable[tuple[str, dict]]) -> None:
        """Take in the rows of a batch that have a fault; `unreadable` are columns and what the row
        says in all of them. Raises MappingError for a cell that can be read under other marks."""
        for name, said in unreadable:
            each = self.watched[name]
            cell = said.get(each.stored)
            if cell is None or (name, cell) in self.asked:
                continue
            self.asked.add((name, cell))
            why = _contradicts(cell, each)
            if why:
                self._refuse(each, why)
        self._shown(bad)

    def look(self, good: pa.Table) -> None:
        """Take in the sound rows of a batch."""
        self._shown(good)
        for name, apart in self.apart.items():
            apart.look(good[self.watched[name].stored])

    def _shown(self, rows: pa.Table) -> None:
        for name, each in self.watched.items():
            if f"_shown_{name}" not in rows.column_names:
                continue
            shown = rows[f"_shown_{name}"]
            for value in pc.unique(shown).to_pylist():
                self.seen[name] |= value or 0
            if each.column.type == "timestamp" and self.seen[name] & TWICE:
                bits = pc.bit_wise_and(shown, pa.scalar(TWICE, pa.uint8()))
                self.twice[name] += pc.sum(pc.greater(bits, 0)).as_py() or 0

    def settle(self) -> list[tuple[str, str]]:
        """What is to be said of the file (what, why), after its last row. Raises MappingError for
        what all its cells together contradict."""
        for name, each in self.watched.items():
            why = _together(self.seen[name], each)
            if why is None and name in self.apart:
                why = self.apart[name].question(each.heading)
            if why:
                self._refuse(each, why)
        return [
            (
                f"{count:,} times in '{self.watched[name].heading}' stood twice on the clocks of "
                f"{self.watched[name].marks.time_zone}; the second time is taken",
                "that night the clocks went back",
            )
            for name, count in self.twice.items() if count
        ]  # fmt: skip

    def _refuse(self, each: Watched, why: str) -> typing.NoReturn:
        raise MappingError(
            f"{self.file}: '{each.heading}' is written otherwise than {self.mapping.told_in} "
            f"says: {why}"
        )


def _shows(text: str, value: str, each: Watched) -> str | None:
    marks, kind = each.marks, each.column.type
    if kind in ("date", "timestamp"):
        day = (
            f"case when {text} is null then 0 when substr({text}, 5, 1) in ('-', '/') then "
            f"case when substr({text}, 9, 2) > '12' then {ISO_LATE} "
            f"else {ISO_EARLY} end "
            f"when regexp_matches({text}, '{_OVER_TWELVE}') then {PART_OVER} "
            f"when regexp_matches({text}, '{_DAY_NUMBERS}') then {PART_UNDER} else 0 end"
        )
        again = values.twice(value, marks.time_zone) if kind == "timestamp" else None
        if again is None:
            return day
        naive = f"not regexp_matches({text}, '{_OFFSET}')"
        return f"{day} + case when {again} and {naive} then {TWICE} else 0 end"
    if kind not in profiles.NUMERIC or marks.duration:
        return None
    parts = []
    if kind != "integer" or marks.multiply is not None or marks.round:
        mark = values.quoted(marks.decimal)
        point = re.escape(marks.decimal)
        lone = values.quoted(rf"[^0-9]*[1-9][0-9]{{0,2}}{point}[0-9]{{3}}[^0-9]*")
        here = f"substr({text}, -4, 1) = {mark}" if not marks.signs else f"contains({text}, {mark})"
        parts.append(
            f"case when {value} is null or not contains({text}, {mark}) then 0 when {here} and "
            f"regexp_full_match({text}, {lone}) then {EITHER} else {DECIDED} end"
        )
    if "%" in marks.signs:
        parts.append(
            f"case when contains({text}, '%') then {SIGNED} "
            f"when {value} <> 0 then {UNSIGNED} else 0 end"
        )
    if _is_of_hundred(each):
        parts.append(f"case when {value} > 0 and {value} < 0.01 then {PART_OF_ONE} else 0 end")
    return " + ".join(parts) or None


def _is_of_hundred(each: Watched) -> bool:
    """Whether a share is written in percents without a sign."""
    return each.marks.multiply == 0.01 and each.column.maximum == 1


def _together(seen: int, each: Watched) -> str | None:
    kind, marks = each.column.type, each.marks
    if kind in ("date", "timestamp"):
        days = seen & (ISO_EARLY | ISO_LATE | PART_OVER | PART_UNDER)
        return profiles.SWAPPED_BY_A_SPREADSHEET if days == ISO_EARLY | PART_OVER else None
    if seen & UNSIGNED:
        return (
            "it has numbers without a percent sign, and the mapping knows it with one. Say whether "
            "those are shares or percents: correct 'percent' or 'strip', or ask for the file again."
        )
    if seen & PART_OF_ONE:
        return (
            "a number between 0 and 1 stands where the mapping knows percents ('multiply: 0.01'), "
            "so it may be a share. Correct 'multiply', or ask for the file again."
        )
    if seen & (EITHER | DECIDED) == EITHER and not marks.own_decimal:
        return (
            f"every amount with a '{marks.decimal}' has three digits after it, so 1{marks.decimal}"
            "500 may be one and a half or fifteen hundred. State 'decimal' for this column in the "
            'mapping (decimal: "." or ","), or ask for the file again.'
        )
    return None


def _contradicts(cell: str, each: Watched) -> str | None:
    """Why a cell that cannot be read as stated shows that the file is written otherwise."""
    if each.column.type in ("date", "timestamp"):
        return _day(cell, texts(each.marks.dates))
    if each.column.type in profiles.NUMERIC and not each.marks.duration:
        return _number(cell, each.marks)
    return None


def _number(cell: str, marks: Marks) -> str | None:
    bare = profiles.bare(cell)
    if not profiles.is_numeral(bare.text):
        return None
    known = {sign.rstrip(".").lower() for sign in marks.signs}
    if bare.sign and bare.sign.rstrip(".").lower() not in known:
        return (
            f"'{cell}' has the sign '{bare.sign}', which the mapping does not name. Is it another "
            "currency? Correct 'strip' and 'currency', or ask for the file again."
        )
    if bare.percent and "%" not in known:
        return f"'{cell}' has a percent sign. Say so in the mapping ('percent' or 'strip')."
    decimal, other = marks.decimal, "," if marks.decimal == "." else "."
    if profiles.read(bare.text, decimal, marks.thousands) is None and re.search(
        r"[.,]", bare.text
    ) and profiles.read(bare.text, other, decimal) is not None:  # fmt: skip
        return (
            f"'{cell}' is no number with decimal mark '{decimal}', but is one with '{other}'. "
            "Correct 'decimal' and 'thousands', or ask for the file again."
        )
    return None


def _day(cell: str, forms: tuple[str, ...]) -> str | None:
    if profiles.YEAR_DAY_MONTH.match(cell):
        return f"'{cell}' puts the day before the month, so others may. Ask for the file again."
    plain = [form for form in forms if "%b" not in form and "%d" in form and "%m" in form]
    for form in plain:
        swapped = re.sub("%[dm]", lambda found: _SWAPPED[found[0]], form)
        if swapped not in forms and _reads(cell, swapped):
            return (
                f"'{cell}' is no day as {form}, but is one as {swapped}. Correct 'dates', or ask "
                "for the file again."
            )
    return None


def _reads(text: str, form: str) -> bool:
    try:
        dt.datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        return False
    return True
