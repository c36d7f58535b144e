"""``python -m bench.transfer --data DIR --out DIR``: what a trunk that has learnt elsewhere is worth with few labels.

EfficientNet-Lite0 with the weights that come with saccade knows ImageNet. On ants and bees, blood cells and street
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
from bench.transfer_tasks import TASKS, Held, Task, open_task, some
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
        tasks: What is learnt.
        trunk: The trunk, which has weights of its own.
        size: Side of the network's input in pixels.
        steps: Steps of each training that descends.
        most: Pictures of a side at most, or None.
    """

    root: Path
    out: Path
    seeds: int = 1
    tasks: tuple[Task, ...] = TASKS
    trunk: str = "efficientnet_lite0"
    size: int = 128
    steps: int = 60
    most: int | None = None


def main() -> int:
    """Do the study and print its table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.transfer", description="What a trunk that has learnt elsewhere is worth with few labels."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of hymenoptera, bccd and camvid")
    parser.add_argument("--out", type=Path, required=True, help="folder for runs, results.json and results.md")
    parser.add_argument("--only", nargs="+", metavar="SET", help="some of the sets")
    parser.add_argument("--size", type=int, default=Study.size, metavar="N", help="side of the input in pixels")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="repetitions with other labels and weights")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    typed = parser.parse_args()
    tasks = tuple(task for task in TASKS if not typed.only or task.name in typed.only)
    study = Study(typed.data, typed.out, typed.seeds, tasks=tasks, size=typed.size)
    if typed.quick:
        study = Study(typed.data, typed.out, typed.seeds, tasks, size=32, steps=2, most=24)
    sys.stdout.write(run(study))
    return 0


def run(study: Study) -> str:
    """Do what is missing, and give the table as markdown."""
    study.out.mkdir(parents=True, exist_ok=True)
    file = study.out / "results.json"
    known: dict[str, Any] = (
        json.loads(file.read_text()) if file.exists() else {"machine": describe_machine(), "rows": {}}
    )
    for task in study.tasks:
        sides: tuple[Held, Held] | None = None
        for name, share, method, seed in plan(study, task):
            if name in known["rows"]:
                continue
            sides = sides or open_task(task, study.root, study.size * 9 // 8, study.most)
            began = time.monotonic()
            found = score(study, task, sides, share, method, seed)
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


def score(study: Study, task: Task, sides: tuple[Held, Held], share: float, method: str, seed: int) -> dict[str, Any]:
    """What one training scores on the validation pictures."""
    train, val = some(sides[0], share, seed), sides[1]
    out = study.out / "runs" / f"{task.name}-{share:g}-{method}-{seed}"
    options: dict[str, Any] = {
        "trunk": study.trunk, "pretrained": method != "scratch", "size": study.size, "workers": 0, "seed": seed,
        "resume": True, "batch": min(32, len(train)),
    }  # fmt: skip
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
        f"Trunk: {study.trunk} with weights from ImageNet, {study.size} pixels. "
        f"{study.steps} steps of 32 pictures where weights descend, {study.steps * CHEAP} of the head alone; "
        f"{study.seeds} seed(s).",
        "",
        "| data (score) | method | " + " | ".join(f"{share:.0%} of the labels" for share in SHARES) + " |",
        "| --- | --- | " + " | ".join("---:" for _ in SHARES) + " |",
    ]
    for task in study.tasks:
        best = {share: max(_mean(rows, task, share, method) for method in METHODS) for share in SHARES}
        for method in METHODS:
            cells = [_cell(rows, task, share, method, best[share]) for share in SHARES]
            lines.append(f"| {task.name} ({task.score}) | {method} | " + " | ".join(cells) + " |")
    seconds = sum(row["seconds"] for row in rows)
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
