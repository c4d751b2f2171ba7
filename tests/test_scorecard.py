"""The scorecard: one page that stands alone, says what is unknown, and adds nothing up wrongly."""

import datetime as dt
import html.parser
import re
import types

import duckdb
import pytest
from small_warehouse import AS_OF, add_metric, add_values, fill

from metrics import boards, figures, publish, scorecard
from metrics.__main__ import main
from metrics.board_lint import Databases, defaults
from metrics.goals import chance_text
from settings import Organization, Paths

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


def rows_of(article):
    """{text of the first cell: {column: text}} of a tile's table."""
    [table] = found(article, "table")
    heads = [text(n) for n in found(found(table, "thead")[0], "th")]
    return {
        text(cells[0]): dict(zip(heads, map(text, cells), strict=True))
        for row in found(found(table, "tbody")[0], "tr")
        for cells in [[n for n in row[2] if not isinstance(n, str)]]
    }


def publication(folder, change=None, fiscal_month=1):
    """A folder as it is published, of the small warehouse; `change` alters the build first."""
    paths = Paths(folder)
    paths.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(paths.warehouse)) as connection:
        fill(connection, folder / "goals")
        if change:
            change(connection)
    out = folder / "out"
    out.mkdir()
    run = types.SimpleNamespace(
        paths=paths, run_id="r9", as_of=AS_OF, say=lambda text: None,
        started_at=dt.datetime.fromisoformat("2026-09-30T06:00"), settings=types.SimpleNamespace(
            organization=Organization("Ting & <Sons>", fiscal_year_start_month=fiscal_month),
            publish=types.SimpleNamespace(postgres=False),
        ),
    )  # fmt: skip
    publish.write(run, out, None)
    return out


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return publication(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def source(small):
    return (small / "scorecard.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source).root


@pytest.fixture(scope="module")
def made():
    return boards.load(currency="EUR")


@pytest.fixture(scope="module")
def pages(served, made, tmp_path_factory):
    """The pages of the sample organization: [public, people]."""
    out = tmp_path_factory.mktemp("pages") / "scorecard.html"
    return scorecard.render(made, served / "plumbline.duckdb", served / "people.duckdb", out)


@pytest.fixture(scope="module", params=["small", "public", "people"])
def each(request):
    """Every page there is."""
    if request.param == "small":
        return request.getfixturevalue("source")
    pages = request.getfixturevalue("pages")
    return pages[request.param == "people"].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree(each):
    return Page(each).root


def tile(page, name):
    [article] = found(page, "article", id=name)
    return article


def body(article):
    return next(n for n in walk(article) if n[1].get("class") == "body")


# --- every page ----------------------------------------------------------------------------------


def test_a_page_stands_alone(each, tree):
    assert "http" not in each and "//" not in each.split("<body>")[1]
    assert not re.search(r"@import|url\(|@font-face|xlink|<!--", each)
    tags = {node[0] for node in walk(tree)}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed"}
    assert all("src" not in node[1] for node in walk(tree))
    assert not any(name.startswith("on") for node in walk(tree) for name in node[1])
    ids = [node[1]["id"] for node in walk(tree) if "id" in node[1]]
    assert len(ids) == len(set(ids))
    for node in walk(tree):
        if "href" in node[1]:
            assert node[1]["href"][0] == "#" and node[1]["href"][1:] in ids, node[1]["href"]


def test_a_page_can_be_read_without_eyes(each, tree):
    assert found(tree, "html")[0][1]["lang"] == "en"
    assert each.lstrip().startswith("<!doctype html>")
    assert len(found(tree, "h1")) == 1 and len(found(tree, "main")) == 1
    levels = [int(n[0][1]) for n in walk(tree) if re.fullmatch(r"h\d", n[0])]
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    heads = {n[1].get("id") for n in walk(tree) if re.fullmatch(r"h\d", n[0])}
    tables = found(tree, "table")
    assert len(tables) > 8
    for table in tables:
        assert text(found(table, "caption")[0])
        assert all(n[1].get("scope") in ("col", "row") for n in found(table, "th"))
        for row in found(found(table, "tbody")[0], "tr"):
            assert found(row, "th")
    for drawing in found(tree, "svg"):  # what a drawing says stands on its frame
        assert drawing[1].get("aria-hidden") == "true"
    for frame in found(tree, "div", role="img"):
        assert len(frame[1]["aria-label"]) > 10 and (found(frame, "svg") or found(frame, "i"))
    for part in found(tree, "section") + found(tree, "article"):
        assert part[1]["aria-labelledby"] in heads
    for article in found(tree, "article"):
        if article[1]["class"].startswith("tile") and found(body(article), "div", role="img"):
            numbers = found(article, "details")[0]
            assert found(numbers, "table"), article[1]["id"]


def luminance(colour):
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, two):
    a, b = sorted((luminance(one), luminance(two)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def test_text_and_drawings_have_contrast_in_light_dark_and_print(source):
    """WCAG 2.1: 4.5 to 1 for text (1.4.3), 3 to 1 for what a chart is read by (1.4.11)."""
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
            assert contrast(colour[ink], colour[paper]) >= 4.5, (ink, paper)
        for k in range(16):
            assert contrast(colour[f"s{k}"], colour["card"]) >= 3, (k, colour[f"s{k}"])


def test_colours_of_drawings_are_those_of_the_style_sheet(each, tree):
    """So that light, dark and paper each have their own; a colour of Vega's would stay."""
    told = set(re.findall(r"--([\w-]+):", each))
    painted = {n[1][key] for svg in found(tree, "svg") for n in walk(svg)
               for key in ("fill", "stroke") if key in n[1]}  # fmt: skip
    assert len(painted) > 8
    for colour in painted - {"none", "transparent"}:
        assert re.fullmatch(r"var\(--([\w-]+)\)", colour), colour
        assert colour[6:-1] in told, colour


def test_status_and_trust_are_said_with_a_sign_and_a_word(tree):
    marks = [n for n in walk(tree) if {"tag", "trust"} & set(n[1].get("class", "").split())]
    assert len(marks) >= 10
    drawn = {n[1]["id"] for n in found(tree, "symbol")}
    for node in marks:
        assert text(node) and found(node, "use")[0][1]["href"].removeprefix("#") in drawn


def test_refused_numbers_are_refused_in_words_and_nowhere_shown(tree):
    refused = next(n for n in walk(tree) if n[1].get("class") == "refused")
    assert "advertising value" in text(refused) and "No single score" in text(refused)
    elsewhere = text(tree).replace(text(refused), "")
    assert not re.search(
        r"advertising value|\bAVEs?\b|composite|overall score|(influence|social) score|total reach",
        elsewhere, flags=re.I,
    )  # fmt: skip


def test_every_number_has_an_owner_and_its_data_a_mark(tree):
    """A card names who answers for it. Its data has a mark, in its rows or beneath; cards that
    tell of the data themselves have none."""
    for article in found(tree, "article"):
        if not article[1]["class"].startswith("tile"):
            continue
        by = next(n for n in walk(article) if n[1].get("class") == "by")
        names = [n for n in walk(by) if n[1].get("class") in ("who", "flag")]
        assert names and all(text(n) for n in names), article[1]["id"]
        if any(n[1].get("class") == "big" for n in walk(body(article))) and (
            "c-smartscalar" in article[1]["class"]
        ):
            assert any("trust" in n[1].get("class", "").split() for n in walk(by)), article[1]["id"]


# --- the page of a warehouse that can be checked in the head -------------------------------------


def test_names_cannot_become_markup(source, page):
    assert "Max &lt;b&gt;Weber" in source and "<b>Weber" not in source
    assert "Ting &amp; &lt;Sons&gt;" in source
    for words in ("<angrier>", "Buf <beta>", "Precision & <Co>"):
        assert words not in source and words in text(page)


def test_every_goal_has_figures_owner_forecast_and_trust(page):
    leads = text(found(page, "article", id="g-leads_2026")[0])
    for words in ("Ida Holm Demand lead", "Now 328", "Target 400", "Forecast 438", "over 99 %",
                  "80 %: 427 to 450", "fresh", "Leading Engagements"):  # fmt: skip
        assert words in leads, words
    assert "stale" in text(tile(page, "g-engagements_2026"))
    words = text(found(page, "section", id="goals")[0])
    assert "The posts feed is silent" in words and "2026-09-02" in words
    assert "Max <b>Weber</b> has left the organization" in words
    assert "nobody holds the role care lead" in words
    assert "no average over goals" in words


def test_goals_that_want_attention_come_first(page):
    shown = [text(n) for n in walk(body(tile(page, "goals-goals")))
             if "tag" in n[1].get("class", "").split()]  # fmt: skip
    assert shown == ["Off track", "Off track", "Data late", "On track"]
    cards = [text(n) for n in walk(found(page, "div", class_="goals")[0])
             if "tag" in n[1].get("class", "").split()]  # fmt: skip
    assert cards == shown


def test_the_way_of_every_goal_is_drawn_and_said(page):
    labels = {article[1]["id"]: n[1]["aria-label"]
              for article in found(page, "article", class_="goal-card")
              for n in found(article, "div", role="img")}  # fmt: skip
    assert len(labels) == 4
    assert labels["g-leads_2026"] == (
        "Leads: now 328, expected by now 299, target 400, forecast 438 (427 to 450)."
    )


def test_social_and_traditional_stand_in_one_table_and_unknown_is_not_nothing(page):
    channels = rows_of(tile(page, "channels-side_by_side"))
    assert {"Paid social", "Television", "Events", "Organic social", "Unknown"} <= set(channels)
    tv = channels["Television"]
    assert tv["Spend"] == "109,200 EUR" and tv["PESO"] == "paid"
    assert tv["Impressions"] == tv["Clicks"] == tv["Responses"] == "not reported"
    assert channels["Organic social"]["Spend"] == "none reported"
    assert channels["Organic social"]["Impressions"] == "245,700"
    assert tv["Leads"] == "none traced" and tv["Cost per lead"] == "unknown"
    assert channels["Events"]["Leads"] == "60" and channels["Unknown"]["Leads"] == "20"
    for name, cells in channels.items():
        for column in ("Spend", "Impressions", "Clicks", "Responses", "Leads", "Cost per lead"):
            assert not re.fullmatch(r"0(\.0+)?( EUR| %)?", cells[column]), (name, column)


def test_credit_is_a_range_with_evidence_beside_it(page):
    article = tile(page, "channels-credit_and_evidence")
    channels = rows_of(article)
    events = channels["Events"]["Credited revenue"]
    assert events.startswith("0 EUR to 7,000 EUR") and "linear 3,500 EUR" in events
    assert "position" not in events  # three rules are shown, and no mean of them
    assert channels["Television"]["Credited revenue"] == "none traced"
    assert channels["Television"]["Experiment"] == (
        "leads created +40 (11 to 69), by its tool +42 (12 to 75), 1 Feb 2026 to 15 Mar 2026"
    )
    assert channels["Television"]["Codes and calls"] == "at least 12 orders with a code"  # 7 and 5
    assert channels["Events"]["Said by customers"] == (
        "31.0 % (22.0 % to 41.0 %) of 96 answers in Q3 2026"
    )
    assert channels["Not traced to any channel"]["Credited revenue"].startswith("3,000 EUR")
    words = text(article)
    assert "Credit, not cause" in words
    assert "One amount has no rate" in words  # the trust of the column


def test_parts_of_a_change_are_shown_whole(page):
    changes = rows_of_all(tile(page, "goals-changes"))
    leads = [row for row in changes if row["Metric"] == "Leads"]
    for row, whole in zip(leads, (1, 4), strict=True):
        assert sum(float(n.replace("−", "-")) for n in re.findall(
            r"[+−][\d.]+", row["Made of"])) == pytest.approx(whole)  # fmt: skip
    assert leads[0]["Compared with"] == "Q2 2026" and leads[0]["Change"] == "+1 (+0.9 %)"
    ratio = next(row for row in changes if row["Metric"] == "Win rate")
    assert all(word in ratio["Made of"] for word in ("mix", "rate", "Large"))
    around = text(tile(page, "goals-surroundings"))
    assert "Precision & <Co> (from 6 Jul 2026) (until 30 Aug 2026)" in around
    assert "Instagram changed what it calls impressions on 1 Aug 2026" in around
    assert "1 figures of that quarter" in around


def rows_of_all(article):
    """The rows of a tile's table, also where two begin alike: [{column: text}]."""
    [table] = found(article, "table")
    heads = [text(n) for n in found(found(table, "thead")[0], "th")]
    return [
        dict(zip(heads, (text(n) for n in row[2] if not isinstance(n, str)), strict=True))
        for row in found(found(table, "tbody")[0], "tr")
    ]


def test_every_metric_is_there_by_level_with_what_is_unknown_and_why(page):
    metrics = rows_of(tile(page, "goals-metrics"))
    assert metrics["Video views"]["Now"] == "unknown"
    assert metrics["Video views"]["Because"] == "Not configured."
    assert metrics["First response minutes"]["Data"] == "degraded"
    assert metrics["First response minutes"]["Because"] == "One gate warned."
    assert metrics["Leads"]["Change is"] == "better" and metrics["Leads"]["Owner"] == "Ida Holm"
    levels = [row["Level"] for row in metrics.values()]
    assert levels[0] == "outcome" and levels[-1] == "output"
    assert "Turnover rate" in rows_of(tile(page, "goals-inside"))
    what = rows_of(tile(page, "goals-definitions"))
    assert what["Leads"]["Definition"] == "Leads, as counted." and what["Leads"]["Caveat"]


def test_data_trust_shows_late_sources_the_last_gates_and_what_was_kept_out(page):
    rows = rows_of_all(tile(page, "trust-sources"))
    assert rows[0]["Source"] == "feeds.tickets" and rows[0]["Status"] == "Stale"
    assert rows[-1]["Source"] == "hubspot.deals" and rows[-1]["Status"] == "Not configured"
    checks = rows_of_all(tile(page, "trust-checks"))
    assert [row["Why"] for row in checks] == ["No day ever cost so much."]
    kept = text(tile(page, "trust-kept_out_rows"))
    assert "… is not a number." in kept and "ida@example.org" not in text(page)
    head = text(found(page, "header")[0])
    assert "1 of 2 fresh" in head and "1 of 2 passed" in head  # the run before is not counted
    assert "Data: stale. The posts feed is silent." in text(tile(page, "goals-attainment"))


def test_the_same_database_gives_the_same_page(made, small, source, tmp_path):
    scorecard.render(made, small / "plumbline.duckdb", None, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == source
    assert [p.name for p in tmp_path.iterdir()] == ["again.html"]


def test_a_page_says_its_run_and_the_fiscal_year(tmp_path):
    out = publication(tmp_path / "april", fiscal_month=4)
    words = text(Page((out / "scorecard.html").read_text(encoding="utf-8")).root)
    assert "Run r9." in words
    assert "Fiscal year 2026/2027, month 6 of 12 (1 Apr 2026 to 31 Mar 2027)" in words


def emptied(connection):
    for table in ("dim_goals", "goal_status", "goal_forecasts", "goal_backtests",
                  "metric_drivers", "metric_values"):  # fmt: skip
        connection.execute(f"delete from metrics.{table}")
    connection.execute(
        "delete from quality.results; delete from metrics.evidence; "
        "delete from metrics.experiment_estimates; delete from metrics.mix_model_estimates"
    )


def test_without_goals_and_values_the_page_says_so(tmp_path):
    out = publication(tmp_path / "empty", emptied)
    page = Page((out / "scorecard.html").read_text(encoding="utf-8")).root
    words = text(page)
    assert "No goals are set" in words and "No metric has two complete quarters" in words
    assert "Nothing is credited to a channel and no evidence is known" in words
    gauge = text(body(tile(page, "trust-checks_gauge")))
    assert gauge == figures.NOTHING == text(body(tile(page, "trust-checks_progress")))
    assert scorecard.summary(out / "plumbline.duckdb")[0].endswith("as of 30 Sep 2026: no goals")


def test_the_terminal_gets_the_goals_and_what_needs_a_decision(small):
    lines = scorecard.summary(small / "plumbline.duckdb")
    assert lines[0] == ("Ting & <Sons>, as of 30 Sep 2026: 2 off track, 1 data late, 1 on track")
    assert lines[2].split() == ["status", "goal", "now", "target", "forecast", "(80", "%)",
                                "chance", "owner", "data"]  # fmt: skip
    assert any(line.startswith("On track") and "Ida Holm" in line for line in lines)
    assert any("no care lead (!)" in line for line in lines)
    assert "! 1 account without an owner who is here: mastodon @old." in lines
    assert "! feeds.tickets is late: The newest row is 29 days old." in lines
    assert not any("average" in line for line in lines)


def test_what_needs_a_decision_stands_on_the_page_in_prose(page, small):
    told = [text(n) for n in found(found(page, "div", class_="findings")[0], "li")]
    assert [f"! {line}" for line in told] == [
        line for line in scorecard.summary(small / "plumbline.duckdb") if line.startswith("! ")
    ]


def by_account(connection):
    quarters = (dt.date(2026, 4, 1), dt.date(2026, 7, 1))
    for account in ("a1", "a2"):
        add_values(connection, "leads", dict.fromkeys(quarters, 5.0), grain="quarter",
                   slice_=("account_id", account))  # fmt: skip
    connection.execute(
        "insert into metrics.metric_drivers select metric_id, grain, period_from, period_to, "
        "'account_id', 'a1', contribution, kind, is_latest from metrics.metric_drivers "
        "where metric_id = 'leads'"
    )


def test_employees_accounts_are_never_what_a_change_is_told_by(tmp_path):
    out = publication(tmp_path / "accounts", by_account)
    page = Page((out / "scorecard.html").read_text(encoding="utf-8")).root
    assert {row["Slice by"] for row in rows_of_all(tile(page, "goals-changes"))} == {
        "channel", "deal size",
    }  # fmt: skip


def old_survey(connection):
    add_metric(connection, "old_survey")
    add_values(connection, "old_survey", {dt.date(2025, 3, 1): 7.0}, grain="month")
    add_metric(connection, "new_survey")
    add_values(connection, "new_survey", {dt.date(2026, 6, 1): 7.0}, grain="month")


def test_a_metric_without_recent_values_is_unknown_and_not_old(tmp_path):
    out = publication(tmp_path / "old", old_survey)
    page = Page((out / "scorecard.html").read_text(encoding="utf-8")).root
    metrics = rows_of(tile(page, "goals-metrics"))
    assert metrics["Old survey"]["Now"] == "unknown" and metrics["Old survey"]["Period"] == ""
    assert metrics["New survey"]["Now"] == "7"


def test_no_forecast_is_said_to_be_certain():
    assert chance_text(1.0).startswith("over 99") and chance_text(0.0).startswith("under 1")
    assert chance_text(0.704).startswith("70") and chance_text(None) is None


def test_the_page_can_be_drawn_anew_from_any_publication(small, source, tmp_path, capsys):
    out = tmp_path / "again.html"
    asked = ["dashboards", "preview", "--served", str(small), "--to", str(out)]
    assert main(asked) == 0
    assert capsys.readouterr().out.split() == [str(out), str(tmp_path / "again_people.html")]
    assert out.read_text(encoding="utf-8") == source


def test_a_publication_of_other_definitions_is_refused_with_a_remedy(small, tmp_path, capsys):
    for name in ("plumbline.duckdb", "people.duckdb"):
        (tmp_path / name).write_bytes((small / name).read_bytes())
    with duckdb.connect(str(tmp_path / "plumbline.duckdb")) as connection:
        connection.execute("alter table dashboards.goals drop column pace")
    out = tmp_path / "out.html"
    assert main(["dashboards", "preview", "--served", str(tmp_path), "--to", str(out)]) == 1
    said = capsys.readouterr().err
    assert "pace" in said and "run make build" in said and not out.exists()


# --- the pages of the sample organization --------------------------------------------------------


def test_people_are_drawn_into_a_file_of_their_own(pages, made, served, tmp_path):
    assert [file.name for file in pages] == ["scorecard.html", "scorecard_people.html"]
    public, hidden = (Page(file.read_text(encoding="utf-8")).root for file in pages)
    sections = [[n[1]["id"] for n in found(page, "section")] for page in (public, hidden)]
    assert sections == [["goals", "channels", "funnel", "response", "trust"], ["people"]]
    only = scorecard.render(made, served / "plumbline.duckdb", None, tmp_path / "x.html")
    assert only == [tmp_path / "x.html"] and [p.name for p in tmp_path.iterdir()] == ["x.html"]


def test_every_card_is_drawn_with_its_title_and_what_it_is(pages, made):
    for file, hidden in zip(pages, (False, True), strict=True):
        root = Page(file.read_text(encoding="utf-8")).root
        drawn = {n[1]["id"]: text(n) for n in found(root, "article")
                 if n[1]["class"].startswith("tile")}  # fmt: skip
        wanted = {
            f"{board.key}-{tile.key}": tile.card
            for board in made if (board.collection == "people") == hidden
            for tile in board.tiles if tile.card
        }  # fmt: skip
        assert drawn.keys() == wanted.keys()
        for key, card in wanted.items():
            assert card.title in drawn[key], key
            assert card.description[:40].replace("  ", " ") in drawn[key], key


def test_a_tile_stands_where_the_grid_says(each, made):
    for board in made:
        for tile in board.tiles:
            if tile.card and f'id="{board.key}-{tile.key}"' in each:
                place = (f"grid-column: {tile.column + 1} / span {tile.width}; "
                         f"grid-row: {tile.row + 1} / span {tile.height}")  # fmt: skip
                assert f'style="{place}" id="{board.key}-{tile.key}"' in each


def test_paper_says_where_it_cuts_a_table(pages):
    source = pages[0].read_text(encoding="utf-8")
    assert f"tr:nth-child(n + {scorecard.PRINTED + 1}) {{ display: none; }}" in source
    assert f"of which the first {scorecard.PRINTED} are printed" in source


def test_numbers_of_a_page_are_those_of_the_cards(pages, made, served):
    """The headline of every trend is the last row of its SQL."""
    roots = [Page(file.read_text(encoding="utf-8")).root for file in pages]
    with Databases(served / "plumbline.duckdb", served / "people.duckdb") as databases:
        looked = 0
        for board in made:
            for tile in board.tiles:
                if not tile.card or tile.card.display != "smartscalar":
                    continue
                name = f"{board.key}-{tile.key}"
                [shown] = [n for root in roots for n in found(root, "article", id=name)]
                rows = databases.run(tile.card, defaults(board)).rows
                form = tile.card.settings["column_settings"]
                name = tile.card.settings["scalar.field"]
                told = figures.said(rows[-1][1], form[f'["name","{name}"]'])
                big = next(n for n in walk(shown) if n[1].get("class") == "big")
                assert text(big) == re.sub(r"[\s\u202f]+", " ", told)
                looked += 1
        assert looked >= 30


def test_more_of_a_neutral_metric_is_not_called_better(pages):
    public = Page(pages[0].read_text(encoding="utf-8")).root
    assert not re.search(r"better|worse", text(body(tile(public, "channels-spend"))))


def test_parts_of_a_change_are_written_in_the_unit_of_their_metric(pages):
    public = Page(pages[0].read_text(encoding="utf-8")).root
    assert "EUR" in text(tile(public, "goals-change_revenue"))
    assert not re.search(r"\d\.\d\d\b", text(tile(public, "goals-change_leads")))


def test_the_trust_of_a_card_is_the_worst_of_what_it_is_made_of(pages, made, served):
    """A late clipping service is said on the card of press items, and not on leads by market."""
    public = Page(pages[0].read_text(encoding="utf-8")).root
    press = text(tile(public, "channels-items_by_medium"))
    assert "stale" in press and "feeds.media_clips" in press
    leads = next(n for n in walk(tile(public, "goals-leads_by_market"))
                 if n[1].get("class") == "by")  # fmt: skip
    assert text(leads) == "Helen Okafor fresh"


def test_an_owner_who_left_is_flagged_on_every_card(pages):
    public = Page(pages[0].read_text(encoding="utf-8")).root
    by = next(n for n in walk(tile(public, "channels-attended")) if n[1].get("class") == "by")
    assert text(by).startswith("Rebecca Stone (left)")
