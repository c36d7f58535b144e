"""Every network is a `System`: one trunk, an optional neck, and named heads."""

import copy
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.level import Level
from saccade.core.vocabulary import Names, Vocabularies
from saccade.layers.blocks.strided_pointwise import without_strided_pointwise
from saccade.network.checks import check_fit, check_owners, check_weights
from saccade.network.frozen_parts import FrozenParts
from saccade.network.head import Head, annotated_loss, full_precision
from saccade.network.maps import GUIDE, IMAGE, Maps
from saccade.network.part import Neck, Trunk
from saccade.network.protocols.exportable import NotExportable
from saccade.network.recipe import Recipe
from saccade.network.regions import Regions

Search = Callable[[Tensor], Tensor]
Postprocess = Callable[[Annotation], Annotation]


class System(nn.Module):
    """Pictures to annotations, by way of named maps.

    Args:
        trunk: Pictures to maps.
        heads: Named heads; the names stand before the loss terms and in settings.
        neck: Maps to further maps.
        loss_weights: Factor of a head's loss, by ``head`` or ``head/term``; 1 where nothing is said.
        silent: Heads that are trained but skipped in `predict`, such as auxiliary classifiers.
        classes: Names of the classes; labels are their positions. By key of `Vocabularies` where fields differ in them.
        input: How a picture gets in; by default as it is, with the statistics that the trunk wants.
        recipe: How the system is trained when nobody says otherwise.

    Attributes:
        search: What proposes its regions, where they come from outside (`with_search`).
        postprocess: The last touch on a picture's merged prediction (`with_postprocess`).
        origin: What `build` was told (system, classes, options), so that a run can be loaded again. None: no name
            builds it again, since it was put together by hand, or on a trunk that was built before.

    Raises:
        ValueError: A head or the neck reads a map that nobody makes, two heads give one field, or a loss weight or
            silent head is unknown.
    """

    def __init__(
        self,
        trunk: Trunk,
        heads: Mapping[str, Head],
        neck: Neck | None = None,
        *,
        loss_weights: Mapping[str, float] | None = None,
        silent: Sequence[str] = (),
        classes: Names = (),
        input: InputSpec | None = None,
        recipe: Recipe | None = None,
    ) -> None:
        super().__init__()
        self.trunk, self.neck, self.heads = trunk, neck, nn.ModuleDict(dict(heads))
        self.loss_weights, self.silent = dict(loss_weights or {}), tuple(silent)
        self.input, self.recipe = input or trunk.preprocessing.onto(InputSpec()), recipe or Recipe()
        self.vocabularies = Vocabularies.of(classes, self.gives | self.needs)
        self.search: Search | None = None
        self.postprocess: Postprocess | None = None
        self.origin: dict[str, Any] | None = None
        self.frozen = FrozenParts()
        # Kernels that a part never lets learn (fixed upsampling, fixed codes) stay so through every thaw.
        self._fixed = frozenset(name for name, p in self.named_parameters() if not p.requires_grad)
        check_fit(self.levels, trunk, neck, heads)
        check_owners({name: head for name, head in heads.items() if name not in self.silent})
        check_weights(self.loss_weights, self.silent, heads)
        without_strided_pointwise(self)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; of several vocabularies those of the main one."""
        return self.vocabularies.main

    @property
    def levels(self) -> dict[str, Level]:
        """All maps that heads may read: the picture itself, the trunk's and the neck's."""
        added = {} if self.neck is None else self.neck.levels
        picture = Level(self.input.channels, 1)
        return {IMAGE: picture, GUIDE: picture, **self.trunk.levels, **added}

    @property
    def gives(self) -> frozenset[str]:
        """Dotted fields that `predict` fills."""
        return frozenset().union(*(head.gives for head in self.speaking().values()))

    @property
    def needs(self) -> frozenset[str]:
        """Dotted fields of the truth that the losses read."""
        return frozenset().union(*(head.needs for _, head in self.each_head()))

    @property
    def learns_from(self) -> frozenset[str]:
        """Dotted fields that a data set must annotate (see `Head.learns_from`)."""
        return frozenset().union(*(head.learns_from for _, head in self.each_head()))

    @property
    def uses(self) -> frozenset[str]:
        """Dotted fields of the truth that the losses read where they are there."""
        return self.needs.union(*(head.uses for _, head in self.each_head()))

    @property
    def reads(self) -> frozenset[str]:
        """Names of the maps that neck and heads read."""
        readers = [*(head.reads for _, head in self.each_head()), () if self.neck is None else self.neck.reads]
        return frozenset(name for reads in readers for name in reads)

    @property
    def learns_without_regions(self) -> bool:
        """Whether no loss reads the regions that a search finds, so that training pictures need not be searched."""
        return all(head.learns_without_regions for _, head in self.each_head())

    @property
    def reads_scales(self) -> bool:
        """Whether a head asks for the scales of pictures."""
        return any(head.reads_scales for _, head in self.each_head())

    @property
    def not_exportable(self) -> dict[str, str]:
        """Parts and layers that no graph can hold, each with the reason; empty where the system can be exported.

        Of what stands beside the network, searches for regions and `decode`, nothing is told: no graph holds these.
        """
        parts = ((path, part) for path, part in self.named_modules() if part is not self)
        told = {path: part.not_exportable for path, part in parts if isinstance(part, NotExportable)}
        return {path: reason for path, reason in told.items() if reason is not None}

    def each_head(self) -> list[tuple[str, Head]]:
        """Heads with their names."""
        return [(name, head) for name, head in self.heads.items() if isinstance(head, Head)]

    def with_input(self, input: InputSpec) -> "System":
        """The same network, its parts shared, that takes pictures in another way; this one stays as it is."""
        return self._but("input", input)

    def with_search(self, search: Search) -> "System":
        """The same network, its parts shared, whose regions come from a search, in place of any that it had.

        Args:
            search: Proposes (r, 4) boxes for a picture (C, h, w) as it was read, in its pixels, best first; for systems
                that read regions which they do not propose themselves.
        """
        return self._but("search", search)

    def with_postprocess(self, postprocess: Postprocess) -> "System":
        """The same network, its parts shared, with a last touch on a picture's merged prediction.

        Args:
            postprocess: For where one head's prediction chooses among another's.
        """
        return self._but("postprocess", postprocess)

    def with_speaking(self, name: str) -> "System":
        """The same network, its parts shared, of which one head alone speaks, and nothing touches what it says.

        Raises:
            UsageError: There is no such head.
        """
        if name not in self.heads:
            raise UsageError(f"a head, one of {', '.join(self.heads)}", repr(name))
        other = self._but("postprocess", None)
        other.silent = tuple(head for head in self.heads if head != name)
        return other

    def _but(self, name: str, value: Any) -> "System":
        other = copy.copy(self)
        setattr(other, name, value)
        return other

    def batch(
        self,
        images: Sequence[Tensor],
        truth: Sequence[Annotation] | None = None,
        regions: Sequence[Tensor] | None = None,
    ) -> Batch:
        """Pictures as this system takes them.

        Args:
            images: (C, h, w) each, uint8 or float 0..1.
            truth: What each shows, in its own pixels.
            regions: (r, 4) boxes that a search proposed for each, in its own pixels; where the system reads regions
                and none are given, they are sought.
        """
        if regions is None and self.search is not None:
            regions = [self.search(image) for image in images]
        return self.input.batch(images, truth, regions)

    def maps(self, batch: Batch) -> Maps:
        """All named maps of a batch; where the batch brings the trunk's maps, the trunk is not run."""
        features = batch.features if batch.features is not None else self.trunk(batch.images)
        tensors = {IMAGE: batch.images, **features}
        if GUIDE in self.reads:
            tensors[GUIDE] = self.input.denormalise(batch.images)
        if self.neck is not None:
            tensors |= self.neck(tensors)
        regions = None if batch.regions is None else Regions.of(batch.regions)
        scales = batch.scales if self.reads_scales else None
        return Maps(tensors, batch.sizes, regions, batch.canvas, scales)

    def forward(self, batch: Batch) -> dict[str, Any]:
        """Each head's raw output."""
        return self.raw(self.maps(batch))

    def raw(self, maps: Maps) -> dict[str, Any]:
        """Each head's raw output, from maps made before."""
        return {name: head(maps) for name, head in self.heads.items()}

    def loss(self, batch: Batch, heads: Container[str] | None = None) -> dict[str, Tensor]:
        """Weighted scalars by ``head/term``; the training's loss is their sum.

        Args:
            batch: Pictures with truth.
            heads: Names of heads whose losses are wanted; None for all.

        Raises:
            ValueError: The batch brings no truth.
        """
        if batch.truth is None:
            raise ValueError("expected a batch with truth, found one without: give it to system.batch(images, truth)")
        return self.loss_of(self.maps(batch), batch.truth, heads)

    def loss_of(
        self, maps: Maps, truth: Sequence[Annotation], heads: Container[str] | None = None
    ) -> dict[str, Tensor]:
        """Weighted scalars by ``head/term``, from maps made before; of some heads alone where these are named."""
        terms: dict[str, Tensor] = {}
        truth = self.recipe.learnt(truth)
        for name, head in self.each_head():
            if heads is not None and name not in heads:
                continue
            for term, value in annotated_loss(head, maps, truth).items():
                key = f"{name}/{term}"
                terms[key] = value * self.loss_weights.get(key, self.loss_weights.get(name, 1.0))
        return terms

    def predict(self, batch: Batch) -> list[Annotation]:
        """One merged prediction a picture, in the batch's pixels, without gradients; silent heads are skipped."""
        with torch.no_grad():
            return self.decode(self.maps(batch))

    def decode(self, maps: Maps) -> list[Annotation]:
        """One merged prediction a picture, in the batch's pixels, from maps made before."""
        return self.predictions({name: head(maps) for name, head in self.speaking().items()})

    def speaking(self) -> dict[str, Head]:
        """The heads that are not silent; the owner of the rows of instances comes first, others add to its rows."""
        active = [(name, head) for name, head in self.each_head() if name not in self.silent]
        return dict(sorted(active, key=lambda pair: not pair[1].owns_rows))

    def predictions(self, raw: Mapping[str, Any]) -> list[Annotation]:
        """One merged prediction a picture, in the batch's pixels, from the raw output of heads that are not silent."""
        partial = [head.decode(full_precision(raw[name])) for name, head in self.speaking().items()]
        predictions = [reduce(Annotation.merge, parts, Annotation()) for parts in zip(*partial, strict=True)]
        return [self._finish(prediction) for prediction in predictions]

    def _finish(self, prediction: Annotation) -> Annotation:
        prediction = prediction if self.postprocess is None else self.postprocess(prediction)
        return replace(prediction, instances=None if prediction.instances is None else prediction.instances.sorted())

    def freeze(self, names: Sequence[str], unfreeze: Sequence[str] = ()) -> "System":
        """Let the named parts, heads or submodules stand still, statistics and dropout included; all others learn.

        Args:
            names: ``trunk``, ``neck``, a head's name, or a dotted path such as ``trunk.layer1``.
            unfreeze: Names inside those which learn all the same; of two names the longer decides.

        Raises:
            UsageError: There is no such part; the message lists those that exist.
        """
        self.frozen = FrozenParts.of(self, self.heads, names, unfreeze)
        for path, parameter in self.named_parameters():
            parameter.requires_grad_(path not in self._fixed and not self.stands_still(path))
        return self.train(self.training)

    def stands_still(self, path: str) -> bool:
        """Whether what a dotted path names is frozen."""
        return path in self.frozen

    def train(self, mode: bool = True) -> "System":
        """Training mode for all that is not frozen: a frozen normalisation keeps its statistics."""
        super().train(mode)
        for path, module in self.named_modules():
            if self.stands_still(path):
                module.training = False
        return self
