"""Where in the picture the evidence for a class lies: class activation maps by gradients.

Papers: Zhou, Khosla, Lapedriza, Oliva, Torralba 2016, Learning deep features for discriminative localization, section 2
(CAM); Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra 2017, Grad-CAM, section 3. Libraries offer the same, but the
whole of it is one gradient, which torch takes, so that another dependency would be dearer than these lines.

Legend: B pictures, K channels, (h, w) positions of a layer.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from saccade.core.batch import Batch
from saccade.core.errors import UsageError
from saccade.explain.layers import check_finite, check_layer, deepest_map, evidence_head, kept_output
from saccade.network.system import System


class Activation(NamedTuple):
    """A class activation map.

    Attributes:
        values: (B, h, w) float32, 0 where nothing is for the class; the positions cover the padded pictures.
        layer: The layer that it was made of.
    """

    values: Tensor
    layer: str


def grad_cam(system: System, batch: Batch, label: int, layer: str | None = None) -> Activation:
    """How much each position of a layer is for a class.

    The channels of the layer are summed, each weighed by the gradient of the class's score. Gradients are summed over
    the positions, where Grad-CAM averages them: where a global average and a linear layer follow, the map then is CAM
    itself, and its mean without the rectifier is the score less its bias. Frozen weights and 16 bits change nothing.

    Args:
        system: The network, in evaluation mode.
        batch: Pictures on its device, in its precision.
        label: The class.
        layer: A map's name, or a module's path; by default the deepest map with several positions.

    Raises:
        UsageError: No head speaks for classes, or the layer is none that the score depends on by position.
        ConfigError: A gradient is not finite.
    """
    found = evidence_head(system)
    if found is None:
        raise UsageError("a system with a head that gives each class a score", "none")
    head, speaker = found
    if layer is not None:
        check_layer(system, layer)
    with torch.enable_grad(), kept_output(system, layer) as kept:
        # Gradients begin at the picture, so that a frozen network has them too.
        maps = system.maps(replace(batch, images=batch.images.detach().requires_grad_()))
        score = speaker.evidence(head(maps)).float()[:, label].sum()
        deepest = deepest_map(system, head, maps)
        layer = layer or deepest
        values = kept[-1] if kept else maps.tensors.get(layer)
        gradient = _gradient(score, values)
    if values is None or gradient is None:
        raise UsageError(
            "a layer (B, K, h, w) that the class scores are made of",
            repr(layer),
            cure=f"take a layer before the head, such as {deepest}",
        )
    weights = check_finite(gradient, f"gradients at {layer}").float().sum((2, 3), keepdim=True)
    heat = (weights * check_finite(values, f"values at {layer}").detach().float()).sum(1).relu()
    return Activation(heat, layer)


def _gradient(score: Tensor, values: Tensor | None) -> Tensor | None:
    if values is None or values.ndim != 4 or not values.requires_grad:
        return None
    return torch.autograd.grad(score, values, allow_unused=True)[0]
