"""How good predictions are: scores of each task, and the evaluator that streams pictures through them."""

from saccade.metrics.detect.coco_scores import coco
from saccade.metrics.detect.voc import voc_ap
from saccade.metrics.evaluation import Evaluation, PictureSeverity
from saccade.metrics.evaluator import Evaluator
from saccade.metrics.families import FAMILIES, Family, choose
from saccade.metrics.metric import Illustrates, Metric, Ranks, Reports
from saccade.metrics.pose.within import pckh
from saccade.metrics.sections import Bars, Column, Curve, Curves, Histogram, Matrix, Section, Table
from saccade.metrics.segment.boundary import boundary_f1
from saccade.metrics.segment.contours import contours

__all__ = [
    "FAMILIES",
    "Bars",
    "Column",
    "Curve",
    "Curves",
    "Evaluation",
    "Evaluator",
    "Family",
    "Histogram",
    "Illustrates",
    "Matrix",
    "Metric",
    "PictureSeverity",
    "Ranks",
    "Reports",
    "Section",
    "Table",
    "boundary_f1",
    "choose",
    "coco",
    "contours",
    "pckh",
    "voc_ap",
]
