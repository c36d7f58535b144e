"""Checkpoints: whole or not there, and never read when a bit is wrong."""

import json
import random
import resource
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest
import torch
from torch import nn

from saccade.core.errors import ConfigError, DataError, ResourceError
from saccade.runtime.runs.checkpoint import load_weights, newest, point, read, save
from saccade.safe_io.writing.manifest import read_manifest


def names(folder):
    return sorted(path.name for path in folder.iterdir())


FILES = ["manifest.json", "model.safetensors", "training.json", "training.safetensors"]


def model(value=1.0):
    return {"weight": torch.full((4, 3), value), "steps": torch.tensor(7)}


def training(value=1.0):
    return {"optimiser": {"state": {0: {"exp_avg": torch.full((4, 3), value)}}, "lr": 0.1}, "at": (1, 2)}


def shelve(folder, *steps, state=True):
    return [save(folder, f"step-{n:04d}", model(n), training(n) if state else None, {"step": n}) for n in steps]


def silent(sentence):
    pytest.fail(f"nothing should be said, heard: {sentence}")


def test_what_was_saved_is_read(tmp_path):
    facts = {"step": 3, "epoch": 1, "scores": {"top1": 0.5, "auc": float("nan")}}
    path = save(tmp_path / "checkpoints", "step-0003", model(), training(), facts)
    assert path == tmp_path / "checkpoints" / "step-0003"
    assert names(path) == FILES
    assert names(tmp_path / "checkpoints") == ["step-0003"]
    found = read(path)
    assert found.path == path
    assert torch.equal(found.model["weight"], model()["weight"])
    assert found.model["steps"] == 7
    assert torch.equal(found.training["optimiser"]["state"][0]["exp_avg"], torch.ones(4, 3))
    assert found.training["optimiser"]["lr"] == 0.1
    assert found.training["at"] == (1, 2)
    assert found.facts == {"step": 3, "epoch": 1, "scores": {"top1": 0.5, "auc": None}}
    manifest = read_manifest(path)
    assert set(manifest["files"]) == set(FILES) - {"manifest.json"}
    assert "torch" in manifest["libraries"]


def test_training_state_is_optional(tmp_path):
    (path,) = shelve(tmp_path, 1, state=False)
    assert names(path) == FILES[:2]
    assert read(path).training is None
    (path,) = shelve(tmp_path, 2)
    (path / "training.safetensors").write_bytes(b"spoilt")
    assert read(path, training=False).training is None
    with pytest.raises(DataError):
        read(path)


def test_a_network_and_its_generators(tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(memory_format=torch.channels_last)
    network.append(network[0])  # shared weights
    path = save(
        tmp_path,
        "a",
        network.state_dict(),
        {"generator": torch.get_rng_state(), "python": random.getstate()},
        {"step": 1},
    )
    expected, drawn = torch.rand(3), random.random()
    found = read(path)
    torch.set_rng_state(found.training["generator"])
    random.setstate(found.training["python"])
    assert torch.equal(torch.rand(3), expected)
    assert random.random() == drawn
    assert all(torch.equal(found.model[name], value) for name, value in network.state_dict().items())
    network.load_state_dict(found.model)


@pytest.mark.parametrize("name", ["", "a/b", "../a", ".hidden", "last", "best", "a.old"])
def test_names_that_would_lead_astray(tmp_path, name):
    with pytest.raises(ValueError, match="a plain name"):
        save(tmp_path, name, model(), None, {})
    assert names(tmp_path) == []


def test_saving_again_replaces(tmp_path):
    save(tmp_path, "a", model(1), training(), {"step": 1})
    save(tmp_path, "a", model(2), None, {"step": 1})
    assert names(tmp_path) == ["a"]
    assert read(tmp_path / "a").model["weight"][0, 0] == 2
    assert read(tmp_path / "a").training is None


def test_a_state_that_cannot_be_kept_harms_nothing(tmp_path):
    shelve(tmp_path, 1)
    with pytest.raises(TypeError, match="/hook"):
        save(tmp_path, "step-0001", model(), {"hook": print}, {"step": 1})
    assert read(tmp_path / "step-0001").model["weight"][0, 0] == 1
    assert names(tmp_path) == ["step-0001"]


HARM = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-2]),
    "emptied": lambda path: path.write_bytes(b""),
    "removed": lambda path: path.unlink(),
    "grown": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "flipped": lambda path: path.write_bytes(path.read_bytes()[:-7] + b"\1" + path.read_bytes()[-6:]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("file", FILES)
def test_a_harmed_file_is_named_and_the_checkpoint_before_is_used(tmp_path, file, harm):
    old, new = shelve(tmp_path, 9, 10)
    HARM[harm](new / file)
    with pytest.raises(DataError) as caught:
        read(new)
    assert caught.value.path == str(new / file)
    heard = []
    found = newest(tmp_path, heard.append)
    assert found is not None
    assert (found.path, found.facts["step"]) == (old, 9)
    assert len(heard) == 1
    assert "step-0010 is damaged" in heard[0]
    assert str(new / file) in heard[0]


def test_the_newest_goes_by_step_not_by_name_or_link(tmp_path):
    assert newest(tmp_path / "absent", silent) is None
    assert newest(tmp_path, silent) is None
    for name, step in (("b", 5), ("a", 30), ("c", 4)):
        save(tmp_path, name, model(), None, {"step": step})
    point(tmp_path, "last", "c")
    (tmp_path / ".tmp-1-aaaaaaaa-bbbbbbbb-step-99").mkdir()
    (tmp_path / "note.txt").touch()
    assert newest(tmp_path, silent).path.name == "a"


def test_all_damaged_is_said_of_each(tmp_path):
    for path in shelve(tmp_path, 1, 2):
        (path / "model.safetensors").unlink()
    heard = []
    assert newest(tmp_path, heard.append) is None
    assert ["step-0002" in heard[0], "step-0001" in heard[1], len(heard)] == [True, True, 2]


def test_a_disk_too_small_is_said_before_work(tmp_path, monkeypatch):
    shelve(tmp_path, 1)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(ResourceError, match=r"found 1,000 bytes free") as caught:
        shelve(tmp_path, 2)
    assert caught.value.path == str(tmp_path / "step-0002")
    monkeypatch.undo()
    assert names(tmp_path) == ["step-0001"]
    assert newest(tmp_path, silent).facts["step"] == 1


@pytest.mark.parametrize("name", ["step-0001", "step-0002"])
@pytest.mark.parametrize("full", ["model", "training"])
def test_a_disk_that_fills_while_saving_keeps_what_was_there(tmp_path, name, full):
    shelve(tmp_path, 1)
    big = {"weight": torch.zeros(100_000)}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
        with pytest.raises(ResourceError, match=r"expected room for [\d,]+ bytes, found [\d,]+ bytes free") as caught:
            save(tmp_path, name, big if full == "model" else {}, big if full == "training" else None, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.path == str(tmp_path / name)
    assert names(tmp_path) == ["step-0001"]
    assert newest(tmp_path, silent).facts["step"] == 1


# One process imports everything and forks ten that save without end; each is killed after a while that nobody chose.
KILLER = """
import os, random, signal, sys, time, torch
from pathlib import Path
from saccade.runtime import checkpoint

def newest(folder):
    return checkpoint.newest(folder, lambda sentence: sys.exit("damaged: " + sentence))

def save_for_ever(folder):
    step = 0 if newest(folder) is None else newest(folder).facts["step"]
    while True:
        step += 1
        # Ten names are used again and again, so that checkpoints are replaced too.
        state = torch.full((20_000,), float(step))
        name = f"step-{step % 10}"
        checkpoint.save(folder, name, {"weight": state}, {"state": state}, {"step": step})
        checkpoint.point(folder, "last", name)
        checkpoint.prune(folder, keep=3)

torch.set_num_threads(1)
folder, reached, kills = Path(sys.argv[1]), 0, 0
while kills < 10 or reached == 0:
    kills += 1
    child = os.fork()
    if child == 0:
        save_for_ever(folder)
    time.sleep(random.uniform(0.01, 0.15))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = newest(folder)
    if found is not None:
        assert found.facts["step"] >= reached, (found.facts, reached)
        reached = found.facts["step"]
        assert torch.equal(found.model["weight"], found.training["state"])
        assert found.model["weight"][0] == reached
print(reached)
"""


def test_kills_at_random_times_always_leave_a_whole_newest_checkpoint(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", KILLER, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1


def test_weights_from_a_file_a_checkpoint_and_a_run(tmp_path):
    shelf = tmp_path / "run" / "checkpoints"
    one, two, _ = shelve(shelf, 1, 2, 3)

    def first(path):
        return float(load_weights(path)["weight"][0, 0])

    assert first(one / "model.safetensors") == 1
    assert first(two) == 2
    assert first(str(tmp_path / "run")) == 3  # without links, the newest
    point(shelf, "last", two.name)
    assert first(tmp_path / "run") == 2
    point(shelf, "best", one.name)
    assert first(tmp_path / "run") == first(shelf) == first(shelf / "best") == 1


def test_weights_from_nowhere(tmp_path):
    (tmp_path / "text.safetensors").write_text("hello")
    for name in (".", "absent", "text.safetensors"):
        with pytest.raises(DataError):
            load_weights(tmp_path / name)


def test_pickled_weights_need_the_users_word(tmp_path):
    torch.save(model(5), tmp_path / "weights.pth")
    with pytest.raises(ConfigError, match="--trust-pickle"):
        load_weights(tmp_path / "weights.pth")
    assert load_weights(tmp_path / "weights.pth", trust_pickle=True)["weight"][0, 0] == 5


def test_no_file_of_a_checkpoint_is_a_pickle(tmp_path):
    (path,) = shelve(tmp_path, 1)
    json.loads((path / "training.json").read_text())
    for file in FILES:
        head = (path / file).read_bytes()[:9]
        assert head[:1] == b"{" or head[8:] == b"{"
