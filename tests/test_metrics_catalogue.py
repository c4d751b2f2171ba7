"""Definitions on paper: what they must say, what is refused, and that the dictionary tells them."""

import csv
import re

import pytest
import yaml

from metrics import catalogue, computed, dictionary
from settings import ROOT, ConfigError

REFERENCE = ROOT.parent / "shared" / "reference" / "metric_catalogue.csv"

GOOD = """
semantic_models:
  - name: clicks
    description: One row per click day.
    model: ref('fct_clicks')
    defaults: {agg_time_dimension: date_day}
    primary_entity: click
    dimensions:
      - {name: date_day, type: time, type_params: {time_granularity: day}}
      - {name: network, type: categorical}
    measures:
      - {name: clicks_made, description: Clicks, agg: sum, expr: clicks}
      - {name: clicks_seen, description: Clicks, agg: sum, expr: clicks, create_metric: true}
      - {name: shown, description: Times displayed, agg: sum, expr: shown, create_metric: true}
      - {name: people, description: People, agg: count_distinct, expr: person}
metrics:
  - name: click_rate
    label: Click rate
    description: Clicks per display.
    type: ratio
    type_params: {numerator: clicks_seen, denominator: shown}
    config:
      meta:
        unit: percent
        better: higher
        additivity: ratio
        amec: outtake
        objective: brand_health
        domain: social
        owner: social_lead
        source: IAB
        caveat: None known.
        slices: [click__network]
        grains: [day, month]
"""


@pytest.fixture(scope="module")
def shipped():
    return catalogue.load()


def folder(tmp_path, text):
    (tmp_path / "clicks.yml").write_text(text, encoding="utf-8")
    return tmp_path


def refusal(tmp_path, text):
    with pytest.raises(ConfigError) as error:
        catalogue.load(folder(tmp_path, text))
    return str(error.value)


def test_a_good_definition_is_taken_as_it_stands(tmp_path):
    found = catalogue.load(folder(tmp_path, GOOD))
    assert list(found.metrics) == ["click_rate"]
    assert found.metrics["click_rate"].parts == {"numerator": "clicks_seen", "denominator": "shown"}
    assert found.formula("click_rate") == "sum(clicks) / sum(shown)"
    assert found.grain_of("click_rate") == "day"


def reference():
    if not REFERENCE.exists():
        pytest.skip("the shared metric catalogue is not here")
    with REFERENCE.open(encoding="utf-8") as lines:
        return {row["id"]: row for row in csv.DictReader(lines)}


def every(shipped):
    """Metrics that MetricFlow answers, and that come of others' results."""
    return {**shipped.metrics, **computed.load()}


def test_every_metric_of_the_catalogue_is_there_or_refused(shipped):
    rows, known = reference(), every(shipped)
    rejected = {name for name, row in rows.items() if row["amec_level"] == "REJECTED"}
    assert rejected == {"ave", "influence_score"} <= catalogue.REFUSED_IDS.keys()
    assert rows.keys() - rejected <= known.keys()
    assert not rejected & (known.keys() | shipped.files.keys())


def test_definitions_say_what_the_catalogue_says(shipped):
    rows, known = reference(), every(shipped)
    ways = {"up": "higher", "down": "lower", "neutral": "neutral"}
    for name in known.keys() & rows.keys():
        meta, row = known[name].meta, rows[name]
        assert (meta.amec, meta.domain) == (row["amec_level"], row["domain"]), name
        assert meta.better == ways.get(row["direction"], "target"), name
        assert meta.additivity == row["additivity"].split()[0], name


@pytest.mark.parametrize(
    "name, label",
    [
        ("ave", "Media worth"),
        ("influence_score", "Influence"),
        ("pr_value", "Advertising value equivalent"),
        ("pr_worth", "Ad value equivalency of clips"),
        ("buzz", "Influencer score"),
        ("standing", "Social success score"),
        ("brand_total", "Composite index of everything social"),
        ("campaign_people", "Total reach"),
    ],
)
def test_refused_numbers_are_refused_by_name_and_by_meaning(tmp_path, name, label):
    text = GOOD.replace("click_rate", name).replace("label: Click rate", f"label: {label}")
    said = refusal(tmp_path, text)
    assert re.search(rf"clicks\.yml:\d+: metric '{name}' is refused", said), said


def test_a_sum_of_reach_is_refused_whatever_it_is_called(tmp_path):
    text = GOOD.replace("expr: shown, create", "expr: reach_people, create")
    assert "measure 'shown' is refused" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("        unit: percent\n", "", "clicks.yml:23: 'metrics.0.config.meta.unit' is missing"),
        ("owner: social_lead", "ownr: social_lead", "did you mean 'owner'?"),
        ("better: higher", "better: up", "better'"),
        ("amec: outtake", "amec: outome", "amec'"),
        ("denominator: shown", "denominator: shwn", "no metric 'shwn'; define it"),
        ("additivity: ratio", "additivity: additive", "only a plain sum is additive"),
        ("additivity: ratio", "additivity: semi", "non_additive_dimension"),
        ("additivity: ratio", "additivity: survey", "name n"),
        ("additivity: ratio", "additivity: percentile", "agg median or percentile"),
        ("slices: [click__network]", "slices: [click__netwrk]", "no dimension 'click__netwrk'"),
        ("grains: [day, month]", "grains: []", "no grains"),
        ("time_granularity: day", "time_granularity: month", "take day out of grains"),
        ("caveat: None known.", "caveat: None known.\n        total: false", None),
        ("slices: [click__network]", "total: false\n        slices: []", "it has no value"),
        ("caveat: None known.", "caveat: None known.\n        interval: mean", "needs squares"),
        ("numerator: clicks_seen", "numerator: {name: clicks_seen, filter: a = 1}", "filter here"),
        (
            "numerator: clicks_seen",
            "numerator: {name: clicks_seen, fill_nulls_with: 0}",
            "nothing is known; leave them out",
        ),
        ("agg: sum, expr: clicks, create", "agg: average, expr: clicks, create", "ratio of sums"),
    ],
)
def test_a_wrong_definition_says_file_metric_and_remedy(tmp_path, old, new, said):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if said is None:
        assert catalogue.load(folder(tmp_path, text)).metrics["click_rate"].meta.total is False
        return
    message = refusal(tmp_path, text)
    assert said in message
    assert re.search(r"clicks\.yml:\d+: ", message), message


def test_a_metric_without_meta_must_be_a_part_of_another(tmp_path):
    text = GOOD.split("    config:")[0]
    assert "has no config.meta and no other metric is made of it" in refusal(tmp_path, text)


def test_a_number_is_defined_once(tmp_path):
    (tmp_path / "again.yml").write_text(
        "metrics:" + GOOD.split("metrics:")[1].replace("label: Click rate", "label: Again"),
        encoding="utf-8",
    )
    said = refusal(tmp_path, GOOD)
    assert "'click_rate' stands twice" in said
    assert "again.yml" in said and "clicks.yml" in said


def test_bounds_are_named_and_stand_for_no_other_kind_of_number(tmp_path):
    bounds = GOOD.replace("additivity: ratio", "additivity: ratio\n        interval: bounds")
    assert "bounds are metrics of their own; name low and high" in refusal(tmp_path, bounds)
    named = GOOD.replace("additivity: ratio", "additivity: ratio\n        low: shown")
    assert "low and high are for interval: bounds" in refusal(tmp_path, named)
    level = GOOD.replace("additivity: ratio", "additivity: ratio\n        level: 0.9")
    assert "level is for metrics/computed" in refusal(tmp_path, level)
    derived = GOOD.replace("type: ratio", "type: derived").replace(
        "{numerator: clicks_seen, denominator: shown}",
        "{expr: clicks_seen + shown, metrics: [clicks_seen, shown]}",
    )
    people = derived.replace("additivity: ratio", "additivity: distinct")
    assert "or stand between bounds" in refusal(tmp_path, people)


def test_distinct_people_are_no_sum(tmp_path):
    simple = GOOD.replace("type: ratio", "type: simple").replace(
        "{numerator: clicks_seen, denominator: shown}", "{measure: people}"
    )
    for kind in ("additive", "semi", "percentile", "ratio"):
        assert refusal(tmp_path, simple.replace("additivity: ratio", f"additivity: {kind}"))
    good = simple.replace("additivity: ratio", "additivity: distinct")
    assert catalogue.load(folder(tmp_path, good)).formula("click_rate") == "count(distinct person)"


def test_labels_are_told_apart(shipped):
    labels = [spec.label for spec in shipped.files.values()]
    assert len(labels) == len({label.lower() for label in labels})


def test_the_metric_dictionary_is_current(shipped):
    stored = dictionary.PAGE.read_text(encoding="utf-8")
    assert stored == dictionary.page(shipped), "run `python -m metrics dictionary`"
    for name in every(shipped):
        assert f"### {name}\n" in stored
    for title in re.findall(r"\]\(#([\w-]+)\)", stored):  # every link leads somewhere
        assert re.search(rf"^##+ {title.replace('-', '[ -]')}$", stored, flags=re.M | re.I), title
    entries = stored.split("\n### ")[1:]
    for entry in entries:
        needs = re.search(r"^- data needed: (`\w+\.\w+`)?", entry, flags=re.M)
        assert needs and (needs[1] or "computed by" in entry), entry
    assert sum("on dashboards: none of its own" in e for e in entries) < len(entries) / 2
    for name in catalogue.REFUSED_IDS:
        assert f"\n- `{name}`: " in stored


def test_every_definition_file_is_read_by_both(shipped):
    """A file that dbt reads and the catalogue does not would be a number without its meta."""
    for path in sorted(catalogue.DEFINITIONS.rglob("*")):
        if path.is_file():
            assert path.suffix == ".yml", f"{path}: dbt also reads .yaml; name it .yml"
            for metric in yaml.safe_load(path.read_text(encoding="utf-8")).get("metrics", []):
                assert metric["name"] in shipped.files
