"""A metric tree as text: what a number is made of, what each part gave to its last change, who
answers for it, and what is thought to move it. Read from the served publication."""

from __future__ import annotations

import typing
from collections.abc import Iterator

from metrics.goals import holder, nearest
from metrics.trees import TESTED
from settings import ConfigError

if typing.TYPE_CHECKING:
    import duckdb

DASHED = "┄"


def outline(connection: duckdb.DuckDBPyConnection, name: str | None = None) -> str:
    """The tree of that name, or those that hold a metric of that name (None: all), one line a
    node: the change of the last complete quarter on the same of the year before. Raises
    ConfigError with the nearest name when there is none."""
    nodes = connection.execute(
        "select tree_id, node_id, metric_id, is_root from metrics.metric_tree_nodes "
        "order by tree_id, node_id"
    ).fetchall()
    wanted = sorted({n[0] for n in nodes if name is None or name in n[:3]})
    if not wanted:
        known = {word for n in nodes for word in n[:3]}
        raise ConfigError(f"no tree and no metric of a tree is called '{name}'; "
                          f"{nearest(str(name), known)}")  # fmt: skip
    return "\n\n".join("\n".join(_lines(connection, tree)) for tree in wanted)


def _evidence(kind: str, channel: str | None, state: str | None, share: float | None) -> str:
    """What a claim rests on: of a test also what it is worth, and of how much of the driver."""
    told = kind.replace("_", "-")
    if kind not in TESTED:
        return told
    told += f" by {channel.replace('_', ' ')}" if channel else ""
    told += f": {state or 'untested'}"
    if share is None or "of the driver" in told:
        return told
    return f"{told}, covers {100 * share:.0f} % of the driver"


def _lines(connection: duckdb.DuckDBPyConnection, tree: str) -> Iterator[str]:
    labels = {
        node: (label, holder(owner, status), root)
        for node, label, owner, status, root in connection.execute(
            "select node_id, label, owner_name, owner_status, is_root "
            "from metrics.metric_tree_nodes where tree_id = ?", [tree],
        ).fetchall()
    }  # fmt: skip
    steps = {
        (metric, node): (place, told)
        for metric, node, place, *told in connection.execute(
            "select c.explained_node, c.node_id, c.place, v.value_from_text, v.value_to_text, "
            "v.contribution_text from metrics.metric_tree_changes as c "
            "join metrics.metric_tree_nodes as x on c.tree_id = x.tree_id "
            "and c.explained_node = x.node_id "
            "join dashboards.tree_steps as v on v.tree = c.tree_id and v.metric_id = x.metric_id "
            "and v.place = c.place and v.period_from = c.period_from "
            "and v.period_to = c.period_to "
            "where c.tree_id = ? and c.grain = 'quarter' and c.part is null", [tree],
        ).fetchall()
    }  # fmt: skip
    edges: dict[str, list[tuple]] = {}
    for row in connection.execute(
        "select parent_node, child_node, kind, operator, lag_weeks, finding, evidence_kind, "
        "evidence_channel, evidence_state, evidence_share "
        "from metrics.metric_tree_edges where tree_id = ?", [tree],
    ).fetchall():  # fmt: skip
        edges.setdefault(row[0], []).append(row[1:])
    shown: set[str] = set()

    def told(node: str, explained: str, sign: str, depth: int) -> Iterator[str]:
        label, owner, _ = labels[node]
        _, change = steps.get((explained, node), (None, None))
        numbers = f"  {change[0]} → {change[1]} ({change[2]})" if change and any(change) else ""
        again = node in shown
        yield f"{'  ' * depth}{sign}{label} [{node}]{numbers}  {owner}{' (above)' if again else ''}"
        if again:
            return
        shown.add(node)
        for child, kind, operator, lag, finding, *evidence in edges.get(node, []):
            if kind == "component":
                yield from told(child, explained, f"{operator} ", depth + 1)
            elif kind == "split":
                yield f"{'  ' * (depth + 1)}by {child.replace('_', ' ')}"
            else:
                why = f"{_evidence(*evidence)}; {finding or 'not tested'}"
                way = f"{DASHED}{operator} after {lag} week{'s' * (lag != 1)} ({why}) "
                yield from told(child, child, way, depth + 1)

    yield f"{tree}: last complete quarter on the same quarter of the year before"
    root = next(node for node, (_, _, is_root) in labels.items() if is_root)
    yield from told(root, root, "", 0)
