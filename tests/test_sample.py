"""The sample organization: the same every time, a prefix on an earlier day, true to its truth."""

import csv
import datetime as dt
import hashlib
import json
import math
import re
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from ingestion import sample
from ingestion.mapping import plan, read_mappings, unmapped
from ingestion.reading import connect, open_file
from ingestion.sample import people, timeline
from ingestion.sample.organization import generate
from ingestion.sample.writing import money, write_xlsx
from ingestion.specs import table, tables
from settings import ConfigError, Paths, Run, load_settings

AS_OF, EARLIER = dt.date(2026, 9, 30), dt.date(2025, 6, 12)


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    generate(folder, AS_OF, seed=7, scale=1)
    return folder


@pytest.fixture(scope="module")
def vendors(organization: Path) -> dict[str, dict[str, list[dict]]]:
    return {
        vendor: json.loads((organization / f"vendors/{vendor}.json").read_text())
        for vendor in sample.VENDORS
    }


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def records(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_world(
    organization: Path, tmp_path: Path
) -> None:
    generate(tmp_path / "again", AS_OF, seed=7, scale=1)
    assert fingerprints(tmp_path / "again") == fingerprints(organization)
    assert people.staff(7)[30].email != people.staff(8)[30].email


def test_an_earlier_day_sees_a_prefix_of_the_same_world(organization: Path, tmp_path: Path) -> None:
    generate(tmp_path, EARLIER, seed=7, scale=1)
    # What happened is never told otherwise later; only states (of leads, deals, tickets) go on.
    logs = ("social/linkedin_posts_*", "social/facebook_*", "social/instagram_*", "social/page_*",
            "social_people/shares_*", "orders/*", "tv/*", "outdoor/*", "search/*",
            "social_ads/*", "display/*", "listening/radarly_*", "listening/echolot_*", "calls/*",
            "mailings/*", "email/*", "web/sessions_*", "finance/*", "press/*")  # fmt: skip
    seen = 0
    for pattern in logs:
        files = sorted((tmp_path / "files").glob(pattern))
        assert files, pattern
        for path in files:
            now = (organization / path.relative_to(tmp_path)).read_bytes().split(b"\n")
            then = path.read_bytes().split(b"\n")
            assert not Counter(then) - Counter(now), path.name
            seen += len(then)
    assert seen > 40_000
    hub = json.loads((tmp_path / "vendors/hubspot.json").read_text())
    later = json.loads((organization / "vendors/hubspot.json").read_text())
    history = {(row["deal_id"], row["stage_id"], row["entered_at"]) for row in hub["deal_stages"]}
    assert history < {
        (row["deal_id"], row["stage_id"], row["entered_at"]) for row in later["deal_stages"]
    }
    # A deal stands where it stood that evening.
    last = {row["deal_id"]: row["stage_id"] for row in hub["deal_stages"]}
    assert {row["deal_id"]: row["stage_id"] for row in hub["deals"]} == last


def test_nothing_happened_after_the_day(organization: Path, vendors: dict) -> None:
    end = "2026-10-01"
    for vendor, found in vendors.items():
        for name, rows in found.items():
            event = table(vendor, name).spec.event
            if event:
                newest = max(row[event] for row in rows)
                assert newest < end, (vendor, name, newest)
    quarters = [re.search(r"20\d\d-Q\d", path.name)
                for path in (organization / "files").rglob("*.*")]  # fmt: skip
    assert max(quarter[0] for quarter in quarters if quarter) == "2026-Q3"
    web = pq.read_table(organization / "files/web/touchpoints_2026.parquet")
    newest = max(web["occurred_at"].to_pylist())
    assert newest.date() == AS_OF


def test_the_organization_has_the_size_that_is_told_of_it(
    organization: Path, vendors: dict
) -> None:
    hub, hr = vendors["hubspot"], vendors["bamboohr"]
    assert 4_700 < len(hub["contacts"]) < 5_400
    dealer = records(organization / "files/crm/dealer_opportunities.csv")
    assert 650 < len(hub["deals"]) + len(dealer) < 850
    active = Counter(row["department"] for row in hr["employees"] if row["status"] == "Active")
    assert 145 < active.total() < 165
    assert active["Legal"] == 4
    assert len(active) == 9
    assert {row["time_zone"] for row in hr["employees"]} == set(people.ZONES.values())
    register = records(organization / "files/social/register_brand.csv")[:-1]  # one is spoiled
    assert Counter(row["network"] for row in register) == dict.fromkeys(
        ("linkedin", "facebook", "instagram", "mastodon"), 2
    )
    assert len(records(organization / "files/social_people/register.csv")) == 15


def test_vendor_rows_are_what_the_declared_tables_hold(vendors: dict) -> None:
    declared = [one for one in tables() if one.source in vendors]
    assert {(one.source, one.name) for one in declared} == {
        (vendor, name) for vendor, found in vendors.items() for name in found
    }
    for one in declared:
        rows = vendors[one.source][one.name]
        assert rows, one.name
        assert {tuple(row) for row in rows} == {tuple(one.spec.columns)}, one.name
        keys = Counter(tuple(row[name] for name in one.spec.key) for row in rows)
        assert max(keys.values()) == 1, (one.name, keys.most_common(1))
        for name, column in one.spec.columns.items():
            values = [row[name] for row in rows]
            if column.required:
                assert None not in values, (one.name, name)
            if column.words:
                assert set(values) <= {*column.words, None}, (one.name, name)
            if column.type == "timestamp":
                assert all(dt.datetime.fromisoformat(v) for v in values if v), name


def test_every_file_has_a_mapping_that_fits_its_headings(organization: Path) -> None:
    settings, folder = load_settings(), organization / "files"
    mappings = read_mappings(settings, [folder])
    assert unmapped(settings, mappings, [folder]) == []
    con, fitted = connect(), Counter()
    for mapping in mappings:
        files = mapping.files()
        assert files, mapping.told_in
        for path in {files[0], files[-1]}:
            fit = plan(mapping, open_file(con, mapping, path).headings, path.name)
            assert set(mapping.table.spec.key) & set(fit.columns), path.name
            # A heading that nothing reads is data lost without a word; one is meant to be.
            assert set(fit.unused) <= {"net change"}, (path.name, fit.unused)
            fitted[mapping.entry.feed] += 1
    assert len(fitted) >= 27


def test_a_withdrawn_metric_is_unknown_and_not_zero(organization: Path) -> None:
    before = after = 0
    for path in sorted((organization / "files/social").glob("instagram_media_2025-Q[12].jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if row["day"] < "2025-04-21":
                before += row["impressions"] is not None and row["views"] is None
            else:
                after += row["impressions"] is None and row["views"] is not None
            assert row["definition"].startswith("ig-")
    assert before > 50
    assert after > 50
    facebook = organization / "files/social/facebook_beitraege_2026-Q1.csv"
    rows = records(facebook, "cp1252", ";")
    assert {row["Impressionen"] for row in rows} == {""}
    assert all(row["Aufrufe"] for row in rows)


def test_a_correction_comes_in_a_later_file_under_the_same_key(organization: Path) -> None:
    folder = organization / "files/orders"
    said: dict[str, str] = {}
    corrected = 0
    for path in sorted(folder.glob("auftraege_*.csv"), key=lambda p: (p.stem[10:17], len(p.stem))):
        for row in records(path, "cp1252", ";"):
            if path.stem.endswith("korrektur"):
                assert said[row["Auftrag"]] != row["Netto"]
                corrected += 1
            said[row["Auftrag"]] = row["Netto"]
    assert corrected > 40


def test_the_leaver_still_holds_role_and_page_and_one_role_is_vacant(
    organization: Path, vendors: dict
) -> None:
    email = "rebecca.stone@harbourvale.example"
    employee = next(row for row in vendors["bamboohr"]["employees"] if row["email"] == email)
    assert (employee["status"], employee["left_on"]) == ("Inactive", "2026-05-31")
    owners = records(organization / "files/people/role_owners.csv")
    assert [row["role"] for row in owners if row["email"] == email and not row["valid_to"]] == [
        "events_lead"
    ]
    page = next(
        row
        for row in records(organization / "files/social/register_brand.csv")
        if row["account"] == "harbourvale.uk"
    )
    assert page["owner email"] == email
    ended = {row["role"] for row in owners if row["valid_to"]}
    current = {row["role"] for row in owners if not row["valid_to"]}
    assert ended - current == {"content_lead"}


def test_planted_effects_can_be_found_again(organization: Path) -> None:
    """Leads by market and week on what the planted parameters make of the exposure: slopes near
    one for what comes in bursts, and next to nothing for display. (No regression can tell
    always-on channels from the season: they stand together.)"""
    truth = organization / "truth"
    con = duckdb.connect()
    weeks = con.execute(
        "select channel, geography, week_start::date, exposure, leads "
        f"from '{truth}/channel_weeks.csv' order by 1, 2, 3"
    ).fetchall()
    exposure, planted = {}, {}
    for channel, geography, week, amount, leads in weeks:
        exposure.setdefault((channel, geography), []).append(amount)
        planted[channel, geography, week] = leads
    calendar = sorted({row[2] for row in weeks})
    places = sorted({row[1] for row in weeks})
    seen = Counter(
        con.execute(
            f"select geography, date_trunc('week', created_on)::date from '{truth}/lead_causes.csv'"
        ).fetchall()
    )
    tops = {}
    columns, names = [], []
    for effect in json.loads((truth / "effects.json").read_text()):
        channel, theta = effect["channel"], effect["theta"]
        column = []
        for place in places:
            spent = np.array(exposure[channel, place])
            active = spent[:52][spent[:52] > 0] if (spent[:52] > 0).any() else spent[spent > 0]
            half = effect["half"] * active.mean() * (1 - theta) if active.size else 1.0
            stock = 0.0
            for amount in spent:
                stock = (1 - theta) * amount + theta * stock
                column.append(stock / (stock + half))
        column = np.array(column)
        expected = np.array([planted[channel, p, w] for p in places for w in calendar])
        # How the market's size scales the effect is planted too: regress on expected shapes.
        weight = np.repeat([expected[i * len(calendar) : (i + 1) * len(calendar)].sum()
                            / max(column[i * len(calendar) : (i + 1) * len(calendar)].sum(), 1e-9)
                            for i in range(len(places))], len(calendar))  # fmt: skip
        assert np.allclose(column * weight, expected, atol=0.02), channel
        tops[channel] = expected.sum()
        if channel in ("tv", "radio", "events", "direct_mail"):
            columns.append(expected)
            names.append(channel)
    others = sum(
        np.array([planted[c, p, w] for p in places for w in calendar])
        for c in {row[0] for row in weeks} - set(names)
    )
    design = np.column_stack([*columns, others])
    leads = np.array([seen[p, w] for p in places for w in calendar], dtype=float)
    # Weeks count as much as they are certain: the variance of a Poisson count is its mean.
    root = np.sqrt(design.sum(1) + 0.1)
    slopes, *_ = np.linalg.lstsq(design / root[:, None], leads / root, rcond=None)
    for name, slope in zip([*names, "others"], slopes, strict=True):
        assert 0.5 < slope < 1.6, (name, slope)
    assert tops["display"] < 0.02 * tops["tv"]


def test_what_clicks_see_differs_from_what_was_caused(organization: Path) -> None:
    causes = {
        row["lead_id"]: row["channel"] for row in records(organization / "truth/lead_causes.csv")
    }
    seen = Counter()
    for path in sorted((organization / "files/crm").glob("leads_*.csv")):
        for row in records(path):
            if row["lead_id"]:
                seen[causes[row["lead_id"]], row["channel"]] += 1
    assert seen["tv", "tv"] == 0
    assert seen["tv", "website"] > 10
    display = sum(count for (_, channel), count in seen.items() if channel == "display")
    assert seen["display", "display"] < 0.2 * display
    phrases = json.loads((organization / "truth/planted_events.json").read_text())["decoy"]
    told = [
        row["self_reported_source"] for row in records(organization / "files/crm/leads_uk_2025.csv")
    ]
    assert 0 < sum(text in phrases["phrases"] for text in told) < 0.1 * len(told)


def test_two_systems_know_the_same_person_by_different_spelling(
    organization: Path, vendors: dict
) -> None:
    known: dict[str, dict[str, list[str]]] = {}
    for row in records(organization / "truth/identities.csv"):
        known.setdefault(row["person"], {}).setdefault(row["system"], []).append(row["id"])
    both = [ids for ids in known.values() if "dealer_crm" in ids and "hubspot" in ids]
    assert len(both) > 250
    dealer = {row["Contact ID"]: row["E-mail"]
              for row in records(organization / "files/crm/dealer_contacts.csv")}  # fmt: skip
    spelled = [(dealer[ids["dealer_crm"][0]], ids["e-mail"]) for ids in both]
    assert sum(mail not in mails for mail, mails in spelled) > 40
    assert all(mail.strip().lower() in mails for mail, mails in spelled)
    merged = [row["contact_id"] for row in vendors["hubspot"]["contacts"] if row["is_archived"]]
    twins = {number for ids in known.values() if len(ids.get("hubspot", ())) == 2
             for number in ids["hubspot"]}  # fmt: skip
    assert merged
    assert set(merged) <= twins
    kept = [row for row in vendors["hubspot"]["contacts"] if row["merged_ids"]]
    assert not any(row["is_archived"] for row in kept)
    assert sorted(n for row in kept for n in row["merged_ids"].split(";")) == sorted(merged)


def test_scale_multiplies_rows_and_not_employees(organization: Path, tmp_path: Path) -> None:
    generate(tmp_path, AS_OF, seed=7, scale=2)
    twice = json.loads((tmp_path / "vendors/hubspot.json").read_text())
    once = json.loads((organization / "vendors/hubspot.json").read_text())
    assert 1.9 < len(twice["contacts"]) / len(once["contacts"]) < 2.1
    assert twice["contacts"][: len(once["contacts"])] == once["contacts"]
    assert len({row["contact_id"] for row in twice["contacts"]}) == len(twice["contacts"])
    bamboo = "vendors/bamboohr.json"
    assert (tmp_path / bamboo).read_bytes() == (organization / bamboo).read_bytes()
    first = {row["campaign"] for row in records(organization / "files/media/campaign_register.csv")}
    second = {row["campaign"] for row in records(tmp_path / "files/media/campaign_register.csv")}
    assert len(second) == 2 * len(first)


def test_the_first_day_is_thin_but_whole_and_days_outside_are_refused(tmp_path: Path) -> None:
    generate(tmp_path / "first", dt.date(2024, 2, 1), seed=7, scale=1)
    folder = tmp_path / "first/files"
    assert len(records(folder / "crm/anfragen_2024-Q1.csv", "cp1252", ";")) > 0
    assert not (folder / "press/clippings_2025.csv").exists()
    with pytest.raises(ConfigError, match="lives from 2024-02-01 to 2026-12-31, not on 2027-01-01"):
        generate(tmp_path, dt.date(2027, 1, 1), seed=7, scale=1)
    with pytest.raises(ConfigError, match="scale = 0"):
        generate(tmp_path, AS_OF, seed=7, scale=0)


def test_a_killed_generation_is_made_again_and_a_finished_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dt.date] = []

    def short(folder: Path, as_of: dt.date, seed: int, scale: int) -> None:
        made.append(as_of)
        folder.mkdir(parents=True)
        (folder / "half.csv").write_text("half")
        if len(made) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("ingestion.sample.organization.generate", short)

    def run(as_of: dt.date) -> Run:
        return Run(
            load_settings(), Paths(tmp_path), "r", as_of, dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
        )

    with pytest.raises(KeyboardInterrupt):
        sample.ensure(run(AS_OF))
    sample.ensure(run(AS_OF))
    sample.ensure(run(AS_OF))
    assert len(made) == 2
    sample.ensure(run(EARLIER))
    assert made[-1] == EARLIER
    assert len(made) == 3


def test_wall_clocks_follow_daylight_saving() -> None:
    # 2026-03-29 01:00 UTC: Berlin goes from 02:00 to 03:00, New York changed three weeks before.
    change = timeline.day("2026-03-29") * 86_400 + 3_600
    around = np.array([change - 1, change])
    assert timeline.stamps(around, zone=timeline.BERLIN).tolist() == [
        "2026-03-29T01:59:59",
        "2026-03-29T03:00:00",
    ]
    assert timeline.stamps(around[:1], zone=timeline.NEW_YORK).tolist() == ["2026-03-28T20:59:59"]
    for zone in people.ZONES.values():
        assert timeline.utc(timeline.local(around, zone), zone).tolist() == around.tolist()


def test_money_is_written_as_the_export_writes_it() -> None:
    amounts = np.array([1234.5, 0.0, math.nan])
    assert money(amounts).tolist() == ["1234.50", "0.00", None]
    assert money(amounts, comma=True, thousands=".").tolist() == ["1.234,50", "0,00", None]


def test_a_workbook_of_ours_is_one_to_others(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "book.xlsx"
    write_xlsx(path, {"A & B": [["Name", "n"], ["<Über>", 3], [None, 2.5]], "Z": [[True]]})
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["A & B", "Z"]
    assert list(book["A & B"].values) == [("Name", "n"), ("<Über>", 3), (None, 2.5)]
    first = path.read_bytes()
    write_xlsx(path, {"A & B": [["Name", "n"], ["<Über>", 3], [None, 2.5]], "Z": [[True]]})
    assert path.read_bytes() == first


def test_exactly_the_spoiled_rows_are_quarantined(built: Paths) -> None:
    expected = json.loads((built.sample / "truth/expected_quarantine.json").read_text())
    con = duckdb.connect(str(built.warehouse), read_only=True)
    found = con.execute("select table_name, count(*) from ingest.quarantine group by 1").fetchall()
    newest = {
        one.name: con.execute(
            f"select max({one.spec.event}) from {one.schema}.{one.name}"
        ).fetchall()
        for one in tables()
        if one.spec.event
    }
    con.close()
    assert dict(found) == expected
    for name, rows in newest.items():
        assert rows[0][0] is None or str(rows[0][0]) < "2026-10-01", name
