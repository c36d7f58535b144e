"""``saccade demo``: from nothing to a trained, measured and drawn network in a few minutes, without any data."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown

# All numbers of the demonstration. Two cores see some 45 000 pictures in the time, each of the set ten times.
SIDE, MINUTES = 64, 2.5
DATA, UNSEEN = f"scenes:count=4500,size={SIDE},seed=1", f"scenes:count=1000,size={SIDE},seed=2"
SYSTEM: dict[str, Any] = {"trunk": "resnet18", "width": 0.5, "size": SIDE}
SETTINGS: dict[str, Any] = {"batch": 64, "lr": 3e-3, "keep": True, "workers": 1, "threads": 1}
# The pictures that are drawn at the end are the same kind of scene, large enough to be looked at.
DRAWN, GALLERY = 24, "scenes:count=120,size=160,seed=3"


def run(arguments: Sequence[str]) -> int:
    """Train, measure, draw, and say what came of it."""
    parser = Parser(
        prog="saccade demo", description="Train a network that names and places things in the built-in pictures."
    )
    parser.add_argument("--out", metavar="RUN", help="the run's folder; runs/demo-1 … by default")
    told = "minutes from the first step to the report"
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="M", help=told)
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.runtime.evaluate.evaluate import evaluate
    from saccade.training.setup.resolved_run import next_out
    from saccade.training.train import train

    out = Path(typed.out) if typed.out else next_out("demo")
    train(_system(), DATA, out, val=UNSEEN, minutes=typed.minutes, **SETTINGS)
    scores = evaluate(out)
    _draw(out)
    told = {"top-1 (class is right)": scores["top1"], "mean IoU (box overlaps)": scores["iou"]}
    sys.stdout.write(f"report:      {out}/report.html\npredictions: {out}/predictions/drawn\n")
    sys.stdout.write("on pictures that the network never saw:\n")
    for name, value in told.items():
        sys.stdout.write(f"{name}: {'undefined' if value is None else f'{value:.3f}'}\n")
    return 0


def _system() -> Any:
    """The localizer, with flips as its only augmentation, which cost least."""
    import torch

    from saccade.core.augmentation import Augmentation
    from saccade.data.scenes import Scenes
    from saccade.systems.build import build

    torch.manual_seed(0)
    system = build("localizer", Scenes(count=0).classes, **SYSTEM)
    system.recipe = replace(system.recipe, augmentation=Augmentation(flip=0.5, flip_vertical=0.5))
    return system


def _draw(out: Path) -> None:
    """Predictions for pictures that the network never saw, as `saccade predict` gives them."""
    from saccade.data.open import open_data
    from saccade.runtime.files.predict_files import predict_files
    from saccade.runtime.runs.load import load
    from saccade.safe_io.writing.atomic import replacing
    from saccade.view.drawing.draw import to_picture

    unseen = open_data(GALLERY, "val")
    for place in range(DRAWN):
        with replacing(out / "pictures" / f"{place:02}.png") as partial:
            to_picture(unseen[place].image).save(partial, format="PNG")
    predict_files(load(out), [out / "pictures"], out / "predictions")
