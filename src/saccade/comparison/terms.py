"""The terms on which all compete: the same data, the same budget, the same seeds and parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from saccade.comparison.entrant import SETTINGS, Entrant
from saccade.comparison.folder import ComparisonFolder
from saccade.comparison.settings import CompareSettings
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, UsageError
from saccade.data.open import Source, Sources
from saccade.runtime.runs.data_of_run import data_of_run
from saccade.runtime.runs.load import needs_of_run
from saccade.runtime.runs.run_folder import RunFolder
from saccade.systems import every_system
from saccade.training.settings import TrainSettings
from saccade.training.setup.choice.choose import HELD_OUT
from saccade.training.setup.data import Data, open_training_data
from saccade.training.setup.resolved_run import needs_of, split_options


class Part(NamedTuple):
    """One of the trainings that each system has.

    Attributes:
        name: Of its folder; empty where there is one training.
        seed: What its chance is drawn from.
        fold: ``K/N``, or None without folds.
    """

    name: str
    seed: int
    fold: str | None


@dataclass(frozen=True)
class Terms:
    """The terms on which all compete.

    Attributes:
        data: What is learnt from.
        val: What is measured on, as `train` takes it.
        settings: What the user says of the comparison.
        folder: Where everything is kept.
        say: Takes a line for the person who waits.
        shared: Settings of every training.
    """

    data: Sources
    val: Source | float | None
    settings: CompareSettings
    folder: ComparisonFolder
    say: Callable[[str], None]
    shared: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def parts(self) -> tuple[Part, ...]:
        """The trainings of each system."""
        first, count = int(self.shared.get("seed") or 0), self.settings.folds
        seeds = [first + number for number in range(self.settings.seeds)]
        folds = [self.shared.get("fold")] if count is None else [f"{number + 1}/{count}" for number in range(count)]
        found: list[Part] = []
        for seed in seeds:
            for number, fold in enumerate(folds, 1):
                words = [f"seed-{seed}"] * (len(seeds) > 1) + [f"fold-{number}"] * (len(folds) > 1)
                found.append(Part("-".join(words), seed, fold))
        return tuple(found)

    @property
    def device(self) -> str:
        """Where networks learn and are measured."""
        return str(self.shared.get("device", "auto"))

    def options(self, entrant: Entrant, part: Part) -> dict[str, Any]:
        """Settings of one training and options of its system, as `train` takes them."""
        own = {name: value for name, value in entrant.options.items() if name not in ("seed", "fold")}
        return own | self.settings.budget | {"seed": part.seed, "fold": part.fold}

    def opened(self, entrant: Entrant, part: Part) -> Data:
        """The two sides of the data for one training of a system."""
        settings, options = split_options(entrant.system or "", self.options(entrant, part))
        return open_training_data(self.data, self._val, settings, needs_of(entrant.system or "", options))

    def measured_on(self, entrant: Entrant, part: Part) -> Dataset:
        """The pictures that a training, or a run, is measured on.

        Raises:
            ConfigError: There is nothing to measure on.
        """
        if entrant.system is not None:
            found = self.opened(entrant, part).val
            if found is None:
                raise ConfigError("something to measure on", "none", cure="give val=0.2, or folds=5")
            return found
        sides = open_training_data(self.data, self._val, self.common)
        return data_of_run(entrant.runs[0], sides.val if sides.val is not None else sides.train)

    @property
    def common(self) -> TrainSettings:
        """The settings of every training that bear on how data are read."""
        return TrainSettings.from_dict({name: value for name, value in self.shared.items() if name in SETTINGS})

    @property
    def _val(self) -> Source | None:
        return str(self.val) if isinstance(self.val, float | int) else self.val

    def with_val(self, trains: bool) -> "Terms":
        """These terms, a share of the training pictures set apart where nothing else is, and something is trained."""
        if not trains or self.val is not None or self.settings.folds or self.shared.get("fold"):
            return self
        if open_training_data(self.data, None, self.common).val is not None:
            return self
        self.say("note: nothing is set apart to measure on: a fifth of the training pictures is (--val, --folds 5)")
        return replace(self, val=HELD_OUT)


def check_terms(terms: Terms, entrants: tuple[Entrant, ...]) -> None:
    """Refuse entrants that cannot be compared, before anything is trained.

    Raises:
        UsageError: Runs take part where every system is trained once for each fold.
        ConfigError: Systems read different annotations, and no score is named that all have.
    """
    if terms.settings.folds and terms.shared.get("fold"):
        raise UsageError("folds or a fold", "both", cure="leave out one of them")
    if terms.settings.folds and terms.val is not None:
        raise UsageError("folds or something to measure on", "both", cure="leave out one of them")
    runs = [one.name for one in entrants if one.runs]
    if runs and terms.settings.folds:
        raise UsageError(
            "systems alone where there are folds",
            f"{', '.join(runs)}, which may have learnt from the pictures of a fold",
            cure="compare runs on pictures of their own: --val DATA",
        )
    read = {one.name: fields_read(one) for one in entrants}
    if len(set(read.values())) > 1 and terms.settings.score is None:
        listed = "\n    ".join(f"{name} reads {', '.join(sorted(found)) or 'nothing'}" for name, found in read.items())
        raise ConfigError(
            "systems that read the same annotations",
            f"different ones:\n    {listed}",
            cure="compare those of one task, or name the score that all have, such as --score AP50",
        )


def fields_read(entrant: Entrant) -> frozenset[str]:
    """Dotted fields of the truth that an entrant learns from, or has learnt from."""
    if entrant.system is None:
        return frozenset[str]().union(*(needs_of_run(RunFolder.open(run).read_config()) for run in entrant.runs))
    return frozenset(every_system().declared(entrant.system).card.learns_from(entrant.options))
