"""Many pictures on one page."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from saccade.core.errors import UsageError
from saccade.view.drawing.lettering import fitted, font

_GAP, _LETTERS = 10, 14
_PAPER, _INK = (255, 255, 255), (31, 41, 51)


def sheet(images: Sequence[Image.Image], captions: Sequence[str] = (), columns: int = 4) -> Image.Image:
    """A page of pictures in rows, each in the middle of a cell as large as the largest, its caption below.

    Args:
        images: RGB pictures of any sizes.
        captions: A text for each picture, cut where it is wider than its cell, or none at all.
        columns: Pictures in a row.

    Raises:
        UsageError: There are captions, but not one for each picture, or there is no column.
    """
    if (captions and len(captions) != len(images)) or columns < 1:
        raise UsageError(
            "one caption for each picture of a sheet, and one column at least",
            f"{len(images)} pictures, {len(captions)} captions, {columns} columns",
        )
    width = max((image.width for image in images), default=0)
    height = max((image.height for image in images), default=0)
    line = _LETTERS + 8 if captions else 0
    columns = max(min(columns, len(images)), 1)
    rows = -(-len(images) // columns)
    size = (columns * (width + _GAP) + _GAP, rows * (height + line + _GAP) + _GAP)
    page = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(page)
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        left, top = _GAP + column * (width + _GAP), _GAP + row * (height + line + _GAP)
        page.paste(image, (left + (width - image.width) // 2, top + (height - image.height) // 2))
        if captions:
            text = fitted(captions[place], width, _LETTERS)
            pen.text((left + width / 2, top + height + line / 2), text, fill=_INK, font=font(_LETTERS), anchor="mm")
    return page
