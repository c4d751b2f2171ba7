"""Totals among rows, told by what they are called and by their numbers."""

import pytest

from ingestion import totals
from ingestion.grids import Row

PLAN = [
    ["tv", "RTL", "100", "200"], ["tv", "SAT1", "10", "20"], ["tv", "Total TV", "110", "220"],
    ["radio", "FFH", "1", "2"], ["radio", "Total Radio", "1", "2"], ["", "Total", "111", "222"],
]  # fmt: skip


def judged(rows, **options):
    numbered = [Row(number, cells) for number, cells in enumerate(rows, start=2)]
    return totals.judge(numbered, max(map(len, rows)), **options)


def test_subtotals_of_a_plan_are_told_by_their_group():
    assert judged(PLAN) == ([4, 6, 7], [], [])


def test_totals_at_the_end_are_those_of_the_rows_that_are_called_so():
    rows = [
        PLAN[0],
        PLAN[3],
        PLAN[1],
        ["", "Total tv", "110", "220"],
        ["", "radio total", "1", "2"],
    ]
    assert judged(rows) == ([5, 6], [], [])


def test_a_total_may_stand_above_its_rows():
    rows = [["", "Total TV", "110", "220"], PLAN[0], PLAN[1], ["radio", "FFH", "1", "2"]]
    assert judged(rows).totals == [2]


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (["1.234,50 €", "99,25 €"], "1.333,75 €"), (["1,234.50", "99.25"], "1,333.75"),
        (["(5.25)", "10.50"], "5.25"), ([1234.5, 99.25], 1333.75), (["0.333", "0.333"], "0.67"),
        (["EUR 1 234,5", "EUR 99"], "EUR 1 333,5"),
    ],
)  # fmt: skip
def test_numbers_are_summed_under_either_mark(parts, whole):
    rows = [["A", parts[0]], ["B", parts[1]], ["Total Radio", whole]]
    verdict = judged(rows)
    assert 4 in verdict.totals or (4, "Total Radio") in verdict.open
    assert (4, "Total Radio") not in verdict.rows_called


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (["Total Comfort", "17.25", "5"], "rows_called"),
        (["Summe FM", "5000.00", "5"], "open"),  # larger than all others: a part may be shown
        (["Total Comfort", "", ""], "open"),  # no number where others have some
    ],
)
def test_what_is_no_sum_is_a_row_or_a_question(row, kind):
    rows = [["A", "100.00", "10"], ["B", "200.00", "20"], row, ["C", "50.00", "7"]]
    verdict = judged(rows)
    assert getattr(verdict, kind) == [(4, row[0])] and verdict.totals == []


def test_names_in_a_table_without_numbers_are_rows():
    rows = [["Total Energies", "FR"], ["Acme", "DE"], ["Gesamt GmbH", "DE"]]
    assert judged(rows) == ([], [], [(2, "Total Energies"), (4, "Gesamt GmbH")])


def test_one_small_number_alike_proves_nothing():
    assert judged([["A", "1"], ["Total Comfort", "1"], ["B", "2"]]).open == [(3, "Total Comfort")]


def test_a_person_may_say_that_all_are_totals():
    assert judged([["A", "1.5"], ["Summe FM", "9.5"]], every=True).totals == [3]


def test_memory_is_bounded_however_many_groups_there_are(monkeypatch):
    monkeypatch.setattr(totals, "LABELS", 3)
    monkeypatch.setattr(totals, "WAITING", 2)
    rows = [[f"Station{n}", f"{n}.25"] for n in range(1, 40)]
    rows += [[f"Total {n}x", "0.75"] for n in range(5)]
    verdict = judged(rows)
    assert len(verdict.rows_called) == 5 and verdict.totals == []
