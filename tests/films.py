"""Videos for tests: a white box that moves over black, so that each frame says which it is."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av", reason="videos need PyAV")

SIZE = (48, 64)
STEP = 4


def frame(place: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(H, W, 3): the box begins `STEP` pixels further to the right in each frame, and again from the left."""
    pixels = np.zeros((*size, 3), np.uint8)
    left = left_of(place, size)
    pixels[8:24, left : left + 16] = 255
    return pixels


def left_of(place: int, size: tuple[int, int] = SIZE) -> int:
    return place * STEP % (size[1] - 16)


def film(
    path: Path,
    count: int = 20,
    size: tuple[int, int] = SIZE,
    rate: Fraction | int = 25,
    times: Sequence[float] | None = None,
    turn: tuple[float, bool] | None = None,
    noise: int = 0,
) -> Path:
    """A video file of `count` frames; at `times` in seconds, turned by degrees and mirrored for the viewer.

    With noise every frame takes about as many bytes as the first.
    """
    draw = np.random.default_rng(0)
    options = {"movflags": "faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("mpeg4" if path.suffix == ".avi" else "libx264", rate=rate)
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        if size[0] % 2 or size[1] % 2:
            stream.pix_fmt = "yuv444p"
        if turn is not None:
            stream.set_display_rotation(turn[0], hflip=turn[1])
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for place in range(count):
            grain = draw.integers(0, noise + 1, (*size, 1), np.uint8)
            shown = av.VideoFrame.from_ndarray(np.maximum(frame(place, size), grain), format="rgb24")
            if times is not None:
                shown.pts, shown.time_base = round(times[place] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(shown))
        container.mux(stream.encode(None))
    return path
