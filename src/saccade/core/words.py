"""Numbers and lists as they stand in a sentence: short."""

from collections.abc import Iterable


def short(score: float) -> str:
    """A score in two digits, ``.87``; one that is too small for them in one that counts."""
    if score and abs(score) < 0.005:
        return f"{score:.1g}"
    return f"{score:.2f}".replace("0.", ".", 1) if abs(score) < 0.995 else f"{score:.2f}"


def first_few(words: Iterable[str], few: int) -> str:
    """The first few words with commas between, and whether there are more."""
    every = list(words)
    return ", ".join([*every[:few], *(["…"] if len(every) > few else [])])
