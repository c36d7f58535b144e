"""``saccade demo``: from nothing to a trained, measured and drawn network in a few minutes, without any data."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saccade.command_line.flags import Parser, flags_of, refuse_unknown

SYSTEM = "localizer"
DATA = "scenes:count=2000,size=96,seed=1"
# All numbers of the demonstration.
SETTINGS: dict[str, Any] = {"trunk": "resnet18", "width": 0.5, "size": 96, "batch": 32, "minutes": 3.5}
DRAWN = 24


def run(arguments: Sequence[str]) -> int:
    """Train, measure, draw, and say what came of it."""
    parser = Parser(
        prog="saccade demo", description="Train a network that names and places things in the built-in pictures."
    )
    parser.add_argument("--out", metavar="RUN", help="the run's folder; runs/demo-1 … by default")
    parser.add_argument("--minutes", type=float, metavar="M", help="minutes of training")
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.runtime.evaluate import evaluate
    from saccade.training.job import next_out
    from saccade.training.train import train

    out = Path(typed.out) if typed.out else next_out("demo")
    settings = SETTINGS if typed.minutes is None else SETTINGS | {"minutes": typed.minutes}
    train(SYSTEM, DATA, out, **settings)
    scores = evaluate(out)
    _draw(out)
    told = {"top-1 (class is right)": scores["top1"], "mean IoU (box overlaps)": scores["iou"]}
    sys.stdout.write(f"report:      {out}/report.html\npredictions: {out}/predictions/drawn\n")
    for name, value in told.items():
        sys.stdout.write(f"{name}: {'undefined' if value is None else f'{value:.3f}'}\n")
    return 0


def _draw(out: Path) -> None:
    """Answers to pictures that the network never saw, as `saccade predict` gives them."""
    from saccade.data.open import open_data
    from saccade.runtime.load import load
    from saccade.runtime.predict_files import predict_files
    from saccade.trust.atomic import replacing
    from saccade.view.draw import to_picture

    unseen = open_data(DATA, "val")
    for place in range(DRAWN):
        with replacing(out / "pictures" / f"{place:02}.png") as partial:
            to_picture(unseen[place].image).save(partial, format="PNG")
    predict_files(load(out), [out / "pictures"], out / "predictions")
