"""Published cases: the page says what this code gives, absent references are said, tables that a
bench writes cannot become stale without being seen."""

import pytest

from bench import marked, reference
from bench.reference import Case, Section


@pytest.fixture(scope="module")
def stored():
    """{section's first row: its rows} of the page."""
    found, rows = {}, []
    for line in marked.within(reference.PAGE, "reference").splitlines()[2:]:
        if line.startswith("| **"):
            rows = found[line] = []
        rows.append(line)
    return found


def named(section):
    return f"| **{section.name}** ({section.source}) | | | | |"


def test_the_page_holds_every_section_and_no_other(stored):
    assert list(stored) == [named(section) for section in reference.SECTIONS]


@pytest.mark.parametrize(
    "section", reference.SECTIONS, ids=lambda s: f"{s.name}, {s.source}".replace(" ", "_")
)
def test_the_page_says_what_this_code_gives(section, stored):
    if reference.absent(section):
        pytest.skip(f"{', '.join(section.needs)} of the shared reference data is not here")
    if section.name == "Mix model":
        pytest.skip("held in tests/test_mix_model.py, where the fits are")
    made = reference.page([section]).splitlines()[2:]
    assert not marked.differing("\n".join(stored[named(section)]), "\n".join(made), least=1e-9), (
        "run `python -m bench --only reference`"
    )


def test_no_exact_case_deviates_in_a_printed_digit(stored):
    for name, rows in stored.items():
        if "Mix model" in name or "CausalImpact" in name:
            continue
        for row in rows[1:]:
            deviation = row.split("|")[-2].strip()
            assert deviation in ("0", "") or float(deviation) < 6e-5, row


def test_a_reference_that_is_absent_is_said_and_not_passed_over():
    gone = Section("Nobody's", "nobody", lambda: iter(()), ("nowhere/at_all.json",))
    assert reference.page([gone]).splitlines()[-1] == (
        "| | not run: nowhere/at_all.json is not here | | | |"
    )


@pytest.mark.parametrize(
    ("case", "row"),
    [
        (Case("a", "q", 155.556, 155.55601, 3), "| a | q | 155.556 | 155.556 | 0 |"),
        (Case("a", "q", 155.556, 155.5567, 3), "| a | q | 155.556 | 155.557 | +0.001 (+0.0 %) |"),
        (Case("a", "q", 4.0, 5.0, 0), "| a | q | 4 | 5 | +1 (+25.0 %) |"),
        (Case("a", "q", 0, 3e-17, None), "| a | q | 0 | 3e-17 | 3e-17 |"),
        (Case("a", "q", 0, 0.0, None), "| a | q | 0 | 0 | 0 |"),
    ],
)
def test_a_deviation_is_shown_in_the_digits_that_are_printed(case, row):
    assert reference.row(case) == row


@pytest.mark.parametrize(
    ("stored", "made", "options", "same"),
    [
        ("| tv | 1,000 |", "| tv | 1,000 |", {}, True),
        ("| tv | 1,000 |", "| tv | 1,001 |", {}, False),
        ("| tv | 1,000 |", "| tv | 1,040 |", {"share": 0.05}, True),
        ("| tv | 3 |", "| tv | 8 |", {"share": 0.05, "least": 5}, True),
        ("| tv | −3 |", "| tv | 3 |", {"least": 5}, False),
        ("| tv | 3 | yes |", "| tv | 3 | **no** |", {"least": 5}, False),
        ("| tv | 3 |", "| tv | 3 |\n| radio | 4 |", {"least": 5}, False),
    ],
)  # fmt: skip
def test_a_table_that_says_something_else_is_found(stored, made, options, same):
    assert (marked.differing(stored, made, **options) == []) is same


def test_what_stands_around_the_tables_is_kept(tmp_path):
    page = tmp_path / "page.md"
    first, last = marked.marks("x")
    page.write_text(f"Before.\n\n{first}\nold\n{last}\n\nAfter.\n", encoding="utf-8")
    marked.put(page, "x", "| new |\n")
    assert page.read_text(encoding="utf-8") == (
        f"Before.\n\n{first}\n\n| new |\n\n{last}\n\nAfter.\n"
    )
    assert marked.within(page, "x").strip() == "| new |"
