"""How a picture gets in: sizes by hand, the frame and the pixels agree, normalised before padded."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional
from torchvision.transforms._presets import ImageClassification
from torchvision.transforms.v2 import functional as vision

from helpers import SIZE_RULES
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, UsageError
from saccade.core.geometry import warp
from saccade.core.input.fit import mirrored
from saccade.core.input.input_spec import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    InputSpec,
    as_float,
    fit_channels,
    statistics,
)

image_of = warp.image


def picture(height: int, width: int, channels: int = 3) -> torch.Tensor:
    return torch.randint(0, 256, (channels, height, width), generator=torch.Generator().manual_seed(0)).byte()


@pytest.mark.parametrize(
    ("spec", "source", "target"),
    [
        (InputSpec(), (31, 47), (31, 47)),
        (InputSpec.stretch(32), (31, 47), (32, 32)),
        (InputSpec("letterbox", (48, 32)), (20, 40), (16, 32)),
        (InputSpec("letterbox", (48, 32)), (96, 10), (48, 5)),
        (InputSpec.centre_crop(224, 256), (375, 500), (224, 224)),
        (InputSpec("shorter", shorter=800, longest=1333), (480, 640), (800, 1066)),
        (InputSpec("shorter", shorter=800, longest=1333), (300, 900), (444, 1333)),
    ],
)
def test_sizes_by_hand(spec: InputSpec, source: tuple[int, int], target: tuple[int, int]):
    assert spec.frame(source).target == target
    assert tuple(spec.resize(picture(*source))[0].shape[-2:]) == target


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("rule", SIZE_RULES)
def test_the_frame_s_matrix_gives_the_very_pixels(rule: str, interpolation: str):
    spec = InputSpec(**{**SIZE_RULES[rule].as_dict(), "interpolation": interpolation})
    image = picture(45, 61)
    resized, frame = spec.resize(image)
    assert torch.equal(resized, warp.image(as_float(image), frame.matrix, frame.target, interpolation))


@pytest.mark.parametrize("shape", [(75, 100), (75, 101), (75, 103), (103, 75), (57, 57), (60, 400)])
def test_the_centre_crop_is_torchvision_s_to_the_pixel(shape: tuple[int, int]):
    for side in (48, 49):
        image = picture(*shape)
        resized, _ = InputSpec.centre_crop(side, 56).resize(image)
        expected = vision.center_crop(vision.resize(as_float(image), [56], antialias=True), [side, side])
        torch.testing.assert_close(resized, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(56, 57), (57, 56), (112, 114), (56, 58), (56, 59), (55, 56)])
def test_a_side_that_is_a_little_too_long_is_cropped_too(shape: tuple[int, int]):
    """Of one pixel too many the half rounds to none, and still it goes."""
    image = picture(*shape)
    resized, frame = InputSpec.centre_crop(56, 56).resize(image)
    expected = vision.center_crop(vision.resize(as_float(image), [56], antialias=True), [56, 56])
    assert frame.target == (56, 56)
    torch.testing.assert_close(resized, expected, rtol=0, atol=1e-6)


def test_resized_bytes_are_rounded_to_bytes_on_demand_and_floats_never():
    image, spec = picture(75, 101), InputSpec.centre_crop(48, 56, rounds=True)
    rounded, _ = spec.resize(image)
    torch.testing.assert_close(
        rounded, as_float(ImageClassification(crop_size=48, resize_size=56, mean=(0,) * 3, std=(1,) * 3)(image))
    )
    smooth, _ = replace(spec, rounds=False).resize(image)
    assert not torch.equal(rounded, smooth)
    assert torch.equal(spec.resize(as_float(image))[0], smooth)


def test_a_rectangle_and_its_box_stay_together():
    image = torch.zeros(3, 60, 80)
    image[:, 20:40, 16:48] = 1
    for spec in SIZE_RULES.values():
        truth = [Annotation(instances=Instances(boxes=torch.tensor([[16.0, 20, 48, 40]])))]
        batch = spec.batch([image], truth)
        white = batch.images[0] > (1 - torch.tensor(spec.mean)).view(3, 1, 1) / torch.tensor(spec.std).view(3, 1, 1) / 2
        rows, columns = white[0].any(1).nonzero(), white[0].any(0).nonzero()
        height, width = batch.sizes[0].tolist()
        box = batch.truth[0].instances.boxes[0].clamp(min=0).minimum(torch.tensor([width, height, width, height]))
        painted = torch.stack([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])[:, 0]
        assert (box - painted).abs().max() < 1


def test_pictures_are_normalised_then_padded_with_zeros():
    spec = InputSpec(multiple=16, mean=(0.5,) * 3, std=(0.25,) * 3)
    batch = spec.batch([torch.ones(3, 10, 20), torch.zeros(3, 17, 9)])
    assert batch.images.shape == (2, 3, 32, 32)
    assert batch.sizes.tolist() == [[10, 20], [17, 9]]
    assert (batch.images[0, :, :10, :20] == 2).all()
    assert (batch.images[1, :, :17, :9] == -2).all()
    assert batch.images[0].sum() == 2 * 3 * 10 * 20
    assert batch.images[1].sum() == -2 * 3 * 17 * 9


def test_large_pictures_are_resized_channel_by_channel(monkeypatch: pytest.MonkeyPatch):
    image, spec = picture(90, 70), InputSpec.centre_crop(24, 30)
    whole = spec.resize(image)[0]
    monkeypatch.setattr("saccade.core.input.input_spec.MANY_VALUES", 100)
    sizes: list[int] = []
    monkeypatch.setattr(
        "saccade.core.geometry.warp.image", lambda plane, *how: sizes.append(len(plane)) or image_of(plane, *how)
    )
    assert torch.allclose(spec.resize(image)[0], whole, atol=1e-6)
    assert sizes == [1, 1, 1]


def test_the_letterbox_pads_to_its_size():
    batch = SIZE_RULES["letterbox"].batch([torch.ones(3, 20, 40)])
    assert batch.images.shape == (1, 3, 48, 32)
    assert (batch.images[0, :, 16:] == 0).all()


def test_company_changes_no_pixel():
    spec = InputSpec("shorter", shorter=40, longest=60, multiple=32)
    small, large = picture(30, 33), picture(64, 50)
    alone, together = spec.batch([small]), spec.batch([large, small])
    height, width = alone.sizes[0].tolist()
    assert torch.equal(alone.images[0, :, :height, :width], together.images[1, :, :height, :width])


def test_bytes_and_floats_say_the_same():
    image = picture(40, 50)
    for spec in SIZE_RULES.values():
        assert torch.equal(spec.resize(image)[0], spec.resize(image.float() / 255)[0])
    grid = image.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert torch.allclose(spec.resize(image)[0], spec.resize(grid)[0], atol=1e-6)


def test_the_user_s_picture_is_not_written_to():
    for image in (picture(12, 14), picture(12, 14).float() / 255):
        before = image.clone()
        InputSpec().batch([image])
        assert torch.equal(image, before)


def test_channels_fit_or_are_refused():
    grey = picture(4, 5, 1)
    assert torch.equal(fit_channels(grey, 3), grey.expand(3, 4, 5))
    assert torch.allclose(fit_channels(torch.ones(3, 2, 2), 1), torch.ones(1, 2, 2))
    assert fit_channels(picture(4, 5, 6), 6).shape == (6, 4, 5)
    with pytest.raises(ConfigError, match=r"3 channel.*found 4") as caught:
        InputSpec.stretch(8).resize(picture(4, 5, 4))
    assert "channels=4" in str(caught.value.cure)


def test_bytes_weighed_to_grey_stay_bytes_and_round_as_pillow_does():
    colours = picture(16, 16)
    theirs = torch.from_numpy(np.array(Image.fromarray(colours.permute(1, 2, 0).numpy()).convert("L")))[None]
    assert torch.equal(fit_channels(colours, 1), theirs)
    assert (fit_channels(colours / 255, 1) - theirs / 255).abs().max() < 0.5001 / 255


def test_statistics_of_other_channels_come_of_rgb_s():
    assert statistics(3) == (IMAGENET_MEAN, IMAGENET_STD)
    assert statistics(1) == ((0.449,), (0.226,))
    assert statistics(5)[0] == (0.485, 0.456, 0.406, 0.485, 0.456)


@pytest.mark.parametrize("bad", [torch.zeros(4, 5), torch.zeros(3, 0, 5), torch.zeros(1, 3, 4, 5)])
def test_what_is_no_picture_is_refused(bad: torch.Tensor):
    with pytest.raises(UsageError, match="picture"):
        InputSpec.stretch(8).resize(bad)


def test_no_pictures_are_refused():
    with pytest.raises(UsageError, match="at least one"):
        InputSpec.stretch(8).batch([])


def test_it_survives_json_and_refuses_unknown_keys():
    for spec in SIZE_RULES.values():
        assert InputSpec.from_dict(json.loads(json.dumps(spec.as_dict()))) == spec
    with pytest.raises(ConfigError, match="colour") as caught:
        InputSpec.from_dict({"rule": "native", "colour": "red"})
    assert "interpolation" in str(caught.value.cure)


@pytest.mark.parametrize(
    "values",
    [
        {"rule": "stretch"},
        {"rule": "crop", "size": (8, 8)},
        {"rule": "shorter"},
        {"rule": "round"},
        {"mean": (0.5,), "std": (0.5, 0.5)},
        {"std": (1.0, 0.0, 1.0)},
        {"multiple": 0},
        {"interpolation": "lanczos"},
    ],
)
def test_what_cannot_be_is_refused_at_once(values: dict):
    with pytest.raises(ConfigError):
        InputSpec(**values)


def test_shrinking_averages_unless_told_not_to():
    noise = torch.rand(1, 300, 300, generator=torch.Generator().manual_seed(1))
    smooth = InputSpec.stretch(30, channels=1).resize(noise)[0]
    rough = InputSpec.stretch(30, channels=1, antialias=False).resize(noise)[0]
    assert smooth.std() < rough.std() / 2
    assert torch.equal(rough, functional.interpolate(noise[None], (30, 30), mode="bilinear")[0])


def test_a_margin_mirrors_the_picture_and_answers_find_back() -> None:
    spec = InputSpec(margin=3, multiple=16, remainder=12, padding="mirror", mean=(0.0,), std=(1.0,))
    image = torch.arange(5 * 4).view(1, 5, 4) / 20
    batch = spec.batch([image], [Annotation(instances=Instances(boxes=torch.tensor([[1.0, 2, 3, 4]])))])
    assert batch.images.shape == (1, 1, 12, 12)
    assert batch.sizes.tolist() == [[11, 10]]
    # The row is 0 1 2 3, mirrored without its ends: 3 | 2 1 | 0 1 2 3 | 2 1 0 …
    torch.testing.assert_close(batch.images[0, 0, 3] * 20, torch.tensor([3.0, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]))
    torch.testing.assert_close(batch.images[0, 0, 3:8, 3:7], image[0])
    assert batch.truth[0].instances.boxes.tolist() == [[4.0, 5, 6, 7]]
    assert batch.undo(batch.truth)[0].instances.boxes.tolist() == [[1.0, 2, 3, 4]]
    assert spec.padded((5, 4)) == (12, 12)


@pytest.mark.parametrize("side", [1, 2, 9])
def test_a_picture_smaller_than_its_margin_is_mirrored_as_often_as_it_takes(side: int) -> None:
    row = mirrored(side, 7, 6)
    assert row[7 : 7 + side].tolist() == list(range(side))
    assert (row >= 0).all()
    assert (row < side).all()
    assert (row.diff().abs() <= 1).all()


def test_unet_s_sides_are_those_that_its_pools_halve_evenly() -> None:
    spec = InputSpec(margin=92, multiple=16, remainder=12, padding="mirror")
    assert spec.padded((388, 388)) == (572, 572)
    assert spec.padded((389, 1)) == (588, 188)


def test_zeros_stand_in_a_margin_after_normalising() -> None:
    batch = InputSpec(margin=2, mean=(0.5,), std=(0.5,)).batch([torch.ones(1, 3, 3)])
    assert batch.images[0, 0].sum() == 9
    assert batch.images[0, 0, 2:5, 2:5].sum() == 9


def test_colours_come_back_from_normalised_pictures() -> None:
    spec, image = InputSpec.stretch(8), picture(8, 8)
    torch.testing.assert_close(spec.denormalise(spec.batch([image]).images)[0], image.float(), atol=1e-3, rtol=0)


@pytest.mark.parametrize("wrong", [{"remainder": 1}, {"margin": -1}, {"padding": "wrap"}])
def test_impossible_paddings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="remainder"):
        InputSpec(**wrong)
