"""What JSON can say."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from saccade.safe_io.documents.plain import plain, to_json


def test_values_become_jsons_own():
    value = {
        "a": (1, 2.5, True, None),
        3: {"y", "x"},
        "path": Path("a/b"),
        "tensor": torch.tensor([[1, 2]]),
        "scalar": torch.tensor(0.5),
        "numpy": np.float32(0.25),
        "count": np.int64(7),
    }
    expected = {
        "a": [1, 2.5, True, None],
        "3": ["x", "y"],
        "path": "a/b",
        "tensor": [[1, 2]],
        "scalar": 0.5,
        "numpy": 0.25,
        "count": 7,
    }
    assert json.loads(to_json(value)) == expected
    assert type(plain(np.float64(0.5))) is float


@pytest.mark.parametrize("undefined", [math.nan, math.inf, -math.inf, torch.tensor(math.nan), np.float32("nan")])
def test_undefined_numbers_are_null(undefined):
    assert to_json({"a": [undefined]}) == '{"a": [null]}'


def test_undefined_numbers_stay_where_they_can_be_said():
    assert plain({"a": (math.inf,)}, undefined=True) == {"a": [math.inf]}


def test_what_json_cannot_say_is_refused():
    with pytest.raises(TypeError, match="found object"):
        to_json({"a": object()})
