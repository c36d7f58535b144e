"""What stops a training before it spoils its weights: a loss or a gradient that is not a number."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from saccade.core.batch import Batch
from saccade.core.errors import ConfigError, ResourceError, SaccadeError
from saccade.safe_io.writing.atomic import write_text

# What PyTorch says where a window is larger than its map, and where a normalisation has one value a channel.
TOO_SMALL = ("Output size is too small", "Kernel size can't be greater")
NAMED = 16
TOO_FEW = "Expected more than 1 value per channel"


class NotFiniteError(SaccadeError):
    """A loss or gradient is NaN or infinite; the step was not taken and no checkpoint was touched (exit code 1)."""

    exit_code = 1


def check_finite(losses: dict[str, float], norm: float, step: int, ids: Sequence[str], path: Path) -> None:
    """Stop before the optimiser steps when a loss term or the gradient is not finite.

    Args:
        losses: Loss terms of the step.
        norm: Norm of the gradient.
        step: Optimiser steps done before.
        ids: Names of the pictures of the step.
        path: File that they are written to; at the first step the error itself names them.

    Raises:
        NotFiniteError: Something is NaN or infinite.
    """
    bad = sorted(name for name, value in losses.items() if not math.isfinite(value))
    if not bad and math.isfinite(norm):
        return
    values = {name: repr(value) for name, value in losses.items()} | {"gradient norm": repr(norm)}
    if step:
        write_text(path, json.dumps({"step": step, "ids": list(ids), "values": values}, indent=2))
        which, after = "the file names the pictures", ". The best and last checkpoints are as they were"
    else:  # of a run that takes no step nothing is left
        which, after = f"the pictures: {', '.join(ids[:NAMED])}{', …' if len(ids) > NAMED else ''}", ""
    raise NotFiniteError(
        "a finite loss and gradient",
        f"{', '.join(bad) or 'gradient norm'} = {values[bad[0] if bad else 'gradient norm']} at step {step}",
        path=path if step else None,
        cure=f"{which}; try a lower --lr, --clip 1, --precision 32, or check the data{after}",
    )


def met_at(error: Exception, step: int) -> Exception:
    """The error of a picture that could not be read, told where it was met; the state there has been saved."""
    if isinstance(error, SaccadeError) and step:
        told = f"step {step} was the last one before it, and its state is saved: mend this, then add --resume"
        error.cure = f"{error.cure}\n  {told}" if error.cure else told
    return error


def out_of_memory_at(batches: Sequence[Batch], step: int) -> ResourceError:
    """The error that says which pictures, of which size, did not fit into memory."""
    shape = "x".join(map(str, max((batch.images.shape for batch in batches), key=lambda shape: shape.numel())))
    names = [name for batch in batches for name in batch.ids]
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return ResourceError(
        f"memory for a batch of {shape} (pictures, channels, height, width) at step {step}",
        f"too little; it held {shown}",
        cure="take a smaller --batch with --accumulate, a smaller --size, or --batch 0 to find the greatest that fits",
    )


def too_small_for(error: Exception, batches: Sequence[Batch]) -> ConfigError | None:
    """The error that says that pictures, or their number, are too small for the network; None where it is another."""
    shape = "x".join(map(str, batches[0].images.shape))
    found = f"a batch of {shape} (pictures, channels, height, width)"
    if any(said in str(error) for said in TOO_SMALL):
        return ConfigError(
            "pictures that are large enough for every layer",
            found,
            cure="give a larger --size; `saccade describe SYSTEM --size N` names the layer that is too large",
        )
    if TOO_FEW in str(error):
        return ConfigError(
            "more than one value a channel where the network normalises over a batch",
            found,
            cure="give --batch 2 or more, or a larger --size",
        )
    return None
