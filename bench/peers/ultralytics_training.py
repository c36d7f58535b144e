"""Trains ultralytics' YOLO11n from nothing for some minutes and tells what it says of the held-out pictures.

A script for an environment with ultralytics, which saccade never needs: see `bench.same_minutes`.
"""

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import Any

# Its own validator keeps boxes from this score on.
LEAST_SCORE = 0.001


def main() -> None:
    """Train, predict, write the answers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="data.yaml, or a folder of class folders")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of the held-out pictures")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run and of answers.json")
    typed = parser.parse_args()
    detects = typed.data.suffix == ".yaml"
    model: Any = import_module("ultralytics").YOLO("yolo11n.yaml" if detects else "yolo11n-cls.yaml")
    # Its epochs follow from its time; `plots` would spend some of it on drawings.
    model.train(
        data=str(typed.data.resolve()), time=typed.minutes / 60, imgsz=typed.size, device="cpu", workers=0,
        project=str(typed.out.resolve()), name="run", exist_ok=True, plots=False, pretrained=False,
    )  # fmt: skip
    best: Any = import_module("ultralytics").YOLO(typed.out / "run" / "weights" / "best.pt")
    names = dict(best.names)
    answers: list[dict[str, Any]] = []
    for file in sorted(p for p in typed.pictures.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png")):
        (found,) = best.predict(str(file), imgsz=typed.size, conf=LEAST_SCORE, iou=0.7, max_det=300, verbose=False)
        if detects:
            rows = zip(found.boxes.xyxy.tolist(), found.boxes.cls.tolist(), found.boxes.conf.tolist(), strict=True)
            answers += [
                {"file": file.name, "class": names[int(label)], "score": score, "box": box}
                for box, label, score in rows
            ]
        else:
            answers.append({"file": file.name, "class": names[found.probs.top1]})
    (typed.out / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main()
