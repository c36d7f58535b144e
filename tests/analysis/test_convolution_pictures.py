"""Pictures of convolutions: what they print is what the layers make, and what they mark is what counts."""

import pytest
import torch
from torch import nn

from saccade.analysis.convolution.growing import bilinear_sheets, unpooling_sheets
from saccade.analysis.convolution.pooling import pooling_sheets
from saccade.analysis.convolution.remainder import remainder_sheets
from saccade.analysis.convolution.sheets import SHEETS, convolution_pictures
from saccade.analysis.convolution.terms import cells, factors, read_by, sliding, stamp, terms, widened
from saccade.analysis.convolution.topics import TOPICS
from saccade.analysis.convolution.windows import window_sheet
from saccade.analysis.convolution.worked import example, numbered, size_of, spread_places
from saccade.core.errors import UsageError

LAYERS = [
    nn.Conv2d(1, 1, 3, bias=False),
    nn.Conv2d(1, 1, 3, padding=1, bias=False),
    nn.Conv2d(1, 1, 3, 2, bias=False),
    nn.Conv2d(1, 1, 3, dilation=2, bias=False),
    nn.ConvTranspose2d(1, 1, 3, bias=False),
    nn.ConvTranspose2d(1, 1, 3, padding=1, bias=False),
    nn.ConvTranspose2d(1, 1, 3, 2, bias=False),
    nn.ConvTranspose2d(1, 1, 3, 2, 1, bias=False),
    nn.ConvTranspose2d(1, 1, 3, 2, 1, 1, bias=False),
    nn.ConvTranspose2d(1, 1, 2, 2, bias=False),
    nn.ConvTranspose2d(1, 1, 3, 2, 1, dilation=2, bias=False),
]


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_the_plain_convolution_of_the_widened_input_makes_the_layers_output(layer) -> None:
    numbered(layer)
    values = example(6)
    entry, added = widened(values, layer)
    assert torch.equal(cells(entry, sliding(layer)), cells(values, layer))
    assert torch.equal(entry[~added], values.flatten())


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_the_factors_of_a_cell_make_its_value(layer) -> None:
    numbered(layer)
    entry, _ = widened(example(6), layer)
    made = cells(entry, sliding(layer))
    for place in spread_places(made.shape):
        by = factors(entry, sliding(layer), place)
        assert float((entry * by).sum()) == float(made[place])
        assert int((by != 0).sum()) == layer.weight.numel()


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if isinstance(layer, nn.ConvTranspose2d)], ids=str)
def test_stamps_add_up_to_the_output(layer) -> None:
    numbered(layer)
    values = example(3)
    places = [(row, column) for row in range(3) for column in range(3)]
    stamps = torch.stack([stamp(values, layer, place) for place in places])
    assert torch.equal(stamps.sum(0), cells(values, layer))
    assert torch.equal((stamps != 0).sum(0).float(), terms(values, layer))


@pytest.mark.parametrize(
    ("layer", "before", "told"),
    [
        (LAYERS[2], 5, "(5 - 3 + 2 · 0) / 2 + 1 = 2"),
        (LAYERS[2], 6, "(6 - 3 + 2 · 0) / 2 + 1 = 2.5, rounded down to 2"),
        (LAYERS[3], 7, "(7 - 5 + 2 · 0) / 1 + 1 = 3"),
        # A lecture's filter of 3 × 3 on 7 × 7 cells, at strides 1, 2 and 3, of which the last does not fit.
        (LAYERS[0], 7, "(7 - 3 + 2 · 0) / 1 + 1 = 5"),
        (LAYERS[2], 7, "(7 - 3 + 2 · 0) / 2 + 1 = 3"),
        (nn.Conv2d(1, 1, 3, 3, bias=False), 7, "(7 - 3 + 2 · 0) / 3 + 1 = 2.33333, rounded down to 2"),
        (LAYERS[7], 3, "(3 - 1) · 2 + 3 - 2 · 1 = 5"),
        (LAYERS[8], 3, "(3 - 1) · 2 + 3 - 2 · 1 + 1 = 6"),
    ],
)
def test_sizes_are_spelt_out(layer, before: int, told: str) -> None:
    after = len(cells(example(before), layer))
    assert size_of(layer, before, after) == told
    formula = told.split(" = ")[0].replace("·", "*")
    assert int(eval(formula)) == after


def test_cells_that_no_window_reads_are_the_last_row_and_column() -> None:
    read = read_by(example(6), numbered(nn.Conv2d(1, 1, 3, 2, bias=False)))
    assert bool(read[:5, :5].all())
    assert int(read.sum()) == 25


def test_the_sheets_tell_what_came_out() -> None:
    convolved, pooled = remainder_sheets()
    assert "= 2.5, rounded down to 2" in convolved.told[0]
    assert "= 5 cells a side" in convolved.told[1]
    assert [line[-5:] for line in pooled.told] == ["2 × 2", "3 × 3"]
    (unpooling,) = unpooling_sheets()
    assert unpooling.told[0].startswith("max-unpooling: 9 of 36 cells are not 0, 9 are as")
    assert unpooling.told[2].startswith("nearest: 36 of 36")
    kernels, grown = bilinear_sheets()
    assert [line.split(",")[0] for line in kernels.told] == [
        *("factor 2: kernel 4 × 4", "factor 3: kernel 5 × 5", "factor 8: kernel 16 × 16", "factor 32: kernel 64 × 64")
    ]
    assert "3 × 3 → 8 × 8" in grown.told[0]


def test_windows_are_pooled_in_four_ways() -> None:
    (pooling,) = pooling_sheets()
    ways = dict(line.split(": ") for line in pooling.told)
    first = [1.0, 8.0, 2.0, 9.0]  # of the example's first two rows
    assert ways["maximum"].endswith(f"→ {max(first):g}")
    assert ways["average"].endswith(f"→ {sum(first) / 4:g}")
    assert ways["L2 norm"].endswith(f"→ {sum(value * value for value in first) ** 0.5:.4g}")
    assert ways["LeNet's subsampling"].endswith(f"→ {sum(first) / 4 + 1:g}")


def test_a_convolution_of_ones_own_is_drawn() -> None:
    sheet = window_sheet(nn.Conv2d(1, 1, 3, 3, bias=False), 7)
    assert sheet.told[1] == "(7 - 3 + 2 · 0) / 3 + 1 = 2.33333, rounded down to 2"
    padded = window_sheet(nn.Conv2d(1, 1, 3, 3, padding=1, bias=False), 7)
    assert padded.told[1] == "(7 - 3 + 2 · 1) / 3 + 1 = 3"
    red = (252, 196, 188)
    assert red in {colour for _, colour in sheet.picture.getcolors(2**20)}
    assert red not in {colour for _, colour in padded.picture.getcolors(2**20)}
    up = window_sheet(nn.ConvTranspose2d(1, 1, 2, 2, bias=False), 3)
    assert up.told[1].endswith("= 6")


def test_a_convolution_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(UsageError, match="one channel"):
        window_sheet(nn.Conv2d(3, 1, 3), 7)
    with pytest.raises(UsageError, match="at least 7"):
        window_sheet(nn.Conv2d(1, 1, 7, bias=False), 5)


def test_every_topic_is_drawn_and_pictures_have_names_of_their_own() -> None:
    assert list(SHEETS) == list(TOPICS)
    sheets = convolution_pictures()
    assert len({sheet.name for sheet in sheets}) == len(sheets) == 17
    for sheet in sheets:
        assert len(sheet.picture.getcolors(maxcolors=2**20) or ()) > 8, sheet.name
    assert [sheet.name for sheet in convolution_pictures(["unpooling"])] == ["unpooling"]


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(UsageError, match="transposed"):
        convolution_pictures(["transpose"])
