"""Rows of the table of the papers' numbers that CRFs have."""

import inspect
from collections.abc import Callable
from functools import cache

import torch

from saccade.heads.pixels.recurrent_crf_head import RecurrentCrfHead
from saccade.ops.crf import dense_crf
from saccade.systems.build import build


@cache
def head() -> RecurrentCrfHead:
    """Of the paper's system."""
    found = build("crf_rnn", 21, width=1 / 16, grouped=True).heads["pixels"]
    assert isinstance(found, RecurrentCrfHead)
    return found


def first_weights() -> str:
    """Of the two kernels, which are those of all classes."""
    spatial, bilateral = head().field.spatial.unique(), head().field.bilateral.unique()
    assert torch.equal(head().field.compatibility, -torch.eye(21))
    return f"{spatial.item():g} {bilateral.item():g}"


def widths() -> str:
    of = head().field.widths
    return f"{of.alpha:g} {of.beta:g} {of.gamma:g}"


def crf_quantities() -> dict[tuple[str, str], Callable[[], object]]:
    """What each row is, read from what is built."""
    steps = inspect.signature(dense_crf).parameters["iterations"].default
    return {
        ("CRF-RNN", "learned params (2L + L^2, L=21)"): lambda: sum(p.numel() for p in head().field.parameters()),
        ("CRF-RNN", "iterations train/test"): lambda: f"{head().iterations_training}/{head().iterations}",
        ("CRF-RNN", "theta alpha beta gamma"): widths,
        ("CRF-RNN", "weights spatial bilateral"): first_weights,
        ("DenseCRF", "DeepLab iterations"): lambda: steps,
    }
