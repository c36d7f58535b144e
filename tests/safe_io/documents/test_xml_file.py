"""XML that somebody else made: a tree with lines, and nothing of what XML could do beyond it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saccade.core.errors import DataError
from saccade.safe_io.documents.xml_file import load_xml
from saccade.safe_io.limits import MAX_XML_DEPTH, MAX_XML_ELEMENTS

SOUND = b"<?xml version='1.0'?>\n<annotation>\n  <size>\n <width> 60 </width></size>\n<a/><a>x<b/>y</a></annotation>"


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_tree_with_lines(tmp_path: Path) -> None:
    root = load_xml(written(tmp_path / "a.xml", SOUND))
    width = root.get("size").get("width")
    assert (root.tag, width.text, width.number(), width.line) == ("annotation", "60", 60, 4)
    assert [one.text for one in root.all("a")] == ["", "xy"]
    assert root.find("absent") is None
    with pytest.raises(DataError, match="<absent>") as caught:
        root.get("absent")
    assert caught.value.line == 2
    with pytest.raises(DataError, match="found 2"):
        root.get("a")


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "wide", "1,5"])
def test_what_is_no_number(text: str, tmp_path: Path) -> None:
    root = load_xml(written(tmp_path / "a.xml", f"<a>\n<b>{text}</b></a>".encode()))
    with pytest.raises(DataError, match="finite number") as caught:
        root.get("b").number()
    assert caught.value.line == 2


BOMB = b'<!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><z>&b;</z>'


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        b'<!DOCTYPE z [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<z>&a;</z>',
        b'<!DOCTYPE z SYSTEM "http://localhost/z.dtd"><z/>',
        b"<!DOCTYPE z><z/>",
        b"<a>&undeclared;</a>",
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<a></b>",
        b"<a/><b/>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<a>\xff</a>",
        b"<a>" * (MAX_XML_DEPTH + 1) + b"</a>" * (MAX_XML_DEPTH + 1),
        b"<a>" + b"<b/>" * MAX_XML_ELEMENTS + b"</a>",
    ],
)
def test_what_is_refused(data: bytes, tmp_path: Path) -> None:
    path = written(tmp_path / "a.xml", data)
    with pytest.raises(DataError) as caught:
        load_xml(path)
    assert caught.value.path == str(path)


def test_the_place_of_a_break(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 6") as caught:
        load_xml(written(tmp_path / "a.xml", b"<a>\n<b></a>"))
    assert caught.value.line == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(SOUND) - 1), st.binary(max_size=3))
def test_broken_at_any_byte(tmp_path: Path, place: int, put: bytes) -> None:
    path = written(tmp_path / "a.xml", SOUND[:place] + put)
    try:
        load_xml(path)
    except DataError as found:
        error = found
    else:
        return
    assert error.path == str(path)
