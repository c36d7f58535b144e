"""metrics.jsonl: whole lines, each step once, whatever was killed or full."""

import errno
import json
import math
import os
import resource

import pytest
import torch

from saccade.core.errors import DataError, ResourceError
from saccade.runtime.runs.metrics_log import MetricsLog


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "metrics.jsonl"


def steps(path):
    return [record["step"] for record in MetricsLog(path).read()]


def write(path, *numbers):
    with MetricsLog(path) as records:
        for number in numbers:
            records.append({"step": number})


def test_lines_are_there_as_soon_as_they_are_added(path):
    records = MetricsLog(path)
    records.append({"step": 1, "loss": torch.tensor(0.5), "loss/label/ce": math.nan, "top1": math.inf})
    assert path.read_text() == '{"step": 1, "loss": 0.5, "loss/label/ce": null, "top1": null}\n'
    records.append({"step": 2, "epoch": 1})
    assert steps(path) == [1, 2]
    records.close()
    records.append({"step": 3})
    assert steps(path) == [1, 2, 3]
    records.close()


def test_nothing_yet(path):
    records = MetricsLog(path)
    assert records.read() == []
    records.cut(10)
    records.sync()
    records.close()
    assert not path.exists()


@pytest.mark.parametrize(("step", "left"), [(0, []), (3, [1, 2, 3, 3]), (4, [1, 2, 3, 3, 4]), (9, [1, 2, 3, 3, 4, 5])])
def test_a_cut_drops_what_is_beyond(path, step, left):
    write(path, 1, 2, 3, 3, 4, 5)
    MetricsLog(path).cut(step)
    assert steps(path) == left


def test_a_line_without_step_belongs_to_the_one_before(path):
    with MetricsLog(path) as records:
        for record in ({"note": "a"}, {"step": 1}, {"note": "b"}, {"step": 2}, {"note": "c"}):
            records.append(record)
        records.cut(1)
        assert records.read() == [{"note": "a"}, {"step": 1}, {"note": "b"}]


@pytest.mark.parametrize("torn", [b'{"step": 3, "lo', b"{", b"\0\0\0\0", b'{"step": 3}', b"\xff"])
def test_a_torn_last_line_is_left_out_and_never_grown_into(path, torn):
    write(path, 1, 2)
    with path.open("ab") as file:
        file.write(torn)
    whole = [3] if torn == b'{"step": 3}' else []
    assert steps(path) == [1, 2, *whole]
    write(path, 4)
    assert steps(path) == [1, 2, *whole, 4]
    assert path.read_bytes().endswith(b'{"step": 4}\n')


def test_each_step_stands_once_after_a_resume(path):
    write(path, 1, 2, 3, 4, 5)
    with path.open("ab") as file:
        file.write(b'{"step": 6')
    MetricsLog(path).cut(3)
    write(path, 4, 5, 6)
    assert steps(path) == [1, 2, 3, 4, 5, 6]
    assert all(json.loads(line) for line in path.read_text().splitlines())


@pytest.mark.parametrize("line", [b"nonsense", b"[1]", b"", b'{"step": "x"}', b"[" * 100_000])
def test_a_spoilt_line_inside_is_named(path, line):
    write(path, 1)
    with path.open("ab") as file:
        file.write(line + b"\n")
    write(path, 2)
    with pytest.raises(DataError) as caught:
        MetricsLog(path).read()
    assert (caught.value.path, caught.value.line) == (str(path), 2)


def fill(records):
    for step in range(20):
        records.append({"step": step, "text": "x" * 10})


def test_a_full_disk_leaves_whole_lines(path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    records = MetricsLog(path)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        with pytest.raises(ResourceError, match=r"expected room for [\d,]+ bytes") as caught:
            fill(records)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.path == str(path)
    assert path.read_bytes().endswith(b"}\n")
    written = steps(path)
    assert written == list(range(len(written)))
    records.append({"step": 99})
    assert steps(path) == [*written, 99]
    records.close()


def test_short_writes_are_finished_and_a_cut_is_atomic(path, monkeypatch):
    write(path, 1, 2, 3)
    whole = path.read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ResourceError):
            MetricsLog(path).cut(1)
    assert path.read_bytes() == whole
    write_all = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write_all(handle, data[:3]))
    write(path, 4)
    assert steps(path) == [1, 2, 3, 4]
