"""``python -m bench.crf``: the dense CRF beside pydensecrf2, on a photograph of 375 × 500 with 21 classes.

Whole calls, the lattice included, by the clock and by the processor's time, which other work on the machine changes
less; how many pixels get the same class; and the domain transform beside the dense CRF. Run it with a Python that has
pydensecrf2 beside saccade: all sides are processes of that Python. It is a peer and never installed with saccade, so
that `python -m bench` leaves it out.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from bench.machine import describe_machine
from bench.pairs import Lane, Row, race, results, speed_up
from bench.pictures import drawn, photographs
from bench.side import Call
from bench.table import machine_line, markdown

AIM, DOMAIN_AIM = 2.0, 2.0
# Weight and pixels; weight, pixels and grey values.
SMOOTHNESS, APPEARANCE = (3.0, 3.0), (10.0, 80.0, 13.0)


@dataclass(frozen=True)
class Size:
    """(H, W) of the picture, classes, steps of mean field, rounds."""

    pixels: tuple[int, int] = (375, 500)
    classes: int = 21
    iterations: int = 10
    rounds: int = 7


QUICK = Size(pixels=(30, 40), classes=3, iterations=2, rounds=2)


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.crf", description="The dense CRF beside pydensecrf2.")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    print(machine_line(describe_machine()))
    print(markdown(measure(parser.parse_args().quick)))
    return 0


def measure(quick: bool) -> list[Row]:
    """Pictures a second of all, the CRFs' also by the processor's time."""
    size = QUICK if quick else Size()
    with TemporaryDirectory() as folder:
        image, shares = scene(size)
        np.savez(Path(folder) / "scene.npz", image=image, shares=shares)
        options = {"folder": folder, "iterations": size.iterations}
        calls = {
            "ours": Call("bench.crf:ours", options, "saccade"),
            "theirs": Call("bench.crf:theirs", options, "torch"),
            "domain": Call("bench.crf:domain", {"folder": folder}, "saccade"),
        }
        laps = race(calls, size.rounds)
        found = {name: np.load(Path(folder) / f"{name}.npy") for name in ("ours", "theirs")}
    equal, changed = ((found["ours"] == other).mean() for other in (found["theirs"], shares.argmax(0)))
    height, width = size.pixels
    told = f"{height} × {width}, {size.classes} classes"
    question = f"dense CRF, {told}, {size.iterations} steps; "
    question += f"{equal:.2%} of the pixels get the same class, {1 - changed:.0%} another than before"
    ours, theirs = Lane.of("saccade", laps["ours"]), Lane.of("pydensecrf2", laps["theirs"])
    spent = [Lane(lane.label, results(laps[name])) for name, lane in (("ours", ours), ("theirs", theirs))]
    domain = Lane.of("domain transform", laps["domain"])
    dense = Lane("dense CRF", ours.seconds)
    return [
        speed_up(question, ours, theirs, unit="img/s", amount=1, aim=AIM),
        speed_up("the same, by the processor's time", *spent, unit="img/s", amount=1),
        speed_up(f"domain transform, {told}", domain, dense, unit="img/s", amount=1, aim=DOMAIN_AIM),
    ]


def scene(size: Size) -> tuple[np.ndarray, np.ndarray]:
    """An (H, W, 3) picture, a photograph where there is one, and (C, H, W) shares as smooth as a coarse net's."""
    height, width = size.pixels
    folder = photographs()
    paths = sorted(folder.rglob("*.jpg")) if folder else []
    picture = Image.open(paths[0]).convert("RGB") if paths else drawn(size.pixels, 0)
    coarse = np.random.default_rng(0).random((size.classes, 12, 16), dtype=np.float32) * 6
    scores = np.stack(
        [np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR)) for one in coarse]
    )
    shares = np.exp(scores)
    return np.asarray(picture.resize((width, height))), shares / shares.sum(0)


def ours(folder: str, iterations: int) -> Callable[[], float]:
    """`saccade.ops.crf.dense_crf`, with the threads of the machine and memory held, as `saccade predict` has it."""
    import torch

    from saccade.ops.crf import dense_crf
    from saccade.runtime.memory import hold_memory

    hold_memory()

    read = np.load(Path(folder) / "scene.npz")
    image, shares = torch.from_numpy(read["image"]).permute(2, 0, 1), torch.from_numpy(read["shares"])

    @torch.inference_mode()
    def run_round() -> float:
        began = time.process_time()
        found = dense_crf(shares, image, iterations=iterations, smoothness=SMOOTHNESS, appearance=APPEARANCE)
        np.save(Path(folder) / "ours.npy", found.argmax(0).numpy())
        return time.process_time() - began

    return run_round


def domain(folder: str) -> Callable[[], None]:
    """`saccade.ops.domain_transform.colour_domain` on the same, with the widths of ``--refine domain``."""
    import torch

    from saccade.runtime.predict.refine.table import ColourDomain

    read = np.load(Path(folder) / "scene.npz")
    image, shares = torch.from_numpy(read["image"]).permute(2, 0, 1), torch.from_numpy(read["shares"])

    @torch.inference_mode()
    def run_round() -> None:
        ColourDomain()(shares, image).argmax(0)

    return run_round


def theirs(folder: str, iterations: int) -> Callable[[], float]:
    """The same by pydensecrf2, which uses one thread."""
    from pydensecrf import densecrf  # pyright: ignore[reportMissingImports]

    read = np.load(Path(folder) / "scene.npz")
    image, shares = np.ascontiguousarray(read["image"]), read["shares"]

    def run_round() -> float:
        began = time.process_time()
        field: Any = densecrf.DenseCRF2D(image.shape[1], image.shape[0], len(shares))
        field.setUnaryEnergy(np.ascontiguousarray(-np.log(shares).reshape(len(shares), -1)))
        field.addPairwiseGaussian(sxy=SMOOTHNESS[1], compat=SMOOTHNESS[0])
        field.addPairwiseBilateral(sxy=APPEARANCE[1], srgb=APPEARANCE[2], rgbim=image, compat=APPEARANCE[0])
        found = np.array(field.inference(iterations)).argmax(0).reshape(image.shape[:2])
        np.save(Path(folder) / "theirs.npy", found)
        return time.process_time() - began

    return run_round


if __name__ == "__main__":
    sys.exit(main())
