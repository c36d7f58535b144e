"""What an experiment is: rows that are measured, what the paper printed of them, and what it concluded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from saccade.reproduce.claims import Claim

# quick: tiny, shows that it runs, and is never judged. full: as large as the paper's, on its data and a GPU.
Scale = Literal["quick", "miniature", "full"]


@dataclass(frozen=True)
class Size:
    """How large an experiment is.

    Attributes:
        steps: Steps of each training; None: as many as the system's recipe has.
        size: Side of the pictures in pixels, as each system's option ``size`` counts it.
        width: Factor of all channels.
        batch: Pictures of a step; None: those of the system's recipe.
        pictures: Built-in pictures that are drawn to learn from, or pictures of data on disk that are taken at most;
            None: all.
        rounds: How often a time is taken.
        regions: Regions of a picture that detectors look at.
    """

    steps: int | None
    size: int
    width: float = 1.0
    batch: int | None = 8
    pictures: int | None = None
    rounds: int = 1
    regions: int = 0


@dataclass(frozen=True)
class Sizes:
    """The sizes that an experiment is run in.

    Attributes:
        quick: Tiny.
        miniature: Of built-in pictures; minutes on two cores.
        full: As the paper has it.
        on_data: The miniature where data on disk take the place of built-in pictures; None: the same.
    """

    quick: Size
    miniature: Size
    full: Size
    on_data: Size | None = None


@dataclass(frozen=True)
class Measure:
    """A column of the table.

    Attributes:
        name: By which pieces tell it.
        title: Its heading, with the unit.
        digits: Digits after the point.
        exact: Whether it is counted: then one value says all, and there is no interval.
    """

    name: str
    title: str
    digits: int = 3
    exact: bool = False


@dataclass(frozen=True)
class Published:
    """A number that a paper printed.

    Attributes:
        row: What it is of.
        measure: The column that it stands beside.
        value: The number, in the measure's own unit (scores are fractions).
        where: The paper, and its table, data and machine as far as they are known.
        looked_up: Whether the number was read at the source; else it is told from memory of the paper.
    """

    row: str
    measure: str
    value: float
    where: str
    looked_up: bool = True


@dataclass(frozen=True)
class Experiment:
    """A table of a paper that can be run anew.

    Attributes:
        name: As it is typed.
        asks: What it asks, in a line.
        paper: Authors, year, title, number.
        rows: The rows in their order, each with its name in the table. One of several data sets is ``SET: ROW``.
        measures: The columns.
        published: What was printed of them.
        claims: What is judged.
        sizes: How large it is.
        minutes: Of the miniature on built-in pictures, on two cores.
        folders: Data sets in ``--data`` that take the place of built-in pictures.
        full_needs: Data sets in ``--data`` that the full size needs.
        note: Where it differs from the paper's, besides its size.
    """

    name: str
    asks: str
    paper: str
    rows: Mapping[str, str]
    measures: tuple[Measure, ...]
    published: tuple[Published, ...]
    claims: tuple[Claim, ...]
    sizes: Sizes
    minutes: int
    folders: tuple[str, ...] = ()
    full_needs: tuple[str, ...] = ()
    note: str = ""

    def measure(self, name: str) -> Measure:
        """A column by its name.

        Raises:
            KeyError: There is none.
        """
        return {one.name: one for one in self.measures}[name]

    def printed(self, row: str, measure: str) -> Published | None:
        """What the paper printed of a row; None where nothing."""
        return next((one for one in self.published if (one.row, one.measure) == (row, measure)), None)
