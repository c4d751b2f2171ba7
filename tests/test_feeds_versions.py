"""The log of versions: what is said again adds nothing, what is corrected is kept beside."""

import pytest
from feed_folder import FeedFolder

from ingestion import check, feeding

pytestmark = pytest.mark.usefixtures("size")

HEAD = "currency,reporting_currency,date,rate\n"
JULY = HEAD + "USD,EUR,2026-07-01,0.9\nUSD,EUR,2026-07-02,0.8\n"


@pytest.fixture(scope="module")
def rates(size, tmp_path_factory):
    """July's rates, then the same again, then a correction, then the correction taken back."""
    folder = FeedFolder(tmp_path_factory.mktemp("rates"))
    folder.map(feed="fx_rates", files="*.csv")
    folder.counts = []
    for name, text in [
        ("1.csv", JULY),
        ("1.csv", JULY),
        ("2.csv", JULY),
        ("3.csv", HEAD + "USD,EUR,2026-07-02,0.7\n"),
        ("4.csv", HEAD + "USD,EUR,2026-07-02,0.8\n"),
        ("1.csv", JULY + "USD,EUR,2026-07-03,0.6\n"),
    ]:
        folder.put(name, text)
        folder.ingest()
        folder.counts.append(folder.load("fx_rates"))
    return folder


def test_a_file_that_was_loaded_is_not_read_again(rates):
    assert rates.counts[0] == ("loaded", 2, 2, 2, 0)
    assert rates.counts[1] == ("unchanged", 0, 0, 0, 0)


def test_a_resent_file_adds_nothing_and_is_accounted_for(rates):
    assert rates.counts[2] == ("loaded", 2, 2, 0, 0)


def test_a_correction_is_appended_and_so_is_its_reversal(rates):
    assert rates.counts[3] == rates.counts[4] == ("loaded", 1, 1, 1, 0)
    said = rates.ask(
        "select rate, _file from raw_feeds.fx_rates where date = '2026-07-02' "
        "order by _loaded_at, _dlt_load_id, _file_row"
    )
    assert said == [(0.8, "1.csv"), (0.7, "3.csv"), (0.8, "4.csv")]


def test_a_file_that_grew_adds_only_its_new_row(rates):
    assert rates.counts[5] == ("loaded", 3, 3, 1, 0)
    assert rates.ask("select count(*) from raw_feeds.fx_rates") == [(5,)]


@pytest.mark.parametrize("correction", ["2.csv", "0.csv"])
@pytest.mark.parametrize("later", ["grown before", "grown at once"])
def test_a_file_that_grows_does_not_take_back_what_a_later_file_corrected(
    tmp_path, correction, later
):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv")
    folder.put("1.csv", JULY)
    folder.ingest()
    folder.put(correction, HEAD + "USD,EUR,2026-07-02,0.7\n")
    if later == "grown before":
        folder.ingest()
    folder.put("1.csv", JULY + "USD,EUR,2026-07-03,0.6\n")
    folder.ingest()
    told = "select rate, _file from raw_feeds.fx_rates order by date, _loaded_at, _file_row"
    said = [(0.9, "1.csv"), (0.8, "1.csv"), (0.7, correction), (0.6, "1.csv")]
    assert folder.ask(told) == said
    # What the file says for the first time is a statement, and so is its own way back.
    for rate in ("0.75", "0.8"):
        folder.put("1.csv", HEAD + f"USD,EUR,2026-07-02,{rate}\n")
        folder.ingest()
    said[3:3] = [(0.75, "1.csv"), (0.8, "1.csv")]
    assert folder.ask(told) == said


def test_old_files_that_stay_do_not_speak_again(rates):
    # 1.csv still says 0.8 of 2 July and 3.csv still says 0.7: neither is a new statement.
    rates.ingest()
    assert rates.load("fx_rates") == ("unchanged", 0, 0, 0, 0)


def test_rows_carry_where_they_came_from(rates):
    assert rates.ask(
        "select _file, _file_row, length(_row_key), _row_hash > 0, _loaded_at is not null, "
        "_dlt_load_id is not null from raw_feeds.fx_rates where date = '2026-07-03'"
    ) == [("1.csv", 4, 32, True, True, True)]


def test_two_files_of_one_load_are_two_statements_in_the_order_of_their_names(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv")
    folder.put("rates_10.csv", HEAD + "USD,EUR,2026-07-01,0.7\n")
    folder.put("rates_9.csv", JULY)
    folder.ingest()
    assert folder.load("fx_rates") == ("loaded", 3, 3, 3, 0)
    assert folder.ask(
        "select rate from raw_feeds.fx_rates where date = '2026-07-01' order by _loaded_at"
    ) == [(0.9,), (0.7,)]


def test_of_a_key_that_stands_twice_in_a_file_the_last_good_row_counts(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv", repeated="last")
    folder.put("a.csv", JULY + "USD,EUR,2026-07-01,0.5\nUSD,EUR,2026-07-01,none\n")
    folder.ingest()
    assert folder.load("fx_rates") == ("loaded", 4, 3, 2, 1)
    assert folder.ask("select rate from raw_feeds.fx_rates order by date") == [(0.5,), (0.8,)]
    folder.put("b.csv", JULY + "USD,EUR,2026-07-01,0.5\n")
    folder.ingest()
    assert folder.load("fx_rates") == ("loaded", 3, 3, 0, 0)


def test_keys_may_be_partly_unknown_where_the_contract_lets_them(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="channel_days", files="*.csv")
    folder.put("tv.csv", "channel,date,spend,campaign\ntv,2026-07-01,5,\ntv,2026-07-01,6,c\n")
    folder.put("tv_again.csv", "channel,date,spend,campaign\ntv,2026-07-01,5,\n,2026-07-01,6,c\n")
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 4, 3, 2, 1)
    assert folder.ask("select reason from ingest.quarantine") == [("channel: missing",)]


def test_a_changed_mapping_reads_its_files_again(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.put("a.csv", HEAD + "USD,EUR,2026-07-01,9\n")
    folder.map(feed="fx_rates", files="*.csv", columns={"rate": {"from": "rate"}})
    folder.ingest()
    folder.entries.clear()
    folder.map(feed="fx_rates", files="*.csv", columns={"rate": {"from": "rate", "percent": True}})
    folder.ingest()
    assert folder.load("fx_rates") == ("loaded", 1, 1, 1, 0)
    assert folder.ask("select rate from raw_feeds.fx_rates order by _loaded_at") == [(9,), (0.09,)]


def test_an_empty_column_makes_no_new_version(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv")
    folder.put("a.csv", HEAD + "USD,EUR,2026-07-01,9\n")
    folder.put("b.csv", HEAD.strip() + ",rate_source\nUSD,EUR,2026-07-01,9,\n")
    folder.ingest()
    assert folder.load("fx_rates") == ("loaded", 2, 2, 1, 0)


def test_small_and_large_files_of_one_load_keep_their_order(tmp_path, monkeypatch):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv", repeated="last")
    folder.put("a.csv", HEAD + "USD,EUR,2026-07-02,1\n")
    large = folder.put("b.csv", JULY + "no row\nUSD,EUR,2026-07-02,2\nUSD,EUR,2026-07-04,none\n")
    folder.put("c.csv", HEAD + "USD,EUR,2026-07-02,3\n")
    monkeypatch.setattr(feeding, "SMALL", large.stat().st_size - 1)
    folder.ingest()
    assert folder.load("fx_rates") == ("loaded", 7, 5, 4, 2)
    assert folder.ask(
        "select rate, _file_row from raw_feeds.fx_rates where date = '2026-07-02' "
        "order by _loaded_at"
    ) == [(1, 2), (2, 5), (3, 2)]
    assert folder.ask("select file_row from ingest.quarantine order by 1") == [(4,), (6,)]
    assert not list(folder.paths.dlt.rglob("*.parquet"))


@pytest.mark.parametrize("moment", ["_good", "content"])
def test_a_file_that_changes_while_it_is_read_is_not_taken(tmp_path, monkeypatch, moment):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv")
    path = folder.put("a.csv", JULY)
    asked = getattr(feeding, moment)

    def written_meanwhile(*said):
        found = asked(*said)
        path.write_text(JULY + "USD,EUR,2026-07-03,0.6\n")
        return found

    monkeypatch.setattr(feeding, moment, written_meanwhile)
    outcome = folder.ingest()
    assert any("changed while it was read" in line for line in outcome.lines)
    assert folder.ask("select count(*) from raw_feeds.fx_rates") == [(0,)]
    monkeypatch.undo()
    folder.ingest()
    assert folder.ask("select count(*) from raw_feeds.fx_rates") == [(3,)]


def test_a_file_that_fails_leaves_no_parquet_to_those_after_it(tmp_path, monkeypatch):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv")
    for name in ("a.csv", "b.csv"):
        folder.put(name, JULY)
    told = feeding._Said.new
    left = []

    def full(said, versions):
        left.append(len(list(folder.paths.dlt.rglob("aside/*"))))
        if said.file.path.name == "a.csv":
            raise OSError(28, "No space left on device")
        return told(said, versions)

    monkeypatch.setattr(feeding, "SMALL", 0)
    monkeypatch.setattr(feeding._Said, "new", full)
    folder.ingest()
    assert left == [1, 1]
    assert folder.ask("select count(*) from raw_feeds.fx_rates") == [(2,)]


def test_a_check_writes_below_the_build_and_what_a_killed_one_left_goes(tmp_path, monkeypatch):
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv")
    path = folder.put("a.csv", JULY)
    monkeypatch.setattr(feeding, "SMALL", 0)
    lines, seen = [], []
    told = feeding._Said.new

    def watched(said, versions):
        seen.extend(folder.paths.checked.rglob("*.parquet"))
        return told(said, versions)

    monkeypatch.setattr(feeding._Said, "new", watched)
    assert check.check([path], folder.settings, folder.paths, lines.append)
    assert any("new row: " in line for line in lines)
    assert seen and not list(folder.paths.checked.rglob("*"))
    (folder.paths.checked / "killed").mkdir(parents=True)
    folder.ingest()
    assert not folder.paths.checked.exists()


DEALS = "system,deal_id,stage,outcome,created_on\n"
NOW = (
    "select deal_id, arg_max(outcome, (_loaded_at, _dlt_load_id, _file_row)) "
    "from raw_feeds.deals group by 1 order by 1"
)


def deals(outcome, number=1, day="2026-07-01"):
    return f"h,{number},s,{outcome},{day}\n"


@pytest.fixture
def crm(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="deals", files="*.csv")
    return folder


def given(folder, *files):
    """Each file loaded by a build of its own; the last build's lines."""
    for name, rows in files:
        folder.put(name, DEALS + rows)
        outcome = folder.ingest()
    return outcome.lines


def test_a_copy_under_another_name_says_nothing(crm):
    july = deals("open") + deals("undecided", 2)
    lines = given(
        crm, ("d_2026-07-31.csv", july), ("d_2026-08-15.csv", deals("lost")),
        ("d_2026-07-31 (1).csv", july),
    )  # fmt: skip
    note = "d_2026-07-31 (1).csv: same content as d_2026-07-31.csv, loaded 2026-09-30; it adds"
    assert any(line.startswith(note) for line in lines)
    assert crm.load("deals") == ("loaded", 2, 1, 0, 1)
    assert crm.ask(NOW) == [("1", "lost")]
    # What the original has in quarantine is there once.
    assert crm.ask("select file, count(*) from ingest.quarantine group by 1") == [
        ("d_2026-07-31.csv", 1)
    ]
    told = []
    check.check([crm.folder / "d_2026-07-31 (1).csv"], crm.settings, crm.paths, told.append)
    assert any("same content as d_2026-07-31.csv" in line for line in told)
    assert any("0 new" in line for line in told)


def test_the_same_rows_written_otherwise_say_nothing(crm):
    both = deals("open") + deals("open", 2)
    lines = given(crm, ("a.csv", both), ("b.csv", deals("lost")))
    crm.put("c.csv", "deal_id,system,stage,outcome,created_on\n2,h,s,open,2026-07-01\n"
            '"1",h,s,open,2026-07-01\n')  # fmt: skip
    lines = crm.ingest().lines
    assert any("c.csv: same rows as a.csv" in line for line in lines)
    assert crm.ask(NOW) == [("1", "lost"), ("2", "open")]


def test_the_same_content_of_a_later_day_is_a_statement(crm):
    given(crm, ("d_2026-07-31.csv", deals("open")), ("d_2026-08-15.csv", deals("lost")),
          ("d_2026-08-31.csv", deals("open")))  # fmt: skip
    assert crm.ask(NOW) == [("1", "open")]


def test_an_older_export_found_later_becomes_history(crm):
    lines = given(
        crm, ("d_2026-06.csv", deals("open")), ("d_2026-08.csv", deals("won")),
        ("d_2026-07.csv", deals("lost") + deals("open", 2)),
    )  # fmt: skip
    assert crm.load("deals") == ("loaded", 2, 2, 2, 0)
    assert any("d_2026-07.csv: 1 rows are older than what d_2026-08.csv says" in s for s in lines)
    assert crm.ask(NOW) == [("1", "won"), ("2", "open")]
    assert crm.ask(
        "select outcome from raw_feeds.deals where deal_id = '1' order by _loaded_at, _dlt_load_id"
    ) == [("open",), ("lost",), ("won",)]
    crm.ingest()
    assert crm.load("deals")[0] == "unchanged"
    # Read again under another mapping it says nothing else.
    crm.entries.clear()
    crm.map(feed="deals", files="*.csv", missing=["-"])
    crm.ingest()
    assert crm.load("deals")[1:] == (4, 4, 0, 0) and crm.ask(NOW) == [("1", "won"), ("2", "open")]


def test_exports_that_arrive_together_are_in_the_order_of_their_days(crm):
    crm.put("d_Aug-31-2026.csv", DEALS + deals("won"))
    crm.put("d_Jul-31-2026.csv", DEALS + deals("open"))
    crm.ingest()
    assert crm.ask(NOW) == [("1", "won")]


def test_what_is_said_again_counts_only_where_nothing_tells_that_it_is_old(crm):
    late = deals("won", 9, "2026-08-20")
    given(crm, ("a.csv", deals("open")), ("b.csv", deals("lost") + late))
    lines = given(crm, ("c.csv", deals("open") + deals("open", 3)))
    assert any("c.csv: 1 rows say again what b.csv said otherwise since" in s for s in lines)
    assert crm.ask(NOW) == [("1", "lost"), ("3", "open"), ("9", "won")]
    lines = given(crm, ("e.csv", deals("open") + late))
    assert any("e.csv: 1 rows go back to what was said before b.csv" in line for line in lines)
    assert crm.ask(NOW) == [("1", "open"), ("3", "open"), ("9", "won")]


def test_a_day_is_corrected_by_a_file_of_an_earlier_day_and_it_says_so(tmp_path):
    """With a day in the key a file is no picture of its day."""
    folder = FeedFolder(tmp_path)
    folder.map(feed="fx_rates", files="*.csv")
    folder.put("2026-07-31.csv", JULY)
    folder.ingest()
    folder.put("of_2026-07-02.csv", HEAD + "USD,EUR,2026-07-02,0.7\n")
    lines = folder.ingest().lines
    assert any("1 rows correct 2026-07-31.csv, although the day in its name" in s for s in lines)
    assert folder.ask("select rate from raw_feeds.fx_rates order by _loaded_at desc limit 1") == [
        (0.7,)
    ]
