"""The ladder from R-CNN to Faster R-CNN: seconds a picture, and average precision."""

from saccade.reproduce.claims import Above, Times
from saccade.reproduce.experiment import Experiment, Measure, Published, Size, Sizes

ROWS = {
    "sliding_window_each": "sliding window, window by window",
    "sliding_window": "sliding window, dense",
    "rcnn": "R-CNN",
    "spp_net": "SPP-net",
    "fast_rcnn": "Fast R-CNN",
    "faster_rcnn": "Faster R-CNN",
    "ssd300": "SSD300",
    "yolo1": "YOLO",
}
LEARNERS = ("rcnn", "spp_net", "fast_rcnn", "faster_rcnn")
FAST = "Girshick 2015, Fast R-CNN, VGG-16 on a K40, without proposals"
FASTER = "Ren 2015, Faster R-CNN, VGG-16 on a K40"
# What a timing tells of each picture; `disk` and `step` once a rung.
TOLD = ("seconds", "whole", "proposals", "warp", "trunk", "pool", "layers", "suppression", "disk", "step")

EXPERIMENT = Experiment(
    name="rcnn-ladder",
    asks="how much sooner each detector answers than the one before, where its seconds go, and what that costs in AP",
    paper="Girshick 2014: R-CNN, arXiv 1311.2524; He 2014: SPP-net, arXiv 1406.4729; Girshick 2015: Fast R-CNN, arXiv "
    "1504.08083; Ren 2015: Faster R-CNN, arXiv 1506.01497",
    rows=ROWS,
    measures=(
        Measure("seconds", "s a picture, without search", 3),
        Measure("whole", "s a picture, with search", 3),
        Measure("proposals", "proposals, s", 3),
        Measure("warp", "warp, s", 3),
        Measure("trunk", "trunk, s", 3),
        Measure("pool", "pool, s", 3),
        Measure("layers", "layers, s", 3),
        Measure("suppression", "suppression, s", 3),
        Measure("disk", "disk, MiB a picture", 1, exact=True),
        Measure("step", "training, s a picture", 3),
        Measure("AP50", "AP50"),
    ),
    published=(
        Published("rcnn", "seconds", 47.0, FAST),
        Published("spp_net", "seconds", 2.3, FAST, looked_up=False),
        Published("fast_rcnn", "seconds", 0.32, FAST, looked_up=False),
        Published("fast_rcnn", "whole", 1.83, FASTER, looked_up=False),
        Published("faster_rcnn", "whole", 0.198, FASTER, looked_up=False),
        Published("faster_rcnn", "proposals", 0.010, FASTER, looked_up=False),
        Published("rcnn", "AP50", 0.660, "Girshick 2014, VGG-16, VOC 2007", looked_up=False),
        Published("spp_net", "AP50", 0.592, "He 2014, ZF-5 at five scales, VOC 2007"),
        Published("fast_rcnn", "AP50", 0.669, "Girshick 2015, VGG-16, VOC 2007", looked_up=False),
        Published("faster_rcnn", "AP50", 0.699, "Ren 2015, VGG-16, VOC 2007", looked_up=False),
    ),
    claims=(
        Times(
            "to look once at the picture (SPP-net) is faster than at each region (R-CNN)",
            "rcnn",
            "spp_net",
            "seconds",
            printed="47.0 s over 2.3 s",
        ),
        Times(
            "Fast R-CNN's network is 146 times as fast as R-CNN's",
            "rcnn",
            "fast_rcnn",
            "seconds",
            at_least=146 / 2,
            printed="47.0 s over 0.32 s",
        ),
        Times(
            "with its search, Fast R-CNN is about 25 times as fast as R-CNN",
            "rcnn",
            "fast_rcnn",
            "whole",
            at_least=25 / 2,
            printed="47.0 s (search not counted) over 1.83 s: 26",
        ),
        Times(
            "Faster R-CNN is about 250 times as fast as R-CNN",
            "rcnn",
            "faster_rcnn",
            "whole",
            at_least=250 / 2,
            printed="47.0 s (search not counted) over 0.198 s: 237",
        ),
        Times(
            "a network that proposes makes Fast R-CNN 9 times as fast",
            "fast_rcnn",
            "faster_rcnn",
            "whole",
            at_least=1.83 / 0.198 / 2,
            printed="1.83 s over 0.198 s: 9.2",
        ),
        Above("Fast R-CNN is no worse for its speed than R-CNN", ("fast_rcnn",), ("rcnn",), "AP50", "66.9, 66.0"),
        Above("Faster R-CNN is better than Fast R-CNN", ("faster_rcnn",), ("fast_rcnn",), "AP50", "69.9, 66.9"),
    ),
    sizes=Sizes(
        quick=Size(steps=1, size=64, width=1 / 32, batch=2, pictures=4, rounds=1, regions=20),
        miniature=Size(steps=150, size=128, width=0.125, batch=4, pictures=120, rounds=3, regions=2000),
        full=Size(steps=None, size=600, batch=None, rounds=4, regions=2000),
    ),
    minutes=30,
    full_needs=("voc",),
    note="Times are of the CPU, with drawn weights at full width, on photographs that scikit-learn and scikit-image "
    "bring; the best 300 pairs of box and class go into suppression. The interval is over photographs, that of AP50 "
    "over seeds; AP50 is of a narrow trunk that has learnt built-in pictures, each rung for as many steps.",
)
