"""EfficientNet-Lite0 with ImageNet's weights and without, on a share of the labels."""

from collections.abc import Sequence
from typing import Any

from saccade.reproduce.experiments.transfer import METHODS, SHARES, row
from saccade.reproduce.pieces.learning import learnt
from saccade.reproduce.pieces.transfer_tasks import TASKS, Held, Task, open_task, some
from saccade.reproduce.terms import Piece, Terms, Told

TRUNK = "efficientnet_lite0"
# Steps on kept features to one step through the trunk.
CHEAP = 10


class Transfer:
    """The study of transfer.

    Args:
        terms: How large it is.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._opened: dict[str, tuple[Held, Held]] = {}
        self._plan: dict[str, tuple[Task, str, float]] = {}

    def pieces(self, seeds: int) -> Sequence[Piece]:
        """Each training, one data set after the other."""
        found: list[Piece] = []
        for task in (TASKS[name] for name in self._terms.data):
            for seed in range(seeds):
                for share in SHARES:
                    for method in METHODS:
                        name = f"{task.name}-{share:g}-{method}-{seed}"
                        self._plan[name] = task, method, share
                        found.append(Piece(name, f"{task.name}: {row(method, share)}", seed))
        return found

    def measured(self, piece: Piece) -> Told:
        """Train and measure one method on a share of one data set's labels."""
        task, method, share = self._plan[piece.name]
        train, val = self._sides(task)
        few = some(train, share, piece.seed)
        system, options = self._system(task, method, len(few))
        scores = learnt(system, (few, val), self._terms, piece, {}, **options)
        value = 1 - (scores["ber"] or 0.0) if task.score == "balanced" else scores[task.score]
        return {piece.row: {"score": value}}

    def _system(self, task: Task, method: str, pictures: int) -> tuple[str, dict[str, Any]]:
        """A method's system, with its options; those of the length take the place of the size's own."""
        size = self._terms.size
        options: dict[str, Any] = {
            "trunk": TRUNK, "pretrained": method != "scratch", "size": size.size,
            "batch": min(size.batch or pictures, pictures),
        }  # fmt: skip
        if method == "svm":  # solved, in one step
            return "svm", {**options, "many": task.many, "steps": None}
        options["loss"] = "sigmoid" if task.many else "softmax"
        if method == "head":
            # On a trunk that stands still a step costs next to nothing, since its features are kept.
            return "classifier", {
                **options, "freeze": ("trunk",), "augment": "none", "steps": (size.steps or 1) * CHEAP,
            }  # fmt: skip
        return "classifier", {**options, **({"trunk_lr_factor": 0.1} if method == "fine-tuned" else {})}

    def _sides(self, task: Task) -> tuple[Held, Held]:
        if task.name not in self._opened:
            side = self._terms.size.size * 9 // 8
            source = self._terms.source(task.name, side)
            self._opened = {task.name: open_task(task, source, side, self._terms.size.pictures)}
        return self._opened[task.name]


def work(terms: Terms) -> Transfer:
    """The one who does the study."""
    return Transfer(terms)
