"""``python -m bench.segmenter_sizes``: what each segmenter takes, as table 6 of SegNet's paper tells it.

Paper: Badrinarayanan, Kendall, Cipolla 2015, SegNet, arXiv 1511.00561, section 4.4, table 6: pictures of 360 x 480.
Each segmenter works in a process of its own.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from bench.detectors import forget_peak, peak
from bench.machine import describe_machine
from bench.pairs import race
from bench.segmenters import CLASSES, pictures, truths
from bench.side import Call
from bench.table import machine_line

PIXELS, ROUNDS = (360, 480), 5
LR = 1e-6
# Sides of pictures that a segmenter sees stretched, where its layers leave no other: DeconvNet ends at one position.
SIDES = {"deconvnet": 224}
# Pictures of a training step where one is too few: at one position a picture alone has no statistics to normalise by.
LEARNT = {"deconvnet": 2}


def main() -> int:
    """Measure and print the table."""
    from saccade.systems import every_system

    systems = every_system()
    known = [name for name in systems if systems.declared(name).card.task == "segment"]
    parser = argparse.ArgumentParser(prog="python -m bench.segmenter_sizes", description="What each segmenter takes.")
    parser.add_argument("--only", nargs="+", choices=known, metavar="SYSTEM", help="some of the segmenters")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    typed = parser.parse_args()
    print(machine_line(describe_machine()))
    for line in table(typed.only or known, quick=typed.quick):
        print(line, flush=True)
    return 0


def table(names: Sequence[str], *, quick: bool) -> Any:
    """The lines of the table, as they are known."""
    yield "| segmenter | parameters, M | forward, ms | in use, MiB | in training, MiB |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name in names:
        options = {"name": name, "pixels": [64, 96] if quick else PIXELS, "narrow": quick}
        used, learnt = (_measured(f"bench.segmenter_sizes:{task}", options, 1 if quick else ROUNDS) for task in TASKS)
        cells = (used["parameters"] / 1e6, 1000 * used["seconds"], used["peak"], learnt["peak"])
        yield f"| `{name}` | " + " | ".join(f"{cell:.2f}" if cell < 10 else f"{cell:.0f}" for cell in cells) + " |"


def _measured(function: str, options: dict[str, Any], rounds: int) -> dict[str, float]:
    (laps,) = race({"one": Call(function, options, "saccade")}, rounds).values()
    return {**laps[-1].result, "seconds": median(lap.seconds for lap in laps)}


def built(name: str, pixels: Sequence[int], *, narrow: bool, count: int = 1) -> Any:
    """The segmenter, and a batch of pictures with their truth."""
    import torch

    import saccade as sc
    from saccade.core.annotation import Annotation

    torch.manual_seed(0)
    options: dict[str, Any] = {"width": 1 / 16} if narrow else {}
    system = sc.build(name, CLASSES, size=pixels[0] if narrow else SIDES.get(name, pixels[0]), **options)
    shown = [Annotation(semantic=classes) for classes in truths(list(pixels), count)]
    return system, system.batch(pictures(list(pixels), count), shown)


def use(name: str, pixels: Sequence[int], narrow: bool) -> Callable[[], dict[str, float]]:
    """Forward passes in fp32."""
    import torch

    before = weights_apart()
    system, batch = built(name, pixels, narrow=narrow)
    system.eval()
    parameters = sum(p.numel() for p in system.parameters())
    forget_peak()

    def run_round() -> dict[str, float]:
        with torch.inference_mode():
            system(batch)
        return {"peak": peak() - before, "parameters": parameters}

    return run_round


def train(name: str, pixels: Sequence[int], narrow: bool) -> Callable[[], dict[str, float]]:
    """Training steps, by plain descent with momentum."""
    import torch

    before = weights_apart()
    system, batch = built(name, pixels, narrow=narrow, count=LEARNT.get(name, 1))
    learning = [parameter for parameter in system.parameters() if parameter.requires_grad]
    optimiser = torch.optim.SGD(learning, lr=LR, momentum=0.9)
    forget_peak()

    def run_round() -> dict[str, float]:
        optimiser.zero_grad()
        torch.stack(list(system.train().loss(batch).values())).sum().backward()
        optimiser.step()
        return {"peak": peak() - before}

    return run_round


def weights_apart() -> float:
    """MiB of the process before there is a network."""
    import torch

    # All libraries are in memory then, with what their first step takes.
    system, batch = built("segnet_basic", [32, 32], narrow=True)
    torch.stack(list(system.loss(batch).values())).sum().backward()
    forget_peak()
    return peak()


TASKS = ("use", "train")

if __name__ == "__main__":
    sys.exit(main())
