"""`feed FILE`: recognise a file, propose its mapping with reasons and a preview, write it.

Nothing is written while something is open. What is written is an entry of the `mapping.yml` beside
the file; the next build loads it, and next month's file under the same name.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
import typing
from collections.abc import Callable
from pathlib import Path

import yaml

import settings as house
from ingestion import (
    check,
    feeding,
    grids,
    layouts,
    mapping,
    months,
    profiles,
    recognition,
    vocabulary,
)
from ingestion.grids import Cell
from ingestion.layouts import Assumption
from ingestion.mapping import Entry, Mapping, MappingError
from ingestion.recognition import Match, Recognised
from ingestion.specs import Column
from settings import ROOT, ConfigError, Paths, Settings

ENOUGH = 100_000  # rows that a column is judged by; all others are checked by the preview
_FILE_KEYS = ("encoding", "delimiter", "quote", "sheet", "report", "records", "explode", "member",
              "header_row", "header_rows", "ragged", "totals", "merged", "pages",
              "repeated", "taken_by")  # fmt: skip
NO_QUESTION = re.compile(
    r"(?i)\b(id|ip|e-?mail|name|nachname|vorname|nom|prénom|nombre|apellido|custom data|user agent|"
    r"browser|device|tags|collector|language|sprache|langue|idioma|latitude|longitude|duration|"
    r"progress|recaptcha)\b"
)
"""Headings that tools of surveys write beside the questions, whatever their cells look like."""
_MARK_KEYS = ("decimal", "thousands", "dates", "time_zone", "language", "currency")
_READ_BY = {"encoding": ("text", "json"), "delimiter": ("text",), "quote": ("text",),
            "ragged": ("text",), "sheet": ("workbook",), "records": ("json", "text"),
            "explode": ("json", "text")}  # fmt: skip
"""Keys that only some kinds of files have (see `grids.kind`)."""
_NUMBERS = ("integer", "number", "money")
_TYPES = {"decimal": _NUMBERS, "thousands": _NUMBERS, "dates": ("date", "timestamp"),
          "language": ("date", "timestamp"), "time_zone": ("timestamp",)}  # fmt: skip
"""Marks and the types of columns that are read by them."""
_OWN_KEYS = tuple(
    field.name for field in dataclasses.fields(mapping.From)
    if field.name not in ("heading", "template", "words")
)  # fmt: skip


class Proposal(typing.NamedTuple):
    """An entry for one table of a file, ready to be written unless `open` says what is missing."""

    entry: dict[str, typing.Any]
    recognised: Recognised
    table: layouts.Table
    assumptions: tuple[Assumption, ...]
    open: tuple[str, ...]
    unused: tuple[str, ...]


def feed(
    paths: list[Path],
    settings: Settings,
    data: Paths,
    *,
    contract: str | None = None,
    stated: dict[str, str] | None = None,
    ask: Callable[[str], bool] = lambda question: False,
    say: Callable[[str], None] = print,
) -> bool:
    """Propose and, after a yes of `ask`, write a mapping for each file; true when all are mapped.

    `stated` are keys of the mapping or columns of the contract (their constants) that a person
    said. Raises ConfigError for a contract or key that there is none of.
    """
    if contract is not None and contract not in mapping.feeds():
        raise ConfigError(f"no contract '{contract}'; {', '.join(mapping.feeds())}.")
    stated = stated or {}
    looked = {path: _looked(path, settings, data, contract, stated) for path in paths}
    _all_heard(stated, looked)
    done = [_one(path, found, settings, data, ask, say) for path, found in looked.items()]
    return all(done)


_MAPPED = "a mapping names it already"


def _looked(
    path: Path, settings: Settings, data: Paths, contract: str | None, stated: dict[str, str]
) -> list[Proposal] | str:
    """The proposals for a file, or why there are none."""
    if not path.is_file():
        return f"{path}: no such file."
    path = path.resolve()
    named = check.fitting(path, settings, data)
    if named and check.takes(path, named, settings):
        return _MAPPED
    try:
        found = proposals(path, settings, contract, stated)
    except (MappingError, OSError, UnicodeError) as error:
        return _MAPPED if named else f"{error}"
    if named and not (found and all(_is_another(path, each, named, stated) for each in found)):
        return _MAPPED
    return found or f"{path.name}: no contract fits. Contracts: {', '.join(mapping.feeds())}."


def _is_another(
    path: Path, proposal: Proposal, named: list[Mapping], stated: dict[str, str]
) -> bool:
    """Whether a file that entries name by its name alone is none of theirs: another export, or
    another content than that of which a day was said. One of theirs that changed is not."""
    if "taken_by" in stated:
        return True
    export = proposal.recognised.export
    own = (proposal.recognised.table.name, export.name if export else None)
    content = feeding.content(path)
    same = [each for each in named if (each.table.name, each.entry.export) == own]
    return all(each.entry.content not in (None, content) for each in same)


def _one(
    path: Path,
    found: list[Proposal] | str,
    settings: Settings,
    data: Paths,
    ask: Callable[[str], bool],
    say: Callable[[str], None],
) -> bool:
    path = path.resolve()
    named = check.fitting(path, settings, data) if path.is_file() else []
    # An entry that this call wrote for another file may take this one, too.
    if found == _MAPPED or (isinstance(found, list) and named
                            and check.takes(path, named, settings)):  # fmt: skip
        say(f"{path.name}: {_MAPPED}.")
        done = check.check([path], settings, data, say)
        if not done and not check.takes(path, named, settings):
            say("  If it is another export under such a name, say --set taken_by=headings.")
        return done
    if isinstance(found, str):
        say(found)
        return False
    written = []
    for proposal in found:
        if named:
            proposal.entry["taken_by"] = "headings"
        _explain(path, proposal, say)
        for each in named:
            say(f"  {each.told_in} names it, too: each file is taken by the entry whose headings "
                "it has")  # fmt: skip
        if proposal.open:
            continue
        file = check.preview(
            path, _as_mapping(path, proposal), settings, data, say, reasons=False, asks=True
        )
        if file is not None and file.fetched and not file.taken:
            say("  open: no row would be loaded, see above")
        elif file is not None:
            written.append(proposal.entry)
    if len(written) < len(found):
        say("Nothing is written: state what is open with --set KEY=VALUE and ask again.")
        return False
    if not ask(f"Write {len(written)} entr{'y' if len(written) == 1 else 'ies'} to "
               f"{path.parent / 'mapping.yml'}?"):  # fmt: skip
        return False
    write(path, written, settings, say)
    return True


def _all_heard(stated: dict[str, str], looked: dict[Path, list[Proposal] | str]) -> None:
    """Raises ConfigError for an answer that would change nothing in any of the files."""
    if any(isinstance(found, str) and found != _MAPPED for found in looked.values()):
        return  # what is in such a file is not known
    there = [
        (path, each) for path, found in looked.items() if isinstance(found, list) for each in found
    ]
    for name, value in stated.items():
        if not there:
            raise ConfigError(
                f"--set {name}: {next(iter(looked)).name} has a mapping already; change that."
            )
        if any(_is_heard(name, value, path, each) for path, each in there):
            continue
        of, _, setting = name.partition(".")
        feeds = list(dict.fromkeys(each.recognised.table.name for _, each in there))
        columns = {column for _, each in there for column in each.recognised.table.spec.columns}
        if of not in columns and name not in (*_FILE_KEYS, *_MARK_KEYS):
            raise ConfigError(
                f"--set {name}: neither a key of a mapping nor a column of "
                f"{', '.join(map(repr, feeds))}."
            )
        why = f"no heading fills '{of}'" if setting else "nothing in the file is read by it"
        raise ConfigError(f"--set {name}: it would change nothing: {why}. Leave it out.")


def _is_heard(name: str, value: str, path: Path, proposal: Proposal) -> bool:
    """Whether the entry says what was stated, in a place where it is read."""
    entry, spec = proposal.entry, proposal.recognised.table.spec
    columns = entry["columns"]
    of, _, setting = name.partition(".")
    if setting:
        told = columns.get(of)
        is_filled = isinstance(told, str) or (isinstance(told, dict) and "from" in told)
        own = isinstance(told, dict) and setting.split(".")[0] in told
        return own or (is_filled and (setting in entry or not value))
    if name in columns or name in entry.get("constants", {}):
        return True
    if not value and _may_stay_open(name, spec):
        return True
    if name in _FILE_KEYS:
        kinds = _READ_BY.get(name)
        return kinds is None or grids.kind(path, entry.get("member")) in kinds
    if name == "currency":
        return name in spec.columns
    if name == "time_zone" and any(profiles.OF_THE_DAY in a.what for a in proposal.assumptions):
        return True
    filled = {
        spec.columns[column].type for column, told in columns.items()
        if isinstance(told, str) or "from" in told or mapping.slots(told["template"])
    }  # fmt: skip
    return bool(filled & set(_TYPES.get(name, ())))


def proposals(
    path: Path, settings: Settings, contract: str | None = None,
    stated: dict[str, str] | None = None,
) -> list[Proposal]:  # fmt: skip
    """A proposal for each table of the file that a contract fits; of several tables only those of
    known exports, if there are any. Raises MappingError where the file itself is ambiguous."""
    stated = stated or {}
    keys = {key: value for key, value in stated.items() if key in _FILE_KEYS}
    any_feed = contract or next(iter(mapping.feeds()))
    hint = house.checked(
        {"feed": any_feed, "files": path.name, "layout": "detect", **_typed_keys(keys)},
        Entry, Path(path.name),
    )  # fmt: skip
    if grids.kind(path, hint.member) == "parquet":
        tables = [_parquet(path)]
    else:
        tables = layouts.detected(path, hint, frozenset(), vocabulary.known)
    if hint.report is not None:
        tables = [layouts.chosen(tables, hint, frozenset(), path.name)]
    found = []
    for table in tables:
        cells = _cells(table, hint)
        recognised = recognition.recognise(table.layout.headings, cells, contract)
        if recognised is None or not cells:
            continue
        found.append(
            _proposal(
                path,
                table,
                recognised,
                cells,
                settings,
                keys,
                _of(recognised, stated),
                len(tables) > 1,
                contract is not None,
                hint,
            )  # fmt: skip
        )
    known = [each for each in found if each.recognised.export is not None]
    if len(tables) > 1 and known:
        taken = {each.table.name for each in known}
        others = tuple(
            Assumption(
                f"report {each.name} ({', '.join(each.layout.headings[:4])}) is left",
                "it is no export that the library knows (or --set report=)",
            )
            for each in tables if each.name not in taken
        )  # fmt: skip
        return [each._replace(assumptions=each.assumptions + others) for each in known]
    if len(found) > 1:
        found.sort(key=lambda one: -one.recognised.confidence)
        return found[:1]
    return found


def _of(recognised: Recognised, stated: dict[str, str]) -> dict[str, str]:
    """The answers that speak of one table: a call has them for all of its sheets and files."""
    columns = {*recognised.table.spec.columns, *_MARK_KEYS}
    return {key: value for key, value in stated.items() if key.split(".")[0] in columns}


def _parquet(path: Path) -> layouts.Table:
    """Parquet says itself what it is; only a sample of it is looked at."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise MappingError(f"{path.name}: not Parquet that can be read ({error}).") from None
    names = tuple(file.schema_arrow.names)

    def rows() -> typing.Iterator[list[grids.Row | grids.Bad]]:
        number = 0
        for batch in file.iter_batches(10_000):
            try:
                columns = [column.to_pylist() for column in batch.columns]
            except UnicodeDecodeError as error:
                raise MappingError(
                    f"{path.name}: text that is no UTF-8 ({error.reason} after row {number}). "
                    "Export it again."
                ) from None
            yield [
                grids.Row(number + n, list(cells))
                for n, cells in enumerate(zip(*columns, strict=True), start=1)
            ]
            number += batch.num_rows

    layout = layouts.Layout(names, (), 0, None)
    return layouts.Table("1", layout, rows, (Assumption("Parquet", "it names its types"),), True)


def _typed_keys(keys: dict[str, str]) -> dict[str, typing.Any]:
    whole = ("header_row", "header_rows")
    return {key: _number(key, value, int) if key in whole else value
            for key, value in keys.items()}  # fmt: skip


def _number(key: str, value: typing.Any, kind: type) -> typing.Any:
    try:
        return kind(value)
    except ValueError:
        raise ConfigError(f"--set {key}={value}: it wants a number.") from None


def _cells(table: layouts.Table, entry: Entry) -> dict[str, list[Cell]]:
    rows: list[list[Cell]] = []
    for block in layouts.body(table, entry):
        rows += [row.cells for row in block if isinstance(row, grids.Row)]
        if len(rows) >= ENOUGH:
            break
    columns = zip(*rows, strict=True) if rows else ()
    return {h: list(c) for h, c in zip(table.layout.headings, columns, strict=False)}


def _proposal(
    path: Path,
    table: layouts.Table,
    recognised: Recognised,
    cells: dict[str, list[Cell]],
    settings: Settings,
    keys: dict[str, str],
    stated: dict[str, str],
    several: bool,
    is_named: bool,
    hint: Entry,
) -> Proposal:
    spec = recognised.table.spec
    assumptions = list(table.assumptions)
    questions: list[str] = []
    headings = table.layout.headings
    wide = _of_months(recognised, headings, stated)
    recognised = _chosen(recognised, stated, (*headings, wide.value) if wide else headings)
    recognised = _long(recognised, wide, stated, questions)
    numeric = {
        match.heading for match in recognised.matches
        if spec.columns[match.column].type in profiles.NUMERIC
    }  # fmt: skip
    marks = tuple(
        found for heading, column in cells.items()
        if (found := profiles.marks_of(heading, column, heading in numeric)) is not None
    )  # fmt: skip
    said = {key: _text_or_list(stated.pop(key)) for key in list(stated) if key in _MARK_KEYS}
    orders = tuple(
        found for heading, column in cells.items()
        for found in profiles.orders_of(heading, column)
    )  # fmt: skip
    context = profiles.Context(marks, orders, settings.organization.time_zone, stated=said)
    unpivot, virtual = _wide(table, recognised, cells, stated, assumptions, questions, wide)
    excluded: dict[str, list[str]] = {}
    decided: dict[str, profiles.Decision] = {}
    for match in recognised.matches:
        column = spec.columns[match.column]
        if match.template is not None or match.column in stated:
            if recognised.export is not None:  # what is left out stays so, whatever else is said
                _by_library(
                    recognised.export, match, cells.get(match.heading, []), stated, excluded, []
                )
            continue
        own = cells.get(match.heading)
        if match.heading in virtual:
            own = [cell for each in virtual[match.heading] for cell in cells.get(each, [])]
            if unpivot and match.heading == unpivot["name"]:
                own = list(virtual[match.heading])
        if recognised.export is not None:
            own = _by_library(recognised.export, match, own or [], stated, excluded, questions)
            assumptions += _counted_as_unknown(match, own, stated)
        own_said = _own(stated, match.column, column)
        told = context._replace(stated={**said, **own_said})
        words = (*own_said.get("words", ()), *(match.words if match.heading in virtual else ()))
        judged = _without(own or [], words)
        decision = profiles.decide(match.column, column, match.heading, judged, told)
        if recognised.export is not None:
            period = _settled(recognised.export, match, cells, decision, stated, questions)
            if period is not None:
                recognised = recognised._replace(
                    constants={**recognised.constants, "period": period}
                )
                assumptions.append(Assumption(
                    "a row is a week", f"it covers the seven days from the Monday '{match.heading}'"
                ))  # fmt: skip
        if _is_week(recognised, match, judged, decision, stated, questions):
            recognised = recognised._replace(constants={**recognised.constants, "period": "week"})
            assumptions.append(Assumption(
                "a row is a week", f"'{match.heading}' names weeks; the day is their Monday"
            ))  # fmt: skip
        if match.column == "network":
            _networks(decision, match, own or [], own_said)
        _with_words(decision, match, column, own or [], own_said)
        _settle(decision, own_said)
        decided[match.column] = decision
        assumptions += decision.assumptions
        questions += decision.questions
        labels = column.type == "text" and (column.required or match.column in spec.key)
        if labels and "blank" not in own_said and layouts.is_outline(cells.get(match.heading, [])):
            questions.append(
                f"'{match.heading}' ({match.column}) stands in the first row of each group only. "
                f"Say --set {match.column}.blank=above if the rows below are of that group, --set "
                f"{match.column}.blank=keep if nobody knows."
            )
        shared = column.type in ("integer", "number", "money") and any(
            isinstance(cell, grids.Shared) for cell in own or []
        )
        if shared and hint.merged == "refuse":
            questions.append(
                f"one number of '{match.heading}' stands in several merged cells: say --set "
                "merged=first if it is that of all of them together, --set merged=each if each "
                "row has it."
            )
    left = {each for each, value in stated.items() if not value and _may_stay_open(each, spec)}
    recognised = recognised._replace(
        matches=tuple(match for match in recognised.matches if match.column not in left)
    )
    answered = {k: v for k, v in stated.items() if "." not in k and k not in left}
    constants = {**recognised.constants, **answered}
    # What a person states takes the place of what was found.
    recognised = recognised._replace(
        matches=tuple(match for match in recognised.matches if match.column not in constants)
    )
    filled = {match.column for match in recognised.matches} | set(constants)
    money = [m for m in recognised.matches if spec.columns[m.column].type == "money"]
    _amounts(recognised, cells, stated, questions)
    if money and "currency" in spec.columns and "currency" not in {*stated, *said}:
        _currency_column(recognised, money, decided, cells, questions)
    if money and "currency" in spec.columns and "currency" not in {*filled, *said}:
        found = _currency(money, decided, settings, assumptions, questions)
        if found is not None:
            said["currency"] = found
    _twice(recognised, cells, stated, questions)
    identifying = _identifying(recognised, constants, cells, assumptions, questions)
    _open(path, recognised, stated, questions, is_named, identifying)
    doubt = layouts.question(table, hint)
    questions += [doubt] if doubt else []
    apart: list[Path] = []
    files = pattern(path, lambda other: _is_alike(other, table, recognised.export, keys, apart))
    entry = _entry(path, table, recognised, decided, keys, said, stated, constants, unpivot,
                   several, files)  # fmt: skip
    if apart and "*" in entry["files"]:
        entry["taken_by"] = "headings"
        assumptions.append(Assumption(
            f"{apart[0].name} is left to an entry of its own",
            "its headings are those of another known export (taken_by: headings)",
        ))  # fmt: skip
    if excluded:
        entry["exclude"] = excluded
        assumptions += [
            Assumption(f"rows are left out where '{heading}' is one of {', '.join(words[:4])} ...",
                       "the export's words for what never happened, or is gone")
            for heading, words in excluded.items()
        ]  # fmt: skip
    if entry.get("repeated") == "sum" and "repeated" not in keys:
        assumptions.append(Assumption(
            "rows of one key add up", "the export may be finer than a row of the contract"
        ))  # fmt: skip
    read = _read(entry) | {each for group in virtual.values() for each in group}
    unused = tuple(heading for heading in table.layout.headings if heading not in read)
    return Proposal(entry, recognised, table, tuple(assumptions), tuple(questions), unused)


def _own(stated: dict[str, str], name: str, column: Column) -> dict[str, typing.Any]:
    """The settings of one column that a person stated (`--set spend.thousands=.`), words apart
    (`--set stage.words.Nurture=open`). Raises ConfigError for what they cannot be."""
    own: dict[str, typing.Any] = {}
    for key, value in stated.items():
        of, _, setting = key.partition(".")
        if of != name or not setting:
            continue
        if setting.startswith("words."):
            if column.words and value and value not in column.words:
                raise ConfigError(
                    f"--set {key}={value}: '{name}' has the words {', '.join(column.words)}."
                )
            own.setdefault("words", {})[setting.removeprefix("words.")] = value
        elif setting == "words":
            raise ConfigError(
                f"--set {key}: a word at a time: --set '{name}.words.Nurture=open' (say)."
            )
        elif setting not in _OWN_KEYS:
            raise ConfigError(f"--set {key}: no key of a column; known: {', '.join(_OWN_KEYS)}.")
        elif setting in ("round", "percent", "hashed"):
            own[setting] = value.lower() in ("true", "yes", "1")
        else:
            is_factor = setting == "multiply"
            own[setting] = _number(key, value, float) if is_factor else _text_or_list(value)
    return own


def _settle(decision: profiles.Decision, own: dict[str, typing.Any]) -> None:
    """What a person states takes the place of what was found; words for missing are more of it."""
    missing = decision.settings.get("missing", [])
    decision.settings |= {key: value for key, value in own.items() if key != "words"}
    if "missing" in own and missing:
        more = [own["missing"]] if isinstance(own["missing"], str) else own["missing"]
        decision.settings["missing"] = list(dict.fromkeys([*missing, *more]))


def _text_or_list(value: str) -> str | list[str]:
    return value.split("|") if "|" in value else value


def _chosen(
    recognised: Recognised, stated: dict[str, str], headings: tuple[str, ...]
) -> Recognised:
    """With the headings that a person named (`--set spend={Cost}`): their cells are looked at as
    those of any other match, where a template's would be taken as they stand."""
    chosen = {
        column: value[1:-1] for column, value in stated.items()
        if value[:1] == "{" and value[-1:] == "}" and value[1:-1] in headings
        and column in recognised.table.spec.columns
    }  # fmt: skip
    for column in chosen:
        del stated[column]
    words = {match.column: match.words for match in recognised.matches}
    matches = [match for match in recognised.matches if match.column not in chosen]
    matches += [
        Match(column, heading, 1.0, "as stated", words.get(column, {}))
        for column, heading in chosen.items()
    ]
    lacking = {name: why for name, why in recognised.lacking.items() if name not in chosen}
    return recognised._replace(matches=tuple(matches), lacking=lacking)


def _twice(
    recognised: Recognised,
    cells: dict[str, list[Cell]],
    stated: dict[str, str],
    questions: list[str],
) -> None:
    """Ask which, where a heading stands twice over other cells."""
    for match in recognised.matches:
        first = re.sub(r" \(\d+\)$", "", match.heading)
        again = [each for each in cells if re.fullmatch(rf"{re.escape(first)} \(\d+\)", each)]
        if first not in cells or not again or match.why == "as stated" or match.column in stated:
            continue
        if any(cells[each] != cells[first] for each in again):
            questions.append(
                f"'{first}' stands {len(again) + 1} times over other cells, and one of them is "
                f"'{match.column}'. Say --set {match.column}='{{{first}}}' or '{{{again[0]}}}'."
            )


def _may_stay_open(name: str, spec: typing.Any) -> bool:
    """Whether `--set name=` may leave a column unfilled."""
    return name in spec.columns and not spec.columns[name].required


def _amounts(
    recognised: Recognised,
    cells: dict[str, list[Cell]],
    stated: dict[str, str],
    questions: list[str],
) -> None:
    """Ask for amounts that a heading may hold: gross ones, those of two headings that only their
    currency or scale tells apart, and any that the export does not write so."""
    spec, export = recognised.table.spec, recognised.export
    matched = {match.column: match for match in recognised.matches}
    used = {match.heading for match in recognised.matches}
    for name, column in spec.columns.items():
        if column.type != "money" or name in stated or name in recognised.constants:
            continue
        match = matched.get(name)
        if match is not None and match.why == "as stated":
            continue
        if match is None:
            wanted = export is not None and not export.refused and name in export.columns
            may_be = [each for each in cells if each not in used and recognition.may_be(name, each)]
            told = may_be if wanted else []
            why = "is not called as the export calls it"
        elif match.why == recognition.GROSS:
            told, why = [match.heading], recognition.GROSS.removeprefix("it ")
        else:
            bare = vocabulary.folded(profiles.without_unit(match.heading))
            told = [each for each in cells
                    if vocabulary.folded(profiles.without_unit(each)) == bare]  # fmt: skip
            told, why = (told if len(told) > 1 else []), "stands beside another one of it"
        if told:
            questions.append(
                f"'{name}' ({column.about}) may be {' or '.join(map(repr, told[:4]))}, which "
                f"{why}. "
                f"Say --set {name}='{{{told[0]}}}' if it is, or --set {name}= to leave it out."
            )


_OF_CURRENCY = re.compile(r"\b(\w*currency|\w*wahrung\w*|devise|moneda|moeda|ccy|whg)\b")


def _currency_column(
    recognised: Recognised,
    money: list[Match],
    decided: dict[str, profiles.Decision],
    cells: dict[str, list[Cell]],
    questions: list[str],
) -> None:
    """Ask where a column says another currency than the amounts do, or may say theirs unused; a
    sign in it becomes its code."""
    match = next((each for each in recognised.matches if each.column == "currency"), None)
    if match is None:
        used = {each.heading for each in recognised.matches}
        for heading, column in cells.items():
            told = {str(cell).strip() for cell in column if cell is not None} - {""}
            shows = told and all(profiles.is_currency(each) for each in told)
            if (
                heading not in used
                and told
                and (shows or _OF_CURRENCY.search(vocabulary.folded(heading)))
            ):
                questions.append(
                    f"'{heading}' ('{min(told)}') may say the currency of the amounts. Say --set "
                    f"currency='{{{heading}}}' if it does, else --set currency=EUR (say)."
                )
        return
    if match.heading not in cells or match.column not in decided:
        return
    words = decided["currency"].settings.get("words", {})
    told = {str(cell).strip() for cell in cells[match.heading] if cell is not None} - {""}
    told -= {each for each in told if each.lower() in profiles.MISSING_TEXT}
    for sign in sorted(told - set(words)):
        code = profiles.currency_of(sign)
        if code is None and sign.upper() not in profiles.codes():
            questions.append(
                f"'{sign}' in '{match.heading}' is no code of a currency. Say --set "
                f"'currency.words.{sign}=EUR' (say)."
            )
        elif code and code != sign:
            decided["currency"].settings["words"] = words = {**words, sign: code}
    codes = {words.get(each, each).upper() for each in told}
    for each in money:
        shown = profiles.currency_in(each.heading)[0]
        shown = shown or (decided[each.column].currency if each.column in decided else None)
        if shown and codes - {shown}:
            questions.append(
                f"'{each.heading}' is {shown}, and '{match.heading}' says "
                f"{', '.join(sorted(codes - {shown}))}. Say --set currency={shown} if the amounts "
                f"are, else name another heading (--set {each.column}=...)."
            )


def _currency(
    money: list[Match],
    decided: dict[str, profiles.Decision],
    settings: Settings,
    assumptions: list[Assumption],
    questions: list[str],
) -> str | None:
    """The one currency that cells and headings show, else the organization's own; a question where
    they show several, or a sign that is several currencies'."""
    own = settings.organization.currency
    shown: dict[str, str] = {}
    open_signs: dict[str, str] = {}
    for match in money:
        found = decided.get(match.column)
        code, sign = profiles.currency_in(match.heading)
        if code:
            shown[code] = f"heading '{match.heading}'"
        elif sign:
            open_signs[sign] = match.heading
        if found is not None and found.currency:
            shown[found.currency] = f"'{found.sign}' in '{match.heading}'"
        elif found is not None and found.sign:
            open_signs[found.sign] = match.heading
    odd = {sign: heading for sign, heading in open_signs.items()
           if not any(profiles.may_be(sign, code) for code in shown)}  # fmt: skip
    if len(shown) > 1 or (shown and odd):
        told = ", ".join(f"{code} ({why})" for code, why in shown.items())
        told += "".join(f", '{sign}' in '{heading}'" for sign, heading in odd.items())
        questions.append(
            f"amounts show several currencies: {told}. Leave one out, map a column of codes to "
            "'currency', or say --set currency= if they are one."
        )
        return None
    if shown:
        ((code, why),) = shown.items()
        assumptions.append(Assumption(f"amounts are {code}", why))
        return code
    for sign, heading in open_signs.items():
        if not profiles.may_be(sign, own):
            questions.append(
                f"'{sign}' in '{heading}' is a sign of several currencies, and not of {own}, the "
                "organization's own. Say --set currency=USD (say)."
            )
            return None
    why = "the organization's own (or --set currency=)"
    why = f"'{next(iter(open_signs))}' is its sign, and it is {why}" if open_signs else (
        f"the file names no currency; {why}"
    )  # fmt: skip
    assumptions.append(Assumption(f"amounts are {own}", why))
    return own


def _with_words(
    decision: profiles.Decision,
    match: Match,
    column: Column,
    cells: list[Cell],
    own: dict[str, typing.Any],
) -> None:
    """The export's own words, all of them: next month's file may hold others; and a question for
    each word that has no meaning."""
    stated = own.get("words", {})
    words = {**match.words, **decision.settings.get("words", {})}
    low = {word.lower() for word in stated}
    words = {word: meant for word, meant in words.items() if word.lower() not in low}
    words |= {word: meant for word, meant in stated.items() if meant}
    if words:
        decision.settings["words"] = words
    if not column.words:
        if unknown := [word for word, meant in stated.items() if not meant]:
            missing = decision.settings.get("missing", ())
            decision.settings["missing"] = list(dict.fromkeys([*missing, *unknown]))
        for word in unknown:
            decision.assume(f"'{word}' in '{match.heading}' is unknown", "as stated")
        return
    known = {word.strip().lower() for word in (*words, *stated, *column.words)}
    known |= profiles.MISSING_TEXT | {"", *(str(m) for m in decision.settings.get("missing", ()))}
    there = {str(cell).strip().lower(): str(cell).strip() for cell in cells if cell is not None}
    odd = [word for low, word in there.items() if low not in known]
    for word in (word for word, meant in stated.items() if not meant):
        decision.assume(f"'{word}' in '{match.heading}' goes to quarantine", "as stated")
    if odd:
        decision.questions.append(
            f"'{match.column}' is one of {', '.join(column.words)}, and '{match.heading}' has "
            f"other words. Say what each means, or nothing (=) where its rows stay out: "
            f"{_ways(match.column, odd)}"
        )


def _ways(column: str, words: list[str]) -> str:
    """The answers that give words a meaning, as they are typed."""
    told = " ".join(f"--set '{column}.words.{word}=...'" for word in words[:20])
    return told + (f" (and {len(words) - 20} more)" if len(words) > 20 else "")


def _stated_words(stated: dict[str, str], column: str) -> list[str]:
    """The words of a column that a person gave a meaning (`channel.words.Kampagnen=email`)."""
    start = f"{column}.words."
    return [key.removeprefix(start) for key in stated if key.startswith(start)]


def _counted_as_unknown(
    match: Match, cells: list[Cell], stated: dict[str, str]
) -> list[Assumption]:
    """Say which of the vendor's channels are none of ours."""
    if match.column != "channel":
        return []
    open_ = {word.lower(): word for word, meant in match.words.items() if meant == "unknown"}
    there = {str(cell).strip().lower() for cell in cells}
    said = {word.lower() for word in _stated_words(stated, match.column)}
    found = [word for low, word in open_.items() if low in there - said]
    return [
        Assumption(
            f"'{word}' in '{match.heading}' counts as channel 'unknown'",
            f"it is no one channel of ours, or --set 'channel.words.{word}=...'",
        )
        for word in found
    ]  # fmt: skip


def _words_of(cells: list[Cell]) -> list[str]:
    return sorted({str(cell).strip() for cell in cells if str(cell or "").strip()})


def _networks(
    decision: profiles.Decision, match: Match, cells: list[Cell], own: dict[str, typing.Any]
) -> None:
    """What any export calls a network is that one; a word with a network's name in it is asked."""
    said = {word.lower() for word in (*match.words, *own.get("words", {}))}
    told = {str(cell).strip() for cell in cells if cell is not None}
    told = {each for each in told if each.lower() not in said | recognition.NETWORKS}
    known = {each: vocabulary.networks().get(each.lower()) for each in sorted(told)}
    if words := {each: name for each, name in known.items() if name}:
        decision.settings["words"] = {**decision.settings.get("words", {}), **words}
        listed = ", ".join(f"'{each}' is {name}" for each, name in words.items())
        decision.assume(f"in '{match.heading}' {listed}", "as exports call it")
    for each in (word for word, name in known.items() if name is None):
        if recognition.NETWORKS & set(re.findall(r"\w+", each.lower())):
            decision.questions.append(
                f"'{each}' in '{match.heading}' has the name of a network in it. Say --set "
                f"'network.words.{each}=linkedin' (say)."
            )


def _without(cells: list[Cell], words: typing.Iterable[str]) -> list[Cell]:
    known = {word.strip().lower() for word in words}
    return [cell for cell in cells if str(cell).strip().lower() not in known]


def _by_library(
    export: vocabulary.Export,
    match: Match,
    cells: list[Cell],
    stated: dict[str, str],
    excluded: dict[str, list[str]],
    questions: list[str],
) -> list[Cell]:
    """The cells of rows that the export's words do not leave out; those words into `excluded`."""
    filled = export.columns.get(match.column)
    stated_words = _stated_words(stated, match.column)
    if match.column == "channel" and match.words:
        known = {*match.words, *match.words.values(), *stated_words}
        if odd := _words_of(_without(cells, known)):
            questions.append(
                f"'{odd[0]}' in '{match.heading}' is no channel that the export's words lead to "
                "one of ours. Say what each means, or nothing (=) where it is not known: "
                f"{_ways(match.column, odd)}"
            )
    if not isinstance(filled, vocabulary.Filled) or not filled.out:
        return cells
    low = {word.lower() for word in stated_words}
    out = [word for word in filled.out if word.lower() not in low]
    unclear = [word for word in filled.unclear if word.lower() not in low]
    there = {str(cell).strip().lower() for cell in cells}
    came = there & {word.lower() for word in filled.words}
    if unclear and came and match.column not in stated:
        out += unclear
    elif found := [word for word in unclear if word.lower() in there]:
        questions.append(
            f"'{sorted(found)[0]}' in '{match.heading}' says who was expected, and no row says who "
            f"came. Say --set {match.column}=... if these count."
        )
    if filled.unclear:  # a row that is none of the contract's, not one of an unknown kind
        out += [word for word in stated_words if not stated[f"{match.column}.words.{word}"]]
    left = _without(cells, out)
    known = {*filled.words, *unclear, *filled.words.values(), *stated_words}
    if filled.unclear and (odd := _words_of(_without(left, known))):
        questions.append(
            f"'{odd[0]}' in '{match.heading}' is no word that the export knows for "
            f"'{match.column}'. Say what each means, or nothing (=) where its rows stay out: "
            f"{_ways(match.column, odd)}"
        )
    excluded[match.heading] = out
    return left


def _settled(
    export: vocabulary.Export,
    match: Match,
    cells: dict[str, list[Cell]],
    decision: profiles.Decision,
    stated: dict[str, str],
    questions: list[str],
) -> str | None:
    """What the library says of how an export writes a column: percents, the days a row covers.
    The period that a row is, where it is none of a day."""
    filled = export.columns.get(match.column)
    times = filled.multiply if isinstance(filled, vocabulary.Filled) else None
    if times is not None and not decision.settings.get("percent"):
        decision.settings["multiply"] = times
        if f"{match.column}.multiply" not in stated:
            _as_percents(match, times, cells.get(match.heading, []), decision)
    own = cells.get(match.heading, [])
    if isinstance(filled, vocabulary.Filled) and filled.looks and filled.dates:
        zones = {found["zone"] for cell in _words_of(own)
                 if (found := re.fullmatch(filled.looks, cell))}  # fmt: skip
        if zones:
            decision.settings["dates"] = [filled.dates + zone for zone in sorted(zones)]
    names = {vocabulary.folded(each) for each in export.until.get(match.column, ())}
    last = next((heading for heading in cells if vocabulary.folded(heading) in names), None)
    if last is None:
        return None
    decision.settings["until"] = last
    pairs = [
        (a, b)
        for a, b in zip(cells.get(match.heading, []), cells[last], strict=False)
        if str(a or "").strip() and str(b or "").strip()
    ]
    longer = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if longer is None or "period" in stated:
        return None
    forms = decision.settings.get("dates", ())
    forms = (forms,) if isinstance(forms, str) else tuple(forms)
    days = [(_day(a, forms), _day(b, forms)) for a, b in pairs]
    if all(a and b and a.weekday() == 0 and (b - a).days == 6 for a, b in days):
        return "week"
    questions.append(
        f"a row covers {longer[0]} to {longer[1]} ('{match.heading}', '{last}'), and the contract "
        "knows days and weeks. Ask for the report by day, or by week from Monday to Sunday."
    )
    return None


def _is_week(
    recognised: Recognised,
    match: Match,
    cells: list[Cell],
    decision: profiles.Decision,
    stated: dict[str, str],
    questions: list[str],
) -> bool:
    """Whether rows are weeks: their days' cells or heading say so, and the contract takes weeks. A
    question where they are months, or weeks of other days, or the contract knows days only."""
    spec = recognised.table.spec
    is_day = match.column == spec.event or match.column in spec.key
    if not is_day or match.column in ("month", "week_start") or "period" in stated:
        return False
    if recognised.table.spec.columns[match.column].type != "date":
        return False
    period = spec.columns.get("period")
    weeks = period is not None and "week" in period.words
    told = [cell for cell in cells if cell is not None and str(cell).strip()]
    covers, example = decision.covers or ("", str(told[0]) if told else "")
    named = profiles.names_weeks(match.heading)
    other = next((cell for cell in told if not profiles.week_of(str(cell).strip(), named)), None)
    if covers == "week" and other is not None:
        questions.append(
            f"'{example}' in '{match.heading}' is a week, and '{other}' is none: send the weeks as "
            "a file of their own."
        )
        return False
    forms = decision.settings.get("dates", ())
    days = {_day(cell, (forms,) if isinstance(forms, str) else tuple(forms)) for cell in told}
    if not covers and profiles.names_months(match.heading):
        covers = "month" if days and all(day and day.day == 1 for day in days) else ""
    if not covers and named and days - {None}:
        odd = next((day for day in days if day and day.weekday()), None)
        if odd is not None:
            questions.append(
                f"'{match.heading}' names weeks, and {odd} is no Monday. Ask for the report by "
                "day, or by week from Monday to Sunday; say --set period=day if rows are days."
            )
            return False
        covers = "week"
    filled = {each.column for each in recognised.matches} | set(recognised.constants)
    if covers == "month" or (covers and not weeks):
        more = ", or by week from Monday to Sunday" if weeks else ""
        questions.append(
            f"'{example}' in '{match.heading}' is a {covers}, and the contract knows days"
            f"{' and weeks' if weeks else ''}: all of it would be booked on one. Ask for the "
            f"report by day{more}."
        )
    return covers == "week" and weeks and "period" not in filled


def _as_percents(
    match: Match, times: float, cells: list[Cell], decision: profiles.Decision
) -> None:
    """Say by what a certain 100 becomes 1; ask where a number is a share already."""
    marks = (decision.settings.get("decimal", "."), decision.settings.get("thousands", ""))
    told = {str(cell).strip() for cell in cells if cell is not None} - {""}
    numbers = {each: profiles.read(profiles.bare(each).text, *marks) for each in told}
    known = {each: abs(number) for each, number in numbers.items() if number}
    part = next((each for each in sorted(known) if known[each] < 1), None)
    if known and (part is not None or max(known.values()) == 1):
        decision.questions.append(
            f"'{part or min(known)}' in '{match.heading}' may be a share of 1 or percents. Say "
            f"--set {match.column}.multiply=1 if 1 is certain, --set "
            f"{match.column}.multiply={times} if 100 is."
        )
    elif known:
        decision.assume(
            f"'{match.heading}' is multiplied by {times}", "the export writes 100 for certain"
        )


def _day(cell: Cell, forms: tuple[str, ...]) -> dt.date | None:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    for form in (*forms, "%Y-%m-%d"):
        try:
            return dt.datetime.strptime(str(cell).strip(), form).date()  # noqa: DTZ007
        except ValueError:
            continue
    return None


def _answers(cells: list[Cell], words: typing.Iterable[str]) -> bool | None:
    """Whether a column holds answers on a scale (numbers of 0 to 10, or the export's words); None
    where only some of its cells are such."""
    told = [str(c).strip() for c in cells if c is not None and str(c).strip()]
    known = {word.lower() for word in words}
    fits = [
        each.lower() in known or bool(re.fullmatch(r"(10|[0-9])([.,]0)?", each)) for each in told
    ]
    if not told or not any(fits):
        return False
    return True if all(fits) else None


def _of_months(
    recognised: Recognised, headings: tuple[str, ...], stated: dict[str, str]
) -> vocabulary.Wide | None:
    """How a table whose headings are months (weeks, days) becomes rows, where the contract has a
    day or month that nothing else fills; named apart from the table's own headings."""
    spec = recognised.table.spec
    filled = {match.column for match in recognised.matches} | set(recognised.constants) | {*stated}
    if recognised.export is not None or not spec.event or spec.event in filled:
        return None
    if spec.columns[spec.event].type != "date" or len(_dated(headings)) < 2:
        return None
    own = {mapping.normal(heading) for heading in headings}
    name, value = (each if each not in own else f"{each} (column)" for each in ("month", "value"))
    return vocabulary.Wide(name, value)


def _dated(headings: tuple[str, ...]) -> list[str]:
    """The headings that are months, weeks or days with their year."""
    found = [heading for heading in headings if layouts.MONTHS.fullmatch(heading)]
    return [h for h in found if profiles.form_of(h)[0] or re.fullmatch(r"\d{4}-\d{2}-\d{2}", h)]


def _long(
    recognised: Recognised,
    wide: vocabulary.Wide | None,
    stated: dict[str, str],
    questions: list[str],
) -> Recognised:
    """With the day that such headings are, and the one measure that their cells can be; a question
    where it may be several."""
    if wide is None:
        return recognised
    spec = recognised.table.spec
    matches = [*recognised.matches, Match(str(spec.event), wide.name, 1.0, "wide to long")]
    filled = {match.column for match in matches} | set(recognised.constants) | set(stated)
    open_ = [
        name for name, column in spec.columns.items()
        if column.type in profiles.NUMERIC and name not in filled
    ]  # fmt: skip
    if not any(match.heading == wide.value for match in matches):
        if len(open_) == 1:
            matches.append(Match(open_[0], wide.value, 0.9, "the only measure that is left"))
        else:
            questions.append(
                f"headings are months, and their cells may be {', '.join(open_[:12])}. Say --set "
                f"{(open_ or ['spend'])[0]}='{{{wide.value}}}' (say)."
            )
    found = {match.column for match in matches}
    lacking = {name: why for name, why in recognised.lacking.items() if name not in found}
    return recognised._replace(matches=tuple(matches), lacking=lacking)


def _wide(
    table: layouts.Table,
    recognised: Recognised,
    cells: dict[str, list[Cell]],
    stated: dict[str, str],
    assumptions: list[Assumption],
    questions: list[str],
    months_wide: vocabulary.Wide | None,
) -> tuple[dict[str, typing.Any] | None, dict[str, list[str]]]:
    """The unpivot of a wide table, and its virtual headings -> headings of the file."""
    export = recognised.export
    wide = months_wide or (export.wide if export is not None else None)
    if wide is None and (export is None or not export.unpivot):
        return None, {}
    headings = table.layout.headings
    if wide is not None:
        groups = (
            _dated(headings) if months_wide
            else [each for each in headings if layouts.MONTHS.fullmatch(each)]
        )  # fmt: skip
        form, _, _ = profiles.form_of(groups[0]) if groups else (None, None, "")
        either = profiles.open_year(groups)
        if either is not None:
            questions.append(
                f"the heading '{either}' may be a day of that month or a month of that year. Write "
                "it with a year of four digits at the source, or its day, too (2026-08-10)."
            )
        named = {w for each in groups for w in re.findall(r"[^\W\d_]{3,}", each)}
        language = months.language_of(named)
        if form is None and groups and re.fullmatch(r"\d{4}-\d{2}-\d{2}", groups[0]):
            form = "%Y-%m-%d"
        unpivot: dict[str, typing.Any] = {"name": wide.name, "value": wide.value}
        dated = [g for g in groups if form and mapping.day_of(g, form, language)]
        if form and len(dated) == len(groups):
            unpivot["dates"] = form
            if language is not None:
                unpivot["language"] = language
        else:
            unpivot["columns"] = groups
        why = "their headings are months"
    else:
        assert export is not None and export.unpivot is not None
        wide = export.unpivot
        used = {match.heading for match in recognised.matches}
        told = {folded for each in export.needs for folded in map(vocabulary.folded, each)}
        groups = [
            h for h in headings if h not in used and vocabulary.folded(h) not in told
            and not vocabulary.known(h)
        ]  # fmt: skip
        column = next(m.column for m in recognised.matches if m.heading == wide.value)
        filled = export.columns[column]
        assert isinstance(filled, vocabulary.Filled)
        words = {*filled.words, *_stated_words(stated, column)}
        fits = {
            h: False
            if NO_QUESTION.search(h) and len(h.split()) < 4
            else _answers(_without(cells.get(h, []), filled.out), words)
            for h in groups
        }
        for heading in [h for h, is_scale in fits.items() if is_scale is None]:
            odd = [
                each for each in _words_of(_without(cells[heading], filled.out))
                if not _answers([each], words)
            ]  # fmt: skip
            questions.append(
                f"'{heading}' holds answers on a scale, and '{odd[0]}', which is none that the "
                "library knows. Correct the cell, or say what each means, or nothing (=) where it "
                f"is no answer: {_ways(column, odd)}"
            )
        left = [h for h, is_scale in fits.items() if is_scale is False]
        if left:
            assumptions.append(Assumption(
                f"no questions, left out: {', '.join(left)}", "they hold no answers on a scale"
            ))  # fmt: skip
        groups = [h for h, is_scale in fits.items() if is_scale is not False]
        if not groups:
            questions.append("no column holds answers on a scale (0 to 10, or words of agreement).")
        unpivot = {"name": wide.name, "columns": [_escaped(h) for h in groups], "value": wide.value}
        why = f"they hold answers on a scale: {'; '.join(groups)}"
    if not groups:
        return None, {}
    assumptions.append(Assumption(
        f"{len(groups)} columns become rows ('{groups[0]}' ... '{groups[-1]}')", why
    ))  # fmt: skip
    return unpivot, {wide.name: groups, wide.value: groups}


def _identifying(
    recognised: Recognised,
    constants: dict[str, typing.Any],
    cells: dict[str, list[Cell]],
    assumptions: list[Assumption],
    questions: list[str],
) -> tuple[str, ...]:
    """The headings that a `{content_key}` would be made of, none where they do not tell rows
    apart; says so where there is one."""
    filled = {match.column: (match.heading,) for match in recognised.matches if match.heading}
    slots = {
        name: tuple(mapping.slots(value)) for name, value in constants.items()
        if isinstance(value, str) and "{" in value
    }  # fmt: skip
    found = mapping.identifying(recognised.table, filled | slots)
    found = tuple(heading for heading in found if heading in cells)
    rows = list(zip(*(cells[heading] for heading in found), strict=True))
    # Rows that agree are counted apart, which tells them from each other only in their order.
    tells = len(set(rows)) >= 0.9 * len(rows) > 0
    used = [name for name, value in slots.items() if mapping.CONTENT_KEY in value] + [
        match.column for match in recognised.matches
        if match.template and mapping.CONTENT_KEY in mapping.slots(match.template)
    ]  # fmt: skip
    if used and found:
        alike = len(rows) - len(set(rows))
        assumptions.append(Assumption(
            f"'{used[0]}' is made of {', '.join(map(repr, found))}",
            "numbers and words of state may change"
            + (f"; {alike:,} rows say the same as another one there, and are counted" if alike
               else ""),
        ))  # fmt: skip
    elif used:
        questions.append(
            f"'{used[0]}' cannot be made of what a row says: no day, text, link or name of it is "
            "mapped. Export the file with its ids."
        )
    return found if tells else ()


def _open(
    path: Path,
    recognised: Recognised,
    stated: dict[str, str],
    questions: list[str],
    is_named: bool,
    identifying: tuple[str, ...],
) -> None:
    """Add to the questions what a person must say."""
    name = recognised.table.name
    if recognised.export is not None and recognised.export.refused:
        questions.append(f"not taken: {recognised.export.refused}.")
    if not is_named and recognised.export is None and recognised.confidence < recognition.SURE:
        others = f" or {', '.join(recognised.rivals)}" if recognised.rivals else ""
        questions.append(
            f"it may be '{name}'{others} (confidence {recognised.confidence:.2f}). Say which "
            f"with --contract {name}."
        )
    for column, why in recognised.lacking.items():
        if column not in stated:
            spec_ = recognised.table.spec.columns[column]
            about = spec_.about
            is_snapshot = column in recognition.CONSTANTS and spec_.type == "date"
            if is_snapshot and (day := mapping.date_in_name(path.name)) is not None:
                questions.append(
                    f"'{column}' ({about}) is missing: {why}. Say --set {column}='{{file_date}}' "
                    f"if it is the day in the file's name ({day})."
                )
                continue
            if is_snapshot:
                questions.append(
                    f"'{column}' ({about}) is missing: {why}, and the file's name holds no day. "
                    f"{_with_day(path, column, True)}"
                )
                continue
            hint = f"{column}=..."
            if column.endswith("_id") and identifying:
                hint = f"{column}='{{content_key}}' (of {', '.join(map(repr, identifying))})"
            questions.append(f"'{column}' ({about}) is missing: {why}. Say --set {hint}")
    spec = recognised.table.spec
    for match in recognised.matches:
        column = spec.columns[match.column]
        needed = column.required or match.column in spec.key or column.type == "money"
        if match.why == recognition.PART and needed and match.column not in stated:
            questions.append(
                f"'{match.column}' ({spec.columns[match.column].about}) may be '{match.heading}': "
                f"{match.why}, and nothing says more. Say --set {match.column}="
                f"'{{{match.heading}}}' if it is, else what it is."
            )
        wants_day = match.template == "{file_date}" and match.column not in stated
        if wants_day and mapping.date_in_name(path.name) is None:
            questions.append(
                f"'{match.column}' is the day of the export, and the file's name holds none. "
                f"{_with_day(path, match.column, False)}"
            )


def _with_day(path: Path, column: str, is_to_be_said: bool) -> str:
    """How a day that no file tells is told without one export taking the place of another."""
    stem, dot, suffix = path.name.partition(".")
    said = f" and say --set {column}='{{file_date}}'" if is_to_be_said else ""
    return (
        f"Put it into the name ({stem}_2026-09-30{dot}{suffix}, say){said}: then the next export "
        f"is kept beside this one. --set {column}=2026-09-30 (say) holds for this very file only."
    )


def _entry(
    path: Path,
    table: layouts.Table,
    recognised: Recognised,
    decided: dict[str, profiles.Decision],
    keys: dict[str, str],
    said: dict[str, typing.Any],
    stated: dict[str, str],
    constants: dict[str, typing.Any],
    unpivot: dict[str, typing.Any] | None,
    several: bool,
    files: str,
) -> dict[str, typing.Any]:
    """The entry as it is written, shared settings once."""
    spec = recognised.table.spec
    plain = {k: v for k, v in constants.items() if not (isinstance(v, str) and "{" in v)}
    told = Entry(feed=recognised.table.name, files=path.name, constants=plain)
    own_day = bool(mapping.told_days(told, recognised.table))
    entry: dict[str, typing.Any] = {
        "feed": recognised.table.name,
        "files": _escaped(path.name) if own_day else files,
        "layout": "detect",
    }
    if own_day:  # of another export it would be the wrong one
        entry["content"] = feeding.content(path)
    if recognised.export is not None:
        entry["export"] = recognised.export.name
        if recognised.export.repeated is not None:
            entry["repeated"] = recognised.export.repeated
    else:
        entry["headings"] = "named"
    entry |= _typed_keys(keys)
    if several and table.decimal_is_typed and "sheet" not in entry:
        entry["sheet"] = table.sheet
        if table.name != table.sheet:
            entry["report"] = table.name
    elif several and not table.decimal_is_typed and "report" not in entry:
        needs = recognised.export is not None
        if not needs:
            entry["report"] = table.name
    shared = {**said}
    for key in ("decimal", "thousands", "dates", "time_zone", "language"):
        values = [
            decision.settings[key] for decision in decided.values() if key in decision.settings
        ]
        if key not in shared and values and all(value == values[0] for value in values):
            shared[key] = values[0]
        elif key not in shared and values:
            continue
        for decision in decided.values():
            if decision.own and key in ("decimal", "thousands"):
                continue
            if key in shared and decision.settings.get(key) == shared[key]:
                decision.settings.pop(key)
    if unpivot is not None and "language" in unpivot:
        language = unpivot.pop("language")
        if language != "en":
            shared.setdefault("language", language)
    entry |= {key: value for key, value in shared.items() if value != ""}
    if "decimal" in shared and shared.get("thousands") == "":
        entry.pop("thousands", None)
    templates = {k: v for k, v in constants.items() if isinstance(v, str) and "{" in v}
    constants = {name: value for name, value in constants.items() if name not in templates}
    if constants:
        entry["constants"] = {name: _plain(value) for name, value in constants.items()}
    if unpivot is not None:
        entry["unpivot"] = unpivot
    columns: dict[str, typing.Any] = {}
    for match in recognised.matches:
        if match.column in constants or match.column in templates:
            continue
        if match.template is not None:
            columns[match.column] = {"template": match.template}
            continue
        settings = decided[match.column].settings if match.column in decided else {}
        columns[match.column] = {"from": match.heading, **settings} if settings else match.heading
    for name, value in templates.items():
        columns[name] = {"template": value, **_own(stated, name, spec.columns[name])}
    entry["columns"] = columns
    return entry


def _read(entry: dict[str, typing.Any]) -> set[str]:
    """The headings that an entry uses, those apart that become rows."""
    found = set(entry.get("exclude", ()))
    for told in entry["columns"].values():
        told = {"from": told} if isinstance(told, str) else told
        found |= {told[key] for key in ("from", "until") if key in told}
        found |= set(mapping.slots(told.get("template", "")))
    return found


def _plain(value: typing.Any) -> typing.Any:
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def pattern(path: Path, is_alike: Callable[[Path], bool] = lambda other: False) -> str:
    """A glob for this file and those of other months: numbers and months in its name may differ.
    The name itself where that takes a file that is there already and is not alike."""
    name, suffix = path.name, "".join(path.suffixes[-2:] if path.suffix == ".gz" else [path.suffix])
    stem = re.sub(r" ?\(\d+\)$", "\0", name.removesuffix(suffix))
    marked = _months().sub("\0", stem)
    gap = r"[-_. ,()]*"
    if re.search(r"[^\W\d_]", re.sub(rf"\0|{_BETWEEN}", "", marked)):
        marked = re.sub(r"\d+", "\0", marked)
        marked = re.sub(rf"\0({gap}({_BETWEEN})?{gap}\0)*", "\0", marked)
    else:  # nothing but days: what stands between them tells them from other names
        marked = re.sub(r"\d+", "\1", marked)
    glob = _escaped(marked).replace("\0", "*").replace("\1", "[0-9]*") + _escaped(suffix)
    if "*" not in glob:
        return glob
    others = [each for each in path.parent.glob(glob) if each != path and each.is_file()]
    return glob if all(map(is_alike, others)) else _escaped(name)


_BETWEEN = r"(?<![^\W_])(?:to|bis|au|a|al|hasta|até|until|through)(?![^\W_])"


def _months() -> re.Pattern[str]:
    """A month's name: whole, or short beside a number."""
    named = {name for language in months.LANGUAGES for name in months.names(language)}
    named = {re.escape(name) for name in named if name.isalpha()}
    short = "|".join(sorted((each for each in named if len(each) <= 5), key=len, reverse=True))
    whole = "|".join(sorted((each for each in named if len(each) > 3), key=len, reverse=True))
    gap = r"[-_. ']?"
    return re.compile(
        rf"(?i)(?<![^\W\d_])(?:(?:{whole})(?![^\W\d_])|(?:{short})\.?(?={gap}\d\d)"
        rf"|(?<=\d)(?:{short})(?![^\W\d_])|(?<=\d[-_. '])(?:{short})(?![^\W\d_]))"
    )


def _is_alike(
    other: Path,
    table: layouts.Table,
    export: vocabulary.Export | None,
    keys: dict[str, str],
    apart: list[Path],
) -> bool:
    """Whether another file may be named by the same pattern: it has a table with the same headings,
    or of the same export, or is of another known export (then it goes into `apart`, too)."""
    keys = {key: value for key, value in keys.items() if key != "report"}
    hint = house.checked(
        {"feed": next(iter(mapping.feeds())), "files": other.name, "layout": "detect",
         **_typed_keys(keys)},
        Entry, Path(other.name),
    )  # fmt: skip
    wanted = {vocabulary.folded(heading) for heading in table.layout.headings}
    try:
        if grids.kind(other, hint.member) == "parquet":
            tables = [_parquet(other)]
        else:
            tables = layouts.detected(other, hint, frozenset(), vocabulary.known)
    except (MappingError, OSError, UnicodeError):
        return False
    if any({vocabulary.folded(h) for h in each.layout.headings} == wanted for each in tables):
        return True
    if export is None:
        return False
    found = {recognition.export_of(each.layout.headings) for each in tables} - {None}
    if found and export.name not in found:
        apart.append(other)
    return bool(found)


def _escaped(name: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", name)


def _as_mapping(path: Path, proposal: Proposal) -> Mapping:
    entry = house.checked(proposal.entry, Entry, path.parent / "mapping.yml")
    return mapping.made(entry, path.parent, "the proposal")


def _explain(path: Path, proposal: Proposal, say: Callable[[str], None]) -> None:
    recognised = proposal.recognised
    what = recognised.export.about if recognised.export else "no known export"
    name = recognised.export.name if recognised.export else "-"
    say(f"{path.name}{'' if proposal.table.name == '1' else f' [{proposal.table.name}]'}")
    say(f"  recognised as: {name} ({what})")
    say(
        f"  contract: {recognised.table.name}, confidence {recognised.confidence:.2f}: "
        f"{recognised.why}"
    )
    files = proposal.entry["files"]
    takes = sorted(each.name for each in path.parent.glob(files) if each.is_file())
    more = f" and {len(takes) - 5} more" if len(takes) > 5 else ""
    say(f"  files: {files} (takes {', '.join(takes[:5])}{more})")
    wider = pattern(path, lambda other: True)
    odd = sorted({each.name for each in path.parent.glob(wider)} - {*takes})
    if odd:
        say(f"  not {wider}: {odd[0]} would be taken, too, and has other headings")
    if recognised.rivals:
        say(f"  it could also be: {', '.join(recognised.rivals)}")
    for match in recognised.matches:
        source = match.template or f"'{match.heading}'"
        say(f"  {match.column} <- {source} ({match.why}, {match.score:.2f})")
    days = mapping.told_days(_as_mapping(path, proposal).entry, recognised.table)
    for name, value in proposal.entry.get("constants", {}).items():
        only = " (of this very file: another one under its name is refused)"
        say(f"  {name} <- always '{value}'{only if name in days else ''}")
    for name, told in proposal.entry.get("columns", {}).items():
        if isinstance(told, dict) and name not in {match.column for match in recognised.matches}:
            say(f"  {name} <- {told.get('template')} (as stated)")
    for heading in proposal.unused:
        column = recognition.called(recognised.table, heading)
        is_open = column is not None and column not in {
            *proposal.entry["columns"], *proposal.entry.get("constants", {})
        }  # fmt: skip
        hint = f" (--set '{column}={{{heading}}}' takes it as '{column}')" if is_open else ""
        say(f"  not used: {heading}{hint}")
    for assumption in proposal.assumptions:
        say(f"  assumed: {assumption.what} ({assumption.why})")
    for question in proposal.open:
        say(f"  open: {question}")


def write(
    path: Path, entries: list[dict[str, typing.Any]], settings: Settings,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Add entries to the mapping beside the file, and its folder to the settings."""
    target = path.parent / "mapping.yml"
    before = target.read_text(encoding="utf-8") if target.exists() else ""
    text = yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, width=100)
    new = before + ("\n" if before and not before.endswith("\n") else "") + text
    beside = target.with_suffix(".yml.new")
    beside.write_text(new, encoding="utf-8")
    os.replace(beside, target)
    say(f"written: {target}")
    folders = [folder for each in settings.feeds.folders for folder in _matching(each)]
    if path.parent in folders:
        return
    config = Path(os.environ.get("PLUMBLINE_CONFIG") or ROOT / "plumbline.toml")
    config = config if config.is_absolute() else ROOT / config
    _add_folder(config, path.parent)
    say(f"written: {config} ([feeds] folders)")


def _matching(pattern: str) -> list[Path]:
    root, rest = (Path("/"), pattern[1:]) if pattern.startswith("/") else (ROOT, pattern)
    return [each.resolve() for each in root.glob(rest)]


def _add_folder(config: Path, folder: Path) -> None:
    import tomlkit

    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    feeds = document.setdefault("feeds", tomlkit.table())
    name = str(folder.relative_to(ROOT)) if folder.is_relative_to(ROOT) else str(folder)
    folders = feeds.setdefault("folders", tomlkit.array())
    if name in folders:  # for another file of this call
        return
    folders.append(name)
    beside = config.with_suffix(".toml.new")
    beside.write_text(tomlkit.dumps(document), encoding="utf-8")
    os.replace(beside, config)


def spoken(words: list[str]) -> dict[str, str]:
    """`KEY=VALUE` words as a dictionary. Raises ConfigError for a word without '='."""
    found = {}
    for each in words:
        key, mark, value = each.partition("=")
        if not mark:
            raise ConfigError(f"--set {each}: write it as KEY=VALUE.")
        found[key.strip()] = value.strip()
    return found
