"""Data in YOLO's format: a text file a picture, a line an object: a box, an outline, or a box with joints."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from saccade.core.dataset import Joints
from saccade.core.joint_names import joints as joints_of_names
from saccade.core.joint_names import mirrored_pairs
from saccade.data.formats.writing.objects import Objects
from saccade.data.formats.writing.pictures import Picture
from saccade.data.formats.writing.writer import (
    NOTHING,
    Form,
    Loss,
    Source,
    check_usual_splits,
    class_losses,
    map_losses,
    strays,
)
from saccade.data.formats.yolo.declared_joints import SIGMAS, usual_names
from saccade.data.formats.yolo.folders import label_file
from saccade.data.formats.yolo.line_writer import Line, box_line, outline_line


class YoloForm(Form):
    """``data.yaml``, ``images/SPLIT``, ``labels/SPLIT``.

    A line holds an outline or joints, not both: where a set has both, `masks` or `keypoints` is lost; masks, if both
    may be. Crowds, where they may be lost, are left out, and so are regions to ignore: as plain objects they would be
    learnt.
    """

    name = "yolo"

    def __init__(self, source: Source, allowed: frozenset[str], link: bool = False) -> None:
        super().__init__(source, allowed, link)
        check_usual_splits(source, cure="choose some with --split, or take --to coco")
        has_joints, has_masks = source.annotates("instances.keypoints"), source.annotates("instances.masks")
        self._jointed = has_joints and not (has_masks and "keypoints" in allowed and "masks" not in allowed)

    def whole(self) -> Iterator[Loss]:
        """Bones of joints, and names that are no names."""
        given = self.source.joints
        if given is not None and self._jointed:
            yield "joints", int(bool(given.bones) or not _are_names(given.names))

    def losses(self, picture: Picture) -> Iterator[Loss]:
        """What is lost of one picture."""
        yield from map_losses(picture)
        rows = picture.objects
        yield "unannotated", int(rows is None)
        lines = self._lines(rows, picture.size)
        kept = [] if rows is None else [row for row in range(len(rows)) if not rows.crowd[row]]
        areas = np.array([line.area for line in lines])
        if rows is not None:
            yield "crowds", int((rows.crowd & ~rows.ignored).sum())
            yield "ignored", int(rows.ignored.sum())
            yield "difficult", int(rows.difficult.sum())
            yield "masks", sum(o is not None for o in rows.outlines) if self._jointed else 0
            yield "keypoints", 0 if self._jointed else int(rows.jointed.sum())
            yield "areas", strays(areas, rows.areas[kept])
            for line in lines:
                yield from ((kind, 1) for kind in line.lost)
        yield from class_losses(picture, NOTHING if rows is None else rows.labels[kept], areas)

    def write(self, root: Path, split: str, pictures: Iterable[Picture]) -> int:
        """Writes one split; a picture without objects has an empty file of labels."""
        count = 0
        (root / "images" / split).mkdir(parents=True)
        for picture in pictures:
            name = f"images/{split}/{picture.name}"
            picture.save(root / name, self.link)
            labels = label_file(root, name)
            labels.parent.mkdir(parents=True, exist_ok=True)
            lines = self._lines(picture.objects, picture.size)
            labels.write_text("".join(f"{line.text}\n" for line in lines), encoding="utf-8")
            count += 1
        return count

    def texts(self) -> dict[str, str]:
        """``data.yaml``; JSON's texts and lists are YAML too."""
        joints = self.source.joints if self._jointed else None
        lines = [f"{split}: images/{split}" for split in self.source.splits]
        lines += ["names:", *(f"  {label}: {json.dumps(name)}" for label, name in enumerate(self.source.classes))]
        if joints is not None:
            flip = list(range(len(joints.names)))
            for left, right in joints.pairs or mirrored_pairs(joints.names):
                flip[left], flip[right] = right, left
            lines += [
                f"kpt_shape: [{len(joints.names)}, 3]",
                f"flip_idx: {flip}",
                *_further(joints, self.source.classes),
            ]
        return {"data.yaml": "\n".join(lines) + "\n"}

    def _lines(self, rows: Objects | None, size: tuple[int, int]) -> list[Line]:
        if rows is None:
            return []
        return [self._line(rows, row, size) for row in range(len(rows)) if not rows.crowd[row]]

    def _line(self, rows: Objects, row: int, size: tuple[int, int]) -> Line:
        outline = None if self._jointed else rows.outlines[row]
        if outline is None:
            return box_line(rows, row, size, self._jointed)
        return outline_line(rows, row, size, outline) or box_line(rows, row, size, lost=("masks",))


def _are_names(names: Sequence[str]) -> bool:
    """Whether readers take these for names of joints: none is empty, and each is there once."""
    return all(names) and len(set(names)) == len(names)


def _further(joints: Joints, classes: Sequence[str]) -> list[str]:
    """Lines of the YAML file that say of joints what does not follow from their number and their names."""
    lines: list[str] = []
    if joints.names != usual_names(len(joints.names)) and _are_names(joints.names):
        own = json.dumps(list(joints.names))
        lines += ["kpt_names:", *(f"  {label}: {own}" for label in range(len(classes)))]
    if joints.sigmas and joints.sigmas != joints_of_names(joints.names).sigmas:
        lines.append(f"{SIGMAS}: {list(joints.sigmas)}")
    return lines
