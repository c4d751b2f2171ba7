"""How often intervals and chances of the sample's goals held, and how often its signals are chance,
as Markdown from a finished build."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.marked import put
from metrics.signals import BEGUN, FALSE_ALARMS
from settings import ROOT

DOCS = ROOT / "docs"
PAGES = {
    "held": DOCS / "how_to_add_a_goal.md",
    "chances": DOCS / "how_to_add_a_goal.md",
    "signals": DOCS / "signals.md",
}
BINS = (0.0, 0.1, 0.3, 0.7, 0.9, 1.0)  # of the chance that was stated


def held(data: Path) -> str:
    """One row per goal, by profile, and all: its backtested readings whose interval is known, its
    periods, the mean miss and how many of the intervals held the end."""
    rows = _asked(
        data,
        """
        select g.goal, d.profile, count(*), count(distinct b.period_from),
            avg(abs(b.error_share)), avg(cast(b.is_covered as integer)) as held
        from metrics.goal_backtests as b
        join metrics.dim_goals as d using (goal_id)
        join dashboards.goals as g using (goal_id)
        where b.is_covered is not null
        group by g.goal, d.profile
        order by list_position(['cumulative', 'ratio', 'level'], d.profile), held desc, 1""",
    )
    [(count, share)] = _asked(
        data,
        """
        select count(*), avg(cast(is_covered as integer)) from metrics.goal_backtests
        where is_covered is not null""",
    )
    lines = ["| goal | profile | readings (periods) | mean miss | held, of 80 % intervals |",
             "|---|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {goal} | {profile} | {readings} ({periods}) | {miss:.1%} | {part:.0%} |"
        for goal, profile, readings, periods, miss, part in rows
    ]
    return _spaced("\n".join([*lines, f"| all | | {count} | | {share:.0%} |"]))


def chances(data: Path) -> str:
    """One row per range of the stated chance: readings, goals, mean chance, share that came true;
    an empty range has none."""
    rows = _asked(
        data,
        """
        select probability, cast(is_met as integer), goal_id from metrics.goal_backtests
        where probability is not null""",
    )
    lines = ["| chance that was stated | readings (goals) | stated on average | came true |",
             "|---|---|---|---|"]  # fmt: skip
    for low, high in zip(BINS, BINS[1:], strict=False):
        mine = [row for row in rows if low <= row[0] and (row[0] < high or high == 1.0)]
        if not mine:
            continue
        said, met = (sum(row[k] for row in mine) / len(mine) for k in (0, 1))
        goals = len({row[2] for row in mine})
        lines.append(
            f"| {100 * low:.0f} to {high:.0%} | {len(mine)} ({goals}) | {said:.0%} | {met:.0%} |"
        )
    return _spaced("\n".join(lines))


def signals(data: Path) -> str:
    """Series, judged weeks and signals of all charts, and of both what chance alone would give."""
    [(charted, refused)] = _asked(
        data,
        """
        select count(case when is_charted then 1 end), count(case when not is_charted then 1 end)
        from metrics.metric_signal_charts where is_current""",
    )
    [(weeks, told, begun)] = _asked(
        data,
        """
        select count(*), count(case when is_signal then 1 end), count(case when is_first then 1 end)
        from metrics.metric_signals""",
    )
    return f"""| series charted | refused | weeks judged | that signal | by chance | signals | by chance |
|---|---|---|---|---|---|---|
| {charted} | {refused} | {weeks:,} | {told} | {weeks * sum(FALSE_ALARMS.values()):.0f} | {begun} | {weeks * BEGUN:.0f} |"""  # noqa: E501


def write(data: Path) -> str:
    """Put each table between its marks; gives them all."""
    made = {"held": held(data), "chances": chances(data), "signals": signals(data)}
    for part, table in made.items():
        put(PAGES[part], f"goals, {part}", table)
    return "\n\n".join(made.values())


def _spaced(text: str) -> str:
    return text.replace("%", " %").replace("80  %", "80 %")


def _asked(data: Path, sql: str) -> list[tuple]:
    file = (data / "served" / "plumbline.duckdb").resolve()
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()
