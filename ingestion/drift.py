"""A file that is written otherwise than its mapping says is refused whole, not read cell by cell.

Under the wrong marks some cells cannot be read, which quarantine would show; the others would be
read as something else: 1.500 as 1500, 3 September as 9 March. One witness is enough.
"""

from __future__ import annotations

import re

from ingestion import grids, layouts, profiles
from ingestion.grids import Cell
from ingestion.mapping import From, Mapping, MappingError, groups, plan, texts
from ingestion.specs import Column

ENOUGH = 10_000  # rows; a change of marks shows early
_SWAPPED = {"%d": "%m", "%m": "%d"}


def refuse_changed(mapping: Mapping, table: layouts.Table, name: str) -> None:
    """Raise MappingError when a column's cells contradict the marks or order that are stated."""
    headings = table.layout.headings
    cells = _cells(table, mapping)
    planned = plan(mapping, headings, name)
    wide = groups(mapping, headings, name)
    for column, source in planned.columns.items():
        if source.constant is not None or source.how.template is not None:
            continue
        (heading,) = source.headings
        own = cells.get(heading, [])
        if heading not in cells:
            own = [
                cell for group in wide.values() if heading in group
                for cell in cells.get(group[heading], [])
            ]  # fmt: skip
        why = _contradiction(mapping, mapping.table.spec.columns[column], source.how, own)
        if why:
            raise MappingError(
                f"{name}: '{heading}' is written otherwise than {mapping.told_in} says: {why}"
            )


def _cells(table: layouts.Table, mapping: Mapping) -> dict[str, list[Cell]]:
    rows: list[list[Cell]] = []
    for block in layouts.body(table, mapping.entry):
        rows += [row.cells for row in block if isinstance(row, grids.Row)]
        if len(rows) >= ENOUGH:
            break
    columns = zip(*rows, strict=True) if rows else ()
    return dict(zip(table.layout.headings, map(list, columns), strict=False))


def _contradiction(mapping: Mapping, column: Column, how: From, cells: list[Cell]) -> str | None:
    entry = mapping.entry
    told = {cell.strip() for cell in cells if isinstance(cell, str)
            and not isinstance(cell, (grids.Number, grids.Error))}  # fmt: skip
    absent = {word.lower() for word in (*texts(entry.missing), *texts(how.missing))}
    told = {cell for cell in told if cell and cell.lower() not in absent and cell not in how.words}
    if column.type in ("integer", "number", "money") and how.duration is None:
        stated = how.decimal is not None or how.thousands is not None
        stated = stated or entry.decimal != "." or entry.thousands != ""
        decimal = how.decimal or entry.decimal
        thousands = entry.thousands if how.thousands is None else how.thousands
        return _numbers(told, decimal, thousands, how, stated, column)
    if column.type in ("date", "timestamp"):
        return _days(told, texts(how.dates) or texts(entry.dates))
    return None


def _numbers(
    told: set[str], decimal: str, thousands: str, how: From, stated: bool, column: Column
) -> str | None:
    if not how.percent:
        told = {each for each in told if not each.isdigit()}  # these read alike under any marks
    bare = {each: profiles.bare(each) for each in told}
    numerals = {each: one.text for each, one in bare.items() if profiles.is_numeral(one.text)}
    if how.percent:
        without = next((e for e in numerals if not bare[e].percent and bare[e].text != "0"), None)
        if without is not None:
            return f"'{without}' has no percent sign. Say whether it is a share or a percent."
    for each, text in numerals.items():
        if profiles.read(text, decimal, thousands) is None:
            other = "," if decimal == "." else "."
            if profiles.read(text, other, decimal) is not None and re.search(r"[.,]", text):
                return (
                    f"'{each}' is no number with decimal mark '{decimal}', but is one with "
                    f"'{other}'. Correct 'decimal' and 'thousands', or ask for the file again."
                )
    if not stated and column.type != "integer":
        marked = [text for text in numerals.values() if re.search(r"[.,]", text)]
        if marked and all(re.fullmatch(r"[+-]?\d{1,3}\.\d{3}", text) for text in marked):
            return (
                f"'{marked[0]}' may be {marked[0]} or {marked[0].replace('.', '')}, and it does "
                'not say which. State \'decimal\' for the column (decimal: "." or ",").'
            )
    return None


def _days(told: set[str], forms: tuple[str, ...]) -> str | None:
    import datetime as dt

    def read(text: str, form: str) -> bool:
        try:
            dt.datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            return False
        return True

    plain = [form for form in forms if "%b" not in form and "%d" in form and "%m" in form]
    for form in plain:
        swapped = re.sub("%[dm]", lambda found: _SWAPPED[found[0]], form)
        if swapped in forms:
            continue
        for each in sorted(told):
            if not any(read(each, one) for one in forms) and read(each, swapped):
                return (
                    f"'{each}' is no day as {form}, but is one as {swapped}. Correct 'dates', or "
                    "ask for the file again."
                )
    return None
