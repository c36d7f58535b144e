"""Text of the user's, line by line."""

from pathlib import Path

from saccade.core.errors import DataError
from saccade.safe_io.files import decode_text, read_bytes
from saccade.safe_io.limits import MAX_TEXT_BYTES


def load_lines(path: str | Path) -> list[str]:
    """The lines of a file in UTF-8, without their ends.

    Raises:
        DataError: The file cannot be read, is too large, or is no text in UTF-8.
    """
    data = read_bytes(path, MAX_TEXT_BYTES)
    text = decode_text(data, path)
    if "\0" in text:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise DataError("text in UTF-8", "a zero byte", path=path, line=line)
    # Only line feeds count, as in an editor; str.splitlines would also break at rarer signs.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
