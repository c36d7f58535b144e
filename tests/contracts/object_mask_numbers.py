"""Rows of the table of the papers' numbers that DeepMask and SharpMask say."""

from collections.abc import Callable

import torch
from detector_numbers import parameters
from torch import nn

from saccade.heads.windows.object_masks import ObjectMaskHead
from saccade.heads.windows.refined_masks import RefinedMaskHead
from saccade.layers.towers.object_masks import SeparateBranches
from saccade.network.system import System
from saccade.systems.build import build


def _made(name: str, **options: object) -> System:
    with torch.device("meta"):
        return build(name, 80, **options)


def _head(system: System) -> ObjectMaskHead:
    head = system.heads["masks"]
    assert isinstance(head, ObjectMaskHead)
    return head


def _refine() -> RefinedMaskHead:
    head = _head(_made("sharpmask"))
    assert isinstance(head, RefinedMaskHead)
    return head


def _feature_map() -> str:
    head = _head(_made("deepmask"))
    branches, side = head.branches, head.scales.side
    assert isinstance(branches, SeparateBranches)
    shape = head.describe(torch.zeros(1, 3, side, side, device="meta"))[head.deepest].shape
    return "x".join(map(str, shape[1:]))


def _refined_output() -> str:
    refine = _refine().refine
    numbers = torch.zeros(1, refine.code.in_features, device="meta")
    sides = [
        torch.zeros(1, layers.get_submodule("0").get_parameter("weight").shape[0], *[10 * 2**step] * 2, device="meta")
        for step, layers in enumerate(refine.above)
    ]
    halves = [side[:, : side.shape[1] // 2] for side in sides]
    return "x".join(map(str, refine(numbers, halves).shape[1:]))


def object_mask_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, counted in the built systems."""
    shared = {"trunk": "resnet50", "branches": "shared"}
    return {
        ("DeepMask", "params"): lambda: parameters(_made("deepmask")),
        ("DeepMask", "feature map 224"): _feature_map,
        ("DeepMask", "mask output"): lambda: "x".join(2 * [str(_head(_made("deepmask")).branches.cells)]),
        ("DeepMask-ours", "params"): lambda: parameters(_made("deepmask", **shared)),
        ("DeepMask-ours", "object size in 160 patch"): lambda: round(
            _head(_made("deepmask", **shared)).rules.sample.object
        ),
        ("SharpMask", "refinement params km=ks=32"): lambda: parameters(_refine().refine),
        ("SharpMask", "vertical params"): lambda: parameters(
            nn.ModuleList([_refine().refine.code, _refine().refine.above, _refine().refine.last])
        ),
        ("SharpMask", "horizontal params"): lambda: parameters(_refine().refine.aside),
        ("SharpMask", "output for 160"): _refined_output,
    }
