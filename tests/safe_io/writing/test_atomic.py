"""Atomic writing: whole or as before, whatever goes wrong, and nothing left behind."""

import errno
import os
import resource
import signal
import subprocess
import sys

import pytest

from saccade.core.errors import ResourceError, UsageError
from saccade.safe_io.writing.atomic import replacing, write_bytes, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_text_arrives_as_it_is_in_a_folder_that_is_made(tmp_path):
    path = tmp_path / "a" / "b" / "näme.txt"
    write_text(path, "ä\r\n€")
    assert path.read_bytes() == "ä\r\n€".encode()
    assert names(path.parent) == ["näme.txt"]


def test_a_failure_keeps_the_old_file_and_removes_the_new(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail_half_way():
        with replacing(path) as partial:
            partial.write_bytes(b"half of the n")
            assert names(tmp_path) == [partial.name, "file"]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_with_path_need_and_free_space(tmp_path, monkeypatch, number):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def full(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match=r"room for 12 bytes, found [\d,]+ bytes free") as caught:
        write_bytes(path, b"x" * 12)
    assert caught.value.path == str(path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_limit_of_file_size_counts_as_a_full_disk(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(ResourceError):
            write_bytes(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_other_errors_of_the_system_stay_themselves(tmp_path, monkeypatch):
    def broken(handle):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="broken"):
        write_bytes(tmp_path / "file", b"new")
    assert names(tmp_path) == []


@pytest.mark.parametrize("place", ["folder", "/dev/full"])
def test_folders_and_devices_are_never_replaced(tmp_path, place):
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="expected a place for a file, found"):
        write_bytes(tmp_path / place, b"new")
    assert names(tmp_path) == ["folder"]


def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    code = (
        "import os, signal\nfrom saccade.safe_io.writing.atomic import replacing\n"
        f"with replacing({str(path)!r}) as partial:\n"
        "    partial.write_bytes(b'half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
