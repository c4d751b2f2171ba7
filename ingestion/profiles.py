"""How the values of one column are written, decided over all its cells with the evidence.

A decision is a setting of the mapping and an Assumption. What cells leave open (1.234, 03/04/26)
is a question with the key that settles it, unless other columns of the file or the contract's type
speak. Nothing here changes a cell.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
import typing
import zoneinfo
from collections import Counter
from decimal import Decimal

from ingestion import grids, months
from ingestion.grids import Cell
from ingestion.layouts import Assumption
from ingestion.specs import Column

MISSING = {
    "", "-", "--", "–", "—", "n/a", "n.a.", "na", "#n/a", "null", "nil", "none", "nan", "k.a.",
    "k. a.", "keine angabe", "n.d.", "nd", "n.v.", "s/o", "s.o.", "sin datos", "sans objet",
    "nicht verfügbar", "not available", "not set", "(not set)", "unknown", "unbekannt", "?", ".",
    "select", "please select", "bitte wählen", "(blank)", "(leer)", "tba", "tbc", "#n/v",
}  # fmt: skip
"""Words for 'not known' in cells of numbers, days and truth values."""
MISSING_TEXT = MISSING - {
    "na",
    "none",
    "nd",
    "unknown",
    "unbekannt",
    ".",
    "nil",
    "nan",
    "tba",
    "tbc",
}
"""Fewer in text: NA is a country, None a name."""
NUMERIC = ("integer", "number", "money")
SENTINELS = {"999", "9999", "99999", "999999", "-1", "-9", "-99", "-999", "-9999"}
TRUTH = {
    "true": "true", "yes": "true", "y": "true", "ja": "true", "j": "true", "oui": "true",
    "sí": "true", "si": "true", "sim": "true", "wahr": "true", "vrai": "true", "verdadero": "true",
    "verdadeiro": "true", "vero": "true", "waar": "true", "x": "true", "✓": "true", "✔": "true",
    "on": "true", "false": "false", "no": "false", "n": "false", "nein": "false", "non": "false",
    "não": "false", "nao": "false", "falsch": "false", "faux": "false", "falso": "false",
    "nee": "false", "onwaar": "false", "off": "false", "✗": "false",
}  # fmt: skip
CURRENCIES = {
    "€": "EUR", "£": "GBP", "zł": "PLN", "Kč": "CZK", "Fr.": "CHF", "SFr.": "CHF", "Ft": "HUF",
    "₹": "INR", "₺": "TRY", "TL": "TRY", "₽": "RUB", "₴": "UAH", "₩": "KRW", "₪": "ILS", "₫": "VND",
    "₱": "PHP", "฿": "THB", "лв.": "BGN", "RM": "MYR", "Rp": "IDR", "S/.": "PEN", "S/": "PEN",
    "B/.": "PAB", "R$": "BRL", "US$": "USD", "USD$": "USD", "AU$": "AUD", "A$": "AUD", "CA$": "CAD",
    "CAD$": "CAD", "NZ$": "NZD", "HK$": "HKD", "NT$": "TWD", "MX$": "MXN", "SG$": "SGD",
}  # fmt: skip
"""Signs that are one currency's."""
_OPEN_SIGNS = ("$", "¥", "kr.", "Rs.", "lei", "C$", "S$", "Dh", "Bs.", "din.", "₨")
"""Signs of several: dollars, yen and yuan, crowns, rupees, ..."""


def _sign_pattern(sign: str) -> str:
    plain = re.escape(sign.removesuffix(".")) + r"\.?" * sign.endswith(".")
    begins = r"(?<![^\W\d_])" if sign[0].isalpha() else ""
    return begins + plain + (r"(?![^\W\d_])" if sign.rstrip(".")[-1].isalpha() else "")


_SIGN = re.compile(
    "(?i:"
    + "|".join(map(_sign_pattern, sorted((*CURRENCIES, *_OPEN_SIGNS), key=lambda each: -len(each))))
    + r")|(?<![^\W\d_])[A-Z]{3}(?![^\W\d_])"
)


@functools.cache
def codes() -> frozenset[str]:
    """Codes of all currencies (ISO 4217)."""
    from babel import Locale

    return frozenset(Locale("en").currencies)


def _sign_of(text: str) -> str | None:
    """The sign or code of a currency in a cell, as `CURRENCIES` writes it."""
    match = _SIGN.search(text)
    if match is None:
        return None
    told = match[0].rstrip(".").lower()
    for each in (*CURRENCIES, *_OPEN_SIGNS):
        if each.rstrip(".").lower() == told:
            return each
    return match[0] if match[0] in codes() else None


def currency_of(sign: str) -> str | None:
    """The currency of a sign; None where it is several currencies'."""
    return CURRENCIES.get(sign, sign if re.fullmatch("[A-Z]{3}", sign) else None)


def is_currency(cell: str) -> bool:
    """Whether a cell is nothing but a sign or a usual code of a currency."""
    return cell in CURRENCIES or cell in _OPEN_SIGNS or bool(_HEADING_CODES.fullmatch(cell))


_FAMILIES = {"$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP"),
             "¥": ("JPY", "CNY"), "kr.": ("SEK", "DKK", "NOK", "ISK"), "lei": ("RON", "MDL"),
             "Rs.": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"), "₨": ("INR", "PKR", "LKR", "NPR"),
             "C$": ("CAD", "NIO"), "S$": ("SGD",), "Dh": ("AED", "MAD"), "Bs.": ("BOB", "VES"),
             "din.": ("RSD", "DZD")}  # fmt: skip


def may_be(sign: str, code: str) -> bool:
    """Whether the currency is written with the sign."""
    return CURRENCIES.get(sign) == code or code in _FAMILIES.get(sign, ())


def currency_in(heading: str) -> tuple[str | None, str | None]:
    """(currency, None) or (None, sign of several) that a heading of amounts names."""
    codes = re.findall(r"(?<![^\W\d_])[Tk]?([A-Z]{3})(?![^\W\d_])", heading)
    codes += [code.upper() for code in re.findall(r"_([a-z]{3})(?![^\W\d_])", heading)]
    for code in codes:
        if _HEADING_CODES.fullmatch(code):
            return code, None
    for sign in sorted((*CURRENCIES, "$", "¥"), key=lambda each: -len(each)):
        pattern = _sign_pattern(sign)
        if not sign[-1].isalpha() and re.search(pattern, heading):
            return (CURRENCIES[sign], None) if sign in CURRENCIES else (None, sign)
    return None, None


_HEADING_CODES = re.compile(
    "EUR|USD|GBP|CHF|PLN|BRL|SEK|DKK|NOK|CZK|HUF|CAD|AUD|JPY|CNY|INR|MXN|TRY|ZAR|RON|BGN|SGD|NZD"
)
CONVENTIONS = [
    (decimal, thousands)
    for thousands in ("", ",", ".", " ", "'")
    for decimal in (".", ",")
    if decimal != thousands
]
_MONEY_UNIT = r"(?:[€$£¥]|US\$|R\$|EUR|USD|GBP|CHF|PLN|BRL|SEK|DKK|NOK|CZK|HUF|EURO?S?)"
_PER = r"(?<!per )(?<!pro )(?<!par )(?<!por )(?<!per)(?<!/)(?<!/ )"
_SCALES = (
    (1000, rf"{_PER}\b(?:tsd|tausend|thousands?|milliers|milhares)\b|\bmiles de\b"
           rf"|\bR\$ ?mil\b|\bmil (?:reais|euros)\b"
           rf"|{_PER}(?<![\w.,])['’]?0{{3}}s?(?![\w.,])|\b(?:in|en|em|x) ?1[.,' ]?000\b"
           r"|\ben miles\b"
           rf"|(?<!\w)[Tk]{_MONEY_UNIT}(?!\w)|(?<!\w){_MONEY_UNIT} ?['’]?(?:k|000s?)(?!\w)"),
    (1_000_000, rf"{_PER}\b(?:mio|mln|mn|millionen|millions?|millones|milh(?:ões|ao|ão)|milioni)\b"
                rf"|(?<!\w)M{_MONEY_UNIT}(?!\w)|(?<!\w){_MONEY_UNIT} ?mn?(?!\w)"),
    (1_000_000_000, rf"{_PER}\b(?:mrd|milliarden?|billions?|bn|bilh(?:ões|ão)|miliardi)\b"),
)  # fmt: skip
"""What a heading counts by, in five languages; 'cost per thousand' counts by one."""
_LETTER = re.compile(r"\((?:in )?(k)\)|(?<=_)(k)$", re.I)
_OPEN_SCALE = re.compile(r"\((?:in )?(m|mm|mil|miles|b|t)\)|\b(?:in|en|em) (mm|mil)\b", re.I)
"""(m) may be millions, minutes or men; (mm) is a million to banks; mil is a thousand in Portuguese
and Spanish, a million to an English writer."""


def scale_of(heading: str) -> tuple[int | None, str]:
    """(what the heading's numbers are to be multiplied by, the letters that leave it open)."""
    for factor, pattern in reversed(_SCALES):
        if re.search(pattern, heading, re.I):
            return factor, ""
    if _LETTER.search(heading):
        return 1000, ""
    found = _OPEN_SCALE.search(heading)
    return None, found[0] if found else ""


_COUNTS = (
    r"(?:T|k|K|M|Mn|mn|m|MM|mm|(?i:tsd\.?|tausend|thousands?|milliers|milhares|miles|mil|mio\.?|mln|"
    r"millionen|millions?|millones|milh(?:ões|ão)|mrd\.?|bn)|['’]?000s?|1[.,' ]?000)"
)
_MONEY = rf"(?:{_HEADING_CODES.pattern}|US\$|R\$|[€$£¥₹]|Fr\.|zł|Kč|kr\.?)"
_UNIT = rf"(?:{_COUNTS}(?: de)? ?)?{_MONEY}|{_MONEY} ?{_COUNTS}"
_UNIT_OF = re.compile(
    rf"[(\[](?:(?:in|en|em|x) )?(?:{_UNIT}|{_COUNTS})[)\]]"
    rf"|[ ,]+(?:(?:in|en|em) )?(?:{_UNIT})$|[ ,]+(?:in|en|em) {_COUNTS}$"
    rf"|_(?i:{_HEADING_CODES.pattern})$"
)


def without_unit(heading: str) -> str:
    """A heading of amounts without the currency and the scale that it names."""
    return _UNIT_OF.sub("", heading).strip() or heading


SWAPPED_BY_A_SPREADSHEET = (
    "some cells are days of a spreadsheet, none after the 12th of a month, and all others are text "
    "with a part over 12: a spreadsheet of another language has swapped day and month where it "
    "could. Open the original there with the column as text, and send it so."
)


class Apart:
    """Whether a word for 'not known' in numbers (999) stands far from all other values."""

    def __init__(self, is_whole: bool) -> None:
        """`is_whole`: of whole numbers; an amount less than zero is more often meant."""
        self.is_whole = is_whole
        self.counts: Counter[str] = Counter()
        self.low = self.high = 0.0
        self.others = 0

    def look(self, numbers: typing.Any) -> None:
        """Take in an Arrow column of numbers."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_decimal(numbers.type) or pa.types.is_integer(numbers.type):
            ends = pc.min_max(numbers).as_py()
            if ends["min"] is None:
                return
            if ends["min"] >= 0 and ends["max"] < 999:
                self._others(len(numbers), float(ends["min"]), float(ends["max"]))
                return
        numbers = pc.drop_null(pc.cast(numbers, pa.float64(), safe=False))
        if isinstance(numbers, pa.ChunkedArray):
            numbers = numbers.combine_chunks()
        words = pa.array([float(word) for word in SENTINELS])
        is_word = pc.is_in(numbers, words)
        for each in pc.value_counts(numbers.filter(is_word)).to_pylist():
            self.counts[f"{each['values']:.0f}"] += each["counts"]
        rest = numbers.filter(pc.invert(is_word))
        if len(rest):
            ends = pc.min_max(rest).as_py()
            self._others(len(rest), ends["min"], ends["max"])

    def _others(self, count: int, low: float, high: float) -> None:
        self.others += count
        self.low, self.high = min(self.low, low), max(self.high, high, -low)

    def question(self, heading: str) -> str | None:
        """What is to be said of the column, if anything."""
        for word, count in sorted(self.counts.items()):
            if not self.others:
                continue
            value = float(word)
            alone = self.high < 0.4 * value if count > 1 else self.high < 0.01 * value
            below = value < 0 <= self.low and (self.is_whole or value <= -99)
            if (value > 0 and alone) or below:
                return (
                    f"'{word}' stands {count} times in '{heading}', far from all other values: "
                    f"say 'missing: [\"{word}\"]' for the column if it means not known, or "
                    "'sentinels: keep' if it is a value."
                )
        return None


@dataclasses.dataclass
class Decision:
    """Settings of the column (`From`'s keys), what was assumed, and what is open (a sentence)."""

    settings: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    assumptions: list[Assumption] = dataclasses.field(default_factory=list)
    questions: list[str] = dataclasses.field(default_factory=list)
    currency: str | None = None
    sign: str | None = None
    """What the cells show of it; where `currency` is None, it is several currencies'."""
    covers: tuple[str, str] | None = None
    """What the cells of a day's column name instead of days ('week', 'month'), and one of them."""
    own: bool = False
    """The cells leave their decimal mark open: what settled it is this column's own setting."""

    def assume(self, what: str, why: str) -> None:
        self.assumptions.append(Assumption(what, why))


class Marks(typing.NamedTuple):
    """Marks that a column of the file shows beyond doubt: `column` is the witness."""

    decimal: str
    thousands: str
    column: str


class Context(typing.NamedTuple):
    """What is known of the file beside the column."""

    marks: tuple[Marks, ...] = ()
    orders: tuple[tuple[str, str, str], ...] = ()
    """(heading, "%d" or "%m", separator) of columns whose days show beyond doubt what comes first
    around such a separator."""
    time_zone: str = "UTC"
    stated: dict[str, typing.Any] = {}


def read(text: str, decimal: str, thousands: str) -> Decimal | None:
    """The number under these marks; None where it is none."""
    mark = {" ": "[ \u00a0\u202f]", "'": "['’]"}.get(thousands, re.escape(thousands))
    point = re.escape(decimal)
    pattern = rf"[+-]?(\d+({point}\d*)?|{point}\d+)([eE][+-]?\d+)?"
    if thousands:
        pattern = rf"({pattern}|[+-]?[1-9]\d{{0,2}}({mark}\d{{3}})+({point}\d*)?)"
    if not re.fullmatch(pattern, text):
        return None
    plain = re.sub(mark, "", text) if thousands else text
    return Decimal(plain.replace(decimal, "."))


class Bare(typing.NamedTuple):
    """A number without what stands around it."""

    text: str
    sign: str = ""
    percent: bool = False
    negative: str = ""


def bare(text: str) -> Bare:
    """Take off currency, percent, parentheses and a trailing minus."""
    told, negative = text.strip(), ""
    if re.fullmatch(r"\(.*\d.*\)", told):
        told, negative = told[1:-1].strip(), "parentheses"
    elif re.fullmatch(r".*\d\s*-", told):
        told, negative = told.rstrip("- "), "trailing"
    if told[:1] in "−–" and told[1:]:
        told, negative = "-" + told[1:], negative or "minus"
    percent = "%" in told
    told = told.replace("%", "")
    sign = _sign_of(told)
    if sign:
        rest = _SIGN.sub("", told, count=1)
        sign, told = (sign, rest) if not re.search(r"[A-Za-z]", rest) else (None, told)
    told = re.sub(r"^([+-])\s+", r"\1", told.strip())
    return Bare(told.strip(" \u00a0\u202f"), sign or "", percent, negative)


def is_numeral(text: str) -> bool:
    return any(read(text, *marks) is not None for marks in CONVENTIONS)


_CLOCK = re.compile(r"([01]?\d|2[0-4])[.,][0-5]\d|(0?[1-9]|[12]\d|3[01])[.,](0[1-9]|1[0-2])")
"""Hours and minutes, or day and month."""


def marks_of(heading: str, cells: list[Cell], is_number: bool) -> Marks | None:
    """The marks of a column that leaves no doubt and shows at least one; a column that is not
    known to hold numbers (`is_number`) may be times of day."""
    told = [bare(cell).text for cell in cells if _is_text(cell)]
    numerals = [each for each in set(told) if is_numeral(each)]
    if not numerals or len(numerals) < 0.5 * len(set(told)):
        return None
    fitting = _fitting(numerals)
    if len({tuple(values) for _, values in fitting}) != 1:
        return None
    decimal, thousands = fitting[0][0]
    if not any(re.search(r"[.,]", each) for each in numerals):
        return None
    if not is_number and all(_CLOCK.fullmatch(each) for each in numerals):
        return None  # 19.15 is a quarter past seven in German
    # Only a mark that stands there is witnessed.
    shows = any(decimal in each for each in numerals)
    return Marks(decimal if shows else ("," if thousands == "." else "."), thousands, heading)


def _fitting(numerals: list[str]) -> list[tuple[tuple[str, str], list[Decimal]]]:
    found = []
    for marks in CONVENTIONS:
        values = [read(each, *marks) for each in numerals]
        if all(value is not None for value in values):
            found.append((marks, typing.cast(list[Decimal], values)))
    return found


def _is_text(cell: Cell) -> bool:
    return isinstance(cell, str) and not isinstance(cell, (grids.Number, grids.Error))


def decide(
    name: str, column: Column, heading: str, cells: list[Cell], context: Context
) -> Decision:
    """How the cells of `heading` are read as the contract's column `name`."""
    found = Decision()
    told = [" ".join(cell.split()) for cell in cells if _is_text(cell)]
    words = MISSING_TEXT if column.type == "text" else MISSING
    absent = Counter(cell for cell in told if cell and cell.lower() in words)
    told = [cell for cell in told if cell and cell.lower() not in words]
    if column.type == "boolean":
        absent = Counter({word: n for word, n in absent.items() if word.lower() not in TRUTH})
    if absent:
        found.settings["missing"] = list(dict.fromkeys(word.lower() for word in absent))
        listed = ", ".join(f"'{word}'" for word in list(absent)[:4])
        found.assume(f"{listed} in '{heading}' is not known", f"{sum(absent.values())} cells")
    distinct = list(dict.fromkeys(told))
    typed = [cell for cell in cells if cell is not None and not isinstance(cell, str)]
    match column.type:
        case "integer" | "number" | "money":
            _numbers(found, name, column, heading, told, distinct, typed, context)
        case "date" | "timestamp":
            _days(found, column, heading, distinct, typed, context)
        case "boolean":
            _truth(found, heading, distinct)
        case "text":
            _text(found, name, column, heading, distinct, typed)
    return found


def _numbers(
    found: Decision,
    name: str,
    column: Column,
    heading: str,
    told: list[str],
    distinct: list[str],
    typed: list[Cell],
    context: Context,
) -> None:
    if _durations(found, column, heading, distinct):
        return
    stripped = {each: bare(each) for each in distinct}
    numerals = {each: one for each, one in stripped.items() if is_numeral(one.text)}
    signs = {one.sign for one in numerals.values() if one.sign}
    percents = [one.percent for one in numerals.values()]
    factor, letters = scale_of(heading)
    if factor and "multiply" not in context.stated:
        found.settings["multiply"] = factor
        found.assume(f"'{heading}' counts by the {factor:,}", "its heading")
    elif letters and "multiply" not in context.stated:
        found.questions.append(
            f"'{letters}' in '{heading}' may be what it counts by, or something else. Say --set "
            f"{name}.multiply=1000 (or 1000000, or 1)."
        )
    _percents(found, column, heading, numerals, percents, typed)
    if len(signs) > 1:
        found.questions.append(
            f"'{heading}' holds several currencies ({', '.join(sorted(signs))}): split it by "
            "currency at the source, or map a column of codes to 'currency'."
        )
    elif signs:
        sign = signs.pop()
        found.settings["strip"] = [sign, "%"] if found.settings.get("strip") == "%" else sign
        found.sign, found.currency = sign, currency_of(sign)
        if found.currency:
            having = sum(one.sign == sign for one in numerals.values())
            told_as = f"{having} of {len(numerals)} values have it"
            found.assume(f"'{sign}' in '{heading}' is {found.currency}", told_as)
    negatives = {one.negative for one in numerals.values() if one.negative}
    if len(negatives) == 1:
        found.settings["negative"] = negatives.pop()
        example = next(each for each, one in numerals.items() if one.negative)
        found.assume(f"'{example}' in '{heading}' is less than zero", "how it is written")
    elif negatives:
        found.questions.append(
            f"'{heading}' writes negatives in several ways; write them with a minus at the source."
        )
    _marks(found, column, heading, [one.text for one in numerals.values()], context)
    _sentinels(found, column, heading, told, typed, context)


def _percents(
    found: Decision,
    column: Column,
    heading: str,
    numerals: dict[str, Bare],
    percents: list[bool],
    typed: list[Cell],
) -> None:
    if not any(percents):
        return
    bare_ones = [each for each, one in numerals.items() if not one.percent and one.text != "0"]
    if bare_ones or any(isinstance(cell, (int, float)) and cell for cell in typed):
        found.questions.append(
            f"'{heading}' has values with a percent sign and without ('{next(iter(numerals))}', "
            f"'{(bare_ones or typed)[0]}'): whether those are shares or percents nobody can tell. "
            "Correct it at the source."
        )
    elif column.unit == "percent":
        found.settings["strip"] = "%"
    else:
        found.settings["percent"] = True
        found.assume(f"percents in '{heading}' become shares", "every value has the sign")


def _marks(
    found: Decision, column: Column, heading: str, numerals: list[str], context: Context
) -> None:
    marked = [each for each in numerals if re.search(r"[^\d+\-eE]", each)]
    if not marked:
        return
    stated = {key: context.stated[key] for key in ("decimal", "thousands") if key in context.stated}
    fitting = _fitting(numerals)
    found.own = len({tuple(values) for _, values in fitting}) > 1
    if stated:
        found.settings |= stated
        return
    if not fitting:
        points = [each for each in marked if _only(each, ".")]
        commas = [each for each in marked if _only(each, ",")]
        if points and commas:
            found.questions.append(
                f"'{heading}' has decimal points ('{points[0]}') and decimal commas "
                f"('{commas[0]}'), so '{_either(marked) or points[0]}' could be both. Correct it "
                "at the source, or state 'decimal' and 'thousands' for this column in the mapping: "
                "what does not fit them goes to quarantine."
            )
            return
        fitting = [max(
            ((marks, []) for marks in CONVENTIONS),
            key=lambda one: sum(read(each, *one[0]) is not None for each in numerals),
        )]  # fmt: skip
        found.settings |= _setting(fitting[0][0])
        found.assume(
            f"decimal mark '{fitting[0][0][0]}' in '{heading}'", "most values; others quarantine"
        )
        return
    meanings: dict[tuple[Decimal, ...], list[tuple[str, str]]] = {}
    for marks, values in fitting:
        meanings.setdefault(tuple(values), []).append(marks)
    why = f"all {len(numerals)} different values fit no other"
    if len(meanings) > 1:
        kept, why = _by_evidence(meanings, column, context, fitting)
        if kept is None:
            example = next(
                each for each in marked
                if len({read(each, *marks) for marks, _ in fitting}) > 1
            )  # fmt: skip
            readings = sorted({str(read(example, *marks)) for marks, _ in fitting})
            found.questions.append(
                f"'{example}' in '{heading}' may be {' or '.join(readings)}, and no other value "
                "tells. State 'decimal' and 'thousands' in the mapping (or --set decimal=, ...)."
            )
            return
        meanings = {kept: meanings[kept]}
    chosen = next(iter(meanings.values()))[0]
    found.settings |= _setting(chosen)
    thousands = f", thousands '{chosen[1]}'" if chosen[1] else ""
    found.assume(f"decimal mark '{chosen[0]}'{thousands} in '{heading}'", why)


def _setting(marks: tuple[str, str]) -> dict[str, str]:
    return {"decimal": marks[0], "thousands": marks[1]}


def _only(text: str, decimal: str) -> bool:
    """Whether the numeral can be read with this decimal mark and not with the other."""
    fits = {marks[0] for marks in CONVENTIONS if read(text, *marks) is not None}
    return fits == {decimal}


def _either(marked: list[str]) -> str | None:
    return next((each for each in marked if not _only(each, ".") and not _only(each, ",")), None)


def _by_evidence(
    meanings: dict[tuple[Decimal, ...], list[tuple[str, str]]],
    column: Column,
    context: Context,
    fitting: list,
) -> tuple[tuple[Decimal, ...] | None, str]:
    decimals = {witness.decimal for witness in context.marks}
    if len(decimals) == 1:
        decimal = decimals.pop()
        kept = [
            values for values, marks in meanings.items() if any(one[0] == decimal for one in marks)
        ]
        # Three zeros behind a decimal mark are a strange way to write a whole number.
        largest = max(meanings, key=lambda values: sum(map(abs, values)))
        if len(kept) == 1 and (column.type != "integer" or kept[0] == largest):
            return kept[0], f"column '{context.marks[0].column}' of the file shows it"
    if column.type == "integer" and not decimals:
        whole = [values for values in meanings if all(v == v.to_integral_value() for v in values)]
        if len(whole) == 1:
            return whole[0], "the contract counts whole numbers, and so read all are whole"
    return None, ""


def _sentinels(
    found: Decision,
    column: Column,
    heading: str,
    told: list[str],
    typed: list[Cell],
    context: Context,
) -> None:
    if {"sentinels", "missing"} & set(context.stated):
        return
    import pyarrow as pa

    marks = (found.settings.get("decimal", "."), found.settings.get("thousands", ""))
    values = [read(bare(cell).text, *marks) for cell in told]
    numbers = [float(value) for value in values if value is not None]
    numbers += [float(cell) for cell in typed if isinstance(cell, (int, float, Decimal))]
    apart = Apart(column.type == "integer")
    apart.look(pa.array(numbers, pa.float64()))
    question = apart.question(heading)
    if question:
        found.questions.append(question)


def _durations(found: Decision, column: Column, heading: str, distinct: list[str]) -> bool:
    shapes = {re.sub(r"\d+", "0", each) for each in distinct}
    if not shapes or not shapes <= {"0:0:0", "0:0", "0h 0m", "0h0m", "0m 0s", "0h", "0m", "PT0H0M"}:
        return False
    if column.unit not in ("seconds", "minutes", "hours", "days"):
        return False
    low = heading.lower()
    if shapes == {"0:0:0"}:
        form, why = "h:m:s", "three numbers with colons"
    elif shapes <= {"0:0"} and re.search(r"hh?:mm|h:m", low):
        form, why = "h:m", "its heading"
    elif shapes <= {"0:0"} and re.search(r"mm?:ss|m:s", low):
        form, why = "m:s", "its heading"
    elif "0:0" in shapes:
        found.questions.append(
            f"'{distinct[0]}' in '{heading}' may be hours and minutes or minutes and seconds. "
            "State 'duration: h:m' or 'duration: m:s' for the column in the mapping (--set "
            "call_seconds.duration=m:s, say)."
        )
        return True
    else:
        form, why = "words", "hours, minutes and seconds are written out"
    found.settings["duration"] = form
    found.assume(f"'{heading}' is a duration ({form})", why)
    return True


# --- days and times ------------------------------------------------------------------------------

_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T].*)?")
YEAR_DAY_MONTH = re.compile(r"\d{4}[-/](1[3-9]|2\d|3[01])[-/](0?[1-9]|1[0-2])(?!\d)")
_SPACED = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})? [+-]\d{2}:?\d{2}")
_OFFSET = re.compile(
    r"(Z|UTC|GMT|:\d{2}(\.\d+)? ?[+-]\d{2}(:?\d{2})?|(UTC|GMT)[+-]\d{1,2}(:\d{2})?|[A-Z]\w+/\w+)$"
)
_LETTERS = re.compile(r"\d ?(?!AM|PM|UTC|GMT|Z$|Uhr)([A-Z]{2,5})$")
_NUMERIC = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(.*)")
_NAMED = re.compile(
    r"(?:[^\W\d_]+,? )?(?:(\d{1,2})(?:st|nd|rd|th)?([. \-/]+)(?:de )?([^\W\d_]+)"
    r"(\.?,?[ \-/]+(?:de )?)(\d{4}|\d{2})"
    r"|([^\W\d_]+)(\.?[ \-]+)(\d{1,2})(?:st|nd|rd|th)?(,?[ \-]+)(\d{4}|\d{2}))(.*)"
)
_TIME = re.compile(
    r"(?P<gap>[T, ]+(?:at |um )?)(?P<h>\d{1,2})(?P<m>:\d{2})(?P<s>:\d{2})?(?P<f>\.\d+)?"
    r"(?P<p> ?[AaPp][Mm])?(?P<u> Uhr)?(?P<z> ?(?:Z|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|UTC|GMT))?"
)
_PERIODS = (
    (re.compile(r"\d{4}-\d{2}"), "%Y-%m", "a month"),
    (re.compile(r"\d{4}/\d{2}"), "%Y/%m", "a month"),
    (re.compile(r"\d{1,2}/\d{4}"), "%m/%Y", "a month"),
    (re.compile(r"\d{1,2}\.\d{4}"), "%m.%Y", "a month"),
    (re.compile(r"(19|20)\d{6}"), "%Y%m%d", "a day"),
)
_MONTH = re.compile(r"([^\W\d_]+)\.?([ \-'’/]*)(\d{4}|\d{2})")


def open_year(words: typing.Iterable[str]) -> str | None:
    """The first of 'Aug 10', 'Aug 17', ... where the number may be a day as well as a year. A
    year has an apostrophe, or is over 31, or stays the same over three months and more."""
    found = {}
    for each in words:
        match = _MONTH.fullmatch(each)
        if match and len(match[3]) == 2 and not re.search("['’]", match[2]) and _is_month(match[1]):
            found[each] = (match[1].lower(), int(match[3]))
    numbers = sorted({number for _, number in found.values()})
    if not found or numbers[-1] > 31:
        return None
    same = numbers[-1] - numbers[0] <= 1 and len(found) >= 3
    alone = all(
        len({month for month, number in found.values() if number == each}) > 1 for each in numbers
    )
    return None if same and alone else next(iter(found))


def _is_month(word: str) -> bool:
    return months.language_of({word}) is not None


def orders_of(heading: str, cells: list[Cell]) -> list[tuple[str, str, str]]:
    """Whether days or months come first in a column where a part over 12 tells, by separator."""
    firsts: dict[str, set[str]] = {}
    for cell in cells:
        match = _NUMERIC.fullmatch(" ".join(cell.split())) if _is_text(cell) else None
        if match is None or match[2] == "." or len(match[1]) > 2:
            continue
        one, two = int(match[1]), int(match[3])
        if 12 < one <= 31 and two <= 12 and len(match[4]) == 4:
            firsts.setdefault(match[2], set()).add("%d")
        elif 12 < two <= 31 and one <= 12:
            firsts.setdefault(match[2], set()).add("%m")
    return [(heading, first.pop(), mark) for mark, first in firsts.items() if len(first) == 1]


def _days(
    found: Decision, column: Column, heading: str, distinct: list[str], typed: list[Cell],
    context: Context,
) -> None:  # fmt: skip
    _zone(found, column, heading, distinct, typed, context)
    _zone_of_days(found, column, heading, distinct, typed, context)
    if not distinct or "dates" in context.stated:
        return
    rest, formats = [], []
    for each in distinct:
        tail = _time_form(each[10:]) if _ISO.fullmatch(each) else None
        if _SPACED.fullmatch(each) or (tail and re.search(r"%p| Z$", tail)):
            day = "%Y/%m/%d" if each[4] == "/" else "%Y-%m-%d"
            form = day + (_time_form(each[10:]) or "")
            formats += [form] if form not in formats else []
        elif not _ISO.fullmatch(each):
            rest.append(each)
    backward = next((each for each in distinct if YEAR_DAY_MONTH.match(each)), None)
    if backward is not None:
        found.questions.append(
            f"'{backward}' in '{heading}' puts the day before the month, so others may. Correct it "
            "at the source, or state 'dates' (--set dates=%Y-%d-%m)."
        )
        return
    if _is_swapped([*distinct, *typed]):
        found.questions.append(f"'{heading}': {SWAPPED_BY_A_SPREADSHEET}")
        return
    numeric = [(each, _NUMERIC.fullmatch(each)) for each in rest]
    matched = [(each, match) for each, match in numeric if match]
    named = [each for each, match in numeric if not match]
    shapes = {(match[2], len(match[1]) > 2, len(match[4])) for _, match in matched}
    # The order around one separator says nothing of another's: 11.08.2026 and 08/01/2026. Years of
    # two digits come first among the forms: %Y takes two digits for the year 26.
    for shape in sorted(shapes, key=lambda one: (one[2], one)):
        own = [
            (each, match) for each, match in matched
            if (match[2], len(match[1]) > 2, len(match[4])) == shape
        ]  # fmt: skip
        formats += _numeric(found, heading, own, context)
    months_named: set[str] = set()
    named_long = False
    either = open_year(named)
    if either is not None:
        found.questions.append(
            f"'{either}' in '{heading}' may be a day of that month or a month of that year. State "
            "'dates' in the mapping (--set dates='%b %y', if it is the year), or write years with "
            "four digits at the source."
        )
        named = []
    for each in named:
        form, told, why = form_of(each)
        form, why = (week, A_WEEK) if (week := week_of(each, names_weeks(heading))) else (form, why)
        if form is None and _WEEK_ALONE.fullmatch(each):
            found.questions.append(
                f"'{each}' in '{heading}' is a week without its year. Write it with the year at "
                "the source (2026-W36)."
            )
            break
        if form is None:
            continue
        if why.startswith(("a week", "a month")):
            found.covers = found.covers or (why.split()[1], each)
        if told:
            words = {word for word in re.findall(r"[^\W\d_]+", each) if _is_month(word)}
            months_named |= words
            named_long = named_long or not {word.title() for word in words} & set(months.ENGLISH)
        if form not in formats:
            formats.append(form)
            if why:
                found.assume(f"'{each}' in '{heading}' is {why}", "how it is written")
    if re.fullmatch(r"\d{5}", rest[0]) if rest else False:
        found.questions.append(
            f"'{rest[0]}' in '{heading}' may be a spreadsheet's serial day, from 1900 or from "
            "1904. Save the column as dates and export it again."
        )
    elif re.fullmatch(r"\d{10}|\d{13}", rest[0]) if rest else False:
        found.questions.append(
            f"'{rest[0]}' in '{heading}' may be seconds or milliseconds since 1970. Export it as "
            "a date."
        )
    if formats:
        found.settings["dates"] = formats if len(formats) > 1 else formats[0]
        example = next(iter(rest or distinct))
        if not matched:
            found.assume(f"days in '{heading}' are {' or '.join(formats)}", f"as '{example}'")
    language = months.language_of(months_named)
    if months_named and language is None:
        found.questions.append(
            f"'{heading}' names months in several languages ({', '.join(sorted(months_named))}): "
            "write them in one at the source."
        )
    elif language and "language" not in context.stated and (language != "en" or named_long):
        found.settings["language"] = language
        found.assume(f"months in '{heading}' are named in '{language}'", "their names")


def _is_swapped(cells: list[Cell]) -> bool:
    """Whether typed (or ISO) days all end by the 12th and all others have a part over 12."""
    shown = set()
    for cell in cells:
        if isinstance(cell, dt.date):
            shown.add(("typed", cell.day > 12))
        elif isinstance(cell, str) and _ISO.fullmatch(cell):
            shown.add(("typed", int(re.split("[-/ T]", cell)[2]) > 12))
        elif isinstance(cell, str) and (match := _NUMERIC.fullmatch(cell)):
            shown.add(("text", max(int(match[1][:2]), int(match[3])) > 12))
    return shown == {("typed", False), ("text", True)}


LONG_ZONES = (
    "EST|EDT|CST|CDT|MST|MDT|PST|PDT|AKST|AKDT|HST|CET|CEST|MEZ|MESZ|WET|WEST|EET|EEST|BST|IST|MSK|"
    "AEST|AEDT|ACST|AWST|NZST|NZDT|JST|KST|SGT|HKT|PHT|WIB|BRT|ART|CLT|COT|PET|SAST|EAT|WAT|GST|PKT"
)
"""Letters for zones: they stand for several, or for a place without its summer time."""
_ZONE_LETTERS = re.compile(
    rf"[(\[](ET|CT|MT|PT|{LONG_ZONES})[)\]]|(?<=[ _,])({LONG_ZONES})$"
    r"|(?i:\b(eastern|central|mountain|pacific|atlantic) (?:standard |daylight )?time\b)"
)
_ZONE_OFFSET = re.compile(r"\b(?:UTC|GMT) ?([+\-−–]) ?(\d{1,2})(?::?(\d{2}))?\b|"
                          r"[(\[]([+-])(\d{2}):?(\d{2})[)\]]", re.I)  # fmt: skip


def _zone(
    found: Decision, column: Column, heading: str, told: list[str], typed: list[Cell],
    context: Context,
) -> None:  # fmt: skip
    """The zone of times that say none themselves. It is always stated: next month's may say none
    where this one's do."""
    if column.type != "timestamp" or "time_zone" in context.stated:
        return
    letters = next((each for each in told if _LETTERS.search(each)), None)
    if letters:
        found.questions.append(
            f"'{_LETTERS.search(letters)[1]}' in '{letters}' of '{heading}' names no one zone. "  # type: ignore[index]
            "Export times with their offset (+02:00), or take the letters off at the source and "
            "say --set time_zone=Europe/Berlin (say)."
        )
        return
    offset, place = _ZONE_OFFSET.search(heading), _place(heading)
    named = _ZONE_LETTERS.search(heading)
    plain = sum(not _OFFSET.search(each) for each in told) + len(typed)
    if offset:
        sign, hours, minutes = (each for each in offset.groups() if each is not None) if (
            offset[3] or offset[6]
        ) else ((offset[1] or offset[4]), (offset[2] or offset[5]), "00")  # fmt: skip
        sign = "+" if sign == "+" else "-"
        zone, why = f"UTC{sign}{int(hours):02}:{minutes}", "its heading"
    elif place:
        zone, why = place, "its heading"
    elif re.search(r"\b(utc|gmt|zulu)\b|_utc$", heading.lower()):
        zone, why = "UTC", "its heading"
    elif named and plain:
        found.questions.append(
            f"'{next(filter(None, named.groups()))}' in '{heading}' may be a place's time with its "
            "summer time or an offset without. Say --set time_zone=America/New_York or "
            "time_zone=UTC-05:00 (say)."
        )
        return
    else:
        zone = context.time_zone
        why = "the file does not say; the organization's own (or --set time_zone=)"
    found.settings["time_zone"] = zone
    if plain == 0 and told:
        return
    some = f"{plain:,} " if plain < len(told) + len(typed) else ""
    found.assume(
        f"{some}times {'without offset ' if some else ''}in '{heading}' are "
        + (zone if zone.startswith("UTC") else f"those of {zone}"), why,
    )  # fmt: skip


OF_THE_DAY = "is of the day that it was in"


def _zone_of_days(
    found: Decision, column: Column, heading: str, told: list[str], typed: list[Cell],
    context: Context,
) -> None:  # fmt: skip
    """The zone whose days times with an offset are of, in a column of days."""
    if column.type != "date":
        return
    instants = [each for each in told if ":" in each and _OFFSET.search(each)]
    instants += [str(e) for e in typed if isinstance(e, dt.datetime) and e.tzinfo is not None]
    if instants:
        zone = context.stated.get("time_zone", context.time_zone)
        own = "the organization's own zone (or --set time_zone=)"
        found.settings["time_zone"] = zone
        found.assume(
            f"'{instants[0]}' in '{heading}' {OF_THE_DAY} {zone}",
            "as stated" if "time_zone" in context.stated else own,
        )


def _place(heading: str) -> str | None:
    match = re.search(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?", heading)
    return match[0] if match and match[0] in zoneinfo.available_timezones() else None


def _numeric(
    found: Decision, heading: str, matched: list[tuple[str, re.Match]], context: Context
) -> list[str]:
    """strptime forms of days in numbers; [] with a question where their order is open."""
    orders = {
        "%d{0}%m{0}%Y": (0, 1, 2), "%m{0}%d{0}%Y": (1, 0, 2), "%Y{0}%m{0}%d": (2, 1, 0),
        "%d{0}%m{0}%y": (0, 1, 2), "%m{0}%d{0}%y": (1, 0, 2), "%y{0}%m{0}%d": (2, 1, 0),
    }  # fmt: skip
    fitting: dict[str, set[int]] = {}
    parts = [(m[1], m[3], m[4], m[2]) for _, m in matched]
    separator = parts[0][3]
    for form, (day, month, year) in orders.items():
        short = "%y" in form
        fits = set()
        for number, part in enumerate(parts):
            y, m, d = part[year], part[month], part[day]
            if len(y) != (2 if short else 4) or len(m) > 2 or len(d) > 2:
                continue
            if 1 <= int(m) <= 12 and 1 <= int(d) <= 31:
                fits.add(number)
        if fits:
            fitting[form] = fits
    if not fitting:
        return []
    whole = [form for form, fits in fitting.items() if len(fits) == len(parts)]
    best = max(len(fits) for fits in fitting.values())
    example = matched[0][0]
    order = {form: form.format("/") for form in fitting}
    if separator == ".":
        whole_dots = [form for form in whole if form.startswith(("%d", "%Y"))]
        if whole_dots:
            only = len(whole) == 1
            whole = whole_dots
            why = "no other order fits" if only else (
                "no locale of the Unicode CLDR puts the month first with full stops"
            )  # fmt: skip
        else:
            why = "no other order fits"
    else:
        why = "no other order fits all values"
    if len(whole) > 1 and all("%y" in form for form in whole) and not _year_first(parts):
        # No locale of the languages here writes a year of two digits first (Unicode CLDR 47,
        # short dates: Basque, Nepali and Korean do).
        whole = [form for form in whole if not form.startswith("%y")]
        why = "the year is last in all locales of English, German, French, Spanish, Portuguese"
    firsts = {first: column for column, first, mark in context.orders if mark == separator}
    if len(whole) > 1 and len(firsts) == 1:
        ((first, witness),) = firsts.items()
        whole = [form for form in whole if form.startswith(first)] or whole
        why = f"column '{witness}' of the file shows it"
    if not whole:
        clash = [form for form, fits in fitting.items() if len(fits) >= 0.2 * len(parts)]
        first = [form for form in clash if form.startswith("%d")]
        second = [form for form in clash if form.startswith("%m")]
        if first and second:
            a = next(p for n, (p, _) in enumerate(matched) if n not in fitting[second[0]])
            b = next(p for n, (p, _) in enumerate(matched) if n not in fitting[first[0]])
            found.questions.append(
                f"'{heading}' has days first ('{a}') and months first ('{b}'), so others could be "
                "both. Correct it at the source, or state 'dates' for the column in the "
                "mapping (or --set dates=)."
            )
            return []
        whole = [form for form, fits in fitting.items() if len(fits) == best]
        why = f"{best} of {len(parts)} values; the others go to quarantine"
        if len(whole) > 1:
            whole = whole[:0]
    if len(whole) != 1:
        readings = " or ".join(sorted({order[form] for form in whole})) or "several orders"
        found.questions.append(
            f"'{example}' in '{heading}' may be {readings}, and no value tells. State 'dates' in "
            "the mapping (or --set dates=%d/%m/%Y)."
        )
        return []
    forms, read = [], []
    for each, match in matched:
        tail = _time_form(match[5])
        if tail is None:
            continue
        read.append(each)
        form = whole[0].format(match[2]) + tail
        if form not in forms:
            forms.append(form)
    if not read:
        found.questions.append(
            f"'{example}' in '{heading}' is more than a day, and what follows the day is no time "
            "of a day. Export one day a cell, the last day of several in a column of its own."
        )
        return []
    example = read[0]
    found.assume(f"'{example}' in '{heading}' is {whole[0].format(parts[0][3])}", why)
    if "%y" in whole[0]:
        years = sorted({int(p[orders[whole[0]][2]]) for p in parts})
        century = [1900 + y if y > 68 else 2000 + y for y in years]
        found.assume(
            f"years of two digits in '{heading}' are {min(century)} to {max(century)}",
            "69 to 99 are of the last century (POSIX)",
        )
    return forms


def _year_first(parts: list[tuple]) -> bool:
    """Whether the first part looks like a year: it hardly changes where the last one does."""
    first, last = {part[0] for part in parts}, {part[2] for part in parts}
    return len(first) <= 2 and len(last) > len(first)


def _time_form(text: str) -> str | None:
    """strptime's form of what follows a day; None where it is nothing known."""
    if not text.strip():
        return ""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    form = match["gap"] + ("%I" if match["p"] else "%H") + ":%M"
    form += (":%S" if match["s"] else "") + (".%f" if match["f"] else "")
    if match["p"]:
        form += (" " if match["p"].startswith(" ") else "") + "%p"
    form += match["u"] or ""
    if match["z"]:
        zone = match["z"].strip()
        space = " " if match["z"].startswith(" ") else ""
        form += space + re.sub(r"[+-]\d.*", "%z", zone)
    return form


_WEEK_WORD = r"(?:kw|cw|wk|w|s|sem|week|woche|kalenderwoche|calendar week|semaine|semana)\.?"
_WEEKS = (
    re.compile(rf"(?i)(?P<a>{_WEEK_WORD}[ -]?)(?P<week>\d{{1,2}})(?P<b>[ /.,-]+)(?P<year>20\d\d)"),
    re.compile(rf"(?i)(?P<year>20\d\d)(?P<a>[ /.-]*{_WEEK_WORD}[ -]?)(?P<week>\d{{1,2}})(?P<b>)"),
)
_BARE_WEEKS = (
    re.compile(r"(?P<a>)(?P<week>\d{1,2})(?P<b>[ /.-])(?P<year>20\d\d)"),
    re.compile(r"(?P<year>20\d\d)(?P<a>[ /.-])(?P<week>\d{1,2})(?P<b>)"),
)
_WEEK_ALONE = re.compile(rf"(?i){_WEEK_WORD}[ -]?\d{{1,2}}")
_OF_WEEKS = re.compile(
    r"\b(week|weeks|woche|kw|cw|kalenderwoche|wochenbeginn|semaine|semana)\b", re.I
)
_OF_MONTHS = re.compile(r"\b(month|monat|mois|mes|mês|mese|maand)\b", re.I)
A_WEEK = "a week (its Monday)"


def names_weeks(heading: str) -> bool:
    """Whether a heading is of weeks."""
    return bool(_OF_WEEKS.search(heading.replace("_", " ")))


def names_months(heading: str) -> bool:
    """Whether a heading is of months."""
    return bool(_OF_MONTHS.search(heading.replace("_", " ")))


def week_of(text: str, is_named: bool = False) -> str | None:
    """strptime's form of an ISO 8601 week with its year (2026-W36, KW 36/2026, Semaine 36 2026);
    where the heading says weeks (`is_named`), of 36/2026, too. None where it is no such week."""
    for pattern in (*_WEEKS, *(_BARE_WEEKS if is_named else ())):
        match = pattern.fullmatch(text)
        if match is not None:
            first, last = ("%V", "%G") if match.start("week") < match.start("year") else ("", "%V")
            lead = "" if first else "%G"
            return f"{lead}{match['a']}{first}{match['b']}{last}"
    return None


def form_of(text: str) -> tuple[str | None, str | None, str]:
    """(form, language, what it is) of a day or month with a name in it."""
    if week := week_of(text):
        return week, None, A_WEEK
    for pattern, form, what in _PERIODS:
        if pattern.fullmatch(text):
            return form, None, what + (" (its first day)" if what == "a month" else "")
    match = _MONTH.fullmatch(text)
    if match:
        language = months.language_of({match[1]})
        if language:
            year = "%Y" if len(match[3]) == 4 else "%y"
            return f"%b{match[2]}{year}", language, "a month (its first day)"
    match = _NAMED.fullmatch(text)
    if match is None:
        return None, None, ""
    word = match[3] or match[6]
    language = months.language_of({word})
    tail = _time_form(match[11])
    if language is None or tail is None:
        return None, None, ""
    english = months.in_english(text, language)
    if match[3]:
        year = "%Y" if len(match[5]) == 4 else "%y"
        lead = english[: english.index(match[1])]
        form = f"{lead}%d{match[2]}%b{_gap(english, match[4])}{year}{tail}"
    else:
        year = "%Y" if len(match[10]) == 4 else "%y"
        lead = english[: english.index(months.ENGLISH[months.names(language)[word.lower()]])]
        form = f"{lead}%b{match[7].lstrip('.')}%d{match[9]}{year}{tail}"
    if lead:
        day = re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(,? )", lead)
        if day is None or language != "en":
            return None, None, ""  # another language's day would have to be turned, too
        form = f"%a{day[2]}" + form.removeprefix(lead)
    if re.search(r"\d(st|nd|rd|th)\b", text):
        return None, None, ""
    return form, language, ""


def _gap(english: str, gap: str) -> str:
    return gap.lstrip(".") if gap.startswith(".") else gap


# --- truth and text ------------------------------------------------------------------------------


def _truth(found: Decision, heading: str, distinct: list[str]) -> None:
    plain = {"true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"}
    words = {each.lower() for each in distinct}
    odd = words - plain
    if not odd or not all(word in TRUTH or word in plain for word in words):
        return
    if words == {"x"}:
        found.assume(f"'x' in '{heading}' is true", "no other word; empty stays not known")
    found.settings["words"] = {word: TRUTH[word] for word in sorted(odd)}
    listed = ", ".join(f"{word} = {TRUTH[word]}" for word in sorted(odd))
    found.assume(f"in '{heading}' {listed}", "words of its language")


def _text(
    found: Decision, name: str, column: Column, heading: str, distinct: list[str],
    typed: list[Cell],
) -> None:  # fmt: skip
    digits = [each for each in distinct if each.isdigit()]
    zeros = [each for each in digits if each.startswith("0") and len(each) > 1]
    if name.endswith("_id") or name == "account":
        if zeros and len({len(each) for each in digits}) > 1:
            short = next((e for e in digits if len(e) < len(zeros[0]) and e[0] != "0"), None)
            if short:
                found.assume(
                    f"'{short}' in '{heading}' is taken as it stands",
                    f"others have leading zeros ('{zeros[0]}'): it may have lost its own",
                )
        if typed and all(isinstance(each, (int, float)) for each in typed) and not distinct:
            found.assume(
                f"ids in '{heading}' are numbers in the workbook",
                "leading zeros, if there were any, are gone",
            )
