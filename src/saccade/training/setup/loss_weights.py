"""What the losses of heads weigh beside each other: the setting ``loss_weights``, read."""

import math
from collections.abc import Mapping

from saccade.core.errors import UsageError

# The system's own weights; weights that are learnt.
WORDS = ("fixed", "uncertainty", "gradnorm")


def parse_loss_weights(asked: str | Mapping[str, float]) -> str | dict[str, float]:
    """One of `WORDS`, or a weight by name of a head or of a term, ``head/term``.

    Args:
        asked: A word, weights as ``NAME=WEIGHT,NAME=WEIGHT``, or weights by name.

    Raises:
        UsageError: It is neither, or a weight is below 0.
    """
    if isinstance(asked, str) and "=" not in asked:
        if asked not in WORDS:
            raise UsageError(f"one of {', '.join(WORDS)}, or NAME=WEIGHT,…", repr(asked), within="loss_weights")
        return asked
    pairs = asked.items() if isinstance(asked, Mapping) else (word.partition("=")[::2] for word in asked.split(","))
    return {name.strip(): _weight(name, value) for name, value in pairs}


def written(asked: str | Mapping[str, float]) -> str:
    """The same as one text, however it was said."""
    found = parse_loss_weights(asked)
    return found if isinstance(found, str) else ",".join(f"{name}={weight:g}" for name, weight in found.items())


def _weight(name: str, value: str | float) -> float:
    try:
        weight = float(value)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < math.inf:
        raise UsageError("a weight from 0", f"{name}={value}", within="loss_weights")
    return weight
