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


POST_BUY = [
    ["RTL", "2026-09-01", "1.5", "100.50"], ["RTL", "2026-09-02", "2.5", "200.25"],
    ["VOX", "2026-09-01", "1.1", "50.25"], ["VOX", "2026-09-02", "1.2", "60.50"],
]  # fmt: skip


def unnamed(rows, **options):
    numbered = [Row(number, cells) for number, cells in enumerate(rows, start=2)]
    found = totals.by_numbers(numbered, set(), **options)
    return list(found.totals), list(found.open)


@pytest.mark.parametrize(
    "label", ["Alle", "All stations", "Overall", "Tous", "Ensemble", "Todos", "Gesamtkosten", ""]
)
def test_a_row_without_a_label_or_called_all_is_a_total_by_its_numbers(label):
    whole = [label, "2026-09-02", "4.0", "300.75"]
    assert unnamed([*POST_BUY[:2], whole, *POST_BUY[2:]]) == ([4], [])
    assert unnamed([*POST_BUY, [label, "", "6.3", "411.50"]]) == ([6], [])
    assert unnamed([[label, "", "6.3", "411.50"], *POST_BUY]) == ([2], [])
    # The same label with other numbers is a row.
    assert unnamed([*POST_BUY[:2], [*whole[:3], "300.85"], *POST_BUY[2:]]) == ([], [])


def test_the_subtotals_of_a_rollup_and_its_sum_lack_their_label():
    days = [
        ["2026-09-01", "a", "10.5", "100"], ["2026-09-01", "b", "20.5", "200"],
        ["2026-09-01", "", "31", "300"], ["2026-09-02", "a", "11.5", "110"],
        ["2026-09-02", "b", "21.5", "210"], ["2026-09-02", "", "33", "320"], ["", "", "64", "620"],
    ]  # fmt: skip
    assert unnamed(days) == ([4, 7, 8], [])


def test_any_other_label_is_a_total_only_at_the_end_and_asked_above():
    three = [*POST_BUY[:2], ["SAT", "2026-09-03", "2.7", "111.25"]]
    whole = ["Das da", "2026-09-02", "6.7", "412.00"]
    assert unnamed([*three, whole]) == ([5], [])
    assert unnamed([*three, whole, *POST_BUY[2:]]) == ([], [5])


def test_a_sum_that_may_be_chance_is_asked_or_a_row():
    small = [["A", "1", "5"], ["B", "1", "5"], ["C", "2", "10"]]
    assert unnamed(small) == ([], [4])
    assert unnamed([*small, ["D", "7", "35"]]) == ([], [])
    # A spot each, then three at one price: the columns say one thing.
    priced = [[name, "1", "125.50"] for name in "ABC"] + [["B", "3", "376.50"], ["E", "9", "8.25"]]
    assert unnamed(priced) == ([], [])
    assert unnamed([["A", "0", "0"], ["B", "5", "7.25"], ["C", "5", "7.25"]]) == ([], [])


@pytest.mark.parametrize(
    "label", ["Rabatt", "MwSt. 19%", "zzgl. 19 % MwSt.", "TVA 20 %", "Discount"]
)
def test_a_tax_or_discount_is_asked(label):
    assert unnamed([*POST_BUY, [label, "2026-09-30", "", "-41.15"]]) == ([], [6])
    # Many are a kind of row.
    assert unnamed([[label, "2026-09-30", "1", "5"], *POST_BUY] * 4)[1] == []


def test_a_large_tables_first_and_last_row_are_judged_by_sums_alone():
    rows = [*POST_BUY, ["", "", "6.3", "411.50"]]
    assert unnamed(rows, ends_only=True) == ([6], [])
    assert unnamed([["all", *rows[4][1:]], *POST_BUY], ends_only=True) == ([2], [])
    assert totals.is_odd(Row(9, rows[-1]), [Row(n, cells) for n, cells in enumerate(POST_BUY)])
    ages = [Row(n, ["all ages", *cells]) for n, cells in enumerate(POST_BUY)]
    assert not totals.is_odd(ages[-1], ages)
    assert not totals.is_odd(Row(9, rows[0]), [Row(n, cells) for n, cells in enumerate(POST_BUY)])


def test_memory_of_a_large_table_does_not_grow(monkeypatch):
    marks = []
    mark = totals._Ledger.mark
    monkeypatch.setattr(totals._Ledger, "mark", lambda each: marks.append(each) or mark(each))
    unnamed([[f"S{n}", f"{n}.25", "7"] for n in range(5_000)], ends_only=True)
    assert not marks[0].rows and len(marks[0].marks) < 3
