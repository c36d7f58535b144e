"""From a system, or its name, to its description: the network is run once on a blank picture that takes no memory."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from saccade.analysis.description import Description, NamedHead, NamedMap
from saccade.analysis.layers import Recorder
from saccade.analysis.trace import Trace
from saccade.core.batch import Batch
from saccade.core.errors import ConfigError, SaccadeError, UsageError
from saccade.core.frame import Frame
from saccade.core.input.input_spec import InputSpec
from saccade.network.maps import GUIDE, IMAGE, Maps
from saccade.network.system import System
from saccade.systems import every_system
from saccade.systems.build import build, options_of


def describe(
    system: str | System, *, classes: Sequence[str] | int | None = None, size: int | None = None, **options: Any
) -> Description:
    """Layers, parameters, multiply-adds, receptive fields and maps of a network.

    Args:
        system: A name of `SYSTEMS`, built as its paper has it unless options say otherwise; or a system.
        classes: Names of the classes or their number; the paper's number where nothing is said.
        size: Side of the picture in pixels, with the margins that the network adds (U-Net's 572); the system's own
            where nothing is said.
        **options: Options of the named system, such as ``width=0.5`` or ``channels=1``. Where a system's classes are
            joints, `joints` is another word for their number.

    Raises:
        UsageError: The name or an option is unknown, options are given for a system that is built already, or the
            classes of one are counted twice.
        ConfigError: The picture is too small for the network, or its size is not known.
    """
    if isinstance(system, System):
        if classes is not None or options:
            raise UsageError("options for a system by name alone", "some for a system that is built already")
        name = str(system.origin["system"]) if system.origin else type(system).__name__
        return describe_built(system, name, size)
    built, side = _built(system, classes, size, options)
    return describe_built(built, system, side)


def describe_built(system: System, name: str, size: int | None = None) -> Description:
    """The description of a system; the system itself is left as it is.

    Args:
        system: The system.
        name: What to call it.
        size: Side of the picture in pixels, margins included, where the system's input is resized.

    Raises:
        ConfigError: The picture is too small for the network, or its size is not known.
    """
    inner = None if size is None else _within_margins(size, system.input.margin)
    spec = system.input if inner is None else system.input.resized(inner)
    height, width = picture_size(spec, inner)
    try:
        return _run(_without_memory(system).float(), name, spec, (height, width), "meta")
    except SaccadeError:
        raise
    except (RuntimeError, TypeError, ValueError):
        # Heads that choose by values, such as regions by their scores, need values: here those of a blank picture.
        return _run(_with_memory(system).float(), name, spec, (height, width), "cpu")


def picture_size(spec: InputSpec, size: int | None = None) -> tuple[int, int]:
    """Height and width of a typical batch: the longest side that the input rule allows lies across.

    Raises:
        ConfigError: The rule takes pictures as they are, and no size is said.
    """
    if spec.size is not None:
        return spec.padded(spec.size)
    if spec.shorter is not None:
        return spec.padded((spec.shorter, max(spec.longest or 0, spec.shorter)))
    if size is None:
        raise ConfigError("the side of a picture", "none", cure="give a size, such as size=224")
    return spec.padded((size, size))


def _within_margins(size: int, margin: int) -> int:
    """The side of the picture itself, of a side with margins."""
    if size <= 2 * margin:
        raise ConfigError(
            f"a side of more than the margins, {margin} pixels twice", size, cure=f"from {2 * margin + 1}"
        )
    return size - 2 * margin


def _built(
    name: str, classes: Sequence[str] | int | None, size: int | None, options: Mapping[str, Any]
) -> tuple[System, int | None]:
    """The named system on the device that has no memory, and the side that is left to set on its input."""
    known = every_system()
    card = known[name].card if name in known else None
    # Values do not matter here, so that none are fetched.
    given = {key: value for key, value in options.items() if key != "pretrained"}
    if card and card.counts_joints and "joints" in given:
        if classes is not None:
            raise UsageError("the number of joints once", "joints and classes", cure="leave classes out")
        classes = int(given.pop("joints"))
        if classes < 1:
            raise UsageError("one joint or more", classes, within="joints")
    chosen = classes if classes is not None else card.classes if card else 1
    with torch.device("meta"):
        system = build(name, chosen, **given)
        if size is not None and card and "size" in options_of(known[name]):
            inner, size = _within_margins(size, system.input.margin), None
            system = build(name, chosen, **given, size=inner)
    side = size if size is not None else card.size if card and system.input.rule == "native" else None
    return system, side


def _without_memory(system: System) -> System:
    """A copy whose parameters and buffers have shapes but no values, so that nothing is copied."""
    memory: dict[int, Any] = {}
    for parameter in system.parameters():
        empty = torch.empty_like(parameter, device="meta")
        memory[id(parameter)] = nn.Parameter(empty, requires_grad=parameter.requires_grad)
    for buffer in system.buffers():
        memory[id(buffer)] = torch.empty_like(buffer, device="meta")
    return copy.deepcopy(system, memory)


def _with_memory(system: System) -> System:
    """A copy on the CPU; where there were no values it holds zeros."""
    copied = copy.deepcopy(system)
    if not any(tensor.is_meta for tensor in [*system.parameters(), *system.buffers()]):
        return copied.cpu()
    copied.to_empty(device="cpu")
    with torch.no_grad():
        for tensor in [*copied.parameters(), *copied.buffers()]:
            tensor.zero_()
    return copied


def _run(system: System, name: str, spec: InputSpec, side: tuple[int, int], device: str) -> Description:
    system.eval()
    pictures = torch.zeros(1, spec.channels, *side, device=device)
    sizes, frame = torch.tensor([side], device=device), Frame.identity(side)
    trace = Trace()
    recorder = Recorder(system, trace, max(side))
    with torch.no_grad(), torch.device(device), recorder.watching(), trace:
        trace.begin(pictures)
        maps = system.maps(Batch(pictures, sizes, (frame,), regions=(_whole(side),)))
        system.raw(maps)
    recorder.add_unused()
    return Description(name, (spec.channels, *side), tuple(recorder.layers), _maps(system, maps), _heads(system))


def _whole(side: tuple[int, int]) -> Tensor:
    """(1, 4) the whole picture, for systems that look at regions from outside: what each region costs is told once."""
    return torch.tensor([[0.0, 0.0, side[1], side[0]]])


def _maps(system: System, maps: Maps) -> tuple[NamedMap, ...]:
    readers: dict[str, list[str]] = {name: [] for name in maps}
    for reader, reads in _readers(system):
        for name in reads:
            readers[name].append(reader)
    trunk, found = set(system.trunk.levels), list[NamedMap]()
    for name, level in ((name, level) for name, level in system.levels.items() if name in maps):
        part = "image" if name in (IMAGE, GUIDE) else "trunk" if name in trunk else "neck"
        found.append(NamedMap(name, part, _shape(maps[name]), level.stride, tuple(readers[name])))
    return tuple(found)


def _readers(system: System) -> list[tuple[str, Sequence[str]]]:
    neck = [] if system.neck is None else [("neck", system.neck.reads)]
    return [*neck, *((name, head.reads) for name, head in system.each_head())]


def _heads(system: System) -> tuple[NamedHead, ...]:
    return tuple(
        NamedHead(name, type(head).__name__, tuple(head.reads), tuple(sorted(head.gives)), name in system.silent)
        for name, head in system.each_head()
    )


def _shape(map: Tensor) -> tuple[int, ...]:
    return tuple(map.shape[1:])
