"""A prediction as polygons, for tools to annotate with: LabelMe's file of a picture, and COCO's of all.

A part with holes is one polygon: its outline goes to each hole along a line of no width, around it, and back, so that
filling it gives the same pixels again.

Legend: (H, W) a picture; loops are (N, 2) corners x, y in pixels, continuous.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saccade.core.annotation import Annotation
from saccade.core.geometry.resample import Size
from saccade.core.vocabulary import Vocabularies, name_of
from saccade.data.formats.writing.outline import Loop, loops, signed_area
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import replacing, write_text

FOLDER, ALL = "polygons", "polygons.json"
# The form that LabelMe of this version writes.
VERSION = "5.0.1"
# Pixels that touch at a corner alone belong together, as in `loops`.
_TOUCHING = np.ones((3, 3), np.int64)

Shape = dict[str, Any]


def write_polygons(prediction: Annotation, picture: Path, out: Path, name: str, size: Size, names: Vocabularies) -> str:
    """Writes ``polygons/NAME.json``, which LabelMe opens.

    A class's every connected part is a shape; of objects their masks are, the parts of one with its own ``group_id``,
    and boxes where they have none, with their ``score``.

    Args:
        prediction: What the network says of the picture.
        picture: The picture's file.
        out: Folder of the predictions.
        name: The picture's name without a suffix.
        size: (H, W) of the picture.
        names: Names of the classes of each field.

    Returns:
        The file's path relative to `out`.
    """
    written = f"{FOLDER}/{name}.json"
    (out / FOLDER).mkdir(parents=True, exist_ok=True)
    document = {
        "version": VERSION,
        "flags": {},
        "shapes": [*_of_pixels(prediction, names), *_of_objects(prediction, names)],
        "imagePath": os.path.relpath(picture.resolve(), (out / FOLDER).resolve()),
        "imageData": None,
        "imageHeight": size[0],
        "imageWidth": size[1],
    }
    write_text(out / written, to_json(document))
    return written


def write_all(pictures: Iterable[tuple[str, Mapping[str, Any]]], out: Path, names: Vocabularies) -> None:
    """Writes ``polygons.json``, COCO's form of all pictures, one after the other.

    Args:
        pictures: What each picture is called, and its file of `write_polygons`, as it was read.
        out: Folder of the predictions.
        names: Names of the classes of each field; those of objects first, each once.
    """
    classes = list(dict.fromkeys([*names.names("instances"), *names.names("semantic")]))
    categories = [{"id": label + 1, "name": name} for label, name in enumerate(classes)]
    number, images = 0, list[dict[str, Any]]()
    with replacing(out / ALL) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(f'{{"categories": {to_json(categories)},\n"annotations": [')
        for place, (called, document) in enumerate(pictures, 1):
            size = {"width": document["imageWidth"], "height": document["imageHeight"]}
            images.append({"id": place, "file_name": called, **size})
            for entry in _annotations(document["shapes"], classes):
                number += 1
                line = to_json({"id": number, "image_id": place, **entry})
                file.write(("," if number > 1 else "") + "\n" + line)
        file.write('],\n"images": [\n' + ",\n".join(map(to_json, images)) + "]}\n")


def polygons_of(mask: NDArray[np.bool_], corner: tuple[int, int] = (0, 0)) -> list[Loop]:
    """Polygons that give a mask again, one for each connected part, the largest first.

    Args:
        mask: (h, w).
        corner: x, y of the mask's upper left corner in the picture.
    """
    if not mask.size:
        return []  # of a mask without a pixel nothing is cropped
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, _TOUCHING, output=labels)
    found: list[Loop] = []
    for part, (rows, columns) in enumerate(ndimage.find_objects(labels)):
        place = (corner[0] + columns.start, corner[1] + rows.start)
        outer, holes = loops(labels[rows, columns] == part + 1, place)
        # One connected part has one outline; what touches at a corner alone is walked as one.
        outline, *_ = outer
        # From left to right, so that each hole is met from outside of those that are joined already.
        for hole in sorted(holes, key=lambda loop: float(loop[:, 0].min())):
            outline = _joined(outline, hole)
        found.append(outline)
    return sorted(found, key=lambda loop: -signed_area(loop))


def _joined(outline: Loop, hole: Loop) -> Loop:
    """The outline with a way to the hole, around it and back, between the two corners that are nearest."""
    squares = ((outline[:, None] - hole) ** 2).sum(-1)
    here, there = np.unravel_index(squares.argmin(), squares.shape)
    around = np.roll(hole, -int(there), axis=0)
    return np.concatenate([outline[: here + 1], around, around[:1], outline[here:]])


def _of_pixels(prediction: Annotation, names: Vocabularies) -> Iterator[Shape]:
    kinds, masks = names.names("semantic"), prediction.semantic_masks
    for label in range(0 if masks is None else len(masks)):
        left, top, *_ = prediction.get("semantic_masks").windows[label].tolist()
        for loop in polygons_of(prediction.get("semantic_masks").crop(label).numpy(), (left, top)):
            yield _shape(name_of(label, kinds), "polygon", loop, None)
    if prediction.semantic is None:
        return
    classes = prediction.semantic.numpy()
    for label in np.unique(classes).tolist():
        if label < len(kinds):
            for loop in polygons_of(classes == label):
                yield _shape(name_of(label, kinds), "polygon", loop, None)


def _of_objects(prediction: Annotation, names: Vocabularies) -> Iterator[Shape]:
    rows = prediction.instances
    if rows is None or rows.labels is None:
        return
    kinds = names.names("instances")
    scores = [None] * len(rows) if rows.scores is None else rows.scores.tolist()
    for row, (label, score) in enumerate(zip(rows.labels.tolist(), scores, strict=True)):
        told = {} if score is None else {"score": round(float(score), 6)}
        parts = list[Loop]()
        if rows.masks is not None and bool(rows.has_mask[row]):
            left, top, *_ = rows.masks.windows[row].tolist()
            parts = polygons_of(rows.masks.crop(row).numpy(), (left, top))
        if parts:
            group = row if len(parts) > 1 else None
            yield from (_shape(name_of(label, kinds), "polygon", loop, group) | told for loop in parts)
        elif rows.boxes is not None:
            corners = rows.boxes[row].double().view(2, 2).numpy()
            yield _shape(name_of(label, kinds), "rectangle", corners, None) | told


def _shape(label: str, kind: str, points: Loop, group: int | None) -> Shape:
    corners = [[round(float(x), 2), round(float(y), 2)] for x, y in points]
    return {"label": label, "points": corners, "group_id": group, "shape_type": kind, "flags": {}}


def _annotations(shapes: Sequence[Shape], classes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """COCO's annotations: shapes of one group are one."""
    groups: dict[object, list[Shape]] = {}
    for place, shape in enumerate(shapes):
        group = shape["group_id"]
        groups.setdefault(("alone", place) if group is None else ("group", group), []).append(shape)
    for parts in groups.values():
        loops_of_all = [np.array(shape["points"], np.float64) for shape in parts]
        points = np.concatenate(loops_of_all)
        (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
        entry: dict[str, Any] = {
            "category_id": classes.index(parts[0]["label"]) + 1,
            "bbox": [left, top, right - left, bottom - top],
            "iscrowd": 0,
        }
        if parts[0]["shape_type"] == "polygon":
            entry["segmentation"] = [loop.flatten().tolist() for loop in loops_of_all]
            entry["area"] = sum(signed_area(loop) for loop in loops_of_all)
        else:
            entry["area"] = (right - left) * (bottom - top)
        yield entry | ({"score": parts[0]["score"]} if "score" in parts[0] else {})
