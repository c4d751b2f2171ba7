"""Where the table is in a file, told by evidence: delimiter, headings, first and last row.

Everything decided is an Assumption with what speaks for it; what the file leaves open raises
MappingError with the key of the mapping that settles it. A person's word in the mapping wins.
"""

from __future__ import annotations

import codecs
import datetime as dt
import itertools
import re
import typing
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ingestion import grids, totals
from ingestion.grids import Bad, Block, Cell, Clean, Dialect, Row
from ingestion.mapping import (
    CONTENT_KEY,
    FILE_DATE,
    ROW_NUMBER,
    Entry,
    From,
    MappingError,
    normal,
    slots,
    texts,
)

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f")
NAMES = {"\t": "tab", "\x1f": "unit separator", "": "none"}
SAMPLE_LINES = 3_000
WHOLE = 8_000_000  # bytes; a smaller file is looked at in all its rows
TAIL = 30
CLOSE = 0.9  # a second reading that scores so much of the first leaves it open
NUMBER = re.compile(
    r"[(+\-−–]?\s*([A-Z]{2,3}\s?|[€$£¥]|R\$|US\$)?\s*[+\-−]?("
    r"\d{1,3}([.,'’\u00a0\u202f ]\d{3})+([.,]\d+)?|\d+([.,]\d+)?|[.,]\d+)([eE][+\-]?\d+)?"
    r"\s*([%‰€$£¥]|[A-Z]{3}|kr|zł|Kč)?\s*[)\-]?"
)
DAY = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
    r"|\d{1,2}[. -]+[^\W\d]{3,9}\.?[,. -]+\d{2,4}|[^\W\d]{3,9}\.? \d{1,2},? \d{4})"
    r"([T, ]+\d{1,2}:\d{2}.*)?"
)
CLOCK = re.compile(r"\d{1,3}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[AaPp]\.?[Mm]\.?)?")
WORDS_FOR_TRUTH = {
    "true", "false", "yes", "no", "ja", "nein", "oui", "non", "sí", "si", "sim", "não", "nao",
    "wahr", "falsch", "vrai", "faux", "verdadero", "falso", "verdadeiro",
}  # fmt: skip
A_TOTAL = "a total or subtotal, not a row"
MAY_BE_TOTAL = "called like a total, and no number tells whether it is one"
MAY_BE_SUM = "it may be a total, a tax or a discount, and nothing tells whether it is a row"
TOO_MANY = "more cells than there are headings"
TOO_FEW = "fewer cells than there are headings"
EXPLAINS = "a row that explains the headings"
AGAIN = "the headings once more"
AFTER = "stands after the table"
ANOTHER = "of another table in the file"
OTHER_HEADINGS = "other headings, or the same in another order: another table begins"
BELOW_OTHERS = "stands below other headings than the table's"
NO_ROWS = frozenset({A_TOTAL, EXPLAINS, AGAIN, AFTER, ANOTHER})
"""Reasons for what never was a row: nothing is in the way of the rest."""
PLACEHOLDERS = frozenset({
    "open", "tbd", "tba", "tbc", "pending", "unknown", "none", "missing", "offen", "ausstehend",
    "unbekannt", "folgt", "ouvert", "inconnu", "pendiente", "desconocido", "pendente",
    "desconhecido", "n/a", "na", "n.a.", "k.a.", "on request", "auf anfrage", "to be defined",
    "in progress",
})  # fmt: skip
"""What stands where nothing is known yet."""
HELD = 200  # rows kept to say what the first column looks like


class Assumption(typing.NamedTuple):
    """What was decided, and the evidence."""

    what: str
    why: str


class Totals(typing.NamedTuple):
    """Rows that are totals; those called so of which nothing tells; and those that only numbers
    say it of (or a word for a tax), with why."""

    rows: frozenset[int] = frozenset()
    open: frozenset[int] = frozenset()
    sums: tuple[tuple[int, str], ...] = ()


class Layout(typing.NamedTuple):
    """Where one table lies: number of its headings' rows (none: they are `column 1` ...), of its
    first row, and of the last one if it ends before the file does."""

    headings: tuple[str, ...]
    header: tuple[int, ...]
    first: int
    last: int | None
    descriptions: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        return len(self.headings)


class Table(typing.NamedTuple):
    """A detected table, ready to be read again and again: its layout, its rows as a stream, and
    what was assumed. `name` tells it from others of its file (a sheet, a report's number)."""

    name: str
    layout: Layout
    rows: Callable[[], Iterator[Block]]
    assumptions: tuple[Assumption, ...]
    decimal_is_typed: bool = False
    sheet: str | None = None
    plain: Dialect | None = None
    """How a large file is written in which each line is a row in any reader: DuckDB's will do."""
    typed: tuple[int, ...] = ()
    """Columns of values; the first is filled best."""
    known: Callable[[str], bool] = lambda heading: False
    others: tuple[tuple[int, int], ...] = ()
    """First and last rows of the file's other tables."""
    totals: Totals = Totals()


# --- delimiter and quote -------------------------------------------------------------------------


def dialect(lines: list[str], encoding: str, entry: Entry, name: str) -> tuple[Dialect, str]:
    """How these lines are taken apart, and the evidence. Raises MappingError when two ways are as
    good and differ."""
    skip = 0
    declared = re.fullmatch(r'"?sep=(.)"?', lines[0].strip("\r\n")) if lines else None
    if declared:
        skip = 1
    quotes = [entry.quote] if entry.quote is not None else ['"', "'", ""]
    delimiters = [entry.delimiter] if entry.delimiter else DELIMITERS
    if declared and not entry.delimiter:
        delimiters = [declared[1]]
    # Notes above reports (GA4) are no witnesses for how their rows are divided.
    body = [line for line in lines[skip:] if not line.startswith(("# ", "#-", "#\n", "#\r"))]
    body = body if len(body) > 1 else lines[skip:]
    text = "".join(body)
    found = []
    seen: dict[tuple, tuple] = {}
    for delimiter, quote in itertools.product(delimiters, quotes):
        if delimiter not in text and len(delimiters) > 1:
            continue
        if quote and entry.quote is None:
            # A quote that never begins a cell quotes nothing.
            edge = rf"(^|{re.escape(delimiter)})\s?{quote}"
            if not re.search(edge, text, re.M):
                continue
        for escape in ("", "\\") if quote and f"\\{quote}" in text else ("",):
            one = Dialect(encoding, delimiter, quote, escape, skip)
            rows = [row for block in grids.blocks(iter(body), one) for row in block]
            score = _score(rows, delimiter)
            told = tuple(tuple(r.cells) if isinstance(r, Row) else None for r in rows)
            if told in seen and seen[told][0] >= score:
                continue
            seen[told] = (score, one)
            found.append((score, one, told))
    found.sort(key=lambda each: -each[0])
    if not found or found[0][0] <= 0.05:
        one = Dialect(encoding, entry.delimiter or "", "" if '"' not in text else '"', "", skip)
        return one, "no delimiter divides the lines alike: one column"
    best, one, told = _with_quotes(found)
    rivals = [
        each for each in found
        if each[2] != told and each[0] >= CLOSE * best and not _same_but_quotes(one, each[1], told)
    ]  # fmt: skip
    if rivals:
        other = rivals[0][1]
        raise MappingError(
            f"{name}: it may be divided by {_called(one)} or by {_called(other)}. "
            "State 'delimiter' (and 'quote') in the mapping (or --set delimiter=)."
        )
    if declared:
        return one, f"the file says so in its first line: {lines[0].strip()}"
    widths = Counter(len(row) for row in told if row)
    width, count = widths.most_common(1)[0]
    total = sum(widths.values())
    return one, f"{count:,} of {total:,} lines have {width} cells by {_called(one)}"


def _with_quotes(found: list[tuple]) -> tuple:
    """The best reading, with quotes where every record closes its own: nobody writes pairs of
    quotes around cells and means them as text."""
    best = found[0]
    if best[1].quote:
        return best
    for each in found:
        if each[1].delimiter == best[1].delimiter and each[1].quote == '"' and None not in each[2]:
            return each
    return best


def _same_but_quotes(one: Dialect, other: Dialect, told: tuple) -> bool:
    return one.delimiter == other.delimiter and one.quote == '"' and not other.quote and (
        None not in told
    )  # fmt: skip


def _called(one: Dialect) -> str:
    quote = f" with quote {one.quote}" if one.quote else " without quotes"
    return f"'{NAMES.get(one.delimiter, one.delimiter)}'{quote}"


def _score(rows: list[Row | Bad], delimiter: str) -> float:
    """How much like a table it is: rows alike in width, times cells that look like one value each
    (the idea of van den Burg, Nazabal and Sutton 2019, "Wrangling messy CSV files")."""
    widths: Counter[int] = Counter()
    good = value = 0.0
    for row in rows:
        if isinstance(row, Bad):
            widths[-1] += 1
            value += 0
            good += 1
            continue
        cells = row.cells
        if not cells:
            continue
        widths[len(cells)] += 1
        if len(cells) > 1:
            good += len(cells)
            value += sum(_looks(cell) for cell in cells)
    total = sum(widths.values())
    if not total or not good:
        return 0.0
    pattern = sum(
        count * (max(width, 1) - 1) / max(width, 1) for width, count in widths.items() if width > 0
    )
    modal = max((c for w, c in widths.items() if w > 1), default=0)
    return pattern / total * (modal / total) ** 1.5 * (value / good) ** 2


def _looks(cell: str) -> float:
    text = cell.strip()
    if not text or NUMBER.fullmatch(text) or DAY.fullmatch(text) or CLOCK.fullmatch(text):
        return 1.0
    if text[0] in "\"'" or text[-1] == '"':
        return 0.0 if text[0] == '"' or text[-1] == '"' else 0.5
    if any(mark in text for mark in ";\t|^~\x1f"):
        return 0.3
    if "," in text and not re.search(r",\s", text):
        return 0.5
    return 0.9


# --- headings and rows ---------------------------------------------------------------------------


def is_value(cell: Cell) -> bool:
    """Whether a cell is a number, a day, a time or a truth value rather than a word."""
    if cell is None or isinstance(cell, grids.Error):
        return False
    if not isinstance(cell, str) or isinstance(cell, grids.Number):
        return True
    text = cell.strip()
    return bool(
        NUMBER.fullmatch(text) or DAY.fullmatch(text) or CLOCK.fullmatch(text)
        or text.lower() in WORDS_FOR_TRUTH
    )  # fmt: skip


MONTHS = re.compile(
    r"(\d{4}[-/. ]?(0?[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/. ]\d{4}|[^\W\d_]{3,10}\.?[ '’/-]*\d{2,4}"
    r"|(Q[1-4]|[KC]?W ?\d{1,2})[ /-]*\d{2,4}|\d{4}[ -]?(Q[1-4]|[KC]?W ?\d{1,2})"
    r"|\d{4}-\d{2}-\d{2})"
)


def _filled(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell is not None and str(cell).strip()]


def _trimmed(cells: list[Cell]) -> list[Cell]:
    end = len(cells)
    while end and (cells[end - 1] is None or not str(cells[end - 1]).strip()):
        end -= 1
    return cells[:end]


def tables(
    rows: list[Row], entry: Entry, wanted: frozenset[str], known: Callable[[str], bool], name: str,
    merged: list[tuple[int, int, int, int]] = (),  # type: ignore[assignment]
) -> tuple[list[Layout], list[Assumption]]:  # fmt: skip
    """The tables among rows. `wanted` are the (normalised) headings that a mapping names; `known`
    says whether a heading is one that contracts or exports know.

    Raises MappingError when no row can be told to be the headings.
    """
    said: list[Assumption] = []
    if entry.header_row is not None:
        return [_stated(rows, entry, name)], said
    blocks = _divided(rows)
    found: list[Layout] = []
    for block in blocks:
        layout, why = _headed(block, wanted, known, merged)
        if layout is not None:
            if found and layout.headings == found[-1].headings:
                found[-1] = found[-1]._replace(last=block[-1].number)
                said.append(Assumption(
                    f"row {layout.header[-1]} repeats the headings", "the same words once more"
                ))  # fmt: skip
                continue
            found.append(layout._replace(last=layout.last or block[-1].number))
            said += why
        elif found and _continues(block, found[-1]):
            found[-1] = found[-1]._replace(last=block[-1].number)
    if not found:
        found = _headless(blocks, known, name, said)
    return found, said


def _stated(rows: list[Row], entry: Entry, name: str) -> Layout:
    at = entry.header_row or 0
    if at == 0:
        width = Counter(len(_trimmed(row.cells)) for row in rows if row.cells).most_common(1)[0][0]
        return Layout(tuple(f"column {n}" for n in range(1, width + 1)), (), 1, None)
    numbered = {row.number: row for row in rows}
    at = at if at > 0 else rows[-1].number
    if at not in numbered:
        raise MappingError(f"{name}: the file ends before header_row {at}.")
    head = tuple(range(at, at + entry.header_rows))
    headings = joined([numbered[n].cells for n in head if n in numbered])
    if entry.header_row is not None and entry.header_row < 0:
        return Layout(headings, head, 1, at - 1)
    return Layout(headings, head, head[-1] + 1, None)


def _divided(rows: list[Row]) -> list[list[Row]]:
    """Runs of rows between blank ones."""
    blocks: list[list[Row]] = [[]]
    for row in rows:
        if _filled(row.cells):
            blocks[-1].append(row)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _headed(
    block: list[Row],
    wanted: frozenset[str],
    known: Callable[[str], bool],
    merged: list[tuple[int, int, int, int]],
) -> tuple[Layout | None, list[Assumption]]:
    widths = [len(_trimmed(row.cells)) for row in block]
    for place, row in enumerate(block[:60]):
        head = _trimmed(row.cells)
        names = [str(cell).strip() for cell in _filled(head)]
        if len(names) < min(2, max(widths)) or not names:
            continue
        words = {normal(name) for name in names}
        if wanted and wanted <= words:
            why = f"it holds every heading that the mapping names ({len(wanted)})"
            if place and place == len(block) - 1:
                last = Layout(joined([head]), (row.number,), block[0].number, row.number - 1)
                return last, [Assumption(f"headings are in the last row ({row.number})", why)]
            return _layout(block, place, merged), _assume(block, place, why)
        # Months as headings are words here.
        values = [each for each in _filled(head) if is_value(each) and not _month(each)]
        if values or any(isinstance(each, grids.Error) for each in head):
            continue
        below = block[place + 1 :]
        if not below or len(names) < 0.5 * max(widths[place:]):
            continue
        hits = sum(known(name) for name in names)
        typed = _typed_under(head, below)
        if len(head) == 1 and not (hits and typed):
            continue
        repeated = 0 if place or typed else _never_again(head, below)
        if hits >= max(2, 0.4 * len(names)) or typed >= 1 or hits == len(names) or repeated:
            if place + 1 < len(block) and _better_below(block, place, known, hits, typed):
                continue
            if _is_rival(block, place, len(names)):
                return None, []
            told = []
            if typed:
                told.append(f"{typed} columns below hold values, it holds words")
            if repeated:
                told.append(f"{repeated} columns repeat their words below, never one of it")
            if hits:
                told.append(f"{hits} of its {len(names)} words are known headings")
            return _layout(block, place, merged), _assume(block, place, "; ".join(told))
    return None, []


def _is_rival(block: list[Row], place: int, names: int) -> bool:
    """Whether a row above could as well be the headings: as full, and not merely their groups."""
    for above in range(place):
        filled = _filled(block[above].cells)
        if len(filled) > 0.6 * names and not any(is_value(cell) for cell in filled):
            groups = len({str(cell) for cell in filled}) < len(filled)
            if not (above == place - 1 and groups):
                return True
    return False


def _never_again(head: list[Cell], below: list[Row]) -> int:
    """Columns that repeat their words below, if the first row's words stand in none of them."""
    found = 0
    for place, name in enumerate(head):
        cells = [str(c) for c in _filled([r.cells[place] for r in below if place < len(r.cells)])]
        if len(cells) >= 8 and len(set(cells)) <= 0.5 * len(cells):
            if str(name) in cells:
                return 0
            found += 1
    return found if found >= 2 or (found and len(below) >= 20) else 0


def _month(cell: Cell) -> bool:
    if isinstance(cell, (dt.date, dt.datetime)):
        return True
    return isinstance(cell, str) and bool(MONTHS.fullmatch(cell.strip()))


def _better_below(
    block: list[Row], place: int, known: Callable[[str], bool], hits: int, typed: int
) -> bool:
    """Whether the next row is the headings proper: more of them, and this one only groups them or
    stands above."""
    head, below = _trimmed(block[place].cells), _trimmed(block[place + 1].cells)
    names = [str(cell) for cell in _filled(below)]
    if not names or any(is_value(cell) and not _month(cell) for cell in _filled(below)):
        return False
    more = sum(known(name) for name in names)
    rest = block[place + 2 :]
    fuller = len(names) > len({str(each) for each in _filled(head)})
    return (fuller or more > hits) and bool(rest) and (
        more > hits or _typed_under(below, rest) >= max(1, typed)
    ) and len(names) >= len(_filled(head)) and more >= hits  # fmt: skip


def _typed_under(head: list[Cell], below: list[Row]) -> int:
    """Columns with a heading whose cells below mostly are values."""
    found = 0
    for place, name in enumerate(head):
        if name is None or not str(name).strip():
            continue
        cells = [row.cells[place] for row in below[:200] if place < len(row.cells)]
        cells = _filled(cells)
        if cells and sum(is_value(cell) for cell in cells) >= 0.6 * len(cells):
            found += 1
    return found


def _layout(block: list[Row], place: int, merged: list[tuple[int, int, int, int]]) -> Layout:
    """Headings at `place`, with groups above them and descriptions below."""
    rows = [block[place].cells]
    header = [block[place].number]
    head = _trimmed(rows[0])
    if place and block[place - 1].number == block[place].number - 1:
        above = block[place - 1].cells
        names = [normal(str(cell)) for cell in _filled(head)]
        spans = any(
            top <= block[place - 1].number - 1 <= bottom and right > left
            for top, left, bottom, right in merged
        )
        doubled = len(set(names)) < len(names)
        if (doubled or spans) and len(_filled(above)) >= 2:
            rows.insert(0, _spread(above, len(head), spans))
            header.insert(0, block[place - 1].number)
    headings = joined(rows)
    first = place + 1
    told = []
    while first < len(block) - 1 and _describes(block, first, headings):
        told.append(block[first].number)
        first += 1
    start = block[first].number if first < len(block) else block[place].number + 1
    return Layout(headings, tuple(header), start, None, tuple(told))


def _spread(cells: list[Cell], width: int, merged: bool) -> list[Cell]:
    """A row of groups: a name holds until the next one (merged cells are filled in already)."""
    found: list[Cell] = []
    last: Cell = None
    for place in range(width):
        cell = cells[place] if place < len(cells) else None
        if cell is not None and str(cell).strip():
            last = cell
        found.append(cell if merged else last)
    return found


def _describes(block: list[Row], at: int, headings: tuple[str, ...]) -> bool:
    """Whether a row explains the headings: sentences where every other row has values."""
    cells = block[at].cells
    rest = block[at + 1 : at + 200]
    explained = typed = 0
    told: list[str] = []
    for place in range(len(headings)):
        below = _filled([row.cells[place] for row in rest if place < len(row.cells)])
        if not below or sum(is_value(cell) for cell in below) < 0.9 * len(below):
            continue
        typed += 1
        cell = cells[place] if place < len(cells) else None
        if isinstance(cell, str) and not is_value(cell) and re.search(r"[^\W\d]{2}", cell):
            explained += 1
            told.append(cell.strip().lower())
        elif cell is not None and str(cell).strip():
            return False
    if PLACEHOLDERS & set(told) or len(set(told)) < len(told):
        return False  # a row of which little is known yet
    sentences = sum(len(text.split()) > 1 or len(text) > 12 for text in told)
    return typed >= 2 and explained >= 2 and explained >= 0.6 * typed and 2 * sentences >= explained


GROUP = " / "
"""Between a heading and the group above it."""


def joined(rows: list[list[Cell]]) -> tuple[str, ...]:
    """Headings of one or several rows, trimmed; an empty one is named after its place, a repeated
    one is numbered. Trailing empty ones are none."""
    width = max(len(_trimmed(row)) for row in rows) if rows else 0
    found: list[str] = []
    for place in range(width):
        parts = []
        for row in rows:
            cell = row[place] if place < len(row) else None
            text = " ".join((grids.text_of(cell) or "").split())
            if text and text not in parts:
                parts.append(text)
        name = GROUP.join(parts) or f"column {place + 1}"
        again = sum(other == name or other.startswith(f"{name} (") for other in found)
        found.append(f"{name} ({again + 1})" if again and name in found else name)
    return tuple(found)


def _assume(block: list[Row], place: int, why: str) -> list[Assumption]:
    return [Assumption(f"headings are in row {block[place].number}", why)]


def _above(rows: list[Row], layout: Layout) -> list[Assumption]:
    """What stands above the first table's headings, by its rows."""
    if not layout.header or layout.first < layout.header[0]:
        return []
    above = [row for row in rows if row.number < layout.header[0] and _filled(row.cells)]
    if not above:
        return []
    where = ", ".join(str(row.number) for row in above[:8]) + (", ..." if len(above) > 8 else "")
    begin = str(_filled(above[0].cells)[0])[:40]
    what = f"{len(above)} rows above the headings are no rows"
    return [Assumption(what, f"rows {where}; they begin '{begin}'")]


def _continues(block: list[Row], layout: Layout) -> bool:
    return any(len(_trimmed(row.cells)) > 0.5 * layout.width for row in block)


def _headless(
    blocks: list[list[Row]], known: Callable[[str], bool], name: str, said: list[Assumption]
) -> list[Layout]:
    """A table whose headings stand in its last row, or nowhere."""
    block = max(blocks, key=len, default=[])
    if not block:
        raise MappingError(f"{name}: no row holds anything. Ask for the file again.")
    last = _trimmed(block[-1].cells)
    words = [str(cell) for cell in _filled(last)]
    if (
        len(block) > 1
        and len(words) > 1
        and not any(is_value(cell) for cell in _filled(last))
        and _typed_under(last, block[:-1]) >= 1
        and sum(known(word) for word in words) >= max(2, 0.4 * len(words))
    ):
        said.append(Assumption(
            f"headings are in the last row ({block[-1].number})",
            "its words are known headings, the rows above hold values",
        ))  # fmt: skip
        return [Layout(joined([last]), (block[-1].number,), block[0].number, block[-1].number - 1)]
    raise MappingError(
        f"{name}: no row can be told to be the headings. State 'header_row' in the mapping, or "
        "--set header_row= (0 if there is none; columns are then called 'column 1', 'column 2', "
        "...)."
    )


# --- a file --------------------------------------------------------------------------------------


def detected(
    path: Path, entry: Entry, wanted: frozenset[str], known: Callable[[str], bool]
) -> list[Table]:
    """Every table of a file. Raises MappingError where its bytes leave something open."""
    kind = grids.kind(path, entry.member)
    if kind == "workbook":
        return _of_book(path, entry, wanted, known)
    if kind == "json":
        return _of_json(path, entry)
    if kind == "parquet":
        raise MappingError(
            f"{path.name}: Parquet says itself how it is written; leave 'layout' out."
        )
    return _of_text(path, entry, wanted, known)


def _of_text(
    path: Path, entry: Entry, wanted: frozenset[str], known: Callable[[str], bool]
) -> list[Table]:
    said: list[Assumption] = []
    if entry.encoding is not None:
        grids.hold_against(path, entry.encoding, entry.member)
        encoding = "utf-8-sig" if codecs.lookup(entry.encoding).name == "utf-8" else entry.encoding
    else:
        found = grids.encoding(path, entry.member)
        encoding = found.name
        said.append(Assumption(f"encoding {encoding}", found.why))
        if found.doubt:
            said.append(Assumption("letters are taken as the file has them", found.doubt))
    lines = grids.lines(path, encoding, entry.member)
    sample = list(itertools.islice(lines, SAMPLE_LINES))
    more = next(lines, None) is not None
    lines.close()  # type: ignore[attr-defined]
    one, why = dialect(sample, encoding, entry, path.name)
    said.append(Assumption(f"delimiter {_called(one)}", why))
    ends = Counter(re.search(r"(\r\n|\r|\n|)$", line)[0] for line in sample[:-1])
    if len(ends) > 1:
        said.append(Assumption("lines end in several ways", f"{dict(ends)!r}"))

    def stream() -> Iterator[Block]:
        return grids.blocks(grids.lines(path, encoding, entry.member), one)

    small = path.stat().st_size <= WHOLE and path.suffix.lower() not in (".gz", ".zip")
    rows = []
    for block in stream():
        rows += [row for row in block if isinstance(row, Row)]
        if not small and len(rows) >= SAMPLE_LINES:
            break
    found, told = tables(rows, entry, wanted, known, path.name)
    whole = small or not more
    if not whole:
        found = [*found[:-1], found[-1]._replace(last=None)]
    said += told + _above(rows, found[0])
    plain = None
    if not whole and len(found) == 1 and _is_simple(found[0], rows) and (
        encoding.lower() in ("utf-8", "ascii") and entry.member is None and not one.skip
    ) and path.suffix.lower() not in (".gz", ".zip"):  # fmt: skip
        (at,) = found[0].header
        if one.delimiter and not one.escape and _is_plain(path, one, found[0], at):
            plain = one
    result = _made(found, rows, stream, said, known, whole, names=None)
    odd = whole
    if not whole and path.suffix.lower() not in (".gz", ".zip"):
        odd = _ends_oddly(path, encoding, one, found[-1], rows)
    plain = None if odd else plain
    may = plain is None and grids.holds(path, totals.STEMS, encoding, entry.member)
    return [
        _with_totals(table._replace(plain=plain), entry, may, odd, not whole)
        if may or odd else table._replace(plain=plain)
        for table in result
    ]  # fmt: skip


def _ends_oddly(path: Path, encoding: str, one: Dialect, layout: Layout, rows: list[Row]) -> bool:
    """Whether the first row or the last line of a large file may be a sum of all others."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_536))
        line = file.read().decode(encoding, "replace").rstrip("\r\n").rpartition("\n")[2]
    last = next((row for block in grids.blocks(iter([line]), one) for row in block), None)
    body = [row for row in rows if row.number >= layout.first and len(row.cells) == layout.width]
    if isinstance(last, Row) and len(last.cells) == layout.width:
        body.insert(1, last)
    return any(totals.is_odd(row, body) for row in body[:2])


def _made(
    found: list[Layout],
    rows: list[Row],
    stream: Callable[[], Iterator[Block]],
    said: list[Assumption],
    known: Callable[[str], bool],
    whole: bool,
    names: list[str] | None,
    sheet: str | None = None,
) -> list[Table]:
    """The tables of found layouts, each knowing where the others are."""
    ranges = [
        (min(layout.header, default=layout.first), max(layout.last, *layout.header, 0))
        if layout.last is not None else (min(layout.header, default=layout.first), 1 << 60)
        for layout in found
    ]  # fmt: skip
    result = []
    for place, layout in enumerate(found):
        others = tuple(each for n, each in enumerate(ranges) if n != place)
        result.append(Table(
            names[place] if names else str(place + 1), layout, stream,
            (*said, *_ends(layout, rows, whole)), sheet is not None, sheet,
            typed=_typed(layout, rows), known=known, others=others,
        ))  # fmt: skip
    return result


def _typed(layout: Layout, rows: list[Row]) -> tuple[int, ...]:
    """Columns whose cells are values, the best filled first."""
    if not layout.header:
        return ()
    sample = [
        row.cells for row in rows
        if row.number >= layout.first and row.number not in layout.header
        and (layout.last is None or row.number <= layout.last)
    ][:HELD]  # fmt: skip
    found = []
    for place in range(layout.width):
        cells = _filled([cells[place] for cells in sample if place < len(cells)])
        if cells and sum(map(is_value, cells)) >= 0.8 * len(cells):
            found.append((-len(cells), place))
    return tuple(place for _, place in sorted(found))


def _with_totals(
    table: Table, entry: Entry, may: bool = True, odd: bool = True, is_large: bool = False
) -> Table:
    """The table with its totals: those that are called so, where a cell of the file `may` be, and
    those that are sums by their numbers (of a large one the first or last row, where `odd`)."""
    if entry.totals == "keep":
        return table

    def rows() -> Iterator[Row]:
        for block in _rows(table, entry):
            yield from (row for row in block if isinstance(row, Row))

    verdict = totals.Verdict([], [], [])
    if may and any(totals.called(cell) for row in rows() for cell in row.cells):
        verdict = totals.judge(rows(), table.layout.width, every=entry.totals == "drop")
    told = frozenset(verdict.totals) | {number for number, _ in verdict.open}
    unnamed = totals.by_numbers(rows(), told, is_large) if odd else totals.Unnamed({}, {})
    said = list(table.assumptions)
    if verdict.rows_called:
        number, label = verdict.rows_called[0]
        said.append(Assumption(
            f"{len(verdict.rows_called)} rows called like a total are rows "
            f"(row {number}: '{label}')", "their numbers are the sum of no rows beside them",
        ))  # fmt: skip
    sums = unnamed.totals | (unnamed.open if entry.totals == "drop" else {})
    if sums:
        listed = ", ".join(map(str, sorted(sums)[:8])) + (", ..." if len(sums) > 8 else "")
        some = f"rows {listed} are totals" if len(sums) > 1 else f"row {listed} is a total"
        said.append(Assumption(
            f"{some} and left out", f"{next(iter(sums.values()))} (or --set totals=keep)"
        ))  # fmt: skip
    open_ = () if entry.totals == "drop" else tuple(sorted(unnamed.open.items()))
    return table._replace(
        totals=Totals(
            frozenset(verdict.totals) | sums.keys(), frozenset(n for n, _ in verdict.open), open_
        ),
        assumptions=tuple(said),
    )


def question(table: Table, entry: Entry) -> str | None:
    """What a person must say of rows that may be totals."""
    if entry.totals != "refuse" or not (table.totals.open or table.totals.sums):
        return None
    if not table.totals.open:
        (number, why), *more = table.totals.sums
        others = f" (and rows {', '.join(str(n) for n, _ in more[:5])} alike)" if more else ""
        return (
            f"row {number} may be no row: {why}{others}. Say --set totals=drop if it is none, "
            "--set totals=keep if it is one."
        )
    rows = ", ".join(map(str, sorted(table.totals.open)[:5]))
    return (
        f"rows {rows} are called like a total, and no number tells whether they are. Say "
        "--set totals=drop if they are, --set totals=keep if they are rows."
    )


def _is_plain(path: Path, one: Dialect, layout: Layout, at: int) -> bool:
    """Whether DuckDB's reader reads this file as ours would: every line a row, none of them a
    total, headings once more or a note at the end."""

    def is_odd(line: str) -> bool:
        return any(totals.called(cell) for cell in line.split(one.delimiter))

    return grids.is_plain(path, one, at, layout.headings, totals.STEMS, is_odd)


def _is_simple(layout: Layout, rows: list[Row]) -> bool:
    """One row of headings, as many as there are cells, and rows right below it."""
    if len(layout.header) != 1 or layout.descriptions or layout.first != layout.header[0] + 1:
        return False
    head = next(row for row in rows if row.number == layout.header[0])
    return len(head.cells) == layout.width


def _ends(layout: Layout, rows: list[Row], whole: bool) -> list[Assumption]:
    if not whole or layout.last is None:
        return []
    after = [row for row in rows if row.number > layout.last and _filled(row.cells)]
    after = [row for row in after if row.number not in layout.header]
    if not after:
        return []
    begin = str(_filled(after[0].cells)[0])[:40]
    return [Assumption(f"rows end at {layout.last}", f"what follows begins '{begin}'")]


def _of_book(
    path: Path, entry: Entry, wanted: frozenset[str], known: Callable[[str], bool]
) -> list[Table]:
    book = grids.book(path, entry.member)
    if entry.sheet is not None and entry.sheet not in book.sheets:
        raise MappingError(
            f"{path.name}: no sheet '{entry.sheet}'; it has {', '.join(book.sheets)}. "
            "Correct 'sheet' in the mapping."
        )
    chosen = [entry.sheet] if entry.sheet is not None else list(book.sheets)
    result: list[Table] = []
    errors = []
    for name in chosen:
        rows = book.sheets[name]
        if not any(_filled(row.cells) for row in rows) or (
            name in book.hidden and entry.sheet is None
        ):
            continue
        try:
            found, told = tables(rows, entry, wanted, known, path.name, book.merged.get(name, []))
        except MappingError as error:
            errors.append(error)
            continue
        said = [Assumption(f"sheet '{name}'", f"of {', '.join(book.sheets)}")]
        said += [Assumption("sheet hidden in the workbook", f"'{each}'") for each in book.hidden]
        said += [Assumption(each, "the workbook says so") for each in book.told.get(name, ())]
        said += told + _above(rows, found[0])

        def stream(rows: list[Row] = rows) -> Iterator[Block]:
            yield rows  # type: ignore[misc]

        names = [name if len(found) == 1 else f"{name} {n}" for n in range(1, len(found) + 1)]
        made = _made(found, rows, stream, said, known, True, names, name)
        result += [_with_totals(table, entry) for table in made]
    if not result:
        raise errors[0] if errors else MappingError(
            f"{path.name}: no sheet holds a table. Ask for the file again."
        )  # fmt: skip
    return result


def _of_json(path: Path, entry: Entry) -> list[Table]:
    if entry.encoding is not None:
        grids.hold_against(path, entry.encoding, entry.member)
    encoding = entry.encoding or grids.encoding(path, entry.member).name
    found = grids.records(path, encoding, entry.records, entry.explode, entry.member, entry.pages)
    layout = Layout(found.headings, (), 0, None)

    def stream() -> Iterator[Block]:
        yield list(found.rows)

    said = tuple(Assumption(each, "the file is JSON") for each in found.told)
    return [_with_totals(Table("1", layout, stream, said, True), entry)]


def chosen(tables_: list[Table], entry: Entry, wanted: frozenset[str], name: str) -> Table:
    """The one table that a mapping means. Raises MappingError when it could be several."""
    if entry.report is not None:
        for table in tables_:
            if table.name == str(entry.report):
                return table
        raise MappingError(
            f"{name}: no report '{entry.report}'; it has "
            f"{', '.join(table.name for table in tables_)}. Correct 'report' in the mapping."
        )
    fitting = [
        table for table in tables_ if wanted <= {normal(each) for each in table.layout.headings}
    ]
    if wanted and len(fitting) == 1:
        return fitting[0]
    if len(tables_) == 1:
        return tables_[0]
    among = fitting if wanted and fitting else tables_
    told = "; ".join(f"{t.name} ({', '.join(t.layout.headings[:4])})" for t in among[:6])
    raise MappingError(
        f"{name}: {len(among)} reports in one file: {told}. Say which with 'report' in the "
        "mapping (or --set report=)."
    )


def body(table: Table, entry: Entry) -> Iterator[Block]:
    """The table's rows, each as wide as the headings; what is no row is Bad with its reason."""
    told = dict.fromkeys(table.totals.rows, A_TOTAL)
    told |= dict.fromkeys(table.totals.open, MAY_BE_TOTAL)
    told |= {number: MAY_BE_SUM for number, _ in table.totals.sums}
    if not told:
        yield from _rows(table, entry)
        return
    for block in _rows(table, entry):
        if isinstance(block, Clean):
            last = block.first + len(block.cells) - 1
            if not any(block.first <= number <= last for number in told):
                yield block
                continue
        yield [Bad(row.number, told[row.number]) if row.number in told else row for row in block]


def is_outline(cells: list[Cell], groups: int = 1) -> bool:
    """Whether a column names each of at least so many `groups` in its first row only, as a pivot
    does: the first cell is filled, no label follows itself, and many cells below are empty."""
    told = [str(cell).strip() if cell is not None else "" for cell in cells]
    labels = [each for each in told if each]
    blank = len(told) - len(labels)
    if not told or not told[0] or blank < 2 or len(labels) < groups or 4 * blank < len(told):
        return False
    # At least every second group has rows below its first one.
    heads = sum(bool(one) and not below for one, below in itertools.pairwise(told))
    return 2 * heads >= len(labels) and all(a != b for a, b in itertools.pairwise(labels))


def _rows(table: Table, entry: Entry) -> Iterator[Block]:
    """The rows of a table with its totals among them."""
    layout, width = table.layout, table.layout.width
    skip = frozenset(layout.header)
    same = list(layout.headings)
    pad = entry.ragged == "pad" or table.decimal_is_typed
    held: list[Row] = []  # filled in the first cell only: notes, if no row follows
    seen: list[list[Cell]] = []
    is_other = after_blank = False
    for block in table.rows():
        if isinstance(block, Clean) and not is_other and _is_sound(block, table, same):
            if held:
                yield held  # type: ignore[misc]
                held = []
            seen = seen or block.cells[:HELD]
            after_blank = False
            yield block
            continue
        found: list[Row | Bad] = []
        for row in block:
            number = row.number
            if number in skip or number < layout.first:
                if number in layout.descriptions:
                    found.append(Bad(number, EXPLAINS))
                continue
            if layout.last is not None and number > layout.last:
                why = _outside(table, entry, row)
                if why:
                    found.append(Bad(number, why))
                continue
            if isinstance(row, Bad):
                found.append(Bad(number, BELOW_OTHERS) if is_other else row)
                continue
            cells = row.cells
            if not _filled(cells):
                after_blank = True
                continue
            if layout.header:
                heads = _heads(cells, table, same, after_blank)
                after_blank = False
                if heads is not None:
                    is_other = heads == OTHER_HEADINGS
                    found.append(Bad(number, heads))
                    continue
                if is_other:
                    found.append(Bad(number, BELOW_OTHERS))
                    continue
            if len(cells) != width:
                cells = _fitted(cells, width, pad)
                if cells is None:
                    continue
                if isinstance(cells, str):
                    found.append(Bad(number, cells))
                    continue
            if layout.header and _is_lone(cells):
                held.append(Row(number, cells))
                continue
            if held:
                found += held
                held = []
            if len(seen) < HELD:
                seen.append(cells)
            found.append(Row(number, cells))
        yield found
    if held:
        shapes = {_shape(cells[0]) for cells in seen}
        yield [row if _shape(row.cells[0]) in shapes else Bad(row.number, AFTER) for row in held]


def _is_lone(cells: list[Cell]) -> bool:
    """Whether only the first of several cells says something, and that in words."""
    if len(cells) < 3 or not _filled(cells[:1]) or is_value(cells[0]):
        return False
    return not _filled(cells[1:])


def _shape(cell: Cell) -> str:
    """What a cell looks like: its words, or, where it has marks (addresses), its marks."""
    text = str(cell).strip()
    if re.search(r"[^\w\s]", text):
        return re.sub(r"\w+", "w", text)
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text))


def _outside(table: Table, entry: Entry, row: Row | Bad) -> str | None:
    """Why a row below the table is none of it; None where it is blank or another entry's."""
    if isinstance(row, Row) and not _filled(row.cells):
        return None
    if any(first <= row.number <= last for first, last in table.others):
        return ANOTHER if entry.report is None else None
    return AFTER


def _heads(cells: list[Cell], table: Table, same: list[str], after_blank: bool) -> str | None:
    """Why a row is headings rather than a row: the table's own, or those of another one."""
    if table.typed and not after_blank:
        # A row of headings has words where the table has values.
        cell = cells[table.typed[0]] if table.typed[0] < len(cells) else None
        if not isinstance(cell, str) or cell[:1].isdigit():
            return None
    told = [str(cell).strip() if cell is not None else "" for cell in _trimmed(cells)]
    if told == same:
        return AGAIN
    names = [each for each in told if each]
    if len(names) < 2 or len(set(names)) < len(names):
        return None
    if sorted(names) == sorted(same):
        return OTHER_HEADINGS
    if any(is_value(cell) for cell in _filled(cells)):
        return None
    words = {each.lower() for each in names}
    if words & PLACEHOLDERS:
        return None
    own = {each.lower() for each in same}
    hits = sum(each.lower() in own or table.known(each) for each in names)
    if hits >= max(2, (0.4 if table.typed else 0.75) * len(names)):
        return OTHER_HEADINGS
    # Behind a blank row a table may begin whose words nobody knows.
    over = [n for n in table.typed if n < len(told) and told[n]]
    if after_blank and len(over) >= max(2, 0.6 * len(table.typed)):
        return OTHER_HEADINGS
    return None


def _is_sound(block: Clean, table: Table, same: list[str]) -> bool:
    """Whether every record is a row as it stands, told in few passes over all of them."""
    layout = table.layout
    if block.first < layout.first or (
        layout.last is not None and block.first + len(block.cells) - 1 > layout.last
    ):
        return False
    if set(map(len, block.cells)) != {layout.width}:
        return False
    if [""] * layout.width in block.cells or same in block.cells:
        return False
    if not any(block.cells[-1][1:]):
        return False
    if table.typed:
        place = table.typed[0]
        return all(cells[place][:1].isdigit() for cells in block.cells)
    own = set(same)
    return not any(cells[0] in own or cells[-1] in own for cells in block.cells)


def _fitted(cells: list[Cell], width: int, pad: bool) -> list[Cell] | str | None:
    """Cells as many as headings; why not, or None for a blank row."""
    trimmed = _trimmed(cells)
    if not trimmed:
        return None
    if len(trimmed) > width:
        return TOO_MANY
    if len(cells) > width:
        return cells[:width]
    return [*cells, *[None] * (width - len(cells))] if pad else TOO_FEW


def wanted_of(entry: Entry) -> frozenset[str]:
    """The headings that an entry names, normalised."""
    found: set[str] = set()
    for said in entry.columns.values():
        if isinstance(said, str):
            found.add(said)
        elif isinstance(said, From):
            if said.heading:
                found.add(said.heading)
            found |= set(slots(said.template or ""))
    if entry.unpivot is not None:
        virtual = {entry.unpivot.name, entry.unpivot.value or ""}
        virtual |= {cell for cells in entry.unpivot.groups.values() for cell in cells}
        found -= virtual
        found |= {h for cells in entry.unpivot.groups.values() for h in cells.values()}
        found |= {each for each in texts(entry.unpivot.columns) if not re.search(r"[*?\[]", each)}
    found -= {ROW_NUMBER, FILE_DATE, CONTENT_KEY}
    return frozenset(normal(each) for each in found if not re.fullmatch(r"column \d+", each))
