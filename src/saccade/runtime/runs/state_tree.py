"""State of training as plain JSON beside named tensors, and back: no pickle, and not a bit is lost.

Numbers, strings, booleans, None and lists stand for themselves; all else is an object of one key that says what it is:
``{"dict": [[key, value], …]}`` (keys keep their types), ``{"tuple": […]}``, ``{"float": "nan"}``,
``{"tensor": name, "order": axes}``.
"""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from saccade.core.errors import DataError

_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def flatten(tree: Any) -> tuple[Any, dict[str, Tensor]]:
    """A tree of state dicts as JSON values and the tensors in it by name.

    Args:
        tree: None, bool, int, float, str and tensors in nested dicts, lists and tuples.

    Returns:
        The JSON tree, and the tensors that it names, as they are (no copies).

    Raises:
        TypeError: The tree holds something else; the message says where.
    """
    tensors: dict[str, Tensor] = {}
    return _flatten(tree, "", tensors), tensors


def restore(json_tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The tree that `flatten` was given; dicts of any kind come back as dicts, but for counters.

    Tensors lie in memory as they did (channels_last, transposed): other strides can choose other kernels, which may
    differ in the last bit and are slower beside weights of the former layout.

    Raises:
        DataError: The JSON is none that `flatten` makes, or a tensor is missing.
    """
    try:
        return _restore(json_tree, tensors)
    except (KeyError, TypeError, ValueError, RuntimeError, IndexError, RecursionError) as error:
        raise DataError("a training state as it was written", f"a damaged one: {error!r}") from error


def _flatten(value: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Tensor):
        name = f"{len(tensors)}{place}"
        tensors[name] = value
        return {"tensor": name} if value.is_contiguous() else {"tensor": name, "order": _order(value)}
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, list):
        return [_flatten(inner, f"{place}/{i}", tensors) for i, inner in enumerate(value)]
    if isinstance(value, tuple):
        return {"tuple": [_flatten(inner, f"{place}/{i}", tensors) for i, inner in enumerate(value)]}
    if isinstance(value, Mapping):
        kind = "counter" if isinstance(value, Counter) else "dict"
        pairs = value.items()
        return {kind: [[_flatten(k, place, tensors), _flatten(v, f"{place}/{k}", tensors)] for k, v in pairs]}
    raise TypeError(f"expected plain values and tensors, found {type(value).__name__} at {place or '/'}")


def _order(tensor: Tensor) -> list[int]:
    """Axes from the widest stride to the narrowest."""
    return sorted(range(tensor.dim()), key=lambda axis: (-tensor.stride(axis), axis))


def _restore(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    match value:
        case [*items]:
            return [_restore(item, tensors) for item in items]
        case {"tuple": [*items]}:
            return tuple(_restore(item, tensors) for item in items)
        case {"dict": [*pairs]}:
            return {_restore(key, tensors): _restore(inner, tensors) for key, inner in pairs}
        case {"counter": [*pairs]}:
            return Counter({_restore(key, tensors): _restore(inner, tensors) for key, inner in pairs})
        case {"float": str(name)}:
            return _FLOATS[name]
        case {"tensor": str(name), "order": [*order]}:
            inverse = [order.index(axis) for axis in range(len(order))]
            return tensors[name].permute(order).contiguous().permute(inverse)
        case {"tensor": str(name)}:
            return tensors[name]
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise ValueError(f"a value that we write, not {value!r:.80}")
