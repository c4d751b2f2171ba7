"""Charts: valid Vega-Lite of the kind that Metabase draws, readable on a page and on a phone."""

import datetime as dt
import json
import re

import pytest
from test_scorecard import Page, found, text, walk

from metrics import boards, charts
from metrics.board_lint import Databases, Result, defaults
from metrics.boards import number_format
from metrics.cards import Card, Column

# What Metabase's kinds are in Vega-Lite's words.
MARKS = {
    "line": "line", "area": "area", "bar": "bar", "combo": "bar", "row": "bar", "waterfall": "bar",
    "funnel": "bar", "pie": "arc", "gauge": "arc", "scatter": "circle", "sankey": "area",
}  # fmt: skip
SMALLEST = 9.5  # pixels of a letter on a phone, where drawings are shown nearly as wide as drawn


def card(display, kinds, **settings):
    columns = tuple(Column(name, kind) for name, kind in kinds.items())
    return Card("a.b", "A <b>", "About & more", display, "", columns, settings=settings)


def specification(one, kinds, rows, width=600, height=250):
    return charts.KINDS[one.display](one, Result(kinds, rows, 0), width, height)


def layers(spec):
    for part in spec.get("layer", [spec]):
        yield from layers(part) if "layer" in part else [part]


def marks(spec):
    return [part["mark"]["type"] if isinstance(part["mark"], dict) else part["mark"]
            for part in layers(spec)]  # fmt: skip


def words_of(spec):
    """Text of a drawing, in order."""
    drawn = Page(charts.svg(json.dumps(spec, sort_keys=True))).root
    return [text(node) for node in found(drawn, "text")]


@pytest.fixture(scope="module")
def drawn(served):
    """[(card, result, HTML, {name: specification})] of every chart of the sample organization."""
    told = []
    with Databases(served / "plumbline.duckdb", served / "people.duckdb") as databases:
        for board in boards.load(currency="EUR"):
            for tile in board.tiles:
                if tile.card and tile.card.display in charts.KINDS:
                    result = databases.run(tile.card, defaults(board))
                    wanted = {}
                    shown = str(charts.draw(tile.card, result, 605, 300, wanted))
                    specs = {name: json.loads(text) for name, text in wanted.items()}
                    told.append((tile.card, result, shown, specs))
    return told


def test_every_chart_is_valid_by_vega_lites_own_schema(drawn):
    """The schema is the one that Altair carries. It takes a colour for a colour; ours are the
    page's variables, which Vega writes down as they are."""
    altair = pytest.importorskip("altair")
    import jsonschema

    schema = altair.load_schema()
    validator = jsonschema.Draft7Validator(schema)
    kinds = set()
    for one, _, _, specs in drawn:
        kinds.add(one.display)
        for spec in specs.values():
            validator.validate(spec)
    assert kinds == set(charts.KINDS)


def test_every_chart_is_of_the_kind_that_metabase_draws(drawn):
    for one, result, _, specs in drawn:
        kind = MARKS[one.display]
        if one.display == "combo":
            drawings = {series.display for series in charts.series_of(one, result)[1]}
            kind = "bar" if "bar" in drawings else "line"
        for spec in specs.values():
            assert kind in marks(spec), one.key
            assert ("line" in marks(spec)) == (one.display in ("line", "combo")), one.key


def test_a_chart_is_drawn_for_a_page_and_for_a_phone(drawn):
    for one, _, shown, specs in drawn:
        assert re.findall(r"drawing (\w+)", shown) == ["wide", "narrow"], one.key
        assert sorted(spec["width"] for spec in specs.values()) == [charts.PHONE, 605]
    one, result, *_ = drawn[0]
    wanted = {}
    assert re.findall(r"drawing (\w+)", str(charts.draw(one, result, 390, 300, wanted))) == ["any"]


def test_a_phone_shows_letters_that_can_be_read_and_nothing_is_cut(drawn):
    for one, _, _, specs in drawn:
        for spec in specs.values():
            tree = Page(charts.svg(json.dumps(spec, sort_keys=True))).root
            [box] = [node[1]["viewbox"] for node in walk(tree) if "viewbox" in node[1]]
            wide, tall = (float(size) for size in box.split()[2:])
            assert abs(wide - spec["width"]) <= 1 and abs(tall - spec["height"]) <= 1, one.key
            for node in found(tree, "text"):
                if text(node):
                    assert float(node[1]["font-size"].removesuffix("px")) >= SMALLEST
                    x, y = place(tree, node)
                    assert -2 <= x <= wide + 2 and -2 <= y <= tall + 2, (one.key, text(node))


def place(tree, node):
    """Where a node stands: the moves of all that hold it."""
    x = y = 0.0
    for holder in holders(tree, node):
        for a, b in re.findall(r"translate\((-?[\d.]+),(-?[\d.]+)\)",
                               holder[1].get("transform", "").split("rotate")[0]):  # fmt: skip
            x, y = x + float(a), y + float(b)
    return x, y


def holders(tree, node):
    for child in walk(tree):
        if child is node or any(inner is node for inner in walk(child)):
            yield child


def test_a_drawing_holds_no_name_space_no_id_and_no_words_for_machines(drawn):
    for _, _, _, specs in drawn:
        for spec in specs.values():
            made = charts.svg(json.dumps(spec, sort_keys=True))
            assert not re.search(
                r"http|xmlns| id=| class=|url\(|role=|aria-label|<g[^>]*></g>", made
            )
            assert made.startswith('<svg aria-hidden="true" viewBox=')


def test_words_of_data_cannot_become_markup():
    kinds = {"a": "text", "n": "number"}
    one = card("row", kinds, **{"graph.dimensions": ["a"], "graph.metrics": ["n"]})
    wanted = {}
    shown = charts.draw(one, Result(kinds, [('<i>x"', 2)], 0), 605, 200, wanted)
    made = charts.place(str(shown), wanted)
    assert "<i>x" not in made and "&lt;i&gt;x" in made and "A &lt;b&gt;" in made
    Page(made)  # raises on tags that do not match


def test_numbers_of_a_drawing_are_not_rounded_as_its_places_are():
    kinds = {"a": "text", "n": "number"}
    form = {'["name","n"]': {"decimals": 4}}
    one = card("row", kinds, **{"graph.dimensions": ["a"], "graph.metrics": ["n"],
                                "column_settings": form})  # fmt: skip
    assert words_of(specification(one, kinds, [("x", 0.1234)])) == ["x", "0.1234"]


def in_time(display, rows, **settings):
    kinds = {"m": "date", "s": "text", "n": "number"}
    settings |= {"graph.dimensions": ["m", "s"], "graph.metrics": ["n"]}
    return specification(card(display, kinds, **settings), kinds, rows)


def month(number):
    return dt.date(2026, number, 1)


def test_a_gap_stays_a_gap_and_a_point_alone_is_a_point():
    """Unknown is not nothing, and is not drawn over."""
    rows = [(month(1), "a", 1), (month(2), "a", None), (month(3), "a", 3), (month(4), "a", 4)]
    spec = in_time("line", rows)
    values = [(row["y"], row["alone"]) for row in spec["layer"][0]["data"]["values"]]
    assert values == [(1, True), (None, False), (3, False), (4, False)]
    assert marks(spec) == ["line", "point"]
    made = charts.svg(json.dumps(spec, sort_keys=True))
    [path] = re.findall(r'<path d="([^"]+)" stroke="var\(--s0\)" stroke-width="2"', made) or [""]
    assert path.count("M") == 2  # the line is taken up again


def test_in_a_stack_what_is_not_there_adds_nothing_and_the_first_lies_below():
    rows = [(month(1), "a", 1), (month(1), "b", 2), (month(2), "b", 5)]
    spec = in_time("bar", rows, **{"stackable.stack_type": "stacked"})
    values = spec["layer"][0]["data"]["values"]
    assert [row["y"] for row in values] == [1, 0, 2, 5]
    assert [part["encoding"]["order"]["field"] for part in layers(spec)] == ["place"]


def test_days_are_those_of_the_data_in_every_time_zone(monkeypatch):
    """A day is drawn as the day that it is, not as the evening before."""
    rows = [(month(1), "a", 1), (month(2), "a", 2)]
    form = {'["name","m"]': {"date_style": "MMM YYYY"}}
    for zone in ("UTC", "America/Los_Angeles", "Asia/Tokyo"):
        monkeypatch.setenv("TZ", zone)
        spec = in_time("line", rows, column_settings=form)
        assert spec["layer"][0]["data"]["values"][0]["x"] == 1_767_225_600_000
        charts.svg.cache_clear()
        assert {"Jan 26", "Feb 26"} <= set(words_of(spec))


def test_lines_in_another_unit_than_the_bars_have_an_axis_of_their_own():
    kinds = {"m": "date", "spend": "number", "leads": "number"}
    one = card("combo", kinds, **{
        "graph.dimensions": ["m"], "graph.metrics": ["spend", "leads"],
        "series_settings": {"spend": {"display": "bar"}, "leads": {"display": "line"}},
        "column_settings": {'["name","spend"]': number_format("money", "EUR"),
                            '["name","leads"]': number_format("count", "EUR")},
    })  # fmt: skip
    rows = [(month(1), 250_000, 10), (month(2), 125_000, 40)]
    spec = specification(one, kinds, rows)
    assert spec["resolve"] == {"scale": {"y": "independent"}} and len(spec["layer"]) == 2
    colours = [part["encoding"]["color"]["scale"]["range"] for part in layers(spec)]
    assert colours == [["var(--s0)", "var(--s1)"]] * 2
    words = [word.replace("\u202f", " ") for word in words_of(spec)]
    assert "EUR" in words and "200 k" in words and "40" in words


def test_lines_in_two_units_have_an_axis_each_without_bars_too():
    kinds = {"m": "date", "spend": "number", "leads": "number"}
    one = card("combo", kinds, **{
        "graph.dimensions": ["m"], "graph.metrics": ["spend", "leads"],
        "series_settings": {name: {"display": "line"} for name in ("spend", "leads")},
        "column_settings": {'["name","spend"]': number_format("money", "EUR"),
                            '["name","leads"]': number_format("count", "EUR")},
    })  # fmt: skip
    spec = specification(one, kinds, [(month(1), 250_000, 10), (month(2), 125_000, 40)])
    assert spec["resolve"] == {"scale": {"y": "independent"}} and len(spec["layer"]) == 2


def test_a_waterfall_begins_each_part_where_the_one_before_ended():
    kinds = {"part": "text", "n": "number"}
    one = card("waterfall", kinds, **{"graph.dimensions": ["part"], "graph.metrics": ["n"]})
    for width in (600, charts.PHONE):
        spec = specification(one, kinds, [("up", 5), ("down", -2), ("up", 1)], width)
        values = [(row["start"], row["end"]) for row in spec["data"]["values"]]
        assert values == [(0, 5), (5, 3), (3, 4), (0, 4)]  # two that read alike stay two
        assert len({row["place"] for row in spec["data"]["values"]}) == 4


def test_a_funnel_tells_every_step_as_a_share_of_the_first():
    kinds = {"step": "text", "n": "number"}
    one = card("funnel", kinds, **{"funnel.dimension": "step", "funnel.metric": "n"})
    spec = specification(one, kinds, [("Leads", 200), ("Won", 50)])
    assert [row["text"].replace("\u202f", " ") for row in spec["data"]["values"]] == [
        "200.00 (100.0 %)", "50.00 (25.0 %)"]  # fmt: skip
    assert [(row["from"], row["to"]) for row in spec["data"]["values"]] == [(-100, 100), (-25, 25)]


def test_a_sankeys_ribbons_are_as_broad_as_their_numbers_and_fill_their_ends():
    kinds = {"a": "text", "b": "text", "n": "number"}
    one = card("sankey", kinds, **{
        "sankey.source": "a", "sankey.target": "b", "sankey.value": "n"})  # fmt: skip
    rows = [("First: Fair", "Last: Mail", 3), ("First: Fair", "Last: Web", 1),
            ("First: Ad", "Last: Web", 4), ("First: Ad", "Last: Mail", None)]  # fmt: skip
    spec = specification(one, kinds, rows)
    ribbons, boxes = (part["data"]["values"] for part in spec["layer"][:2])
    ends = {}
    for row in ribbons:
        if row["x"] < 0.02:
            ends[row["path"]] = row["y2"] - row["y"]
    assert sorted(ends.values()) == pytest.approx(sorted(n * ends_of(boxes) for n in (3, 1, 4)))
    assert {box["text"] for box in boxes} == {"Fair 4.00", "Ad 4.00", "Mail 3.00", "Web 5.00"}


def ends_of(boxes):
    """The height of one, at the left."""
    return sum(box["bottom"] - box["top"] for box in boxes if box["left"] == 0) / 8


def test_a_gauge_says_in_words_what_its_needle_shows():
    kinds = {"share": "number"}
    segments = [{"min": 0, "max": 0.6, "color": "#ED6E6E", "label": "Too slow"},
                {"min": 0.6, "max": 1, "color": "#84BB4C", "label": "In time"}]  # fmt: skip
    one = card("gauge", kinds, **{"gauge.segments": segments, "column_settings": {
        '["name","share"]': number_format("percent", "EUR")}})  # fmt: skip
    wanted = {}
    shown = charts.draw(one, Result(kinds, [(0.8,)], 0), 390, 150, wanted)
    words = text(Page(str(shown)).root)
    assert "80.0 % In time" in words and "Too slow 0 % to 60 %" in words
    spec = json.loads(next(iter(wanted.values())))
    stretches, [needle] = (part["data"]["values"] for part in spec["layer"])
    assert [(s["from"], s["to"]) for s in stretches] == [(0, 0.6), (0.6, 1)]
    assert (needle["from"] + needle["to"]) / 2 == pytest.approx(0.8)
    assert not charts.is_known(one, Result(kinds, [(None,)], 0))


def test_a_legend_tells_series_without_numbers_in_words():
    kinds = {"m": "text", "s": "text", "n": "number"}
    one = card("bar", kinds, **{"graph.dimensions": ["m", "s"], "graph.metrics": ["n"]})
    rows = [("x", "Positive", 3), ("x", "Sales", None), ("x", "Care", 0)]
    shown = str(charts.draw(one, Result(kinds, rows, 0), 605, 250, {}))
    legend = re.search(r'<ul class="legend">(.*?)</ul>', shown)[1]
    assert re.sub(r"<[^>]+>", "|", legend).strip("|").split("||") == [
        "Positive", "Always 0: Care", "No number: Sales"]  # fmt: skip
    assert 'class="s2"' in legend  # positive is green on every card


def fan(**changes):
    rows = [
        {"course_date": dt.date(2026, 1, 1), "actual": 0, "expected": 0},
        {"course_date": dt.date(2026, 6, 30), "actual": 60, "expected": 50, "forecast": 60,
         "forecast_low": 60, "forecast_high": 60},
        {"course_date": dt.date(2026, 12, 31), "expected": 100, "forecast": 120,
         "forecast_low": 90, "forecast_high": 150},
    ]  # fmt: skip
    names = ("actual", "expected", "forecast", "forecast_low", "forecast_high")
    whole = [{"target": 100, **dict.fromkeys(names), **row} for row in rows]
    return charts.fan([row | changes for row in whole], number_format("count", "EUR"), 388, 170)


def test_the_fan_of_a_forecast_opens_from_what_is_to_the_interval_at_the_end():
    spec = fan()
    [band] = [part for part in layers(spec) if part["mark"]["type"] == "area"]
    assert band["encoding"]["y"]["field"] == "forecast_low"
    assert band["encoding"]["y2"]["field"] == "forecast_high"
    assert [(v["forecast_low"], v["forecast_high"]) for v in band["data"]["values"]] == [
        (60, 60), (90, 150)]  # fmt: skip
    words = words_of(spec)
    assert "1 Jan 26" in words and "31 Dec 26" in words
    assert "area" not in marks(fan(forecast=None, forecast_low=None, forecast_high=None))


@pytest.mark.parametrize(
    ("unit", "values", "shown"),
    [
        ("percent", (0.1, 0.42), {"0 %", "20 %", "40 %"}),
        ("money", (0, 2_400_000), {"0", "1 m", "2 m", "EUR"}),
        ("count", (0, 1_800), {"0", "1 k", "2 k"}),
        ("points", (-20, 40), {"−20", "0", "20", "40", "points"}),
    ],
)
def test_axes_are_written_in_the_unit_of_their_numbers(unit, values, shown):
    rows = [(month(k + 1), "a", value) for k, value in enumerate(values)]
    spec = in_time("bar", rows, column_settings={'["name","n"]': number_format(unit, "EUR")})
    assert shown <= {word.replace("\u202f", " ") for word in words_of(spec)}
