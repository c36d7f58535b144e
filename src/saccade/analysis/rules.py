"""What each operation of PyTorch does to the reach of a tensor, by the operation's name.

A rule gets the footprint of the operation's first picture-bearing argument, the arguments and the shape of the result.
"""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from saccade.analysis.footprint import Dimension, Footprint, plain
from saccade.analysis.window import windows_of

Rule = Callable[[Footprint, Sequence[Any], Sequence[int]], Footprint]


def windowed(name: str, seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    """Convolutions and poolings: each spatial dimension by its own window, all channels together."""
    windows = windows_of(name, arguments)
    first = len(shape) - len(windows)
    dimensions: list[Dimension] = [*seen.dimensions[:first]]
    found = seen
    if name == "convolution" and first > 0:
        found, dimensions[first - 1] = found.mixed(first - 1), plain(shape[first - 1])
    for place, window in enumerate(windows, first):
        axis = seen.axis_of(place)
        if axis is None:
            found = found.mixed(place)
            dimensions.append(plain(shape[place]))
            continue
        change = window.transpose if window.transposed else window.slide
        found = found.seeing(axis, change)
        dimensions.append(((shape[place], axis),))
    return found.placed_at(dimensions)


def _adapted(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    return _rescaled(seen, shape, lambda reach, before, after: reach.adapted(before, after))


def _resized(taps: int) -> Rule:
    def rule(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
        return _rescaled(seen, shape, lambda reach, before, after: reach.resized(before, after, taps))

    return rule


def _rescaled(seen: Footprint, shape: Sequence[int], change: Callable[..., Any]) -> Footprint:
    found, dimensions = seen, list(seen.dimensions)
    for place, after in enumerate(shape):
        axis = seen.axis_of(place)
        if axis is not None:
            before = seen.dimensions[place][0][0]
            if before != after:
                found = found.seeing(axis, lambda reach, b=before, a=after: change(reach, b, a))
            dimensions[place] = ((after, axis),)
    return found.placed_at(dimensions)


def _viewed(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    return seen.viewed(shape)


def _permuted(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    return seen.placed_at(seen.dimensions[place] for place in arguments[1])


def _transposed(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    order = list(range(len(shape)))
    one, two = arguments[1:3] if len(arguments) > 2 else (0, -1)
    order[one], order[two] = order[two], order[one]
    return seen.placed_at(seen.dimensions[place] for place in order)


def _reduced(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    """Sums and means; all dimensions where none is named."""
    count = len(seen.dimensions)
    named = arguments[1] if len(arguments) > 1 and arguments[1] is not None else range(count)
    places = {place % count for place in ([named] if isinstance(named, int) else named)} or set(range(count))
    found = seen
    for place in places:
        found = found.mixed(place)
    if len(shape) == count:
        return found.placed_at(() if place in places else seen.dimensions[place] for place in range(count))
    return found.placed_at(seen.dimensions[place] for place in range(count) if place not in places)


def _extreme(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    """The greatest along a dimension, or of two tensors."""
    of_two = len(arguments) > 1 and isinstance(arguments[1], Tensor)
    return elementwise(seen, (), shape) if of_two else _reduced(seen, arguments, shape)


def _along(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    """A softmax or running sum: along rows or columns every position sees all of them."""
    found = seen
    for _, axis in seen.dimensions[arguments[1]]:
        if axis is not None:
            found = found.seeing(axis, lambda reach: reach.whole())
    return found


def _sliced(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    place = (arguments[1] if len(arguments) > 1 else 0) % len(shape)
    start = arguments[2] if len(arguments) > 2 and arguments[2] is not None else 0
    step = arguments[4] if len(arguments) > 4 else 1
    axis, found = seen.axis_of(place), seen
    if axis is not None:
        count = seen.dimensions[place][0][0]
        begin = max(start + count if start < 0 else min(start, count), 0)
        found = seen.seeing(axis, lambda reach: reach.shifted(begin).window(1, step))
    return elementwise(found, (), shape)


def _padded(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    found = seen
    for number, before in enumerate(arguments[1][::2]):
        axis = seen.axis_of(len(shape) - 1 - number)
        if axis is not None:
            found = found.seeing(axis, lambda reach, before=before: reach.shifted(-before))
    return elementwise(found, (), shape)


def _picked(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    """One position of a dimension, which is dropped."""
    place = (arguments[1] if len(arguments) > 1 else 0) % len(seen.dimensions)
    found = seen.mixed(place)
    return found.placed_at(factors for at, factors in enumerate(seen.dimensions) if at != place)


def _stacked(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    place = (arguments[1] if len(arguments) > 1 else 0) % len(shape)
    dimensions = list(seen.dimensions)
    dimensions.insert(place, plain(shape[place]))
    return seen.placed_at(dimensions)


def _shuffled(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    return _rescaled(seen, shape, lambda reach, before, after: reach.resized(before, after))


def _grouped(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    return _rescaled(seen, shape, lambda reach, before, after: reach.grouped(before // after))


def _anywhere(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    """Places that the data chooses."""
    return seen.whole().placed_at(plain(size) for size in shape)


def elementwise(seen: Footprint, arguments: Sequence[Any], shape: Sequence[int]) -> Footprint:
    """Same places; also crops, where a side has another size. Dimensions are aligned at the last, as broadcasts are."""
    missing = len(shape) - len(seen.dimensions)
    dimensions: list[Dimension] = []
    for place, size in enumerate(shape):
        factors = seen.dimensions[place - missing] if place >= missing else ()
        axis = factors[0][1] if len(factors) == 1 else None
        product = 1
        for count, _ in factors:
            product *= count
        dimensions.append(factors if product == size else plain(size) if axis is None else ((size, axis),))
    return seen.placed_at(dimensions)


def multiplied(a: Footprint | None, b: Footprint | None, shape: Sequence[int]) -> Footprint | None:
    """A product of matrices, or of batches of them: the inner dimension is seen together."""
    if a is not None and b is not None:
        # Both come from the picture: the picture chooses what looks where, as attention does.
        return elementwise(a.whole(), (), shape)
    if a is not None:
        return a.mixed(-1).placed_at((*a.dimensions[:-1], plain(shape[-1])))
    return b and b.mixed(-2).placed_at((*b.dimensions[:-2], plain(shape[-2]), b.dimensions[-1]))


def _by_names(names: str, rule: Rule) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: dict[str, Rule] = {
    **_by_names("view _unsafe_view _reshape_alias unsqueeze squeeze", _viewed),
    **_by_names("permute", _permuted),
    **_by_names("transpose t", _transposed),
    **_by_names("mean sum amax amin var var_mean std logsumexp prod any all argmax argmin", _reduced),
    **_by_names("max min", _extreme),
    **_by_names("_softmax _log_softmax cumsum", _along),
    **_by_names("slice", _sliced),
    **_by_names("constant_pad_nd reflection_pad1d reflection_pad2d replication_pad2d", _padded),
    **_by_names("select unbind", _picked),
    **_by_names("stack", _stacked),
    **_by_names("_adaptive_avg_pool2d adaptive_max_pool2d", _adapted),
    **_by_names("upsample_nearest2d _upsample_nearest_exact2d max_unpool2d", _resized(1)),
    **_by_names("upsample_bilinear2d _upsample_bilinear2d_aa", _resized(2)),
    **_by_names("upsample_bicubic2d _upsample_bicubic2d_aa", _resized(4)),
    **_by_names("pixel_shuffle", _shuffled),
    **_by_names("pixel_unshuffle", _grouped),
    **_by_names("roi_align roi_pool ps_roi_align ps_roi_pool grid_sampler_2d index gather nonzero", _anywhere),
    **_by_names("deform_conv2d sort topk nms", _anywhere),
    # Of chosen rows: regions are pooled so.
    **_by_names("index_select embedding embedding_bag _embedding_bag _embedding_bag_forward_only", _anywhere),
}


def is_product(name: str) -> bool:
    """Whether an operation multiplies matrices."""
    return name in ("mm", "addmm", "bmm", "baddbmm")


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a tensor."""
    return tuple(value.shape) if isinstance(value, Tensor) else ()
