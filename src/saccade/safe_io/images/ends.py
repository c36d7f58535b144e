"""Whether a picture's file reaches its end, told from its first and last bytes: nothing is decoded.

A file that was cut short by a broken copy or a full disk lacks the mark, or the bytes, that its format ends with. One
that seems so may yet be whole (some cameras write notes behind the end), so only decoding says for sure.
"""

import os
from pathlib import Path

from saccade.safe_io.files import readable
from saccade.safe_io.images.arrays import MAGIC
from saccade.safe_io.images.pillow import PNG_END

_HEAD, _TAIL = 32, 64
_PADDING = b"\0\r\n"  # what some writers fill the last block with


def seems_whole(path: Path) -> bool:
    """Whether a file begins as a picture of a known format and ends as that format does.

    JPEG, PNG and GIF end with a mark; WebP and BMP say their length. Arrays (``.npy``) count as whole: their header
    is compared with their length wherever their size is asked for. Nothing can be told of TIFF, PPM and what is no
    picture: they do not seem whole.

    Raises:
        DataError: The file cannot be read.
    """
    with readable(path), path.open("rb") as file:
        head = file.read(_HEAD)
        length = os.fstat(file.fileno()).st_size
        file.seek(max(length - _TAIL, 0))
        tail = file.read()
    if head.startswith(b"\xff\xd8\xff"):
        return tail.rstrip(_PADDING).endswith(b"\xff\xd9")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG_END in tail
    if head.startswith(b"GIF8"):
        return tail.rstrip(_PADDING).endswith(b";")
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return int.from_bytes(head[4:8], "little") + 8 <= length
    if head.startswith(b"BM"):
        return int.from_bytes(head[10:14], "little") < int.from_bytes(head[2:6], "little") <= length
    return head.startswith(MAGIC)
