"""The list of a folder's files: not one bit of them, nor of the list, changes unseen."""

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.errors import DataError
from saccade.safe_io.writing.manifest import (
    LICENCE,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    check_files,
    read_manifest,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"")
    write_manifest(tmp_path, {"step": 7, "score": math.nan, "best": 0.1})
    return tmp_path


def test_it_holds_hash_size_facts_and_libraries(folder):
    found = read_manifest(folder)
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc", FIPS 180-2
    assert found["files"]["a"] == {"sha256": sha256, "bytes": 3}
    assert set(found["files"]) == {"a", "b"}
    assert found["facts"] == {"step": 7, "score": None, "best": 0.1}
    assert found["libraries"]["torch"] == torch.__version__.split("+")[0]
    assert found["licence"] == LICENCE
    check_files(folder, found["files"], ["a", "b"])


def test_a_licence_may_be_given(tmp_path):
    write_manifest(tmp_path, {"licence": "CC-BY-NC-4.0"})
    assert read_manifest(tmp_path)["licence"] == "CC-BY-NC-4.0"


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "a").unlink(), "found none"),
        (lambda folder: (folder / "a").write_bytes(b"ab"), "2 bytes where 3 were written"),
        (lambda folder: (folder / "a").write_bytes(b"abb"), "SHA-256 differs"),
        (lambda folder: ((folder / "a").unlink(), (folder / "a").mkdir()), "bytes where 3 were written"),
    ],
)
def test_a_changed_file_is_named(folder, harm, words):
    files = read_manifest(folder)["files"]
    harm(folder)
    check_files(folder, files, ["b"])
    with pytest.raises(DataError, match=words) as caught:
        check_files(folder, files, ["b", "a"])
    assert caught.value.path == str(folder / "a")


def test_a_file_that_the_list_lacks_is_refused(folder):
    with pytest.raises(DataError, match="no entry for c"):
        check_files(folder, read_manifest(folder)["files"], ["c"])


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(place=st.integers(0, 5000), bit=st.integers(0, 7))
def test_a_flipped_bit_of_the_list_is_seen_or_means_the_same(tmp_path_factory, place, bit):
    folder = tmp_path_factory.mktemp("flip")
    write_manifest(folder, {"step": 100})
    whole = read_manifest(folder)
    data = bytearray((folder / MANIFEST).read_bytes())
    data[place % len(data)] ^= 1 << bit
    (folder / MANIFEST).write_bytes(bytes(data))
    try:
        found = read_manifest(folder)
    except DataError:
        return
    assert found == whole


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", '{"seal": 1}', '{"seal": null, "files": {}}', "[" * 5000])
def test_other_texts_are_refused(folder, text):
    (folder / MANIFEST).write_text(text)
    with pytest.raises(DataError):
        read_manifest(folder)


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "x/a", "", "..", "."])
def test_a_sealed_list_of_files_elsewhere_is_refused(folder, name, monkeypatch):
    monkeypatch.setattr("saccade.safe_io.writing.manifest._seal", lambda body: "sealed")
    body = {"seal": "sealed", "files": {name: {"sha256": "0", "bytes": 0}}, "facts": {}}
    (folder / MANIFEST).write_text(json.dumps(body))
    with pytest.raises(DataError, match="no list of files"):
        read_manifest(folder)


def test_a_huge_list_is_not_read(folder):
    with (folder / MANIFEST).open("r+b") as file:
        file.truncate(MAX_MANIFEST_BYTES + 1)
    with pytest.raises(DataError, match="16777217 bytes"):
        read_manifest(folder)
