"""Batches on their way from a loader's worker to the main process.

Each tensor that crosses by itself costs a file descriptor and a mapping; a batch of 64 detections has hundreds. So the
pictures cross alone, through shared memory, and all the rest goes as one string of bytes through the pipe.
"""

import io
import pickle
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saccade.core.batch import Batch
from saccade.core.errors import SaccadeError

SHARED_MEMORY = Path("/dev/shm")
# What is left to the system and to other programs.
_SPARE = 2**24


@dataclass(frozen=True)
class LoadedBatch:
    """A batch as it was made.

    Attributes:
        batch: The pictures that could be read; None if there are none.
        bad: Places in the data set of the others, and what was wrong.
    """

    batch: Batch | None
    bad: tuple[tuple[int, SaccadeError], ...] = ()


@dataclass(frozen=True)
class PackedBatch:
    """A delivery as it crosses.

    Attributes:
        rest: A pickle of the delivery, without the pictures if they cross by themselves.
        images: The pictures, in shared memory, if they do.
    """

    rest: bytes
    images: Tensor | None = None


class _Packer(pickle.Pickler):
    """Tensors as arrays: some twenty times faster than torch's own way, which makes an archive of each."""

    def reducer_override(self, obj: Any) -> Any:
        """How pickle packs a tensor: as the array that it is."""
        return (torch.from_numpy, (obj.detach().numpy(),)) if isinstance(obj, Tensor) else NotImplemented


def pack_shared(loaded: LoadedBatch) -> PackedBatch:
    """A parcel whose pictures cross through shared memory."""
    batch = loaded.batch
    if batch is None:
        return pack_bytes(loaded)
    rest = replace(loaded, batch=replace(batch, images=batch.images[:0]))
    return PackedBatch(_pickled(rest), batch.images)


def pack_bytes(loaded: LoadedBatch) -> PackedBatch:
    """A parcel that crosses through the pipe, whole: slower, and in need of no shared memory."""
    return PackedBatch(_pickled(loaded))


def unpack(packed: PackedBatch | LoadedBatch) -> LoadedBatch:
    """What was packed. The bytes are those of our own worker."""
    if isinstance(packed, LoadedBatch):
        return packed
    loaded: LoadedBatch = pickle.loads(packed.rest)
    if loaded.batch is None or packed.images is None:
        return loaded
    return replace(loaded, batch=replace(loaded.batch, images=packed.images))


def untouched(loaded: LoadedBatch) -> LoadedBatch:
    """A delivery that need not cross, since it was made in the main process."""
    return loaded


def _pickled(loaded: LoadedBatch) -> bytes:
    target = io.BytesIO()
    _Packer(target, protocol=4).dump(loaded)
    return target.getvalue()


def shared_memory_lacks(need: int) -> str | None:
    """Why `need` bytes do not fit into shared memory, in words; None where they do, or where there is no such limit."""
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        return None
    if need + _SPARE <= free:
        return None
    return f"{need / 2**20:.0f} MiB are needed in {SHARED_MEMORY}, found {free / 2**20:.0f} MiB free"
