"""The settings of a comparison: one frozen dataclass, whose fields are flags of ``saccade compare``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from saccade.core.errors import UsageError

LENGTHS = ("minutes", "steps", "epochs")
MERGES = ("mean", "max", "product")
# Of each training, where nobody says how long.
MINUTES = 10.0
NUMBERS: tuple[type, ...] = (int, float)
KINDS: dict[str, Any] = {
    **dict.fromkeys(("minutes", "max_ms", "max_mb"), NUMBERS),
    **dict.fromkeys(("steps", "epochs", "seeds", "folds", "shown", "search"), int),
    **dict.fromkeys(("max_params", "score", "merge"), str),
}
THOUSANDS = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9}


@dataclass(frozen=True)
class CompareSettings:
    """What a user may say of a comparison; None is no limit, or leaves the choice to us.

    Attributes:
        minutes: Minutes of each training, validations and report included; 10 where no length is said.
        steps: Optimiser steps of each training, in place of minutes.
        epochs: Passes of each training over its pictures, in place of minutes.
        seeds: Trainings of each system, whose seeds follow one another; scores are then means with their interval.
        folds: Parts of the training pictures: each system is trained once for each part and measured on it, and
            scores are means over the parts.
        max_ms: Most milliseconds that a picture may take.
        max_mb: Most megabytes (2^20 bytes) that a network in use may take: its weights, and its maps at their peak.
        max_params: Most parameters, such as 5M; a system that has more is not trained.
        score: The score that decides; by default the one that the task is known by.
        merge: How the predictions of runs that are joined by + become one: mean (by default), max or product.
        only_measure: Whether nothing is trained: runs, and systems that are trained already, are measured.
        shown: Pictures whose predictions stand side by side on the page.
        search: Trials of each system, over learning rate, size and trunk, before its training; losers are stopped
            early. It needs optuna.
        search_trunks: Trunks that the search chooses among; by default a few, for systems that take any trunk.
    """

    minutes: float | None = None
    steps: int | None = None
    epochs: int | None = None
    seeds: int = 1
    folds: int | None = None
    max_ms: float | None = None
    max_mb: float | None = None
    max_params: str | None = None
    score: str | None = None
    merge: str | None = None
    only_measure: bool = False
    shown: int = 6
    search: int = 0
    search_trunks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no comparison can do.

        Raises:
            UsageError: A value is out of range, or two fields contradict each other.
        """
        for name, kind in KINDS.items():
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, kind)):
                what = "a whole number" if kind is int else "text" if kind is str else "a number"
                raise UsageError(what, repr(value), within=name)
        said = [name for name in LENGTHS if getattr(self, name) is not None]
        if len(said) > 1:
            raise UsageError(f"one of {', '.join(LENGTHS)}", " and ".join(said))
        for name, least in (("seeds", 1), ("folds", 2), ("shown", 0), ("search", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise UsageError(f"a number of at least {least}", value, within=name)
        for name in (*LENGTHS, "max_ms", "max_mb"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError("a number above 0", value, within=name)
        if self.merge is not None and self.merge not in MERGES:
            raise UsageError(f"one of {', '.join(MERGES)}", repr(self.merge), within="merge")
        if self.search and (self.folds or self.seeds > 1):
            raise UsageError("a search, or seeds and folds", "both", cure="search first; then compare what it found")
        _ = self.most_parameters

    @property
    def budget(self) -> dict[str, float | int]:
        """The length of each training, as `train` takes it."""
        said = {name: getattr(self, name) for name in LENGTHS if getattr(self, name) is not None}
        return said or {"minutes": MINUTES}

    @property
    def most_parameters(self) -> int | None:
        """The limit of parameters as a number; None where there is none.

        Raises:
            UsageError: It is no number, nor one followed by k, M or B.
        """
        return None if self.max_params is None else count_of(self.max_params)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "CompareSettings":
        """The settings that plain values describe; a number is good for `max_params`, a list for a tuple."""
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        if isinstance(plain.get("max_params"), int | float):
            plain["max_params"] = f"{plain['max_params']:.0f}"
        return CompareSettings(**plain)

    def recorded(self) -> dict[str, Any]:
        """What must not change while a comparison goes on: all that bears on trainings and their scores."""
        free = {"max_ms", "max_mb", "max_params", "only_measure", "shown", "merge", *LENGTHS}
        told = {name: value for name, value in asdict(replace(self)).items() if name not in free}
        return {**{name: self.budget.get(name) for name in LENGTHS}, **told}


NAMES = frozenset(one.name for one in fields(CompareSettings))


def count_of(text: str) -> int:
    """The number that ``5M``, ``300k`` or ``5000000`` means.

    Raises:
        UsageError: It is no such number above 0.
    """
    plain = text.strip().lower()
    factor = THOUSANDS.get(plain[-1:], 1.0)
    try:
        number = float(plain[:-1] if plain[-1:] in THOUSANDS else plain) * factor
    except ValueError:
        number = 0.0
    if not 0 < number < 1e15:
        raise UsageError("a number above 0, such as 5M or 300k", repr(text), within="max_params")
    return int(number)
