"""Whether the loader is the brake: an epoch of ResNet-18 from JPEGs beside the same steps on batches in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.pairs import Lane, Row, cost, race
from bench.pictures import SIZE, TINY, draw_pictures, photographs
from bench.side import Call, Lap

AIM = 1.25
WORKERS: dict[str, int | None] = {"default": None, "one": 1, "two": 2}


@dataclass(frozen=True)
class Size:
    """Side of the network's input, pictures of a batch, pictures to draw and their (H, W), rounds."""

    side: int = 224
    batch: int = 32
    drawn: int = 256
    pixels: tuple[int, int] = SIZE
    rounds: int = 5


QUICK = Size(side=32, batch=4, drawn=10, pixels=TINY, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Seconds of an epoch with several numbers of workers, each beside the epoch in memory."""
    size = QUICK if quick else Size()
    with TemporaryDirectory() as name:
        scratch = Path(name)
        data = (None if quick else photographs()) or draw_pictures(scratch / "data", size.drawn, size.pixels)
        options = {"data": str(data), "out": str(scratch / "run"), "side": size.side, "batch": size.batch}
        calls = {"memory": Call("bench.loader:in_memory", options, "saccade")}
        for label, workers in WORKERS.items():
            calls[label] = Call("bench.loader:from_disk", {**options, "workers": workers}, "saccade")
        laps = race(calls, size.rounds)
    memory = Lane.of("batches in memory", laps["memory"])
    return [_row(size, label, laps[label], memory) for label in WORKERS]


def _row(size: Size, label: str, laps: list[Lap], memory: Lane) -> Row:
    """One number of workers; the aim is the default's, and the others show whether it is well chosen."""
    workers, default = laps[0].result, WORKERS[label] is None
    name = f"loader, {workers} worker{'s' * (workers != 1)}{' (the default)' * default}"
    question = f"an epoch of ResNet-18, {size.side} px, batch {size.batch}"
    return cost(question, Lane.of(name, laps), memory, aim=AIM if default else None)


def from_disk(data: str, out: str, side: int, batch: int, workers: int | None) -> Callable[[], int]:
    """Epochs from files, augmented as the recipe says; answers with the number of workers."""
    from bench.our_training import Training

    training = Training("resnet18", data, Path(out), size=side, batch=batch, workers=workers)
    epochs = count()

    def run_round() -> int:
        training.epoch(next(epochs))
        return training.workers

    return run_round


def in_memory(data: str, out: str, side: int, batch: int) -> Callable[[], None]:
    """Steps on kept batches, as many and as large as those of an epoch."""
    from bench.our_training import Training
    from saccade.core.batch import Batch

    training = Training("resnet18", data, Path(out), size=side, batch=batch, workers=0)
    kept: dict[int, Batch] = {}  # one of each length: an epoch of pictures need not fit into memory
    sizes: list[int] = []
    for one in training.batches(0):
        sizes.append(len(one))
        kept[len(one)] = one

    def run_round() -> None:
        for pictures in sizes:
            training.steps.take(kept[pictures])

    return run_round
