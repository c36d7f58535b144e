"""Where data in YOLO's format lie: what ``data.yaml`` says, or what folders of pictures and labels show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from saccade.core.errors import DataError
from saccade.data.formats.common.below import below
from saccade.data.formats.common.defect_report import Report
from saccade.data.formats.common.disk_names import DiskNames
from saccade.data.formats.common.json_node import JsonNode
from saccade.data.formats.common.split_names import USUAL, canonical, one_each
from saccade.data.formats.yolo.picture_list import PictureList
from saccade.safe_io.documents.yaml_file import load_yaml
from saccade.safe_io.images.pictures import only_pictures
from saccade.safe_io.paths import leaving_allowed, name_in

YAML = (".yaml", ".yml")
_YAML_NAMES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")


@dataclass(frozen=True)
class Folders:
    """A data set's folder and what each split is made of.

    Attributes:
        root: The folder that nothing leads out of.
        parts: Folders of pictures, and lists of pictures, by split.
        document: What the YAML file says, where there is one.
        broken: What is wrong with the YAML file's entries of some splits; it is told when these are opened.
        notes: How entries were read, where it is not as they are written.
    """

    root: Path
    parts: dict[str, list[Path]]
    document: JsonNode | None = None
    broken: Mapping[str, DataError] = field(default_factory=dict[str, DataError])
    notes: tuple[str, ...] = ()


def find(path: Path) -> Folders | None:
    """The splits of a folder or a YAML file; None where it is not of this format.

    Raises:
        DataError: The YAML file is broken, or leads to nothing.
    """
    if path.is_file():
        return _declared(path) if path.suffix in YAML else None
    if not path.is_dir():
        return None
    file = next((path / name for name in _YAML_NAMES if (path / name).is_file()), None)
    return (_other_yaml(path) or _darknet(path) or _shown(path)) if file is None else _declared(file)


def _other_yaml(root: Path) -> Folders | None:
    """What the one YAML file of another name says that names classes and splits, such as ``coco8.yaml``."""
    found: list[Folders] = []
    for file in sorted(entry for entry in root.iterdir() if entry.suffix in YAML and entry.is_file()):
        try:
            folders = _declared(file)
        except DataError:
            continue
        if folders is not None and folders.document is not None and "names" in folders.document.value:
            found.append(folders)
    return found[0] if len(found) == 1 else None


def _darknet(root: Path) -> Folders | None:
    """What ``obj.data`` or the lists beside ``obj.names`` say, as Darknet and CVAT write them."""
    if not ((root / "obj.data").is_file() or (root / "obj.names").is_file()):
        return None
    lists = [file for file in sorted(root.glob("*.txt")) if canonical(file.stem) in USUAL]
    return Folders(root, {canonical(file.stem): [file] for file in lists}) if lists else None


def _declared(file: Path) -> Folders | None:
    document = JsonNode(load_yaml(file), file)
    if not isinstance(document.value, dict):
        return None
    if "names" not in document.value and not any(isinstance(document.value.get(key), str) for key in ("train", "val")):
        return None
    broken: dict[str, DataError] = {}
    notes: list[str] = []
    keys = [str(key) for key in document.value if canonical(str(key)) in USUAL and document.optional(key) is not None]
    known: dict[str, list[Path]] = {split: [] for split in one_each(file, ((key, key) for key in keys), "entry")}
    for key in keys:
        try:
            known[canonical(key)] = _places(document, document.get(key), notes)
        except DataError as error:  # It is told when the split is opened; others need not wait for its cure.
            broken[canonical(key)] = error
    if not known:
        raise document.wrong("train, val or test", "none", "write for instance train: images/train")
    if len(broken) == len(known):
        raise next(iter(broken.values()))
    return Folders(file.parent, known, document, broken | _twice(document, known), tuple(notes))


def _twice(document: JsonNode, known: dict[str, list[Path]]) -> dict[str, DataError]:
    """What is wrong with each split that leads to the folder or list of a split before it, into it, or around it."""
    found: dict[str, DataError] = {}
    before: list[tuple[Path, str]] = []
    keys = {canonical(str(key)): key for key in document.value}
    for split in sorted(known, key=lambda name: ("train", "val", "test").index(name)):
        places = [place.resolve() for place in known[split]]
        other = next((name for place in places for taken, name in before if _overlap(place, taken)), None)
        if other is not None:
            entry, rival = document.get(keys[split]), document.get(keys[other])
            found[split] = entry.wrong(
                f"a folder or list of its own for {split}",
                f"{', '.join(map(str, places))}, which {rival.value!r} of {other} shares",
                f"name another, or take the line out and hold out a part of {other}: --val 0.2",
            )
        before += [(place, split) for place in places]
    return found


def _overlap(first: Path, second: Path) -> bool:
    """Whether two places are the same, or one is a folder that the other folder lies in."""
    nested = first.is_dir() and second.is_dir() and (first in second.parents or second in first.parents)
    return first == second or nested


def _places(document: JsonNode, node: JsonNode, notes: list[str]) -> list[Path]:
    """The folders and lists that a split names."""
    entries = node.value if isinstance(node.value, list) else None
    nodes = [node] if entries is None else [node.get(place) for place in range(len(entries))]
    folder = document.optional("path")
    return [_place(entry, "" if folder is None else folder.text(), notes) for entry in nodes]


def _place(node: JsonNode, folder: str, notes: list[str]) -> Path:
    """Where an entry leads. Tools write paths of the machine or folder that they ran in, so the tail counts too.

    Raises:
        DataError: It leads nowhere, out of the data's folder, or to several places by its tail.
    """
    root, text = node.path.parent, node.text()
    wholes = [
        PurePosixPath(folder.replace("\\", "/")) / text.replace("\\", "/"),
        PurePosixPath(text.replace("\\", "/")),
    ]
    there = [root / whole for whole in wholes if _is_there(root / whole)]
    if there and leaving_allowed():
        return there[0]
    parts = [[part for part in whole.parts if part not in (".", "..", "/")] for whole in wholes]
    tails = [root.joinpath(*one[start:]) for one in parts for start in range(len(one))]
    disk = DiskNames(any_case=True)
    places = {tail: place for tail in tails if (place := disk.find(tail)) is not None and _is_within(place, root)}
    found = list(dict.fromkeys(places.values()))
    exact = [places[whole] for one in parts if (whole := root.joinpath(*one)) in places]
    if not found:
        raise _leads_nowhere(node, there or [tail for tail in tails if _is_there(tail)])
    if not exact and len(found) > 1:
        both = " or ".join(place.relative_to(root).as_posix() for place in found)
        raise node.wrong(f"one place in {root}", f"{text!r}, which may be {both}", "name it relative to the YAML file")
    place = (exact or found)[0]
    if not exact or "\\" in text:
        notes.append(f"{node.path.name}: {text!r} is read as {place.relative_to(root).as_posix()!r}")
    return place


def _leads_nowhere(node: JsonNode, there: Sequence[Path]) -> DataError:
    """The error of an entry that leads to nothing in the data's folder; `there` is what it leads to elsewhere."""
    expected = f"a folder or a list of pictures in {node.path.parent}"
    if there:
        found = f"{node.value!r}, which leads out of it to {there[0].resolve()}"
        return node.wrong(expected, found, "copy the pictures into the data's folder, or allow it by --allow-outside")
    cure = "put the YAML file into the data's folder, and name the pictures' folders relative to it"
    return node.wrong(expected, f"no {node.value!r}", cure)


def _is_within(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # A name too long for one.
        return False


def _shown(root: Path) -> Folders | None:
    """Splits by the folders themselves: images/SPLIT, SPLIT/images, images, or pictures with labels beside them."""
    disk = DiskNames(any_case=True)
    candidates: list[tuple[str, Path]] = []
    for entry in sorted(root.iterdir()):
        if entry.is_dir() and canonical(entry.name) in USUAL:
            candidates.append((entry.name, disk.folder(entry / "images") or entry))
    images = disk.folder(root / "images")
    if images is not None:
        candidates += [(e.name, e) for e in sorted(images.iterdir()) if e.is_dir() and canonical(e.name) in USUAL]
        candidates = candidates or [("train", images)]
    candidates = candidates or [("train", root)]
    labelled = [(name, folder) for name, folder in candidates if _has_labels(root, folder, disk)]
    parts = {name: [folder] for name, folder in one_each(root, labelled, "folder").items()}
    return Folders(root, parts) if parts else None


def _has_labels(root: Path, folder: Path, disk: DiskNames) -> bool:
    """Whether a label lies where one of the folder's pictures would have it."""
    found = only_pictures(folder.iterdir())
    return any(label_file(root, picture.relative_to(root).as_posix(), disk).is_file() for picture in found)


def label_file(root: Path, name: str, disk: DiskNames | None = None) -> Path:
    """The file of a picture's labels: under ``labels`` what is under ``images``, or else beside the picture.

    Args:
        root: The data's folder.
        name: The picture's path in it.
        disk: Finds the file where the disk spells it otherwise, as in ``Labels/1.TXT``.
    """
    parts = list(PurePosixPath(name).with_suffix(".txt").parts)
    for place in reversed(range(len(parts) - 1)):
        if parts[place].lower() == "images":
            parts[place] = "labels"
            break
    file = root.joinpath(*parts)
    return file if disk is None else disk.file(file) or file


def pictures(folders: Folders, split: str, report: Report, notes: list[str]) -> list[str]:
    """Paths of a split's pictures relative to the data's folder.

    Args:
        folders: Where the data lie.
        split: Which part.
        report: Told of listed pictures that are absent.
        notes: Takes how paths were read, where it is not as they are written.

    Raises:
        DataError: What the YAML file says of the split leads nowhere, or to the folder of another split.
    """
    if split in folders.broken:
        raise folders.broken[split]
    found: dict[str, None] = {}
    notes.extend(folders.notes)
    for place in folders.parts[split]:
        if place.is_dir():
            found |= dict.fromkeys(_in_folder(folders.root, place))
        else:
            listing = PictureList(folders.root, place, report)
            found |= dict.fromkeys(listing.names())
            notes.extend(listing.notes)
    return list(found)


def _in_folder(root: Path, folder: Path) -> Iterable[str]:
    files = only_pictures(below(folder))
    return sorted(name_in(root, file) for file in files)
