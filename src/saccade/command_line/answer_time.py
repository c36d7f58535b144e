"""How long a system takes for one picture on this machine."""

import time
from statistics import median

BUDGET = 2.0  # seconds of predicting, of a system that is built


def answer_time(name: str, budget: float = BUDGET) -> float:
    """Seconds for one picture of the system's own size, from bytes in memory to the prediction.

    Weights are drawn, the precision is fp32, the device the one that ``--device auto`` takes. The first prediction is
    left out where there is a second, since it makes what later ones find. A detector that has learnt has fewer boxes to
    suppress.

    Args:
        name: Of `every_system`.
        budget: Seconds after which no further prediction is begun; one is made whatever it takes.
    """
    import torch

    from saccade.analysis.describe import picture_size
    from saccade.runtime.predict.predictor import Predictor
    from saccade.systems import every_system
    from saccade.systems.build import build, options_of

    known = every_system()
    card = known.declared(name).card
    given = {"pretrained": False} if "pretrained" in options_of(known.declared(name)) else {}
    torch.manual_seed(0)
    predictor = Predictor(build(name, card.classes, **given))
    spec = predictor.engine.input
    margins = 2 * spec.margin  # the predictor adds them
    height, width = (side - margins for side in picture_size(spec, card.size - margins))
    picture = torch.randint(0, 256, (spec.channels, height, width), dtype=torch.uint8)
    taken: list[float] = []
    while sum(taken) < budget or not taken:
        begun = time.perf_counter()
        predictor(picture)
        taken.append(time.perf_counter() - begun)
    return median(taken[1:] or taken)
