"""Views of pictures go through a network: those of one size together, and one by one where memory is too short."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import DataError, SaccadeError
from saccade.core.frame import Frame
from saccade.core.geometry.resample import Size
from saccade.core.input.input_spec import InputSpec
from saccade.runtime.device import is_out_of_memory, out_of_memory
from saccade.runtime.predict.buckets import ROOM
from saccade.runtime.predict.preprocess import PreparedPicture

PictureResult = Annotation | SaccadeError
PreparedView = tuple[PreparedPicture, int]


class ViewPrediction(NamedTuple):
    """What a network says of one view of a picture, in the pixels to which `frame` leads."""

    item: PreparedPicture
    view: int
    frame: Frame
    prediction: PictureResult


def views_together(pictures: Sequence[PreparedPicture], spec: InputSpec, batch: int) -> Iterator[list[PreparedView]]:
    """Views of one size, as many as go through the network together.

    Args:
        pictures: All their views are wanted.
        spec: How they get into the network.
        batch: Greatest number that goes together; of large views fewer do.
    """
    by_size: dict[Size, list[PreparedView]] = {}
    for item in pictures:
        for place, view in enumerate(item.views):
            by_size.setdefault(spec.padded(view.frame.target), []).append((item, place))
    for (height, width), shown in by_size.items():
        count = max(min(batch, ROOM // (height * width)), 1)
        yield from (shown[first : first + count] for first in range(0, len(shown), count))


def predict_views(
    shown: Sequence[PreparedView],
    spec: InputSpec,
    predict: Callable[[Batch], Sequence[Annotation]],
    device: torch.device,
) -> Iterator[ViewPrediction]:
    """What is said of views of one size; where they do not fit into memory together, they go one by one.

    Args:
        shown: The views.
        spec: How they get into the network.
        predict: One prediction a view, in the batch's pixels.
        device: Where that is done.
    """
    try:
        batch = _batch(shown, spec)
        predictions = predict(batch)
    except DataError as error:  # of a picture that is read by window
        if len(shown) == 1:
            yield _failed(*shown[0], error)
            return
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    else:
        for (item, view), frame, prediction in zip(shown, batch.frames, predictions, strict=True):
            yield ViewPrediction(item, view, frame, prediction)
        return
    if device.type == "cuda":
        torch.cuda.empty_cache()
    if len(shown) > 1:
        for one in shown:
            yield from predict_views([one], spec, predict, device)
    else:
        yield _failed(*shown[0], too_large(shown[0][0], device))


def too_large(item: PreparedPicture, where: torch.device | str) -> SaccadeError:
    """The error of a picture that does not fit into the memory of a device, or of the machine."""
    return out_of_memory(f"a picture of {item.size[0]}x{item.size[1]} pixels", where)


def _failed(item: PreparedPicture, view: int, error: SaccadeError) -> ViewPrediction:
    return ViewPrediction(item, view, item.views[view].frame, error)


def _batch(shown: Sequence[PreparedView], spec: InputSpec) -> Batch:
    regions = [item.regions_of(view) for item, view in shown]
    images = [item.visualize(view, spec) for item, view in shown]
    return spec.assemble(images, [item.views[view].frame for item, view in shown], regions=regions)
