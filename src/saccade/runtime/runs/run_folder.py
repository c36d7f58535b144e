"""The folder of one run: where each thing is, who may write in it, and its two small texts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from saccade.core.errors import ConfigError
from saccade.safe_io.documents.plain import plain
from saccade.safe_io.documents.yaml_file import load_yaml
from saccade.safe_io.files import readable
from saccade.safe_io.writing.atomic import remove, sweep, write_text
from saccade.safe_io.writing.lock import Lock

# All that a training writes into its folder.
WRITTEN = (
    "config.yaml",
    "classes.txt",
    "metrics.jsonl",
    "checkpoints",
    "report.html",
    "pictures.csv",
    "tensorboard",
    "skipped.jsonl",
    "truth.json",
    "threshold.json",
    "not_finite*.json",
    "features",
    "solving",
)


class RunFolder:
    """The paths of a run; nothing is read or written until it is asked for.

    Args:
        path: The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = Lock(self.path / ".lock")
        self._made: list[Path] = []
        self._fresh = False

    @property
    def config(self) -> Path:
        """System, settings and data, as plain values."""
        return self.path / "config.yaml"

    @property
    def classes(self) -> Path:
        """Names of the classes, one a line."""
        return self.path / "classes.txt"

    @property
    def metrics(self) -> Path:
        """One line a step and a line an epoch."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """One folder a checkpoint, and the links ``last`` and ``best``."""
        return self.path / "checkpoints"

    @property
    def report(self) -> Path:
        """The page to look at."""
        return self.path / "report.html"

    @property
    def truth(self) -> Path:
        """A digest of the pictures' names and annotations when the run began."""
        return self.path / "truth.json"

    @property
    def threshold(self) -> Path:
        """From which score on its objects are worth showing, where it was measured on some."""
        return self.path / "threshold.json"

    @property
    def skipped(self) -> Path:
        """One line for each picture that was left out, where some were."""
        return self.path / "skipped.jsonl"

    @property
    def refinements(self) -> Path:
        """Parameters of refinements that were found for the run, where some were sought."""
        return self.path / "refine.json"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's events."""
        return self.path / "tensorboard"

    @classmethod
    def create(cls, path: str | Path, resume: bool = False) -> "RunFolder":
        """A folder to train in, locked for this process until `close`.

        Args:
            path: The folder; it is made, with those above it.
            resume: Whether a run that is there shall go on; an empty folder is then as good.

        Raises:
            ConfigError: The folder cannot be written, holds another run or other things, or another process is in it.
        """
        run = cls(path)
        try:
            if run.path.exists() and not run.path.is_dir():
                raise run._refusal("a folder for a run", "a file", "give another --out")
            run._made = [path for path in (run.path, *run.path.parents) if not path.exists()]
            run.path.mkdir(parents=True, exist_ok=True)
            run._lock.acquire()
        except OSError as error:
            run._remove_made()
            found = error.strerror or type(error).__name__
            raise run._refusal("a folder that can be written", found, "give another --out") from error
        try:
            run._fresh = not run._check_content(resume)
            sweep(run.path)
        except BaseException:
            run.close()
            raise
        return run

    @classmethod
    def open(cls, path: str | Path) -> "RunFolder":
        """The folder of a run, to read; it is not locked.

        Raises:
            ConfigError: There is no run.
        """
        run = cls(path)
        if not run.config.is_file():
            found = "a folder without config.yaml" if run.path.is_dir() else "no folder"
            raise run._refusal("the folder of a run", found, "give what `--out` was in `saccade train`")
        return run

    def close(self) -> None:
        """Gives the lock back."""
        self._lock.release()

    def undo(self) -> None:
        """Removes what a run wrote that began here, and the folders that were made for it; all else stays.

        A folder that held a run before is left as it is.
        """
        if not self._fresh:
            return
        for name in WRITTEN:
            for path in self.path.glob(name):
                remove(path)
        self.close()
        self._remove_made()

    def _remove_made(self) -> None:
        """Removes the folders that were made for the run, from the innermost on, as far as they are empty."""
        for path in self._made:
            try:
                path.rmdir()
            except OSError:
                return

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Writes ``config.yaml``: plain values alone, keys in the order given.

        Raises:
            TypeError: A value is not plain.
        """
        text = yaml.safe_dump(plain(config, undefined=True), sort_keys=False, allow_unicode=True)
        write_text(self.config, text)

    def read_config(self) -> dict[str, Any]:
        """The values of ``config.yaml``. Nothing that it names is imported; who reads a setting checks its key.

        Raises:
            DataError: It is no YAML of plain values.
            ConfigError: It holds no settings.
        """
        found = load_yaml(self.config)
        if not isinstance(found, dict):
            raise ConfigError("settings by name", type(found).__name__, path=self.config)
        return found

    def write_classes(self, names: Sequence[str]) -> None:
        """Writes ``classes.txt``.

        Raises:
            ConfigError: A name is empty or has a line break in it.
        """
        for name in names:
            if name.splitlines() != [name]:
                cure = "rename the class in the data"
                raise self._refusal("class names of one line", repr(name), cure)
        write_text(self.classes, "".join(f"{name}\n" for name in names))

    def read_classes(self) -> tuple[str, ...]:
        """Names of the classes; labels are their positions.

        Raises:
            DataError: The file cannot be read.
        """
        with readable(self.classes):
            text = self.classes.read_text(encoding="utf-8", errors="replace")
        return tuple(text.removesuffix("\n").split("\n")) if text else ()

    def _check_content(self, resume: bool) -> bool:
        """Whether there is a run to go on with; raises where there is anything else."""
        # What begins with a dot is a lock, a leftover of a kill, or the file system's own.
        found = sorted(path.name for path in self.path.iterdir() if not path.name.startswith("."))
        if not found or (resume and self.config.is_file()):
            return bool(found)
        if self.config.is_file():
            raise self._refusal("an empty folder", "another run", "give another --out, or add --resume")
        listed = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        raise self._refusal("an empty folder or a run", listed, "give another --out")

    def _refusal(self, expected: str, found: object, cure: str) -> ConfigError:
        return ConfigError(expected, found, path=self.path, cure=cure)

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
