"""Pictures of a region's cells: what they mark is what the pools read."""

import torch
from torchvision.ops import roi_align, roi_pool

from saccade.analysis.convolution.regions import CELLS, REGION, SIDE, STRIDE, pooled, read_by_cells, region_sheets
from saccade.analysis.convolution.worked import example

ROWS = torch.tensor([[0.0, *REGION]])


def test_a_cell_reads_the_positions_between_its_rounded_edges():
    # 20 28 108 100 pixels are positions 1.25 1.75 6.75 6.25, rounded 1 2 7 6: columns 1 to 7, rows 2 to 6. Halves of
    # seven columns are 3.5 wide and both reach column 4; halves of five rows both reach row 4.
    read = read_by_cells("max") > 0
    assert [int(read[row, column].sum()) for row in range(2) for column in range(2)] == [12, 12, 12, 12]
    assert read[0, 0].nonzero().amin(0).tolist() == [2, 1]
    assert read[0, 0].nonzero().amax(0).tolist() == [4, 4]
    assert read[1, 1].nonzero().amin(0).tolist() == [4, 4]
    assert read[1, 1].nonzero().amax(0).tolist() == [6, 7]


def test_cells_are_torchvision_s():
    values = example(SIDE)
    assert torch.equal(pooled(values, "max"), roi_pool(values[None, None], ROWS, CELLS, 1 / STRIDE)[0, 0])
    torch.testing.assert_close(
        pooled(values, "align"), roi_align(values[None, None], ROWS, CELLS, 1 / STRIDE, sampling_ratio=2)[0, 0]
    )


def test_the_greatest_read_position_or_the_weighted_sum_is_the_cell():
    values = example(SIDE)
    read, shares = read_by_cells("max") > 0, read_by_cells("align")
    assert torch.equal(torch.where(read, values, 0.0).amax((2, 3)), pooled(values, "max"))
    torch.testing.assert_close((shares * values).sum((2, 3)), pooled(values, "align"))
    torch.testing.assert_close(shares.sum((2, 3)), torch.ones(CELLS, CELLS))


def test_the_sheets_tell_what_was_rounded_and_where_the_gradient_goes():
    by_maximum, by_samples = region_sheets()
    assert "1.25 1.75 6.75 6.25 positions, rounded to 1 2 7 6" in by_maximum.told[0]
    assert "4 maxima" in by_maximum.told[2]
    assert "rounded" not in by_samples.told[0]
