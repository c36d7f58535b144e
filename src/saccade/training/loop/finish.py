"""The end of a training: scores of the best weights, a report, and what to type next."""

from pathlib import Path

from saccade.runtime.evaluate.report import report
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.checkpoint_links import follow
from saccade.runtime.runs.run_folder import RunFolder
from saccade.runtime.runs.threshold_of_run import keep_threshold
from saccade.safe_io.writing.manifest import read_manifest
from saccade.training.loop.loop import Loop
from saccade.training.run import Run
from saccade.training.setup.resolved_run import ResolvedRun


def finish(resolved_run: ResolvedRun, loop: Loop, folder: RunFolder) -> Run:
    """Measure the best checkpoint where others were measured after it, write the report and say where everything is.

    Raises:
        Interrupted: A signal asked for a stop; the report is made when the run is taken up again.
    """
    if loop.train_state.fabric.world_size > 1:
        return _finish(resolved_run, loop, folder)
    with loop.signals.at_once():
        return _finish(resolved_run, loop, folder)


def _finish(resolved_run: ResolvedRun, loop: Loop, folder: RunFolder) -> Run:
    train_state, fabric = loop.train_state, loop.train_state.fabric
    fabric.barrier()  # the first process has written the last checkpoint
    name = "best" if (folder.checkpoints / "best").exists() else "last"
    train_state.system.load_state_dict(checkpoint.read(folder.checkpoints / name, training=False).model)
    measuring = loop.measuring
    found = None if measuring is None else measuring.finish(train_state, loop.validated_best)
    if fabric.is_global_zero:
        drawn = None
        if measuring is not None and found is not None:
            loop.log.say(measuring.summary(found))
            drawn = measuring.drawn()
        loop.log.close()
        predictor = Predictor(train_state.system.freeze(()), train_state.precision, str(fabric.device))
        shown = (None, None) if measuring is None else (measuring.validator.measured, measuring.validator.features)
        keep_threshold(folder, found)
        page = report(folder, predictor, shown[0], found, shown[1], drawn)
        for line in farewell(resolved_run.out, page, resolved_run.system.origin is not None):
            loop.log.say(line)
    fabric.barrier()
    return Run(resolved_run.out, loop.progress.step, {} if found is None else dict(found.scores))


def best_scores(folder: RunFolder) -> dict[str, float | None]:
    """The validation scores that were kept with the best checkpoint, or with the last where none is best."""
    best = folder.checkpoints / "best"
    return dict(read_manifest(follow(best if best.exists() else folder.checkpoints / "last"))["facts"]["scores"])


def farewell(out: Path, page: Path, by_name: bool = True) -> list[str]:
    """Where the results are, and what to type next.

    Args:
        out: The run's folder.
        page: Its report.
        by_name: Whether a name builds the system; one that was built by hand is no command's to build again.
    """
    places = [f"run:      {out}", f"report:   {page}"]
    if not by_name:
        return [
            *places,
            f"next:     predictor = saccade.load({str(out)!r}, system=...), a system built by hand in the same way",
            "          saccade.evaluate(predictor, data); predictor(pictures)",
        ]
    return [
        *places,
        f"next:     saccade evaluate {out}",
        f"          saccade predict {out} PICTURES --out {out}/predictions",
    ]
