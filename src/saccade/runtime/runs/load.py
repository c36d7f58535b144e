"""A run folder becomes a network in use again."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

from saccade.core.errors import UsageError
from saccade.heads.pixels.refined import Refiner
from saccade.network.system import System
from saccade.runtime.device import dtype_of_run, moved_to_device, pick_device
from saccade.runtime.predict.engine import engine_of
from saccade.runtime.predict.ensemble.members import ensemble
from saccade.runtime.predict.ensemble.rules import Merge
from saccade.runtime.predict.multi_scale_flip import ViewOptions
from saccade.runtime.predict.persons.finders import finder_of
from saccade.runtime.predict.persons.pose_of_each import pose_of_each
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.refine.engine import refined_engine
from saccade.runtime.predict.refine.table import At
from saccade.runtime.predict.refine.tuned import refiner_of
from saccade.runtime.runs.network_of_run import network_of_run, trained_in
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.runs.run_regions import with_run_search
from saccade.safe_io.limits import MAX_PIXELS
from saccade.systems import every_system
from saccade.systems.classify.densely import densely


class UseOptions(ViewOptions, total=False):
    """Keywords by which a user says in which views networks are shown pictures, how several agree, what refines."""

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
    precision: str | None = None,
    search: str | None = None,
    keep_scores: bool = False,
    dense: bool = False,
    max_pixels: int = MAX_PIXELS,
    **seen: Unpack[UseOptions],
) -> Predictor:
    """The network of a run, ready for use; of several runs, all of them as one.

    Args:
        path: The run's folder, or those of several runs, whose predictions are merged
            (`runtime.predict.ensemble.members`).
        system: The network to take the run's weights, where it was not built by name.
        which: ``best`` or ``last`` checkpoint; without a best one the last is taken.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        precision: ``32``, ``bf16``, ``16``, or None for that of the training: bf16 stays bf16, all else is fp32.
        search: Where regions come from in place of the training's search: the name of one, a file of
            ``saccade propose``, or the folder of a run that proposes; for systems that do not propose regions
            themselves.
        keep_scores: Whether predictions hold the scores of all classes at every pixel (see `Predictor`).
        dense: Whether a classifier answers for every place of whole pictures and says the average
            (`systems.classify.densely`), in place of seeing their centre.
        max_pixels: Pixels that a picture may have, where it is shown in tiles (see `Predictor`).
        seen: Which views each picture is shown in: ``scales``, ``flip``, ``tile``, ``overlap``, ``crops`` (see
            `Predictor`); and of several runs ``merge``, by which their predictions become one: ``mean`` of the scores
            (where nothing is said), ``max`` or ``product``. ``refine``, what makes the scores of pixels better: a
            name of `runtime.predict.refine.table.REFINEMENTS`, such as ``crf``, or a function of probabilities (C, H,
            W) and picture (K, H, W) on the scale 0..255; with ``refine_at``, ``picture`` (where nothing is said) or
            ``network``, and ``refine_with``, parameters by name, in place of those that `saccade tune-crf` found for
            the run, or the defaults. Of several runs each is refined by itself. ``persons``, of a network of one
            person's pose: where the persons of a picture are, whose poses are its objects then (see `finder_of`), and
            ``person_class``, the class that they have there.

    Returns:
        The predictor; `system` itself is left as it was.

    Raises:
        ConfigError: There is no run, or its network and `system` do not fit together.
        DataError: The checkpoint is missing or damaged.
        UsageError: There is no such search or refinement, or the system seeks no regions; or `merge` is said of one
            run, or `max_pixels` or `persons` of several.
    """
    merge, persons, person = seen.pop("merge", None), seen.pop("persons", None), seen.pop("person_class", None)
    finder = finder_of(persons, person, lambda run: load(run, device=device))
    if finder is not None and (max_pixels > MAX_PIXELS or not isinstance(path, str | os.PathLike)):
        found = "very large pictures" if isinstance(path, str | os.PathLike) else "several"
        raise UsageError("one run, of pictures that are decoded whole, with persons", found)
    if not isinstance(path, str | os.PathLike):
        if max_pixels > MAX_PIXELS:
            raise UsageError("one run for very large pictures", "several", cure="predict them by each run alone")
        use = {"which": which, "device": device, "precision": precision, "search": search, "dense": dense, **seen}
        return _loaded_together(path, system, merge, keep_scores, use)
    if merge is not None:
        raise UsageError("several runs to merge", "one", cure="name a second with --with RUN; load([run, other])")
    refine, at, changes = seen.pop("refine", None), seen.pop("refine_at", "picture"), seen.pop("refine_with", None)
    folder = RunFolder.open(path)
    config = folder.read_config()
    network = with_run_search(network_of_run(folder, config, system, which, search), device)
    if dense:
        network = densely(network)
    place = pick_device(device)
    engine = engine_of(moved_to_device(network, place, dtype_of_run(precision, trained_in(config), place)))
    if refine is not None:
        engine = refined_engine(engine, refiner_of(refine, changes, at, folder), at)
    predictor = Predictor(engine, keep_scores=keep_scores, max_pixels=max_pixels, **seen)
    return predictor if finder is None else pose_of_each(predictor, finder)


def _loaded_together(
    paths: Sequence[str | Path], system: System | None, merge: Merge | None, keep_scores: bool, use: Mapping[str, Any]
) -> Predictor:
    if system is not None:
        raise UsageError(
            "runs of systems that names build", "a system beside them", cure="use ensemble() on predictors"
        )
    return ensemble([load(path, **use) for path in paths], merge or "mean", keep_scores=keep_scores)


def needs_of_run(config: Mapping[str, Any]) -> frozenset[str]:
    """Dotted fields that a run's system learns from, as its ``config.yaml`` names it; none of one built by hand."""
    origin: Mapping[str, Any] = config.get("system") or {}
    known = every_system().get(str(origin.get("name")))
    return frozenset() if known is None else frozenset(known.card.learns_from(origin.get("options") or {}))
