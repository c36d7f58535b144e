"""A start that fails leaves nothing of ours behind, and takes nothing of the user's away."""

import re
from pathlib import Path

import pytest

from helpers import TinyDataset
from saccade.core.errors import ConfigError, DataError, ResourceError, SaccadeError, UsageError
from saccade.training.feed.input_pipeline import InputPipeline
from saccade.training.step.guard import NotFiniteError
from saccade.training.step.train_state import TrainState
from small_runs import Do, system, train


class Unreadable(TinyDataset):
    """Pictures that cannot be read."""

    def __getitem__(self, index):
        raise DataError("a picture", "none", path=f"{index}.png")


def out_of_memory(*_, **__):
    raise MemoryError("DefaultCPUAllocator: can't allocate memory")


def failing(kind, out: Path, patch: pytest.MonkeyPatch):
    if kind == "option":
        train(out, freeze=("nose",))
    elif kind == "score":
        train(out, val=TinyDataset(4), best="nose")
    elif kind == "data":
        train(out, data=TinyDataset(0))
    elif kind == "picture":
        train(out, data=Unreadable(8))
    elif kind == "set_up":
        patch.setattr(InputPipeline, "of", out_of_memory)
        train(out)
    elif kind == "first_step":
        patch.setattr(TrainState, "backward", out_of_memory)
        train(out)
    else:
        patch.setattr(TrainState, "backward", lambda *_: ({"loss": float("nan")}, 1.0))
        train(out)


KINDS = {
    "option": UsageError,
    "score": UsageError,
    "data": ConfigError,
    "picture": DataError,
    "set_up": MemoryError,
    "first_step": ResourceError,
    "not_finite": NotFiniteError,
}


@pytest.mark.parametrize(("kind", "error"), KINDS.items(), ids=KINDS)
def test_nothing_is_left(tmp_path, monkeypatch, kind, error):
    with pytest.raises(error):
        failing(kind, tmp_path / "runs" / "deep" / "a", monkeypatch)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_was_there_stays_with_what_it_held(tmp_path, monkeypatch, kind):
    out = tmp_path / "mine"
    out.mkdir()
    (out / ".note").write_text("keep me")
    with pytest.raises((SaccadeError, MemoryError)):
        failing(kind, out, monkeypatch)
    assert [path.name for path in out.iterdir()] == [".note"]


def test_another_run_is_left_alone(tmp_path, monkeypatch):
    train(tmp_path / "run", steps=2)
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="another run"):
        train(tmp_path / "run")
    with pytest.raises(ConfigError, match="was begun with"):
        train(tmp_path / "run", steps=3, resume=True)
    (tmp_path / "run" / "report.html").unlink()  # as if it had been killed before the end
    monkeypatch.setattr(InputPipeline, "of", out_of_memory)
    with pytest.raises(MemoryError):
        train(tmp_path / "run", steps=2, resume=True)
    before.pop(tmp_path / "run" / "report.html")
    assert (
        before.items() <= {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}.items()
    )


def test_after_a_step_the_run_stays(tmp_path):
    def stop(step):
        raise ResourceError("memory", "too little")

    with pytest.raises(ResourceError):
        train(tmp_path / "run", callbacks=[Do(stop)])
    assert (tmp_path / "run" / "config.yaml").is_file()


def test_the_same_command_can_be_repeated(tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(NotFiniteError) as stopped:
        failing("not_finite", tmp_path / "run", patch)
    assert stopped.value.path is None
    assert re.search(r"the pictures: tiny/\d+|the pictures: \S+", str(stopped.value.cure))
    assert train(tmp_path / "run", system(), steps=1).step == 1
