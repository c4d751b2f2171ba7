"""Rows of an API (dicts in clear) into Arrow columns with the declared types, hashed, or refused.

Whole columns are converted at once; only where that fails, the column is gone through value by
value, so that one bad value costs one row and says why.
"""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import json
import math
import operator
import typing
from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.specs import ARROW, Column, Table, stored_name

MONEY = decimal.Context(prec=38, rounding=decimal.ROUND_HALF_EVEN)
CENTS = decimal.Decimal("0.0001")


class Fault(typing.NamedTuple):
    """Why one field of one row cannot be taken, and what to do about it."""

    field: str
    reason: str
    remedy: str


class Refused(typing.NamedTuple):
    """A row that cannot be taken: where it stood, every fault, and the row without clear names."""

    number: int
    faults: tuple[Fault, ...]
    row_json: str

    @property
    def field(self) -> str:
        return ", ".join(dict.fromkeys(fault.field for fault in self.faults))

    @property
    def reason(self) -> str:
        return "; ".join(f"{fault.field}: {fault.reason}" for fault in self.faults)

    @property
    def remedy(self) -> str:
        return " ".join(dict.fromkeys(fault.remedy for fault in self.faults))


def hasher(key: bytes) -> Callable[[str], str]:
    """`privacy.digest` with the key filled in; remembers what it saw last."""
    from ingestion.privacy import digest

    return functools.lru_cache(maxsize=100_000)(functools.partial(digest, key))


def turned(table: Table, rows: list[dict]) -> dict[str, list]:
    """A page's rows (the spec's column names, in clear) as columns; what a row leaves out is None.

    Page by page, because a page still lies in the processor's cache: it takes a third of the time.
    Raises ValueError for a name that the table does not declare: that is a fault of the source
    module, not of the data.
    """
    names = tuple(table.spec.columns)
    if strange := set().union(*rows).difference(names):
        where = f"{table.schema}.{table.name}"
        raise ValueError(f"{where} has no column '{min(strange)}'; see {table.file.name}")
    try:
        taken = list(map(operator.itemgetter(*names), rows)) if len(names) > 1 else None
    except KeyError:
        taken = None
    if taken is None:
        taken = [tuple(map(row.get, names)) for row in rows]
    return dict(zip(names, map(list, zip(*taken, strict=True)), strict=True)) if taken else {}


def to_arrow(
    table: Table,
    columns: dict[str, list],
    hashed: Callable[[str], str],
    first: int = 0,
    column_hashed: Callable[[pa.Array], pa.Array] | None = None,
) -> tuple[pa.Table, list[Refused]]:
    """Take columns (see `turned`) into the stored columns of `table`.

    `column_hashed` does what `hashed` does, for a column at once. Returns the accepted rows in
    their order and the refused ones, numbered from `first`.
    """
    faults: dict[int, list[Fault]] = {}
    arrays = []
    for name, column in table.spec.columns.items():
        if column.personal == "drop":
            continue
        array, bad = _typed(columns[name], column)
        for index, reason in bad.items():
            faults.setdefault(index, []).append(Fault(name, reason, remedy(reason, column)))
        for index, reason in _outside(array, column, bad):
            faults.setdefault(index, []).append(Fault(name, reason, remedy(reason, column)))
        if column.personal == "hash":
            if column_hashed is not None and array.null_count < len(array):
                array = column_hashed(array)
            else:
                said = [None if value is None else hashed(value) for value in array.to_pylist()]
                array = pa.array(said, pa.string())
        arrays.append(array)
    taken = pa.Table.from_arrays(arrays, names=list(table.stored))
    if not faults:
        return taken, []
    keep = pa.array([index not in faults for index in range(taken.num_rows)])
    refused = [
        Refused(
            first + index, tuple(faults[index]), without_names(table, _row(columns, index), hashed)
        )
        for index in sorted(faults)
    ]
    return taken.filter(keep), refused


def _row(columns: dict[str, list], index: int) -> dict:
    return {name: values[index] for name, values in columns.items()}


def without_names(table: Table, row: dict, hashed: Callable[[str], str]) -> str:
    """A refused row as JSON: personal identifiers hashed, dropped columns dropped."""
    kept = {}
    for name, value in row.items():
        column = table.spec.columns.get(name)
        if column is None or column.personal == "drop":
            continue
        if column.personal == "hash" and value is not None:
            value = hashed(str(value))
        kept[stored_name(name, column)] = value
    return json.dumps(kept, ensure_ascii=True, default=str, sort_keys=True)


def remedy(reason: str, column: Column) -> str:
    """What somebody who gets this reason should do."""
    if reason == MISSING:
        return "Fill it in at the source, or leave the row out there."
    if reason.startswith("not one of"):
        return "Map the word in the source or the mapping ('words')."
    if reason.startswith(("less than", "more than")):
        return "Correct the value at the source."
    return {
        "date": "Write days as 2026-09-30, or name the format in the mapping ('dates').",
        "timestamp": "Write times as 2026-09-30T12:00:00Z, or name the format ('dates').",
        "integer": "Write whole numbers, or name the decimal and thousands marks.",
        "number": "Write numbers as 1234.5, or name the decimal and thousands marks.",
        "money": "Write amounts as 1234.50, or name the decimal and thousands marks.",
        "boolean": "Write true or false, or map the words in the mapping ('words').",
        "text": "Give text in valid Unicode.",
    }[column.type]


MISSING = "missing"


def _typed(values: list, column: Column) -> tuple[pa.Array, dict[int, str]]:
    try:
        return _WHOLE[column.type](pa.array(values)), {}
    except (pa.ArrowException, TypeError, ValueError, OverflowError, UnicodeError):
        pass
    one, bad, taken = _ONE[column.type], {}, []
    for index, value in enumerate(values):
        try:
            taken.append(None if value is None or value == "" else one(value))
        except (TypeError, ValueError, OverflowError, ArithmeticError):
            taken.append(None)
            bad[index] = NOT[column.type]
    return pa.array(taken, ARROW[column.type]), bad


NOT = {
    "text": "not text",
    "integer": "not a whole number",
    "number": "not a number",
    "money": "not an amount",
    "date": "not a date",
    "timestamp": "not a time",
    "boolean": "not true or false",
}


def _outside(array: pa.Array, column: Column, bad: dict[int, str]) -> Iterable[tuple[int, str]]:
    """Indices of values that are missing where required, out of range or not among the words."""
    checks = []
    if column.required and array.null_count:
        checks.append((pc.is_null(array), MISSING))
    if column.minimum is not None:
        checks.append((pc.less(_plain(array), column.minimum), f"less than {column.minimum:g}"))
    if column.maximum is not None:
        checks.append((pc.greater(_plain(array), column.maximum), f"more than {column.maximum:g}"))
    if column.words:
        known = pc.is_in(array, pa.array(column.words))
        unknown = pc.and_(pc.is_valid(array), pc.invert(known))
        checks.append((unknown, "not one of " + ", ".join(column.words)))
    for mask, reason in checks:
        if pc.any(mask).as_py():
            for index in pc.indices_nonzero(mask.fill_null(False)).to_pylist():
                if index not in bad:
                    yield index, reason


def _plain(array: pa.Array) -> pa.Array:
    return array.cast(pa.float64()) if pa.types.is_decimal(array.type) else array


def _no(array: pa.Array) -> typing.NoReturn:
    raise TypeError(f"{array.type} wants a closer look")


def _emptied(array: pa.Array) -> pa.Array:
    """Empty text is unknown, and unknown is null."""
    empty = pc.equal(array, "")
    return pc.if_else(empty, None, array) if pc.any(empty).as_py() else array


def _whole_text(array: pa.Array) -> pa.Array:
    return _emptied(array) if pa.types.is_string(array.type) else _nulls(array, "text")


def _nulls(array: pa.Array, kind: str) -> pa.Array:
    return array.cast(ARROW[kind]) if pa.types.is_null(array.type) else _no(array)


def _whole_integer(array: pa.Array) -> pa.Array:
    return array if pa.types.is_int64(array.type) else _nulls(array, "integer")


def _whole_number(array: pa.Array) -> pa.Array:
    if pa.types.is_int64(array.type):
        return array.cast(pa.float64(), safe=False)
    if not pa.types.is_float64(array.type):
        return _nulls(array, "number")
    return array if pc.all(pc.is_finite(array)).as_py() is not False else _no(array)


def _whole_money(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_string(kind):
        return _emptied(array).cast(ARROW["money"])
    if pa.types.is_int64(kind) or pa.types.is_decimal(kind):
        return array.cast(ARROW["money"])
    return _nulls(array, "money")


def _whole_date(array: pa.Array) -> pa.Array:
    if pa.types.is_string(array.type):
        return _emptied(array).cast(pa.date32())
    return array if pa.types.is_date32(array.type) else _nulls(array, "date")


def _whole_timestamp(array: pa.Array) -> pa.Array:
    kind = array.type
    if pa.types.is_string(kind):
        return _emptied(array).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    if pa.types.is_timestamp(kind):
        return array.cast(pa.timestamp("us"))
    return _nulls(array, "timestamp")


def _whole_boolean(array: pa.Array) -> pa.Array:
    return array if pa.types.is_boolean(array.type) else _nulls(array, "boolean")


_WHOLE: dict[str, Callable[[pa.Array], pa.Array]] = {
    "text": _whole_text,
    "integer": _whole_integer,
    "number": _whole_number,
    "money": _whole_money,
    "date": _whole_date,
    "timestamp": _whole_timestamp,
    "boolean": _whole_boolean,
}


def _one_text(value: typing.Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(value)
    str(value).encode()
    return str(value)


def _one_integer(value: typing.Any) -> int:
    number = _one_decimal(value)
    if number != number.to_integral_value() or not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return int(number)


def _one_number(value: typing.Any) -> float:
    number = float(_one_decimal(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _one_money(value: typing.Any) -> decimal.Decimal:
    amount = MONEY.quantize(_one_decimal(value), CENTS)
    if abs(amount) >= 10**14:
        raise ValueError(value)
    return amount


def _one_decimal(value: typing.Any) -> decimal.Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, float, decimal.Decimal)):
        raise TypeError(value)
    if isinstance(value, str) and "_" in value:
        raise ValueError(value)
    number = decimal.Decimal(str(value).strip())
    if not number.is_finite():
        raise ValueError(value)
    return number


def _one_date(value: typing.Any) -> dt.date:
    if isinstance(value, dt.datetime) or not isinstance(value, (str, dt.date)):
        raise TypeError(value)
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value.strip())


def _one_timestamp(value: typing.Any) -> dt.datetime:
    if not isinstance(value, (str, dt.datetime)):
        raise TypeError(value)
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= 10:
            raise ValueError(value)
        value = dt.datetime.fromisoformat(text)
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


def _one_boolean(value: typing.Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise ValueError(value)


_ONE: dict[str, Callable[[typing.Any], typing.Any]] = {
    "text": _one_text,
    "integer": _one_integer,
    "number": _one_number,
    "money": _one_money,
    "date": _one_date,
    "timestamp": _one_timestamp,
    "boolean": _one_boolean,
}
