"""A colour for every class, told apart by colour-blind eyes as far as that is possible."""

import colorsys

from saccade.metrics.illustration import Colour

# The coloured seven of Okabe and Ito's palette (2008), strong ones first.
_SEVEN: tuple[Colour, ...] = (
    *((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (204, 121, 167), (240, 228, 66), (0, 114, 178)),
)
_GOLDEN = 0.6180339887498949


def class_colour(index: int) -> Colour:
    """RGB of a class: Okabe and Ito's colours for the first seven, then hues that never come back."""
    if index < len(_SEVEN):
        return _SEVEN[index]
    # Steps of the golden ratio never meet an old hue; lightness alternates, for eyes that see no hues.
    red, green, blue = colorsys.hsv_to_rgb(index * _GOLDEN % 1, (0.55, 0.85)[index % 2], (0.95, 0.65, 0.8)[index % 3])
    return round(red * 255), round(green * 255), round(blue * 255)


def ink(colour: Colour) -> Colour:
    """Black or white, whichever reads better on a colour."""
    red, green, blue = colour
    return (0, 0, 0) if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else (255, 255, 255)
