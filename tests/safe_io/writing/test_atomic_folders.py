"""Folders written whole or not at all, and the sweeping up after killed processes."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections import namedtuple

import pytest

from saccade.core.errors import ResourceError
from saccade.safe_io.writing import atomic


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def put(path, text):
    with atomic.replacing_folder(path) as partial:
        (partial / "file").write_text(text)


def test_a_folder_arrives_whole_and_replaces_an_older_one(tmp_path):
    put(tmp_path / "a", "old")
    put(tmp_path / "a", "new")
    assert content(tmp_path) == {"a/file": "new"}


def test_a_failure_keeps_the_old_folder(tmp_path):
    put(tmp_path / "a", "old")

    def fail():
        with atomic.replacing_folder(tmp_path / "a") as partial:
            (partial / "file").write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert content(tmp_path) == {"a/file": "old"}
    assert names(tmp_path) == ["a"]


def test_all_files_and_the_names_are_flushed_before_the_rename(tmp_path, monkeypatch):
    log = []
    monkeypatch.setattr(atomic, "sync", lambda path: log.append(("flush", path.name.split("-")[-1])))
    rename = type(tmp_path).rename
    monkeypatch.setattr(type(tmp_path), "rename", lambda a, b: (log.append(("rename", b.name)), rename(a, b))[1])
    put(tmp_path / "a", "x")
    assert log == [("flush", "file"), ("flush", "a"), ("rename", "a"), ("flush", tmp_path.name.split("-")[-1])]


def test_a_kill_between_the_two_renames_leaves_the_old_folder_under_another_name(tmp_path):
    put(tmp_path / "a", "old")
    code = f"""
import os, pathlib, signal
from saccade.safe_io import atomic
rename = pathlib.Path.rename
def once(self, target):
    if str(target).endswith("/a"):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
pathlib.Path.rename = once
with atomic.replacing_folder({str(tmp_path / "a")!r}) as partial:
    (partial / "file").write_text("new")
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert content(tmp_path)["a.old/file"] == "old"
    atomic.sweep(tmp_path)
    assert content(tmp_path) == {"a.old/file": "old"}


def test_too_little_space_is_said_before_anything_is_written(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1000, 990, 10))
    for how in (atomic.replacing, atomic.replacing_folder):
        with pytest.raises(ResourceError, match="room for 11 bytes, found 10 bytes free"), how(tmp_path / "a", 11):
            pytest.fail("the block must not run")
        with how(tmp_path / "b", 10) as partial:
            assert not partial.is_file()
            if how is atomic.replacing:
                partial.touch()
        atomic.remove(tmp_path / "b")
    assert names(tmp_path) == []


def test_a_drive_that_cannot_tell_its_space_is_written_to(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 0))
    atomic.write_bytes(tmp_path / "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_disk_that_fills_while_the_folder_is_flushed(tmp_path, monkeypatch):
    put(tmp_path / "a", "old")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="No space left"):
        put(tmp_path / "a", "new")
    assert content(tmp_path) == {"a/file": "old"}


def test_sweep_takes_what_the_dead_left_and_nothing_of_the_living(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = atomic.temporary(tmp_path / "mine")
    leftovers = [
        tmp_path / f".tmp-{dead.pid}-aaaaaaaa-1-file",
        tmp_path / f".tmp-{os.getpid()}-00000000-1-former-process-of-our-number",
    ]
    kept = [mine, tmp_path / f".tmp-{os.getppid()}-aaaaaaaa-1-file", tmp_path / ".tmp-user's-own", tmp_path / "file"]
    for path in leftovers + kept:
        path.mkdir()
        (path / "inside").touch()
    atomic.sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
