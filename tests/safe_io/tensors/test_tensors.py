"""Safetensors files: round trips, and every lie of a header refused within bounded memory."""

import contextlib
import errno
import json
import resource
import struct
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.errors import DataError
from saccade.safe_io.tensors.safetensors_file import MAX_HEADER_BYTES, check_header, read_tensors, write_tensors


def craft(path, header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def entry(begin=0, end=8, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


DTYPES = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
DTYPES += [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.uint32]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_type_comes_back_to_the_bit(tmp_path, dtype):
    raw = torch.randint(0, 2 if dtype == torch.bool else 256, (64,), dtype=torch.uint8)
    tensors = {"a": raw.view(dtype), "scalar": raw.view(dtype)[0], "nothing": raw[:0].view(dtype).view(0, 3)}
    write_tensors(tmp_path / "f", tensors)
    found = read_tensors(tmp_path / "f")
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert (found[name].dtype, found[name].shape) == (dtype, tensor.shape)
        assert torch.equal(found[name].reshape(-1).view(torch.uint8), tensor.reshape(-1).view(torch.uint8))


def test_no_tensors_at_all(tmp_path):
    write_tensors(tmp_path / "f", {})
    assert read_tensors(tmp_path / "f") == {}


def test_shared_strided_and_sliced_memory(tmp_path):
    base = torch.arange(48.0).view(2, 3, 2, 4)
    tensors = {
        "base": base,
        "same": base,
        "tied": base[0],
        "slice": base[1:, 1:],
        "channels_last": base.to(memory_format=torch.channels_last),
        "transposed": base[0, 0].T,
        "parameter": torch.nn.Parameter(base),
    }
    write_tensors(tmp_path / "f", tensors)
    found = read_tensors(tmp_path / "f")
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


def test_what_was_read_owns_its_memory(tmp_path):
    write_tensors(tmp_path / "f", {"a": torch.ones(4096)})
    found = read_tensors(tmp_path / "f")["a"]
    (tmp_path / "f").write_bytes(b"")  # a mapped file would now kill the process
    found += 1
    assert torch.equal(found, torch.full((4096,), 2.0))


def test_a_full_disk_keeps_its_number(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(OSError, match="os error") as caught:
            write_tensors(tmp_path / "f", {"a": torch.zeros(5000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno == errno.EFBIG


HOSTILE = {
    "empty file": (b"", b"", None),
    "length beyond the file": ({}, b"", 100),
    "length of 2^63": ({}, b"", 2**63),
    "no JSON": (b"{nonsense}", b"", None),
    "no UTF-8": (b'{"\xff": 1}', b"", None),
    "a list": (b"[]", b"", None),
    "a number": (b"1", b"", None),
    "nested 1000 deep": (b'{"a":' * 1000 + b"1" + b"}" * 1000, b"", None),
    "lists nested 100000 deep": (b"[" * 100_000, b"", None),
    "a number of 10000 digits": (b'{"a": ' + b"9" * 10_000 + b"}", b"", None),
    "a name twice": (b'{"a": %b, "a": %b}' % ((json.dumps(entry()).encode(),) * 2), b"x" * 8, None),
    "unknown type": ({"a": entry(dtype="Q7")}, b"x" * 8, None),
    "type that is no text": ({"a": {**entry(), "dtype": ["F32"]}}, b"x" * 8, None),
    "no offsets": ({"a": {"dtype": "F32", "shape": [2]}}, b"x" * 8, None),
    "offsets that are no numbers": ({"a": entry("0", "8")}, b"x" * 8, None),
    "offsets backwards": ({"a": entry(8, 0)}, b"x" * 8, None),
    "offset below nothing": ({"a": entry(-8, 0)}, b"x" * 8, None),
    "offset beyond the file": ({"a": entry(0, 2**60, (2**58,))}, b"x" * 8, None),
    "shape larger than its bytes": ({"a": entry(shape=(2**20, 2**20))}, b"x" * 8, None),
    "negative shape": ({"a": entry(shape=(-1, -2))}, b"x" * 8, None),
    "huge sides whose product is nothing": ({"a": entry(0, 0, (2**62, 0))}, b"", None),
    "shape of floats": ({"a": entry(shape=(2.0,))}, b"x" * 8, None),
    "shape of truths": ({"a": entry(0, 4, (True,))}, b"x" * 4, None),
    "1000 axes": ({"a": entry(0, 4, (1,) * 1000)}, b"x" * 4, None),
    "overlap": ({"a": entry(0, 8), "b": entry(4, 12)}, b"x" * 12, None),
    "a gap": ({"a": entry(0, 8), "b": entry(12, 20)}, b"x" * 20, None),
    "bytes that nobody owns": ({"a": entry(0, 8)}, b"x" * 9, None),
    "bytes missing": ({"a": entry(0, 8)}, b"x" * 7, None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_lying_header_is_refused(tmp_path, name):
    header, data, length = HOSTILE[name]
    path = tmp_path / "f.safetensors"
    craft(path, header, data, length)
    if name == "empty file":
        path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        read_tensors(path)
    assert caught.value.path == str(path)
    assert caught.value.cure


def test_an_honest_hand_made_file_is_read(tmp_path):
    header = {"__metadata__": {"format": "pt"}, "a": entry(), "b": entry(8, 8, (0,))}
    craft(tmp_path / "f", header, struct.pack("<2f", 1.5, -2))
    found = read_tensors(tmp_path / "f")
    assert found["a"].tolist() == [1.5, -2]
    assert found["b"].shape == (0,)


@pytest.mark.parametrize("place", ["absent", "folder"])
def test_no_file(tmp_path, place):
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError):
        read_tensors(tmp_path / place)


@pytest.mark.slow
def test_the_largest_header_is_refused_in_bounded_memory(tmp_path):
    craft(tmp_path / "wide", b'{"a":[' + b"[]," * (MAX_HEADER_BYTES // 3 - 10) + b"[]]}")
    craft(tmp_path / "long", b" " * (MAX_HEADER_BYTES + 1))
    with (tmp_path / "sparse").open("wb") as file:  # 64 GiB by name, nothing on the disk
        file.write(struct.pack("<Q", 2**35))
        file.truncate(2**36)
    code = f"""
import resource, pathlib, sys
from saccade.core.errors import DataError
from saccade.safe_io.tensors.safetensors_file import read_tensors
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in ("wide", "long", "sparse"):
    try:
        read_tensors(pathlib.Path({str(tmp_path)!r}) / name)
        sys.exit(1)
    except DataError:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200  # MiB


def check_mutated(folder, seed_bytes, edits):
    whole = bytearray(seed_bytes)
    for place, value in edits:
        whole[place % len(whole)] = value
    path = folder / "mutated"
    path.write_bytes(bytes(whole))
    try:
        header = check_header(path)
        found = read_tensors(path)
    except DataError:
        return
    assert found.keys() == header.keys()
    assert sum(tensor.nbytes for tensor in found.values()) <= len(whole)


@pytest.fixture(scope="module")
def seed_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seed")
    write_tensors(folder / "f", {"a": torch.ones(2, 3), "b/ü": torch.arange(5), "c": torch.zeros(0, 4)})
    return folder, (folder / "f").read_bytes()


EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(edits=EDITS)
def test_mutated_files_are_read_or_refused_cleanly(seed_file, edits):
    check_mutated(*seed_file, edits)


@pytest.mark.slow
@settings(max_examples=2000, derandomize=True, deadline=None, database=None)
@given(edits=EDITS)
def test_many_mutated_files_are_read_or_refused_cleanly(seed_file, edits):
    check_mutated(*seed_file, edits)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(text=st.binary(max_size=200), tail=st.binary(max_size=20))
def test_any_bytes_are_read_or_refused_cleanly(seed_file, text, tail):
    path = craft(seed_file[0] / "any", text, tail)
    with contextlib.suppress(DataError):
        assert sum(tensor.nbytes for tensor in read_tensors(path).values()) == len(tail)
