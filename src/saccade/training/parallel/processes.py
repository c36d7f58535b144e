"""Several processes that train one system, each on its share of every step's pictures."""

import multiprocessing
import os
import pickle
import signal
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from saccade.core.errors import SaccadeError
from saccade.training.loop.signals import SAVE, STOP, Interrupted

Work = TypeVar("Work")
Result = TypeVar("Result")

# Seconds that a process waits before it tells that it lost touch: who fell first shall be found first.
SHUTDOWN_SECONDS = 2.0


class ProcessError(SaccadeError):
    """One of the processes that train together failed; all were ended (exit code 3, or that of its error)."""


def is_worker() -> bool:
    """Whether this is one of the processes that train together, started by us or by torchrun."""
    return "LOCAL_RANK" in os.environ and "WORLD_SIZE" in os.environ


def is_restart() -> bool:
    """Whether a launcher such as torchrun has started this process again after a failure."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def in_processes(count: int, work: Callable[[Work], Result], job: Work) -> Result:
    """Run `work(job)` in `count` processes of this machine, and return the first one's result.

    When one dies, the others are ended, and the error names it. When one hangs, the others' next exchange runs into the
    time-out of the settings.

    Raises:
        ProcessError: A process failed; the message names it and says why.
        Interrupted: A signal asked for a stop.
    """
    # As bytes each process gets weights of its own; torch would lend all of them the same memory to write in.
    packed = pickle.dumps(job)
    with tempfile.TemporaryDirectory(prefix="saccade-") as folder, _signals_passed_on():
        try:
            results: dict[int, Any] = elastic_launch(_launch(count), telling)(work, packed, Path(folder))
        except SignalException as stopped:
            raise Interrupted(int(stopped.sigval)) from stopped
        except ChildFailedError as error:
            raise _explain(count, error, Path(folder)) from error
    return results[0]


def telling(work: Callable[[Any], Result], packed: bytes, folder: Path) -> Result:
    """Do work on a packed job; its error is left in a folder, since only the text of one comes back from a process.

    Args:
        work: What is done.
        packed: On what.
        folder: Where the error is left, in a file with the number of the process for a name.
    """
    try:
        return work(pickle.loads(packed))
    except SaccadeError as error:
        (folder / os.environ["RANK"]).write_bytes(pickle.dumps(error))
        raise
    except RuntimeError:
        time.sleep(SHUTDOWN_SECONDS)
        raise


def _launch(count: int) -> LaunchConfig:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint=f"127.0.0.1:{port}",
        max_restarts=0,
        start_method="spawn",
    )


@contextmanager
def _signals_passed_on() -> Generator[None]:
    """Inside the block a wish to save goes to all processes; at its end the launcher's handlers are gone."""

    def pass_on(number: int, _: FrameType | None) -> None:
        for child in multiprocessing.active_children():
            if child.pid is not None:
                os.kill(child.pid, number)

    before = {number: signal.getsignal(number) for number in STOP + SAVE}
    try:
        for number in SAVE:
            signal.signal(number, pass_on)
    except ValueError:  # only the main thread may handle signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _explain(count: int, error: ChildFailedError, folder: Path) -> ProcessError:
    """The error that names the first process that failed, with its reason, cure and exit code."""
    rank, failure = error.get_first_failure()
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    cure = "the last checkpoint is whole: repeat the command with --resume"
    if not kept:
        return ProcessError(*_failed(count, rank, _reason(failure)), cure=cure)
    told: SaccadeError = pickle.loads(kept[0].read_bytes())  # our own process wrote it, in a folder that is ours alone
    explained = ProcessError(*_failed(count, int(kept[0].name), told.what), path=told.path, cure=told.cure or cure)
    explained.exit_code = told.exit_code
    return explained


def _failed(count: int, rank: int, reason: str) -> tuple[str, str]:
    return f"all {count} processes to train to the end", f"that process {rank} failed: {reason}"


def _reason(failure: Any) -> str:
    lines = str(failure.message).strip().splitlines()
    return lines[-1] if lines else f"exit code {failure.exitcode}"
