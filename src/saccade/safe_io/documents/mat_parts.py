"""Of which elements the matrices of a MATLAB file are made.

SciPy looks an element's type up in a table without asking whether it is in there, and takes what follows for the part
that flags promise: a single wrong byte ended the process. So every matrix is looked at before.
"""

import struct
from collections.abc import Sequence

Part = tuple[int, int, int]  # type, begin and end of an element

SPARSE = 5
_CELLS, _STRUCTURE, _TEXT = 1, 2, 4
_NUMERIC = range(6, 16)  # double, single, and whole numbers of 8 to 64 bits

_BYTES, _INT32, _UINT32, _MATRIX = 1, 5, 6, 14
_NUMBERS = frozenset((1, 2, 3, 4, 5, 6, 7, 9, 12, 13))
_LETTERS = _NUMBERS | {16, 17, 18}  # also UTF-8, UTF-16 and UTF-32
_COMPLEX = 0x0800


def is_whole(data: bytes, order: str, flags: int, count: int, parts: Sequence[Part]) -> bool:
    """Whether a matrix has the elements of its kind, each of a known type. Objects and functions are no such kind.

    Args:
        data: The file.
        order: The order of bytes, as `struct` names it.
        flags: What the matrix says of itself.
        count: How many values or cells its sizes declare.
        parts: Its elements: flags, sizes, a name, and the values.
    """
    kinds = [kind for kind, _, _ in parts]
    if len(parts) < 3 or kinds[0] != _UINT32 or kinds[1] not in (_INT32, _UINT32) or kinds[2] != _BYTES:
        return False
    kind, values = flags & 0xFF, kinds[3:]
    imaginary = int(bool(flags & _COMPLEX))
    if kind == _CELLS:
        return values == [_MATRIX] * count
    if kind == _STRUCTURE:
        names = _names(data, order, parts)
        return names is not None and values[2:] == [_MATRIX] * (count * names)
    if kind == _TEXT:
        return len(values) == 1 and values[0] in _LETTERS
    if kind == SPARSE:
        return len(values) == 3 + imaginary and set(values) <= _NUMBERS
    return kind in _NUMERIC and len(values) == 1 + imaginary and set(values) <= _NUMBERS


def _names(data: bytes, order: str, parts: Sequence[Part]) -> int | None:
    """How many fields a structure has; None where their names are not as they should be."""
    if len(parts) < 5:
        return None
    (kind, start, end), (letters, first, last) = parts[3:5]
    if kind not in (_INT32, _UINT32) or end - start != 4 or letters != _BYTES:
        return None
    length = struct.unpack_from(f"{order}i", data, start)[0]
    if length <= 0 or (last - first) % length:
        return None
    return (last - first) // length
