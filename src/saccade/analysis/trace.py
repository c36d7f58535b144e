"""Following a picture through a network, operation by operation: what each costs, and what its results see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry
from torch.utils.weak import WeakTensorKeyDictionary

from saccade.analysis.footprint import Footprint
from saccade.analysis.rules import RULES, elementwise, is_product, multiplied, shape_of, windowed
from saccade.analysis.window import Window, slides, windows_of
from saccade.core.errors import ConfigError


@dataclass
class Call:
    """One call of a module, while it runs.

    Attributes:
        path: Dotted path of the module.
        module: The module.
        multiply_adds: Of the operations that are its own, not a child's.
        windows: The last window that it slid, by axis.
        is_dense: Whether it multiplied matrices.
        notes: What is odd about it.
    """

    path: str
    module: nn.Module
    multiply_adds: int = 0
    windows: Sequence[Window] = ()
    is_dense: bool = False
    notes: list[str] = field(default_factory=list[str])


class Trace(TorchDispatchMode):
    """While it is entered, all operations are counted for the call on top, and footprints go from tensor to tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._footprints = WeakTensorKeyDictionary()
        self._picture = ""

    def begin(self, pictures: Tensor) -> None:
        """Pictures (B, C, H, W) whose pixels see themselves."""
        self._picture = f"a picture of {pictures.shape[2]} × {pictures.shape[3]}"
        self.set(pictures, Footprint.of_pictures(pictures.shape))

    def get(self, tensor: Tensor) -> Footprint | None:
        """What a tensor sees; None where it does not come from the picture."""
        return self._footprints.get(tensor)

    def set(self, tensor: Tensor, footprint: Footprint) -> None:
        """Say what a tensor sees."""
        self._footprints[tensor] = footprint

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """One operation.

        Raises:
            ConfigError: The picture is too small, or has not the size that a fully connected layer was built for.
        """
        name = func._schema.name.split("::")[-1].removesuffix("_") or func._schema.name
        self._check(name, args)
        result = func(*args, **(kwargs or {}))
        self._count(func, name, args, kwargs or {}, result)
        results = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        for one in results:
            footprint = self._footprint(name, args, shape_of(one))
            if footprint is not None:
                self.set(one, footprint)
        return result

    def _check(self, name: str, args: Sequence[Any]) -> None:
        where = self.calls[-1].path if self.calls else "the network"
        if slides(name):
            windows = windows_of(name, args)
            sides = args[0].shape[-len(windows) :]
            for window, side in zip(windows, sides, strict=True):
                if not window.transposed and side + 2 * window.padding < window.extent:
                    raise ConfigError(
                        f"a map of at least {window.extent} a side in {where}, which slides a window over it",
                        f"one of {' × '.join(map(str, sides))}",
                        within=f"{self._picture} is too small",
                        cure="give a larger size",
                    )
        if is_product(name) and args[-2].shape[-1] != args[-1].shape[-2]:
            raise ConfigError(
                f"{args[-1].shape[-2]} values in {where}",
                args[-2].shape[-1],
                within=f"{self._picture} is not of the size that the network was built for",
                cure="leave the size out, or build the network for it",
            )

    def _count(self, func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any) -> None:
        if not self.calls:
            return
        call = self.calls[-1]
        operations = flop_registry.get(func._overloadpacket)
        if operations is not None:
            # The registry counts a multiplication and an addition as two.
            call.multiply_adds += int(operations(*args, **kwargs, out_val=result)) // 2
        call.is_dense |= is_product(name)
        if slides(name):
            call.windows = windows_of(name, args)
            call.notes += _notes(call.windows, args[0].shape, tree_leaves(result)[0].shape)

    def _footprint(self, name: str, args: Sequence[Any], shape: tuple[int, ...]) -> Footprint | None:
        if is_product(name):
            return multiplied(self.get(args[-2]), self.get(args[-1]), shape)
        seen = self._seen(args, shape)
        if seen is None:
            return None
        if slides(name):
            return windowed(name, seen, args, shape)
        if "attention" in name:
            return elementwise(seen.whole(), (), shape)
        return RULES.get(name, elementwise)(seen, args, shape)

    def _seen(self, args: Sequence[Any], shape: tuple[int, ...]) -> Footprint | None:
        """The footprints of all arguments together, in the dimensions of the one that has most places."""
        tensors = [leaf for leaf in tree_leaves(list(args)) if isinstance(leaf, Tensor)]
        found = [footprint for tensor in tensors if (footprint := self.get(tensor)) is not None]
        if not found:
            return None
        first = max(found, key=lambda footprint: (footprint.placed, sum(footprint.positions)))
        for other in found:
            first = first.joined(other)
        return first


def _notes(windows: Sequence[Window], before: Sequence[int], after: Sequence[int]) -> list[str]:
    """Where (N - F + 2P) / S + 1 is not whole, said once for equal axes."""
    said: dict[str, None] = {}
    count = len(windows)
    for window, side, result in zip(windows, before[-count:], after[-count:], strict=True):
        if not window.transposed and window.remainder(side):
            value = (side - window.extent + 2 * window.padding) / window.stride + 1
            sum_ = f"({side} - {window.extent} + 2·{window.padding}) / {window.stride} + 1 = {value:.4g}"
            said[f"{sum_} is not whole: {result} positions"] = None
        if window.dilation > 1:
            said[f"dilation {window.dilation}"] = None
    return list(said)
