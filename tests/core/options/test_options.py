"""Options are read from a function's signature and from groups in it, and checked against their types in one place."""

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from saccade.core.errors import UsageError
from saccade.core.options.options import OptionGroup, arguments_of, checked, options_in


@dataclass(frozen=True)
class Lens(OptionGroup):
    """A lens.

    Attributes:
        focus: How far it sees.
        colour: Of the glass.
    """

    focus: float = 2.0
    colour: str = "clear"


def camera(
    body: str,
    *,
    lens: Lens = Lens(4.0),
    shutter: Literal["fast", "slow"] = "fast",
    shots: int = 1,
    flash: bool = False,
    stops: tuple[float, ...] = (1.0,),
    film: int | None = None,
) -> tuple[str, Lens, str]:
    """A camera.

    Args:
        body: No option.
        lens: Its lens.
        shutter: Its shutter.
        colour: Of this camera's glass.
    """
    del shots, flash, stops, film
    return body, lens, shutter


def plain(*, lens: Lens = Lens(offers=("colour",), words={"colour": ("red", "green")})) -> Lens:
    return lens


KNOWN = options_in(camera, without="body")


def test_groups_stand_among_the_options_by_their_fields() -> None:
    assert list(KNOWN) == ["focus", "colour", "shutter", "shots", "flash", "stops", "film"]
    assert (KNOWN["focus"].default, KNOWN["focus"].help) == (4.0, "How far it sees.")
    assert KNOWN["colour"].help == "Of this camera's glass."
    body, lens, shutter = camera("box", **arguments_of(camera, {"focus": 3, "shutter": "slow"}))
    assert (body, lens.focus, lens.colour, shutter) == ("box", 3, "clear", "slow")


def test_a_function_may_offer_fewer_fields_and_fewer_words() -> None:
    assert list(options_in(plain)) == ["colour"]
    assert checked("it", options_in(plain), {"colour": "red"}) == {"colour": "red"}
    with pytest.raises(UsageError, match="one of red, green, found 'clear'"):
        checked("it", options_in(plain), {"colour": "clear"})
    assert plain(**arguments_of(plain, {"colour": "red"})).colour == "red"


@pytest.mark.parametrize(
    ("given", "settled"),
    [
        ({"focus": 3}, {"focus": 3}),
        ({"stops": [1, 2.5]}, {"stops": (1, 2.5)}),
        ({"stops": 0.5}, {"stops": (0.5,)}),
        ({"film": None}, {"film": None}),
        ({"flash": True}, {"flash": True}),
    ],
)
def test_values_of_the_type_are_taken(given: dict[str, Any], settled: dict[str, Any]) -> None:
    assert checked("camera", KNOWN, given) == settled


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"shutter": "fats"}, "one of fast, slow"),
        ({"shutter": None}, "one of fast, slow"),
        ({"shots": 1.5}, "a whole number"),
        ({"shots": True}, "a whole number"),
        ({"shots": "3"}, "a whole number"),
        ({"shots": None}, "a whole number"),
        ({"focus": "far"}, "a number"),
        ({"focus": False}, "a number"),
        ({"flash": 1}, "true or false"),
        ({"flash": "no"}, "true or false"),
        ({"stops": "1,2"}, "a list of a number"),
        ({"stops": ["1"]}, "a list of a number|a number"),
        ({"film": "none"}, "a whole number"),
        ({"colour": 3}, "text"),
    ],
)
def test_values_of_another_type_are_refused(given: dict[str, Any], expected: str) -> None:
    (name,) = given
    with pytest.raises(UsageError, match=f"option '{name}' of camera: expected ({expected}), found"):
        checked("camera", KNOWN, given)


def test_unknown_options_are_refused_with_the_known() -> None:
    with pytest.raises(UsageError, match="zoom") as error:
        checked("camera", KNOWN, {"zoom": 2})
    assert all(name in str(error.value) for name in KNOWN)
