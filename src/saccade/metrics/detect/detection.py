"""Detection: every object of a picture, by COCO's and VOC's rules.

Legend: N pictures, C classes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from saccade.core.annotation import Annotation, Instances
from saccade.core.threshold import UNMEASURED, Threshold
from saccade.metrics.classify.confusion import mean_defined
from saccade.metrics.detect.coco_rows import as_results, as_truth
from saccade.metrics.detect.coco_scores import MANY, Tables, summary, tables_of, uncollected
from saccade.metrics.detect.errors.error_painter import ErrorPainter
from saccade.metrics.detect.errors.object_errors import breakdown, judge
from saccade.metrics.detect.matches import coco_matches, voc_matches
from saccade.metrics.detect.object_confusion import object_confusion
from saccade.metrics.detect.outlines import Shape
from saccade.metrics.detect.overlaps import Overlaps, Picture, picture_of
from saccade.metrics.detect.picture_counts import picture_columns
from saccade.metrics.detect.ranked import Ranked, average_precision, pooled
from saccade.metrics.detect.resampled import ap_resampling, recall_resampling
from saccade.metrics.detect.sections import Wording, classes_of, confusion_of, errors, precision_recall, weakest_of
from saccade.metrics.headline import Headline
from saccade.metrics.picture_scores import PictureScores
from saccade.metrics.sections import Section, as_threshold

State = tuple[list[str], list[Picture]]
_OVERLAP, _STRICT = 0.5, 0.75


class Detection:
    """Scores ``AP AP50 AP75 APs APm APl AR1 AR10 AR100`` (COCO) and ``voc_ap voc_ap11`` (VOC, overlap .5).

    COCO's scores, and all that is told of errors, count difficult objects as any other, since COCO knows none; VOC's
    scores spare them, and crowds. Classes that were not sought in a picture count neither way there, and predictions
    that lie in a region to ignore and find no object do not count.

    Args:
        classes: C names.
        told_apart: Whether predictions have labels. If not, as with proposals, all objects count as of one class, and
            only COCO's scores are given, with ``AR1000`` beside them.
        shape: What is compared. The names of masks' scores begin with ``mask_``; objects without a mask count neither
            way there.
    """

    def __init__(self, classes: Sequence[str], *, told_apart: bool = True, shape: Shape = "box") -> None:
        self.classes, self.told_apart, self.said = tuple(classes), told_apart, Wording(shape)
        self.shape: Shape = shape
        labels = frozenset({"instances.labels"}) if told_apart else frozenset[str]()
        self.needs = labels | {"instances.boxes"} | ({"instances.masks"} if shape == "mask" else set())
        self.reads = self.needs | {"instances.scores"}
        self._ids: list[str] = []
        self._pictures: list[Picture] = []
        self._found: _Found | None = None

    @property
    def nearness(self) -> str:
        """What 1 - badness is."""
        return f"F1 of the {self.said.several} that score and overlap an object by .5 or more"

    def update(self, prediction: Annotation, truth: Annotation, id: str) -> float | None:
        """Takes one picture; its badness is 1 - F1 of the predictions that score at least .5, at overlap .5."""
        given, shown = prediction.instances or Instances(), truth.instances or Instances()
        rows = picture_of(given, shown, sought=truth.sought, told_apart=self.told_apart, shape=self.shape)
        self._ids.append(id)
        self._pictures.append(rows)
        self._found = None
        return severity(rows)

    def result(self) -> dict[str, float | None]:
        """The scores; None where undefined."""
        found = self._all()
        scores = summary(found.tables)
        if self.told_apart:
            scores["voc_ap"] = mean_defined([average_precision(r) for r in found.voc])
            scores["voc_ap11"] = mean_defined([average_precision(r, 11) for r in found.voc])
        return {self.said.before + name: value for name, value in scores.items()}

    def best_threshold(self) -> Threshold | None:
        """The score of the greatest F1 over all classes together, at overlap .5; None where nothing determines it.

        None too of predictions that are not told apart: a hundred of them are asked for, right or not.
        """
        return self._all().best if self.told_apart else None

    def sections(self) -> tuple[Section, ...]:
        """Scores and best threshold of each class, precision against recall, kinds of errors, confusion."""
        return self._all().sections() if self.told_apart else ()

    def illustrator(self) -> ErrorPainter | None:
        """Boxes, or masks, in the colours of their errors, from the threshold of the greatest F1 on."""
        return ErrorPainter(self._all().cut, self.shape) if self.told_apart else None

    def headline(self) -> Headline:
        """``AP50`` and ``AP``; of predictions that are not told apart ``AR100`` and ``AP50``."""
        found, pictures, before = self._all(), len(self._pictures), self.said.before
        if not self.told_apart:
            return Headline((f"{before}AR100", f"{before}AP50"), resampling=recall_resampling(found.of, pictures))
        matches = coco_matches(found.of, _OVERLAP)
        resampling = ap_resampling(found.of, matches, pictures, len(self.classes))
        return Headline((f"{before}AP50", f"{before}AP"), resampling=resampling)

    def by_picture(self) -> PictureScores:
        """What is matched, missed and false in each picture, from the threshold of the greatest F1 on."""
        found, pictures = self._all(), len(self._pictures)
        columns = picture_columns(found.of, pictures, found.cut, _OVERLAP)
        columns = {self.said.before + name: values for name, values in columns.items()}
        least = f"{self.said.several.title()} that score at least {as_threshold(found.cut)}"
        told = f"{least}: matched by IoU ≥ .5, missed, false."
        return PictureScores(tuple(self._ids), columns, told)

    def state(self) -> State:
        """Names, predictions and objects of each picture."""
        return self._ids, self._pictures

    def merge(self, states: Iterable[State]) -> None:
        """Adds the pictures of other processes."""
        for ids, pictures in states:
            self._ids.extend(ids)
            self._pictures.extend(pictures)
        self._found = None

    def _all(self) -> "_Found":
        if self._found is None:
            names, counts = (self.classes, None) if self.told_apart else (("object",), MANY)
            self._found = _Found(Overlaps.of(self._pictures), len(self._pictures), names, self.said, counts)
        return self._found


def severity(rows: Picture, score: float = 0.5) -> float | None:
    """1 - F1 over all classes of one picture; None where nothing is there and nothing is claimed.

    Args:
        rows: The picture.
        score: Predictions that score less are left out.
    """
    kept = int((rows.scores >= score).sum())  # predictions go by falling score
    of = Overlaps.of([rows])
    matches = voc_matches(of, _OVERLAP)
    right = int((matches.taken[:kept] >= 0).sum())
    whole = int(matches.counts[:kept].sum()) + int(matches.sought.sum())
    return 1 - 2 * right / whole if whole else None


@dataclass(frozen=True)
class _Found:
    """All that is known of some pictures; each part is worked out once, when it is asked for."""

    of: Overlaps
    pictures: int
    classes: tuple[str, ...]
    said: Wording
    counts: Sequence[int] | None = None

    @cached_property
    def tables(self) -> Tables:
        """COCO's tables."""
        with uncollected():
            truth = as_truth(self.of, self.pictures, self.classes)
            return tables_of(truth, as_results(self.of), self.said.kind, counts=self.counts)

    @cached_property
    def voc(self) -> list[Ranked]:
        """Each class by VOC's rule."""
        return voc_matches(self.of, _OVERLAP).ranked(self.of, len(self.classes))

    @cached_property
    def ranked(self) -> dict[float, list[Ranked]]:
        """Each class by COCO's rule, by overlap."""
        return {at: coco_matches(self.of, at).ranked(self.of, len(self.classes)) for at in (_OVERLAP, _STRICT)}

    @cached_property
    def best(self) -> Threshold | None:
        """The threshold of the greatest F1 over all classes together; None where nothing determines it."""
        return pooled(self.ranked[_OVERLAP]).best_threshold()

    @property
    def cut(self) -> float:
        """The score from which on predictions are shown."""
        return UNMEASURED if self.best is None else self.best.score

    def sections(self) -> tuple[Section, ...]:
        """What stands behind the scores."""
        count, names, said = len(self.classes), self.classes, self.said
        averages = {
            f"{said.before}AP": [self.tables.ap(label=label) for label in range(count)],
            f"{said.before}AP50": [self.tables.ap(0, label=label) for label in range(count)],
            f"{said.before}voc_ap": [average_precision(ranked) for ranked in self.voc],
        }
        counts = object_confusion(self.of, count, self.cut, _OVERLAP)
        curves = [precision_recall(names, ranked, at, said) for at, ranked in self.ranked.items()]
        confusion = confusion_of(counts, names, self.best, self.cut, said)
        return (
            classes_of(names, averages, self.ranked[_OVERLAP], said),
            errors(breakdown(self.of, judge(self.of), count), (*curves, *confusion), said),
            weakest_of(names, averages, said),
        )
