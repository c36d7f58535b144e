"""The square of one person: by hand from MPII's numbers, exactly undone, and the same pixels as a crop done by hand."""

import json
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError
from saccade.core.input.input_spec import InputSpec
from saccade.core.input.person_crop import PersonCrop
from saccade.core.sample import Sample
from saccade.data.augment.augment import Augment
from saccade.data.augment.rng import generator_for
from saccade.data.scenes.dataset import Scenes

BLACK = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
SPEC = replace(InputSpec.of_person(256), **BLACK)
PAIRS = ((0, 1),)


def mpii(x: float, y: float, scale: float) -> Annotation:
    return Annotation(person=Person(centre=torch.tensor([x, y]), scale=torch.tensor(scale)))


def noise(height: int, width: int) -> Tensor:
    return torch.randint(0, 256, (3, height, width), generator=torch.Generator().manual_seed(0)).byte()


def test_mpii_s_square_by_hand():
    square = PersonCrop().square((720, 1280), mpii(594, 257, 3.0))
    # The released code: centre y + 15 s, scale · 1.25, side 200 px a scale.
    assert square == (594, 257 + 45, 200 * 3.75, "person")
    frame = SPEC.frame((720, 1280), mpii(594, 257, 3.0))
    corners = torch.tensor([[594 - 375.0, 302 - 375], [594 + 375, 302 + 375], [594, 302]])
    moved = frame.apply(Annotation(pose=corners)).pose
    torch.testing.assert_close(moved, torch.tensor([[0.0, 0], [256, 256], [128, 128]]), atol=1e-4, rtol=0)


def test_the_released_code_s_cells_are_ours():
    # util/img.lua: the 0-based cell of a point is trunc(64 · ((X - cx) / (200 s) + .5)), with c and s corrected.
    x, y, scale = 594.0, 257.0, 3.021046
    frame = replace(SPEC, size=(64, 64)).frame((720, 1280), mpii(x, y, scale))
    points = torch.rand(50, 2, generator=torch.Generator().manual_seed(3)) * 400 + torch.tensor([400.0, 120])
    corrected = torch.tensor([x, y + 15 * scale])
    theirs = torch.floor(64 * ((points - corrected) / (200 * 1.25 * scale) + 0.5))
    assert torch.equal(frame.apply(Annotation(pose=points)).pose.floor(), theirs)


@settings(max_examples=60, deadline=None)
@given(st.floats(-50, 350), st.floats(-50, 250), st.floats(0.05, 8), st.floats(0.5, 2), st.sampled_from([32, 64, 100]))
def test_undo_inverts_the_crop(x: float, y: float, scale: float, padding: float, side: int):
    spec = InputSpec.of_person(side, crop=PersonCrop(padding, 15.0))
    points = torch.tensor([[3.0, 4], [299, 199], [x, y], [150, 100]])
    truth = replace(mpii(x, y, scale), pose=points, pose_visible=torch.tensor([2, 1, 0, 2]))
    frame = spec.frame((200, 300), truth)
    assert frame.target == (side, side)
    back = frame.undo(frame.apply(truth))
    torch.testing.assert_close(back.pose, points, atol=2e-3, rtol=1e-5)
    torch.testing.assert_close(back.person.centre, truth.person.centre, atol=2e-3, rtol=1e-5)
    torch.testing.assert_close(back.person.scale, truth.person.scale, atol=1e-6, rtol=1e-5)


def test_what_the_square_is_told_by_in_order():
    crop, size = PersonCrop(padding=1.5), (100, 200)
    joints = torch.tensor([[10.0, 20], [50, 30], [900, 900]])
    posed = Annotation(pose=joints, pose_visible=torch.tensor([2, 1, 0]))
    assert crop.square(size, posed) == (30, 25, 60, "joints")
    boxed = replace(posed, instances=Instances(boxes=torch.tensor([[40.0, 10, 60, 90]]), labels=torch.tensor([0])))
    assert crop.square(size, boxed) == (50, 50, 120, "box")
    assert crop.square(size, replace(boxed, person=mpii(50, 50, 0.2).person)).told == "person"
    two = Instances(boxes=torch.tensor([[40.0, 10, 60, 90], [1, 1, 9, 9]]))
    assert crop.square(size, Annotation(instances=two)) == (100, 50, 200, "picture")
    assert crop.square(size) == (100, 50, 200, "picture")
    # A centre without a scale, one joint alone, and a crowd tell no square.
    lone = Annotation(pose=joints, pose_visible=torch.tensor([2, 0, 0]), person=Person(centre=torch.ones(2)))
    assert crop.square(size, lone).told == "picture"
    crowd = Instances(boxes=torch.tensor([[40.0, 10, 60, 90]]), crowd=torch.tensor([True]))
    assert crop.square(size, Annotation(instances=crowd)).told == "picture"


def test_place_and_scale_are_made_of_a_square():
    crop = PersonCrop()
    centre, scale = crop.centre_and_scale(300.0, 240.0, 440.0)
    assert scale == pytest.approx(2.2 / 1.25)
    x, y, side, told = crop.square((480, 720), mpii(*centre, scale))
    assert (x, y, side, told) == (300, pytest.approx(240), pytest.approx(440), "person")


def test_the_pixels_are_those_of_a_crop_by_hand():
    image, truth = noise(60, 80), mpii(40, 24, 0.256)  # a square of 64 pixels whose middle is (40, 27.84)
    spec = replace(InputSpec.of_person(32, crop=PersonCrop(padding=1.25, down=31.25)), **BLACK)  # … and (40, 32)
    batch = spec.batch([image], [truth])
    by_hand = functional.pad(image.float() / 255, (0, 0, 0, 4))[:, :64, 8:72]
    expected = functional.interpolate(by_hand[None], (32, 32), mode="bilinear", antialias=True)
    # At its edges a filter sees what a crop ends in; below, the picture itself ends.
    inner = (slice(None), slice(None), slice(1, 27), slice(1, 31))
    torch.testing.assert_close(batch.images[inner], expected[inner], atol=1e-5, rtol=0)
    assert (batch.images[0, :, 30:] == 0).all()


def test_outside_the_picture_is_the_mean():
    spec = InputSpec.of_person(32)
    batch = spec.batch([noise(40, 40)], [mpii(0, 0, 0.16)])
    assert batch.images[0, :, :8].abs().max() == 0
    assert batch.images[0, :, 16:, 16:].abs().min() > 0
    large = replace(spec, size=(64, 64))
    whole = large.resize(noise(40, 40), large.frame((40, 40), mpii(0, 0, 0.16)))[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("saccade.core.input.input_spec.MANY_VALUES", 100)
        assert torch.equal(large.resize(noise(40, 40), large.frame((40, 40), mpii(0, 0, 0.16)))[0], whole)


def test_without_a_person_the_whole_picture_stands_in_the_middle():
    batch = SPEC.batch([noise(30, 60)])
    assert batch.images.shape == (1, 3, 256, 256)
    assert (batch.images[0, :, :63] == 0).all()
    assert (batch.images[0, :, 66:190] > 0).any()
    corner = batch.frames[0].apply(Annotation(pose=torch.tensor([[0.0, 0]]))).pose[0]
    torch.testing.assert_close(corner, torch.tensor([0.0, 64]))


def test_two_persons_of_one_picture_are_two_inputs():
    image = noise(60, 80)
    batch = SPEC.batch([image, image], [mpii(20, 20, 0.1), mpii(60, 40, 0.2)])
    assert batch.frames[0].scale == pytest.approx(2 * batch.frames[1].scale)
    assert not torch.equal(batch.images[0], batch.images[1])


def test_jitter_turns_about_the_middle_in_one_map():
    truth = replace(mpii(40, 24, 0.256), pose=torch.tensor([[40.0, 24 + 15 * 0.256]]), pose_visible=torch.tensor([2]))
    sample = Sample(noise(60, 80), truth, "a")
    change = Augmentation(scale=(0.7, 1.4), rotate=60, rotate_chance=0.4, jitter="normal")
    frames = [Augment(change, SPEC)(sample, generator_for(0, 0, number)) for number in range(40)]
    for found in frames:
        torch.testing.assert_close(found.truth.pose, torch.tensor([[128.0, 128]]), atol=1e-3, rtol=0)
        torch.testing.assert_close(found.frame.undo(found.truth).pose, truth.pose, atol=1e-3, rtol=0)
    turned = sum(abs(float(found.frame.matrix[0, 1])) > 1e-9 for found in frames)
    assert 6 < turned < 26


def test_normal_jitter_has_half_its_bound_as_deviation():
    change = Augmentation(scale=(2**-0.5, 2**0.5), rotate=60, jitter="normal")
    sample = Sample(noise(8, 8), mpii(4, 4, 0.02), "a")
    small = InputSpec.of_person(8)
    matrices = [Augment(change, small)(sample, generator_for(0, 0, n)).frame.matrix for n in range(300)]
    base = small.frame((8, 8), sample.truth).scale
    octaves = torch.tensor([math.log2(float(torch.linalg.det(m[:2, :2]).sqrt()) / base) for m in matrices])
    angles = torch.tensor([math.degrees(math.atan2(float(m[1, 0]), float(m[0, 0]))) for m in matrices])
    assert octaves.abs().max() <= 0.5 + 1e-9
    assert angles.abs().max() <= 60 + 1e-9
    assert 0.2 < octaves.std() < 0.28
    assert 24 < angles.std() < 34


def test_a_flip_swaps_joints_inside_the_square():
    truth = replace(mpii(30, 20, 0.1), pose=torch.tensor([[25.0, 20], [36, 22]]), pose_visible=torch.tensor([2, 1]))
    frame = replace(SPEC.frame((60, 80), truth), pairs=PAIRS)
    plain = frame.apply(truth)
    mirror = torch.tensor([[-1.0, 0, 256], [0, 1, 0], [0, 0, 1]], dtype=torch.float64)
    flipped = frame.then(mirror, (256, 256))
    there = flipped.apply(truth)
    torch.testing.assert_close(there.pose[[1, 0], 0], 256 - plain.pose[:, 0])
    assert there.pose_visible.tolist() == [1, 2]
    back = flipped.undo(there)
    torch.testing.assert_close(back.pose, truth.pose, atol=1e-4, rtol=0)
    assert back.pose_visible.tolist() == [2, 1]


@pytest.mark.parametrize("field", [{"crop_area": (0.5, 1.0)}, {"expand": 2.0}, {"mixup": 0.2}, {"mosaic": 1.0}])
def test_changes_of_whole_pictures_are_refused(field: dict):
    with pytest.raises(ConfigError, match=next(iter(field))):
        Augment(Augmentation(**field), SPEC, Scenes(2, 32))


def test_scenes_figures_fill_their_squares():
    data = Scenes(12, 64)
    seen = 0
    for place in range(len(data)):
        truth = data.truth(place)
        if truth.pose is None:
            continue
        seen += 1
        square = SPEC.person.square((64, 64), truth)
        moved = SPEC.frame((64, 64), truth).apply(truth).pose
        assert square.told == "person"
        assert ((moved > 0) & (moved < 256)).all()
    assert seen > 2


def test_it_survives_json_and_refuses_what_cannot_be():
    spec = InputSpec.of_person(64, crop=PersonCrop(1.1, 0.0))
    assert InputSpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec
    assert InputSpec().as_dict()["person"] is None
    assert spec.resized(32).frame((50, 50)).target == (32, 32)
    with pytest.raises(ConfigError, match="margin"):
        InputSpec.from_dict({**spec.as_dict(), "person": {"margin": 3}})
    for values in ({"rule": "person", "size": (8, 8)}, {"person": PersonCrop()}, {"rule": "person"}):
        with pytest.raises(ConfigError):
            InputSpec(**values)
    with pytest.raises(ConfigError, match="padding"):
        PersonCrop(padding=0)
