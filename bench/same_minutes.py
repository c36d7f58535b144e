"""``python -m bench.same_minutes``: what each library learns of a small set in the same minutes, nobody's hand helping.

Ours is ``saccade train --data SET --minutes M`` without a word more. Beside it stand ultralytics' YOLO11n and a network
of torchvision's with its reference's loop, both from nothing, as they begin where no hub is reached. All learn from the
same pictures on the same machine, one after the other, and are scored on the same held-out pictures by the same
scorer. A peer that needs another environment is told where its Python is. What is done already is not done again.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import saccade as sc
from bench.machine import describe_machine
from bench.table import machine_line
from saccade.safe_io.writing.atomic import write_text

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Goal:
    """A set, and how long it may take.

    Attributes:
        data: Its folder's name.
        minutes: Of a training, evaluation and all included in ours.
        detects: Whether objects are sought, else a picture's class.
    """

    data: str
    minutes: float
    detects: bool = True


@dataclass(frozen=True)
class Contestant:
    """Who learns.

    Attributes:
        title: What it is called in the table.
        script: Its script among `PEERS`, or None for ours.
        detecting: Side of its pictures in pixels where objects are sought.
        classifying: The same where a picture's class is.
    """

    title: str
    script: str | None = None
    detecting: int = 0
    classifying: int = 0


GOALS = (Goal("hymenoptera", 3, detects=False), Goal("pennfudan", 15), Goal("bccd", 15))
CONTESTANTS = (
    Contestant("saccade train --data"),
    Contestant("ultralytics YOLO11n, 640 px", "ultralytics_training.py", 640, 224),
    Contestant("ultralytics YOLO11n, 320 px", "ultralytics_training.py", 320, 224),
    Contestant("torchvision, reference loop", "torchvision_training.py", 320, 224),
)


def main() -> int:
    """Let each learn what is asked for, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.same_minutes", description="What each library learns of a small set in the same minutes."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of hymenoptera, pennfudan and bccd")
    parser.add_argument("--out", type=Path, required=True, help="folder for runs, results.json and results.md")
    parser.add_argument("--python", default=sys.executable, help="the Python that ultralytics is installed for")
    parser.add_argument("--only", nargs="+", metavar="SET", help="some of the sets")
    parser.add_argument("--by", nargs="+", metavar="WORD", help="those whose titles hold such a word")
    parser.add_argument("--minutes", type=float, help="in place of each set's own")
    typed = parser.parse_args()
    file = typed.out / "results.json"
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"rows": {}}
    known["machine"] = describe_machine()
    print(machine_line(known["machine"]), flush=True)
    for goal in GOALS:
        if typed.only and goal.data not in typed.only:
            continue
        minutes = typed.minutes or goal.minutes
        data = typed.data / goal.data if not goal.detects else converted(typed.data / goal.data, typed.out)
        for one in CONTESTANTS:
            name = f"{goal.data}, {minutes:g} min, {one.title}"
            if name in known["rows"] or not chosen(one, goal, typed.by):
                continue
            out = typed.out / name.replace(" ", "_").replace(",", "")
            began = time.monotonic()
            answers = learn(one, goal, data, out, minutes, typed.python)
            seconds = round(time.monotonic() - began)
            known["rows"][name] = {**scores(goal, data, answers), "seconds": seconds}
            print(name, known["rows"][name], flush=True)
            write_text(file, json.dumps(known, indent=1) + "\n")
    write_text(typed.out / "results.md", markdown(known["rows"]))
    print(markdown(known["rows"]))
    return 0


def chosen(one: Contestant, goal: Goal, words: Sequence[str] | None) -> bool:
    """Whether this one is to learn: of a peer that sees classes in one size alone, the first."""
    doubled = not goal.detects and one.detecting == 320 and one.script == "ultralytics_training.py"
    return not doubled and (not words or any(word in one.title for word in words))


def converted(folder: Path, out: Path) -> Path:
    """The set in COCO's form, which ours and torchvision's read, beside its YOLO form."""
    there = out / "data" / folder.name
    for form in ("coco", "yolo"):
        if not (there / form).exists():
            saccade("data", "convert", "--to", form, "--lossy", str(folder), str(there / form))
    return there / "coco"


def learn(one: Contestant, goal: Goal, data: Path, out: Path, minutes: float, python: str) -> list[dict[str, Any]]:
    """Train, and tell of each held-out picture what the network says."""
    pictures = data / "val"
    if one.script is None:
        saccade("train", "--data", str(data), "--out", str(out / "run"), "--minutes", str(minutes))
        saccade("predict", str(out / "run"), str(pictures), "--out", str(out / "predictions"), "--no-drawn")
        return ours(json.loads((out / "predictions" / "predictions.json").read_text()))
    size = one.detecting if goal.detects else one.classifying
    given = data.parent / "yolo" / "data.yaml" if goal.detects and one.script.startswith("ultra") else data
    subprocess.run(
        [python, str(PEERS / one.script), "--data", str(given), "--pictures", str(pictures.resolve()),
         "--minutes", str(minutes), "--size", str(size), "--out", str(out)],
        check=True,
    )  # fmt: skip
    return json.loads((out / "answers.json").read_text())


def ours(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Our predictions as the scripts write theirs."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        file, rows = Path(entry["file"]).name, entry.get("instances")
        if rows is None:
            found.append({"file": file, "class": entry["class"]})
            continue
        columns = zip(rows["classes"], rows["scores"], rows["boxes"], strict=True)
        found += [{"file": file, "class": name, "score": score, "box": box} for name, score, box in columns]
    return found


def scores(goal: Goal, data: Path, answers: list[dict[str, Any]]) -> dict[str, float | None]:
    """Top-1, or COCO's AP and AP50, of the held-out pictures."""
    if not goal.detects:
        truth = {p.name: p.parent.name for p in (data / "val").rglob("*") if p.is_file()}
        return {"top1": sum(truth[a["file"]] == a["class"] for a in answers) / len(truth)}
    table = json.loads((data / "annotations" / "instances_val.json").read_text())
    images = {row["file_name"]: row["id"] for row in table["images"]}
    kinds = {row["name"]: row["id"] for row in table["categories"]}
    rows = [
        {"image_id": images[a["file"]], "category_id": kinds[a["class"]], "score": a["score"],
         "bbox": [a["box"][0], a["box"][1], a["box"][2] - a["box"][0], a["box"][3] - a["box"][1]]}
        for a in answers
    ]  # fmt: skip
    found = sc.metrics.coco(table, rows)
    return {"AP50": found["AP50"], "AP": found["AP"]}


def markdown(rows: dict[str, Any]) -> str:
    """A line a training."""
    lines = ["| set, minutes, who | score | seconds in all |", "| --- | --- | ---: |"]
    for name, row in rows.items():
        told = ", ".join(f"{key} {value:.3f}" for key, value in row.items() if key != "seconds")
        lines.append(f"| {name} | {told} | {row['seconds']} |")
    return "\n".join([*lines, ""])


def saccade(*words: str) -> None:
    """One of our commands, as it is typed."""
    subprocess.run([sys.executable, "-m", "saccade", *words], check=True, env=dict(os.environ))


if __name__ == "__main__":
    sys.exit(main())
