"""Bytes of a file of the user's, read once and never more than a limit, and what kind of file they look like."""

import codecs
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from saccade.core.errors import DataError

# First bytes, at their offsets, of the kinds that turn up under a picture's name.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, codecs.BOM_UTF32_LE, "text in UTF-32"),
    (0, codecs.BOM_UTF16_LE, "text in UTF-16"),
    (0, codecs.BOM_UTF16_BE, "text in UTF-16"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"II+\x00", "TIFF"),
    (0, b"MM\x00+", "TIFF"),
    (8, b"WEBP", "WebP"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypavif", "AVIF"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS"),
    (0, b"8BPS", "Photoshop"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"PK\x03\x04", "zip archive"),
    (0, b"\x1f\x8b", "gzip archive"),
    (0, b"\x80\x02", "pickle"),
    (0, b"version https://git-lfs", "Git LFS pointer, not the file itself"),
)


def read_bytes(path: str | Path, limit: int) -> bytes:
    """All bytes of a file.

    Raises:
        DataError: The file cannot be read, or is larger than `limit` bytes.
    """
    path = Path(path)
    with readable(path):
        size = path.stat().st_size
        if size > limit:
            raise DataError(f"a file of at most {limit} bytes", size, path=path)
        return path.read_bytes()


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that the system refuses to look up, such as one too long, is none."""
    try:
        return path.is_file()
    except OSError:
        return False


@contextmanager
def readable(path: Path) -> Generator[None]:
    """Reading inside the block fails with an error that names the path and the cure.

    Raises:
        DataError: The system refused to read the file.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise DataError("a file", "none", path=path, cure="restore it, or unlist it") from error
    except OSError as error:
        raise DataError(
            "a readable file",
            f"{error.strerror or error} ({str(path)!r})",
            path=path,
            cure="mend its name, its link or its permissions",
        ) from error


def decode_text(data: bytes, path: str | Path, what: str = "text") -> str:
    """The text of a file in UTF-8.

    Args:
        data: The file's bytes.
        path: Its name, for the error.
        what: What is expected, in a word.

    Raises:
        DataError: It is in another encoding, or no text.
    """
    kind = kind_of(data)
    cure = "save it in UTF-8 (in an editor: Save with encoding), or convert it: iconv -f {} -t UTF-8 FILE > NEW"
    if kind.startswith("text in"):
        raise DataError(f"{what} in UTF-8", kind, path=path, cure=cure.format(kind.removeprefix("text in ")))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, odd = data.count(b"\n", 0, error.start) + 1, data[error.start : error.start + 4]
        if b"\0" in data[:512]:
            raise DataError(f"{what} in UTF-8", kind, path=path, line=line) from error
        found = f"text in another encoding (bytes {odd.hex(' ')})"
        raise DataError(f"{what} in UTF-8", found, path=path, line=line, cure=cure.format("WINDOWS-1252")) from error


def kind_of(data: bytes) -> str:
    """What a file looks like from its first bytes, in words such as ``JPEG``, ``text`` or ``empty file``."""
    if not data:
        return "empty file"
    for offset, signature, name in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return name
    head = data[:512]
    if any(set(head[start::2]) == {0} and 0 not in head[1 - start :: 2] for start in (0, 1)):
        return "text in UTF-16"  # without a mark, of letters whose other byte is 0
    is_text = all(byte >= 32 or byte in b"\t\r\n\f" for byte in head)
    return "text" if is_text else "unknown binary data"
