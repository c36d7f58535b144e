"""The files below a folder that may be data: not what is hidden, nor what this package wrote, nor behind links."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

Why = Literal["hidden", "ours", "link"]
Skipped = Callable[[Path, Why], None]

# Folders that operating systems and network drives make for themselves.
_JUNK = frozenset(("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"))
# Each row: a file that gives a folder of ours away, and those of which one lies beside it.
_MARKS = (
    ("config.yaml", ("checkpoints", "metrics.jsonl")),
    ("predictions.json", ("drawn", "classes.txt")),
    (".progress.jsonl", ("drawn", ".progress.jsonl")),
    ("look.json", ("look.html",)),
    ("scores.json", ("report.html",)),
)
_OUR_FOLDERS = ("drawn", "semantic", "semantic_masks", "checkpoints")  # in a folder of ours that is itself the data's


def is_hidden(name: str) -> bool:
    """Whether a name is that of a file or folder that no person sees."""
    return name.startswith(".") or name in _JUNK


def is_ours(folder: Path) -> bool:
    """Whether a folder holds what this package wrote: a run, predictions, scores or looks."""
    if folder.name in _OUR_FOLDERS and _is_marked(folder.parent):
        return True
    return _is_marked(folder)


def _is_marked(folder: Path) -> bool:
    return any((folder / mark).is_file() and any((folder / one).exists() for one in beside) for mark, beside in _MARKS)


def _pass(path: Path, why: Why) -> None:
    """What is skipped is told elsewhere."""


def below(folder: Path, skipped: Skipped = _pass) -> Iterator[Path]:
    """All files below a folder, those of a folder by name.

    Args:
        folder: Where to look; itself it may be a link.
        skipped: Told of each folder and hidden file that is passed over, and why.
    """
    for place, folders, files in os.walk(folder, followlinks=False):
        here = Path(place)
        folders[:] = sorted(name for name in folders if _is_entered(here / name, skipped))
        for name in sorted(files):
            if is_hidden(name):
                skipped(here / name, "hidden")
            else:
                yield here / name


def _is_entered(folder: Path, skipped: Skipped) -> bool:
    if is_hidden(folder.name):
        skipped(folder, "hidden")
    elif folder.is_symlink():
        skipped(folder, "link")
    elif is_ours(folder):
        skipped(folder, "ours")
    else:
        return True
    return False
