"""Where data in YOLO's format lie: what ``data.yaml`` says, or what folders of pictures and labels show."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from saccade.core.errors import DataError
from saccade.data.formats.common.below import below
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.common.disk_names import DiskNames
from saccade.data.formats.common.json_node import JsonNode
from saccade.data.formats.common.split_names import USUAL, canonical, one_each
from saccade.safe_io.documents.text_file import load_lines
from saccade.safe_io.documents.yaml_file import load_yaml
from saccade.safe_io.files import is_file
from saccade.safe_io.images.pictures import only_pictures
from saccade.safe_io.paths import leaving_allowed, name_in, plain_name

YAML = (".yaml", ".yml")
_YAML_NAMES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")


@dataclass(frozen=True)
class Folders:
    """A data set's folder and what each split is made of.

    Attributes:
        root: The folder that nothing leads out of.
        parts: Folders of pictures, and lists of pictures, by split.
        document: What the YAML file says, where there is one.
    """

    root: Path
    parts: dict[str, list[Path]]
    document: JsonNode | None = None


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
    return (_other_yaml(path) or _shown(path)) if file is None else _declared(file)


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


def _declared(file: Path) -> Folders | None:
    document = JsonNode(load_yaml(file), file)
    if not isinstance(document.value, dict):
        return None
    if "names" not in document.value and not any(isinstance(document.value.get(key), str) for key in ("train", "val")):
        return None
    keys = [key for key in document.value if canonical(str(key)) in USUAL and document.optional(key) is not None]
    known = one_each(file, ((str(key), _places(document, document.get(key))) for key in keys), "entry")
    if not known:
        raise document.wrong("train, val or test", "none", "write for instance train: images/train")
    return Folders(file.parent, known, document)


def _places(document: JsonNode, node: JsonNode) -> list[Path]:
    """The folders and lists that a split names."""
    entries = node.value if isinstance(node.value, list) else None
    nodes = [node] if entries is None else [node.get(place) for place in range(len(entries))]
    folder = document.optional("path")
    return [_place(entry, "" if folder is None else folder.text()) for entry in nodes]


def _place(node: JsonNode, folder: str) -> Path:
    """Where an entry leads. Tools write paths of the machine or folder that they ran in, so the tail counts too."""
    root, text = node.path.parent, node.text()
    wholes = [
        PurePosixPath(folder.replace("\\", "/")) / text.replace("\\", "/"),
        PurePosixPath(text.replace("\\", "/")),
    ]
    outside = [root / whole for whole in wholes if leaving_allowed() and _is_there(root / whole)]
    if outside:
        return outside[0]
    disk = DiskNames(any_case=True)
    for whole in wholes:
        parts = [part for part in whole.parts if part not in (".", "..", "/")]
        for start in range(len(parts)):
            place = disk.find(root.joinpath(*parts[start:]))
            if place is not None and place.resolve().is_relative_to(root.resolve()):
                return place
    raise node.wrong(
        f"a folder or a list of pictures in {root}",
        f"no {text!r}",
        "put the YAML file into the data's folder, and name the pictures' folders relative to it",
    )


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


def pictures(folders: Folders, split: str, report: Report) -> list[str]:
    """Paths of a split's pictures relative to the data's folder; `report` is told of listed ones that are absent."""
    found: dict[str, None] = {}
    for place in folders.parts[split]:
        if place.is_dir():
            found |= dict.fromkeys(_in_folder(folders.root, place))
        else:
            found |= dict.fromkeys(_in_list(folders.root, place, report))
    return list(found)


def _in_folder(root: Path, folder: Path) -> Iterable[str]:
    files = only_pictures(below(folder))
    return sorted(name_in(root, file) for file in files)


def _in_list(root: Path, listing: Path, report: Report) -> Iterable[str]:
    for line, text in enumerate(load_lines(listing), 1):
        if text.strip():
            with telling(report):
                yield _listed(root, listing, line, text.strip())


def _listed(root: Path, listing: Path, line: int, text: str) -> str:
    """Where a line of a list leads, from its own folder, the data's folder, or by the tail of its path."""
    if leaving_allowed() and is_file(listing.parent / text):
        return name_in(root, listing.parent / text)
    parts = [part for part in PurePosixPath(text.replace("\\", "/")).parts if part not in (".", "..", "/")]
    for start in range(len(parts)):
        for base in (listing.parent, root):
            name = base.joinpath(*parts[start:])
            if is_file(name) and name.is_relative_to(root):
                return plain_name(name.relative_to(root).as_posix())
    raise DataError(
        f"a picture in {root}",
        f"no {text[:200]!r}",
        path=listing,
        line=line,
        cure="put the picture there, or take it off the list",
    )
