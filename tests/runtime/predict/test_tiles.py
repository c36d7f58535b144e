"""A large picture is predicted tile by tile: every object once, whole where a tile shows it so; maps have no seams."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from blob_system import BlobHead, blob_system
from helpers import CLASSES
from pixel_systems import pixel_system
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.runtime.evaluate.evaluate import evaluate
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.views.map_mean import MapMean
from saccade.runtime.predict.views.multi_scale_flip import MultiScaleFlip, Tiles
from saccade.systems.build import build


def canvas(size: tuple[int, int] = (300, 420)) -> tuple[Tensor, Tensor]:
    """A black picture with white patches of 20 x 14 pixels 30 pixels apart, and their boxes."""
    image = torch.zeros(3, *size, dtype=torch.uint8)
    boxes = [(x, y, x + 20, y + 14) for y in range(5, size[0] - 14, 30) for x in range(7, size[1] - 20, 30)]
    for x1, y1, x2, y2 in boxes:
        image[:, y1:y2, x1:x2] = 255
    return image, torch.tensor(boxes).float()


def by_place(boxes: Tensor) -> list[list[float]]:
    return sorted(boxes.tolist(), key=lambda box: (box[1], box[0]))


@pytest.mark.parametrize(("size", "overlap"), [(64, 0.0), (64, 0.2), (100, 0.5), (17, 0.9)])
def test_tiles_cover_the_picture_and_overlap(size: int, overlap: float) -> None:
    tiles = Tiles(size, overlap)
    seen = torch.zeros(131, 300, dtype=torch.int64)
    windows = tiles.windows((131, 300))
    for top, left, bottom, right in windows:
        assert (bottom - top, right - left) == (size, size)
        seen[top:bottom, left:right] += 1
    assert (seen > 0).all()
    assert windows == sorted(windows)
    for one, following in pairwise(windows):
        if one.top == following.top:
            assert one.right - following.left >= tiles.margin


def test_a_side_shorter_than_a_tile_is_taken_whole() -> None:
    assert Tiles(64).windows((40, 50)) == [(0, 0, 40, 50)]
    assert Tiles(64, 0).windows((40, 128)) == [(0, 0, 40, 64), (0, 64, 40, 128)]


@pytest.mark.parametrize(("size", "overlap"), [(15, 0.2), (64, -0.1), (64, 0.95), (64, float("nan"))])
def test_tiles_that_are_none_are_refused(size: int, overlap: float) -> None:
    with pytest.raises(UsageError, match="tiles of 16"):
        Tiles(size, overlap)


@pytest.mark.parametrize("views", [{}, {"flip": True}, {"scales": (1, 2), "flip": True}], ids=str)
def test_every_object_is_told_once_and_whole(views: dict) -> None:
    image, boxes = canvas()
    (prediction,) = Predictor(blob_system(), tile=96, overlap=0.4, **views)([image], batch=5)
    rows = prediction.instances
    assert len(boxes) > BlobHead.suppression.limit  # which holds for each tile
    assert np.allclose(by_place(rows.boxes), by_place(boxes), atol=1e-3)
    dense = rows.masks.dense()
    assert dense.shape[1:] == (300, 420)
    assert torch.equal(dense.any(0), image[0] > 0)
    for row, (x1, y1, x2, y2) in enumerate(rows.boxes.round().long().tolist()):
        assert dense[row, y1:y2, x1:x2].all()
        assert dense[row].sum() == (y2 - y1) * (x2 - x1)


def test_what_no_tile_shows_whole_is_joined_where_tiles_overlap_and_told_in_parts_elsewhere() -> None:
    image = torch.zeros(3, 64, 192, dtype=torch.uint8)
    image[:, 10:50, 20:180] = 255
    parts, whole = (Predictor(blob_system(), tile=64, overlap=share)(image).instances for share in (0.0, 0.25))
    assert len(parts) > 1
    assert (parts.scores == 0.9).all()
    assert whole.boxes.tolist() == [[20, 10, 180, 50]]
    assert torch.equal(whole.masks.dense()[0], image[0] > 0)


def test_without_overlap_tiles_are_answered_as_crops_are() -> None:
    torch.manual_seed(1)
    system = build("ssd300", CLASSES, width=1 / 16).eval()
    image = torch.rand(3, 128, 192, generator=torch.Generator().manual_seed(0))
    (prediction,) = Predictor(system, tile=64, overlap=0.0)([image])
    wanted = []
    for top in range(0, 128, 64):
        for left in range(0, 192, 64):
            (crop,) = Predictor(system)([image[:, top : top + 64, left : left + 64]])
            rows = crop.instances
            shift = torch.tensor([left, top, left, top])
            wanted += zip((rows.boxes + shift).tolist(), rows.labels.tolist(), rows.scores.tolist(), strict=True)
    rows = prediction.instances
    found = list(zip(rows.boxes.tolist(), rows.labels.tolist(), rows.scores.tolist(), strict=True))
    assert len(found) == len(wanted) > 6
    key = lambda row: (round(row[2], 4), row[1], [round(value, 1) for value in row[0]])  # noqa: E731
    for ours, theirs in zip(sorted(found, key=key), sorted(wanted, key=key), strict=True):
        assert ours[1] == theirs[1]
        assert np.allclose(ours[0], theirs[0], atol=1e-2)
        assert abs(ours[2] - theirs[2]) < 1e-4


@pytest.mark.parametrize(
    "views", [{"tile": 32}, {"tile": 32, "flip": True}, {"flip": True}, {"tile": 24, "scales": (1, 2)}], ids=str
)
def test_maps_of_views_are_those_of_the_whole(views: dict) -> None:
    image = torch.rand(3, 70, 90, generator=torch.Generator().manual_seed(0))
    fields = ("semantic", "semantic_scores", "contours")
    system = pixel_system(fields=fields)
    plain, seen = (Predictor(system, keep_scores=True, **how)([image])[0] for how in ({}, views))
    slack = 0.3 if "scales" in views else 1e-5  # seen larger and smaller again, noise is smoothed
    torch.testing.assert_close(seen.semantic_scores, plain.semantic_scores, atol=slack, rtol=0)
    torch.testing.assert_close(seen.contours, plain.contours, atol=slack, rtol=0)
    assert (seen.semantic == plain.semantic).float().mean() > (0.9 if "scales" in views else 0.999)
    assert torch.equal(seen.semantic, seen.semantic_scores.argmax(0))
    assert Predictor(system, **views)([image])[0].semantic_scores is None


def test_maps_pass_from_tile_to_tile_without_a_seam() -> None:
    size, margin = (40, 200), 16
    views = list(MultiScaleFlip(tiles=Tiles(64, margin / 64)).of(size, InputSpec("native")))
    means = MapMean(views)
    for place, view in enumerate(views):
        means.add(place, torch.full((1, *view.window.size), float(place)), view.frame)
    jumps = means.means[0].diff(dim=1).abs()
    assert len(views) == 4
    assert means.means[0, :, 0].eq(0).all()
    assert means.means[0, :, -1].eq(3).all()
    assert jumps.max() < 1.5 / margin
    assert (means.means[0, :1] == means.means[0]).all()


def test_of_maps_of_tiles_only_what_is_needed_is_held() -> None:
    views = list(MultiScaleFlip(tiles=Tiles(32, 0.25)).of((300, 200), InputSpec("native")))
    columns = len({view.window.left for view in views})
    means, most = MapMean(views, decide="best", suppression=False), 0
    for place, view in enumerate(views):
        means.add(place, torch.rand(3, *view.window.size), view.frame)
        most = max(most, len(means._parts))
    assert len(views) > 60
    assert most <= 2 * columns
    assert means.semantic.shape == (300, 200)
    assert means.means is None
    assert not means._parts


def test_views_may_come_in_any_order() -> None:
    views = list(MultiScaleFlip(tiles=Tiles(32, 0.25)).of((70, 90), InputSpec("native")))
    maps = [torch.rand(3, *view.window.size) for view in views]
    found = []
    for order in (range(len(views)), reversed(range(len(views)))):
        means = MapMean(views, decide="best")
        for place in order:
            means.add(place, maps[place], views[place].frame)
        found.append(means)
    torch.testing.assert_close(found[0].means, found[1].means)
    assert torch.equal(found[0].semantic, found[1].semantic)


class BlobData:
    """The canvas, and an empty picture beside it."""

    classes, joints, fields = CLASSES, None, frozenset({"instances.boxes", "instances.labels"})
    vocabularies = Vocabularies.of(CLASSES)

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Sample:
        image = canvas((100, 150))[0] * (1 - index)
        return Sample(image, self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        boxes = canvas((100, 150))[1][: None if index == 0 else 0]
        return Annotation(instances=Instances(boxes, torch.zeros(len(boxes), dtype=torch.int64)))

    def id(self, index: int) -> str:
        return str(index)


def test_evaluation_sees_tiles() -> None:
    system = blob_system()
    plain, tiled = (evaluate(Predictor(system, **how), BlobData()) for how in ({}, {"tile": 48, "overlap": 0.5}))
    assert plain["AP"] == pytest.approx(tiled["AP"])
    assert tiled["AP"] > 0.999
    assert tiled["loss"] == plain["loss"]
