"""What region detectors share whose last step is solved for: what stays, and in which stages they learn."""

from math import exp
from typing import Literal

from saccade.heads.regions.box_top import BoxRules
from saccade.heads.regions.solved_top import SolvedTop
from saccade.network.recipe import Stage
from saccade.ops.boxes.box_coder import DeltaCoder
from saccade.ops.boxes.suppression import Suppression

Scores = Literal["svm", "softmax"]

# Boxes of each class that are told at most; R-CNN's authors choose them before suppression (rcnn_test.m).
A_CLASS = 100
# The authors' test begins with a margin of -1.5; of a softmax what scores less than a twentieth is not told.
MARGIN, PROBABILITY = 1 / (1 + exp(1.5)), 0.05


def told_rules(scores: Scores, classes: int, coder: DeltaCoder | None = None) -> BoxRules:
    """What stays: of each class the hundred best boxes, suppressed where they overlap by more than .3.

    Args:
        scores: What boxes are scored by.
        classes: C.
        coder: How a box stands relative to its region; by default in R-CNN's plain numbers.
    """
    least = MARGIN if scores == "svm" else PROBABILITY
    stays = Suppression(score=least, first=A_CLASS, each="class", overlap=0.3, limit=A_CLASS * classes)
    return BoxRules(suppression=stays, coder=coder or DeltaCoder())


def solved_stages(top: SolvedTop, freeze: tuple[str, ...] = ()) -> tuple[Stage, ...]:
    """Fine-tuning by the softmax, then all that is solved for.

    Args:
        top: What is solved for.
        freeze: What stands still throughout.
    """
    later = ("box",) if top.machines is None else ("box", "machines")
    silent = tuple(f"regions/{term}" for term in top.terms if term != "class")
    still = (*freeze, *(f"regions.tops.box.{name}" for name in later))
    return Stage(freeze=still, silent=silent), Stage(share=0.0, freeze=("trunk",), solve=("regions",))
