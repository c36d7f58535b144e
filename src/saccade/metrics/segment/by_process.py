"""A function of many values, shared by processes where that pays and the machine lets them."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

import torch

from saccade.core.errors import ResourceError

Value = TypeVar("Value")
Result = TypeVar("Result")
# Parts of the work for each process: some values take longer than others.
PARTS = 4


def mapped(function: Callable[[Value], Result], values: Sequence[Value], *, several: bool) -> list[Result]:
    """The function of each value, in their order.

    As many processes share it as torch uses threads, so that who limits those limits these. They are forked, and gone
    when it is done; where nothing can be forked, or this process is itself a helper, it does all alone.

    Args:
        function: Can be pickled, and uses no torch.
        values: What it is called with.
        several: Whether the work is worth some processes.

    Raises:
        ResourceError: A process was ended, by lack of memory as a rule.
    """
    processes = min(processes_at_hand(), len(values)) if several else 1
    if processes < 2:
        return [function(value) for value in values]
    context = multiprocessing.get_context("fork")
    share = -(-len(values) // (PARTS * processes))
    try:
        with ProcessPoolExecutor(processes, context, initializer=_leave_signals) as pool:
            return list(pool.map(function, values, chunksize=share))
    except BrokenProcessPool as error:
        raise ResourceError(
            f"{processes} processes that measure to the end",
            "one that was ended from outside",
            cure="there may be too little memory; with OMP_NUM_THREADS=1 one process measures alone",
        ) from error


def processes_at_hand() -> int:
    """How many processes may share work: torch's threads, where processes can be forked safely, else 1."""
    forks = "fork" in multiprocessing.get_all_start_methods() and sys.platform == "linux"
    return torch.get_num_threads() if forks and not multiprocessing.current_process().daemon else 1


def _leave_signals() -> None:
    """Ctrl-C ends the one who asked, who ends these."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
