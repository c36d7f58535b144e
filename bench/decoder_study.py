"""``python -m bench.decoder_study --data DIR --out DIR``: SegNet's study of decoders, small, on CamVid.

Paper: Badrinarayanan, Kendall, Cipolla 2015, SegNet, arXiv 1511.00561, section 3.3 and table 1. Eight decoders of one
encoder learn from the same pictures for as many steps; each of the seven conclusions that the paper draws is held
against what comes out: the difference of the scores that it is about, paired by seed, with its 95 % interval of
Student's t. The last checkpoint is measured. What is done already is not done again, so that a broken run goes on.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, NamedTuple

import torch
from scipy import stats

import saccade as sc
from bench.machine import describe_machine
from saccade.core.dataset import Dataset
from saccade.data.datasets.subset import Subset
from saccade.safe_io.writing.atomic import write_text

DECODERS = (
    "bilinear_interpolation",
    "segnet_basic",
    "segnet_basic_encoder_addition",
    "segnet_basic_single_channel",
    "fcn_basic",
    "fcn_basic_noaddition",
    "fcn_basic_nodimreduction",
    "fcn_basic_noaddition_nodimreduction",
)
SCORES = ("pixel_accuracy", "mean_accuracy", "miou", "boundary_f1")
# Two bits say where a maximum of 2 x 2 was; a channel of a map takes 32.
PLACE_BITS, CHANNEL_BITS, CHANNELS = 2, 32, 64
SPEED_ROUNDS, SPEED_SIZE = 15, (360, 480)


@dataclass(frozen=True)
class Study:
    """How large the study is.

    Attributes:
        root: Folder of the data sets.
        out: Where runs and results are kept.
        seeds: How often each is repeated.
        size: Length of the shorter side in pixels.
        steps: Steps of each training.
        width: Factor of the 64 channels.
        batch: Pictures of a step.
        most: Pictures of a side at most, or None.
    """

    root: Path
    out: Path
    seeds: int = 3
    size: int = 120
    steps: int = 300
    width: float = 0.5
    batch: int = 8
    most: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """How each network learns: alike, and by the paper's balance of classes."""
        descent = {"optimiser": "adamw", "lr": 2e-3, "schedule": "cosine", "augment": "none,flip=0.5"}
        return {
            "width": self.width, "size": self.size, "steps": self.steps, "batch": self.batch, "balance": "median",
            "workers": 0, "resume": True, **descent,
        }  # fmt: skip


class Verdict(NamedTuple):
    """What became of a conclusion.

    Attributes:
        claim: The conclusion.
        about: What is subtracted from what, or told beside what.
        found: The number, with its interval.
        word: confirmed, refuted or undecided.
    """

    claim: str
    about: str
    found: str
    word: str


Results = Mapping[str, Sequence[Mapping[str, float]]]


def main() -> int:
    """Do the study and print what it found."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.decoder_study", description="SegNet's study of decoders, small, on CamVid."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of camvid")
    parser.add_argument("--out", type=Path, required=True, help="folder for runs, results.json and results.md")
    parser.add_argument("--seeds", type=int, default=Study.seeds, metavar="N", help="repetitions of each training")
    parser.add_argument("--steps", type=int, default=Study.steps, metavar="N", help="steps of each training")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    typed = parser.parse_args()
    study = Study(typed.data, typed.out, typed.seeds, steps=typed.steps)
    if typed.quick:
        study = Study(typed.data, typed.out, typed.seeds, size=48, steps=2, width=0.125, batch=2, most=4)
    sys.stdout.write(run(study))
    return 0


def run(study: Study) -> str:
    """Do what is missing, and give the tables as markdown."""
    study.out.mkdir(parents=True, exist_ok=True)
    file = study.out / "results.json"
    known: dict[str, Any] = {"machine": describe_machine(), "rows": {}}
    if file.exists():
        known = json.loads(file.read_text())
    train, val = (some(sc.open_data(study.root / "camvid", split), study.most) for split in ("train", "val"))
    for seed in range(study.seeds):
        for name in DECODERS:
            row = f"{name}-{seed}"
            if row in known["rows"]:
                continue
            began = time.monotonic()
            run = sc.train(name, train, study.out / "runs" / row, seed=seed, **study.options)
            found = sc.evaluate(sc.load(run.path, which="last"), val)
            seconds = round(time.monotonic() - began, 1)
            known["rows"][row] = {"name": name, "seed": seed, "seconds": seconds} | {one: found[one] for one in SCORES}
            write_text(file, json.dumps(known, indent=1) + "\n")
    known.setdefault("speed", speed(study))
    write_text(file, json.dumps(known, indent=1) + "\n")
    told = markdown(study, known)
    write_text(study.out / "results.md", told)
    return told


def some(data: Dataset, most: int | None) -> Dataset:
    """The first pictures, or all."""
    return data if most is None else Subset(data, range(min(most, len(data))))


def speed(study: Study) -> list[float]:
    """SegNet-Basic's time over FCN-Basic's, of a picture as large as the paper's, in turns."""
    height, width = SPEED_SIZE
    systems = [sc.build(name, 11, size=height).eval() for name in ("segnet_basic", "fcn_basic")]
    image = torch.zeros(3, height, width, dtype=torch.uint8)
    ratios: list[float] = []
    for _ in range(1 if study.steps < 10 else SPEED_ROUNDS):
        times: list[float] = []
        for system in systems:
            batch = system.batch([image])
            began = time.process_time()
            with torch.no_grad():
                system(batch)
            times.append(time.process_time() - began)
        ratios.append(times[0] / times[1])
    return ratios


def markdown(study: Study, known: Mapping[str, Any]) -> str:
    """The scores of each decoder, and what became of each conclusion."""
    rows = list(known["rows"].values())
    results = {name: [row for row in rows if row["name"] == name] for name in DECODERS}
    machine = known["machine"]
    minutes = sum(row["seconds"] for row in rows) / 60
    lines = [
        f"Channels times {study.width:g}, shorter side {study.size} pixels, {study.steps} steps of {study.batch} "
        f"pictures, {study.seeds} seeds; mean and standard deviation on CamVid's validation pictures.",
        "",
        "| decoder | " + " | ".join(SCORES) + " |",
        "| --- |" + " ---: |" * len(SCORES),
        *(f"| `{name}` | " + " | ".join(_cell(results[name], score) for score in SCORES) + " |" for name in DECODERS),
        "",
        "| conclusion of the paper | what was compared | found | verdict |",
        "| --- | --- | ---: | --- |",
        *(f"| {' | '.join(verdict)} |" for verdict in verdicts(results, known["speed"])),
        "",
        f"{minutes:.1f} minutes on {machine['cores']} cores, {machine['processor']} ({machine['instructions']}).",
        "",
    ]
    return "\n".join(lines)


def verdicts(results: Results, ratios: Sequence[float]) -> list[Verdict]:
    """The paper's seven conclusions, each with what was found."""
    full, larger = "fcn_basic_nodimreduction", "fcn_basic_noaddition_nodimreduction"
    others = [name for name in DECODERS if name != full]
    best = max(others, key=lambda name: mean(_values(results, name)))
    kept = CHANNEL_BITS * 11 / (PLACE_BITS * CHANNELS)
    faster = interval([log(ratio) for ratio in ratios])
    return [
        _judged("full maps of the encoder are best", results, [full], [best]),
        _judged(
            "where memory is short, compressed maps are better than none",
            results,
            ["fcn_basic", "segnet_basic"],
            ["fcn_basic_noaddition", "bilinear_interpolation"],
        ),
        _judged(
            "a larger decoder is better",
            results,
            ["segnet_basic", full],
            ["segnet_basic_single_channel", "fcn_basic"],
        ),
        _judged("the decoder must be learnt", results, ["fcn_basic_noaddition"], ["bilinear_interpolation"]),
        Verdict(
            "FCN keeps 11 times as much for its decoder",
            "bits a position: 11 channels of 32 over 64 places of 2",
            f"{kept:.2f} times; 11 by the paper's count, a channel to all places",
            "refuted" if kept < 10 else "confirmed",
        ),
        Verdict(
            "FCN is faster",
            f"time of `segnet_basic` over `fcn_basic`, {SPEED_SIZE[0]} × {SPEED_SIZE[1]}, one by one, in turns",
            f"median {median(ratios):.2f}",
            _word(faster),
        ),
        _judged("a larger decoder without the encoder's maps is not enough", results, [full], [larger]),
    ]


def _judged(claim: str, results: Results, better: Sequence[str], worse: Sequence[str]) -> Verdict:
    """Whether the mean IoU of some decoders is above that of others, seed by seed."""
    sides = [_means(results, side) for side in (better, worse)]
    low, high = interval([one - other for one, other in zip(*sides, strict=True)])
    middle = mean(sides[0]) - mean(sides[1])
    about = " less ".join(" and ".join(f"`{name}`" for name in side) for side in (better, worse))
    return Verdict(claim, f"mIoU of {about}", f"{middle:+.3f} ({low:+.3f} to {high:+.3f})", _word((low, high)))


def _means(results: Results, names: Sequence[str]) -> list[float]:
    """The mean IoU over some decoders, seed by seed."""
    return [mean(values) for values in zip(*(_values(results, name) for name in names), strict=True)]


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """Where the mean lies with 95 %, by Student's t; everywhere with one difference alone."""
    count = len(differences)
    if count < 2:
        return -float("inf"), float("inf")
    reach = float(stats.t.ppf(0.975, count - 1)) * stdev(differences) / sqrt(count)
    return mean(differences) - reach, mean(differences) + reach


def _word(interval: tuple[float, float]) -> str:
    low, high = interval
    return "confirmed" if low > 0 else "refuted" if high < 0 else "undecided"


def _values(results: Results, name: str, score: str = "miou") -> list[float]:
    return [row[score] for row in sorted(results[name], key=lambda row: row["seed"])]


def _cell(rows: Sequence[Mapping[str, float]], score: str) -> str:
    values = [row[score] for row in rows]
    return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")


if __name__ == "__main__":
    sys.exit(main())
