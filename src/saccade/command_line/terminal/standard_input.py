"""The picture or video that comes on the standard input, where a command is given ``-`` in place of a file."""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from saccade.core.errors import DataError, UsageError
from saccade.safe_io.files import kind_of
from saccade.safe_io.limits import MAX_PICTURE_BYTES

TYPED, CALLED = "-", "<stdin>"


@contextmanager
def standard_input_as_file(inputs: Sequence[str]) -> Generator[tuple[list[str | Path], dict[Path, str]]]:
    """The inputs, with a file that lasts as long as the block in the place of ``-``, and what that file is called.

    Raises:
        UsageError: Nothing is piped in.
        DataError: Nothing came, or too much.
    """
    if TYPED not in inputs:
        yield list(inputs), {}
        return
    data = _read()
    with TemporaryDirectory(prefix="saccade-") as folder:
        file = Path(folder) / f"stdin{'.jpg' if kind_of(data) == 'JPEG' else ''}"
        file.write_bytes(data)
        yield [file if one == TYPED else one for one in inputs], {file: CALLED}


def _read() -> bytes:
    if sys.stdin.isatty():
        raise UsageError("a picture on the standard input", "a terminal", cure="pipe one in: saccade … - < photo.jpg")
    data = sys.stdin.buffer.read(MAX_PICTURE_BYTES + 1)
    if not 0 < len(data) <= MAX_PICTURE_BYTES:
        found = "more" if data else "nothing"
        raise DataError(f"1 to {MAX_PICTURE_BYTES} bytes of a picture", found, path=CALLED)
    return data
