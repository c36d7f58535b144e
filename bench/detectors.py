"""Detectors beside torchvision's own, with the same weights: answers, training steps, and the memory of both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.pairs import Lane, Row, cost, race, speed_up
from bench.side import Call, Lap

TRAINING_AIM, MEMORY_AIM = 2.5, 1.0
CLASSES = 91  # COCO's, with background and numbers that stand for nothing, as in torchvision's own weights
OBJECTS = 8
LR = 1e-6  # drawn weights bear no more
MIB_OF_KIB = 1 / 1024


@dataclass(frozen=True)
class Detector:
    """One of torchvision's detectors.

    Attributes:
        title: What it is called in tables.
        pairs: Pairs of box and class of a picture that pass the threshold.
        aim: What our predictor should reach beside it.
        background: Labels that are background's: ours are less by so many.
        masks: Whether it tells masks too, and learns them.
    """

    title: str
    pairs: int
    aim: float
    background: int
    masks: bool = False


DETECTORS = {
    "fasterrcnn": Detector("Faster R-CNN, ResNet-50 with pyramid", 300, 2.4, 1),
    "maskrcnn": Detector("Mask R-CNN, ResNet-50 with pyramid", 300, 2.4, 1, masks=True),
    "retinanet": Detector("RetinaNet, ResNet-50", 2000, 2.4, 0),
    "ssd300": Detector("SSD300, VGG-16", 2000, 1.7, 1),
}


@dataclass(frozen=True)
class Size:
    """Detectors, shorter side of their input, (H, W) of the pictures, pictures of a round and of a batch, rounds.

    torchvision's own shorter side is 800 pixels, which takes nearly three times as long.
    """

    names: tuple[str, ...] = tuple(DETECTORS)
    side: int = 480
    pixels: tuple[int, int] = (480, 640)
    pictures: int = 4
    batch: int = 2
    rounds: int = 7


QUICK = Size(names=("maskrcnn",), side=64, pixels=(64, 80), pictures=1, batch=1, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Pictures a second in use and in training, and the greatest memory of each process while it is at work."""
    size, rows = QUICK if quick else Size(), list[Row]()
    for name in size.names:
        for task in ("predict", "train"):
            rows += _rows(name, size, task)
    return rows


def _rows(name: str, size: Size, task: str) -> list[Row]:
    """Speed and memory of one detector at one task."""
    detector, predicts = DETECTORS[name], task == "predict"
    count = size.pictures if predicts else size.batch
    options = {"name": name, "side": size.side, "pixels": size.pixels, "count": count}
    calls = {
        "ours": Call(f"bench.detectors:our_{task}", options, "saccade"),
        "theirs": Call(f"bench.detectors:their_{task}", options, "torch"),
    }
    laps = race(calls, size.rounds)
    pixels = 300 if name == "ssd300" else size.side
    question = f"{detector.title}, {pixels} px, " + ("answers one by one" if predicts else f"training, batch {count}")
    ours, theirs = _lane("saccade", laps["ours"]), _lane("torchvision", laps["theirs"])
    memory = [
        Lane(side.label, [its[-1].result["peak"]]) for side, its in zip((ours, theirs), laps.values(), strict=True)
    ]
    return [
        speed_up(question, ours, theirs, unit="img/s", amount=count, aim=detector.aim if predicts else TRAINING_AIM),
        cost(f"{question}, memory", *memory, unit="MiB", aim=MEMORY_AIM),
    ]


def _lane(label: str, laps: list[Lap]) -> Lane:
    """One side's rounds; its label says how many boxes it told of, or what its loss was."""
    return Lane.of(f"{label} ({laps[0].result['told']})", laps)


def our_predict(name: str, side: int, pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """The predictor on what `from_torchvision` gives, in the precision that a training on this machine leaves."""
    import torch

    import saccade as sc
    from bench.detector_models import detector, pictures
    from saccade.training.parallel.machine import pick_precision

    system = sc.from_torchvision(detector(name, side))
    precision = pick_precision("auto", torch.device("cpu"))
    predictor = sc.Predictor(system, precision=precision, device="cpu")
    images = pictures(pixels, count)
    forget_peak()

    def run_round() -> dict[str, Any]:
        # One by one: the next picture is asked for when the prediction to the one before has come.
        boxes = sum(len(predictor([image])[0].get("instances")) for image in images)
        return {"told": f"{boxes / count:.0f} boxes a picture", "peak": peak()}

    return run_round


def their_predict(name: str, side: int, pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """What torchvision's own pages show: pictures as floats, eager fp32."""
    import torch

    from bench.detector_models import detector, pictures

    model, images = detector(name, side).eval(), pictures(pixels, count)
    forget_peak()

    def run_round() -> dict[str, Any]:
        with torch.inference_mode():
            boxes = sum(len(model([image.float() / 255])[0]["boxes"]) for image in images)
        return {"told": f"{boxes / count:.0f} boxes a picture", "peak": peak()}

    return run_round


def our_train(name: str, side: int, pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """Steps as `saccade train` makes them, from pictures as they were read: those, too, torchvision resizes itself."""
    import torch

    import saccade as sc
    from bench.detector_models import detector, ellipses, pictures, truth
    from bench.our_training import Steps
    from saccade.core.annotation import Annotation, Instances
    from saccade.core.masks import Masks

    system = sc.from_torchvision(detector(name, side).train())
    steps, images = Steps.on(system), pictures(pixels, count)
    shown: list[Annotation] = []
    for seed in range(count):
        boxes, labels = truth(pixels, OBJECTS, seed)
        masks = Masks.from_dense(ellipses(boxes, pixels)) if DETECTORS[name].masks else None
        shown.append(
            Annotation(instances=Instances(boxes=boxes, labels=labels - DETECTORS[name].background, masks=masks))
        )
    torch.manual_seed(0)
    forget_peak()

    def run_round() -> dict[str, Any]:
        loss = steps.take(system.batch(images, shown), LR)
        return {"told": f"loss {loss:.2f}", "peak": peak()}

    return run_round


def their_train(name: str, side: int, pixels: list[int], count: int) -> Callable[[], dict[str, Any]]:
    """The loop of torchvision's reference for detection, in fp32 and the default memory format."""
    import torch

    from bench.detector_models import detector, ellipses, pictures, truth

    model, images = detector(name, side).train(), pictures(pixels, count)
    targets: list[dict[str, Any]] = []
    for seed in range(count):
        boxes, labels = truth(pixels, OBJECTS, seed)
        masks = {"masks": ellipses(boxes, pixels).byte()} if DETECTORS[name].masks else {}
        targets.append({"boxes": boxes, "labels": labels, **masks})
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.SGD(learning, lr=LR, momentum=0.9, weight_decay=1e-4)
    torch.manual_seed(0)
    forget_peak()

    def run_round() -> dict[str, Any]:
        loss: Any = sum(model([image.float() / 255 for image in images], targets).values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return {"told": f"loss {loss.item():.2f}", "peak": peak()}

    return run_round


def forget_peak() -> None:
    """Let the kernel count this process's greatest memory from now on: building a model takes some of its own."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """MiB of this process at its greatest."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * MIB_OF_KIB for line in lines if line.startswith("VmHWM"))
