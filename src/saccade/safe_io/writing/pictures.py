"""Pictures that were drawn, as files."""

from pathlib import Path

from PIL import Image

from saccade.safe_io.writing.atomic import replacing


def write_png(picture: Image.Image, path: str | Path) -> None:
    """Write a picture as PNG, whole or not at all; folders above it are made.

    Raises:
        ResourceError: The disk is full.
        UsageError: `path` is there and no file.
    """
    with replacing(path) as partial:
        picture.save(partial, format="PNG")
