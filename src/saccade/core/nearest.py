"""What was meant by a word that nobody knows: the known word of the most alike letters."""

import difflib
from collections.abc import Iterable

CLOSE = 5  # so many of the words that are most alike are looked at


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """The known word that is most like what was typed, whatever its case, hyphens and underscores; None if none is."""
    words: dict[str, str] = {}
    for word in known:
        words.setdefault(_plain(word), word)
    found = difflib.get_close_matches(_plain(typed), list(words), CLOSE)
    # Letters that changed places are likelier than others: vgg61 means vgg16, and not vgg11.
    near = min(found, key=lambda word: sorted(word) != sorted(_plain(typed)), default=None)
    return None if near is None else words[near]


def did_you_mean(typed: str, known: Iterable[str], further: str = "") -> str:
    """The cure for a word that nobody knows: the one that was meant, if any is like it, then `further`."""
    near = nearest(typed, known)
    return " ".join(part for part in (f"did you mean {near}?" if near else "", further) if part)


def _plain(word: str) -> str:
    # The hyphens before a flag are no letters of it: they alone made --bogus look like --out.
    return word.casefold().replace("-", "_").lstrip("_")
