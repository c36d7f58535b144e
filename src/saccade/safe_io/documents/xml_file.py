"""XML of the user's as a tree that knows its lines; no document type, entity or reference outside is ever followed."""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from saccade.core.errors import DataError
from saccade.safe_io.files import kind_of, read_bytes
from saccade.safe_io.limits import MAX_XML_BYTES, MAX_XML_DEPTH, MAX_XML_ELEMENTS

_DECLARED = re.compile(
    rb"""\s*<\?xml[^>]*encoding\s*=\s*["'](gb2312|gbk|gb18030|big5|shift_jis|euc-jp|euc-kr|windows-125\d|cp125\d|koi8-r)["']""",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Element:
    """One element with its place.

    Attributes:
        tag: Its name.
        path: The file.
        line: Where it begins, counted from 1.
        text: The text directly in it, without the space around.
        children: The elements directly in it, in order.
        annotation_id: Identifier of the annotation it belongs to, where known.
    """

    tag: str
    path: Path
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list["Element"])
    annotation_id: int | None = None

    def wrong(self, expected: str, found: object, cure: str | None = None) -> DataError:
        """The error to raise about this element."""
        return DataError(expected, found, path=self.path, line=self.line, annotation_id=self.annotation_id, cure=cure)

    def all(self, tag: str) -> list["Element"]:
        """The elements of a name directly in this one."""
        return [child for child in self.children if child.tag == tag]

    def find(self, tag: str) -> "Element | None":
        """The one element of a name directly in this one, or None.

        Raises:
            DataError: There are several.
        """
        found = self.all(tag)
        for element in found:
            element.annotation_id = self.annotation_id
        if len(found) > 1:
            raise found[1].wrong(f"one <{tag}> in <{self.tag}>", len(found))
        return found[0] if found else None

    def get(self, tag: str) -> "Element":
        """The one element of a name directly in this one.

        Raises:
            DataError: There is none, or several.
        """
        found = self.find(tag)
        if found is None:
            inside = ", ".join(f"<{child.tag}>" for child in self.children[:8]) or "nothing"
            raise self.wrong(f"<{tag}> in <{self.tag}>", inside)
        return found

    def number(self) -> float:
        """The text as a finite number.

        Raises:
            DataError: It is none.
        """
        try:
            value = float(self.text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.wrong(f"a finite number in <{self.tag}>", repr(self.text[:80]))
        return value


def load_xml(path: str | Path) -> Element:
    """The root element of an XML file.

    Raises:
        DataError: The file cannot be read, is too large, too deep or of too many elements, is no XML, or declares a
            document type (entities can stand for gigabytes, or for other files).
    """
    path = Path(path)
    data, encoding = _readable(path)
    tree = _Tree(path, encoding)
    try:
        tree.parser.Parse(data, True)
    except expat.ExpatError as error:
        message = expat.ErrorString(error.code)
        found = message if data.lstrip()[:1] == b"<" else f"{message} ({kind_of(data)})"
        raise DataError(
            "XML",
            f"a fault at column {error.offset + 1}: {found}",
            path=path,
            line=error.lineno,
            cure=_cure(data),
        ) from error
    except (LookupError, ValueError) as error:  # An encoding that Python does not know, or of several bytes.
        raise DataError("XML in UTF-8", error, path=path) from error
    finally:
        tree.parser = None  # It holds the tree, which holds it: only the collector would find them.
    return tree.root


def _readable(path: Path) -> tuple[bytes, str | None]:
    """The file in UTF-8 where its first line names one of the encodings that expat has no table of."""
    data = read_bytes(path, MAX_XML_BYTES)
    declared = _DECLARED.match(data[:200])
    if declared is None:
        return data, None
    try:
        return data.decode(declared[1].decode()).encode(), "utf-8"
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"text in {declared[1].decode()}, as declared", "other bytes", path=path, line=line) from error


def _cure(data: bytes) -> str:
    try:
        data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return "write it in UTF-8, or name its encoding in the first line: <?xml version='1.0' encoding='ISO-8859-1'?>"
    return "the file may be cut short: write or download it again"


class _Tree:
    """The tree while it grows."""

    def __init__(self, path: Path, encoding: str | None) -> None:
        self.path, self.count = path, 0
        self.open = [Element("", path, 1)]
        self.texts: list[list[str]] = [[]]
        self.parser: Any = expat.ParserCreate(encoding)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype

    @property
    def root(self) -> Element:
        """The outermost element."""
        return self.open[0].children[0]

    def start(self, tag: str, _: dict[str, str]) -> None:
        """An element begins; too many, or too deep, are refused."""
        element = Element(tag, self.path, self.parser.CurrentLineNumber)
        self.count += 1
        if len(self.open) > MAX_XML_DEPTH or self.count > MAX_XML_ELEMENTS:
            raise element.wrong(
                f"XML of at most {MAX_XML_ELEMENTS} elements, nested {MAX_XML_DEPTH} deep",
                "more",
                "the file is no annotation of one picture",
            )
        self.open[-1].children.append(element)
        self.open.append(element)
        self.texts.append([])

    def end(self, _: str) -> None:
        """The innermost element ends."""
        self.open.pop().text = "".join(self.texts.pop()).strip()

    def text(self, text: str) -> None:
        """Text of the innermost element."""
        self.texts[-1].append(text)

    def doctype(self, *_: object) -> None:
        """A document type, which could define entities, is refused."""
        line = self.parser.CurrentLineNumber
        raise DataError(
            "XML without a document type",
            "<!DOCTYPE",
            path=self.path,
            line=line,
            cure="delete the <!DOCTYPE …> part: entities are not read",
        )
