"""The layers of a network in the order in which they run, each with its own counts."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from saccade.analysis.counts import parameters_of, weights_of, work_by_weights
from saccade.analysis.footprint import Footprint
from saccade.analysis.reach import Reach
from saccade.analysis.trace import Call, Trace

FLOAT_BYTES = 4


@dataclass(frozen=True)
class Layer:
    """One layer, or one use of a layer that runs several times.

    Attributes:
        name: Its path in the network.
        kind: The class of its module.
        output: Shape of what it makes of one picture: channels, height, width.
        kernel: Height and width of its window, or None.
        parameters: All that may be learnt, frozen kernels too; counted at the first use.
        weights: Parameters without biases and those of normalisation.
        cumulative_weights: Weights up to and with this layer.
        multiply_adds: Multiplications with an addition that one picture costs.
        receptive_field: Side in pixels of what one position sees (its longer side); None where it is not known.
        stride: Pixels between two positions, or None where there is only one.
        memory: Bytes of its output in 32-bit numbers.
        group: ``convolution``, ``dense`` or ``other``: how its weights are used.
        note: What is odd about it.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    kernel: tuple[int, ...] | None
    parameters: int
    weights: int
    cumulative_weights: int
    multiply_adds: int
    receptive_field: int | None
    stride: int | float | None
    memory: int
    group: str
    note: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


class Recorder:
    """Writes down a layer whenever a module of the network has run that does something of its own.

    Args:
        network: The network; its modules are watched while `watching`.
        trace: Where operations are counted.
        side: The picture's longer side, which stands for a field that has no end.
    """

    def __init__(self, network: nn.Module, trace: Trace, side: int) -> None:
        self.layers: list[Layer] = []
        self._network, self._trace, self._side = network, trace, side
        self._uses: dict[nn.Module, int] = {}
        self._counted: set[nn.Parameter] = set()

    @contextmanager
    def watching(self) -> Generator[None]:
        """Inside the block every call of a module of the network is recorded."""
        handles = [handle for path, module in self._network.named_modules() for handle in self._watch(path, module)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def add_unused(self) -> None:
        """Layers for parameters of modules that never ran on their own."""
        for path, module in self._network.named_modules():
            if parameters_of(module, without=self._counted):
                call = Call(path, module, notes=["never runs by itself on a blank picture"])
                self._write(call, (), None)

    def _watch(self, path: str, module: nn.Module) -> list[Any]:
        def before(_: nn.Module, arguments: tuple[Any, ...]) -> None:
            self._trace.calls.append(Call(path, module))

        def after(_: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
            self._close(self._trace.calls.pop(), arguments, output)

        return [module.register_forward_pre_hook(before), module.register_forward_hook(after)]

    def _close(self, call: Call, arguments: tuple[Any, ...], output: Any) -> None:
        tensors = [leaf for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
        source = next((leaf for leaf in tree_leaves(list(arguments)) if isinstance(leaf, Tensor)), None)
        result = tensors[0] if tensors else None
        work = work_by_weights(call.module, source, result)
        call.multiply_adds = call.multiply_adds if work is None else work
        if isinstance(call.module, nn.RNNBase) and source is not None:
            self._sweep(call.module, source, tensors)
        if self._says_something(call, source, result):
            shape = tuple(result.shape[1:]) if result is not None else ()
            if result is not None and result.dim() and result.shape[0] > 1 and not isinstance(call.module, nn.RNNBase):
                call.notes.append(f"for each of {result.shape[0]}")
            seen = None if result is None else self._trace.get(result)
            self._write(call, shape, seen, sum(leaf.numel() for leaf in tensors if leaf.is_floating_point()))

    def _sweep(self, module: nn.RNNBase, source: Tensor, results: list[Tensor]) -> None:
        """A recurrent layer sees all that lies along its sequence; its places are those of its input."""
        seen = self._trace.get(source)
        if seen is None or not results:
            return
        for _, axis in seen.dimensions[1 if module.batch_first else 0]:
            if axis is not None:
                whole: Callable[[Reach], Reach] = Reach.whole
                seen = seen.seeing(axis, whole)
        self._trace.set(results[0], seen.placed_at((*seen.dimensions[:2], ((results[0].shape[2], None),))))

    def _says_something(self, call: Call, source: Tensor | None, result: Tensor | None) -> bool:
        if call.multiply_adds or parameters_of(call.module) or isinstance(call.module, nn.LocalResponseNorm):
            return True
        if any(True for _ in call.module.children()) or result is None:
            return False
        # What only acts on each number, or views the same numbers anew, is no layer in a table.
        same_sight = source is not None and _sights(self._trace.get(source)) == _sights(self._trace.get(result))
        return source is None or source.numel() != result.numel() or not same_sight

    def _write(self, call: Call, shape: tuple[int, ...], seen: Footprint | None, numbers: int = 0) -> None:
        use = self._uses[call.module] = self._uses.get(call.module, 0) + 1
        weights = weights_of(call.module, without=self._counted)
        parameters = parameters_of(call.module, without=self._counted)
        self._counted |= set(call.module.parameters(recurse=False))
        before = self.layers[-1].cumulative_weights if self.layers else 0
        field, stride, sight = self._sight(seen)
        again = use > 1 and parameters_of(call.module) > 0
        notes = [*call.notes, *sight, *([f"use {use} of the same weights"] if again else [])]
        self.layers.append(
            Layer(
                name=call.path,
                kind=type(call.module).__name__,
                output=shape,
                kernel=_kernel(call),
                parameters=parameters,
                weights=weights,
                cumulative_weights=before + weights,
                multiply_adds=call.multiply_adds,
                receptive_field=field,
                stride=stride,
                memory=numbers * FLOAT_BYTES,
                group=_group(call),
                note="; ".join(notes),
            )
        )

    def _sight(self, seen: Footprint | None) -> tuple[int | None, int | float | None, list[str]]:
        """Receptive field, stride, and what is to be said of them."""
        if seen is None:
            return None, None, []
        if any(reach.is_whole for reach in seen.reaches):
            axes = [name for name, reach in zip(("column", "row"), seen.reaches, strict=True) if reach.is_whole]
            said = "sees the whole picture" if len(axes) == 2 else f"sees the whole {axes[0]}"
            # Where windows are cut out and put back, as some transformers do, the step is lost.
            step = max(reach.step for reach in seen.reaches)
            known = step * max(seen.positions) <= 2 * self._side
            return self._side, _stride(seen) if known else None, [said]
        rows, columns = (round(reach.size) for reach in seen.reaches)
        return max(rows, columns), _stride(seen), [f"sees {rows} × {columns}"] if rows != columns else []


def _sights(seen: Footprint | None) -> tuple[Reach, Reach] | None:
    return None if seen is None else seen.reaches


def _stride(seen: Footprint) -> int | float | None:
    if not seen.placed:
        return None
    step = max(reach.step for reach in seen.reaches)
    return int(step) if step == int(step) else round(step, 4)


def _kernel(call: Call) -> tuple[int, ...] | None:
    """Height and width of the window; a window over channels alone is none."""
    return tuple(window.kernel for window in call.windows) if len(call.windows) == 2 else None


def _group(call: Call) -> str:
    if any(not window.is_pool for window in call.windows):
        return "convolution"
    if isinstance(call.module, nn.RNNBase):
        return "other"
    return "dense" if call.is_dense else "other"
