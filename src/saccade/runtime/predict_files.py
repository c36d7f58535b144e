"""Answers to files on disk: a JSON of all and a drawing of each, written so that a kill costs little.

The folder of answers holds ``predictions.json``, ``predictions.csv`` where it is wanted, ``classes.txt``, ``drawn/``,
maps as PNG files where the network gives some (`runtime.answers.write_maps`), ``failed.json`` where pictures failed,
and ``.progress.jsonl``, by which a killed prediction goes on. A file is done when its line stands there; all else is
done anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.core.errors import SaccadeError
from saccade.core.input_spec import InputSpec
from saccade.runtime.answer_table import HEADER, rows_of
from saccade.runtime.buckets import buckets
from saccade.runtime.file_worker import Task, Worker
from saccade.runtime.inputs import find_pictures, readable_name, unique_names
from saccade.runtime.journal import Journal, fingerprint
from saccade.runtime.predictor import ROOM, Predictor
from saccade.trust.atomic import write_text
from saccade.trust.csv_file import write_csv
from saccade.trust.pictures import picture_size
from saccade.trust.plain import to_json


@dataclass(frozen=True)
class Outcome:
    """What a prediction of files left.

    Attributes:
        out: Folder of the answers.
        done: Files that have an answer.
        kept: How many of these were done before.
        failed: Errors by file.
    """

    out: Path
    done: int
    kept: int
    failed: dict[Path, SaccadeError]


def predict_files(
    predictor: Predictor,
    inputs: Iterable[str | Path],
    out: str | Path,
    threshold: float | None = None,
    batch: int = 16,
    drawn: bool = True,
    tell: Callable[[int, int], None] = lambda done, total: None,
    csv: bool = False,
) -> Outcome:
    """Answer files, folders and globs. Called again after a kill, it does what is missing.

    Args:
        predictor: The network in use.
        inputs: Files, folders (with all below them) and globs.
        out: Folder of the answers.
        threshold: Instances that score less are left out; None keeps all, and draws a detector's from .5 on.
        batch: Greatest number of pictures that go through the network together.
        drawn: Whether the answers are drawn.
        tell: Called with the number of files done and their total as the work goes on.
        csv: Whether ``predictions.csv`` is written too.

    Raises:
        DataError: An input names nothing.
        ConfigError: `out` holds answers of another network or with other settings.
        ResourceError: The disk is full.
    """
    out = Path(out)
    files = find_pictures(inputs, out)
    tasks = [Task(i, file, name) for i, (file, name) in enumerate(zip(files, unique_names(files), strict=True))]
    worker = Worker(predictor, out, threshold, batch, drawn)
    failed: dict[Path, SaccadeError] = {}
    with Journal(out, fingerprint(predictor, threshold=threshold, batch=batch, drawn=drawn)) as journal:
        done = kept = sum(journal.answer(file) is not None for file in files)
        tell(done, len(files))
        for answers in worker.run(_open_groups(tasks, predictor.system.input, batch, journal)):
            good = {file: answer for file, answer in answers.items() if not isinstance(answer, SaccadeError)}
            failed |= {file: answer for file, answer in answers.items() if isinstance(answer, SaccadeError)}
            journal.add(good)
            done += len(good)
            tell(done + len(failed), len(files))
        answers = [answer for answer in map(journal.answer, files) if answer is not None]
        _conclude(out, predictor.classes, answers, failed)
        _write_table(out / "predictions.csv", predictor.classes, answers if csv else None)
    return Outcome(out, done, kept, failed)


def _open_groups(
    tasks: Sequence[Task], spec: InputSpec, batch: int, journal: Journal
) -> Iterator[tuple[list[Task], list[Task]]]:
    """Groups of files of one size in which something is missing, and what is missing in each.

    The groups are those of an unbroken run, and go through the network as they are, the files that are done with them:
    in other company the last bits of an answer would differ.
    """

    def size(task: Task) -> tuple[int, int] | None:
        answer = journal.answer(task.file)
        try:
            found = picture_size(task.file, spec.channels) if answer is None else answer["size"]
        except SaccadeError:
            return None  # it fails when it is read, which tells why
        return spec.padded(spec.frame((found[0], found[1])).target)

    sized = ((task, size(task)) for task in tasks)
    groups = buckets(sized, lambda s: s[1], lambda s: s[1][0] * s[1][1] if s[1] else 0, batch, ROOM // 4)
    for group in groups:
        whole = [task for task, _ in group]
        missing = [task for task in whole if journal.answer(task.file) is None]
        if missing:
            yield whole, missing


def _conclude(
    out: Path,
    classes: Sequence[str],
    answers: Sequence[dict[str, Any]],
    failed: Mapping[Path, SaccadeError],
) -> None:
    write_text(out / "classes.txt", "".join(f"{name}\n" for name in classes))
    errors = [{"file": readable_name(f), "found": e.what, "cure": e.hint} for f, e in sorted(failed.items())]
    if errors:
        write_text(out / "failed.json", to_json(errors, indent=1))
    else:
        (out / "failed.json").unlink(missing_ok=True)
    lines = ",\n".join(to_json(answer) for answer in answers)
    write_text(out / "predictions.json", f"[\n{lines}\n]\n")


def _write_table(path: Path, classes: Sequence[str], answers: Sequence[dict[str, Any]] | None) -> None:
    """Writes the answers as a table, or takes the table of former answers away."""
    if answers is None:
        path.unlink(missing_ok=True)
    else:
        write_csv(path, HEADER, (row for answer in answers for row in rows_of(answer, classes)))
