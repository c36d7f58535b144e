"""The result of an experiment: ours beside what was printed, and what became of each claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.core.errors import DataError
from saccade.reproduce.catalogue import EXPERIMENTS
from saccade.reproduce.experiment import Experiment, Measure, Published, Scale
from saccade.reproduce.found import Found
from saccade.reproduce.judgement import Estimate, Judgement, interval
from saccade.safe_io.documents.json_file import load_json

KEYS = ("experiment", "scale", "size", "data", "seeds", "command", "minutes", "machines", "saccade", "found")


@dataclass(frozen=True)
class Cell:
    """One number of the table.

    Attributes:
        row: The row.
        measure: The column.
        ours: Ours, with its interval.
        printed: The paper's, or None.
    """

    row: str
    measure: Measure
    ours: Estimate
    printed: Published | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        told: dict[str, Any] = {"row": self.row, "measure": self.measure.name}
        told |= {"value": self.ours.value, "low": self.ours.low, "high": self.ours.high}
        if self.printed is None:
            return told | {"published": None, "where": None, "looked_up": None}
        return told | {
            "published": self.printed.value,
            "where": self.printed.where,
            "looked_up": self.printed.looked_up,
        }


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Attributes:
        experiment: Which.
        scale: quick, miniature or full.
        size: The numbers of that.
        data: Names of the data sets.
        seeds: How often what has chance was done.
        command: What was typed.
        minutes: That all pieces took together.
        machines: What they ran on, each machine once.
        version: Of saccade.
        found: All values.
    """

    experiment: Experiment
    scale: Scale
    size: Mapping[str, Any]
    data: Sequence[str]
    seeds: int
    command: str
    minutes: float
    machines: Sequence[Mapping[str, Any]]
    version: str
    found: Found

    @property
    def cells(self) -> list[Cell]:
        """All numbers, row by row; rows in the experiment's order."""
        return [
            Cell(row, measure, self._ours(row, measure), self.experiment.printed(row, measure.name))
            for row in self.rows
            for measure in self.experiment.measures
            if self.found.values(row, measure.name) or self.experiment.printed(row, measure.name)
        ]

    @property
    def rows(self) -> list[str]:
        """The experiment's rows that something is known of, one data set after the other."""
        order = list(self.experiment.rows)
        sets = list(dict.fromkeys(row.rpartition(": ")[0] for row in self.found.rows))
        names = [f"{one}: {row}" if one else row for one in sets for row in order]
        return [name for name in names if name in self.found.rows]

    @property
    def unseen(self) -> bool:
        """Whether a printed number is told from memory of the paper."""
        return any(cell.printed is not None and not cell.printed.looked_up for cell in self.cells)

    def title(self, row: str) -> str:
        """A row's name in the table."""
        one, colon, name = row.rpartition(": ")
        return f"{one}{colon}{self.experiment.rows[name]}"

    @property
    def judgements(self) -> list[Judgement]:
        """What became of each claim; tiny sizes say nothing, and are not judged."""
        if self.scale == "quick":
            return []
        return [claim.judge(self.found) for claim in self.experiment.claims]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as the result's file has them."""
        return {
            "experiment": self.experiment.name,
            "paper": self.experiment.paper,
            "scale": self.scale,
            "judged": self.scale != "quick",
            "size": dict(self.size),
            "data": list(self.data),
            "seeds": self.seeds,
            "command": self.command,
            "minutes": self.minutes,
            "machines": [dict(one) for one in self.machines],
            "saccade": self.version,
            "rows": [cell.as_dict() for cell in self.cells],
            "claims": [one.as_dict() for one in self.judgements],
            "found": self.found.as_dict(),
        }

    def _ours(self, row: str, measure: Measure) -> Estimate:
        values = self.found.values(row, measure.name)
        if measure.exact and values:
            return Estimate(values[0], values[0], values[0])
        return interval(values)


def read_outcome(path: Path) -> Outcome:
    """The result in a file; what is derived (intervals, verdicts) is derived anew from the values.

    Raises:
        DataError: The file is no result of `saccade reproduce`.
    """
    told = load_json(path)
    absent = [key for key in KEYS if key not in told] if isinstance(told, dict) else list(KEYS)
    if absent or told["experiment"] not in EXPERIMENTS:
        found = f"no {', '.join(absent)}" if absent else f"the experiment {told['experiment']!r}"
        cure = "take the file that `saccade reproduce` writes, OUT/EXPERIMENT.json"
        raise DataError("the result of an experiment", found, path=path, cure=cure)
    return Outcome(
        EXPERIMENTS[told["experiment"]],
        told["scale"],
        told["size"],
        told["data"],
        told["seeds"],
        told["command"],
        told["minutes"],
        told["machines"],
        told["saccade"],
        Found(told["found"]),
    )
