"""What a trunk that has learnt elsewhere is worth with few labels."""

from saccade.reproduce.claims import Above
from saccade.reproduce.experiment import Experiment, Measure, Size, Sizes

SHARES = (0.1, 0.3, 1.0)
METHODS = {
    "scratch": "all weights learn, from random ones",
    "svm": "trunk frozen, linear SVMs solved",
    "head": "trunk frozen, linear head descends",
    "fine-tuned": "all weights learn, the trunk's at a tenth of the rate",
}


def row(method: str, share: float) -> str:
    """The name of a row."""
    return f"{method} at {share:.0%}"


EXPERIMENT = Experiment(
    name="transfer",
    asks="what ImageNet's weights are worth with 10, 30 and 100 % of the labels: frozen, fine-tuned, or not at all",
    paper="Girshick, Donahue, Darrell, Malik 2014: R-CNN, arXiv 1311.2524 (fine-tuning); Simonyan, Zisserman 2015: "
    "VGG, arXiv 1409.1556 (frozen features under linear SVMs)",
    rows={
        row(method, share): f"{told}; {share:.0%} of the labels" for share in SHARES for method, told in METHODS.items()
    },
    measures=(Measure("score", "score"),),
    published=(),
    claims=(
        Above(
            "with few labels a frozen trunk under linear SVMs is worth more than all weights from random ones",
            (row("svm", 0.1),),
            (row("scratch", 0.1),),
            "score",
            "Caltech-101, mean recall: VGG D and E 92.7, Zeiler and Fergus 86.5",
        ),
        Above(
            "fine-tuning is worth more than beginning from random weights, with few labels",
            (row("fine-tuned", 0.1),),
            (row("scratch", 0.1),),
            "score",
        ),
        Above(
            "and with all",
            (row("fine-tuned", 1.0),),
            (row("scratch", 1.0),),
            "score",
        ),
        Above(
            "what a learnt trunk is worth is greatest where labels are few (half the difference of both gains)",
            (row("fine-tuned", 0.1), row("scratch", 1.0)),
            (row("scratch", 0.1), row("fine-tuned", 1.0)),
            "score",
        ),
        Above(
            "with all labels a fine-tuned trunk is worth more than a frozen one",
            (row("fine-tuned", 1.0),),
            (row("svm", 1.0),),
            "score",
            "R-CNN on VOC 2007, SVMs on fc7: 54.2 fine-tuned, 44.7 not (from memory of the paper)",
        ),
    ),
    sizes=Sizes(
        quick=Size(steps=1, size=32, batch=16, pictures=60),
        miniature=Size(steps=60, size=64, batch=32, pictures=600),
        full=Size(steps=2000, size=224, batch=32),
        on_data=Size(steps=60, size=128, batch=32),
    ),
    minutes=20,
    folders=("hymenoptera", "bccd", "camvid"),
    full_needs=("hymenoptera", "bccd", "camvid"),
    note="EfficientNet-Lite0 with the weights that are installed with saccade. The head alone takes ten times as many "
    "steps, on kept features. The score is top-1 of the built-in pictures and of ants and bees, balanced accuracy of "
    "blood cells, mean average precision of the classes that a street scene shows.",
)
