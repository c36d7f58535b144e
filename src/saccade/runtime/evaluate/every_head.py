"""Scores of the heads that are silent in use as well: of each hourglass of a stack, of an auxiliary classifier."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.metrics.evaluation import Evaluation
from saccade.metrics.sections import Column, Section, Table
from saccade.network.head import Head
from saccade.network.system import System
from saccade.runtime.evaluate.evaluate import measured
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.predictor import Predictor

TITLE = "Every head"
LEAD = "What the heads would reach that are trained and silent in use, each alone; the last row is the prediction's."


def silent_heads(system: System) -> tuple[str, ...]:
    """Names of the silent heads that make predictions by themselves."""
    return tuple(name for name, head in system.each_head() if name in system.silent and _speaks_alone(head))


def with_every_head(found: Evaluation, predictor: Predictor, dataset: Dataset, **how: Any) -> Evaluation:
    """An evaluation, with the scores of each silent head, ``HEAD/SCORE``, and a table of them.

    Each head is put in the place of those that speak, and the network runs again with the same views, so that whatever
    merges and refines predictions does so for it too.

    Args:
        found: What was measured of the network as it is used.
        predictor: The network in use.
        dataset: The pictures.
        **how: Further keywords of `measured`.

    Raises:
        ConfigError: Several networks predict together, or no head is silent.
    """
    if predictor.members is not None:
        raise ConfigError("one network whose heads are measured", "several that predict together", cure="name one run")
    names = silent_heads(predictor.system)
    if not names:
        raise ConfigError(
            "a network with heads that are silent in use", predictor.engine.name, cure="leave --every-head away"
        )
    told = {name: _scores(measured(alone(predictor, name), dataset, **how)) for name in names}
    scores = {f"{name}/{score}": value for name, of_head in told.items() for score, value in of_head.items()}
    section = Section(TITLE, (_table(told, found),))
    return replace(found, scores={**found.scores, **scores}, sections=(*found.sections, section))


def alone(predictor: Predictor, name: str) -> Predictor:
    """The same network in use, its layers shared, of which one head alone speaks."""
    other = copy.copy(predictor)
    engine = engine_of(predictor.system.with_speaking(name))
    other.engine, other.best_seen = replace(engine, joints=predictor.engine.joints), None
    return other


def _speaks_alone(head: Head) -> bool:
    return bool(head.gives) and (head.owns_rows or not any(field.startswith("instances.") for field in head.gives))


def _scores(found: Evaluation) -> dict[str, float | None]:
    """The scores of one head; the losses are those of the whole network."""
    return {name: value for name, value in found.scores.items() if name.split("/")[0] != "loss"}


def _table(told: Mapping[str, Mapping[str, float | None]], found: Evaluation) -> Table:
    """A row a head, a column for each score by which the network is known."""
    own = _scores(found)
    known = [name for name in found.headline_names if name in own] or list(own)
    rows = {**told, "prediction": own}
    columns = tuple(Column(name=name, values=[of.get(name) for of in rows.values()]) for name in known)
    return Table(rows=tuple(rows), columns=columns, lead=LEAD, head="Head", sortable=False, aloud="every head")
