"""Cases of the corpus in which the cells, not the lines, are what misleads: signs of money with a
stop, round thousands, years of two digits, days that a spreadsheet swapped, scales in headings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from damaged_files import HEADS, Case, Truth, Writing, cells, numbered, table, written
from workbooks import book_bytes

SIGNS = ("Fr. {}", "SFr. {}", "{} Fr.", "CHF {}", "S/. {}", "S/{}", "{} Kč", "{} zł", "R$ {}",
         "US$ {}", "{} Ft", "₹{}", "{} лв.", "RM {}", "{} USD", "€ {}")  # fmt: skip
OPEN_SIGNS = ("${}", "{} kr.", "kr. {}", "{} kr", "Rs. {}", "Rs.{}", "¥{}", "{} lei", "Bs. {}")
SCALES = ((1000, ("Kosten netto TEUR", "Net cost in T€", "Net cost (TEUR)", "Net cost (Tsd. €)",
                  "Net cost k€", "Net cost (in thousands)", "Net cost in 1000", "Net cost '000",
                  "Coût net (milliers €)", "Custo (R$ mil)", "Net cost, thousands",
                  "Net cost in USD 000")),
          (1_000_000, ("Net cost in Mio.", "Net cost (Mio. €)", "Kosten netto in Millionen",
                       "Coste neto (millones)", "Net cost €m", "Custo (milhões)",
                       "Net cost (M€)")))  # fmt: skip


def cases() -> list[Case]:
    return [*_signs(), *_thousands(), *_days(), *_scales(), *_headings()]


def _cell(
    name: str, place: int, told: Callable[[int, str], str], rows: list[Truth] | None = None, **more
) -> Case:
    """The table with each cell of one column written anew (place of the row, cell)."""
    rows = table() if rows is None else rows
    lines = cells(rows, Writing())
    for n, line in enumerate(lines[1:]):
        line[place] = told(n, line[place])
    return Case(f"values: {name}", "m.csv", written(lines, Writing()), numbered(rows), **more)


def _signs() -> list[Case]:
    found = [_cell(f"sign {sign}", 3, lambda _, c, sign=sign: sign.format(c)) for sign in SIGNS]
    for sign in OPEN_SIGNS:

        def written_so(_: int, cell: str, sign: str = sign) -> str:
            return sign.format(cell)

        asked = {"whole": True, "reasons": ("sign of several currencies",)}
        found.append(_cell(f"open sign {sign}", 3, written_so, **asked))
        found.append(_cell(f"stated sign {sign}", 3, written_so, stated={"currency": "SEK"}))
    found.append(_cell("less than nothing before a sign", 3, lambda n, c: f"-Fr. {c}" if n == 2
                       else f"Fr. {c}", refused=frozenset({4})))  # fmt: skip
    return found


def _thousands() -> list[Case]:
    rows = table()
    round_ = [(a, d, r, s, 5000 + 1000 * n) for n, (a, d, r, s, _) in enumerate(rows)]
    asked = {"whole": True, "reasons": ("no other value tells", "whole number")}
    found = [
        _cell("round thousands beside cents", 4, lambda n, _: f"{5 + n}.000", round_,
              refused=frozenset(range(2, 14)), **asked),
    ]  # fmt: skip
    how = Writing("de", ";", day="%d.%m.%Y")
    lines = [[*line[:2], f"{19 + n % 4}.{15 + 3 * n}" if n else "Uhrzeit", line[2], "", line[4]]
             for n, line in enumerate(cells(round_, how))]  # fmt: skip
    lines[0][4] = "Bemerkung"
    for n, line in enumerate(lines[1:]):
        line[5] = f"{5 + n}.000"
    truth = numbered([(a, d, r, None, i) for a, d, r, _, i in round_])
    found.append(Case("values: round thousands beside times of day", "m.csv", written(lines, how),
                      truth, **asked))  # fmt: skip
    small = [(a, d, r, Decimal(n) / 1000 + Decimal("0.125"), i)
             for n, (a, d, r, _, i) in enumerate(rows)]  # fmt: skip
    found.append(_cell("fractions of three digits", 3, lambda n, _: f"0.{125 + n}", small))
    return found


def _days() -> list[Case]:
    rows = table()
    found = []
    month = [(a, dt.date(2026, 8, 10 + 7 * (n % 3)), r, s, i)
             for n, (a, _, r, s, i) in enumerate(rows)]  # fmt: skip
    for form in ("%b %d", "%b-%d", "%B %d"):
        found.append(_cell(
            f"a day and no year {form}", 1, lambda n, _, form=form: month[n][1].strftime(form),
            month, whole=True, reasons=("a day of that month or a month of that year",),
        ))  # fmt: skip
    starts = [(a, dt.date(2025 + (n + 6) // 12, (n + 6) % 12 + 1, 1), r, s, i)
              for n, (a, _, r, s, i) in enumerate(rows)]  # fmt: skip
    for form in ("%b %y", "%b-%y", "%b '%y"):

        def month_of(n: int, _: str, form: str = form) -> str:
            return starts[n][1].strftime(form)

        asked = {"whole": True, "reasons": ("is a month, and the contract knows days",)}
        found.append(
            _cell(f"a month and a year of two digits {form}", 1, month_of, starts, **asked)
        )
        found.append(_cell(f"a stated month and a year of two digits {form}", 1, month_of, starts,
                           stated={"dates": form}))  # fmt: skip
    found.append(_cell(
        "one year of two digits among four", 1,
        lambda n, _: rows[n][1].strftime("%d/%m/%y" if n == 3 else "%d/%m/%Y"),
    ))  # fmt: skip
    early = [(a, dt.date(2026, 8, n % 12 + 1), r, s, i)
             for n, (a, _, r, s, i) in enumerate(rows)]  # fmt: skip
    found.append(_cell(
        "slashes beside full stops", 1,
        lambda n, _: early[n][1].strftime("%d.%m.%Y" if n % 2 else "%m/%d/%Y"), early,
        whole=True, reasons=("no value tells",),
    ))  # fmt: skip
    found.append(_cell(
        "dashes beside slashes that tell", 1,
        lambda n, _: rows[n][1].strftime("%d/%m/%Y") if n % 2 else early[n][1].strftime("%m-%d-%Y"),
        [rows[n] if n % 2 else (*rows[n][:1], early[n][1], *rows[n][2:]) for n in range(12)],
        whole=True, reasons=("no value tells",),
    ))  # fmt: skip
    found.append(_cell("the day before the month after a year", 1,
                       lambda n, _: rows[n][1].strftime("%Y-%d-%m"), whole=True,
                       reasons=("puts the day before the month",)))  # fmt: skip
    spring = [(a, dt.date(2026, 3, 5 + n), r, s, i) for n, (a, _, r, s, i) in enumerate(rows)]
    for form in ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"):
        lines: list[list] = [list(HEADS["en"])]
        for a, d, r, s, i in spring:
            day = d.strftime(form) if d.day > 12 else dt.date(2026, d.day, d.month)
            lines.append([a, day, r, float(s), i, ""])
        found.append(Case(f"values: days that a spreadsheet swapped {form}", "m.xlsx",
                          book_bytes(lines), numbered(spring), whole=True,
                          reasons=("swapped day and month",)))  # fmt: skip
    found.append(_cell(
        "days that a spreadsheet swapped, saved as text", 1,
        lambda n, _: spring[n][1].strftime("%d/%m/%Y" if spring[n][1].day > 12 else "%Y-%d-%m"),
        spring, whole=True, reasons=("swapped day and month",),
    ))  # fmt: skip
    for odd in ("01.01.0026", "31.12.9999", "13.08.126"):
        found.append(_cell(
            f"a year that nobody means {odd}", 1,
            lambda n, _, odd=odd: odd if n == 5 else rows[n][1].strftime("%d.%m.%Y"),
            refused=frozenset({7}),
        ))  # fmt: skip
    return found


def _scales() -> list[Case]:
    found = []
    for factor, headings in SCALES:
        for heading in headings:
            rows = [(a, d, r, Decimal(factor) * (10 + n) / 2, i)
                    for n, (a, d, r, _, i) in enumerate(table())]  # fmt: skip
            lines = cells(rows, Writing())
            lines[0][3] = heading
            for n, line in enumerate(lines[1:]):
                line[3] = f"{(10 + n) / 2:.1f}"
            found.append(Case(f"values: heading {heading}", "m.csv", written(lines, Writing()),
                              numbered(rows), stated={"spend": f"{{{heading}}}"}))  # fmt: skip
    return found


def _headings() -> list[Case]:
    rows = table()
    lines = cells(rows, Writing())
    twice = [[*line[:4], line[3] if n == 0 else f"{n}.50", *line[4:]]
             for n, line in enumerate(lines)]  # fmt: skip
    same = [[*line[:4], line[3], *line[4:]] for line in lines]
    found = [
        Case("values: a heading twice over other cells", "m.csv", written(twice, Writing()),
             numbered(rows), whole=True, reasons=("stands 2 times",)),
        Case("values: a heading twice, which is stated", "m.csv", written(twice, Writing()),
             numbered(rows), stated={"spend": "{Net cost}"}),
        Case("values: a heading twice over the same cells", "m.csv", written(same, Writing()),
             numbered(rows)),
    ]  # fmt: skip
    for heading, cell, right in (
        ("Net cost (USD)", "${}", True),
        ("Net cost (EUR)", "${}", False),
        ("Net cost ($)", "{}", False),
        ("Net cost (£)", "{}", True),
    ):
        told = [[*line] for line in lines]
        told[0][3] = heading
        for line in told[1:]:
            line[3] = cell.format(line[3])
        found.append(Case(
            f"values: heading {heading} over {cell}", "m.csv", written(told, Writing()),
            numbered(rows), whole=not right, reasons=("several currencies",),
        ))  # fmt: skip
    return found
