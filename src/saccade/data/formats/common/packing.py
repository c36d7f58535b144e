"""What annotations say of a picture, as bytes that change when they do; classes go by name, not by number."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from torch import Tensor

from saccade.core.annotation import ANY_CLASS, Annotation
from saccade.core.errors import DataError
from saccade.safe_io.files import read_bytes
from saccade.safe_io.limits import MAX_PICTURE_BYTES


def pack_files(paths: Iterable[Path]) -> bytes:
    """The length and checksum of files, such as masks; one that cannot be read counts as none."""
    return b"\n".join(map(_pack_file, paths))


def _pack_file(path: Path) -> bytes:
    try:
        content = read_bytes(path, MAX_PICTURE_BYTES)
    except DataError:
        return b"none"  # It is told when the truth is read.
    return f"{len(content)} {zlib.crc32(content)}".encode()


def pack_names(labels: Iterable[int], classes: Sequence[str]) -> bytes:
    """The names of some classes, in the order of their labels."""
    return "\n".join("*" if label == ANY_CLASS else classes[label] for label in labels).encode(errors="surrogateescape")


def pack_truth(truth: Annotation, classes: Sequence[str]) -> bytes:
    """A truth whose fields are small: a class, classes, joints.

    Args:
        truth: The truth.
        classes: C names, for the class and the classes of the whole picture.
    """
    parts: list[bytes] = []
    if truth.label is not None:
        parts.append(pack_names([int(truth.label)], classes))
    if truth.labels is not None:
        for state in (1, -1):
            parts.append(pack_names((truth.labels == state).nonzero().flatten().tolist(), classes))
    return b"\0".join([*parts, *_tensors(truth, {"label", "labels"})])


def _tensors(value: Any, done: set[str]) -> Iterable[bytes]:
    """The bytes of all tensors of a dataclass, those within it among them."""
    for field in fields(value):
        inner = getattr(value, field.name)
        if field.name in done or inner is None:
            continue
        if isinstance(inner, Tensor):
            yield field.name.encode() + inner.contiguous().numpy().tobytes()
        elif hasattr(inner, "__dataclass_fields__"):
            yield from _tensors(inner, set())
