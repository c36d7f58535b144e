"""What each process of a training does: set up, train, measure, report."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch

from saccade.core.errors import ConfigError
from saccade.data.augment.check import check_augmentation
from saccade.data.augment.choice import parse_augment
from saccade.runtime.memory import hold_memory
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.feed.input_pipeline import InputPipeline
from saccade.training.feed.skip_list import SkipList
from saccade.training.loop.checkpointer import Checkpointer
from saccade.training.loop.evaluation_budget import EvaluationBudget
from saccade.training.loop.failed_start import nothing_left
from saccade.training.loop.finish import best_scores, finish
from saccade.training.loop.log import Log
from saccade.training.loop.loop import Loop
from saccade.training.loop.measuring import Measuring
from saccade.training.loop.pace import Pace
from saccade.training.loop.progress import Progress
from saccade.training.loop.signals import Signals
from saccade.training.loop.validation import Validator
from saccade.training.parallel.fabric import Fabric
from saccade.training.parallel.machine import make_fabric, repeatable, share_threads
from saccade.training.parallel.processes import is_restart, is_worker
from saccade.training.run import Run
from saccade.training.setup.checks.preflight import (
    check_before_step_0,
    check_best,
    check_data,
    tell_mirrored_joints,
)
from saccade.training.setup.checks.unreadable import without_unreadable
from saccade.training.setup.plan import Plan
from saccade.training.setup.resolved_run import ResolvedRun
from saccade.training.setup.run_config import check_same, run_config, vocabularies_of_run
from saccade.training.setup.truth_record import write_truth
from saccade.training.step.loss_balance import weigh_heads
from saccade.training.step.train_state import TrainState


def run_worker(resolved_run: ResolvedRun) -> Run:
    """Train, as the only process or as one of those that train together.

    Raises:
        ConfigError: The folder is taken, or the data cannot teach the system.
        DataError: The data has a defect.
        NotFiniteError: A loss or gradient was not finite.
        ResourceError: Disk or memory ran out.
        Interrupted: A signal asked for a stop; the state was saved.
    """
    with ExitStack() as stack:
        signals = stack.enter_context(Signals(led=is_worker()))
        with signals.at_once():
            fabric = make_fabric(resolved_run.settings)
            hold_memory()
            stack.enter_context(repeatable(fabric.device, resolved_run.settings.deterministic))
            resolved_run = _placed(resolved_run, fabric)
            folder = RunFolder(resolved_run.out)
            if fabric.is_global_zero:
                folder = stack.enter_context(RunFolder.create(resolved_run.out, resolved_run.resume))
                stack.enter_context(nothing_left(folder))
            fabric.barrier()
            begun = _begin(resolved_run, folder, fabric)
            progress = _progress(begun, resolved_run.settings.threads or share_threads(fabric.world_size))
            log = Log(folder, fabric.is_global_zero, progress)
            stack.callback(log.close)
            if progress.finished and folder.report.is_file():
                log.say(f"{resolved_run.out} is finished, at step {progress.step}: there is nothing to go on with")
                return Run(resolved_run.out, progress.step, best_scores(folder))
            resolved_run = _readable(resolved_run, folder, begun is None, log)
            loop = _assemble(resolved_run, fabric, signals, log, progress)
            if begun is not None:
                loop.train_state.restore(begun.model, begun.training)
                loop.checkpointer.take_up(begun)
                log.say(f"resumed {resolved_run.out} at step {progress.step}, epoch {progress.epoch}")
        loop.run()
        return finish(resolved_run, loop, folder)


def _placed(resolved_run: ResolvedRun, fabric: Fabric) -> ResolvedRun:
    """The job in the first process's folder; one that a launcher has started again goes on with its run.

    Raises:
        ConfigError: It was started again though it had not taken a step: what failed then fails again.
    """
    resolved_run = replace(resolved_run, out=Path(fabric.broadcast(str(resolved_run.out))))
    if not is_restart():
        return resolved_run
    if not MetricsLog(RunFolder(resolved_run.out).metrics).read():
        raise ConfigError(
            "a run that had begun after a restart",
            "one that failed before its first step",
            path=resolved_run.out,
            cure="mend what the first attempt said: it is not tried again",
        )
    return replace(resolved_run, resume=True)


def _begin(resolved_run: ResolvedRun, folder: RunFolder, fabric: Fabric) -> checkpoint.Checkpoint | None:
    """The checkpoint to go on from, after a check that nothing has changed; None at a beginning."""
    found = folder.config.is_file()
    fabric.barrier()  # all have looked before the first process writes
    if found:
        check_same(folder, run_config(resolved_run, fabric.device), resolved_run.data, fabric.print)
        return checkpoint.newest(folder.checkpoints, fabric.print)
    if fabric.is_global_zero:
        folder.write_classes(vocabularies_of_run(resolved_run).main)
        folder.write_config(run_config(resolved_run, fabric.device))
        write_truth(folder, resolved_run.data)
    return None


def _progress(begun: checkpoint.Checkpoint | None, threads: int) -> Progress:
    """Where the training stands, with as many threads as it began with: sums of floats depend on their number."""
    progress = Progress(threads=threads) if begun is None else Progress(**begun.facts["progress"])
    torch.set_num_threads(progress.threads)
    return progress


def _readable(resolved_run: ResolvedRun, folder: RunFolder, begins: bool, log: Log) -> ResolvedRun:
    """The training less the pictures that cannot be read; each process looks, and the first one tells."""
    skips = SkipList(folder.skipped, log.say, log.speaks)
    data = without_unreadable(resolved_run.data, resolved_run.settings.on_bad, skips, begins, log.say)
    return replace(resolved_run, data=data)


def _assemble(resolved_run: ResolvedRun, fabric: Fabric, signals: Signals, log: Log, progress: Progress) -> Loop:
    """All parts of the loop, after the checks that must come before step 0."""
    check_data(resolved_run.data)
    check_augmentation(parse_augment(resolved_run.settings.augment), resolved_run.system.input, resolved_run.data.train)
    pipeline = InputPipeline.of(resolved_run, fabric, log.say, progress.pictures)
    recipe, progress.pictures = pipeline.plan.recipe, pipeline.plan.settings.batch or 1
    check_before_step_0(resolved_run.system, resolved_run.data, recipe.stages, progress.pictures, log.say)
    tell_mirrored_joints(resolved_run.system, resolved_run.data, recipe.augmentation, log.say)
    pipeline.pixel_loss(resolved_run.system)
    pipeline.balance(resolved_run.system)
    loss_weights = str(resolved_run.settings.loss_weights)
    weigh_heads(resolved_run.system, loss_weights)
    settings = resolved_run.settings
    train_state = TrainState(
        resolved_run.system, recipe, fabric, settings.seed, loss_weights, teacher=resolved_run.teacher
    )
    validator = None if resolved_run.data.val is None else Validator(resolved_run.data.val, resolved_run, pipeline)
    if resolved_run.settings.best is not None:
        check_best(resolved_run.settings.best, ["loss"] if validator is None else validator.names(train_state))
    measuring = None if validator is None else _measuring(validator, pipeline.plan, log, progress)
    checkpointer = Checkpointer(resolved_run.out, resolved_run.settings.save_every, fabric.global_rank)
    return Loop(
        train_state,
        pipeline.plan,
        pipeline.batch_source,
        measuring,
        checkpointer,
        log,
        signals,
        progress,
        (*resolved_run.callbacks, Pace(pipeline.plan, resolved_run.system.input, log.say)),
    )


def _measuring(validator: Validator, plan: Plan, log: Log, progress: Progress) -> Measuring:
    minutes = plan.settings.minutes
    budget = EvaluationBudget(None if minutes is None else minutes * 60, len(validator.dataset))
    return Measuring(validator, budget, log, progress, plan.recipe.best)
