"""Flags that all commands share which put a run to use."""

import argparse
from typing import Any

from saccade.core.errors import UsageError


def add_use(parser: argparse.ArgumentParser) -> None:
    """Which checkpoint of a run, on which device, in which precision, how many pictures at once."""
    parser.add_argument("run", metavar="RUN", help="the folder of a run")
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best", help="which checkpoint of the run")
    parser.add_argument("--batch", type=at_least_one, default=16, metavar="N", help="pictures at once")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument(
        "--precision", default=None, choices=("auto", "32", "bf16", "16"), help="that of the training by default"
    )


def add_others(parser: argparse.ArgumentParser) -> None:
    """Further runs whose predictions are merged with the first one's."""
    told = "another run that predicts too, by its own way in; the predictions are merged; may be given several times"
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="RUN", help=told)
    told = (
        "how scores of classes, or of classes at every pixel, become one: mean (by default), max or product; of boxes "
        "max alone: the best of those that overlap stays"
    )
    parser.add_argument("--merge", choices=("mean", "max", "product"), default=None, help=told)


def runs_of(typed: argparse.Namespace) -> tuple[str | list[str], dict[str, Any]]:
    """The run or the runs that were typed, and how they are merged, as `load` takes them."""
    runs = [typed.run, *typed.others]
    return (runs if typed.others else typed.run), ({} if typed.merge is None else {"merge": typed.merge})


def at_least_one(text: str) -> int:
    """A whole number from 1.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise UsageError("a whole number of at least 1", repr(text))
    return int(text)


def add_views(parser: argparse.ArgumentParser) -> None:
    """Several views of each picture, or tiles of it, whose predictions are merged."""
    told = "see each picture at these sizes, as factors of its usual one, and merge the predictions: .75,1,1.25"
    parser.add_argument("--scales", type=_factors, default=(1.0,), metavar="S,…", help=told)
    parser.add_argument("--flip", action="store_true", help="see each picture mirrored too, and merge the predictions")
    told = "see squares of N pixels of each picture in place of the whole, and merge the predictions"
    parser.add_argument("--tile", type=at_least_one, metavar="N", help=told)
    told = "share of a tile's side that its neighbour shows too; .2 by default"
    parser.add_argument("--overlap", type=float, default=None, metavar="F", help=told)
    told = "classify N rows of N crops of each picture and scale in place of the central one, and merge the predictions"
    parser.add_argument("--crops", type=at_least_one, metavar="N", help=told)
    told = "classify every place of the whole picture in place of its centre, and average the scores"
    parser.add_argument("--dense", action="store_true", help=told)


def seen_as(typed: argparse.Namespace) -> dict[str, Any]:
    """What was typed of `add_views` and `add_search`, as `load` takes it.

    Raises:
        UsageError: Tiles that are not asked for should overlap.
    """
    if typed.overlap is not None and typed.tile is None:
        raise UsageError("--tile with --overlap", "--overlap alone", cure="write --tile 640 --overlap .2")
    overlap = {} if typed.overlap is None else {"overlap": typed.overlap}
    shown = {"scales": typed.scales, "flip": typed.flip, "tile": typed.tile, "crops": typed.crops, "dense": typed.dense}
    return {**shown, "search": typed.search, **overlap}


def add_search(parser: argparse.ArgumentParser) -> None:
    """Where a detector that does not propose regions itself gets them."""
    told = "where regions come from, in place of the training's: a search, or a file of saccade propose"
    parser.add_argument("--search", metavar="NAME", help=told)


def _factors(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError("numbers with commas between", repr(text)) from None
