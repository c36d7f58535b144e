"""Folders in YOLO's format: a text file for each picture, a line for each object."""

from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.class_list import find_class_names
from saccade.data.formats.common.defect_report import Report, strict, telling
from saccade.data.formats.common.detection_dataset import DetectionDataset
from saccade.data.formats.common.disk_names import DiskNames
from saccade.data.formats.common.json_node import JsonNode, shown
from saccade.data.formats.common.object_rows import Row, build_origin, build_store, garbage_collection_paused
from saccade.data.formats.common.store import RaggedArray
from saccade.data.formats.yolo.declared_joints import joints_of
from saccade.data.formats.yolo.folders import Folders, find, label_file, pictures
from saccade.data.formats.yolo.label_lines import Form, read_rows
from saccade.safe_io.images.pictures import picture_size
from saccade.safe_io.paths import name_in

EVIDENCE = "data.yaml, images/ beside labels/*.txt (YOLO)"


def splits(path: Path) -> list[str]:
    """The splits of a folder in YOLO's format, or of its YAML file; empty where it is none."""
    folders = find(path)
    return [] if folders is None else list(folders.parts)


def open_yolo(path: Path, split: str, report: Report = strict) -> DetectionDataset:
    """One split, by a name of `splits`. Boxes; masks where lines are outlines; joints where ``kpt_shape`` tells so.

    Pictures without labels are kept, as pictures that show nothing. Boxes are cut off at the picture's edge. Joints and
    outlines are in continuous coordinates, as boxes are: 0 and 1 are the picture's edges.

    Args:
        path: The data's folder, or the YAML file in it.
        split: Which part.
        report: Told of every defect; by default the first one is raised.

    Raises:
        DataError: The data are at fault.
    """
    folders = find(path)
    if folders is None:
        raise DataError("data in YOLO's format", "none", path=path, cure=f"looked for {EVIDENCE}")
    joints, numbers = (None, 3) if folders.document is None else joints_of(folders.document)
    form = Form(_classes(folders, report), 0 if joints is None else len(joints.names), numbers)
    names: list[str] = []
    sizes: list[tuple[int, int]] = []
    rows: list[list[Row]] = []
    notes: list[str] = []
    listed, disk = pictures(folders, split, report, notes), DiskNames(any_case=True)
    for name in _of_one_label_file(folders.root, listed, disk, report):
        listed.remove(name)
    files = [label_file(folders.root, name, disk) for name in listed]
    with garbage_collection_paused():
        for name, labels in zip(listed, files, strict=True):
            with telling(report):
                size = picture_size(folders.root / name)
                found = read_rows(labels, size, form, report) if labels.is_file() else []
                names.append(name)
                sizes.append(size)
                rows.append(found)
    _check_labels(folders, split, files, report)
    if not names:
        raise DataError("pictures", "none", path=folders.parts[split][0])
    store = build_store(sizes, rows, form.joints, len(form.classes))
    origin = build_origin("yolo", [label_file(folders.root, name, disk) for name in names], rows)
    data = DetectionDataset(folders.root, RaggedArray.of_text(names), store, form.classes, joints, origin=origin)
    data.notes = (*notes, *disk.notes())
    return data


def _of_one_label_file(root: Path, names: list[str], disk: DiskNames, report: Report) -> list[str]:
    """Pictures whose label file is that of a picture before them, such as a.png after a.jpg; `report` is told."""
    first: dict[Path, str] = {}
    again: list[str] = []
    for name in names:
        labels = label_file(root, name, disk)
        other = first.setdefault(labels, name)
        if other != name and labels.is_file():
            found = f"the labels of {other} and {name}"
            cure = "call one picture otherwise, and its labels like it, or take it out"
            again.append(name)
            report(DataError("the labels of one picture", found, path=labels, cure=cure))
    return again


def _check_labels(folders: Folders, split: str, known: list[Path], report: Report) -> None:
    """Whether every label file of a folder belongs to a picture."""
    disk = DiskNames(any_case=True)
    for folder in folders.parts[split]:
        labels = disk.folder(label_file(folders.root, name_in(folders.root, folder / "any.txt")).parent)
        if folder.is_dir() and labels is not None and labels != folder:
            files = {file for file in labels.rglob("*") if file.suffix.lower() == ".txt"}
            for file in sorted(files - set(known)):
                if file.name.lower() not in ("classes.txt", "labels.txt", "train.txt", "val.txt", "test.txt"):
                    cure = f"put the picture into {folder}, or delete the labels"
                    report(DataError("the labels of a picture", "no picture", path=file, cure=cure))


def _classes(folders: Folders, report: Report) -> tuple[str, ...]:
    """Names from the YAML file, or else from a list of classes."""
    if folders.document is not None:
        return _declared_classes(folders.document)
    places = [folders.root, folders.root / "labels", *(place[0] for place in folders.parts.values() if place)]
    for place in places:
        listed = find_class_names(place, report)
        if listed is not None:
            return listed.names
    raise DataError(
        "a list of the classes' names",
        "none",
        path=folders.root,
        cure="write data.yaml with names: [...], or classes.txt with one name a line",
    )


def _declared_classes(document: JsonNode) -> tuple[str, ...]:
    names = document.get("names")
    _check_names(document, names)
    if isinstance(names.value, dict):
        if sorted(map(str, names.value)) != sorted(str(number) for number in range(len(names.value))):
            raise names.wrong(f"numbers from 0 to {len(names.value) - 1}", list(names.value)[:20])
        ordered = {int(key): value for key, value in names.value.items()}
        found = tuple(str(ordered[number]) for number in range(len(ordered)))
    else:
        found = tuple(str(node.value) for node in document.items("names"))
    if not found or len(set(found)) != len(found):
        raise names.wrong("names of classes, each once", ", ".join(found) or "none")
    count = document.optional("nc")
    if count is not None and count.positive_int() != len(found):
        raise count.wrong(f"{len(found)}, as many as there are names", count.value)
    return found


def _check_names(document: JsonNode, names: JsonNode) -> None:
    """Whether all are names: YAML takes no and yes, without quotes, for truth values."""
    keys = list(names.value) if isinstance(names.value, dict) else [node.key for node in document.items("names")]
    for key in keys:
        name = JsonNode(names.value[key], names.path, names, key)
        if type(name.value) not in (str, int, float):
            cure = "put it into quotes: no, yes, on, off and null mean other things in YAML"
            raise name.wrong("the name of a class", shown(name.value), cure)
