"""What a search seeks of a system: learning rate, side of the input, trunk; what the user said of it stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saccade.comparison.entrant import Entrant
from saccade.systems import every_system
from saccade.systems.build import options_of
from saccade.training.setup.plan import resolve_recipe
from saccade.training.setup.resolved_run import ResolvedRun

RATES = (0.1, 10.0)  # factors of the learning rate
SIDES = (0.5, 0.75, 1.0, 1.25)  # factors of the side of the input, rounded to
MULTIPLE, LEAST = 32, 32
# Light trunks that systems on any trunk take; one whose weights come with its package begins with them.
TRUNKS: dict[str, dict[str, Any]] = {
    "efficientnet_lite0": {"pretrained": True},
    "resnet18": {},
    "mobilenetv3_small_100": {},
}
OWN = "own"


@dataclass(frozen=True)
class Space:
    """What is sought; what the user said of a system is not.

    Attributes:
        lr: The system's own learning rate, factors of which are sought; None where it is not.
        sizes: Sides of the input to choose from, its own first; empty where it is not sought.
        trunks: Names of trunks to choose from, ``own`` first; empty where they are not sought.
        given: Names of options that the user said.
    """

    lr: float | None
    sizes: tuple[int, ...]
    trunks: tuple[str, ...]
    given: frozenset[str]

    @property
    def first(self) -> dict[str, Any]:
        """The system as it is."""
        rate = {} if self.lr is None else {"rate": 1.0}
        return {**rate, **{name: values[0] for name, values in self._lists.items()}}

    @property
    def _lists(self) -> dict[str, list[Any]]:
        return {name: list(values) for name, values in (("size", self.sizes), ("trunk", self.trunks)) if values}

    def propose(self, trial: Any) -> dict[str, Any]:
        """The values that a trial of optuna proposes."""
        rate = {} if self.lr is None else {"rate": trial.suggest_float("rate", *RATES, log=True)}
        return {**rate, **{name: trial.suggest_categorical(name, values) for name, values in self._lists.items()}}

    def options(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What values mean, as options of the system and settings of its training; nothing of the system as it is."""
        found: dict[str, Any] = {}
        if self.lr is not None and values["rate"] != 1.0:
            found["lr"] = float(f"{self.lr * values['rate']:.4g}")
        if self.sizes and values["size"] != self.sizes[0]:
            found["size"] = values["size"]
        if self.trunks and values["trunk"] != OWN:
            known = TRUNKS.get(values["trunk"], {}).items()
            found |= {"trunk": values["trunk"], **{name: value for name, value in known if name not in self.given}}
        return found


def space_of(entrant: Entrant, job: ResolvedRun, trunks: tuple[str, ...]) -> Space:
    """What is sought of a system.

    Args:
        entrant: The system, with the options that the user said.
        job: Its training, settled.
        trunks: Trunks that the user wants tried; empty for a few light ones.
    """
    given = frozenset(entrant.options)
    recipe = resolve_recipe(job.recipe, job.settings, job.settings.batch or job.recipe.batch)
    sizes: tuple[int, ...] = ()
    side = None if job.system.input.size is None else max(job.system.input.size)
    if side is not None and "size" not in given:
        rounded = (max(round(side * factor / MULTIPLE) * MULTIPLE, LEAST) for factor in SIDES)
        sizes = (side, *(one for one in dict.fromkeys(rounded) if one != side))
    takes = entrant.system is not None and "trunk" in options_of(every_system()[entrant.system])
    wanted = (OWN, *(trunks or TRUNKS)) if takes and "trunk" not in given else ()
    return Space(None if "lr" in given else recipe.lr, sizes if len(sizes) > 1 else (), wanted, given)
