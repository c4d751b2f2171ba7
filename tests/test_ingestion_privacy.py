"""Identifiers are hashed alike everywhere, and no clear one is ever written to disk."""

import datetime as dt
import os

import pytest
from feed_folder import FeedFolder

from ingestion import load, privacy, reading, rows, run, specs
from settings import SAMPLE_KEY, Organization, Paths, Privacy, Run, Settings, Source

KEY = b"a key of sixteen or more"
PLANTED = "Planted.Person@harbour-and-vale.example"
AWKWARD = [
    "a@b.c",
    "  A@B.C\t",
    "",
    "ÄÖÜ@x.de",
    "İstanbul",
    "ΣΊΣΥΦΟΣ",
    "ß",
    "+49 (0) 30",
    "日本",
    "🙂",
]


def test_python_and_sql_hash_alike():
    with reading.connect() as con:
        privacy.arm(con, KEY)
        for text in AWKWARD:
            sql = con.execute(f"select {privacy.sql_digest('$1')}", [text]).fetchall()[0][0]
            assert sql == privacy.digest(KEY, text), text


def test_python_and_sql_fold_every_letter_alike():
    letters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
    with reading.connect() as con:
        folded = con.execute("select lower(unnest($1::varchar[]))", [letters[:0x3000]]).fetchall()
    for letter, (sql,) in zip(letters, folded, strict=False):
        if letter not in privacy._BLANKS:
            assert privacy.folded(letter) == sql.strip(privacy._BLANKS), hex(ord(letter))


def test_a_long_key_hashes_alike_and_another_key_otherwise():
    long = b"k" * 100
    with reading.connect() as con:
        privacy.arm(con, long)
        sql = con.execute(f"select {privacy.sql_digest('$1')}", ["a@b.c"]).fetchall()[0][0]
    assert sql == privacy.digest(long, "a@b.c") != privacy.digest(KEY, "a@b.c")
    assert len(sql) == 32


def test_null_stays_null_in_sql():
    with reading.connect() as con:
        privacy.arm(con, KEY)
        assert con.execute(f"select {privacy.sql_digest('null::varchar')}").fetchall() == [(None,)]


def everything_on_disk(folder):
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                yield os.path.join(place, name), file.read().lower()


def assert_not_in_clear(folder, looked_at):
    for path, content in everything_on_disk(folder):
        looked_at.append(path)
        for clear in (PLANTED.lower(), PLANTED.lower().split("@")[0]):
            assert clear.encode() not in content, f"{clear} stands in {path}"


@pytest.fixture
def watched(monkeypatch):
    """Looks through the data folder after extraction and before the load, each time."""
    looked_at = []

    def pipeline(paths, source, original=load.pipeline):
        line = original(paths, source)
        normalize = line.normalize

        def look(*args, **kwargs):
            assert_not_in_clear(paths.data, looked_at)
            return normalize(*args, **kwargs)

        line.normalize = look
        return line

    monkeypatch.setattr(load, "pipeline", pipeline)
    # An uncompressed file hides nothing from a search for bytes.
    monkeypatch.setitem(load.DLT, "DATA_WRITER__COMPRESSION", "none")
    return looked_at


def test_no_file_of_a_feed_load_holds_a_clear_name(tmp_path, watched):
    folder = FeedFolder(tmp_path)
    folder.map(feed="contacts", files="*.csv", constants={"system": "crm"})
    folder.put(
        "people.csv",
        "contact_id,email,name,phone,created_at\n"
        f"1,{PLANTED},Planted Person,1,2026-01-01\n2,{PLANTED},Planted Person,1,not a time\n",
    )
    folder.ingest()
    assert any("extracted" in path and path.endswith(".parquet") for path in watched)
    assert_not_in_clear(folder.paths.data, [])
    assert folder.ask("select email_hash from raw_feeds.contacts") == [
        (privacy.digest(SAMPLE_KEY.encode(), PLANTED),)
    ]
    kept = folder.ask("select row_json from ingest.quarantine")[0][0]
    assert privacy.digest(SAMPLE_KEY.encode(), PLANTED) in kept
    assert "Planted" not in kept


def test_no_file_of_an_api_load_holds_a_clear_name(tmp_path, watched, monkeypatch):
    def extract(context):
        yield (
            "contacts",
            [
                {"contact_id": "1", "email": PLANTED},
                {"contact_id": "2", "email": PLANTED, "created_at": "not a time"},
            ],
        )

    monkeypatch.setattr(run.fetching, "extractor", lambda vendor: extract)
    settings = Settings(
        Organization("Test"), Privacy(key="sample"),
        sources={"hubspot": Source(base_url="http://127.0.0.1:1", owner="crm_lead")},
    )  # fmt: skip
    paths = Paths(tmp_path / "data")
    outcome = run.ingest(
        Run(settings, paths, "run1", dt.date(2026, 9, 30), dt.datetime(2026, 9, 30, tzinfo=dt.UTC))
    )
    assert any("2 rows read" in line for line in outcome.lines)
    assert any(path.endswith(".parquet") for path in watched)
    assert_not_in_clear(paths.data, [])


def test_a_handle_that_one_mapping_hashes_is_hashed_in_place(tmp_path):
    folder = FeedFolder(tmp_path)
    folder.map(feed="account_days", files="*.csv", hash=["account"],
               constants={"network": "linkedin"})  # fmt: skip
    folder.put("a.csv", "account,date,followers\nJane-Doe,2026-07-01,5\n,2026-07-01,5\n")
    folder.ingest()
    assert folder.ask("select account from raw_feeds.account_days") == [
        (privacy.digest(SAMPLE_KEY.encode(), "jane-doe"),)
    ]
    assert folder.ask("select reason from ingest.quarantine") == [("account: missing",)]


def test_a_refused_row_of_an_api_is_kept_hashed():
    table = specs.table("hubspot", "contacts")
    columns = rows.turned(table, [{"contact_id": None, "email": PLANTED}])
    _, refused = rows.to_arrow(table, columns, rows.hasher(KEY))
    assert refused[0].reason == "contact_id: missing"
    assert privacy.digest(KEY, PLANTED) in refused[0].row_json
    assert "planted" not in refused[0].row_json.lower()


def test_a_column_that_a_contract_now_hashes_leaves_the_warehouse(tmp_path):
    import duckdb

    from ingestion import ledger

    with duckdb.connect(str(tmp_path / "plumbline.duckdb")) as con:
        ledger.prepare(con)
        con.execute("alter table raw_feeds.contacts add column email varchar")
        con.execute("insert into raw_feeds.contacts (email) values ('a@b.c')")
        ledger.prepare(con)
        columns = {row[0] for row in con.execute("describe raw_feeds.contacts").fetchall()}
    assert "email" not in columns and "email_hash" in columns
