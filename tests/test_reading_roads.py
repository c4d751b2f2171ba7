"""A file is read alike on every road: the reader of small files, DuckDB's, workbooks, JSON."""

import datetime as dt
import gzip
import json

import pytest
from feed_folder import FeedFolder
from workbooks import book_bytes

HEADS = ("Station", "Date", "Region", "Net cost", "Impressions")
COLUMNS = dict(zip(("account", "date", "geography", "spend", "impressions"), HEADS, strict=True))


def lines(count, first=0):
    start = dt.date(2020, 1, 1)
    return [
        f"Radio {n % 3},{start + dt.timedelta(n % 2000)},R{n},{1000 + n % 900}.25,{100_000 + n}"
        for n in range(first, first + count)
    ]


def media(tmp_path, **entry):
    folder = FeedFolder(tmp_path)
    told = {"files": "m.*", "constants": {"channel": "radio"}, "columns": COLUMNS}
    folder.map(feed="channel_days", **{**told, "layout": "detect", **entry})
    return folder


def refused(folder):
    return folder.ask("select file_row, reason from ingest.quarantine order by file_row, reason")


LEADS = [
    {"created": f"2026-08-{n % 28 + 1:02}", "mail": f"a{n}@example.org" if n % 2 else None,
     "channel": "web"}
    for n in range(12)
]  # fmt: skip
LEAD_COLUMNS = {
    "lead_id": {"template": "{content_key}"}, "created_at": "created", "email": "mail",
    "channel": "channel",
}  # fmt: skip


def leads(suffix):
    rows = [[each["created"], each["channel"], each["mail"]] for each in LEADS]
    text = "created,channel,mail\n" + "".join(
        ",".join(cell or "" for cell in row) + "\n" for row in rows
    )
    return {
        "csv": text.encode(),
        "xlsx": book_bytes([["created", "channel", "mail"], *rows]),
        "json": json.dumps(LEADS).encode(),
        "jsonl": "\n".join(map(json.dumps, LEADS)).encode(),
        "ragged.csv": text.replace(",\n", "\n").encode(),
        "blank.csv": text.replace(",\n", ', \n').encode(),
    }[suffix]  # fmt: skip


def test_a_content_key_is_the_same_on_every_road(tmp_path, monkeypatch):
    from ingestion import layouts

    folder = FeedFolder(tmp_path)
    for files, entry in (
        ("a.csv", {"layout": "detect"}), ("b.csv", {}), ("c.xlsx", {"layout": "detect"}),
        ("d.xlsx", {}), ("e.json", {"layout": "detect"}), ("f.jsonl", {}),
        ("g.ragged.csv", {"layout": "detect", "ragged": "pad"}),
        ("h.blank.csv", {"layout": "detect"}), ("z.csv", {"layout": "detect"}),
    ):  # fmt: skip
        folder.map(feed="leads", files=files, constants={"system": "x"}, columns=LEAD_COLUMNS,
                   **entry)  # fmt: skip
    for number, name in enumerate(("a.csv", "b.csv", "c.xlsx", "d.xlsx", "e.json", "f.jsonl",
                                   "g.ragged.csv", "h.blank.csv")):  # fmt: skip
        folder.put(name, leads(name.split(".", 1)[1]))
        folder.ingest()
        new = len(LEADS) if number == 0 else 0
        assert folder.load("leads") == ("loaded", len(LEADS), len(LEADS), new, 0), name
    # The same table once more, by the reader of large files.
    monkeypatch.setattr(layouts, "WHOLE", 0)
    monkeypatch.setattr(layouts, "SAMPLE_LINES", 5)
    folder.put("z.csv", leads("csv"))
    folder.ingest()
    assert folder.load("leads") == ("loaded", len(LEADS), len(LEADS), 0, 0)


@pytest.mark.parametrize("layout", ["detect", "stated"])
def test_a_row_keeps_its_number_behind_thousands_of_refused_lines(tmp_path, monkeypatch, layout):
    from ingestion import feeding, layouts

    monkeypatch.setattr(layouts, "WHOLE", 0)
    monkeypatch.setattr(layouts, "SAMPLE_LINES", 50)
    monkeypatch.setattr(feeding, "SMALL", 0)
    told = lines(4_000)
    for n in range(100, 1_700):
        told[n] += ",x,y"
    told[3_000] = told[3_000].replace("20", "bad", 1)
    folder = media(tmp_path, layout=layout)
    folder.put("m.csv", ",".join(HEADS) + "\n" + "\n".join(told) + "\n")
    folder.ingest()
    assert folder.ask("select max(_file_row) from raw_feeds.channel_days") == [(4_001,)]
    assert folder.ask(
        "select file_row from ingest.quarantine where reason like 'date%'"
    ) == [(3_002,)]  # fmt: skip
    assert folder.load("channel_days")[1:3] == (4_000, 4_000 - 1_601)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_blank_lines_count_where_the_layout_is_stated(tmp_path, newline, encoding):
    text = [
        ",".join(HEADS), "A,2026-08-10,N,5,5", "", "", "B,2026-08-11,N,x,5",
        '"C\n\nc",2026-08-12,Ü,6,5',
        "D,2026-08-13", "", "E,bad,N,1,1", "F,2026-08-15,N,1,1", "", "",
    ]  # fmt: skip
    folder = media(tmp_path, layout="stated", encoding=encoding)
    folder.put("m.csv", newline.join(text), encoding=encoding)
    folder.ingest()
    assert folder.ask("select account, _file_row from raw_feeds.channel_days order by 2") == [
        ("A", 2), ("C\n\nc", 6), ("F", 10)
    ]  # fmt: skip
    assert [row for row, _ in refused(folder)] == [5, 7, 9]


@pytest.mark.parametrize("layout", ["detect", "stated"])
def test_a_key_that_stands_twice_is_refused_by_name(tmp_path, layout):
    folder = FeedFolder(tmp_path)
    folder.map(feed="channel_days", files="m.jsonl", layout=layout,
               constants={"channel": "radio"})  # fmt: skip
    folder.put("m.jsonl", '{"date":"2026-08-10","spend":1,"spend":2}\n\n'
               '{"date":"2026-08-11","spend":3}\n')  # fmt: skip
    folder.ingest()
    assert folder.ask("select spend, _file_row from raw_feeds.channel_days") == [(3, 3)]
    assert refused(folder) == [(1, "a key stands twice in one object")]


@pytest.mark.parametrize("layout", ["detect", "stated"])
@pytest.mark.parametrize(
    ("stated", "written", "why"),
    [
        ("cp1252", "utf-8", "well-formed UTF-8 with 1 wide letters"),
        ("latin-1", "utf-8", "well-formed UTF-8"),
        ("cp1252", "utf-8-sig", "byte order mark says utf-8-sig"),
        ("cp1252", "utf-16", "byte order mark says utf-16"),
        ("utf-8", "utf-16", "byte order mark says utf-16"),
        ("utf-16", "utf-8", "no zero byte"),
    ],
)
def test_a_stated_encoding_that_the_bytes_contradict_is_refused(
    tmp_path, layout, stated, written, why
):
    folder = media(tmp_path, layout=layout, encoding=stated)
    text = ",".join(HEADS) + "\nMünchen,2026-08-10,N,5,5\n"
    folder.put("m.csv", text, encoding=written)
    folder.ingest()
    assert why in folder.error("channel_days") and "Take 'encoding' out" in folder.error(
        "channel_days"
    )
    folder.put("m.csv", text, encoding=stated)
    folder.ingest()
    assert folder.ask("select account from raw_feeds.channel_days") == [("München",)]


@pytest.mark.parametrize("stated", [None, "utf-8"])
def test_a_mark_between_two_files_is_no_letter(tmp_path, stated):
    entry = {"encoding": stated} if stated else {}
    folder = media(tmp_path, **entry)
    first = ",".join(HEADS) + "\n" + "\n".join(lines(3)) + "\n"
    folder.put("m.csv", "\ufeff" + first + "\ufeff" + "\n".join(lines(2, 3)) + "\n")
    folder.ingest()
    assert folder.ask("select account, _file_row from raw_feeds.channel_days order by 2") == [
        (f"Radio {n % 3}", n + 2) for n in range(5)
    ]


def test_a_mark_between_two_files_refuses_them_where_the_layout_is_stated(tmp_path):
    folder = media(tmp_path, layout="stated")
    first = ",".join(HEADS) + "\n" + "\n".join(lines(3)) + "\n"
    folder.put("m.csv", first + "\ufeff" + first)
    folder.ingest()
    assert "one behind the other" in folder.error("channel_days")


LARGE = pytest.mark.parametrize("road", ["whole", "streamed", "gzip", "plain"])


def on(road, monkeypatch):
    """The reader that a file of this kind is given, on a small one; and how its bytes are sent."""
    from ingestion import layouts

    if road != "whole":
        monkeypatch.setattr(layouts, "WHOLE", 0)
        monkeypatch.setattr(layouts, "SAMPLE_LINES", 20)
    if road == "streamed":
        monkeypatch.setattr(layouts, "_is_plain", lambda *_: False)
    return "m.csv.gz" if road == "gzip" else "m.csv"


def sent(folder, name, rows):
    text = "\n".join(rows) + "\n"
    folder.put(name, gzip.compress(text.encode()) if name.endswith(".gz") else text)
    folder.ingest()


@LARGE
@pytest.mark.parametrize("blank", [False, True])
def test_another_table_behind_the_first_is_none_of_its_rows(tmp_path, monkeypatch, road, blank):
    name = on(road, monkeypatch)
    folder = media(tmp_path)
    other = [f"Radio {n},2026-08-1{n},N,99999,7" for n in range(5)]
    between = [""] if blank else []
    told = [",".join(HEADS), *lines(40), *between, "Station,Date,Region,Gross cost,Reach", *other]
    sent(folder, name, told)
    assert folder.load("channel_days")[1:3] == (46, 40), folder.error("channel_days")
    assert [row for row, _ in refused(folder)] == list(range(42 + blank, 48 + blank))
    assert folder.ask("select max(spend) < 99999 from raw_feeds.channel_days") == [(True,)]


@LARGE
def test_headings_in_another_order_end_the_table_and_the_same_do_not(tmp_path, monkeypatch, road):
    name = on(road, monkeypatch)
    folder = media(tmp_path)
    moved = "Station,Date,Region,Impressions,Net cost"
    told = [",".join(HEADS), *lines(30), ",".join(HEADS), *lines(3, 30), moved,
            "Radio 1,2026-08-10,N,7,99999", "Radio 2,2026-08-10,N,8,99999"]  # fmt: skip
    sent(folder, name, told)
    assert folder.load("channel_days")[1:3] == (37, 33), folder.error("channel_days")
    assert [row for row, _ in refused(folder)] == [32, 36, 37, 38]
    assert folder.ask("select max(spend) < 99999 from raw_feeds.channel_days") == [(True,)]


@LARGE
def test_what_stands_after_the_last_row_is_counted_and_a_row_among_it_is_read(
    tmp_path, monkeypatch, road
):
    name = on(road, monkeypatch)
    folder = FeedFolder(tmp_path)
    folder.map(feed="contacts", files="m.*", layout="detect", constants={"system": "x"},
               columns={"contact_id": "Mail", "phone": "Phone", "country": "Country"})  # fmt: skip
    rows = [f"a{n}@example.org,+49 {n},DE" for n in range(30)]
    tail = ["c@example.org,,", "d@example.org,,"]
    sent(folder, name, ["Mail,Phone,Country", *rows, *tail])
    assert folder.load("contacts")[1:3] == (32, 32)
    sent(folder, name, ["Mail,Phone,Country", *rows, *tail, "Confidential,,", ",,", ""])
    assert folder.load("contacts")[1:3] == (33, 32)
    assert refused(folder) == [(34, "stands after the table")]


@LARGE
@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Total ", "total"), ("GrandTotal", "total"), ("total général", "total"), ("Σ", "total"),
        ("SUM", "total"), ("Total Radio", "sum"), ("TOTAL RADIO", "sum"), ("Gesamt Radio", "sum"),
        ("Total 2026", "sum"), ("Total Radio", "larger"), ("Total 2026", "larger"),
        ("Total Comfort", "row"), ("Summe FM", "row"),
    ],
)  # fmt: skip
def test_a_total_is_told_by_its_word_and_its_numbers(tmp_path, monkeypatch, road, label, kind):
    name = on(road, monkeypatch)
    if road in ("gzip", "streamed") and kind == "total":
        pytest.skip("the word alone: told by the same lines of code as with numbers")
    folder = media(tmp_path)
    rows = lines(30)
    spend = sum(float(row.split(",")[3]) for row in rows)
    seen = sum(int(row.split(",")[4]) for row in rows)
    told = {"sum": (spend, seen), "larger": (2 * spend, 2 * seen), "row": (17.25, 23),
            "total": (99_999, 99_999)}[kind]  # fmt: skip
    sent(folder, name, [",".join(HEADS), *rows, f"{label},2026-08-31,,{told[0]},{told[1]}"])
    why = {"sum": "a total or subtotal, not a row", "total": "a total or subtotal, not a row",
           "larger": "called like a total, and no number tells whether it is one"}  # fmt: skip
    assert refused(folder) == ([(32, why[kind])] if kind != "row" else [])
    assert folder.load("channel_days")[1:3] == (31, 31 if kind == "row" else 30)
