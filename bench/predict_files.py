"""Pictures on disk become boxes and drawings on disk, beside a plain torchvision loop that does as much.

Both sides run torchvision's RetinaNet with the same drawn weights, in fp32, so that what differs is the way: reading,
grouping, drawing, writing.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.pairs import Lane, Row, race, speed_up
from bench.pictures import draw_pictures
from bench.side import Call

NARROW = 16  # channels of the pyramid and its towers: the network is to be a small part of the time
WORTH = 0.5  # score from which on a box is drawn


@dataclass(frozen=True)
class Size:
    """Shorter side of the network's input, (H, W) of the pictures, how many there are, pictures at once, rounds."""

    side: int = 160
    pixels: tuple[int, int] = (480, 640)
    pictures: int = 500
    batch: int = 16
    rounds: int = 3


QUICK = Size(side=64, pixels=(48, 64), pictures=4, batch=2, rounds=1)


def measure(quick: bool) -> list[Row]:
    """Pictures a second, with drawings and without."""
    size = QUICK if quick else Size()
    with TemporaryDirectory() as name:
        folder = draw_pictures(Path(name) / "pictures", size.pictures, size.pixels)
        return [_row(size, folder, Path(name), drawn) for drawn in (False, True)]


def _row(size: Size, pictures: Path, scratch: Path, drawn: bool) -> Row:
    options = {"pictures": str(pictures), "side": size.side, "batch": size.batch, "drawn": drawn}
    sides = {
        name: Call(f"bench.predict_files:{name}", {**options, "out": str(scratch / f"{name}{drawn}")}, first)
        for name, first in (("ours", "saccade"), ("plain", "torch"))
    }
    laps = race(sides, size.rounds)
    ours, plain = Lane.of("saccade predict", laps["ours"]), Lane.of("torchvision loop", laps["plain"])
    height, width = size.pixels
    question = f"files of {height}x{width} predicted by a small RetinaNet{' and drawn' if drawn else ''}"
    return speed_up(question, ours, plain, unit="img/s", amount=size.pictures)


def ours(pictures: str, out: str, side: int, batch: int, drawn: bool) -> Callable[[], None]:
    """What ``saccade predict`` does."""
    import saccade as sc
    from saccade.runtime.files.predict_files import predict_files
    from saccade.runtime.files.settings import PredictSettings

    predictor = sc.Predictor(sc.from_torchvision(_network(side)), device="cpu")

    def run_worker() -> None:
        shutil.rmtree(out, ignore_errors=True)
        predict_files(predictor, [pictures], out, PredictSettings(batch=batch, drawn=drawn))

    return run_worker


def plain(pictures: str, out: str, side: int, batch: int, drawn: bool) -> Callable[[], None]:
    """What torchvision's own pages show: decode, one list of pictures, `draw_bounding_boxes`."""
    import torch
    from torchvision.io import ImageReadMode, decode_image, write_jpeg
    from torchvision.utils import draw_bounding_boxes

    network, files = _network(side), sorted(Path(pictures).rglob("*.jpg"))

    def run_worker() -> None:
        shutil.rmtree(out, ignore_errors=True)
        (Path(out) / "drawn").mkdir(parents=True)
        entries: list[Mapping[str, Any]] = []
        for start in range(0, len(files), batch):
            some = files[start : start + batch]
            images = [decode_image(str(file), ImageReadMode.RGB) for file in some]
            with torch.inference_mode():
                predictions = network([image / 255 for image in images])
            for file, image, prediction in zip(some, images, predictions, strict=True):
                entries.append({"file": str(file), **{name: column.tolist() for name, column in prediction.items()}})
                if drawn:
                    boxes = prediction["boxes"][prediction["scores"] >= WORTH]
                    shown = draw_bounding_boxes(image, boxes) if len(boxes) else image
                    write_jpeg(shown, f"{out}/drawn/{file.name}", quality=90)
        Path(out, "predictions.json").write_text(json.dumps(entries))

    return run_worker


def _network(side: int) -> Any:
    """A RetinaNet on a narrow pyramid over ResNet-18, weights as they are drawn."""
    import torch
    from torchvision.models.detection import RetinaNet
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.backbone_utils import BackboneWithFPN
    from torchvision.models.resnet import BasicBlock, ResNet

    torch.manual_seed(0)
    body = ResNet(BasicBlock, [1, 1, 1, 1])
    layers = {"layer2": "0", "layer3": "1", "layer4": "2"}
    backbone = BackboneWithFPN(body, layers, [128, 256, 512], NARROW)
    sizes = tuple((x, int(x * 2 ** (1 / 3)), int(x * 2 ** (2 / 3))) for x in (32, 64, 128, 256))
    anchors = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
    return RetinaNet(backbone, 2, min_size=side, max_size=2 * side, anchor_generator=anchors).eval()
