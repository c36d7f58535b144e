"""All defects of a data set, what is worth a note, and what there is."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from saccade.core.dataset import Dataset
from saccade.data.check.annotations.boxes import odd_boxes
from saccade.data.check.annotations.flat import flat_outlines
from saccade.data.check.annotations.labels import disagreements, odd_labels
from saccade.data.check.annotations.polygons import crossing_outlines
from saccade.data.check.annotations.poses import odd_poses, pose_notes
from saccade.data.check.annotations.summaries import in_fractions, summaries
from saccade.data.check.annotations.trivial import one_class_notes, without_objects
from saccade.data.check.classes import unseen_classes
from saccade.data.check.counts import Counts, count
from saccade.data.check.defects import Defect, left_out_defects, without_repeats
from saccade.data.check.notes import folder_notes, name_notes, picture_notes, split_notes
from saccade.data.check.objects import Objects, objects_of
from saccade.data.check.parts import Part, open_parts
from saccade.data.check.pictures.copies import Copies
from saccade.data.check.pictures.decode import Facts, Job, check_all_pictures, jobs_of
from saccade.data.left_out import left_out, reading_notes


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        defects: All defects; those that sum up many come first, the others in the order of files.
        notes: What is no defect, and yet good to know.
        counts: What there is, by split.
        parts: The splits, less their faulty entries.
    """

    defects: list[Defect]
    notes: list[str]
    counts: Mapping[str, Counts]
    parts: Sequence[Part] = field(default=(), repr=False)


def check_data(
    source: str | Path | Dataset,
    splits: Sequence[str] = (),
    *,
    workers: int | None = None,
    quick: bool = False,
    allow_outside: bool = False,
) -> CheckResult:
    """Look a data set over: annotations, pictures, copies across splits. Nothing is written or changed.

    Args:
        source: A folder, a URI or a data set.
        splits: Which splits; all by default.
        workers: Processes that decode pictures; by default as many as the machine has cores.
        quick: Whether pixels are left out: annotations alone are looked at.
        allow_outside: Whether files may lie outside the data's folder.

    Raises:
        UsageError: The URI is malformed.
        ResourceError: A process that decodes pictures died.
    """
    parts, errors = open_parts(source, splits, allow_outside=allow_outside)
    objects = [objects_of(part.data) for part in parts]
    jobs = [] if quick else jobs_of(parts)
    facts = list(check_all_pictures(parts, jobs, _cores() if workers is None else workers))
    copies = Copies(parts, jobs, facts)
    seen = _Seen.of(parts, jobs, facts)
    counts = {
        part.name: count(part.data, own, seen.sizes(place), seen.pixels(place))
        for place, (part, own) in enumerate(zip(parts, objects, strict=True))
    }
    first, single = _of_annotations(parts, objects)
    first += unseen_classes(parts, counts)
    single += [Defect.of(error) for error in errors]
    single += [defect for one in facts for defect in one.defects]
    passed_over = [] if splits else left_out([part.data for part in parts])
    single += [defect for one in passed_over if one.is_defect for defect in left_out_defects(one)]
    single += copies.defects()
    said = [
        note for part, own in zip(parts, objects, strict=True) for note in split_notes(part, counts[part.name], own)
    ]
    said += [note for part in parts for note in pose_notes(part)]
    said += [note for part in parts[:1] for note in one_class_notes(part)]
    said += name_notes(parts[0].data.classes) if parts else []
    said += [one.said for one in passed_over if not one.is_defect]
    said += reading_notes([part.data for part in parts])
    said += copies.notes()
    said += picture_notes(parts, jobs, facts)
    said += [] if quick or splits else folder_notes([part.data for part in parts])
    return CheckResult(without_repeats(first + sorted(single, key=_order)), said, counts, parts)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _of_annotations(parts: Sequence[Part], objects: Sequence[Objects | None]) -> tuple[list[Defect], list[Defect]]:
    """What sums up many defects, and single ones."""
    first, single = list(disagreements(parts)), list[Defect]()
    for part, own in zip(parts, objects, strict=True):
        single += odd_labels(part, own)
        single += odd_poses(part)
        first += without_objects(part, own)
        if own is None:
            continue
        summed = list(summaries(part, own, part.errors))
        first += summed[:1]
        single += summed[1:]
        # Boxes in fractions are all thin: the one row says it.
        single += [] if in_fractions(own) else odd_boxes(part, own)
        single += flat_outlines(part, own)
        single += crossing_outlines(part, own)
    return first, single


def _order(defect: Defect) -> tuple[str, int, tuple[int | str, ...]]:
    """By file, and in it by line or pointer, whose numbers count as numbers; objects of one line in their order."""
    where = defect.where
    if isinstance(where, int):
        return defect.path or "", 1, (where, defect.annotation_id if isinstance(defect.annotation_id, int) else 0)
    # Numbers are written at equal length, so that texts sort as they do.
    steps = [step.zfill(12) if step.isdecimal() else step for step in (where or "").split("/")]
    return defect.path or "", 0, tuple(steps)


class _Seen:
    """Sizes and pixels of the samples of each part."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._sizes: list[list[tuple[int, int]]] = [[] for _ in parts]
        self._pixels: list[list[Mapping[int, int]]] = [[] for _ in parts]

    @staticmethod
    def of(parts: Sequence[Part], jobs: Sequence[Job], facts: Sequence[Facts]) -> "_Seen":
        """What a look at the pictures told; else what annotations declare."""
        seen = _Seen(parts)
        for job, one in zip(jobs, facts, strict=True):
            for (part, _), pixels in zip(job.samples, one.pixels, strict=True):
                seen._pixels[part].append(pixels)
                if one.size is not None:
                    seen._sizes[part].append(one.size)
        for place, part in enumerate(parts):
            declared: Any = getattr(part.data, "declared", None)
            if not jobs and callable(declared):
                found: list[Any] = [declared(index) for index in range(len(part.data))]
                seen._sizes[place] = [size for size in found if size is not None]
        return seen

    def sizes(self, part: int) -> list[tuple[int, int]]:
        """(H, W) of the pictures of a part, as far as known."""
        return self._sizes[part]

    def pixels(self, part: int) -> list[Mapping[int, int]]:
        """The pixels of each class, for each picture of a part."""
        return self._pixels[part]
