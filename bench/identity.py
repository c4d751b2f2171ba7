"""Who is who on the sample, held against its planted truth: precision, recall and F1 of pairs.

`python -m bench --only identity` writes the tables of docs/identity.md.
"""

from __future__ import annotations

import csv
import itertools
import typing
from collections import defaultdict

from bench.marked import put
from ingestion import identity
from ingestion.privacy import digest
from settings import ROOT, ConfigError, Paths, load_settings, privacy_key

if typing.TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "identity.md"

KINDS = {"hubspot": "crm_id", "dealer_crm": "crm_id", "e-mail": "email", "visitor": "visitor"}
Pairs = set[tuple[str, str]]


class Score(typing.NamedTuple):
    """`what` was held against the truth: true pairs there are, pairs found, of them true."""

    what: str
    pairs: int
    found: int
    right: int

    @property
    def precision(self) -> float | None:
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        return self.right / self.pairs if self.pairs else None

    @property
    def f1(self) -> float | None:
        return 2 * self.right / (self.found + self.pairs) if self.found + self.pairs else None


def truth(paths: Paths) -> dict[tuple[str, str], str]:
    """{(system, key as the warehouse has it): person}, addresses and browsers hashed."""
    key = privacy_key(load_settings())
    with (paths.sample / "truth" / "identities.csv").open(encoding="utf-8") as file:
        rows = [(row["system"], row["id"], row["person"]) for row in csv.DictReader(file)]
    return {
        (system, given if KINDS[system] == "crm_id" else digest(key, given)): person
        for system, given, person in rows
    }


def pairs_of(groups: typing.Mapping[str, str]) -> Pairs:
    """Every two members of one group, of {member: group}."""
    members = defaultdict(list)
    for member, group in groups.items():
        members[group].append(member)
    return {pair for each in members.values() for pair in itertools.combinations(sorted(each), 2)}


def score(what: str, true: Pairs, found: Pairs) -> Score:
    return Score(what, len(true), len(found), len(true & found))


def measured(paths: Paths) -> list[Score]:
    """The deterministic step of a finished build of the sample, in three parts.

    CRM records, those that HubSpot merged away included: pairs that are one person. Addresses and
    browsers: pairs of a key that a system of ours saw and a CRM record of its person.
    """
    import duckdb

    known = truth(paths)
    with duckdb.connect(str(paths.warehouse), read_only=True) as con:
        records = dict(con.execute(
            "select reference, entity_id from intermediate.int_crm_ids_matched where entity = "
            "'contact' and key_kind = 'crm_id' and reference like '%:%'").fetchall())  # fmt: skip
        seen = con.execute(
            "select distinct seen.key_kind, seen.key_value, ids.entity_id "
            "from intermediate.int_identities_seen as seen "
            "left join intermediate.int_crm_ids_matched as ids on ids.entity = 'contact' "
            "and seen.key_value = ids.reference and seen.key_kind = ids.key_kind "
            "where seen.key_kind in ('email', 'visitor')"
        ).fetchall()
    people = {f"{system}:{key}": person for (system, key), person in known.items()
              if KINDS[system] == "crm_id"}  # fmt: skip
    true = pairs_of({record: person for record, person in people.items() if record in records})
    scores = [score("CRM records of one person", true, pairs_of(records))]
    for what, system in (("addresses", "e-mail"), ("browsers", "visitor")):
        kind = KINDS[system]
        met = {key: found for one, key, found in seen if one == kind}
        real = {(key, known[system, key]) for key in met if (system, key) in known}
        told = {(key, people.get(found, "nobody")) for key, found in met.items() if found}
        scores.append(Score(what, len(real), len(told), len(real & told)))
    return scores


def probabilistic(paths: Paths, thirds_gone: int, from_probability: float) -> list[Score]:
    """Splink on the sample's CRM records, after the addresses of so many thirds of the dealer's
    records were taken out: what stable keys find, what Splink adds. Pairs of living records."""
    import duckdb
    import pyarrow.compute as pc

    with duckdb.connect(str(paths.warehouse), read_only=True) as con:
        records = con.sql(identity.RECORDS).to_arrow_table()
    rows = records.to_pylist()
    dealer = [n for n, row in enumerate(rows) if row["source_system"] == "dealer_crm"]
    blanked = {n for place, n in enumerate(dealer) if place % 3 < thirds_gone}
    emails = [None if n in blanked else row["email_hash"] for n, row in enumerate(rows)]
    place = records.schema.get_field_index("email_hash")
    records = records.set_column(place, "email_hash", [emails])
    assert pc.sum(pc.is_null(records["email_hash"])).as_py() == len(blanked)
    people = {f"{system}:{key}": person for (system, key), person in truth(paths).items()
              if KINDS[system] == "crm_id"}  # fmt: skip
    ids = [row["unique_id"] for row in rows]
    true = pairs_of({name: people[name] for name in ids})
    keyed = pairs_of({name: email or name for name, email in zip(ids, emails, strict=True)})
    likely = {
        tuple(sorted((row["unique_id_l"], row["unique_id_r"])))
        for row in identity.likely_pairs(records, from_probability).to_pylist()
    }
    return [
        score("stable keys", true, keyed),
        score("Splink alone", true, likely),
        score("keys, then Splink", true, keyed | likely),
    ]


HEAD = "| | true pairs | found | precision | recall | F1 |\n|---|---|---|---|---|---|"
GONE = ("none", "a third", "two thirds")


def line(one: Score) -> str:
    return f"| {one.what} | {one.pairs:,} | {one.found:,} | {' | '.join(_figures(one))} |"


def page(paths: Paths) -> str:
    """Pairs that stable keys find, as Markdown."""
    return "\n".join([HEAD, *map(line, measured(paths))])


def splink_page(paths: Paths, from_probability: float = 0.9) -> str:
    """What Splink adds when addresses are missing. Raises ConfigError where it is not installed."""
    lines = [
        "| the dealer's addresses gone | stable keys: precision, recall, F1 "
        "| keys, then Splink: precision, recall, F1 |",
        "|---|---|---|",
    ]
    for thirds, gone in enumerate(GONE):
        keyed, _, both = probabilistic(paths, thirds, from_probability)
        lines.append(f"| {gone} | {', '.join(_figures(keyed))} | {', '.join(_figures(both))} |")
    return "\n".join(lines)


def write(data: Path) -> str:
    """Write both tables of docs/identity.md; the second stays as it is without Splink."""
    paths = Paths(data)
    tables = page(paths)
    put(PAGE, "identity", tables)
    try:
        more = splink_page(paths)
    except ConfigError as error:
        return f"{tables}\n\nnot run: {error}"
    put(PAGE, "identity, with Splink", more)
    return f"{tables}\n\n{more}"


def _figures(one: Score) -> list[str]:
    return ["–" if x is None else f"{x:.4f}"  # noqa: RUF001
            for x in (one.precision, one.recall, one.f1)]  # fmt: skip
