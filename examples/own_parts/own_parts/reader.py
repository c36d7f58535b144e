"""A reader of one's own: pictures that a table lists, ``labels.csv`` with the columns file, class and split."""

import csv
from pathlib import Path

import torch

from saccade.core.annotation import Annotation
from saccade.core.dataset import Joints
from saccade.core.errors import DataError
from saccade.core.sample import Sample
from saccade.data.datasets.picture import read_picture
from saccade.safe_io.paths import inside

COLUMNS = ("file", "class", "split")


class Table:
    """One split of a table of pictures.

    Args:
        root: The folder of ``labels.csv``, from which names of files are counted.
        split: Which rows.
    """

    fields = frozenset({"label"})
    joints: Joints | None = None

    def __init__(self, root: Path, split: str) -> None:
        rows = read_rows(root)
        self.root = root
        # Classes of all splits together, so that labels agree between them.
        self.classes = tuple(sorted({name for _, name, _ in rows}))
        chosen = [(file, name) for file, name, part in rows if part == split]
        self._files = [file for file, _ in chosen]
        self._labels = torch.tensor([self.classes.index(name) for _, name in chosen], dtype=torch.int64)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> Sample:
        # `inside` refuses names that lead out of the folder.
        return Sample(read_picture(inside(self.root, self.id(index))), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        """The truth of one picture, without its pixels."""
        return Annotation(label=self._labels[index])

    def id(self, index: int) -> str:
        """A name that stays the same from run to run."""
        return self._files[index]


def read_rows(root: Path) -> list[tuple[str, str, str]]:
    """File, class and split of each row.

    Raises:
        DataError: A column is missing or empty; the message names the line.
    """
    path = root / "labels.csv"
    rows: list[tuple[str, str, str]] = []
    with path.open(newline="", encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file), 2):
            missing = [name for name in COLUMNS if not row.get(name)]
            if missing:
                expected, found = f"the columns {', '.join(COLUMNS)}", f"no {', '.join(missing)}"
                raise DataError(expected, found, path=path, line=line, cure="fill the row, or delete it")
            rows.append((row["file"], row["class"], row["split"]))
    return rows


def open_table(path: Path, split: str) -> Table:
    """One split of a folder: what ``table:FOLDER`` calls."""
    return Table(path, split)


def splits(path: Path) -> list[str]:
    """The splits of a folder; empty where it is not of this format, so that other readers may look."""
    return sorted({part for _, _, part in read_rows(path)}) if (path / "labels.csv").is_file() else []


# With this a folder is recognised without ``table:`` before its name.
open_table.splits = splits  # pyright: ignore[reportFunctionMemberAccess]
