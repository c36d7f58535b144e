"""What must hold before a system is built, checked before any picture is seen."""

from collections.abc import Mapping, Sequence

from saccade.core.level import Level
from saccade.network.head import Head
from saccade.network.maps import GUIDE, IMAGE
from saccade.network.part import Neck, Trunk


def check_fit(levels: Mapping[str, Level], trunk: Trunk, neck: Neck | None, heads: Mapping[str, Head]) -> None:
    """Every map that is read is made by somebody.

    Raises:
        ValueError: Somebody reads a map that nobody makes, or the neck makes a map that the trunk makes already.
    """
    below = {IMAGE, GUIDE, *trunk.levels}
    if neck is not None:
        _check_reads("the neck", neck.reads, below)
        hidden = sorted(below & set(neck.levels))
        if hidden:
            raise ValueError(f"a neck adds maps and hides none, but this one makes {hidden} again")
    for name, head in heads.items():
        _check_reads(f"head {name!r}", head.reads, set(levels))


def _check_reads(reader: str, reads: Sequence[str], made: set[str]) -> None:
    missing = [name for name in reads if name not in made]
    if missing:
        raise ValueError(f"{reader} reads the maps {missing}, which nobody makes; there are {sorted(made)}")


def check_owners(heads: Mapping[str, Head]) -> None:
    """Every field has one owner, and the rows of instances have one.

    Raises:
        ValueError: Two heads give the same field, or rows have none or several owners.
    """
    owner: dict[str, str] = {}
    for name, head in heads.items():
        for field in sorted(head.gives):
            if field in owner:
                raise ValueError(f"one head gives each field, but {owner[field]!r} and {name!r} both give {field}")
            owner[field] = name
    owners = [name for name, head in heads.items() if head.owns_rows]
    columns = [field for field in owner if field.startswith("instances.")]
    if len(owners) > 1 or (columns and not owners):
        raise ValueError(f"expected one head that owns the rows of instances (columns {columns}), found {owners}")


def check_weights(weights: Mapping[str, float], silent: Sequence[str], heads: Mapping[str, Head]) -> None:
    """Loss weights and silent heads name what exists.

    Raises:
        ValueError: A name is unknown; the message lists the known ones.
    """
    terms = {f"{name}/{term}" for name, head in heads.items() for term in head.terms}
    known = {*heads, *terms}
    unknown = [name for name in weights if name not in known] + [name for name in silent if name not in heads]
    if unknown:
        raise ValueError(f"expected heads or terms, one of {sorted(known)}, found {unknown}")
