"""Superpixels: what they are, what is told of each, what is learnt."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

import saccade as sc
from saccade.core.annotation import Annotation
from saccade.core.errors import ConfigError, UsageError
from saccade.network.graphs.graph import graph_of
from saccade.network.system import System
from saccade.ops.regions.region_mean import majority, region_means
from saccade.ops.regions.slic import Slic

SMALL: dict[str, Any] = {"trunk": "resnet18", "width": 1 / 16, "size": 64, "superpixels": 50}


def small(**options: Any) -> System:
    torch.manual_seed(1)
    return sc.build("superpixels", 10, **{**SMALL, **options}).eval()


def scene() -> Any:
    return sc.open_data("scenes:count=1,size=64")[0]


def test_superpixels_follow_colours_and_leave_no_gaps() -> None:
    picture = torch.zeros(3, 40, 40)
    picture[0, :, 17:] = 255
    regions = Slic(number=16)(picture)
    assert regions.unique().tolist() == list(range(int(regions.max()) + 1))
    # None lies on both sides of the edge.
    assert not set(regions[:, :17].unique().tolist()) & set(regions[:, 17:].unique().tolist())
    assert 8 <= int(regions.max()) + 1 <= 32


def test_superpixels_are_the_same_each_time_and_about_as_many_as_asked_for() -> None:
    image = scene().image.float()
    few, many = Slic(number=20)(image), Slic(number=100)(image)
    assert torch.equal(many, Slic(number=100)(image))
    assert 10 <= int(few.max()) + 1 < int(many.max()) + 1 <= 150


def test_colours_count_as_they_are_however_little_a_picture_varies() -> None:
    """Steps of a hundredth are less than place: superpixels are squares, as of no colour at all."""
    picture = torch.full((3, 40, 40), 100.0)
    picture[:, :, 17:] += 2.0
    assert torch.equal(Slic(number=16)(picture), Slic(number=16)(torch.full((3, 40, 40), 100.0)))


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_pictures_of_other_channels_fall_into_superpixels(channels: int) -> None:
    picture = torch.zeros(channels, 24, 24)
    picture[0, 10:] = 255
    regions = Slic(number=9)(picture)
    assert not set(regions[:10].unique().tolist()) & set(regions[10:].unique().tolist())


@pytest.mark.parametrize("padded", [(24, 36), (32, 40)])
def test_means_are_those_of_the_interpolated_map(padded: tuple[int, int]) -> None:
    torch.manual_seed(0)
    map = torch.rand(3, padded[0] // 4, padded[1] // 4, requires_grad=True)
    regions = torch.unique(torch.randint(0, 9, (24, 36)), return_inverse=True)[1]
    fine = F.interpolate(map[None], padded, mode="bilinear", align_corners=False)[0, :, :24, :36]
    wanted = torch.stack([fine[:, regions == one].mean(1) for one in range(9)])
    found = region_means(map, regions, padded)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(
        torch.autograd.grad(found.square().sum(), map, retain_graph=True),
        torch.autograd.grad(wanted.square().sum(), map),
    )


def test_the_class_of_most_pixels_that_have_one_is_learnt() -> None:
    regions = torch.tensor([[0, 0, 0, 1, 1, 2]])
    labels = torch.tensor([[3, 1, 3, 255, 2, 255]])
    assert majority(labels, regions, 4, 255).tolist() == [3, 2, 255]


def test_all_pixels_of_a_superpixel_are_told_alike() -> None:
    system, image = small(), scene().image
    batch = system.batch([image])
    logits = system.forward(batch)["pixels"].logits[0]
    regions = system.heads["pixels"].superpixels(system.input.denormalise(batch.images)[0])
    for one in range(int(regions.max()) + 1):
        inside = logits[:, regions == one]
        assert torch.equal(inside, inside[:, :1].expand_as(inside))
    assert len(logits.flatten(1).unique(dim=1).T) > 3


def test_what_lies_beyond_a_picture_changes_none_of_its_superpixels() -> None:
    system = small()
    alone = system.forward(system.batch([scene().image[:, :50]]))["pixels"].logits
    beside = system.forward(system.batch([scene().image[:, :50], torch.rand(3, 64, 64)]))["pixels"].logits
    regions = [one[0, 0, :50, :64].unique(return_inverse=True)[1] for one in (alone, beside)]
    assert torch.equal(regions[0], regions[1]) or len(regions[0].unique()) == len(regions[1].unique())


def test_the_loss_is_a_mean_over_superpixels_that_have_a_class() -> None:
    system, shown = small(), scene()
    known = shown.truth.get("semantic").clone()
    known[:, :20] = 255
    batch = system.batch([shown.image], [Annotation(semantic=known)])
    (loss,) = system.loss(batch).values()
    logits = system.forward(batch)["pixels"].logits[0]
    regions = system.heads["pixels"].superpixels(system.input.denormalise(batch.images)[0])
    labels, count = majority(known, regions, 10, 255), int(regions.max()) + 1
    first = [(regions == one).nonzero()[0].tolist() for one in range(count)]
    rows = torch.stack([logits[:, y, x] for y, x in first])
    assert 0 < int((labels == 255).sum()) < count
    torch.testing.assert_close(loss, F.cross_entropy(rows, labels, ignore_index=255))


def test_no_graph_holds_it_and_it_says_why() -> None:
    system = small()
    with pytest.raises(ConfigError, match="superpixels are sought in each picture by itself"):
        graph_of(system, system.batch([torch.rand(3, 64, 64)]))


@pytest.mark.parametrize("size", [(37, 61), (5, 90), (1, 1)])
def test_every_pixel_of_a_picture_of_any_size_is_told(size: tuple[int, int]) -> None:
    assert sc.Predictor(small())(torch.rand(3, *size)).semantic.shape == size


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"superpixels": 0}, "superpixels"),
        ({"hidden": 0}, "hidden"),
        ({"size": 0}, "size"),
        ({"compactness": 0.0}, "compactness"),
        ({"strides": ()}, "at least one stride"),
        ({"strides": (3,)}, "strides 3"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        small(**options)
