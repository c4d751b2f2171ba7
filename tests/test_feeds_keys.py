"""Rows of one key: exports that know different columns of it, and files finer than the grain."""

import itertools

import pytest
from feed_folder import FeedFolder

from ingestion import check, mapping
from settings import ConfigError

pytestmark = pytest.mark.usefixtures("size")

FOLLOWERS = "network,account,date,gained\nlinkedin,a,2026-07-12,5\nlinkedin,a,2026-07-13,\n"
VISITORS = "network,account,date,views\nlinkedin,a,2026-07-12,42\nlinkedin,a,2026-07-13,40\n"
METRICS = "network,account,date,shown\nlinkedin,a,2026-07-12,900\nlinkedin,a,2026-07-14,800\n"
EXPORTS = {
    "followers": (FOLLOWERS, {"followers_gained": "gained"}),
    "visitors": (VISITORS, {"profile_views": "views"}),
    "metrics": (METRICS, {"impressions": "shown"}),
}
WHOLE = [
    ("2026-07-12", 5, 42, 900),
    ("2026-07-13", None, 40, None),
    ("2026-07-14", None, None, 800),
]
NOW = """
select date::varchar, followers_gained, profile_views, impressions from raw_feeds.account_days
qualify row_number() over (
    partition by _row_key order by _loaded_at desc, _dlt_load_id desc, _file_row desc) = 1
order by date
"""
MEDIA = "channel,account,date,spend,impressions,currency,booking_number\n"


def put(folder, name):
    text, columns = EXPORTS[name]
    folder.map(feed="account_days", files=f"{name}*.csv", columns=columns)
    folder.put(f"{name}.csv", text)


@pytest.mark.parametrize("order", list(itertools.permutations(EXPORTS))[::2])
@pytest.mark.parametrize("together", [True, False])
def test_what_an_export_does_not_speak_of_stays_as_it_was(tmp_path, order, together):
    folder = FeedFolder(tmp_path)
    for name in order:
        put(folder, name)
        if not together:
            folder.ingest()
    folder.ingest()
    assert folder.error("account_days") is None
    assert folder.ask(NOW) == WHOLE
    # The same again under another name says nothing new.
    for name in order:
        folder.put(f"{name}_again.csv", EXPORTS[name][0])
    folder.ingest()
    assert folder.load("account_days") == ("loaded", 6, 6, 0, 0)
    assert folder.ask(NOW) == WHOLE


def test_a_column_that_is_filled_and_empty_is_unknown_again(tmp_path):
    folder = FeedFolder(tmp_path)
    for name in EXPORTS:
        put(folder, name)
    folder.ingest()
    folder.put("visitors_later.csv", VISITORS.replace(",42", ","))
    folder.ingest()
    assert folder.load("account_days") == ("loaded", 2, 2, 1, 0)
    assert folder.ask(NOW)[0] == ("2026-07-12", 5, None, 900)


def test_a_file_that_grows_takes_back_no_correction_of_what_it_says(tmp_path):
    folder = FeedFolder(tmp_path)
    for name in EXPORTS:
        put(folder, name)
        folder.ingest()
    folder.put("visitors_corrected.csv", VISITORS.replace(",42", ",43"))
    folder.ingest()
    folder.put("metrics_corrected.csv", METRICS.replace(",900", ",901"))
    folder.ingest()
    folder.put("visitors.csv", VISITORS + "linkedin,a,2026-07-15,7\n")
    folder.ingest()
    assert folder.load("account_days") == ("loaded", 3, 3, 1, 0)
    assert folder.ask(NOW)[0] == ("2026-07-12", 5, 43, 901)


def test_one_mapping_whose_files_have_different_columns_loses_none(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="channel_days", files="*.csv")
    folder.put("1.csv", "channel,date,spend\ntv,2026-07-01,5\n")
    folder.put("2.csv", "channel,date,clicks\ntv,2026-07-01,6\n")
    folder.ingest()
    latest = "select spend, clicks from raw_feeds.channel_days order by _loaded_at desc limit 1"
    assert folder.ask(latest) == [(5, 6)]


SPOTS = (
    MEDIA + "tv,RTL,2026-09-01,9360.00,100,EUR,1\ntv,RTL,2026-09-01,14332.50,200,EUR,2\n"
    "tv,RTL,2026-09-01,9360.00,100,EUR,1\ntv,SAT,2026-09-01,5,,EUR,3\n"
)


def test_rows_finer_than_the_grain_add_up_where_the_mapping_says_so(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="channel_days", files="*.csv", repeated="sum")
    folder.put("spots.csv", SPOTS)
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 4, 4, 2, 0)
    told = (
        "select account, spend, impressions, booking_number, _file_row from "
        "raw_feeds.channel_days order by account"
    )
    assert [tuple(map(str, row)) for row in folder.ask(told)] == [
        ("RTL", "33052.5000", "400", "None", "2"), ("SAT", "5.0000", "None", "3", "5"),
    ]  # fmt: skip
    folder.put("spots_again.csv", SPOTS)
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 4, 4, 0, 0)


def test_amounts_in_two_currencies_do_not_add_up(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="channel_days", files="*.csv", repeated="sum")
    folder.put("a.csv", MEDIA + "tv,RTL,2026-09-01,1,,USD,1\ntv,RTL,2026-09-01,2,,EUR,2\n"
                                "tv,RTL,2026-09-01,3,,EUR,2\n")  # fmt: skip
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 3, 2, 1, 1)
    assert folder.ask("select spend from raw_feeds.channel_days") == [(5,)]
    assert folder.ask("select file_row from ingest.quarantine") == [(2,)]


def test_rows_of_one_key_that_differ_are_not_lost(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="channel_days", files="*.csv", decimal=",", delimiter=";")
    text = (
        "channel;date;spend\ntv;2026-09-01;1,5\nno row\ntv;2026-09-01;2,5\ntv;2026-09-02;3\n"
        "tv;2026-09-02;3\n"
    )
    path = folder.put("a.csv", text)
    told = []
    assert not check.check([path], folder.settings, folder.paths, told.append)
    assert "  5 rows: 2 new, 0 known already, 2 quarantined" in told
    assert "  1 rows say the same as another one of the file" in told
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 5, 3, 2, 2)
    assert folder.ask(
        "select file_row, reason, row_json::json->>'spend', remedy like 'Row 4 counts.%' "
        "from ingest.quarantine where row_json <> '{}'"
    ) == [(2, "a later row of the file has the same key and says something else", "1,5", True)]


def test_adding_up_wants_measures_that_do(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv", repeated="sum")
    with pytest.raises(ConfigError, match="'repeated: sum' wants measures that add up"):
        mapping.read_mappings(folder.settings)
