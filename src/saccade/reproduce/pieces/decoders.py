"""The eight decoders of SegNet's study: counted at full width, timed in turns, and taught the same pictures."""

import time
from collections.abc import Sequence

import torch

from saccade.analysis.describe import describe
from saccade.layers.decoder.fuse import Addition, Sum
from saccade.necks.decoder import Decoder
from saccade.network.system import System
from saccade.reproduce.experiments.segnet_table1 import ROWS
from saccade.reproduce.pieces.learning import Sides, learnt, sides_of
from saccade.reproduce.terms import Piece, Terms, Told
from saccade.systems.build import build

COUNTS, SPEED = "counts", "speed"
CLASSES, CHANNELS = 11, 64
# Two bits say where a maximum of 2 x 2 was; a channel of a map takes 32.
PLACE_BITS, CHANNEL_BITS = 2, 32
# (H, W) of the picture that table 1 times; the width of what is timed is the paper's, too.
TIMED = (360, 480)
LEARNS = {"optimiser": "adamw", "lr": 2e-3, "schedule": "cosine", "augment": "none,flip=0.5"}
SCORES = ("pixel_accuracy", "mean_accuracy", "miou", "boundary_f1")


class Decoders:
    """The study of decoders.

    Args:
        terms: How large it is.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._sides: Sides | None = None

    def pieces(self, seeds: int) -> Sequence[Piece]:
        """The counts, the times, and each training."""
        trainings = [Piece(f"{row}-{seed}", row, seed) for seed in range(seeds) for row in ROWS]
        return [Piece(COUNTS), Piece(SPEED), *trainings]

    def measured(self, piece: Piece) -> Told:
        """Do a piece."""
        if piece.name == COUNTS:
            return {row: counts(row) for row in ROWS}
        if piece.name == SPEED:
            return self._times()
        size, name = self._terms.size, self._terms.data[0]
        self._sides = self._sides or sides_of(self._terms, name, size.size)
        options = {"width": size.width, "size": size.size, "balance": "median"}
        found = learnt(piece.row, self._sides, self._terms, piece, LEARNS, **options)
        return {piece.row: {score: found[score] for score in SCORES}}

    def _times(self) -> Told:
        """Milliseconds of a forward pass, in turns, so that a slow moment is slow for all."""
        small = self._terms.scale == "quick"
        height, width = (48, 64) if small else TIMED
        options = {"width": 1 / 16} if small else {}
        systems = {row: build(row, CLASSES, size=height, **options).eval() for row in ROWS}
        taken: dict[str, list[float]] = {row: [] for row in ROWS}
        for number in range(self._terms.size.rounds + 1):
            for row, system in systems.items():
                spent = _milliseconds(system, (height, width))
                taken[row] += [spent] if number else []  # the first round chooses kernels
        return {row: {"ms": values} for row, values in taken.items()}


def work(terms: Terms) -> Decoders:
    """The one who does the study."""
    return Decoders(terms)


def counts(row: str) -> dict[str, float]:
    """Millions of weights of a decoder's network as the paper has it, and what is kept of the encoder for it.

    Args:
        row: The system's name.

    Returns:
        ``weights`` in millions; ``channels``, as table 1 counts, a channel or all places of maxima as 1; ``bits`` a
        position, where a channel has 32 and a place 2 for each of the encoder's 64 channels.
    """
    system = build(row, CLASSES)
    neck = system.neck
    if not isinstance(neck, Decoder):
        raise TypeError(f"{row} should have a decoder, found {type(neck).__name__}")
    # The finest step that joins or unpools says what is kept; those below keep as much a position.
    added = max((_channels_of(step.fuse) for step in neck.steps), default=0)
    placed = any(step.places is not None for step in neck.steps)
    bits = added * CHANNEL_BITS + placed * CHANNELS * PLACE_BITS
    return {"weights": describe(system).weights / 1e6, "channels": max(added, int(placed)), "bits": bits}


def _channels_of(fuse: object) -> int:
    return fuse.channels if isinstance(fuse, Sum | Addition) else 0


def _milliseconds(system: System, size: tuple[int, int]) -> float:
    """Processor time of one pass."""
    batch = system.batch([torch.zeros(3, *size, dtype=torch.uint8)])
    begun = time.process_time()
    with torch.no_grad():
        system(batch)
    return (time.process_time() - begun) * 1000
