"""Words that headings are made of: contracts, known exports and their names in other languages."""

from __future__ import annotations

import dataclasses
import functools
import re
import typing
import unicodedata
from pathlib import Path

from ingestion import profiles
from ingestion.mapping import Scalar, feeds, normal
from ingestion.specs import Column
from settings import ConfigError, read_yaml, strict

HERE = Path(__file__).parent / "exports"


@strict
class Filled:
    """How one column of a known export is filled: the first of `headings` that is there."""

    headings: tuple[str, ...] = ()
    words: dict[str, str] = dataclasses.field(default_factory=dict)
    template: str | None = None
    looks: str | None = None
    """What its cells look like there (a pattern): the headings alone are those of many a file, so
    the export is known by them only where a person names the contract."""
    dates: str | None = None
    """How days that look so are written (strptime), up to the pattern's group `zone`: whatever the
    zone is called, the day is the one that is written."""
    multiply: float | None = None
    """Of cells that say no percent: 100 is certain where the contract says 1."""
    out: tuple[str, ...] = ()
    """Words of rows that are none of the contract's: left out on purpose, and counted."""
    unclear: tuple[str, ...] = ()
    """Words that leave out a row only where another row has one of `words`; else they are asked."""


@strict
class Wide:
    """The columns of an export that are months (or questions) are cells of one measure."""

    name: str
    value: str


@strict
class Export:
    """A file as a vendor exports it. `needs` are headings (each in its spellings) that tell it
    from others; `asks` what no cell says, and why somebody must."""

    name: str
    about: str
    feed: str
    needs: tuple[tuple[str, ...], ...]
    columns: dict[str, tuple[str, ...] | Filled]
    constants: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    asks: dict[str, str] = dataclasses.field(default_factory=dict)
    unpivot: Wide | None = None
    wide: Wide | None = None
    repeated: typing.Literal["sum"] | None = None
    """Its rows may be finer than the contract's grain (spots, ad sets): then they add up."""

    until: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Of a day's column: headings of the last day that a row covers."""
    refused: str | None = None
    """Why it is recognised and not taken."""

    def headings(self, column: str) -> tuple[str, ...]:
        said = self.columns[column]
        return said.headings if isinstance(said, Filled) else said


@functools.cache
def exports() -> tuple[Export, ...]:
    """Every known export. Raises ConfigError for a feed or column that is not there."""
    found: list[Export] = []
    for path in sorted(HERE.glob("*.yml")):
        if path.stem == "synonyms":
            continue
        for each in read_yaml(path, tuple[Export, ...]):
            table = feeds().get(each.feed)
            if table is None:
                raise ConfigError(f"{path}: '{each.name}' names no feed '{each.feed}'.")
            for column in (*each.columns, *each.constants, *each.asks, *each.until):
                if column not in table.spec.columns:
                    raise ConfigError(f"{path}: '{each.name}': no column '{column}' in the feed.")
            found.append(each)
    return tuple(found)


@functools.cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Canonical column -> its other names. Raises ConfigError for a column of no contract."""
    path = HERE / "synonyms.yml"
    told = read_yaml(path, dict[str, tuple[str, ...]])
    columns = {name for table in feeds().values() for name in table.spec.columns}
    for name in told:
        if name not in columns:
            raise ConfigError(f"{path}: no contract has a column '{name}'. Take it out.")
    return told


@functools.cache
def headings() -> frozenset[str]:
    """Every heading that is known from a contract, a synonym or an export, folded."""
    found: set[str] = set()
    for table in feeds().values():
        found |= {folded(name) for name in table.spec.columns}
    for names in synonyms().values():
        found |= {folded(name) for name in names}
    for each in exports():
        for column in each.columns:
            found |= {folded(heading) for heading in each.headings(column)}
        found |= {folded(heading) for spellings in each.needs for heading in spellings}
        found |= {folded(heading) for headings_ in each.until.values() for heading in headings_}
    return frozenset(found)


def respelled(export: str, column: str, wanted: str, headings: tuple[str, ...]) -> str | None:
    """The one heading that the export knows for a column in the place of the one that is wanted,
    spelled as there. In another currency or scale it is none."""
    known_ = next((each for each in exports() if each.name == export), None)
    if known_ is None or column not in known_.columns:
        return None
    names = {folded(each) for each in known_.headings(column)}
    found = [each for each in headings if folded(each) in names and _counts_as(each, wanted)]
    return found[0] if len(found) == 1 else None


_GROSS = re.compile(r"\b(gross|brutto\w*|brut|brute|bruto|rate ?card|listenpreis\w*)\b")
_NET = re.compile(r"\b(net|nett|netto\w*|neto|neta|liquido|liquida)\b")


def is_gross(heading: str) -> bool:
    """Whether a heading of amounts says gross, and not net beside it."""
    return bool(_GROSS.search(folded(heading))) and not is_net(heading)


def is_net(heading: str) -> bool:
    """Whether a heading of amounts says net."""
    return bool(_NET.search(folded(heading)))


def wants_net(column: Column) -> bool:
    """Whether the contract's column is an amount that it calls net."""
    return column.type == "money" and bool(re.search(r"\bnet\b", column.about))


def of_another(column: str, heading: str) -> bool:
    """Whether the library knows a heading as that of another column and not of this one."""
    told = folded(heading)
    own = {folded(each) for each in (column, *synonyms().get(column, ()))}
    others = {
        folded(name) for other, names in synonyms().items() if other != column for name in names
    }
    for each in exports():
        for name in each.columns:
            (own if name == column else others).update(folded(one) for one in each.headings(name))
    if told in own:
        return False
    # Gross is not net, whatever else the two headings share.
    return told in others or (column == "spend" and is_gross(heading))


def _counts_as(heading: str, other: str) -> bool:
    told = (profiles.currency_in(each) + profiles.scale_of(each) for each in (heading, other))
    return len(set(told)) == 1


def known(heading: typing.Any) -> bool:
    return folded(str(heading)) in headings()


def spaced(heading: str) -> str:
    """A heading in camel case (postId) as words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", heading)


@functools.cache
def networks() -> dict[str, str]:
    """What exports call a network (in small letters) -> its name here."""
    found: dict[str, str] = {}
    for each in exports():
        said = each.columns.get("network")
        found |= {word.lower(): name for word, name in getattr(said, "words", {}).items()}
    return found


def folded(heading: str) -> str:
    """A heading without accents, case, punctuation and what spreadsheets do to quotes."""
    heading = heading.replace("ß", "ss").replace("&", " and ")
    heading = unicodedata.normalize("NFKD", heading)
    plain = "".join(each for each in heading if not unicodedata.combining(each))
    found = re.sub(r"[^\w#%]+", " ", plain.lower().replace("_", " ")).strip()
    return found or normal(heading)
