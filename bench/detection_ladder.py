"""The ladder of detectors: ``python -m bench.detection_ladder``, one trunk, the same pictures, the same proposals.

R-CNN looks at two thousand windows of a picture, SPP-net and Fast R-CNN once at the picture and then at its regions;
now proposals take longest, until Faster R-CNN makes them on the same maps. SSD and YOLO need none.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from bench.pictures import SIZE, drawn, photographs
from bench.table import machine_line

# Stages in the order in which a picture passes them; `rest` is resizing, other layers of heads, moving back.
STAGES = ("proposals", "warp", "trunk", "pool", "layers", "suppression", "rest")
CLASSES = 20
# Pairs of box and class of a picture that go into suppression. Drawn weights give all classes nearly one score, so
# that a threshold would let pass all or none; of weights that have learnt a few hundred pairs pass.
PAIRS = 300


@dataclass(frozen=True)
class Settings:
    """What the rungs have in common.

    Attributes:
        trunk: Of all that take one.
        width: Factor of its channels.
        size: Shorter side of the pictures in pixels; SSD, YOLO and R-CNN's squares keep their own.
        pictures: How many are measured; each is seen once, after a warm-up.
        proposals: Regions of a picture.
        minutes: Of a small training of each rung on drawn scenes, whose AP50 is then told; 0: none.
    """

    trunk: str = "vgg16"
    width: float = 1.0
    size: int = 600
    pictures: int = 2
    proposals: int = 2000
    minutes: float = 0.0


@dataclass(frozen=True)
class Rung:
    """One system on the ladder.

    Attributes:
        title: Its name in the table.
        system: Its name among our systems.
        options: Its own options.
        common: Which of the common settings it takes.
    """

    title: str
    system: str
    options: dict[str, Any] = field(default_factory=dict)
    common: tuple[str, ...] = ("trunk", "width", "size")


RUNGS = (
    Rung("sliding window, window by window", "sliding_window", {"evaluate": "windows"}, ("width",)),
    Rung("sliding window, dense", "sliding_window", {"evaluate": "dense"}, ("width",)),
    Rung("R-CNN", "rcnn", {}, ("trunk", "width", "proposals")),
    Rung("SPP-net", "spp_net", {}, ("trunk", "width", "size", "proposals")),
    Rung("Fast R-CNN", "fast_rcnn", {}, ("trunk", "width", "size", "proposals")),
    Rung("Faster R-CNN", "faster_rcnn", {}, ("trunk", "width", "size")),
    Rung("SSD300", "ssd300", {}, ("width",)),
    Rung("YOLO", "yolo1", {}, ("width",)),
)


@dataclass(frozen=True)
class PictureResult:
    """What was measured of a rung.

    Attributes:
        title: Its name.
        seconds: Of a picture, by stage.
        total: Their sum.
        pictures_a_second: Its inverse.
        disk_mib: Described regions of a picture, as the papers keep them on disk while they train, in float32.
        training: Seconds a picture of a training step, or None where it does not learn by steps.
        ap50: After the small training, or None.
    """

    title: str
    seconds: dict[str, float]
    total: float
    pictures_a_second: float
    disk_mib: float
    training: float | None
    ap50: float | None


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection_ladder", description=__doc__)
    for name, value in asdict(Settings()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help=f"{value} by default")
    parser.add_argument("--only", nargs="*", metavar="SYSTEM", help="some rungs, such as fast_rcnn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table there too")
    given = vars(parser.parse_args())
    only, file = given.pop("only"), given.pop("json")
    settings, machine = Settings(**given), describe_machine()
    print(f"{machine_line(machine)}\n{settings}", flush=True)

    from bench.ladder_rungs import Bench

    bench, found = Bench(settings, pictures(settings.pictures + 1)), list[PictureResult]()
    for rung in RUNGS:
        if only and rung.system not in only:
            continue
        prediction = bench.measure(rung)
        print(
            f"{rung.title}: " + ("no such system here" if prediction is None else f"{prediction.total:.3g} s"),
            flush=True,
        )
        found += [] if prediction is None else [prediction]
        if file is not None:
            rows = {"machine": machine, "settings": asdict(settings), "rungs": [asdict(row) for row in found]}
            file.write_text(json.dumps(rows, indent=2) + "\n")
    print(table(found))
    return 0


def pictures(count: int) -> list[Any]:
    """Photographs where there are any, else drawn pictures of their size; (3, H, W) uint8."""
    from PIL import Image
    from torchvision.transforms.functional import pil_to_tensor

    folder = photographs()
    files = sorted(folder.rglob("*.jpg"))[:count] if folder is not None else []
    shown = [Image.open(file).convert("RGB") for file in files] + [drawn(SIZE, n) for n in range(count - len(files))]
    return [pil_to_tensor(picture) for picture in shown]


def table(found: list[PictureResult]) -> str:
    """The rungs in Markdown: seconds a picture by stage, and what else sets them apart."""
    stages = [stage for stage in STAGES if any(row.seconds.get(stage) for row in found)]
    head = [
        "",
        *stages,
        "seconds a picture",
        "pictures a second",
        "disk, MiB a picture",
        "training, s a picture",
        "AP50",
    ]
    lines = [head, ["---"] * len(head)]
    for row in found:
        numbers = [row.seconds.get(stage) or None for stage in stages]
        numbers += [row.total, row.pictures_a_second, row.disk_mib or None, row.training, row.ap50]
        lines.append([row.title, *("" if number is None else f"{number:.3g}" for number in numbers)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
