"""Classes called otherwise, merged, and united over several data sets."""

from pathlib import Path

import pytest
import torch

from made import Memory, coco_content, save_picture, write_coco
from saccade.core.annotation import Annotation
from saccade.core.dataset import Dataset, Joints
from saccade.core.errors import ConfigError, UsageError
from saccade.core.vocabulary import Vocabularies
from saccade.data.datasets.classes.chosen import class_subset, rename_classes
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.picture import classes_of
from saccade.data.datasets.splits.train_val import DataOptions, open_train_val, open_val
from saccade.data.formats.coco.reader import open_coco
from saccade.data.open import open_data


def test_merged_classes(tmp_path: Path) -> None:
    data = rename_classes(open_coco(write_coco(tmp_path), "train"), {"ant": "insect", "bee": "insect"})
    assert isinstance(data, Dataset)
    assert list(data.classes) == ["insect", "cat"]
    truth = data[0].truth
    assert truth.instances.labels.tolist() == [0, 1, 0]
    assert truth.labels.tolist() == [1, 1]  # The bee is there; of ants there is a crowd alone.
    assert int(truth.label) == 1
    assert data.truth(1).labels.tolist() == [1, 0]
    assert classes_of(data, 0) == {0, 1}
    assert list(class_subset(data, ["insect"]).classes) == ["insect"]


def test_pixels_keep_their_background() -> None:
    scenes = open_data("scenes:count=3,size=48")
    first, second = scenes.classes[:2]
    data = rename_classes(scenes, {second: first})
    assert data.vocabularies["semantic"] == (*data.classes, "background")
    old, new = scenes.truth(1).semantic, data.truth(1).semantic
    assert torch.equal(new == len(data.classes), old == len(scenes.classes))
    assert torch.equal(new == 0, old <= 1)


def test_an_unknown_class_comes_with_a_near_one() -> None:
    with pytest.raises(ConfigError, match="did you mean even"):
        rename_classes(Memory(2), {"evn": "x"})


class Drawn(Memory):
    """Contours, a map a class."""

    fields = frozenset({"contours"})
    vocabularies = Vocabularies({"contours": ("even", "odd")})

    def classes_of(self, index: int) -> frozenset[int]:
        return frozenset({0, 1})

    def truth(self, index: int) -> Annotation:
        return Annotation(contours=torch.eye(8)[:2, None].expand(2, 8, 8).clone())


def test_contours_of_classes_follow_and_those_of_unknown_classes_are_not_told() -> None:
    assert rename_classes(Drawn(1), {"even": "any", "odd": "any"}).truth(0).contours.shape == (1, 8, 8)
    assert torch.equal(class_subset(Drawn(3), ["odd"]).truth(0).contours, Drawn(1).truth(0).contours[1:])
    joined = ConcatDataset([Drawn(1), rename_classes(Drawn(1), {"odd": "queer"})])
    assert (list(joined.classes), joined.truth(0).contours) == (["even", "odd", "queer"], None)


def two_sets(root: Path) -> tuple[Path, Path]:
    content = coco_content()
    content["categories"] = [{"id": 1, "name": "cat"}, {"id": 7, "name": "dog"}, {"id": 90, "name": "bee"}]
    other = write_coco(root / "b", content)
    for name in ("red", "cat"):
        save_picture(root / "c" / name / "1.png")
    return write_coco(root / "a"), other


def test_two_sets_share_the_classes_of_one_name(tmp_path: Path) -> None:
    first, second = two_sets(tmp_path)
    data = open_data([first, f"coco:{second}"])
    assert isinstance(data, Dataset)
    assert (list(data.classes), len(data)) == (["ant", "bee", "cat", "dog"], 6)
    assert [data.id(i) for i in (0, 3)] == ["a/train/7.png", "b/train/7.png"]
    assert data[3].id == data.id(3)
    assert data[3].truth.instances.labels.tolist() == [3, 1, 2]
    assert data.truth(3).labels.tolist() == [-1, 1, -1, 1]  # The second set knows no ants; its cats are a crowd.
    assert data.classes_of(3) == {1, 3}
    assert data.size(5) == (40, 60)
    with pytest.raises(IndexError):
        data.truth(6)


def test_what_one_set_lacks_is_none(tmp_path: Path) -> None:
    first, _ = two_sets(tmp_path)
    data = open_data([str(tmp_path / "c"), str(first)])
    assert list(data.classes) == ["cat", "red", "ant", "bee"]
    assert data.fields >= {"label", "instances.boxes"}
    assert (data.truth(0).instances, data.truth(0).labels, int(data.truth(0).label)) == (None, None, 0)
    assert data.id(0) == "cat/1.png"  # No name occurs twice, so that none gets longer.
    assert int(data.truth(2).label) == 0


def test_one_source_in_a_list_is_itself_and_none_is_refused() -> None:
    assert open_data(["scenes:count=2,size=32"]).id(0) == "scenes-1-00000"
    with pytest.raises(UsageError):
        open_data([])


def test_sets_with_other_joints_are_refused() -> None:
    scenes, other = open_data("scenes:count=1,size=32"), Memory(1)
    other.joints = type(scenes.joints)(("nose",))
    with pytest.raises(ConfigError, match="nose"):
        ConcatDataset([scenes, other])


def test_constants_of_similarity_of_joined_sets_are_those_told() -> None:
    silent, own, other = Memory(1), Memory(1), Memory(1)
    silent.joints, own.joints = Joints(("a", "b"), bones=((0, 1),)), Joints(("a", "b"), sigmas=(0.1, 0.2))
    other.joints = Joints(("a", "b"), sigmas=(0.1, 0.3))
    assert ConcatDataset([silent, own]).joints == Joints(("a", "b"), bones=((0, 1),), sigmas=(0.1, 0.2))
    with pytest.raises(ConfigError, match="sigmas"):
        ConcatDataset([own, silent, other])


def test_a_share_and_a_fold_are_cut_of_the_training_pictures() -> None:
    scenes = "scenes:count=20,size=32"
    sides = open_train_val(scenes, "0.2", DataOptions(seed=4))
    assert (len(sides.train) + len(sides.val), 3 <= len(sides.val) <= 5, sides.val_name) == (20, True, "0.2")
    fold = open_train_val(scenes, None, DataOptions(fold="2/5", seed=4))
    assert (len(fold.train) + len(fold.val), 3 <= len(fold.val) <= 5, fold.val_name) == (20, True, "fold 2/5")
    again = open_val(scenes, None, DataOptions(fold="2/5", seed=4))
    assert again.indices.tolist() == fold.val.indices.tolist()
    whole = open_train_val(scenes, None, DataOptions())
    assert (len(whole.train), len(whole.val), whole.val_name) == (20, 50, "val")
    names = [whole.val.vocabularies["semantic"][0]]
    assert list(open_train_val(scenes, "0.5", DataOptions(subset=names)).val.classes) == names


def test_data_with_one_split_are_not_measured_on_what_they_taught(tmp_path: Path) -> None:
    two_sets(tmp_path)
    sides = open_train_val([str(tmp_path / "c"), "scenes:count=3,size=32"], None, DataOptions())
    assert (len(sides.train), len(sides.val)) == (5, 50)
    assert open_train_val(str(tmp_path / "c"), None, DataOptions()).val is None


@pytest.mark.parametrize(
    ("val", "fold"), [("1.5", None), ("0", None), (None, "0/5"), (None, "6/5"), (None, "half"), ("0.2", "1/5")]
)
def test_impossible_sides_are_refused(val: str | None, fold: str | None) -> None:
    with pytest.raises(UsageError, match="expected"):
        open_train_val("scenes:count=9,size=32", val, DataOptions(fold=fold))
