"""What a named map of a network is, known before any picture is seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """One named map (B, channels, h, w), of H / stride × W / stride positions less what unpadded layers cut off.

    Attributes:
        channels: Number of channels.
        stride: Input pixels between two neighbouring positions, or None where the map describes the whole
            picture in one position (B, channels, 1, 1), as a fully connected layer does.
        offset: Input pixels between the picture's edge and that of the first position, on the left as above: what
            unpadded layers cut off (U-Net's 572 pixels leave 388, offset 92); below 0 where the first position lies in
            a wide padding (FCN). The shift of less than a stride that a
            padded layer of stride 2 brings is not counted, since nobody resamples maps by it.
    """

    channels: int
    stride: int | None
    offset: float = 0.0
