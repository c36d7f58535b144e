"""What a loader's workers are doing, written where the main process can read it after a worker's death."""

import gc
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Callable

import torch
from torch.utils.data import get_worker_info

from saccade.core.errors import DataError, ResourceError

_FIELDS = 3  # process, place of the picture it works on (or -1), when it began (ms)


class WorkerStatus:
    """A table in shared memory, one row a worker: its process, the picture it works on, and since when.

    Args:
        workers: How many workers.
        name: Gives the name of the picture at a place of the data set.
    """

    def __init__(self, workers: int, name: Callable[[int], str]) -> None:
        self._table = torch.full((max(workers, 1), _FIELDS), -1, dtype=torch.int64).share_memory_()
        self._name = name

    def begin(self, index: int) -> None:
        """A worker begins a picture."""
        self._write(index)

    def end(self) -> None:
        """A worker has no picture at hand."""
        self._write(-1)

    def _write(self, index: int) -> None:
        info = get_worker_info()
        if info is not None:
            self._table[info.id] = torch.tensor([os.getpid(), index, int(time.monotonic() * 1000)])

    def processes(self) -> list[int]:
        """Processes of the workers that have begun."""
        return [process for process in self._table[:, 0].tolist() if process > 0]

    def explain(self, error: RuntimeError) -> Exception:
        """What the loader's failure means; the error itself where it is none of a worker's death or silence."""
        text = str(error)
        if "timed out after" in text:
            return self._stuck(text)
        if "DataLoader worker" in text:
            return self._died(text)
        return error

    def _stuck(self, text: str) -> DataError:
        busy = [row for row in self._table.tolist() if row[1] >= 0]
        oldest = min(busy, key=lambda row: row[2], default=None)
        name = None if oldest is None else self._name(oldest[1])
        seconds = text.split("timed out after ")[-1].split(" ")[0]
        return DataError(
            f"a batch within {seconds} s",
            f"a loader worker stuck at {name or 'no picture'}",
            path=name,
            cure="look at that file and the disk it is on, or give the loader a longer timeout",
        )

    def _died(self, text: str) -> ResourceError:
        dead = {int(number) for number in re.findall(r"\d+", text)}
        rows = [row for row in self._table.tolist() if row[0] in dead] or self._table.tolist()
        names = [self._name(row[1]) for row in rows if row[1] >= 0]
        cause = "it got too little shared memory" if "bus error" in text.lower() else "it may have lacked memory"
        return ResourceError(
            "loader workers that live",
            f"one dead at {', '.join(names) or 'no picture'}: {cause}",
            path=names[0] if names else None,
            cure="use fewer workers (--workers), smaller batches (--batch) or a machine with more memory (RAM)",
        )


def start_worker(_: int) -> None:
    """Settings of every worker.

    One thread, since the workers share the cores already. Ctrl-C and the signal to save reach the whole group of
    processes, but are the main process's to answer; what ends a worker must not be answered in its place either.
    """
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None and os.name == "posix":
        threading.Thread(target=_end_with, args=(parent.pid,), daemon=True).start()
    gc.freeze()  # The collector would write into every object that the main process shares, and so copy it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: torch's own way waits for ever to hand over what nobody takes."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
