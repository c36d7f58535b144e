"""One normalisation in place of another: what detectors need whose batches are of few pictures."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import nn

from saccade.core.errors import UsageError
from saccade.layers.norms.frozen_norm import frozen, replaced

Norm = Literal["batch", "frozen", "group", "sync"]

# Of Wu, He 2018, Group normalization, arXiv 1803.08494, section 4.1; layers of fewer channels have fewer.
GROUPS = 32


def with_norm(module: nn.Module, norm: Norm) -> nn.Module:
    """The module, each of its batch normalisations replaced, in place.

    A layer that also drops and activates, as many of timm's do, becomes a row of the new normalisation and of those.

    Args:
        module: A trunk, a neck or a head, not itself a normalisation.
        norm: ``batch``: as it is. ``frozen``: its statistics and scales stay those that it has, which makes sense for
            weights that have learnt. ``group``: by groups of channels of each picture, for batches of any size.
            ``sync``: by the pictures of all processes that train together.

    Raises:
        UsageError: The name is unknown.
    """
    if norm not in ("batch", "frozen", "group", "sync"):
        raise UsageError("norm='batch', 'frozen', 'group' or 'sync'", repr(norm))
    make = {"frozen": frozen, "group": _grouped, "sync": _synchronised}.get(norm)
    return module if make is None else replaced(module, nn.BatchNorm2d, partial(_with_the_rest, make=make))


def _with_the_rest(layer: nn.BatchNorm2d, make: Callable[[nn.BatchNorm2d], nn.Module]) -> nn.Module:
    rest = dict(layer.named_children())
    if not rest:
        return make(layer)
    row = nn.Sequential()
    for name, part in {"norm": make(_bare(layer)), **rest}.items():
        row.add_module(name, part)
    return row


def _bare(layer: nn.BatchNorm2d) -> nn.BatchNorm2d:
    """A layer's normalisation alone, which shares its weights and statistics."""
    bare = nn.BatchNorm2d(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
    for name, parameter in layer.named_parameters(recurse=False):
        bare.register_parameter(name, parameter)
    for name, values in layer.named_buffers(recurse=False):
        bare.register_buffer(name, values)
    return bare


def _grouped(layer: nn.BatchNorm2d) -> nn.GroupNorm:
    """The greatest number of groups up to 32 that the channels can be divided into."""
    groups = next(count for count in range(GROUPS, 0, -1) if layer.num_features % count == 0)
    return nn.GroupNorm(groups, layer.num_features, layer.eps)


def _synchronised(layer: nn.BatchNorm2d) -> nn.Module:
    return nn.SyncBatchNorm.convert_sync_batchnorm(layer)
