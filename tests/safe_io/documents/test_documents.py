"""JSON, YAML and names of files from outside: what is wrong is said with its place."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.errors import DataError
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.yaml_file import load_yaml
from saccade.safe_io.paths import inside


def write(folder: Path, content: bytes | str) -> Path:
    path = folder / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_json_is_read_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert load_json(write(tmp_path, b"\xef\xbb\xbf" + b'{"a": [1, 2.5, "\xc3\xa9"]}')) == {"a": [1, 2.5, "é"]}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"a": 1,\n"b": }', 2),
        ("", 1),
        ("[1,\n2,\n", 3),
        (b"\n\n\xff\xfe", 3),
        ("[" * 1_000_000, None),
        ("9" * 100_000, None),
    ],
)
def test_broken_json_names_file_and_line(content: bytes | str, line: int | None, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError) as caught:
        load_json(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_json_cut_anywhere_is_a_data_error(tmp_path: Path) -> None:
    text = json.dumps({"images": [{"id": i, "file_name": f"é{i}.jpg"} for i in range(30)]}, ensure_ascii=False).encode()
    for cut in range(0, len(text) - 1, 50):
        with pytest.raises(DataError) as caught:
            load_json(write(tmp_path, text[:cut]))
        assert caught.value.line == 1


def test_yaml_values(tmp_path: Path) -> None:
    assert load_yaml(write(tmp_path, "a: [1, 2]\nb: {c: x}\n")) == {"a": [1, 2], "b": {"c": "x"}}
    assert load_yaml(write(tmp_path, "")) is None


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: 1\nb: [", 2),
        ("a: 1\nb: !!python/object/apply:os.system [ls]", 2),
        ("a: 1\na: 2", 2),
        ("a: &x [1]\nb: *x", 2),
        (b"a: \xff", 1),
        ("a: \x07", None),
        ("[" * 20_000, None),
    ],
)
def test_broken_or_active_yaml_is_refused(content: bytes | str, line: int | None, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError) as caught:
        load_yaml(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_yaml_or_a_data_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = write(tmp_path_factory.getbasetemp(), text.encode("utf-8", "surrogatepass"))
    try:
        load_yaml(path)
        found = str(path)
    except DataError as error:
        found = error.path
    assert found == str(path)


def test_names_inside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert inside(tmp_path, "real/a b..jpg") == tmp_path / "real/a b..jpg"
    assert inside(tmp_path, "link/a.jpg") == tmp_path / "link/a.jpg"


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../a", "a/../../b", "a\\..\\b", "C:\\a", "\\\\host\\a", "a\0b", "out/a", "circle/a"]
)
def test_names_outside_the_folder_are_refused(name: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    (root / "circle").symlink_to(root / "circle")
    with pytest.raises(DataError):
        inside(root, name)
