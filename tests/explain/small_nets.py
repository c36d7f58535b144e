"""Networks of a few weights for tests that look into them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saccade.core.batch import Batch
from saccade.core.input.input_spec import InputSpec
from saccade.heads.classify.classify import ClassifyHead
from saccade.network.system import System
from saccade.trunks.chain import Chain, named

CLASSES = ("ant", "bee", "fly")


def linear_head_net(seed: int = 0, classes: Sequence[str] = CLASSES, loss: str = "softmax") -> System:
    """Two convolutions, then global average and a linear layer: the form for which CAM was made."""
    torch.manual_seed(seed)
    stages = {
        "first": named(conv=nn.Conv2d(3, 4, 3, padding=1), relu=nn.ReLU(inplace=True)),
        "pool": nn.MaxPool2d(2),
        "deep": named(conv=nn.Conv2d(4, 6, 3, padding=1), norm=nn.BatchNorm2d(6), relu=nn.ReLU(inplace=True)),
    }
    body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(6, len(classes)))
    head = ClassifyHead("deep", body, len(classes), loss="sigmoid" if loss == "sigmoid" else "softmax")
    return System(Chain(stages), {"label": head}, classes=classes, input=InputSpec.stretch(12)).eval()


def one_picture(system: System, seed: int = 0, size: tuple[int, int] = (12, 12)) -> Batch:
    """A batch of one picture of noise."""
    picture: Tensor = torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))
    return system.batch([picture])
