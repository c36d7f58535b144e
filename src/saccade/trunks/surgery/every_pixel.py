"""A classifier of patches that answers for every pixel at once, as if it had been run on each one's patch by itself.

Sources: Giusti, Cireşan, Masci, Gambardella, Schmidhuber 2013, Fast image scanning with deep max-pooling convolutional
neural networks, arXiv 1302.1700 (there by fragments of maps, here by windows that are spread); Long, Shelhamer, Darrell
2015, arXiv 1411.4038, section 3.2 (shift-and-stitch).
"""

from saccade.core.errors import UsageError
from saccade.trunks.chain import Chain
from saccade.trunks.surgery.dilate import dilate
from saccade.trunks.surgery.fc_to_conv import dense
from saccade.trunks.surgery.window_trunk import window_positions


def every_pixel(trunk: Chain, side: int, channels: int) -> Chain:
    """A new trunk whose last map has a position a pixel, those aside whose patch would hang over the border.

    Fully connected layers become convolutions, and strides become dilations, of the same weights under the same names.
    Where no layer pads, each position is what the trunk says of the patch about it, to rounding.

    Args:
        trunk: A trunk of stages in a row whose first map has a position a pixel.
        side: Pixels a side of the patch.
        channels: Channels of the picture.

    Raises:
        UsageError: The trunk is none of these, or leaves more than one position of a patch.
    """
    spread = dilate(dense(trunk), 1, pads=False)
    made = Chain(dict(spread.named_children()), preprocessing=trunk.preprocessing)
    positions = window_positions(made, side, channels)
    if positions != 1:
        raise UsageError(
            "a patch that leaves the trunk one position",
            f"{side} pixels, which leave {positions} × {positions}",
            cure="build the trunk for that patch",
        )
    return made
