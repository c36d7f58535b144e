"""What borders between tiles cut comes out once, with its whole mask; what are two objects stay two."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

import saccade as sc
from blob_system import blob_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.geometry.masks_warp import warp_masks
from saccade.core.input.input_spec import InputSpec
from saccade.core.masks import Masks
from saccade.ops.boxes.geometry import intersection_over_first
from saccade.ops.boxes.suppression import Suppression
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.views import seams
from saccade.runtime.predict.views.merge import Agreement
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip, Tiles, View, Window

Says = Callable[[View], Instances]
SCORES = np.random.default_rng(0)


def oracle(masks: Masks, labels: torch.Tensor) -> Says:
    """What a network that knows the truth says of a view: the pixels there, of a random score."""

    def say(view: View) -> Instances:
        seen = warp_masks(masks, view.frame.matrix, view.frame.target)
        shown = seen.areas() > 0
        scores = torch.from_numpy(SCORES.random(int(shown.sum()))).float()
        return Instances(seen.boxes()[shown], labels[shown], scores, seen[shown])

    return say


def merged(say: Says, size: tuple[int, int], how: MultiScaleFlip, overlap: float = 0.7) -> Instances:
    """The prediction about a picture of `size` from what is said of each view."""
    views = list(how.of(size, InputSpec("native")))
    agreement, found = Agreement(views, Suppression(overlap=overlap)), None
    for place, view in enumerate(views):
        found = agreement.add(place, Annotation(instances=say(view)), view.frame)
    assert found is not None
    assert found.instances is not None
    return found.instances


def ious(found: Masks, wanted: Masks) -> torch.Tensor:
    """(n, m)."""
    one, other = (masks.dense().flatten(1).float() for masks in (found, wanted))
    both = one @ other.T
    return both / (one.sum(1)[:, None] + other.sum(1) - both)


def bars() -> tuple[Masks, torch.Tensor]:
    """Of a picture of 90 x 200: a bar through all tiles, an L around a square of its class, a blob of another class."""
    dense = torch.zeros(4, 90, 200, dtype=torch.bool)
    dense[0, 10:22, 5:190] = True
    dense[1, 30:80, 40:48], dense[1, 72:80, 40:110] = True, True
    dense[2, 36:66, 54:70] = True
    dense[3, 40:60, 120:150] = True
    return Masks.from_dense(dense), torch.tensor([0, 0, 0, 1])


@pytest.mark.parametrize(
    "how", [MultiScaleFlip(tiles=Tiles(64, 0.25)), MultiScaleFlip(flip=True, tiles=Tiles(50, 0.4))]
)
def test_objects_larger_than_the_overlap_come_out_once_and_whole(how: MultiScaleFlip) -> None:
    masks, labels = bars()
    found = merged(oracle(masks, labels), (90, 200), how)
    agree = ious(found.masks, masks)
    assert len(found) == 4
    assert (agree.amax(0) == 1).all()
    places = agree.argmax(0)
    assert torch.equal(found.labels[places], labels)
    assert torch.equal(found.boxes[places].round(), masks.boxes())
    assert torch.equal(found.scores, found.scores.sort(descending=True).values)


@pytest.mark.parametrize("pairs", [1, 7, 2**20])
def test_how_many_pairs_are_looked_at_together_changes_nothing(pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seams, "AT_ONCE", pairs)
    masks, labels = bars()
    found = merged(oracle(masks, labels), (90, 200), MultiScaleFlip(flip=True, tiles=Tiles(50, 0.4)))
    assert torch.equal(ious(found.masks, masks).amax(0), torch.ones(4))
    assert len(found) == 4


def test_of_many_rows_those_yield_that_one_by_one_do() -> None:
    """Ten thousand rows, whose pairs are looked at in parts: half of them are cut."""
    draw, numbers = torch.Generator().manual_seed(0), torch.arange(10_000)
    corners = torch.rand(10_000, 2, generator=draw) * 1500
    boxes = torch.cat([corners, corners + 20 + torch.rand(10_000, 2, generator=draw) * 20], 1)
    own, cut, labels = numbers % 7, numbers % 2 == 1, numbers % 3
    tiles = [Window(0, left, 8000, left + 1000) for left in range(0, 7000, 1000)]
    seen = seams.Seen(Instances(boxes, labels, torch.rand(10_000, generator=draw)), labels, tiles, own, cut)
    rows = seams.mended(seen).rows
    for row in range(1, 10_000, 500):
        rivals = ~cut & (own != own[row]) & (labels == labels[row])
        covered = bool((intersection_over_first(boxes[[row]], boxes[rivals]) > 0.5).any())
        assert bool((rows.boxes == boxes[row]).all(1).any()) == (not covered)
    assert 5000 < len(rows) < 9000


def test_boxes_alone_are_told_in_parts_and_so_are_masks_that_no_two_tiles_show() -> None:
    masks, labels = bars()
    say = oracle(masks[[0]], labels[:1])

    def boxes_alone(view: View) -> Instances:
        rows = say(view)
        return Instances(rows.boxes, rows.labels, rows.scores)

    assert len(merged(boxes_alone, (90, 200), MultiScaleFlip(tiles=Tiles(64, 0.25)))) > 1
    assert len(merged(say, (90, 200), MultiScaleFlip(tiles=Tiles(50, 0)))) == 4


def test_parts_of_other_classes_or_other_pixels_stay_apart() -> None:
    masks, _ = bars()
    bar, how = masks[[0]], MultiScaleFlip(tiles=Tiles(64, 0.25))
    places = [view.window.left for view in how.of((90, 200), InputSpec("native"))]

    def of_changing_classes(view: View) -> Instances:
        return oracle(bar, torch.tensor([places.index(view.window.left) % 2]))(view)

    def of_two_objects(view: View) -> Instances:
        """Above and below, in turn, so that no pixel is of both."""
        upper = torch.zeros(2, 90, 200, dtype=torch.bool)
        upper[0, 10:16], upper[1, 16:22] = True, True
        halves = Masks.from_dense(upper & bar.dense())
        return oracle(halves[[places.index(view.window.left) % 2]], torch.tensor([0]))(view)

    for say in (of_changing_classes, of_two_objects):
        assert len(merged(say, (90, 200), how)) == len(set(places)) > 2


def test_grids_over_cut_boxes_are_joined_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Mask R-CNN gives them, a pixel larger each way; nothing is ever laid out over the whole picture."""
    dense = torch.zeros(1, 90, 200, dtype=torch.bool)
    dense[0, 10:80, 5:190] = True
    masks = Masks.from_dense(dense)
    say = oracle(masks, torch.tensor([0]))

    def grids(view: View) -> Instances:
        rows = say(view)
        return Instances(rows.boxes, rows.labels, rows.scores, mask_scores=torch.ones(len(rows), 28, 28))

    def refuse(_: Masks) -> None:
        raise AssertionError("dense")

    with monkeypatch.context() as patch:
        patch.setattr(Masks, "dense", refuse)
        found = merged(grids, (90, 200), MultiScaleFlip(tiles=Tiles(64, 0.25)))
    assert len(found) == 1
    assert found.boxes.tolist() == [[5, 10, 190, 80]]
    assert ious(found.masks, masks) > 0.93


def test_weak_doubles_of_parts_do_not_spoil_the_mask() -> None:
    masks, _ = bars()
    shapes = masks[[0]].dense().repeat(2, 1, 1)
    shapes[1, 6:26:2] = True  # a double in every tile, which agrees with the parts by three quarters
    say = oracle(Masks.from_dense(shapes), torch.zeros(2, dtype=torch.int64))

    def with_scores(view: View) -> Instances:
        rows = say(view)
        return Instances(rows.boxes, rows.labels, torch.tensor([0.9, 0.1])[: len(rows)], rows.masks)

    found = merged(with_scores, (90, 200), MultiScaleFlip(tiles=Tiles(64, 0.25)), overlap=0.9)
    assert torch.equal(found.masks.dense(), shapes)
    assert found.scores.tolist() == pytest.approx([0.9, 0.1])


def test_the_best_part_gives_what_cannot_be_joined() -> None:
    masks, labels = bars()
    say, best = oracle(masks[[0]], labels[:1]), 2

    def with_joints(view: View) -> Instances:
        rows, left = say(view), view.window.left
        score = torch.full((len(rows),), 0.9 if left == lefts[best] else 0.4)
        joints = torch.tensor([[[3.0, 4.0]]]).expand(len(rows), 1, 2)
        return Instances(rows.boxes, rows.labels, score, rows.masks, keypoints=joints)

    how = MultiScaleFlip(tiles=Tiles(64, 0.25))
    lefts = sorted({view.window.left for view in how.of((90, 200), InputSpec("native"))})
    found = merged(with_joints, (90, 200), how)
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.keypoints[0, 0, 0] == lefts[best] + 3


def test_scenes_drawn_large_are_given_again() -> None:
    """Every object of a built-in picture, by tiles of a third of it, its mask as the whole picture has it."""
    data = sc.open_data("scenes:size=384,count=2,seed=4", split="train")
    for index in range(2):
        rows = data[index].truth.instances
        found = merged(oracle(rows.masks, rows.labels), (384, 384), MultiScaleFlip(tiles=Tiles(128, 0.3)))
        agree = ious(found.masks, rows.masks)
        assert len(found) == len(rows) > 1
        assert (agree.amax(0) > 0.95).all()


@pytest.mark.slow
def test_small_objects_of_a_large_picture_are_found_as_in_its_crops() -> None:
    draw, image = np.random.default_rng(3), torch.zeros(3, 3000, 4000, dtype=torch.uint8)
    for y, x in np.argwhere(draw.random((50, 66)) < 0.1).tolist():
        image[:, y * 60 + 8 : y * 60 + 8 + draw.integers(6, 40), x * 60 + 8 : x * 60 + 8 + draw.integers(6, 40)] = 255
    system = blob_system()
    found = Predictor(system, tile=640, overlap=0.2)(image).instances
    canvas = torch.zeros(3000, 4000, dtype=torch.int64)
    for crop, (x1, y1, x2, y2) in zip(found.masks.crops(), found.masks.windows.tolist(), strict=True):
        canvas[y1:y2, x1:x2] += crop
    assert len(found) > 250
    assert torch.equal(canvas, image[0].long() // 255)  # each object once, with all its pixels
    assert found.masks.bits.numel() < 2 * canvas.sum()


@pytest.mark.slow
def test_masks_of_tiles_without_overlap_are_those_of_crops() -> None:
    torch.manual_seed(1)
    options = {"trunk": "resnet18", "width": 1 / 8, "size": 64}
    system = sc.build("mask_rcnn", ["a", "b"], **options).eval()
    image = torch.rand(3, 128, 192, generator=torch.Generator().manual_seed(0))
    found = Predictor(system, tile=64, overlap=0.0)(image).instances
    for top in (0, 64):
        for left in (0, 64, 128):
            crop = Predictor(system)(image[:, top : top + 64, left : left + 64]).instances
            shift = torch.tensor([left, top, left, top])
            apart = (found.boxes[None] - (crop.boxes + shift)[:, None]).abs().amax(2)
            apart += (found.scores - crop.scores[:, None]).abs() * 100
            near, places = apart.min(1)
            assert (near < 0.02).float().mean() > 0.97  # of two that overlap by just half, either may stay
            # A grid that leaves the picture at the left or above is rounded the other way, as in torchvision.
            inner = (near < 0.02) & (crop.boxes[:, :2] > 4).all(1)
            inside = found.masks[places[inner]].dense()[:, top : top + 64, left : left + 64]
            differ = (inside ^ crop.masks[inner.nonzero()[:, 0]].dense()).flatten(1).sum(1)
            assert len(differ) > 0
            assert differ.max() <= 2
