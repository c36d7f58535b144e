"""``skipped.jsonl``: the pictures that a training left out, and why."""

import json
from collections.abc import Callable
from pathlib import Path

from saccade.core.errors import SaccadeError


class SkipList:
    """Writes a line for each picture that is skipped, and tells of the first.

    Args:
        path: The file.
        say: Takes a line for the person who waits.
    """

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path, self.say = path, say
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self.known = {json.loads(line)["id"] for line in lines}  # a run that goes on meets the same pictures again

    def __call__(self, id: str, error: SaccadeError) -> None:
        """Note the picture of that name."""
        if id in self.known:
            return
        self.known.add(id)
        record = {
            "id": id,
            "path": error.path,
            "annotation_id": error.annotation_id,
            "found": error.what,
            "cure": error.cure,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        if len(self.known) == 1:
            self.say(f"skipped {id}: {error.what}; further skips are listed in {self.path.name}")
