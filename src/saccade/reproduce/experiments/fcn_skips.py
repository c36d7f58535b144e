"""FCN's skips: what finer maps bring."""

from saccade.reproduce.claims import Above
from saccade.reproduce.experiment import Experiment, Measure, Published, Size, Sizes

ROWS = {"fcn32s": "FCN-32s", "fcn16s": "FCN-16s", "fcn8s": "FCN-8s"}
WHERE = "Long 2015, CVPR version, VGG-16, PASCAL VOC 2011 validation"
TABLE = {
    "fcn32s": (0.891, 0.733, 0.594, 0.814),
    "fcn16s": (0.900, 0.757, 0.624, 0.830),
    "fcn8s": (0.903, 0.759, 0.627, 0.832),
}
MEASURES = (
    Measure("pixel_accuracy", "pixel accuracy"),
    Measure("mean_accuracy", "mean accuracy"),
    Measure("miou", "mIoU"),
    Measure("fwiou", "frequency-weighted IoU"),
)

EXPERIMENT = Experiment(
    name="fcn-skips",
    asks="whether scores of finer maps, added step by step, better the classes of pixels: strides 32, 16, 8",
    paper="Long, Shelhamer, Darrell 2015: Fully convolutional networks, arXiv 1411.4038, section 4.2",
    rows=ROWS,
    measures=MEASURES,
    published=tuple(
        Published(row, measure.name, value, WHERE, looked_up=False)
        for row, numbers in TABLE.items()
        for measure, value in zip(MEASURES, numbers, strict=True)
    ),
    claims=(
        Above("a map of stride 16 betters the scores of stride 32", ("fcn16s",), ("fcn32s",), "miou", "62.4, 59.4"),
        Above("one of stride 8 betters those of stride 16", ("fcn8s",), ("fcn16s",), "miou", "62.7, 62.4"),
        Above("both together better those of stride 32", ("fcn8s",), ("fcn32s",), "miou", "62.7, 59.4"),
    ),
    sizes=Sizes(
        quick=Size(steps=1, size=64, batch=2, pictures=4),
        miniature=Size(steps=200, size=96, pictures=400),
        full=Size(steps=100_000, size=500, batch=1),
        on_data=Size(steps=200, size=192),
    ),
    minutes=15,
    folders=("camvid",),
    full_needs=("voc",),
    note="The miniature's trunk is EfficientNet-Lite0 with the ImageNet weights that are installed with saccade; all "
    "three learn alike and from there, classes weighed by median frequency, since most of a picture is background. In "
    "full each begins as the one before, as the paper has it, and FCN-32s as ImageNet's VGG-16, whose weights are "
    "downloaded.",
)
