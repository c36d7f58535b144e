"""MATLAB's files of others: read whole, or refused before they take memory or crash."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat
from scipy.sparse import csc_array

from saccade.core.errors import DataError
from saccade.safe_io.documents.mat_file import dense, load_mat

HEADER = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM"


def saved(path: Path, packed: bool = True) -> Path:
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "name": "word"}, np.zeros((0, 0))
    savemat(path, {"cells": cells, "x": 1.5}, do_compression=packed)
    return path


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(sizes: tuple[int, ...], content: bytes = b"", kind: int = 1) -> bytes:
    flags, shape = element(6, struct.pack("<II", kind, 0)), element(5, struct.pack(f"<{len(sizes)}i", *sizes))
    return element(14, flags + shape + element(1, b"x") + content)


@pytest.mark.parametrize("packed", [True, False])
def test_what_was_saved(packed: bool, tmp_path: Path) -> None:
    found = load_mat(saved(tmp_path / "a.mat", packed))
    assert set(found) == {"cells", "x"}
    assert found["cells"][0, 0]["a"][0, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["x"].item() == 1.5


def deep(levels: int) -> bytes:
    content = matrix((0, 0))
    for _ in range(levels):
        content = matrix((1, 1), content)
    return content


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty file"),
        (b"text of somebody", "text"),
        (HEADER[:125] + b"\x02IM", "version"),
        (HEADER + b"\x01", "cut short"),
        (HEADER + element(14, b"12345678"), "cut short|flags"),
        (HEADER + matrix((30000, 30000)), "30000x30000"),
        (HEADER + matrix((1, 2**30), kind=4), "bytes"),
        (HEADER + matrix((-1, 1)), "-1x1"),
        (HEADER + matrix((1, 1), kind=5), "1x1"),
        (HEADER + deep(200), "deep"),
        (HEADER + element(15, zlib.compress(bytes(2**22))), "unpacked"),
        (HEADER + element(15, zlib.compress(bytes(2**10))[:-8]), "cut short"),
        (HEADER + element(15, b"no zlib"), "whole"),
    ],
)
def test_what_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(data)
    with pytest.raises(DataError, match=words) as caught:
        load_mat(path, 2**20)
    assert caught.value.path == str(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.floats(0, 1), st.binary(max_size=4), st.booleans())
def test_changed_at_any_byte(tmp_path: Path, packed: bool, share: float, put: bytes, cut: bool) -> None:
    path = tmp_path / "a.mat"
    data = saved(path, packed).read_bytes()
    place = int(share * len(data))
    path.write_bytes(data[:place] + put + (b"" if cut else data[place + len(put) :]))
    try:
        load_mat(path, 2**20)
    except DataError as found:
        error = found
    else:
        return
    assert error.path == str(path)


def row(flags: int, sizes: tuple[int, ...], *content: bytes) -> bytes:
    start = element(6, struct.pack("<II", flags, 0)) + element(5, struct.pack(f"<{len(sizes)}i", *sizes))
    return HEADER + element(14, start + element(1, b"x") + b"".join(content))


ONE = struct.pack("<d", 1.0)


@pytest.mark.parametrize(
    ("flags", "sizes", "content"),
    [
        (6, (1, 1), [element(0x409, ONE)]),  # No type of numbers.
        (6, (1, 1), [element(19, ONE)]),
        (6 | 0x800, (1, 1), [element(9, ONE)]),  # Complex, and nothing imaginary.
        (4, (), [element(16, b"a")]),  # Text of no sides.
        (4, (1,), [element(16, b"a")]),
        (1, (1, 2), [matrix((0, 0))]),  # A cell too few.
        (2, (1, 1), [element(5, struct.pack("<i", 0)), element(1, b"")]),  # Names of no length.
        (2, (1, 1), [element(5, struct.pack("<i", 8)), element(1, b"a".ljust(8, b"\0"))]),  # A field without a value.
        (17, (1, 1), [matrix((0, 0))]),  # An object.
    ],
)
def test_parts_that_ended_the_process_in_scipy(
    flags: int, sizes: tuple[int, ...], content: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(row(flags, sizes, *content))
    with pytest.raises(DataError, match="matrix"):
        load_mat(path)
    path.write_bytes(row(6, (1, 1), element(9, ONE)))
    assert load_mat(path)["x"].item() == 1.0


def test_a_sparse_matrix_whose_columns_go_back_is_none() -> None:
    sound = csc_array(np.eye(3, dtype=bool))
    found = dense(sound)
    assert found is not None
    assert found.tolist() == np.eye(3, dtype=bool).tolist()
    for starts in ([0, 2, 1, 3], [0, 1, 2, 10**9]):
        sound.indptr = np.array(starts, np.int32)
        assert dense(sound) is None
