"""Rows of a table that are sums of its other rows: by what they are called, and by their numbers.

A row called "Total" is one. A row whose label only begins or ends so ("Total Radio", "SAT1 Summe",
but "Total Comfort" and "Summe FM" are names) is one when its numbers are the sum of rows above it
(all, those since the total before, those of its group) or below it; a row when they are not; and a
person's to say when they tell nothing, or when it is larger than all others together.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable

from ingestion.grids import Cell, Number, Row

_WORDS = (
    "total general|total général|total geral|suma total|grand[ -]?total|"
    "overall total|sub[ -]?totals?|sous[ -]total|totals?|totales|totaux|totais|totale|totaal|"
    "gesamtsumme|gesamtergebnis|gesamt|zwischensumme|summe|ergebnis|insgesamt|somme|suma|soma"
)
_SHORT = "sums?|σ|∑"
STEMS = ("tota", "gesamt", "sum", "somme", "soma", "ergebnis", "σ", "∑")
"""One of them is in each of the words."""
_BARE = re.compile(rf"({_WORDS})\s*[:=]?")
_LONE = re.compile(rf"({_SHORT})\s*[:=]?")
_BEGIN = re.compile(rf"({_WORDS}|{_SHORT})[\s:–-]+(?=\S)")
_END = re.compile(rf"(?<=\S)[\s:–-]+({_WORDS}|{_SHORT})\s*[:=]?$")
_AMOUNT = re.compile(
    r"[(+\-−]?\s*([€$£¥]|R\$|US\$|[A-Z]{3}\s)?\s*[+\-−]?\d[\d.,'’\s]*"
    r"([%‰€$£¥]|[A-Z]{3}|kr|zł|Kč)?\s*[)\-]?"
)
LONGEST = 60  # letters of a label
LABELS = 5_000  # groups whose sums are kept
WAITING = 50  # rows that may be the sum of rows below
ALIKE = 0.001  # of a sum of rounded numbers


class Verdict(typing.NamedTuple):
    """Numbers of rows that are totals; (number, label) of those nobody can tell, and of rows."""

    totals: list[int]
    open: list[tuple[int, str]]
    rows_called: list[tuple[int, str]]


def called(cell: Cell, is_first: bool = True) -> str | None:
    """'bare' for a word for a total, 'part' for a label that begins or ends with one."""
    if not isinstance(cell, str) or len(cell) > LONGEST:
        return None
    text = cell.strip(" \t\"'").casefold()
    if not any(stem in text for stem in STEMS):
        return None
    if _BARE.fullmatch(text) or (is_first and _LONE.fullmatch(text)):
        return "bare"
    return "part" if _BEGIN.match(text) or _END.search(text) else None


class _Sums:
    """Sums of columns, under a decimal point and under a decimal comma."""

    __slots__ = ("count", "points", "commas")

    def __init__(self, width: int) -> None:
        self.count, self.points, self.commas = 0, [0.0] * width, [0.0] * width

    def add(self, amounts: list[tuple[float, float, int] | None]) -> None:
        self.count += 1
        for place, each in enumerate(amounts):
            if each is not None:
                self.points[place] += each[0]
                self.commas[place] += each[1]


class _Waiting(typing.NamedTuple):
    number: int
    label: str
    amounts: list[tuple[float, float, int] | None]
    below: _Sums


def judge(rows: Iterable[Row], width: int, every: bool = False) -> Verdict:
    """Tell the totals among the rows of a table; with `every`, all that are called so are."""
    verdict = Verdict([], [], [])
    whole, since = _Sums(width), _Sums(width)
    runs: list[tuple[str, _Sums]] = [("", _Sums(width)) for _ in range(width)]
    labels: dict[str, _Sums] = {}
    waiting: list[_Waiting] = []
    for row in rows:
        kind, label = _called(row.cells)
        if kind == "bare" or (kind and every):
            verdict.totals.append(row.number)
            since = _Sums(width)
            continue
        amounts = [_amount(cell) for cell in row.cells]
        amounts += [None] * (width - len(amounts))
        if kind:
            scopes = [whole, since, *_groups(row.cells, label, runs, labels)]
            found = max((_alike(amounts, sums) for sums in scopes), default=0)
            if found == 2:
                verdict.totals.append(row.number)
                since = _Sums(width)
                continue
            if found == 1:
                verdict.open.append((row.number, label))
                continue
            waiting.append(_Waiting(row.number, label, amounts, _Sums(width)))
            if len(waiting) > WAITING:
                verdict.rows_called.append(waiting.pop(0)[:2])
        for one in list(waiting):
            if one.number == row.number:
                continue
            one.below.add(amounts)
            if one.below.count > 1 and _alike(one.amounts, one.below) == 2:
                verdict.totals.append(one.number)
                waiting.remove(one)
        whole.add(amounts)
        since.add(amounts)
        _grouped(row.cells, amounts, runs, labels, width)
    for one in waiting:
        target = verdict.open if _is_doubtful(one, whole) else verdict.rows_called
        target.append((one.number, one.label))
    verdict.rows_called.sort()
    return verdict


def _called(cells: list[Cell]) -> tuple[str | None, str]:
    """The strongest that a row's cells are called, and the label that is."""
    part, is_first = None, True
    for cell in cells:
        if cell is None or cell == "":
            continue
        kind = called(cell, is_first)
        is_first = False
        if kind == "bare":
            return "bare", str(cell).strip()
        if kind and part is None:
            part = str(cell).strip()
    return ("part", part) if part is not None else (None, "")


def _amount(cell: Cell) -> tuple[float, float, int] | None:
    """A number under a decimal point, under a decimal comma, and how many decimals it may have."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, (int, float)):
        return float(cell), float(cell), 2
    if isinstance(cell, Number):
        return float(cell), float(cell), 2
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if not text or not _AMOUNT.fullmatch(text):
        return None
    digits = re.sub(r"[^\d.,]", "", text)
    sign = -1.0 if re.search(r"^\(|^\D{0,6}[-−]|-$", text) else 1.0
    found, decimals = [], 0
    for mark, other in ((".", ","), (",", ".")):
        plain = digits.replace(other, "").replace(mark, ".")
        if plain.count(".") > 1:
            found.append(0.0)
            continue
        found.append(sign * float(plain))
        decimals = max(decimals, len(plain.partition(".")[2]))
    return found[0], found[1], decimals


def _alike(amounts: list[tuple[float, float, int] | None], sums: _Sums) -> int:
    """2 when the numbers are those sums, 1 when too few or small ones are, 0 when they are not."""
    if not sums.count:
        return 0
    best = 0
    for which, told in ((0, sums.points), (1, sums.commas)):
        small = large = 0
        for place, each in enumerate(amounts):
            if each is None or not each[which]:
                continue
            value = each[which]
            rounded = 0.5 * sums.count * 10.0 ** -each[2]
            far = max(1e-9 * abs(value), min(rounded, ALIKE * abs(value)))
            if abs(value - told[place]) <= far:
                digits = f"{abs(value):.6f}".replace(".", "").strip("0")
                large += len(digits) >= 3
                small += 1
        best = max(best, 2 if large or small > 1 else min(small, 1))
    return best


def _groups(
    cells: list[Cell], label: str, runs: list[tuple[str, _Sums]], labels: dict[str, _Sums]
) -> Iterable[_Sums]:
    """Sums that a label may mean: of the rows above with the same words beside, and of those with
    the words that are left of it without the word for a total."""
    for cell, (run, sums) in zip(cells, runs, strict=False):
        if run and isinstance(cell, str) and cell.strip().casefold() == run:
            yield sums
    text = label.casefold()
    rest = _END.sub("", _BEGIN.sub("", text)).strip()
    if rest in labels:
        yield labels[rest]


def _grouped(
    cells: list[Cell],
    amounts: list[tuple[float, float, int] | None],
    runs: list[tuple[str, _Sums]],
    labels: dict[str, _Sums],
    width: int,
) -> None:
    keys = set()
    for place, cell in enumerate(cells):
        if not isinstance(cell, str) or amounts[place] is not None or len(cell) > LONGEST:
            continue
        text = cell.strip().casefold()
        if not text:
            continue
        if runs[place][0] != text:
            runs[place] = (text, _Sums(width))
        runs[place][1].add(amounts)
        keys |= {text, text.split()[0]}
    for key in keys:
        if key not in labels:
            if len(labels) >= LABELS:
                continue
            labels[key] = _Sums(width)
        labels[key].add(amounts)


def _is_doubtful(one: _Waiting, whole: _Sums) -> bool:
    """Whether a row that is no sum of what is there may yet be a total: it has no number where
    others have, or one as large as all of theirs, of which the file may show a part."""
    others = whole.count - 1
    some = [place for place in range(len(one.amounts)) if whole.points[place]]
    told = [place for place in some if one.amounts[place] is not None]
    if not told:
        return bool(some)
    return others > 1 and any(
        2 * (one.amounts[place] or (0.0,))[0] >= whole.points[place] for place in told
    )
