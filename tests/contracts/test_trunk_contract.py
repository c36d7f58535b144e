"""What every trunk promises. A new trunk is tested here by standing in `TRUNKS`."""

import inspect
import math

import pytest
import torch
from contract_cases import DEEPER

from saccade.analysis.footprint import Footprint
from saccade.analysis.maps import footprints
from saccade.core.errors import UsageError
from saccade.core.level import Level
from saccade.network.part import Trunk
from saccade.trunks import TRUNKS, trunk

# Two picture sizes: the smaller, and how much larger the other is, a multiple of every stride.
SIZES: dict[str, tuple[int, int]] = {"lenet5": (32, 16)}
# Besides our own, what the adapter makes of a convolutional network, a transformer and one with channels last.
ADAPTED = ("test_resnet", "test_vit", "test_convnext")
CASES = [*sorted(TRUNKS), *ADAPTED]
QUICK = [pytest.param(name, marks=pytest.mark.slow) if name in DEEPER else name for name in CASES]


def built(name: str) -> Trunk:
    torch.manual_seed(0)
    return trunk(name, **({"width": 1 / 16} if name in TRUNKS else {})).eval()


def channels_of(name: str) -> int:
    return inspect.signature(TRUNKS[name]).parameters["channels"].default if name in TRUNKS else 3


@pytest.mark.parametrize("name", CASES)
def test_declared_levels_are_the_observed_ones(name: str) -> None:
    """Channels are those declared; a picture larger by so many strides has a map larger by as many positions."""
    made, channels = built(name), channels_of(name)
    side, more = (160, 0) if name == "test_vit" else SIZES.get(name, (96, 64))
    small, large = (made(torch.rand(2, channels, side + extra, side + 2 * extra)) for extra in (0, more))
    assert list(small) == list(made.levels)
    for level_name, level in made.levels.items():
        assert small[level_name].shape[:2] == (2, level.channels)
        growth = [int(large[level_name].shape[axis]) - int(small[level_name].shape[axis]) for axis in (2, 3)]
        if level.stride is None:
            assert small[level_name].shape[2:] == large[level_name].shape[2:] == (1, 1)
        else:
            assert growth == [more // level.stride, 2 * more // level.stride]
            assert small[level_name].shape[2] <= -(-side // level.stride)


@pytest.mark.parametrize("name", CASES)
def test_strides_grow_from_the_finest_to_the_deepest(name: str) -> None:
    strides = [level.stride or 10**6 for level in built(name).levels.values()]
    assert strides == sorted(strides)


@pytest.mark.parametrize("name", CASES)
def test_other_channels_change_the_first_layer_alone(name: str) -> None:
    options = {"width": 1 / 16} if name in TRUNKS else {}
    usual, other = (trunk(name, channels=channels, **options).state_dict() for channels in (3, 5))
    changed = [path for path in usual if usual[path].shape != other[path].shape]
    # The first layer is a convolution, or a recurrent network whose two directions each read the picture.
    first = next(path for path in usual if usual[path].dim() in (2, 4))
    assert {path.rpartition(".")[0] for path in changed} == {first.rpartition(".")[0]}
    assert first in changed


@pytest.mark.parametrize("name", CASES)
def test_a_batch_of_one_equals_its_place_in_a_larger_batch(name: str) -> None:
    made, channels = built(name), channels_of(name)
    side = 160 if name == "test_vit" else SIZES.get(name, (96, 64))[0]
    images = torch.rand(3, channels, side, side)
    together, alone = made(images), made(images[1:2])
    for level_name in made.levels:
        scale = float(alone[level_name].detach().abs().max())
        torch.testing.assert_close(together[level_name][1:2], alone[level_name], rtol=0, atol=1e-4 * scale)


def compared(seen: Footprint, width: int) -> range:
    """Columns whose whole field lies in the picture and, once more, one stride to the left."""
    reach = seen.reaches[1]
    first, last = math.ceil(-reach.low / reach.step), math.floor((width - 1 - reach.high) / reach.step)
    return range(first, last)


@pytest.mark.parametrize("name", QUICK)
@torch.no_grad()
def test_a_picture_shifted_by_the_stride_has_shifted_maps(name: str) -> None:
    """Away from the border. Maps that see the whole picture, or have no positions, say so and are left out."""
    made, channels = built(name), channels_of(name)
    height = 160 if name == "test_vit" else 128
    sights = footprints(made, (channels, height, height))
    shifting = {
        level: seen
        for level, seen in sights.items()
        if made.levels[level].stride is not None and not any(reach.is_whole for reach in seen.reaches)
    }
    assert shifting or all(seen.reaches[1].is_whole for seen in sights.values())
    for stride in {made.levels[level].stride or 1 for level in shifting}:
        chosen = {level: seen for level, seen in shifting.items() if made.levels[level].stride == stride}
        field = max(seen.reaches[1].size for seen in chosen.values())
        width = max(height, 64 * math.ceil((field + 4 * stride) / 64))
        images = torch.rand(1, channels, height, width + stride)
        maps, shifted = made(images[..., stride:]), made(images[..., :-stride])
        for level, seen in chosen.items():
            columns = compared(seen, width)
            assert len(columns) >= 1
            before = maps[level][..., columns.start : columns.stop]
            after = shifted[level][..., columns.start + 1 : columns.stop + 1]
            scale = float(before.abs().max())
            torch.testing.assert_close(after, before, rtol=0, atol=1e-4 * scale)
            # The maps are no constants, which any shift would leave as they are.
            assert not torch.allclose(maps[level][..., 1:], maps[level][..., :-1], rtol=0, atol=1e-3 * scale)


@pytest.mark.parametrize("name", sorted(TRUNKS))
def test_what_a_trunk_declares_is_what_it_takes_and_has(name: str) -> None:
    card, takes = TRUNKS[name].card, inspect.signature(TRUNKS[name]).parameters
    assert (card.pretrained, card.fully_connected) == ("pretrained" in takes, "fc" in takes)
    if card.fully_connected:
        assert list(built(name).levels.values())[-1].stride is None
        without = trunk(name, width=1 / 16, fc=False).levels.values()
        assert all(level.stride is not None for level in without)


@pytest.mark.parametrize("name", CASES)
def test_unknown_options_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match="widht") as error:
        trunk(name, widht=0.5)
    assert all(option in str(error.value) for option in ("width", "channels"))


def test_levels_of_one_trunk_by_hand() -> None:
    assert trunk("vgg11", width=1 / 16).levels == {
        "conv1_1": Level(4, 1),
        "pool1": Level(4, 2),
        "conv2_1": Level(8, 2),
        "pool2": Level(8, 4),
        "conv3_2": Level(16, 4),
        "pool3": Level(16, 8),
        "conv4_2": Level(32, 8),
        "pool4": Level(32, 16),
        "conv5_2": Level(32, 16),
        "pool5": Level(32, 32),
        "fc6": Level(256, None),
        "fc7": Level(256, None),
    }
