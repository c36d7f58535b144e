"""Rows of the table of the papers' numbers that detectors say: parameters, anchors of each map, losses."""

from collections.abc import Callable, Sequence
from functools import cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saccade.analysis.describe import describe
from saccade.core.level import Level
from saccade.heads.dense.dense_boxes import DenseBoxHead
from saccade.heads.dense.grid_boxes import GridBoxes
from saccade.heads.regions.solved_top import SolvedTop
from saccade.layers.pools.spatial_pyramid import SpatialPyramid
from saccade.losses.scores import FocalScores
from saccade.network.maps import Maps
from saccade.network.system import System
from saccade.ops.boxes.anchors import paper_bases
from saccade.systems import SYSTEMS
from saccade.systems.build import build
from saccade.systems.detect.ssd import DESIGN300, DESIGN512, Design, default_boxes, steps_of

SSDS: dict[str, tuple[Design, int]] = {"SSD300": (DESIGN300, 300), "SSD512": (DESIGN512, 512)}


@cache
def made(name: str, classes: int | None = None) -> System:
    """The system with the paper's classes, on the device that has no memory."""
    with torch.device("meta"):
        return build(name, classes or SYSTEMS[name].card.classes)


def head_of(name: str) -> DenseBoxHead:
    (head,) = (head for _, head in made(name).each_head())
    assert isinstance(head, DenseBoxHead)
    return head


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def raw(name: str, height: int, width: int) -> tuple[list[int], list[int]]:
    """Sides of the head's maps for a picture of that size, and the boxes of each."""
    system, head = made(name), head_of(name)
    tensors: dict[str, Tensor] = {"image": torch.zeros(1, 3, height, width, device="meta")}
    tensors |= system.trunk(tensors["image"])
    tensors |= {} if system.neck is None else system.neck(tensors)
    found = head(Maps(tensors, torch.tensor([[height, width]])))
    return [tensors[level].shape[-1] for level in head.reads], [level.shape[1] for level in found.anchors]


def row(values: Sequence[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


def squares(title: str, place: int) -> str:
    """Sides of each map's smallest square (0), or of the size (1) whose mean with it is the other square's."""
    design, side = SSDS[title]
    bases = default_boxes(design, side, steps_of(design.extras, side))
    widths = [(boxes[:2, 2] - boxes[:2, 0]).tolist() for boxes in bases]
    return row([round(small if place == 0 else mean**2 / small, 2) for small, mean in widths])


def base_anchor(number: int) -> str:
    """In the authors' way, which counts pixels."""
    return row((paper_bases((8, 16, 32), (0.5, 1, 2))[number] - torch.tensor([0.0, 0, 1, 1])).round().tolist())


def receptive_field() -> float | None:
    return next(layer for layer in describe("rpn").layers if layer.name == "heads.proposals.tower.conv").receptive_field


def focal_value() -> str:
    """An easy box: its class has probability .9."""
    logit = torch.tensor([[0.9]]).logit()
    return f"{FocalScores(0.25, 2.0).cost(logit, torch.tensor([0])).item():.6g}"


def rules(name: str, text: Callable[[DenseBoxHead], object]) -> str:
    return str(text(head_of(name)))


def _rpn() -> dict[tuple[str, str], Callable[[], object]]:
    found: dict[tuple[str, str], Callable[[], object]] = {
        ("RPN VGG", "params"): lambda: parameters(head_of("rpn")),
        ("RPN", "anchors per position"): lambda: head_of("rpn").anchors.a_position[0],
        ("RPN", "anchors 600x1000 floor pooling 37x62"): lambda: sum(raw("rpn", 600, 1000)[1]),
        ("RPN", "anchors 600x1000 ceil pooling 38x63"): lambda: len(head_of("rpn").anchors([(38, 63)], (600, 1000))[0]),
        ("RPN VGG", "receptive field"): lambda: f"{receptive_field():g}",
    }
    for title, part in (("3x3 conv", "conv"), ("cls", "score"), ("reg", "box")):
        found["RPN VGG", f"{title} params"] = lambda part=part: parameters(head_of("rpn").tower.get_submodule(part))
    for number in range(9):
        found["RPN", f"base anchor {number}"] = lambda number=number: base_anchor(number)
    return found


def _ssd() -> dict[tuple[str, str], Callable[[], object]]:
    found: dict[tuple[str, str], Callable[[], object]] = {
        ("SSD", "base lr"): lambda: f"{made('ssd300').recipe.lr:g}",
        ("SSD300", "max sizes"): lambda: squares("SSD300", 1),
    }
    for title, (_, side) in SSDS.items():
        name = title.lower()
        found |= {
            (title, "boxes"): lambda n=name, s=side: sum(raw(n, s, s)[1]),
            (title, "boxes per map"): lambda n=name, s=side: row(raw(n, s, s)[1]),
            (title, "map sizes"): lambda n=name, s=side: row(raw(n, s, s)[0]),
            (title, "params VOC21"): lambda n=name: parameters(made(n, 20)),
            (title, "min sizes"): lambda t=title: squares(t, 0),
        }
    return found


def _grid() -> dict[tuple[str, str], Callable[[], object]]:
    def said() -> GridBoxes:
        return made("yolo1").forward(made("yolo1").batch([torch.zeros(3, 448, 448)]).to("meta"))["boxes"]

    def first_layer() -> nn.Module:
        return next(m for m in made("yolo1").heads.modules() if isinstance(m, nn.Linear))

    def factors() -> str:
        weights = made("yolo1").loss_weights
        return f"{weights['boxes/centre']:g}/{weights['boxes/empty']:g}"

    return {
        ("YOLO v1", "output values 7x7x30"): lambda: sum(
            leaf.numel() for leaf in (said().classes, said().confidences, said().codes)
        ),
        ("YOLO v1", "boxes"): lambda: said().confidences.numel(),
        ("YOLO v1", "params (bias, no BN)"): lambda: parameters(made("yolo1")),
        ("YOLO v1", "fc4096 params"): lambda: parameters(first_layer()),
        ("YOLO v1", "loss weights coord/noobj"): factors,
    }


def _of_regions() -> dict[tuple[str, str], Callable[[], object]]:
    """R-CNN and its line; options of the paper's other form are said where the default is not the paper's."""
    rcnn, fast = "R-CNN", "Fast R-CNN VGG16"

    def top(name: str) -> SolvedTop:
        with torch.device("meta"):
            found = build(name, 20, scores="svm").heads["regions"].box
        assert isinstance(found, SolvedTop)
        assert found.solving.mining is not None
        return found

    def bins(grids: tuple[int, ...]) -> int:
        return SpatialPyramid(Level(1, 16), "map", grids).size

    def cells(side: int) -> str:
        """Width of a cell of a map of 13 positions a side, and the distance to the next."""
        # Each picture of the batch marks another position: a cell's maximum tells whether it holds that one.
        marked = torch.eye(13)[:, None, None, :].expand(-1, 1, 13, -1)
        whole = torch.tensor([[0.0, 0.0, 12 * 16, 12 * 16]]).expand(13, -1)  # to the last position
        pool = SpatialPyramid(Level(1, 16), "map", (side,))
        held = pool({"map": marked}, whole, torch.arange(13)).view(13, side, side)[:, 0, :] > 0
        starts = held.int().argmax(0).tolist()
        return f"{held[:, 0].sum()}/{starts[1] - starts[0]}"

    def smooth(error: float) -> float:
        beta = made("fast_rcnn").heads["regions"].box.rules.beta
        return F.smooth_l1_loss(torch.tensor(error), torch.tensor(0.0), beta=beta).item()

    def thin(layer: str) -> int:
        with torch.device("meta"):
            body = build("fast_rcnn", 20, ranks=(1024, 256)).heads["regions"].box.tower.body
        return sum(p.numel() for name, p in body.get_submodule(layer).named_parameters() if name.endswith("weight"))

    def windows() -> str:
        sample, pictures = made("rcnn").heads["regions"].sample, made("rcnn").recipe.batch
        objects = int(sample.number * sample.share)
        return f"{objects * pictures}/{(sample.number - objects) * pictures}"

    return {
        (rcnn, "crop enlargement factor 227/(227-32)"): lambda: f"{top('rcnn').pool.rules.growth:.6f}",
        (rcnn, "finetune batch pos/neg"): windows,
        (rcnn, "fc7 matrix"): lambda: f"{made('rcnn').heads['regions'].rules.limit}x{top('rcnn').machines.in_features}",
        (rcnn, "ridge lambda"): lambda: f"{top('rcnn').solving.ridge.penalty:g}",
        (rcnn, "bbox reg min IoU"): lambda: top("rcnn").solving.ridge.near,
        (rcnn, "SVM negative IoU"): lambda: top("rcnn").solving.mining.negative,
        (rcnn, "SVM C"): lambda: top("rcnn").solving.mining.svm.cost,
        (rcnn, "feature target norm"): lambda: f"{top('rcnn').solving.mining.norm:g}",
        ("SPP-net", "bins {6,3,2,1}"): lambda: bins((6, 3, 2, 1)),
        ("SPP-net", "bins {4,3,2,1}"): lambda: bins((4, 3, 2, 1)),
        ("SPP-net", "feature dim 256x50"): lambda: top("spp_net").box.in_features,
        **{("SPP-net", f"13x13 n={side} window/stride"): partial(cells, side) for side in (6, 3, 2)},
        (fast, "params VOC"): lambda: parameters(made("fast_rcnn")),
        (fast, "SVD fc6 t=1024 weights"): lambda: thin("fc6"),
        (fast, "SVD fc7 t=256 weights"): lambda: thin("fc7"),
        ("Fast R-CNN", "smoothL1(0.5), smoothL1(2)"): lambda: row([smooth(0.5), smooth(2)]),
        ("Fast R-CNN", "RoIs per batch"): lambda: (
            made("fast_rcnn").heads["regions"].sample.number * made("fast_rcnn").recipe.batch
        ),
    }


def detector_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built detectors."""
    tower = "retinanet"
    return (
        _rpn()
        | _ssd()
        | _of_regions()
        | _grid()
        | {
            ("RetinaNet", "anchors 512x512"): lambda: sum(raw(tower, 512, 512)[1]),
            ("RetinaNet", "anchors 800x1344"): lambda: sum(raw(tower, 800, 1344)[1]),
            ("RetinaNet", "cls head params K=80"): lambda: parameters(head_of(tower).tower.get_submodule("score")),
            ("RetinaNet", "box head params"): lambda: parameters(head_of(tower).tower.get_submodule("box")),
            ("RetinaNet", "FPN params R50"): lambda: parameters(made(tower).neck or nn.Module()),
            ("RetinaNet", "cls bias init"): first_bias,
            ("RetinaNet", "alpha gamma"): lambda: rules(
                tower, lambda h: f"{h.rules.score_loss.alpha} {h.rules.score_loss.gamma}"
            ),
            ("RetinaNet", "IoU pos/neg"): lambda: rules(
                tower, lambda h: f"{h.rules.matcher.high}/{h.rules.matcher.low}"
            ),
            ("RetinaNet", "FL(p_t=.9, alpha_t=.25, g=2)"): focal_value,
        }
    )


def first_bias() -> str:
    """What the scores of a small RetinaNet begin with."""
    small = build("retinanet", 2, trunk="resnet18", width=1 / 16)
    return f"{small.state_dict()['heads.boxes.tower.score.8.bias'][0].item():.6g}"
