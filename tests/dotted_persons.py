"""Pictures of persons that are blue rectangles with a red dot to the left and a green one to the right."""

import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from saccade.core.annotation import Annotation, Instances

SIZE = (80, 160)
# Boxes, and the middles of both dots of each.
BOXES = ((20, 16, 52, 64), (100, 24, 132, 60))
DOTS = (((28, 30), (44, 50)), ((108, 34), (124, 52)))


def picture(count: int = 2) -> Tensor:
    """(3, 80, 160) uint8 with so many persons."""
    image = torch.zeros(3, *SIZE, dtype=torch.uint8)
    for (x1, y1, x2, y2), dots in list(zip(BOXES, DOTS, strict=True))[:count]:
        image[2, y1:y2, x1:x2] = 128
        for channel, (x, y) in enumerate(dots):
            image[channel, y - 2 : y + 2, x - 2 : x + 2] = 255
    return image


def truth(count: int = 2) -> Annotation:
    """What such a picture shows: persons, class 1 of two."""
    boxes = torch.tensor(BOXES[:count], dtype=torch.float32).view(-1, 4)
    rows = Instances(
        boxes=boxes,
        labels=torch.ones(count, dtype=torch.int64),
        keypoints=torch.tensor(DOTS[:count], dtype=torch.float32).view(-1, 2, 2),
        visible=torch.full((count, 2), 2),
        area=(boxes[:, 2:] - boxes[:, :2]).prod(1),
        crowd=torch.zeros(count, dtype=torch.bool),
    )
    return Annotation(instances=rows)


def save(path: Path, count: int = 2) -> Path:
    """The picture as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(count).permute(1, 2, 0).numpy()).save(path)
    return path


def coco_of(*counts: int) -> dict[str, Any]:
    """COCO's JSON of such pictures, called ``0.png``, ``1.png``, …; a dog stands in each."""
    images = [{"id": n, "file_name": f"{n}.png", "height": SIZE[0], "width": SIZE[1]} for n in range(len(counts))]
    boxes = [
        {"image_id": n, "category_id": 7, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": 0.9 - row / 4}
        for n, count in enumerate(counts)
        for row, (x1, y1, x2, y2) in enumerate(BOXES[:count])
    ]
    dogs = [{"image_id": n, "category_id": 3, "bbox": [1, 1, 9, 9]} for n in range(len(counts))]
    objects = [{"id": n, **one} for n, one in enumerate([*boxes, *dogs], 1)]
    kinds = [{"id": 3, "name": "dog"}, {"id": 7, "name": "person"}]
    return {"images": images, "annotations": objects, "categories": kinds}


def written(path: Path, value: Any) -> Path:
    """A JSON file."""
    path.write_text(json.dumps(value))
    return path
