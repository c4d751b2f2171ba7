"""Merged cells of OpenDocument and XLSB workbooks, which calamine does not tell.

OpenDocument 1.2, part 1, 9.1 (`number-rows-spanned`); [MS-XLSB] 2.4.677 (BrtMergeCell).
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator

Range = tuple[int, int, int, int]
"""First row and column, last row and column, from 0."""
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_SHEET, _MERGED = 0x009C, 0x00B0


def ranges(content: io.BytesIO) -> dict[str, list[Range]]:
    """Sheet -> merged ranges; nothing for any other kind of workbook."""
    content.seek(0)
    if content.read(4) != b"PK\x03\x04":
        return {}
    archive = zipfile.ZipFile(content)
    names = set(archive.namelist())
    if "content.xml" in names:
        return _open_document(archive)
    return _binary(archive) if "xl/workbook.bin" in names else {}


def _open_document(archive: zipfile.ZipFile) -> dict[str, list[Range]]:
    from xml.etree import ElementTree

    found: dict[str, list[Range]] = {}
    own: list[Range] = []
    name, y, x, again = "", 0, 0, 1
    with archive.open("content.xml") as file:
        for event, element in ElementTree.iterparse(file, ("start", "end")):
            tag = element.tag.removeprefix(_TABLE)
            if event == "start":
                if tag == "table":
                    name, y = element.get(f"{_TABLE}name", ""), 0
                    own = found.setdefault(name, [])
                elif tag == "table-row":
                    x, again = 0, int(element.get(f"{_TABLE}number-rows-repeated", 1))
                elif tag in ("table-cell", "covered-table-cell"):
                    down = int(element.get(f"{_TABLE}number-rows-spanned", 1))
                    right = int(element.get(f"{_TABLE}number-columns-spanned", 1))
                    if tag == "table-cell" and (down > 1 or right > 1):
                        own.append((y, x, y + down - 1, x + right - 1))
                    x += int(element.get(f"{_TABLE}number-columns-repeated", 1))
            elif tag == "table-row":
                y += again
                element.clear()
    return found


def _binary(archive: zipfile.ZipFile) -> dict[str, list[Range]]:
    names = set(archive.namelist())
    if "xl/_rels/workbook.bin.rels" not in names:
        return {}
    relations = archive.read("xl/_rels/workbook.bin.rels").decode("utf-8", "replace")
    targets = {}
    for tag in re.findall(r"<Relationship\b[^>]*>", relations):
        told = dict(re.findall(r'\b(Id|Target)="([^"]*)"', tag))
        target = told.get("Target", "").lstrip("/").removeprefix("xl/")
        targets[told.get("Id", "")] = f"xl/{target}"
    found = {}
    for kind, data in _records(archive.read("xl/workbook.bin")):
        if kind != _SHEET:
            continue
        relation, at = _text(data, 8)
        name, _ = _text(data, at)
        if targets.get(relation) in names:
            sheet = archive.read(targets[relation])
            found[name] = [
                (top, left, bottom, right)
                for kind, data in _records(sheet) if kind == _MERGED
                for top, bottom, left, right in [struct.unpack_from("<IIII", data)]
            ]  # fmt: skip
    return found


def _text(data: bytes, at: int) -> tuple[str, int]:
    (size,) = struct.unpack_from("<I", data, at)
    end = at + 4 + 2 * size
    return data[at + 4 : end].decode("utf-16-le", "replace"), end


def _records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each record: both numbers in groups of seven bits."""
    at = 0
    while at < len(data):
        kind, at = data[at], at + 1
        if kind & 0x80 and at < len(data):
            kind, at = (kind & 0x7F) | (data[at] & 0x7F) << 7, at + 1
        size = shift = 0
        while at < len(data):
            byte, at = data[at], at + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, data[at : at + size]
        at += size
