"""The bench of the same minutes: all answers are scored alike, by file and class names."""

import json

import pytest
from bench.same_minutes import CONTESTANTS, GOALS, Goal, chosen, markdown, ours, scores

BOX = [2.0, 3.0, 12.0, 9.0]


@pytest.fixture
def data(tmp_path):
    table = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 20, "height": 20}],
        "categories": [{"id": 3, "name": "cell"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [2, 3, 10, 6], "area": 60, "iscrowd": 0}
        ],
    }  # fmt: skip
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_val.json").write_text(json.dumps(table))
    return tmp_path


def test_our_predictions_score_as_anybody_elses(data) -> None:
    rows = {"classes": ["cell"], "scores": [0.5], "boxes": [BOX], "labels": [0]}
    mine = ours([{"file": "/somewhere/a.jpg", "instances": rows}])
    assert mine == [{"file": "a.jpg", "class": "cell", "score": 0.5, "box": BOX}]
    assert scores(GOALS[1], data, mine)["AP50"] == pytest.approx(1)
    moved = [{**mine[0], "box": [10.0, 10.0, 20.0, 16.0]}]
    assert scores(GOALS[1], data, moved)["AP50"] == 0


def test_classes_are_counted_over_all_pictures(tmp_path) -> None:
    for name in ("ant/1.jpg", "ant/2.jpg", "bee/3.jpg"):
        (tmp_path / "val" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "val" / name).touch()
    goal = Goal("insects", 1, detects=False)
    answers = [{"file": "1.jpg", "class": "ant"}, {"file": "3.jpg", "class": "bee"}]
    assert scores(goal, tmp_path, answers) == {"top1": pytest.approx(2 / 3)}
    assert ours([{"file": "x/1.jpg", "class": "ant"}]) == answers[:1]


def test_a_peer_of_one_size_learns_classes_once() -> None:
    assert sum(chosen(one, GOALS[0], None) for one in CONTESTANTS) == len(CONTESTANTS) - 1
    assert sum(chosen(one, GOALS[1], ["320", "torch"]) for one in CONTESTANTS) == 2
    assert "| a | AP50 0.500 | 9 |" in markdown({"a": {"AP50": 0.5, "seconds": 9}})
