"""Every file of the corpus through `feed` and the load, held against its truth."""

from __future__ import annotations

import dataclasses
import tempfile
from decimal import Decimal
from pathlib import Path

import yaml
from damaged_files import Case

COLUMNS = ("account", "date", "geography", "spend", "impressions")


@dataclasses.dataclass
class Verdict:
    """right, refused (with the right reason), wrong, or `wrong reason`; and what was seen."""

    case: Case
    verdict: str
    told: str = ""
    right: int = 0


def judge(case: Case) -> Verdict:
    """Propose a mapping with nothing but the file (and what the case states), then read by it."""
    from feed_folder import FeedFolder

    from ingestion import proposing
    from ingestion.mapping import MappingError

    with tempfile.TemporaryDirectory() as name:
        folder = FeedFolder(Path(name))
        path = folder.put(case.file, case.content)
        stated = {"channel": "radio", **case.stated}
        try:
            found = proposing.proposals(path, folder.settings, "channel_days", stated)
        except MappingError as error:
            return _refused(case, str(error))
        if not found:
            return _refused(case, "no contract fits")
        (proposal,) = found[:1]
        if proposal.open:
            return _refused(case, " ".join(proposal.open))
        folder.put("mapping.yml", yaml.safe_dump([proposal.entry], allow_unicode=True))
        columns = (*COLUMNS, "currency") if case.currencies else COLUMNS
        rows, refused, error = loaded(folder, path, columns)
        if case.currencies and rows is not None:
            told = dict(zip(case.rows, case.currencies, strict=True))
            case = dataclasses.replace(
                case, rows={n: (*said, told[n]) for n, said in case.rows.items()}
            )
        return _loaded(case, rows, refused, error)


def loaded(folder, path, columns=COLUMNS) -> tuple[dict[int, tuple] | None, dict[int, str], str]:
    """(row of the file -> values, row -> why refused, error) of one file under its mapping."""
    from ingestion import feeding, mapping, reading
    from ingestion.mapping import MappingError

    (each,) = mapping.read_folder(folder.folder)
    file = feeding.File(each, path, path.name, "")
    con = reading.connect()
    try:
        opened = reading.open_file(con, each, path)
        file.plan = mapping.plan(each, opened.headings, path.name)
        statement = feeding.Statement(file, file.plan, opened)
        batch = con.sql(statement.rows({})).to_arrow_table()
        good = feeding._good(batch, file, statement)
        statement.witnesses.settle()
        lines = reading.rejected(con, opened)
        refused = dict(lines)
        if opened.skips:
            passed = sorted({*refused, *opened.blank})
            good = feeding._placed(good, "_file_row", passed)
            file.refused = [feeding._placed(each, "file_row", passed) for each in file.refused]
        for table in file.refused:
            for row in table.to_pylist():
                refused[row["file_row"]] = row["reason"]
        rows = {
            row["_file_row"]: tuple(row.get(name) for name in columns) for row in good.to_pylist()
        }
        return rows, refused, ""
    except MappingError as error:
        return None, {}, str(error)
    finally:
        con.close()


def _refused(case: Case, told: str) -> Verdict:
    if not case.whole:
        return Verdict(case, "refused needlessly", told)
    fits = not case.reasons or any(word in told for word in case.reasons)
    return Verdict(case, "refused" if fits else "wrong reason", told)


def _loaded(case: Case, rows, refused, error) -> Verdict:
    if rows is None:
        return _refused(case, error)
    wrong = [f"row {n} is none" for n in rows if n in case.refused and n not in case.rows]
    for number, said in rows.items():
        meant = case.rows.get(number)
        if meant is None:
            wrong.append(f"row {number} is none, but loaded as {said}")
        elif tuple(map(_plain, said)) != tuple(map(_plain, meant)):
            wrong.append(f"row {number} says {meant}, but loaded as {said}")
    lost = [n for n in case.rows if n not in rows and n not in refused]
    if lost:
        wrong.append(f"rows {lost} are neither loaded nor refused")
    if wrong:
        return Verdict(case, "wrong", "; ".join(wrong[:3]))
    needless = [n for n in case.rows if n in refused and n not in case.refused]
    if needless:
        told = "; ".join(f"row {n}: {refused[n]}" for n in needless[:3])
        return Verdict(case, "refused needlessly", told, len(rows))
    return Verdict(case, "right", "", len(rows))


def _plain(value):
    if isinstance(value, Decimal):
        return value.quantize(Decimal("0.0001"))
    return value or None if isinstance(value, str) else value
