"""How long networks take for a picture, side by side.

All are in one process and take their rounds in turn, so that a moment in which the machine is slow is slow for all.

Legend: R rounds.
"""

import os
import platform
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from saccade import __version__
from saccade.runtime.predict.predictor import Predictor

# Rounds that count, at least and at most, and the seconds after which no further one begins.
LEAST, MOST, SECONDS = 3, 25, 30.0


@dataclass(frozen=True)
class Speed:
    """Milliseconds that a picture takes, from pixels in memory to the prediction.

    Attributes:
        ms: Their median over the rounds.
        low: The least.
        high: The greatest.
        rounds: R.
    """

    ms: float
    low: float
    high: float
    rounds: int


def side_by_side(
    networks: Mapping[str, Predictor], pictures: Sequence[Tensor], seconds: float = SECONDS
) -> dict[str, Speed]:
    """The speed of each network; every round shows all of them one picture, the same.

    Args:
        networks: By name.
        pictures: (C, H, W) each, shown in turn; all are shown once before the first round that counts, since kernels
            are chosen for a size when it is first met.
        seconds: After which no further round begins; three are made whatever they take.
    """
    taken: dict[str, list[float]] = {name: [] for name in networks}
    if not pictures:
        return {}
    for picture in pictures:
        for network in networks.values():
            network(picture)
    begun, number = time.perf_counter(), 0
    while number < LEAST or (number < MOST and time.perf_counter() - begun < seconds):
        for name, network in networks.items():
            taken[name].append(_milliseconds(network, pictures[number % len(pictures)]))
        number += 1
    return {name: Speed(median(ms), min(ms), max(ms), len(ms)) for name, ms in taken.items()}


@contextmanager
def threads_of(count: int | None) -> Generator[None]:
    """Inside the block arithmetic takes so many threads, those of the trainings; None: as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _milliseconds(network: Predictor, picture: Tensor) -> float:
    begun = time.perf_counter()
    network(picture)  # its prediction lies in the machine's memory, so that a GPU is done when it returns
    return (time.perf_counter() - begun) * 1000


def machine(device: torch.device) -> dict[str, Any]:
    """What the times are of: processor, instruction set, threads, load and versions, as plain values."""
    told: dict[str, Any] = {
        "device": str(device),
        "processor": _processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count() or 1,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "torch": str(torch.__version__),
        "saccade": __version__,
    }
    return told | ({"gpu": torch.cuda.get_device_name(device)} if device.type == "cuda" else {})


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
