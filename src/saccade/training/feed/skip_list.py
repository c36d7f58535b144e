"""``skipped.jsonl``: the pictures that a training left out, and why."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from saccade.core.errors import SaccadeError

Side = Literal["training", "validation"]
SIDES: tuple[Side, ...] = ("training", "validation")


class SkipList:
    """Writes a line for each picture that is skipped, and tells of the first.

    Args:
        path: The file.
        say: Takes a line for the person who waits.
        writes: Whether this process writes; only one of those that train together does.
    """

    def __init__(self, path: Path, say: Callable[[str], None], writes: bool = True) -> None:
        self.path, self.say, self._writes = path, say, writes
        # A run that goes on meets the same pictures again.
        self._records = {(one.get("side", "training"), one["id"]): one for one in read_skips(path)}

    def left_out(self, side: Side) -> frozenset[str]:
        """The pictures of one side that were left out before the first step."""
        return frozenset(name for (of, name), one in self._records.items() if of == side and one.get("before_step_0"))

    def of(self, side: Side) -> Callable[[str, SaccadeError], None]:
        """What notes pictures of one side that turn out to be faulty when they are needed."""

        def note(name: str, error: SaccadeError) -> None:
            first = not self._records
            if self.note(name, error, side) and first:
                self.say(f"skipped {name}: {error.what}; further skips are listed in {self.path.name}")

        return note

    def note(self, name: str, error: SaccadeError, side: Side, before: bool = False) -> bool:
        """Note a picture, and give whether it was new.

        Args:
            name: The picture.
            error: What is wrong with it.
            side: Whether it is learnt from or measured on.
            before: Whether it was found before the first step.
        """
        if (side, name) in self._records:
            return False
        record = {
            "id": name,
            "side": side,
            "before_step_0": before,
            "path": error.path,
            "annotation_id": error.annotation_id,
            "found": error.what,
            "cure": error.cure,
        }
        self._records[side, name] = record
        if self._writes:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        return True


def read_skips(path: Path) -> list[dict[str, Any]]:
    """The records of a file; none where there is no file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
