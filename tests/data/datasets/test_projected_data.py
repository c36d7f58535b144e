import torch

from saccade.core.augmentation import Augmentation
from saccade.data.datasets.projection import ProjectedDataset, unread
from saccade.data.scenes import Scenes

SCENES = Scenes(count=4, size=32)


def test_what_nobody_reads_is_left_out_and_the_rest_stays():
    left_out = unread(frozenset({"label", "instances.boxes"}), Augmentation(flip=0.5))
    lean = ProjectedDataset(SCENES, left_out)
    whole, sample = SCENES[1], lean[1]
    assert left_out == {"semantic", "semantic_masks", "contours", "instances.masks"}
    assert sample.truth.present() == whole.truth.present() - left_out == lean.truth(1).present()
    assert torch.equal(sample.image, whole.image)
    assert torch.equal(sample.truth.get("instances.boxes"), whole.truth.get("instances.boxes"))
    assert lean.fields == SCENES.fields - left_out


def test_what_is_read_stays():
    needs = frozenset({"semantic", "semantic_masks", "contours", "instances.masks"})
    assert unread(needs, Augmentation()) == frozenset()


def test_masks_stay_where_boxes_are_tilted():
    for tilting in (Augmentation(rotate=5.0), Augmentation(shear=5.0), Augmentation(elastic=(1.0, 8.0))):
        assert "instances.masks" not in unread(frozenset({"instances.boxes"}), tilting)


def test_kept_samples_are_read_once():
    class Counting(Scenes):
        reads = 0

        def __getitem__(self, index):
            Counting.reads += 1
            return super().__getitem__(index)

    counting = Counting(count=2, size=32)
    lean = ProjectedDataset(counting, frozenset(), {})
    assert lean[0] is lean[0]
    assert Counting.reads == 1
    assert (lean.size(0), lean.id(1), len(lean)) == ((32, 32), "scenes-1-00001", 2)
