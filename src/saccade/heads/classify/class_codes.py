"""Fixed codes of classes: stylised pictures of the ten digits, or reproducible signs for any other classes."""

import torch
from torch import Tensor

# Seven-segment digits of 12 rows and 7 columns; bit s of DIGITS says whether segment s is inked.
# Segments: 0 top, 1 upper left, 2 upper right, 3 middle, 4 lower left, 5 lower right, 6 bottom.
ROWS, COLUMNS = 12, 7
SEGMENTS = (
    (slice(0, 2), slice(0, 7)),
    (slice(0, 6), slice(0, 2)),
    (slice(0, 6), slice(5, 7)),
    (slice(5, 7), slice(0, 7)),
    (slice(6, 12), slice(0, 2)),
    (slice(6, 12), slice(5, 7)),
    (slice(10, 12), slice(0, 7)),
)
DIGITS = ("012456", "25", "02346", "02356", "1235", "01356", "013456", "025", "0123456", "012356")


def class_codes(classes: int, bits: int) -> Tensor:
    """(classes, bits) float32 of -1 and 1.

    Ten classes of 84 bits get the digits' pictures, so that classes that look alike have codes that are alike; others
    get signs drawn from a fixed seed. The paper's own pictures show all of ASCII; these are drawn anew.

    Args:
        classes: Number of classes.
        bits: Length of a code.
    """
    if (classes, bits) == (len(DIGITS), ROWS * COLUMNS):
        codes = torch.stack([_digit(segments) for segments in DIGITS])
    else:
        # One class after the other, so that a class's code does not depend on how many follow.
        draw = torch.Generator("cpu").manual_seed(1998)
        codes = torch.randint(0, 2, (classes, bits), generator=draw, device="cpu").float() * 2 - 1
    return codes.to(torch.get_default_device())


def _digit(segments: str) -> Tensor:
    picture = torch.full((ROWS, COLUMNS), -1.0, device="cpu")
    for segment in segments:
        picture[SEGMENTS[int(segment)]] = 1.0
    return picture.flatten()
