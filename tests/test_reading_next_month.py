"""A file mapped by one month and read with the next: what the second month shows otherwise refuses
it, or each row that says it, wherever in the file it stands. Never is it read as the first."""

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest
import yaml
from feed_folder import FeedFolder
from reading_corpus import loaded
from workbooks import book_bytes

from ingestion import grids, proposing
from settings import Organization

HEADS = ["Station", "Date", "Region", "Net cost", "Impressions"]


@pytest.fixture
def folder(tmp_path):
    return FeedFolder(tmp_path)


def csv(lines):
    return "".join(",".join(f'"{c}"' if "," in str(c) else str(c) for c in x) + "\n" for x in lines)


def month(number=8, days=range(10, 22), day="%Y-%m-%d", spend="{}.25", seen="{}"):
    """A month's lines: spend is 10.25, 11.25, ... and impressions 510, 511, ..."""
    told = [HEADS]
    for n in days:
        at = dt.date(2026, number, n).strftime(day)
        told.append(["Radio 1", at, "North", spend.format(n), seen.format(500 + n)])
    return told


def mapped(folder, name, content, contract="channel_days", zone="UTC", **stated):
    """The first month by its proposal; what the proposal leaves open fails the test."""
    path = folder.put(name, content)
    settings = dataclasses.replace(folder.settings, organization=Organization("T", time_zone=zone))
    if contract == "channel_days":
        stated = {"channel": "radio", **stated}
    (found,) = proposing.proposals(path, settings, contract, stated)
    assert not found.open, found.open
    folder.put("mapping.yml", yaml.safe_dump([found.entry], allow_unicode=True))
    folder.ingest()
    return found


def second(folder, name, content, columns="date, spend, impressions"):
    """What became of the second month: (rows, reasons in quarantine, error of the file)."""
    before = folder.load("channel_days")
    assert before[0] == "loaded" and before[3] > 0, before
    folder.put(name, content)
    folder.ingest()
    rows = folder.ask(
        f"select {columns} from raw_feeds.channel_days where _file = '{name}' order by _file_row"
    )
    bad = folder.ask(
        f"select file_row, reason from ingest.quarantine where file = '{name}' order by 1"
    )
    return rows, bad, folder.error("channel_days")


REFUSED = [
    ("another currency's sign", {"spend": "R$ {}.50"}, {"spend": "$ {}.50"}, "the sign '$'"),
    ("a sign where there was none", {}, {"spend": "${}.50"}, "the sign '$'"),
    ("a code of another currency", {"spend": "{}.50 USD"}, {"spend": "{}.50 EUR"}, "sign 'EUR'"),
    ("a stop that is the sign's", {"spend": "Fr. {}.50"}, {"spend": "kr. {}.50"}, "sign 'kr.'"),
    ("decimal commas", {}, {"spend": "{},50"}, "decimal mark"),
    ("round thousands of money", {}, {"spend": "{}.000"}, "three digits after it"),
    ("round thousands, comma", {"spend": "{},25"}, {"spend": "{},000"}, "three digits after it"),
    ("a percent sign", {}, {"spend": "{}.5%"}, "percent sign"),
    ("months first", {"day": "%d/%m/%Y"}, {"day": "%m/%d/%Y"}, "is one as %m/%d/%Y"),
    ("the day before the month", {}, {"day": "%Y-%d-%m"}, "the day before the month"),
    ("a word for not known", {}, {"spend": "{}.25", "seen": "9999"}, "far from all other values"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "then", "why"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED]
)
def test_a_month_that_is_written_otherwise_is_refused_whole(folder, first, then, why):
    mapped(folder, "m_2026-08.csv", csv(month(8, **first)))
    lines = month(9, **then)
    if "seen" in then:
        lines[1:10] = month(9)[1:10]
    rows, bad, error = second(folder, "m_2026-09.csv", csv(lines))
    assert rows == [] and bad == [] and why in error, (rows, bad, error)


@pytest.mark.parametrize("sound", [
    {}, {"spend": "{}.5"}, {"spend": "{}"}, {"spend": "{}.125"}, {"seen": "{}.0"},
    {"spend": "1{},000.50"},
])  # fmt: skip
def test_a_sound_month_is_not_refused(folder, sound):
    first = month(8, spend="1,0{}.25") if "000" in sound.get("spend", "") else month(8)
    mapped(folder, "m_2026-08.csv", csv(first))
    lines = month(9, **sound)
    lines[3][3] = "0.75"
    rows, bad, _ = second(folder, "m_2026-09.csv", csv(lines))
    assert len(rows) == 12 and bad == []


@pytest.mark.parametrize("day", ["%d/%m/%Y", "%d.%m.%Y"])
def test_a_year_of_two_digits_under_four_is_quarantined(folder, day):
    mapped(folder, "m_2026-08.csv", csv(month(8, day=day)))
    rows, bad, _ = second(folder, "m_2026-09.csv", csv(month(9, day=day.replace("Y", "y"))))
    assert rows == []
    assert bad[0] == (2, "date: a day before 1900 or after 2199") and len(bad) == 12


@pytest.mark.parametrize("layout", ["detect", "stated"])
def test_round_thousands_in_whole_numbers_are_quarantined(folder, layout):
    columns = {"account": "Station", "date": "Date", "spend": "Net cost",
               "impressions": "Impressions"}  # fmt: skip
    folder.map(feed="channel_days", files="m_*.csv", layout=layout, columns=columns,
               constants={"channel": "radio"})  # fmt: skip
    folder.put("m_2026-08.csv", csv(month(8)))
    folder.ingest()
    lines = month(9, seen="5.000")
    lines[4][4] = "750"
    rows, bad, _ = second(folder, "m_2026-09.csv", csv(lines), "_file_row, impressions")
    assert rows == [(5, 750)]
    assert len(bad) == 11 and bad[0] == (2, "impressions: not a whole number")


def test_a_column_that_states_its_mark_may_write_whole_numbers_with_three_zeros(folder):
    mapped(folder, "m_2026-08.csv", csv(month(8, seen="{}.000")), **{"impressions.decimal": "."})
    rows, bad, _ = second(folder, "m_2026-09.csv", csv(month(9, seen="7.000")))
    assert {row[2] for row in rows} == {7} and len(rows) == 12 and bad == []


def test_amounts_of_three_digits_that_a_person_settled_load_the_next_month_too(folder):
    mapped(folder, "m_2026-08.csv", csv(month(8, spend="{}.125")), decimal=".")
    rows, bad, _ = second(folder, "m_2026-09.csv", csv(month(9, spend="{}.250")))
    assert rows[0][1] == Decimal("10.25") and len(rows) == 12 and bad == []


@pytest.mark.parametrize("then", [lambda n: 0.4 + n / 100, lambda n: 40 + n])
@pytest.mark.parametrize("kind", ["xlsx", "json"])
def test_numbers_where_percents_were_text_are_refused(folder, then, kind):
    import json

    def content(number, value):
        lines = [["Station", "Date", "Conversions"]]
        lines += [["R", dt.date(2026, number, 10 + n), value(n)] for n in range(8)]
        if kind == "xlsx":
            return book_bytes(lines)
        objects = [dict(zip(lines[0], map(_plain, line), strict=True)) for line in lines[1:]]
        return json.dumps(objects).encode()

    mapped(folder, f"m_2026-08.{kind}", content(8, lambda n: f"{40 + n}%"))
    rows, bad, error = second(folder, f"m_2026-09.{kind}", content(9, then))
    assert rows == [] and bad == [] and "without a percent sign" in error


def _plain(value):
    return value.isoformat() if isinstance(value, dt.date) else value


@pytest.mark.parametrize("first", ["text", "typed"])
def test_days_that_a_spreadsheet_swapped_are_refused(folder, first):
    typed = [[c if n else "Date" for n, c in enumerate(line)] for line in month(8)]
    for n, line in enumerate(typed[1:]):
        at = dt.date(2026, 8, 5 + n)
        line[1] = at if first == "typed" else at.strftime("%d/%m/%Y")
        line[0] = "Radio 1"
    typed[0] = HEADS
    mapped(folder, "m_2026-08.xlsx", book_bytes(typed))
    swapped = [HEADS]
    for n in range(5, 18):
        at = f"{n}/09/2026" if n > 12 else dt.date(2026, n, 9)
        swapped.append(["Radio 1", at, "North", n + 0.25, 500 + n])
    rows, bad, error = second(folder, "m_2026-09.xlsx", book_bytes(swapped))
    assert rows == [] and bad == [] and "swapped day and month" in error


@pytest.mark.parametrize("rows", [30_000, 90_000])
def test_a_witness_late_in_the_file_refuses_all_of_it(folder, rows):
    """Beyond what is looked at before reading; in a small file and in one that is streamed."""
    mapped(folder, "m_2026-08.csv", csv(month(8, day="%d/%m/%Y")))
    pad = "x" * 80
    lines = [[*HEADS, "Note"]]
    lines += [["R", f"{n % 12 + 1:02}/03/2026", f"N{n}", "1.5", n, pad] for n in range(rows)]
    sound, bad, _ = second(folder, "m_2026-09.csv", csv(lines), "spend")
    assert len(sound) == rows and bad == []
    lines += [["R", "01/14/2026", "N", "1.5", 5, pad], ["R", "04/03/2026", "M", "1.5", 5, pad]]
    found, bad, error = second(folder, "m_2026-10.csv", csv(lines), "spend")
    assert found == [] and bad == [] and "'01/14/2026'" in error


def test_a_proposal_is_refused_by_a_witness_after_the_rows_it_looked_at(folder, monkeypatch):
    monkeypatch.setattr(proposing, "ENOUGH", 1)
    lines = [["R", f"{n % 12 + 1:02}/03/2026", f"N{n}", "1.5", n] for n in range(2 * grids.BLOCK)]
    lines[3][1] = "13/03/2026"
    lines += [["R", "04/03/2026", "M", "1.5", 5], ["R", "01/14/2026", "N", "1.5", 5]]
    path, said = folder.put("m.csv", csv([HEADS, *lines])), []
    folder.map(feed="channel_days", files="another.csv")
    done = proposing.feed(
        [path], folder.settings, folder.paths, contract="channel_days",
        stated={"channel": "radio"}, ask=lambda _: True, say=said.append,
    )  # fmt: skip
    assert not done and "is one as %m/%d/%Y" in "\n".join(said)


@pytest.mark.parametrize(
    ("said", "meant"),
    [({"impressions.sentinels": "keep"}, 999), ({"impressions.missing": "999"}, None)],
)
def test_words_for_not_known_that_a_person_keeps_or_names_load(folder, said, meant):
    lines = month(8)
    for n, line in enumerate(lines[1:]):
        line[4] = 999 if n % 3 == 0 else n + 3
    mapped(folder, "m_2026-08.csv", csv(lines), **said)
    lines[1:] = [["Radio 2", *line[1:]] for line in lines[1:]]
    rows, bad, _ = second(folder, "m_2026-09.csv", csv(lines), "impressions")
    assert rows[0] == (meant,) and len(rows) == 12 and bad == []


# --- times of day: the contract of tickets -----------------------------------------------------


def tickets(heading, times):
    return csv([["ticket_id", heading, "status"],
                *([f"T{n}", each, "open"] for n, each in enumerate(times))])  # fmt: skip


def times(folder):
    return folder.ask("select opened_at from raw_feeds.tickets order by ticket_id")


def opened(folder, heading, said, zone="Europe/Berlin", **stated):
    """(stored times, what is open, what was assumed) of a file with these times."""
    path = folder.put("t_2026-07.csv", tickets(heading, said))
    settings = dataclasses.replace(folder.settings, organization=Organization("T", time_zone=zone))
    (found,) = proposing.proposals(path, settings, "tickets", {"system": "x", **stated})
    assumed = "; ".join(f"{each.what} ({each.why})" for each in found.assumptions)
    if found.open:
        return [], " ".join(found.open), assumed
    folder.put("mapping.yml", yaml.safe_dump([found.entry], allow_unicode=True))
    rows, _, error = loaded(folder, path, ("opened_at",))
    assert not error, error
    return [at for (at,) in rows.values()], "", assumed


at = dt.datetime.fromisoformat
NOON = "2026-07-13 12:00:00"


@pytest.mark.parametrize(
    ("heading", "cell", "meant"),
    [
        ("Opened at (UTC+02:00)", NOON, "10:00"),
        ("Opened at (UTC+2)", NOON, "10:00"),
        ("Opened at (GMT+8)", NOON, "04:00"),
        ("Opened at (GMT-5)", NOON, "17:00"),
        ("Opened at (UTC−03:30)", NOON, "15:30"),
        ("Opened at (+05:30)", NOON, "06:30"),
        ("Opened at (UTC)", NOON, "12:00"),
        ("Opened at (America/New_York)", NOON, "16:00"),
        ("Opened at", "13.07.2026 12:00 UTC", "12:00"),
        ("Opened at", "13.07.2026 12:00 GMT", "12:00"),
        ("Opened at", "13.07.2026 12:00Z", "12:00"),
        ("Opened at", "13.07.2026 12:00 UTC+02:00", "10:00"),
        ("Opened at", "13.07.2026 12:00 +0200", "10:00"),
        ("Opened at", "13.07.2026 12:00", "10:00"),
        ("Opened at", "2026-07-13 12:00:00 UTC", "12:00"),
        ("Opened at", "2026-07-13 12:00:00 +02:00", "10:00"),
        ("Opened at", "2026-07-13T12:00:00-05:00", "17:00"),
        ("Opened at", "2026-07-13 12:00 PM", "10:00"),
        ("Opened at", "2026-07-13 12:00 America/New_York", "16:00"),
        ("Opened at (UTC)", "13.07.2026 12:00", "12:00"),
        ("Opened at", NOON, "10:00"),
    ],
)
def test_the_zone_that_a_file_states_is_kept(folder, heading, cell, meant):
    assert opened(folder, heading, [cell])[0] == [at(f"2026-07-13 {meant}")]


@pytest.mark.parametrize("letters", ["ET", "PST", "CET", "MESZ", "IST", "Eastern Time"])
def test_letters_for_a_zone_are_asked(folder, letters):
    _, asked, _ = opened(folder, f"Opened at ({letters})", [NOON])
    assert f"'{letters.removesuffix(' Time')}'" in asked and "time_zone=" in asked
    stated = opened(folder, f"Opened at ({letters})", [NOON], time_zone="America/New_York")
    assert stated[0] == [at("2026-07-13 16:00")]


@pytest.mark.parametrize("letters", ["EST", "CEST", "IST", "PT"])
def test_letters_for_a_zone_in_cells_are_asked_and_never_read(folder, letters):
    _, asked, _ = opened(folder, "Opened at", [f"{NOON} {letters}"])
    assert f"'{letters}'" in asked
    folder.map(feed="tickets", files="u_*.csv", layout="detect", constants={"system": "x"},
               columns={"opened_at": "Opened at"})  # fmt: skip
    folder.put("u_1.csv", tickets("Opened at", [f"{NOON} {letters}", f"{NOON}Z"]))
    folder.ingest()
    assert times(folder) == [(at(NOON),)] and folder.load("tickets")[4] == 1


def test_times_without_offset_beside_others_are_the_organizations_and_it_is_said(folder):
    found, asked, assumed = opened(folder, "Opened at", ["2026-07-13T12:00:00Z", NOON])
    assert (found, asked) == ([at(NOON), at("2026-07-13 10:00")], "")
    assert "1 times without offset" in assumed and "Europe/Berlin" in assumed


def test_a_month_without_offsets_after_one_with_them_is_the_organizations(folder):
    opened(folder, "Opened at", [f"{NOON}+02:00"])
    folder.ingest()
    folder.put("t_2026-08.csv", csv([["ticket_id", "Opened at", "status"], ["U", NOON, "open"]]))
    folder.ingest()
    assert times(folder) == [(at("2026-07-13 10:00"),)] * 2


def test_a_time_that_no_clock_showed_is_quarantined_and_one_shown_twice_is_said(folder):
    from ingestion import check

    said = ["2026-03-29 01:59:00", "2026-03-29 02:05:00", "2026-03-29 03:00:00",
            "2026-10-25 02:05:00", "2026-10-25 03:05:00", "2026-10-25T02:05:00Z"]  # fmt: skip
    found, _, _ = opened(folder, "Opened at", said)
    assert found == [at(each) for each in ("2026-03-29 00:59", "2026-03-29 01:00",
                                           "2026-10-25 01:05", "2026-10-25 02:05",
                                           "2026-10-25 02:05")]  # fmt: skip
    folder.ingest()
    assert folder.ask("select file_row, reason from ingest.quarantine") == [
        (3, "opened_at: not a time")
    ]
    told = []
    check.check([folder.folder / "t_2026-07.csv"], folder.settings, folder.paths, told.append)
    assert "1 times in 'Opened at' stood twice on the clocks of Europe/Berlin" in "\n".join(told)


# --- names and headings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("posts_2026-07-31.csv", "2026-07-31"),
        ("posts_2026-07-31_1654321987.csv", "2026-07-31"),
        ("posts_2026-07-31_v20230101.csv", "2026-07-31"),
        ("posts_v20230101.csv", None),
        ("posts_20260731.csv", "2026-07-31"),
        ("posts_20260731_20230101.csv", None),
        ("posts_20260701_20260731.csv", "2026-07-31"),
        ("posts_20260731_1654321987.csv", None),
        ("report_2026-07-01_to_2026-07-31_v20230101.csv", "2026-07-31"),
        ("posts_01.02.2026-28.02.2026.csv", "2026-02-28"),
        ("Aug-01-2026_Aug-31-2026.csv", "2026-08-31"),
        ("page_1712345678.csv", "2024-04-05"),
        ("page_1712345678901.csv", "2024-04-05"),
        ("export_20260731_20251299.csv", "2026-07-31"),
        ("2026-08-02_2026-07-01_2026-07-31.csv", None),
        ("posts_2026-07.csv", None),
    ],
)
def test_the_day_in_a_name_is_one_or_none(name, meant):
    from ingestion.mapping import date_in_name

    assert date_in_name(name) == (dt.date.fromisoformat(meant) if meant else None)


@pytest.mark.parametrize(
    ("heading", "factor"),
    [
        ("Kosten netto TEUR", 1000), ("Kosten (T€)", 1000), ("Kosten in Tsd. €", 1000),
        ("Spend (k)", 1000), ("Spend k€", 1000), ("Impressions '000", 1000), ("GRP (000s)", 1000),
        ("Kontakte in 1.000", 1000), ("Impressions (x1000)", 1000), ("impressions_k", 1000),
        ("Impresiones (en miles)", 1000), ("Coût (milliers)", 1000), ("Reach (Mio)", 1000000),
        ("Alcance (milhões)", 1000000), ("Budget (Mrd. €)", 1_000_000_000),
        ("Cost per thousand", None), ("Preis pro Tausend", None), ("CPM (per 000)", None),
        ("Coût par milliers", None),
        ("Impressions", None), ("Milestones", None), ("Kosten", None), ("Reach 2000", None),
        ("1,000 contacts", None), ("Minutes", None), ("Market", None),
    ],
)  # fmt: skip
def test_what_a_heading_counts_by(heading, factor):
    from ingestion.profiles import scale_of

    assert scale_of(heading) == (factor, "")


@pytest.mark.parametrize("letters", ["m", "MM", "mil", "miles"])
def test_letters_that_may_be_a_scale_are_asked(folder, letters):
    lines = month(8, spend="{}.5")
    lines[0] = [*HEADS[:3], f"Net cost ({letters})", HEADS[4]]
    path = folder.put("m.csv", csv(lines))
    said = {"channel": "radio", "spend": f"{{Net cost ({letters})}}"}
    (found,) = proposing.proposals(path, folder.settings, "channel_days", said)
    assert "spend.multiply=" in " ".join(found.open)
    said = {"channel": "radio", "spend": f"{{Net cost ({letters})}}", "spend.multiply": "1000"}
    (found,) = proposing.proposals(path, folder.settings, "channel_days", said)
    assert not found.open
    folder.put("mapping.yml", yaml.safe_dump([found.entry], allow_unicode=True))
    folder.ingest()
    assert folder.ask("select min(spend)::double from raw_feeds.channel_days") == [(10500.0,)]


@pytest.mark.parametrize("headings", [["Aug 10", "Aug 17", "Aug 24", "Aug 31"], ["Aug 10"],
                                      ["Aug 24", "Aug 31", "Sep 07"]])  # fmt: skip
def test_weeks_of_a_flight_plan_are_no_years(folder, headings):
    lines = [["Channel", "Station", *headings], *(["tv", f"S{n}", *headings] for n in range(6))]
    lines[1:] = [[*line[:2], *range(100, 100 + len(headings))] for line in lines[1:]]
    path = folder.put("plan.csv", csv(lines))
    for found in proposing.proposals(path, folder.settings, "channel_days", {}):
        assert found.open


@pytest.mark.parametrize(
    ("heading", "own", "meant"),
    [("Net cost (USD)", "EUR", "USD"), ("net_cost_usd", "EUR", "USD"), ("Net cost $", "USD", "USD"),
     ("Net cost", "EUR", "EUR"), ("Net cost in TCHF", "EUR", "CHF"), ("Net cost $", "EUR", None)],
)  # fmt: skip
def test_a_currency_that_a_heading_shows_is_kept_or_asked(folder, heading, own, meant):
    lines = month(8)
    lines[0] = [*HEADS[:3], heading, HEADS[4]]
    path = folder.put("m.csv", csv(lines))
    organization = Organization("T", currency=own)
    settings = dataclasses.replace(folder.settings, organization=organization)
    said = {"channel": "radio", "spend": f"{{{heading}}}"}
    (found,) = proposing.proposals(path, settings, "channel_days", said)
    if meant is None:
        assert "sign of several currencies" in " ".join(found.open)
    else:
        assert not found.open and found.entry["currency"] == meant


# --- columns that are new -----------------------------------------------------------------------

GOOGLE = "Day,{}Campaign,Currency code,Cost,Impressions,Clicks\n"


def test_a_new_column_called_as_one_of_the_key_is_not_used_and_check_names_it(folder):
    from ingestion import check

    day = "2026-09-0{},{}Brand,EUR,12.5,1000,25\n"
    text = GOOGLE.format("") + day.format(1, "") + day.format(2, "")
    path = folder.put("gads_2026-09.csv", text)
    (found,) = proposing.proposals(path, folder.settings)
    assert not found.open, found.open
    folder.put("mapping.yml", yaml.safe_dump([found.entry]))
    folder.ingest()
    later = GOOGLE.format("Account,Geography,") + day.format(2, "ACME,DE,") + day.format(3, "A,DE,")
    path, told = folder.put("gads_2026-10.csv", later), []
    assert check.check([path], folder.settings, folder.paths, told.append)
    assert "  unused: Account" in told and "  unused: Geography" in told
    assert "  2 rows: 1 new, 1 known already, 0 quarantined" in told
    folder.ingest()
    told = folder.ask("select count(*), sum(spend), count(account) from raw_feeds.channel_days")
    assert told == [(3, 37.5, 0)]


def test_what_a_proposal_without_an_export_does_not_name_stays_unused(folder):
    mapped(folder, "m_2026-08.csv", csv(month(8)), spend="1", impressions="2")
    lines = [[*HEADS, "Campaign", "Clicks"], *([*each, "New", 5] for each in month(9)[1:])]
    rows, bad, error = second(folder, "m_2026-09.csv", csv(lines), "campaign, clicks")
    assert set(rows) == {(None, None)} and not bad and not error


MEDIA = "channel,date,{}spend,currency\ntv,2026-09-01,{}5,EUR\n"


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("first", "then", "why"),
    [
        (("", ""), ("campaign,", "New,"), "'campaign' is new since m_1.csv and would fill"),
        (("campaign,", "New,"), ("", ""), "no heading fills 'campaign', as one in m_1.csv did"),
    ],
)
def test_a_heading_nobody_named_does_not_change_the_key_in_silence(
    folder, first, then, why, together
):
    from ingestion import check

    folder.map(feed="channel_days", files="m_*.csv")
    folder.put("m_1.csv", MEDIA.format(*first))
    if not together:
        folder.ingest()
    path, told = folder.put("m_2.csv", MEDIA.format(*then)), []
    folder.ingest()
    assert why in folder.error("channel_days")
    assert folder.ask("select count(*), sum(spend) from raw_feeds.channel_days") == [(1, 5)]
    assert not check.check([path], folder.settings, folder.paths, told.append)
    assert any(why in line for line in told)


def test_a_measure_nobody_named_loads_and_is_said(folder):
    from ingestion import check

    folder.map(feed="channel_days", files="m_*.csv")
    folder.put("m_1.csv", MEDIA.format("", ""))
    folder.ingest()
    path, told = folder.put("m_2.csv", MEDIA.format("clicks,", "7,")), []
    check.check([path], folder.settings, folder.paths, told.append)
    said = "'clicks' is new since m_1.csv and fills 'clicks'"
    assert any(said in line for line in told)
    assert any(said in line for line in folder.ingest().lines)
    assert folder.ask("select max(clicks) from raw_feeds.channel_days") == [(7,)]
    folder.clear()
    folder.map(feed="channel_days", files="n_*.csv", headings="named",
               columns={n: n for n in ("channel", "date", "spend")})  # fmt: skip
    folder.put("n_1.csv", MEDIA.format("clicks,", "9,").replace("-01", "-02"))
    folder.ingest()
    assert folder.ask("select max(clicks) from raw_feeds.channel_days") == [(7,)]
