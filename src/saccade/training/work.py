"""What each process of a training does: set up, train, measure, report."""

from contextlib import ExitStack

import torch
from lightning_fabric import Fabric

from saccade.runtime import checkpoint
from saccade.runtime.run_folder import RunFolder
from saccade.training.describe import check_same, describe
from saccade.training.finish import finish
from saccade.training.job import Job
from saccade.training.keeper import Keeper
from saccade.training.log import Log
from saccade.training.loop import Loop
from saccade.training.machine import make_fabric, share_threads
from saccade.training.preflight import check_before_step_0
from saccade.training.progress import Progress
from saccade.training.run import Run
from saccade.training.session import Session
from saccade.training.signals import Signals
from saccade.training.supply import Supply
from saccade.training.validation import Validator


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
        signals = stack.enter_context(Signals())
        fabric = make_fabric(job.settings)
        folder = RunFolder(job.out)
        if fabric.is_global_zero:
            folder = stack.enter_context(RunFolder.create(job.out, job.resume))
        fabric.barrier()
        begun = _begin(job, folder, fabric)
        progress = Progress(threads=share_threads(fabric.world_size))
        if begun is not None:
            progress = Progress(**begun.facts["progress"])
        # Sums of floats depend on how many threads share them: the number that the run began with stays.
        torch.set_num_threads(progress.threads)
        log = Log(folder, fabric.is_global_zero, progress)
        stack.callback(log.close)
        if progress.finished and begun is not None:
            log.say(f"{job.out} is finished, at step {progress.step}: there is nothing to go on with")
            return Run(job.out, progress.step, begun.facts["scores"])
        loop = _assemble(job, fabric, signals, log, progress)
        if begun is not None:
            loop.session.restore(begun.model, begun.training)
            log.say(f"resumed {job.out} at step {progress.step}, epoch {progress.epoch}")
        loop.run()
        return finish(job, loop, folder)


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


def _assemble(job: Job, fabric: Fabric, signals: Signals, log: Log, progress: Progress) -> Loop:
    """All parts of the loop, after the checks that must come before step 0."""
    supply = Supply.of(job, fabric, log.say)
    job.system.frozen = supply.plan.recipe.stages[0].freeze
    check_before_step_0(job.system, job.data, supply.plan.settings.batch or 1, log.say)
    supply.balance(job.system)
    session = Session(job.system, supply.plan.recipe, fabric, job.settings.seed)
    validator = None if job.data.val is None else Validator(job.data.val, job, supply)
    keeper = Keeper(job.out, job.settings.save_every, writes=fabric.is_global_zero)
    return Loop(session, supply.plan, supply.feeder, validator, keeper, log, signals, progress, job.callbacks)
