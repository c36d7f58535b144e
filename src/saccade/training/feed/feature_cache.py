"""Features of a frozen trunk, made once and kept on disk: later epochs read them and skip pictures and trunk alike.

Legend: N pictures of the data set, B of a batch.
"""

import hashlib
import json
import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import ResourceError
from saccade.core.frame import Frame
from saccade.data.loading.loader import Loader
from saccade.runtime.device import evaluating
from saccade.safe_io.writing.atomic import write_text
from saccade.training.step.train_state import TrainState

# Rules of the input that bring every picture to one size, so that the maps of all pictures have one shape.
FIXED_SIZE = ("stretch", "crop", "letterbox", "pad")


class FeatureCache:
    """Maps of a frozen trunk for every picture of a data set, as one file of raw numbers a map.

    Args:
        folder: Where the files are kept; it may be deleted at any time between runs.
        shuffled: Says which pictures make up the batches of an epoch.
        in_order: Reads every picture once, in the data set's order, as evaluation does.
    """

    def __init__(self, folder: Path, shuffled: Loader, in_order: Loader) -> None:
        self.folder, self.loader, self.in_order, self.spec = folder, shuffled, in_order, shuffled.spec
        self._maps: dict[str, Tensor] = {}
        self._truths: dict[int, Annotation] = {}
        self._seen = -1
        self._sizes = torch.zeros(0, 2, dtype=torch.int64)

    def epoch(self, epoch: int, start: int, train_state: TrainState) -> Iterator[Batch]:
        """The batches of an epoch with the trunk's maps in place of pictures, the same pictures as the loader's."""
        self.fill(train_state)
        for indices in self.loader.plan(epoch)[start:]:
            yield self._batch(indices)

    def whole(self, train_state: TrainState) -> Iterator[Batch]:
        """Every picture once, in the data set's order, with the trunk's maps in place of pictures."""
        self.fill(train_state)
        for indices in self.in_order.plan(0):
            yield self._batch(indices)

    def fill(self, train_state: TrainState) -> None:
        """Make the features where there are none of this trunk as it is now; it can be broken off at any moment."""
        # Writing into a weight counts its versions up: that is cheap to ask, where a digest of all weights is not.
        seen = sum(t._version for t in train_state.system.trunk.state_dict().values())  # pyright: ignore[reportPrivateUsage]
        if seen != self._seen:
            self._open(train_state)
            self._seen = seen

    def _batch(self, indices: Sequence[int]) -> Batch:
        dataset, rows = self.loader.dataset, torch.tensor(indices)
        resized = [self.spec.frame((height, width)) for height, width in self._sizes[rows].tolist()]
        frames = tuple(map(self.spec.bordered, resized))
        truth = tuple(self._truth(i, frame) for frame, i in zip(frames, indices, strict=True))
        return Batch(
            # Of the size that heads ask for, and without memory.
            images=torch.zeros(()).expand(len(indices), self.spec.channels, *self._side()),
            sizes=torch.tensor([frame.target for frame in frames]),
            canvas=self.spec.padded(resized[0].target),
            frames=frames,
            truth=truth,
            ids=tuple(dataset.id(i) for i in indices),
            features={name: maps[rows] for name, maps in self._maps.items()},
        )

    def _truth(self, index: int, frame: Frame) -> Annotation:
        """What a picture shows, in its frame; it stays in memory where it holds no pixels."""
        if index in self._truths:
            return self._truths[index]
        truth = frame.apply(self.loader.dataset.truth(index))
        self._keep(index, truth)
        return truth

    def _keep(self, index: int, truth: Annotation) -> None:
        rows = truth.instances
        maps = (truth.semantic, truth.semantic_masks, truth.contours)
        if all(one is None for one in maps) and (rows is None or rows.masks is None):
            self._truths[index] = truth

    def _side(self) -> tuple[int, int]:
        """(H, W) of every batch: the rules that allow a cache end in one size."""
        return self.spec.padded(self.spec.size or (1, 1))

    def _open(self, train_state: TrainState) -> None:
        """Map the files into memory, making them first where they are absent, damaged or of another trunk."""
        names = "\n".join(self.loader.dataset.id(index) for index in range(len(self.loader.dataset)))
        mark = {
            "trunk": fingerprint(train_state.system.trunk.state_dict()),
            "input": json.loads(json.dumps(self.spec.as_dict())),
            "maps": read_by_others(train_state),
            "pictures": hashlib.blake2b(names.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
            "precision": train_state.precision,
        }
        facts = self.folder / "facts.json"
        known: dict[str, Any] = json.loads(facts.read_text()) if facts.exists() else {}
        if known.get("mark") != mark or not self._whole(known["maps"]):
            self._maps = {}
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            shapes = self._fill(train_state)
            known = {"mark": mark, "maps": shapes}
            write_text(facts, json.dumps(known))
        for name, (kind, shape) in known["maps"].items():
            self._maps[name] = self._file(name, getattr(torch, kind), shape)
        self._sizes = self._file("sizes", torch.int64, [len(self.loader.dataset), 2])

    def _whole(self, maps: Mapping[str, Any]) -> bool:
        """Whether every file is there in full; a missing one would be made anew, of zeros."""
        sizes = {name: getattr(torch, kind).itemsize * math.prod(shape) for name, (kind, shape) in maps.items()}
        sizes["sizes"] = torch.int64.itemsize * 2 * len(self.loader.dataset)
        files = {name: self.folder / f"{name}.raw" for name in sizes}
        return all(path.is_file() and path.stat().st_size == sizes[name] for name, path in files.items())

    def _file(self, name: str, kind: torch.dtype, shape: Sequence[int]) -> Tensor:
        """A tensor whose memory is the file of that name, made where it is absent."""
        path = str(self.folder / f"{name}.raw")
        return torch.from_file(path, shared=True, size=math.prod(shape), dtype=kind).view(*shape)

    def _fill(self, train_state: TrainState) -> dict[str, tuple[str, list[int]]]:
        """Run the trunk over every picture once."""
        count, kept = len(self.loader.dataset), read_by_others(train_state)
        sizes = self._file("sizes", torch.int64, [count, 2])
        shapes: dict[str, tuple[str, list[int]]] = {}
        files: dict[str, Tensor] = {}
        done = 0
        for batch in self.in_order.epoch(0):
            with evaluating(train_state.system), torch.no_grad(), train_state.fabric.autocast():
                maps = train_state.system.trunk(batch.to(train_state.fabric.device).images)
            for name in kept:
                if name not in files:
                    shapes[name] = (str(maps[name].dtype).removeprefix("torch."), [count, *maps[name].shape[1:]])
                    self._check_space(maps[name], count)
                    files[name] = self._file(name, maps[name].dtype, shapes[name][1])
                files[name][done : done + len(batch)] = maps[name].cpu()
            for place, truth in enumerate(batch.truth or ()):
                self._keep(done + place, truth)
            sizes[done : done + len(batch)] = torch.tensor([frame.source for frame in batch.frames])
            done += len(batch)
        self.in_order.close()
        return shapes

    def _check_space(self, maps: Tensor, count: int) -> None:
        need, free = maps[0].numel() * maps.element_size() * count, shutil.disk_usage(self.folder).free
        if need > free:
            raise ResourceError(
                f"{need / 2**30:.1f} GiB of disk for features of the trunk",
                f"{free / 2**30:.1f}",
                path=self.folder,
                cure="free some space, or train with --no-cache",
            )


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """A digest of named tensors, to tell one trunk's features from another's."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in tensors.items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def read_by_others(train_state: TrainState) -> list[str]:
    """Names of the trunk's maps that the neck or a head reads."""
    system = train_state.system
    readers = [*(head.reads for _, head in system.each_head()), () if system.neck is None else system.neck.reads]
    return [name for name in system.trunk.levels if any(name in reads for reads in readers)]
