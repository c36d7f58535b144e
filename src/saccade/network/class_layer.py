"""The last layer that a trunk's weights were learnt with, which answers for their own classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torchvision.models import ResNet18_Weights


@dataclass(frozen=True)
class ClassLayer:
    """Scores of N classes of the average of a trunk's last map.

    Attributes:
        names: The N classes.
        weight: (N, C) factors of the C channels.
        bias: (N,) what is added.
    """

    names: tuple[str, ...]
    weight: Tensor
    bias: Tensor

    def serves(self, classes: Sequence[str]) -> bool:
        """Whether these are its classes: by their names, or as many without names of their own."""
        numbered = tuple(f"class {number}" for number in range(len(self.names)))
        return tuple(classes) in (self.names, numbered)

    @torch.no_grad()
    def copy_to(self, linear: nn.Linear) -> None:
        """Give a linear layer of the same size its weights."""
        linear.weight.copy_(self.weight)
        linear.bias.copy_(self.bias)


@cache
def imagenet_names() -> tuple[str, ...]:
    """ImageNet's 1000 classes, in the order that all published weights have."""
    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
