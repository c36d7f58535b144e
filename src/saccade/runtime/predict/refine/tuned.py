"""Parameters of refinements that were found for a run, in its folder."""

from collections.abc import Mapping
from typing import Any, cast

from saccade.core.errors import DataError, UsageError
from saccade.heads.pixels.refined import Refiner
from saccade.runtime.predict.refine.table import At, refinement
from saccade.runtime.runs.run_folder import RunFolder
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.plain import to_json
from saccade.safe_io.writing.atomic import write_text


def refiner_of(said: str | Refiner, changes: Mapping[str, Any] | None, at: At, folder: RunFolder) -> Refiner:
    """The refinement that is meant: a filter itself, or the one of a name.

    Of a name, parameters that were found for the run count before the defaults, and those that are said before both.

    Args:
        said: A name, or a filter.
        changes: Parameters by name.
        at: Where it refines; what was found elsewhere does not count there, since it speaks of other pixels.
        folder: The run's folder.

    Raises:
        UsageError: There is no such refinement or parameter, or parameters are said of a filter.
        DataError: What was found for the run cannot be read.
    """
    if isinstance(said, str):
        return refinement(said, tuned(folder, said, at), changes or {})
    if changes:
        raise UsageError("parameters of a refinement that is named", "parameters beside a filter")
    return said


def tuned(folder: RunFolder, name: str, at: At = "picture") -> dict[str, Any]:
    """Parameters that were found for a run; none where none were sought.

    Raises:
        DataError: They cannot be read.
    """
    found = _records(folder).get(name)
    if found is None or found.get("at") != at:
        return {}
    parameters = found.get("parameters")
    if not isinstance(parameters, dict):
        raise DataError("parameters by name", repr(parameters), path=folder.refinements, cure="remove the file")
    return cast("dict[str, Any]", parameters)


def keep_tuned(folder: RunFolder, name: str, record: Mapping[str, Any]) -> None:
    """Write what was found for a run; that of other refinements stays.

    Args:
        folder: The run's folder.
        name: The refinement.
        record: ``at``, ``parameters``, and what speaks for them.
    """
    write_text(folder.refinements, to_json({**_records(folder), name: record}, indent=1) + "\n")


def _records(folder: RunFolder) -> dict[str, dict[str, Any]]:
    if not folder.refinements.is_file():
        return {}
    found = load_json(folder.refinements)
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in cast("dict[str, Any]", found).values()):
        raise DataError("records by name", type(found).__name__, path=folder.refinements, cure="remove the file")
    return cast("dict[str, dict[str, Any]]", found)
