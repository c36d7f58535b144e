"""The first layer's filters: the one layer whose weights are pictures themselves.

Legend: N filters, C channels of the picture, (h, w) a filter's side lengths.
"""

from torch import Tensor, nn

from saccade.explain.layers import check_finite
from saccade.network.system import System


def first_filters(system: System) -> Tensor | None:
    """(N, C, h, w) float32 filters of the trunk's first convolution; None where it has none.

    Raises:
        ConfigError: A weight is not finite.
    """
    layer = next((layer for layer in system.trunk.modules() if isinstance(layer, nn.Conv2d)), None)
    return None if layer is None else check_finite(layer.weight.detach().float().cpu(), "weights of the first layer")
