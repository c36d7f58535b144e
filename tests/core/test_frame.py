"""What a frame does it undoes: points, boxes, rows and maps, for every rule of size."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from saccade.core.annotation import Annotation, Instances
from saccade.core.frame import Frame
from saccade.core.geometry.affine import about, mirror, rotation, scaling, translation
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks

SPECS = [
    InputSpec(),
    InputSpec.stretch(32),
    InputSpec("letterbox", (48, 32)),
    InputSpec("shorter", shorter=40, longest=60),
]


def framed(spec: InputSpec, size: tuple[int, int], pairs: tuple[tuple[int, int], ...] = ()) -> Frame:
    frame = spec.frame(size)
    return Frame(frame.matrix, frame.source, frame.target, pairs)


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool((a - b).abs().max() < 1e-3)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.sampled_from(SPECS), st.integers(20, 90), st.integers(20, 90), st.booleans())
def test_boxes_and_joints_come_back(spec: InputSpec, height: int, width: int, flip: bool):
    frame = framed(spec, (height, width), ((0, 1),))
    frame = frame.then(mirror(frame.target[1]), frame.target) if flip else frame
    boxes = torch.tensor([[1.0, 2.0, 11.5, 17.0], [0.0, 0.0, width, height]])
    joints = torch.tensor([[[3.0, 4.0], [5.5, 6.5], [19.0, 1.0]]]).expand(2, -1, -1)
    visible = torch.tensor([[0, 1, 2], [2, 1, 0]])
    truth = Annotation(instances=Instances(boxes=boxes, keypoints=joints, visible=visible), pose=joints[0])
    moved = frame.apply(truth)
    back = frame.undo(moved)
    assert close(back.instances.boxes, boxes)
    assert close(back.instances.keypoints, joints)
    assert torch.equal(back.instances.visible, visible)
    assert close(back.pose, joints[0])
    if flip:
        assert torch.equal(moved.instances.visible, visible[:, [1, 0, 2]])


def test_a_frame_and_its_inverse_are_nothing():
    frame = Frame.identity((30, 40)).then(about(rotation(30), 20, 15), (30, 40)).then(scaling(2, 3), (90, 80))
    assert torch.allclose(frame.inverse().matrix @ frame.matrix, torch.eye(3, dtype=torch.float64))
    assert (frame.inverse().source, frame.inverse().target) == ((90, 80), (30, 40))
    assert Frame.identity((3, 4)).is_empty
    assert not frame.is_empty


def test_left_and_right_change_places_only_when_the_picture_is_mirrored():
    frame = Frame.identity((4, 4))
    assert not frame.mirrors
    assert frame.then(mirror(4), (4, 4)).mirrors
    assert not frame.then(rotation(180), (4, 4)).mirrors
    assert not frame.then(mirror(4), (4, 4)).then(mirror(4), (4, 4)).mirrors


def test_undo_clips_boxes_and_drops_no_row():
    frame = InputSpec.stretch(20).frame((10, 10))
    prediction = Annotation(instances=Instances(boxes=torch.tensor([[-4.0, 2, 30, 8], [40, 40, 50, 50]])))
    assert frame.undo(prediction).instances.boxes.tolist() == [[0, 1, 10, 4], [10, 10, 10, 10]]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.rule)
def test_dense_guesses_get_the_size_of_the_source(spec: InputSpec):
    frame = spec.frame((37, 53))
    prediction = Annotation(
        semantic=torch.zeros(frame.target, dtype=torch.int64),
        semantic_scores=torch.ones(3, *frame.target),
        contours=torch.full((2, *frame.target), 0.5),
        instances=Instances(masks=Masks.from_dense(torch.ones(1, *frame.target))),
    )
    back = frame.undo(prediction)
    assert back.semantic.shape == (37, 53)
    assert (back.semantic == 0).all()
    assert torch.allclose(back.semantic_scores, torch.ones(3, 37, 53))
    assert torch.allclose(back.contours, torch.full((2, 37, 53), 0.5))
    assert back.instances.masks.dense().shape == (1, 37, 53)
    assert back.instances.masks.dense().all()


def test_what_a_centre_crop_cut_away_is_unknown():
    frame = InputSpec.centre_crop(4, 4).frame((4, 10))
    prediction = Annotation(
        semantic=torch.zeros(4, 4, dtype=torch.int64),
        semantic_scores=torch.ones(2, 4, 4),
        contours=torch.ones(1, 4, 4),
        instances=Instances(masks=Masks.from_dense(torch.ones(1, 4, 4))),
    )
    back = frame.undo(prediction)
    assert back.semantic.tolist() == [[255] * 3 + [0] * 4 + [255] * 3] * 4
    for maps in (back.semantic_scores[0], back.contours[0], back.instances.masks.dense()[0]):
        assert maps.tolist() == [[0] * 3 + [1] * 4 + [0] * 3] * 4


def test_a_batch_s_padding_is_cut_before_the_way_back():
    frame = InputSpec.stretch(4).frame((2, 2))
    padded = torch.full((8, 6), 7)
    padded[:4, :4] = 1
    scores = functional.one_hot(padded, 8).permute(2, 0, 1).float()
    back = frame.undo(Annotation(semantic=padded, semantic_scores=scores))
    assert back.semantic.tolist() == [[1, 1], [1, 1]]
    assert torch.allclose(back.semantic_scores[1], torch.ones(2, 2))
    with pytest.raises(ValueError, match="semantic of at least"):
        frame.undo(Annotation(semantic=padded[:3]))


def elastic_frame() -> Frame:
    draw = torch.Generator().manual_seed(5)
    field = 2 * functional.interpolate(torch.randn(1, 2, 4, 5, generator=draw), (60, 80), mode="bicubic")[0]
    matrix = translation(2, 1) @ scaling(1.5, 1.25)
    return Frame(matrix, (44, 50), (60, 80), displacement=field)


def test_elastic_frames_are_undone_too():
    frame = elastic_frame()
    points = torch.tensor([[10.0, 10.0], [25.0, 20.0], [40.0, 35.0]])
    blob = torch.zeros(44, 50, dtype=torch.int64)
    blob[10:30, 15:35] = 1
    moved = frame.apply(Annotation(pose=points, semantic=blob))
    straight = Frame(frame.matrix, frame.source, frame.target).apply(Annotation(pose=points))
    assert (moved.pose - straight.pose).abs().max() > 0.5
    back = frame.undo(moved)
    assert (back.pose - points).abs().max() < 0.05
    assert (back.semantic != blob).float().mean() < 0.02


def test_an_elastic_frame_followed_by_a_map_moves_as_both_one_after_the_other():
    frame, matrix = elastic_frame(), about(rotation(20), 40, 30) @ scaling(0.8, 0.8)
    points = Annotation(pose=torch.tensor([[10.0, 10.0], [25.0, 20.0], [40.0, 35.0]]))
    both = frame.then(matrix, (60, 80)).apply(points).pose
    after = Frame(matrix, (60, 80), (60, 80)).apply(frame.apply(points)).pose
    assert (both - after).abs().max() < 0.02
