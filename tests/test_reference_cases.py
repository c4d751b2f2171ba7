"""Published cases: the page says what this code gives, absent references are said, tables that a
bench writes cannot become stale without being seen."""

import pytest

from bench import marked, reference
from bench.reference import Case, Section


@pytest.fixture(scope="module")
def stored():
    """{section's first row: its rows} of the page."""
    text = marked.within(reference.PAGE, "reference").split("\n\n")[0]
    return reference.by_section(text)


def test_the_page_holds_every_section_and_no_other(stored):
    assert list(stored) == [reference.head(section) for section in reference.SECTIONS]


@pytest.mark.parametrize(
    "section", reference.SECTIONS, ids=lambda s: f"{s.name}, {s.source}".replace(" ", "_")
)
def test_the_page_says_what_this_code_gives(section, stored):
    if reference.absent(section):
        pytest.skip(f"{', '.join(section.needs)} of the shared reference data is not here")
    if section.name == "Mix model":
        pytest.skip("held in tests/test_mix_model.py, where the fits are")
    made = "\n".join(reference.page([section]).splitlines()[3:])
    there = "\n".join(stored[reference.head(section)])
    assert not marked.differing(there, made, least=1e-9), "run `python -m bench --only reference`"


def test_the_page_says_what_the_built_in_estimator_finds_on_meridians_weeks(stored):
    [section] = [s for s in reference.SECTIONS if s.cases is reference.meridian]
    if reference.absent(section):
        pytest.skip("../shared/reference/refdata is not here")
    made = "\n".join(reference.page([section]).splitlines()[3:])
    there = "\n".join(stored[reference.head(section)])
    assert not marked.differing(there, made, share=0.1, least=0.1)


def test_no_exact_case_deviates_in_a_printed_digit(stored):
    for name, rows in stored.items():
        if "Mix model" in name or "CausalImpact" in name:
            continue
        for row in rows:
            if "another interval" in row:
                continue
            deviation = row.split("|")[-2].strip()
            assert deviation in ("0", "") or float(deviation) < 6e-5, row


def test_a_reference_that_is_absent_is_said_and_not_passed_over():
    gone = Section("Nobody's", "nobody", lambda: iter(()), ("nowhere/at_all.json",))
    assert reference.page([gone]).splitlines()[-1] == (
        "| | not run: nowhere/at_all.json is not here | | | |"
    )


def test_figures_whose_data_are_absent_stand_as_they_did_and_the_run_says_so():
    here = Section("Here", "somebody", lambda: iter([Case("a", "q", 1.0, 1.0, 0)]))
    gone = Section("Nobody's", "nobody", lambda: iter(()), ("nowhere/at_all.json",))
    stored = "\n".join(
        ["| case |", "|---|", reference.head(here), "| a | q | 1 | 9 | +8 |",
         reference.head(gone), "| b | q | 2 | 2 | 0 |"]
    )  # fmt: skip
    assert reference.page([here, gone], stored).splitlines()[2:] == [
        reference.head(here), "| a | q | 1 | 1 | 0 |",
        reference.head(gone), "| b | q | 2 | 2 | 0 |",
    ]  # fmt: skip
    [said] = reference.kept([here, gone])
    assert "Nobody's" in said and "not rerun" in said and "nowhere/at_all.json" in said


def test_every_file_of_the_reference_is_read_or_named_as_not_run():
    if not reference.SHARED.exists():
        pytest.skip("../shared/reference/refdata is not here")
    there = {path.relative_to(reference.SHARED).as_posix()
             for path in reference.SHARED.rglob("*") if path.is_file()}  # fmt: skip
    there = {name for name in there if not name.endswith(".md")}
    read = {name for section in reference.SECTIONS for name in section.needs}
    assert not read & reference.NOT_RUN.keys()
    assert there - read == set(reference.NOT_RUN)


def test_the_page_says_what_is_not_run_and_why():
    text = marked.within(reference.PAGE, "reference")
    assert text.split("Not run, because:\n")[1] == reference.left_out()


def test_a_section_reads_no_file_that_it_does_not_name(monkeypatch):
    """Else a file that is absent stops the run, where the page's figures should be kept."""
    read = set()
    for name in ("_json", "_rows"):
        real = getattr(reference, name)
        monkeypatch.setattr(
            reference, name, lambda path, *rest, real=real: (read.add(path), real(path, *rest))[1]
        )
    for section in reference.SECTIONS:
        if section.is_slow or reference.absent(section):
            continue
        read.clear()
        list(section.cases())
        assert read == set(section.needs), section.name


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
