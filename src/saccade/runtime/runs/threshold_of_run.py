"""From which score on the objects that a run finds are worth showing: where F1 was greatest in its last validation."""

from saccade.core.errors import DataError
from saccade.core.threshold import UNMEASURED
from saccade.metrics.evaluation import Evaluation
from saccade.runtime.runs.run_folder import RunFolder
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import remove, write_text


def keep_threshold(folder: RunFolder, found: Evaluation | None) -> None:
    """Write the threshold that an evaluation found as ``threshold.json``; one that stood there before goes."""
    if found is None or found.threshold is None:
        remove(folder.threshold)
        return
    record = {**found.threshold._asdict(), "pictures": found.pictures}
    write_text(folder.threshold, to_json(record, indent=1) + "\n")


def threshold_of(folder: RunFolder) -> float:
    """The score that a run keeps; `UNMEASURED` where it keeps none.

    Raises:
        DataError: The file holds something else.
    """
    if not folder.threshold.is_file():
        return UNMEASURED
    found = load_json(folder.threshold)
    score = found.get("score") if isinstance(found, dict) else None
    if not isinstance(score, int | float) or not 0 <= score <= 1:
        raise DataError("a score from 0 to 1", repr(score), path=folder.threshold, cure="remove the file")
    return float(score)
