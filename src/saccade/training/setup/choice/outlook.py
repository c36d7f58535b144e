"""What a training will be like on this machine, settled as the training itself settles it: batch, rate, precision.

Memory is estimated: weights, their gradients and what the optimiser keeps of them, and every layer's output twice, once
for itself and once for its gradient. Allocators and libraries take more.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from saccade.analysis.describe import describe_built
from saccade.data.open import Source, Sources
from saccade.network.system import System
from saccade.runtime.device import pick_device
from saccade.training.parallel.machine import pick_precision
from saccade.training.setup.batch_size import usual_batch
from saccade.training.setup.choice.trial_steps import pictures_a_second
from saccade.training.setup.plan import resolve_recipe
from saccade.training.setup.resolved_run import ResolvedRun, prepare

# Numbers that an optimiser keeps beside each weight.
KEPT = {"sgd": 1, "adam": 2, "adamw": 2, "rmsprop": 1, "adagrad": 1, "adadelta": 2}
FLOAT_BYTES, MIB = 4, 2**20
# The share of a run's minutes that validation leaves.
LEARNING = 0.75


@dataclass(frozen=True)
class Outlook:
    """What a training will be like.

    Attributes:
        pictures: Training pictures.
        batch: Pictures a step; None where the greatest that fits is sought.
        lr: The learning rate that is really used.
        optimiser: Its name.
        precision: ``32`` or ``bf16``.
        device: Where.
        parameters: Of the system.
        memory: Megabytes (2^20 bytes) of a step, estimated; None where the size of pictures is not settled.
        pace: Pictures a second here, forward and back, as measured.
        passes: How often each picture is seen; of a run of minutes as the pace has it.
        minutes: How long it takes; of a run of epochs or steps as the pace has it, validation apart.
        reasons: A line for each, for the person who waits.
    """

    pictures: int
    batch: int | None
    lr: float
    optimiser: str
    precision: str
    device: str
    parameters: int
    memory: float | None
    pace: float
    passes: float
    minutes: float
    reasons: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, without the reasons."""
        return {name: value for name, value in asdict(self).items() if name != "reasons"}


def outlook_of(system: str, data: Sources, val: Source | None, options: Mapping[str, Any]) -> Outlook:
    """What the training of a system will be like.

    Args:
        system: Its name.
        data: What it learns from.
        val: What it is measured on.
        options: Options of the system and settings of the training, as `train` takes them.

    Raises:
        ConfigError: System and data do not fit.
    """
    job = prepare(system, data, "unused", val, options)
    settings, pictures = job.settings, len(job.data.train)
    batch = settings.batch if settings.batch is not None else usual_batch(job.recipe.batch, pictures)
    batch = min(batch, max(pictures, 1))
    recipe = resolve_recipe(job.recipe, settings, batch or job.recipe.batch)
    device = pick_device(settings.device)
    precision = pick_precision(settings.precision, device)
    pace = pictures_a_second(job.system, job.data.train, device, precision)
    passes, minutes = _length(job, batch or job.recipe.batch, pace)
    memory = _memory(job.system, batch or job.recipe.batch, KEPT[recipe.optimiser], precision)
    found = Outlook(
        pictures,
        batch or None,
        recipe.lr,
        recipe.optimiser,
        precision,
        str(device),
        sum(one.numel() for one in job.system.parameters()),
        memory,
        pace,
        passes,
        minutes,
    )
    return replace(found, reasons=tuple(_reasons(found, job)))


def _length(job: ResolvedRun, batch: int, pace: float) -> tuple[float, float]:
    """How often each picture is seen, and minutes."""
    settings, pictures = job.settings, max(len(job.data.train), 1)
    if settings.minutes is not None:
        return settings.minutes * 60 * LEARNING * pace / pictures, settings.minutes
    steps = settings.steps
    seen = pictures * (settings.epochs or job.recipe.epochs) if steps is None else steps * batch * settings.accumulate
    return seen / pictures, seen / pace / 60


def _memory(system: System, batch: int, kept: int, precision: str) -> float | None:
    if system.input.size is None and system.input.shorter is None:
        return None
    told = describe_built(system, "planned")
    maps = 2 * told.memory * batch / (2 if precision == "bf16" else 1)
    return (maps + told.parameters * FLOAT_BYTES * (2 + kept)) / MIB


def _reasons(found: Outlook, job: ResolvedRun) -> list[str]:
    """A line for what is settled of the arithmetic, the memory and the time."""
    usual = job.recipe.batch
    why = "as was said" if job.settings.batch is not None else "the recipe's"
    if found.batch is None:
        why = "the greatest that fits into memory is sought"
    elif job.settings.batch is None and found.batch < usual:
        why = f"fewer than the recipe's {usual}, so that an epoch has ten steps"
    rate = "as was said" if job.settings.lr is not None else f"the recipe's {job.recipe.lr:g}, scaled with the batch"
    if job.settings.lr is None and found.lr == job.recipe.lr:
        rate = "the recipe's"
    bits = "bf16, which is quicker here" if found.precision == "bf16" else "fp32"
    if job.settings.precision != "auto":
        bits += ", as was said"
    memory = "not known before pictures are" if found.memory is None else f"about {_memory_told(found.memory)} a step"
    batch = "the greatest" if found.batch is None else str(found.batch)
    return [
        f"batches of {batch} pictures: {why}",
        f"{found.optimiser} with a learning rate of {found.lr:.3g}: {rate}",
        *_losses(job),
        f"{bits} on {found.device}; memory of {memory} (estimated)",
        f"each picture is seen about {found.passes:.0f} times in {found.minutes:.3g} minutes"
        f" ({found.pace:.1f} pictures/s here, validation apart)",
    ]


def _losses(job: ResolvedRun) -> list[str]:
    said, usual = job.settings.pixel_loss, job.recipe.pixel_loss
    learns = bool(job.system.needs & {"semantic", "semantic_masks"})
    if not learns or not (said or usual):
        return []
    why = "as was said" if said else "the recipe's"
    return [f"classes of pixels learn by {' + '.join(said or usual)}: {why}"]


def _memory_told(megabytes: float) -> str:
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1024 else f"{megabytes:.0f} MB"
