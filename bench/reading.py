"""How long it takes to open annotations: a COCO file of many boxes, and a folder of many pictures."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.pairs import Lane, Row, cost, race
from bench.side import Call

WIDTH, HEIGHT, CATEGORIES, CORNERS = 640, 480, 80, 12


@dataclass(frozen=True)
class Size:
    """Pictures, objects, rounds."""

    pictures: int = 10_000
    boxes: int = 100_000
    rounds: int = 5


QUICK = Size(pictures=50, boxes=200, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Seconds to open each, beside faster-coco-eval's index and torchvision's folder."""
    size = QUICK if quick else Size()
    with TemporaryDirectory() as name:
        scratch = Path(name)
        boxes, outlines = scratch / "boxes", scratch / "outlines"
        write_coco(boxes, size, outlined=False)
        write_coco(outlines, size, outlined=True)
        write_folder(scratch / "folder", size.pictures)
        return [
            _coco(f"opening COCO, {size.boxes} boxes", boxes, size.rounds),
            _coco(f"opening COCO, {size.boxes} outlines of {CORNERS} corners", outlines, size.rounds),
            _folder(f"opening a folder of {size.pictures} pictures", scratch / "folder", size.rounds),
        ]


def _coco(question: str, folder: Path, rounds: int) -> Row:
    options = {"folder": str(folder)}
    calls = {
        "ours": Call("bench.reading:coco", options, "saccade"),
        "theirs": Call("bench.reading:coco_index", options, "torch"),
    }
    laps = race(calls, rounds)
    return cost(question, Lane.of("saccade", laps["ours"]), Lane.of("faster-coco-eval", laps["theirs"]))


def _folder(question: str, folder: Path, rounds: int) -> Row:
    options = {"folder": str(folder)}
    calls = {
        "ours": Call("bench.reading:folder", options, "saccade"),
        "theirs": Call("bench.reading:image_folder", options, "torch"),
    }
    laps = race(calls, rounds)
    return cost(question, Lane.of("saccade", laps["ours"]), Lane.of("torchvision", laps["theirs"]))


def write_coco(root: Path, size: Size, *, outlined: bool) -> None:
    """A COCO folder whose pictures are empty files: opening looks for them and reads none."""
    (root / "train").mkdir(parents=True)
    names = [f"{number:012}.jpg" for number in range(size.pictures)]
    for name in names:
        (root / "train" / name).touch()
    random = np.random.default_rng(0)
    pictures = [{"id": n, "file_name": name, "width": WIDTH, "height": HEIGHT} for n, name in enumerate(names)]
    objects = [_object(n, random, size.pictures, outlined) for n in range(size.boxes)]
    categories = [{"id": n + 1, "name": f"class {n}"} for n in range(CATEGORIES)]
    (root / "annotations").mkdir()
    document = {"images": pictures, "annotations": objects, "categories": categories}
    (root / "annotations" / "instances_train.json").write_text(json.dumps(document))


def _object(number: int, random: np.random.Generator, pictures: int, outlined: bool) -> dict[str, Any]:
    left, top = random.uniform(0, (WIDTH / 2, HEIGHT / 2))
    width, height = random.uniform(8, (WIDTH / 2, HEIGHT / 2))
    found: dict[str, Any] = {
        "id": number + 1,
        "image_id": int(random.integers(pictures)),
        "category_id": int(random.integers(CATEGORIES)) + 1,
        "bbox": [round(float(value), 2) for value in (left, top, width, height)],
        "area": round(float(width * height), 2),
        "iscrowd": 0,
    }
    if outlined:  # an ellipse
        turns = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        corners = np.stack([left + width / 2 * (1 + np.cos(turns)), top + height / 2 * (1 + np.sin(turns))], 1)
        found["segmentation"] = [corners.round(2).ravel().tolist()]
    return found


def write_folder(root: Path, pictures: int) -> None:
    """Empty files in the folders of ten classes."""
    for number in range(pictures):
        path = root / f"class {number % 10}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def coco(folder: str) -> Callable[[], int]:
    """Our reader: every entry is checked, its pictures are looked for, and all goes into arrays."""
    from saccade.data.formats.coco.reader import open_coco

    return lambda: len(open_coco(Path(folder), "train"))


def coco_index(folder: str) -> Callable[[], int]:
    """The index of dictionaries that the evaluation libraries keep; nothing is checked."""
    from faster_coco_eval import COCO

    return lambda: len(COCO(f"{folder}/annotations/instances_train.json").imgs)


def folder(folder: str) -> Callable[[], int]:
    """Our reader of folders."""
    from saccade.data.formats.image_folder.reader import open_folder

    return lambda: len(open_folder(Path(folder), "train"))


def image_folder(folder: str) -> Callable[[], int]:
    """Torchvision's."""
    from torchvision.datasets import ImageFolder

    return lambda: len(ImageFolder(folder))
