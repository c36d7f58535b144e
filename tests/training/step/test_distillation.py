"""What a teacher tells in a training's steps: nothing where both say the same, and of the classes that it knows."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.batch import Batch
from saccade.data.datasets.picture import picture_of
from saccade.data.scenes import Scenes
from saccade.losses.scores import FocalScores, ScoreLoss, SigmoidScores, SoftmaxScores
from saccade.network.system import System
from saccade.ops.boxes.assign import unclaimed
from saccade.systems.build import build
from saccade.training.setup.weights.class_rows import class_rows
from saccade.training.step.distillation import Distillation, taught_heads

KNOWN, MORE = ("cat", "dog"), ("owl", "dog", "cat")
PLACES = torch.tensor([2, 1])
SMALL: dict[str, Any] = {"trunk": "resnet18", "width": 1 / 8, "size": 64, "neck_channels": 16}


@pytest.mark.parametrize("loss", [SoftmaxScores(), SigmoidScores(), FocalScores()])
def test_scores_of_classes_that_the_teacher_does_not_know_are_free(loss: ScoreLoss) -> None:
    torch.manual_seed(0)
    told = torch.randn(5, loss.channels(2))
    first = loss.channels(2) - 2  # background
    own = torch.zeros(5, loss.channels(3))
    own[:, :first] = told[:, :first]
    own[:, PLACES + first] = told[:, first:]
    own[:, first] = -30.0  # the new class is nowhere
    sought = torch.tensor([False, True, True])
    assert loss.distance(own, told, PLACES) == pytest.approx(torch.zeros(5), abs=1e-5)
    # What the teacher calls background may be of the new class; nothing that it calls an object may.
    moved = own.clone()
    if first:
        moved[:, first] = moved[:, 0]
        moved[:, 0] = -30.0
    else:
        moved[:, 0] = 5.0
    assert loss.distance(moved, told, PLACES, sought) == pytest.approx(torch.zeros(5), abs=1e-5)
    if first:  # … where that was sought, it would have been annotated
        assert (loss.distance(moved, told, PLACES) > 1e-3).all()
    other = own.clone()
    other[:, PLACES[0] + first] += 1.0
    assert (loss.distance(other, told, PLACES) > 1e-3).all()


def test_the_distance_of_softmax_is_the_divergence_from_the_teacher() -> None:
    torch.manual_seed(1)
    own, told = torch.randn(4, 4), torch.randn(4, 3)
    p = own.softmax(1)
    merged = torch.stack([p[:, 0] + p[:, 1], p[:, 3], p[:, 2]], 1)
    wanted = F.kl_div(merged.log(), told.softmax(1), reduction="none").sum(1)
    torch.testing.assert_close(SoftmaxScores().distance(own, told, PLACES, torch.tensor([False, True, True])), wanted)


def pair(name: str, **options: Any) -> tuple[System, System]:
    """A teacher, and a learner that begins with what it knows, and sees its new class nowhere."""
    torch.manual_seed(0)
    teacher, learner = (build(name, names, **SMALL | options) for names in (KNOWN, MORE))
    for parameter in teacher.heads.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    held = {key: value.clone() for key, value in teacher.state_dict().items()}
    own = learner.state_dict()
    learner.load_state_dict({key: value for key, value in held.items() if value.shape == own[key].shape}, strict=False)
    other = [key for key, value in held.items() if value.shape != own[key].shape]
    learner.load_state_dict(class_rows(learner, other, held, teacher.vocabularies), strict=False)
    with torch.no_grad():
        for key, value in learner.named_parameters():
            if (key.endswith("score.bias") and value.shape == (4,)) or key.endswith("score.8.bias"):
                value[1 if value.shape == (4,) else slice(0, None, 3)] = -30.0
    return teacher, learner


def batch_of(system: System) -> Batch:
    data = Scenes(count=2, size=64, seed=3)
    return system.batch([picture_of(data, place, 3) for place in range(2)])


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("retinanet", {"boxes/teacher_class", "boxes/teacher_box"}),
        ("faster_rcnn", {f"regions/{one}" for one in ("teacher_class", "teacher_box")}),
        ("mask_rcnn", {f"regions/{one}" for one in ("teacher_class", "teacher_box", "teacher_mask")}),
    ],
)
def test_a_learner_that_says_the_same_costs_nothing_and_another_does(name: str, terms: set[str]) -> None:
    teacher, learner = pair(name)
    if name != "retinanet":
        terms = terms | {"regions/propose_teacher_class", "regions/propose_teacher_box"}
    distillation, batch = Distillation(teacher, learner.eval()), batch_of(learner)
    found = distillation.terms(learner.maps(batch), batch)
    assert set(found) == terms
    cost = {key: value.item() for key, value in found.items() if not key.endswith("mask")}  # binary entropy stays
    assert cost == pytest.approx(dict.fromkeys(cost, 0.0), abs=1e-4)
    with torch.no_grad():
        for key, parameter in learner.heads.named_parameters():
            if key.endswith("weight"):
                parameter += 0.05 * torch.randn_like(parameter)
    moved = distillation.terms(learner.maps(batch), batch)
    assert sum(moved[key].item() for key in cost) > 1e-3
    assert all(parameter.grad is None for parameter in teacher.parameters())
    torch.stack(list(moved.values())).sum().backward()
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert any(parameter.grad is not None for parameter in learner.parameters())


def test_of_annotated_objects_a_teacher_tells_nothing() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 6, 10, 16], [40, 40, 50, 50]]]).repeat(2, 1, 1)
    shown = Annotation(instances=Instances(torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([0])))
    assert unclaimed(boxes, [shown, Annotation()]).tolist() == [[False, False, True, True], [True] * 4]


def test_who_begins_otherwise_is_not_taught_so() -> None:
    teacher, learner = pair("faster_rcnn")
    assert tuple(taught_heads(learner, teacher)) == ("regions",)
    assert tuple(taught_heads(learner.with_input(learner.input.resized(96)), teacher)) == ()
    with torch.no_grad():
        next(learner.trunk.parameters()).add_(1.0)
    assert tuple(taught_heads(learner, teacher)) == ()
    assert tuple(taught_heads(*pair("faster_rcnn", boxes="agnostic"))) == ("regions",)
    assert tuple(taught_heads(build("keypoint_rcnn", MORE, **SMALL), build("keypoint_rcnn", KNOWN, **SMALL))) == ()


def test_a_training_with_its_own_run_as_teacher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, options = "scenes:count=6,size=64,seed=1", {**SMALL, "workers": 0, "batch": 2, "augment": "none"}
    classes = sc.open_data(data).vocabularies["instances"]
    sc.train("faster_rcnn", data, tmp_path / "old", steps=1, class_subset=classes[:3], **options)
    old = str(tmp_path / "old")
    sc.train(
        "faster_rcnn", data, tmp_path / "new", steps=2, class_subset=classes[3:5], init=old, teacher=old, **options
    )
    said = capsys.readouterr().err
    assert "count from a score" not in said  # nothing was annotated by it
    assert "tells in every step what it sees of the objects that it knows" in said
    assert "cannot be learnt" not in said
    lines = (tmp_path / "new" / "metrics.jsonl").read_text()
    assert "loss/regions/teacher_class" in lines
    assert sc.load(tmp_path / "new").vocabularies["instances"] == (*classes[:3], *classes[3:5])
