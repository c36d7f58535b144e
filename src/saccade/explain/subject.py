"""One picture in front of one network: what every view is made of.

Legend: (H, W) the picture's own size; a canvas is that picture at a size that is good to look at.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.frame import Frame
from saccade.core.geometry import warp
from saccade.core.geometry.affine import scaling
from saccade.core.input.channels import as_float
from saccade.core.threshold import UNMEASURED
from saccade.network.maps import Maps
from saccade.network.system import System
from saccade.view.drawing.draw import to_picture

SMALLEST, LARGEST = 320, 640  # pixels of a canvas's longer side


@dataclass(frozen=True)
class Subject:
    """A picture, the network that looks at it, and the class that is asked about.

    Attributes:
        system: The network, in evaluation mode.
        picture: (C, H, W) uint8 or float 0..1, as it was read.
        batch: The picture alone, as the network takes it, on its device and in its precision.
        prediction: The network's prediction in the picture's own pixels, on the CPU.
        label: The class that is asked about.
        probability: What the prediction gives that class.
        group: Changed copies of the picture that may go through the network together.
        drawn_from: From which score on objects of the prediction are drawn.
    """

    system: System
    picture: Tensor
    batch: Batch
    prediction: Annotation
    label: int
    probability: float
    group: int = 16
    drawn_from: float = UNMEASURED

    @property
    def caption(self) -> str:
        """The class and its probability."""
        return f"{self.system.classes[self.label]} {self.probability:.0%}"

    @cached_property
    def maps(self) -> Maps:
        """All maps of the picture, without gradients."""
        with torch.no_grad():
            return self.system.maps(self.batch)

    @cached_property
    def canvas(self) -> Image.Image:
        """The picture at the size in which it is drawn."""
        frame = self._canvas_frame
        return to_picture(warp.image(as_float(self.picture), frame.matrix, frame.target).clamp(0, 1))

    @cached_property
    def seen(self) -> Tensor:
        """(h, w) bool: the pixels of the canvas that the network sees."""
        return self.on_canvas(torch.ones(1, 1, 1))[0] > 0.5

    @cached_property
    def input_picture(self) -> Tensor:
        """(C, h, w) float 0..1: the picture as the network sees it, without padding."""
        height, width = self.batch.sizes[0].tolist()
        spec = self.system.input
        mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (spec.mean, spec.std))
        return (self.batch.images[0, :, :height, :width].detach().float().cpu() * std + mean).clamp(0, 1)

    def inner(self, maps: Tensor) -> Tensor:
        """Maps (K, h, w) that cover the padded picture, less the positions that see padding alone."""
        height, width = self.batch.sizes[0].tolist()
        padded_height, padded_width = self.batch.images.shape[-2:]
        rows, columns = maps.shape[-2:]
        return maps[:, : -(-rows * height // padded_height), : -(-columns * width // padded_width)]

    def on_canvas(self, maps: Tensor) -> Tensor:
        """Maps (K, h, w) that cover the padded picture, as (K, H, W) of the canvas; 0 where nothing was seen."""
        padded = (self.batch.images.shape[-2], self.batch.images.shape[-1])
        fine = F.interpolate(maps.detach().float().cpu()[None], padded, mode="bilinear", align_corners=False)[0]
        height, width = self.batch.sizes[0].tolist()
        canvas = self._canvas_frame
        back = self.batch.frames[0].inverse().then(canvas.matrix, canvas.target)
        return warp.image(fine[:, :height, :width], back.matrix, canvas.target, antialias=False)

    def boxes_on_canvas(self, boxes: Tensor) -> Tensor:
        """(n, 4) boxes x1, y1, x2, y2 of the padded picture, in the canvas's pixels, which they may leave."""
        return self._canvas_frame.boxes(self.batch.frames[0].inverse().boxes(boxes))

    @cached_property
    def _canvas_frame(self) -> Frame:
        height, width = self.picture.shape[-2:]
        longest = max(height, width)
        scale = LARGEST / longest if longest > LARGEST else float(max(-(-SMALLEST // longest), 1))
        target = (max(round(height * scale), 1), max(round(width * scale), 1))
        return Frame.identity((height, width)).then(scaling(target[1] / width, target[0] / height), target)
