"""What each process of a training does: set up, train, measure, report."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch

from saccade.core.errors import ConfigError
from saccade.data.augment.check import check_use
from saccade.data.augment.choice import read_choice
from saccade.runtime.runs import checkpoint
from saccade.runtime.runs.metrics_log import Records
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.feed.input_pipeline import Supply
from saccade.training.loop.checkpointer import Keeper
from saccade.training.loop.finish import best_scores, finish
from saccade.training.loop.log import Log
from saccade.training.loop.loop import Loop
from saccade.training.loop.progress import Progress
from saccade.training.loop.signals import Signals
from saccade.training.loop.validation import Validator
from saccade.training.parallel.fabric import Fabric
from saccade.training.parallel.machine import hold_memory, make_fabric, repeatable, share_threads
from saccade.training.parallel.processes import is_restart, is_worker
from saccade.training.run import Run
from saccade.training.setup.preflight import check_before_step_0, check_best, check_data
from saccade.training.setup.resolved_run import Job
from saccade.training.setup.run_config import check_same, describe
from saccade.training.step.train_state import Session


def work(job: Job) -> Run:
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
            fabric = make_fabric(job.settings)
            hold_memory()
            stack.enter_context(repeatable(fabric.device, job.settings.deterministic))
            job = _placed(job, fabric)
            folder = RunFolder(job.out)
            if fabric.is_global_zero:
                folder = stack.enter_context(RunFolder.create(job.out, job.resume))
            fabric.barrier()
            begun = _begin(job, folder, fabric)
            progress = _progress(begun, job.settings.threads or share_threads(fabric.world_size))
            log = Log(folder, fabric.is_global_zero, progress)
            stack.callback(log.close)
            if progress.finished and folder.report.is_file():
                log.say(f"{job.out} is finished, at step {progress.step}: there is nothing to go on with")
                return Run(job.out, progress.step, best_scores(folder))
            loop = _assemble(job, fabric, signals, log, progress)
            if begun is not None:
                loop.session.restore(begun.model, begun.training)
                loop.keeper.take_up(begun)
                log.say(f"resumed {job.out} at step {progress.step}, epoch {progress.epoch}")
        loop.run()
        return finish(job, loop, folder)


def _placed(job: Job, fabric: Fabric) -> Job:
    """The job in the first process's folder; one that a launcher has started again goes on with its run.

    Raises:
        ConfigError: It was started again though it had not taken a step: what failed then fails again.
    """
    job = replace(job, out=Path(fabric.broadcast(str(job.out))))
    if not is_restart():
        return job
    if not Records(RunFolder(job.out).metrics).read():
        raise ConfigError(
            "a run that had begun after a restart",
            "one that failed before its first step",
            path=job.out,
            cure="mend what the first attempt said: it is not tried again",
        )
    return replace(job, resume=True)


def _begin(job: Job, folder: RunFolder, fabric: Fabric) -> checkpoint.Checkpoint | None:
    """The checkpoint to go on from, after a check that nothing has changed; None at a beginning."""
    found = folder.config.is_file()
    fabric.barrier()  # all have looked before the first process writes
    if found:
        check_same(folder, describe(job, fabric.device))
        return checkpoint.newest(folder.checkpoints, fabric.print)
    if fabric.is_global_zero:
        folder.write_classes(job.data.train.classes)
        folder.write_config(describe(job, fabric.device))
    return None


def _progress(begun: checkpoint.Checkpoint | None, threads: int) -> Progress:
    """Where the training stands, with as many threads as it began with: sums of floats depend on their number."""
    progress = Progress(threads=threads) if begun is None else Progress(**begun.facts["progress"])
    torch.set_num_threads(progress.threads)
    return progress


def _assemble(job: Job, fabric: Fabric, signals: Signals, log: Log, progress: Progress) -> Loop:
    """All parts of the loop, after the checks that must come before step 0."""
    check_data(job.data)
    check_use(read_choice(job.settings.augment), job.system.input, job.data.train)
    supply = Supply.of(job, fabric, log.say, progress.pictures)
    recipe, progress.pictures = supply.plan.recipe, supply.plan.settings.batch or 1
    check_before_step_0(job.system, job.data, recipe.stages, progress.pictures, log.say)
    supply.balance(job.system)
    session = Session(job.system, recipe, fabric, job.settings.seed)
    validator = None if job.data.val is None else Validator(job.data.val, job, supply)
    if job.settings.best is not None:
        check_best(job.settings.best, ["loss"] if validator is None else validator.names(session))
    keeper = Keeper(job.out, job.settings.save_every, fabric.global_rank)
    return Loop(session, supply.plan, supply.feeder, validator, keeper, log, signals, progress, job.callbacks)
