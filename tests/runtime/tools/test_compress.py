"""Thin layers in place of fc6 and fc7: the paper's counts, the best approximation, and nothing lost at full rank."""

import pytest
import torch
from torch import nn

import saccade as sc
from saccade.cli import main
from saccade.core.errors import UsageError
from saccade.layers.blocks.low_rank import decomposed, thin_pair
from saccade.runtime.tools.compress import compress, thinned
from saccade.systems.build import build

SMALL = {"trunk": "vgg11", "width": 1 / 16, "size": 64, "search": "windows", "proposals": 40}


@pytest.mark.parametrize("rank", [3, 99])
def test_a_pair_is_the_nearest_of_its_rank(rank):
    torch.manual_seed(0)
    layer = nn.Linear(12, 8)
    pair = thin_pair(layer, rank)
    whole = {f"fc.{name}": value for name, value in layer.state_dict().items()}
    pair.load_state_dict({name.removeprefix("fc."): value for name, value in decomposed("fc", whole, rank).items()})
    values = torch.linalg.svdvals(layer.weight)
    product = pair.after.weight @ pair.before.weight
    # Eckart and Young: what is left is made of the singular values that were let go.
    left = values[rank:].square().sum().sqrt()
    assert (product - layer.weight).norm().item() == pytest.approx(left.item(), abs=1e-5)
    assert torch.equal(pair.after.bias, layer.bias)


def test_full_rank_changes_no_answer():
    torch.manual_seed(0)
    whole = build("fast_rcnn", 3, **SMALL).eval()
    small = build("fast_rcnn", 3, ranks=(9999, 9999), **SMALL).eval()
    small.load_state_dict(thinned(small, whole.state_dict()))
    batch = whole.batch([torch.rand(3, 70, 90)])
    one, two = (system.forward(batch)["regions"].tops["box"] for system in (whole, small))
    torch.testing.assert_close(two.logits, one.logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(two.codes, one.codes, atol=1e-5, rtol=1e-4)


def test_a_compressed_run_is_a_run(tmp_path, capsys):
    data = sc.open_data("scenes:count=2,size=64", split="train")  # without pictures to validate on, for speed
    sc.train("fast_rcnn", data, out=tmp_path / "whole", steps=1, batch=1, workers=0, **SMALL)
    words = ["compress", str(tmp_path / "whole"), "--out", str(tmp_path / "small"), "--ranks", "16,8"]
    assert main(words) == 0
    told = capsys.readouterr().out
    small = sc.load(tmp_path / "small").system
    assert f"{sum(p.numel() for p in small.parameters()):,} now" in told
    assert small.heads["regions"].box.tower.body.fc7.linear.before.out_features == 8
    with pytest.raises(UsageError, match="whole run"):
        compress(tmp_path / "small", tmp_path / "again")
    assert main([*words[:-1], "16"]) == 2


def test_ranks_that_cannot_be_are_refused():
    with pytest.raises(UsageError, match="fc7"):
        build("fast_rcnn", 2, ranks=(5,), **SMALL)
