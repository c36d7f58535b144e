"""``python -m bench.transfer --data DIR --out DIR``: what a trunk that has learnt elsewhere is worth with few labels.

A ResNet-18 of half width learns everyday objects (crops of coco128). Then, on ants and bees, blood cells and street
scenes, with 10, 30 and 100 % of the labels: trained from scratch; its trunk frozen under linear SVMs; frozen under
a linear head; fine-tuned. The last checkpoint is measured, none is chosen by its score. What is done already is not
done again, so that a broken run can be started anew.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import saccade as sc
from bench.machine import describe_machine
from bench.transfer_tasks import SOURCE, TASKS, Held, Task, open_task, some
from saccade.safe_io.writing.atomic import write_text

SHARES = (0.1, 0.3, 1.0)
# Steps on kept features to one step through the trunk.
CHEAP = 10
METHODS = {
    "scratch": "all weights learn, from random ones",
    "svm": "trunk frozen, linear SVMs solved",
    "head": "trunk frozen, linear head descends",
    "fine-tuned": "all weights learn, the trunk's at a tenth of the rate",
}


@dataclass(frozen=True)
class Study:
    """How large the study is.

    Attributes:
        root: Folder of the data sets.
        out: Where runs and results are kept.
        seeds: How often each is repeated.
        width: Factor of the trunk's channels.
        size: Side of the network's input in pixels.
        source_steps: Steps of the trunk's first training.
        steps: Steps of each training that descends.
        most: Pictures of a side at most, or None.
    """

    root: Path
    out: Path
    seeds: int = 1
    width: float = 0.5
    size: int = 64
    source_steps: int = 800
    steps: int = 100
    most: int | None = None


def main() -> int:
    """Do the study and print its table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.transfer", description="What a trunk that has learnt elsewhere is worth with few labels."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of hymenoptera, bccd, camvid and coco128")
    parser.add_argument("--out", type=Path, required=True, help="folder for runs, results.json and results.md")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="repetitions with other labels and weights")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    typed = parser.parse_args()
    study = Study(typed.data, typed.out, typed.seeds)
    if typed.quick:
        study = Study(typed.data, typed.out, typed.seeds, 1 / 16, 32, 4, 2, 24)
    sys.stdout.write(run(study))
    return 0


def run(study: Study) -> str:
    """Do what is missing, and give the table as markdown."""
    study.out.mkdir(parents=True, exist_ok=True)
    file = study.out / "results.json"
    known: dict[str, Any] = (
        json.loads(file.read_text()) if file.exists() else {"machine": describe_machine(), "rows": {}}
    )
    source = pretrain(study, known)
    for task in TASKS:
        sides: tuple[Held, Held] | None = None
        for name, share, method, seed in plan(study, task):
            if name in known["rows"]:
                continue
            sides = sides or open_task(task, study.root, study.size * 9 // 8, study.most)
            began = time.monotonic()
            found = score(study, task, sides, share, method, seed, source)
            known["rows"][name] = {
                "task": task.name, "share": share, "method": method, "seed": seed, **found,
                "seconds": round(time.monotonic() - began, 1),
            }  # fmt: skip
            write_text(file, json.dumps(known, indent=1) + "\n")
    table = markdown(study, known)
    write_text(study.out / "results.md", table)
    return table


def plan(study: Study, task: Task) -> Iterator[tuple[str, float, str, int]]:
    """Name, share, method and seed of each training of a task."""
    for seed in range(study.seeds):
        for share in SHARES:
            for method in METHODS:
                yield f"{task.name}-{share:g}-{method}-{seed}", share, method, seed


def pretrain(study: Study, known: dict[str, Any]) -> Path:
    """The run of the trunk's first training; made where it is not finished."""
    train, val = open_task(SOURCE, study.root, study.size * 9 // 8, study.most)
    out = study.out / "source"
    began = time.monotonic()
    options: dict[str, Any] = {
        "trunk": "resnet18", "width": study.width, "size": study.size, "batch": 32, "workers": 0,
    }  # fmt: skip
    sc.train("classifier", train, out, val=val, steps=study.source_steps, resume=True, **options)
    if "source" not in known:
        top1 = sc.evaluate(sc.load(out, which="last"), val)["top1"]
        seconds = round(time.monotonic() - began, 1)
        known["source"] = {"pictures": len(train), "steps": study.source_steps, "top1": top1, "seconds": seconds}
    return out


def score(
    study: Study, task: Task, sides: tuple[Held, Held], share: float, method: str, seed: int, source: Path
) -> dict[str, Any]:
    """What one training scores on the validation pictures."""
    train, val = some(sides[0], share, seed), sides[1]
    out = study.out / "runs" / f"{task.name}-{share:g}-{method}-{seed}"
    options: dict[str, Any] = {
        "trunk": "resnet18", "width": study.width, "size": study.size, "workers": 0, "seed": seed, "resume": True,
        "batch": min(32, len(train)),
    }  # fmt: skip
    if method != "scratch":
        options["init"] = source
    if method == "svm":
        system, options = "svm", {**options, "many": task.many}
    else:
        system = "classifier"
        options |= {"loss": "sigmoid" if task.many else "softmax", "steps": study.steps}
    if method == "head":
        # On a trunk that stands still a step costs next to nothing, since its features are kept.
        options |= {"freeze": ("trunk",), "augment": "none", "steps": study.steps * CHEAP}
    if method == "fine-tuned":
        options["trunk_lr_factor"] = 0.1
    trained = sc.train(system, train, out, **options)
    scores = sc.evaluate(sc.load(trained.path, which="last"), val)
    value = 1 - (scores["ber"] or 0.0) if task.score == "balanced" else scores[task.score]
    return {"score": value, "pictures": len(train)}


def markdown(study: Study, known: dict[str, Any]) -> str:
    """The table, best method of each column in bold."""
    rows = list(known["rows"].values())
    lines = [
        f"Trunk: ResNet-18, width {study.width:g}, {study.size} pixels; {known['source']['steps']} steps on "
        f"{known['source']['pictures']} crops of coco128 (top-1 {known['source']['top1']:.3f}). "
        f"{study.steps} steps of 32 pictures where weights descend, {study.steps * CHEAP} of the head alone; "
        f"{study.seeds} seed(s).",
        "",
        "| data (score) | method | " + " | ".join(f"{share:.0%} of the labels" for share in SHARES) + " |",
        "| --- | --- | " + " | ".join("---:" for _ in SHARES) + " |",
    ]
    for task in TASKS:
        best = {share: max(_mean(rows, task, share, method) for method in METHODS) for share in SHARES}
        for method in METHODS:
            cells = [_cell(rows, task, share, method, best[share]) for share in SHARES]
            lines.append(f"| {task.name} ({task.score}) | {method} | " + " | ".join(cells) + " |")
    seconds = sum(row["seconds"] for row in rows) + known["source"]["seconds"]
    machine = known["machine"]
    return "\n".join(
        [*lines, "", f"{seconds / 60:.1f} minutes on {machine['cores']} cores, {machine['processor']}.", ""]
    )


def _values(rows: list[dict[str, Any]], task: Task, share: float, method: str) -> list[float]:
    wanted = (task.name, share, method)
    return [row["score"] for row in rows if (row["task"], row["share"], row["method"]) == wanted]


def _mean(rows: list[dict[str, Any]], task: Task, share: float, method: str) -> float:
    return mean(_values(rows, task, share, method))


def _cell(rows: list[dict[str, Any]], task: Task, share: float, method: str, best: float) -> str:
    values = _values(rows, task, share, method)
    text = f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")
    return f"**{text}**" if mean(values) >= best else text


if __name__ == "__main__":
    sys.exit(main())
