"""One process at a time; the dead hold nothing."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from saccade.core.errors import ConfigError
from saccade.safe_io.writing.lock import Lock

HOLD = """
import pathlib, sys, time
from saccade.safe_io.writing.lock import Lock
Lock(pathlib.Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_says_who_holds_it_and_vanishes(tmp_path):
    path = tmp_path / "lock"
    with Lock(path):
        assert json.loads(path.read_text()) == {"pid": os.getpid(), "host": socket.gethostname()}
    assert not path.exists()
    with Lock(path):
        assert path.exists()


def test_twice_in_one_process_is_refused(tmp_path):
    with Lock(tmp_path / "lock"):
        with pytest.raises(ConfigError, match="which is this one"):
            Lock(tmp_path / "lock").acquire()
        with Lock(tmp_path / "other"):
            assert (tmp_path / "lock").exists()


def test_another_process_is_named_and_its_death_frees_the_lock(tmp_path, holder):
    for _ in range(2):
        with pytest.raises(ConfigError, match=f"process {holder.pid} on {socket.gethostname()} at work") as caught:
            Lock(tmp_path / "lock").acquire()
    assert caught.value.path == str(tmp_path)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "lock").exists()
    with Lock(tmp_path / "lock"):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()


def test_a_forked_worker_neither_keeps_nor_frees_it(tmp_path):
    lock = Lock(tmp_path / "lock").acquire()
    child = os.fork()
    if child == 0:
        lock.release()
        os._exit(0)
    os.waitpid(child, 0)
    assert (tmp_path / "lock").exists()
    lock.release()


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_spoilt_file_of_the_dead_is_taken_over(tmp_path, text):
    (tmp_path / "lock").write_text(text)
    with Lock(tmp_path / "lock"):
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid()


@pytest.mark.parametrize(
    ("pid", "host", "free"),
    [(os.getppid(), None, False), (2**30, None, True), (2**30, "elsewhere", False), (None, None, True)],
)
def test_without_record_locks_the_text_decides(tmp_path, monkeypatch, pid, host, free):
    def unsupported(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.lockf", unsupported)
    if pid is not None:
        (tmp_path / "lock").write_text(json.dumps({"pid": pid, "host": host or socket.gethostname()}))
    lock = Lock(tmp_path / "lock")
    if free:
        lock.acquire().release()
    else:
        with pytest.raises(ConfigError, match=f"process {pid}"):
            lock.acquire()
