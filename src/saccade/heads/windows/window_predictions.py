"""From scored windows to predictions: those of one class that overlap suppress each other, or are merged.

Legend: n windows of a picture, C classes, which follow the background.
"""

from dataclasses import dataclass

from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.heads.windows.window_scores import WindowScores, absolute, flat
from saccade.losses.scores import SoftmaxScores
from saccade.ops.boxes.candidates import Candidates, joined
from saccade.ops.boxes.merge import merge_boxes
from saccade.ops.boxes.suppression import Suppression


@dataclass(frozen=True)
class WindowPredictions:
    """What stays of all windows.

    Attributes:
        suppression: Which windows are candidates, and how they suppress each other.
        merge: Cost of a match above which boxes stay apart (see `saccade.ops.boxes.merge`), in place of suppression.
    """

    suppression: Suppression
    merge: float | None = None

    def __call__(self, raw: WindowScores) -> list[Annotation]:
        """Boxes of each picture by falling score, with classes."""
        return [self._of_picture(raw, picture) for picture in range(len(raw.sizes))]

    def _of_picture(self, raw: WindowScores, picture: int) -> Annotation:
        logits, codes, windows = flat(raw, picture)
        best = self.suppression.best(SoftmaxScores().scores(logits.float())[None])
        rows, labels = best.rows[0], best.labels[0]
        boxes = absolute(codes_of(codes[rows], labels), windows[rows])
        found = Candidates(boxes[None], best.scores, best.labels, best.labels)
        suppression = self.suppression
        if self.merge is not None:
            found = self._merged(found, self.merge)
            # What was merged may still overlap; only equal boxes suppress each other here.
            suppression = Suppression(suppression.score, overlap=1.0, limit=suppression.limit, side=suppression.side)
        (kept,) = suppression.final(found, raw.sizes[picture : picture + 1]).each()
        return Annotation(instances=Instances(boxes=kept.boxes, scores=kept.scores, labels=kept.labels))

    def _merged(self, found: Candidates, apart: float) -> Candidates:
        """Boxes of each class that agree, as one; of one picture.

        Summed scores have no upper bound; s / (s + ½) leaves their order, and .5 where it was.
        """
        (all_boxes,) = found.each()
        parts = [Candidates(*(column[:0] for column in all_boxes.columns))]
        for label in all_boxes.labels.unique():
            mine = all_boxes.labels == label
            boxes, votes = merge_boxes(all_boxes.boxes[mine], all_boxes.scores[mine], apart)
            labels = label.expand(len(boxes))
            parts.append(Candidates(boxes, votes / (votes + 0.5), labels, labels))
        return Candidates(*(column[None] for column in joined(parts).columns))


def codes_of(codes: Tensor, labels: Tensor) -> Tensor:
    """(n, 4) the codes of each row's class, of (n, 1 or C, 4)."""
    if codes.shape[1] == 1:
        return codes[:, 0]
    return codes.gather(1, labels.clamp(min=0)[:, None, None].expand(-1, 1, 4))[:, 0]
