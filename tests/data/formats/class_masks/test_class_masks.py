"""Pictures beside a folder of binary masks for each class."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from made import save_picture
from saccade.core.dataset import Dataset
from saccade.core.errors import DataError
from saccade.data.check.check import check_data
from saccade.data.convert.convert import convert
from saccade.data.datasets.classes.chosen import class_subset, rename_classes
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.open import open_data, splits

LESION, ORGAN = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8)
LESION[10:20, 15:30], ORGAN[5:35, 10:50] = 255, 1


def put(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def made(root: Path) -> Path:
    """Two pictures: one with both masks, one without a mask of lesions, whose organ's is black."""
    for name in "ab":
        save_picture(root / f"images/{name}.png")
    put(root / "masks/lesion/a.png", LESION)
    put(root / "masks/organ/a_mask.png", ORGAN)
    put(root / "masks/organ/b.png", np.zeros_like(ORGAN))
    return root


def test_masks_overlap_and_missing_ones_were_not_looked_for(tmp_path: Path) -> None:
    data = open_data(made(tmp_path))
    assert isinstance(data, Dataset)
    assert (splits(tmp_path), data.classes, data.fields) == (
        ["train"],
        ("lesion", "organ"),
        {"semantic_masks", "semantic_sought"},
    )
    assert dict(data.vocabularies) == {"semantic": ("lesion", "organ")}
    first, second = data[0].truth, data.truth(1)
    assert torch.equal(first.semantic_masks.dense(), torch.from_numpy(np.stack([LESION, ORGAN]) != 0))
    assert first.semantic_sought is None
    assert second.semantic_sought.tolist() == [False, True]
    assert not bool(second.semantic_masks.dense().any())
    assert (data.classes_of(0), data.classes_of(1)) == ({0, 1}, set())
    assert [path.name for path in data.truth_files(0)] == ["a.png", "a_mask.png"]


def test_splits_and_the_order_of_a_list(tmp_path: Path) -> None:
    for split in ("train", "val"):
        save_picture(tmp_path / split / "images/a.png")
        for name in ("lesion", "organ"):
            put(tmp_path / split / "masks" / name / "a.png", LESION)
    assert splits(tmp_path) == ["train", "val"]
    (tmp_path / "classes.txt").write_text("organ\nlesion\n")
    assert open_data(tmp_path, "val").classes == ("organ", "lesion")
    (tmp_path / "classes.txt").write_text("organ\ntumour\n")
    with pytest.raises(DataError, match=r"(?s)organ, tumour.*lesion, organ"):
        open_data(tmp_path)


def test_pictures_and_masks_without_a_partner_are_told(tmp_path: Path) -> None:
    save_picture(made(tmp_path) / "images/c.png")
    with pytest.raises(DataError, match=r"c\.png.*a mask of some class"):
        open_data(tmp_path)
    (tmp_path / "images/c.png").unlink()
    put(tmp_path / "masks/lesion/z.png", LESION)
    with pytest.raises(DataError, match=r"z\.png.*a picture of this mask"):
        open_data(tmp_path)


@pytest.mark.parametrize(
    ("values", "message"),
    [(LESION // 5 + ORGAN, "two values"), (LESION[:20], "60x40")],
    ids=["three values", "another size"],
)
def test_masks_that_are_not_binary_or_of_another_size_are_refused(
    tmp_path: Path, values: np.ndarray, message: str
) -> None:
    put(made(tmp_path) / "masks/lesion/a.png", values)
    with pytest.raises(DataError, match=message):
        open_data(tmp_path).truth(0)


def test_colours_that_are_not_black_are_inside(tmp_path: Path) -> None:
    coloured = np.zeros((40, 60, 3), np.uint8)
    coloured[..., 1] = LESION
    put(made(tmp_path) / "masks/lesion/a.png", coloured)
    assert torch.equal(open_data(tmp_path).truth(0).semantic_masks.dense()[0], torch.from_numpy(LESION != 0))


def test_a_folder_that_is_read_in_two_ways_is_refused_with_both(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "classes.txt").write_text("lesion\norgan\n")
    put(tmp_path / "masks/a.png", ORGAN)
    with pytest.raises(DataError) as error:
        open_data(tmp_path)
    assert f"masks:{tmp_path}" in str(error.value)
    assert f"class_masks:{tmp_path}" in str(error.value)
    assert open_data(f"class_masks:{tmp_path}").fields == {"semantic_masks", "semantic_sought"}
    assert open_data(f"masks:{tmp_path}", report=lambda _: None).fields == {"semantic"}


def test_classes_are_chosen_merged_dropped_and_joined(tmp_path: Path) -> None:
    data = open_data(made(tmp_path))
    one = class_subset(data, ["organ"])
    assert (len(one), one.vocabularies["semantic"]) == (1, ("organ",))
    assert torch.equal(one.truth(0).semantic_masks.dense()[0], torch.from_numpy(ORGAN != 0))
    both = rename_classes(data, {"lesion": "body", "organ": "body"})
    assert torch.equal(both.truth(0).semantic_masks.dense()[0], torch.from_numpy((LESION | ORGAN) != 0))
    assert both.truth(1).semantic_sought.tolist() == [False]
    without = rename_classes(data, {"lesion": ""}).truth(0)
    assert torch.equal(without.semantic_masks_unknown, torch.from_numpy(LESION != 0))
    joined = ConcatDataset([one, rename_classes(data, {"organ": "liver"})])
    assert joined.vocabularies["semantic"] == ("organ", "lesion", "liver")
    assert joined.truth(0).semantic_sought.tolist() == [True, False, False]
    assert joined.truth(1).semantic_masks.areas().tolist() == [0, 150, 1200]


def test_a_check_counts_pixels_and_pictures_and_writers_say_what_they_lose(tmp_path: Path) -> None:
    made(tmp_path / "data")
    counts = check_data(tmp_path / "data").counts["train"]
    assert counts.pixels == {"lesion": 150, "organ": 1200}
    assert counts.classes == {"lesion": 1, "organ": 1}
    assert counts.unsought == {"lesion": 1}
    with pytest.raises(DataError, match="masks of classes of pixels"):
        convert(tmp_path / "data", tmp_path / "out", "coco")
