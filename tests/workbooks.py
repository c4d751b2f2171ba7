"""Workbooks in four formats, written from rows of cells; tests read them back.

Excel's older formats have no writer that is kept: XLS comes from xlwt, and XLSB is written here as
[MS-XLSB] says, as little of it as a reader needs.
"""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile


def zip_bytes(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def book_bytes(
    lines: list[list], name: str = "Plan", epoch_1904: bool = False, change=lambda book, sheet: None
) -> bytes:
    from openpyxl import Workbook
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    if epoch_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    sheet.title = name
    for line in lines:
        sheet.append(line)
    change(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods_bytes(lines: list[list], merged: tuple[tuple[int, int, int, int], ...] = ()) -> bytes:
    """An OpenDocument spreadsheet, with typed cells; ranges of `merged` go down and right."""
    from xml.sax.saxutils import escape

    rows = []
    for y, line in enumerate(lines):
        told = []
        for x, cell in enumerate(line):
            spans = ""
            for top, left, bottom, right in merged:
                if (y, x) == (top, left):
                    spans = (f' table:number-rows-spanned="{bottom - top + 1}"'
                             f' table:number-columns-spanned="{right - left + 1}"')  # fmt: skip
                elif top <= y <= bottom and left <= x <= right:
                    spans = "covered"
            if spans == "covered":
                told.append("<table:covered-table-cell/>")
                continue
            if isinstance(cell, dt.date):
                kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
            elif isinstance(cell, (int, float)):
                kind = f'office:value-type="float" office:value="{cell!r}"'
            else:
                kind = 'office:value-type="string"'
            told.append(f"<table:table-cell {kind}{spans}><text:p>{escape(str(cell))}</text:p>"
                        "</table:table-cell>")  # fmt: skip
        rows.append(f"<table:table-row>{''.join(told)}</table:table-row>")
    names = {
        "office": "office", "table": "table", "text": "text", "style": "style"
    }  # fmt: skip
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in names.items()
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="Plan">{"".join(rows)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:'
        'xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type='
        '"application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
    )
    return zip_bytes({
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": manifest.encode(), "content.xml": content.encode(),
    })  # fmt: skip


def xls_bytes(lines: list[list], name: str = "Plan", epoch_1904: bool = False) -> bytes:
    """Excel 97 (BIFF8), days as days."""
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = epoch_1904
    sheet = book.add_sheet(name)
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for y, line in enumerate(lines):
        for x, cell in enumerate(line):
            if isinstance(cell, dt.date):
                sheet.write(y, x, _serial(cell, epoch_1904), day)
            elif cell is not None:
                sheet.write(y, x, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsb_bytes(
    lines: list[list],
    name: str = "Plan",
    epoch_1904: bool = False,
    merged: tuple[tuple[int, int, int, int], ...] = (),
) -> bytes:
    """Excel's binary workbook; records as in [MS-XLSB] 2.3 and 2.4, days as days."""

    def record(kind: int, data: bytes = b"") -> bytes:
        return _sevens(kind) + _sevens(len(data)) + data

    def text(value: str) -> bytes:
        encoded = value.encode("utf-16-le")
        return struct.pack("<I", len(encoded) // 2) + encoded

    def cell(x: int, value) -> bytes:
        at = struct.pack("<II", x, 1 if isinstance(value, dt.date) else 0)
        if isinstance(value, bool):
            return record(0x0004, at + struct.pack("<B", value))
        if isinstance(value, dt.date):
            return record(0x0005, at + struct.pack("<d", _serial(value, epoch_1904)))
        if isinstance(value, (int, float)):
            return record(0x0005, at + struct.pack("<d", value))
        return record(0x0006, at + text(value))

    rows = b"".join(
        record(0x0000, struct.pack("<IIHBBBI", y, 0, 300, 0, 0, 0, 0))
        + b"".join(
            cell(x, value)
            for x, value in enumerate(line)
            if value is not None
            and not any(
                top <= y <= bottom and left <= x <= right and (y, x) != (top, left)
                for top, left, bottom, right in merged
            )
        )
        for y, line in enumerate(lines)
    )
    width = max(len(line) for line in lines)
    sheet = b"".join((
        record(0x0081), record(0x0094, struct.pack("<IIII", 0, len(lines) - 1, 0, width - 1)),
        record(0x0091), rows, record(0x0092),
        *([record(0x00B1, struct.pack("<I", len(merged)))] if merged else []),
        *(record(0x00B0, struct.pack("<IIII", top, bottom, left, right))
          for top, left, bottom, right in merged),
        *([record(0x00B2)] if merged else []), record(0x0082),
    ))  # fmt: skip
    book = b"".join((
        record(0x0083), record(0x0099, struct.pack("<III", epoch_1904, 0, 0)), record(0x008F),
        record(0x009C, struct.pack("<II", 0, 1) + text("rId1") + text(name)),
        record(0x0090), record(0x0084),
    ))  # fmt: skip
    formats = [struct.pack("<HHHHHBBH", 0, number, 0, 0, 0, 0, 0, 0) for number in (0, 14)]
    styles = b"".join((
        record(0x0116), record(0x0269, struct.pack("<I", len(formats))),
        *(record(0x002F, each) for each in formats), record(0x026A), record(0x0117),
    ))  # fmt: skip
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def related(*targets: tuple[str, str]) -> bytes:
        told = "".join(
            f'<Relationship Id="rId{n}" Type="{office}/{kind}" Target="{target}"/>'
            for n, (kind, target) in enumerate(targets, start=1)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.'
            f'openxmlformats.org/package/2006/relationships">{told}</Relationships>'
        ).encode()

    types = (
        '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/'
        'package/2006/content-types"><Default Extension="bin" ContentType="application/'
        'vnd.ms-excel.sheet.binary.macroEnabled.main"/><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/></Types>'
    )
    return zip_bytes({
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": related(("officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": related(
            ("worksheet", "worksheets/sheet1.bin"), ("styles", "styles.bin")
        ),
        "xl/worksheets/sheet1.bin": sheet, "xl/styles.bin": styles,
    })  # fmt: skip


def _sevens(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    out = b""
    while True:
        number, low = number >> 7, number & 0x7F
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def _serial(day: dt.date, epoch_1904: bool) -> float:
    return float((day - (dt.date(1904, 1, 1) if epoch_1904 else dt.date(1899, 12, 30))).days)
