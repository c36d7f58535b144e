"""A digest of what a data set says of each picture: names and annotations, made of the packed arrays, not of pixels."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, cast

from saccade.core.dataset import Dataset
from saccade.data.datasets.picture import source_of

_BYTES = 5  # of a picture's digest: one change in a million million goes unseen
_NAMED = 3


def truth_digest(dataset: Dataset) -> dict[str, Any] | None:
    """Classes, pictures and their order as plain values; None where a data set cannot say what its annotations are.

    A data set says so by `packed(index)`, bytes that change when the annotations of a picture do; those of files do.
    """
    pictures: dict[str, str] = {}
    order = hashlib.blake2b(digest_size=8)
    for index in range(len(dataset)):
        source, place = source_of(dataset, index)
        pack: Any = getattr(source, "packed", None)
        if not callable(pack):
            return None
        name, packed = dataset.id(index), cast("Callable[[int], bytes]", pack)(place)
        # A picture may come more than once.
        pictures[name] = pictures.get(name, "") + hashlib.blake2b(packed, digest_size=_BYTES).hexdigest()
        order.update(name.encode("utf-8", "surrogateescape") + b"\0")
    return {"classes": dataset.vocabularies.plain(), "order": order.hexdigest(), "pictures": pictures}


def digest_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """In words what differs between two digests: classes, pictures, their truth or else their order."""
    old, new = before["pictures"], after["pictures"]
    changed = [name for name, digest in new.items() if old.get(name, digest) != digest]
    said = [
        *_said("class", "classes", "added", [n for n in _names(after) if n not in _names(before)]),
        *_said("class", "classes", "gone", [n for n in _names(before) if n not in _names(after)]),
        *_said("picture", "pictures", "added", [name for name in new if name not in old]),
        *_said("picture", "pictures", "gone", [name for name in old if name not in new]),
        *_said("picture", "pictures", "annotated otherwise", changed),
    ]
    if not said and before["order"] != after["order"]:
        said.append("the same pictures in another order")
    return said


def _names(digest: Mapping[str, Any]) -> list[str]:
    """The names of all classes."""
    found: Any = digest["classes"]
    lists = found.values() if isinstance(found, dict) else [found]
    return list(dict.fromkeys(name for one in lists for name in one))


def _said(one: str, many: str, what: str, names: list[str]) -> list[str]:
    listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return [f"{len(names)} {one if len(names) == 1 else many} {what} ({listed})"] if names else []
