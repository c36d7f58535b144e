"""What every contract test needs: narrow members of each family, pictures, and truth with every field."""

import copy
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.batch import Batch
from saccade.core.masks import Masks
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.joints.refined import RefinedJointsHead
from saccade.heads.regions.region_head import RegionHead
from saccade.heads.windows.object_masks import ObjectMaskHead
from saccade.heads.windows.sliding import SlidingHead
from saccade.heads.windows.window_detector import WindowDetectorHead
from saccade.network.system import System
from saccade.ops.boxes.samplers import RandomSampler, Sampler
from saccade.ops.windows.patches import Patches, PatchSample
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of
from saccade.systems.detect.overfeat_detector import NEGATIVES

Part = TypeVar("Part", bound=nn.Module)
CLASSES = 10
NARROW = {"width": 1 / 16, "size": 64}
# Options of members that need others than `NARROW`.
OPTIONS: dict[str, dict[str, Any]] = {
    "lenet5": {"width": 1.0},
    "lecture_cnn": {"width": 1 / 2},
    "alexnet": {"width": 1 / 8, "size": 96},
    "caffenet": {"width": 1 / 16, "size": 96},
    "zfnet": {"width": 1 / 8, "size": 96},
    "overfeat": {"size": 96},
    "yolo24": {"width": 1 / 8},
    "overfeat_localizer": {"scales": 1},
    "svm": {"normalise": False},  # descent on features of length 1 is slow: they are solved for
    "googlenet": {"width": 3 / 16},
    "renet": {"width": 1 / 16, "size": 32},
    "inception_v3": {"size": 76},
    "sliding_window": {"trunk": "lecture_cnn", "width": 1.0, "window": 16, "scales": (1.0, 0.5)},
    "overfeat_detector": {"trunk": "lecture_cnn", "width": 1.0, "window": 20, "hidden": 64, "scales": (1.0, 0.6)},
    "rpn": {"scales": (1.0, 2.0, 3.0)},  # the paper's anchors are larger than the picture
    "faster_rcnn": {"trunk": "vgg11", "size": 96, "scales": (1.0, 2.0, 4.0)},
    "mask_rcnn": {"trunk": "resnet18", "scales": (4.0,)},
    "keypoint_rcnn": {"trunk": "resnet18", "scales": (4.0,), "joints": 16},
    # So many masks that all windows are told: of nearly equal scores others may come first in a graph.
    "deepmask": {"window": 32, "scales": (1.0, 0.5), "proposals": 1000},
    "sharpmask": {"trunk": "resnet18", "window": 32, "scales": (1.0, 0.5), "proposals": 1000},
    "rfcn": {"trunk": "resnet18", "size": 128, "scales": (1.0, 2.0, 4.0)},
    "rcnn": {"trunk": "vgg11", "size": 32, "search": "windows", "proposals": 60},
    "spp_net": {"trunk": "vgg11", "search": "windows", "proposals": 300, "size": 256},
    "fast_rcnn": {"trunk": "vgg11", "search": "windows", "proposals": 300, "size": 256},
    "ion": {"trunk": "vgg11", "search": "windows", "proposals": 300, "size": 128},
    "multipath": {"trunk": "vgg11", "search": "windows", "proposals": 300, "width": 1 / 32},
    "retinanet": {"trunk": "resnet18"},
    "fcn32s": {"trunk": "vgg11", "padding": 0},
    "fcn16s": {"trunk": "vgg11", "padding": 0},
    "fcn8s": {"trunk": "vgg11", "padding": 0, "grouped": True},
    "crf_rnn": {"trunk": "vgg11", "padding": 0, "grouped": True, "theta_alpha": 20.0, "theta_beta": 40.0},
    "unet": {"size": 36},  # 92 pixels are mirrored beyond each border
    "segnet": {"trunk": "vgg11_bn"},
    "deeplab1": {"trunk": "vgg11"},
    "deeplab2": {"trunk": "resnet18"},
    "dilated": {"trunk": "vgg11", "padding": "same"},
    "parsenet": {"trunk": "vgg11"},
    "dt_edgenet": {"trunk": "vgg11"},
    "deconvnet": {"trunk": "vgg11_bn"},
    "patch_pixels": {"patch": 31, "depth": 3, "width": 1 / 8, "size": 48},
    "superpixels": {"trunk": "resnet18", "superpixels": 60, "compactness": 40.0},
    "reseg": {"trunk": "vgg11"},
    "edgenet": {"trunk": "vgg11", "padding": 0},
    "semantic_edges": {"trunk": "resnet18"},
    "hourglass": {"stacks": 2},
    "deeppose": {"trunk": "resnet18", "cascade": 2},
    "pixels": {"width": 1 / 4},
    "boxes_and_pixels": {"width": 1 / 4},
} | {f"resnet{depth}": {"width": 1 / 4, "size": 32} for depth in (20, 32, 44, 56, 110)}
# Members whose code is another member's, only deeper: what takes many steps runs for them with the slow tests.
DEEPER = (
    *("vgg13", "vgg16", "vgg16c", "vgg19", "resnet34", "resnet101", "resnet152"),
    *("resnet32", "resnet44", "resnet56", "resnet110", "ssd512"),
    *("sliding_window", "overfeat_detector"),  # windows by the thousand
    "rcnn",  # a network's pass a region
    *("mask_rcnn", "keypoint_rcnn"),  # Faster R-CNN, and masks or joints
    *("deepmask", "sharpmask"),  # patches by the dozen
    "hourglass",  # some fifty layers to the lowest positions and back
    "deconvnet",  # down to one position and back by some twenty layers
    *("fcn32s", "fcn16s"),
    *("fcn_basic_noaddition", "fcn_basic_nodimreduction", "fcn_basic_noaddition_nodimreduction"),
    *("segnet_basic_encoder_addition", "segnet_basic_single_channel"),
)
# Options by which two pictures are learnt by heart: windows as small as the smallest object, or a search that finds it.
BY_HEART: dict[str, dict[str, Any]] = {
    "hourglass": {"width": 1 / 8, "size": 128, "stacks": 1},
    "overfeat_localizer": {"width": 1 / 8},
    "fcn32s": {"size": 256},  # its positions are 32 pixels apart
    "rcnn": {"search": "selective-search", "proposals": 60},
    "multipath": {"search": "selective-search", "proposals": 100, "rounds": 1},
    "spp_net": {"search": "selective-search", "proposals": 100, "size": 128},
    "fast_rcnn": {"search": "selective-search", "proposals": 100, "size": 128},
    "ion": {"search": "selective-search", "proposals": 100},
    "mask_rcnn": {"size": 96},  # a mask of 8 pixels is painted a pixel too wide
    "deepmask": {
        **{"trunk": "resnet18", "branches": "shared", "width": 1 / 8},  # at a width of few cells VGG's zeros tell much
        **{"window": 64, "scales": (4.6, 3.2, 2.3, 1.6, 1.15), "proposals": 500},
    },
    "sharpmask": {"width": 1 / 8, "window": 64, "scales": (4.6, 3.2, 2.3, 1.6, 1.15), "proposals": 500},
    "sliding_window": {
        **{"trunk": "resnet20", "width": 1 / 4, "size": 128},
        **{"scales": (1.0, 0.29), "ratios": (1.0, 0.75)},
    },
    "crf_rnn": {"iterations": 2, "iterations_training": 1},
    "unet": {"padding": "same", "size": 48, "width": 1 / 4},
    "segnet": {"size": 48, "width": 1 / 8},
    "deeplab1": {"size": 128},  # a position stands for its pixel and those around it
    "deeplab2": {"size": 128},
    "parsenet": {"size": 128},
    "dt_edgenet": {"size": 64, "sigma_space": 10.0, "sigma_range": 1.0},  # else it smooths over the whole picture
    "deconvnet": {"width": 1 / 4, "size": 32},
    "segnet_basic": {"width": 1 / 8},
    "patch_pixels": {"width": 1 / 4, "size": 32},
    "superpixels": {"width": 1 / 4, "superpixels": 400, "compactness": 100.0, "strides": (4, 8)},
    "reseg": {"width": 1 / 4, "size": 32},
    "edgenet": {"trunk": "resnet18", "width": 1 / 8},
    "fcn_basic": {"width": 1 / 8},
    "bilinear_interpolation": {"size": 128, "width": 1 / 8},  # it tells a class every 16 pixels
    "overfeat_detector": {
        **{"trunk": "resnet20", "width": 1 / 4, "hidden": 256},
        **{"size": 128, "scales": (1.0, 0.36), "order": "joint"},
    },
}
# Members so deep that what stands after normalisation at rest grows beyond bounds while they learn: theirs measures on.
MEASURES_ON = ("hourglass",)
# Members that are described on pictures so large that a pass takes seconds; others of their kind are described quickly.
LARGE = (
    "sliding_window",
    "overfeat_detector",
    "spp_net",
    "fast_rcnn",
    "faster_rcnn",
    "mask_rcnn",
    "keypoint_rcnn",
    "deepmask",
    "sharpmask",
    "rfcn",
    "ion",
    "multipath",
    "deeplab2",
    "superpixels",
    "reseg",
    "crf_rnn",
)


def narrow_options(name: str) -> dict[str, Any]:
    """Options by which a system is quick."""
    known = options_of(SYSTEMS[name])
    return {key: value for key, value in (NARROW | OPTIONS.get(name, {})).items() if key in known}


def narrow(name: str, seed: int = 1, **options: Any) -> System:
    """A quick system of the given name, from a fixed seed."""
    if options:
        return built(name, seed, **options)
    system, drawn = template(name, seed)
    torch.set_rng_state(drawn)
    return copy.deepcopy(system)


def built(name: str, seed: int, **options: Any) -> System:
    """A quick system, built anew."""
    torch.manual_seed(seed)
    return build(name, CLASSES, **(narrow_options(name) | options))


@cache
def template(name: str, seed: int = 1) -> tuple[System, Tensor]:
    """A quick system to copy, never to change, and the state of PyTorch's generator after its weights were drawn.

    A copy is made in a third of the time that it takes to build a system, and every contract asks for each.
    """
    return built(name, seed), torch.get_rng_state()


def without_chance(system: System) -> System:
    """The system with its dropout at 0, and samplers that draw all there is."""
    for module in system.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, RegionHead):
            module.sample = _all_of(module.sample)
        if isinstance(module, WindowDetectorHead | SlidingHead):
            module.rules = replace(module.rules, sample=replace(NEGATIVES, most=64, random=0))
        if isinstance(module, DenseBoxHead):
            module.rules = replace(module.rules, sample=_all_of(module.rules.sample))
        if isinstance(module, RefinedJointsHead):
            module.squares = replace(module.squares, samples=CLASSES, noise=0.0)
        if isinstance(module, ObjectMaskHead):
            module.sample = EveryPatch(module.rules.sample)
    return system


@dataclass(frozen=True)
class EveryPatch:
    """Patches about all objects, moved by half of what they may be along each axis, and of a grid about none."""

    sample: PatchSample

    def __call__(self, truth: Annotation, size: Tensor) -> Patches:
        rule = replace(self.sample, area=0.0, least=0.0)
        rows, places = rule.learnt(truth)
        boxes = torch.zeros(0, 4) if rows.boxes is None else rows.boxes
        step = rule.object / 8
        moves = torch.tensor([[0, 0, 0], [0, 0, 0.25], [0, 0, -0.25], [1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0.0]])
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        octaves = ((boxes[:, 2:] - boxes[:, :2]).amax(1) / rule.object).log2()
        scales = (octaves[:, None] + moves[:, 2]).flatten()
        shifts = moves[:, :2].repeat(len(boxes), 1) * step * scales.exp2()[:, None]
        about = rule.at(middles.repeat_interleave(len(moves), 0) + shifts, scales)
        centres = torch.cartesian_prod(*(torch.arange(1, 5) / 5 * side for side in size.flip(0).tolist()))
        centres, grid = centres.repeat(3, 1), torch.tensor([-1.0, 0.0, 1.0]).repeat_interleave(len(centres))
        near = replace(rule, away=3 * step, octaves=0.75)
        far = near.far(centres, grid, truth)
        empty = rule.at(centres[far], grid[far])
        kinds = places.repeat_interleave(len(moves))
        found = torch.cat([kinds, kinds, torch.full((len(empty),), -1)])
        return Patches(torch.cat([about, about, empty]), found, torch.arange(len(found)) < len(kinds))


def _all_of(sample: Sampler) -> Sampler:
    return replace(sample, number=9999) if isinstance(sample, RandomSampler) else sample


@torch.no_grad()
def begun(part: Part) -> Part:
    """The part with small weights in place of layers that begin at 0, which let no gradient through at first."""
    for parameter in part.parameters():
        if parameter.requires_grad and parameter.dim() > 1 and not parameter.any():
            parameter.normal_(0, 0.01)
    return part


def learning(system: System) -> list[tuple[str, nn.Parameter]]:
    """The parameters, less those that a part never lets learn, by their names."""
    return [(path, p) for path, p in system.named_parameters() if p.requires_grad]


@dataclass(frozen=True)
class PartView:
    """A picture (C, side, side) with all that it shows."""

    image: Tensor
    truth: Annotation


@cache
def shown(index: int, side: int, channels: int = 3) -> PartView:
    """Picture `index`: one large and one small rectangle on noise; everything differs between indices."""
    draw = torch.Generator().manual_seed(index)
    image = torch.rand(channels, side, side, generator=draw) * 0.3
    unit = side / 8
    large = [unit * (1 + index), unit, unit * (5 + index), unit * (4 + index)]
    small = [unit * 6, unit * 6, unit * 7, unit * 7]
    boxes = torch.tensor([large, small])
    dense = torch.zeros(2, side, side, dtype=torch.bool)
    semantic = torch.full((side, side), CLASSES - 1, dtype=torch.int64)
    for row, (x1, y1, x2, y2) in enumerate(boxes.round().long().tolist()):
        dense[row, y1:y2, x1:x2] = True
        semantic[y1:y2, x1:x2] = index + row
        image[(index + row) % channels, y1:y2, x1:x2] += 0.6
    return PartView(image, _truth(index, boxes, Masks.from_dense(dense), semantic))


def _truth(index: int, boxes: Tensor, masks: Masks, semantic: Tensor) -> Annotation:
    labels = torch.tensor([index, index + 1])
    joints = _corners(boxes)
    sides = boxes[:, 2:] - boxes[:, :2]
    centre = (boxes[0, :2] + boxes[0, 2:]) / 2
    many = torch.zeros(CLASSES, dtype=torch.int64)
    many[labels] = 1
    return Annotation(
        label=labels[0],
        labels=many,
        instances=Instances(
            boxes=boxes,
            labels=labels,
            masks=masks,
            keypoints=joints,
            visible=torch.full(joints.shape[:2], 2),
            area=sides.prod(1),
            crowd=torch.zeros(2, dtype=torch.bool),
            difficult=torch.zeros(2, dtype=torch.bool),
        ),
        semantic=semantic,
        semantic_masks=_layers(index, masks, semantic),
        contours=_lines(index, masks),
        pose=joints[0, :CLASSES],
        pose_visible=torch.full((CLASSES,), 2),
        person=Person(centre=centre, scale=sides[0].amax() / 200, head_size=sides[0, 1] / 8),
    )


def _corners(boxes: Tensor) -> Tensor:
    """(n, 16, 2) joints of boxes: the four corners, four times."""
    return torch.cat([boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].view(-1, 4, 2)] * 4, 1)


def _lines(index: int, masks: Masks) -> Tensor:
    """(CLASSES, H, W) what is learnt as contours: a map a class, the rectangles, which narrow networks learn."""
    maps = torch.zeros(CLASSES, *masks.size)
    maps[index : index + 2] = masks.dense().float()
    return maps


def _layers(index: int, masks: Masks, semantic: Tensor) -> Masks:
    """A mask a class: the rectangles, one that overlaps the large one, and what no rectangle covers."""
    dense = torch.zeros(CLASSES, *masks.size, dtype=torch.bool)
    dense[index : index + 2] = masks.dense()
    side = masks.size[0]
    dense[index + 2, side // 4 : side * 3 // 4, : side // 2] = True
    dense[CLASSES - 1] = semantic == CLASSES - 1
    return Masks.from_dense(dense)


def batch_of(system: System, indices: list[int], truth: bool = True) -> Batch:
    """Pictures as the system takes them."""
    side = system.input.size[0] if system.input.size else 64
    pictures = [shown(index, side, system.input.channels) for index in indices]
    return system.batch([p.image for p in pictures], [p.truth for p in pictures] if truth else None)


def total(losses: dict[str, Tensor]) -> Tensor:
    """The training's loss."""
    return torch.stack(list(losses.values())).sum()


def with_rows(batch: Batch, order: list[int]) -> Batch:
    """The batch with the rows of each picture's objects chosen anew."""
    rows = [replace(t, instances=None if t.instances is None else t.instances[order]) for t in batch.truth or ()]
    return replace(batch, truth=tuple(rows))


def with_objects_of_every_size(batch: Batch) -> Batch:
    """The batch with squares from an eighth of the picture to all of it, in its upper left corner.

    A detector's coarse maps learn from large objects alone.
    """
    sides = batch.images.shape[-1] * torch.arange(1, 9)[:, None] / 8
    squares = torch.cat([torch.zeros(8, 2), sides, sides], 1)
    joints = _corners(squares)
    rows = Instances(
        boxes=squares,
        labels=torch.arange(len(squares)),
        masks=_filled(squares, batch.images.shape[-2:]),
        keypoints=joints,
        visible=torch.full(joints.shape[:2], 2),
    )
    return replace(batch, truth=tuple(replace(t, instances=rows) for t in batch.truth or ()))


def _filled(boxes: Tensor, size: tuple[int, int]) -> Masks:
    """A mask that fills each box."""
    dense = torch.zeros(len(boxes), *size, dtype=torch.bool)
    for mask, (x1, y1, x2, y2) in zip(dense, boxes.round().long().tolist(), strict=True):
        mask[y1:y2, x1:x2] = True
    return Masks.from_dense(dense)


def tensors_of(raw: Any) -> list[Tensor]:
    """All tensors of a raw output, in order."""
    return [leaf for leaf in torch.utils._pytree.tree_leaves(raw) if isinstance(leaf, Tensor)]
