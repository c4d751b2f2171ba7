"""Numbers, words and tables as people read them."""

import datetime as dt
import re

import pytest

from metrics import figures
from metrics.board_lint import Result
from metrics.boards import number_format
from metrics.cards import Card


def plain(text):
    return re.sub(r"<[^>]+>", "", str(text)).replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "form", "short", "shown"),
    [
        (None, {}, False, ""),
        (0.123, {"number_style": "percent", "decimals": 1}, False, "12.3 %"),
        (0.5, {"number_style": "percent", "decimals": 1}, True, "50 %"),
        (1234, {"number_style": "decimal", "decimals": 0}, False, "1,234"),
        (1234, {"number_style": "decimal", "decimals": 0}, True, "1.2 k"),
        (383_250, {"number_style": "currency", "currency": "EUR", "decimals": 0}, False,
         "383,250 EUR"),
        (1_270_000, {"number_style": "currency", "currency": "EUR", "decimals": 0}, False,
         "1.27 m EUR"),
        (3e9, {"number_style": "currency", "currency": "EUR", "decimals": 0}, False,
         "3.00 bn EUR"),
        (-2.5, {"decimals": 1, "suffix": " points"}, False, "−2.5 points"),
        (0, {"decimals": 0}, False, "0"),
        (dt.date(2026, 7, 1), {"date_style": "MMM YYYY"}, False, "Jul 2026"),
        (dt.date(2026, 7, 1), {"date_style": "[Q]Q YYYY"}, False, "Q3 2026"),
        (dt.date(2026, 7, 1), {}, False, "1 Jul 2026"),
        (True, {}, False, "yes"),
    ],
)  # fmt: skip
def test_values_are_written_as_their_settings_say(value, form, short, shown):
    assert figures.said(value, form, short).replace("\u202f", " ") == shown


def test_ranges_say_their_unit_once():
    def said(low, high, unit):
        return figures.span(low, high, number_format(unit, "EUR")).replace("\u202f", " ")

    assert said(9_750, 93_100, "money") == "9,750 to 93,100 EUR"
    assert said(950_000, 1_200_000, "money") == "950,000 EUR to 1.20 m EUR"
    assert said(-0.4, 47, "points") == "−0.4 to 47.0 points"
    assert said(0.2, 0.25, "percent") == "20.0 to 25.0 %"
    assert said(137, 139, "count") == "137 to 139"


def test_emphasis_is_marked_and_nothing_else_is():
    assert figures.marked("**a** <b> *c*") == "<strong>a</strong> &lt;b&gt; <em>c</em>"


def trend(before, now, form, **settings):
    against = {"id": "p", "type": "anotherColumn", "column": "p", "label": "The month before"}
    card = Card("a.b", "A", "", "smartscalar", "", (), settings={
        "scalar.field": "n", "scalar.comparisons": [against],
        "column_settings": {'["name","n"]': form}, **settings})  # fmt: skip
    kinds = {"d": "date", "n": "number", "p": "number"}
    row = (dt.date(2026, 8, 1), now, before)
    return plain(str(figures.smartscalar(card, Result(kinds, [row], 0))).split("</p>")[2])


def test_a_change_says_in_words_whether_it_is_better():
    count, points = {"decimals": 0}, {"decimals": 1, "suffix": " points"}
    assert trend(100, 150, count) == "↑ +50.0 %, better than the month before (100)"
    fewer = {"scalar.switch_positive_negative": True}
    assert trend(100, 150, count, **fewer).startswith("↑ +50.0 %, worse than")
    assert trend(100, 100, count) == "→ as the month before (100)"
    # a share of a score, or of a number below nothing, says nothing
    assert trend(-5.0, 5.0, points).startswith("↑ +10.0 points, better")
    assert trend(-5, 5, count).startswith("↑ +10, better")
    assert trend(9, 225, count).startswith("↑ +2,400 %")
    assert trend(None, 225, count) == "The month before: unknown"


def table(rows, database="main", **settings):
    card = Card("a.b", "A", "", "table", "", (), database=database, settings=settings)
    return figures.table(card, Result({"channel": "text", "spend": "number"}, rows, 0))


def test_a_number_that_is_not_known_is_said_in_the_words_of_its_column():
    assert plain(table([("TV", None)])).endswith("TVnone reported")
    assert plain(table([("TV", 0)])).endswith("TV0.00")  # known to be nothing is another thing
    assert plain(table([("Few", None)], database="people")).endswith("Fewnot shown")


def test_names_of_a_table_cannot_become_markup():
    assert "&lt;i&gt;x" in table([("<i>x", 1)]) and "<i>x" not in table([("<i>x", 1)])


def test_progress_of_what_is_not_known_is_not_nothing():
    card = Card("a.b", "A", "", "progress", "", (), settings={
        "progress.value": "n", "progress.goal": "m"})  # fmt: skip
    kinds = {"n": "number", "m": "number"}
    assert plain(figures.progress(card, Result(kinds, [(None, 4)], 0))) == figures.NOTHING
    assert plain(figures.progress(card, Result(kinds, [(0, 0)], 0))) == figures.NOTHING
    assert plain(figures.progress(card, Result(kinds, [(1, 4)], 0))) == "1.00 of 4.00 (25.0 %)"
