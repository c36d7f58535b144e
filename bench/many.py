"""Five heads on one ResNet-50 beside five networks of it, one for each task: answers to pictures, and their memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.pairs import Lane, Row, cost, race, speed_up
from bench.side import Call, Lap

CLASSES = 20
# Heads that are dense alone, and with regions, whose layers every box runs; how many times as fast is aimed at.
SETS: dict[str, tuple[tuple[str, ...], float]] = {
    "dense heads": (("label", "boxes", "pixels", "contours", "pose"), 3.0),
    "region heads": (("label", "masks", "pixels", "contours", "pose"), 1.8),
}


@dataclass(frozen=True)
class Size:
    """Side of the pictures, width of the trunk, pictures of a round, rounds."""

    side: int = 480
    width: float = 1.0
    pictures: int = 1
    rounds: int = 3


QUICK = Size(side=64, width=1 / 16, pictures=1, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Pictures a second, one by one as a user's pictures come, and the greatest memory of each process."""
    size = QUICK if quick else Size()
    return [row for name in SETS for row in _rows(name, size)]


def _rows(name: str, size: Size) -> list[Row]:
    heads, aim = SETS[name]
    options = {"side": size.side, "width": size.width, "pictures": size.pictures}
    sides = {
        "together": Call("bench.many:answers", {**options, "systems": [list(heads)]}, "saccade"),
        "apart": Call("bench.many:answers", {**options, "systems": [[head] for head in heads]}, "saccade"),
    }
    laps = race(sides, size.rounds)
    labels = {"together": f"one trunk, {len(heads)} heads", "apart": f"{len(heads)} networks"}
    lanes = [Lane.of(label, laps[key]) for key, label in labels.items()]
    memory = [Lane(label, _memory(laps[key])) for key, label in labels.items()]
    question = f"{name} on ResNet-50, {size.side} px"
    return [
        speed_up(question, *lanes, unit="img/s", amount=size.pictures, aim=aim),
        cost(f"{question}, memory", *memory, unit="MiB"),
    ]


def _memory(laps: Sequence[Lap]) -> list[float]:
    """MiB that each process held at most, after each round."""
    return [float(lap.result) for lap in laps]


def answers(side: int, width: float, pictures: int, systems: list[list[str]]) -> Callable[[], float]:
    """Predictors of some systems, each of which answers to every picture; returns the greatest memory in MiB."""
    import resource

    import torch

    from saccade import Predictor, build

    torch.manual_seed(0)
    built = [
        build("many", CLASSES, heads=tuple(heads), trunk="resnet50", width=width, size=side).eval() for heads in systems
    ]
    predictors = [Predictor(system, precision="32", device="cpu") for system in built]
    images = [torch.randint(0, 256, (3, side, side), dtype=torch.uint8) for _ in range(pictures)]

    def run_round() -> float:
        for image in images:
            for predictor in predictors:
                predictor(image)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    return run_round
