"""Pages whose figures are measured: each part is there, whole, and says what writes it."""

import re

import pytest

from bench.__main__ import PARTS
from bench.marked import put, within
from settings import ROOT

FIRST = re.compile(r"<!-- figures: `python -m bench --only (.+?)` -->")
FOUND = [
    (page, name)
    for page in sorted((ROOT / "docs").glob("*.md"))
    for name in FIRST.findall(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "name"), FOUND, ids=lambda one: getattr(one, "name", one))
def test_a_measured_part_holds_figures_and_names_its_bench(page, name):
    assert name.split(",")[0] in PARTS
    text = within(page, name)
    assert "<!--" not in text, "a part begins before the one above it ends"
    rows = [line for line in text.splitlines() if re.match(r"\|.*\d", line)]
    assert rows, "it holds no table"
    assert not re.search(r"\b(nan|inf|None|TODO)\b", text)


def test_every_bench_writes_to_a_page():
    assert {name.split(",")[0] for _, name in FOUND} == set(PARTS)


def test_figures_are_put_between_their_marks_only(tmp_path):
    page = tmp_path / "p.md"
    mark = "<!-- figures: `python -m bench --only {}` -->\nold\n<!-- end of figures -->\n"
    page.write_text(f"a\n{mark.format('x')}b\n{mark.format('y')}c\n")
    put(page, "x", "new")
    assert within(page, "x") == "new" and within(page, "y") == "old"
    assert page.read_text().startswith("a\n") and page.read_text().endswith("c\n")
