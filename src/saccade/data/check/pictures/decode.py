"""Every picture decoded whole and its truth read, by several processes."""

import hashlib
import multiprocessing
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader

from saccade.core.errors import DataError, SaccadeError
from saccade.data.check.defects import Defect
from saccade.data.check.parts import Part
from saccade.data.check.pictures.fingerprint import Fingerprint, fingerprint
from saccade.data.loading.workers import WorkerStatus, start_worker
from saccade.safe_io.files import read_bytes
from saccade.safe_io.images.pictures import hasten
from saccade.safe_io.limits import MAX_PICTURE_BYTES

_FEW = 32  # Below it processes cost more than they save.
_MANY = 2000  # From it on a decoder that takes seconds to load saves them.
_AT_ONCE = 4


@dataclass(frozen=True)
class Job:
    """One picture, and the samples that show it.

    Attributes:
        samples: Places: of the part among the parts, and of the sample in it.
        file: Its file; None where the data set has none.
    """

    samples: tuple[tuple[int, int], ...]
    file: str | None


@dataclass(frozen=True)
class Facts:
    """What a look at one picture told.

    Attributes:
        defects: What is wrong.
        notes: What decoders warned of, without the file's name.
        size: (H, W), or None where it could not be read.
        file_hash: SHA-256 of its file, or empty.
        pixel_hash: SHA-256 of its pixels and size, or empty.
        fingerprint: By which it is known again, or None.
        pixels: For each sample, how many pixels each class has.
    """

    defects: tuple[Defect, ...] = ()
    notes: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    file_hash: bytes = b""
    pixel_hash: bytes = b""
    fingerprint: Fingerprint | None = None
    pixels: tuple[dict[int, int], ...] = ()


def jobs_of(parts: Sequence[Part]) -> list[Job]:
    """The pictures of all parts; one that several samples show is one job."""
    found: dict[str, list[tuple[int, int]]] = {}
    single: list[Job] = []
    for number, part in enumerate(parts):
        for index in range(len(part.data)):
            path = part.path(index)
            if path is None:
                single.append(Job(((number, index),), None))
            else:
                found.setdefault(str(path), []).append((number, index))
    return [Job(tuple(samples), file) for file, samples in found.items()] + single


def check_all_pictures(parts: Sequence[Part], jobs: Sequence[Job], workers: int) -> Iterator[Facts]:
    """The facts of all pictures, in the order of the jobs.

    Raises:
        ResourceError: A process died; the error names the picture that it was reading.
    """
    workers = workers if len(jobs) >= _FEW else 0
    if len(jobs) >= _MANY:
        hasten()
    worker_status = WorkerStatus(workers, lambda place: _name(parts, jobs[place]))
    look = _PictureChecks(parts, jobs, worker_status)
    many: dict[str, Any] = {}
    if workers:
        methods = multiprocessing.get_all_start_methods()
        context = "fork" if "fork" in methods else None  # Forked workers share the annotations.
        many = {"multiprocessing_context": context, "worker_init_fn": start_worker, "prefetch_factor": 4}
    places = [list(range(start, min(start + _AT_ONCE, len(jobs)))) for start in range(0, len(jobs), _AT_ONCE)]
    loader: Any = DataLoader(look, batch_sampler=places, num_workers=workers, collate_fn=_as_it_is, **many)  # pyright: ignore[reportArgumentType]
    try:
        for batch in loader:
            yield from batch
    except RuntimeError as error:
        explained = worker_status.explain(error)
        if explained is error:
            raise
        raise explained from error


def _as_it_is(batch: list[Facts]) -> list[Facts]:
    return batch


def _name(parts: Sequence[Part], job: Job) -> str:
    part, index = job.samples[0]
    return job.file or parts[part].data.id(index)


@dataclass(frozen=True)
class _PictureChecks:
    """A data set whose items are facts, as torch's loader likes it."""

    parts: Sequence[Part]
    jobs: Sequence[Job]
    worker_status: WorkerStatus

    def __len__(self) -> int:
        return len(self.jobs)

    def __getitem__(self, place: int) -> Facts:
        self.worker_status.begin(place)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            facts = _look(self.parts, self.jobs[place])
        name = f"{_name(self.parts, self.jobs[place])}: "
        notes = tuple(dict.fromkeys(str(w.message).replace(name, "") for w in warned if w.category is UserWarning))
        self.worker_status.end()
        return replace(facts, notes=notes)


def _look(parts: Sequence[Part], job: Job) -> Facts:
    defects: list[Defect] = []
    image = _decode(parts, job, defects)
    pixels = tuple(_read_truth(parts[part], index, defects) for part, index in job.samples)
    if image is None:
        return Facts(defects=tuple(defects), pixels=pixels)
    size = (image.shape[1], image.shape[2])
    whole = hashlib.sha256(str(tuple(image.shape)).encode() + image.contiguous().numpy().tobytes()).digest()
    return Facts(tuple(defects), (), size, _file_hash(job), whole, fingerprint(image), pixels)


def _decode(parts: Sequence[Part], job: Job, defects: list[Defect]) -> Tensor | None:
    """The picture's pixels; each sample's declared size is compared with them."""
    image: Tensor | None = None
    for part, index in job.samples:
        data: Any = parts[part].data
        try:
            declared = data.declared(index) if image is not None and hasattr(data, "declared") else None
            if image is None or (declared is not None and declared != tuple(image.shape[1:])):
                image = data.picture(index) if hasattr(data, "picture") else data[index].image
        except SaccadeError as error:
            defects.append(_defect(error, data.id(index)))
    return image


def _read_truth(part: Part, index: int, defects: list[Defect]) -> dict[int, int]:
    """How many pixels each class has; what is wrong with the truth's own files goes to `defects`."""
    try:
        truth = part.data.truth(index)
    except SaccadeError as error:
        defects.append(_defect(error, part.data.id(index)))
        return {}
    if truth.semantic_masks is not None:
        areas = truth.semantic_masks.areas().long()
        return {label: area for label, area in enumerate(areas.tolist()) if area}
    if truth.semantic is None:
        return {}
    labels, counts = np.unique(truth.semantic.numpy(), return_counts=True)
    return dict(zip(labels.tolist(), counts.tolist(), strict=True))


def _defect(error: SaccadeError, picture: str) -> Defect:
    if not isinstance(error, DataError):
        raise error
    return Defect.of(error, picture)


def _file_hash(job: Job) -> bytes:
    if job.file is None:
        return b""
    try:
        return hashlib.sha256(read_bytes(job.file, MAX_PICTURE_BYTES)).digest()
    except DataError:
        return b""
