"""Which format a path is of, by what lies in it. What can be read in two ways is refused with both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from saccade.core.dataset import Dataset
from saccade.core.errors import DataError, UsageError
from saccade.data.formats.common.below import is_hidden, is_ours
from saccade.data.formats.image_folder.layout import AmbiguousLayoutError
from saccade.data.look_alikes import LookAlike, look_alikes
from saccade.safe_io.archives import is_archive, unpacked

_LOOKED_AT = 20  # folders a level, below the one that is named
_SHOWN = 4
_ANNOTATED = "Annotations/*.xml beside JPEGImages/, labels/*.txt or masks/*.png beside images/"


@dataclass(frozen=True)
class Reader:
    """How one format is read.

    Attributes:
        open: Gives one split of a path: a function of the path, the split and, if it likes, a `report`.
        splits: The splits of a path, empty where the path is not of this format.
        evidence: The evidence, in words.
        weight: How much the evidence says: folders of pictures are also parts of other formats. The greatest counts.
        family: Whether there are formats within, which `open` and `splits` take as `form`: ``NAME:FORMAT:PATH``.
        by_name: Whether the reader is used only by its name.
    """

    open: Callable[..., Dataset]
    splits: Callable[..., Sequence[str]] | None = None
    evidence: str = ""
    weight: int = 2
    family: bool = False
    by_name: bool = False


def recognise(source: str | Path, known: Mapping[str, Reader]) -> tuple[Reader, Path]:
    """The format and path of a source other than scenes.

    Args:
        source: A path, or ``NAME:PATH`` with the name of a format.
        known: The formats by name.

    Raises:
        DataError: There is no such path, nothing is recognised in it, or several readings fit.
        UsageError: The name is of no format, or the text is also a path.
    """
    name, _, rest = str(source).partition(":")
    if isinstance(source, str) and rest and name in known:
        _check_no_path(source)
        return _within(known[name], rest)
    if isinstance(source, str) and rest and not Path(source).exists() and name.isidentifier() and len(name) > 1:
        raise UsageError(
            f"a format among {', '.join([*known, 'scenes'])}",
            f"{name!r} in {source!r}",
            cure=f"write for instance coco:{rest}, or the folder alone",
        )
    path = _existing(source)
    candidates = {name: reader for name, reader in known.items() if not reader.by_name}
    try:
        fits = _heaviest(candidates, path)
    except AmbiguousLayoutError as error:
        raise _with_hints(error, path, candidates) from error
    if len(fits) > 1:
        uris = " or ".join(f"{name}:{path}" for name in fits)
        raise DataError("data of one format", f"{len(fits)} that fit", path=path, cure=f"say {uris}")
    if not fits or next(iter(fits.values())).weight == 0:
        _check_alone(path, candidates, list(fits))
    return next(iter(fits.values())), path


def _check_no_path(source: str) -> None:
    """Refuse a URI that is also the name of a file or folder here."""
    if Path(source).exists():
        raise UsageError(
            "one thing of this name",
            f"{source!r}, a format and a path, and a file or folder that is called so",
            cure=f"say ./{source} for the file or folder here, or give the other's whole path behind the format's name",
        )


def _heaviest(candidates: Mapping[str, Reader], path: Path) -> dict[str, Reader]:
    """The formats that fit whose evidence says most; those that say less are not asked then."""
    for weight in sorted({reader.weight for reader in candidates.values()}, reverse=True):
        asked = {name: reader for name, reader in candidates.items() if reader.weight == weight}
        fits = {name: reader for name, reader in asked.items() if reader.splits is not None and reader.splits(path)}
        if fits:
            return fits
    return {}


def _check_alone(path: Path, candidates: Mapping[str, Reader], fits: Sequence[str]) -> None:
    """Refuse a path that only looks like folders of pictures, or like nothing, where annotations lie below it.

    Raises:
        DataError: They do, or nothing fits at all; the cure names what to type.
    """
    heavy = {name: reader for name, reader in candidates.items() if reader.weight > 0}
    deeper = _deeper(path, heavy) or ([] if fits else _deeper(path, candidates))
    alike = look_alikes(path) if path.is_dir() else []
    telling = [one for one in alike if one.is_annotation]
    if fits and not deeper and not telling:
        return
    said = [*deeper, *(one.uri for one in alike if one.uri)]
    found = ", ".join(_found(deeper, alike if not fits else telling))
    if fits:
        first = f"say {' or '.join(said)}" if said else f"put these where a format has them ({_ANNOTATED})"
        second = f"if the folders are the classes all the same, say {fits[0]}:{path}"
        found = f"folders of pictures, and {found}"
        raise DataError("data of one reading", found, path=path, cure=f"{first}; {second}")
    looked = "; ".join(reader.evidence for reader in candidates.values() if reader.splits)
    cure = f"say {' or '.join(said)}; " if said else ""
    raise DataError(
        "data of a known format",
        f"none, but {found}" if found else "none",
        path=path,
        cure=f"{cure}looked for {looked}",
    )


def _with_hints(error: AmbiguousLayoutError, path: Path, candidates: Mapping[str, Reader]) -> DataError:
    """The error about folders of pictures, with what else may be meant where annotations lie among them."""
    deeper = _deeper(path, {name: reader for name, reader in candidates.items() if reader.weight > 0})
    alike = look_alikes(path)
    said = [*deeper, *(one.uri for one in alike if one.uri)]
    beside = [f"; beside them {found}" for found in _found(deeper, alike)]
    cure = f"{error.cure}; if these annotate the pictures, say {' or '.join(said)}" if said else error.cure
    return DataError(error.expected, error.found + "".join(beside), path=error.path, cure=cure)


def _found(deeper: Sequence[str], alike: Sequence[LookAlike]) -> Iterator[str]:
    """What speaks against the reading, in words."""
    if deeper:
        yield f"data that are read as {' and '.join(deeper[:_SHOWN])}"
    yield from (one.said for one in alike[:_SHOWN])


def _deeper(path: Path, candidates: Mapping[str, Reader]) -> list[str]:
    """What to type for data one level below a path, or else two."""
    level = [path]
    for _ in range(2):
        level = list(islice((inner for folder in level for inner in _folders(folder)), _LOOKED_AT))
        found = [f"{name}:{folder}" for folder in level for name in _fitting(folder, candidates)]
        if found:
            return found[: 2 * _SHOWN]
    return []


def _folders(path: Path) -> list[Path]:
    try:
        entries = sorted(entry for entry in path.iterdir() if entry.is_dir() and not is_hidden(entry.name))
    except OSError:
        return []
    return [entry for entry in entries if not is_ours(entry)]


def _fitting(folder: Path, candidates: Mapping[str, Reader]) -> list[str]:
    try:
        return list(_heaviest(candidates, folder))
    except DataError:  # What is wrong with it is told when it is named.
        return []


def _within(reader: Reader, rest: str) -> tuple[Reader, Path]:
    """The reader of what stands behind its name: a path, or a format within a family and a path."""
    form, _, path = rest.partition(":")
    if not reader.family or not path or Path(rest).exists() or reader.splits is None:
        return reader, _existing(rest)
    inner = replace(reader, open=partial(reader.open, form=form), splits=partial(reader.splits, form=form))
    return inner, _existing(path)


def _existing(path: str | Path) -> Path:
    found = Path(path).expanduser()
    if not found.exists():
        raise DataError("a folder", "none", path=found, cure="check the path, or try scenes")
    return unpacked(found) if is_archive(found) else found
