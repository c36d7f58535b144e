"""From scored windows to answers: those of one class that overlap suppress each other, or are merged.

Legend: n windows of a picture, C classes, which follow the background.
"""

from dataclasses import dataclass

from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.heads.window_scores import WindowScores, absolute, flat
from saccade.losses.scores import SoftmaxScores
from saccade.ops.keep import Candidates, Keep, joined
from saccade.ops.merge import merge_boxes


@dataclass(frozen=True)
class WindowAnswers:
    """What stays of all windows.

    Attributes:
        keep: Which windows are candidates, and how they suppress each other.
        merge: Cost of a match above which boxes stay apart (see `saccade.ops.merge`), in place of suppression.
    """

    keep: Keep
    merge: float | None = None

    def __call__(self, raw: WindowScores) -> list[Annotation]:
        """Boxes of each picture by falling score, with classes."""
        return [self._of_picture(raw, picture) for picture in range(len(raw.sizes))]

    def _of_picture(self, raw: WindowScores, picture: int) -> Annotation:
        size = (int(raw.sizes[picture, 0]), int(raw.sizes[picture, 1]))
        logits, codes, windows = flat(raw, picture)
        scores = SoftmaxScores().scores(logits.float())
        rows, labels = self.keep.best(scores)
        boxes = absolute(codes_of(codes[rows], labels), windows[rows])
        found = Candidates(boxes, scores[rows, labels], labels, labels)
        kept = self.keep.final(found, size) if self.merge is None else self._merged(found, self.merge, size)
        return Annotation(instances=Instances(boxes=kept.boxes, scores=kept.scores, labels=kept.labels))

    def _merged(self, found: Candidates, apart: float, size: tuple[int, int]) -> Candidates:
        """Boxes of each class that agree, as one.

        Summed scores have no upper bound; s / (s + ½) leaves their order, and .5 where it was.
        """
        parts = [found[found.labels.new_zeros(0)]]
        for label in found.labels.unique():
            mine = found[(found.labels == label).nonzero()[:, 0]]
            boxes, votes = merge_boxes(mine.boxes, mine.scores, apart)
            labels = label.expand(len(boxes))
            parts.append(Candidates(boxes, votes / (votes + 0.5), labels, labels))
        # What was merged may still overlap; only equal boxes would suppress each other here.
        return Keep(self.keep.score, overlap=1.0, limit=self.keep.limit, side=self.keep.side).final(joined(parts), size)


def codes_of(codes: Tensor, labels: Tensor) -> Tensor:
    """(n, 4) the codes of each row's class, of (n, 1 or C, 4)."""
    if codes.shape[1] == 1:
        return codes[:, 0]
    return codes.gather(1, labels.clamp(min=0)[:, None, None].expand(-1, 1, 4))[:, 0]
