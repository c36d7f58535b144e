"""What the names of scores mean, and which way is better."""

from collections.abc import Mapping
from typing import NamedTuple


class Score(NamedTuple):
    """A score's name for people.

    Attributes:
        title: Short name.
        meaning: What it says, in a few words.
        higher_is_better: The direction of improvement.
        least_classes: With fewer it says nothing.
        same_as: Another score that says the same; beside that one it need not be shown.
    """

    title: str
    meaning: str
    higher_is_better: bool = True
    least_classes: int = 0
    same_as: str = ""


SCORES: dict[str, Score] = {
    "top1": Score("Top-1", "pictures whose best prediction is right"),
    "top5": Score("Top-5", "pictures whose class is among the five best predictions", least_classes=6),
    "error": Score("Error", "pictures whose best prediction is wrong", False, same_as="top1"),
    "ber": Score("Balanced error", "error rate with every class counted alike", False),
    "auc": Score("AUC", "chance that a picture of a class outscores one of another"),
    "map": Score("mAP", "average precision, mean over classes"),
    "mean_class_recall": Score(
        "Mean class recall", "pictures of a class that are found, mean over classes", same_as="ber"
    ),
    "localization_error": Score(
        "Localization error", "pictures without a right prediction among five, class and IoU ≥ .5", False
    ),
    "iou": Score("Mean IoU", "overlap of the best prediction with the largest object"),
    "AP": Score("AP", "COCO's average precision, mean over overlaps .50 to .95 and classes"),
    "AP50": Score("AP50", "average precision at overlap .5"),
    "AP75": Score("AP75", "average precision at overlap .75"),
    "APs": Score("AP small", "AP of objects below 32² pixels"),
    "APm": Score("AP medium", "AP of objects from 32² to 96² pixels"),
    "APl": Score("AP large", "AP of objects above 96² pixels"),
    "AR1": Score("AR1", "objects found by the best prediction of a picture, mean over overlaps .50 to .95"),
    "AR10": Score("AR10", "objects found by the ten best predictions"),
    "AR100": Score("AR100", "objects found by the hundred best predictions"),
    "voc_ap": Score("VOC AP", "area under precision against recall at overlap .5, mean over classes"),
    "voc_ap11": Score("VOC AP, 11 points", "the same of VOC 2007, mean of eleven recalls"),
    "mask_AP": Score("Mask AP", "COCO's AP of masks, mean over overlaps .50 to .95 and classes"),
    "mask_AP50": Score("Mask AP50", "AP of masks at overlap .5"),
    "mask_AP75": Score("Mask AP75", "AP of masks at overlap .75"),
    "mask_APs": Score("Mask AP small", "AP of masks of objects below 32² pixels"),
    "mask_APm": Score("Mask AP medium", "AP of masks of objects from 32² to 96² pixels"),
    "mask_APl": Score("Mask AP large", "AP of masks of objects above 96² pixels"),
    "mask_AR1": Score("Mask AR1", "objects whose mask the best prediction of a picture finds"),
    "mask_AR10": Score("Mask AR10", "objects whose mask is among the ten best predictions"),
    "mask_AR100": Score("Mask AR100", "objects whose mask is among the hundred best predictions"),
    "mask_voc_ap": Score("Mask VOC AP", "VOC AP of masks"),
    "mask_voc_ap11": Score("Mask VOC AP, 11 points", "VOC AP of masks, mean of eleven recalls"),
    "boundary_AP": Score("Boundary AP", "AP of masks by the lesser overlap, of their pixels or of their borders"),
    "boundary_AP50": Score("Boundary AP50", "the same at overlap .5"),
    "pckh": Score("PCKh", "joints within half of the head's size, of all joints together"),
    "pck": Score("PCK", "joints within .2 of the torso, or .1 of the person where joints tell no torso"),
    "pcp": Score("PCP", "sticks whose two ends are within half of the stick's length"),
    "oks_AP": Score("OKS AP", "COCO's AP by similarity of joints", same_as="keypoint_AP"),
    "keypoint_AP": Score("Keypoint AP", "COCO's AP of joints, mean over similarities .50 to .95 and classes"),
    "keypoint_AP50": Score("Keypoint AP50", "AP of joints at similarity .5"),
    "keypoint_AP75": Score("Keypoint AP75", "AP of joints at similarity .75"),
    "keypoint_APs": Score("Keypoint AP small", "undefined: COCO annotates no joints of objects below 32² pixels"),
    "keypoint_APm": Score("Keypoint AP medium", "AP of joints of objects from 32² to 96² pixels"),
    "keypoint_APl": Score("Keypoint AP large", "AP of joints of objects above 96² pixels"),
    "keypoint_AR1": Score("Keypoint AR1", "undefined: COCO tells the recall of joints of 20 predictions alone"),
    "keypoint_AR10": Score("Keypoint AR10", "undefined: COCO tells the recall of joints of 20 predictions alone"),
    "keypoint_AR100": Score("Keypoint AR", "objects whose joints are among the twenty best predictions"),
    "keypoint_AR": Score("Keypoint AR", "the same", same_as="keypoint_AR100"),
    "dice": Score("Dice", "the same overlap, as twice the shared part of the sum"),
    "pixel_accuracy": Score("Pixel accuracy", "pixels whose class is right"),
    "mean_accuracy": Score("Mean accuracy", "pixels of a class that are right, mean over classes"),
    "miou": Score("mIoU", "overlap of predicted and true pixels of a class, mean over classes"),
    "boundary_f1": Score("Boundary F1", "border pixels that agree within .75 % of the diagonal, mean over pictures"),
    "pixel_ece": Score("Pixel ECE", "how far confidence and accuracy of pixels are apart", False),
    "ods": Score("ODS", "F of contours at the threshold that is best for all pictures"),
    "ois": Score("OIS", "F of contours at each picture's own best threshold"),
    "contour_ap": Score("Contour AP", "mean precision of contours over recalls"),
    "contour_mf": Score("Contour MF", "F of the contours of a class at its best threshold, mean over classes"),
    "contour_map": Score("Contour mAP", "mean precision of the contours of a class over recalls, mean over classes"),
    "fwiou": Score("Weighted IoU", "the same overlap, classes weighed by their pixels"),
}


def score_of(key: str) -> Score:
    """The score's name for people; a name that nobody knows describes itself, and losses are better when lower.

    Of a single head's, ``HEAD/SCORE``, it is the score's.
    """
    known = SCORES.get(key if key.startswith("loss") else key.rpartition("/")[2])
    return known or Score(key, "", not (key == "loss" or key.startswith("loss/")))


def telling(scores: Mapping[str, float | None], classes: int) -> dict[str, float | None]:
    """The scores without those that so few classes leave nothing to say, and those that say what another says.

    Those of single heads, ``HEAD/SCORE``, have a table of their own.

    Args:
        scores: By name.
        classes: Number of classes; 0 where it is not known, when none is few.
    """
    return {
        name: value
        for name, value in scores.items()
        if (name.startswith("loss/") or "/" not in name)
        and (not classes or classes >= score_of(name).least_classes)
        and score_of(name).same_as not in scores
    }
