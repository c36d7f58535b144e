"""``saccade demo``: from nothing to a trained, measured and drawn network in a few minutes, without any data."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown

# All numbers of the demonstration. The trunk knows photographs and stands still, so that each picture passes it once:
# even a busy machine has most of the time for the neck and the heads.
SIDE, MINUTES = 128, 2.75
DATA, UNSEEN = f"scenes:count=800,size={SIDE},seed=1", f"scenes:count=400,size={SIDE},seed=2"
SYSTEM: dict[str, Any] = {
    "heads": ("label", "masks", "pixels", "pose"), "trunk": "efficientnet_lite0", "pretrained": True, "size": SIDE,
    "finest": 16.0,
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "freeze": ("trunk",), "augment": "none", "optimiser": "adamw", "lr": 3e-3, "schedule": "cosine",
    "batch": 8, "workers": 1, "best": "mask_AP50",
}  # fmt: skip
# What the other heads reached: the score's name, and what it is called.
TOLD = {
    "AP50": "boxes (AP at overlap .5)",
    "mask_AP50": "masks of objects (AP at overlap .5)",
    "miou": "class of every pixel (mean IoU)",
    "pckh": "joints (PCKh at .5)",
}
# The pictures that are drawn at the end are the same kind of scene, large enough to be looked at.
DRAWN, GALLERY = 24, "scenes:count=120,size=256,seed=3"
# Shares of the way from chance to perfection from which a score is called so.
VERDICTS = ((0.6, "far above chance"), (0.25, "well above chance"), (0.05, "above chance"))


def run(arguments: Sequence[str]) -> int:
    """Train, measure, draw, and say what came of it."""
    parser = Parser(
        prog="saccade demo",
        description="Train one network for five tasks on the built-in pictures: what a picture shows, where its "
        "objects are, which pixels are theirs, the class of every pixel, and the joints of a figure.",
    )
    parser.add_argument("--out", metavar="RUN", help="the run's folder; runs/demo-1 … by default")
    told = "minutes from the first step to the report"
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="M", help=told)
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    from saccade.data.open import open_data
    from saccade.metrics.localize.chance import chance
    from saccade.runtime.evaluate.evaluate import evaluate
    from saccade.training.setup.resolved_run import next_out
    from saccade.training.train import train

    out = Path(typed.out) if typed.out else next_out("demo")
    train("many", DATA, out, val=UNSEEN, minutes=typed.minutes, **SYSTEM, **SETTINGS)
    unseen = open_data(UNSEEN, "val")
    guessed = chance(open_data(DATA, "train"), unseen)
    scores = evaluate(out)
    _draw(out)
    sys.stdout.write(f"report:      {out}/report.html\npredictions: {out}/predictions/drawn\n")
    sys.stdout.write(f"one network, one pass; on {len(unseen)} pictures that it never saw:\n")
    sys.stdout.write(_told("top-1 (class is right)", scores["top1"], guessed["top1"], "by the commonest class"))
    for score, name in TOLD.items():
        value = scores.get(score)
        sys.stdout.write(f"{name}: {'undefined' if value is None else f'{value:.3f}'}\n")
    sys.stdout.write(
        f"then: saccade predict {out} PICTURES --out found; saccade look {out} PICTURES; docs/quickstart.md\n"
    )
    return 0


def _told(name: str, score: float | None, guessed: float, how: str) -> str:
    """A score beside what is had without looking, and what that means."""
    if score is None:
        return f"{name}: undefined\n"
    way = (score - guessed) / (1 - guessed)
    verdict = next((words for least, words in VERDICTS if way >= least), "no better than chance: give more --minutes")
    return f"{name}: {score:.3f}, {guessed:.3f} {how}: {verdict}\n"


def _draw(out: Path) -> None:
    """Predictions for pictures that the network never saw, as `saccade predict` gives them."""
    from saccade.data.open import open_data
    from saccade.runtime.files.predict_files import predict_files
    from saccade.runtime.files.settings import PredictSettings
    from saccade.runtime.runs.load import load
    from saccade.safe_io.writing.atomic import replacing
    from saccade.view.drawing.draw import to_picture

    unseen = open_data(GALLERY, "val")
    for place in range(DRAWN):
        with replacing(out / "pictures" / f"{place:02}.png") as partial:
            to_picture(unseen[place].image).save(partial, format="PNG")
    predict_files(load(out), [out / "pictures"], out / "predictions", PredictSettings())
