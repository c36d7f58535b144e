"""The example data sets: their real defects are found, sound ones have none, and nothing is touched."""

from pathlib import Path

import pytest

from saccade.data.check import check_data

pytestmark = pytest.mark.real_data

# File, line or pointer, annotation, and what is found.
DEFECTS: dict[str, list[tuple[str, int | str | None, int | None, str]]] = {
    "bccd": [
        ("Annotations/BloodImage_00338.xml", 163, 13, "a box 1 wide and 1 high"),
        ("Annotations/BloodImage_00343.xml", 55, 4, "a box 1 wide and 1 high"),
        # Seen side by side: the same cells, the slide a little moved and refocused.
        (
            "JPEGImages/BloodImage_00037.jpg",
            None,
            None,
            "nearly the same picture as JPEGImages/BloodImage_00038.jpg of train",
        ),
    ],
    "bsds500": [],
    "camvid": [],
    "coco128": [],
    "hymenoptera": [],
    "pennfudan": [],
}


SLOW = ("bsds500", "camvid")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in DEFECTS])
def test_real_defects(name: str, data_root: Path):
    root = data_root / name
    files = [file for file in sorted(root.rglob("*")) if file.is_file()]
    before = [(file, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    checked = check_data(root, workers=2)
    found = [(str(Path(str(d.path)).relative_to(root)), d.where, d.annotation_id, d.found) for d in checked.defects]
    assert found == DEFECTS[name]
    assert set(checked.counts) == {"train", "val"}
    assert before == [
        (file, file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(root.rglob("*")) if file.is_file()
    ]


def test_counts_of_cells(data_root: Path):
    counts = check_data(data_root / "bccd", quick=True).counts
    assert {name: (one.pictures, one.objects) for name, one in counts.items()} == {
        "train": (205, 2805),
        "val": (87, 1138),
    }
    assert counts["train"].instances == {"Platelets": 209, "RBC": 2382, "WBC": 214}
