"""One case a head: how it is built, and the raw output that says exactly what the truth says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from contract_cases import CLASSES
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.core.level import Level
from saccade.heads.classify.class_codes import class_codes
from saccade.heads.classify.classify import ClassifyHead, ClassScores
from saccade.heads.classify.euclidean import Distances, EuclideanHead
from saccade.heads.classify.svm import SvmHead
from saccade.heads.contours.contour_head import ContourHead, ContourRaw
from saccade.heads.dense.dense_boxes import DenseBoxes, DenseBoxHead, DenseRules
from saccade.heads.dense.grid_boxes import GridBoxes, GridBoxHead
from saccade.heads.dense.grid_targets import cell_truth
from saccade.heads.heatmaps.heatmap_head import Absent, HeatmapHead, HeatmapRaw
from saccade.heads.locate.box_form import BoxForm, relative
from saccade.heads.locate.locate import LocatedBoxes, LocateHead
from saccade.heads.locate.locate_many import LocateManyHead, ManyBoxes
from saccade.heads.locate.main_object import main_object
from saccade.heads.pixels.coarse_head import CoarsePixelHead
from saccade.heads.pixels.pixel_head import PixelHead, PixelRaw
from saccade.heads.pixels.skip_head import SkipPixelHead
from saccade.layers.blocks.fully_connected import fully_connected
from saccade.layers.decoder.coarse_scores import ScoresInContext, SummedScores
from saccade.layers.decoder.contour_scores import ClassSideScores, SideScores
from saccade.layers.decoder.skip_scores import ScoredMap, SkipScores
from saccade.layers.towers.anchors import Anchors
from saccade.layers.towers.context_module import ContextModule
from saccade.layers.towers.dense_towers import ProposalTower, SeparateTowers, TwinTower
from saccade.losses.contours import per_class, together
from saccade.losses.pixels import PixelLoss
from saccade.losses.scores import FocalScores, ScoreLoss, SigmoidScores, SoftmaxScores
from saccade.network.head import Head
from saccade.ops.boxes.anchors import ratio_bases
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.match import Matcher, best_of
from saccade.ops.boxes.samplers import HardNegativeSampler, RandomSampler, Sampler, everything
from saccade.ops.boxes.suppression import Suppression
from saccade.ops.heatmaps import gaussian_maps

PITCH = 4  # pixels between two cells of joints' maps
LEVEL = Level(12, 8)
OBJECTS = 3
SURE = 20.0
TIES, KEEP = Matcher(0.5, 0.4, "ties"), Suppression()


@dataclass(frozen=True)
class HeadCase:
    """A head and its perfect raw output.

    Attributes:
        make: Builds the head on a map named ``map`` of `LEVEL`.
        perfect: The raw output that says what the truth of the pictures says.
        maps: Shape of the map for two pictures, (channels, h, w).
    """

    make: Callable[[], Head]
    perfect: Callable[[list[Annotation], Tensor], Any]
    maps: tuple[int, int, int] = (LEVEL.channels, 8, 8)


def _body(outputs: int) -> Any:
    return fully_connected(LEVEL, (16,), outputs, grid=4)


def _one_hot(truth: list[Annotation]) -> Tensor:
    return F.one_hot(torch.stack([t.get("label") for t in truth]), CLASSES).float()


def _classes(truth: list[Annotation], sizes: Tensor) -> ClassScores:
    return ClassScores((_one_hot(truth) * 2 - 1) * SURE)


def _many_classes(truth: list[Annotation], sizes: Tensor) -> ClassScores:
    return ClassScores((torch.stack([t.get("labels") for t in truth]).float() * 2 - 1) * SURE)


def _distances(truth: list[Annotation], sizes: Tensor) -> Distances:
    return Distances((1 - _one_hot(truth)) * 84.0)


def _one_box(form: BoxForm, per_class: bool) -> Callable[[list[Annotation], Tensor], LocatedBoxes]:
    def perfect(truth: list[Annotation], sizes: Tensor) -> LocatedBoxes:
        codes = torch.full((len(truth), CLASSES if per_class else 1, 4), 0.1)
        for row, (shown, size) in enumerate(zip(truth, sizes, strict=True)):
            box = main_object(shown)
            slot = int(shown.get("label")) if per_class else 0
            codes[row, slot] = form.encode(relative(box[None], size))[0]
        return LocatedBoxes(codes, sizes)

    return perfect


def _many_boxes(form: BoxForm) -> Callable[[list[Annotation], Tensor], ManyBoxes]:
    def perfect(truth: list[Annotation], sizes: Tensor) -> ManyBoxes:
        codes = torch.full((len(truth), OBJECTS, 4), 0.1)
        logits = torch.full((len(truth), OBJECTS, CLASSES), -SURE)
        for row, (shown, size) in enumerate(zip(truth, sizes, strict=True)):
            rows = shown.get("instances")
            codes[row, : len(rows)] = form.encode(relative(rows.boxes, size))
            logits[row, torch.arange(len(rows)), rows.labels] = SURE
        return ManyBoxes(codes, logits, sizes)

    return perfect


def _dense(
    score_loss: ScoreLoss,
    sample: Sampler,
    tower: Callable[[int, int, int], nn.Module],
    *,
    classes: int | None = CLASSES,
    matcher: Matcher = TIES,
    suppression: Suppression = KEEP,
) -> HeadCase:
    anchors = Anchors([ratio_bases((8, 24, 32), (0.7, 1.0, 1.4))], (LEVEL.stride or 1,))
    rules = DenseRules(DeltaCoder((0.1, 0.1, 0.2, 0.2)), matcher, sample, score_loss, suppression)
    logits = score_loss.channels(classes or 1)

    def perfect(truth: list[Annotation], sizes: Tensor) -> DenseBoxes:
        boxes = anchors([(8, 8)], (64, 64))[0]
        scores, codes = torch.full((len(truth), len(boxes), logits), -SURE), torch.zeros(len(truth), len(boxes), 4)
        background = logits - (classes or 1)
        scores[..., :background] = SURE
        for row, shown in enumerate(truth):
            rows = shown.get("instances")
            _, nearest = best_of(boxes, rows.boxes)
            scores[row, nearest, :background] = -SURE
            scores[row, nearest, background + (rows.labels if classes else 0)] = SURE
            codes[row, nearest] = rules.coder.encode(rows.boxes, boxes[nearest])
        return DenseBoxes([scores], [codes], [boxes.expand(len(truth), -1, -1)], sizes)

    def make() -> Head:
        return DenseBoxHead(("map",), tower(LEVEL.channels, 9, logits), anchors, rules, classes)

    return HeadCase(make, perfect)


def _locate(form: BoxForm, per_class: bool = False) -> HeadCase:
    outputs = 4 * CLASSES if per_class else 4
    return HeadCase(lambda: LocateHead("map", _body(outputs), form, per_class=per_class), _one_box(form, per_class))


def _locate_many(form: BoxForm) -> HeadCase:
    outputs = OBJECTS * (4 + CLASSES)
    return HeadCase(lambda: LocateManyHead("map", _body(outputs), form, objects=OBJECTS), _many_boxes(form))


def _grid(grid: int, boxes: int) -> HeadCase:
    cells = grid**2

    def perfect(truth: list[Annotation], sizes: Tensor) -> GridBoxes:
        classes, confidences = torch.zeros(len(truth), cells, CLASSES), torch.zeros(len(truth), cells, boxes)
        codes = torch.zeros(len(truth), cells, boxes, 4)
        for row, (shown, size) in enumerate(zip(truth, sizes, strict=True)):
            found = cell_truth(shown, size, grid)
            classes[row, found.cells, found.labels] = 1
            confidences[row, found.cells, -1] = 1
            codes[row, found.cells, -1] = found.codes
        return GridBoxes(classes, confidences, codes, sizes)

    def make() -> Head:
        body = _body(cells * (CLASSES + 5 * boxes))
        return GridBoxHead("map", body, grid=grid, boxes=boxes, classes=CLASSES)

    return HeadCase(make, perfect)


def _pixels(truth: list[Annotation], sizes: Tensor) -> PixelRaw:
    classes = torch.stack([t.get("semantic") for t in truth])
    return PixelRaw((F.one_hot(classes, CLASSES).movedim(3, 1) * 2.0 - 1) * SURE, None, sizes)


def _layers(truth: list[Annotation], sizes: Tensor) -> PixelRaw:
    layers = torch.stack([t.get("semantic_masks").dense() for t in truth])
    return PixelRaw((layers * 2.0 - 1) * SURE, None, sizes)


def _contours(outputs: int, *, per_class: bool) -> Callable[[list[Annotation], Tensor], ContourRaw]:
    """Raw output that says what the truth's maps say, each or all together, in all of its outputs."""

    def perfect(truth: list[Annotation], sizes: Tensor) -> ContourRaw:
        drawn = torch.stack([t.get("contours") for t in truth])
        told = drawn if per_class else drawn.amax(1, keepdim=True)
        return ContourRaw(((told * 2 - 1) * SURE)[:, None].expand(-1, outputs, -1, -1, -1), sizes)

    return perfect


def _joints(absent: Absent) -> HeadCase:
    """Maps of the truth's joints, which the trunk makes."""

    def perfect(truth: list[Annotation], sizes: Tensor) -> HeatmapRaw:
        places = torch.stack([t.get("pose") for t in truth]) / PITCH
        return HeatmapRaw(gaussian_maps(places, (64 // PITCH, 64 // PITCH)), sizes)

    return HeadCase(lambda: HeatmapHead("map", PITCH, absent=absent), perfect, (CLASSES, 64 // PITCH, 64 // PITCH))


SEVERAL = PixelLoss(labels="several")
HEADS: dict[str, HeadCase] = {
    "pixels": HeadCase(lambda: PixelHead("map", nn.Conv2d(LEVEL.channels, CLASSES, 1), CLASSES), _pixels),
    "pixels by skips": HeadCase(
        lambda: SkipPixelHead(SkipScores([ScoredMap("map", LEVEL)], CLASSES, learnt=True), CLASSES), _pixels
    ),
    "pixels at positions": HeadCase(
        lambda: CoarsePixelHead(SummedScores({"map": LEVEL}, CLASSES), CLASSES, corners=True), _pixels
    ),
    "pixels in context": HeadCase(
        lambda: CoarsePixelHead(
            ScoresInContext("map", nn.Conv2d(LEVEL.channels, CLASSES, 1), ContextModule(CLASSES)),
            CLASSES,
            corners=False,
        ),
        _pixels,
    ),
    "pixels of several classes": HeadCase(
        lambda: PixelHead("map", nn.Conv2d(LEVEL.channels, CLASSES, 1), CLASSES, loss=SEVERAL), _layers
    ),
    "several by skips": HeadCase(
        lambda: SkipPixelHead(SkipScores([ScoredMap("map", LEVEL)], CLASSES, learnt=True), CLASSES, loss=SEVERAL),
        _layers,
    ),
    "several at positions": HeadCase(
        lambda: CoarsePixelHead(SummedScores({"map": LEVEL}, CLASSES), CLASSES, corners=True, loss=SEVERAL), _layers
    ),
    "contours": HeadCase(
        lambda: ContourHead(SideScores({"map": LEVEL}, corners=False), together, told="merged"),
        _contours(2, per_class=False),
    ),
    "contours of classes": HeadCase(
        lambda: ContourHead(ClassSideScores({"map": LEVEL}, {"map": LEVEL}, CLASSES, corners=True), per_class),
        _contours(2, per_class=True),
    ),
    "heat maps": _joints("empty"),
    "heat maps of annotated joints": _joints("ignored"),
    "classify": HeadCase(lambda: ClassifyHead("map", _body(CLASSES), CLASSES), _classes),
    "classify many": HeadCase(lambda: ClassifyHead("map", _body(CLASSES), CLASSES, loss="sigmoid"), _many_classes),
    "svm": HeadCase(lambda: SvmHead("map", LEVEL.channels, CLASSES), _classes),
    "svm many": HeadCase(lambda: SvmHead("map", LEVEL.channels, CLASSES, many=True), _many_classes),
    "euclidean": HeadCase(lambda: EuclideanHead("map", class_codes(CLASSES, 84)), _distances, (84, 1, 1)),
    "locate corner": _locate(BoxForm("corner", "l2")),
    "locate centre": _locate(BoxForm("centre", "smooth_l1")),
    "locate sigmoid": _locate(BoxForm("corner", "mse_sigmoid")),
    "locate per class": _locate(BoxForm("centre", "l2"), per_class=True),
    "locate many": _locate_many(BoxForm("corner", "smooth_l1")),
    "grid": _grid(7, 2),
    "grid of one box": _grid(3, 1),
    "dense softmax": _dense(
        SoftmaxScores(),
        HardNegativeSampler(),
        lambda c, a, n: SeparateTowers((c,), (a,), n),
        matcher=Matcher(0.5, 0.5, "claim"),
    ),
    "dense focal": _dense(FocalScores(), everything, lambda c, a, n: TwinTower(c, a, n, depth=1)),
    "dense proposals": _dense(
        SigmoidScores(),
        RandomSampler(9999, 1.0),
        ProposalTower,
        classes=None,
        suppression=Suppression(score=0.5, alike="map"),
    ),
    "locate many sigmoid": _locate_many(BoxForm("centre", "mse_sigmoid")),
}
