"""The options of every system: names, types and defaults, as users of the command line and of `build` know them."""

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest

from saccade.core.errors import UsageError
from saccade.network.protocols.built_trunk import BuiltTrunk
from saccade.systems import SYSTEMS
from saccade.systems.build import build, options_of, words_of

# name:type=default; a sequence's type follows a star, words stand beside each other. All systems have `mean` and `std`.
TABLE = {
    "lenet5": """
        channels:int=1 variant:paper/modern=paper width:float=1.0
    """,
    "lecture_cnn zfnet yolo24 vgg16c": """
        channels:int=3 size:int=224 width:float=1.0
    """,
    "alexnet": """
        channels:int=3 pretrained:bool=False size:int|None=None variant:paper/torchvision=paper
        width:float=1.0
    """,
    "caffenet": """
        channels:int=3 size:int=227 width:float=1.0
    """,
    "overfeat": """
        channels:int=3 size:int|None=None variant:fast/accurate=fast width:float=1.0
    """,
    "vgg11 vgg13 vgg16 vgg19 resnet18 resnet34 resnet50 resnet101 resnet152": """
        channels:int=3 pretrained:bool=False size:int=224 width:float=1.0
    """,
    "googlenet": """
        auxiliary:bool=True channels:int=3 pretrained:bool=False size:int=224 variant:paper/torchvision=paper
        width:float=1.0
    """,
    "inception_v3": """
        auxiliary:bool=True channels:int=3 pretrained:bool=False size:int=299 width:float=1.0
    """,
    "resnet20 resnet32 resnet44 resnet56 resnet110": """
        channels:int=3 size:int=32 width:float=1.0
    """,
    "renet": """
        cell:gru/lstm=gru channels:int=3 size:int|None=None variant:cifar10/mnist/svhn=cifar10 width:float=1.0
    """,
    "classifier": """
        channels:int=3 loss:softmax/sigmoid=softmax pretrained:bool=False size:int=224 trunk:str=resnet18
        width:float=1.0
    """,
    "svm": """
        channels:int=3 cost:float|None=None layer:str=pooled many:bool=False normalise:bool=True
        pretrained:bool=False scales:*int= size:int=224 trunk:str=resnet18 width:float=1.0
    """,
    "localizer": """
        attach:conv/fc=conv box:corner/centre=corner channels:int=3 loss:l2/mse_sigmoid/smooth_l1=smooth_l1
        objects:int=1 order:both/paper=both per_class:bool=False pretrained:bool=False size:int=224
        trunk:str=resnet18 width:float=1.0
    """,
    "overfeat_localizer": """
        channels:int=3 order:both/paper=paper per_class:bool=False scales:int=6 variant:fast/accurate=accurate
        width:float=1.0
    """,
    "sliding_window": """
        channels:int=3 evaluate:dense/windows=dense fc:bool=False norm:batch/frozen/group/sync=batch
        overlap:float=0.3 pretrained:bool=False ratios:*float=1.0
        scales:*float=1.0,0.7071,0.5,0.3536,0.25,0.1768,0.125 size:int=384 stride:int|None=None
        trunk:str=resnet20 width:float=1.0 window:int=32
    """,
    "overfeat_detector": """
        answers:merge/nms=merge channels:int=3 hidden:int=4096 norm:batch/frozen/group/sync=batch
        order:paper/joint=paper per_class:bool=False scales:*float= size:int=461 stride:int|None=None
        trunk:str=overfeat variant:fast/accurate=accurate width:float=1.0 window:int=32
    """,
    "rpn": """
        channels:int=3 norm:batch/frozen/group/sync=batch pretrained:bool=False scales:*float=8.0,16.0,32.0
        size:int=600 trunk:str=vgg16 width:float=1.0
    """,
    "rcnn": """
        channels:int=3 context:int|None=None cost:float=0.001 crop:warp/square/alone=warp
        pretrained:bool=False proposals:int=2000 samples:int=32 scores:svm/softmax=svm
        search:str=selective-search size:int=227 trunk:str=caffenet width:float=1.0
    """,
    "spp_net": """
        boxes:per_class/agnostic=per_class channels:int=3 grids:*int=6,3,2,1 pretrained:bool=False
        proposals:int=2000 scales:*float=1.0 scores:svm/softmax=softmax search:str=selective-search
        size:int=688 trunk:str=zfnet width:float=1.0
    """,
    "fast_rcnn": """
        boxes:per_class/agnostic=per_class channels:int=3 pretrained:bool=False proposals:int=2000 ranks:*int=
        search:str=selective-search size:int=600 trunk:str=vgg16 width:float=1.0
    """,
    "faster_rcnn": """
        boxes:per_class/agnostic=per_class channels:int=3 limit:int=100 norm:batch/frozen/group/sync=batch
        neck_channels:int|None=None pooled_from:pyramid/c4=pyramid pretrained:bool=False samples:int|None=None
        scales:*float|None=None
        schedule:joint/alternate=joint
        size:int=600 trunk:str=vgg16 width:float=1.0
    """,
    "mask_rcnn": """
        boxes:per_class/agnostic=per_class channels:int=3 limit:int=100 masks:per_class/agnostic=per_class
        neck_channels:int|None=None norm:batch/frozen/group/sync=batch pooled_from:pyramid/c4=pyramid
        pretrained:bool=False samples:int|None=None
        scales:*float|None=None size:int=800 trunk:str=resnet50 width:float=1.0
    """,
    "keypoint_rcnn": """
        boxes:per_class/agnostic=per_class channels:int=3 grids:kept/reduced=kept jointed:*str= joints:int|None=None
        limit:int=100
        neck_channels:int|None=None norm:batch/frozen/group/sync=batch pretrained:bool=False samples:int|None=None
        scales:*float|None=None size:int=800 trunk:str=resnet50 width:float=1.0
    """,
    "deepmask": """
        branches:separate/shared=separate channels:int=3 mask_threshold:float=0.2 norm:batch/frozen/group/sync=batch
        overlap:float=1.0 pretrained:bool=False proposals:int=500 samples:int=8 scales:*float= size:int=480
        trunk:str=vgg11
        width:float=1.0 window:int|None=None
    """,
    "sharpmask": """
        channels:int=3 mask_threshold:float=0.2 norm:batch/frozen/group/sync=batch
        overlap:float=1.0 pretrained:bool=False proposals:int=500 samples:int=8 scales:*float= size:int=480
        trunk:str=resnet50 width:float=1.0 window:int|None=None
    """,
    "rfcn": """
        cells:int=7 channels:int=3 limit:int=100 norm:batch/frozen/group/sync=batch pretrained:bool=False
        scales:*float=8.0,16.0,32.0 schedule:joint/alternate=joint size:int=600 trunk:str=resnet101
        width:float=1.0
    """,
    "ion": """
        channels:int=3 fixed:bool=False limit:int=100 pretrained:bool=False proposals:int=2000 rounds:int=1
        search:str=selective-search segmentation_loss:float=0.0 size:int=600 trunk:str=vgg16 vote:bool=False
        width:float=1.0
    """,
    "multipath": """
        channels:int=3 limit:int=100 pretrained:bool=False proposals:int=400 rounds:int=1
        search:str=selective-search size:int=800 trunk:str=vgg16 vote:bool=False width:float=1.0
    """,
    "yolo1": """
        boxes:int=2 cells:own/shared=own channels:int=3 grid:int=7 hidden:int=4096 pretrained:bool=False
        segmentation_loss:float=0.0 size:int=448 trunk:str=yolo24 width:float=1.0
    """,
    "ssd300": """
        channels:int=3 pretrained:bool=False segmentation_loss:float=0.0 size:int=300 suppress:hard/linear/gaussian=hard
        trunk:vgg16/vgg16_bn=vgg16 variant:paper/torchvision=paper width:float=1.0
    """,
    "ssd512": """
        channels:int=3 pretrained:bool=False segmentation_loss:float=0.0 size:int=512 suppress:hard/linear/gaussian=hard
        trunk:vgg16/vgg16_bn=vgg16 width:float=1.0
    """,
    "retinanet": """
        channels:int=3 finest:float=32 limit:int=100 norm:batch/frozen/group/sync=batch pretrained:bool=False
        neck_channels:int|None=None pyramid:convs_of_c5/convs_of_p5=convs_of_c5
        segmentation_loss:float=0.0 size:int=800 suppress:hard/linear/gaussian=hard trunk:str=resnet50 width:float=1.0
    """,
    "fcn32s": """
        channels:int=3 grouped:bool=False labels:one/several=one loss:mean/sum=mean
        norm:batch/frozen/group/sync=batch padding:int=100
        pretrained:bool=False size:int=500 trunk:str=vgg16 upsample:fixed/learnt=fixed width:float=1.0
    """,
    "fcn16s fcn8s": """
        at_once:bool=False channels:int=3 grouped:bool=False labels:one/several=one loss:mean/sum=mean
        norm:batch/frozen/group/sync=batch padding:int=100 pretrained:bool=False size:int=500 trunk:str=vgg16
        upsample:fixed/learnt=fixed width:float=1.0
    """,
    "crf_rnn": """
        at_once:bool=False channels:int=3 grouped:bool=False iterations:int=10 iterations_training:int=5
        loss:mean/sum=mean norm:batch/frozen/group/sync=batch padding:int=100 pretrained:bool=False size:int=500
        theta_alpha:float=160.0 theta_beta:float=3.0 theta_gamma:float=3.0 trunk:str=vgg16
        upsample:fixed/learnt=fixed width:float=1.0
    """,
    "segnet": """
        channels:int=3 labels:one/several=one pretrained:bool=False size:int=360 trunk:str=vgg16_bn width:float=1.0
    """,
    "segnet_basic fcn_basic fcn_basic_noaddition fcn_basic_nodimreduction": """
        channels:int=3 labels:one/several=one size:int=360 width:float=1.0
    """,
    "fcn_basic_noaddition_nodimreduction segnet_basic_encoder_addition": """
        channels:int=3 labels:one/several=one size:int=360 width:float=1.0
    """,
    "segnet_basic_single_channel bilinear_interpolation": """
        channels:int=3 labels:one/several=one size:int=360 width:float=1.0
    """,
    "deconvnet": """
        channels:int=3 pretrained:bool=False proposals:int=50 samples:int=8
        search:str=edge-boxes sees:pictures/objects/proposals=pictures size:int=224 trunk:str=vgg16_bn
        unpool:switches/none=switches width:float=1.0
    """,
    "patch_pixels": """
        channels:int=3 depth:int=4 evaluate:dense/patches=dense patch:int=95 samples:int=64 size:int|None=None
        width:float=1.0
    """,
    "superpixels": """
        channels:int=3 compactness:float=10.0 hidden:int=256 norm:batch/frozen/group/sync=batch pretrained:bool=False
        size:int=320 strides:*int=4,8,16 superpixels:int=400 trunk:str=vgg16 width:float=1.0
    """,
    "reseg": """
        cell:gru/lstm=gru channels:int=3 first:columns/rows=rows hidden:int=100 labels:one/several=one
        layers:int=2
        norm:batch/frozen/group/sync=batch pretrained:bool=False size:int=360 trunk:str=vgg16 width:float=1.0
    """,
    "unet": """
        border_weights:bool=False channels:int=3 labels:one/several=one neck_channels:int|None=None
        norm:batch/frozen/group/sync=batch padding:valid/same|None=None pretrained:bool=False
        size:int|None=None trunk:str=unet width:float=1.0
    """,
    "deeplab1": """
        channels:int=3 hidden:int|None=None labels:one/several=one multi_scale:bool=False
        norm:batch/frozen/group/sync=batch
        pretrained:bool=False size:int=513 trunk:str=vgg16 variant:largefov/7x7/4x4/deeplab=largefov
        width:float=1.0
    """,
    "deeplab2": """
        channels:int=3 labels:one/several=one multi_scale:bool|None=None
        norm:batch/frozen/group/sync=batch pretrained:bool=False
        size:int=513 trunk:str=resnet101 variant:aspp_l/aspp_s/largefov=aspp_l width:float=1.0
    """,
    "dilated": """
        channels:int=3 context:none/basic/large=basic context_layers:int=8 context_padding:each/once=each
        labels:one/several=one
        norm:batch/frozen/group/sync=batch order:paper/joint=paper padding:valid/same|None=None
        pretrained:bool=False size:int=500 trunk:str=vgg16 width:float=1.0
    """,
    "parsenet": """
        channels:int=3 labels:one/several=one maps:int=1
        norm:batch/frozen/group/sync=batch pretrained:bool=False scale:float=10.0
        size:int=513 trunk:str=vgg16 width:float=1.0
    """,
    "dt_edgenet": """
        channels:int=3 gate:edges/gru=edges iterations:int=3 norm:batch/frozen/group/sync=batch pretrained:bool=False
        sigma_range:float|None=None sigma_space:float=50.0 size:int=513 trunk:str=vgg16 width:float=1.0
    """,
    "edgenet": """
        channels:int=3 consensus:float=0.5 disputed:nothing/ignored=nothing loss:sum/mean|None=None
        norm:batch/frozen/group/sync=batch padding:int|None=None pretrained:bool=False size:int=481
        told:merged/fused=merged trunk:str=vgg16 width:float=1.0
    """,
    "deeppose": """
        cascade:int=3 channels:int=3 pretrained:bool=False samples:int=1 sigma:float=1.0 size:int=220
        trunk:str=alexnet width:float=1.0
    """,
    "hourglass": """
        absent:empty/ignored=empty channels:int=3 gaussian:released/paper=released intermediate:bool=True
        modules:int=1 size:int=256 stacks:int=8 width:float=1.0
    """,
    "semantic_edges": """
        channels:int=3 loss:sum/mean=mean norm:batch/frozen/group/sync=batch pretrained:bool=False size:int=352
        stem:fine/own=fine trunk:str=resnet101 width:float=1.0
    """,
    "many": """
        channels:int=3 finest:float=32 heads:*str=label,boxes,pixels,contours,pose joints:int|None=None
        neck_channels:int|None=None norm:batch/frozen/group/sync=batch pretrained:bool=False size:int=480
        trunk:str=efficientnet_lite0 width:float=1.0
    """,
}
STATISTICS = {"mean": "mean:*float|None=None", "std": "std:*float|None=None"}
OF_SYSTEM = {name: words.split() for names, words in TABLE.items() for name in names.split()}


def kind_of(annotation: Any) -> str:
    """A type in the table's words. A built trunk, which Python alone can give, is no type of an option here."""
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "/".join(members)
    if origin in (Union, UnionType):
        return "|".join(kind_of(member) for member in members if member is not BuiltTrunk)
    if origin is tuple:
        return f"*{kind_of(members[0])}"
    return "None" if annotation is NoneType else annotation.__name__


def line_of(name: str, option: Any) -> str:
    """An option in the table's words."""
    default = ",".join(map(str, option.default)) if isinstance(option.default, tuple) else option.default
    return f"{name}:{kind_of(option.annotation)}={default}"


@pytest.mark.parametrize("name", SYSTEMS)
def test_options_are_those_of_the_table(name: str) -> None:
    found = {option: line_of(option, value) for option, value in options_of(SYSTEMS[name]).items()}
    assert found == {line.split(":")[0]: line for line in OF_SYSTEM[name]} | STATISTICS


@pytest.mark.parametrize(("name", "option"), [(name, word) for name, f in SYSTEMS.items() for word in words_of(f)])
def test_words_that_there_are_not_are_refused_with_those_that_there_are(name: str, option: str) -> None:
    with pytest.raises(UsageError, match="altenate") as error:
        build(name, 2, **{option: "altenate"})
    assert all(word in error.value.expected for word in words_of(SYSTEMS[name])[option])
    with pytest.raises(UsageError, match="found None"):
        build(name, 2, **{option: None})


@pytest.mark.parametrize("name", SYSTEMS)
def test_values_of_another_type_are_refused(name: str) -> None:
    wrong = {"width": "wide", "channels": 1.5, "size": "large", "pretrained": "no", "limit": True, "scales": "all"}
    for option, value in wrong.items():
        if option in options_of(SYSTEMS[name]):
            with pytest.raises(UsageError, match=f"option '{option}' of {name}: expected .*, found {value!r}"):
                build(name, 2, **{option: value})
