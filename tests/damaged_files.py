"""Files as people damage them, with the truth beside: what each row says, or why nothing can.

`cases()` writes the corpus: a clean table in many dialects (its rows must come back exactly) and
mutations of it. A mutation says which rows are still sound (`rows`), and which may not be loaded
as anything (they are refused, or the whole file is). Loading anything else is wrong.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import gzip
import io
import json
from decimal import Decimal

from workbooks import book_bytes, ods_bytes, xls_bytes, xlsb_bytes, zip_bytes

HEADS = {
    "en": ("Station", "Date", "Region", "Net cost", "Impressions", "Comment"),
    "de": ("Sender", "Datum", "Gebiet", "Kosten netto", "Impressionen", "Bemerkung"),
    "fr": ("Chaîne", "Jour", "Région", "Coût net", "Impressions", "Remarque"),
    "es": ("Emisora", "Fecha", "Región", "Coste neto", "Impresiones", "Observación"),
    "pt": ("Emissora", "Data", "Região", "Custo", "Impressões", "Observação"),
}
TEXTS = {
    "en": ("Late show", "Spot, 30 s", 'The "big" one', "", "Encore"),
    "de": ("Frühstück", "Spot; 30 s", "Größe „L“", "", "Abendprogramm für Süd"),
    "fr": ("Soirée d'été", "Télé, 30 s", "Noël", "", "À côté du théâtre"),
    "es": ("Mañana", "Año nuevo, 30 s", "Canción", "", "Señal débil aquí"),
    "pt": ("Manhã", "Ação, 30 s", "São João", "", "Promoção"),
}
Truth = tuple[str | None, dt.date | None, str | None, Decimal | None, int | None]


@dataclasses.dataclass(frozen=True)
class Case:
    """`rows`: number in the file -> what it says (account, date, geography, spend, impressions).
    `refused` are rows that are no rows, or may be refused; with `whole` the file may be, for one
    of the words `reasons` in what is said of it. `stated` is what a person adds."""

    name: str
    file: str
    content: bytes
    rows: dict[int, Truth]
    stated: dict[str, str] = dataclasses.field(default_factory=dict)
    refused: frozenset[int] = frozenset()
    whole: bool = False
    reasons: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    """Of each row in turn, where the file says them."""


def table(count: int = 12) -> list[Truth]:
    """Rows that decide their own marks: days over 12, cents, thousands."""
    regions = ("North", "South", "East", "West")
    return [
        (
            f"Radio {n % 3 + 1}",
            dt.date(2026, 8, 10) + dt.timedelta(days=n),
            regions[n % 4],
            Decimal(123456 + 7919 * n) / 100,
            1_000_000 + 31_337 * n,
        )
        for n in range(count)
    ]


@dataclasses.dataclass(frozen=True)
class Writing:
    """How a table is written."""

    language: str = "en"
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    newline: str = "\n"
    decimal: str = "."
    thousands: str = ""
    day: str = "%Y-%m-%d"
    sign: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    quote_all: bool = False


def number(value: Decimal | int, how: Writing) -> str:
    text = f"{value:,.2f}" if isinstance(value, Decimal) else f"{value:,}"
    told = {",": how.thousands, ".": how.decimal}
    return "".join(told.get(letter, letter) for letter in text)


def cells(rows: list[Truth], how: Writing) -> list[list[str]]:
    notes = TEXTS[how.language]
    found = [list(HEADS[how.language])]
    for n, (account, day, region, spend, seen) in enumerate(rows):
        found.append([
            account or "", day.strftime(how.day) if day else "", region or "",
            (number(spend, how) + how.sign) if spend is not None else "",
            number(seen, how) if seen is not None else "", notes[n % len(notes)],
        ])  # fmt: skip
    return found


def written(lines: list[list[str]], how: Writing) -> bytes:
    out = io.StringIO()
    for line in how.before:
        out.write(line + how.newline)
    writer = csv.writer(
        out, delimiter=how.delimiter, quotechar=how.quote, lineterminator=how.newline,
        quoting=csv.QUOTE_ALL if how.quote_all else csv.QUOTE_MINIMAL,
    )  # fmt: skip
    writer.writerows(lines)
    for line in how.after:
        out.write(line + how.newline)
    return out.getvalue().encode(how.encoding)


def numbered(rows: list[Truth], first: int = 2) -> dict[int, Truth]:
    return dict(enumerate(rows, start=first))


def cases() -> list[Case]:
    import damaged_values

    found = [*_dialects(), *_values(), *_structure(), *_bytes(), *_lines(), *_books(), *_json()]
    found += _amounts()
    found += damaged_values.cases()
    names = [case.name for case in found]
    assert len(set(names)) == len(names), "a case is named twice"
    return found


def _dialects() -> list[Case]:
    """The same table in every sound way of writing it."""
    found, rows = [], table()
    local = {"en": (".", ","), "de": (",", "."), "fr": (",", "\u00a0"), "es": (",", "."),
             "pt": (",", ".")}  # fmt: skip
    encodings = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman")
    for language, (decimal, thousands) in local.items():
        for encoding in encodings:
            for delimiter in (",", ";", "\t", "|"):
                newline = {"utf-8": "\n", "mac_roman": "\r"}.get(encoding, "\r\n")
                day = {"en": "%Y-%m-%d", "de": "%d.%m.%Y"}.get(language, "%d/%m/%Y")
                how = Writing(language, delimiter, '"', encoding, newline, decimal, thousands, day)
                content = written(cells(rows, how), how)
                name = f"{language} {encoding} {delimiter!r}"
                # One word with a letter that two code pages know may be left open.
                whole = encoding in ("cp1252", "mac_roman")
                found.append(Case(
                    name, "post_buy_2026.csv", content, numbered(rows), whole=whole,
                    reasons=("State 'encoding",),
                ))  # fmt: skip
    return found


def _values() -> list[Case]:
    rows = table()
    found = []

    def add(name: str, how: Writing, **more) -> None:
        found.append(Case(
            f"values: {name}", "media_2026.csv", written(cells(rows, how), how), numbered(rows),
            **more,
        ))  # fmt: skip

    for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y",
                "%m/%d/%y", "%Y%m%d", "%d %b %Y", "%b %d, %Y", "%d-%b-%y", "%d %B %Y",
                "%B %d, %Y"):  # fmt: skip
        add(f"day {day}", Writing(day=day))
    for decimal, thousands in ((".", ","), (",", "."), (",", " "), (".", "'"), (",", "\u202f"),
                               (".", "\u00a0"), (".", "’"), (",", "")):  # fmt: skip
        for sign in ("", " €", "€", " EUR", " zł"):
            how = Writing(delimiter=";", decimal=decimal, thousands=thousands, sign=sign)
            add(f"marks {decimal!r} {thousands!r} {sign!r}", how)
    # Days that no value decides are never loaded on a guess.
    early = [(a, dt.date(2026, n % 12 + 1, n % 5 + 1), r, s, i)
             for n, (a, _, r, s, i) in enumerate(rows)]  # fmt: skip
    for day in ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y"):
        how = Writing(day=day)
        found.append(Case(
            f"values: open order {day}", "m.csv", written(cells(early, how), how), numbered(early),
            whole=True, reasons=("no value tells",),
        ))  # fmt: skip
        found.append(Case(
            f"values: stated order {day}", "m.csv", written(cells(early, how), how),
            numbered(early), {"dates": day},
        ))  # fmt: skip
    # 1.234 in every money cell: thousand or one and a bit.
    round_ = [(a, d, r, Decimal(1234 + 111 * n), i) for n, (a, d, r, _, i) in enumerate(rows)]
    lines = cells(round_, Writing())
    for mark in (".", ","):
        told = [lines[0], *([*x[:3], f"{t[3]:,.0f}".replace(",", mark), "", x[5]]
                            for x, t in zip(lines[1:], round_, strict=True))]  # fmt: skip
        truth = numbered([(a, d, r, s, None) for a, d, r, s, _ in round_])
        how = Writing(delimiter=";")
        found.append(Case(
            f"values: open marks {mark}", "m.csv", written(told, how), truth, whole=True,
            reasons=("no other value tells",),
        ))  # fmt: skip
        found.append(Case(
            f"values: stated marks {mark}", "m.csv", written(told, how), truth,
            {"decimal": "," if mark == "." else ".", "thousands": mark},
        ))  # fmt: skip
    # Two conventions in one column.
    for n in (3, 6):
        lines = cells(rows, Writing(decimal=",", thousands=".", delimiter=";"))
        for place in range(n):
            lines[place + 1][3] = number(rows[place][3], Writing(thousands=","))
        found.append(Case(
            f"values: {n} cells with the other marks", "m.csv",
            written(lines, Writing(delimiter=";")), numbered(rows), whole=True,
            reasons=("decimal points", "decimal commas"),
        ))  # fmt: skip
    # Two orders of days in one column.
    for n in (3, 6):
        lines = cells(rows, Writing(day="%d/%m/%Y"))
        for place in range(n):
            lines[place + 1][1] = rows[place][1].strftime("%m/%d/%Y")
        lines[1][1] = "08/20/2026"
        truth = numbered([(rows[0][0], dt.date(2026, 8, 20), *rows[0][2:]), *rows[1:]])
        found.append(Case(
            f"values: {n} days in the other order", "m.csv", written(lines, Writing()), truth,
            whole=True, reasons=("months first",),
        ))  # fmt: skip
    for word in ("-", "n/a", "N/A", "k.A.", "–", "—", "null", "#N/A", "n.d.", ""):
        holes = [(a, d, r, None if n % 3 == 0 else s, i) for n, (a, d, r, s, i) in enumerate(rows)]
        lines = cells(holes, Writing())
        for line in lines[1:]:
            line[3] = line[3] or word
        found.append(
            Case(
                f"values: {word!r} for not known",
                "m.csv",
                written(lines, Writing()),
                numbered(holes),
            )
        )
    for style in ("({})", "{}-", "−{}"):
        lines = cells(rows, Writing())
        lines[3][3] = style.format(lines[3][3])
        refused = frozenset({4})
        found.append(Case(
            f"values: less than nothing {style}", "m.csv", written(lines, Writing()),
            {n: t for n, t in numbered(rows).items() if n != 4}, refused=refused,
        ))  # fmt: skip
    for word in ("999", "9999", "99999"):
        small = [(a, d, r, s, n % 7 + 3) for n, (a, d, r, s, _) in enumerate(rows)]
        lines = cells(small, Writing())
        for place in (2, 5, 8):
            lines[place][4] = word
        truth = {n: t for n, t in numbered(small).items() if n - 1 not in (2, 5, 8)}
        bad = frozenset({3, 6, 9})
        found.append(Case(
            f"values: sentinel {word}", "m.csv", written(lines, Writing()), truth, refused=bad,
            whole=True, reasons=("far from all other values",),
        ))  # fmt: skip
    for odd, column in (("abc", 3), ("12 apples", 4), ("31.02.2026", 1), ("2026-02-31", 1),
                        ("1,2,3", 3), ("1.2.3", 3), ("--5", 4), ("12.5", 4), ("0x1F", 4),
                        ("#REF!", 2), ("#VALUE!", 3), ("#DIV/0!", 4), ("½", 3),
                        ("1e400", 3)):  # fmt: skip
        lines = cells(rows, Writing())
        lines[6][column] = odd
        found.append(Case(
            f"values: one cell {odd!r} in {column}", "m.csv", written(lines, Writing()),
            {n: t for n, t in numbered(rows).items() if n != 7}, refused=frozenset({7}),
            whole=True, reasons=("m.csv", "'"),
        ))  # fmt: skip
    for odd in ("1.23457E+17", "01-May", "1.2E+15"):
        lines = cells(rows, Writing())
        lines[6][0] = odd
        found.append(Case(
            f"values: account {odd!r}", "m.csv", written(lines, Writing()),
            {n: t for n, t in numbered(rows).items() if n != 7}, refused=frozenset({7}),
        ))  # fmt: skip
    return found


def _structure() -> list[Case]:
    rows = table()
    found = []
    above = [
        ("Media post-buy",), ("Report", "generated by the agency"), ("Agency North", "", "2026"),
        ("# exported", "# by tool", "#"), ("Client: Harbour & Vale",) * 1,
    ]  # fmt: skip
    below = [
        ("", "Source: AGF"), ("* preliminary",), ("", "", "All rights reserved"),
        ("Confidential",), ("",),
    ]  # fmt: skip
    for n, before in enumerate(above):
        for m, after in enumerate(below):
            for blank in (0, 1):
                head = (*before, "") if blank else before
                how = Writing(before=head, after=after)
                found.append(Case(
                    f"structure: above {n} below {m} blank {blank}", "m.csv",
                    written(cells(rows, how), how), numbered(rows, 2 + len(head)),
                    refused=frozenset(range(14 + len(head), 20 + len(head))),
                ))  # fmt: skip
    for word in ("Total", "TOTAL", "Summe", "Gesamt", "Somme", "Suma", "Grand total", "Subtotal",
                 "Zwischensumme", "Total général"):  # fmt: skip
        for place in (1, 7, 13):
            lines = cells(rows, Writing())
            lines.insert(place, [word, "", "", "99999.99", "99999999", ""])
            truth = {n + (n >= place + 1): t for n, t in numbered(rows).items()}
            found.append(Case(
                f"structure: {word} at {place}", "m.csv", written(lines, Writing()), truth,
                refused=frozenset({place + 1}),
            ))  # fmt: skip
    both = (sum(t[3] for t in rows), sum(t[4] for t in rows))
    for label in ("Total Radio", "TOTAL RADIO", "Gesamt Radio", "Total 2026", "Summe aller Sender",
                  "Radio Summe", " total ", "GrandTotal", "Σ", "Suma total"):  # fmt: skip
        for place in (1, 13):
            lines = cells(rows, Writing())
            lines.insert(place, [label, "2026-08-31", "", str(both[0]), str(both[1]), ""])
            found.append(Case(
                f"structure: a sum called {label!r} at {place}", "m.csv",
                written(lines, Writing()),
                {n + (n >= place + 1): t for n, t in numbered(rows).items()},
                refused=frozenset({place + 1}),
            ))  # fmt: skip
    for label in (
        "Alle Sender",
        "All stations",
        "Overall",
        "Ensemble",
        "Todos",
        "Gesamtkosten",
        "",
    ):
        for place in (1, 13):
            lines = cells(rows, Writing())
            lines.insert(place, [label, "2026-08-31", "", str(both[0]), str(both[1]), ""])
            found.append(Case(
                f"structure: a sum by its numbers, {label!r} at {place}", "m.csv",
                written(lines, Writing()),
                {n + (n >= place + 1): t for n, t in numbered(rows).items()},
                refused=frozenset({place + 1}),
            ))  # fmt: skip
    weeks = [(a, dt.date(2026, 8, 10) + dt.timedelta(days=7 * n), *rest)
             for n, (a, _, *rest) in enumerate(rows)]  # fmt: skip
    for form in ("%G-W%V", "KW %V/%G", "Semaine %V %G", "W%V-%G"):
        found.append(Case(
            f"structure: weeks as {form}", "m.csv",
            written(cells(weeks, Writing(day=form)), Writing()), numbered(weeks),
        ))  # fmt: skip
    for form in ("%Y-%m", "%b %Y", "%m/%Y", "KW%V"):
        reasons = ("is a month", "'date' (day")
        found.append(Case(
            f"structure: days as {form}", "m.csv",
            written(cells(weeks, Writing(day=form)), Writing()), {}, whole=True, reasons=reasons,
        ))  # fmt: skip
    ordered = sorted(rows, key=lambda one: one[0])
    lines = cells(ordered, Writing())
    for n, line in enumerate(lines):
        line[0] = "" if n % 4 in (2, 3, 0) and n else line[0]
    found.append(Case(
        "structure: a station in the first row of its group only", "m.csv",
        written(lines, Writing()), {}, whole=True, reasons=("first row of each group",),
    ))  # fmt: skip
    found.append(Case(
        "structure: a station in the first row of its group only, stated", "m.csv",
        written(lines, Writing()), numbered(ordered), {"account.blank": "above"},
    ))  # fmt: skip
    for label in ("Rabatt", "MwSt. 19%", "TVA 20 %", "VAT", "Discount"):
        lines = [*cells(rows, Writing()), [label, "2026-08-31", "", "190.05", "19", ""]]
        found.append(Case(
            f"structure: {label!r} below", "m.csv", written(lines, Writing()), {}, whole=True,
            reasons=("a tax or discount",),
        ))  # fmt: skip
    for label in ("Radio 1 Total", "SAT1 Summe"):
        own = [t for t in rows if t[0] == "Radio 1"] if "Radio" in label else [
            ("SAT1", *rows[0][1:]), ("SAT1", *rows[1][1:])]  # fmt: skip
        more = [*rows, *own] if "SAT1" in label else rows
        lines = cells(more, Writing())
        told = (sum(t[3] for t in own), sum(t[4] for t in own))
        lines.append([label, "2026-08-31", "", str(told[0]), str(told[1]), ""])
        found.append(Case(f"structure: a group's sum called {label!r}", "m.csv",
                          written(lines, Writing()), numbered(more),
                          refused=frozenset({len(lines)})))  # fmt: skip
    for label in ("Total Comfort", "Summe FM", "Radio Total"):
        named = [*rows, (label, dt.date(2026, 8, 31), "North", Decimal("17.25"), 1_000_321)]
        found.append(Case(f"structure: a station called {label!r}", "m.csv",
                          written(cells(named, Writing()), Writing()),
                          numbered(named)))  # fmt: skip
        lines = cells(rows, Writing())
        lines.append([label, "2026-08-31", "", "99999.00", "99999999", ""])
        found.append(Case(f"structure: {label!r} larger than all others", "m.csv",
                          written(lines, Writing()), numbered(rows), refused=frozenset({14}),
                          whole=True, reasons=("totals=drop",)))  # fmt: skip
        found.append(Case(f"structure: {label!r}, stated to be a total", "m.csv",
                          written(lines, Writing()), numbered(rows), {"totals": "drop"},
                          refused=frozenset({14})))  # fmt: skip
    lines = cells(rows, Writing())
    waiting = [lines[0], ["Radio 7", "open", "tbd", "on request", "pending", ""], *lines[1:]]
    found.append(Case("structure: a row of which nothing is known yet", "m.csv",
                      written(waiting, Writing()), numbered(rows, 3),
                      refused=frozenset({2})))  # fmt: skip
    turned = [[line[n] for n in (0, 1, 2, 4, 3, 5)] for line in lines]
    found.append(Case("structure: two files, columns in another order", "m.csv",
                      written([*lines, *turned], Writing()), numbered(rows),
                      refused=frozenset(range(14, 27))))  # fmt: skip
    found.append(Case("structure: another table below", "m.csv",
                      written([*lines, [], ["Station", "Date", "Gross cost", "Reach"],
                               ["Radio 1", "2026-08-10", "5", "6"]], Writing()), numbered(rows),
                      refused=frozenset(range(14, 18))))  # fmt: skip
    for every in (4, 6):
        again = [*lines[:1]]
        truth, number_ = {}, 1
        for n, line in enumerate(lines[1:]):
            if n and n % every == 0:
                again.append(lines[0])
                number_ += 1
            again.append(line)
            number_ += 1
            truth[number_] = rows[n]
        found.append(
            Case(
                f"structure: headings again every {every}",
                "m.csv",
                written(again, Writing()),
                truth,
            )
        )
    blank = [lines[0], *lines[1:5], [""] * 6, *lines[5:]]
    truth = {n + (n > 5): t for n, t in numbered(rows).items()}
    found.append(Case("structure: a blank row", "m.csv", written(blank, Writing()), truth))
    found.append(Case(
        "structure: headings last", "m.csv", written([*lines[1:], lines[0]], Writing()),
        numbered(rows, 1),
    ))  # fmt: skip
    found.append(Case(
        "structure: no headings", "m.csv", written(lines[1:], Writing()), numbered(rows, 1),
        whole=True, reasons=("header_row", "--contract", "missing"),
    ))  # fmt: skip
    moved = [[line[n] for n in (3, 1, 5, 0, 4, 2)] for line in lines]
    found.append(Case("structure: columns moved", "m.csv", written(moved, Writing()),
                      numbered(rows)))  # fmt: skip
    for extra in (["AVE"], ["Mood", "Notes"], ["Unnamed"]):
        more = [[*lines[0], *extra], *([*line, *["5"] * len(extra)] for line in lines[1:])]
        found.append(
            Case(
                f"structure: more columns {extra}",
                "m.csv",
                written(more, Writing()),
                numbered(rows),
            )
        )
    trailing = [[*line, ""] for line in lines]
    found.append(Case("structure: a delimiter at every end", "m.csv",
                      written(trailing, Writing()), numbered(rows)))  # fmt: skip
    other = [["Campaign", "Clicks"], ["a", "5"], ["b", "7"]]
    two = written(lines, Writing()) + b"\n" + written(other, Writing())
    found.append(Case("structure: two reports", "m.csv", two, numbered(rows), whole=True,
                      refused=frozenset(range(15, 19)), reasons=("reports",)))  # fmt: skip
    described = [lines[0], ["The station", "When it ran", "Where it ran", "What it cost us",
                            "How many saw it", "Anything"], *lines[1:]]  # fmt: skip
    found.append(Case("structure: a row of explanations", "m.csv", written(described, Writing()),
                      numbered(rows, 3), refused=frozenset({2})))  # fmt: skip
    semicolons = b"sep=;\n" + written(lines, Writing(delimiter=";"))
    found.append(Case("structure: sep=", "m.csv", semicolons, numbered(rows)))
    return found


def _bytes() -> list[Case]:
    rows = table()
    plain = written(cells(rows, Writing()), Writing())
    german = Writing("de", ";", '"', "utf-8", "\n", ",", ".", "%d.%m.%Y")
    told = written(cells(rows, german), german)
    found = [
        Case("bytes: gzip", "m.csv.gz", gzip.compress(plain), numbered(rows)),
        Case("bytes: gzip called csv", "m.csv", gzip.compress(plain), numbered(rows)),
        Case("bytes: zip", "m.zip", zip_bytes({"m.csv": plain}), numbered(rows)),
        Case("bytes: zip with a folder and a readme", "m.zip",
             zip_bytes({"x/m.csv": plain, "README.md": b"hello", "__MACOSX/._m.csv": b"x"}),
             numbered(rows)),
        Case("bytes: zip of two", "m.zip", zip_bytes({"a.csv": plain, "b.csv": plain}), {},
             whole=True, reasons=("member",)),
        Case("bytes: empty", "m.csv", b"", {}, whole=True, reasons=("empty",)),
        Case("bytes: blank lines", "m.csv", b"\n\n\n", {}, whole=True, reasons=("row", "hold")),
        Case("bytes: headings only", "m.csv", plain.split(b"\n")[0] + b"\n", {}, whole=True,
             reasons=("header", "no contract", "headings")),
        Case("bytes: cut gzip", "m.csv.gz", gzip.compress(plain)[:-20], {}, whole=True,
             reasons=("unpacked",)),
        Case("bytes: a web page", "m.csv", b"<!doctype html><html><body>Login</body></html>", {},
             whole=True, reasons=("web page",)),
        Case("bytes: a PDF", "m.csv", b"%PDF-1.7 ...", {}, whole=True, reasons=("PDF",)),
        Case("bytes: NULs inside", "m.csv", plain[:300] + b"\0" * 50 + plain[300:], {}, whole=True,
             reasons=("NUL",)),
        Case("bytes: a picture", "m.csv", bytes(range(256)) * 20, {}, whole=True,
             reasons=("NUL", "encoding", "bytes")),
        Case("bytes: UTF-16 without mark", "m.csv", plain.decode().encode("utf-16-le"),
             numbered(rows)),
        Case("bytes: UTF-16 big-endian", "m.csv", b"\xfe\xff" + told.decode().encode("utf-16-be"),
             numbered(rows)),
        Case("bytes: two encodings", "m.csv", told + "RTL;24.08.2026;Süd;5,00;5;Größe\n".encode(
             "cp1252"), numbered(rows), whole=True, reasons=("two encodings",)),
        Case("bytes: cut in a letter", "m.csv", told[: told.rindex("ü".encode()) + 1],
             numbered(rows), whole=True, reasons=("cut off",)),
        Case("bytes: no last line end", "m.csv", plain.rstrip(b"\n"), numbered(rows)),
        Case("bytes: line ends mixed", "m.csv", plain.replace(b"\n", b"\r\n", 4), numbered(rows)),
    ]  # fmt: skip
    for cut in (20, 37, 61, 120):
        short = plain[:-cut]
        whole = short.count(b"\n")
        # What is left of the last line may be sound but for its note.
        kept = {n: t for n, t in numbered(rows).items() if n <= whole + 1}
        found.append(Case(f"bytes: {cut} bytes lost at the end", "m.csv", short, kept,
                          refused=frozenset({whole + 1})))  # fmt: skip
    return found


def _lines() -> list[Case]:
    """One line is damaged; its neighbours must not be."""
    rows = table()
    lines = written(cells(rows, Writing()), Writing()).decode().splitlines()
    found = []

    def add(name: str, at: int, line: str) -> None:
        damaged = [*lines[: at - 1], line, *lines[at:]]
        kept = {n: t for n, t in numbered(rows).items() if n != at}
        found.append(Case(
            f"lines: {name} at {at}", "m.csv", ("\n".join(damaged) + "\n").encode(), kept,
            refused=frozenset({at}),
        ))  # fmt: skip

    for at in (2, 5, 13):
        told = lines[at - 1]
        account, day, region, spend, seen, *note = told.split(",", 5)
        tail = note[0]
        add("a cell too many", at, f"{account},{day},{region},{spend},{seen},{tail},extra")
        add("two cells too many", at, f"{account},{day},{region},{spend},{seen},{tail},x,y")
        add("cells missing", at, f"{account},{day},{region}")
        add("one cell missing", at, f"{account},{day},{spend},{seen},x")
        add("an open quote", at, f'{account},{day},{region},{spend},{seen},"never closed')
        add("an open quote at the beginning", at, f'"{told}')
        add("text after a quote", at, f'"{account}"x,{day},{region},{spend},{seen},y')
        add("decimal comma without quotes", at,
            f"{account},{day},{region},{spend.replace('.', ',')},{seen},x")  # fmt: skip
        add("another delimiter", at, ";".join((account, day, region, spend, seen, "x")))
        add("two rows in one", at, f"{told}{told}")
        add("half a row", at, told[: len(told) // 2])
    for at in (3, 8):
        told = lines[at - 1].split(",", 5)
        broken = [*lines[: at - 1], ",".join([*told[:5], '"a note']), 'in two lines"', *lines[at:]]
        found.append(Case(f"lines: a cell over two lines at {at}", "m.csv",
                          ("\n".join(broken) + "\n").encode(), numbered(rows)))  # fmt: skip
        split = [*lines[: at - 1], ",".join(told[:3]), ",".join(told[3:]), *lines[at:]]
        kept = {n + (n > at): t for n, t in numbered(rows).items() if n != at}
        found.append(Case(f"lines: a row over two lines without quotes at {at}", "m.csv",
                          ("\n".join(split) + "\n").encode(), kept,
                          refused=frozenset({at, at + 1})))  # fmt: skip
        twice = [*lines[:at], lines[at - 1], *lines[at:]]
        kept = {n + (n > at): t for n, t in numbered(rows).items()} | {at + 1: rows[at - 2]}
        found.append(Case(f"lines: a row twice at {at}", "m.csv",
                          ("\n".join(twice) + "\n").encode(), kept))  # fmt: skip
    return found


def _books() -> list[Case]:
    rows = table()
    typed = [list(HEADS["en"]), *([a, d, r, float(s), i, "x"] for a, d, r, s, i in rows)]
    text = cells(rows, Writing(decimal=",", thousands=".", day="%d.%m.%Y"))
    found = []

    def add(name: str, lines: list[list], truth=None, file="m.xlsx", more=None, **options) -> None:
        content = book_bytes(lines, **options)
        found.append(Case(f"books: {name}", file, content,
                          numbered(rows) if truth is None else truth, **(more or {})))  # fmt: skip

    add("typed", typed)
    add("typed, 1904", typed, epoch_1904=True)
    add("called csv", typed, file="m.csv")
    add("numbers and days as text", text)
    add("a title above", [["Post-buy"], ["September 2026"], [], *typed], numbered(rows, 5))
    add("a title beside", [[None, "Post-buy"], *typed], numbered(rows, 3))
    add("a total below", [*typed, ["Total", None, None, 9e6, 1e9, None]],
        more={"refused": frozenset({14})})  # fmt: skip
    add("a note below", [*typed, [], ["Source: AGF"]])

    def empty_before(book, sheet):
        book.create_sheet("Notes", 0)["A1"] = "Read me"

    add("a sheet of notes first", typed, change=empty_before)

    def hidden(book, sheet):
        other = book.create_sheet("Old")
        for line in typed:
            other.append([*line[:3], 1, 1, "x"] if line is not typed[0] else line)
        other.sheet_state = "hidden"

    add("a hidden sheet", typed, change=hidden)

    def two(book, sheet):
        other = book.create_sheet("August")
        for line in typed:
            other.append(line)

    add("two sheets alike", typed, change=two,
        more={"whole": True, "reasons": ("report", "sheet")})  # fmt: skip

    def error(book, sheet):
        sheet["C4"] = "#REF!"
        sheet["C4"].data_type = "e"

    add("an error", typed, {n: t for n, t in numbered(rows).items() if n != 4}, change=error,
        more={"refused": frozenset({4})})  # fmt: skip

    def formula(book, sheet):
        sheet["D5"] = "=SUM(D2:D4)"

    add("a formula without value", typed, {n: t for n, t in numbered(rows).items() if n != 5},
        change=formula, more={"refused": frozenset({5})})  # fmt: skip

    def hidden_row(book, sheet):
        sheet.row_dimensions[6].hidden = True

    add("a hidden row", typed, change=hidden_row)

    def merged(book, sheet):
        sheet.unmerge = None
        for row in (3, 4):
            sheet.cell(row, 1).value = None
        sheet.merge_cells("A2:A4")

    def merged_amount(book, sheet):
        for row in (4, 5):
            sheet.cell(row, 4).value = None
        sheet.merge_cells("D3:D5")

    some = {n: t for n, t in numbered(rows).items() if n not in (3, 4, 5)}
    asked = {"refused": frozenset({3, 4, 5}), "whole": True, "reasons": ("merged cells",)}
    add("an amount merged down", typed, some, change=merged_amount, more=asked)
    whole = numbered(rows) | {n: (*rows[n - 2][:3], None, rows[n - 2][4]) for n in (4, 5)}
    add("an amount merged down, stated as one", typed, whole, change=merged_amount,
        more={"stated": {"merged": "first"}})  # fmt: skip
    each = numbered(rows) | {
        n: (*rows[n - 2][:3], rows[1][3], rows[n - 2][4]) for n in (4, 5)
    }  # fmt: skip
    add("an amount merged down, stated as each", typed, each, change=merged_amount,
        more={"stated": {"merged": "each"}})  # fmt: skip
    same = [(rows[0][0], *rows[1][1:]), (rows[0][0], *rows[2][1:])]
    for kind, write in (("ods", ods_bytes), ("xlsb", xlsb_bytes)):
        found.append(Case(f"books: {kind.upper()}, merged down", f"m.{kind}",
                          write(typed, merged=((1, 0, 3, 0),)),
                          numbered([rows[0], *same, *rows[3:]])))  # fmt: skip
        found.append(Case(f"books: {kind.upper()}, an amount merged down", f"m.{kind}",
                          write(typed, merged=((2, 3, 4, 3),)), some, **asked))  # fmt: skip
    add("merged down", typed, numbered([rows[0], *same, *rows[3:]]), change=merged)
    mixed = [[*line] for line in typed]
    mixed[4][3], mixed[7][1] = "4567,89", "16.08.2026"
    truth = numbered(rows)
    truth[5] = (*truth[5][:3], Decimal("4567.89"), truth[5][4])
    truth[8] = (truth[8][0], dt.date(2026, 8, 16), *truth[8][2:])
    add("text among numbers", mixed, truth)
    ids = [[*line] for line in typed]
    for n, line in enumerate(ids[1:]):
        line[0] = 1.2345678901234567e17 if n == 3 else f"S{n}"
    truth = numbered([(f"S{n}", *t[1:]) for n, t in enumerate(rows)])
    truth.pop(5)
    add("a long id as a number", ids, truth, more={"refused": frozenset({5})})
    found.append(Case("books: OpenDocument", "m.ods", ods_bytes(typed), numbered(rows)))
    titled = [["Post-buy"], [], *typed]
    for kind, write in (("xls", xls_bytes), ("xlsb", xlsb_bytes)):
        for mac in (False, True):
            title = f"books: {kind.upper()}{', 1904' if mac else ''}"
            found.append(Case(title, f"m.{kind}", write(typed, epoch_1904=mac), numbered(rows)))
        found.append(Case(f"books: {kind.upper()}, a title above", f"m.{kind}", write(titled),
                          numbered(rows, 4)))  # fmt: skip
        found.append(Case(f"books: {kind.upper()}, numbers and days as text", f"m.{kind}",
                          write(text), numbered(rows)))  # fmt: skip
        found.append(Case(f"books: {kind.upper()}, called csv", "m.csv", write(typed),
                          numbered(rows)))  # fmt: skip
        found.append(Case(f"books: {kind.upper()}, a total below", f"m.{kind}",
                          write([*typed, ["Total", None, None, 9e6, 1e9, None]]), numbered(rows),
                          refused=frozenset({14})))  # fmt: skip
        found.append(Case(f"books: {kind.upper()}, cut", f"m.{kind}", write(typed)[:1500], {},
                          whole=True, reasons=("damaged", "workbook", "archive")))  # fmt: skip
    found.append(Case("books: damaged", "m.xlsx", book_bytes(typed)[:2000], {}, whole=True,
                      reasons=("damaged", "workbook", "archive")))  # fmt: skip
    return found


def _amounts() -> list[Case]:
    """Which amount a row has and of which currency, as a file that nobody names may be and as an
    export that is known."""
    found = []
    rows = table()
    net = [number(spend, Writing()) for *_, spend, _ in rows]
    gross = [number(2 * spend, Writing()) for *_, spend, _ in rows]
    thousands = [f"{spend / 1000:.5f}" for *_, spend, _ in rows]
    several = tuple("GBP" if n % 3 else "USD" for n in range(len(rows)))
    francs, euros = ("CHF",) * len(rows), ("EUR",) * len(rows)

    def add(name, columns, currencies=euros, **more):
        for kind, extra in (("a table", []), ("a post-buy", [["GRP", *["1.5"] * len(rows)]])):
            lines = [["Station", *(each[0] for each in rows)],
                     ["Date", *(each[1].isoformat() for each in rows)],
                     ["Region", *(each[2] for each in rows)], *columns, *extra,
                     ["Impressions", *(str(each[4]) for each in rows)]]  # fmt: skip
            text = written([list(each) for each in zip(*lines, strict=True)], Writing())
            stated = {"geography": "{Region}"}
            truth, case = numbered(rows) if currencies else {}, f"amounts: {name}, {kind}"
            found.append(Case(case, "m.csv", text, truth, stated, currencies=currencies, **more))

    for heading in ("Currency", "Währung", "Devise", "Currency code"):
        add(f"{heading} beside", [["Net cost", *net], [heading, *francs]], francs)
    add("two currencies in a column", [["Net cost", *net], ["Currency", *several]], several)
    add("signs of currencies in a column",
        [["Net cost", *net], ["Currency", *("£" if c == "GBP" else "US$" for c in several)]],
        several)  # fmt: skip
    add("codes under no name", [["Net cost", *net], ["X", *francs]], francs, whole=True,
        reasons=("may say the currency",))  # fmt: skip
    add("a currency called otherwise", [["Net cost", *net], ["Billing currency", *francs]], francs,
        whole=True, reasons=("may say the currency",))  # fmt: skip
    add("the column says another one", [["Net cost (EUR)", *net], ["Currency", *francs]], (),
        whole=True, reasons=("is EUR, and 'Currency' says CHF",))  # fmt: skip
    add("gross before net", [["Gross cost", *gross], ["Net cost after discount", *net]])
    add("gross before net, German", [["Kosten brutto", *gross], ["Kosten netto (EUR)", *net]])
    add("gross and net in groups",
        [["Kosten / Kosten brutto", *gross], ["Kosten / Kosten netto", *net]])  # fmt: skip
    for heading in ("Gross cost", "Kosten brutto", "Bruttokosten"):
        add(
            f"{heading} alone",
            [[heading, *gross]],
            (),
            whole=True,
            reasons=("gross", "is not called"),
        )
    add("net in two currencies", [["Net cost (USD)", *gross], ["Net cost (EUR)", *net]], (),
        whole=True, reasons=("beside another",))  # fmt: skip
    for heading, code in (("Net cost (GBP)", "GBP"), ("Kosten netto (EUR)", "EUR"),
                          ("Kosten netto EUR", "EUR"), ("Coste neto", "EUR")):  # fmt: skip
        add(heading, [[heading, *net]], (code,) * len(rows))
    for heading in ("Kosten netto in TEUR", "Prix net (k€)", "Net cost (EUR 000)"):
        add(heading, [[heading, *thousands]])
    return found


def _json() -> list[Case]:
    rows = table()
    names = ("station", "date", "region", "net_cost", "impressions")
    objects = [
        dict(zip(names, (a, d.isoformat(), r, float(s), i), strict=True)) for a, d, r, s, i in rows
    ]
    one = numbered(rows, 1)
    lines = "\n".join(json.dumps(each) for each in objects)
    deep = [{"station": {"name": o["station"]}, **{k: o[k] for k in names[1:]}} for o in objects]
    bad = lines.splitlines()
    bad[4] = bad[4][:30]
    return [
        Case("json: array", "m.json", json.dumps(objects).encode(), one),
        Case("json: lines", "m.jsonl", lines.encode(), one),
        Case("json: lines called json", "m.json", lines.encode(), one),
        Case("json: in an envelope", "m.json",
             json.dumps({"meta": {"page": 1}, "data": objects}).encode(), one),
        Case("json: an account and a currency beside the records", "m.json",
             json.dumps({"currency": "USD", "account": "Radio 9", "created": "2020-01-01", "rows": [
                 {k: o[k] for k in names[1:]} for o in objects]}).encode(),
             {n: ("Radio 9", *t[1:]) for n, t in one.items()}),
        Case("json: a page of more", "m.json",
             json.dumps({"data": objects, "paging": {"next": "https://x"}}).encode(), {},
             whole=True, reasons=("page of more",)),
        Case("json: fewer than there are", "m.json",
             json.dumps({"data": objects, "meta": {"totalCount": 500}}).encode(), {},
             whole=True, reasons=("page of more",)),
        Case("json: pages, stated", "m.json",
             json.dumps({"data": objects, "next": "https://x"}).encode(), one,
             {"pages": "keep"}),
        Case("json: the last page", "m.json", json.dumps({"data": objects, "total": len(objects),
             "next": None, "has_more": False}).encode(), one),
        Case("json: a key twice", "m.json", json.dumps(objects)[:-2].encode()
             + b', "region": "x"}]', {}, whole=True, reasons=("stands twice",)),
        Case("json: indented", "m.json", json.dumps(objects, indent=2).encode(), one),
        Case("json: nested", "m.json", json.dumps(deep).encode(), one),
        Case("json: with a mark", "m.json", b"\xef\xbb\xbf" + json.dumps(objects).encode(), one),
        Case("json: a broken line", "m.jsonl", "\n".join(bad).encode(),
             {n: t for n, t in one.items() if n != 5}, refused=frozenset({5})),
        Case("json: cut off", "m.json", json.dumps(objects).encode()[:-40], {}, whole=True,
             reasons=("JSON",)),
        Case("json: two lists", "m.json",
             json.dumps({"first": objects, "second": objects}).encode(), {}, whole=True,
             reasons=("records",)),
    ]  # fmt: skip
