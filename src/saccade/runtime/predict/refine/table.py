"""Which refinements there are, by name. To read this table loads no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from saccade.core.errors import UsageError
from saccade.core.nearest import did_you_mean
from saccade.ops.crf_parameters import CrfParameters

if TYPE_CHECKING:
    from torch import Tensor

At = Literal["picture", "network"]


class Refinement(Protocol):
    """A frozen dataclass whose fields are a filter's parameters, all of them with defaults; to call it filters."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __call__(self, probabilities: "Tensor", picture: "Tensor") -> "Tensor":
        """Better probabilities.

        Args:
            probabilities: (C, H, W) of the classes; those of a pixel sum to 1.
            picture: (K, H, W) on the scale 0..255.
        """
        ...


@dataclass(frozen=True)
class DenseCrf(CrfParameters):
    """A dense CRF (`ops.crf.dense_crf`).

    Attributes:
        iterations: Steps of mean field.
        smoothness: Weight of the kernel over places, and its standard deviation in pixels.
        appearance: Weight of the kernel over places and colours, and its standard deviations in pixels and grey values.
    """

    def __call__(self, probabilities: "Tensor", picture: "Tensor") -> "Tensor":
        """(C, H, W) beliefs after the steps; see `Refinement`."""
        from saccade.ops.crf import dense_crf

        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return dense_crf(probabilities, picture, **told)


# One row a refinement: its name, which is also that of the flag with its parameters.
REFINEMENTS: Mapping[str, type[Refinement]] = {"crf": DenseCrf}


def refinement(name: str, *changes: Mapping[str, Any]) -> Refinement:
    """The refinement of a name, with some of its parameters set; later ones win.

    Raises:
        UsageError: There is no such refinement or parameter, or a value is out of range.
    """
    if name not in REFINEMENTS:
        known = ", ".join(REFINEMENTS)
        raise UsageError("a refinement", repr(name), cure=did_you_mean(name, REFINEMENTS, f"there are: {known}"))
    made: Any = REFINEMENTS[name]()
    known = [one.name for one in fields(made)]
    for change in changes:
        unknown = sorted(set(change) - set(known))
        if unknown:
            cure = did_you_mean(unknown[0], known, f"they are {', '.join(known)}")
            raise UsageError(f"parameters of {name}", ", ".join(unknown), cure=cure)
        # Lists are tuples that a file has kept.
        made = replace(made, **{key: tuple(v) if isinstance(v, list) else v for key, v in change.items()})
    return made


def values_of(made: Refinement) -> dict[str, Any]:
    """The parameters of a refinement by name."""
    return {one.name: getattr(made, one.name) for one in fields(made)}
