"""DeepMask and SharpMask: where windows stand, what they learn from, and what is told of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.core.masks import Masks
from saccade.heads.windows.mask_patches import drawn
from saccade.heads.windows.mask_windows import ObjectMasks
from saccade.heads.windows.object_masks import ObjectMaskHead
from saccade.heads.windows.refined_masks import RefinedMaskHead
from saccade.layers.blocks.symmetric_padding import SymmetricConv2d, with_symmetric_padding
from saccade.layers.towers.mask_refinement import windows_of
from saccade.layers.towers.object_masks import SeparateBranches
from saccade.metrics.families import choose
from saccade.network.maps import Maps
from saccade.network.system import System
from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.windows.painted import painted
from saccade.ops.windows.patches import Patches, PatchSample
from saccade.runtime.runs.run_regions import RunRegions
from saccade.systems.build import build
from saccade.trunks.chain import Chain

SAMPLE = PatchSample(64, 37, 40)


def head_of(system: System) -> ObjectMaskHead:
    head = system.heads["masks"]
    assert isinstance(head, ObjectMaskHead)
    return head


def cells_trunk() -> Chain:
    """One layer whose cells see 16 × 16 pixels each and nothing else, so that a window knows nothing around it."""
    return Chain({"cells": nn.Conv2d(3, 6, 16, 16)})


def disc(side: int, x: float, y: float, radius: float) -> Tensor:
    at = torch.arange(side) + 0.5
    return (at - x).square() + (at[:, None] - y).square() < radius**2


def shown(*discs: tuple[float, float, float], side: int = 64) -> Annotation:
    masks = Masks.from_dense(torch.stack([disc(side, *one) for one in discs]))
    labels = torch.arange(len(discs))
    return Annotation(instances=Instances(boxes=masks.boxes(), labels=labels, masks=masks))


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (7, 2)])
def test_a_symmetric_convolution_is_one_of_numpy_s_symmetric_padding(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(2, 3, kernel, stride, kernel // 2)
    (made,) = with_symmetric_padding(nn.Sequential(plain))
    assert isinstance(made, SymmetricConv2d)
    assert made.weight is plain.weight
    picture, pad = torch.randn(1, 2, 9, 8, requires_grad=True), kernel // 2
    around = np.pad(picture.detach().numpy(), ((0, 0), (0, 0), (pad, pad), (pad, pad)), "symmetric")
    torch.testing.assert_close(made(picture), F.conv2d(torch.from_numpy(around), plain.weight, plain.bias, stride))
    torch.testing.assert_close(made(picture), made(picture.detach()))
    # No gradient flows through what is mirrored: it is that of zeros around the picture.
    weights = torch.randn_like(made(picture))
    (gradient,) = torch.autograd.grad((made(picture) * weights).sum(), picture)
    (wanted,) = torch.autograd.grad((plain(picture) * weights).sum(), picture)
    torch.testing.assert_close(gradient, wanted)


@pytest.mark.parametrize("side", [2, 4, 5])
def test_scores_at_every_position_are_those_of_each_window_alone(side: int) -> None:
    torch.manual_seed(0)
    branches = SeparateBranches(3, side, 1 / 64).eval()
    maps = torch.randn(2, 3, 7, 8)
    numbers, scores = branches(maps)
    assert numbers.shape[-2:] == scores.shape[-2:] == (8 - side, 9 - side)
    layers = [layer for layer in branches.score if isinstance(layer, nn.Conv2d)]
    for y, x in ((0, 0), (1, 2), (7 - side, 8 - side)):
        window = maps[:, :, y : y + side, x : x + side]
        pooled = F.max_pool2d(window, 2).flatten(1)
        first = F.relu(F.linear(pooled, layers[0].weight.flatten(1), layers[0].bias))
        second = F.relu(F.linear(first, layers[1].weight.flatten(1), layers[1].bias))
        last = F.linear(second, layers[2].weight.flatten(1), layers[2].bias)
        torch.testing.assert_close(scores[:, :, y, x], last, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(numbers[:, :, y, x], branches.narrow(window)[..., 0, 0], atol=1e-5, rtol=1e-4)


def test_windows_are_cut_where_they_stand() -> None:
    maps = torch.arange(2 * 3 * 8 * 10).view(2, 3, 8, 10)
    found = windows_of(maps, torch.tensor([1, 0]), torch.tensor([[2, 1], [0, 3]]), 2, 2)
    assert torch.equal(found[0], maps[1, :, 4:8, 2:6])
    assert torch.equal(found[1], maps[0, :, 0:4, 6:10])


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_window_of_the_picture_is_the_patch_that_is_cut_out_there(scale: float) -> None:
    torch.manual_seed(0)
    system = build("deepmask", 2, trunk=cells_trunk(), window=32, scales=(scale,), size=96, proposals=999).eval()
    head, picture = head_of(system), torch.rand(3, 96, 128)
    batch = system.batch([picture])
    with torch.no_grad():
        raw = system(batch)["masks"]
        seen = (
            batch.images
            if scale == 1
            else F.interpolate(batch.images, scale_factor=scale, antialias=True, mode="bilinear")
        )
        inside = 0
        for row, (x1, y1, x2, y2) in enumerate((raw.windows[0] * scale).round().long().tolist()):
            assert (x2 - x1, y2 - y1) == (32, 32)
            if min(x1, y1) >= 0 and x2 <= seen.shape[-1] and y2 <= seen.shape[-2]:
                inside += 1
                numbers, score = head.branches(head.describe(seen[..., y1:y2, x1:x2])["cells"])
                torch.testing.assert_close(raw.scores[0, row], score[0, 0, 0, 0], atol=1e-5, rtol=1e-4)
                torch.testing.assert_close(
                    raw.logits[0, row], head.branches.masks(numbers[0, :, 0, 0]), atol=1e-5, rtol=1e-4
                )
    assert inside == ((seen.shape[-2] - 32) // 16 + 1) * ((seen.shape[-1] - 32) // 16 + 1)


def test_every_place_of_a_picture_is_near_the_middle_of_a_window() -> None:
    system = build("deepmask", 2, trunk=cells_trunk(), window=64, scales=(1.0, 0.7), size=70).eval()
    raw = system(system.batch([torch.rand(3, 70, 90)]))["masks"]
    middles = ((raw.windows[0, :, :2] + raw.windows[0, :, 2:]) / 2)[raw.shown[0]]
    assert bool((middles >= 0).all() and (middles < torch.tensor([90.0, 70.0])).all())
    places = torch.cartesian_prod(torch.arange(90.0), torch.arange(70.0))
    assert float(torch.cdist(places, middles, p=torch.inf).amin(1).max()) <= 16


def test_those_that_score_best_are_told_whatever_their_scale() -> None:
    torch.manual_seed(0)
    options = {"trunk": cells_trunk(), "window": 32, "scales": (1.0, 0.5), "size": 64}
    every, few = (build("deepmask", 2, **options, proposals=number).eval() for number in (999, 5))
    few.load_state_dict(every.state_dict())
    batch = every.batch([torch.rand(3, 64, 64)])
    found, best = every(batch)["masks"], few(batch)["masks"]
    wanted = found.scores[0][found.shown[0]].topk(5).values
    torch.testing.assert_close(best.scores[0].sort(descending=True).values, wanted)


def test_a_perfect_raw_output_decodes_to_the_truth() -> None:
    truth = shown((20.3, 22.0, 11.0), (45.0, 40.0, 15.0))
    rows = truth.get("instances")
    middles, sides = (rows.boxes[:, :2] + rows.boxes[:, 2:]) / 2, torch.tensor([[44.0], [60.0]])
    windows = torch.cat([middles - sides / 2, middles + sides / 2], 1)
    head = head_of(build("deepmask", 2, trunk=cells_trunk(), window=32, size=64))
    patches = drawn(
        lambda *_: _patches(windows),
        Maps({"image": torch.zeros(1, 3, 64, 64)}, torch.tensor([[64, 64]])),
        [truth],
        32,
        0,
    )
    logits = (patches.targets([truth], 56) * 2 - 1) * 20
    outside = torch.tensor([[80.0, 10.0, 120.0, 50.0]])
    raw = ObjectMasks(
        torch.cat([logits, logits[:1]])[None],
        torch.tensor([[-5.0, 5.0, 9.0]]),
        torch.cat([windows, outside])[None],
        torch.tensor([[True, True, False]]),
        torch.tensor([[64, 64]]),
    )
    (found,) = head.decode(raw)
    told = found.get("instances")
    assert found.present() == head.gives
    assert told.scores.tolist() == sorted(told.scores.tolist(), reverse=True)
    for row, wanted in ((0, 1), (1, 0)):
        one, other = told.masks.dense()[row], rows.masks.dense()[wanted]
        assert float((one & other).sum() / (one | other).sum()) > 0.93
    assert torch.equal(told.boxes, told.masks.boxes())


def test_an_object_is_told_of_once_where_that_is_asked_for() -> None:
    windows = torch.tensor([[[8.0, 8.0, 40.0, 40.0], [9.0, 8.0, 41.0, 40.0], [30.0, 30.0, 62.0, 62.0]]])
    scores, shown = torch.tensor([[1.0, 2.0, 0.0]]), torch.ones(1, 3, dtype=torch.bool)
    raw = ObjectMasks(torch.full((1, 3, 56, 56), 9.0), scores, windows, shown, torch.tensor([[64, 64]]))
    for overlap, wanted in ((1.0, [2.0, 1.0, 0.0]), (0.5, [2.0, 0.0])):
        head = head_of(build("deepmask", 2, trunk=cells_trunk(), window=32, size=64, overlap=overlap))
        told = head.decode(raw)[0].get("instances")
        torch.testing.assert_close(told.scores.logit(), torch.tensor(wanted))
        assert len(told.masks) == len(wanted)


def test_painting_reads_each_pixel_at_its_centre() -> None:
    logits = torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(0))
    found = painted(logits, torch.tensor([[-4.0, 2.0, 12.0, 18.0]]), (20, 10), 0.3).dense()[0]
    whole = F.interpolate(logits[None], size=(16, 16), mode="bilinear")[0, 0] > 0.3
    assert torch.equal(found[2:18], whole[:, 4:14])
    assert not found[:2].any()
    assert not found[18:].any()


def test_a_window_without_a_pixel_tells_of_nothing() -> None:
    head = head_of(build("deepmask", 2, trunk=cells_trunk(), window=32, size=64))
    box, size = torch.tensor([[[8.0, 8.0, 40.0, 40.0]]]), torch.tensor([[64, 64]])
    raw = ObjectMasks(torch.full((1, 1, 56, 56), -9.0), torch.ones(1, 1), box, torch.ones(1, 1, dtype=torch.bool), size)
    rows = head.decode(raw)[0].get("instances")
    assert (len(rows), len(rows.masks)) == (0, 0)


def test_a_target_lies_where_its_object_is_shown() -> None:
    truth = shown((14.3, 14.0, 5.5), (45.0, 40.0, 15.0))
    image = truth.get("instances.masks").dense().any(0).float().expand(1, 3, 64, 64)
    windows = torch.tensor([[3.0, 4.0, 25.0, 26.0], [20.0, 15.0, 70.0, 65.0]])
    maps = Maps({"image": image}, torch.tensor([[64, 64]]))
    patches = drawn(lambda *_: _patches(windows), maps, [truth], 112, 16)
    assert patches.squares.shape == (2, 3, 144, 144)
    seen, wanted = patches.squares[:, 0, 16:-16, 16:-16] > 0.5, patches.targets([truth], 112) > 0.5
    both, either = (seen & wanted).flatten(1).sum(1), (seen | wanted).flatten(1).sum(1)
    assert bool((both > 0.97 * either).all()), both / either


def _patches(windows: Tensor) -> Patches:
    """The windows themselves, each of its own object."""
    return Patches(windows, torch.arange(len(windows)), torch.ones(len(windows), dtype=torch.bool))


def test_objects_are_centred_at_the_right_size_and_background_lies_far_from_them() -> None:
    torch.manual_seed(0)
    truth = shown((60.0, 60.0, 20.0), (150.0, 140.0, 30.0), side=200)
    objects = truth.get("instances.boxes")
    seen = replace(SAMPLE, number=400)(truth, torch.tensor([200, 200]))
    middles, sides = (seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2, seen.boxes[:, 2] - seen.boxes[:, 0]
    centres, longest = (objects[:, :2] + objects[:, 2:]) / 2, (objects[:, 2:] - objects[:, :2]).amax(1)
    octaves = (sides / 64).log2()
    for mask in (True, False):
        about = (seen.masks == mask) & (seen.rows >= 0)
        off = (middles - centres[seen.rows])[about] / octaves[about].exp2()[:, None]
        growth = octaves[about] - (longest[seen.rows[about]] / 37).log2()
        assert float(growth.abs().max()) <= (0.2501 if mask else 0.1251)
        assert float(off.abs().max()) <= (16 if mask else 1e-3)
    assert bool((seen.rows[seen.masks] >= 0).all())
    assert 0.35 < float((seen.rows[~seen.masks] >= 0).float().mean()) < 0.65
    empty = seen.rows < 0
    off = (middles[empty, None] - centres).abs().amax(2) / octaves[empty].exp2()[:, None]
    scales = (octaves[empty, None] - (longest / 37).log2()).abs()
    assert bool(((off >= 48) | (scales >= 2.5)).all())


def test_a_class_is_as_likely_as_another_however_many_objects_it_has() -> None:
    torch.manual_seed(0)
    truth = shown(*[(20.0 + 12 * place, 20.0, 8.0) for place in range(9)], side=140)
    rows = replace(truth.get("instances"), labels=torch.tensor([1] * 8 + [0]))
    seen = replace(SAMPLE, number=800)(Annotation(instances=rows), torch.tensor([140, 140]))
    assert 0.42 < float((seen.rows[seen.masks] == 8).float().mean()) < 0.58


def test_small_objects_crowds_and_what_lacks_a_mask_teach_no_mask() -> None:
    torch.manual_seed(0)
    truth = shown((20.0, 20.0, 4.0), (60.0, 60.0, 12.0), (100.0, 100.0, 12.0), (30.0, 100.0, 12.0), side=128)
    rows = replace(
        truth.get("instances"),
        crowd=torch.tensor([False, True, False, False]),
        masked=torch.tensor([True, True, False, True]),
    )
    seen = SAMPLE(Annotation(instances=rows), torch.tensor([128, 128]))
    assert set(seen.rows[seen.masks].tolist()) == {3}
    assert set(seen.rows[~seen.masks].tolist()) <= {-1, 2, 3}
    middles = (seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2
    crowded = ((middles >= rows.boxes[1, :2]) & (middles <= rows.boxes[1, 2:])).all(1)
    assert not bool((crowded & (seen.rows < 0)).any())
    half = Annotation(instances=rows, sought=torch.tensor([True, True, False, True]))
    assert bool((SAMPLE(half, torch.tensor([128, 128])).rows >= 0).all())


def test_the_score_weighs_a_32nd_and_a_picture_s_patches_count_as_one() -> None:
    torch.manual_seed(0)
    system = build("deepmask", 2, trunk=cells_trunk(), window=32, size=64).eval()
    head = head_of(system)
    with torch.no_grad():
        head.branches.mask.weight.zero_()
        head.branches.mask.bias.zero_()
        head.branches.score[-1].weight.zero_()
        head.branches.score[-1].bias.zero_()
    truth = shown((30.0, 30.0, 15.0))
    losses = system.loss(system.batch([torch.rand(3, 64, 64)] * 2, [truth, truth]))
    torch.testing.assert_close(losses["masks/mask"], torch.tensor(2.0).log())
    torch.testing.assert_close(losses["masks/score"], torch.tensor(2.0).log() / 32)


def test_the_second_stage_teaches_the_refinement_alone() -> None:
    torch.manual_seed(0)
    system = build("sharpmask", 2, trunk="resnet18", width=1 / 16, window=32, size=64)
    assert isinstance(system.heads["masks"], RefinedMaskHead)
    first, second = system.recipe.stages
    for stage, wanted in ((first, False), (second, True)):
        system.freeze(stage.freeze)
        learns = {name for name, p in system.named_parameters() if p.requires_grad}
        refining = {name for name, _ in system.named_parameters() if name.startswith("heads.masks.refine.")}
        assert (learns == refining) if wanted else (learns.isdisjoint(refining) and learns)
        system.freeze(())


def test_masks_without_classes_are_judged_by_recall() -> None:
    system = build("deepmask", 2, trunk=cells_trunk(), window=32, size=64)
    fields = system.gives | {"instances.labels"}
    first, second = choose(system.gives, fields, ("a", "b"))
    truth = shown((20.0, 20.0, 10.0), (44.0, 40.0, 12.0))
    rows = truth.get("instances")
    told = Instances(boxes=rows.boxes, masks=rows.masks, scores=torch.tensor([0.3, 0.6]))
    for metric in (first, second):
        metric.update(Annotation(instances=told), truth, "one")
    found = first.result() | second.result()
    assert (found["mask_AR100"], found["AR100"], found["AR1"]) == (1, 1, 0.5)
    assert "mask_voc_ap" not in found
    assert system.recipe.best in found


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"window": 40}, "multiple of 16"),
        ({"scales": (0.0,)}, "scales above 0"),
        ({"mask_threshold": 1.0}, "between 0 and 1"),
        ({"samples": 1}, "samples from 2"),
        ({"overlap": 1.5}, "of 1 at most"),
        ({"proposals": 0}, "proposals from 1"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        build("deepmask", 2, trunk=cells_trunk(), size=64, **options)


@pytest.mark.slow
def test_a_run_proposes_regions_that_detectors_learn_from(tmp_path, monkeypatch) -> None:
    from saccade.runtime.tools.propose import propose

    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path / "cache"))
    data = sc.open_data("scenes:count=2,size=64,seed=1", "train")
    options = {"width": 1 / 16, "size": 64, "batch": 2, "workers": 0}
    sc.train("sharpmask", data, out=tmp_path / "run", trunk="resnet18", window=32, steps=4, **options)
    found = sc.evaluate(tmp_path / "run", data)
    assert {"mask_AR1", "mask_AR10", "mask_AR100", "mask_AR1000", "AR1000"} <= set(found)
    file = tmp_path / "regions.safetensors"
    table = propose(str(tmp_path / "run"), data, file, count=30)
    rows = sc.load(tmp_path / "run")(data[0].image).instances
    assert rows is not None
    assert len(table.boxes[0]) == min(30, len(rows))
    assert float(iou_matrix(table.boxes[0], rows.boxes[:30]).diagonal().min()) > 0.99
    sc.train("fast_rcnn", data, out=tmp_path / "boxes", trunk="vgg11", search=str(file), steps=1, **options)
    narrow = {**options, "width": 1 / 32, "trunk": "vgg11", "proposals": 20}
    data_of_one = sc.open_data("scenes:count=1,size=64,seed=2", "train")
    sc.train("multipath", data, out=tmp_path / "views", val=data, search=str(tmp_path / "run"), steps=2, **narrow)
    search = sc.load(tmp_path / "views").system.search
    assert isinstance(search, RunRegions)
    assert search.count == 1000  # it learns from more than it looks at in use
    wanted = sc.load(tmp_path / "run")(data_of_one[0].image).instances
    assert wanted is not None
    torch.testing.assert_close(search(data_of_one[0].image), wanted.boxes)
    assert sc.evaluate(tmp_path / "views", data_of_one)["AP50"] is not None
