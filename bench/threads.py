"""How threads of arithmetic should wait for each other, on a quiet machine and beside a process that takes a core.

The threads of a parallel loop meet at its end. libgomp, the OpenMP of torch's Linux builds, lets those that come early
spin: quick where each thread has a core to itself, and ruinous where it spins on the very core the late one needs.
"""

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.pairs import Lane, Row, cost, race, results
from bench.side import Call, Lap

UNSET: dict[str, str | None] = {"OMP_WAIT_POLICY": None, "GOMP_SPINCOUNT": None}
# How threads wait, by what libgomp is told.
WAYS: dict[str, Mapping[str, str | None]] = {
    "sleep": {**UNSET, "OMP_WAIT_POLICY": "PASSIVE"},
    "spin (libgomp's default)": UNSET,
    "spin shortly": {**UNSET, "GOMP_SPINCOUNT": "1000"},
    "one thread": {**UNSET, "OMP_NUM_THREADS": "1"},
}
OURS = "sleep"


@dataclass(frozen=True)
class Size:
    """Side of the pictures, pictures of a batch, steps of a round, rounds."""

    side: int = 128
    batch: int = 8
    steps: int = 5
    rounds: int = 7


QUICK = Size(side=32, batch=2, steps=1, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Seconds and processor time of training steps, quiet and crowded, each way of waiting beside sleeping."""
    size, rows, digests = QUICK if quick else Size(), list[Row](), dict[str, set[str]]()
    for place, crowd in {"alone": 0, "beside a busy process": 1}.items():
        options = {"side": size.side, "batch": size.batch, "steps": size.steps}
        with busy(crowd):
            calls = {name: Call("bench.threads:training", options, "torch", way) for name, way in WAYS.items()}
            laps = race(calls, size.rounds)
        rows += _rows(f"{size.steps} steps of ResNet-18 {place}", laps)
        for name, its in laps.items():
            digests.setdefault(name, set()).add(its[-1].result["digest"])
    print(_verdict(digests))
    return rows


def _rows(question: str, laps: Mapping[str, list[Lap]]) -> list[Row]:
    ours = Lane.of(OURS, laps[OURS])
    rows = [cost(question, ours, Lane.of(name, its)) for name, its in laps.items() if name != OURS]
    other = "spin (libgomp's default)"
    pair = [Lane(name, [prediction["processor"] for prediction in results(laps[name])]) for name in (OURS, other)]
    return [*rows, cost(f"processor time of {question}", *pair)]


def _verdict(digests: Mapping[str, set[str]]) -> str:
    """Whether several threads end in the same weights however they wait; one thread adds in another order."""
    found = set().union(*(its for name, its in digests.items() if name != "one thread"))
    return f"weights, however several threads wait: {'equal to the bit' if len(found) == 1 else 'DIFFERENT'}"


@contextmanager
def busy(count: int) -> Generator[None]:
    """Processes that only count, inside the block."""
    counting = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in counting:
            process.kill()
            process.wait()


def training(side: int, batch: int, steps: int) -> Callable[[], dict[str, Any]]:
    """Steps of ResNet-18; answers with the processor's seconds and a digest of the weights."""
    import torch

    from bench.our_training import Steps

    learner = Steps.of("resnet18", 10, side)
    prepared = learner.noise(batch, side)

    def run_round() -> dict[str, Any]:
        begun = time.process_time()
        for _ in range(steps):
            learner.take(prepared)
        spent = time.process_time() - begun
        weights = torch.cat([p.detach().flatten() for p in learner.train_state.system.parameters()])
        return {"processor": spent, "digest": hashlib.sha256(weights.numpy().tobytes()).hexdigest()}

    return run_round
