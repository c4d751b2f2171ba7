"""Files of every kind onto contracts by mapping alone; what does not fit says so and stays out."""

import datetime as dt
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feed_folder import FeedFolder

from ingestion import check, mapping
from settings import ConfigError

pytestmark = pytest.mark.usefixtures("size")
MEDIA = "channel,date,spend,clicks\n"


@pytest.fixture
def folder(tmp_path):
    return FeedFolder(tmp_path)


@pytest.fixture(scope="module")
def many(size, tmp_path_factory):
    """One load of files of every kind, several of them bad: what each brings is asked below."""
    from openpyxl import Workbook

    folder = FeedFolder(tmp_path_factory.mktemp("many"))
    # Continental: semicolons, decimal comma, day first, a word for missing, an old code page.
    folder.put(
        "radio.csv",
        "Sendertag;Kosten €;Hörer;Titel\n01.07.2026;1.234,50;1.000;Früh „jetzt“\n"
        "02.07.2026;k.A.;k.A.;\n03.07.2026;1.5;10;Spät\n",
        encoding="cp1252",
    )
    folder.map(
        feed="channel_days", files="radio.csv", encoding="cp1252", decimal=",", thousands=".",
        dates="%d.%m.%Y", missing=["k.A."], currency="EUR", constants={"channel": "radio"},
        columns={"date": "Sendertag", "spend": "Kosten €", "impressions": "Hörer",
                 "campaign": "Titel"},
    )  # fmt: skip
    # A workbook: a title above the headings, real dates and numbers, text beside them, a total.
    book = Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Plan")
    for row in [
        ["Media plan"],
        ["Date", "Spend", "Clicks", None],
        [dt.date(2026, 7, 1), 1234.5, 10, None],
        [dt.datetime.fromisoformat("2026-07-02 00:00"), "99,5", "n/a", None],
        [None, None, None, None],
        ["Total", 1334, 10, None],
    ]:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    folder.put("print.xlsx", file.getvalue())
    folder.map(
        feed="channel_days", files="print.xlsx", sheet="Plan", header_row=2, skip_footer=1,
        decimal=",", missing="n/a", constants={"channel": "print"},
    )  # fmt: skip
    # JSON lines: numbers and text, nested objects, a line that is none.
    folder.put(
        "tv.jsonl",
        "\n".join(
            [
                json.dumps({"date": "2026-07-01", "spend": 1.5, "clicks": None, "x": {"y": 1}}),
                json.dumps({"date": "2026-07-02", "spend": "2,5", "account": "ünï"}),
                "[1]",
                "not json",
                "",
                json.dumps({"date": "2026-07-03", "spend": 3}),
            ]
        ),
    )
    folder.map(feed="channel_days", files="*.jsonl", decimal=",", constants={"channel": "tv"})
    # Parquet keeps its types.
    table = pa.table(
        {
            "date": [dt.date(2026, 7, 1), dt.date(2026, 7, 2)],
            "spend": [1.5, None],
            "clicks": pa.array([3.0, 3.5]),
            "conversions": pa.array([1, 2], pa.int32()),
            "account": pa.array([2019.0, 2020.0]),
        }
    )
    pq.write_table(table, folder.folder / "paid.parquet")
    folder.map(feed="channel_days", files="paid.parquet", constants={"channel": "paid_social"})
    # Wide to long, zero-padded keys, rows left out.
    folder.put(
        "wide.tsv",
        "Week\tYear\tTV cost\tOOH cost\tRegion\n1\t2026\t10\t\tN\n12\t2026\t20\t30\tALL\n",
    )
    folder.map(
        feed="channel_days", files="wide.tsv", exclude={"Region": "all"},
        unpivot={"name": "medium", "columns": "* cost", "value": "cost"}, dates="%G-W%V-%u",
        columns={
            "channel": {"from": "medium", "words": {"TV cost": "tv", "OOH cost": "out_of_home"}},
            "date": {"template": "{Year}-W{Week:02}-1"}, "spend": "cost", "geography": "Region",
        },
    )  # fmt: skip
    folder.put(
        "lines.csv", MEDIA + 'print,2026-08-01,1,2\nprint,2026-08-02,1\n"a\nb",2026-08-03,1,2\n'
    )
    folder.map(feed="channel_days", files="lines.csv")
    folder.ingest()
    return folder


def rows(folder, file, columns="date, spend"):
    return folder.ask(
        f"select {columns} from raw_feeds.channel_days where _file = '{file}' order by date, spend"
    )


def refused(folder, file):
    return folder.ask(
        f"select file_row, field, reason from ingest.quarantine where file = '{file}' "
        "order by file_row, reason"
    )


def test_a_continental_export_is_read_as_it_was_meant(many):
    assert rows(many, "radio.csv", "date, spend, impressions, currency, campaign") == [
        (dt.date(2026, 7, 1), 1234.5, 1000, "EUR", "Früh „jetzt“"),
        (dt.date(2026, 7, 2), None, None, "EUR", None),
    ]
    assert refused(many, "radio.csv") == [(4, "spend", "spend: not an amount")]


def test_a_workbook_keeps_its_numbers_and_dates_whatever_the_marks(many):
    assert rows(many, "print.xlsx", "date, spend, clicks") == [
        (dt.date(2026, 7, 1), 1234.5, 10),
        (dt.date(2026, 7, 2), 99.5, None),
    ]


def test_json_lines_are_rows_and_other_lines_are_refused(many):
    assert rows(many, "tv.jsonl", "date, spend, account, _file_row") == [
        (dt.date(2026, 7, 1), 1.5, None, 1),
        (dt.date(2026, 7, 2), 2.5, "ünï", 2),
        (dt.date(2026, 7, 3), 3, None, 6),
    ]
    assert refused(many, "tv.jsonl") == [
        (3, None, "not a JSON object"),
        (4, None, "not a JSON object"),
    ]


def test_parquet_keeps_its_types_and_refuses_what_does_not_fit_them(many):
    assert rows(many, "paid.parquet", "date, spend, clicks, conversions, account") == [
        (dt.date(2026, 7, 1), 1.5, 3, 1.0, "2019"),
    ]
    assert refused(many, "paid.parquet") == [(2, "clicks", "clicks: not a whole number")]


def test_wide_becomes_long_and_rows_left_out_are_accounted_for(many):
    assert rows(many, "wide.tsv", "channel, date, spend, _file_row") == [
        ("tv", dt.date(2025, 12, 29), 10, 2)
    ]
    assert refused(many, "wide.tsv") == [(3, "Region", "excluded by mapping")] * 2


def test_a_line_with_another_number_of_fields_is_refused_and_the_next_keeps_its_place(many):
    assert rows(many, "lines.csv", "channel, _file_row") == [("print", 2), ("a\nb", 4)]
    assert refused(many, "lines.csv") == [
        (3, None, "another number of fields than there are headings")
    ]


def test_every_row_of_every_file_is_loaded_or_quarantined(many):
    status, fetched, loaded, new, quarantined = many.load("channel_days")
    assert (status, fetched) == ("loaded", 3 + 2 + 5 + 2 + 3 + 3)
    assert fetched == loaded + quarantined
    assert many.ask("select count(*) from raw_feeds.channel_days") == [(new,)]
    assert many.ask("select count(*) from ingest.quarantine") == [(quarantined,)]


def test_quarantine_is_idempotent_and_remembers_when_it_saw_a_row(folder):
    folder.map(feed="channel_days", files="*.csv")
    folder.put("a.csv", MEDIA + "tv,2026-07-01,x,1\ntv,2026-07-01,x,1\ntv,2026-07-02,1,-1\n")
    folder.ingest()
    folder.put("a.csv", MEDIA + "tv,2026-07-03,1,1\ntv,2026-07-01,x,1\ntv,2026-07-01,x,1\n")
    folder.ingest()
    assert folder.ask(
        "select field, reason, count(*), count(distinct quarantine_key), "
        "max(first_seen_at) < max(last_seen_at), max(file_row) from ingest.quarantine "
        "group by field, reason order by field"
    ) == [
        ("clicks", "clicks: less than 0", 1, 1, False, 4),
        ("spend", "spend: not an amount", 2, 2, True, 4),
    ]


def test_a_row_says_everything_that_is_wrong_with_it_and_what_to_do(folder):
    folder.map(feed="mentions", files="*.csv", constants={"query": "q", "network": "n"})
    folder.put("a.csv", "mention_id,published_at,is_brand,sentiment\n,yesterday,maybe,Positive\n"
               "1,2026-07-01,yes,good\n2,2026-07-01,yes,POSITIVE\n")  # fmt: skip
    folder.ingest()
    assert folder.ask(
        "select field, reason, remedy from ingest.quarantine order by file_row"
    ) == [
        (
            "mention_id, published_at, is_brand",
            "mention_id: missing; published_at: not a time; is_brand: not true or false",
            "Fill it in at the source, or leave the row out there. Write times as "
            "2026-09-30T12:00:00Z, or name the format ('dates'). Write true or false, or map the "
            "words in the mapping ('words').",
        ),
        ("sentiment", "sentiment: not one of positive, neutral, negative",
         "Map the word in the source or the mapping ('words')."),
    ]  # fmt: skip
    assert folder.ask("select sentiment from raw_feeds.mentions") == [("positive",)]


def test_a_missing_column_stops_its_file_and_no_other(folder):
    folder.map(feed="channel_days", files="*.csv", columns={"spend": "Cost", "clicks": "Clicks"})
    folder.put("good.csv", "channel,date,Cost,Clicks\ntv,2026-07-01,1,1\n")
    folder.put("lost.csv", "channel,date,Costs,Clicks\ntv,2026-07-02,1,1\n")
    outcome = folder.ingest()
    assert outcome.status == "degraded"
    assert folder.load("channel_days") == ("failed", 1, 1, 1, 0)
    error = folder.error("channel_days")
    assert "lost.csv: no heading 'Cost'" in error and "did you mean 'Costs'?" in error
    assert any("channel_days is failed" in line for line in outcome.lines)
    folder.put("lost.csv", "channel,date,Cost,Clicks\ntv,2026-07-02,1,1\n")
    assert folder.ingest().status == "degraded"  # July is stale at the end of September
    assert folder.load("channel_days") == ("loaded", 1, 1, 1, 0)


def test_a_required_column_that_nothing_fills_stops_the_file(folder):
    folder.map(feed="channel_days", files="*.csv")
    folder.put("a.csv", "date,spend\n2026-07-01,1\n")
    folder.ingest()
    assert "nothing fills the required column channel" in folder.error("channel_days")
    assert folder.load("channel_days") == ("failed", 0, 0, 0, 0)


def test_a_new_column_is_no_obstacle_and_check_names_it(folder):
    folder.map(feed="channel_days", files="*.csv")
    path = folder.put("a.csv", MEDIA.strip() + ",Mood,AVE\ntv,2026-07-01,1,1,good,900\n")
    told = []
    assert check.check([path], folder.settings, folder.paths, told.append)
    assert "  unused: Mood" in told
    assert any("unused: AVE (refused: advertising value" in line for line in told)
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 1, 1, 1, 0)


def test_a_retyped_column_sends_its_rows_to_quarantine(folder):
    folder.map(feed="channel_days", files="*.csv")
    folder.put("a.csv", MEDIA + "tv,2026-07-01,1.50,1\n")
    folder.put("b.csv", MEDIA + 'tv,2026-07-02,"1,50",1\ntv,2026-07-03,"2,50",1\n')
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 3, 1, 1, 2)


@pytest.mark.parametrize("name", ["ave", "advertising_value_equivalent", "influence_score"])
def test_a_refused_number_is_not_taken(folder, name):
    folder.map(feed="media_clips", files="*.csv", columns={name: "Value", "clip_id": "id"})
    folder.put("a.csv", "id,Value\n1,1000\n")
    folder.ingest()
    error = folder.error("media_clips")
    assert f"column 'Value' is not taken as '{name}'" in error
    assert "Barcelona" in error or "Conclave" in error


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"feed": "channel_days", "files": "a.csv", "delimeter": ";"},
         r"mapping.yml:1: unknown key '0.delimeter'; did you mean 'delimiter'\?"),
        ({"feed": "channel_day", "files": "a.csv"}, "no feed 'channel_day'; did you mean "
         "'channel_days'"),
        ({"feed": "channel_days", "files": "a.csv", "columns": {"spent": "Cost"}},
         "mapping.yml:1: feed 'channel_days' has no column 'spent'; did you mean 'spend'"),
        ({"feed": "channel_days", "files": "a.csv", "time_zone": "Europe/Berln"},
         "no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'"),
        ({"feed": "channel_days", "files": "a.csv", "columns": {"spend": {"form": "Cost"}}},
         r"unknown key '0.columns.spend.form'; did you mean 'from'\?$"),
        ({"feed": "channel_days", "files": "a.csv", "decimal": ",", "thousands": ","},
         "'decimal' is '.' or ','"),
        ({"feed": "channel_days", "files": "a.csv", "hash": ["spend"]}, "'hash' takes text"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_stops_the_build_and_says_where(folder, entry, sentence):
    folder.map(**entry)
    with pytest.raises(ConfigError, match=sentence):
        folder.ingest()


def test_a_mapping_may_stand_in_the_settings(tmp_path, monkeypatch):
    from settings import load_settings

    (tmp_path / "a.csv").write_text("currency,reporting_currency,date,rate\nUSD,EUR,2026-07-01,1\n")
    config = tmp_path / "house.toml"
    config.write_text(
        '[organization]\nname = "T"\n[[feeds.mappings]]\nfeed = "fx_rates"\n'
        f'files = "{tmp_path}/*.csv"\n'
    )
    found = mapping.read_mappings(load_settings(config))
    assert [path.name for path in found[0].files()] == ["a.csv"]
    config.write_text(config.read_text() + 'sheeet = "x"\n')
    monkeypatch.setenv("PLUMBLINE_CONFIG", str(config))
    with pytest.raises(ConfigError, match=r"house.toml: unknown key '0.sheeet'"):
        mapping.read_mappings(load_settings())


def test_a_file_that_no_mapping_names_is_said(folder):
    folder.map(feed="fx_rates", files="rates.csv")
    folder.put("rates.csv", "currency,reporting_currency,date,rate\nUSD,EUR,2026-09-29,1\n")
    folder.put("forgotten.csv", "a,b\n1,2\n")
    folder.put("notes.md", "not data")
    assert folder.ingest().lines[-1] == "feeds: no mapping names forgotten.csv"


def test_check_loads_nothing_and_fails_when_a_row_would_not_load(folder):
    folder.map(feed="channel_days", files="*.csv")
    path = folder.put("a.csv", MEDIA + "tv,2026-07-01,1,1\ntv,2026-07-02,x,1\n")
    told = []
    assert not check.check([path], folder.settings, folder.paths, told.append)
    assert "  2 rows: 1 new, 0 known already, 1 quarantined" in told
    assert any("quarantined: 1 x spend: not an amount" in line for line in told)
    assert any("row 3:" in line for line in told)
    assert not folder.paths.data.exists()


def test_check_of_a_file_without_mapping_points_to_the_proposal(folder):
    folder.map(feed="fx_rates", files="rates.csv")
    path = folder.put("clips.csv", "clip_id,outlet,medium,Published\n1,Post,print,2026-07-01\n")
    told = []
    assert not check.check([path], folder.settings, folder.paths, told.append)
    assert told[0] == "clips.csv: no mapping names this file."
    assert "make feed FILE=" in told[1]
