"""Text from outside, made fit to be shown: names of classes and files may hold anything."""

import re

LONGEST = 24
_UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """The text with a replacement sign for all that cannot be shown; line ends stay.

    XML forbids control characters, file names that are no UTF-8 hold lone surrogates, which cannot be written, and
    marks of direction make a name look like another.
    """
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text on one line, its middle left out where it is longer than `longest` characters."""
    text = " ".join(printable(text).splitlines())
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 3
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def score(value: float | None) -> str:
    """A score as a percentage; a user's score beyond 0..1 as it is."""
    return percent(value) if value is None or 0 <= value <= 1 else f"{value:.4g}"


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as a percentage; a dash where it is undefined."""
    return "–" if fraction is None else f"{100 * fraction:.{digits}f}\N{NO-BREAK SPACE}%"
