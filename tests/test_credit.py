"""Credit: the macros' own SQL against published cases, brute force and a linear solver.

The statements are compiled by dbt once and run on small tables, so what is proved is what the
models run. Deviations are printed (`pytest -s`); docs/attribution.md holds them.
"""

import csv
import itertools
import json
import math
import random

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from bench.credit import MODELS, PARTS, compiled
from settings import ROOT

SHARED = ROOT.parent / "shared" / "reference" / "refdata"
PATH_MODELS = ("first", "last", "linear", "position", "time_decay", "shapley")


@pytest.fixture(scope="session")
def statements(tmp_path_factory):
    """{name: SQL} of the macros over the tables `touches`, `steps`, `credits`, ..."""
    return compiled(tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def credit(statements):
    """Run every rule on paths [(channels, conversions, nulls, revenue)], or with days before the
    end in place of nothing; ask the tables that come out."""
    connection = duckdb.connect()
    connection.execute("set threads = 2")

    def run(paths, days=None):
        rows = [
            (f"j{number}", pos, channel, days[number][pos - 1] if days else 0, won, lost,
             float(revenue))
            for number, (channels, won, lost, revenue) in enumerate(paths)
            for pos, channel in enumerate(channels, 1)
        ]  # fmt: skip
        names = ("journey_id", "pos", "channel_id", "days_before", "conversions", "nonconversions",
                 "revenue")  # fmt: skip
        given = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
        connection.register("given", given)
        connection.execute(
            "create or replace table touches as select * replace "
            "(cast(conversions as double) as conversions, "
            "cast(nonconversions as double) as nonconversions, "
            "cast(revenue as decimal(18, 4)) as revenue) from given"
        )
        for name in PARTS:
            connection.execute(f"create or replace table {name} as {statements[name]}")
        return lambda query: connection.execute(query).fetchall()

    yield run
    connection.close()


def shares(ask, table="effects", column="removal_effect"):
    return dict(ask(f"select channel_id, {column} / sum({column}) over () from {table}"))


def by_rule(ask, model, column="conversions"):
    return dict(
        ask(f"select channel_id, sum({model}_credit * {column}) from credits group by channel_id")
    )


def solved(paths):
    """The absorbing chain by numpy: ({channel: removal effect}, {... of revenue}, probability)."""
    moves, gains = {}, {}
    for channels, won, lost, revenue in paths:
        steps = [c for i, c in enumerate(channels) if i == 0 or channels[i - 1] != c]
        for a, b in itertools.pairwise(["(start)", *steps]):
            moves[a, b] = moves.get((a, b), 0) + won + lost
        moves[steps[-1], "(conversion)"] = moves.get((steps[-1], "(conversion)"), 0) + won
        moves[steps[-1], "(null)"] = moves.get((steps[-1], "(null)"), 0) + lost
        gains[steps[-1]] = gains.get(steps[-1], 0) + revenue
    states = ["(start)", *sorted({a for a, _ in moves} - {"(start)"})]
    out = {a: sum(w for (x, _), w in moves.items() if x == a) for a in states}

    def reaches(without=None):
        """Expected conversions and revenue from the start when a channel leads nowhere."""
        kept = [s for s in states if s != without]
        p = np.array([[moves.get((a, b), 0) / out[a] for b in kept] for a in kept])
        b = np.array([
            [moves.get((a, "(conversion)"), 0) / out[a], gains.get(a, 0) / out[a]] for a in kept
        ])  # fmt: skip
        return np.linalg.solve(np.eye(len(kept)) - p, b)[0]

    whole = reaches()
    if whole[0] == 0:
        return {}, {}, 0.0
    effects = {c: 1 - reaches(c) / np.where(whole == 0, 1, whole) for c in states[1:]}
    return {c: e[0] for c, e in effects.items()}, {c: e[1] for c, e in effects.items()}, whole[0]


def deviation(ours, theirs):
    assert ours.keys() == theirs.keys(), ours.keys() ^ theirs.keys()
    return max((abs(ours[c] - theirs[c]) for c in theirs), default=0.0)


def journeys(seed, count=None, channels="abcde", longest=6):
    """Random paths, some long, some with repeats, some seen often, some worthless."""
    chance = random.Random(seed)
    found = []
    for _ in range(count or chance.randint(1, 30)):
        path = [chance.choice(channels) for _ in range(chance.randint(1, longest))]
        won, lost = chance.choice([0, 0, 1, 1, 2, 7]), chance.choice([1, 1, 3])
        found.append((path, won, lost, won * chance.choice([0, 10, 12.5, 99.9999])))
    return found


# --- published cases -----------------------------------------------------------------------------


def refdata(*names):
    path = SHARED.joinpath(*names)
    if not path.exists():
        pytest.skip(f"{path.name} of the shared reference data is not here")
    return path


def test_the_published_small_chains(credit):
    worst = 0.0
    cases = json.loads(refdata("markov_small", "published_small_cases.json").read_text())
    assert len(cases) == 2
    for case in cases:
        ask = credit([(path.split(" > "), won, lost, 0) for path, won, lost in case["paths"]])
        if "removal_effects" in case:
            effects = dict(ask("select channel_id, removal_effect from effects"))
            worst = max(
                worst,
                deviation(effects, case["removal_effects"]),
                deviation(shares(ask), case["attribution"]),
                abs(ask("select min(conversion_probability) from effects")[0][0]
                    - case["p_conversion"]),
            )  # fmt: skip
        if "transitions" in case:
            found = dict(
                ask(
                    "select from_state || '->' || to_state, "
                    "weight / sum(weight) over (partition by from_state) from transitions"
                )
            )
            worst = max(worst, deviation(found, case["transitions"]))
    print(f"\nmarkov_small: {worst:.1e}")
    assert worst < 1e-12


def test_the_published_shapley_values(credit):
    """Games of sums over subsets are journeys; any other game is one of its dividends."""
    told = json.loads(refdata("shapley", "published_cases.json").read_text())
    worst, rounded, count = 0.0, 0.0, 0
    for case in told["sum_of_subsets_games"]:
        paths = [
            ([c.strip() for c in path.split(">")], worth, 0, 0)
            for path, worth in case["paths"].items()
        ]
        worst = max(worst, deviation(by_rule(credit(paths), "shapley"), case["expected"]))
        count += 1
    for case in told["general_games_bitmask_or_listed"]:
        value = case["v"] if isinstance(case["v"], dict) else dict(
            zip(case["v_order"], case["v"], strict=True)
        )  # fmt: skip
        dividends = {}
        for players in sorted(value, key=len):
            dividends[players] = value[players] - sum(
                dividend for part, dividend in dividends.items() if set(part) < set(players)
            )
        ask = credit([(list(players), worth, 0, 0) for players, worth in dividends.items()])
        expected = {str(i): x for i, x in enumerate(case["expected"], 1)}
        rounded = max(rounded, deviation(by_rule(ask, "shapley"), expected))
        count += 1
    print(f"\nshapley: {worst:.1e}; cases printed with five decimals: {rounded:.1e}")
    assert count == 8
    assert worst < 1e-9 and rounded < 6e-6


def test_channel_attributions_path_data(credit):
    """The public data of ChannelAttribution (GPL-3, not ours to ship) and what it says of them."""
    folder = refdata("channel_attribution")
    with (folder / "PathData.csv").open() as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    ask = credit([
        (row["path"].split(" > "), int(row["total_conversions"]), int(row["total_null"]),
         row["total_conversion_value"]) for row in rows
    ])  # fmt: skip
    [(probability,)] = ask("select min(conversion_probability) from effects")
    won, lost = (
        sum(int(row[name]) for row in rows) for name in ("total_conversions", "total_null")
    )
    assert probability == pytest.approx(won / (won + lost), abs=1e-12)
    assert round(probability, 6) == 0.223845
    with (folder / "heuristics.csv").open() as lines:
        told = {row["channel_name"]: row for row in csv.DictReader(lines)}
    worst = 0.0
    for model in ("first", "last", "linear"):
        theirs = {c: float(row[f"{model}_touch_conversions"]) for c, row in told.items()}
        worst = max(worst, deviation(by_rule(ask, model), theirs))
    with (folder / "transitions.csv").open() as lines:
        theirs = {
            (row["channel_from"], row["channel_to"]): float(row["transition_probability"])
            for row in csv.DictReader(lines)
        }
    ours = {
        (a, b): p
        for a, b, p in ask(
            "select from_state, to_state, weight / sum(weight) over (partition by from_state) "
            "from transitions"
        )
    }
    print(f"\nPathData: heuristics {worst:.1e}, transitions {deviation(ours, theirs):.1e}")
    assert worst < 1e-8 and deviation(ours, theirs) < 1e-15


# --- against other ways to compute the same ------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_the_chain_is_solved_as_numpy_solves_it(credit, seed):
    paths = journeys(seed, longest=12 if seed % 3 else 3)
    ask = credit(paths)
    effects, values, probability = solved(paths)
    found = ask("select channel_id, removal_effect, removal_effect_revenue from effects")
    if probability == 0:
        assert found == []
        return
    assert deviation({c: e for c, e, _ in found}, effects) < 1e-12
    if sum(revenue for *_, revenue in paths):
        assert deviation({c: v for c, _, v in found}, values) < 1e-11
    won, lost = (sum(path[k] for path in paths) for k in (1, 2))
    assert probability == pytest.approx(won / (won + lost), abs=1e-12)
    [(told,)] = ask("select distinct round(conversion_probability, 12) from effects")
    assert told == pytest.approx(probability, abs=1e-11)


@pytest.mark.parametrize("seed", range(10))
def test_an_equal_split_is_the_shapley_value(credit, seed):
    """Brute force over the 2^n coalitions, with v(S) the conversions of paths within S."""
    channels = "abcdefgh"[: 3 + seed % 6]
    paths = journeys(100 + seed, channels=channels)
    inside = [(frozenset(path), won) for path, won, *_ in paths]
    worth = {
        players: sum(won for used, won in inside if used <= players)
        for size in range(len(channels) + 1)
        for players in map(frozenset, itertools.combinations(channels, size))
    }
    n = len(channels)
    expected = {}
    for c in channels:
        expected[c] = sum(
            math.factorial(len(s)) * math.factorial(n - len(s) - 1) / math.factorial(n)
            * (worth[s | {c}] - worth[s])
            for s in worth if c not in s
        )  # fmt: skip
    found = by_rule(credit(paths), "shapley")
    assert deviation({c: found.get(c, 0.0) for c in channels}, expected) < 1e-10


@pytest.mark.parametrize("seed", range(10))
def test_path_removal_is_the_chain_that_remembers_everything(credit, seed):
    """Removing the paths with a channel loses just their conversions."""
    paths = journeys(200 + seed)
    won = sum(path[1] for path in paths)
    effects = {
        c: sum(path[1] for path in paths if c in path[0])
        for c in {c for path in paths if path[1] for c in path[0]}
    }
    ask = credit(paths)
    assert dict(ask("select channel_id, removal_effect from removals")) == effects
    # A tree of prefixes as the chain: every state is a whole history, so paths cannot mix.
    whole = [
        ([f"{'>'.join(path[: k + 1])}" for k in range(len(path))], *rest) for path, *rest in paths
    ]
    if won:
        tree, _, probability = solved([tuple(w) for w in whole])
        lost = {}
        for c in effects:
            # A channel leads nowhere: everything that begins with a first step on it is lost.
            lost[c] = sum(
                tree[state] for state in tree
                if state.split(">")[-1] == c and c not in state.split(">")[:-1]
            )  # fmt: skip
        told = {c: effect / won for c, effect in effects.items()}
        assert deviation(lost, told) < 1e-9 and probability > 0


# --- what must hold whatever the paths -----------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_every_rule_hands_out_every_conversion_once(credit, seed):
    chance = random.Random(seed)
    paths = journeys(300 + seed)
    days = [
        sorted((chance.randint(0, 400) for _ in channels), reverse=True) for channels, *_ in paths
    ]
    ask = credit(paths, days)
    for model in PATH_MODELS:
        assert sum(by_rule(ask, model).values()) == pytest.approx(sum(p[1] for p in paths))
        for total, least in ask(
            f"select sum({model}_credit), min({model}_credit) from credits group by journey_id"
        ):
            assert total == pytest.approx(1, abs=1e-9) and least >= 0


def test_a_channel_alone_has_everything_under_every_rule(credit):
    ask = credit([(["a", "a", "a"], 5, 2, 50), (["a"], 1, 0, 7)], [[9, 3, 0], [0]])
    for model in PATH_MODELS:
        assert by_rule(ask, model) == {"a": 6}
        assert by_rule(ask, model, "revenue / nullif(conversions, 0) * conversions") == {"a": 57}
    assert shares(ask) == {"a": 1}
    assert shares(ask, "removals") == {"a": 1}


@pytest.mark.parametrize("seed", range(5))
def test_repeats_and_order_do_not_matter_to_shapley_and_path_removal(credit, seed):
    chance = random.Random(seed)
    paths = journeys(400 + seed)
    ask = credit(paths)
    before = by_rule(ask, "shapley"), dict(ask("select channel_id, removal_effect from removals"))
    mixed = []
    for channels, *rest in paths:
        again = [*channels, *chance.choices(channels, k=3)]
        chance.shuffle(again)
        mixed.append((again, *rest))
    ask = credit(mixed)
    after = by_rule(ask, "shapley"), dict(ask("select channel_id, removal_effect from removals"))
    assert deviation(after[0], before[0]) < 1e-12 and after[1] == before[1]


def test_a_repeat_in_a_row_does_not_matter_to_position_and_the_chain(credit):
    short = [(["a", "b", "c"], 1, 1, 3), (["b"], 0, 2, 0), (["c", "a"], 4, 0, 8)]
    long = [(["a", "a", "b", "c", "c"], 1, 1, 3), (["b", "b"], 0, 2, 0), (["c", "a", "a"], 4, 0, 8)]
    one, other = (
        (by_rule(ask, "position"), dict(ask("select channel_id, removal_effect from effects")))
        for ask in map(credit, (short, short))
    )
    assert one == other
    ask = credit(long)
    assert by_rule(ask, "position") == one[0]
    assert dict(ask("select channel_id, removal_effect from effects")) == one[1]


def test_position_and_decay_on_paths_to_check_in_the_head(credit):
    ask = credit(
        [(["a", "b", "c", "b", "d"], 1, 0, 0), (["a", "b"], 1, 0, 0), (["a", "b", "a"], 1, 0, 0)],
        [[70, 14, 14, 14, 0], [7, 0], [21, 14, 7]],
    )
    rows = {
        (journey, channel): (position, decay)
        for journey, channel, position, decay in ask(
            "select journey_id, channel_id, position_credit, time_decay_credit from credits"
        )
    }
    assert rows["j0", "a"][0] == rows["j0", "d"][0] == 0.4
    assert rows["j0", "b"][0] == pytest.approx(0.4 / 3) and rows["j0", "c"][0] == 0.2 / 3
    assert rows["j1", "a"][0] == 0.5 and rows["j1", "a"][1] == pytest.approx(1 / 3)
    assert rows["j2", "a"][0] == 0.8 and rows["j2", "b"][0] == pytest.approx(0.2)
    # 1/4 and 1 of 1/4 + 1/2 + 1, whatever the days before the conversion itself.
    assert rows["j2", "a"][1] == pytest.approx(1.25 / 1.75)


def test_a_half_life_that_is_short_against_the_look_back_still_hands_out_everything(credit):
    ask = credit([(["a", "b"], 1, 0, 0)], [[3_000, 2_000]])
    assert by_rule(ask, "time_decay") == {"a": 0, "b": 1}


def test_a_long_path_that_goes_to_and_fro_is_still_solved(credit):
    """500 steps, an absorbing probability of 1 in 250 a step: 12 doublings reach 4,095 steps."""
    paths = [(["a", "b"] * 250, 1, 0, 0), (["a"], 0, 1, 0)]
    effects, _, _ = solved(paths)
    ask = credit(paths)
    assert deviation(dict(ask("select channel_id, removal_effect from effects")), effects) < 1e-6


# --- how well paths predict, and chance ----------------------------------------------------------


def test_the_area_under_the_curve_is_the_share_of_pairs_put_right(credit):
    paths = [(["a"], 3, 1, 0), (["a", "b"], 1, 3, 0), (["c"], 2, 2, 0)]
    ask = credit(paths)
    score = {"a": 3 / 4, "b": 1 / 4, "c": 1 / 2}
    pairs = [
        (score[path[0][-1]], score[other[0][-1]], path[1] * other[2])
        for path in paths for other in paths
    ]  # fmt: skip
    right = sum(n * (1 if a > b else 0.5 if a == b else 0) for a, b, n in pairs)
    [(in_sample, _)] = ask("select auc_in_sample, auc_holdout from areas")
    assert in_sample == pytest.approx(right / sum(n for *_, n in pairs))


def test_paths_that_tell_nothing_are_told_so_only_where_they_are_held_out(credit):
    """Coin flips over many channels: in sample the chain seems to know something."""
    chance = random.Random(5)
    channels = [f"c{k}" for k in range(60)]
    coins = [chance.random() < 0.3 for _ in range(600)]
    ask = credit([([chance.choice(channels)], int(coin), int(not coin), 0) for coin in coins])
    [(in_sample, holdout)] = ask("select auc_in_sample, auc_holdout from areas")
    assert in_sample > 0.6
    assert 0.4 < holdout < 0.6


def test_without_both_outcomes_there_is_no_area(credit):
    assert credit([(["a"], 1, 0, 0)])("select * from areas") == [(None, None)]


def test_weights_are_poisson_and_always_the_same(statements):
    with duckdb.connect() as connection:
        connection.execute("create table units as select 'u' || i as unit from range(2000) as r(i)")
        connection.execute(f"create table weights as {statements['weights']}")
        counts = dict(
            connection.execute(
                "select weight, count(*) / 400000 from weights where replicate > 0 group by weight"
            ).fetchall()
        )
        for k in range(1, 5):
            assert counts[k] == pytest.approx(math.exp(-1) / math.factorial(k), rel=0.02)
        assert connection.execute(
            "select count(*), sum(weight), count(distinct replicate) from weights "
            "where replicate = 0"
        ).fetchall() == [(2000, 2000, 1)]
        assert connection.execute(
            "select count(distinct replicate), min(replicate), max(replicate) from weights"
        ).fetchall() == [(201, 0, 200)]
        # Neither two units nor two replicates are drawn together.
        [(together,)] = connection.execute(
            "select max(abs(c)) from (select a.replicate, b.replicate as other, "
            "corr(coalesce(a.weight, 0), coalesce(b.weight, 0)) as c from "
            "(select unit, n.i as replicate, weight from units cross join range(1, 9) as n(i) "
            "left join weights w using (unit) where w.replicate = n.i) as a join "
            "(select unit, n.i as replicate, weight from units cross join range(1, 9) as n(i) "
            "left join weights w using (unit) where w.replicate = n.i) as b using (unit) "
            "where a.replicate < b.replicate group by 1, 2)"
        ).fetchall()
        assert together < 0.15
        digest = "select sum(hash(unit, replicate, weight)) from {}"
        first = connection.execute(digest.format("weights")).fetchall()
        connection.execute(f"create table again as {statements['weights']}")
        assert connection.execute(digest.format("again")).fetchall() == first


def test_all_rules_are_measured_and_proved(statements):
    assert set(MODELS) == {*PATH_MODELS, "markov", "path_removal"}
