"""Dashboards as code: what their files may say, and the SQL that is derived from them."""

import datetime as dt
import re

import duckdb
import pytest
import yaml

from metrics import boards, catalogue, views
from metrics.board_lint import DISPLAYS
from metrics.cards import GRID, STATUS_COLORS, Card, Tag
from settings import ConfigError

AS_OF = dt.date(2026, 9, 30)


@pytest.fixture(scope="module")
def made():
    return {board.key: board for board in boards.load(currency="EUR")}


@pytest.fixture(scope="module")
def cards(made):
    return {card.key: card for board in made.values() for card in board.cards}


# --- the six dashboards --------------------------------------------------------------------------


def test_there_are_six_dashboards_and_one_home(made):
    assert list(made) == ["goals", "channels", "funnel", "response", "trust", "people"]
    assert [board.key for board in made.values() if board.is_home] == ["goals"]
    assert made["channels"].tabs == ("Social", "Traditional", "All channels")


def test_filters_are_the_same_everywhere(made):
    known = {f.key: f for f in boards.FILTERS}
    assert list(known) == ["period", "channel", "business_unit"]
    assert known["period"].default == "past11months~"
    for board in made.values():
        for one in board.filters:
            assert one == known[one.key]


def test_keys_are_stable_names_that_no_two_cards_share(made, cards):
    assert len(cards) == sum(len(board.cards) for board in made.values())
    for key, card in cards.items():
        assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", key) and card.display in DISPLAYS


def test_every_description_holds_definition_owner_and_unit(cards):
    for card in cards.values():
        assert 40 < len(card.description) <= 500, card.key
        assert "Owner: " in card.description, card.key
        if card.metrics:
            assert "Unit: " in card.description, card.key


def test_only_hr_may_read_what_comes_from_the_people_database(made):
    for board in made.values():
        groups = boards.COLLECTIONS[board.collection].groups
        if any(card.database == "people" for card in board.cards):
            assert groups == ("HR",), board.key
    assert boards.COLLECTIONS["people"].parent is None  # a parent that others read would show it


def test_sql_reads_the_views_and_nothing_else(cards):
    known = views.load()
    for card in cards.values():
        tables = re.findall(r"\bfrom\s+(\S+)", card.sql)
        assert len(tables) == 1
        name = re.fullmatch(r'"dashboards"\."(\w+)"', tables[0])[1]
        assert known[name].database == card.database
        assert not re.search(
            r"\b(now|current_date|join|union|insert|update|delete|drop)\b", card.sql
        )
        assert "::" not in card.sql and "interval" not in card.sql


def test_no_sql_stands_in_a_definition():
    for path in boards.FOLDER.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(select\s|from dashboards|group by|join )", text, flags=re.I), path
        assert "{{" not in text and ";--" not in text


def test_every_page_leads_to_data_trust(made):
    for board in made.values():
        if board.key != "trust":
            assert any(t.click and t.click.to == "trust" for t in board.tiles), board.key


def test_clicks_carry_every_filter_that_the_other_page_has(made):
    found = 0
    for board in made.values():
        for tile in board.tiles:
            if tile.click:
                found += 1
                assert set(tile.click.passes) == {f.key for f in made[tile.click.to].filters}
    assert found > 10
    row = next(t for t in made["channels"].tiles if t.key == "side_by_side")
    assert row.click.to == "funnel" and row.click.passes["channel"] == "channel"


def test_goals_go_out_weekly_people_monthly_and_trust_only_when_there_is_something(made):
    assert made["goals"].subscriptions[0].schedule == "weekly"
    assert made["people"].subscriptions[0].to == "HR"
    assert made["trust"].subscriptions[0].skip_if_empty
    alerts = {card.key for board in made.values() for card in board.cards if card.alert}
    assert alerts == {"goals.off_track", "trust.late_sources", "trust.failed_gates"}


# --- what is derived -----------------------------------------------------------------------------


def test_an_additive_metric_follows_a_filter_by_adding_up_its_parts(cards):
    sql = cards["goals.leads"].sql
    assert "sum(value) as leads_created" in sql and "slice_name = 'channel_id'" in sql
    assert "[[and {{channel}}]]" in sql and "is_complete" in sql


def test_a_ratio_is_sums_over_sums(cards):
    sql = cards["channels.engagement_rate"].sql
    assert "sum(numerator) / nullif(sum(denominator), 0) as engagement_rate_impressions" in sql


def test_a_median_is_never_added_up(cards):
    card = cards["response.first_response"]
    assert "sum(" not in card.sql and [tag.name for tag in card.tags] == ["period"]
    assert "Not filtered by channel or business unit." in card.description


def test_lower_is_better_turns_the_arrow_round(cards):
    assert cards["response.first_response"].settings["scalar.switch_positive_negative"] is True
    assert cards["goals.leads"].settings["scalar.switch_positive_negative"] is False


def test_what_is_neither_good_nor_bad_has_no_colour(cards):
    """Metabase colours every rise of a trend; of spend there is a plain number instead."""
    known = catalogue.load().metrics
    trends = [card for card in cards.values() if card.display == "smartscalar"]
    assert len(trends) > 30
    assert {known[card.metrics[0]].meta.better for card in trends} == {"higher", "lower"}
    spend = cards["channels.spend"]
    assert (spend.display, len(spend.columns)) == ("scalar", 1)
    assert [tag.name for tag in spend.tags] == ["period", "business_unit"]
    assert "All complete months together." in spend.description


def test_every_trend_is_held_against_the_period_before_and_a_year_before(cards):
    """Also one that follows a filter, though the window of twelve months does not hold that year:
    the sum of what its slices were then, or nothing where a definition changed in between."""
    for card in cards.values():
        if card.display == "smartscalar":
            told = card.settings["scalar.comparisons"]
            assert [one["column"] for one in told] == ["previous", "year_before"], card.key
            assert [column.name for column in card.columns][2:] == ["previous", "year_before"]
            assert '"dashboards"."metric_comparisons"' in card.sql
    assert (
        "case when count(year_before_break) = 0 then sum(year_before_numerator) / "
        "nullif(sum(year_before_denominator), 0) end as year_before"
    ) in cards["channels.engagement_rate"].sql
    assert "changed definition" in cards["channels.engagement_rate"].description
    assert "changed definition" not in cards["goals.revenue"].description


def test_steps_of_a_metric_have_its_unit_and_its_colours(cards, folder):
    def of(card):
        form = card.settings["column_settings"][f'["name","{card.columns[1].name}"]']
        colours = [card.settings[f"waterfall.{way}_color"] for way in ("increase", "decrease")]
        return card.unit, form.get("currency"), form.get("decimals"), colours

    good, bad = STATUS_COLORS["good"], STATUS_COLORS["bad"]
    assert of(cards["goals.change_revenue"]) == ("money", "EUR", 0, [good, bad])
    assert of(cards["goals.change_leads"]) == ("count", None, 0, [good, bad])
    assert of(cards["funnel.revenue_steps"]) == ("money", "EUR", 0, list(boards.STEPS))
    for metric, colours in (
        ("first_response_time", [bad, good]), ("paid_social_spend", list(boards.STEPS))
    ):  # fmt: skip
        (folder / "one.yml").write_text(f"{GOOD}{STEPS.format(metric)}")
        [board] = boards.load(folder, currency="EUR")
        assert of(board.tiles[2].card)[3] == colours
    (folder / "one.yml").write_text(f"{GOOD}{STEPS.format('revenue')}")
    with pytest.raises(ConfigError, match=r"one\.yml:\d+: .*no metric 'revenue'; did you mean"):
        boards.load(folder, currency="EUR")


def test_a_tone_has_its_colour_by_its_word(cards):
    for key in ("response.tone", "channels.tone_of_press"):
        told = cards[key].settings["series_settings"]
        assert told["Positive"]["color"] == STATUS_COLORS["good"], key
        assert told["Negative"]["color"] == STATUS_COLORS["bad"], key
        assert told["Neutral"]["color"] == STATUS_COLORS["none"], key


def test_numbers_are_written_by_their_unit(cards):
    def form(key, column):
        return cards[key].settings["column_settings"][f'["name","{column}"]']

    assert form("goals.revenue", "revenue_booked")["currency"] == "EUR"
    assert form("goals.voice", "share_of_voice")["number_style"] == "percent"
    assert form("goals.response_time", "first_response_time")["suffix"] == " min"
    assert form("goals.goals", "target_share") | {"column_title": ""} == {
        "column_title": "", "number_style": "percent", "decimals": 1, "show_mini_bar": True,
    }  # fmt: skip


def test_colours_stand_on_the_words_of_their_column(cards):
    rules = cards["goals.goals"].settings["table.column_formatting"]
    assert {(r["columns"][0], r["value"]) for r in rules} >= {
        ("status", "On track"), ("status", "Off track"), ("trust", "fresh"),
    }  # fmt: skip
    assert all(not rule["highlight_row"] for rule in rules)


def test_compiling_twice_gives_the_same():
    assert boards.load(currency="EUR") == boards.load(currency="EUR")


# --- filters in SQL ------------------------------------------------------------------------------


@pytest.fixture
def card():
    sql = 'select 1 from "dashboards"."x" where 1 = 1 [[and {{period}}]] [[and {{channel}}]]'
    tags = (Tag("period", "period", "dashboards", "x", "day"),
            Tag("channel", "channel", "dashboards", "x", "channel"))  # fmt: skip
    return Card("a.b", "A", "B", "table", sql, (), tags=tags)


def test_filters_fill_the_tags_as_conditions_on_the_whole_name(card):
    sql = boards.run_sql(card, {"period": "2026-01-01~2026-03-31", "channel": ["TV", "PR"]}, AS_OF)
    assert """and "dashboards"."x"."day" >= date '2026-01-01'""" in sql
    assert """"dashboards"."x"."day" < date '2026-04-01'""" in sql
    assert """and "dashboards"."x"."channel" in ('TV', 'PR')""" in sql
    assert "[[" not in boards.run_sql(card, {}, AS_OF)


def test_a_value_is_always_a_literal(card):
    evil = "x'); drop table dashboards.x; --"
    sql = boards.run_sql(card, {"channel": evil}, AS_OF)
    assert f"in ('{evil.replace(chr(39), chr(39) * 2)}')" in sql
    with duckdb.connect() as connection:
        connection.execute("create schema dashboards; create table dashboards.x (channel text)")
        assert connection.execute(boards.run_sql(card, {"channel": evil}, AS_OF)).fetchall() == []
        assert connection.execute("select count(*) from dashboards.x").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("past11months~", "2025-10-01", "2026-09-30"),
        ("past12months~", "2025-09-01", "2026-09-30"),
        ("past12months", "2025-09-01", "2026-08-31"),
        ("past7days", "2026-09-23", "2026-09-29"),
        ("past7days~", "2026-09-23", "2026-09-30"),
        ("past2weeks~", "2026-09-14", "2026-10-04"),
        ("next3months", "2026-10-01", "2026-12-31"),
        ("thisyear", "2026-01-01", "2026-12-31"),
        ("thisquarter", "2026-07-01", "2026-09-30"),
        ("lastmonth", "2026-08-01", "2026-08-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("Q3-2025", "2025-07-01", "2025-09-30"),
        ("2026-01-05", "2026-01-05", "2026-01-05"),
        ("2026-01-01~", "2026-01-01", None),
        ("~2026-01-01", None, "2026-01-01"),
    ],
)
def test_periods_are_read_as_metabase_reads_them(text, first, last):
    day = dt.date.fromisoformat
    assert boards.period(text, AS_OF) == (first and day(first), last and day(last))


def test_a_period_that_nobody_understands_is_refused():
    with pytest.raises(ConfigError, match="'lately' is no period"):
        boards.period("lately", AS_OF)


# --- what a file may not say ---------------------------------------------------------------------

GOOD = """\
title: One
description: One dashboard.
collection: executives
tabs:
  - filters: [period, channel]
    rows:
      - height: 4
        tiles:
          - {key: leads, title: Leads, chart: scalar, metric: leads_created, follow: channel_id}
          - key: steps
            title: Steps
            chart: funnel
            view: funnel_steps
            by: [step]
            sum: [leads]
            order: [step_order]
            about: 'Leads by step. Unit: leads.'
            owner: demand_lead
            click: {to: one}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one.yml").write_text(GOOD)
    return tmp_path


STEPS = """\
          - key: why
            title: Why
            chart: waterfall
            view: drivers
            columns: [part, contribution]
            where: {{metric_id: {}}}
            about: 'Parts of the change.'
            owner: demand_lead
"""


def test_a_good_file_compiles(folder):
    [board] = boards.load(folder, currency="EUR")
    assert [(t.key, t.column, t.row, t.width, t.height) for t in board.tiles] == [
        ("leads", 0, 0, 12, 4), ("steps", 12, 0, 12, 4),
    ]  # fmt: skip
    assert sum(tile.width for tile in board.tiles) == GRID
    assert board.tiles[1].click.passes == {"period": None, "channel": None}


def leads(**changes):
    """The first tile with other keys, as YAML."""
    tile = {"key": "leads", "title": "Leads", "chart": "scalar", "metric": "leads_created",
            "follow": "channel_id"} | changes  # fmt: skip
    tile = {key: value for key, value in tile.items() if value is not None}
    return yaml.safe_dump(tile, default_flow_style=True, sort_keys=False, width=999).strip()


LEADS = "{key: leads, title: Leads, chart: scalar, metric: leads_created, follow: channel_id}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: One", "titel: One", r"one\.yml:1: unknown key 'titel'; did you mean 'title'"),
        ("chart: funnel", "chrt: funnel", r"one\.yml:12: .*did you mean 'chart'"),
        ("collection: executives", "collection: executive", r"one\.yml:3: .*'executives'"),
        ("chart: funnel", "chart: donut", r"one\.yml:12: .*chart"),
        ("leads_created", "leads_creatd", r"one\.yml:9: .*did you mean 'leads_created'"),
        ("follow: channel_id", "follow: channel", r"one\.yml:9: .*did you mean 'channel_id'"),
        ("view: funnel_steps", "view: funnel_step", r"one\.yml:13: .*'funnel_steps'"),
        ("by: [step]", "by: [stepp]", r"one\.yml:14: .*did you mean 'step'"),
        ("order: [step_order]", "order: [step_ordr]", r"one\.yml:16: .*did you mean 'step_order'"),
        ("click: {to: one}", "click: {to: two}", r"one\.yml:19: no dashboard|no dashboard 'two'"),
        ("click: {to: one}", "click: {to: one, channel: chan}", "no column 'chan' to click on"),
        ("click: {to: one}", "click: {to: one, business_unit: step}", "no filter business_unit"),
        ("key: steps", "key: leads", r"one\.yml:10: key 'leads' stands twice"),
        ("        tiles:", "        tles:", r"one\.yml:8: unknown key .*did you mean 'tiles'"),
        (LEADS, f"{leads(width=13)}\n          - {leads(key='b', width=12)}", r"yml:7: .*leave"),
        (LEADS, leads(grain="day"), "is shown by"),
        (LEADS, leads(slice="geography"), "keep one"),
        (LEADS, leads(columns=["x"]), "'columns' is for cards of a view"),
        (LEADS, leads(title=None), "a card has a title"),
        (LEADS, leads(metric=None, follow=None), "a tile is one of"),
        (LEADS, leads(metric="first_response_time", follow="channel"), "does not add up"),
        (LEADS, leads(metric="social_reach", follow=None), "is shown by no period"),
        (LEADS, leads(metric="self_reported_source_share", follow=None), "give a slice"),
        (LEADS, leads(metric="social_followers", follow="network", chart="scalar"),
         "does not add up over time"),
        (LEADS, leads(metric="paid_social_spend", follow="geography", chart="smartscalar"),
         "better neither higher nor lower, and Metabase would colour its rise green"),
        (LEADS, leads(metric=None, metrics=["leads_created", "win_rate"], chart="smartscalar",
                      follow=None), "a smartscalar shows one metric"),
        (LEADS, leads(metric="earned_media_items", follow="medium"), "no filter is for 'medium'"),
        ("view: funnel_steps", "view: account_reach", "has no 'step'"),
        ("about: 'Leads by step. Unit: leads.'", "empty: Nothing.", "says `about`"),
        ("title: Steps", "title: Total reach of all", "'Total reach' is refused: reach does not"),
        ("title: Steps", "title: Social success score", "no single score"),
        ("title: Steps", "title: Our AVE", "advertising value equivalents"),
        ("title: Steps", "title: Ad value equivalents", "advertising value equivalents"),
        ("  - filters:", "  - title: Alone\n    filters:", "tabs have titles where"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_said_with_file_and_line(folder, old, new, said):
    assert old in GOOD
    (folder / "one.yml").write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError, match=said) as told:
        boards.load(folder, currency="EUR")
    assert re.search(r"one\.yml:\d+: ", str(told.value))


SUMS = """\
          - key: extra
            title: Extra
            chart: table
            view: {view}
            by: {by}
            sum: [{column}]
            about: Something.
            owner: data_lead
"""


@pytest.mark.parametrize(
    ("view", "by", "column", "said"),
    [
        ("account_reach", ["account"], "reach_people", "never added up"),
        ("posts", ["account"], "engagement_rate", "never added up"),
        ("metric_series", ["metric_id"], "value", "never added up"),
        ("surveys", ["business_unit"], "favourable_share", "never added up"),
        ("headcount", ["business_unit"], "headcount", "is a stock"),
    ],
)
def test_what_may_not_be_added_up_does_not_compile(folder, view, by, column, said):
    text = GOOD + SUMS.format(view=view, by=by, column=column)
    (folder / "one.yml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        boards.load(folder, currency="EUR")


def test_people_are_for_hr_alone(folder):
    text = GOOD + SUMS.format(view="workload", by=["business_unit"], column="inbound")
    (folder / "one.yml").write_text(text)
    with pytest.raises(ConfigError, match="is for HR alone"):
        boards.load(folder, currency="EUR")


def test_every_problem_is_told_at_once(folder):
    text = GOOD.replace("leads_created", "leeds").replace("view: funnel_steps", "view: steps")
    (folder / "one.yml").write_text(text)
    with pytest.raises(ConfigError) as told:
        boards.load(folder, currency="EUR")
    assert len(str(told.value).splitlines()) == 2


def test_two_homes_are_refused(folder):
    for name in ("one", "two"):
        (folder / f"{name}.yml").write_text(GOOD + "home: true\n")
    with pytest.raises(ConfigError, match="keep one `home: true`"):
        boards.load(folder, currency="EUR")


def test_a_long_description_is_cut_at_a_word_and_keeps_its_end():
    text = boards.shortened("word " * 200, "Not filtered by channel.")
    assert len(text) <= 500 and "…" in text and text.endswith("Not filtered by channel.")
