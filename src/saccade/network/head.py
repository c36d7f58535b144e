"""Heads: what reads maps and speaks of the picture."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from saccade.core.annotation import Annotation
from saccade.network.maps import Maps
from saccade.ops.boxes.suppression import Suppression


class Head(nn.Module, ABC):
    """Three methods, none with two faces: `forward` never sees truth, `loss` never decodes, `decode` never learns.

    The `System` calls `loss` with the annotated pictures of a batch alone, so that a head finds in each truth all that
    it `needs`, and means run over annotated pictures.

    Attributes:
        reads: Names of the maps that it reads.
        gives: Dotted fields of `Annotation` that `decode` fills.
        needs: Dotted fields of the truth that `loss` reads.
        uses: Dotted fields of the truth that `loss` reads where they are there, and does without where they are not.
        terms: Names of the terms that `loss` returns.
        regressions: Those of them that are distances between numbers; the others are costs of classes.
        owns_rows: Whether it makes the rows of `instances`; other heads add columns to the same rows.
        by_picture: Whether its loss draws at random, or divides by a count over the whole batch, of objects or of
            sampled boxes: then a picture's share depends on its company, and validation asks for the loss of each
            picture alone.
        learns_without_regions: Whether its loss does without the regions that a search finds, which it reads in use.
    """

    reads: tuple[str, ...]
    gives: frozenset[str]
    needs: frozenset[str]
    uses: frozenset[str] = frozenset()
    terms: tuple[str, ...]
    regressions: tuple[str, ...] = ()
    owns_rows: bool = False
    by_picture: bool = False
    learns_without_regions: bool = False

    @property
    def learns_from(self) -> frozenset[str]:
        """Dotted fields that a data set must annotate: those that it needs, and those that it gives and uses.

        Of the latter a picture, or an object of it, may lack one, but not all of them.
        """
        return self.needs | (self.uses & self.gives)

    @property
    def class_layers(self) -> Mapping[str, int]:
        """Its layers whose outputs count classes, by path, each with how many numbers of one class lie together.

        What stands there of a class can be kept where other classes join it; background's comes before all classes'.
        """
        return {}

    @property
    def suppression(self) -> Suppression | None:
        """By which rule its boxes suppress each other, those of several views too; None: they do not."""
        return None

    @property
    def reads_scales(self) -> bool:
        """Whether it asks for the scales of pictures (`Maps.scales`)."""
        return False

    @abstractmethod
    def forward(self, maps: Maps) -> Any:
        """The raw output, a small dataclass of tensors: the same in training, use and export."""

    @abstractmethod
    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Scalar terms, a mean over the pictures, each of which is annotated with all that the head `needs`."""

    @abstractmethod
    def decode(self, raw: Any) -> list[Annotation]:
        """One partial annotation a picture, in the batch's pixels."""


def annotated_loss(head: Head, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
    """A head's loss over the pictures that are annotated for it.

    Where none is, each term is 0 · (sum of the raw output): a missing term would hang distributed training, which waits
    for a gradient of every parameter.
    """
    pictures = [i for i, t in enumerate(truth) if t.has(*head.needs)]
    if pictures:
        return head.loss(maps.pick(pictures), [truth[i] for i in pictures])
    leaves = [leaf for leaf in pytree.tree_leaves(head(maps)) if isinstance(leaf, Tensor) and leaf.is_floating_point()]
    zero = torch.stack([leaf.float().sum() for leaf in leaves]).sum() * 0.0
    return dict.fromkeys(head.terms, zero / len(head.terms))


def full_precision(raw: Any) -> Any:
    """A head's raw output, its 16-bit floats in float32: bfloat16 counts a large picture's pixels in steps of four."""
    short = (torch.bfloat16, torch.float16)
    return pytree.tree_map_only(Tensor, lambda t: t.float() if t.dtype in short else t, raw)
