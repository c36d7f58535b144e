"""Disturbed data: strength 0 is nothing, truth follows the pixels, and the same seed gives the same pictures."""

import pytest
import torch

from helpers import TinyDataset
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.core.sample import Sample
from saccade.data.augment.disturbances import DISTURBANCES
from saccade.data.datasets.disturbed import DisturbedDataset
from saccade.data.open import open_data

MOVING = [name for name, how in DISTURBANCES.items() if how.move is not None]
STANDING = [name for name in DISTURBANCES if name not in MOVING]


class Square(TinyDataset):
    """A white square on black, its box, its pixels' classes and a joint at its middle."""

    fields = frozenset({"label", "instances.boxes", "semantic", "pose"})

    def __getitem__(self, index: int) -> Sample:
        image = torch.zeros(3, 60, 80, dtype=torch.uint8)
        image[:, 25:35, 35:45] = 255
        return Sample(image, self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        semantic = torch.zeros(60, 80, dtype=torch.int64)
        semantic[25:35, 35:45] = 1
        rows = Instances(boxes=torch.tensor([[35.0, 25.0, 45.0, 35.0]]), labels=torch.tensor([0]))
        pose, visible = torch.tensor([[40.0, 30.0]]), torch.tensor([2])
        return Annotation(torch.tensor(0), instances=rows, semantic=semantic, pose=pose, pose_visible=visible)


@pytest.mark.parametrize("kind", DISTURBANCES)
def test_at_strength_nothing_every_sample_is_the_very_one(kind):
    whole = TinyDataset(3)
    same = DisturbedDataset(whole, kind, 0.0)
    for index in range(3):
        assert torch.equal(same[index].image, whole[index].image)
        assert torch.equal(same.truth(index).instances.boxes, whole.truth(index).instances.boxes)
    assert (len(same), same.classes, same.fields, same.id(1)) == (3, whole.classes, whole.fields, "001.png")


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("kind", MOVING)
def test_boxes_classes_and_joints_stay_on_the_pixels_that_they_mean(kind, index):
    moved = DisturbedDataset(Square(), kind, 0.5)
    sample = moved[index]
    assert sample.image.shape == (3, 60, 80)
    white = (sample.image[0].float() > 135).nonzero().float() + 0.5
    centre = white.mean(0).flip(0)
    box = sample.truth.instances.boxes[0]
    assert torch.allclose((box[:2] + box[2:]) / 2, centre, atol=0.6)
    assert torch.allclose(sample.truth.pose[0], centre, atol=0.6)
    pixels = (sample.truth.semantic == 1).nonzero().float() + 0.5
    assert torch.allclose(pixels.mean(0).flip(0), centre, atol=0.6)
    assert len(pixels) ** 0.5 == pytest.approx(len(white) ** 0.5, abs=2.1)
    grey = (sample.truth.semantic == 255) & (sample.image[0] == 128)
    assert bool((grey == (sample.truth.semantic == 255)).all())


@pytest.mark.parametrize("kind", MOVING)
def test_truth_alone_is_the_truth_of_the_sample(kind):
    moved = DisturbedDataset(Square(), kind, 1.0)
    for index in range(3):
        alone, beside = moved.truth(index), moved[index].truth
        assert torch.equal(alone.instances.boxes, beside.instances.boxes)
        assert torch.equal(alone.semantic, beside.semantic)


def test_amounts_are_as_told():
    data = Square()
    for index in range(5):
        x, y = (DisturbedDataset(data, "shift", 0.4).truth(index).pose[0] - torch.tensor([40.0, 30.0])).tolist()
        assert (x / 80) ** 2 + (y / 60) ** 2 == pytest.approx(0.1**2, rel=1e-4)
        box = DisturbedDataset(data, "scale", 1.0).truth(index).instances.boxes[0]
        assert float(box[2] - box[0]) in (5.0, 20.0)
        linear = DisturbedDataset(data, "rotate", 2.0).frame(index, (60, 80)).matrix[:2, :2]
        assert linear.abs().tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert {DisturbedDataset(data, "scale", 1.0).truth(i).instances.area is None for i in range(3)} == {True}
    assert DisturbedDataset(data, "brightness", 0.5).amount == pytest.approx(0.4)


@pytest.mark.parametrize("kind", STANDING)
def test_light_focus_and_noise_leave_the_truth_alone(kind):
    data = TinyDataset()
    changed = DisturbedDataset(data, kind, 1.0)
    assert torch.equal(changed[0].truth.instances.boxes, data.truth(0).instances.boxes)
    assert not torch.equal(changed[0].image, data[0].image)
    assert changed[0].image.dtype == torch.uint8


def test_brightness_blur_and_noise_by_numbers():
    class Grey(TinyDataset):
        def __getitem__(self, index: int) -> Sample:
            return Sample(torch.full((3, 50, 50), 100, dtype=torch.uint8), self.truth(index), self.id(index))

    found = {int(DisturbedDataset(Grey(), "brightness", 0.5)[index].image[0, 0, 0]) for index in range(8)}
    assert found == {60, 140}
    assert bool((DisturbedDataset(Grey(), "blur", 1.0)[0].image == 100).all())
    noisy = DisturbedDataset(Grey(), "noise", 0.1)[0].image.float()
    assert float(noisy.std()) == pytest.approx(0.04 * 255, rel=0.05)
    assert float(noisy.mean()) == pytest.approx(100, abs=1)


def test_directions_are_the_pictures_own_and_the_seeds():
    data = Square()
    frames = [DisturbedDataset(data, "shift", 1.0).frame(index, (60, 80)).matrix for index in range(3)]
    again = [DisturbedDataset(data, "shift", 1.0).frame(index, (60, 80)).matrix for index in range(3)]
    assert all(torch.equal(a, b) for a, b in zip(frames, again, strict=True))
    assert not torch.equal(frames[0], frames[1])
    assert not torch.equal(frames[0], DisturbedDataset(data, "shift", 1.0, seed=1).frame(0, (60, 80)).matrix)
    # The same direction at every strength.
    half = DisturbedDataset(data, "shift", 0.5).frame(0, (60, 80)).matrix
    assert torch.allclose(2 * half[:2, 2], frames[0][:2, 2])


def test_what_leaves_the_picture_is_dropped():
    gone = DisturbedDataset(Square(), "shift", 4.0)
    for index in range(3):
        assert len(gone[index].truth.instances) == 0
        assert int(gone[index].truth.pose_visible[0]) == 0


def test_scenes_with_every_kind_of_truth_are_disturbed():
    data = open_data("scenes:count=2,size=48,seed=1", "train")
    for kind in DISTURBANCES:
        sample = DisturbedDataset(data, kind, 0.5, fill=(0.4, 0.5, 0.6))[0]
        assert sample.truth.present() == data.truth(0).present()


def test_unknown_kinds_and_strengths_are_refused():
    with pytest.raises(UsageError, match="shift, rotate"):
        DisturbedDataset(Square(), "shake", 1.0)
    for strength in (-0.1, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="strength"):
            DisturbedDataset(Square(), "shift", strength)
