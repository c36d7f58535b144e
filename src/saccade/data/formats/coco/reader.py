"""Folders in COCO's format: one JSON file for each split, and the pictures it names."""

import re
from collections.abc import Sequence
from pathlib import Path

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.formats.coco.document import read_document
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.split_names import canonical
from saccade.data.formats.common.store import RaggedArray
from saccade.safe_io.files import is_file
from saccade.safe_io.paths import name_in

EVIDENCE = "annotations/instances_SPLIT.json, annotations/*SPLIT*.json or SPLIT/_annotations.coco.json (COCO)"

# Documents of other forms that lie beside those of objects.
OTHERS = ("panoptic_", "captions_", "stuff_", "image_info_")
_ROBOFLOW = "_annotations.coco.json"


class Coco(ImageFiles):
    """One split in COCO's format. Boxes, areas, crowds; masks and joints where some annotation has them.

    Pictures without objects are kept. Category identifiers become 0..C-1 in their order.

    Args:
        root: The data's folder; names of pictures must not lead out of it.
        document: The JSON file.
        split: The split's name, by which the pictures' folder is sought.
        report: Told of every defect of the document; by default the first one is raised.

    Raises:
        DataError: The document is at fault, or pictures are missing.
    """

    def __init__(self, root: Path, document: Path, split: str, report: Report = strict) -> None:
        folder = root

        def judge(names: Sequence[str]) -> list[tuple[str, str, str] | None]:
            nonlocal folder
            folder = picture_folder(root, document, split, names[:20])
            return missing_pictures(folder, names)

        read = read_document(document, report, judge)
        self.store, self.origin = read.store, read.origin
        names = [read.files.text(index) for index in range(len(read.files))]
        paths = RaggedArray.of_text([name_in(root, folder / name) for name in names])
        super().__init__(root, paths, read.classes, read.joints)

    @property
    def fields(self) -> frozenset[str]:
        """Dotted names of the annotated fields."""
        return self.store.fields

    def truth(self, index: int) -> Annotation:
        """What one picture shows."""
        return self.store.truth(index)

    def packed(self, index: int) -> bytes:
        """What the document says of one picture, as bytes that change when it does."""
        return self.store.packed(index, self.classes)

    def declared(self, index: int) -> tuple[int, int]:
        """(H, W) as the document declares it."""
        return self.store.size(index)

    def classes_of(self, index: int) -> frozenset[int]:
        """Classes of one picture's objects that are no crowds."""
        return self.store.classes_of(index)


def missing_pictures(folder: Path, names: Sequence[str]) -> list[tuple[str, str, str] | None]:
    """What is expected and found of each picture that is not in its folder, and the cure; None for those there."""
    paths = [folder / name for name in names]
    listings = {parent: _listing(parent) for parent in {path.parent for path in paths}}
    absent = [path.name not in listings[path.parent] for path in paths]
    many = f" ({sum(absent)} of {len(names)} are missing)" if sum(absent) > 1 else ""
    return [
        (f"a picture in {folder}", f"no {name[:200]!r}{many}", _cure(name)) if gone else None
        for name, gone in zip(names, absent, strict=True)
    ]


def _cure(name: str) -> str:
    slashes = "write / in place of \\, or " if "\\" in name else ""
    return f"{slashes}put the picture there, or take it off the list"


def _listing(folder: Path) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in folder.iterdir())
    except OSError:  # No such folder, or a name too long for one.
        return frozenset()


def picture_folder(root: Path, document: Path, split: str, names: Sequence[str]) -> Path:
    """The folder, among those in use, that holds most of the first pictures."""
    beside = [document.parent] if document.name == _ROBOFLOW else []
    tails = (split, f"images/{split}", f"{split}2017", f"{split}2014", f"images/{split}2017", "images", ".")
    folders = beside + [root / tail for tail in tails]
    return max(folders, key=lambda folder: sum(is_file(folder / name) for name in names))


def documents(path: Path) -> dict[str, Path]:
    """The JSON files of a COCO folder by split, or the file itself; empty where there are none.

    Raises:
        DataError: Two files claim the same split.
    """
    if path.is_file():
        return {split_of(path): path} if path.suffix == ".json" else {}
    found: dict[str, Path] = {}
    for document in _candidates(path):
        split = document.parent.name if document.name == _ROBOFLOW and document.parent != path else split_of(document)
        split = canonical(split)
        if split in found:
            raise DataError(
                f"one COCO file for the split {split!r}",
                f"{found[split]} and {document}",
                path=path,
                cure=f"say which: coco:{found[split]} or coco:{document}",
            )
        found[split] = document
    return found


def _candidates(root: Path) -> list[Path]:
    nested = sorted([*root.glob(_ROBOFLOW), *root.glob(f"*/{_ROBOFLOW}")])
    files = sorted((root / "annotations").glob("*.json")) or sorted(root.glob("instances_*.json"))
    files = [file for file in files if not file.name.startswith(OTHERS)]
    # COCO's own folder holds captions and keypoints beside the instances, of the same pictures.
    return nested + ([file for file in files if file.name.startswith("instances_")] or files)


def split_of(document: Path) -> str:
    """The split that a file's name tells: ``instances_train2017.json`` is train."""
    stem = re.sub(r"^(instances|person_keypoints|panoptic|annotations?|_annotations\.coco)[_.-]?", "", document.stem)
    return re.sub(r"[_.-]?(20\d\d)$", "", stem) or "train"


def splits(path: Path) -> list[str]:
    """The splits of a COCO folder or file; empty where it is none."""
    return list(documents(path))


def open_coco(path: Path, split: str, report: Report = strict) -> Coco:
    """One split, by a name of `splits`, of a COCO folder or file.

    Args:
        path: The folder or file.
        split: Which part.
        report: Told of every defect of the document; by default the first one is raised.

    Raises:
        DataError: The document is at fault, or pictures are missing.
    """
    root = path
    if path.is_file():
        root = path.parent.parent if path.parent.name == "annotations" else path.parent
    return Coco(root, documents(path)[split], split, report)
