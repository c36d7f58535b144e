"""The folder of a comparison: where each thing is, and whether one that goes on is still the same.

::

    compare.json                 what was asked
    runs/NAME                    the run of a system; of several seeds or folds runs/NAME/seed-0-fold-1 and so on
    measured/NAME/scores.json    what was measured of it; of several seeds or folds seed-0-fold-1.json and so on
    measured/NAME/1.png          its predictions of the pictures of the page
    leaderboard.csv, leaderboard.json, report.html
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from saccade.comparison.entrant import SETTINGS, Entrant
from saccade.core.errors import ConfigError
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import plain, to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.safe_io.writing.held_folder import HeldFolder
from saccade.training.settings import FREE_TO_CHANGE


class ComparisonFolder:
    """The paths of a comparison.

    Args:
        path: The folder.
        resume: Whether a comparison that is there goes on; an empty folder is then as good.

    Attributes:
        held: The context in which it is locked for this process.
    """

    def __init__(self, path: str | Path, resume: bool = False) -> None:
        self.path, self.resume = Path(path), resume
        cure = "give another --out, or --resume to go on with it"
        self.held = HeldFolder(self.path, self.asked, goes_on=resume, what="comparison", cure=cure)

    @property
    def asked(self) -> Path:
        """What was asked."""
        return self.path / "compare.json"

    def run(self, entrant: Entrant, part: str = "") -> Path:
        """The run of a system; `part` tells several apart."""
        place = self.path / "runs" / entrant.slug
        return place / part if part else place

    def measured(self, entrant: Entrant, part: str = "") -> Path:
        """What was measured of an entrant, or of one of its trainings."""
        place = self.path / "measured" / entrant.slug
        return place / f"{part}.json" if part else place / "scores.json"

    def memory(self, entrant: Entrant) -> Path:
        """How much memory an entrant takes."""
        return self.path / "measured" / entrant.slug / "memory.json"

    def drawing(self, entrant: Entrant, number: int, truth: bool = False) -> Path:
        """The drawing of the so-and-so-many-th picture of the page."""
        return self.path / "measured" / entrant.slug / f"{'truth-' if truth else ''}{number}.png"

    def begin(self, asked: Mapping[str, Any], entrants: Sequence[Entrant]) -> None:
        """Note what is asked, or check that it is what was asked before; further entrants may join.

        Args:
            asked: What bears on every training, and on scores.
            entrants: All that take part now.

        Raises:
            ConfigError: Something differs; the message is a diff.
        """
        now: dict[str, Any] = plain({"settings": asked, "entrants": {one.name: told(one) for one in entrants}})
        before: dict[str, Any] = load_json(self.asked) if self.asked.is_file() else {"settings": asked, "entrants": {}}
        changed = differences("", plain(before["settings"]), now["settings"])
        for name, options in now["entrants"].items():
            changed += differences(name, before["entrants"].get(name, options), options)
        if changed:
            listed = "\n    ".join(changed)
            raise ConfigError(
                "what the comparison was begun with",
                f"changes (before -> now):\n    {listed}",
                path=self.asked,
                cure="repeat its own command with --resume, or compare in another folder",
            )
        write_text(self.asked, to_json({**now, "entrants": {**before["entrants"], **now["entrants"]}}, indent=1) + "\n")


def told(entrant: Entrant) -> dict[str, Any]:
    """What makes an entrant the one that it is, as plain values: all but what leaves the weights as they are."""
    free = FREE_TO_CHANGE & SETTINGS
    options = {name: value for name, value in sorted(entrant.options.items()) if name not in free}
    return {"system": entrant.system, "options": options, "runs": [str(run) for run in entrant.runs]}


def differences(name: str, before: Any, after: Any) -> list[str]:
    """A line for each value that differs, with its dotted name."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for key in {**before, **after}
            for line in differences(f"{name}.{key}" if name else str(key), before.get(key), after.get(key))
        ]
    return [] if before == after else [f"{name}: {before} -> {after}"]
