"""Mastodon is read whole, re-read while it still moves, and never kept as text."""

import datetime as dt
import json
import socket
import sqlite3
import subprocess
import sys
import urllib.request

import pytest
from api_sources import AS_OF, by, context, extract

from ingestion import session
from ingestion.sample.vendors import mastodon
from ingestion.sample.vendors.server import running
from ingestion.specs import table
from settings import ConfigError

COLUMNS = {name: set(table("mastodon", name).spec.columns) for name in ("accounts", "statuses")}


def status(number, days_old, likes=1, **given):
    when = dt.datetime.combine(AS_OF, dt.time(9)) - dt.timedelta(days=days_old)
    return {
        "status_id": str(number), "account_id": "5", "acct": "harbour",
        "created_at": when.isoformat(), "favourites_count": likes, "reblogs_count": 2,
        "replies_count": 3, **given,
    }  # fmt: skip


def rows(*statuses):
    account = {"account_id": "5", "acct": "harbour", "created_at": "2020-05-01T10:00:00",
               "followers_count": 1200, "following_count": 80, "statuses_count": 9,
               "is_bot": False}  # fmt: skip
    return {"accounts": [account], "statuses": list(statuses)}


MANY = [status(1000 - days, days, likes=days) for days in range(137)]


@pytest.fixture
def vendor(monkeypatch):
    monkeypatch.setattr(session, "pause", lambda seconds: None)
    with running(mastodon.build, rows(*MANY)) as server:
        yield server


def ask(vendor, **given):
    return context("mastodon", vendor.base_url, accounts=("@harbour",), **given)


def test_every_status_comes_once_over_many_pages(vendor):
    found = extract(ask(vendor))
    assert len(by(found["statuses"], "status_id")) == 137
    assert {row["status_id"]: row["favourites_count"] for row in found["statuses"]} == {
        str(1000 - days): days for days in range(137)
    }
    assert sum("statuses" in path for _, path in vendor.requests) == 4  # 40 + 40 + 40 + 17


def test_the_account_is_a_snapshot_of_the_day(vendor):
    (row,) = extract(ask(vendor))["accounts"]
    assert (row["account_id"], row["acct"], row["captured_on"]) == ("5", "harbour", "2026-09-30")
    assert (row["followers_count"], row["following_count"], row["is_bot"]) == (1200, 80, False)
    assert row["created_at"] == "2020-05-01T10:00:00.000Z"


def test_rows_have_the_declared_columns_and_no_text(vendor):
    for name, found in extract(ask(vendor)).items():
        for row in found:
            assert row.keys() == COLUMNS[name]
            assert "<p>" not in json.dumps(row)


def test_a_boost_a_reply_and_a_picture_are_told_apart(vendor):
    vendor.load(rows(
        status(3, 0, is_reblog=True), status(2, 1, in_reply_to_id="1"),
        status(1, 2, media_type="image", tags="gauges prague", language="de", quotes_count=4),
    ))  # fmt: skip
    found = by(extract(ask(vendor))["statuses"], "status_id")
    assert [found[n]["is_reblog"] for n in "123"] == [False, False, True]
    assert [found[n]["in_reply_to_id"] for n in "123"] == [None, "1", None]
    assert found["1"]["media_type"] == "image" and found["2"]["media_type"] is None
    assert found["1"]["tags"] == "gauges prague" and found["2"]["tags"] is None
    # A server that does not count quotes has not counted none.
    assert found["1"]["quotes_count"] == 4 and found["2"]["quotes_count"] is None


def test_a_second_load_of_the_day_adds_no_key(vendor):
    asked = ask(vendor)
    first = by(extract(asked)["statuses"], "status_id", "captured_on")
    again = by(extract(asked)["statuses"], "status_id", "captured_on")
    assert again.items() <= first.items()
    assert len(again) == 31  # what is at most 30 days old; the rest rests
    assert sum("statuses" in path for _, path in vendor.requests) == 4 + 1


def test_a_later_counter_is_a_new_snapshot_and_an_old_status_rests(vendor):
    asked = ask(vendor)
    extract(asked)
    changed = [{**row, "favourites_count": 500} for row in MANY]
    vendor.load(rows(status(1001, -1), *changed))
    asked.as_of = AS_OF + dt.timedelta(days=1)
    found = by(extract(asked)["statuses"], "status_id")
    assert {row["captured_on"] for row in found.values()} == {"2026-10-01"}
    assert found["1001"]["favourites_count"] == 1  # new since
    assert found["990"]["favourites_count"] == 500  # ten days old
    assert "930" not in found  # seventy days old


def test_nothing_is_lost_when_nobody_loaded_for_months(vendor):
    asked = ask(vendor, as_of=AS_OF - dt.timedelta(days=100))
    vendor.load(rows(*[s for s in MANY if int(s["status_id"]) <= 900]))
    first = {row["status_id"] for row in extract(asked)["statuses"]}
    vendor.load(rows(*MANY))
    asked.as_of = AS_OF
    second = {row["status_id"] for row in extract(asked)["statuses"]}
    assert first | second == {row["status_id"] for row in MANY}


def test_reading_starts_at_the_configured_day(vendor):
    found = extract(ask(vendor, start=AS_OF - dt.timedelta(days=50)))
    assert len(found["statuses"]) == 51
    assert sum("statuses" in path for _, path in vendor.requests) == 2


def test_a_page_that_comes_twice_adds_nothing(vendor):
    vendor.fault("duplicate", path_regex="statuses", skip=1, count=2)
    assert len(by(extract(ask(vendor))["statuses"], "status_id")) == 137
    assert sum("statuses" in path for _, path in vendor.requests) == 6


@pytest.mark.parametrize("fault", ["ratelimit", "malformed", "truncated", "drop", "status"])
def test_faults_on_the_way_lose_nothing(vendor, fault):
    vendor.fault(fault, path_regex="statuses", count=2)
    assert len(by(extract(ask(vendor))["statuses"], "status_id")) == 137


def test_an_unknown_account_is_named_with_the_remedy(vendor):
    asked = context("mastodon", vendor.base_url, accounts=("habour",))
    with pytest.raises(session.SourceError, match=r"no account 'habour'.*\[sources.mastodon\]"):
        extract(asked)


def test_no_account_is_an_error_of_the_configuration(vendor):
    with pytest.raises(ConfigError, match=r"\[sources.mastodon\] names no accounts"):
        extract(context("mastodon", vendor.base_url))


def test_a_server_that_wants_a_token_says_so(vendor):
    with pytest.raises(session.SourceError, match=r"401 .*set \$MASTODON_TOKEN"):
        extract(ask(vendor, token=""))


# The other side of the wire written by somebody else: mastodon-mock (PyPI, MIT).


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    """mastodon-mock in a process of its own: (base_url, its database)."""
    pytest.importorskip("mastodon_mock", reason="mastodon-mock is not installed")
    folder = tmp_path_factory.mktemp("mastodon")
    database = folder / "mock.sqlite"
    run = [sys.executable, "-m", "mastodon_mock"]
    shape = ["--accounts", "3", "--statuses-per-account", "95", "--followers-per-account", "2",
             "--favourites-per-account", "0", "--seed", "7"]  # fmt: skip
    subprocess.run(
        [*run, "gen-data", *shape, "--database", str(database), "--yes"],
        check=True, capture_output=True,
    )  # fmt: skip
    with sqlite3.connect(database) as con:
        # One status every 12 hours, the last one on AS_OF.
        con.execute(
            "update statuses set created_at = datetime('2026-09-30 12:00:00', "
            "printf('-%d hours', 12 * (select count(*) from statuses s "
            "where s.account_id = statuses.account_id and s.id > statuses.id)))"
        )
    con.close()
    config = folder / "mock.toml"
    config.write_text(f"[database]\npath = {json.dumps(str(database))}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve = ["serve", "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*run, *serve], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        started = next((line for line in process.stdout if "Uvicorn running" in line), None)
        assert started, "mastodon-mock did not start"
        yield f"http://127.0.0.1:{port}", database
    finally:
        process.terminate()
        process.communicate()


def ask_mock(mock, **given):
    base_url, database = mock
    con = sqlite3.connect(database)
    names = tuple(name for (name,) in con.execute("select username from accounts order by id"))
    con.close()
    return context("mastodon", base_url, token="", accounts=names[:2], **given)


def inject(mock, type, count, **effect):
    rule = {"match": {"path_regex": "/statuses$"}, "effect": {"type": type, **effect},
            "count": count}  # fmt: skip
    request = urllib.request.Request(
        f"{mock[0]}/api/v1/_mock/faults",
        data=json.dumps(rule).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def held(mock, query):
    con = sqlite3.connect(mock[1])
    found = con.execute(query).fetchall()
    con.close()
    return found


def test_mastodon_mock_is_read_to_the_last_status(mock):
    asked = ask_mock(mock)
    found = extract(asked)
    known = held(mock, "select cast(s.id as text), username from statuses s join "
                 "(select id, username from accounts order by id limit 2) a "
                 "on a.id = s.account_id")  # fmt: skip
    statuses = by(found["statuses"], "status_id")
    assert {(number, row["acct"]) for number, row in statuses.items()} == {
        (number, name) for number, name in known
    }
    assert len(statuses) == 190
    assert [row["statuses_count"] for row in found["accounts"]] == [95, 95]
    assert all(row.keys() == COLUMNS["statuses"] for row in statuses.values())


def test_mastodon_mock_is_re_read_for_thirty_days_and_shows_the_later_counter(mock):
    asked = ask_mock(mock)
    first = by(extract(asked)["statuses"], "status_id")
    newest = max(first, key=int)
    con = sqlite3.connect(mock[1])
    con.execute(
        "insert into favourites (id, account_id, status_id, created_at) "
        "select 1, min(id), ?, '2026-10-01 00:00:00' from accounts", (newest,)
    )  # fmt: skip
    con.commit()
    con.close()
    asked.as_of = AS_OF + dt.timedelta(days=1)
    second = by(extract(asked)["statuses"], "status_id")
    # Two accounts, two a day, and the 31 days from 31 August on.
    assert len(second) == 2 * 2 * 31
    assert second.keys() < first.keys()
    assert second[newest]["favourites_count"] == first[newest]["favourites_count"] + 1
    assert second[newest]["captured_on"] == "2026-10-01"


def test_the_faults_of_mastodon_mock_are_survived(mock, monkeypatch):
    waits = []
    monkeypatch.setattr(session, "pause", waits.append)
    inject(mock, "ratelimit", 2, headers={"Retry-After": "1"})
    inject(mock, "malformed", 1)
    inject(mock, "status", 1, status=503)
    assert len(by(extract(ask_mock(mock))["statuses"], "status_id")) == 190
    assert waits[:2] == [1, 1] and len(waits) == 4
