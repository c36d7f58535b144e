"""The experiments by name. To read this list loads no torch; what does the work is loaded when it is run."""

from importlib import import_module
from typing import cast

from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.reproduce.experiment import Experiment
from saccade.reproduce.experiments import fcn_skips, hourglass_stacks, rcnn_ladder, segnet_table1, transfer
from saccade.reproduce.terms import Terms, Work

EXPERIMENTS: dict[str, Experiment] = {
    one.name: one
    for one in (
        segnet_table1.EXPERIMENT,
        rcnn_ladder.EXPERIMENT,
        fcn_skips.EXPERIMENT,
        hourglass_stacks.EXPERIMENT,
        transfer.EXPERIMENT,
    )
}
# The module of each, whose function `work` makes the one who does the pieces.
WORKERS = {
    "segnet-table1": "saccade.reproduce.pieces.decoders",
    "rcnn-ladder": "saccade.reproduce.ladder.work",
    "fcn-skips": "saccade.reproduce.pieces.skips",
    "hourglass-stacks": "saccade.reproduce.pieces.hourglasses",
    "transfer": "saccade.reproduce.pieces.transfer",
}


def experiment(name: str) -> Experiment:
    """The experiment of a name.

    Raises:
        UsageError: There is none; the message lists those that there are.
    """
    if name not in EXPERIMENTS:
        cure = did_you_mean(name, EXPERIMENTS, f"experiments are {', '.join(EXPERIMENTS)}")
        raise UsageError("an experiment", repr(name), cure=cure)
    return EXPERIMENTS[name]


def work_of(name: str, terms: Terms) -> Work:
    """The one who does the pieces of an experiment."""
    return cast("Work", import_module(WORKERS[name]).work(terms))
