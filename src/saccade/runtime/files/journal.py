"""What of a prediction is done: a line a picture, so that a killed prediction goes on where it stood."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from saccade import __version__
from saccade.core.errors import ConfigError
from saccade.runtime.files.inputs import readable_name
from saccade.runtime.predict.predictor import Predictor
from saccade.runtime.runs.metrics_log import MetricsLog
from saccade.safe_io.writing.atomic import sweep
from saccade.safe_io.writing.lock import Lock

NAME = ".progress.jsonl"


class Journal:
    """Answers that are done, by file; the folder is this process's own until `close`.

    Args:
        out: Folder of the predictions; it is made.
        fingerprint: What the predictions depend on, as `fingerprint` makes it.

    Raises:
        ConfigError: The folder holds predictions of another network or with other settings, or is in use.
    """

    def __init__(self, out: Path, fingerprint: Mapping[str, Any]) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._lock = Lock(out / ".lock").acquire()
        self._records = MetricsLog(out / NAME)
        try:
            for folder in (out, *(path for path in out.iterdir() if path.is_dir())):
                sweep(folder)
            self._done = self._read(out, fingerprint)
        except BaseException:
            self.close()
            raise

    def prediction(self, file: Path) -> dict[str, Any] | None:
        """The prediction to a file, or None where it is not done, or the file is another than it was."""
        line = self._done.get(readable_name(file))
        return None if line is None or line["stamp"] != _stamp(file) else line["answer"]

    def add(self, predictions: Mapping[Path, dict[str, Any]]) -> None:
        """Answers of some files; what belongs to them is on disk already."""
        for file, prediction in predictions.items():
            name = readable_name(file)
            self._done[name] = {"file": name, "stamp": _stamp(file), "answer": prediction}
            self._records.append(self._done[name])

    def close(self) -> None:
        """Give the folder back."""
        self._records.close()
        self._lock.release()

    def _read(self, out: Path, fingerprint: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        lines = self._records.read()
        if not lines:
            if (out / "predictions.json").exists():
                raise ConfigError("an empty folder", "predictions of unknown origin", path=out, cure=CURE)
            self._records.append(fingerprint)
            return {}
        # What JSON makes of it is what was written: tuples have become lists.
        now = json.loads(json.dumps(fingerprint))
        changed = [name for name in {*now, *lines[0]} if now.get(name) != lines[0].get(name)]
        if changed:
            listed = ", ".join(sorted(changed))
            raise ConfigError("predictions of the same making", f"another {listed}", path=out, cure=CURE)
        return {line["file"]: line for line in lines[1:]}

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


CURE = "give another --out, or remove this folder to do all anew"


def fingerprint(predictor: Predictor, **settings: Any) -> dict[str, Any]:
    """What predictions depend on beside the pictures: the weights' hash, how pictures get in, precision, settings."""
    engine = predictor.engine
    return {
        "saccade": __version__,
        "network": engine.digest(),
        "classes": predictor.vocabularies.plain(),
        "input": engine.input.as_dict(),
        "precision": str(engine.dtype),
        "views": predictor.views.plain_values(),
        **({} if engine.search is None else {"search": repr(engine.search)}),
        **({"scores": True} if predictor.keep_scores else {}),
        **settings,
    }


def _stamp(file: Path) -> list[int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]
