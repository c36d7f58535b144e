"""``python -m bench.boundaries --data DIR --out DIR``: where the borders of a segmentation come from.

Interpolation of a coarse map, skips from finer ones, unpooling to where maxima were, the picture's colours (a dense
CRF, the domain transform), learnt edges, regions of like colours: on one small trunk, from the same pictures, in as
many steps. Each is measured by mean IoU, by boundary F1, by mean IoU near true borders, and by what an answer takes.
Street scenes have classes of pixels; pedestrians' masks are painted. The last checkpoint is measured. What is done
already is not done again, so that a broken run goes on.
"""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import saccade as sc
from bench.boundary_data import SCENES, HeldPixels
from bench.boundary_methods import METHODS, Method
from bench.boundary_strip import draw_strip
from bench.boundary_study import SETS, Study
from bench.boundary_table import markdown
from bench.detectors import forget_peak, peak
from bench.machine import describe_machine
from bench.pairs import race
from bench.segmenter_sizes import weights_apart
from bench.side import Call
from saccade.metrics.segment.borders import Borders
from saccade.metrics.segment.segmentation import Segmentation
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.tools.tuning.tune_crf import tune_crf
from saccade.safe_io.writing.atomic import write_text

# Pixels from a true border that are near it, of pictures whose diagonal is 300.
NEAR = 3


def main() -> int:
    """Do the study and print its tables."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.boundaries", description="Where the borders of a segmentation come from."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of camvid and pennfudan")
    parser.add_argument("--out", type=Path, required=True, help="folder for runs, results.json, results.md, strips")
    parser.add_argument(
        "--sets", nargs="+", default=SETS, choices=(*SETS, SCENES), metavar="SET", help="some of the sets, or scenes"
    )
    parser.add_argument("--steps", type=int, default=Study.steps, metavar="N", help="steps of each training")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    typed = parser.parse_args()
    study = Study(typed.data, typed.out, typed.sets, typed.steps)
    sys.stdout.write(run(study.quick if typed.quick else study))
    return 0


def run(study: Study) -> str:
    """Do what is missing, and give the tables as markdown."""
    study.out.mkdir(parents=True, exist_ok=True)
    file = study.out / "results.json"
    known: dict[str, Any] = {"machine": describe_machine(), "rows": {}}
    if file.exists():
        known = json.loads(file.read_text())
    for name in study.sets:
        missing = [method for method in METHODS if f"{name}, {method.name}" not in known["rows"]]
        sides = {split: study.data(name, split) for split in ("train", "val")} if missing else {}
        for method in missing:
            known["rows"][f"{name}, {method.name}"] = row(study, name, method, sides["train"], sides["val"])
            write_text(file, json.dumps(known, indent=1) + "\n")
        if not (study.out / f"{name}.png").exists():
            predictors = {method.name: study.use(name, method) for method in METHODS}
            draw_strip(predictors, sides.get("val") or study.data(name, "val"), study.out / f"{name}.png")
    told = markdown(study, known)
    write_text(study.out / "results.md", told)
    return told


def row(study: Study, name: str, method: Method, train: HeldPixels, val: HeldPixels) -> dict[str, Any]:
    """What a method scores, and what it takes; its network learns, if it has not yet."""
    began = time.monotonic()
    found: dict[str, Any] = {"set": name, "method": method.name, "kind": method.kind}
    folder = study.learn(name, method, train)
    if method.sought:
        seeing = sc.load(folder, which="last", precision="32", keep_scores=True)
        tuned = tune_crf(folder, seeing, train, pictures=study.sought, grid=study.grid)
        found["appearance"] = tuned.best.crf.appearance
    found |= {**scores(study.use(name, method), val), **cost(study, name, method)}
    return {**found, "seconds": round(time.monotonic() - began, 1)}


def scores(predictor: Predictor, val: HeldPixels) -> dict[str, float | None]:
    """Mean IoU of all pixels and of those near a true border, and boundary F1."""
    pixels, borders = Segmentation(val.classes), Borders(val.classes)
    for place in range(len(val)):
        sample = val[place]
        said = predictor(sample.image)
        for metric in (pixels, borders):
            metric.update(said, sample.truth, sample.id)
    curve = borders.miou_curve()
    near = dict(zip(curve.x, curve.y, strict=True)).get(NEAR)
    return {"miou": pixels.result()["miou"], **borders.result(), "near": near}


def cost(study: Study, name: str, method: Method) -> dict[str, float]:
    """Milliseconds of processor time an answer, pictures one by one; memory in MiB; parameters in millions."""
    options = {
        "root": str(study.root), "out": str(study.out), "name": name, "method": method.name,
        "size": list(study.size), "count": study.timed,
    }  # fmt: skip
    laps = race({"one": Call("bench.boundaries:answers", options, "saccade")}, study.rounds)["one"]
    last: Mapping[str, float] = laps[-1].result
    return {"ms": median(lap.result["ms"] for lap in laps), "mib": last["mib"], "parameters": last["parameters"]}


def answers(root: str, out: str, name: str, method: str, size: Sequence[int], count: int) -> Callable[[], Any]:
    """Answers to some pictures, one by one; the process holds nothing else than libraries besides."""
    importlib.import_module("skimage.segmentation")  # a library, and no part of what superpixels take
    study = Study(Path(root), Path(out), size=(size[0], size[1]), most=count)
    images = [sample.image for sample in study.data(name, "val").samples]
    before = weights_apart()
    predictor = study.use(name, next(one for one in METHODS if one.name == method))
    parameters = sum(one.numel() for one in predictor.system.parameters()) / 1e6
    forget_peak()

    def run_round() -> dict[str, float]:
        began = time.process_time()
        for image in images:
            predictor(image)
        spent = time.process_time() - began
        return {"ms": 1000 * spent / len(images), "mib": peak() - before, "parameters": parameters}

    return run_round


if __name__ == "__main__":
    sys.exit(main())
