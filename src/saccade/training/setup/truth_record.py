"""``truth.json``: what the data said when a run began, so that one that goes on learns from the same."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from saccade.data.datasets.truth_digest import digest_differences, truth_digest
from saccade.runtime.runs.run_folder import RunFolder
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.writing.atomic import write_text
from saccade.training.setup.data import Data


def write_truth(folder: RunFolder, data: Data) -> None:
    """Write down what the data of a training say; nothing where they cannot tell."""
    record = {side: digest for side, digest in _digests(data).items() if digest is not None}
    if record:
        write_text(folder.truth, json.dumps({"val": data.val_name, **record}))


def changes_of_truth(folder: RunFolder, config: Mapping[str, Any], data: Data, say: Callable[[str], None]) -> list[str]:
    """In words what the data say otherwise than when the run began.

    Args:
        folder: The run.
        config: Its ``config.yaml``; data of another name are no change of the truth.
        data: The data now.
        say: Takes a line where nobody can tell.
    """
    if not folder.truth.is_file():
        if any(digest is not None for digest in _digests(data).values()):
            say(f"note: the run has no {folder.truth.name}: whether its data have changed since it began is not known")
        return []
    before, after = load_json(folder.truth), _digests(data)
    same = {"training": config.get("data") == data.name, "validation": before.get("val") == data.val_name}
    return [
        f"{side} data: {line}"
        for side, digest in after.items()
        if same[side] and digest is not None and side in before
        for line in digest_differences(before[side], digest)
    ]


def _digests(data: Data) -> dict[str, dict[str, Any] | None]:
    return {"training": truth_digest(data.train), "validation": None if data.val is None else truth_digest(data.val)}
