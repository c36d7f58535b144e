"""The package datumaro, if it is installed, and what it says of a data set as a whole."""

from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

from saccade.core.dataset import Joints
from saccade.core.errors import DataError, UsageError
from saccade.core.joint_names import joints
from saccade.data.formats.common.split_names import canonical

# Our own readers name defects by line and know each format's frame: datumaro leaves coordinates as it finds them.
_OWN = ("coco", "voc", "yolo", "mpii")
_REFUSED = {
    "cifar": "it is a pickle, which can hold code",
    "brats_numpy": "it is a pickle, which can hold code",
    "ade20k2017": "datumaro mixes its objects with the regions that they are part of",
    "ade20k2020": "datumaro mixes its objects with the regions that they are part of",
}


def load(path: Path, form: str | None) -> Any:
    """Datumaro's data set.

    Args:
        path: The data's folder or file.
        form: Datumaro's name of the format; None for the one that it recognises.

    Raises:
        UsageError: Datumaro is not installed, or the format is unknown or refused.
        DataError: Datumaro cannot read the data, or recognises no format or several.
    """
    package = _package()
    environment = package.Environment()
    name = form or _detected(environment, path)
    _check_name(name, {*environment.importers, *environment.extractors}, path)
    try:
        found = package.Dataset.import_from(str(path), name, env=environment)
        found.init_cache()  # It reads only now.
    except Exception as error:  # Datumaro's formats raise whatever their authors liked.
        raise DataError(
            f"data that datumaro reads as {name!r}",
            _reason(error),
            path=path,
            cure="mend the data, or name the format: datumaro:FORMAT:DIR",
        ) from error
    return found


def _check_name(name: str, known: set[str], path: Path) -> None:
    """Whether a format is left to datumaro.

    Raises:
        UsageError: We read it ourselves, it is refused, or datumaro does not know it.
    """
    if own := _own(name):
        raise UsageError("a format that saccade does not read itself", repr(name), cure=f"say {own}:{path}")
    if name in _REFUSED:
        raise UsageError("another format", f"{name!r}: {_REFUSED[name]}")
    if name not in known:
        left = sorted(other for other in known - _REFUSED.keys() if not _own(other))
        raise UsageError("one of datumaro's formats", repr(name), cure=f"it knows {', '.join(left)}")


def _own(name: str) -> str | None:
    """Our own name of a format that we read too."""
    return next((own for own in _OWN if name == own or name.startswith(f"{own}_")), None)


def _package() -> Any:
    try:
        return import_module("datumaro")
    except ImportError as error:
        raise UsageError("datumaro to be installed", f"that it is not: {error}", cure="pip install datumaro") from error


def _detected(environment: Any, path: Path) -> str:
    try:
        found = environment.detect_dataset(str(path))
    except Exception as error:  # As above.
        raise DataError("data of one of datumaro's formats", _reason(error), path=path) from error
    if len(found) != 1:
        uris = " or ".join(f"datumaro:{name}:{path}" for name in found) or f"datumaro:FORMAT:{path}"
        told = f"{len(found)} that fit" if found else "none"
        raise DataError("data of one of datumaro's formats", told, path=path, cure=f"say {uris}")
    return str(found[0])


def _reason(error: BaseException) -> str:
    """What went wrong first: datumaro wraps errors in errors that say less."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def subsets(found: Any, path: Path) -> dict[str, Any]:
    """Datumaro's subsets by our names of splits.

    Raises:
        DataError: Two are one split by our names.
    """
    named: dict[str, Any] = {}
    for name, subset in found.subsets().items():
        if canonical(name) in named:
            raise DataError(f"one subset for the split {canonical(name)!r}", f"{name!r} and another", path=path)
        named[canonical(name)] = subset
    return named


def _category(found: Any, kind: str) -> Any:
    """Datumaro's categories of a kind; None where there are none."""
    return next((category for key, category in found.categories().items() if key.name == kind), None)


def classes_of(found: Any, path: Path) -> tuple[str, ...]:
    """C names, in datumaro's order.

    Raises:
        DataError: A name comes twice.
    """
    names = tuple(str(one.name) for one in _category(found, "label") or ())
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError("names of classes of their own", f"{twice[0]!r} twice", path=path)
    return names


def joints_of(found: Any) -> Joints | None:
    """The joints that all classes with joints share; None where there are none, or they differ."""
    points = _category(found, "points")
    kinds = [one for one in points.items.values() if one.labels] if points is not None else []
    if len({tuple(one.labels) for one in kinds}) != 1:
        return None
    return joints([str(name) for name in kinds[0].labels])
