"""Parts that learn from a share of the run on: the setting ``unfreeze``, turned into stages."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from saccade.core.errors import UsageError
from saccade.network.recipe import Stage

CLOSE = 1e-9


def parse(words: Sequence[str]) -> list[tuple[float, str]]:
    """Share of the run and name of each part, by rising share.

    Args:
        words: ``SHARE:PART`` each, such as ``0.3:trunk.layer4``.

    Raises:
        UsageError: A word is no such pair, its share is not between 0 and 1, or a part stands twice.
    """
    found: list[tuple[float, str]] = []
    for word in words:
        share, _, part = word.partition(":")
        try:
            number = float(share)
        except ValueError:
            number = -1.0
        if not 0 < number < 1 or not part or part in [name for _, name in found]:
            raise UsageError(
                "SHARE:PART, a share between 0 and 1 and each part once",
                repr(word),
                within="unfreeze",
                cure="--unfreeze 0.3:trunk.layer4,0.6:trunk lets layer4 learn after 30 % of the run, all after 60 %",
            )
        found.append((number, part))
    return sorted(found)


def staged(stages: Sequence[Stage], words: Sequence[str]) -> tuple[Stage, ...]:
    """The stages, cut where parts begin to learn; the schedule goes on over these cuts.

    Args:
        stages: Of a recipe.
        words: ``SHARE:PART`` each; until its share of the run a part stands still.
    """
    pairs = parse(words)
    total = sum(stage.share for stage in stages)
    found: list[Stage] = []
    start = 0.0
    for stage in stages:
        end = start + stage.share / total if total else 0.0
        cuts = [start, *sorted({share for share, _ in pairs if start + CLOSE < share < end - CLOSE}), end]
        for number, (begins, ends) in enumerate(pairwise(cuts)):
            still = tuple(part for share, part in pairs if share > begins + CLOSE)
            learns = tuple(part for share, part in pairs if share <= begins + CLOSE)
            found.append(
                replace(
                    stage,
                    share=0.0 if stage.solve else ends - begins,
                    freeze=(*stage.freeze, *still),
                    unfreeze=(*stage.unfreeze, *learns),
                    continue_schedule=stage.continue_schedule or number > 0,
                )
            )
        start = end
    return tuple(found)
