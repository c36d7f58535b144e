"""A video file becomes frames, one after another, upright and in RGB, each with the time at which it is shown.

PyAV reads them (``pip install saccade[video]``). Files are known by what they hold; formats that lead to other files
or to the network, such as playlists, are not among those that are read. What a camera says of its rotation is applied.
Frames are taken as long as they are whole: none is patched up from its neighbours, as players do.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saccade.core.errors import DataError, UsageError
from saccade.safe_io.files import readable
from saccade.safe_io.images.pictures import SUFFIXES as PICTURES
from saccade.safe_io.limits import MAX_VALUES

SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".m2ts", ".wmv", ".flv", ".3gp", ".ogv")
)
# Names of FFmpeg's readers; none of these opens a second file.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpeg,mpegts,mpegvideo,asf,flv,ogg,h264,hevc,ivf"
STILLS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")  # pictures in the same wrapping as MP4
OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "none"}
CURE = "mend it first: ffmpeg -i BROKEN MENDED.mp4"


@dataclass(frozen=True)
class VideoFrame:
    """One frame.

    Attributes:
        place: Its position among all frames of the video, from 0.
        time: Seconds from the video's start.
        image: (3, H, W) uint8.
    """

    place: int
    time: float
    image: Tensor


class Video:
    """A video that is open; see `open_video`.

    Attributes:
        path: The file.
        rate: Frames a second on average, or None where nobody knows.
        count: Frames that the file says it has, or None where it does not say.
    """

    def __init__(self, path: Path, container: Any) -> None:
        if not container.streams.video:
            raise DataError("a video stream", "none", path=path)
        self.path, self._container, self._stream = path, container, container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.rate: Fraction | None = self._stream.average_rate or self._stream.guessed_rate or None
        self.count: int | None = self._stream.frames or self._reckoned()
        self._read = 0
        self._end = 0.0
        self._sure = -1
        self._check_size(self._stream.height, self._stream.width)

    def frames(self, every: int = 1) -> Iterator[VideoFrame]:
        """Each `every`-th frame, as long as they are whole; of the others no picture is made.

        Raises:
            DataError: A frame is damaged, or the file ends before it should; the frames before were given.
        """
        place = 0
        for frame in self._decoded():
            if frame.is_corrupt:
                raise self._fault(place, "damaged data")
            if place % every == 0:
                yield VideoFrame(place, self._time(frame, place), self._picture(frame))
            place += 1
        if not place:
            raise self._fault(place, "the end of the file")

    def _decoded(self) -> Iterator[Any]:
        """Frames of the decoder; where the file is cut, those before the first one that may be missing."""
        av, place = _av(), 0
        try:
            for packet in self._container.demux(self._stream):
                torn = bool(packet.size and packet.is_corrupt)
                cut = torn or (not packet.size and self._is_cut())
                for frame in self._waiting() if cut else packet.decode():
                    place += 1
                    yield frame
                if cut:
                    raise self._fault(place, "a torn packet" if torn else "the end of the file")
                self._count(packet)
        except av.FFmpegError as error:
            raise self._fault(place, f"{error.strerror or error}") from error

    def _waiting(self) -> list[Any]:
        """Frames that the decoder holds back, as far as none before them can be missing.

        Packets come by rising time of decoding, before which no frame is shown: all that is shown up to the last one's
        is there.
        """
        return [frame for frame in self._stream.decode(None) if frame.pts is None or frame.pts <= self._sure]

    def _count(self, packet: Any) -> None:
        if packet.size:
            self._read += 1
            self._sure = self._sure if packet.dts is None else packet.dts
            if packet.pts is not None:
                self._end = max(self._end, float((packet.pts + (packet.duration or 0)) * packet.time_base))

    def _is_cut(self) -> bool:
        """Whether the file's own index or header speaks of more than was there."""
        promised = _indexed(self._container, self._stream)
        if promised:
            return self._read < promised
        lasts = _duration(self._stream)
        gap = 3 / float(self.rate) if self.rate else 1.0
        return lasts is not None and self._end + gap < lasts

    def _reckoned(self) -> int | None:
        lasts = _duration(self._stream)
        return None if lasts is None or not self.rate else max(round(lasts * self.rate), 1)

    def _time(self, frame: Any, place: int) -> float:
        if frame.pts is None:
            return place / float(self.rate or 25)
        return float((frame.pts - (self._stream.start_time or 0)) * (frame.time_base or self._stream.time_base))

    def _picture(self, frame: Any) -> Tensor:
        self._check_size(frame.height, frame.width)
        pixels = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)
        return upright(pixels, frame.side_data.get("DISPLAYMATRIX")).contiguous()

    def _check_size(self, height: int, width: int) -> None:
        if 3 * height * width > MAX_VALUES or height < 1 or width < 1:
            raise DataError(f"frames of 1 to {MAX_VALUES // 3} pixels", f"{height}x{width}", path=self.path)

    def _fault(self, place: int, found: str) -> DataError:
        return DataError("a whole frame", found, path=self.path, within=f"frame {place}", cure=CURE)


@contextmanager
def open_video(path: str | Path) -> Generator[Video]:
    """A video, open while the block runs.

    Raises:
        DataError: The file cannot be read, is no video of the formats that are read, holds no video stream, or its
            frames are too large.
        UsageError: PyAV is not installed.
    """
    av, path = _av(), Path(path)
    with readable(path):
        file = path.open("rb")
    with file:
        try:
            container = av.open(file, "r", options=dict(OPTIONS), metadata_errors="replace")
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DataError("a video", f"one that cannot be opened: {reason}", path=path) from error
        with container:
            yield Video(path, container)


def is_video(path: Path) -> bool:
    """Whether a file is to be read as a video: by its name, or by its first bytes where its name is no picture's."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or suffix in PICTURES:
        return suffix in SUFFIXES
    try:
        with path.open("rb") as file:
            head = file.read(189)
    except OSError:
        return False
    starts = head[4:8] == b"ftyp" and head[8:12] not in STILLS
    return starts or head.startswith(b"\x1aE\xdf\xa3") or head[8:12] == b"AVI " or head[::188] == b"GG"


def upright(pixels: Tensor, matrix: Any) -> Tensor:
    """(C, H, W) pixels as they are to be seen.

    Args:
        pixels: As they are stored.
        matrix: Bytes of the display matrix of the file, nine 32-bit numbers by whose first two columns stored
            coordinates (x, y) become x·a + y·c and x·b + y·d, or None. What it turns by is rounded to quarter turns.
    """
    if matrix is None:
        return pixels
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    if abs(b) > abs(a):
        pixels, down, across = pixels.transpose(1, 2), b, c
    else:
        down, across = d, a
    flips = [axis for axis, sign in ((1, down), (2, across)) if sign < 0]
    return pixels.flip(flips) if flips else pixels


def _indexed(container: Any, stream: Any) -> int:
    """Packets that the file's index tells of; 0 where it tells of none.

    The header of an MP4 counts frames too that an edit list leaves out, so that its index is asked there.
    """
    if "mp4" in container.format.name:
        return len(getattr(stream, "index_entries", ()))
    return stream.frames


def _duration(stream: Any) -> float | None:
    """Seconds that the stream lasts, as the file says; Matroska says it among the stream's notes."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    try:
        hours, minutes, seconds = str(stream.metadata["DURATION"]).split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except (KeyError, ValueError):
        return None


def _av() -> Any:
    try:
        return import_module("av")
    except ImportError as error:
        raise UsageError(
            "PyAV to be installed for videos",
            f"that it is not: {error}",
            cure="pip install av",
        ) from error
