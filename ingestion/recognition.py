"""What a table is: a known export by its headings, else the contract that fits best, and how sure.

A known export names its columns. For any other table headings are held against the contracts'
columns by name (in five languages), by type and by the look of the values. `confidence` is
evaluated in docs/feeds.md: how often a proposal of that confidence was right.
"""

from __future__ import annotations

import functools
import re
import typing
from decimal import Decimal

from ingestion import grids, layouts, profiles, vocabulary
from ingestion.grids import Cell
from ingestion.mapping import feeds
from ingestion.specs import Column, Table
from ingestion.vocabulary import Export, Filled, folded

CONSTANTS = ("system", "network", "survey", "wave", "query", "tool", "channel", "engine",
             "ledger", "account", "platform", "kind", "is_brand", "ownership", "window_days",
             "captured_on", "reporting_currency", "producer", "capability", "campaign",
             "content_type")  # fmt: skip
"""Columns that a whole file often has one value of, which no cell says."""
SURE = 0.75
PART = "a name of it is part of the heading"
GROSS = "it says gross, and the contract wants net"
NETWORKS = {"facebook", "instagram", "linkedin", "twitter", "x", "youtube", "tiktok", "mastodon",
            "bluesky", "threads", "pinterest", "xing", "reddit"}  # fmt: skip
COMMON = {"id", "name", "title", "status", "state", "type", "date", "text", "description", "url",
          "link", "source", "email", "start date", "end date", "created", "created at",
          "created on", "created time", "updated", "updated at", "last modified date",
          "time zone", "language", "bezeichnung", "art", "typ", "datum", "nom", "statut",
          "fecha", "nombre", "estado", "tipo", "data", "nome"}  # fmt: skip
"""Headings, folded, that tell no contract from another."""
_SCOPE = re.compile(r"^(lifetime|daily|weekly|28 days|total|gesamt|insgesamt) | (total|gesamt)$")
_IN_ZONE = re.compile(
    rf" *[(\[]([A-Z][A-Za-z]+(/[A-Z][A-Za-z_]+)+|(UTC|GMT)[^)\]]*|[ECMP]T|{profiles.LONG_ZONES})"
    r"[)\]]$"
)
_NAMED = re.compile(r"\.(name|label|title|value)$")
_ENTITY = re.compile(r"(?i)(deal|negocio|negócio|affaire|geschäft|opportunity|lead) [-–] ")
"""Pipedrive writes what a column is of before its name."""
_SAMPLE = 500


class Match(typing.NamedTuple):
    """A column of the contract and what fills it: a heading, or a template."""

    column: str
    heading: str
    score: float
    why: str
    words: dict[str, str] = {}
    template: str | None = None


class Recognised(typing.NamedTuple):
    """A table under one contract; `lacking` are required columns that nothing fills (-> why)."""

    table: Table
    export: Export | None
    confidence: float
    why: str
    matches: tuple[Match, ...]
    constants: dict[str, typing.Any]
    lacking: dict[str, str]
    rivals: tuple[str, ...] = ()


def recognise(
    headings: tuple[str, ...], cells: dict[str, list[Cell]], contract: str | None = None
) -> Recognised | None:
    """The best reading of a table; None when no contract fits at all."""
    known = _export(headings, contract, cells)
    if known is not None:
        return known
    return by_contract(headings, cells, contract)


def export_of(headings: tuple[str, ...]) -> str | None:
    """The known export that has these headings."""
    known = _export(headings, None)
    return known.export.name if known is not None and known.export is not None else None


def _export(
    headings: tuple[str, ...], contract: str | None, cells: dict[str, list[Cell]] | None = None
) -> Recognised | None:
    there = _spellings(headings)
    found = []
    for export in vocabulary.exports():
        if contract is not None and export.feed != contract:
            continue
        if not all(_spelled(spellings, there) for spellings in export.needs):
            continue
        if export.wide is not None and not _months(headings):
            continue
        matches = tuple(_matches(export, there))
        if contract is None and not all(
            looks_so(export, match.column, (cells or {}).get(match.heading, []))
            for match in matches
        ):
            continue
        matches += tuple(_money(export, headings, matches))
        explained = {match.heading for match in matches}
        exact = sum(heading in {h for s in export.needs for h in s} for heading in explained)
        rank = (len(export.needs), len(explained), exact)
        found.append((rank, export, matches, explained))
    if not found:
        return None
    found.sort(key=lambda one: one[0], reverse=True)
    _, export, matches, explained = found[0]
    table = feeds()[export.feed]
    share = len(explained) / len(headings)
    rivals = tuple(one[1].name for one in found[1:] if one[1].feed != export.feed)
    confidence = min(0.99, 0.9 + 0.09 * share) - (0.1 if rivals else 0.0)
    why = f"it has all {len(export.needs)} headings that tell this export from others"
    lacking = _lacking(table, export, matches)
    return Recognised(
        table, export, confidence, why, matches, dict(export.constants), lacking, rivals
    )


def looks_so(export: Export, column: str, cells: list[Cell]) -> bool:
    """Whether cells look as the export writes the column; true where it says nothing of it."""
    said = export.columns[column]
    if not isinstance(said, Filled) or said.looks is None:
        return True
    told = [str(cell).strip() for cell in cells if str(cell or "").strip()]
    return bool(told) and all(re.fullmatch(said.looks, each) for each in told)


def _spellings(headings: tuple[str, ...]) -> dict[str, str]:
    """Folded name -> heading: as it stands; else with the words of its camelCase apart, without
    the zone of its times or the group above it ('Kosten / Kosten netto'), without currency and
    scale, or by the last part of its path in JSON (metrics.clicks): the last three where no other
    heading is called so."""
    # One heading with a stroke in it is a heading: 'Likes / Comments' are no comments.
    grouped = sum(layouts.GROUP in heading for heading in headings) >= max(2, 0.5 * len(headings))
    less: dict[str, list[str]] = {}
    for heading in headings:
        bare = _IN_ZONE.sub("", heading)
        bare = bare.rsplit(layouts.GROUP, 1)[-1] if grouped else bare
        if bare != heading:
            less.setdefault(folded(bare), []).append(heading)
            less.setdefault(folded(profiles.without_unit(bare)), []).append(heading)
    last = [each.rpartition(".")[2] for each in headings]
    found = {
        folded(vocabulary.spaced(name)): heading
        for name, heading in zip(last, headings, strict=True)
        if " " not in heading and last.count(name) == 1
    }
    found |= {folded(profiles.without_unit(heading)): heading for heading in reversed(headings)}
    found |= {name: told[0] for name, told in less.items() if len({*told}) == 1}
    found |= {folded(vocabulary.spaced(heading)): heading for heading in reversed(headings)}
    return found | {folded(heading): heading for heading in reversed(headings)}


def _matches(export: Export, there: dict[str, str]) -> typing.Iterator[Match]:
    for column, said in export.columns.items():
        if isinstance(said, Filled) and said.template is not None:
            yield Match(column, "", 1.0, "the export's rule", {}, said.template)
            continue
        words = said.words if isinstance(said, Filled) else {}
        virtual = {export.wide.name, export.wide.value} if export.wide else set()
        virtual |= {export.unpivot.name, export.unpivot.value} if export.unpivot else set()
        spellings = export.headings(column)
        made = next((each for each in spellings if each in virtual), None)
        if made is not None:
            yield Match(column, made, 1.0, "wide to long", words)
        elif (heading := _spelled(spellings, there)) is not None:
            yield Match(column, heading, 1.0, "the export's heading", words)


def _spelled(spellings: tuple[str, ...], there: dict[str, str]) -> str | None:
    """The heading that is one of the spellings, else one but for its currency and scale."""
    bare = [profiles.without_unit(each) for each in spellings]
    return next((there[told] for each in (*spellings, *bare) if (told := folded(each)) in there),
                None)  # fmt: skip


def _money(
    export: Export, headings: tuple[str, ...], matches: tuple[Match, ...]
) -> typing.Iterator[Match]:
    """Amounts and their currency by any name of theirs, where the export's own are not there."""
    columns = feeds()[export.feed].spec.columns
    filled = {match.column for match in matches} | set(export.constants)
    used = {match.heading for match in matches}
    has_money = any(columns[match.column].type == "money" for match in matches)
    for name in export.columns:
        if columns[name].type != "money" or name in filled or export.refused:
            continue
        named = {each: _named(name, columns[name], each) for each in headings if each not in used}
        named = {each: told for each, told in named.items() if told[0] >= 0.9}
        named = {e: t for e, t in named.items() if vocabulary.is_net(e)} or named
        if len(named) == 1:
            ((heading, (score, why)),) = named.items()
            used.add(heading)
            has_money = True
            yield Match(name, heading, score, why)
    if has_money and "currency" in columns and "currency" not in filled:
        named = {each: _alike("currency", each) for each in headings if each not in used}
        for heading in [each for each, told in named.items() if told[0] >= 0.9][:1]:
            yield Match("currency", heading, *named[heading])


def _lacking(table: Table, export: Export, matches: tuple[Match, ...]) -> dict[str, str]:
    filled = {match.column for match in matches} | set(export.constants)
    found = {}
    for name, column in table.spec.columns.items():
        if name not in filled and (column.required or name in export.asks):
            found[name] = export.asks.get(name, "nothing in the file fills it")
    return found


def _months(headings: tuple[str, ...]) -> list[str]:
    return [heading for heading in headings if layouts.MONTHS.fullmatch(heading)]


# --- by contract ---------------------------------------------------------------------------------


def by_contract(
    headings: tuple[str, ...], cells: dict[str, list[Cell]], contract: str | None = None
) -> Recognised | None:
    """The best reading by names, types and values alone; `recognise` asks the exports first."""
    sample = {h: [c for c in cells.get(h, [])[:_SAMPLE] if c is not None] for h in headings}
    kinds = {heading: _kinds(sample[heading]) for heading in headings}
    ranked = []
    for name, table in feeds().items():
        if contract is not None and name != contract:
            continue
        matches = _assigned(table, headings, sample, kinds)
        if not matches and contract is None:
            continue
        ranked.append((_fit(table, matches, headings), table, matches))
    if not ranked:
        return None
    ranked.sort(key=lambda one: -one[0])
    confidence, table, matches = ranked[0]
    rivals = tuple(one[1].name for one in ranked[1:] if one[0] >= 0.92 * confidence)
    if rivals:
        confidence *= 0.75
    # An id, a name and a status: every table of every system has them.
    own = [m for m in matches if m.score >= 0.9 and folded(m.heading) not in COMMON]
    if len(own) < 2:
        confidence *= 0.8
    filled = {match.column for match in matches}
    lacking = {
        column: "no heading is called or looks like it"
        for column, spec in table.spec.columns.items()
        if spec.required and column not in filled
    }
    named = [match for match in matches if match.score >= 0.9]
    why = f"{len(named)} headings are called as its columns, {len(matches) - len(named)} look alike"
    return Recognised(table, None, confidence, why, matches, {}, lacking, rivals)


def _fit(table: Table, matches: tuple[Match, ...], headings: tuple[str, ...]) -> float:
    """How much of the headings and of what the contract requires is explained."""
    by_column = {match.column: match.score for match in matches}
    required = [n for n, c in table.spec.columns.items() if c.required and n not in CONSTANTS]
    needed = sum(by_column.get(name, 0.0) for name in required) / len(required) if required else 0.5
    explained = sum(match.score for match in matches) / len(headings)
    return 0.55 * needed + 0.45 * explained


def _assigned(
    table: Table,
    headings: tuple[str, ...],
    sample: dict[str, list[Cell]],
    kinds: dict[str, dict[str, float]],
) -> tuple[Match, ...]:
    """Pairs of heading and column, the likeliest first; each is used once."""
    pairs = []
    for heading in headings:
        for name, column in table.spec.columns.items():
            alike, why = _named(name, column, heading)
            fits = _fits(column, kinds[heading], sample[heading])
            if alike and fits >= 0.5:
                pairs.append((alike * (0.6 + 0.4 * fits), heading, name, why))
            elif not alike and fits >= 0.8:
                looks, why = _looks(name, sample[heading])
                if looks:
                    pairs.append((looks, heading, name, why))
    pairs.sort(key=lambda one: (-one[0], headings.index(one[1])))
    found: dict[str, Match] = {}
    used: set[str] = set()
    for score, heading, name, why in pairs:
        if name not in found and heading not in used:
            found[name] = Match(name, heading, score, why)
            used.add(heading)
    if "date" in table.spec.columns and "date" not in found:
        days = [h for h in headings if h not in used and kinds[h].get("date", 0) > 0.9]
        if len(days) == 1:
            found["date"] = Match("date", days[0], 0.6, "the only column of days")
    return tuple(found[name] for name in table.spec.columns if name in found)


def called(table: Table, heading: str) -> str | None:
    """The contract's column that a heading names, if one: by its own name, else by another."""
    scored = [(_alike(name, heading)[0], name) for name in table.spec.columns]
    best, column = max(scored, key=lambda one: one[0])
    return column if best >= 0.9 else None


def _named(name: str, column: Column, heading: str) -> tuple[float, str]:
    """As `_alike`; of amounts that the contract wants net, gross ones are hardly alike."""
    alike, why = _alike(name, heading)
    if alike and vocabulary.wants_net(column):
        if vocabulary.is_gross(heading):
            return 0.3, GROSS
        if why == PART and vocabulary.is_net(heading):
            return 0.9, f"{PART}, and it says net"
    return alike, why


def may_be(column: str, heading: str) -> bool:
    """Whether a heading has anything of a name of the column."""
    return _alike(column, heading)[0] > 0


@functools.lru_cache(maxsize=50_000)
def _alike(column: str, heading: str) -> tuple[float, str]:
    from rapidfuzz import fuzz

    told = folded(heading)
    bare = profiles.without_unit(heading)
    bare = folded(re.sub(r"\([^)]*\)|\[[^]]*\]", "", bare)) or told
    bare = re.sub(r"\b(brutto|netto)(?=\w)", r"\1 ", bare)
    object_ = folded(_NAMED.sub("", heading))
    bare = folded(_ENTITY.sub("", heading)) if _ENTITY.match(heading) else bare
    short = _SCOPE.sub("", bare).strip()
    own = folded(column)
    camel = folded(vocabulary.spaced(heading))
    if own in (told, bare, camel):
        return 1.0, "the contract's own name"
    names = {folded(name) for name in vocabulary.synonyms().get(column, ())}
    if {told, bare, camel} & names:
        return 0.95, "another name of it"
    if _NAMED.search(heading) and object_ in {own, *names}:
        return 0.9, "the name of the object that is called so"
    if short and (short == own or short in names):
        return 0.9, "another name of it, with its scope"
    best = max((fuzz.ratio(bare, name) for name in {own, *names}), default=0.0)
    if best >= 88 and len(bare) > 4:
        return 0.75, "written almost like a name of it"
    words = max((fuzz.token_set_ratio(bare, name) for name in {own, *names} if " " in bare),
                default=0.0)  # fmt: skip
    if words == 100 and len(bare.split()) <= 4:
        return 0.6, PART
    return 0.0, ""


def _kinds(cells: list[Cell]) -> dict[str, float]:
    """Share of cells that are numbers, whole numbers, days and truth values."""
    found = dict.fromkeys(("number", "date", "boolean"), 0)
    count = 0
    for cell in cells:
        if isinstance(cell, grids.Number) or (
            isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool)
        ):
            count += 1
            found["number"] += 1
            continue
        if not isinstance(cell, str):
            count += 1
            found["boolean" if isinstance(cell, bool) else "date"] += 1
            continue
        text = cell.strip()
        if not text or text.lower() in profiles.MISSING:
            continue
        count += 1
        low = text.lower()
        if low in profiles.TRUTH or low in ("0", "1"):
            found["boolean"] += 1
        if layouts.DAY.fullmatch(text) or profiles.form_of(text)[0]:
            found["date"] += 1
        elif profiles.is_numeral(profiles.bare(text).text):
            found["number"] += 1
    return {name: value / count for name, value in found.items()} if count else {}


def _fits(column: Column, kinds: dict[str, float], cells: list[Cell]) -> float:
    """Share of the cells that the column's type could take; all where there is none."""
    if not kinds:
        return 0.7
    if column.type in ("integer", "number", "money"):
        times = sum(bool(layouts.CLOCK.fullmatch(str(c).strip())) for c in cells) / len(cells)
        return max(kinds["number"], times if column.unit else 0.0)
    if column.type in ("date", "timestamp"):
        return kinds["date"]
    if column.type == "boolean":
        return kinds["boolean"]
    if column.words:
        words = {word.lower() for word in column.words}
        return 0.5 + 0.5 * sum(str(cell).strip().lower() in words for cell in cells) / len(cells)
    return 1.0 - 0.4 * max(kinds["date"], 0.0)


def _looks(column: str, cells: list[Cell]) -> tuple[float, str]:
    """What the values alone say."""
    told = {str(cell).strip() for cell in cells if str(cell).strip()}
    if not told:
        return 0.0, ""
    if column in ("email", "contact_email"):
        if all(re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", each) for each in told):
            return 0.55, "its values are e-mail addresses"
    elif column == "network":
        if all(each.lower() in NETWORKS for each in told):
            return 0.6, "its values are networks"
    elif column == "currency":
        if told <= profiles.codes() and len(told) < 20:
            return 0.5, "its values are codes of currencies"
    elif column == "url" and all(each.startswith(("http://", "https://")) for each in told):
        return 0.5, "its values are addresses"
    return 0.0, ""
