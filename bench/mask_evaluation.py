"""Scores of masks by COCO's rules beside other libraries, by the time of the processor, and whether numbers agree."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from bench.pairs import Lane, Row, race, speed_up
from bench.side import Call, Lap

NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100")
# Package of each library that has COCO's own interface, and what the process loads first.
PEERS = {
    "pycocotools": "pycocotools",
    "faster-coco-eval": "faster_coco_eval",
    "ultrafast-pycocotools": "ultrafast_pycocotools",
}


@dataclass(frozen=True)
class Size:
    """Pictures, masks that are predicted and annotated in each, classes, rounds."""

    pictures: int = 100
    predictions: int = 50
    objects: int = 50
    classes: int = 10
    rounds: int = 3


QUICK = Size(pictures=4, predictions=6, objects=4, classes=2, rounds=1)


def measure(quick: bool) -> list[Row]:
    """Pictures a second of the processor's time, beside each library that is installed."""
    size = QUICK if quick else Size()
    options = {name: value for name, value in asdict(size).items() if name != "rounds"}
    found = {name: package for name, package in PEERS.items() if find_spec(package) is not None}
    sides = {"saccade": Call("bench.mask_evaluation:saccade", options, "saccade")}
    for name, package in found.items():
        sides[name] = Call("bench.mask_evaluation:peer", {"package": package, **options}, "torch")
    laps = race(sides, size.rounds, warm_up=0 if quick else 1)
    ours = laps["saccade"]
    told = f"{size.pictures} pictures, {size.predictions} masks on {size.objects} objects each, {size.classes} classes"
    return [
        speed_up(
            f"{told}; numbers at most {_apart(ours[0], laps[name][0]):.0e} apart",
            _lane("sc.metrics.coco, segm", ours),
            _lane(name, laps[name]),
            unit="pictures/s of processor time",
            amount=size.pictures,
        )
        for name in found
    ]


def _lane(label: str, laps: list[Lap]) -> Lane:
    """By what all threads took together: other work on the machine changes that little."""
    return Lane(label, [lap.result["processor"] for lap in laps])


def _apart(ours: Lap, theirs: Lap) -> float:
    return max(abs(a - b) for a, b in zip(ours.result["numbers"], theirs.result["numbers"], strict=True))


def saccade(**size: int) -> Callable[[], dict[str, Any]]:
    """COCO's nine numbers by hotcoco, as `sc.metrics.coco` calls it."""
    import_module("hotcoco")
    from saccade.metrics import coco

    truth, results = drawn(**size)

    def score() -> list[float]:
        scores = coco(truth, results, kind="segm")
        return [-1.0 if scores[name] is None else float(scores[name] or 0) for name in NAMES]

    return _timed(score)


def peer(package: str, **size: int) -> Callable[[], dict[str, Any]]:
    """The same by a library with COCO's own interface; what it prints is thrown away by the side that runs it."""
    library: Any = import_module(package)
    reference = package == "pycocotools"
    kind: Any = import_module("pycocotools.coco").COCO if reference else library.COCO
    judges: Any = import_module("pycocotools.cocoeval") if reference else library
    judge: Any = getattr(judges, "COCOeval_faster" if package == "faster_coco_eval" else "COCOeval")
    truth, results = drawn(**size)

    def score() -> list[float]:
        own = {name: [dict(row) for row in rows] for name, rows in truth.items()}
        if reference:
            annotated = kind()
            annotated.dataset = own
            annotated.createIndex()
        else:
            annotated = kind(own)
        found = judge(annotated, annotated.loadRes([dict(row) for row in results]), "segm")
        found.evaluate()
        found.accumulate()
        found.summarize()
        return [float(value) for value in found.stats[: len(NAMES)]]

    return _timed(score)


def _timed(score: Callable[[], list[float]]) -> Callable[[], dict[str, Any]]:
    def run_round() -> dict[str, Any]:
        begun = time.process_time()
        numbers = score()
        return {"processor": time.process_time() - begun, "numbers": numbers}

    return run_round


def drawn(pictures: int, predictions: int, objects: int, classes: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Truth and results from a fixed seed, in COCO's form: ellipses, and predictions that are moved and misnamed."""
    import numpy as np

    draw = np.random.default_rng(0)
    truth: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image in range(pictures):
        places = np.concatenate([draw.random((objects, 2)) * (640, 480), 4 + draw.random((objects, 2)) ** 2 * 90], 1)
        labels = draw.integers(0, classes, objects)
        for label, row in zip(labels.tolist(), _masks(places), strict=True):
            truth.append({**row, "id": len(truth) + 1, "image_id": image, "category_id": label})
            truth[-1]["iscrowd"] = int(len(truth) % 50 == 0)
        near = draw.integers(0, objects, predictions)
        moved = places[near] + draw.normal(size=(predictions, 4)) * 3
        moved[:, 2:] = moved[:, 2:].clip(2)
        named = np.where(draw.random(predictions) < 0.7, labels[near], draw.integers(0, classes, predictions))
        scores = draw.random(predictions).tolist()
        for label, score, row in zip(named.tolist(), scores, _masks(moved), strict=True):
            results.append({**row, "image_id": image, "category_id": label, "score": score})
    images = [{"id": image, "width": 640, "height": 480} for image in range(pictures)]
    categories = [{"id": label, "name": str(label)} for label in range(classes)]
    return {"images": images, "categories": categories, "annotations": truth}, results


def _masks(places: Any) -> list[dict[str, Any]]:
    """Run lengths, box and area of ellipses: centre x and y, and both half axes."""
    import numpy as np
    import torch

    from saccade.core.masks import Masks
    from saccade.ops import rle

    y, x = np.mgrid[:480, :640] + 0.5
    inside = [((x - a) / w) ** 2 + ((y - b) / h) ** 2 <= 1 for a, b, w, h in places]
    masks = Masks.from_dense(torch.from_numpy(np.stack(inside)))
    boxes = masks.boxes()
    boxes[:, 2:] -= boxes[:, :2]
    columns = (rle.encode(masks), boxes.tolist(), masks.areas().tolist())
    return [{"segmentation": code, "bbox": box, "area": area} for code, box, area in zip(*columns, strict=True)]
