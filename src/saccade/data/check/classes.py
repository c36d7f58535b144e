"""Classes that one split shows and another never does, and the names that were meant where these look alike."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from unicodedata import normalize

from saccade.data.check.counts import Counts
from saccade.data.check.defects import Defect
from saccade.data.check.parts import Part
from saccade.data.formats.common.split_names import canonical
from saccade.data.left_out import picture_files


def plain_name(name: str) -> str:
    """A class's name without what people spell differently: capitals, spaces, hyphens, the form of accents."""
    return normalize("NFC", re.sub(r"[\s_-]+", " ", name).strip().casefold())


def renames(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """The known name that is meant by each of some names, for those that differ in spelling alone."""
    meant = {plain_name(name): name for name in known}
    return {name: meant[plain_name(name)] for name in names if plain_name(name) in meant and name not in meant.values()}


def rename_flag(names: Mapping[str, str]) -> str:
    """The flag to type that gives classes other names."""
    return f"--rename {shlex.quote(','.join(f'{old}={new}' for old, new in names.items()))}"


def unseen_classes(parts: Sequence[Part], counts: Mapping[str, Counts]) -> Iterator[Defect]:
    """Classes that another split shows and train never does.

    Where a list declares the classes, one that train happens not to show is no defect, unless its name looks like that
    of a class that train does show.
    """
    train = next((part for part in parts if canonical(part.name) == "train"), None)
    for part in parts if train is not None else ():
        learnt, shown = (_shown(counts[one]) for one in (train.name if train else "", part.name))
        if part is train or not learnt:
            continue
        missing = [name for name in shown if name not in learnt]
        alike = renames(missing, learnt)
        gathered = any(one.gathered for one in picture_files(part.data))
        for name in missing:
            if name in alike or gathered:
                found = f"{name!r} in {part.name}, in {shown[name]} pictures, which no picture of train shows"
                yield Defect(None, None, None, found, "classes that train shows", _cure(name, alike, part.name))


def _shown(counts: Counts) -> dict[str, int]:
    return {name: number for name, number in counts.classes.items() if number}


def _cure(name: str, alike: Mapping[str, str], split: str) -> str:
    if name in alike:
        return f"train with {rename_flag(alike)}, or call the class alike everywhere"
    flag = f"--rename {shlex.quote(f'{name}=CLASS')}"
    return f"add pictures of it to train, take it out of {split}, or say which class it is: {flag}"
