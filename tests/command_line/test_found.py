"""What a prediction of files says at its end: how much was found, how sure, and what to try where it is nothing."""

from collections import Counter

import pytest

from saccade.command_line.terminal.found import found_lines
from saccade.runtime.files.findings import Findings, findings_of


def detected(*scores: float) -> dict:
    return {"instances": {"boxes": [[0, 0, 1, 1]] * len(scores), "scores": list(scores)}}


SURE, UNSURE = detected(0.93, 0.6, 0.2, 0.1), detected(0.31)


@pytest.mark.parametrize(
    ("entries", "threshold", "best_seen", "drawings", "line"),
    [
        (
            [SURE, SURE, UNSURE],
            *(None, 0.93, True),
            "4 objects in 3 pictures, best .93; drawn from .50 on (5 weaker ones in predictions.json; "
            "--threshold T draws and keeps others)",
        ),
        ([detected(0.7)], None, 0.7, True, "1 object in 1 picture, best .70; all are drawn"),
        (
            [UNSURE, detected()],
            *(None, 0.31, True),
            "1 object in 2 pictures, but none to draw from .50 on: the best scores .31: try --threshold 0.24, "
            "and another --out",
        ),
        ([UNSURE], 0.25, 0.31, True, "1 object in 1 picture, best .31; kept and drawn from --threshold 0.25 on"),
        ([UNSURE], 0.25, 0.31, False, "1 object in 1 picture, best .31; kept from --threshold 0.25 on"),
        ([SURE], None, 0.93, False, "4 objects in 1 picture, best .93"),
        (
            [detected(), detected()],
            *(0.9, 0.31, True),
            "no object in 2 pictures reaches --threshold 0.9; the best that was seen scores 0.31: "
            "try --threshold 0.24, and another --out",
        ),
        (
            [detected()],
            *(0.99, 0.98999, True),
            "no object in 1 picture reaches --threshold 0.99; the best that was seen scores 0.989: "
            "try --threshold 0.79, and another --out",
        ),
        (
            [detected()],
            *(0.9, None, True),
            "no object in 1 picture reaches --threshold 0.9; try a lower one, and another --out",
        ),
        (
            [detected()],
            *(None, None, True),
            "no object in 1 picture: the network sees none; `saccade evaluate` tells how good it is",
        ),
        ([{"instances": {"boxes": [[0, 0, 1, 1]]}}], None, None, True, "1 object in 1 picture"),
    ],
)
def test_objects(entries, threshold, best_seen, drawings, line):
    assert list(found_lines(findings_of(entries, threshold), threshold, best_seen, drawings)) == [line]


@pytest.mark.parametrize(("threshold", "looked"), [(0.0, False), (0.0, True), (0.9, True)])
def test_where_nothing_was_seen_no_lower_threshold_is_proposed(threshold, looked):
    (line,) = found_lines(findings_of([detected()], threshold), threshold, None, looked=looked)
    assert line == "no object in 1 picture: the network sees none; `saccade evaluate` tells how good it is"


def test_a_threshold_that_is_proposed_lets_something_through():
    for best in (0.9, 0.31, 0.02, 0.004):
        (line,) = found_lines(findings_of([detected()], 0.95), 0.95, best)
        assert float(line.split("--threshold ")[2].split(",")[0]) < best


def test_a_localizers_objects_are_all_drawn_and_its_classes_counted():
    entries = [{"class": name, "label_scores": [0.5], **UNSURE} for name in ("cat", "dog", "cat")]
    assert list(found_lines(findings_of(entries, None), None, 0.31)) == [
        "3 objects in 3 pictures, best .31; all are drawn",
        "3 pictures: cat 2, dog 1",
    ]


def test_classes_stand_by_number_and_many_are_cut():
    entries = [{"class": name} for name in "aabbbcdefg"]
    assert list(found_lines(findings_of(entries, None), None)) == ["10 pictures: b 3, a 2, c 1, d 1, e 1, …"]
    several = [{"classes": ["sofa", "cat"]}, {"classes": ["cat"]}, {"classes": []}]
    assert list(found_lines(findings_of(several, None), None)) == ["3 pictures: cat 2, sofa 1"]


def test_pixels_have_the_mean_of_their_shares():
    entries = [
        {"semantic_classes": [{"label": 0, "class": "road", "share": 1.0}]},
        {
            "semantic_classes": [
                {"label": 1, "class": "car", "share": 0.75},
                {"label": 0, "class": "road", "share": 0.25},
            ]
        },
    ]
    assert list(found_lines(findings_of(entries, None), None)) == ["pixels: road 62.5%, car 37.5%"]


def test_frames_are_called_so_and_no_picture_says_nothing():
    frames = [{"frame": 0, **SURE}, {"frame": 1, **SURE}]
    assert next(found_lines(findings_of(frames, 0.1), 0.1)).startswith("8 objects in 2 frames")
    assert next(found_lines(findings_of([*frames, SURE], 0.1), 0.1)).startswith("12 objects in 3 pictures")
    assert list(found_lines(Findings(), None)) == []
    assert list(found_lines(Findings(pictures=1, classes=Counter(a=1)), None)) == ["1 picture: a 1"]
