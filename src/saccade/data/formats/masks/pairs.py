"""Folders of pictures beside folders of masks, and which mask is whose."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from saccade.core.errors import DataError
from saccade.data.formats.common.below import below
from saccade.data.formats.common.defect_report import Report
from saccade.data.formats.common.split_names import USUAL, canonical, one_each
from saccade.safe_io.images.maps import MAP_SUFFIXES
from saccade.safe_io.images.pictures import only_pictures

PICTURES = ("images", "imgs", "image", "JPEGImages", "PNGImages")
_MASKS = ("masks", "labels", "annotations", "mask", "label", "gt", "SegmentationClass", "PedMasks")
_TAILS = ("_masks", "_labels", "_annotations", "masks", "labels", "annot")
MASK_ENDS = ("", "_mask", "_L", "_label", "_labels", "_P", "_seg", "_gt", "-mask")


@dataclass(frozen=True)
class Pair:
    """A folder of pictures and the folder of their masks."""

    pictures: Path
    masks: Path

    def match(self, report: Report) -> dict[Path, Path]:
        """The mask of each picture; `report` is told of those without a partner, on either side."""
        masks = masks_by_stem(self.masks)
        found: dict[Path, Path] = {}
        for picture in pictures_in(self.pictures):
            mask = mask_of(self.pictures, picture, masks)
            if mask is not None:
                found[picture] = mask
            else:
                where = f"{picture.stem}.png or {picture.stem}_mask.png"
                report(
                    DataError(
                        f"a mask {where} in {self.masks}",
                        "none",
                        path=picture,
                        cure="add the mask, or take the picture out",
                    )
                )
        for mask in sorted(set(masks.values()) - set(found.values())):
            report(
                DataError(
                    f"a picture of this mask in {self.pictures}",
                    "none",
                    path=mask,
                    cure="add the picture, or take the mask out",
                )
            )
        return found

    def fits(self) -> bool:
        """Whether some picture has a mask; names of other files do not count."""
        if not (self.pictures.is_dir() and self.masks.is_dir()):
            return False
        masks = masks_by_stem(self.masks)
        return bool(masks) and any(mask_of(self.pictures, one, masks) for one in pictures_in(self.pictures))


def find_pairs(root: Path) -> dict[str, Pair]:
    """The splits of a folder; empty where no picture has a mask.

    Raises:
        DataError: Two folders are of one split.
    """
    found: dict[str, Pair] = {}
    for name, pair in _candidates(root):
        before = found.get(name)
        if before is not None and _is_within(pair.pictures, before.pictures):
            continue
        if pair.fits():
            both = [(name, one.pictures) for one in (before, pair) if one is not None]
            one_each(root, both, "folder of pictures")
            found[name] = pair
    return found


def _is_within(folder: Path, other: Path) -> bool:
    """Whether one of two folders is, or holds, the other."""
    return folder == other or folder in other.parents or other in folder.parents


def _candidates(root: Path) -> Iterator[tuple[str, Pair]]:
    """SPLIT/images beside SPLIT/masks; images/SPLIT beside masks/SPLIT; SPLIT beside SPLIT_masks; images, masks."""
    for folder in split_folders(root):
        for pictures in PICTURES:
            for masks in _MASKS:
                yield canonical(folder.name), Pair(folder / pictures, folder / masks)
        for tail in _TAILS:
            yield canonical(folder.name), Pair(folder, root / f"{folder.name}{tail}")
    nested = False
    for pictures in PICTURES:
        for folder in split_folders(root / pictures):
            nested = True
            for masks in _MASKS:
                yield canonical(folder.name), Pair(folder, root / masks / folder.name)
    if not nested and not split_folders(root):
        for pictures in PICTURES:
            for masks in _MASKS:
                yield "train", Pair(root / pictures, root / masks)


def split_folders(root: Path) -> list[Path]:
    """The folders whose names are those of splits."""
    if not root.is_dir():
        return []
    return sorted(entry for entry in root.iterdir() if entry.is_dir() and canonical(entry.name) in USUAL)


def pictures_in(folder: Path) -> list[Path]:
    """The pictures below a folder."""
    return sorted(only_pictures(below(folder)))


def masks_by_stem(folder: Path) -> dict[str, Path]:
    """The masks of a folder by their paths in it without suffixes, accents composed."""
    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in MAP_SUFFIXES and file.name[0] != ".")
    return {_stem(folder, file): file for file in found}


def mask_of(folder: Path, picture: Path, masks: dict[str, Path]) -> Path | None:
    """The mask of a picture of a folder, among those by their stems."""
    stem = _stem(folder, picture)
    return next((masks[stem + end] for end in MASK_ENDS if stem + end in masks), None)


def _stem(folder: Path, file: Path) -> str:
    return normalize("NFC", file.relative_to(folder).with_suffix("").as_posix())
