"""Small data sets that tests write, and one that lives in memory."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from saccade.core.annotation import Annotation, Instances
from saccade.core.dataset import Joints
from saccade.core.errors import DataError
from saccade.core.sample import Sample
from saccade.core.vocabulary import Vocabularies


def save_picture(path: Path, height: int = 40, width: int = 60, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def coco_content() -> dict[str, Any]:
    """Three pictures of 60x40; the first has three objects, the second one, the third none."""
    return {
        "images": [{"id": n, "file_name": f"{n}.png", "width": 60, "height": 40} for n in (7, 3, 5)],
        "categories": [{"id": 90, "name": "cat"}, {"id": 1, "name": "ant"}, {"id": 7, "name": "bee"}],
        "annotations": [
            {"id": 11, "image_id": 7, "category_id": 7, "bbox": [5, 6, 10, 4], "area": 40, "iscrowd": 0,
             "segmentation": [[5, 6, 15, 6, 15, 10, 5, 10]]},
            {"id": 12, "image_id": 7, "category_id": 90, "bbox": [50, 30, 30, 30], "area": 90.5, "iscrowd": 0,
             "segmentation": {"size": [40, 60], "counts": [50 * 40 + 30, 10, 360]}},
            {"id": 13, "image_id": 7, "category_id": 1, "bbox": [0, 0, 60, 40], "area": 2400, "iscrowd": 1,
             "segmentation": {"size": [40, 60], "counts": [0, 2400]}},
            {"id": 14, "image_id": 3, "category_id": 1, "bbox": [1.5, 2.5, 3, 4]},
        ],
    }  # fmt: skip


def coco_joints_content() -> dict[str, Any]:
    """The same, where ants have three joints, which are annotated of the last object."""
    content = coco_content()
    content["categories"][1] |= {"keypoints": ["nose", "left_eye", "right_eye"], "skeleton": [[1, 2], [1, 3]]}
    content["annotations"][3]["keypoints"] = [3, 4, 2, 0, 0, 0, 5, 6, 1]
    return content


def write_coco(root: Path, content: dict[str, Any] | None = None, split: str = "train") -> Path:
    content = coco_content() if content is None else content
    document = root / "annotations" / f"instances_{split}.json"
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(json.dumps(content))
    for n, image in enumerate(coco_content()["images"]):
        save_picture(root / split / image["file_name"], seed=n)
    return root


def write_coco_persons(root: Path, shift: float = 0.0) -> Path:
    """COCO's keypoints of an own schema: two persons and a crowd, nobody, one person without annotated joints.

    Args:
        root: The data's folder.
        shift: Pixels by which the first joint is moved to the right.
    """
    save_picture(root / "train/a.png")
    save_picture(root / "train/b.png", seed=1)
    save_picture(root / "train/c.png", seed=2)
    category = {"id": 3, "name": "worker", "keypoints": ["helmet", "left_hand", "right_hand"]}
    seen = {"category_id": 3, "iscrowd": 0, "area": 100}
    joints = [[12 + shift, 8, 2, 10, 20, 1, 18, 20, 2], [40, 5, 2, 35, 12, 2, 0, 0, 0], [0] * 9]
    objects = [
        seen | {"id": 1, "image_id": 1, "bbox": [6, 4, 14, 24], "keypoints": joints[0], "num_keypoints": 3},
        seen | {"id": 2, "image_id": 1, "bbox": [30, 2, 16, 16], "keypoints": joints[1], "num_keypoints": 2},
        seen | {"id": 3, "image_id": 1, "bbox": [0, 0, 60, 40], "iscrowd": 1, "keypoints": joints[2]},
        seen | {"id": 4, "image_id": 3, "bbox": [3, 3, 20, 20], "keypoints": joints[2], "num_keypoints": 0},
    ]
    images = [{"id": n, "file_name": f"{name}.png", "width": 60, "height": 40} for n, name in enumerate("abc", 1)]
    content = {"images": images, "annotations": objects, "categories": [category | {"skeleton": [[1, 2], [1, 3]]}]}
    document = root / "annotations/person_keypoints_train.json"
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(json.dumps(content))
    return root


class Memory:
    """Pictures of one grey, which is their place; some cannot be read, one sleeps."""

    joints: Joints | None = None
    fields = frozenset({"label", "instances.boxes"})
    classes = ("even", "odd")
    vocabularies = Vocabularies.of(classes)

    def __init__(self, count: int, bad: tuple[int, ...] = (), sleeper: int = -1, side: int = 8) -> None:
        self.count, self.bad, self.sleeper, self.side = count, bad, sleeper, side

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        if index == self.sleeper:
            time.sleep(600)
        if index in self.bad:
            raise DataError("a picture", "none", path=self.id(index), line=3, annotation_id="x", cure="cure")
        return Sample(torch.full((3, *self.size(index)), index, dtype=torch.uint8), self.truth(index), self.id(index))

    def truth(self, index: int) -> Annotation:
        boxes = torch.full((index % 3, 4), float(index))
        return Annotation(label=torch.tensor(index % 2), instances=Instances(boxes=boxes))

    def id(self, index: int) -> str:
        return f"memory/{index}.png"

    def size(self, index: int) -> tuple[int, int]:
        return self.side + 4 * (index % 2), self.side
