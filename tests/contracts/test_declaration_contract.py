"""What every system promises of its source: that its card and options can be read there, and are those it has."""

import pytest

from saccade.core.options.options import Option
from saccade.systems import SYSTEMS
from saccade.systems.build import options_of


def told(option: Option) -> tuple[object, str]:
    """What is read of an option; its default needs what the module computes."""
    return option.annotation, option.help


@pytest.mark.parametrize("name", SYSTEMS)
def test_source_declares_what_the_function_has(name: str) -> None:
    read, real = SYSTEMS.declared(name), SYSTEMS[name]
    assert read.card == real.card
    assert read.__doc__ == real.__doc__
    assert list(options_of(read)) == list(options_of(real))
    assert {one: told(option) for one, option in options_of(read).items()} == {
        one: told(option) for one, option in options_of(real).items()
    }
