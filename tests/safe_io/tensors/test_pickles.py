"""Pickled files: never without the user's word, never code."""

import logging
import os
import pickle
import zipfile

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.core.errors import ConfigError, DataError
from saccade.safe_io.tensors.pickles import looks_pickled, read_pickled_tensors

WEIGHTS = {"a": torch.arange(3.0), "b": torch.ones(2, 2, dtype=torch.bfloat16)}


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def save(path, value, legacy=False):
    torch.save(value, path, _use_new_zipfile_serialization=not legacy)
    return path


def test_refused_by_default_with_the_cure(tmp_path):
    path = save(tmp_path / "w.pth", WEIGHTS)
    with pytest.raises(ConfigError) as caught:
        read_pickled_tensors(path, trusted=False)
    assert "--trust-pickle" in str(caught.value.cure)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("wrap", [None, "state_dict", "model", "model_state_dict"])
def test_trusted_weights_are_read_and_that_is_logged(tmp_path, caplog, wrap, legacy):
    value = WEIGHTS if wrap is None else {wrap: WEIGHTS, "epoch": 3, "optimizer": {"state": {}}}
    path = save(tmp_path / "w.pth", value, legacy)
    with caplog.at_level(logging.WARNING, "saccade"):
        found = read_pickled_tensors(path, trusted=True)
    assert all(torch.equal(found[name], tensor) for name, tensor in WEIGHTS.items())
    assert "--trust-pickle" in caplog.text
    assert str(path) in caplog.text


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("place", ["top", "weights", "optimiser"])
def test_code_never_runs(tmp_path, place, trusted, legacy):
    canary = Canary(tmp_path / "touched")
    value = {
        "top": canary,
        "weights": {**WEIGHTS, "x": canary},
        "optimiser": {"model": WEIGHTS, "optimizer": {"state": {0: {"exp_avg": canary}}, "param_groups": []}},
    }[place]
    path = save(tmp_path / "w.pt", value, legacy)
    with pytest.raises(DataError if trusted else ConfigError):
        read_pickled_tensors(path, trusted)
    assert not canary.path.exists()
    pickle.loads(pickle.dumps(canary))  # the canary does sing where it is allowed to
    assert canary.path.exists()


def test_what_is_no_state_dict_is_refused(tmp_path):
    for value in ([1, 2], {}, {"a": 1}, torch.ones(2)):
        with pytest.raises(DataError, match="a state dict"):
            read_pickled_tensors(save(tmp_path / "w.pt", value), trusted=True)


def test_a_pickle_is_known_by_name_or_bytes(tmp_path):
    for name in ("w.pth", "w.safetensors", "w"):
        assert looks_pickled(save(tmp_path / name, WEIGHTS))
    (tmp_path / "plain").write_bytes(pickle.dumps(1, protocol=4))
    assert looks_pickled(tmp_path / "plain")
    (tmp_path / "w.safetensors").write_bytes(b"\x80\0\0\0\0\0\0\0{")
    assert not looks_pickled(tmp_path / "w.safetensors")


def test_damaged_files_are_refused(tmp_path):
    whole = save(tmp_path / "w.pt", WEIGHTS).read_bytes()
    for cut in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "w.pt").write_bytes(whole[:cut])
        with pytest.raises(DataError):
            read_pickled_tensors(tmp_path / "w.pt", trusted=True)
    with pytest.raises(DataError, match="found none"):
        read_pickled_tensors(tmp_path / "absent.pt", trusted=True)
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("hello", "world")
    with pytest.raises(DataError):
        read_pickled_tensors(tmp_path / "w.pt", trusted=True)


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(data=st.binary(max_size=60))
def test_any_bytes_are_refused_cleanly(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.pt"
    path.write_bytes(b"\x80\x02" + data)
    with pytest.raises(DataError):
        read_pickled_tensors(path, trusted=True)
