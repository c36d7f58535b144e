"""Rows of the table of the papers' numbers that detectors of regions with more than one map say."""

from collections.abc import Callable

import torch
from detector_numbers import made, parameters
from torch import nn

from saccade.heads.regions.box_top import BoxTop
from saccade.heads.regions.region_head import RegionHead
from saccade.layers.pools.region_pool import RegionPool
from saccade.systems.build import build


def head_of(name: str) -> RegionHead:
    head = made(name).heads["regions"]
    assert isinstance(head, RegionHead)
    return head


def top_of(name: str) -> BoxTop:
    top = head_of(name).box
    assert isinstance(top, BoxTop)
    return top


def votes(part: str, cells: int) -> int:
    """Maps of R-FCN's scores or boxes for VOC's classes."""
    with torch.device("meta"):
        narrow = build("rfcn", 20, trunk="resnet18", cells=cells)
    return narrow.get_submodule(f"heads.regions.tops.box.tower.{part}").get_parameter("weight").shape[0]


def considered() -> str:
    head = head_of("rfcn")
    learnt = head.rules.learn
    return f"{top_of('rfcn').rules.hardest}/{learnt if isinstance(learnt, int) else learnt.limit}"


def context() -> nn.Module:
    """ION's sweeps whose recurrent weights stay the identity."""
    with torch.device("meta"):
        return build("ion", 20, fixed=True).neck or nn.Module()


def mixed() -> nn.Conv2d:
    """The layer that mixes what ION pools of several maps."""
    layer = top_of("ion").tower.get_submodule("pool.mix")
    assert isinstance(layer, nn.Conv2d)
    return layer


def descriptor() -> str:
    side = round((top_of("ion").tower.get_submodule("body.fc6.linear").get_parameter("weight").shape[1] / 512) ** 0.5)
    return f"{mixed().out_channels}x{side}x{side}"


def mask_head(classes: int = 80) -> nn.Module:
    """The layers of Mask R-CNN's masks of so many classes."""
    return made("mask_rcnn", classes).get_submodule("heads.regions.tops.mask.tower")


def mask_output() -> str:
    score, pool = mask_head().get_submodule("score"), mask_head().get_submodule("pool")
    assert isinstance(score, nn.Conv2d)
    assert isinstance(pool, RegionPool)
    return f"{score.out_channels}x{2 * pool.size}x{2 * pool.size}"


def keypoint_head() -> nn.Module:
    """The layers of Keypoint R-CNN's joints."""
    return made("keypoint_rcnn", 1).get_submodule("heads.regions.tops.keypoint.tower")


def keypoint_output() -> str:
    with torch.device("meta"):
        pooled = torch.zeros(1, 256, 14, 14)
        tower = keypoint_head()
        tower.add_module("pool", Pooled(pooled))
        return "x".join(map(str, tower({}, torch.zeros(1, 4), torch.zeros(1))[0].shape))


class Pooled(nn.Module):
    """What was pooled, whatever the regions are."""

    def __init__(self, pooled: torch.Tensor) -> None:
        super().__init__()
        self.pooled = pooled

    def forward(self, *_: object) -> torch.Tensor:
        """The pooled maps."""
        return self.pooled


def region_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built detectors."""
    return {
        ("R-FCN", "class score maps VOC k=3"): lambda: votes("score", 3),
        ("R-FCN", "box maps k=3 agnostic"): lambda: votes("box", 3),
        ("R-FCN", "class score maps VOC k=7 (headline)"): lambda: votes("score", 7),
        ("R-FCN", "box maps k=7 agnostic"): lambda: votes("box", 7),
        ("R-FCN", "OHEM RoIs kept/evaluated"): considered,
        ("Mask R-CNN", "mask head params K=80"): lambda: parameters(mask_head()),
        ("Mask R-CNN", "mask head params K=81"): lambda: parameters(mask_head(81)),
        ("Mask R-CNN", "2fc box head params 81 classes"): lambda: parameters(top_of("mask_rcnn")),
        ("Mask R-CNN", "FPN P2-P5 params R50"): lambda: parameters(made("mask_rcnn").neck or nn.Module()),
        ("Mask R-CNN", "mask output"): mask_output,
        ("Keypoint R-CNN", "keypoint head params K=17"): lambda: parameters(keypoint_head()),
        ("Keypoint R-CNN", "keypoint output"): keypoint_output,
        ("ION", "concat channels"): lambda: mixed().in_channels,
        ("ION", "1x1 params 1792->512"): lambda: parameters(mixed()),
        ("ION", "two stacked IRNN params (identity Whh)"): lambda: parameters(context()),
        ("ION", "descriptor"): descriptor,
        ("MultiPathNet", "class feature dim"): lambda: (
            top_of("multipath").tower.get_submodule("score").get_parameter("weight").shape[1]
        ),
        ("MultiPathNet", "integral thresholds"): lambda: " ".join(
            f"{overlap:.2f}" for overlap in top_of("multipath").rules.overlaps
        ),
        ("MultiPathNet", "foveal scales"): lambda: " ".join(f"{factor:g}" for factor in views()),
    }


def views() -> tuple[float, ...]:
    """The sizes at which MultiPathNet's scores see a region; the last of its views is for boxes."""
    factors = top_of("multipath").tower.factors
    assert isinstance(factors, tuple)
    return factors[:-1]
