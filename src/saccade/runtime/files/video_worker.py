"""What is done with a video: read, predicted and drawn, some frames at a time, so that its length costs no memory."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice, repeat
from pathlib import Path
from typing import IO

from PIL import Image

from saccade.core.errors import ConfigError, DataError, SaccadeError, UsageError
from saccade.runtime.files.inputs import Task
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.files.video_writer import VideoWriter, write_video
from saccade.runtime.predict.buckets import ROOM, ahead
from saccade.runtime.predict.output import Entry, as_values, write_maps
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.preprocess import PreparedPicture, UnreadablePicture
from saccade.runtime.predict.views.batched_views import PictureResult
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.images.videos import Video, VideoFrame, open_video
from saccade.safe_io.writing.atomic import replacing
from saccade.view.drawing.draw import draw, drawn_from

ROWS = ".frames"


@dataclass(frozen=True)
class VideoOutcome:
    """What a video left.

    Attributes:
        entry: Its size, its number of predicted frames, and where their rows and its drawing are; None where no frame
            was predicted.
        error: What went wrong, or None; the frames before it are predicted all the same.
    """

    entry: Entry | None
    error: SaccadeError | None


@dataclass(frozen=True)
class _Group:
    """Frames that were read together, their views, and what ended the reading."""

    frames: list[VideoFrame]
    taken: list[PreparedPicture | UnreadablePicture]
    error: SaccadeError | None


@dataclass(frozen=True)
class VideoWorker:
    """Answers videos; the next frames are read meanwhile.

    Attributes:
        predictor: The network in use.
        out: Folder of the predictions.
        settings: How files are predicted.
    """

    predictor: Predictor
    out: Path
    settings: PredictSettings

    def run(self, task: Task, tell: Callable[[int, int | None], None] = lambda done, of: None) -> VideoOutcome:
        """Answers a video: its rows and its drawing are on disk then.

        Args:
            task: The file.
            tell: Called with the number of frames done, and of how many where the file says so.

        Raises:
            ResourceError: The disk is full.
        """
        channels = self.predictor.engine.input.channels
        try:
            if channels not in (1, 3):
                raise ConfigError("a network for pictures of 1 or 3 channels for videos", channels)
            with open_video(task.file) as video:
                return self._answered(task, video, tell)
        except (DataError, ConfigError, UsageError) as error:
            error.path = error.path or str(task.file)
            return VideoOutcome(None, error)

    def _answered(self, task: Task, video: Video, tell: Callable[[int, int | None], None]) -> VideoOutcome:
        entry: Entry = {"file": task.called, "rows": f"{ROWS}/{task.name}.jsonl", "frames": 0}
        entry |= {"drawn": f"drawn/{task.name}.mp4"} if self.settings.drawn else {}
        first: SaccadeError | None = None
        rate = None if video.rate is None else video.rate / self.settings.every
        expected = None if video.count is None else -(-video.count // self.settings.every)
        with ExitStack() as stack:
            rows = stack.enter_context(_lines(self.out / entry["rows"]))
            film = stack.enter_context(write_video(self.out / entry["drawn"], rate)) if self.settings.drawn else None
            for group in stack.enter_context(closing(self._groups(video))):
                for row, error in self._written(task, group, rows, film, entry.get("drawn")):
                    first = first or error
                    entry |= {"frames": entry["frames"] + (error is None), "size": row.get("size", entry.get("size"))}
                first = first or group.error
                tell(entry["frames"], expected)
        return VideoOutcome(entry if entry["frames"] else None, first)

    def _groups(self, video: Video) -> Generator[_Group]:
        """All frames, as many together as a batch takes and memory allows."""
        stream = video.frames(self.settings.every)
        with closing(ahead(lambda _: self._read(stream), repeat(None), threads=1)) as groups:
            for group in groups:
                if group.frames or group.error:
                    yield group
                if group.error or not group.frames:
                    return

    def _read(self, stream: Iterator[VideoFrame]) -> _Group:
        group, preprocessor = _Group([], [], None), self.predictor.preprocessor()
        room = self.settings.batch
        try:
            while len(group.frames) < room:
                frames = list(islice(stream, 1))
                if not frames:
                    break
                frame = frames[0]
                group.taken.append(preprocessor.take(frame.place, frame.image))
                group.frames.append(frame)
                size = (frame.image.shape[-2], frame.image.shape[-1])
                room = min(self.settings.batch, max(ROOM // 4 // max(preprocessor.weight(size), 1), 1))
        except SaccadeError as error:
            return replace(group, error=error)
        return group

    def _written(
        self, task: Task, group: _Group, rows: IO[str], film: VideoWriter | None, drawn: str | None
    ) -> Iterator[tuple[Entry, SaccadeError | None]]:
        """Each frame's row, with an error where it has no prediction; it is drawn and written then."""
        found = self.predictor.prediction([group.taken], self.settings.threshold or 0.0, self.settings.batch)
        names = self.predictor.vocabularies
        predictions = {item.place: prediction for item, prediction in found}
        pairs = [(frame, predictions[frame.place]) for frame in group.frames]
        for frame, prediction, picture in ahead(lambda pair: (*pair, self._drawing(*pair)), pairs):
            if isinstance(prediction, SaccadeError):
                prediction.within = f"frame {frame.place}"
                prediction.path = str(task.file)
                yield {}, prediction
                continue
            row: Entry = {"file": task.called, "frame": frame.place, "time": round(frame.time, 6)}
            row |= {"size": list(frame.image.shape[1:]), **as_values(prediction, names)}
            row |= write_maps(prediction, self.out, f"{task.name}-{frame.place:06}", names)
            row |= {"drawn": drawn} if drawn else {}
            rows.write(to_json(row) + "\n")
            if film is not None and picture is not None:
                film.add(picture, frame.time)
            yield row, None

    def _drawing(self, frame: VideoFrame, prediction: PictureResult) -> Image.Image | None:
        if isinstance(prediction, SaccadeError) or not self.settings.drawn:
            return None
        least = drawn_from(prediction, self.settings.threshold, self.predictor.engine.drawn_from)
        names, joints = self.predictor.vocabularies, self.predictor.engine.joints
        return draw(frame.image, prediction, names, joints, threshold=least, enlarge=False)


@contextmanager
def _lines(path: Path) -> Generator[IO[str]]:
    """A file of lines that is whole when the block ends."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        yield file
