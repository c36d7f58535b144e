"""The lectures' arithmetic of a layer, spelt out: padding that keeps a map's size, and where parameters come from.

Legend: F side of a filter, P padding, D1 channels that a filter sees, K filters, or outputs of a dense layer.
"""

from math import prod

from saccade.analysis.layers import Layer


def spelt_out(layer: Layer) -> str | None:
    """``P = (F - 1) / 2`` and ``(F · F · D1) · K + K`` with a layer's numbers; None for layers without weights.

    Where filters see a group of the channels alone, D1 counts those; where there are no biases, no K is added. Even
    sides have no padding that keeps the size, and none is told.
    """
    filters = layer.output[0] if layer.output else 0
    if not layer.weights or layer.group not in ("convolution", "dense"):
        return None
    window = _window(layer)
    if window is None:
        return None
    seen, left = divmod(layer.weights, prod(window) * filters)
    if left:
        return None  # several layers in one, or weights that are not laid out by filters
    biases = layer.parameters - layer.weights
    factors = " · ".join(map(_spaced, (*window, seen)))
    plus, told = (f" + {_spaced(filters)}", " + K") if biases == filters else ("", "")
    sides, sum_ = "F · F · D1" if window else "D1", layer.weights + (filters if plus else 0)
    total = f"({sides}) · K{told} = ({factors}) · {_spaced(filters)}{plus} = {_spaced(sum_)}"
    if len(set(window)) != 1 or window[0] % 2 == 0:
        return total
    return f"P = (F - 1) / 2 = ({window[0]} - 1) / 2 = {(window[0] - 1) // 2}; {total}"


def _window(layer: Layer) -> tuple[int, ...] | None:
    """The sides of a convolution's filters, none of a dense layer's; None where filters have several."""
    return layer.kernel if layer.group == "convolution" else ()


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
