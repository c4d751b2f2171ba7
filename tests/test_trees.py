"""Metric trees: what a parent is made of holds to the cent, and every change adds up."""

import datetime as dt
import math
import re
import types

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_warehouse import AS_OF, add_metric, add_owner, add_values, prepare

from metrics import drivers, factors, goals, trees
from metrics.__main__ import main
from metrics.influences import Finding
from metrics.outline import _evidence, outline
from settings import ROOT, ConfigError

Q1, Q2, Q3 = (dt.date(2026, m, 1) for m in (1, 4, 7))
Q3_BEFORE = dt.date(2025, 7, 1)

TREE = """
name: sales
statement: Revenue is deals times value.
root: revenue
slices: [team]
nodes:
  - name: revenue
    components:
      - {node: deals, operator: "*"}
      - {node: deal_value, operator: "*"}
  - name: deals
    influences:
      - node: share_of_voice
        sign: "+"
        lag_weeks: 6
        why: They know us.
        evidence: {kind: hypothesis}
  - name: deal_value
    split: team
  - name: share_of_voice
"""


@pytest.fixture
def build(tmp_path):
    """write() over tree text and a warehouse with two quarters of it."""
    connection = prepare(duckdb.connect())
    connection.execute("create table metrics.dim_goals (metric_id varchar)")
    connection.execute("insert into metrics.dim_goals values ('revenue')")
    add_metric(connection, "revenue", unit="money", amec="impact")
    add_metric(connection, "deals")
    add_metric(connection, "deal_value", unit="money", additivity="ratio")
    add_metric(connection, "share_of_voice", additivity="ratio", amec="outtake")
    add_metric(connection, "days", additivity="percentile")
    # 10 deals of 100 become 20 of 150.
    for team, before, after in (("all", (1000, 10), (3000, 20)), ("North", (800, 5), (2600, 10)),
                                ("South", (200, 5), (400, 10))):  # fmt: skip
        cut = ("all", "all") if team == "all" else ("team", team)
        kept = {Q3_BEFORE: before, Q3: after}
        add_values(connection, "deal_value", kept, grain="quarter", slice_=cut)
        add_values(connection, "revenue", {k: v[0] for k, v in kept.items()}, grain="quarter",
                   slice_=cut)  # fmt: skip
        add_values(connection, "deals", {k: v[1] for k, v in kept.items()}, grain="quarter",
                   slice_=cut)  # fmt: skip
    folder = tmp_path / "trees"
    folder.mkdir()

    def write(text, file="sales.yml"):
        (folder / file).write_text(text)
        metrics = types.SimpleNamespace(trees=str(folder))
        run = types.SimpleNamespace(settings=types.SimpleNamespace(metrics=metrics), as_of=AS_OF)
        drivers.decompose(run, connection)
        return trees.write(run, connection)

    return connection, write


def ask(connection, sql):
    return connection.execute(sql).fetchall()


def test_a_change_is_taken_apart_through_the_tree_and_adds_up(build):
    connection, write = build
    assert write(TREE) == []
    steps = ask(connection, "select depth, node_id, part, kind, value_from, value_to, contribution,"
                            " is_leaf from metrics.metric_tree_changes where grain = 'quarter' and"
                            " explained_node = 'revenue' order by place")  # fmt: skip
    whole = factors.log_mean(3000, 1000)
    assert [row[:4] for row in steps] == [
        (0, "revenue", None, "whole"), (1, "deals", None, "factor"),
        (1, "deal_value", None, "factor"), (2, "deal_value", "North", "mix"),
        (2, "deal_value", "North", "rate"), (2, "deal_value", "South", "mix"),
        (2, "deal_value", "South", "rate"),
    ]  # fmt: skip
    assert steps[0][4:] == (1000, 3000, 2000, False)
    assert steps[1][6] == pytest.approx(whole * math.log(2))  # ten deals become twenty
    assert steps[2][6] == pytest.approx(whole * math.log(1.5))
    assert steps[4][6] == pytest.approx(whole / factors.log_mean(150, 100) * 0.5 * (260 - 160))
    assert math.fsum(row[6] for row in steps if row[7]) == pytest.approx(2000, abs=1e-9)
    leaves = ask(connection, "select slice_name, slice_value, kind, contribution from "
                             "metrics.metric_drivers where metric_id = 'revenue' "
                             "and slice_name = 'tree'")  # fmt: skip
    assert {row[:3] for row in leaves} >= {("tree", "Deals", "factor"),
                                           ("tree", "Deal value: North", "rate")}  # fmt: skip
    assert math.fsum(row[3] for row in leaves) == pytest.approx(2000, abs=1e-9)


def test_what_cannot_be_known_is_not_explained(build):
    connection, write = build
    connection.execute("update metrics.metric_values set value = null where metric_id = 'deals' "
                       "and period_start = '2025-07-01'")  # fmt: skip
    write(TREE)
    assert ask(connection, "select count(*) from metrics.metric_tree_changes") == [(0,)]
    assert ask(connection, "select periods_checked, periods_unknown from metrics.metric_tree_checks"
                           " where slice_name = 'all'") == [(1, 1)]  # fmt: skip


def test_nothing_is_explained_across_a_changed_definition(build):
    connection, write = build
    connection.execute(
        "insert into metrics.metric_breaks values ('deals', 'x', 'views', '2026-07-31', 'Plays')"
    )
    write(TREE)
    assert ask(connection, "select count(*) from metrics.metric_tree_changes") == [(0,)]
    connection.execute("update metrics.metric_breaks set changed_on = '2026-10-01'")
    write(TREE)
    assert ask(connection, "select count(*) from metrics.metric_tree_changes") == [(7,)]


@pytest.mark.parametrize(
    ("slice_", "said"),
    [
        ("all", "'revenue' is 3,000.0100 in the quarter of 2026-07-01, its components "
                "(deals × deal_value) make 3,000.0000"),  # noqa: RUF001
        ("South", "in the quarter of 2026-07-01 (team=South), its components"),
    ],
)  # fmt: skip
def test_components_that_miss_a_cent_stop_the_build(build, slice_, said):
    connection, write = build
    write(TREE)  # as it stands it holds
    connection.execute("update metrics.metric_values set value = value + 0.01 where metric_id = "
                       "'revenue' and slice_value = ? and period_start = '2026-07-01'",
                       [slice_])  # fmt: skip
    with pytest.raises(ConfigError) as error:
        write(TREE)
    assert said in str(error.value) and "sales.yml:8: tree 'sales'" in str(error.value)


def test_a_rounding_below_half_a_cent_passes_and_is_written_down(build):
    connection, write = build
    connection.execute(
        "update metrics.metric_values set value = value + 0.004 where metric_id = 'revenue' "
        "and slice_value = 'all' and period_start = '2026-07-01'"
    )
    write(TREE)
    [(residual,)] = ask(connection, "select largest_residual from metrics.metric_tree_checks "
                                    "where slice_name = 'all'")  # fmt: skip
    assert residual == pytest.approx(0.004)


def test_every_node_has_an_owner_and_a_missing_one_shows(build):
    connection, write = build
    add_owner(connection, "demand_lead", "Ida Holm")
    add_owner(connection, "sales_lead", "Max Weber", status="left")
    write(TREE.replace("  - name: deals\n", "  - name: deals\n    owner: sales_lead\n"))
    rows = ask(connection, "select node_id, owner_role, owner_name, owner_status, is_root, "
                           "is_goal_metric from metrics.metric_tree_nodes order by 1")  # fmt: skip
    assert rows == [
        ("deal_value", "demand_lead", "Ida Holm", "active", False, False),
        ("deals", "sales_lead", "Max Weber", "left", False, False),
        ("revenue", "demand_lead", "Ida Holm", "active", True, True),
        ("share_of_voice", "demand_lead", "Ida Holm", "active", False, False),
    ]


def test_a_tree_that_no_goal_hangs_on_says_so(build):
    connection, write = build
    connection.execute("delete from metrics.dim_goals")
    assert write(TREE) == [
        "tree sales: no goal is set on its root revenue: it explains a number that nobody promised."
    ]


HOLDS = ("create or replace table metrics.evidence as select 'experiment' as kind, 'radio' as "
         "channel_id, 'leads_created' as outcome, {} as verdict")  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "channels", "state"),
    [
        (None, {}, "untested: the warehouse does not hold it"),
        ("'stands'", {}, "partly evidenced: of what share of the driver is not known"),
        ("'stands'", {"radio": 1, "tv": 3}, "partly evidenced: 25 % of the driver"),
        ("'stands'", {"radio": 9, "tv": 1}, "evidenced"),
        ("'stands'", {"tv": 1}, "untested: the test is of a channel that is no part of the driver"),
        ("'unknown: contaminated'", {"radio": 9, "tv": 1}, "unknown: contaminated"),
        ("unnest(['unknown: contaminated', 'stands'])", {"radio": 9, "tv": 1}, "evidenced"),
    ],
)
def test_an_edge_says_of_what_share_of_its_driver_it_is_evidenced(build, verdict, channels, state):
    connection, write = build
    if verdict:
        connection.execute(HOLDS.format(verdict))
    for channel, spend in channels.items():
        for year, complete in ((2024, True), (2025, True), (2026, False)):
            connection.execute(
                "insert into metrics.metric_values (metric_id, grain, period_start, slice_name, "
                "slice_value, value, is_complete) values ('share_of_voice', 'year', ?, "
                "'channel_id', ?, ?, ?)",
                [f"{year}-01-01", channel, spend if year == 2025 else 5, complete],
            )
    if channels:
        connection.execute(
            "insert into metrics.metric_values (metric_id, grain, period_start, slice_name, "
            "slice_value, value) values ('share_of_voice', 'month', '2026-01-01', 'all', 'all', 1)"
        )
    lines = write(TREE.replace(
        "{kind: hypothesis}", "{kind: experiment, channel: radio, outcome: leads_created}"
    ))  # fmt: skip
    wanted = f"experiment evidence on leads_created by radio: {state}."
    assert [wanted in line for line in lines] == ([] if state == "evidenced" else [True])
    whole = sum(channels.values())
    share = channels.get("radio", 0) / whole if whole else None
    assert ask(connection, "select is_evidenced, evidence_share, evidence_state from "
                           "metrics.metric_tree_edges where kind = 'influence'") == [
        (state == "evidenced", share, state)]  # fmt: skip


def test_a_correlation_never_promotes_an_edge(build, monkeypatch):
    connection, write = build
    strong = Finding("sales", "deals", "share_of_voice", 90, 0.9, 1e-9, 1e-8, 6, "as claimed")
    monkeypatch.setattr(trees.influences, "tested", lambda *given: [strong])
    write(TREE)
    assert ask(connection, "select evidence_kind, is_evidenced, weeks, correlation, q_value, "
                           "finding from metrics.metric_tree_edges where kind = 'influence'") == [
        ("hypothesis", False, 90, 0.9, 1e-8, "as claimed")]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("root: revenue", "root: revenu", "sales.yml:4: tree 'sales': no node 'revenu'; did you "
         "mean 'revenue'?"),
        ("node: deals,", "node: deels,", "sales.yml:9: tree 'sales': no node 'deels'; did you mean "
         "'deals'?"),
        ("- name: deals\n", "- name: deals\n    metric: dealz\n", "no metric 'dealz'; did you mean "
         "'deals'?"),
        ("split: team", "split: teem", "sales.yml:19: tree 'sales': 'deal_value' has no slice "
         "'teem'; did you mean 'team'?"),
        ("- name: deals\n", "- name: deals\n    owner: sale_lead\n", "no role 'sale_lead'; did you "
         "mean 'sales_lead'?"),
        ("- {node: deal_value, operator: \"*\"}", "- {node: deal_value, operator: \"-\"}",
         "either a sum (+ -) or a product (* /)"),
        ("- {node: deals, operator: \"*\"}", "- {node: deals, operator: \"/\"}",
         "beginning with + or *"),
        ("operator: \"*\"}\n  - name: deals", "operator: \"%\"}\n  - name: deals", "operator"),
        ("    split: team", "    split: team\n    components: [{node: deals, operator: \"+\"}]",
         "has components and a split"),
        ("    split: team", "    components: [{node: revenue, operator: \"+\"}]",
         "'revenue' is a component of itself: revenue > deal_value > revenue"),
        ("  - name: share_of_voice\n", "  - name: share_of_voice\n  - name: days\n",
         "node 'days' hangs on nothing"),
        ("  - name: share_of_voice\n", "  - name: share_of_voice\n  - name: deals\n",
         "node 'deals' stands twice"),
        ("  - name: share_of_voice\n", "  - name: share_of_voice\n    metric: days\n"
         "    split: team\n", "'days' is percentile: its slices are not parts"),
        ("- name: deals\n", "- name: deals\n    label: D\n    part: numerator\n",
         "'deals' is additive and has no numerator"),
        ("- name: deals\n", "- name: deals\n    part: numerator\n", "give it a label"),
        ("lag_weeks: 6", "lag_weaks: 6", "did you mean 'lag_weeks'?"),
        ("lag_weeks: 6", "lag_weeks: -1", "lag_weeks"),
        ("kind: hypothesis", "kind: proof", "evidence"),
    ],
)  # fmt: skip
def test_a_tree_that_cannot_be_is_refused_with_file_line_and_remedy(build, old, new, said):
    connection, write = build
    add_owner(connection, "demand_lead", "Ida Holm")
    add_owner(connection, "sales_lead", "Max Weber")
    assert TREE.count(old) == 1
    with pytest.raises(ConfigError) as error:
        write(TREE.replace(old, new))
    assert said in str(error.value), error.value


def test_a_folder_that_is_missing_and_a_name_that_is_taken_are_refused(build, tmp_path):
    _, write = build
    write(TREE)
    with pytest.raises(ConfigError, match="another file has a tree of that name"):
        write(TREE, file="twice.yml")
    with pytest.raises(ConfigError, match="An empty folder means: no trees"):
        trees.read_trees(tmp_path / "nowhere")


# --- any tree ------------------------------------------------------------------------------------

LEAVES = st.one_of(st.floats(0.01, 1000), st.just(0.0), st.floats(-1000, -0.01))


@st.composite
def grown(draw):
    """A random tree with values before and after: sums, products, splits, up to four levels."""
    nodes, values, cells = [], {}, {}

    def grow(depth):
        name = f"n{len(nodes)}"
        nodes.append(None)
        at = len(nodes) - 1
        kind = draw(st.sampled_from(["sum", "product", "split", "leaf"])) if depth < 4 else "leaf"
        kind = "sum" if depth == 0 and kind == "leaf" else kind
        spec = {"name": name}
        if kind in ("sum", "product"):
            count = draw(st.integers(1, 3))
            first, others = ("+", "+-") if kind == "sum" else ("*", "*/")
            operators = [first] + [draw(st.sampled_from(others)) for _ in range(count - 1)]
            children = [grow(depth + 1) for _ in operators]
            pairs = []
            for k, (operator, child) in enumerate(zip(operators, children, strict=True)):
                if operator == "/" and 0 in values[child]:
                    operators[k] = "*"
                pairs.append(values[child])
            values[name] = tuple(
                factors.combined(operators, [pair[t] for pair in pairs]) for t in (0, 1)
            )
            spec["components"] = tuple(
                trees.Component(c, o) for c, o in zip(children, operators, strict=True)
            )
        elif kind == "split":
            size = st.just(0.0) | st.floats(0.01, 100)
            names = st.sets(st.sampled_from("abcd"), min_size=1)
            parts = [{k: draw(size) for k in draw(names)} for _ in (0, 1)]
            values[name] = tuple(math.fsum(p.values()) for p in parts)
            cells[name] = parts
            spec["split"] = "kind"
        else:
            values[name] = (draw(LEAVES), draw(LEAVES))
        nodes[at] = trees.Node(**spec)
        return name

    root = grow(0)
    spec = trees.Spec("random", "Anything.", root, tuple(nodes))
    return trees.Tree(spec, ROOT / "none.yml", {n.name: n for n in nodes}), values, cells


@settings(max_examples=300, deadline=None)
@given(grown())
def test_the_leaves_of_any_tree_add_up_to_its_change(drawn):
    tree, values, cells = drawn
    days = (Q2, Q3)

    def read(node, day):
        return values[node.name][days.index(day)]

    def split(node, *days):
        then, now = cells[node.name]
        return [drivers.Part(k, now.get(k, 0) - then.get(k, 0), "change") for k in {*then, *now}]

    start, end = values[tree.spec.root]
    steps = trees.explain(tree, tree.spec.root, read, split, *days)
    leaves = [s.contribution for s in steps if s.is_leaf]
    size = max(abs(start), abs(end), *(abs(x) for x in leaves), 1e-6)
    assert steps and math.fsum(leaves) == pytest.approx(end - start, abs=1e-8 * size)
    for step in steps:  # and so does every branch
        if not step.is_leaf:
            at = steps.index(step)
            below = []
            for other in steps[at + 1 :]:
                if other.depth <= step.depth:
                    break
                if other.depth == step.depth + 1:
                    below.append(other.contribution)
            branch = max(size, *(abs(x) for x in below))
            assert math.fsum(below) == pytest.approx(step.contribution, abs=1e-8 * branch)


def test_the_bundled_trees_reach_a_goal_and_every_influence_says_why():
    found = trees.read_trees(ROOT / "metrics" / "trees")
    wanted = {e.goal.metric for e in goals.read_goals(ROOT / "metrics" / "goals")}
    assert found and all(tree.nodes[tree.spec.root].metric_id in wanted for tree in found)
    claims = [i for tree in found for node in tree.spec.nodes for i in node.influences]
    assert len(claims) >= 8 and all(len(i.why) > 15 for i in claims)


# --- as text -------------------------------------------------------------------------------------


def test_a_tree_is_printed_with_its_change_owners_and_claims(served):
    with duckdb.connect(str(served / "plumbline.duckdb"), read_only=True) as connection:
        text = outline(connection, "revenue_booked")
        assert text == outline(connection) == outline(connection, "revenue")
        [(told,)] = connection.execute(
            "select value_from_text || ' → ' || value_to_text || ' (' || contribution_text || ')' "
            "from dashboards.tree_steps where metric_id = 'revenue_booked' and depth = 0"
        ).fetchall()
        with pytest.raises(ConfigError, match="'reveneu'; did you mean 'revenue'"):
            outline(connection, "reveneu")
    lines = text.splitlines()
    assert lines[1].startswith(f"Revenue booked [revenue_booked]  {told}")
    assert any(line.startswith("  × Win rate [win_rate]") for line in lines)  # noqa: RUF001
    [media] = [line for line in lines if "[traditional_media_spend]" in line]
    claim = (
        r"after 2 weeks \(experiment by radio: unknown: contaminated, covers \d+ % of the driver;"
    )
    assert re.search(claim, media)
    [met] = [line for line in lines if "[events_attended]" in line]
    assert met.endswith("Rebecca Stone (left)")
    assert "after 1 week (" in text and "after 1 weeks" not in text


@pytest.mark.parametrize(
    ("edge", "told"),
    [
        (("hypothesis", None, "hypothesis", None), "hypothesis"),
        (("experiment", "tv", "evidenced", 0.95), "experiment by tv: evidenced, covers 95 % of the "
                                                  "driver"),
        (("quasi_experiment", "tv", "partly evidenced: 15 % of the driver", 0.15),
         "quasi-experiment by tv: partly evidenced: 15 % of the driver"),
        (("experiment", "direct_mail", "unknown: contaminated", None),
         "experiment by direct mail: unknown: contaminated"),
    ],
)  # fmt: skip
def test_a_claim_is_printed_with_what_its_test_is_worth(edge, told):
    assert _evidence(*edge) == told


def test_the_command_prints_it(built, monkeypatch, capsys):
    monkeypatch.setenv("PLUMBLINE_DATA", str(built.data))
    assert main(["tree", "win_rate"]) == 0
    assert "[win_rate]" in capsys.readouterr().out
    assert main(["tree", "nothing_of_the_kind"]) == 1
    assert "no tree and no metric" in capsys.readouterr().err
