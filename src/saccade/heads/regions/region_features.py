"""What is kept of the regions of a picture while machines and box regression are solved from them.

Legend: r regions of a picture, C classes, D numbers of a region, k regions near an object, P numbers before D.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load, save
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.network.maps import Maps
from saccade.ops.boxes.assign import assign, objects_like, unknown
from saccade.ops.boxes.geometry import iou_matrix
from saccade.ops.boxes.match import Nearest
from saccade.safe_io.writing.atomic import write_bytes


class PictureRegions(NamedTuple):
    """One picture, before its regions are described.

    Attributes:
        maps: The maps of this picture alone.
        regions: (n, 4) proposals in input pixels.
        truth: What it shows, in input pixels.
    """

    maps: Maps
    regions: Tensor
    truth: Annotation


FeaturePass = Callable[[], Iterable[PictureRegions]]


@dataclass(frozen=True)
class RegionFeatures:
    """Regions of one picture, the objects' own boxes last among them.

    Attributes:
        boxes: (r, 4).
        overlaps: (r, C) greatest overlap with an object of each class; 1 where it is not known, as of classes that were
            not sought, so that the region is no negative.
        objects: (r,) class of the object whose own box a region is, or -1.
        features: (r, D) what machines see.
        lengths: (r,) lengths of what box regression sees of each.
        near: (k,) int64 rows that lie near an object.
        pooled: (k, P) what box regression sees of them.
        labels: (k,) class of the object that each covers best.
        targets: (k, 4) that object's box.
    """

    boxes: Tensor
    overlaps: Tensor
    objects: Tensor
    features: Tensor
    lengths: Tensor
    near: Tensor
    pooled: Tensor
    labels: Tensor
    targets: Tensor


def compute_region_features(
    picture: PictureRegions, visualize: Callable[[Tensor], tuple[Tensor, Tensor]], classes: int, near: float
) -> RegionFeatures:
    """What is kept of a picture.

    Args:
        picture: The picture.
        visualize: (r, P) what box regression and (r, D) what machines see of regions (r, 4).
        classes: C.
        near: Overlap above which a region lies near the object that it covers best.
    """
    objects = objects_like(picture.truth, picture.regions)
    own = picture.regions.new_zeros(0, 4) if objects.boxes is None else objects.boxes
    labels = own.new_zeros(0).long() if objects.labels is None else objects.labels
    boxes = torch.cat([picture.regions, own])
    found = assign(Nearest(near), boxes, picture.truth, picture.maps.sizes[0])
    close = (found.rows >= 0).nonzero()[:, 0]
    pooled, features = visualize(boxes)
    classes_of = torch.cat([labels.new_full((len(picture.regions),), -1), labels])
    overlaps = _overlaps(boxes, own, labels, classes)
    overlaps[unknown(boxes, picture.truth)] = 1.0
    if picture.truth.sought is not None:
        overlaps[:, ~picture.truth.sought.to(overlaps.device)] = 1.0
    columns = (boxes, overlaps, classes_of, features, pooled.float().norm(dim=1), close)
    near_by = (pooled[close], found.labels[close], found.boxes[close])
    return RegionFeatures(*(column.detach().cpu().contiguous() for column in (*columns, *near_by)))


def _overlaps(boxes: Tensor, objects: Tensor, labels: Tensor, classes: int) -> Tensor:
    """(r, C) greatest overlap of each box with an object of each class."""
    overlaps = boxes.new_zeros(len(boxes), classes)
    if not len(objects):
        return overlaps
    return overlaps.scatter_reduce(1, labels.expand(len(boxes), -1), iou_matrix(boxes, objects), "amax")


class RegionFeatureStore:
    """Described pictures in order: a file each, written whole or not at all, or in memory where there is no folder.

    What a broken-off solution has described stays described.

    Args:
        folder: Where the files are, of these weights and these pictures alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.count = folder, 0
        self._held: list[RegionFeatures] = []
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, make: Callable[[], RegionFeatures]) -> None:
        """The next picture; it is made only where it is not on the disk."""
        if self.folder is None:
            self._held.append(make())
        elif not (path := self._path(self.count)).is_file():
            found = make()
            write_bytes(path, save({field.name: getattr(found, field.name) for field in fields(found)}))
        self.count += 1

    def __iter__(self) -> Iterator[RegionFeatures]:
        if self.folder is None:
            yield from self._held
            return
        for place in range(self.count):
            yield RegionFeatures(**load(self._path(place).read_bytes()))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return 0 if self.folder is None else sum(self._path(place).stat().st_size for place in range(self.count))

    def _path(self, place: int) -> Path:
        return Path(self.folder or "") / f"{place:07d}.safetensors"
