"""Predictions of pictures and videos on disk, written so that a kill costs little.

A file is done when its line stands in the folder's journal; all else is done anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from saccade.core.annotation import Annotation
from saccade.core.errors import DataError, SaccadeError
from saccade.core.geometry.resample import Size
from saccade.runtime.device import is_out_of_memory, out_of_memory
from saccade.runtime.files.cutouts import Cutter, Kind, reader_of
from saccade.runtime.files.findings import Findings, findings_of
from saccade.runtime.files.inputs import Task, find_pictures, passed_over, tasks_of
from saccade.runtime.files.prediction_folder import PredictionFolder
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.files.video_worker import VideoWorker
from saccade.runtime.predict.buckets import ROOM, ahead
from saccade.runtime.predict.output import Entry, write_answer
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.predict.preprocess import PreparedPicture, Preprocessor, UnreadablePicture
from saccade.runtime.predict.small_copy import fitted
from saccade.runtime.predict.views.batched_views import PictureResult
from saccade.safe_io.images.pictures import picture_size
from saccade.safe_io.images.videos import is_video
from saccade.view.drawing.draw import draw, drawn_from

Tell = Callable[[float, int], None]


@dataclass(frozen=True)
class Outcome:
    """What a prediction of files left.

    Attributes:
        out: Folder of the predictions.
        done: Files that have a prediction.
        kept: How many of these were done before.
        failed: Errors by file.
        frames: Frames of videos that have a prediction.
        findings: What the predictions say together.
        best_seen: The best score of an object in this call, whether it was kept or not; None where none was seen.
        left_out: What of the folders was not predicted although it may be a picture, a line a kind.
    """

    out: Path
    done: int
    kept: int
    failed: dict[Path, SaccadeError]
    frames: int = 0
    findings: Findings = field(default_factory=Findings)
    best_seen: float | None = None
    left_out: tuple[str, ...] = ()


def predict_files(
    predictor: Predictor,
    inputs: Iterable[str | Path],
    out: str | Path,
    settings: PredictSettings | None = None,
    tell: Tell = lambda done, total: None,
    aliases: Mapping[Path, str] | None = None,
) -> Outcome:
    """Answer files, folders and globs. Called again after a kill, it does what is missing.

    Args:
        predictor: The network in use.
        inputs: Pictures, videos, folders (with all below them) and globs.
        out: Folder of the predictions.
        settings: How files are predicted.
        tell: Called with the number of files done and their total as the work goes on; a video counts by its share.
        aliases: What files are called that are called otherwise than by their place.

    Raises:
        DataError: An input names nothing.
        ConfigError: `out` holds predictions of another network or with other settings.
        ResourceError: The disk is full.
    """
    out, settings = Path(out), settings or PredictSettings()
    inputs = list(inputs)
    files = find_pictures(inputs, out, videos=True)
    left_out = tuple(passed_over(inputs, out))
    with PredictionFolder(predictor, out, settings, aliases) as folder:
        kept = sum(folder.prediction(file) is not None for file in files)
        worker = FileWorker(predictor, folder, settings, tell)
        worker.run(files)
        folder.conclude(files)
        return replace(worker.outcome(files, kept), left_out=left_out)


@dataclass(frozen=True)
class FileWorker:
    """The work on files whose predictions go into one folder.

    Attributes:
        predictor: The network in use.
        folder: Where the predictions go.
        settings: How files are predicted.
        tell: See `predict_files`.
    """

    predictor: Predictor
    folder: PredictionFolder
    settings: PredictSettings
    tell: Tell = field(default=lambda done, total: None)

    def run(self, files: Sequence[Path], among: Sequence[Path] = ()) -> None:
        """Answers those of some files that have no prediction yet.

        Args:
            files: The files.
            among: All files whose drawings lie in the folder, where they are more than `files`: names must differ.
        """
        tasks = tasks_of(files, among, self.folder.called)
        films = {task for task in tasks if is_video(task.file)}
        done = len(tasks) - sum(map(self._is_missing, tasks))
        self.tell(done, len(files))
        for file, entry in self._pictures([task for task in tasks if task not in films]):
            self.folder.add({file: entry})
            done += 1
            self.tell(done, len(files))
        for task in filter(self._is_missing, sorted(films)):
            self._answer_video(task, done, len(files))
            done += 1

    def outcome(self, files: Sequence[Path], kept: int) -> Outcome:
        """What the folder says of some files, `kept` of which were done before."""
        folder = self.folder
        entries = [entry for entry in map(folder.prediction, files) if entry is not None]
        frames = sum(entry.get("frames", 0) for entry in [*entries, *folder.torn.values()])
        findings = findings_of(folder.entries(files), self.settings.threshold, self.predictor.engine.drawn_from)
        return Outcome(folder.out, len(entries), kept, folder.failed, frames, findings, self.predictor.best_seen)

    def _pictures(self, tasks: Sequence[Task]) -> Iterator[tuple[Path, Entry | SaccadeError]]:
        """Pictures that are missing, with their entries: the next are read, the last are written meanwhile."""
        settings = self.settings
        preprocessor = self.predictor.preprocessor(shows=settings.drawn or settings.cutouts or settings.box_crops)
        groups = self._open_groups(preprocessor, tasks)
        read = ahead(lambda group: [preprocessor.take(task.place, task.file) for task in group], groups)
        found = self.predictor.prediction(read, self.settings.threshold or 0.0, self.settings.batch)
        by_place = {task.place: task for task in tasks}
        named = ((by_place[item.place], item, prediction) for item, prediction in found)
        return ahead(lambda one: self._written(*one), (one for one in named if self._is_missing(one[0])))

    def _open_groups(self, preprocessor: Preprocessor, tasks: Sequence[Task]) -> Iterator[list[Task]]:
        """Groups of pictures of one size in which something is missing.

        The groups are those of an unbroken run, and go through the network as they are, the files that are done with
        them: in other company the last bits of a prediction would differ.
        """

        def size(task: Task) -> Size | None:
            prediction = self.folder.prediction(task.file)
            try:
                channels, most = preprocessor.spec.channels, preprocessor.most
                found = picture_size(task.file, channels, most) if prediction is None else prediction["size"]
            except SaccadeError:
                return None  # it fails when it is read, which tells why
            return found[0], found[1]

        for group in preprocessor.grouped(tasks, size, self.settings.batch, ROOM // 4):
            if any(map(self._is_missing, group)):
                yield group

    def _is_missing(self, task: Task) -> bool:
        return self.folder.prediction(task.file) is None

    def _written(
        self, task: Task, item: PreparedPicture | UnreadablePicture, prediction: PictureResult
    ) -> tuple[Path, Entry | SaccadeError]:
        """A file with its entry, or with what is wrong."""
        if isinstance(item, UnreadablePicture):
            return task.file, item.error
        if isinstance(prediction, SaccadeError):
            return task.file, prediction
        try:
            drawing, names = self._drawing(item, prediction), self.predictor.vocabularies
            out, polygons = self.folder.out, self.settings.polygons
            entry = write_answer(prediction, task, out, item.size, names, drawing, polygons)
            if drawing is not None and item.windows is not None:
                entry["drawn_size"] = [drawing.height, drawing.width]
            if self.settings.cutouts or self.settings.box_crops:
                self._cut_out(task, item, prediction, entry)
            return task.file, entry
        except DataError as error:  # of a picture that is read by window
            return task.file, error
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return task.file, out_of_memory("a drawing of the picture", "the machine")

    def _cut_out(self, task: Task, item: PreparedPicture, prediction: Annotation, entry: Entry) -> None:
        """Writes each object that is drawn as a file, in one way or both, and names them in the entry."""
        rows = prediction.instances
        if rows is None:
            return
        settings = self.settings
        kinds: tuple[tuple[Kind, bool], ...] = (("cutouts", settings.cutouts), ("box_crops", settings.box_crops))
        read = reader_of(item, self.predictor.engine.input.channels)
        classes = self.predictor.vocabularies.names("instances")
        cutter = Cutter(read, item.size, self.folder.out, task.name, classes)
        least = drawn_from(prediction, settings.threshold, self.predictor.engine.drawn_from)
        for kind, wanted in kinds:
            if wanted:
                entry["instances"][kind] = cutter.write(kind, rows, least)

    def _drawing(self, item: PreparedPicture, prediction: Annotation) -> Image.Image | None:
        if item.shown is None or not self.settings.drawn:
            return None
        least = drawn_from(prediction, self.settings.threshold, self.predictor.engine.drawn_from)
        if item.windows is not None:
            height, width = item.shown.shape[-2:]
            prediction = fitted(prediction, item.size, (height, width))
        return draw(item.shown, prediction, self.predictor.vocabularies, self.predictor.engine.joints, threshold=least)

    def _answer_video(self, task: Task, done: int, total: int) -> None:
        def tell(frames: int, expected: int | None) -> None:
            self.tell(done + (min(frames / expected, 1) if expected else 0), total)

        found = VideoWorker(self.predictor, self.folder.out, self.settings).run(task, tell)
        if found.error is not None:
            self.folder.add({task.file: found.error}, {task.file: found.entry} if found.entry else {})
        elif found.entry is not None:
            self.folder.add({task.file: found.entry})
        self.tell(done + 1, total)
