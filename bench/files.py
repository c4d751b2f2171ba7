"""Damaged files: what Plumbline and the usual readers make of the same corpus.

Every tool is asked as an analyst would: read the file with its defaults. A value counts as wrong
only when the tool gave a number or a day that is another one than the file means, or when rows are
missing or invented without an error (a total among the rows, say); what was left text is more work
but no lie. Writes its tables into docs/feeds.md between markers.
"""

from __future__ import annotations

import datetime as dt
import io
import sys
import time
import warnings
from collections import Counter
from decimal import Decimal
from pathlib import Path

from bench import bulk
from bench.marked import put
from bench.measuring import Figures, measured, settings_file
from settings import ROOT

PAGE = ROOT / "docs" / "feeds.md"
sys.path.insert(0, str(ROOT / "tests"))
TOOLS = ("Plumbline", "DuckDB sniffer", "pandas", "Polars")
VERDICTS = ("right", "refused, right reason", "raised an error", "no headings found",
            "left as text", "wrong")  # fmt: skip


def run(folder: Path) -> str:
    """Two tables: verdicts a tool over the corpus, and of proposals by their confidence."""
    from damaged_files import cases

    counted = {tool: Counter() for tool in TOOLS}
    seconds = dict.fromkeys(TOOLS, 0.0)
    told = cases()
    folder.mkdir(parents=True, exist_ok=True)
    for case in told:
        path = folder / case.file
        path.write_bytes(case.content)
        for tool in TOOLS:
            started = time.process_time()
            counted[tool][_verdict(tool, case, path)] += 1
            seconds[tool] += time.process_time() - started
        path.unlink()
    lines = [
        f"| {tool} | " + " | ".join(str(counted[tool][each]) for each in VERDICTS)
        + f" | {seconds[tool]:.0f} |"
        for tool in TOOLS
    ]  # fmt: skip
    return (
        f"{len(told)} files.\n\n| | {' | '.join(VERDICTS)} | processor s |\n"
        f"|---|{'---|' * (len(VERDICTS) + 1)}\n" + "\n".join(lines) + "\n"
    )


def _verdict(tool: str, case, path: Path) -> str:
    if tool == "Plumbline":
        from reading_corpus import judge

        found = judge(case).verdict
        return {"right": "right", "refused": "refused, right reason"}.get(found, found)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names, rows = READERS[tool](path)
    except Exception:  # whatever a library raises is its refusal
        return "raised an error"
    return _judged(case, names, rows)


def _duckdb(path: Path) -> tuple[list[str], list[tuple]]:
    import duckdb

    if path.suffix in (".xlsx", ".ods"):
        raise ValueError("its extension for workbooks is not part of it")
    reader = "read_json_auto" if path.suffix in (".json", ".jsonl") else "read_csv"
    found = duckdb.connect().sql(f"select * from {reader}('{path}')")
    return found.columns, found.fetchall()


def _pandas(path: Path) -> tuple[list[str], list[tuple]]:
    import pandas as pd

    if path.suffix == ".xlsx":
        frame = pd.read_excel(path)
    elif path.suffix == ".ods":
        frame = pd.read_excel(path, engine="calamine")
    elif path.suffix in (".json", ".jsonl"):
        frame = pd.read_json(path, lines=path.suffix == ".jsonl")
    else:
        frame = pd.read_csv(path, sep=None, engine="python")
    return [str(name) for name in frame.columns], list(frame.itertuples(index=False, name=None))


def _polars(path: Path) -> tuple[list[str], list[tuple]]:
    import polars as pl

    if path.suffix in (".xlsx", ".ods"):
        raise ValueError("it wants another package for workbooks")
    if path.suffix == ".jsonl":
        frame = pl.read_ndjson(path)
    elif path.suffix == ".json":
        frame = pl.read_json(path)
    else:
        frame = pl.read_csv(io.BytesIO(path.read_bytes()), try_parse_dates=True)
    return frame.columns, frame.rows()


READERS = {"DuckDB sniffer": _duckdb, "pandas": _pandas, "Polars": _polars}


def _judged(case, names: list[str], rows: list[tuple]) -> str:
    """Rows of a tool against the truth, in their order, columns by their headings."""
    from damaged_files import HEADS

    places = None
    for heads in (*HEADS.values(), ("station", "date", "region", "net_cost", "impressions")):
        if all(head in names for head in heads[:5]):
            places = [names.index(head) for head in heads[:5]]
    truth = [case.rows[number] for number in sorted(case.rows)]
    if places is None:
        return "no headings found"
    got = [tuple(row[place] for place in places) for row in rows]
    got = [row for row in got if any(cell not in (None, "") and cell == cell for cell in row)]
    if len(got) != len(truth):
        return "wrong"
    text = False
    for said, meant in zip(got, truth, strict=True):
        for cell, value in zip(said, meant, strict=True):
            same = _same(cell, value)
            if same is None:
                text = True
            elif not same:
                return "wrong"
    return "left as text" if text else "right"


def _same(cell, value) -> bool | None:
    """Whether a cell says the value; None where it is text of something else than text."""
    if cell is None or cell == "" or cell != cell:
        return value is None or value == ""
    if value is None:
        return None if isinstance(cell, str) else False
    if isinstance(value, str):
        return str(cell) == value
    if isinstance(cell, str):
        return None
    if isinstance(value, dt.date):
        if isinstance(cell, dt.datetime) or hasattr(cell, "to_pydatetime"):
            return cell.date() == value
        return cell == value if isinstance(cell, dt.date) else False
    if isinstance(cell, (dt.date, dt.time, bool)):
        return False
    return abs(Decimal(str(cell)) - Decimal(value)) < Decimal("0.0001")


BINS = ((0.9, 1.01), (0.75, 0.9), (0.6, 0.75), (0.5, 0.6), (0.0, 0.5))


def confidence(folders: list[Path]) -> str:
    """How often a proposal was right, by its confidence: files whose mapping people wrote, matched
    by names, types and values alone, without the library of exports."""
    from ingestion import layouts, mapping, recognition, vocabulary
    from ingestion.mapping import From, MappingError
    from ingestion.proposing import _cells

    found = []
    for folder in folders:
        for each in mapping.read_folder(folder):
            files = [path for path in each.files() if path.suffix != ".parquet"]
            if not files or each.entry.unpivot is not None:
                continue
            entry = mapping.Entry(feed=each.table.name, files="x", layout="detect",
                                  encoding=each.entry.encoding)  # fmt: skip
            try:
                (table, *_) = layouts.detected(files[0], entry, frozenset(), vocabulary.known)
            except MappingError:
                continue
            headings = table.layout.headings
            guess = recognition.by_contract(headings, _cells(table, entry))
            if guess is None:
                continue
            meant = {}
            for name, said in each.entry.columns.items():
                heading = said.heading or name if isinstance(said, From) else said
                if not (isinstance(said, From) and said.template):
                    meant[name] = heading
            own = {mapping.normal(h): h for h in headings}
            for name in each.table.spec.columns:
                if name not in meant and name in own and name not in each.entry.constants:
                    meant[name] = own[name]
            pairs = {match.column: match.heading for match in guess.matches}
            is_right = guess.table.name == each.table.name
            same = sum(meant.get(name) == heading for name, heading in pairs.items())
            found.append((guess.confidence, is_right, same if is_right else 0, len(pairs)))
    lines = []
    others = [confidence for _, confidence in of_no_contract()]
    for low, high in BINS:
        own = [one for one in found if low <= one[0] < high]
        none = sum(low <= each < high for each in others)
        right = sum(one[1] for one in own)
        pairs = sum(one[3] for one in own if one[1])
        same = sum(one[2] for one in own)
        share = f"{same / pairs:.0%} of {pairs}" if pairs else ""
        lines.append(
            f"| {low:.2f} to {min(high, 1):.2f} | {len(own)} | {right} | {share} | {none} |"
        )
    return (
        f"{len(found)} files, and {len(others)} that belong to no contract.\n\n"
        "| confidence | files | contract right | columns as in the mapping | of no contract |\n"
        "|---|---|---|---|---|\n" + "\n".join(lines)
    )


NO_CONTRACT = (
    "dbt_ad_reporting/*account_history*", "dbt_ad_reporting/*ad_history*",
    "dbt_ad_reporting/*ad_group*history*", "dbt_ad_reporting/*adgroup_history*",
    "dbt_ad_reporting/*ad_set_history*", "dbt_ad_reporting/*squad_history*",
    "dbt_ad_reporting/*keyword_history*", "dbt_ad_reporting/*portfolio*",
    "dbt_ad_reporting/*profile_data*", "dbt_ad_reporting/*organization*",
    "dbt_ad_reporting/*advertiser_history*", "dbt_ad_reporting/*advertiser_data*",
    "dbt_ad_reporting/*geo_data*", "dbt_ad_reporting/*geo_region*",
    "dbt_ad_reporting/*creative*history*", "dbt_ad_reporting/*line_item_history*",
    "dbt_ad_reporting/*business_account*", "dbt_greenhouse/*.csv", "dbt_hubspot/*property*",
    "dbt_hubspot/*pipeline*", "dbt_hubspot/*_company_data*", "dbt_hubspot/*_contact_data*",
    "dbt_hubspot/*_deal_data*", "dbt_hubspot/*form*", "dbt_hubspot/*list*", "dbt_hubspot/role*",
    "dbt_hubspot/*team*", "dbt_hubspot/engagement_*", "dbt_hubspot/owner*", "dbt_hubspot/email_*",
)  # fmt: skip
"""Tables of vendors' systems that no contract takes: registers of ads, of ids, recruiting."""


def of_no_contract() -> list[tuple[str, float]]:
    """(file, confidence) of tables that belong to no contract; empty without ../shared/real."""
    from ingestion import layouts, mapping, recognition, vocabulary
    from ingestion.mapping import MappingError
    from ingestion.proposing import _cells

    root = ROOT.parent / "shared" / "real" / "fivetran_seeds"
    entry = mapping.Entry(feed=next(iter(mapping.feeds())), files="x", layout="detect")
    found = []
    for path in sorted({path for glob in NO_CONTRACT for path in root.glob(glob)}):
        try:
            (table, *_) = layouts.detected(path, entry, frozenset(), vocabulary.known)
        except MappingError:
            continue
        guess = recognition.by_contract(table.layout.headings, _cells(table, entry))
        found.append((path.name, guess.confidence if guess else 0.0))
    return found


LARGE = 10_000_000
MAPPINGS = {"stated": "", "detect": "  layout: detect\n"}


def throughput(folder: Path) -> str:
    """A clean CSV as stated, detected, detected with cells in quotes, and ten times as large."""
    rows = (
        ("stated", bulk.ROWS, False, "as the mapping states it"),
        ("detect", bulk.ROWS, False, "detected; every line a row"),
        ("detect", bulk.ROWS, True, "detected; with quotes"),
        ("detect", LARGE, False, "detected; every line a row"),
    )
    lines, simple = [], 0.0
    for layout, count, is_quoted, what in rows:
        told = _ingested(folder / f"{layout}{count}{is_quoted}", layout, count, is_quoted)
        simple = simple or told.processor
        ratio = f"{told.processor / simple / (count / bulk.ROWS):.2f}"
        lines.append(
            f"| {what} | {count:,} | {told.wall:.0f} | {told.processor:.1f} | {ratio} "
            f"| {told.memory:.0f} |"
        )
    return (
        "`make ingest` of a CSV with 15 columns, whole processes. Aims: 1.5 times the processor of "
        "the simple road, 1,000 MB at ten million rows.\n\n"
        "| layout | rows | wall s | processor s | times the simple road, a row | peak MB |\n"
        "|---|---|---|---|---|---|\n" + "\n".join(lines)
    )


def _ingested(folder: Path, layout: str, count: int, is_quoted: bool) -> Figures:
    import shutil

    import duckdb

    drop = folder / "files"
    drop.mkdir(parents=True)
    file = drop / "media.csv"
    duckdb.sql("select setseed(0.5)")
    duckdb.execute(
        bulk.FILE.format(rows=count, file=file).replace(
            "(header)", "(header, force_quote (account))" if is_quoted else "(header)"
        )
    )
    (drop / "mapping.yml").write_text(
        f"- feed: channel_days\n  files: media.csv\n{MAPPINGS[layout]}"
    )
    config = settings_file(folder, bulk.TOML.format(folder=drop))
    told = measured(
        ["pipeline.py", "ingest", "-q"],
        PLUMBLINE_CONFIG=str(config), PLUMBLINE_DATA=str(folder / "data"),
    )  # fmt: skip
    warehouse = folder / "data" / "build" / "plumbline.duckdb"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        assert con.execute("select count(*) from raw_feeds.channel_days").fetchone() == (count,)
    shutil.rmtree(folder)
    return told


def write_page(folder: Path) -> str:
    """Measure everything and write it into docs/feeds.md."""
    measured(["pipeline.py", "ingest", "-q"], PLUMBLINE_DATA=str(folder / "sample"))
    real = ROOT / "examples" / "real" / "feeds"
    own = [folder / "sample" / "sample" / "files"]
    parts = {
        "corpus": run(folder / "corpus"),
        "confidence": confidence([*own, real] if _is_whole(real) else own),
        "throughput": throughput(folder / "throughput"),
    }
    for section, text in parts.items():
        put(PAGE, f"files, {section}", text)
    return "\n".join(parts.values())


def _is_whole(folder: Path) -> bool:
    """Whether the public files that the mapping names are there."""
    return (ROOT.parent / "shared" / "real").exists() and folder.exists()
