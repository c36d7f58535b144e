"""Folders that are watched: pictures and videos are predicted as they arrive."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from saccade.core.errors import UsageError
from saccade.runtime.files.inputs import find_pictures, passed_over
from saccade.runtime.files.predict_files import FileWorker, Outcome, Tell
from saccade.runtime.files.prediction_folder import PredictionFolder
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.predictor import Predictor

# Seconds between two looks at a folder, and the greatest share of the time that goes into writing ``predictions.json``.
PAUSE, WRITING = 1.0, 0.1

Stamp = tuple[int, int]


@dataclass
class Arrivals:
    """Files of folders, and which of them are whole.

    A file is whole when two looks find the same size and time of change. One that failed is read again only after it
    has changed.

    Attributes:
        folders: The folders, with all below them.
        out: Folder of predictions, whose own pictures are none of the user's.
        moving: Whether the last look found files that were not whole yet.
    """

    folders: Sequence[Path]
    out: Path
    moving: bool = False
    _seen: dict[Path, Stamp] = field(default_factory=dict[Path, Stamp])
    _taken: dict[Path, Stamp] = field(default_factory=dict[Path, Stamp])

    @property
    def files(self) -> list[Path]:
        """All files of the last look, by name."""
        return sorted(self._seen)

    def look(self) -> list[Path]:
        """Files that are whole now and were not given before in this state, by name."""
        before, self._seen = self._seen, {}
        for file in find_pictures(self.folders, self.out, videos=True, some=False):
            stamp = _stamp(file)
            if stamp is not None:
                self._seen[file] = stamp
        whole = [file for file, stamp in self._seen.items() if before.get(file) == stamp and stamp[0] > 0]
        self.moving = any(before.get(file) != stamp for file, stamp in self._seen.items())
        fresh = sorted(file for file in whole if self._taken.get(file) != self._seen[file])
        self._taken |= {file: self._seen[file] for file in fresh}
        return fresh


def watch_files(
    predictor: Predictor,
    folders: Sequence[str | Path],
    out: str | Path,
    settings: PredictSettings | None = None,
    idle: float | None = None,
    tell: Tell = lambda done, total: None,
) -> Outcome:
    """Answers what lies in folders, and what arrives there, until nothing more does or Ctrl-C comes.

    ``predictions.json`` is brought up to date as predictions come, and whole at the end, also after Ctrl-C.

    Args:
        predictor: The network in use.
        folders: Folders, with all below them.
        out: Folder of the predictions.
        settings: How files are predicted.
        idle: Seconds without an arrival after which the watch ends; None never ends it.
        tell: Called with the number of files done and their total.

    Raises:
        UsageError: An input is no folder.
        ConfigError: `out` holds predictions of another making.
        ResourceError: The disk is full.
    """
    wrong = [str(folder) for folder in folders if not Path(folder).is_dir()]
    if wrong:
        raise UsageError("folders to be watched", ", ".join(wrong), cure="make them first")
    out, settings = Path(out), settings or PredictSettings()
    arrivals = Arrivals([Path(folder) for folder in folders], out)
    with PredictionFolder(predictor, out, settings) as folder:
        worker = FileWorker(predictor, folder, settings, tell)
        try:
            _follow(arrivals, worker, idle)
        finally:
            folder.conclude(arrivals.files)
        return replace(worker.outcome(arrivals.files, 0), left_out=tuple(passed_over(folders, out)))


def _follow(arrivals: Arrivals, worker: FileWorker, idle: float | None) -> None:
    last, due = time.monotonic(), 0.0
    fresh = False
    while idle is None or time.monotonic() - last < idle:
        ready = arrivals.look()
        if ready or arrivals.moving:
            last = time.monotonic()
        if ready:
            worker.run(ready, among=arrivals.files)
            fresh = True
            last = time.monotonic()
        if fresh and time.monotonic() >= due:
            begun = time.monotonic()
            worker.folder.conclude(arrivals.files)
            due, fresh = time.monotonic() + (time.monotonic() - begun) / WRITING, False
        if not ready:
            time.sleep(PAUSE)


def _stamp(file: Path) -> Stamp | None:
    try:
        found = file.stat()
    except OSError:
        return None  # it went while we looked
    return found.st_size, found.st_mtime_ns
