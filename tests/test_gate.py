"""A gate stops, warns, skips and refuses as it says, and leaves rows and a page behind."""

import contextlib
import datetime as dt
import re
import subprocess
import sys

import duckdb
import pytest

import expectations.suites as files
from expectations.gate import KEEP_RUNS, gate
from settings import ROOT, ConfigError, Organization, Paths, Run, Settings

AS_OF = dt.date(2026, 9, 30)
BELOW = """
- type: expect_column_pair_values_a_to_be_greater_than_b
  kwargs: {column_A: impressions, column_B: clicks, or_equal: true}
  severity: SEVERITY
  meta: {why: Nobody clicks what was not shown.}
- type: unexpected_rows_expectation
  kwargs: {unexpected_rows_query: "select * from {batch} where date > {as_of}"}
  severity: critical
  meta: {why: A day to come was not measured.}
"""


def make_run(folder, run_id="r1"):
    return Run(
        Settings(Organization("Test & Sons")), Paths(folder), run_id, AS_OF,
        dt.datetime(2026, 9, 30, 6, tzinfo=dt.UTC),
    )  # fmt: skip


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A warehouse with one feed of three rows, and a folder for suites: (run, write, sql)."""
    run = make_run(tmp_path)
    run.paths.warehouse.parent.mkdir(parents=True)
    folder = tmp_path / "expectations"

    def sql(*statements):
        with contextlib.closing(duckdb.connect(str(run.paths.warehouse))) as con:
            found = []
            for statement in statements:
                found = con.execute(statement).fetchall()
        return found

    def write(text, name="raw_feeds/ads.yml"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    sql(
        "create schema raw_feeds",
        "create table raw_feeds.ads (date date, impressions bigint, clicks bigint)",
        "insert into raw_feeds.ads values ('2026-09-01', 100, 5), ('2026-09-02', 200, 9), "
        "('2026-09-03', 300, null)",
    )
    real = files.read_suites
    monkeypatch.setattr(files, "read_suites", lambda which=None: real(which, folder))
    return run, write, sql


def test_good_rows_pass_and_are_recorded_and_shown(house):
    run, write, sql = house
    write(BELOW.replace("SEVERITY", "critical"))
    outcome = gate(run, "raw")
    assert outcome.status == "passed"
    assert outcome.rows == 2
    assert outcome.lines == ("2 expectations on 1 tables: 2 met, 0 stop the build, 0 warn",)
    assert sql(
        "select run_id, gate, schema_name, table_name, column_name, expectation_type, severity, "
        "success, unexpected_count, element_count from quality.results order by severity, "
        "expectation_type"
    ) == [
        ("r1", "raw", "raw_feeds", "ads", "impressions, clicks",
         "expect_column_pair_values_a_to_be_greater_than_b", "critical", True, 0, 3),
        ("r1", "raw", "raw_feeds", "ads", None, "unexpected_rows_expectation", "critical", True,
         0, 3),
    ]  # fmt: skip
    page = (run.paths.docs / "raw" / "index.html").read_text(encoding="utf-8")
    assert "Test &amp; Sons" in page
    assert "Nobody clicks what was not shown." in page
    assert "greater than" in page


def test_a_critical_failure_stops_and_names_what_where_how_many_and_why(house):
    run, write, sql = house
    path = write(BELOW.replace("SEVERITY", "critical"))
    sql("update raw_feeds.ads set clicks = 500 where impressions = 200")
    outcome = gate(run, "raw")
    assert outcome.status == "failed"
    assert outcome.lines[0] == (
        "critical: raw_feeds.ads.impressions+clicks: "
        "expect_column_pair_values_a_to_be_greater_than_b: 1 unexpected of 3 rows. "
        "Nobody clicks what was not shown. (raw_feeds/ads.yml:2)"
    )
    assert path.read_text(encoding="utf-8").splitlines()[1].startswith("- type")
    assert sql(
        "select success, unexpected_count from quality.results where column_name is not null"
    ) == [(False, 1)]


@pytest.mark.parametrize(("severity", "status"), [("warning", "degraded"), ("info", "passed")])
def test_a_warning_degrades_and_information_only_stands_in_the_record(house, severity, status):
    run, write, sql = house
    write(BELOW.replace("SEVERITY", severity))
    sql("update raw_feeds.ads set clicks = 500 where impressions = 200")
    outcome = gate(run, "raw")
    assert outcome.status == status
    assert any(line.startswith("warning: raw_feeds.ads") for line in outcome.lines) == (
        severity == "warning"
    )
    assert sql(f"select success from quality.results where severity = '{severity}'") == [(False,)]


def test_a_superseded_version_is_not_held_against_the_data(house):
    run, write, sql = house
    write(BELOW.replace("SEVERITY", "critical").replace("raw_feeds/ads", "raw_feeds/log"),
          "raw_feeds/log.yml")  # fmt: skip
    sql(
        "create table raw_feeds.log (date date, impressions bigint, clicks bigint, "
        "_row_key varchar, _file_row bigint, _loaded_at timestamp, _dlt_load_id varchar)",
        "insert into raw_feeds.log values "
        "('2026-09-01', 100, 500, 'a', 1, '2026-09-02', '1'), "
        "('2026-09-01', 100, 50, 'a', 1, '2026-09-03', '2')",
    )
    assert gate(run, "raw").status == "passed"
    sql("insert into raw_feeds.log values ('2026-09-01', 100, 500, 'a', 1, '2026-09-04', '3')")
    assert gate(run, "raw").status == "failed"


def test_a_gate_that_evaluated_nothing_has_failed(house):
    run, write, sql = house
    outcome = gate(run, "raw")
    assert outcome.status == "failed"
    assert "evaluated nothing" in outcome.lines[0]
    write(BELOW.replace("SEVERITY", "critical"))
    sql(
        "delete from raw_feeds.ads",
        "create schema ingest",
        "create table ingest.sources (source varchar, table_name varchar, is_configured boolean)",
        "insert into ingest.sources values ('feeds', 'ads', false)",
    )
    outcome = gate(run, "raw")
    assert outcome.status == "failed"
    assert "evaluated nothing" in outcome.lines[0]
    assert outcome.lines[-1] == (
        "not evaluated because the source is not configured: raw_feeds.ads"
    )
    assert sql("select distinct success, observed_value from quality.results") == [
        (None, "not evaluated: the source is not configured")
    ]


def test_one_table_without_a_source_does_not_hide_the_others(house):
    run, write, sql = house
    write(BELOW.replace("SEVERITY", "info"))
    write(BELOW.replace("SEVERITY", "critical"), "raw_feeds/empty.yml")
    sql(
        "create table raw_feeds.empty as from raw_feeds.ads limit 0",
        "create schema ingest",
        "create table ingest.sources (source varchar, table_name varchar, is_configured boolean)",
        "insert into ingest.sources values ('feeds', 'empty', false), ('feeds', 'ads', true)",
    )
    outcome = gate(run, "raw")
    assert outcome.status == "passed"
    assert outcome.rows == 2


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("column_B: clicks", "column_B: click"), 2, "no column 'click'; did you mean 'clicks'?"),
        (("date > {as_of}", "dates > {as_of}"), 6, 'Referenced column "dates" not found'),
        (("{as_of}", "{as_off}"), 6, "unknown parameter 'as_off'; did you mean 'as_of'?"),
        (("_be_greater_than_b", "_be_greater_than_c"), 2, "did you mean 'expect_column_pair_valu"),
        (("severity: critical", "severty: critical"), 8, "unknown key '1.severty'"),
        (("or_equal", "or_equals"), 2, "'or_equals'"),
        (("from {batch}", "from raw_feeds.ads"), 6, "does not read {batch}"),
        (("unexpected_rows_expectation", "expect_column_values_to_match_regex"), 6,
         "does not work on DuckDB"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused_with_file_and_line(house, change, line, says):
    run, write, _ = house
    path = write(BELOW.replace("SEVERITY", "warning").replace(*change))
    with pytest.raises(ConfigError) as refused:
        gate(run, "raw")
    assert f"{path}:{line}: " in str(refused.value)
    assert says in str(refused.value)


def test_a_suite_without_a_table_and_a_folder_without_a_gate_are_refused(house):
    run, write, _ = house
    wrong = write(BELOW.replace("SEVERITY", "info"), "raw_feeds/adds.yml")
    with pytest.raises(ConfigError, match="no table raw_feeds.adds; did you mean 'raw_feeds.ads'"):
        gate(run, "raw")
    wrong.unlink()
    write(BELOW.replace("SEVERITY", "info"), "staging/ads.yml")
    with pytest.raises(ConfigError, match="no gate judges the schema 'staging'"):
        gate(run, "raw")


def test_there_is_no_gate_before_there_is_a_warehouse(tmp_path):
    with pytest.raises(ConfigError, match="make ingest"):
        gate(make_run(tmp_path), "raw")


def test_a_check_that_cannot_be_answered_stops_however_mild_it_is(house):
    run, write, sql = house
    write(
        "- type: unexpected_rows_expectation\n"
        "  kwargs: {unexpected_rows_query: \"select cast('x' || date as integer) from {batch}\"}\n"
        "  severity: info\n  meta: {why: It cannot be cast.}\n"
    )
    outcome = gate(run, "raw")
    assert outcome.status == "failed"
    assert "could not be evaluated" in outcome.lines[0]
    assert sql("select success, starts_with(observed_value, 'could not') from quality.results") == [
        (False, True)
    ]


def test_a_gate_run_again_leaves_one_set_of_rows_and_old_runs_are_forgotten(house):
    run, write, sql = house
    write(BELOW.replace("SEVERITY", "info"))
    gate(run, "raw")
    gate(run, "raw")
    assert sql("select count(*) from quality.results") == [(2,)]
    sql(
        "insert into quality.results by name select 'old' || i as run_id, 'raw' as gate, "
        "timestamp '2026-01-01' + to_days(i::integer) as checked_at from range(80) as runs(i)"
    )
    gate(make_run(run.paths.data, "r2"), "raw")
    assert sql("select count(distinct run_id) from quality.results") == [(KEEP_RUNS,)]
    assert sql("select count(*) from quality.results where run_id in ('r1', 'r2')") == [(4,)]
    assert sql("select count(*) from quality.results where run_id = 'old0'") == [(0,)]


def test_nothing_of_a_person_is_recorded_or_shown(house):
    run, write, sql = house
    write(
        "- type: expect_column_max_to_be_between\n"
        "  kwargs: {column: hired_on, max_value: {$PARAMETER: year_ago}}\n"
        "  severity: warning\n  meta: {why: Newcomers.}\n"
        "- type: expect_column_values_to_be_between\n"
        "  kwargs: {column: salary, max_value: 100}\n"
        "  severity: warning\n  meta: {why: Too much.}\n",
        "raw_feeds/staff.yml",
    )
    sql(
        "create table raw_feeds.staff (employee_id_hash varchar, hired_on date, salary bigint)",
        "insert into raw_feeds.staff select 'e' || i, date '2026-08-17', 40 from range(20) t(i)",
        "update raw_feeds.staff set salary = 73519 where employee_id_hash = 'e1'",
    )
    outcome = gate(run, "raw")
    assert outcome.status == "degraded"
    assert sql("select distinct unexpected_count, observed_value from quality.results") == [
        (None, None)
    ]
    page = (run.paths.docs / "raw" / "index.html").read_text(encoding="utf-8")
    for text in (page, *outcome.lines):
        assert "73519" not in text
        assert "2026-08-17" not in text


def test_the_page_needs_nothing_but_itself(house):
    run, write, _ = house
    write(BELOW.replace("SEVERITY", "critical"))
    gate(run, "raw")
    page = (run.paths.docs / "raw" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    assert "<th scope='col'>" in page
    assert "lang='en'" in page


def test_a_writer_in_this_process_does_not_keep_the_gate_from_reading(house):
    run, write, sql = house
    write(BELOW.replace("SEVERITY", "info"))
    with contextlib.closing(duckdb.connect(str(run.paths.warehouse))) as con:
        con.execute("create schema other")
        assert gate(run, "raw").status == "passed"
    assert sql("select count(*) from quality.results") == [(2,)]


def test_reading_suites_does_not_import_great_expectations():
    code = (
        "import sys, expectations.gate, expectations.suites as s; s.read_suites(); "
        "print([m for m in ('great_expectations', 'pandas', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
