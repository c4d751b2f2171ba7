"""Any file as rows of cells with their numbers as a spreadsheet counts them; nothing is typed here.

A cell is text, None, or what a workbook or JSON typed (number, day, time, true or false). A record
that cannot be taken apart is a Bad with the reason: it never costs its neighbours. Text streams;
a workbook and one JSON document are held whole. Nothing is unpacked to disk.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import re
import typing
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ingestion import encodings, merging
from ingestion.mapping import MappingError

Cell = typing.Any
LARGEST_DOCUMENT = 400_000_000  # bytes of one JSON document
CHUNK = 1 << 20
BLOCK = 20_000
NO_OBJECT = "not a JSON object"
KEY_TWICE = "a key stands twice in one object"
ENVELOPES = ("data", "results", "elements", "records", "items", "rows", "value", "values", "hits",
             "Report_Entry", "employees", "tickets", "campaigns", "reports")  # fmt: skip
"""Keys under which vendors send their records."""
_TOGETHER = 100  # lines that one quoted cell may span
_NOT_DATA = re.compile(r"(^|/)(__MACOSX/|\.)|readme|licen[cs]e|\.(txt\.sig|pdf|html?|md)$", re.I)


class Row(typing.NamedTuple):
    number: int
    cells: list[Cell]


class Bad(typing.NamedTuple):
    number: int
    reason: str


class Clean:
    """Many records that came apart without a fault: Rows when iterated, cheaper as they are."""

    __slots__ = ("first", "cells")

    def __init__(self, first: int, cells: list[list[Cell]]) -> None:
        self.first, self.cells = first, cells

    def __iter__(self) -> Iterator[Row]:
        return (Row(number, cells) for number, cells in enumerate(self.cells, start=self.first))


Block = Clean | list[Row | Bad]


class Dialect(typing.NamedTuple):
    """How a text file is written. An empty `quote` quotes nothing; `escape` is '' where a quote
    within quotes is doubled."""

    encoding: str
    delimiter: str
    quote: str = '"'
    escape: str = ""
    skip: int = 0  # lines before the first record, as `sep=;`


class Number(str):
    """A number as JSON wrote it: a float would change its digits."""


def opened(path: Path, member: str | None = None) -> tuple[typing.BinaryIO, str]:
    """The file's bytes, unpacked as they are read, and the name that says what they are.

    Raises MappingError for an archive with several data files, none, or a damaged one.
    """
    with path.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        return typing.cast(typing.BinaryIO, gzip.open(path, "rb")), path.name.removesuffix(".gz")
    if magic == b"PK\x03\x04":
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise MappingError(
                f"{path.name}: a damaged archive ({error}). Send it again."
            ) from None
        names = archive.namelist()
        if not {"[Content_Types].xml", "mimetype"} & set(names):
            data = [name for name in names if not name.endswith("/") and not _NOT_DATA.search(name)]
            if member is not None and member not in names:
                raise MappingError(
                    f"{path.name}: no '{member}' in it; it has {', '.join(data)}. "
                    "Correct 'member' in the mapping."
                )
            if member is None and len(data) != 1:
                raise MappingError(
                    f"{path.name}: {len(data)} files in one archive ({', '.join(data[:8])}). "
                    f"Say which with 'member' in the mapping (or --set 'member={data[0]}'), or "
                    "unpack it."
                )
            chosen = member or data[0]
            if archive.getinfo(chosen).flag_bits & 1:
                raise MappingError(f"{path.name}: it wants a password. Unpack it and send that.")
            return typing.cast(typing.BinaryIO, archive.open(chosen)), chosen
    return path.open("rb"), path.name


def kind(path: Path, member: str | None = None) -> str:
    """workbook, parquet, json or text: by the first bytes, because names lie."""
    if not path.stat().st_size:
        raise MappingError(f"{path.name}: the file is empty. Ask for it again.")
    stream, name = opened(path, member)
    with stream:
        head = _read(stream, path, 4_096)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        return "workbook"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"%PDF") or re.match(rb"\s*<(!doctype|html|\?xml)", head, re.I):
        what = "PDF" if head.startswith(b"%PDF") else "a web page or XML"
        raise MappingError(f"{path.name}: not a table but {what}. Export it as CSV or XLSX.")
    stripped = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb'(\{\s*["}]|\[\s*[\[{])', stripped) and not name.lower().endswith(
        (".csv", ".tsv")
    ):
        return "json"
    return "text"


def _read(stream: typing.BinaryIO, path: Path, size: int) -> bytes:
    try:
        return stream.read(size)
    except (EOFError, OSError, zipfile.BadZipFile, ValueError) as error:
        raise MappingError(
            f"{path.name}: it cannot be unpacked to its end ({error}). Send it again."
        ) from None


def chunks(path: Path, member: str | None = None) -> Iterator[bytes]:
    stream, _ = opened(path, member)
    with stream:
        while chunk := _read(stream, path, CHUNK):
            yield chunk


def encoding(path: Path, member: str | None = None) -> encodings.Encoding:
    """Its encoding, by all its bytes. Raises MappingError where they do not decide it."""
    try:
        return encodings.detect(chunks(path, member))
    except encodings.Undecided as error:
        raise MappingError(f"{path.name}: {error}") from None


def hold_against(path: Path, stated: str, member: str | None = None) -> None:
    """Raise MappingError when the file's bytes contradict the encoding that its mapping states."""
    try:
        why = encodings.contradiction(chunks(path, member), stated)
    except LookupError:
        why = f"Python knows no encoding '{stated}'"
    if why:
        raise MappingError(
            f"{path.name}: the mapping says 'encoding: {stated}', but {why}. Take 'encoding' out "
            "of the mapping (with 'layout: detect' the file tells it) or correct it."
        )


_LONE_CR = re.compile(rb"\r(?!\n)")
_NO_DIGIT = re.compile(rb"\n[^0-9\n]+\n")
_MANY = 50  # lines of a chunk that are looked at one by one


def holds(path: Path, stems: tuple[str, ...], told: str, member: str | None = None) -> bool:
    """Whether one of these (small) letters may stand in the file, whatever their case."""
    if told.lower().startswith(("utf-16", "utf-32")):
        return True
    if not told.lower().startswith("utf-8"):
        stems = tuple(stem for stem in stems if stem.isascii())
    forms = [form for stem in stems for form in _forms(stem)]
    last = b""
    for chunk in chunks(path, member):
        part = (last + chunk).lower()
        if any(each in part for each in forms):
            return True
        last = chunk[-20:]
    return False


def _forms(stem: str) -> set[bytes]:
    """A stem in bytes whose ASCII letters are small."""
    return {stem.encode(), stem.encode() if stem.isascii() else stem.upper().encode()}


def is_plain(
    path: Path,
    one: Dialect,
    header: int,
    headings: tuple[str, ...],
    stems: tuple[str, ...],
    is_odd: typing.Callable[[str], bool],
) -> bool:
    """Whether a line is a row whatever the reader: no blank line, no lone CR, quotes, if any, in
    pairs around whole cells; below row `header` no line without a digit or with a heading in front
    (it may be headings), none that `is_odd` among those that hold one of the `stems`, no note at
    the end. Looks at all bytes."""
    mark = re.escape(one.delimiter.encode())
    inner = rb'[^"\r\n' + mark + rb"]"
    odd = re.compile(rb'"(?<=' + inner + rb'")(?=' + inner + rb")")
    names = b"|".join(re.escape(name.encode()) for name in headings)
    heads = re.compile(rb'\n"?(?:' + names + rb')"?(?:' + mark + rb"|\r?\n)")
    forms = [form for stem in stems for form in _forms(stem)]
    nothing = bytes(set(range(256)) - {10, 34})
    last, number = b"", 0
    for chunk in chunks(path):
        part = last + chunk
        whole, line_end, last = part.rpartition(b"\n")
        text = b"\n" + whole + line_end
        if b"\n\n" in text or b"\n\r\n" in text or (b"\r" in text and _LONE_CR.search(text)):
            return False
        if b'"' in text:
            # Quotes alone: those of a line must pair.
            quotes = text.translate(None, nothing).replace(b'""', b"")
            if one.quote != '"' or b'"' in quotes or odd.search(text):
                return False
        if not line_end and len(last) > CHUNK:
            return False
        if number <= header:
            rest = text[1:].split(b"\n", header - number)
            number += min(header - number, text.count(b"\n") - 1)
            if number < header:
                continue
            text = b"\n" + rest[-1]
            number += 1
        if not _is_of_rows(text, heads, forms, is_odd):
            return False
    if last.count(b'"') % 2 or b"\r" in last or one.quote == "'":
        return False
    if last and not _is_of_rows(b"\n" + last + b"\n", heads, forms, is_odd):
        return False
    final = (last or whole[-CHUNK:].rpartition(b"\n")[2]).split(one.delimiter.encode())
    return any(cell.strip(b'" \r') for cell in final[1:])


def _is_of_rows(
    text: bytes, heads: re.Pattern[bytes], forms: list[bytes], is_odd: typing.Callable[[str], bool]
) -> bool:
    if _NO_DIGIT.search(text) or heads.search(text) or b"\n\xef\xbb\xbf" in text:
        return False
    small = text.lower()
    for form in forms:
        at, count = small.find(form), 0
        while at >= 0:
            begin, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at)
            count += 1
            if count > _MANY or is_odd(text[begin:end].decode("utf-8", "replace")):
                return False
            at = small.find(form, end) if end >= 0 else -1
    return True


def lines(path: Path, told: str, member: str | None = None) -> Iterator[str]:
    """Lines with their ends; CR, LF and CRLF end one."""
    stream, _ = opened(path, member)
    with stream, io.TextIOWrapper(stream, encoding=told, newline="") as text:
        try:
            for line in text:
                # A mark inside begins what was once another file.
                yield line[1:] if line[0] == "\ufeff" else line
        except UnicodeDecodeError as error:
            raise MappingError(
                f"{path.name}: not in {told} ({error.reason}). Correct 'encoding' in the mapping."
            ) from None
        except (EOFError, OSError, zipfile.BadZipFile) as error:
            raise MappingError(
                f"{path.name}: it cannot be unpacked to its end ({error}). Send it again."
            ) from None


def blocks(source: Iterator[str], dialect: Dialect) -> Iterator[Block]:
    """Records of lines, many at a time; blank ones are rows without cells."""
    number, waiting = 1, []
    ahead = _Ahead(source, dialect.skip)
    for line in ahead:
        if dialect.quote and dialect.quote in line and _is_open(line, dialect):
            joined = _joined(line, ahead, dialect)
            if len(joined) > 1:
                yield from _parsed(waiting, number, dialect)
                number += len(waiting)
                waiting = []
                found = _together(joined, number, dialect)
                number += len(found)
                yield found
                continue
        waiting.append(line)
        if len(waiting) >= BLOCK:
            yield from _parsed(waiting, number, dialect)
            number += len(waiting)
            waiting = []
    yield from _parsed(waiting, number, dialect)


class _Ahead:
    """Lines that can be put back."""

    def __init__(self, source: Iterator[str], skip: int) -> None:
        self.source, self.back = iter(source), []
        for _ in range(skip):
            next(self.source, None)

    def __iter__(self) -> Iterator[str]:
        while True:
            if self.back:
                yield self.back.pop()
            else:
                line = next(self.source, None)
                if line is None:
                    return
                yield line

    def take(self) -> str | None:
        return self.back.pop() if self.back else next(self.source, None)


def _is_open(line: str, dialect: Dialect) -> bool:
    if dialect.escape:
        line = line.replace(dialect.escape * 2, "").replace(dialect.escape + dialect.quote, "")
    return line.count(dialect.quote) % 2 == 1


def _joined(line: str, ahead: _Ahead, dialect: Dialect) -> list[str]:
    """The line and those after it up to the one that closes its quote; alone where none does."""
    joined = [line]
    while len(joined) <= _TOGETHER:
        following = ahead.take()
        if following is None:
            break
        joined.append(following)
        if _is_open(following, dialect):
            if _one("".join(joined), dialect) is not None:
                return joined
            break
    ahead.back += reversed(joined[1:])
    return [line]


def _together(joined: list[str], number: int, dialect: Dialect) -> list[Row | Bad]:
    """A record of several lines, unless one of them is a whole row on its own: then a quote was
    left open, and what it swallowed is refused rather than read as text."""
    cells = _one("".join(joined), dialect)
    assert cells is not None
    if len(cells) > 2 or dialect.delimiter == "":
        for line in joined[1:-1]:
            alone = _one(line, dialect)
            if alone is not None and len(alone) == len(cells):
                return [
                    Bad(number + place, "a quote that is opened here or before is not closed")
                    for place in range(len(joined))
                ]
    return [Row(number, cells)]


def _parsed(waiting: list[str], number: int, dialect: Dialect) -> Iterator[Block]:
    if not waiting:
        return
    try:
        rows = list(_reader(waiting, dialect))
    except csv.Error:
        rows = []
    if len(rows) == len(waiting):
        yield Clean(number, rows)
        return
    found: list[Row | Bad] = []
    for place, line in enumerate(waiting, start=number):
        cells = _one(line, dialect)
        why = "its quotes do not fit: one is not closed, or text follows one that is"
        found.append(Bad(place, why) if cells is None else Row(place, cells))
    yield found


def _one(text: str, dialect: Dialect) -> list[str] | None:
    """The cells of one record; None where its quotes do not fit."""
    try:
        rows = list(_reader([text], dialect))
    except csv.Error:
        return None
    if not rows:
        return []
    if len(rows) > 1:
        return None
    return rows[0]


def _reader(source: typing.Iterable[str], dialect: Dialect) -> typing.Any:
    csv.field_size_limit(2_000_000)
    delimiter = dialect.delimiter or "\x01"
    if not dialect.quote:
        return csv.reader(source, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(
        source, delimiter=delimiter, quotechar=dialect.quote, strict=True,
        doublequote=not dialect.escape, escapechar=dialect.escape or None,
    )  # fmt: skip


# --- workbooks -----------------------------------------------------------------------------------


class Book(typing.NamedTuple):
    """A workbook: sheet -> rows, with what its file tells of them in words."""

    sheets: dict[str, list[Row]]
    hidden: tuple[str, ...]
    told: dict[str, tuple[str, ...]]
    merged: dict[str, list[tuple[int, int, int, int]]]


def book(path: Path, member: str | None = None) -> Book:
    """Every sheet, merged cells filled in: words and days hold for all of it, a number is Shared.

    XLSX also tells hidden rows, errors and formulas without a value; other formats do not, and
    their errors read as empty. Raises MappingError when it cannot be read.
    """
    import python_calamine

    stream, _ = opened(path, member)
    with stream:
        content = io.BytesIO(stream.read())
    try:
        found = python_calamine.CalamineWorkbook.from_filelike(content)
    except python_calamine.PasswordError:
        raise MappingError(f"{path.name}: it wants a password. Save it without one.") from None
    except (python_calamine.CalamineError, OSError) as error:
        raise MappingError(f"{path.name}: not a workbook that can be read ({error}).") from None
    sheets, merged, told, hidden = {}, {}, {}, []
    marks = _marked(content)
    outside = merging.ranges(content)
    for place, sheet in enumerate(found.sheets_metadata):
        if str(sheet.typ) != "SheetTypeEnum.WorkSheet":
            continue
        if str(sheet.visible) != "SheetVisibleEnum.Visible":
            hidden.append(sheet.name)
        try:
            read = found.get_sheet_by_index(place)
            cells = read.to_python(skip_empty_area=False)
        except python_calamine.CalamineError as error:
            raise MappingError(
                f"{path.name}: sheet '{sheet.name}' cannot be read ({error})."
            ) from None
        rows = [[None if cell == "" else cell for cell in row] for row in cells]
        ranges = []
        try:
            ranges = [(a[0], a[1], b[0], b[1]) for a, b in read.merged_cell_ranges or []]
        except AttributeError:  # calamine tells them of XLSX and XLS only
            pass
        if not ranges:
            ranges = outside.get(sheet.name, [])
        for top, left, bottom, right in ranges:
            if top >= len(rows) or left >= len(rows[top]):
                continue
            whole = rows[top][left]
            for y in range(top, min(bottom, len(rows) - 1) + 1):
                for x in range(left, min(right, len(rows[y]) - 1) + 1):
                    rows[y][x] = _shared(whole, (y, x) == (top, left))
        merged[sheet.name] = ranges
        own = marks.get(sheet.name, {})
        for number, column in own.get("errors", ()):
            if number <= len(rows) and column < len(rows[number - 1]):
                rows[number - 1][column] = Error("#ERROR")
        for number, column in own.get("empty", ()):
            if number <= len(rows) and column < len(rows[number - 1]):
                rows[number - 1][column] = Error("#NOT CALCULATED")
        told[sheet.name] = _words(own, ranges)
        sheets[sheet.name] = [Row(number, row) for number, row in enumerate(rows, start=1)]
    return Book(sheets, tuple(hidden), told, merged)


class Shared:
    """A cell of several that are merged around one number: a label holds for each of them, an
    amount is that of all of them together. `is_first` says that it stands there."""

    is_first = False


class SharedNumber(Shared, float):
    pass


class SharedText(Shared, str):
    pass


def _shared(cell: Cell, is_first: bool) -> Cell:
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        return cell
    if isinstance(cell, str) and not re.search(r"\d", cell):
        return cell
    found = SharedText(cell) if isinstance(cell, str) else SharedNumber(cell)
    found.is_first = is_first
    return found


class Error(str):
    """A cell that holds an error, or a formula that nobody calculated: no value, and not empty."""


def _words(own: dict[str, list], ranges: list) -> tuple[str, ...]:
    found = []
    if ranges:
        found.append(
            f"{len(ranges)} merged ranges: their words and days hold for every cell of them"
        )
    if own.get("hidden"):
        rows = ", ".join(str(number) for number in own["hidden"][:5])
        found.append(f"{len(own['hidden'])} hidden rows ({rows}, ...) are read like any other")
    if own.get("errors"):
        found.append(f"{len(own['errors'])} cells hold an error such as #REF!")
    if own.get("empty"):
        found.append(f"{len(own['empty'])} formulas have no value: nobody calculated the workbook")
    return tuple(found)


_CELL = re.compile(rb"<c\b([^>]*?)(/>|>(.*?)</c>)", re.S)
_ROW = re.compile(rb"<row\b([^>]*)>", re.S)


def _marked(content: io.BytesIO) -> dict[str, dict[str, list]]:
    """Of an XLSX: sheet -> hidden rows, cells with an error, formulas without a value."""
    content.seek(0)
    if content.read(4) != b"PK\x03\x04":
        return {}
    archive = zipfile.ZipFile(content)
    if "xl/workbook.xml" not in archive.namelist():
        return {}
    workbook = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    try:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return {}
    targets = {}
    for tag in re.findall(r"<Relationship\b[^>]*>", relations):
        target = _attribute(tag, "Target")
        targets[_attribute(tag, "Id")] = target.lstrip("/").removeprefix("xl/")
    found = {}
    import html

    for tag in re.findall(r"<sheet\b[^>]*>", workbook):
        name = html.unescape(_attribute(tag, "name"))
        target = targets.get(_attribute(tag, "r:id"), "")
        try:
            xml = archive.read(f"xl/{target}")
        except KeyError:
            continue
        marks: dict[str, list] = {"hidden": [], "errors": [], "empty": []}
        for row in _ROW.finditer(xml):
            if b'hidden="1"' in row[1] or b'hidden="true"' in row[1]:
                number = re.search(rb'\br="(\d+)"', row[1])
                if number:
                    marks["hidden"].append(int(number[1]))
        if b't="e"' in xml or b"<f" in xml:
            for cell in _CELL.finditer(xml):
                place = re.search(rb'\br="([A-Z]+)(\d+)"', cell[1])
                if place is None:
                    continue
                where = int(place[2]), _column(place[1].decode())
                inner = cell[3] or b""
                if b't="e"' in cell[1]:
                    marks["errors"].append(where)
                elif b"<f" in inner and not re.search(
                    rb"<v>[^<]|<t[ >]|t=\"str\"", inner + cell[1]
                ):
                    marks["empty"].append(where)
        found[name] = marks
    return found


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


# --- JSON ----------------------------------------------------------------------------------------


class Records(typing.NamedTuple):
    """Objects of a JSON file in their order, flattened; `headings` in the order of their first
    appearance, `told` what was decided."""

    headings: tuple[str, ...]
    rows: list[Row | Bad]
    told: tuple[str, ...]


def records(
    path: Path,
    told: str,
    at: str | None,
    explode: str | None,
    member: str | None = None,
    pages: str = "refuse",
) -> Records:
    """The records of JSON, JSON lines, or one document whose records lie deeper.

    `at` is the path to the list of records, `explode` the field whose list makes a row each. What
    the document says of all records (its currency, account, ...) stands in each of them.
    Raises MappingError where several lists could be meant, rows would repeat numbers, or the
    document says that it is a page of more (unless `pages` is "keep").
    """
    if path.stat().st_size > LARGEST_DOCUMENT:
        raise MappingError(f"{path.name}: too large for one JSON document. Send JSON lines.")
    text = "".join(lines(path, told, member))
    said: list[str] = []
    found: list[Row | Bad] = []
    objects: list[tuple[int, typing.Any]] = []
    document, twice_in = None, None
    try:
        document = _json(text)
    except _Twice as error:
        twice_in = error
    except ValueError:
        pass
    if document is None:
        for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
            if not line.strip():
                continue
            try:
                one = _json(line)
            except ValueError as error:
                twice = isinstance(error, _Twice)
                found.append(Bad(number, KEY_TWICE if twice else NO_OBJECT))
                continue
            if isinstance(one, dict):
                objects.append((number, one))
            else:
                found.append(Bad(number, NO_OBJECT))
        if not objects:
            if twice_in is not None:
                raise MappingError(
                    f"{path.name}: {twice_in}; which of its values is meant, nobody can tell. "
                    "Export it again."
                )
            raise MappingError(
                f"{path.name}: neither JSON nor JSON lines (cut off?). Export it again."
            )
        if not found or len(found) < len(objects):
            said.append(f"JSON lines: {len(objects):,} objects")
    else:
        listed, where = _list(document, at, path.name)
        around: dict[str, Cell] = {}
        if where:
            said.append(f"records are the list at '{where}'")
            around = _around(document, listed, path.name, pages, said)
        for number, one in enumerate(listed, start=1):
            if isinstance(one, dict):
                one = {**around, **one}
                objects.append((number, one))
            else:
                found.append(Bad(number, NO_OBJECT))
    objects = _exploded(objects, explode, path.name, said)
    headings: dict[str, None] = {}
    flat: list[tuple[int, dict[str, Cell]]] = []
    for number, one in objects:
        cells = dict(_flattened(one))
        headings.update(dict.fromkeys(cells))
        flat.append((number, cells))
    names = tuple(headings)
    found += [Row(number, [cells.get(name) for name in names]) for number, cells in flat]
    found.sort(key=lambda row: row.number)
    return Records(names, found, tuple(said))


def _json(text: str) -> typing.Any:
    return json.loads(
        text, parse_float=Number, parse_int=Number, parse_constant=Error, object_pairs_hook=_pairs
    )


class _Twice(ValueError):
    """A key stands twice in one object."""


def _pairs(pairs: list[tuple[str, typing.Any]]) -> dict[str, typing.Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"'{name}' stands twice in one object")
    return found


def _list(document: typing.Any, at: str | None, name: str) -> tuple[list, str]:
    if at is not None:
        inner = document
        for part in at.split("."):
            inner = inner.get(part) if isinstance(inner, dict) else None
        if not isinstance(inner, list):
            raise MappingError(
                f"{name}: no list of records at '{at}'. Correct 'records' in the mapping."
            )
        return inner, at
    if isinstance(document, list):
        return document, ""
    headed = _with_headers(document)
    if headed is not None:
        return headed, "rows"
    lists = dict(_lists(document, ""))
    usual = [where for where in lists if where in ENVELOPES]
    scalars = sum(not isinstance(value, (dict, list)) for value in document.values())
    if len(usual) == 1:
        return lists[usual[0]], usual[0]
    if len(lists) == 1 and scalars < 5:
        where, found = next(iter(lists.items()))
        return found, where
    if not lists:
        return [document], ""
    raise MappingError(
        f"{name}: several lists of records ({', '.join(lists)}). Say which with 'records' in the "
        "mapping (or --set records=)."
    )


_OF_ALL = frozenset({
    "currency", "currency_code", "account", "account_id", "account_name", "channel", "network",
    "platform", "system", "campaign", "campaign_id", "campaign_name", "query", "survey", "tool",
    "region", "country",
})  # fmt: skip
"""What a document may say of all its records; a date or a name of its own is not among it."""
_NEXT = re.compile(r"(has_?)?(next|more)(_?(page|url|link|token|page_?token|cursor|records_?url|"
                   r"start|offset|items(_?in_?collection)?))?"
                   r"|@?odata[._]?next_?link")  # fmt: skip
_COUNTS = re.compile(
    r"total(_?(count|size|results|records|rows|elements|items|hits))?|(row|record|result)s?_?count"
    r"|count|num_?results|records_?total"
)


def _around(
    document: typing.Any, listed: list, name: str, pages: str, said: list[str]
) -> dict[str, Cell]:
    """What the document says beside its records: that of all of them; the rest is told. Raises
    MappingError when it says that there are more."""
    found, rest = {}, []
    own = {key for one in listed if isinstance(one, dict) for key in one}
    for where, value in _flattened(document) if isinstance(document, dict) else ():
        if value is None or value is False or value == "" or str(value).startswith(("[", "{")):
            continue
        parts = [re.sub("(?<=[a-z])(?=[A-Z])", "_", part).lower() for part in where.split(".")]
        count = int(value) if isinstance(value, str) and value.isdigit() else 0
        is_next = any(_NEXT.fullmatch(part) for part in parts) and value != "0"
        if pages != "keep" and (is_next or (_COUNTS.fullmatch(parts[-1]) and count > len(listed))):
            raise MappingError(
                f"{name}: '{where}' ({str(value)[:40]}) beside {len(listed)} records says that "
                "this is a page of more. Send all of them in one file, or say 'pages: keep' in the "
                "mapping (or --set pages=keep) if each page is a file of its own."
            )
        last = where.rsplit(".", 1)[-1]
        if parts[-1] in _OF_ALL and last not in own and not isinstance(value, bool):
            found[last] = value
            said.append(f"'{last}' is '{value}' in every row: the document says it once")
        else:
            rest.append(f"{where}={str(value)[:30]}")
    if rest:
        more = ", ..." if len(rest) > 8 else ""
        said.append(f"beside the records, not read: {', '.join(rest[:8])}{more}")
    return found


def _with_headers(document: dict) -> list | None:
    """YouTube Analytics and the GA4 Data API send headings and values apart."""
    rows = document.get("rows")
    if not isinstance(rows, list):
        return None
    if isinstance(document.get("columnHeaders"), list) and all(isinstance(r, list) for r in rows):
        names = [each.get("name") for each in document["columnHeaders"]]
        if all(len(row) == len(names) for row in rows):
            return [dict(zip(names, row, strict=True)) for row in rows]
    if isinstance(document.get("metricHeaders"), list):
        names = [
            each.get("name")
            for side in ("dimensionHeaders", "metricHeaders")
            for each in document.get(side) or []
        ]
        values = [
            [v.get("value") for s in ("dimensionValues", "metricValues") for v in row.get(s) or []]
            for row in rows
        ]
        if all(len(row) == len(names) for row in values):
            return [dict(zip(names, row, strict=True)) for row in values]
    return None


def _lists(inner: typing.Any, path: str) -> Iterator[tuple[str, list]]:
    if not isinstance(inner, dict):
        return
    for key, value in inner.items():
        where = f"{path}.{key}" if path else key
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            yield where, value
        elif isinstance(value, dict):
            yield from _lists(value, where)


def _exploded(
    objects: list[tuple[int, dict]], explode: str | None, name: str, said: list[str]
) -> list[tuple[int, dict]]:
    nested = {
        key
        for _, one in objects
        for key, value in one.items()
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
    }
    if explode is not None and explode not in nested:
        raise MappingError(f"{name}: no list '{explode}'. Correct 'explode' in the mapping.")
    if explode is None:
        if len(nested) != 1:
            return objects
        (explode,) = nested
        numbers = any(isinstance(v, Number) for _, one in objects for v in one.values())
        if numbers:
            raise MappingError(
                f"{name}: the records hold numbers and a list '{explode}'; a row for each of the "
                f"list would repeat the numbers. Say 'explode: {explode}' in the mapping (or "
                f"--set explode={explode}) if that is meant."
            )
    said.append(f"a row for each of '{explode}'")
    found = []
    for number, one in objects:
        rest = {key: value for key, value in one.items() if key != explode}
        inner = one.get(explode)
        for each in inner if isinstance(inner, list) and inner else [{}]:
            below = {f"{explode}.{key}": value for key, value in each.items()}
            found.append((number, {**rest, **below}))
    return found


def _flattened(one: dict, prefix: str = "") -> Iterator[tuple[str, Cell]]:
    for key, value in one.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flattened(value, f"{name}.")
        elif isinstance(value, list):
            yield name, json.dumps(value, ensure_ascii=False)
        else:
            yield name, value


def text_of(cell: Cell, decimal: str = ".") -> str | None:
    """A cell as its writer would have typed it: numbers with this decimal mark."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, Number):
        return cell.replace(".", decimal)
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (int, float)):
        return repr(cell).replace(".", decimal)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ") if cell.time() != dt.time() else cell.date().isoformat()
    if isinstance(cell, dt.timedelta):
        seconds = cell.total_seconds()
        whole = int(seconds)
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return cell.isoformat() if isinstance(cell, (dt.date, dt.time)) else str(cell)
