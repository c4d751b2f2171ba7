"""`feed`: a dropped file is recognised, mapped, loaded; next month's loads or says why not."""

import datetime as dt

import pytest
import yaml
from feed_folder import FeedFolder

from ingestion import check, mapping, privacy, proposing
from settings import SAMPLE_KEY, ConfigError

POST_BUY = (
    "Agentur Nord\nPost-Buy TV\n\n"
    "Sender;Sendetag;Kosten netto;GRP;Kontakte;Anzahl Spots\n"
    "RTL;01.09.2026;1.234,50 €;12,5;1.200.000;3\n"
    "Pro7;13.09.2026;99,00 €;1,5;80.000;1\n"
    "Summe;;1.333,50 €;14,0;1.280.000;4\n\nQuelle: AGF\n"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = FeedFolder(tmp_path)
    config = tmp_path / "plumbline.toml"
    config.write_text(
        '# ours\n[organization]\nname = "T"\n[privacy]\nkey = "public"\n[feeds]\nfolders = []\n'
    )
    monkeypatch.setenv("PLUMBLINE_CONFIG", str(config))
    folder.config = config
    return folder


def feed(folder, path, answer=True, **options):
    """(whether it was mapped, what was told)."""
    from settings import load_settings

    told = []
    done = proposing.feed(
        [path],
        load_settings(),
        folder.paths,
        ask=lambda question: answer,
        say=told.append,
        **options,
    )
    return done, "\n".join(told)


def test_a_post_buy_is_recognised_mapped_and_loaded_by_the_next_build(folder):
    path = folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252")
    done, told = feed(folder, path)
    assert done
    assert "recognised as: tv_post_buy" in told
    assert "spend <- 'Kosten netto'" in told and "assumed: encoding cp1252" in told
    assert "4 rows: 2 new, 0 known already, 2 quarantined" in told
    assert "row 7:" in told and "a total or subtotal, not a row" in told
    assert str(folder.folder) in folder.config.read_text() and "# ours" in folder.config.read_text()
    folder.ingest()
    assert folder.ask(
        "select account, date::varchar, spend::double, currency, impressions, insertions, grps, "
        "_file_row from raw_feeds.channel_days order by date"
    ) == [
        ("RTL", "2026-09-01", 1234.5, "EUR", 1_200_000, 3, 12.5, 5),
        ("Pro7", "2026-09-13", 99.0, "EUR", 80_000, 1, 1.5, 6),
    ]


def test_next_months_file_loads_with_moved_columns_another_top_and_encoding(folder):
    feed(folder, folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252"))
    folder.ingest()
    folder.put(
        "post_buy_2026-10.csv",
        "Kontakte,Sendetag,Sender,GRP,Kosten netto,Anzahl Spots,Neu\n"
        '900.000,02.10.2026,RTL,"9,5","1.000,00 €",2,x\n',
        "utf-16",
    )
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 1, 1, 1, 0)
    assert folder.ask(
        "select spend::double, impressions from raw_feeds.channel_days where date = '2026-10-02'"
    ) == [(1000.0, 900_000)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("Kosten netto", "Kosten brutto"),
            "no heading 'Kosten netto'(?!.*did you mean 'Kosten br)",
        ),
        (("99,00 €", "99.50 €"), "'Kosten netto' is written otherwise than .*'99.50 €' is no num"),
        (("13.09.2026", "09.13.2026"), "'Sendetag' is written otherwise .* no day as %d.%m.%Y"),
    ],
)
def test_next_months_file_says_exactly_what_changed(folder, change, sentence):
    import re

    feed(folder, folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252"))
    folder.ingest()
    folder.put("post_buy_2026-10.csv", POST_BUY.replace(*change), "cp1252")
    folder.ingest()
    assert folder.load("channel_days")[0] == "failed"
    assert re.search(sentence, folder.error("channel_days"))
    assert folder.ask("select count(*) from raw_feeds.channel_days") == [(2,)]


def test_a_mapping_that_stands_there_keeps_its_words(folder):
    folder.put("mapping.yml", "# ours\n- feed: fx_rates\n  files: rates.csv # daily\n")
    done, _ = feed(folder, folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252"))
    text = (folder.folder / "mapping.yml").read_text(encoding="utf-8")
    assert done and text.startswith("# ours\n- feed: fx_rates\n  files: rates.csv # daily\n- feed:")
    assert [each.table.name for each in mapping.read_folder(folder.folder)] == [
        "fx_rates", "channel_days",
    ]  # fmt: skip


def test_nothing_is_written_without_a_yes_or_with_something_open(folder):
    path = folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252")
    assert feed(folder, path, answer=False)[0] is False
    other = folder.put("tv.csv", "Station,Air date,Net cost,GRP\nRTL,03/04/2026,5.00,1.5\n")
    done, told = feed(folder, other)
    assert not done and "open: '03/04/2026' in 'Air date' may be" in told
    assert not (folder.folder / "mapping.yml").exists()
    done, told = feed(folder, other, stated={"dates": "%d/%m/%Y"})
    assert done and "date=2026-04-03" in told


def test_a_part_of_a_heading_is_no_name_for_what_a_row_needs(folder):
    """UCI's Facebook metrics call the likes of the page 'Page_T_Likes'; that is no account."""
    path = folder.put("posts.csv", "Page_T_Likes;Type;Post_Id;like;comment\n139;Photo;p1;3;1\n")
    stated = {"network": "facebook", "captured_on": "2026-09-30"}
    done, told = feed(folder, path, contract="posts", stated=dict(stated))
    assert not done
    assert "open: 'account' (handle or page id of the author) may be 'Page_T_Likes'" in told
    done, told = feed(folder, path, contract="posts", stated=stated | {"account": "us"})
    assert done, told
    assert "account <- always 'us'" in told and "not used: Page_T_Likes" in told
    assert "account <- 'Page_T_Likes'" not in told


def test_what_no_cell_says_is_asked_and_taken(folder):
    head = "Post id,Date,Post text,Post Link,Impressions,Likes,Replies,Reposts,Bookmarks\n"
    row = '2074000000000000001,"Tue, Jul 14, 2026",Hello,https://x.com/a/1,"1,229",12,1,2,3\n'
    path = folder.put("account_analytics_content_2026-07-01_2026-07-31.csv", head + row)
    done, told = feed(folder, path)
    assert not done and "open: 'account' (handle or page id of the author) is missing" in told
    done, told = feed(folder, path, stated={"account": "harbourvale"})
    assert done, told
    folder.ingest()
    assert folder.ask(
        "select post_id, captured_on::varchar, published_at::date::varchar, impressions, account "
        "from raw_feeds.posts"
    ) == [("2074000000000000001", "2026-07-31", "2026-07-14", 1229, "harbourvale")]


def test_snapshots_at_different_times_are_history_and_a_resent_file_is_nothing_new(folder):
    head = "Post id,Post text,Post Link,Date,Impressions\n"
    row = "1,Hi,https://x.com/a/1,2026-07-14,{}\n"
    path = folder.put("posts_2026-07-31.csv", head + row.format(10))
    assert feed(folder, path, stated={"account": "a"})[0]
    folder.ingest()
    folder.put("posts_2026-08-31.csv", head + row.format(25))
    folder.put("posts_2026-07-31 (1).csv", head + row.format(10))
    folder.ingest()
    assert folder.load("posts") == ("loaded", 2, 2, 1, 0)
    assert folder.ask(
        "select captured_on::varchar, impressions from raw_feeds.posts order by 1"
    ) == [("2026-07-31", 10), ("2026-08-31", 25)]


def test_a_repeated_key_inside_a_file_is_reported(folder):
    head = "Post id,Post text,Post Link,Date,Impressions\n"
    row = "1,Hi,https://x.com/a/1,2026-07-14,{}\n"
    path = folder.put("posts_2026-07-31.csv", head + row.format(10) + row.format(11))
    done, told = feed(folder, path, stated={"account": "a"})
    assert not done and "  open: row 2 and a later row each have one key" in told
    done, told = feed(folder, path, stated={"account": "a", "repeated": "last"})
    assert done and "1 rows repeat a key that stands before in the file; the last counts" in told
    folder.ingest()
    assert folder.load("posts") == ("loaded", 2, 2, 1, 0)


def test_one_odd_report_of_a_file_is_named_and_stops_no_other(folder):
    notes = "# ---\n# Traffic\n# Start date: 20260701\n# End date: 20260703\n"
    good = "Date,Session primary channel group,Sessions\n20260713,Organic Search,120\n"
    path = folder.put("g.csv", f"{notes}Nth day,Users\n0000,120\n0001,131\n\n{notes}{good}")
    done, told = feed(folder, path)
    assert done and "report 1 (Nth day, Users) is left" in told
    folder.ingest()
    assert folder.ask("select channel, sessions from raw_feeds.channel_days") == [
        ("organic_search", 120)
    ]  # fmt: skip


def test_tables_that_belong_to_no_contract_are_not_taken_for_sure():
    from bench.files import of_no_contract

    found = of_no_contract()
    if not found:
        pytest.skip("no ../shared/real")
    assert [name for name, confidence in found if confidence >= 0.75] == []


def test_a_mapped_file_is_explained_not_mapped_twice(folder):
    path = folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252")
    feed(folder, path)
    done, told = feed(folder, path)
    assert done and "a mapping names it already" in told
    assert len(yaml.safe_load((folder.folder / "mapping.yml").read_text())) == 1


def test_check_tells_what_it_is_and_what_was_assumed(folder):
    from settings import load_settings

    path = folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252")
    feed(folder, path)
    told = []
    assert check.check([path], load_settings(), folder.paths, told.append)
    text = "\n".join(told)
    for part in ("recognised as: tv_post_buy", "assumed: encoding cp1252", "4 rows: 2 new",
                 "2 quarantined", "row 7", "row 9"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("posts_2026-09-30.csv", dt.date(2026, 9, 30)),
        ("20260930 export.csv", dt.date(2026, 9, 30)),
        ("Sep-01-2026_Sep-30-2026_1234567.csv", dt.date(2026, 9, 30)),
        ("acme_content_1790812800000.xls", dt.date(2026, 10, 1)),
        ("Bericht 30.09.2026.xlsx", dt.date(2026, 9, 30)),
        ("posts_12.csv", None),
        ("posts_2026-13-45.csv", None),
    ],
)
def test_the_day_of_an_export_stands_in_its_name(name, day):
    assert mapping.date_in_name(name) == day


def test_a_contract_or_key_that_is_none_is_said(folder):
    path = folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252")
    with pytest.raises(ConfigError, match="no contract 'channel_day'"):
        feed(folder, path, contract="channel_day")
    with pytest.raises(ConfigError, match="--set colour: neither a key"):
        feed(folder, path, stated={"colour": "red"})
    with pytest.raises(ConfigError, match="write it as KEY=VALUE"):
        proposing.spoken(["account"])


def test_rows_without_an_id_are_keyed_by_their_content(folder):
    head = "Sent Date,NPS Score,Email\n"
    rows = "2026-09-13,9,a@example.org\n2026-09-13,9,a@example.org\n2026-09-14,7,b@example.org\n"
    path = folder.put("answers_1.csv", head + rows)
    stated = {"survey": "nps", "kind": "nps", "answer_id": "{content_key}"}
    done, told = feed(folder, path, contract="satisfaction", stated=stated)
    assert done, told
    folder.ingest()
    assert folder.load("satisfaction") == ("loaded", 3, 3, 3, 0)
    # Sent again with columns moved, one more column and one more row: one row is new.
    moved = "Email,New,Sent Date,NPS Score\na@example.org,x,2026-09-13,9\n"
    moved += "c@example.org,x,2026-09-15,1\nb@example.org,x,2026-09-14,7\n"
    folder.put("answers_2.csv", moved + "a@example.org,x,2026-09-13,9\n")
    folder.ingest()
    assert folder.load("satisfaction") == ("loaded", 4, 4, 1, 0)


@pytest.mark.parametrize(
    ("text", "form", "unit", "seconds"),
    [
        ("1:02:03", "h:m:s", "seconds", 3723),
        ("2:30", "m:s", "seconds", 150),
        ("2:30", "h:m", "minutes", 150),
        ("1h 5m", "words", "minutes", 65),
        ("PT1H2M3S", "words", "seconds", 3723),
        ("90:75", "m:s", "seconds", None),
        ("soon", "words", "seconds", None),
    ],
)
def test_a_duration_is_read_in_the_unit_of_its_column(text, form, unit, seconds):
    from ingestion import reading, values
    from ingestion.specs import Column

    column = Column(type="integer", about="", unit=unit)
    sql = values.typed("t", column, values.Marks(duration=form))
    with reading.connect() as con:
        assert con.execute(f"select {sql} from (select ? as t)", [text]).fetchone() == (seconds,)


def test_months_are_read_in_their_language():
    from ingestion import reading, values
    from ingestion.specs import Column

    told = {"de": ("12. März 2026", "%d. %b %Y"), "fr": ("12 févr. 2026", "%d %b %Y"),
            "es": ("12 enero 2026", "%d %b %Y"), "pt": ("12 dez. 2026", "%d %b %Y"),
            "en": ("12 September 2026", "%d %b %Y")}  # fmt: skip
    months = {"de": 3, "fr": 2, "es": 1, "pt": 12, "en": 9}
    column = Column(type="date", about="")
    with reading.connect() as con:
        for language, (text, form) in told.items():
            sql = values.typed("t", column, values.Marks(dates=(form,), language=language))
            found = con.execute(f"select {sql} from (select ? as t)", [text]).fetchone()
            assert found == (dt.date(2026, months[language], 12),), language


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"totals": "keep"}, "'totals' wants 'layout: detect'"),
        ({"header_row": 0}, "'header_row' wants 'layout: detect'"),
        ({"layout": "detect", "skip_footer": 1}, "take 'skip_footer' out"),
        ({"language": "xx"}, "no language 'xx' here"),
        ({"unpivot": {"name": "m", "dates": "%b %Y"}}, "wants 'value'"),
    ],
)
def test_a_key_that_would_silently_not_hold_is_refused(folder, entry, sentence):
    folder.map(feed="channel_days", files="a.csv", **entry)
    with pytest.raises(ConfigError, match=sentence):
        mapping.read_folder(folder.folder)


def test_two_tables_in_one_sheet_are_told_apart(folder):
    from workbooks import book_bytes

    lines = [
        ["Station", "Air date", "Net cost", "GRP"], ["RTL", "2026-09-01", 5, 1.5], [],
        ["Employee #", "Job Title", "Department", "Hire Date"], ["7", "Engineer", "R&D",
        "2021-07-21"],
    ]  # fmt: skip
    path = folder.put("all.xlsx", book_bytes(lines))
    done, told = feed(folder, path)
    assert done, told
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 1, 1, 1, 0)
    assert folder.load("employees") == ("loaded", 1, 1, 1, 0)


def test_parquet_is_recognised_or_refused_with_a_reason(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({
        "Station": ["RTL"], "Air date": [dt.date(2026, 9, 1)], "Net cost": [5.5], "GRP": [1.5],
    })  # fmt: skip
    path = folder.put("tv.parquet", b"")
    pq.write_table(table, path)
    done, told = feed(folder, path)
    assert done, told
    folder.ingest()
    assert folder.ask("select account, spend::double, grps from raw_feeds.channel_days") == [
        ("RTL", 5.5, 1.5)
    ]
    broken = folder.put("broken.parquet", path.read_bytes()[:60])
    done, told = feed(folder, broken)
    assert not done and "not Parquet that can be read" in told
    bad = pa.array([b"caf\xe9"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"Station": bad, "GRP": [1.5]}), folder.folder / "bad.parquet")
    done, told = feed(folder, folder.folder / "bad.parquet")
    assert not done and "no UTF-8" in told


MEDIA = "Position;Tag;Aufwand;Wo\n1;01.09.2026;{};Bonn\n2;13.09.2026;2.500;Kiel\n"


def test_a_heading_that_a_person_names_is_judged_as_any_other(folder):
    stated = {"channel": "tv", "spend": "{Aufwand}", "date": "{Tag}"}
    path = folder.put("plan.csv", MEDIA.format("1.234"))
    done, told = feed(folder, path, contract="channel_days", stated=dict(stated))
    assert not done and "open: '1.234' in 'Aufwand' may be 1.234 or 1234" in told
    done, told = feed(
        folder, path, contract="channel_days", stated=stated | {"spend.thousands": ".",
        "spend.decimal": ","},
    )  # fmt: skip
    assert done, told
    folder.ingest()
    assert folder.ask("select spend::double from raw_feeds.channel_days order by date") == [
        (1234.0,), (2500.0,)
    ]  # fmt: skip


def test_a_witness_in_the_column_that_a_person_names_decides_it(folder):
    path = folder.put("plan.csv", MEDIA.format("12.750,00"))
    stated = {"channel": "tv", "spend": "{Aufwand}"}
    done, told = feed(folder, path, contract="channel_days", stated=stated)
    assert done and "assumed: decimal mark ',', thousands '.' in 'Aufwand'" in told
    folder.ingest()
    assert folder.ask("select spend::double from raw_feeds.channel_days order by date") == [
        (12750.0,), (2500.0,)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "sentence"),
    [
        ({"reach_people.thousands": "."}, "--set reach_people.thousands: neither a key"),
        ({"impressions.thousands": "."}, "would change nothing: no heading fills 'impressions'"),
        ({"spend": "5", "spend.thousands": "."}, "no heading fills 'spend'"),
        ({"spend.thousnds": "."}, "--set spend.thousnds: no key of a column; known: dates"),
        ({"spend.multiply": "k"}, "--set spend.multiply=k: it wants a number"),
        ({"header_row": "one"}, "--set header_row=one: it wants a number"),
        ({"sheet": "Plan"}, "--set sheet: it would change nothing"),
        ({"time_zone": "Europe/Paris"}, "--set time_zone: it would change nothing"),
        ({"period.words": "{}"}, "a word at a time: --set 'period.words."),
        ({"period.words.Tag": "hour"}, "'period' has the words day, week"),
    ],
)
def test_an_answer_that_changes_nothing_is_named(folder, stated, sentence):
    path = folder.put("plan.csv", MEDIA.format("12.750,00").replace("Wo\n", "period\n"))
    told = {"channel": "tv", "spend": "{Aufwand}"} | stated
    with pytest.raises(ConfigError, match=sentence.replace("(", "\\(")):
        feed(folder, path, contract="channel_days", stated=told)


def test_an_answer_to_a_file_that_is_mapped_is_named(folder):
    path = folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252")
    assert feed(folder, path)[0]
    with pytest.raises(ConfigError, match="--set currency: post_buy_2026-09.csv has a mapping"):
        feed(folder, path, stated={"currency": "USD"})


def test_a_mapping_under_which_no_row_loads_is_not_written(folder):
    rows = "so bald wie;a@example.org\nspäter;b@example.org\n"
    path = folder.put("calls.csv", f"Datum;E-Mail\n{rows}")
    stated = {"system": "s", "touchpoint_id": "{content_key}", "occurred_at": "{Datum}",
              "contact_email": "{E-Mail}"}  # fmt: skip
    done, told = feed(folder, path, contract="touchpoints", stated=stated)
    assert not done and "open: no row would be loaded" in told
    assert not (folder.folder / "mapping.yml").exists()


def test_answers_hold_for_every_sheet_and_file_of_the_call(folder):
    import io

    import openpyxl

    from settings import load_settings

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in ("A", "B"):
        sheet = book.create_sheet(name)
        sheet.append(["Sender", "Sendetag", "Kosten netto", "GRP"])
        sheet.append([f"RTL {name}", "03/04/2026", 5, 1.5])
    out = io.BytesIO()
    book.save(out)
    first = folder.put("tv.xlsx", out.getvalue())
    other = folder.put("kino.csv", "Sender;Sendetag;Kosten netto;GRP\nX;05/06/2026;7;1\n")
    told = []
    stated = {"currency": "USD", "dates": "%d/%m/%Y", "delimiter": ";"}
    assert proposing.feed([first, other], load_settings(), folder.paths, stated=stated,
                          ask=lambda question: True, say=told.append), told  # fmt: skip
    folder.ingest()
    assert folder.ask("select account, date::varchar, currency from raw_feeds.channel_days "
                      "order by 1") == [
        ("RTL A", "2026-04-03", "USD"), ("RTL B", "2026-04-03", "USD"),
        ("X", "2026-06-05", "USD"),
    ]  # fmt: skip


def test_a_stated_time_zone_is_the_one_that_is_written(folder):
    head = "Post id,Post text,Post Link,Date,Impressions\n"
    path = folder.put("posts_2026-07-31.csv", head + "1,Hi,https://x.com/a/1,2026-07-14 20:00,5\n")
    done, told = feed(folder, path, stated={"account": "a", "time_zone": "America/New_York"})
    assert done and "--set time_zone" not in told
    folder.ingest()
    assert folder.ask("select published_at::varchar from raw_feeds.posts") == [
        ("2026-07-15 00:00:00",)
    ]


DEALS = "Record ID,Deal Name,Deal Stage,Create Date,Amount\n"


def test_a_word_is_stated_by_name_and_all_that_the_library_knows_are_kept(folder):
    (export,) = (e for e in proposing.vocabulary.exports() if e.name == "hubspot_deals")
    path = folder.put("hubspot_1.csv", DEALS + "1,A,Closed Won,2026-07-01,5\n2,B,Nurture,"
                      "2026-07-02,6\n3,C,Odd one,2026-07-03,7\n")  # fmt: skip
    done, told = feed(folder, path)
    assert not done
    assert "--set 'outcome.words.Nurture=...' --set 'outcome.words.Odd one=...'" in told
    assert "'Closed Won'" not in told and "no word of the contract" not in told
    stated = proposing.spoken(["outcome.words.Nurture=open", "outcome.words.Odd one="])
    done, told = feed(folder, path, stated=stated)
    assert done, told
    assert "assumed: 'Odd one' in 'Deal Stage' goes to quarantine (as stated)" in told
    (entry,) = yaml.safe_load((folder.folder / "mapping.yml").read_text(encoding="utf-8"))
    known = export.columns["outcome"].words
    assert entry["columns"]["outcome"]["words"] == {**known, "Nurture": "open"}
    folder.put("hubspot_2.csv", DEALS + "4,D,Closed Lost,2026-08-01,5\n5,E,nurture,2026-08-01,5\n")
    folder.ingest()
    assert folder.ask("select deal_id, outcome from raw_feeds.deals order by 1") == [
        ("1", "won"), ("2", "open"), ("4", "lost"), ("5", "open"),
    ]  # fmt: skip


CALLS = "Anrufzeit;Kunde;Dauer\n{};a@example.org;{}\n2026-09-02 11:00;b@example.org;60\n"


def test_a_corrected_number_is_a_restatement_and_no_second_row(folder):
    stated = {"system": "s", "kind": "call", "channel": "phone", "occurred_at": "{Anrufzeit}",
              "contact_email": "{Kunde}", "touchpoint_id": "{content_key}",
              "call_seconds": "{Dauer}"}  # fmt: skip
    path = folder.put("calls_1.csv", CALLS.format("2026-09-01 10:00", 190))
    missing = {key: value for key, value in stated.items() if key != "touchpoint_id"}
    done, told = feed(folder, path, contract="touchpoints", stated=missing)
    assert not done
    assert "Say --set touchpoint_id='{content_key}' (of 'Anrufzeit', 'Kunde')" in told
    done, told = feed(folder, path, contract="touchpoints", stated=stated)
    assert done and "assumed: 'touchpoint_id' is made of 'Anrufzeit', 'Kunde'" in told
    folder.ingest()
    folder.put("calls_2.csv", CALLS.format("2026-09-01 10:00", 220))
    folder.ingest()
    assert folder.load("touchpoints") == ("loaded", 2, 2, 1, 0)
    assert folder.ask(
        "select count(distinct touchpoint_id), count(*), max(call_seconds) "
        "from raw_feeds.touchpoints"
    ) == [(2, 3, 220)]
    # Who has a list of addresses cannot try them out on the key without the organization's.
    keyed = privacy.digest(SAMPLE_KEY.encode(), "2026-09-02 11:00\x1fb@example.org")
    assert (f"{keyed}-1",) in folder.ask("select touchpoint_id from raw_feeds.touchpoints")


def test_snapshots_of_posts_without_an_id_are_history_of_the_same_posts(folder):
    head = "Published;Text;Link;Likes;Impressions\n"
    row = "2026-08-0{0} 10:00;Hello {0};https://f.example/{0};{1};{2}\n"
    stated = {"network": "facebook", "account": "a", "post_id": "{content_key}",
              "published_at": "{Published}", "title": "{Text}", "url": "{Link}"}  # fmt: skip
    path = folder.put("posts_2026-08-31.csv", head + row.format(1, 5, 50) + row.format(2, 6, 60))
    done, told = feed(
        folder, path, contract="posts", stated=stated | {"captured_on": "{file_date}"}
    )
    assert done, told
    folder.put("posts_2026-09-15.csv", head + row.format(2, 9, 90) + row.format(1, 7, 70))
    folder.ingest()
    assert folder.ask(
        "select count(distinct post_id), count(*), count(distinct captured_on) from raw_feeds.posts"
    ) == [(2, 4, 2)]


def test_what_only_measures_tell_apart_is_asked_for(folder):
    rows = "".join(f"2026-09-01;{n}\n" for n in range(10, 19))
    path = folder.put("calls.csv", f"Anrufzeit;Dauer\n{rows}")
    stated = {"system": "s", "occurred_at": "{Anrufzeit}", "call_seconds": "{Dauer}"}
    done, told = feed(folder, path, contract="touchpoints", stated=stated)
    assert not done and "Say --set touchpoint_id=..." in told


@pytest.mark.parametrize(
    ("name", "glob"),
    [
        ("post_buy_2026-09.csv", "post_buy_*.csv"),
        ("Jul-01-2026_Jul-31-2026_12345.csv",
         "*-[0-9]*-[0-9]*_*-[0-9]*-[0-9]*_[0-9]*.csv"),
        ("20260731.csv", "[0-9]*.csv"),
        ("2026-07-01 bis 2026-07-31.csv", "[0-9]*-[0-9]*-[0-9]* bis [0-9]*-[0-9]*-[0-9]*.csv"),
        ("ads_01-07-2026_to_31-07-2026.csv", "ads_*.csv"),
        ("Bericht Juli 2026.xlsx", "Bericht *.xlsx"),
        ("relatório_março_2026.csv", "relatório_*.csv"),
        ("ventes-août.csv.gz", "ventes-*.csv.gz"),
        ("posts_2026-07-31 (1).csv", "posts_*.csv"),
        ("log_out.csv", "log_out.csv"),
        ("x[1]_may.csv", "x[[]*[]]_may.csv"),
    ],
)  # fmt: skip
def test_what_changes_from_month_to_month_in_a_name_is_left_open(tmp_path, name, glob):
    path = tmp_path / name
    path.write_text("")
    assert proposing.pattern(path) == glob
    assert path in tmp_path.glob(glob)


def test_another_month_beside_it_is_taken_too_and_another_export_is_not(folder):
    path = folder.put("Sep-01-2026_Sep-30-2026.csv", POST_BUY, "cp1252")
    folder.put("Aug-01-2026_Aug-31-2026.csv", POST_BUY.replace("09.2026", "08.2026"), "cp1252")
    done, told = feed(folder, path)
    assert done
    assert "files: *-[0-9]*-[0-9]*_*-[0-9]*-[0-9]*.csv (takes Aug-01-2026_Aug-31-2026.csv, " in told
    folder.ingest()  # a total and a note each are counted, too
    assert folder.load("channel_days")[1:4] == (8, 4, 4)
    path = folder.put("other/export_2026-09.csv", POST_BUY, "cp1252")
    folder.put("other/export_2026-08.csv", "Employee #,Job Title\n7,Engineer\n")
    told = feed(folder, path)[1]
    assert "files: export_2026-09.csv (takes export_2026-09.csv)" in told
    assert "not export_*.csv: export_2026-08.csv would be taken, too, and has other head" in told


def test_messages_of_a_file_without_a_mapping_name_the_set_that_works(folder):
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("tv a.csv", "tv_b.csv"):
            archive.writestr(name, "Station,Air date,Net cost,GRP\nRTL,2026-09-01,5.00,1.5\n")
    path = folder.put("tv.zip", out.getvalue())
    done, told = feed(folder, path)
    assert not done and "--set 'member=tv a.csv'" in told
    assert feed(folder, path, stated={"member": "tv a.csv"})[0]
    text = "Sender;Sendetag;Kosten netto;GRP\nK\xf8ln;01.09.2026;5,00;1,5\n"
    path = folder.put("sender.csv", text, "cp1252")
    done, told = feed(folder, path)
    assert not done and "(or --set encoding=)" in told, told
    assert feed(folder, path, stated={"encoding": "cp1252"})[0]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (("31.08.2026 - 06.09.2026", "07.09.2026 - 13.09.2026"),
         "open: '31.08.2026 - 06.09.2026' in 'Air date' is more than a day, and what follows"),
        (("2026-09-01 10:00:00 +0200", "2026-09-13 10:00:00 +0200"),
         "days in 'Air date' are %Y-%m-%d %H:%M:%S %z (as '2026-09-01 10:00:00 +0200')"),
    ],
)  # fmt: skip
def test_what_is_said_of_days_shows_the_cell_and_is_true(folder, cells, sentence):
    rows = "".join(f"RTL,{cell},5.00,1.5\n" for cell in cells)
    path = folder.put("tv.csv", f"Station,Air date,Net cost,GRP\n{rows}")
    _, told = feed(folder, path)
    assert sentence in told and "no other order fits" not in told, told


def test_an_english_file_with_typographic_apostrophes_only_is_read(folder):
    text = "Client’s name,Sendetag,Kosten netto,GRP\n“It’s”,2026-09-01,5,1\nDon’t,2026-09-02,6,2\n"
    path = folder.put("tv.csv", text, "cp1252")
    done, told = feed(folder, path, contract="channel_days",
                      stated={"channel": "tv", "account": "{Client’s name}"})  # fmt: skip
    assert done and "assumed: encoding cp1252" in told
    folder.ingest()
    assert folder.ask("select account from raw_feeds.channel_days order by date") == [
        ("“It’s”",), ("Don’t",)
    ]  # fmt: skip
    spanish = folder.put("es.csv", text.replace("Client’s", "País").replace("“It’s”", "Anís")
                         .replace("Don’t", "París"), "mac_roman")  # fmt: skip
    _, told = feed(folder, spanish, contract="channel_days", stated={"channel": "tv"})
    assert "encoding cp1252" not in told


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    import subprocess
    import sys

    path = folder.put("post_buy_2026-09.csv", POST_BUY, "cp1252")
    command = f"{sys.executable} -m ingestion feed {path} | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


ROLLUP = (
    "Sender;Sendedatum;GRP;Kosten netto\nRTL;01.09.2026;1,5;100,50\nRTL;02.09.2026;2,5;200,25\n"
    "{};02.09.2026;4,0;300,75\nVOX;01.09.2026;1,1;50,25\nVOX;02.09.2026;1,2;60,5\n"
)


def test_a_sum_that_no_word_tells_is_named_and_not_loaded(folder):
    path = folder.put("post_buy_2026-09.csv", ROLLUP.format("Alle Sender"))
    done, told = feed(folder, path)
    assert done and "assumed: row 4 is a total and left out ('alle sender' is the sum of" in told
    folder.ingest()
    assert folder.ask("select sum(spend)::double, count(*) from raw_feeds.channel_days") == [
        (411.5, 4)
    ]  # fmt: skip


@pytest.mark.parametrize(("answer", "rows"), [("keep", 5), ("drop", 4)])
def test_a_discount_is_asked_and_the_answer_taken(folder, answer, rows):
    path = folder.put("post_buy_2026-09.csv", ROLLUP.format("Rabatt"))
    done, told = feed(folder, path)
    assert not done and "open: row 4 may be no row: 'rabatt' is a tax or discount" in told
    assert feed(folder, path, stated={"totals": answer})[0]
    folder.ingest()
    assert folder.ask("select count(*) from raw_feeds.channel_days") == [(rows,)]


def test_the_last_row_of_a_large_file_is_looked_at(folder, monkeypatch):
    from ingestion import layouts

    monkeypatch.setattr(layouts, "WHOLE", 0)
    monkeypatch.setattr(layouts, "SAMPLE_LINES", 4)
    lines = "".join(f"2026-09-{n:02},c{n},tv,{n}.25,{n}00\n" for n in range(1, 21))
    path = folder.put("a.csv", f"Date,Campaign,Channel,Spend,Impressions\n{lines},,,215,21000\n")
    done, told = feed(folder, path, stated={"totals": "refuse"})
    assert done and "row 22 is a total and left out" in told


OUTLINE = (
    "Sender;Sendedatum;GRP;Kosten netto\nRTL;01.09.2026;1,5;100,50\n;02.09.2026;2,5;200,25\n"
    "VOX;01.09.2026;1,1;50,25\n;02.09.2026;1,2;60,5\n"
)
BY_STATION = "select account, sum(spend)::double from raw_feeds.channel_days group by 1 order by 1"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("above", [("RTL", 300.75), ("VOX", 110.75)]),
        ("keep", [("RTL", 100.5), ("VOX", 50.25), (None, 260.75)]),
    ],
)
def test_a_label_in_the_first_row_of_its_group_is_asked_not_lost(folder, answer, expected):
    path = folder.put("post_buy_2026-09.csv", OUTLINE)
    done, told = feed(folder, path)
    assert not done and "open: 'Sender' (account) stands in the first row of each group" in told
    assert feed(folder, path, stated={"account.blank": answer})[0]
    folder.ingest()
    assert folder.ask(BY_STATION) == expected


def test_next_months_file_with_labels_in_first_rows_only_is_refused(folder):
    feed(folder, folder.put("post_buy_2026-09.csv", ROLLUP.format("SAT").replace("4,0", "9,0")))
    folder.ingest()
    folder.put("post_buy_2026-10.csv", OUTLINE.replace(".09.", ".10."))
    folder.ingest()
    assert folder.load("channel_days")[0] == "failed"
    assert "'Sender' (account) stands in the first row of each" in folder.error("channel_days")


def test_labels_are_filled_down_in_a_large_file_past_its_totals(folder, monkeypatch):
    from ingestion import grids, layouts

    monkeypatch.setattr(layouts, "WHOLE", 0)
    monkeypatch.setattr(layouts, "SAMPLE_LINES", 6)
    monkeypatch.setattr(grids, "BLOCK", 5)
    head = "Sender;Sendedatum;GRP;Kosten netto\n"
    days = "".join(f";{n:02}.09.2026;1,5;{n},25\n" for n in range(2, 20))
    total = "Summe;;;9999\n"
    path = folder.put("a_2026-09.csv", f"{head}RTL;01.09.2026;1,5;1,25\n{days}{total}{days[:40]}")
    done, told = feed(folder, path, stated={"account.blank": "above", "repeated": "sum"})
    assert done, told
    folder.ingest()
    assert folder.ask("select distinct account from raw_feeds.channel_days") == [("RTL",)]


@pytest.mark.parametrize(
    ("cells", "is_outline"),
    [
        (["A", "", "", "B", ""], True), (["A", None, None], True), (["A", "", "A", ""], False),
        (["", "A", "", ""], False), (["A", "A", "", ""], False), (["A", "B", "C", ""], False),
        (["A", "B", "C", "D", "E", "F", "G", "", ""], False), ([], False), (["A"], False),
    ],
)  # fmt: skip
def test_an_outline_names_each_group_once(cells, is_outline):
    from ingestion import layouts

    assert layouts.is_outline(cells) is is_outline


RADIO = "Sender;{};Spots;Hörer;Kosten netto\nFFN;{};4;1000;100,5\nFFN;{};5;1000;120,5\n"
PLAIN_COST = "Kanal;{};Kosten;Impressionen\nradio;{};100,5;1000\nradio;{};110,5;1200\n"


@pytest.mark.parametrize(
    ("heading", "one", "two"),
    [
        ("Datum", "2026-W36", "2026-W37"), ("Datum", "KW 36/2026", "KW 37/2026"),
        ("Datum", "Semaine 36 2026", "Semaine 37 2026"), ("Woche", "36/2026", "37/2026"),
        ("Woche", "31.08.2026", "07.09.2026"), ("Week", "2026-08-31", "2026-09-07"),
        ("Semaine", "W36-2026", "W37-2026"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("content", [RADIO, PLAIN_COST])
def test_rows_of_weeks_are_weeks_from_their_monday(folder, content, heading, one, two):
    path = folder.put("r_2026-09.csv", content.format(heading, one, two))
    done, told = feed(folder, path, contract="channel_days")
    assert done and "assumed: a row is a week" in told, told
    folder.ingest()
    assert folder.ask("select date::varchar, period from raw_feeds.channel_days order by 1") == [
        ("2026-08-31", "week"), ("2026-09-07", "week"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "one", "two", "sentence"),
    [
        ("Datum", "2026-09", "2026-10", "'2026-09' in 'Datum' is a month"),
        ("Datum", "Sep 2026", "Okt 2026", "'Sep 2026' in 'Datum' is a month"),
        ("Woche", "06.09.2026", "13.09.2026", "names weeks, and .* is no Monday"),
        ("Datum", "KW36", "KW37", "is a week without its year"),
        ("Datum", "2026-W36", "2026-09-07", "is a week, and '2026-09-07' is none"),
    ],
)
def test_months_and_other_weeks_are_no_days(folder, heading, one, two, sentence):
    import re

    path = folder.put("r_2026-09.csv", RADIO.format(heading, one, two))
    done, told = feed(folder, path)
    assert not done and re.search(sentence, told), told
    assert not (folder.folder / "mapping.yml").exists()


def test_a_heading_of_months_over_days_that_are_the_first_is_no_day(folder):
    path = folder.put("r.csv", RADIO.format("Monat", "01.09.2026", "01.10.2026"))
    done, told = feed(folder, path, stated={"date": "{Monat}"})
    assert not done and "in 'Monat' is a month" in told


def test_a_contract_of_days_alone_takes_no_weeks_and_one_of_months_takes_months(folder):
    rows = "Network,Account,Week,Followers\nlinkedin,a,2026-W36,100\nlinkedin,a,2026-W37,120\n"
    done, told = feed(folder, folder.put("w.csv", rows), contract="account_days")
    assert not done and "is a week, and the contract knows days: all of it" in told
    rows = "Customer,Month,MRR\nc1,2026-09,100.50\nc2,2026-10,120.50\n"
    stated = {"system": "billing", "recurring_revenue": "{MRR}"}
    done, told = feed(folder, folder.put("m.csv", rows), True, contract="recurring_revenue",
                      stated=stated)  # fmt: skip
    assert done, told


@pytest.mark.parametrize(
    "written",
    [
        ("2026-09-01T22:30:00Z", "2026-09-13T21:30:00Z"),
        ("2026-09-02T00:30:00+02:00", "2026-09-13T23:30:00+02:00"),
        ("2026-09-01 22:30:00 +0000", "2026-09-13 21:30:00 +0000"),
        ("09/01/2026 10:30 PM UTC", "09/13/2026 9:30 PM UTC"),
    ],
)
def test_a_time_with_its_offset_is_of_the_organizations_day(folder, written):
    config = folder.config.read_text()
    folder.config.write_text(config.replace('"T"\n', '"T"\ntime_zone = "Europe/Berlin"\n'))
    head = "order_id,customer_id,ordered_on,amount,currency\n"
    rows = "".join(f"{n},c,{day},5.55,EUR\n" for n, day in enumerate(written))
    path = folder.put("orders.csv", head + rows)
    done, told = feed(folder, path, contract="orders", stated={"system": "shop"})
    assert done and "is of the day that it was in Europe/Berlin" in told, told
    folder.ingest()
    assert folder.ask("select ordered_on::varchar from raw_feeds.orders order by order_id") == [
        ("2026-09-02",), ("2026-09-13",),
    ]  # fmt: skip


def test_an_instant_of_parquet_is_of_the_organizations_day(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    config = folder.config.read_text()
    folder.config.write_text(config.replace('"T"\n', '"T"\ntime_zone = "Europe/Berlin"\n'))
    at = [
        dt.datetime(2026, 9, 1, 22, 30, tzinfo=dt.UTC),
        dt.datetime(2026, 9, 13, 21, tzinfo=dt.UTC),
    ]
    path = folder.folder / "orders.parquet"
    pq.write_table(
        pa.table({"order_id": ["1", "2"], "ordered_on": at, "amount": [5.55, 7.25]}), path
    )
    stated = {"system": "shop", "currency": "EUR", "customer_id": "c"}
    done, told = feed(folder, path, contract="orders", stated=stated)
    assert done, told
    folder.ingest()
    assert folder.ask("select ordered_on::varchar from raw_feeds.orders order by order_id") == [
        ("2026-09-02",), ("2026-09-13",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2026-09-01T22:30:00Z", "Europe/Berlin", 2), ("2026-09-01T22:30:00Z", "UTC", 1),
        ("2026-09-01T22:30:00Z", "UTC+05:30", 2), ("2026-09-02T01:30:00Z", "UTC-03:00", 1),
        ("2026-09-02 03:30 America/New_York", "Europe/Berlin", 2),
        ("2026-09-01T23:30:00", "Europe/Berlin", 1), ("2026-09-01", "Europe/Berlin", 1),
    ],
)  # fmt: skip
def test_the_day_of_a_time_is_that_of_the_zone(text, zone, day):
    from ingestion import reading, values
    from ingestion.specs import Column

    sql = values.typed("t", Column(type="date", about=""), values.Marks(time_zone=zone))
    with reading.connect() as con:
        found = con.execute(f"select {sql} from (select ? as t)", [text]).fetchone()
    assert found == (dt.date(2026, 9, day),)


WIDE = "Customer,{}\nc1,100.50,120.25\nc2,,99.75\n"


@pytest.mark.parametrize(
    "headings",
    ["Jan 2026,Feb 2026", "2026-01,2026-02", "janvier 2026,février 2026"],
)
def test_months_as_headings_become_rows_of_a_contract_of_months(folder, headings):
    path = folder.put("mrr.csv", WIDE.format(headings))
    done, told = feed(folder, path, contract="recurring_revenue", stated={"system": "billing"})
    assert done and "2 columns become rows" in told, told
    folder.ingest()
    assert folder.ask(
        "select customer_id, month::varchar, recurring_revenue::double "
        "from raw_feeds.recurring_revenue order by 1, 2"
    ) == [
        ("c1", "2026-01-01", 100.5), ("c1", "2026-02-01", 120.25), ("c2", "2026-02-01", 99.75),
    ]  # fmt: skip


def test_next_years_months_are_taken_by_the_same_mapping(folder):
    path = folder.put("mrr_2026.csv", WIDE.format("Jan 2026,Feb 2026"))
    assert feed(folder, path, contract="recurring_revenue", stated={"system": "billing"})[0]
    folder.put("mrr_2027.csv", WIDE.format("Jan 2027,Feb 2027"))
    folder.ingest()
    assert folder.ask("select count(*) from raw_feeds.recurring_revenue") == [(6,)]


def test_what_the_cells_of_months_are_is_asked_where_they_may_be_several(folder):
    path = folder.put("books.csv", "Ledger,Jan 2026,Feb 2026\nmain,1000.50,1200.25\n")
    done, told = feed(folder, path, contract="finance_months")
    assert not done and "their cells may be revenue, cost_of_goods" in told
    done, told = feed(folder, path, contract="finance_months", stated={"revenue": "{value}"})
    assert done, told
    folder.ingest()
    assert folder.ask("select month::varchar, revenue::double from raw_feeds.finance_months") == [
        ("2026-01-01", 1000.5), ("2026-02-01", 1200.25),
    ]  # fmt: skip


def test_months_as_headings_are_no_days(folder):
    path = folder.put("a.csv", "Title,Jan 2026,Feb 2026\nLe Monde,100.50,120.25\n")
    stated = {"channel": "print", "account": "{Title}", "spend": "{value}"}
    done, told = feed(folder, path, contract="channel_days", stated=stated)
    assert not done and "is a month, and the contract knows days" in told


STAFF = ("Personalnummer,E-Mail,Abteilung,Eintrittsdatum,Wochenstunden,Status,FTE\n"
         "1,a@b.de,M,2020-01-13,40,Aktiv,{}\n2,b@b.de,M,2020-01-13,20,Aktiv,{}\n")  # fmt: skip


def test_a_column_the_export_does_not_list_is_left_and_how_to_take_it_is_said(folder):
    path = folder.put("staff_2026-09-30.csv", STAFF.format("100 %", "50 %"))
    done, told = feed(folder, path)
    assert done and "  not used: FTE (--set 'fte={FTE}' takes it as 'fte')" in told
    folder.ingest()
    assert folder.ask("select count(*), count(fte) from raw_feeds.employees") == [(2, 0)]


def test_a_column_that_a_person_takes_is_judged(folder):
    path = folder.put("staff_2026-09-30.csv", STAFF.format("100 %", "50 %"))
    done, told = feed(folder, path, stated={"fte": "{FTE}"})
    assert done and "percents in 'FTE' become shares" in told
    folder.ingest()
    assert folder.ask("select sum(fte)::double from raw_feeds.employees") == [(1.5,)]


def test_decimals_of_parquet_are_numbers(folder):
    import decimal
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    amount = pa.array([decimal.Decimal("12.345"), decimal.Decimal("7")], pa.decimal128(12, 3))
    pq.write_table(
        pa.table({"order_id": ["A1", "A2"], "ordered_on": [dt.date(2026, 9, 1)] * 2,
                  "amount": amount, "currency": ["EUR", "USD"], "system": ["s", "s"]}), out
    )  # fmt: skip
    done, told = feed(folder, folder.put("orders.parquet", out.getvalue()), contract="orders")
    assert done and "amount <- 'amount'" in told and "not used" not in told
    folder.ingest()
    assert folder.ask("select sum(amount)::double from raw_feeds.orders") == [(19.345,)]


def test_json_in_camel_case_is_known_by_its_words_and_a_page_is_its_network(folder):
    import json

    posts = [
        {"socialNetwork": name, "profile": {"name": "t"}, "postId": f"urn:{n}",
         "permalink": f"https://l.example/{n}", "message": f"m{n}",
         "metrics": {"impressions": 10 * n},
         "publishedAt": f"2026-09-0{n}T10:00:00+02:00"}
        for n, name in enumerate(["LinkedIn Page", "linkedin"], start=1)
    ]  # fmt: skip
    stated = {"captured_on": "2026-09-30"}
    path = folder.put("posts.json", json.dumps(posts))
    done, told = feed(folder, path, contract="posts", stated=dict(stated))
    assert done and "post_id <- 'postId'" in told
    assert "impressions <- 'metrics.impressions'" in told
    folder.ingest()
    assert folder.ask("select network, post_id, impressions, published_at::date::varchar "
                      "from raw_feeds.posts order by 2") == [
        ("linkedin", "urn:1", 10, "2026-09-01"), ("linkedin", "urn:2", 20, "2026-09-02"),
    ]  # fmt: skip
    posts[0]["socialNetwork"] = "Facebook Group"
    path = folder.put("groups.json", json.dumps(posts))
    done, told = feed(folder, path, contract="posts", stated=dict(stated))
    assert not done and "--set 'network.words.Facebook Group=" in told
    stated["network.words.Facebook Group"] = "facebook"
    assert feed(folder, path, contract="posts", stated=stated)[0]


def test_what_any_export_calls_a_network_is_that_one_in_every_file(folder):
    head = "Network;Account;Post ID;Published;Stand\n"
    rows = "LinkedIn Page;t;1;2026-09-01;2026-09-30\nlinkedin;t;2;2026-09-13;2026-09-30\n"
    done, told = feed(folder, folder.put("p.csv", head + rows), contract="posts")
    assert done and "in 'Network' 'LinkedIn Page' is linkedin (as exports call it)" in told
    folder.ingest()
    assert folder.ask("select distinct network from raw_feeds.posts") == [("linkedin",)]


def test_the_zone_of_days_may_be_stated(folder):
    rows = "order_id,customer_id,ordered_on,amount,currency\n1,c,2026-09-01T22:30:00Z,5.55,EUR\n"
    stated = {"system": "shop", "time_zone": "Asia/Tokyo"}
    done, told = feed(folder, folder.put("o.csv", rows), contract="orders", stated=stated)
    assert done and "in Asia/Tokyo (as stated)" in told and "ordered_on=2026-09-02" in told, told
