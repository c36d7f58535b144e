"""A full disk ends a training with a cure; older checkpoints stay whole, and the run goes on when there is space."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import TinyDataset
from saccade.core.errors import ResourceError
from saccade.runtime.runs import checkpoint
from small_runs import same_weights, train


@pytest.mark.parametrize("place", ["write_tensors", "write_manifest"])
def test_a_disk_that_fills_while_saving(tmp_path, monkeypatch, place):
    train(tmp_path / "whole")
    saves = []
    real = getattr(checkpoint, place)

    def write(folder: Path, *rest: object) -> None:
        saves.append(folder)
        if len(saves) > 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(folder, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, place, write)
        with pytest.raises(ResourceError) as full:
            train(tmp_path / "run")
    assert full.value.exit_code == 4
    assert "bytes free" in full.value.what
    assert full.value.cure
    assert not list((tmp_path / "run" / "checkpoints").glob(".tmp*"))
    step = checkpoint.read(tmp_path / "run" / "checkpoints" / "last").facts["step"]
    assert step == {"write_tensors": 2, "write_manifest": 4}[place]
    train(tmp_path / "run", resume=True)
    assert same_weights(tmp_path / "whole", tmp_path / "run")


def test_too_little_space_is_said_before_it_is_written(tmp_path, monkeypatch):
    from saccade.safe_io.writing import atomic

    real = atomic.shutil.disk_usage
    monkeypatch.setattr(atomic.shutil, "disk_usage", lambda path: real(path)._replace(free=1000))
    with pytest.raises(ResourceError, match="1,000 bytes free"):
        train(tmp_path / "run")


@pytest.mark.slow
def test_a_limit_of_the_files_size(tmp_path):
    """The system's own limit, in a process of its own; TensorBoard and records meet it too."""
    script = "import sys; from pathlib import Path; from small_runs import train; train(Path(sys.argv[1]), steps=7)"
    here = Path(__file__).parent
    words = [sys.executable, "-c", script, str(tmp_path / "run")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{here}{os.pathsep}{here.parent}"}
    limited = subprocess.run(
        words,
        env=environment,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
    )
    assert "ResourceError" in limited.stderr
    train(tmp_path / "run", data=TinyDataset(12), resume=True)
    train(tmp_path / "whole")
    assert same_weights(tmp_path / "whole", tmp_path / "run")
