"""Who takes part in a comparison: a system by name, a run, or runs whose predictions are merged."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.systems import every_system
from saccade.systems.build import options_of
from saccade.training.settings import TrainSettings

# What is the same for all, or said of the comparison.
COMMON = ("minutes", "steps", "epochs", "seed", "fold", "val", "class_subset", "rename", "allow_outside")
SETTINGS = frozenset(one.name for one in fields(TrainSettings))
LONGEST = 80
Given = str | os.PathLike[str] | tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Entrant:
    """One that takes part.

    Attributes:
        name: What the table calls it, such as ``fcn8s``, ``fcn8s:width=0.5``, ``runs/a`` or ``runs/a+runs/b``.
        system: Name of the system that is trained; None of runs.
        options: Options of the system and settings of its training, by name.
        runs: The run, or the runs that predict together; empty of a system.
        note: What should be known of its options.
    """

    name: str
    system: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    runs: tuple[Path, ...] = ()
    note: str = ""

    @property
    def slug(self) -> str:
        """The name, fit to be that of a folder; of a long one the end, and a digest of the whole."""
        plain = re.sub(r"[^A-Za-z0-9_.+=,-]+", "-", self.name).strip("-.") or "run"
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return plain if len(plain) <= LONGEST else f"{plain[-LONGEST:].lstrip('-.')}-{digest}"


def entrants_of(given: Sequence[Given], shared: Mapping[str, Any]) -> tuple[Entrant, ...]:
    """All that take part, each with the options that it knows.

    Args:
        given: Names of systems; a name with options of its own, ``("fcn8s", {"width": 0.5})``; folders of runs; or
            several of these, joined by ``+``.
        shared: Options of systems, each for all that know it, and settings of every training.

    Raises:
        UsageError: There is none, one stands twice, none is a system or a run, or an option is known to no one.
    """
    if isinstance(given, str) or not given:
        raise UsageError("a list of systems and runs", repr(given), cure="give two or more")
    found = tuple(_entrant(one, shared) for one in given)
    for what, names in (("name", [one.name for one in found]), ("name of a folder", [one.slug for one in found])):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(f"each {what} once", f"{', '.join(twice)} twice", cure="tell them apart by their options")
    _check_shared(found, shared)
    return found


def _entrant(given: Given, shared: Mapping[str, Any]) -> Entrant:
    name, own = given if isinstance(given, tuple) else (os.fspath(given), {})
    known = every_system()
    if name in known:
        allowed = _allowed(name)
        unknown = sorted(set(own) - allowed)
        if unknown:
            common = [one for one in unknown if one in COMMON]
            cure = f"{', '.join(common)} is the same for all" if common else f"it takes {', '.join(sorted(allowed))}"
            raise UsageError(f"options of {name}", ", ".join(unknown), cure=cure)
        common = {key: value for key, value in shared.items() if key in allowed or key in COMMON}
        words = ",".join(f"{key}={_written(value)}" for key, value in own.items())
        return Entrant(f"{name}:{words}" if words else name, name, {**common, **own})
    runs = tuple(Path(part) for part in name.split("+")) if not Path(name).is_dir() else (Path(name),)
    if not all(run.is_dir() for run in runs):
        listed = f"systems are {', '.join(known)}"
        hint = " Options of one go beside its name: ('fcn8s', {'width': 0.5})." if ":" in name else ""
        cure = did_you_mean(name, known, listed) + hint
        raise UsageError("a system, the folder of a run, or runs joined by +", repr(name), cure=cure)
    if own:
        raise UsageError("options of a system", f"those of the run {name}", cure="a run is measured as it is")
    return Entrant(name, runs=runs)


def _allowed(system: str) -> frozenset[str]:
    """Names that a system of this name takes of its own: its options, and settings that may differ."""
    return (frozenset(options_of(every_system()[system])) | SETTINGS) - frozenset(COMMON)


def _check_shared(found: Sequence[Entrant], shared: Mapping[str, Any]) -> None:
    known = SETTINGS | frozenset[str]().union(*(_allowed(one.system) for one in found if one.system is not None))
    unknown = sorted(set(shared) - known)
    if unknown:
        named = ", ".join(one.name for one in found)
        raise UsageError(
            f"settings, or options that one of {named} has",
            ", ".join(unknown),
            cure=did_you_mean(unknown[0], known, f"known are {', '.join(sorted(known))}"),
        )


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
