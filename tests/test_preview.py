"""The preview: every dashboard drawn into one page that stands alone and can be read by all."""

import datetime as dt
import re

import pytest
from test_scorecard import Page, found, luminance, text, walk

from metrics import boards, preview
from metrics.board_lint import Databases, Result, defaults
from metrics.cards import Card, Column


@pytest.fixture(scope="module")
def made():
    return boards.load(currency="EUR")


@pytest.fixture(scope="module")
def pages(served, made, tmp_path_factory):
    out = tmp_path_factory.mktemp("preview") / "dashboards.html"
    return preview.render(made, served / "plumbline.duckdb", served / "people.duckdb", out)


@pytest.fixture(scope="module", params=[0, 1], ids=["public", "people"])
def source(request, pages):
    return pages[request.param].read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source):
    return Page(source).root


def test_people_are_drawn_into_a_file_of_their_own(pages, made, served, tmp_path):
    assert [file.name for file in pages] == ["dashboards.html", "dashboards_people.html"]
    public, hidden = (Page(file.read_text(encoding="utf-8")).root for file in pages)
    sections = [[n[1]["id"] for n in found(page, "section")] for page in (public, hidden)]
    assert sections == [["goals", "channels", "funnel", "response", "trust"], ["people"]]
    only = preview.render(made, served / "plumbline.duckdb", None, tmp_path / "x.html")
    assert only == [tmp_path / "x.html"] and [p.name for p in tmp_path.iterdir()] == ["x.html"]


def test_every_card_is_drawn_with_its_title_and_what_it_is(pages, made):
    for file, hidden in zip(pages, (False, True), strict=True):
        root = Page(file.read_text(encoding="utf-8")).root
        drawn = {n[1]["id"]: text(n) for n in found(root, "article")}
        wanted = {
            f"{board.key}-{tile.key}": tile.card
            for board in made if (board.collection == "people") == hidden
            for tile in board.tiles if tile.card
        }  # fmt: skip
        assert drawn.keys() == wanted.keys()
        for key, card in wanted.items():
            assert card.title in drawn[key], key
            assert card.description[:40].replace("  ", " ") in drawn[key], key


def test_a_tile_stands_where_the_grid_says(source, made):
    for board in made:
        for tile in board.tiles:
            if tile.card and f'id="{board.key}-{tile.key}"' in source:
                place = (f"grid-column: {tile.column + 1} / span {tile.width}; "
                         f"grid-row: {tile.row + 1} / span {tile.height}")  # fmt: skip
                assert f'style="{place}" id="{board.key}-{tile.key}"' in source


def test_the_page_stands_alone(source, page):
    assert "http" not in source and not re.search(r"@import|url\(|@font-face", source)
    tags = {node[0] for node in walk(page)}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed"}
    ids = [node[1]["id"] for node in walk(page) if "id" in node[1]]
    assert len(ids) == len(set(ids))
    for node in walk(page):
        if "href" in node[1]:
            assert node[1]["href"][0] == "#" and node[1]["href"][1:] in ids, node[1]["href"]


def test_the_page_can_be_read_without_eyes(page):
    assert found(page, "html")[0][1]["lang"] == "en"
    assert len(found(page, "h1")) == 1 and len(found(page, "main")) == 1
    levels = [int(n[0][1]) for n in walk(page) if re.fullmatch(r"h\d", n[0])]
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    for drawing in found(page, "svg"):
        assert drawing[1].get("aria-hidden") == "true" or drawing[1].get("aria-label")
    for table in found(page, "table"):
        assert text(found(table, "caption")[0])
        assert all(n[1].get("scope") in ("col", "row") for n in found(table, "th"))
    for article in found(page, "article"):
        assert article[1]["aria-labelledby"] == f"{article[1]['id']}-title"
        body = next(n for n in walk(article) if n[1].get("class") == "body")
        drawn = found(body, "svg") or found(body, "i")
        if drawn and "c-table" not in article[1]["class"]:
            assert found(article, "table") or "c-scalar" in article[1]["class"], article[1]["id"]


def test_status_is_said_with_a_sign_and_a_word(page):
    marks = [n for n in walk(page) if {"tag", "trust"} & set(n[1].get("class", "").split())]
    drawn = {n[1]["id"] for n in found(page, "symbol")}
    for node in marks:
        assert text(node) and found(node, "use")[0][1]["href"].removeprefix("#") in drawn


def test_colours_of_series_can_be_told_from_the_paper(source):
    """WCAG 2.1, 1.4.11: 3 to 1 for what a chart is read by."""
    papers = re.findall(r"--card: (#\w{6})", source)[:2]
    schemes = re.findall(r":root \{ --s0(.*?)--heat", source, flags=re.S)
    assert len(schemes) == 2
    for paper, scheme in zip(papers, schemes, strict=True):
        for colour in re.findall(r"#\w{6}", scheme):
            a, b = sorted((luminance(colour), luminance(paper)), reverse=True)
            assert (a + 0.05) / (b + 0.05) >= 3, (colour, paper)


def test_the_same_files_give_the_same_page(pages, made, served, tmp_path):
    preview.render(made, served / "plumbline.duckdb", None, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == pages[0].read_bytes()


def test_names_cannot_become_markup():
    card = Card("a.b", "A <b>", "About & more", "row", "", (Column("a", "text"),),
                settings={"graph.dimensions": ["a"], "graph.metrics": ["n"]})  # fmt: skip
    drawn = str(preview.DRAWN["row"](card, Result({"a": "text", "n": "number"}, [("<i>x", 2)], 0)))
    assert "&lt;i&gt;x" in drawn and "<i>x" not in drawn
    assert preview._marked("**a** <b> *c*") == "<strong>a</strong> &lt;b&gt; <em>c</em>"


def trend(rows, form, **settings):
    card = Card("a.b", "A", "", "smartscalar", "", (), settings={
        "scalar.field": "n", "scalar.comparisons": [{"id": "p", "type": "previousPeriod"}],
        "column_settings": {'["name","n"]': form}, **settings})  # fmt: skip
    told = str(preview.DRAWN["smartscalar"](card, Result({"d": "date", "n": "number"}, rows, 0)))
    return re.sub(r"<[^>]+>", "", told.split("</p>")[2]).replace("\u202f", " "), told


def test_a_change_says_in_words_whether_it_is_better():
    months = [dt.date(2026, 7, 1), dt.date(2026, 8, 1)]
    count, points = {"decimals": 0}, {"decimals": 1, "suffix": " points"}

    def rows(*numbers):
        return list(zip(months, numbers, strict=True))

    assert trend(rows(100, 150), count)[0] == "↑ +50.0 %, better than 1 Jul 2026 (100)"
    fewer = {"scalar.switch_positive_negative": True}
    assert trend(rows(100, 150), count, **fewer)[0].startswith("↑ +50.0 %, worse than")
    words, drawn = trend(rows(100, 150), count, is_neutral=True)
    assert words == "↑ +50.0 % on 1 Jul 2026 (100)" and "better" not in drawn
    assert trend(rows(100, 100), count)[0] == "→ as 1 Jul 2026 (100)"
    # a share of a score, or of a number below nothing, says nothing
    assert trend(rows(-5.0, 5.0), points)[0].startswith("↑ +10.0 points, better")
    assert trend(rows(-5, 5), count)[0].startswith("↑ +10, better")
    assert trend(rows(9, 225), count)[0].startswith("↑ +2,400 %")


def test_more_of_a_neutral_metric_is_not_called_better(pages, made):
    public = Page(pages[0].read_text(encoding="utf-8")).root
    [spend] = found(public, "article", id="channels-spend")
    assert not re.search(r"better|worse", text(next(
        n for n in walk(spend) if n[1].get("class") == "body")))  # fmt: skip


def test_parts_of_a_change_are_written_in_the_unit_of_their_metric(pages):
    public = Page(pages[0].read_text(encoding="utf-8")).root
    [money] = found(public, "article", id="goals-change_revenue")
    [leads] = found(public, "article", id="goals-change_leads")
    assert "EUR" in text(money) and not re.search(r"\d\.\d\d\b", text(leads))


def test_a_legend_tells_series_without_numbers_in_words():
    settings = {"graph.dimensions": ["m", "s"], "graph.metrics": ["n"]}
    card = Card("a.b", "A", "", "bar", "", (), settings=settings)
    kinds = {"m": "text", "s": "text", "n": "number"}
    rows = [("x", "Positive", 3), ("x", "Sales", None), ("x", "Care", 0)]
    drawn = str(preview.DRAWN["bar"](card, Result(kinds, rows, 0)))
    legend = re.search(r'<ul class="legend">(.*?)</ul>', drawn)[1]
    assert re.sub(r"<[^>]+>", "|", legend).strip("|").split("||") == [
        "Positive", "Always 0: Care", "No number: Sales"]  # fmt: skip
    assert 'class="s2"' in legend  # positive is green on every card


def test_paper_says_where_it_cuts_a_table(source):
    assert f"tr:nth-child(n + {preview.PRINTED + 1}) {{ display: none; }}" in source
    assert f"of which the first {preview.PRINTED} are printed" in source


def test_numbers_of_the_page_are_those_of_the_cards(page, made, served):
    """The headline of every trend is the last row of its SQL."""
    with Databases(served / "plumbline.duckdb", served / "people.duckdb") as databases:
        looked = 0
        for board in made:
            for tile in board.tiles:
                shown = found(page, "article", id=f"{board.key}-{tile.key}")
                if not shown or tile.card.display != "smartscalar":
                    continue
                rows = databases.run(tile.card, defaults(board)).rows
                form = tile.card.settings["column_settings"]
                name = tile.card.settings["scalar.field"]
                told = preview.said(rows[-1][1], form[f'["name","{name}"]'])
                big = next(n for n in walk(shown[0]) if n[1].get("class") == "big")
                assert text(big) == re.sub(r"[\s\u202f]+", " ", told)
                looked += 1
        assert looked >= 5


@pytest.mark.parametrize(
    ("value", "form", "short", "shown"),
    [
        (None, {}, False, ""),
        (0.123, {"number_style": "percent", "decimals": 1}, False, "12.3 %"),
        (0.5, {"number_style": "percent", "decimals": 1}, True, "50 %"),
        (1234, {"number_style": "decimal", "decimals": 0}, False, "1,234"),
        (1234, {"number_style": "decimal", "decimals": 0}, True, "1.2 k"),
        (383_250, {"number_style": "currency", "currency": "EUR", "decimals": 0}, False,
         "383,250 EUR"),
        (1_270_000, {"number_style": "currency", "currency": "EUR", "decimals": 0}, False,
         "1.27 m EUR"),
        (-2.5, {"decimals": 1, "suffix": " points"}, False, "−2.5 points"),
        (dt.date(2026, 7, 1), {"date_style": "MMM YYYY"}, False, "Jul 2026"),
        (dt.date(2026, 7, 1), {"date_style": "[Q]Q YYYY"}, False, "Q3 2026"),
        (dt.date(2026, 7, 1), {}, False, "1 Jul 2026"),
        (True, {}, False, "yes"),
    ],
)  # fmt: skip
def test_values_are_written_as_their_settings_say(value, form, short, shown):
    assert preview.said(value, form, short).replace("\u202f", " ") == shown


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (0, 0), (-3, 7), (0, 383_250), (0.61, 0.67), (5, 5), (0, 1e-4)]
)
def test_axes_have_few_round_ticks_that_hold_their_numbers(low, high):
    ticks = preview._ticks(low, high)
    assert 2 <= len(ticks) <= 7 and ticks == sorted(set(ticks))
    assert ticks[0] <= low and ticks[-1] >= high - 1e-9
