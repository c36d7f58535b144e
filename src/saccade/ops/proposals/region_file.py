"""Files of regions that were proposed before: what ``saccade propose`` writes and a search reads.

A ``.safetensors`` file holds ``boxes`` (N, 4) float32 of all pictures, ``counts`` (P,) int64, how many each has,
``keys`` (P, 32) uint8, and ``facts``, the UTF-8 bytes of a JSON object with ``ids`` and ``made_by``. Pictures are known
by a key of their pixels, so that files may be renamed or moved. Where they are known it also holds ``scores`` (N,)
float32, and masks: ``sizes`` (P, 2) int64, height and width of the pictures, ``codes``, the bytes of COCO's compressed
run lengths one after the other, and ``code_lengths`` (N,) int64.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from saccade.core.errors import DataError
from saccade.ops.rle import Rle
from saccade.safe_io.tensors.safetensors_file import read_tensors, write_tensors
from saccade.safe_io.writing.atomic import replacing


@dataclass(frozen=True)
class RegionTable:
    """Regions of P pictures.

    Attributes:
        ids: P names.
        keys: P keys of their pixels.
        boxes: P times (r, 4) x1, y1, x2, y2 in the picture's own pixels, best first.
        made_by: What proposed them.
        scores: P times (r,) float32, 0..1, or None where it is not told.
        masks: P times r masks of the picture's own pixels, as COCO writes them, or None where it tells of boxes alone.
    """

    ids: tuple[str, ...]
    keys: tuple[bytes, ...]
    boxes: tuple[Tensor, ...]
    made_by: str
    scores: tuple[Tensor, ...] | None = None
    masks: tuple[Sequence[Rle], ...] | None = None


def picture_key(image: Tensor) -> bytes:
    """32 bytes that tell a picture (C, H, W) from others."""
    pixels = image.detach().cpu().contiguous()
    text = f"{tuple(pixels.shape)} {pixels.dtype}".encode()
    return hashlib.sha256(text + pixels.numpy().tobytes()).digest()


def write_regions(path: Path, table: RegionTable) -> None:
    """The file, whole or not at all.

    Raises:
        ResourceError: The disk is full.
    """
    facts = json.dumps({"ids": table.ids, "made_by": table.made_by}).encode()
    tensors = {
        "boxes": torch.cat([torch.zeros(0, 4), *table.boxes]).float(),
        "counts": torch.tensor([len(boxes) for boxes in table.boxes], dtype=torch.int64),
        "keys": _bytes(b"".join(table.keys)).view(-1, 32),
        "facts": _bytes(facts),
        **({} if table.scores is None else {"scores": torch.cat([torch.zeros(0), *table.scores]).float()}),
        **({} if table.masks is None else _packed(table.masks)),
    }
    with replacing(path) as partial:
        write_tensors(partial, tensors)


def read_regions(path: Path) -> RegionTable:
    """What `write_regions` wrote.

    Raises:
        DataError: It is no such file.
    """
    found = read_tensors(path)
    try:
        facts = json.loads(found["facts"].numpy().tobytes())
        boxes = found["boxes"].split(found["counts"].tolist())
        keys = tuple(key.numpy().tobytes() for key in found["keys"])
        counts = [len(part) for part in boxes]
        scores = found["scores"].float().split(counts) if "scores" in found else None
        masks = _unpacked(found, counts) if "codes" in found else None
        table = RegionTable(tuple(map(str, facts["ids"])), keys, boxes, str(facts["made_by"]), scores, masks)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataError("a file of regions", f"another: {error}", path=path) from error
    if not len(table.ids) == len(table.keys) == len(table.boxes) or found["boxes"].shape[1:] != (4,):
        raise DataError("a name, a key and boxes of four numbers a picture", "others", path=path)
    if not found["boxes"].is_floating_point() or not bool(found["boxes"].isfinite().all()):
        raise DataError("boxes of finite numbers", "others", path=path)
    return replace(table, boxes=tuple(part.float() for part in boxes))


@dataclass(frozen=True)
class KnownRegions:
    """A search that looks up what was found before.

    Attributes:
        path: A file of regions.
        count: How many boxes are given at most, or None for all.
    """

    path: str
    count: int | None = None

    def __call__(self, image: Tensor) -> Tensor:
        """(r, 4) boxes of a picture (C, H, W) that is among those of the file.

        Raises:
            DataError: It is none of them, or the file cannot be read.
        """
        cure = (
            f"make regions of all pictures: saccade propose selective-search DATA --out {self.path}; or give --search "
            "another file or the name of a search"
        )
        if not Path(self.path).is_file():
            raise DataError("a file of regions", "none", path=self.path, cure=cure)
        known, made_by = _by_key(self.path, Path(self.path).stat().st_mtime_ns)
        found = known.get(picture_key(image))
        if found is None:
            height, width = image.shape[-2:]
            told = f"one of {width} x {height} that is none of its {len(known)} (made by {made_by})"
            raise DataError("a picture with regions in the file", told, path=self.path, cure=cure)
        return found[: self.count]


@lru_cache(maxsize=4)
def _by_key(path: str, changed: int) -> tuple[dict[bytes, Tensor], str]:
    """Boxes by the key of their picture, and what made them."""
    del changed  # a file that was written anew is read anew
    table = read_regions(Path(path))
    return dict(zip(table.keys, table.boxes, strict=True)), table.made_by


def _packed(masks: Sequence[Sequence[Rle]]) -> dict[str, Tensor]:
    """Masks as tensors: the size of each picture, 0 × 0 without masks, and all run lengths, one after the other."""
    codes = [one["counts"].encode("ascii") for some in masks for one in some]
    return {
        "sizes": torch.tensor([some[0]["size"] if some else [0, 0] for some in masks]).view(-1, 2),
        "codes": _bytes(b"".join(codes)),
        "code_lengths": torch.tensor([len(code) for code in codes], dtype=torch.int64),
    }


def _unpacked(found: Mapping[str, Tensor], counts: Sequence[int]) -> tuple[list[Rle], ...]:
    """What `_packed` packed, so many masks of each picture; codes are checked where they are decoded (`ops.rle`)."""
    text = found["codes"].numpy().tobytes().decode("ascii")
    ends = found["code_lengths"].cumsum(0).tolist()
    codes = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    if len(codes) != sum(counts) or len(text) != (ends[-1] if ends else 0) or len(found["sizes"]) != len(counts):
        raise ValueError("masks of other rows")
    masks = iter(codes)
    sizes = found["sizes"].tolist()
    return tuple([Rle(size=size, counts=next(masks)) for _ in range(n)] for size, n in zip(sizes, counts, strict=True))


def _bytes(data: Sequence[int]) -> Tensor:
    return torch.from_numpy(np.frombuffer(bytes(data), np.uint8).copy())
