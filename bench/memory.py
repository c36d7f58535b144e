"""Whether memory grows over epochs: that of a training and its workers after the second epoch and after the last."""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.pairs import Lane, Row, cost, race
from bench.pictures import TINY, draw_pictures
from bench.side import Call

AIM = 1.10
# Kinds that the kernel counts: memory shared by n processes counts as an n-th of it in each, or whole in each.
KINDS = {"Pss": "shared memory counted once", "Rss": "shared memory counted in each process"}
MIB_OF_KIB = 1 / 1024


@dataclass(frozen=True)
class Size:
    """Side of the network's input, pictures of a batch, pictures of each split, workers, epochs."""

    side: int = 64
    batch: int = 16
    pictures: int = 512
    workers: int = 2
    epochs: int = 5


QUICK = Size(side=32, batch=4, pictures=8, workers=1, epochs=3)


def measure(quick: bool) -> list[Row]:
    """Memory after the last epoch beside that after the second."""
    size = QUICK if quick else Size()
    with TemporaryDirectory() as name:
        scratch = Path(name)
        for split in ("train", "val"):
            draw_pictures(scratch / "data", size.pictures, TINY, split)
        chosen = {name: value for name, value in asdict(size).items() if name != "pictures"}
        call = Call(
            "bench.memory:training", {"data": str(scratch / "data"), "out": str(scratch / "run"), **chosen}, "saccade"
        )
        found = race({"ours": call}, rounds=1, warm_up=0)["ours"][0].result
    question = f"memory of training ResNet-18, {size.workers} worker{'s' * (size.workers != 1)}"
    return [_row(f"{question}, {words}", found, kind) for kind, words in KINDS.items()]


def _row(question: str, found: list[Mapping[str, float]], kind: str) -> Row:
    last, second = Lane(f"after epoch {len(found)}", [found[-1][kind]]), Lane("after epoch 2", [found[1][kind]])
    return cost(question, last, second, unit="MiB", aim=AIM if kind == "Pss" else None)


class Watch:
    """A callback of the training that notes the memory after each epoch."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float]] = []

    def on_step(self, step: int, losses: Mapping[str, float]) -> None:
        """Nothing."""

    def on_epoch(self, epoch: int, scores: Mapping[str, float | None]) -> None:
        """Note this process and its workers together, MiB by kind."""
        workers = [child.pid for child in multiprocessing.active_children() if child.pid is not None]
        parts = [_process(number) for number in (os.getpid(), *workers)]
        self.seen.append({kind: sum(part[kind] for part in parts) for kind in KINDS})


def _process(number: int) -> dict[str, float]:
    """MiB of a process by kind; nothing of one that has just ended."""
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return dict.fromkeys(KINDS, 0.0)
    sizes = {line.partition(":")[0]: line.split() for line in lines}
    return {kind: int(sizes[kind][1]) * MIB_OF_KIB for kind in KINDS}


def training(
    data: str, out: str, side: int, batch: int, workers: int, epochs: int
) -> Callable[[], list[dict[str, float]]]:
    """A whole training, with validation and checkpoints; answers with the memory after each epoch."""
    import saccade

    def run_round() -> list[dict[str, float]]:
        watch = Watch()
        chosen: dict[str, Any] = {"size": side, "batch": batch, "workers": workers, "epochs": epochs, "device": "cpu"}
        saccade.train("resnet18", data, out, callbacks=[watch], **chosen)
        return watch.seen

    return run_round
