"""Cross-channel reach against a published overlap matrix: bounds, and how far a sum would be off.

The matrix (seven campaigns of one brand, whom each pair reached together) is read from the shared
reference data; here each of its campaigns is a channel of one campaign.
"""

import csv

import pytest

from bench.reference import SHARED, reach_bounds

MATRIX = SHARED / "reach" / "audience_overlap_matrix.csv"


def test_the_published_matrix_gives_its_published_bounds(tmp_path):
    if not MATRIX.exists():
        pytest.skip("the shared overlap matrix is not here")
    with MATRIX.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    names = [row["campaign"] for row in rows]
    reach = {row["campaign"]: int(row[row["campaign"]]) for row in rows}
    overlaps = [
        (row["campaign"], other, int(row[other]))
        for number, row in enumerate(rows)
        for other in names[number + 1 :]
    ]
    found = reach_bounds(tmp_path, overlaps, reach)
    assert sum(reach.values()) == found["reach_at_most"] == 316_757
    assert max(reach.values()) == 81_992
    assert found["reach_at_least"] == 129_868
    assert (found["channels"], found["pairs"], found["pairs_measured"]) == (7, 21, 21)
