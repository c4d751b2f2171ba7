"""Quarantined rows are corrected by people and come back; nothing is lost, everything counted."""

import csv

import pytest
from feed_folder import FeedFolder

from ingestion import replaying
from settings import ConfigError

GERMAN = (
    "Sender;Tag;Kosten;Kontakte\nRTL;01.07.2026;1.234,50;5\nRTL;02.07.2026;k;7\n"
    "RTL;31.06.2026;9,50;8\nRTL;04.07.2026;3,00;x\n"
)


@pytest.fixture
def folder(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.put("tv.csv", GERMAN)
    folder.map(
        feed="channel_days", files="tv.csv", delimiter=";", decimal=",", thousands=".",
        dates="%d.%m.%Y", constants={"channel": "tv"},
        columns={"account": "Sender", "date": "Tag", "spend": "Kosten", "impressions": "Kontakte"},
    )  # fmt: skip
    folder.ingest()
    return folder


def exported(folder):
    assert replaying.export(folder.settings, folder.paths, lambda text: None)
    (path,) = folder.paths.quarantine.glob("*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return path, list(csv.DictReader(file))


def corrected(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_what_is_kept_out_is_written_with_reason_remedy_and_place(folder):
    _, rows = exported(folder)
    assert [(row["_row"], row["_field"], row["spend"]) for row in rows] == [
        ("3", "spend", "k"), ("4", "date", "9,50"), ("5", "impressions", "3,00"),
    ]  # fmt: skip
    assert rows[1]["_reason"] == "date: not a date" and "dates" in rows[1]["_remedy"]


def test_corrected_rows_load_in_the_notation_of_their_file_and_others_stay(folder):
    path, rows = exported(folder)
    rows[0]["spend"] = "2.000,25"
    rows[1]["date"] = "30.06.2026"
    corrected(path, rows)
    told = []
    assert replaying.replay([path], folder.settings, folder.paths, lambda q: True, told.append)
    assert told[0].endswith("2 corrected, 1 as before (they stay in quarantine), 0 no longer there")
    folder.ingest()
    assert folder.load("channel_days")[1:] == (2, 2, 2, 0)
    assert folder.ask("select date::varchar, spend::double from raw_feeds.channel_days "
                      "order by 1") == [
        ("2026-06-30", 9.5), ("2026-07-01", 1234.5), ("2026-07-02", 2000.25),
    ]  # fmt: skip
    assert folder.ask(
        "select file_row, replayed_at is not null from ingest.quarantine order by 1"
    ) == [(3, True), (4, True), (5, False)]
    _, left = exported(folder)
    assert [row["_row"] for row in left] == ["5"]
    folder.ingest()
    assert folder.load("channel_days")[0] == "unchanged"


def test_a_correction_that_is_wrong_again_is_in_quarantine_again(folder):
    path, rows = exported(folder)
    rows[0]["spend"] = "many"
    corrected(path, rows)
    assert replaying.replay([path], folder.settings, folder.paths, lambda q: True, lambda t: None)
    folder.ingest()
    assert folder.load("channel_days")[1:] == (1, 0, 0, 1)
    open_ = folder.ask("select file, file_row from ingest.quarantine where replayed_at is null "
                       "order by all")  # fmt: skip
    assert len(open_) == 3 and any(file.startswith("channel_days--") for file, _ in open_)


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "cp1252"), ("\t", "utf-16"), (";", "utf-8-sig")]
)
def test_a_quarantine_file_is_taken_back_as_a_spreadsheet_saves_it(folder, delimiter, encoding):
    path, rows = exported(folder)
    rows[0] |= {"spend": "2.000,25", "account": 'Köln; "Dom"'}
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    assert replaying.replay([path], folder.settings, folder.paths, lambda q: True, lambda t: None)
    folder.ingest()
    assert folder.ask("select account, spend::double from raw_feeds.channel_days "
                      "where date = '2026-07-02'") == [('Köln; "Dom"', 2000.25)]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("7,000", "1 cells more than headings.*quotes around a value that holds a ','"),
        (None, "[0-9]+ cells fewer than headings"),
    ],
)
def test_a_row_of_more_or_fewer_cells_than_headings_is_refused(folder, cells, sentence):
    path, rows = exported(folder)
    text = path.read_text(encoding="utf-8")
    assert rows[0]["spend"] == "k" and text.count(",k,") == 1
    path.write_text(text.replace(",k,", f",{cells}," if cells else ","), encoding="utf-8")
    place = "line 2 \\(row 3 of tv.csv\\): "
    with pytest.raises(ConfigError, match=place + sentence):
        replaying.replay([path], folder.settings, folder.paths, lambda q: True)
    assert not folder.paths.corrections.exists()


def test_nothing_is_taken_without_a_yes_or_without_a_change(folder):
    path, rows = exported(folder)
    assert not replaying.replay([path], folder.settings, folder.paths, lambda q: True, print)
    rows[0]["spend"] = "1,00"
    corrected(path, rows)
    assert not replaying.replay([path], folder.settings, folder.paths, lambda q: False, print)
    assert not list(folder.paths.corrections.glob("*.csv"))
    with pytest.raises(ConfigError, match="no column '_quarantine_key'"):
        replaying.replay([folder.folder / "tv.csv"], folder.settings, folder.paths)


def test_identifiers_stay_hashed_on_the_way_out_and_back(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.put(
        "c.csv", "contact_id,email,is_customer\n1,Ada@Example.org,maybe\n2,ada@example.org,yes\n"
    )
    folder.map(feed="contacts", files="c.csv", constants={"system": "s"})
    folder.ingest()
    path, rows = exported(folder)
    assert "example.org" not in path.read_text(encoding="utf-8").lower()
    rows[0]["is_customer"] = "no"
    corrected(path, rows)
    assert replaying.replay([path], folder.settings, folder.paths, lambda q: True, lambda t: None)
    folder.ingest()
    assert folder.ask("select count(*), count(distinct email_hash) from raw_feeds.contacts") == [
        (2, 1)
    ]


def test_a_corrected_row_does_not_overrule_what_was_loaded_since(tmp_path):
    folder = FeedFolder(tmp_path)
    head = "system,deal_id,stage,outcome,created_on,amount\n"
    folder.put("a.csv", head + "h,5,s,open,2026-09-01,many\nh,6,s,open,2026-09-01,many\n")
    folder.map(feed="deals", files="*.csv")
    folder.ingest()
    folder.put("b.csv", head + "h,5,s,won,2026-09-01,900\n")
    folder.ingest()
    path, rows = exported(folder)
    for row in rows:
        row["amount"] = "x" if row["deal_id"] == "5" else "60"
    corrected(path, rows)
    told = []
    yes = (folder.settings, folder.paths, lambda q: True, told.append)
    assert replaying.replay([path], *yes)
    folder.ingest()
    # What is wrong again and then right stands where the first one did, too.
    replaying.export(folder.settings, folder.paths, lambda text: None)
    (again,) = (each for each in folder.paths.quarantine.glob("*.csv") if each != path)
    with again.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0]["amount"] = "120"
    corrected(again, rows)
    told.clear()
    assert replaying.replay([again], *yes), told
    note = "1 corrected rows (row 2): their key was loaded since, by b.csv. They become older"
    assert any(note in line for line in told)
    lines = folder.ingest().lines
    assert any(note in line for line in lines)
    assert folder.load("deals") == ("loaded", 1, 1, 1, 0)
    assert folder.ask(
        "select deal_id, amount::int from raw_feeds.deals order by deal_id, _loaded_at, "
        "_dlt_load_id, _file_row"
    ) == [("5", 120), ("5", 900), ("6", 60)]
    assert not replaying.export(folder.settings, folder.paths, lambda text: None)
