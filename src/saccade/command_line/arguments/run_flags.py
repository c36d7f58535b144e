"""Flags that all commands share which put a run to use."""

import argparse
from functools import partial
from typing import Any, get_type_hints

from saccade.command_line.arguments.values import convert
from saccade.core.errors import UsageError
from saccade.runtime.predict.refine.table import REFINEMENTS, refinement, values_of

ONE_SCALE = (1.0,)


def add_use(parser: argparse.ArgumentParser, *, batch: bool = True) -> None:
    """Which checkpoint of a run, on which device, in which precision, and, with `batch`, how many pictures at once."""
    parser.add_argument("run", metavar="RUN", help="the folder of a run")
    parser.add_argument("--checkpoint", choices=("best", "last"), default="best", help="which checkpoint of the run")
    if batch:
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
        "how scores of classes, or of classes at every pixel, become one: mean (by default), max or product; of "
        "objects mean (weighted boxes fusion) or max (the best of those that overlap stays)"
    )
    parser.add_argument("--merge", choices=("mean", "max", "product"), default=None, help=told)


def runs_of(typed: argparse.Namespace) -> tuple[str | list[str], dict[str, Any]]:
    """The run or the runs that were typed, and how they are merged, as `load` takes them."""
    runs = [typed.run, *typed.others]
    return (runs if typed.others else typed.run), ({} if typed.merge is None else {"merge": typed.merge})


def add_persons(parser: argparse.ArgumentParser) -> None:
    """Where the persons are whose poses a network of one person tells."""
    told = (
        "of a network of one person's pose: where the persons of a picture are, whose poses are told with their boxes: "
        "the RUN of a detector, or a FILE of boxes (its predictions.json, or COCO's JSON); whole (by default): the "
        "whole picture is taken for its person"
    )
    parser.add_argument("--persons", metavar="whole|RUN|FILE", help=told)
    told = "the class that persons have there; by default person, or the only class"
    parser.add_argument("--person-class", metavar="NAME", help=told)


def persons_as(typed: argparse.Namespace) -> dict[str, Any]:
    """What was typed of `add_persons`, as `load` takes it."""
    said = {"persons": typed.persons, "person_class": typed.person_class}
    return {name: value for name, value in said.items() if value is not None}


def at_least_one(text: str) -> int:
    """A whole number from 1.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise UsageError("a whole number of at least 1", repr(text))
    return int(text)


def add_whole_views(parser: argparse.ArgumentParser) -> None:
    """Several views of each whole picture, whose predictions are merged."""
    told = "see each picture at these sizes, as factors of its usual one, and merge the predictions: .75,1,1.25"
    parser.add_argument("--scales", type=_factors, default=ONE_SCALE, metavar="S,…", help=told)
    parser.add_argument("--flip", action="store_true", help="see each picture mirrored too, and merge the predictions")


def add_views(parser: argparse.ArgumentParser) -> None:
    """Several views of each picture, or tiles of it, whose predictions are merged."""
    add_whole_views(parser)
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


def add_refine(parser: argparse.ArgumentParser) -> None:
    """What makes scores of pixels better, where, and by which parameters."""
    told = f"make scores of pixels better by the picture's colours: {', '.join(REFINEMENTS)}"
    parser.add_argument("--refine", metavar="NAME", choices=tuple(REFINEMENTS), help=told)
    told = "at the picture's own pixels (by default), or at those that the network sees, which is quicker"
    parser.add_argument("--refine-at", choices=("picture", "network"), help=told)
    for name, kind in REFINEMENTS.items():
        shown = ",".join(f"{field}={_shown(value)}" for field, value in values_of(kind()).items())
        told = f"parameters of --refine {name} in place of those found for the run, or of the defaults: {shown}"
        parser.add_argument(f"--{name}", type=partial(_parameters, name), metavar="FIELD=VALUE,…", help=told)


def refined_as(typed: argparse.Namespace) -> dict[str, Any]:
    """What was typed of `add_refine`, as `load` takes it.

    Raises:
        UsageError: Parameters or a place are said of a refinement that is not asked for.
    """
    said = [name for name in REFINEMENTS if getattr(typed, name) is not None]
    for name in said:
        if name != typed.refine:
            raise UsageError(f"--refine {name} with --{name}", f"--{name} without it", cure=f"write --refine {name}")
    if typed.refine is None and typed.refine_at is not None:
        raise UsageError("--refine with --refine-at", "--refine-at alone", cure="write --refine crf beside it")
    if typed.refine is None:
        return {}
    with_parameters = {"refine_with": getattr(typed, typed.refine)} if said else {}
    return {"refine": typed.refine, "refine_at": typed.refine_at or "picture", **with_parameters}


def _shown(value: Any) -> str:
    return ":".join(f"{one:g}" for one in value) if isinstance(value, tuple) else str(value)


def _parameters(name: str, text: str) -> dict[str, Any]:
    """Values by name of ``iterations=5,appearance=10:80:13``.

    Raises:
        UsageError: It is none of that form, or a parameter is unknown or out of range.
    """
    kinds, found = get_type_hints(REFINEMENTS[name]), dict[str, Any]()
    for part in text.split(","):
        field, sign, value = (word.strip() for word in part.partition("="))
        if not sign or field in found:
            raise UsageError("FIELD=VALUE, each field once", repr(part.strip()), within=f"--{name}")
        found[field] = convert(kinds[field], value.replace(":", ",")) if field in kinds else value
    refinement(name, found)  # says now what would go wrong later
    return found


def add_search(parser: argparse.ArgumentParser) -> None:
    """Where a detector that does not propose regions itself gets them."""
    told = "where regions come from, in place of the training's: a search, a file of saccade propose, or a run"
    parser.add_argument("--search", metavar="NAME", help=told)


def _factors(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError("numbers with commas between", repr(text)) from None
