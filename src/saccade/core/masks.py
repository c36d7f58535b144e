"""Instance masks, kept as the bits of their windows: a picture of 50 objects costs little more than one of 1.

Dense masks are the price of a data loader (40 masks of a picture took 145 ms to copy); the bits inside each
object's own window are all that is needed until somebody asks for `dense`.

Legend: n masks, (H, W) picture, (h, w) one mask's window.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Masks:
    """n binary masks of one picture.

    Attributes:
        bits: (sum of h·w,) bool, the windows' pixels, row by row, one mask after the other.
        windows: (n, 4) int64, each mask's window x1, y1, x2, y2 in whole pixels; x2 and y2 are exclusive, and
            the window of an empty mask may be empty. Outside its window a mask is 0.
        size: (H, W) of the picture.
    """

    bits: Tensor
    windows: Tensor
    size: tuple[int, int]

    @staticmethod
    def from_dense(dense: Tensor) -> "Masks":
        """Masks of (n, H, W) bool or 0/1 maps, each cut to its tight window."""
        dense = dense.bool()
        count, height, width = dense.shape
        crops: list[Tensor] = []
        windows = torch.zeros(count, 4, dtype=torch.int64, device=dense.device)
        for row, mask in enumerate(dense):
            crop, (x, y) = tight(mask)
            if crop.numel():
                windows[row] = torch.tensor([x, y, x + crop.shape[1], y + crop.shape[0]])
                crops.append(crop.reshape(-1))
        bits = torch.cat(crops) if crops else torch.zeros(0, dtype=torch.bool, device=dense.device)
        return Masks(bits, windows, (height, width))

    @staticmethod
    def from_crops(crops: Sequence[Tensor], corners: Sequence[tuple[int, int]], size: tuple[int, int]) -> "Masks":
        """Masks from (h, w) bool windows whose upper left pixels are `corners` (x, y), inside a picture of `size`."""
        if not crops:
            return Masks.empty(size)
        windows = torch.tensor(
            [[x, y, x + crop.shape[1], y + crop.shape[0]] for crop, (x, y) in zip(crops, corners, strict=True)],
            dtype=torch.int64,
        )
        return Masks(torch.cat([crop.reshape(-1).bool() for crop in crops]), windows, size)

    @staticmethod
    def empty(size: tuple[int, int], count: int = 0) -> "Masks":
        """Masks of a picture of `size` (H, W) without a pixel: `count` of them, by default none."""
        return Masks(torch.zeros(0, dtype=torch.bool), torch.zeros(count, 4, dtype=torch.int64), size)

    @staticmethod
    def cat(parts: Sequence["Masks"]) -> "Masks":
        """The masks of several `Masks` of one picture, one after the other."""
        sizes = {part.size for part in parts}
        if len(sizes) != 1:
            raise ValueError(f"expected masks of one picture, found picture sizes {sorted(sizes)}")
        return Masks(torch.cat([p.bits for p in parts]), torch.cat([p.windows for p in parts]), parts[0].size)

    def joined(self, groups: Sequence[Sequence[int]]) -> "Masks":
        """One mask a group of rows: all that some of them covers; an empty one where there is no row."""
        own, windows = self.crops(), self.windows.tolist()
        made = [_union([(own[row], windows[row]) for row in group if own[row].numel()], self.bits) for group in groups]
        return Masks.from_crops([crop for crop, _ in made], [corner for _, corner in made], self.size)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: Tensor | slice | list[int]) -> "Masks":
        rows = torch.arange(len(self), device=self.windows.device)[index].tolist()
        pieces = self._pieces()
        bits = torch.cat([pieces[row] for row in rows]) if rows else self.bits[:0]
        return Masks(bits, self.windows[index], self.size)

    def _pieces(self) -> tuple[Tensor, ...]:
        x1, y1, x2, y2 = self.windows.unbind(1)
        return self.bits.split(((x2 - x1) * (y2 - y1)).tolist())

    def crops(self) -> list[Tensor]:
        """The pixels of every mask's window, (h, w) bool each."""
        windows = self.windows.tolist()
        return [bits.view(y2 - y1, x2 - x1) for bits, (x1, y1, x2, y2) in zip(self._pieces(), windows, strict=True)]

    def crop(self, row: int) -> Tensor:
        """(h, w) bool: the pixels of one mask's window."""
        return self.crops()[row]

    def dense(self) -> Tensor:
        """(n, H, W) bool."""
        dense = torch.zeros(len(self), *self.size, dtype=torch.bool, device=self.bits.device)
        for mask, crop, (x1, y1, x2, y2) in zip(dense, self.crops(), self.windows.tolist(), strict=True):
            mask[y1:y2, x1:x2] = crop
        return dense

    def cut(self, size: tuple[int, int]) -> "Masks":
        """The masks cut on the right and below to a picture of `size` (H, W)."""
        if size == self.size:
            return self
        limit = self.windows.new_tensor([size[1], size[0]] * 2)
        windows = self.windows.minimum(limit)
        sides = (windows[:, 2:] - windows[:, :2]).tolist()
        crops = [crop[:high, :wide] for crop, (wide, high) in zip(self.crops(), sides, strict=True)]
        return Masks(torch.cat([self.bits[:0], *(crop.reshape(-1) for crop in crops)]), windows, size)

    def areas(self) -> Tensor:
        """(n,) float32, pixels that are set."""
        if not len(self):
            return torch.zeros(0, device=self.bits.device)
        return torch.stack([piece.sum() for piece in self._pieces()]).float()

    def boxes(self) -> Tensor:
        """(n, 4) float32 tight boxes xyxy in continuous pixel coordinates; zeros for an empty mask."""
        boxes = torch.zeros(len(self), 4)
        for row, (crop, (left, top, _, _)) in enumerate(zip(self.crops(), self.windows.tolist(), strict=True)):
            inner, (x, y) = tight(crop)
            if inner.numel():
                x, y = left + x, top + y
                boxes[row] = torch.tensor([x, y, x + inner.shape[1], y + inner.shape[0]])
        return boxes.to(self.bits.device)

    def to(self, device: torch.device | str) -> "Masks":
        """The same masks on another device."""
        return Masks(self.bits.to(device), self.windows.to(device), self.size)


def tight(mask: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """A mask (h, w) cut to the pixels that are set, and the corner (x, y) of the cut; (0, 0) pixels if none is."""
    if not mask.numel():
        return mask[:0, :0], (0, 0)
    pixels = mask.view(torch.uint8)  # bytes are reduced ten times as fast as truth values
    rows, columns = pixels.amax(1).nonzero(), pixels.amax(0).nonzero()
    if not len(rows):
        return mask[:0, :0], (0, 0)
    y1, y2, x1, x2 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return mask[y1:y2, x1:x2], (x1, y1)


def _union(parts: Sequence[tuple[Tensor, list[int]]], like: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """The pixels (h, w) that some of several windows' pixels cover, and the upper left corner (x, y) of them all."""
    if not parts:
        return like.new_zeros(0, 0), (0, 0)
    if len(parts) == 1:
        ((crop, (left, top, *_)),) = parts
        return crop, (left, top)
    x1, y1 = (min(window[side] for _, window in parts) for side in (0, 1))
    x2, y2 = (max(window[side] for _, window in parts) for side in (2, 3))
    canvas = like.new_zeros(y2 - y1, x2 - x1)
    for crop, (left, top, right, bottom) in parts:
        canvas[top - y1 : bottom - y1, left - x1 : right - x1] |= crop
    return canvas, (x1, y1)
