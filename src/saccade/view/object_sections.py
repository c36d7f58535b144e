"""The section of a report about a detector's errors. It gives None where it has nothing to say.

Legend: C classes.
"""

import math
from collections.abc import Sequence

from saccade.metrics.evaluation import Curve, Details, ErrorShare, ObjectErrors
from saccade.view import plot_classes, plot_objects
from saccade.view.error_kinds import ERROR_KINDS, WHOLE, ErrorKind
from saccade.view.markup import Markup, element, joined
from saccade.view.palette import Colour
from saccade.view.sections import figure
from saccade.view.text import score

CURVES = "precision_recall_"  # the name of a family of curves begins so, and ends with the overlap in hundredths
NOTHING, MISSED = "(nothing there)", "(missed)"
_DRAWN = ("right", "classification", "localization", "both", "duplicate", "background", "missed")


def errors(details: Details, names: Sequence[str]) -> Markup | None:
    """Kinds of errors, precision against recall, and what is taken for what."""
    if details.objects is None:
        return None
    families = {name: curves for name, curves in details.curves.items() if name.startswith(CURVES) and curves}
    cards = [*[_curves(name, curves) for name, curves in families.items()], _confusion(details.objects, names)]
    lead = "Why guesses are wrong, and what each kind of error costs. One kind a guess, by the rules of TIDE."
    return joined(
        element("h2", "Errors"),
        element("p", lead, class_="lead"),
        element("div", _shares(details.objects.shares), *cards, class_="grid"),
    )


def legend() -> Markup:
    """What the colours of boxes mean, on one line."""
    return element("p", *[_dotted(ERROR_KINDS[kind]) for kind in _DRAWN], class_="lead legend")


def _shares(shares: Sequence[ErrorShare]) -> Markup:
    head = element("tr", *[element("th", name) for name in ("Error", "What it is", "Number", "AP50 gained without it")])
    most = max((share.gain or 0 for share in shares), default=0) or 1
    known = ERROR_KINDS | WHOLE
    body = [_share(share, known[share.kind], most) for share in shares]
    table = element("table", element("thead", head), element("tbody", *body), class_="errors")
    lead = "Of all guesses, whatever their score. What is gained by mending two kinds is not the sum of both."
    above = joined(element("h3", "Kinds of errors"), element("p", lead, class_="lead"))
    return element("div", above, element("div", table, class_="scroll"), class_="card wide")


def _share(share: ErrorShare, kind: ErrorKind, most: float) -> Markup:
    width = f"width:{100 * (share.gain or 0) / most:.1f}%;background:{_css(kind.colour)}"
    bar = element("span", element("i", style=width), class_="bar")
    gain = element("td", bar, element("span", score(share.gain), class_="number"))
    return element(
        "tr", element("td", _dotted(kind)), element("td", kind.meaning), element("td", f"{share.number:,}"), gain
    )


def _dotted(kind: ErrorKind) -> Markup:
    dot = element("i", style=f"background:{_css(kind.colour)}", class_="dot")
    return element("span", dot, kind.title, title=kind.meaning)


def _css(colour: Colour) -> str:
    return "rgb({} {} {})".format(*colour)


def _curves(name: str, curves: Sequence[Curve]) -> Markup:
    lead = f"A guess is right from an IoU of .{name.removeprefix(CURVES)} on."
    return figure("Precision against recall", lead, plot_objects.precision_recall(curves))


def _confusion(found: ObjectErrors, names: Sequence[str]) -> Markup | None:
    matrix = found.confusion.numpy()
    if not matrix.any():
        return None
    cut = "" if found.threshold is None else f" of at least {threshold(found.threshold)}, where F1 is greatest"
    if len(names) > plot_classes.MOST_CELLS:
        lead = f"The pairs most often confused, of the objects that a guess with a score{cut} lies on."
        return figure("Confusion", lead, plot_classes.confusion(matrix[:-1, :-1], names, what="objects"))
    lead = f"Rows: objects, columns: guesses with a score{cut}. Shade: share of the row."
    svg = plot_classes.confusion(matrix, [*names, NOTHING], [*names, MISSED])
    return figure("Confusion", lead, svg, wide=len(names) > 6)


def threshold(value: float) -> str:
    """A threshold in three digits, rounded down so that what it keeps stays."""
    return f"{math.floor(value * 1000) / 1000:.3f}"
