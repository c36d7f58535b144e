"""MATLAB's files of version 5: inflated, measured and walked through before SciPy makes arrays of them.

A file is a header of 128 bytes and elements, each a tag of type and length and so many bytes; an element may be a
packed one. Matrices hold elements: flags, sizes, a name and values, which for cells and structures are matrices again.
SciPy goes down as deep as a file asks and takes as much memory as sizes declare; so both are looked at first.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import DataError
from saccade.safe_io.documents.mat_parts import SPARSE, is_whole
from saccade.safe_io.files import kind_of, read_bytes
from saccade.safe_io.limits import MAX_MAT_BYTES, MAX_MAT_DEPTH, MAX_PIXELS, MAX_SIDE

_HEADER = 128
_PACKED, _MATRIX = 15, 14
_MOST_SIDES = 32


def load_mat(path: str | Path, limit: int = MAX_MAT_BYTES, *, sparse: bool = False) -> dict[str, Any]:
    """The variables of a file by name; structures as record arrays.

    Args:
        path: The file.
        limit: How many bytes it may hold, packed or not.
        sparse: Whether sparse matrices may be there, no larger than a picture; their bytes do not bound their sizes.

    Raises:
        DataError: The file cannot be read, is no MATLAB file of version 5 to 7.2, is broken, too large or too deep.
    """
    from scipy.io import loadmat  # every format's reader is loaded, and few users have such files

    data = read_bytes(path, limit)
    try:
        order = _order(data)
        plain = _inflated(data, order, limit)
        _check(plain, order, sparse)
        return {str(name): value for name, value in loadmat(io.BytesIO(plain)).items() if not name.startswith("__")}
    except DataError:
        raise
    except _RefusedError as error:
        raise DataError("a MATLAB file", error, path=path, cure=error.cure) from error
    except Exception as error:  # SciPy raises whatever it stumbles over.
        reason = str(error) or type(error).__name__
        cure = "the file may be cut short: download it again"
        raise DataError("a whole MATLAB file", reason[:200], path=path, cure=cure) from error


class _RefusedError(Exception):
    """Why a file is not read."""

    def __init__(self, what: str, cure: str = "the file may be damaged: download it again") -> None:
        super().__init__(what)
        self.cure = cure


def _order(data: bytes) -> str:
    """The order of bytes, as `struct` names it."""
    mark = data[126:128]
    if mark not in (b"IM", b"MI"):
        raise _RefusedError(kind_of(data), "save it in MATLAB by save(…, '-v7')")
    order = "<" if mark == b"IM" else ">"
    if struct.unpack(f"{order}H", data[124:126])[0] != 0x0100:
        raise _RefusedError("one of another version, such as 7.3", "save it in MATLAB by save(…, '-v7')")
    return order


def _inflated(data: bytes, order: str, limit: int) -> bytes:
    """The same file without packed elements."""
    parts = [data[:_HEADER]]
    left = limit
    for kind, start, end in _elements(data, _HEADER, len(data), order, padded=False):
        part = data[start - 8 : end]
        if kind == _PACKED:
            worker = zlib.decompressobj()
            part = worker.decompress(data[start:end], left + 1)
            if not worker.eof and len(part) <= left:
                raise _RefusedError("a packed part that is cut short")
        left -= len(part)
        if left < 0:
            raise _RefusedError(f"more than {limit} bytes once unpacked")
        parts.append(part)
    return b"".join(parts)


def _elements(data: bytes, start: int, end: int, order: str, padded: bool) -> Iterator[tuple[int, int, int]]:
    """Type, begin and end of each element between two places; inside matrices they are filled up to eight bytes."""
    while start < end:
        if start + 8 > end:
            raise _RefusedError("an element that is cut short")
        kind, length = struct.unpack_from(f"{order}II", data, start)
        if kind >> 16:  # A small element: type, length and up to four bytes in eight.
            yield kind & 0xFFFF, start + 4, start + 4 + min(kind >> 16, 4)
            start += 8
            continue
        if start + 8 + length > end:
            raise _RefusedError("an element that is cut short")
        yield kind, start + 8, start + 8 + length
        start += 8 + length + (-length % 8 if padded and kind != _MATRIX else 0)


def _check(data: bytes, order: str, sparse: bool) -> None:
    """Whether all matrices are whole, of a size that their bytes can hold, and not nested too deeply."""
    waiting = [(*part, 1) for part in _elements(data, _HEADER, len(data), order, padded=False)]
    while waiting:
        kind, start, end, depth = waiting.pop()
        if kind != _MATRIX:
            raise _RefusedError(f"an element of type {kind} in place of a matrix")
        if depth > MAX_MAT_DEPTH:
            raise _RefusedError(f"matrices nested more than {MAX_MAT_DEPTH} deep")
        if start == end:  # An empty matrix.
            continue
        parts = list(_elements(data, start, end, order, padded=True))
        if len(parts) < 2 or parts[0][2] - parts[0][1] != 8:
            raise _RefusedError("a matrix without flags and sizes")
        flags = struct.unpack_from(f"{order}I", data, parts[0][1])[0]
        count = (parts[1][2] - parts[1][1]) // 4
        sizes = struct.unpack_from(f"{order}{count}i", data, parts[1][1])
        if not 2 <= count <= _MOST_SIDES:
            raise _RefusedError(f"a matrix of {count} sides")
        most = (MAX_PIXELS if sparse else -1) if flags & 0xFF == SPARSE else end - start
        if min(sizes, default=0) < 0 or math.prod(sizes) > most or max(sizes, default=0) > max(end - start, MAX_SIDE):
            raise _RefusedError(f"a matrix of {'x'.join(map(str, sizes[:8]))} in {end - start} bytes")
        if not is_whole(data, order, flags, math.prod(sizes), parts):
            raise _RefusedError("a matrix with other parts than its kind has")
        waiting += [(*part, depth + 1) for part in parts if part[0] == _MATRIX]


def dense(matrix: Any) -> NDArray[np.bool_] | None:
    """Where a sparse or full matrix is not 0; None where it is no matrix, or its places lie outside it."""
    from scipy.sparse import issparse

    if isinstance(matrix, np.ndarray):
        return matrix != 0 if matrix.ndim == 2 and matrix.dtype.kind in "bui" else None
    if not issparse(matrix):
        return None
    # SciPy's own way down to C trusts the places that the file gives; NumPy looks at each.
    lengths = np.diff(matrix.indptr)
    if (lengths < 0).any() or int(lengths.sum()) != len(matrix.indices):
        return None
    columns = np.repeat(np.arange(matrix.shape[1]), lengths)
    found = np.zeros(matrix.shape, np.bool_)
    try:
        found[matrix.indices, columns] = True
    except IndexError:
        return None
    return found
