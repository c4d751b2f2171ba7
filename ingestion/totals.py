"""Rows of a table that are sums of its other rows: by what they are called, and by their numbers.

A row called "Total" is one. A row whose label only begins or ends so ("Total Radio", "SAT1 Summe",
but "Total Comfort" and "Summe FM" are names) is one when its numbers are the sum of rows above it
(all, those since the total before, those of its group) or below it; a row when they are not; and a
person's to say when they tell nothing, or when it is larger than all others together.
"""

from __future__ import annotations

import itertools
import math
import re
import typing
from collections.abc import Iterable, Iterator, Set

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


# --- sums that no word tells ---------------------------------------------------------------------

_ALL = re.compile(
    r"\(?(all|alle|alles|sämtliche|overall|everything|entire|combined|aggregate|tous|toutes|tout|"
    r"ensemble|todos|todas|todo|tudo|conjunto)\b.*|(gesamt|total)\w+.*"
)
"""What a sum may be called, and many a row."""
_CHARGE = re.compile(
    r"((zzgl|abzgl|inkl|exkl)\.?|abzüglich|zuzüglich|plus|less|minus)?\s*"
    r"[-–+]?(\d+([.,]\d+)?\s*%\s*)?"
    r"(mwst|ust|mehrwertsteuer|umsatzsteuer|vat|sales tax|tax|tva|iva|gst|rabatt|nachlass|skonto|"
    r"discount|rebate|remise|rabais|descuento|desconto|ae-?provision|agency commission)\.?"
    r"\s*(\(?[-–+]?\d+([.,]\d+)?\s*%\)?)?\s*:?"
)
_RUN_TOGETHER = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])")
_DAY = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}")
HEADS = 8  # rows that may be the sum of rows below
LOOKED = 1_000  # rows that tell amounts from labels
_MOST = 0.9  # of a column's cells
_RARE = 2  # rows whose word, or lack of one, says something
SOME, MANY = 20, 100
"""How often a sum holds the unit of its parts: 10 of 5 and 5 twice, which proves nothing."""


_Figures = list[tuple[float, float, int] | None]


class Unnamed(typing.NamedTuple):
    """What numbers alone say: row -> why it is a sum; row -> why it may be none."""

    totals: dict[int, str]
    open: dict[int, str]


class _Found(typing.NamedTuple):
    """A row as a sum: of how many rows, and how much each column weighs that is one."""

    count: int
    weights: tuple[float, ...]

    @property
    def weight(self) -> float:
        return max(self.weights)

    @property
    def columns(self) -> int:
        """Columns that say so by themselves: one that is twice the other in each row does not."""
        return len({round(each, 6) for each in self.weights})


class _Head(typing.NamedTuple):
    """A row that may be the sum of those from `start`, the place below it in the ledger."""

    number: int
    label: str
    kind: str
    figures: _Figures
    blank: tuple[int, ...]
    start: int


class _Ledger:
    """The rows that are no totals, with running sums of their amounts under a decimal point and
    under a decimal comma; without `keeps` only the sums."""

    def __init__(self, width: int, keeps: bool) -> None:
        self.width, self.keeps, self.count = width, keeps, 0
        self.rows: list[tuple[float, ...]] = []
        self.sums = [0.0] * (2 * width)
        self.marks: dict[int, tuple[float, ...]] = {0: tuple(self.sums)}

    def mark(self) -> int:
        """The place of the next row, from which sums can be asked."""
        if self.count not in self.marks:
            self.marks[self.count] = tuple(self.sums)
        return self.count

    def add(self, figures: _Figures) -> None:
        told = tuple(each[which] if each else 0.0 for each in figures for which in (0, 1))
        self.sums = [a + b for a, b in zip(self.sums, told, strict=True)]
        self.count += 1
        if self.keeps:
            self.rows.append(told)

    def forget(self, at: int) -> None:
        """Take out the row at a place: it was a total."""
        told = self.rows[at]
        self.rows[at] = (0.0,) * len(told)
        self.sums = [a - b for a, b in zip(self.sums, told, strict=True)]
        for place, sums in self.marks.items():
            if place > at:
                self.marks[place] = tuple(a - b for a, b in zip(sums, told, strict=True))

    def sum_of(self, figures: _Figures, start: int, rounded: bool) -> _Found | None:
        """The figures as the sum of the rows from `start`, where all are that can be."""
        count, since = self.count - start, self.marks[start]
        if count < 2:
            return None
        best = None
        for which in (0, 1):
            alike, other = [], []
            for place, each in enumerate(figures):
                if each is None or not each[which]:
                    continue
                told = self.sums[2 * place + which] - since[2 * place + which]
                far = 1e-9 * abs(each[which]) + (1e-6 if not each[2] else 0.51 * 10.0 ** -each[2])
                if rounded:
                    far = max(far, min(0.5 * count * 10.0 ** -each[2], ALIKE * abs(each[which])))
                is_sum = abs(each[which] - told) <= far
                (alike if is_sum else other).append(2 * place + which)
            if not alike or (other and not self.keeps):
                continue
            if any(not self._is_mean(place, figures[place // 2][which], start) for place in other):
                continue
            weighed = [self._weight(place, figures[place // 2][which], start) for place in alike]
            parts = max(n for n, _ in weighed)
            weights = tuple(weight for n, weight in weighed if n > 1)
            if weights and (best is None or max(weights) > best.weight):
                best = _Found(parts, weights)
        return best

    def _is_mean(self, place: int, value: float, start: int) -> bool:
        column = [row[place] for row in self.rows[start:]]
        return min(column) <= value <= max(column)

    def _weight(self, place: int, value: float, start: int) -> tuple[int, float]:
        """Of a sum: how many parts are not nothing, and how often it holds their common unit."""
        if not self.keeps:
            digits = f"{abs(value):.6f}".replace(".", "").strip("0")
            return self.count - start, 10.0 ** (len(digits) - 1) + place
        parts = [part for row in self.rows[start:] if (part := round(1e4 * row[place]))]
        return len(parts), abs(1e4 * value) / math.gcd(*parts) if parts else 0.0


def by_numbers(rows: Iterable[Row], told: Set[int], ends_only: bool = False) -> Unnamed:
    """Rows that are the sum of others in every number, whatever they are called: of all above, of
    those since the last total or blank row, of those with the same words beside, or of those below.
    `told` are totals already. With `ends_only` no row is kept, and the first and last are judged.

    A row without the label that others have, or called "all ...", is a total then; any other only
    as the table's last, by two columns and three rows. What proves less is open, and so is a tax or
    discount.
    """
    stream = iter(rows)
    sample = list(itertools.islice(stream, LOOKED))
    amounts, labels = _columns(sample)
    found = Unnamed({}, {})
    if not amounts:
        return found
    ledger = _Ledger(len(amounts), not ends_only)
    since = block = 0
    runs: dict[int, tuple[str, int]] = {}
    heads: list[_Head] = []
    charges: dict[int, tuple[str, bool]] = {}
    lacking: dict[int, int] = {}
    before = -1
    for row, is_last in _with_last(itertools.chain(sample, stream)):
        if row.number in told:
            since, before = ledger.mark(), row.number
            continue
        block = block if row.number == before + 1 else ledger.mark()
        before = row.number
        figures = [_figure(row.cells[place]) for place in amounts]
        words = {place: _word(row.cells[place]) for place in labels}
        kind, label = _kind(words, runs)
        blank = tuple(place for place, word in words.items() if not word)
        if kind == "charge" and any(figures):
            lead = next((word for word in words.values() if word), "")
            charges[row.number] = (label, bool(_CHARGE.fullmatch(lead)))
            continue
        # A discount within another column than the first is one only at the end of the table.
        charges = {number: one for number, one in charges.items() if one[1]}
        starts = [0, since, block]
        starts += [at for place, (text, at) in runs.items() if text and words[place] == text]
        label = f"'{label}'" if label else "a row without a label"
        if is_last or not ends_only:
            best, verdict = None, ""
            for at in dict.fromkeys(starts):
                one = ledger.sum_of(figures, at, kind == "all")
                lacks = any(lacking.get(place, -1) < at for place in blank)
                how = kind or ("none" if not any(words.values()) else "blank" * lacks)
                judged = _judged(how, one, is_last, at == 0) if one else ""
                if judged > verdict:  # 'total' is more than 'open'
                    best, verdict = one, judged
            if best is not None:
                why = f"{label} is the sum of {best.count} rows beside it in every number"
                (found.totals if verdict == "total" else found.open)[row.number] = why
                since = ledger.mark()
                continue
        may_head = not ledger.count or (not ends_only and bool(kind or blank))
        if (may_head or is_last) and not ends_only:
            heads = _headed(heads, ledger, lacking, found, False)
        at = ledger.count
        changed = {p: text for p, text in words.items() if p not in runs or runs[p][0] != text}
        if changed and not ends_only:
            runs |= {place: (text, ledger.mark()) for place, text in changed.items()}
        lacking |= dict.fromkeys(blank, at)
        ledger.add(figures)
        if may_head:
            del heads[1 : len(heads) - HEADS + 2]
            heads.append(_Head(row.number, label, kind, figures, blank, ledger.mark()))
    _headed(heads, ledger, lacking, found, True)
    if len(charges) <= max(2, 0.1 * ledger.count):
        for number, (label, _) in charges.items():
            found.open[number] = f"'{label}' is a tax or discount on other rows"
    return found


def _headed(
    heads: list[_Head], ledger: _Ledger, lacking: dict[int, int], found: Unnamed, is_end: bool
) -> list[_Head]:
    """The heads that are no totals of the rows below them so far; those that are into `found`."""
    left = []
    for head in heads:
        below = ledger.sum_of(head.figures, head.start, head.kind == "all")
        if below is None or below.weight < MANY or below.columns < 2:
            left.append(head)
            continue
        why = f"{head.label} is the sum of {below.count} rows below it in every number"
        if head.kind or any(lacking.get(place, -1) < head.start for place in head.blank):
            found.totals[head.number] = why
            if ledger.keeps:
                ledger.forget(head.start - 1)
        elif is_end and below.count > 2:
            found.open[head.number] = why
        else:
            left.append(head)
    return left


def _judged(kind: str, one: _Found, is_last: bool, is_whole: bool) -> str:
    """'total', 'open' or '' (a row) of a row that is a sum in every number."""
    if kind == "none":  # not even a day
        return "total"
    if kind == "all":
        return "total" if one.weight >= SOME else "open"
    if kind == "blank":
        if one.weight >= SOME and (one.columns > 1 or one.count > 2):
            return "total"
        return "open" if one.weight >= SOME or is_last else ""
    ends = is_last and is_whole
    if one.weight >= MANY and one.columns > 1 and one.count > 2:
        return "total" if ends else "open"
    if one.weight >= MANY and (one.columns > 1 or one.count > 2):
        return "open" if ends else ""
    return "open" if ends and len(one.weights) > 1 else ""


def is_odd(row: Row, sample: list[Row]) -> bool:
    """Whether a table's first or last row lacks the label that the others have, or is called "all
    ...": then it may be a sum."""
    _, labels = _columns(sample)
    words = {place: _word(row.cells[place]) for place in labels}
    alike = {p: sum(_word(one.cells[p]) == words[p] for one in sample) for p in labels}
    rare = {place: word for place, word in words.items() if alike[place] <= _RARE}
    return bool(_kind(rare, {})[0]) or "" in rare.values()


def _columns(sample: list[Row]) -> tuple[list[int], list[int]]:
    """Columns of amounts, and those of labels."""
    amounts: list[int] = []
    labels: list[int] = []
    width = min((len(row.cells) for row in sample), default=0)
    for place in range(width):
        told = [row.cells[place] for row in sample]
        cells = [cell for cell in told if cell is not None and str(cell).strip()]
        if cells:
            numbers = sum(_figure(cell) is not None for cell in cells)
            days = sum(bool(_RUN_TOGETHER.fullmatch(str(cell).strip())) for cell in cells)
            is_amount = numbers >= _MOST * len(cells) > days
            (amounts if is_amount else labels).append(place)
    return amounts, labels


def _kind(words: dict[int, str], runs: dict[int, tuple[str, int]]) -> tuple[str, str]:
    """What a row's labels say of it ('all', 'charge' or nothing), and which one."""
    first = next((word for word in words.values() if word), "")
    for place, word in words.items():
        if _CHARGE.fullmatch(word):
            return "charge", word
        if _ALL.fullmatch(word) and runs.get(place, ("",))[0] != word:
            return "all", word
    return "", first


def _word(cell: Cell) -> str:
    return str(cell).strip().casefold()[:LONGEST] if cell is not None else ""


def _figure(cell: Cell) -> tuple[float, float, int] | None:
    """A number as `_amount` tells it; a day is none."""
    if isinstance(cell, str) and not isinstance(cell, Number) and _DAY.match(cell.strip()):
        return None
    return _amount(cell)


def _with_last(rows: Iterable[Row]) -> Iterator[tuple[Row, bool]]:
    held = None
    for row in rows:
        if held is not None:
            yield held, False
        held = row
    if held is not None:
        yield held, True
