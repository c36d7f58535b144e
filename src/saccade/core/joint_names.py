"""What names of joints tell: which change places in a mirror, and which span a person's trunk."""

from collections.abc import Sequence

_SIDES = (("left", "right"), ("Left", "Right"), ("LEFT", "RIGHT"))
_INITIALS = (("l_", "r_"), ("L_", "R_"), ("l-", "r-"), ("L-", "R-"), ("l ", "r "), ("L ", "R "))


def mirrored_pairs(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Positions of joints whose names differ in left and right alone: ``left_knee`` and ``right_knee``, ``l_ear`` …."""
    places = {name: place for place, name in enumerate(names)}
    pairs = [(place, places[other]) for name, place in places.items() if (other := _mirror(name)) in places]
    return tuple(pairs)


def torso_diagonals(names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Positions of each shoulder with the opposite hip, the left shoulder's first; none where names tell of none."""
    sides = {word: _pair(names, word) for word in ("shoulder", "hip")}
    shoulders, hips = sides["shoulder"], sides["hip"]
    if shoulders is None or hips is None:
        return ()
    return ((shoulders[0], hips[1]), (shoulders[1], hips[0]))


def _pair(names: Sequence[str], word: str) -> tuple[int, int] | None:
    """Left and right of the joints that a word names; None where there are none, or several."""
    found = [pair for pair in mirrored_pairs(names) if word in names[pair[0]].lower()]
    return found[0] if len(found) == 1 else None


def _mirror(name: str) -> str | None:
    """The right joint's name of a left joint's."""
    for left, right in _SIDES:
        if left in name:
            return name.replace(left, right, 1)
    return next((right + name[2:] for left, right in _INITIALS if name.startswith(left)), None)
