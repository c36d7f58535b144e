"""Files by the names that documents give them, where the disk spells them otherwise: é as one letter, or as e and ´.

Systems differ in the form in which they write accents (composed, NFC, or decomposed, NFD): an archive from a Mac and a
document from elsewhere name one file in two ways.
"""

import os
from pathlib import Path
from unicodedata import normalize


class DiskNames:
    """Looks files up in listings of their folders, each of which is read once.

    Args:
        any_case: Whether capitals make no difference either.

    Attributes:
        other: What was found under another spelling: as it was named, and as it is called on the disk.
    """

    def __init__(self, any_case: bool = False) -> None:
        self.any_case, self.other = any_case, dict[str, str]()
        self._listings: dict[Path, frozenset[str]] = {}
        self._spelt: dict[Path, dict[str, str]] = {}
        self._folders: dict[Path, Path | None] = {}

    def find(self, path: Path) -> Path | None:
        """What a path means on the disk: itself, or else what differs in spelling alone; None where there is nothing.

        Args:
            path: A file or folder.
        """
        if path == path.parent:
            return path
        folder = self._folder(path.parent)
        if folder is None:
            return None
        listing = self._listing(folder)
        if path.name in listing or path.name == "..":
            return folder / path.name
        found = self._spelt[folder].get(self._key(path.name))
        if found is None:
            return None
        self.other[path.name] = found
        return folder / found

    def file(self, path: Path) -> Path | None:
        """The same of a file."""
        found = self.find(path)
        return found if found is not None and found.is_file() else None

    def folder(self, path: Path) -> Path | None:
        """The same of a folder."""
        found = self.find(path)
        return found if found is not None and found.is_dir() else None

    def notes(self) -> tuple[str, ...]:
        """What a person should know of the spellings that were found."""
        accents = [name for name, found in self.other.items() if normalize("NFC", name) == normalize("NFC", found)]
        if not accents:
            return ()
        many = "1 name is" if len(accents) == 1 else f"{len(accents)} names are"
        return (f"{many} spelt on the disk in another form of accents (composed or not), and matched: {accents[0]!r}",)

    def _folder(self, folder: Path) -> Path | None:
        if folder not in self._folders:
            self._folders[folder] = folder if _is_folder(folder) else self.find(folder)
        return self._folders[folder]

    def _listing(self, folder: Path) -> frozenset[str]:
        if folder not in self._listings:
            names = _names(folder)
            self._listings[folder] = frozenset(names)
            self._spelt[folder] = {self._key(name): name for name in reversed(names)}
        return self._listings[folder]

    def _key(self, name: str) -> str:
        return normalize("NFC", name.casefold() if self.any_case else name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # A name too long for one.
        return False


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (names alone: a path each takes ten times as long)
    except OSError:
        return []
