"""Trains a network of torchvision's from nothing for some minutes, as its references do, and tells what it says.

Pictures with boxes: Faster R-CNN on MobileNet-V3 at 320 pixels, the quickest of its detectors with two stages, with
its reference's SGD, warm-up and flips. Pictures with classes: ResNet-18 with its reference's SGD, cosine and crops.
The steps that the minutes allow are reckoned from the first ones, so that the rate falls within them.
"""

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.io import ImageReadMode, decode_image

models: Any = import_module("torchvision.models")
transforms: Any = import_module("torchvision.transforms.v2")

DETECTION_LR, CLASSIFICATION_LR, MOMENTUM, DECAY = 0.01, 0.05, 0.9, 1e-4
DETECTION_BATCH, CLASSIFICATION_BATCH = 4, 16
# Steps by which the pace is known, and the share of a training over which the rate rises.
TRIAL, RISE = 5, 0.05
Step = Callable[[Any], Tensor]


class CocoFolder:
    """Pictures and boxes of ``annotations/instances_SPLIT.json`` beside ``SPLIT/``, flipped half of the time."""

    def __init__(self, root: Path, split: str) -> None:
        table = json.loads((root / "annotations" / f"instances_{split}.json").read_text())
        self.names = {row["id"]: row["name"] for row in table["categories"]}
        self.label_of = {key: place for place, key in enumerate(sorted(self.names), 1)}
        self.files = [root / split / row["file_name"] for row in table["images"]]
        self.rows = [[a for a in table["annotations"] if a["image_id"] == i["id"]] for i in table["images"]]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[Tensor, dict[str, Tensor]]:
        image = decode_image(str(self.files[place]), ImageReadMode.RGB).float() / 255
        boxes = torch.tensor([r["bbox"] for r in self.rows[place]], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        if torch.rand(()) < 0.5:
            image, boxes = image.flip(2), boxes[:, [2, 1, 0, 3]]
            boxes[:, [0, 2]] = image.shape[2] - boxes[:, [0, 2]]
        labels = torch.tensor([self.label_of[r["category_id"]] for r in self.rows[place]], dtype=torch.int64)
        return image, {"boxes": boxes, "labels": labels}


def descend(model: Any, batches: Any, loss: Step, lr: float, end: float) -> int:
    """Steps of SGD until `end`, a time of `time.monotonic`; the number of steps."""
    wanted = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(wanted, lr, momentum=MOMENTUM, weight_decay=DECAY)
    done, begun, steps = 0, time.monotonic(), math.inf
    for batch in endless(batches):
        if done == TRIAL:
            steps = max(done + (end - time.monotonic()) / ((time.monotonic() - begun) / TRIAL), done + 1)
        share = 0.0 if math.isinf(steps) else min(done / steps, 1)
        rate = lr * min((share + 0.001) / RISE, 1) * (1 + math.cos(math.pi * share)) / 2
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad()
        loss(batch).backward()
        optimiser.step()
        done += 1
        if time.monotonic() >= end:
            break
    return done


def endless(batches: Any) -> Iterator[Any]:
    """Batches without end."""
    while True:
        yield from batches


def detect(root: Path, pictures: Path, end: float, size: int) -> list[dict[str, Any]]:
    """Train a detector and tell what it finds."""
    data: Any = CocoFolder(root, "train")
    names = [data.names[key] for key in sorted(data.names)]
    model = models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=len(names) + 1, min_size=size, max_size=size * 2
    )
    batches = DataLoader(data, DETECTION_BATCH, shuffle=True, drop_last=True, collate_fn=lambda rows: tuple(zip(*rows)))  # noqa: B905
    model.train()
    descend(model, batches, lambda batch: sum(model(list(batch[0]), list(batch[1])).values()), DETECTION_LR, end)
    model.eval()
    answers: list[dict[str, Any]] = []
    for file in pictures_of(pictures):
        with torch.no_grad():
            (found,) = model([decode_image(str(file), ImageReadMode.RGB).float() / 255])
        rows = zip(found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist(), strict=True)
        answers += [{"file": file.name, "class": names[label - 1], "score": s, "box": box} for box, label, s in rows]
    return answers


def classify(root: Path, pictures: Path, end: float, size: int) -> list[dict[str, Any]]:
    """Train a classifier and tell what it says."""
    usual = [transforms.ToImage(), transforms.ToDtype(torch.float32, scale=True)]
    usual.append(transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    learnt = [transforms.RandomResizedCrop(size), transforms.RandomHorizontalFlip(), *usual]
    data = ImageFolder(str(root / "train"), transforms.Compose(learnt))
    model = models.resnet18(weights=None, num_classes=len(data.classes))
    batches = DataLoader(data, CLASSIFICATION_BATCH, shuffle=True, drop_last=True)
    cross_entropy = torch.nn.CrossEntropyLoss()
    model.train()
    descend(model, batches, lambda batch: cross_entropy(model(batch[0]), batch[1]), CLASSIFICATION_LR, end)
    model.eval()
    seen = transforms.Compose([transforms.Resize(round(size * 256 / 224)), transforms.CenterCrop(size), *usual])
    answers: list[dict[str, Any]] = []
    for file in pictures_of(pictures):
        with torch.no_grad():
            scores = model(seen(decode_image(str(file), ImageReadMode.RGB))[None])
        answers.append({"file": file.name, "class": data.classes[int(scores.argmax())]})
    return answers


def pictures_of(folder: Path) -> list[Path]:
    """JPEG and PNG files below a folder, by name."""
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))


def main() -> None:
    """Train, predict, write the answers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="folder in COCO's form, or of class folders")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of the held-out pictures")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of answers.json")
    typed = parser.parse_args()
    end = time.monotonic() + 60 * typed.minutes
    torch.manual_seed(0)
    work = detect if (typed.data / "annotations").is_dir() else classify
    typed.out.mkdir(parents=True, exist_ok=True)
    (typed.out / "answers.json").write_text(json.dumps(work(typed.data, typed.pictures, end, typed.size)))


if __name__ == "__main__":
    main()
