"""A prediction's form in files: plain values, masks as COCO RLE, maps as PNG files, scores as .npz, and its drawing."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image
from torch import Tensor

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.geometry.resample import Size
from saccade.core.masks import Masks
from saccade.ops import rle
from saccade.runtime.files.inputs import readable_name
from saccade.safe_io.writing.atomic import replacing

DIGITS = 6
JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".mpo"})
QUALITY = 90
# These are pictures, not numbers, and stand in files of their own.
MAPS = ("semantic", "contours", "semantic_scores")


Entry = dict[str, Any]


def write_answer(
    prediction: Annotation, file: Path, name: str, out: Path, size: Size, drawing: Image.Image | None = None
) -> Entry:
    """The entry of a file in ``predictions.json``; its maps and its drawing are on disk then.

    Args:
        prediction: What the network says.
        file: The picture.
        name: What its maps and drawing are called, without a suffix.
        out: Folder of the predictions.
        size: (H, W) of the picture.
        drawing: The picture with its prediction, or None.

    Raises:
        ResourceError: The disk is full.
    """
    entry: Entry = {"file": readable_name(file), "size": list(size), **as_values(prediction)}
    entry |= write_maps(prediction, out, name)
    if drawing is not None:
        jpeg = file.suffix.lower() in JPEG
        entry["drawn"] = f"drawn/{name}.{'jpg' if jpeg else 'png'}"
        drawing.info.clear()  # what a camera wrote beside the pixels stays with the user
        with replacing(out / entry["drawn"]) as partial:
            drawing.save(partial, format="JPEG" if jpeg else "PNG", **({"quality": QUALITY} if jpeg else {}))
    return entry


def as_values(prediction: Annotation) -> dict[str, Any]:
    """The fields of an annotation as JSON takes them; absent ones are left out, and so are `MAPS`."""
    return _values({f.name: getattr(prediction, f.name) for f in fields(prediction) if f.name not in MAPS})


def _values(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in columns.items() if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, Instances):
        return _values(value.columns())
    if isinstance(value, Person):
        return _values({f.name: getattr(value, f.name) for f in fields(value)})
    if isinstance(value, Masks):
        return rle.encode(value)
    return _rounded(cast("Tensor", value).tolist())


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in cast("list[Any]", value)]
    return round(value, DIGITS) if isinstance(value, float) else value


def write_maps(prediction: Annotation, folder: Path, name: str) -> dict[str, Any]:
    """Writes an annotation's maps as files below `folder`.

    ``semantic/NAME.png`` holds the class of each pixel, 255 where none is said (16 bits where a class is above 255);
    ``contours/NAME_0.png`` … hold boundary probabilities times 255, a file a class or annotator;
    ``semantic_scores/NAME.npz`` holds, as ``scores``, (C, H, W) in half precision.

    Args:
        prediction: The annotation.
        folder: Where ``semantic``, ``contours`` and ``semantic_scores`` are made.
        name: The picture's name without a suffix.

    Returns:
        The paths relative to `folder`, by field.
    """
    written: dict[str, Any] = {}
    if prediction.semantic is not None:
        deep = bool((prediction.semantic > 255).any())
        array = prediction.semantic.numpy().astype(np.uint16 if deep else np.uint8)
        written["semantic"] = _write_png(array, folder, f"semantic/{name}.png")
    if prediction.contours is not None:
        arrays = (prediction.contours.clamp(0, 1) * 255).round().numpy().astype(np.uint8)
        written["contours"] = [_write_png(array, folder, f"contours/{name}_{i}.png") for i, array in enumerate(arrays)]
    if prediction.semantic_scores is not None:
        written["semantic_scores"] = f"semantic_scores/{name}.npz"
        with replacing(folder / written["semantic_scores"]) as partial, partial.open("wb") as file:
            np.savez_compressed(file, scores=prediction.semantic_scores.half().numpy())
    return written


def _write_png(array: Any, folder: Path, name: str) -> str:
    with replacing(folder / name) as partial:
        Image.fromarray(array).save(partial, format="PNG")
    return name
