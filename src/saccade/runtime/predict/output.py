"""A prediction's form in files: plain values, masks as COCO RLE, maps as PNG files, scores as .npz, and its drawing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from saccade.core.annotation import Annotation, Instances, Person
from saccade.core.errors import UsageError
from saccade.core.geometry.resample import Size
from saccade.core.masks import Masks
from saccade.core.vocabulary import Vocabularies, name_of
from saccade.ops import rle
from saccade.runtime.files.inputs import Task
from saccade.runtime.predict.polygons import write_polygons
from saccade.runtime.predict.wording import shares_of
from saccade.safe_io.limits import MAX_PIXELS
from saccade.safe_io.writing.atomic import replacing

DIGITS = 6
JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".mpo"})
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
QUALITY = 90
# Characters of a class's name that stand in a file's, and half of the bytes: 255 are allowed with number and suffix.
LONGEST = 100
# These are pictures, not numbers, and stand in files of their own.
MAPS = ("semantic", "contours", "semantic_scores", "semantic_masks", "semantic_masks_unknown", "semantic_mask_scores")


Entry = dict[str, Any]


def write_answer(
    prediction: Annotation,
    task: Task,
    out: Path,
    size: Size,
    vocabularies: Vocabularies,
    drawing: Image.Image | None = None,
    polygons: bool = False,
) -> Entry:
    """The entry of a file in ``predictions.json``; its maps and its drawing are on disk then.

    Args:
        prediction: What the network says.
        task: The picture.
        out: Folder of the predictions.
        size: (H, W) of the picture.
        vocabularies: Names of the classes of each field.
        drawing: The picture with its prediction, or None.
        polygons: Whether it is written as polygons too.

    Raises:
        ResourceError: The disk is full.
    """
    entry: Entry = {"file": task.called, "size": list(size), **as_values(prediction, vocabularies)}
    entry |= write_maps(prediction, out, task.name, vocabularies)
    if polygons:
        entry["polygons"] = write_polygons(prediction, task.file, out, task.name, size, vocabularies)
    if drawing is not None:
        entry["drawn"] = f"drawn/{task.name}.{'jpg' if task.file.suffix.lower() in JPEG else 'png'}"
        save_drawing(drawing, out / entry["drawn"])
    return entry


def save_drawing(drawing: Image.Image, path: Path) -> None:
    """Writes a drawing whole or not at all, in the format of the path's suffix.

    Raises:
        UsageError: The suffix is none of a format of pictures.
        ResourceError: The disk is full.
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"a name that ends in {', '.join(FORMATS)}", path.name, path=path)
    drawing.info.clear()  # what a camera wrote beside the pixels stays with the user
    with replacing(path) as partial:
        drawing.save(partial, format=kind, **({} if kind == "PNG" else {"quality": QUALITY}))


def as_values(prediction: Annotation, vocabularies: Vocabularies) -> dict[str, Any]:
    """The fields of an annotation as JSON takes them; absent ones are left out, and so are `MAPS`.

    Beside each label stands the name of its class, as ``class`` or ``classes``; of maps the names of what they show,
    and of joints their names as ``joints``.
    Masks of classes stand there as COCO RLE, with names and shares of the picture, as ``semantic_masks``.
    """
    found = _values({f.name: getattr(prediction, f.name) for f in fields(Annotation) if f.name not in MAPS})
    names, kinds = vocabularies.names("instances"), vocabularies.names("semantic")
    if "label" in found:
        found["class"] = name_of(found["label"], names)
    if "labels" in found:
        found["classes"] = [name_of(label, names) for label, state in enumerate(found["labels"]) if state == 1]
    if "labels" in found.get("instances", {}):
        found["instances"]["classes"] = [name_of(label, names) for label in found["instances"]["labels"]]
    if prediction.semantic is not None:
        shares = shares_of(prediction.semantic).items()
        found["semantic_classes"] = [
            {"label": label, "class": name_of(label, kinds), "share": round(share, DIGITS)} for label, share in shares
        ]
    if prediction.semantic_masks is not None:
        found["semantic_masks"] = _layers(prediction.semantic_masks, kinds)
    joints = vocabularies.names("pose")
    if joints and ("pose" in found or "keypoints" in found.get("instances", {})):
        found["joints"] = list(joints)
    lines = vocabularies.names("contours")
    if prediction.contours is not None and len(lines) == len(prediction.contours):
        found["contour_classes"] = list(lines)
    return found


def _layers(masks: Masks, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """The mask of each class, those without a pixel too."""
    pixels = max(masks.size[0] * masks.size[1], 1)
    pairs = zip(rle.encode(masks), masks.areas().tolist(), strict=True)
    return [
        {"label": label, "class": name_of(label, kinds), "share": round(area / pixels, DIGITS), "mask": runs}
        for label, (runs, area) in enumerate(pairs)
    ]


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


def write_maps(prediction: Annotation, folder: Path, name: str, vocabularies: Vocabularies) -> dict[str, Any]:
    """Writes an annotation's maps as files below `folder`.

    ``semantic/NAME.png`` holds the class of each pixel, 255 where none is said (16 bits where a class is above 255); of
    more pixels than are read from a PNG it is ``NAME.tif``, in tiles;
    ``semantic_masks/NAME/CLASS.png`` holds the mask of a class, 255 inside and 0 outside, the classes' names without
    what no file may be called; ``semantic_mask_scores/NAME.npz`` is as ``semantic_scores``;
    ``contours/NAME_0.png`` … hold boundary probabilities times 255, a file a class or annotator;
    ``semantic_scores/NAME.npz`` holds, as ``scores``, (C, H, W) in half precision, and, as ``classes``, their names.

    Args:
        prediction: The annotation.
        folder: Where ``semantic``, ``contours`` and the others are made.
        name: The picture's name without a suffix.
        vocabularies: Names of the classes of each field.

    Returns:
        The paths relative to `folder`, by field.
    """
    written: dict[str, Any] = {}
    if prediction.semantic is not None:
        deep = int(prediction.semantic.max()) > 255
        array = prediction.semantic.numpy().astype(np.uint16 if deep else np.uint8, copy=False)
        written["semantic"] = write_classes(array, folder, f"semantic/{name}")
    if prediction.contours is not None:
        arrays = (prediction.contours.clamp(0, 1) * 255).round().numpy().astype(np.uint8)
        written["contours"] = [_write_png(array, folder, f"contours/{name}_{i}.png") for i, array in enumerate(arrays)]
    kinds = vocabularies.names("semantic")
    if prediction.semantic_masks is not None:
        files = _file_names(kinds, len(prediction.semantic_masks))
        written["semantic_mask_files"] = [
            write_classes(array, folder, f"semantic_masks/{name}/{file}")
            for file, array in zip(files, _each_layer(prediction.semantic_masks), strict=True)
        ]
    for field in ("semantic_scores", "semantic_mask_scores"):
        scores = prediction.get(field)
        if scores is not None:
            written[field] = f"{field}/{name}.npz"
            with replacing(folder / written[field]) as partial, partial.open("wb") as file:
                np.savez_compressed(file, scores=scores.half().numpy(), classes=np.array(kinds, dtype=np.str_))
    return written


def _each_layer(masks: Masks) -> Iterator[NDArray[np.uint8]]:
    """The masks one by one, (H, W) of 0 and 255 each: those of a large picture would not fit into memory together."""
    for row in range(len(masks)):
        yield masks[[row]].dense()[0].numpy().astype(np.uint8) * 255


def _file_names(kinds: Sequence[str], count: int) -> list[str]:
    """A file's name for each class: its own as far as files may have it, with its number where two are alike then."""
    names = [file_name_of(name_of(label, kinds)) for label in range(count)]
    folded = [name.casefold() for name in names]
    return [name if folded.count(name.casefold()) == 1 else f"{name}_{label}" for label, name in enumerate(names)]


def file_name_of(kind: str) -> str:
    """What a file of a class can be called, without a suffix: its name less what files may not have, or is too long."""
    plain = re.sub(r"[^\w.+ -]|^\.", "_", kind)[:LONGEST]
    return plain.encode()[: 2 * LONGEST].decode(errors="ignore")


def write_classes(array: Any, folder: Path, name: str) -> str:
    """Writes a class map (H, W) as a PNG, or, where it is too large for one to be read again, as a TIFF in tiles."""
    if array.size <= MAX_PIXELS:
        return _write_png(array, folder, f"{name}.png")
    import tifffile  # as in `safe_io.images.sampled_tiff`

    with replacing(folder / f"{name}.tif") as partial:
        tifffile.imwrite(partial, array, tile=(512, 512), compression="zlib", photometric="minisblack")
    return f"{name}.tif"


def _write_png(array: Any, folder: Path, name: str) -> str:
    with replacing(folder / name) as partial:
        Image.fromarray(array).save(partial, format="PNG")
    return name
