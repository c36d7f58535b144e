"""The smallest system that has every method: two convolutions, and a head that gives a class and two boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Joints
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.network.part import Trunk
from saccade.network.system import System

CLASSES = ("red", "green", "blue")
# A way in of each size rule.
SIZE_RULES = {
    "native": InputSpec(),
    "stretch": InputSpec.stretch(32),
    "letterbox": InputSpec("letterbox", (48, 32)),
    "crop": InputSpec.centre_crop(24, 30),
    "shorter": InputSpec("shorter", shorter=40, longest=60),
}


class TinyTrunk(Trunk):
    """Two convolutions of 8 channels, the second with stride 2."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.levels = {"deep": Level(8, 2)}
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU()
        )

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return {"deep": self.body(images)}


@dataclass(frozen=True)
class TinyRaw:
    """Logits (B, C); boxes (B, 4) as shares 0..1 of the picture; its sizes (B, 2)."""

    logits: Tensor
    boxes: Tensor
    sizes: Tensor


register_dataclass(TinyRaw, serialized_type_name="saccade.tests.TinyRaw")


class TinyHead(Head):
    """Class of the picture, and two boxes of that class, the whole picture and its middle, that score ever less."""

    reads = ("deep",)
    gives = frozenset({"label", "label_scores", "instances.boxes", "instances.labels", "instances.scores"})
    needs = frozenset({"label"})
    terms = ("class",)
    owns_rows = True

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.score = nn.Linear(8, classes)

    def forward(self, maps: Maps) -> TinyRaw:
        logits = self.score(maps["deep"].mean((2, 3)))
        return TinyRaw(logits, logits.new_tensor([[0.0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75]]), maps.sizes)

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        return {"class": F.cross_entropy(self.forward(maps).logits, torch.stack([t.label for t in truth]))}

    def decode(self, raw: TinyRaw) -> list[Annotation]:
        return [self._decode(row.softmax(0), raw.boxes, size) for row, size in zip(raw.logits, raw.sizes, strict=True)]

    def _decode(self, scores: Tensor, boxes: Tensor, size: Tensor) -> Annotation:
        label, best = scores.argmax(), scores.max()
        rows = Instances(boxes * size[[1, 0, 1, 0]], label.expand(2), torch.stack([best / 2, best]))
        return Annotation(label=label, label_scores=scores, instances=rows)


def tiny_system(classes: Sequence[str] = CLASSES, input: InputSpec | None = None, seed: int = 0) -> System:
    """A system of a few hundred weights, drawn from `seed`."""
    torch.manual_seed(seed)
    heads = {"tiny": TinyHead(len(classes))}
    return System(TinyTrunk(), heads, classes=classes, input=input or InputSpec.stretch(16)).eval()


class TinyDataset:
    """Pictures of one colour each, with its name as the class and one box; sizes differ from picture to picture."""

    fields = frozenset({"label", "instances.boxes", "instances.labels"})
    joints: Joints | None = None

    def __init__(self, count: int = 7, classes: Sequence[str] = CLASSES) -> None:
        self.classes, self.count = tuple(classes), count
        self.vocabularies = Vocabularies.of(self.classes)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.count:
            raise IndexError(index)
        return Sample(picture(index), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        label = torch.tensor(index % 3)
        rows = Instances(boxes=torch.tensor([[1.0, 2, 9, 8]]), labels=label[None])
        return Annotation(label=label, instances=rows)

    def id(self, index: int) -> str:
        return f"{index:03}.png"


def picture(index: int) -> Tensor:
    """(3, h, w) uint8 of one colour with noise; its size is a function of `index` too."""
    noise = torch.randint(0, 60, (3, 10 + index % 3, 12 + index % 2), generator=torch.Generator().manual_seed(index))
    noise[index % 3] += 190
    return noise.to(torch.uint8)


def save_picture(path: object, index: int) -> None:
    """The picture `index` as a PNG."""
    Image.fromarray(np.asarray(picture(index).permute(1, 2, 0))).save(str(path))
