"""A run folder becomes a network in use again."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Unpack

from saccade.core.errors import UsageError
from saccade.heads.pixels.refined import Refiner
from saccade.network.system import System
from saccade.runtime.device import dtype_of_run, moved_to_device, pick_device
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.ensemble.members import ensemble
from saccade.runtime.predict.ensemble.rules import Merge
from saccade.runtime.predict.persons.finders import finder_of
from saccade.runtime.predict.persons.pose_of_each import pose_of_each
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.refine.engine import refined_engine
from saccade.runtime.predict.refine.table import At
from saccade.runtime.predict.refine.tuned import refiner_of
from saccade.runtime.predict.views.multi_scale_flip import ViewOptions
from saccade.runtime.runs.joints_of_run import joints_of
from saccade.runtime.runs.network_of_run import network_of_run, trained_in
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.runs.run_regions import with_run_search
from saccade.runtime.runs.threshold_of_run import threshold_of
from saccade.safe_io.limits import MAX_PIXELS
from saccade.systems import every_system
from saccade.systems.classify.densely import densely


class UseOptions(ViewOptions, total=False):
    """Keywords by which a user says how a network is used, in which views it is shown pictures, and what betters them.

    Attributes:
        scales, flip, tile, overlap, crops: Which views each picture is shown in; see `Predictor`.
        precision: ``32``, ``bf16``, ``16``, or None for that of the training: bf16 stays bf16, all else is fp32.
        search: Where regions come from in place of the training's search: the name of one, a file of
            ``saccade propose``, or the folder of a run that proposes; for systems that do not propose regions
            themselves.
        dense: Whether a classifier answers for every place of whole pictures and says the average
            (`systems.classify.densely`), in place of seeing their centre.
        keep_scores: Whether predictions hold the scores of all classes at every pixel (see `Predictor`).
        max_pixels: Pixels that a picture may have, where it is shown in tiles (see `Predictor`).
        merge: By which the predictions of several runs become one: ``mean`` of the scores (where nothing is said),
            ``max`` or ``product``.
        refine: What makes the scores of pixels better: a name of `runtime.predict.refine.table.REFINEMENTS`, such as
            ``crf``, or a function of probabilities (C, H, W) and picture (K, H, W) on the scale 0..255. Of several runs
            each is refined by itself.
        refine_at: ``picture`` (where nothing is said) or ``network``: whose pixels are refined.
        refine_with: Parameters by name, in place of those that `saccade tune-crf` found for the run, or the defaults.
        persons: Of a network of one person's pose: where the persons of a picture are, whose poses are its objects
            then (see `finder_of`).
        person_class: The class that they have there.
    """

    precision: str | None
    search: str | None
    dense: bool
    keep_scores: bool
    max_pixels: int
    merge: Merge | None
    refine: str | Refiner | None
    refine_at: At
    refine_with: Mapping[str, Any] | None
    persons: str | Path | Predictor | None
    person_class: str | None


def load(
    path: str | Path | Sequence[str | Path],
    system: System | None = None,
    which: Literal["best", "last"] = "best",
    device: str = "auto",
    **use: Unpack[UseOptions],
) -> Predictor:
    """The network of a run, ready for use; of several runs, all of them as one.

    Args:
        path: The run's folder, or those of several runs, whose predictions are merged
            (`runtime.predict.ensemble.members`).
        system: The network to take the run's weights, where it was not built by name.
        which: ``best`` or ``last`` checkpoint; without a best one the last is taken.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        use: Anything of `UseOptions`.

    Returns:
        The predictor, whose system is in evaluation mode; `system` itself is left as it was.

    Raises:
        ConfigError: There is no run, or its network and `system` do not fit together.
        DataError: The checkpoint is missing or damaged.
        UsageError: There is no such search or refinement, or the system seeks no regions; or `merge` is said of one
            run, or `max_pixels` or `persons` of several.
    """
    alone = isinstance(path, str | os.PathLike)
    merge, persons, person = use.pop("merge", None), use.pop("persons", None), use.pop("person_class", None)
    finder = finder_of(persons, person, lambda run: load(run, device=device))
    very_large = use.get("max_pixels", MAX_PIXELS) > MAX_PIXELS
    if finder is not None and (very_large or not alone):
        found = "very large pictures" if alone else "several"
        raise UsageError("one run, of pictures that are decoded whole, with persons", found)
    if not alone:
        if very_large:
            raise UsageError("one run for very large pictures", "several", cure="predict them by each run alone")
        return _loaded_together(path, system, merge, {"which": which, "device": device, **use})
    if merge is not None:
        raise UsageError("several runs to merge", "one", cure="name a second with --with RUN; load([run, other])")
    predictor = _loaded_alone(path, system, which, device, use)
    return predictor if finder is None else pose_of_each(predictor, finder)


def _loaded_alone(
    path: str | Path, system: System | None, which: Literal["best", "last"], device: str, use: UseOptions
) -> Predictor:
    folder = RunFolder.open(path)
    config = folder.read_config()
    network = with_run_search(network_of_run(folder, config, system, which, use.pop("search", None)), device)
    if use.pop("dense", False):
        network = densely(network)
    place = pick_device(device)
    precision = dtype_of_run(use.pop("precision", None), trained_in(config), place)
    engine = engine_of(moved_to_device(network, place, precision).eval())
    engine = replace(engine, drawn_from=threshold_of(folder), joints=joints_of(config) or engine.joints)
    refine, at, changes = use.pop("refine", None), use.pop("refine_at", "picture"), use.pop("refine_with", None)
    if refine is not None:
        engine = refined_engine(engine, refiner_of(refine, changes, at, folder), at)
    return Predictor(engine, **use)


def _loaded_together(
    paths: Sequence[str | Path], system: System | None, merge: Merge | None, use: dict[str, Any]
) -> Predictor:
    if system is not None:
        raise UsageError(
            "runs of systems that names build", "a system beside them", cure="use ensemble() on predictors"
        )
    keep_scores = use.pop("keep_scores", False)
    return ensemble([load(path, **use) for path in paths], merge or "mean", keep_scores=keep_scores)


def needs_of_run(config: Mapping[str, Any]) -> frozenset[str]:
    """Dotted fields that a run's system learns from, as its ``config.yaml`` names it; none of one built by hand."""
    origin: Mapping[str, Any] = config.get("system") or {}
    known = every_system().get(str(origin.get("name")))
    return frozenset() if known is None else frozenset(known.card.learns_from(origin.get("options") or {}))
