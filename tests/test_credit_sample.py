"""Credit in the sample: it is conserved, always the same, and wrong where truth says it must be."""

import duckdb
import pytest

from bench.credit import MODELS

CAUSES = """
    select truth.channel as channel_id, count(*) as leads
    from marts.fct_leads as leads
    join read_csv('{truth}') as truth on split_part(leads.lead_id, ':', 2) = truth.lead_id
    where leads.is_qualified and leads.qualified_date is not null
    group by truth.channel
"""


@pytest.fixture(scope="module")
def marts(built):
    with duckdb.connect(str(built.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def bias(built, marts):
    """{channel: (qualified leads it really caused, {model: (credited, low, high)})}."""
    truth = built.data / "sample" / "truth" / "lead_causes.csv"
    if not truth.exists():
        pytest.skip("this build has no sample with its truth")
    caused = dict(marts.execute(CAUSES.format(truth=truth)).fetchall())
    found = {channel: (count, {}) for channel, count in caused.items()}
    for channel, model, *credited in marts.execute(
        "select channel_id, model, conversions, conversions_low, conversions_high "
        "from marts.fct_channel_credit "
        "where conversion_kind = 'lead_qualified' and window_kind = 'all'"
    ).fetchall():
        found.setdefault(channel, (0, {}))[1][model] = tuple(credited)
    return found


def test_totals_are_conserved_in_every_kind_window_and_model(marts):
    rows = marts.execute(
        "select conversion_kind, window_kind, window_start_date, model, sum(conversions), "
        "sum(revenue_reporting), min(all_conversions), count(*) "
        "filter (where channel_id = 'unattributed') "
        "from marts.fct_channel_credit group by 1, 2, 3, 4"
    ).fetchall()
    assert {row[3] for row in rows} == set(MODELS)
    totals = {}
    for kind, window, start, _, conversions, revenue, everything, unattributed in rows:
        assert conversions == pytest.approx(everything, abs=1e-6)
        assert unattributed == 1
        totals.setdefault((kind, window, start), set()).add(revenue)
    assert all(len(revenues) == 1 for revenues in totals.values()), "models differ in revenue"
    [(won,)] = marts.execute("select sum(amount_reporting) from marts.fct_deals where is_won"
                             ).fetchall()  # fmt: skip
    [(of_all,)] = [v for (kind, window, _), v in totals.items()
                   if (kind, window) == ("deal_won", "all")]  # fmt: skip
    assert of_all == won
    assert totals.keys() >= {k for k in totals if k[1] == "year"} and len(totals) >= 8
    assert {v for (kind, *_), v in ((k, next(iter(v))) for k, v in totals.items())
            if kind == "lead_qualified"} == {None}  # fmt: skip


def test_a_figure_lies_in_its_interval_and_a_small_channel_has_a_wide_one(marts):
    rows = marts.execute(
        "select conversions, conversions_low, conversions_high, converted_journeys "
        "from marts.fct_channel_credit where window_kind = 'all' and channel_id <> 'unattributed'"
    ).fetchall()
    inside = [low <= value <= high for value, low, high, _ in rows]
    assert sum(inside) / len(inside) > 0.97
    wide = [(h - low) / v for v, low, h, n in rows if v and 0 < n <= 10]
    narrow = [(h - low) / v for v, low, h, n in rows if v and n >= 100]
    assert min(len(wide), len(narrow)) >= 5
    assert sorted(wide)[len(wide) // 2] > 3 * sorted(narrow)[len(narrow) // 2]


def test_journeys_hold_every_conversion_and_no_touch_twice_in_one(marts):
    assert marts.execute(
        "select count(*) from (select journey_id from marts.fct_journey_touches "
        "group by journey_id, touchpoint_id having count(*) > 1)"
    ).fetchone() == (0,)
    for kind, table, what in (
        ("deal_won", "fct_deals", "is_won and closed_date is not null"),
        ("lead_qualified", "fct_leads", "is_qualified and qualified_date is not null"),
    ):
        assert (
            marts.execute(f"select count(*) from marts.{table} where {what}").fetchone()
            == marts.execute(
                "select count(*) from marts.fct_journeys where outcome = 'converted' "
                f"and conversion_kind = '{kind}'"
            ).fetchone()
        )
    # Nobody's touch is lost: it stands in a journey of each kind.
    assert marts.execute(
        "select count(*) from marts.fct_touchpoints as t cross join "
        "(values ('deal_won'), ('lead_qualified')) as k(kind) where contact_id is not null and "
        "not exists (select 1 from marts.fct_journey_touches as j where j.touchpoint_id = "
        "t.touchpoint_id and j.conversion_kind = k.kind)"
    ).fetchone() == (0,)


def test_no_rule_finds_what_leaves_no_touch_and_every_rule_credits_what_causes_nothing(bias):
    """The table of docs/attribution.md; run with -s to print it."""
    print("\n| channel | caused | " + " | ".join(MODELS) + " |")
    print("|---|" + "---|" * (len(MODELS) + 1))
    for channel, (caused, credited) in sorted(bias.items(), key=lambda item: -item[1][0]):
        cells = [
            f"{credited[m][0]:.0f} ({credited[m][1]:.0f}–{credited[m][2]:.0f})"
            if m in credited else "0" for m in MODELS
        ]  # fmt: skip
        print(f"| {channel} | {caused} | " + " | ".join(cells) + " |")
    for unseen in ("tv", "radio", "out_of_home"):
        assert bias[unseen][0] > 10 and bias[unseen][1] == {}
    caused, credited = bias["display"]
    assert caused <= 5
    for model in MODELS:
        assert credited[model][1] > 3 * caused, f"{model} gives display no more than it caused"
    # Where the lead came in is not what brought it: the web site caused nothing.
    assert bias["website"][0] == 0
    assert all(bias["website"][1][model][0] > 300 for model in MODELS)
    [none] = [count for channel, (count, _) in bias.items() if channel == "none"]
    assert none > 400, "what would have come anyway is credited to somebody too"


def test_intervals_tell_of_chance_and_not_of_bias(bias):
    """Few of the 5 to 95 % intervals hold what was caused: the page must say so."""
    held = [
        low <= caused <= high
        for channel, (caused, credited) in bias.items()
        if channel not in ("none", "unattributed", "unknown")
        for _, low, high in credited.values()
    ]
    print(f"\n{sum(held)} of {len(held)} intervals hold the truth")
    assert 0 < sum(held) < 0.5 * len(held)
