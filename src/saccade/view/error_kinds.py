"""What the kinds of errors of detection are called, what they mean, and the colours that they are drawn in."""

from typing import NamedTuple

from saccade.view.palette import Colour


class ErrorKind(NamedTuple):
    """A kind of error for people.

    Attributes:
        title: Short name.
        meaning: What it says, in a few words.
        colour: Of its boxes.
    """

    title: str
    meaning: str
    colour: Colour


ERROR_KINDS: dict[str, ErrorKind] = {
    "right": ErrorKind("Right", "found, right class and IoU of at least .5", (13, 159, 110)),
    "classification": ErrorKind("Class", "an object is there, but of another class", (234, 115, 23)),
    "localization": ErrorKind("Place", "right class, but an IoU of only .1 to .5", (37, 99, 235)),
    "both": ErrorKind("Class and place", "something of another class is near, IoU of .1 to .5", (124, 92, 219)),
    "duplicate": ErrorKind("Duplicate", "an object that a better guess has found", (14, 143, 176)),
    "background": ErrorKind("Background", "nothing is there", (208, 69, 94)),
    "missed": ErrorKind("Missed", "objects that no guess comes near", (184, 50, 128)),
    "ignored": ErrorKind("Ignored", "in a crowd: counts neither way", (101, 117, 139)),
}
WHOLE = {
    "false_positive": ErrorKind("All wrong guesses", "were they all ranked behind the right ones", (101, 117, 139)),
    "false_negative": ErrorKind("All objects not found", "were they no longer sought", (101, 117, 139)),
}
