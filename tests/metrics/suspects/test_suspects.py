"""Annotations that are made wrong on purpose come first; those that a network agrees with do not."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies
from saccade.metrics.suspects.calibration import probabilities
from saccade.metrics.suspects.finders import FINDERS, finders
from saccade.metrics.suspects.joints import JointSuspects
from saccade.metrics.suspects.labels import LabelSuspects, SeveralLabelSuspects
from saccade.metrics.suspects.objects import ObjectSuspects
from saccade.metrics.suspects.pixels import PixelSuspects
from saccade.metrics.suspects.suspect import Finder, Suspect, ranked

PICTURES = 40
CLASSES = ("cat", "dog")
Rows = list[tuple[float, float, float, float]]


def test_the_class_of_a_picture() -> None:
    finder = LabelSuspects(CLASSES)
    for picture, (label, cat) in enumerate([(0, 0.9), (0, 0.1), (1, 0.4)]):
        scores = torch.tensor([cat, 1 - cat])
        finder.add(picture, Annotation(label_scores=scores), Annotation(label=torch.tensor(label)))
    worst = ranked(list(finder.suspects()))
    assert [one.picture for one in worst] == [1, 2, 0]
    assert (worst[0].found, worst[0].expected) == ("cat", "dog")
    assert worst[0].suspicion == pytest.approx(0.81)


def test_several_classes_of_a_picture_and_unknown_ones() -> None:
    finder = SeveralLabelSuspects(("a", "b", "c"))
    said = Annotation(label_scores=torch.tensor([0.2, 0.7, 0.99]))
    finder.add(0, said, Annotation(labels=torch.tensor([1, 0, -1])))
    assert [(one.kind, round(one.suspicion, 3)) for one in ranked(list(finder.suspects()))] == [
        ("nothing there", 0.8),
        ("missing", 0.7),
    ]


def _objects(boxes: Rows, labels: Iterable[int], **more: Any) -> Instances:
    return Instances(boxes=torch.tensor(boxes).view(-1, 4), labels=torch.tensor(list(labels)), **more)


def _square(picture: int) -> tuple[float, float, float, float]:
    return (10.0 + picture, 20.0, 50.0 + picture, 60.0)


def _looked_at(wrong: dict[int, Annotation], masks: bool = False) -> list[Suspect]:
    """Pictures of one cat each, which a good network finds, in some of which the annotation is another."""
    finder = ObjectSuspects(CLASSES)
    for picture in range(PICTURES):
        box = _square(picture)
        said = tuple(side + 0.05 * (picture % 3) for side in box)
        shape: dict[str, Any] = {"masks": _masks([box])} if masks else {}
        found = _objects([said], [0], scores=torch.tensor([0.6 + 0.01 * (picture % 5)]), **shape)
        shown = wrong.get(picture, Annotation(instances=_objects([box], [0], **shape)))
        finder.add(picture, Annotation(instances=found), shown)
    return ranked(list(finder.suspects()))


def _masks(boxes: Rows) -> Masks:
    dense = torch.zeros(len(boxes), 80, 120, dtype=torch.bool)
    for row, (x1, y1, x2, y2) in enumerate(boxes):
        dense[row, int(y1) : int(y2), int(x1) : int(x2)] = True
    return Masks.from_dense(dense)


def test_each_kind_of_error_of_objects_comes_first() -> None:
    x1, y1, x2, y2 = _square(3)
    wrong = {
        1: Annotation(instances=_objects([_square(1)], [1])),
        2: Annotation(instances=_objects([], [])),
        3: Annotation(instances=_objects([(x1 + 22, y1, x2 + 22, y2)], [0])),
        4: Annotation(instances=_objects([_square(4), (80.0, 0.0, 100.0, 15.0)], [0, 0])),
    }
    worst = _looked_at(wrong)[:4]
    assert {(one.picture, one.kind) for one in worst} == {
        (1, "class"),
        (2, "missing"),
        (3, "box"),
        (4, "nothing there"),
    }
    by_picture = {one.picture: one for one in worst}
    assert (by_picture[1].found, by_picture[1].expected, by_picture[1].row) == ("dog", "cat", 0)
    assert by_picture[2].row is None
    assert by_picture[4].row == 1
    rest = _looked_at(wrong)[4:]
    assert max(one.suspicion for one in rest) < 0.5 * min(one.suspicion for one in worst)


def test_a_box_that_was_moved_among_others_is_drawn_badly() -> None:
    """What finds the object overlaps a neighbour more, which is found by another, and so it speaks of this one."""
    x1, y1, x2, y2 = _square(3)
    neighbour, moved = (x1, y1 + 22, x2, y2 + 22), (x1 + 26, y1 - 5, x2 + 26, y2 - 5)
    finder = ObjectSuspects(CLASSES)
    for picture in range(PICTURES):
        said = _objects([_square(3), neighbour], [0, 0], scores=torch.tensor([0.9, 0.9]))
        shown = _objects([moved if picture == 0 else _square(3), neighbour], [0, 0])
        finder.add(picture, Annotation(instances=said), Annotation(instances=shown))
    worst, *rest = ranked(list(finder.suspects()))
    assert (worst.picture, worst.kind, worst.row) == (0, "box", 0)
    assert not [one for one in rest if one.kind == "missing" and one.suspicion > 0]
    assert max(one.suspicion for one in rest) < 0.1 * worst.suspicion


def test_a_mask_that_does_not_fit_its_box() -> None:
    x1, y1, x2, y2 = _square(5)
    half = _masks([(x1, y1, x2, (y1 + y2) / 2 - 5)])
    worst = _looked_at({5: Annotation(instances=_objects([_square(5)], [0], masks=half))}, masks=True)[0]
    assert (worst.picture, worst.kind) == (5, "mask")


def test_crowds_and_classes_that_were_not_sought_are_no_errors() -> None:
    crowd = _objects([_square(6)], [1], crowd=torch.tensor([True]))
    unsought = Annotation(instances=_objects([], []), sought=torch.tensor([False, True]))
    found = _looked_at({6: Annotation(instances=crowd), 7: unsought})
    assert not [one for one in found if one.picture in (6, 7) and one.suspicion > 0]


def test_no_predictions_at_all_accuse_nobody() -> None:
    finder = ObjectSuspects(CLASSES)
    finder.add(0, Annotation(instances=_objects([], [])), Annotation(instances=_objects([_square(0)], [0])))
    assert [one.suspicion for one in finder.suspects()] == [0.0]


@pytest.mark.parametrize(("overlooked", "suspicion"), [(1, 0.99 * 0.5), (10, 0.9 * 0.2), (50, 0.5 * 0.04)])
def test_to_be_overlooked_is_suspicious_where_it_is_rare(overlooked: int, suspicion: float) -> None:
    """Of a hundred objects all but some are found; where one alone is not, it is as likely hard to find as made up."""
    finder = ObjectSuspects(CLASSES)
    for picture in range(100):
        there = _objects([_square(0)], [0])
        said = _objects([], []) if picture < overlooked else replace(there, scores=torch.tensor([0.9]))
        finder.add(picture, Annotation(instances=said), Annotation(instances=there))
    worst = ranked(list(finder.suspects()))[0]
    assert (worst.kind, worst.picture < overlooked) == ("nothing there", True)
    assert worst.suspicion == pytest.approx(suspicion)


def test_scores_become_probabilities() -> None:
    draw = np.random.default_rng(0)
    scores = draw.random(4000)
    right = draw.random(4000) < scores**2
    found = probabilities(scores, right, np.zeros(4000, np.int64))
    assert np.abs(found - scores**2).mean() < 0.03
    assert (np.diff(found[scores.argsort()]) >= 0).all()


def _pixels(changed: Tensor | None = None) -> Annotation:
    truth = torch.zeros(60, 80, dtype=torch.int64)
    truth[10:40, 20:60] = 1
    return Annotation(semantic=truth if changed is None else changed)


def test_regions_of_pixels_and_thin_borders() -> None:
    truth = _pixels().semantic
    assert truth is not None
    scores = torch.stack([(truth == 0).float(), (truth == 1).float()])
    said = Annotation(semantic=truth, semantic_scores=scores)
    forgotten, moved, ignored = truth.clone(), truth.roll(1, 1), truth.clone()
    forgotten[10:25, 20:40] = 0
    ignored[10:25, 20:40] = 255
    finder = PixelSuspects(("ground", "thing"))
    for picture, changed in enumerate((truth, moved, forgotten, ignored)):
        finder.add(picture, said, _pixels(changed))
    (found,) = finder.suspects()
    assert (found.picture, found.found, found.expected) == (2, "ground", "thing")
    assert found.box == (20.0, 10.0, 40.0, 25.0)
    assert found.suspicion > 0.9


def test_a_joint_that_lies_elsewhere() -> None:
    draw = torch.Generator().manual_seed(0)
    finder = JointSuspects(("head", "hip", "foot"))
    for picture in range(20):
        pose = 100 * torch.rand(3, 2, generator=draw)
        truth = pose + torch.randn(3, 2, generator=draw)
        if picture == 7:
            truth[1] += 60
        finder.add(picture, Annotation(pose=pose), Annotation(pose=truth, pose_visible=torch.tensor([2, 1, 2])))
    worst = ranked(list(finder.suspects()))[0]
    assert (worst.picture, worst.kind) == (7, "joint")
    assert worst.found.startswith("hip at")


def test_rules_are_chosen_by_fields() -> None:
    names = Vocabularies({"instances": CLASSES, "semantic": ("ground",)})
    fields = {"label", "instances.boxes", "instances.labels", "semantic"}
    chosen = finders(fields, {"instances.boxes", "instances.labels", "instances.scores", "semantic"}, names)
    assert [type(one) for one in chosen] == [ObjectSuspects, PixelSuspects]
    assert not finders({"contours"}, {"contours"}, names)
    made: list[Finder] = [row.make(()) for row in FINDERS]
    for rule in made:
        rule.add(0, Annotation(), Annotation())
        assert not list(rule.suspects())
