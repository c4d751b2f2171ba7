"""`feed FILE`: recognise a file, propose its mapping with reasons and a preview, write it.

Nothing is written while something is open. What is written is an entry of the `mapping.yml` beside
the file; the next build loads it, and next month's file under the same name.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing
from collections.abc import Callable
from pathlib import Path

import yaml

import settings as house
from ingestion import check, grids, layouts, mapping, months, profiles, recognition, vocabulary
from ingestion.grids import Cell
from ingestion.layouts import Assumption
from ingestion.mapping import Entry, Mapping, MappingError
from ingestion.recognition import Match, Recognised
from ingestion.specs import Column
from settings import ROOT, ConfigError, Paths, Settings

ENOUGH = 100_000  # rows that a column is judged by; all others are checked by the preview
_FILE_KEYS = ("encoding", "delimiter", "quote", "sheet", "report", "records", "explode", "member",
              "header_row", "header_rows", "ragged", "totals")  # fmt: skip
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
    if check.fitting(path, settings, data):
        return _MAPPED
    try:
        found = proposals(path, settings, contract, stated)
    except (MappingError, OSError, UnicodeError) as error:
        return f"{error}"
    return found or f"{path.name}: no contract fits. Contracts: {', '.join(mapping.feeds())}."


def _one(
    path: Path,
    found: list[Proposal] | str,
    settings: Settings,
    data: Paths,
    ask: Callable[[str], bool],
    say: Callable[[str], None],
) -> bool:
    path = path.resolve()
    if found == _MAPPED or (isinstance(found, list) and check.fitting(path, settings, data)):
        say(f"{path.name}: {_MAPPED}.")
        return check.check([path], settings, data, say)
    if isinstance(found, str):
        say(found)
        return False
    written = []
    for proposal in found:
        _explain(path, proposal, say)
        if proposal.open:
            continue
        file = check.preview(path, _as_mapping(path, proposal), settings, data, say, False)
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
    if name in _FILE_KEYS:
        kinds = _READ_BY.get(name)
        return kinds is None or grids.kind(path, entry.get("member")) in kinds
    if name == "currency":
        return name in spec.columns
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
            )  # fmt: skip
        )
    known = [each for each in found if each.recognised.export is not None]
    if len(found) > 1 and known:
        return known
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
) -> Proposal:
    spec = recognised.table.spec
    assumptions = list(table.assumptions)
    questions: list[str] = []
    recognised = _chosen(recognised, stated, table.layout.headings)
    marks = tuple(
        found for heading, column in cells.items()
        if (found := profiles.marks_of(heading, column)) is not None
    )  # fmt: skip
    said = {key: _text_or_list(stated.pop(key)) for key in list(stated) if key in _MARK_KEYS}
    orders = tuple(
        found for heading, column in cells.items()
        if (found := profiles.order_of(heading, column)) is not None
    )  # fmt: skip
    context = profiles.Context(marks, orders, settings.organization.time_zone, stated=said)
    unpivot, virtual = _wide(table, recognised, assumptions)
    decided: dict[str, profiles.Decision] = {}
    for match in recognised.matches:
        column = spec.columns[match.column]
        if match.template is not None or match.column in stated:
            continue
        own = cells.get(match.heading)
        if match.heading in virtual:
            own = [cell for each in virtual[match.heading] for cell in cells.get(each, [])]
            if unpivot and match.heading == unpivot["name"]:
                own = list(virtual[match.heading])
        own_said = _own(stated, match.column, column)
        told = context._replace(stated={**said, **own_said})
        decision = profiles.decide(match.column, column, match.heading, own or [], told)
        _with_words(decision, match, column, own or [], own_said)
        _settle(decision, own_said)
        decided[match.column] = decision
        assumptions += decision.assumptions
        questions += decision.questions
    constants = {**recognised.constants, **{k: v for k, v in stated.items() if "." not in k}}
    # What a person states takes the place of what was found.
    recognised = recognised._replace(
        matches=tuple(match for match in recognised.matches if match.column not in constants)
    )
    currencies = {each.currency for each in decided.values() if each.currency}
    filled = {match.column for match in recognised.matches} | set(constants)
    if len(currencies) == 1 and "currency" in spec.columns and "currency" not in filled:
        said.setdefault("currency", currencies.pop())
    money = [m for m in recognised.matches if spec.columns[m.column].type == "money"]
    if money and "currency" in spec.columns and "currency" not in {*filled, *said}:
        said["currency"] = _currency(money, settings, assumptions)
    identifying = _identifying(recognised, constants, cells, assumptions, questions)
    _open(path, recognised, stated, questions, is_named, identifying)
    entry = _entry(path, table, recognised, decided, keys, said, stated, constants, unpivot,
                   several, pattern(path, lambda other: _is_alike(other, table, keys)))  # fmt: skip
    read = {match.heading for match in recognised.matches}
    read |= {each for group in virtual.values() for each in group}
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


def _currency(money: list[Match], settings: Settings, assumptions: list[Assumption]) -> str:
    for match in money:
        code = re.search(r"\b([A-Z]{3})\b", match.heading)
        sign = next((s for s in profiles.CURRENCIES if s in match.heading), None)
        if sign or (code and code[1] in ("EUR", "USD", "GBP", "CHF", "PLN", "BRL", "SEK", "DKK")):
            found = profiles.CURRENCIES[sign] if sign else code[1]  # type: ignore[index]
            assumptions.append(Assumption(f"amounts are {found}", f"heading '{match.heading}'"))
            return found
    found = settings.organization.currency
    assumptions.append(Assumption(
        f"amounts are {found}",
        "the file names no currency; the organization's own (or --set currency=)",
    ))  # fmt: skip
    return found


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
        return
    known = {word.strip().lower() for word in (*words, *stated, *column.words)}
    known |= profiles.MISSING_TEXT | {"", *(str(m) for m in decision.settings.get("missing", ()))}
    there = {str(cell).strip().lower(): str(cell).strip() for cell in cells if cell is not None}
    odd = [word for low, word in there.items() if low not in known]
    for word in (word for word, meant in stated.items() if not meant):
        decision.assume(f"'{word}' in '{match.heading}' goes to quarantine", "as stated")
    if odd:
        told = " ".join(f"--set '{match.column}.words.{word}=...'" for word in odd[:20])
        more = f" (and {len(odd) - 20} more)" if len(odd) > 20 else ""
        decision.questions.append(
            f"'{match.column}' is one of {', '.join(column.words)}, and '{match.heading}' has "
            f"other words. Say what each means, or nothing (=) where its rows stay out: "
            f"{told}{more}"
        )


def _wide(
    table: layouts.Table, recognised: Recognised, assumptions: list[Assumption]
) -> tuple[dict[str, typing.Any] | None, dict[str, list[str]]]:
    """The unpivot of a wide table, and its virtual headings -> headings of the file."""
    export = recognised.export
    if export is None or not (export.wide or export.unpivot):
        return None, {}
    headings = table.layout.headings
    if export.wide:
        wide = export.wide
        groups = [each for each in headings if layouts.MONTHS.fullmatch(each)]
        form, _, _ = profiles.form_of(groups[0])
        named = {w for each in groups for w in re.findall(r"[^\W\d_]{3,}", each)}
        language = months.language_of(named)
        if form is None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", groups[0]):
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
        assert export.unpivot is not None
        wide = export.unpivot
        used = {match.heading for match in recognised.matches}
        told = {folded for each in export.needs for folded in map(vocabulary.folded, each)}
        groups = [
            h for h in headings if h not in used and vocabulary.folded(h) not in told
            and not vocabulary.known(h)
        ]  # fmt: skip
        unpivot = {"name": wide.name, "columns": groups, "value": wide.value}
        why = "no other column of the export is called so"
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
    if not is_named and recognised.export is None and recognised.confidence < recognition.SURE:
        others = f" or {', '.join(recognised.rivals)}" if recognised.rivals else ""
        questions.append(
            f"it may be '{name}'{others} (confidence {recognised.confidence:.2f}). Say which "
            f"with --contract {name}."
        )
    for column, why in recognised.lacking.items():
        if column not in stated:
            about = recognised.table.spec.columns[column].about
            hint = f"{column}=..."
            if column.endswith("_id") and identifying:
                hint = f"{column}='{{content_key}}' (of {', '.join(map(repr, identifying))})"
            questions.append(f"'{column}' ({about}) is missing: {why}. Say --set {hint}")
    spec = recognised.table.spec
    for match in recognised.matches:
        needed = spec.columns[match.column].required or match.column in spec.key
        if match.why == recognition.PART and needed and match.column not in stated:
            questions.append(
                f"'{match.column}' ({spec.columns[match.column].about}) may be '{match.heading}': "
                f"{match.why}, and nothing says more. Say --set {match.column}="
                f"'{{{match.heading}}}' if it is, else what it is."
            )
        wants_day = match.template == "{file_date}" and match.column not in stated
        if wants_day and mapping.date_in_name(path.name) is None:
            questions.append(
                f"'{match.column}' is the day of the export, and the file's name holds none: "
                f"put it into the name, or say --set {match.column}=2026-09-30."
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
    dated = any(match.template == "{file_date}" for match in recognised.matches)
    own_day = dated and "captured_on" in constants
    entry: dict[str, typing.Any] = {
        "feed": recognised.table.name,
        "files": _escaped(path.name) if own_day else files,
        "layout": "detect",
    }
    if recognised.export is not None:
        entry["export"] = recognised.export.name
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


def _is_alike(other: Path, table: layouts.Table, keys: dict[str, str]) -> bool:
    """Whether another file has a table with the same headings."""
    hint = house.checked(
        {"feed": next(iter(mapping.feeds())), "files": other.name, "layout": "detect",
         **_typed_keys({key: value for key, value in keys.items() if key != "report"})},
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
    return any({vocabulary.folded(h) for h in each.layout.headings} == wanted for each in tables)


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
    for name, value in proposal.entry.get("constants", {}).items():
        say(f"  {name} <- always '{value}'")
    for name, told in proposal.entry.get("columns", {}).items():
        if isinstance(told, dict) and name not in {match.column for match in recognised.matches}:
            say(f"  {name} <- {told.get('template')} (as stated)")
    for heading in proposal.unused:
        say(f"  not used: {heading}")
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
