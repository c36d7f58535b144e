"""Frames become a video file: H.264 in an MP4, which browsers play."""

from collections.abc import Generator
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from saccade.safe_io.writing.atomic import replacing

# The first of these that the installed FFmpeg can write; PyAV's own wheels have both.
CODECS = ("libx264", "mpeg4")
# Ticks a second of the frames' times; MPEG-4 counts no finer than 65535.
CLOCK = Fraction(1, 60_000)
# Bits a pixel and frame for the codec that knows no constant quality.
BITS = 0.2


class VideoWriter:
    """A video that is being written; see `write_video`.

    Attributes:
        count: Frames that were added.
    """

    def __init__(self, container: Any, rate: Fraction) -> None:
        self._av, self._container, self._rate = import_module("av"), container, rate
        self._stream: Any = None
        self._last = -1
        self.count = 0

    def add(self, picture: Image.Image, time: float) -> None:
        """One frame, to be shown from `time` in seconds on.

        The first one says the size; a later one of another size is resized. A side of odd length gets its last pixels
        twice, since colour is stored for 2x2 pixels together.
        """
        if self._stream is None:
            self._stream = self._opened(picture.width + picture.width % 2, picture.height + picture.height % 2)
        frame = self._av.VideoFrame.from_ndarray(self._fitted(picture), format="rgb24")
        self._last = frame.pts = max(round(time / CLOCK), self._last + 1)
        frame.time_base = CLOCK
        self._container.mux(self._stream.encode(frame))
        self.count += 1

    def close(self) -> None:
        """Writes what the encoder holds back."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))

    def _opened(self, width: int, height: int) -> Any:
        codec = next(name for name in CODECS if name in self._av.codecs_available)
        stream = self._container.add_stream(codec, rate=self._rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = CLOCK
        if codec != CODECS[0]:
            stream.bit_rate = round(BITS * width * height * self._rate)
        return stream

    def _fitted(self, picture: Image.Image) -> Any:
        width, height = self._stream.width, self._stream.height
        if not 0 <= width - picture.width <= 1 or not 0 <= height - picture.height <= 1:
            picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        pixels = np.asarray(picture.convert("RGB"))
        return np.pad(pixels, ((0, height - picture.height), (0, width - picture.width), (0, 0)), mode="edge")


@contextmanager
def write_video(path: Path, rate: Fraction | None) -> Generator[VideoWriter]:
    """A video at `path`, whole when the block ends; nothing is left there where no frame was added.

    Args:
        path: The file, an MP4.
        rate: Frames a second on average, for the encoder's reckoning; frames have times of their own.

    Raises:
        ResourceError: The disk is full.
    """
    av = import_module("av")
    with replacing(path) as partial:
        with av.open(str(partial), "w", format="mp4", options={"movflags": "faststart"}) as container:
            writer = VideoWriter(container, rate or Fraction(25))
            yield writer
            writer.close()
        if not writer.count:
            partial.touch()
    if not writer.count:
        path.unlink()
