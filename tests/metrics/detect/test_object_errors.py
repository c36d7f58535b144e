"""Kinds of errors of detection: by hand, each kind alone, and against a plain second implementation of TIDE's rules."""

import random

import pytest
import torch

from drawn_rows import rows
from saccade.metrics.detect.errors.object_errors import KINDS, breakdown, judge, verdict_of
from saccade.metrics.detect.overlaps import Overlaps, picture_of

WRONG = ("classification", "localization", "both", "duplicate", "background", "missed")


def judged(*pictures, classes=2):
    of = Overlaps.of([picture_of(prediction, truth) for prediction, truth in pictures])
    verdicts = judge(of)
    return of, verdicts, {share.kind: share for share in breakdown(of, verdicts, classes)}


A, B, AWAY = [0, 0, 10, 10], [50, 0, 60, 10], [200, 0, 210, 10]
NEAR, FAR = [4, 0, 14, 10], [6, 0, 16, 10]  # overlaps of A: 6 / 14 and 4 / 16
ALONE = {
    # Predictions, labels, scores of a picture with object A of class 0 and object B of class 1.
    "classification": ([A, B], [0, 0], [0.5, 0.9]),
    "localization": ([NEAR, B], [0, 1], [0.9, 0.5]),
    "both": ([A, B, FAR], [0, 1, 1], [0.5, 0.5, 0.9]),
    "duplicate": ([A, A, B], [0, 0, 1], [0.9, 0.8, 0.7]),
    "background": ([A, AWAY, B], [0, 0, 1], [0.5, 0.9, 0.5]),
    "missed": ([A], [0], [0.9]),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_kind_alone_is_found_alone_and_mending_it_gives_all(kind):
    boxes, labels, scores = ALONE[kind]
    truth = rows(
        [A, B, *([[80, 0, 90, 10]] if kind == "duplicate" else [])], [0, 1, *([0] if kind == "duplicate" else [])]
    )
    if kind == "duplicate":
        boxes, labels, scores = [*boxes, [80, 0, 90, 10]], [*labels, 0], [*scores, 0.1]
    _, _, shares = judged((rows(boxes, labels, scores), truth))
    assert {name: shares[name].number for name in WRONG} == {name: int(name == kind) for name in WRONG}
    before = shares["false_positive"]
    perfect = plain(([boxes, labels, scores], truth), mend=())
    assert perfect < 1
    assert shares[kind].gain == pytest.approx(1 - perfect)
    assert all(shares[name].gain == 0 for name in WRONG if name != kind)
    assert before.number == (kind != "missed")


def test_an_error_that_aims_at_a_found_object_goes_when_it_is_mended():
    # The near prediction scores better than the right one, which then has found A: AP rises from 1/2 of it to all.
    _, verdicts, shares = judged((rows([NEAR, A], [0, 0], [0.9, 0.5]), rows([A], [0])))
    assert [KINDS[k] for k in verdicts.kinds] == ["localization", "right"]
    assert not verdicts.missed.any()
    assert shares["localization"].gain == pytest.approx(0.5)


def test_crowds_and_their_guesses_count_neither_way():
    prediction = rows([A, [20, 20, 30, 30], AWAY], [0, 0, 0], [0.9, 0.8, 0.7])
    _, verdicts, shares = judged((prediction, rows([A, [15, 0, 100, 100]], [0, 0], crowd=[False, True])))
    assert [KINDS[k] for k in verdicts.kinds] == ["right", "ignored", "background"]
    assert shares["background"].gain == 0
    assert shares["missed"].number == 0


def test_nothing_is_undefined_and_no_guess_is_all_missed():
    _, _, shares = judged()
    assert all(share.number == 0 and share.gain is None for share in shares.values())
    nothing = rows([], [], torch.zeros(0).tolist())
    _, _, shares = judged((nothing, rows([A, B], [0, 1])), (nothing, rows([], [])))
    assert shares["missed"] == ("missed", 2, 1.0)
    assert shares["false_negative"].gain == 1.0
    _, _, shares = judged((rows([A], [0], [0.9]), rows([], [])))
    assert shares["background"] == ("background", 1, None)


def test_a_picture_s_verdict_follows_its_own_order_and_threshold():
    prediction = rows([AWAY, B, NEAR, A], [0, 0, 0, 1], [0.2, 0.6, 0.8, 0.7])
    verdict = verdict_of(
        prediction, rows([A, B, [80, 0, 90, 10], [0, 50, 90, 90]], [0, 0, 1, 1], crowd=[0, 0, 0, 1]), 0.5
    )
    assert verdict.predictions.scores.tolist() == pytest.approx([0.8, 0.7, 0.6])
    assert verdict.kinds == ("localization", "classification", "right")
    assert verdict.objects == ("localization", "right", "missed", "ignored")
    assert verdict_of(rows([], [], torch.zeros(0).tolist()), rows([A], [0])).objects == ("missed",)


# A second implementation of TIDE's rules, object by object.


def iou(a, b):
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(wide, 0) * max(high, 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def plain_picture(prediction, truth):
    """Predictions and objects as dictionaries, each prediction with its kind, TIDE's way."""
    objects = [
        {"box": b, "label": k, "used": False, "usable": False, "best": None} for b, k in zip(*truth, strict=True)
    ]
    predictions = [{"box": b, "label": k, "score": s, "aim": None} for b, k, s in zip(*prediction, strict=True)]
    predictions.sort(key=lambda g: -g["score"])
    for g in predictions:
        free = [o for o in objects if o["label"] == g["label"] and not o["used"]]
        best = max(free, key=lambda o: iou(g["box"], o["box"]), default=None)
        g["right"] = best is not None and iou(g["box"], best["box"]) >= 0.5
        if g["right"]:
            best["used"] = True
    for g in predictions:
        g["kind"] = "right" if g["right"] else plain_kind(g, objects)
        if g["aim"] is not None and not g["aim"]["used"]:
            g["aim"]["usable"] = True
            g["aim"]["best"] = g["aim"]["best"] or g
    return predictions, objects


def plain_kind(g, objects):
    of_class = [o for o in objects if o["label"] == g["label"]]
    others = [o for o in objects if o["label"] != g["label"]]
    near, other = (max(some, key=lambda o: iou(g["box"], o["box"]), default=None) for some in (of_class, others))
    at_near, at_other = (0 if o is None else iou(g["box"], o["box"]) for o in (near, other))
    if 0.1 <= at_near <= 0.5:
        g["aim"] = near
        return "localization"
    if at_other >= 0.5:
        g["aim"] = other
        return "classification"
    if at_near >= 0.5:
        return "duplicate"
    return "background" if max(at_near, at_other) <= 0.1 else "both"


def plain_ap(points, objects):
    """101-point average precision by the plainest loop; `points` are (score, right)."""
    if not objects:
        return float(not points)
    hits = [right for _, right in sorted(points, key=lambda point: -point[0])]
    steps = [(sum(hits[: k + 1]) / objects, sum(hits[: k + 1]) / (k + 1)) for k in range(len(hits))]
    return sum(max((p for r, p in steps if r >= k / 100), default=0) for k in range(101)) / 101


def plain(*pictures, mend=()):
    """Mean AP with the errors of some kinds mended; a picture is ([boxes, labels, scores], truth)."""
    points, counts, sought = {}, {}, set()
    for prediction, truth in pictures:
        predictions, objects = plain_picture(prediction, (truth.boxes.tolist(), truth.labels.tolist()))
        for o in objects:
            sought.add(o["label"])
            missed = not o["used"] and not o["usable"]
            counts[o["label"]] = counts.get(o["label"], 0) + (not (missed and "missed" in mend))
        for g in predictions:
            label, right = g["label"], g["right"]
            if g["kind"] in mend:
                if g["aim"] is None or g["aim"]["best"] is not g:
                    continue
                label, right = g["aim"]["label"], True
            points.setdefault(label, []).append((g["score"], right))
    return sum(plain_ap(points.get(label, []), counts[label]) for label in sought) / len(sought)


@pytest.mark.parametrize("seed", range(12))
def test_it_equals_a_plain_implementation(seed):
    draw = random.Random(seed)
    pictures, given = [], []
    for _ in range(6):
        corners = [(draw.uniform(0, 60), draw.uniform(0, 60)) for _ in range(draw.randrange(6))]
        truth = [[x, y, x + draw.uniform(8, 30), y + draw.uniform(8, 30)] for x, y in corners]
        labels = [draw.randrange(3) for _ in truth]
        prediction = [[x + draw.gauss(0, 4) for x in draw.choice(truth)] if truth and draw.random() < 0.8 else
                 [90, 90, 90 + draw.uniform(5, 20), 99] for _ in range(draw.randrange(14))]  # fmt: skip
        prediction = [[a, b, max(c, a + 1), max(d, b + 1)] for a, b, c, d in prediction]
        predicted = rows(prediction, [draw.randrange(3) for _ in prediction], [draw.random() for _ in prediction])
        wanted = rows(truth, labels)
        pictures.append((predicted, wanted))
        given.append(([predicted.boxes.tolist(), predicted.labels.tolist(), predicted.scores.tolist()], wanted))
    _, _, shares = judged(*pictures, classes=3)
    kinds = [g["kind"] for prediction, truth in given
             for g in plain_picture(prediction, (truth.boxes.tolist(), truth.labels.tolist()))[0]]  # fmt: skip
    before = plain(*given)
    for kind in WRONG:
        if kind != "missed":
            assert shares[kind].number == kinds.count(kind)
        assert shares[kind].gain == pytest.approx(max(plain(*given, mend=(kind,)) - before, 0), abs=1e-12)
