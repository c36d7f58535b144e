"""A system of one's own: a trunk, and a function that composes it with a head."""

from torch import Tensor, nn

from own_parts.head import FocalHead
from saccade.core.augmentation import Augmentation
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.network.card import Card, system
from saccade.network.part import Trunk
from saccade.network.recipe import Recipe
from saccade.network.system import System

RECIPE = Recipe(
    optimiser="adamw",
    lr=3e-3,
    weight_decay=0.01,
    schedule="cosine",
    epochs=10,
    batch=16,
    augmentation=Augmentation(flip=0.5),
    best="top1",
    note="No paper's: numbers that suit a network of a few thousand weights.",
)


class TinyTrunk(Trunk):
    """Two convolutions, the second one at half the resolution.

    Args:
        width: Channels of both.
        channels: Channels of the picture.
    """

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        # Declared before any picture is seen: name, channels, and input pixels between two positions.
        self.levels = {"fine": Level(width, 1), "coarse": Level(width, 2)}
        self.fine = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())
        self.coarse = nn.Sequential(nn.Conv2d(width, width, 3, 2, 1), nn.BatchNorm2d(width), nn.ReLU())

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The declared maps by name."""
        fine = self.fine(images)
        return {"fine": fine, "coarse": self.coarse(fine)}


@system(Card(task="classify", year=2017, paper="Focal loss: Lin et al., arXiv 1708.02002", needs=("label",), size=64))
def tiny(classes: tuple[str, ...], *, focus: float = 2.0, width: float = 1.0, channels: int = 3) -> System:
    """A tiny classifier with the focal loss, on pictures stretched to a square.

    Args:
        classes: Names of the classes.
        focus: Exponent of the loss.
        width: Factor of all channels.
        channels: Channels of the picture.
    """
    trunk = TinyTrunk(max(round(16 * width), 1), channels)
    head = FocalHead("coarse", trunk.levels["coarse"].channels, len(classes), focus)
    return System(trunk, {"label": head}, classes=classes, input=InputSpec.stretch(64, channels), recipe=RECIPE)
