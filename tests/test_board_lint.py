"""The lint: the dashboards pass, and every rule catches the defect it is for."""

import dataclasses

import pytest

from metrics import board_lint, boards
from metrics.cards import Card, Click, Column, Dashboard, Filter, Tag, Tile

PERIOD = Filter("period", "Period", "date/all-options", "past12months~")
CHANNEL = Filter("channel", "Channel", "string/=")
ABOUT = "What it is. Unit: count. Owner: data lead."


@pytest.fixture(scope="module")
def files(served):
    return served / "plumbline.duckdb", served / "people.duckdb"


def test_the_six_dashboards_draw(files):
    found = board_lint.lint(boards.load(), *files)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(
    "filters",
    [{}, {"period": "2026-01-01~2026-03-31"}, {"period": "thisyear", "channel": ["LinkedIn"]},
     {"channel": "E-mail", "business_unit": ["US", "Care Berlin"]}, {"channel": "it's none"}],
    ids=str,
)  # fmt: skip
def test_every_card_runs_under_any_filter(files, filters):
    with board_lint.Databases(*files) as databases:
        for board in boards.load():
            for card in board.cards:
                result = databases.run(card, filters)
                assert list(result.columns) == [column.name for column in card.columns]


def test_a_filter_changes_the_cards_that_follow_it(files):
    cards = {card.key: card for board in boards.load() for card in board.cards}
    with board_lint.Databases(*files) as databases:
        for key in ("goals.leads", "funnel.funnel", "funnel.models"):
            whole = databases.run(cards[key], {}).rows
            some = databases.run(cards[key], {"channel": "E-mail"}).rows
            assert some and some != whole, key
        every = databases.run(cards["goals.leads"], {}).rows
        parts = [
            databases.run(cards["goals.leads"], {"channel": name}).rows
            for (name,) in databases.open["main"].execute(
                "select distinct channel from dashboards.metric_series where metric_id = "
                "'leads_created' and slice_name = 'channel_id'").fetchall()
        ]  # fmt: skip
    # Of a channel that is gone by now there still is a row, for the sake of the year before.
    for at in (1, 2, 3):  # the value, the one before, the one a year before
        assert sum(row[at] or 0 for row in every) == sum(
            row[at] or 0 for rows in parts for row in rows
        )


def test_the_time_of_every_card_is_told(files):
    times = board_lint.card_times(boards.load(), *files, repeat=1)
    assert len(times) == sum(len(board.cards) for board in boards.load())
    assert times[0][1] >= times[-1][1] > 0
    assert board_lint.percentile(times) <= times[0][1]
    assert board_lint.percentile([]) == 0.0


def test_people_cards_wait_for_their_file(files):
    assert not board_lint.lint(boards.load(), files[0], None)


# --- defects -------------------------------------------------------------------------------------


def column_settings(**forms):
    return {"column_settings": {f'["name","{name}"]': form for name, form in forms.items()}}


def make(display, sql, columns, settings=None, **others):
    return Card("one.a", "A", ABOUT, display, sql, columns, settings=settings or {}, **others)


TABLE = make(
    "table",
    'select channel, spend\nfrom "dashboards"."channel_months"\nwhere 1 = 1\n'
    "    [[and {{period}}]]\n    [[and {{channel}}]]",
    (Column("channel", "text"), Column("spend", "number")),
    {"table.columns": [{"name": "channel", "enabled": True}]}
    | column_settings(spend={"number_style": "currency", "currency": "EUR"}),
    tags=(Tag("period", "period", "dashboards", "channel_months", "period_start"),
          Tag("channel", "channel", "dashboards", "channel_months", "channel")),
)  # fmt: skip
BASE = Dashboard(
    "one", "One", "One dashboard.", "executives", (PERIOD, CHANNEL),
    (Tile("a", None, 0, 0, 12, 6, TABLE),), meant={None: ("period", "channel")},
)  # fmt: skip


def with_card(card, **tile):
    """The dashboard with a second card beside the sound one."""
    other = dataclasses.replace(card, key="one.b")
    return dataclasses.replace(
        BASE, tiles=(*BASE.tiles, Tile("b", None, 12, 0, 12, 6, other, **tile))
    )


def rows(sql, display, *names, kinds=(), **settings):
    columns = tuple(
        Column(name, kind)
        for name, kind in zip(names, kinds or ["number"] * len(names), strict=True)
    )
    return with_card(make(display, sql, columns, settings))


def tiles(*places):
    some = [Tile(f"t{k}", None, *place, text="Words.") for k, place in enumerate(places)]
    return dataclasses.replace(BASE, tiles=(*BASE.tiles, *some))


def changed(**card):
    return dataclasses.replace(
        BASE, tiles=(dataclasses.replace(BASE.tiles[0], card=dataclasses.replace(TABLE, **card)),)
    )


def clicked(to="one", passes=None, column=None):
    tile = dataclasses.replace(BASE.tiles[0], click=Click(to, passes or {}, column))
    return dataclasses.replace(BASE, tiles=(tile,))


ONE = "select 1 as a"
TIME = ("date", "number")
SERIES = {"graph.dimensions": ["a"], "graph.metrics": ["b"]}
RED = {"columns": ["channel"], "type": "single", "operator": "=", "value": "TV",
       "color": "#ED6E6E", "highlight_row": False}  # fmt: skip
STATUS = ("select 'On track' as status", "table", "status")
OK = {"min": 0, "max": 0.5, "color": "#84BB4C", "label": "Good"}

DEFECTS = {
    "collection": (dataclasses.replace(BASE, collection="nowhere"), "collection nowhere"),
    "display": (changed(display="bargraph"), "display bargraph is not Metabase's"),
    "sql fails": (rows("select nothing from nowhere", "table", "a"), "its SQL fails"),
    "columns differ": (rows("select 1 as b", "table", "a"), "its SQL gives b number"),
    "kinds differ": (rows("select 'x' as a", "table", "a"), "its SQL gives a text"),
    "empty without a word": (rows("select 1 as a where false", "table", "a"), "it is empty"),
    "setting names no column": (
        rows(ONE, "scalar", "a", **{"scalar.field": "b"}), "name a column b"),
    "table column": (
        rows(ONE, "table", "a", **{"table.columns": [{"name": "z", "enabled": True}]}), "column z"),
    "column settings": (rows(ONE, "table", "a", **column_settings(z={})), "a column z"),
    "column settings key": (
        rows(ONE, "table", "a", column_settings={'["name", "a"]': {}}), "column_settings has"),
    "progress goal": (
        rows(ONE, "progress", "a", **{"progress.value": "a", "progress.goal": "z"}), "column z"),
    "comparison": (
        rows("select date '2026-01-01' as a, 1 as b union all select date '2026-02-01', 2",
             "smartscalar", "a", "b", kinds=TIME,
             **{"scalar.field": "b", "scalar.comparisons": [{"type": "anotherColumn",
                                                             "column": "z"}]}), "column z"),
    "two rows in a scalar": (
        rows("select 1 as a union all select 2", "scalar", "a"), "2 rows in a scalar"),
    "two rows in a gauge": (
        rows("select 1 as a union all select 2", "gauge", "a", **{"gauge.segments": [OK]}),
        "2 rows in a gauge"),
    "two rows in a progress": (
        rows("select 1 as a union all select 2", "progress", "a",
             **{"progress.value": "a", "progress.goal": 3}), "2 rows in a progress"),
    "gauge without a number first": (
        rows("select 'x' as a", "gauge", "a", kinds=["text"], **{"gauge.segments": [OK]}),
        "the first column, which is no number"),
    "gauge without segments": (rows(ONE, "gauge", "a"), "a gauge without segments"),
    "unknown number": (
        rows("select null::integer as a", "scalar", "a"), "its number is not known"),
    "trend of one": (
        rows("select date '2026-01-01' as a, 1 as b", "smartscalar", "a", "b", kinds=TIME),
        "1 row in a trend"),
    "trend without time": (
        rows("select 1 as a, 2 as b union all select 2, 3", "smartscalar", "a", "b"),
        "time from the first column"),
    "trend out of order": (
        rows("select date '2026-02-01' as a, 1 as b union all select date '2026-01-01', 2",
             "smartscalar", "a", "b", kinds=TIME), "out of order"),
    "trend in the future": (
        rows("select date '2026-02-01' as a, 1 as b union all select date '2099-01-01', 2",
             "smartscalar", "a", "b", kinds=TIME), "in the future"),
    "pie of six": (
        rows("select 'x' || i as a, i as b from range(6) as t(i)", "pie", "a", "b",
             kinds=("text", "number"), **{"pie.dimension": "a", "pie.metric": "b"}),
        "6 slices in a pie"),
    "funnel that widens": (
        rows("select 'x' as a, 1 as b union all select 'y', 2", "funnel", "a", "b",
             kinds=("text", "number"), **{"funnel.dimension": "a", "funnel.metric": "b"}),
        "a step of the funnel is larger"),
    "sankey that turns back": (
        rows("select 'x' as a, 'y' as b, 1 as c union all select 'y', 'x', 1", "sankey",
             "a", "b", "c", kinds=("text", "text", "number"),
             **{"sankey.source": "a", "sankey.target": "b", "sankey.value": "c"}), "turns back"),
    "sankey of many": (
        rows("select 'x' || i as a, 'y' || i as b, 1 as c from range(80) as t(i)", "sankey",
             "a", "b", "c", kinds=("text", "text", "number"),
             **{"sankey.source": "a", "sankey.target": "b", "sankey.value": "c"}), "160 nodes"),
    "too many series": (
        rows("select date '2026-01-01' as a, 'x' || i as b, 1 as c from range(30) as t(i)", "line",
             "a", "b", "c", kinds=("date", "text", "number"),
             **{"graph.dimensions": ["a", "b"], "graph.metrics": ["c"]}), "30 series in a line"),
    "words drawn as numbers": (
        rows("select date '2026-01-01' as a, 'x' as b", "bar", "a", "b", kinds=("date", "text"),
             **SERIES), "drawn as a number and is text"),
    "nothing drawn": (rows("select 1 as a, 2 as b", "bar", "a", "b"), "graph.dimensions is empty"),
    "two numbers in a waterfall": (
        rows("select 'x' as a, 2 as b, 3 as c", "waterfall", "a", "b", "c",
             kinds=("text", "number", "number"),
             **{"graph.dimensions": ["a"], "graph.metrics": ["b", "c"]}),
        "a waterfall has one number"),
    "colour without a word": (
        changed(settings={**TABLE.settings, "table.column_formatting": [RED]}),
        "stands without a word"),
    "colour of another status": (
        rows(*STATUS, kinds=["text"], **{"table.column_formatting": [
            RED | {"columns": ["status"], "value": "On track"}]}), "the colour of another status"),
    "heat like a status": (
        rows(ONE, "table", "a", **{"table.column_formatting": [
            {"columns": ["a"], "type": "range", "colors": ["#FFFFFF", "#ED6E6E"]}]}),
        "coloured like a status"),
    "segment without a word": (
        rows("select 0.2 as a", "gauge", "a", **{"gauge.segments": [OK | {"label": ""}]}),
        "has a colour and no word"),
    "segments with a gap": (
        rows("select 0.2 as a", "gauge", "a",
             **{"gauge.segments": [OK, OK | {"min": 0.6, "max": 1}]}), "leave a gap"),
    "strange colour": (
        rows("select 0.2 as a", "gauge", "a", **{"gauge.segments": [OK | {"color": "#123456"}]}),
        "no status colour"),
    "wrong format": (
        changed(metrics=("spend",), unit="percent"), "spend is not written as percent"),
    "overflow": (tiles((20, 6, 8, 3)), "ends in column 28 of 24"),
    "overlap": (tiles((11, 2, 4, 4)), "lies over a"),
    "too small": (dataclasses.replace(
        BASE, tiles=(dataclasses.replace(BASE.tiles[0], width=2),)), "a table needs"),
    "no place": (tiles((-1, 7, 4, 4)), "has no place"),
    "key twice": (
        dataclasses.replace(BASE, tiles=(*BASE.tiles, dataclasses.replace(
            BASE.tiles[0], column=12))), "key a stands twice"),
    "unstable key": (
        dataclasses.replace(BASE, tiles=(dataclasses.replace(BASE.tiles[0], key="A 1"),)),
        "no stable name"),
    "tag not in the sql": (changed(sql=TABLE.sql.replace("[[and {{channel}}]]", "")),
                           "tag channel is in its SQL or in its tags"),
    "tag not declared": (changed(tags=TABLE.tags[:1]), "tag channel is in its SQL or in its tags"),
    "tag of no filter": (
        dataclasses.replace(BASE, filters=(PERIOD,), meant={None: ("period",)}),
        "for filter channel, which is not there"),
    "tag of another table": (
        changed(tags=(TABLE.tags[0], dataclasses.replace(TABLE.tags[1], table="goals"))),
        "which it does not read"),
    "tag of no column": (
        changed(tags=(TABLE.tags[0], dataclasses.replace(TABLE.tags[1], column="chanel"))),
        "on a column chanel that is not there"),
    "filter that moves nothing": (
        dataclasses.replace(BASE, filters=(*BASE.filters, Filter("business_unit", "B", "string/=")),
                            meant={None: ("period", "channel", "business_unit")}),
        "filter business_unit moves no card"),
    "filter that is meant and missing": (
        dataclasses.replace(BASE, meant={None: ("period", "channel", "business_unit")}),
        "means filter business_unit, which is not there"),
    "filter that is not meant": (
        dataclasses.replace(BASE, meant={None: ("period",)}), "mapped on tab  and not meant"),
    "filter twice": (dataclasses.replace(BASE, filters=(*BASE.filters, PERIOD)), "stands twice"),
    "click to nowhere": (clicked("two"), "goes to two, which is not there"),
    "click with a filter too many": (clicked(passes={"region": None}), "passes region"),
    "click with a column too many": (clicked(passes={"channel": "z"}), "passes column z"),
    "click on no column": (clicked(column="z"), "a click is on column z"),
    "no owner": (changed(description="What it is. Unit: count."), "names no owner"),
    "no description": (changed(description=""), "has no description"),
    "long description": (changed(description=ABOUT * 20), "over 500 characters"),
    "sum of reach": (changed(title="Total reach of all channels"), "is refused"),
    "advertising value": (changed(title="AVE of the campaign"), "is refused"),
    "a refused column": (
        rows("select 1 as influence_score", "table", "influence_score"), "is refused"),
    "empty tab": (dataclasses.replace(BASE, tabs=("X",)), "tab X is empty"),
    "tile without a tab": (
        dataclasses.replace(BASE, tabs=("X",)), "tile a is on tab None"),
    "empty tile": (
        dataclasses.replace(BASE, tiles=(*BASE.tiles, Tile("b", None, 12, 0, 4, 2))),
        "no card, no heading and no text"),
}  # fmt: skip


def test_the_sound_dashboard_is_sound(files):
    assert board_lint.lint([BASE], *files) == []


@pytest.mark.parametrize(("board", "said"), DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_found_with_its_card_and_a_remedy(files, board, said):
    found = board_lint.lint([board], *files)
    assert any(said in finding.problem for finding in found), found
    for finding in found:
        assert finding.dashboard == "one" and finding.remedy and finding.file
        assert finding.card in (board_lint.EVERY, *(tile.key for tile in board.tiles))


def test_a_page_has_few_headlines(files):
    trend = make("smartscalar", "select date '2026-01-01' as a, 1 as b union all "
                 "select date '2026-02-01', 2", (Column("a", "date"), Column("b", "number")),
                 {"scalar.field": "b"})  # fmt: skip
    many = tuple(
        Tile(f"t{k}", None, 2 * k, 6, 2, 2, dataclasses.replace(trend, key=f"one.t{k}"))
        for k in range(9)
    )
    found = board_lint.lint([dataclasses.replace(BASE, tiles=(*BASE.tiles, *many))], *files)
    assert [f.problem for f in found] == ["9 headline numbers on None"]


def test_a_key_on_two_dashboards_and_two_homes_are_found(files):
    two = dataclasses.replace(BASE, key="two", is_home=True)
    found = board_lint.lint([dataclasses.replace(BASE, is_home=True), two], *files)
    assert {f.problem for f in found} == {"card one.a stands in one too", "one is home too"}


def test_a_finding_is_one_sentence_with_file_and_card(files):
    [finding] = board_lint.lint([changed(display="bargraph")], *files)
    assert str(finding).startswith("one.yml: one, a: display bargraph") and str(finding)[-1] == "."
