"""A system as tensors in, tensors out, and back to what its heads said."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from helpers import tiny_system
from saccade.core.errors import ConfigError
from saccade.network.graphs.graph import graph_of, tensors_of
from saccade.network.system import System


@pytest.fixture
def system() -> System:
    return tiny_system().eval()


def test_what_comes_out_is_the_raw_output_again(system: System) -> None:
    batch = system.batch([torch.rand(3, 10, 12), torch.rand(3, 9, 14)])
    graph = graph_of(system, batch)
    found = graph.module(*graph.tensors(batch))
    raw, wanted = graph.raw(found), system.forward(batch)
    assert list(raw) == list(wanted)
    for name, head in system.each_head():
        assert type(raw[name]) is type(wanted[name])
        one, other = head.decode(raw[name]), head.decode(wanted[name])
        assert [a.present() for a in one] == [a.present() for a in other]
    assert len(graph.outputs) == len(found)
    assert graph.outputs[0].split(".")[0] == next(iter(raw))
    assert graph.inputs == ("images", "sizes")


def test_silent_heads_stay_behind(system: System) -> None:
    name = next(iter(system.heads))
    system.heads["other"] = nn.Identity()
    system.silent = ("other",)
    graph = graph_of(system, system.batch([torch.rand(3, 10, 12)]))
    assert {output.split(".")[0] for output in graph.outputs} == {name}


def test_an_example_of_one_picture_becomes_two(system: System) -> None:
    graph = graph_of(system, system.batch([torch.rand(3, 10, 12)]))
    assert [len(tensor) for tensor in graph.example] == [2, 2]


def test_regions_are_padded_to_as_many_as_the_example_has(system: System) -> None:
    batch = system.batch([torch.rand(3, 10, 12)] * 2)
    regions = (torch.tensor([[0.0, 0, 5, 5], [1, 1, 4, 4]]), torch.zeros(0, 4))
    images, sizes, boxes, shown = tensors_of(replace(batch, regions=regions), 3)
    assert (images.shape[0], sizes.shape) == (2, (2, 2))
    assert boxes.shape == (2, 3, 4)
    assert shown.tolist() == [[True, True, False], [False] * 3]


def test_parts_that_no_graph_holds_are_named(system: System) -> None:
    class Loops(nn.Module):
        not_exportable = "every pixel is asked by itself"

    class May(nn.Module):
        not_exportable = None

    assert system.not_exportable == {}
    system.trunk.loops, system.trunk.may = Loops(), May()
    assert system.not_exportable == {"trunk.loops": "every pixel is asked by itself"}
    with pytest.raises(ConfigError, match=r"trunk\.loops: every pixel is asked by itself"):
        graph_of(system, system.batch([torch.rand(3, 10, 12)]))


def test_a_system_in_fewer_bits_is_to_be_loaded_in_32(system: System) -> None:
    batch = system.batch([torch.rand(3, 10, 12)])
    with pytest.raises(ConfigError, match=r"float32.*found bfloat16") as refused:
        graph_of(system.to(torch.bfloat16), batch)
    assert "precision='32'" in (refused.value.cure or "")
    assert graph_of(system.float(), batch).outputs
