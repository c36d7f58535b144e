"""One annotation of Pascal VOC's format, checked and in our frame."""

from dataclasses import dataclass

from saccade.core.errors import DataError
from saccade.data.formats.common.defect_report import Report, telling
from saccade.data.formats.common.origin import Box, clip
from saccade.data.formats.common.wrong_numbers import WrongBox
from saccade.safe_io.documents.xml_file import Element
from saccade.safe_io.limits import MAX_PIXELS


@dataclass(frozen=True)
class Row:
    """One object.

    Attributes:
        box: x1, y1, x2, y2, clipped to the picture.
        name: Its class.
        line: Where the class is named.
        difficult: Whether evaluation ignores it.
        place: Its place among the file's objects, from 0: the number less one of its pixels in SegmentationObject.
        given: The box before it was clipped; None where nothing was cut off.
    """

    box: Box
    name: str
    line: int
    difficult: bool
    place: int
    given: Box | None = None


def read_size(root: Element) -> tuple[int, int] | None:
    """(H, W) as declared; None where nothing is.

    Raises:
        DataError: It is no size of a picture.
    """
    size = root.find("size")
    if size is None:
        return None
    height, width = (_whole(size.get(name)) for name in ("height", "width"))
    if height * width > MAX_PIXELS:
        raise size.wrong(f"a picture of at most {MAX_PIXELS} pixels", f"{width}x{height}")
    return height, width


def read_rows(root: Element, size: tuple[int, int], report: Report) -> list[Row]:
    """The objects of a picture of `size` (H, W).

    Args:
        root: The annotation.
        size: (H, W) of its picture.
        report: Told of every defect; if it returns, the faulty object is left out.
    """
    rows: list[Row] = []
    for place, node in enumerate(root.all("object")):
        node.annotation_id = place + 1
        with telling(report):
            (box, given), name = _box(node.get("bndbox"), size), read_name(node)
            rows.append(Row(box, name.text, name.line, _difficult(node), place, given))
    return rows


def read_name(node: Element) -> Element:
    """The element that names an object's class.

    Raises:
        DataError: It has none.
    """
    name = node.get("name")
    if not name.text:
        raise name.wrong("the name of a class", "none")
    return name


def _whole(node: Element) -> int:
    value = node.number()
    if value != int(value) or value <= 0:
        raise node.wrong(
            f"a whole number above 0 in <{node.tag}>",
            node.text,
            "write the picture's size, or delete <size>: then the picture's header tells it",
        )
    return int(value)


def _box(node: Element, size: tuple[int, int]) -> tuple[Box, Box | None]:
    """VOC names the first and the last pixel of a box, counted from 1; we name its edges."""
    xmin, ymin, xmax, ymax = (node.get(name).number() for name in ("xmin", "ymin", "xmax", "ymax"))
    numbers = (xmin, ymin, xmax, ymax)
    said = ", ".join(f"{number:g}" for number in numbers)
    if xmax < xmin or ymax < ymin:
        flat = node.wrong("xmin <= xmax and ymin <= ymax", said, "mend or delete the object")
        raise flat.with_evidence(WrongBox(numbers))
    box, given = clip((xmin - 1, ymin - 1, xmax, ymax), size)
    x1, y1, x2, y2 = box
    if x2 <= x1 or y2 <= y1:
        inside = f"a box inside the picture of {size[1]}x{size[0]}"
        outside = node.wrong(inside, said, "mend or delete the object")
        raise outside.with_evidence(WrongBox(numbers, size))
    return box, given


def _difficult(node: Element) -> bool:
    flag = node.find("difficult")
    if flag is not None and flag.text not in ("", "0", "1"):
        raise flag.wrong("0 or 1 in <difficult>", repr(flag.text[:80]))
    return flag is not None and flag.text == "1"


def check_root(root: Element) -> None:
    """Whether a file is an annotation of this format.

    Raises:
        DataError: It is another kind of XML.
    """
    if root.tag != "annotation":
        raise DataError("<annotation> as the root", f"<{root.tag[:80]}>", path=root.path, line=root.line)
