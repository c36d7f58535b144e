"""The rules by which contracts judge answers: the truth agrees with itself, a wrong answer of any field does not."""

from dataclasses import fields, replace
from types import SimpleNamespace

import pytest
import torch
from agreement import RULES, disagreements, without_rule
from contract_cases import CLASSES, shown

from saccade.core.annotation import Annotation, Instances
from saccade.core.masks import Masks

TRUTH = shown(0, 64).truth
SIDE = 64
LAYERS = TRUTH.semantic_masks.dense()


def perfect() -> Annotation:
    """The truth as a prediction: with scores, and nothing that answers have not."""
    rows, label = TRUTH.instances, TRUTH.label
    told = Instances(
        boxes=rows.boxes,
        labels=rows.labels,
        scores=torch.tensor([0.9, 0.8]),
        masks=rows.masks,
        keypoints=rows.keypoints,
        visible=rows.visible,
        keypoint_scores=torch.ones(rows.visible.shape),
    )
    pixels = torch.nn.functional.one_hot(TRUTH.semantic, CLASSES).permute(2, 0, 1).float()
    scores = torch.full((CLASSES,), 0.1).index_fill(0, label[None], 0.8)
    found = replace(TRUTH, label_scores=scores, labels=None, instances=told, semantic_scores=pixels, person=None)
    return replace(found, semantic_mask_scores=LAYERS.float(), pose_scores=torch.ones(len(TRUTH.pose)))


def rows(**columns) -> Annotation:
    return replace(perfect(), instances=replace(perfect().instances, **columns))


LINES = TRUTH.contours
WRONG = {
    "label": replace(perfect(), label=torch.tensor(5)),
    "label_scores": replace(perfect(), label_scores=torch.full((CLASSES,), 0.1).index_fill(0, torch.tensor([7]), 0.8)),
    "labels": replace(perfect(), labels=1 - TRUTH.labels),
    "instances.boxes": rows(boxes=TRUTH.instances.boxes + 20),
    "instances.labels": rows(labels=torch.tensor([0, CLASSES])),
    "instances.scores": rows(scores=torch.tensor([0.8, 0.9])),
    "instances.masks": rows(masks=Masks.from_dense(~TRUTH.instances.masks.dense())),
    "instances.keypoints": rows(keypoints=TRUTH.instances.keypoints.flip(1) + 3),
    "instances.visible": rows(visible=torch.zeros_like(TRUTH.instances.visible)),
    "instances.keypoint_scores": rows(keypoint_scores=torch.full(TRUTH.instances.visible.shape, 0.1)),
    "semantic": replace(perfect(), semantic=torch.full((SIDE, SIDE), CLASSES - 1)),
    "semantic_scores": replace(perfect(), semantic_scores=perfect().semantic_scores.roll(1, 0)),
    "semantic_masks": replace(perfect(), semantic_masks=Masks.from_dense(LAYERS.roll(1, 0))),
    "semantic_mask_scores": replace(perfect(), semantic_mask_scores=LAYERS * 0.4),
    "contours": replace(perfect(), contours=torch.zeros_like(LINES)),
    "pose": replace(perfect(), pose=TRUTH.pose + 6),
    "pose_visible": replace(perfect(), pose_visible=torch.zeros_like(TRUTH.pose_visible)),
    "pose_scores": replace(perfect(), pose_scores=torch.full((len(TRUTH.pose),), 0.1)),
}


def system(*gives: str) -> SimpleNamespace:
    return SimpleNamespace(gives=frozenset(gives), each_head=lambda: [])


@pytest.mark.parametrize("field", sorted(RULES))
def test_the_truth_agrees_and_a_wrong_or_missing_answer_does_not(field: str) -> None:
    asked = system(field, "instances.labels") if field == "instances.boxes" else system(field)
    right = replace(perfect(), labels=TRUTH.labels) if field == "labels" else perfect()
    assert disagreements(asked, [right], (TRUTH,)) == []
    assert field in disagreements(asked, [WRONG[field]], (TRUTH,))
    assert field in disagreements(asked, [Annotation()], (TRUTH,))


@pytest.mark.parametrize(
    "field", [f"instances.{column}" for column in ("masks", "keypoints", "visible", "keypoint_scores")]
)
def test_no_rows_are_no_agreement(field: str) -> None:
    nothing = replace(perfect(), instances=perfect().instances[[]])
    assert disagreements(system(field), [nothing], (TRUTH,)) == [field]


def test_a_line_a_pixel_off_is_on_the_line_and_all_lines_are_not_the_truth() -> None:
    line = torch.zeros(1, SIDE, SIDE).index_fill(1, torch.tensor([20]), 1.0)
    truth = replace(TRUTH, contours=line)
    agrees = {
        name: RULES["contours"](Annotation(contours=prediction), truth)
        for name, prediction in {
            "beside": line.roll(1, 1),
            "off": line.roll(2, 1),
            "everywhere": torch.ones_like(line),
        }.items()
    }
    assert agrees == {"beside": True, "off": False, "everywhere": False}


def test_scores_of_many_classes_are_judged_one_by_one() -> None:
    both = Annotation(labels=TRUTH.labels, label_scores=TRUTH.labels.float())
    assert RULES["label_scores"](both, TRUTH)
    assert not RULES["label_scores"](replace(both, label_scores=TRUTH.labels * 0.4), TRUTH)


def test_a_field_without_a_rule_fails_whatever_is_answered() -> None:
    assert without_rule({"semantic", "person.scale"}) == ["person.scale"]
    assert disagreements(system("semantic", "depth"), [perfect()], (TRUTH,)) == ["depth"]


def test_every_field_that_answers_have_has_a_rule() -> None:
    told = {f.name for f in fields(Annotation)} - {"instances", "person", "sought", "semantic_sought"}
    told -= {"semantic_masks_unknown", "pose_maps"}  # they stand beside masks and joints
    columns = {f"instances.{f.name}" for f in fields(Instances)} - {
        # Mask scores are what masks are painted of, and are gone from what is told.
        f"instances.{n}"
        for n in ("area", "crowd", "difficult", "masked", "mask_scores")
    }
    assert told | columns == RULES.keys()
