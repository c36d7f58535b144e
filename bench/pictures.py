"""Photographs on disk: the example data where it is, else pictures that are as large and take as long to decode."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
CLASSES = ("ants", "bees")
# (H, W) of the usual photograph on the web, and of the example data.
SIZE, TINY = (375, 500), (60, 80)


def photographs() -> Path | None:
    """The folder of ants and bees in $SACCADE_DATA or beside the project, or None."""
    places = [os.environ.get("SACCADE_DATA"), ROOT.parent / "shared" / "data"]
    folders = [Path(place) / "hymenoptera" for place in places if place]
    return next((folder for folder in folders if folder.is_dir()), None)


def draw_pictures(folder: Path, count: int, size: tuple[int, int] = SIZE, split: str = "train") -> Path:
    """Write JPEGs, half of them of each class, as ``SPLIT/CLASS/NUMBER.jpg``.

    Args:
        folder: The data's folder.
        count: How many.
        size: (H, W) of each.
        split: The split's name.
    """
    for number in range(count):
        path = folder / split / CLASSES[number % len(CLASSES)] / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn(size, number).save(path, quality=90)
    return folder


def drawn(size: tuple[int, int], seed: int) -> Image.Image:
    """A picture of soft blots under fine grain: its JPEG has about as many bytes as a photograph's."""
    random, (height, width) = np.random.default_rng(seed), size
    blots = Image.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = random.normal(0, 8, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(blots) + grain, 0, 255).astype(np.uint8))
