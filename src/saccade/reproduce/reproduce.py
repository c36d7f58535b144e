"""An experiment from nothing, or from where it stopped, to its result."""

import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from saccade import __version__
from saccade.comparison.speed import machine
from saccade.core.errors import UsageError
from saccade.reproduce.catalogue import experiment, work_of
from saccade.reproduce.experiment import Experiment, Scale
from saccade.reproduce.found import Found
from saccade.reproduce.outcome import Outcome
from saccade.reproduce.store import Store
from saccade.reproduce.terms import Piece, Terms, Work, terms_of
from saccade.runtime.device import pick_device
from saccade.safe_io.documents.plain import plain, to_json
from saccade.safe_io.writing.atomic import write_text
from saccade.view.pages.text import printable

OUT = Path("runs/reproduce")
SEEDS = 3


@dataclass(frozen=True)
class Asked:
    """What is asked of an experiment.

    Attributes:
        out: Folder of all experiments.
        scale: quick, miniature or full.
        data: Folder of data sets, or None: built-in pictures.
        seeds: How often what has chance is done.
        steps: Steps of each training; None: as the scale has them.
        device: Where networks learn.
    """

    out: Path = OUT
    scale: Scale = "miniature"
    data: Path | None = None
    seeds: int = SEEDS
    steps: int | None = None
    device: str = "auto"

    def command(self, name: str) -> str:
        """What is typed for it; where results lie, and on which device, says nothing of them."""
        words = ["saccade", "reproduce", name]
        words += [] if self.data is None else ["--data", "DIR"]
        words += [] if self.scale == "miniature" else [f"--{self.scale}"]
        words += [] if self.seeds == SEEDS else ["--seeds", str(self.seeds)]
        words += [] if self.steps is None else ["--steps", str(self.steps)]
        return shlex.join(words)


def reproduce(name: str, asked: Asked = Asked(), say: Callable[[str], None] | None = None) -> Outcome:
    """Do what is missing of an experiment, and judge what it found.

    Args:
        name: Of the experiment.
        asked: How large it is, on which data, and where results lie. Pieces that are done stay; further seeds may join.
        say: Takes a line for the person who waits; by default it is written to stderr.

    Returns:
        Ours beside what was printed, and what became of each claim; ``OUT/NAME.json`` holds it.

    Raises:
        UsageError: There is no such experiment; or fewer than one seed or step is asked for.
        ConfigError: Data or GPU are absent; the folder is taken, or was begun with other settings.
        Interrupted: A signal asked for a stop; what was done is kept.
    """
    chosen = experiment(name)
    for word, number in (("seeds", asked.seeds), ("steps", asked.steps)):
        if number is not None and number < 1:
            raise UsageError("1 or more", number, within=word)
    store = Store(asked.out / name)
    terms = terms_of(chosen, asked.scale, asked.data, store.runs, asked.steps, asked.device)
    with store.held:
        store.begin({"scale": terms.scale, "size": asdict(terms.size), "data": terms.data, "saccade": __version__})
        done = _done(chosen, terms, asked.seeds, store, say or _say)
        outcome = _outcome(chosen, terms, asked, done)
        write_text(store.result, to_json(outcome.as_dict(), indent=1) + "\n")
    return outcome


def _done(
    chosen: Experiment, terms: Terms, seeds: int, store: Store, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """What each piece told, those done before among them."""
    work = work_of(chosen.name, terms)
    pieces = work.pieces(seeds)
    done: list[dict[str, Any]] = []
    for number, piece in enumerate(pieces, 1):
        told = store.kept(piece)
        if told is None:
            say(f"{chosen.name}: piece {number} of {len(pieces)}, {piece.name}")
            told = _fresh(work, piece, terms)
            store.keep(piece, told)
        done.append(told)
    return done


def _fresh(work: Work, piece: Piece, terms: Terms) -> dict[str, Any]:
    begun = time.monotonic()
    told = plain(work.measured(piece))
    where = {name: value for name, value in machine(pick_device(terms.device)).items() if name != "load"}
    return {"piece": piece.name, "told": told, "seconds": round(time.monotonic() - begun, 1), "machine": where}


def _outcome(chosen: Experiment, terms: Terms, asked: Asked, done: Sequence[dict[str, Any]]) -> Outcome:
    machines: list[dict[str, Any]] = []
    for one in done:
        if one["machine"] not in machines:
            machines.append(one["machine"])
    minutes = round(sum(one["seconds"] for one in done) / 60, 1)
    found = Found.of(one["told"] for one in done)
    command = asked.command(chosen.name)
    size = asdict(terms.size)
    return Outcome(chosen, terms.scale, size, terms.data, asked.seeds, command, minutes, machines, __version__, found)


def _say(line: str) -> None:
    sys.stderr.write(f"{printable(line)}\n")
