"""Drawn maps keep their promises about ranges; what has left the picture is filtered once, by hand-sized numbers."""

import pytest
import torch

from saccade.core.annotation import Annotation, Instances
from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError
from saccade.core.geometry.affine import is_whole, stretches
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.data.augment.elastic import draw_displacement
from saccade.data.augment.geometry import refit, sample_frame
from saccade.data.augment.rng import RandomDraws, generator_for
from saccade.data.augment.visibility import keep_visible

SIZE = (60, 80)


def frames(augmentation: Augmentation, count: int = 40, spec: InputSpec | None = None):
    spec = spec or InputSpec()
    return [
        sample_frame(augmentation, spec, SIZE, Annotation(), RandomDraws(generator_for(0, 0, i))) for i in range(count)
    ]


def test_ranges_are_kept_and_used():
    factors = torch.tensor([stretches(f.matrix)[0] for f in frames(Augmentation(scale=(0.5, 2)))])
    assert 0.5 <= factors.min() < 0.7
    assert 1.5 < factors.max() <= 2
    angles = torch.tensor(
        [float(torch.atan2(f.matrix[1, 0], f.matrix[0, 0]).rad2deg()) for f in frames(Augmentation(rotate=30))]
    )
    assert -30 <= angles.min() < -15
    assert 15 < angles.max() <= 30
    shifts = torch.stack([f.matrix[:2, 2] for f in frames(Augmentation(translate=0.25))])
    assert (shifts.abs() <= torch.tensor([20, 15])).all()
    assert shifts[:, 0].abs().max() > 15
    assert 8 < sum(f.mirrors for f in frames(Augmentation(flip=0.5))) < 32


def test_turns_and_scales_keep_the_middle():
    middle = Annotation(pose=torch.tensor([[40.0, 30.0]]))
    for frame in frames(Augmentation(scale=(0.5, 2), rotate=90, shear=20, flip=0.5, flip_vertical=0.5), 10):
        assert torch.allclose(frame.apply(middle).pose, middle.pose, atol=1e-4)


def test_the_input_s_own_size_is_drawn_where_it_may_vary():
    spec = InputSpec("shorter", shorter=30, longest=200)
    found = frames(Augmentation(zoom=(0.5, 2)), 60, spec)
    sides = torch.tensor([f.target for f in found])
    assert 15 <= sides[:, 0].min() < 20
    assert 45 < sides[:, 0].max() <= 60
    torch.testing.assert_close(sides[:, 1] / sides[:, 0], torch.full((60,), 4 / 3), atol=0.08, rtol=0)
    for frame in found[:5]:  # the picture's corner is the frame's
        corner = frame.apply(Annotation(pose=torch.tensor([[80.0, 60.0]]))).pose[0]
        torch.testing.assert_close(corner, torch.tensor(frame.target).flip(0).float())
    assert {f.target for f in frames(Augmentation(zoom=(0.5, 2)), 9, InputSpec.stretch(32))} == {(32, 32)}


def test_padded_crops_shift_by_whole_pixels():
    shifts = {tuple(f.matrix[:2, 2].tolist()) for f in frames(Augmentation(pad_crop=2), 200)}
    assert shifts == {(float(x), float(y)) for x in range(-2, 3) for y in range(-2, 3)}


def test_random_crops_are_whole_windows_inside_the_picture():
    for frame in frames(Augmentation(crop_area=(0.08, 1)), 60, InputSpec.stretch(32)):
        corners = frame.inverse().apply(Annotation(pose=torch.tensor([[0.0, 0.0], [32.0, 32.0]]))).pose.flatten()
        assert all(is_whole(value) or abs(value - round(value)) < 1e-4 for value in corners.tolist())
        x1, y1, x2, y2 = corners.round().tolist()
        assert 0 <= x1 < x2 <= 80
        assert 0 <= y1 < y2 <= 60
        assert 0.07 <= (x2 - x1) * (y2 - y1) / 4800 <= 1
        assert 0.7 < (x2 - x1) / (y2 - y1) < 1.4


def test_a_crop_that_never_fits_is_the_widest_central_one():
    (frame,) = frames(Augmentation(crop_area=(1, 1), crop_aspect=(1, 1)), 1, InputSpec.stretch(60))
    assert torch.allclose(frame.matrix[:2, 2], torch.tensor([-10.0, 0.0]).double())


def test_a_frame_made_to_cover_another_size_keeps_its_shape_and_middle():
    (frame,) = frames(Augmentation(rotate=10), 1)
    small = refit(frame, (30, 20))
    assert small.target == (30, 20)
    assert stretches(small.matrix)[0] == pytest.approx(0.5)
    assert torch.allclose(small.apply(Annotation(pose=torch.tensor([40.0, 30.0]))).pose, torch.tensor([10.0, 15.0]))
    assert refit(frame, SIZE) is frame


def test_elastic_fields_are_smooth_and_as_strong_as_asked():
    field = torch.stack([draw_displacement((4, 32), (128, 160), RandomDraws(generator_for(0, 0, i))) for i in range(8)])
    assert field.shape == (8, 2, 128, 160)
    assert 2 < field.std() < 4.5
    assert field.diff(dim=-1).abs().max() < 1
    assert field.diff(dim=-2).abs().max() < 1
    with pytest.raises(ConfigError, match="quarter"):
        draw_displacement((20, 32), (64, 64), RandomDraws(generator_for(0, 0, 0)))


def test_rows_that_left_go_from_all_columns():
    boxes = torch.tensor([[2.0, 2, 6, 6], [-9, 0, 0.5, 8], [-4, 2, 4, 6], [9, 9, 9.5, 20], [20, 20, 30, 30]])
    rows = Instances(boxes=boxes, labels=torch.arange(5), area=torch.full((5,), 8.0), crowd=torch.zeros(5).bool())
    kept = keep_visible(Annotation(instances=rows, label=torch.tensor(4)), (10, 10))
    assert kept.instances.labels.tolist() == [0, 2]
    assert kept.instances.boxes.tolist() == [[2, 2, 6, 6], [0, 2, 4, 6]]
    assert kept.instances.area.tolist() == [8, 4]
    assert len(kept.instances.crowd) == 2
    assert kept.label == 4


def test_a_tenth_is_enough_and_less_is_not():
    boxes = torch.tensor([[-9.0, 0, 1, 10], [-9.2, 0, 0.9, 10]]) * 10
    assert keep_visible(Annotation(instances=Instances(boxes=boxes)), (200, 200)).instances.boxes.tolist() == [
        [0, 0, 10, 100]
    ]


def test_an_object_whose_mask_is_gone_is_gone():
    masks = torch.zeros(2, 10, 10)
    masks[1, 3:5, 4:8] = 1
    rows = Instances(boxes=torch.tensor([[0.0, 0, 5, 5], [1, 1, 9, 9]]), masks=Masks.from_dense(masks))
    kept = keep_visible(Annotation(instances=rows), (10, 10)).instances
    assert kept.boxes.tolist() == [[1, 1, 9, 9]]
    assert keep_visible(Annotation(instances=rows), (10, 10), tighten=True).instances.boxes.tolist() == [[4, 3, 8, 5]]


def test_joints_outside_become_unknown():
    points = torch.tensor([[0.0, 0.0], [9.9, 9.9], [10.0, 5.0], [-0.1, 5.0]])
    visible = torch.tensor([2, 1, 2, 2])
    truth = Annotation(
        pose=points, pose_visible=visible, instances=Instances(keypoints=points[None], visible=visible[None])
    )
    kept = keep_visible(truth, (10, 10))
    assert kept.pose_visible.tolist() == [2, 1, 0, 0]
    assert kept.instances.visible.tolist() == [[2, 1, 0, 0]]
    assert keep_visible(Annotation(), (10, 10)) == Annotation()
