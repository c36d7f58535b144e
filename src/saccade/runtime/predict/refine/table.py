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


@dataclass(frozen=True)
class ColourDomain:
    """The domain transform by the picture's own colours (`ops.domain_transform.colour_domain`).

    Attributes:
        iterations: Rounds over rows and columns.
        sigma_space: Pixels over which scores are smoothed where the picture has one colour.
        sigma_range: A difference of so many grey values, summed over channels, counts as `sigma_space` pixels.

    Raises:
        UsageError: A number is out of range.
    """

    iterations: int = 3
    sigma_space: float = 50.0
    sigma_range: float = 100.0

    def __post_init__(self) -> None:
        if self.iterations < 1 or not min(self.sigma_space, self.sigma_range) > 0:
            expected = "iterations from 1, sigma_space and sigma_range above 0"
            raise UsageError(expected, (self.iterations, self.sigma_space, self.sigma_range))

    def __call__(self, probabilities: "Tensor", picture: "Tensor") -> "Tensor":
        """(C, H, W) smoothed probabilities; see `Refinement`."""
        from saccade.ops.domain_transform import colour_domain

        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return colour_domain(probabilities, picture.to(probabilities), **told)


# One row a refinement: its name, which is also that of the flag with its parameters.
REFINEMENTS: Mapping[str, type[Refinement]] = {"crf": DenseCrf, "domain": ColourDomain}


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
