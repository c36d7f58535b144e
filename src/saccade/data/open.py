"""What a person calls their data, opened: a folder, a URI such as ``coco:DIR`` or ``scenes``, or a data set."""

from collections.abc import Callable, Sequence
from inspect import signature
from pathlib import Path
from typing import Any, cast

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError, UsageError
from saccade.core.installed import entry_points
from saccade.data.datasets.classes.concat import ConcatDataset
from saccade.data.datasets.completed import declared
from saccade.data.formats.class_masks import reader as class_masks
from saccade.data.formats.coco import panoptic
from saccade.data.formats.coco import reader as coco
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.split_names import canonical, choose
from saccade.data.formats.contours import bsds, sbd
from saccade.data.formats.csv import reader as csv_table
from saccade.data.formats.datumaro import reader as datumaro_reader
from saccade.data.formats.image_folder import reader as image_folder
from saccade.data.formats.labelme import reader as labelme
from saccade.data.formats.masks import reader as mask_folder
from saccade.data.formats.object_masks import reader as object_masks
from saccade.data.formats.pose import flic, mpii
from saccade.data.formats.unread import reader as unread
from saccade.data.formats.voc import pascal_context
from saccade.data.formats.voc import reader as voc
from saccade.data.formats.yolo import reader as yolo
from saccade.data.recognise import Reader, recognise
from saccade.safe_io.paths import may_leave

SPLITS = ("train", "val")
Source = str | Path | Dataset
Sources = Source | Sequence[Source]


READERS: dict[str, Reader] = {
    "coco": Reader(coco.open_coco, coco.splits, coco.EVIDENCE),
    "voc": Reader(voc.open_voc, voc.splits, voc.EVIDENCE),
    "yolo": Reader(yolo.open_yolo, yolo.splits, yolo.EVIDENCE),
    "labelme": Reader(labelme.open_labelme, labelme.splits, labelme.EVIDENCE),
    "mpii": Reader(mpii.open_mpii, mpii.splits, mpii.EVIDENCE),
    "flic": Reader(flic.open_flic, flic.splits, flic.EVIDENCE),
    "bsds": Reader(bsds.open_bsds, bsds.splits, bsds.EVIDENCE),
    "sbd": Reader(sbd.open_sbd, sbd.splits, sbd.EVIDENCE),
    "context": Reader(pascal_context.open_context, pascal_context.splits, pascal_context.EVIDENCE),
    # COCO's own folder holds the objects too, which most people want.
    "panoptic": Reader(panoptic.open_panoptic, panoptic.splits, panoptic.EVIDENCE, weight=1),
    "masks": Reader(mask_folder.open_masks, mask_folder.splits, mask_folder.EVIDENCE, weight=1),
    "class_masks": Reader(class_masks.open_class_masks, class_masks.splits, class_masks.EVIDENCE, weight=1),
    "object_masks": Reader(object_masks.open_object_masks, object_masks.splits, object_masks.EVIDENCE, by_name=True),
    "csv": Reader(csv_table.open_csv, csv_table.splits, csv_table.EVIDENCE, weight=1),
    "datumaro": Reader(
        datumaro_reader.open_datumaro, datumaro_reader.splits, "what datumaro reads", family=True, by_name=True
    ),
    "classes": Reader(
        image_folder.open_classes, image_folder.splits_of_classes, image_folder.EVIDENCE_OF_CLASSES, by_name=True
    ),
    # Of the least weight, so that nothing which is read gives way to it.
    "unread": Reader(unread.open_unread, unread.splits, unread.EVIDENCE, weight=-1),
    "folder": Reader(image_folder.open_folder, image_folder.splits, image_folder.EVIDENCE, weight=0),
}


def readers() -> dict[str, Reader]:
    """The formats by name: our own, and those of installed packages (entry points of the group ``saccade.readers``).

    An entry point leads to a function of a path and a split that gives a `Dataset`. If the function has an attribute
    `splits`, a function of a path, folders of its format are also recognised without their name before them.
    """
    found = {entry.name: entry for entry in entry_points(group="saccade.readers")}
    added = {name: entry.load() for name, entry in found.items() if name not in READERS}
    return READERS | {
        name: Reader(open_it, getattr(open_it, "splits", None), f"what {name!r} reads")
        for name, open_it in added.items()
    }


def open_data(
    source: Sources,
    split: str | None = None,
    *,
    preferred: str = "train",
    report: Report = strict,
    allow_outside: bool = False,
) -> Dataset:
    """A data set by its path or URI, or several as one.

    Args:
        source: A folder or an archive of one, recognised by evidence; ``NAME:PATH`` with the name of a format,
            or ``datumaro:FORMAT:PATH``;
            ``scenes`` with settings, as in ``scenes:count=500,size=128,seed=1``; a data set, which is given back; or a
            list of these, whose pictures follow each other and whose classes are united by name.
        split: Which part, which must be there. None takes `preferred`; a source that has one part only is used whole.
        preferred: Which part is taken where nobody says.
        report: Told of every defect of the annotations; what is faulty is left out if it returns. By default the first
            defect is raised. Readers of other packages that take no `report` raise theirs.
        allow_outside: Whether annotations may name pictures outside the data's folder; only for annotations whose maker
            you trust.

    Raises:
        DataError: There is no such folder, nothing is recognised in it, two formats fit, the split is unknown, or the
            annotations are at fault.
        UsageError: The URI is malformed.
    """
    if isinstance(source, list | tuple):
        return _joined(
            source, lambda one: open_data(one, split, preferred=preferred, report=report, allow_outside=allow_outside)
        )
    if not isinstance(source, str | Path):
        return declared(source)
    if _is_scenes(source):
        return _scenes(str(source), choose(SPLITS, split, Path("scenes"), preferred))
    with may_leave(allow_outside):
        reader, path = recognise(source, readers())
        part = split or preferred
        if reader.splits is not None:
            part = choose(_splits_of(reader, path), split, path, preferred)
        takes_report = "report" in signature(reader.open).parameters
        return declared(reader.open(path, part, report) if takes_report else reader.open(path, part))


def each(sources: Sources) -> list[Source]:
    """The sources of a list, or the one."""
    return cast("list[Source]", list(sources) if isinstance(sources, list | tuple) else [sources])


def _joined(sources: Sequence[Source], open_one: Callable[[Source], Dataset]) -> Dataset:
    """Several sources as one; one alone stays itself."""
    if not sources:
        raise UsageError("data", "an empty list", cure="name a folder, or scenes")
    parts = [open_one(source) for source in sources]
    names = [Path(str(source)).name if isinstance(source, str | Path) else "" for source in sources]
    return parts[0] if len(parts) == 1 else ConcatDataset(parts, names)


def described(source: Source) -> str:
    """How a person calls a source, so that `open_data` opens the same again."""
    if isinstance(source, str):
        return source
    if not isinstance(source, Path):
        return f"{type(source).__name__} of {len(source)}"
    name = str(source)
    return f"./{name}" if name.partition(":")[0] in (*readers(), "scenes") else name


def sole_part(source: Source, allow_outside: bool = False) -> str | None:
    """The part of a source that has one alone, which is taken where nobody names a split; None where there are more."""
    names = splits(source, allow_outside=allow_outside)
    return names[0] if len(names) == 1 else None


def splits(source: Source, *, allow_outside: bool = False) -> list[str]:
    """The parts of a source that `open_data` can open; empty where only the reader knows, or for a data set.

    Raises:
        DataError: As for `open_data`.
    """
    if not isinstance(source, str | Path):
        return []
    if _is_scenes(source):
        return list(SPLITS)
    with may_leave(allow_outside):
        reader, path = recognise(source, readers())
        return [] if reader.splits is None else _splits_of(reader, path)


def _splits_of(reader: Reader, path: Path) -> list[str]:
    found = list(reader.splits(path)) if reader.splits else []
    if not found:
        raise DataError("data of the named format", "none", path=path, cure=f"looked for {reader.evidence}")
    order = ("train", "val", "test")
    return sorted(found, key=lambda name: (order.index(canonical(name)) if canonical(name) in order else 3, name))


def _is_scenes(source: str | Path) -> bool:
    """Whether the built-in pictures are meant.

    Raises:
        UsageError: A file or folder here is called so too.
    """
    if not isinstance(source, str) or (source != "scenes" and not source.startswith("scenes:")):
        return False
    if Path(source).exists():
        raise UsageError(
            "one thing of this name",
            f"{source!r}, which is a folder here and the name of the built-in pictures",
            cure=f"say ./{source} for the folder here, or scenes: for the built-in pictures",
        )
    return True


def _scenes(uri: str, split: str) -> Dataset:
    """The built-in pictures with the settings of a URI."""
    from saccade.data.scenes import scenes_split

    known = ("count", "size", "seed")
    settings: dict[str, Any] = {}
    for item in filter(None, uri.partition(":")[2].split(",")):
        key, _, value = item.partition("=")
        if item == "contours=classes":
            settings[key] = value
            continue
        if key not in known or key in settings or not value.isdecimal():
            raise UsageError(
                f"whole numbers for {', '.join(known)}, once each, and contours=classes",
                f"{item!r} in {uri!r}",
                cure="write for instance scenes:count=500,size=128,seed=1",
            )
        settings[key] = int(value)
    return scenes_split(settings, split)
