"""U-Net from the user's end: pictures of any size, other trunks, gaps that weigh more, commands."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import saccade as sc
from saccade.cli import main
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import SaccadeError, UsageError
from saccade.core.masks import Masks
from saccade.data.datasets.projection import unread
from saccade.heads.pixels.pixel_head import PixelHead
from saccade.network.system import System

DATA = "scenes:count=8,size=64"


def head_of(system: System) -> PixelHead:
    head = system.heads["pixels"]
    assert isinstance(head, PixelHead)
    return head


def test_a_picture_of_388_pixels_is_seen_at_572_and_told_whole() -> None:
    system = sc.build("unet", 2, width=1 / 32).eval()
    batch = system.batch([torch.rand(3, 388, 388)])
    assert batch.images.shape == (1, 3, 572, 572)
    maps = system.maps(batch)
    assert maps["up1"].shape[-2:] == (388, 388)
    # Beyond its borders the network sees the picture mirrored.
    picture = batch.images[0, 0]
    torch.testing.assert_close(picture[300, :92], picture[300, 93:185].flip(0))


@pytest.mark.parametrize("options", [{}, {"padding": "same"}, {"trunk": "efficientnet_lite0", "width": 0.25}])
@pytest.mark.parametrize("size", [(37, 61), (5, 90)])
def test_every_pixel_of_a_picture_of_any_size_is_told(options: dict, size: tuple[int, int]) -> None:
    system = sc.build("unet", 3, **({"width": 1 / 32} | options)).eval()
    prediction = sc.Predictor(system)(torch.rand(3, *size))
    assert prediction.semantic.shape == size
    assert int(prediction.semantic.max()) < 3


@pytest.mark.parametrize("name", ["unet", "segnet"])
def test_a_perfect_raw_output_decodes_to_the_truth(name: str) -> None:
    system = sc.build(name, 3, width=1 / 32).eval()
    truth = Annotation(semantic=torch.randint(0, 3, (40, 56)))
    batch = system.batch([torch.rand(3, 40, 56)], [truth])
    raw = system.forward(batch)["pixels"]
    wanted = batch.truth[0].semantic
    known = wanted != 255
    logits = torch.zeros_like(raw.logits)
    logits[0, :, : known.shape[0], : known.shape[1]] = F.one_hot(wanted.where(known, 0), 3).permute(2, 0, 1) * 20.0
    (found,) = system.predictions({"pixels": replace(raw, logits=logits)})
    assert torch.equal(found.semantic[known], wanted[known])
    assert int(known.sum()) >= 40 * 56


def test_gaps_between_instances_weigh_more_and_masks_are_kept_for_it() -> None:
    plain, weighted = (
        sc.build("unet", ["background", "cell"], padding="same", width=1 / 32, border_weights=on)
        for on in (False, True)
    )
    weighted.load_state_dict(plain.state_dict())
    masks = torch.zeros(2, 32, 32, dtype=torch.bool)
    masks[0, 4:28, 2:15] = masks[1, 4:28, 17:30] = True
    apart = Annotation(semantic=masks.any(0).long(), instances=Instances(masks=Masks.from_dense(masks)))
    # To the masks the two are one object: there is no gap.
    one = replace(apart, instances=Instances(masks=Masks.from_dense(masks.any(0, keepdim=True))))
    costs = [
        system.eval().loss(system.batch([torch.zeros(3, 32, 32)], [truth]))["pixels/class"].item()
        for system in (plain, weighted)
        for truth in (apart, one)
    ]
    assert costs[0] == costs[1] == costs[3] < costs[2]
    augmentation = replace(weighted.recipe.augmentation, elastic=None, rotate=0.0)
    assert "instances.masks" in unread(plain.uses, augmentation)
    assert "instances.masks" not in unread(weighted.uses, augmentation)


def test_weights_of_classes_and_of_gaps_are_added() -> None:
    system = sc.build("unet", 2, padding="same", width=1 / 32, border_weights=True).eval()
    head = head_of(system)
    head.class_weights.copy_(torch.tensor([0.5, 2.0]))
    semantic = torch.zeros(1, 16, 16, dtype=torch.int64)
    semantic[:, :, :6] = semantic[:, :, 8:] = 1
    factor = head._importance(head.importance, [Annotation(semantic=semantic[0])], semantic)
    counts = factor * head.class_weights[semantic]
    assert counts[0, 0, 0] == 2
    torch.testing.assert_close(counts[0, 8, 6], torch.tensor(0.5 + 10 * 2.718281828 ** (-(3**2) / 50)))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("unet", {"trunk": "resnet18", "padding": "valid"}, "pads"),
        ("unet", {"trunk": "test_vit"}, "halved step by step"),
        ("unet", {"neck_channels": 0}, "neck_channels"),
        ("unet", {"size": 0}, "size"),
        ("segnet", {"trunk": "resnet18"}, "pools of 2 x 2"),
        ("segnet", {"trunk": "lenet5"}, "pools of 2 x 2"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, options: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        sc.build(name, 2, **options)


def test_described_sides_are_those_that_the_network_sees() -> None:
    assert sc.describe("unet", size=252).input == (3, 252, 252)
    with pytest.raises(SaccadeError, match="margins"):
        sc.describe("unet", size=64)


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("unet", ["--border-weights", "--padding", "same"]),
        pytest.param("segnet_basic", ["--size", "64", "--balance", "median"], marks=pytest.mark.slow),
    ],
)
def test_it_is_trained_measured_and_asked_by_commands(name: str, flags: list[str], tmp_path: Path) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    quick = ["--steps", "2", "--batch", "2", "--width", "0.0625", "--workers", "0", "--threads", "1", "--val", "0.25"]
    assert main(["train", name, "--data", DATA, "--out", str(run), *quick, *flags]) == 0
    assert main(["evaluate", str(run), "--out", str(out)]) == 0
    assert 0 <= json.loads((out / "scores.json").read_text())["miou"] <= 1
    assert main(["data", "convert", "scenes:count=1,size=50", str(tmp_path / "one"), "--to", "masks", "--lossy"]) == 0
    assert main(["predict", str(run), str(tmp_path / "one"), "--out", str(out)]) == 0
    (told,) = [one for one in json.loads((out / "predictions.json").read_text()) if one["size"] == [50, 50]][:1]
    assert (out / told["semantic"]).is_file()
