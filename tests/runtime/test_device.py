"""Devices and precisions by name; what is absent is said."""

from contextlib import nullcontext

import pytest
import torch

from helpers import tiny_system
from saccade.core.errors import ResourceError, UsageError
from saccade.runtime.device import (
    dtype_of_run,
    is_out_of_memory,
    moved_to_device,
    out_of_memory,
    pick_device,
    pick_dtype,
)


def test_auto_is_a_device_of_this_machine():
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else pick_device("auto").type)
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "", "tpu:0"])
def test_an_absent_device_is_refused_with_those_that_exist(name):
    with pytest.raises(UsageError, match="cpu"):
        pick_device(name)


@pytest.mark.parametrize(
    ("precision", "trained", "expected"),
    [
        (None, None, torch.float32),
        (None, "bf16", torch.bfloat16),
        ("auto", "bf16", torch.bfloat16),
        (None, "16", torch.float32),
        ("32", "bf16", torch.float32),
        ("bf16", "32", torch.bfloat16),
        ("16", None, torch.float16),
    ],
)
def test_precision_follows_the_training_unless_it_is_said(precision, trained, expected):
    assert pick_dtype(precision, trained) == expected


def test_an_unknown_precision_is_refused():
    with pytest.raises(UsageError, match="bf16"):
        pick_dtype("8")


def test_a_system_at_home_is_not_copied():
    system = tiny_system()
    assert moved_to_device(system, torch.device("cpu"), torch.float32) is system
    assert moved_to_device(system, torch.device("cpu"), torch.float16) is not system


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("x"), OSError(12, "no memory")])
def test_out_of_memory_has_many_faces(error):
    assert is_out_of_memory(error)


def test_the_allocator_of_the_cpu_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
    assert isinstance(out_of_memory("a batch", "cpu"), ResourceError)


@pytest.mark.parametrize(("capability", "slow"), [("avx512_bf16", False), ("avx2", True)])
def test_a_run_in_bf16_is_said_to_be_slow_where_the_processor_does_not_multiply_it(monkeypatch, capability, slow):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "")
    expected = pytest.warns(UserWarning, match="--precision 32 is faster") if slow else nullcontext()
    with expected:
        assert dtype_of_run(None, "bf16", torch.device("cpu")) == torch.bfloat16
    # What is asked for, and what learnt in 32 bits, is nobody's surprise.
    assert dtype_of_run("bf16", "bf16", torch.device("cpu")) == torch.bfloat16
    assert dtype_of_run(None, "32", torch.device("cpu")) == torch.float32
