"""What a window head can show of itself: where each scale's windows find a class, and their boxes one by one.

Legend: B pictures, S scales, n windows of a scale.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from saccade.core.annotation import Annotation, Instances
from saccade.heads.windows.window_scores import WindowScores, absolute, flat_scale, seen
from saccade.network.head import full_precision

CELLS = 48
# Boxes of each scale that are drawn, the best-scored.
BOXES = 3


def score_view(raw: WindowScores, labels: Sequence[int], sides: Sequence[int]) -> Tensor:
    """(B, S, h, w): at each place the mean probability of a class among the windows that hold it.

    Args:
        raw: Scores of all windows.
        labels: The class of each picture that is asked about.
        sides: Height and width of the padded pictures.
    """
    cell = max(sides) / CELLS
    rows, columns = (torch.arange(1, max(round(side / cell), 1) + 1) * cell - cell / 2 for side in sides)
    shown = [
        [_spread(*_probabilities(raw, scale, picture, label), rows, columns) for scale in range(len(raw.logits))]
        for picture, label in enumerate(labels)
    ]
    return torch.stack([torch.stack(scales) for scales in shown])


def detection_views(raw: WindowScores, sides: Sequence[int]) -> dict[str, Tensor | list[Annotation]]:
    """Both views of windows whose first score is that of background, for the surest class of each picture.

    Args:
        raw: Scores of all windows.
        sides: Height and width of the padded pictures.
    """
    raw = full_precision(raw)
    best = torch.stack([logits.softmax(1)[:, 1:].flatten(2).amax(2) for logits in raw.logits]).amax(0)
    labels = best.argmax(1).tolist()
    scores = score_view(raw, [label + 1 for label in labels], sides)
    return {"scores": scores, "windows": box_view(raw, labels, background=1)}


def box_view(raw: WindowScores, labels: Sequence[int], background: int = 0) -> list[Annotation]:
    """The boxes of each scale's best windows for a picture's class, before they are merged.

    Args:
        raw: Scores of all windows.
        labels: The class of each picture that is asked about.
        background: How many scores stand before those of the classes.
    """
    answers: list[Annotation] = []
    for picture, label in enumerate(labels):
        best = [_best(raw, scale, picture, label, background) for scale in range(len(raw.logits))]
        boxes, scores = zip(*best, strict=True)
        found, score = torch.cat(boxes), torch.cat(scores)
        rows = Instances(boxes=found, labels=torch.full((len(found),), label), scores=score)
        answers.append(Annotation(instances=rows))
    return answers


def _best(raw: WindowScores, scale: int, picture: int, label: int, background: int) -> tuple[Tensor, Tensor]:
    size = (int(raw.sizes[picture, 0]), int(raw.sizes[picture, 1]))
    logits, codes, windows = seen(*flat_scale(raw, scale, picture), size)
    top = logits.softmax(1)[:, label + background].topk(min(BOXES, len(logits)))
    own = codes[top.indices, 0 if codes.shape[1] == 1 else label]
    high = own.new_tensor([size[1], size[0], size[1], size[0]])
    return absolute(own, windows[top.indices]).clamp(min=0).minimum(high).cpu(), top.values.cpu()


def _probabilities(raw: WindowScores, scale: int, picture: int, label: int) -> tuple[Tensor, Tensor]:
    """(n,) probabilities and (n, 4) windows."""
    logits, _, windows = flat_scale(raw, scale, picture)
    return logits.softmax(1)[:, label].cpu(), windows.cpu()


def _spread(scores: Tensor, windows: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """(h, w) means over the windows that hold each place; 0 where none does."""
    down = ((windows[:, 1:2] <= rows) & (rows < windows[:, 3:4])).float()
    across = ((windows[:, 0:1] <= columns) & (columns < windows[:, 2:3])).float()
    count = down.T @ across
    return (down * scores[:, None]).T @ across / count.clamp(min=1)
