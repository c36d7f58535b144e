"""Parameters, weights, and the work of layers whose operations do more than their weights ask for."""

from collections.abc import Collection

from torch import Tensor, nn

from saccade.layers.blocks.lenet import TableConv2d

NORMALISATION = (
    nn.modules.batchnorm._NormBase,  # pyright: ignore[reportPrivateUsage]
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)


def parameters_of(module: nn.Module, without: Collection[nn.Parameter] = ()) -> int:
    """Numbers that a module itself holds to be learnt, frozen ones too; its children's and buffers do not count."""
    return sum(p.numel() for p in module.parameters(recurse=False) if p not in without)


def weights_of(module: nn.Module, without: Collection[nn.Parameter] = ()) -> int:
    """Parameters of the module itself without biases and those of normalisation."""
    if isinstance(module, NORMALISATION):
        return 0
    own = module.named_parameters(recurse=False)
    return sum(p.numel() for name, p in own if not name.startswith("bias") and p not in without)


def work_by_weights(module: nn.Module, source: Tensor | None, result: Tensor | None) -> int | None:
    """Multiply-adds of layers that are counted by hand, or None where the operations say it rightly.

    A connection table is computed as a full convolution with zeros in it, and a recurrent layer by operations that
    differ between machines.
    """
    if isinstance(module, TableConv2d) and result is not None:
        return weights_of(module) * result.shape[-1] * result.shape[-2] * result.shape[0]
    if isinstance(module, nn.RNNBase) and source is not None:
        return weights_of(module) * source.shape[0] * source.shape[1]
    return None
