"""What every system promises of its source: that its card and options can be read there, and are those it has."""

import inspect
from typing import get_type_hints

import pytest

from saccade.systems import SYSTEMS


@pytest.mark.parametrize("name", SYSTEMS)
def test_source_declares_what_the_function_has(name: str) -> None:
    read, real = SYSTEMS.declared(name), SYSTEMS[name]
    hints = get_type_hints(real)
    options = [one for one in inspect.signature(real).parameters if one != "classes"]
    assert read.card == real.card
    assert read.__doc__ == real.__doc__
    assert list(inspect.signature(read).parameters) == options
    assert get_type_hints(read) == {one: hints[one] for one in options}
