"""Writers of the sample's files: many rows at a time, the same bytes for the same seed.

A frame is a dict of heading to a column (array or list, all of one length); None is an empty
field. Files stay open while a build adds to them, so that memory does not grow with the scale.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import typing
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

Frame = Mapping[str, typing.Any]


def plain(column: typing.Any) -> list:
    """A column as a list of Python values."""
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def cut(frame: Frame, keep: np.ndarray) -> dict[str, typing.Any]:
    """The rows of a frame that `keep` (a mask or positions) names."""
    return {name: np.asarray(column)[keep] for name, column in frame.items()}


def size(frame: Frame) -> int:
    return len(next(iter(frame.values()))) if frame else 0


def parts(labels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each label with the positions of its rows, labels in order."""
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    yield from zip(names.tolist(), np.split(order, starts[1:]), strict=True) if len(order) else ()


def money(amounts: np.ndarray, comma: bool = False, thousands: str = "") -> np.ndarray:
    """Amounts with two decimals as text; NaN is empty. `comma` is the continental decimal mark."""
    amounts = np.asarray(amounts, dtype="float64")
    unknown = np.isnan(amounts)
    values = np.where(unknown, 0, amounts)
    if thousands:
        texts = np.array([f"{value:,.2f}" for value in values.tolist()], dtype=object)
        if comma:
            swap = str.maketrans({",": thousands, ".": ","})
            texts = np.array([text.translate(swap) for text in texts], dtype=object)
    else:
        texts = np.char.mod("%.2f", values)
        texts = np.char.replace(texts, ".", ",") if comma and len(texts) else texts
        texts = texts.astype(object)
    return np.where(unknown, None, texts)


def whole(counts: np.ndarray, known: np.ndarray | bool = True, thousands: str = "") -> np.ndarray:
    """Counts as whole numbers; None where not known."""
    counts = np.asarray(counts)
    found = np.where(np.isnan(counts), 0, counts).astype("int64").astype(object)
    if thousands:
        found = np.array([f"{n:,}".replace(",", thousands) for n in found.tolist()], dtype=object)
    known = np.asarray(known) & ~np.isnan(counts.astype("float64"))
    return np.where(known, found, None)


class Files:
    """All files of one generation below `folder`; `close` ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected_quarantine: Counter[str] = Counter()
        self._stack = contextlib.ExitStack()
        self._texts: dict[str, typing.TextIO] = {}
        self._forms: dict[str, typing.Any] = {}
        self._first: dict[str, dict[str, typing.Any]] = {}
        self._parquet: dict[str, pq.ParquetWriter] = {}
        self._tables: dict[tuple[str, str], typing.BinaryIO] = {}

    def csv(
        self,
        path: str,
        frame: Frame,
        delimiter: str = ",",
        encoding: str = "utf-8",
        preamble: Sequence[str] = (),
    ) -> None:
        """Add rows to a CSV file; its heading (after `preamble`) is written once."""
        if path not in self._texts:
            if not size(frame):
                return
            handle = self._open(path, encoding)
            for line in preamble:
                handle.write(line + "\r\n")
            self._forms[path] = csv.writer(handle, delimiter=delimiter, lineterminator="\r\n")
            self._forms[path].writerow(frame)
            self._first[path] = {name: plain(column[:1])[0] for name, column in frame.items()}
        self._forms[path].writerows(zip(*map(plain, frame.values()), strict=True))

    def jsonl(self, path: str, frame: Frame) -> None:
        """Add rows to a file of JSON lines."""
        if not size(frame):
            return
        if path not in self._texts:
            self._open(path, "utf-8")
            self._first[path] = {name: plain(column[:1])[0] for name, column in frame.items()}
        lines = b"".join(orjson.dumps(row) + b"\n" for row in rows(frame))
        self._texts[path].write(lines.decode())

    def parquet(self, path: str, table: pa.Table) -> None:
        """Add rows to a Parquet file."""
        if path not in self._parquet:
            if not table.num_rows:
                return
            where = self._place(path)
            writer = pq.ParquetWriter(where, table.schema, compression="zstd")
            self._parquet[path] = self._stack.enter_context(writer)
        self._parquet[path].write_table(table)

    def xlsx(self, path: str, sheets: Mapping[str, Sequence[Sequence]]) -> None:
        """Write a workbook: rows of text, whole and decimal numbers for each sheet."""
        write_xlsx(self._place(path), sheets)

    def spoil(self, feed: str, path: str, **changes: typing.Any) -> None:
        """Add the file's first row again with some fields broken: a row that must be quarantined.
        Headings with blanks are given with '_' for each blank or mark."""
        if path not in self._first:
            return
        row = dict(self._first[path])
        for name, value in changes.items():
            heading = next(h for h in row if _bare(h) == name)
            row[heading] = value
        if path in self._forms:
            self._forms[path].writerow(row.values())
        else:
            self._texts[path].write(orjson.dumps(row).decode() + "\n")
        self.expected_quarantine[feed] += 1

    def vendor(self, vendor: str, table: str, frame: Frame) -> None:
        """Add rows to a table of a vendor's `vendors/<vendor>.json`."""
        key = (vendor, table)
        if key not in self._tables:
            where = self._place(f"vendors/.{vendor}.{table}")
            self._tables[key] = self._stack.enter_context(where.open("wb"))
        if size(frame):
            handle = self._tables[key]
            lead = b",\n" if handle.tell() else b""
            handle.write(lead + b",\n".join(map(orjson.dumps, rows(frame))))

    def json(self, path: str, content: typing.Any) -> None:
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        self._place(path).write_text(text, encoding="utf-8")

    def text(self, path: str, content: str) -> None:
        self._place(path).write_text(content, encoding="utf-8")

    def close(self) -> None:
        """End every file and put the vendors' tables together."""
        self._stack.close()
        for vendor in dict.fromkeys(vendor for vendor, _ in self._tables):
            with self._place(f"vendors/{vendor}.json").open("wb") as out:
                for number, table in enumerate(t for v, t in self._tables if v == vendor):
                    part = self._place(f"vendors/.{vendor}.{table}")
                    out.write((b",\n" if number else b"{") + orjson.dumps(table) + b": [\n")
                    with part.open("rb") as rows_of_table:
                        shutil.copyfileobj(rows_of_table, out)
                    out.write(b"\n]")
                    part.unlink()
                out.write(b"}\n")

    def _open(self, path: str, encoding: str) -> typing.TextIO:
        handle = self._place(path).open("w", encoding=encoding, newline="")
        self._texts[path] = self._stack.enter_context(handle)
        return handle

    def _place(self, path: str) -> Path:
        where = self.folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        return where


def rows(frame: Frame) -> Iterator[dict[str, typing.Any]]:
    """A frame's rows as dicts."""
    names = list(frame)
    for values in zip(*map(plain, frame.values()), strict=True):
        yield dict(zip(names, values, strict=True))


def _bare(heading: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in heading).strip("_")


def write_xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence]]) -> None:
    """Write a plain workbook (ECMA-376) with inline strings; the same rows give the same bytes."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(sheets) + 1)
    members = {
        "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
            for n in numbers
        )
        + "</Types>",
        "_rels/.rels": f'{head}<Relationships xmlns="{package}/relationships"><Relationship '
        f'Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{relations}/worksheet" '
            f'Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + "</Relationships>",
        "xl/workbook.xml": f'{head}<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, name in zip(numbers, sheets, strict=True)
        )
        + "</sheets></workbook>",
    }
    for number, content in zip(numbers, sheets.values(), strict=True):
        body = "".join(_xlsx_row(n, row) for n, row in enumerate(content, start=1))
        members[f"xl/worksheets/sheet{number}.xml"] = (
            f'{head}<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in members.items():
            # A fixed date: the archive's bytes must not depend on the clock.
            book.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), text)


def _xlsx_row(number: int, row: Sequence) -> str:
    out = io.StringIO()
    out.write(f'<row r="{number}">')
    for column, value in enumerate(row):
        if value is None:
            continue
        place = f"{_letters(column)}{number}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            text = escape(str(value))
            out.write(
                f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
            )
        else:
            out.write(f'<c r="{place}"><v>{value}</v></c>')
    out.write("</row>")
    return out.getvalue()


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
