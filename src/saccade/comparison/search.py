"""Learning rate, size and trunk of a system, sought before its training; losers are stopped early.

A fifth of the training pictures is set apart for the search, so that the pictures which decide between systems take no
part in it. Each trial trains anew on three rungs, a twenty-seventh, a ninth and a third of the budget; after each of
the first two the better third goes on (successive halving: Jamieson, Talwalkar 2016, arXiv 1502.07943; asynchronously:
Li et al. 2020, arXiv 1810.05934). Values are proposed by tree-structured Parzen estimators (Bergstra et al. 2011). The
first trial is the system as it is. The same seed gives the same search, also when it was broken off and taken up again:
each proposal is a function of the seed and of the trials before it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from saccade.comparison.entrant import Entrant
from saccade.comparison.search_space import space_of
from saccade.comparison.terms import Terms
from saccade.core.errors import SaccadeError, UsageError
from saccade.metrics.scores import score_of
from saccade.safe_io.documents.plain import to_json
from saccade.training.setup.resolved_run import prepare
from saccade.training.train import train

FOLD = "1/5"
RUNGS = (1 / 27, 1 / 9, 1 / 3)
REDUCTION = 3


def searched(entrant: Entrant, terms: Terms) -> Entrant:
    """The entrant with the best options that were found; one that is a run, or is not trained, stays as it is.

    Raises:
        UsageError: optuna is not installed.
        Interrupted: A signal asked for a stop; what was found is kept.
    """
    if entrant.system is None or terms.settings.only_measure:
        return entrant
    optuna = package()
    try:
        search = Search(entrant, terms)
    except SaccadeError:
        return entrant  # what keeps it from being built is said when its turn comes
    study = search.study(optuna)
    for stale in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(stale.number, state=optuna.trial.TrialState.FAIL)
        study.enqueue_trial(stale.params)
    while (done := _done(study, optuna)) < terms.settings.search:
        study.sampler = optuna.samplers.TPESampler(
            seed=search.seed * 1000 + done, n_startup_trials=max(terms.settings.search // 3, 2)
        )
        search.run(study, study.ask(), optuna)
    ended = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    if not ended:
        terms.say(f"{entrant.name}: no trial of the search came to its end; it is trained as it is")
        return entrant
    found = search.space.options(study.best_trial.params)
    told = ", ".join(f"{name}={value}" for name, value in found.items()) or "nothing better than it is"
    terms.say(f"{entrant.name}: the search found {told}")
    return replace(entrant, options={**entrant.options, **found}, note=f"searched: {told}")


def package() -> Any:
    """Optuna.

    Raises:
        UsageError: It is not installed.
    """
    try:
        return import_module("optuna")
    except ImportError as error:
        raise UsageError(
            "optuna to be installed, for a search", f"that it is not: {error}", cure="pip install saccade[search]"
        ) from error


def _done(study: Any, optuna: Any) -> int:
    """Trials that are over, those that failed by themselves among them, not those that were broken off."""
    state = optuna.trial.TrialState
    over = study.get_trials(states=(state.COMPLETE, state.PRUNED, state.FAIL), deepcopy=False)
    return sum(one.state != state.FAIL or "error" in one.user_attrs for one in over)


class Search:
    """The search of one system.

    Args:
        entrant: The system.
        terms: The data and the budget.
    """

    def __init__(self, entrant: Entrant, terms: Terms) -> None:
        self.entrant, self.terms = entrant, terms
        part = terms.parts[0]
        own = ("val", "class_subset", "rename", "fold")  # the pictures below have had all this
        self.options = {name: value for name, value in terms.options(entrant, part).items() if name not in own}
        self.seed, self.pictures = part.seed, terms.opened(entrant, part).train
        self.job = prepare(entrant.system or "", self.pictures, "unused", None, {**self.options, "fold": FOLD})
        self.space = space_of(entrant, self.job, terms.settings.search_trunks)
        self.folder = terms.folder.path / "search" / entrant.slug

    def study(self, optuna: Any) -> Any:
        """The study, taken up where it stood; a journal in the comparison's folder holds it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        journal = optuna.storages.journal.JournalFileBackend(str(self.folder / "journal.log"))
        study = optuna.create_study(
            storage=optuna.storages.JournalStorage(journal),
            study_name=self.entrant.slug,
            direction="maximize",
            pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION),
            load_if_exists=True,
        )
        if not study.get_trials(deepcopy=False):
            study.enqueue_trial(self.space.first)
        return study

    def run(self, study: Any, trial: Any, optuna: Any) -> None:
        """One trial: its rungs, until it loses, fails or has come to its end."""
        state, values = optuna.trial.TrialState, self.space.propose(trial)
        found = self.space.options(values)
        told = ", ".join(f"{name}={value}" for name, value in found.items()) or "as it is"
        self.terms.say(f"{self.entrant.name}, trial {trial.number}: {told}")
        score = 0.0
        for number, share in enumerate(RUNGS):
            try:
                score = self._scored(found, number, share)
            except SaccadeError as error:
                trial.set_user_attr("error", str(error))
                self.terms.say(f"trial {trial.number} failed: {error}")
                study.tell(trial, state=state.FAIL)
                return
            trial.report(score, REDUCTION**number)
            if number + 1 < len(RUNGS) and trial.should_prune():
                study.tell(trial, state=state.PRUNED)
                return
        study.tell(trial, score)

    def _scored(self, found: Mapping[str, Any], rung: int, share: float) -> float:
        """The validation score of a training on one rung, turned so that more is better."""
        key = hashlib.sha256(to_json(dict(sorted(found.items()))).encode()).hexdigest()[:10]
        options: dict[str, Any] = {**self.options, **found, **self._budget(share), "fold": FOLD}
        out = self.folder / key / f"rung-{rung + 1}"
        scores = train(self.entrant.system or "", self.pictures, out, resume=True, **options).scores
        name = self._deciding(scores)
        value = scores.get(name)
        if value is None:
            return float("-inf")
        return value if score_of(name).higher_is_better else -value

    def _budget(self, share: float) -> dict[str, float | int]:
        return {
            name: value * share if name == "minutes" else max(round(value * share), 1)
            for name, value in self.terms.settings.budget.items()
        }

    def _deciding(self, scores: Mapping[str, float | None]) -> str:
        """The score that decides: as was said, else what the system's best checkpoint is chosen by, losses apart."""
        own = self.job.recipe.best.removeprefix("-")
        told = [name for name in scores if name != "loss" and "/" not in name]
        return self.terms.settings.score or (own if own in told else next(iter(told), own))
