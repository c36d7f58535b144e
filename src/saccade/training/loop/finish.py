"""The end of a training: scores of the best weights, a report, and what to type next."""

from pathlib import Path

from saccade.runtime.evaluate.report import report
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.checkpoint_links import follow
from saccade.runtime.runs.run_folder import RunFolder
from saccade.safe_io.writing.manifest import read_manifest
from saccade.training.loop.loop import Loop
from saccade.training.loop.signals import Signals
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
    scores: dict[str, float | None] = {}
    if loop.validator is not None:
        known = loop.validator.evaluation if loop.validated_best else None
        scores = loop.validator(train_state, Signals()) if known is None else dict(known.scores)
    if fabric.is_global_zero:
        loop.log.close()
        predictor = Predictor(train_state.system.freeze(()), train_state.precision, str(fabric.device))
        found = (loop.validator.evaluation, loop.validator.features) if loop.validator else (None, None)
        page = report(folder, predictor, resolved_run.data.val, *found)
        for line in farewell(resolved_run.out, page, scores):
            loop.log.say(line)
    fabric.barrier()
    return Run(resolved_run.out, loop.progress.step, scores)


def best_scores(folder: RunFolder) -> dict[str, float | None]:
    """The validation scores that were kept with the best checkpoint, or with the last where none is best."""
    best = folder.checkpoints / "best"
    return dict(read_manifest(follow(best if best.exists() else folder.checkpoints / "last"))["facts"]["scores"])


def farewell(out: Path, page: Path, scores: dict[str, float | None]) -> list[str]:
    """Where the results are, and what to type next."""
    shown = "  ".join(f"{name} {value:.4f}" for name, value in scores.items() if value is not None and "/" not in name)
    return [
        *([f"best checkpoint: {shown}"] if shown else []),
        f"run:      {out}",
        f"report:   {page}",
        f"next:     saccade evaluate {out}",
        f"          saccade predict {out} PICTURES --out {out}/predictions",
    ]
