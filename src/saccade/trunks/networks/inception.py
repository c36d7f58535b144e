"""Inception v3: branches of small and one-sided kernels, normalised by batch.

Paper: Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2015, Rethinking the Inception architecture, arXiv 1512.00567.
"""

from torch import nn
from torchvision.models import Inception3

from saccade.core.input.preprocessing import Preprocessing
from saccade.layers.initialise import truncated_normal
from saccade.trunks.blueprint import blueprint, fill
from saccade.trunks.card import TrunkCard, declared
from saccade.trunks.chain import Chain, levels_by_reader
from saccade.trunks.inputs import minus_one_to_one

# Maps: torchvision's layers, and their strides.
LAYERS = {
    "conv1a": ("Conv2d_1a_3x3", 2),
    "conv2a": ("Conv2d_2a_3x3", 2),
    "conv2b": ("Conv2d_2b_3x3", 2),
    "pool1": ("maxpool1", 4),
    "conv3b": ("Conv2d_3b_1x1", 4),
    "conv4a": ("Conv2d_4a_3x3", 4),
    "pool2": ("maxpool2", 8),
    "mixed5b": ("Mixed_5b", 8),
    "mixed5c": ("Mixed_5c", 8),
    "mixed5d": ("Mixed_5d", 8),
    "mixed6a": ("Mixed_6a", 16),
    "mixed6b": ("Mixed_6b", 16),
    "mixed6c": ("Mixed_6c", 16),
    "mixed6d": ("Mixed_6d", 16),
    "mixed6e": ("Mixed_6e", 16),
    "mixed7a": ("Mixed_7a", 32),
    "mixed7b": ("Mixed_7b", 32),
    "mixed7c": ("Mixed_7c", 32),
}
# Side of the picture on which the layers are sized.
SIDE = 299


@declared(TrunkCard(pretrained=True))
def inception_v3(*, pretrained: bool = False, width: float = 1.0, channels: int = 3) -> Chain:
    """A stem of five convolutions, then eleven blocks of branches; its layers hardly pad, so maps lose their borders.

    Maps: ``conv1a``, ``conv2a``, ``conv2b`` (stride 2), ``pool1``, ``conv3b``, ``conv4a`` (4), ``pool2``, ``mixed5b`` …
    ``mixed5d`` (8), ``mixed6a`` … ``mixed6e`` (16), ``mixed7a`` … ``mixed7c`` (32). The auxiliary classifier reads
    ``mixed6e``.

    Args:
        pretrained: Take torchvision's ImageNet weights, which expect pictures of mean .5 and deviation .5.
        width: Factor of all channels.
        channels: Channels of the picture, of at least 75 pixels a side.
    """
    module = blueprint("inception_v3", width, channels, side=SIDE, init_weights=False, aux_logits=False)
    if not isinstance(module, Inception3):
        raise TypeError(f"torchvision's inception_v3 should be an Inception3, found {type(module).__name__}")
    trunk = inception_trunk(module, minus_one_to_one(channels))
    module.fc = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
    name = "inception_v3" if pretrained else None
    fill(module, truncated_normal, pretrained=name, width=width, channels=channels)
    return trunk


def inception_trunk(module: Inception3, preprocessing: Preprocessing = Chain.preprocessing) -> Chain:
    """A trunk of the layers of torchvision's Inception v3, shared; its two classifiers are left out."""
    stages = {name: module.get_submodule(theirs) for name, (theirs, _) in LAYERS.items()}
    strides = {name: stride for name, (_, stride) in LAYERS.items()}
    return Chain(stages, levels_by_reader(stages, strides, module.fc.in_features), preprocessing)
