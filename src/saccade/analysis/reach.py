"""Which input pixels a position of a map can see, along one axis."""

from dataclasses import dataclass
from math import ceil, floor, inf, isinf


@dataclass(frozen=True)
class Reach:
    """Position i of a map sees the input pixels ``low + i · step`` to ``high + i · step``, both included.

    Attributes:
        low: First pixel that position 0 sees; negative in the padding.
        high: Last pixel that position 0 sees.
        step: Pixels between two neighbouring positions.
    """

    low: float = 0.0
    high: float = 0.0
    step: float = 1.0

    @property
    def size(self) -> float:
        """Pixels that one position sees: the receptive field, infinite where it sees all."""
        return self.high - self.low + 1

    @property
    def is_whole(self) -> bool:
        """Whether a position sees the picture from end to end, however large it is."""
        return isinf(self.size)

    def window(self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> "Reach":
        """After a convolution or pooling."""
        far = self.high + (dilation * (kernel - 1) - padding) * self.step
        return Reach(self.low - padding * self.step, far, self.step * stride)

    def transposed(self, kernel: int, stride: int, padding: int, dilation: int) -> "Reach":
        """After a transposed convolution, for the output position between two strides that sees most."""
        extent = dilation * (kernel - 1)
        spans = [
            (ceil((place + padding - extent) / stride), floor((place + padding) / stride), place)
            for place in range(stride)
        ]
        first, last, place = max(spans, key=lambda span: span[1] - span[0])
        step = self.step / stride
        return Reach(self.low + first * self.step - place * step, self.high + last * self.step - place * step, step)

    def resized(self, before: int, after: int, taps: int = 1) -> "Reach":
        """After `before` positions became `after`, each from `taps` neighbours."""
        around = (taps - 1) * self.step / 2
        return Reach(self.low - around, self.high + around, self.step * before / after)

    def adapted(self, before: int, after: int) -> "Reach":
        """After an adaptive pooling of `before` positions to `after`; the widest of its windows counts."""
        windows = [ceil((i + 1) * before / after) - floor(i * before / after) for i in range(after)]
        return Reach(self.low, self.high + (max(windows) - 1) * self.step, self.step * before / after)

    def grouped(self, count: int) -> "Reach":
        """After each `count` neighbours became one position."""
        return self.window(count, count)

    def over(self, count: int) -> "Reach":
        """What `count` neighbouring positions see together."""
        return self.window(count)

    def shifted(self, positions: int) -> "Reach":
        """Counted from another first position."""
        return Reach(self.low + positions * self.step, self.high + positions * self.step, self.step)

    def whole(self) -> "Reach":
        """The whole picture."""
        return Reach(-inf, inf, self.step)

    def joined(self, other: "Reach") -> "Reach":
        """What two positions see together that are added or concatenated."""
        return Reach(min(self.low, other.low), max(self.high, other.high), max(self.step, other.step))
