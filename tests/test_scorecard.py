"""The scorecard: one page that stands alone, says what is unknown, and adds nothing up wrongly."""

import datetime as dt
import html.parser
import re

import duckdb
import pytest
from small_warehouse import AS_OF, add_metric, add_values, fill, prepare

from metrics import scorecard
from metrics.goals import chance_text
from metrics.publish import INGEST, PUBLICATION

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(html.parser.HTMLParser):
    """The page as a tree of [tag, attributes, children]; raises on tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.root = ["", {}, []]
        self.open = [self.root]
        self.feed(text)
        assert self.open == [self.root], f"not closed: {[node[0] for node in self.open[1:]]}"

    def handle_starttag(self, tag, attrs):
        node = [tag, dict(attrs), []]
        self.open[-1][2].append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1][2].append([tag, dict(attrs), []])

    def handle_endtag(self, tag):
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1][2].append(data)


def walk(node):
    for child in node[2]:
        if not isinstance(child, str):
            yield child
            yield from walk(child)


def found(node, tag, **attributes):
    return [
        n for n in walk(node)
        if n[0] == tag and all(n[1].get(k.rstrip("_")) == v for k, v in attributes.items())
    ]  # fmt: skip


def text(node):
    parts = [child if isinstance(child, str) else text(child) for child in node[2]
             if isinstance(child, str) or child[0] not in ("style", "symbol")]  # fmt: skip
    return re.sub(r"[\s\u202f]+", " ", " ".join(parts)).strip()


def rows_of(section):
    """{first header cell: {label: text}} of a section's stacked tables."""
    rows = {}
    for row in found(section, "tr"):
        heads = [n for n in row[2] if not isinstance(n, str) and n[0] == "th"]
        cells = {n[1]["data-label"]: text(n) for n in walk(row) if "data-label" in n[1]}
        if heads and cells:
            rows[text(heads[0])] = cells
    return rows


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A database as it is published: the build's schemas, counts instead of quarantined rows."""
    folder = tmp_path_factory.mktemp("scorecard")
    with duckdb.connect(str(folder / "plumbline.duckdb")) as connection:
        fill(connection, folder / "goals")
    return folder / "plumbline.duckdb"


@pytest.fixture(scope="module")
def source(database):
    out = database.with_name("scorecard.html")
    scorecard.render(database, out)
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source).root


def section(page, name):
    return found(page, "section", id=name)[0]


def test_the_page_stands_alone(source, page):
    assert (
        "http:" not in source and "https:" not in source and "//" not in source.split("<body>")[1]
    )
    assert not re.search(r"@import|url\(|@font-face", source)
    tags = {node[0] for node in walk(page)}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed"}
    assert all("src" not in node[1] for node in walk(page))
    ids = [node[1]["id"] for node in walk(page) if "id" in node[1]]
    assert len(ids) == len(set(ids))
    for node in walk(page):
        if "href" in node[1]:
            assert node[1]["href"][0] == "#" and node[1]["href"][1:] in ids, node[1]["href"]


def test_names_cannot_become_markup(source, page):
    assert "Max &lt;b&gt;Weber" in source and "<b>Weber" not in source
    assert "Ting &amp; &lt;Sons&gt;" in source
    for words in ("<angrier>", "Buf <beta>", "Precision & <Co>"):
        assert words not in source and words in text(page)


def test_the_page_can_be_read_without_eyes(source, page):
    assert found(page, "html")[0][1]["lang"] == "en"
    assert source.lstrip().startswith("<!doctype html>")
    assert len(found(page, "h1")) == 1 and len(found(page, "main")) == 1
    levels = [int(n[0][1]) for n in walk(page) if re.fullmatch(r"h\d", n[0])]
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    tables = found(page, "table")
    assert len(tables) > 8
    for table in tables:
        assert text(found(table, "caption")[0])
        for head in found(table, "th"):
            assert head[1].get("scope") in ("col", "row", "rowgroup")
        for row in found(found(table, "tbody")[0], "tr"):
            assert found(row, "th") or found(row, "td", colspan="4")
        if "stack" in table[1].get("class", ""):  # blocks on a phone must stay a table
            assert table[1]["role"] == "table"
            assert all("role" in cell[1] for cell in found(table, "td") + found(table, "tr"))
    for drawing in found(page, "svg"):
        assert drawing[1].get("aria-hidden") == "true" or drawing[1].get("aria-label")
    for name in found(page, "section"):
        assert name[1]["aria-labelledby"] in {n[1].get("id") for n in found(page, "h2")}


def luminance(colour):
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_has_contrast_in_light_dark_and_print(source):
    """WCAG 2.1, 1.4.3: 4.5 to 1."""
    schemes = re.findall(r":root \{(.*?)\}", source, flags=re.S)
    assert len(schemes) == 3  # light, dark, print
    for scheme in schemes:
        colour = {
            name: value if len(value) == 7 else "#" + "".join(2 * c for c in value[1:])
            for name, value in re.findall(r"--([\w-]+): (#\w+);", scheme)
        }
        pairs = [(ink, paper) for ink in ("ink", "soft", "accent", "good", "warn", "bad")
                 for paper in ("paper", "card")]  # fmt: skip
        pairs += [(name, f"{name}-bg") for name in ("good", "warn", "bad", "grey")]
        for ink, paper in pairs:
            a, b = sorted((luminance(colour[ink]), luminance(colour[paper])), reverse=True)
            assert (a + 0.05) / (b + 0.05) >= 4.5, (ink, paper, colour[ink], colour[paper])


def test_status_and_trust_are_said_with_a_sign_and_a_word(page):
    tags = [n for n in walk(page) if "tag" in n[1].get("class", "").split()]
    marks = [n for n in walk(page) if "trust" in n[1].get("class", "").split()]
    assert len(tags) >= 8 and len(marks) >= 10
    drawn = {n[1]["id"] for n in found(page, "symbol")}
    for node in tags + marks:
        assert text(node) and found(node, "use")[0][1]["href"].removeprefix("#") in drawn
    assert {text(n) for n in tags} == {"On track", "Off track", "Data late"}


def test_every_goal_has_figures_owner_forecast_and_trust(page):
    goals = rows_of(section(page, "goals"))
    leads = goals["Leads by 31 Dec 2026"]
    assert leads["Owner"] == "Ida Holm Demand lead" and leads["Data"] == "Fresh"
    assert (leads["Now"], leads["Target"], leads["Chance"]) == ("328", "400", "over 99 %")
    assert leads["Forecast"].startswith("438 437 to 439")
    late = goals["Engagements by 31 Dec 2026"]
    assert late["Data"] == "Stale"
    words = text(section(page, "goals"))
    assert "The posts feed is silent" in words and "2026-09-02" in words
    assert "Max <b>Weber</b> has left the organization" in words
    assert "nobody holds the role care lead" in words
    assert "no average over goals" in words


def test_goals_that_want_attention_come_first(page):
    table = found(section(page, "goals"), "table")[0]
    shown = [text(n) for n in walk(table) if "tag" in n[1].get("class", "").split()]
    assert shown == ["Off track", "Off track", "Data late", "On track"]


def test_social_and_traditional_stand_in_one_table_and_unknown_is_not_nothing(page):
    channels = rows_of(section(page, "channels"))
    assert {"Paid social paid", "Television paid", "Events owned"} <= set(channels)
    tv = channels["Television paid"]
    assert tv["Spend"] == "109 k EUR"
    assert tv["Impressions"] == tv["Clicks"] == "unknown not reported"
    assert channels["Organic social shared"]["Spend"] == "unknown none reported"
    assert channels["Organic social shared"]["Impressions"] == "245,700 Served"
    assert tv["Leads"] == tv["Credited revenue"] == "none traced"
    assert channels["Events owned"]["Leads"] == "60" and channels["Unknown"]["Leads"] == "20"
    for cells in channels.values():
        assert not any(re.fullmatch(r"0(\.0+)?( EUR| %)?", cell) for cell in cells.values())


def test_credit_is_a_range_with_coverage_and_evidence_beside_it(page):
    channels = rows_of(section(page, "channels"))
    events = channels["Events owned"]["Credited revenue"]
    assert events.startswith("3,500 to 7,000 EUR") and "linear 3,500 EUR" in events
    assert "position" not in events  # three rules are shown, and no mean of them
    evidence = channels["Television paid"]["Evidence"]
    assert "Experiment: leads created +40 (11 to 69), 1 Feb 2026 to 15 Mar 2026." in evidence
    assert "Codes and calls: at least 12 orders." in evidence  # 7 and 5
    assert (
        "31.0 % (22.0 to 41.0 %) of 96 answers in Q3 2026" in channels["Events owned"]["Evidence"]
    )
    words = text(section(page, "channels"))
    assert "credit, not cause" in words and "70.0 % (first touch)" in words
    assert "3,000 EUR" in words  # not traced to any channel
    assert "One amount has no rate" in words  # the trust of the column


def test_parts_of_a_change_are_shown_whole(page):
    changes = found(section(page, "changes"), "div", class_="change")
    leads = next(c for c in changes if text(c).startswith("Leads: 110"))
    shown = [float(text(n).replace("−", "-")) for n in found(leads, "td", class_="num")]
    assert sum(shown[:2]) == pytest.approx(1) and sum(shown[2:]) == pytest.approx(4)
    assert "+1 (+1 %) on Q2 2026 (109)" in text(leads)
    ratio = next(c for c in changes if text(c).startswith("Win rate"))
    assert "Mix" in text(ratio) and "Rate" in text(ratio) and "Large" in text(ratio)
    around = text(section(page, "changes"))
    assert "Precision & <Co> (from 6 Jul 2026) (until 30 Aug 2026)" in around
    assert "Instagram changed what it calls impressions on 1 Aug 2026" in around
    assert "1 figures of that quarter" in around


def test_every_metric_is_there_by_level_with_what_is_unknown_and_why(page):
    levels = rows_of(section(page, "metrics"))
    assert levels["Video views"]["Latest"] == "unknown Not configured."
    assert levels["First response minutes"]["Data"] == "Degraded One gate warned."
    assert levels["Leads"]["Change"].endswith("better")
    captions = [text(n) for n in found(section(page, "metrics"), "caption")]
    assert captions[0].startswith("Outcomes") and captions[-1].startswith("Outputs")
    assert "Turnover rate" in rows_of(section(page, "inside"))


def test_data_trust_shows_late_sources_the_last_gates_and_what_was_kept_out(page):
    words = text(section(page, "trust"))
    rows = rows_of(section(page, "trust"))
    assert list(rows)[0] == "feeds.tickets" and rows["feeds.tickets"]["State"] == "Stale"
    assert "1 more are declared and not configured: hubspot.deals." in words
    assert "Gate on raw: 1 of 1 checks passed" in words  # the run before is not counted
    assert "Gate on marts: 0 of 1 checks passed" in words and "No day ever cost so much." in words
    assert "ida@example.org" not in words
    head = text(found(page, "header")[0])
    assert "1 of 2 fresh" in head and "1 of 2 passed" in head


def test_refused_numbers_are_refused_in_words_and_nowhere_shown(page):
    refused = next(n for n in walk(page) if n[1].get("class") == "refused")
    assert "advertising value" in text(refused) and "No single score" in text(refused)
    elsewhere = text(page).replace(text(refused), "")
    assert not re.search(
        r"advertising value|\bAVEs?\b|composite|overall score|(influence|social) score|total reach",
        elsewhere, flags=re.I,
    )  # fmt: skip


def test_the_same_database_gives_the_same_page(database, source, tmp_path):
    scorecard.render(database, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == source


def test_a_published_file_says_its_run(database, tmp_path):
    file = tmp_path / "plumbline.duckdb"
    file.write_bytes(database.read_bytes())
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table ingest.quarantine_counts as "
                           + INGEST["quarantine_counts"].replace("build.", ""))  # fmt: skip
        connection.execute("drop table ingest.quarantine; drop table ingest.settings")
        connection.execute(PUBLICATION.replace("published.", ""),
                           ["r9", None, "Ting", "EUR", "UTC", 4, AS_OF, "2026-09-30"])  # fmt: skip
    scorecard.render(file, tmp_path / "out.html")
    words = text(Page((tmp_path / "out.html").read_text(encoding="utf-8")).root)
    assert "Run r9." in words and "… is not a number." in words
    assert "Fiscal year 2026/2027, month 6 of 12 (1 Apr 2026 to 31 Mar 2027)" in words


def test_without_goals_and_values_the_page_says_so(database, tmp_path):
    file = tmp_path / "plumbline.duckdb"
    file.write_bytes(database.read_bytes())
    with duckdb.connect(str(file)) as connection:
        for table in ("dim_goals", "goal_status", "goal_forecasts", "goal_backtests",
                      "metric_drivers", "metric_values"):  # fmt: skip
            connection.execute(f"delete from metrics.{table}")
        connection.execute("delete from quality.results")
    scorecard.render(file, tmp_path / "out.html")
    words = text(Page((tmp_path / "out.html").read_text(encoding="utf-8")).root)
    assert "No goals are set" in words and "Attribution coverage is unknown" in words
    assert scorecard.summary(file)[0].endswith("as of 30 Sep 2026: no goals")


def test_the_terminal_gets_the_goals_and_what_needs_a_decision(database):
    lines = scorecard.summary(database)
    assert lines[0] == ("Ting & <Sons>, as of 30 Sep 2026: 2 off track, 1 data late, 1 on track")
    assert lines[2].split() == ["status", "goal", "now", "target", "forecast", "(80", "%)",
                                "chance", "owner", "data"]  # fmt: skip
    assert any(line.startswith("On track") and "Ida Holm" in line for line in lines)
    assert "! 1 account without an owner who is here: mastodon @old." in lines
    assert "! feeds.tickets is late: The newest row is 29 days old." in lines
    assert not any("average" in line for line in lines)


def test_employees_accounts_are_never_what_a_change_is_told_by(tmp_path):
    with duckdb.connect(str(tmp_path / "plumbline.duckdb")) as connection:
        fill(connection, tmp_path / "goals")
        quarters = (dt.date(2026, 4, 1), dt.date(2026, 7, 1))
        for account in ("a1", "a2"):
            add_values(connection, "leads", dict.fromkeys(quarters, 5.0), grain="quarter",
                       slice_=("account_id", account))  # fmt: skip
        connection.execute(
            "insert into metrics.metric_drivers select metric_id, grain, period_from, period_to, "
            "'account_id', 'a1', contribution, kind from metrics.metric_drivers "
            "where metric_id = 'leads'"
        )
    scorecard.render(tmp_path / "plumbline.duckdb", tmp_path / "out.html")
    words = text(section(Page((tmp_path / "out.html").read_text()).root, "changes"))
    assert "by channel" in words and "by account" not in words


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "count", None), (0, "count", "0"), (1234.4, "count", "1,234"),
        (7.25, "count", "7.2"),
        (0.1234, "percent", "12.3 %"), (-0.05, "percent", "−5.0 %"), (999, "money", "999 EUR"),
        (12.5, "money", "12.50 EUR"), (45_678, "money", "46 k EUR"),
        (4_250_000, "money", "4.25 m EUR"),
        (3e9, "money", "3.00 bn EUR"), (61.04, "minutes", "61.0 min"), (24, "points", "24 points"),
        (9.5, "fte", "9.5 FTE"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_read_them(value, unit, shown):
    said = scorecard.number(value, unit, "EUR")
    assert (said and said.replace("\u202f", " ")) == shown


def test_ranges_and_differences_keep_one_scale():
    def plain(said):
        return said.replace("\u202f", " ")

    assert plain(scorecard.span(9_750, 93_100, "money", "EUR")) == "10 to 93 k EUR"
    assert plain(scorecard.span(-0.4, 47, "count", "EUR")) == "−0.4 to 47.0"
    assert plain(scorecard.span(0.2, 0.2, "percent", "EUR")) == "20.0 %"
    assert plain(scorecard.signed(0.021, "percent", "EUR")) == "+2.1 pp"
    assert plain(scorecard.signed(-0.0001, "percent", "EUR")) == "0.0 pp"
    assert plain(scorecard.difference(-25, 100, "count", "EUR")) == "−25 (−25 %)"
    assert scorecard.slice_words("is_qualified=true") == " (qualified)"
    assert scorecard.slice_words("channel_id=paid_social") == " (channel: paid social)"


def test_no_forecast_is_said_to_be_certain():
    assert chance_text(1.0).startswith("over 99") and chance_text(0.0).startswith("under 1")
    assert chance_text(0.704).startswith("70") and chance_text(None) is None


def test_a_metric_without_recent_values_is_unknown_and_not_old(tmp_path):
    with duckdb.connect() as connection:
        prepare(connection)
        add_metric(connection, "old_survey")
        add_values(connection, "old_survey", {dt.date(2025, 3, 1): 7.0}, grain="month")
        about = {"currency": "EUR", "as_of": AS_OF}
        [metric] = scorecard._metrics(connection, about).values()
    assert metric["value_text"] is None and metric["trend"] == []
