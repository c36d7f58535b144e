"""Errors that are drawn into annotations, and what finding them is worth."""

import pytest
from bench.injected_errors import KINDS, Injected, inject
from bench.label_errors import average_precision, hit

DOCUMENT = {
    "images": [{"id": 1, "file_name": "a/one.png", "width": 100, "height": 80}],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    "annotations": [
        {"id": n, "image_id": 1, "category_id": 1, "bbox": [2.0 * n, 3.0, 20.0, 30.0], "area": 600.0} for n in range(30)
    ],
}


def test_a_share_is_made_wrong_in_one_way_each() -> None:
    changed, wrong = inject(DOCUMENT, 0.5, seed=1)
    assert len(wrong) == 15
    assert {kind: sum(one.kind == kind for one in wrong) for kind in KINDS} == dict.fromkeys(KINDS, 5)
    rows = {row["id"]: row for row in changed["annotations"]}
    before = {row["id"]: row for row in DOCUMENT["annotations"]}
    for one in wrong:
        if one.kind == "missing":
            assert one.annotation not in rows
        elif one.kind == "class":
            assert rows[one.annotation]["category_id"] == 2
        else:
            assert rows[one.annotation]["bbox"] != before[one.annotation]["bbox"]
    untouched = set(before) - {one.annotation for one in wrong}
    assert all(rows[n] == before[n] for n in untouched)
    assert inject(DOCUMENT, 0.5, seed=1) == (changed, wrong)


def test_what_finds_an_error_and_what_that_is_worth() -> None:
    wrong = [Injected("class", 1, 7, (0, 0, 10, 10)), Injected("missing", 1, 9, (50, 50, 20, 20))]
    names = {1: "a/one.png"}
    there = {"picture": "b/one.png", "kind": "missing", "annotation_id": None, "box": (51, 51, 71, 71)}
    assert hit(there, wrong, names) == 1
    assert hit({**there, "box": (80, 51, 100, 71)}, wrong, names) is None
    assert hit({**there, "kind": "class", "annotation_id": 7}, wrong, names) == 0
    assert average_precision([0, None, 1, 1], (0, 1)) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([0, None, 1], (1,)) == pytest.approx(1 / 2)
