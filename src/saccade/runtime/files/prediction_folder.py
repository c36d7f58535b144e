"""The folder of predictions: what of a prediction is done, and the files that say so.

It holds ``predictions.json``, ``predictions.csv``, polygons and cutouts where they are wanted, ``classes.txt``,
``drawn/``, maps as PNG files where the network gives some (`runtime.predict.output.write_maps`), ``failed.json`` where
files failed, ``.frames/`` with the rows of each video, and ``.progress.jsonl``, by which a killed prediction goes on.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from saccade.core.errors import SaccadeError
from saccade.core.threshold import UNMEASURED
from saccade.runtime.files.cutouts import check_cutouts
from saccade.runtime.files.inputs import readable_name
from saccade.runtime.files.journal import Journal, fingerprint
from saccade.runtime.files.prediction_table import HEADER, HEADER_OF_FRAMES, rows_of
from saccade.runtime.files.settings import PredictSettings
from saccade.runtime.predict.polygons import ALL, write_all
from saccade.runtime.predict.predictor import Predictor
from saccade.safe_io.documents.csv_file import write_csv
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import replacing, write_text

Entry = dict[str, Any]


class PredictionFolder:
    """Answers by file, those of earlier calls among them; the folder is this process's own until `close`.

    Args:
        predictor: The network in use.
        out: The folder; it is made.
        settings: How files are predicted.
        aliases: What files are called that are called otherwise than by their place.

    Attributes:
        failed: Errors by file, of this call.
        torn: Entries of videos that failed after some frames, of this call.

    Raises:
        ConfigError: The folder holds predictions of another making, or is in use; or there is nothing to cut out.
    """

    def __init__(
        self, predictor: Predictor, out: Path, settings: PredictSettings, aliases: Mapping[Path, str] | None = None
    ) -> None:
        check_cutouts(predictor.engine.gives, settings)
        self.out, self.failed, self._aliases = out, dict[Path, SaccadeError](), aliases or {}
        self._classes, self._csv = predictor.classes, settings.csv
        self._polygons = predictor.vocabularies if settings.polygons else None
        kinds = {"threshold": settings.threshold, "batch": settings.batch, "drawn": settings.drawn}
        kinds |= {name: True for name in ("cutouts", "box_crops") if getattr(settings, name)}
        if settings.threshold is None and predictor.engine.drawn_from != UNMEASURED:
            kinds["drawn_from"] = predictor.engine.drawn_from
        self._journal = Journal(out, fingerprint(predictor, **kinds, polygons=settings.polygons, every=settings.every))
        self.torn: dict[Path, Entry] = {}

    def called(self, file: Path) -> str:
        """What entries and errors call a file."""
        return self._aliases.get(file) or readable_name(file)

    def prediction(self, file: Path) -> Entry | None:
        """The entry of a file that is done, or None; that of a video says where its rows are."""
        entry = self._journal.prediction(file)
        return None if entry is None or ("rows" in entry and not (self.out / entry["rows"]).is_file()) else entry

    def add(self, predictions: Mapping[Path, Entry | SaccadeError], torn: Mapping[Path, Entry] | None = None) -> None:
        """Answers to some files, or errors; what belongs to them is on disk already.

        Args:
            predictions: What was found.
            torn: Entries of videos that failed after some frames, which are told of in this call alone.
        """
        for file, prediction in predictions.items():
            self.failed.pop(file, None)
            self.torn.pop(file, None)
            if isinstance(prediction, SaccadeError):
                prediction.path = self._aliases.get(file, prediction.path)
                self.failed[file] = prediction
        self._journal.add(
            {f: prediction for f, prediction in predictions.items() if not isinstance(prediction, SaccadeError)}
        )
        self.torn |= torn or {}

    def conclude(self, files: Sequence[Path]) -> None:
        """Writes what was found of some files, in their order; videos stand there frame by frame."""
        write_text(self.out / "classes.txt", "".join(f"{name}\n" for name in self._classes))
        errors = [{"file": self.called(f), "found": e.what, "cure": e.cure} for f, e in sorted(self.failed.items())]
        if errors:
            write_text(self.out / "failed.json", to_json(errors, indent=1))
        else:
            (self.out / "failed.json").unlink(missing_ok=True)
        with replacing(self.out / "predictions.json") as partial, partial.open("w", encoding="utf-8") as file:
            lead = "[\n"
            for line in self._lines(files):
                file.write(lead + line)
                lead = ",\n"
            file.write("[\n\n]\n" if lead == "[\n" else "\n]\n")
        self._write_table(files)
        self._write_polygons(files)

    def entries(self, files: Sequence[Path]) -> Iterator[Entry]:
        """The entries of ``predictions.json`` as values, one after the other."""
        return map(json.loads, self._lines(files))

    def close(self) -> None:
        """Gives the folder back."""
        self._journal.close()

    def _lines(self, files: Sequence[Path]) -> Iterator[str]:
        """The entries of ``predictions.json``, one a picture and one a frame; a video's are never held all at once."""
        for file in files:
            entry = self.prediction(file) or self.torn.get(file)
            if entry is not None and "rows" in entry:
                with (self.out / entry["rows"]).open(encoding="utf-8") as rows:
                    yield from (row.rstrip("\n") for row in rows)
            elif entry is not None:
                yield to_json(entry)

    def _write_polygons(self, files: Sequence[Path]) -> None:
        """Writes all polygons in COCO's form, or takes those of former predictions away."""
        if self._polygons is None:
            (self.out / ALL).unlink(missing_ok=True)
            return
        entries = (entry for entry in map(self.prediction, files) if entry is not None and "polygons" in entry)
        documents = ((e["file"], json.loads((self.out / e["polygons"]).read_text(encoding="utf-8"))) for e in entries)
        write_all(documents, self.out, self._polygons)

    def _write_table(self, files: Sequence[Path]) -> None:
        """Writes the predictions as a table, or takes the table of former predictions away."""
        path = self.out / "predictions.csv"
        if not self._csv:
            path.unlink(missing_ok=True)
            return
        entries = self.entries(files)
        if any("rows" in (self.prediction(file) or self.torn.get(file) or {}) for file in files):
            table = ((*row, e.get("frame"), e.get("time")) for e in entries for row in rows_of(e, self._classes))
            write_csv(path, HEADER_OF_FRAMES, table)
        else:
            write_csv(path, HEADER, (row for e in entries for row in rows_of(e, self._classes)))

    def __enter__(self) -> "PredictionFolder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
