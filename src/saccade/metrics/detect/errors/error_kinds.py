"""What the kinds of errors of detection are called, what they mean, and the colours that they are drawn in."""

from saccade.metrics.illustration import Key

ERROR_KINDS: dict[str, Key] = {
    "right": Key("Right", "found, right class and IoU of at least .5", (13, 159, 110)),
    "classification": Key("Class", "an object is there, but of another class", (234, 115, 23)),
    "localization": Key("Place", "right class, but an IoU of only .1 to .5", (37, 99, 235)),
    "both": Key("Class and place", "something of another class is near, IoU of .1 to .5", (124, 92, 219)),
    "duplicate": Key("Duplicate", "an object that a better prediction has found", (14, 143, 176)),
    "background": Key("Background", "nothing is there", (208, 69, 94)),
    "missed": Key("Missed", "objects that no prediction comes near", (184, 50, 128)),
    "ignored": Key("Ignored", "in a crowd, or of a class that was not sought: counts neither way", (101, 117, 139)),
}
WHOLE = {
    "false_positive": Key("All wrong predictions", "were they all ranked behind the right ones", (101, 117, 139)),
    "false_negative": Key("All objects not found", "were they no longer sought", (101, 117, 139)),
}
