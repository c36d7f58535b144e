"""Answers of ResNet-50 to pictures in memory: our predictor beside a plain torchvision loop in fp32."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.pairs import Lane, Row, race, speed_up
from bench.side import Call

CLASSES = 1000
BATCHES = (1, 16)


@dataclass(frozen=True)
class Size:
    """Side of the network's input, (H, W) of the pictures, pictures of a round, rounds."""

    side: int = 224
    pixels: tuple[int, int] = (375, 500)
    pictures: int = 16
    rounds: int = 7


QUICK = Size(side=32, pixels=(40, 50), pictures=16, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Pictures a second, one by one and in batches."""
    size = QUICK if quick else Size()
    return [_row(size, batch) for batch in BATCHES]


def _row(size: Size, batch: int) -> Row:
    options = {"side": size.side, "pixels": size.pixels, "pictures": size.pictures, "batch": batch}
    sides = {
        "ours": Call("bench.predict:ours", options, "saccade"),
        "plain": Call("bench.predict:plain", options, "torch"),
    }
    laps = race(sides, size.rounds)
    ours = Lane.of(f"saccade, {laps['ours'][0].result}", laps["ours"])
    plain = Lane.of("torchvision fp32 loop", laps["plain"])
    question = f"answers of ResNet-50, {size.side} px, batch {batch}"
    return speed_up(question, ours, plain, unit="img/s", amount=size.pictures)


def ours(side: int, pixels: list[int], pictures: int, batch: int) -> Callable[[], str]:
    """The predictor in the precision that a training here would leave it; answers with its name."""
    import torch

    from bench.our_training import picture
    from saccade import Predictor, build
    from saccade.training.parallel.machine import pick_precision

    system = build("resnet50", CLASSES, size=side).eval()
    precision = pick_precision("auto", torch.device("cpu"))
    predictor = Predictor(system, precision=precision, device="cpu")
    images = [picture(*pixels, seed=number) for number in range(pictures)]

    def run_round() -> str:
        # One by one means that a picture is asked for when the prediction to the one before has come.
        for start in range(0, pictures, batch):
            predictor(images[start : start + batch], batch=batch)
        return "fp32" if precision == "32" else precision

    return run_round


def plain(side: int, pixels: list[int], pictures: int, batch: int) -> Callable[[], None]:
    """What torchvision's own pages show: its transforms, eager fp32, softmax."""
    import torch
    from torchvision.models import resnet50
    from torchvision.transforms import v2

    model = resnet50(num_classes=CLASSES).eval()
    prepare = v2.Compose(
        [
            v2.Resize(round(side * 8 / 7), antialias=True),
            v2.CenterCrop(side),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    images = _noise(pixels, pictures)

    def run_round() -> None:
        with torch.inference_mode():
            for start in range(0, pictures, batch):
                together = torch.stack([prepare(image) for image in images[start : start + batch]])
                model(together).softmax(1).argmax(1).tolist()

    return run_round


def _noise(pixels: list[int], count: int) -> list[Any]:
    import torch

    return [torch.randint(0, 256, (3, *pixels), dtype=torch.uint8) for _ in range(count)]
