"""OverFeat's windows of one picture: all at once, beside the same network run on one window after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.pairs import Lane, Row, race, speed_up
from bench.side import Call


@dataclass(frozen=True)
class Size:
    """(H, W) of the picture, factor of the network's channels, windows that are run one by one, rounds.

    One by one, all 630 windows would take minutes: some are run, and the time is counted for all.
    """

    pixels: tuple[int, int] = (461, 569)
    width: float = 1.0
    sample: int = 12
    rounds: int = 5


QUICK = Size(pixels=(245, 245), width=1 / 32, sample=2, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Windows a second."""
    size = QUICK if quick else Size()
    options = {"pixels": size.pixels, "width": size.width}
    sides = {
        "dense": Call("bench.windows:dense", options, "saccade"),
        "windows": Call("bench.windows:one_by_one", {**options, "sample": size.sample}, "saccade"),
    }
    laps = race(sides, size.rounds)
    count = int(laps["dense"][0].result)
    ours = Lane(f"{count} windows at once", [lap.seconds / count for lap in laps["dense"]])
    beside = Lane("one by one", [lap.seconds / size.sample for lap in laps["windows"]])
    question = f"classes and boxes of the windows of a picture of {size.pixels[0]}x{size.pixels[1]}"
    return [speed_up(question, ours, beside, unit="windows/s", amount=1)]


def dense(pixels: list[int], width: float) -> Callable[[], str]:
    """All windows; answers with their number."""
    import torch

    from saccade.network.maps import Maps

    trunk, head, image = _parts(pixels, width)

    def run_round() -> str:
        with torch.inference_mode():
            raw = head(Maps({"image": image, **trunk(image)}, torch.tensor([pixels])))
        return str(raw.logits[0].shape[-2] * raw.logits[0].shape[-1])

    return run_round


def one_by_one(pixels: list[int], width: float, sample: int) -> Callable[[], None]:
    """As many windows as `sample` says, each cut out and run by itself."""
    import torch
    from torch.nn.functional import max_pool2d

    trunk, head, image = _parts(pixels, width)
    side = head.shape.side
    room = (pixels[0] - side, pixels[1] - side)

    def run_round() -> None:
        for number in range(sample):
            y, x = room[0] * number // sample, room[1] * number // sample
            window = image[..., y : y + side, x : x + side]
            with torch.inference_mode():
                pooled = max_pool2d(trunk(window)["scale1"], head.shape.pool)
                head.score(pooled)
                head.box(pooled)

    return run_round


def _parts(pixels: list[int], width: float) -> Any:
    import torch

    from saccade.systems.localize.overfeat_localizer import overfeat_localizer

    torch.manual_seed(0)
    system = overfeat_localizer(tuple(map(str, range(1000))), scales=1, width=width).eval()
    return system.trunk, system.heads["windows"], torch.rand(1, 3, *pixels)
