"""Metric trees: what a number is made of, what is thought to move it, and why it changed.

`metrics/trees/<name>.yml` (or the folder that `[metrics] trees` names) says it. Component edges
are arithmetic: the parent is the sum or product of its components in every period and slice, or the
build stops. Influence edges are claims, with a sign, a lag and the evidence there is; they never
enter an explanation. A `split` takes a node apart by a slice: change by slice of a sum, mix and
rate of a ratio. Arithmetic: `metrics/factors.py`, `metrics/drivers.py`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import Field

from metrics import drivers, factors, influences, signals
from metrics.goals import Owner, nearest, owners_of
from metrics.influences import Finding
from metrics.periods import last_day, months_later, shift
from metrics.signals import Week
from metrics.storing import insert
from settings import ROOT, ConfigError, Run, read_yaml, strict, yaml_line

if typing.TYPE_CHECKING:
    import duckdb

Name = typing.Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Words = typing.Annotated[str, Field(min_length=1)]
TESTED = ("quasi_experiment", "experiment")
CENT = 0.005  # a residual below half a cent is rounding; other units: a millionth
WHOLE = 0.9  # share of a driver from which on evidence is of the driver and not of a part
SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}  # noqa: RUF001

TABLES = """
create or replace table metrics.metric_tree_nodes (
    tree_id varchar, node_id varchar, label varchar, metric_id varchar, part varchar,
    slice varchar, is_root boolean, is_goal_metric boolean, owner_role varchar,
    owner_name varchar, owner_status varchar, source_file varchar);
create or replace table metrics.metric_tree_edges (
    tree_id varchar, parent_node varchar, child_node varchar, kind varchar, operator varchar,
    lag_weeks integer, evidence_kind varchar, evidence_channel varchar, evidence_outcome varchar,
    is_evidenced boolean, evidence_share double, evidence_state varchar, why varchar,
    weeks integer, correlation double, p_value double,
    q_value double, strongest_lag_weeks integer, finding varchar);
create or replace table metrics.metric_tree_checks (
    tree_id varchar, node_id varchar, grain varchar, slice_name varchar, periods_checked integer,
    periods_unknown integer, largest_residual double);
create or replace table metrics.metric_tree_changes (
    tree_id varchar, explained_node varchar, grain varchar, period_from date, period_to date,
    place integer, depth integer, node_id varchar, part varchar, kind varchar, value_from double,
    value_to double, contribution double, is_leaf boolean, is_latest boolean);
"""


@strict
class Component:
    node: Name
    operator: factors.Operator


@strict
class Evidence:
    """What speaks for an influence; tested kinds name the row of metrics.evidence by channel and
    outcome."""

    kind: typing.Literal["hypothesis", "correlation", "quasi_experiment", "experiment"]
    channel: str | None = None
    outcome: str | None = None


@strict
class Influence:
    node: Name
    sign: typing.Literal["+", "-"]
    lag_weeks: typing.Annotated[int, Field(ge=0, le=52)]
    evidence: Evidence
    why: Words


@strict
class Node:
    """One number of a tree: a metric (the node's name unless told), or a ratio's numerator or
    denominator, for all or one slice. `owner` is the metric's unless told."""

    name: Name
    metric: Name | None = None
    part: typing.Literal["value", "numerator", "denominator"] = "value"
    slice: dict[str, bool | int | str] = dataclasses.field(default_factory=dict)
    label: Words | None = None
    owner: Words | None = None
    components: tuple[Component, ...] = ()
    split: Name | None = None
    influences: tuple[Influence, ...] = ()

    @property
    def metric_id(self) -> str:
        return self.metric or self.name

    @property
    def cut(self) -> tuple[str, str]:
        """(slice name, slice value) as metric_values calls them."""
        for name, value in self.slice.items():
            return name, str(value).lower() if isinstance(value, bool) else str(value)
        return "all", "all"


@strict
class Spec:
    name: Name
    statement: Words
    root: Name
    nodes: tuple[Node, ...]
    slices: tuple[Name, ...] = ()


class Tree(typing.NamedTuple):
    """A tree and its file, for messages."""

    spec: Spec
    file: Path
    nodes: dict[str, Node]

    def wrong(self, *loc: str | int, text: str) -> ConfigError:
        return ConfigError(
            f"{self.file}:{yaml_line(self.file, loc)}: tree '{self.spec.name}': {text}"
        )

    def at(self, name: str) -> int:
        return next(k for k, node in enumerate(self.spec.nodes) if node.name == name)


class Metric(typing.NamedTuple):
    """What metrics.dim_metrics says of a metric."""

    label: str
    unit: str
    additivity: str
    owner_role: str


class Step(typing.NamedTuple):
    """One line of an explanation; the leaves' contributions add up to the root's change."""

    depth: int
    node: str
    part: str | None  # of a split
    kind: str  # whole | term | factor | change | mix | rate
    before: float | None
    after: float | None
    contribution: float
    is_leaf: bool


class Cell(typing.NamedTuple):
    """A stored value; with its numerator and denominator, of a ratio."""

    value: float | None
    above: float | None
    below: float | None


# A node's value in the period that begins on a day; the parts of its change between two of them by
# its split (none: there are no exact ones).
Reader = Callable[[Node, dt.date], float | None]
Splitter = Callable[[Node, dt.date, dt.date], list[drivers.Part]]


def write(run: Run, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Write the metric_tree tables and append each tree's leaves to metric_drivers (slice_name
    `tree`); gives lines on what a reader must know first.

    Rows: one per tree and node; per tree and edge; per tree, parent, grain and slicing; per tree,
    explained node, grain (month, quarter, year), compared period and step of the explanation, for
    every complete period against the one before and that of a year before (`is_latest`: no later
    one is complete). Values are in the metric's unit. Raises ConfigError for a tree that names what
    the warehouse does not know or whose components do not make their parent.
    """
    trees = read_trees(trees_folder(run))
    metrics, owners = metrics_of(connection), owners_of(connection)
    stored = Stored(connection, trees)
    check(trees, metrics, owners, stored.slices)
    evidence = _evidence(connection)
    findings = influences.tested(trees, metrics, stored)
    breaks = signals.definition_breaks(connection)
    split = written(connection, trees)
    goals = {m for (m,) in connection.execute("select metric_id from metrics.dim_goals").fetchall()}
    rows: dict[str, list[tuple]] = {"nodes": [], "edges": [], "checks": [], "changes": []}
    parts: list[tuple] = []
    lines: list[str] = []
    for tree in trees:
        rows["checks"] += reconcile(tree, metrics, stored)
        for position, node in enumerate(tree.spec.nodes):
            role = node.owner or metrics[node.metric_id].owner_role
            owner = owners.get(role, Owner(None, "vacant" if owners else "unverified"))
            rows["nodes"].append(
                (tree.spec.name, node.name, node.label or metrics[node.metric_id].label,
                 node.metric_id, node.part, "=".join(node.cut) if node.slice else "all",
                 node.name == tree.spec.root, node.metric_id in goals, role, *owner,
                 f"{tree.file.name}:{yaml_line(tree.file, ('nodes', position))}")
            )  # fmt: skip
        edges = _edges(tree, evidence, findings, stored)
        rows["edges"] += edges
        lines += [
            f"tree {tree.spec.name}: {parent} ← {child} names {kind} evidence on {outcome} by "
            f"{channel}: {state}."
            for _, parent, child, edge, _, _, kind, channel, outcome, _, _, state, *_ in edges
            if edge == "influence" and kind in TESTED and state != "evidenced"
        ]
        if tree.nodes[tree.spec.root].metric_id not in goals:
            lines.append(
                f"tree {tree.spec.name}: no goal is set on its root {tree.spec.root}: it explains "
                "a number that nobody promised."
            )
        for key, is_latest, steps in _changes(tree, stored, split, breaks, run.as_of):
            rows["changes"] += [
                (tree.spec.name, *key, k, s.depth, s.node, s.part, s.kind, s.before, s.after,
                 s.contribution, s.is_leaf, is_latest)
                for k, s in enumerate(steps)
            ]  # fmt: skip
            node, grain, then, now = key
            if not tree.nodes[node].slice and tree.nodes[node].part == "value":
                parts += [
                    (tree.nodes[node].metric_id, grain, then, now, "tree",
                     leaf_label(tree, metrics, s), s.contribution, s.kind, is_latest)
                    for s in steps if s.is_leaf
                ]  # fmt: skip
    connection.execute(TABLES)
    for table, found in rows.items():
        insert(connection, f"metrics.metric_tree_{table}", found)
    insert(connection, "metrics.metric_drivers", parts)
    return lines


# --- reading and checking ------------------------------------------------------------------------


def trees_folder(run: Run) -> Path:
    folder = Path(run.settings.metrics.trees)
    return folder if folder.is_absolute() else ROOT / folder


def read_trees(folder: Path) -> list[Tree]:
    """Every tree of `<folder>/*.yml`. Raises ConfigError with file, line and the nearest name when
    a node is unknown, unused, its own descendant, or its operators mix."""
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: no such folder; make it, or name another in [metrics] trees of "
            "plumbline.toml. (An empty folder means: no trees.)"
        )
    found: list[Tree] = []
    for file in sorted(folder.glob("*.yml")):
        spec = read_yaml(file, Spec)
        tree = Tree(spec, file, {node.name: node for node in spec.nodes})
        if spec.name in {other.spec.name for other in found}:
            raise tree.wrong("name", text="another file has a tree of that name.")
        _shape(tree)
        found.append(tree)
    return found


def _shape(tree: Tree) -> None:
    spec = tree.spec
    if spec.root not in tree.nodes:
        raise tree.wrong("root", text=f"no node '{spec.root}'; {nearest(spec.root, tree.nodes)}")
    for k, node in enumerate(spec.nodes):
        if tree.nodes[node.name] is not node:
            raise tree.wrong("nodes", k, "name", text=f"node '{node.name}' stands twice.")
        if len(node.slice) > 1:
            raise tree.wrong("nodes", k, "slice", text="values are kept for one slice at a time.")
        if node.part != "value" and not node.label:
            raise tree.wrong(
                "nodes", k, "part", text=f"'{node.name}' is a part of a metric; give it a label."
            )
        if node.components and node.split:
            raise tree.wrong(
                "nodes", k, "split", text=f"'{node.name}' has components and a split; keep one."
            )
        if node.split and (node.slice or node.part != "value"):
            raise tree.wrong(
                "nodes", k, "split", text=f"'{node.name}' is a slice or part already; leave it out."
            )
        for field, edges in (("components", node.components), ("influences", node.influences)):
            for at, edge in enumerate(edges):
                if edge.node not in tree.nodes:
                    raise tree.wrong(
                        "nodes", k, field, at, "node",
                        text=f"no node '{edge.node}'; {nearest(edge.node, tree.nodes)}",
                    )  # fmt: skip
        operators = [edge.operator for edge in node.components]
        if operators and (
            len({o in factors.SUMS for o in operators}) > 1 or operators[0] not in "+*"
        ):
            raise tree.wrong(
                "nodes", k, "components",
                text=f"'{node.name}' is either a sum (+ -) or a product (* /), beginning with + or "
                "*; give what differs a node of its own.",
            )  # fmt: skip
    _reached(tree)


def _reached(tree: Tree) -> None:
    """No node is its own component, and every one hangs on the root."""
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...], only_components: bool) -> None:
        if only_components and name in above:
            raise tree.wrong(
                "nodes", tree.at(name), "components",
                text=f"'{name}' is a component of itself: {' > '.join((*above, name))}.",
            )  # fmt: skip
        if name in done and not only_components:
            return
        done.add(name)
        node = tree.nodes[name]
        for edge in node.components:
            visit(edge.node, (*above, name), only_components)
        for edge in () if only_components else node.influences:
            visit(edge.node, (*above, name), only_components)

    for name in tree.nodes:
        visit(name, (), only_components=True)
    done.clear()
    visit(tree.spec.root, (), only_components=False)
    for name in tree.nodes.keys() - done:
        raise tree.wrong(
            "nodes", tree.at(name), "name",
            text=f"node '{name}' hangs on nothing; name it under components or influences.",
        )  # fmt: skip


def check(
    trees: list[Tree],
    metrics: dict[str, Metric],
    owners: dict[str, Owner],
    slices: dict[str, dict[str, set[str]]],
) -> None:
    """Refuse trees whose names the warehouse does not know, with the nearest that it does. Roles
    are checked once owners are loaded, slices once the metric has values. Raises ConfigError."""
    for tree in trees:
        for k, node in enumerate(tree.spec.nodes):
            at = ("nodes", k)
            if node.metric_id not in metrics:
                field = "metric" if node.metric else "name"
                raise tree.wrong(
                    *at, field, text=f"no metric '{node.metric_id}'; "
                    f"{nearest(node.metric_id, metrics)}",
                )  # fmt: skip
            if node.owner and owners and node.owner not in owners:
                raise tree.wrong(
                    *at, "owner", text=f"no role '{node.owner}'; {nearest(node.owner, owners)}"
                )
            metric = metrics[node.metric_id]
            if node.part != "value" and metric.additivity not in drivers.RATIOS:
                raise tree.wrong(
                    *at, "part",
                    text=f"'{node.metric_id}' is {metric.additivity} and has no {node.part}.",
                )  # fmt: skip
            if node.split and metric.additivity not in drivers.SUMS + drivers.RATIOS:
                raise tree.wrong(
                    *at, "split",
                    text=f"'{node.metric_id}' is {metric.additivity}: its slices are not parts.",
                )  # fmt: skip
            known = slices.get(node.metric_id, {})
            for name, field in ((node.split, "split"), (node.cut[0], "slice")):
                if known and name and name not in known:
                    raise tree.wrong(
                        *at, field,
                        text=f"'{node.metric_id}' has no slice '{name}'; "
                        f"{nearest(name, set(known) - {'all'})}",
                    )  # fmt: skip


# --- values --------------------------------------------------------------------------------------


class Stored:
    """The values that trees need, read once: {(metric, slice name): {(grain, start, slice value):
    (cell, is complete)}}; of all grains but days unless one is told."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, trees: list[Tree], only: str | None = None
    ) -> None:
        names = sorted({node.metric_id for tree in trees for node in tree.spec.nodes})
        marks = ", ".join("?" * len(names)) or "null"
        self.slices: dict[str, dict[str, set[str]]] = {}
        self.cells: dict[tuple[str, str], dict[tuple[str, dt.date, str], tuple[Cell, bool]]] = {}
        for metric, grain, start, name, value, number, above, below, complete in connection.execute(
            "select metric_id, grain, period_start, slice_name, slice_value, value, numerator, "
            "denominator, is_complete and coalesce(trust, '') <> 'stale' "
            f"from metrics.metric_values where metric_id in ({marks}) "
            f"and grain {'=' if only else '<>'} ?", [*names, only or "day"],
        ).fetchall():  # fmt: skip
            self.slices.setdefault(metric, {}).setdefault(name, set()).add(value)
            cells = self.cells.setdefault((metric, name), {})
            cells[grain, start, value] = (Cell(number, above, below), bool(complete))

    def value(
        self, node: Node, grain: str, start: dt.date, cut: tuple[str, str] | None = None
    ) -> float | None:
        """A node's number in a period; `cut` is the slice that the whole tree is read in."""
        name, value = cut if cut and not node.slice else node.cut
        found = self.cells.get((node.metric_id, name), {}).get((grain, start, value))
        if found is None:
            return None
        cell = found[0]
        return {"value": cell.value, "numerator": cell.above, "denominator": cell.below}[node.part]

    def periods(self, node: Node, cut: tuple[str, str] | None = None) -> Iterator[tuple]:
        """(grain, first day, slice value) of every period with a value, oldest first."""
        name, value = cut if cut and not node.slice else node.cut
        cells = self.cells.get((node.metric_id, name), {})
        for grain, start, found in sorted(cells, key=lambda key: (key[0], key[1], key[2] or "")):
            if name != "all" and value == "*" or found == value:
                yield grain, start, found

    def weeks(self, node: Node) -> Iterator[Week]:
        """Complete weeks with a number, oldest first; the first, which may be half of one, is
        left out. A part of a ratio has no parts."""
        cells = self.cells.get((node.metric_id, node.cut[0]), {})
        starts = sorted(
            start for (grain, start, value), (_, complete) in cells.items()
            if grain == "week" and value == node.cut[1] and complete
        )  # fmt: skip
        for start in starts[1:]:
            cell = cells["week", start, node.cut[1]][0]
            number = self.value(node, "week", start)
            if number is not None:
                parts = (cell.above, cell.below) if node.part == "value" else (None, None)
                yield Week(start, number, *parts)

    def complete(self, node: Node, grain: str) -> list[dt.date]:
        """First days of the complete periods that have a number, oldest first."""
        name, value = node.cut
        return sorted(
            start
            for (g, start, v), (_, complete) in self.cells.get((node.metric_id, name), {}).items()
            if g == grain and v == value and complete
            and self.value(node, grain, start) is not None
        )  # fmt: skip


def written(connection: duckdb.DuckDBPyConnection, trees: list[Tree]) -> Callable[[str], Splitter]:
    """Parts of splits as `metrics.metric_drivers` holds them, by grain."""
    found: dict[tuple, list[drivers.Part]] = {}
    wanted = sorted({(n.metric_id, n.split) for tree in trees for n in tree.spec.nodes if n.split})
    for metric, name in wanted:
        for grain, then, now, *part in connection.execute(
            "select grain, period_from, period_to, slice_value, contribution, kind "
            "from metrics.metric_drivers where metric_id = ? and slice_name = ? order by all",
            [metric, name],
        ).fetchall():
            key = (metric, name, grain, then, now)
            found.setdefault(key, []).append(drivers.Part(*part))
    return lambda grain: (
        lambda node, then, now: found.get((node.metric_id, node.split, grain, then, now), [])
    )


def reconcile(tree: Tree, metrics: dict[str, Metric], stored: Stored) -> list[tuple]:
    """Rows of metric_tree_checks: every parent against its components, in every period, for all
    and by every slice of the tree. Raises ConfigError at the first residual that is not rounding:
    of money half a cent, else a millionth of the size."""
    rows = []
    for k, node in enumerate(tree.spec.nodes):
        if not node.components:
            continue
        operators = [edge.operator for edge in node.components]
        children = [tree.nodes[edge.node] for edge in node.components]
        sliced = () if any(n.slice for n in (node, *children)) else tree.spec.slices
        for cut in ("all", *sliced):
            if not all(cut in stored.slices.get(n.metric_id, {}) for n in (node, *children)):
                continue  # customers are not sliced by product; then there is nothing to hold
            found: dict[str, list[float | None]] = {}
            where = None if cut == "all" else (cut, "*")
            for grain, start, value in stored.periods(node, where):
                chosen = None if cut == "all" else (cut, value)
                whole = stored.value(node, grain, start, chosen)
                values = [stored.value(child, grain, start, chosen) for child in children]
                made = None if None in values else factors.combined(operators, values)
                known = whole is not None and made is not None
                found.setdefault(grain, []).append(abs(whole - made) if known else None)
                money = metrics[node.metric_id].unit == "money" and node.part == "value"
                allowed = CENT if money else 1e-6 * max(1.0, abs(whole or 0.0))
                if known and abs(whole - made) > allowed:
                    formula = " ".join(
                        f"{SIGNS[o]} {c.name}" for o, c in zip(operators, children, strict=True)
                    )
                    raise tree.wrong(
                        "nodes", k, "components",
                        text=f"'{node.name}' is {whole:,.4f} in the {grain} of {start}"
                        f"{'' if cut == 'all' else f' ({cut}={value})'}, its components "
                        f"({formula[2:]}) make {made:,.4f}; correct the components, or give what "
                        "is missing a node.",
                    )  # fmt: skip
            rows += [
                (tree.spec.name, node.name, grain, cut,
                 sum(r is not None for r in residuals), sum(r is None for r in residuals),
                 max((r for r in residuals if r is not None), default=None))
                for grain, residuals in found.items()
            ]  # fmt: skip
    return rows


# --- why it changed ------------------------------------------------------------------------------


def explain(
    tree: Tree,
    name: str,
    read: Reader,
    split: Splitter,
    then: dt.date,
    now: dt.date,
) -> list[Step]:
    """What the change of node `name` between two periods is made of, top down; none where its own
    numbers or those of its components are not known. A node that cannot be taken apart further is
    a leaf; the leaves add up to the change."""
    before, after = read(tree.nodes[name], then), read(tree.nodes[name], now)
    if before is None or after is None:
        return []
    steps = list(_taken_apart(tree, name, read, split, (then, now), 1.0, "whole", 0))
    return steps if len(steps) > 1 else []


def _taken_apart(
    tree: Tree,
    name: str,
    read: Reader,
    split: Splitter,
    days: tuple[dt.date, dt.date],
    multiplier: float,
    kind: str,
    depth: int,
) -> Iterator[Step]:
    node = tree.nodes[name]
    before, after = (read(node, day) for day in days)
    given = multiplier * (after - before)
    below: list[Step] = []
    if node.components:
        numbers = [[read(tree.nodes[edge.node], day) for day in days] for edge in node.components]
        if not any(None in pair for pair in numbers):
            children = [
                factors.Child(edge.operator, *pair)
                for edge, pair in zip(node.components, numbers, strict=True)
            ]
            found = factors.multipliers(children)
            word = "term" if children[0].operator in factors.SUMS else "factor"
            for edge, inner in zip(node.components, found or (), strict=bool(found)):
                below += _taken_apart(
                    tree, edge.node, read, split, days, multiplier * inner, word, depth + 1
                )
    elif node.split:
        below = [
            Step(depth + 1, name, part.slice_value, part.kind, None, None,
                 multiplier * part.contribution, True)
            for part in split(node, *days)
        ]  # fmt: skip
    yield Step(depth, name, None, kind, before, after, given, not below)
    yield from below


def _changes(
    tree: Tree,
    stored: Stored,
    split: Callable[[str], Splitter],
    breaks: dict[str, dict[dt.date, str]],
    as_of: dt.date,
) -> Iterator[tuple[tuple, bool, list[Step]]]:
    """((node, grain, from, to), whether it is the latest, steps) of the root and of every node that
    only an influence leads to and that has components: every complete period against the one
    before and that of a year before."""
    below = {edge.node for node in tree.spec.nodes for edge in node.components}
    for node in tree.spec.nodes:
        if not node.components or node.name in below:
            continue
        for grain in drivers.GRAINS:
            over = [d for d in stored.complete(node, grain) if last_day(d, grain) <= as_of]
            for now in over:
                for then in sorted({before(now, grain), shift(now, -1)}.intersection(over)):
                    if is_broken(tree, node.name, breaks, then, last_day(now, grain)):
                        continue
                    read = reader(stored, grain)
                    steps = explain(tree, node.name, read, split(grain), then, now)
                    if steps:
                        yield (node.name, grain, then, now), now == over[-1], steps


def before(start: dt.date, grain: str) -> dt.date:
    """The first day of the month, quarter or year before."""
    return months_later(start, -{"month": 1, "quarter": 3, "year": 12}[grain])


def is_broken(
    tree: Tree, name: str, breaks: dict[str, dict[dt.date, str]], then: dt.date, last: dt.date
) -> bool:
    """Whether something that a node is made of was defined otherwise at one time of a comparison:
    that would be told as a change of the thing."""
    return any(
        then < day <= last for part in made_of(tree, name) for day in breaks.get(part.metric_id, {})
    )


def made_of(tree: Tree, name: str) -> Iterator[Node]:
    """A node and what it is made of, down to the leaves."""
    yield tree.nodes[name]
    for edge in tree.nodes[name].components:
        yield from made_of(tree, edge.node)


def reader(stored: Stored, grain: str, cut: tuple[str, str] | None = None) -> Reader:
    """How `explain` reads values of one grain, in one slice of the whole tree if told."""
    return lambda node, day: stored.value(node, grain, day, cut)


def leaf_label(tree: Tree, metrics: dict[str, Metric], step: Step) -> str:
    node = tree.nodes[step.node]
    label = node.label or metrics[node.metric_id].label
    return f"{label}: {step.part}" if step.part else label


def _edges(
    tree: Tree, evidence: dict[tuple, set[str | None]], findings: list[Finding], stored: Stored
) -> list[tuple]:
    name, rows = tree.spec.name, []
    tested = {(f.tree, f.parent, f.child): f for f in findings}
    for node in tree.spec.nodes:
        for edge in node.components:
            rows.append((name, node.name, edge.node, "component", SIGNS[edge.operator],
                         *[None] * 14))  # fmt: skip
        if node.split:
            rows.append((name, node.name, node.split, "split", None, *[None] * 14))
        for edge in node.influences:
            given = edge.evidence
            key = (given.kind, given.channel, given.outcome)
            found = tested.get((name, node.name, edge.node))
            share = covered(tree.nodes[edge.node], given.channel, stored)
            state = standing(given.kind, evidence.get(key, set()), share)
            rows.append(
                (name, node.name, edge.node, "influence", SIGNS[edge.sign], edge.lag_weeks, *key,
                 state == "evidenced", share if given.kind in TESTED else None, state, edge.why,
                 *(found[3:] if found else (None,) * 6))
            )  # fmt: skip
    return rows


def covered(driver: Node, channel: str | None, stored: Stored) -> float | None:
    """The share of a driver that is the channel's, in its last complete year; None where the
    driver is not told by channel."""
    if "channel_id" in driver.slice:
        return float(driver.slice["channel_id"] == channel)
    if driver.slice or driver.part != "value":
        return None
    cells = stored.cells.get((driver.metric_id, "channel_id"), {})
    years = [start for (grain, start, _), (_, complete) in cells.items()
             if grain == "year" and complete]  # fmt: skip
    if not years:
        return None
    parts = {
        value: cell.value or 0.0
        for (grain, start, value), (cell, _) in cells.items()
        if grain == "year" and start == max(years)
    }
    whole = sum(parts.values())
    return parts.get(channel, 0.0) / whole if whole else None


def standing(kind: str, verdicts: set[str | None], share: float | None) -> str:
    """What an influence rests on, in words. `verdicts` are those of the evidence that it names."""
    if kind not in TESTED:
        return kind
    if not verdicts:
        return "untested: the warehouse does not hold it"
    sound = {verdict for verdict in verdicts if not (verdict or "").startswith("unknown")}
    if not sound:
        return min(verdict for verdict in verdicts if verdict)
    if share is None:
        return "partly evidenced: of what share of the driver is not known"
    if share == 0:
        return "untested: the test is of a channel that is no part of the driver"
    if share < WHOLE:
        return f"partly evidenced: {100 * share:.0f} % of the driver"
    return "evidenced"


def _evidence(connection: duckdb.DuckDBPyConnection) -> dict[tuple, set[str | None]]:
    """{(kind, channel, outcome): its verdicts} of the evidence that the warehouse holds."""
    known = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'metrics' "
        "and table_name = 'evidence'"
    ).fetchone()
    found: dict[tuple, set[str | None]] = {}
    if known and known[0]:
        for *key, verdict in connection.execute(
            "select distinct kind, channel_id, outcome, verdict from metrics.evidence"
        ).fetchall():
            found.setdefault(tuple(key), set()).add(verdict)
    return found


def metrics_of(connection: duckdb.DuckDBPyConnection) -> dict[str, Metric]:
    rows = connection.execute(
        "select metric_id, label, unit, additivity, owner_role from metrics.dim_metrics"
    ).fetchall()
    return {row[0]: Metric(*row[1:]) for row in rows}
