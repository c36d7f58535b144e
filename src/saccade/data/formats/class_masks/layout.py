"""Folders of pictures beside folders of masks, one a class, and which masks are whose."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from saccade.core.errors import DataError
from saccade.data.formats.common.below import is_hidden
from saccade.data.formats.common.defect_report import Report
from saccade.data.formats.common.split_names import canonical, one_each
from saccade.data.formats.masks.pairs import PICTURES, mask_of, masks_by_stem, pictures_in, split_folders

MASKS = "masks"


@dataclass(frozen=True)
class ClassFolders:
    """A folder of pictures, and the folder of their masks, which holds a folder a class."""

    pictures: Path
    masks: Path

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the folders of masks."""
        if not self.masks.is_dir():
            return ()
        return tuple(sorted(one.name for one in self.masks.iterdir() if one.is_dir() and not is_hidden(one.name)))

    def fits(self) -> bool:
        """Whether some picture has a mask in the folder of some class."""
        if not self.pictures.is_dir() or not self.classes:
            return False
        pictures = pictures_in(self.pictures)
        of_classes = (masks_by_stem(self.masks / name) for name in self.classes)
        return any(mask_of(self.pictures, one, masks) is not None for masks in of_classes for one in pictures)

    def match(self, report: Report) -> dict[Path, dict[str, Path]]:
        """The masks of each picture by class; `report` is told of those without a partner, on either side."""
        masks = {name: masks_by_stem(self.masks / name) for name in self.classes}
        found: dict[Path, dict[str, Path]] = {}
        for picture in pictures_in(self.pictures):
            pairs = ((name, mask_of(self.pictures, picture, own)) for name, own in masks.items())
            own = {name: mask for name, mask in pairs if mask is not None}
            if own:
                found[picture] = own
            else:
                report(
                    DataError(
                        f"a mask of some class in {self.masks}, such as {self.classes[0]}/{picture.stem}.png",
                        "none",
                        path=picture,
                        cure="add one, black where nothing is there, or take the picture out",
                    )
                )
        used = {mask for own in found.values() for mask in own.values()}
        for mask in sorted({mask for own in masks.values() for mask in own.values()} - used):
            cure = "add the picture, or take the mask out"
            report(DataError(f"a picture of this mask in {self.pictures}", "none", path=mask, cure=cure))
        return found


def find_folders(root: Path) -> dict[str, ClassFolders]:
    """The splits of a folder; empty where no picture has a mask in a folder of a class.

    Raises:
        DataError: Two folders are of one split.
    """
    found: dict[str, ClassFolders] = {}
    for name, folders in _candidates(root):
        if folders.fits():
            before = found.get(name)
            both = [(name, one.pictures) for one in (before, folders) if one is not None]
            one_each(root, both, "folder of pictures")
            found[name] = folders
    return found


def _candidates(root: Path) -> Iterator[tuple[str, ClassFolders]]:
    """SPLIT/images beside SPLIT/masks; images/SPLIT beside masks/SPLIT; images beside masks."""
    for folder in split_folders(root):
        for pictures in PICTURES:
            yield canonical(folder.name), ClassFolders(folder / pictures, folder / MASKS)
    nested = False
    for pictures in PICTURES:
        for folder in split_folders(root / pictures):
            nested = True
            yield canonical(folder.name), ClassFolders(folder, root / MASKS / folder.name)
    if not nested and not split_folders(root):
        for pictures in PICTURES:
            yield "train", ClassFolders(root / pictures, root / MASKS)
