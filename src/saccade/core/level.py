"""What a named map of a network is, known before any picture is seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """One named map (B, channels, h, w), of H / stride × W / stride positions less what unpadded layers cut off.

    Attributes:
        channels: Number of channels.
        stride: Input pixels between two neighbouring positions, or None where the map describes the whole
            picture in one position (B, channels, 1, 1), as a fully connected layer does.
    """

    channels: int
    stride: int | None
