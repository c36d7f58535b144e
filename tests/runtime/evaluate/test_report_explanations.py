"""What the network sees, in the report: right and wrong predictions, once each; a failure costs no report."""

import pytest
import torch

from helpers import TinyDataset, tiny_system
from saccade.core.annotation import Annotation
from saccade.metrics.evaluation import Evaluation, PictureSeverity
from saccade.runtime.evaluate.measure import evaluation_of
from saccade.runtime.evaluate.report_explanations import explanations
from saccade.runtime.predict.predictor import Predictor
from saccade.systems.build import build


@pytest.fixture(scope="module")
def predictor():
    torch.manual_seed(0)
    return Predictor(build("resnet18", list(TinyDataset().classes), width=1 / 16, size=32))


def test_filters_come_once_and_two_wrong_and_two_right_pictures_follow(predictor):
    data = TinyDataset(7)
    found = evaluation_of(predictor.system, data)
    panels = explanations(predictor, data, found)
    assert [panel.title for panel in panels] == ["First-layer filters", *["Class activation"] * 4]
    shown = [panel.caption.splitlines()[0] for panel in panels[1:]]
    assert shown == [one.id for one in (*found.judged[:2], *found.judged[-2:])]
    for panel in panels[1:]:
        truth = data.classes[int(panel.caption[:3]) % 3]
        assert panel.caption.endswith(f"truth: {truth}")


def test_few_pictures_are_shown_once_each_and_none_are_no_fault(predictor):
    data = TinyDataset(3)
    assert len(explanations(predictor, data, evaluation_of(predictor.system, data))) == 4
    assert explanations(predictor, data, Evaluation({})) == ()


def test_many_classes_are_told_by_name(predictor):
    class Many(TinyDataset):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            return type(sample)(sample.image, Annotation(labels=torch.tensor([1, 0, 1])), sample.id)

    found = Evaluation({}, judged=(PictureSeverity("000.png", 0.5),))
    assert explanations(predictor, Many(2), found)[1].caption.endswith("truth: red, blue")


def test_systems_without_class_scores_show_nothing():
    data = TinyDataset(3)
    predictor = Predictor(tiny_system())
    assert explanations(predictor, data, evaluation_of(predictor.system, data)) == ()


def test_a_failure_is_told_and_the_report_goes_on():
    system = build("resnet18", list(TinyDataset().classes), width=1 / 16, size=32)
    with torch.no_grad():
        system.get_submodule("trunk.layer4.1.conv2").weight.fill_(float("nan"))
    found = Evaluation({}, judged=(PictureSeverity("000.png", 0.5),))
    with pytest.warns(UserWarning, match="what the network sees: expected finite"):
        assert explanations(Predictor(system), TinyDataset(2), found) == ()
