"""JSON of the user's, with the line and column of what is wrong."""

import json
from pathlib import Path
from typing import Any

from saccade.core.errors import DataError
from saccade.safe_io.files import decode_text, read_bytes
from saccade.safe_io.limits import MAX_JSON_BYTES


def load_json(path: str | Path) -> Any:
    """The value of a JSON file in UTF-8.

    Raises:
        DataError: The file cannot be read, is too large, is no JSON or is nested too deeply.
    """
    data = read_bytes(path, MAX_JSON_BYTES)
    try:
        return json.loads(decode_text(data, path, "JSON"))
    except json.JSONDecodeError as error:
        raise DataError(
            "JSON",
            f"a fault at column {error.colno}: {error.msg}",
            path=path,
            line=error.lineno,
            cure="the file may be cut short: write or download it again",
        ) from error
    except RecursionError as error:
        raise DataError(
            "JSON nested less deeply", "too many brackets", path=path, cure="the file is no annotation"
        ) from error
    except ValueError as error:  # A number of more digits than Python converts.
        raise DataError("JSON of ordinary numbers", error, path=path) from error
