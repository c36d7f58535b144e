"""Berkeley's segmentation data: natural pictures, each with the contours that several people drew."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, strict
from saccade.data.formats.common.image_files import ImageFiles
from saccade.data.formats.common.split_names import USUAL, canonical, one_each
from saccade.data.formats.common.store import RaggedArray
from saccade.safe_io.documents.mat_file import load_mat
from saccade.safe_io.images.pictures import only_pictures

EVIDENCE = "images/SPLIT/*.jpg beside groundTruth/SPLIT/*.mat (BSDS)"
_TRUTH = "groundTruth"
# Real files take a quarter of a megabyte packed, and six unpacked.
_MAT_BYTES = 2**26


class Bsds(ImageFiles):
    """One split of pictures with contours, one map for each of the A people who drew the picture's.

    Args:
        root: The data's folder, from which identifiers are counted.
        pairs: The MATLAB file of each picture.
    """

    def __init__(self, root: Path, pairs: dict[Path, Path]) -> None:
        names = RaggedArray.of_text([path.relative_to(root).as_posix() for path in pairs])
        super().__init__(root, names, ("contour",), links=True)
        self._truths = RaggedArray.of_text([path.relative_to(root).as_posix() for path in pairs.values()])

    @property
    def fields(self) -> frozenset[str]:
        """Contours."""
        return frozenset({"contours"})

    def truth(self, index: int) -> Annotation:
        """The contours of one picture, (A, H, W).

        Raises:
            DataError: The MATLAB file cannot be read, or is not of the picture's size.
        """
        return Annotation(contours=read_contours(self.root / self._truths.text(index), self.size(index)))

    def truth_files(self, index: int) -> tuple[Path, ...]:
        """The file of one picture's contours."""
        return (self.root / self._truths.text(index),)

    def classes_of(self, index: int) -> frozenset[int]:
        """The one class, in every picture."""
        return frozenset({0})


def read_contours(path: Path, size: tuple[int, int]) -> Tensor:
    """(A, H, W) float32 of 0 and 1: what each person drew into a picture of `size` (H, W).

    Raises:
        DataError: The file cannot be read, or holds something else.
    """
    drawn = load_mat(path, _MAT_BYTES).get("groundTruth")
    cells: list[Any] = list(drawn.ravel()) if isinstance(drawn, np.ndarray) and drawn.dtype == object else []
    maps: list[Tensor] = []
    for place, cell in enumerate(cells, 1):
        names = getattr(getattr(cell, "dtype", None), "names", None) or ()
        edges: Any = cell["Boundaries"].ravel() if "Boundaries" in names else np.zeros(0)
        edges = edges[0] if len(edges) == 1 else None
        if not isinstance(edges, np.ndarray) or edges.dtype.kind not in "bui" or edges.ndim != 2:
            raise DataError(f"a map Boundaries in groundTruth{{{place}}}", "none", path=path)
        if edges.shape != size:
            raise DataError(
                f"maps of {size[1]}x{size[0]}, the size of the picture",
                f"{edges.shape[1]}x{edges.shape[0]} in groundTruth{{{place}}}",
                path=path,
                cure="the file may belong to another picture",
            )
        maps.append(torch.from_numpy(edges > 0).float())
    if not maps:
        raise DataError("cells groundTruth, one a person", "none", path=path)
    return torch.stack(maps)


def _folder(path: Path) -> Path:
    """The folder that holds groundTruth: the path itself, or that of the authors' archive below it."""
    below = ("", "data", "BSDS500/data", "BSR/BSDS500/data")
    return next((path / name for name in below if (path / name / _TRUTH).is_dir()), path)


def splits(path: Path) -> list[str]:
    """The splits of a folder of this format; empty where it is none."""
    return [name for name, folder in _split_folders(_folder(path)).items() if any(folder.glob("*.mat"))]


def _split_folders(root: Path) -> dict[str, Path]:
    truth = root / _TRUTH
    if not truth.is_dir() or not (root / "images").is_dir():
        return {}
    named = [(entry.name, entry) for entry in sorted(truth.iterdir()) if canonical(entry.name) in USUAL]
    nested = one_each(root, named, "folder")
    return nested or {"train": truth}


def open_bsds(path: Path, split: str, report: Report = strict) -> Bsds:
    """One split, by a name of `splits`.

    Args:
        path: The data's folder.
        split: Which part.
        report: Told of pictures without a MATLAB file and the other way round; by default the first is raised.

    Raises:
        DataError: Files have no partners, or there are none.
    """
    root = _folder(path)
    folder = _split_folders(root)[split]
    pictures = root / "images" / folder.relative_to(root / _TRUTH)
    truths = {file.stem: file for file in sorted(folder.glob("*.mat"))}
    found = {file.stem: file for file in only_pictures(sorted(pictures.glob("*")))}
    for stem in sorted(found.keys() ^ truths.keys()):
        file, wanted = (found[stem], f"{folder / stem}.mat") if stem in found else (truths[stem], "a picture of it")
        report(DataError(wanted, "none", path=file, cure="add it, or take this file out"))
    pairs = {picture: truths[stem] for stem, picture in found.items() if stem in truths}
    if not pairs:
        raise DataError("pictures with contours", "none", path=pictures)
    return Bsds(root, pairs)
