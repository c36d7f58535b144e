"""Keypoint R-CNN: what it is made of, what its grids say, and what it learns from objects that lack joints."""

import math
from dataclasses import replace

import pytest
import torch
from torchvision.models.detection.roi_heads import heatmaps_to_keypoints

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import ConfigError, UsageError
from saccade.core.joint_names import COCO_NAMES
from saccade.heads.regions.keypoint_top import KeypointTop, RegionKeypoints
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.regions.region_top import Sampled
from saccade.network.system import System
from saccade.ops.regions.keypoint_cells import keypoint_cells, keypoint_places
from saccade.systems.build import build

NAMES = {"instances": ["person", "car"], "joints": ["l eye", "r eye", "nose"]}
SMALL = {"trunk": "resnet18", "width": 1 / 16, "size": 64, "scales": (2.0,)}


def head_of(system: System) -> RegionHead:
    head = system.heads["regions"]
    assert isinstance(head, RegionHead)
    return head


def top_of(system: System) -> KeypointTop:
    top = head_of(system).tops["keypoint"]
    assert isinstance(top, KeypointTop)
    return top


def made(**options: object) -> System:
    torch.manual_seed(0)
    return build("keypoint_rcnn", NAMES, **{**SMALL, **options})


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_it_is_faster_r_cnn_with_one_more_top() -> None:
    with torch.device("meta"):
        poses, boxes = build("keypoint_rcnn", 1), build("faster_rcnn", 1, trunk="resnet50", size=800)
        frozen = build("keypoint_rcnn", 1, norm="frozen")
    ours, theirs = (dict(system.named_parameters()) for system in (poses, boxes))
    assert {name: p.shape for name, p in theirs.items()}.items() <= {name: p.shape for name, p in ours.items()}.items()
    assert all(name.startswith("heads.regions.tops.keypoint") for name in ours.keys() - theirs.keys())
    head = head_of(poses)
    assert head.terms == ("propose_class", "propose_box", "class", "box", "keypoint")
    assert head.tops["keypoint"].reads == head.box.reads
    assert parameters(top_of(poses)) == 17_838_097
    assert parameters(frozen) == 59_137_258  # as torchvision counts its own, whose normalisation has none
    assert poses.vocabularies["joints"] == COCO_NAMES


def test_joints_are_named_or_counted() -> None:
    system = made()
    assert system.vocabularies == {"instances": ("person", "car"), "joints": ("l eye", "r eye", "nose")}
    assert system.origin is not None
    assert system.origin["classes"] == NAMES
    assert made(joints=3).vocabularies == system.vocabularies
    counted = build("keypoint_rcnn", ["person"], joints=2, **SMALL)
    assert counted.vocabularies["joints"] == ("joint 1", "joint 2")
    with pytest.raises(ConfigError, match="3 joints, as they are named"):
        made(joints=4)
    with pytest.raises(ConfigError, match="one joint or more"):
        build("keypoint_rcnn", ["person"], joints=0, **SMALL)
    with pytest.raises(ConfigError, match="jointed"):
        made(jointed=("dog",))
    with pytest.raises(UsageError, match="stride"):
        made(trunk="lenet5")


def test_a_joint_s_cell_is_that_of_the_grid_over_its_region() -> None:
    boxes = torch.tensor([[10.0, 20, 66, 76]] * 2)
    points = torch.tensor([[[10.0, 20], [10.9, 21.1]], [[66.0, 76], [66.1, 50]]])
    cells, inside = keypoint_cells(points, boxes, 56)
    assert cells.tolist() == [[0, 56], [3135, 0]]
    assert inside.tolist() == [[True, True], [True, False]]
    _, never = keypoint_cells(points[:1], torch.tensor([[5.0, 5, 5, 5]]), 56)
    assert not never.any()


def test_a_perfect_grid_is_decoded_to_its_joints() -> None:
    draw = torch.Generator().manual_seed(0)
    low = torch.rand(12, 2, generator=draw) * 40
    boxes = torch.cat([low, low + 20 + torch.rand(12, 2, generator=draw) * 90], 1)
    points = low[:, None] + torch.rand(12, 5, 2, generator=draw) * (boxes[:, None, 2:] - low[:, None])
    cells, inside = keypoint_cells(points, boxes, 56)
    assert inside.all()
    logits = torch.full((12, 5, 56 * 56), -20.0).scatter(2, cells[..., None], 20.0).view(12, 5, 56, 56)
    found = keypoint_places(logits, boxes)
    half_a_cell = (boxes[:, None, 2:] - boxes[:, None, :2]) / 56 / 2
    assert ((found - points).abs() <= half_a_cell + 0.5).all()  # and half of a pixel, where there are more than cells
    large = ((boxes[:, 2:] - boxes[:, :2]) >= 56).all(1)
    theirs, _ = heatmaps_to_keypoints(logits, boxes)
    assert torch.equal(found[large], theirs[large, :, :2])
    assert torch.equal(keypoint_places(logits, boxes, reduced=True), theirs[..., :2])
    assert not torch.equal(found, theirs[..., :2])


def test_a_joint_is_in_the_middle_of_the_best_pixel_of_its_enlarged_grid() -> None:
    logits = torch.zeros(1, 1, 4, 4)
    logits[0, 0, 1, 2] = 5.0
    assert keypoint_places(logits, torch.tensor([[10.0, 20, 14, 24]])).tolist() == [[[12.5, 21.5]]]
    wide = keypoint_places(logits, torch.tensor([[10.0, 20, 13.5, 24]]))  # four pixels of .875 each
    assert wide.tolist() == [[[10 + 2.5 * 0.875, 21.5]]]
    thin = keypoint_places(logits, torch.tensor([[10.0, 20, 10.2, 24]]), reduced=True)  # one pixel at least
    assert thin.tolist() == [[[10.5, 21.5]]]


class Known(torch.nn.Module):
    """Logits by hand, and how many regions were looked at."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.asked = torch.nn.Parameter(logits), -1

    def forward(self, maps: object, regions: torch.Tensor, owners: torch.Tensor) -> torch.Tensor:
        self.asked = len(regions)
        return self.logits.expand(len(regions), *self.logits.shape)


def sampled(keypoints: torch.Tensor | None, visible: torch.Tensor | None, boxes: list[list[float]]) -> Sampled:
    """Regions of one picture, all of which answer for its first object."""
    regions = torch.tensor(boxes)
    truth = Instances(boxes=regions[:1], labels=torch.tensor([0]), keypoints=keypoints, visible=visible)
    places = torch.zeros(len(regions), dtype=torch.int64)
    return Sampled(regions, places, places, places, regions[:1].expand(len(regions), 4), [truth])


def test_the_loss_is_a_mean_over_annotated_joints_that_lie_in_their_region() -> None:
    points, visible = torch.tensor([[[1.0, 1], [7, 7], [3, 3]]]), torch.tensor([[2, 1, 0]])
    # the first region holds both annotated joints, the second the second one alone, the last none of them
    regions = sampled(points, visible, [[0.0, 0, 8, 8], [4, 4, 12, 12], [20, 20, 28, 28]])
    logits = torch.zeros(3, 4, 4)
    logits[0, 0, 0] = math.log(15)  # half of the probability for the first joint's own cell
    tower = Known(logits)
    top = KeypointTop(tower, ("map",), fewest=0)
    loss = top.loss({}, regions)["keypoint"]
    assert tower.asked == 2
    assert loss.item() == pytest.approx((math.log(2) + 2 * math.log(16)) / 3)
    few = KeypointTop(tower, ("map",), fewest=3).loss({}, regions)["keypoint"]
    assert few.item() == 0
    few.backward()
    assert tower.logits.grad is not None
    assert not tower.logits.grad.any()
    for nobody in (sampled(None, None, [[0.0, 0, 8, 8]]), sampled(points, visible * 0, [[0.0, 0, 8, 8]])):
        assert top.loss({}, nobody)["keypoint"].item() == 0


def test_only_classes_that_have_joints_are_told_some() -> None:
    top = KeypointTop(Known(torch.zeros(3, 4, 4)), ("map",), classes=(0,))
    rows = Instances(boxes=torch.tensor([[0.0, 0, 4, 4]] * 2), labels=torch.tensor([1, 0]))
    logits = torch.zeros(1, 5, 3, 4, 4)
    logits[..., 3, 3] = 1.0
    added = top.columns(RegionKeypoints(logits), 0, rows, (8, 8))
    assert added["visible"].tolist() == [[0] * 3, [2] * 3]
    assert added["keypoints"].tolist() == [[[0.0, 0]] * 3, [[3.5, 3.5]] * 3]
    likeliest = math.exp(1) / (math.exp(1) + 15)
    torch.testing.assert_close(added["keypoint_scores"], torch.tensor([[0.0], [likeliest]]).expand(2, 3))
    assert made(jointed=("person",)).get_submodule("heads.regions.tops.keypoint").classes == (0,)


def test_a_picture_with_boxes_alone_teaches_boxes() -> None:
    data = sc.open_data("scenes:count=8,size=64")
    system = build("keypoint_rcnn", data.vocabularies, **SMALL)
    figures = [k for k in range(8) if bool((data.truth(k).get("instances.visible") > 0).any())][:2]
    assert len(figures) == 2
    images, truth = ([getattr(data[k], name) for k in figures] for name in ("image", "truth"))
    losses = system.loss(system.batch(images, truth))
    assert losses["regions/keypoint"].item() == pytest.approx(math.log(56 * 56), rel=0.01)  # all cells are alike yet
    bare = [replace(one, instances=replace(one.instances, keypoints=None, visible=None)) for one in truth]
    losses = system.loss(system.batch(images, bare))
    assert losses["regions/keypoint"] == 0
    assert losses["regions/class"] > 0
    torch.stack(list(losses.values())).sum().backward()
    assert [name for name, p in system.named_parameters() if p.grad is None] == []
    joined = system.loss(system.batch(images, [truth[0], bare[1]]))
    assert joined["regions/keypoint"] >= 0


def test_mirrored_views_tell_left_from_right() -> None:
    """A network that says where things are in its own picture: the left eye is at the left border, whatever it sees."""
    from saccade.runtime.predict.predictor import Predictor

    class Fixed(KeypointTop):
        def columns(self, raw, picture, rows, size):  # type: ignore[no-untyped-def]
            added = super().columns(raw, picture, rows, size)
            places = torch.tensor([[5.0, 5.0], [size[1] - 15.0, 5.0], [size[1] / 2, 9.0]])
            return {**added, "keypoints": places.expand(len(rows), 3, 2)}

    system = made().eval()
    top = top_of(system)
    head_of(system).tops["keypoint"] = Fixed(top.tower, top.reads)
    picture = torch.rand(3, 64, 64)
    for one in (Predictor(system), Predictor(system, flip=True)):
        rows = one(picture).instances
        assert rows is not None
        assert len(rows)
        assert rows.keypoints is not None
        left, right, nose = rows.keypoints.unbind(1)
        plain = rows.keypoints[:, 0, 0] == 5
        assert (nose[:, 0] == 32).all()
        # of the mirrored view the right eye is what was at its left border, 5 pixels from the picture's right one
        assert left[plain, 0].unique().tolist() in ([5.0], [])
        assert left[~plain, 0].unique().tolist() in ([15.0], [])
        assert right[~plain, 0].unique().tolist() in ([59.0], [])
    assert (~plain).any()


def test_what_is_predicted_is_written_with_names_and_drawn_with_bones() -> None:
    from saccade.core.vocabulary import Vocabularies
    from saccade.runtime.predict.output import as_values
    from saccade.view.drawing.draw import draw

    rows = Instances(
        boxes=torch.tensor([[10.0, 10, 90, 90]]),
        labels=torch.tensor([0]),
        scores=torch.tensor([0.9]),
        keypoints=torch.tensor([[[20.0, 20], [80, 80]]]),
        visible=torch.tensor([[2, 2]]),
    )
    names = Vocabularies.of({"instances": ["person"], "joints": ["left_shoulder", "left_elbow"]})
    told = as_values(Annotation(instances=rows), names)
    assert told["joints"] == ["left_shoulder", "left_elbow"]
    assert told["instances"]["keypoints"] == [[[20.0, 20.0], [80.0, 80.0]]]
    blank = torch.zeros(3, 400, 400)
    others = Vocabularies.of({"instances": ["person"], "joints": ["a", "b"]})
    bones, dots = (draw(blank, Annotation(instances=rows), one) for one in (names, others))
    middle = (50, 50)
    assert bones.getpixel(middle) != dots.getpixel(middle) == (0, 0, 0)


def test_two_pictures_overfit_their_joints() -> None:
    """The grids alone, over the true boxes: their loss falls, and joints are found to the pixel."""
    data = sc.open_data("scenes:count=8,size=64")
    index = next(k for k in range(8) if bool((data.truth(k).get("instances.visible") > 0).any()))
    system = build("keypoint_rcnn", data.vocabularies, trunk="resnet18", width=1 / 16, size=64)
    batch = system.batch([data[index].image], [data[index].truth])
    rows = batch.truth[0].instances if batch.truth else None
    assert rows is not None
    assert rows.boxes is not None
    assert rows.visible is not None
    assert rows.keypoints is not None
    (row,) = (rows.visible > 0).any(1).nonzero()[:1, 0].tolist()
    boxes, zero = rows.boxes[[row]], torch.zeros(1, dtype=torch.int64)
    top = top_of(system)
    top.fewest = 0
    with torch.no_grad():
        maps = system.maps(batch)
    learnt = Sampled(boxes, zero, zero, zero, boxes, [rows[[row]]])
    optimiser = torch.optim.Adam(top.parameters(), lr=2e-3)
    losses: list[float] = []
    for _ in range(150):
        loss = top.loss(maps, learnt)["keypoint"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if loss < 0.15:
            break
    assert losses[-1] < 0.15
    found = keypoint_places(top.tower(maps, boxes, zero).detach(), boxes)[0]
    known = (rows.visible[row] > 0) & keypoint_cells(rows.keypoints[[row]], boxes, 56)[1][0]
    assert known.sum() > 8
    assert (found - rows.keypoints[row])[known].norm(dim=1).max() < 1
