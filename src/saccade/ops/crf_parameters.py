"""What a dense CRF is told; to read it loads no torch."""

from dataclasses import dataclass

from saccade.core.errors import UsageError


@dataclass(frozen=True)
class CrfParameters:
    """Steps and kernels of a dense CRF; the defaults are those of the authors' example in Python, but for the steps.

    Attributes:
        iterations: Steps of mean field.
        smoothness: Weight of the kernel over places, and its standard deviation in pixels. A weight of 0 leaves a
            kernel out.
        appearance: Weight of the kernel over places and colours, and its standard deviations in pixels and grey values.

    Raises:
        UsageError: A number is missing or out of range.
    """

    iterations: int = 10
    smoothness: tuple[float, float] = (3.0, 3.0)
    appearance: tuple[float, float, float] = (10.0, 80.0, 13.0)

    def __post_init__(self) -> None:
        if self.iterations < 0:
            raise UsageError("at least 0 iterations", self.iterations)
        for name, values, count in (("smoothness", self.smoothness, 2), ("appearance", self.appearance, 3)):
            if len(values) != count or not values[0] >= 0 or not all(sigma > 0 for sigma in values[1:]):
                widths = "one standard deviation" if count == 2 else "two standard deviations"
                raise UsageError(f"{name} of a weight from 0 and {widths} above 0", values)
