"""Where classes join those that a run knows, the new network says of the old ones what the run says."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.core.vocabulary import Names, Vocabularies
from saccade.network.system import System
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.run_folder import RunFolder
from saccade.systems.build import build
from saccade.training.setup.weights.class_rows import ClassLayout
from saccade.training.setup.weights.init_weights import take_weights

KNOWN, MORE = ("cat", "dog", "cow"), ("owl", "cow", "cat", "bat")
BOTH = ("cow", "cat")
SMALL = {"trunk": "resnet18", "width": 1 / 8, "size": 64}


def drawn(name: str, classes: Names, seed: int, **options: Any) -> System:
    """A system whose weights are all drawn, those of last layers large."""
    torch.manual_seed(seed)
    system = build(name, classes, **options)
    with torch.no_grad():
        for parameter in system.heads.parameters():
            parameter.normal_(std=0.2)
    return system.eval()


def learnt(system: System, path: Path, classes: Names) -> Path:
    """A run whose network has these weights."""
    checkpoint.save(path / "checkpoints", "step-1", system.state_dict(), None, {"step": 1})
    RunFolder(path).write_config({"system": system.origin, "classes": Vocabularies.of(classes).plain()})
    return path


def pair(tmp_path: Path, name: str, known: Names = KNOWN, more: Names = MORE, **options: Any) -> tuple[System, System]:
    """A system that has learnt the known classes, and one of more that begins with its weights."""
    before, after = (drawn(name, names, seed, **options) for seed, names in enumerate((known, more)))
    take_weights(after, learnt(before, tmp_path, known), trust_pickle=False)
    return before, after


def raw(system: System, head: str) -> Any:
    image = (torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(3)) * 255).byte()
    with torch.no_grad():
        return system(system.batch([image]))[head]


def places(names: tuple[str, ...], background: int = 0) -> list[int]:
    return [*range(background), *(names.index(name) + background for name in BOTH)]


def check_same(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other)
    assert one.abs().max() > 0


def test_classes_of_whole_pictures(tmp_path: Path) -> None:
    before, after = pair(tmp_path, "resnet18", width=1 / 8, size=64)
    one, other = raw(before, "label").logits, raw(after, "label").logits
    check_same(one[:, places(KNOWN)], other[:, places(MORE)])
    assert not torch.isclose(one[:, KNOWN.index("dog")], other).any()


def test_classes_of_anchors(tmp_path: Path) -> None:
    before, after = pair(tmp_path, "retinanet", neck_channels=16, **SMALL)
    (one, other), head = (raw(system, "boxes") for system in (before, after)), before.heads["boxes"]
    assert head.classes == len(KNOWN)
    check_same(torch.cat(one.logits, 1)[..., places(KNOWN)], torch.cat(other.logits, 1)[..., places(MORE)])
    check_same(torch.cat(one.codes, 1), torch.cat(other.codes, 1))


def test_classes_and_background_of_anchors(tmp_path: Path) -> None:
    before, after = pair(tmp_path, "ssd300", width=1 / 8, size=64)
    one, other = raw(before, "boxes"), raw(after, "boxes")
    check_same(torch.cat(one.logits, 1)[..., places(KNOWN, 1)], torch.cat(other.logits, 1)[..., places(MORE, 1)])


@pytest.mark.parametrize("boxes", ["per_class", "agnostic"])
def test_classes_boxes_and_background_of_regions(tmp_path: Path, boxes: str) -> None:
    before, after = pair(tmp_path, "faster_rcnn", neck_channels=16, boxes=boxes, **SMALL)
    one, other = (raw(system, "regions").tops["box"] for system in (before, after))
    check_same(one.logits[..., places(KNOWN, 1)], other.logits[..., places(MORE, 1)])
    coded = (slice(None), slice(None)) if boxes == "agnostic" else (places(KNOWN, 1), places(MORE, 1))
    if one.codes.shape[-2] == len(KNOWN):  # background has no box
        coded = (places(KNOWN), places(MORE))
    check_same(one.codes[..., coded[0], :], other.codes[..., coded[1], :])


def test_a_mask_a_class(tmp_path: Path) -> None:
    before, after = pair(tmp_path, "mask_rcnn", neck_channels=16, **SMALL)
    one, other = (system.heads["regions"].tops["mask"].tower.score for system in (before, after))
    check_same(one.weight[places(KNOWN)], other.weight[places(MORE)])
    check_same(one.bias[places(KNOWN)], other.bias[places(MORE)])


@pytest.mark.parametrize(("name", "options"), [("unet", {}), ("fcn8s", {"upsample": "learnt", "at_once": True})])
def test_classes_of_pixels(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    before, after = pair(tmp_path, name, {"semantic": KNOWN}, {"semantic": MORE}, **SMALL, **options)
    own, found = before.state_dict(), after.state_dict()
    moved = [key for key in own if own[key].shape != found[key].shape and key != "heads.pixels.class_weights"]
    assert moved
    for key in moved:
        one, other = own[key], found[key]
        one, other = one[places(KNOWN)], other[places(MORE)]
        if one.dim() == 4 and one.shape[1] == len(KNOWN):  # a kernel a pair of classes
            one, other = one[:, places(KNOWN)], other[:, places(MORE)]
        check_same(one, other)


def test_each_head_by_its_own_classes(tmp_path: Path) -> None:
    known = {"instances": KNOWN, "semantic": ("sky", "cow", "cat")}
    more = {"instances": MORE, "semantic": ("cat", "cow", "sea", "ice")}
    before, after = pair(tmp_path, "many", known, more, heads=("label", "pixels"), **SMALL)
    one, other = (system.heads["label"].body[-1].weight for system in (before, after))
    check_same(one[places(KNOWN)], other[places(MORE)])
    one, other = (system.heads["pixels"].body[-1].weight for system in (before, after))
    check_same(one[places(known["semantic"])], other[places(more["semantic"])])


def test_what_is_taken_in_part_is_told_and_counts_as_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = (drawn("resnet18", names, 0, width=1 / 8, size=64) for names in (KNOWN, MORE))
    renewed = take_weights(after, learnt(before, tmp_path, KNOWN), trust_pickle=False)
    assert renewed == ["heads.label.body.2.weight", "heads.label.body.2.bias"]
    said = capsys.readouterr().err
    assert "taken for the classes that both know, by their names: heads.label.body.2.bias" in said
    assert "new" not in said


def test_other_classes_begin_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = ("oak", "elm", "ash", "fir")
    before, after = (drawn("resnet18", names, seed, width=1 / 8, size=64) for seed, names in enumerate((KNOWN, others)))
    start = after.state_dict()["heads.label.body.2.weight"].clone()
    take_weights(after, learnt(before, tmp_path, KNOWN), trust_pickle=False)
    assert after.state_dict()["heads.label.body.2.weight"].equal(start)
    assert "shape differs: heads.label.body.2.weight" in capsys.readouterr().err


@pytest.mark.parametrize("names", [("owl", "fox", "bat"), ("dog", "cat", "cow")], ids=["others", "another order"])
def test_as_many_other_classes_are_taken_as_they_stand_and_that_is_said(
    names: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = pair(tmp_path, "classifier", more=names, **SMALL)
    check_same(raw(after, "label").logits, raw(before, "label").logits)
    assert (
        "taken as they stand, though the run's classes are others, or in another order: heads."
        in capsys.readouterr().err
    )


def test_of_the_same_classes_nothing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = pair(tmp_path, "classifier", more=KNOWN, **SMALL)
    check_same(raw(after, "label").logits, raw(before, "label").logits)
    assert capsys.readouterr().err == ""


def test_a_mistake_changes_nothing(tmp_path: Path) -> None:
    before = drawn("resnet18", KNOWN, 0, width=1 / 8, size=64)
    after = drawn("resnet18", MORE, 1, width=1 / 4, size=64)
    start = {name: value.clone() for name, value in after.state_dict().items()}
    with pytest.raises(ConfigError, match="width"):
        take_weights(after, learnt(before, tmp_path, KNOWN), trust_pickle=False)
    assert all(value.equal(start[name]) for name, value in after.state_dict().items())


def test_a_layout_that_does_not_fit_is_none() -> None:
    layout = ClassLayout(("a", "b"), ("a", "b", "c"), together=1)
    assert layout.moved(torch.zeros(7), torch.ones(5)) is None
    assert layout.moved(torch.zeros(3, 6), torch.ones(2, 4)) is None  # what is read grew as well
    assert layout.moved(torch.zeros(3), torch.ones(2, 1)) is None
    found = layout.moved(torch.zeros(6), torch.arange(4.0) + 1)
    assert found is not None
    assert found.tolist() == [1, 2, 0, 3, 4, 0]


def test_kernels_a_pair_of_classes_may_begin_anew_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options: dict[str, Any] = {"upsample": "learnt", "at_once": True, **SMALL}
    before, after = (drawn("fcn8s", {"semantic": names}, seed, **options) for seed, names in enumerate((KNOWN, MORE)))
    file = learnt(before, tmp_path, ()) / "checkpoints"  # weights alone name no classes
    take_weights(after, file / "step-1", trust_pickle=False)
    assert "shape differs: heads.pixels.body" in capsys.readouterr().err
