"""Training from end to end: a system and pictures in, a run folder out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from saccade.core.errors import UsageError
from saccade.data.open import Source, Sources
from saccade.metrics.metric import Metric
from saccade.network.system import System
from saccade.runtime.runs.checkpoint import load_weights
from saccade.training.callback import Callback
from saccade.training.loop.run_worker import run_worker
from saccade.training.parallel.processes import in_processes, is_worker
from saccade.training.run import Run
from saccade.training.setup.choice.choose import chosen
from saccade.training.setup.resolved_run import ResolvedRun, prepare


def train(
    what: str | Path | System | None = None,
    data: Sources | None = None,
    out: str | Path | None = None,
    *,
    val: Source | float | None = None,
    metrics: Sequence[Metric] = (),
    callbacks: Sequence[Callback] = (),
    resume: bool = False,
    task: str | None = None,
    **options: Any,
) -> Run:
    """Train a system.

    Args:
        what: A system's name, a built `System`, or the folder of a run whose weights are the beginning. None: a system
            is chosen for the data, and why, and the command that spells it out, is said.
        data: A folder, a URI such as ``scenes:count=500``, a `Dataset`, or a list of these, whose classes are united.
        out: Folder of the run; ``runs/NAME-1`` and so on by default.
        val: What to validate on: a split's name, a share of the training pictures such as 0.2, data like `data`, or
            None for the split ``val`` where there is one.
        metrics: Further metrics; their scores join the others.
        callbacks: What is called after each step and epoch.
        resume: Whether a run that is in `out` goes on; with nothing there it begins.
        task: What a system is chosen for: ``detect``, ``classify``, ``multilabel``, ``localize``, ``segment``,
            ``segment_several`` (several classes a pixel), ``contours``, ``pose``, ``keypoints``, or what is annotated.
        **options: Fields of `TrainSettings`, and options of the system where it is given by name.

    Returns:
        The run's folder and its best scores.

    Raises:
        UsageError: An option is unknown or malformed.
        ConfigError: System, data and settings do not fit, or `out` is taken.
        DataError: The data has a defect.
        NotFiniteError: A loss or gradient was not finite.
        ResourceError: Disk or memory ran out.
        Interrupted: A signal asked for a stop; the state was saved.
    """
    if data is None:
        raise UsageError("data to train on", "none", cure="give data=FOLDER, or data='scenes'")
    if what is None:
        what, options, val = _chosen(data, val, task, options, resume)
    elif task is not None:
        raise UsageError("a task, or a system by name", "both", cure="leave out one of them")
    prepared = prepare(what, data, out, val, options, resume)
    return _trained(replace(prepared, metrics=tuple(metrics), callbacks=tuple(callbacks)))


def _trained(resolved_run: ResolvedRun) -> Run:
    """The run, trained in this process, or in one a device."""
    if resolved_run.settings.devices > 1 and not is_worker():
        run = in_processes(resolved_run.settings.devices, run_worker, resolved_run)
        resolved_run.system.load_state_dict(load_weights(run.path))  # as it stands after a training in this process
        return run
    return run_worker(resolved_run)


def _chosen(
    data: Sources, val: Source | float | None, task: str | None, options: Mapping[str, Any], resume: bool
) -> tuple[str, dict[str, Any], Source | None]:
    """A system for data, the options that it and its training get, and what is validated on."""
    said = {} if val is None else {"val": str(val) if isinstance(val, float | int) else val}
    choice = chosen(data, task, {**options, **said}, resume)
    return choice.system, choice.options, choice.options.pop("val", None)
