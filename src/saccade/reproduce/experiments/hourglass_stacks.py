"""Hourglasses in a row: the same size cut into 1, 2, 4 or 8 of them, each with a loss, or one at the end."""

from saccade.reproduce.claims import Above
from saccade.reproduce.experiment import Experiment, Measure, Published, Size, Sizes

# Hourglasses, bottlenecks at each place of them, and whether each of them has a loss; of one they are the same.
SHAPES = {
    "1x8": (1, 8, True),
    "2x4": (2, 4, True),
    "2x4, one loss": (2, 4, False),
    "4x2": (4, 2, True),
    "4x2, one loss": (4, 2, False),
    "8x1": (8, 1, True),
    "8x1, one loss": (8, 1, False),
}
STACKED = ("2x4", "4x2", "8x1")
WHERE = "Newell 2016, MPII validation, about"

EXPERIMENT = Experiment(
    name="hourglass-stacks",
    asks="whether several hourglasses in a row tell joints better than one as large, and whether each needs a loss",
    paper="Newell, Yang, Deng 2016: Stacked hourglass networks, arXiv 1603.06937, section 4.4 and figure 8",
    rows={row: f"{shape[0]} × {shape[1]}{'' if shape[2] else ', one loss'}" for row, shape in SHAPES.items()},
    measures=(
        Measure("parameters", "parameters, M", exact=True),
        Measure("pckh", "PCKh@.5"),
        Measure("pck", "PCK@.2"),
    ),
    published=tuple(
        Published(row, "pckh", value, WHERE, looked_up=False)
        for row, value in (("2x4", 0.874), ("4x2", 0.878), ("8x1", 0.881))
    ),
    claims=(
        Above("two hourglasses are better than one as large", ("2x4",), ("1x8",), "pckh"),
        Above("four are better than two", ("4x2",), ("2x4",), "pckh", "87.8, 87.4"),
        Above("eight are better than four", ("8x1",), ("4x2",), "pckh", "88.1, 87.8"),
        Above(
            "a loss at each hourglass is better than one at the end",
            STACKED,
            tuple(f"{row}, one loss" for row in STACKED),
            "pckh",
        ),
    ),
    sizes=Sizes(
        quick=Size(steps=1, size=64, width=1 / 64, batch=2, pictures=6),
        miniature=Size(steps=200, size=64, width=0.0625, batch=32, pictures=500),
        full=Size(steps=None, size=256, batch=None),
    ),
    minutes=30,
    full_needs=("mpii",),
    note="The miniature learns built-in figures, upright and alone, by AdamW. The numbers printed are of 2, 4 and 8 "
    "hourglasses of one bottleneck at each place.",
)
