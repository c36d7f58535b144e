"""Several processes that train one system, each on its share of every step's pictures."""

import os
import socket
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from saccade.core.errors import SaccadeError
from saccade.training.signals import Interrupted

Job = TypeVar("Job")
Result = TypeVar("Result")


class ProcessError(SaccadeError):
    """One of the processes that train together failed; all were ended (exit code 3, or its own)."""


def is_worker() -> bool:
    """Whether this is one of the processes that train together, started by us or by torchrun."""
    return "LOCAL_RANK" in os.environ and "WORLD_SIZE" in os.environ


def in_processes(count: int, work: Callable[[Job], Result], job: Job) -> Result:
    """Run `work(job)` in `count` processes of this machine, and return the first one's result.

    When one dies, the others are ended, and the error names it. When one hangs, the others' next exchange runs into the
    time-out of the settings.

    Raises:
        ProcessError: A process failed; the message names it and says why.
        Interrupted: A signal asked for a stop.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint=f"127.0.0.1:{port}",
        max_restarts=0,
        start_method="spawn",
    )
    try:
        results: dict[int, Any] = elastic_launch(config, work)(job)
    except SignalException as stopped:
        raise Interrupted(int(stopped.sigval)) from stopped
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        raise ProcessError(
            f"all {count} processes should train to the end, found that process {rank} failed: {_reason(failure)}",
            hint="the last checkpoint is whole: repeat the command with --resume",
        ) from error
    return results[0]


def _reason(failure: Any) -> str:
    lines = str(failure.message).strip().splitlines()
    return lines[-1] if lines else f"exit code {failure.exitcode}"
