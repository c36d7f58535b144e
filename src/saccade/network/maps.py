"""The named maps of a batch, as heads read them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from saccade.network.regions import Regions

IMAGE = "image"
GUIDE = "guide"


@dataclass(frozen=True)
class Maps(Mapping[str, Tensor]):
    """Named maps (B, C, h, w) of one batch; ``image`` is the batch's normalised pictures themselves.

    ``guide``, which is there where somebody reads it, is the same pictures on the scale 0..255.

    Attributes:
        tensors: The maps by name.
        sizes: (B, 2) int64, height and width of each picture inside the padding, in input pixels.
        regions: What a search outside the network proposed, in input pixels, best first, or None.
        canvas: Height and width of the padded pictures, where these themselves are not carried along; see `padded`.
        scales: (B,) input pixels to one of each picture's own, where they are known.
    """

    tensors: Mapping[str, Tensor]
    sizes: Tensor
    regions: Regions | None = None
    canvas: tuple[int, int] | None = None
    scales: Tensor | None = None

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width of the batch's pictures, padding included."""
        if self.canvas is not None:
            return self.canvas
        height, width = self.tensors[IMAGE].shape[-2:]
        return height, width

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)

    def pick(self, pictures: list[int]) -> "Maps":
        """The maps of some pictures of the batch, in the order given."""
        if pictures == list(range(len(self.sizes))):
            return self
        # index_select, since the backward of x[index] with an index tensor is not deterministic on the CPU.
        rows = self.sizes.new_tensor(pictures)
        regions = None if self.regions is None else self.regions.pick(rows)
        tensors = {name: m.index_select(0, rows) for name, m in self.tensors.items()}
        scales = None if self.scales is None else self.scales[rows]
        return replace(self, tensors=tensors, sizes=self.sizes[rows], regions=regions, scales=scales)
