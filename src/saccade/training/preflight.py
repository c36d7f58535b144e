"""What must hold before step 0, said before any work is done."""

from collections.abc import Callable

from torch import nn

from saccade.core.errors import ConfigError
from saccade.network.system import System
from saccade.training.balance import count_labels
from saccade.training.data import Data

Normalisation = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def check_before_step_0(system: System, data: Data, batch: int, say: Callable[[str], None]) -> None:
    """Check that the data can teach the system, and say what will hamper it.

    Args:
        system: What learns.
        data: What it learns from.
        batch: Pictures a step.
        say: Takes a line for each thing that a person should know, but that is no error.

    Raises:
        ConfigError: There is no picture, or no head finds the truth that it needs.
    """
    if len(data.train) == 0:
        raise ConfigError("pictures to train on are expected, found none", path=data.name)
    if data.val is not None and len(data.val) == 0:
        raise ConfigError("pictures to validate on are expected, found none", path=data.val_name)
    _check_fields(system, data, say)
    _check_batch(system, len(data.train), batch, say)
    missing = [name for name, n in zip(data.train.classes, count_labels(data.train), strict=True) if n == 0]
    if missing:
        say(f"note: no training picture shows {', '.join(missing[:10])}; these classes cannot be learnt")
    if data.val is None:
        say("note: there is nothing to validate on (no split 'val'): give --val, or the last checkpoint is the best")


def _check_fields(system: System, data: Data, say: Callable[[str], None]) -> None:
    wanting = {name: sorted(head.needs - data.train.fields) for name, head in system.each_head()}
    able = [name for name, lacks in wanting.items() if not lacks]
    if not able:
        needed = ", ".join(sorted(system.needs))
        raise ConfigError(
            f"pictures annotated with {needed} are expected, found {', '.join(sorted(data.train.fields)) or 'nothing'}",
            path=data.name,
            hint="`saccade systems` lists what each system learns from",
        )
    for name, lacks in wanting.items():
        if lacks:
            say(f"note: head {name!r} learns nothing: no picture is annotated with {', '.join(lacks)}")


def _check_batch(system: System, pictures: int, batch: int, say: Callable[[str], None]) -> None:
    normalises = any(isinstance(module, Normalisation) and module.training for module in system.modules())
    if normalises and min(batch, pictures) < 2:
        say("note: the system normalises over the pictures of a step, and there is but one: give --batch 2 or more")
