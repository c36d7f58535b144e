"""The folder of an experiment: pieces that are done are kept, so that one that was killed goes on where it stopped.

::

    asked.json            what bears on the numbers
    pieces/NAME.json      what a piece told, the seconds that it took, and the machine
    runs/NAME             the training of a piece
    ../EXPERIMENT.json    the result, once all pieces are done
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saccade.comparison.folder import differences
from saccade.core.errors import ConfigError
from saccade.reproduce.terms import Piece
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import plain, to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.safe_io.writing.held_folder import HeldFolder


class Store:
    """What is known of an experiment so far.

    Args:
        path: Its folder.

    Attributes:
        held: The context in which it is locked for this process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._asked = path / "asked.json"
        self.held = HeldFolder(path, self._asked, goes_on=True, what="experiment", cure="give another --out")

    @property
    def runs(self) -> Path:
        """Folder of the trainings."""
        return self.path / "runs"

    @property
    def result(self) -> Path:
        """The file of the result."""
        return self.path.with_name(f"{self.path.name}.json")

    def begin(self, asked: Mapping[str, Any]) -> None:
        """Note what bears on the numbers, or check that it is what was noted before.

        Raises:
            ConfigError: Something differs; the message is a diff.
        """
        now = plain(asked)
        before = load_json(self._asked) if self._asked.is_file() else now
        if changed := differences("", before, now):
            listed = "\n    ".join(changed)
            raise ConfigError(
                "what the experiment was begun with",
                f"changes (before -> now):\n    {listed}",
                path=self._asked,
                cure="repeat its own command to go on, or give another --out",
            )
        write_text(self._asked, to_json(now, indent=1) + "\n")

    def kept(self, piece: Piece) -> dict[str, Any] | None:
        """What a piece told, if it is done.

        Raises:
            DataError: Its file is damaged.
        """
        path = self._place(piece)
        return load_json(path) if path.is_file() else None

    def keep(self, piece: Piece, told: Mapping[str, Any]) -> None:
        """Keep what a piece told.

        Raises:
            ResourceError: The disk is full.
        """
        write_text(self._place(piece), to_json(told, indent=1) + "\n")

    def _place(self, piece: Piece) -> Path:
        return self.path / "pieces" / f"{piece.name}.json"
