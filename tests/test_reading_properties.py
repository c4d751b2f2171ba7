"""Any table in any way of writing comes back as it was, or is refused with a reason; never else."""

import csv
import datetime as dt
import io
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ingestion import encodings, grids, layouts, profiles, reading, values, vocabulary
from ingestion.mapping import Entry, MappingError
from ingestion.specs import Column
from ingestion.values import Marks

MANY = settings(
    max_examples=250, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
ENTRY = Entry(feed="channel_days", files="x")
HEADINGS = ("Station", "Sendetag", "Region", "Net cost", "Impressions", "Campaign", "Titel")
LETTERS = {
    "de": "abcdefghijklmnoprstuvwzäöüß", "fr": "abcdefgilmnoprstuvéèêàçôîœ",
    "es": "abcdefgilmnoprstuvñáéíóúü", "pt": "abcdefgilmnoprstuvãõçáéêó", "en": "abcdefghijklmnop",
    "pl": "abcdefgiklmnoprstuwyząćęłńóśźż", "ru": "абвгдежзийклмнопрстуфхцчшщыьэюя",
    "el": "αβγδεζηθικλμνξοπρστυφχψω", "tr": "abcçdefgğhıijklmnoöprsştuüvyz",
}  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman",
             "cp1250", "cp1251", "cp1253", "cp1254", "cp1257")  # fmt: skip


def words(language):
    # A lone Ä is a € in another code page: words have three letters here, as most do.
    word = st.text(LETTERS[language], min_size=3, max_size=9)
    word = st.one_of(word, word.map(str.capitalize), word.map(str.upper))
    return st.lists(word, min_size=2, max_size=30).map(" ".join)


@MANY
@given(st.sampled_from(sorted(LETTERS)).flatmap(words), st.sampled_from(ENCODINGS))
def test_an_encoding_is_told_right_or_left_open(text, encoding):
    text = f"Station;Datum\n{text};1\n"
    try:
        raw = text.encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    try:
        found = encodings.detect([raw])
    except encodings.Undecided as error:
        assert "State" in str(error) or "again" in str(error)
        return
    assert raw.decode(found.name) == text


@MANY
@given(st.binary(max_size=400), st.sampled_from(["x.csv", "x.xlsx", "x.json", "x.zip"]))
def test_no_bytes_whatever_do_anything_but_read_or_refuse(tmp_path_factory, raw, name):
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(raw)
    try:
        for table in layouts.detected(path, ENTRY, frozenset(), vocabulary.known):
            for block in layouts.body(table, ENTRY):
                assert all(isinstance(row, (grids.Row, grids.Bad)) for row in block)
    except MappingError as error:
        assert name in str(error)


MESSY = st.text(
    st.sampled_from("abcdefg XYZ019.,;|\t'\"\n-/:€%()éß"), max_size=14
).filter(lambda text: text == text.strip())  # fmt: skip


@st.composite
def tables(draw):
    width = draw(st.integers(2, len(HEADINGS)))
    count = draw(st.integers(1, 14))
    rows = draw(st.lists(
        st.tuples(*[
            st.integers(0, 10**6).map(str) if n == draw(st.integers(0, width - 1))
            else st.one_of(MESSY, st.sampled_from(["Radio 1", "North", "a, b", "x;y", ""]))
            for n in range(width)
        ]),
        min_size=count, max_size=count,
    ))  # fmt: skip
    return HEADINGS[:width], rows


@MANY
@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(['"', "'"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.integers(0, 2),
)
def test_a_table_comes_back_as_it_was_or_says_why_not(
    tmp_path_factory, table, delimiter, quote, encoding, newline, quote_all, above
):
    head, rows = table
    if quote == "'":  # a lone " would begin a cell of several lines in the usual way of writing
        rows = [tuple(cell.replace('"', "") for cell in row) for row in rows]
    out = io.StringIO()
    for n in range(above):
        out.write(f"A line of notes {n}{newline}")
    writer = csv.writer(
        out, delimiter=delimiter, quotechar=quote, lineterminator=newline,
        # Under CR alone Python's writer leaves LF without quotes.
        quoting=csv.QUOTE_ALL if quote_all or newline == "\r" else csv.QUOTE_MINIMAL,
    )  # fmt: skip
    writer.writerow(head)
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("any") / "table.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    try:
        found = layouts.detected(path, ENTRY, frozenset(), vocabulary.known)
        table_ = layouts.chosen(found, ENTRY, frozenset(), path.name)
    except MappingError:
        return
    got = {}
    for block in layouts.body(table_, ENTRY):
        got |= {row.number: row.cells for row in block if isinstance(row, grids.Row)}
    meant = {n: list(row) for n, row in enumerate(rows, start=2 + above)}
    if table_.layout.headings != head:
        # The bytes are the same as another table's: then every row must differ from it in width.
        pytest.fail(f"headings {table_.layout.headings} of {path.read_bytes()!r}")
    for number, cells in got.items():
        assert cells == meant[number], path.read_bytes()


AMOUNTS = st.lists(
    st.decimals(-(10**7), 10**7, places=2, allow_nan=False), min_size=1, max_size=12, unique=True
)
ALIKE = {" ": " \u00a0\u202f", "'": "'’"}


def as_text(value: Decimal, decimal: str, thousands: str) -> str:
    told = f"{value:,.2f}"
    return "".join({",": thousands, ".": decimal}.get(letter, letter) for letter in told)


@pytest.fixture(scope="module")
def con():
    with reading.connect() as con:
        yield con


@MANY
@given(
    AMOUNTS,
    st.sampled_from([(".", ","), (",", "."), (".", ""), (",", ""), (",", " "), (".", "'"),
                     (",", "\u00a0"), (",", "\u202f"), (".", "’")]),
    st.sampled_from(["{}", "{} €", "€{}", "{}%", "EUR {}", "{} kr"]),
    st.sampled_from(["minus", "parentheses", "trailing"]),
)  # fmt: skip
def test_amounts_are_read_as_meant_or_asked_about(con, amounts, marks, frame, negative):
    told = []
    for value in amounts:
        text = as_text(abs(value), *marks)
        text = frame.format(text)
        form = {"minus": "-{}", "parentheses": "({})", "trailing": "{}-"}[negative]
        told.append(form.format(text) if value < 0 else text)
    column = Column(type="money", about="")
    decision = profiles.decide("x", column, "Cost", list(told), profiles.Context())
    if decision.questions:
        return
    chosen = {k: v for k, v in decision.settings.items() if k in Marks._fields}
    sql = values.typed("t", column, Marks(**chosen))
    got = con.execute(f"select {sql} from (select unnest(?) as t)", [told]).fetchall()
    scale = Decimal(100) if decision.settings.get("percent") else Decimal(1)
    for (value,), meant, text in zip(got, amounts, told, strict=True):
        if value is not None:
            assert abs(value - meant / scale) <= Decimal("0.00005"), (text, decision.settings)


FORMS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d",
         "%Y/%m/%d", "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d %b %Y", "%b %d, %Y",
         "%Y%m%d")  # fmt: skip


@MANY
@given(
    st.lists(st.dates(dt.date(2001, 1, 1), dt.date(2031, 12, 31)), min_size=1, max_size=12),
    st.sampled_from(FORMS),
)
def test_days_are_read_as_meant_or_asked_about(con, days, form):
    told = [day.strftime(form) for day in days]
    column = Column(type="date", about="")
    decision = profiles.decide("x", column, "Day", list(told), profiles.Context())
    if decision.questions:
        return
    dates = decision.settings.get("dates", ())
    marks = Marks(
        dates=(dates,) if isinstance(dates, str) else tuple(dates),
        language=decision.settings.get("language"),
    )
    sql = values.typed("t", column, marks)
    got = con.execute(f"select {sql} from (select unnest(?) as t)", [told]).fetchall()
    for (value,), day, text in zip(got, days, told, strict=True):
        assert value in (day, None), (text, decision.settings)


@MANY
@given(st.lists(st.text(st.sampled_from('ab,;" \n1'), max_size=8), min_size=1, max_size=6))
def test_records_are_those_of_the_standard_reader(cells):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    text = out.getvalue()
    told = grids.blocks(iter(re.split("(?<=\n)", text)), grids.Dialect("utf-8", ","))
    rows = [
        row for block in told for row in block if not (isinstance(row, grids.Row) and not row.cells)
    ]
    assert all(isinstance(row, grids.Bad) or row.cells == cells for row in rows)


CELLS = st.one_of(
    st.none(),
    st.integers(-(10**9), 10**9),
    st.decimals(-(10**6), 10**6, places=2, allow_nan=False).map(float),
    st.dates(dt.date(1990, 1, 1), dt.date(2035, 1, 1)),
    st.text(st.sampled_from("abc xyzé,;|\"'\n%€"), min_size=1, max_size=12).filter(
        lambda text: text == text.strip() and text
    ),
)
FEWER = settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


@FEWER
@given(
    st.lists(st.tuples(st.integers(1, 10**6), CELLS, CELLS, CELLS), min_size=1, max_size=10),
    st.integers(0, 2),
    st.booleans(),
    st.sampled_from(["xlsx", "ods", "xls", "xlsb"]),
)
def test_a_workbook_comes_back_typed_as_it_was_or_says_why_not(
    tmp_path_factory, rows, above, mac, kind
):
    import workbooks

    lines = [["Impressions", "Station", "Net cost", "Region"], *map(list, rows)]
    notes = [["A note", None, None, None] for _ in range(above)]
    path = tmp_path_factory.mktemp("book") / f"x.{kind}"
    if kind == "ods":
        assume(all(cell is not None for line in lines for cell in line))
        assume(not any("\n" in str(cell) for line in lines for cell in line))
        path.write_bytes(workbooks.ods_bytes([*[note[:1] for note in notes], *lines]))
    else:
        write = {"xlsx": workbooks.book_bytes, "xls": workbooks.xls_bytes,
                 "xlsb": workbooks.xlsb_bytes}[kind]  # fmt: skip
        path.write_bytes(write([*notes, *lines], epoch_1904=mac))
    try:
        (table,) = layouts.detected(path, ENTRY, frozenset(), vocabulary.known)
    except MappingError:
        return
    for block in layouts.body(table, ENTRY):
        for row in block:
            if isinstance(row, grids.Row):
                meant = rows[row.number - 2 - above]
                assert [grids.text_of(cell) for cell in row.cells] == [
                    grids.text_of(cell) for cell in meant
                ]


@FEWER
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["station", "net_cost", "day", "x y"]),
                        st.one_of(st.none(), st.integers(), st.floats(allow_nan=False,
                                  allow_infinity=False), st.booleans(), st.text(max_size=8)),
                        min_size=1),
        min_size=1, max_size=8,
    ),
    st.sampled_from(["array", "lines", "envelope", "indented"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)  # fmt: skip
def test_json_comes_back_digit_for_digit(tmp_path_factory, records, form, encoding):
    import json

    text = {
        "array": json.dumps(records), "indented": json.dumps(records, indent=1),
        "lines": "\n".join(json.dumps(each, ensure_ascii=False) for each in records),
        "envelope": json.dumps({"meta": {"n": 1}, "data": records}),
    }[form]  # fmt: skip
    path = tmp_path_factory.mktemp("json") / "x.json"
    path.write_bytes(text.encode(encoding))
    try:
        (table,) = layouts.detected(path, ENTRY, frozenset(), vocabulary.known)
    except MappingError:
        return
    headings = table.layout.headings
    got = [row for block in table.rows() for row in block if isinstance(row, grids.Row)]
    assert len(got) == len(records)
    for row, record in zip(got, records, strict=True):
        told = dict(zip(headings, row.cells, strict=True))
        for name, value in record.items():
            cell = told[name]
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                assert type(value)(cell) == value
            else:
                assert cell == value
