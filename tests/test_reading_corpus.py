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


PLAIN = [case for case in CASES if case.file == "m.csv" and case.name[:5] in ("lines", "struc")]


@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.name)
def test_the_fast_road_of_large_files_says_the_same(case, monkeypatch):
    from ingestion import layouts

    monkeypatch.setattr(layouts, "WHOLE", 0)
    monkeypatch.setattr(layouts, "SAMPLE_LINES", 9)
    verdict = judge(case)
    assert verdict.verdict != "wrong", verdict.told


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        (b"a,b\r\n1,2\r\n", True),
        (b'a,b\n"x, 1","say ""so"""\n', True),
        (b"a,b\n1,2\n\n3,4\n", False),
        (b"a,b\r\n1,2\r\n\r\n3,4\r\n", False),
        (b"a,b\n1,2\r3,4\n", False),
        (b'a,b\n"x\ny",2\n', False),
        (b'a,b\n5" x,2\n', False),
        (b'a,b\n"x"y,2\n', False),
        (b"a,b\nTotal,2\n", False),
        (b"a,b\nTotal Radio,2\n", False),
        (b"a,b\nTotalenergies,2\n", True),
        (b"a,b\nRadio, total ,2\n", False),
        ("a,b\nΣ,2\n".encode(), False),
        (b"a,b\nx,2\nb,a\nx,3\n", False),
        (b"a,b\nx,2\nReach,Cost\nx,3\n", False),
        (b"a,b\nx,2\n\xef\xbb\xbfx,3\n", False),
        (b"a,b,c\nx,2,3\nSource 5,,\n", False),
        (b'a,b\n1,"2', False),
    ],
)
@pytest.mark.parametrize("chunk", [1, 3, 1 << 20])
def test_plain_is_what_every_reader_reads_alike(tmp_path, monkeypatch, text, is_plain, chunk):
    from ingestion import grids, layouts

    monkeypatch.setattr(grids, "CHUNK", chunk)
    (tmp_path / "a.csv").write_bytes(text)
    head = tuple(text.split(b"\n")[0].decode().strip().split(","))
    layout = layouts.Layout(head, (1,), 2, None)
    told = layouts._is_plain(tmp_path / "a.csv", grids.Dialect("utf-8", ","), layout, 1)
    # In pieces smaller than a line it may give up, but never the other way.
    assert told == is_plain or (is_plain and chunk < 10)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("Total", "bare"), (" TOTAL: ", "bare"), ("Grand Total", "bare"), ("GrandTotal", "bare"),
        ("total général", "bare"), ("Total general:", "bare"), ("Gesamt", "bare"), ("Σ", "bare"),
        ("SUM", "bare"), ("Zwischensumme", "bare"), ("Sub-Total", "bare"), ("Totaal", "bare"),
        ("Total Radio", "part"), ("TOTAL RADIO", "part"), ("Radio 1 Total", "part"),
        ("Total 2026", "part"), ("SAT1 Summe", "part"), ("Summe FM", "part"),
        ("Total Comfort", "part"), ("Totalenergies", None), ("Summer", None), ("Subtotale", None),
        ("Radio", None), ("consumer", None), (5, None), (None, None),
    ],
)  # fmt: skip
def test_a_total_is_told_by_what_it_is_called(cell, kind):
    from ingestion import totals

    assert totals.called(cell) == kind
    if kind:
        assert any(stem in cell.casefold() for stem in totals.STEMS)
