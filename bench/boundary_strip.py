"""A strip of the study of boundaries: the truth and each method's answer, at the same window of one picture."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from bench.boundary_data import HeldPixels
from saccade.metrics.segment.borders import distance_to_border
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.writing.pictures import write_png
from saccade.view.drawing.draw import to_picture
from saccade.view.drawing.overlay import lay_semantic
from saccade.view.drawing.sheet import sheet

# Side of the window as a share of the picture's shorter side; how many times as large it is drawn; columns.
SHARE, FACTOR, COLUMNS = 0.5, 2, 6
OPACITY = 0.65


def draw_strip(predictors: Mapping[str, Predictor], val: HeldPixels, path: Path) -> None:
    """Draw the picture, the truth and each answer as PNG, at the window with the most borders of all pictures.

    Args:
        predictors: The methods in use, by name.
        val: The pictures.
        path: The file.
    """
    windows = [busiest(val.truth(place).get("semantic")) for place in range(len(val))]
    place = max(range(len(val)), key=lambda place: windows[place][0])
    _, top, left, side = windows[place]
    image = val[place].image
    maps = {"truth": val.truth(place).get("semantic")}
    maps |= {name: predictor(image).get("semantic") for name, predictor in predictors.items()}
    window = (slice(top, top + side), slice(left, left + side))
    shown = enlarged(to_picture(image[:, *window]), Image.Resampling.BICUBIC)
    drawn = [shown, *(painted(shown, classes[window], len(val.classes)) for classes in maps.values())]
    write_png(sheet(drawn, ["picture", *maps], COLUMNS), path)


def busiest(classes: Tensor) -> tuple[float, int, int, int]:
    """Share of border pixels, top, left and side of the window of (H, W) classes that has the most of them."""
    side = round(min(classes.shape) * SHARE)
    shares = F.avg_pool2d((distance_to_border(classes) <= 1).float()[None], side, stride=1)[0]
    top, left = divmod(int(shares.argmax()), shares.shape[1])
    return float(shares.max()), top, left, side


def enlarged(picture: Image.Image, how: Image.Resampling) -> Image.Image:
    """The picture, `FACTOR` times as large."""
    return picture.resize((picture.width * FACTOR, picture.height * FACTOR), how)


def painted(shown: Image.Image, classes: Tensor, count: int) -> Image.Image:
    """An enlarged window with its (H, W) classes over it; pixels of unknown class stay as they are."""
    canvas = np.array(shown, dtype=np.float32)
    large = classes.repeat_interleave(FACTOR, 0).repeat_interleave(FACTOR, 1).numpy()
    lay_semantic(canvas, large, count, OPACITY)
    return Image.fromarray(canvas.round().astype(np.uint8))
