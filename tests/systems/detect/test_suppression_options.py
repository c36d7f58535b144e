"""A detector's own rule gets what its options offer, and keeps the rest."""

import pytest

from saccade.ops.boxes.suppression import Suppression
from saccade.systems.build import build
from saccade.systems.detect.parts.suppression_options import VOTE, SuppressionOptions

OWN = Suppression(score=0.01, first=400, each="class", overlap=0.45, limit=200)
CHOSEN = {"limit": 7, "suppress": "linear", "vote": True}


@pytest.mark.parametrize("offered", [("suppress",), ("limit", "vote"), ()])
def test_what_is_not_offered_stays_the_detectors_own(offered):
    found = SuppressionOptions(**CHOSEN, offers=offered).applied(OWN)
    taken = {name: name in offered or not offered for name in CHOSEN}
    assert found.limit == (7 if taken["limit"] else 200)
    assert found.suppress == ("linear" if taken["suppress"] else "hard")
    assert found.vote == (VOTE if taken["vote"] else None)
    assert (found.score, found.first, found.each, found.overlap) == (0.01, 400, "class", 0.45)


def test_ssd_tells_two_hundred_and_loses_scores_where_that_is_chosen():
    suppression = build("ssd300", 3, width=0.1, suppress="gaussian").heads["boxes"].suppression
    assert (suppression.limit, suppression.suppress) == (200, "gaussian")
