"""Scores of detection on many pictures beside pycocotools, and whether both find the same numbers."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

from bench.pairs import Lane, Row, race, speed_up
from bench.side import Call

AIM = 5.0
NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100")


@dataclass(frozen=True)
class Size:
    """Pictures, predictions and objects of each, classes, rounds."""

    pictures: int = 5000
    predictions: int = 100
    objects: int = 8
    classes: int = 80
    rounds: int = 3


QUICK = Size(pictures=40, predictions=20, objects=4, classes=3, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Pictures a second: of results in COCO's form, and of annotations as they come out of a network."""
    size = QUICK if quick else Size()
    options = {name: value for name, value in asdict(size).items() if name != "rounds"}
    sides = {
        "coco": Call("bench.evaluation:of_json", options, "saccade"),
        "pycocotools": Call("bench.evaluation:pycocotools", options, "torch"),
        "evaluator": Call("bench.evaluation:of_annotations", options, "saccade"),
    }
    laps = race(sides, size.rounds, warm_up=0 if not quick else 1)
    apart = {name: _apart(laps[name][0].result, laps["pycocotools"][0].result) for name in ("coco", "evaluator")}
    told = f"{size.pictures} pictures, {size.predictions} predictions each, {size.classes} classes"
    beside = Lane.of("pycocotools", laps["pycocotools"])
    labels = {"coco": "sc.metrics.coco", "evaluator": "Evaluator, errors and confusion included"}
    return [
        speed_up(
            f"{told}; numbers at most {apart[name]:.0e} apart",
            Lane.of(label, laps[name]),
            beside,
            unit="pictures/s",
            amount=size.pictures,
            aim=AIM,
        )
        for name, label in labels.items()
    ]


def _apart(ours: list[float], theirs: list[float]) -> float:
    return max(abs(one - other) for one, other in zip(ours, theirs, strict=True))


def of_json(**size: int) -> Callable[[], list[float]]:
    """COCO's nine numbers of results in COCO's form."""
    import_module("hotcoco")  # loaded before the clock runs, as the other side's library is

    from saccade.metrics import coco

    truth, results = drawn(**size)

    def run_round() -> list[float]:
        scores = coco(truth, results)
        return [-1.0 if scores[name] is None else float(scores[name] or 0) for name in NAMES]

    return run_round


def of_annotations(**size: int) -> Callable[[], list[float]]:
    """The same numbers and all that the report tells, from annotations picture by picture."""
    import_module("hotcoco")
    from saccade.metrics import Evaluator, choose

    truth, results = drawn(**size)
    classes = [row["name"] for row in truth["categories"]]
    shown = [as_annotations(truth["annotations"], results, k, size) for k in range(size["pictures"])]
    fields = frozenset({"instances.boxes", "instances.labels"})

    def run_round() -> list[float]:
        judge = Evaluator(choose(fields | {"instances.scores"}, fields, classes), classes)
        for place, (prediction, wanted) in enumerate(shown):
            judge.update(prediction, wanted, str(place))
        scores = judge.result().scores
        return [-1.0 if scores[name] is None else float(scores[name] or 0) for name in NAMES]

    return run_round


def pycocotools(**size: int) -> Callable[[], list[float]]:
    """The reference's first nine numbers; what it prints is thrown away by the side that runs it."""
    coco: Any = import_module("pycocotools.coco")
    cocoeval: Any = import_module("pycocotools.cocoeval")
    truth, results = drawn(**size)

    def run_round() -> list[float]:
        annotated = coco.COCO()
        annotated.dataset = {name: [dict(row) for row in rows] for name, rows in truth.items()}
        annotated.createIndex()
        found = cocoeval.COCOeval(annotated, annotated.loadRes([dict(row) for row in results]), "bbox")
        found.evaluate()
        found.accumulate()
        found.summarize()
        return [float(value) for value in found.stats[: len(NAMES)]]

    return run_round


def drawn(pictures: int, predictions: int, objects: int, classes: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Truth and results from a fixed seed: predictions about objects, seven of ten of the right class; some crowds."""
    import numpy as np

    draw = np.random.default_rng(0)
    truth: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for image in range(pictures):
        places = np.concatenate([draw.random((objects, 2)) * 500, 10 + draw.random((objects, 2)) ** 2 * 250], 1)
        places = places.astype(np.float32).astype(np.float64)  # as annotations hold them
        labels = draw.integers(0, classes, objects)
        columns = (labels.tolist(), _boxes(places), (places[:, 2] * places[:, 3] * 0.7).tolist())
        for label, box, area in zip(*columns, strict=True):
            row = {"id": len(truth) + 1, "image_id": image, "category_id": label, "bbox": box, "area": area}
            truth.append({**row, "iscrowd": int(len(truth) % 50 == 49)})
        near = draw.integers(0, objects, predictions)
        moved = places[near] + draw.normal(size=(predictions, 4)) * 10
        moved[:, 2:] = moved[:, 2:].clip(1)
        predicted = np.where(
            draw.random(predictions) < 0.7, labels[near], draw.integers(0, classes, predictions)
        ).tolist()
        columns = (predicted, _boxes(moved), draw.random(predictions).astype(np.float32).tolist())
        results += [
            {"image_id": image, "category_id": label, "bbox": box, "score": score}
            for label, box, score in zip(*columns, strict=True)
        ]
    images = [{"id": image, "width": 1000, "height": 1000} for image in range(pictures)]
    categories = [{"id": label, "name": str(label)} for label in range(classes)]
    return {"images": images, "categories": categories, "annotations": truth}, results


def _boxes(xywh: Any) -> list[list[float]]:
    """x, y, width and height whose corners are float32, so that both sides see the same numbers."""
    import numpy as np

    low = xywh[:, :2].astype(np.float32)
    high = (xywh[:, :2] + xywh[:, 2:]).astype(np.float32)
    return np.concatenate([low.astype(np.float64), high.astype(np.float64) - low.astype(np.float64)], 1).tolist()


def as_annotations(truth: list[dict[str, Any]], results: list[dict[str, Any]], image: int, size: dict[str, int]) -> Any:
    """Prediction and truth of one picture."""
    import torch

    from saccade.core.annotation import Annotation, Instances

    def rows(part: list[dict[str, Any]], **columns: Any) -> Annotation:
        boxes = torch.tensor([row["bbox"] for row in part], dtype=torch.float64)
        boxes = torch.cat([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1).float()
        labels = torch.tensor([row["category_id"] for row in part])
        return Annotation(instances=Instances(boxes=boxes, labels=labels, **columns))

    wanted = truth[image * size["objects"] : (image + 1) * size["objects"]]
    found = results[image * size["predictions"] : (image + 1) * size["predictions"]]
    area = torch.tensor([row["area"] for row in wanted], dtype=torch.float64)
    crowd = torch.tensor([bool(row["iscrowd"]) for row in wanted])
    return rows(found, scores=torch.tensor([row["score"] for row in found])), rows(wanted, area=area, crowd=crowd)
