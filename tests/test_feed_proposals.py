"""`feed`: a dropped file is recognised, mapped, loaded; next month's loads or says why not."""

import datetime as dt

import pytest
import yaml
from feed_folder import FeedFolder

from ingestion import check, mapping, proposing
from settings import ConfigError

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
    assert "3 rows: 2 new, 0 known already, 1 quarantined" in told
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
        (("Kosten netto", "Kosten brutto"), "no heading 'Kosten netto'.*did you mean 'Kosten br"),
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
    assert done and "1 rows repeat a key that stands before in the file; the last counts" in told


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
    for part in ("recognised as: tv_post_buy", "assumed: encoding cp1252", "3 rows: 2 new",
                 "1 quarantined", "row 7"):  # fmt: skip
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
