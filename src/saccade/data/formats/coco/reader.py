"""Folders in COCO's format: one JSON file for each split, and the pictures it names."""

import re
from collections.abc import Sequence
from pathlib import Path

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.formats.coco.document import read_document
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.disk_names import DiskNames
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.split_names import canonical
from saccade.data.formats.common.store import RaggedArray
from saccade.safe_io.files import read_bytes
from saccade.safe_io.limits import MAX_JSON_BYTES
from saccade.safe_io.paths import name_in

EVIDENCE = (
    "annotations/instances_SPLIT.json, annotations/*SPLIT*.json, SPLIT/_annotations.coco.json, "
    "or a JSON file with images, annotations and categories (COCO)"
)

# Documents of other forms that lie beside those of objects.
OTHERS = ("panoptic_", "captions_", "stuff_", "image_info_")
# How tools call the one document of data without splits: Label Studio and CVAT.
_NO_SPLITS = frozenset(("result", "default"))
_KEYS = ("images", "annotations", "categories", "file_name")
_ROBOFLOW = "_annotations.coco.json"
# What may stand before a JSON file's first mark, a byte order mark among it; how many bytes are looked at for that.
_BLANK, _HEAD = b"\xef\xbb\xbf \r\n\t", 4096


class Coco(ImageFiles):
    """One split in COCO's format. Boxes, areas, crowds; masks and joints where some annotation has them.

    Pictures without objects are kept. Category identifiers become 0..C-1 in their order.

    Args:
        root: The data's folder; names of pictures must not lead out of it.
        document: The JSON file.
        split: The split's name, by which the pictures' folder is sought.
        report: Told of every defect of the document; by default the first one is raised.

    Attributes:
        document: The JSON file.

    Raises:
        DataError: The document is at fault, or pictures are missing.
    """

    def __init__(self, root: Path, document: Path, split: str, report: Report = strict) -> None:
        self.document = document
        folder, disk = root, DiskNames()

        def judge(names: Sequence[str]) -> list[tuple[str, str, str] | None]:
            nonlocal folder
            folder = picture_folder(root, document, split, names[:20])
            return missing_pictures(folder, [on_disk(folder, name, disk) for name in names], disk)

        siblings = [*document.parent.glob("*.json"), *root.glob(f"*/{_ROBOFLOW}")]
        read = read_document(document, report, judge, siblings)
        self.store, self.origin = read.store, read.origin
        written = [read.files.text(index) for index in range(len(read.files))]
        names = [on_disk(folder, name, disk) for name in written]
        paths = RaggedArray.of_text([name_in(root, disk.find(folder / name) or folder / name) for name in names])
        super().__init__(root, paths, read.classes, read.joints)
        turned = [name for name, found in zip(written, names, strict=True) if name != found]
        slashes = (f"{document.name}: \\ is read as / in {len(turned)} names, as in {turned[0]!r}",) if turned else ()
        self.notes = (*read.notes, *slashes, *disk.notes())
        self.passed_over = tuple(_beside(document))

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


def on_disk(folder: Path, name: str, disk: DiskNames) -> str:
    """A picture's name with / in place of the backslashes of Windows, where that is the name of a file."""
    turned = name.replace("\\", "/")
    is_other = turned != name and disk.file(folder / name) is None and disk.file(folder / turned) is not None
    return turned if is_other else name


def missing_pictures(folder: Path, names: Sequence[str], disk: DiskNames) -> list[tuple[str, str, str] | None]:
    """What is expected and found of each picture that is not in its folder, and the cure; None for those there."""
    absent = [disk.find(folder / name) is None for name in names]
    many = f" ({sum(absent)} of {len(names)} are missing)" if sum(absent) > 1 else ""
    return [
        (f"a picture in {folder}", f"no {name[:200]!r}{many}", _cure(name)) if gone else None
        for name, gone in zip(names, absent, strict=True)
    ]


def _cure(name: str) -> str:
    slashes = "write / in place of \\, or " if "\\" in name else ""
    return f"{slashes}put the picture there, or take it off the list"


def picture_folder(root: Path, document: Path, split: str, names: Sequence[str]) -> Path:
    """The folder, among those in use, that holds most of the first pictures.

    Raises:
        DataError: Two folders hold as many.
    """
    beside = [document.parent] if document.name == _ROBOFLOW else []
    named = (split, f"images/{split}", f"{split}2017", f"{split}2014", f"images/{split}2017")
    tails = (*named, "images", "images/default", ".")
    folders = beside + [root / tail for tail in tails]
    disk = DiskNames()
    hits = {one: sum(disk.file(one / on_disk(one, name, disk)) is not None for name in names) for one in folders}
    best = max(folders, key=lambda folder: hits[folder])
    rivals = {folder.resolve() for folder in folders if hits[folder] == hits[best] > 0}
    if best not in beside and len(rivals) > 1:
        both = " and ".join(str(folder) for folder in sorted(rivals))
        cure = "name the pictures by their paths from the data's folder, or take the copies away"
        raise DataError("the pictures in one folder", f"them in {both}", path=document, cure=cure)
    return best


def documents(path: Path) -> dict[str, Path]:
    """The JSON files of a COCO folder by split, or the file itself; empty where there are none, as of lists of persons.

    Raises:
        DataError: Two files claim the same split.
    """
    if path.is_file():
        return {split_of(path): path} if path.suffix == ".json" and not _is_list(path) else {}
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
    if len(found) == 1 and set(found) <= _NO_SPLITS:
        return dict(zip(["train"], found.values(), strict=True))
    return found


def _candidates(root: Path) -> list[Path]:
    nested = sorted([*root.glob(_ROBOFLOW), *root.glob(f"*/{_ROBOFLOW}")])
    files = sorted((root / "annotations").glob("*.json")) or sorted(root.glob("instances_*.json"))
    files = [file for file in files if not file.name.startswith(OTHERS)]
    if not nested and not files:
        files = [file for file in sorted(root.glob("*.json")) if _is_document(file)]
    # COCO's own folder holds captions and keypoints beside the instances, of the same pictures.
    return nested + ([file for file in files if file.name.startswith("instances_")] or files)


def _beside(document: Path) -> list[Path]:
    """Documents in the same folder that are of the same split, and so of the same pictures, by their names."""
    if document.name == _ROBOFLOW:
        return []
    split = canonical(split_of(document))
    files = [file for file in sorted(document.parent.glob("*.json")) if not file.name.startswith(OTHERS)]
    return [file for file in files if file != document and canonical(split_of(file)) == split]


def _is_list(file: Path) -> bool:
    """Whether a JSON file begins as a list: MPII's persons and COCO's results do, and no document."""
    try:
        with file.open("rb") as opened:
            return opened.read(_HEAD).lstrip(_BLANK)[:1] == b"["
    except OSError:
        return False  # It is told when the file is read.


def _is_document(file: Path) -> bool:
    """Whether a JSON file of any name says what COCO's say, such as Label Studio's ``result.json``."""
    try:
        data = read_bytes(file, MAX_JSON_BYTES)
    except DataError:
        return False
    return data.lstrip(_BLANK)[:1] == b"{" and all(f'"{key}"'.encode() in data for key in _KEYS)


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
    if path.is_file():
        root = path.parent.parent if path.parent.name == "annotations" else path.parent
        return Coco(root, documents(path)[split], split, report)
    data = Coco(path, documents(path)[split], split, report)
    data.notes += tuple(
        f"{name_in(path, file)} is passed over, since {data.document.name} beside it is read; for it say coco:{file}"
        for file in data.passed_over
    )
    return data
