"""What rules of attribution credit of the sample's qualified leads, against what caused them: the
table of docs/attribution.md."""

from __future__ import annotations

import typing

from bench.marked import put
from settings import ROOT

if typing.TYPE_CHECKING:
    from pathlib import Path

    import duckdb

PAGE = ROOT / "docs" / "attribution.md"
SHOWN = {"first": "first", "last": "last", "linear": "linear", "shapley": "Shapley",
         "markov": "Markov (5–95)", "path_removal": "path removal"}  # noqa: RUF001 # fmt: skip
CAUSES = """
    select truth.channel as channel_id, count(*) as leads
    from marts.fct_leads as leads
    join read_csv('{truth}') as truth on split_part(leads.lead_id, ':', 2) = truth.lead_id
    where leads.is_qualified and leads.qualified_date is not null
    group by truth.channel
"""
Credited = dict[str, tuple[float, float, float]]


def bias(connection: duckdb.DuckDBPyConnection, data: Path) -> dict[str, tuple[int, Credited]]:
    """{channel: (qualified leads it really caused, {model: (credited, 5 %, 95 %)})} of a build of
    the sample."""
    truth = data / "sample" / "truth" / "lead_causes.csv"
    caused = dict(connection.execute(CAUSES.format(truth=truth)).fetchall())
    found: dict[str, tuple[int, Credited]] = {c: (count, {}) for c, count in caused.items()}
    for channel, model, *credited in connection.execute(
        "select channel_id, model, conversions, conversions_low, conversions_high "
        "from marts.fct_channel_credit "
        "where conversion_kind = 'lead_qualified' and window_kind = 'all'"
    ).fetchall():
        found.setdefault(channel, (0, {}))[1][model] = tuple(credited)
    return found


def held(found: dict[str, tuple[int, Credited]]) -> tuple[int, int]:
    """(intervals that hold the truth, intervals) over channels and all rules."""
    inside = [
        low <= caused <= high
        for channel, (caused, credited) in found.items()
        if channel not in ("none", "unattributed", "unknown")
        for _, low, high in credited.values()
    ]
    return sum(inside), len(inside)


def page(data: Path) -> str:
    """The table as Markdown."""
    import duckdb

    with duckdb.connect(str((data / "served" / "plumbline.duckdb").resolve()), True) as connection:
        found = bias(connection, data)
        labels = dict(connection.execute(
            "select channel_id, channel_label from marts.dim_channels").fetchall())  # fmt: skip
    lines = [
        f"| channel | caused | {' | '.join(SHOWN.values())} |",
        "|---" * (2 + len(SHOWN)) + "|",
    ]
    for channel, (caused, credited) in sorted(
        found.items(), key=lambda item: (-item[1][0], -item[1][1].get("linear", (0,))[0], item[0])
    ):
        if channel in ("unattributed", "unknown"):
            continue
        name = "*nothing we did*" if channel == "none" else labels[channel]
        cells = []
        for model in SHOWN:
            middle, low, high = credited.get(model, (0.0, 0.0, 0.0))
            ends = f" ({low:.0f}–{high:.0f})" if model == "markov" and middle else ""  # noqa: RUF001
            cells.append(f"{middle:.0f}{ends}")
        lines.append(f"| {name} | {caused} | {' | '.join(cells)} |")
    inside, all_of_them = held(found)
    lines += ["", f"Of {all_of_them} intervals of all eight rules {inside} hold what was caused."]
    return "\n".join(lines)


def write(data: Path) -> str:
    tables = page(data)
    put(PAGE, "evidence", tables)
    return tables
