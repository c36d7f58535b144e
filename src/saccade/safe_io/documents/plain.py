"""Values as JSON can say them: an undefined number is null, never the NaN that other readers choke on."""

import json
import math
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any


def plain(value: Any, undefined: bool = False) -> Any:
    """The value in JSON's own types: tuples and sets become lists, arrays and tensors numbers, paths text.

    Args:
        value: Plain values, arrays and tensors in nested mappings, sequences and sets.
        undefined: Whether NaN and infinities stay (YAML can say them) or become None.

    Raises:
        TypeError: The value holds something that JSON cannot say.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if undefined or math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(inner, undefined) for key, inner in value.items()}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Set):
        return sorted(plain(inner, undefined) for inner in value)
    if isinstance(value, Sequence):
        return [plain(inner, undefined) for inner in value]
    if hasattr(value, "tolist"):  # Tensors, arrays and NumPy's numbers.
        return plain(value.tolist(), undefined)
    raise TypeError(f"expected a value that JSON can say, found {type(value).__name__}")


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text of a value, undefined numbers as null.

    Raises:
        TypeError: The value holds something that JSON cannot say.
    """
    return json.dumps(plain(value), indent=indent, ensure_ascii=False, allow_nan=False)
