"""What a prediction of files found, in lines: how much, how sure, and what to try where it is nothing."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from saccade.command_line.terminal.output import counted
from saccade.core.words import first_few, short

if TYPE_CHECKING:
    from saccade.runtime.files.findings import Findings

# Classes that are named, the commonest first.
FEW = 5


def found_lines(
    findings: "Findings",
    threshold: float | None,
    best_seen: float | None = None,
    drawings: bool = True,
    looked: bool = False,
) -> Iterator[str]:
    """One line for objects, one for classes of pictures, one for pixels, each where the network speaks of them.

    Args:
        findings: What was found.
        threshold: The score below which objects were left out; None where all were kept.
        best_seen: The best score of an object, whether it was kept or not; None where no object was seen.
        drawings: Whether anything is drawn.
        looked: Whether all pictures were looked at now, so that `best_seen` is the best of them all.
    """
    if not findings.pictures:
        return
    pictures = counted(findings.pictures, "frame" if findings.frames == findings.pictures else "picture")
    if findings.objects is not None:
        every = counted(findings.objects, "object") + f" in {pictures}"
        if not findings.objects:
            yield _nothing(pictures, threshold, best_seen, looked)
        elif threshold is not None or findings.best is None or not drawings:
            yield every + _kept(findings.best, threshold, drawings)
        else:
            yield _drawn(every, pictures, findings)
    if findings.classes:
        yield f"{pictures}: {_commonest(findings.classes, '{} {:.0f}', 1)}"
    if findings.small and drawings:
        yield f"drawings of {counted(findings.small, 'large picture')} are smaller: drawn_size in predictions.json"
    if findings.pixels:
        yield f"pixels: {_commonest(findings.pixels, '{} {:.1%}', findings.pictures)}"


def _kept(best: float | None, threshold: float | None, drawings: bool) -> str:
    told = "" if best is None else f", best {short(best)}"
    if threshold is None:
        return told
    return f"{told}; kept{' and drawn' if drawings else ''} from --threshold {threshold:g} on"


def _drawn(every: str, pictures: str, findings: "Findings") -> str:
    """The line where all are kept, and some drawn: those count, since they are seen."""
    best, weak = findings.best or 0.0, (findings.objects or 0) - findings.drawn
    least = short(findings.drawn_from)
    if not weak:
        return f"{every}, best {short(best)}; all are drawn"
    if not findings.drawn:
        return f"{every}, but none to draw from {least} on: the best scores {short(best)}: try {_lower(best)}"
    told = f"{counted(findings.drawn, 'object')} in {pictures}, best {short(best)}; drawn from {least} on"
    return f"{told} ({counted(weak, 'weaker one')} in predictions.json; --threshold T draws and keeps others)"


def _nothing(pictures: str, threshold: float | None, best_seen: float | None, looked: bool) -> str:
    if not threshold or (looked and best_seen is None):  # no lower threshold would let anything through
        return f"no object in {pictures}: the network sees none; `saccade evaluate` tells how good it is"
    where = f"no object in {pictures} reaches --threshold {threshold:g}"
    if best_seen is None:
        return f"{where}; try a lower one, and another --out"
    seen = math.floor(best_seen * 1000) / 1000  # rounded up it might read as if it had reached the threshold
    return f"{where}; the best that was seen scores {seen:g}: try {_lower(best_seen)}"


def _lower(best: float) -> str:
    """A threshold that some objects pass, of two digits."""
    return f"--threshold {max(math.floor(best * 80) / 100, 0):g}, and another --out"


def _commonest(numbers: Counter[str], form: str, of: int) -> str:
    return first_few((form.format(name, number / of) for name, number in numbers.most_common()), FEW)
