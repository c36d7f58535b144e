"""What is drawn under a name is a function of it."""

import torch

from saccade.runtime.seeds import seeded


def test_names_seed_what_is_drawn_and_the_rest_goes_on():
    torch.manual_seed(3)
    wanted = torch.rand(4)
    torch.manual_seed(3)
    drawn = list[list[float]]()
    for names in (("a.png",), ("b\udcff.png",), ("a.png",), ("a.png", "b.png")):
        with seeded(*names):
            drawn.append(torch.rand(2).tolist())
    assert drawn[0] == drawn[2]
    assert len({tuple(one) for one in drawn}) == 3
    assert torch.equal(torch.rand(4), wanted)
