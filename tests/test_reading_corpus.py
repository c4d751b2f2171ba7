"""The corpus of damaged files: right, or refused for the right reason; never wrong."""

import pytest
from damaged_files import cases
from reading_corpus import judge

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_damaged_file_is_read_right_or_refused_for_the_right_reason(case):
    verdict = judge(case)
    assert verdict.verdict in ("right", "refused"), verdict.told


def test_the_corpus_is_large_and_most_of_it_can_be_read():
    assert len(CASES) >= 300
    assert sum(not case.whole for case in CASES) > 0.75 * len(CASES)


def test_the_judge_finds_a_wrong_value_and_a_lost_row():
    case = next(case for case in CASES if case.name == "json: array")
    rows = dict(case.rows)
    rows[3] = (*rows[3][:4], 1)
    changed = case.__class__(**{**vars(case), "rows": rows})
    assert judge(changed).verdict == "wrong"
    more = case.__class__(**{**vars(case), "rows": {**case.rows, 99: rows[3]}})
    assert judge(more).verdict == "wrong"
