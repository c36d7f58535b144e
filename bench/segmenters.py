"""``python -m bench.segmenters``: U-Net beside segmentation_models.pytorch's with the same encoder.

Answers, training steps, and the memory of both. Run it with a Python that has that package beside saccade: both sides
are processes of that Python. It is a peer and never installed with saccade, so that `python -m bench` leaves it out.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.detectors import forget_peak, peak
from bench.machine import describe_machine
from bench.pairs import Lane, Row, cost, race, speed_up
from bench.side import Call, Lap
from bench.table import machine_line, markdown

PREDICT_AIM, TRAINING_AIM, MEMORY_AIM = 1.3, 1.3, 1.0
CLASSES, LR = 11, 1e-4
# Channels of their decoder from the coarsest map on; ours has as many from the finest: 16, 32, 64, 128.
THEIR_DECODER, OUR_FINEST = (256, 128, 64, 32, 16), 16


@dataclass(frozen=True)
class Size:
    """(H, W) of the pictures, multiples of 32; pictures of a round in use, and of a batch in training; rounds."""

    pixels: tuple[int, int] = (352, 480)
    pictures: int = 4
    batch: int = 4
    rounds: int = 9


QUICK = Size(pixels=(64, 96), pictures=1, batch=1, rounds=2)


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.segmenters", description="U-Net beside segmentation_models.pytorch's."
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    print(machine_line(describe_machine()))
    print(markdown(measure(parser.parse_args().quick)))
    return 0


def measure(quick: bool) -> list[Row]:
    """Pictures a second in use and in training, and the greatest memory of each process while it is at work."""
    size = QUICK if quick else Size()
    return [row for task in ("predict", "train") for row in _rows(size, task)]


def _rows(size: Size, task: str) -> list[Row]:
    predicts = task == "predict"
    count = size.pictures if predicts else size.batch
    options = {"pixels": size.pixels, "count": count}
    calls = {
        "ours": Call(f"bench.segmenters:our_{task}", options, "saccade"),
        "theirs": Call(f"bench.segmenters:their_{task}", options, "torch"),
    }
    laps = race(calls, size.rounds)
    height, width = size.pixels
    question = f"U-Net on EfficientNet-Lite0, {height} × {width}, "
    question += "answers one by one" if predicts else f"training, batch {count}"
    ours, theirs = _lane("saccade", laps["ours"]), _lane("segmentation_models.pytorch", laps["theirs"])
    memory = [
        Lane(side.label, [its[-1].result["peak"]]) for side, its in zip((ours, theirs), laps.values(), strict=True)
    ]
    aim = PREDICT_AIM if predicts else TRAINING_AIM
    return [
        speed_up(question, ours, theirs, unit="img/s", amount=count, aim=aim),
        cost(f"{question}, memory", *memory, unit="MiB", aim=MEMORY_AIM),
    ]


def _lane(label: str, laps: list[Lap]) -> Lane:
    return Lane.of(f"{label} ({laps[0].result['told']})", laps)


def pictures(pixels: list[int], count: int) -> list[Any]:
    """Bytes (3, H, W) of noise."""
    import torch

    draw = torch.Generator().manual_seed(0)
    return [torch.randint(0, 256, (3, *pixels), dtype=torch.uint8, generator=draw) for _ in range(count)]


def truths(pixels: list[int], count: int) -> list[Any]:
    """Classes (H, W) in blocks."""
    import torch

    draw = torch.Generator().manual_seed(1)
    blocks = torch.randint(0, CLASSES, (count, 1, 8, 8), generator=draw).float()
    return list(torch.nn.functional.interpolate(blocks, pixels)[:, 0].long())


def ours() -> Any:
    """Our U-Net, with a decoder as narrow as theirs."""
    import torch

    import saccade as sc

    torch.manual_seed(0)
    return sc.build("unet", CLASSES, trunk="efficientnet_lite0", neck_channels=OUR_FINEST)


def theirs() -> Any:
    """Theirs, with the decoder that it has by default."""
    import segmentation_models_pytorch as smp  # pyright: ignore[reportMissingImports] (a peer, never installed with us)
    import torch

    torch.manual_seed(0)
    encoder = {"encoder_name": "timm-tf_efficientnet_lite0", "encoder_weights": None}
    return smp.Unet(**encoder, classes=CLASSES, decoder_channels=THEIR_DECODER)


def our_predict(pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """The predictor, in the precision that a training on this machine leaves."""
    import torch

    import saccade as sc
    from saccade.training.parallel.machine import pick_precision

    system = ours()
    predictor = sc.Predictor(system, precision=pick_precision("auto", torch.device("cpu")), device="cpu")
    images = pictures(pixels, count)
    forget_peak()

    def run_round() -> dict[str, Any]:
        shown = sum(len(predictor(image).get("semantic").unique()) for image in images)
        return {"told": f"{_millions(system)}, {shown / count:.0f} classes a picture", "peak": peak()}

    return run_round


def their_predict(pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """As their pages show it: eager fp32, one picture after the other, and the likeliest class."""
    import torch

    model, images = theirs().eval(), pictures(pixels, count)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)))
    forget_peak()

    def run_round() -> dict[str, Any]:
        with torch.inference_mode():
            shown = sum(len(model(((image / 255 - mean) / std)[None]).argmax(1).unique()) for image in images)
        return {"told": f"{_millions(model)}, {shown / count:.0f} classes a picture", "peak": peak()}

    return run_round


def our_train(pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """Steps as `saccade train` makes them, from pictures as they were read."""
    from bench.our_training import Steps
    from saccade.core.annotation import Annotation

    system = ours()
    steps, images = Steps.on(system), pictures(pixels, count)
    shown = [Annotation(semantic=classes) for classes in truths(pixels, count)]
    forget_peak()

    def run_round() -> dict[str, Any]:
        loss = steps.take(system.batch(images, shown), LR)
        return {"told": f"{_millions(system)}, loss {loss:.2f}", "peak": peak()}

    return run_round


def their_train(pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """Cross entropy and AdamW in eager fp32 and the default memory format."""
    import torch

    model, images = theirs().train(), torch.stack(pictures(pixels, count))
    target = torch.stack(truths(pixels, count))
    optimiser = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=1e-4)
    forget_peak()

    def run_round() -> dict[str, Any]:
        loss = torch.nn.functional.cross_entropy(model(images / 127.5 - 1), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return {"told": f"{_millions(model)}, loss {loss.item():.2f}", "peak": peak()}

    return run_round


def _millions(model: Any) -> str:
    return f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M"


if __name__ == "__main__":
    sys.exit(main())
