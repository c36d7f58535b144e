"""``python -m bench.proposals --data DIR --out DIR``: how well proposals cover objects, learnt ones beside searches.

Selective search, edge boxes and plain windows look at nothing but the picture; a region proposal network, DeepMask and
SharpMask learn from the set's training pictures, on one trunk, for as many minutes each. Boxes, and masks where there
are some, of the validation pictures are held against the objects, whatever their class, for the first 10, 100 and 1000
proposals of a picture. What is done already is not done again, so that a broken run goes on.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import saccade as sc
from bench.machine import describe_machine
from saccade.core.dataset import Dataset
from saccade.data.datasets.subset import Subset
from saccade.metrics.detect.proposals import Coverage, coverage, mask_coverage
from saccade.ops.proposals.searches import search_named
from saccade.runtime.runs.run_regions import with_network
from saccade.runtime.tools.propose import regions_of
from saccade.safe_io.writing.atomic import write_text

SETS, SCENES = ("pennfudan", "coco128"), "scenes"
SEARCHES = ("windows", "edge-boxes", "selective-search")
COUNTS = (10, 100, 1000)
# Pictures of which the time is taken.
TIMED = 3
TRUNK = "efficientnet_lite0"
# Windows of 96 pixels are of objects of 55 or so; the sizes at which they are seen cover sides of 30 to 220.
WINDOWS: dict[str, Any] = {"window": 96, "scales": (1.8, 1.27, 0.9, 0.64, 0.45, 0.32, 0.25), "proposals": 1000}
LEARNERS: dict[str, dict[str, Any]] = {
    "rpn": {"scales": (1.0, 2.0, 4.0, 8.0, 12.0)},
    "deepmask": {"branches": "shared", **WINDOWS},
    "sharpmask": WINDOWS,
}
METHODS = (*SEARCHES, *LEARNERS)
DESCENT: dict[str, Any] = {
    "optimiser": "adamw", "lr": 1e-3, "schedule": "cosine", "batch": 4, "augment": "none,flip=0.5",
    "trunk": TRUNK, "pretrained": True, "norm": "frozen", "workers": 0, "precision": "32",
}  # fmt: skip


@dataclass(frozen=True)
class Study:
    """How large the study is.

    Attributes:
        root: Folder of the data sets.
        out: Where runs and results are kept.
        sets: Which of them.
        methods: What proposes.
        minutes: Minutes of each training, or None where `steps` says.
        steps: Steps of each training in place of minutes.
        size: Shorter side in pixels of the pictures that are learnt from and seen.
        most: Validation pictures at most, or None.
        descent: How networks learn.
    """

    root: Path
    out: Path
    sets: Sequence[str] = SETS
    methods: Sequence[str] = METHODS
    minutes: float | None = 5.0
    steps: int | None = None
    size: int = 240
    most: int | None = None
    descent: Mapping[str, Any] = field(default_factory=lambda: DESCENT)

    @property
    def quick(self) -> "Study":
        """The same, tiny."""
        drawn = {**self.descent, "trunk": "resnet18", "width": 1 / 16, "pretrained": False, "norm": "batch", "batch": 2}
        return replace(self, minutes=None, steps=2, size=64, most=2, descent=drawn)

    def data(self, name: str, split: str) -> Dataset:
        """A split of a set; of validation pictures so many at most, evenly spread."""
        source = "scenes:count=20,size=64" if name == SCENES else self.root / name
        found = sc.open_data(source, split)
        if split == "train" or self.most is None or self.most >= len(found):
            return found
        return Subset(found, [place * len(found) // self.most for place in range(self.most)])


def main() -> int:
    """Do the study and print its tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.proposals", description="How well proposals cover objects.")
    parser.add_argument("--data", type=Path, required=True, help="folder of pennfudan and coco128")
    parser.add_argument("--out", type=Path, required=True, help="folder for runs, results.json and results.md")
    parser.add_argument("--sets", nargs="+", default=SETS, choices=(*SETS, SCENES), metavar="SET", help="some of them")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS, metavar="NAME", help="some of them")
    parser.add_argument("--minutes", type=float, default=Study.minutes, metavar="M", help="minutes of each training")
    parser.add_argument("--most", type=int, metavar="N", help="validation pictures of a set at most")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    typed = parser.parse_args()
    study = Study(typed.data, typed.out, typed.sets, typed.methods, typed.minutes, most=typed.most)
    sys.stdout.write(run(study.quick if typed.quick else study))
    return 0


def run(study: Study) -> str:
    """Do what is missing, and give the tables as markdown."""
    study.out.mkdir(parents=True, exist_ok=True)
    file = study.out / "results.json"
    known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"rows": {}}
    known.setdefault("machine", describe_machine())
    for name in study.sets:
        for method in study.methods:
            if f"{name}, {method}" not in known["rows"]:
                known["rows"][f"{name}, {method}"] = row(study, name, method)
                write_text(file, json.dumps(known, indent=1) + "\n")
    told = markdown(known)
    write_text(study.out / "results.md", told)
    return told


def row(study: Study, name: str, method: str) -> dict[str, Any]:
    """What a method's proposals cover; its network learns, if it has not yet."""
    began = time.monotonic()
    what = method if method in SEARCHES else learnt(study, name, method)
    minutes, val = (time.monotonic() - began) / 60, study.data(name, "val")
    table, seconds = regions_of(what, val, count=COUNTS[-1]), cost(what, val)
    truth = [val.truth(place) for place in range(len(val))]
    found: dict[str, Any] = {"set": name, "method": method, "minutes": round(minutes, 1), "seconds": round(seconds, 2)}
    found |= {"pictures": len(val), "mean": sum(map(len, table.boxes)) / len(val)}
    found |= columns(coverage(table.boxes, truth, COUNTS))
    if table.masks is not None:
        found |= {f"mask_{key}": value for key, value in columns(mask_coverage(table.masks, truth, COUNTS)).items()}
    return found


def cost(what: str, val: Dataset) -> float:
    """Processor seconds a picture, of the first few, with nothing kept from before."""
    search = with_network(search_named(what, COUNTS[-1]))
    images = [val[place].image for place in range(min(TIMED, len(val)))]
    search(images[0])  # what is loaded once is loaded
    began = time.process_time()
    for image in images:
        search(image)
    return (time.process_time() - began) / len(images)


def learnt(study: Study, name: str, method: str) -> str:
    """The run of a network that proposes; begun if it is not there, gone on with if it broke off."""
    length: dict[str, Any] = {"steps": study.steps} if study.minutes is None else {"minutes": study.minutes}
    options: dict[str, Any] = {**study.descent, **LEARNERS[method], **length, "size": study.size, "resume": True}
    return str(sc.train(method, study.data(name, "train"), study.out / "runs" / name / method, **options).path)


def columns(found: Coverage) -> dict[str, list[float | None]]:
    """Recall at IoU .5, and COCO's average recall, of each number of proposals."""
    return {"recall": found.recall(), "AR": found.coco_recall()}


def markdown(known: Mapping[str, Any]) -> str:
    """A table a set."""
    rows, lines = list(known["rows"].values()), list[str]()
    for name in dict.fromkeys(one["set"] for one in rows):
        lines += [*_table(name, [one for one in rows if one["set"] == name]), ""]
    machine, minutes = known["machine"], sum(one["minutes"] for one in rows)
    lines += [f"{minutes:.0f} minutes of training on {machine['cores']} core(s), {machine['processor']}.", ""]
    return "\n".join(lines)


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    listed = ", ".join(map(str, COUNTS))
    heads = (f"recall at .5 of {listed}", f"AR of {listed}", f"AR of masks of {listed}", "s a picture", "min. learnt")
    yield f"| {name} ({rows[0]['pictures']} pictures) | boxes | " + " | ".join(heads) + " |"
    yield "| --- | ---: | --- | --- | --- | ---: | ---: |"
    for one in sorted(rows, key=lambda one: METHODS.index(one["method"])):
        cells = [_cell(one.get(key)) for key in ("recall", "AR", "mask_AR")]
        cells += [f"{one['seconds']:.2f}", f"{one['minutes']:.0f}" if one["minutes"] > 0.1 else ""]
        yield f"| {one['method']} | {one['mean']:.0f} | " + " | ".join(cells) + " |"


def _cell(values: Sequence[float | None] | None) -> str:
    return " ".join("-" if value is None else f"{value:.2f}".lstrip("0") for value in values or ())


if __name__ == "__main__":
    sys.exit(main())
