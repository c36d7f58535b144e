"""What ONNX calls the operators that its exporter does not know.

Given to ``torch.onnx.export(…, dynamo=True, custom_translation_table=translations())``; needs the extra ``deploy``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from saccade.layers.recurrent.irnn import sweep_at_once
from saccade.layers.recurrent.renet import both_ways_at_once
from saccade.ops.boxes.candidates import NOTHING
from saccade.ops.boxes.nms import batch_nms
from saccade.ops.domain_transform import filtered_at_once

# The version of operators that is written.
OPSET = 20
# ONNX's number for int64.
INT64 = 7
# Behind every position.
LAST = 2**63 - 1
# Below every score.
LEAST = -3e38


def translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Functions that write in ONNX what an operator computes, by operator."""
    operators: Any = torch.ops
    return {
        batch_nms._opoverload: _batch_nms,  # pyright: ignore[reportPrivateUsage]
        sweep_at_once._opoverload: _sweep,  # pyright: ignore[reportPrivateUsage]
        both_ways_at_once._opoverload: _both_ways,  # pyright: ignore[reportPrivateUsage]
        filtered_at_once._opoverload: _domain_transform,  # pyright: ignore[reportPrivateUsage]
        operators.torchvision.roi_pool.default: _roi_pool,
        round: _round,
        operators.aten.mul.Scalar: _times,
        operators.aten.add.Scalar: _plus,
    }


def _operators() -> Any:
    from onnxscript import opset20  # of the extra `deploy`

    return opset20


def _batch_nms(boxes: Any, scores: Any, groups: Any, overlap: float, limit: int) -> Any:
    """`saccade.ops.boxes.nms.batch_nms`; groups are set side by side, so that boxes of different ones never overlap."""
    op = _operators()
    side = op.Add(op.ReduceMax(boxes, keepdims=0), 1.0)
    apart = op.Add(boxes, op.Unsqueeze(op.Mul(op.CastLike(groups, boxes), side), [2]))
    found = op.NonMaxSuppression(apart, op.Unsqueeze(scores, [1]), [limit], [overlap], [LEAST])
    places = op.Gather(found, [0, 2], axis=1)  # (m, 2) picture and row
    gone = op.Expand(op.Constant(value_float=NOTHING), op.Shape(scores))
    left = op.ScatterND(gone, places, op.GatherND(scores, places))
    # With as many rows of padding behind all others, there are always enough to take.
    padded = op.Pad(left, [0, 0, 0, limit], op.Constant(value_float=NOTHING))
    values, rows = op.TopK(padded, [limit], axis=1)
    count = op.Gather(op.Shape(scores), 1)
    return op.Where(op.Greater(values, LEAST), rows, count)


def _sweep(lines: Any, weights: Any = None) -> Any:
    """`saccade.layers.recurrent.irnn.sweep`: two recurrent networks, whose input goes through an identity."""
    op = _operators()
    channels = int(lines.shape[-1])
    identity = op.Unsqueeze(op.EyeLike(op.ConstantOfShape([channels, channels])), [0])
    states: list[Any] = []
    for network in (0, 1):
        recur = identity if weights is None else op.Gather(weights, [network], axis=0)
        line = op.Gather(lines, op.Constant(value_int=network), axis=0)
        found, _ = op.RNN(line, identity, recur, activations=["Relu"], hidden_size=channels)
        states.append(op.Squeeze(found, [1]))
    return op.Concat(*(op.Unsqueeze(state, [0]) for state in states), axis=0)


def _both_ways(lines: Any, weights: Sequence[Any], lstm: bool) -> Any:
    """`saccade.layers.recurrent.renet.both_ways_at_once`; the gates are in another order here."""
    op = _operators()
    gates, hidden = ((0, 3, 1, 2) if lstm else (1, 0, 2)), int(weights[1].shape[-1])

    def directions(first: int) -> Any:
        found: list[Any] = []
        for weight in (weights[first], weights[first + 4]):
            parts = op.Split(weight, num_outputs=len(gates), axis=0)
            found.append(op.Unsqueeze(op.Concat(*(parts[gate] for gate in gates), axis=0), [0]))
        return op.Concat(*found, axis=0)

    given = (
        op.Transpose(lines, perm=[1, 0, 2]),
        directions(0),
        directions(1),
        op.Concat(directions(2), directions(3), axis=1),
    )
    how: dict[str, Any] = {"direction": "bidirectional", "hidden_size": hidden}
    states = op.LSTM(*given, **how)[0] if lstm else op.GRU(*given, **how, linear_before_reset=1)[0]
    return op.Reshape(op.Transpose(states, perm=[2, 0, 1, 3]), [0, 0, 2 * hidden])


def _domain_transform(signal: Any, distances: Any, first: float, iterations: int) -> Any:
    """`saccade.ops.domain_transform.filtered_at_once`: recurrent networks whose gate is read beside the signal.

    Their candidate is the signal itself, rectified; so all of it is raised above 0 before, and lowered afterwards.
    """
    op = _operators()
    least = op.ReduceMin(signal, op.Constant(value_ints=[1, 2, 3]))
    maps = op.Sub(signal, least)
    for number in range(iterations):
        fall = op.Exp(op.Mul(distances, op.Constant(value_float=-(2**0.5) * 2**number / first)))
        odds = op.Div(fall, op.Sub(op.Constant(value_float=1.0), fall))
        # The gate before its sigmoid; 0 has no logarithm.
        bounded = op.Clip(odds, op.Constant(value_float=1e-30), op.Constant(value_float=1e30))
        gate = op.Unsqueeze(op.Log(bounded), op.Constant(value_ints=[1]))
        for there, back in (([3, 0, 2, 1], [1, 3, 2, 0]), ([2, 0, 3, 1], [1, 3, 0, 2])):
            lines = op.Transpose(op.Concat(maps, gate, axis=1), perm=there)
            maps = op.Transpose(_gated_both_ways(lines, int(signal.shape[1])), perm=back)
    return op.Add(maps, least)


def _gated_both_ways(lines: Any, channels: int) -> Any:
    """(N, B, M, C) of lines (N, B, M, C + 1), whose last channel is the gate between a position and the one before."""
    op = _operators()
    folded = op.Reshape(lines, op.Constant(value_ints=[0, -1, channels + 1]))
    signal = op.Gather(folded, op.Constant(value_ints=list(range(channels))), axis=2)
    gate = op.Gather(folded, op.Constant(value_ints=[channels]), axis=2)
    # On the way back the gate stands at the position that is reached first; the last one's is not used.
    first, end, axis = op.Constant(value_ints=[1]), op.Constant(value_ints=[LAST]), op.Constant(value_ints=[0])
    after = op.Concat(op.Slice(gate, first, end, axis), op.Slice(gate, axis, first, axis), axis=0)
    found = _gated(_gated(signal, gate, channels, "forward"), after, channels, "reverse")
    return op.Reshape(found, op.Concat(op.Shape(lines, end=3), op.Constant(value_ints=[channels]), axis=0))


def _gated(signal: Any, gate: Any, channels: int, direction: str) -> Any:
    """(N, M, C) of a signal (N, M, C) from 0: a recurrent network that begins as the first position is."""
    op = _operators()
    # Of the update gate, of the reset gate, which has no part, and of the candidate.
    update, none = [[0.0] * channels + [1.0]] * channels, [[0.0] * (channels + 1)] * channels
    candidate = [[float(row == column) for column in range(channels + 1)] for row in range(channels)]
    flat = [number for row in (*update, *none, *candidate) for number in row]
    enter = op.Reshape(op.Constant(value_floats=flat), op.Constant(value_ints=[1, 3 * channels, channels + 1]))
    recur = op.Expand(op.Constant(value_float=0.0), op.Constant(value_ints=[1, 3 * channels, channels]))
    place = op.Constant(value_ints=[0 if direction == "forward" else -1])
    given = (op.Concat(signal, gate, axis=2), enter, recur, None, None, op.Gather(signal, place, axis=0))
    states, _ = op.GRU(*given, activations=["Sigmoid", "Relu"], direction=direction, hidden_size=channels)
    return op.Squeeze(states, op.Constant(value_ints=[1]))


def _roi_pool(maps: Any, regions: Any, spatial_scale: float, pooled_height: int, pooled_width: int) -> tuple[Any, Any]:
    """Torchvision's `roi_pool`; which positions were the greatest, its second result, is left out."""
    op = _operators()
    found = op.MaxRoiPool(maps, regions, pooled_shape=[pooled_height, pooled_width], spatial_scale=spatial_scale)
    return found, found


def _round(value: Any, digits: None = None) -> Any:
    """Python's `round` of a side that is scaled, to the even one of two."""
    del digits
    op = _operators()
    return op.Cast(op.Round(value), to=INT64)


def _times(values: Any, factor: Any) -> Any:
    """A tensor times a number, which may have been computed of sizes."""
    op = _operators()
    return op.Mul(values, op.CastLike(factor, values))


def _plus(values: Any, addend: Any, alpha: float = 1.0) -> Any:
    """A tensor and `alpha` times a number, which may have been computed of sizes."""
    op = _operators()
    return op.Add(values, op.Mul(op.CastLike(addend, values), op.CastLike(alpha, values)))
