"""Every system leaves as a graph of any number of pictures, and of any size where sizes are free, or says why not."""

import os
from typing import Any

import pytest
import torch
from contract_cases import batch_of, narrow
from torch import Tensor

from proof_systems import PROOFS
from saccade.core.batch import Batch
from saccade.core.errors import ConfigError
from saccade.network.graphs.graph import Graph, graph_of
from saccade.network.graphs.onnx import OPSET, translations
from saccade.network.system import System
from saccade.systems import SYSTEMS

# One of each kind of graph; the others, and variants of these, take minutes.
QUICK = (
    "lecture_cnn",
    "yolo1",
    "ssd300",
    "faster_rcnn",
    "rcnn",
    "pixels",
    "segnet_basic",
    "parsenet",
    "superpixels",
    "crf_rnn",
    "deconvnet by proposals",
    "edgenet",
    "deeppose",
    "patches one by one",
)
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "faster_rcnn on a pyramid": ("faster_rcnn", {"trunk": "resnet18", "scales": None}),
    "mask_rcnn on one map": ("mask_rcnn", {"trunk": "vgg11", "size": 96, "scales": (1.0, 2.0, 4.0)}),
    "mask_rcnn of a last stage": ("mask_rcnn", {"pooled_from": "c4", "size": 96, "scales": (1.0, 2.0, 4.0)}),
    "windows one by one": ("sliding_window", {"evaluate": "windows"}),
    "localizer of several": ("localizer", {"objects": 3}),
    "renet of long memory": ("renet", {"cell": "lstm"}),
    "deconvnet without switches": ("deconvnet", {"unpool": "none"}),
    "deconvnet by proposals": ("deconvnet", {"sees": "proposals", "search": "windows"}),
    "patches one by one": ("patch_pixels", {"evaluate": "patches"}),
    "segnet_basic of several": ("segnet_basic", {"labels": "several"}),
    "edgenet widely padded": ("edgenet", {"padding": 35}),
    "multipath twice": ("multipath", {"rounds": 2, "vote": True}),
}
NAMES = [*sorted([*SYSTEMS, *PROOFS]), *VARIANTS]
EVERY = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
OUTSIDE = {
    "rcnn": "warped one by one",
    "superpixels": "superpixels are sought",
    "crf_rnn": "a lattice of each picture's own colours",
    "deconvnet by proposals": "warped one by one",
    "patches one by one": "run one by one",
}
# Sides of pictures where sizes are free, of an example and of others: so large that no map has a side of 1, which is
# taken for a constant.
EXAMPLE, OTHER = (288, 320), (320, 384)
REGIONS = 20
# What is told of regions, by what they are known again by: those that were looked at, and those that stay.
OF_REGIONS = {
    ("regions.regions.boxes",): ("regions.regions", "regions.tops.box"),
    ("regions.kept.regions.boxes", "regions.kept.labels"): ("regions.kept", "regions.tops.mask"),
}


def made(name: str) -> System:
    """A narrow system whose proposals' scores lie so far apart that rounding changes no order."""
    known, options = VARIANTS.get(name, (name, {}))
    system = narrow(known, **options).eval()
    draw = torch.Generator().manual_seed(5)
    for path, parameter in system.named_parameters():
        if "propose.tower" in path or ".score." in path:
            parameter.data += torch.randn(parameter.shape, generator=draw) * 0.1
    return system


def batches(system: System, count: int, side: tuple[int, int]) -> Batch:
    """Pictures as the system takes them, those of free sizes of `side` pixels, with regions where it reads some."""
    if system.input.size is not None:
        return batch_of(system, list(range(count)), truth=False)
    draw = torch.Generator().manual_seed(count)
    side = system.input.padded(side)
    images = torch.randn(count, system.input.channels, *side, generator=draw)
    sizes = torch.tensor([side] * count) - torch.arange(count)[:, None]
    if system.search is None:
        return Batch(images, sizes, ())
    corners = torch.rand(count, REGIONS, 2, generator=draw) * 200
    regions = torch.cat([corners, corners + 8 + torch.rand(count, REGIONS, 2, generator=draw) * 80], 2)
    # Of each picture another number.
    return Batch(images, sizes, (), regions=tuple(rows[place:] for place, rows in enumerate(regions)))


def check(graph: Graph, found: list[Tensor], batch: Batch) -> None:
    """What came out is what the network says, region by region where there are regions."""
    with torch.no_grad():
        wanted = graph.module(*graph.tensors(batch))
    assert len(found) == len(wanted) == len(graph.outputs)
    for name, one, other in zip(graph.outputs, _in_order(graph, found, wanted), wanted, strict=True):
        # A region's borders are rounded one way on the map by the operator of graphs, another way by our own.
        least = 3e-4 * (float(other.double().abs().max()) or 1.0)
        torch.testing.assert_close(one, other, rtol=1e-4, atol=least, msg=lambda text, name=name: f"{name}: {text}")


def _in_order(graph: Graph, found: list[Tensor], wanted: list[Tensor]) -> list[Tensor]:
    """What came out, its regions in the order of those that were wanted: two of nearly one score may change places."""
    ordered = dict(zip(graph.outputs, found, strict=True))
    told = dict(zip(graph.outputs, wanted, strict=True))
    for described, parts in OF_REGIONS.items():
        if all(name in told for name in described):
            rows = torch.cdist(_described(told, described), _described(ordered, described), p=torch.inf).argmin(2)
            pictures = torch.arange(len(rows))[:, None]
            ordered |= {name: one[pictures, rows] for name, one in ordered.items() if name.startswith(parts)}
    return list(ordered.values())


def _described(outputs: dict[str, Tensor], names: tuple[str, ...]) -> Tensor:
    """(B, R, k) numbers by which regions are known again, those of labels far apart."""
    columns = [outputs[name] for name in names]
    return torch.cat([one if one.is_floating_point() else 1e4 * one[..., None] for one in columns], -1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EVERY)
def test_it_leaves_as_a_graph_or_says_why(name: str, tmp_path) -> None:
    system = made(name)
    example = batches(system, 2, EXAMPLE)
    if name in OUTSIDE:
        with pytest.raises(ConfigError, match=OUTSIDE[name]):
            graph_of(system, example)
        return
    assert system.not_exportable == {}
    graph = graph_of(system, example)
    with torch.no_grad():
        program = torch.export.export(graph.module, graph.example, dynamic_shapes=graph.dynamic)
    others = [batches(system, 1, EXAMPLE), batches(system, 3, OTHER)]
    for batch in others:
        check(graph, program.module()(*graph.tensors(batch)), batch)
    file = tmp_path / "graph.onnx"
    onnx_of(graph, program).save(file)
    run = onnx_runner(graph, str(file))
    for batch in others:
        check(graph, run(batch), batch)


def onnx_of(graph: Graph, program: torch.export.ExportedProgram) -> Any:
    return torch.onnx.export(
        program,
        input_names=list(graph.inputs),
        output_names=list(graph.outputs),
        custom_translation_table=translations(),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )


def onnx_runner(graph: Graph, file: str) -> Any:
    runtime = pytest.importorskip("onnxruntime")
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = len(os.sched_getaffinity(0)), 3
    session = runtime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == list(graph.outputs)
    read = {one.name for one in session.get_inputs()}

    def run(batch: Batch) -> list[Tensor]:
        given = zip(graph.inputs, graph.tensors(batch), strict=True)
        return [torch.from_numpy(found) for found in session.run(None, {n: t.numpy() for n, t in given if n in read})]

    return run
