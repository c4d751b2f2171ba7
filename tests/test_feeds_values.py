"""What a cell means under the marks of its mapping, and what is refused rather than guessed."""

import datetime as dt
from decimal import Decimal

import pytest

from ingestion import reading, values
from ingestion.specs import Column
from ingestion.values import Marks

at = dt.datetime.fromisoformat
CONTINENTAL = Marks(decimal=",", thousands=".")
DOT = Marks()


@pytest.fixture(scope="module")
def con():
    with reading.connect() as con:
        yield con


def value(con, kind, text, marks=DOT, missing=()):
    column = Column(type=kind, about="")
    clean = values.cleaned("cell", missing)
    sql = values.typed("t", column, marks)
    return con.execute(
        f"select {sql} from (select {clean} as t from (select ?::varchar as cell))", [text]
    ).fetchall()[0][0]


@pytest.mark.parametrize(
    ("kind", "text", "marks", "meant"),
    [
        ("integer", "12", DOT, 12),
        ("integer", " 12 ", DOT, 12),
        ("integer", "+7", DOT, 7),
        ("integer", "007", DOT, 7),
        ("integer", "12.0", DOT, 12),
        ("integer", "12.7", DOT, None),
        ("integer", "1_000", DOT, None),
        ("integer", "0x1F", DOT, None),
        ("integer", "1e3", DOT, None),
        ("integer", "1.234", CONTINENTAL, 1234),
        ("integer", "1.234.567", CONTINENTAL, 1234567),
        ("integer", "1.5", CONTINENTAL, None),
        ("integer", "12.34.567", CONTINENTAL, None),
        ("integer", "1,5", CONTINENTAL, None),
        ("integer", "1\u202f234", Marks(thousands=" "), 1234),
        ("integer", "1\u2019234", Marks(thousands="'"), 1234),
        ("integer", "12.7", Marks(round=True), 13),
        ("integer", "1.81", Marks(multiply=1000000), 1810000),
        ("integer", "99999999999999999999", DOT, None),
        ("number", "3.7", DOT, 3.7),
        ("number", ".5", DOT, 0.5),
        ("number", "5.", DOT, 5.0),
        ("number", "1.2E+05", DOT, 120000.0),
        ("number", "1,5", DOT, None),
        ("number", "1,5", CONTINENTAL, 1.5),
        ("number", "1.5", Marks(decimal=","), None),
        ("number", "nan", DOT, None),
        ("number", "inf", DOT, None),
        ("number", "45 %", Marks(percent=True), 0.45),
        ("number", "n/a", DOT, None),
        ("money", "1.234,56", CONTINENTAL, Decimal("1234.5600")),
        ("money", "1,234.56", Marks(thousands=","), Decimal("1234.5600")),
        ("money", "1.500", Marks(decimal=","), None),
        ("money", "€ 9,50", Marks(decimal=",", strip="€"), Decimal("9.5000")),
        ("money", "-0.00005", DOT, Decimal("-0.0001")),
        ("money", "999999999999999", DOT, None),
        ("date", "2026-09-30", DOT, dt.date(2026, 9, 30)),
        ("date", "2026-09-30 23:59:59", DOT, dt.date(2026, 9, 30)),
        ("date", "30.09.2026", DOT, None),
        ("date", "30.09.2026", Marks(dates=("%d.%m.%Y",)), dt.date(2026, 9, 30)),
        ("date", "31.09.2026", Marks(dates=("%d.%m.%Y",)), None),
        ("date", "9/30/26", Marks(dates=("%d.%m.%Y", "%m/%d/%y")), dt.date(2026, 9, 30)),
        ("date", "infinity", DOT, None),
        ("timestamp", "2026-07-01T12:00:00Z", DOT, at("2026-07-01 12:00:00")),
        ("timestamp", "2026-07-01T12:00:00+02:00", DOT, at("2026-07-01 10:00:00")),
        ("timestamp", "2026-07-01 12:00", Marks(time_zone="Europe/Berlin"),
         at("2026-07-01 10:00:00")),
        ("timestamp", "2026-01-01 12:00:00.5", Marks(time_zone="Europe/Berlin"),
         at("2026-01-01 11:00:00.500000")),
        ("timestamp", "2026-07-01T12:00:00-05:00", Marks(time_zone="Europe/Berlin"),
         at("2026-07-01 17:00:00")),
        ("timestamp", "2026-07-01", Marks(time_zone="Europe/Berlin"),
         at("2026-06-30 22:00:00")),
        ("timestamp", "01.07.2026 12:00", Marks(dates=("%d.%m.%Y %H:%M",),
         time_zone="America/New_York"), at("2026-07-01 16:00:00")),
        ("timestamp", "01.07.2026 12:00 +0200", Marks(dates=("%d.%m.%Y %H:%M %z",)),
         at("2026-07-01 10:00:00")),
        ("timestamp", "noon", DOT, None),
        ("boolean", "Yes", DOT, True),
        ("boolean", "0", DOT, False),
        ("boolean", "maybe", DOT, None),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_meant_or_not_at_all(con, kind, text, marks, meant):
    assert value(con, kind, text, marks) == meant


@pytest.mark.parametrize("text", ["", "  ", "n/a", "N/A ", "-"])
def test_words_for_missing_are_null_in_any_case(con, text):
    assert value(con, "text", text, missing=("n/a", "-")) is None


def test_words_of_a_mapping_ignore_case_and_leave_the_rest(con):
    sql = values.reworded("t", {"Pos": "positive", "none": ""})
    found = con.execute(
        f"select {sql} from (select unnest(['POS', 'none', 'neutral', null]) as t)"
    ).fetchall()
    assert found == [("positive",), (None,), ("neutral",), (None,)]


def test_the_mark_of_a_column_is_its_own_within_every_table():
    from ingestion.specs import tables

    for table in tables():
        marks = {values.column_mark(name) for name in table.stored}
        assert len(marks) == len(table.stored), table.name
