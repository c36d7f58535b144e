"""Objects cut out of their pictures, a file each: transparent around the mask, or all that the box holds.

Legend: (H, W) picture, (h, w) the part of it that one object takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from saccade.core.annotation import Instances
from saccade.core.errors import ConfigError
from saccade.core.geometry.resample import Size
from saccade.core.masks import tight
from saccade.core.vocabulary import name_of
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.output import file_name_of
from saccade.runtime.predict.preprocess import PreparedPicture
from saccade.runtime.predict.views.multi_scale_flip import Window
from saccade.safe_io.writing.atomic import replacing
from saccade.view.drawing.draw import to_picture

Kind = Literal["cutouts", "box_crops"]
Read = Callable[[Window], Tensor]


@dataclass(frozen=True)
class Cutter:
    """What cuts the objects of one picture out.

    Attributes:
        read: A part of the picture in its colours, (C, h, w), uint8 or float 0..1.
        size: (H, W) of the picture.
        out: Folder of the predictions.
        name: The picture's name without a suffix.
        classes: Names of the classes.
    """

    read: Read
    size: Size
    out: Path
    name: str
    classes: Sequence[str]

    def write(self, kind: Kind, rows: Instances, least: float | None) -> list[str | None]:
        """Writes ``KIND/NAME/ROW_CLASS.png`` for each row from a score on; those of former predictions go.

        Args:
            kind: ``cutouts``: RGBA, opaque in the mask and nothing around it. ``box_crops``: RGB, the whole box.
            rows: The objects, in the picture's own pixels.
            least: Least score; None takes all.

        Returns:
            A path relative to `out` for each row; None where a row scores less, or has no pixel.

        Raises:
            ResourceError: The disk is full.
        """
        written: list[str | None] = []
        labels = [None] * len(rows) if rows.labels is None else rows.labels.tolist()
        for row, label in enumerate(labels):
            weak = least is not None and rows.scores is not None and float(rows.scores[row]) < least
            cut = None if weak else (self._masked(rows, row) if kind == "cutouts" else self._boxed(rows, row))
            called = "object" if label is None else file_name_of(name_of(label, self.classes))
            written.append(None if cut is None else f"{kind}/{self.name}/{row:04d}_{called}.png")
            if cut is not None:
                with replacing(self.out / str(written[-1])) as partial:
                    cut.save(partial, format="PNG")
        own = {self.out / path for path in written if path is not None}
        for former in (self.out / kind / self.name).glob("[0-9]*_*.png"):
            if former not in own:
                former.unlink()
        return written

    def _masked(self, rows: Instances, row: int) -> Image.Image | None:
        if rows.masks is None or not bool(rows.has_mask[row]):
            return None
        alone = rows.masks[[row]]
        inside, (x, y) = tight(alone.crop(0))
        if not inside.numel():
            return None
        left, top = x + int(alone.windows[0, 0]), y + int(alone.windows[0, 1])
        pixels = self.read(Window(top, left, top + inside.shape[0], left + inside.shape[1]))
        opaque = inside.numpy()[..., None]
        # What lies around the object is not left in the file behind its transparency.
        colours = np.where(opaque, np.asarray(to_picture(pixels)), np.uint8(0))
        return Image.fromarray(np.concatenate([colours, opaque.astype(np.uint8) * 255], 2))

    def _boxed(self, rows: Instances, row: int) -> Image.Image | None:
        if rows.boxes is None:
            return None
        limit = rows.boxes.new_tensor([self.size[1], self.size[0]])
        low = rows.boxes[row, :2].floor().clamp(min=0)
        high = rows.boxes[row, 2:].ceil().minimum(limit)
        (left, top), (right, bottom) = low.long().tolist(), high.long().tolist()
        if right <= left or bottom <= top:
            return None
        return to_picture(self.read(Window(top, left, bottom, right)))


def reader_of(item: PreparedPicture, channels: int) -> Read:
    """What reads parts of a picture that was taken in: of its pixels, or, where it is never held whole, of its file.

    Args:
        item: The picture, which was kept in its colours.
        channels: Those of the network.
    """
    windows, shown = item.windows, item.shown
    if windows is not None:
        return lambda part: windows.read(*part, None if channels == 1 else channels)
    kept = torch.zeros(3, 0, 0) if shown is None else shown
    return lambda part: kept[:, part.top : part.bottom, part.left : part.right]


def check_cutouts(gives: frozenset[str], settings: PredictSettings) -> None:
    """Says before anything is read that a network gives nothing to cut out.

    Raises:
        ConfigError: Masks or boxes are to be cut out, and the network gives none.
    """
    boxes = "instances.boxes" in gives
    if settings.cutouts and "instances.masks" not in gives:
        cure = (
            "write --cut-boxes for the boxes" if boxes else "leave --cutout out; --polygons outlines classes of pixels"
        )
        raise ConfigError("a network that gives masks of objects, for --cutout", _said(gives), cure=cure)
    if settings.box_crops and not boxes:
        raise ConfigError("a network that gives boxes, for --cut-boxes", _said(gives), cure="leave --cut-boxes out")


def _said(gives: frozenset[str]) -> str:
    return f"one that gives {', '.join(sorted(gives))}"
