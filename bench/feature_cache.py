"""What keeping a frozen trunk's features saves: an epoch of VGG-16's head with them, beside one that runs the trunk."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.pairs import Lane, Row, race, speed_up
from bench.pictures import SIZE, TINY, draw_pictures
from bench.side import Call

AIM = 20.0


@dataclass(frozen=True)
class Size:
    """Side of the network's input, pictures of a batch, pictures and their (H, W), rounds."""

    side: int = 224
    batch: int = 32
    pictures: int = 96
    pixels: tuple[int, int] = SIZE
    rounds: int = 5


QUICK = Size(side=32, batch=4, pictures=8, pixels=TINY, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Pictures a second of both; the features are made in the round that does not count."""
    size = QUICK if quick else Size()
    with TemporaryDirectory() as name:
        scratch = Path(name)
        data = draw_pictures(scratch / "data", size.pictures, size.pixels)
        options = {"data": str(data), "side": size.side, "batch": size.batch}
        calls: dict[str, Call] = {}
        for label, cache in {"kept": True, "afresh": False}.items():
            chosen = {**options, "out": str(scratch / label), "cache": cache}
            calls[label] = Call("bench.feature_cache:epochs", chosen, "saccade")
        laps = race(calls, size.rounds)
    question = f"an epoch of VGG-16, trunk frozen, {size.side} px, batch {size.batch}"
    kept, afresh = Lane.of("features kept", laps["kept"]), Lane.of("features made each time", laps["afresh"])
    return [speed_up(question, kept, afresh, unit="img/s", amount=size.pictures, aim=AIM)]


def epochs(data: str, out: str, side: int, batch: int, cache: bool) -> Callable[[], None]:
    """Epochs of a training in which the class head alone learns."""
    from bench.our_training import Training

    chosen = {"size": side, "batch": batch, "cache": cache, "augment": "none", "freeze": ("trunk",)}
    training = Training("vgg16", data, Path(out), **chosen)
    numbers = count()
    return lambda: training.epoch(next(numbers))
