"""Every kind of loss is refused with its count and place, and what is allowed is said."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from made import save_picture
from saccade import cli
from saccade.core.annotation import Annotation, Person
from saccade.core.dataset import Joints
from saccade.core.errors import DataError, UsageError
from saccade.core.masks import Masks
from saccade.data.convert.convert import FORMS, convert
from saccade.data.convert.losses import KINDS
from saccade.data.open import open_data
from written import MARKS, Listing, boxed, differences, listing, painted

BOX = (2.0, 3.0, 12.0, 9.0)


def mask(*windows: tuple[int, int, int, int], holes: tuple[tuple[int, int], ...] = ()) -> torch.Tensor:
    found = torch.zeros(20, 30, dtype=torch.bool)
    for x1, y1, x2, y2 in windows:
        found[y1:y2, x1:x2] = True
    for x, y in holes:
        found[y, x] = False
    return found


def flagged(name: str) -> Annotation:
    return boxed(BOX, BOX, **{name: torch.tensor([True, False])})


def layered(*masks: torch.Tensor) -> Annotation:
    """Masks of the first classes of pixels; the others have none."""
    empty = [mask()] * (4 - len(masks))
    return Annotation(semantic_masks=Masks.from_dense(torch.stack([*masks, *empty])))


def jointed() -> Annotation:
    points = torch.tensor([[[3.0, 4], [5, 6], [7, 8]]])
    return boxed(BOX, keypoints=points, visible=torch.tensor([[2, 1, 2]]))


def strayed() -> Annotation:
    """Joints of which two annotated ones lie outside the picture of 30x20."""
    points = torch.tensor([[[-0.5, 4], [5, 20.5], [500, 8]]])
    return boxed(BOX, keypoints=points, visible=torch.tensor([[2, 1, 0]]))


WHOLE = mask((2, 3, 12, 9))
# Kind, format, what a picture shows, how many times.
CASES: list[tuple[str, str, Callable[[], Annotation], int]] = [
    ("areas", "voc", lambda: boxed(BOX, area=torch.tensor([7.0])), 1),
    ("boxes", "voc", lambda: boxed((2.0, 3, 2.5, 9)), 1),
    ("boxes", "yolo", lambda: boxed((2, 3, 12, 10), masks=painted(WHOLE).instances.masks), 1),
    ("classes", "folder", lambda: boxed(BOX, (1, 1, 4, 4), labels=(0, 1)), 1),
    ("contours", "coco", lambda: Annotation(contours=torch.zeros(1, 20, 30)), 1),
    ("crowds", "voc", lambda: flagged("crowd"), 1),
    ("crowds", "yolo", lambda: flagged("crowd"), 1),
    ("difficult", "coco", lambda: flagged("difficult"), 1),
    ("difficult", "yolo", lambda: flagged("difficult"), 1),
    ("holes", "yolo", lambda: painted(mask((2, 3, 12, 9), holes=((5, 5),))), 1),
    ("ignored", "voc", lambda: boxed(BOX, BOX, labels=(0, -1), crowd=torch.tensor([False, True])), 1),
    ("keypoints", "voc", jointed, 1),
    ("label", "coco", lambda: Annotation(label=torch.tensor(1)), 1),
    ("labels", "voc", lambda: Annotation(labels=torch.tensor([1, 1, 0])), 1),
    ("objects", "masks", lambda: painted(WHOLE), 1),
    ("objects", "folder", lambda: boxed(BOX), 1),
    ("overlaps", "voc", lambda: painted(WHOLE, mask((6, 6, 20, 15))), 1),
    ("overlaps", "masks", lambda: painted(WHOLE, mask((6, 6, 20, 15)), labels=(0, 1)), 1),
    ("outside", "yolo", strayed, 2),
    ("parts", "yolo", lambda: painted(mask((2, 3, 12, 9), (15, 3, 18, 9))), 1),
    ("person", "coco", lambda: Annotation(person=Person(scale=torch.tensor(1.0))), 1),
    ("pictures", "masks", lambda: boxed(BOX), 1),
    ("pictures", "folder", lambda: boxed(), 1),
    ("pose", "yolo", lambda: Annotation(pose=torch.zeros(3, 2)), 1),
    ("semantic", "coco", lambda: Annotation(semantic=torch.zeros(20, 30, dtype=torch.int64)), 1),
    ("semantic_masks", "coco", lambda: Annotation(semantic_masks=Masks.from_dense(WHOLE[None])), 1),
    ("semantic_masks", "voc", lambda: layered(WHOLE), 1),
    ("overlaps", "masks", lambda: layered(WHOLE, mask((6, 6, 20, 15))), 1),
    ("sought", "coco", lambda: replace(boxed(BOX), sought=torch.tensor([True, False, True])), 1),
    ("unannotated", "yolo", lambda: Annotation(label=torch.tensor(0)), 1),
    ("unknown", "class_masks", lambda: replace(layered(WHOLE), semantic_masks_unknown=mask((0, 0, 4, 4))), 1),
]


@pytest.mark.parametrize(("kind", "form", "shown", "count"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_a_loss_is_refused_and_named(
    tmp_path: Path, kind: str, form: str, shown: Callable[[], Annotation], count: int
) -> None:
    # Two pictures without it come first, one of them sound for every form of objects.
    sound = shown() if form in ("masks", "folder") else boxed(BOX)
    truth = shown()
    data = listing(sound, truth, ids=["first", "second"])
    if truth.has("instances.keypoints"):
        data.joints = MARKS
    others = [name for name in KINDS if name != kind]
    with pytest.raises(DataError, match=rf"{kind}: \d+ .*the first in train: (first|second)") as caught:
        convert(data, tmp_path / "out", form, allow=others)
    assert f"--allow-loss {kind}," in str(caught.value.cure)
    assert not list(tmp_path.iterdir())
    if kind != "pictures":
        written = convert(data, tmp_path / "out", form, allow=KINDS)
        assert written.lost.counts[kind] == count * (1 + (sound is not None and form in ("masks", "folder")))


def test_every_kind_has_its_case() -> None:
    # What is left out has tests of its own.
    assert {case[0] for case in CASES} >= set(KINDS) - {"joints", "masks", "outlines", "left_out"}


def test_yolo_holds_joints_or_outlines(tmp_path: Path) -> None:
    both = painted(WHOLE, keypoints=torch.tensor([[[3.0, 4], [5, 6], [7, 8]]]), visible=torch.tensor([[2, 1, 2]]))
    data = listing(both, joints=Joints(("joint_0", "joint_1", "joint_2")))
    with pytest.raises(DataError, match="masks: 1 "):
        convert(data, tmp_path / "a", "yolo")
    convert(data, tmp_path / "a", "yolo", allow=["masks"])
    assert not differences(data, open_data(tmp_path / "a")) - {"masks", "masked"}
    convert(data, tmp_path / "b", "yolo", allow=["keypoints"])
    assert not differences(data, open_data(tmp_path / "b")) - {"keypoints", "visible"}


def test_bones_that_yolo_would_forget(tmp_path: Path) -> None:
    data = listing(jointed(), joints=MARKS)
    with pytest.raises(DataError, match="joints: 1 "):
        convert(data, tmp_path / "a", "yolo")
    convert(data, tmp_path / "b", "coco")
    assert open_data(tmp_path / "b").joints == MARKS


def test_joints_outside_the_picture_are_no_joints_in_yolo(tmp_path: Path) -> None:
    edge = boxed(BOX, keypoints=torch.tensor([[[0.0, 0], [30, 20], [7, 8]]]), visible=torch.tensor([[2, 1, 2]]))
    data = listing(strayed(), edge, joints=Joints(("a", "b", "c")))
    convert(data, tmp_path / "out", "yolo", allow=["outside"])
    lines = [(tmp_path / f"out/labels/train/{name}.txt").read_text().split()[5:] for name in "01"]
    assert lines[0] == ["0"] * 9
    assert lines[1][:6] == ["0", "0", "2", "1", "1", "1"]
    read = open_data(tmp_path / "out")
    assert [read.truth(index).instances.visible.tolist() for index in (0, 1)] == [[[0, 0, 0]], [[2, 1, 2]]]


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_names_and_constants_of_joints_come_back(tmp_path: Path, form: str) -> None:
    told = Joints(("left_tip", "right_tip", "palm"), ((0, 1),), (), (0.01, 0.02, 0.3))
    convert(listing(jointed(), joints=told), tmp_path / form, form)
    assert open_data(tmp_path / form).joints == told


def test_what_is_allowed_keeps_its_sense(tmp_path: Path) -> None:
    """A crowd is never learnt as a plain object; a hole is filled; the largest part stays."""
    convert(listing(flagged("crowd")), tmp_path / "voc", "voc", allow=["crowds", "label", "labels"])
    assert open_data(tmp_path / "voc").truth(0).instances.difficult.tolist() == [True, False]
    convert(listing(flagged("crowd")), tmp_path / "yolo", "yolo", allow=["crowds"])
    assert len(open_data(tmp_path / "yolo").truth(0).instances) == 1
    holed = listing(painted(mask((2, 3, 12, 9), (15, 3, 18, 9), holes=((5, 5),))))
    convert(holed, tmp_path / "holed", "yolo", allow=["holes", "parts", "areas", "boxes"])
    assert open_data(tmp_path / "holed").truth(0).instances.masks.dense()[0].equal(WHOLE)


def test_pictures_keep_their_bytes(tmp_path: Path) -> None:
    convert(listing(boxed(BOX), boxed(BOX)), tmp_path / "a", "coco")
    (tmp_path / "a/train/sub").mkdir()
    save_picture(tmp_path / "a/train/0.png", 20, 30)
    picture = (tmp_path / "a/train/0.png").read_bytes()
    for form in ("voc", "yolo", "coco"):
        convert(tmp_path / "a", tmp_path / form, form)
        copies = [path for path in (tmp_path / form).rglob("0.png") if "Segmentation" not in str(path)]
        assert [copy.read_bytes() for copy in copies] == [picture]
    convert(tmp_path / "a", tmp_path / "linked", "yolo", link=True)
    assert (tmp_path / "linked/images/train/0.png").samefile(tmp_path / "a/train/0.png")


def test_names_that_meet_are_told_apart(tmp_path: Path) -> None:
    names = ["a/1.png", "a/1.jpg", "b/..1", "b/A B#?", "b/.1", "b/a b__"]
    data = Listing([boxed(BOX)] * 6, [(20, 30)] * 6, frozenset({"instances.boxes"}), ids=names)
    for form in ("coco", "voc", "yolo"):
        convert(data, tmp_path / form, form)
        read = open_data(tmp_path / form)
        stems = {read.id(index).rpartition("/")[2] for index in range(6)}
        assert len(read) == 6
        assert {"1.png", "1_2.png", "A B__.png", "a b___2.png"} <= stems


def test_names_of_classes_that_a_form_cannot_hold(tmp_path: Path) -> None:
    for name, form in (("a\nb", "voc"), (" a", "masks"), ("a/b", "folder"), (".a", "folder")):
        data = listing(painted(WHOLE), classes=(name, "x"), semantic_classes=(name, "x"))
        with pytest.raises(DataError, match="names of classes"):
            convert(data, tmp_path / "out", form, allow=KINDS)
    assert not list(tmp_path.iterdir())


def test_wrong_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a format among"):
        convert(listing(boxed()), tmp_path / "out", "tfrecord")
    with pytest.raises(UsageError, match="kinds of loss"):
        convert(listing(boxed()), tmp_path / "out", "coco", allow=["everything"])


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenes = str(tmp_path / "scenes")
    assert cli.main(["data", "make", "scenes", scenes, "--count", "2", "--size", "32"]) == 0
    assert "2 train, 50 val pictures written" in capsys.readouterr().out
    words = ["data", "convert", f"coco:{scenes}", str(tmp_path / "yolo"), "--to", "yolo", "--split", "train"]
    assert cli.main(words) == 1
    assert "masks: " in capsys.readouterr().err
    assert cli.main([*words, "--lossy"]) == 0
    assert "not in it: masks: " in capsys.readouterr().out
    assert len(open_data(tmp_path / "yolo")) == 2
    assert cli.main([*words, "--lossy"]) == 2
    assert cli.main([*words[:-2], "--allow", "masks"]) == 2


@pytest.mark.parametrize("form", FORMS)
def test_scenes_in_every_form(tmp_path: Path, form: str) -> None:
    out = tmp_path / form
    assert cli.main(["data", "make", "scenes", str(out), "--count", "2", "--size", "24", "--to", form]) == 0
    assert len(open_data(out, "val")) == 50
