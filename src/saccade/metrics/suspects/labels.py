"""Classes of whole pictures that a network contradicts.

Source: Northcutt, Jiang and Chuang 2021, Confident learning, section 3: what is annotated is weighed against the class
that the network would rather have, by the probability of either.

Legend: C classes.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from saccade.core.annotation import Annotation
from saccade.core.vocabulary import name_of
from saccade.metrics.suspects.suspect import Suspect


class LabelSuspects:
    """One class a picture: suspicious is p(other) · (1 - p(annotated)), of the likeliest other.

    Args:
        classes: C names.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._found: list[Suspect] = []

    def add(self, picture: int, prediction: Annotation, truth: Annotation) -> None:
        """Weigh the class of a picture against the likeliest other."""
        if prediction.label_scores is None or truth.label is None:
            return
        scores, label = prediction.label_scores.double().numpy(), int(truth.label)
        others = np.delete(np.arange(len(scores)), label)
        if not len(others) or not 0 <= label < len(scores):
            return
        other = int(others[scores[others].argmax()])
        suspicion = float(scores[other] * (1 - scores[label]))
        named = name_of(label, self.classes), name_of(other, self.classes)
        self._found.append(Suspect(picture, "class", suspicion, *named))

    def suspects(self) -> Iterator[Suspect]:
        """One a picture."""
        yield from self._found


class SeveralLabelSuspects:
    """Several classes a picture: each that is annotated and improbable, or probable and not annotated.

    Args:
        classes: C names.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self._found: list[Suspect] = []

    def add(self, picture: int, prediction: Annotation, truth: Annotation) -> None:
        """Weigh every class that is known to be there, or not."""
        if prediction.label_scores is None or truth.labels is None:
            return
        for label, (score, there) in enumerate(
            zip(prediction.label_scores.tolist(), truth.labels.tolist(), strict=True)
        ):
            name = name_of(label, self.classes)
            if there == 1:
                self._found.append(Suspect(picture, "nothing there", 1 - score, name, f"no {name}"))
            elif there == 0:
                self._found.append(Suspect(picture, "missing", score, f"no {name}", name))

    def suspects(self) -> Iterator[Suspect]:
        """One a picture and class."""
        yield from self._found
