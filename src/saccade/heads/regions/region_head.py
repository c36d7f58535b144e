"""Region detectors: regions are proposed, and each is looked at. Fast and Faster R-CNN and all that grew from them.

Legend: B pictures, R regions of each (padded), n regions of all pictures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.export import register_dataclass

from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.heads.dense.dense_boxes import DenseBoxes, DenseBoxHead
from saccade.heads.regions.box_top import BoxTop
from saccade.heads.regions.region_features import PictureRegions
from saccade.heads.regions.region_top import ColumnTop, RegionTop, TeachableTop, Told
from saccade.heads.regions.sampling import RegionRules, sample_regions
from saccade.heads.regions.solved_top import SolvedTop
from saccade.network.head import Head
from saccade.network.maps import Maps
from saccade.network.protocols.solvable import Pass
from saccade.network.protocols.teachable import Lesson
from saccade.network.regions import Regions
from saccade.ops.boxes.assign import unclaimed
from saccade.ops.boxes.candidates import Candidates
from saccade.ops.boxes.match import Matcher
from saccade.ops.boxes.samplers import Sampler
from saccade.ops.boxes.suppression import Suppression

# First proposals of a picture, which lie best, of which a teacher tells what it sees there; and the score from which on
# it sees an object.
DISTILLED, SEEN = 64, 0.5


@dataclass(frozen=True)
class SelectedRegions:
    """The rows that stay, for tops that speak of them.

    Attributes:
        regions: Their boxes.
        scores: (B, R).
        labels: (B, R) int64.
    """

    regions: Regions
    scores: Tensor
    labels: Tensor


@dataclass(frozen=True)
class RegionRaw:
    """Raw output of a region detector.

    Attributes:
        proposals: What the proposing head gave, or None where regions come from outside.
        regions: The regions that were looked at.
        tops: Each top's raw output.
        kept: What stays, where there are tops that speak of it.
        sizes: (B, 2) int64, height and width of each picture in input pixels.
    """

    proposals: DenseBoxes | None
    regions: Regions
    tops: dict[str, Any]
    kept: SelectedRegions | None
    sizes: Tensor


register_dataclass(SelectedRegions, serialized_type_name="saccade.SelectedRegions")
register_dataclass(RegionRaw, serialized_type_name="saccade.RegionRaw")


class RegionHead(Head):
    """Proposals, and tops that speak of them.

    Args:
        propose: A head for boxes of anything; None: regions come with the batch, from a search outside the network.
        sample: Which regions of each picture the losses are made of.
        matcher: Which region answers for which object.
        tops: What is said of each region, by name; the one called ``box`` decides what stays.
        rules: Which regions are looked at.
    """

    regressions = ("propose_box", "box")
    owns_rows = True
    by_picture = True

    def __init__(
        self,
        propose: DenseBoxHead | None,
        sample: Sampler,
        matcher: Matcher,
        tops: Mapping[str, RegionTop],
        rules: RegionRules,
    ) -> None:
        super().__init__()
        self.propose, self.sample, self.matcher, self.rules = propose, sample, matcher, rules
        self.tops = nn.ModuleDict(dict(tops))
        beside = [top for name, top in tops.items() if name != "box"]
        told = isinstance(tops["box"], BoxTop) and all(isinstance(top, TeachableTop) for top in beside)
        self.teachable = propose is not None and told
        read = [name for part in (propose, *tops.values()) if part is not None for name in part.reads]
        self.reads = tuple(dict.fromkeys(read))
        self.gives = frozenset(f"instances.{name}" for top in tops.values() for name in top.gives)
        self.needs = frozenset(f"instances.{name}" for top in tops.values() for name in top.needs)
        proposing = () if propose is None else tuple(f"propose_{term}" for term in propose.terms)
        self.uses = frozenset(f"instances.{name}" for top in tops.values() for name in top.uses)
        self.terms = (*proposing, *(term for top in tops.values() for term in top.terms))

    @property
    def not_exportable(self) -> str | None:
        """Why no graph can hold it, or None."""
        proposing = [] if self.propose is None else [self.propose.rules.suppression]
        amid = [*proposing, *([self.box.rules.suppression] if self.others else [])]
        if all(suppression.exportable for suppression in amid):
            return None
        return "boxes that are read on are suppressed softly or vote, one by one"

    @property
    def class_layers(self) -> Mapping[str, int]:
        """Those of all tops."""
        tops = {name: cast("RegionTop", top) for name, top in self.tops.items()}
        return {f"tops.{name}.{path}": count for name, top in tops.items() for path, count in top.class_layers.items()}

    @property
    def reads_scales(self) -> bool:
        """Whether its proposals' least sides are those of a picture's own pixels."""
        return self.propose is not None and self.propose.reads_scales

    @property
    def box(self) -> BoxTop | SolvedTop:
        """The top that decides what stays."""
        return cast("BoxTop | SolvedTop", self.tops["box"])

    @property
    def others(self) -> dict[str, ColumnTop]:
        """The tops that speak of what stays."""
        return {name: cast("ColumnTop", top) for name, top in self.tops.items() if name != "box"}

    @property
    def suppression(self) -> Suppression:
        """What stays of all that is scored."""
        return self.box.rules.suppression

    def forward(self, maps: Maps) -> RegionRaw:
        """Proposals, and what the tops say of them."""
        proposals = None if self.propose is None else self.propose(maps)
        regions = self._looked_at(maps, proposals)
        raw = {"box": self.box(maps, regions)}
        kept = None
        if self.others:
            with torch.no_grad():
                kept = kept_of(self.box.candidates(raw["box"], regions, maps.sizes))
            raw |= {name: top(maps, kept.regions) for name, top in self.others.items()}
        return RegionRaw(proposals, regions, raw, kept, maps.sizes)

    @torch.no_grad()
    def _looked_at(self, maps: Maps, proposals: DenseBoxes | None) -> Regions:
        """The regions of each picture that are looked at in use, best first."""
        if self.propose is None or proposals is None:
            return _given(maps).first(self.rules.limit)
        return regions_of(self.propose.candidates(proposals)).first(self.rules.limit)

    @torch.no_grad()
    def _learnt_from(self, maps: Maps, proposals: DenseBoxes | None) -> list[Tensor]:
        """(n, 4) regions of each picture that are learnt from, best first: the batch's, where it brings any."""
        learn = self.rules.learn
        if self.propose is None or proposals is None or maps.regions is not None:
            return _given(maps).first(learn if isinstance(learn, int) else self.rules.limit).each()
        found = self.propose.candidates(proposals, learn if isinstance(learn, Suppression) else None)
        return [boxes.boxes for boxes in found.each()]

    @torch.no_grad()
    def propose_from(self, maps: Maps) -> list[Tensor]:
        """(r, 4) regions of each picture that are learnt from, best first."""
        return self._learnt_from(maps, None if self.propose is None else self.propose(maps))

    def loss(self, maps: Maps, truth: Sequence[Annotation]) -> dict[str, Tensor]:
        """Terms of the proposals, ``propose_class`` and ``propose_box``, and those of each top over sampled regions."""
        proposals = None if self.propose is None else self.propose(maps)
        terms: dict[str, Tensor] = {}
        if self.propose is not None and proposals is not None:
            found = self.propose.loss_of(proposals, truth)
            terms |= {f"propose_{term}": value for term, value in found.items()}
        regions = self._learnt_from(maps, proposals)
        sampled = sample_regions(regions, truth, maps.sizes, self.matcher, self.sample, self.rules)
        for top in (self.box, *self.others.values()):
            terms |= top.loss(maps, sampled)
        return terms

    def distance(self, maps: Maps, lesson: Lesson) -> dict[str, Tensor]:
        """``propose_teacher_class``, ``propose_teacher_box`` and those of the tops, over its own first proposals.

        Raises:
            TypeError: The teacher is built otherwise.
        """
        teacher = lesson.teacher
        if not isinstance(teacher, RegionHead) or self.propose is None or teacher.propose is None:
            raise TypeError(f"expected a teacher that proposes regions, found {type(teacher).__name__}")
        if not isinstance(self.box, BoxTop) or not isinstance(teacher.box, BoxTop):
            raise TypeError("expected tops that descend, found ones that are solved for")
        proposals = self.propose(maps)
        proposed = self.propose.distance_of(proposals, replace(lesson, teacher=teacher.propose))
        regions = self._looked_at(maps, proposals).first(DISTILLED)
        regions = replace(regions, shown=regions.shown & unclaimed(regions.boxes, lesson.truth))
        terms, scores = self.box.distance(maps, teacher.box, lesson, regions)
        surest, labels = scores.detach().max(1)
        seen = surest >= SEEN
        labels = labels[seen]
        told = Told(lesson.maps, regions.flat[seen], regions.owners[seen], labels, lesson.places[labels])
        tops = {name: top for name, top in self.others.items() if isinstance(top, TeachableTop)}
        terms |= {f"teacher_{name}": top.distance(maps, teacher.others[name], told) for name, top in tops.items()}
        return {f"propose_{name}": value for name, value in proposed.items()} | terms

    def solve(self, feature_pass: Pass, folder: Path | None = None) -> dict[str, float]:
        """Find the weights of the top that decides what stays, where it is one that is solved for.

        Raises:
            UsageError: It is not.
            DataError: No picture shows an object.
        """
        if not isinstance(self.box, SolvedTop):
            raise UsageError("a top that can be solved for", "one that descends alone")
        return self.box.solve(lambda: self._seen(feature_pass), folder)

    def _seen(self, feature_pass: Pass) -> Iterator[PictureRegions]:
        """The annotated pictures one by one, with the regions that are learnt from."""
        for maps, truth in feature_pass():
            for place, picture in enumerate(truth):
                if picture.has(*self.needs):
                    alone = maps.pick([place])
                    (boxes,) = self.propose_from(alone)
                    yield PictureRegions(alone, boxes, picture)

    def decode(self, raw: RegionRaw) -> list[Annotation]:
        """The boxes that stay, with scores, labels and what other tops add."""
        if raw.kept is None:
            rows = [
                Instances(boxes=found.boxes, scores=found.scores, labels=found.labels)
                for found in self.box.candidates(raw.tops["box"], raw.regions, raw.sizes).each()
            ]
        else:
            rows = [_rows(raw.kept, picture) for picture in range(len(raw.sizes))]
        for picture, size in enumerate(raw.sizes.tolist()):
            for name, top in self.others.items():
                added = top.columns(raw.tops[name], picture, rows[picture], (size[0], size[1]))
                rows[picture] = replace(rows[picture], **added)
        return [Annotation(instances=found) for found in rows]

    def views(self, maps: Maps) -> dict[str, list[Annotation]]:
        """The best regions, before anybody says what they show."""
        proposals = None if self.propose is None else self.propose(maps)
        return {
            "regions": [
                Annotation(instances=Instances(boxes=b[:SHOWN])) for b in self._looked_at(maps, proposals).each()
            ]
        }


# Regions that a view shows.
SHOWN = 50


def _given(maps: Maps) -> Regions:
    """The regions that came with the batch.

    Raises:
        UsageError: There are none.
    """
    if maps.regions is None:
        raise UsageError(
            "pictures with regions",
            "none",
            cure="take data through saccade.data.datasets.proposals, make them with `saccade propose`, or let "
            "system.batch seek them",
        )
    return maps.regions


def regions_of(found: Candidates) -> Regions:
    """The boxes of candidates."""
    return Regions(found.boxes.masked_fill(~found.shown[..., None], 0), found.shown)


def kept_of(found: Candidates) -> SelectedRegions:
    """Candidates as those tops see them that speak of what stays."""
    return SelectedRegions(
        regions_of(found), *(column.masked_fill(~found.shown, 0) for column in (found.scores, found.labels))
    )


def _rows(kept: SelectedRegions, picture: int) -> Instances:
    shown = kept.regions.shown[picture]
    boxes = kept.regions.boxes[picture][shown]
    return Instances(boxes=boxes, scores=kept.scores[picture][shown], labels=kept.labels[picture][shown])
