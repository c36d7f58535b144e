"""The kernels by which pixels move under one affine map: pictures, classes, thin lines.

Matrices are (3, 3) float64 and map continuous source coordinates (x, y, 1) to target coordinates; sizes are (H, W).
Maps that only crop, flip, turn by quarters or scale go by exact and fast ways of their own; all others are sampled at
the target's pixel centres. A target pixel whose centre lies outside the source is filled.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.core.geometry.affine import TOLERANCE, is_whole, keeps_pixels, mirror, scaling, stretches, upside_down

Size = tuple[int, int]
Fill = float | Sequence[float]


def image(
    picture: Tensor,
    matrix: Tensor,
    size: Size,
    interpolation: str = "bilinear",
    antialias: bool = True,
    fill: Fill = 0.0,
    displacement: Tensor | None = None,
) -> Tensor:
    """A picture moved into a target of `size`.

    Args:
        picture: (C, h, w) uint8 or float.
        matrix: (3, 3), source to target.
        size: (H, W) of the target.
        interpolation: ``bilinear``, ``bicubic`` or ``nearest``.
        antialias: Whether shrinking averages all the pixels that it covers.
        fill: Value outside the source, one or C, on the picture's scale.
        displacement: (2, H, W) elastic displacement, or None.

    Returns:
        (C, H, W) of the picture's type; it may share memory with `picture`.
    """
    if displacement is None:
        quick = _upright(picture, matrix, size, interpolation, antialias, fill)
        if quick is not None:
            return quick
    if interpolation == "nearest":
        return nearest(picture, matrix, size, fill, displacement)
    if antialias:
        picture, matrix = shrunk(picture, matrix, interpolation)
    x, y = source_xy(matrix, size, displacement)
    found = _like(_sampled(picture, x, y, interpolation), picture)
    inside = lies_inside(x, picture.shape[-1]) & lies_inside(y, picture.shape[-2])
    return torch.where(inside, found, _column(fill, found))


def smooth(maps: Tensor, matrix: Tensor, size: Size, displacement: Tensor | None = None) -> Tensor:
    """(C, H, W) of float maps (C, h, w), bilinear; outside the source the values of its border.

    A part of the target is to the bit what it is in the whole, so that a large target may be made strip by strip. A
    window of the source is given as it lies there, not copied.
    """
    x, y = source_xy(matrix, size, displacement)
    if displacement is None and keeps_pixels(matrix):
        height, width = maps.shape[-2:]
        rows, columns = ((at.flatten() + TOLERANCE).floor().long() for at in (y, x))
        if len(rows) == size[0] and len(columns) == size[1]:  # no quarter turn
            return _taken(_taken(maps, 1, rows.clamp(0, height - 1)), 2, columns.clamp(0, width - 1))
    return _sampled(maps, x, y, "bilinear")


def nearest(maps: Tensor, matrix: Tensor, size: Size, fill: Fill = 0.0, displacement: Tensor | None = None) -> Tensor:
    """(C, h, w) maps of any type; each target pixel takes the source pixel that its centre falls into."""
    if displacement is None and keeps_pixels(matrix):
        moved = _upright(maps, matrix, size, "nearest", False, fill)
        if moved is not None:
            return moved
    columns, rows = source_pixels(matrix, size, displacement)
    height, width = maps.shape[-2:]
    right, low = columns.clamp(0, width - 1), rows.clamp(0, height - 1)
    found = maps[:, low, right]
    return torch.where((right == columns) & (low == rows), found, _column(fill, found))


def lines(maps: Tensor, matrix: Tensor, size: Size, displacement: Tensor | None = None) -> Tensor:
    """(A, h, w) thin lines, such as contours: shrinking keeps the greatest value that a target pixel covers.

    Maps of 0 and 1 alone stay so: every target pixel that a line touches at one of four inner points is set, so
    that lines stay connected. Probabilities are interpolated.
    """
    maps, matrix = shrunk_lines(maps, matrix)
    sharp = bool(((maps == 0) | (maps == 1)).all())
    moved = maps.new_empty(len(maps), *size)
    for place in range(len(maps)):  # one by one, so that little is in memory beside the result
        one = maps[place : place + 1]
        if sharp:
            moved[place] = _set_pixels(one, matrix, size, displacement)[0]
        else:
            moved[place] = image(one, matrix, size, antialias=False, displacement=displacement)[0]
    return moved


def _set_pixels(maps: Tensor, matrix: Tensor, size: Size, displacement: Tensor | None) -> Tensor:
    """Lines of 0 and 1, moved."""
    if displacement is None and keeps_pixels(matrix):
        return nearest(maps, matrix, size)
    if displacement is not None:
        displacement = 2 * F.interpolate(displacement[None], scale_factor=2.0, mode="bilinear")[0]
    fine = nearest(maps > 0, scaling(2, 2) @ matrix, (2 * size[0], 2 * size[1]), 0.0, displacement)
    upper, lower = fine[:, ::2], fine[:, 1::2]
    return (upper[..., ::2] | upper[..., 1::2] | lower[..., ::2] | lower[..., 1::2]).to(maps)


def source_xy(matrix: Tensor, size: Size, displacement: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Where the pixel centres of a target of `size` lie in the source.

    Returns:
        float64 x and y, each (H, W) or, where the map is upright, x (1, W) and y (H, 1).
    """
    (a, b, left), (c, d, top) = torch.linalg.inv(matrix)[:2].tolist()
    xs = torch.arange(size[1], dtype=torch.float64)[None] + 0.5
    ys = torch.arange(size[0], dtype=torch.float64)[:, None] + 0.5
    if displacement is not None:
        xs, ys = xs + displacement[0], ys + displacement[1]
    x = a * xs + (b * ys + left) if b else a * xs + left
    y = d * ys + (c * xs + top) if c else d * ys + top
    return x, y


def source_pixels(matrix: Tensor, size: Size, displacement: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Columns and rows (int64, shaped as by `source_xy`) of the source's pixels that the target's centres fall into."""
    x, y = source_xy(matrix, size, displacement)
    # The hair makes ties between two pixels fall the same way for every field, whatever the rounding.
    return x.add_(TOLERANCE).floor_().long(), y.add_(TOLERANCE).floor_().long()


def interpolate(picture: Tensor, size: Size, mode: str, antialias: bool) -> Tensor:
    """A picture (C, h, w), uint8 or float, resized to `size` (H, W); pixel centres are at +.5."""
    if picture.shape[-2:] == size:
        return picture
    if mode == "nearest":
        return F.interpolate(picture[None], size, mode="nearest-exact")[0]
    return F.interpolate(picture[None], size, mode=mode, align_corners=False, antialias=antialias)[0]


def paste(picture: Tensor, corner: tuple[int, int], size: Size, fill: Fill = 0.0) -> Tensor:
    """The part of a picture (C, h, w) inside a canvas of `size`, its upper left pixel at `corner` (x, y)."""
    height, width = picture.shape[-2:]
    left, top = corner
    x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + width, size[1]), min(top + height, size[0])
    inner = picture[:, max(y1 - top, 0) : max(y2 - top, 0), max(x1 - left, 0) : max(x2 - left, 0)]
    if (x1, y1, x2, y2) == (0, 0, size[1], size[0]):
        return inner
    canvas = _column(fill, picture).expand(len(picture), *size).clone()
    if x1 < x2 and y1 < y2:
        canvas[:, y1:y2, x1:x2] = inner
    return canvas


def _upright(picture: Tensor, matrix: Tensor, size: Size, mode: str, antialias: bool, fill: Fill) -> Tensor | None:
    """The picture moved by flips, quarter turns, whole-pixel crops and one resizing; None where these don't do."""
    (a, b, left), (c, d, top) = matrix[:2].tolist()
    if abs(a) < TOLERANCE and abs(d) < TOLERANCE:
        turned = _upright(picture, matrix[[1, 0, 2]], (size[1], size[0]), mode, antialias, fill)
        return None if turned is None else turned.transpose(-1, -2)
    if abs(b) > TOLERANCE or abs(c) > TOLERANCE:
        return None
    if a < 0:
        flipped = _upright(picture, mirror(size[1]) @ matrix, size, mode, antialias, fill)
        return None if flipped is None else flipped.flip(-1)
    if d < 0:
        flipped = _upright(picture, upside_down(size[0]) @ matrix, size, mode, antialias, fill)
        return None if flipped is None else flipped.flip(-2)
    height, width = picture.shape[-2:]
    if all(is_whole(value) for value in (width * a, height * d, left, top)):
        resized = interpolate(picture, (max(round(height * d), 1), max(round(width * a), 1)), mode, antialias)
        return paste(resized, (round(left), round(top)), size, fill)
    window = [-left / a, -top / d, (size[1] - left) / a, (size[0] - top) / d]
    x1, y1, x2, y2 = (round(value) for value in window)
    if all(is_whole(value) for value in window) and 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height:
        return interpolate(picture[:, y1:y2, x1:x2], size, mode, antialias)
    return None


def shrunk(picture: Tensor, matrix: Tensor, mode: str = "bilinear") -> tuple[Tensor, Tensor]:
    """The picture (C, h, w) resized beforehand as far as the map shrinks it, and the map that is left to do."""
    small, left = _small(picture, matrix)
    return interpolate(picture, small, mode, True), left


def shrunk_lines(maps: Tensor, matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The same of thin lines (A, h, w): the greatest value that a target pixel covers stays."""
    small, left = _small(maps, matrix)
    same = small == tuple(maps.shape[-2:]) or not len(maps)
    return maps if same else F.adaptive_max_pool2d(maps[None], small)[0], left


def _small(picture: Tensor, matrix: Tensor) -> tuple[Size, Tensor]:
    across, down = (min(value, 1.0) for value in stretches(matrix))
    height, width = picture.shape[-2:]
    small = (max(round(height * down), 1), max(round(width * across), 1))
    return small, matrix @ scaling(width / small[1], height / small[0])


def _taken(maps: Tensor, axis: int, places: Tensor) -> Tensor:
    """Rows or columns of maps, in the given order; without a copy where they follow one another."""
    if len(places) and bool((places.diff() == 1).all()):
        return maps.narrow(axis, int(places[0]), len(places))
    return maps.index_select(axis, places)


def _sampled(picture: Tensor, x: Tensor, y: Tensor, mode: str) -> Tensor:
    """Values at source coordinates, as `source_xy` gives them; outside, those of the border."""
    height, width = picture.shape[-2:]
    grid = torch.stack(torch.broadcast_tensors(x * (2 / width) - 1, y * (2 / height) - 1), -1).float()
    return F.grid_sample(picture.float()[None], grid[None], mode, "border", align_corners=False)[0]


def lies_inside(coordinates: Tensor, length: int) -> Tensor:
    """Which continuous coordinates lie in a source of so many pixels."""
    return (coordinates >= -TOLERANCE) & (coordinates < length - TOLERANCE)


def _column(fill: Fill, like: Tensor) -> Tensor:
    values = torch.tensor([fill] if isinstance(fill, int | float) else list(fill), dtype=torch.float64)
    return (values if like.is_floating_point() else values.round()).to(like).view(-1, 1, 1)


def _like(found: Tensor, picture: Tensor) -> Tensor:
    return found if picture.is_floating_point() else found.round().clamp(0, 255).to(picture.dtype)
